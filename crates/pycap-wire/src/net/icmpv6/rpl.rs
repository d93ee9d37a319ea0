//! RPL, the routing protocol for low-power and lossy networks.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |     flags     |    reserved   | options                           information solicitation (RFC 6550, 6.2)
//! +---------------+---------------+-------------------------------+
//! |   instance    |    version    |              rank             |   information object (6.3)
//! +-+-+-----+-----+---------------+---------------+---------------+
//! |G|0| MOP | Prf |     DTSN      |     flags     |    reserved   |
//! +-+-+-----+-----+---------------+---------------+---------------+
//! |                    DODAG id, 128 bits; options                |
//! +---------------+-+-+-----------+---------------+---------------+
//! |   instance    |K|D|   flags   |    reserved   |    sequence   |   destination advertisement object (6.4)
//! +---------------+-+-+-----------+---------------+---------------+
//! |   instance    |D|  reserved   |    sequence   |     status    |   its acknowledgment (6.5)
//! +---------------+-+-------------+---------------+---------------+
//! |               DODAG id, 128 bits, where D is set; options     |
//! +---------------+---------------+-------------------------------+
//! |      type     |     length    |  ...                              each option (6.7); type 0 is a single byte
//! +---------------+---------------+-------------------------------+
//! ```
//!
//! Codes from 0x80 are the same messages behind a security section (6.1), which is carried as it is.

use core::net::Ipv6Addr;

use super::ndp_option::{PrefixInformationHeader, RouteInformationHeader};
use crate::header::{header, number};
use crate::{Field, Visit};

number! {
    /// The code of a RPL message: what it is.
    pub struct RplCode(u8) {
        INFORMATION_SOLICITATION = 0, "DODAG information solicitation";
        INFORMATION_OBJECT = 1, "DODAG information object";
        DESTINATION_ADVERTISEMENT = 2, "destination advertisement object";
        DESTINATION_ADVERTISEMENT_ACK = 3, "destination advertisement object acknowledgment";
        P2P_DISCOVERY_REPLY = 4, "P2P discovery reply object";
        P2P_DISCOVERY_REPLY_ACK = 5, "P2P discovery reply object acknowledgment";
        MEASUREMENT = 6, "measurement object";
        DODAG_CLEANUP = 7, "DODAG cleanup object";
        DODAG_CLEANUP_ACK = 8, "DODAG cleanup object acknowledgment";
        SECURE_INFORMATION_SOLICITATION = 0x80, "secure DODAG information solicitation";
        SECURE_INFORMATION_OBJECT = 0x81, "secure DODAG information object";
        SECURE_DESTINATION_ADVERTISEMENT = 0x82, "secure destination advertisement object";
        SECURE_DESTINATION_ADVERTISEMENT_ACK = 0x83, "secure destination advertisement object acknowledgment";
        CONSISTENCY_CHECK = 0x8a, "consistency check";
    }
}

header! {
    /// An information solicitation without options: 2 bytes.
    pub struct RplSolicitationHeader {
        /// Flags, none defined.
        flags, set_flags: u8;
        /// Reserved.
        reserved, set_reserved: u8;
    }
}

header! {
    /// An information object without options: 24 bytes.
    pub struct RplInformationHeader {
        /// RPL instance.
        instance, set_instance: u8;
        /// Version of the DODAG.
        version, set_version: u8;
        /// Rank of the sender.
        rank, set_rank: u16;
        /// G (highest bit), mode of operation (0x38), preference (low three bits).
        mode, set_mode: u8;
        /// Destination advertisement trigger sequence number.
        dtsn, set_dtsn: u8;
        /// Flags, none defined.
        flags, set_flags: u8;
        /// Reserved.
        reserved, set_reserved: u8;
        /// The root's identifier of the DODAG.
        dodag, set_dodag: Ipv6Addr;
    }
}

impl RplInformationHeader {
    /// G: the DODAG can satisfy the application's goal.
    pub fn grounded(&self) -> bool {
        self.mode() & 0x80 != 0
    }

    /// Mode of operation, 3 bits.
    pub fn mode_of_operation(&self) -> u8 {
        self.mode() >> 3 & 7
    }

