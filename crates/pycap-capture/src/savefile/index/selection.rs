//! Which packets of a file are wanted.

use std::ops::{Bound, RangeBounds};

use super::chunk::Chunk;
use crate::Timestamp;

/// Which packets of a file are wanted: those of a time, those of some numbers, or both.
///
/// ```
/// use pycap_capture::{Selection, Timestamp};
///
/// let minute = Selection::by_time(Timestamp::new(1_700_000_000, 0)..Timestamp::new(1_700_000_060, 0));
/// let first_thousand = Selection::by_number(1..=1000);
/// let both = minute.and(first_thousand);
/// assert_ne!(both, Selection::all());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// From this time on, and before the other, if there is one; `None` takes packets without a time, too.
    times: Option<(Timestamp, Option<Timestamp>)>,
    /// From this number on, and before the other.
    numbers: (u64, Option<u64>),
}

impl Selection {
    /// Every packet.
    pub const fn all() -> Self {
        Self { times: None, numbers: (0, None) }
    }

    /// Packets whose time is in `range`, wherever in the file they are. Packets without a time are in no range of times, not even in
    /// an open one.
    pub fn by_time(range: impl RangeBounds<Timestamp>) -> Self {
        let next = |time: Timestamp| {
            let next = Timestamp::from_nanos(time.as_nanos() + 1);
            (next != time).then_some(next)
        };
        let from = match range.start_bound() {
            Bound::Included(&time) => Some(time),
            Bound::Excluded(&time) => next(time),
            Bound::Unbounded => Some(Timestamp::MIN),
        };
        let to = match range.end_bound() {
            Bound::Included(&time) => next(time),
            Bound::Excluded(&time) => Some(time),
            Bound::Unbounded => None,
        };
        // After the latest time that there is, there is nothing.
        let times = from.map_or((Timestamp::MAX, Some(Timestamp::MIN)), |from| (from, to));
        Self { times: Some(times), ..Self::all() }
    }

    /// Packets whose number is in `range`. The first packet of a file has the number 1, as in errors and in other programs.
    pub fn by_number(range: impl RangeBounds<u64>) -> Self {
        let from = match range.start_bound() {
            Bound::Included(&number) => number,
            // No file has as many.
            Bound::Excluded(&number) => number.saturating_add(1),
            Bound::Unbounded => 0,
        };
        let to = match range.end_bound() {
            Bound::Included(&number) => number.checked_add(1),
            Bound::Excluded(&number) => Some(number),
            Bound::Unbounded => None,
        };
        Self { numbers: (from, to), ..Self::all() }
    }

    /// Those packets that the other wants, too.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let times = match (self.times, other.times) {
            (Some((a, b)), Some((c, d))) => Some((a.max(c), earlier(b, d))),
            (one, None) | (None, one) => one,
        };
        let numbers = (self.numbers.0.max(other.numbers.0), earlier(self.numbers.1, other.numbers.1));
        Self { times, numbers }
    }

    /// Whether it wants a packet of this number and time.
    #[inline]
    pub fn contains(&self, number: u64, time: Option<Timestamp>) -> bool {
        let timely = match (self.times, time) {
            (None, _) => true,
            (Some((from, to)), Some(time)) => from <= time && to.is_none_or(|to| time < to),
            (Some(_), None) => false,
        };
        timely && self.numbers.0 <= number && self.numbers.1.is_none_or(|to| number < to)
    }

    /// Whether it may want a packet of this chunk, with so many packets in front of it.
    pub(super) fn meets(&self, chunk: &Chunk, before: u64) -> bool {
        let timely = match (self.times, chunk.times()) {
            (None, _) => true,
            (Some((from, to)), Some((earliest, latest))) => {
                from <= latest && to.is_none_or(|to| earliest < to && from < to)
            }
            (Some(_), None) => false,
        };
        let (from, to) = self.numbers;
        timely
            && chunk.packets > 0
            && from <= before + chunk.packets
            && to.is_none_or(|to| before + 1 < to && from < to)
    }

    /// Whether it may want a packet behind so many, of which the latest has this time.
    pub(super) fn goes_past(&self, packets: u64, latest: Option<Timestamp>) -> bool {
        let later = match (self.times, latest) {
            (None, _) => true,
            (Some((from, to)), Some(latest)) => to.is_none_or(|to| latest < to && from < to),
            (Some((from, to)), None) => to.is_none_or(|to| from < to),
        };
        let (from, to) = self.numbers;
        later && to.is_none_or(|to| packets + 1 < to && from < to)
    }
}

fn earlier<T: Ord>(a: Option<T>, b: Option<T>) -> Option<T> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(secs: i64) -> Timestamp {
        Timestamp::new(secs, 0)
    }

    #[test]
    fn ranges_are_as_they_are_written() {
        for (selection, wanted) in [
            (Selection::by_time(at(2)..at(4)), [false, true, true, false]),
            (Selection::by_time(at(2)..=at(4)), [false, true, true, true]),
            (Selection::by_time((Bound::Excluded(at(2)), Bound::Unbounded)), [false, false, true, true]),
            (Selection::by_time(..at(2)), [true, false, false, false]),
            (Selection::by_time(at(4)..at(2)), [false; 4]),
            (Selection::by_time((Bound::Excluded(Timestamp::MAX), Bound::Unbounded)), [false; 4]),
            (Selection::by_time(..=Timestamp::MAX), [true; 4]),
            (Selection::by_number(2..4), [false, true, true, false]),
            (Selection::by_number(..=2), [true, true, false, false]),
            (Selection::by_number(3..).and(Selection::by_time(..at(4))), [false, false, true, false]),
            (Selection::all(), [true; 4]),
        ] {
            let found = [1, 2, 3, 4].map(|number| selection.contains(number, Some(at(number as i64))));
            assert_eq!(found, wanted, "{selection:?}");
        }
    }

    #[test]
    fn no_range_of_times_has_a_packet_without_one() {
        assert!(!Selection::by_time(..).contains(1, None));
        assert!(Selection::by_number(..).contains(1, None));
    }
}
