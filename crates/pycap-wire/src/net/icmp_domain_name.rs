//! Domain names as ICMP messages carry them: labels with a length byte each, ended by an empty one, never compressed
//! (RFC 1035, 3.1; RFC 8106, 5.2; RFC 4620, 6.3).

use core::fmt::{self, Write};

/// An iterator over domain names that stand one after the other; zero bytes after the last are padding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainNames<'a> {
    rest: &'a [u8],
    /// How many of the bytes are not the padding: counted once, as a look at each step would take the square of their number.
    used: usize,
}

/// A domain name: its labels with a length byte each. The last may lack the empty label that ends a full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DomainName<'a> {
    labels: &'a [u8],
}

impl<'a> DomainNames<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last.saturating_add(1));
        Self { rest: bytes, used }
    }

    /// What the iterator has not yet read.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for DomainNames<'a> {
    type Item = DomainName<'a>;

    fn next(&mut self) -> Option<DomainName<'a>> {
        if self.used == 0 {
            self.rest = &[];
            return None;
        }
        let mut length = 0_usize;
        while let Some(label) = self.rest.get(length) {
            length += 1 + usize::from(*label);
            if *label == 0 {
                break;
            }
        }
        let (labels, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        self.used = self.used.saturating_sub(labels.len());
        Some(DomainName { labels })
    }
}

impl<'a> DomainName<'a> {
    /// The name's bytes: labels with a length byte each.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.labels
    }

    /// The labels, without the empty one that ends a full name. One that ends too early is given as far as it goes.
    pub fn labels(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut rest = self.labels;
        core::iter::from_fn(move || {
            let (length, after) = rest.split_first().filter(|(length, _)| **length != 0)?;
            let (label, after) = after.split_at_checked(usize::from(*length)).unwrap_or((after, &[]));
            rest = after;
            Some(label)
        })
    }
}

/// Labels joined by full stops. Bytes that are not printable ASCII, and full stops inside a label, are shown as `\` and
/// three decimal digits (RFC 1035, 5.1).
impl fmt::Display for DomainName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, label) in self.labels().enumerate() {
            if index != 0 {
                f.write_char('.')?;
            }
            for byte in label {
                match byte {
                    b'.' | b'\\' | 0..=b' ' | 0x7f.. => write!(f, "\\{byte:03}")?,
                    printable => f.write_char(char::from(*printable))?,
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn names_one_after_the_other() {
        let names = DomainNames::new(b"\x07example\x03com\0\x02de\0\0\0\0");
        assert_eq!(names.map(|name| name.to_string()).collect::<Vec<_>>(), ["example.com", "de"]);
    }

    #[test]
    fn zero_bytes_are_padding_only_at_the_end() {
        let names = DomainNames::new(b"\0\x02a\0\0\x03b\0\0\0");
        let names: Vec<_> = names.map(|name| name.as_bytes()).collect();
        assert_eq!(names, [&b"\0"[..], b"\x02a\0\0", b"\x03b\0\0\0"]);
        assert_eq!(DomainNames::new(&[0; 9]).next(), None);
    }

    #[test]
    fn many_empty_names_take_no_more_than_their_bytes() {
        // With a look for padding at each step this takes minutes.
        let mut bytes = std::vec![0; 3_000_000];
        bytes.extend(b"\x01a");
        assert_eq!(DomainNames::new(&bytes).count(), 3_000_001);
    }

    #[test]
    fn a_name_that_ends_too_early() {
        let mut names = DomainNames::new(b"\x02a.\x09b");
        let name = names.next().unwrap();
        assert_eq!(name.to_string(), "a\\046.b");
        assert_eq!(name.labels().collect::<Vec<_>>(), [&b"a."[..], b"b"]);
        assert_eq!(names.next(), None);
    }
}
