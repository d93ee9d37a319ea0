//! A DNS message.

use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::{DnsClass, DnsHeader, DnsOpcode, DnsRcode, DnsType};

use super::declare::layer;
use super::option_list::{Arguments, each_option, unknown};
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

/// The port of RFC 1035, 4.2.
const PORT: u16 = 53;

layer! {
    /// A DNS message (RFC 1035): header, questions, and three lists of records. Names are written out, without compression.
    pub struct Dns(DnsHeader) = "dns";
    set {
        /// Identifier, the same in query and response.
        "id" id, set_id: u16;
        /// All flags, kind of query and response code, 16 bits.
        "flags" flags, set_flags: u16;
        /// Whether it is a response.
        "qr" qr, set_qr: bool;
        /// Kind of query.
        "opcode" opcode, set_opcode: DnsOpcode;
        /// Whether the answer is authoritative.
        "aa" aa, set_aa: bool;
        /// Whether the message was cut short.
        "tc" tc, set_tc: bool;
        /// Whether recursion is desired.
        "rd" rd, set_rd: bool;
        /// Whether recursion is available.
        "ra" ra, set_ra: bool;
        /// Whether the data is authentic.
        "ad" ad, set_ad: bool;
        /// Whether checking is disabled.
        "cd" cd, set_cd: bool;
        /// Response code.
        "rcode" rcode, set_rcode: DnsRcode;
    }
    computed {
        /// Number of questions.
        "qdcount" qdcount, set_qdcount: u16, Lengths;
        /// Number of answers.
        "ancount" ancount, set_ancount: u16, Lengths;
        /// Number of authority records.
        "nscount" nscount, set_nscount: u16, Lengths;
        /// Number of additional records.
        "arcount" arcount, set_arcount: u16, Lengths;
    }
    also {
        /// Questions.
        "questions" questions: List, = List::EMPTY, from questions, takes "a(NAME), mx(NAME), any other type of record";
        /// Answers.
        "answers" answers: List, = List::EMPTY, from records, takes "a(NAME, TTL, ADDRESS), cname(NAME, TTL, NAME), raw(..)";
        /// Authority records.
        "authority" authority: List, = List::EMPTY, from records, takes "as answers";
        /// Additional records.
        "additional" additional: List, = List::EMPTY, from records, takes "as answers";
    }
    through {
        /// Name of one more question, which is for an IPv4 address unless its type is set.
        "query" takes "name", by set_query;
        /// What that question is for.
        "type" takes "number or name", by set_type;
        /// Whether the message's length stands before it, as over TCP: 0.
        "tcp" takes "0 or 1", by |dns: &mut Self, value| bool::from_value(value).map(|tcp| dns.prefixed = tcp);
    }
    state {
        /// Whether the message's length stands before it, as over TCP.
        prefixed: bool = false;
        /// What a question that is named by its field alone is for.
        query_type: DnsType = DnsType::A;
    }
}

