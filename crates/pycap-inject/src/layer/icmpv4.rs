//! A message of ICMP for IPv4.

use std::net::Ipv4Addr;

use pycap_wire::net::icmp_echo::{
    ExtendedEchoReplyHeader, ExtendedEchoRequestHeader, ExtendedEchoState, IcmpEchoHeader,
};
use pycap_wire::net::icmpv4::{
    AddressMaskHeader, DomainNameReplyHeader, ParameterProblemHeader, PhoturisHeader, RedirectHeader,
    RouterAdvertisementHeader, TimeExceededHeader, TimestampHeader, TracerouteHeader, UnreachableHeader,
};
use pycap_wire::{Icmpv4Header, Icmpv4Type, IpProtocol};

use super::arguments::{Arguments, each, list};
use super::domain_name;
use super::icmp_extension::{self, IcmpObject};
use super::message::{COUNT, Fields, LENGTH, Message, Quoting, fields, message_layer, names, setters};
use super::own::Own;
use crate::value::{FromValue, named};
use crate::{Auto, BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

message_layer! {
    /// A message of ICMP for IPv4 (RFC 792 and later): header and what the type says. What an echo carries and the packet
    /// that an error quotes are layers inside it.
    ///
    /// ```
    /// use pycap_inject::{Layer, layer::{Icmpv4, Ipv4, Udp}};
    ///
    /// let ping = (Ipv4::new([192, 168, 1, 106], [192, 168, 1, 104]), Icmpv4::echo_request(0, 1), b"ABCDEFGH").build()?;
    /// assert_eq!(ping[20..28], [8, 0, 0xe6, 0xe9, 0, 0, 0, 1]);
    ///
    /// let quoted = (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 9]), Udp::new(4000, 33434));
    /// let error = (Ipv4::new([10, 0, 0, 9], [10, 0, 0, 1]), Icmpv4::unreachable(3), quoted).build()?;
    /// assert_eq!(error.len(), 20 + 8 + 28);
    /// # Ok::<(), pycap_inject::BuildError>(())
    /// ```
    pub struct Icmpv4(Icmpv4Header) = "icmp";
    type Icmpv4Type, icmp_type, set_icmp_type;
}

impl Icmpv4 {
    #[inline(always)]
    fn echo(icmp_type: Icmpv4Type, id: u16, seq: u16) -> Self {
        let mut own = IcmpEchoHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// An echo request (8): a ping. Its data is inside.
    #[inline(always)]
    pub fn echo_request(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv4Type::ECHO_REQUEST, id, seq)
    }

    /// An echo reply (0). Its data is inside.
    #[inline(always)]
    pub fn echo_reply(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv4Type::ECHO_REPLY, id, seq)
    }

    /// Destination unreachable (3): code 1 is the host, 3 the port, 4 that fragmentation is needed (see [`mtu`](Self::mtu)).
    /// The packet that it is about is inside.
    pub fn unreachable(code: u8) -> Self {
        Self::with(Icmpv4Type::DESTINATION_UNREACHABLE, code, Own::from_array(&[0; UnreachableHeader::LEN]))
    }

    /// Source quench (4). The packet that it is about is inside.
    pub fn source_quench() -> Self {
        Self::with(Icmpv4Type::SOURCE_QUENCH, 0, Own::from_array(&[0; 4]))
    }

    /// A redirect (5) to another router: for the host (code 1). The packet that it is about is inside.
    pub fn redirect(gateway: impl Into<Ipv4Addr>) -> Self {
        let mut own = RedirectHeader::zeroed();
        own.set_gateway(gateway.into());
        Self::with(Icmpv4Type::REDIRECT, 1, Own::from_array(own.as_array()))
    }

    /// A router advertisement (9) for `lifetime` seconds; [`router`](Self::router) adds addresses.
    pub fn router_advertisement(lifetime: u16) -> Self {
        let mut own = RouterAdvertisementHeader::zeroed();
        own.set_entry_size(2);
        own.set_lifetime(lifetime);
        Self::with(Icmpv4Type::ROUTER_ADVERTISEMENT, 0, Own::from_array(own.as_array()))
    }

    /// A router solicitation (10).
    pub fn router_solicitation() -> Self {
        Self::with(Icmpv4Type::ROUTER_SOLICITATION, 0, Own::from_array(&[0; 4]))
    }

    /// Time exceeded (11): code 0 is the time to live, 1 the time for reassembly. The packet that it is about is inside.
    pub fn time_exceeded(code: u8) -> Self {
        Self::with(Icmpv4Type::TIME_EXCEEDED, code, Own::from_array(&[0; TimeExceededHeader::LEN]))
    }

    /// A parameter problem (12) at the byte `pointer` of the packet that is inside.
    pub fn parameter_problem(pointer: u8) -> Self {
        let mut own = ParameterProblemHeader::zeroed();
        own.set_pointer(pointer);
        Self::with(Icmpv4Type::PARAMETER_PROBLEM, 0, Own::from_array(own.as_array()))
    }

    /// A timestamp request (13), sent at `originate`: milliseconds since midnight UT.
    pub fn timestamp_request(id: u16, seq: u16, originate: u32) -> Self {
        Self::timestamp(Icmpv4Type::TIMESTAMP_REQUEST, id, seq, [originate, 0, 0])
    }

    /// A timestamp reply (14): when the request was sent, when it arrived, when this was sent, in milliseconds since
    /// midnight UT.
    pub fn timestamp_reply(id: u16, seq: u16, originate: u32, receive: u32, transmit: u32) -> Self {
        Self::timestamp(Icmpv4Type::TIMESTAMP_REPLY, id, seq, [originate, receive, transmit])
    }

    fn timestamp(icmp_type: Icmpv4Type, id: u16, seq: u16, times: [u32; 3]) -> Self {
        let [originate, receive, transmit] = times;
        let mut own = TimestampHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        own.set_originate(originate);
        own.set_receive(receive);
        own.set_transmit(transmit);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// An information request (15).
    pub fn information_request(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv4Type::INFORMATION_REQUEST, id, seq)
    }

    /// An information reply (16).
    pub fn information_reply(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv4Type::INFORMATION_REPLY, id, seq)
    }

    /// An address mask request (17).
    pub fn address_mask_request(id: u16, seq: u16) -> Self {
        Self::address_mask(Icmpv4Type::ADDRESS_MASK_REQUEST, id, seq, Ipv4Addr::UNSPECIFIED)
    }

    /// An address mask reply (18).
    pub fn address_mask_reply(id: u16, seq: u16, mask: impl Into<Ipv4Addr>) -> Self {
        Self::address_mask(Icmpv4Type::ADDRESS_MASK_REPLY, id, seq, mask.into())
    }

    fn address_mask(icmp_type: Icmpv4Type, id: u16, seq: u16, mask: Ipv4Addr) -> Self {
        let mut own = AddressMaskHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        own.set_mask(mask);
        Self::with(icmp_type, 0, Own::from_array(own.as_array()))
    }

    /// A traceroute message (30): code 0 is that the packet went on, 1 that there was no route.
    pub fn traceroute(code: u8, own: TracerouteHeader) -> Self {
        Self::with(Icmpv4Type::TRACEROUTE, code, Own::from_array(own.as_array()))
    }

    /// A domain name request (37).
    pub fn domain_name_request(id: u16, seq: u16) -> Self {
        Self::echo(Icmpv4Type::DOMAIN_NAME_REQUEST, id, seq)
    }

    /// A domain name reply (38) that may be kept for `ttl` seconds; [`domain`](Self::domain) adds names.
    pub fn domain_name_reply(id: u16, seq: u16, ttl: u32) -> Self {
        let mut own = DomainNameReplyHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        own.set_ttl(ttl);
        Self::with(Icmpv4Type::DOMAIN_NAME_REPLY, 0, Own::from_array(own.as_array()))
    }

    /// A Photuris security failure (40) at the byte `pointer` of the packet that is inside.
    pub fn photuris(code: u8, pointer: u16) -> Self {
        let mut own = PhoturisHeader::zeroed();
        own.set_pointer(pointer);
        Self::with(Icmpv4Type::PHOTURIS, code, Own::from_array(own.as_array()))
    }

    /// An extended echo request (42): a probe. [`object`](Self::object) says which interface it asks for,
    /// [`local`](Self::local) that the interface is on the node that is asked.
    pub fn extended_echo_request(id: u16, seq: u8) -> Self {
        let mut own = ExtendedEchoRequestHeader::zeroed();
        own.set_id(id);
        own.set_seq(seq);
        Self::with(Icmpv4Type::EXTENDED_ECHO_REQUEST, 0, Own::from_array(own.as_array()))
    }

    /// An extended echo reply (43).
    pub fn extended_echo_reply(own: ExtendedEchoReplyHeader) -> Self {
        Self::with(Icmpv4Type::EXTENDED_ECHO_REPLY, 0, Own::from_array(own.as_array()))
    }

    /// Adds a router with its preference level to a router advertisement; the number of addresses follows, unless it was
    /// set. Routers come before extensions of mobility agents.
    #[must_use]
    pub fn router(mut self, address: impl Into<Ipv4Addr>, preference: i32) -> Self {
        self.message.own.extend(&address.into().octets());
        self.message.own.extend(&preference.to_be_bytes());
        if !self.message.is_exact(COUNT)
            && let Some((header, _)) = RouterAdvertisementHeader::split_mut(&mut self.message.own)
        {
            header.set_count(header.count().wrapping_add(1));
        }
        self
    }

    /// Adds an extension of a mobility agent (RFC 5944, 2.1) to a router advertisement: `kind`, a length, `data`.
    #[must_use]
    pub fn agent_extension(mut self, kind: u8, data: &[u8]) -> Self {
        match u8::try_from(data.len()) {
            Ok(len) => {
                self.message.own.extend(&[kind, len]);
                self.message.own.extend(data);
            }
            Err(_) => {
                let error = BuildError::too_long(Self::NAME, "length of an extension", data.len(), 0xff);
                self.message.add(Err(error));
            }
        }
        self
    }

    /// Adds a name to a domain name reply: `example.com`.
    #[must_use]
    pub fn domain(mut self, name: &str) -> Self {
        self.message.add(domain_name::encode(Self::NAME, name));
        self
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

    /// Length of the quoted packet in 32-bit words, of messages that have it: unreachable, time exceeded, parameter problem.
    ///
    /// Computed unless set: 0 without an extension structure.
    #[must_use]
    pub fn length(mut self, length: impl Into<Auto<u8>>) -> Self {
        match length.into() {
            Auto::Computed => self.message.exact &= !LENGTH,
            Auto::Exact(length) => {
                self.message.exact |= LENGTH;
                if let (true, Some(byte)) =
                    (self.header.icmp_type().is_extensible(), self.message.own.get_mut(1))
                {
                    *byte = length;
                }
            }
        }
        self
    }

    fn quoting(&self) -> Option<Quoting> {
        let icmp_type = self.header.icmp_type();
        icmp_type.quotes().then(|| Quoting { unit: 4, length_at: icmp_type.is_extensible().then_some(1) })
    }

    fn recount(&mut self) {}

    fn table(&self) -> &'static Fields<Self> {
        match self.header.icmp_type() {
            Icmpv4Type::ECHO_REPLY
            | Icmpv4Type::ECHO_REQUEST
            | Icmpv4Type::INFORMATION_REQUEST
            | Icmpv4Type::INFORMATION_REPLY
            | Icmpv4Type::DOMAIN_NAME_REQUEST => &ECHO,
            Icmpv4Type::DESTINATION_UNREACHABLE => &UNREACHABLE,
            Icmpv4Type::REDIRECT => &REDIRECT,
            Icmpv4Type::ROUTER_ADVERTISEMENT => &ROUTER_ADVERTISEMENT,
            Icmpv4Type::TIME_EXCEEDED => &TIME_EXCEEDED,
            Icmpv4Type::PARAMETER_PROBLEM => &PARAMETER_PROBLEM,
            Icmpv4Type::TIMESTAMP_REQUEST | Icmpv4Type::TIMESTAMP_REPLY => &TIMESTAMP,
            Icmpv4Type::ADDRESS_MASK_REQUEST | Icmpv4Type::ADDRESS_MASK_REPLY => &ADDRESS_MASK,
            Icmpv4Type::TRACEROUTE => &TRACEROUTE,
            Icmpv4Type::DOMAIN_NAME_REPLY => &DOMAIN_NAME_REPLY,
            Icmpv4Type::PHOTURIS => &PHOTURIS,
            Icmpv4Type::EXTENDED_ECHO_REQUEST => &EXTENDED_ECHO_REQUEST,
            Icmpv4Type::EXTENDED_ECHO_REPLY => &EXTENDED_ECHO_REPLY,
            _ => &OTHER,
        }
    }
}

