//! What is known of each frame, and that it is the one that was sent.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use pycap_capture::{
    Builder, Direction, Frame, LinkType, Next, OwnedFrame, PacketRing, Reception, SegmentationKind,
    Timestamp, VlanTag, VlanTags,
};
use pycap_rig::Namespace;

use crate::rig::{Sender, drain, drain_numbers, frame, number, numbered, tests, udp, wire};

tests! {
    every_frame_comes_once_in_order_with_its_time,
    a_frame_is_cut_to_the_snapshot_length,
    each_direction_can_be_left_out,
    promiscuous_mode_ends_with_the_ring,
    a_stripped_tag_is_beside_the_frame_or_back_in_it,
    a_segment_larger_than_any_on_the_wire_is_marked within 30,
    the_longest_and_the_shortest_frames_are_whole,
    any_tells_the_interface_and_the_direction,
    any_has_every_tag_on_both_ends,
    the_descriptor_shows_when_there_are_frames,
    frames_of_a_block_can_be_held_together_and_kept,
}

/// Settings that are quick to open, and soon to hand frames over.
fn quick(interface: &str) -> Builder {
    PacketRing::builder(interface).block_count(8).block_timeout(Duration::from_millis(2))
}

fn every_frame_comes_once_in_order_with_its_time() {
    const COUNT: u32 = 30_000;
    let _wire = wire();
    let mut ring = PacketRing::builder("in0").block_count(64).open().unwrap();
    let sender = Sender::new("out0");
    let before = Timestamp::now();
    sender.send_numbered(0..COUNT);
    let after = Timestamp::now();
    let mut last = before;
    for expected in 0..COUNT {
        let frame = ring.next_frame().unwrap().unwrap();
        assert_eq!(number(frame.data()), Some(expected));
        let time = frame.timestamp().unwrap();
        assert!(last <= time && time <= after, "{last} {time} {after}");
        last = time;
        assert_eq!(frame.original_len() as usize, frame.data().len());
        assert_eq!((frame.direction(), frame.reception()), (Direction::Inbound, Reception::Broadcast));
        assert_eq!(frame.interface_info().unwrap().name(), Some("in0"));
        assert_eq!(frame.link_type(), LinkType::ETHERNET);
    }
    assert_eq!(drain(&mut ring), []);
    let stats = ring.stats().unwrap();
    assert_eq!((stats.received, stats.dropped, stats.buffer_full), (Some(COUNT.into()), Some(0), Some(0)));
}

fn a_frame_is_cut_to_the_snapshot_length() {
    let _wire = wire();
    for snaplen in [1, 14, 64, 1500] {
        let mut ring = quick("in0").snaplen(snaplen).open().unwrap();
        Sender::new("out0").send_numbered(0..100);
        let frames = drain(&mut ring);
        assert_eq!(frames.len(), 100);
        for (number, frame) in (0..).zip(&frames) {
            let whole = numbered(number);
            assert_eq!(frame.data(), &whole[..whole.len().min(snaplen as usize)]);
            assert_eq!(frame.as_frame().original_len() as usize, whole.len());
        }
    }
}

fn each_direction_can_be_left_out() {
    let _wire = wire();
    let count = |builder: Builder| {
        let mut ring = builder.open().unwrap();
        let [out, back] = ["out0", "in0"].map(Sender::new);
        out.send_numbered(0..7);
        back.send_numbered(0..5);
        let frames = drain(&mut ring);
        let outbound = |frame: &&OwnedFrame| frame.as_frame().direction() == Direction::Outbound;
        let outbound = frames.iter().filter(outbound).count();
        (outbound, frames.len() - outbound)
    };
    assert_eq!(count(quick("out0")), (7, 5));
    assert_eq!(count(quick("out0").direction(Direction::Outbound)), (7, 0));
    assert_eq!(count(quick("out0").direction(Direction::Inbound)), (0, 5));
    assert_eq!(count(quick("out0").ignore_outgoing(true)), (0, 5));
    assert_eq!(count(quick("any")), (12, 12));
    assert_eq!(count(quick("any").direction(Direction::Outbound)), (12, 0));
    assert_eq!(count(quick("any").ignore_outgoing(true)), (0, 12));
}

