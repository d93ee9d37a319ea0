//! When a frame was captured.

use std::fmt;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{Duration, SystemTime};

const NANOS_PER_SEC: u32 = 1_000_000_000;

/// A point in time: seconds and nanoseconds since 1970-01-01 00:00:00 UTC.
///
/// Both parts are kept apart, as savefiles keep them: real files hold times before 1970 and times that 64
/// bits of nanoseconds cannot hold. The nanoseconds always count forward, so half a second before 1970 is
/// `secs = -1, nanos = 500_000_000`.
///
/// ```
/// # use pycap_capture::Timestamp;
/// let time = Timestamp::new(1_700_000_000, 5_000);
/// assert_eq!(time.to_string(), "1700000000.000005000");
/// assert_eq!(format!("{time:.6}"), "1700000000.000005");
/// assert_eq!(time.as_nanos(), 1_700_000_000_000_005_000);
/// ```
///
/// A [`Duration`] is added and subtracted with `+` and `-`, to the nanosecond; a result that cannot be told becomes
/// [`MIN`](Self::MIN) or [`MAX`](Self::MAX). For the duration between two times see
/// [`checked_duration_since`](Self::checked_duration_since).
///
/// ```
/// # use std::time::Duration;
/// # use pycap_capture::Timestamp;
/// let time = Timestamp::new(1_700_000_000, 5_000);
/// assert_eq!(time + Duration::from_millis(1500), Timestamp::new(1_700_000_001, 500_005_000));
/// assert_eq!(time - Duration::from_micros(5), Timestamp::new(1_700_000_000, 0));
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    secs: i64,
    nanos: u32,
}

impl Timestamp {
    /// 1970-01-01 00:00:00 UTC.
    pub const UNIX_EPOCH: Self = Self { secs: 0, nanos: 0 };
    /// The latest time that can be told; where a file holds a later one, this is what it reads as.
    pub const MAX: Self = Self { secs: i64::MAX, nanos: NANOS_PER_SEC - 1 };
    /// The earliest time that can be told.
    pub const MIN: Self = Self { secs: i64::MIN, nanos: 0 };

    /// Seconds since 1970 and nanoseconds on top; a billion nanoseconds or more are carried over into the
    /// seconds.
    #[inline]
    pub const fn new(secs: i64, nanos: u32) -> Self {
        if nanos < NANOS_PER_SEC {
            Self { secs, nanos }
        } else {
            match secs.checked_add((nanos / NANOS_PER_SEC) as i64) {
                Some(secs) => Self { secs, nanos: nanos % NANOS_PER_SEC },
                None => Self::MAX,
            }
        }
    }

    /// The time `nanos` nanoseconds after 1970 (before, if negative). What cannot be told becomes
    /// [`MIN`](Self::MIN) or [`MAX`](Self::MAX).
    pub const fn from_nanos(nanos: i128) -> Self {
        let secs = nanos.div_euclid(NANOS_PER_SEC as i128);
        if secs > i64::MAX as i128 {
            Self::MAX
        } else if secs < i64::MIN as i128 {
            Self::MIN
        } else {
            Self { secs: secs as i64, nanos: nanos.rem_euclid(NANOS_PER_SEC as i128) as u32 }
        }
    }

    /// The computer's clock, now.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// Whole seconds since 1970, rounded down.
    #[inline]
    pub const fn secs(self) -> i64 {
        self.secs
    }

    /// The nanoseconds within the second: 0 to 999 999 999.
    #[inline]
    pub const fn subsec_nanos(self) -> u32 {
        self.nanos
    }

    /// Nanoseconds since 1970.
    #[inline]
    pub const fn as_nanos(self) -> i128 {
        self.secs as i128 * NANOS_PER_SEC as i128 + self.nanos as i128
    }

    /// Seconds since 1970 as a float. A double holds today's times to about 0.2 microseconds.
    #[inline]
    pub const fn as_secs_f64(self) -> f64 {
        self.secs as f64 + self.nanos as f64 / NANOS_PER_SEC as f64
    }

