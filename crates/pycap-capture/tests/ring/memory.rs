//! A ring in memory: everything that needs no kernel.

use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{
    Builder, Direction, ErrorKind, Filter, Frame, LinkType, Next, NextBlock, PacketRing, Producer, Reception,
    Segmentation, SegmentationKind, Source, Timestamp, TimestampSource, VlanTag, VlanTags,
};

/// Small, so that a few frames fill it.
fn small() -> Builder {
    PacketRing::builder("test").snaplen(1500).block_size(4096).block_count(2)
}

fn ethernet(builder: Builder) -> (PacketRing, Producer) {
    builder.in_memory(LinkType::ETHERNET).unwrap()
}

fn frame(bytes: &[u8]) -> Frame<'_> {
    Frame::new(bytes, LinkType::ETHERNET)
}

fn past() -> Option<Instant> {
    Some(Instant::now())
}

#[test]
fn a_frame_keeps_all_that_was_known_of_it() {
    let (mut ring, mut producer) = ethernet(small().virtio_header(true).vlan_tags(VlanTags::Apart));
    let bytes: Vec<u8> = (0..=99).collect();
    let sent = frame(&bytes)
        .with_timestamp(Timestamp::new(4_000_000_000, 999_999_999))
        .with_timestamp_source(TimestampSource::HardwareRaw)
        .with_original_len(65_000)
        .with_direction(Direction::Inbound)
        .with_reception(Reception::Multicast)
        .with_vlan_tag(VlanTag { tpid: 0x88a8, tci: 0xe123 })
        .with_checksum_not_ready(true)
        .with_segmentation(Segmentation { size: 1448, kind: SegmentationKind::TCP_IPV6 });
    let plain = frame(&bytes[..14]).with_timestamp(Timestamp::UNIX_EPOCH).with_direction(Direction::Outbound);
    assert!(producer.push(sent) && producer.push(plain));
    producer.retire();
    let block = ring.next_block().unwrap().unwrap();
    assert_eq!(block.frame_count(), 2);
    let [first, second] = block.frames().collect::<Vec<_>>().try_into().unwrap();
    assert_eq!(first.to_owned(), sent.to_owned());
    assert_eq!(first.interface_info().unwrap().name(), Some("test"));
    assert_eq!(second.to_owned(), plain.with_timestamp_source(TimestampSource::Kernel).to_owned());
    assert!(second.vlan_tag().is_none() && second.segmentation().is_none());
}

#[test]
fn a_frame_is_cut_to_the_snapshot_length() {
    let (mut ring, mut producer) = ethernet(small().snaplen(64));
    producer.push(frame(&[7; 1000]));
    producer.retire();
    let frame = ring.next_frame().unwrap().unwrap();
    assert_eq!((frame.data(), frame.original_len(), frame.missing()), (&[7; 64][..], 1000, 936));
}

#[test]
fn each_way_to_read_goes_on_where_the_one_before_ended() {
    let (mut ring, mut producer) = ethernet(small());
    for number in 0..6 {
        producer.push(frame(&[number; 60]));
        if number == 3 {
            producer.retire();
        }
    }
    producer.retire();
    assert_eq!(ring.next_frame().unwrap().unwrap().data()[0], 0);
    let mut seen = Vec::new();
    ring.for_each(|frame| {
        seen.push(frame.data()[0]);
        ControlFlow::Break(())
    })
    .unwrap();
    assert_eq!(seen, [1]);
    {
        let block = ring.next_block().unwrap().unwrap();
        assert_eq!(block.frames().map(|frame| frame.data()[0]).collect::<Vec<_>>(), [2, 3]);
        assert_eq!((&block).into_iter().count(), 2, "again from the start");
    }
    let source: &mut dyn Source = &mut ring;
    assert!(matches!(source.try_next_frame().unwrap(), Next::Frame(frame) if frame.data()[0] == 4));
    assert!(matches!(source.try_next_frame().unwrap(), Next::Frame(frame) if frame.data()[0] == 5));
    assert!(matches!(source.try_next_frame().unwrap(), Next::TimedOut));
    assert!(matches!(ring.next_block_until(past()).unwrap(), NextBlock::TimedOut));
}

