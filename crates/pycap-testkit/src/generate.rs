//! Traffic made up for benches, counts of instructions and fuzz seeds: packets and savefiles, the same on every machine.
//!
//! Bytes are put together here by hand, not through pycap's own header structs, so that an error in those shows.

use std::io::{self, Write};

use fastrand::Rng;

/// A kind of traffic. Frames are Ethernet, padded to 60 bytes where shorter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Traffic {
    /// IPv4 and TCP, both without options.
    Ipv4Tcp,
    /// IPv4 without options and UDP.
    Ipv4Udp,
    /// 60 % IPv4/TCP with the timestamps option, 20 % IPv4/UDP, 10 % IPv6 with TCP or UDP, 5 % ARP or ICMP, 5 % IPv4/TCP
    /// in a VLAN; shuffled.
    Mix,
    /// Two VLAN tags, IPv6 with hop-by-hop options and a fragment header, TCP with options.
    QinqIpv6Extensions,
}

impl Traffic {
    /// `count` frames; the same `seed` gives the same ones.
    pub fn frames(self, count: usize, seed: u64) -> Vec<Vec<u8>> {
        let mut rng = Rng::with_seed(seed);
        match self {
            Self::Ipv4Tcp => (0..count).map(|_| ipv4_tcp(&mut rng, &[])).collect(),
            Self::Ipv4Udp => (0..count).map(|_| ipv4_udp(&mut rng)).collect(),
            Self::QinqIpv6Extensions => (0..count).map(|_| qinq_ipv6_extensions(&mut rng)).collect(),
            Self::Mix => {
                let mut frames: Vec<_> = (0..count).map(|n| mixed(n, &mut rng)).collect();
                rng.shuffle(&mut frames);
                frames
            }
        }
    }
}

/// The `n`th frame of the mix before it is shuffled: each twenty have the shares of the whole.
fn mixed(n: usize, rng: &mut Rng) -> Vec<u8> {
    let round = n / 20;
    match n % 20 {
        0..=11 => {
            let options = timestamps(rng);
            ipv4_tcp(rng, &options)
        }
        12..=15 => ipv4_udp(rng),
        16 => ipv6_tcp(rng),
        17 => ipv6_udp(rng),
        18 if round.is_multiple_of(2) => arp(rng),
        18 => ipv4_icmp(rng),
        _ => {
            let options = timestamps(rng);
            let mut frame = ipv4_tcp(rng, &options);
            tag(&mut frame, 0x8100, rng);
            frame
        }
    }
}

fn ipv4_tcp(rng: &mut Rng, options: &[u8]) -> Vec<u8> {
    let (src, dst) = (ipv4_address(rng), ipv4_address(rng));
    let segment = tcp(rng, options, &pseudo_header(&src, &dst, 6));
    let packet = ipv4(rng, src, dst, 6, &segment);
    ethernet(rng, 0x0800, &packet)
}

fn ipv4_udp(rng: &mut Rng) -> Vec<u8> {
    let (src, dst) = (ipv4_address(rng), ipv4_address(rng));
    let datagram = udp(rng, &pseudo_header(&src, &dst, 17));
    let packet = ipv4(rng, src, dst, 17, &datagram);
    ethernet(rng, 0x0800, &packet)
}

fn ipv4_icmp(rng: &mut Rng) -> Vec<u8> {
    let (src, dst) = (ipv4_address(rng), ipv4_address(rng));
    let mut echo = vec![8, 0, 0, 0];
    echo.extend(rng.u32(..).to_be_bytes());
    echo.extend(bytes(rng, 56));
    put_checksum(&mut echo, 2, &[]);
    let packet = ipv4(rng, src, dst, 1, &echo);
    ethernet(rng, 0x0800, &packet)
}

