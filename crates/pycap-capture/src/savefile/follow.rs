//! Capture files that still grow, and that are rotated away.

#[cfg(target_os = "linux")]
mod arrivals;
mod known;
mod look;
mod mark;
mod pace;
mod tail;
mod watch;

use std::collections::VecDeque;
use std::fmt;
#[cfg(target_os = "linux")]
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::known::Known;
use self::mark::{Mark, still_ends};
use self::pace::Pace;
use self::tail::Tail;
use self::watch::Watch;
use super::{Buffer, Decoder, Format, Parsed, Records, foreign};
use crate::{Error, ErrorKind, Frame, Interface, Next, Record, Result, Source, StopHandle};

/// So many files that came to the path one after the other are kept open until their turn comes, where the reader is slower than whoever
/// rotates them. Of further ones the names are kept.
const MOST_WAITING: usize = 64;

/// How long the path may name something that cannot be opened: whoever rotates files may first make one, then say who may read it.
const PATIENCE: Duration = Duration::from_secs(2);

/// A capture file that is read while it is written: as `tail -F` does it with texts.
///
/// It is read from its start. At its end, the next call waits until it has grown, for the deadline or for the
/// [stop](Follow::stop_handle), without burning time; on Linux it is told by inotify(7), elsewhere it looks four times a second.
///
/// - A record that is not all there yet is waited for, and so is the file's header.
/// - When the path names another file, the one before is read to its end, and then that one, from its start. It takes over when it has its
///   first byte, so that what is still written to the file before is read, too. While the path names nothing, the file before goes on.
/// - Each call looks whether the path names another file, at most twice a millisecond, so that files wait for a slow reader: up to 64 are
///   kept open, and then they are read in their order even if they were removed meanwhile. On Linux a file that came and was renamed
///   between two calls is found under its new name in the same folder, and one that came and was removed is
///   [counted](Follow::files_missed).
/// - A file that was truncated to less than what was read, or written anew in its place, starts over. What it had is lost where it was not
///   read before, and cannot be found: a file that is read while it is written should be renamed, not truncated. One that was only cut back to whole
///   records, as [`SavefileWriter`](crate::SavefileWriter) does on a full disk, goes on.
/// - What is never completed, the last record of a file that was rotated away, is left out and [counted](Follow::incomplete).
/// - Damage within a file is an error, as for [`Savefile`](crate::Savefile), after which there is nothing more.
///
/// Frames carry the index of their interface among all that any of the files has described: one that further files describe in the
/// same way keeps its index.
///
/// ```no_run
/// use pycap_capture::Follow;
///
/// let mut file = Follow::open("trace.pcap")?;
/// let stop = file.stop_handle();
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_secs(10));
///     stop.stop();
/// });
/// while let Some(frame) = file.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
pub struct Follow {
    /// Nothing as long as the file has no whole header.
    records: Option<Records>,
    known: Known,
    file: Tail,
    /// What the path has named since then.
    waiting: VecDeque<Tail>,
    /// A frame that was read ahead.
    ahead: Option<Parsed>,
    /// Whether the file had no more bytes when it was read last: it may have changed in any way since.
    at_end: bool,
    /// Whether the file was written anew while some of it was still in the buffer: after that it is read from its start.
    starts_over: bool,
    /// Where the file ends that is then read, if it was stopped meanwhile.
    anew_until: Option<u64>,
    pace: Pace,
    mark: Mark,
    watch: Watch,
    stop: StopHandle,
    /// As it was given.
    path: PathBuf,
    /// The same from the root, whatever folder this process goes to.
    place: PathBuf,
    /// Why what the path names now cannot be followed, and since when.
    trouble: Option<(Instant, Error)>,
    /// An error that was found while there was something to hand out.
    deferred: Option<Error>,
    /// The stop was seen, and all files have their ends.
    stopping: bool,
    finished: bool,
    frames: u64,
    incomplete: u64,
    files: u64,
    missed: u64,
    /// Readable when there may be more, or when it was stopped.
    #[cfg(target_os = "linux")]
    ready: crate::sys::Gathered,
}

/// What [`Follow::next_record_until`] came back with.
#[derive(Clone, Copy, Debug)]
pub enum NextRecord<'a> {
    /// A record.
    Record(Record<'a>),
    /// The deadline passed first; more records may come.
    TimedOut,
    /// No record will come any more.
    Finished,
}

/// How to read on: frames, or records.
type Read<T> = fn(&mut Records, &mut Tail) -> Result<Option<T>>;

enum Step<T> {
    Record(T),
    /// Something else happened.
    Again,
    /// There is nothing yet.
    Nothing,
}

enum Found<T> {
    Record(T),
    TimedOut,
    Finished,
}

