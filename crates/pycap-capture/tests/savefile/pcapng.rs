//! pcapng: blocks, sections, clocks, options.

use pycap_capture::ByteOrder::{Big, Little};
use pycap_capture::{Direction, ErrorKind, LinkType, Reception, Savefile, Timestamp};

use crate::bytes::{File, ORDERS};

#[test]
fn the_three_packet_blocks() {
    for order in ORDERS {
        let frames = File::new(order)
            .section((1, 0))
            .interface(1, 4, &[])
            .interface(101, 0, &[])
            .enhanced(1, 1_700_000_000_000_005, b"enhanced", 1500, &[])
            .simple(b"cut.", 9)
            .simple(b"all", 3)
            .obsolete(1, 1_700_000_000_000_006, b"obsolete", 8, &[(2, &flags(order, 2))])
            .frames();
        let [enhanced, cut, all, obsolete] = [0, 1, 2, 3].map(|i: usize| frames[i].as_frame());
        assert_eq!((enhanced.data(), enhanced.original_len()), (&b"enhanced"[..], 1500));
        assert_eq!(enhanced.timestamp(), Some(Timestamp::new(1_700_000_000, 5_000)));
        assert_eq!((enhanced.interface(), enhanced.link_type()), (1, LinkType::RAW));
        assert_eq!((cut.data(), cut.original_len(), cut.timestamp()), (&b"cut."[..], 9, None));
        assert_eq!((cut.interface(), cut.link_type()), (0, LinkType::ETHERNET));
        assert_eq!((all.data(), all.original_len()), (&b"all"[..], 3));
        assert_eq!((obsolete.data(), obsolete.interface()), (&b"obsolete"[..], 1));
        assert_eq!(obsolete.timestamp(), Some(Timestamp::new(1_700_000_000, 6_000)));
        assert_eq!(obsolete.direction(), Direction::Outbound);
    }
}

fn flags(order: pycap_capture::ByteOrder, word: u32) -> [u8; 4] {
    match order {
        Little => word.to_le_bytes(),
        Big => word.to_be_bytes(),
    }
}

#[test]
fn flags_are_read_from_among_the_options() {
    for order in ORDERS {
        let word = 0x0100_0e91;
        let frames = File::new(order)
            .section((1, 0))
            .interface(1, 0, &[(13, &[4])])
            .enhanced(0, 0, b"odd", 3, &[(1, b"a comment"), (2, &flags(order, word)), (4, b"8 bytes.")])
            .enhanced(0, 0, b"even", 4, &[(1, b"no flags")])
            .enhanced(0, 0, b"none", 4, &[])
            .enhanced(0, 0, b"short", 5, &[(2, b"xyz")])
            .enhanced(0, 0, b"inherits", 8, &[(2, &flags(order, 1))])
            .frames();
        let frame = frames[0].as_frame();
        assert_eq!(frame.flags(), word);
        assert_eq!((frame.direction(), frame.reception()), (Direction::Inbound, Reception::Promiscuous));
        assert_eq!(frame.fcs_len(), Some(4));
        assert!(frame.checksum_not_ready() && frame.checksum_valid() && frame.segmentation_offload());
        for frame in &frames[1..4] {
            assert_eq!(
                (frame.as_frame().direction(), frame.as_frame().fcs_len()),
                (Direction::Unknown, Some(4))
            );
        }
        let inherits = frames[4].as_frame();
        assert_eq!((inherits.direction(), inherits.fcs_len()), (Direction::Inbound, Some(4)));
    }
}

#[test]
fn every_interface_has_its_own_clock() {
    for order in ORDERS {
        let offset = match order {
            Little => 1_700_000_000_i64.to_le_bytes(),
            Big => 1_700_000_000_i64.to_be_bytes(),
        };
        let frames = File::new(order)
            .section((1, 0))
            .interface(1, 0, &[(9, &[9])])
            .interface(1, 0, &[(9, &[3])])
            .interface(1, 0, &[(9, &[0x8a])])
            .interface(1, 0, &[(14, &offset)])
            .enhanced(0, 1_700_000_000_123_456_789, b"", 0, &[])
            .enhanced(1, 1_700_000_000_123, b"", 0, &[])
            .enhanced(2, 1_700_000_000 * 1024 + 512, b"", 0, &[])
            .enhanced(3, 1, b"", 0, &[])
            .frames();
        for (frame, nanos) in frames.iter().zip([123_456_789, 123_000_000, 500_000_000, 1_000]) {
            assert_eq!(frame.as_frame().timestamp(), Some(Timestamp::new(1_700_000_000, nanos)));
        }
    }
}

