//! VXLAN.

use pycap_wire::{VxlanHeader, VxlanNextProtocol};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

/// The port of RFC 7348.
const PORT: u16 = 4789;

layer! {
    /// A VXLAN header (RFC 7348).
    pub struct Vxlan(VxlanHeader) = "vxlan";
    set {
        /// All flags, 8 bits; 0x08 says that there is a network identifier.
        "flags" flags, set_flags: u8;
        /// Network identifier, 24 bits.
        "vni" vni, set_vni: u32;
        /// Next protocol, of the generic protocol extension; its flag is 0x04.
        "next_protocol" next_protocol, set_next_protocol: VxlanNextProtocol;
        /// The last, reserved byte.
        "reserved_2" reserved_2, set_reserved_2: u8;
    }
    computed {}
    also {}
}

impl Vxlan {
    /// The header of a network.
    pub fn new(vni: u32) -> Self {
        let mut header = VxlanHeader::zeroed();
        header.set_vni_valid(true);
        header.set_vni(vni);
        Self::over(header)
    }
}

impl Default for Vxlan {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Layer for Vxlan {
    fn identity(&self) -> Identity {
        Identity::Port(PORT)
    }

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend_array(self.header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Ipv4, Udp};

    /// scapy: `UDP()/VXLAN(flags="Instance", vni=9319929)/Ether()`.
    #[test]
    fn a_network_inside_udp() {
        let packet =
            (Ipv4::default(), Udp::default(), Vxlan::new(9_319_929), Ethernet::default()).build().unwrap();
        assert_eq!(
            (&packet[22..24], &packet[28..37]),
            (&[0x12, 0xb5][..], &bytes("08000000 8e35f9 00 ff")[..])
        );
        assert_eq!(packet.len(), 20 + 8 + 8 + 14, "a frame that is not outermost is not padded");
    }

    /// tshark 4.0: instance and next protocol bits, IPv6, VNI 1.
    #[test]
    fn the_generic_protocol_extension() {
        let gpe = set("vxlan", &[("vni", "1"), ("flags", "0x0c"), ("next_protocol", "2")]);
        assert_eq!(gpe.build().unwrap(), bytes("0c000002 000001 00"));
    }
}
