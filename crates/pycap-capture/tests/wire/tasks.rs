//! Rings that are read with `await`.

use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
use pycap_capture::tokio::AsyncSource;
use pycap_capture::{Backend, Builder, ErrorKind, Live, LiveCapture, PacketRing, Source};

use crate::rig::{Sender, frame, number, tests, up, wire};

tests! {
    frames_and_blocks_come_in_order,
    a_future_that_is_dropped_loses_no_frame,
    a_stop_ends_it_with_all_that_was_received,
    several_rings_are_read_by_one_thread,
    an_interface_that_is_deleted_ends_it,
    an_interface_that_is_set_down_is_waited_for,
    a_task_that_waits_takes_no_processor,
    captures_of_both_backends_lose_no_frame_and_stop,
}

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

fn ring() -> Builder {
    PacketRing::builder("in0").block_count(8).block_timeout(Duration::from_millis(2))
}

fn source(builder: Builder) -> AsyncSource<PacketRing> {
    AsyncSource::new(builder.open().unwrap()).unwrap()
}

/// The next frame's number; `None` at the end.
async fn next(source: &mut AsyncSource<PacketRing>) -> Option<u32> {
    source.next_frame().await.unwrap().map(|frame| number(frame.data()).expect("a numbered frame"))
}

fn frames_and_blocks_come_in_order() {
    const COUNT: u32 = 5000;
    let _wire = wire();
    run(async {
        let mut source = source(ring());
        let sender = Sender::new("out0");
        let thread = std::thread::spawn(move || {
            for start in (0..COUNT).step_by(50) {
                sender.send_numbered(start..start + 50);
                std::thread::sleep(Duration::from_millis(1));
            }
        });
        let mut expected = 0;
        while expected < COUNT {
            assert_eq!(next(&mut source).await, Some(expected));
            expected += 1;
            if expected < COUNT {
                // What is left of this one, or the next.
                let block = source.next_block().await.unwrap().unwrap();
                for frame in &block {
                    assert_eq!(number(frame.data()), Some(expected));
                    expected += 1;
                }
            }
        }
        thread.join().unwrap();
    });
}

fn a_future_that_is_dropped_loses_no_frame() {
    const COUNT: u32 = 3000;
    let _wire = wire();
    run(async {
        let mut source = source(ring());
        let sender = Sender::new("out0");
        let thread = std::thread::spawn(move || {
            for number in 0..COUNT {
                sender.send_numbered(number..number + 1);
                if number % 10 == 0 {
                    std::thread::sleep(Duration::from_micros(u64::from(number % 7) * 500));
                }
            }
        });
        let (mut expected, mut dropped) = (0, 0);
        while expected < COUNT {
            let soon = tokio::time::sleep(Duration::from_micros(u64::from(expected % 11) * 300));
            tokio::select! {
                number = next(&mut source) => {
                    assert_eq!(number, Some(expected));
                    expected += 1;
                }
                () = soon => dropped += 1,
            }
            // Dropped at its first look, whatever that was.
            tokio::select! {
                biased;
                () = std::future::ready(()) => {}
                number = next(&mut source) => panic!("{number:?}"),
            }
        }
        thread.join().unwrap();
        assert!(dropped > 10, "{dropped} futures were dropped");
        let stats = source.get_mut().stats().unwrap();
        assert_eq!((stats.received, stats.dropped), (Some(COUNT.into()), Some(0)));
    });
}

fn a_stop_ends_it_with_all_that_was_received() {
    let _wire = wire();
    run(async {
        for count in [0, 1, 500] {
            // Blocks that are kept long: the stop comes before.
            let mut source = source(ring().block_timeout(Duration::from_millis(40)));
            let stop = source.get_ref().stop_handle();
            let sender = Sender::new("out0");
            let stopper = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(15));
                sender.send_numbered(0..count);
                stop.stop();
                Instant::now()
            });
            for expected in 0..count {
                assert_eq!(next(&mut source).await, Some(expected));
            }
            assert_eq!(next(&mut source).await, None);
            let took = stopper.join().unwrap().elapsed();
            assert!(took < Duration::from_millis(300), "{took:?}");
            assert!(source.next_block().await.unwrap().is_none());
        }
    });
}

fn several_rings_are_read_by_one_thread() {
    let _wire = wire();
    run(async {
        let mut inbound = source(ring());
        let mut outbound = source(PacketRing::builder("out0").block_count(8));
        Sender::new("out0").send_numbered(0..300);
        let (mut here, mut there) = (0, 0);
        while here < 300 || there < 300 {
            tokio::select! {
                number = next(&mut inbound) => {
                    assert_eq!(number, Some(here));
                    here += 1;
                }
                number = next(&mut outbound) => {
                    assert_eq!(number, Some(there));
                    there += 1;
                }
            }
        }
    });
}

