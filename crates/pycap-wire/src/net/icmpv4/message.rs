//! The own fields of each type of ICMP message: what follows type, code and checksum.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |     unused    |     length    |          next-hop MTU         |   unreachable (RFC 792, RFC 1191, RFC 4884)
//! +---------------+---------------+-------------------------------+
//! |     unused    |     length    |             unused            |   time exceeded (RFC 792, RFC 4884)
//! +---------------+---------------+-------------------------------+
//! |    pointer    |     length    |             unused            |   parameter problem (RFC 792, RFC 4884)
//! +---------------+---------------+-------------------------------+
//! |                        gateway address                        |   redirect (RFC 792)
//! +-------------------------------+-------------------------------+
//! |           identifier          |        sequence number        |   echo, timestamp, information, address mask
//! +-------------------------------+-------------------------------+
//! |   originate, receive, transmit timestamp, 32 bits each        |   timestamp (RFC 792)
//! |   or address mask                                             |   address mask (RFC 950)
//! |   or time to live, then names                                 |   domain name (RFC 1788)
//! +-------------------------------+-------------------------------+
//! |           identifier          |             unused            |   traceroute (RFC 1393)
//! +-------------------------------+-------------------------------+
//! |       outbound hop count      |        return hop count       |
//! +-------------------------------+-------------------------------+
//! |   output link speed (bytes/s), output link MTU, 32 bits each  |
//! +-------------------------------+-------------------------------+
//! |            reserved           |            pointer            |   Photuris security failures (RFC 2521)
//! +-------------------------------+-------------------------------+
//! ```

use core::net::Ipv4Addr;

use super::Icmpv4Type;
use super::router::RouterAdvertisement;
use crate::header::header;
use crate::net::icmp_domain_name::DomainNames;
use crate::net::icmp_echo::{ExtendedEchoReplyHeader, ExtendedEchoRequestHeader, IcmpEchoHeader};
use crate::{Field, Visit};

header! {
    /// The own fields of a destination unreachable message: 4 bytes.
    pub struct UnreachableHeader {
        /// Unused.
        unused, set_unused: u8;
        /// Length of the quoted packet in 32-bit words, where an extension structure follows it; else 0.
        length, set_length: u8;
        /// MTU of the next hop in bytes, where the code is 4; 0 from routers before RFC 1191.
        mtu, set_mtu: u16;
    }
}

header! {
    /// The own fields of a time exceeded message: 4 bytes.
    pub struct TimeExceededHeader {
        /// Unused.
        unused, set_unused: u8;
        /// Length of the quoted packet in 32-bit words, where an extension structure follows it; else 0.
        length, set_length: u8;
        /// Unused.
        unused_2, set_unused_2: u16;
    }
}

header! {
    /// The own fields of a parameter problem message: 4 bytes.
    pub struct ParameterProblemHeader {
        /// The byte of the quoted packet where the error is, where the code is 0.
        pointer, set_pointer: u8;
        /// Length of the quoted packet in 32-bit words, where an extension structure follows it; else 0.
        length, set_length: u8;
        /// Unused.
        unused, set_unused: u16;
    }
}

header! {
    /// The own fields of a redirect: 4 bytes.
    pub struct RedirectHeader {
        /// The router to send to instead.
        gateway, set_gateway: Ipv4Addr;
    }
}

header! {
    /// The own fields of a timestamp message: 16 bytes. Times are milliseconds since midnight UT, unless the highest bit is set.
    pub struct TimestampHeader {
        /// Identifier, chosen by the one that asks.
        id, set_id: u16;
        /// Sequence number.
        seq, set_seq: u16;
        /// When the request was sent.
        originate, set_originate: u32;
        /// When the request arrived.
        receive, set_receive: u32;
        /// When the reply was sent.
        transmit, set_transmit: u32;
    }
}

header! {
    /// The own fields of an address mask message: 8 bytes.
    pub struct AddressMaskHeader {
        /// Identifier, chosen by the one that asks.
        id, set_id: u16;
        /// Sequence number.
        seq, set_seq: u16;
        /// The network's address mask; 0 in a request.
        mask, set_mask: Ipv4Addr;
    }
}

header! {
    /// The own fields of a traceroute message: 16 bytes.
    pub struct TracerouteHeader {
        /// Identifier, that of the traceroute option.
        id, set_id: u16;
        /// Unused.
        unused, set_unused: u16;
        /// Routers that the outbound packet has passed.
        outbound_hops, set_outbound_hops: u16;
        /// Routers that the return packet has passed.
        return_hops, set_return_hops: u16;
        /// Speed of the link that the packet leaves by, in bytes per second; 0 is unknown.
        link_speed, set_link_speed: u32;
        /// MTU of the link that the packet leaves by, in bytes; 0 is unknown.
        link_mtu, set_link_mtu: u32;
    }
}

