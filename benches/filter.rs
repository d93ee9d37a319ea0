//! Matching filter programs in process, pycap beside libpcap: `cargo bench --bench filter`.
//!
//! Both run the same programs, made by libpcap, on the same packets, the mix (some 640 bytes a packet): 500 that fit the
//! second-level cache, and 240 MB that fit none, in the order of their places and shuffled. libpcap is loaded at run
//! time and takes part where it is installed. After criterion's benches a table has the ratios: of rounds in which
//! both take turns, the fastest of each, which is the least disturbed by what else the machine does.

#[path = "filters.rs"]
mod filters;

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use filters::{EXPRESSIONS, Expression, Offline, pycap};
use pycap_filter::Filter;
use pycap_testkit::generate::Traffic;

const IN_CACHE: usize = 500;
const OUT_OF_CACHE: usize = 240_000_000 / 640;

fn main() {
    let frames = Traffic::Mix.frames(OUT_OF_CACHE, 1);
    let bytes = frames.concat();
    let mut end = 0;
    let mut packets: Vec<&[u8]> = Vec::with_capacity(frames.len());
    for frame in &frames {
        packets.push(&bytes[end..end + frame.len()]);
        end += frame.len();
    }
    drop(frames);
    let mut shuffled = packets.clone();
    shuffle(&mut shuffled);
    let places = [
        Place { name: "in cache", packets: &packets[..IN_CACHE], passes: 100 },
        Place { name: "out of cache, in order", packets: &packets, passes: 1 },
        Place { name: "out of cache, shuffled", packets: &shuffled, passes: 1 },
    ];
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let cases: Vec<Case<'_>> = EXPRESSIONS
        .iter()
        .flat_map(|expression| places.iter().map(|place| Case::new(expression, place)))
        .collect();
    for case in &cases {
        let mut group = criterion.benchmark_group(case.name());
        group.throughput(Throughput::Elements(case.place.packets.len() as u64));
        group.bench_function(PYCAP, |bencher| bencher.iter(|| case.pycap()));
        if let Some(offline) = &case.offline {
            group.bench_function(LIBPCAP, |bencher| bencher.iter(|| case.libpcap(offline)));
        }
        group.finish();
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        println!("\nmatching in process, the fastest of rounds in turn:");
        for case in &cases {
            case.print_ratio(if argument("--quick") { 15 } else { 101 });
        }
    }
}

const PYCAP: &str = "pycap";
const LIBPCAP: &str = "pcap_offline_filter";

/// Which packets, and how often in one round.
struct Place<'p> {
    name: &'static str,
    packets: &'p [&'p [u8]],
    passes: u32,
}

struct Case<'p> {
    expression: &'static Expression,
    place: &'p Place<'p>,
    filter: Filter,
    offline: Option<Offline>,
}

impl<'p> Case<'p> {
    fn new(expression: &'static Expression, place: &'p Place<'p>) -> Self {
        let filter = expression.filter();
        let case = Self { expression, place, offline: Offline::new(&filter), filter };
        if let Some(offline) = &case.offline {
            assert_eq!(case.pycap(), case.libpcap(offline), "{}", case.name());
        }
        case
    }

    fn name(&self) -> String {
        format!("filter {}, {}", self.expression.text, self.place.name)
    }

    fn pycap(&self) -> u64 {
        pycap(&self.filter, black_box(self.place.packets).iter().copied())
    }

    fn libpcap(&self, offline: &Offline) -> u64 {
        offline.run(black_box(self.place.packets).iter().copied())
    }

    fn print_ratio(&self, rounds: usize) {
        const LIMIT: f64 = 1.0;
        let nanos = |run: &dyn Fn() -> u64| {
            let start = Instant::now();
            for _ in 0..self.place.passes {
                black_box(run());
            }
            start.elapsed().as_secs_f64() * 1e9
                / f64::from(self.place.passes)
                / self.place.packets.len() as f64
        };
        let (mut ours, mut theirs) = (f64::INFINITY, f64::INFINITY);
        for _ in 0..rounds {
            ours = ours.min(nanos(&|| self.pycap()));
            if let Some(offline) = &self.offline {
                theirs = theirs.min(nanos(&|| self.libpcap(offline)));
            }
        }
        let name = self.name();
        if self.offline.is_none() {
            println!("{name:<64} {ours:>6.1} ns a packet");
            return;
        }
        let ratio = ours / theirs;
        let verdict = if ratio <= LIMIT { "ok" } else { "MISSED" };
        println!(
            "{name:<64} {ours:>6.1} ns a packet, {LIBPCAP} {theirs:>6.1}: {ratio:.2} of it, limit {LIMIT:.2}: {verdict}"
        );
    }
}

/// Any order will do that no prefetcher knows: swaps by a linear congruential generator (Knuth's MMIX).
fn shuffle<T>(items: &mut [T]) {
    let mut state = 1_u64;
    for last in (1..items.len()).rev() {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        items.swap(last, (state >> 33) as usize % (last + 1));
    }
}
