//! From an interface to the output.

use std::io::Write;

use pycap_capture::{
    Direction, LinkType, Live, LiveCapture, Source, default_interface, link_types, timestamp_sources,
};

use crate::args::{Args, Way};
use crate::error::Failure;
use crate::link::Packets;
use crate::matcher::Matcher;
use crate::ongoing::{self, Counter, Ongoing};
use crate::output::Output;
use crate::signals::Signals;
use crate::{tell, user};

/// Captures on this interface, or on the default one.
pub(crate) fn run(args: &Args, interface: Option<&str>) -> Result<(), Failure> {
    let interface = match interface {
        Some(name) => by_number(name)?,
        None => default_interface()?.name().to_owned(),
    };
    if args.list_time_stamp_types {
        return list_time_stamp_types(&interface);
    }
    if args.list_data_link_types {
        return list_link_types(&interface);
    }
    let live = settings(args, &interface)?;
    let matcher = Matcher::new(args, Some(&interface))?;
    if args.dump_program > 0 {
        return matcher.dump(live.link_type()?, args.dump_program);
    }
    let live = if matcher.is_empty() {
        live
    } else {
        live.clone().filter_program(matcher.program(live.link_type()?)?)
    };
    let mut capture = live.open()?;
    let mut out = user::relinquish_beside(args, |user| Output::of_capture(args, &capture, user))?;
    let signals = Signals::catch(capture.stop_handle())?;
    let link_type = capture.link_type();
    tell(format_args!(
        "listening on {interface}, link-type {} ({}), snapshot length {} bytes",
        link_type.name().unwrap_or("unnamed"),
        link_type.0,
        args.snaplen()
    ));
    let mut counter = Counter::new(args);
    let copied = ongoing::copy(&mut capture, |_| Ok(true), &mut out, &signals, &mut counter);
    let packets = out.packets();
    let stats = capture.stats().unwrap_or_default();
    let ended = out.end(copied, Some(&stats));
    // Whoever closed the output has seen enough of all of it.
    if !matches!(ended, Err(Failure::Closed)) {
        tell(format_args!("{} captured, {stats}", Packets(packets)));
    }
    ended
}

fn settings(args: &Args, interface: &str) -> Result<Live, Failure> {
    let direction = match args.direction {
        Some(Way::In) => Direction::Inbound,
        Some(Way::Out) => Direction::Outbound,
        Some(Way::Inout) | None => Direction::Unknown,
    };
    let mut live = Live::on(interface)
        .promiscuous(!args.no_promiscuous_mode)
        .snaplen(args.snaplen())
        .immediate(args.immediate_mode)
        .direction(direction);
    if let Some(kib) = args.buffer_size {
        live = live.buffer_size(kib as usize * 1024);
    }
    if let Some(source) = args.time_stamp_type {
        live = live.timestamp_source(source);
    }
    if let Some(name) = &args.linktype {
        live = live.with_link_type(link_type_by_name(interface, name)?);
    }
    Ok(live)
}

/// One of the link types that the interface has.
fn link_type_by_name(interface: &str, name: &str) -> Result<LinkType, Failure> {
    let types = link_types(interface)?;
    let wanted = |one: &&LinkType| one.name().is_some_and(|known| known.eq_ignore_ascii_case(name));
    types.iter().find(wanted).copied().ok_or_else(|| {
        let names: Vec<_> = types.iter().filter_map(|one| one.name()).collect();
        Failure::Usage(format!("{interface} has no link type {name}: it has {}", names.join(", ")))
    })
}

/// A number stands for the interface that `-D` lists under it.
pub(crate) fn by_number(name: &str) -> Result<String, Failure> {
    let Ok(number) = name.parse::<usize>() else { return Ok(name.to_owned()) };
    let names = crate::devices::names()?;
    match number.checked_sub(1).and_then(|at| names.get(at)) {
        Some(name) => Ok(name.clone()),
        None => {
            Err(Failure::Usage(format!("there is no interface {number}: pycap -D lists {}", names.len())))
        }
    }
}

fn list_link_types(interface: &str) -> Result<(), Failure> {
    let types = link_types(interface)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Data link types for {interface} (use option -y to set):")?;
    for link_type in types {
        writeln!(out, "  {} ({})", link_type.name().unwrap_or("unnamed"), link_type.0)?;
    }
    Ok(out.flush()?)
}

fn list_time_stamp_types(interface: &str) -> Result<(), Failure> {
    let sources = timestamp_sources(interface)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Time stamp types for {interface} (use option -j to set):")?;
    for source in sources {
        writeln!(out, "  {source}")?;
    }
    Ok(out.flush()?)
}

impl Ongoing for LiveCapture {
    fn account(&mut self, packets: u64) -> Result<String, Failure> {
        let stats = self.stats()?;
        Ok(format!("{} captured, {stats}", Packets(packets)))
    }

    fn state(&self) -> (&str, bool) {
        (self.interface_name(), self.is_down())
    }
}
