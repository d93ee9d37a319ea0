//! Compressed pieces of a file: a gzip member or a zstd frame each, so that what has been written is whole whenever a
//! piece is.

#[cfg(feature = "compress")]
use flate2::{Compress, FlushCompress, Status};
#[cfg(feature = "compress")]
use ruzstd::encoding::{CompressionLevel, FrameCompressor};

use crate::{Compression, Error, ErrorKind, Result};

/// How much is compressed at once, unless the caller asks for another size. A member begins with an empty window, which
/// costs a percent of the size at a quarter of this.
pub(super) const CAPACITY: usize = 1024 * 1024;

/// Compresses pieces, one after the other.
pub(super) struct Compressor {
    method: Method,
    /// The last piece.
    piece: Vec<u8>,
    /// Bytes of all pieces that the writer has taken.
    pub(super) written: u64,
}

enum Method {
    #[cfg(feature = "compress")]
    Gzip(Compress),
    #[cfg(feature = "compress")]
    Zstd,
}

impl Compressor {
    /// What makes it so, or why it is not made here.
    #[cfg(feature = "compress")]
    pub(super) fn new(compression: Compression) -> Result<Self> {
        let method = match compression {
            // The fastest level: a capture has to keep up.
            Compression::Gzip => Method::Gzip(Compress::new_gzip(flate2::Compression::fast(), 15)),
            Compression::Zstd => Method::Zstd,
            other => {
                let message =
                    format!("{other} is only read: files are written as gzip, zstd or uncompressed");
                return Err(Error::new(ErrorKind::InvalidSetting, message));
            }
        };
        Ok(Self { method, piece: Vec::new(), written: 0 })
    }

    #[cfg(not(feature = "compress"))]
    pub(super) fn new(compression: Compression) -> Result<Self> {
        let message = format!(
            "{compression} files are not written: this was built without the feature `compress`; leave out the compression"
        );
        Err(Error::new(ErrorKind::InvalidSetting, message))
    }

    /// Compresses a piece.
    pub(super) fn compress(&mut self, bytes: &[u8]) -> &[u8] {
        self.piece.clear();
        match &mut self.method {
            #[cfg(feature = "compress")]
            Method::Gzip(deflate) => gzip(deflate, bytes, &mut self.piece),
            #[cfg(feature = "compress")]
            Method::Zstd => {
                let mut frame = FrameCompressor::new(CompressionLevel::Fastest);
                frame.set_source(bytes);
                frame.set_drain(&mut self.piece);
                frame.compress();
            }
            #[cfg(not(feature = "compress"))]
            _ => self.piece.extend_from_slice(bytes),
        }
        &self.piece
    }
}

#[cfg(feature = "compress")]
fn gzip(deflate: &mut Compress, bytes: &[u8], piece: &mut Vec<u8>) {
    deflate.reset();
    loop {
        let taken = deflate.total_in() as usize;
        let rest = bytes.get(taken..).unwrap_or_default();
        // What does not compress grows by less than this.
        piece.reserve(rest.len() / 16 + 1024);
        match deflate.compress_vec(rest, piece, FlushCompress::Finish) {
            Ok(Status::Ok | Status::BufError) => {}
            // There is no error but that of calling it again after the end.
            Ok(Status::StreamEnd) | Err(_) => return,
        }
    }
}
