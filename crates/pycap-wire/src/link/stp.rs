//! Spanning tree: configuration BPDUs, as they stand after the LLC header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+---------------+---------------+
//! |      protocol identifier      |    version    |   BPDU type   |   (IEEE 802.1D-2004, 9.3)
//! +---------------+---------------+---------------+---------------+
//! |     flags     |     root identifier: priority (16 bits),      |
//! +---------------+                                               +
//! |                      address (48 bits)                        |
//! +               +-----------------------------------------------+
//! |               |                 root path cost                |
//! +---------------+-----------------------------------------------+
//! |               |     bridge identifier: priority (16 bits),    |
//! +---------------+                                               +
//! |                      address (48 bits)                        |
//! +               +-------------------------------+---------------+
//! |               |        port identifier        |  message age  |
//! +---------------+---------------+---------------+---------------+
//! |               |            maximum age        |  hello time   |
//! +---------------+-------------------------------+---------------+
//! |               |          forward delay        |
//! +---------------+-------------------------------+
//! ```
//!
//! A topology change notification ends after its type. Rapid spanning tree adds a byte, the version 1 length, 0.

use crate::MacAddr;
use crate::header::{header, number};

header! {
    /// A configuration BPDU: 35 bytes. Times are in units of 1/256 second.
    pub struct StpHeader {
        /// Protocol identifier, 0.
        protocol_id, set_protocol_id: u16;
        /// Protocol version.
        version, set_version: StpVersion;
        /// Type of the BPDU.
        bpdu_type, set_bpdu_type: StpType;
        /// Flags: topology change (lowest), proposal, port role (two bits), learning, forwarding, agreement, topology change
        /// acknowledgment (highest).
        flags, set_flags: u8;
        /// Priority of the root: four bits of it, then twelve of system identifier (the VLAN).
        root_priority, set_root_priority: u16;
        /// Address of the root.
        root_mac, set_root_mac: MacAddr;
        /// Cost of the path to the root.
        root_path_cost, set_root_path_cost: u32;
        /// Priority of the sending bridge: four bits of it, then twelve of system identifier (the VLAN).
        bridge_priority, set_bridge_priority: u16;
        /// Address of the sending bridge.
        bridge_mac, set_bridge_mac: MacAddr;
        /// Port of the sending bridge: four bits of priority, then twelve of number.
        port_id, set_port_id: u16;
        /// Age of the information.
        message_age, set_message_age: u16;
        /// Age at which the information is dropped.
        max_age, set_max_age: u16;
        /// Time between the root's BPDUs.
        hello_time, set_hello_time: u16;
        /// Time that a port listens, then learns, before it forwards.
        forward_delay, set_forward_delay: u16;
    }
}

impl StpHeader {
    /// Whether the topology is changing.
    pub fn topology_change(&self) -> bool {
        self.bit(0x01)
    }

    /// Whether the port proposes to become designated (rapid spanning tree).
    pub fn proposal(&self) -> bool {
        self.bit(0x02)
    }

    /// Role of the port (rapid spanning tree): 0 unknown, 1 alternate or backup, 2 root, 3 designated.
    pub fn port_role(&self) -> u8 {
        self.flags() >> 2 & 3
    }

    /// Whether the port learns addresses (rapid spanning tree).
    pub fn learning(&self) -> bool {
        self.bit(0x10)
    }

    /// Whether the port forwards frames (rapid spanning tree).
    pub fn forwarding(&self) -> bool {
        self.bit(0x20)
    }

    /// Whether the port agrees to a proposal (rapid spanning tree).
    pub fn agreement(&self) -> bool {
        self.bit(0x40)
    }

    /// Whether a topology change notification was received.
    pub fn topology_change_ack(&self) -> bool {
        self.bit(0x80)
    }

    /// Sets [`topology_change`](Self::topology_change).
    pub fn set_topology_change(&mut self, set: bool) {
        self.set_bit(0x01, set);
    }

    /// Sets [`proposal`](Self::proposal).
    pub fn set_proposal(&mut self, set: bool) {
        self.set_bit(0x02, set);
    }

    /// Sets [`port_role`](Self::port_role); the value's low two bits count.
    pub fn set_port_role(&mut self, role: u8) {
        self.set_flags(self.flags() & 0xf3 | (role & 3) << 2);
    }

    /// Sets [`learning`](Self::learning).
    pub fn set_learning(&mut self, set: bool) {
        self.set_bit(0x10, set);
    }

    /// Sets [`forwarding`](Self::forwarding).
    pub fn set_forwarding(&mut self, set: bool) {
        self.set_bit(0x20, set);
    }

    /// Sets [`agreement`](Self::agreement).
    pub fn set_agreement(&mut self, set: bool) {
        self.set_bit(0x40, set);
    }

    /// Sets [`topology_change_ack`](Self::topology_change_ack).
    pub fn set_topology_change_ack(&mut self, set: bool) {
        self.set_bit(0x80, set);
    }

    fn bit(&self, mask: u8) -> bool {
        self.flags() & mask != 0
    }

    fn set_bit(&mut self, mask: u8, set: bool) {
        self.set_flags(self.flags() & !mask | if set { mask } else { 0 });
    }
}

number! {
    /// Which spanning tree protocol a BPDU is of.
    pub struct StpVersion(u8) {
        STP = 0, "Spanning Tree";
        RSTP = 2, "Rapid Spanning Tree";
        MSTP = 3, "Multiple Spanning Tree";
        SPT = 4, "Shortest Path Tree";
    }
}

number! {
    /// What a BPDU is.
    pub struct StpType(u8) {
        CONFIGURATION = 0x00, "Configuration";
        RAPID = 0x02, "Rapid or Multiple Spanning Tree";
        TOPOLOGY_CHANGE = 0x80, "Topology Change Notification";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_configuration() {
        // STP(rootid=64299, bridgeid=24379, portid=42298, age=1.0, maxage=20.0, ...), as scapy writes it.
        let mut header = StpHeader::zeroed();
        header.set_root_priority(64299);
        header.set_root_mac(MacAddr([0x88, 0x68, 0x50, 0x76, 0x64, 0xa9]));
        header.set_bridge_priority(24379);
        header.set_bridge_mac(MacAddr([0xce, 0xed, 0x0c, 0xb3, 0x5a, 0x3e]));
        header.set_port_id(42298);
        header.set_message_age(256);
        header.set_max_age(20 * 256);
        header.set_hello_time(2 * 256);
        header.set_forward_delay(15 * 256);
        let sample = "0000 00 00 00 fb2b 8868507664a9 00000000 5f3b ceed0cb35a3e a53a 0100 1400 0200 0f00";
        assert_eq!((header.as_bytes(), StpHeader::LEN), (&bytes(sample)[..], 35));
    }

    #[test]
    fn flags_are_set_apart() {
        // tshark 4.0: agreement, forwarding, learning, port role designated, topology change.
        let mut header = StpHeader::zeroed();
        header.set_agreement(true);
        header.set_forwarding(true);
        header.set_learning(true);
        header.set_port_role(3);
        header.set_topology_change(true);
        assert_eq!((header.flags(), header.port_role()), (0x7d, 3));
        assert!(header.topology_change() && header.agreement() && !header.proposal());
        header.set_flags(0xff);
        header.set_port_role(0xfe);
        header.set_proposal(false);
        header.set_topology_change_ack(false);
        assert_eq!(header.flags(), 0x79);
    }
}
