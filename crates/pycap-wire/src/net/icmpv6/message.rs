//! The own fields of each type of ICMPv6 message: what follows type, code and checksum.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+-----------------------------------------------+
//! |     length    |                     unused                    |   unreachable, time exceeded (RFC 4443, RFC 4884)
//! +---------------+-----------------------------------------------+
//! |                    MTU, or pointer, 32 bits                   |   packet too big, parameter problem (RFC 4443)
//! +-------------------------------+-------------------------------+
//! |           identifier          |        sequence number        |   echo (RFC 4443)
//! +-------------------------------+-------------------------------+
//! |                            reserved                           |   router solicitation (RFC 4861, 4.1)
//! +---------------+-+-+-+---+-+---+-------------------------------+
//! |   hop limit   |M|O|H|Prf|P|res|        router lifetime        |   router advertisement (4.2)
//! +---------------+-+-+-+---+-+---+-------------------------------+
//! |             reachable time, retrans timer, 32 bits each       |
//! +-+-+-+---------------------------------------------------------+
//! |R|S|O|                        reserved                         |   neighbor solicitation, advertisement (4.3, 4.4)
//! +-+-+-+---------------------------------------------------------+
//! |                     target address, 128 bits                  |
//! +---------------------------------------------------------------+
//! |                            reserved                           |   redirect (4.5)
//! +---------------------------------------------------------------+
//! |          target address, destination address, 128 bits each   |
//! +-------------------------------+-------------------------------+
//! |           identifier          |       reserved, or flags      |   home agents, mobile prefixes (RFC 6275, 6.5 to 6.8)
//! +-------------------------------+-------------------------------+
//! |         query interval        |      robustness variable      |   multicast router advertisement (RFC 4286, 3)
//! +-------------------------------+-------------------------------+
//! ```

use core::net::Ipv6Addr;

use super::mld::{MldHeader, MldQuery, MldRecords, Mldv2ReportHeader};
use super::ndp_option::{NdpAddresses, NdpOptions};
use super::node_information::{NodeInformationQuery, NodeInformationReply};
use super::renumbering::RouterRenumbering;
use super::{Icmpv6Type, Rpl};
use crate::header::header;
use crate::net::icmp_echo::{ExtendedEchoReplyHeader, ExtendedEchoRequestHeader, IcmpEchoHeader};
use crate::{Field, Visit};

header! {
    /// The own fields of a destination unreachable or time exceeded message: 4 bytes.
    pub struct Icmpv6QuoteHeader {
        /// Length of the quoted packet in units of 8 bytes, where an extension structure follows it; else 0.
        length, set_length: u8;
        /// Unused.
        unused, set_unused: [u8; 3];
    }
}

header! {
    /// The own fields of a packet too big message: 4 bytes.
    pub struct PacketTooBigHeader {
        /// MTU of the next hop in bytes.
        mtu, set_mtu: u32;
    }
}

header! {
    /// The own fields of a parameter problem message: 4 bytes.
    pub struct Icmpv6ParameterProblemHeader {
        /// The byte of the quoted packet where the error is; past its end where the packet was cut.
        pointer, set_pointer: u32;
    }
}

header! {
    /// The own fields of a router solicitation or an inverse neighbour discovery message, without options: 4 bytes.
    pub struct NdpReservedHeader {
        /// Reserved.
        reserved, set_reserved: u32;
    }
}

header! {
    /// The own fields of a router advertisement without options: 12 bytes.
    pub struct NdpRouterHeader {
        /// Hop limit that hosts should use; 0 is unspecified.
        hop_limit, set_hop_limit: u8;
        /// From the highest bit: managed, other, home agent, preference (two bits), proxy; then reserved.
        flags, set_flags: u8;
        /// How long the router is a default router, in seconds; 0 is not.
        lifetime, set_lifetime: u16;
        /// How long a neighbour counts as reachable, in milliseconds; 0 is unspecified.
        reachable_time, set_reachable_time: u32;
        /// Time between neighbour solicitations, in milliseconds; 0 is unspecified.
        retrans_timer, set_retrans_timer: u32;
    }
}

