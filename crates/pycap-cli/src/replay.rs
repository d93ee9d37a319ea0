//! `pycap replay`: a capture onto a wire.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pycap_capture::{Savefile, Source};
use pycap_inject::pacer::{Gap, Pace, Pacer, StopHandle};
use pycap_inject::replay::{Ended, Progress, Recording, Replay, ReplayError, Report};
use pycap_inject::rewrite::{MapIp, Rewrite, Vlan};
use pycap_inject::{Backend, Injector, SendErrorKind, Sender};
use pycap_wire::{LinkType, MacAddr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::args::from_one;
use crate::capture::by_number;
use crate::error::Failure;
use crate::send::duration;
use crate::tell;

const EXAMPLES: &str = "\
Examples:
  pycap replay trace.pcap -i eth0                 with the gaps of the capture
  pycap replay trace.pcap -i eth0 --multiplier 10
  pycap replay trace.pcap -i eth0 --pps 50000 --loop 0
                                                  over and over; Ctrl-C ends it
  pycap replay trace.pcap -i eth0 --max-gap 2     no pause of more than two seconds
  pycap replay sender.pcap -i eth0 --fix-checksums --segment
                                                  captured where the network card computes checksums and cuts segments
  pycap replay trace.pcap -i eth0 --map-ip 10.0.0.0/8=192.168.0.0/16 --dst-mac 02:00:00:00:00:01";

/// A file up to this size is read before the first packet is sent, so that no disk is waited for in between.
const IN_MEMORY: usize = 256 << 20;

/// Sends the packets of a capture.
///
/// It ends with an account: how many packets were sent, why others were not, how fast, and how late they were.
#[derive(Debug, clap::Parser)]
#[command(
    name = "pycap replay",
    disable_version_flag = true,
    after_help = EXAMPLES,
    max_term_width = 100,
    override_usage = "pycap replay FILE -i INTERFACE [OPTIONS]",
    group = clap::ArgGroup::new("pace")
)]
pub(crate) struct ReplayArgs {
    /// The capture, pcap or pcapng; - is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,

    /// Send on INTERFACE
    #[arg(short, long, value_name = "INTERFACE")]
    interface: String,

    /// So many packets a second
    #[arg(long, value_name = "N", value_parser = above_zero, allow_negative_numbers = true, help_heading = "Pace", group = "pace")]
    pps: Option<f64>,

    /// So many million bits a second, link headers included
    #[arg(long, value_name = "N", value_parser = above_zero, allow_negative_numbers = true, help_heading = "Pace", group = "pace")]
    mbps: Option<f64>,

    /// So many times as fast as it was captured
    #[arg(long, value_name = "X", value_parser = above_zero, allow_negative_numbers = true, help_heading = "Pace", group = "pace")]
    multiplier: Option<f64>,

    /// As fast as it goes
    #[arg(long, help_heading = "Pace", group = "pace")]
    topspeed: bool,

    /// Wait no longer than TIME for a packet: seconds, or with ms or us behind the number. Without it a gap of more than a day in the
    /// capture, which a clock that was set leaves there, is not waited for at all, and any other to its end
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true, help_heading = "Pace")]
    max_gap: Option<Duration>,

    /// Leave the processor to others while it waits: packets are late by what it takes to wake up
    #[arg(long, help_heading = "Pace")]
    no_spin: bool,

    /// Send the file so many times; 0 is for ever
    #[arg(
        long = "loop",
        value_name = "N",
        default_value_t = 1,
        hide_default_value = true,
        help_heading = "Packets"
    )]
    loops: u64,

    /// Stop after so many packets
    #[arg(long, value_name = "N", value_parser = from_one::<u64>, allow_negative_numbers = true, help_heading = "Packets")]
    limit: Option<u64>,

    /// Leave out packets of which the capture has the beginning only
    #[arg(long, help_heading = "Packets")]
    skip_cut: bool,

    /// Compute all checksums anew. Those that the capture marks as not ready (pcapng) are completed without it
    #[arg(long, help_heading = "Packets")]
    fix_checksums: bool,

    /// Cut TCP packets that are too long for the interface into segments. Those that the capture marks as left whole (pcapng) are cut
    /// without it
    #[arg(long, help_heading = "Packets")]
    segment: bool,

    /// Stop at the first packet that cannot be sent
    #[arg(long, help_heading = "Packets")]
    stop_at_failure: bool,

    /// The sender's Ethernet address
    #[arg(long, value_name = "MAC", help_heading = "Rewriting")]
    src_mac: Option<MacAddr>,

    /// The receiver's Ethernet address
    #[arg(long, value_name = "MAC", help_heading = "Rewriting")]
    dst_mac: Option<MacAddr>,

    /// B in the place of the IP address A, or of all addresses of the prefix A; can be given several times
    #[arg(long, value_name = "A=B", help_heading = "Rewriting")]
    map_ip: Vec<MapIp>,

    /// The number of the outermost VLAN tag; packets without one get one
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(..4096), help_heading = "Rewriting", conflicts_with = "strip_vlan")]
    vlan: Option<u16>,

    /// Take the outermost VLAN tag away
    #[arg(long, help_heading = "Rewriting")]
    strip_vlan: bool,

    /// The time to live, or hop limit
    #[arg(long, value_name = "N", help_heading = "Rewriting")]
    ttl: Option<u8>,

    /// What sends: automatic, packet, tx-ring, raw-ip, libpcap, libnet
    #[arg(long, value_name = "NAME", default_value_t, hide_default_value = true, help_heading = "Sending")]
    backend: Backend,

    /// Past the interface's queue (packet and tx-ring): neither shaped nor kept
    #[arg(long, help_heading = "Sending")]
    qdisc_bypass: bool,

    /// Say nothing but what went wrong
    #[arg(short, long, help_heading = "Sending")]
    quiet: bool,
}

