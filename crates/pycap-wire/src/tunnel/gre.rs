//! GRE, and its version 1 as PPTP uses it.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-+-+-+-+-+-----+---------+-----+-------------------------------+
//! |C|R|K|S|s|recur|  flags  | ver |         protocol type         |   (RFC 1701; RFC 2784, 2.1; RFC 2890, 2)
//! +-+-+-+-+-+-----+---------+-----+-------------------------------+
//! |      checksum, with C or R    |       offset, with C or R     |
//! +-------------------------------+-------------------------------+
//! |                         key, with K                           |
//! +---------------------------------------------------------------+
//! |                    sequence number, with S                    |
//! +---------------------------------------------------------------+
//! |                      routing, with R                          |
//! +---------------------------------------------------------------+
//! ```
//!
//! In version 1 (RFC 2637, 4.1) the highest of the flags is A, the key is payload length and call identifier (16 bits each),
//! and an acknowledgment number follows the sequence number where A is set. Each optional word is 32 bits.

use crate::EtherType;
use crate::header::header;

header! {
    /// The GRE header without its optional words: 4 bytes.
    pub struct GreHeader {
        /// Which optional words follow, recursion control, flags, version (lowest three bits).
        flags_version, set_flags_version: u16;
        /// What the payload is; PPP (0x880b) in version 1.
        protocol_type, set_protocol_type: EtherType;
    }
}

impl GreHeader {
    /// C: the word of checksum and offset follows, and the checksum counts.
    pub fn checksum_present(&self) -> bool {
        self.bit(0x8000)
    }

    /// R: the word of checksum and offset follows, and the offset and routing count (RFC 1701; gone from RFC 2784).
    pub fn routing_present(&self) -> bool {
        self.bit(0x4000)
    }

    /// K: the key follows.
    pub fn key_present(&self) -> bool {
        self.bit(0x2000)
    }

    /// S: the sequence number follows.
    pub fn sequence_present(&self) -> bool {
        self.bit(0x1000)
    }

    /// s: all of the routing is strict source routes (RFC 1701).
    pub fn strict_source_route(&self) -> bool {
        self.bit(0x0800)
    }

    /// A: the acknowledgment number follows; in version 1 only (RFC 2637).
    pub fn ack_present(&self) -> bool {
        self.bit(0x0080)
    }

    /// Recursion control: how many more encapsulations are allowed, 0 to 7 (RFC 1701).
    pub fn recursion(&self) -> u8 {
        (self.flags_version() >> 8 & 7) as u8
    }

    /// Version: 0, or 1 in PPTP.
    pub fn version(&self) -> u8 {
        (self.flags_version() & 7) as u8
    }

    /// The header's length in bytes with the optional words that its bits announce, without routing: 4 to 16, or 20 in version 1.
    pub fn header_len(&self) -> usize {
        let words = [
            self.checksum_present() || self.routing_present(),
            self.key_present(),
            self.sequence_present(),
            self.ack_present() && self.version() == 1,
        ];
        Self::LEN + 4 * words.into_iter().filter(|present| *present).count()
    }

    /// Sets [`checksum_present`](Self::checksum_present).
    pub fn set_checksum_present(&mut self, set: bool) {
        self.set_bit(0x8000, set);
    }

    /// Sets [`routing_present`](Self::routing_present).
    pub fn set_routing_present(&mut self, set: bool) {
        self.set_bit(0x4000, set);
    }

    /// Sets [`key_present`](Self::key_present).
    pub fn set_key_present(&mut self, set: bool) {
        self.set_bit(0x2000, set);
    }

    /// Sets [`sequence_present`](Self::sequence_present).
    pub fn set_sequence_present(&mut self, set: bool) {
        self.set_bit(0x1000, set);
    }

    /// Sets [`strict_source_route`](Self::strict_source_route).
    pub fn set_strict_source_route(&mut self, set: bool) {
        self.set_bit(0x0800, set);
    }

    /// Sets [`ack_present`](Self::ack_present).
    pub fn set_ack_present(&mut self, set: bool) {
        self.set_bit(0x0080, set);
    }

    /// Sets [`recursion`](Self::recursion); the value's low three bits count.
    pub fn set_recursion(&mut self, recursion: u8) {
        self.set_flags_version(self.flags_version() & 0xf8ff | u16::from(recursion & 7) << 8);
    }

    /// Sets [`version`](Self::version); the value's low three bits count.
    pub fn set_version(&mut self, version: u8) {
        self.set_flags_version(self.flags_version() & 0xfff8 | u16::from(version & 7));
    }

    fn bit(&self, mask: u16) -> bool {
        self.flags_version() & mask != 0
    }

    fn set_bit(&mut self, mask: u16, set: bool) {
        self.set_flags_version(self.flags_version() & !mask | if set { mask } else { 0 });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn bits_are_set_apart() {
        let mut header = GreHeader::zeroed();
        header.set_key_present(true);
        header.set_sequence_present(true);
        header.set_protocol_type(EtherType::IPV6);
        assert_eq!(header.as_bytes(), bytes("3000 86dd"));
        assert_eq!((header.header_len(), header.version(), header.recursion()), (12, 0, 0));

        header.set_flags_version(0xffff);
        header.set_checksum_present(false);
        header.set_strict_source_route(false);
        header.set_recursion(5);
        assert_eq!((header.flags_version(), header.routing_present(), header.recursion()), (0x75ff, true, 5));
        header.set_routing_present(false);
        assert_eq!((header.flags_version(), header.version(), header.header_len()), (0x35ff, 7, 12));
    }

    #[test]
    fn scapys_checksum_and_sequence() {
        // GRE(chksum_present=1, seqnum_present=1)/IP, as scapy writes it.
        let bytes = bytes("9000 0800");
        let (header, _) = GreHeader::split(&bytes).unwrap();
        assert!(header.checksum_present() && header.sequence_present() && !header.key_present());
        assert_eq!((header.header_len(), header.protocol_type()), (12, EtherType::IPV4));
    }

    #[test]
    fn version_1() {
        // tshark 4.0: enhanced GRE with key, sequence number and acknowledgment, PPP.
        let mut header = GreHeader::zeroed();
        header.set_version(1);
        header.set_key_present(true);
        header.set_sequence_present(true);
        header.set_ack_present(true);
        header.set_protocol_type(EtherType::PPP);
        assert_eq!((header.as_bytes(), header.header_len()), (&bytes("3081 880b")[..], 16));
    }
}
