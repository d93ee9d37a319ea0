//! `pycap send`: a packet that is written as an expression, onto a wire, into a file, or as hex.

pub(crate) mod complete;
mod layers;

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pycap_capture::{Format, Frame, SavefileWriter, Timestamp};
use pycap_inject::{
    AnyLayer, Backend, BatchError, Expression, Injector, Layer, SendErrorKind, Sender, Stack,
};
use pycap_wire::LinkType;
use signal_hook::consts::{SIGINT, SIGTERM};

use crate::args::from_one;
use crate::capture::by_number;
use crate::error::Failure;
use crate::files::{create, is_called, kind, named};
use crate::link::Packets;
use crate::tell;

/// How long the next hop has to tell its hardware address.
const ANSWER: Duration = Duration::from_secs(1);

const EXAMPLES: &str = r#"Expressions: layers with / between them, outermost first; in parentheses the fields that are set. All others are computed, or usual.
  numbers     100, 0x64, 0b1100100       names      proto=udp, flags=syn|ack
  addresses   00:50:ba:8f:c4:5f, 192.168.1.106, fe80::1
  text        "GET /\r\n"                bytes      x"dead beef"
  repeated    "A"*1000                   lists      [mss(1460), nop]

Examples:
  pycap send --hex 'eth(src=00:03:93:44:a9:92,dst=00:50:ba:8f:c4:5f)/ip(src=192.168.1.106,dst=192.168.1.104,ttl=100,id=1)/icmp_echo_request(id=0,seq=1)/"ABCDEFGHIJKLMNOPQRSTUVWXYZ"'
                                     a ping, as hex
  pycap send -i eth0 'ip(dst=192.0.2.1,ttl=3)/udp(dport=53)/"hello"'
                                     sent: the addresses that are not set are looked up
  pycap send -i eth0 --count 100 --interval 10ms 'ip(dst=192.0.2.1)/icmp_echo_request'
  pycap send -w syn.pcap 'ip(src=10.0.0.1,dst=10.0.0.2)/tcp(dport=80,flags=syn)'
  pycap send --help-layers tcp       what can be set"#;

/// Builds a packet from an expression and sends it.
///
/// Without an Ethernet layer, on an interface that takes Ethernet frames, an IP packet goes to the next hop on the route to its
/// destination. Source addresses that are not set are the interface's.
#[derive(Debug, clap::Parser)]
#[command(
    name = "pycap send",
    disable_version_flag = true,
    after_help = EXAMPLES,
    max_term_width = 100,
    override_usage = "pycap send <-i INTERFACE | -w FILE | --hex> [OPTIONS] EXPRESSION"
)]
pub(crate) struct SendArgs {
    /// The packet
    #[arg(value_name = "EXPRESSION", required_unless_present = "help_layers")]
    expression: Option<String>,

    /// Send it on INTERFACE
    #[arg(short, long, value_name = "INTERFACE", group = "to")]
    interface: Option<String>,

    /// Write it to FILE instead; - is standard output. A name that ends in .pcapng makes it pcapng
    #[arg(short, long, value_name = "FILE", group = "to")]
    write: Option<PathBuf>,

    /// Print it in hex, on one line, instead
    #[arg(long, group = "to", conflicts_with = "count")]
    hex: bool,

    /// Send it so many times
    #[arg(short, long, value_name = "COUNT", value_parser = from_one::<u64>, allow_negative_numbers = true)]
    count: Option<u64>,

    /// The time from one to the next: seconds, or with ms or us behind the number; otherwise there is none
    #[arg(long, value_name = "TIME", value_parser = duration, allow_negative_numbers = true, requires = "count", conflicts_with = "hex")]
    interval: Option<Duration>,

    /// What sends it: automatic, packet, tx-ring, raw-ip, libpcap, libnet
    #[arg(long, value_name = "NAME", requires = "interface", conflicts_with_all = ["write", "hex"])]
    backend: Option<Backend>,

    /// List the layers that there are, or LAYER alone, with their fields
    #[arg(long, value_name = "LAYER", num_args = 0..=1, exclusive = true)]
    help_layers: Option<Option<String>>,
}

/// Does with the packet what is asked for. Only with an interface is anything sent.
pub(crate) fn run(args: &SendArgs) -> Result<(), Failure> {
    if let Some(layer) = &args.help_layers {
        return layers::list(layer.as_deref());
    }
    if args.interface.is_none() && args.write.is_none() && !args.hex {
        let message =
            "where to? -i INTERFACE sends the packet, -w FILE writes it to a capture file, --hex prints it";
        return Err(Failure::Usage(message.into()));
    }
    let text = args.expression.as_deref().unwrap_or_default();
    let expression = Expression::parse(text).map_err(|error| Failure::expression(&error, text))?;
    // What cannot be built needs no privilege to be told so.
    let frame = expression.stack().build()?;
    match (&args.interface, &args.write) {
        (Some(interface), _) => send(args, &by_number(interface)?, &expression),
        (None, Some(file)) => write(args, file, expression.stack(), &frame),
        (None, None) => print(&frame),
    }
}

