//! Spanning tree.

use pycap_wire::{MacAddr, Sap, StpHeader, StpType, StpVersion};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

layer! {
    /// A configuration BPDU of the spanning tree protocol (IEEE 802.1D, 9.3.1), inside LLC. Times are in units of 1/256 s.
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
}

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
        buf.prepend_array(self.header.as_array())
    }
}
