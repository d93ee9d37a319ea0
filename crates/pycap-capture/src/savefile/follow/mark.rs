//! Telling a file that has grown from one that was written anew.

use super::super::buffer::Buffer;
use super::tail::Tail;
use crate::Result;

/// So many bytes are compared: what two captures have in common at one place is shorter, unless they are copies, as a record's header
/// has its time.
const LEN: usize = 256;

/// Some of the last bytes that were read, and where they were.
#[derive(Default)]
pub(super) struct Mark {
    end: u64,
    bytes: Vec<u8>,
}

impl Mark {
    /// Remembers what was handed out last, if there is something new.
    pub(super) fn renew(&mut self, buffer: &Buffer) {
        let consumed = buffer.consumed();
        if !consumed.is_empty() {
            self.end = buffer.position();
            self.bytes.clear();
            self.bytes.extend_from_slice(last(consumed));
        }
    }

    /// Whether what was handed out is still in the file.
    pub(super) fn holds(&self, file: &mut Tail) -> Result<bool> {
        still_ends(&self.bytes, self.end, file)
    }
}

/// Whether the file still has the end of `bytes`, where they were read.
pub(super) fn still_ends(bytes: &[u8], end: u64, file: &mut Tail) -> Result<bool> {
    let bytes = last(bytes);
    file.still_has(end - bytes.len() as u64, bytes)
}

fn last(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.len().saturating_sub(LEN)..]
}
