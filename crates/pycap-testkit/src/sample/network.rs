//! IPv4 and IPv6, their options and extension headers, and IPsec.

use super::{Sample, over_ipv4, over_ipv6};
use crate::packet::*;

pub(super) fn samples() -> Vec<Sample> {
    let datagram = udp(b"hello");
    let datagram6 = udp_between(&IPV6_A, &IPV6_B, b"hello");
    let mut samples = ipv4_samples(&datagram);
    samples.extend(ipv6_samples(&datagram6));
    samples.extend(ipsec_samples(&datagram, &datagram6));
    samples
}

fn ipv4_samples(datagram: &[u8]) -> Vec<Sample> {
    let with_options = |options: &[u8]| ipv4_with(0, options, 17, datagram);
    let mut offloaded = ipv4(17, datagram);
    offloaded[2..4].fill(0);
    vec![
        over_ipv4("IPv4 router alert", &["eth", "ip", "udp"], &with_options(&[148, 4, 0, 0])),
        over_ipv4("IPv4 record route", &["eth", "ip", "udp"], &with_options(&[7, 7, 8, 10, 0, 0, 1, 0])),
        over_ipv4(
            "IPv4 loose source route",
            &["eth", "ip", "udp"],
            &with_options(&[131, 11, 4, 10, 0, 0, 1, 10, 0, 0, 2, 0]),
        ),
        over_ipv4(
            "IPv4 timestamps with addresses",
            &["eth", "ip", "udp"],
            &with_options(&[68, 12, 13, 1, 10, 0, 0, 1, 0, 1, 2, 3]),
        ),
        over_ipv4(
            "IPv4 security, stream and unknown options",
            &["eth", "ip", "udp"],
            &with_options(&[130, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0, 136, 4, 0, 7, 1, 222, 3, 9, 0]),
        ),
        over_ipv4("IPv4 option longer than its header", &["eth", "ip", "udp"], &with_options(&[7, 40, 4, 0])),
        over_ipv4("IPv4 first fragment", &["eth", "ip", "udp"], &ipv4_with(0x2000, &[], 17, datagram)),
        over_ipv4("IPv4 later fragment", &["eth", "ip"], &ipv4_with(0x0003, &[], 17, datagram)),
        over_ipv4("IPv4 without a total length", &["eth", "ip", "udp"], &offloaded),
        over_ipv4("IPv4 with an unknown protocol", &["eth", "ip"], &ipv4(253, b"experiment")),
        over_ipv4("IPv4 in IPv4", &["eth", "ip", "ip", "udp"], &ipv4(4, &ipv4(17, datagram))),
    ]
}