fn promiscuous_mode_ends_with_the_ring() {
    let wire = wire();
    let listeners = || wire.link("in0").unwrap().promiscuity;
    assert_eq!(listeners(), 0);
    let plain = quick("in0").open().unwrap();
    assert_eq!(listeners(), 0);
    let ring = quick("in0").promiscuous(true).open().unwrap();
    let another = quick("in0").promiscuous(true).open().unwrap();
    assert_eq!(listeners(), 2);
    drop(ring);
    assert_eq!(listeners(), 1);
    // A thread that panics ends it, too.
    let panicked = std::thread::spawn(move || {
        let _another = another;
        std::panic::resume_unwind(Box::new("on purpose"));
    });
    assert!(panicked.join().is_err());
    assert_eq!(listeners(), 0);
    drop(plain);
    let mut ring = quick("in0").promiscuous(true).open().unwrap();
    let mut to_another = frame(b"for another");
    to_another[..6].copy_from_slice(&[2, 9, 9, 9, 9, 9]);
    Sender::new("out0").send(&to_another);
    assert_eq!(ring.next_frame().unwrap().unwrap().reception(), Reception::Promiscuous);
}

fn a_stripped_tag_is_beside_the_frame_or_back_in_it() {
    let _wire = wire();
    let tagged: Vec<Vec<u8>> = [
        &b"\x81\0\x60\x07\x88\xb5one tag"[..],
        b"\x88\xa8\0\x08\x81\0\0\x09\x88\xb5two tags",
        b"\x88\xb5none",
        b"\x81\0\0\0\x88\xb5a priority only",
    ]
    .iter()
    .map(|rest| [&[0xff; 6][..], &[2, 0, 0, 0, 0, 9], rest, &[0; 40]].concat())
    .collect();
    let mut apart = quick("in0").vlan_tags(VlanTags::Apart).open().unwrap();
    let mut in_frame = quick("in0").open().unwrap();
    let mut both = quick("in0").virtio_header(true).open().unwrap();
    let sender = Sender::new("out0");
    tagged.iter().for_each(|frame| sender.send(frame));
    let frames = drain(&mut apart);
    let tags: Vec<_> = frames.iter().map(|frame| frame.as_frame().vlan_tag()).collect();
    let tag = |tpid, tci| Some(VlanTag { tpid, tci });
    assert_eq!(tags, [tag(0x8100, 0x6007), tag(0x88a8, 8), None, tag(0x8100, 0)]);
    let whole: Vec<_> = frames.iter().map(|frame| frame.as_frame().wire_bytes().into_owned()).collect();
    assert_eq!(whole, tagged);
    for ring in [&mut in_frame, &mut both] {
        let frames = drain(ring);
        assert!(frames.iter().map(OwnedFrame::data).eq(&tagged));
        for frame in &frames {
            assert_eq!(frame.as_frame().vlan_tag(), None);
            assert_eq!(frame.as_frame().original_len() as usize, frame.data().len());
        }
    }
}

fn a_segment_larger_than_any_on_the_wire_is_marked() {
    const BYTES: usize = 4 << 20;
    let wire = wire();
    let other = Namespace::new("other").unwrap();
    wire.veth_to("left", &other, "right").unwrap();
    wire.up("left").unwrap();
    other.up("right").unwrap();
    wire.wait_for_carrier("left", Duration::from_secs(5)).unwrap();
    wire.address("left", "10.8.0.1".parse().unwrap(), 24).unwrap();
    other.address("right", "10.8.0.2".parse().unwrap(), 24).unwrap();
    let mut plain = PacketRing::builder("left").open().unwrap();
    let mut with_header = PacketRing::builder("left").virtio_header(true).open().unwrap();
    let mut received = other
        .run(|| PacketRing::builder("right").virtio_header(true).vlan_tags(VlanTags::InFrame).open().unwrap())
        .unwrap();
    let listener = other.run(|| TcpListener::bind("10.8.0.2:80").unwrap()).unwrap();
    let reader = std::thread::spawn(move || {
        let (mut connection, _) = listener.accept().unwrap();
        let mut data = Vec::new();
        connection.read_to_end(&mut data).unwrap();
        data
    });
    let data: Vec<u8> = (0..BYTES).map(|number| (number / 3) as u8).collect();
    let mut connection = TcpStream::connect("10.8.0.2:80").unwrap();
    connection.write_all(&data).unwrap();
    drop(connection);
    assert!(reader.join().unwrap() == data);

    for ring in [&mut with_header, &mut received] {
        // Which bytes of the stream were seen, and the number of the first; a busy machine sends parts of it again, and from two processors.
        let (mut large, mut seen, mut first) = (0, vec![false; BYTES], 0_u32);
        for frame in drain(ring) {
            let frame = frame.as_frame();
            let bytes = frame.data();
            assert_eq!(bytes.len(), frame.original_len() as usize);
            // Those of IP that go to the server.
            if bytes[12..14] != [8, 0] || bytes[30..34] != [10, 8, 0, 2] {
                continue;
            }
            let payload = 34 + usize::from(bytes[46] >> 4) * 4;
            let number = u32::from_be_bytes(bytes[38..42].try_into().unwrap());
            const SYN: u8 = 2;
            if bytes[47] & SYN != 0 {
                first = number.wrapping_add(1);
            } else if payload < bytes.len() {
                let start = number.wrapping_sub(first) as usize;
                let end = start + bytes.len() - payload;
                assert!(bytes[payload..] == data[start..end], "{start} to {end}");
                seen[start..end].fill(true);
            }
            let segmentation = frame.segmentation();
            assert_eq!(segmentation.is_some(), bytes.len() - payload > 1460, "{} bytes", bytes.len());
            if let Some(segmentation) = segmentation {
                assert_eq!(segmentation.kind.base(), SegmentationKind::TCP_IPV4);
                assert_eq!(usize::from(segmentation.size), 1500 - (payload - 14));
                assert!(frame.checksum_not_ready());
                large += 1;
            }
        }
        assert_eq!(seen.iter().position(|seen| !seen), None);
        assert!(large > 0, "no segment was larger than a frame");
    }
    // Without the header, the mark tells that there is something to cut, from Linux 5.14 on.
    let large: Vec<_> = drain(&mut plain).into_iter().filter(|frame| frame.data().len() > 1514).collect();
    assert!(!large.is_empty());
    for frame in &large {
        assert_eq!(frame.as_frame().segmentation(), None);
        assert!(frame.as_frame().segmentation_offload());
    }
}

