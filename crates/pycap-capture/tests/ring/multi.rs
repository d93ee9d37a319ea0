//! Several rings read as one: the order of their frames, and the end.

use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{
    ErrorKind, Frame, LinkType, MultiCapture, Next, PacketRing, Producer, Source, Timestamp,
};

/// A ring with blocks for thousands of frames.
fn ring(name: &str, link_type: LinkType) -> (PacketRing, Producer) {
    let builder = PacketRing::builder(name).snaplen(128).block_size(1 << 16).block_count(64);
    builder.in_memory(link_type).unwrap()
}

fn pair() -> (MultiCapture<PacketRing>, [Producer; 2]) {
    let (a, to_a) = ring("a", LinkType::ETHERNET);
    let (b, to_b) = ring("b", LinkType::RAW);
    (MultiCapture::new([a, b]).unwrap(), [to_a, to_b])
}

fn push(producer: &mut Producer, bytes: &[u8], link_type: LinkType, time: Timestamp) {
    assert!(producer.push(Frame::new(bytes, link_type).with_timestamp(time)));
}

/// So many milliseconds from now.
fn at(millis: i128) -> Timestamp {
    Timestamp::from_nanos(Timestamp::now().as_nanos() + millis * 1_000_000)
}

#[test]
fn frames_come_in_order_of_time_with_their_interfaces() {
    let (mut both, [mut a, mut b]) = pair();
    assert_eq!(both.interfaces().iter().map(|one| one.name().unwrap()).collect::<String>(), "ab");
    let start = at(-1000).as_nanos();
    let time = |nth: i128| Timestamp::from_nanos(start + nth * 1000);
    for nth in 0..200 {
        // Three of the one, two of the other, and those two at the same time.
        match nth % 5 {
            0..=2 => push(&mut a, b"a", LinkType::ETHERNET, time(nth)),
            _ => push(&mut b, b"b", LinkType::RAW, time(nth / 5 * 5 + 3)),
        }
    }
    a.retire();
    b.retire();
    let (mut last, mut got) = (Timestamp::UNIX_EPOCH, String::new());
    while let Next::Frame(frame) = both.next_frame_until(Some(Instant::now())).unwrap() {
        assert!(frame.timestamp().unwrap() >= last);
        last = frame.timestamp().unwrap();
        let name = frame.interface_info().unwrap().name().unwrap();
        assert_eq!(name.as_bytes(), frame.data());
        let (index, link_type) = if name == "a" { (0, LinkType::ETHERNET) } else { (1, LinkType::RAW) };
        assert_eq!((frame.interface(), frame.link_type()), (index, link_type));
        got.push_str(name);
    }
    assert_eq!(got, "aaabb".repeat(40));
    assert_eq!(both.stats().unwrap().received, Some(200));
    let each: Vec<_> = both.stats_of_each().unwrap().iter().map(|stats| stats.received.unwrap()).collect();
    assert_eq!(each, [120, 80]);
    let of_interfaces = both.stats_of_interfaces().unwrap();
    assert_eq!(of_interfaces.iter().map(|(index, _)| *index).collect::<Vec<_>>(), [0, 1]);
}

/// A kernel hands frames over in blocks, after up to 8 ms: what came earlier on one interface can be there later.
#[test]
fn a_frame_waits_for_earlier_ones_of_the_others() {
    let (both, [mut a, mut b]) = pair();
    // Longer than this takes anywhere.
    let mut both = both.hold(Duration::from_secs(600));
    let (earlier, later) = (at(-5), at(0));
    push(&mut a, b"2", LinkType::ETHERNET, later);
    a.retire();
    // Nothing earlier is there yet, and it is not said for certain that nothing will be.
    assert!(matches!(both.next_frame_until(Some(Instant::now())).unwrap(), Next::TimedOut));
    push(&mut b, b"1", LinkType::RAW, earlier);
    b.retire();
    assert_eq!(both.next_frame().unwrap().unwrap().data(), b"1");
    push(&mut b, b"3", LinkType::RAW, at(0));
    b.retire();
    assert_eq!(both.next_frame().unwrap().unwrap().data(), b"2");
}