fn ipv6_tcp(rng: &mut Rng) -> Vec<u8> {
    let (src, dst) = (ipv6_address(rng), ipv6_address(rng));
    let options = timestamps(rng);
    let segment = tcp(rng, &options, &pseudo_header(&src, &dst, 6));
    let packet = ipv6(rng, src, dst, 6, &segment);
    ethernet(rng, 0x86dd, &packet)
}

fn ipv6_udp(rng: &mut Rng) -> Vec<u8> {
    let (src, dst) = (ipv6_address(rng), ipv6_address(rng));
    let datagram = udp(rng, &pseudo_header(&src, &dst, 17));
    let packet = ipv6(rng, src, dst, 17, &datagram);
    ethernet(rng, 0x86dd, &packet)
}

fn qinq_ipv6_extensions(rng: &mut Rng) -> Vec<u8> {
    let (src, dst) = (ipv6_address(rng), ipv6_address(rng));
    // Hop-by-hop options: a router alert (RFC 2711) and padding; then a fragment header that says "all of it" (RFC 6946).
    let mut payload = vec![44, 0, 5, 2, 0, 0, 1, 0];
    payload.extend([6, 0, 0, 0]);
    payload.extend(rng.u32(..).to_be_bytes());
    let options = timestamps(rng);
    payload.extend(tcp(rng, &options, &pseudo_header(&src, &dst, 6)));
    let packet = ipv6(rng, src, dst, 0, &payload);
    let mut frame = ethernet(rng, 0x86dd, &packet);
    tag(&mut frame, 0x8100, rng);
    tag(&mut frame, 0x88a8, rng);
    frame
}

fn arp(rng: &mut Rng) -> Vec<u8> {
    let mut message = vec![0, 1, 8, 0, 6, 4, 0, rng.u8(1..=2)];
    message.extend(mac_address(rng));
    message.extend(ipv4_address(rng));
    message.extend(mac_address(rng));
    message.extend(ipv4_address(rng));
    ethernet(rng, 0x0806, &message)
}

fn ethernet(rng: &mut Rng, ether_type: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(14 + payload.len());
    frame.extend(mac_address(rng));
    frame.extend(mac_address(rng));
    frame.extend(ether_type.to_be_bytes());
    frame.extend(payload);
    frame.resize(frame.len().max(60), 0);
    frame
}

fn tag(frame: &mut Vec<u8>, tpid: u16, rng: &mut Rng) {
    let [tpid_high, tpid_low] = tpid.to_be_bytes();
    let [vid_high, vid_low] = rng.u16(1..4095).to_be_bytes();
    frame.splice(12..12, [tpid_high, tpid_low, vid_high, vid_low]);
}

fn ipv4(rng: &mut Rng, src: [u8; 4], dst: [u8; 4], protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend(((20 + payload.len()) as u16).to_be_bytes());
    packet.extend(rng.u16(..).to_be_bytes());
    packet.extend([0x40, 0, 64, protocol, 0, 0]);
    packet.extend(src);
    packet.extend(dst);
    put_checksum(&mut packet, 10, &[]);
    packet.extend(payload);
    packet
}

fn ipv6(rng: &mut Rng, src: [u8; 16], dst: [u8; 16], next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = (0x6000_0000 | rng.u32(..1 << 20)).to_be_bytes().to_vec();
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next_header, 64]);
    packet.extend(src);
    packet.extend(dst);
    packet.extend(payload);
    packet
}

fn tcp(rng: &mut Rng, options: &[u8], pseudo_header: &[u8]) -> Vec<u8> {
    assert!(options.len().is_multiple_of(4) && options.len() <= 40);
    let mut segment = ports(rng, &[80, 443, 22, 5432]).to_vec();
    segment.extend(rng.u32(..).to_be_bytes());
    segment.extend(rng.u32(..).to_be_bytes());
    // Half of the segments are bare acknowledgments, a quarter are full, a quarter carry something; all but a few have
    // no other flags than ACK and PSH.
    let data = match rng.u8(..4) {
        0 | 1 => 0,
        2 => 1360,
        _ => rng.usize(1..1200),
    };
    let flags = match rng.u8(..32) {
        0 => 0x11,
        1 => 0x14,
        _ if data > 0 && rng.bool() => 0x18,
        _ => 0x10,
    };
    segment.extend([(5 + options.len() as u8 / 4) << 4, flags]);
    segment.extend(rng.u16(1000..).to_be_bytes());
    segment.extend([0; 4]);
    segment.extend(options);
    segment.extend(bytes(rng, data));
    put_checksum(&mut segment, 16, pseudo_header);
    segment
}

