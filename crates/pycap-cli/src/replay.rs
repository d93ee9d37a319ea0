//! `pycap replay`: a capture onto a wire.

use std::fs;
use std::io::{self, IsTerminal};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use pycap_capture::{Savefile, Source};
use pycap_inject::pacer::{Pace, Pacer, StopHandle};
use pycap_inject::replay::{Ended, Progress, Recording, Replay, ReplayError, Report};
use pycap_inject::rewrite::{MapIp, Rewrite, Vlan};
use pycap_inject::{Backend, Injector, Sender};
use pycap_wire::{LinkType, MacAddr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use crate::args::from_one;
use crate::capture::by_number;
use crate::error::Failure;
use crate::tell;

const EXAMPLES: &str = "\
Examples:
  pycap replay trace.pcap -i eth0                 with the gaps of the capture
  pycap replay trace.pcap -i eth0 --multiplier 10
  pycap replay trace.pcap -i eth0 --pps 50000 --loop 0
                                                  over and over; Ctrl-C ends it
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
    for link_type in capture.link_types() {
        let fits = rewrite.check(link_type, sender.link_type());
        fits.map_err(|error| Failure::Replay(format!("{}: {error}", args.file.display())))?;
    }
    let mut replay = Replay::new(Pacer::new(args.pace())?.spin(!args.no_spin))
        .rewrite(rewrite)
        .limit(args.limit.unwrap_or(u64::MAX))
        .skip_cut(args.skip_cut)
        .stop_at_failure(args.stop_at_failure);
    stop_at_signals(replay.stop_handle())?;
    let bar = Bar::new(args.quiet, replay.progress(), capture.packets(args));
    let ended = send_all(args, &mut capture, &mut replay, &mut sender);
    bar.finish();
    let report = replay.into_report();
    // What ends it is told at the end.
    let last = ended.as_ref().err().map(ToString::to_string);
    tell_account(&report, args.quiet, last.as_deref());
    match ended {
        Err(failure) => Err(failure),
        Ok(()) if report.failed() > 0 => Err(Failure::Unwell),
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
            ReplayError::Send(error) => Failure::from(error),
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
                bar.set_position(progress.attempted());
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

fn tell_account(report: &Report, quiet: bool, last: Option<&str>) {
    if !quiet {
        let mut beside = String::new();
        if report.cut > 0 {
            beside += &format!("; {} of them as captured, without their end", report.cut);
        }
        if report.left_out > 0 {
            beside += &format!("; {} left out, which the capture has not to their end", report.left_out);
        }
        tell(format_args!(
            "{} packets attempted, {} sent, {} failed{beside}",
            report.attempted,
            report.sent,
            report.failed()
        ));
    }
    for failure in &report.failures {
        let first = failure.first.to_string();
        if last != Some(&*first) {
            tell(format_args!("{} failed: {first}", failure.count));
        }
    }
    if quiet || report.sent == 0 {
        return;
    }
    tell(format_args!(
        "{} bytes in {:.3} s: {:.1} packets/s, {:.3} Mbit/s",
        report.bytes,
        report.duration.as_secs_f64(),
        report.packets_per_second(),
        report.bits_per_second() / 1e6
    ));
    if let (Some(median), Some(p99)) = (report.lateness.median(), report.lateness.p99()) {
        let micros = |time: Duration| time.as_nanos() as f64 / 1e3;
        tell(format_args!("late by {:.1} us (median), {:.1} us (99 %)", micros(median), micros(p99)));
    }
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
}
