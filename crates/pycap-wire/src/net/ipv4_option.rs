//! IPv4 options: what stands between the fixed header and the payload.
//!
//! ```text
//! +-+---+---------+---------------+--------------
//! |C|cls|  number |    length     | data: length - 2 bytes   (RFC 791, 3.1)
//! +-+---+---------+---------------+--------------
//! ```
//!
//! Types 0 (end of options) and 1 (no operation) are one byte without a length.

use core::net::Ipv4Addr;

use crate::header::number;
use crate::{Field, Visit};

number! {
    /// The type of an IPv4 option, with its copy bit and class (IANA "ip-parameters").
    pub struct Ipv4OptionType(u8) {
        END_OF_OPTIONS = 0, "End of options";
        NOP = 1, "No operation";
        RECORD_ROUTE = 7, "Record route";
        ZSU = 10, "Experimental measurement";
        MTU_PROBE = 11, "MTU probe";
        MTU_REPLY = 12, "MTU reply";
        ENCODE = 15, "ENCODE";
        QUICK_START = 25, "Quick-Start";
        EXPERIMENT_30 = 30, "Experiment";
        TIMESTAMP = 68, "Timestamp";
        TRACEROUTE = 82, "Traceroute";
        EXPERIMENT_94 = 94, "Experiment";
        SECURITY = 130, "Security";
        LOOSE_SOURCE_ROUTE = 131, "Loose source route";
        EXTENDED_SECURITY = 133, "Extended security";
        CIPSO = 134, "Commercial security";
        STREAM_ID = 136, "Stream identifier";
        STRICT_SOURCE_ROUTE = 137, "Strict source route";
        VISA = 142, "Experimental access control";
        IMITD = 144, "IMI traffic descriptor";
        EIP = 145, "Extended Internet protocol";
        ADDRESS_EXTENSION = 147, "Address extension";
        ROUTER_ALERT = 148, "Router alert";
        SELECTIVE_BROADCAST = 149, "Selective directed broadcast";
        DYNAMIC_PACKET_STATE = 151, "Dynamic packet state";
        UPSTREAM_MULTICAST = 152, "Upstream multicast packet";
        EXPERIMENT_158 = 158, "Experiment";
        FINN = 205, "Experimental flow control";
        EXPERIMENT_222 = 222, "Experiment";
    }
}

impl Ipv4OptionType {
    /// Whether the option goes into every fragment of its packet: the highest bit.
    pub fn copied(self) -> bool {
        self.0 & 0x80 != 0
    }

    /// The option's class: 0 = control, 2 = debugging and measurement.
    pub fn class(self) -> u8 {
        self.0 >> 5 & 3
    }

    /// The option's number within its class: the low five bits.
    pub fn number(self) -> u8 {
        self.0 & 0x1f
    }
}

