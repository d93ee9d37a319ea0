//! Numbers as bytes, in the byte order of the file.

use crate::ByteOrder;

impl ByteOrder {
    /// That of this machine, in which libpcap and Wireshark write too.
    pub const NATIVE: Self = if cfg!(target_endian = "big") { Self::Big } else { Self::Little };

    #[inline(always)]
    pub(crate) fn bytes16(self, number: u16) -> [u8; 2] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    #[inline(always)]
    pub(crate) fn bytes32(self, number: u32) -> [u8; 4] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    pub(crate) fn bytes64(self, number: u64) -> [u8; 8] {
        match self {
            Self::Little => number.to_le_bytes(),
            Self::Big => number.to_be_bytes(),
        }
    }

    pub(crate) fn u16_of(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    pub(crate) fn u32_of(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    /// One number behind the other.
    pub(crate) fn words<const N: usize>(self, numbers: [u32; N]) -> [[u8; 4]; N] {
        numbers.map(|number| self.bytes32(number))
    }
}

/// One number behind the other, in the byte order of this machine or the other one. Which of the two it is is
/// asked once for a record, not for each number.
#[inline(always)]
pub(crate) fn words<const SWAPPED: bool, const N: usize>(numbers: [u32; N]) -> [[u8; 4]; N] {
    numbers.map(|number| if SWAPPED { number.swap_bytes().to_ne_bytes() } else { number.to_ne_bytes() })
}
