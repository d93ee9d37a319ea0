//! From interfaces to the output.

use std::fmt::Write as _;
use std::io::Write;
use std::time::Duration;

use pycap_capture::{
    Direction, LinkType, Live, LiveCapture, MultiCapture, Source, Stats, default_interface, link_types,
    timestamp_sources,
};

use crate::args::{Args, Way};
use crate::error::Failure;
use crate::files::named;
use crate::link::Packets;
use crate::matcher::{Matcher, dump};
use crate::ongoing::{self, Counter, Ongoing};
use crate::output::Output;
use crate::signals::Signals;
use crate::{tell, user};

/// Captures on these interfaces, or on the default one.
pub(crate) fn run(args: &Args, interfaces: &[String]) -> Result<(), Failure> {
    let mut names = interfaces.iter().map(|name| by_number(name)).collect::<Result<Vec<_>, _>>()?;
    if names.is_empty() {
        names.push(default_interface()?.name().to_owned());
    }
    if let Some((number, name)) =
        names.iter().enumerate().find(|(number, name)| names[..*number].contains(name))
    {
        let given = &interfaces[number];
        return Err(Failure::Usage(format!("-i {given} is {name}, which was given before: give it once")));
    }
    if let Some(all) = names.iter().position(|name| name == "any").filter(|_| names.len() > 1) {
        let given = &interfaces[all];
        let message = format!("-i {given}: give it alone, or the others without it: any is all interfaces");
        return Err(Failure::Usage(message));
    }
    if args.list_time_stamp_types {
        return names.iter().try_for_each(|name| list_time_stamp_types(name));
    }
    if args.list_data_link_types {
        return names.iter().try_for_each(|name| list_link_types(name));
    }
    let lives = names.iter().map(|name| settings(args, name)).collect::<Result<Vec<_>, _>>()?;
    let mut programs = Vec::new();
    for (name, live) in names.iter().zip(&lives) {
        let matcher = Matcher::new(args, Some(name))?;
        programs.push(if args.dump_program == 0 && matcher.is_empty() {
            None
        } else {
            Some(matcher.program(live.link_type()?)?)
        });
    }
    if args.dump_program > 0 {
        let program = programs
            .first()
            .and_then(Option::as_ref)
            .filter(|first| programs.iter().all(|program| program.as_ref() == Some(first)));
        let Some(program) = program else {
            let message =
                "-d prints one program, and these interfaces have different ones: give one -i at a time";
            return Err(Failure::Usage(message.into()));
        };
        return dump(program, args.dump_program);
    }
    let mut captures = Vec::new();
    for (live, program) in lives.into_iter().zip(programs) {
        captures.push(
            match program {
                Some(program) => live.filter_program(program),
                None => live,
            }
            .open()?,
        );
    }
    if captures.len() > 1 {
        let link_types = captures.iter().map(LiveCapture::link_type).collect::<Vec<_>>();
        let mut several = MultiCapture::new(captures)?;
        if args.immediate_mode {
            several = several.hold(IMMEDIATE_HOLD);
        }
        return record(args, &link_types, several);
    }
    captures.pop().map_or(Ok(()), |capture| record(args, &[capture.link_type()], capture))
}

/// How long a packet waits for earlier ones of other interfaces where each is to be handed on as soon as it comes: the kernel's own timer
/// has no more than this.
const IMMEDIATE_HOLD: Duration = Duration::from_millis(3);

/// Copies what is captured to the output, until it ends.
fn record<S: Captured>(args: &Args, link_types: &[LinkType], mut capture: S) -> Result<(), Failure> {
    check_link_types(args, link_types, &capture)?;
    let first = link_types.first().copied().unwrap_or(LinkType::ETHERNET);
    let known = capture.interfaces().to_vec();
    let mut out = user::relinquish_beside(args, |user| Output::of_capture(args, first, &known, user))?;
    let signals = Signals::catch(capture.stop_handle())?;
    for (name, link_type) in capture.names().iter().zip(link_types) {
        tell(format_args!(
            "listening on {name}, link-type {}, snapshot length {} bytes",
            named(*link_type),
            args.snaplen()
        ));
    }
    let mut counter = Counter::new(args);
    let copied = ongoing::copy(&mut capture, |_| Ok(true), &mut out, &signals, &mut counter);
    let packets = out.packets();
    let stats = capture.stats_of_interfaces().unwrap_or_default();
    let ended = out.end(copied, &stats);
    // Whoever closed the output has seen enough of all of it.
    if !matches!(ended, Err(Failure::Closed)) {
        tell(format_args!(
            "{}",
            account(packets, &mut capture).unwrap_or_else(|_| Packets(packets).to_string())
        ));
    }
    ended
}

