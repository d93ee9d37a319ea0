//! Timestamps of pcapng: a 64-bit count of units that each interface chooses.

use crate::{Timestamp, TimestampResolution};

/// How one interface's units become a time.
#[derive(Clone, Copy)]
pub(super) struct Clock {
    unit: Unit,
    /// Seconds to add.
    offset: i64,
}

/// The two that nearly all files use divide by constants, which compilers turn into multiplications.
#[derive(Clone, Copy)]
enum Unit {
    Micros,
    Nanos,
    Other(TimestampResolution),
}

impl Clock {
    pub(super) fn new(resolution: TimestampResolution, offset: i64) -> Self {
        let unit = match resolution {
            TimestampResolution::PowerOf10(6) => Unit::Micros,
            TimestampResolution::PowerOf10(9) => Unit::Nanos,
            other => Unit::Other(other),
        };
        Self { unit, offset }
    }

    #[inline]
    pub(super) fn time(self, units: u64) -> Timestamp {
        let (secs, nanos) = match self.unit {
            Unit::Micros => ((units / 1_000_000) as i64, (units % 1_000_000) as u32 * 1000),
            Unit::Nanos => ((units / 1_000_000_000) as i64, (units % 1_000_000_000) as u32),
            Unit::Other(resolution) => return self.other(resolution, units),
        };
        Timestamp::new(secs.saturating_add(self.offset), nanos)
    }

    /// Rounded down to nanoseconds. Only whole seconds can leave the range of a [`Timestamp`]: it then sticks
    /// at its end.
    #[cold]
    #[inline(never)]
    fn other(self, resolution: TimestampResolution, units: u64) -> Timestamp {
        let units = u128::from(units);
        let nanos = match resolution {
            // 10^19 is the largest power of ten below 2^64, so at 10^-29 s all counts are less than a
            // nanosecond.
            TimestampResolution::PowerOf10(power @ 0..=28) => {
                units * 1_000_000_000 / 10u128.pow(u32::from(power))
            }
            TimestampResolution::PowerOf10(_) => 0,
            TimestampResolution::PowerOf2(power) => {
                (units * 1_000_000_000).checked_shr(u32::from(power)).unwrap_or(0)
            }
        };
        // units * 10^9 is below 2^94 and the offset in nanoseconds below 2^93: the sum cannot overflow.
        Timestamp::from_nanos(nanos as i128 + i128::from(self.offset) * 1_000_000_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TimestampResolution::{PowerOf2, PowerOf10};

    fn time(resolution: TimestampResolution, offset: i64, units: u64) -> (i64, u32) {
        let time = Clock::new(resolution, offset).time(units);
        (time.secs(), time.subsec_nanos())
    }

    #[test]
    fn powers_of_ten() {
        assert_eq!(time(PowerOf10(0), 0, 1_700_000_001), (1_700_000_001, 0));
        assert_eq!(time(PowerOf10(3), 0, 1_234), (1, 234_000_000));
        assert_eq!(time(PowerOf10(6), 0, 1_700_000_001_234_567), (1_700_000_001, 234_567_000));
        assert_eq!(time(PowerOf10(9), 0, 1_700_000_001_234_567_928), (1_700_000_001, 234_567_928));
        assert_eq!(time(PowerOf10(12), 0, 1_234_567_890_123), (1, 234_567_890));
        assert_eq!(time(PowerOf10(19), 0, u64::MAX), (1, 844_674_407));
        assert_eq!(time(PowerOf10(28), 0, u64::MAX), (0, 1));
        assert_eq!(time(PowerOf10(29), 0, u64::MAX), (0, 0));
        assert_eq!(time(PowerOf10(127), 0, u64::MAX), (0, 0));
    }

    #[test]
    fn powers_of_two() {
        assert_eq!(time(PowerOf2(0), 0, 7), (7, 0));
        assert_eq!(time(PowerOf2(10), 0, 1_700_000_001 * 1024 + 240), (1_700_000_001, 234_375_000));
        assert_eq!(time(PowerOf2(63), 0, u64::MAX), (1, 999_999_999));
        assert_eq!(time(PowerOf2(64), 0, u64::MAX), (0, 999_999_999));
        assert_eq!(time(PowerOf2(127), 0, u64::MAX), (0, 0));
    }

    #[test]
    fn the_offset_counts_seconds() {
        assert_eq!(time(PowerOf10(6), -2, 500_000), (-2, 500_000_000));
        assert_eq!(time(PowerOf2(1), -2, 1), (-2, 500_000_000));
        assert_eq!(time(PowerOf10(9), 1_700_000_000, 1), (1_700_000_000, 1));
    }

    #[test]
    fn the_ends_of_time() {
        assert_eq!(time(PowerOf10(0), 0, u64::MAX), (i64::MAX, 999_999_999));
        assert_eq!(time(PowerOf10(6), i64::MAX, u64::MAX).0, i64::MAX);
        assert_eq!(time(PowerOf10(0), i64::MIN, 0), (i64::MIN, 0));
        assert_eq!(time(PowerOf10(0), i64::MIN, u64::MAX), (i64::MAX, 0));
    }
}
