//! Savefiles cut short and damaged: whole records first, then one error, and never anything else.

use pycap_capture::Savefile;
use pycap_testkit::invariant;
use pycap_testkit::sample::samples;
use pycap_testkit::savefile::{Order, Pcap, Pcapng};

/// Small files of every kind, with the number of their packets.
fn files() -> Vec<(Vec<u8>, usize)> {
    let frames: Vec<Vec<u8>> = samples().into_iter().take(3).map(|sample| sample.bytes).collect();
    let len = |frame: &[u8]| frame.len() as u32;
    let mut files = Vec::new();
    for order in Order::ALL {
        for magic in [Pcap::MICROSECONDS, Pcap::NANOSECONDS] {
            let file = Pcap::new(order, magic, 1);
            let file =
                frames.iter().fold(file, |file, frame| file.record(1_700_000_000, 5, len(frame), frame));
            files.push((file.build(), frames.len()));
        }
        let old = Pcap::with_version(order, Pcap::MICROSECONDS, (2, 2), 1);
        // Before version 2.3 the original length came first.
        files.push((old.words(&[1, 2, 100, 4]).bytes(&[1, 2, 3, 4]).build(), 1));
        let file = Pcapng::new(order);
        let resolution = [file.option(9, &[9]), file.option(0, &[])].concat();
        let file = file.interface(1, 0, &resolution).interface(101, 96, &[]);
        let file = frames
            .iter()
            .fold(file, |file, frame| file.packet(0, 1_700_000_000_000_000_000, len(frame), frame, &[]));
        let file =
            file.packet(1, 7, 4, &[0x45, 0, 0, 4], &[]).simple_packet(5, b"hello").block(0x0bad, b"custom");
        let other = if order == Order::Little { Order::Big } else { Order::Little };
        let file = file.section(other).interface(1, 0, &[]).packet(0, 1, len(&frames[0]), &frames[0], &[]);
        files.push((file.build(), frames.len() + 3));
    }
    files
}

#[test]
fn files_are_whole() {
    for (file, packets) in files() {
        let mut savefile = Savefile::from_reader(&file[..]).expect("a savefile");
        let mut count = 0;
        while savefile.next_frame().expect("no damage").is_some() {
            count += 1;
        }
        assert_eq!(count, packets);
    }
}

#[test]
fn every_prefix() {
    for (file, packets) in files() {
        let mut most = 0;
        for len in 0..file.len() {
            let prefix = file[..len].to_vec();
            invariant::read(&prefix, &[1, 7, 100]);
            invariant::copy(&prefix);
            let Ok(mut savefile) = Savefile::from_reader(&prefix[..]) else { continue };
            let mut count = 0;
            while let Ok(Some(_)) = savefile.next_frame() {
                count += 1;
            }
            assert!(count == most || count == most + 1, "a record more makes a packet more");
            most = count;
        }
        assert!(most + 1 >= packets, "all but the last record are whole before the last byte");
    }
}

#[test]
fn every_single_byte_change() {
    for (mut file, _) in files() {
        for at in 0..file.len() {
            let original = file[at];
            for value in (0..8).map(|bit| original ^ 1 << bit).chain([0, 0xff]) {
                file[at] = value;
                invariant::read(&file, &[13]);
                invariant::copy(&file);
            }
            file[at] = original;
        }
    }
}
