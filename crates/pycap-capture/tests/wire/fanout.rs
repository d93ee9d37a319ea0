//! Rings that share the frames of an interface: each frame goes to one of them.

use std::collections::{HashMap, HashSet};
use std::os::fd::{FromRawFd, OwnedFd};
use std::time::Duration;

use pycap_capture::{Fanout, Filter, PacketRing};

use crate::rig::{Sender, tests, udp, wire};

tests! {
    each_frame_goes_to_one_ring within 40,
    both_directions_of_a_flow_go_to_the_same_ring,
    a_program_says_which_ring,
    an_ebpf_program_says_which_ring,
    what_has_no_room_rolls_over,
    rings_join_a_group_by_its_number,
}

const RINGS: usize = 3;

/// What each ring got: numbers and lengths of the frames, read on a thread for each.
type Shares = Vec<Vec<(u32, usize)>>;

/// Sends the frames, which end in their number, and says which ring got which.
fn share(fanout: Fanout, frames: &[Vec<u8>]) -> Shares {
    let builder = PacketRing::builder("in0").block_count(16).block_timeout(Duration::from_millis(2));
    let rings = builder.fanout(fanout).open_group(RINGS).unwrap();
    let stops: Vec<_> = rings.iter().map(PacketRing::stop_handle).collect();
    let threads: Vec<_> = rings
        .into_iter()
        .map(|mut ring| {
            std::thread::spawn(move || {
                let mut found = Vec::new();
                while let Some(block) = ring.next_block().unwrap() {
                    found.extend(block.frames().map(|frame| {
                        let (_, number) = frame.data().split_last_chunk().unwrap();
                        (u32::from_be_bytes(*number), frame.data().len())
                    }));
                }
                let stats = ring.stats().unwrap();
                assert_eq!((stats.received, stats.dropped), (Some(found.len() as u64), Some(0)));
                found
            })
        })
        .collect();
    let sender = Sender::new("out0");
    frames.iter().for_each(|frame| sender.send(frame));
    // What was received when it is stopped is handed out.
    stops.iter().for_each(pycap_capture::StopHandle::stop);
    threads.into_iter().map(|thread| thread.join().unwrap()).collect()
}

/// Datagrams of 50 flows, both directions, of several lengths.
fn flows(count: u32) -> Vec<Vec<u8>> {
    let one = |number: u32| {
        let flow = (number / 2 % 50) as u8;
        let (here, there) = (([10, 0, 0, flow], 1000 + u16::from(flow)), ([10, 0, 1, flow / 7], 53));
        let ((from, source), (to, destination)) =
            if number.is_multiple_of(2) { (here, there) } else { (there, here) };
        let mut payload = vec![flow; number as usize % 5];
        payload.extend(number.to_be_bytes());
        udp([from, to], [source, destination], &payload)
    };
    (0..count).map(one).collect()
}

/// Each number once, and in order on each ring.
fn assert_whole(what: &str, shares: &Shares, count: usize) {
    let numbers = || shares.iter().flatten().map(|(number, _)| *number);
    let lens: Vec<_> = shares.iter().map(Vec::len).collect();
    assert_eq!(lens.iter().sum::<usize>(), count, "{what}: {lens:?}");
    assert_eq!(numbers().collect::<HashSet<_>>().len(), count, "{what}: {lens:?}");
    assert!(shares.iter().all(|share| share.is_sorted()), "{what}: out of order");
    println!("{what}: {lens:?}");
}

fn each_frame_goes_to_one_ring() {
    const COUNT: usize = 3000;
    let _wire = wire();
    let frames = flows(COUNT as u32);
    for (what, fanout, used) in [
        ("hash", Fanout::hash(), RINGS),
        ("hash, defragmented", Fanout::hash().defragment(), RINGS),
        ("load balance", Fanout::load_balance(), RINGS),
        ("cpu", Fanout::cpu(), 1),
        ("rollover", Fanout::rollover(), 1),
        ("random", Fanout::random(), RINGS),
        ("queue", Fanout::queue(), 1),
        ("hash or rollover", Fanout::hash().or_rollover(), RINGS),
    ] {
        let shares = share(fanout, &frames);
        assert_whole(what, &shares, COUNT);
        let busy = shares.iter().filter(|share| !share.is_empty()).count();
        assert!(busy >= used, "{what}: {busy} rings had frames");
        if what == "load balance" {
            assert!(shares.iter().all(|share| share.len() == COUNT / RINGS));
        }
    }
}

fn both_directions_of_a_flow_go_to_the_same_ring() {
    let _wire = wire();
    let frames = flows(2000);
    let shares = share(Fanout::hash(), &frames);
    assert_whole("hash", &shares, frames.len());
    let mut ring_of = HashMap::new();
    for (ring, share) in shares.iter().enumerate() {
        for (number, _) in share {
            let flow = number / 2 % 50;
            assert_eq!(*ring_of.entry(flow).or_insert(ring), ring, "flow {flow}");
        }
    }
    assert_eq!(ring_of.len(), 50);
}

