//! Headers put in front of payloads, with lengths and checksums filled in.

/// The addresses that the builders use.
pub const MAC_A: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0a];
/// The other end.
pub const MAC_B: [u8; 6] = [0x02, 0, 0, 0, 0, 0x0b];
/// 192.0.2.1 (RFC 5737).
pub const IPV4_A: [u8; 4] = [192, 0, 2, 1];
/// 198.51.100.2 (RFC 5737).
pub const IPV4_B: [u8; 4] = [198, 51, 100, 2];
/// 2001:db8::1 (RFC 3849).
pub const IPV6_A: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
/// 2001:db8:0:1::2 (RFC 3849).
pub const IPV6_B: [u8; 16] = [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2];

/// Parts in a row.
pub fn join(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// An Ethernet II frame, or an 802.3 frame where `ether_type` is at most 1500.
pub fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&MAC_B, &MAC_A, &ether_type.to_be_bytes(), payload])
}

/// An 802.3 frame with its length, of an LLC header and payload.
pub fn ethernet_llc(llc: &[u8]) -> Vec<u8> {
    ethernet(llc.len() as u16, llc)
}

/// The rest of an Ethernet frame from the tag's control information on.
pub fn vlan(tci: u16, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    join(&[&tci.to_be_bytes(), &ether_type.to_be_bytes(), payload])
}

/// An IPv4 packet without options.
pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    ipv4_with(0x4000, &[], protocol, payload)
}

/// An IPv4 packet with these flags, fragment offset and options, which must fill words.
pub fn ipv4_with(flags_fragment: u16, options: &[u8], protocol: u8, payload: &[u8]) -> Vec<u8> {
    assert!(options.len().is_multiple_of(4) && options.len() <= 40, "options fill up to ten words");
    let header_len = 20 + options.len();
    let total = (header_len + payload.len()) as u16;
    let mut packet = join(&[
        &[0x40 | (header_len / 4) as u8, 0],
        &total.to_be_bytes(),
        &[0x12, 0x34],
        &flags_fragment.to_be_bytes(),
        &[64, protocol, 0, 0],
        &IPV4_A,
        &IPV4_B,
        options,
    ]);
    put_checksum(&mut packet, 10, &[]);
    packet.extend_from_slice(payload);
    packet
}

/// An IPv6 packet.
pub fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let len = payload.len() as u16;
    join(&[&[0x60, 0x12, 0x34, 0x56], &len.to_be_bytes(), &[next_header, 64], &IPV6_A, &IPV6_B, payload])
}

/// An IPv6 extension header whose length counts words of eight bytes after the first; `body` fills it from its third
/// byte on.
pub fn extension(next_header: u8, body: &[u8], payload: &[u8]) -> Vec<u8> {
    assert!((body.len() + 2).is_multiple_of(8), "an extension header fills words of eight bytes");
    join(&[&[next_header, ((body.len() + 2) / 8 - 1) as u8], body, payload])
}

/// A TCP segment over IPv4; `options` must fill words.
pub fn tcp(flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    tcp_between(&IPV4_A, &IPV4_B, flags, options, payload)
}

/// A TCP segment between these addresses, which its checksum covers.
pub fn tcp_between(src: &[u8], dst: &[u8], flags: u8, options: &[u8], payload: &[u8]) -> Vec<u8> {
    assert!(options.len().is_multiple_of(4) && options.len() <= 40, "options fill up to ten words");
    let mut segment = join(&[
        &49152_u16.to_be_bytes(),
        &80_u16.to_be_bytes(),
        &0xc160_0e16_u32.to_be_bytes(),
        &0xf481_e20e_u32.to_be_bytes(),
        &[((5 + options.len() / 4) << 4) as u8, flags, 0xff, 0xff, 0, 0, 0, 0],
        options,
        payload,
    ]);
    put_transport_checksum(&mut segment, 16, src, dst, 6);
    segment
}

/// A UDP datagram over IPv4 between ports that no table names.
pub fn udp(payload: &[u8]) -> Vec<u8> {
    udp_between(&IPV4_A, &IPV4_B, payload)
}

/// A UDP datagram between these addresses, which its checksum covers.
pub fn udp_between(src: &[u8], dst: &[u8], payload: &[u8]) -> Vec<u8> {
    let len = (8 + payload.len()) as u16;
    let mut datagram =
        join(&[&40000_u16.to_be_bytes(), &7_u16.to_be_bytes(), &len.to_be_bytes(), &[0, 0], payload]);
    put_transport_checksum(&mut datagram, 6, src, dst, 17);
    datagram
}

/// An ICMP or IGMP message: type, code, and what follows the checksum.
pub fn icmp(kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
    let mut message = join(&[&[kind, code, 0, 0], body]);
    put_checksum(&mut message, 2, &[]);
    message
}

/// An ICMPv6 message between the addresses of [`ipv6`].
pub fn icmpv6(kind: u8, code: u8, body: &[u8]) -> Vec<u8> {
    let mut message = join(&[&[kind, code, 0, 0], body]);
    put_transport_checksum(&mut message, 2, &IPV6_A, &IPV6_B, 58);
    message
}

/// The internet checksum (RFC 1071) of parts in a row, of which all but the last have an even length.
pub fn checksum(parts: &[&[u8]]) -> u16 {
    let mut sum = 0_u32;
    for part in parts {
        for pair in part.chunks(2) {
            sum += u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low));
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

fn put_checksum(bytes: &mut [u8], at: usize, pseudo_header: &[u8]) {
    let sum = checksum(&[pseudo_header, bytes]);
    bytes[at..at + 2].copy_from_slice(&sum.to_be_bytes());
}

fn put_transport_checksum(bytes: &mut [u8], at: usize, src: &[u8], dst: &[u8], protocol: u8) {
    let len = (bytes.len() as u32).to_be_bytes();
    put_checksum(bytes, at, &join(&[src, dst, &len, &[0, 0, 0, protocol]]));
}