/// Questions or records.
#[derive(Debug, Clone, PartialEq, Eq)]
struct List {
    bytes: Vec<u8>,
    count: usize,
    /// The first thing that does not fit: what it is, its length, and the greatest one.
    too_long: Option<(&'static str, usize, usize)>,
}

/// What a record says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DnsData<'a> {
    /// An IPv4 address (A).
    A(Ipv4Addr),
    /// An IPv6 address (AAAA).
    Aaaa(Ipv6Addr),
    /// A name server (NS).
    Ns(&'a str),
    /// The name that this one stands for (CNAME).
    Cname(&'a str),
    /// The name of an address (PTR).
    Ptr(&'a str),
    /// A mail server and its preference (MX).
    Mx(u16, &'a str),
    /// Text (TXT).
    Txt(&'a [u8]),
    /// A server of a service (SRV): priority, weight, port, name (RFC 2782).
    Srv(u16, u16, u16, &'a str),
    /// The start of authority (SOA): primary server, mailbox, then serial, refresh, retry, expire, minimum.
    Soa(&'a str, &'a str, [u32; 5]),
    /// A record of any type, as bytes.
    Raw(DnsType, &'a [u8]),
}

impl Dns {
    /// A query for records of a type, recursion desired.
    pub fn query(id: u16, name: &str, record_type: DnsType) -> Self {
        Self::new(id).rd(true).question(name, record_type)
    }

    /// A message without questions and records.
    pub fn new(id: u16) -> Self {
        Self::over(DnsHeader::zeroed()).id(id)
    }

    /// Adds a question of the Internet class.
    #[must_use]
    pub fn question(mut self, name: &str, record_type: DnsType) -> Self {
        self.questions.question(name, record_type, DnsClass::IN);
        self
    }

    /// Adds an answer of the Internet class, that may be kept for `ttl` seconds.
    #[must_use]
    pub fn answer(mut self, name: &str, ttl: u32, data: &DnsData<'_>) -> Self {
        self.answers.record(name, DnsClass::IN.0, ttl, data);
        self
    }

    /// Adds an authority record.
    #[must_use]
    pub fn authority(mut self, name: &str, ttl: u32, data: &DnsData<'_>) -> Self {
        self.authority.record(name, DnsClass::IN.0, ttl, data);
        self
    }

    /// Adds an additional record.
    #[must_use]
    pub fn additional(mut self, name: &str, ttl: u32, data: &DnsData<'_>) -> Self {
        self.additional.record(name, DnsClass::IN.0, ttl, data);
        self
    }

    /// Adds the record that says how long a UDP message may be, in bytes (EDNS, RFC 6891).
    #[must_use]
    pub fn edns(mut self, udp_len: u16) -> Self {
        self.additional.record("", udp_len, 0, &DnsData::Raw(DnsType::OPT, &[]));
        self
    }

    /// With the message's length before it, as over TCP (RFC 1035, 4.2.2).
    #[must_use]
    pub fn over_tcp(self) -> Self {
        Self { prefixed: true, ..self }
    }
}

impl Default for Dns {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Layer for Dns {
    fn identity(&self) -> Identity {
        Identity::Port(PORT)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let lists = [&self.questions, &self.answers, &self.authority, &self.additional];
        let marks = [Mark::qdcount, Mark::ancount, Mark::nscount, Mark::arcount];
        let set =
            [DnsHeader::set_qdcount, DnsHeader::set_ancount, DnsHeader::set_nscount, DnsHeader::set_arcount];
        for ((list, mark), set) in lists.iter().zip(marks).zip(set).rev() {
            if let Some((what, len, max)) = list.too_long {
                return Err(BuildError::too_long(Self::NAME, what, len, max));
            }
            buf.prepend(&list.bytes)?;
            if !self.is_exact(mark) {
                set(&mut header, list.count.min(0xffff) as u16);
            }
        }
        buf.prepend_array(header.as_array())?;
        if self.prefixed {
            let len = buf.payload_len();
            if len > 0xffff {
                return Err(BuildError::too_long(Self::NAME, "length before the message", len, 0xffff));
            }
            buf.prepend_array(&(len as u16).to_be_bytes())?;
        }
        Ok(())
    }
}

/// The longest label and the longest name, both in bytes, the name with its lengths and its end (RFC 1035, 2.3.4).
const MAX_LABEL: usize = 63;
const MAX_NAME: usize = 255;

impl List {
    const EMPTY: Self = Self { bytes: Vec::new(), count: 0, too_long: None };

    fn question(&mut self, name: &str, record_type: DnsType, class: DnsClass) {
        self.name(name);
        self.bytes.extend(record_type.0.to_be_bytes());
        self.bytes.extend(class.0.to_be_bytes());
        self.count += 1;
    }

    fn record(&mut self, name: &str, class: u16, ttl: u32, data: &DnsData<'_>) {
        self.name(name);
        self.bytes.extend(type_of(data).0.to_be_bytes());
        self.bytes.extend(class.to_be_bytes());
        self.bytes.extend(ttl.to_be_bytes());
        let length_at = self.bytes.len();
        self.bytes.extend([0, 0]);
        self.data(data);
        let len = self.bytes.len() - length_at - 2;
        if len > 0xffff {
            self.too_long = self.too_long.or(Some(("length of a record", len, 0xffff)));
        }
        if let Some(length) = self.bytes.get_mut(length_at..length_at + 2) {
            length.copy_from_slice(&(len as u16).to_be_bytes());
        }
        self.count += 1;
    }

    fn data(&mut self, data: &DnsData<'_>) {
        match data {
            DnsData::A(address) => self.bytes.extend(address.octets()),
            DnsData::Aaaa(address) => self.bytes.extend(address.octets()),
            DnsData::Ns(name) | DnsData::Cname(name) | DnsData::Ptr(name) => self.name(name),
            DnsData::Mx(preference, name) => {
                self.bytes.extend(preference.to_be_bytes());
                self.name(name);
            }
            // Text is strings of up to 255 bytes (RFC 1035, 3.3.14).
            DnsData::Txt([]) => self.bytes.push(0),
            DnsData::Txt(text) => {
                for piece in text.chunks(255) {
                    self.bytes.push(piece.len() as u8);
                    self.bytes.extend(piece);
                }
            }
            DnsData::Srv(priority, weight, port, name) => {
                self.bytes.extend([priority, weight, port].iter().flat_map(|number| number.to_be_bytes()));
                self.name(name);
            }
            DnsData::Soa(server, mailbox, numbers) => {
                self.name(server);
                self.name(mailbox);
                self.bytes.extend(numbers.iter().flat_map(|number| number.to_be_bytes()));
            }
            DnsData::Raw(_, bytes) => self.bytes.extend(*bytes),
        }
    }

    /// Labels with their lengths; a dot at the end changes nothing.
    fn name(&mut self, name: &str) {
        let start = self.bytes.len();
        for label in name.split('.').filter(|label| !label.is_empty()) {
            if label.len() > MAX_LABEL {
                self.too_long = self.too_long.or(Some(("label of a name", label.len(), MAX_LABEL)));
            }
            self.bytes.push(label.len().min(MAX_LABEL) as u8);
            self.bytes.extend(label.as_bytes());
        }
        self.bytes.push(0);
        let len = self.bytes.len() - start;
        if len > MAX_NAME {
            self.too_long = self.too_long.or(Some(("name", len, MAX_NAME)));
        }
    }
}

fn type_of(data: &DnsData<'_>) -> DnsType {
    match data {
        DnsData::A(_) => DnsType::A,
        DnsData::Aaaa(_) => DnsType::AAAA,
        DnsData::Ns(_) => DnsType::NS,
        DnsData::Cname(_) => DnsType::CNAME,
        DnsData::Ptr(_) => DnsType::PTR,
        DnsData::Mx(..) => DnsType::MX,
        DnsData::Txt(_) => DnsType::TXT,
        DnsData::Srv(..) => DnsType::SRV,
        DnsData::Soa(..) => DnsType::SOA,
        DnsData::Raw(record_type, _) => *record_type,
    }
}

fn set_query(dns: &mut Dns, value: &FieldValue) -> Result<(), FieldError> {
    dns.questions.question(&text(value)?, dns.query_type, DnsClass::IN);
    Ok(())
}

/// Holds for a question that was named before, too: its type and its class are the last there is of it.
fn set_type(dns: &mut Dns, value: &FieldValue) -> Result<(), FieldError> {
    dns.query_type = FromValue::from_value(value)?;
    if let Some([high, low, _, _]) = dns.questions.bytes.last_chunk_mut::<4>() {
        [*high, *low] = dns.query_type.0.to_be_bytes();
    }
    Ok(())
}

/// A name, quoted or not.
fn text(value: &FieldValue) -> Result<String, FieldError> {
    match value {
        FieldValue::Word(word) => Ok(word.clone()),
        other => String::from_utf8(FromValue::from_value(other)?)
            .map_err(|_| FieldError::new("a name is no UTF-8")),
    }
}

struct Name(String);

impl FromValue for Name {
    const TAKES: &'static str = "name";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        text(value).map(Self)
    }
}

fn record_type(call: &Arguments<'_>) -> Result<DnsType, FieldError> {
    DnsType::from_name(call.name()).ok_or_else(|| {
        unknown(
            "DNS",
            call.name(),
            "a, aaaa, ns, cname, ptr, mx, txt, srv, soa, and raw(NAME, TTL, TYPE, DATA)",
        )
    })
}

fn questions(value: &FieldValue) -> Result<List, FieldError> {
    let mut list = List::EMPTY;
    each_option(value, |question| {
        let mut call = call_of(question)?;
        let record_type = record_type(&call)?;
        list.question(&call.next::<Name>()?.0, record_type, DnsClass::IN);
        call.end(())
    })?;
    fits(list)
}

fn records(value: &FieldValue) -> Result<List, FieldError> {
    let mut list = List::EMPTY;
    each_option(value, |record| {
        let mut call = call_of(record)?;
        let name = call.next::<Name>()?.0;
        let ttl = call.next()?;
        let class = DnsClass::IN.0;
        if call.name() == "raw" {
            let (record_type, data): (u16, Vec<u8>) = (call.next()?, call.next_or(Vec::new())?);
            list.record(&name, class, ttl, &DnsData::Raw(DnsType(record_type), &data));
            return call.end(());
        }
        match record_type(&call)? {
            DnsType::A => list.record(&name, class, ttl, &DnsData::A(call.next()?)),
            DnsType::AAAA => list.record(&name, class, ttl, &DnsData::Aaaa(call.next()?)),
            DnsType::NS => list.record(&name, class, ttl, &DnsData::Ns(&call.next::<Name>()?.0)),
            DnsType::CNAME => list.record(&name, class, ttl, &DnsData::Cname(&call.next::<Name>()?.0)),
            DnsType::PTR => list.record(&name, class, ttl, &DnsData::Ptr(&call.next::<Name>()?.0)),
            DnsType::MX => {
                let (preference, server) = (call.next()?, call.next::<Name>()?.0);
                list.record(&name, class, ttl, &DnsData::Mx(preference, &server));
            }
            DnsType::TXT => list.record(&name, class, ttl, &DnsData::Txt(&call.next::<Vec<u8>>()?)),
            DnsType::SRV => {
                let (priority, weight, port) = (call.next()?, call.next()?, call.next()?);
                list.record(
                    &name,
                    class,
                    ttl,
                    &DnsData::Srv(priority, weight, port, &call.next::<Name>()?.0),
                );
            }
            DnsType::SOA => {
                let (server, mailbox) = (call.next::<Name>()?.0, call.next::<Name>()?.0);
                let mut numbers = [0; 5];
                for number in &mut numbers {
                    *number = call.next_or(0)?;
                }
                list.record(&name, class, ttl, &DnsData::Soa(&server, &mailbox, numbers));
            }
            other => list.record(&name, class, ttl, &DnsData::Raw(other, &call.next_or(Vec::new())?)),
        }
        call.end(())
    })?;
    fits(list)
}

fn call_of<'v>(entry: Result<&[u8], Arguments<'v>>) -> Result<Arguments<'v>, FieldError> {
    match entry {
        Err(call) => Ok(call),
        Ok(_) => Err(FieldError::new("needs questions or records, as a(\"example.com\"), found bytes")),
    }
}

fn fits(list: List) -> Result<List, FieldError> {
    match list.too_long {
        Some((what, len, max)) => {
            Err(FieldError::new(format!("{what} of {len} bytes, at most {max} are possible")))
        }
        None => Ok(list),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, call, set};
    use crate::layer::{Ipv4, Udp};
    use crate::{Derived, Edit};

    /// scapy: `UDP(dport=53)/DNS(id=12557, qd=DNSQR(qname="host158.example.org", qtype="AAAA"))`.
    #[test]
    fn a_query() {
        let query = Dns::query(12557, "host158.example.org", DnsType::AAAA);
        let expected = bytes("310d0100000100000000000007686f7374313538076578616d706c65036f726700001c0001");
        assert_eq!(query.build().unwrap(), expected);
        let packet = (Ipv4::default(), Udp::default(), query).build().unwrap();
        assert_eq!((&packet[22..24], &packet[28..]), (&[0, 53][..], &expected[..]));
        let name = ("query", "\"host158.example.org.\"");
        let [id, rd, record_type] = [("id", "12557"), ("rd", "1"), ("type", "aaaa")];
        assert_eq!(set("dns", &[id, rd, name, record_type]).build().unwrap(), expected);
        assert_eq!(set("dns", &[record_type, id, rd, name]).build().unwrap(), expected);
    }

    /// RFC 1035, 3.3; RFC 2782.
    #[test]
    fn each_record() {
        let (a, b) = ("\"a\"", "\"b\"");
        let cases = [
            (call("a", &[a, "1", "10.0.0.1"]), "0001 0001 00000001 0004 0a000001"),
            (call("ns", &[a, "1", b]), "0002 0001 00000001 0003 0162 00"),
            (call("cname", &[a, "1", "\"b.c.\""]), "0005 0001 00000001 0005 0162 0163 00"),
            (call("ptr", &[a, "1", "\"\""]), "000c 0001 00000001 0001 00"),
            (call("mx", &[a, "1", "10", b]), "000f 0001 00000001 0005 000a 0162 00"),
            (call("txt", &[a, "1", b]), "0010 0001 00000001 0002 01 62"),
            (
                call("soa", &[a, "1", b, b, "1", "2", "3", "4", "5"]),
                "0006 0001 00000001 001a 0162 00 0162 00 00000001 00000002 00000003 00000004 00000005",
            ),
            (call("srv", &[a, "1", "2", "3", "443", b]), "0021 0001 00000001 0009 0002 0003 01bb 0162 00"),
        ];
        for (record, expected) in cases {
            let mut dns = Dns::new(0);
            dns.set("authority", &record).unwrap();
            let message = dns.build().unwrap();
            assert_eq!(message[4..15], bytes("0000 0000 0001 0000 0161 00"), "{record}");
            assert_eq!(message[15..], bytes(expected), "{record}");
        }
    }

    #[test]
    fn counts_follow_unless_set_and_so_does_the_length_over_tcp() {
        let mut dns = Dns::query(1, "a", DnsType::A).over_tcp().ancount(7);
        assert_eq!(dns.build().unwrap(), bytes("0013 0001 0100 0001 0007 0000 0000 0161 00 0001 0001"));
        dns.compute(Derived::Lengths);
        assert_eq!(dns.build().unwrap()[6..10], bytes("0001 0000"));
        let set = set("dns", &[("id", "1"), ("rd", "1"), ("query", "\"a\""), ("tcp", "1")]);
        assert_eq!(set.build(), dns.build());
    }

    /// RFC 1035, 2.3.4.
    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = |name: &str| Dns::query(1, name, DnsType::A).build().unwrap_err().to_string();
        assert_eq!(error(&"x".repeat(64)), "dns: 64 bytes, label of a name is 63: 1 too many");
        let labels = ["y".repeat(63), "y".repeat(63), "y".repeat(63), "y".repeat(62)];
        assert_eq!(error(&labels.join(".")), "dns: 256 bytes, name is 255: 1 too many");
    }
}
