//! How often to look at what has changed while there is enough to read.

use std::time::{Duration, Instant};

/// A look at the path takes some microseconds: so often at most.
const PERIOD: Duration = Duration::from_micros(500);

/// The clock is read at each call, but where calls come so fast that there are many of them in a [`PERIOD`]: then at one of so many.
const MOST_SKIPPED: u32 = 16;

pub(super) struct Pace {
    looked: Instant,
    /// Calls since then at which the clock was, or was not, read.
    calls: u32,
    /// Calls at which it is not read.
    skip: u32,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { looked: Instant::now(), calls: 0, skip: 0 }
    }

    /// Counts a call, and says whether it is time to look.
    #[inline]
    pub(super) fn is_due(&mut self) -> bool {
        if self.skip > 0 {
            self.skip -= 1;
            return false;
        }
        self.read_clock(Instant::now())
    }

    #[inline(never)]
    fn read_clock(&mut self, now: Instant) -> bool {
        // A slow reader's next call is far away: then it is looked at each.
        self.skip = (self.calls / MOST_SKIPPED).min(MOST_SKIPPED);
        self.calls = self.calls.saturating_add(1 + self.skip);
        if now.saturating_duration_since(self.looked) < PERIOD {
            return false;
        }
        self.looked = now;
        self.calls = 0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_calls_look_each_time_and_fast_ones_seldom_read_the_clock() {
        let mut pace = Pace::new();
        let mut now = pace.looked;
        for _ in 0..100 {
            now += Duration::from_millis(1);
            assert_eq!(pace.skip, 0);
            assert!(pace.read_clock(now));
        }
        let (mut reads, mut looks) = (0, 0);
        for _ in 0..100_000 {
            now += Duration::from_nanos(50);
            if pace.skip > 0 {
                pace.skip -= 1;
                continue;
            }
            reads += 1;
            looks += u32::from(pace.read_clock(now));
        }
        assert!((8..=10).contains(&looks), "{looks}");
        assert!(reads < 8_000, "{reads}");
        // And slow again.
        let seen = (0..40).position(|_| {
            now += Duration::from_millis(1);
            let skipped = pace.skip > 0;
            pace.skip = pace.skip.saturating_sub(1);
            !skipped && pace.read_clock(now)
        });
        assert!(seen.is_some_and(|calls| calls <= MOST_SKIPPED as usize), "{seen:?}");
    }
}
