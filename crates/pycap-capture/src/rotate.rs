//! Capture files that follow each other: when one ends, and what the next is called.
//!
//! [`Rotation`] has the rules, those of tcpdump's `-C`, `-G` and `-W`; [`RotatingWriter`] writes by them. [`FileSequence`] is for programs that
//! open and close the files themselves.

mod sequence;
mod writer;

use std::time::Duration;

use crate::{Error, ErrorKind, Result, Timestamp};

pub use self::sequence::{Due, FileSequence};
pub use self::writer::{RotatingBuilder, RotatingWriter};

/// The rules by which files follow each other: by size, by time, or by both.
///
/// | | names | the number of files is |
/// |---|---|---|
/// | [`size`](Self::size) | `trace`, `trace1`, `trace2`, ... | a ring: `trace0`, `trace1`, `trace0`, ..., with as many digits as the last one has |
/// | [`every`](Self::every) | the local time when the interval began, put in as by strftime(3) | a limit, after which nothing is written |
/// | both | the time, and a number behind it, which starts again with each interval | a ring in each interval |
///
/// Numbers go behind the whole name, an extension included. Files that are there already are written over.
///
/// ```
/// use std::time::Duration;
/// use pycap_capture::Rotation;
///
/// // A new file after 100 million bytes; of the last 1000, one takes the place of the oldest.
/// let by_size = Rotation::new().size(100_000_000).files(1000);
/// // A day in files of an hour each, such as trace-07.pcap.
/// let by_time = Rotation::new().every(Duration::from_secs(3600));
/// assert_eq!(by_time.sequence("trace-%H.pcap")?.end(), Some(pycap_capture::Timestamp::MIN));
/// # Ok::<(), pycap_capture::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use = "it only says how to rotate: `WriterBuilder::rotate` takes it"]
pub struct Rotation {
    size: Option<u64>,
    interval: Option<Duration>,
    files: Option<u32>,
    start: Option<Timestamp>,
}

impl Rotation {
    /// No rules: there has to be one at least.
    pub const fn new() -> Self {
        Self { size: None, interval: None, files: None, start: None }
    }

    /// A file of more than so many bytes, before compression, gets no further frame: so each is larger than this by a part of a frame. At
    /// least 1.
    pub const fn size(mut self, bytes: u64) -> Self {
        self.size = Some(bytes);
        self
    }

    /// A file has frames of this time, in whole seconds and one at least, from the time of the first frame on. Intervals follow each other
    /// without drift; one in which no frame came has no file, unless [`RotatingWriter::rotate_if_due`] ends it. A frame of an earlier time goes to the file that is being written.
    pub const fn every(mut self, interval: Duration) -> Self {
        self.interval = Some(interval);
        self
    }

    /// How many files there are, 1 at least; what that means is in the table above.
    pub const fn files(mut self, count: u32) -> Self {
        self.files = Some(count);
        self
    }

    /// The first [interval](Self::every) begins then, in whole seconds, and not with the first frame: now, for a live capture.
    pub const fn start_at(mut self, time: Timestamp) -> Self {
        self.start = Some(time);
        self
    }

    /// The files of this name.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if there is no rule, or one makes no sense. A name without a pattern of strftime(3)'s, where each interval's
    /// files take the place of those before, is taken: [`FileSequence::overwrites`] tells; [`RotatingBuilder::create`] refuses it.
    pub fn sequence(&self, name: impl AsRef<std::path::Path>) -> Result<FileSequence> {
        let refused = |message: &'static str| Err(Error::new(ErrorKind::InvalidSetting, message));
        match *self {
            Self { size: None, interval: None, .. } => {
                refused("say when the next file is to begin, by size or by time: the rotation has no rule")
            }
            Self { size: Some(0), .. } => {
                refused("give files a size of at least 1 byte: that of the rotation is 0")
            }
            Self { interval: None, start: Some(_), .. } => {
                refused("give an interval, which a start belongs to: the rotation goes by size alone")
            }
            Self { files: Some(0), .. } => refused("rotate through at least 1 file: the rotation has 0"),
            Self { interval: Some(time), .. } if time.as_secs() == 0 || time.subsec_nanos() > 0 => {
                let message = format!(
                    "rotate after whole seconds, at least 1: the rotation has an interval of {time:?}"
                );
                Err(Error::new(ErrorKind::InvalidSetting, message))
            }
            Self { size, interval, files, start } => {
                FileSequence::new(name.as_ref(), size, interval.map(|time| time.as_secs()), files, start)
            }
        }
    }
}
