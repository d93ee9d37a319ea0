//! Capture files: classic pcap and pcapng.

mod buffer;
#[cfg(feature = "compress")]
mod decompress;
mod follow;
mod foreign;
mod index;
mod merge;
mod order;
mod pcap;
mod pcapng;
mod record;
mod upstream;

use std::collections::VecDeque;
use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Instant;

use pycap_wire::LinkType;

use self::buffer::{Buffer, Input};
pub use self::follow::{Follow, NextRecord};
pub use self::index::{SavefileIndex, SavefileRange, Selection};
pub use self::merge::Merge;
pub use self::order::ByteOrder;
use self::pcap::Pcap;
pub(crate) use self::pcapng::Clock;
use self::pcapng::{Pcapng, Step};
pub use self::record::Record;
use self::upstream::Upstream;
use crate::frame::flag;
use crate::pcapng::OwnedBlock;
use crate::{Compression, Error, ErrorKind, Frame, Interface, Next, Result, Source};

/// A capture file, read from its start to its end.
///
/// The format is told by the file's first bytes: pcap in microseconds, nanoseconds and Kuznetzov's modified
/// form, of either byte order and all versions 2.x, and pcapng. Frames borrow from the read
/// buffer: nothing is copied and nothing is allocated for a frame.
///
/// A file that is compressed with gzip, zstd, lz4 or xz is told by its first bytes as well, and decompressed as it is
/// read (feature `compress`). All offsets, in errors too, are then those of the decompressed bytes; only
/// [`bytes_read`](Self::bytes_read) and [`file_len`](Self::file_len) count the bytes that the file has.
///
/// A damaged file gives all whole records that come before the damage, then one error, then nothing more.
///
/// ```no_run
/// use pycap_capture::Savefile;
///
/// let mut file = Savefile::open("trace.pcap")?;
/// while let Some(frame) = file.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
pub struct Savefile<R = Box<dyn Read + Send>> {
    records: Records,
    upstream: Upstream,
    reader: R,
    path: Option<PathBuf>,
    file_len: Option<u64>,
}

impl Savefile {
    /// Opens the file at `path`.
    ///
    /// # Errors
    ///
    /// If it cannot be opened or read, and as [`from_reader`](Self::from_reader).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with_capacity(path.as_ref(), buffer::CAPACITY)
    }

    /// The same with a read buffer of this size: for many files at once.
    pub(crate) fn open_with_capacity(path: &Path, capacity: usize) -> Result<Self> {
        let open = || {
            let file = File::open(path).map_err(|error| Error::io("cannot open", error))?;
            let metadata = file.metadata().map_err(|error| Error::io("cannot open", error))?;
            if metadata.is_dir() {
                return Err(Error::io("cannot open", io::ErrorKind::IsADirectory.into()));
            }
            let mut this = Self::with_capacity(Box::new(file) as Box<dyn Read + Send>, capacity)?;
            this.file_len = metadata.is_file().then_some(metadata.len());
            this.path = Some(path.to_owned());
            Ok(this)
        };
        open().map_err(|error: Error| error.in_file(path))
    }

    /// Reads from the standard input.
    ///
    /// # Errors
    ///
    /// As [`from_reader`](Self::from_reader).
    pub fn stdin() -> Result<Self> {
        // Its own buffer steps aside for reads as large as ours.
        Self::from_reader(Box::new(io::stdin()) as Box<dyn Read + Send>)
    }
}

impl<R: Read> Savefile<R> {
    /// Reads a capture file from any reader. It needs no buffer of its own; a `&mut` to a reader works too.
    ///
    /// This waits for the file header and, in a pcapng file, for the first interface.
    ///
    /// # Errors
    ///
    /// If the reader fails or has nothing, if the bytes are not a capture file, or one of an unknown version,
    /// and if the header is cut short or contradicts itself. If they are compressed in a way that is not read here, or
    /// are in turn a compressed file: [`ErrorKind::Compressed`].
    pub fn from_reader(reader: R) -> Result<Self> {
        Self::with_capacity(reader, buffer::CAPACITY)
    }

    fn with_capacity(mut reader: R, capacity: usize) -> Result<Self> {
        let mut buffer = Buffer::with_capacity(capacity);
        let mut upstream = Upstream::detect(&mut buffer, &mut reader)?;
        let opened = Records::open(buffer, &mut upstream.over(&mut reader));
        let records = opened.map_err(|error| upstream.error(error))?;
        Ok(Self { records, upstream, reader, path: None, file_len: None })
    }

