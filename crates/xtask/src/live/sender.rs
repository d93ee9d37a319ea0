//! How fast minimal frames are sent over a veth pair whose other end nobody listens at: each sender's own clock, each in turn, the median
//! of five rounds. All of them send from the first processor, and what the kernel does at the other end of the pair is done there, too.

use std::fmt;
use std::fs;
use std::process::Command;

use pycap_rig::Namespace;
use pycap_testkit::generate;

use super::Programs;
use super::consumer::Scratch;
use super::load::SENDER;
use crate::Outcome;
use crate::program::{self, Failure};

const ROUNDS: usize = 5;

/// Someone who sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Packet,
    PacketBypass,
    Ring,
    RingBypass,
    Replay,
    Trafgen,
    TrafgenQueue,
    Tcpreplay,
}

impl Way {
    const ALL: [Self; 8] = [
        Self::Packet,
        Self::Trafgen,
        Self::Tcpreplay,
        Self::Replay,
        Self::PacketBypass,
        Self::Ring,
        Self::RingBypass,
        Self::TrafgenQueue,
    ];

    /// How many frames a second it sends.
    fn measure(self, programs: &Programs, files: &Files, count: u64) -> Result<f64, Failure> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0"]);
        let number = count.to_string();
        let work = match self {
            Self::Packet => "packet",
            Self::PacketBypass => "packet-bypass",
            Self::Ring => "ring",
            Self::RingBypass => "ring-bypass",
            Self::Replay => "replay",
            Self::Trafgen | Self::TrafgenQueue => {
                command.args(["trafgen", "-o", SENDER, "-n", &number, "-P", "1", "-Q", "-i"]);
                command.arg(&files.trafgen.0).args((self == Self::TrafgenQueue).then_some("-q"));
                return rate(&program::output(&mut command)?, trafgen);
            }
            Self::Tcpreplay => {
                command.args(["tcpreplay", "-q", "-K", "--topspeed", "-i", SENDER]);
                command.arg(format!("--loop={number}")).arg(&files.capture.0);
                return rate(&program::output(&mut command)?, tcpreplay);
            }
        };
        command.arg(&programs.sender).args([work, SENDER]).arg(&files.capture.0).arg(&number);
        rate(&program::output(&mut command)?, ours)
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Packet => "PacketSocket",
            Self::PacketBypass => "PacketSocket, past the queue",
            Self::Ring => "TxRing",
            Self::RingBypass => "TxRing, past the queue",
            Self::Replay => "Replay at top speed",
            Self::Trafgen => "trafgen",
            Self::TrafgenQueue => "trafgen -q",
            Self::Tcpreplay => "tcpreplay --topspeed",
        })
    }
}

/// The frame to be sent, as each of them takes it.
struct Files {
    capture: Scratch,
    trafgen: Scratch,
}

impl Files {
    fn new() -> Result<Self, Failure> {
        // To everyone, of an EtherType for experiments: the other end looks at nothing beyond.
        let mut frame = [0; 60];
        frame[..6].fill(0xff);
        frame[6] = 2;
        frame[12..14].copy_from_slice(&[0x88, 0xb5]);
        let path = |end: &str| std::env::temp_dir().join(format!("pycap-send-{}.{end}", std::process::id()));
        let files = Self { capture: Scratch(path("pcap")), trafgen: Scratch(path("cfg")) };
        generate::pcap([&frame[..]], fs::File::create(&files.capture.0)?)?;
        let bytes: Vec<String> = frame.iter().map(u8::to_string).collect();
        fs::write(&files.trafgen.0, format!("{{ {} }}\n", bytes.join(", ")))?;
        Ok(files)
    }
}

/// Measures all, and holds us against the others.
pub(super) fn compare(wire: &Namespace, programs: &Programs, count: u64) -> Outcome {
    let files = Files::new()?;
    let mut rates: [Vec<f64>; Way::ALL.len()] = Default::default();
    for _ in 0..ROUNDS {
        for (way, rates) in Way::ALL.into_iter().zip(&mut rates) {
            rates.push(wire.run(|| way.measure(programs, &files, count))??);
        }
    }
    say!("\n{count} frames of 60 bytes sent; the median of {ROUNDS} rounds, and the least and the most");
    say!("{:<36} {:>14} {:>14} {:>14}", "", "packets/s", "", "");
    for (way, rates) in Way::ALL.into_iter().zip(&mut rates) {
        rates.sort_by(f64::total_cmp);
        let [least, .., most] = rates[..] else { continue };
        say!("{:<36} {:>14.0} {least:>14.0} {most:>14.0}", way.to_string(), rates[ROUNDS / 2]);
    }
    let median = |wanted: Way| {
        let at = Way::ALL.into_iter().position(|way| way == wanted);
        at.and_then(|at| rates[at].get(ROUNDS / 2)).copied().unwrap_or(0.0)
    };
    let mut good = true;
    for (other, least) in [(Way::Trafgen, 1.0), (Way::Tcpreplay, 1.2)] {
        let ratio = median(Way::Packet) / median(other);
        let verdict = ratio >= least;
        good &= verdict;
        let word = if verdict { "ok" } else { "MISSED" };
        say!("{}: {ratio:.2} times {other}, limit {least:.2}: {word}", Way::Packet);
    }
    Ok(good)
}

fn rate(said: &str, read: fn(&str) -> Option<f64>) -> Result<f64, Failure> {
    read(said).ok_or_else(|| format!("no rate is in what the sender says:\n{said}").into())
}

/// `FRAMES NANOSECONDS`
fn ours(said: &str) -> Option<f64> {
    let (frames, nanoseconds) = said.trim().split_once(' ')?;
    Some(frames.parse::<f64>().ok()? / nanoseconds.parse::<f64>().ok()? * 1e9)
}

/// `2 sec, 514712 usec on CPU0 (1000000 packets)`
fn trafgen(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.contains(" usec on CPU"))?;
    let numbers: Vec<f64> =
        line.split(|other: char| !other.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect();
    let [seconds, micros, _, frames] = numbers[..] else { return None };
    Some(frames / (seconds + micros / 1e6))
}

/// `Rated: 21350900.5 Bps, 170.80 Mbps, 355848.34 pps`
fn tcpreplay(said: &str) -> Option<f64> {
    let line = said.lines().find(|line| line.trim_start().starts_with("Rated:"))?;
    line.trim_end().strip_suffix(" pps")?.rsplit(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read() {
        assert_eq!(ours("1000 2000000\n"), Some(500_000.0));
        assert_eq!(trafgen("\n  2 sec, 500000 usec on CPU0 (1000000 packets)\n"), Some(400_000.0));
        assert_eq!(tcpreplay("Actual: x\nRated: 213.5 Bps, 1.70 Mbps, 355848.34 pps\n"), Some(355_848.34));
        assert_eq!((ours("1"), trafgen("2 sec"), tcpreplay("Rated: 1 Bps")), (None, None, None));
    }
}
