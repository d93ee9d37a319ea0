//! A whole packet, dissected from the link to the transport in one call.

mod dissect;

use core::net::IpAddr;

use crate::stack::Stack;
use crate::*;

/// A packet: views of its link, network and transport layers, and its payload.
///
/// [`parse`](Self::parse) always gives what could be dissected; [`stop`](Self::stop) says why it went no further.
///
/// It has the VLAN tags that are in the bytes. Linux takes the outermost one out of frames that it hands to packet sockets: whoever reads
/// these without a library that puts it back, or has it left [beside the bytes](VlanTag), does not see it here.
#[derive(Debug, Clone, Copy)]
pub struct Packet<'a> {
    data: &'a [u8],
    link_type: LinkType,
    /// How many bytes of the frame the capture cut off; [`CUT_UNKNOWN`] where nobody says.
    cut: u32,
    protocol: Option<IpProtocol>,
    link: Option<Link<'a>>,
    net: Net<'a>,
    transport: Option<Transport<'a>>,
    payload: &'a [u8],
    /// What the payload is, where the transport does not say it.
    next: Next,
    stop: Stop,
}

const CUT_UNKNOWN: u32 = u32::MAX;

/// The link layer of a [`Packet`].
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Link<'a> {
    /// Ethernet II or 802.3.
    Ethernet(Ethernet<'a>),
    /// BSD NULL or LOOP.
    Null(Null<'a>),
    /// Linux cooked capture.
    Sll(Sll<'a>),
    /// Linux cooked capture v2.
    Sll2(Sll2<'a>),
}

/// The IP layer of a [`Packet`].
#[derive(Debug, Clone, Copy)]
pub enum Ip<'a> {
    /// IPv4.
    V4(Ipv4<'a>),
    /// IPv6.
    V6(Ipv6<'a>),
}

/// The transport layer of a [`Packet`], or what stands in its place right after IP.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Transport<'a> {
    /// TCP.
    Tcp(Tcp<'a>),
    /// UDP.
    Udp(Udp<'a>),
    /// UDP-Lite.
    UdpLite(UdpLite<'a>),
    /// ICMP for IPv4.
    Icmpv4(Icmpv4<'a>),
    /// ICMP for IPv6.
    Icmpv6(Icmpv6<'a>),
    /// IGMP.
    Igmp(Igmp<'a>),
    /// IP encapsulating security payload.
    Esp(Esp<'a>),
}

#[derive(Debug, Clone, Copy)]
enum Net<'a> {
    None,
    V4(Ipv4<'a>),
    V6(Ipv6<'a>),
    Arp(Arp<'a>),
}

impl<'a> Packet<'a> {
    /// Dissects `data`, a frame of the given link type, from the link to the transport.
    ///
    /// Never fails: what could not be dissected is told by [`stop`](Self::stop).
    #[inline(always)]
    pub fn parse(link_type: LinkType, data: &'a [u8]) -> Self {
        if link_type == LinkType::ETHERNET {
            match Stack::quick(data) {
                Some(Stack::Ipv4Tcp(stack)) => return stack.packet(),
                Some(Stack::Ipv4Udp(stack)) => return stack.packet(),
                Some(Stack::Ipv6Tcp(stack)) => return stack.packet(),
                Some(Stack::Ipv6Udp(stack)) => return stack.packet(),
                _ => (),
            }
        }
        Self::beyond_stacks(link_type, data)
    }

    /// What is none of the typed stacks.
    #[inline(always)]
    pub(crate) fn beyond_stacks(link_type: LinkType, data: &'a [u8]) -> Self {
        if link_type == LinkType::ETHERNET
            && let Some(packet) = Self::chain(data)
        {
            return packet;
        }
        Self::general(link_type, data)
    }

    /// Any frame. The struct is made where the caller wants it: handing it back from [`dissect`](Self::dissect) would copy it.
    #[inline(always)]
    fn general(link_type: LinkType, data: &'a [u8]) -> Self {
        let mut packet = Self {
            data,
            link_type,
            cut: CUT_UNKNOWN,
            protocol: None,
            link: None,
            net: Net::None,
            transport: None,
            payload: data,
            next: Next::Link(link_type),
            stop: Stop::End,
        };
        packet.dissect();
        packet
    }

    /// The packet that a typed stack already has all views of.
    #[inline(always)]
    pub(crate) fn from_stack(
        data: &'a [u8],
        ethernet: Ethernet<'a>,
        ip: Ip<'a>,
        protocol: IpProtocol,
        transport: Transport<'a>,
        payload: &'a [u8],
    ) -> Self {
        let net = match ip {
            Ip::V4(view) => Net::V4(view),
            Ip::V6(view) => Net::V6(view),
        };
        Self {
            data,
            link_type: LinkType::ETHERNET,
            cut: CUT_UNKNOWN,
            protocol: Some(protocol),
            link: Some(Link::Ethernet(ethernet)),
            net,
            transport: Some(transport),
            payload,
            next: Next::End,
            stop: Stop::End,
        }
    }

    /// The same packet, of whose frame the capture cut off the last `cut` bytes: 0 where it is whole.
    ///
    /// What IP promises beyond the captured bytes can only be among those: [`missing`](Self::missing),
    /// [`layers`](Self::layers) and [`checksum_ok`](Self::checksum_ok) heed it. Without this, IP is believed.
    #[inline(always)]
    #[must_use]
    pub fn with_cut(self, cut: usize) -> Self {
        Self { cut: u32::try_from(cut).unwrap_or(CUT_UNKNOWN), ..self }
    }

    fn cut(&self) -> Option<usize> {
        usize::try_from(self.cut).ok().filter(|_| self.cut != CUT_UNKNOWN)
    }

    /// The whole frame.
    #[inline(always)]
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    /// What the frame was taken for.
    #[inline(always)]
    pub fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// The link layer; `None` for raw IP, for an unknown link type, and where the frame is too short.
    #[inline(always)]
    pub fn link(&self) -> Option<Link<'a>> {
        self.link
    }

    /// The VLAN tags between link and network layer, outermost first.
    pub fn vlans(&self) -> Vlans<'a> {
        let (next, rest) = match self.link {
            Some(Link::Ethernet(view)) => (view.next(), view.rest()),
            Some(Link::Null(view)) => (view.next(), view.payload()),
            Some(Link::Sll(view)) => (view.next(), view.payload()),
            Some(Link::Sll2(view)) => (view.next(), view.payload()),
            _ => (Next::End, self.data),
        };
        Vlans { next, rest, left: dissect::MAX_TAGS }
    }

    /// The outermost IP layer.
    #[inline(always)]
    pub fn ip(&self) -> Option<Ip<'a>> {
        match self.net {
            Net::V4(view) => Some(Ip::V4(view)),
            Net::V6(view) => Some(Ip::V6(view)),
            _ => None,
        }
    }

    /// What the outermost IP packet carries after its extension headers.
    #[inline(always)]
    pub fn ip_protocol(&self) -> Option<IpProtocol> {
        self.protocol
    }

    /// The ARP message.
    #[inline(always)]
    pub fn arp(&self) -> Option<Arp<'a>> {
        match self.net {
            Net::Arp(view) => Some(view),
            _ => None,
        }
    }

    /// The layer that the outermost IP packet carries.
    #[inline(always)]
    pub fn transport(&self) -> Option<Transport<'a>> {
        self.transport
    }

    /// The TCP segment.
    #[inline(always)]
    pub fn tcp(&self) -> Option<Tcp<'a>> {
        match self.transport {
            Some(Transport::Tcp(view)) => Some(view),
            _ => None,
        }
    }

    /// The UDP datagram.
    #[inline(always)]
    pub fn udp(&self) -> Option<Udp<'a>> {
        match self.transport {
            Some(Transport::Udp(view)) => Some(view),
            _ => None,
        }
    }

    /// What no layer up to the transport has taken, without padding.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The offset of [`payload`](Self::payload) from the first byte of the frame.
    #[inline(always)]
    pub fn payload_offset(&self) -> usize {
        offset_in(self.data, self.payload)
    }

    /// What the payload is, as far as the last header says.
    #[inline(always)]
    pub fn next(&self) -> Next {
        match self.transport {
            Some(Transport::Tcp(tcp)) => tcp.next(),
            Some(Transport::Udp(udp)) => udp.next(),
            _ => self.next,
        }
    }

    /// Why dissection went no further than the transport.
    #[inline(always)]
    pub fn stop(&self) -> Stop {
        self.stop
    }

    /// How many bytes the packet's headers promise beyond the captured ones, as far as these
    /// [can be missing](Self::with_cut).
    pub fn missing(&self) -> usize {
        let promised = match self.net {
            Net::V4(view) => view.missing(),
            Net::V6(view) => view.missing(),
            Net::Arp(view) => view.missing(),
            Net::None => 0,
        };
        self.cut().map_or(promised, |cut| cut.min(promised))
    }

    /// What follows the IP packet or ARP message in the frame: padding, trailer. Behind a malformed header, where nobody
    /// knows what ends where, there is none.
    pub fn padding(&self) -> &'a [u8] {
        let end = match self.net {
            Net::V4(view) if view.defect().is_some() => self.data.len(),
            Net::V6(view) if view.defect().is_some() => self.data.len(),
            Net::V4(view) => offset_in(self.data, view.payload()) + view.payload().len(),
            Net::V6(view) => offset_in(self.data, view.payload()) + view.payload().len(),
            Net::Arp(view) => offset_in(self.data, view.payload()),
            Net::None => self.data.len(),
        };
        self.data.get(end..).unwrap_or_default()
    }

    /// Whether the transport's checksum is right; `None` where there is none, where not all of what it covers is there,
    /// in fragments, and behind a routing header that does not tell the final destination. [`checksum::Verifier`] tells
    /// of every layer.
    pub fn checksum_ok(&self) -> Option<bool> {
        self.transport?;
        let mut verifier = checksum::Verifier::default();
        let mut verdicts = self.layers().map(|layer| (layer.kind(), verifier.verify(&layer)));
        verdicts.find(|(kind, _)| kind.is_transport()).and_then(|(_, verdict)| verdict)
    }

    /// The flow key: addresses, ports and protocol of the outermost IP packet; see [`FlowKey`].
    #[inline(always)]
    pub fn flow_key(&self) -> Option<FlowKey> {
        FlowKey::of(self)
    }

    /// The flow key that both directions share ([`FlowKey::canonical`]), and whether the packet goes from its source to its
    /// destination or back.
    #[inline]
    pub fn flow_key_and_direction(&self) -> Option<(FlowKey, FlowDirection)> {
        self.flow_key().map(|key| key.with_direction())
    }

    /// A walk over all layers: on through tunnels, quoted packets and applications.
    pub fn layers(&self) -> Layers<'a, 'static> {
        let layers = Layers::new(Next::Link(self.link_type), self.data);
        match self.cut() {
            Some(cut) => layers.with_cut(cut),
            None => layers,
        }
    }
}

/// Where `part`, a slice of `whole`, starts in it.
#[inline(always)]
fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    (part.as_ptr().addr()).wrapping_sub(whole.as_ptr().addr()).min(whole.len())
}

/// An iterator over VLAN tags, outermost first.
#[derive(Debug, Clone)]
pub struct Vlans<'a> {
    next: Next,
    rest: &'a [u8],
    left: usize,
}

impl<'a> Iterator for Vlans<'a> {
    type Item = Vlan<'a>;

    fn next(&mut self) -> Option<Vlan<'a>> {
        match self.next {
            Next::EtherType(ether_type) if ether_type.is_vlan() && self.left > 0 => {
                let vlan = Vlan::parse(self.rest).ok()?;
                (self.rest, self.next) = (vlan.payload(), vlan.next());
                self.left -= 1;
                Some(vlan)
            }
            _ => None,
        }
    }
}

impl<'a> From<Ipv4<'a>> for Ip<'a> {
    #[inline(always)]
    fn from(view: Ipv4<'a>) -> Self {
        Self::V4(view)
    }
}