#[test]
fn sections_start_afresh() {
    let mut file = File::pcapng(Little).interface(9, 0, &[]).enhanced(1, 1, b"one", 3, &[]);
    file.order = Big;
    let file = file.section((1, 2)).interface(101, 0, &[(2, b"tun0")]).enhanced(0, 2, b"two", 3, &[]);
    let frames = file.frames();
    assert_eq!(frames[0].as_frame().link_type(), LinkType::PPP);
    assert_eq!(frames[1].as_frame().link_type(), LinkType::RAW);
    // Indexes go on over the whole file, so that they stay good for as long as it is open.
    assert_eq!(frames[0].as_frame().interface(), 1);
    assert_eq!(frames[1].as_frame().interface(), 2);

    let mut file = file.open();
    assert_eq!((file.byte_order(), file.interfaces().len()), (Little, 2));
    let info = file.next_frame().unwrap().unwrap().interface_info().unwrap();
    assert_eq!((info.section(), info.id()), (0, 1));
    let info = file.next_frame().unwrap().unwrap().interface_info().unwrap();
    assert_eq!((info.section(), info.id(), info.name()), (1, 0, Some("tun0")));
    assert_eq!((file.byte_order(), file.version(), file.interfaces().len()), (Big, (1, 2), 3));

    // The first section's interfaces are not the second's.
    let (frames, kind, _) = File::pcapng(Big).section((1, 0)).enhanced(0, 1, b"", 0, &[]).frames_and_error();
    assert_eq!((frames.len(), kind), (0, ErrorKind::Malformed));
}

#[test]
fn interfaces_may_come_late() {
    let frames = File::pcapng(Little)
        .enhanced(0, 1, b"early", 5, &[])
        .interface(101, 0, &[])
        .enhanced(1, 1, b"late", 4, &[])
        .frames();
    assert_eq!(frames[1].as_frame().link_type(), LinkType::RAW);
}

#[test]
fn other_blocks_are_skipped_whatever_their_size() {
    for order in ORDERS {
        let mut file = File::pcapng(order);
        for (i, size) in [0, 1, 262_120, 262_144, 1_000_003].into_iter().enumerate() {
            file = file.block(0x0000_0bad, &vec![6; size]).enhanced(0, i as u64, &[i as u8; 3], 3, &[]);
        }
        let frames = file.frames();
        assert_eq!(frames.len(), 5);
        assert!(frames.iter().enumerate().all(|(i, frame)| frame.data() == [i as u8; 3]));

        let (frames, kind, message) = file.u32(0xbad).u32(4_000_000_000).raw(&[0; 1000]).frames_and_error();
        assert_eq!((frames.len(), kind), (5, ErrorKind::Truncated));
        assert!(message.ends_with("needs 4000000000 bytes, 1008 found"), "{message}");
    }
}

#[test]
fn options_that_overrun_are_left_out() {
    for order in ORDERS {
        let body = File::new(order)
            .u16(1)
            .u16(0)
            .u32(0)
            .u16(9)
            .u16(1)
            .padded(b"\x09")
            .u16(2)
            .u16(200)
            .padded(b"eth0");
        let file =
            File::new(order).section((1, 0)).block(1, &body.bytes).enhanced(0, 1_000_000_001, b"", 0, &[]);
        assert_eq!(file.frames()[0].as_frame().timestamp(), Some(Timestamp::new(1, 1)));
    }
}

#[test]
fn a_length_without_its_padding_is_rounded_up() {
    for order in ORDERS {
        let body = File::new(order).u32(0).u32(0).u32(1).u32(3).u32(3).padded(b"abc");
        let file =
            File::pcapng(order).u32(6).u32(35).raw(&body.bytes).u32(35).enhanced(0, 2, b"next", 4, &[]);
        let frames = file.frames();
        assert_eq!((frames[0].data(), frames[1].data()), (&b"abc"[..], &b"next"[..]));
    }
}

