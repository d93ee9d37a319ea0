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

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(inner.ppp_protocol().unwrap_or(PppProtocol(0xc021)));
        }
        buf.prepend_array(header.as_array())
    }
}
