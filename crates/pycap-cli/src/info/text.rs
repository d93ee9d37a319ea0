//! The report for people, in capinfos' form.

use std::fmt::{self, Display};
use std::io::{self, Write};

use jiff::tz::TimeZone;
use pycap_capture::{Interface, LinkType, Timestamp, TimestampResolution};

use super::{OfInterface, Report};
use crate::escape::Escaped;

/// Where values start.
const COLUMN: usize = 21;

/// Writes all that is known.
pub(super) fn write<W: Write>(out: &mut W, report: &Report) -> io::Result<()> {
    let (major, minor) = report.version;
    line(out, "File name", Escaped(report.path.display()))?;
    line(out, "File type", format_args!("{} {major}.{minor}, {}", report.format, report.byte_order))?;
    if let Some(compression) = report.compression {
        line(out, "Compression", compression)?;
    }
    encapsulation(out, report)?;
    line(out, "Time precision", precisions(report))?;
    line(out, "Packet size limit", limits(report))?;
    line(out, "Number of packets", report.packets)?;
    line(out, "File size", format_args!("{} bytes", report.file_size))?;
    line(out, "Data size", format_args!("{} bytes", report.data))?;
    if report.cut > 0 {
        let packets = crate::link::Packets(report.cut);
        line(out, "Captured size", format_args!("{} bytes; {packets} cut short", report.captured))?;
    } else {
        line(out, "Captured size", format_args!("{} bytes", report.captured))?;
    }
    times(out, report)?;
    rate(out, "Data byte rate", report.rate(report.data), "bytes/sec")?;
    rate(out, "Data bit rate", report.rate(report.data.saturating_mul(8)), "bits/sec")?;
    rate(out, "Average packet size", report.mean_size(), "bytes")?;
    rate(out, "Average packet rate", report.rate(report.packets), "packets/sec")?;
    let order = match report.times.in_order() {
        Some(true) => "True",
        Some(false) => "False",
        None => "Unknown",
    };
    line(out, "Strict time order", order)?;
    sections(out, report)?;
    let counts = &report.counts;
    for (label, count) in [
        ("Comments", counts.comments),
        ("Name records", counts.names),
        ("Decryption secrets", counts.secrets),
        ("Custom blocks", counts.custom),
        ("Other blocks", counts.other),
    ] {
        if count > 0 {
            line(out, label, count)?;
        }
    }
    if counts.with_drops > 0 {
        let packets = crate::link::Packets(counts.with_drops);
        line(out, "Drop counts", format_args!("{} lost, as {packets} say", counts.drops))?;
    }
    line(out, "Interfaces in file", report.interfaces.len())?;
    for (index, (interface, of)) in report.interfaces.iter().enumerate() {
        if report.sections.len() > 1 {
            let (section, id) = (interface.section(), interface.id());
            writeln!(out, "Interface #{index} info: (section {section}, its #{id})")?;
        } else {
            writeln!(out, "Interface #{index} info:")?;
        }
        write_interface(out, report, interface, of)?;
    }
    match &report.damage {
        Some(damage) => line(out, "Damage", damage),
        None => Ok(()),
    }
}

fn line<W: Write>(out: &mut W, label: &str, value: impl Display) -> io::Result<()> {
    writeln!(out, "{:<COLUMN$}{value}", format_args!("{label}:").to_string())
}

fn rate<W: Write>(out: &mut W, label: &str, value: Option<f64>, unit: &str) -> io::Result<()> {
    match value {
        Some(value) => line(out, label, format_args!("{value:.2} {unit}")),
        None => line(out, label, "n/a"),
    }
}

fn encapsulation<W: Write>(out: &mut W, report: &Report) -> io::Result<()> {
    let mut types = report.link_types();
    match (types.next(), types.next()) {
        (None, _) => line(out, "File encapsulation", "n/a"),
        (Some((link_type, _)), None) => line(out, "File encapsulation", Named(link_type)),
        _ => {
            line(out, "File encapsulation", "per-packet")?;
            writeln!(out, "Encapsulation in use by packets (# of pkts):")?;
            for (link_type, packets) in report.link_types() {
                writeln!(out, "{:COLUMN$}{} ({packets})", "", Named(link_type))?;
            }
            Ok(())
        }
    }
}

/// A link type by its name and number.
struct Named(LinkType);

impl Display for Named {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.0.name().unwrap_or("unnamed"), self.0.0)
    }
}

fn precisions(report: &Report) -> String {
    all_of(report, |interface| Precision(interface.timestamp_resolution()).to_string())
}

fn limits(report: &Report) -> String {
    all_of(report, |interface| match interface.snaplen() {
        0 => "none".to_owned(),
        bytes => format!("{bytes} bytes"),
    })
}

/// What the interfaces say, each answer once.
fn all_of(report: &Report, say: impl Fn(&Interface) -> String) -> String {
    /// As many as fit a line; the interfaces themselves have them all.
    const MOST: usize = 4;
    let mut said: Vec<String> = Vec::new();
    for (interface, _) in &report.interfaces {
        let this = say(interface);
        if said.contains(&this) {
            continue;
        }
        if said.len() == MOST {
            said.push("...".to_owned());
            break;
        }
        said.push(this);
    }
    if said.is_empty() { "n/a".to_owned() } else { said.join(", ") }
}

