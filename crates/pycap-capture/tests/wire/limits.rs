//! Where something runs out, and what is left behind: nothing.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

#[cfg(feature = "libpcap")]
use pycap_capture::PcapSource;
use pycap_capture::{Builder, ErrorKind, Fanout, PacketRing, Stats};

use crate::rig::{Sender, drain, drain_numbers, number, tests, trickle, wire};

tests! {
    what_a_ring_too_small_drops_is_counted,
    counts_go_on_beside_a_reader_that_is_too_slow within 30,
    a_panic_gives_the_block_back,
    more_memory_than_there_is_is_refused,
    no_capture_leaves_anything_behind within 60,
}

/// Room for little.
fn small() -> Builder {
    PacketRing::builder("in0").snaplen(2000).block_size(64 << 10).block_count(2)
}

fn sum(stats: &Stats) -> u64 {
    stats.received_by_filter().unwrap()
}

fn what_a_ring_too_small_drops_is_counted() {
    let _wire = wire();
    let mut ring = small().open().unwrap();
    let sender = Sender::new("out0");
    let (mut found, mut last) = (0, Stats::default());
    for round in 1..=4_u32 {
        sender.send_numbered(0..3000);
        // Asked for in the middle of it, too: each time, the kernel starts to count from 0 again.
        let early = ring.stats().unwrap();
        found += drain(&mut ring).len() as u64;
        let stats = ring.stats().unwrap();
        assert_eq!(stats.received, Some(found), "{stats:?}");
        assert_eq!(sum(&stats), u64::from(round * 3000), "{stats:?}");
        assert!(stats.buffer_full >= Some(u64::from(round)), "{stats:?}");
        for (before, after) in [(last, early), (early, stats)] {
            assert!(before.received <= after.received && before.dropped <= after.dropped);
            assert!(before.buffer_full <= after.buffer_full);
        }
        last = stats;
    }
    // Once there is room again, nothing is lost.
    for _ in 0..20 {
        sender.send_numbered(0..20);
        assert_eq!(drain_numbers(&mut ring), Vec::from_iter(0..20));
    }
    let stats = ring.stats().unwrap();
    assert_eq!((stats.dropped, stats.buffer_full), (last.dropped, last.buffer_full));
    assert_eq!(stats.received, Some(found + 400));
}