    /// The next frame; `None` at the end of the file.
    ///
    /// # Errors
    ///
    /// If the reader fails, or the file is damaged or ends within a record, or its compressed data does
    /// ([`ErrorKind::Truncated`], [`ErrorKind::Malformed`]). The call after an error returns `None`; but where the error
    /// is that the reader has nothing yet ([`io::ErrorKind::WouldBlock`]), it goes on.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        let parsed = match self.records.take() {
            Some(parsed) => parsed,
            None => match self.next_cold()? {
                Some(parsed) => parsed,
                None => return Ok(None),
            },
        };
        Ok(Some(self.records.taken(&parsed)))
    }

    /// The next record, whatever it is: in a pcapng file every block, those that describe sections and interfaces included, and every packet
    /// with all that the file says of it. `None` at the end of the file.
    ///
    /// [`SavefileWriter::write_record`](crate::SavefileWriter::write_record) takes it over into another file:
    ///
    /// ```no_run
    /// use pycap_capture::{Format, Savefile, SavefileWriter};
    ///
    /// let mut file = Savefile::open("trace.pcapng")?;
    /// let mut out = SavefileWriter::builder().format(Format::Pcapng).create("copy.pcapng")?;
    /// while let Some(record) = file.next_record()? {
    ///     for comment in record.comments() {
    ///         println!("{comment}");
    ///     }
    ///     out.write_record(record)?;
    /// }
    /// out.finish()?;
    /// # Ok::<(), pycap_capture::Error>(())
    /// ```
    ///
    /// Records and frames can be read in turns. Blocks that [`next_frame`](Self::next_frame) goes past are gone.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame), and where a block has more than 16 MiB beside its packet: it would have to be held in memory.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>> {
        let Self { records, upstream, reader, path, .. } = self;
        let taken = records.next_record(&mut upstream.over(reader)).map_err(|error| match path {
            Some(path) => error.in_file(path),
            None => error,
        })?;
        Ok(taken.map(|taken| self.records.record(&taken)))
    }

    /// Calls `each` for every frame until it breaks or the file ends: the fastest way through a file. Reading
    /// can go on after a break, with the frame after the one that broke.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub fn for_each<F>(&mut self, mut each: F) -> Result<()>
    where
        F: FnMut(Frame<'_>) -> ControlFlow<()>,
    {
        loop {
            if self.records.drain(&mut each).is_break() {
                return Ok(());
            }
            let Some(parsed) = self.next_cold()? else { return Ok(()) };
            if each(self.records.taken(&parsed)).is_break() {
                return Ok(());
            }
        }
    }

    /// What [`next_frame`](Self::next_frame) does when the buffer does not simply have the next record.
    #[cold]
    #[inline(never)]
    fn next_cold(&mut self) -> Result<Option<Parsed>> {
        self.records.next(&mut self.upstream.over(&mut self.reader)).map_err(|error| match &self.path {
            Some(path) => error.in_file(path),
            None => error,
        })
    }
}

impl<R> Savefile<R> {
    /// Which format the file has.
    pub fn format(&self) -> Format {
        match &self.records.decoder {
            Decoder::Pcap(file) => file.format,
            Decoder::Pcapng(_) => Format::Pcapng,
        }
    }

    /// Major and minor version of the format; of the current section, if it is pcapng.
    pub fn version(&self) -> (u16, u16) {
        match &self.records.decoder {
            Decoder::Pcap(file) => file.version,
            Decoder::Pcapng(file) => file.version,
        }
    }

    /// The byte order of the file; of the current section, if it is pcapng.
    pub fn byte_order(&self) -> ByteOrder {
        match &self.records.decoder {
            Decoder::Pcap(file) => file.order,
            Decoder::Pcapng(file) => file.order,
        }
    }

    /// The interfaces that the file has described so far, by the index that frames carry. A pcap file has
    /// one; a pcapng file may describe more at any place.
    pub fn interfaces(&self) -> &[Interface] {
        self.records.decoder.interfaces()
    }

    /// The link type of the first interface; each frame has [its own](Frame::link_type). `None` if a pcapng
    /// file has described no interface so far.
    pub fn link_type(&self) -> Option<LinkType> {
        self.interfaces().first().map(Interface::link_type)
    }

    /// The snapshot length of the first interface in bytes; 0 = no limit. `None` as in
    /// [`link_type`](Self::link_type).
    pub fn snaplen(&self) -> Option<u32> {
        self.interfaces().first().map(Interface::snaplen)
    }

    /// How many frames have been read.
    pub fn frames_read(&self) -> u64 {
        self.records.count
    }