#[test]
fn versions() {
    for version in [(1, 0), (1, 2)] {
        assert_eq!(
            Savefile::from_reader(&File::new(Big).section(version).bytes[..]).unwrap().version(),
            version
        );
    }
    for version in [(0, 1), (1, 1), (2, 0)] {
        let (_, kind, message) = File::new(Big).section(version).frames_and_error();
        assert_eq!(kind, ErrorKind::UnsupportedVersion, "{message}");
    }
}

#[test]
fn what_contradicts_itself_is_an_error_after_all_that_is_good() {
    let body = |caplen| File::new(Little).u32(0).u32(0).u32(0).u32(caplen).u32(caplen).raw(b"data").bytes;
    let good = File::pcapng(Little).enhanced(0, 1, b"good", 4, &[]);
    for (bad, what) in [
        (
            good.clone().enhanced(7, 1, b"", 0, &[]),
            "a packet of interface 7, and the section has described 1 so far",
        ),
        (good.clone().block(6, &body(5)), "5 bytes of data announced, the block has room for 4"),
        (good.clone().block(6, b"tiny"), "with a length of 16: at least 32 bytes needed"),
        (good.clone().u32(6).u32(8).raw(&[0; 40]), "with a length of 8: at least 32 bytes needed"),
        (good.clone().u32(6).u32(36).raw(&body(4)).u32(40), "a length of 36 and ends with one of 40"),
        (good.clone().u32(99).u32(12).u32(16), "a length of 12 and ends with one of 16"),
        (good.clone().u32(99).u32(0).u32(0), "with a length of 0: at least 12 bytes needed"),
        (good.clone().simple(b"data", 5), "5 bytes of data announced, the block has room for 4"),
        (good.clone().block(3, b""), "with a length of 12: at least 16 bytes needed"),
        (good.clone().obsolete(1, 0, b"", 0, &[]), "a packet of interface 1"),
        (good.clone().block(0x0a0d_0d0a, &[0; 16]), "without its byte-order magic"),
    ] {
        // What comes after the damage must not be taken for good.
        let (frames, kind, message) = bad.enhanced(0, 1, b"after", 5, &[]).frames_and_error();
        assert_eq!((frames.len(), kind), (1, ErrorKind::Malformed), "{message}");
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn lengths_that_lie_are_refused_before_they_are_believed() {
    let header = |caplen| File::new(Little).u32(0).u32(0).u32(0).u32(caplen).u32(caplen).bytes;
    let file = |total: u32, caplen| File::pcapng(Little).u32(6).u32(total).raw(&header(caplen)).raw(&[0; 64]);
    for (total, caplen, what) in [
        (4_000_000_000, 4, "at most 16777216 bytes beside a packet are held in memory"),
        (4_000_000_000, 3_999_999_000, "a frame of link type"),
        (262_144 + 32, 262_144, "the file ends early"),
    ] {
        let (_, _, message) = file(total, caplen).frames_and_error();
        assert!(message.contains(what), "{message}");
    }
}

#[test]
fn an_interface_may_state_longer_frames() {
    let data = vec![3; 1_000_000];
    let file =
        |snaplen| File::new(Big).section((1, 0)).interface(1, snaplen, &[]).enhanced(0, 0, &data, 0, &[]);
    assert_eq!(file(1_000_000).frames()[0].data(), data);
    assert_eq!(file(65_535).frames_and_error().1, ErrorKind::Malformed);
}

#[test]
fn the_texts_of_interfaces_are_bounded() {
    let name = vec![b'n'; 65_532];
    let interface = File::new(Little).interface(1, 0, &[(2, &name)]).bytes;
    let file = |count| File::new(Little).section((1, 0)).raw(&interface.repeat(count));
    assert!(file(1000).frames().is_empty());
    let (_, kind, message) = file(1100).frames_and_error();
    assert_eq!(kind, ErrorKind::Malformed);
    assert!(message.contains("more than 67108864 bytes of names"), "{message}");
}