    /// Nanoseconds from `earlier` to this time; negative if this one is the earlier.
    #[inline]
    pub const fn nanos_since(self, earlier: Self) -> i128 {
        self.as_nanos() - earlier.as_nanos()
    }

    /// The time that has passed since `earlier`, or `None` if `earlier` is the later of the two. Clocks are
    /// set back and captures are merged, so frames are not always in order of time.
    pub fn checked_duration_since(self, earlier: Self) -> Option<Duration> {
        let nanos = self.nanos_since(earlier);
        let secs = u64::try_from(nanos / NANOS_PER_SEC as i128).ok()?;
        let subsec = u32::try_from(nanos % NANOS_PER_SEC as i128).ok()?;
        Some(Duration::new(secs, subsec))
    }

    /// The time so long after this one, or `None` if that cannot be told.
    pub const fn checked_add(self, duration: Duration) -> Option<Self> {
        match self.secs.checked_add_unsigned(duration.as_secs()) {
            Some(secs) => Self::carried(secs, self.nanos + duration.subsec_nanos()),
            None => None,
        }
    }

    /// The time so long before this one, or `None` if that cannot be told.
    pub const fn checked_sub(self, duration: Duration) -> Option<Self> {
        match self.secs.checked_sub_unsigned(duration.as_secs()) {
            None => None,
            Some(secs) if self.nanos >= duration.subsec_nanos() => {
                Some(Self { secs, nanos: self.nanos - duration.subsec_nanos() })
            }
            Some(secs) => match secs.checked_sub(1) {
                Some(secs) => {
                    Some(Self { secs, nanos: self.nanos + NANOS_PER_SEC - duration.subsec_nanos() })
                }
                None => None,
            },
        }
    }

    /// So many seconds, and nanoseconds of less than two.
    const fn carried(secs: i64, nanos: u32) -> Option<Self> {
        if nanos < NANOS_PER_SEC {
            return Some(Self { secs, nanos });
        }
        match secs.checked_add(1) {
            Some(secs) => Some(Self { secs, nanos: nanos - NANOS_PER_SEC }),
            None => None,
        }
    }

    /// This time as the standard library tells it, or `None` where the platform's clock cannot.
    pub fn to_system_time(self) -> Option<SystemTime> {
        let whole = match u64::try_from(self.secs) {
            Ok(secs) => SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(secs))?,
            Err(_) => SystemTime::UNIX_EPOCH.checked_sub(Duration::from_secs(self.secs.unsigned_abs()))?,
        };
        whole.checked_add(Duration::from_nanos(u64::from(self.nanos)))
    }
}

/// A result that cannot be told is [`MAX`](Timestamp::MAX).
impl Add<Duration> for Timestamp {
    type Output = Self;

    #[inline]
    fn add(self, duration: Duration) -> Self {
        self.checked_add(duration).unwrap_or(Self::MAX)
    }
}

impl AddAssign<Duration> for Timestamp {
    #[inline]
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

/// A result that cannot be told is [`MIN`](Timestamp::MIN).
impl Sub<Duration> for Timestamp {
    type Output = Self;

    #[inline]
    fn sub(self, duration: Duration) -> Self {
        self.checked_sub(duration).unwrap_or(Self::MIN)
    }
}

impl SubAssign<Duration> for Timestamp {
    #[inline]
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl From<SystemTime> for Timestamp {
    fn from(time: SystemTime) -> Self {
        let nanos = |duration: Duration| duration.as_nanos() as i128;
        Self::from_nanos(match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(after) => nanos(after),
            Err(before) => -nanos(before.duration()),
        })
    }
}

/// `seconds.nanoseconds`, nine digits after the point; a precision asks for fewer (cut off, not rounded).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(9).min(9);
        let total = self.as_nanos();
        let sign = if total < 0 { "-" } else { "" };
        let secs = total.unsigned_abs() / u128::from(NANOS_PER_SEC);
        let nanos = total.unsigned_abs() % u128::from(NANOS_PER_SEC);
        if digits == 0 {
            return write!(f, "{sign}{secs}");
        }
        let fraction = nanos / 10u128.pow(9 - digits as u32);
        write!(f, "{sign}{secs}.{fraction:0digits$}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_carried() {
        assert_eq!(Timestamp::new(1, 2_500_000_000), Timestamp { secs: 3, nanos: 500_000_000 });
        assert_eq!(Timestamp::new(i64::MAX, u32::MAX), Timestamp::MAX);
    }

