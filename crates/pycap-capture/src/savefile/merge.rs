//! Several capture files as one.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::fmt;
use std::io::Read;
use std::path::Path;
use std::time::Instant;

use super::{Record, Savefile, Taken, What, buffer};
use crate::pcapng::{BlockBuilder, BlockType, OwnedBlock, code};
use crate::{ByteOrder, Error, Frame, Interface, Next, Result, Source, Timestamp};

/// Several capture files as one: their packets by time, and everything else that they have.
///
/// The next packet is the earliest of those that come next in each file; of several with the same time, that of the first file. Files that
/// are not in order of time themselves are not sorted. A packet without a time comes at once.
///
/// Each file's interfaces have numbers of their own: [`interfaces`](Self::interfaces) has them all, and frames and blocks carry these
/// numbers. Blocks that are no packets come right behind what stands before them in their file. The first record is a section header: that
/// of the first pcapng file, with the comments of all others; it is the only one. Comments of sections further on come as a name
/// resolution block without names.
///
/// ```no_run
/// use pycap_capture::{Format, Merge, SavefileWriter};
///
/// let mut merge = Merge::open(["a.pcap", "b.pcapng"])?;
/// let mut out = SavefileWriter::builder().format(Format::Pcapng).create("both.pcapng")?;
/// while let Some(record) = merge.next_record()? {
///     out.write_record(record)?;
/// }
/// out.finish()?;
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// A damaged file gives what it has before the damage, and all others give all they have; then there is the error.
pub struct Merge<R = Box<dyn Read + Send>> {
    inputs: Vec<Input<R>>,
    /// Those of all inputs.
    interfaces: Vec<Interface>,
    /// Of each of these, the input and its index there.
    origins: Vec<(usize, u32)>,
    appended: bool,
    /// The inputs whose next record is not known, in order. Of a record that is no packet nobody knows what follows.
    due: VecDeque<usize>,
    /// Those whose next record is a packet, by its time.
    waiting: BinaryHeap<Reverse<(Option<Timestamp>, usize)>>,
    header: Option<BlockBuilder>,
    /// A block that is in none of the files.
    made: Option<OwnedBlock>,
    frames: u64,
    /// The first is handed out at the end.
    errors: Vec<Error>,
    finished: bool,
}

struct Input<R> {
    file: Savefile<R>,
    /// The record that comes next, or was handed out last.
    next: Option<Taken>,
    /// The index here of each of its interfaces.
    indexes: Vec<u32>,
    /// Whether the header of its first section came, the comments of which are known.
    has_begun: bool,
}

/// What comes next.
enum Turn {
    Made,
    Of(usize),
}

/// As much is read ahead of all files together, where that is enough for each.
const READ_AHEAD: usize = 8 << 20;
const LEAST: usize = 16 << 10;

impl Merge {
    /// Opens the files at these paths. Together they take about 8 MiB to read, unless there are more than 512 of them: then 16 KiB each.
    ///
    /// # Errors
    ///
    /// As [`Savefile::open`], of the first that fails.
    pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>) -> Result<Self> {
        let paths: Vec<P> = paths.into_iter().collect();
        let capacity = (READ_AHEAD / paths.len().max(1)).clamp(LEAST, buffer::CAPACITY);
        let files = paths.iter().map(|path| Savefile::open_with_capacity(path.as_ref(), capacity));
        Ok(Self::new(files.collect::<Result<_>>()?))
    }
}

impl<R: Read> Merge<R> {
    /// Of files that are open, each from where it stands.
    pub fn new(files: Vec<Savefile<R>>) -> Self {
        let header = header_of(&files);
        let inputs =
            files.into_iter().map(|file| Input { file, next: None, indexes: Vec::new(), has_begun: false });
        let inputs: Vec<_> = inputs.collect();
        let mut this = Self {
            due: (0..inputs.len()).collect(),
            inputs,
            interfaces: Vec::new(),
            origins: Vec::new(),
            appended: false,
            waiting: BinaryHeap::new(),
            header: Some(header),
            made: None,
            frames: 0,
            errors: Vec::new(),
            finished: false,
        };
        for number in 0..this.inputs.len() {
            this.add_interfaces(number);
        }
        this
    }

    /// One file after the other instead of by time. To be said before anything is read.
    #[must_use]
    pub fn appended(mut self) -> Self {
        self.appended = true;
        self
    }

