//! GTP-U: the user plane of the GPRS tunnelling protocol, version 1.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-----+-+-+-+-+-+---------------+-------------------------------+
//! | ver |P|*|E|S|N|  message type |             length            |   (3GPP TS 29.281, 5.1)
//! +-----+-+-+-+-+-+---------------+-------------------------------+
//! |                   tunnel endpoint identifier                  |
//! +-------------------------------+---------------+---------------+
//! |        sequence number        |  N-PDU number |next extension |   with E, S or N: all of it, each valid with its bit
//! +-------------------------------+---------------+---------------+
//! ```

use crate::header::{header, number};

header! {
    /// The GTP-U header without its optional word: 8 bytes.
    pub struct GtpuHeader {
        /// Version (high three bits), protocol type, a spare bit, and the bits E, S and PN (low three).
        flags, set_flags: u8;
        /// Which message; the payload is a user's packet in [`G_PDU`](GtpuMessageType::G_PDU).
        message_type, set_message_type: GtpuMessageType;
        /// Length in bytes of all that follows these 8.
        len, set_len: u16;
        /// Tunnel endpoint identifier.
        teid, set_teid: u32;
    }
}

impl GtpuHeader {
    /// Version; 1.
    pub fn version(&self) -> u8 {
        self.flags() >> 5
    }

    /// PT: whether the protocol is GTP, not GTP' (charging).
    pub fn protocol_type(&self) -> bool {
        self.flags() & 0x10 != 0
    }

    /// E: whether the next extension header's type counts.
    pub fn extension_present(&self) -> bool {
        self.flags() & 0x04 != 0
    }

    /// S: whether the sequence number counts.
    pub fn sequence_present(&self) -> bool {
        self.flags() & 0x02 != 0
    }

    /// PN: whether the N-PDU number counts.
    pub fn npdu_present(&self) -> bool {
        self.flags() & 0x01 != 0
    }

    /// Whether a [`GtpuOptionalHeader`] follows: with any of the bits E, S and PN.
    pub fn optional_present(&self) -> bool {
        self.flags() & 0x07 != 0
    }

    /// Sets [`version`](Self::version); the value's low three bits count.
    pub fn set_version(&mut self, version: u8) {
        self.set_flags(self.flags() & 0x1f | version << 5);
    }

    /// Sets [`protocol_type`](Self::protocol_type).
    pub fn set_protocol_type(&mut self, gtp: bool) {
        self.set_flags(self.flags() & !0x10 | u8::from(gtp) << 4);
    }

    /// Sets [`extension_present`](Self::extension_present).
    pub fn set_extension_present(&mut self, present: bool) {
        self.set_flags(self.flags() & !0x04 | u8::from(present) << 2);
    }

    /// Sets [`sequence_present`](Self::sequence_present).
    pub fn set_sequence_present(&mut self, present: bool) {
        self.set_flags(self.flags() & !0x02 | u8::from(present) << 1);
    }

    /// Sets [`npdu_present`](Self::npdu_present).
    pub fn set_npdu_present(&mut self, present: bool) {
        self.set_flags(self.flags() & !0x01 | u8::from(present));
    }
}

header! {
    /// The optional word: 4 bytes, all there where one of the bits E, S and PN is set.
    pub struct GtpuOptionalHeader {
        /// Sequence number; counts with S.
        seq, set_seq: u16;
        /// N-PDU number; counts with PN.
        npdu, set_npdu: u8;
        /// Type of the extension header that follows; counts with E.
        next_extension, set_next_extension: GtpuExtensionType;
    }
}

number! {
    /// Which message a GTP-U packet is (3GPP TS 29.281, 6.1).
    pub struct GtpuMessageType(u8) {
        ECHO_REQUEST = 1, "Echo Request";
        ECHO_RESPONSE = 2, "Echo Response";
        ERROR_INDICATION = 26, "Error Indication";
        SUPPORTED_EXTENSION_HEADERS_NOTIFICATION = 31, "Supported Extension Headers Notification";
        TUNNEL_STATUS = 253, "Tunnel Status";
        END_MARKER = 254, "End Marker";
        G_PDU = 255, "G-PDU";
    }
}

number! {
    /// The type of a GTP-U extension header (3GPP TS 29.281, 5.2.1); with the highest bit set the endpoint must know it.
    pub struct GtpuExtensionType(u8) {
        NONE = 0x00, "No more extension headers";
        LONG_PDCP_PDU_NUMBER = 0x03, "Long PDCP PDU number";
        SERVICE_CLASS_INDICATOR = 0x20, "Service class indicator";
        UDP_PORT = 0x40, "UDP port";
        RAN_CONTAINER = 0x81, "RAN container";
        LONG_PDCP_PDU_NUMBER_REQUIRED = 0x82, "Long PDCP PDU number, to be understood";
        XW_RAN_CONTAINER = 0x83, "Xw RAN container";
        NR_RAN_CONTAINER = 0x84, "NR RAN container";
        PDU_SESSION_CONTAINER = 0x85, "PDU session container";
        PDCP_PDU_NUMBER = 0xc0, "PDCP PDU number";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_header() {
        // GTP_U_Header(gtp_type=255, length=33, teid=513535832), as scapy writes it.
        let mut header = GtpuHeader::zeroed();
        header.set_version(1);
        header.set_protocol_type(true);
        header.set_message_type(GtpuMessageType::G_PDU);
        header.set_len(33);
        header.set_teid(513_535_832);
        assert_eq!(header.as_bytes(), bytes("30ff 0021 1e9bef58"));
        assert_eq!((header.version(), header.protocol_type(), header.optional_present()), (1, true, false));
    }

    #[test]
    fn an_extension_header_follows() {
        // tshark 4.0: flags 0x34, G-PDU, length 8, TEID 0x00000001, next extension header PDU session container.
        let sample = bytes("34ff 0008 00000001 0000 00 85 01 0005 00");
        let (header, rest) = GtpuHeader::split(&sample).unwrap();
        let (optional, _) = GtpuOptionalHeader::split(rest).unwrap();
        assert!(header.extension_present() && !header.sequence_present() && !header.npdu_present());
        assert_eq!(usize::from(header.len()), rest.len());
        assert_eq!(optional.next_extension(), GtpuExtensionType::PDU_SESSION_CONTAINER);
    }

    #[test]
    fn bits_are_set_apart() {
        let mut header = GtpuHeader::zeroed();
        header.set_sequence_present(true);
        header.set_npdu_present(true);
        assert_eq!((header.flags(), header.optional_present()), (0x03, true));
        header.set_flags(0xff);
        header.set_version(0);
        header.set_protocol_type(false);
        header.set_extension_present(false);
        assert_eq!(header.flags(), 0x0b);
    }
}
