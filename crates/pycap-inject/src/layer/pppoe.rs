//! PPP over Ethernet.

use pycap_wire::{EtherType, PppoeCode, PppoeHeader};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

layer! {
    /// A PPPoE header (RFC 2516).
    pub struct Pppoe(PppoeHeader) = "pppoe";
    set {
        /// Version: 1.
        "version" version, set_version: u8;
        /// Type: 1.
        "type" pppoe_type, set_pppoe_type: u8;
        /// Code: 0 carries a PPP frame, all others are of the discovery stage.
        "code" code, set_code: PppoeCode;
        /// Session identifier.
        "session" session_id, set_session_id: u16;
    }
    computed {
        /// Length of the payload in bytes.
        "len" len, set_len: u16, Lengths;
    }
    also {}
}

impl Pppoe {
    /// The header of a session's frame.
    pub fn session(session_id: u16) -> Self {
        let mut header = PppoeHeader::zeroed();
        header.set_version_type(0x11);
        header.set_session_id(session_id);
        Self::over(header)
    }
}

impl Default for Pppoe {
    fn default() -> Self {
        Self::session(0)
    }
}

impl Layer for Pppoe {
    fn identity(&self) -> Identity {
        Identity::EtherType(match self.header.code() {
            PppoeCode(0) => EtherType::PPPOE_SESSION,
            _ => EtherType::PPPOE_DISCOVERY,
        })
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::len) {
            let len = buf.payload_len();
            if len > 0xffff {
                return Err(BuildError::too_long(Self::NAME, "length field", len, 0xffff));
            }
            header.set_len(len as u16);
        }
        buf.prepend_array(header.as_array())
    }
}
