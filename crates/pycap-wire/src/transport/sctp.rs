//! SCTP: a common header, then chunks.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |        destination port       |   (RFC 9260, 3.1)
//! +-------------------------------+-------------------------------+
//! |                        verification tag                       |
//! +---------------------------------------------------------------+
//! |                 checksum (CRC32c, low byte first)             |
//! +---------------------------------------------------------------+
//!
//! +---------------+---------------+-------------------------------+
//! |   chunk type  |     flags     |             length            |   (RFC 9260, 3.2)
//! +---------------+---------------+-------------------------------+
//!
//! +---------------------------------------------------------------+
//! |                transmission sequence number                   |   (DATA: RFC 9260, 3.3.1)
//! +-------------------------------+-------------------------------+
//! |       stream identifier       |     stream sequence number    |
//! +-------------------------------+-------------------------------+
//! |                  payload protocol identifier                  |
//! +---------------------------------------------------------------+
//!
//! +---------------------------------------------------------------+
//! |                          initiate tag                         |   (INIT, INIT ACK: RFC 9260, 3.3.2, 3.3.3)
//! +---------------------------------------------------------------+
//! |               advertised receiver window credit               |
//! +-------------------------------+-------------------------------+
//! |        outbound streams       |        inbound streams        |
//! +-------------------------------+-------------------------------+
//! |             initial transmission sequence number              |
//! +---------------------------------------------------------------+
//!
//! +---------------------------------------------------------------+
//! |      cumulative transmission sequence number acknowledged     |   (SACK: RFC 9260, 3.3.4)
//! +---------------------------------------------------------------+
//! |               advertised receiver window credit               |
//! +-------------------------------+-------------------------------+
//! |           gap blocks          |           duplicates          |
//! +-------------------------------+-------------------------------+
//! ```
//!
//! A chunk's length counts its header, not the zero bytes that pad the chunk to a multiple of 4.

use crate::header::{header, number};

header! {
    /// The SCTP common header: 12 bytes.
    pub struct SctpHeader {
        /// Source port.
        src_port, set_src_port: u16;
        /// Destination port.
        dst_port, set_dst_port: u16;
        /// Verification tag; 0 in a packet with INIT.
        verification_tag, set_verification_tag: u32;
        /// Checksum as it stands on the wire, first byte highest: the CRC32c with its bytes turned around; see
        /// [`crc32c`](Self::crc32c).
        checksum, set_checksum: u32;
    }
}

impl SctpHeader {
    /// The checksum as a CRC32c over the packet with a checksum of 0: its low byte is the first on the wire (RFC 9260, appendix A).
    pub fn crc32c(&self) -> u32 {
        self.checksum().swap_bytes()
    }

    /// Sets [`crc32c`](Self::crc32c).
    pub fn set_crc32c(&mut self, crc: u32) {
        self.set_checksum(crc.swap_bytes());
    }
}

header! {
    /// The header of a chunk: 4 bytes.
    pub struct SctpChunkHeader {
        /// What the chunk is.
        chunk_type, set_chunk_type: SctpChunkType;
        /// Flags; their meaning depends on the type.
        flags, set_flags: u8;
        /// Length of header and value in bytes, without padding.
        len, set_len: u16;
    }
}

impl SctpChunkHeader {
    /// E: whether this is the last fragment of a user message (DATA, I-DATA).
    pub fn ending(&self) -> bool {
        self.bit(0x01)
    }

    /// B: whether this is the first fragment of a user message (DATA, I-DATA).
    pub fn beginning(&self) -> bool {
        self.bit(0x02)
    }

    /// U: whether the user message is delivered without order (DATA, I-DATA).
    pub fn unordered(&self) -> bool {
        self.bit(0x04)
    }

    /// I: whether the receiver should acknowledge at once (DATA, I-DATA).
    pub fn immediate(&self) -> bool {
        self.bit(0x08)
    }

    /// T: whether the verification tag is the peer's own, reflected (ABORT, SHUTDOWN COMPLETE).
    pub fn tag_reflected(&self) -> bool {
        self.bit(0x01)
    }

    /// Sets [`ending`](Self::ending).
    pub fn set_ending(&mut self, set: bool) {
        self.set_bit(0x01, set);
    }

    /// Sets [`beginning`](Self::beginning).
    pub fn set_beginning(&mut self, set: bool) {
        self.set_bit(0x02, set);
    }

