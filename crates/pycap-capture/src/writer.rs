//! Writing capture files: classic pcap and pcapng.

mod builder;
mod bytes;
mod compress;
pub(crate) mod local;
mod number;
mod option;
mod pcap;
mod pcapng;
mod sink;

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

pub use self::builder::WriterBuilder;
use self::compress::Compressor;
use self::pcap::Pcap;
use self::pcapng::Pcapng;
use self::sink::{Layout, Sink, Target};
use crate::{Error, ErrorKind, Format, Frame, Interface, LinkType, Result, Stats, Timestamp};

/// A capture file that is being written.
///
/// Frames are gathered and written many at once; [`flush`](Self::flush) writes what there is, and
/// [`finish`](Self::finish) ends the file. Dropping it ends the file as well, but then nobody hears of
/// errors.
///
/// ```no_run
/// use pycap_capture::{Format, Savefile, SavefileWriter};
///
/// let mut file = Savefile::open("trace.pcap")?;
/// let mut out = SavefileWriter::builder().format(Format::Pcapng).create("trace.pcapng")?;
/// while let Some(frame) = file.next_frame()? {
///     out.write(frame)?;
/// }
/// out.finish()?;
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// # Compression
///
/// With [`compression`](WriterBuilder::compression), or a file name in `.gz` or `.zst`, everything that is gathered is
/// compressed by itself when it is written: a gzip member or a zstd frame, which has whole records. So a flush makes a
/// whole file as well, at the price of a worse compression where it comes often.
///
/// # What is kept of a frame
///
/// | | pcap | pcapng |
/// |---|---|---|
/// | bytes, original length | yes | yes |
/// | link type | one a file | yes |
/// | interface | no | yes |
/// | time | from 1970 to 2106, in micro- or nanoseconds | any, in nanoseconds |
/// | no time | becomes 1970-01-01 00:00:00 | yes; for other readers only in simple packet blocks |
/// | direction and all other [flags](Frame::flags) | no | yes |
/// | [segmentation](Frame::segmentation) | no | yes, in an option that only pycap reads |
///
/// A [VLAN tag](Frame::vlan_tag) that the system took out of the bytes is put back into them, where all tools
/// look for it; both lengths then grow by 4, past the snapshot length too. Where it has no place in the bytes
/// (link types other than Ethernet and Linux cooked, frames cut before it), pcapng keeps it in the option
/// that only pycap reads, and pcap does not.
///
/// # Errors
///
/// A frame that the format cannot hold is refused with [`ErrorKind::NotRepresentable`], and the file is as
/// good as before.
///
/// If bytes cannot be written, a full disk say, the writing has ended: every further call gives the same
/// error, and nothing more is written. The error says how many whole frames the file has, and
/// [`frames_written`](Self::frames_written) too. A file that was opened by [`create`](WriterBuilder::create)
/// or [`to_file`](WriterBuilder::to_file) is cut back to them, so that it can be read. Of a pipe nothing can
/// be taken back: its reader may have got part of a record.
pub struct SavefileWriter<W: Write = File> {
    encoder: Encoder,
    sink: Sink<W>,
    format: Format,
}

enum Encoder {
    Pcap(Pcap),
    Pcapng(Box<Pcapng>),
}

impl SavefileWriter {
    /// The settings of a file, to begin with.
    pub fn builder() -> WriterBuilder {
        WriterBuilder::default()
    }
}

impl<W: Write> SavefileWriter<W> {
    fn open(builder: WriterBuilder, target: Target<W>) -> Result<Self> {
        let WriterBuilder { format, order, snaplen, link_type, capacity, section, compression } = builder;
        let compressor = compression.flatten().map(Compressor::new).transpose()?;
        let capacity =
            capacity.unwrap_or(if compressor.is_some() { compress::CAPACITY } else { sink::CAPACITY });
        if format == Format::Pcapng {
            let mut sink = Sink::new(target, Layout::Pcapng, order, capacity).compressed(compressor);
            let mut file = Pcapng::new(order, snaplen);
            file.start(&section, &mut sink)?;
            return Ok(Self { encoder: Encoder::Pcapng(Box::new(file)), sink, format });
        }
        let mut sink = Sink::new(target, Layout::Pcap, order, capacity).compressed(compressor);
        let mut file = Pcap::new(format, order, snaplen);
        if let Some(link_type) = link_type {
            file.start(&Interface::new(link_type), &mut sink)?;
        }
        Ok(Self { encoder: Encoder::Pcap(file), sink, format })
    }