setters! {
    Icmpv4 icmp_type
    Icmpv4Type::DESTINATION_UNREACHABLE => UnreachableHeader at 0 {
        /// MTU of the next hop in bytes, of a destination unreachable message (code 4); others stay as they are.
        mtu, set_mtu: u16;
    }
    Icmpv4Type::EXTENDED_ECHO_REQUEST => ExtendedEchoRequestHeader at 0 {
        /// Whether the interface that an extended echo request asks for is on the node that is asked; other messages stay
        /// as they are.
        local, set_local: bool;
    }
    Icmpv4Type::ROUTER_ADVERTISEMENT => RouterAdvertisementHeader at 0 {
        /// Number of addresses of a router advertisement, which follows from them unless it is set; other messages stay as
        /// they are.
        count, set_count: u8 [COUNT];
    }
}

names! {
    Icmpv4 {
        "icmp" => Self::default(),
        "icmp_echo_request" => Self::echo_request(0, 0),
        "icmp_echo_reply" => Self::echo_reply(0, 0),
        "icmp_unreachable" => Self::unreachable(0),
        "icmp_source_quench" => Self::source_quench(),
        "icmp_redirect" => Self::redirect(Ipv4Addr::UNSPECIFIED),
        "icmp_router_advertisement" => Self::router_advertisement(1800),
        "icmp_router_solicitation" => Self::router_solicitation(),
        "icmp_time_exceeded" => Self::time_exceeded(0),
        "icmp_parameter_problem" => Self::parameter_problem(0),
        "icmp_timestamp_request" => Self::timestamp_request(0, 0, 0),
        "icmp_timestamp_reply" => Self::timestamp_reply(0, 0, 0, 0, 0),
        "icmp_information_request" => Self::information_request(0, 0),
        "icmp_information_reply" => Self::information_reply(0, 0),
        "icmp_address_mask_request" => Self::address_mask_request(0, 0),
        "icmp_address_mask_reply" => Self::address_mask_reply(0, 0, Ipv4Addr::UNSPECIFIED),
        "icmp_traceroute" => Self::traceroute(0, TracerouteHeader::zeroed()),
        "icmp_domain_name_request" => Self::domain_name_request(0, 0),
        "icmp_domain_name_reply" => Self::domain_name_reply(0, 0, 0),
        "icmp_photuris" => Self::photuris(0, 0),
        "icmp_extended_echo_request" => Self::extended_echo_request(0, 0),
        "icmp_extended_echo_reply" => Self::extended_echo_reply(ExtendedEchoReplyHeader::zeroed()),
    }
}

