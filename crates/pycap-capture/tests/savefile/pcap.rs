//! Classic pcap: layouts, versions, times, lengths.

use pycap_capture::ByteOrder::{Big, Little};
use pycap_capture::{Direction, ErrorKind, Reception, Timestamp};

use crate::bytes::{File, ORDERS};

const MICROS: u32 = 0xa1b2_c3d4;
const NANOS: u32 = 0xa1b2_3c4d;
const MODIFIED: u32 = 0xa1b2_cd34;

#[test]
fn records_in_both_orders_and_units() {
    for order in ORDERS {
        for (magic, nanos) in [(MICROS, 250_000), (NANOS, 250)] {
            let frames = File::pcap(order, magic, (2, 4), 0, 101)
                .record(1_700_000_000, 250, 4, 1500, b"data")
                .record(u32::MAX, 0, 0, 0, b"")
                .frames();
            let [first, second] = [&frames[0], &frames[1]].map(|frame| frame.as_frame());
            assert_eq!(first.data(), b"data");
            assert_eq!((first.original_len(), first.missing()), (1500, 1496));
            assert_eq!(first.timestamp(), Some(Timestamp::new(1_700_000_000, nanos)));
            assert_eq!((first.link_type().0, first.interface(), first.flags()), (101, 0, 0));
            assert_eq!(first.direction(), Direction::Unknown);
            // 2106: seconds are unsigned.
            assert_eq!(second.timestamp(), Some(Timestamp::new(4_294_967_295, 0)));
            assert_eq!(second.data(), b"");
        }
    }
}

#[test]
fn fractions_past_a_second_are_carried() {
    for (magic, fraction, time) in [
        (MICROS, 1_000_000, Timestamp::new(101, 0)),
        (MICROS, 2_500_000, Timestamp::new(102, 500_000_000)),
        (MICROS, u32::MAX, Timestamp::new(4394, 967_295_000)),
        (NANOS, 1_000_000_000, Timestamp::new(101, 0)),
        (NANOS, u32::MAX, Timestamp::new(104, 294_967_295)),
    ] {
        let frames = File::pcap(Little, magic, (2, 4), 0, 1).record(100, fraction, 1, 1, b"x").frames();
        assert_eq!(frames[0].as_frame().timestamp(), Some(time));
    }
}

#[test]
fn the_lengths_of_old_versions() {
    for (version, first, second, lens) in [
        ((2, 0), 9, 4, (4, 9)),
        ((2, 2), 9, 4, (4, 9)),
        ((2, 2), 4, 3, (3, 4)),
        ((2, 3), 9, 4, (4, 9)),
        ((2, 3), 4, 9, (4, 9)),
        ((2, 4), 4, 9, (4, 9)),
        ((2, 4), 4, 3, (4, 3)),
        ((2, 5), 4, 9, (4, 9)),
        ((543, 0), 9, 4, (4, 9)),
    ] {
        let file = File::pcap(Big, MICROS, version, 0, 1).record(1, 1, first, second, &b"datadata"[..lens.0]);
        let frames = file.frames();
        let frame = frames[0].as_frame();
        assert_eq!((frame.data().len(), frame.original_len()), lens, "{version:?} {first} {second}");
    }
}

#[test]
fn other_versions_are_refused() {
    for version in [(0, 0), (1, 4), (3, 0), (543, 1), (0x0200, 0x0400)] {
        let (_, kind, message) = File::pcap(Little, MICROS, version, 0, 1).frames_and_error();
        assert_eq!(kind, ErrorKind::UnsupportedVersion);
        assert!(message.contains(&format!("version {}.{}", version.0, version.1)), "{message}");
    }
}

