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

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Ipv4, Ppp};

    /// scapy: `Ether()/PPPoE(sessionid=32488)/PPP()/IP(...)`, with 103 bytes of IP.
    #[test]
    fn a_session() {
        let packet = (Ethernet::default(), Pppoe::session(32488), Ppp::new(), Ipv4::default(), [0; 83]);
        assert_eq!(packet.build().unwrap()[12..23], bytes("8864 11 00 7ee8 0069 0021 45"));
        let error = (Pppoe::session(1), vec![0; 0x10000]).build().unwrap_err();
        assert_eq!(error.to_string(), "pppoe: 65536 bytes, length field is 65535: 1 too many");
    }

    /// RFC 2516, appendix B: a PADI with an empty service name.
    #[test]
    fn a_discovery() {
        let padi = (Ethernet::default(), set("pppoe", &[("code", "padi")]), [1, 1, 0, 0]).build().unwrap();
        assert_eq!(padi[12..24], bytes("8863 11 09 0000 0004 0101 0000"));
    }
}
