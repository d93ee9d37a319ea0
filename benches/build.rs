//! Building packets, pycap beside its peers: `cargo bench --bench build`.
//!
//! All build the same bytes, an Ethernet frame with IPv4, TCP, a payload and both checksums, from its fields, into memory
//! that they keep where their interfaces let them. libnet is loaded at run time and takes part where it is installed.
//! After criterion's benches a table has the ratios: of rounds in which all take turns, the fastest of each, which is the least
//! disturbed by what else the machine does. `cargo xtask instructions` counts what each takes.

#[path = "builders.rs"]
mod builders;

use std::hint::black_box;
use std::time::{Duration, Instant};

use builders::*;
use criterion::{Criterion, Throughput};

/// Packets in a round.
const PACKETS: u32 = 2000;

fn main() {
    assert_same_packets();
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for len in [64, 1460] {
        let payload = vec![0x55; len];
        let mut group = criterion.benchmark_group(format!("build Ethernet/IPv4/TCP and {len} bytes"));
        group.throughput(Throughput::Elements(PACKETS.into()));
        for (name, _, builder) in &mut builders() {
            group.bench_function(*name, |bencher| bencher.iter(|| builder(&payload)));
        }
        group.finish();
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        print_ratios(if argument("--quick") { 15 } else { 101 });
    }
}

/// Builds packets with a payload.
type Round = Box<dyn FnMut(&[u8])>;

/// A builder's name, how many times as long as pycap it is to take, and a round of it.
type Named = (&'static str, Option<f64>, Round);

fn builders() -> Vec<Named> {
    let mut builders: Vec<Named> = vec![
        ("pycap", None, rounds(Pycap::default())),
        ("smoltcp", Some(3.0), rounds(Smoltcp::default())),
        ("pnet_packet", Some(3.0), rounds(Pnet::default())),
        ("etherparse", Some(20.0), rounds(Etherparse::default())),
    ];
    if let Some(libnet) = LibnetBuilder::new() {
        builders.push(("libnet", Some(20.0), rounds(libnet)));
    }
    builders
}

fn rounds(mut builder: impl Builder + 'static) -> Round {
    Box::new(move |payload| {
        for seq in 0..PACKETS {
            black_box(builder.build(black_box(seq), black_box(payload)));
        }
    })
}

fn print_ratios(rounds: usize) {
    println!("\nEthernet/IPv4/TCP and 64 bytes with both checksums, the fastest of rounds in turn:");
    let payload = [0x55; 64];
    let mut builders = builders();
    let mut nanos = vec![f64::INFINITY; builders.len()];
    for _ in 0..rounds {
        for ((_, _, builder), best) in builders.iter_mut().zip(&mut nanos) {
            let start = Instant::now();
            builder(&payload);
            *best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(PACKETS));
        }
    }
    for ((name, limit, _), nanos_each) in builders.iter().zip(&nanos) {
        let ratio = nanos_each / nanos[0];
        let verdict = match limit {
            Some(limit) if ratio >= *limit => format!("{ratio:.1} times as long, at least {limit}: ok"),
            Some(limit) => format!("{ratio:.1} times as long, at least {limit}: MISSED"),
            None => String::new(),
        };
        println!("{}", format!("{name:<12} {nanos_each:>7.1} ns a packet  {verdict}").trim_end());
    }
}
