//! The Internet checksum, pycap beside its peers: `cargo bench --bench checksum`.
//!
//! All sum up the same bytes, which lie in the first-level cache at the alignment that an IPv4 header has in a frame, and fold
//! and complement the sum. After criterion's benches a table has the times and the ratios: medians of rounds in which all take turns.
//! Where the linker happens to put the shortest loop, etherparse's, can halve its speed; at its best the limits hold as well.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use pycap_wire::checksum;

/// A header, a minimal payload, the Internet's datagram, and frames, ordinary and jumbo.
const LENGTHS: [usize; 5] = [20, 64, 576, 1500, 9000];
/// An Ethernet header's length: IPv4 begins behind it.
const OFFSET: usize = 14;

fn main() {
    let bytes: Vec<u8> = (0..OFFSET + 9000).map(|at| (at * 151 + at / 256 + 77) as u8).collect();
    let pieces = LENGTHS.map(|len| &bytes[OFFSET..OFFSET + len]);
    let mut criterion = Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    for piece in pieces {
        let mut group = criterion.benchmark_group(format!("checksum {} bytes", piece.len()));
        group.throughput(Throughput::Bytes(piece.len() as u64));
        let expected = !checksum::fold(words(piece));
        for (name, run) in SUMMERS {
            assert_eq!(run(piece, 1), u64::from(expected), "{name}, {} bytes", piece.len());
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| timed(run, piece, times));
            });
        }
        group.finish();
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        println!("\nthe Internet checksum, medians of rounds in turn:");
        for piece in pieces {
            print_ratios(piece, if argument("--quick") { 101 } else { 1001 });
        }
    }
}

/// The definition in RFC 1071, section 1, without the folding.
fn words(bytes: &[u8]) -> u64 {
    bytes.chunks(2).map(|pair| u64::from(pair[0]) << 8 | u64::from(*pair.get(1).unwrap_or(&0))).sum()
}

/// Computes the checksum of the bytes so many times; the results added up.
type Summer = fn(&[u8], u64) -> u64;

const ETHERPARSE: usize = 1;
const SMOLTCP: usize = 2;

/// pycap first.
const SUMMERS: [(&str, Summer); 4] = [
    ("pycap", |bytes, times| repeat(bytes, times, checksum::internet)),
    ("etherparse", |bytes, times| repeat(bytes, times, etherparse)),
    ("smoltcp", |bytes, times| repeat(bytes, times, |bytes| !smoltcp::wire::checksum::data(bytes))),
    // Which word to skip: none.
    ("pnet_packet", |bytes, times| {
        repeat(bytes, times, |bytes| pnet_packet::util::checksum(bytes, usize::MAX))
    }),
];

#[inline(always)]
fn etherparse(bytes: &[u8]) -> u16 {
    ::etherparse::checksum::Sum16BitWords::new().add_slice(bytes).ones_complement().to_be()
}

#[inline(always)]
fn repeat(bytes: &[u8], times: u64, checksum: impl Fn(&[u8]) -> u16) -> u64 {
    let mut sum = 0_u64;
    for _ in 0..times {
        sum = sum.wrapping_add(checksum(black_box(bytes)).into());
    }
    sum
}

fn timed(run: Summer, bytes: &[u8], times: u64) -> Duration {
    let start = Instant::now();
    black_box(run(bytes, times));
    start.elapsed()
}

fn print_ratios(bytes: &[u8], rounds: usize) {
    // Some 10 to 50 microseconds, of which the clock's own are nothing.
    let times = (200_000 / (bytes.len() + 40)) as u64;
    let mut nanos = SUMMERS.map(|_| Vec::with_capacity(rounds));
    for _ in 0..rounds {
        for ((_, run), nanos) in SUMMERS.iter().zip(&mut nanos) {
            nanos.push(timed(*run, bytes, times).as_secs_f64() * 1e9 / times as f64);
        }
    }
    // How many times pycap's speed is a peer's, in rounds that the rest of the machine disturbs alike.
    let faster: [f64; SUMMERS.len()] = std::array::from_fn(|peer| {
        median(nanos[peer].iter().zip(&nanos[0]).map(|(theirs, ours)| theirs / ours).collect())
    });
    let len = bytes.len();
    print!("{len:>5} bytes:");
    for (((name, _), nanos), faster) in SUMMERS.iter().zip(nanos).zip(faster) {
        print!(" {name} {:.1} ns ({faster:.2}x)", median(nanos));
    }
    println!();
    let limits: &[(&str, f64, f64)] = match len {
        20 | 64 => {
            let best = faster[1..].iter().copied().fold(f64::INFINITY, f64::min);
            &[("the best peer", best, 1.0 / 1.1)]
        }
        1500 => &[("etherparse", faster[ETHERPARSE], 1.8), ("smoltcp", faster[SMOLTCP], 1.1)],
        _ => &[],
    };
    for (peer, faster, limit) in limits {
        let verdict = if faster >= limit { "ok" } else { "MISSED" };
        println!("{:>12} {faster:.2}x {peer}, limit {limit:.2}x: {verdict}", "");
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}
