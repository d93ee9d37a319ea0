//! The bytes of a file between the records that are put together and `write(2)`.

use std::io::{self, Write};
use std::path::PathBuf;

use super::compress::Compressor;
use crate::{ByteOrder, Error, ErrorKind, Result};

/// How much is written at once, unless the caller asks for another size. It stays in the second-level cache
/// beside the frames that stream through that; 64 to 256 KiB are alike where the machine does nothing else,
/// 256 KiB are slower where it does.
pub(super) const CAPACITY: usize = 128 * 1024;

/// Gathers whole records and hands them to the writer in large pieces, each of which ends with a whole
/// record: a file looked at between two of them is a whole file. So it is if each of them is compressed by itself.
pub(super) struct Sink<W> {
    /// Its length is the room that there is. It has none before the first record and after an error, so that
    /// [`room`](Self::room) needs no check of its own for either.
    buffer: Vec<u8>,
    filled: usize,
    capacity: usize,
    /// Packet records that were accepted.
    frames: u64,
    /// What the writer has taken, all of it whole records. Not counted as it is compressed.
    bytes_out: u64,
    frames_out: u64,
    target: Target<W>,
    layout: Layout,
    order: ByteOrder,
    compressor: Option<Box<Compressor>>,
    failure: Option<Failure>,
    /// Set while the writer is called, and left so if it panics: who knows then what it has taken.
    writing: bool,
}

/// Where the bytes go.
pub(super) struct Target<W> {
    /// None once it was given back.
    pub(super) writer: Option<W>,
    pub(super) path: Option<PathBuf>,
    pub(super) cut: Option<Cut<W>>,
}

/// How a file that ends within a record is brought back to the end of the last whole one.
pub(super) struct Cut<W> {
    /// Sets the length of the file.
    pub(super) set_len: fn(&W, u64) -> io::Result<()>,
    /// Where in the file the capture starts.
    pub(super) start: u64,
}

/// How to step over records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    Pcap,
    Pcapng,
}

/// The error that ended the writing, as far as it takes to report it again.
struct Failure {
    message: String,
    code: Option<i32>,
    kind: io::ErrorKind,
}

impl<W> Sink<W> {
    pub(super) fn new(target: Target<W>, layout: Layout, order: ByteOrder, capacity: usize) -> Self {
        Self {
            buffer: Vec::new(),
            filled: 0,
            capacity,
            frames: 0,
            bytes_out: 0,
            frames_out: 0,
            target,
            layout,
            order,
            compressor: None,
            failure: None,
            writing: false,
        }
    }

    /// Has everything compressed before it is handed to the writer.
    pub(super) fn compressed(mut self, compressor: Option<Compressor>) -> Self {
        self.compressor = compressor.map(Box::new);
        self
    }

    /// Room for `len` bytes, which count as written; none if the buffer has to be emptied first.
    #[inline(always)]
    pub(super) fn room(&mut self, len: usize) -> Option<&mut [u8]> {
        let end = self.filled + len;
        let room = self.buffer.get_mut(self.filled..end)?;
        self.filled = end;
        Some(room)
    }

    /// Counts a packet record, which was put where [`room`](Self::room) was.
    #[inline(always)]
    pub(super) fn count_frame(&mut self) {
        self.frames += 1;
    }

    /// Packet records that were accepted; after an error, those that the writer has taken whole.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Bytes that were accepted; after an error, those of whole records that the writer has taken.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes_out + self.filled as u64
    }

    pub(super) fn target(&self) -> &Target<W> {
        &self.target
    }

    /// Whether the writer is still to be called.
    pub(super) fn is_open(&self) -> bool {
        self.target.writer.is_some() && self.failure.is_none() && !self.writing
    }

    /// The records that follow have this byte order; there are none in the buffer.
    pub(super) fn set_order(&mut self, order: ByteOrder) {
        self.order = order;
    }

    /// Reports the error that ended the writing, if there was one.
    pub(super) fn check(&self) -> Result<()> {
        match &self.failure {
            None => Ok(()),
            Some(failure) => Err(self.error(failure)),
        }
    }

    /// An error of this file.
    pub(super) fn located(&self, error: Error) -> Error {
        match &self.target.path {
            Some(path) => error.in_file(path),
            None => error,
        }
    }

    fn error(&self, failure: &Failure) -> Error {
        let io = failure.code.map_or_else(|| failure.kind.into(), io::Error::from_raw_os_error);
        self.located(Error::system(ErrorKind::Io, failure.message.clone(), io))
    }
}

