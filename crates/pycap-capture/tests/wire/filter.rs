//! The kernel's filter, under traffic that never stops: no frame slips past it.

use std::time::{Duration, Instant};

#[cfg(feature = "libpcap")]
use pycap_capture::PcapSource;
use pycap_capture::{Builder, ErrorKind, Fanout, Filter, Frame, Next, PacketRing, Source};

use crate::rig::{Background, Sender, drain, frame, tests, wire};

tests! {
    no_frame_comes_before_the_filter_is_there within 30,
    no_frame_of_the_filter_before_comes_after_a_change within 30,
    a_locked_filter_stays,
    a_filter_that_is_refused_leaves_the_one_before,
}

/// Lets through what has this byte first in its payload.
fn first_byte(byte: u8) -> Filter {
    format!("4\n48 0 0 14\n21 0 1 {byte}\n6 0 0 262144\n6 0 0 0").parse().unwrap()
}

fn is(frame: Frame<'_>, byte: u8) -> bool {
    frame.data()[14] == byte
}

/// As many frames as the machine can send, of three kinds in turn.
fn flood() -> Background {
    let sender = Sender::new("out0");
    let frames = [1_u8, 2, 3].map(|kind| frame(&[kind; 46]));
    Background::start(move || {
        for frame in &frames {
            sender.send(frame);
        }
    })
}

fn quick() -> Builder {
    PacketRing::builder("in0").block_count(16).block_timeout(Duration::from_millis(1))
}

/// Looks at frames for a while: they are of this kind.
fn all_are(source: &mut impl Source, byte: u8) {
    let deadline = Instant::now() + Duration::from_millis(20);
    let mut count = 0;
    while let Next::Frame(frame) = source.next_frame_until(Some(deadline)).unwrap() {
        assert!(is(frame, byte), "{count} frames of kind {byte}, then one of kind {}", frame.data()[14]);
        count += 1;
        // A reader that is slower than the flood would never come to the deadline.
        if Instant::now() > deadline {
            break;
        }
    }
    assert!(count > 0, "no frame of kind {byte}");
}

fn no_frame_comes_before_the_filter_is_there() {
    let _wire = wire();
    let _flood = flood();
    for round in 0..20 {
        let kind = 1 + round % 3;
        let mut ring = quick().filter(&first_byte(kind)).open().unwrap();
        all_are(&mut ring, kind);
        let group = quick().filter(&first_byte(kind)).fanout(Fanout::load_balance());
        for mut ring in group.open_group(2).unwrap() {
            all_are(&mut ring, kind);
        }
    }
    #[cfg(feature = "libpcap")]
    for kind in 1..4 {
        let builder = PcapSource::live("in0").filter_program(&first_byte(kind));
        all_are(&mut builder.open().unwrap(), kind);
    }
}

fn no_frame_of_the_filter_before_comes_after_a_change() {
    let _wire = wire();
    let _flood = flood();
    let mut ring = quick().filter(&first_byte(1)).open().unwrap();
    let mut wide = PacketRing::builder("in0").open().unwrap();
    // In the default ring, too, whose blocks are held longer.
    for round in 0..40 {
        let kind = 1 + round % 3;
        ring.set_filter(&first_byte(kind)).unwrap();
        all_are(&mut ring, kind);
        if round % 4 == 0 {
            wide.set_filter(&first_byte(kind)).unwrap();
            all_are(&mut wide, kind);
        }
        // In the middle of a block.
        if round % 5 == 0 {
            assert!(is(ring.next_frame().unwrap().unwrap(), kind));
        }
    }
    #[cfg(feature = "libpcap")]
    {
        let mut source = PcapSource::live("in0").filter_program(&first_byte(1)).open().unwrap();
        for round in 0..12 {
            let kind = 1 + round % 3;
            source.set_filter(&first_byte(kind)).unwrap();
            all_are(&mut source, kind);
        }
    }
}

fn a_locked_filter_stays() {
    let _wire = wire();
    let mut ring = quick().filter(&first_byte(1)).lock_filter(true).open().unwrap();
    let error = ring.set_filter(&first_byte(2)).unwrap_err();
    assert_eq!((error.kind(), error.interface()), (ErrorKind::InvalidSetting, Some("in0")), "{error}");
    assert!(error.to_string().contains("locked"), "{error}");
    let sender = Sender::new("out0");
    [1, 2, 1, 3].iter().for_each(|kind| sender.send(&frame(&[*kind; 46])));
    let frames = drain(&mut ring);
    assert_eq!(frames.len(), 2);
    assert!(frames.iter().all(|frame| is(frame.as_frame(), 1)));
    // A group locks each ring's.
    let group = quick().filter(&first_byte(1)).lock_filter(true).fanout(Fanout::hash());
    for mut ring in group.open_group(2).unwrap() {
        assert_eq!(ring.set_filter(&first_byte(2)).unwrap_err().kind(), ErrorKind::InvalidSetting);
    }
    // One without a filter has none to change, and is locked all the same.
    let mut ring = quick().lock_filter(true).open().unwrap();
    assert_eq!(ring.set_filter(&first_byte(2)).unwrap_err().kind(), ErrorKind::InvalidSetting);
}

fn a_filter_that_is_refused_leaves_the_one_before() {
    let _wire = wire();
    let mut ring = quick().filter(&first_byte(1)).open().unwrap();
    let sender = Sender::new("out0");
    sender.send(&frame(&[1; 46]));
    let long: String = (0..4999).map(|_| "\n40 0 0 0").collect();
    let long: Filter = format!("5000{long}\n6 0 0 262144").parse().unwrap();
    let error = ring.set_filter(&long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FilterTooLong, "{error}");
    let error = quick().filter(&long).open().unwrap_err();
    assert_eq!((error.kind(), error.interface()), (ErrorKind::FilterTooLong, Some("in0")), "{error}");
    [1, 2, 1, 3].iter().for_each(|kind| sender.send(&frame(&[*kind; 46])));
    let frames = drain(&mut ring);
    assert_eq!(frames.len(), 3, "none is discarded where nothing was changed");
    assert!(frames.iter().all(|frame| is(frame.as_frame(), 1)));
}
