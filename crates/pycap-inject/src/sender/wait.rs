//! How long a sender waits where the system has no room, and how it says so.

use std::borrow::Cow;
use std::io;
use std::time::{Duration, Instant};

use super::{SendError, SendErrorKind, SendStats};

/// How long a sender tries a frame again, unless asked for another time: longer than any queue takes that moves at all.
pub(crate) const LONGEST: Duration = Duration::from_secs(1);

/// From the first try on each pause is twice the one before, from a few frames' time on a fast link to what no one minds.
const SHORTEST_PAUSE: Duration = Duration::from_micros(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

/// What can be said of a call that failed.
pub(crate) enum Refusal {
    /// There is no room now, and the socket tells when there is (`EAGAIN`): its own, SO_SNDBUF.
    Full,
    /// There is no room now in a queue that nobody tells of (`ENOBUFS`): the interface's dropped the frame (`net_xmit_errno` in
    /// include/linux/netdevice.h).
    Congested,
    /// A signal came: no more than that.
    Interrupted,
    /// It will not be sent.
    Final,
}

impl Refusal {
    pub(crate) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock => Self::Full,
            io::ErrorKind::Interrupted => Self::Interrupted,
            _ if is_no_buffers(error) => Self::Congested,
            _ => Self::Final,
        }
    }
}

#[cfg(unix)]
fn is_no_buffers(error: &io::Error) -> bool {
    error.raw_os_error() == Some(libc::ENOBUFS)
}

#[cfg(not(unix))]
fn is_no_buffers(_: &io::Error) -> bool {
    false
}

/// The pauses between the tries of one frame.
#[derive(Debug)]
pub(crate) struct Patience {
    longest: Duration,
    started: Option<Instant>,
    pause: Duration,
}

impl Patience {
    pub(crate) fn new(longest: Duration) -> Self {
        Self { longest, started: None, pause: SHORTEST_PAUSE }
    }

    /// Something was accepted: the next one gets all the time again.
    #[inline]
    pub(crate) fn reset(&mut self) {
        if self.started.is_some() {
            *self = Self::new(self.longest);
        }
    }

    /// Pauses by `sleep`, which takes how long a pause is now and how long it may be; `false` if the time is over.
    #[cold]
    pub(crate) fn pause(&mut self, stats: &mut SendStats, sleep: impl FnOnce(Duration, Duration)) -> bool {
        let now = Instant::now();
        let started = *self.started.get_or_insert(now);
        let left = self.longest.saturating_sub(now - started);
        if left.is_zero() {
            return false;
        }
        sleep(self.pause.min(left), left);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        stats.waits += 1;
        stats.waited += now.elapsed();
        true
    }

    /// What is said when the time is over.
    #[cold]
    pub(crate) fn over(&self, error: Option<io::Error>) -> SendError {
        let longest = self.longest;
        let message = if longest.is_zero() {
            Cow::Borrowed("no room for the frame now: wait, or let the sender wait (`max_wait`)")
        } else {
            format!("no room for the frame in {longest:?}: send more slowly, or make the queue longer").into()
        };
        match error {
            Some(error) => SendError::system(SendErrorKind::NoBuffers, message, error),
            None => SendError::new(SendErrorKind::NoBuffers, message),
        }
    }
}
