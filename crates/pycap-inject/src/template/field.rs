//! The fields of templates: where each stands, and what its values are.

use std::marker::PhantomData;
use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::{LayerKind, MacAddr, TcpFlags};

/// A field of a packet whose values are `T`, for [`Template::field`](super::Template::field).
///
/// It is that of the outermost layer of its kind; [`nth`](Self::nth) is for those further inside.
///
/// ```
/// use pycap_inject::template::Field;
/// use pycap_wire::LayerKind;
///
/// let inner_ttl = Field::IPV4_TTL.nth(1);
/// let urgent = Field::<u16>::at(LayerKind::Tcp, 18);
/// let counter = Field::<u32>::payload(3);
/// # let _ = (inner_ttl, urgent, counter);
/// ```
#[derive(Debug)]
pub struct Field<T> {
    /// The layer; `None` for the payload.
    pub(super) kind: Option<LayerKind>,
    pub(super) nth: usize,
    /// From the first byte of the layer, or of the payload.
    pub(super) offset: usize,
    /// The field's bits in the big-endian number that they are part of, and where the lowest of them is.
    pub(super) mask: u32,
    pub(super) shift: u32,
    value: PhantomData<T>,
}

impl<T> Clone for Field<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Field<T> {}

impl<T> Field<T> {
    /// The bytes at `offset` from the first byte of a layer of some kind, inside its header.
    pub const fn at(kind: LayerKind, offset: usize) -> Self {
        Self { kind: Some(kind), nth: 0, offset, mask: u32::MAX, shift: 0, value: PhantomData }
    }

    /// The bytes at `offset` from the first byte of the payload: of what the innermost transport carries or, where there is
    /// none, the innermost layer.
    pub const fn payload(offset: usize) -> Self {
        Self { kind: None, nth: 0, offset, mask: u32::MAX, shift: 0, value: PhantomData }
    }

    /// The same field of the n-th layer of its kind, 0 being the outermost.
    #[must_use]
    pub const fn nth(self, nth: usize) -> Self {
        Self { nth, ..self }
    }

    const fn bits(kind: LayerKind, offset: usize, mask: u32, shift: u32) -> Self {
        Self { kind: Some(kind), nth: 0, offset, mask, shift, value: PhantomData }
    }
}

