//! The file that packets are written to, or the files, one after the other.

use std::io::{self, IsTerminal};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pycap_capture::pcapng::Block;
use pycap_capture::rotate::{Due, FileSequence};
use pycap_capture::{
    Compression, ErrorKind, Format, Frame, Interface, LinkType, Losses, Record, SavefileWriter, Stats,
    Timestamp, TimestampResolution, TimestampSource, WriterBuilder,
};

use crate::args::Args;
use crate::error::Failure;
use crate::postrotate::PostRotation;
use crate::section::Section;
use crate::user::User;
use crate::{rotation, tell};

/// How long after the end of an interval its last packets may still come from the kernel.
const LATE: Duration = Duration::from_millis(100);

/// Writes packets to the file that `-w` names, or to as many as `-C` and `-G` make of it, each of them complete and readable by itself.
pub(crate) struct Files {
    builder: WriterBuilder,
    /// Nothing where there is no file yet, or no more.
    file: Option<File>,
    rotation: Option<FileSequence>,
    post_rotation: Option<PostRotation>,
    packet_buffered: bool,
    live: Option<LiveFiles>,
    /// `-r`
    inputs: Vec<PathBuf>,
    /// `-Z`
    user: Option<User>,
    /// Whether it was told that files are going to be written over.
    warned: bool,
    /// `-r` of a pcapng file: what every file begins with.
    section: Section,
    /// What there was no place for in the files so far.
    losses: Losses,
    /// `-w`
    name: PathBuf,
    format: Format,
}

/// Where packets come from.
pub(crate) enum Origin<'a> {
    /// A live capture, and its interfaces that are known from the start.
    Capture(&'a [Interface]),
    /// A file, and the first of its interfaces.
    File(Option<&'a Interface>),
}

impl Origin<'_> {
    /// Whether times are finer than a microsecond.
    fn is_nano(&self) -> bool {
        match self {
            // Asked for or not, it is for the command line to say.
            Self::Capture(_) => false,
            Self::File(first) => first.is_some_and(is_nano),
        }
    }
}

struct File {
    writer: SavefileWriter,
    path: PathBuf,
}

/// What files of a live capture tell beside its packets.
struct LiveFiles {
    /// The interfaces that every file describes also where it has no packet of them.
    interfaces: Vec<Interface>,
    /// What came from each of the others.
    counts: Vec<Count>,
    /// Whether the packets' times are the hardware's own and no time of day: then this machine's clock says when a file is full.
    clock: bool,
}

/// Packets of one interface.
#[derive(Clone, Copy, Default)]
struct Count {
    /// In all files.
    packets: u64,
    /// Whether the file that is being written has one.
    here: bool,
}

impl Files {
    /// The file that the command line names, if it does.
    pub(crate) fn new(
        args: &Args,
        mut builder: WriterBuilder,
        origin: &Origin<'_>,
        user: Option<&User>,
    ) -> Result<Option<Self>, Failure> {
        let Some(name) = &args.write else { return Ok(None) };
        let format = match (args.writes_pcapng(name), args.precision().unwrap_or_else(|| origin.is_nano())) {
            (true, _) => Format::Pcapng,
            (false, true) => Format::PcapNanosecond,
            (false, false) => Format::Pcap,
        };
        // Of the name that was given: those of several files go on behind the extension.
        let compression = args.compress.map_or_else(|| Compression::of_path(name), Into::into);
        builder = builder.format(format).compression(compression).lossy(args.lossy);
        let live = match origin {
            Origin::Capture(interfaces) => Some(*interfaces),
            Origin::File(_) => None,
        };
        let live = live.map(|interfaces| LiveFiles {
            interfaces: interfaces.to_vec(),
            counts: Vec::new(),
            clock: args.time_stamp_type == Some(TimestampSource::HardwareRaw),
        });
        let mut files = Self {
            builder,
            file: None,
            rotation: rotation::of(args, name)?,
            post_rotation: args.postrotate_command.as_deref().map(PostRotation::new),
            packet_buffered: args.packet_buffered,
            live,
            inputs: args.read.clone(),
            user: user.cloned(),
            warned: false,
            section: Section::default(),
            losses: Losses::default(),
            name: name.clone(),
            format,
        };
        match &mut files.rotation {
            None if name == Path::new("-") => files.open_stdout()?,
            None => files.open(name.clone())?,
            Some(rotation) => {
                if files.live.is_some() {
                    rotation.start_at(Timestamp::now());
                }
                if rotation.has_started() {
                    files.open_next()?;
                }
            }
        }
        Ok(Some(files))
    }

