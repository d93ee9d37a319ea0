//! IGMP versions 0 to 3, and what else has an IGMP type: DVMRP, PIM version 1, mtrace.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |     type      |max resp. time |           checksum            |   (RFC 1112, appendix I; RFC 2236, 2; RFC 3376, 4)
//! +---------------+---------------+-------------------------------+
//! |                         group address                         |
//! +-------+-+-----+---------------+-------------------------------+
//! |  res. |S| QRV |     QQIC      |       number of sources       |   version 3 queries: 12 bytes or more
//! +-------+-+-----+---------------+-------------------------------+
//! |                       source addresses                        |
//! +---------------------------------------------------------------+
//!
//! +---------------+---------------+-------------------------------+
//! |  type = 0x22  |   reserved    |           checksum            |   version 3 reports (RFC 3376, 4.2)
//! +---------------+---------------+-------------------------------+
//! |           reserved            |    number of group records    |
//! +---------------+---------------+-------------------------------+
//! |  record type  | aux data len  |       number of sources       |   each group record
//! +---------------+---------------+-------------------------------+
//! |                         group address                         |
//! +---------------------------------------------------------------+
//! |      source addresses, then aux data in 32-bit words          |
//! +---------------------------------------------------------------+
//!
//! +---------------+---------------+-------------------------------+
//! |  type = 0x30  | adv. interval |           checksum            |   router advertisements (RFC 4286, 3)
//! +---------------+---------------+-------------------------------+
//! |        query interval         |      robustness variable      |
//! +-------------------------------+-------------------------------+
//!
//! +---------------+---------------+-------------------------------+
//! | 0x31 or 0x32  |   reserved    |           checksum            |   router solicitations, terminations (RFC 4286, 4, 5)
//! +---------------+---------------+-------------------------------+
//! ```

mod summary;

use core::fmt;
use core::net::Ipv4Addr;

use crate::checksum;
use crate::display::from_fn;
use crate::header::{header, number};
use crate::{Error, Field, LayerKind, Next, Visit};

number! {
    /// What an IGMP message is (IANA "igmp-type-numbers"); numbers below 16 are version 0's (RFC 988).
    pub struct IgmpType(u8) {
        QUERY = 0x11, "Membership Query";
        V1_REPORT = 0x12, "Version 1 Membership Report";
        DVMRP = 0x13, "DVMRP";
        PIM = 0x14, "PIM version 1";
        CISCO_TRACE = 0x15, "Cisco Trace Messages";
        V2_REPORT = 0x16, "Version 2 Membership Report";
        LEAVE = 0x17, "Leave Group";
        MTRACE_RESPONSE = 0x1e, "Multicast Traceroute Response";
        MTRACE = 0x1f, "Multicast Traceroute";
        V3_REPORT = 0x22, "Version 3 Membership Report";
        ROUTER_ADVERTISEMENT = 0x30, "Multicast Router Advertisement";
        ROUTER_SOLICITATION = 0x31, "Multicast Router Solicitation";
        ROUTER_TERMINATION = 0x32, "Multicast Router Termination";
    }
}

number! {
    /// What a group record of a version 3 report says (RFC 3376, 4.2.12).
    pub struct IgmpRecordType(u8) {
        MODE_IS_INCLUDE = 1, "Mode Is Include";
        MODE_IS_EXCLUDE = 2, "Mode Is Exclude";
        CHANGE_TO_INCLUDE = 3, "Change To Include Mode";
        CHANGE_TO_EXCLUDE = 4, "Change To Exclude Mode";
        ALLOW_NEW_SOURCES = 5, "Allow New Sources";
        BLOCK_OLD_SOURCES = 6, "Block Old Sources";
    }
}

header! {
    /// What every message begins with: 4 bytes, which are all of a router solicitation or termination.
    pub struct IgmpStart {
        /// What the message is.
        message_type, set_message_type: IgmpType;
        /// What it is in [`IgmpHeader::code`], the advertisement interval of a router advertisement.
        code, set_code: u8;
        /// Checksum of the message.
        checksum, set_checksum: u16;
    }
}

header! {
    /// The first 8 bytes of all messages but those of router discovery.
    pub struct IgmpHeader {
        /// What the message is.
        message_type, set_message_type: IgmpType;
        /// Maximum response time of a query in tenths of a second, as a code from 128 on in version 3; a code of the
        /// protocol's own in DVMRP, PIM and version 0; number of hops in mtrace.
        code, set_code: u8;
        /// Checksum of the message.
        checksum, set_checksum: u16;
        /// Group address; in version 3 reports 16 reserved bits and the number of group records.
        group, set_group: Ipv4Addr;
    }
}