    /// Preference of the root, 3 bits.
    pub fn preference(&self) -> u8 {
        self.mode() & 7
    }
}

header! {
    /// A destination advertisement object without DODAG id and options: 4 bytes.
    pub struct RplDestinationHeader {
        /// RPL instance.
        instance, set_instance: u8;
        /// K (highest bit): an acknowledgment is expected; D: the DODAG id is there.
        flags, set_flags: u8;
        /// Reserved.
        reserved, set_reserved: u8;
        /// Sequence number.
        seq, set_seq: u8;
    }
}

header! {
    /// An acknowledgment of a destination advertisement object without DODAG id and options: 4 bytes.
    pub struct RplDestinationAckHeader {
        /// RPL instance.
        instance, set_instance: u8;
        /// D (highest bit): the DODAG id is there.
        flags, set_flags: u8;
        /// Sequence number of what is acknowledged.
        seq, set_seq: u8;
        /// Status: 0 is accepted, up to 127 not quite, from 128 rejected.
        status, set_status: u8;
    }
}

/// A RPL message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rpl<'a> {
    /// DODAG information solicitation (0).
    Solicitation(&'a RplSolicitationHeader, RplOptions<'a>),
    /// DODAG information object (1).
    Information(&'a RplInformationHeader, RplOptions<'a>),
    /// Destination advertisement object (2), with the DODAG id where it is there.
    Destination(&'a RplDestinationHeader, Option<Ipv6Addr>, RplOptions<'a>),
    /// Acknowledgment of a destination advertisement object (3), with the DODAG id where it is there.
    DestinationAck(&'a RplDestinationAckHeader, Option<Ipv6Addr>, RplOptions<'a>),
    /// Another message, a secure one, or one that is shorter than its own fields.
    Unknown(&'a [u8]),
}

impl<'a> Rpl<'a> {
    pub(super) fn read(code: u8, body: &'a [u8]) -> Self {
        Self::known(code, body).unwrap_or(Self::Unknown(body))
    }

    fn known(code: u8, body: &'a [u8]) -> Option<Self> {
        Some(match RplCode(code) {
            RplCode::INFORMATION_SOLICITATION => {
                let (header, rest) = RplSolicitationHeader::split(body)?;
                Self::Solicitation(header, RplOptions { rest })
            }
            RplCode::INFORMATION_OBJECT => {
                let (header, rest) = RplInformationHeader::split(body)?;
                Self::Information(header, RplOptions { rest })
            }
            RplCode::DESTINATION_ADVERTISEMENT => {
                let (header, rest) = RplDestinationHeader::split(body)?;
                let (dodag, options) = dodag(header.flags() & 0x40 != 0, rest)?;
                Self::Destination(header, dodag, options)
            }
            RplCode::DESTINATION_ADVERTISEMENT_ACK => {
                let (header, rest) = RplDestinationAckHeader::split(body)?;
                let (dodag, options) = dodag(header.flags() & 0x80 != 0, rest)?;
                Self::DestinationAck(header, dodag, options)
            }
            _ => return None,
        })
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        match *self {
            Self::Solicitation(header, options) => {
                visit(Field::hex("flags", 4, header.flags()));
                options.fields(6, visit);
            }
            Self::Information(header, options) => {
                visit(Field::uint("instance", 4, header.instance()));
                visit(Field::uint("version", 5, header.version()));
                visit(Field::uint("rank", 6, header.rank()));
                visit(Field::uint("grounded", 8, u8::from(header.grounded())));
                visit(Field::uint("mode_of_operation", 8, header.mode_of_operation()));
                visit(Field::uint("preference", 8, header.preference()));
                visit(Field::uint("dtsn", 9, header.dtsn()));
                visit(Field::hex("flags", 10, header.flags()));
                visit(Field::ipv6("dodag", 12, header.dodag()));
                options.fields(28, visit);
            }
            Self::Destination(header, dodag, options) => {
                visit(Field::uint("instance", 4, header.instance()));
                visit(Field::hex("flags", 5, header.flags()));
                visit(Field::uint("seq", 7, header.seq()));
                dodag_fields(dodag, options, visit);
            }
            Self::DestinationAck(header, dodag, options) => {
                visit(Field::uint("instance", 4, header.instance()));
                visit(Field::hex("flags", 5, header.flags()));
                visit(Field::uint("seq", 6, header.seq()));
                visit(Field::uint("status", 7, header.status()));
                dodag_fields(dodag, options, visit);
            }
            Self::Unknown(data) => visit(Field::bytes("rpl_data", 4, data)),
        }
    }
}