    /// Whether the next file has to begin before this frame is written.
    #[inline]
    pub(crate) fn due_before(&self, frame: Frame<'_>) -> Option<Due> {
        let rotation = self.rotation.as_ref()?;
        // A file without a packet is not full, whatever its header takes.
        let file = self.file.as_ref().filter(|file| file.writer.frames_written() > 0);
        let bytes = file.map_or(0, |file| file.writer.bytes_written());
        let time = if rotation.has_intervals() { self.time_of(frame) } else { None };
        rotation.due(bytes, time)
    }

    fn time_of(&self, frame: Frame<'_>) -> Option<Timestamp> {
        if self.live.as_ref().is_some_and(|live| live.clock) {
            return Some(Timestamp::now());
        }
        frame.timestamp()
    }

    /// Whether the next file of a live capture has to begin though no packet comes: the interval was over so long ago that all of its
    /// packets are there. Else how long that takes, if the end comes with time.
    pub(crate) fn due_now(&self) -> Result<Due, Option<Duration>> {
        let end = match (&self.live, &self.rotation) {
            (Some(_), Some(rotation)) => rotation.end().ok_or(None)?,
            _ => return Err(None),
        };
        let now = Timestamp::now();
        match (end + LATE).checked_duration_since(now) {
            Some(left) if !left.is_zero() => Err(Some(left)),
            _ => Ok(Due::Time(now)),
        }
    }

    /// Completes the file, and begins the next one if there is to be one.
    pub(crate) fn next(&mut self, due: Due, stats: &[(u32, Stats)]) -> Result<ControlFlow<()>, Failure> {
        let completed = self.complete(stats)?;
        if let (Some(path), Some(command)) = (completed, &self.post_rotation) {
            command.run(path);
        }
        let Some(rotation) = &mut self.rotation else { return Ok(ControlFlow::Continue(())) };
        if rotation.advance(due).is_break() {
            let files = rotation.files().unwrap_or_default();
            tell(format_args!(
                "{files} {} written: that is the limit",
                if files == 1 { "file" } else { "files" }
            ));
            return Ok(ControlFlow::Break(()));
        }
        self.open_next()?;
        Ok(ControlFlow::Continue(()))
    }

    #[inline]
    pub(crate) fn write(&mut self, frame: Frame<'_>) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.writer.write(frame).map_err(|error| refused(error, file.writer.format()))?;
        match &mut self.live {
            Some(live) if live.interfaces.len() <= frame.interface() as usize => live.count(frame),
            _ => {}
        }
        Ok(())
    }

    /// Writes a packet of a file with all that the file says of it.
    pub(crate) fn write_record(&mut self, record: Record<'_>) -> Result<(), Failure> {
        let Some(file) = &mut self.file else { return Ok(()) };
        file.writer.write_record(record).map_err(|error| refused(error, file.writer.format()))?;
        // Whether another one waits is not known of a file.
        self.pause()
    }

    /// Writes what is no packet.
    pub(crate) fn write_block(&mut self, block: Block<'_>) -> Result<(), Failure> {
        if self.rotation.is_some() {
            self.section.see(block, self.file.is_none())?;
        }
        let Some(file) = &mut self.file else { return Ok(()) };
        file.writer.write_block(block).map_err(|error| refused(error, file.writer.format()))
    }

    /// What to do while no packet waits.
    pub(crate) fn pause(&mut self) -> Result<(), Failure> {
        if self.packet_buffered { self.flush() } else { Ok(()) }
    }