header! {
    /// A router advertisement: 8 bytes (RFC 4286, 3).
    pub struct IgmpRouterAdvertisement {
        /// What the message is.
        message_type, set_message_type: IgmpType;
        /// Seconds between the router's advertisements.
        advertisement_interval, set_advertisement_interval: u8;
        /// Checksum of the message.
        checksum, set_checksum: u16;
        /// Seconds between the router's queries; 0 where it sends none.
        query_interval, set_query_interval: u16;
        /// The router's robustness variable; 0 where it sends no queries.
        robustness, set_robustness: u16;
    }
}

header! {
    /// What version 3 queries have after the group address: 4 bytes, then the source addresses.
    pub struct IgmpV3Query {
        /// Reserved bits (four), S flag, the querier's robustness variable (three).
        flags, set_flags: u8;
        /// The querier's query interval, as a code; see [`interval`](Self::interval).
        interval_code, set_interval_code: u8;
        /// Number of source addresses.
        source_count, set_source_count: u16;
    }
}

impl IgmpV3Query {
    /// S flag: routers that hear the query do not update their timers.
    pub fn suppress(&self) -> bool {
        self.flags() & 8 != 0
    }

    /// The querier's robustness variable, 0 to 7.
    pub fn robustness(&self) -> u8 {
        self.flags() & 7
    }

    /// Sets [`suppress`](Self::suppress).
    #[inline]
    pub fn set_suppress(&mut self, suppress: bool) {
        self.set_flags(self.flags() & !8 | u8::from(suppress) << 3);
    }

    /// Sets [`robustness`](Self::robustness); the value's low three bits count.
    #[inline]
    pub fn set_robustness(&mut self, robustness: u8) {
        self.set_flags(self.flags() & !7 | robustness & 7);
    }

    /// The querier's query interval in seconds.
    pub fn interval(&self) -> u16 {
        decode(self.interval_code())
    }
}

header! {
    /// A group record of a version 3 report without its sources: 8 bytes.
    pub struct IgmpRecordHeader {
        /// What the record says.
        record_type, set_record_type: IgmpRecordType;
        /// Length of the auxiliary data in 32-bit words.
        aux_len, set_aux_len: u8;
        /// Number of source addresses.
        source_count, set_source_count: u16;
        /// Group address.
        group, set_group: Ipv4Addr;
    }
}

header! {
    /// What mtrace has after the group address: 16 bytes, then blocks of answers (draft-ietf-idmr-traceroute-ipm).
    pub struct MtraceHeader {
        /// Where the traced traffic comes from.
        src, set_src: Ipv4Addr;
        /// Where the traced traffic goes to.
        dst, set_dst: Ipv4Addr;
        /// Where the answer goes to.
        response, set_response: Ipv4Addr;
        /// Time to live of the answer (high eight bits) and the query's identifier (low 24).
        ttl_id, set_ttl_id: u32;
    }
}

impl MtraceHeader {
    /// Time to live of the answer.
    pub fn ttl(&self) -> u8 {
        (self.ttl_id() >> 24) as u8
    }

    /// The query's identifier, 24 bits.
    pub fn id(&self) -> u32 {
        self.ttl_id() & 0x00ff_ffff
    }

    /// Sets [`ttl`](Self::ttl).
    #[inline]
    pub fn set_ttl(&mut self, ttl: u8) {
        self.set_ttl_id(self.id() | u32::from(ttl) << 24);
    }

    /// Sets [`id`](Self::id); the value's low 24 bits count.
    #[inline]
    pub fn set_id(&mut self, id: u32) {
        self.set_ttl_id(self.ttl_id() & 0xff00_0000 | id & 0x00ff_ffff);
    }
}

/// An IGMP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Igmp<'a> {
    start: &'a IgmpStart,
    /// From the first byte of `start` on.
    bytes: &'a [u8],
    payload: &'a [u8],
    missing: usize,
}