fn dodag(there: bool, rest: &[u8]) -> Option<(Option<Ipv6Addr>, RplOptions<'_>)> {
    if !there {
        return Some((None, RplOptions { rest }));
    }
    let (dodag, rest) = rest.split_first_chunk::<16>()?;
    Some((Some(Ipv6Addr::from(*dodag)), RplOptions { rest }))
}

fn dodag_fields<'a>(dodag: Option<Ipv6Addr>, options: RplOptions<'a>, visit: Visit<'_, 'a>) {
    if let Some(dodag) = dodag {
        visit(Field::ipv6("dodag", 8, dodag));
    }
    options.fields(if dodag.is_some() { 24 } else { 8 }, visit);
}

number! {
    /// The type of a RPL option.
    pub struct RplOptionKind(u8) {
        PAD1 = 0, "Pad1";
        PADN = 1, "PadN";
        METRIC_CONTAINER = 2, "DAG metric container";
        ROUTE_INFORMATION = 3, "route information";
        DODAG_CONFIGURATION = 4, "DODAG configuration";
        TARGET = 5, "RPL target";
        TRANSIT_INFORMATION = 6, "transit information";
        SOLICITED_INFORMATION = 7, "solicited information";
        PREFIX_INFORMATION = 8, "prefix information";
        TARGET_DESCRIPTOR = 9, "RPL target descriptor";
    }
}

header! {
    /// The DODAG configuration option after type and length: 14 bytes (RFC 6550, 6.7.6).
    pub struct RplConfigurationHeader {
        /// A (8): security, path control size (low three bits).
        flags, set_flags: u8;
        /// Doublings of the DIO interval.
        interval_doublings, set_interval_doublings: u8;
        /// The shortest DIO interval, as the exponent of 2 milliseconds.
        interval_min, set_interval_min: u8;
        /// DIO redundancy constant.
        redundancy, set_redundancy: u8;
        /// The most by which the rank may grow.
        max_rank_increase, set_max_rank_increase: u16;
        /// The least by which the rank grows from parent to child.
        min_hop_rank_increase, set_min_hop_rank_increase: u16;
        /// Objective code point.
        objective, set_objective: u16;
        /// Reserved.
        reserved, set_reserved: u8;
        /// Default lifetime of routes, in lifetime units.
        default_lifetime, set_default_lifetime: u8;
        /// Lifetime unit in seconds.
        lifetime_unit, set_lifetime_unit: u16;
    }
}

header! {
    /// The transit information option after type and length, without the parent: 4 bytes (RFC 6550, 6.7.8).
    pub struct RplTransitHeader {
        /// E (highest bit): the parent is outside the RPL domain; then reserved.
        flags, set_flags: u8;
        /// Path control: which parents to prefer, two bits for each degree of preference.
        path_control, set_path_control: u8;
        /// Path sequence number.
        path_seq, set_path_seq: u8;
        /// Lifetime of the route in lifetime units; 255 is for ever, 0 takes it back.
        path_lifetime, set_path_lifetime: u8;
    }
}

header! {
    /// The solicited information option after type and length: 19 bytes (RFC 6550, 6.7.9).
    pub struct RplSolicitedHeader {
        /// RPL instance.
        instance, set_instance: u8;
        /// What must match, from the highest bit: V (version), I (instance), D (DODAG id); then reserved.
        flags, set_flags: u8;
        /// DODAG id.
        dodag, set_dodag: Ipv6Addr;
        /// Version of the DODAG.
        version, set_version: u8;
    }
}

/// An iterator over RPL options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RplOptions<'a> {
    rest: &'a [u8],
}

