//! What takes minutes: `cargo xtask soak`.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

#[cfg(feature = "libpcap")]
use pycap_capture::PcapSource;
use pycap_capture::{Direction, Filter, Frame, Next, NextBlock, PacketRing, Source, Stats};

use crate::limits::{KINDS, cycle, resources};
use crate::rig::{Background, Sender, number, numbered, tests, trickle, wire};

tests! {
    captures_come_and_go within 36_000,
    a_capture_under_load_is_read_in_every_way within 36_000,
}

/// A number from the environment, where `cargo xtask soak` puts it.
fn setting(name: &str, usual: u64) -> u64 {
    std::env::var(name).map_or(usual, |value| value.parse().expect("a number"))
}

fn captures_come_and_go() {
    const ROUND: usize = 1000;
    let cycles = setting("PYCAP_SOAK_CYCLES", 10_000) as usize;
    let wire = wire();
    let trickle = trickle(Duration::from_micros(500));
    for (name, open) in KINDS {
        // It takes no time to be refused, and leaves the same behind.
        let started = Instant::now();
        cycle(2, open);
        let before = resources();
        let mut done = 0;
        while done < cycles {
            let round = ROUND.min(cycles - done);
            cycle(round, open);
            done += round;
            assert_eq!(resources(), before, "descriptors and mappings after {done} times, {name}");
        }
        println!("{name}: opened and closed {done} times in {:.1?}, nothing left behind", started.elapsed());
    }
    drop(trickle);
    assert_eq!(wire.link("in0").unwrap().promiscuity, 0);
}

/// Marsaglia's xorshift: from the same seed, the same numbers.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as u32 % limit
    }
}

/// So many kinds of frames are told apart, by their numbers.
const KINDS_OF_FRAMES: u32 = 4;

/// Lets numbered frames of this kind through.
fn kind(kind: u32) -> Filter {
    format!("5\n48 0 0 17\n84 0 0 3\n21 0 1 {kind}\n6 0 0 262144\n6 0 0 0").parse().unwrap()
}

/// What the frames of a capture have to be.
#[derive(Default)]
struct Expected {
    kind: Option<u32>,
    last: Option<u32>,
    /// Since the last frame, some were discarded on purpose.
    gap: bool,
    /// So many times, some were discarded on purpose, nobody knows after which frame.
    gaps: u32,
    /// There was a frame that was not the next one of its kind.
    lost: bool,
    count: u64,
}

impl Expected {
    fn look(&mut self, frame: Frame<'_>) {
        let number = number(frame.data()).expect("as it was sent");
        assert!(self.kind.is_none_or(|kind| number % KINDS_OF_FRAMES == kind), "{number} passed the filter");
        if let Some(last) = self.last {
            assert!(number > last, "{number} after {last}");
            let step = if self.kind.is_some() { KINDS_OF_FRAMES } else { 1 };
            if number - last != step && !self.gap {
                self.lost |= self.gaps == 0;
                self.gaps = self.gaps.saturating_sub(1);
            }
        }
        (self.last, self.gap) = (Some(number), false);
        self.count += 1;
    }
}

/// What was done, to be told at the end.
#[derive(Debug, Default)]
struct Done {
    captures: u64,
    frames: u64,
    dropped: u64,
    deadlines: u64,
    blocks: u64,
    breaks: u64,
    panics: u64,
    filters: u64,
    stops: u64,
}

fn a_capture_under_load_is_read_in_every_way() {
    let seconds = setting("PYCAP_SOAK_SECONDS", 60);
    let since_1970 = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let seed = setting("PYCAP_SOAK_SEED", since_1970.as_nanos() as u64 | 1);
    println!("PYCAP_SOAK_SEED={seed}");
    let mut random = Random(seed);
    let _wire = wire();
    let before = resources();
    let sender = Sender::new("out0");
    let sent = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&sent);
    let load = Background::start(move || {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        sender.send(&numbered(number));
        // Bursts.
        if number.is_multiple_of(5000) {
            std::thread::sleep(Duration::from_millis(3));
        }
    });
    let mut done = Done::default();
    let until = Instant::now() + Duration::from_secs(seconds);
    while Instant::now() < until {
        let mut ring = PacketRing::builder("in0")
            .snaplen(2000)
            .block_size(64 << 10 << random.below(4))
            .block_count(2 + random.below(60))
            .block_timeout(Duration::from_millis(1 + u64::from(random.below(10))))
            .direction(Direction::Inbound)
            .open()
            .unwrap();
        read_in_every_way(&mut ring, &mut random, &mut done);
        #[cfg(feature = "libpcap")]
        read_through_libpcap(&mut random, &mut done);
    }
    drop(load);
    assert_eq!(resources(), before, "descriptors and mappings");
    println!("{} frames sent; {done:?}", sent.load(Ordering::Relaxed));
}