fn counts_go_on_beside_a_reader_that_is_too_slow() {
    const COUNT: u32 = 60_000;
    let _wire = wire();
    let mut ring = small().block_timeout(Duration::from_millis(1)).open().unwrap();
    let sender = Sender::new("out0");
    let thread = std::thread::spawn(move || sender.send_numbered(0..COUNT));
    let (mut found, mut last, mut least) = (0_u64, Stats::default(), 0);
    while !thread.is_finished() {
        let soon = std::time::Instant::now() + Duration::from_millis(5);
        if let pycap_capture::NextBlock::Block(block) = ring.next_block_until(Some(soon)).unwrap() {
            for frame in &block {
                let number = number(frame.data()).unwrap();
                assert!(number >= least, "{number} came after {least}");
                least = number + 1;
                found += 1;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        let stats = ring.stats().unwrap();
        assert!(last.received <= stats.received && last.dropped <= stats.dropped);
        assert!(stats.received >= Some(found), "{stats:?}");
        last = stats;
    }
    thread.join().unwrap();
    found += drain(&mut ring).len() as u64;
    let stats = ring.stats().unwrap();
    println!("{stats}, {:?} times full", stats.buffer_full);
    assert_eq!((stats.received, sum(&stats)), (Some(found), COUNT.into()), "{stats:?}");
    assert!(stats.dropped > Some(0) && stats.buffer_full > Some(0), "{stats:?}");
}

fn a_panic_gives_the_block_back() {
    let _wire = wire();
    let mut ring = small().block_timeout(Duration::from_millis(1)).open().unwrap();
    let sender = Sender::new("out0");
    // More often than there are blocks.
    for round in 0..10 {
        sender.send_numbered(0..20);
        let thread = std::thread::scope(|scope| {
            let held = scope.spawn(|| {
                let block = ring.next_block().unwrap().unwrap();
                let frame = block.frames().next().unwrap();
                assert_eq!(number(frame.data()), Some(0));
                std::panic::resume_unwind(Box::new("on purpose"));
            });
            held.join()
        });
        assert!(thread.is_err());
        // Where the frames came in two blocks, the second is left.
        assert!(drain(&mut ring).len() < 20);
        let in_a_call = catch_unwind(AssertUnwindSafe(|| {
            sender.send_numbered(100..120);
            ring.for_each(|_| std::panic::resume_unwind(Box::new("on purpose")))
        }));
        assert!(in_a_call.is_err());
        assert_eq!(drain_numbers(&mut ring), Vec::from_iter(101..120), "round {round}");
    }
    let stats = ring.stats().unwrap();
    assert_eq!((stats.received, stats.dropped), (Some(400), Some(0)));
}

fn more_memory_than_there_is_is_refused() {
    let _wire = wire();
    for (builder, kind, words) in [
        (small().block_size(64 << 20).block_count(65_536), ErrorKind::Io, "fewer or smaller blocks"),
        (small().block_size(1 << 30).block_count(u32::MAX), ErrorKind::Io, "fewer or smaller blocks"),
        (small().buffer_size(usize::MAX), ErrorKind::Io, "fewer or smaller blocks"),
        (small().block_count(1), ErrorKind::InvalidSetting, "take 2 or more"),
        (small().block_size(5000), ErrorKind::InvalidSetting, "multiple of 4096"),
        (small().snaplen(65_535), ErrorKind::InvalidSetting, "no room for a frame"),
    ] {
        let error = builder.clone().open().unwrap_err();
        assert_eq!((error.kind(), error.interface()), (kind, Some("in0")), "{builder:?}: {error}");
        assert!(error.to_string().contains(words), "{error}");
    }
    // What was refused has taken nothing: another is opened.
    assert!(small().open().is_ok());
}

/// Descriptors and mappings of this process.
pub(crate) fn resources() -> [usize; 2] {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    // Heaps and stacks come and go with the threads; a ring is mapped from a socket.
    let mappings = maps.lines().filter(|line| line.contains("socket:")).count();
    [std::fs::read_dir("/proc/self/fd").unwrap().count(), mappings]
}

/// Opens and drops captures of a kind so often, several at a time: each takes the kernel long.
pub(crate) fn cycle(times: usize, open: impl Fn(usize) + Sync) {
    const THREADS: usize = 20;
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let open = &open;
            scope.spawn(move || (thread..times).step_by(THREADS).for_each(open));
        }
    });
}

/// A capture's name, and what opens it, reads from it and drops it.
pub(crate) type Kind = (&'static str, fn(usize));

/// Each kind of capture.
pub(crate) const KINDS: &[Kind] = &[
    ("ring", |number| {
        let mut ring = small().promiscuous(true).open().unwrap();
        if number.is_multiple_of(2) {
            assert!(ring.next_frame().unwrap().is_some());
        }
        // Dropped in the middle of a block, and with handles left.
        let _stop = ring.stop_handle();
    }),
    ("any", |_| {
        let any = PacketRing::builder("any").snaplen(2000).block_size(64 << 10).block_count(2);
        assert!(any.open().unwrap().next_block().unwrap().is_some());
    }),
    ("group", |number| {
        // The kernel has as many groups as have a number, and looks at each.
        let rings = small().fanout(Fanout::hash().group(number as u16)).open_group(2).unwrap();
        assert_eq!(rings.len(), 2);
    }),
    ("refused", |_| {
        assert!(small().block_size(64 << 20).block_count(65_536).open().is_err());
        assert!(PacketRing::builder("nowhere").open().is_err());
    }),
    #[cfg(feature = "libpcap")]
    ("libpcap", |number| {
        let mut source = PcapSource::live("in0").snaplen(2000).buffer_size(128 << 10).open().unwrap();
        if number.is_multiple_of(2) {
            assert!(source.next_frame().unwrap().is_some());
        }
    }),
];

fn no_capture_leaves_anything_behind() {
    let wire = wire();
    let trickle = trickle(Duration::from_micros(500));
    for (name, open) in KINDS {
        let times = if *name == "refused" { 1 } else { 500 };
        cycle(2, open);
        let before = resources();
        let started = std::time::Instant::now();
        cycle(times, open);
        assert_eq!(resources(), before, "descriptors and mappings, {name}");
        println!("{name}: {times} times in {:?}", started.elapsed());
    }
    drop(trickle);
    assert_eq!(wire.link("in0").unwrap().promiscuity, 0);
}