/// What an IGMP message says, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IgmpMessage<'a> {
    /// A query of version 1 or 2.
    Query,
    /// A query of version 3, and its sources.
    V3Query(&'a IgmpV3Query, IgmpSources<'a>),
    /// A report of version 1 or 2, or a leave: all is in the header.
    Group,
    /// A report of version 3.
    V3Report(IgmpRecords<'a>),
    /// An mtrace query or answer, and its blocks.
    Mtrace(&'a MtraceHeader, &'a [u8]),
    /// A router advertisement.
    RouterAdvertisement(&'a IgmpRouterAdvertisement),
    /// A router solicitation: all is in the first 4 bytes.
    RouterSolicitation,
    /// A router termination: all is in the first 4 bytes.
    RouterTermination,
    /// Anything else, or a message that was cut short: the bytes after the header, if any.
    Other(&'a [u8]),
}

impl<'a> Igmp<'a> {
    /// Takes the message that starts at the first of `bytes` and ends at their end: a query is one of version 3 where it
    /// has 12 bytes or more (RFC 3376, 7.1).
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 8 bytes, or below 4 where the message is a router solicitation or
    /// termination, or of a type of which nothing else is known.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (start, rest) = IgmpStart::split(bytes)
            .filter(|(start, _)| bytes.len() >= start.message_type().least())
            .ok_or_else(|| Error::truncated(LayerKind::Igmp, least(bytes), bytes.len()))?;
        let whole = Self { start, bytes, payload: &[], missing: 0 };
        let length = match whole.message() {
            IgmpMessage::RouterSolicitation | IgmpMessage::RouterTermination => IgmpStart::LEN,
            IgmpMessage::Query | IgmpMessage::Group | IgmpMessage::RouterAdvertisement(_) => IgmpHeader::LEN,
            IgmpMessage::V3Query(query, _) => {
                IgmpHeader::LEN + IgmpV3Query::LEN + usize::from(query.source_count()) * 4
            }
            IgmpMessage::V3Report(records) => records.claimed().saturating_add(IgmpHeader::LEN),
            IgmpMessage::Mtrace(..) | IgmpMessage::Other(_) => rest.len() + IgmpStart::LEN,
        };
        let (message, payload) = bytes.split_at(length.min(bytes.len()));
        Ok(Self { start, bytes: message, payload, missing: length.saturating_sub(bytes.len()) })
    }

    /// The first 4 bytes as fields.
    #[inline(always)]
    pub fn start(&self) -> &'a IgmpStart {
        self.start
    }

    /// The first 8 bytes as fields; `None` where the message has fewer.
    #[inline(always)]
    pub fn header(&self) -> Option<&'a IgmpHeader> {
        IgmpHeader::split(self.bytes).map(|(header, _)| header)
    }

    /// The message's bytes, without the payload.
    #[inline(always)]
    pub fn as_bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// What follows the first 8 bytes.
    fn body(&self) -> &'a [u8] {
        self.bytes.get(IgmpHeader::LEN..).unwrap_or_default()
    }

    /// Bytes 4 to 7, as the address that most messages have there.
    fn word(&self) -> Ipv4Addr {
        self.header().map_or(Ipv4Addr::UNSPECIFIED, IgmpHeader::group)
    }

    /// What the message is.
    #[inline(always)]
    pub fn message_type(&self) -> IgmpType {
        self.start.message_type()
    }

    /// Checksum, as it stands in the header.
    pub fn checksum(&self) -> u16 {
        self.start.checksum()
    }

    /// The message, taken apart.
    pub fn message(&self) -> IgmpMessage<'a> {
        match self.message_type() {
            IgmpType::QUERY => match IgmpV3Query::split(self.body()) {
                Some((query, rest)) => {
                    IgmpMessage::V3Query(query, IgmpSources::new(rest, query.source_count()))
                }
                None => IgmpMessage::Query,
            },
            IgmpType::V1_REPORT | IgmpType::V2_REPORT | IgmpType::LEAVE => IgmpMessage::Group,
            IgmpType::V3_REPORT => {
                let [_, _, high, low] = self.word().octets();
                IgmpMessage::V3Report(IgmpRecords {
                    rest: self.body(),
                    left: u16::from_be_bytes([high, low]),
                    offset: IgmpHeader::LEN,
                })
            }
            IgmpType::MTRACE | IgmpType::MTRACE_RESPONSE => match MtraceHeader::split(self.body()) {
                Some((header, blocks)) => IgmpMessage::Mtrace(header, blocks),
                None => IgmpMessage::Other(self.body()),
            },
            IgmpType::ROUTER_ADVERTISEMENT => match IgmpRouterAdvertisement::split(self.bytes) {
                Some((advertisement, _)) => IgmpMessage::RouterAdvertisement(advertisement),
                None => IgmpMessage::Other(self.body()),
            },
            IgmpType::ROUTER_SOLICITATION => IgmpMessage::RouterSolicitation,
            IgmpType::ROUTER_TERMINATION => IgmpMessage::RouterTermination,
            _ => IgmpMessage::Other(self.body()),
        }
    }

    /// The group address of a query, report, leave or mtrace, and of version 0's messages.
    pub fn group(&self) -> Option<Ipv4Addr> {
        match self.message_type() {
            IgmpType::QUERY
            | IgmpType::V1_REPORT
            | IgmpType::V2_REPORT
            | IgmpType::LEAVE
            | IgmpType::MTRACE
            | IgmpType::MTRACE_RESPONSE => Some(self.word()),
            IgmpType(0..=0x0f) => self.body().first_chunk::<4>().map(|group| Ipv4Addr::from(*group)),
            _ => None,
        }
    }

    /// The maximum response time of a query in tenths of a second; `None` in version 1, which has none. Reports and leaves
    /// of version 2 have the field too, and 0 in it.
    pub fn max_response(&self) -> Option<u16> {
        match (self.message_type(), self.message()) {
            (_, IgmpMessage::V3Query(..)) => Some(decode(self.start.code())),
            (IgmpType::QUERY, _) if self.start.code() == 0 => None,
            (IgmpType::QUERY | IgmpType::V2_REPORT | IgmpType::LEAVE, _) => Some(self.start.code().into()),
            _ => None,
        }
    }

    /// Whether the checksum over the whole message is right; `None` where not all of it was captured.
    pub fn checksum_ok(&self) -> Option<bool> {
        // Only messages of even length are followed by a payload, as the sum of pieces asks for.
        let sum = checksum::sum(self.bytes) + checksum::sum(self.payload);
        (self.missing == 0).then(|| checksum::fold(sum) == 0xffff)
    }

    /// The message's length in bytes, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        self.bytes.len()
    }

    /// What follows the message: additional data, which its checksum covers.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is: nothing.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::End
    }

    /// How many bytes the numbers of sources and records promise beyond the captured ones, at least.
    #[inline(always)]
    pub fn missing(&self) -> usize {
        self.missing
    }

    /// What makes the message contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.start;
        visit(Field::hex("type", 0, h.message_type()).means(h.message_type().name()));
        match self.max_response() {
            Some(tenths) => visit(Field::uint("max_resp", 1, tenths)),
            None if h.message_type() == IgmpType::ROUTER_ADVERTISEMENT => {
                visit(Field::uint("advertisement_interval", 1, h.code()));
            }
            None => visit(Field::uint("code", 1, h.code())),
        }
        visit(Field::hex("checksum", 2, h.checksum()));
        match self.group() {
            Some(group) if h.message_type().0 <= 0x0f => {
                visit(Field::hex("ident", 4, u32::from(self.word())));
                visit(Field::ipv4("maddr", 8, group).repeated());
            }
            Some(group) => visit(Field::ipv4("maddr", 4, group).repeated()),
            None => (),
        }
        match self.message() {
            IgmpMessage::V3Query(query, sources) => {
                visit(Field::uint("suppress", 8, query.suppress()));
                visit(Field::uint("robustness", 8, query.robustness()));
                visit(Field::uint("interval", 9, query.interval()));
                visit(Field::uint("num_src", 10, query.source_count()).repeated());
                sources.fields(12, visit);
            }
            IgmpMessage::V3Report(records) => {
                visit(Field::uint("num_rec", 6, records.left));
                records.for_each(|record| record.fields(visit));
            }
            IgmpMessage::Mtrace(header, _) => {
                visit(Field::ipv4("mtrace_src", 8, header.src()));
                visit(Field::ipv4("mtrace_dst", 12, header.dst()));
                visit(Field::ipv4("mtrace_response", 16, header.response()));
                visit(Field::uint("mtrace_ttl", 20, header.ttl()));
                visit(Field::uint("mtrace_id", 21, header.id()));
            }
            IgmpMessage::RouterAdvertisement(advertisement) => {
                visit(Field::uint("query_interval", 4, advertisement.query_interval()));
                visit(Field::uint("robustness", 6, advertisement.robustness()));
            }
            IgmpMessage::Query
            | IgmpMessage::Group
            | IgmpMessage::RouterSolicitation
            | IgmpMessage::RouterTermination
            | IgmpMessage::Other(_) => (),
        }
    }

    /// The one-line form: `igmp v2 report 239.255.255.250`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let igmp = *self;
        from_fn(move |f| summary::write(f, &igmp))
    }
}

