//! LZ4's frame format (version 1.6 of its description): frames one after the other, of blocks of up to 4 MiB.
//!
//! ```text
//! magic: 04 22 4d 18 | flags (1) | block size (1) | content size (0-8) | dictionary (0-4) | checksum (1)
//!     | blocks: size (4), content, checksum (0-4) ... | 0 (4) | checksum (0-4)
//! ```

use std::io::{self, Read};

use lz4_flex::frame::FrameDecoder;

use super::{Compressed, Damage, Decode};
use crate::Compression;

pub(super) const MAGIC: [u8; 4] = [0x04, 0x22, 0x4d, 0x18];

pub(super) struct Lz4 {
    decoder: FrameDecoder<Units>,
    state: State,
    flags: u8,
    max_block: usize,
    /// Whether the decoder may have more to hand out.
    pending: bool,
}

enum State {
    /// Before a frame, or at the end.
    Frame,
    /// Within a frame that is to be skipped: so many bytes of it are left.
    Skipped(u64),
    Block,
}

/// Bits of the flags.
const BLOCK_CHECKSUMS: u8 = 0x10;
const CONTENT_SIZE: u8 = 0x08;
const CONTENT_CHECKSUM: u8 = 0x04;
const DICTIONARY: u8 = 0x01;

impl Lz4 {
    pub(super) fn new() -> Self {
        Self {
            decoder: FrameDecoder::new(Units::default()),
            state: State::Frame,
            flags: 0,
            max_block: 0,
            pending: false,
        }
    }

    /// What the decoder makes of the units that it has.
    fn decode(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let put = self.decoder.read(out).map_err(|error| Damage::malformed(Compression::Lz4, error))?;
        self.pending = put == out.len();
        Ok(put)
    }

    /// Reads a frame header; `false` at the end.
    fn frame(&mut self, source: &mut Compressed<'_>) -> io::Result<bool> {
        if !source.ensure(1)? {
            return Ok(false);
        }
        need(source, 7)?;
        let [a, b, c, d, flags, block_size, _] = source.start();
        if let Some(len) = source.skipped_frame(Compression::Lz4)? {
            self.state = State::Skipped(len);
            return Ok(true);
        }
        if [a, b, c, d] != MAGIC {
            return Err(Damage::no_frame(Compression::Lz4, [a, b, c, d]));
        }
        if flags & DICTIONARY != 0 {
            let why = "the dictionary that it was made with";
            return Err(Damage::refused(Compression::Lz4, why, "lz4 -dc -D DICTIONARY FILE"));
        }
        let len = 7 + if flags & CONTENT_SIZE != 0 { 8 } else { 0 };
        need(source, len)?;
        // One that was used before has room for its own block size only.
        self.decoder = FrameDecoder::new(Units::default());
        self.flags = flags;
        self.max_block = 1 << (8 + 2 * (block_size >> 4 & 7));
        self.give(source, len);
        // Whatever is wrong with the header is told now: it says what the blocks look like.
        self.decode(&mut [0])?;
        self.pending = false;
        self.state = State::Block;
        Ok(true)
    }

    /// Gives the decoder the next block, or the end of the frame.
    fn block(&mut self, source: &mut Compressed<'_>) -> io::Result<()> {
        need(source, 4)?;
        let size = u32::from_le_bytes(source.start());
        if size == 0 {
            let len = 4 + if self.flags & CONTENT_CHECKSUM != 0 { 4 } else { 0 };
            need(source, len)?;
            self.give(source, len);
            self.decode(&mut [0])?;
            self.pending = false;
            self.state = State::Frame;
            return Ok(());
        }
        // The upper bit says that it is not compressed.
        let size = (size & 0x7fff_ffff) as usize;
        if size > self.max_block {
            let why = format!("a block of {size} bytes: the frame header allows {}", self.max_block);
            return Err(Damage::malformed(Compression::Lz4, why));
        }
        let len = 4 + size + if self.flags & BLOCK_CHECKSUMS != 0 { 4 } else { 0 };
        need(source, len)?;
        self.give(source, len);
        self.pending = true;
        Ok(())
    }

    fn give(&mut self, source: &mut Compressed<'_>, len: usize) {
        let units = self.decoder.get_mut();
        units.bytes.clear();
        units.bytes.extend_from_slice(source.window().get(..len).unwrap_or_default());
        units.at = 0;
        source.consume(len);
    }
}

impl Decode for Lz4 {
    fn read(&mut self, source: &mut Compressed<'_>, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.pending {
                let put = self.decode(out)?;
                if put > 0 {
                    return Ok(put);
                }
            }
            match &mut self.state {
                State::Frame => {
                    if !self.frame(source)? {
                        return Ok(0);
                    }
                }
                State::Skipped(left) => {
                    if !source.skip(left)? {
                        return Err(Damage::truncated(Compression::Lz4));
                    }
                    self.state = State::Frame;
                }
                State::Block => self.block(source)?,
            }
        }
    }
}

fn need(source: &mut Compressed<'_>, len: usize) -> io::Result<()> {
    match source.ensure(len)? {
        true => Ok(()),
        false => Err(Damage::truncated(Compression::Lz4)),
    }
}

/// What the decoder reads from: a frame header, a block or a frame's end, always whole.
#[derive(Default)]
struct Units {
    bytes: Vec<u8>,
    at: usize,
}

impl Read for Units {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let mut rest = self.bytes.get(self.at..).unwrap_or_default();
        let len = rest.read(into)?;
        self.at += len;
        Ok(len)
    }
}
