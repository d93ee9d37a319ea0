//! Writing files that follow each other.

use std::fmt;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::{Due, FileSequence, Rotation};
use crate::{
    Compression, Error, ErrorKind, Frame, Interface, Losses, Result, SavefileWriter, Stats, Timestamp,
    WriterBuilder,
};

/// How long after the end of an interval its last frames may still come from the kernel.
const LATE: Duration = Duration::from_millis(100);

/// Files about to be written one after the other: [`WriterBuilder::rotate`].
#[derive(Clone, Debug)]
#[must_use = "nothing is written until it is told where to"]
pub struct RotatingBuilder {
    builder: WriterBuilder,
    rotation: Rotation,
}

impl WriterBuilder {
    /// Files that follow each other by these rules, each of them complete and readable by itself.
    pub fn rotate(self, rotation: Rotation) -> RotatingBuilder {
        RotatingBuilder { builder: self, rotation }
    }
}

impl RotatingBuilder {
    /// Writes to files whose names begin with this, or are made of it: see [`Rotation`]. The first one is made at once, unless its name takes
    /// the time of the first frame. Its extension says whether all of them are compressed, as for [`WriterBuilder::create`].
    ///
    /// # Errors
    ///
    /// As [`Rotation::sequence`] and [`WriterBuilder::create`]; [`ErrorKind::InvalidSetting`] for a name without the time, which each interval
    /// would write over.
    pub fn create(self, name: impl AsRef<Path>) -> Result<RotatingWriter> {
        let name = name.as_ref();
        let sequence = self.rotation.sequence(name)?;
        if sequence.overwrites() {
            let message = "put the time in the name, as strftime(3) does (trace-%Y%m%d-%H%M%S.pcap): each interval's files would take the \
                           place of those before";
            return Err(Error::new(ErrorKind::InvalidSetting, message).in_file(name));
        }
        let mut builder = self.builder;
        // The names of further files end in a number.
        builder.compression.get_or_insert_with(|| Compression::of_path(name));
        let mut this = RotatingWriter {
            builder,
            sequence,
            file: None,
            interfaces: Vec::new(),
            stats: Vec::new(),
            completed: None,
            frames: 0,
            files: 0,
            losses: Losses::default(),
            ended: false,
        };
        if this.sequence.has_started() {
            this.open()?;
        }
        Ok(this)
    }
}

/// Capture files that are written one after the other: [`WriterBuilder::rotate`].
///
/// ```
/// use pycap_capture::{Frame, LinkType, Rotation, SavefileWriter, Timestamp};
///
/// # fn main() -> Result<(), pycap_capture::Error> {
/// # let folder = std::env::temp_dir().join(format!("pycap-rotate-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// // Files of some 100 kB each: trace.pcap, trace.pcap1, trace.pcap2, ...
/// let rotation = Rotation::new().size(100_000);
/// let mut out = SavefileWriter::builder().rotate(rotation).create(folder.join("trace.pcap"))?;
/// for secs in 0..1000 {
///     let frame = Frame::new(&[0; 400], LinkType::ETHERNET).with_timestamp(Timestamp::new(secs, 0));
///     if out.write(frame)?.is_break() {
///         break;
///     }
/// }
/// assert_eq!((out.files(), out.frames_written()), (5, 1000));
/// out.finish()?;
/// assert!(folder.join("trace.pcap4").exists());
/// # std::fs::remove_dir_all(&folder).unwrap();
/// # Ok(())
/// # }
/// ```
pub struct RotatingWriter {
    builder: WriterBuilder,
    sequence: FileSequence,
    /// Nothing where there is no file yet, or no more.
    file: Option<SavefileWriter>,
    /// What every file describes.
    interfaces: Vec<Interface>,
    /// What was said of interfaces before there was a file.
    stats: Vec<(u32, Stats)>,
    completed: Option<Completed>,
    /// Of the files that are complete.
    frames: u64,
    files: u64,
    losses: Losses,
    ended: bool,
}

/// What is called with each file that is complete.
type Completed = Box<dyn FnMut(&Path) + Send>;

impl RotatingWriter {
    /// Writes a frame, to the next file if it is time for that; breaks, and writes nothing, once there are as many files as there may be.
    ///
    /// # Errors
    ///
    /// As [`SavefileWriter::write`] and [`WriterBuilder::create`]. After an error in opening or completing a file, nothing more is written:
    /// the calls that follow are errors, too.
    pub fn write(&mut self, frame: Frame<'_>) -> Result<ControlFlow<()>> {
        if self.ended {
            return Ok(ControlFlow::Break(()));
        }
        let time = if self.sequence.has_intervals() { frame.timestamp() } else { None };
        // One frame can be due twice: for its time, and then for the size.
        while let Some(due) = self.sequence.due(self.bytes(), time.or_else(|| self.first_time())) {
            if self.next_file(due)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.writer()?.write(frame)?;
        Ok(ControlFlow::Continue(()))
    }

    /// Begins the next file if the interval was over so long ago, by this machine's clock, that all of its frames are there, though none
    /// came since: for a live capture, while it waits. Breaks once there are as many files as there may be.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn rotate_if_due(&mut self) -> Result<ControlFlow<()>> {
        let now = Timestamp::now();
        match self.sequence.end() {
            _ if self.ended => Ok(ControlFlow::Break(())),
            Some(end) if self.sequence.has_started() && end + LATE <= now => self.next_file(Due::Time(now)),
            _ => Ok(ControlFlow::Continue(())),
        }
    }