impl<'a> From<Ipv6<'a>> for Ip<'a> {
    #[inline(always)]
    fn from(view: Ipv6<'a>) -> Self {
        Self::V6(view)
    }
}

impl<'a> Ip<'a> {
    /// Source address.
    #[inline(always)]
    pub fn src(&self) -> IpAddr {
        match self {
            Self::V4(view) => view.src().into(),
            Self::V6(view) => view.src().into(),
        }
    }

    /// Destination address.
    #[inline(always)]
    pub fn dst(&self) -> IpAddr {
        match self {
            Self::V4(view) => view.dst().into(),
            Self::V6(view) => view.dst().into(),
        }
    }

    /// Time to live in hops: IPv4's TTL, IPv6's hop limit.
    #[inline(always)]
    pub fn ttl(&self) -> u8 {
        match self {
            Self::V4(view) => view.ttl(),
            Self::V6(view) => view.hop_limit(),
        }
    }

    /// What [`payload`](Self::payload) is, as the IP header says: for IPv6 the next header, which may be an extension
    /// header. [`Packet::ip_protocol`] is the protocol after all extension headers.
    #[inline(always)]
    pub fn protocol(&self) -> IpProtocol {
        match self {
            Self::V4(view) => view.protocol(),
            Self::V6(view) => view.next_header(),
        }
    }