fn the_longest_and_the_shortest_frames_are_whole() {
    let wire = wire();
    for end in ["in0", "out0"] {
        wire.set_mtu(end, 65_521).unwrap();
    }
    let lens = [14, 15, 60, 1514, 9014, 65_535];
    let frames: Vec<Vec<u8>> = lens
        .iter()
        .map(|len| {
            let mut bytes = frame(b"");
            bytes.extend((14..*len).map(|at| at as u8));
            bytes
        })
        .collect();
    let mut rings = [
        quick("in0").open().unwrap(),
        // So small that the longest has room in no block with another.
        quick("in0").snaplen(65_535).block_size(68 << 10).open().unwrap(),
    ];
    let sender = Sender::new("out0");
    frames.iter().for_each(|frame| sender.send(frame));
    for ring in &mut rings {
        let found = drain(ring);
        let lens: Vec<_> = found.iter().map(|frame| frame.data().len()).collect();
        assert!(found.iter().map(OwnedFrame::data).eq(&frames), "{lens:?}");
        assert_eq!(ring.stats().unwrap().dropped, Some(0));
    }
}

fn any_tells_the_interface_and_the_direction() {
    let wire = wire();
    let mut ring = quick("any").open().unwrap();
    let numbers = [wire.index("out0").unwrap(), wire.index("in0").unwrap()];
    Sender::new("out0").send(&frame(b"there"));
    Sender::new("in0").send(&frame(b"back"));
    let frames = drain(&mut ring);
    let seen: Vec<_> = frames
        .iter()
        .map(|frame| {
            let frame = frame.as_frame();
            let header = frame.data();
            assert_eq!((frame.link_type(), &header[..2]), (LinkType::LINUX_SLL2, &[0x88, 0xb5][..]));
            let number = u32::from_be_bytes(header[4..8].try_into().unwrap());
            let name = ring.interfaces()[frame.interface() as usize].name().unwrap().to_owned();
            (number, name, frame.direction(), header[10], header[20..].to_vec())
        })
        .collect();
    let expected = |which: usize, direction, payload: &[u8]| {
        let packet_type = if direction == Direction::Outbound { 4 } else { 1 };
        (numbers[which], ["out0", "in0"][which].to_owned(), direction, packet_type, payload.to_vec())
    };
    let expected = [
        expected(0, Direction::Outbound, b"there"),
        expected(1, Direction::Inbound, b"there"),
        expected(1, Direction::Outbound, b"back"),
        expected(0, Direction::Inbound, b"back"),
    ];
    assert_eq!(seen, expected);
}