impl<W: Write> Sink<W> {
    /// Makes room for `len` bytes, whatever it takes.
    pub(super) fn reserve(&mut self, len: usize) -> Result<()> {
        self.check()?;
        if self.buffer.len() - self.filled >= len {
            return Ok(());
        }
        self.drain()?;
        // A record that is larger than the buffer gets a larger buffer, and the next one that is not gives it
        // back.
        let size = len.max(self.capacity);
        if (size..=size.max(CAPACITY)).contains(&self.buffer.capacity()) {
            self.buffer.resize(size, 0);
        } else {
            self.buffer = vec![0; size];
        }
        Ok(())
    }

    /// Adds bytes that are no packet record.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<()> {
        self.reserve(bytes.len())?;
        if let Some(room) = self.room(bytes.len()) {
            room.copy_from_slice(bytes);
        }
        Ok(())
    }

    /// Hands everything to the writer.
    pub(super) fn drain(&mut self) -> Result<()> {
        self.check()?;
        let Some(writer) = &mut self.target.writer else { return Ok(()) };
        let mut taken = 0;
        let bytes = self.buffer.get(..self.filled).unwrap_or_default();
        let bytes = match &mut self.compressor {
            // Nothing would be compressed to something.
            Some(compressor) if !bytes.is_empty() => compressor.compress(bytes),
            _ => bytes,
        };
        while let Some(rest) = bytes.get(taken..)
            && !rest.is_empty()
        {
            self.writing = true;
            let result = writer.write(rest);
            self.writing = false;
            match result {
                Ok(0) => return Err(self.fail(io::ErrorKind::WriteZero.into(), taken)),
                Ok(len) => taken += len.min(rest.len()),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(self.fail(error, taken)),
            }
        }
        if let Some(compressor) = &mut self.compressor {
            compressor.written += taken as u64;
        }
        self.bytes_out += self.filled as u64;
        self.frames_out = self.frames;
        self.filled = 0;
        Ok(())
    }

    /// Hands everything to the writer, and has it hand on what it holds itself.
    pub(super) fn flush(&mut self) -> Result<()> {
        self.drain()?;
        let Some(writer) = &mut self.target.writer else { return Ok(()) };
        self.writing = true;
        let result = writer.flush();
        self.writing = false;
        result.map_err(|error| self.fail(error, 0))
    }

    /// Gives the writer back, without another call of it.
    pub(super) fn take_writer(&mut self) -> Option<W> {
        self.target.writer.take()
    }

    /// Ends the writing: `taken` bytes of the buffer, or of the compressed piece, were taken before the error.
    #[cold]
    fn fail(&mut self, error: io::Error, taken: usize) -> Error {
        // Part of a piece is nothing.
        let compressed = self.compressor.as_ref().map(|compressor| compressor.written);
        let (whole, whole_frames) = if compressed.is_some() { (0, 0) } else { self.whole(taken) };
        self.bytes_out += whole as u64;
        self.frames_out += whole_frames;
        self.frames = self.frames_out;
        self.buffer = Vec::new();
        self.filled = 0;
        let frames = match self.frames {
            1 => "1 whole frame".to_owned(),
            count => format!("{count} whole frames"),
        };
        let cut = match (&self.target.cut, &self.target.writer) {
            (Some(Cut { set_len, start }), Some(writer)) if taken > whole => {
                Some(set_len(writer, start + compressed.unwrap_or(self.bytes_out)))
            }
            _ => None,
        };
        let part = if compressed.is_some() { "a compressed piece" } else { "another record" };
        let message = match cut {
            None if taken == whole => format!("cannot write; {frames} were written before"),
            None => format!("cannot write; {frames} were written before, and part of {part}"),
            Some(Ok(())) => {
                format!("cannot write; {frames} were written before, and the file was cut back to them")
            }
            Some(Err(why)) => format!(
                "cannot write; {frames} were written before, and part of {part}, which could not be cut off ({why})"
            ),
        };
        let failure = Failure { message, code: error.raw_os_error(), kind: error.kind() };
        // The first report has the writer's own error, whatever it holds.
        let report = self.located(Error::system(ErrorKind::Io, failure.message.clone(), error));
        self.failure = Some(failure);
        report
    }

    /// How many of the first `len` bytes of the buffer are whole records, and how many packets are in these.
    fn whole(&self, len: usize) -> (usize, u64) {
        let bytes = &self.buffer[..len.min(self.filled)];
        let (mut at, mut frames) = (0, 0);
        if self.layout == Layout::Pcap && self.bytes_out == 0 {
            at = super::pcap::FILE_HEADER;
            if at > bytes.len() {
                return (0, 0);
            }
        }
        loop {
            let rest = &bytes[at..];
            let (next, is_frame) = match self.layout {
                Layout::Pcap => (super::pcap::record_len(rest, self.order), true),
                Layout::Pcapng => super::pcapng::block_len(rest, self.order),
            };
            match next {
                Some(next) if next <= rest.len() => at += next,
                _ => return (at, frames),
            }
            frames += u64::from(is_frame);
        }
    }
}
