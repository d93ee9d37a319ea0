//! A ring whose memory holds anything at all: nothing that is read leads out of it, and every walk ends.

use std::time::Instant;

use proptest::prelude::*;
use pycap_capture::{ErrorKind, LinkType, Next, NextBlock, PacketRing, VlanTags};

const BLOCK: usize = 4096;
/// What is ahead of a block's frames.
const HEADER: usize = 48;

/// How a ring may be read.
#[derive(Clone, Copy, Debug)]
struct Mode {
    any: bool,
    tags: VlanTags,
    virtio: bool,
}

fn mode() -> impl Strategy<Value = Mode> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(any, tags, virtio)| Mode {
        any,
        tags: if tags { VlanTags::InFrame } else { VlanTags::Apart },
        virtio: virtio && !any,
    })
}

/// Reads all of it from each of the two blocks: what is read beyond the first lies in the second, and what is read beyond that is no
/// memory of the ring's. Returns how many frames there were, which is the same for both.
fn read(bytes: &[u8], frames: u32, first: u32, mode: Mode) -> usize {
    let [one, other] = [0, 1].map(|block| read_from(block, bytes, frames, first, mode));
    assert_eq!(one, other, "the place of a block makes no difference");
    one
}

/// Reads all of it, one way after the other, and touches each byte that it was given.
fn read_from(block: u32, bytes: &[u8], frames: u32, first: u32, mode: Mode) -> usize {
    let builder = PacketRing::builder(if mode.any { "any" } else { "test" })
        .snaplen(1000)
        .block_size(BLOCK)
        .block_count(2);
    let builder = builder.vlan_tags(mode.tags).virtio_header(mode.virtio);
    let (mut ring, mut producer) = builder.in_memory(LinkType::ETHERNET).unwrap();
    for _ in 0..block {
        let mut plain = header(0, 60, 1, 96);
        plain.resize(200, 0);
        assert!(producer.push_block(&plain, 1, HEADER as u32));
        assert!(ring.next_frame().unwrap().is_some());
    }
    assert!(producer.push_block(bytes, frames, first));
    let mut sum = 0_u64;
    let mut most = 0;
    match ring.next_block_until(Some(Instant::now())) {
        Ok(NextBlock::Finished) => unreachable!("nobody stopped it"),
        Ok(NextBlock::TimedOut) => assert_eq!(frames, 0),
        Ok(NextBlock::Block(block)) => {
            for frame in &block {
                sum += frame.data().iter().map(|byte| u64::from(*byte)).sum::<u64>();
                sum += u64::from(frame.flags()) + u64::from(frame.original_len());
                sum += u64::from(frame.timestamp().unwrap().subsec_nanos());
                sum += frame.interface_info().map_or(0, |_| 1);
                most += 1;
            }
        }
        Err(error) => assert_eq!(error.kind(), ErrorKind::Malformed),
    }
    assert!(most <= BLOCK / 68, "each frame has a header of its own: {most}");
    std::hint::black_box(sum);
    // The damage is reported once, if there was any, and the ring is finished then.
    if ring.try_next_frame().is_err() {
        assert!(matches!(ring.try_next_frame(), Ok(Next::Finished)));
    }
    most
}

