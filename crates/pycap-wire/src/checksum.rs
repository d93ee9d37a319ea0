//! The Internet checksum (RFC 1071): compute, verify, update (RFC 1624).
//!
//! All sums here are of big-endian 16-bit words in one's complement arithmetic, wherever the machine keeps its bytes.
//! A sum is a `u64` that is not folded yet: sums of pieces are added with `+` (each is below 2^48 for pieces up to 16 GiB,
//! so thousands of them fit), as long as every piece but the last has an even length; [`fold`] makes 16 bits of the total.
//!
//! ```
//! use pycap_wire::checksum::{fold, sum};
//!
//! // RFC 1071, section 3: the words 0001 f203 f4f5 f6f7 have the sum ddf2.
//! let words = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
//! assert_eq!(fold(sum(&words)), 0xddf2);
//! assert_eq!(fold(sum(&words[..2]) + sum(&words[2..])), 0xddf2);
//! ```

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::{IpProtocol, Ipv6Option, Layer};

/// The one's complement sum of `bytes` as big-endian 16-bit words, an odd last byte padded with a zero byte.
///
/// It is 0 only where all bytes are 0. Over an array, say a header's bytes, it is a few additions without a branch.
#[inline]
pub fn sum(bytes: &[u8]) -> u64 {
    if bytes.len() < LANES_FROM { sum_on(0, bytes) } else { sum_in_lanes(bytes) }
}

/// From here on vectors win over a chain of carries, which is a call less and fewer instructions.
const LANES_FROM: usize = 384;

/// RFC 1071, 2(B): the sum does not depend on the byte order but for a swap of the result, so words are added as they lie
/// in memory, four at a time (2(C)), with the carry out of 64 bits added at the low end. The lengths are halved rather than
/// looped over since what comes here is short and every branch counts.
#[inline(always)]
fn sum_on(mut sum: u64, bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<32>();
    for block in blocks {
        sum = add_block(sum, block);
    }
    if rest.is_empty() {
        return to_big_endian(halves(sum));
    }
    let (block, rest) = rest.as_chunks::<16>();
    if let [block] = block {
        sum = add_block(sum, block);
    }
    let (block, rest) = rest.as_chunks::<8>();
    if let [block] = block {
        sum = add_block(sum, block);
    }
    sum = halves(sum);
    let (words, rest) = rest.as_chunks::<4>();
    if let [words] = words {
        sum += u64::from(u32::from_ne_bytes(*words));
    }
    if !rest.is_empty() {
        let (word, last) = rest.as_chunks::<2>();
        if let [word] = word {
            sum += u64::from(u16::from_ne_bytes(*word));
        }
        if let [byte] = last {
            sum += u64::from(u16::from_ne_bytes([*byte, 0]));
        }
    }
    to_big_endian(sum)
}

/// Written so that it becomes one chain of add-with-carry instructions.
#[inline(always)]
fn add_block<const N: usize>(mut sum: u64, block: &[u8; N]) -> u64 {
    let mut carry = false;
    for quad in block.as_chunks::<8>().0 {
        let (added, over) = sum.overflowing_add(u64::from_ne_bytes(*quad));
        let (added, over_by_carry) = added.overflowing_add(u64::from(carry));
        (sum, carry) = (added, over | over_by_carry);
    }
    sum + u64::from(carry) // A sum that wrapped around is below 2^64 - 1.
}

/// Takes lanes of 64 bits, which the compiler puts into vectors, with one shift and two additions each. Vectors have no
/// carry; instead of both halves of each lane, the high halves and the whole lanes are added up: the sum of the low
/// halves is what is left of the wrapped total, exact below 2^32 lanes, and with the high halves' fits below 2^31 (16 GiB).
#[inline(never)]
fn sum_in_lanes(bytes: &[u8]) -> u64 {
    let (blocks, rest) = bytes.as_chunks::<64>();
    let (mut totals, mut highs) = ([0_u64; 8], [0_u64; 8]);
    for block in blocks {
        // Three loops, not one: only so are they vectors.
        let mut lanes = [0; 8];
        for (lane, quad) in lanes.iter_mut().zip(block.as_chunks::<8>().0) {
            *lane = u64::from_ne_bytes(*quad);
        }
        for (total, lane) in totals.iter_mut().zip(lanes) {
            *total = total.wrapping_add(lane);
        }
        for (high, lane) in highs.iter_mut().zip(lanes) {
            *high = high.wrapping_add(lane >> 32);
        }
    }
    let total = totals.into_iter().fold(0, u64::wrapping_add);
    let high = highs.into_iter().fold(0, u64::wrapping_add);
    let low = total.wrapping_sub(high << 32);
    sum_on(low.wrapping_add(high), rest)
}

