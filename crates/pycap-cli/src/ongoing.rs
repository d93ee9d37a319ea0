//! From what has no end of its own to the output: until a signal, or until there are as many packets as asked for.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use pycap_capture::{Frame, Next, OwnedFrame, Record, Source, Stats};

use crate::args::Args;
use crate::error::Failure;
use crate::output::{Output, Place, Step};
use crate::signals::Signals;
use crate::{tell, tell_again};

/// How often a source without packets looks whether statistics are asked for.
const LOOK_UP: Duration = Duration::from_millis(250);

/// After how many packets to look for it, however many wait.
const BATCH: u32 = 1 << 16;

/// Where packets come from as time goes by.
pub(crate) trait Ongoing: Source {
    /// What to tell of it, and of the packets that it gave: so many.
    fn account(&mut self, packets: u64) -> Result<String, Failure>;

    /// What comes next by then. Where it is to be written, a file has more to say than its packets.
    fn next_item(&mut self, until: Instant, _written: bool) -> pycap_capture::Result<Item<'_>> {
        Ok(match self.next_frame_until(Some(until))? {
            Next::Frame(frame) => Item::Packet(frame),
            Next::TimedOut => Item::TimedOut,
            Next::Finished => Item::Finished,
        })
    }

    /// What was counted on each interface that has counts of its own, with its index.
    fn stats_of_interfaces(&mut self) -> pycap_capture::Result<Vec<(u32, Stats)>> {
        Ok(Vec::new())
    }

    /// The interfaces of a capture that are down; a file has none.
    fn down(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// What comes from there.
pub(crate) enum Item<'a> {
    Packet(Frame<'a>),
    /// A packet with all that its file says of it, or anything else that is in a file.
    Record(Record<'a>),
    TimedOut,
    Finished,
}

/// Copies the packets that are wanted.
pub(crate) fn copy<S: Ongoing>(
    source: &mut S,
    mut wanted: impl FnMut(Frame<'_>) -> Result<bool, Failure>,
    out: &mut Output,
    signals: &Signals,
    counter: &mut Counter,
) -> Result<(), Failure> {
    // A deadline that has passed: what is there is taken, without a look at the clock for each.
    let at_once = Instant::now();
    let (mut until, mut batch, mut number) = (at_once, 0, 0);
    let mut down = Vec::new();
    loop {
        let waits = match source.next_item(until, out.takes_records())? {
            Item::Packet(frame) => {
                number += 1;
                let place = Place::numbered(number);
                let step = if wanted(frame)? { out.frame(place, frame)? } else { Step::Taken };
                if step != Step::Taken {
                    let frame = frame.to_owned();
                    if finish_step(source, out, step, place, &frame)?.is_break() {
                        return Ok(());
                    }
                }
                false
            }
            Item::Record(record) => {
                if copy_record(record, &mut wanted, out)?.is_break() {
                    return Ok(());
                }
                false
            }
            Item::TimedOut => true,
            Item::Finished => return Ok(()),
        };
        batch += 1;
        if !waits && batch < BATCH {
            until = at_once;
            continue;
        }
        batch = 0;
        out.pause()?;
        answer(source, out, signals)?;
        counter.at(out.packets());
        tell_down(source, &mut down);
        let patience = match out.due_now() {
            Ok(due) if out.next_file(due, &source.stats_of_interfaces()?)?.is_break() => return Ok(()),
            Ok(_) => Duration::ZERO,
            Err(left) => left.map_or(LOOK_UP, |left| left.min(LOOK_UP)),
        };
        until = Instant::now() + patience;
    }
}

/// Tells which interfaces went down since the last look, and which are up again.
fn tell_down<S: Ongoing>(source: &S, down: &mut Vec<String>) {
    let now = source.down();
    for name in now.iter().filter(|name| !down.iter().any(|known| known == *name)) {
        tell(format_args!("{name} went down: waiting until it is up again"));
    }
    for name in down.iter().filter(|name| !now.contains(&name.as_str())) {
        tell(format_args!("{name} is up again"));
    }
    if now != *down {
        *down = now.into_iter().map(str::to_owned).collect();
    }
}

/// Copies a record of a file; breaks if it was the last one.
fn copy_record(
    record: Record<'_>,
    wanted: &mut impl FnMut(Frame<'_>) -> Result<bool, Failure>,
    out: &mut Output,
) -> Result<ControlFlow<()>, Failure> {
    match (record.frame(), record.block()) {
        (Some(frame), _) if wanted(frame)? => {
            out.whole_packet(Place::numbered(record.number().unwrap_or_default()), frame, Some(record))
        }
        (None, Some(block)) => out.block(block).map(ControlFlow::Continue),
        _ => Ok(ControlFlow::Continue(())),
    }
}

/// Does what signals have asked for.
fn answer<S: Ongoing>(source: &mut S, out: &mut Output, signals: &Signals) -> Result<(), Failure> {
    if signals.take_statistics() {
        tell(format_args!("{}", source.account(out.packets())?));
    }
    if signals.take_flush() { out.flush_file() } else { Ok(()) }
}

/// What else there is to do for a frame; breaks if it was the last one. It is a copy, as the source is asked for its counts meanwhile.
#[cold]
fn finish_step<S: Ongoing>(
    source: &mut S,
    out: &mut Output,
    mut step: Step,
    place: Place<'_>,
    frame: &OwnedFrame,
) -> Result<ControlFlow<()>, Failure> {
    while let Step::NextFile(due) = step {
        let stats = source.stats_of_interfaces()?;
        if out.next_file(due, &stats)?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let mut frame = frame.as_frame();
        if let Some(info) = source.interface(frame.interface()) {
            frame = frame.with_interface_info(info);
        }
        step = out.frame(place, frame)?;
    }
    Ok(if step == Step::Last { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
}

/// Tells once a second how many packets there are, for `-v` where they are written and not printed, as tcpdump does.
pub(crate) struct Counter {
    next: Option<Instant>,
}

impl Counter {
    const PERIOD: Duration = Duration::from_secs(1);

    pub(crate) fn new(args: &Args) -> Self {
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