/// A pcap file has one link type: before anything is opened that would not fit, it is told.
fn check_link_types(args: &Args, link_types: &[LinkType], capture: &impl Captured) -> Result<(), Failure> {
    let (Some(name), Some(first)) = (&args.write, link_types.first()) else { return Ok(()) };
    let other = link_types.iter().position(|link_type| link_type != first);
    let (Some(other), false, false) = (other, args.writes_pcapng(name), args.lossy) else { return Ok(()) };
    let names = capture.names();
    Err(Failure::Usage(format!(
        "-w {}: write pcapng (--pcapng, or a name that ends in .pcapng), or capture on one of them, or on -i any: a pcap file has one link type, and {} has {}, {} has {}",
        name.display(),
        names[0],
        named(*first),
        names[other],
        named(link_types[other])
    )))
}

/// `12 packets captured, 12 received by filter, 0 dropped by kernel`, and the same of each interface where there are several.
fn account(packets: u64, capture: &mut impl Captured) -> Result<String, Failure> {
    let mut line = format!("{} captured, {}", Packets(packets), capture.stats()?);
    let each = capture.stats_of_each()?;
    if each.len() > 1 {
        for (name, stats) in capture.names().iter().zip(&each) {
            let _ = write!(line, "; {name}: {stats}");
        }
    }
    Ok(line)
}

/// A live capture on one interface, or on several.
trait Captured: Ongoing {
    /// The interfaces, as they were named.
    fn names(&self) -> Vec<&str>;
    /// What was counted on each of them.
    fn stats_of_each(&mut self) -> pycap_capture::Result<Vec<Stats>>;
}

impl Captured for LiveCapture {
    fn names(&self) -> Vec<&str> {
        vec![self.interface_name()]
    }

    fn stats_of_each(&mut self) -> pycap_capture::Result<Vec<Stats>> {
        Ok(vec![self.stats()?])
    }
}

impl Captured for MultiCapture {
    fn names(&self) -> Vec<&str> {
        self.captures().map(LiveCapture::interface_name).collect()
    }

    fn stats_of_each(&mut self) -> pycap_capture::Result<Vec<Stats>> {
        self.stats_of_each()
    }
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
        Failure::Usage(format!(
            "-y {name}: take one of {}: {interface} has no such link type",
            names.join(", ")
        ))
    })
}

/// A number stands for the interface that `-D` lists under it.
pub(crate) fn by_number(name: &str) -> Result<String, Failure> {
    let Ok(number) = name.parse::<usize>() else { return Ok(name.to_owned()) };
    let names = crate::devices::names()?;
    match number.checked_sub(1).and_then(|at| names.get(at)) {
        Some(name) => Ok(name.clone()),
        None => Err(Failure::Usage(format!(
            "-i {number}: take one of the {} that pycap -D lists: there is no interface of this number",
            names.len()
        ))),
    }
}

fn list_link_types(interface: &str) -> Result<(), Failure> {
    let types = link_types(interface)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "Data link types for {interface} (use option -y to set):")?;
    for link_type in types {
        writeln!(out, "  {}", named(link_type))?;
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
        account(packets, self)
    }

    fn stats_of_interfaces(&mut self) -> pycap_capture::Result<Vec<(u32, Stats)>> {
        Ok(vec![(0, self.stats()?)])
    }

    fn down(&self) -> Vec<&str> {
        if self.is_down() { self.names() } else { Vec::new() }
    }
}

impl Ongoing for MultiCapture {
    fn account(&mut self, packets: u64) -> Result<String, Failure> {
        account(packets, self)
    }

    fn stats_of_interfaces(&mut self) -> pycap_capture::Result<Vec<(u32, Stats)>> {
        self.stats_of_interfaces()
    }

    fn down(&self) -> Vec<&str> {
        self.captures().filter(|capture| capture.is_down()).map(LiveCapture::interface_name).collect()
    }
}
