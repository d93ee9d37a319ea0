//! When to send: so many packets or bits a second, or with the gaps of a capture.
//!
//! The times at which frames are due are computed from the start, never from the frame before, so that errors do not add up: a frame that
//! is late is followed by the next one at its own time, and those that are overdue go at once.

mod clock;
mod lateness;
mod stop;

pub use clock::{Clock, Monotonic};
pub use lateness::Lateness;
pub use stop::StopHandle;

use std::time::Duration;

use crate::{SendError, SendErrorKind};

const NANOS_PER_SEC: f64 = 1e9;

/// A frame that is nearer than this is waited for by looking at the clock again and again: a sleep ends some 50 to 100 microseconds late
/// where the processor has gone to sleep as well.
const NEAR: u64 = 200_000;

/// A clock that goes back by no more than this was not set: a machine with several queues takes frames down a little out of order.
const OUT_OF_ORDER: i128 = 1_000_000_000;

/// A capture without a pause of a day is what one is; where one has it, its clock was set.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 3600);

/// How fast frames go.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Pace {
    /// As fast as the sender takes them.
    TopSpeed,
    /// So many frames a second.
    PacketsPerSecond(f64),
    /// So many bits of frames a second, from the link header on: without frame check sequence, preamble and the gap between frames, which
    /// are 24 bytes a frame on an Ethernet cable.
    BitsPerSecond(f64),
    /// With the gaps of the capture that they are from, played so many times as fast: 2 halves the gaps.
    Recorded(f64),
}

/// The gap between a frame of a capture and the one ahead of it, and what comes of it: [`Pacer::gap`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Gap {
    /// How much later, or [earlier](Self::is_backward), the frame was captured.
    pub recorded: Duration,
    /// How long that is at the pace that was asked for.
    pub paced: Duration,
    /// How long it is waited for: less than that where it is [too long](Pacer::max_gap).
    pub wait: Duration,
    /// The clock of the capture went back, by more than a second: frames are timed from there on, and this one is not waited for.
    pub is_backward: bool,
}

/// Says when frames are due, and waits until they are.
///
/// For frames of one kind, [`batch`](Self::batch) is all it takes:
///
/// ```
/// use pycap_inject::pacer::{Pace, Pacer};
///
/// let mut pacer = Pacer::new(Pace::PacketsPerSecond(10_000.0))?;
/// let mut sent = 0;
/// while sent < 20 {
///     // At most 64 of 60 bytes: one as a rule, and those that are overdue.
///     sent += pacer.batch(60, 64);
///     // Here they are handed to a sender.
/// }
/// assert!(pacer.elapsed() >= std::time::Duration::from_micros(1_900));
/// # Ok::<(), pycap_inject::SendError>(())
/// ```
///
/// Otherwise [`schedule`](Self::schedule) says of one frame after the other when it is due, [`wait`](Self::wait) waits for one, and
/// [`is_due`](Self::is_due) tells whether the next can go with it.
#[derive(Debug)]
pub struct Pacer<C: Clock = Monotonic> {
    pace: Pace,
    clock: C,
    spin: bool,
    stop: StopHandle,
    /// On the clock.
    start: Option<u64>,
    /// The last look at the clock, since the start.
    now: u64,
    /// Frames and bits scheduled so far.
    frames: u64,
    bits: u64,
    pass: Pass,
    /// When the last one is due.
    last: u64,
    gap: Gap,
    max_gap: Option<u64>,
    /// One that [`batch`](Self::batch) has scheduled and that was not due.
    held: Option<Due>,
    lateness: Lateness,
}

/// One way through a capture.
#[derive(Clone, Copy, Debug, Default)]
struct Pass {
    /// When its first frame is due.
    due: u64,
    recorded: Option<Recorded>,
    frames: u64,
}

