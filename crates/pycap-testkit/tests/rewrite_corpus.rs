//! Every file of the corpus, read, written and read again: the frames are the same, and tcpdump writes the
//! same bytes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use pycap_capture::{ByteOrder, ErrorKind, Format, Interface, OwnedFrame, Savefile, SavefileWriter};
use pycap_testkit::corpus;

/// What could be read of a file, up to its end or its first damage.
fn read(mut file: Savefile<impl std::io::Read>) -> (Vec<OwnedFrame>, Vec<Interface>) {
    let mut frames = Vec::new();
    while let Ok(Some(frame)) = file.next_frame() {
        frames.push(frame.to_owned());
    }
    (frames, file.interfaces().to_vec())
}

#[test]
fn pcapng_keeps_every_frame() {
    let (mut files, mut total) = (0, 0);
    for path in corpus::files() {
        let Ok(source) = Savefile::open(&path) else { continue };
        let (frames, interfaces) = read(source);
        let builder = SavefileWriter::builder().format(Format::Pcapng);
        let mut out = builder.to_writer(Vec::new()).unwrap();
        for interface in &interfaces {
            out.add_interface(interface.clone()).unwrap();
        }
        for frame in &frames {
            out.write(frame.as_frame()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
        let (copies, described) = read(Savefile::from_reader(&out.finish().unwrap()[..]).unwrap());
        assert_eq!(frames.len(), copies.len(), "{}", path.display());
        for (number, (frame, copy)) in frames.iter().zip(&copies).enumerate() {
            let (frame, copy) = (frame.as_frame(), copy.as_frame());
            let place = || format!("{}, frame {}", path.display(), number + 1);
            // Frames of another century than most have a description of their interface for themselves.
            let anonymous = |frame: pycap_capture::Frame<'_>| frame.with_interface(0).to_owned();
            assert_eq!(anonymous(frame), anonymous(copy), "{}", place());
            let (before, after) =
                (&interfaces[frame.interface() as usize], &described[copy.interface() as usize]);
            assert!(same(before, after), "{}: {before:?} {after:?}", place());
            let usual = frame.timestamp().is_none_or(|time| (0..1 << 33).contains(&time.secs()));
            assert!(!usual || frame.interface() == copy.interface(), "{}", place());
        }
        files += 1;
        total += frames.len();
    }
    println!("{total} frames of {files} files are the same through pcapng");
}

/// Whether all is the same that is said of an interface, but how its times are counted and where it is in the
/// file.
fn same(a: &Interface, b: &Interface) -> bool {
    let texts = |i: &Interface| {
        [i.name(), i.description(), i.filter(), i.hardware(), i.os()].map(|text| text.map(str::to_owned))
    };
    let numbers = |i: &Interface| (i.link_type(), i.snaplen(), i.fcs_len());
    texts(a) == texts(b) && numbers(a) == numbers(b)
}

#[test]
fn pcap_keeps_every_frame_that_it_can_hold() {
    let (mut files, mut total, mut refused) = (0, 0, 0);
    for path in corpus::files() {
        let Ok(source) = Savefile::open(&path) else { continue };
        let (frames, _) = read(source);
        for (format, unit) in [(Format::Pcap, 1000), (Format::PcapNanosecond, 1)] {
            let mut out = SavefileWriter::builder().format(format).to_writer(Vec::new()).unwrap();
            let mut kept = Vec::new();
            for frame in &frames {
                match out.write(frame.as_frame()) {
                    Ok(()) => kept.push(frame.as_frame()),
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::NotRepresentable, "{}: {error}", path.display());
                        refused += 1;
                    }
                }
            }
            let (copies, _) = read(Savefile::from_reader(&out.finish().unwrap()[..]).unwrap());
            assert_eq!(kept.len(), copies.len(), "{}", path.display());
            for (frame, copy) in kept.into_iter().zip(&copies) {
                let copy = copy.as_frame();
                let time = frame.timestamp().unwrap_or_default();
                let cut_off = pycap_capture::Timestamp::new(time.secs(), time.subsec_nanos() / unit * unit);
                assert_eq!(copy.timestamp(), Some(cut_off), "{}", path.display());
                assert_eq!((copy.data(), copy.original_len()), (frame.data(), frame.original_len()));
            }
            total += copies.len();
        }
        files += 1;
    }
    println!("{total} frames of {files} files are the same through pcap, {refused} are refused");
}

#[test]
fn tcpdump_writes_the_same_bytes() {
    let there = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join("tcpdump").is_file()));
    assert!(there || std::env::var_os("CI").is_none(), "tcpdump is not installed");
    if !there {
        eprintln!("skipped: tcpdump is not installed");
        return;
    }
    let theirs = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rewrite-{}", std::process::id()));
    let (mut equal, mut odd) = (0, BTreeMap::new());
    for path in corpus::files() {
        let Ok(mut source) = Savefile::open(&path) else { continue };
        let (format, precision) = match source.format() {
            Format::Pcap => (Format::Pcap, "micro"),
            Format::PcapNanosecond => (Format::PcapNanosecond, "nano"),
            _ => continue,
        };
        let precision = format!("--time-stamp-precision={precision}");
        let mut tcpdump = Command::new("tcpdump");
        tcpdump.arg(precision).arg("-w").arg(&theirs).arg("-r").arg(&path);
        if !tcpdump.output().unwrap().status.success() {
            // It refuses some files that we read, and at damage it ends, as we do, after what was whole.
            *odd.entry("tcpdump reads only in part, or not").or_insert(0) += 1;
            continue;
        }
        if let Some(oddity) = oddity(&fs::read(&path).unwrap(), &source) {
            *odd.entry(oddity).or_insert(0) += 1;
            continue;
        }
        let mut out = SavefileWriter::builder().format(format).to_writer(Vec::new()).unwrap();
        out.add_interface(source.interfaces()[0].clone()).unwrap();
        while let Some(frame) = source.next_frame().unwrap() {
            out.write(frame).unwrap();
        }
        assert!(out.finish().unwrap() == fs::read(&theirs).unwrap(), "{}", path.display());
        equal += 1;
    }
    let _ = fs::remove_file(&theirs);
    println!("{equal} files are the same, byte by byte; not compared: {odd:?}");
}

/// What a file has that tcpdump copies without looking, or changes.
fn oddity(file: &[u8], source: &Savefile) -> Option<&'static str> {
    let order = source.byte_order();
    let number = |at: usize| {
        let bytes = file[at..at + 4].try_into().unwrap();
        if order == ByteOrder::Little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) }
    };
    let (snaplen, word) = (number(16), number(20));
    let second = if source.format() == Format::Pcap { 1_000_000 } else { 1_000_000_000 };
    if word >> 16 != 0 && word & 0x0400_0000 == 0 {
        return Some("a length of a frame check sequence that is not there");
    }
    // libpcap's DLT_RAW, which is no link type of files and becomes one.
    if matches!(word, 12 | 14) {
        return Some("a link type of another system");
    }
    let mut at = 24;
    while at < file.len() {
        let captured = number(at + 8);
        if number(at + 4) >= second {
            return Some("more than a second beside the seconds");
        }
        if captured > snaplen && (1..=i32::MAX as u32).contains(&snaplen) {
            return Some("frames that are longer than the snapshot length");
        }
        at += 16 + captured as usize;
    }
    None
}
