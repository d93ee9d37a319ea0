//! The compressions that capture files come in.

use std::fmt;
use std::path::Path;

/// How a capture file is compressed.
///
/// All are read with no further ado: [`Savefile`](crate::Savefile) tells them by the first bytes of a file. Gzip and
/// zstd are written: [`WriterBuilder::compression`](crate::WriterBuilder::compression). Both take the feature
/// `compress`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Compression {
    /// gzip (RFC 1952), of any number of members.
    Gzip,
    /// Zstandard (RFC 8878), of any number of frames, with windows of up to 128 MiB and without a dictionary.
    Zstd,
    /// LZ4, its frame format, of any number of frames and without a dictionary.
    Lz4,
    /// xz, of any number of streams, with dictionaries of up to 128 MiB.
    Xz,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Lz4 => "lz4",
            Self::Xz => "xz",
        })
    }
}

impl Compression {
    /// The compression that the extension of a file name stands for: `trace.pcap.gz` is for gzip.
    pub fn of_path(path: impl AsRef<Path>) -> Option<Self> {
        let extension = path.as_ref().extension()?;
        [("gz", Self::Gzip), ("zst", Self::Zstd), ("lz4", Self::Lz4), ("xz", Self::Xz)]
            .into_iter()
            .find_map(|(known, compression)| extension.eq_ignore_ascii_case(known).then_some(compression))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions() {
        assert_eq!(Compression::of_path("a/trace.pcapng.gz"), Some(Compression::Gzip));
        assert_eq!(Compression::of_path("TRACE.ZST"), Some(Compression::Zstd));
        assert_eq!(Compression::of_path("trace.pcap"), None);
        // A hidden file with no extension.
        assert_eq!(Compression::of_path(".gz"), None);
    }
}