    /// How the file is compressed; `None` if it is not.
    pub fn compression(&self) -> Option<Compression> {
        self.upstream.compression()
    }

    /// How many bytes have been taken from the reader so far, before decompression: of all that
    /// [`file_len`](Self::file_len) says there are. That is further than the last frame.
    pub fn bytes_read(&self) -> u64 {
        self.upstream.taken().unwrap_or_else(|| self.records.buffer.taken())
    }

    /// How many bytes of the file have been read through, up to the end of the last frame; decompressed bytes, if it is
    /// compressed.
    pub fn position(&self) -> u64 {
        self.records.buffer.position()
    }

    /// How many bytes the file has, if it is a regular file that was opened by its path.
    pub fn file_len(&self) -> Option<u64> {
        self.file_len
    }

    /// The path that it was opened by.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }
}

impl<R: Read> Source for Savefile<R> {
    /// A file is always ready, so the deadline does not matter.
    fn next_frame_until(&mut self, _deadline: Option<Instant>) -> Result<Next<'_>> {
        Ok(match self.next_frame()? {
            Some(frame) => Next::Frame(frame),
            None => Next::Finished,
        })
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        self.for_each(each)
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }
}

impl<R> fmt::Debug for Savefile<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Savefile")
            .field("path", &self.path)
            .field("format", &self.format())
            .field("byte_order", &self.byte_order())
            .field("frames_read", &self.frames_read())
            .field("position", &self.position())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<Savefile>();
    movable::<Savefile<File>>();
};

/// The format of a capture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// Classic pcap, times in microseconds: magic number a1b2c3d4.
    Pcap,
    /// Classic pcap, times in nanoseconds: magic number a1b23c4d.
    PcapNanosecond,
    /// Kuznetzov's modified pcap, with a longer record header: magic number a1b2cd34.
    PcapModified,
    /// pcapng.
    Pcapng,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Pcap => "pcap",
            Self::PcapNanosecond => "pcap (nanoseconds)",
            Self::PcapModified => "pcap (modified)",
            Self::Pcapng => "pcapng",
        })
    }
}

/// A record of the file, without its bytes: where these are in the buffer.
struct Parsed {
    /// Everything but the data.
    frame: Frame<'static>,
    /// Bytes from the start of the record to its data.
    data_at: usize,
    data_len: usize,
    /// Bytes of the record, data and header and trailer.
    total: usize,
}

impl Parsed {
    /// The frame itself, once the buffer has moved past the record.
    #[inline]
    fn borrow_from<'a>(&self, buffer: &'a Buffer, interfaces: &'a [Interface]) -> Frame<'a> {
        let data = buffer.behind(self.total - self.data_at, self.data_len);
        self.frame.borrow_from(data, interfaces.get(self.frame.interface() as usize))
    }
}

/// Where a record was, once the buffer has moved past it.
struct Taken {
    offset: u64,
    len: usize,
    what: What,
}

enum What {
    Packet(Parsed),
    Block,
    /// A block that was read when the file was opened.
    Head,
}

/// A block that was read when the file was opened, for those who want to see every block.
struct Head {
    block: OwnedBlock,
    offset: u64,
    len: usize,
}

/// The records of a file: all of a [`Savefile`] but its reader, which is lent where bytes are needed.
struct Records {
    buffer: Buffer,
    decoder: Decoder,
    /// How many frames have been handed out.
    count: u64,
    finished: bool,
    /// An error that was found ahead of its turn.
    deferred: Option<Error>,
    /// What stands in front of all that the buffer has, unless frames were read since.
    head: VecDeque<Head>,
    /// The one of these that was taken last.
    current: Option<Head>,
}

enum Decoder {
    Pcap(Pcap),
    Pcapng(Pcapng),
}

impl Decoder {
    #[inline]
    fn interfaces(&self) -> &[Interface] {
        match self {
            Self::Pcap(file) => file.interfaces(),
            Self::Pcapng(file) => file.interfaces(),
        }
    }
}

