//! What became of a replay.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::pacer::Lateness;
use crate::{SendError, SendErrorKind};

/// The account of a replay.
#[derive(Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// Frames that were to be sent: those that were accepted, and those that were not.
    pub attempted: u64,
    /// Frames that the sender accepted.
    pub sent: u64,
    /// Their bytes, from the link header on.
    pub bytes: u64,
    /// Why the others were not accepted: each reason once.
    pub failures: Vec<Failure>,
    /// Frames of link types that the sender does not take and that could not be made such as it takes, by reason. They do not count as
    /// attempted.
    pub other_link_types: Vec<Failure>,
    /// Frames with a checksum that their sender had left to its network card, and that was completed.
    pub completed_checksums: u64,
    /// Frames with checksums that were wrong, and that were [fixed](super::Replay::fix_checksums).
    pub fixed_checksums: u64,
    /// Frames with checksums that were to be completed or fixed and could not be, since the frame was cut short or has no transport that
    /// is known here; they went as they were.
    pub unfinished_checksums: u64,
    /// Frames that were cut into segments, and how many those were; the segments count as attempted, sent and failed.
    pub cut_into_segments: u64,
    /// See above.
    pub segments: u64,
    /// Frames of which the capture has the beginning only, and that were sent so.
    pub cut: u64,
    /// Those that were left out instead, on request. They do not count as attempted.
    pub left_out: u64,
    /// From the first frame to when the last one was accepted.
    pub duration: Duration,
    /// How long after their time frames were handed to the sender. At top speed there are none.
    pub lateness: Lateness,
}

/// A reason for which frames were not sent.
#[derive(Debug)]
#[non_exhaustive]
pub struct Failure {
    /// What kind of reason.
    pub kind: SendErrorKind,
    /// How many frames.
    pub count: u64,
    /// What was said of the first one.
    pub first: SendError,
    /// Which one that was: the number of the frame in its source, the first one being 1.
    pub number: u64,
}

/// More reasons than this are told together, by their kinds.
const MOST_REASONS: usize = 32;

impl Report {
    /// Frames that were not sent.
    pub fn failed(&self) -> u64 {
        self.failures.iter().map(|failure| failure.count).sum()
    }

    /// Frames sent in a second; 0 if no time has passed.
    pub fn packets_per_second(&self) -> f64 {
        self.per_second(self.sent)
    }

    /// Bits of frames sent in a second, counted as [`Pace::BitsPerSecond`](crate::pacer::Pace::BitsPerSecond) does.
    pub fn bits_per_second(&self) -> f64 {
        self.per_second(self.bytes) * 8.0
    }

    fn per_second(&self, count: u64) -> f64 {
        if self.duration.is_zero() { 0.0 } else { count as f64 / self.duration.as_secs_f64() }
    }

    /// Frames that were not attempted since they are of another link type.
    pub fn other_link_type(&self) -> u64 {
        self.other_link_types.iter().map(|failure| failure.count).sum()
    }
}

/// Counts a frame by the reason for which it was not sent: reasons that differ in numbers alone are one.
#[cold]
pub(super) fn count(failures: &mut Vec<Failure>, error: SendError, number: u64) {
    let same = failures.iter().position(|failure| failure.first.has_reason_of(&error));
    let full = failures.len() >= MOST_REASONS;
    let place = same.or_else(|| failures.iter().position(|failure| full && failure.kind == error.kind()));
    match place.and_then(|place| failures.get_mut(place)) {
        Some(failure) => failure.count += 1,
        None => failures.push(Failure { kind: error.kind(), count: 1, first: error, number }),
    }
}

/// `1 failed: packet 7: eth0: the frame has 0 bytes, ...` or `3 failed, the first: packet 7: eth0: ...`
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, "failed")
    }
}

impl Failure {
    fn write(&self, f: &mut fmt::Formatter<'_>, what: &str) -> fmt::Result {
        let Self { count, first, number, .. } = self;
        let which = if *count == 1 { "" } else { ", the first" };
        write!(f, "{count} {what}{which}: packet {number}: {first}")
    }
}

/// Some lines: what was attempted and sent, then a line for each reason why frames were not sent, with the number of the first of them in
/// its source, what was done to checksums and segments, how fast it was, and how [late](Lateness) frames were.
///
/// ```text
/// 53 packets attempted, 51 sent, 2 failed
/// 2 failed, the first: packet 7: eth0: the frame has 1515 bytes, 1 more than 1514, its MTU of 1500 and a link header of 14
/// checksums completed in 4 packets
/// 9116 bytes in 2.391 s: 22.2 packets/s, 0.030 Mbit/s
/// late by 5.0 us (median), 55.0 us (99 %), 80.1 us (at most)
/// ```
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} attempted, {} sent, {} failed", packets(self.attempted), self.sent, self.failed())?;
        if self.cut > 0 {
            write!(f, "; {} of them as captured, without their end", self.cut)?;
        }
        if self.left_out > 0 {
            write!(f, "; {} left out, which the capture has not to their end", self.left_out)?;
        }
        if !self.failures.is_empty() || !self.other_link_types.is_empty() {
            write!(f, "\n{}", self.not_sent())?;
        }
        let checksums = [
            (self.completed_checksums, "completed"),
            (self.fixed_checksums, "fixed"),
            (self.unfinished_checksums, "left unfinished"),
        ];
        let mut start = "\nchecksums";
        for (count, done) in checksums.into_iter().filter(|(count, _)| *count > 0) {
            write!(f, "{start} {done} in {}", packets(count))?;
            start = ",";
        }
        if self.cut_into_segments > 0 {
            write!(f, "\n{} cut into {} segments", packets(self.cut_into_segments), self.segments)?;
        }
        if self.sent == 0 {
            return Ok(());
        }
        write!(
            f,
            "\n{} bytes in {:.3} s: {:.1} packets/s, {:.3} Mbit/s",
            self.bytes,
            self.duration.as_secs_f64(),
            self.packets_per_second(),
            self.bits_per_second() / 1e6
        )?;
        if self.lateness.count() > 0 { write!(f, "\n{}", self.lateness) } else { Ok(()) }
    }
}

impl Report {
    /// A line for each reason why frames were not sent, with the number of the first of them in its source; nothing if all were.
    pub fn not_sent(&self) -> impl fmt::Display {
        NotSent(self)
    }
}

struct NotSent<'a>(&'a Report);

impl fmt::Display for NotSent<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let failures = self.0.failures.iter().map(|failure| (failure, "failed"));
        let others = self.0.other_link_types.iter().map(|failure| (failure, "not sent"));
        for (number, (failure, what)) in failures.chain(others).enumerate() {
            if number > 0 {
                f.write_str("\n")?;
            }
            failure.write(f, what)?;
        }
        Ok(())
    }
}

fn packets(count: u64) -> String {
    format!("{count} packet{}", if count == 1 { "" } else { "s" })
}

/// How far a replay is, for those who watch from another thread.
#[derive(Debug, Default)]
pub struct Progress {
    attempted: AtomicU64,
    sent: AtomicU64,
}

impl Progress {
    /// Frames that were to be sent so far.
    pub fn attempted(&self) -> u64 {
        self.attempted.load(Ordering::Relaxed)
    }

    /// Frames that were accepted so far.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    pub(super) fn set(&self, attempted: u64, sent: u64) {
        self.attempted.store(attempted, Ordering::Relaxed);
        self.sent.store(sent, Ordering::Relaxed);
    }
}
