//! The settings of a file that is to be written.

use std::fs::File;
use std::io::{self, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::SavefileWriter;
use super::compress::Compressor;
use super::sink::{Cut, Target};
use crate::{ByteOrder, Compression, Error, ErrorKind, Format, LinkType, Result};

/// A capture file about to be written: [`SavefileWriter::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is told where to"]
pub struct WriterBuilder {
    pub(super) format: Format,
    pub(super) order: Option<ByteOrder>,
    pub(super) snaplen: Option<u32>,
    pub(super) link_type: Option<LinkType>,
    pub(super) capacity: Option<usize>,
    pub(super) section: Section,
    pub(super) lossy: bool,
    pub(super) flush_every: Option<Duration>,
    /// What was asked for, if anything was.
    pub(crate) compression: Option<Option<Compression>>,
}

/// What the section header of a pcapng file tells.
#[derive(Clone, Debug)]
pub(super) struct Section {
    pub(super) comment: Option<String>,
    pub(super) hardware: Option<String>,
    pub(super) os: Option<String>,
    pub(super) application: Option<String>,
}

impl Default for WriterBuilder {
    fn default() -> Self {
        Self {
            format: Format::Pcap,
            order: None,
            snaplen: None,
            link_type: None,
            capacity: None,
            lossy: false,
            flush_every: None,
            section: Section {
                comment: None,
                hardware: None,
                os: None,
                application: Some(concat!("pycap ", env!("CARGO_PKG_VERSION")).to_owned()),
            },
            compression: None,
        }
    }
}

impl WriterBuilder {
    /// The format; [`Format::Pcap`], that is microseconds, unless asked for another. Kuznetzov's modified
    /// form is not written.
    pub fn format(mut self, format: Format) -> Self {
        self.format = format;
        self
    }

    /// The byte order of the file's own numbers; this machine's, unless asked for another, and in sections of a pcapng file that are taken
    /// over from another file, theirs. Blocks are converted to an order that was asked for; but of those that are not known here nobody can
    /// tell which of their bytes are numbers, so these stay as they are.
    pub fn byte_order(mut self, order: ByteOrder) -> Self {
        self.order = Some(order);
        self
    }

    /// The snapshot length that the file states, in bytes. Frames are not cut to it.
    ///
    /// Unless it is set, a pcap file has that of the interface that its first frame comes from, or
    /// [`MAX_SNAPLEN`](crate::MAX_SNAPLEN) where that states none. In a pcapng file this is for interfaces
    /// that nothing else is known of.
    pub fn snaplen(mut self, bytes: u32) -> Self {
        self.snaplen = Some(bytes);
        self
    }

    /// The link type of a pcap file, which then has its header from the start. Else it is that of the first
    /// frame, and a file that gets none is one of Ethernet. A pcapng file does not need it.
    pub fn link_type(mut self, link_type: LinkType) -> Self {
        self.link_type = Some(link_type);
        self
    }

    /// pcapng: what hardware the capture was made with.
    pub fn hardware(mut self, text: impl Into<String>) -> Self {
        self.section.hardware = Some(text.into());
        self
    }

    /// pcapng: the operating system.
    pub fn os(mut self, text: impl Into<String>) -> Self {
        self.section.os = Some(text.into());
        self
    }

    /// pcapng: the program that writes the file; `pycap` and its version, unless it is set.
    pub fn application(mut self, text: impl Into<String>) -> Self {
        self.section.application = Some(text.into());
        self
    }

    /// pcapng: what a person has to say about the capture.
    pub fn comment(mut self, text: impl Into<String>) -> Self {
        self.section.comment = Some(text.into());
        self
    }

    /// Frames that the format cannot hold are left out, and counted in [`SavefileWriter::losses`], where else they would be refused.
    pub fn lossy(mut self, lossy: bool) -> Self {
        self.lossy = lossy;
        self
    }

    /// What has gathered is written when so much time has passed since it was written last; only when there is much of it, or on request,
    /// unless this is set. The clock is looked at when a frame is written, and by [`SavefileWriter::flush_if_due`].
    pub fn flush_every(mut self, period: Duration) -> Self {
        self.flush_every = Some(period);
        self
    }

    /// How many bytes are gathered before they are written at once; 128 KiB unless asked for another number, and
    /// 1 MiB if they are compressed. With 0 every frame is written by itself.
    pub fn buffer_size(mut self, bytes: usize) -> Self {
        self.capacity = Some(bytes);
        self
    }

    /// How the file is compressed: [`Compression::Gzip`] or [`Compression::Zstd`], by the fastest level of each, or
    /// with `None` not at all.
    ///
    /// Unless it is set, [`create`](Self::create) goes by the file name (`.gz`, `.zst`), and nothing else compresses.
    /// Gzip is the faster one here and compresses better, and all tools read it. Wireshark 4.0 reads only the first of
    /// several zstd frames: such a file is for others, or needs a [`buffer_size`](Self::buffer_size) that takes all of it.
    pub fn compression(mut self, compression: impl Into<Option<Compression>>) -> Self {
        self.compression = Some(compression.into());
        self
    }

    /// Writes to the file at `path`, which is made, or emptied if it is there.
    ///
    /// # Errors
    ///
    /// If it cannot be opened for writing, and as [`to_writer`](Self::to_writer); also if its name asks for a
    /// compression that is not written: [`ErrorKind::InvalidSetting`].
    pub fn create(mut self, path: impl AsRef<Path>) -> Result<SavefileWriter> {
        let path = path.as_ref();
        let compression = *self.compression.get_or_insert_with(|| Compression::of_path(path));
        // Before the file is emptied.
        compression.map(Compressor::new).transpose().map_err(|error| error.in_file(path))?;
        let file =
            File::create(path).map_err(|error| Error::io("cannot open for writing", error).in_file(path))?;
        self.open_file(file, Some(path.to_owned()))
    }

    /// Writes to a file that is open for writing, from where it stands. Should it end within a record, it is
    /// cut back to the last whole one, if it is a regular file.
    ///
    /// # Errors
    ///
    /// As [`to_writer`](Self::to_writer).
    pub fn to_file(self, file: File) -> Result<SavefileWriter> {
        self.open_file(file, None)
    }

    fn open_file(self, mut file: File, path: Option<PathBuf>) -> Result<SavefileWriter> {
        let is_regular = file.metadata().is_ok_and(|metadata| metadata.is_file());
        let cut = match file.stream_position() {
            Ok(start) if is_regular => Some(Cut { set_len: File::set_len as fn(&_, _) -> _, start }),
            _ => None,
        };
        self.open(Target { writer: Some(file), path, cut })
    }

    /// Writes to the standard output.
    ///
    /// # Errors
    ///
    /// If there is no standard output, and as [`to_writer`](Self::to_writer).
    pub fn stdout(self) -> Result<SavefileWriter> {
        let mut stdout = io::stdout();
        // What has been printed goes first. A second descriptor then goes past the buffer of the first, which
        // looks for the ends of lines.
        let file = stdout.flush().and_then(|()| duplicate(&stdout));
        let file = file.map_err(|error| Error::io("cannot write to the standard output", error))?;
        self.open(Target { writer: Some(file), path: None, cut: None })
    }

    /// Writes to any writer, which needs no buffer of its own; a `&mut` to a writer works too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if the format is [`Format::PcapModified`], and if the compression is one that is
    /// not written here, or the feature `compress` is off.
    pub fn to_writer<W: Write>(self, writer: W) -> Result<SavefileWriter<W>> {
        self.open(Target { writer: Some(writer), path: None, cut: None })
    }

    fn open<W: Write>(self, target: Target<W>) -> Result<SavefileWriter<W>> {
        match self.format {
            Format::Pcap | Format::PcapNanosecond | Format::Pcapng => SavefileWriter::open(self, target),
            Format::PcapModified => {
                let message = "the modified pcap format is read only; write pcap or pcapng instead";
                Err(Error::new(ErrorKind::InvalidSetting, message))
            }
        }
    }
}

#[cfg(unix)]
fn duplicate(stdout: &io::Stdout) -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(File::from(stdout.as_fd().try_clone_to_owned()?))
}

#[cfg(windows)]
fn duplicate(stdout: &io::Stdout) -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(File::from(stdout.as_handle().try_clone_to_owned()?))
}