impl Records {
    /// Tells the format and reads the file header. `buffer` may have the first bytes already.
    fn open(mut buffer: Buffer, reader: &mut dyn Read) -> Result<Self> {
        let mut input = Input { buffer: &mut buffer, reader };
        if !input.ensure(4)? {
            return Err(match input.window().len() {
                0 => Error::new(ErrorKind::Empty, "the file is empty: not even a file header was written"),
                found => Error::new(
                    ErrorKind::Truncated,
                    format!("the file ends early: a file header has at least 24 bytes, {found} found"),
                ),
            });
        }
        let magic = input.start();
        let mut head = VecDeque::new();
        let mut decoder = if let Some((format, order)) = pcap::magic(magic) {
            Decoder::Pcap(Pcap::open(format, order, &mut input)?)
        } else if magic == pcapng::MAGIC {
            let mut file = Pcapng::new();
            read_head_block(&mut file, &mut input, &mut head)?;
            Decoder::Pcapng(file)
        } else {
            input.ensure(foreign::HEAD)?;
            return Err(foreign::error(input.window()));
        };
        let deferred = match &mut decoder {
            Decoder::Pcap(_) => None,
            Decoder::Pcapng(file) => read_head(file, &mut input, &mut head).err(),
        };
        let deferred = deferred.filter(|error| !error.would_block());
        if deferred.is_some() {
            buffer.close();
        }
        Ok(Self { buffer, decoder, count: 0, finished: false, deferred, head, current: None })
    }

    /// The next record, if the buffer has it and nothing is odd about it.
    #[inline]
    fn take(&mut self) -> Option<Parsed> {
        let parsed = match &self.decoder {
            Decoder::Pcap(file) => file.parse(self.buffer.window()),
            Decoder::Pcapng(file) => file.parse(self.buffer.window()),
        }?;
        self.buffer.consume(parsed.total);
        self.count += 1;
        Some(parsed)
    }

    /// The frame of the record that was taken last.
    #[inline]
    fn taken(&self, parsed: &Parsed) -> Frame<'_> {
        parsed.borrow_from(&self.buffer, self.decoder.interfaces())
    }

    /// Takes all records that [`take`](Self::take) would. The format is looked at once, not for each record.
    #[inline]
    fn drain<F>(&mut self, each: &mut F) -> ControlFlow<()>
    where
        F: FnMut(Frame<'_>) -> ControlFlow<()>,
    {
        let Self { buffer, decoder, count, .. } = self;
        match decoder {
            Decoder::Pcap(file) => drain(|window| file.parse(window), file.interfaces(), buffer, count, each),
            Decoder::Pcapng(file) => {
                drain(|window| file.parse(window), file.interfaces(), buffer, count, each)
            }
        }
    }

    /// The next record, with whatever it takes.
    fn next(&mut self, reader: &mut dyn Read) -> Result<Option<Parsed>> {
        if self.finished {
            return Ok(None);
        }
        let number = self.count + 1;
        let mut input = Input { buffer: &mut self.buffer, reader };
        let result = match (self.deferred.take(), &mut self.decoder) {
            (Some(error), _) => Err(error),
            (None, Decoder::Pcap(file)) => file.next(number, &mut input),
            (None, Decoder::Pcapng(file)) => file.next(number, &mut input),
        };
        match &result {
            Ok(Some(parsed)) => {
                self.buffer.consume(parsed.total);
                self.count = number;
            }
            Ok(None) => self.finish(),
            Err(error) => self.fail(error),
        }
        result
    }

    /// The next record of any kind.
    fn next_record(&mut self, reader: &mut dyn Read) -> Result<Option<Taken>> {
        if self.count > 0 || self.finished {
            self.head.clear();
        }
        if let Some(head) = self.head.pop_front() {
            let taken = Taken { offset: head.offset, len: head.len, what: What::Head };
            self.current = Some(head);
            return Ok(Some(taken));
        }
        let offset = self.buffer.position();
        let packet = |parsed: Parsed| Taken { offset, len: parsed.total, what: What::Packet(parsed) };
        if let Some(parsed) = self.take() {
            return Ok(Some(packet(parsed)));
        }
        let Decoder::Pcapng(file) = &mut self.decoder else {
            return Ok(self.next(reader)?.map(packet));
        };
        if self.finished {
            return Ok(None);
        }
        let mut input = Input { buffer: &mut self.buffer, reader };
        let step = match self.deferred.take() {
            Some(error) => Err(error),
            None => file.step(self.count + 1, &mut input),
        };
        match step {
            Ok(Step::Packet(parsed)) => {
                self.buffer.consume(parsed.total);
                self.count += 1;
                Ok(Some(packet(parsed)))
            }
            Ok(Step::Block(len)) => {
                self.buffer.consume(len);
                Ok(Some(Taken { offset, len, what: What::Block }))
            }
            Ok(Step::EndOfFile) => {
                self.finish();
                Ok(None)
            }
            Err(error) => {
                self.fail(&error);
                Err(error)
            }
        }
    }

    /// What the buffer has just moved past, as a record of any kind.
    fn packet(&self, parsed: Parsed) -> Taken {
        let len = parsed.total;
        Taken { offset: self.buffer.position() - len as u64, len, what: What::Packet(parsed) }
    }

    /// The record that was taken last.
    fn record(&self, taken: &Taken) -> Record<'_> {
        let Taken { offset, len, what } = taken;
        let bytes = || self.buffer.behind(*len, *len);
        let (frame, block) = match (what, &self.decoder) {
            (What::Head, _) => (None, self.current.as_ref().map(|head| head.block.as_block())),
            (What::Packet(parsed), Decoder::Pcap(_)) => (Some(self.taken(parsed)), None),
            (What::Packet(parsed), Decoder::Pcapng(file)) => {
                (Some(self.taken(parsed)), Some(file.whole_block(bytes())))
            }
            (What::Block, Decoder::Pcapng(file)) => (None, Some(file.whole_block(bytes()))),
            (What::Block, Decoder::Pcap(_)) => (None, None),
        };
        let record = Record::new(frame, block, *offset, *len as u64);
        if frame.is_some() { record.numbered(self.count) } else { record }
    }

    fn finish(&mut self) {
        self.finished = true;
        self.buffer.close();
    }

    /// Ends the file, unless its reader has nothing yet: nothing is lost then, and the next call goes on.
    fn fail(&mut self, error: &Error) {
        if !error.would_block() {
            self.finish();
        }
    }
}

