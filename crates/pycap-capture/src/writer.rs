//! Writing capture files: classic pcap and pcapng.

mod builder;
mod compress;
pub(crate) mod local;
mod losses;
mod number;
mod option;
mod pcap;
mod pcapng;
mod sink;

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

pub use self::builder::WriterBuilder;
use self::compress::Compressor;
pub use self::losses::Losses;
use self::pcap::Pcap;
use self::pcapng::Pcapng;
use self::sink::{Layout, Sink, Target};
use crate::pcapng::{Block, Options};
use crate::{
    ByteOrder, Error, ErrorKind, Format, Frame, Interface, LinkType, Record, Result, Stats, Timestamp,
};

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
/// look for it; both lengths then grow by 4, the captured one not past the snapshot length. Where it has no place in the bytes
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
    lossy: bool,
    losses: Losses,
    schedule: Option<Schedule>,
}

/// When what has gathered is to be written.
struct Schedule {
    period: Duration,
    due: Instant,
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
        let WriterBuilder { format, order, snaplen, link_type, section, lossy, flush_every, .. } = builder;
        let compressor = builder.compression.flatten().map(Compressor::new).transpose()?;
        let usual = if compressor.is_some() { compress::CAPACITY } else { sink::CAPACITY };
        let native = order.unwrap_or(ByteOrder::NATIVE);
        let layout = if format == Format::Pcapng { Layout::Pcapng } else { Layout::Pcap };
        let mut sink =
            Sink::new(target, layout, native, builder.capacity.unwrap_or(usual)).compressed(compressor);
        let encoder = if format == Format::Pcapng {
            Encoder::Pcapng(Box::new(Pcapng::new(order, snaplen, section)))
        } else {
            let mut file = Pcap::new(format, native, snaplen);
            if let Some(link_type) = link_type {
                file.start(&Interface::new(link_type), &mut sink)?;
            }
            Encoder::Pcap(file)
        };
        let schedule = flush_every.map(|period| Schedule { period, due: Instant::now() + period });
        Ok(Self { encoder, sink, format, lossy, losses: Losses::default(), schedule })
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
        if self.schedule.is_some() {
            return self.flush_if_due();
        }
        Ok(())
    }

    /// What [`write`](Self::write) does when the record cannot simply be put behind the others.
    #[cold]
    #[inline(never)]
    fn write_cold(&mut self, frame: &Frame<'_>) -> Result<()> {
        self.sink.check()?;
        let number = self.sink.frames() + 1;
        let prepared = match &mut self.encoder {
            Encoder::Pcap(file) => file.prepare(*frame, number, &mut self.sink),
            Encoder::Pcapng(file) => file.prepare(*frame, number, 0, &mut self.sink),
        };
        if self.left_out(prepared)? {
            return Ok(());
        }
        let written = match &mut self.encoder {
            Encoder::Pcap(file) => file.write(frame, &mut self.sink),
            Encoder::Pcapng(file) => file.write(frame, &mut self.sink),
        };
        debug_assert!(written, "a frame that was prepared for can be written");
        self.sink.count_frame();
        if self.schedule.is_some() { self.flush_if_due() } else { Ok(()) }
    }

    /// Whether a frame that the format cannot hold is left out.
    fn left_out(&mut self, prepared: Result<()>) -> Result<bool> {
        match prepared {
            Ok(()) => Ok(false),
            Err(error) if self.lossy && error.kind() == ErrorKind::NotRepresentable => {
                self.losses.frames += 1;
                Ok(true)
            }
            Err(error) => Err(error),
        }
    }

    /// Takes over a record of another file: [`Savefile::next_record`](crate::Savefile::next_record).
    ///
    /// A pcapng file takes over every block of a pcapng file as it is: its options in their order, its times in their unit, the header of the
    /// section, which takes the place of what the [builder](WriterBuilder) says. What changes is the length that a section claims, which
    /// becomes unknown, and the numbers of interfaces, where this file has other ones. Records of a section have to come in their order and
    /// after its header and its interfaces; packets in between may be left out.
    ///
    /// A pcap file takes the frame; what it has no place for is counted in [`losses`](Self::losses).
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn write_record(&mut self, record: Record<'_>) -> Result<()> {
        match (&mut self.encoder, record.frame(), record.block()) {
            (_, None, None) => Ok(()),
            (Encoder::Pcapng(file), Some(frame), Some(block)) => {
                self.sink.check()?;
                let number = self.sink.frames() + 1;
                let written = file.copy_packet(frame, block, number, &mut self.sink);
                if !self.left_out(written)? {
                    self.sink.count_frame();
                }
                self.flush_if_due()
            }
            (_, Some(frame), None) => self.write(frame),
            (_, None, Some(block)) => self.write_block(block),
            (Encoder::Pcap(_), Some(frame), Some(block)) => {
                self.losses.count_options(block.options());
                if self.format == Format::Pcap
                    && frame.timestamp().is_some_and(|t| t.subsec_nanos() % 1000 != 0)
                {
                    self.losses.times += 1;
                }
                self.write(frame)
            }
        }
    }

    /// Writes a block of a pcapng file that is no packet: one of another file, or one that was [made](crate::pcapng::OwnedBlock).
    ///
    /// A pcap file has no place for it: it is counted in [`losses`](Self::losses).
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if it is a packet. If bytes cannot be written, now or before: [`ErrorKind::Io`].
    pub fn write_block(&mut self, block: Block<'_>) -> Result<()> {
        self.sink.check()?;
        if block.block_type().is_packet() {
            let message = "a packet is written with `write`, `write_with` or `write_record`";
            return Err(self.sink.located(Error::new(ErrorKind::InvalidSetting, message)));
        }
        match &mut self.encoder {
            Encoder::Pcap(_) => {
                self.losses.count_block(block);
                Ok(())
            }
            Encoder::Pcapng(file) => file.copy_block(block, &mut self.sink),
        }
    }

    /// Writes a frame with further options: comments, say. Of a packet of another file,
    /// [`OptionList::of_packet`](crate::pcapng::OptionList::of_packet) has those to go on from.
    ///
    /// The [flags](Frame::flags) are the frame's, not those among the options. A pcap file has no place for options: they are counted in
    /// [`losses`](Self::losses).
    ///
    /// ```
    /// use pycap_capture::pcapng::OptionList;
    /// use pycap_capture::{Format, Frame, LinkType, SavefileWriter};
    ///
    /// let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new())?;
    /// let frame = Frame::new(b"dst___src___\x08\0payload", LinkType::ETHERNET);
    /// out.write_with(frame, OptionList::new().comment("the first one").options())?;
    /// # Ok::<(), pycap_capture::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), and if the options are too long for the format: [`ErrorKind::NotRepresentable`].
    pub fn write_with(&mut self, frame: Frame<'_>, options: Options<'_>) -> Result<()> {
        let Encoder::Pcapng(file) = &mut self.encoder else {
            self.losses.count_options(options);
            return self.write(frame);
        };
        self.sink.check()?;
        let written = file.packet_with(frame, options, self.sink.frames() + 1, &mut self.sink);
        if !self.left_out(written)? {
            self.sink.count_frame();
        }
        self.flush_if_due()
    }

    /// What this file has no place for and was left out so far: of records and blocks that were taken over, and of frames where it is
    /// [lossy](WriterBuilder::lossy).
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// Writes what has gathered if [its time](WriterBuilder::flush_every) has come: for a program that waits for frames.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub fn flush_if_due(&mut self) -> Result<()> {
        let Some(schedule) = &mut self.schedule else { return Ok(()) };
        let now = Instant::now();
        if now < schedule.due {
            return Ok(());
        }
        schedule.due = now + schedule.period;
        self.flush()
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
        if let Encoder::Pcapng(file) = &mut self.encoder {
            self.sink.check()?;
            file.start(&mut self.sink)?;
        }
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