/// An echo request.
impl Default for Icmpv4 {
    fn default() -> Self {
        Self::echo_request(0, 0)
    }
}

impl ToBuilder for pycap_wire::Icmpv4<'_> {
    type Builder = Icmpv4;

    /// What follows the payload, as an extension structure does, is part of the layer.
    fn to_builder(&self) -> Icmpv4 {
        let own_len = self.header_len() - Icmpv4Header::LEN;
        Icmpv4 { header: *self.header(), message: Message::dissected(self.body(), own_len, self.payload()) }
    }
}

impl Layer for Icmpv4 {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::ICMP)
    }

    /// A quoted packet has nothing from the one that quotes it.
    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        self.message.prepend(Self::NAME, self.quoting(), buf)?;
        self.put_header(|_| Ok(0), buf)
    }
}

named!(Icmpv4Type ExtendedEchoState);

fn code_name(icmp_type: Icmpv4Type, code: u8) -> Option<&'static str> {
    icmp_type.code_name(code)
}

/// Sets the extension structure of an expression.
fn set_extension(icmp: &mut Icmpv4, value: &FieldValue) -> Result<(), FieldError> {
    icmp.message.tail = icmp_extension::from_value(Icmpv4::NAME, value)?;
    Ok(())
}

/// Sets the names of a domain name reply.
fn set_names(icmp: &mut Icmpv4, value: &FieldValue) -> Result<(), FieldError> {
    let names: Vec<Vec<u8>> = list(value)?;
    icmp.message.own.at_least(DomainNameReplyHeader::LEN);
    icmp.message.own.truncate(DomainNameReplyHeader::LEN);
    for name in names {
        let bytes = domain_name::encode(Icmpv4::NAME, &String::from_utf8_lossy(&name));
        icmp.message.own.extend(&bytes.map_err(|error| FieldError::new(error.to_string()))?);
    }
    Ok(())
}

