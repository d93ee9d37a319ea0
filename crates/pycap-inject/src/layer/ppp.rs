//! PPP.

use pycap_wire::{PppHeader, PppProtocol};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

layer! {
    /// The protocol field of a PPP frame (RFC 1661), uncompressed and without address and control.
    pub struct Ppp(PppHeader) = "ppp";
    set {}
    computed {
        /// Protocol of the payload. Where the payload is bytes that say nothing of themselves, 0xc021, which is link control.
        "proto" protocol, set_protocol: PppProtocol, Numbers;
    }
    also {}
}

impl Ppp {
    /// A frame whose protocol is that of the layer inside.
    pub fn new() -> Self {
        Self::over(PppHeader::zeroed())
    }
}

impl Default for Ppp {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Ppp {
    fn identity(&self) -> Identity {
        Identity::Ppp
    }

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(inner.ppp_protocol().unwrap_or(PppProtocol(0xc021)));
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::bytes;
    use crate::layer::{Ipv4, Ipv6, Mpls};

    #[test]
    fn the_protocol_is_that_of_the_payload() {
        assert_eq!((Ppp::new(), Ipv4::default()).build().unwrap()[..3], bytes("0021 45"));
        assert_eq!((Ppp::new(), Ipv6::default()).build().unwrap()[..3], bytes("0057 60"));
        assert_eq!((Ppp::new(), Mpls::new(1)).build().unwrap()[..2], bytes("0281"));
        assert_eq!((Ppp::new(), "x").build().unwrap(), bytes("c021 78"));
    }
}