/// Replays the file, and tells what became of it.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let mut capture = Capture::open(args)?;
    let interface = by_number(&args.interface)?;
    let builder = Injector::builder(interface).backend(args.backend).qdisc_bypass(args.qdisc_bypass);
    let mut sender = builder.open()?;
    let rewrite = args.rewrite();
    // Packets of link types that do not fit are counted; if that is all of them, it is told at once.
    let misfits: Result<Vec<_>, ()> = capture
        .link_types()
        .into_iter()
        .map(|link_type| rewrite.check(link_type, sender.link_type()).err().ok_or(()))
        .collect();
    if let Some(error) = misfits.ok().and_then(|errors| errors.into_iter().next()) {
        return Err(Failure::Replay(format!("{}: {error}", args.file.display())));
    }
    let mut pacer = Pacer::new(args.pace())?.spin(!args.no_spin);
    if let Some(longest) = args.max_gap {
        pacer = pacer.max_gap(longest);
    }
    let untold = Arc::new(AtomicU64::new(0));
    let mut gaps = Gaps { quiet: args.quiet, told: 0, untold: Arc::clone(&untold) };
    let mut replay = Replay::new(pacer)
        .rewrite(rewrite)
        .limit(args.limit.unwrap_or(u64::MAX))
        .skip_cut(args.skip_cut)
        .fix_checksums(args.fix_checksums)
        .segment(args.segment)
        .stop_at_failure(args.stop_at_failure)
        .on_gap(move |number, gap| {
            if let Some(line) = gaps.line(number, gap) {
                tell(format_args!("{line}"));
            }
        });
    if let Capture::Memory(recording) = &capture {
        replay = replay.pass_len(recording.len() as u64);
    }
    stop_at_signals(replay.stop_handle())?;
    let bar = Bar::new(args.quiet, replay.progress(), capture.packets(args));
    let ended = send_all(args, &mut capture, &mut replay, &mut sender);
    bar.finish();
    let report = replay.into_report();
    tell_account(&report, untold.load(Ordering::Relaxed), args);
    match ended {
        Err(failure) => Err(failure),
        Ok(()) if report.failed() > 0 => Err(Failure::Unwell),
        Ok(()) if report.sent == 0 && report.other_link_type() > 0 => Err(Failure::Unwell),
        Ok(()) => Ok(()),
    }
}

impl ReplayArgs {
    /// How many times the file is sent; `None` for ever.
    fn times(&self) -> Option<u64> {
        (self.loops > 0).then_some(self.loops)
    }

    fn pace(&self) -> Pace {
        match (self.pps, self.mbps, self.multiplier) {
            _ if self.topspeed => Pace::TopSpeed,
            (Some(rate), ..) => Pace::PacketsPerSecond(rate),
            (_, Some(rate), _) => Pace::BitsPerSecond(rate * 1e6),
            (.., factor) => Pace::Recorded(factor.unwrap_or(1.0)),
        }
    }

    fn rewrite(&self) -> Rewrite {
        let mut rewrite = self.map_ip.iter().fold(Rewrite::new(), |rewrite, map| rewrite.map_ip(*map));
        if let Some(address) = self.src_mac {
            rewrite = rewrite.src_mac(address);
        }
        if let Some(address) = self.dst_mac {
            rewrite = rewrite.dst_mac(address);
        }
        if let Some(ttl) = self.ttl {
            rewrite = rewrite.ttl(ttl);
        }
        match self.vlan {
            Some(id) => rewrite.vlan(Vlan::Set(id)),
            None if self.strip_vlan => rewrite.vlan(Vlan::Pop),
            None => rewrite,
        }
    }
}