    /// Whoever reads the file has all that came so far.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        Ok(self.file.as_mut().map_or(Ok(()), |file| file.writer.flush())?)
    }

    /// Completes the last file.
    pub(crate) fn end(mut self, stats: &[(u32, Stats)]) -> Result<(), Failure> {
        // A file whose name was for the first packet to say has none if there was no packet: but a file there is, as always.
        let named = match &mut self.rotation {
            Some(rotation) if !rotation.has_started() => {
                rotation.start_at(Timestamp::now());
                self.open_next()
            }
            _ => Ok(()),
        };
        let ended = named.and_then(|()| self.complete(stats));
        if let Some(command) = self.post_rotation {
            command.end();
        }
        if ended.is_ok() {
            tell_losses(&self.name, self.format, &self.losses);
        }
        ended.map(drop)
    }

    fn open_next(&mut self) -> Result<(), Failure> {
        let Some(rotation) = &self.rotation else { return Ok(()) };
        let path = rotation.path()?;
        if !self.warned && rotation.overwrites() {
            self.warned = true;
            tell(format_args!(
                "{} will be written over by the files that follow: -w has no time in the name that changes as often as -G says",
                path.display()
            ));
        }
        self.open(path)
    }

    fn open(&mut self, path: PathBuf) -> Result<(), Failure> {
        if self.inputs.iter().any(|input| is_same_file(input, &path)) {
            let message = format!("-w {}: that is the file that is read: name another one", path.display());
            return Err(Failure::Usage(message));
        }
        refuse_terminal(&path)?;
        // With rotation this process is that user already.
        let made =
            self.user.as_ref().filter(|_| self.rotation.is_none()).map(|user| (user, user.make(&path)));
        let opened = self.builder.clone().create(&path);
        let writer = opened.map_err(|error| match (&self.user, error.io_error().map(io::Error::kind)) {
            (Some(user), Some(io::ErrorKind::PermissionDenied)) if self.rotation.is_some() => {
                let name = user.name();
                Failure::Privileges(format!(
                    "{error}: with -C and -G all files are made as user {name} (-Z), who has to be able to"
                ))
            }
            _ => error.into(),
        })?;
        if let Some((user, made)) = made {
            made.give(user);
        }
        self.begin(File { writer, path })
    }

    fn open_stdout(&mut self) -> Result<(), Failure> {
        let writer = create(self.builder.clone(), Path::new("-"))?;
        self.begin(File { writer, path: PathBuf::from("-") })
    }

    fn begin(&mut self, mut file: File) -> Result<(), Failure> {
        if let Some(live) = &mut self.live {
            for count in &mut live.counts {
                count.here = false;
            }
            for interface in &live.interfaces {
                file.writer.add_interface(interface.clone())?;
            }
        }
        self.section.begin(&mut file.writer)?;
        self.file = Some(file);
        Ok(())
    }

    /// Completes the file, with what is known by now of a live capture; returns its path.
    fn complete(&mut self, stats: &[(u32, Stats)]) -> Result<Option<PathBuf>, Failure> {
        let Some(File { mut writer, path }) = self.file.take() else { return Ok(None) };
        if let (Format::Pcapng, Some(live)) = (writer.format(), &self.live) {
            let known = live.interfaces.len();
            for (index, stats) in stats.iter().filter(|(index, _)| (*index as usize) < known) {
                writer.interface_stats(*index, stats)?;
            }
            // What the kernel counted belongs to all of the others together: of each, only what came from it is known.
            for (index, count) in (0..).zip(&live.counts).filter(|(_, count)| count.here) {
                let mut stats = Stats::default();
                stats.received = Some(count.packets);
                writer.interface_stats(index, &stats)?;
            }
        }
        self.losses += writer.losses();
        writer.finish()?;
        Ok(Some(path))
    }
}

/// Whether a file of this name is to have this format: `trace.pcapng` and `trace.pcapng.gz` are to be `pcapng`.
pub(crate) fn is_called(name: &Path, format: &str) -> bool {
    let plain = match (Compression::of_path(name), name.file_stem()) {
        (Some(_), Some(stem)) => Path::new(stem),
        _ => name,
    };
    plain.extension().is_some_and(|extension| extension == format)
}

/// Whether an interface counts finer than microseconds.
pub(crate) fn is_nano(interface: &Interface) -> bool {
    match interface.timestamp_resolution() {
        TimestampResolution::PowerOf10(power) => power > 6,
        TimestampResolution::PowerOf2(power) => power > 19,
    }
}

/// What to do where a file cannot hold a packet.
pub(crate) fn refused(error: pycap_capture::Error, format: Format) -> Failure {
    match (error.kind(), format) {
        (ErrorKind::NotRepresentable, Format::Pcapng) => {
            Failure::Refused(format!("{error}: --lossy leaves out what does not fit"))
        }
        (ErrorKind::NotRepresentable, _) => Failure::Refused(format!(
            "{error}: write pcapng (--pcapng, or a name that ends in .pcapng), or leave out with --lossy what does not fit"
        )),
        _ => error.into(),
    }
}

