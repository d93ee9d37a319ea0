//! Geneve and its options.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---+-----------+-+-+-----------+-------------------------------+
//! |ver|options len|O|C|  reserved |         protocol type         |   (RFC 8926, 3.4)
//! +---+-----------+-+-+-----------+---------------+---------------+
//! |           virtual network identifier          |    reserved   |
//! +-----------------------------------------------+---------------+
//! |                    options, 0 to 252 bytes                    |
//! +---------------------------------------------------------------+
//!
//! +-------------------------------+-+-------------+-----+---------+
//! |          option class         |C|    type     |resvd|  length |   (RFC 8926, 3.5)
//! +-------------------------------+-+-------------+-----+---------+
//! |                      data, 0 to 124 bytes                     |
//! +---------------------------------------------------------------+
//! ```
//!
//! Both lengths are in units of 4 bytes and do not count the headers drawn here.

use crate::EtherType;
use crate::header::{header, number};

header! {
    /// The Geneve header without options: 8 bytes.
    pub struct GeneveHeader {
        /// Version (high two bits) and length of the options in 32-bit words (low six).
        version_options, set_version_options: u8;
        /// Flags: 0x80 (O) control packet, 0x40 (C) critical options are there; the others reserved, 0.
        flags, set_flags: u8;
        /// What the payload is.
        protocol, set_protocol: EtherType;
        /// The network identifier, as it stands on the wire; see [`vni`](Self::vni).
        vni_bytes, set_vni_bytes: [u8; 3];
        /// Reserved, 0.
        reserved, set_reserved: u8;
    }
}

impl GeneveHeader {
    /// Version; 0.
    pub fn version(&self) -> u8 {
        self.version_options() >> 6
    }

    /// Length of the options in bytes: 0 to 252.
    pub fn options_len(&self) -> usize {
        usize::from(self.version_options() & 0x3f) * 4
    }

    /// O: whether the packet is for the tunnel's endpoint itself.
    pub fn control(&self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// C: whether one of the options at least is critical.
    pub fn critical(&self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// Virtual network identifier, 24 bits.
    pub fn vni(&self) -> u32 {
        let [a, b, c] = self.vni_bytes();
        u32::from_be_bytes([0, a, b, c])
    }

    /// Sets [`version`](Self::version); the value's low two bits count.
    pub fn set_version(&mut self, version: u8) {
        self.set_version_options(self.version_options() & 0x3f | version << 6);
    }

    /// Sets [`options_len`](Self::options_len): bytes, of which whole words up to 63 count.
    pub fn set_options_len(&mut self, bytes: usize) {
        self.set_version_options(self.version_options() & 0xc0 | (bytes / 4).min(63) as u8);
    }

    /// Sets [`control`](Self::control).
    pub fn set_control(&mut self, set: bool) {
        self.set_flags(self.flags() & 0x7f | u8::from(set) << 7);
    }

    /// Sets [`critical`](Self::critical).
    pub fn set_critical(&mut self, set: bool) {
        self.set_flags(self.flags() & 0xbf | u8::from(set) << 6);
    }

    /// Sets [`vni`](Self::vni); the value's low 24 bits count.
    pub fn set_vni(&mut self, vni: u32) {
        let [_, a, b, c] = vni.to_be_bytes();
        self.set_vni_bytes([a, b, c]);
    }
}

number! {
    /// Whose an option's type is (IANA "nvo3", "Geneve Option Class"): 0 to 0xff the IETF's, 0xfff0 and above for experiments.
    pub struct GeneveOptionClass(u16) {
        LINUX = 0x0100, "Linux";
        OPEN_VSWITCH = 0x0101, "Open vSwitch";
        OVN = 0x0102, "Open Virtual Networking";
        INT = 0x0103, "In-band Network Telemetry";
        VMWARE = 0x0104, "VMware";
        AMAZON = 0x0105, "Amazon.com";
        CISCO = 0x0106, "Cisco";
        ORACLE = 0x0107, "Oracle";
    }
}

header! {
    /// The header of an option: 4 bytes.
    pub struct GeneveOptionHeader {
        /// Whose the type is.
        class, set_class: GeneveOptionClass;
        /// Type, with the critical bit (the highest).
        option_type, set_option_type: u8;
        /// Reserved (high three bits, 0) and length of the data in 32-bit words (low five).
        reserved_len, set_reserved_len: u8;
    }
}

impl GeneveOptionHeader {
    /// C: whether an endpoint that does not know the option must drop the packet.
    pub fn critical(&self) -> bool {
        self.option_type() & 0x80 != 0
    }

    /// Length of the data in bytes: 0 to 124.
    pub fn data_len(&self) -> usize {
        usize::from(self.reserved_len() & 0x1f) * 4
    }

    /// Sets [`critical`](Self::critical).
    pub fn set_critical(&mut self, set: bool) {
        self.set_option_type(self.option_type() & 0x7f | u8::from(set) << 7);
    }

    /// Sets [`data_len`](Self::data_len): bytes, of which whole words up to 31 count.
    pub fn set_data_len(&mut self, bytes: usize) {
        self.set_reserved_len(self.reserved_len() & 0xe0 | (bytes / 4).min(31) as u8);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_header() {
        // GENEVE(vni=6088115)/Ether, as scapy writes it.
        let mut header = GeneveHeader::zeroed();
        header.set_protocol(EtherType::TRANSPARENT_ETHERNET_BRIDGING);
        header.set_vni(6_088_115);
        assert_eq!(header.as_bytes(), bytes("0000 6558 5ce5b3 00"));
        assert_eq!(header.vni(), 6_088_115);
    }

    #[test]
    fn a_critical_option() {
        // tshark 4.0: OAM and critical options set, options length 8 bytes, VNI 0x2a;
        // option class 0x0102 (OVN), type 0x80 (critical), length 8 with its header.
        let sample = bytes("02c0 6558 00002a 00 0102 80 01 00020003");
        let mut header = GeneveHeader::zeroed();
        header.set_options_len(8);
        header.set_control(true);
        header.set_critical(true);
        header.set_protocol(EtherType::TRANSPARENT_ETHERNET_BRIDGING);
        header.set_vni(0x2a);
        assert_eq!(header.as_bytes(), &sample[..8]);
        let mut option = GeneveOptionHeader::zeroed();
        option.set_class(GeneveOptionClass::OVN);
        option.set_critical(true);
        option.set_data_len(4);
        assert_eq!(option.as_bytes(), &sample[8..12]);
        assert_eq!((header.options_len(), header.control(), header.critical()), (8, true, true));
        assert_eq!((option.critical(), option.data_len()), (true, 4));
    }

    #[test]
    fn fields_are_set_apart() {
        let mut header = GeneveHeader::zeroed();
        header.set_options_len(1000);
        header.set_version(2);
        assert_eq!((header.version(), header.options_len(), header.version_options()), (2, 252, 0xbf));
        header.set_flags(0xff);
        header.set_control(false);
        header.set_critical(false);
        assert_eq!(header.flags(), 0x3f);
        let mut option = GeneveOptionHeader::zeroed();
        option.set_reserved_len(0xe0);
        option.set_data_len(1000);
        assert_eq!((option.reserved_len(), option.data_len()), (0xff, 124));
    }
}