/// Declares fields, each with its type, layer and offset, and where it has not all bits their mask and shift.
macro_rules! fields {
    ($($T:ty { $($(#[doc = $doc:literal])+ $NAME:ident = $Kind:ident, $offset:literal $(, $mask:literal, $shift:literal)?;)* })*) => {$(
        impl Field<$T> {
            $($(#[doc = $doc])+ pub const $NAME: Self = fields!(@ $Kind, $offset $(, $mask, $shift)?);)*
        }
    )*};
    (@ $Kind:ident, $offset:literal) => { Self::at(LayerKind::$Kind, $offset) };
    (@ $Kind:ident, $offset:literal, $mask:literal, $shift:literal) => {
        Self::bits(LayerKind::$Kind, $offset, $mask, $shift)
    };
}

fields! {
    MacAddr {
        /// Ethernet destination.
        ETH_DST = Ethernet, 0;
        /// Ethernet source.
        ETH_SRC = Ethernet, 6;
        /// ARP sender's Ethernet address.
        ARP_SENDER_MAC = Arp, 8;
        /// ARP target's Ethernet address.
        ARP_TARGET_MAC = Arp, 18;
    }
    Ipv4Addr {
        /// IPv4 source.
        IPV4_SRC = Ipv4, 12;
        /// IPv4 destination, as the header has it: behind a source route that is not done, not the final one.
        IPV4_DST = Ipv4, 16;
        /// ARP sender's IPv4 address, over Ethernet.
        ARP_SENDER_IP = Arp, 14;
        /// ARP target's IPv4 address, over Ethernet.
        ARP_TARGET_IP = Arp, 24;
    }
    Ipv6Addr {
        /// IPv6 source.
        IPV6_SRC = Ipv6, 8;
        /// IPv6 destination, as the header has it: behind a routing header that is not done, not the final one.
        IPV6_DST = Ipv6, 24;
    }
    u8 {
        /// Priority in an 802.1Q tag, 3 bits.
        VLAN_PCP = Vlan, 0, 0xe0, 5;
        /// IPv4 type of service: DSCP and ECN.
        IPV4_TOS = Ipv4, 1;
        /// IPv4 differentiated services code point, 6 bits.
        IPV4_DSCP = Ipv4, 1, 0xfc, 2;
        /// IPv4 time to live, in hops.
        IPV4_TTL = Ipv4, 8;
        /// IPv6 hop limit.
        IPV6_HOP_LIMIT = Ipv6, 7;
    }
    u16 {
        /// VLAN in an 802.1Q tag, 12 bits.
        VLAN_ID = Vlan, 0, 0x0fff, 0;
        /// IPv4 identification.
        IPV4_ID = Ipv4, 4;
        /// IPv6 traffic class, 8 bits: DSCP and ECN.
        IPV6_TRAFFIC_CLASS = Ipv6, 0, 0x0ff0, 4;
        /// IPv6 differentiated services code point, 6 bits.
        IPV6_DSCP = Ipv6, 0, 0x0fc0, 6;
        /// TCP source port.
        TCP_SRC_PORT = Tcp, 0;
        /// TCP destination port.
        TCP_DST_PORT = Tcp, 2;
        /// TCP window, in bytes before it is shifted as agreed.
        TCP_WINDOW = Tcp, 14;
        /// UDP source port.
        UDP_SRC_PORT = Udp, 0;
        /// UDP destination port.
        UDP_DST_PORT = Udp, 2;
        /// Identifier of an ICMP echo.
        ICMP_ID = Icmpv4, 4;
        /// Sequence number of an ICMP echo.
        ICMP_SEQ = Icmpv4, 6;
        /// Identifier of an ICMPv6 echo.
        ICMPV6_ID = Icmpv6, 4;
        /// Sequence number of an ICMPv6 echo.
        ICMPV6_SEQ = Icmpv6, 6;
    }
    u32 {
        /// IPv6 flow label, 20 bits.
        IPV6_FLOW_LABEL = Ipv6, 0, 0x000f_ffff, 0;
        /// TCP sequence number.
        TCP_SEQ = Tcp, 4;
        /// TCP acknowledgement number.
        TCP_ACK = Tcp, 8;
    }
    TcpFlags {
        /// TCP flags, and the reserved bits above them.
        TCP_FLAGS = Tcp, 12, 0x0fff, 0;
    }
}

/// A type whose values fields have, written in network byte order: numbers, addresses, arrays of bytes.
///
/// Of a number for a field of fewer bits the lowest count.
pub trait Patch: value::Patch {}

impl<T: value::Patch> Patch for T {}

pub(super) mod value {
    use super::{Ipv4Addr, Ipv6Addr, MacAddr, TcpFlags};
    use pycap_wire::checksum::fold;

    /// One's complement numbers here are of 16-bit words as they lie in memory (RFC 1071, 2(B)), counted from the
    /// field's first byte, the last one padded with a zero byte.
    pub trait Patch: Copy {
        const LEN: usize;

        /// The mask of some bits of the number that is stored, as it lies in memory.
        fn stored_mask(_: u32) -> u32 {
            u32::MAX
        }

        /// Writes the value where `bytes` has `LEN` bytes from `at` on, and returns old minus new, which is
        /// all ones where they are the same.
        fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16>;
    }

    #[inline(always)]
    fn array<const N: usize>(bytes: &mut [u8], at: usize) -> Option<&mut [u8; N]> {
        bytes.get_mut(at..at + N)?.try_into().ok()
    }

    #[inline(always)]
    fn fold_32(sum: u32) -> u16 {
        // The upper half of the sum with itself, halves swapped, is the sum of both halves with the carry around.
        (sum.wrapping_add(sum.rotate_left(16)) >> 16) as u16
    }

    #[inline(always)]
    fn difference_32(old: u32, new: u32) -> u16 {
        let (sum, carry) = old.overflowing_add(!new);
        fold_32(sum.wrapping_add(carry.into()))
    }

    impl Patch for u8 {
        const LEN: usize = 1;

        fn stored_mask(mask: u32) -> u32 {
            mask & 0xff
        }

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16> {
            let byte = bytes.get_mut(at)?;
            let old = *byte;
            let mask = mask as u8;
            *byte = old & !mask | ((u32::from(self) << (shift & 7)) as u8) & mask;
            let word = |byte| u32::from(u16::from_ne_bytes([byte, 0]));
            Some(fold_32(word(old) + (word(*byte) ^ 0xffff)))
        }
    }

    impl Patch for u16 {
        const LEN: usize = 2;

        fn stored_mask(mask: u32) -> u32 {
            (mask as u16).to_be().into()
        }

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16> {
            let stored = array(bytes, at)?;
            let old = u32::from(u16::from_ne_bytes(*stored));
            let new = old & !mask | u32::from((self << (shift & 15)).to_be()) & mask;
            *stored = (new as u16).to_ne_bytes();
            Some(fold_32(old + (new ^ 0xffff)))
        }
    }

    impl Patch for u32 {
        const LEN: usize = 4;

        fn stored_mask(mask: u32) -> u32 {
            mask.to_be()
        }

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16> {
            let stored = array(bytes, at)?;
            let old = u32::from_ne_bytes(*stored);
            let new = match mask {
                u32::MAX => self.to_be(),
                mask => old & !mask | (self << (shift & 31)).to_be() & mask,
            };
            *stored = new.to_ne_bytes();
            Some(difference_32(old, new))
        }
    }

    impl Patch for u64 {
        const LEN: usize = 8;

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, _: u32, _: u32) -> Option<u16> {
            let stored = array(bytes, at)?;
            let (old, new) = (u64::from_ne_bytes(*stored), self.to_be());
            *stored = new.to_ne_bytes();
            let (sum, carry) = old.overflowing_add(!new);
            let sum = sum.wrapping_add(carry.into());
            Some(fold_32((sum.wrapping_add(sum.rotate_left(32)) >> 32) as u32))
        }
    }

    impl Patch for Ipv4Addr {
        const LEN: usize = 4;

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, _: u32, _: u32) -> Option<u16> {
            let stored = array(bytes, at)?;
            let old = u32::from_ne_bytes(*stored);
            *stored = self.octets();
            Some(difference_32(old, u32::from_ne_bytes(*stored)))
        }
    }

    impl Patch for TcpFlags {
        const LEN: usize = 2;

        fn stored_mask(mask: u32) -> u32 {
            u16::stored_mask(mask)
        }

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16> {
            self.0.put(bytes, at, mask, shift)
        }
    }

    impl<const N: usize> Patch for [u8; N] {
        const LEN: usize = N;

        #[inline(always)]
        fn put(self, bytes: &mut [u8], at: usize, _: u32, _: u32) -> Option<u16> {
            let stored = array(bytes, at)?;
            let old = words(stored);
            *stored = self;
            Some(fold(old + u64::from(!fold(words(&self)))))
        }
    }

    #[inline(always)]
    fn words(bytes: &[u8]) -> u64 {
        let (words, rest) = bytes.as_chunks::<4>();
        let mut last = [0; 4];
        rest.iter().zip(&mut last).for_each(|(byte, to)| *to = *byte);
        let sum: u64 = words.iter().map(|word| u64::from(u32::from_ne_bytes(*word))).sum();
        sum + u64::from(u32::from_ne_bytes(last))
    }

    macro_rules! as_array {
        ($($t:ty, $len:literal, $bytes:expr;)*) => {$(
            impl Patch for $t {
                const LEN: usize = $len;

                #[inline(always)]
                fn put(self, bytes: &mut [u8], at: usize, mask: u32, shift: u32) -> Option<u16> {
                    $bytes(self).put(bytes, at, mask, shift)
                }
            }
        )*};
    }
    as_array! {
        u128, 16, u128::to_be_bytes;
        MacAddr, 6, MacAddr::octets;
        Ipv6Addr, 16, |address: Ipv6Addr| address.octets();
    }
}
