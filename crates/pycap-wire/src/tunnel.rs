//! Tunnels: what carries packets of other networks in its payload.

pub mod geneve;
pub mod gre;
pub mod gtpu;
pub mod mpls;
pub mod ppp;
pub mod pppoe;
pub mod vxlan;