#[test]
fn the_link_type_word_has_three_parts() {
    let file = File::pcap(Big, MICROS, (2, 4), 0, 0x2400_0001).record(0, 0, 1, 1, b"x");
    assert_eq!(file.open().interfaces()[0].fcs_len(), Some(4));
    let frames = file.frames();
    let frame = frames[0].as_frame();
    assert_eq!((frame.link_type().0, frame.fcs_len()), (1, Some(4)));
    // A length without its presence bit says nothing; the other upper bits are nobody's.
    let file = File::pcap(Little, MICROS, (2, 4), 0, 0x3800_0084).record(0, 0, 1, 1, b"x");
    assert_eq!(file.open().interfaces()[0].fcs_len(), None);
    assert_eq!(file.frames()[0].as_frame().link_type().0, 0x84);
    // Fifteen words are thirty bytes, which a frame's four bits cannot tell: better nothing than another number.
    let file = File::pcap(Big, MICROS, (2, 4), 0, 0xf400_0001).record(0, 0, 1, 1, b"x");
    assert_eq!(file.open().interfaces()[0].fcs_len(), Some(30));
    assert_eq!(file.frames()[0].as_frame().fcs_len(), None);
    for reserved in [0x0001_0000, 0x0200_0000] {
        let (_, kind, message) = File::pcap(Little, MICROS, (2, 4), 0, 1 | reserved).frames_and_error();
        assert_eq!(kind, ErrorKind::Malformed, "{message}");
        assert!(message.contains("reserved bits"), "{message}");
    }
}

#[test]
fn modified_records_tell_the_packet_type() {
    for order in ORDERS {
        for (kind, direction, reception) in [
            (0, Direction::Inbound, Reception::Unicast),
            (1, Direction::Inbound, Reception::Broadcast),
            (2, Direction::Inbound, Reception::Multicast),
            (3, Direction::Inbound, Reception::Promiscuous),
            (4, Direction::Outbound, Reception::Unknown),
            (9, Direction::Unknown, Reception::Unknown),
        ] {
            let frames = File::pcap(order, MODIFIED, (2, 4), 0, 1)
                .u32(7)
                .u32(1_500_000)
                .u32(4)
                .u32(5)
                .raw(&[0, 0, 0, 2, 8, 0, kind, 0])
                .raw(b"data")
                .frames();
            let frame = frames[0].as_frame();
            assert_eq!((frame.data(), frame.original_len()), (&b"data"[..], 5));
            assert_eq!(frame.timestamp(), Some(Timestamp::new(8, 500_000_000)));
            assert_eq!((frame.direction(), frame.reception()), (direction, reception));
        }
    }
}

#[test]
fn records_longer_than_the_snapshot_length_are_whole() {
    let frames = File::pcap(Little, MICROS, (2, 4), 2, 1).record(0, 0, 6, 6, b"longer").frames();
    assert_eq!(frames[0].data(), b"longer");
}

#[test]
fn the_longest_record_is_larger_than_the_buffer() {
    let data = vec![7; 262_144];
    let file = File::pcap(Little, MICROS, (2, 4), 0, 1).record(0, 0, 262_144, 262_144, &data);
    let frames = file.clone().record(1, 1, 1, 1, b"x").frames();
    assert_eq!((frames[0].data(), frames[1].data()), (&data[..], &b"x"[..]));

    let (frames, kind, message) = file.record(0, 0, 262_145, 262_145, &[8; 262_145]).frames_and_error();
    assert_eq!((frames.len(), kind), (1, ErrorKind::Malformed));
    assert!(message.starts_with("record 2 at byte 262184: 262145 bytes of data announced"), "{message}");
}

#[test]
fn some_links_have_longer_frames() {
    for link in [189, 220, 231, 249, 279] {
        let data = vec![link as u8; 3_000_000];
        let frames = File::pcap(Big, NANOS, (2, 4), 0, link).record(0, 0, 3_000_000, 0, &data).frames();
        assert_eq!(frames[0].data(), data);
        // Nothing of this size arrives, so nothing of this size is kept.
        let (_, kind, _) =
            File::pcap(Big, NANOS, (2, 4), 0, link).record(0, 0, 128 << 20, 0, b"little").frames_and_error();
        assert_eq!(kind, ErrorKind::Truncated);
    }
}