/// The most that is kept of blocks that are read when a file is opened, in bytes.
const MAX_HEAD: usize = 4 << 20;

/// Reads up to the first interface of a pcapng file, and past the blocks behind it that have arrived already.
/// It waits for no more than the first: on a pipe, the next packet can be hours away.
fn read_head(file: &mut Pcapng, input: &mut Input<'_>, head: &mut VecDeque<Head>) -> Result<()> {
    let mut kept = 0;
    // What is too long to keep is left where it is, and so are the interfaces behind it.
    while kept < MAX_HEAD
        && (file.whole_other_block(input.window())
            || file.interfaces().is_empty() && file.next_len(input)? <= MAX_HEAD)
    {
        match read_head_block(file, input, head)? {
            0 => break,
            len => kept += len,
        }
    }
    Ok(())
}

/// Reads one block and keeps a copy; returns how many bytes it had. A packet is left where it is, for `Records::next`.
fn read_head_block(file: &mut Pcapng, input: &mut Input<'_>, head: &mut VecDeque<Head>) -> Result<usize> {
    let offset = input.position();
    let Step::Block(len) = file.step(1, input)? else { return Ok(0) };
    let block = file.whole_block(&input.window()[..len]).to_owned();
    head.push_back(Head { block, offset, len });
    input.consume(len);
    Ok(len)
}

#[inline(always)]
fn drain<P, F>(
    parse: P,
    interfaces: &[Interface],
    buffer: &mut Buffer,
    count: &mut u64,
    each: &mut F,
) -> ControlFlow<()>
where
    P: Fn(&[u8]) -> Option<Parsed>,
    F: FnMut(Frame<'_>) -> ControlFlow<()>,
{
    while let Some(parsed) = parse(buffer.window()) {
        buffer.consume(parsed.total);
        *count += 1;
        each(parsed.borrow_from(buffer, interfaces))?;
    }
    ControlFlow::Continue(())
}

/// The most that a pcapng interface's stated snapshot length raises that to: libpcap's limit for a block.
pub(crate) const MAX_STATED_SNAPLEN: u32 = 16 << 20;

/// The most bytes that a frame of this link type has. libpcap and Wireshark hold on to the same limits; a
/// record that goes past them is damage, and following it would lose the rest of the file anyway.
pub(crate) const fn max_frame_len(link_type: LinkType) -> u32 {
    const DBUS: LinkType = LinkType(231);
    const USBPCAP: LinkType = LinkType(249);
    const EBHSCR: LinkType = LinkType(279);
    match link_type {
        DBUS | LinkType::USB_LINUX | LinkType::USB_LINUX_MMAPPED | USBPCAP | EBHSCR => 128 << 20,
        _ => 256 << 10,
    }
}

/// A frame's flags that say how long its frame check sequence is; nothing where their four bits cannot.
fn fcs_flags(fcs_len: Option<u8>) -> u32 {
    let flags = u32::from(fcs_len.unwrap_or(0)) << flag::FCS_LEN_SHIFT;
    if flags & !flag::FCS_LEN == 0 { flags } else { 0 }
}
