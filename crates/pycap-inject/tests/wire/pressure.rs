//! No room: a queue that hardly moves, a small buffer, a ring that is full.

use std::time::{Duration, Instant};

use pycap_inject::sender::{PacketSocket, TxRing};
use pycap_inject::{SendErrorKind, Sender};

use crate::rig::{drain, frame, frame_of, output, receiver, same, slices, tests, wire};

tests! {
    ten_thousand_frames_through_small_rings,
    a_full_ring_waits_for_the_kernel,
    a_queue_that_drops_is_waited_for_so_long,
    a_buffer_that_is_full_is_waited_for_so_long,
    a_queue_that_moves_gets_everything,
}

/// 10,000 frames of 60 bytes with a number.
fn many() -> Vec<Vec<u8>> {
    (0..10_000_u32).map(|number| frame(&[&number.to_be_bytes()[..], &[7; 42]].concat())).collect()
}

/// Gives `out0` a queue of so many bits a second and bytes; `false` where there is no such thing.
fn shape(rate: &str, limit: &str) -> bool {
    let arguments =
        ["qdisc", "replace", "dev", "out0", "root", "tbf", "rate", rate, "burst", "2000", "limit", limit];
    output("tc", &arguments).is_some()
}

/// Receives in the background, as a ring's blocks are many but not endless while hardly anything comes: gives the frames that have come
/// when nothing has for a while.
fn receiving() -> impl FnOnce() -> Vec<Vec<u8>> {
    let mut ring = receiver("in0");
    let (ended, end) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        let mut frames = Vec::new();
        loop {
            let over = end.try_recv().is_ok();
            frames.extend(drain(&mut ring));
            if over {
                return frames;
            }
        }
    });
    move || {
        ended.send(()).unwrap();
        thread.join().unwrap()
    }
}

fn ten_thousand_frames_through_small_rings() {
    let _wire = wire();
    let frames = many();
    for count in [1, 4, 64, 1000] {
        for together in [1, 7, 64, 10_000] {
            let mut ring = receiver("in0");
            let mut sender = TxRing::builder("out0").frames(count).open().unwrap();
            assert!(sender.frames() >= count && sender.frames().is_power_of_two());
            for batch in slices(&frames).chunks(together) {
                sender.send_batch(batch).unwrap();
            }
            sender.flush().unwrap();
            same(&drain(&mut ring), &frames, &format!("{count} slots, {together} together"));
            assert_eq!(sender.stats().sent, 10_000);
        }
    }
}

fn a_full_ring_waits_for_the_kernel() {
    let _wire = wire();
    // 16 Mbit/s, and room for all.
    if !shape("16mbit", "10mb") {
        return;
    }
    let received = receiving();
    let frames: Vec<_> = (0..500).map(|number| frame_of(1000, number as u8)).collect();
    let mut sender = TxRing::builder("out0").frames(32).open().unwrap();
    let started = Instant::now();
    sender.send_batch(&slices(&frames)).unwrap();
    sender.flush().unwrap();
    // All but those that the kernel lets through at once.
    assert!(started.elapsed() > Duration::from_millis(200), "{:?}", started.elapsed());
    assert!(sender.stats().waits > 0);
    same(&received(), &frames, "all of them");
    // A flush has its bound, too: 8 kbit/s are a frame a second.
    assert!(shape("8kbit", "10mb"));
    let mut sender = TxRing::builder("out0").frames(32).max_wait(Duration::from_millis(50)).open().unwrap();
    sender.send_batch(&slices(&frames[..32])).unwrap();
    let started = Instant::now();
    let error = sender.flush().unwrap_err();
    assert_eq!((error.kind(), error.interface()), (SendErrorKind::NoBuffers, Some("out0")), "{error}");
    let took = started.elapsed();
    assert!((Duration::from_millis(50)..Duration::from_millis(500)).contains(&took), "{took:?}");
    // And so has a frame that finds no slot.
    let error = sender.send_batch(&slices(&frames[..32])).unwrap_err();
    assert_eq!((error.accepted < 32, error.error.kind()), (true, SendErrorKind::NoBuffers), "{error}");
    assert_eq!(sender.stats().no_buffers, 1);
}

/// Sends until there is no room, and looks at how long that took and what became of the frames.
fn until_full(mut sender: impl Sender, wait: Duration, name: &str) {
    let frames: Vec<_> = (0..1000).map(|number| frame_of(1000, number as u8)).collect();
    let started = Instant::now();
    let error = sender.send_batch(&slices(&frames)).unwrap_err();
    let took = started.elapsed();
    assert_eq!(
        (error.error.kind(), error.error.interface()),
        (SendErrorKind::NoBuffers, Some("out0")),
        "{name}: {error}"
    );
    assert!(error.accepted > 0 && error.accepted < 1000, "{name}: {error}");
    // Once it may have moved in between.
    assert!(took >= wait && took < 6 * wait + Duration::from_millis(300), "{name}: {took:?}");
    let stats = sender.stats();
    assert_eq!((stats.sent, stats.no_buffers, stats.failed()), (error.accepted as u64, 1, 1), "{name}");
    assert_eq!(stats.waits > 0 && stats.waited >= wait / 2, !wait.is_zero(), "{name}: {stats:?}");
}

fn a_queue_that_drops_is_waited_for_so_long() {
    for wait in [Duration::ZERO, Duration::from_millis(100)] {
        for name in ["packet", "ring"] {
            let _wire = wire();
            if !shape("8kbit", "5000") {
                return;
            }
            match name {
                "packet" => {
                    until_full(PacketSocket::builder("out0").max_wait(wait).open().unwrap(), wait, name)
                }
                _ => until_full(TxRing::builder("out0").max_wait(wait).open().unwrap(), wait, name),
            }
        }
    }
}

fn a_buffer_that_is_full_is_waited_for_so_long() {
    for wait in [Duration::ZERO, Duration::from_millis(100)] {
        let _wire = wire();
        if !shape("8kbit", "10mb") {
            return;
        }
        let sender = PacketSocket::builder("out0").send_buffer(5000).max_wait(wait).open().unwrap();
        until_full(sender, wait, "packet");
    }
}

fn a_queue_that_moves_gets_everything() {
    let _wire = wire();
    if !shape("40mbit", "5000") {
        return;
    }
    let frames: Vec<_> = (0..400).map(|number| frame_of(1000, number as u8)).collect();
    let senders: [Box<dyn Sender>; 3] = [
        Box::new(PacketSocket::open("out0").unwrap()),
        Box::new(PacketSocket::builder("out0").send_buffer(5000).open().unwrap()),
        Box::new(TxRing::open("out0").unwrap()),
    ];
    for (number, mut sender) in senders.into_iter().enumerate() {
        let received = receiving();
        sender.send_batch(&slices(&frames)).unwrap();
        sender.flush().unwrap();
        same(&received(), &frames, &format!("sender {number}"));
        assert!(sender.stats().waits > 0, "sender {number}");
    }
}
