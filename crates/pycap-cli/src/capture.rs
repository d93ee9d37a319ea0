//! From an interface to the output.

use std::io::Write;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pycap_capture::{
    Direction, LinkType, Live, LiveCapture, Next, OwnedFrame, Source, default_interface, link_types,
    timestamp_sources,
};

use crate::args::{Args, Way};
use crate::error::Failure;
use crate::link::Packets;
use crate::matcher::Matcher;
use crate::output::{Output, Step};
use crate::signals::Signals;
use crate::{tell, tell_again, user};

/// How often a capture without packets looks whether statistics are asked for.
const LOOK_UP: Duration = Duration::from_millis(250);

/// After how many packets to look for it, however many wait.
const BATCH: u32 = 1 << 16;

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
    let copied = copy(&mut capture, &mut out, &signals, &mut counter);
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

/// Until a signal, or until there are as many as asked for.
fn copy(
    capture: &mut LiveCapture,
    out: &mut Output,
    signals: &Signals,
    counter: &mut Counter,
) -> Result<(), Failure> {
    // A deadline that has passed: what is there is taken, without a look at the clock for each.
    let at_once = Instant::now();
    let (mut until, mut batch, mut down) = (at_once, 0, false);
    loop {
        match capture.next_frame_until(Some(until))? {
            Next::Frame(frame) => {
                let step = out.frame(frame)?;
                if step != Step::Taken {
                    let frame = frame.to_owned();
                    if finish_step(capture, out, step, &frame)?.is_break() {
                        return Ok(());
                    }
                }
                batch += 1;
                if batch < BATCH {
                    until = at_once;
                    continue;
                }
            }
            Next::TimedOut => {}
            Next::Finished => return Ok(()),
        }
        batch = 0;
        out.pause()?;
        answer(capture, out, signals)?;
        counter.at(out.packets());
        if capture.is_down() != down {
            down = !down;
            let state = if down { "went down: waiting until it is up again" } else { "is up again" };
            tell(format_args!("{} {state}", capture.interface_name()));
        }
        let patience = match out.due_now() {
            Ok(due) if out.next_file(due, Some(&capture.stats()?))?.is_break() => return Ok(()),
            Ok(_) => Duration::ZERO,
            Err(left) => left.map_or(LOOK_UP, |left| left.min(LOOK_UP)),
        };
        until = Instant::now() + patience;
    }
}

/// Tells once a second how many packets there are, for `-v` where they are written and not printed, as tcpdump does.
struct Counter {
    next: Option<Instant>,
}

impl Counter {
    const PERIOD: Duration = Duration::from_secs(1);

    fn new(args: &Args) -> Self {
        let counts = args.verbose > 0 && args.write.is_some() && !args.prints();
        Self { next: counts.then(|| Instant::now() + Self::PERIOD) }
    }

    fn at(&mut self, packets: u64) {
        let Some(next) = &mut self.next else { return };
        let now = Instant::now();
        if now >= *next {
            *next = now + Self::PERIOD;
            tell_again(format_args!("Got {packets}"));
        }
    }
}

/// Does what signals have asked for.
fn answer(capture: &mut LiveCapture, out: &mut Output, signals: &Signals) -> Result<(), Failure> {
    if signals.take_statistics() {
        let stats = capture.stats()?;
        tell(format_args!("{} captured, {stats}", Packets(out.packets())));
    }
    if signals.take_flush() { out.flush_file() } else { Ok(()) }
}

/// What else there is to do for a frame; breaks if it was the last one. It is a copy, as the capture is asked for its counts meanwhile.
#[cold]
fn finish_step(
    capture: &mut LiveCapture,
    out: &mut Output,
    mut step: Step,
    frame: &OwnedFrame,
) -> Result<ControlFlow<()>, Failure> {
    while let Step::NextFile(due) = step {
        let stats = capture.stats()?;
        if out.next_file(due, Some(&stats))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let mut frame = frame.as_frame();
        if let Some(info) = capture.interface(frame.interface()) {
            frame = frame.with_interface_info(info);
        }
        step = out.frame(frame)?;
    }
    Ok(if step == Step::Last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}
