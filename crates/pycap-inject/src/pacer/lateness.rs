//! How late frames were: a histogram of bounded size.

use std::fmt;
use std::time::Duration;

/// Each power of two is cut into so many equal parts, so that a value is known to a thirty-second.
const PARTS: u32 = 1 << PART_BITS;
const PART_BITS: u32 = 5;
/// Below [`PARTS`] a value a bucket, and then each power of two up to 2^64.
const BUCKETS: usize = (64 - PART_BITS as usize + 1) * PARTS as usize;

/// How long after their time frames were handed to their sender; never before it.
///
/// It takes 15 KiB, however many they are, and knows each to three per cent.
#[derive(Clone, PartialEq, Eq)]
pub struct Lateness {
    buckets: Box<[u64; BUCKETS]>,
    count: u64,
    max: u64,
}

impl Lateness {
    /// None yet.
    pub fn new() -> Self {
        Self { buckets: Box::new([0; BUCKETS]), count: 0, max: 0 }
    }

    /// Adds one of so many nanoseconds.
    #[inline]
    pub fn record(&mut self, nanos: u64) {
        self.buckets[bucket(nanos)] += 1;
        self.count += 1;
        self.max = self.max.max(nanos);
    }

    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The time that this share of them, between 0 and 1, did not exceed; `None` if there are none.
    pub fn quantile(&self, share: f64) -> Option<Duration> {
        // The rank, from 1 on; what is no share is the nearest one.
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut below = 0;
        let at = self.buckets.iter().position(|count| {
            below += count;
            below >= rank
        })?;
        Some(Duration::from_nanos(highest(at).min(self.max)))
    }

    /// As many were later as not.
    pub fn median(&self) -> Option<Duration> {
        self.quantile(0.5)
    }

    /// One in a hundred was later.
    pub fn p99(&self) -> Option<Duration> {
        self.quantile(0.99)
    }

    /// The latest.
    pub fn max(&self) -> Option<Duration> {
        (self.count > 0).then(|| Duration::from_nanos(self.max))
    }
}

/// Its position: the number of its highest bit, and the bits behind that.
#[inline]
fn bucket(nanos: u64) -> usize {
    let shift = (u64::BITS - nanos.leading_zeros()).saturating_sub(PART_BITS + 1);
    (shift * PARTS) as usize + (nanos >> shift) as usize
}

/// The highest value of a bucket.
fn highest(bucket: usize) -> u64 {
    let shift = (bucket as u32 / PARTS).saturating_sub(1);
    let part = bucket as u64 - u64::from(shift * PARTS);
    // 2^64 - 1 for the last one.
    (((u128::from(part) + 1) << shift) - 1) as u64
}

impl Default for Lateness {
    fn default() -> Self {
        Self::new()
    }
}

/// `late by 5.0 us (median), 55.0 us (99 %), 80.1 us (at most)`: in microseconds. `not late` where nothing was paced, as at top speed.
impl fmt::Display for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Some(median), Some(p99), Some(max)) = (self.median(), self.p99(), self.max()) else {
            return f.write_str("not late");
        };
        let [median, p99, max] = [median, p99, max].map(|time| time.as_nanos() as f64 / 1e3);
        write!(f, "late by {median:.1} us (median), {p99:.1} us (99 %), {max:.1} us (at most)")
    }
}

impl fmt::Debug for Lateness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lateness")
            .field("count", &self.count)
            .field("median", &self.median())
            .field("p99", &self.p99())
            .field("max", &self.max())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_follow_each_other() {
        assert_eq!((bucket(0), bucket(u64::MAX)), (0, BUCKETS - 1));
        assert_eq!(highest(BUCKETS - 1), u64::MAX);
        for at in 0..BUCKETS - 1 {
            let last = highest(at);
            assert_eq!((bucket(last), bucket(last + 1)), (at, at + 1), "{last}");
        }
    }

    #[test]
    fn quantiles_are_those_of_the_sorted_values() {
        let mut lateness = Lateness::new();
        assert_eq!((lateness.median(), lateness.p99(), lateness.max()), (None, None, None));
        let mut values: Vec<u64> =
            (0..10_000_u64).map(|n| n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40).collect();
        values.iter().for_each(|nanos| lateness.record(*nanos));
        values.sort_unstable();
        for share in [0.0, 0.001, 0.25, 0.5, 0.99, 1.0] {
            let exact = values[((values.len() as f64 * share).ceil() as usize).max(1) - 1];
            let found = lateness.quantile(share).unwrap().as_nanos() as u64;
            assert!(found >= exact && found <= exact + exact / 32, "{share}: {found}, {exact}");
        }
        assert_eq!(lateness.max(), Some(Duration::from_nanos(values[9_999])));
        assert_eq!(Lateness::new().to_string(), "not late");
        let mut one = Lateness::new();
        one.record(1_000_000);
        assert_eq!(one.to_string(), "late by 1000.0 us (median), 1000.0 us (99 %), 1000.0 us (at most)");
        assert_eq!((one.median(), one.p99()), (one.max(), one.max()));
    }
}