    /// What follows the IP header and IPv4's options, without padding of the frame; IPv6's extension headers are part of it.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        match self {
            Self::V4(view) => view.payload(),
            Self::V6(view) => view.payload(),
        }
    }

    /// Whether the packet is one of several fragments, the first one too: in IPv6, where a fragment header among the extension
    /// headers says so. An IPv6 packet whose fragment header makes it the only piece (RFC 6946) is none.
    pub fn is_fragment(&self) -> bool {
        match self {
            Self::V4(view) => view.is_fragment(),
            Self::V6(view) => Layers::new(view.next(), view.payload())
                .take_while(|layer| layer.kind().is_ipv6_extension())
                .any(|layer| matches!(layer, Layer::Ipv6Fragment(fragment) if fragment.is_fragment())),
        }
    }
}

impl<'a> Transport<'a> {
    /// Source port, where the protocol has ports: TCP, UDP, UDP-Lite.
    #[inline(always)]
    pub fn src_port(&self) -> Option<u16> {
        match self {
            Self::Tcp(view) => Some(view.src_port()),
            Self::Udp(view) => Some(view.src_port()),
            Self::UdpLite(view) => Some(view.src_port()),
            _ => None,
        }
    }

    /// Destination port, where the protocol has ports: TCP, UDP, UDP-Lite.
    #[inline(always)]
    pub fn dst_port(&self) -> Option<u16> {
        match self {
            Self::Tcp(view) => Some(view.dst_port()),
            Self::Udp(view) => Some(view.dst_port()),
            Self::UdpLite(view) => Some(view.dst_port()),
            _ => None,
        }
    }

    /// What follows the header and its options, as far as captured: the same as [`Packet::payload`].
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        match self {
            Self::Tcp(view) => view.payload(),
            Self::Udp(view) => view.payload(),
            Self::UdpLite(view) => view.payload(),
            Self::Icmpv4(view) => view.payload(),
            Self::Icmpv6(view) => view.payload(),
            Self::Igmp(view) => view.payload(),
            Self::Esp(view) => view.payload(),
        }
    }
}
