//! Link layers, and ARP.

use pycap_wire::LinkType;

use super::{Sample, on_ethernet};
use crate::packet::*;

pub(super) fn samples() -> Vec<Sample> {
    let packet = ipv4(17, &udp(b"hello"));
    let packet6 = ipv6(17, &udp_between(&IPV6_A, &IPV6_B, b"hello"));
    let on = |name, link_type, layers, bytes| Sample { name, link_type, layers, bytes };
    let sll = |proto: u16, payload: &[u8]| {
        join(&[&[0, 0, 0, 1, 0, 6], &MAC_A, &[0, 0], &proto.to_be_bytes(), payload])
    };
    let sll2 = |proto: u16, payload: &[u8]| {
        join(&[&proto.to_be_bytes(), &[0, 0, 0, 0, 0, 3, 0, 1, 4, 6], &MAC_A, &[0, 0], payload])
    };
    let snap =
        |oui: [u8; 3], pid: u16, payload: &[u8]| join(&[&[0xaa, 0xaa, 3], &oui, &pid.to_be_bytes(), payload]);
    let padded = |mut frame: Vec<u8>| {
        frame.resize(60, 0);
        frame
    };
    vec![
        on_ethernet("Ethernet with padding", &["eth", "ip", "udp"], padded(ethernet(0x0800, &packet))),
        on_ethernet(
            "Ethernet in Ethernet",
            &["eth", "eth", "ip", "udp"],
            ethernet(0x6558, &ethernet(0x0800, &packet)),
        ),
        on_ethernet("an unknown EtherType", &["eth"], ethernet(0x88b5, b"experiment")),
        on_ethernet("VLAN", &["eth", "vlan", "ip", "udp"], ethernet(0x8100, &vlan(0x6064, 0x0800, &packet))),
        on_ethernet(
            "QinQ",
            &["eth", "vlan", "vlan", "ipv6", "udp"],
            ethernet(0x88a8, &vlan(100, 0x8100, &vlan(0x1008, 0x86dd, &packet6))),
        ),
        on_ethernet(
            "VLAN, older tag protocol identifier",
            &["eth", "vlan", "ip", "udp"],
            ethernet(0x9100, &vlan(5, 0x0800, &packet)),
        ),
        on_ethernet(
            "LLC in a jumbo frame",
            &["eth", "llc", "ip", "udp"],
            ethernet(0x8870, &snap([0; 3], 0x0800, &packet)),
        ),
        on_ethernet(
            "SNAP with a bridged frame",
            &["eth", "llc", "eth", "ip", "udp"],
            ethernet_llc(&snap([0, 0x80, 0xc2], 7, &join(&[&[0, 0], &ethernet(0x0800, &packet)]))),
        ),
        on_ethernet(
            "VLAN with 802.3 length",
            &["eth", "vlan", "llc"],
            ethernet(0x8100, &vlan(5, 38, &join(&[&[0x42, 0x42, 3], &[0; 35]]))),
        ),
        on_ethernet(
            "802.3 with spanning tree",
            &["eth", "llc"],
            padded(ethernet_llc(&join(&[&[0x42, 0x42, 3], &[0; 35]]))),
        ),
        on_ethernet("LLC XID command", &["eth", "llc"], padded(ethernet_llc(&[0, 1, 0xaf, 0x81, 1, 0]))),
        on_ethernet("LLC information frame", &["eth", "llc"], padded(ethernet_llc(&[4, 4, 2, 4, 1, 2, 3]))),
        on_ethernet(
            "SNAP with IPv4",
            &["eth", "llc", "ip", "udp"],
            ethernet_llc(&snap([0; 3], 0x0800, &packet)),
        ),
        on_ethernet(
            "SNAP of an organisation",
            &["eth", "llc"],
            ethernet_llc(&snap([0, 0, 12], 0x2000, &[2, 180, 0, 0])),
        ),
        on_ethernet("raw 802.3", &["eth"], padded(ethernet_llc(&join(&[&[0xff, 0xff, 0, 34], &[0; 30]])))),
        on_ethernet("ARP request", &["eth", "arp"], padded(ethernet(0x0806, &arp(1, &MAC_A, &IPV4_A)))),
        on_ethernet("ARP reply", &["eth", "arp"], padded(ethernet(0x0806, &arp(2, &MAC_A, &IPV4_A)))),
        on_ethernet("RARP", &["eth", "arp"], padded(ethernet(0x8035, &arp(3, &MAC_A, &IPV4_A)))),
        on_ethernet(
            "ARP with other address sizes",
            &["eth", "arp"],
            ethernet(0x0806, &arp(1, &[7; 20], &[9; 2])),
        ),
        on_ethernet("ARP with empty addresses", &["eth", "arp"], padded(ethernet(0x0806, &arp(1, &[], &[])))),
        on("NULL, little endian", LinkType::NULL, &["null", "ip", "udp"], join(&[&[2, 0, 0, 0], &packet])),
        on("NULL, big endian", LinkType::NULL, &["null", "ip", "udp"], join(&[&[0, 0, 0, 2], &packet])),
        on(
            "NULL with IPv6 (FreeBSD)",
            LinkType::NULL,
            &["null", "ipv6", "udp"],
            join(&[&[28, 0, 0, 0], &packet6]),
        ),
        on(
            "NULL with IPv6 (Darwin)",
            LinkType::NULL,
            &["null", "ipv6", "udp"],
            join(&[&[30, 0, 0, 0], &packet6]),
        ),
        on("LOOP", LinkType::LOOP, &["null", "ip", "udp"], join(&[&[0, 0, 0, 2], &packet])),
        on("SLL", LinkType::LINUX_SLL, &["sll", "ip", "udp"], sll(0x0800, &packet)),
        on("SLL with 802.2", LinkType::LINUX_SLL, &["sll", "llc"], sll(4, &[0x42, 0x42, 3, 0, 0])),
        on(
            "SLL with a tag",
            LinkType::LINUX_SLL,
            &["sll", "vlan", "ip", "udp"],
            sll(0x8100, &vlan(9, 0x0800, &packet)),
        ),
        on("SLL2", LinkType::LINUX_SLL2, &["sll2", "ipv6", "udp"], sll2(0x86dd, &packet6)),
        on("SLL2 with ARP", LinkType::LINUX_SLL2, &["sll2", "arp"], sll2(0x0806, &arp(1, &MAC_A, &IPV4_A))),
        on("raw IPv4", LinkType::RAW, &["ip", "udp"], packet.clone()),
        on("raw IPv6", LinkType::RAW, &["ipv6", "udp"], packet6.clone()),
        on("raw IPv4, link type 12", LinkType::RAW_12, &["ip", "udp"], packet.clone()),
        on("IPv4", LinkType::IPV4, &["ip", "udp"], packet),
        on("IPv6", LinkType::IPV6, &["ipv6", "udp"], packet6),
    ]
}

/// An ARP message from and to addresses of any size (RFC 826).
fn arp(operation: u16, hardware: &[u8], protocol: &[u8]) -> Vec<u8> {
    join(&[
        &[0, 1, 8, 0, hardware.len() as u8, protocol.len() as u8],
        &operation.to_be_bytes(),
        hardware,
        protocol,
        &vec![0; hardware.len()],
        protocol,
    ])
}