    /// Sets [`unordered`](Self::unordered).
    pub fn set_unordered(&mut self, set: bool) {
        self.set_bit(0x04, set);
    }

    /// Sets [`immediate`](Self::immediate).
    pub fn set_immediate(&mut self, set: bool) {
        self.set_bit(0x08, set);
    }

    /// Sets [`tag_reflected`](Self::tag_reflected).
    pub fn set_tag_reflected(&mut self, set: bool) {
        self.set_bit(0x01, set);
    }

    fn bit(&self, mask: u8) -> bool {
        self.flags() & mask != 0
    }

    fn set_bit(&mut self, mask: u8, set: bool) {
        self.set_flags(self.flags() & !mask | if set { mask } else { 0 });
    }
}

header! {
    /// What stands between a DATA chunk's header and its user data: 12 bytes.
    pub struct SctpDataHeader {
        /// Transmission sequence number.
        tsn, set_tsn: u32;
        /// Stream identifier.
        stream_id, set_stream_id: u16;
        /// Stream sequence number.
        stream_seq, set_stream_seq: u16;
        /// What the user data is, as the applications agree.
        payload_protocol, set_payload_protocol: SctpPayloadProtocol;
    }
}

header! {
    /// The fixed part of an INIT or INIT ACK chunk after its header: 16 bytes.
    pub struct SctpInitHeader {
        /// Initiate tag: the verification tag of the packets to the sender; not 0.
        initiate_tag, set_initiate_tag: u32;
        /// Advertised receiver window credit in bytes.
        receiver_window, set_receiver_window: u32;
        /// Number of outbound streams; not 0.
        outbound_streams, set_outbound_streams: u16;
        /// Number of inbound streams allowed; not 0.
        inbound_streams, set_inbound_streams: u16;
        /// Initial transmission sequence number.
        initial_tsn, set_initial_tsn: u32;
    }
}

header! {
    /// The fixed part of a SACK chunk after its header: 12 bytes. Gap blocks (start and end as 16-bit offsets from
    /// [`cumulative_tsn`](Self::cumulative_tsn)) and duplicates (32-bit numbers) follow.
    pub struct SctpSackHeader {
        /// The last transmission sequence number before the first gap.
        cumulative_tsn, set_cumulative_tsn: u32;
        /// Advertised receiver window credit in bytes.
        receiver_window, set_receiver_window: u32;
        /// Number of gap blocks.
        gap_blocks, set_gap_blocks: u16;
        /// Number of duplicate transmission sequence numbers.
        duplicates, set_duplicates: u16;
    }
}

number! {
    /// What a chunk is (IANA "sctp-parameters"). The two high bits tell what is done with an unknown one: 0 stop, 1 stop and
    /// report, 2 skip, 3 skip and report.
    pub struct SctpChunkType(u8) {
        DATA = 0, "DATA";
        INIT = 1, "INIT";
        INIT_ACK = 2, "INIT ACK";
        SACK = 3, "SACK";
        HEARTBEAT = 4, "HEARTBEAT";
        HEARTBEAT_ACK = 5, "HEARTBEAT ACK";
        ABORT = 6, "ABORT";
        SHUTDOWN = 7, "SHUTDOWN";
        SHUTDOWN_ACK = 8, "SHUTDOWN ACK";
        ERROR = 9, "ERROR";
        COOKIE_ECHO = 10, "COOKIE ECHO";
        COOKIE_ACK = 11, "COOKIE ACK";
        ECNE = 12, "ECNE";
        CWR = 13, "CWR";
        SHUTDOWN_COMPLETE = 14, "SHUTDOWN COMPLETE";
        AUTH = 15, "AUTH";
        I_DATA = 64, "I-DATA";
        ASCONF_ACK = 128, "ASCONF-ACK";
        RE_CONFIG = 130, "RE-CONFIG";
        PAD = 132, "PAD";
        FORWARD_TSN = 192, "FORWARD TSN";
        ASCONF = 193, "ASCONF";
        I_FORWARD_TSN = 194, "I-FORWARD-TSN";
    }
}

