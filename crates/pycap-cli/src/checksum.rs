//! Whether the checksums of a packet's layers are right.

use std::net::IpAddr;

use pycap_wire::Layer;

/// Verifies layer after layer of one packet, outermost first.
#[derive(Default)]
pub(crate) struct Checksums {
    /// The addresses that the transport's checksum includes; none behind a fragment or a routing header, which make it
    /// unknown.
    addresses: Option<(IpAddr, IpAddr)>,
}

impl Checksums {
    /// Whether the layer's checksum is right; `None` where it has none, or not all of what it covers is there.
    pub(crate) fn verdict(&mut self, layer: &Layer<'_>) -> Option<bool> {
        match layer {
            Layer::Ipv4(ip) => {
                self.addresses = (!ip.is_fragment()).then_some((ip.src().into(), ip.dst().into()));
                return ip.checksum_ok();
            }
            Layer::Ipv6(ip) => {
                self.addresses = Some((ip.src().into(), ip.dst().into()));
                return None;
            }
            Layer::Ipv6Fragment(_) | Layer::Ipv6Routing(_) => self.addresses = None,
            _ => {}
        }
        let (src, dst) = self.addresses?;
        match layer {
            _ if layer.missing() > 0 => None,
            Layer::Tcp(tcp) => tcp.checksum_ok(src, dst),
            Layer::Udp(udp) => udp.checksum_ok(src, dst),
            Layer::UdpLite(udp_lite) => udp_lite.checksum_ok(src, dst),
            Layer::Icmpv4(icmp) => icmp.checksum_ok(),
            Layer::Icmpv6(icmp) => icmp.checksum_ok(src, dst),
            Layer::Igmp(igmp) => igmp.checksum_ok(),
            _ => None,
        }
    }
}