fn ipv6_samples(datagram: &[u8]) -> Vec<Sample> {
    const PAD: [u8; 2] = [1, 0];
    let segment_list = join(&[&IPV6_B, &IPV6_A]);
    let jumbo_datagram = join(&[&[0x9c, 0x40, 0, 7, 0, 0, 0, 0], b"hello"]);
    let jumbo_len = (8 + jumbo_datagram.len() as u32).to_be_bytes();
    let mut jumbogram = ipv6(0, &extension(17, &join(&[&[0xc2, 4], &jumbo_len]), &jumbo_datagram));
    jumbogram[4..6].fill(0);
    let routing = |kind: u8, left: u8, data: &[u8]| extension(17, &join(&[&[kind, left], data]), datagram);
    vec![
        over_ipv6(
            "IPv6 hop-by-hop router alert",
            &["eth", "ipv6", "ipv6_hopopts", "udp"],
            &ipv6(0, &extension(17, &join(&[&[5, 2, 0, 0], &PAD]), datagram)),
        ),
        over_ipv6("IPv6 jumbogram", &["eth", "ipv6", "ipv6_hopopts", "udp"], &jumbogram),
        over_ipv6(
            "IPv6 destination options",
            &["eth", "ipv6", "ipv6_dstopts", "udp"],
            &ipv6(60, &extension(17, &join(&[&[0xc9, 16], &IPV6_A, &[1, 2, 0, 0]]), datagram)),
        ),
        over_ipv6(
            "IPv6 source route",
            &["eth", "ipv6", "ipv6_routing", "udp"],
            &ipv6(43, &routing(0, 1, &join(&[&[0; 4], &IPV6_B]))),
        ),
        over_ipv6(
            "IPv6 home address route",
            &["eth", "ipv6", "ipv6_routing", "udp"],
            &ipv6(43, &routing(2, 1, &join(&[&[0; 4], &IPV6_B]))),
        ),
        over_ipv6(
            "IPv6 segment routing",
            &["eth", "ipv6", "ipv6_routing", "udp"],
            &ipv6(43, &routing(4, 1, &join(&[&[1, 0, 0, 9], &segment_list]))),
        ),
        over_ipv6(
            "IPv6 segment routing with a padding TLV",
            &["eth", "ipv6", "ipv6_routing", "udp"],
            &ipv6(43, &routing(4, 0, &join(&[&[1, 0, 0, 9], &segment_list, &[4, 6, 0, 0, 0, 0, 0, 0]]))),
        ),
        over_ipv6(
            "IPv6 compressed source route",
            &["eth", "ipv6", "ipv6_routing", "udp"],
            &ipv6(43, &routing(3, 2, &[0x99, 0x40, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 0, 0, 0, 0, 0])),
        ),
        over_ipv6(
            "IPv6 first fragment",
            &["eth", "ipv6", "ipv6_frag", "udp"],
            &ipv6(44, &join(&[&[17, 0, 0, 1, 0xde, 0xad, 0xbe, 0xef], datagram])),
        ),
        over_ipv6(
            "IPv6 later fragment",
            &["eth", "ipv6", "ipv6_frag"],
            &ipv6(44, &join(&[&[17, 0, 0, 0x10, 0xde, 0xad, 0xbe, 0xef], datagram])),
        ),
        over_ipv6(
            "IPv6 chain of extension headers",
            &["eth", "ipv6", "ipv6_hopopts", "ipv6_dstopts", "ipv6_routing", "ipv6_frag", "udp"],
            &ipv6(
                0,
                &extension(
                    60,
                    &[1, 4, 0, 0, 0, 0],
                    &extension(
                        43,
                        &[1, 4, 0, 0, 0, 0],
                        &extension(
                            44,
                            &join(&[&[0, 0, 0, 0, 0, 0], &IPV6_B]),
                            &join(&[&[17, 0, 0, 0, 0, 0, 0, 1], datagram]),
                        ),
                    ),
                ),
            ),
        ),
        over_ipv6(
            "mobile IPv6 binding update",
            &["eth", "ipv6", "mobility"],
            &ipv6(135, &extension(59, &[5, 0, 0, 0, 0, 1, 0xc0, 0, 0, 60, 1, 2, 0, 0], &[])),
        ),
        over_ipv6(
            "mobile IPv6 binding acknowledgement",
            &["eth", "ipv6", "mobility"],
            &ipv6(135, &extension(59, &[6, 0, 0, 0, 0, 0x80, 0, 1, 0, 60, 1, 2, 0, 0], &[])),
        ),
        over_ipv6("IPv6 without a next header", &["eth", "ipv6"], &ipv6(59, b"")),
        over_ipv6("IPv6 in IPv6", &["eth", "ipv6", "ipv6", "udp"], &ipv6(41, &ipv6(17, datagram))),
        over_ipv6("IPv4 in IPv6", &["eth", "ipv6", "ip", "udp"], &ipv6(4, &ipv4(17, &udp(b"hello")))),
        over_ipv4("IPv6 in IPv4", &["eth", "ip", "ipv6", "udp"], &ipv4(41, &ipv6(17, datagram))),
    ]
}

fn ipsec_samples(datagram: &[u8], datagram6: &[u8]) -> Vec<Sample> {
    let ah = |payload: &[u8]| join(&[&[17, 4, 0, 0, 0, 0, 1, 0, 0, 0, 0, 7], &[0xa5; 12], payload]);
    let esp = join(&[&[0, 0, 2, 0, 0, 0, 0, 9], &[0x5a; 40]]);
    vec![
        over_ipv4("AH over IPv4", &["eth", "ip", "ah", "udp"], &ipv4(51, &ah(datagram))),
        over_ipv6("AH over IPv6", &["eth", "ipv6", "ah", "udp"], &ipv6(51, &ah(datagram6))),
        over_ipv4("ESP over IPv4", &["eth", "ip", "esp"], &ipv4(50, &esp)),
        over_ipv6("ESP over IPv6", &["eth", "ipv6", "esp"], &ipv6(50, &esp)),
    ]
}
