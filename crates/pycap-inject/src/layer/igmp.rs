//! An IGMP message.

use std::net::Ipv4Addr;

use pycap_wire::{
    IgmpRecordHeader, IgmpRecordType, IgmpStart, IgmpType, IgmpV3Query, IpProtocol, MtraceHeader,
};

use super::arguments::{Arguments, each, list};
use super::message::{COUNT, Fields, Message, fields, message_layer, names, setters};
use super::own::Own;
use crate::value::{FromValue, named};
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

message_layer! {
    /// An IGMP message of version 1, 2 or 3 (RFC 1112, RFC 2236, RFC 9776), or another that has an IGMP type.
    ///
    /// Its own code is the maximum response time of a query. The header of IP that is usual has a time to live of 1, and the
    /// router alert option from version 2 on; here they are what the layer around says.
    ///
    /// ```
    /// use pycap_inject::{Layer, layer::{Igmp, Ipv4}};
    ///
    /// let group = [224, 0, 0, 251];
    /// let report = (Ipv4::new([10, 0, 0, 1], group).ttl(1), Igmp::v2_report(group)).build()?;
    /// assert_eq!(report[20..], [0x16, 0, 0x09, 0x04, 224, 0, 0, 251]);
    /// # Ok::<(), pycap_inject::BuildError>(())
    /// ```
    pub struct Igmp(IgmpStart) = "igmp";
    type IgmpType, message_type, set_message_type;
}

/// Where what follows the group address begins in the message's own bytes.
const AFTER_GROUP: usize = 4;

/// Where the sources of a version 3 query begin in the message's own bytes, and the records of a report.
const SOURCES: usize = AFTER_GROUP + IgmpV3Query::LEN;
const RECORDS: usize = 4;

impl Igmp {
    fn group(message_type: IgmpType, code: u8, group: Ipv4Addr) -> Self {
        Self::with(message_type, code, Own::from_array(&group.octets()))
    }

    /// A query of version 1, which has no group.
    pub fn v1_query() -> Self {
        Self::group(IgmpType::QUERY, 0, Ipv4Addr::UNSPECIFIED)
    }

    /// A report of version 1.
    pub fn v1_report(group: impl Into<Ipv4Addr>) -> Self {
        Self::group(IgmpType::V1_REPORT, 0, group.into())
    }

    /// A query of version 2, to be answered within `max_response` tenths of a second; for 0.0.0.0 a general one.
    pub fn v2_query(group: impl Into<Ipv4Addr>, max_response: u8) -> Self {
        Self::group(IgmpType::QUERY, max_response, group.into())
    }

    /// A report of version 2.
    pub fn v2_report(group: impl Into<Ipv4Addr>) -> Self {
        Self::group(IgmpType::V2_REPORT, 0, group.into())
    }

    /// A leave, of version 2.
    pub fn leave(group: impl Into<Ipv4Addr>) -> Self {
        Self::group(IgmpType::LEAVE, 0, group.into())
    }

    /// A query of version 3, to be answered within `max_response` tenths of a second, rounded down to what its code can say;
    /// with a robustness variable of 2 and a query interval of 125 s. [`source`](Self::source) adds sources.
    pub fn v3_query(group: impl Into<Ipv4Addr>, max_response: u16) -> Self {
        let mut query = IgmpV3Query::zeroed();
        query.set_robustness(2);
        query.set_interval_code(125);
        Self::group(IgmpType::QUERY, time_code(max_response), group.into()).body_bytes(query.as_bytes())
    }

    /// A report of version 3; [`record`](Self::record) adds records.
    pub fn v3_report() -> Self {
        Self::with(IgmpType::V3_REPORT, 0, Own::from_array(&[0; RECORDS]))
    }

    /// A router advertisement (RFC 4286): intervals in seconds.
    pub fn router_advertisement(interval: u8, query_interval: u16, robustness: u16) -> Self {
        let [[a, b], [c, d]] = [query_interval.to_be_bytes(), robustness.to_be_bytes()];
        Self::with(IgmpType::ROUTER_ADVERTISEMENT, interval, Own::from_array(&[a, b, c, d]))
    }

