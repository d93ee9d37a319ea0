//! Transport layers.

pub mod sctp;
pub mod tcp;
pub mod tcp_option;
mod tcp_summary;
pub mod udp;
pub mod udp_lite;