    /// Writes a frame, or keeps it to be written with others.
    ///
    /// The first frame of each interface (and link type) that has not been [added](Self::add_interface)
    /// describes it, by what its source knows of the interface.
    ///
    /// # Errors
    ///
    /// If the format cannot hold it: [`ErrorKind::NotRepresentable`]. If bytes cannot be written, now or
    /// before: [`ErrorKind::Io`].
    #[inline]
    pub fn write(&mut self, frame: Frame<'_>) -> Result<()> {
        let written = match &self.encoder {
            Encoder::Pcap(file) => file.write(&frame, &mut self.sink),
            Encoder::Pcapng(file) => file.write(&frame, &mut self.sink),
        };
        if !written {
            // A copy, so that the frame itself has to be nowhere in memory where all goes well. A copy's stores were a sixth of the
            // time of long frames: the processor has room for 64 stores, those of the bytes among them.
            let copy = frame;
            return self.write_cold(&copy);
        }
        self.sink.count_frame();
        Ok(())
    }

    /// What [`write`](Self::write) does when the record cannot simply be put behind the others.
    #[cold]
    #[inline(never)]
    fn write_cold(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.sink.check()?;
        let number = self.sink.frames() + 1;
        let written = match &mut self.encoder {
            Encoder::Pcap(file) => {
                file.prepare(*frame, number, &mut self.sink)?;
                file.write(frame, &mut self.sink)
            }
            Encoder::Pcapng(file) => {
                file.prepare(*frame, number, &mut self.sink)?;
                file.write(frame, &mut self.sink)
            }
        };
        debug_assert!(written, "a frame that was prepared for can be written");
        self.sink.count_frame();
        Ok(())
    }

    /// Describes an interface; frames that carry the index that it returns are from there. Indexes are given
    /// in order from 0 on, behind those that frames have already had.
    ///
    /// Times are counted in nanoseconds from 1970 whatever the interface says, and frames have the real time
    /// anyway.
    ///
    /// A pcap file takes the link type and snapshot length for its header, if that is not written yet, and
    /// keeps nothing else.
    ///
    /// # Errors
    ///
    /// If a pcap file has another link type: [`ErrorKind::NotRepresentable`]. If bytes cannot be written:
    /// [`ErrorKind::Io`].
    pub fn add_interface(&mut self, interface: Interface) -> Result<u32> {
        match &mut self.encoder {
            Encoder::Pcap(file) => file.add_interface(&interface, &mut self.sink),
            Encoder::Pcapng(file) => file.add_interface(interface, &mut self.sink),
        }
    }

    /// What the interface with this index received and lost. It is written at the end of the file: of several
    /// calls the last one counts. Unknown counts are left out. A pcap file has no place for it.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if the interface was not added and no frame of it was written.
    pub fn interface_stats(&mut self, index: u32, stats: &Stats) -> Result<()> {
        let known = match &mut self.encoder {
            Encoder::Pcap(_) => true,
            Encoder::Pcapng(file) => file.interface_stats(index, stats),
        };
        if known {
            return Ok(());
        }
        let message = format!("statistics of interface {index}, which was not added");
        Err(self.sink.located(Error::new(ErrorKind::InvalidSetting, message)))
    }

    /// Writes everything that was kept so far: what has arrived is then a whole file.
    ///
    /// # Errors
    ///
    /// If bytes cannot be written, now or before.
    pub fn flush(&mut self) -> Result<()> {
        self.sink.flush()
    }

    /// Ends the file, and gives the writer back.
    ///
    /// # Errors
    ///
    /// If bytes cannot be written, now or before.
    pub fn finish(mut self) -> Result<W> {
        self.end()?;
        self.sink.take_writer().ok_or_else(|| Error::new(ErrorKind::Io, "the file was ended before"))
    }

    fn end(&mut self) -> Result<()> {
        self.sink.check()?;
        match &mut self.encoder {
            Encoder::Pcap(file) => file.end(&mut self.sink)?,
            Encoder::Pcapng(file) => file.end(Timestamp::now(), &mut self.sink)?,
        }
        self.sink.flush()
    }

    /// How many frames were accepted. After an error in writing, how many of them the file has.
    pub fn frames_written(&self) -> u64 {
        self.sink.frames()
    }

    /// How many bytes the file has once all that was accepted is written. After an error in writing, how many
    /// bytes of whole records and headers it has. In a compressed file these are the bytes before compression.
    pub fn bytes_written(&self) -> u64 {
        self.sink.bytes()
    }

    /// The format of the file.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The link type that a pcap file is bound to. `None` for one that has had no frame yet, and for pcapng.
    pub fn link_type(&self) -> Option<LinkType> {
        match &self.encoder {
            Encoder::Pcap(file) => file.link_type(),
            Encoder::Pcapng(_) => None,
        }
    }

    /// The path that it was opened by.
    pub fn path(&self) -> Option<&Path> {
        self.sink.target().path.as_deref()
    }
}

impl<W: Write> Drop for SavefileWriter<W> {
    fn drop(&mut self) {
        if self.sink.is_open() {
            // `finish` is for those who want to know.
            let _ = self.end();
        }
    }
}

impl<W: Write> fmt::Debug for SavefileWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavefileWriter")
            .field("path", &self.path())
            .field("format", &self.format)
            .field("frames_written", &self.frames_written())
            .field("bytes_written", &self.bytes_written())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send>() {}
    movable::<SavefileWriter>();
    movable::<SavefileWriter<Vec<u8>>>();
};