fn an_interface_that_is_deleted_ends_it() {
    let wire = wire();
    run(async {
        let mut source = source(ring());
        Sender::new("out0").send_numbered(0..10);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(50));
                wire.delete("out0").unwrap();
            });
        });
        for expected in 0..10 {
            assert_eq!(next(&mut source).await, Some(expected));
        }
        let error = source.next_frame().await.unwrap_err();
        assert_eq!((error.kind(), error.interface()), (ErrorKind::InterfaceGone, Some("in0")), "{error}");
        assert_eq!(next(&mut source).await, None);
    });
    // The task waits already.
    crate::rig::add_wire(&wire);
    let other = std::sync::Arc::new(wire);
    run(async {
        let mut source = source(ring());
        let wire = std::sync::Arc::clone(&other);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            wire.delete("out0").unwrap();
        });
        let error = source.next_frame().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InterfaceGone, "{error}");
        thread.join().unwrap();
    });
}

fn an_interface_that_is_set_down_is_waited_for() {
    let wire = std::sync::Arc::new(wire());
    run(async {
        let mut source = source(ring());
        let changed = std::sync::Arc::clone(&wire);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            changed.down("in0").unwrap();
            std::thread::sleep(Duration::from_millis(120));
            up(&changed, "in0");
            Sender::new("out0").send_numbered(0..10);
        });
        for expected in 0..10 {
            assert_eq!(next(&mut source).await, Some(expected));
        }
        thread.join().unwrap();
    });
    run(async {
        let mut source = source(ring().stop_when_down(true));
        let changed = std::sync::Arc::clone(&wire);
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            changed.down("in0").unwrap();
        });
        let error = source.next_frame().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InterfaceDown, "{error}");
        thread.join().unwrap();
    });
}

fn a_task_that_waits_takes_no_processor() {
    let _wire = wire();
    let spent = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    run(async {
        let mut source = source(ring());
        // A frame, so that there was something once.
        Sender::new("out0").send(&frame(b"once"));
        assert!(source.next_frame().await.unwrap().is_some());
        let before = spent();
        let waited = tokio::time::timeout(Duration::from_secs(1), source.next_frame()).await;
        assert!(waited.is_err());
        let spent = spent() - before;
        println!("a task that waits for a second takes {spent:?} of a processor");
        assert!(spent < Duration::from_millis(3), "{spent:?}");
    });
}

/// `Live::open_async`, which is a ring or libpcap: futures are dropped at any time, the counts are asked for in between, and a stop hands out
/// all that was received.
fn captures_of_both_backends_lose_no_frame_and_stop() {
    const COUNT: u32 = 1000;
    async fn next(capture: &mut AsyncSource<LiveCapture>) -> Option<u32> {
        capture.next_frame().await.unwrap().map(|frame| number(frame.data()).expect("a numbered frame"))
    }
    let _wire = wire();
    for backend in [Backend::Ring, Backend::Libpcap] {
        if backend == Backend::Libpcap && cfg!(not(feature = "libpcap")) {
            continue;
        }
        run(async {
            let mut capture = Live::on("in0").backend(backend).open_async().unwrap();
            assert_eq!(capture.get_ref().backend(), backend);
            let stop = capture.get_ref().stop_handle().unwrap();
            let sender = Sender::new("out0");
            let thread = std::thread::spawn(move || {
                for number in 0..COUNT {
                    sender.send_numbered(number..number + 1);
                    if number % 10 == 0 {
                        std::thread::sleep(Duration::from_micros(u64::from(number % 7) * 500));
                    }
                }
                // Nothing comes for a while, and the task waits.
                std::thread::sleep(Duration::from_millis(60));
                stop.stop();
                Instant::now()
            });
            let (mut expected, mut dropped) = (0, 0);
            loop {
                let soon = tokio::time::sleep(Duration::from_micros(u64::from(expected % 11) * 300 + 50));
                tokio::select! {
                    number = next(&mut capture) => match number {
                        Some(number) => {
                            assert_eq!(number, expected);
                            expected += 1;
                        }
                        None => break,
                    },
                    () = soon => dropped += 1,
                }
                if expected % 100 == 50 {
                    // A look that nobody reads the frame of, and then something else that libpcap is asked for.
                    let _ = pycap_capture::tokio::Readable::is_ready(capture.get_mut()).unwrap();
                    capture.get_mut().stats().unwrap();
                }
            }
            let took = thread.join().unwrap().elapsed();
            assert!(took < Duration::from_millis(300), "{took:?}");
            assert_eq!(expected, COUNT, "{backend}");
            assert!(dropped > 5, "{dropped} futures were dropped");
            assert!(capture.next_frame().await.unwrap().is_none());
        });
    }
}
