//! ICMP, ICMPv6 and IGMP.

use super::{Sample, over_ipv4, over_ipv6};
use crate::packet::*;

pub(super) fn samples() -> Vec<Sample> {
    [icmpv4_samples(), icmpv6_samples(), igmp_samples()].concat()
}

fn icmpv4_samples() -> Vec<Sample> {
    let quoted = ipv4(17, &udp(b"hello, how are you?"));
    let sample = |name, kind, code, body: &[u8]| {
        over_ipv4(name, &["eth", "ip", "icmp"], &ipv4(1, &icmp(kind, code, body)))
    };
    let mut padded = quoted.clone();
    padded.resize(128, 0);
    // An extension structure (RFC 4884, 7) with an MPLS label stack object (RFC 4950).
    let mut extension = vec![0x20, 0, 0, 0, 0, 8, 1, 1, 0, 0x3e, 0x81, 0xff];
    let sum = checksum(&[&extension]);
    extension[2..4].copy_from_slice(&sum.to_be_bytes());
    vec![
        sample("ICMP echo request", 8, 0, &join(&[&[0x12, 0x34, 0, 1], b"abcdefgh"])),
        sample("ICMP echo reply", 0, 0, &join(&[&[0x12, 0x34, 0, 1], b"abcdefgh"])),
        sample("ICMP port unreachable", 3, 3, &join(&[&[0; 4], &quoted])),
        sample("ICMP fragmentation needed", 3, 4, &join(&[&[0, 0, 0x05, 0x78], &quoted])),
        sample("ICMP source quench", 4, 0, &join(&[&[0; 4], &quoted])),
        sample("ICMP redirect", 5, 1, &join(&[&[10, 0, 0, 254], &quoted])),
        sample("ICMP time exceeded", 11, 0, &join(&[&[0; 4], &quoted[..28]])),
        sample("ICMP time exceeded with MPLS", 11, 0, &join(&[&[0, 32, 0, 0], &padded, &extension])),
        sample("ICMP parameter problem", 12, 0, &join(&[&[20, 0, 0, 0], &quoted])),
        sample("ICMP timestamp", 13, 0, &[0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0]),
        sample("ICMP timestamp reply", 14, 0, &[0, 1, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5]),
        sample("ICMP information request", 15, 0, &[0, 1, 0, 2]),
        sample("ICMP address mask reply", 18, 0, &[0, 1, 0, 2, 255, 255, 255, 0]),
        sample("ICMP router solicitation", 10, 0, &[0; 4]),
        sample("ICMP router advertisement", 9, 0, &[1, 2, 7, 8, 10, 0, 0, 1, 0, 0, 0, 0]),
        sample("ICMP of an unknown type", 200, 7, b"experiment"),
    ]
}