#[test]
fn what_does_not_fit_is_dropped_and_counted() {
    let (mut ring, mut producer) = ethernet(small());
    let pushed = (0..20).filter(|&number| producer.push(frame(&[number; 1000]))).count();
    assert_eq!(pushed, 6, "three of 1,082 bytes in each of two blocks");
    let stats = ring.stats().unwrap();
    assert_eq!((stats.received, stats.dropped, stats.buffer_full), (Some(6), Some(14), Some(1)));
    // A block that was given back takes frames again.
    ring.next_block().unwrap().unwrap();
    assert!(producer.push(frame(&[99; 1000])));
    producer.retire();
    let numbers = drain(&mut ring);
    assert_eq!(numbers, [3, 4, 5, 99]);
}

#[test]
fn two_blocks_worth_of_frames_go_around_many_times() {
    let (mut ring, mut producer) = ethernet(small());
    const FRAMES: u32 = 100_000;
    let filler = thread::spawn(move || {
        for number in 0..FRAMES {
            let bytes = number.to_be_bytes();
            while !producer.push(frame(&bytes)) {
                thread::yield_now();
            }
        }
        producer.retire();
    });
    let mut next = 0;
    while next < FRAMES {
        let block = ring.next_block().unwrap().unwrap();
        for frame in &block {
            assert_eq!(frame.data(), next.to_be_bytes());
            next += 1;
        }
    }
    filler.join().unwrap();
    assert!(drain(&mut ring).is_empty());
}

#[test]
fn a_panic_gives_the_block_back() {
    let (mut ring, mut producer) = ethernet(small());
    producer.push(frame(&[1; 60]));
    producer.retire();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let block = ring.next_block().unwrap().unwrap();
        assert_eq!(block.frame_count(), 1);
        panic!("on purpose");
    }));
    assert!(panicked.is_err());
    for number in 2..10 {
        assert!(producer.push(frame(&[number; 60])));
        producer.retire();
        assert_eq!(drain(&mut ring), [number]);
    }
}

#[test]
fn a_block_that_is_forgotten_is_given_back_by_the_next_read() {
    let (mut ring, mut producer) = ethernet(small());
    for number in 0..10 {
        assert!(producer.push(frame(&[number; 60])));
        producer.retire();
        let block = ring.next_block().unwrap().unwrap();
        assert_eq!(block.frames().next().unwrap().data()[0], number);
        std::mem::forget(block);
        // It is read on, as by any other way of reading.
        assert_eq!(drain(&mut ring), [number]);
    }
}

#[test]
fn a_read_ends_at_its_deadline_and_not_before() {
    let (mut ring, mut producer) = ethernet(small());
    producer.push(frame(&[0; 60]));
    for wait in [0, 1, 20] {
        let (start, wait) = (Instant::now(), Duration::from_millis(wait));
        // The frame in the block that is being filled does not count.
        assert!(matches!(ring.next_frame_until(Some(start + wait)).unwrap(), Next::TimedOut));
        assert!(start.elapsed() >= wait);
    }
    producer.retire();
    assert!(matches!(ring.next_frame_until(past()).unwrap(), Next::Frame(_)));
}

#[test]
fn a_stop_ends_a_read_that_waits() {
    let (mut ring, producer) = ethernet(small());
    let stop = ring.stop_handle();
    let waiting = thread::spawn(move || {
        assert!(ring.next_frame().unwrap().is_none());
        assert!(matches!(ring.next_frame_until(past()).unwrap(), Next::Finished));
        Instant::now()
    });
    thread::sleep(Duration::from_millis(20));
    let stopped = Instant::now();
    stop.stop();
    assert!(waiting.join().unwrap() - stopped < Duration::from_secs(1));
    drop(producer);
}

#[test]
fn a_stop_hands_out_what_is_there_and_no_more() {
    let (mut ring, mut producer) = ethernet(small().block_count(4).block_timeout(Duration::from_millis(200)));
    producer.push(frame(&[1; 60]));
    producer.retire();
    producer.push(frame(&[2; 60]));
    producer.retire();
    producer.push(frame(&[3; 60]));
    ring.stop_handle().stop();
    assert_eq!(ring.next_frame().unwrap().unwrap().data()[0], 1);
    // The block that was being filled is waited for, and what came in later is not handed out.
    let late = thread::spawn(move || {
        thread::sleep(Duration::from_millis(50));
        producer.retire();
        producer.push(frame(&[4; 60]));
        producer.retire();
        producer
    });
    assert_eq!(ring.next_frame().unwrap().unwrap().data()[0], 2);
    assert_eq!(ring.next_frame().unwrap().unwrap().data()[0], 3);
    late.join().unwrap();
    assert!(ring.next_frame().unwrap().is_none());
    assert!(ring.next_block().unwrap().is_none());
}