fn udp(rng: &mut Rng, pseudo_header: &[u8]) -> Vec<u8> {
    let data = if rng.bool() { 1350 } else { rng.usize(12..600) };
    // No port that the port table names: the payload is random.
    let mut datagram = ports(rng, &[443, 3478, 123, 51820]).to_vec();
    datagram.extend(((8 + data) as u16).to_be_bytes());
    datagram.extend([0; 2]);
    datagram.extend(bytes(rng, data));
    put_checksum(&mut datagram, 6, pseudo_header);
    datagram
}

fn timestamps(rng: &mut Rng) -> Vec<u8> {
    let mut options = vec![1, 1, 8, 10];
    options.extend(rng.u32(..).to_be_bytes());
    options.extend(rng.u32(..).to_be_bytes());
    options
}

/// A client's port and one of `services`, in one of the two directions.
fn ports(rng: &mut Rng, services: &[u16]) -> [u8; 4] {
    let client = rng.u16(32768..61000).to_be_bytes();
    let service = services[rng.usize(..services.len())].to_be_bytes();
    let (src, dst) = if rng.bool() { (client, service) } else { (service, client) };
    [src[0], src[1], dst[0], dst[1]]
}

fn mac_address(rng: &mut Rng) -> [u8; 6] {
    let [a, b, c, ..] = rng.u32(..).to_be_bytes();
    [0x02, 0x00, 0x5e, a, b, c]
}

fn ipv4_address(rng: &mut Rng) -> [u8; 4] {
    let [a, b, c, ..] = rng.u32(..).to_be_bytes();
    [10, a, b, c]
}

/// In 2001:db8::/32 (RFC 3849).
fn ipv6_address(rng: &mut Rng) -> [u8; 16] {
    let mut address = [0; 16];
    address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    address[8..].copy_from_slice(&rng.u64(..).to_be_bytes());
    address
}

fn bytes(rng: &mut Rng, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    rng.fill(&mut bytes);
    bytes
}

/// Addresses, protocol; the length is added with the segment (RFC 768, RFC 8200 section 8.1: the sums are the same).
fn pseudo_header(src: &[u8], dst: &[u8], protocol: u8) -> Vec<u8> {
    [src, dst, &[0, protocol]].concat()
}

fn put_checksum(bytes: &mut [u8], at: usize, pseudo_header: &[u8]) {
    let words = |bytes: &[u8]| -> u32 {
        bytes
            .chunks(2)
            .map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)))
            .sum()
    };
    let length = if pseudo_header.is_empty() { 0 } else { bytes.len() as u32 };
    let mut sum = words(pseudo_header) + length + words(bytes);
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    bytes[at..at + 2].copy_from_slice(&(!(sum as u16)).to_be_bytes());
}

/// Writes `frames` as a classic pcap file: little-endian, microseconds, version 2.4, Ethernet.
///
/// # Errors
///
/// What `out` fails with.
pub fn pcap<'a>(frames: impl IntoIterator<Item = &'a [u8]>, mut out: impl Write) -> io::Result<()> {
    let mut header = Vec::new();
    header.extend(0xa1b2_c3d4_u32.to_le_bytes());
    header.extend([2, 0, 4, 0]);
    header.extend([0; 8]);
    header.extend(262_144_u32.to_le_bytes());
    header.extend(1_u32.to_le_bytes());
    out.write_all(&header)?;
    for (n, frame) in (0..).zip(frames) {
        let (secs, micros) = time(n);
        let length = frame.len() as u32;
        let words = [secs, micros, length, length];
        out.write_all(words.map(u32::to_le_bytes).as_flattened())?;
        out.write_all(frame)?;
    }
    out.flush()
}

