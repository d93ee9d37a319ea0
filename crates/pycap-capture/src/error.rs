//! The one error of this crate.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

#[cfg(feature = "compress")]
use crate::Compression;

/// Why frames could not be had.
///
/// It displays as one line that says where (file, record, byte), what was needed and found, and where there
/// is something to be done about it, what.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: Cow<'static, str>,
    path: Option<PathBuf>,
    interface: Option<Box<str>>,
    offset: Option<u64>,
    record: Option<u64>,
    io: Option<io::Error>,
}

/// The kinds of [`Error`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system could not open or read the file; [`Error::io_error`] has its reason.
    Io,
    /// The file has no bytes at all.
    Empty,
    /// The file is not a capture, or is of a format that is not read here.
    UnknownFormat,
    /// The file is compressed, and not in a way that is read here; the message has the command that decompresses it.
    Compressed,
    /// A capture file of a version that nobody knows how to read.
    UnsupportedVersion,
    /// The file ends in the middle of a header, record or block. All whole records before it were delivered.
    Truncated,
    /// A header, record or block contradicts itself or the format. All records before it were delivered.
    Malformed,
    /// This process may not capture (or not in this way); the message names the capability and the command that grants it.
    PermissionDenied,
    /// No interface has this name; the message names the nearest.
    NoSuchInterface,
    /// The interface is down.
    InterfaceDown,
    /// The interface was deleted, or moved to another network namespace. Everything that was captured before was delivered.
    InterfaceGone,
    /// A setting that makes no sense, alone or with another: a block that no frame fits into, say.
    InvalidSetting,
    /// The system, the interface or the library that is there cannot do what was asked for.
    Unsupported,
    /// A library that is loaded when it is needed was not found; the message says what was tried and what to install.
    LibraryMissing,
    /// The filter expression or program makes no sense.
    InvalidFilter,
    /// The filter is longer than what the kernel takes; it can still be matched in this process.
    FilterTooLong,
    /// The format of a file that is being written has no place for this: a frame of another link type, a time too early or too late. It was
    /// left out, and the file is as good as before.
    NotRepresentable,
    /// No index was saved beside the file.
    IndexMissing,
    /// The index that was saved beside the file does not fit it: the file was changed since, or the index is damaged, of another version
    /// or no index at all. Building it anew helps.
    IndexStale,
}

impl Error {
    /// Which kind of error it is.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The file, where it was opened by its path.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// The interface, where one was to be captured on.
    pub fn interface(&self) -> Option<&str> {
        self.0.interface.as_deref()
    }

    /// Where in the file the header, record or block starts that is at fault, in bytes; if the system could not read
    /// on, or compressed data is at fault, where it stopped. In a compressed file decompressed bytes are counted.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The number of the packet record that is at fault, counted from 1.
    pub fn record(&self) -> Option<u64> {
        self.0.record
    }

    /// The system's error, if it was one.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.io.as_ref()
    }

    /// Whether the reader of a file has nothing yet: [`io::ErrorKind::WouldBlock`]. Nothing is lost then, and another call goes on.
    pub(crate) fn would_block(&self) -> bool {
        self.0.io.as_ref().is_some_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    #[cold]
    pub(crate) fn new(kind: ErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            path: None,
            interface: None,
            offset: None,
            record: None,
            io: None,
        }))
    }

    /// What is wrong, without the place.
    pub(crate) fn message(&self) -> &str {
        &self.0.message
    }

    /// The same once more; not of the system's errors, which there is one of.
    pub(crate) fn again(&self) -> Self {
        let Inner { kind, ref message, ref path, ref interface, offset, record, io: _ } = *self.0;
        let (message, path, interface) = (message.clone(), path.clone(), interface.clone());
        Self(Box::new(Inner { kind, message, path, interface, offset, record, io: None }))
    }

    #[cold]
    pub(crate) fn io(doing: &'static str, error: io::Error) -> Self {
        let mut this = Self::new(ErrorKind::Io, doing);
        this.0.io = Some(error);
        this
    }

    pub(crate) fn at(mut self, offset: u64) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// The error of a file that was decompressed without an error.
    #[cfg(feature = "compress")]
    pub(crate) fn in_compressed(mut self, compression: Compression) -> Self {
        let message = match self.0.kind {
            ErrorKind::Compressed => format!(
                "{compression} data with another compressed file in it, and only one compression is undone; undo one first: {compression} -dc FILE"
            ),
            ErrorKind::Io => return self,
            _ => format!("{compression} data: {}", self.0.message),
        };
        self.0.message = message.into();
        self
    }

    pub(crate) fn in_record(mut self, number: u64) -> Self {
        self.0.record = Some(number);
        self
    }

    pub(crate) fn in_file(mut self, path: &Path) -> Self {
        self.0.path = Some(path.to_owned());
        self
    }
}

