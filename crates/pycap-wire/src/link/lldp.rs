//! LLDP: a frame is TLVs, the last of them empty.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------+-----------------+-------------------------------+
//! |     type    |      length     |  value, 0 to 511 bytes            (IEEE 802.1AB-2016, 8.4)
//! +-------------+-----------------+-------------------------------+
//! ```
//!
//! The values of chassis and port identifiers begin with a byte of subtype.

use crate::header::{header, number};

header! {
    /// The header of a TLV: 2 bytes.
    pub struct LldpTlvHeader {
        /// Type (high seven bits) and length of the value in bytes (low nine).
        type_len, set_type_len: u16;
    }
}

impl LldpTlvHeader {
    /// What the value is.
    pub fn tlv_type(&self) -> LldpTlvType {
        LldpTlvType((self.type_len() >> 9) as u8)
    }

    /// Length of the value in bytes: 0 to 511.
    pub fn value_len(&self) -> usize {
        usize::from(self.type_len() & 0x1ff)
    }

    /// Sets [`tlv_type`](Self::tlv_type); the value's low seven bits count.
    pub fn set_tlv_type(&mut self, tlv_type: LldpTlvType) {
        self.set_type_len(self.type_len() & 0x1ff | u16::from(tlv_type.0) << 9);
    }

    /// Sets [`value_len`](Self::value_len): bytes, up to 511.
    pub fn set_value_len(&mut self, bytes: usize) {
        self.set_type_len(self.type_len() & 0xfe00 | bytes.min(511) as u16);
    }
}

number! {
    /// What an LLDP TLV is (IEEE 802.1AB-2016, table 8-1): 7 bits.
    pub struct LldpTlvType(u8) {
        END = 0, "End of LLDPDU";
        CHASSIS_ID = 1, "Chassis ID";
        PORT_ID = 2, "Port ID";
        TIME_TO_LIVE = 3, "Time To Live";
        PORT_DESCRIPTION = 4, "Port Description";
        SYSTEM_NAME = 5, "System Name";
        SYSTEM_DESCRIPTION = 6, "System Description";
        SYSTEM_CAPABILITIES = 7, "System Capabilities";
        MANAGEMENT_ADDRESS = 8, "Management Address";
        ORGANIZATION_SPECIFIC = 127, "Organization Specific";
    }
}

number! {
    /// What identifies a chassis (IEEE 802.1AB-2016, table 8-2).
    pub struct LldpChassisIdSubtype(u8) {
        CHASSIS_COMPONENT = 1, "Chassis component";
        INTERFACE_ALIAS = 2, "Interface alias";
        PORT_COMPONENT = 3, "Port component";
        MAC_ADDRESS = 4, "MAC address";
        NETWORK_ADDRESS = 5, "Network address";
        INTERFACE_NAME = 6, "Interface name";
        LOCALLY_ASSIGNED = 7, "Locally assigned";
    }
}

number! {
    /// What identifies a port (IEEE 802.1AB-2016, table 8-3).
    pub struct LldpPortIdSubtype(u8) {
        INTERFACE_ALIAS = 1, "Interface alias";
        PORT_COMPONENT = 2, "Port component";
        MAC_ADDRESS = 3, "MAC address";
        NETWORK_ADDRESS = 4, "Network address";
        INTERFACE_NAME = 5, "Interface name";
        AGENT_CIRCUIT_ID = 6, "Agent circuit ID";
        LOCALLY_ASSIGNED = 7, "Locally assigned";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Vec, bytes};

    #[test]
    fn scapys_tlvs() {
        // LLDPDUChassisID(subtype=4)/LLDPDUPortID(subtype=5)/LLDPDUTimeToLive(ttl=120)/LLDPDUEndOfLLDPDU, as scapy writes them.
        let sample = bytes("0207 0424fb97083bf5 0405 0565746830 0602 0078 0000");
        let mut rest = &sample[..];
        let mut seen = Vec::new();
        while let Some((header, after)) = LldpTlvHeader::split(rest) {
            seen.push((header.tlv_type(), header.value_len(), after.first().copied()));
            rest = &after[header.value_len()..];
        }
        assert_eq!(seen.len(), 4);
        assert_eq!(seen[0], (LldpTlvType::CHASSIS_ID, 7, Some(LldpChassisIdSubtype::MAC_ADDRESS.0)));
        assert_eq!(seen[1], (LldpTlvType::PORT_ID, 5, Some(LldpPortIdSubtype::INTERFACE_NAME.0)));
        assert_eq!(seen[2], (LldpTlvType::TIME_TO_LIVE, 2, Some(0)));
        assert_eq!(seen[3], (LldpTlvType::END, 0, None));
    }

    #[test]
    fn fields_are_set_apart() {
        let mut header = LldpTlvHeader::zeroed();
        header.set_tlv_type(LldpTlvType::ORGANIZATION_SPECIFIC);
        header.set_value_len(1000);
        assert_eq!(header.as_bytes(), [0xff, 0xff]);
        header.set_tlv_type(LldpTlvType(0x81));
        header.set_value_len(256);
        assert_eq!((header.as_bytes(), header.tlv_type()), (&[0x03, 0x00][..], LldpTlvType::CHASSIS_ID));
    }
}
