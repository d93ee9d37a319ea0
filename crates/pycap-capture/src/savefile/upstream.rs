//! What is between the caller's reader and the records: a decompressor, or nothing.

use std::io::{self, Read};

use super::buffer::Buffer;
#[cfg(feature = "compress")]
use super::decompress::Decompressor;
use crate::{Compression, Error, Result};

pub(super) struct Upstream {
    #[cfg(feature = "compress")]
    decompressor: Option<Box<Decompressor>>,
}

impl Upstream {
    /// Looks at the first bytes of a file, which are then in the buffer; if they are compressed, the decompressor has
    /// taken them, and the buffer is as new.
    #[cfg(feature = "compress")]
    pub(super) fn detect(buffer: &mut Buffer, reader: &mut dyn Read) -> Result<Self> {
        let decompressor = Decompressor::detect(buffer, reader)?;
        Ok(Self { decompressor: decompressor.map(Box::new) })
    }

    #[cfg(not(feature = "compress"))]
    pub(super) fn detect(_: &mut Buffer, _: &mut dyn Read) -> Result<Self> {
        Ok(Self {})
    }

    /// The reader that gives the bytes of the capture file.
    pub(super) fn over<'a>(&'a mut self, reader: &'a mut dyn Read) -> Over<'a> {
        Over { upstream: self, reader }
    }

    #[cfg(feature = "compress")]
    pub(super) fn compression(&self) -> Option<Compression> {
        self.decompressor.as_ref().map(|decompressor| decompressor.compression())
    }

    #[cfg(not(feature = "compress"))]
    pub(super) fn compression(&self) -> Option<Compression> {
        None
    }

    /// What is wrong with a capture file's head, or with what that was decompressed from.
    pub(super) fn error(&self, error: Error) -> Error {
        #[cfg(feature = "compress")]
        if let Some(decompressor) =
            self.decompressor.as_ref().filter(|decompressor| !decompressor.has_failed())
        {
            return error.in_compressed(decompressor.compression());
        }
        error
    }

    /// How many bytes the reader has given, if these were compressed.
    #[cfg(feature = "compress")]
    pub(super) fn taken(&self) -> Option<u64> {
        self.decompressor.as_ref().map(|decompressor| decompressor.taken())
    }

    #[cfg(not(feature = "compress"))]
    pub(super) fn taken(&self) -> Option<u64> {
        None
    }
}

/// A reader with what is between it and the records.
pub(super) struct Over<'a> {
    #[cfg_attr(not(feature = "compress"), allow(dead_code))]
    upstream: &'a mut Upstream,
    reader: &'a mut dyn Read,
}

impl Read for Over<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        #[cfg(feature = "compress")]
        if let Some(decompressor) = &mut self.upstream.decompressor {
            return decompressor.read(self.reader, into);
        }
        self.reader.read(into)
    }
}
