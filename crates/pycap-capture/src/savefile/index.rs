//! Random access into a capture file.
//!
//! An index has an entry for each chunk of its file, a run of whole records: how many bytes and packets, the earliest and the latest
//! time, and whether it holds anything but packets. A range is read by putting the chunks that may matter one behind the other, so
//! that the parser sees a shorter file.
//!
//! It is saved beside the file, as `FILE.pycap-index`. All numbers are little-endian:
//!
//! ```text
//!  0   8  "PYCAPIDX"
//!  8   4  version: 1
//! 12   4  how many chunks, at most 8192
//! 16   8  the file's length in bytes
//! 24   8  when the file was modified: seconds since 1970, signed
//! 32   4  and nanoseconds
//! 36   4  length of the text of the damage in bytes; 0 if there is none
//! 40   8  hash of the file's ends: the first 4096 bytes of what is indexed and the last 4096 bytes, or all of it twice if it has less
//! 48   8  how many bytes a chunk has at least, but for those in front of something that is no packet
//! 56   4  kind of the damage: 0 = none, 1 = the file ends early, 2 = malformed, 3 = unknown version
//! 60   4  0
//! 64   8  where the damage is: the byte that the last chunk ends at; 0 if there is none
//! 72   8  the number of the packet that is damaged, counted from 1; 0 if it is no packet
//! 80      the text, UTF-8
//!         the chunks, one behind the other as in the file, each with 44 bytes:
//!          0   8  bytes
//!          8   8  packets
//!         16   8  seconds of the earliest time, signed
//!         24   8  seconds of the latest time, signed
//!         32   4  nanoseconds of the earliest
//!         36   4  nanoseconds of the latest; where no packet has a time, the earliest is the latest that there is and this the earliest
//!         40   4  1 = it holds something that is no packet (the first always does), 2 = a packet without a time; or both
//!     8  hash of all of this
//! ```
//!
//! Hashes are FNV-1a with 64 bits.

mod chunk;
mod hash;
mod pieces;
mod range;
mod saved;
mod scan;
mod selection;
mod spans;

use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use self::chunk::{Chunk, Chunks};
use self::hash::Hash;
pub use self::range::SavefileRange;
use self::saved::Saved;
pub use self::selection::Selection;
use self::spans::Spans;
use super::foreign;
use crate::{Error, ErrorKind, Result, Timestamp};

/// Where the packets of a capture file are, by time and by number, so that some of them can be read without the rest.
///
/// It takes one pass over the file to build, and can be [saved](Self::save) beside it. Whatever the file, it takes less than half a MiB:
/// it knows chunks of about half a MiB, more in files of many GB, of which those that may hold something wanted are read. Files that are out of order of time
/// are read exactly, too. Files of all formats that [`Savefile`](crate::Savefile) reads can be indexed; pipes, and compressed files, cannot.
///
/// A damaged file is indexed up to the [damage](Self::damage).
///
/// ```no_run
/// use pycap_capture::{SavefileIndex, Selection, Timestamp};
///
/// // The index that is saved beside the file if there is one that fits, else one built now.
/// let index = SavefileIndex::of("trace.pcapng")?;
/// index.save()?;
/// let (from, to) = (Timestamp::new(1_700_000_000, 0), Timestamp::new(1_700_000_060, 0));
/// let mut minute = index.open(Selection::by_time(from..to))?;
/// while let Some(frame) = minute.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
pub struct SavefileIndex {
    chunks: Chunks,
    damage: Option<Error>,
    stamp: Stamp,
    path: Option<PathBuf>,
}

/// What a file is known again by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp {
    /// Bytes.
    len: u64,
    modified: Timestamp,
    /// A hash of the first and the last bytes that are indexed.
    ends: u64,
}

impl SavefileIndex {
    /// Reads the file at `path` once, and makes an index of it.
    ///
    /// # Errors
    ///
    /// If it cannot be opened or read, if it is no regular file, no capture file or a compressed one
    /// ([`ErrorKind::Compressed`]), and if not even its header is whole. Damage behind the header is no error: [`damage`](Self::damage).
    pub fn build(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let build = || {
            let (mut file, metadata) = open(path)?;
            let len = metadata.len();
            // What is written meanwhile is not of the file that the index is of.
            let mut this = Self::from_reader(Read::by_ref(&mut file).take(len))?;
            this.stamp = stamp(&mut file, &metadata, this.chunks.len())?;
            Ok(this.at_path(path))
        };
        build().map_err(|error: Error| error.in_file(path))
    }

    /// Makes an index of what a reader has. It cannot be saved.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build).
    pub fn from_reader(mut reader: impl Read) -> Result<Self> {
        let mut head = Vec::new();
        Read::by_ref(&mut reader)
            .take(foreign::HEAD as u64)
            .read_to_end(&mut head)
            .map_err(|error| Error::io("cannot read", error))?;
        refuse_compressed(&head)?;
        let (chunks, damage) = scan::whole(&mut head.chain(reader))?;
        let stamp = Stamp { len: chunks.len(), modified: Timestamp::UNIX_EPOCH, ends: 0 };
        Ok(Self { chunks, damage, stamp, path: None })
    }

