//! Byte order: both file formats are written in that of the machine that wrote them.

use std::fmt;

/// The byte order of a file's own numbers (not of those inside the packets).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ByteOrder {
    /// Least significant byte first.
    Little,
    /// Most significant byte first.
    Big,
}

impl fmt::Display for ByteOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Little => "little-endian",
            Self::Big => "big-endian",
        })
    }
}

/// The number at `AT` in a header of fixed size: whether it is inside is known when this is compiled.
impl ByteOrder {
    #[inline]
    pub(crate) fn u16_at<const AT: usize, const LEN: usize>(self, header: &[u8; LEN]) -> u16 {
        const { assert!(AT + 2 <= LEN) };
        self.u16([header[AT], header[AT + 1]])
    }

    #[inline]
    pub(crate) fn u32_at<const AT: usize, const LEN: usize>(self, header: &[u8; LEN]) -> u32 {
        const { assert!(AT + 4 <= LEN) };
        self.u32([header[AT], header[AT + 1], header[AT + 2], header[AT + 3]])
    }

    #[inline]
    pub(crate) fn u16(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }

    #[inline]
    pub(crate) fn u32(self, bytes: [u8; 4]) -> u32 {
        match self {
            Self::Little => u32::from_le_bytes(bytes),
            Self::Big => u32::from_be_bytes(bytes),
        }
    }

    pub(crate) fn u64(self, bytes: [u8; 8]) -> u64 {
        match self {
            Self::Little => u64::from_le_bytes(bytes),
            Self::Big => u64::from_be_bytes(bytes),
        }
    }

    pub(crate) fn i64(self, bytes: [u8; 8]) -> i64 {
        match self {
            Self::Little => i64::from_le_bytes(bytes),
            Self::Big => i64::from_be_bytes(bytes),
        }
    }
}