fn read_in_every_way(ring: &mut PacketRing, random: &mut Random, done: &mut Done) {
    let mut expected = Expected::default();
    let mut last = Stats::default();
    let steps = 50 + random.below(200);
    for _ in 0..steps {
        let soon = Some(Instant::now() + Duration::from_micros(random.below(6000).into()));
        match random.below(12) {
            0..3 => read_a_frame(ring, soon, &mut expected, done),
            3..6 => match ring.next_block_until(soon).unwrap() {
                NextBlock::Block(block) => {
                    done.blocks += 1;
                    block.frames().for_each(|frame| expected.look(frame));
                }
                NextBlock::TimedOut => done.deadlines += 1,
                NextBlock::Finished => panic!("finished"),
            },
            6..8 => read_some(ring, 1 + random.below(2000), &mut expected, done),
            8 => {
                // The rest of the block is lost with it, as it was not looked at.
                let panicked = catch_unwind(AssertUnwindSafe(|| {
                    let block = ring.next_block().unwrap().unwrap();
                    block.frames().take(3).for_each(|frame| expected.look(frame));
                    std::panic::resume_unwind(Box::new("on purpose"));
                }));
                assert!(panicked.is_err());
                expected.gap = true;
                done.panics += 1;
            }
            9 => {
                let wanted = random.below(KINDS_OF_FRAMES);
                ring.set_filter(&kind(wanted)).unwrap();
                (expected.kind, expected.gap) = (Some(wanted), true);
                done.filters += 1;
            }
            10 => {
                let stats = ring.stats().unwrap();
                assert!(last.received <= stats.received && last.dropped <= stats.dropped);
                assert!(stats.received >= Some(expected.count));
                last = stats;
            }
            _ => std::thread::sleep(Duration::from_micros(random.below(20_000).into())),
        }
    }
    end(ring, &mut expected, done);
}

#[cfg(feature = "libpcap")]
fn read_through_libpcap(random: &mut Random, done: &mut Done) {
    let mut source = PcapSource::live("in0").buffer_size(8 << 20).open().unwrap();
    let mut expected = Expected::default();
    for _ in 0..random.below(50) {
        let soon = Some(Instant::now() + Duration::from_micros(random.below(6000).into()));
        match random.below(4) {
            0..2 => read_a_frame(&mut source, soon, &mut expected, done),
            2 => read_some(&mut source, 1 + random.below(2000), &mut expected, done),
            _ => {
                let wanted = random.below(KINDS_OF_FRAMES);
                source.set_filter(&kind(wanted)).unwrap();
                (expected.kind, expected.gap) = (Some(wanted), true);
                // What is in the ring stays there, but for what does not match; what comes while the filter is changed does not.
                expected.gaps += 1;
                done.filters += 1;
            }
        }
    }
    end(&mut source, &mut expected, done);
}

fn read_a_frame(
    source: &mut dyn Source,
    deadline: Option<Instant>,
    expected: &mut Expected,
    done: &mut Done,
) {
    match source.next_frame_until(deadline).unwrap() {
        Next::Frame(frame) => expected.look(frame),
        Next::TimedOut => done.deadlines += 1,
        Next::Finished => panic!("finished"),
    }
}

fn read_some(source: &mut dyn Source, mut left: u32, expected: &mut Expected, done: &mut Done) {
    done.breaks += 1;
    let mut each = |frame: Frame<'_>| {
        expected.look(frame);
        left -= 1;
        if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    source.for_each(&mut each).unwrap();
}

/// Stops it, reads what it had by then, and looks at its counts.
fn end(source: &mut dyn Source, expected: &mut Expected, done: &mut Done) {
    let stop = source.stop_handle().unwrap();
    let stopper = std::thread::spawn(move || stop.stop());
    while let Some(frame) = source.next_frame().unwrap() {
        expected.look(frame);
    }
    stopper.join().unwrap();
    let stats = source.stats().unwrap();
    assert!(!expected.lost || stats.dropped > Some(0), "frames are missing that were not dropped: {stats:?}");
    assert!(stats.received >= Some(expected.count), "{stats:?}");
    done.captures += 1;
    done.frames += expected.count;
    done.dropped += stats.dropped.unwrap();
    done.stops += 1;
}
