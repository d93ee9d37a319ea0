//! Which packets of a file are meant, beside what the filter says: `--skip`, `--from`, `--to`.

use std::ops::Bound;
use std::str::FromStr;

use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use pycap_capture::Timestamp;

use crate::args::Args;
use crate::error::Failure;

/// Leaves packets out by their time and by their place among those that match.
pub(crate) struct Selection {
    from: Option<End>,
    to: Option<End>,
    /// How many packets that match are still to be left out.
    skip: u64,
}

/// One end of a stretch of time.
struct End {
    flag: &'static str,
    text: String,
    when: When,
}

/// A point of time as people write it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    At(Timestamp),
    /// On the day of the first packet, local time.
    OfDay(Time),
}

impl Selection {
    /// What the command line asks for.
    pub(crate) fn new(args: &Args) -> Result<Self, Failure> {
        let bound = |flag, text: &Option<String>| -> Result<_, Failure> {
            let Some(text) = text else { return Ok(None) };
            let when = When::parse(text).ok_or_else(|| {
                Failure::Usage(format!(
                    "{flag} {text}: not a time: it takes '2024-05-01 10:02:03.5' (local), the same with a T and a zone (Z, +02:00) behind it, '10:02:03' on the day of the first packet, or seconds since 1970 as 1714557723.5 or @1714557723.5"
                ))
            })?;
            Ok(Some(End { flag, text: text.clone(), when }))
        };
        let this = Self {
            from: bound("--from", &args.from)?,
            to: bound("--to", &args.to)?,
            skip: args.skip.unwrap_or_default(),
        };
        let nothing_between = |from: &End, to: &End| match (from.when, to.when) {
            (When::At(from), When::At(to)) => from >= to,
            (When::OfDay(from), When::OfDay(to)) => from >= to,
            _ => false,
        };
        match (&this.from, &this.to) {
            (Some(from), Some(to)) if nothing_between(from, to) => Err(Failure::Usage(format!(
                "--from {} --to {}: no time is in between: the first has to be before the second",
                from.text, to.text
            ))),
            _ => Ok(this),
        }
    }

    /// Whether the time of a packet is in the stretch that is asked for. Has to be shown every packet of the file: the first says which day
    /// times of day are of.
    #[inline]
    pub(crate) fn takes(&mut self, time: Option<Timestamp>) -> Result<bool, Failure> {
        if !self.has_times() {
            return Ok(true);
        }
        // A packet of which nobody knows when it was is not known to be in it.
        let Some(time) = time else { return Ok(false) };
        let is_after = |bound: &mut Option<End>, or_without| match bound {
            Some(bound) => bound.at(time).map(|bound| time >= bound),
            None => Ok(or_without),
        };
        // Both are looked at, whatever the first says: it may be the first packet.
        let (begun, over) = (is_after(&mut self.from, true)?, is_after(&mut self.to, false)?);
        Ok(begun && !over)
    }

