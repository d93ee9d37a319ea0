//! The layers that packets are built from.
//!
//! Each is the header that `pycap-wire` reads, with a mark for every derived field that was set exactly. Setters return
//! the layer, so they chain; what they do not set is the protocol's usual value. [`header`](Udp::header) and
//! [`header_mut`](Udp::header_mut) give the header itself.

mod ah;
mod arguments;
mod arp;
mod declare;
mod destination_options;
mod dhcp;
mod dns;
mod domain_name;
mod esp;
mod ethernet;
mod fragment;
mod geneve;
mod gre;
mod gtpu;
mod hop_by_hop;
mod icmp_extension;
mod icmpv4;
mod icmpv6;
mod igmp;
mod ipv4;
mod ipv4_option;
mod ipv6;
mod ipv6_option;
mod llc;
mod lldp;
mod message;
mod mobility;
mod mpls;
mod ndp_option;
mod null;
mod option_list;
mod own;
mod ppp;
mod pppoe;
mod routing;
mod sctp;
mod sll;
mod sll2;
mod stp;
mod tcp;
mod tcp_option;
mod tlvs;
mod udp;
mod udp_lite;
mod vlan;
mod vxlan;

pub use ah::Ah;
pub use arp::Arp;
pub use destination_options::Ipv6DestinationOptions;
pub use dhcp::{Dhcp, DhcpOption};
pub use dns::{Dns, DnsData};
pub use esp::Esp;
pub use ethernet::Ethernet;
pub use fragment::Ipv6Fragment;
pub use geneve::Geneve;
pub use gre::Gre;
pub use gtpu::Gtpu;
pub use hop_by_hop::Ipv6HopByHop;
pub use icmp_extension::IcmpObject;
pub use icmpv4::Icmpv4;
pub use icmpv6::Icmpv6;
pub use igmp::Igmp;
pub use ipv4::Ipv4;
pub use ipv6::Ipv6;
pub use llc::{Llc, LlcFields};
pub use lldp::Lldp;
pub use mobility::Mobility;
pub use mpls::Mpls;
pub use ndp_option::NdpOption;
pub use null::{Null, NullFields};
pub use ppp::Ppp;
pub use pppoe::Pppoe;
pub use routing::Ipv6Routing;
pub use sctp::{Sctp, SctpChunk};
pub use sll::Sll;
pub use sll2::Sll2;
pub use stp::Stp;
pub use tcp::Tcp;
pub use udp::Udp;
pub use udp_lite::UdpLite;
pub use vlan::Vlan;
pub use vxlan::Vxlan;

#[cfg(test)]
mod again;

#[cfg(test)]
mod testing {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use pycap_wire::{LinkType, MacAddr, Packet};

    use crate::{AnyLayer, Edit, FieldValue, Layer, ToBuilder};

    /// Bytes from hexadecimal; spaces do not count.
    pub(super) fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|c| c.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }

    /// A layer by its name with fields by theirs; values as an expression has them, without lists.
    pub(super) fn set(name: &str, fields: &[(&str, &str)]) -> AnyLayer {
        let mut layer = AnyLayer::named(name).unwrap();
        for (field, text) in fields {
            layer.set(field, &value(text)).unwrap_or_else(|error| panic!("{field}={text}: {error}"));
        }
        layer
    }

    pub(super) fn value(text: &str) -> FieldValue {
        let quoted = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'));
        let hex = text.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
        if let Some(text) = quoted {
            FieldValue::Bytes(text.into())
        } else if let Some(number) = hex.or(text.parse().ok()) {
            FieldValue::Uint(number)
        } else if let Ok(mac) = text.parse::<MacAddr>() {
            FieldValue::Mac(mac)
        } else if let Ok(ip) = text.parse::<Ipv4Addr>() {
            FieldValue::Ipv4(ip)
        } else if let Ok(ip) = text.parse::<Ipv6Addr>() {
            FieldValue::Ipv6(ip)
        } else {
            FieldValue::Word(text.into())
        }
    }

    pub(super) fn word(text: &str) -> FieldValue {
        FieldValue::Word(text.into())
    }

    pub(super) fn call(name: &str, arguments: &[&str]) -> FieldValue {
        FieldValue::Call(name.into(), arguments.iter().map(|text| value(text)).collect())
    }

    /// The packet of an expression, which has ' for ".
    pub(super) fn built(expression: &str) -> Vec<u8> {
        crate::Expression::parse(&expression.replace('\'', "\"")).unwrap().into_stack().build().unwrap()
    }

    /// A packet that was dissected, made layers and written again.
    pub(super) fn rewritten(link_type: LinkType, packet: &[u8]) -> Vec<u8> {
        Packet::parse(link_type, packet).to_builder().build().unwrap()
    }
}
