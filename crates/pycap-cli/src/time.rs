//! Times in front of the lines.

use std::io::{self, Write};

use jiff::tz::TimeZone;
use pycap_capture::Timestamp;

/// What is printed of a time; the number of `-t` flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Style {
    /// The time of day.
    Clock,
    None,
    /// Seconds since 1970.
    Unix,
    SincePrevious,
    /// Day and time of day.
    Date,
    SinceFirst,
}

/// Writes the times of one capture, in its order.
pub(crate) struct Times {
    style: Style,
    digits: usize,
    zone: TimeZone,
    /// The second that was written last, and its text: packets come by the thousand a second.
    second: i64,
    text: String,
    /// What the differences are counted from.
    reference: Option<Timestamp>,
}

const NANOS_PER_SEC: u128 = 1_000_000_000;

impl Times {
    /// Local times, in the style that so many `-t` flags mean.
    pub(crate) fn new(flags: u8, nano: bool) -> Self {
        Self::in_zone(flags, nano, if matches!(flags, 0 | 4) { TimeZone::system() } else { TimeZone::UTC })
    }

    fn in_zone(flags: u8, nano: bool, zone: TimeZone) -> Self {
        let style = match flags {
            0 => Style::Clock,
            1 => Style::None,
            2 => Style::Unix,
            3 => Style::SincePrevious,
            4 => Style::Date,
            _ => Style::SinceFirst,
        };
        Self {
            style,
            digits: if nano { 9 } else { 6 },
            zone,
            second: 0,
            text: String::new(),
            reference: None,
        }
    }

    /// Writes one time and a space; dashes where the packet has none.
    pub(crate) fn write<W: Write>(&mut self, out: &mut W, time: Option<Timestamp>) -> io::Result<()> {
        let digits = self.digits;
        let Some(time) = time else { return self.write_none(out) };
        match self.style {
            Style::None => Ok(()),
            Style::Unix => write!(out, "{time:.digits$} "),
            Style::Clock | Style::Date => self.write_local(out, time),
            Style::SincePrevious => {
                let reference = self.reference.replace(time).unwrap_or(time);
                self.write_difference(out, time, reference)
            }
            Style::SinceFirst => {
                let reference = *self.reference.get_or_insert(time);
                self.write_difference(out, time, reference)
            }
        }
    }

    fn write_none<W: Write>(&self, out: &mut W) -> io::Result<()> {
        let blank = match self.style {
            Style::None => return Ok(()),
            Style::Unix => return out.write_all(b"- "),
            Style::Clock => "--:--:--.",
            Style::Date => "---------- --:--:--.",
            Style::SincePrevious | Style::SinceFirst => " --:--:--.",
        };
        write!(out, "{blank}{:-<1$} ", "", self.digits)
    }

    fn write_local<W: Write>(&mut self, out: &mut W, time: Timestamp) -> io::Result<()> {
        if self.text.is_empty() || self.second != time.secs() {
            let Ok(instant) = jiff::Timestamp::from_second(time.secs()) else {
                // A year that no calendar here knows: the number is all there is to say.
                return write!(out, "{time:.0$} ", self.digits);
            };
            let local = self.zone.to_datetime(instant);
            self.second = time.secs();
            self.text = format!("{:02}:{:02}:{:02}.", local.hour(), local.minute(), local.second());
            if self.style == Style::Date {
                let date = format!("{:04}-{:02}-{:02} ", local.year(), local.month(), local.day());
                self.text.insert_str(0, &date);
            }
        }
        out.write_all(self.text.as_bytes())?;
        self.write_fraction(out, time.subsec_nanos())
    }

    fn write_difference<W: Write>(&self, out: &mut W, time: Timestamp, since: Timestamp) -> io::Result<()> {
        // tcpdump compares what it prints: microseconds, unless told otherwise.
        let unit = 10_i128.pow(9 - self.digits as u32);
        let nanos = (time.as_nanos().div_euclid(unit) - since.as_nanos().div_euclid(unit)) * unit;
        let sign = if nanos < 0 { '-' } else { ' ' };
        let (seconds, nanos) = (nanos.unsigned_abs() / NANOS_PER_SEC, nanos.unsigned_abs() % NANOS_PER_SEC);
        write!(out, "{sign}{:02}:{:02}:{:02}.", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        self.write_fraction(out, nanos as u32)
    }

    /// The digits behind the point, and a space.
    fn write_fraction<W: Write>(&self, out: &mut W, nanos: u32) -> io::Result<()> {
        let mut text = *b"000000000 ";
        let mut rest = nanos;
        for digit in text[..9].iter_mut().rev() {
            *digit += (rest % 10) as u8;
            rest /= 10;
        }
        text[self.digits] = b' ';
        out.write_all(&text[..=self.digits])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(flags: u8, nano: bool, times: &[Option<(i64, u32)>]) -> Vec<String> {
        let zone = TimeZone::fixed(jiff::tz::offset(-5));
        let mut clock = Times::in_zone(flags, nano, zone);
        let write = |time: &Option<(i64, u32)>| {
            let mut out = Vec::new();
            clock.write(&mut out, time.map(|(secs, nanos)| Timestamp::new(secs, nanos))).unwrap();
            String::from_utf8(out).unwrap()
        };
        times.iter().map(write).collect()
    }

    const TIMES: [Option<(i64, u32)>; 5] = [
        Some((1_385_938_405, 123_456_789)),
        Some((1_385_938_405, 999_999_999)),
        Some((1_385_938_406, 0)),
        Some((1_385_938_405, 123_455_999)),
        None,
    ];

    #[test]
    fn local_times() {
        assert_eq!(
            written(0, false, &TIMES),
            [
                "17:53:25.123456 ",
                "17:53:25.999999 ",
                "17:53:26.000000 ",
                "17:53:25.123455 ",
                "--:--:--.------ "
            ]
        );
        assert_eq!(written(4, true, &TIMES[..1]), ["2013-12-01 17:53:25.123456789 "]);
        assert_eq!(written(4, false, &TIMES[4..]), ["---------- --:--:--.------ "]);
    }

    #[test]
    fn seconds_and_nothing() {
        assert_eq!(written(2, false, &TIMES[3..]), ["1385938405.123455 ", "- "]);
        assert_eq!(written(1, false, &TIMES[3..]), ["", ""]);
    }

    #[test]
    fn differences() {
        assert_eq!(
            written(3, false, &TIMES),
            [
                " 00:00:00.000000 ",
                " 00:00:00.876543 ",
                " 00:00:00.000001 ",
                "-00:00:00.876545 ",
                " --:--:--.------ "
            ]
        );
        assert_eq!(written(5, true, &TIMES[..3])[2], " 00:00:00.876543211 ");
        assert_eq!(written(5, false, &[Some((0, 0)), Some((360_000, 0))])[1], " 100:00:00.000000 ");
    }

    #[test]
    fn times_out_of_the_calendar_are_numbers() {
        assert_eq!(written(4, false, &[Some((i64::MAX, 5000))]), ["9223372036854775807.000005 "]);
        assert_eq!(written(0, false, &[Some((-1, 500_000_000))]), ["18:59:59.500000 "]);
    }
}
