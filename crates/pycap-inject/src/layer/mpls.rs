//! An MPLS label.

use pycap_wire::{EtherType, MplsHeader};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

layer! {
    /// An MPLS label stack entry (RFC 3032, RFC 5462).
    pub struct Mpls(MplsHeader) = "mpls";
    set {
        /// Label, 20 bits.
        "label" label, set_label: u32;
        /// Traffic class, 3 bits.
        "tc" traffic_class, set_traffic_class: u8;
        /// Time to live: 64.
        "ttl" ttl, set_ttl: u8;
    }
    computed {
        /// Bottom of stack: set where no other label is inside.
        "bos" bottom_of_stack, set_bottom_of_stack: bool, Numbers;
    }
    also {}
}

impl Mpls {
    /// The entry of a label.
    pub fn new(label: u32) -> Self {
        Self::over(MplsHeader::zeroed()).label(label).ttl(64)
    }
}

impl Default for Mpls {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Layer for Mpls {
    fn identity(&self) -> Identity {
        Identity::EtherType(EtherType::MPLS_UNICAST)
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::bottom_of_stack) {
            header.set_bottom_of_stack(inner != self.identity());
        }
        buf.prepend_array(header.as_array())
    }
}