number! {
    /// What user data is (IANA "sctp-parameters", payload protocol identifiers).
    pub struct SctpPayloadProtocol(u32) {
        UNSPECIFIED = 0, "unspecified";
        IUA = 1, "IUA";
        M2UA = 2, "M2UA";
        M3UA = 3, "M3UA";
        SUA = 4, "SUA";
        M2PA = 5, "M2PA";
        V5UA = 6, "V5UA";
        H248 = 7, "H.248";
        S1AP = 18, "S1AP";
        X2AP = 27, "X2AP";
        DIAMETER = 46, "Diameter";
        DIAMETER_DTLS = 47, "Diameter over DTLS";
        WEBRTC_DCEP = 50, "WebRTC DCEP";
        WEBRTC_STRING = 51, "WebRTC string";
        WEBRTC_BINARY = 53, "WebRTC binary";
        WEBRTC_STRING_EMPTY = 56, "WebRTC empty string";
        WEBRTC_BINARY_EMPTY = 57, "WebRTC empty binary";
        NGAP = 60, "NGAP";
        XNAP = 61, "XnAP";
        F1AP = 62, "F1AP";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    /// SCTP(sport=5267, dport=47755, tag=2169733769)/SCTPChunkData(beginning=1, ending=1, ...), as scapy writes it.
    const DATA: &str =
        "1493 ba8b 81538289 66624318 00 03 001a b09a7888 4320 fb17 0000002e e362f3abecb3ef74b115 0000";

    #[test]
    fn scapys_data() {
        let sample = bytes(DATA);
        let mut header = SctpHeader::zeroed();
        header.set_src_port(5267);
        header.set_dst_port(47755);
        header.set_verification_tag(2_169_733_769);
        header.set_checksum(1_717_715_736);
        assert_eq!(header.as_bytes(), &sample[..12]);
        let mut chunk = SctpChunkHeader::zeroed();
        chunk.set_beginning(true);
        chunk.set_ending(true);
        chunk.set_len(26);
        assert_eq!(chunk.as_bytes(), &sample[12..16]);
        let mut data = SctpDataHeader::zeroed();
        data.set_tsn(2_962_913_416);
        data.set_stream_id(17184);
        data.set_stream_seq(64279);
        data.set_payload_protocol(SctpPayloadProtocol::DIAMETER);
        assert_eq!(data.as_bytes(), &sample[16..28]);
    }

    #[test]
    fn the_checksum_is_a_crc32c_with_its_low_byte_first() {
        let mut sample = bytes(DATA);
        let crc = SctpHeader::split(&sample).unwrap().0.crc32c();
        SctpHeader::split_mut(&mut sample).unwrap().0.set_checksum(0);
        let bitwise = sample.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ ((crc & 1) * 0x82f6_3b78))
        });
        assert_eq!(crc, !bitwise);
        let mut header = SctpHeader::zeroed();
        header.set_crc32c(crc);
        assert_eq!(header.as_bytes()[8..], bytes(DATA)[8..12]);
    }

    #[test]
    fn flags_are_set_apart() {
        let mut chunk = SctpChunkHeader::zeroed();
        chunk.set_chunk_type(SctpChunkType::ABORT);
        chunk.set_tag_reflected(true);
        assert_eq!((chunk.as_bytes(), chunk.tag_reflected()), (&bytes("06 01 0000")[..], true));
        chunk.set_flags(0xff);
        chunk.set_unordered(false);
        chunk.set_immediate(false);
        assert_eq!((chunk.flags(), chunk.beginning(), chunk.ending()), (0xf3, true, true));
    }

    #[test]
    fn fixed_parts() {
        // tshark 4.0: INIT, tag 0x0a0b0c0d, credit 131072, 10 outbound and 2048 inbound streams, initial TSN 7;
        // SACK up to 6, credit 4096, 1 gap block, 2 duplicates.
        let mut init = SctpInitHeader::zeroed();
        init.set_initiate_tag(0x0a0b_0c0d);
        init.set_receiver_window(131_072);
        init.set_outbound_streams(10);
        init.set_inbound_streams(2048);
        init.set_initial_tsn(7);
        assert_eq!(init.as_bytes(), bytes("0a0b0c0d 00020000 000a 0800 00000007"));
        let mut sack = SctpSackHeader::zeroed();
        sack.set_cumulative_tsn(6);
        sack.set_receiver_window(4096);
        sack.set_gap_blocks(1);
        sack.set_duplicates(2);
        assert_eq!(sack.as_bytes(), bytes("00000006 00001000 0001 0002"));
    }
}
