//! Spanning tree.

use pycap_wire::{MacAddr, Sap, StpHeader, StpType, StpVersion};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

layer! {
    /// A BPDU of the spanning tree protocol (IEEE 802.1D, 9.3), inside LLC. Of a topology change notification nothing past the
    /// type is written. Times are in units of 1/256 s.
    pub struct Stp(StpHeader) = "stp";
    set {
        /// Protocol identifier: 0.
        "proto" protocol_id, set_protocol_id: u16;
        /// Version: 0, of rapid spanning tree 2.
        "version" version, set_version: StpVersion;
        /// Type: 0, of rapid spanning tree 2.
        "type" bpdu_type, set_bpdu_type: StpType;
        /// Flags, 8 bits.
        "flags" flags, set_flags: u8;
        /// Priority of the root bridge: 32768.
        "root_priority" root_priority, set_root_priority: u16;
        /// Address of the root bridge.
        "root_mac" root_mac, set_root_mac: MacAddr;
        /// Cost of the path to the root.
        "cost" root_path_cost, set_root_path_cost: u32;
        /// Priority of the bridge: 32768.
        "bridge_priority" bridge_priority, set_bridge_priority: u16;
        /// Address of the bridge.
        "bridge_mac" bridge_mac, set_bridge_mac: MacAddr;
        /// Port identifier.
        "port_id" port_id, set_port_id: u16;
        /// Age of the message.
        "age" message_age, set_message_age: u16;
        /// Greatest age: 20 s.
        "max_age" max_age, set_max_age: u16;
        /// Time between messages: 2 s.
        "hello" hello_time, set_hello_time: u16;
        /// Time before forwarding: 15 s.
        "forward_delay" forward_delay, set_forward_delay: u16;
    }
    computed {}
    also {}
    names {
        "stp" = Stp::default();
        "rstp" = Stp::rapid(MacAddr::ZERO);
        "stp_topology_change" = Stp::topology_change_notification();
    }
}

/// How much of a topology change notification there is in bytes (IEEE 802.1D, 9.3.2).
const NOTIFICATION_LEN: usize = 4;

impl Stp {
    /// What a bridge sends that is the root itself.
    pub fn root(mac: impl Into<MacAddr>) -> Self {
        let mac = mac.into();
        let mut header = StpHeader::zeroed();
        header.set_root_priority(0x8000);
        header.set_root_mac(mac);
        header.set_bridge_priority(0x8000);
        header.set_bridge_mac(mac);
        header.set_max_age(20 << 8);
        header.set_hello_time(2 << 8);
        header.set_forward_delay(15 << 8);
        Self::over(header)
    }

    /// The same of rapid spanning tree.
    pub fn rapid(mac: impl Into<MacAddr>) -> Self {
        Self::root(mac).version(StpVersion::RSTP).bpdu_type(StpType::RAPID)
    }

    /// What a bridge sends towards the root when the topology changes.
    pub fn topology_change_notification() -> Self {
        Self::default().bpdu_type(StpType::TOPOLOGY_CHANGE)
    }
}

impl Default for Stp {
    fn default() -> Self {
        Self::root(MacAddr::ZERO)
    }
}

impl Layer for Stp {
    fn identity(&self) -> Identity {
        Identity::Sap(Sap::STP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        match self.header.bpdu_type() {
            StpType::TOPOLOGY_CHANGE => {
                return buf.prepend(self.header.as_bytes().get(..NOTIFICATION_LEN).unwrap_or_default());
            }
            // The length of what version 1 has: nothing (IEEE 802.1D, 9.3.3).
            StpType::RAPID => buf.prepend_array(&[0])?,
            _ => (),
        }
        buf.prepend_array(self.header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Llc};

    /// scapy: `Dot3()/LLC()/STP(rootid=64299, bridgeid=24379, portid=42298, ...)`.
    #[test]
    fn a_configuration() {
        let stp = Stp::root(MacAddr([0x88, 0x68, 0x50, 0x76, 0x64, 0xa9]))
            .root_priority(64299)
            .bridge_priority(24379)
            .bridge_mac(MacAddr([0xce, 0xed, 0x0c, 0xb3, 0x5a, 0x3e]))
            .port_id(42298)
            .message_age(256);
        let frame = (Ethernet::default(), Llc::default(), stp).build().unwrap();
        let bpdu = "0000 00 00 00 fb2b 8868507664a9 00000000 5f3b ceed0cb35a3e a53a 0100 1400 0200 0f00";
        assert_eq!((&frame[12..17], &frame[17..52]), (&bytes("0026 424203")[..], &bytes(bpdu)[..]));
    }

    /// IEEE 802.1D-2004, 9.3.2 and 9.3.3.
    #[test]
    fn other_bpdus_have_other_lengths() {
        let rapid = (Ethernet::default(), Llc::default(), Stp::rapid(MacAddr::ZERO)).build().unwrap();
        assert_eq!((&rapid[12..21], rapid[52]), (&bytes("0027 424203 0000 02 02")[..], 0));
        assert_eq!(set("rstp", &[("flags", "0x3c")]).build().unwrap().len(), 36);
        assert_eq!(set("stp_topology_change", &[]).build().unwrap(), bytes("0000 00 80"));
    }
}
