//! `cargo xtask live`: what capturing costs the one who captures, beside tcpdump, dumpcap and the `pcap` crate, at the same load.
//!
//! In a private network namespace, tcpreplay sends the same packets at the same rate over a veth pair to one consumer after the other, in
//! several rounds. What counts is the processor time of the consumer alone, user and system, as the scheduler counts it: from when it
//! listens until it has taken everything. Sender and consumer have a processor each, so that what the kernel does to receive a packet,
//! which is the same for all, is counted as the sender's. The least disturbed round is the one with the smallest figure.
//!
//! Then, how fast frames are sent, beside trafgen and tcpreplay ([`sender`]), and whether a replay keeps the times of its capture
//! ([`timing`]).

mod consumer;
mod load;
mod sender;
mod timing;

use std::path::PathBuf;

use pycap_rig::{Namespace, Rig, enter_private_namespaces};

use self::consumer::{Consumer, Measured};
use self::load::Load;
use crate::Outcome;
use crate::program;
use crate::tools::{self, Tool};

/// Options of `cargo xtask live`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each consumer takes its turn
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
    /// How many packets are sent to each in each round
    #[arg(long, value_name = "N", default_value_t = 1_000_000, value_parser = clap::value_parser!(u64).range(10_000..))]
    packets: u64,
    /// How many packets are sent in a second
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u32).range(1..))]
    rate: u32,
    /// How many frames each sender sends in each of its five rounds
    #[arg(long, value_name = "N", default_value_t = 400_000, value_parser = clap::value_parser!(u64).range(1_000..))]
    sent: u64,
    /// How long the replay is whose times are looked at; 60 shows the drift over a minute
    #[arg(long, value_name = "SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=3600))]
    replay_seconds: u32,
    /// Only this part
    #[arg(long, value_name = "PART")]
    only: Option<Part>,
}

/// What is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Part {
    Capturing,
    Sending,
    Timing,
}

/// What has to hold: a consumer's figure against a number of nanoseconds, or against another consumer's figure.
struct Limit {
    consumer: Consumer,
    most: Most,
}

enum Most {
    Nanoseconds(f64),
    Times(f64, Consumer),
}

const LIMITS: [Limit; 4] = [
    Limit { consumer: Consumer::RingCount, most: Most::Nanoseconds(30.0) },
    Limit { consumer: Consumer::RingCount, most: Most::Times(1.0 / 3.0, Consumer::TcpdumpNowhere) },
    Limit { consumer: Consumer::RingDissect, most: Most::Nanoseconds(60.0) },
    Limit { consumer: Consumer::PycapFile, most: Most::Times(0.7, Consumer::TcpdumpFile) },
];

/// Measures everything and prints the table; `false` where a limit is missed or packets were lost.
pub(crate) fn run(args: &Args) -> Outcome {
    // Before anything starts a thread.
    enter_private_namespaces()?;
    let needed = [Tool::Tcpdump, Tool::Tshark, Tool::Tcpreplay, Tool::NetsniffNg];
    let lacking = tools::ensure(&needed).of(&needed);
    if !lacking.is_empty() {
        return Err(format!("{} missing", lacking.join(" and ")).into());
    }
    let wants = |part| args.only.is_none_or(|only| only == part);
    let programs = Programs {
        pycap: program::command("pycap")?,
        consumer: program::bench("consumer")?,
        sender: program::bench("sender")?,
    };
    let wire = Rig::new()?.wire(load::SENDER, load::RECEIVER)?;
    let mut good = true;
    if wants(Part::Capturing) {
        let can = program::output(std::process::Command::new(&programs.consumer).arg("works"))?;
        let consumers: Vec<Consumer> = Consumer::ALL
            .into_iter()
            .filter(|one| one.work().is_none_or(|work| can.contains(work)))
            .collect();
        for load in [Load::mix(args.packets, args.rate)?, Load::least(args.packets, args.rate)?] {
            good &= compare(&wire, &programs, &consumers, &load, args.rounds)?;
        }
    }
    if wants(Part::Sending) {
        good &= sender::compare(&wire, &programs, args.sent)?;
    }
    if wants(Part::Timing) {
        good &= timing::look(&wire, &programs, args.replay_seconds)?;
    }
    Ok(good)
}

/// What is built here and measured.
struct Programs {
    pycap: PathBuf,
    consumer: PathBuf,
    sender: PathBuf,
}

/// All consumers at this load.
fn compare(
    wire: &Namespace,
    programs: &Programs,
    consumers: &[Consumer],
    load: &Load,
    rounds: u32,
) -> Outcome {
    let mut best: Vec<Option<Measured>> = vec![None; consumers.len()];
    for _ in 0..rounds {
        for (consumer, best) in consumers.iter().zip(&mut best) {
            let measured = wire.run(|| consumer.measure(programs, load))??;
            *best = Some(best.take().map_or(measured, |before| before.better(measured)));
        }
    }
    say!("\n{load}; the best of {rounds} rounds");
    say!("{:<36} {:>14} {:>12}", "", "ns a packet", "lost");
    let found: Vec<(Consumer, Measured)> =
        consumers.iter().zip(best).filter_map(|(consumer, best)| Some((*consumer, best?))).collect();
    for (consumer, measured) in &found {
        say!("{:<36} {:>14.1} {:>12}", consumer.to_string(), measured.nanoseconds(), measured.lost);
    }
    let mut good = found.iter().all(|(consumer, measured)| !consumer.is_ours() || measured.lost == 0);
    for limit in LIMITS {
        let Some(ours) = figure(&found, limit.consumer) else { continue };
        let (verdict, what) = match limit.most {
            Most::Nanoseconds(most) => (ours <= most, format!("{ours:.1} ns, limit {most:.0}")),
            Most::Times(most, other) => {
                let Some(peer) = figure(&found, other) else { continue };
                let ratio = ours / peer;
                (ratio <= most, format!("{ratio:.2} times {other}, limit {most:.2}"))
            }
        };
        good &= verdict;
        say!("{}: {what}: {}", limit.consumer, if verdict { "ok" } else { "MISSED" });
    }
    Ok(good)
}

/// The figure of one consumer; none where it is not there.
fn figure(found: &[(Consumer, Measured)], wanted: Consumer) -> Option<f64> {
    found.iter().find(|(consumer, _)| *consumer == wanted).map(|(_, measured)| measured.nanoseconds())
}
