//! TCP, UDP and UDP-Lite.

use super::{Sample, over_ipv4, over_ipv6};
use crate::packet::*;

const SYN: u8 = 0x02;
const PUSH_ACK: u8 = 0x18;

pub(super) fn samples() -> Vec<Sample> {
    let segment = |name, flags, options: &[u8], payload: &[u8]| {
        over_ipv4(name, &["eth", "ip", "tcp"], &ipv4(6, &tcp(flags, options, payload)))
    };
    let timestamps = [1, 1, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2];
    let mut urgent = tcp(0x39, &[], b"now");
    urgent[18..20].copy_from_slice(&[0, 3]);
    let mut short_offset = tcp(PUSH_ACK, &[], b"hello");
    short_offset[12] = 0x40;
    let mut short_length = udp(b"hello");
    short_length[4..6].copy_from_slice(&[0, 7]);
    let mut without_checksum = udp(b"hello");
    without_checksum[6..8].fill(0);
    vec![
        segment("TCP data", PUSH_ACK, &[], b"hello"),
        segment("TCP SYN", SYN, &[2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 0, 1, 3, 3, 7], b""),
        segment("TCP data with timestamps", PUSH_ACK, &timestamps, b"hello"),
        segment(
            "TCP with two SACK blocks",
            0x10,
            &[1, 1, 5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4],
            b"",
        ),
        segment("TCP with an MD5 signature", 0x10, &join(&[&[19, 18], &[0xd5; 16], &[0, 0]]), b""),
        segment("TCP fast open", SYN, &join(&[&[34, 10], &[0xfc; 8], &[1, 1]]), b"hello"),
        segment("TCP fast open, experiment", SYN, &[254, 8, 0xf9, 0x89, 1, 2, 3, 4], b""),
        segment("multipath TCP", SYN, &join(&[&[30, 12, 0, 0x81], &[7; 8]]), b""),
        segment("multipath TCP data sequence", 0x10, &[30, 8, 0x20, 0x01, 0, 0, 0, 9], b""),
        segment("TCP with unknown options", 0x10, &[253, 4, 1, 2, 77, 2, 0, 0], b""),
        segment("TCP option longer than its header", 0x10, &[2, 44, 0, 0], b""),
        segment("TCP option without its length", 0x10, &[1, 1, 1, 8], b""),
        segment("TCP option with length 0", 0x10, &[8, 0, 1, 1], b""),
        over_ipv4("TCP urgent", &["eth", "ip", "tcp"], &ipv4(6, &urgent)),
        over_ipv4("TCP with a data offset of 4", &["eth", "ip", "tcp"], &ipv4(6, &short_offset)),
        over_ipv6(
            "TCP over IPv6",
            &["eth", "ipv6", "tcp"],
            &ipv6(6, &tcp_between(&IPV6_A, &IPV6_B, PUSH_ACK, &timestamps, b"hello")),
        ),
        over_ipv4("UDP", &["eth", "ip", "udp"], &ipv4(17, &udp(b"hello"))),
        over_ipv4("UDP without data", &["eth", "ip", "udp"], &ipv4(17, &udp(b""))),
        over_ipv4("UDP without a checksum", &["eth", "ip", "udp"], &ipv4(17, &without_checksum)),
        over_ipv4("UDP with a length of 7", &["eth", "ip", "udp"], &ipv4(17, &short_length)),
        over_ipv6(
            "UDP over IPv6",
            &["eth", "ipv6", "udp"],
            &ipv6(17, &udp_between(&IPV6_A, &IPV6_B, b"hello")),
        ),
        over_ipv4(
            "UDP-Lite",
            &["eth", "ip", "udplite"],
            &ipv4(136, &join(&[&[0x9c, 0x40, 0, 7, 0, 8, 0x12, 0x34], b"hello"])),
        ),
    ]
}