    /// A router solicitation (RFC 4286).
    pub fn router_solicitation() -> Self {
        Self::with(IgmpType::ROUTER_SOLICITATION, 0, Own::new())
    }

    /// A router termination (RFC 4286).
    pub fn router_termination() -> Self {
        Self::with(IgmpType::ROUTER_TERMINATION, 0, Own::new())
    }

    /// A multicast traceroute query over at most `hops` routers.
    pub fn mtrace(hops: u8, group: impl Into<Ipv4Addr>, own: MtraceHeader) -> Self {
        Self::group(IgmpType::MTRACE, hops, group.into()).body_bytes(own.as_bytes())
    }

    /// Adds a source to a query of version 3; their number follows, unless it was set.
    #[must_use]
    pub fn source(mut self, source: impl Into<Ipv4Addr>) -> Self {
        self.message.own.extend(&source.into().octets());
        self.recount();
        self
    }

    /// Adds a record to a report of version 3; their number follows, unless it was set.
    #[must_use]
    pub fn record(
        mut self,
        record_type: IgmpRecordType,
        group: impl Into<Ipv4Addr>,
        sources: &[Ipv4Addr],
    ) -> Self {
        match u16::try_from(sources.len()) {
            Ok(count) => {
                let mut header = IgmpRecordHeader::zeroed();
                header.set_record_type(record_type);
                header.set_source_count(count);
                header.set_group(group.into());
                self.message.own.extend(header.as_bytes());
                sources.iter().for_each(|source| self.message.own.extend(&source.octets()));
                self.recount();
            }
            Err(_) => {
                let error = BuildError::too_long(Self::NAME, "limit of sources", sources.len() * 4, 0x3_fffc);
                self.message.add(Err(error));
            }
        }
        self
    }

    /// Number of records of a report of version 3, which follows from them unless it is set; other messages stay as they
    /// are.
    #[must_use]
    pub fn record_count(mut self, count: u16) -> Self {
        if self.header.message_type() == IgmpType::V3_REPORT {
            self.put_record_count(count);
            self.message.exact |= COUNT;
        }
        self
    }

    fn put_record_count(&mut self, count: u16) {
        if let Some([_, _, high, low]) = self.message.own.get_mut(..RECORDS) {
            [*high, *low] = count.to_be_bytes();
        }
    }

    /// Sets the number of sources or records to that of those that are there.
    fn recount(&mut self) {
        if self.message.is_exact(COUNT) {
            return;
        }
        let own = &mut *self.message.own;
        match self.header.message_type() {
            IgmpType::QUERY if own.len() >= SOURCES => {
                let count = (own.len() - SOURCES) / 4;
                if let Some((query, _)) = own.get_mut(AFTER_GROUP..).and_then(IgmpV3Query::split_mut) {
                    query.set_source_count(count as u16);
                }
            }
            IgmpType::V3_REPORT => {
                let mut rest = own.get(RECORDS..).unwrap_or_default();
                let mut count = 0_u16;
                while let Some((record, _)) = IgmpRecordHeader::split(rest) {
                    rest = rest.get(record.record_len()..).unwrap_or_default();
                    count = count.wrapping_add(1);
                }
                self.put_record_count(count);
            }
            _ => (),
        }
    }

    fn table(&self) -> &'static Fields<Self> {
        match self.header.message_type() {
            IgmpType::QUERY if self.message.own.len() >= SOURCES => &V3_QUERY,
            IgmpType::QUERY | IgmpType::V2_REPORT | IgmpType::LEAVE | IgmpType::V1_REPORT => &GROUP,
            IgmpType::V3_REPORT => &V3_REPORT,
            IgmpType::MTRACE | IgmpType::MTRACE_RESPONSE => &MTRACE,
            IgmpType::ROUTER_ADVERTISEMENT => &ROUTER_ADVERTISEMENT,
            _ => &OTHER,
        }
    }
}

