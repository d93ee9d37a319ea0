//! What the packet ring costs without the kernel: a ring in memory, filled once and read again and again: `cargo bench --bench ring`.
//!
//! 'in cache' is a ring that fits the second-level cache, 'default' has the size that a capture gets if nothing else is asked for. To
//! walk is to add up each frame's length and time; to dissect is what `cargo bench --bench dissect` times.

#[cfg(target_os = "linux")]
#[path = "dissectors.rs"]
mod dissectors;

#[cfg(target_os = "linux")]
mod ring {
    use std::hint::black_box;
    use std::time::{Duration, Instant};

    use criterion::measurement::WallTime;
    use criterion::{BenchmarkGroup, Criterion, Throughput};
    use pycap_capture::{Block, Frame, LinkType, PacketRing, Producer, Timestamp};
    use pycap_testkit::generate::Traffic;

    use crate::dissectors::{Fold, pycap};

    pub(crate) fn ring(criterion: &mut Criterion) {
        // Frames that a network of web, DNS and such has, and the shortest that there are.
        let mix = Traffic::Mix.frames(10_000, 1);
        let least = vec![vec![0x55; 60]; 1];
        bench(criterion, "ring in cache, mix", &mix, 64 << 10, 8);
        bench(criterion, "ring default, mix", &mix, 1 << 20, 32);
        bench(criterion, "ring default, 60 bytes", &least, 1 << 20, 32);
    }

    fn bench(criterion: &mut Criterion, name: &str, frames: &[Vec<u8>], block_size: usize, block_count: u32) {
        let mut filled = Filled::new(frames, block_size, block_count);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(filled.frames));
        filled.time(&mut group, "walk", |block| {
            let mut sum = 0_u64;
            for frame in block {
                sum = sum.wrapping_add(frame.data().len() as u64);
                sum = sum.wrapping_add(u64::from(frame.timestamp().unwrap_or_default().subsec_nanos()));
            }
            sum
        });
        filled.time(&mut group, "dissect, typed stacks", |block| {
            let mut fold = Fold::default();
            for frame in block {
                pycap::stack(frame.data(), &mut fold);
            }
            fold.0
        });
        filled.time(&mut group, "dissect, Packet", |block| {
            let mut fold = Fold::default();
            for frame in block {
                pycap::packet(frame.data(), &mut fold);
            }
            fold.0
        });
        group.finish();
    }

    /// A ring of which every block is full.
    struct Filled {
        ring: PacketRing,
        producer: Producer,
        blocks: usize,
        frames: u64,
    }

    impl Filled {
        fn new(frames: &[Vec<u8>], block_size: usize, block_count: u32) -> Self {
            let builder =
                PacketRing::builder("bench").snaplen(60_000).block_size(block_size).block_count(block_count);
            let (ring, mut producer) = builder.in_memory(LinkType::ETHERNET).expect("a ring in memory");
            let mut pushed = 0;
            let frame = |bytes| {
                Frame::new(bytes, LinkType::ETHERNET).with_timestamp(Timestamp::new(1_700_000_000, 1))
            };
            while producer.push(frame(&frames[pushed as usize % frames.len()])) {
                pushed += 1;
            }
            Self { ring, producer, blocks: block_count as usize, frames: pushed }
        }

        fn time(
            &mut self,
            group: &mut BenchmarkGroup<'_, WallTime>,
            name: &str,
            mut read: impl FnMut(&Block<'_>) -> u64,
        ) {
            group.bench_function(name, |bencher| {
                bencher.iter_custom(|times| {
                    let mut spent = Duration::ZERO;
                    for _ in 0..times {
                        let start = Instant::now();
                        for _ in 0..self.blocks {
                            let block =
                                self.ring.next_block().expect("nothing fails").expect("nobody stopped it");
                            black_box(read(&block));
                        }
                        spent += start.elapsed();
                        // The blocks are the producer's again; to hand them over once more takes no look at their frames.
                        assert_eq!(self.producer.repeat(), self.blocks);
                    }
                    spent
                });
            });
        }
    }
}

#[cfg(target_os = "linux")]
fn main() {
    use std::time::Duration;
    let mut criterion = criterion::Criterion::default()
        .warm_up_time(Duration::from_secs(1))
        .measurement_time(Duration::from_secs(3))
        .configure_from_args();
    ring::ring(&mut criterion);
    criterion.final_summary();
}

#[cfg(not(target_os = "linux"))]
fn main() {}