/// A frame header as the kernel writes it, but for what is put in.
fn header(step: u32, snaplen: u32, status: u32, mac: u16) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [step, 1, 2, snaplen, snaplen, status] {
        bytes.extend(word.to_ne_bytes());
    }
    bytes.extend(mac.to_ne_bytes());
    bytes.resize(68, 0x11);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn any_bytes(
        bytes in proptest::collection::vec(any::<u8>(), 0..BLOCK),
        frames in prop_oneof![0..100_u32, any::<u32>()],
        first in prop_oneof![Just(HEADER as u32), 0..5000_u32, any::<u32>()],
        mode in mode(),
    ) {
        read(&bytes, frames, first, mode);
    }

    #[test]
    fn headers_that_nearly_make_sense(
        headers in proptest::collection::vec(
            (
                prop_oneof![Just(0), Just(160), 60..80_u32, 0..4200_u32, any::<u32>()],
                prop_oneof![Just(60), 0..4200_u32, any::<u32>()],
                prop_oneof![Just(1), Just(0x11), Just(0x51), any::<u32>()],
                prop_oneof![Just(82), 60..100_u16, any::<u16>()],
            ),
            1..30,
        ),
        more in 0..3_u32,
        mode in mode(),
    ) {
        let mut bytes = vec![0x22; BLOCK - HEADER];
        let mut at = 0;
        for (step, snaplen, status, mac) in &headers {
            let header = header(*step, *snaplen, *status, *mac);
            let Some(place) = bytes.get_mut(at..at + header.len()) else { break };
            place.copy_from_slice(&header);
            at += (*step as usize).clamp(68, 4096);
        }
        read(&bytes, headers.len() as u32 + more, HEADER as u32, mode);
    }
}

/// Under valgrind or a sanitizer, fewer do.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(2000)
}

#[test]
fn the_edges_of_a_block() {
    let plain = Mode { any: false, tags: VlanTags::Apart, virtio: false };
    let room = BLOCK - HEADER;
    for (step, snaplen, mac, fits) in [
        // The last byte of the block, and the one after it.
        (0, room as u32 - 68, 68, true),
        (0, room as u32 - 67, 68, false),
        (0, 0, room as u16, true),
        (0, 0, room as u16 + 1, false),
        (0, u32::MAX, u16::MAX, false),
        (0, 0, 67, false),
        // The next header just fits, and does not.
        (room as u32 - 68, 0, 68, true),
        (room as u32 - 67, 0, 68, true),
        (67, 0, 68, true),
        (u32::MAX, 0, 68, true),
    ] {
        let mut bytes = header(step, snaplen, 1, mac);
        bytes.resize(room, 0);
        for frames in [1, 2, u32::MAX] {
            // Of what comes behind it, nothing makes sense.
            let found = read(&bytes, frames, HEADER as u32, plain);
            assert_eq!(found, usize::from(fits), "{step} {snaplen} {mac}, {frames} announced");
            read(&bytes, frames, HEADER as u32, Mode { any: true, tags: VlanTags::InFrame, virtio: false });
        }
    }
    for first in [0, 47, 48, 4028, 4029, 4096, u32::MAX] {
        read(&[0; BLOCK], 1, first, plain);
    }
}

#[test]
fn what_comes_before_the_damage_is_handed_out() {
    let (mut ring, mut producer) =
        PacketRing::builder("test").snaplen(1000).block_size(BLOCK).in_memory(LinkType::ETHERNET).unwrap();
    let mut bytes = header(160, 60, 1, 82);
    bytes.resize(160, 0xaa);
    bytes.extend(header(160, 60_000, 1, 82));
    producer.push_block(&bytes, 2, HEADER as u32);
    assert_eq!(ring.next_frame().unwrap().unwrap().data(), [0xaa; 60]);
    let error = ring.next_frame().unwrap_err();
    assert_eq!((error.kind(), error.interface()), (ErrorKind::Malformed, Some("test")));
    assert!(ring.next_frame().unwrap().is_none());
}

#[test]
fn a_place_that_the_kernel_left_empty_is_passed_over() {
    let (mut ring, mut producer) =
        PacketRing::builder("test").snaplen(1000).block_size(BLOCK).in_memory(LinkType::ETHERNET).unwrap();
    let mut bytes = Vec::new();
    for (number, status) in [(1, 1), (2, 0), (3, 1)] {
        let start = bytes.len();
        bytes.extend(header(160, 60, status, 82));
        bytes.resize(start + 160, number);
    }
    producer.push_block(&bytes, 3, HEADER as u32);
    let block = ring.next_block().unwrap().unwrap();
    assert_eq!(block.frames().map(|frame| frame.data()[0]).collect::<Vec<_>>(), [1, 3]);
}
