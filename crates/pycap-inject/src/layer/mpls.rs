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

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::bottom_of_stack) {
            header.set_bottom_of_stack(inner != self.identity());
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Ipv4, Udp};

    /// scapy: `MPLS(label=475990, ttl=0)/MPLS(label=26020, cos=4, s=1, ttl=198)/IP()`.
    #[test]
    fn the_innermost_label_is_the_bottom() {
        let labels = (Mpls::new(475_990).ttl(0), Mpls::new(26020).traffic_class(4).ttl(198));
        let packet = (Ethernet::default(), labels, Ipv4::default()).build().unwrap();
        assert_eq!(packet[12..23], bytes("8847 74356000 065a49c6 45"));
        assert_eq!(set("mpls", &[("label", "1"), ("bos", "0")]).build().unwrap(), bytes("00001040"));
        assert_eq!((Ipv4::default(), Mpls::new(1)).build().unwrap()[9], 137);
        let error = (Ipv4::default(), Mpls::new(1), Udp::new(1, 2)).build().unwrap_err();
        assert_eq!(error.kind(), crate::BuildErrorKind::NoAddresses);
    }
}
