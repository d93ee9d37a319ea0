//! PPP over Ethernet.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------+-------+---------------+-------------------------------+
//! |version|  type |      code     |           session id          |   (RFC 2516, 4)
//! +-------+-------+---------------+-------------------------------+
//! |             length            |  payload
//! +-------------------------------+
//! ```
//!
//! The payload is PPP in a session, tags (16 bits of type, 16 of length, value) in discovery.

use crate::header::{header, number};

header! {
    /// The PPPoE header: 6 bytes.
    pub struct PppoeHeader {
        /// Version (high four bits) and type (low four); 0x11.
        version_type, set_version_type: u8;
        /// Which packet of discovery; 0 in a session.
        code, set_code: PppoeCode;
        /// Session identifier; 0 while there is none.
        session_id, set_session_id: u16;
        /// Length of the payload in bytes.
        len, set_len: u16;
    }
}

impl PppoeHeader {
    /// Version; 1.
    pub fn version(&self) -> u8 {
        self.version_type() >> 4
    }

    /// Type; 1. The kind of packet is the [`code`](Self::code).
    pub fn pppoe_type(&self) -> u8 {
        self.version_type() & 0x0f
    }

    /// Sets [`version`](Self::version); the value's low four bits count.
    pub fn set_version(&mut self, version: u8) {
        self.set_version_type(self.version_type() & 0x0f | version << 4);
    }

    /// Sets [`pppoe_type`](Self::pppoe_type); the value's low four bits count.
    pub fn set_pppoe_type(&mut self, pppoe_type: u8) {
        self.set_version_type(self.version_type() & 0xf0 | pppoe_type & 0x0f);
    }
}

number! {
    /// What a PPPoE packet is for (RFC 2516, 5; RFC 5578).
    pub struct PppoeCode(u8) {
        SESSION_DATA = 0x00, "Session data";
        PADO = 0x07, "PADO";
        PADI = 0x09, "PADI";
        PADG = 0x0a, "PADG";
        PADC = 0x0b, "PADC";
        PADQ = 0x0c, "PADQ";
        PADR = 0x19, "PADR";
        PADS = 0x65, "PADS";
        PADT = 0xa7, "PADT";
        PADM = 0xd3, "PADM";
        PADN = 0xd4, "PADN";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_header() {
        // PPPoE(version=1, type=1, code=0, sessionid=32488, len=105), as scapy writes it.
        let mut header = PppoeHeader::zeroed();
        header.set_version(1);
        header.set_pppoe_type(1);
        header.set_session_id(32488);
        header.set_len(105);
        assert_eq!(header.as_bytes(), bytes("11 00 7ee8 0069"));
        assert_eq!((header.version(), header.pppoe_type()), (1, 1));
    }

    #[test]
    fn rfc_2516s_padi() {
        // Appendix B: a PADI with an empty service name.
        let sample = bytes("11 09 0000 0004 0101 0000");
        let (header, rest) = PppoeHeader::split(&sample).unwrap();
        assert_eq!((header.code(), usize::from(header.len())), (PppoeCode::PADI, rest.len()));
    }
}
