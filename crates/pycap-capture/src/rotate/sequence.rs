//! Which file of a rotation is being written, and what each is called.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::{Error, ErrorKind, Result, Timestamp};

/// The files of a [`Rotation`](super::Rotation), and where in their order the one being written stands.
#[derive(Clone, Debug)]
pub struct FileSequence {
    name: PathBuf,
    /// A file that is larger, in bytes, gets no further frame.
    size: Option<u64>,
    /// In seconds.
    interval: Option<i64>,
    count: Option<u32>,
    /// Of the file among those of its interval, from 0.
    number: u32,
    /// When the interval began, in seconds since 1970; nothing where that is for the first frame to say.
    start: Option<i64>,
    /// How many intervals there were before this one.
    intervals: u32,
}

/// Why the next file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// The file is as large as it may be.
    Size,
    /// The interval is over, or the first is to begin: it is now this time.
    Time(Timestamp),
}

impl FileSequence {
    pub(super) fn new(
        name: &Path,
        size: Option<u64>,
        interval: Option<u64>,
        count: Option<u32>,
        start: Option<Timestamp>,
    ) -> Result<Self> {
        if interval.is_some() {
            // So that a name that makes no sense is refused before anything is written.
            named_by_time(name, 0)?;
        }
        let interval = interval.map(|secs| i64::try_from(secs).unwrap_or(i64::MAX));
        let start = start.filter(|_| interval.is_some()).map(Timestamp::secs);
        Ok(Self { name: name.to_owned(), size, interval, count, number: 0, start, intervals: 0 })
    }

    /// The first interval begins at this time, whenever the first frame comes.
    pub fn start_at(&mut self, time: Timestamp) {
        self.start = Some(time.secs());
    }

    /// Whether the first file can be named: with intervals, the first frame's time says when the first began.
    pub fn has_started(&self) -> bool {
        self.interval.is_none() || self.start.is_some()
    }

    /// Whether time matters.
    pub fn has_intervals(&self) -> bool {
        self.interval.is_some()
    }

    /// Whether a frame of this time goes to the next file, where this one has so many bytes. A time does not come from everywhere.
    ///
    /// That the interval is over comes first, as in tcpdump: the next file then is of another interval.
    #[inline]
    pub fn due(&self, bytes: u64, time: Option<Timestamp>) -> Option<Due> {
        match (time, self.end()) {
            (Some(time), Some(end)) if time >= end => return Some(Due::Time(time)),
            _ => {}
        }
        (bytes > self.size.unwrap_or(u64::MAX)).then_some(Due::Size)
    }

    /// When the interval is over. One that has not started is over at any time.
    #[inline]
    pub fn end(&self) -> Option<Timestamp> {
        let interval = self.interval?;
        Some(self.start.map_or(Timestamp::MIN, |start| Timestamp::new(start.saturating_add(interval), 0)))
    }

    /// Goes on to the next file; breaks if there is to be none.
    pub fn advance(&mut self, due: Due) -> ControlFlow<()> {
        let time = match (due, self.interval) {
            (Due::Time(time), Some(interval)) => Some((time.secs(), interval)),
            _ => None,
        };
        let Some((time, interval)) = time else {
            self.number += 1;
            if self.count.is_some_and(|count| self.number >= count) {
                self.number = 0;
            }
            return ControlFlow::Continue(());
        };
        self.number = 0;
        let Some(start) = self.start else {
            self.start = Some(time);
            return ControlFlow::Continue(());
        };
        // Intervals follow each other without drift; those in which nothing could be written are left out.
        let passed = time.saturating_sub(start).div_euclid(interval).max(1);
        self.start = Some(start.saturating_add(passed.saturating_mul(interval)));
        self.intervals = self.intervals.saturating_add(1);
        match self.count {
            Some(count) if self.size.is_none() && self.intervals >= count => ControlFlow::Break(()),
            _ => ControlFlow::Continue(()),
        }
    }

    /// The name of the file.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if the time cannot be put into it.
    pub fn path(&self) -> Result<PathBuf> {
        self.path_of(self.start)
    }

    fn path_of(&self, start: Option<i64>) -> Result<PathBuf> {
        let mut path = match (self.interval, start) {
            (Some(_), Some(start)) => named_by_time(&self.name, start)?,
            _ => self.name.clone(),
        };
        let digits = self.size.map_or(0, |_| self.digits());
        if self.number > 0 || digits > 0 {
            path.as_mut_os_string().push(format!("{:0digits$}", self.number));
        }
        Ok(path)
    }

    /// How many digits every number has: those of the last one that there may be, so that names sort; none where that is 0, or open.
    fn digits(&self) -> usize {
        let last = self.count.map_or(0, |count| count - 1);
        last.checked_ilog10().map_or(0, |log| log as usize + 1)
    }