impl IgmpType {
    /// The fewest bytes that a message of this type has; the rest of those that are not known may be of any length.
    fn least(self) -> usize {
        match self {
            Self(0..=0x0f)
            | Self::QUERY
            | Self::V1_REPORT
            | Self::DVMRP
            | Self::PIM
            | Self::V2_REPORT
            | Self::LEAVE
            | Self::MTRACE_RESPONSE
            | Self::MTRACE
            | Self::V3_REPORT
            | Self::ROUTER_ADVERTISEMENT => IgmpHeader::LEN,
            _ => IgmpStart::LEN,
        }
    }
}

/// How many bytes the message that begins with `bytes` needs; without a type, what most messages do.
fn least(bytes: &[u8]) -> usize {
    bytes.first().map_or(IgmpHeader::LEN, |kind| IgmpType(*kind).least())
}

/// A time code of version 3 (RFC 3376, 4.1.1): from 128 on a mantissa of four bits and an exponent of three.
fn decode(code: u8) -> u16 {
    match code {
        0..128 => code.into(),
        _ => (u16::from(code & 0x0f) | 0x10) << ((code >> 4 & 7) + 3),
    }
}

/// An iterator over source addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgmpSources<'a> {
    bytes: &'a [u8],
}

impl<'a> IgmpSources<'a> {
    fn new(bytes: &'a [u8], count: u16) -> Self {
        Self { bytes: bytes.get(..usize::from(count) * 4).unwrap_or(bytes) }
    }

