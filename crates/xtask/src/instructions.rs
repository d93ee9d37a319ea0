//! `cargo xtask instructions`: what dissection, filters and building cost, counted by callgrind, held against limits.
//!
//! Instructions, unlike times, are the same in every run and on every machine of one architecture, so that a limit can
//! be a test. Each case is the program `benches/instructions.rs`, built with plain `--release`, run with two counts of
//! rounds over the same frames; the difference is what a round costs, without start and set-up.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Outcome;
use crate::program::{self, Failure, output};

/// Options of `cargo xtask instructions`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave the other libraries out.
    #[arg(long)]
    without_peers: bool,
}

/// What is dissected, by what, and how many instructions a packet may cost on average; peers have no limit.
struct Case {
    traffic: &'static str,
    dissector: &'static str,
    limit: Option<f64>,
}

const fn limited(traffic: &'static str, dissector: &'static str, limit: f64) -> Case {
    Case { traffic, dissector, limit: Some(limit) }
}

const CASES: &[Case] = &[
    limited("tcp", "stack", 65.0),
    limited("udp", "stack", 65.0),
    limited("mix", "stack", 80.0),
    limited("tcp", "packet", 125.0),
    limited("udp", "packet", 125.0),
    limited("mix", "packet", 130.0),
    limited("extensions", "packet", 240.0),
    limited("extensions", "stack", 240.0),
    limited("tcp", "stack-flow", 80.0),
    limited("udp", "stack-flow", 80.0),
    limited("tcp", "packet-flow", 170.0),
    limited("udp", "packet-flow", 170.0),
    limited("mix", "filter-port", 120.0),
    limited("mix", "filter-host", 77.0),
    limited("mix", "filter-ip6", 48.0),
    limited("build", "pycap", 200.0),
    limited("build", "address", 55.0),
    limited("build", "seq", 55.0),
    limited("build", "address-copied", 80.0),
];

const PEERS: &[&str] = &["smoltcp", "pnet", "etherparse"];

/// Builders of the same packet; libnet where it is installed.
const BUILD_PEERS: &[&str] = &["smoltcp", "pnet", "etherparse", "libnet"];

/// libpcap's `pcap_offline_filter` with the same programs.
const FILTER_PEERS: &[&str] = &["libpcap-port", "libpcap-host", "libpcap-ip6"];

/// Counts every case and prints the table; `false` where a case is above its limit.
pub(crate) fn run(args: &Args) -> Outcome {
    let program = program::bench("instructions")?;
    // Counting is only worth something where all do the same work.
    output(Command::new(&program).arg("check"))?;
    let frames = output(Command::new(&program).arg("frames"))?.trim().parse()?;
    let counter = Counter { program, frames };

    say!("{:<44} {:<21} {:>12} {:>6}", "instructions a packet", "", "callgrind's", "limit");
    let mut good = true;
    for case in CASES {
        let count = counter.count(case.traffic, case.dissector)?;
        good &= line(traffic_name(case.traffic), dissector_name(case.dissector), count, case.limit);
    }
    if !args.without_peers {
        for traffic in ["tcp", "udp", "mix", "extensions"] {
            for peer in PEERS {
                line(traffic_name(traffic), peer, counter.count(traffic, peer)?, None);
            }
        }
        let has = |library| -> Result<bool, Failure> {
            Ok(output(Command::new(&counter.program).arg(library))?.trim() == "true")
        };
        for peer in BUILD_PEERS {
            if *peer != "libnet" || has("libnet")? {
                line(traffic_name("build"), peer, counter.count("build", peer)?, None);
            }
        }
        if has("libpcap")? {
            for peer in FILTER_PEERS {
                let count = counter.count("mix", peer)?;
                line(traffic_name("mix"), dissector_name(peer), count, None);
            }
        }
    }
    Ok(good)
}

fn line(traffic: &str, dissector: &str, count: f64, limit: Option<f64>) -> bool {
    let good = limit.is_none_or(|limit| count <= limit);
    let verdict = match limit {
        Some(limit) if good => format!("{limit:>6}  ok"),
        Some(limit) => format!("{limit:>6}  ABOVE by {:.1}", count - limit),
        None => String::new(),
    };
    say!("{}", format!("{traffic:<44} {dissector:<21} {count:>12.1} {verdict}").trim_end());
    good
}

fn traffic_name(traffic: &str) -> &str {
    match traffic {
        "tcp" => "Ethernet/IPv4/TCP",
        "udp" => "Ethernet/IPv4/UDP",
        "mix" => "the mix",
        "build" => "built: Ethernet/IPv4/TCP and 64 bytes",
        "extensions" => "QinQ/IPv6/hop-by-hop/fragment/TCP+options",
        other => other,
    }
}

fn dissector_name(dissector: &str) -> &str {
    match dissector {
        "stack" => "typed stack",
        "packet" => "Packet",
        "stack-flow" => "stack flow",
        "packet-flow" => "Packet flow",
        "filter-port" => "tcp port 80",
        "filter-host" => "host and udp",
        "filter-ip6" => "ip6[53]",
        "address" => "template, address",
        "seq" => "template, TCP seq",
        "address-copied" => "template and a copy",
        "libpcap-port" => "libpcap, tcp port 80",
        "libpcap-host" => "libpcap, host and udp",
        "libpcap-ip6" => "libpcap, ip6[53]",
        other => other,
    }
}

struct Counter {
    program: PathBuf,
    frames: f64,
}

impl Counter {
    /// Instructions per packet.
    fn count(&self, traffic: &str, dissector: &str) -> Result<f64, Failure> {
        const ROUNDS: [u64; 2] = [1, 5];
        let [few, many] = ROUNDS.map(|rounds| callgrind(&self.program, traffic, dissector, rounds));
        Ok((many? - few?) as f64 / (ROUNDS[1] - ROUNDS[0]) as f64 / self.frames)
    }
}

/// Callgrind's total of one run.
fn callgrind(program: &Path, traffic: &str, dissector: &str, rounds: u64) -> Result<u64, Failure> {
    let file = std::env::temp_dir().join(format!("pycap-callgrind.{}", std::process::id()));
    let mut out = std::ffi::OsString::from("--callgrind-out-file=");
    out.push(&file);
    let ran =
        output(Command::new("valgrind").args([OsStr::new("--tool=callgrind"), &out]).arg(program).args([
            traffic,
            dissector,
            &rounds.to_string(),
        ]));
    let profile = fs::read_to_string(&file);
    let _ = fs::remove_file(&file);
    ran?;
    profile?
        .lines()
        .find_map(|line| line.strip_prefix("totals:")?.trim().parse().ok())
        .ok_or_else(|| "callgrind wrote no totals".into())
}
