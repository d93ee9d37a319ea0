//! How a header is declared: one `#[repr(C)]` struct, read and written alike.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::checksum;
use zerocopy::network_endian::{U16, U32, U64};

/// A value that stands in a header: its big-endian, unaligned storage, and the way there and back.
///
/// Public in name only: the derives of zerocopy put it into the bounds of public types.
#[allow(unreachable_pub)]
pub trait Wire: Copy {
    type Stored: Copy;
    fn get(stored: Self::Stored) -> Self;
    fn put(self) -> Self::Stored;

    /// What the value adds to a sum of big-endian 16-bit words in one's complement, at an even offset.
    fn sum(self) -> u64;
}

/// The sum of what was at an even offset, at an odd one: RFC 1071, 2(B).
#[inline(always)]
pub(crate) fn at_odd_offset(sum: u64) -> u64 {
    u64::from(checksum::fold(sum).swap_bytes())
}

macro_rules! wire_as_is {
    ($($t:ty),*) => {$(
        impl Wire for $t {
            type Stored = $t;
            #[inline(always)]
            fn get(stored: $t) -> $t { stored }
            #[inline(always)]
            fn put(self) -> $t { self }
            #[inline(always)]
            fn sum(self) -> u64 { checksum::sum(&self) }
        }
    )*};
}
wire_as_is!([u8; 3], [u8; 4], [u8; 6], [u8; 8], [u8; 12], [u8; 16], [u8; 20], [u8; 64], [u8; 128]);

impl Wire for u8 {
    type Stored = Self;
    #[inline(always)]
    fn get(stored: Self) -> Self {
        stored
    }
    #[inline(always)]
    fn put(self) -> Self {
        self
    }
    #[inline(always)]
    fn sum(self) -> u64 {
        u64::from(self) << 8
    }
}

macro_rules! wire_big_endian {
    ($($t:ty => $stored:ty),*) => {$(
        impl Wire for $t {
            type Stored = $stored;
            #[inline(always)]
            fn get(stored: $stored) -> $t { stored.get() }
            #[inline(always)]
            fn put(self) -> $stored { <$stored>::new(self) }
            #[inline(always)]
            fn sum(self) -> u64 { (u64::from(self) & 0xffff_ffff) + (u64::from(self) >> 32) }
        }
    )*};
}
wire_big_endian!(u16 => U16, u32 => U32, u64 => U64);

impl Wire for Ipv4Addr {
    type Stored = [u8; 4];
    #[inline(always)]
    fn get(stored: [u8; 4]) -> Self {
        Self::from(stored)
    }
    #[inline(always)]
    fn put(self) -> [u8; 4] {
        self.octets()
    }
    #[inline(always)]
    fn sum(self) -> u64 {
        self.to_bits().into()
    }
}

impl Wire for Ipv6Addr {
    type Stored = [u8; 16];
    #[inline(always)]
    fn get(stored: [u8; 16]) -> Self {
        Self::from(stored)
    }
    #[inline(always)]
    fn put(self) -> [u8; 16] {
        self.octets()
    }
    #[inline(always)]
    fn sum(self) -> u64 {
        checksum::sum(&self.octets())
    }
}