impl NdpRouterHeader {
    /// M: addresses are available by DHCPv6.
    pub fn managed(&self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// O: other configuration is available by DHCPv6.
    pub fn other(&self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// H: the router is a home agent (RFC 6275, 7.1).
    pub fn home_agent(&self) -> bool {
        self.flags() & 0x20 != 0
    }

    /// Preference (RFC 4191, 2.2): 1 is high, 0 medium, -1 low, -2 reserved.
    pub fn preference(&self) -> i8 {
        (self.flags() << 3) as i8 >> 6
    }

    /// P: the message was relayed by a proxy (RFC 4389, 4.1.3.3).
    pub fn proxy(&self) -> bool {
        self.flags() & 0x04 != 0
    }

    /// Sets [`managed`](Self::managed).
    #[inline]
    pub fn set_managed(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x80 | u8::from(set) << 7);
    }

    /// Sets [`other`](Self::other).
    #[inline]
    pub fn set_other(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x40 | u8::from(set) << 6);
    }

    /// Sets [`home_agent`](Self::home_agent).
    #[inline]
    pub fn set_home_agent(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x20 | u8::from(set) << 5);
    }

    /// Sets [`preference`](Self::preference); the value's low two bits count.
    #[inline]
    pub fn set_preference(&mut self, preference: i8) {
        self.set_flags(self.flags() & !0x18 | (preference as u8 & 3) << 3);
    }

    /// Sets [`proxy`](Self::proxy).
    #[inline]
    pub fn set_proxy(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x04 | u8::from(set) << 2);
    }
}

header! {
    /// The own fields of a neighbor solicitation or advertisement without options: 20 bytes.
    pub struct NdpNeighborHeader {
        /// From the highest bit: router, solicited, override; then reserved. All reserved in a solicitation.
        flags, set_flags: u32;
        /// Target address.
        target, set_target: Ipv6Addr;
    }
}

impl NdpNeighborHeader {
    /// R: the sender is a router.
    pub fn router(&self) -> bool {
        self.flags() & 0x8000_0000 != 0
    }

    /// S: the advertisement answers a solicitation.
    pub fn solicited(&self) -> bool {
        self.flags() & 0x4000_0000 != 0
    }

    /// O: the advertisement overrides what the cache has.
    pub fn overriding(&self) -> bool {
        self.flags() & 0x2000_0000 != 0
    }

    /// Sets [`router`](Self::router).
    #[inline]
    pub fn set_router(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x8000_0000 | u32::from(set) << 31);
    }

    /// Sets [`solicited`](Self::solicited).
    #[inline]
    pub fn set_solicited(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x4000_0000 | u32::from(set) << 30);
    }

    /// Sets [`overriding`](Self::overriding).
    #[inline]
    pub fn set_overriding(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x2000_0000 | u32::from(set) << 29);
    }
}

header! {
    /// The own fields of a redirect without options: 36 bytes.
    pub struct NdpRedirectHeader {
        /// Reserved.
        reserved, set_reserved: u32;
        /// The better first hop.
        target, set_target: Ipv6Addr;
        /// The destination that it is better for.
        destination, set_destination: Ipv6Addr;
    }
}

header! {
    /// The own fields of a message about home agents or mobile prefixes: 4 bytes.
    pub struct MobileHeader {
        /// Identifier, chosen by the one that asks.
        id, set_id: u16;
        /// Reserved; in a prefix advertisement M (highest bit, managed) and O (other configuration).
        flags, set_flags: u16;
    }
}

header! {
    /// The own fields of a certification path solicitation without options: 4 bytes (RFC 3971, 6.4.1).
    pub struct CertificationSolicitationHeader {
        /// Identifier.
        id, set_id: u16;
        /// Which certificate is asked for; all ones is all.
        component, set_component: u16;
    }
}

header! {
    /// The own fields of a certification path advertisement without options: 8 bytes (RFC 3971, 6.4.2).
    pub struct CertificationAdvertisementHeader {
        /// Identifier of the solicitation, or 0.
        id, set_id: u16;
        /// Number of certificates on the path.
        all_components, set_all_components: u16;
        /// Which certificate this is, counted down to 0.
        component, set_component: u16;
        /// Reserved.
        reserved, set_reserved: u16;
    }
}

header! {
    /// The own fields of a multicast router advertisement: 4 bytes. Its interval is in the place of the code.
    pub struct MulticastRouterHeader {
        /// Query interval in seconds.
        query_interval, set_query_interval: u16;
        /// Robustness variable.
        robustness, set_robustness: u16;
    }
}

header! {
    /// The own fields of a fast handover message without options: 4 bytes (RFC 5568, 6.1).
    pub struct FastHandoverHeader {
        /// What the message is: 2 is a solicitation for proxy advertisement, 3 the advertisement, ...
        subtype, set_subtype: u8;
        /// Reserved.
        reserved, set_reserved: u8;
        /// Identifier.
        id, set_id: u16;
    }
}