fn icmpv6_samples() -> Vec<Sample> {
    let quoted = ipv6(17, &udp_between(&IPV6_A, &IPV6_B, b"hello, how are you?"));
    let sample = |name, kind, code, body: &[u8]| {
        over_ipv6(name, &["eth", "ipv6", "icmpv6"], &ipv6(58, &icmpv6(kind, code, body)))
    };
    let source = join(&[&[1, 1], &MAC_A]);
    let target = join(&[&[2, 1], &MAC_A]);
    let prefix = join(&[&[3, 4, 64, 0xc0], &[0, 1, 0x51, 0x80], &[0, 0, 0x38, 0x40], &[0; 4], &IPV6_B]);
    let mtu = [5, 1, 0, 0, 0, 0, 0x05, 0xdc];
    let dns_servers = join(&[&[25, 3, 0, 0, 0, 0, 0x0e, 0x10], &IPV6_A]);
    let search_list = [31, 2, 0, 0, 0, 0, 0x0e, 0x10, 3, b'l', b'a', b'n', 0, 0, 0, 0];
    let route = [24, 1, 48, 8, 0, 0, 0x0e, 0x10];
    let unknown = [253, 1, 1, 2, 3, 4, 5, 6];
    let group = join(&[&[0xff, 2], &[0; 13], &[0xfb]]);
    let with_router_alert = |message: &[u8]| ipv6(0, &extension(58, &[5, 2, 0, 0, 1, 0], message));
    let mld = |name, kind, body: &[u8]| {
        over_ipv6(
            name,
            &["eth", "ipv6", "ipv6_hopopts", "icmpv6"],
            &with_router_alert(&icmpv6(kind, 0, body)),
        )
    };
    vec![
        sample("ICMPv6 echo request", 128, 0, &join(&[&[0x12, 0x34, 0, 1], b"abcdefgh"])),
        sample("ICMPv6 echo reply", 129, 0, &join(&[&[0x12, 0x34, 0, 1], b"abcdefgh"])),
        sample("ICMPv6 port unreachable", 1, 4, &join(&[&[0; 4], &quoted])),
        sample("ICMPv6 packet too big", 2, 0, &join(&[&[0, 0, 0x05, 0], &quoted])),
        sample("ICMPv6 time exceeded", 3, 0, &join(&[&[0; 4], &quoted])),
        sample("ICMPv6 parameter problem", 4, 1, &join(&[&[0, 0, 0, 40], &quoted])),
        sample("router solicitation", 133, 0, &join(&[&[0; 4], &source])),
        sample(
            "router advertisement",
            134,
            0,
            &join(&[
                &[64, 0xc0, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0],
                &source,
                &mtu,
                &prefix,
                &route,
                &dns_servers,
                &search_list,
                &unknown,
            ]),
        ),
        sample("neighbour solicitation", 135, 0, &join(&[&[0; 4], &IPV6_B, &source])),
        sample("neighbour advertisement", 136, 0, &join(&[&[0x60, 0, 0, 0], &IPV6_B, &target])),
        sample(
            "ICMPv6 redirect",
            137,
            0,
            &join(&[&[0; 4], &IPV6_A, &IPV6_B, &target, &[4, 9, 0, 0, 0, 0, 0, 0], &quoted[..64]]),
        ),
        sample(
            "neighbour solicitation with an empty option",
            135,
            0,
            &join(&[&[0; 4], &IPV6_B, &[1, 0, 0, 0]]),
        ),
        mld("MLD query", 130, &join(&[&[0x27, 0x10, 0, 0], &[0; 16]])),
        mld("MLD report", 131, &join(&[&[0; 4], &group])),
        mld("MLD done", 132, &join(&[&[0; 4], &group])),
        mld("MLDv2 query", 130, &join(&[&[0x27, 0x10, 0, 0], &group, &[2, 125, 0, 1], &IPV6_A])),
        mld("MLDv2 report", 143, &join(&[&[0, 0, 0, 1], &[4, 0, 0, 1], &group, &IPV6_A])),
        sample("ICMPv6 of an unknown type", 200, 7, b"experiment"),
    ]
}

fn igmp_samples() -> Vec<Sample> {
    let sample = |name, kind, code, body: &[u8]| {
        over_ipv4(name, &["eth", "ip", "igmp"], &ipv4_with(0, &[148, 4, 0, 0], 2, &icmp(kind, code, body)))
    };
    let group = [224, 0, 0, 251];
    vec![
        sample("IGMPv1 query", 0x11, 0, &[0; 4]),
        sample("IGMPv1 report", 0x12, 0, &group),
        sample("IGMPv2 query", 0x11, 100, &group),
        sample("IGMPv2 report", 0x16, 0, &group),
        sample("IGMP leave", 0x17, 0, &group),
        sample("IGMPv3 query", 0x11, 100, &join(&[&group, &[2, 125, 0, 2], &IPV4_A, &IPV4_B])),
        sample(
            "IGMPv3 report",
            0x22,
            0,
            &join(&[&[0, 0, 0, 2], &[4, 0, 0, 0], &group, &[1, 1, 0, 1], &group, &IPV4_A, &[1, 2, 3, 4]]),
        ),
        sample("IGMP of an unknown type", 0x55, 1, b"experiment"),
    ]
}