/// The same sum, below 2^33.
#[inline(always)]
fn halves(sum: u64) -> u64 {
    (sum & 0xffff_ffff) + (sum >> 32)
}

/// A swap of the bytes in each word is a multiplication by 256 in one's complement arithmetic.
#[inline(always)]
fn to_big_endian(sum: u64) -> u64 {
    if cfg!(target_endian = "big") { sum } else { sum << 8 }
}

/// Folds a sum into 16 bits with end-around carry. 0xffff means that a checksum inside the sum is right.
#[inline]
pub fn fold(sum: u64) -> u16 {
    // Both halves added in both orders: the lower addition's carry enters the upper one, whose result it is.
    let sum = (sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32;
    (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
}

/// The Internet checksum of `bytes`, as it goes into a header whose checksum field was 0 in them.
#[inline]
pub fn internet(bytes: &[u8]) -> u16 {
    !fold(sum(bytes))
}

/// The sum of the IPv4 pseudo-header (RFC 793, 3.1; RFC 768): `len` is that of header and payload of the upper layer in
/// bytes; its low 16 bits count, as the field has no more.
#[inline]
pub fn pseudo_ipv4(src: Ipv4Addr, dst: Ipv4Addr, protocol: IpProtocol, len: usize) -> u64 {
    u64::from(src.to_bits()) + u64::from(dst.to_bits()) + u64::from(protocol.0) + (len & 0xffff) as u64
}

/// The sum of the IPv6 pseudo-header (RFC 8200, 8.1): `dst` is the final destination (the last address of a routing
/// header), `len` that of header and payload of the upper layer in bytes, without extension headers; its low 32 bits count.
#[inline]
pub fn pseudo_ipv6(src: Ipv6Addr, dst: Ipv6Addr, protocol: IpProtocol, len: usize) -> u64 {
    sum(&src.octets()) + sum(&dst.octets()) + u64::from(protocol.0) + (len as u64 & 0xffff_ffff)
}

/// The sum of the pseudo-header between two addresses; `None` where they are not of one family.
#[inline]
pub fn pseudo(src: IpAddr, dst: IpAddr, protocol: IpProtocol, len: usize) -> Option<u64> {
    match (src, dst) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => Some(pseudo_ipv4(src, dst, protocol, len)),
        (IpAddr::V6(src), IpAddr::V6(dst)) => Some(pseudo_ipv6(src, dst, protocol, len)),
        _ => None,
    }
}

/// The checksum of a header in which one 16-bit word was changed from `old` to `new` (RFC 1624, equation 3).
///
/// Larger fields are their words, one after the other, or [`update_bytes`].
#[inline]
pub fn update(checksum: u16, old: u16, new: u16) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!old) + u64::from(new))
}

/// The checksum of a header in which bytes were changed from `old` to `new` (RFC 1624, equation 3). The bytes begin at an
/// even offset from the start of what is summed; `old` and `new` have the same length.
#[inline]
pub fn update_bytes(checksum: u16, old: &[u8], new: &[u8]) -> u16 {
    !fold(u64::from(!checksum) + u64::from(!fold(sum(old))) + sum(new))
}

/// Verifies the checksums of a packet's layers, one after the other.
///
/// It remembers the addresses that a transport's checksum covers.
///
/// ```
/// use pycap_wire::checksum::Verifier;
/// use pycap_wire::{LinkType, Packet};
///
/// let frame = [
///     0x45, 0, 0, 33, 0, 1, 0, 0, 64, 17, 0xf9, 0x77, 192, 168, 0, 1, 192, 168, 0, 2, // IPv4
///     0x03, 0xe8, 0x07, 0xd0, 0, 13, 0, 0, b'h', b'e', b'l', b'l', b'o', // UDP without a checksum
/// ];
/// let mut verifier = Verifier::default();
/// let verdicts = Packet::parse(LinkType::RAW, &frame).layers().map(|layer| verifier.verify(&layer));
/// assert_eq!(verdicts.collect::<Vec<_>>(), [Some(true), None]);
/// ```
#[derive(Debug, Clone, Default)]
pub struct Verifier {
    /// None behind a fragment, which has not all bytes, or a routing header that hides the final destination.
    addresses: Option<(IpAddr, IpAddr)>,
}

