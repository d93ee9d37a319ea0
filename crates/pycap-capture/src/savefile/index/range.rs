//! Some packets of a file, without reading the rest of it.

use std::fmt;
use std::fs::File;
use std::io::{Read, Seek};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use pycap_wire::LinkType;

use super::pieces::Pieces;
use super::spans::Spans;
use super::{Selection, stale};
use crate::savefile::{Parsed, What};
use crate::{ByteOrder, Error, Format, Frame, Interface, Next, Record, Result, Savefile, Source};

/// The packets of a file that a [`Selection`] wants, in the order of the file; from [`SavefileIndex::open`](super::SavefileIndex::open).
///
/// It reads what an index says may hold them, and in a pcapng file whatever is no packet. So interfaces have the indexes that
/// they have in the whole file, and [`next_record`](Self::next_record) hands out a file that is cut but whole.
pub struct SavefileRange<R = File> {
    file: Savefile<Pieces<R>>,
    selection: Selection,
    spans: Spans,
    number: u64,
    /// What is to be told at the end.
    damage: Option<Error>,
    ended: bool,
}

impl<R: Read + Seek> SavefileRange<R> {
    pub(super) fn new(
        reader: R,
        path: Option<&Path>,
        selection: Selection,
        spans: Spans,
        damage: Option<Error>,
    ) -> Result<Self> {
        let mut file = Savefile::from_reader(Pieces::new(reader, spans.pieces())).map_err(|error| {
            let error = misfit(error);
            match path {
                Some(path) => error.in_file(path),
                None => error,
            }
        })?;
        file.path = path.map(Path::to_owned);
        Ok(Self { file, selection, spans, number: 0, damage, ended: false })
    }

    /// The next packet; `None` at the end.
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or is not the one that was indexed; and once at the end, if the file is damaged and what is behind
    /// the damage could have been wanted. The call after an error returns `None`.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        let parsed = self.next_wanted()?;
        Ok(parsed.map(|parsed| self.file.records.taken(&parsed)))
    }

    /// The next record: a packet that is wanted, or anything in the file that is no packet. Its place is the one in the file.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame), and as [`Savefile::next_record`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>> {
        let mut taken = loop {
            match self.file.records.next_record(&mut self.file.reader) {
                Ok(Some(taken)) => match &taken.what {
                    What::Packet(parsed) if !self.wants(parsed)? => {}
                    _ => break taken,
                },
                Ok(None) => return self.end().map(|()| None),
                Err(error) => return Err(self.fail(error)),
            }
        };
        taken.offset = self.spans.offset(taken.offset);
        let record = self.file.records.record(&taken);
        Ok(Some(if record.frame().is_some() { record.numbered(self.number) } else { record }))
    }

    /// Calls `each` for every packet that is left, until it breaks.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn for_each<F>(&mut self, mut each: F) -> Result<()>
    where
        F: FnMut(Frame<'_>) -> ControlFlow<()>,
    {
        while let Some(frame) = self.next_frame()? {
            if each(frame).is_break() {
                break;
            }
        }
        Ok(())
    }

    #[inline]
    fn next_wanted(&mut self) -> Result<Option<Parsed>> {
        loop {
            let parsed = match self.file.records.take() {
                Some(parsed) => parsed,
                None => match self.file.records.next(&mut self.file.reader) {
                    Ok(Some(parsed)) => parsed,
                    Ok(None) => return self.end().map(|()| None),
                    Err(error) => return Err(self.fail(error)),
                },
            };
            if self.wants(&parsed)? {
                return Ok(Some(parsed));
            }
        }
    }

    /// Whether the packet that was taken last is wanted.
    #[inline]
    fn wants(&mut self, parsed: &Parsed) -> Result<bool> {
        let records = &self.file.records;
        let end = records.buffer.position();
        match self.spans.enter(end - parsed.total as u64, end, records.count) {
            Ok(number) => {
                let wanted = self.selection.contains(number, parsed.frame.timestamp());
                if wanted {
                    self.number = number;
                }
                Ok(wanted)
            }
            Err(error) => Err(self.give_up(error)),
        }
    }

    /// The end of what is read: all of it has to have been there.
    fn end(&mut self) -> Result<()> {
        if std::mem::replace(&mut self.ended, true) {
            return Ok(());
        }
        if self.file.records.count != self.spans.packets() {
            return Err(self.give_up(stale("its packets are not where the file has them")));
        }
        self.damage.take().map_or(Ok(()), Err)
    }

    /// An error of the parser, with its place in the file.
    #[cold]
    fn fail(&mut self, error: Error) -> Error {
        let here = error.offset().unwrap_or_default();
        let number = error.record().map(|count| self.spans.number(here, count));
        let mut error = error.at(self.spans.offset(here));
        if let Some(number) = number {
            error = error.in_record(number);
        }
        // Where packets are sound is what the index is about; of other blocks, some are too long for `next_record`.
        let error = if number.is_some() && error.io_error().is_none() { misfit(error) } else { error };
        self.give_up(error)
    }

    #[cold]
    fn give_up(&mut self, error: Error) -> Error {
        self.ended = true;
        self.file.records.finish();
        match &self.file.path {
            Some(path) => error.in_file(path),
            None => error,
        }
    }
}

impl<R> SavefileRange<R> {
    /// The number in the file of the packet that was handed out last, counted from 1; 0 before the first.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Which packets are wanted.
    pub fn selection(&self) -> Selection {
        self.selection
    }

    /// How many bytes of the file are read at most.
    pub fn bytes_to_read(&self) -> u64 {
        self.spans.len()
    }

    /// How many of these have been read so far.
    pub fn bytes_read(&self) -> u64 {
        self.file.bytes_read()
    }

    /// Which format the file has.
    pub fn format(&self) -> Format {
        self.file.format()
    }

    /// As [`Savefile::version`].
    pub fn version(&self) -> (u16, u16) {
        self.file.version()
    }

    /// As [`Savefile::byte_order`].
    pub fn byte_order(&self) -> ByteOrder {
        self.file.byte_order()
    }

    /// As [`Savefile::interfaces`]: those that are described in front of the last packet, with the same indexes.
    pub fn interfaces(&self) -> &[Interface] {
        self.file.interfaces()
    }

    /// As [`Savefile::link_type`].
    pub fn link_type(&self) -> Option<LinkType> {
        self.file.link_type()
    }

    /// As [`Savefile::snaplen`], in bytes.
    pub fn snaplen(&self) -> Option<u32> {
        self.file.snaplen()
    }

    /// The path of the file, if it was opened by it.
    pub fn path(&self) -> Option<&Path> {
        self.file.path()
    }
}

impl<R: Read + Seek> Source for SavefileRange<R> {
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

impl<R> fmt::Debug for SavefileRange<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavefileRange")
            .field("path", &self.path())
            .field("selection", &self.selection)
            .field("number", &self.number)
            .field("bytes_to_read", &self.bytes_to_read())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<SavefileRange>();
};

/// What it means that there is damage where the index has none.
fn misfit(error: Error) -> Error {
    if error.io_error().is_some() {
        return error;
    }
    let mut stale = stale(&format!("where it has a sound record, there is: {}", error.message()));
    if let Some(offset) = error.offset() {
        stale = stale.at(offset);
    }
    match error.record() {
        Some(number) => stale.in_record(number),
        None => stale,
    }
}
