//! The 48-bit Ethernet address.

use core::fmt;
use core::str::FromStr;

use crate::header::Wire;

/// An Ethernet (IEEE 802 MAC-48) address, in wire order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[repr(transparent)]
pub struct MacAddr(pub [u8; 6]);

impl MacAddr {
    /// ff:ff:ff:ff:ff:ff.
    pub const BROADCAST: Self = Self([0xff; 6]);
    /// 00:00:00:00:00:00.
    pub const ZERO: Self = Self([0; 6]);

    /// The six bytes in wire order.
    #[inline(always)]
    pub fn octets(self) -> [u8; 6] {
        self.0
    }

    /// Whether the group bit is set; the broadcast address counts.
    pub fn is_multicast(self) -> bool {
        self.0[0] & 1 != 0
    }

    /// Whether all bits are set.
    pub fn is_broadcast(self) -> bool {
        self == Self::BROADCAST
    }
}

impl Wire for MacAddr {
    type Stored = [u8; 6];
    #[inline(always)]
    fn get(stored: [u8; 6]) -> Self {
        Self(stored)
    }
    #[inline(always)]
    fn put(self) -> [u8; 6] {
        self.0
    }
    #[inline(always)]
    fn sum(self) -> u64 {
        crate::checksum::sum(&self.0)
    }
}

impl From<[u8; 6]> for MacAddr {
    fn from(octets: [u8; 6]) -> Self {
        Self(octets)
    }
}

impl fmt::Display for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [a, b, c, d, e, g] = self.0;
        write!(f, "{a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{g:02x}")
    }
}

impl fmt::Debug for MacAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not six groups of one or two hexadecimal digits joined by `:` or `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ParseMacAddrError;

impl fmt::Display for ParseMacAddrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an Ethernet address is six groups of hexadecimal digits, as in 00:03:93:44:a9:92")
    }
}

impl core::error::Error for ParseMacAddrError {}

impl FromStr for MacAddr {
    type Err = ParseMacAddrError;

    fn from_str(text: &str) -> Result<Self, ParseMacAddrError> {
        let mut groups = text.split([':', '-']);
        let mut octets = [0; 6];
        for octet in &mut octets {
            let group = groups.next().ok_or(ParseMacAddrError)?;
            if group.is_empty() || group.len() > 2 || !group.bytes().all(|b| b.is_ascii_hexdigit()) {
                return Err(ParseMacAddrError);
            }
            *octet = u8::from_str_radix(group, 16).map_err(|_| ParseMacAddrError)?;
        }
        if groups.next().is_some() { Err(ParseMacAddrError) } else { Ok(Self(octets)) }
    }
}
