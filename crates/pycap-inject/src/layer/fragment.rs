//! An IPv6 fragment header.

use pycap_wire::{IpProtocol, Ipv6FragmentHeader};

use super::declare::layer;
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 fragment header (RFC 8200, 4.5).
    pub struct Ipv6Fragment(Ipv6FragmentHeader) = "ipv6_frag";
    set {
        /// Reserved.
        "reserved" reserved, set_reserved: u8;
        /// Where the payload stands in the whole fragmentable part, in units of 8 bytes.
        "offset" fragment_offset_units, set_fragment_offset_units: u16;
        /// The two reserved bits between offset and flag.
        "reserved_bits" reserved_bits, set_reserved_bits: u8;
        /// Whether more fragments of the same packet follow.
        "more" more_fragments, set_more_fragments: bool;
        /// Identification, shared by the fragments of one packet.
        "id" id, set_id: u32;
    }
    computed {
        /// What the whole fragmentable part starts with: the payload. Where it is bytes that say nothing of themselves, 253, which
        /// is for experiments (RFC 3692).
        "nxt" next_header, set_next_header: IpProtocol, Numbers;
    }
    also {}
}

impl Ipv6Fragment {
    /// The header of a packet in one piece.
    pub fn new(id: u32) -> Self {
        Self::default().id(id)
    }

    /// Where the payload stands in the whole fragmentable part, in bytes, a multiple of 8.
    #[must_use]
    pub fn fragment_offset(mut self, bytes: u16) -> Self {
        self.header.set_fragment_offset(bytes);
        self
    }
}

impl Default for Ipv6Fragment {
    fn default() -> Self {
        Self::over(Ipv6FragmentHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Ipv6Fragment<'_> {
    type Builder = Ipv6Fragment;

    fn to_builder(&self) -> Ipv6Fragment {
        Ipv6Fragment::exactly(*self.header())
    }
}

impl Layer for Ipv6Fragment {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::FRAGMENT)
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::next_header) {
            header.set_next_header(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Udp;
    use crate::layer::testing::{bytes, set};

    /// scapy: `IPv6ExtHdrFragment(nh=59, offset=0, m=0, id=3306513195)`, and a later piece.
    #[test]
    fn pieces() {
        assert_eq!(Ipv6Fragment::new(3_306_513_195).build().unwrap(), bytes("3b 00 0000 c515632b"));
        let piece = Ipv6Fragment::new(1).fragment_offset(1448).more_fragments(true);
        assert_eq!((&piece, Udp::new(1, 2).checksum(0)).build().unwrap()[..8], bytes("11 00 05a9 00000001"));
        let named = set(
            "ipv6_frag",
            &[("offset", "181"), ("more", "1"), ("id", "1"), ("nxt", "udp"), ("reserved_bits", "3")],
        );
        assert_eq!(named.build().unwrap(), bytes("11 00 05af 00000001"));
    }
}
