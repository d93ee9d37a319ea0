//! Zstandard (RFC 8878): frames one after the other, of blocks of up to 128 KiB.
//!
//! ```text
//! magic: 28 b5 2f fd | descriptor (1) | window (0-1) | dictionary (0-4) | content size (0-8)
//!     | blocks: last (1 bit), type (2 bits), size (21 bits) | content ... | checksum (0-4)
//! ```

use std::io::{self, Read};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Compressed, Damage, Decode, MAX_WINDOW, would_block};
use crate::Compression;

pub(super) const MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

const MAX_BLOCK: usize = 128 << 10;

/// The decoder makes room for the whole window of a frame that is not its first. One with a larger window than this gets
/// a new decoder, whose memory grows with what is decompressed.
const SMALL_WINDOW: u64 = 8 << 20;

pub(super) struct Zstd {
    decoder: FrameDecoder,
    state: State,
    /// What the frame header says of the frame that is being read.
    checksum: bool,
    content_size: Option<u64>,
    /// Bytes of it that were handed out.
    put: u64,
    /// What comes after the bytes that were handed out last.
    failure: Option<io::Error>,
}

enum State {
    /// Before a frame, or at the end.
    Frame,
    /// Within a frame that is to be skipped: so many bytes of it are left.
    Skipped(u64),
    Block,
    /// Behind the last block.
    Rest,
}

impl Zstd {
    pub(super) fn new() -> Self {
        Self {
            decoder: FrameDecoder::new(),
            state: State::Frame,
            checksum: false,
            content_size: None,
            put: 0,
            failure: None,
        }
    }