/// Sets the routers of a router advertisement: addresses, or `router(address, preference)`.
fn set_routers(icmp: &mut Icmpv4, value: &FieldValue) -> Result<(), FieldError> {
    let mut routers = Vec::new();
    for value in each(value) {
        routers.push(match value {
            FieldValue::Call(name, values) if name == "router" => {
                let mut arguments = Arguments::new(name, values);
                let router: (Ipv4Addr, u32) = (arguments.next()?, arguments.next_or(0)?);
                arguments.end(router)?
            }
            address => (FromValue::from_value(address)?, 0),
        });
    }
    icmp.message.own.at_least(RouterAdvertisementHeader::LEN);
    icmp.message.own.truncate(RouterAdvertisementHeader::LEN);
    if let (false, [count, ..]) = (icmp.message.is_exact(COUNT), &mut *icmp.message.own) {
        *count = 0;
    }
    for (address, preference) in routers {
        *icmp = std::mem::take(icmp).router(address, preference as i32);
    }
    Ok(())
}

fields! {
    static ECHO: Icmpv4 {
        IcmpEchoHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u16;
        }
    }
    static UNREACHABLE: Icmpv4 {
        UnreachableHeader at 0 {
            /// Length of the quoted packet in 32-bit words, where an extension structure follows it.
            "length" set_length: u8 [LENGTH];
            /// MTU of the next hop in bytes, where the code is 4.
            "mtu" set_mtu: u16;
        }
        + also {
            /// Extension structure behind the quoted packet: bytes, or mpls(label, class, bottom, ttl) and other objects.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static REDIRECT: Icmpv4 {
        RedirectHeader at 0 {
            /// The router to send to instead.
            "gw" | "gateway" set_gateway: Ipv4Addr;
        }
    }
    static ROUTER_ADVERTISEMENT: Icmpv4 {
        RouterAdvertisementHeader at 0 {
            /// Number of router addresses.
            "count" set_count: u8 [COUNT];
            /// Size of each entry in 32-bit words: 2.
            "entry_size" set_entry_size: u8;
            /// How long the addresses are valid, in seconds.
            "lifetime" set_lifetime: u16;
        }
        + also {
            /// Routers: addresses, or router(address, preference).
            "router" ("list of routers") set_routers;
        }
    }
    static TIME_EXCEEDED: Icmpv4 {
        TimeExceededHeader at 0 {
            /// Length of the quoted packet in 32-bit words, where an extension structure follows it.
            "length" set_length: u8 [LENGTH];
        }
        + also {
            /// Extension structure behind the quoted packet: bytes, or mpls(label, class, bottom, ttl) and other objects.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static PARAMETER_PROBLEM: Icmpv4 {
        ParameterProblemHeader at 0 {
            /// The byte of the quoted packet where the error is.
            "pointer" set_pointer: u8;
            /// Length of the quoted packet in 32-bit words, where an extension structure follows it.
            "length" set_length: u8 [LENGTH];
        }
        + also {
            /// Extension structure behind the quoted packet: bytes, or mpls(label, class, bottom, ttl) and other objects.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static TIMESTAMP: Icmpv4 {
        TimestampHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u16;
            /// When the request was sent, in milliseconds since midnight UT.
            "originate" set_originate: u32;
            /// When the request arrived, in milliseconds since midnight UT.
            "receive" set_receive: u32;
            /// When the reply was sent, in milliseconds since midnight UT.
            "transmit" set_transmit: u32;
        }
    }
    static ADDRESS_MASK: Icmpv4 {
        AddressMaskHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u16;
            /// The network's address mask; 0.0.0.0 in a request.
            "mask" set_mask: Ipv4Addr;
        }
    }
    static TRACEROUTE: Icmpv4 {
        TracerouteHeader at 0 {
            /// Identifier, that of the traceroute option.
            "id" set_id: u16;
            /// Routers that the outbound packet has passed.
            "outbound_hops" set_outbound_hops: u16;
            /// Routers that the return packet has passed.
            "return_hops" set_return_hops: u16;
            /// Speed of the link that the packet leaves by, in bytes per second.
            "link_speed" set_link_speed: u32;
            /// MTU of the link that the packet leaves by, in bytes.
            "link_mtu" set_link_mtu: u32;
        }
    }
    static DOMAIN_NAME_REPLY: Icmpv4 {
        DomainNameReplyHeader at 0 {
            /// Identifier of the request.
            "id" set_id: u16;
            /// Sequence number of the request.
            "seq" set_seq: u16;
            /// How long the names may be kept, in seconds.
            "ttl" set_ttl: u32;
        }
        + also {
            /// The names of the node.
            "name" ("list of names") set_names;
        }
    }
    static PHOTURIS: Icmpv4 {
        PhoturisHeader at 0 {
            /// The byte of the quoted packet where the security parameters index stands.
            "pointer" set_pointer: u16;
        }
    }
    static EXTENDED_ECHO_REQUEST: Icmpv4 {
        ExtendedEchoRequestHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u8;
            /// Whether the interface is on the node that is asked.
            "local" set_local: bool;
        }
        + also {
            /// The interface that is asked for: interface_name(name), interface_index(index), interface_address(address); bytes.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static EXTENDED_ECHO_REPLY: Icmpv4 {
        ExtendedEchoReplyHeader at 0 {
            /// Identifier of the request.
            "id" set_id: u16;
            /// Sequence number of the request.
            "seq" set_seq: u8;
            /// What the neighbour cache says of the interface.
            "state" set_state: ExtendedEchoState;
            /// Whether the interface is on the node that answers, and active.
            "active" set_active: bool;
            /// Whether the interface runs IPv4.
            "ipv4" set_ipv4: bool;
            /// Whether the interface runs IPv6.
            "ipv6" set_ipv6: bool;
        }
    }
    static OTHER: Icmpv4 {}
}

#[cfg(test)]
mod tests;
