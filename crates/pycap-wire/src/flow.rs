//! Flow keys and their hash.

use core::fmt;
use core::net::IpAddr;

use crate::{Ip, IpProtocol, Packet, Transport};

/// The 5-tuple that names a flow in one direction: addresses, ports, protocol.
///
/// The addresses are those of the outermost IP header; the ports are those of TCP, UDP or UDP-Lite, and 0 for
/// everything else and for later fragments.
///
/// # The symmetric hash
///
/// [`symmetric_hash`](Self::symmetric_hash) is the same for both directions of a flow, on every machine and in every
/// version of this crate. It is defined on bytes. `LE64(b)` is the number whose least significant byte is `b[0]`;
/// `mix(x, y)` is the exclusive or of the low and the high half of the 128-bit product of `x` and `y`; all else is
/// arithmetic on 64 bits.
///
/// 1. Each of the two endpoints, an address `a` and a port `p` (bytes in network order), becomes a word:
///    - IPv4: `LE64(a[0], a[1], a[2], a[3], p[0], p[1], 0, 0)`
///    - IPv6: `mix(LE64(a[0..8]) ^ K0, LE64(a[8..16]) ^ K1) ^ LE64(0, 0, 0, 0, p[0], p[1], 0, 0)`
/// 2. `low` is the smaller of the two words as an unsigned number, `high` the larger.
/// 3. The hash is `mix(low ^ K2, high ^ K3 ^ protocol << 56)`, mixed once more: `mix(h ^ K0, K1)`.
///
/// The constants are the first 256 bits of the fractional part of pi: `K0 = 0x243f6a8885a308d3`,
/// `K1 = 0x13198a2e03707344`, `K2 = 0xa4093822299f31d0`, `K3 = 0x082efa98ec4e6c89`.
///
/// Test vectors:
///
/// | flow | hash |
/// |---|---|
/// | TCP 192.168.0.235:57579, 64.12.24.129:5190 | `0xedce95e6e2326698` |
/// | UDP 10.0.0.1:53, 10.0.0.1:53 | `0xcc28a51da7a53b8f` |
/// | TCP \[2001:db8::1\]:443, \[2001:db8::2\]:50000 | `0xc16bb1d7d7b5e2f9` |
/// | ICMPv6 fe80::1, ff02::1 | `0xf5dd2e633cb1b93c` |
///
/// The hash has no key: whoever chooses addresses and ports can choose collisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FlowKey {
    src: IpAddr,
    dst: IpAddr,
    src_port: u16,
    dst_port: u16,
    protocol: IpProtocol,
}

/// The direction of a packet in its flow, whose key is [canonical](FlowKey::canonical). Which end began the flow has nothing to do
/// with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FlowDirection {
    /// From the key's source to its destination; also where both are the same endpoint.
    Forward,
    /// From the key's destination to its source.
    Reverse,
}

impl FlowKey {
    /// A flow key of source and destination, each an address and a port.
    #[inline(always)]
    pub fn new(src: (IpAddr, u16), dst: (IpAddr, u16), protocol: IpProtocol) -> Self {
        Self { src: src.0, dst: dst.0, src_port: src.1, dst_port: dst.1, protocol }
    }

    /// The flow key of a packet, where it has IP addresses.
    #[inline(always)]
    pub fn of(packet: &Packet<'_>) -> Option<Self> {
        let (src, dst) = match packet.ip()? {
            Ip::V4(ip) => (IpAddr::V4(ip.src()), IpAddr::V4(ip.dst())),
            Ip::V6(ip) => (IpAddr::V6(ip.src()), IpAddr::V6(ip.dst())),
        };
        let (src_port, dst_port) = match packet.transport() {
            Some(Transport::Tcp(tcp)) => (tcp.src_port(), tcp.dst_port()),
            Some(Transport::Udp(udp)) => (udp.src_port(), udp.dst_port()),
            Some(Transport::UdpLite(udp)) => (udp.src_port(), udp.dst_port()),
            _ => (0, 0),
        };
        Some(Self { src, dst, src_port, dst_port, protocol: packet.ip_protocol()? })
    }

    /// Source address.
    pub fn src(&self) -> IpAddr {
        self.src
    }

    /// Destination address.
    pub fn dst(&self) -> IpAddr {
        self.dst
    }

    /// Source port, or 0.
    pub fn src_port(&self) -> u16 {
        self.src_port
    }

    /// Destination port, or 0.
    pub fn dst_port(&self) -> u16 {
        self.dst_port
    }

    /// The protocol that the IP packet carries, after extension headers.
    pub fn protocol(&self) -> IpProtocol {
        self.protocol
    }

    /// The key of the other direction.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            src: self.dst,
            dst: self.src,
            src_port: self.dst_port,
            dst_port: self.src_port,
            protocol: self.protocol,
        }
    }

    /// The same key for both directions: the one whose source is the smaller endpoint.
    #[must_use]
    pub fn canonical(&self) -> Self {
        self.with_direction().0
    }

    /// The [canonical](Self::canonical) key, and the direction in it of a packet with this key.
    #[must_use]
    pub fn with_direction(&self) -> (Self, FlowDirection) {
        if (self.src, self.src_port) <= (self.dst, self.dst_port) {
            (*self, FlowDirection::Forward)
        } else {
            (self.reversed(), FlowDirection::Reverse)
        }
    }

    /// The 64-bit hash that both directions share, as defined [above](Self#the-symmetric-hash).
    #[inline(always)]
    pub fn symmetric_hash(&self) -> u64 {
        let (src, dst) = (endpoint(self.src, self.src_port), endpoint(self.dst, self.dst_port));
        let (low, high) = (src.min(dst), src.max(dst));
        let hash = mix(low ^ K2, high ^ K3 ^ u64::from(self.protocol.0) << 56);
        mix(hash ^ K0, K1)
    }
}