    /// With another comment in the section header. To be said before anything is read.
    #[must_use]
    pub fn with_comment(mut self, text: &str) -> Self {
        self.header = self.header.map(|header| header.comment(text));
        self
    }

    /// The next record of any kind; `None` at the end of all files.
    ///
    /// # Errors
    ///
    /// If a file is damaged or cannot be read: at the end of all of them. [`other_errors`](Self::other_errors) has those of further files.
    /// But where the error is that a reader has nothing yet ([`WouldBlock`](std::io::ErrorKind::WouldBlock)), it comes at once, and the
    /// next call goes on.
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>> {
        Ok(match self.turn()? {
            None => None,
            Some(Turn::Of(index)) => self.record_of(index),
            Some(Turn::Made) => self.made.as_ref().map(|made| {
                let block = made.as_block();
                Record::new(None, Some(block), 0, block.body().len() as u64 + 12)
            }),
        })
    }

    /// The next frame; `None` at the end of all files.
    ///
    /// # Errors
    ///
    /// As [`next_record`](Self::next_record).
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        loop {
            match self.turn()? {
                None => return Ok(None),
                Some(Turn::Of(index)) if self.is_packet(index) => {
                    return Ok(self.record_of(index).and_then(Record::frame));
                }
                Some(_) => {}
            }
        }
    }

    /// Whose turn it is.
    fn turn(&mut self) -> Result<Option<Turn>> {
        if let Some(header) = self.header.take() {
            self.made = Some(header.build()?);
            return Ok(Some(Turn::Made));
        }
        while let Some(&index) = self.due.front() {
            let Some(input) = self.inputs.get_mut(index) else { break };
            match input.read() {
                Ok(true) => {}
                Ok(false) => {
                    self.due.pop_front();
                    continue;
                }
                Err(error) if error.would_block() => return Err(error),
                Err(error) => {
                    self.errors.push(error);
                    self.due.pop_front();
                    continue;
                }
            }
            self.add_interfaces(index);
            let Some(input) = self.inputs.get_mut(index) else { break };
            match input.time_of_packet() {
                Some(time) if !self.appended => {
                    self.due.pop_front();
                    self.waiting.push(Reverse((time, index)));
                }
                Some(_) => {
                    self.frames += 1;
                    return Ok(Some(Turn::Of(index)));
                }
                None if input.is_section_header() => {
                    if let Some(comments) = input.comments_of_section() {
                        self.made = Some(comments?);
                        return Ok(Some(Turn::Made));
                    }
                }
                None => return Ok(Some(Turn::Of(index))),
            }
        }
        if let Some(Reverse((_, index))) = self.waiting.pop() {
            self.due.push_back(index);
            self.frames += 1;
            return Ok(Some(Turn::Of(index)));
        }
        if self.finished || self.errors.is_empty() {
            return Ok(None);
        }
        self.finished = true;
        Err(self.errors.remove(0))
    }

    /// The record of this file that is known.
    fn record_of(&self, index: usize) -> Option<Record<'_>> {
        let input = self.inputs.get(index)?;
        let record = input.file.records.record(input.next.as_ref()?);
        let known =
            input.index_of(record).and_then(|index| Some((index, self.interfaces.get(index as usize)?)));
        Some(match known {
            Some((index, interface)) => record.of_interface(index, interface),
            None => record,
        })
    }

    /// Gives numbers to the interfaces of this input that have none.
    fn add_interfaces(&mut self, number: usize) {
        let Self { inputs, interfaces, origins, .. } = self;
        let Some(input) = inputs.get_mut(number) else { return };
        for interface in input.file.interfaces().iter().skip(input.indexes.len()) {
            let index = interfaces.len() as u32;
            interfaces.push(interface.clone().at(0, index));
            origins.push((number, input.indexes.len() as u32));
            input.indexes.push(index);
        }
    }

    fn is_packet(&self, index: usize) -> bool {
        self.inputs.get(index).is_some_and(|input| input.time_of_packet().is_some())
    }
}

impl<R> Merge<R> {
    /// The interfaces of all files that are known so far, by the index that frames carry.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The files, in their order.
    pub fn files(&self) -> impl Iterator<Item = &Savefile<R>> {
        self.inputs.iter().map(|input| &input.file)
    }