    /// Calls `each` with the path of each file that is complete, the last one included.
    pub fn on_completed(&mut self, each: impl FnMut(&Path) + Send + 'static) {
        self.completed = Some(Box::new(each));
    }

    /// Describes an interface, in this file and in all that follow; frames that carry the index that it returns are from there.
    ///
    /// # Errors
    ///
    /// As [`SavefileWriter::add_interface`]; [`ErrorKind::InvalidSetting`] once frames were written, as further files could give their
    /// interfaces other indexes.
    pub fn add_interface(&mut self, interface: Interface) -> Result<u32> {
        if self.frames_written() > 0 || self.files > 1 {
            let message = "add interfaces before the first frame: each file describes all of them";
            return Err(Error::new(ErrorKind::InvalidSetting, message));
        }
        let index = match &mut self.file {
            Some(file) => file.add_interface(interface.clone())?,
            None => u32::try_from(self.interfaces.len()).unwrap_or(u32::MAX),
        };
        self.interfaces.push(interface);
        Ok(index)
    }

    /// What the interface with this index received and lost, for the end of the file that is being written:
    /// [`SavefileWriter::interface_stats`]. Before there is one, for the end of the first.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn interface_stats(&mut self, index: u32, stats: &Stats) -> Result<()> {
        match &mut self.file {
            Some(file) => file.interface_stats(index, stats),
            None => {
                self.stats.retain(|(known, _)| *known != index);
                self.stats.push((index, *stats));
                Ok(())
            }
        }
    }

    /// Writes everything that was kept so far: what has arrived are then whole files.
    ///
    /// # Errors
    ///
    /// If bytes cannot be written, now or before.
    pub fn flush(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), SavefileWriter::flush)
    }

    /// Writes what has gathered if [its time](WriterBuilder::flush_every) has come.
    ///
    /// # Errors
    ///
    /// As [`flush`](Self::flush).
    pub fn flush_if_due(&mut self) -> Result<()> {
        self.file.as_mut().map_or(Ok(()), SavefileWriter::flush_if_due)
    }

    /// Completes the last file. A file there is in any case, also where no frame came that could have said what it is called: then the time
    /// is now.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    pub fn finish(mut self) -> Result<()> {
        if !self.sequence.has_started() && !self.ended {
            self.sequence.start_at(Timestamp::now());
            self.open()?;
        }
        self.complete()
    }

    /// The file that is being written.
    pub fn path(&self) -> Option<&Path> {
        self.file.as_ref()?.path()
    }

    /// How many files were begun.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// How many frames were accepted, in all files.
    pub fn frames_written(&self) -> u64 {
        self.frames + self.file.as_ref().map_or(0, SavefileWriter::frames_written)
    }

    /// What the files that are complete have no place for: [`SavefileWriter::losses`].
    pub fn losses(&self) -> &Losses {
        &self.losses
    }

    /// How large the file is. One without a frame is not full, whatever its header takes.
    fn bytes(&self) -> u64 {
        let file = self.file.as_ref().filter(|file| file.frames_written() > 0);
        file.map_or(0, SavefileWriter::bytes_written)
    }

    /// What a frame without a time has instead, where the first file is not named yet.
    fn first_time(&self) -> Option<Timestamp> {
        (!self.sequence.has_started()).then(Timestamp::now)
    }

    fn writer(&mut self) -> Result<&mut SavefileWriter> {
        let message = "nothing more is written: a file could not be opened or completed before";
        self.file.as_mut().ok_or_else(|| Error::new(ErrorKind::Io, message))
    }

    fn next_file(&mut self, due: Due) -> Result<ControlFlow<()>> {
        if self.files > 0 {
            self.writer()?;
        }
        self.complete()?;
        if self.sequence.advance(due).is_break() {
            self.ended = true;
            return Ok(ControlFlow::Break(()));
        }
        self.open().map(ControlFlow::Continue)
    }

    fn open(&mut self) -> Result<()> {
        let mut file = self.builder.clone().create(self.sequence.path()?)?;
        for interface in &self.interfaces {
            file.add_interface(interface.clone())?;
        }
        for (index, stats) in self.stats.drain(..) {
            file.interface_stats(index, &stats)?;
        }
        self.files += 1;
        self.file = Some(file);
        Ok(())
    }

    fn complete(&mut self) -> Result<()> {
        let Some(file) = self.file.take() else { return Ok(()) };
        self.frames += file.frames_written();
        self.losses += file.losses();
        let path = file.path().map(PathBuf::from);
        file.finish()?;
        if let (Some(each), Some(path)) = (&mut self.completed, path) {
            each(&path);
        }
        Ok(())
    }
}

impl fmt::Debug for RotatingWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RotatingWriter")
            .field("path", &self.path())
            .field("files", &self.files)
            .field("frames_written", &self.frames_written())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send>() {}
    movable::<RotatingWriter>();
};