/// What is replayed.
#[allow(clippy::large_enum_variant, reason = "there is one of them in a run")]
enum Capture {
    Memory(Recording),
    File(Savefile<Box<dyn io::Read + Send>>),
}

impl Capture {
    fn open(args: &ReplayArgs) -> Result<Self, Failure> {
        if args.file == Path::new("-") {
            let mut stdin = Savefile::stdin()?;
            if args.loops == 1 {
                return Ok(Self::File(stdin));
            }
            return match Recording::read(&mut stdin, IN_MEMORY)? {
                Some(recording) => Ok(Self::Memory(recording.repeat(args.times()))),
                None => {
                    Err(Failure::Usage("--loop takes a file that can be read again, not a long pipe".into()))
                }
            };
        }
        let mut file = Savefile::open(&args.file)?;
        if fs::metadata(&args.file).is_ok_and(|file| file.len() <= IN_MEMORY as u64)
            // What is damaged is sent up to there.
            && let Ok(Some(recording)) = Recording::read(&mut file, IN_MEMORY)
        {
            return Ok(Self::Memory(recording.repeat(args.times())));
        }
        Ok(Self::File(Savefile::open(&args.file)?))
    }

    /// Those that are known beforehand.
    fn link_types(&self) -> Vec<LinkType> {
        let interfaces = match self {
            Self::Memory(recording) => recording.interfaces(),
            Self::File(file) => file.interfaces(),
        };
        interfaces.iter().map(|interface| interface.link_type()).collect()
    }

    /// How many packets there are to send, if that is known.
    fn packets(&self, args: &ReplayArgs) -> Option<u64> {
        let all = match self {
            Self::Memory(recording) if args.loops > 0 => {
                Some(args.loops.saturating_mul(recording.len() as u64))
            }
            _ => None,
        };
        match (all, args.limit) {
            (Some(all), Some(limit)) => Some(all.min(limit)),
            (all, limit) => all.or(limit),
        }
    }

    fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Memory(recording) => recording,
            Self::File(file) => file,
        }
    }
}

fn send_all(
    args: &ReplayArgs,
    capture: &mut Capture,
    replay: &mut Replay,
    sender: &mut Injector,
) -> Result<(), Failure> {
    let mut left = args.times();
    loop {
        let before = replay.report().attempted;
        let ended = replay.run(capture.source(), sender).map_err(|error| match error {
            ReplayError::Read(error) => error.into(),
            // It is in the account, which tells the packet, too.
            ReplayError::Send(_) => Failure::Unwell,
            error => Failure::Replay(error.to_string()),
        })?;
        left = left.map(|left| left.saturating_sub(1));
        // A file without packets is no less empty the next time.
        let over = left == Some(0) || replay.report().attempted == before;
        match capture {
            // It has looped by itself.
            Capture::Memory(_) => return Ok(()),
            Capture::File(_) if ended != Ended::Finished || over => return Ok(()),
            Capture::File(file) => *file = Savefile::open(&args.file)?,
        }
    }
}

/// The first signal ends the replay, with its account; the second one ends the process, in case the first could not.
fn stop_at_signals(stop: StopHandle) -> Result<(), Failure> {
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
        for signal in signals.forever() {
            if stop.is_stopped() {
                let _ = signal_hook::low_level::emulate_default_handler(signal);
            }
            stop.stop();
        }
    })?;
    Ok(())
}

/// A bar on standard error, if somebody sees it, drawn by a thread of its own so that no packet waits for it.
struct Bar {
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    const PERIOD: Duration = Duration::from_millis(200);

    fn new(quiet: bool, progress: Arc<Progress>, total: Option<u64>) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let seen = !quiet && io::stderr().is_terminal();
        let shared = Arc::clone(&ended);
        let draw = move || {
            let (bar, template) = match total {
                Some(total) => {
                    (ProgressBar::new(total), "{wide_bar} {pos} of {len} packets, {per_sec}, {eta} left")
                }
                None => (ProgressBar::no_length(), "{spinner} {pos} packets, {per_sec}"),
            };
            let style = ProgressStyle::with_template(template);
            let bar = bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            while !shared.load(Ordering::Relaxed) {
                bar.set_position(total.map_or(progress.attempted(), |total| progress.attempted().min(total)));
                std::thread::park_timeout(Self::PERIOD);
            }
            bar.finish_and_clear();
        };
        // Without a thread there is no bar.
        let thread = seen.then(|| std::thread::Builder::new().name("progress".to_owned()).spawn(draw).ok());
        Self { ended, thread: thread.flatten() }
    }

    /// The terminal is as it was.
    fn finish(self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}

