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
}

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

    #[cold]
    pub(super) fn fail(&mut self, error: SendError) {
        let kind = error.kind();
        match self.failures.iter_mut().find(|failure| failure.kind == kind) {
            Some(failure) => failure.count += 1,
            None => self.failures.push(Failure { kind, count: 1, first: error }),
        }
    }
}

/// `9 attempted, 8 sent, 1 failed, 480 bytes in 1.002s: 8 packets/s, 3832 bit/s; late by 3µs (median), 9µs (99 %)`
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { attempted, sent, bytes, duration, .. } = self;
        write!(
            f,
            "{attempted} attempted, {sent} sent, {} failed, {bytes} bytes in {duration:.3?}: {:.0} packets/s, {:.0} bit/s",
            self.failed(),
            self.packets_per_second(),
            self.bits_per_second()
        )?;
        match (self.lateness.median(), self.lateness.p99()) {
            (Some(median), Some(p99)) => write!(f, "; late by {median:.0?} (median), {p99:.0?} (99 %)"),
            _ => Ok(()),
        }
    }
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
