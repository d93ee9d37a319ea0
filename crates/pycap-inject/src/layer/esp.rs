//! An IP encapsulating security payload.

use pycap_wire::{EspHeader, IpProtocol};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IP encapsulating security payload (RFC 4303). What is inside is written as it is: nothing is encrypted.
    pub struct Esp(EspHeader) = "esp";
    set {
        /// Security parameters index.
        "spi" spi, set_spi: u32;
        /// Sequence number.
        "seq" seq, set_seq: u32;
    }
    computed {}
    also {}
}

impl Esp {
    /// A header; the encrypted part and the integrity check value are its payload.
    pub fn new(spi: u32, seq: u32) -> Self {
        Self::default().spi(spi).seq(seq)
    }
}

impl Default for Esp {
    fn default() -> Self {
        Self::over(EspHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Esp<'_> {
    type Builder = Esp;

    fn to_builder(&self) -> Esp {
        Esp::exactly(*self.header())
    }
}

impl Layer for Esp {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::ESP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend_array(self.header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Ipv4;
    use crate::layer::testing::{bytes, set};

    /// scapy: `IP(...)/ESP(spi=2687490721, seq=879521323, data=...)`, from the header on.
    #[test]
    fn a_header_before_opaque_bytes() {
        let esp = Esp::new(2_687_490_721, 879_521_323);
        let packet = (Ipv4::default(), esp.clone(), [0x64, 0xc4]).build().unwrap();
        assert_eq!((packet[9], &packet[20..]), (50, &bytes("a02fdaa1346c6e2b 64c4")[..]));
        assert_eq!(set("esp", &[("spi", "2687490721"), ("seq", "879521323")]), esp.into());
    }
}