/// The code of version 3 for a time, rounded down (RFC 9776, 4.1.1): from 128 on a mantissa of four bits and an exponent of
/// three; at most 31744.
fn time_code(time: u16) -> u8 {
    if time < 128 {
        return time as u8;
    }
    // The highest bit of the mantissa is implied: the exponent is what leaves five bits.
    let exponent = (time.ilog2() - 7).min(7);
    let mantissa = (time >> (exponent + 3)).min(0x1f) as u8 & 0x0f;
    0x80 | (exponent as u8) << 4 | mantissa
}

setters! {
    Igmp message_type
    IgmpType::QUERY => IgmpV3Query at 4 {
        /// Whether routers that hear a version 3 query do not update their timers.
        suppress, set_suppress: bool;
        /// The querier's robustness variable of a version 3 query, 0 to 7.
        robustness, set_robustness: u8;
        /// The querier's query interval of a version 3 query: seconds below 128, then a code.
        interval_code, set_interval_code: u8;
        /// Number of sources of a version 3 query, which follows from them unless it is set.
        source_count, set_source_count: u16 [COUNT];
    }
}

names! {
    Igmp {
        "igmp" => Self::default(),
        "igmp_v2_query" => Self::v2_query(Ipv4Addr::UNSPECIFIED, 100),
        "igmp_v2_report" => Self::v2_report(Ipv4Addr::UNSPECIFIED),
        "igmp_leave" => Self::leave(Ipv4Addr::UNSPECIFIED),
        "igmp_v1_query" => Self::v1_query(),
        "igmp_v1_report" => Self::v1_report(Ipv4Addr::UNSPECIFIED),
        "igmp_v3_query" => Self::v3_query(Ipv4Addr::UNSPECIFIED, 100),
        "igmp_v3_report" => Self::v3_report(),
        "igmp_router_advertisement" => Self::router_advertisement(20, 0, 0),
        "igmp_router_solicitation" => Self::router_solicitation(),
        "igmp_router_termination" => Self::router_termination(),
        "igmp_mtrace" => Self::mtrace(32, Ipv4Addr::UNSPECIFIED, MtraceHeader::zeroed()),
    }
}

/// A general query of version 2.
impl Default for Igmp {
    fn default() -> Self {
        Self::v2_query(Ipv4Addr::UNSPECIFIED, 100)
    }
}

impl ToBuilder for pycap_wire::Igmp<'_> {
    type Builder = Igmp;

    fn to_builder(&self) -> Igmp {
        let body = self.as_bytes().get(IgmpStart::LEN..).unwrap_or_default();
        Igmp { header: *self.start(), message: Message::dissected(body, body.len(), &[]) }
    }
}

impl Layer for Igmp {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::IGMP)
    }

    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        self.message.prepend(Self::NAME, None, buf)?;
        self.put_header(|_| Ok(0), buf)
    }
}

named!(IgmpType IgmpRecordType);

fn code_name(_: IgmpType, _: u8) -> Option<&'static str> {
    None
}

/// Sets the group address.
fn set_group(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let group = Ipv4Addr::from_value(value)?;
    if let Some((to, _)) = igmp.message.own.at_least(4).split_first_chunk_mut() {
        *to = group.octets();
    }
    Ok(())
}

/// Sets the maximum response time in tenths of a second.
fn set_max_response(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let code = u8::from_value(value)?;
    igmp.header.set_code(code);
    Ok(())
}

/// Sets the maximum response time in tenths of a second, as a code.
fn set_max_response_code(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let time = u16::from_value(value)?;
    igmp.header.set_code(time_code(time));
    Ok(())
}

/// Sets the query interval in seconds, as a code.
fn set_interval(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let time = u16::from_value(value)?;
    *igmp = std::mem::take(igmp).interval_code(time_code(time));
    Ok(())
}

/// Sets the sources of a version 3 query.
fn set_sources(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let sources: Vec<Ipv4Addr> = list(value)?;
    igmp.message.own.truncate(SOURCES);
    sources.iter().for_each(|source| igmp.message.own.extend(&source.octets()));
    igmp.recount();
    Ok(())
}