/// The clock of a capture, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Recorded {
    /// What was captured at this time is due then. Frames are timed by these two, so that errors do not add up.
    time: i128,
    due: u64,
    /// When the last frame was captured, and the latest.
    last: i128,
    latest: i128,
}

/// When a frame is due: nanoseconds since the first one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Due(u64);

impl Due {
    /// The time since the first frame.
    pub fn since_start(self) -> Duration {
        Duration::from_nanos(self.0)
    }
}

impl Pacer {
    /// By the computer's monotonic clock.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::InvalidSetting`] for a rate or a factor that is not a number above 0.
    pub fn new(pace: Pace) -> Result<Self, SendError> {
        Self::with_clock(pace, Monotonic::new())
    }
}

impl<C: Clock> Pacer<C> {
    /// By another clock.
    ///
    /// # Errors
    ///
    /// As [`new`](Pacer::new).
    pub fn with_clock(pace: Pace, clock: C) -> Result<Self, SendError> {
        let (number, what) = match pace {
            Pace::TopSpeed => (1.0, ""),
            Pace::PacketsPerSecond(rate) => (rate, "packets a second"),
            Pace::BitsPerSecond(rate) => (rate, "bits a second"),
            Pace::Recorded(factor) => (factor, "times the captured speed"),
        };
        if !(number.is_finite() && number > 0.0) {
            let message = format!("{number} {what}: a number above 0 is needed");
            return Err(SendError::new(SendErrorKind::InvalidSetting, message));
        }
        Ok(Self {
            pace,
            clock,
            spin: true,
            stop: StopHandle::default(),
            start: None,
            now: 0,
            frames: 0,
            bits: 0,
            pass: Pass::default(),
            last: 0,
            gap: Gap::default(),
            max_gap: None,
            held: None,
            lateness: Lateness::new(),
        })
    }

    /// Whether the last 200 microseconds before a frame are waited for by looking at the clock all the time, as they are unless asked for
    /// otherwise. Without it, no processor is kept busy, and frames are late by what the system takes to wake up.
    #[must_use]
    pub fn spin(mut self, spin: bool) -> Self {
        self.spin = spin;
        self
    }

