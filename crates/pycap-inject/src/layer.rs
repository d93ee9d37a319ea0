//! The layers that packets are built from.
//!
//! Each is the header that `pycap-wire` reads, with a mark for every derived field that was set exactly. Setters return
//! the layer, so they chain; what they do not set is the protocol's usual value. [`header`](Udp::header) and
//! [`header_mut`](Udp::header_mut) give the header itself.

mod arguments;
mod declare;
mod domain_name;
mod ethernet;
mod icmp_extension;
mod icmpv4;
mod icmpv6;
mod igmp;
mod ipv4;
mod message;
mod ndp_option;
mod own;
mod tcp;
mod udp;

pub use ethernet::Ethernet;
pub use icmp_extension::IcmpObject;
pub use icmpv4::Icmpv4;
pub use icmpv6::Icmpv6;
pub use igmp::Igmp;
pub use ipv4::Ipv4;
pub use ndp_option::NdpOption;
pub use tcp::Tcp;
pub use udp::Udp;
