//! The walk over all layers of a packet, and the one place that maps a [`Next`] to its dissector.

use crate::*;

/// The default bound on the number of layers that a walk yields.
pub(crate) const MAX_LAYERS: usize = 64;

/// An iterator over the layers of a packet, outermost first: through tunnels, quoted packets and applications.
///
/// After the last layer [`stop`](Self::stop) says why it was the last.
#[derive(Clone)]
pub struct Layers<'a, 'o> {
    rest: &'a [u8],
    offset: usize,
    next: Next,
    quoted: bool,
    missing: usize,
    cut: Option<usize>,
    left: usize,
    stop: Option<Stop>,
    ports: PortTable<'o>,
    hook: Option<&'o dyn Hook>,
}

/// A layer, and where it stands in its packet.
#[derive(Debug, Clone, Copy)]
pub struct Located<'a> {
    /// The layer.
    pub layer: Layer<'a>,
    /// The offset of its first byte from the packet's first byte.
    pub offset: usize,
    /// Whether it belongs to a packet that an ICMP error quotes.
    pub quoted: bool,
}

impl<'a, 'o> Layers<'a, 'o> {
    /// The walk over `bytes`, which begin with what `next` names.
    pub fn new(next: Next, bytes: &'a [u8]) -> Self {
        Self {
            rest: bytes,
            offset: 0,
            next,
            quoted: false,
            missing: 0,
            cut: None,
            left: MAX_LAYERS,
            stop: None,
            ports: PortTable::STANDARD,
            hook: None,
        }
    }

    /// The same walk with another port table ([`PortTable::OFF`] for none).
    #[must_use]
    pub fn with_ports(self, ports: PortTable<'o>) -> Self {
        Self { ports, ..self }
    }

    /// The same walk with a dissector for protocols that this crate does not know.
    #[must_use]
    pub fn with_hook(self, hook: &'o dyn Hook) -> Self {
        Self { hook: Some(hook), ..self }
    }

    /// The same walk over a frame of which the capture cut off the last `cut` bytes: 0 where it is whole.
    ///
    /// What IP promises beyond the captured bytes can only be among those. Without this, IP is believed.
    #[must_use]
    pub fn with_cut(self, cut: usize) -> Self {
        Self { cut: Some(cut), ..self }
    }

    /// The same walk with another bound on the number of layers; 64 otherwise.
    #[must_use]
    pub fn with_max_layers(self, max: usize) -> Self {
        Self { left: max, ..self }
    }

    /// Each layer with its offset.
    pub fn located(mut self) -> impl Iterator<Item = Located<'a>> + use<'a, 'o> {
        core::iter::from_fn(move || self.next_located())
    }

    /// The next layer with its offset.
    pub fn next_located(&mut self) -> Option<Located<'a>> {
        if self.stop.is_some() {
            return None;
        }
        match self.step() {
            Ok(located) => Some(located),
            Err(stop) => {
                self.stop = Some(stop);
                None
            }
        }
    }

    /// Why the walk ended; `None` as long as it has not.
    pub fn stop(&self) -> Option<Stop> {
        self.stop
    }

    /// What no layer has taken: the payload of the last one.
    pub fn payload(&self) -> &'a [u8] {
        self.rest
    }

    /// The offset of [`payload`](Self::payload) from the packet's first byte.
    pub fn payload_offset(&self) -> usize {
        self.offset
    }

    /// What the last layer says of [`payload`](Self::payload).
    pub fn payload_kind(&self) -> Next {
        self.next
    }

    fn step(&mut self) -> Result<Located<'a>, Stop> {
        self.next = self.resolve_ports(self.next);
        let layer = match dispatch(self.next, self.rest) {
            Some(_) | None if self.left == 0 => return Err(Stop::DepthLimit),
            Some(Ok(layer)) => layer,
            Some(Err(error)) => return Err(Stop::from_error(error)),
            None => self.ask_hook()?,
        };
        let layer = self.note_missing(layer);
        let located = Located { layer, offset: self.offset, quoted: self.quoted };
        self.left -= 1;
        self.offset += layer.header_len();
        self.rest = layer.payload();
        self.next = layer.next();
        if let Some(error) = layer.defect() {
            self.stop = Some(Stop::Malformed(error));
        }
        if matches!(layer, Layer::Icmpv4(_) | Layer::Icmpv6(_)) {
            self.quoted = true;
        }
        Ok(located)
    }

    /// Takes from IP how many bytes of the packet are missing, and tells those layers that say no length of their own.
    fn note_missing(&mut self, layer: Layer<'a>) -> Layer<'a> {
        match layer {
            Layer::Ipv4(view) if view.total_len() == 0 => self.missing = self.cut.unwrap_or(0),
            Layer::Ipv4(_) | Layer::Ipv6(_) => {
                self.missing = layer.missing().min(self.cut.unwrap_or(usize::MAX));
                self.cut = self.cut.map(|cut| cut.min(layer.missing()));
            }
            Layer::Ipv6Fragment(view) => return Layer::Ipv6Fragment(view.with_missing(self.missing)),
            Layer::Tcp(view) => return Layer::Tcp(view.with_missing(self.missing)),
            Layer::UdpLite(view) => return Layer::UdpLite(view.with_missing(self.missing)),
            Layer::Icmpv4(view) => return Layer::Icmpv4(view.with_missing(self.missing)),
            Layer::Icmpv6(view) => return Layer::Icmpv6(view.with_missing(self.missing)),
            _ => (),
        }
        layer
    }

    fn resolve_ports(&self, next: Next) -> Next {
        let application = match next {
            Next::Udp { src_port, dst_port } => self.ports.udp(src_port, dst_port),
            Next::Tcp { src_port, dst_port } => self.ports.tcp(src_port, dst_port),
            _ => None,
        };
        application.map_or(next, Next::Application)
    }

    fn ask_hook(&self) -> Result<Layer<'a>, Stop> {
        match self.next {
            Next::Fragment(protocol) if self.rest.is_empty() => return Err(Stop::Fragment(protocol)),
            Next::End | Next::IpProtocol(IpProtocol::NO_NEXT_HEADER) => return Err(Stop::End),
            _ if self.rest.is_empty() => return Err(Stop::End),
            _ => (),
        }
        if let Some(custom) = self.hook.and_then(|hook| hook.dissect(self.next, self.rest)) {
            return Ok(Layer::Custom(custom));
        }
        Err(match self.next {
            Next::Fragment(protocol) => Stop::Fragment(protocol),
            Next::Tcp { .. } | Next::Udp { .. } => Stop::End,
            unknown => Stop::Unknown(unknown),
        })
    }
}