    /// Reads a frame header; `false` at the end.
    fn frame(&mut self, source: &mut Compressed<'_>) -> io::Result<bool> {
        if !source.ensure(1)? {
            return Ok(false);
        }
        let need = |source: &mut Compressed<'_>, len| match source.ensure(len)? {
            true => Ok(()),
            false => Err(Damage::truncated(Compression::Zstd)),
        };
        need(source, 5)?;
        let [a, b, c, d, descriptor] = source.start();
        if let Some(len) = source.skipped_frame(Compression::Zstd)? {
            self.state = State::Skipped(len);
            return Ok(true);
        }
        if [a, b, c, d] != MAGIC {
            return Err(Damage::no_frame(Compression::Zstd, [a, b, c, d]));
        }
        let single_segment = descriptor & 0x20 != 0;
        let dictionary_len = [0, 1, 2, 4][usize::from(descriptor & 3)];
        let content_size_len = match descriptor >> 6 {
            0 => usize::from(single_segment),
            flag => 1 << flag,
        };
        let window_at = 5;
        let dictionary_at = window_at + usize::from(!single_segment);
        let content_size_at = dictionary_at + dictionary_len;
        let len = content_size_at + content_size_len;
        need(source, len)?;
        let number = |from: usize, to: usize| {
            let bytes = source.window().get(from..to).unwrap_or_default();
            bytes.iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
        };
        if descriptor & 8 != 0 {
            return Err(Damage::malformed(Compression::Zstd, "a reserved bit of a frame header is set"));
        }
        let content_size = number(content_size_at, len) + if content_size_len == 2 { 256 } else { 0 };
        let window = if single_segment {
            content_size
        } else {
            let byte = number(window_at, dictionary_at);
            let base = 1 << (10 + (byte >> 3));
            base + base / 8 * (byte & 7)
        };
        if window > MAX_WINDOW.into() {
            let why = format!("a window of {window} bytes, and gets at most {MAX_WINDOW}");
            return Err(Damage::refused(Compression::Zstd, why, "zstd -dc --long=31 FILE"));
        }
        let dictionary = number(dictionary_at, content_size_at);
        if dictionary != 0 {
            let why = format!("the dictionary that it was made with, number {dictionary}");
            return Err(Damage::refused(Compression::Zstd, why, "zstd -dc -D DICTIONARY FILE"));
        }
        if window > SMALL_WINDOW {
            self.decoder = FrameDecoder::new();
        }
        self.decoder.set_max_window_size(MAX_WINDOW.into());
        let header = source.window().get(..len).unwrap_or_default();
        self.decoder.reset(header).map_err(|error| Damage::malformed(Compression::Zstd, error))?;
        source.consume(len);
        self.checksum = descriptor & 4 != 0;
        self.content_size = (content_size_len > 0).then_some(content_size);
        self.put = 0;
        self.state = State::Block;
        Ok(true)
    }

    /// Decompresses a block; says whether it was the last of the frame.
    fn block(&mut self, source: &mut Compressed<'_>) -> io::Result<bool> {
        const RLE: u32 = 1;
        if !source.ensure(3)? {
            return Err(Damage::truncated(Compression::Zstd));
        }
        let [a, b, c] = source.start();
        let header = u32::from_le_bytes([a, b, c, 0]);
        let (is_last, kind, size) = (header & 1 != 0, header >> 1 & 3, (header >> 3) as usize);
        if size > MAX_BLOCK {
            let why = format!("a block of {size} bytes: at most {MAX_BLOCK} are allowed");
            return Err(Damage::malformed(Compression::Zstd, why));
        }
        let content = if kind == RLE { 1 } else { size };
        let len = 3 + content + if is_last && self.checksum { 4 } else { 0 };
        if !source.ensure(len)? {
            return Err(Damage::truncated(Compression::Zstd));
        }
        let block = source.window().get(..len).unwrap_or_default();
        self.decoder
            .decode_blocks(block, BlockDecodingStrategy::UptoBlocks(1))
            .map_err(|error| Damage::malformed(Compression::Zstd, error))?;
        source.consume(len);
        Ok(is_last)
    }

    /// Ends the frame after what was decompressed, so that the decoder hands all of it out: an empty last block, and four
    /// bytes for a checksum.
    fn end_frame(&mut self) {
        let end = [1, 0, 0, 0, 0, 0, 0];
        // It fails only if it cannot read its slice.
        let _ = self.decoder.decode_blocks(&end[..], BlockDecodingStrategy::UptoBlocks(1));
    }

    /// Holds a frame that was handed out against its checksum and size.
    fn verify(&self) -> io::Result<()> {
        if let Some(expected) = self.content_size.filter(|size| *size != self.put) {
            let why = format!("a frame of {} bytes: its header says {expected}", self.put);
            return Err(Damage::malformed(Compression::Zstd, why));
        }
        if self.checksum && self.decoder.get_checksum_from_data() != self.decoder.get_calculated_checksum() {
            return Err(Damage::malformed(Compression::Zstd, "the checksum is wrong"));
        }
        Ok(())
    }
}

impl Decode for Zstd {
    fn read(&mut self, source: &mut Compressed<'_>, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.state {
                State::Frame => {
                    if !self.frame(source)? {
                        return Ok(0);
                    }
                }
                State::Skipped(left) => {
                    if !source.skip(left)? {
                        return Err(Damage::truncated(Compression::Zstd));
                    }
                    self.state = State::Frame;
                }
                State::Block => {
                    // Of what it has decompressed the decoder keeps a window until the frame is whole.
                    let put = self.decoder.read(out)?;
                    if put > 0 {
                        self.put += put as u64;
                        return Ok(put);
                    }
                    match self.block(source) {
                        Ok(false) => {}
                        Ok(true) => self.state = State::Rest,
                        Err(error) if would_block(&error) => return Err(error),
                        Err(error) => {
                            self.failure = Some(error);
                            self.end_frame();
                            self.state = State::Rest;
                        }
                    }
                }
                State::Rest => {
                    let put = self.decoder.read(out)?;
                    if put > 0 {
                        self.put += put as u64;
                        return Ok(put);
                    }
                    match self.failure.take() {
                        Some(error) => return Err(error),
                        None => self.verify()?,
                    }
                    self.state = State::Frame;
                }
            }
        }
    }
}
