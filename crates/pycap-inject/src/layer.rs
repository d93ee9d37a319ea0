//! The layers that packets are built from.
//!
//! Each is the header that `pycap-wire` reads, with a mark for every derived field that was set exactly. Setters return
//! the layer, so they chain; what they do not set is the protocol's usual value. [`header`](Udp::header) and
//! [`header_mut`](Udp::header_mut) give the header itself.

mod declare;
mod ethernet;
mod ipv4;
mod tcp;
mod udp;

pub use ethernet::Ethernet;
pub use ipv4::Ipv4;
pub use tcp::Tcp;
pub use udp::Udp;