#[test]
fn a_stop_does_not_wait_for_a_block_for_ever() {
    let (mut ring, mut producer) = ethernet(small().block_timeout(Duration::from_millis(10)));
    producer.push(frame(&[1; 60]));
    ring.stop_handle().stop();
    let start = Instant::now();
    assert!(ring.next_frame().unwrap().is_none());
    assert!(start.elapsed() < Duration::from_millis(200));
}

#[test]
fn a_stop_ends_a_ring_that_is_always_full() {
    let (mut ring, mut producer) = ethernet(small());
    let stop = ring.stop_handle();
    let filler = thread::spawn({
        let stop = stop.clone();
        move || {
            let mut number = 0;
            while !(stop.is_stopped() && number > 100_000) {
                producer.push(frame(&[0; 1000]));
                number += 1;
            }
        }
    });
    let mut blocks = 0;
    while let Some(block) = ring.next_block().unwrap() {
        assert!(block.frame_count() > 0);
        blocks += 1;
        if blocks == 100 {
            stop.stop();
        }
    }
    assert!((100..=103).contains(&blocks), "{blocks}");
    filler.join().unwrap();
}

#[test]
fn tags_are_put_back_in_place() {
    for virtio in [false, true] {
        let builder = small().virtio_header(virtio).snaplen(66);
        let (mut ring, mut producer) = ethernet(builder);
        let bytes: Vec<u8> = (0..100).collect();
        let tag = VlanTag { tpid: 0x8100, tci: 0x2005 };
        let gso = Segmentation { size: 1000, kind: SegmentationKind::UDP_DATAGRAMS };
        producer.push(frame(&bytes).with_vlan_tag(tag).with_segmentation(gso));
        producer.push(frame(&bytes[..20]).with_vlan_tag(tag));
        producer.push(frame(&bytes[..11]).with_vlan_tag(tag));
        producer.push(frame(&bytes));
        producer.retire();
        let block = ring.next_block().unwrap().unwrap();
        let first = block.frames().next().unwrap();
        let again: Vec<_> = block.frames().map(Frame::to_owned).collect();
        let frames = block.frames().collect::<Vec<_>>();
        assert!(frames.iter().zip(&again).all(|(frame, again)| (*frame).to_owned() == *again));
        assert_eq!(first.data().as_ptr(), frames[0].data().as_ptr(), "put back once");
        let [long, short, stub, untagged] = frames.try_into().unwrap();
        let tagged = frame(&bytes).with_vlan_tag(tag);
        assert_eq!(long.data(), &tagged.wire_bytes()[..66], "cut to the snapshot length with its tag");
        assert_eq!((long.original_len(), long.vlan_tag()), (104, None));
        assert_eq!(long.segmentation(), virtio.then_some(gso));
        assert_eq!(short.data(), &frame(&bytes[..20]).with_vlan_tag(tag).wire_bytes()[..]);
        assert_eq!((stub.data(), stub.vlan_tag()), (&bytes[..11], Some(tag)), "no place for a tag");
        assert_eq!((untagged.data(), untagged.original_len()), (&bytes[..66], 100));
    }
}

#[test]
fn tags_beside_the_bytes_count_for_the_snapshot_length() {
    let bytes: Vec<u8> = (0..100).collect();
    let tag = VlanTag { tpid: 0x88a8, tci: 5 };
    for snaplen in [1, 3, 4, 12, 14, 16, 66, 99, 103, 104, 105, 1000] {
        let (mut ring, mut producer) = ethernet(small().vlan_tags(VlanTags::Apart).snaplen(snaplen));
        producer.push(frame(&bytes).with_vlan_tag(tag));
        producer.push(frame(&bytes));
        producer.retire();
        let block = ring.next_block().unwrap().unwrap();
        let [tagged, untagged] = block.frames().collect::<Vec<_>>().try_into().unwrap();
        let snaplen = snaplen as usize;
        assert_eq!((tagged.vlan_tag(), tagged.original_len()), (Some(tag), 100));
        assert_eq!(tagged.data().len(), snaplen.saturating_sub(4).min(100));
        assert!(tagged.wire_bytes().len() <= snaplen);
        assert_eq!(untagged.data().len(), snaplen.min(100));
    }
}

