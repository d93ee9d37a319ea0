//! The clock that frames are sent by.

use std::time::Duration;

use super::StopHandle;

/// A clock that never goes back, and a way to wait for it. A [`Pacer`](super::Pacer) has [`Monotonic`] unless a test brings its own.
pub trait Clock {
    /// Nanoseconds since some moment.
    fn now(&self) -> u64;

    /// Sleeps until about this time, in nanoseconds. It may return early, and does so soon once it is stopped.
    fn sleep_until(&self, time: u64, stop: &StopHandle);

    /// Waits for as short as there is.
    fn relax(&self) {
        std::hint::spin_loop();
    }
}

impl<C: Clock + ?Sized> Clock for &C {
    fn now(&self) -> u64 {
        (**self).now()
    }

    fn sleep_until(&self, time: u64, stop: &StopHandle) {
        (**self).sleep_until(time, stop);
    }

    fn relax(&self) {
        (**self).relax();
    }
}

/// A sleep that is longer than this can be ended by the handle; a shorter one is over before anyone minds.
const SHORT: u64 = 20_000_000;
/// What such a long sleep leaves to a short, exact one.
const REST: u64 = 10_000_000;

/// The computer's own monotonic clock: on Linux CLOCK_MONOTONIC, waited for by its absolute time.
#[derive(Clone, Copy, Debug)]
pub struct Monotonic {
    #[cfg(not(target_os = "linux"))]
    since: std::time::Instant,
}

#[cfg(target_os = "linux")]
impl Monotonic {
    /// The clock.
    pub fn new() -> Self {
        Self {}
    }

    fn sleep_short(&self, time: u64) {
        use nix::sys::prctl::{get_timerslack, set_timerslack};
        use nix::sys::time::TimeSpec;
        use nix::time::{ClockId, ClockNanosleepFlags, clock_nanosleep};

        // The kernel adds up to 50 microseconds of slack to a sleep, unless the thread says that it means it (PR_SET_TIMERSLACK in
        // prctl(2)). It is the thread's own, and may be wanted for something else: it is put back.
        let before = get_timerslack();
        let _ = set_timerslack(1);
        // Whatever comes of it, a signal for one, the next look at the clock shows.
        let until = TimeSpec::from_duration(Duration::from_nanos(time));
        let _ = clock_nanosleep(ClockId::CLOCK_MONOTONIC, ClockNanosleepFlags::TIMER_ABSTIME, &until);
        if let Ok(Ok(before)) = before.map(TryInto::try_into) {
            let _ = set_timerslack(before);
        }
    }
}

#[cfg(target_os = "linux")]
impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> u64 {
        use nix::time::{ClockId, clock_gettime};
        // It cannot fail for a clock that every Linux has.
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).map_or(Duration::ZERO, Duration::from);
        now.as_nanos() as u64
    }

    fn sleep_until(&self, time: u64, stop: &StopHandle) {
        sleep(self.now(), time, stop, || self.sleep_short(time));
    }
}

#[cfg(not(target_os = "linux"))]
impl Monotonic {
    /// The clock.
    pub fn new() -> Self {
        Self { since: std::time::Instant::now() }
    }
}

#[cfg(not(target_os = "linux"))]
impl Clock for Monotonic {
    #[inline]
    fn now(&self) -> u64 {
        self.since.elapsed().as_nanos() as u64
    }

    fn sleep_until(&self, time: u64, stop: &StopHandle) {
        let now = self.now();
        sleep(now, time, stop, || std::thread::sleep(Duration::from_nanos(time.saturating_sub(now))));
    }
}

impl Default for Monotonic {
    fn default() -> Self {
        Self::new()
    }
}

fn sleep(now: u64, time: u64, stop: &StopHandle, short: impl FnOnce()) {
    match time.saturating_sub(now) {
        0 => {}
        left if left > SHORT => stop.sleep(Duration::from_nanos(left - REST)),
        _ => short(),
    }
}