/// One option of an IPv4 header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ipv4Option<'a> {
    /// The end: what follows in the header is padding. Nothing follows in the iterator.
    EndOfOptions(&'a [u8]),
    /// One byte of padding between options.
    Nop,
    /// The addresses of the routers passed so far.
    RecordRoute(Ipv4Route<'a>),
    /// Nodes to visit, with others between them.
    LooseSourceRoute(Ipv4Route<'a>),
    /// Nodes to visit, with none between them.
    StrictSourceRoute(Ipv4Route<'a>),
    /// The times at which routers passed the packet on.
    Timestamp(Ipv4Timestamp<'a>),
    /// Routers should look closer (RFC 2113).
    RouterAlert(u16),
    /// SATNET stream identifier.
    StreamId(u16),
    /// Basic security (RFC 1108; RFC 791 has another form of 9 bytes).
    Security {
        /// Classification level.
        level: u8,
        /// Protection authority flags and whatever follows.
        authority: &'a [u8],
    },
    /// Commercial security (FIPS 188).
    Cipso {
        /// Domain of interpretation.
        domain: u32,
        /// Tags: type, length of the whole tag, value.
        tags: &'a [u8],
    },
    /// A request for a sending rate, or its report (RFC 4782).
    QuickStart {
        /// Function: 0 = rate request, 8 = report of approved rate.
        function: u8,
        /// Rate: 0, or 40 kbit/s times 2 to the power of it.
        rate: u8,
        /// QS TTL.
        ttl: u8,
        /// QS nonce, 30 bits.
        nonce: u32,
    },
    /// Path MTU probe (RFC 1063).
    MtuProbe(u16),
    /// Path MTU reply (RFC 1063).
    MtuReply(u16),
    /// The packet takes part in a traceroute (RFC 1393).
    Traceroute {
        /// Identifier.
        id: u16,
        /// Outbound hop count.
        outbound_hops: u16,
        /// Return hop count.
        return_hops: u16,
        /// Who gets the answers.
        originator: Ipv4Addr,
    },
    /// An option of a type unknown here, or with a length other than its type's.
    Unknown {
        /// The option's type.
        kind: Ipv4OptionType,
        /// The option's data.
        data: &'a [u8],
    },
    /// An option whose length is below 2 or lies beyond the header or the capture, and everything after it. Nothing follows.
    Malformed(&'a [u8]),
}

/// The addresses of a route option, and how far it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Route<'a> {
    /// Where in the option the next address is taken from or put, counted from 1; the first address is at 4.
    pub pointer: u8,
    list: &'a [u8],
}

impl<'a> Ipv4Route<'a> {
    /// A route of addresses that stand one behind the other in `list`.
    pub fn new(pointer: u8, list: &'a [u8]) -> Self {
        Self { pointer, list }
    }

    /// The addresses' bytes; those of none, where they are no multiple of 4, too.
    pub fn bytes(&self) -> &'a [u8] {
        self.list
    }

    /// All addresses of the option, used or not.
    pub fn addresses(&self) -> impl ExactSizeIterator<Item = Ipv4Addr> + use<'a> {
        self.list.as_chunks::<4>().0.iter().map(|address| Ipv4Addr::from(*address))
    }

    /// The last address of the option, where the pointer stands at one: of a source route, the final destination.
    pub fn final_address(&self) -> Option<Ipv4Addr> {
        let used = usize::from(self.pointer).checked_sub(4)?;
        if used % 4 != 0 || used >= self.list.len() {
            return None;
        }
        self.addresses().last()
    }
}

/// The entries of a timestamp option (RFC 791, 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Timestamp<'a> {
    /// Where in the option the next entry is put, counted from 1; the first entry is at 5.
    pub pointer: u8,
    /// How many routers found no room for their time.
    pub overflow: u8,
    /// Flag: 0 = times only, 1 = address and time, 3 = address given, time asked for.
    pub flag: u8,
    entries: &'a [u8],
}

impl<'a> Ipv4Timestamp<'a> {
    /// Entries that stand one behind the other in `entries`; the low four bits of `overflow` and `flag` count.
    pub fn new(pointer: u8, overflow: u8, flag: u8, entries: &'a [u8]) -> Self {
        Self { pointer, overflow: overflow & 0x0f, flag: flag & 0x0f, entries }
    }

    /// The entries' bytes; those of none, where an entry is not whole, too.
    pub fn bytes(&self) -> &'a [u8] {
        self.entries
    }

    /// The entries, used or not: an address where the flag says so, and a time in milliseconds since midnight UT
    /// (the highest bit set: another unit).
    pub fn entries(&self) -> impl Iterator<Item = (Option<Ipv4Addr>, u32)> + use<'a> {
        let with_address = self.flag != 0;
        let mut words = self.entries.as_chunks::<4>().0.iter();
        core::iter::from_fn(move || {
            let first = words.next()?;
            if !with_address {
                return Some((None, u32::from_be_bytes(*first)));
            }
            Some((Some(Ipv4Addr::from(*first)), u32::from_be_bytes(*words.next()?)))
        })
    }
}

/// The options of an IPv4 header, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4Options<'a> {
    rest: &'a [u8],
}

impl<'a> Ipv4Options<'a> {
    /// The options in `bytes`, which start at the first one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are still to come.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The final destination that a source route names and that the packet has not reached.
    pub fn final_dst(mut self) -> Option<Ipv4Addr> {
        self.find_map(|option| option.source_route()?.final_address())
    }
}

