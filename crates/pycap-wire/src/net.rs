//! Network layers: IP, its extension headers, and the control protocols beside it.

pub mod ah;
pub mod arp;
pub mod destination_options;
pub mod esp;
pub mod fragment;
pub mod hop_by_hop;
pub mod icmp_domain_name;
pub mod icmp_echo;
pub mod icmp_extension;
pub mod icmpv4;
pub mod icmpv6;
pub mod igmp;
pub mod ipv4;
pub mod ipv4_option;
pub mod ipv6;
pub mod ipv6_option;
pub mod mobility;
pub mod mobility_option;
pub mod routing;