    /// Waits no longer than this for one frame with [`Pace::Recorded`]; those that follow move up. Unless asked for, a gap of more than
    /// a day in the capture is not waited for at all, at whatever pace, since it says that a clock was set; any other is waited for to its
    /// end.
    ///
    /// ```
    /// use std::time::Duration;
    /// use pycap_inject::pacer::{Pace, Pacer};
    ///
    /// let mut pacer = Pacer::new(Pace::Recorded(1.0))?.max_gap(Duration::from_secs(2));
    /// pacer.schedule(60, Some(0));
    /// // An hour later, and a millisecond after that.
    /// let second = pacer.schedule(60, Some(3_600_000_000_000));
    /// assert_eq!((second.since_start().as_secs(), pacer.gap().recorded.as_secs()), (2, 3600));
    /// let third = pacer.schedule(60, Some(3_600_001_000_000));
    /// assert_eq!(third.since_start(), Duration::from_millis(2_001));
    /// # Ok::<(), pycap_inject::SendError>(())
    /// ```
    #[must_use]
    pub fn max_gap(mut self, longest: Duration) -> Self {
        self.max_gap = Some(u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX));
        self
    }

    /// The gap between the frame that was scheduled last and the one ahead of it, with [`Pace::Recorded`].
    pub fn gap(&self) -> Gap {
        self.gap
    }

    /// What ends the waits from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// Whether the waits were ended.
    pub fn is_stopped(&self) -> bool {
        self.stop.is_stopped()
    }

    /// How fast frames go.
    pub fn pace(&self) -> Pace {
        self.pace
    }

    /// How late frames were. At top speed none is ever late.
    pub fn lateness(&self) -> &Lateness {
        &self.lateness
    }

    /// The time since the first frame was scheduled.
    pub fn elapsed(&mut self) -> Duration {
        if self.start.is_some() {
            self.look();
        }
        Duration::from_nanos(self.now)
    }

    /// When the next frame is due, which has `len` bytes and was captured `recorded` nanoseconds after some moment that is the same for all
    /// (needed for [`Pace::Recorded`] only). The first one is due at once: the clock starts with it. A frame that was captured before the
    /// one ahead of it, or of which nobody knows, is due at the same time; where the clock went back by more than a second, times count
    /// from there on.
    #[inline]
    pub fn schedule(&mut self, len: usize, recorded: Option<i128>) -> Due {
        if self.start.is_none() {
            self.start = Some(self.clock.now());
        }
        let due = match self.pace {
            Pace::TopSpeed => 0,
            // Exact for the first 2^53 nanoseconds: 104 days.
            Pace::PacketsPerSecond(rate) => (self.frames as f64 * NANOS_PER_SEC / rate) as u64,
            Pace::BitsPerSecond(rate) => (self.bits as f64 * NANOS_PER_SEC / rate) as u64,
            Pace::Recorded(factor) => self.replayed(recorded, factor),
        };
        self.frames += 1;
        self.bits += len as u64 * 8;
        self.pass.frames += 1;
        self.last = due.max(self.last);
        Due(self.last)
    }

    fn replayed(&mut self, recorded: Option<i128>, factor: f64) -> u64 {
        self.gap = Gap::default();
        let Some(time) = recorded else { return self.last };
        let Some(clock) = &mut self.pass.recorded else {
            self.pass.recorded = Some(Recorded { time, due: self.pass.due, last: time, latest: time });
            let wait = Duration::from_nanos(self.pass.due.saturating_sub(self.last));
            self.gap = Gap { recorded: wait, paced: wait, wait, is_backward: false };
            return self.pass.due;
        };
        let back = clock.last.saturating_sub(time);
        if back > OUT_OF_ORDER {
            self.gap = Gap { recorded: nanos(back), is_backward: true, ..Gap::default() };
            (clock.time, clock.due, clock.last) = (time, self.last, time);
            return self.last;
        }
        let mut since = clock.last;
        // Where it went back before, as where two clocks take turns, the way forth to where it has been is no gap.
        if time >= clock.latest && clock.last < clock.latest {
            (clock.time, clock.due) = (clock.latest, self.last);
            since = clock.latest;
        }
        let ahead = (time.saturating_sub(clock.time).max(0) as f64 / factor) as u64;
        let mut due = clock.due.saturating_add(ahead);
        let paced = due.saturating_sub(self.last);
        let recorded = nanos(time.saturating_sub(since));
        let wait = match self.max_gap {
            Some(most) => paced.min(most),
            // By the capture's own time: the pace says nothing of its clock.
            None if recorded > DAY => 0,
            None => paced,
        };
        if wait < paced {
            due = self.last.saturating_add(wait);
            (clock.time, clock.due) = (time, due);
        }
        let [paced, wait] = [paced, wait].map(Duration::from_nanos);
        self.gap = Gap { recorded, paced, wait, is_backward: false };
        clock.last = time;
        clock.latest = clock.latest.max(time);
        due
    }

    /// The capture begins anew: its first frame is due after the last one by the mean gap of the pass that is over.
    pub fn next_pass(&mut self) {
        if self.pass.frames == 0 {
            return;
        }
        let gaps = (self.pass.frames - 1).max(1);
        let mean = (self.last - self.pass.due) / gaps;
        self.pass = Pass { due: self.last.saturating_add(mean), ..Pass::default() };
    }

    /// Whether the time has come.
    #[inline]
    pub fn is_due(&mut self, due: Due) -> bool {
        due.0 <= self.now || due.0 <= self.look()
    }

    /// Waits until the time has come; `false` if the waits were ended.
    pub fn wait(&mut self, due: Due) -> bool {
        let time = self.start.unwrap_or_default().saturating_add(due.0);
        while !self.stop.is_stopped() {
            let now = self.look();
            match due.0.saturating_sub(now) {
                0 => return true,
                _ if !self.spin => self.clock.sleep_until(time, &self.stop),
                left if left > NEAR => self.clock.sleep_until(time - NEAR, &self.stop),
                _ => self.clock.relax(),
            }
        }
        false
    }

    /// Frames that were due then are handed to their sender now: the measure of how late they are.
    pub fn sent(&mut self, due: impl IntoIterator<Item = Due>) {
        if self.pace == Pace::TopSpeed {
            return;
        }
        let now = self.look();
        due.into_iter().for_each(|due| self.lateness.record(now.saturating_sub(due.0)));
    }

    /// Waits until a frame of `len` bytes is due, and says how many such frames are due by then: at least one and at most `most`, or 0 if
    /// the waits were ended. They count as handed to their sender at once. At top speed it is always `most`. Not for [`Pace::Recorded`],
    /// where a capture says when frames are due: they are all due at once.
    pub fn batch(&mut self, len: usize, most: usize) -> usize {
        let first = match self.held.take() {
            Some(due) => due,
            None => self.schedule(len, None),
        };
        if !self.wait(first) {
            self.held = Some(first);
            return 0;
        }
        let now = self.now;
        let mut count = 0;
        let mut next = Some(first);
        while let Some(due) = next {
            if due.0 > now {
                self.held = Some(due);
                break;
            }
            count += 1;
            if self.pace != Pace::TopSpeed {
                self.lateness.record(now - due.0);
            }
            next = (count < most).then(|| self.schedule(len, None));
        }
        count
    }

    #[inline]
    fn look(&mut self) -> u64 {
        self.now = self.clock.now().saturating_sub(self.start.unwrap_or_default());
        self.now
    }
}