impl<'a> Iterator for Ipv4Options<'a> {
    type Item = Ipv4Option<'a>;

    fn next(&mut self) -> Option<Ipv4Option<'a>> {
        let all = core::mem::take(&mut self.rest);
        let (&kind, after) = all.split_first()?;
        let kind = Ipv4OptionType(kind);
        match kind {
            Ipv4OptionType::END_OF_OPTIONS => return Some(Ipv4Option::EndOfOptions(after)),
            Ipv4OptionType::NOP => {
                self.rest = after;
                return Some(Ipv4Option::Nop);
            }
            _ => (),
        }
        let data = after.split_first().and_then(|(&length, after)| {
            let length = usize::from(length).checked_sub(2)?;
            after.split_at_checked(length)
        });
        Some(match data {
            Some((data, rest)) => {
                self.rest = rest;
                Ipv4Option::typed(kind, data)
            }
            None => Ipv4Option::Malformed(all),
        })
    }
}

impl core::iter::FusedIterator for Ipv4Options<'_> {}

impl<'a> Ipv4Option<'a> {
    fn typed(kind: Ipv4OptionType, data: &'a [u8]) -> Self {
        let be16 = |a: u8, b: u8| u16::from_be_bytes([a, b]);
        let be32 = |a: u8, b: u8, c: u8, d: u8| u32::from_be_bytes([a, b, c, d]);
        match (kind, data) {
            (Ipv4OptionType::RECORD_ROUTE, &[pointer, ref list @ ..]) => {
                Self::RecordRoute(Ipv4Route { pointer, list })
            }
            (Ipv4OptionType::LOOSE_SOURCE_ROUTE, &[pointer, ref list @ ..]) => {
                Self::LooseSourceRoute(Ipv4Route { pointer, list })
            }
            (Ipv4OptionType::STRICT_SOURCE_ROUTE, &[pointer, ref list @ ..]) => {
                Self::StrictSourceRoute(Ipv4Route { pointer, list })
            }
            (Ipv4OptionType::TIMESTAMP, &[pointer, byte, ref entries @ ..]) => {
                Self::Timestamp(Ipv4Timestamp { pointer, overflow: byte >> 4, flag: byte & 0x0f, entries })
            }
            (Ipv4OptionType::ROUTER_ALERT, &[a, b]) => Self::RouterAlert(be16(a, b)),
            (Ipv4OptionType::STREAM_ID, &[a, b]) => Self::StreamId(be16(a, b)),
            (Ipv4OptionType::SECURITY, &[level, ref authority @ ..]) => Self::Security { level, authority },
            (Ipv4OptionType::CIPSO, &[a, b, c, d, ref tags @ ..]) => {
                Self::Cipso { domain: be32(a, b, c, d), tags }
            }
            (Ipv4OptionType::QUICK_START, &[function_rate, ttl, a, b, c, d]) => Self::QuickStart {
                function: function_rate >> 4,
                rate: function_rate & 0x0f,
                ttl,
                nonce: be32(a, b, c, d) >> 2,
            },
            (Ipv4OptionType::MTU_PROBE, &[a, b]) => Self::MtuProbe(be16(a, b)),
            (Ipv4OptionType::MTU_REPLY, &[a, b]) => Self::MtuReply(be16(a, b)),
            (Ipv4OptionType::TRACEROUTE, &[a, b, c, d, e, f, g, h, i, j]) => Self::Traceroute {
                id: be16(a, b),
                outbound_hops: be16(c, d),
                return_hops: be16(e, f),
                originator: Ipv4Addr::new(g, h, i, j),
            },
            (kind, data) => Self::Unknown { kind, data },
        }
    }

