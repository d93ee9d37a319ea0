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

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend_array(self.header.as_array())
    }
}