    /// Whether each interval's files are going to take the place of those before: their name has no time in it, or none that changes so often.
    pub fn overwrites(&self) -> bool {
        let Some(interval) = self.interval else { return false };
        let start = self.start.unwrap_or(0);
        if self.size.is_none() && self.count == Some(1) {
            return false;
        }
        let [this, next] = [start, start.saturating_add(interval)].map(|start| self.path_of(Some(start)));
        matches!((this, next), (Ok(this), Ok(next)) if this == next)
    }

    /// How many files were asked for, where that is a limit or a ring.
    pub fn files(&self) -> Option<u32> {
        self.count
    }
}

/// The name with a local time put in as strftime(3) does.
fn named_by_time(name: &Path, seconds: i64) -> Result<PathBuf> {
    let refused = |why: &dyn std::fmt::Display| {
        let message = format!("no name with a time in it, as strftime(3) takes it: {why}");
        Error::new(ErrorKind::InvalidSetting, message).in_file(name)
    };
    let pattern = name.to_str().ok_or_else(|| refused(&"it is no UTF-8"))?;
    let time = jiff::Timestamp::from_second(seconds).map_err(|error| refused(&error))?;
    let time = time.to_zoned(TimeZone::system());
    jiff::fmt::strtime::format(pattern, &time).map(PathBuf::from).map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::new(secs, 0)
    }

    fn files_of(size: Option<u64>, interval: Option<i64>, count: Option<u32>) -> FileSequence {
        FileSequence { name: "t".into(), size, interval, count, number: 0, start: None, intervals: 0 }
    }

    fn names(mut files_of: FileSequence, files: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..files {
            names.push(files_of.path().unwrap().to_str().unwrap().to_owned());
            let _ = files_of.advance(Due::Size);
        }
        names
    }

    /// What tcpdump 4.99 calls them.
    #[test]
    fn numbers_are_tcpdumps() {
        assert_eq!(names(files_of(Some(1), None, None), 3), ["t", "t1", "t2"]);
        assert_eq!(names(files_of(Some(1), None, Some(1)), 2), ["t", "t"]);
        assert_eq!(names(files_of(Some(1), None, Some(3)), 4), ["t0", "t1", "t2", "t0"]);
        assert_eq!(names(files_of(Some(1), None, Some(10)), 2), ["t0", "t1"]);
        assert_eq!(names(files_of(Some(1), None, Some(11)), 2), ["t00", "t01"]);
        assert_eq!(names(files_of(Some(1), None, Some(1001)), 1), ["t0000"]);
    }

    #[test]
    fn intervals_do_not_drift_and_end() {
        let mut files_of = files_of(None, Some(10), Some(3));
        assert_eq!(files_of.due(u64::MAX, Some(at(-5))), Some(Due::Time(at(-5))));
        assert!(files_of.advance(Due::Time(at(100))).is_continue());
        assert_eq!(files_of.due(u64::MAX, Some(at(109))), None);
        assert_eq!(files_of.due(0, None), None);
        assert_eq!(files_of.due(0, Some(at(117))), Some(Due::Time(at(117))));
        assert!(files_of.advance(Due::Time(at(117))).is_continue());
        assert_eq!(files_of.end(), Some(at(120)));
        assert!(files_of.advance(Due::Time(at(149))).is_continue());
        assert_eq!((files_of.start, files_of.end()), (Some(140), Some(at(150))));
        assert!(files_of.advance(Due::Time(at(150))).is_break());
    }

    #[test]
    fn time_comes_before_size_and_starts_the_numbers_again() {
        let mut files_of = files_of(Some(100), Some(10), Some(2));
        files_of.start_at(at(0));
        assert_eq!(files_of.due(101, Some(at(9))), Some(Due::Size));
        assert!(files_of.advance(Due::Size).is_continue());
        assert_eq!(files_of.path().unwrap(), Path::new("t1"));
        assert_eq!(files_of.due(101, Some(at(10))), Some(Due::Time(at(10))));
        for interval in 1..9 {
            assert!(files_of.advance(Due::Time(at(interval * 10))).is_continue());
            assert_eq!(files_of.path().unwrap(), Path::new("t0"));
        }
    }

    #[test]
    fn names_that_stay_the_same_are_known() {
        let with = |name: &str, count| {
            let mut files_of = FileSequence { name: name.into(), ..files_of(None, Some(60), count) };
            files_of.start_at(at(1_700_000_000));
            files_of.overwrites()
        };
        assert!(with("t", None) && with("t-%Y%m%d", Some(2)));
        assert!(!with("t", Some(1)) && !with("t-%H%M", None));
        assert!(named_by_time(Path::new("t-%!"), 0).is_err());
    }
}
