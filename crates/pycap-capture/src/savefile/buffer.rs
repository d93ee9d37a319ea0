//! The bytes of a file between `read(2)` and the records that are parsed in place.

use std::io::{self, Read};

#[cfg(feature = "compress")]
use super::decompress::Damage;
use crate::{Error, Result};

/// How much is read at once. Larger does not fit the second-level cache beside the packets' own working set;
/// smaller pays for more system calls.
pub(super) const CAPACITY: usize = 512 * 1024;

/// A window onto a stream, moved forward over it. It grows only for a single record that does not fit, and
/// only as far as bytes have really arrived: a length that lies costs no memory.
pub(super) struct Buffer {
    bytes: Vec<u8>,
    /// The window is `bytes[start..end]`.
    start: usize,
    end: usize,
    /// Where in the stream `bytes[0]` is.
    origin: u64,
    /// How many bytes were read and then forgotten.
    forgotten: u64,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self::with_capacity(CAPACITY)
    }

    /// A buffer that reads so much at once.
    pub(super) fn with_capacity(capacity: usize) -> Self {
        Self { bytes: vec![0; capacity], start: 0, end: 0, origin: 0, forgotten: 0 }
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.bytes.len()
    }

    /// What has been read and not yet consumed.
    #[inline]
    pub(super) fn window(&self) -> &[u8] {
        &self.bytes[self.start..self.end]
    }

    /// Where in the stream the window starts.
    pub(super) fn position(&self) -> u64 {
        self.origin + self.start as u64
    }

    /// How many bytes the reader has given.
    pub(super) fn taken(&self) -> u64 {
        self.origin + self.end as u64 + self.forgotten
    }

    /// Moves the start of the window forward by `len` bytes, which have to be in it.
    #[inline]
    pub(super) fn consume(&mut self, len: usize) {
        self.start += len;
    }

    /// `len` bytes that were consumed just now, the first of them `back` bytes before the window. They are
    /// there until the next [`ensure`](Self::ensure).
    #[inline]
    pub(super) fn behind(&self, back: usize, len: usize) -> &[u8] {
        let at = self.start - back;
        &self.bytes[at..at + len]
    }

    /// The consumed bytes that are still there: the last ones before the window.
    pub(super) fn consumed(&self) -> &[u8] {
        &self.bytes[..self.start]
    }

    /// Forgets what has not been consumed.
    pub(super) fn close(&mut self) {
        self.forgotten += (self.end - self.start) as u64;
        self.end = self.start;
    }

    /// Reads until the window holds at least `len` bytes; `false` if the stream ends before.
    pub(super) fn ensure(&mut self, len: usize, reader: &mut dyn Read) -> io::Result<bool> {
        if self.end - self.start >= len {
            return Ok(true);
        }
        self.bytes.copy_within(self.start..self.end, 0);
        self.origin += self.start as u64;
        self.end -= self.start;
        self.start = 0;
        while self.end < len {
            if self.end == self.bytes.len() {
                let doubled = self.bytes.len() * 2;
                self.bytes.resize(doubled.min(len), 0);
            }
            match read(reader, &mut self.bytes[self.end..])? {
                0 => return Ok(false),
                read => self.end += read,
            }
        }
        Ok(true)
    }

    /// Moves the start of the window forward by `left` bytes, reading and dropping what is not there yet;
    /// `false` if the stream ends before. After an error `left` says how many are still ahead.
    pub(super) fn skip(&mut self, left: &mut u64, reader: &mut dyn Read) -> io::Result<bool> {
        loop {
            let held = (self.end - self.start) as u64;
            if *left <= held {
                self.start += *left as usize;
                *left = 0;
                return Ok(true);
            }
            *left -= held;
            self.origin += self.end as u64;
            (self.start, self.end) = (0, 0);
            self.end = read(reader, &mut self.bytes)?;
            if self.end == 0 {
                return Ok(false);
            }
        }
    }
}

/// A buffer together with the reader that fills it.
pub(super) struct Input<'a> {
    pub(super) buffer: &'a mut Buffer,
    pub(super) reader: &'a mut dyn Read,
}

impl Input<'_> {
    pub(super) fn window(&self) -> &[u8] {
        self.buffer.window()
    }

    pub(super) fn position(&self) -> u64 {
        self.buffer.position()
    }

    pub(super) fn consume(&mut self, len: usize) {
        self.buffer.consume(len);
    }

    /// As [`Buffer::ensure`].
    pub(super) fn ensure(&mut self, len: usize) -> Result<bool> {
        let result = self.buffer.ensure(len, self.reader);
        result.map_err(|error| self.error(error))
    }

    /// As [`Buffer::skip`].
    pub(super) fn skip(&mut self, left: &mut u64) -> Result<bool> {
        let result = self.buffer.skip(left, self.reader);
        result.map_err(|error| self.error(error))
    }

    /// A copy of the first bytes of the window, which have been ensured to be there.
    pub(super) fn start<const LEN: usize>(&self) -> [u8; LEN] {
        self.window().first_chunk().copied().unwrap_or([0; LEN])
    }

    fn error(&self, error: io::Error) -> Error {
        #[cfg(feature = "compress")]
        let error = match error.downcast::<Damage>() {
            Ok(damage) => {
                let at = self.position() + self.window().len() as u64;
                return Error::new(damage.kind, damage.message).at(at);
            }
            Err(error) => error,
        };
        Error::io("cannot read", error).at(self.position() + self.window().len() as u64)
    }
}

fn read(reader: &mut dyn Read, into: &mut [u8]) -> io::Result<usize> {
    loop {
        match reader.read(into) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_moves_over_the_stream() {
        let stream: Vec<u8> = (0..1_000_000u32).map(|i| (i % 251) as u8).collect();
        let mut reader = &stream[..];
        let mut buffer = Buffer::with_capacity(CAPACITY);
        let mut at = 0;
        for len in (1..).step_by(977) {
            if !buffer.ensure(len, &mut reader).unwrap() {
                break;
            }
            assert_eq!(buffer.position(), at as u64);
            assert_eq!(buffer.window()[..len], stream[at..at + len]);
            buffer.consume(len);
            assert_eq!(buffer.behind(len, len), &stream[at..at + len]);
            at += len;
        }
        assert_eq!(buffer.window(), &stream[at..]);
        assert_eq!(buffer.bytes.len(), CAPACITY);
    }

    #[test]
    fn it_grows_by_what_arrives_not_by_what_is_promised() {
        let mut buffer = Buffer::with_capacity(CAPACITY);
        assert!(!buffer.ensure(1 << 30, &mut io::repeat(7).take(300_000)).unwrap());
        assert_eq!(buffer.window().len(), 300_000);
        assert!(buffer.bytes.len() <= 2 * CAPACITY);
    }

    #[test]
    fn skipping_needs_no_room() {
        let mut reader = io::repeat(1).take(10_000_000).chain(&b"end"[..]);
        let mut buffer = Buffer::with_capacity(CAPACITY);
        assert!(buffer.ensure(10, &mut reader).unwrap());
        assert!(buffer.skip(&mut 10_000_000, &mut reader).unwrap());
        assert_eq!(buffer.position(), 10_000_000);
        assert!(buffer.ensure(3, &mut reader).unwrap());
        assert_eq!(buffer.window(), b"end");
        assert!(!buffer.skip(&mut 4, &mut reader).unwrap());
        assert_eq!(buffer.bytes.len(), CAPACITY);
    }
}
