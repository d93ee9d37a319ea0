//! A UDP-Lite datagram.

use pycap_wire::{IpProtocol, UdpLiteHeader, checksum};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A UDP-Lite datagram (RFC 3828).
    pub struct UdpLite(UdpLiteHeader) = "udplite";
    set {
        /// Source port.
        "sport" src_port, set_src_port: u16;
        /// How many bytes from the header's first the checksum covers: 0, all of them.
        "cov" coverage, set_coverage: u16;
    }
    computed {
        /// Destination port: that of the application inside, where it has one.
        "dport" dst_port, set_dst_port: u16, Numbers;
        /// Checksum of the pseudo-header, header and the covered part of the payload.
        "checksum" checksum, set_checksum: u16, Checksums;
    }
    also {}
}

impl UdpLite {
    /// A datagram from port `src` to port `dst`, of which the checksum covers all.
    pub fn new(src: u16, dst: u16) -> Self {
        Self::default().src_port(src).dst_port(dst)
    }
}

/// From port 0 to that of the application inside.
impl Default for UdpLite {
    fn default() -> Self {
        Self::over(UdpLiteHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::UdpLite<'_> {
    type Builder = UdpLite;

    fn to_builder(&self) -> UdpLite {
        UdpLite::exactly(*self.header())
    }
}

impl Layer for UdpLite {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::UDP_LITE)
    }

    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let payload = buf.payload();
        if let (false, Some(port)) = (self.is_exact(Mark::dst_port), inner.port()) {
            header.set_dst_port(port);
        }
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            // A coverage that does not reach over the header, or beyond the end, is a wrong one: the header is covered, or all.
            let covered = match usize::from(header.coverage()) {
                0 => payload,
                coverage => payload.get(..coverage.saturating_sub(UdpLiteHeader::LEN)).unwrap_or(payload),
            };
            let sum = outer.pseudo(Self::NAME, IpProtocol::UDP_LITE, UdpLiteHeader::LEN + payload.len())?
                + checksum::sum(header.as_bytes())
                + checksum::sum(covered);
            // RFC 3828, 3.1: a checksum of 0 is sent as all ones.
            header.set_checksum(match !checksum::fold(sum) {
                0 => 0xffff,
                checksum => checksum,
            });
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{rewritten, set};
    use crate::layer::{Ipv4, Ipv6};
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{LinkType, Packet};

    fn verdict(packet: &[u8]) -> Option<bool> {
        let mut verifier = Verifier::default();
        Packet::parse(LinkType::RAW, packet).layers().map(|layer| verifier.verify(&layer)).last().unwrap()
    }

    #[test]
    fn the_checksum_covers_what_it_says() {
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]);
        for coverage in [0, 8, 9, 12, 13] {
            let packet = (&ip, UdpLite::new(1, 2).coverage(coverage), "hello").build().unwrap();
            assert_eq!((packet[9], verdict(&packet)), (136, Some(true)));
            assert_eq!(rewritten(LinkType::RAW, &packet), packet);
            let packet = (Ipv6::default(), UdpLite::new(1, 2).coverage(coverage), "hello").build().unwrap();
            assert_eq!(verdict(&packet), Some(true));
        }
        // Only the header is covered, so other bytes of the payload do not change the checksum.
        let of =
            |payload: &[u8]| (&ip, UdpLite::new(1, 2).coverage(8), payload).build().unwrap()[26..28].to_vec();
        assert_eq!(of(b"hello"), of(b"world"));
        for wrong in [3, 14] {
            assert!((&ip, UdpLite::new(1, 2).coverage(wrong), "hello").build().is_ok());
        }
        let named = set("udplite", &[("sport", "1"), ("dport", "2"), ("cov", "8")]);
        assert_eq!(
            (&ip, named, "hello").build().unwrap(),
            (&ip, UdpLite::new(1, 2).coverage(8), "hello").build().unwrap()
        );
    }
}