/// Both ends of a wire on `any`: the kernel takes the outermost tag out of what it receives and leaves all in what is sent, and says of
/// either which protocol is behind them all.
fn any_has_every_tag_on_both_ends() {
    let wire = wire();
    let sent: Vec<Vec<u8>> = [
        &b"\x88\xb5none"[..],
        b"\x81\0\x60\x05\x88\xb5one",
        b"\x81\0\xa0\0\x88\xb5a priority only",
        b"\x88\xa8\0\x0a\x81\0\0\x14\x88\xb5two",
        b"\x81\0\0\x0a\x81\0\0\x14\x88\xb5two of a kind",
        b"\x88\xa8\0\x0a\x81\0\0\x14\x81\0\0\x1e\x88\xb5three",
        b"\x81\0\0\x0a\0\x04\x42\x42\x03.LLC",
    ]
    .iter()
    .map(|rest| [&[0xff; 6][..], &[2, 0, 0, 0, 0, 9], rest, &[0; 40]].concat())
    .collect();
    for (snaplen, tags) in [(65_535, VlanTags::InFrame), (42, VlanTags::InFrame), (65_535, VlanTags::Apart)] {
        let mut ring = quick("any").snaplen(snaplen).vlan_tags(tags).open().unwrap();
        let sender = Sender::new("out0");
        sent.iter().for_each(|frame| sender.send(frame));
        let frames = drain(&mut ring);
        for (name, packet_type) in [("out0", 4), ("in0", 1)] {
            let number = wire.index(name).unwrap().to_be_bytes();
            let of_this = |frame: &&OwnedFrame| {
                ring.interfaces()[frame.as_frame().interface() as usize].name() == Some(name)
            };
            let found: Vec<_> = frames.iter().filter(of_this).map(OwnedFrame::as_frame).collect();
            assert_eq!(found.len(), sent.len());
            for (frame, sent) in found.iter().zip(&sent) {
                let after = [0, 1, packet_type, 6, 2, 0, 0, 0, 0, 9, 0, 0];
                let whole = [&sent[12..14], &[0, 0], &number, &after, &sent[14..]].concat();
                if frame.vlan_tag().is_some() && sent[16] == 0 {
                    // A length has no place in the header, where the kernel's protocol stands.
                    assert_eq!(tags, VlanTags::Apart);
                    continue;
                }
                assert_eq!(
                    frame.wire_bytes()[..],
                    whole[..whole.len().min(snaplen as usize)],
                    "{name} {tags:?}"
                );
                let beside = if frame.vlan_tag().is_some() { 4 } else { 0 };
                assert_eq!(frame.original_len() as usize + beside, whole.len());
                assert_eq!(
                    beside == 4,
                    tags == VlanTags::Apart && packet_type == 1 && sent[12..14] != [0x88, 0xb5]
                );
            }
        }
    }
}

fn the_descriptor_shows_when_there_are_frames() {
    let _wire = wire();
    let mut ring = quick("in0").open().unwrap();
    let readable = |ring: &PacketRing, millis: u16| {
        let mut polled = [PollFd::new(ring.as_fd(), PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::from(millis)).unwrap() == 1
    };
    assert!(!readable(&ring, 20));
    assert!(matches!(ring.try_next_frame().unwrap(), Next::TimedOut));
    let sender = Sender::new("out0");
    for round in 0..50_u32 {
        sender.send_numbered(round * 3..round * 3 + 3);
        assert!(readable(&ring, 2000));
        // The three may be on either side of a block's end.
        let mut found = Vec::new();
        while found.len() < 3 {
            match ring.try_next_frame().unwrap() {
                Next::Frame(frame) => found.push(number(frame.data()).unwrap()),
                Next::TimedOut => assert!(readable(&ring, 2000)),
                Next::Finished => panic!("finished"),
            }
        }
        assert_eq!(found, [round * 3, round * 3 + 1, round * 3 + 2]);
        assert!(matches!(ring.try_next_frame().unwrap(), Next::TimedOut));
        assert!(!readable(&ring, 0));
    }
}

fn frames_of_a_block_can_be_held_together_and_kept() {
    let _wire = wire();
    let mut ring = PacketRing::builder("in0").block_count(4).open().unwrap();
    let sender = Sender::new("out0");
    sender.send_numbered(0..200);
    let mut kept = Vec::new();
    let deadline = Instant::now() + Duration::from_secs(5);
    while kept.len() < 200 {
        let block = ring.next_block().unwrap().unwrap();
        let frames: Vec<_> = block.frames().collect();
        assert_eq!(frames.len(), block.frame_count());
        // In any order, all at once.
        for (at, frame) in frames.iter().enumerate().rev() {
            assert_eq!(number(frame.data()), Some((kept.len() + at) as u32));
        }
        kept.extend(frames.into_iter().map(Frame::to_owned));
        assert!(Instant::now() < deadline);
    }
    // Its memory is used again, and then is no more.
    sender.send(&udp([[10, 0, 0, 1], [10, 0, 0, 2]], [1, 2], b"other bytes"));
    sender.send_numbered(200..2000);
    assert_eq!(drain(&mut ring).len(), 1801);
    sender.send_numbered(0..10);
    assert_eq!(drain_numbers(&mut ring), Vec::from_iter(0..10));
    drop(ring);
    let kept: Vec<_> = kept.iter().map(|frame| number(frame.data())).collect();
    assert!(kept.into_iter().eq((0..200).map(Some)));
}