    /// The index that was saved beside the file at `path`.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::IndexMissing`] if there is none; [`ErrorKind::IndexStale`] if the file was changed since, or the index is damaged, of
    /// another version or no index at all: building it anew helps. Others if the file or the index cannot be read.
    pub fn load(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let load = || {
            let (mut file, metadata) = open(path)?;
            let saved = Self::saved(path)?;
            match saved.compare(&mut file, &metadata)? {
                State::Same => Ok(saved),
                State::Grown | State::Other => Err(changed(saved.stamp.len, metadata.len())),
            }
        };
        load().map_err(|error: Error| if error.path().is_some() { error } else { error.in_file(path) })
    }

    /// The index that was saved beside the file at `path`, if it fits; where the file has only grown, with what is new; else one that
    /// is built now. It is not saved.
    ///
    /// # Errors
    ///
    /// As [`build`](Self::build). That there is no index that can be read is no error.
    pub fn of(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if let Ok((mut file, metadata)) = open(path)
            && let Ok(saved) = Self::saved(path)
        {
            match saved.compare(&mut file, &metadata) {
                Ok(State::Same) => return Ok(saved),
                Ok(State::Grown) => {
                    if let Ok(this) = saved.extended(file, &metadata) {
                        return Ok(this);
                    }
                }
                Ok(State::Other) | Err(_) => {}
            }
        }
        Self::build(path)
    }

    /// Saves it beside the file, as [`path_beside`](Self::path_beside); one that is there is replaced, in one step.
    ///
    /// # Errors
    ///
    /// If it cannot be written, and [`ErrorKind::InvalidSetting`] if it was not made from a path.
    pub fn save(&self) -> Result<()> {
        let Some(path) = &self.path else {
            return Err(Error::new(
                ErrorKind::InvalidSetting,
                "an index of a reader has no file to be saved beside: build it from a path",
            ));
        };
        let beside = Self::path_beside(path);
        let bytes = saved::encode(&self.chunks, self.damage.as_ref(), &self.stamp);
        saved::write(&beside, &bytes).map_err(|error| error.in_file(&beside))
    }

    /// Where the index of the file at `path` is saved: `FILE.pycap-index` in the same folder.
    pub fn path_beside(path: impl AsRef<Path>) -> PathBuf {
        saved::path_beside(path.as_ref())
    }

    /// Opens the file for the packets that `selection` wants.
    ///
    /// # Errors
    ///
    /// If it cannot be opened or read; [`ErrorKind::IndexStale`] if it was changed. It may have grown: what is new is not
    /// read. [`ErrorKind::InvalidSetting`] if the index was not made from a path: see [`read`](Self::read).
    pub fn open(&self, selection: Selection) -> Result<SavefileRange> {
        let Some(path) = &self.path else {
            let message = "an index of a reader has no file to be opened: lend it a reader";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        };
        let file = || {
            let (mut file, metadata) = open(path)?;
            match self.compare(&mut file, &metadata)? {
                State::Same | State::Grown => Ok(file),
                State::Other => Err(changed(self.stamp.len, metadata.len())),
            }
        };
        let file = file().map_err(|error: Error| error.in_file(path))?;
        self.read(file, selection)
    }

    /// Reads the packets that `selection` wants from a reader that has the same bytes.
    ///
    /// # Errors
    ///
    /// If it cannot be read, or is not what was indexed, as far as that shows.
    pub fn read<R: Read + Seek>(&self, reader: R, selection: Selection) -> Result<SavefileRange<R>> {
        let spans = Spans::new(&self.chunks, |chunk, before| selection.meets(chunk, before));
        let told = selection.goes_past(self.packets(), self.latest());
        let damage = self.damage.as_ref().filter(|_| told).map(Error::again);
        SavefileRange::new(reader, self.path.as_deref(), selection, spans, damage)
    }

    /// How many packets there are.
    pub fn packets(&self) -> u64 {
        self.chunks.packets()
    }

    /// The earliest time of a packet; `None` if none has a time.
    pub fn earliest(&self) -> Option<Timestamp> {
        self.chunks.list.iter().filter_map(Chunk::times).map(|(earliest, _)| earliest).min()
    }

    /// The latest time of a packet; `None` if none has a time.
    pub fn latest(&self) -> Option<Timestamp> {
        self.chunks.list.iter().filter_map(Chunk::times).map(|(_, latest)| latest).max()
    }

    /// Whether there are packets without a time, which are in no range of times.
    pub fn has_packets_without_time(&self) -> bool {
        self.chunks.list.iter().any(|chunk| chunk.untimed)
    }

    /// How many bytes the file had when it was indexed; of a reader, how many are sound.
    pub fn file_len(&self) -> u64 {
        self.stamp.len
    }

    /// How many bytes of the file are indexed: all, or those in front of the damage.
    pub fn indexed_len(&self) -> u64 {
        self.chunks.len()
    }

