//! Compressed files: told by their first bytes, and decompressed as far as their bytes have arrived.
//!
//! The decoders of the crates that do the work are given whole units only (a block, or for gzip and xz whatever there
//! is), which are left in the buffer until all of the unit is there. So a reader that has nothing yet can be asked again,
//! and a length that lies costs no memory.

mod gzip;
mod lz4;
mod xz;
mod zstd;

use std::fmt;
use std::io::{self, Read};

use self::gzip::Gzip;
use self::lz4::Lz4;
use self::xz::Xz;
use self::zstd::Zstd;
use super::buffer::{Buffer, Input};
use crate::{Compression, ErrorKind, Result};

/// The largest window or dictionary that a file may ask for, in bytes: what the zstd command allows, and twice that of
/// `xz -9`.
const MAX_WINDOW: u32 = 128 << 20;

/// A file's bytes between a reader that gives them compressed and the records.
pub(super) struct Decompressor {
    compression: Compression,
    input: Buffer,
    decoder: Box<dyn Decode + Send>,
    /// Set at the end and after an error.
    ended: bool,
    failed: bool,
}

/// One of the four.
trait Decode {
    /// As [`Decompressor::read`]. Nothing is lost where the source's reader has nothing yet.
    fn read(&mut self, source: &mut Compressed<'_>, out: &mut [u8]) -> io::Result<usize>;
}

impl Decompressor {
    /// Looks at the first bytes of a file, which are then in `buffer`; takes that if they are compressed.
    pub(super) fn detect(buffer: &mut Buffer, reader: &mut dyn Read) -> Result<Option<Self>> {
        let mut input = Input { buffer, reader };
        if !input.ensure(4)? {
            return Ok(None);
        }
        let (compression, decoder): (_, Box<dyn Decode + Send>) = match input.start::<4>() {
            [a, b, _, _] if [a, b] == gzip::MAGIC => (Compression::Gzip, Box::new(Gzip::new())),
            // Parallel zstd begins with a frame that is to be skipped.
            magic if magic == zstd::MAGIC || is_skipped(magic) => (Compression::Zstd, Box::new(Zstd::new())),
            lz4::MAGIC => (Compression::Lz4, Box::new(Lz4::new())),
            // The magic number of xz has two bytes more.
            [0xfd, b'7', b'z', b'X'] => (Compression::Xz, Box::new(Xz::new())),
            _ => return Ok(None),
        };
        let input = std::mem::replace(buffer, Buffer::new());
        Ok(Some(Self { compression, input, decoder, ended: false, failed: false }))
    }

    pub(super) fn compression(&self) -> Compression {
        self.compression
    }

    /// Whether the compressed data, or its reader, is at fault.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }

    /// How many compressed bytes the reader has given.
    pub(super) fn taken(&self) -> u64 {
        self.input.taken()
    }

    /// Decompressed bytes, as a reader gives them: at least one, unless it is the end.
    pub(super) fn read(&mut self, reader: &mut dyn Read, out: &mut [u8]) -> io::Result<usize> {
        if self.ended || out.is_empty() {
            return Ok(0);
        }
        let mut source = Compressed { buffer: &mut self.input, reader };
        let result = self.decoder.read(&mut source, out);
        self.failed = result.as_ref().is_err_and(|error| !would_block(error));
        self.ended = self.failed || matches!(result, Ok(0));
        result
    }
}

/// Whether a frame that starts like this is to be skipped: zstd and LZ4 have the same.
fn is_skipped(magic: [u8; 4]) -> bool {
    matches!(magic, [0x50..=0x5f, 0x2a, 0x4d, 0x18])
}

fn would_block(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::WouldBlock
}

/// Compressed bytes, and the reader that they come from.
struct Compressed<'a> {
    buffer: &'a mut Buffer,
    reader: &'a mut dyn Read,
}

impl Compressed<'_> {
    fn window(&self) -> &[u8] {
        self.buffer.window()
    }

    /// As [`Buffer::ensure`].
    fn ensure(&mut self, len: usize) -> io::Result<bool> {
        self.buffer.ensure(len, self.reader)
    }

    /// As [`Buffer::skip`].
    fn skip(&mut self, left: &mut u64) -> io::Result<bool> {
        self.buffer.skip(left, self.reader)
    }

    fn consume(&mut self, len: usize) {
        self.buffer.consume(len);
    }

    /// If a frame starts here that is to be skipped, takes its header, and says how many bytes follow.
    fn skipped_frame(&mut self, compression: Compression) -> io::Result<Option<u64>> {
        if !is_skipped(self.start()) {
            return Ok(None);
        }
        if !self.ensure(8)? {
            return Err(Damage::truncated(compression));
        }
        let [.., a, b, c, d] = self.start::<8>();
        self.consume(8);
        Ok(Some(u32::from_le_bytes([a, b, c, d]).into()))
    }

    /// A copy of the first bytes of the window, which have been ensured to be there.
    fn start<const LEN: usize>(&self) -> [u8; LEN] {
        self.window().first_chunk().copied().unwrap_or([0; LEN])
    }
}

/// What is wrong with compressed data, on its way through [`io::Error`].
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) kind: ErrorKind,
    pub(super) message: String,
}

impl Damage {
    /// The data ends before it says that it does.
    fn truncated(compression: Compression) -> io::Error {
        let message =
            format!("the {compression} data ends early: the file was cut short, or is still being written");
        Self { kind: ErrorKind::Truncated, message }.into()
    }

    fn malformed(compression: Compression, why: impl fmt::Display) -> io::Error {
        Self { kind: ErrorKind::Malformed, message: format!("damaged {compression} data: {why}") }.into()
    }

    /// Something else where a frame should start.
    fn no_frame(compression: Compression, [a, b, c, d]: [u8; 4]) -> io::Error {
        let why =
            format!("bytes {a:02x} {b:02x} {c:02x} {d:02x} after the end, where another frame could start");
        Self::malformed(compression, why)
    }

    /// Sound data that is not decompressed here.
    fn refused(compression: Compression, why: impl fmt::Display, command: &str) -> io::Error {
        let message = format!("this {compression} file needs {why}; decompress it first: {command}");
        Self { kind: ErrorKind::Compressed, message }.into()
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Damage {}

impl From<Damage> for io::Error {
    fn from(damage: Damage) -> Self {
        Self::new(io::ErrorKind::InvalidData, damage)
    }
}
