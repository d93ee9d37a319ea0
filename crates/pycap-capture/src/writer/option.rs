//! Options of pcapng blocks, on the way out. Their layout heads `savefile/pcapng/option.rs`.

use crate::ByteOrder;

/// The most that an option holds, in bytes.
const MAX: usize = u16::MAX as usize;

/// Options being put together.
pub(super) struct Options {
    order: ByteOrder,
    bytes: Vec<u8>,
}

impl Options {
    pub(super) fn new(order: ByteOrder) -> Self {
        Self { order, bytes: Vec::new() }
    }

    /// With a text, if there is one. What is longer than an option can be is cut off.
    pub(super) fn text(self, code: u16, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.bytes(code, head(text, MAX).as_bytes()),
            None => self,
        }
    }

    /// With a filter expression as text, which the byte ahead of it says.
    pub(super) fn filter(self, code: u16, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.bytes(code, &[b"\0", head(text, MAX - 1).as_bytes()].concat()),
            None => self,
        }
    }

    /// With a count, if it is known.
    pub(super) fn count(self, code: u16, count: Option<u64>) -> Self {
        match count {
            Some(count) => {
                let bytes = self.order.bytes64(count);
                self.bytes(code, &bytes)
            }
            None => self,
        }
    }

    /// With a value, at most [`MAX`] bytes of it.
    pub(super) fn bytes(mut self, code: u16, value: &[u8]) -> Self {
        let value = &value[..value.len().min(MAX)];
        self.bytes.extend(self.order.bytes16(code));
        self.bytes.extend(self.order.bytes16(value.len() as u16));
        self.bytes.extend(value);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
        self
    }

    /// All of them, and their end; nothing, if there are none.
    pub(super) fn end(mut self) -> Vec<u8> {
        if !self.bytes.is_empty() {
            self.bytes.extend([0; 4]);
        }
        self.bytes
    }
}

/// The longest start of a text that has at most `max` bytes.
fn head(text: &str, max: usize) -> &str {
    let end = (0..=max.min(text.len())).rev().find(|end| text.is_char_boundary(*end));
    &text[..end.unwrap_or(0)]
}
