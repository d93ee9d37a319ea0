//! An IPv6 packet.

use std::net::Ipv6Addr;

use pycap_wire::{IpProtocol, Ipv6Header, Ipv6HopByHop};

use super::declare::layer;
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 packet (RFC 8200); extension headers are layers of their own.
    pub struct Ipv6(Ipv6Header) = "ipv6";
    set {
        /// Version: 6.
        "version" version, set_version: u8;
        /// Traffic class: DSCP (high six bits) and ECN (low two).
        "tclass" traffic_class, set_traffic_class: u8;
        /// Differentiated services code point, 6 bits (RFC 2474).
        "dscp" dscp, set_dscp: u8;
        /// Explicit congestion notification, 2 bits (RFC 3168).
        "ecn" ecn, set_ecn: u8;
        /// Flow label, 20 bits.
        "flow" flow_label, set_flow_label: u32;
        /// Hop limit: 64.
        "hlim" hop_limit, set_hop_limit: u8;
        /// Source address.
        "src" src, set_src: Ipv6Addr;
        /// Destination address.
        "dst" dst, set_dst: Ipv6Addr;
    }
    computed {
        /// Length of what follows the header in bytes; 0 where it is more than 65535 and a jumbo payload option says so (RFC 2675).
        "plen" payload_len, set_payload_len: u16, Lengths;
        /// What follows. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
        "nxt" next_header, set_next_header: IpProtocol, Numbers;
    }
    also {}
}

impl Ipv6 {
    /// A packet from `src` to `dst`.
    #[inline(always)]
    pub fn new(src: impl Into<Ipv6Addr>, dst: impl Into<Ipv6Addr>) -> Self {
        let mut header = Ipv6Header::zeroed();
        header.set_version(6);
        header.set_hop_limit(64);
        header.set_src(src.into());
        header.set_dst(dst.into());
        Self::over(header)
    }
}

impl Default for Ipv6 {
    fn default() -> Self {
        Self::new(Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED)
    }
}

impl ToBuilder for pycap_wire::Ipv6<'_> {
    type Builder = Ipv6;

    fn to_builder(&self) -> Ipv6 {
        Ipv6::exactly(*self.header())
    }
}

impl Layer for Ipv6 {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::Ipv6
    }

    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::ipv6(self.header.src(), self.header.dst())
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::payload_len) {
            let len = buf.payload().len();
            header.set_payload_len(if len <= 0xffff { len as u16 } else { jumbo_len(inner, buf)? });
        }
        if !self.is_exact(Mark::next_header) {
            header.set_next_header(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        buf.prepend_array(header.as_array())
    }
}

/// The payload length of a jumbogram: 0, where a hop-by-hop option has the length (RFC 2675, 3).
#[cold]
fn jumbo_len(inner: Identity, buf: &PacketBuf) -> Result<u16, BuildError> {
    if inner == Identity::IpProtocol(IpProtocol::HOP_BY_HOP)
        && let Ok(header) = Ipv6HopByHop::parse(buf.payload())
        && header.options().jumbo_payload().is_some()
    {
        return Ok(0);
    }
    Err(BuildError::too_long(
        Ipv6::NAME,
        "payload length without a jumbo option",
        buf.payload().len(),
        0xffff,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Esp, Ipv6HopByHop, Udp};
    use pycap_wire::{Ipv6Option, LinkType};

    /// scapy: `IPv6(tc=85, fl=303358, hlim=84, ...)/ESP(spi=2687490721, seq=879521323, data=...)`.
    #[test]
    fn a_packet_of_scapy() {
        let expected = bytes(
            "6554a0fe001f3254 06b66ef7d0f98f185d39c76451b724d4 470ce3c140de43b500e802b86b3d6e53 \
             a02fdaa1346c6e2b 64c4980bb8d4544a8721a99a01ad219eb59cf6a15ef6f1",
        );
        let ip = set(
            "ipv6",
            &[
                ("tclass", "85"),
                ("flow", "303358"),
                ("hlim", "84"),
                ("src", "6b6:6ef7:d0f9:8f18:5d39:c764:51b7:24d4"),
                ("dst", "470c:e3c1:40de:43b5:e8:2b8:6b3d:6e53"),
            ],
        );
        let packet = (ip, Esp::new(2_687_490_721, 879_521_323), &expected[48..]).build().unwrap();
        assert_eq!(packet, expected);
        assert_eq!(rewritten(LinkType::RAW, &packet), packet);
    }

    #[test]
    fn a_jumbogram_needs_its_option() {
        let payload = vec![0; 70_000];
        let udp = Udp::new(1, 2).len(0);
        let error = (Ipv6::default(), &udp, &payload).build().unwrap_err();
        assert_eq!(
            error.to_string(),
            "ipv6: 70008 bytes, payload length without a jumbo option is 65535: 4473 too many"
        );
        let jumbo = Ipv6HopByHop::default().option(Ipv6Option::JumboPayload(70_016));
        let packet = (Ipv6::default(), jumbo, udp, payload).build().unwrap();
        assert_eq!(packet[4..8], bytes("0000 00 40"));
        assert_eq!(packet[40..48], bytes("11 00 c204 00011180"));
        let parsed = pycap_wire::Packet::parse(LinkType::RAW, &packet);
        assert_eq!(parsed.checksum_ok(), Some(true));
    }
}
