//! xz (version 1.2 of its description): streams one after the other, of blocks that are LZMA2 as a rule.

use std::io;

use lzma_rust2::{Action, Status, XzStream};

use super::{Compressed, Damage, Decode, MAX_WINDOW};
use crate::Compression;

pub(super) struct Xz {
    stream: XzStream,
    /// What comes after the bytes that were handed out last.
    failure: Option<io::Error>,
}

/// How many bytes the decoder gets at once. Where they are damaged it loses what it has made of them before.
const STEP: usize = 64;

/// KiB: a dictionary, and what the decoder needs beside it.
const MEMORY: u32 = MAX_WINDOW / 1024 + 1024;

impl Xz {
    pub(super) fn new() -> Self {
        Self { stream: XzStream::new_mem_limit(true, MEMORY), failure: None }
    }

    /// The bytes up to the next multiple of [`STEP`].
    fn step(&self) -> usize {
        STEP - (self.stream.total_in() % STEP as u64) as usize
    }

    fn error(&self, error: &io::Error) -> io::Error {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::truncated(Compression::Xz),
            io::ErrorKind::OutOfMemory => {
                let needed = self.stream.memory_usage().unwrap_or_default();
                let why = format!("{needed} KiB of memory, and gets at most {MEMORY}");
                Damage::refused(Compression::Xz, why, "xz -dc FILE")
            }
            // Its only word for a file that was cut within the zeros between two streams.
            _ if error.to_string().starts_with("inter-stream padding not a multiple") => {
                Damage::truncated(Compression::Xz)
            }
            _ => Damage::malformed(Compression::Xz, error),
        }
    }
}

impl Decode for Xz {
    fn read(&mut self, source: &mut Compressed<'_>, out: &mut [u8]) -> io::Result<usize> {
        // First what it has of bytes that were taken before.
        let mut action = Action::Run;
        loop {
            if let Some(error) = self.failure.take() {
                return Err(error);
            }
            let (total_in, total_out) = (self.stream.total_in(), self.stream.total_out());
            let step = self.step();
            let input = source.window();
            let input = match action {
                Action::Run if input.len() < step => &[],
                _ => input.get(..step).unwrap_or(input),
            };
            let result = self.stream.process(input, out, action);
            let taken = (self.stream.total_in() - total_in) as usize;
            let put = (self.stream.total_out() - total_out) as usize;
            source.consume(taken);
            match result {
                Ok(result) if result.status == Status::StreamEnd => return Ok(put),
                Ok(_) => {}
                Err(error) => self.failure = Some(self.error(&error)),
            }
            if put > 0 {
                return Ok(put);
            }
            if taken == 0 && self.failure.is_none() {
                if action == Action::Finish {
                    return Err(Damage::truncated(Compression::Xz));
                }
                if !source.ensure(self.step())? {
                    action = Action::Finish;
                }
            }
        }
    }
}