fn nanos(count: i128) -> Duration {
    Duration::from_nanos(u64::try_from(count.max(0)).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// A clock that goes on by itself by a microsecond a look, and oversleeps by 70.
    #[derive(Debug, Default)]
    struct Fake {
        now: Cell<u64>,
        sleeps: Cell<u32>,
        relaxed: Cell<u32>,
    }

    impl Clock for Fake {
        fn now(&self) -> u64 {
            self.now.set(self.now.get() + 1_000);
            self.now.get()
        }

        fn sleep_until(&self, time: u64, _: &StopHandle) {
            self.sleeps.set(self.sleeps.get() + 1);
            self.now.set(self.now.get().max(time) + 70_000);
        }

        fn relax(&self) {
            self.relaxed.set(self.relaxed.get() + 1);
        }
    }

    fn pacer(clock: &Fake, pace: Pace) -> Pacer<&Fake> {
        clock.now.set(5_000_000_000);
        Pacer::with_clock(pace, clock).unwrap()
    }

    #[test]
    fn the_nth_frame_is_due_by_the_start_alone() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::PacketsPerSecond(3.0));
        for n in 0..10_000_000_u64 {
            assert_eq!(paced.schedule(60, None).0, (u128::from(n) * 1_000_000_000 / 3) as u64);
        }
        let mut paced = pacer(&clock, Pace::BitsPerSecond(8_000_000.0));
        // A byte a microsecond.
        let due: Vec<u64> = [100, 60, 1500, 0, 1].map(|len| paced.schedule(len, None).0).into();
        assert_eq!(due, [0, 100_000, 160_000, 1_660_000, 1_660_000]);
    }

    #[test]
    fn a_capture_keeps_its_gaps() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::Recorded(2.0));
        let times = [Some(-1_000), Some(1_000), None, Some(500), Some(3_000)];
        let due: Vec<u64> = times.map(|time| paced.schedule(60, time).0).into();
        assert_eq!(due, [0, 1_000, 1_000, 1_000, 2_000]);
        // Four gaps of 500 on average.
        paced.next_pass();
        let due: Vec<u64> = times.map(|time| paced.schedule(60, time).0).into();
        assert_eq!(due, [2_500, 3_500, 3_500, 3_500, 4_500]);
        // A clock that was set by ages is no overflow.
        let mut paced = pacer(&clock, Pace::Recorded(1e-9)).max_gap(Duration::MAX);
        paced.schedule(60, Some(0));
        assert_eq!(paced.schedule(60, Some(i128::MAX)).0, u64::MAX);
        paced.next_pass();
        assert_eq!(paced.schedule(60, Some(i128::MIN)).0, u64::MAX);
        assert_eq!(paced.schedule(60, Some(i128::MAX)).0, u64::MAX);
    }

    #[test]
    fn a_clock_that_was_set_is_not_waited_for() {
        const SECOND: i128 = 1_000_000_000;
        const DAYS: i128 = 24 * 3600 * SECOND;
        const YEAR: i128 = 365 * DAYS;
        let due = |paced: &mut Pacer<&Fake>, times: &[i128]| -> Vec<i128> {
            let nanos = |time: &i128| i128::from(paced.schedule(60, Some(*time)).0);
            times.iter().map(nanos).collect()
        };
        let clock = Fake::default();
        for (times, expected) in [
            // From 1970 to 2020, forth and back, a record without a time between, back for good.
            (vec![0, 50 * YEAR, 50 * YEAR + 7], vec![0, 0, 7]),
            (vec![9, 50 * YEAR, 10, 12, 50 * YEAR + 1], vec![0, 0, 0, 2, 3]),
            (vec![50 * YEAR, 50 * YEAR + 3, 5, 9, 2 * SECOND + 9], vec![0, 3, 3, 7, 2 * SECOND + 7]),
            // Two clocks that take turns.
            (
                vec![0, 7200 * SECOND, 5, 7200 * SECOND + 6, 9],
                vec![0, 7200 * SECOND, 7200 * SECOND, 7200 * SECOND + 6, 7200 * SECOND + 6],
            ),
            // Less than a day is a pause, and a little out of order no other clock.
            (
                vec![0, 65_536 * SECOND, 65_536 * SECOND - 9, 65_536 * SECOND + 9],
                vec![0, 65_536 * SECOND, 65_536 * SECOND, 65_536 * SECOND + 9],
            ),
        ] {
            assert_eq!(due(&mut pacer(&clock, Pace::Recorded(1.0)), &times), expected, "{times:?}");
        }
        // It is the capture's own gap that tells, not what becomes of it at the pace.
        for (factor, times, expected) in [
            (20_000.0, vec![0, 50 * YEAR, 50 * YEAR + 20_000], vec![0, 0, 1]),
            (1.0 / 8192.0, vec![0, 20 * SECOND], vec![0, 163_840 * SECOND]),
            (1.0 / 8192.0, vec![0, DAYS, 2 * DAYS + 1], vec![0, 8192 * DAYS, 8192 * DAYS]),
        ] {
            assert_eq!(due(&mut pacer(&clock, Pace::Recorded(factor)), &times), expected, "{times:?}");
        }
        // Twice as fast, an hour is half an hour; bounded it is the bound, and the rest is as it was.
        let mut paced = pacer(&clock, Pace::Recorded(2.0)).max_gap(Duration::from_secs(5));
        let times = [0, 8 * SECOND, 3608 * SECOND, 3610 * SECOND, 50 * YEAR, 50 * YEAR + 4];
        let expected = [0, 4 * SECOND, 9 * SECOND, 10 * SECOND, 15 * SECOND, 15 * SECOND + 2];
        assert_eq!(due(&mut paced, &times), expected);
        due(&mut paced, &[51 * YEAR]);
        let gap = paced.gap();
        assert_eq!((gap.wait.as_secs(), gap.is_backward), (5, false));
        assert_eq!(gap.recorded.as_nanos() as i128, YEAR - 4);
        due(&mut paced, &[3]);
        assert!(paced.gap().is_backward && paced.gap().wait.is_zero());
    }

    #[test]
    fn it_sleeps_far_away_and_spins_near() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::PacketsPerSecond(100.0));
        for n in 0..100_u64 {
            let due = paced.schedule(60, None);
            assert!(paced.wait(due));
            paced.sent([due]);
            assert!(paced.now - n * 10_000_000 <= 2_000, "{}", paced.now);
        }
        assert_eq!(clock.sleeps.get(), 99);
        // 200 microseconds but for the 70 overslept, at one each.
        assert!((99 * 120..99 * 135).contains(&clock.relaxed.get()), "{}", clock.relaxed.get());
        assert_eq!(paced.lateness().count(), 100);
        assert!(paced.lateness().max().unwrap() <= Duration::from_micros(3));
    }

    #[test]
    fn it_never_spins_when_told_so_and_does_not_drift() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::PacketsPerSecond(1_000.0)).spin(false);
        for n in 0..1_000_u64 {
            let due = paced.schedule(60, None);
            assert!(paced.wait(due));
            paced.sent([due]);
            let late = paced.now - n * 1_000_000;
            assert!(late < 75_000, "{n}: {late}");
        }
        assert_eq!(clock.relaxed.get(), 0);
        let median = paced.lateness().median().unwrap();
        assert!((Duration::from_micros(70)..Duration::from_micros(76)).contains(&median), "{median:?}");
    }

    #[test]
    fn what_is_overdue_goes_together() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::PacketsPerSecond(100_000.0));
        assert_eq!(paced.batch(60, 64), 1);
        clock.now.set(clock.now.get() + 400_000);
        // 40 intervals are over, and some microseconds.
        assert_eq!(paced.batch(60, 16), 16);
        assert_eq!(paced.batch(60, 64), 24);
        assert_eq!(paced.batch(60, 64), 1);
        assert_eq!(paced.lateness().count(), 42);
        assert!(paced.lateness().max().unwrap() >= Duration::from_micros(390));
        let mut fast = pacer(&clock, Pace::TopSpeed);
        assert_eq!((fast.batch(60, 64), fast.batch(60, 7)), (64, 7));
        assert_eq!(fast.lateness().count(), 0);
    }

    #[test]
    fn no_frame_is_lost_where_a_wait_ends() {
        let clock = Fake::default();
        let mut paced = pacer(&clock, Pace::PacketsPerSecond(1.0));
        let due = paced.schedule(60, None);
        assert!(paced.wait(due));
        let due = paced.schedule(60, None);
        paced.stop_handle().stop();
        assert!(!paced.wait(due) && paced.is_stopped());
        assert_eq!(paced.batch(60, 64), 0);
    }

    #[test]
    fn rates_are_above_zero() {
        for pace in [
            Pace::PacketsPerSecond(0.0),
            Pace::BitsPerSecond(-1.0),
            Pace::Recorded(f64::NAN),
            Pace::PacketsPerSecond(f64::INFINITY),
        ] {
            let error = Pacer::new(pace).unwrap_err();
            assert_eq!(error.kind(), SendErrorKind::InvalidSetting);
            assert!(error.to_string().ends_with("a number above 0 is needed"), "{error}");
        }
    }

    #[test]
    fn a_long_sleep_ends_when_it_is_stopped() {
        let mut paced = Pacer::new(Pace::PacketsPerSecond(0.01)).unwrap();
        let stop = paced.stop_handle();
        paced.schedule(60, None);
        let due = paced.schedule(60, None);
        let started = std::time::Instant::now();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            stop.stop();
        });
        assert!(!paced.wait(due));
        assert!(started.elapsed() < Duration::from_secs(10), "{:?}", started.elapsed());
        thread.join().unwrap();
    }
}
