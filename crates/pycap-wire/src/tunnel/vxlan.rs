//! VXLAN, and its generic protocol extension (GPE).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+-----------------------------------------------+
//! |R R R R I R R R|                    reserved                   |   (RFC 7348, 5)
//! +---------------+-----------------------------------------------+
//! |             VXLAN network identifier          |    reserved   |
//! +-----------------------------------------------+---------------+
//!
//! +---+---+-+-+-+-+-------------------------------+---------------+
//! |R R|Ver|I|P|B|O|            reserved           | next protocol |   (draft-ietf-nvo3-vxlan-gpe, 3)
//! +---+---+-+-+-+-+-------------------------------+---------------+
//! ```

use crate::header::{header, number};

header! {
    /// The VXLAN header: 8 bytes.
    pub struct VxlanHeader {
        /// Flags: 0x08 (I) says that the network identifier counts, 0x04 (P) that a next protocol is there (GPE).
        flags, set_flags: u8;
        /// Reserved, 0; the last of the bytes is the next protocol where P is set.
        reserved, set_reserved: [u8; 3];
        /// The network identifier, as it stands on the wire; see [`vni`](Self::vni).
        vni_bytes, set_vni_bytes: [u8; 3];
        /// Reserved, 0.
        reserved_2, set_reserved_2: u8;
    }
}

impl VxlanHeader {
    /// I: whether the network identifier counts; always, by RFC 7348.
    pub fn vni_valid(&self) -> bool {
        self.flags() & 0x08 != 0
    }

    /// P: whether [`next_protocol`](Self::next_protocol) counts; else the payload is Ethernet.
    pub fn next_protocol_present(&self) -> bool {
        self.flags() & 0x04 != 0
    }

    /// What the payload is, where [`next_protocol_present`](Self::next_protocol_present) says that this counts.
    pub fn next_protocol(&self) -> VxlanNextProtocol {
        let [_, _, next] = self.reserved();
        VxlanNextProtocol(next)
    }

    /// VXLAN network identifier, 24 bits.
    pub fn vni(&self) -> u32 {
        let [a, b, c] = self.vni_bytes();
        u32::from_be_bytes([0, a, b, c])
    }

    /// Sets [`vni_valid`](Self::vni_valid).
    pub fn set_vni_valid(&mut self, valid: bool) {
        self.set_flags(self.flags() & !0x08 | u8::from(valid) << 3);
    }

    /// Sets [`next_protocol_present`](Self::next_protocol_present).
    pub fn set_next_protocol_present(&mut self, present: bool) {
        self.set_flags(self.flags() & !0x04 | u8::from(present) << 2);
    }

    /// Sets [`next_protocol`](Self::next_protocol), not the bit that makes it count.
    pub fn set_next_protocol(&mut self, next: VxlanNextProtocol) {
        let [a, b, _] = self.reserved();
        self.set_reserved([a, b, next.0]);
    }

    /// Sets [`vni`](Self::vni); the value's low 24 bits count.
    pub fn set_vni(&mut self, vni: u32) {
        let [_, a, b, c] = vni.to_be_bytes();
        self.set_vni_bytes([a, b, c]);
    }
}

number! {
    /// What a VXLAN packet of the generic protocol extension carries.
    pub struct VxlanNextProtocol(u8) {
        IPV4 = 0x01, "IPv4";
        IPV6 = 0x02, "IPv6";
        ETHERNET = 0x03, "Ethernet";
        NSH = 0x04, "NSH";
        MPLS = 0x05, "MPLS";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_header() {
        // VXLAN(flags="Instance", vni=9319929), as scapy writes it.
        let mut header = VxlanHeader::zeroed();
        header.set_vni_valid(true);
        header.set_vni(9_319_929);
        assert_eq!(header.as_bytes(), bytes("08000000 8e35f9 00"));
        assert_eq!((header.vni(), header.vni_valid()), (9_319_929, true));
    }

    #[test]
    fn a_next_protocol() {
        // tshark 4.0, on port 4790: instance and next protocol bits, IPv6, VNI 1.
        let mut header = VxlanHeader::zeroed();
        header.set_vni_valid(true);
        header.set_next_protocol_present(true);
        header.set_next_protocol(VxlanNextProtocol::IPV6);
        header.set_vni(0xff00_0001);
        assert_eq!(header.as_bytes(), bytes("0c000002 000001 00"));
        assert_eq!(header.next_protocol(), VxlanNextProtocol::IPV6);
        header.set_vni_valid(false);
        assert!(header.next_protocol_present() && !header.vni_valid());
    }
}