/// Sets the number of records of a version 3 report.
fn set_record_count(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let count = u16::from_value(value)?;
    igmp.message.own.at_least(RECORDS);
    *igmp = std::mem::take(igmp).record_count(count);
    Ok(())
}

/// Sets the records of a version 3 report: `record(type, group, sources ...)`.
fn set_records(igmp: &mut Igmp, value: &FieldValue) -> Result<(), FieldError> {
    let mut records = Vec::new();
    for value in each(value) {
        match value {
            FieldValue::Call(name, values) if name == "record" => {
                let mut arguments = Arguments::new(name, values);
                let record: (IgmpRecordType, Ipv4Addr, Vec<Ipv4Addr>) =
                    (arguments.next()?, arguments.next()?, arguments.rest()?);
                records.push(arguments.end(record)?);
            }
            other => {
                let message = format!("needs record(type, group, sources ...), found {other}");
                return Err(FieldError::new(message));
            }
        }
    }
    igmp.message.own.at_least(RECORDS);
    igmp.message.own.truncate(RECORDS);
    for (record_type, group, sources) in records {
        *igmp = std::mem::take(igmp).record(record_type, group, &sources);
    }
    igmp.recount();
    Ok(())
}

fields! {
    static GROUP: Igmp {
        + also {
            /// Maximum response time of a query in tenths of a second; 0 in version 1.
            "max_resp" ("u8") set_max_response;
            /// Group address; 0.0.0.0 in a general query.
            "maddr" | "group" ("IPv4 address") set_group;
        }
    }
    static V3_QUERY: Igmp {
        IgmpV3Query at 4 {
            /// Whether routers that hear the query do not update their timers.
            "suppress" set_suppress: bool;
            /// The querier's robustness variable, 0 to 7.
            "robustness" set_robustness: u8;
            /// Number of sources.
            "num_src" set_source_count: u16 [COUNT];
        }
        + also {
            /// Maximum response time in tenths of a second, rounded down to what its code can say.
            "max_resp" ("u16") set_max_response_code;
            /// Group address; 0.0.0.0 in a general query.
            "maddr" | "group" ("IPv4 address") set_group;
            /// The querier's query interval in seconds, rounded down to what its code can say.
            "interval" ("u16") set_interval;
            /// Sources that are asked for.
            "saddr" ("list of IPv4 addresses") set_sources;
        }
    }
    static V3_REPORT: Igmp {
        + also {
            /// Number of records, which follows from them unless it is set.
            "num_rec" ("u16") set_record_count;
            /// Records: record(type, group, sources ...).
            "records" ("list of records") set_records;
        }
    }
    static MTRACE: Igmp {
        MtraceHeader at 4 {
            /// Where the traced traffic comes from.
            "mtrace_src" set_src: Ipv4Addr;
            /// Where the traced traffic goes to.
            "mtrace_dst" set_dst: Ipv4Addr;
            /// Where the answer goes to.
            "mtrace_response" set_response: Ipv4Addr;
            /// Time to live of the answer.
            "mtrace_ttl" set_ttl: u8;
            /// The query's identifier, 24 bits.
            "mtrace_id" set_id: u32;
        }
        + also {
            /// Group address.
            "maddr" | "group" ("IPv4 address") set_group;
        }
    }
    static ROUTER_ADVERTISEMENT: Igmp {
        + also {
            /// Seconds between the router's advertisements.
            "advertisement_interval" ("u8") set_max_response;
            /// Seconds between the router's queries.
            "query_interval" ("u16") |igmp, value| set_half(igmp, 0, value);
            /// The router's robustness variable.
            "robustness" ("u16") |igmp, value| set_half(igmp, 2, value);
        }
    }
    static OTHER: Igmp {}
}

/// Sets 16 bits of the message's own bytes.
fn set_half(igmp: &mut Igmp, at: usize, value: &FieldValue) -> Result<(), FieldError> {
    let value = u16::from_value(value)?;
    if let Some(bytes) = igmp.message.own.at_least(4).get_mut(at..at + 2) {
        bytes.copy_from_slice(&value.to_be_bytes());
    }
    Ok(())
}

#[cfg(test)]
mod tests;