    fn source_route(&self) -> Option<Ipv4Route<'a>> {
        match *self {
            Self::LooseSourceRoute(route) | Self::StrictSourceRoute(route) => Some(route),
            _ => None,
        }
    }

    /// The option's own fields; its type stands at `offset`.
    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        match *self {
            Self::EndOfOptions(_) | Self::Nop | Self::Malformed(_) => (),
            Self::RecordRoute(route) | Self::LooseSourceRoute(route) | Self::StrictSourceRoute(route) => {
                visit(Field::uint("route_pointer", offset + 2, route.pointer).repeated());
                for (i, address) in route.addresses().enumerate() {
                    visit(Field::ipv4("route", offset + 3 + 4 * i, address).repeated());
                }
            }
            Self::Timestamp(timestamp) => {
                visit(Field::uint("ts_pointer", offset + 2, timestamp.pointer));
                visit(Field::uint("ts_overflow", offset + 3, timestamp.overflow));
                visit(Field::uint("ts_flag", offset + 3, timestamp.flag));
                let mut at = offset + 4;
                for (address, time) in timestamp.entries() {
                    if let Some(address) = address {
                        visit(Field::ipv4("ts_addr", at, address).repeated());
                        at += 4;
                    }
                    visit(Field::uint("ts_time", at, time).repeated());
                    at += 4;
                }
            }
            Self::RouterAlert(value) => visit(Field::uint("router_alert", offset + 2, value)),
            Self::StreamId(id) => visit(Field::uint("stream_id", offset + 2, id)),
            Self::Security { level, authority } => {
                visit(Field::hex("sec_level", offset + 2, level));
                visit(Field::bytes("sec_authority", offset + 3, authority));
            }
            Self::Cipso { domain, tags } => {
                visit(Field::hex("cipso_doi", offset + 2, domain));
                visit(Field::bytes("cipso_tags", offset + 6, tags));
            }
            Self::QuickStart { function, rate, ttl, nonce } => {
                visit(Field::uint("quick_start_function", offset + 2, function));
                visit(Field::uint("quick_start_rate", offset + 2, rate));
                visit(Field::uint("quick_start_ttl", offset + 3, ttl));
                visit(Field::hex("quick_start_nonce", offset + 4, nonce));
            }
            Self::MtuProbe(mtu) => visit(Field::uint("mtu_probe", offset + 2, mtu)),
            Self::MtuReply(mtu) => visit(Field::uint("mtu_reply", offset + 2, mtu)),
            Self::Traceroute { id, outbound_hops, return_hops, originator } => {
                visit(Field::uint("traceroute_id", offset + 2, id));
                visit(Field::uint("traceroute_out", offset + 4, outbound_hops));
                visit(Field::uint("traceroute_back", offset + 6, return_hops));
                visit(Field::ipv4("traceroute_originator", offset + 8, originator));
            }
            Self::Unknown { data, .. } => visit(Field::bytes("opt_data", offset + 2, data).repeated()),
        }
    }
}