    #[test]
    fn nanoseconds_both_ways() {
        for time in [
            Timestamp::MIN,
            Timestamp::new(-1, 999_999_999),
            Timestamp::UNIX_EPOCH,
            Timestamp::new(1_700_000_000, 1),
            Timestamp::MAX,
        ] {
            assert_eq!(Timestamp::from_nanos(time.as_nanos()), time);
        }
        assert_eq!(Timestamp::from_nanos(i128::MAX), Timestamp::MAX);
        assert_eq!(Timestamp::from_nanos(i128::MIN), Timestamp::MIN);
    }

    #[test]
    fn displayed_with_its_sign() {
        assert_eq!(Timestamp::new(-1, 500_000_000).to_string(), "-0.500000000");
        assert_eq!(format!("{:.3}", Timestamp::new(7, 1_999_999)), "7.001");
        assert_eq!(format!("{:.0}", Timestamp::new(7, 999_999_999)), "7");
        assert_eq!(Timestamp::MIN.to_string(), "-9223372036854775808.000000000");
    }

    #[test]
    fn system_time_both_ways() {
        for time in [Timestamp::new(-3, 999_999_900), Timestamp::new(1_700_000_000, 123_456_700)] {
            assert_eq!(Timestamp::from(time.to_system_time().unwrap()), time);
        }
    }

    #[test]
    fn durations_are_added_and_subtracted() {
        let times = [
            Timestamp::MIN,
            Timestamp::new(i64::MIN, 1),
            Timestamp::new(-1, 999_999_999),
            Timestamp::UNIX_EPOCH,
            Timestamp::new(1_700_000_000, 500_000_000),
            Timestamp::new(i64::MAX, 0),
            Timestamp::MAX,
        ];
        let durations = [
            Duration::ZERO,
            Duration::from_nanos(1),
            Duration::from_nanos(999_999_999),
            Duration::from_millis(1500),
            Duration::new(1 << 62, 5),
            Duration::new(u64::MAX, 0),
            Duration::MAX,
        ];
        let can_be_told = |nanos: i128| {
            (nanos >= Timestamp::MIN.as_nanos() && nanos <= Timestamp::MAX.as_nanos())
                .then(|| Timestamp::from_nanos(nanos))
        };
        for time in times {
            for duration in durations {
                // The same in whole nanoseconds, which 128 bits hold.
                let nanos = duration.as_nanos() as i128;
                let (later, earlier) = (time.as_nanos() + nanos, time.as_nanos() - nanos);
                assert_eq!(time.checked_add(duration), can_be_told(later), "{time} + {duration:?}");
                assert_eq!(time.checked_sub(duration), can_be_told(earlier), "{time} - {duration:?}");
                let (mut after, mut before) = (time, time);
                after += duration;
                before -= duration;
                assert_eq!((after, before), (Timestamp::from_nanos(later), Timestamp::from_nanos(earlier)));
                assert_eq!((time + duration, time - duration), (after, before));
            }
        }
    }

    #[test]
    fn durations_have_an_order() {
        let (early, late) = (Timestamp::new(-1, 999_999_999), Timestamp::new(1, 0));
        assert_eq!(late.checked_duration_since(early), Some(Duration::new(1, 1)));
        assert_eq!(early.checked_duration_since(late), None);
        assert_eq!(early.nanos_since(late), -1_000_000_001);
        assert!(early < late);
    }
}