/// A RPL option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum RplOption<'a> {
    /// A single byte of padding (0).
    Pad1,
    /// Padding (1).
    PadN(&'a [u8]),
    /// DAG metric container (2): metrics and constraints (RFC 6551, 2).
    MetricContainer(&'a [u8]),
    /// Route information (3), and the prefix, as short as its length allows.
    RouteInformation(&'a RouteInformationHeader, &'a [u8]),
    /// DODAG configuration (4).
    Configuration(&'a RplConfigurationHeader),
    /// A destination (5): length of its prefix in bits, and the prefix, as short as its length allows.
    Target {
        /// How many leading bits of the prefix are valid.
        prefix_len: u8,
        /// The prefix.
        prefix: &'a [u8],
    },
    /// Transit information (6), and the parent's address, where it is there.
    Transit(&'a RplTransitHeader, Option<Ipv6Addr>),
    /// Solicited information (7).
    Solicited(&'a RplSolicitedHeader),
    /// Prefix information (8).
    PrefixInformation(&'a PrefixInformationHeader),
    /// What describes the target before it (9).
    TargetDescriptor(u32),
    /// An option of another type, or one that is shorter than its definition.
    Unknown {
        /// Type.
        kind: RplOptionKind,
        /// What follows type and length.
        data: &'a [u8],
    },
    /// The rest, where an option's length goes past the end.
    Malformed(&'a [u8]),
}

impl<'a> RplOptions<'a> {
    /// What the iterator has not yet read.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }

    fn fields(&self, mut offset: usize, visit: Visit<'_, 'a>) {
        let mut options = *self;
        loop {
            let before = options.rest;
            let (Some(option), Some(kind)) = (options.next(), before.first()) else { return };
            let kind = RplOptionKind(*kind);
            visit(Field::uint("rpl_opt_types", offset, kind).means(kind.name()).repeated());
            if let (false, Some(length)) = (option == RplOption::Pad1, before.get(1)) {
                visit(Field::uint("rpl_opt_lens", offset + 1, *length).repeated());
            }
            match option {
                RplOption::Pad1 | RplOption::PadN(_) => {}
                RplOption::MetricContainer(metrics) => {
                    visit(Field::bytes("rpl_metrics", offset + 2, metrics).repeated());
                }
                RplOption::RouteInformation(header, prefix) => {
                    visit(Field::uint("route_prefix_len", offset + 2, header.prefix_len()).repeated());
                    visit(Field::hex("route_flags", offset + 3, header.flags()).repeated());
                    visit(Field::uint("route_lifetime", offset + 4, header.lifetime()).repeated());
                    visit(Field::bytes("route_prefix", offset + 8, prefix).repeated());
                }
                RplOption::Transit(header, parent) => {
                    visit(Field::hex("transit_flags", offset + 2, header.flags()).repeated());
                    visit(Field::hex("path_control", offset + 3, header.path_control()).repeated());
                    visit(Field::uint("path_seq", offset + 4, header.path_seq()).repeated());
                    visit(Field::uint("path_lifetime", offset + 5, header.path_lifetime()).repeated());
                    if let Some(parent) = parent {
                        visit(Field::ipv6("parent", offset + 6, parent).repeated());
                    }
                }
                RplOption::Solicited(header) => {
                    visit(Field::uint("solicited_instance", offset + 2, header.instance()).repeated());
                    visit(Field::hex("solicited_flags", offset + 3, header.flags()).repeated());
                    visit(Field::ipv6("solicited_dodag", offset + 4, header.dodag()).repeated());
                    visit(Field::uint("solicited_version", offset + 20, header.version()).repeated());
                }
                RplOption::PrefixInformation(header) => {
                    visit(Field::uint("prefix_len", offset + 2, header.prefix_len()).repeated());
                    visit(Field::hex("prefix_flags", offset + 3, header.flags()).repeated());
                    visit(Field::uint("prefix_valid", offset + 4, header.valid_lifetime()).repeated());
                    visit(
                        Field::uint("prefix_preferred", offset + 8, header.preferred_lifetime()).repeated(),
                    );
                    visit(Field::ipv6("rpl_prefix", offset + 16, header.prefix()).repeated());
                }
                RplOption::TargetDescriptor(descriptor) => {
                    visit(Field::hex("target_descriptor", offset + 2, descriptor).repeated());
                }
                RplOption::Configuration(header) => {
                    visit(Field::hex("configuration_flags", offset + 2, header.flags()).repeated());
                    visit(
                        Field::uint("interval_doublings", offset + 3, header.interval_doublings()).repeated(),
                    );
                    visit(Field::uint("interval_min", offset + 4, header.interval_min()).repeated());
                    visit(Field::uint("redundancy", offset + 5, header.redundancy()).repeated());
                    visit(
                        Field::uint("max_rank_increase", offset + 6, header.max_rank_increase()).repeated(),
                    );
                    visit(
                        Field::uint("min_hop_rank_increase", offset + 8, header.min_hop_rank_increase())
                            .repeated(),
                    );
                    visit(Field::uint("objective", offset + 10, header.objective()).repeated());
                    visit(Field::uint("default_lifetime", offset + 13, header.default_lifetime()).repeated());
                    visit(Field::uint("lifetime_unit", offset + 14, header.lifetime_unit()).repeated());
                }
                RplOption::Target { prefix_len, prefix } => {
                    visit(Field::uint("target_prefix_len", offset + 3, prefix_len).repeated());
                    visit(Field::bytes("target_prefix", offset + 4, prefix).repeated());
                }
                RplOption::Unknown { data, .. } => {
                    visit(Field::bytes("rpl_opt_data", offset + 2, data).repeated())
                }
                RplOption::Malformed(rest) => {
                    visit(Field::bytes("rpl_opt_rest", offset, rest).repeated());
                }
            }
            offset += before.len().saturating_sub(options.rest.len());
        }
    }
}

impl<'a> Iterator for RplOptions<'a> {
    type Item = RplOption<'a>;

    fn next(&mut self) -> Option<RplOption<'a>> {
        let all = self.rest;
        let (kind, after) = all.split_first()?;
        let kind = RplOptionKind(*kind);
        if kind == RplOptionKind::PAD1 {
            self.rest = after;
            return Some(RplOption::Pad1);
        }
        let split =
            after.split_first().and_then(|(length, after)| after.split_at_checked(usize::from(*length)));
        let Some((data, rest)) = split else {
            self.rest = &[];
            return Some(RplOption::Malformed(all));
        };
        self.rest = rest;
        let unknown = RplOption::Unknown { kind, data };
        Some(match kind {
            RplOptionKind::PADN => RplOption::PadN(data),
            RplOptionKind::DODAG_CONFIGURATION => RplConfigurationHeader::split(data)
                .map_or(unknown, |(header, _)| RplOption::Configuration(header)),
            RplOptionKind::METRIC_CONTAINER => RplOption::MetricContainer(data),
            RplOptionKind::ROUTE_INFORMATION => RouteInformationHeader::split(data)
                .map_or(unknown, |(header, prefix)| RplOption::RouteInformation(header, prefix)),
            RplOptionKind::TRANSIT_INFORMATION => {
                RplTransitHeader::split(data).map_or(unknown, |(header, parent)| {
                    RplOption::Transit(
                        header,
                        parent.first_chunk::<16>().map(|parent| Ipv6Addr::from(*parent)),
                    )
                })
            }
            RplOptionKind::SOLICITED_INFORMATION => {
                RplSolicitedHeader::split(data).map_or(unknown, |(header, _)| RplOption::Solicited(header))
            }
            RplOptionKind::PREFIX_INFORMATION => PrefixInformationHeader::split(data)
                .map_or(unknown, |(header, _)| RplOption::PrefixInformation(header)),
            RplOptionKind::TARGET_DESCRIPTOR => data
                .first_chunk()
                .map_or(unknown, |descriptor| RplOption::TargetDescriptor(u32::from_be_bytes(*descriptor))),
            RplOptionKind::TARGET => match data {
                [_, prefix_len, prefix @ ..] => RplOption::Target { prefix_len: *prefix_len, prefix },
                _ => unknown,
            },
            _ => unknown,
        })
    }
}