impl Verifier {
    /// Whether the next layer's checksum is right; `None` where it has none, where not all of what it covers is there,
    /// in fragments, and behind a routing header that does not tell the final destination.
    pub fn verify(&mut self, layer: &Layer<'_>) -> Option<bool> {
        self.pass(layer);
        if let Layer::Ipv4(ip) = layer {
            return ip.checksum_ok();
        }
        let (src, dst) = self.addresses?;
        match layer {
            _ if layer.missing() > 0 => None,
            Layer::Tcp(tcp) => tcp.checksum_ok(src, dst),
            Layer::Udp(udp) => udp.checksum_ok(src, dst),
            Layer::UdpLite(udp_lite) => udp_lite.checksum_ok(src, dst),
            Layer::Icmpv4(icmp) => icmp.checksum_ok(),
            Layer::Icmpv6(icmp) => icmp.checksum_ok(src, dst),
            Layer::Igmp(igmp) => igmp.checksum_ok(),
            _ => None,
        }
    }

    /// Passes the next layer without verifying it: what it says of the [addresses](Self::addresses) counts from then on.
    pub fn pass(&mut self, layer: &Layer<'_>) {
        match layer {
            Layer::Ipv4(ip) => {
                self.addresses = (!ip.is_fragment()).then_some((ip.src().into(), ip.final_dst().into()));
            }
            Layer::Ipv6(ip) => self.addresses = Some((ip.src().into(), ip.dst().into())),
            Layer::Ipv6Fragment(fragment) if !fragment.is_fragment() => (),
            Layer::Ipv6Fragment(_) => self.addresses = None,
            Layer::Ipv6Routing(routing) => {
                self.addresses = self.addresses.and_then(|(src, dst)| match dst {
                    IpAddr::V6(dst) => Some((src, routing.final_dst(dst)?.into())),
                    IpAddr::V4(_) => None,
                });
            }
            Layer::Ipv6DestinationOptions(header) => {
                // RFC 6275, 6.3: checksums are those of a packet from the home address.
                let home = header.options().find_map(|option| match option {
                    Ipv6Option::HomeAddress(home) => Some(home),
                    _ => None,
                });
                if let (Some(home), Some((src, _))) = (home, &mut self.addresses) {
                    *src = home.into();
                }
            }
            _ => (),
        }
    }