/// The account; so many gaps were not told when they came.
fn tell_account(report: &Report, untold_gaps: u64, args: &ReplayArgs) {
    if untold_gaps > 0 {
        let packets = if untold_gaps == 1 { "packet" } else { "packets" };
        tell(format_args!("gaps like the first {MOST_GAPS} told are ahead of {untold_gaps} more {packets}"));
    }
    if args.quiet {
        report.not_sent().to_string().lines().for_each(|line| tell(format_args!("{line}")));
    } else {
        report.to_string().lines().for_each(|line| tell(format_args!("{line}")));
    }
    if !args.quiet
        && !args.segment
        && report.failures.iter().any(|failure| failure.kind == SendErrorKind::TooLong)
    {
        tell(format_args!("--segment cuts TCP packets that are too long"));
    }
}

/// So many gaps are told when they come; the account counts the others. Where two clocks take turns, a capture has one at every packet.
const MOST_GAPS: u64 = 10;

/// The gaps of a replay, as they are told.
struct Gaps {
    quiet: bool,
    told: u64,
    untold: Arc<AtomicU64>,
}

impl Gaps {
    /// What is going to happen in a gap of more than a minute, if that is to be told. That a clock was set is something that went wrong.
    fn line(&mut self, number: u64, gap: Gap) -> Option<String> {
        let is_wait = !gap.is_backward && !gap.wait.is_zero();
        if is_wait && self.quiet {
            return None;
        }
        if self.told == MOST_GAPS {
            self.untold.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        self.told += 1;
        let recorded = length(gap.recorded);
        let (order, outcome) = if gap.is_backward {
            ("before", "sent without a wait, since the clock was set back".to_owned())
        } else if is_wait {
            ("after", format!("waiting {} (--max-gap bounds that)", length(gap.wait)))
        } else {
            ("after", "sent without a wait (--max-gap says how long to wait)".to_owned())
        };
        // The first packet of a file has a gap ahead of it only where the file is sent over and over.
        Some(match number {
            ..=1 => format!(
                "the next pass begins {recorded} {order} the last packet of the one before: {outcome}"
            ),
            _ => format!("packet {number} was captured {recorded} {order} packet {}: {outcome}", number - 1),
        })
    }
}

/// A time by its two largest units: `18 h 12 min`.
fn length(time: Duration) -> String {
    const UNITS: [(u64, &str, &str); 5] = [
        (365 * 86_400, "year", "years"),
        (86_400, "day", "days"),
        (3_600, "h", "h"),
        (60, "min", "min"),
        (1, "s", "s"),
    ];
    let mut left = time.as_secs();
    if left < 60 {
        return format!("{:.3} s", time.as_secs_f64());
    }
    let mut parts = Vec::new();
    for (seconds, one, many) in UNITS {
        let count = left / seconds;
        left %= seconds;
        if count > 0 || !parts.is_empty() {
            parts.push((count, if count == 1 { one } else { many }));
        }
    }
    let parts = parts.into_iter().take(2).filter(|(count, _)| *count > 0);
    parts.map(|(count, unit)| format!("{count} {unit}")).collect::<Vec<_>>().join(" ")
}

fn above_zero(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() && number > 0.0 => Ok(number),
        _ => Err("it takes a number above 0".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_well_formed() {
        ReplayArgs::command().debug_assert();
    }

    #[test]
    fn the_first_gaps_are_told_and_the_others_counted() {
        let mut forth = Gap::default();
        (forth.recorded, forth.paced, forth.wait) = [Duration::from_secs(7200); 3].into();
        let mut back = forth;
        (back.paced, back.wait, back.is_backward) = (Duration::ZERO, Duration::ZERO, true);
        for (quiet, told, untold) in [(false, 10, 90), (true, 10, 40)] {
            let mut gaps = Gaps { quiet, told: 0, untold: Arc::default() };
            let lines = (2..102).filter_map(|number| {
                let gap = if number % 2 == 0 { forth } else { back };
                gaps.line(number, gap)
            });
            assert_eq!(lines.count(), told);
            assert_eq!(gaps.untold.load(Ordering::Relaxed), untold);
        }
    }

    #[test]
    fn lengths_are_told_by_their_two_largest_units() {
        for (millis, text) in [
            (250, "0.250 s"),
            (61_000, "1 min 1 s"),
            (65_536_000, "18 h 12 min"),
            (86_400_000, "1 day"),
            (2 * 86_400_000, "2 days"),
            (366 * 86_400_000, "1 year 1 day"),
            (50 * 365 * 86_400_000, "50 years"),
            (50 * 365 * 86_400_000 + 3 * 86_400_000, "50 years 3 days"),
        ] {
            assert_eq!(length(Duration::from_millis(millis)), text);
        }
    }
}