// What live captures need of it.
#[allow(dead_code)]
impl Error {
    /// The system's error, with a kind that says more than [`ErrorKind::Io`].
    #[cold]
    pub(crate) fn system(kind: ErrorKind, message: impl Into<Cow<'static, str>>, error: io::Error) -> Self {
        let mut this = Self::new(kind, message);
        this.0.io = Some(error);
        this
    }

    pub(crate) fn on_interface(mut self, name: &str) -> Self {
        self.0.interface = Some(name.into());
        self
    }
}

/// `trace.pcap: record 3 at byte 1970: 98 bytes of data announced, 95 found`
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, path, interface, offset, record, io, .. } = &*self.0;
        if let Some(path) = path {
            write!(f, "{}: ", path.display())?;
        }
        if let Some(interface) = interface {
            write!(f, "{interface}: ")?;
        }
        match (record, offset) {
            (Some(record), Some(offset)) => write!(f, "record {record} at byte {offset}: ")?,
            (None, Some(offset)) => write!(f, "at byte {offset}: ")?,
            _ => {}
        }
        f.write_str(message)?;
        match io {
            Some(io) => write!(f, ": {io}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error({:?}, \"{self}\")", self.0.kind)
    }
}

impl std::error::Error for Error {
    // The system's error is part of the message already; `io_error` gives it to those who want to match on
    // it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match error.kind() {
            ErrorKind::Io => error.io_error().map_or(io::ErrorKind::Other, io::Error::kind),
            ErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            ErrorKind::NoSuchInterface | ErrorKind::LibraryMissing | ErrorKind::IndexMissing => {
                io::ErrorKind::NotFound
            }
            ErrorKind::InterfaceDown => io::ErrorKind::NetworkDown,
            ErrorKind::InterfaceGone => io::ErrorKind::NotConnected,
            ErrorKind::InvalidSetting
            | ErrorKind::InvalidFilter
            | ErrorKind::FilterTooLong
            | ErrorKind::NotRepresentable => io::ErrorKind::InvalidInput,
            ErrorKind::Empty | ErrorKind::Truncated => io::ErrorKind::UnexpectedEof,
            ErrorKind::Compressed | ErrorKind::UnsupportedVersion | ErrorKind::Unsupported => {
                io::ErrorKind::Unsupported
            }
            ErrorKind::UnknownFormat | ErrorKind::Malformed | ErrorKind::IndexStale => {
                io::ErrorKind::InvalidData
            }
        };
        Self::new(kind, error)
    }
}

const _: () = {
    const fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<Error>();
    // A result of a frame should not grow by its error.
    assert!(size_of::<Error>() == size_of::<usize>());
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_where() {
        let error = Error::new(ErrorKind::Malformed, "no sense").at(24);
        assert_eq!(error.to_string(), "at byte 24: no sense");
        let error = error.in_record(1).in_file(Path::new("a.pcap"));
        assert_eq!(error.to_string(), "a.pcap: record 1 at byte 24: no sense");
        assert_eq!(format!("{error:?}"), "Error(Malformed, \"a.pcap: record 1 at byte 24: no sense\")");
    }

    #[test]
    fn the_system_has_the_last_word() {
        let error =
            Error::io("cannot open", io::Error::from(io::ErrorKind::NotFound)).in_file(Path::new("x"));
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().starts_with("x: cannot open: "), "{error}");
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::NotFound);
    }
}
