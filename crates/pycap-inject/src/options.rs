//! The options of IPv4 and TCP, whose headers have room for 40 bytes of them.

use std::fmt;

use crate::{BuildError, PacketBuf};

/// The longest list of options: header lengths count up to 60 bytes.
const MAX: usize = 40;

/// A list of options as bytes, in place. Having no destructor it leaves layers in registers when they are written at once.
#[derive(Clone, Copy)]
pub(crate) struct HeaderOptions {
    /// How many bytes there should be; those past the room are lost, and writing is an error.
    len: usize,
    bytes: [u8; MAX],
}

impl HeaderOptions {
    pub(crate) const EMPTY: Self = Self { len: 0, bytes: [0; MAX] };

    pub(crate) fn as_slice(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or(&self.bytes)
    }

    #[inline(always)]
    pub(crate) fn is_empty(&self) -> bool {
        self.len == 0
    }

    pub(crate) fn extend(&mut self, more: &[u8]) {
        let room = self.bytes.get_mut(self.len..).unwrap_or_default();
        room.iter_mut().zip(more).for_each(|(to, from)| *to = *from);
        self.len = self.len.saturating_add(more.len());
    }

    /// Adds what `put` adds to a list of bytes.
    pub(crate) fn extend_by(&mut self, put: impl FnOnce(&mut Vec<u8>)) {
        let mut list = Vec::new();
        put(&mut list);
        self.extend(&list);
    }

    /// Writes them, padded with zeros to whole words (which end the list) unless the header length is set.
    #[inline(never)]
    #[cold]
    pub(crate) fn prepend(
        self,
        layer: &'static str,
        exact: bool,
        buf: &mut PacketBuf,
    ) -> Result<(), BuildError> {
        let len = if exact { self.len } else { self.len.next_multiple_of(4) };
        if len > MAX {
            return Err(BuildError::too_long(layer, "room for options", len, MAX));
        }
        buf.room(len - self.len)?.fill(0);
        buf.prepend(self.as_slice())
    }
}

impl From<&[u8]> for HeaderOptions {
    fn from(bytes: &[u8]) -> Self {
        let mut this = Self::EMPTY;
        this.extend(bytes);
        this
    }
}

impl PartialEq for HeaderOptions {
    fn eq(&self, other: &Self) -> bool {
        (self.len, self.as_slice()) == (other.len, other.as_slice())
    }
}

impl Eq for HeaderOptions {}

impl fmt::Debug for HeaderOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}