    /// The source and final destination that the checksum of the transport that comes next covers; `None` in fragments, which
    /// have not all that it covers, and behind a routing header that does not tell the final destination.
    pub fn addresses(&self) -> Option<(IpAddr, IpAddr)> {
        self.addresses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{bytes, format};
    use crate::{LayerKind, LinkType, Packet, Tcp, Udp, UdpLite};

    #[test]
    fn extension_headers_say_where_a_packet_comes_from_and_goes_to() {
        let verdict = |home: &str, last: &str, left: u8| {
            let packet = bytes(&format!(
                "60000000 003d3c40 {z}09 {z}02 2b02 0102 0000 c910 {z}{home} 1102 00{left:02x} 00000000 {z}{last} \
                 0001 0002 000d bbfb 68656c6c6f",
                z = "00".repeat(15)
            ));
            let mut verifier = Verifier::default();
            let layers = Packet::parse(LinkType::IPV6, &packet).layers();
            layers.map(|layer| (layer.kind(), verifier.verify(&layer))).last()
        };
        // The sum of ::1, ::3, 17, 13, the ports, the length and the data is 0x4404.
        assert_eq!(verdict("01", "03", 1), Some((LayerKind::Udp, Some(true))));
        assert_eq!(verdict("01", "04", 1), Some((LayerKind::Udp, Some(false))));
        assert_eq!(verdict("04", "03", 1), Some((LayerKind::Udp, Some(false))));
        // No node is left: the destination, ::2, is the final one.
        assert_eq!(verdict("02", "09", 0), Some((LayerKind::Udp, Some(true))));
    }

    /// The definition in RFC 1071, section 1, word by word.
    fn reference(bytes: &[u8]) -> u16 {
        let mut sum = 0_u32;
        for pair in bytes.chunks(2) {
            sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
            sum = (sum & 0xffff) + (sum >> 16);
        }
        sum as u16
    }

    #[test]
    fn rfc_1071_example() {
        let words = [0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7];
        assert_eq!(fold(sum(&words)), 0xddf2);
        assert_eq!(internet(&words), !0xddf2);
    }

    #[test]
    fn any_length_and_alignment_is_the_sum_of_its_words() {
        let bytes: [u8; 2 * LANES_FROM + 200] = core::array::from_fn(|i| (i * 151 + i / 256 + 77) as u8);
        for start in 0..9 {
            for end in start..bytes.len() {
                let piece = &bytes[start..end];
                assert_eq!(fold(sum(piece)), reference(piece), "{start}..{end}");
                assert_eq!(internet(piece), !reference(piece), "{start}..{end}");
            }
        }
    }

    #[test]
    fn sums_of_pieces_add_up() {
        let bytes: [u8; 1500] = core::array::from_fn(|i| (i * i / 7 + 3) as u8);
        for at in (0..=bytes.len()).step_by(2) {
            let (first, second) = bytes.split_at(at);
            assert_eq!(fold(sum(first) + sum(second)), reference(&bytes), "{at}");
        }
    }

    /// Ones everywhere carry out of every addition, and a carry that is lost shows.
    #[test]
    fn no_carry_is_lost() {
        let ones = [0xff; 128 << 10];
        for len in (0..2048).chain((2048..ones.len()).step_by(1021)).chain([ones.len() - 1, ones.len()]) {
            let sum = sum(&ones[..len]);
            assert!(sum < 1 << 48, "{len}");
            assert_eq!(fold(sum), reference(&ones[..len]), "{len}");
        }
    }

    #[test]
    fn only_zeros_sum_up_to_zero() {
        let mut bytes = [0; LANES_FROM + 127];
        for len in 0..bytes.len() {
            assert_eq!(sum(&bytes[..len]), 0, "{len}");
        }
        for at in 0..bytes.len() {
            bytes[at] = 1;
            assert_ne!(fold(sum(&bytes)), 0, "{at}");
            bytes[at] = 0;
        }
        // What wraps around must not wrap to what zeros have.
        for len in [8, 16, 32, 64, LANES_FROM, bytes.len() - 1] {
            bytes[..len].fill(0xff);
            assert_eq!(fold(sum(&bytes)), 0xffff, "{len}");
            bytes.fill(0);
        }
    }

    #[test]
    fn fold_equals_its_definition() {
        let definition = |mut sum: u64| {
            while sum > 0xffff {
                sum = (sum & 0xffff) + (sum >> 16);
            }
            sum as u16
        };
        let mut sum = 1_u64;
        for _ in 0..10_000 {
            sum = sum.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            for sum in [sum, !sum, sum >> 16, sum >> 32, sum >> 47, sum | 0xffff, sum | 0xffff_ffff_0000_0000]
            {
                assert_eq!(fold(sum), definition(sum), "{sum:#x}");
            }
        }
        for sum in [0, 1, 0xffff, 0x1_0000, 0xffff_ffff, 0x1_0000_0000, u64::MAX - 1, u64::MAX] {
            assert_eq!(fold(sum), definition(sum), "{sum:#x}");
        }
    }

    #[test]
    fn ipv4_header_example() {
        // The header of a well-known example: 4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7.
        let mut header = [
            0x45, 0x00, 0x00, 0x73, 0x00, 0x00, 0x40, 0x00, 0x40, 0x11, 0xb8, 0x61, 0xc0, 0xa8, 0x00, 0x01,
            0xc0, 0xa8, 0x00, 0xc7,
        ];
        assert_eq!(fold(sum(&header)), 0xffff);
        header[10..12].fill(0);
        assert_eq!(internet(&header), 0xb861);
    }

    #[test]
    fn rfc_1624_examples() {
        // RFC 1624, section 4: a header with checksum 0xdd2f, a field changed from 0x5555 to 0x3285, has 0x0000.
        assert_eq!(update(0xdd2f, 0x5555, 0x3285), 0x0000);
        assert_eq!(update_bytes(0xdd2f, &[0x55, 0x55], &[0x32, 0x85]), 0x0000);
    }

    #[test]
    fn update_equals_computing_anew() {
        let mut bytes: [u8; 40] = core::array::from_fn(|i| (i * 37 + 5) as u8);
        let before = internet(&bytes);
        let old: [u8; 5] = bytes[8..13].try_into().unwrap();
        let new = [1, 2, 3, 4, 5];
        bytes[8..13].copy_from_slice(&new);
        // A piece of odd length ends inside a word, whose other byte stays: zero padding on both sides cancels out.
        assert_eq!(update_bytes(before, &old, &new), internet(&bytes));
    }

    #[test]
    fn pseudo_headers_equal_their_bytes() {
        let (a, b) = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(224, 0, 0, 251));
        let bytes = [10, 0, 0, 1, 224, 0, 0, 251, 0, 17, 0x12, 0x34];
        assert_eq!(fold(pseudo_ipv4(a, b, IpProtocol::UDP, 0x1234)), reference(&bytes));
        let (a, b): (Ipv6Addr, Ipv6Addr) = ("fe80::1".parse().unwrap(), "ff02::16".parse().unwrap());
        let mut bytes = [0; 40];
        bytes[..16].copy_from_slice(&a.octets());
        bytes[16..32].copy_from_slice(&b.octets());
        bytes[32..36].copy_from_slice(&0x0001_0002_u32.to_be_bytes());
        bytes[39] = 58;
        assert_eq!(fold(pseudo_ipv6(a, b, IpProtocol::ICMPV6, 0x0001_0002)), reference(&bytes));
        assert_eq!(pseudo(a.into(), IpAddr::V4(Ipv4Addr::LOCALHOST), IpProtocol::TCP, 20), None);
    }