/// Declares a header struct: its bytes in wire order, an accessor and a setter for each field.
///
/// ```text
/// header! {
///     /// The UDP header: 8 bytes (RFC 768).
///     pub struct UdpHeader {
///         /// Source port.
///         src_port, set_src_port: u16;
///     }
/// }
/// ```
macro_rules! header {
    ($(#[$meta:meta])* pub struct $Name:ident {
        $($(#[$field_meta:meta])* $field:ident, $set:ident: $t:ty;)*
    }) => {
        $(#[$meta])*
        #[derive(
            Debug, Clone, Copy, PartialEq, Eq,
            zerocopy::FromBytes, zerocopy::IntoBytes, zerocopy::KnownLayout,
            zerocopy::Immutable, zerocopy::Unaligned,
        )]
        #[repr(C)]
        pub struct $Name {
            $($field: <$t as $crate::header::Wire>::Stored,)*
        }

        #[allow(clippy::len_without_is_empty, reason = "a length field of the header")]
        impl $Name {
            /// The header's fixed length in bytes.
            pub const LEN: usize = size_of::<Self>();

            /// A header of zero bytes, to be filled in by the setters.
            #[inline]
            pub fn zeroed() -> Self {
                zerocopy::FromZeros::new_zeroed()
            }

            /// The header and what follows it; `None` where `bytes` is shorter than the header.
            #[inline(always)]
            pub fn split(bytes: &[u8]) -> Option<(&Self, &[u8])> {
                zerocopy::FromBytes::ref_from_prefix(bytes).ok()
            }

            /// The header for writing in place, and what follows it.
            #[inline(always)]
            pub fn split_mut(bytes: &mut [u8]) -> Option<(&mut Self, &mut [u8])> {
                zerocopy::FromBytes::mut_from_prefix(bytes).ok()
            }

            /// The header's bytes as they stand on the wire.
            #[inline(always)]
            pub fn as_bytes(&self) -> &[u8] {
                zerocopy::IntoBytes::as_bytes(self)
            }

            /// The header's bytes as they stand on the wire, in their fixed number.
            #[inline(always)]
            pub fn as_array(&self) -> &[u8; size_of::<Self>()] {
                zerocopy::transmute_ref!(self)
            }

            /// The sum of the header's bytes as [`checksum::sum`](crate::checksum::sum) has it, taken from the fields: of a header
            /// that was just filled in they are still in registers.
            #[inline(always)]
            pub fn sum(&self) -> u64 {
                0 $(+ {
                    let sum = $crate::header::Wire::sum(self.$field());
                    if core::mem::offset_of!(Self, $field) % 2 == 0 {
                        sum
                    } else {
                        $crate::header::at_odd_offset(sum)
                    }
                })*
            }

            $(
                $(#[$field_meta])*
                #[inline(always)]
                pub fn $field(&self) -> $t {
                    <$t as $crate::header::Wire>::get(self.$field)
                }

                #[doc = concat!("Sets [`", stringify!($field), "`](Self::", stringify!($field), ").")]
                #[inline(always)]
                pub fn $set(&mut self, value: $t) {
                    self.$field = <$t as $crate::header::Wire>::put(value);
                }
            )*
        }
    };
}
pub(crate) use header;

/// Whether two names are the same but for case and whatever is no letter and no digit.
pub(crate) fn same_name(a: &str, b: &str) -> bool {
    fn letters(name: &str) -> impl Iterator<Item = u8> + '_ {
        name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
    }
    letters(a).eq(letters(b))
}

/// Declares an open number space: a newtype with constants, names, and every other value carried through.
///
/// ```text
/// number! {
///     /// What an Ethernet frame carries.
///     pub struct EtherType(u16) {
///         IPV4 = 0x0800, "IPv4";
///     }
/// }
/// ```
macro_rules! number {
    ($(#[$meta:meta])* pub struct $Name:ident($t:ty) {
        $($(#[$const_meta:meta])* $CONST:ident = $value:expr, $name:expr;)*
    }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(transparent)]
        pub struct $Name(pub $t);

        impl $Name {
            $(
                #[doc = concat!($name, ".")]
                $(#[$const_meta])*
                pub const $CONST: Self = Self($value);
            )*

            /// The number's name, where it has one.
            #[allow(unreachable_patterns)]
            pub fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)*
                    _ => None,
                }
            }

            /// The number of a name, as [`name`](Self::name) has it but for case and whatever is no letter and no digit.
            #[allow(dead_code, reason = "not every space of numbers is public")]
            pub fn from_name(name: &str) -> Option<Self> {
                $(if $crate::header::same_name(name, $name) {
                    return Some(Self($value));
                })*
                None
            }
        }

        impl $crate::header::Wire for $Name {
            type Stored = <$t as $crate::header::Wire>::Stored;
            #[inline(always)]
            fn get(stored: Self::Stored) -> Self {
                Self(<$t as $crate::header::Wire>::get(stored))
            }
            #[inline(always)]
            fn put(self) -> Self::Stored {
                <$t as $crate::header::Wire>::put(self.0)
            }
            #[inline(always)]
            fn sum(self) -> u64 {
                <$t as $crate::header::Wire>::sum(self.0)
            }
        }

        impl From<$t> for $Name {
            fn from(number: $t) -> Self {
                Self(number)
            }
        }

        impl From<$Name> for $t {
            fn from(number: $Name) -> $t {
                number.0
            }
        }

        impl From<$Name> for u64 {
            fn from(number: $Name) -> u64 {
                u64::from(number.0)
            }
        }

        /// The name, or the number where it has none.
        impl core::fmt::Display for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => f.write_str(name),
                    None => write!(f, "{:#x}", self.0),
                }
            }
        }

        impl core::fmt::Debug for $Name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                match self.name() {
                    Some(name) => write!(f, "{}({:#x}, {name})", stringify!($Name), self.0),
                    None => write!(f, "{}({:#x})", stringify!($Name), self.0),
                }
            }
        }
    };
}
pub(crate) use number;

#[cfg(test)]
#[allow(dead_code, unreachable_pub, reason = "a header declared for one test")]
mod tests {
    use crate::{Ipv4Header, MacAddr, TcpHeader, checksum};
    use core::net::Ipv6Addr;

    header! {
        /// Fields of each kind, at even and odd offsets.
        pub struct Mixed {
            /// .
            a, set_a: u8;
            /// .
            b, set_b: u16;
            /// .
            c, set_c: [u8; 3];
            /// .
            d, set_d: MacAddr;
            /// .
            e, set_e: u32;
            /// .
            f, set_f: u8;
            /// .
            g, set_g: u64;
            /// .
            h, set_h: Ipv6Addr;
        }
    }

    #[test]
    fn the_sum_of_the_fields_is_that_of_the_bytes() {
        for seed in 0..200_u8 {
            let bytes: [u8; 60] =
                core::array::from_fn(|i| (i as u8).wrapping_mul(seed).wrapping_add(seed ^ 0x5a));
            let (mixed, _) = Mixed::split(&bytes).unwrap();
            assert_eq!(
                checksum::fold(mixed.sum()),
                checksum::fold(checksum::sum(mixed.as_bytes())),
                "{seed}"
            );
            let (ip, _) = Ipv4Header::split(&bytes).unwrap();
            assert_eq!(checksum::fold(ip.sum()), checksum::fold(checksum::sum(ip.as_bytes())), "{seed}");
            let (tcp, _) = TcpHeader::split(&bytes).unwrap();
            assert_eq!(checksum::fold(tcp.sum()), checksum::fold(checksum::sum(tcp.as_bytes())), "{seed}");
        }
    }
}