    /// Why and where the index ends before its file does: the error that [`Savefile`](crate::Savefile) has there.
    pub fn damage(&self) -> Option<&Error> {
        self.damage.as_ref()
    }

    /// How many chunks it knows.
    pub fn chunks(&self) -> usize {
        self.chunks.list.len()
    }

    /// How many bytes of memory it takes.
    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.chunks.list.capacity() * size_of::<Chunk>()
    }

    /// The path of the file, if it was made from one.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    fn at_path(mut self, path: &Path) -> Self {
        self.damage = self.damage.map(|error| error.in_file(path));
        self.path = Some(path.to_owned());
        self
    }

    /// What is saved, whether it fits or not.
    fn saved(path: &Path) -> Result<Self> {
        let beside = Self::path_beside(path);
        let Saved { chunks, damage, stamp } = saved::read(&beside).map_err(|error| error.in_file(&beside))?;
        Ok(Self { chunks, damage, stamp, path: None }.at_path(path))
    }

    /// What has become of the file.
    fn compare(&self, file: &mut File, metadata: &Metadata) -> Result<State> {
        let same = metadata.len() == self.stamp.len && modified(metadata)? == self.stamp.modified;
        let may_fit = same || metadata.len() > self.stamp.len;
        Ok(match may_fit && ends(file, self.chunks.len())? == self.stamp.ends {
            true if same => State::Same,
            true => State::Grown,
            false => State::Other,
        })
    }

    /// The same with what was added to the file.
    fn extended(mut self, mut file: File, metadata: &Metadata) -> Result<Self> {
        self.damage = scan::rest(&mut self.chunks, &mut file, metadata.len())?;
        self.stamp = stamp(&mut file, metadata, self.chunks.len())?;
        let path = self.path.take().unwrap_or_default();
        Ok(self.at_path(&path))
    }
}

impl fmt::Debug for SavefileIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavefileIndex")
            .field("path", &self.path)
            .field("packets", &self.packets())
            .field("chunks", &self.chunks())
            .field("indexed_len", &self.indexed_len())
            .field("damage", &self.damage)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn shared<T: Send + Sync>() {}
    shared::<SavefileIndex>();
    assert!(size_of::<Chunk>() == 56);
};

/// What has become of a file since it was indexed.
enum State {
    Same,
    /// As far as its ends tell, it has the same bytes, and more.
    Grown,
    Other,
}

/// Opens a regular file.
fn open(path: &Path) -> Result<(File, Metadata)> {
    // Not opened yet: on a pipe that would wait for a writer.
    let kind = std::fs::metadata(path).map_err(|error| Error::io("cannot open", error))?;
    if kind.is_dir() {
        return Err(Error::io("cannot open", io::ErrorKind::IsADirectory.into()));
    }
    if !kind.is_file() {
        let message = "only a regular file can be indexed: write it to one first";
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    let file = File::open(path).map_err(|error| Error::io("cannot open", error))?;
    let metadata = file.metadata().map_err(|error| Error::io("cannot open", error))?;
    Ok((file, metadata))
}

fn modified(metadata: &Metadata) -> Result<Timestamp> {
    let time = metadata.modified().map_err(|error| Error::io("cannot tell when it was modified", error))?;
    Ok(time.into())
}

fn stamp(file: &mut File, metadata: &Metadata, indexed: u64) -> Result<Stamp> {
    Ok(Stamp { len: metadata.len(), modified: modified(metadata)?, ends: ends(file, indexed)? })
}

/// The hash of the first and the last bytes of so many.
fn ends(file: &mut File, indexed: u64) -> Result<u64> {
    const LEN: u64 = 4096;
    let mut hash = Hash::new();
    let len = indexed.min(LEN);
    let mut bytes = Vec::new();
    for at in [0, indexed - len] {
        bytes.clear();
        file.seek(SeekFrom::Start(at))
            .and_then(|_| Read::by_ref(file).take(len).read_to_end(&mut bytes))
            .map_err(|error| Error::io("cannot read", error))?;
        hash.add(&bytes);
    }
    file.rewind().map_err(|error| Error::io("cannot read", error))?;
    Ok(hash.value())
}

/// An index that does not fit.
#[cold]
fn stale(why: &str) -> Error {
    Error::new(
        ErrorKind::IndexStale,
        format!("the index does not fit: {why}; build it anew, with `pycap index FILE`"),
    )
}

#[cold]
fn changed(then: u64, now: u64) -> Error {
    stale(&match then == now {
        true => "the file has changed since".to_owned(),
        false => format!("the file had {then} bytes and has {now} now"),
    })
}

/// There is no way into the middle of one.
fn refuse_compressed(head: &[u8]) -> Result<()> {
    match foreign::compression(head) {
        None => Ok(()),
        Some((name, unpack)) => Err(Error::new(
            ErrorKind::Compressed,
            format!(
                "cannot index a compressed file: this is {name}; decompress it to a file first: {unpack}"
            ),
        )),
    }
}
