//! gzip (RFC 1952): members one after the other, each with a checksum and a length at its end.

use std::io;

use flate2::{Decompress, FlushDecompress, Status};

use super::{Compressed, Damage, Decode};
use crate::Compression;

pub(super) const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// The largest window that DEFLATE has: 2^15 bytes.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gzip {
    inflate: Decompress,
    state: State,
    /// What comes after the bytes that were handed out last.
    failure: Option<io::Error>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Member,
    /// Behind a member: another one, the end, or zeros that tapes and block devices fill up with.
    Between,
    Padding,
}

impl Gzip {
    pub(super) fn new() -> Self {
        Self { inflate: Decompress::new_gzip(WINDOW_BITS), state: State::Member, failure: None }
    }

    /// Begins the next member, if there is one.
    fn next_member(&mut self, source: &mut Compressed<'_>) -> io::Result<bool> {
        loop {
            if !source.ensure(1)? {
                return Ok(false);
            }
            let zeros = source.window().iter().take_while(|byte| **byte == 0).count();
            if zeros > 0 {
                self.state = State::Padding;
                source.consume(zeros);
                continue;
            }
            // One byte of the next member may be all that there is.
            source.ensure(2)?;
            let mut head = source.window().iter().copied().zip(MAGIC);
            if self.state == State::Padding || head.any(|(found, expected)| found != expected) {
                let [first] = source.start();
                let why = format!("a byte {first:02x} after the end, where another member could start");
                return Err(Damage::malformed(Compression::Gzip, why));
            }
            self.inflate = Decompress::new_gzip(WINDOW_BITS);
            self.state = State::Member;
            return Ok(true);
        }
    }
}

impl Decode for Gzip {
    fn read(&mut self, source: &mut Compressed<'_>, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(error) = self.failure.take() {
                return Err(error);
            }
            if self.state != State::Member && !self.next_member(source)? {
                return Ok(0);
            }
            if !source.ensure(1)? {
                return Err(Damage::truncated(Compression::Gzip));
            }
            let (total_in, total_out) = (self.inflate.total_in(), self.inflate.total_out());
            let result = self.inflate.decompress(source.window(), out, FlushDecompress::None);
            let taken = (self.inflate.total_in() - total_in) as usize;
            let put = (self.inflate.total_out() - total_out) as usize;
            source.consume(taken);
            match result {
                Ok(Status::StreamEnd) => self.state = State::Between,
                Ok(Status::Ok | Status::BufError) if taken == 0 && put == 0 => {
                    // It has room and at least a byte, and wants neither.
                    return Err(Damage::malformed(Compression::Gzip, "no progress"));
                }
                Ok(Status::Ok | Status::BufError) => {}
                Err(error) => {
                    // Of all others it forgets which one it was where it had decompressed something first.
                    let why = match error.message() {
                        Some("incorrect data check") => "the checksum is wrong",
                        Some("incorrect length check") => "the length is wrong",
                        _ => "not what deflate makes",
                    };
                    self.failure = Some(Damage::malformed(Compression::Gzip, why));
                }
            }
            if put > 0 {
                return Ok(put);
            }
        }
    }
}
