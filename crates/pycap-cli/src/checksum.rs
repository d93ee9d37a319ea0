//! Whether the checksums of a packet's layers are right.

use std::net::IpAddr;

use pycap_wire::{IpProtocol, Layer, checksum};

/// Verifies layer after layer of one packet, outermost first.
#[derive(Default)]
pub(crate) struct Checksums {
    /// The addresses that the transport's checksum includes; none where a fragment or a routing header makes it unknown.
    addresses: Option<(IpAddr, IpAddr)>,
}

impl Checksums {
    /// Whether the layer's checksum is right; `None` where it has none, or not all of what it covers is there.
    pub(crate) fn verdict(&mut self, layer: &Layer<'_>) -> Option<bool> {
        match layer {
            Layer::Ipv4(ip) => {
                self.addresses = (!ip.is_fragment()).then_some((ip.src().into(), ip.dst().into()));
                ip.checksum_ok()
            }
            Layer::Ipv6(ip) => {
                self.addresses = Some((ip.src().into(), ip.dst().into()));
                None
            }
            Layer::Ipv6Fragment(_) | Layer::Ipv6Routing(_) => {
                self.addresses = None;
                None
            }
            Layer::Icmpv4(icmp) if self.addresses.is_some() => icmp.checksum_ok(),
            Layer::Igmp(igmp) if self.addresses.is_some() => igmp.checksum_ok(),
            Layer::Icmpv6(icmp) => match self.addresses? {
                (IpAddr::V6(src), IpAddr::V6(dst)) => icmp.checksum_ok(src, dst),
                _ => None,
            },
            Layer::Tcp(tcp) if tcp.missing() == 0 => {
                self.with_pseudo_header(IpProtocol::TCP, &[tcp.header().as_bytes(), tcp.options_bytes(), tcp.payload()])
            }
            // 0 says that the sender computed none (RFC 768).
            Layer::Udp(udp) if udp.missing() == 0 && udp.checksum() != 0 => {
                self.with_pseudo_header(IpProtocol::UDP, &[udp.header().as_bytes(), udp.payload()])
            }
            _ => None,
        }
    }

    fn with_pseudo_header(&self, protocol: IpProtocol, pieces: &[&[u8]]) -> Option<bool> {
        let (src, dst) = self.addresses?;
        let len = pieces.iter().map(|piece| piece.len()).sum();
        let pseudo = checksum::pseudo(src, dst, protocol, len)?;
        let sum = pieces.iter().map(|piece| checksum::sum(piece)).sum::<u64>() + pseudo;
        Some(checksum::fold(sum) == 0xffff)
    }
}
