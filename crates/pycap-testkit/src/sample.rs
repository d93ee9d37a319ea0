//! A packet of each protocol that pycap dissects, and of each form of it that its dissector tells apart.

mod icmp;
mod link;
mod network;
mod transport;

use pycap_wire::LinkType;

/// A packet with what it is.
#[derive(Debug, Clone)]
pub struct Sample {
    /// What it shows.
    pub name: &'static str,
    /// The type of the link that it is from.
    pub link_type: LinkType,
    /// Its bytes.
    pub bytes: Vec<u8>,
    /// The names of its layers, outermost first, as tshark tells them apart too; what an ICMP error quotes is not among
    /// them.
    pub layers: &'static [&'static str],
}

/// All samples.
pub fn samples() -> Vec<Sample> {
    [link::samples(), network::samples(), icmp::samples(), transport::samples()].concat()
}

/// A sample that is an Ethernet frame.
fn on_ethernet(name: &'static str, layers: &'static [&'static str], bytes: Vec<u8>) -> Sample {
    Sample { name, link_type: LinkType::ETHERNET, bytes, layers }
}

/// A sample that is an IPv4 packet in an Ethernet frame.
fn over_ipv4(name: &'static str, layers: &'static [&'static str], packet: &[u8]) -> Sample {
    on_ethernet(name, layers, crate::packet::ethernet(0x0800, packet))
}

/// A sample that is an IPv6 packet in an Ethernet frame.
fn over_ipv6(name: &'static str, layers: &'static [&'static str], packet: &[u8]) -> Sample {
    on_ethernet(name, layers, crate::packet::ethernet(0x86dd, packet))
}