/// Writes `frames` as a pcapng file: little-endian, one section, one Ethernet interface, enhanced packet blocks.
///
/// # Errors
///
/// What `out` fails with.
pub fn pcapng<'a>(frames: impl IntoIterator<Item = &'a [u8]>, mut out: impl Write) -> io::Result<()> {
    let words = |words: &[u32]| words.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>();
    // Section header: version 1.0, length unknown. Interface description: link type 1, snapshot length 262144.
    out.write_all(&words(&[0x0a0d_0d0a, 28, 0x1a2b_3c4d, 1, u32::MAX, u32::MAX, 28]))?;
    out.write_all(&words(&[1, 20, 1, 262_144, 20]))?;
    for (n, frame) in (0..).zip(frames) {
        let (secs, micros) = time(n);
        let micros = u64::from(secs) * 1_000_000 + u64::from(micros);
        let length = frame.len() as u32;
        let padded = length.next_multiple_of(4);
        let block = 32 + padded;
        let header = [6, block, 0, (micros >> 32) as u32, micros as u32, length, length];
        out.write_all(header.map(u32::to_le_bytes).as_flattened())?;
        out.write_all(frame)?;
        out.write_all(&[0; 3][..(padded - length) as usize])?;
        out.write_all(&block.to_le_bytes())?;
    }
    out.flush()
}

/// The `n`th frame's time: one each 50 microseconds from 2023-11-14 22:13:20 UTC on.
fn time(n: u32) -> (u32, u32) {
    (1_700_000_000 + n / 20_000, n % 20_000 * 50)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_everywhere() {
        for traffic in [Traffic::Ipv4Tcp, Traffic::Ipv4Udp, Traffic::Mix, Traffic::QinqIpv6Extensions] {
            assert_eq!(traffic.frames(100, 1), traffic.frames(100, 1));
            assert_ne!(traffic.frames(100, 1), traffic.frames(100, 2));
            assert!(traffic.frames(100, 1).iter().all(|frame| (60..=1518).contains(&frame.len())));
        }
    }

    #[test]
    fn the_mix_has_its_shares() {
        let frames = Traffic::Mix.frames(4000, 1);
        let share = |what: &dyn Fn(&[u8]) -> bool| frames.iter().filter(|frame| what(frame)).count();
        let ether_type = |frame: &[u8]| u16::from_be_bytes([frame[12], frame[13]]);
        assert_eq!(share(&|f| ether_type(f) == 0x0800 && f[23] == 6 && f[46] == 0x80), 2400);
        assert_eq!(share(&|f| ether_type(f) == 0x0800 && f[23] == 17), 800);
        assert_eq!(share(&|f| ether_type(f) == 0x86dd), 400);
        assert_eq!(share(&|f| ether_type(f) == 0x0806 || ether_type(f) == 0x0800 && f[23] == 1), 200);
        assert_eq!(share(&|f| ether_type(f) == 0x8100), 200);
    }

    #[test]
    fn files_have_the_lengths_of_their_parts() {
        let frames = Traffic::Mix.frames(40, 1);
        let sum: usize = frames.iter().map(Vec::len).sum();
        let padded: usize = frames.iter().map(|frame| frame.len().next_multiple_of(4)).sum();
        let mut file = Vec::new();
        pcap(frames.iter().map(Vec::as_slice), &mut file).unwrap();
        assert_eq!(file.len(), 24 + 40 * 16 + sum);
        file.clear();
        pcapng(frames.iter().map(Vec::as_slice), &mut file).unwrap();
        assert_eq!(file.len(), 28 + 20 + 40 * 32 + padded);
    }
}