    /// Which of the [`files`](Self::files) the interface with this index is from, counted from 0, and its index there.
    pub fn origin(&self, interface: u32) -> Option<(usize, u32)> {
        self.origins.get(usize::try_from(interface).ok()?).copied()
    }

    /// How many frames have been read.
    pub fn frames_read(&self) -> u64 {
        self.frames
    }

    /// What was wrong with further files, beside the one whose error was handed out.
    pub fn other_errors(&self) -> &[Error] {
        &self.errors
    }
}

impl<R: Read> Source for Merge<R> {
    /// Files are always ready, so the deadline does not matter.
    fn next_frame_until(&mut self, _deadline: Option<Instant>) -> Result<Next<'_>> {
        Ok(match self.next_frame()? {
            Some(frame) => Next::Frame(frame),
            None => Next::Finished,
        })
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }
}

impl<R: Read> Input<R> {
    /// Reads the next record, if there is one. What was handed out before is gone then.
    fn read(&mut self) -> Result<bool> {
        let Savefile { records, upstream, reader, path, .. } = &mut self.file;
        self.next = records.next_record(&mut upstream.over(reader)).map_err(|error| match path {
            Some(path) => error.in_file(path),
            None => error,
        })?;
        Ok(self.next.is_some())
    }

    fn is_section_header(&self) -> bool {
        let record = self.next.as_ref().map(|next| self.file.records.record(next));
        record.and_then(Record::block).is_some_and(|block| block.block_type() == BlockType::SECTION_HEADER)
    }

    /// A block of the comments of a section that begins, where it is not the first.
    fn comments_of_section(&mut self) -> Option<Result<OwnedBlock>> {
        if !std::mem::replace(&mut self.has_begun, true) {
            return None;
        }
        let record = self.file.records.record(self.next.as_ref()?);
        let mut comments = record.comments().peekable();
        comments.peek()?;
        let block = comments.fold(OwnedBlock::names(), |block, text| block.option(code::COMMENT, &*text));
        Some(block.build())
    }
}

impl<R> Input<R> {
    /// The time of the next record, if it is a packet; packets may have none.
    fn time_of_packet(&self) -> Option<Option<Timestamp>> {
        match &self.next.as_ref()?.what {
            What::Packet(parsed) => Some(parsed.frame.timestamp()),
            What::Block | What::Head => None,
        }
    }

    /// The index here of the interface that a record is of.
    fn index_of(&self, record: Record<'_>) -> Option<u32> {
        let theirs = match (record.frame(), record.block()) {
            (Some(frame), _) => frame.interface(),
            (None, block) => block?.interface()?,
        };
        self.indexes.get(usize::try_from(theirs).ok()?).copied()
    }
}

impl<R> fmt::Debug for Merge<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Merge")
            .field("files", &self.inputs.len())
            .field("appended", &self.appended)
            .field("interfaces", &self.interfaces.len())
            .field("frames_read", &self.frames)
            .finish_non_exhaustive()
    }
}

/// The section header of all: what the first pcapng file says, and the comments of the others.
fn header_of<R>(files: &[Savefile<R>]) -> BlockBuilder {
    let order = ByteOrder::NATIVE;
    let [magic, len] = [order.bytes32(0x1a2b_3c4d), [0xff; 4]];
    let [[a, b], [c, d]] = [order.bytes16(1), order.bytes16(0)];
    // The length of the section is not known.
    let body = [magic, [a, b, c, d], len, len];
    let mut header = OwnedBlock::builder(BlockType::SECTION_HEADER, body.as_flattened());
    let heads = files.iter().filter_map(|file| file.records.head.front());
    let heads = heads.map(|head| head.block.as_block());
    let mut heads = heads.filter(|block| block.block_type() == BlockType::SECTION_HEADER).peekable();
    if heads.peek().is_none() {
        header = header.option(code::SHB_USERAPPL, concat!("pycap ", env!("CARGO_PKG_VERSION")));
    }
    for (number, head) in heads.enumerate() {
        // So that numbers in makers' own options are in the order of this section.
        let here = OwnedBlock::new(BlockType::SECTION_HEADER, order, head.body_in(order).into_owned());
        for option in here.as_block().options() {
            if number == 0 || option.code == code::COMMENT {
                header = header.option(option.code, option.value);
            }
        }
    }
    header
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<Merge>();
};

#[cfg(test)]
mod tests;