/// The settings of a pcap file that is to hold packets of all these interfaces: of the longest of their snapshot lengths, or of `cut` if
/// that is less, and of one link type, unless packets may be left out.
pub(crate) fn pcap_of_several(
    mut builder: WriterBuilder,
    name: &Path,
    interfaces: &[Interface],
    lossy: bool,
    cut: Option<u32>,
) -> Result<WriterBuilder, Failure> {
    // 0: no limit.
    let longest = interfaces.iter().map(Interface::snaplen).max_by_key(|&snaplen| snaplen.wrapping_sub(1));
    match (cut, longest.filter(|&longest| longest > 0)) {
        (Some(cut), Some(longest)) => builder = builder.snaplen(longest.min(cut)),
        (Some(snaplen), None) | (None, Some(snaplen)) => builder = builder.snaplen(snaplen),
        (None, None) => {}
    }
    let Some(first) = interfaces.first().map(Interface::link_type) else { return Ok(builder) };
    if let Some(other) = interfaces.iter().map(Interface::link_type).find(|&other| other != first)
        && !lossy
    {
        return Err(Failure::Refused(format!(
            "-w {}: write pcapng (--pcapng, or a name that ends in .pcapng), or leave out with --lossy what does not fit: a pcap file has one link type, and the inputs have {} and {}",
            name.display(),
            named(first),
            named(other),
        )));
    }
    Ok(builder.link_type(first))
}

/// What a format is called.
pub(crate) fn kind(format: Format) -> &'static str {
    if format == Format::Pcapng { "pcapng" } else { "pcap" }
}

/// `EN10MB (1)`
pub(crate) fn named(link_type: LinkType) -> String {
    format!("{} ({})", link_type.name().unwrap_or("unnamed"), link_type.0)
}

/// Tells what a file that is complete has not, if anything.
pub(crate) fn tell_losses(name: &Path, format: Format, losses: &Losses) {
    if losses.is_empty() {
        return;
    }
    let name = if name == Path::new("-") { Path::new("standard output") } else { name };
    let rest = if format == Format::Pcapng { "" } else { "; write pcapng to keep it" };
    let (name, format) = (name.display(), kind(format));
    tell(format_args!("{name}: left out, since {format} has no place for it: {losses}{rest}"));
}

/// Whether writing to `output` would destroy what is read.
#[cfg(unix)]
pub(crate) fn is_same_file(input: &Path, output: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let input = if input == Path::new("-") { Path::new("/dev/stdin") } else { input };
    match (std::fs::metadata(input), std::fs::metadata(output)) {
        (Ok(input), Ok(output)) => {
            input.is_file() && (input.dev(), input.ino()) == (output.dev(), output.ino())
        }
        _ => false,
    }
}

#[cfg(not(unix))]
pub(crate) fn is_same_file(input: &Path, output: &Path) -> bool {
    matches!((input.canonicalize(), output.canonicalize()), (Ok(input), Ok(output)) if input == output)
}

impl LiveFiles {
    fn count(&mut self, frame: Frame<'_>) {
        let index = frame.interface() as usize;
        if index >= self.counts.len() {
            self.counts.resize(index + 1, Count::default());
        }
        if let Some(count) = self.counts.get_mut(index) {
            count.packets += 1;
            count.here = true;
        }
    }
}

/// A writer to the file of this name, or to the standard output where that is `-`. A terminal is refused, by whatever name: what the packets
/// hold would be commands to it.
pub(crate) fn create(builder: WriterBuilder, path: &Path) -> Result<SavefileWriter, Failure> {
    refuse_terminal(path)?;
    Ok(if path == Path::new("-") { builder.stdout()? } else { builder.create(path)? })
}

fn refuse_terminal(path: &Path) -> Result<(), Failure> {
    let is_terminal = if path == Path::new("-") { io::stdout().is_terminal() } else { is_terminal(path) };
    if is_terminal {
        let message = format!(
            "-w {} writes a capture, which is not for a terminal: add > FILE, or | and a program that reads it",
            path.display()
        );
        return Err(Failure::Usage(message));
    }
    Ok(())
}

/// Whether this is the name of a terminal, as /dev/stdout may be.
fn is_terminal(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt;
    let is_device = std::fs::metadata(path).is_ok_and(|file| file.file_type().is_char_device());
    is_device && std::fs::OpenOptions::new().write(true).open(path).is_ok_and(|file| file.is_terminal())
}