header! {
    /// The own fields of a domain name reply before the names: 8 bytes.
    pub struct DomainNameReplyHeader {
        /// Identifier of the request.
        id, set_id: u16;
        /// Sequence number of the request.
        seq, set_seq: u16;
        /// How long the names may be kept, in seconds.
        ttl, set_ttl: u32;
    }
}

header! {
    /// The own fields of a Photuris message: 4 bytes.
    pub struct PhoturisHeader {
        /// Reserved.
        reserved, set_reserved: u16;
        /// The byte of the quoted packet where the security parameters index stands; 0 where there is none.
        pointer, set_pointer: u16;
    }
}

/// The own fields of an ICMP message, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Icmpv4Message<'a> {
    /// Echo reply (0); its data is the payload.
    EchoReply(&'a IcmpEchoHeader),
    /// Destination unreachable (3); the quoted packet is the payload.
    DestinationUnreachable(&'a UnreachableHeader),
    /// Source quench (4); the quoted packet is the payload.
    SourceQuench,
    /// Redirect (5); the quoted packet is the payload.
    Redirect(&'a RedirectHeader),
    /// Echo request (8); its data is the payload.
    EchoRequest(&'a IcmpEchoHeader),
    /// Router advertisement (9).
    RouterAdvertisement(RouterAdvertisement<'a>),
    /// Router solicitation (10).
    RouterSolicitation,
    /// Time exceeded (11); the quoted packet is the payload.
    TimeExceeded(&'a TimeExceededHeader),
    /// Parameter problem (12); the quoted packet is the payload.
    ParameterProblem(&'a ParameterProblemHeader),
    /// Timestamp request (13).
    TimestampRequest(&'a TimestampHeader),
    /// Timestamp reply (14).
    TimestampReply(&'a TimestampHeader),
    /// Information request (15).
    InformationRequest(&'a IcmpEchoHeader),
    /// Information reply (16).
    InformationReply(&'a IcmpEchoHeader),
    /// Address mask request (17).
    AddressMaskRequest(&'a AddressMaskHeader),
    /// Address mask reply (18).
    AddressMaskReply(&'a AddressMaskHeader),
    /// Traceroute (30).
    Traceroute(&'a TracerouteHeader),
    /// Domain name request (37).
    DomainNameRequest(&'a IcmpEchoHeader),
    /// Domain name reply (38).
    DomainNameReply {
        /// The fields before the names.
        header: &'a DomainNameReplyHeader,
        /// The names of the node.
        names: DomainNames<'a>,
    },
    /// Photuris security failure (40); the quoted packet is the payload.
    Photuris(&'a PhoturisHeader),
    /// Extended echo request (42); see [`Icmpv4::extension`](super::Icmpv4::extension).
    ExtendedEchoRequest(&'a ExtendedEchoRequestHeader),
    /// Extended echo reply (43); its data is the payload.
    ExtendedEchoReply(&'a ExtendedEchoReplyHeader),
    /// A message of another type, or one that is shorter than its own fields: all that follows the first four bytes.
    Unknown(&'a [u8]),
}

impl<'a> Icmpv4Message<'a> {
    pub(super) fn read(icmp_type: Icmpv4Type, body: &'a [u8]) -> Self {
        Self::known(icmp_type, body).unwrap_or(Self::Unknown(body))
    }

    fn known(icmp_type: Icmpv4Type, body: &'a [u8]) -> Option<Self> {
        macro_rules! own {
            ($Variant:ident, $Header:ident) => {
                Self::$Variant($Header::split(body)?.0)
            };
        }
        Some(match icmp_type {
            Icmpv4Type::ECHO_REPLY => own!(EchoReply, IcmpEchoHeader),
            Icmpv4Type::DESTINATION_UNREACHABLE => own!(DestinationUnreachable, UnreachableHeader),
            Icmpv4Type::SOURCE_QUENCH if body.len() >= 4 => Self::SourceQuench,
            Icmpv4Type::REDIRECT => own!(Redirect, RedirectHeader),
            Icmpv4Type::ECHO_REQUEST => own!(EchoRequest, IcmpEchoHeader),
            Icmpv4Type::ROUTER_ADVERTISEMENT => Self::RouterAdvertisement(RouterAdvertisement::read(body)?),
            Icmpv4Type::ROUTER_SOLICITATION if body.len() >= 4 => Self::RouterSolicitation,
            Icmpv4Type::TIME_EXCEEDED => own!(TimeExceeded, TimeExceededHeader),
            Icmpv4Type::PARAMETER_PROBLEM => own!(ParameterProblem, ParameterProblemHeader),
            Icmpv4Type::TIMESTAMP_REQUEST => own!(TimestampRequest, TimestampHeader),
            Icmpv4Type::TIMESTAMP_REPLY => own!(TimestampReply, TimestampHeader),
            Icmpv4Type::INFORMATION_REQUEST => own!(InformationRequest, IcmpEchoHeader),
            Icmpv4Type::INFORMATION_REPLY => own!(InformationReply, IcmpEchoHeader),
            Icmpv4Type::ADDRESS_MASK_REQUEST => own!(AddressMaskRequest, AddressMaskHeader),
            Icmpv4Type::ADDRESS_MASK_REPLY => own!(AddressMaskReply, AddressMaskHeader),
            Icmpv4Type::TRACEROUTE => own!(Traceroute, TracerouteHeader),
            Icmpv4Type::DOMAIN_NAME_REQUEST => own!(DomainNameRequest, IcmpEchoHeader),
            Icmpv4Type::DOMAIN_NAME_REPLY => {
                let (header, names) = DomainNameReplyHeader::split(body)?;
                Self::DomainNameReply { header, names: DomainNames::new(names) }
            }
            Icmpv4Type::PHOTURIS => own!(Photuris, PhoturisHeader),
            Icmpv4Type::EXTENDED_ECHO_REQUEST => own!(ExtendedEchoRequest, ExtendedEchoRequestHeader),
            Icmpv4Type::EXTENDED_ECHO_REPLY => own!(ExtendedEchoReply, ExtendedEchoReplyHeader),
            _ => return None,
        })
    }

    pub(super) fn fields(&self, code: u8, visit: Visit<'_, 'a>) {
        match self {
            Self::EchoReply(header)
            | Self::EchoRequest(header)
            | Self::InformationRequest(header)
            | Self::InformationReply(header)
            | Self::DomainNameRequest(header) => header.fields(visit),
            Self::DestinationUnreachable(header) => {
                length_field(header.length(), visit);
                if code == FRAGMENTATION_NEEDED {
                    visit(Field::uint("mtu", 6, header.mtu()));
                }
            }
            Self::Redirect(header) => visit(Field::ipv4("gw", 4, header.gateway())),
            Self::RouterAdvertisement(advertisement) => advertisement.fields(visit),
            Self::TimeExceeded(header) => length_field(header.length(), visit),
            Self::ParameterProblem(header) => {
                visit(Field::uint("pointer", 4, header.pointer()));
                length_field(header.length(), visit);
            }
            Self::TimestampRequest(header) | Self::TimestampReply(header) => {
                visit(Field::uint("id", 4, header.id()));
                visit(Field::uint("seq", 6, header.seq()));
                visit(Field::uint("originate", 8, header.originate()));
                visit(Field::uint("receive", 12, header.receive()));
                visit(Field::uint("transmit", 16, header.transmit()));
            }
            Self::AddressMaskRequest(header) | Self::AddressMaskReply(header) => {
                visit(Field::uint("id", 4, header.id()));
                visit(Field::uint("seq", 6, header.seq()));
                visit(Field::ipv4("mask", 8, header.mask()));
            }
            Self::Traceroute(header) => {
                visit(Field::uint("id", 4, header.id()));
                visit(Field::uint("outbound_hops", 8, header.outbound_hops()));
                visit(Field::uint("return_hops", 10, header.return_hops()));
                visit(Field::uint("link_speed", 12, header.link_speed()));
                visit(Field::uint("link_mtu", 16, header.link_mtu()));
            }
            Self::DomainNameReply { header, names } => {
                visit(Field::uint("id", 4, header.id()));
                visit(Field::uint("seq", 6, header.seq()));
                visit(Field::uint("ttl", 8, header.ttl()));
                let mut offset = 12;
                for name in *names {
                    visit(Field::bytes("name", offset, name.as_bytes()).repeated());
                    offset += name.as_bytes().len();
                }
            }
            Self::Photuris(header) => visit(Field::uint("pointer", 6, header.pointer())),
            Self::ExtendedEchoRequest(header) => header.fields(visit),
            Self::ExtendedEchoReply(header) => header.fields(visit),
            Self::SourceQuench | Self::RouterSolicitation | Self::Unknown(_) => {}
        }
    }
}

/// The code of a destination unreachable message that has an MTU (RFC 1191, 4).
pub(super) const FRAGMENTATION_NEEDED: u8 = 4;

/// The length of the quoted packet: there only where an extension structure follows it (RFC 4884, 4).
fn length_field(length: u8, visit: Visit<'_, '_>) {
    if length != 0 {
        visit(Field::uint("length", 5, length));
    }
}
