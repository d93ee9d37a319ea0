//! Link layers.

pub mod ethernet;
pub mod llc;
pub mod lldp;
pub mod null;
pub mod sll;
pub mod sll2;
pub mod stp;
pub mod vlan;
