//! When one file ends and the next begins, and what each is called: tcpdump's `-C`, `-G` and `-W`.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use jiff::tz::TimeZone;

use crate::args::Args;
use crate::error::Failure;

/// The rules by which files follow each other, and where in their order the one being written stands.
///
/// A name has a time in it with `-G` (strftime), and a number behind it with `-C`. With both, numbers start again with each interval. `-W`
/// makes the numbers a ring; with `-G` alone it says how many files there are.
#[derive(Debug)]
pub(crate) struct Rotation {
    name: PathBuf,
    /// `-C`: a file that is larger, in bytes, gets no further packet.
    size: Option<u64>,
    /// `-G`, in seconds.
    interval: Option<i64>,
    /// `-W`
    count: Option<u32>,
    /// Of the file among those of its interval, from 0.
    number: u32,
    /// When the interval began, in seconds since 1970; nothing where that is for the first packet to say.
    start: Option<i64>,
    /// How many intervals there were before this one.
    intervals: u32,
}

/// Why the next file begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// The file is as large as it may be.
    Size,
    /// The interval is over, or the first is to begin: it is now this second since 1970.
    Time(i64),
}

impl Rotation {
    /// What the command line asks for; nothing if that is one file.
    pub(crate) fn new(args: &Args, name: &Path) -> Result<Option<Self>, Failure> {
        if !args.rotates() {
            return Ok(None);
        }
        if args.rotate_seconds.is_some() {
            // So that a name that makes no sense is told before anything is captured.
            named_by_time(name, 0)?;
        }
        Ok(Some(Self {
            name: name.to_owned(),
            size: args.file_size,
            interval: args.rotate_seconds.map(i64::from),
            count: args.file_count,
            number: 0,
            start: None,
            intervals: 0,
        }))
    }

    /// The first interval begins now, whenever the first packet comes.
    pub(crate) fn start_at(&mut self, now: i64) {
        self.start = Some(now);
    }

    /// Whether the first file can be named.
    pub(crate) fn has_started(&self) -> bool {
        self.interval.is_none() || self.start.is_some()
    }

    pub(crate) fn has_intervals(&self) -> bool {
        self.interval.is_some()
    }

    /// Whether a packet of this time goes to the next file, where this one has so many bytes. A time does not come from everywhere.
    ///
    /// That the interval is over comes first, as in tcpdump: the next file then is of another interval.
    #[inline]
    pub(crate) fn due(&self, bytes: u64, time: Option<i64>) -> Option<Due> {
        match (time, self.end()) {
            (Some(time), Some(end)) if time >= end => return Some(Due::Time(time)),
            _ => {}
        }
        (bytes > self.size.unwrap_or(u64::MAX)).then_some(Due::Size)
    }

    /// When the interval is over, in seconds since 1970. One that has not started is over at any time.
    pub(crate) fn end(&self) -> Option<i64> {
        let interval = self.interval?;
        Some(self.start.map_or(i64::MIN, |start| start.saturating_add(interval)))
    }

