//! The layers that are dissected here: their kinds, their names, and one enum over their views.

use core::fmt;

use crate::*;

/// Declares [`LayerKind`] and [`Layer`]: a new protocol adds one line here and one arm in `walk::dispatch`.
macro_rules! layers {
    ($($(#[$meta:meta])* $Kind:ident($View:ty) = $name:literal;)*) => {
        /// Which protocol a layer is of.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LayerKind {
            $($(#[$meta])* $Kind,)*
        }

        impl LayerKind {
            /// The short lower-case name, as in `--json`: `eth`, `ip`, `tcp`.
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$Kind => $name,)*
                }
            }
        }

        /// One dissected layer: a view into the packet's bytes.
        #[derive(Debug, Clone, Copy)]
        #[non_exhaustive]
        pub enum Layer<'a> {
            $($(#[$meta])* $Kind($View),)*
        }

        impl<'a> Layer<'a> {
            /// Which protocol the layer is of.
            pub fn kind(&self) -> LayerKind {
                match self {
                    $(Self::$Kind(_) => LayerKind::$Kind,)*
                }
            }

            /// The layer's length in bytes without its payload, as far as captured.
            pub fn header_len(&self) -> usize {
                match self {
                    $(Self::$Kind(view) => view.header_len(),)*
                }
            }

            /// What the layer carries.
            pub fn payload(&self) -> &'a [u8] {
                match self {
                    $(Self::$Kind(view) => view.payload(),)*
                }
            }

            /// What the layer says of its payload.
            pub fn next(&self) -> Next {
                match self {
                    $(Self::$Kind(view) => view.next(),)*
                }
            }

            /// How many bytes the layer's header promises beyond the captured ones.
            pub fn missing(&self) -> usize {
                match self {
                    $(Self::$Kind(view) => view.missing(),)*
                }
            }

            /// What makes the layer's header contradict itself; dissection stops there.
            pub fn defect(&self) -> Option<Error> {
                match self {
                    $(Self::$Kind(view) => view.defect(),)*
                }
            }

            /// Calls `visit` for each field of the layer, in the order of the header.
            pub fn fields(&self, visit: Visit<'_, 'a>) {
                match self {
                    $(Self::$Kind(view) => view.fields(visit),)*
                }
            }

            /// The layer's part of the line that tcpdump users read.
            pub fn summary(&self) -> impl fmt::Display + 'a {
                let layer = *self;
                display::from_fn(move |f| match layer {
                    $(Self::$Kind(view) => write!(f, "{}", view.summary()),)*
                })
            }
        }

        /// The form of the original pycap: `TCP(57579 -> 5190, seq=0xc1600e16, ack=0xf481e20e, flags=(push, ack))`.
        impl fmt::Display for Layer<'_> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$Kind(view) => fmt::Display::fmt(view, f),)*
                }
            }
        }
    };
}

layers! {
    /// Ethernet II or 802.3.
    Ethernet(Ethernet<'a>) = "eth";
    /// IEEE 802.2 LLC, with SNAP.
    Llc(Llc<'a>) = "llc";
    /// An 802.1Q or 802.1ad tag.
    Vlan(Vlan<'a>) = "vlan";
    /// BSD NULL or LOOP.
    Null(Null<'a>) = "null";
    /// Linux cooked capture.
    Sll(Sll<'a>) = "sll";
    /// Linux cooked capture v2.
    Sll2(Sll2<'a>) = "sll2";
    /// ARP or RARP.
    Arp(Arp<'a>) = "arp";
    /// IPv4.
    Ipv4(Ipv4<'a>) = "ip";
    /// IPv6.
    Ipv6(Ipv6<'a>) = "ipv6";
    /// IPv6 hop-by-hop options.
    Ipv6HopByHop(Ipv6HopByHop<'a>) = "ipv6_hopopts";
    /// IPv6 routing header.
    Ipv6Routing(Ipv6Routing<'a>) = "ipv6_routing";
    /// IPv6 fragment header.
    Ipv6Fragment(Ipv6Fragment<'a>) = "ipv6_frag";
    /// IPv6 destination options.
    Ipv6DestinationOptions(Ipv6DestinationOptions<'a>) = "ipv6_dstopts";
    /// IPv6 mobility header.
    Mobility(Mobility<'a>) = "mobility";
    /// IP authentication header.
    Ah(Ah<'a>) = "ah";
    /// IP encapsulating security payload.
    Esp(Esp<'a>) = "esp";
    /// ICMP for IPv4.
    Icmpv4(Icmpv4<'a>) = "icmp";
    /// ICMP for IPv6.
    Icmpv6(Icmpv6<'a>) = "icmpv6";
    /// IGMP.
    Igmp(Igmp<'a>) = "igmp";
    /// TCP.
    Tcp(Tcp<'a>) = "tcp";
    /// UDP.
    Udp(Udp<'a>) = "udp";
    /// UDP-Lite.
    UdpLite(UdpLite<'a>) = "udplite";
    /// A layer that a [`Hook`] dissected.
    Custom(Custom<'a>) = "custom";
}

impl Layer<'_> {
    /// The short lower-case name: that of the kind, or a custom layer's own.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Custom(custom) => custom.name,
            other => other.kind().name(),
        }
    }
}

impl LayerKind {
    /// Whether it is an extension header of IPv6, AH among them.
    pub(crate) fn is_ipv6_extension(self) -> bool {
        matches!(
            self,
            Self::Ipv6HopByHop
                | Self::Ipv6Routing
                | Self::Ipv6Fragment
                | Self::Ipv6DestinationOptions
                | Self::Mobility
                | Self::Ah
        )
    }

    /// Whether [`Packet::transport`] has such a layer.
    pub fn is_transport(self) -> bool {
        matches!(
            self,
            Self::Tcp | Self::Udp | Self::UdpLite | Self::Icmpv4 | Self::Icmpv6 | Self::Igmp | Self::Esp
        )
    }
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
