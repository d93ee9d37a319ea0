//! What the packet ring costs without the kernel: a ring in memory, filled once and read again and again: `cargo bench --bench ring`.
//!
//! 'in cache' is a ring that fits the second-level cache, 'default' has the size that a capture gets if nothing else is asked for,
//! which only the last cache could hold. To walk is to add up each frame's length and time; to dissect is what
//! `cargo bench --bench dissect` times. After criterion's benches a table has the fastest of rounds in which all take turns, beside
//! limits, and beside the time that it takes to read as many bytes, headers included, one after the other: where a ring is not in a
//! cache, its frames come as fast as memory is read and no faster. A last table has what VLAN tags cost that are put back.

#[cfg(target_os = "linux")]
#[path = "dissectors.rs"]
mod dissectors;

#[cfg(target_os = "linux")]
mod ring {
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    use criterion::{Criterion, Throughput};
    use pycap_capture::{Block, Frame, LinkType, PacketRing, Producer, Timestamp, VlanTag};
    use pycap_testkit::generate::Traffic;

    use crate::dissectors::{Fold, pycap};

    pub(crate) fn rings() -> [Filled; 3] {
        // Frames that a network of web, DNS and such has, and the shortest that there are.
        let mix = Traffic::Mix.frames(10_000, 1);
        let least = [vec![0x55; 60]];
        [
            Filled::new("ring in cache, mix", &mix, 32 << 10, 8),
            Filled::new("ring default, mix", &mix, 1 << 20, 32),
            Filled::new("ring default, 60 bytes", &least, 1 << 20, 32),
        ]
    }

