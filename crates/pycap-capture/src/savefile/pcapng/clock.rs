//! Timestamps of pcapng: a 64-bit count of units that each interface chooses.

use crate::{Interface, Timestamp, TimestampResolution};

/// How one interface's units become a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock {
    unit: Unit,
    /// Seconds to add.
    offset: i64,
}

/// The two that nearly all files use divide by constants, which compilers turn into multiplications.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Micros,
    Nanos,
    Other(TimestampResolution),
}

impl Clock {
    /// That of an interface.
    pub(crate) fn of(interface: &Interface) -> Self {
        Self::new(interface.timestamp_resolution(), interface.timestamp_offset())
    }

    fn new(resolution: TimestampResolution, offset: i64) -> Self {
        let unit = match resolution {
            TimestampResolution::PowerOf10(6) => Unit::Micros,
            TimestampResolution::PowerOf10(9) => Unit::Nanos,
            other => Unit::Other(other),
        };
        Self { unit, offset }
    }

    #[inline]
    pub(crate) fn time(self, units: u64) -> Timestamp {
        let (secs, nanos) = match self.unit {
            Unit::Micros => ((units / 1_000_000) as i64, (units % 1_000_000) as u32 * 1000),
            Unit::Nanos => ((units / 1_000_000_000) as i64, (units % 1_000_000_000) as u32),
            Unit::Other(resolution) => return self.other(resolution, units),
        };
        Timestamp::new(secs.saturating_add(self.offset), nanos)
    }

    /// The count that reads as this time; none where the unit is too coarse for it, or where it is out of reach.
    pub(crate) fn units(self, time: Timestamp) -> Option<u64> {
        let since = time.as_nanos() - i128::from(self.offset) * 1_000_000_000;
        let nanos = u128::try_from(since).ok()?;
        let units = match self.unit {
            Unit::Micros => nanos / 1000,
            Unit::Nanos => nanos,
            Unit::Other(TimestampResolution::PowerOf10(power @ 0..=18)) => {
                nanos.checked_mul(10u128.pow(u32::from(power)))? / 1_000_000_000
            }
            // Rounded up, as the way back rounds down.
            Unit::Other(TimestampResolution::PowerOf2(power @ 0..=63)) => {
                nanos.checked_mul(1 << power)?.div_ceil(1_000_000_000)
            }
            Unit::Other(_) => return None,
        };
        u64::try_from(units).ok().filter(|&units| self.time(units) == time)
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
    fn times_are_counted_where_the_unit_is_fine_enough() {
        let time = Timestamp::new(1_700_000_001, 234_567_000);
        for (resolution, offset, units) in [
            (PowerOf10(6), 0, Some(1_700_000_001_234_567)),
            (PowerOf10(6), 1_700_000_000, Some(1_234_567)),
            (PowerOf10(9), 0, Some(1_700_000_001_234_567_000)),
            (PowerOf10(9), 1_800_000_000, None),
            (PowerOf10(3), 0, None),
            (PowerOf10(12), 1_700_000_000, Some(1_234_567_000_000)),
            (PowerOf10(12), 0, None),
            (PowerOf2(10), 0, None),
        ] {
            assert_eq!(Clock::new(resolution, offset).units(time), units, "{resolution} {offset}");
        }
        for power in 0..=30 {
            for units in [0, 1, 7, 12345, 1 << 33] {
                let clock = Clock::new(PowerOf2(power), 0);
                let read = clock.units(clock.time(units)).map(|units| clock.time(units));
                assert_eq!(read, Some(clock.time(units)), "{power} {units}");
            }
        }
    }

    #[test]
    fn the_ends_of_time() {
        assert_eq!(time(PowerOf10(0), 0, u64::MAX), (i64::MAX, 999_999_999));
        assert_eq!(time(PowerOf10(6), i64::MAX, u64::MAX).0, i64::MAX);
        assert_eq!(time(PowerOf10(0), i64::MIN, 0), (i64::MIN, 0));
        assert_eq!(time(PowerOf10(0), i64::MIN, u64::MAX), (i64::MAX, 0));
    }
}