/// The fields of IPv4 options whose first byte stands at `start`: for each `opt_types`, `opt_lens` and its own. An option
/// whose length cannot be is not listed. At the end `final_dst`, where a source route names one.
pub(crate) fn fields<'a>(start: usize, options: &'a [u8], visit: Visit<'_, 'a>) {
    let mut walk = Ipv4Options::new(options);
    let mut final_dst = None;
    loop {
        let here = walk.rest();
        let offset = start + options.len() - here.len();
        let (Some(option), Some((&kind, after))) = (walk.next(), here.split_first()) else { break };
        if matches!(option, Ipv4Option::Malformed(_)) {
            break;
        }
        let kind = Ipv4OptionType(kind);
        visit(Field::uint("opt_types", offset, kind).means(kind.name()).repeated());
        let has_length = !matches!(option, Ipv4Option::EndOfOptions(_) | Ipv4Option::Nop);
        if let (true, Some(&length)) = (has_length, after.first()) {
            visit(Field::uint("opt_lens", offset + 1, length).repeated());
        }
        option.fields(offset, visit);
        final_dst = final_dst.or_else(|| {
            let route = option.source_route()?;
            let last = route.addresses().len().saturating_sub(1);
            Some(Field::ipv4("final_dst", offset + 3 + 4 * last, route.final_address()?))
        });
    }
    if let Some(field) = final_dst {
        visit(field);
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::Value;

    fn list(name: &str, bytes: &[u8]) -> Vec<u64> {
        let mut list = Vec::new();
        fields(20, bytes, &mut |field| match field.value {
            Value::Uint(n) if field.name == name => list.push(n),
            _ => (),
        });
        list
    }

    #[test]
    fn options_are_listed_as_tshark_lists_them() {
        // What tshark 4.0 shows for these bytes as ip.opt.type and ip.opt.len.
        let cases: [(&[u8], &[u64], &[u64]); 9] = [
            (&[0, 0, 7, 0], &[0], &[]),
            (&[1, 0, 0, 0], &[1, 0], &[]),
            (&[0x94, 4, 0, 0, 0, 1, 1, 1], &[148, 0], &[4]),
            (&[7, 7, 4, 10, 0, 0, 1, 1], &[7, 1], &[7]),
            (&[0x44, 4, 5, 0, 1, 1, 1, 1], &[68, 1, 1, 1, 1], &[4]),
            (&[0x88, 4, 0, 1], &[136], &[4]),
            (&[0x94, 1, 0, 0], &[], &[]),
            (&[7, 40, 4, 0], &[], &[]),
            (&[1, 1, 40, 4], &[1, 1], &[]),
        ];
        for (bytes, types, lengths) in cases {
            assert_eq!((&list("opt_types", bytes)[..], &list("opt_lens", bytes)[..]), (types, lengths));
        }
    }

    #[test]
    fn a_source_route_names_the_final_destination_until_it_is_used_up() {
        // tshark 4.0: ip.dst is the last address of the route where ip.cur_rt is there.
        let route = |pointer| [0x89, 11, pointer, 192, 168, 0, 1, 192, 168, 0, 2, 1];
        let last = Some(Ipv4Addr::new(192, 168, 0, 2));
        for (pointer, expected) in [(4, last), (8, last), (12, None), (9, None), (3, None), (0, None)] {
            assert_eq!(Ipv4Options::new(&route(pointer)).final_dst(), expected, "pointer {pointer}");
        }
    }

    #[test]
    fn the_final_destination_stands_where_the_route_ends() {
        let bytes = [1, 0x83, 11, 4, 192, 168, 0, 1, 192, 168, 0, 2];
        let mut found = Vec::new();
        fields(20, &bytes, &mut |field| {
            if field.name == "final_dst" {
                found.push((field.offset, field.value));
            }
        });
        assert_eq!(found, [(28, Value::Ipv4(Ipv4Addr::new(192, 168, 0, 2)))]);
    }

    #[test]
    fn timestamps_come_with_and_without_addresses() {
        let bytes = [68, 12, 13, 0x21, 10, 0, 0, 1, 0, 0, 0, 5];
        let Some(Ipv4Option::Timestamp(stamp)) = Ipv4Options::new(&bytes).next() else { panic!() };
        assert_eq!((stamp.pointer, stamp.overflow, stamp.flag), (13, 2, 1));
        assert_eq!(stamp.entries().collect::<Vec<_>>(), [(Some(Ipv4Addr::new(10, 0, 0, 1)), 5)]);
        let bytes = [68, 12, 13, 0, 0, 0, 0, 7, 0, 0, 0, 5];
        let Some(Ipv4Option::Timestamp(stamp)) = Ipv4Options::new(&bytes).next() else { panic!() };
        assert_eq!(stamp.entries().collect::<Vec<_>>(), [(None, 7), (None, 5)]);
    }

    #[test]
    fn every_step_takes_a_byte() {
        for kind in 0..=255 {
            for length in 0..=12 {
                let bytes = [kind, length, 1, 2, 3, 4, 5, 6, 7, 8];
                assert!(Ipv4Options::new(&bytes).count() <= bytes.len());
                list("", &bytes);
            }
        }
    }

    #[test]
    fn a_type_has_copy_bit_class_and_number() {
        let kind = Ipv4OptionType::TIMESTAMP;
        assert_eq!((kind.copied(), kind.class(), kind.number()), (false, 2, 4));
        assert!(Ipv4OptionType::ROUTER_ALERT.copied());
    }
}