fn print(frame: &[u8]) -> Result<(), Failure> {
    let mut line = String::with_capacity(2 * frame.len() + 1);
    for byte in frame {
        let _ = write!(line, "{byte:02x}");
    }
    line.push('\n');
    let mut out = io::stdout().lock();
    out.write_all(line.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes the frames with the times at which they would be sent.
fn write(args: &SendArgs, file: &Path, stack: &Stack, frame: &[u8]) -> Result<(), Failure> {
    let link_type = link_type(stack)?;
    let interval = args.interval.unwrap_or_default().as_nanos();
    let format = if is_called(file, "pcapng") { Format::Pcapng } else { Format::Pcap };
    let builder = SavefileWriter::builder().link_type(link_type).format(format);
    let mut writer = create(builder, file)?;
    let start = Timestamp::now().as_nanos();
    for nth in 0..args.count.unwrap_or(1) {
        let later = i128::try_from(interval.saturating_mul(nth.into())).unwrap_or(i128::MAX);
        let time = Timestamp::from_nanos(start.saturating_add(later));
        writer.write(Frame::new(frame, link_type).with_timestamp(time))?;
    }
    writer.finish()?;
    let name = if file == Path::new("-") { Path::new("standard output") } else { file };
    let packets = Packets(args.count.unwrap_or(1));
    let (bytes, format) = (frame.len(), kind(format));
    tell(format_args!(
        "{}: {packets} of {bytes} bytes written, as {format}, link-type {}",
        name.display(),
        named(link_type)
    ));
    Ok(())
}

/// The link type of a file whose packets begin with the outermost layer.
fn link_type(stack: &Stack) -> Result<LinkType, Failure> {
    let outermost = stack.layers().next().map(AnyLayer::name).unwrap_or_default();
    Ok(match outermost {
        // Bytes may be anything: they are what most files have.
        "eth" | "bytes" => LinkType::ETHERNET,
        "ip" | "ipv6" => LinkType::RAW,
        "null" => LinkType::NULL,
        "sll" => LinkType::LINUX_SLL,
        "sll2" => LinkType::LINUX_SLL2,
        "ppp" => LinkType::PPP,
        layer => {
            return Err(Failure::Build(format!(
                "-w: put eth/ or ip/ in front of it, whichever it goes in: no capture file has packets that begin with {layer}"
            )));
        }
    })
}

/// How many frames without a time between them are handed to the system at once.
const BATCH: usize = 64;
/// How long a signal may go unnoticed.
const NOTICE: Duration = Duration::from_millis(50);

fn send(args: &SendArgs, interface: &str, expression: &Expression) -> Result<(), Failure> {
    let backend = args.backend.unwrap_or_default();
    if backend == Backend::Savefile {
        return Err(Failure::Usage(
            "--backend savefile: take -w FILE, which writes packets to a file".into(),
        ));
    }
    let mut injector = Injector::builder(interface).backend(backend).open()?;
    let frame = complete::complete(expression, interface, injector.link_type(), ANSWER)?.build()?;
    let stopped = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, Arc::clone(&stopped))?;
    }
    let count = args.count.unwrap_or(1);
    let start = Instant::now();
    let mut attempted = 0;
    let mut failure = None;
    while attempted < count && !stopped.load(Ordering::Relaxed) {
        let left = usize::try_from(count - attempted).unwrap_or(usize::MAX);
        let batch = match args.interval {
            None => left.min(BATCH),
            Some(interval) => {
                // Counted from the start, so that what one send takes does not delay all others.
                let due = u64::try_from(interval.as_nanos().saturating_mul(attempted.into()));
                let due = due.ok().and_then(|nanos| start.checked_add(Duration::from_nanos(nanos)));
                wait_until(due, &stopped);
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                1
            }
        };
        match injector.send_batch(&[frame.as_slice(); BATCH][..batch]) {
            Ok(()) => attempted += batch as u64,
            Err(BatchError { accepted, error, .. }) => {
                attempted += accepted as u64 + 1;
                let goes_on = error.kind() == SendErrorKind::NoBuffers;
                failure = failure.or(Some(error));
                if !goes_on {
                    break;
                }
            }
        }
    }
    let flushed = injector.flush();
    tell(format_args!("{attempted} attempted: {}", injector.stats()));
    match failure {
        Some(error) => Err(error.into()),
        None => Ok(flushed?),
    }
}

/// Sleeps until a time, or for good if no clock reaches it; a signal ends it.
fn wait_until(due: Option<Instant>, stopped: &AtomicBool) {
    while !stopped.load(Ordering::Relaxed) {
        let left = due.map_or(NOTICE, |due| due.saturating_duration_since(Instant::now()));
        if left.is_zero() {
            return;
        }
        std::thread::sleep(left.min(NOTICE));
    }
}

/// A number of seconds, or with a unit behind it.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let units = [("ms", 1e-3), ("us", 1e-6), ("s", 1.0), ("", 1.0)];
    units
        .into_iter()
        .find_map(|(unit, seconds)| Some((text.strip_suffix(unit)?, seconds)))
        .and_then(|(number, seconds)| Some(number.trim_end().parse::<f64>().ok()? * seconds))
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| {
            "it takes seconds, as in 0.5, or a number with ms or us behind it, as in 10ms".to_owned()
        })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_well_formed() {
        SendArgs::command().debug_assert();
    }

    #[test]
    fn durations_have_units() {
        for (text, micros) in [
            ("1", 1_000_000),
            ("0.25", 250_000),
            ("10ms", 10_000),
            ("1.5 s", 1_500_000),
            ("7us", 7),
            ("0", 0),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_micros(micros)), "{text}");
        }
        for text in ["", "s", "ms", "-1", "1m", "nan", "inf", "1e400", "1e30"] {
            assert!(duration(text).is_err(), "{text}");
        }
    }
}
