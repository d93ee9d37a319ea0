//! A message of ICMP for IPv6: errors, echo, neighbour discovery, multicast listener discovery, and others.

use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::net::icmp_echo::{ExtendedEchoReplyHeader, ExtendedEchoRequestHeader, IcmpEchoHeader};
use pycap_wire::net::icmpv6::message::{
    DuplicateAddressHeader, Icmpv6ParameterProblemHeader, Icmpv6QuoteHeader, MobileHeader,
    MulticastRouterHeader, NdpNeighborHeader, NdpRedirectHeader, NdpReservedHeader, NdpRouterHeader,
    PacketTooBigHeader,
};
use pycap_wire::net::icmpv6::mld::{
    MldHeader, MldRecordHeader, MldRecordType, Mldv2QueryHeader, Mldv2ReportHeader,
};
use pycap_wire::net::icmpv6::node_information::{NodeInformationHeader, NodeInformationType};
use pycap_wire::{Icmpv6Header, Icmpv6Type, IpProtocol, NdpOptionKind};

use super::domain_name;
use super::icmp_extension::IcmpObject;
use super::message::{COUNT, Fields, LENGTH, Message, Quoting, message_layer, names, put_behind, setters};
use super::ndp_option::NdpOption;
use super::own::Own;
use crate::{Auto, BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

mod fields;

message_layer! {
    /// A message of ICMP for IPv6 (RFC 4443, RFC 4861 and later): header and what the type says, with its options. What an
    /// echo carries and the packet that an error or a redirect quotes are layers inside it.
    ///
    /// ```
    /// use pycap_inject::{Layer, layer::{Icmpv6, NdpOption}};
    /// use pycap_wire::MacAddr;
    ///
    /// let who_has = Icmpv6::neighbor_solicitation("fe80::2".parse::<std::net::Ipv6Addr>()?)
    ///     .option(&NdpOption::SourceLinkAddress(MacAddr([2, 0, 0, 0, 0, 1])))
    ///     .checksum(0);
    /// assert_eq!((who_has, b"").build()?.len(), 24 + 8);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub struct Icmpv6(Icmpv6Header) = "icmpv6";
    type Icmpv6Type, icmp_type, set_icmp_type;
}

impl Icmpv6 {
    #[inline(always)]
    fn echo(icmp_type: Icmpv6Type, id: u16, seq: u16) -> Self {
        let mut own = IcmpEchoHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// An echo request (128): a ping. Its data is inside.
    #[inline(always)]
    pub fn echo_request(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv6Type::ECHO_REQUEST, id, seq)
    }

    /// An echo reply (129). Its data is inside.
    #[inline(always)]
    pub fn echo_reply(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv6Type::ECHO_REPLY, id, seq)
    }

    /// Destination unreachable (1): code 0 is that there is no route, 3 the address, 4 the port. The packet that it is
    /// about is inside.
    pub fn unreachable(code: u8) -> Self {
        Self::with(Icmpv6Type::DESTINATION_UNREACHABLE, code, Own::from_array(&[0; Icmpv6QuoteHeader::LEN]))
    }

    /// Packet too big (2) for a next hop with this MTU in bytes. The packet that it is about is inside.
    pub fn packet_too_big(mtu: u32) -> Self {
        let mut own = PacketTooBigHeader::zeroed();
        own.set_mtu(mtu);
        Self::with(Icmpv6Type::PACKET_TOO_BIG, 0, Own::from_array(own.as_array()))
    }

    /// Time exceeded (3): code 0 is the hop limit, 1 the time for reassembly. The packet that it is about is inside.
    pub fn time_exceeded(code: u8) -> Self {
        Self::with(Icmpv6Type::TIME_EXCEEDED, code, Own::from_array(&[0; Icmpv6QuoteHeader::LEN]))
    }

    /// A parameter problem (4) at the byte `pointer` of the packet that is inside: code 0 is a field, 1 a next header, 2
    /// an option.
    pub fn parameter_problem(code: u8, pointer: u32) -> Self {
        let mut own = Icmpv6ParameterProblemHeader::zeroed();
        own.set_pointer(pointer);
        Self::with(Icmpv6Type::PARAMETER_PROBLEM, code, Own::from_array(own.as_array()))
    }

    /// A router solicitation (133).
    pub fn router_solicitation() -> Self {
        Self::with(Icmpv6Type::ROUTER_SOLICITATION, 0, Own::from_array(&[0; NdpReservedHeader::LEN]))
    }

    /// A router advertisement (134) of a default router for `lifetime` seconds, with a hop limit of 64.
    pub fn router_advertisement(lifetime: u16) -> Self {
        let mut own = NdpRouterHeader::zeroed();
        own.set_hop_limit(64);
        own.set_lifetime(lifetime);
        Self::with(Icmpv6Type::ROUTER_ADVERTISEMENT, 0, Own::from_array(own.as_array()))
    }

    fn neighbor(icmp_type: Icmpv6Type, target: Ipv6Addr) -> Self {
        let mut own = NdpNeighborHeader::zeroed();
        own.set_target(target);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// A neighbor solicitation (135): who has `target`?
    pub fn neighbor_solicitation(target: impl Into<Ipv6Addr>) -> Self {
        Self::neighbor(Icmpv6Type::NEIGHBOR_SOLICITATION, target.into())
    }

    /// A neighbor advertisement (136) of `target`.
    pub fn neighbor_advertisement(target: impl Into<Ipv6Addr>) -> Self {
        Self::neighbor(Icmpv6Type::NEIGHBOR_ADVERTISEMENT, target.into())
    }

    /// A redirect (137): `target` is the better first hop to `destination`. The packet that it is about is inside, and is
    /// put into a redirected header option behind the others.
    pub fn redirect(target: impl Into<Ipv6Addr>, destination: impl Into<Ipv6Addr>) -> Self {
        let mut own = NdpRedirectHeader::zeroed();
        own.set_target(target.into());
        own.set_destination(destination.into());
        Self::with(Icmpv6Type::REDIRECT, 0, Own::from_array(own.as_array()))
    }

    /// An inverse neighbor discovery solicitation (141): which addresses has this link-layer address?
    pub fn inverse_neighbor_solicitation() -> Self {
        Self::with(
            Icmpv6Type::INVERSE_NEIGHBOR_SOLICITATION,
            0,
            Own::from_array(&[0; NdpReservedHeader::LEN]),
        )
    }

    /// An inverse neighbor discovery advertisement (142).
    pub fn inverse_neighbor_advertisement() -> Self {
        Self::with(
            Icmpv6Type::INVERSE_NEIGHBOR_ADVERTISEMENT,
            0,
            Own::from_array(&[0; NdpReservedHeader::LEN]),
        )
    }

    fn mld(icmp_type: Icmpv6Type, max_response_code: u16, group: Ipv6Addr) -> Self {
        let mut own = MldHeader::zeroed();
        own.set_max_response_code(max_response_code);
        own.set_group(group);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// A multicast listener query (130) of version 1, to be answered within `max_response_delay` milliseconds; for `::` a
    /// general one.
    pub fn mld_query(group: impl Into<Ipv6Addr>, max_response_delay: u16) -> Self {
        Self::mld(Icmpv6Type::MLD_QUERY, max_response_delay, group.into())
    }

    /// A multicast listener report (131) of version 1.
    pub fn mld_report(group: impl Into<Ipv6Addr>) -> Self {
        Self::mld(Icmpv6Type::MLD_REPORT, 0, group.into())
    }

    /// Multicast listener done (132), of version 1.
    pub fn mld_done(group: impl Into<Ipv6Addr>) -> Self {
        Self::mld(Icmpv6Type::MLD_DONE, 0, group.into())
    }

    /// A multicast listener query (130) of version 2, with a robustness variable of 2 and a query interval of 125 s; the
    /// code is milliseconds below 0x8000 (RFC 9777, 5.1.3). [`source`](Self::source) adds sources.
    pub fn mldv2_query(group: impl Into<Ipv6Addr>, max_response_code: u16) -> Self {
        let mut v2 = Mldv2QueryHeader::zeroed();
        v2.set_robustness(2);
        v2.set_qqic(125);
        Self::mld_query(group, max_response_code).body_bytes(v2.as_bytes())
    }

    /// A multicast listener report (143) of version 2; [`record`](Self::record) adds records.
    pub fn mldv2_report() -> Self {
        Self::with(Icmpv6Type::MLDV2_REPORT, 0, Own::from_array(&[0; Mldv2ReportHeader::LEN]))
    }

    /// A node information query (139) for the node that has the subject: see [`subject_ipv6`](Self::subject_ipv6) and the
    /// others.
    pub fn node_information_query(qtype: NodeInformationType, nonce: u64) -> Self {
        Self::node_information(Icmpv6Type::NODE_INFORMATION_QUERY, qtype, nonce)
    }

    /// A node information reply (140); [`body_bytes`](Self::body_bytes) adds the answer.
    pub fn node_information_reply(qtype: NodeInformationType, nonce: u64) -> Self {
        Self::node_information(Icmpv6Type::NODE_INFORMATION_REPLY, qtype, nonce)
    }

    fn node_information(icmp_type: Icmpv6Type, qtype: NodeInformationType, nonce: u64) -> Self {
        let mut own = NodeInformationHeader::zeroed();
        own.set_qtype(qtype);
        own.set_nonce(nonce);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    fn mobile(icmp_type: Icmpv6Type, id: u16) -> Self {
        let mut own = MobileHeader::zeroed();
        own.set_id(id);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// A home agent address discovery request (144).
    pub fn home_agent_request(id: u16) -> Self {
        Self::mobile(Icmpv6Type::HOME_AGENT_REQUEST, id)
    }

    /// A home agent address discovery reply (145) with the agents' addresses.
    pub fn home_agent_reply(id: u16, agents: &[Ipv6Addr]) -> Self {
        let reply = Self::mobile(Icmpv6Type::HOME_AGENT_REPLY, id);
        agents.iter().fold(reply, |reply, agent| reply.body_bytes(&agent.octets()))
    }

    /// A mobile prefix solicitation (146).
    pub fn mobile_prefix_solicitation(id: u16) -> Self {
        Self::mobile(Icmpv6Type::MOBILE_PREFIX_SOLICITATION, id)
    }

    /// A mobile prefix advertisement (147).
    pub fn mobile_prefix_advertisement(id: u16) -> Self {
        Self::mobile(Icmpv6Type::MOBILE_PREFIX_ADVERTISEMENT, id)
    }

    /// A multicast router advertisement (151): the advertisement interval in seconds stands in the place of the code.
    pub fn multicast_router_advertisement(interval: u8, query_interval: u16, robustness: u16) -> Self {
        let mut own = MulticastRouterHeader::zeroed();
        own.set_query_interval(query_interval);
        own.set_robustness(robustness);
        Self::with(Icmpv6Type::MULTICAST_ROUTER_ADVERTISEMENT, interval, Own::from_array(own.as_array()))
    }

    /// A duplicate address request (157), from one 6LoWPAN router to another.
    pub fn duplicate_address_request(own: DuplicateAddressHeader) -> Self {
        Self::with(Icmpv6Type::DUPLICATE_ADDRESS_REQUEST, 0, Own::from_array(own.as_array()))
    }

    /// A duplicate address confirmation (158).
    pub fn duplicate_address_confirmation(own: DuplicateAddressHeader) -> Self {
        Self::with(Icmpv6Type::DUPLICATE_ADDRESS_CONFIRMATION, 0, Own::from_array(own.as_array()))
    }

    /// An extended echo request (160): a probe. [`object`](Self::object) says which interface it asks for,
    /// [`local`](Self::local) that the interface is on the node that is asked.
    pub fn extended_echo_request(id: u16, seq: u8) -> Self {
        let mut own = ExtendedEchoRequestHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        Self::with(Icmpv6Type::EXTENDED_ECHO_REQUEST, 0, Own::from_array(own.as_array()))
    }

    /// An extended echo reply (161).
    pub fn extended_echo_reply(own: ExtendedEchoReplyHeader) -> Self {
        Self::with(Icmpv6Type::EXTENDED_ECHO_REPLY, 0, Own::from_array(own.as_array()))
    }

    /// Adds an option of neighbour discovery.
    #[must_use]
    pub fn option(mut self, option: &NdpOption) -> Self {
        self.message.add(option.encode(Self::NAME));
        self
    }

    /// Adds options of neighbour discovery as they are, without padding.
    #[must_use]
    pub fn options_bytes(self, options: &[u8]) -> Self {
        self.body_bytes(options)
    }

    /// Adds a source to a multicast listener query of version 2; their number follows, unless it was set.
    #[must_use]
    pub fn source(mut self, source: impl Into<Ipv6Addr>) -> Self {
        self.message.own.extend(&source.into().octets());
        self.recount();
        self
    }

    /// Adds a record to a multicast listener report of version 2; their number follows, unless it was set.
    #[must_use]
    pub fn record(
        mut self,
        record_type: MldRecordType,
        group: impl Into<Ipv6Addr>,
        sources: &[Ipv6Addr],
    ) -> Self {
        match u16::try_from(sources.len()) {
            Ok(count) => {
                let mut header = MldRecordHeader::zeroed();
                header.set_record_type(record_type);
                header.set_source_count(count);
                header.set_group(group.into());
                self.message.own.extend(header.as_bytes());
                sources.iter().for_each(|source| self.message.own.extend(&source.octets()));
                self.recount();
            }
            Err(_) => {
                let error =
                    BuildError::too_long(Self::NAME, "limit of sources", sources.len() * 16, 0xf_fff0);
                self.message.add(Err(error));
            }
        }
        self
    }

    /// Adds the IPv6 address that a node information query is about, and sets the code that says so: 0.
    #[must_use]
    pub fn subject_ipv6(self, subject: impl Into<Ipv6Addr>) -> Self {
        self.code(0).body_bytes(&subject.into().octets())
    }

    /// Adds the name that a node information query is about, and sets the code that says so: 1.
    #[must_use]
    pub fn subject_name(mut self, subject: &str) -> Self {
        self.message.add(domain_name::encode(Self::NAME, subject));
        self.code(1)
    }

    /// Adds the IPv4 address that a node information query is about, and sets the code that says so: 2.
    #[must_use]
    pub fn subject_ipv4(self, subject: impl Into<Ipv4Addr>) -> Self {
        self.code(2).body_bytes(&subject.into().octets())
    }

    /// Adds an object to the extension structure, which comes behind the quoted packet (RFC 4884), or ends an extended echo
    /// request. The quoted packet is padded, and its length stated, unless the [length](Self::length) was set.
    #[must_use]
    pub fn object(mut self, object: &IcmpObject) -> Self {
        if let Err(error) = object.add_to(Self::NAME, &mut self.message.tail) {
            self.message.add(Err(error));
        }
        self
    }

    /// Sets the extension structure as it is, in the place of one that was there.
    #[must_use]
    pub fn extension_bytes(mut self, bytes: &[u8]) -> Self {
        self.message.tail = bytes.to_vec();
        self
    }

    /// Length of the quoted packet in units of 8 bytes, of messages that have it: unreachable and time exceeded. Of a redirect,
    /// whatever the value, that its options stay as they are: no redirected header is put around the packet that is inside.
    ///
    /// Computed unless set: 0 without an extension structure.
    #[must_use]
    pub fn length(mut self, length: impl Into<Auto<u8>>) -> Self {
        match length.into() {
            Auto::Computed => self.message.exact &= !LENGTH,
            Auto::Exact(length) => {
                self.message.exact |= LENGTH;
                if let (true, Some(byte)) =
                    (self.header.icmp_type().is_extensible(), self.message.own.first_mut())
                {
                    *byte = length;
                }
            }
        }
        self
    }

    fn quoting(&self) -> Option<Quoting> {
        let icmp_type = self.header.icmp_type();
        icmp_type.quotes().then(|| Quoting { unit: 8, length_at: icmp_type.is_extensible().then_some(0) })
    }

    /// Sets the number of sources or records to that of those that are there.
    fn recount(&mut self) {
        if self.message.is_exact(COUNT) {
            return;
        }
        let own = &mut *self.message.own;
        match self.header.icmp_type() {
            Icmpv6Type::MLD_QUERY if own.len() >= V2_QUERY_LEN => {
                let count = (own.len() - V2_QUERY_LEN) / 16;
                if let Some((v2, _)) = own.get_mut(MldHeader::LEN..).and_then(Mldv2QueryHeader::split_mut) {
                    v2.set_source_count(count as u16);
                }
            }
            Icmpv6Type::MLDV2_REPORT => {
                let mut rest = own.get(Mldv2ReportHeader::LEN..).unwrap_or_default();
                let mut count = 0_u16;
                while let Some((record, after)) = MldRecordHeader::split(rest) {
                    let len = usize::from(record.source_count()) * 16 + usize::from(record.aux_words()) * 4;
                    rest = after.get(len..).unwrap_or_default();
                    count = count.wrapping_add(1);
                }
                if let Some((header, _)) = Mldv2ReportHeader::split_mut(own) {
                    header.set_record_count(count);
                }
            }
            _ => (),
        }
    }

    fn table(&self) -> &'static Fields<Self> {
        fields::table(self.header.icmp_type(), self.message.own.len())
    }

    /// Writes the options of a redirect and, around what is inside, the redirected header option. Where the option's own
    /// header is there, as it is of what was dissected, it gets the option's length.
    #[inline(never)]
    fn prepend_redirect(&self, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let quoted = buf.payload().len();
        if quoted == 0 || self.message.is_exact(LENGTH) {
            return self.message.prepend(Self::NAME, None, buf);
        }
        let len = (quoted + 8).next_multiple_of(8);
        if len > 0xff * 8 {
            return Err(BuildError::too_long(Self::NAME, "limit of an option", len, 0xff * 8));
        }
        put_behind(len - 8 - quoted, &self.message.tail, buf)?;
        let start = [NdpOptionKind::REDIRECTED_HEADER.0, (len / 8) as u8];
        match self.open_option() {
            Some((before, rest)) => {
                buf.prepend(rest)?;
                buf.prepend(&start)?;
                buf.prepend(before)
            }
            None => {
                buf.prepend(&[0; 6])?;
                buf.prepend(&start)?;
                buf.prepend(&self.message.own)
            }
        }
    }

    /// What stands before the header of a redirected header option that ends the message's own bytes, and that header's
    /// reserved bytes.
    fn open_option(&self) -> Option<(&[u8], &[u8])> {
        let own = &*self.message.own;
        let mut at = NdpRedirectHeader::LEN;
        loop {
            match own.get(at..)? {
                [4, 2..=255, reserved @ ..] if reserved.len() == 6 => {
                    return Some((own.get(..at)?, reserved));
                }
                [_, units @ 1..=255, ..] => at += usize::from(*units) * 8,
                _ => return None,
            }
        }
    }
}

/// The length of a version 2 query without sources.
const V2_QUERY_LEN: usize = MldHeader::LEN + Mldv2QueryHeader::LEN;

setters! {
    Icmpv6 icmp_type
    Icmpv6Type::ROUTER_ADVERTISEMENT => NdpRouterHeader at 0 {
        /// Hop limit that hosts should use, in a router advertisement.
        hop_limit, set_hop_limit: u8;
        /// Whether addresses are available by DHCPv6, in a router advertisement.
        managed, set_managed: bool;
        /// Whether other configuration is available by DHCPv6, in a router advertisement.
        other, set_other: bool;
        /// Whether the router is a home agent, in a router advertisement.
        home_agent, set_home_agent: bool;
        /// Preference in a router advertisement: 1 is high, 0 medium, -1 low.
        preference, set_preference: i8;
        /// How long a neighbour counts as reachable, in milliseconds, in a router advertisement.
        reachable_time, set_reachable_time: u32;
        /// Time between neighbour solicitations in milliseconds, in a router advertisement.
        retrans_timer, set_retrans_timer: u32;
    }
    Icmpv6Type::NEIGHBOR_ADVERTISEMENT => NdpNeighborHeader at 0 {
        /// Whether the sender of a neighbor advertisement is a router.
        router, set_router: bool;
        /// Whether a neighbor advertisement answers a solicitation.
        solicited, set_solicited: bool;
        /// Whether a neighbor advertisement overrides what the cache has.
        overriding, set_overriding: bool;
    }
    Icmpv6Type::MLD_QUERY => Mldv2QueryHeader at 20 {
        /// Whether routers that hear a version 2 query do not change their timers.
        suppress, set_suppress: bool;
        /// The querier's robustness variable of a version 2 query, 0 to 7.
        robustness, set_robustness: u8;
        /// The querier's query interval code of a version 2 query: seconds below 128 (RFC 9777, 5.1.9).
        qqic, set_qqic: u8;
        /// Number of sources of a version 2 query, which follows from them unless it is set.
        source_count, set_source_count: u16 [COUNT];
    }
    Icmpv6Type::MLDV2_REPORT => Mldv2ReportHeader at 0 {
        /// Number of records of a version 2 report, which follows from them unless it is set.
        record_count, set_record_count: u16 [COUNT];
    }
    Icmpv6Type::NODE_INFORMATION_QUERY | Icmpv6Type::NODE_INFORMATION_REPLY => NodeInformationHeader at 0 {
        /// Flags of a node information message; their meaning depends on what is asked for.
        node_flags, set_flags: u16;
    }
    Icmpv6Type::EXTENDED_ECHO_REQUEST => ExtendedEchoRequestHeader at 0 {
        /// Whether the interface that an extended echo request asks for is on the node that is asked.
        local, set_local: bool;
    }
}

names! {
    Icmpv6 {
        "icmpv6" => Self::default(),
        "icmpv6_echo_request" => Self::echo_request(0, 0),
        "icmpv6_echo_reply" => Self::echo_reply(0, 0),
        "icmpv6_unreachable" => Self::unreachable(0),
        "icmpv6_packet_too_big" => Self::packet_too_big(1280),
        "icmpv6_time_exceeded" => Self::time_exceeded(0),
        "icmpv6_parameter_problem" => Self::parameter_problem(0, 0),
        "icmpv6_router_solicitation" => Self::router_solicitation(),
        "icmpv6_router_advertisement" => Self::router_advertisement(1800),
        "icmpv6_neighbor_solicitation" => Self::neighbor_solicitation(Ipv6Addr::UNSPECIFIED),
        "icmpv6_neighbor_advertisement" => Self::neighbor_advertisement(Ipv6Addr::UNSPECIFIED),
        "icmpv6_redirect" => Self::redirect(Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED),
        "icmpv6_inverse_neighbor_solicitation" => Self::inverse_neighbor_solicitation(),
        "icmpv6_inverse_neighbor_advertisement" => Self::inverse_neighbor_advertisement(),
        "icmpv6_mld_query" => Self::mld_query(Ipv6Addr::UNSPECIFIED, 10_000),
        "icmpv6_mld_report" => Self::mld_report(Ipv6Addr::UNSPECIFIED),
        "icmpv6_mld_done" => Self::mld_done(Ipv6Addr::UNSPECIFIED),
        "icmpv6_mldv2_query" => Self::mldv2_query(Ipv6Addr::UNSPECIFIED, 10_000),
        "icmpv6_mldv2_report" => Self::mldv2_report(),
        "icmpv6_node_information_query" => Self::node_information_query(NodeInformationType::NODE_NAME, 0),
        "icmpv6_node_information_reply" => Self::node_information_reply(NodeInformationType::NODE_NAME, 0),
        "icmpv6_home_agent_request" => Self::home_agent_request(0),
        "icmpv6_home_agent_reply" => Self::home_agent_reply(0, &[]),
        "icmpv6_mobile_prefix_solicitation" => Self::mobile_prefix_solicitation(0),
        "icmpv6_mobile_prefix_advertisement" => Self::mobile_prefix_advertisement(0),
        "icmpv6_router_renumbering" => Self::new(Icmpv6Type::ROUTER_RENUMBERING, 0).body_bytes(&[0; 12]),
        "icmpv6_certification_path_solicitation" => {
            Self::new(Icmpv6Type::CERTIFICATION_PATH_SOLICITATION, 0).body_bytes(&[0; 4])
        },
        "icmpv6_certification_path_advertisement" => {
            Self::new(Icmpv6Type::CERTIFICATION_PATH_ADVERTISEMENT, 0).body_bytes(&[0; 8])
        },
        "icmpv6_multicast_router_solicitation" => Self::new(Icmpv6Type::MULTICAST_ROUTER_SOLICITATION, 0),
        "icmpv6_multicast_router_termination" => Self::new(Icmpv6Type::MULTICAST_ROUTER_TERMINATION, 0),
        "icmpv6_fast_handover" => Self::new(Icmpv6Type::FAST_HANDOVER, 0).body_bytes(&[0; 4]),
        "icmpv6_multicast_router_advertisement" => Self::multicast_router_advertisement(20, 0, 0),
        "icmpv6_duplicate_address_request" => {
            Self::duplicate_address_request(DuplicateAddressHeader::zeroed())
        },
        "icmpv6_duplicate_address_confirmation" => {
            Self::duplicate_address_confirmation(DuplicateAddressHeader::zeroed())
        },
        "icmpv6_extended_echo_request" => Self::extended_echo_request(0, 0),
        "icmpv6_extended_echo_reply" => Self::extended_echo_reply(ExtendedEchoReplyHeader::zeroed()),
    }
}

/// An echo request.
impl Default for Icmpv6 {
    fn default() -> Self {
        Self::echo_request(0, 0)
    }
}

impl ToBuilder for pycap_wire::Icmpv6<'_> {
    type Builder = Icmpv6;

    /// What follows the payload, as an extension structure or the options behind a redirected header do, is part of the
    /// layer.
    fn to_builder(&self) -> Icmpv6 {
        let own_len = self.header_len() - Icmpv6Header::LEN;
        Icmpv6 { header: *self.header(), message: Message::dissected(self.body(), own_len, self.payload()) }
    }
}

impl Layer for Icmpv6 {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::ICMPV6)
    }

    /// A quoted packet has nothing from the one that quotes it.
    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    #[inline(always)]
    fn prepend(&self, outer: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        match self.header.icmp_type() {
            Icmpv6Type::REDIRECT if self.message.error.is_none() => self.prepend_redirect(buf)?,
            _ => self.message.prepend(Self::NAME, self.quoting(), buf)?,
        }
        self.put_header(|len| outer.pseudo(Self::NAME, IpProtocol::ICMPV6, len), buf)
    }
}

fn code_name(icmp_type: Icmpv6Type, code: u8) -> Option<&'static str> {
    icmp_type.code_name(code)
}

#[cfg(test)]
mod tests;