impl Follow {
    /// Follows the file at `path`, from its start.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read, or it is no regular file ([`ErrorKind::Unsupported`]: a pipe is followed by reading it). If
    /// its first bytes are there, and are not those of a capture that can be followed: a compressed one
    /// ([`ErrorKind::Compressed`]), and otherwise as [`Savefile::open`](crate::Savefile::open).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let open = || {
            let stop = StopHandle::new()?;
            let place = std::path::absolute(path)
                .map_err(|error| Error::io("cannot tell which file it is", error))?;
            let mut watch = Watch::new(&place);
            let file = Tail::open(&place)?;
            watch.add(file.identity(), file.file());
            #[cfg(target_os = "linux")]
            let ready = {
                let descriptors = [Some(stop.event().as_fd()), watch.descriptor()];
                crate::sys::Gathered::new(descriptors.into_iter().flatten())
                    .map_err(|error| Error::io("cannot wait for more of the file", error))?
            };
            let mut this = Self {
                records: None,
                known: Known::default(),
                file,
                waiting: VecDeque::new(),
                ahead: None,
                at_end: false,
                starts_over: false,
                anew_until: None,
                pace: Pace::new(),
                mark: Mark::default(),
                watch,
                stop,
                path: path.to_owned(),
                place,
                trouble: None,
                deferred: None,
                stopping: false,
                finished: false,
                frames: 0,
                incomplete: 0,
                files: 1,
                missed: 0,
                #[cfg(target_os = "linux")]
                ready,
            };
            this.header::<Parsed>()?;
            Ok(this)
        };
        open().map_err(|error: Error| error.in_file(path))
    }

    /// The next frame, as soon as it is in the file; `None` when it was [stopped](Self::stop_handle).
    ///
    /// # Errors
    ///
    /// If the file cannot be read, is damaged, or is followed by one that is not a capture. The call after an error returns `None`.
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        Ok(match self.next_frame_until(None)? {
            Next::Frame(frame) => Some(frame),
            Next::TimedOut | Next::Finished => None,
        })
    }

    /// The next frame, or that there was none by `deadline`, or that there will be none any more. Without a deadline it waits as long as
    /// it takes and never returns [`Next::TimedOut`].
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    #[inline]
    pub fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        let parsed = match self.buffered() {
            Some(parsed) => parsed,
            None => match self.next_cold(deadline, |records, file| records.next(file))? {
                Found::Record(parsed) => parsed,
                Found::TimedOut => return Ok(Next::TimedOut),
                Found::Finished => return Ok(Next::Finished),
            },
        };
        // There always are: the record was taken from them.
        let Some(records) = &self.records else { return Ok(Next::Finished) };
        self.frames += 1;
        let frame = records.taken(&parsed);
        Ok(Next::Frame(frame.with_interface(self.known.index(frame.interface()))))
    }

    /// The next record, or that there was none by `deadline`, or that there will be none any more: what
    /// [`Savefile::next_record`](crate::Savefile::next_record) is for a file that does not grow. Each file begins with its own header and
    /// interfaces, whose indexes are those of [`interfaces`](Self::interfaces).
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame) and [`Savefile::next_record`](crate::Savefile::next_record).
    pub fn next_record_until(&mut self, deadline: Option<Instant>) -> Result<NextRecord<'_>> {
        let taken = match (self.ahead.take(), &self.records) {
            (Some(parsed), Some(records)) => records.packet(parsed),
            _ => match self.next_cold(deadline, |records, file| records.next_record(file))? {
                Found::Record(taken) => taken,
                Found::TimedOut => return Ok(NextRecord::TimedOut),
                Found::Finished => return Ok(NextRecord::Finished),
            },
        };
        // There always are: the record was taken from them.
        let Some(records) = &self.records else { return Ok(NextRecord::Finished) };
        let record = records.record(&taken);
        self.frames += u64::from(record.frame().is_some());
        let in_file = record.frame().map(Frame::interface).or_else(|| record.block()?.interface());
        Ok(NextRecord::Record(match in_file {
            Some(in_file) => record.with_interface(self.known.index(in_file)),
            None => record,
        }))
    }

    /// What ends the reads from another thread: what has been written by then is still handed out, and then it is finished.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// The interfaces that the files have described so far, by the index that frames carry.
    pub fn interfaces(&self) -> &[Interface] {
        self.known.all()
    }

    /// The format of the file that is being read; `None` as long as its header is not there.
    pub fn format(&self) -> Option<Format> {
        Some(match &self.records.as_ref()?.decoder {
            Decoder::Pcap(file) => file.format,
            Decoder::Pcapng(_) => Format::Pcapng,
        })
    }

    /// The path that it was opened by.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many frames have been read, of all files.
    pub fn frames_read(&self) -> u64 {
        self.frames
    }

    /// How many files have been begun; one that starts over counts again.
    pub fn files(&self) -> u64 {
        self.files
    }

    /// How many records were cut short for good: the file was rotated away, or truncated, before they were whole.
    pub fn incomplete(&self) -> u64 {
        self.incomplete
    }

    /// How many files the path has named that were not read, or not to their end, as they were gone before: removed, written over, moved to
    /// another folder or truncated, while the reader was elsewhere for longer than they were there.
    ///
    /// With [`files`](Self::files) that makes all files that there were; those that still wait for their turn count in neither. Where the
    /// system tells nothing of what happens in the folder, on systems other than Linux and on file systems of other machines, a file
    /// that came and went between two calls is not noticed, and neither is what a file got and lost again by being truncated in place. If
    /// the reader is away for so long that the system forgets events (fs.inotify.max_queued_events of them), this is the least that it can be.
    pub fn files_missed(&self) -> u64 {
        self.missed + self.watch.missed()
    }

    /// The next frame, if it has been read already.
    #[inline]
    fn buffered(&mut self) -> Option<Parsed> {
        if self.ahead.is_some() {
            return self.ahead.take();
        }
        if self.pace.is_due() {
            self.look_on_the_way();
        }
        self.records.as_mut().and_then(Records::take)
    }

    /// Looks though there is something to hand out; what goes wrong is told when there is not.
    #[cold]
    #[inline(never)]
    fn look_on_the_way(&mut self) {
        if !self.finished && self.deferred.is_none() {
            self.deferred = self.look().err();
        }
    }

    /// Whether the next frame, an error or the end can be had without waiting. The frame is then read, and any other block ahead of it is
    /// passed over.
    #[cfg(all(target_os = "linux", feature = "tokio"))]
    pub(crate) fn is_ready(&mut self) -> Result<bool> {
        if self.ahead.is_none() {
            self.ahead = self.buffered();
        }
        if self.ahead.is_some() {
            return Ok(true);
        }
        Ok(match self.next_cold(Some(Instant::now()), |records, file| records.next(file))? {
            Found::Record(parsed) => {
                self.ahead = Some(parsed);
                true
            }
            Found::TimedOut => false,
            Found::Finished => true,
        })
    }

    /// After which time to look though nothing was told.
    #[cfg(all(target_os = "linux", feature = "tokio"))]
    pub(crate) fn ask_again(&self) -> Option<Duration> {
        Some(self.watch.patience())
    }

    /// What [`next_frame_until`](Self::next_frame_until) does when the buffer does not simply have the next record.
    #[cold]
    #[inline(never)]
    fn next_cold<T>(&mut self, deadline: Option<Instant>, read: Read<T>) -> Result<Found<T>> {
        while !self.finished {
            let step = self.deferred.take().map_or_else(|| self.step(read), Err).map_err(|error| {
                self.finished = true;
                self.records = None;
                error.in_file(&self.path)
            })?;
            match step {
                Step::Record(parsed) => return Ok(Found::Record(parsed)),
                Step::Again => {}
                Step::Nothing if deadline.is_some_and(|deadline| deadline <= Instant::now()) => {
                    return Ok(Found::TimedOut);
                }
                Step::Nothing => self.watch.wait(&self.stop, deadline).map_err(|error| {
                    self.finished = true;
                    Error::io("cannot wait for more of the file", error).in_file(&self.path)
                })?,
            }
        }
        Ok(Found::Finished)
    }

    /// Looks at all that may have changed, and reads on.
    fn step<T>(&mut self, read: Read<T>) -> Result<Step<T>> {
        let stopped = !self.stopping && self.stop.is_stopped();
        let due = self.pace.is_due();
        if stopped || due || self.file.take_moved() || self.at_end {
            self.look()?;
        }
        if stopped {
            // What comes from now on does not count: otherwise a fast writer could go on for ever.
            self.stopping = true;
            self.watch.close();
            let len = self.file.len()?;
            if self.starts_over {
                self.anew_until = Some(len);
            } else {
                self.file.end_at(len);
            }
            for file in &mut self.waiting {
                file.end_at(file.len()?);
            }
        }
        if std::mem::take(&mut self.at_end) {
            self.check_rewritten()?;
        }
        let Some(records) = &mut self.records else { return self.header() };
        self.mark.renew(&records.buffer);
        let next = read(records, &mut self.file);
        self.known.learn(records.decoder.interfaces())?;
        match next {
            Ok(Some(record)) => Ok(Step::Record(record)),
            Ok(None) => self.next_file(),
            Err(error) if error.would_block() => self.nothing_yet(),
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Truncated => self.torn(),
            Err(error) => Err(error),
        }
    }

    /// Reads the file's header, if it is there.
    fn header<T>(&mut self) -> Result<Step<T>> {
        let mut head = [0; foreign::HEAD];
        let found = self.file.peek(0, &mut head)?;
        if let Some((name, unpack)) = foreign::compression(&head[..found]) {
            let message = format!(
                "this is a {name} file, and a compressed one cannot be followed; decompress it as it comes: tail -c +1 -f FILE | {}",
                unpack.trim_end_matches(" FILE")
            );
            return Err(Error::new(ErrorKind::Compressed, message));
        }
        match Records::open(Buffer::new(), &mut self.file) {
            Ok(records) => {
                self.known.learn(records.decoder.interfaces())?;
                self.records = Some(records);
                Ok(Step::Again)
            }
            Err(error) if error.would_block() => {
                self.file.seek(0)?;
                self.nothing_yet()
            }
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Empty => self.next_file(),
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Truncated => self.torn(),
            Err(error) => Err(error),
        }
    }

    /// The file has no more bytes. It goes on only if no other has followed it: one that is written to.
    fn nothing_yet<T>(&mut self) -> Result<Step<T>> {
        self.at_end = true;
        if let Some(next) = self.waiting.front()
            && (self.waiting.len() > 1 || next.len()? > 0)
        {
            // Once more, and to the end: its last bytes may have come before the first of the next one, and after the read before.
            self.file.end_at(u64::MAX);
            return Ok(Step::Again);
        }
        match self.trouble.take() {
            Some((since, error)) if since.elapsed() >= PATIENCE => Err(error),
            trouble => {
                self.trouble = trouble;
                Ok(Step::Nothing)
            }
        }
    }

    /// The file ends within a record or its header.
    fn torn<T>(&mut self) -> Result<Step<T>> {
        // What is still being written when the reads are stopped is not lost.
        if !(self.stopping && self.waiting.is_empty() && !self.starts_over) {
            self.incomplete += 1;
        }
        self.next_file()
    }

    /// Goes on with the file that was written anew, or with what the path named next; without that it is finished.
    fn next_file<T>(&mut self) -> Result<Step<T>> {
        if std::mem::take(&mut self.starts_over) {
            self.file.start_over(self.anew_until)?;
            self.begin();
            return Ok(Step::Again);
        }
        if self.stopping {
            // Those that came before the stop, and had no room.
            let known = self.waiting.len();
            self.open_arrivals()?;
            for file in self.waiting.iter_mut().skip(known) {
                file.end_at(file.len()?);
            }
        }
        match self.waiting.pop_front() {
            Some(next) => {
                self.watch.remove(self.file.identity());
                self.file = next;
                self.begin();
            }
            None => self.finished = true,
        }
        Ok(Step::Again)
    }

    /// The file is read from its start.
    fn begin(&mut self) {
        self.records = None;
        self.ahead = None;
        self.known.begin_file();
        self.mark = Mark::default();
        self.files += 1;
    }

    /// Whether the file still has what was read of it; if not, it is read from its start, or from where it was cut off.
    ///
    /// A file that is truncated and grows again between this and the read that follows goes unseen: who writes a file anew while it is
    /// read should rename it, or remove it, before.
    fn check_rewritten(&mut self) -> Result<()> {
        let Some(records) = &mut self.records else { return Ok(()) };
        let (len, offset) = (self.file.len()?, self.file.offset());
        let window = records.buffer.window();
        let kept = self.mark.holds(&mut self.file)?;
        if kept && len >= offset && still_ends(window, offset, &mut self.file)? {
            return Ok(());
        }
        if !window.is_empty() {
            self.incomplete += 1;
        }
        if kept && len >= records.buffer.position() {
            records.buffer.close();
            return self.file.seek(records.buffer.position());
        }
        self.begin();
        self.file.seek(0)
    }
}

impl Source for Follow {
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        self.next_frame_until(deadline)
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn stop_handle(&self) -> Option<StopHandle> {
        Some(self.stop_handle())
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }
}

/// Readable when there may be more to read, and when it was [stopped](StopHandle): an epoll(7) descriptor. What the file has at first, and
/// what was read into memory, does not show: read until there is [nothing more](Next::TimedOut), and then wait, for a second at most, as the
/// system does not tell of all changes.
#[cfg(target_os = "linux")]
impl AsFd for Follow {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

#[cfg(target_os = "linux")]
impl AsRawFd for Follow {
    fn as_raw_fd(&self) -> RawFd {
        self.ready.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("path", &self.path)
            .field("format", &self.format())
            .field("frames_read", &self.frames)
            .field("files", &self.files)
            .field("incomplete", &self.incomplete)
            .field("files_missed", &self.files_missed())
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<Follow>();
};