/// Whatever the clocks say, no frame is held for long.
#[test]
fn no_frame_is_held_beyond_its_time() {
    let year = 365 * 24 * 3600 * 1000;
    for (millis, most) in [(0, 25), (-10, 25), (-year, 0), (year, 0), (2, 30)] {
        let (mut both, [mut a, _b]) = pair();
        push(&mut a, b"a", LinkType::ETHERNET, at(millis));
        a.retire();
        let start = Instant::now();
        assert!(both.next_frame().unwrap().is_some());
        let waited = start.elapsed();
        // What the machine takes beside is generous: the others wait for years if they wait at all.
        assert!(waited < Duration::from_millis(most + 150), "{millis}: {waited:?}");
    }
}

/// A capture that always has a frame does not keep the others from being looked at, whatever its clock says.
#[test]
fn no_capture_starves() {
    let year = 365 * 24 * 3600 * 1000;
    for millis in [-year, -1000, 0, year] {
        let (both, [mut a, mut b]) = pair();
        let mut both = both.hold(Duration::from_millis(1));
        let (mut from_a, mut queued, mut pushed) = (0, 0, false);
        let start = Instant::now();
        loop {
            while queued < 8 {
                push(&mut a, b"a", LinkType::ETHERNET, at(millis));
                a.retire();
                queued += 1;
            }
            match both.next_frame_until(Some(Instant::now())).unwrap() {
                Next::Frame(frame) if frame.data() == b"b" => break,
                Next::Frame(_) => (from_a, queued) = (from_a + 1, queued - 1),
                Next::TimedOut => {}
                Next::Finished => panic!("it is not stopped"),
            }
            if !pushed && from_a > 100 {
                push(&mut b, b"b", LinkType::RAW, at(0));
                b.retire();
                pushed = true;
            }
            assert!(start.elapsed() < Duration::from_secs(5), "{millis}: {from_a} frames of the other");
        }
    }
}

#[test]
fn a_stop_hands_out_what_there_is_in_order() {
    let (mut both, [mut a, mut b]) = pair();
    let stop = both.stop_handle().unwrap();
    push(&mut a, b"2", LinkType::ETHERNET, at(0));
    push(&mut b, b"1", LinkType::RAW, at(-1));
    push(&mut b, b"3", LinkType::RAW, at(1));
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(30));
            // Only now are the blocks handed over, of which the capture knows.
            stop.stop();
            a.retire();
            b.retire();
        });
        let mut got = Vec::new();
        while let Some(frame) = both.next_frame().unwrap() {
            got.push(frame.data()[0]);
        }
        assert_eq!(got, b"123");
    });
    assert!(matches!(both.next_frame_until(None).unwrap(), Next::Finished));
}

/// A damaged block stands for all that ends a capture by itself.
#[test]
fn an_error_of_one_ends_all_once_what_they_had_was_handed_out() {
    let (mut both, [mut a, mut b]) = pair();
    push(&mut a, b"1", LinkType::ETHERNET, at(-3));
    a.push_block(&[0xff; 200], 3, 48);
    push(&mut b, b"2", LinkType::RAW, at(-2));
    push(&mut b, b"3", LinkType::RAW, at(-1));
    b.retire();
    let mut got = Vec::new();
    let error = loop {
        match both.next_frame() {
            Ok(frame) => got.push(frame.expect("the error comes first").data()[0]),
            Err(error) => break error,
        }
    };
    assert_eq!(
        (got.as_slice(), error.kind(), error.interface()),
        (&b"123"[..], ErrorKind::Malformed, Some("a"))
    );
    assert!(both.next_frame().unwrap().is_none());
    assert!(matches!(both.try_next_frame().unwrap(), Next::Finished));
}

#[test]
fn there_is_one_at_least() {
    let error = MultiCapture::<PacketRing>::new([]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
}
