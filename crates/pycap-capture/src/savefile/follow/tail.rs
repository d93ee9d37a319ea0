//! One of the files that are followed, one after the other.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use crate::{Error, ErrorKind, Result};

/// A file that may still grow: at its end there is nothing *yet*, which is what its reader is told.
pub(super) struct Tail {
    file: File,
    identity: Identity,
    /// How far it was read.
    offset: u64,
    /// How many bytes it had when that was looked at last.
    seen: u64,
    /// What it began with then, if nothing was read of it.
    head: Vec<u8>,
    /// Where it ends for good, once that is known: there, or where it has no more bytes.
    end: Option<u64>,
    moved: bool,
}

/// What a path names.
pub(super) enum Found {
    /// The file that is known.
    Known,
    Nothing,
    New(Tail),
}

/// What tells a file from another one that has its name later. It holds as long as the file is open: only then can its inode be used
/// for another one.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity(#[cfg(unix)] (u64, u64), #[cfg(not(unix))] Option<std::time::SystemTime>);

impl Identity {
    #[cfg(unix)]
    fn of(metadata: &Metadata) -> Self {
        use std::os::unix::fs::MetadataExt;
        Self((metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn of(metadata: &Metadata) -> Self {
        Self(metadata.created().ok())
    }
}

impl Tail {
    /// Opens the file at `path`, to be read from its start.
    pub(super) fn open(path: &Path) -> Result<Self> {
        // Before it is opened: to open a pipe or a device can do things.
        check_kind(&std::fs::metadata(path).map_err(cannot_open)?)?;
        let mut options = OpenOptions::new();
        options.read(true);
        // In case that it became a pipe meanwhile: that would wait for its writer.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
        let file = options.open(path).map_err(cannot_open)?;
        let metadata = file.metadata().map_err(cannot_open)?;
        check_kind(&metadata)?;
        Ok(Self {
            file,
            identity: Identity::of(&metadata),
            offset: 0,
            seen: 0,
            head: Vec::new(),
            end: None,
            moved: false,
        })
    }

    /// The file at `path`, opened unless it is `known`.
    pub(super) fn find(path: &Path, known: Identity) -> Result<Found> {
        match std::fs::metadata(path) {
            Ok(metadata) if Identity::of(&metadata) == known => return Ok(Found::Known),
            Err(error) if is_gone(&error) => return Ok(Found::Nothing),
            _ => {}
        }
        match Self::open(path) {
            Ok(tail) if tail.identity == known => Ok(Found::Known),
            Ok(tail) => Ok(Found::New(tail)),
            Err(error) if error.io_error().is_some_and(is_gone) => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }

    pub(super) fn identity(&self) -> Identity {
        self.identity
    }

    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// How many bytes it has now.
    pub(super) fn len(&self) -> Result<u64> {
        Ok(self.file.metadata().map_err(cannot_read)?.len())
    }

    /// How many bytes it had when this was asked last, or had been read since; and how many it has now.
    pub(super) fn look(&mut self) -> Result<(u64, u64)> {
        let (before, now) = (self.seen.max(self.offset), self.len()?);
        self.seen = now;
        Ok((before, now))
    }

    /// Whether what it had when this was asked last is lost, as it was truncated since; nothing of that was read.
    pub(super) fn was_lost_unread(&mut self) -> Result<bool> {
        // It has the time of the first packet of most captures, which tells one from the other.
        const HEAD: usize = 256;
        let mut head = vec![0; HEAD];
        let now = self.len()?;
        let before = std::mem::replace(&mut self.seen, now);
        let found = self.peek(0, &mut head)?;
        head.truncate(found);
        let lost = self.seen < before || !head.starts_with(&self.head);
        self.head = head;
        Ok(lost)
    }

    /// From now on it ends at `end`, or where it has no more bytes.
    pub(super) fn end_at(&mut self, end: u64) {
        self.end = Some(end);
    }

    /// Whether it is known to end.
    pub(super) fn ends(&self) -> bool {
        self.end.is_some()
    }

    /// It is read from its start, where it has become another file, which ends there if that is known.
    pub(super) fn start_over(&mut self, end: Option<u64>) -> Result<()> {
        self.end = end;
        self.seek(0)
    }

    /// Whether bytes were read since the last call.
    pub(super) fn take_moved(&mut self) -> bool {
        std::mem::take(&mut self.moved)
    }

    /// It is read on from here.
    pub(super) fn seek(&mut self, to: u64) -> Result<()> {
        self.offset = self.file.seek(SeekFrom::Start(to)).map_err(cannot_read)?;
        Ok(())
    }

    /// Whether the file still has `bytes` at `at`, where they were read before.
    pub(super) fn still_has(&mut self, at: u64, bytes: &[u8]) -> Result<bool> {
        let mut now = vec![0; bytes.len()];
        let found = self.peek(at, &mut now)?;
        Ok(found == bytes.len() && now == bytes)
    }

    /// Reads at `at`, as much as there is, and leaves it where it was.
    pub(super) fn peek(&mut self, at: u64, into: &mut [u8]) -> Result<usize> {
        let mut peek = || {
            self.file.seek(SeekFrom::Start(at))?;
            let mut found = 0;
            while let Some(rest) = into.get_mut(found..).filter(|rest| !rest.is_empty()) {
                match self.file.read(rest) {
                    Ok(0) => break,
                    Ok(read) => found += read,
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(error) => return Err(error),
                }
            }
            self.file.seek(SeekFrom::Start(self.offset))?;
            Ok(found)
        };
        peek().map_err(cannot_read)
    }
}

impl Read for Tail {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let left = self.end.map_or(u64::MAX, |end| end.saturating_sub(self.offset));
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(into.len());
        let read = self.file.read(&mut into[..most])?;
        if read == 0 && self.end.is_none() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.offset += read as u64;
        self.moved |= read > 0;
        Ok(read)
    }
}

/// Whether a path names nothing.
fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

fn check_kind(metadata: &Metadata) -> Result<()> {
    if metadata.is_dir() {
        return Err(cannot_open(io::ErrorKind::IsADirectory.into()));
    }
    if !metadata.is_file() {
        let message =
            "only a regular file can be followed, and this is a pipe or a device: read it as it comes";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    Ok(())
}

fn cannot_open(error: io::Error) -> Error {
    Error::io("cannot open", error)
}

fn cannot_read(error: io::Error) -> Error {
    Error::io("cannot read", error)
}