fn a_program_says_which_ring() {
    let _wire = wire();
    let frames = flows(600);
    // The last byte of the source address, from the network's header on: `ldb [15]; ret a`.
    let program: Filter = "2\n48 0 0 15\n22 0 0 0".parse().unwrap();
    let shares = share(Fanout::program(&program), &frames);
    assert_whole("program", &shares, frames.len());
    for (ring, share) in shares.iter().enumerate() {
        for (number, _) in share {
            assert_eq!(usize::from(frames[*number as usize][14 + 15]) % RINGS, ring);
        }
    }
}

fn an_ebpf_program_says_which_ring() {
    let _wire = wire();
    let program = match length_program() {
        Ok(program) => program,
        // In a user namespace of its own, without the system's leave.
        Err(error) if std::env::var_os("CI").is_none() => {
            return println!("skipped: the kernel takes no eBPF program from this user: {error}");
        }
        Err(error) => panic!("{error}"),
    };
    let frames = flows(600);
    let shares = share(Fanout::ebpf(program), &frames);
    assert_whole("ebpf", &shares, frames.len());
    for (ring, share) in shares.iter().enumerate() {
        assert!(!share.is_empty() && share.iter().all(|(_, len)| (len - 14) % RINGS == ring));
    }
}

/// An eBPF program that returns the length of what it sees.
fn length_program() -> std::io::Result<OwnedFd> {
    const PROG_LOAD: libc::c_long = 5;
    const SOCKET_FILTER: u32 = 1;
    // `r0 = *(u32 *)(r1 + 0)`, which is `len` of `struct __sk_buff`, and `exit`: code, registers, offset, immediate
    // (include/uapi/linux/bpf.h).
    let instructions: [[u8; 8]; 2] = [[0x61, 0x10, 0, 0, 0, 0, 0, 0], [0x95, 0, 0, 0, 0, 0, 0, 0]];
    /// The first members of `union bpf_attr` for BPF_PROG_LOAD.
    #[repr(C)]
    struct Load {
        kind: u32,
        count: u32,
        instructions: u64,
        license: u64,
        log: [u64; 2],
        version_and_flags: [u32; 2],
    }
    let load = Load {
        kind: SOCKET_FILTER,
        count: 2,
        instructions: instructions.as_ptr() as u64,
        license: c"".as_ptr() as u64,
        log: [0; 2],
        version_and_flags: [0; 2],
    };
    let (pointer, len) = (&raw const load, size_of::<Load>());
    // SAFETY: the pointer and the length are those of `load`, whose own pointers are to as many instructions as it says and to a string
    // that ends in 0, all of which outlive the call; the kernel only reads.
    let fd = unsafe { libc::syscall(libc::SYS_bpf, PROG_LOAD, pointer, len) };
    match i32::try_from(fd) {
        // SAFETY: the call succeeded, so that the descriptor is open, and nobody else has it.
        Ok(fd) if fd >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
        _ => Err(std::io::Error::last_os_error()),
    }
}

fn what_has_no_room_rolls_over() {
    const COUNT: u32 = 4000;
    let _wire = wire();
    let builder = PacketRing::builder("in0").snaplen(2000).block_size(64 << 10).block_count(2);
    let frames = flows(COUNT);
    let mut rings = builder.fanout(Fanout::rollover()).open_group(2).unwrap();
    let sender = Sender::new("out0");
    frames.iter().for_each(|frame| sender.send(frame));
    let mut numbers = HashSet::new();
    let mut dropped = 0;
    for ring in &mut rings {
        let found = crate::rig::drain(ring);
        assert!(found.len() > 100, "{} frames", found.len());
        let stats = ring.stats().unwrap();
        assert_eq!(stats.received, Some(found.len() as u64));
        dropped += stats.dropped.unwrap();
        for frame in found {
            let (_, number) = frame.data().split_last_chunk().unwrap();
            assert!(numbers.insert(u32::from_be_bytes(*number)));
        }
    }
    assert_eq!(numbers.len() as u64 + dropped, u64::from(COUNT));
}

fn rings_join_a_group_by_its_number() {
    let _wire = wire();
    let open = |fanout: Fanout| PacketRing::builder("in0").block_count(4).fanout(fanout.group(77)).open();
    let mut rings = [Fanout::load_balance(), Fanout::load_balance()].map(|fanout| open(fanout).unwrap());
    let error = open(Fanout::random()).unwrap_err();
    assert_eq!(error.kind(), pycap_capture::ErrorKind::InvalidSetting, "{error}");
    let sender = Sender::new("out0");
    flows(100).iter().for_each(|frame| sender.send(frame));
    assert_eq!(rings.each_mut().map(|ring| crate::rig::drain(ring).len()), [50, 50]);
    // What is left of the group gets everything.
    let [first, mut second] = rings;
    drop(first);
    flows(100).iter().for_each(|frame| sender.send(frame));
    assert_eq!(crate::rig::drain(&mut second).len(), 100);
}