header! {
    /// The own fields of a locator update before the locators: 4 bytes (RFC 6743, 3).
    pub struct LocatorUpdateHeader {
        /// Number of locators.
        count, set_count: u8;
        /// 1 is an advertisement, 2 an acknowledgment.
        operation, set_operation: u8;
        /// Reserved.
        reserved, set_reserved: u16;
    }
}

header! {
    /// The own fields of a duplicate address message: 28 bytes (RFC 6775, 4.4).
    pub struct DuplicateAddressHeader {
        /// Status; 0 is success.
        status, set_status: u8;
        /// Reserved, or a transaction identifier (RFC 8505).
        transaction, set_transaction: u8;
        /// How long the registration lasts, in minutes.
        lifetime, set_lifetime: u16;
        /// What identifies the registrant: an EUI-64, or a registration ownership verifier.
        owner, set_owner: u64;
        /// The address.
        address, set_address: Ipv6Addr;
    }
}

/// The own fields of an ICMPv6 message, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Icmpv6Message<'a> {
    /// Destination unreachable (1); the quoted packet is the payload.
    DestinationUnreachable(&'a Icmpv6QuoteHeader),
    /// Packet too big (2); the quoted packet is the payload.
    PacketTooBig(&'a PacketTooBigHeader),
    /// Time exceeded (3); the quoted packet is the payload.
    TimeExceeded(&'a Icmpv6QuoteHeader),
    /// Parameter problem (4); the quoted packet is the payload.
    ParameterProblem(&'a Icmpv6ParameterProblemHeader),
    /// Echo request (128); its data is the payload.
    EchoRequest(&'a IcmpEchoHeader),
    /// Echo reply (129); its data is the payload.
    EchoReply(&'a IcmpEchoHeader),
    /// Multicast listener query (130), of version 1 or 2.
    MldQuery(MldQuery<'a>),
    /// Multicast listener report (131) of version 1.
    MldReport(&'a MldHeader),
    /// Multicast listener done (132).
    MldDone(&'a MldHeader),
    /// Router solicitation (133).
    RouterSolicitation(&'a NdpReservedHeader, NdpOptions<'a>),
    /// Router advertisement (134).
    RouterAdvertisement(&'a NdpRouterHeader, NdpOptions<'a>),
    /// Neighbor solicitation (135).
    NeighborSolicitation(&'a NdpNeighborHeader, NdpOptions<'a>),
    /// Neighbor advertisement (136).
    NeighborAdvertisement(&'a NdpNeighborHeader, NdpOptions<'a>),
    /// Redirect (137); the packet that it is about is in an option.
    Redirect(&'a NdpRedirectHeader, NdpOptions<'a>),
    /// Router renumbering (138).
    RouterRenumbering(RouterRenumbering<'a>),
    /// Node information query (139).
    NodeInformationQuery(NodeInformationQuery<'a>),
    /// Node information reply (140).
    NodeInformationReply(NodeInformationReply<'a>),
    /// Inverse neighbor discovery solicitation (141).
    InverseNeighborSolicitation(&'a NdpReservedHeader, NdpOptions<'a>),
    /// Inverse neighbor discovery advertisement (142).
    InverseNeighborAdvertisement(&'a NdpReservedHeader, NdpOptions<'a>),
    /// Multicast listener report (143) of version 2.
    Mldv2Report(&'a Mldv2ReportHeader, MldRecords<'a>),
    /// Home agent address discovery request (144).
    HomeAgentRequest(&'a MobileHeader),
    /// Home agent address discovery reply (145), with the addresses of home agents.
    HomeAgentReply(&'a MobileHeader, NdpAddresses<'a>),
    /// Mobile prefix solicitation (146).
    MobilePrefixSolicitation(&'a MobileHeader),
    /// Mobile prefix advertisement (147).
    MobilePrefixAdvertisement(&'a MobileHeader, NdpOptions<'a>),
    /// Certification path solicitation (148).
    CertificationPathSolicitation(&'a CertificationSolicitationHeader, NdpOptions<'a>),
    /// Certification path advertisement (149).
    CertificationPathAdvertisement(&'a CertificationAdvertisementHeader, NdpOptions<'a>),
    /// Multicast router advertisement (151).
    MulticastRouterAdvertisement(&'a MulticastRouterHeader),
    /// Multicast router solicitation (152).
    MulticastRouterSolicitation,
    /// Multicast router termination (153).
    MulticastRouterTermination,
    /// Experimental mobility (150), and fast handover before it had a type of its own (RFC 4068, 6.1): both have a subtype,
    /// the options of neighbour discovery, and, in the two bytes before them, what the subtype says.
    ExperimentalMobility(&'a FastHandoverHeader, NdpOptions<'a>),
    /// Fast handover (154).
    FastHandover(&'a FastHandoverHeader, NdpOptions<'a>),
    /// RPL control (155).
    Rpl(Rpl<'a>),
    /// ILNPv6 locator update (156), with its locators: locator (8 bytes), preference (2), lifetime in seconds (2) each.
    LocatorUpdate(&'a LocatorUpdateHeader, &'a [[u8; 12]]),
    /// Duplicate address request (157).
    DuplicateAddressRequest(&'a DuplicateAddressHeader),
    /// Duplicate address confirmation (158).
    DuplicateAddressConfirmation(&'a DuplicateAddressHeader),
    /// Extended echo request (160); see [`Icmpv6::extension`](super::Icmpv6::extension).
    ExtendedEchoRequest(&'a ExtendedEchoRequestHeader),
    /// Extended echo reply (161); its data is the payload.
    ExtendedEchoReply(&'a ExtendedEchoReplyHeader),
    /// A message of another type, or one that is shorter than its own fields: all that follows the first four bytes.
    Unknown(&'a [u8]),
}

impl<'a> Icmpv6Message<'a> {
    pub(super) fn read(icmp_type: Icmpv6Type, code: u8, body: &'a [u8]) -> Self {
        Self::known(icmp_type, code, body).unwrap_or(Self::Unknown(body))
    }

    fn known(icmp_type: Icmpv6Type, code: u8, body: &'a [u8]) -> Option<Self> {
        macro_rules! own {
            ($Variant:ident, $Header:ident) => {
                Self::$Variant($Header::split(body)?.0)
            };
            ($Variant:ident, $Header:ident, $List:ident) => {{
                let (header, rest) = $Header::split(body)?;
                Self::$Variant(header, $List::new(rest))
            }};
        }
        Some(match icmp_type {
            Icmpv6Type::DESTINATION_UNREACHABLE => own!(DestinationUnreachable, Icmpv6QuoteHeader),
            Icmpv6Type::PACKET_TOO_BIG => own!(PacketTooBig, PacketTooBigHeader),
            Icmpv6Type::TIME_EXCEEDED => own!(TimeExceeded, Icmpv6QuoteHeader),
            Icmpv6Type::PARAMETER_PROBLEM => own!(ParameterProblem, Icmpv6ParameterProblemHeader),
            Icmpv6Type::ECHO_REQUEST => own!(EchoRequest, IcmpEchoHeader),
            Icmpv6Type::ECHO_REPLY => own!(EchoReply, IcmpEchoHeader),
            Icmpv6Type::MLD_QUERY => Self::MldQuery(MldQuery::read(body)?),
            Icmpv6Type::MLD_REPORT => own!(MldReport, MldHeader),
            Icmpv6Type::MLD_DONE => own!(MldDone, MldHeader),
            Icmpv6Type::ROUTER_SOLICITATION => own!(RouterSolicitation, NdpReservedHeader, NdpOptions),
            Icmpv6Type::ROUTER_ADVERTISEMENT => own!(RouterAdvertisement, NdpRouterHeader, NdpOptions),
            Icmpv6Type::NEIGHBOR_SOLICITATION => own!(NeighborSolicitation, NdpNeighborHeader, NdpOptions),
            Icmpv6Type::NEIGHBOR_ADVERTISEMENT => own!(NeighborAdvertisement, NdpNeighborHeader, NdpOptions),
            Icmpv6Type::REDIRECT => own!(Redirect, NdpRedirectHeader, NdpOptions),
            Icmpv6Type::ROUTER_RENUMBERING => Self::RouterRenumbering(RouterRenumbering::read(code, body)?),
            Icmpv6Type::NODE_INFORMATION_QUERY => {
                Self::NodeInformationQuery(NodeInformationQuery::read(code, body)?)
            }
            Icmpv6Type::NODE_INFORMATION_REPLY => {
                Self::NodeInformationReply(NodeInformationReply::read(code, body)?)
            }
            Icmpv6Type::INVERSE_NEIGHBOR_SOLICITATION => {
                own!(InverseNeighborSolicitation, NdpReservedHeader, NdpOptions)
            }
            Icmpv6Type::INVERSE_NEIGHBOR_ADVERTISEMENT => {
                own!(InverseNeighborAdvertisement, NdpReservedHeader, NdpOptions)
            }
            Icmpv6Type::MLDV2_REPORT => {
                let (header, records) = Mldv2ReportHeader::split(body)?;
                Self::Mldv2Report(header, MldRecords::new(header, records))
            }
            Icmpv6Type::HOME_AGENT_REQUEST => own!(HomeAgentRequest, MobileHeader),
            Icmpv6Type::HOME_AGENT_REPLY => own!(HomeAgentReply, MobileHeader, NdpAddresses),
            Icmpv6Type::MOBILE_PREFIX_SOLICITATION => own!(MobilePrefixSolicitation, MobileHeader),
            Icmpv6Type::MOBILE_PREFIX_ADVERTISEMENT => {
                own!(MobilePrefixAdvertisement, MobileHeader, NdpOptions)
            }
            Icmpv6Type::CERTIFICATION_PATH_SOLICITATION => {
                own!(CertificationPathSolicitation, CertificationSolicitationHeader, NdpOptions)
            }
            Icmpv6Type::CERTIFICATION_PATH_ADVERTISEMENT => {
                own!(CertificationPathAdvertisement, CertificationAdvertisementHeader, NdpOptions)
            }
            Icmpv6Type::MULTICAST_ROUTER_ADVERTISEMENT => {
                own!(MulticastRouterAdvertisement, MulticastRouterHeader)
            }
            Icmpv6Type::MULTICAST_ROUTER_SOLICITATION => Self::MulticastRouterSolicitation,
            Icmpv6Type::MULTICAST_ROUTER_TERMINATION => Self::MulticastRouterTermination,
            Icmpv6Type::EXPERIMENTAL_MOBILITY => own!(ExperimentalMobility, FastHandoverHeader, NdpOptions),
            Icmpv6Type::FAST_HANDOVER => own!(FastHandover, FastHandoverHeader, NdpOptions),
            Icmpv6Type::RPL => Self::Rpl(Rpl::read(code, body)),
            Icmpv6Type::LOCATOR_UPDATE => {
                let (header, rest) = LocatorUpdateHeader::split(body)?;
                let locators = rest.as_chunks().0;
                Self::LocatorUpdate(header, locators.get(..usize::from(header.count())).unwrap_or(locators))
            }
            Icmpv6Type::DUPLICATE_ADDRESS_REQUEST => own!(DuplicateAddressRequest, DuplicateAddressHeader),
            Icmpv6Type::DUPLICATE_ADDRESS_CONFIRMATION => {
                own!(DuplicateAddressConfirmation, DuplicateAddressHeader)
            }
            Icmpv6Type::EXTENDED_ECHO_REQUEST => own!(ExtendedEchoRequest, ExtendedEchoRequestHeader),
            Icmpv6Type::EXTENDED_ECHO_REPLY => own!(ExtendedEchoReply, ExtendedEchoReplyHeader),
            _ => return None,
        })
    }

    /// The options of neighbour discovery that the message has, and how many bytes of own fields precede them.
    pub fn options(&self) -> Option<(usize, NdpOptions<'a>)> {
        Some(match *self {
            Self::RouterSolicitation(_, options)
            | Self::InverseNeighborSolicitation(_, options)
            | Self::InverseNeighborAdvertisement(_, options)
            | Self::MobilePrefixAdvertisement(_, options)
            | Self::CertificationPathSolicitation(_, options)
            | Self::ExperimentalMobility(_, options)
            | Self::FastHandover(_, options) => (4, options),
            Self::CertificationPathAdvertisement(_, options) => (8, options),
            Self::RouterAdvertisement(_, options) => (12, options),
            Self::NeighborSolicitation(_, options) | Self::NeighborAdvertisement(_, options) => (20, options),
            Self::Redirect(_, options) => (36, options),
            _ => return None,
        })
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        self.own_fields(visit);
        if let Some((offset, options)) = self.options() {
            options.fields(4 + offset, visit);
        }
    }

    fn own_fields(&self, visit: Visit<'_, 'a>) {
        match *self {
            // The length is there only where an extension structure follows (RFC 4884, 4).
            Self::DestinationUnreachable(header) | Self::TimeExceeded(header) if header.length() != 0 => {
                visit(Field::uint("length", 4, header.length()));
            }
            Self::PacketTooBig(header) => visit(Field::uint("mtu", 4, header.mtu())),
            Self::ParameterProblem(header) => visit(Field::uint("pointer", 4, header.pointer())),
            Self::EchoRequest(header) | Self::EchoReply(header) => header.fields(visit),
            Self::MldQuery(query) => query.fields(visit),
            Self::MldReport(header) | Self::MldDone(header) => header.fields(visit),
            Self::RouterAdvertisement(header, _) => {
                visit(Field::uint("ra_hop", 4, header.hop_limit()));
                visit(Field::hex("ra_flags", 5, header.flags()));
                visit(Field::uint("ra_lifetime", 6, header.lifetime()));
                visit(Field::uint("reachable_time", 8, header.reachable_time()));
                visit(Field::uint("retrans_timer", 12, header.retrans_timer()));
            }
            Self::NeighborSolicitation(header, _) => visit(Field::ipv6("target", 8, header.target())),
            Self::NeighborAdvertisement(header, _) => {
                visit(Field::hex("na_flags", 4, header.flags()));
                visit(Field::ipv6("target", 8, header.target()));
            }
            Self::Redirect(header, _) => {
                visit(Field::ipv6("redirect_target", 8, header.target()));
                visit(Field::ipv6("redirect_destination", 24, header.destination()));
            }
            Self::RouterRenumbering(message) => message.fields(visit),
            Self::NodeInformationQuery(message) => message.fields(visit),
            Self::NodeInformationReply(message) => message.fields(visit),
            Self::Mldv2Report(header, records) => {
                visit(Field::uint("mld_nrec", 6, header.record_count()));
                records.fields(8, visit);
            }
            Self::HomeAgentRequest(header) | Self::MobilePrefixSolicitation(header) => {
                visit(Field::uint("mobile_id", 4, header.id()));
            }
            Self::HomeAgentReply(header, addresses) => {
                visit(Field::uint("mobile_id", 4, header.id()));
                addresses.fields("home_agents", 8, visit);
            }
            Self::MobilePrefixAdvertisement(header, _) => {
                visit(Field::uint("mobile_id", 4, header.id()));
                visit(Field::hex("flags", 6, header.flags()));
            }
            Self::CertificationPathSolicitation(header, _) => {
                visit(Field::uint("certification_id", 4, header.id()));
                visit(Field::uint("component", 6, header.component()));
            }
            Self::CertificationPathAdvertisement(header, _) => {
                visit(Field::uint("certification_id", 4, header.id()));
                visit(Field::uint("all_components", 6, header.all_components()));
                visit(Field::uint("component", 8, header.component()));
            }
            Self::MulticastRouterAdvertisement(header) => {
                visit(Field::uint("query_interval", 4, header.query_interval()));
                visit(Field::uint("robustness", 6, header.robustness()));
            }
            Self::ExperimentalMobility(header, _) | Self::FastHandover(header, _) => {
                visit(Field::uint("subtype", 4, header.subtype()));
                visit(Field::uint("handover_id", 6, header.id()));
            }
            Self::Rpl(message) => message.fields(visit),
            Self::LocatorUpdate(header, locators) => {
                visit(Field::uint("count", 4, header.count()));
                visit(Field::uint("operation", 5, header.operation()));
                for (index, [a, b, c, d, e, f, g, h, rest @ ..]) in locators.iter().enumerate() {
                    let locator = u64::from_be_bytes([*a, *b, *c, *d, *e, *f, *g, *h]);
                    visit(Field::hex("locators", 8 + index * 12, locator).repeated());
                    let [a, b, c, d] = *rest;
                    let [preference, lifetime] = [u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])];
                    visit(Field::uint("locator_preferences", 16 + index * 12, preference).repeated());
                    visit(Field::uint("locator_lifetimes", 18 + index * 12, lifetime).repeated());
                }
            }
            Self::DuplicateAddressRequest(header) | Self::DuplicateAddressConfirmation(header) => {
                visit(Field::uint("status", 4, header.status()));
                visit(Field::uint("transaction", 5, header.transaction()));
                visit(Field::uint("lifetime", 6, header.lifetime()));
                visit(Field::hex("owner", 8, header.owner()));
                visit(Field::ipv6("address", 16, header.address()));
            }
            Self::ExtendedEchoRequest(header) => header.fields(visit),
            Self::ExtendedEchoReply(header) => header.fields(visit),
            _ => {}
        }
    }
}