    /// Whether times matter.
    pub(crate) fn has_times(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The stretch of time that is asked for, of a file whose first packet is of this time.
    pub(crate) fn times(
        &mut self,
        first: Timestamp,
    ) -> Result<(Bound<Timestamp>, Bound<Timestamp>), Failure> {
        let at = |bound: &mut Option<End>| bound.as_mut().map(|end| end.at(first)).transpose();
        let (from, to) = (at(&mut self.from)?, at(&mut self.to)?);
        Ok((from.map_or(Bound::Unbounded, Bound::Included), to.map_or(Bound::Unbounded, Bound::Excluded)))
    }

    /// Whether a packet that matches is one of those at the start that are left out.
    #[inline]
    pub(crate) fn skips(&mut self) -> bool {
        let skips = self.skip > 0;
        self.skip = self.skip.saturating_sub(1);
        skips
    }
}

impl End {
    /// The time that is meant, where `time` is that of a packet: if it is of any day, of that packet's, from now on.
    fn at(&mut self, time: Timestamp) -> Result<Timestamp, Failure> {
        let at = match self.when {
            When::At(at) => return Ok(at),
            When::OfDay(of_day) => on_day_of(time, of_day, &TimeZone::system()).ok_or_else(|| {
                let Self { flag, text, .. } = self;
                Failure::Usage(format!(
                    "{flag} {text}: the first packet is of {time} s, a day that no calendar here knows: give seconds since 1970"
                ))
            })?,
        };
        self.when = When::At(at);
        Ok(at)
    }
}

/// This time of day in local time, on the day that `time` is on.
fn on_day_of(time: Timestamp, of_day: Time, zone: &TimeZone) -> Option<Timestamp> {
    let instant = jiff::Timestamp::from_second(time.secs()).ok()?;
    local(zone.to_datetime(instant).date().to_datetime(of_day), zone)
}

/// Where a clock that is set forward leaves a time out it is an hour later, where it is set back the earlier one of the two.
fn local(time: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(instant(zone.to_ambiguous_timestamp(time).compatible().ok()?))
}

fn instant(time: jiff::Timestamp) -> Timestamp {
    Timestamp::from_nanos(time.as_nanosecond())
}

impl When {
    fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Some(seconds) = text.strip_prefix('@') {
            return seconds_since_1970(seconds).map(Self::At);
        }
        if let Some(time) = seconds_since_1970(text) {
            return Some(Self::At(time));
        }
        // One with a zone comes first: the others would go past it.
        if let Ok(time) = jiff::Timestamp::from_str(text) {
            return Some(Self::At(instant(time)));
        }
        // What is no number and has no date is a time of day; a zone would have to be looked at, so none is taken.
        if !text.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | ' ' | 'T' | 't')) {
            return None;
        }
        if text.contains('-') {
            let whole = text.contains([' ', 'T', 't']).then(|| DateTime::from_str(text).ok());
            // A day alone is its start.
            let time = whole.unwrap_or_else(|| jiff::civil::Date::from_str(text).ok().map(DateTime::from))?;
            // An offset without its colon, as in 10:02-05, would be gone past.
            if text.matches('-').count() != 2 {
                return None;
            }
            return local(time, &TimeZone::system()).map(Self::At);
        }
        if text.contains(':') { Time::from_str(text).ok().map(Self::OfDay) } else { None }
    }
}

/// Digits, and up to nine more behind a point; further ones are cut off.
fn seconds_since_1970(text: &str) -> Option<Timestamp> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) {
        return None;
    }
    let seconds = i128::from(whole.parse::<i64>().ok()?);
    let nanos = format!("{fraction:0<9}").get(..9)?.parse::<i128>().ok()?;
    Some(Timestamp::from_nanos(sign * (seconds * 1_000_000_000 + nanos)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64, nanos: u32) -> Option<When> {
        Some(When::At(Timestamp::new(secs, nanos)))
    }

    #[test]
    fn numbers_are_seconds_since_1970() {
        assert_eq!(When::parse("1714557723"), at(1_714_557_723, 0));
        assert_eq!(When::parse("@1714557723.5"), at(1_714_557_723, 500_000_000));
        assert_eq!(When::parse("1714557723.0000000019"), at(1_714_557_723, 1));
        assert_eq!(When::parse("-0.25"), at(-1, 750_000_000));
        assert_eq!(When::parse("9223372036854775807"), at(i64::MAX, 0));
        for wrong in ["", "@", "1.", ".5", "1e9", "9223372036854775808", "+1", "--1", "@10:02"] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn zones_are_heeded() {
        assert_eq!(When::parse("2024-05-01T10:02:03Z"), at(1_714_557_723, 0));
        assert_eq!(When::parse("2024-05-01T12:02:03.5+02:00"), at(1_714_557_723, 500_000_000));
        assert_eq!(When::parse("2024-05-01 05:02:03-05:00"), at(1_714_557_723, 0));
        for wrong in ["2024-05-01 10:02:03 CET", "2024-13-01 10:02", "10:02Z", "2024-05-01 25:00", "today"] {
            assert_eq!(When::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn times_of_day_are_on_the_day_of_a_packet() {
        let Some(When::OfDay(time)) = When::parse("10:02") else { panic!("not a time of day") };
        assert_eq!(When::parse("10:02:00.000"), Some(When::OfDay(time)));
        let zone = TimeZone::fixed(jiff::tz::offset(-5));
        // 2024-05-01 03:00 UTC is 22:00 on the day before.
        let day = on_day_of(Timestamp::new(1_714_532_400, 7), time, &zone);
        assert_eq!(day, Some(Timestamp::new(1_714_489_320, 0)));
        assert_eq!(on_day_of(Timestamp::new(i64::MAX, 0), time, &zone), None);
    }
}