struct Precision(TimestampResolution);

impl Display for Precision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            TimestampResolution::PowerOf10(0) => "seconds (0)",
            TimestampResolution::PowerOf10(3) => "milliseconds (3)",
            TimestampResolution::PowerOf10(6) => "microseconds (6)",
            TimestampResolution::PowerOf10(9) => "nanoseconds (9)",
            other => return other.fmt(f),
        };
        f.write_str(name)
    }
}

/// How many digits behind the point the times of the file have.
fn digits(report: &Report) -> usize {
    let fine = report.interfaces.iter().any(|(interface, _)| match interface.timestamp_resolution() {
        TimestampResolution::PowerOf10(power) => power > 6,
        TimestampResolution::PowerOf2(power) => power > 19,
    });
    if fine { 9 } else { 6 }
}

fn times<W: Write>(out: &mut W, report: &Report) -> io::Result<()> {
    let (times, digits) = (&report.times, digits(report));
    match times.duration_nanos() {
        Some(nanos) => {
            let duration = Timestamp::from_nanos(nanos);
            line(out, "Capture duration", format_args!("{duration:.digits$} seconds"))?;
        }
        None => line(out, "Capture duration", "n/a")?,
    }
    for (label, time) in [("First packet time", times.earliest), ("Last packet time", times.latest)] {
        match time {
            Some(time) => line(out, label, Local(time, digits))?,
            None => line(out, label, "n/a")?,
        }
    }
    if times.without > 0 {
        line(out, "Without a time", crate::link::Packets(times.without))?;
    }
    Ok(())
}

/// Date and time of day, local, with so many digits behind the point.
struct Local(Timestamp, usize);

impl Display for Local {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(time, digits) = *self;
        let Ok(instant) = jiff::Timestamp::from_second(time.secs()) else {
            // A year that no calendar here knows.
            return write!(f, "{time:.digits$} seconds since 1970");
        };
        let local = TimeZone::system().to_datetime(instant);
        let fraction = time.subsec_nanos() / 10_u32.pow(9 - digits as u32);
        write!(
            f,
            "{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{fraction:0digits$}",
            local.year(),
            local.month(),
            local.day(),
            local.hour(),
            local.minute(),
            local.second()
        )
    }
}

fn sections<W: Write>(out: &mut W, report: &Report) -> io::Result<()> {
    for (number, section) in report.sections.iter().enumerate() {
        if report.sections.len() > 1 {
            writeln!(out, "Section {number}:")?;
        }
        for (label, text) in [
            ("Capture hardware", &section.hardware),
            ("Capture oper-sys", &section.os),
            ("Capture application", &section.application),
        ] {
            if let Some(text) = text {
                line(out, label, Escaped(text))?;
            }
        }
        for comment in &section.comments {
            line(out, "Capture comment", Escaped(comment))?;
        }
    }
    if report.more_sections > 0 {
        line(out, "Further sections", report.more_sections)?;
    }
    Ok(())
}

fn write_interface<W: Write>(
    out: &mut W,
    report: &Report,
    interface: &Interface,
    of: &OfInterface,
) -> io::Result<()> {
    let mut say = |label: &str, value: &dyn Display| writeln!(out, "{:COLUMN$}{label} = {value}", "");
    if let Some(name) = interface.name() {
        say("Name", &Escaped(name))?;
    }
    if let Some(description) = interface.description() {
        say("Description", &Escaped(description))?;
    }
    say("Encapsulation", &Named(interface.link_type()))?;
    say("Capture length", &interface.snaplen())?;
    say("Time precision", &Precision(interface.timestamp_resolution()))?;
    if interface.timestamp_offset() != 0 {
        say("Time offset", &format_args!("{} seconds", interface.timestamp_offset()))?;
    }
    if let Some(len) = interface.fcs_len() {
        say("Frame check sequence", &format_args!("{len} bytes"))?;
    }
    for (label, text) in [
        ("Filter string", interface.filter()),
        ("Operating system", interface.os()),
        ("Hardware", interface.hardware()),
    ] {
        if let Some(text) = text {
            say(label, &Escaped(text))?;
        }
    }
    if let Some(speed) = of.speed {
        say("Speed", &format_args!("{speed} bits/s"))?;
    }
    for comment in &of.comments {
        say("Comment", &Escaped(comment))?;
    }
    say("Number of stat entries", &of.statistics)?;
    if let Some(last) = &of.last {
        let digits = digits(report);
        for (label, time) in [("Capture start", last.start), ("Capture end", last.end)] {
            if let Some(time) = time {
                say(label, &Local(time, digits))?;
            }
        }
        for (label, count) in [
            ("Received by interface", last.received_by_interface),
            ("Dropped by interface", last.dropped_by_interface),
            ("Accepted by filter", last.accepted_by_filter),
            ("Dropped by system", last.dropped_by_system),
            ("Delivered", last.delivered),
        ] {
            if let Some(count) = count {
                say(label, &count)?;
            }
        }
    }
    say("Number of packets", &of.packets)
}