    fn fields(self, offset: usize, visit: Visit<'_, 'a>) {
        for (index, source) in self.enumerate() {
            visit(Field::ipv4("saddr", offset.saturating_add(index.saturating_mul(4)), source).repeated());
        }
    }
}

impl Iterator for IgmpSources<'_> {
    type Item = Ipv4Addr;

    fn next(&mut self) -> Option<Ipv4Addr> {
        let (source, rest) = self.bytes.split_first_chunk::<4>()?;
        self.bytes = rest;
        Some(Ipv4Addr::from(*source))
    }
}

/// An iterator over the group records of a version 3 report, as far as captured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgmpRecords<'a> {
    rest: &'a [u8],
    left: u16,
    offset: usize,
}

/// A group record of a version 3 report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IgmpRecord<'a> {
    /// The record's first 8 bytes.
    pub header: &'a IgmpRecordHeader,
    /// The source addresses.
    pub sources: IgmpSources<'a>,
    /// The auxiliary data, as far as captured; none is defined.
    pub aux: &'a [u8],
    offset: usize,
}

impl IgmpRecords<'_> {
    /// How many bytes all records have: what the captured ones claim, and 8 for each other one.
    fn claimed(mut self) -> usize {
        let mut claimed = 0_usize;
        for record in self.by_ref() {
            claimed = claimed.saturating_add(record.header.record_len());
        }
        claimed.saturating_add(usize::from(self.left).saturating_mul(IgmpRecordHeader::LEN))
    }
}

impl IgmpRecordHeader {
    /// The record's length in bytes with its sources and auxiliary data, as it claims it.
    pub fn record_len(&self) -> usize {
        Self::LEN + (usize::from(self.source_count()) + usize::from(self.aux_len())) * 4
    }
}

impl<'a> Iterator for IgmpRecords<'a> {
    type Item = IgmpRecord<'a>;

    fn next(&mut self) -> Option<IgmpRecord<'a>> {
        self.left.checked_sub(1)?;
        let (header, _) = IgmpRecordHeader::split(self.rest)?;
        let (record, rest) = self.rest.split_at(header.record_len().min(self.rest.len()));
        let (_, after) = IgmpRecordHeader::split(record)?;
        let sources = IgmpSources::new(after, header.source_count());
        let found = IgmpRecord {
            header,
            sources,
            aux: after.get(sources.bytes.len()..).unwrap_or_default(),
            offset: self.offset,
        };
        (self.left, self.rest) = (self.left.saturating_sub(1), rest);
        self.offset = self.offset.saturating_add(record.len());
        Some(found)
    }
}

impl<'a> IgmpRecord<'a> {
    fn fields(&self, visit: Visit<'_, 'a>) {
        let (h, at) = (self.header, |offset: usize| self.offset.saturating_add(offset));
        visit(Field::uint("rec_type", at(0), h.record_type()).means(h.record_type().name()).repeated());
        visit(Field::uint("aux_len", at(1), h.aux_len()).repeated());
        visit(Field::uint("num_src", at(2), h.source_count()).repeated());
        visit(Field::ipv4("maddr", at(4), h.group()).repeated());
        self.sources.fields(at(IgmpRecordHeader::LEN), visit);
    }
}

/// `IGMP(type=0x16, group=239.255.255.250)`; without the group where the message has none, or several.
impl fmt::Display for Igmp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.group() {
            Some(group) => write!(f, "IGMP(type={:#x}, group={group})", self.message_type().0),
            None => write!(f, "IGMP(type={:#x})", self.message_type().0),
        }
    }
}

#[cfg(test)]
mod tests;