/// LINUX_SLL2 of a frame that was sent by interface 9 without a hardware address, up to the packet type.
const SENT_BY_9: [u8; 9] = [0, 0, 0, 0, 0, 9, 0, 1, 4];

#[test]
fn any_makes_a_link_header_of_its_own() {
    let builder = PacketRing::builder("any").snaplen(1500).block_size(8192);
    let (mut ring, mut producer) = builder.in_memory(LinkType::RAW).unwrap();
    assert_eq!(ring.link_type(), LinkType::LINUX_SLL2);
    assert!(ring.interfaces().is_empty());
    let packet = [0x45; 40];
    let raw = |interface| {
        Frame::new(&packet, LinkType::RAW).with_interface(interface).with_direction(Direction::Outbound)
    };
    for interface in [7, 9, 7] {
        producer.push(raw(interface));
    }
    producer.push(raw(9).with_vlan_tag(VlanTag { tpid: 0x88a8, tci: 5 }));
    producer.retire();
    let block = ring.next_block().unwrap().unwrap();
    let frames: Vec<_> = block.frames().collect();
    assert_eq!(frames.iter().map(|frame| frame.interface()).collect::<Vec<_>>(), [0, 1, 0, 1]);
    assert!(frames.iter().all(|frame| frame.interface_info().is_some() && frame.missing() == 0));
    let rest = [6, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(frames[1].data(), [&[8, 0], &SENT_BY_9[..], &rest, &packet].concat());
    assert_eq!(
        frames[3].data(),
        [&[0x88, 0xa8], &SENT_BY_9[..], &rest, &[0, 5, 8, 0], &packet].concat(),
        "the tag's protocol, its control information, the packet's protocol"
    );
    drop(frames);
    drop(block);
    assert_eq!(ring.interfaces().len(), 2);
}

/// The kernel says of each of these that its protocol is IPv4, which is behind all tags, and takes the outermost tag out of those that it
/// received: what else there is, is in the link's header and behind it.
#[test]
fn any_keeps_every_tag() {
    let addresses = [2; 12];
    let tag = |tci| Some(VlanTag { tpid: 0x88a8, tci });
    let cases: [(&[u8], _, &[u8]); 7] = [
        (b"\x08\0IP", None, b"\x08\0|IP"),
        (b"\x08\0IP", tag(0x6005), b"\x88\xa8|\x60\x05\x08\0IP"),
        (b"\x08\0IP", tag(0), b"\x88\xa8|\0\0\x08\0IP"),
        (b"\x81\0\0\x14\x08\0IP", tag(10), b"\x88\xa8|\0\x0a\x81\0\0\x14\x08\0IP"),
        (b"\x81\0\0\x14\x08\0IP", None, b"\x81\0|\0\x14\x08\0IP"),
        // A length: the kernel's protocol stands for it where the header has one, and it is itself behind a tag.
        (b"\0\x04LLC.", None, b"\x08\0|LLC."),
        (b"\0\x04LLC.", tag(10), b"\x88\xa8|\0\x0a\0\x04LLC."),
    ];
    for snaplen in [1500, 30] {
        for tags in [VlanTags::InFrame, VlanTags::Apart] {
            let builder = PacketRing::builder("any").snaplen(snaplen).block_size(8192).vlan_tags(tags);
            let (mut ring, mut producer) = builder.in_memory(LinkType::ETHERNET).unwrap();
            for (bytes, tag, _) in cases {
                let bytes = [&addresses[..], bytes].concat();
                let sent = frame(&bytes).with_interface(9).with_direction(Direction::Outbound);
                producer.push(tag.map_or(sent, |tag| sent.with_vlan_tag(tag)));
            }
            producer.retire();
            let block = ring.next_block().unwrap().unwrap();
            for (frame, (bytes, tag, wanted)) in block.frames().zip(cases) {
                // The header has no place for both a length and the kernel's protocol, so that a tag beside it loses the length.
                if tags == VlanTags::Apart && tag.is_some() && bytes[0] == 0 {
                    continue;
                }
                let (protocol, rest) = wanted.split_at(2);
                let wanted = [protocol, &SENT_BY_9, &[6, 0, 0, 0, 0, 0, 0, 0, 0], &rest[1..]].concat();
                let wire = frame.wire_bytes();
                assert_eq!(wire[..], wanted[..wanted.len().min(snaplen as usize)], "{bytes:x?} {tags:?}");
                assert_eq!(frame.vlan_tag(), tag.filter(|_| tags == VlanTags::Apart));
                assert_eq!(
                    frame.original_len() as usize + if frame.vlan_tag().is_some() { 4 } else { 0 },
                    wanted.len()
                );
            }
        }
    }
}

#[test]
fn a_filter_in_this_process_sees_the_bytes_of_the_wire() {
    // ldh [12]; jeq #0x8100; ldh [14]; jeq #5; ld len; jeq #104
    let filter =
        "8\n40 0 0 12\n21 0 5 33024\n40 0 0 14\n21 0 3 5\n128 0 0 0\n21 0 1 104\n6 0 0 65535\n6 0 0 0\n";
    let filter = filter.parse::<Filter>().unwrap();
    for tags in [VlanTags::InFrame, VlanTags::Apart] {
        let (mut ring, mut producer) = ethernet(small().filter_in_process(&filter).vlan_tags(tags));
        for tci in [4, 5] {
            producer.push(frame(&[0; 100]).with_vlan_tag(VlanTag { tpid: 0x8100, tci }));
        }
        producer.push(frame(&[0; 100]));
        producer.retire();
        let block = ring.next_block().unwrap().unwrap();
        assert_eq!(block.frames().count(), 1, "{tags:?}");
        assert_eq!(block.frames().next().unwrap().wire_bytes()[12..16], [0x81, 0, 0, 5]);
    }
}

#[test]
fn a_filter_in_this_process_leaves_frames_out() {
    // ldb [0]; jeq #1 or #3
    let filter = "4\n48 0 0 0\n21 0 1 1\n6 0 0 65535\n6 0 0 0\n".parse::<Filter>().unwrap();
    let (mut ring, mut producer) = ethernet(small().filter_in_process(&filter));
    for number in [0, 1, 2, 1, 3] {
        producer.push(frame(&[number; 60]));
    }
    producer.retire();
    {
        let block = ring.next_block().unwrap().unwrap();
        assert_eq!((block.frames().count(), block.frame_count()), (2, 5));
    }
    producer.push(frame(&[2; 60]));
    producer.retire();
    producer.push(frame(&[1; 60]));
    producer.retire();
    assert_eq!(ring.next_frame().unwrap().unwrap().data()[0], 1);
    assert_eq!(ring.stats().unwrap().received, Some(7));
}

#[test]
fn blocks_can_be_read_again_without_being_written_again() {
    let (mut ring, mut producer) = ethernet(small());
    for number in 0..6 {
        producer.push(frame(&[number; 1000]));
    }
    producer.retire();
    for _ in 0..5 {
        assert_eq!(drain(&mut ring), [0, 1, 2, 3, 4, 5]);
        assert_eq!(producer.repeat(), 2);
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let cases: [(Builder, &str); 6] = [
        (small().snaplen(0), "snapshot length"),
        (small().snaplen(4096), "take a block size of 8192 or more"),
        (small().block_size(5000), "such as 8192"),
        (small().block_count(1), "2 or more"),
        (small().block_timeout(Duration::from_secs(66)), "at most 65.535s"),
        (small().filter(&Filter::accept_all(1)), "no kernel"),
    ];
    for (builder, message) in cases {
        let error = builder.in_memory(LinkType::ETHERNET).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        assert!(error.to_string().starts_with("test: ") && error.to_string().contains(message), "{error}");
    }
    let ifindex = "4\n32 0 0 4294963208\n21 0 1 2\n6 0 0 65535\n6 0 0 0\n".parse::<Filter>().unwrap();
    let error = small().filter_in_process(&ifindex).in_memory(LinkType::ETHERNET).unwrap_err();
    assert!(error.kind() == ErrorKind::InvalidFilter && error.to_string().contains("`ifindex`"), "{error}");
    let (ring, _) = ethernet(small().buffer_size(10_000));
    assert!(format!("{ring:?}").contains("blocks: 3"));
}

/// The first byte of each frame that is there.
fn drain(ring: &mut PacketRing) -> Vec<u8> {
    let mut bytes = Vec::new();
    while let Next::Frame(frame) = ring.try_next_frame().unwrap() {
        bytes.push(frame.data()[0]);
    }
    bytes
}