    /// Goes on to the next file, if there is to be one.
    pub(crate) fn advance(&mut self, due: Due) -> ControlFlow<()> {
        let time = match (due, self.interval) {
            (Due::Time(time), Some(interval)) => Some((time, interval)),
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
    pub(crate) fn path(&self) -> Result<PathBuf, Failure> {
        self.path_of(self.start)
    }

    fn path_of(&self, start: Option<i64>) -> Result<PathBuf, Failure> {
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

    /// How many digits every number has: those of the last one that `-W` allows, so that names sort; none where that is 0, or open.
    fn digits(&self) -> usize {
        let last = self.count.map_or(0, |count| count - 1);
        last.checked_ilog10().map_or(0, |log| log as usize + 1)
    }

    /// Whether each interval's files are going to take the place of those before: their name has no time in it, or none that changes so often.
    pub(crate) fn overwrites(&self) -> bool {
        let (Some(interval), Some(start)) = (self.interval, self.start) else { return false };
        if self.size.is_none() && self.count == Some(1) {
            return false;
        }
        let next = self.path_of(Some(start.saturating_add(interval)));
        matches!((self.path(), next), (Ok(this), Ok(next)) if this == next)
    }

    /// How many files were asked for, where that ends the capture.
    pub(crate) fn limit(&self) -> u32 {
        self.count.unwrap_or_default()
    }
}

/// The name with a local time put in as strftime(3) does.
fn named_by_time(name: &Path, seconds: i64) -> Result<PathBuf, Failure> {
    let refused = |why: &dyn std::fmt::Display| {
        Failure::Usage(format!("-w {}: no name with a time in it, as -G takes it: {why}", name.display()))
    };
    let pattern = name.to_str().ok_or_else(|| refused(&"it is no UTF-8"))?;
    let time = jiff::Timestamp::from_second(seconds).map_err(|error| refused(&error))?;
    let time = time.to_zoned(TimeZone::system());
    jiff::fmt::strtime::format(pattern, &time).map(PathBuf::from).map_err(|error| refused(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rotation(size: Option<u64>, interval: Option<i64>, count: Option<u32>) -> Rotation {
        Rotation { name: "t".into(), size, interval, count, number: 0, start: None, intervals: 0 }
    }

    fn names(mut rotation: Rotation, files: usize) -> Vec<String> {
        let mut names = Vec::new();
        for _ in 0..files {
            names.push(rotation.path().unwrap().to_str().unwrap().to_owned());
            let _ = rotation.advance(Due::Size);
        }
        names
    }

    /// What tcpdump 4.99 calls them.
    #[test]
    fn numbers_are_tcpdumps() {
        assert_eq!(names(rotation(Some(1), None, None), 3), ["t", "t1", "t2"]);
        assert_eq!(names(rotation(Some(1), None, Some(1)), 2), ["t", "t"]);
        assert_eq!(names(rotation(Some(1), None, Some(3)), 4), ["t0", "t1", "t2", "t0"]);
        assert_eq!(names(rotation(Some(1), None, Some(10)), 2), ["t0", "t1"]);
        assert_eq!(names(rotation(Some(1), None, Some(11)), 2), ["t00", "t01"]);
        assert_eq!(names(rotation(Some(1), None, Some(1001)), 1), ["t0000"]);
    }

    #[test]
    fn intervals_do_not_drift_and_end() {
        let mut rotation = rotation(None, Some(10), Some(3));
        assert_eq!(rotation.due(u64::MAX, Some(-5)), Some(Due::Time(-5)));
        assert!(rotation.advance(Due::Time(100)).is_continue());
        assert_eq!(rotation.due(u64::MAX, Some(109)), None);
        assert_eq!(rotation.due(0, None), None);
        assert_eq!(rotation.due(0, Some(117)), Some(Due::Time(117)));
        assert!(rotation.advance(Due::Time(117)).is_continue());
        assert_eq!(rotation.end(), Some(120));
        assert!(rotation.advance(Due::Time(149)).is_continue());
        assert_eq!((rotation.start, rotation.end()), (Some(140), Some(150)));
        assert!(rotation.advance(Due::Time(150)).is_break());
    }

    #[test]
    fn time_comes_before_size_and_starts_the_numbers_again() {
        let mut rotation = rotation(Some(100), Some(10), Some(2));
        rotation.start_at(0);
        assert_eq!(rotation.due(101, Some(9)), Some(Due::Size));
        assert!(rotation.advance(Due::Size).is_continue());
        assert_eq!(rotation.path().unwrap(), Path::new("t1"));
        assert_eq!(rotation.due(101, Some(10)), Some(Due::Time(10)));
        for interval in 1..9 {
            assert!(rotation.advance(Due::Time(interval * 10)).is_continue());
            assert_eq!(rotation.path().unwrap(), Path::new("t0"));
        }
    }

    #[test]
    fn names_that_stay_the_same_are_known() {
        let with = |name: &str, count| {
            let mut rotation = Rotation { name: name.into(), ..rotation(None, Some(60), count) };
            rotation.start_at(1_700_000_000);
            rotation.overwrites()
        };
        assert!(with("t", None) && with("t-%Y%m%d", Some(2)));
        assert!(!with("t", Some(1)) && !with("t-%H%M", None));
        assert!(named_by_time(Path::new("t-%!"), 0).is_err());
    }
}
