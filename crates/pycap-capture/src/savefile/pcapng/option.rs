//! Options: what blocks carry behind their fixed part.
//!
//! ```text
//! code (2) | length (2) | value, padded to 4 | ... | opt_endofopt: 0 (2) | 0 (2)
//! ```

use crate::savefile::ByteOrder;

/// The options of a block. A length that runs past the block ends the walk: what came before it is good, and
/// the block itself is none the worse.
pub(super) struct Options<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) order: ByteOrder,
}

impl<'a> Iterator for Options<'a> {
    /// Code and value.
    type Item = (u16, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (header, rest) = self.bytes.split_first_chunk::<4>()?;
        let code = self.order.u16_at::<0, _>(header);
        let len = usize::from(self.order.u16_at::<2, _>(header));
        if code == END || len > rest.len() {
            self.bytes = &[];
            return None;
        }
        self.bytes = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((code, &rest[..len]))
    }
}

/// `opt_endofopt`
const END: u16 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8]) -> Vec<(u16, &[u8])> {
        Options { bytes, order: ByteOrder::Big }.collect()
    }

    #[test]
    fn values_are_padded() {
        let options = walk(b"\0\x02\0\x05eth00\0\0\0\0\x09\0\x01\x06\0\0\0\0\0\0\0\0\x07\0\0");
        assert_eq!(options, [(2, &b"eth00"[..]), (9, &b"\x06"[..])]);
    }

    #[test]
    fn a_length_past_the_end_ends_the_walk() {
        assert_eq!(walk(b"\0\x09\0\x01\x06\0\0\0\0\x02\0\x05eth0"), [(9, &b"\x06"[..])]);
        assert_eq!(walk(b"\0\x09\0\x01\x06"), [(9, &b"\x06"[..])]);
        assert!(walk(b"\0\x09\0").is_empty());
    }
}
