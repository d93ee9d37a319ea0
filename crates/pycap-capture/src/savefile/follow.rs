//! Capture files that still grow, and that are rotated away.

mod known;
mod mark;
mod tail;
mod watch;

use std::collections::VecDeque;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use self::known::Known;
use self::mark::{Mark, still_ends};
use self::tail::Tail;
use self::watch::Watch;
use super::{Buffer, Decoder, Format, Parsed, Records, foreign};
use crate::{Error, ErrorKind, Frame, Interface, Next, Record, Result, Source, StopHandle};

/// So many files that came to the path one after the other are kept open until their turn comes, where the reader is slower than whoever
/// rotates them.
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
/// - A file that was truncated to less than what was read, or written anew in its place, starts over. One that was only cut back to whole
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
    /// Whether the file had no more bytes when it was read last: it may have changed in any way since.
    at_end: bool,
    mark: Mark,
    watch: Watch,
    stop: StopHandle,
    /// As it was given.
    path: PathBuf,
    /// The same from the root, whatever folder this process goes to.
    place: PathBuf,
    /// Why what the path names now cannot be followed, and since when.
    trouble: Option<(Instant, Error)>,
    /// The stop was seen, and all files have their ends.
    stopping: bool,
    finished: bool,
    frames: u64,
    incomplete: u64,
    files: u64,
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
            let mut this = Self {
                records: None,
                known: Known::default(),
                file,
                waiting: VecDeque::new(),
                at_end: false,
                mark: Mark::default(),
                watch,
                stop,
                path: path.to_owned(),
                place,
                trouble: None,
                stopping: false,
                finished: false,
                frames: 0,
                incomplete: 0,
                files: 1,
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
        let parsed = match self.records.as_mut().and_then(Records::take) {
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
        let taken = match self.next_cold(deadline, |records, file| records.next_record(file))? {
            Found::Record(taken) => taken,
            Found::TimedOut => return Ok(NextRecord::TimedOut),
            Found::Finished => return Ok(NextRecord::Finished),
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

    /// What [`next_frame_until`](Self::next_frame_until) does when the buffer does not simply have the next record.
    #[cold]
    #[inline(never)]
    fn next_cold<T>(&mut self, deadline: Option<Instant>, read: Read<T>) -> Result<Found<T>> {
        while !self.finished {
            let step = self.step(read).map_err(|error| {
                self.finished = true;
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
        // A look at the path takes a microsecond, so that there is one for each read, not for each record.
        if stopped || !self.stopping && (self.file.take_moved() || self.at_end) {
            self.look();
        }
        if stopped {
            // What comes from now on does not count: otherwise a fast writer could go on for ever.
            self.stopping = true;
            for file in std::iter::once(&mut self.file).chain(&mut self.waiting) {
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
            Ok(None) => Ok(self.next_file()),
            Err(error) if error.would_block() => self.nothing_yet(),
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Truncated => Ok(self.torn()),
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
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Empty => Ok(self.next_file()),
            Err(error) if self.file.ends() && error.kind() == ErrorKind::Truncated => Ok(self.torn()),
            Err(error) => Err(error),
        }
    }

    /// Whether the path names another file by now.
    fn look(&mut self) {
        if self.waiting.len() == MOST_WAITING {
            return;
        }
        let last = self.waiting.back().unwrap_or(&self.file);
        match Tail::find(&self.place, last.identity()) {
            Ok(found) => {
                self.trouble = None;
                if let Some(file) = found {
                    self.watch.add(file.identity(), file.file());
                    self.waiting.push_back(file);
                }
            }
            Err(error) => {
                let since = self.trouble.take().map_or_else(Instant::now, |(since, _)| since);
                self.trouble = Some((since, error));
            }
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
    fn torn<T>(&mut self) -> Step<T> {
        // What is still being written when the reads are stopped is not lost.
        if !(self.stopping && self.waiting.is_empty()) {
            self.incomplete += 1;
        }
        self.next_file()
    }

    /// Goes on with what the path named next; without that it is finished.
    fn next_file<T>(&mut self) -> Step<T> {
        match self.waiting.pop_front() {
            Some(next) => {
                self.watch.remove(self.file.identity());
                self.file = next;
                self.begin();
            }
            None => self.finished = true,
        }
        Step::Again
    }

    /// The file is read from its start.
    fn begin(&mut self) {
        self.records = None;
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

impl fmt::Debug for Follow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Follow")
            .field("path", &self.path)
            .field("format", &self.format())
            .field("frames_read", &self.frames)
            .field("files", &self.files)
            .field("incomplete", &self.incomplete)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<Follow>();
};