    /// Checksums of 10.0.0.1 to 10.0.0.2 and of fe80::1 to fe80::2, as computed word by word from the pseudo-headers.
    #[test]
    fn transports() {
        let v4: [IpAddr; 2] = ["10.0.0.1".parse().unwrap(), "10.0.0.2".parse().unwrap()];
        let v6: [IpAddr; 2] = ["fe80::1".parse().unwrap(), "fe80::2".parse().unwrap()];
        for ([src, dst], tcp, udp, udp_lite) in [(v4, "a568", "2356", "85e0"), (v6, "bc66", "3a54", "9cde")] {
            let other = if src.is_ipv4() { v6[0] } else { v4[0] };
            let segment =
                bytes(&format!("03e80050 00000001 00000002 70180400 {tcp}0000 020405b401010100 616263"));
            let view = Tcp::parse(&segment).unwrap();
            assert_eq!((view.checksum_ok(src, dst), view.checksum_ok(src, src)), (Some(true), Some(false)));
            assert_eq!(
                (view.checksum_ok(src, other), view.with_missing(1).checksum_ok(src, dst)),
                (None, None)
            );

            let datagram = bytes(&format!("03e80035 000b{udp} 616263"));
            let view = Udp::parse(&datagram).unwrap();
            assert_eq!((view.checksum_ok(src, dst), view.checksum_ok(src, src)), (Some(true), Some(false)));
            assert_eq!(Udp::parse(&datagram[..10]).unwrap().checksum_ok(src, dst), None);
            assert_eq!(Udp::parse(&bytes("03e80035 000b0000 616263")).unwrap().checksum_ok(src, dst), None);

            // The last byte is not covered.
            for last in ["63", "64"] {
                let datagram = bytes(&format!("03e80035 000a{udp_lite} 6162{last}"));
                let view = UdpLite::parse(&datagram).unwrap();
                assert_eq!(
                    (view.checksum_ok(src, dst), view.checksum_ok(src, src)),
                    (Some(true), Some(false))
                );
                let cut = UdpLite::parse(&datagram[..10]).unwrap().with_missing(1);
                assert_eq!((cut.checksum_ok(src, dst), cut.missing()), (Some(true), 1));
            }
        }
    }
}