impl<'a> Iterator for Layers<'a, '_> {
    type Item = Layer<'a>;

    fn next(&mut self) -> Option<Layer<'a>> {
        self.next_located().map(|located| located.layer)
    }
}

impl core::fmt::Debug for Layers<'_, '_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Layers")
            .field("offset", &self.offset)
            .field("next", &self.next)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}

/// The layer that `next` names at the start of `bytes`; `None` where there is no dissector for it.
fn dispatch(next: Next, bytes: &[u8]) -> Option<Result<Layer<'_>, Error>> {
    Some(match next {
        Next::Link(LinkType::ETHERNET) => Ethernet::parse(bytes).map(Layer::Ethernet),
        Next::Link(LinkType::NULL) => Null::parse(bytes).map(Layer::Null),
        Next::Link(LinkType::LOOP) => Null::parse_loop(bytes).map(Layer::Null),
        Next::Link(LinkType::LINUX_SLL) => Sll::parse(bytes).map(Layer::Sll),
        Next::Link(LinkType::LINUX_SLL2) => Sll2::parse(bytes).map(Layer::Sll2),
        Next::Link(LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14) => match bytes.first()? >> 4 {
            6 => Ipv6::parse(bytes).map(Layer::Ipv6),
            4 => Ipv4::parse(bytes).map(Layer::Ipv4),
            _ => return None,
        },
        Next::Link(LinkType::IPV4) => ipv4(bytes),
        Next::Link(LinkType::IPV6) => Ipv6::parse(bytes).map(Layer::Ipv6),

        Next::EtherType(EtherType::IPV4) => ipv4(bytes),
        Next::EtherType(EtherType::IPV6) => Ipv6::parse(bytes).map(Layer::Ipv6),
        Next::EtherType(EtherType::ARP | EtherType::RARP) => Arp::parse(bytes).map(Layer::Arp),
        Next::EtherType(ether_type) if ether_type.is_vlan() => Vlan::parse(bytes).map(Layer::Vlan),
        Next::EtherType(EtherType::TRANSPARENT_ETHERNET_BRIDGING) => {
            Ethernet::parse(bytes).map(Layer::Ethernet)
        }
        Next::Llc
        | Next::Link(LinkType::ATM_RFC1483 | LinkType::ATM_RFC1483_11)
        | Next::EtherType(EtherType::JUMBO) => Llc::parse(bytes).map(Layer::Llc),

        Next::IpProtocol(protocol) => match protocol {
            IpProtocol::TCP => Tcp::parse(bytes).map(Layer::Tcp),
            IpProtocol::UDP => Udp::parse(bytes).map(Layer::Udp),
            IpProtocol::UDP_LITE => UdpLite::parse(bytes).map(Layer::UdpLite),
            IpProtocol::ICMP => Icmpv4::parse(bytes).map(Layer::Icmpv4),
            IpProtocol::ICMPV6 => Icmpv6::parse(bytes).map(Layer::Icmpv6),
            IpProtocol::IGMP => Igmp::parse(bytes).map(Layer::Igmp),
            IpProtocol::IPV4 => ipv4(bytes),
            IpProtocol::IPV6 => Ipv6::parse(bytes).map(Layer::Ipv6),
            IpProtocol::HOP_BY_HOP => Ipv6HopByHop::parse(bytes).map(Layer::Ipv6HopByHop),
            IpProtocol::ROUTING => Ipv6Routing::parse(bytes).map(Layer::Ipv6Routing),
            IpProtocol::FRAGMENT => Ipv6Fragment::parse(bytes).map(Layer::Ipv6Fragment),
            IpProtocol::DESTINATION_OPTIONS => {
                Ipv6DestinationOptions::parse(bytes).map(Layer::Ipv6DestinationOptions)
            }
            IpProtocol::MOBILITY => Mobility::parse(bytes).map(Layer::Mobility),
            IpProtocol::AH => Ah::parse(bytes).map(Layer::Ah),
            IpProtocol::ESP => Esp::parse(bytes).map(Layer::Esp),
            IpProtocol::ETHERNET => Ethernet::parse(bytes).map(Layer::Ethernet),
            _ => return None,
        },
        _ => return None,
    })
}

/// What a number announces as IPv4. Where the version says IPv6, it is believed: so does tcpdump.
fn ipv4(bytes: &[u8]) -> Result<Layer<'_>, Error> {
    match bytes.first().map(|byte| byte >> 4) {
        Some(6) => Ipv6::parse(bytes).map(Layer::Ipv6),
        _ => Ipv4::parse(bytes).map(Layer::Ipv4),
    }
}