    /// What is done with a block, and how many million frames/s are to go through it.
    type Reader = (&'static str, fn(&Block<'_>) -> u64, f64);

    const READERS: [Reader; 3] = [
        ("walk", walk, 60.0),
        ("dissect, typed stacks", |block| dissect(block, pycap::stack), 25.0),
        ("dissect, Packet", |block| dissect(block, pycap::packet), 25.0),
    ];

    #[inline(always)]
    fn walk(block: &Block<'_>) -> u64 {
        let mut sum = 0_u64;
        for frame in block {
            sum = sum.wrapping_add(frame.data().len() as u64);
            sum = sum.wrapping_add(u64::from(frame.timestamp().unwrap_or_default().subsec_nanos()));
        }
        sum
    }

    #[inline(always)]
    fn dissect(block: &Block<'_>, with: impl Fn(&[u8], &mut Fold)) -> u64 {
        let mut fold = Fold::default();
        for frame in block {
            with(frame.data(), &mut fold);
        }
        fold.0
    }

    pub(crate) fn bench(criterion: &mut Criterion, ring: &mut Filled) {
        let mut group = criterion.benchmark_group(ring.name);
        group.throughput(Throughput::Elements(ring.frames));
        for (name, read, _) in READERS {
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| ring.time(read)).sum());
            });
        }
        group.finish();
    }

    pub(crate) fn print_rates(ring: &mut Filled, rounds: usize) {
        // As often as it takes for a time that a clock can tell.
        let passes = (32 << 20) / ring.bytes;
        let mut fastest = [Duration::MAX; READERS.len() + 1];
        let plain = vec![1_u64; ring.bytes / 8];
        for _ in 0..rounds {
            for ((_, read, _), fastest) in READERS.iter().zip(&mut fastest) {
                // The first pass is for the caches.
                ring.time(*read);
                *fastest = (*fastest).min((0..passes).map(|_| ring.time(*read)).sum());
            }
            let start = Instant::now();
            for _ in 0..passes {
                black_box(black_box(&plain).iter().fold(0_u64, |sum, word| sum.wrapping_add(*word)));
            }
            fastest[READERS.len()] = fastest[READERS.len()].min(start.elapsed());
        }
        println!("\n{}, the fastest of {rounds} rounds in turn:", ring.name);
        let nanos = fastest.map(|time| time.as_secs_f64() * 1e9 / passes as f64 / ring.frames as f64);
        for ((name, _, limit), nanos) in READERS.iter().zip(nanos) {
            let rate = 1e3 / nanos;
            let verdict = if rate >= *limit { "ok" } else { "MISSED" };
            println!(
                "{name:<24} {nanos:>6.1} ns a frame {rate:>6.1} million frames/s, limit {limit}: {verdict}"
            );
        }
        println!("{:<24} {:>6.1} ns a frame", "reading as many bytes", nanos[READERS.len()]);
    }

    /// What it costs that frames have a VLAN tag, which is put back into each of them once: walks over rings that are filled anew.
    pub(crate) fn print_cost_of_tags(rounds: usize) {
        const LIMIT: f64 = 10.0;
        let frame = [0x55; 60];
        let tag = VlanTag { tpid: 0x8100, tci: 5 };
        let mut fastest = [f64::MAX; 2];
        for _ in 0..rounds {
            for (tagged, fastest) in [false, true].into_iter().zip(&mut fastest) {
                let frame =
                    Frame::new(&frame, LinkType::ETHERNET).with_timestamp(Timestamp::new(1_700_000_000, 1));
                let frame = if tagged { frame.with_vlan_tag(tag) } else { frame };
                let builder =
                    PacketRing::builder("bench").snaplen(30_000).block_size(32 << 10).block_count(8);
                let (mut ring, mut producer) =
                    builder.in_memory(LinkType::ETHERNET).expect("a ring in memory");
                let mut frames = 0;
                while producer.push(frame) {
                    frames += 1;
                }
                let start = Instant::now();
                for _ in 0..8 {
                    let block = ring.next_block().expect("nothing fails").expect("nobody stopped it");
                    black_box(walk(&block));
                }
                *fastest = fastest.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(frames));
            }
        }
        let [untagged, tagged] = fastest;
        let more = tagged - untagged;
        println!("\nring in cache, 60 bytes, walked once, the fastest of {rounds} rounds in turn:");
        println!("without VLAN tags        {untagged:>6.1} ns a frame");
        let verdict = if more <= LIMIT { "ok" } else { "MISSED" };
        println!(
            "tags put back            {tagged:>6.1} ns a frame, {more:.1} more, limit {LIMIT}: {verdict}"
        );
    }

    /// A ring of which every block is full.
    pub(crate) struct Filled {
        name: &'static str,
        ring: PacketRing,
        producer: Producer,
        blocks: usize,
        bytes: usize,
        frames: u64,
    }

    impl Filled {
        fn new(name: &'static str, frames: &[Vec<u8>], block_size: usize, block_count: u32) -> Self {
            let builder =
                PacketRing::builder("bench").snaplen(30_000).block_size(block_size).block_count(block_count);
            let (ring, mut producer) = builder.in_memory(LinkType::ETHERNET).expect("a ring in memory");
            let mut pushed = 0;
            let frame = |bytes| {
                Frame::new(bytes, LinkType::ETHERNET).with_timestamp(Timestamp::new(1_700_000_000, 1))
            };
            while producer.push(frame(&frames[pushed as usize % frames.len()])) {
                pushed += 1;
            }
            let blocks = block_count as usize;
            Self { name, ring, producer, blocks, bytes: blocks * block_size, frames: pushed }
        }

        /// How long it takes to read all blocks.
        #[inline(always)]
        fn time(&mut self, read: fn(&Block<'_>) -> u64) -> Duration {
            let start = Instant::now();
            for _ in 0..self.blocks {
                let block = self.ring.next_block().expect("nothing fails").expect("nobody stopped it");
                black_box(read(&block));
            }
            let time = start.elapsed();
            // The blocks are the producer's again; to hand them over once more takes no look at their frames.
            assert_eq!(self.producer.repeat(), self.blocks);
            time
        }
    }
}

#[cfg(target_os = "linux")]
fn main() {
    use std::time::Duration;
    let mut criterion = criterion::Criterion::default()
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    let mut rings = ring::rings();
    for filled in &mut rings {
        ring::bench(&mut criterion, filled);
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        for filled in &mut rings {
            ring::print_rates(filled, if argument("--quick") { 15 } else { 101 });
        }
        ring::print_cost_of_tags(101);
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
