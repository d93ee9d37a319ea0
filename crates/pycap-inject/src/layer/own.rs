//! The bytes of a message that are few in most messages.

use std::fmt;
use std::ops::{Deref, DerefMut};

/// How many bytes take no memory of their own: those of every ICMP message without lists.
const FEW: usize = 40;

/// Bytes that take memory of their own only where they are many.
#[derive(Clone)]
pub(super) struct Own {
    few: [u8; FEW],
    len: u8,
    /// All bytes, once they are more than a few.
    many: Vec<u8>,
}

impl Own {
    #[inline(always)]
    pub(super) const fn new() -> Self {
        Self { few: [0; FEW], len: 0, many: Vec::new() }
    }

    #[inline(always)]
    pub(super) fn from_array<const N: usize>(bytes: &[u8; N]) -> Self {
        let mut this = Self::new();
        this.extend(bytes);
        this
    }

    #[inline(always)]
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        let len = usize::from(self.len);
        match self.few.get_mut(len..len + bytes.len()) {
            Some(room) if self.many.is_empty() => {
                room.copy_from_slice(bytes);
                self.len += bytes.len() as u8;
            }
            _ => self.extend_many(bytes),
        }
    }

    #[cold]
    fn extend_many(&mut self, bytes: &[u8]) {
        if self.many.is_empty() {
            self.many.extend_from_slice(self.few.get(..self.len.into()).unwrap_or_default());
        }
        self.many.extend_from_slice(bytes);
    }

    /// The bytes, with zero bytes behind them where they are fewer than `len`.
    pub(super) fn at_least(&mut self, len: usize) -> &mut [u8] {
        if self.len() < len {
            self.extend(&vec![0; len - self.len()]);
        }
        self
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if len < self.len() {
            let kept = self.get(..len).unwrap_or_default().to_vec();
            *self = Self::new();
            self.extend(&kept);
        }
    }
}

impl Deref for Own {
    type Target = [u8];

    #[inline(always)]
    fn deref(&self) -> &[u8] {
        if self.many.is_empty() { self.few.get(..self.len.into()).unwrap_or_default() } else { &self.many }
    }
}

impl DerefMut for Own {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [u8] {
        if self.many.is_empty() {
            self.few.get_mut(..self.len.into()).unwrap_or_default()
        } else {
            &mut self.many
        }
    }
}

impl PartialEq for Own {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for Own {}

impl fmt::Debug for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_and_many_bytes_are_alike() {
        for chunk in [1, 3, 40, 41, 100] {
            let mut own = Own::new();
            let mut expected = Vec::new();
            for round in 0..5 {
                own.extend(&vec![round; chunk]);
                expected.extend(vec![round; chunk]);
                assert_eq!(*own, expected[..]);
            }
            for len in [200, 64, 32, 5, 0] {
                own.truncate(len);
                expected.truncate(len);
                assert_eq!(*own, expected[..]);
            }
            expected.resize(40, 0);
            assert_eq!(own.at_least(40), expected);
            own.truncate(7);
            own.at_least(9)[8] = 1;
            assert_eq!(own, Own::from_array(&[0, 0, 0, 0, 0, 0, 0, 0, 1]));
        }
    }
}