const K0: u64 = 0x243f_6a88_85a3_08d3;
const K1: u64 = 0x1319_8a2e_0370_7344;
const K2: u64 = 0xa409_3822_299f_31d0;
const K3: u64 = 0x082e_fa98_ec4e_6c89;

#[inline(always)]
fn mix(x: u64, y: u64) -> u64 {
    let product = u128::from(x) * u128::from(y);
    product as u64 ^ (product >> 64) as u64
}

#[inline(always)]
fn endpoint(address: IpAddr, port: u16) -> u64 {
    let port = u64::from(u16::from_le_bytes(port.to_be_bytes())) << 32;
    match address {
        IpAddr::V4(address) => u64::from(u32::from_le_bytes(address.octets())) | port,
        IpAddr::V6(address) => {
            let [low, high] = halves(address.octets());
            mix(low ^ K0, high ^ K1) ^ port
        }
    }
}

#[inline(always)]
fn halves(octets: [u8; 16]) -> [u64; 2] {
    let both = u128::from_le_bytes(octets);
    [both as u64, (both >> 64) as u64]
}

/// `TCP 192.168.0.235:57579 -> 64.12.24.129:5190`.
impl fmt::Display for FlowKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |address, port| core::net::SocketAddr::new(address, port);
        match (self.src_port, self.dst_port) {
            (0, 0) => write!(f, "{} {} -> {}", self.protocol, self.src, self.dst),
            (src_port, dst_port) => {
                write!(f, "{} {} -> {}", self.protocol, end(self.src, src_port), end(self.dst, dst_port))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use core::net::SocketAddr;

    use super::*;

    fn key(src: &str, dst: &str, protocol: IpProtocol) -> FlowKey {
        let end = |text: &str| {
            let end: SocketAddr = text.parse().unwrap();
            (end.ip(), end.port())
        };
        FlowKey::new(end(src), end(dst), protocol)
    }

    /// The vectors of the documentation, computed from its text by another program.
    #[test]
    fn vectors() {
        let vectors = [
            ("192.168.0.235:57579", "64.12.24.129:5190", IpProtocol::TCP, 0xedce_95e6_e232_6698),
            ("10.0.0.1:53", "10.0.0.1:53", IpProtocol::UDP, 0xcc28_a51d_a7a5_3b8f),
            ("[2001:db8::1]:443", "[2001:db8::2]:50000", IpProtocol::TCP, 0xc16b_b1d7_d7b5_e2f9),
            ("[fe80::1]:0", "[ff02::1]:0", IpProtocol::ICMPV6, 0xf5dd_2e63_3cb1_b93c),
        ];
        for (src, dst, protocol, hash) in vectors {
            assert_eq!(key(src, dst, protocol).symmetric_hash(), hash, "{src} {dst}");
            assert_eq!(key(dst, src, protocol).symmetric_hash(), hash, "{dst} {src}");
        }
    }

    #[test]
    fn ports_belong_to_their_addresses() {
        let straight = key("10.0.0.1:80", "10.0.0.2:1234", IpProtocol::TCP);
        let crossed = key("10.0.0.1:1234", "10.0.0.2:80", IpProtocol::TCP);
        assert_ne!(straight.symmetric_hash(), crossed.symmetric_hash());
        assert_ne!(straight.canonical(), crossed.canonical());
    }

    #[test]
    fn both_directions_have_one_canonical_key() {
        let there = key("10.0.0.9:80", "10.0.0.2:1234", IpProtocol::TCP);
        assert_eq!(there.canonical(), there.reversed().canonical());
        assert_eq!(there.canonical().src_port(), 1234);
    }

    /// The source of the shared key and the direction give the packet's own key back, also where the ports alone differ.
    #[test]
    fn a_direction_leads_back_to_the_key() {
        for (src, dst, direction) in [
            ("10.0.0.2:1234", "10.0.0.9:80", FlowDirection::Forward),
            ("10.0.0.9:80", "10.0.0.2:1234", FlowDirection::Reverse),
            ("10.0.0.1:7", "10.0.0.1:8", FlowDirection::Forward),
            ("10.0.0.1:8", "10.0.0.1:7", FlowDirection::Reverse),
            ("10.0.0.1:7", "10.0.0.1:7", FlowDirection::Forward),
            ("[fe80::2]:0", "[fe80::1]:0", FlowDirection::Reverse),
        ] {
            let key = key(src, dst, IpProtocol::UDP);
            let (shared, found) = key.with_direction();
            assert_eq!((found, shared), (direction, key.canonical()), "{src} {dst}");
            let own = if found == FlowDirection::Forward { shared } else { shared.reversed() };
            assert_eq!(own, key);
        }
    }

    /// Flows that differ in one number spread over 256 buckets, by the low and by the high bits.
    #[test]
    fn near_flows_spread() {
        let mut low = [0_u32; 256];
        let mut high = [0_u32; 256];
        for host in 0..=255_u8 {
            for port in 0..64_u16 {
                let client = (IpAddr::from([10, 0, 0, host]), 40_000 + port);
                let hash = FlowKey::new(client, (IpAddr::from([10, 1, 0, 1]), 443), IpProtocol::TCP)
                    .symmetric_hash();
                low[(hash & 255) as usize] += 1;
                high[(hash >> 56) as usize] += 1;
            }
        }
        for buckets in [low, high] {
            let chi_squared: f64 = buckets.iter().map(|&n| (f64::from(n) - 64.0).powi(2) / 64.0).sum();
            assert!(chi_squared < 340.0, "chi squared {chi_squared} with 255 degrees of freedom");
        }
    }
}
