//! The number spaces that say what comes next. Every value is carried; the known ones have names.

mod ether_type;
mod ip_protocol;
mod link_type;

pub use ether_type::EtherType;
pub use ip_protocol::IpProtocol;
pub use link_type::LinkType;
