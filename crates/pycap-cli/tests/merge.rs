//! `pycap merge`, beside Wireshark's mergecap.

mod rig;

use std::path::{Path, PathBuf};

use pycap_capture::{Format, Frame, Interface, LinkType, Savefile, SavefileWriter, Timestamp};
use rig::{SAMPLE, corpus, file, installed, pcap, pcap_of, pycap, pycap_fed};

/// The path of a file of this test that is not there yet.
fn fresh(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path.to_str().unwrap().to_owned()
}

/// A file of packets of one byte, a second each.
fn seconds(name: &str, byte: u8, seconds: &[u32]) -> String {
    let frame = [byte; 20];
    let records: Vec<_> = seconds.iter().map(|&secs| (secs, 0, &frame[..], None)).collect();
    file(name, &pcap(&records)).to_str().unwrap().to_owned()
}

type Packet = (Option<Timestamp>, Vec<u8>, u32, u16);

fn packets(path: impl AsRef<Path>) -> Vec<Packet> {
    let mut file = Savefile::open(path).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        packets.push((frame.timestamp(), frame.data().to_vec(), frame.original_len(), frame.link_type().0));
    }
    packets
}

/// The first byte and the second of each packet.
fn order(path: &str) -> String {
    let said =
        packets(path).into_iter().map(|(time, data, ..)| format!("{}{:.0}", data[0] as char, time.unwrap()));
    said.collect::<Vec<_>>().join(" ")
}

#[test]
fn by_time_and_one_after_the_other() {
    let (a, b) = (seconds("merge-a.pcap", b'a', &[1, 3, 3]), seconds("merge-b.pcap", b'b', &[2, 3, 4]));
    for name in ["merge-out.pcapng", "merge-out.pcap"] {
        let out = fresh(name);
        for (flags, expected) in [(&[][..], "a1 b2 a3 a3 b3 b4"), (&["-a"], "a1 a3 a3 b2 b3 b4")] {
            let done = pycap(&[&["merge", "-w", &out, &a, &b], flags].concat());
            assert_eq!((done.status, done.out.as_str()), (0, ""), "{name}");
            let how = if flags.is_empty() { "by time" } else { "one after the other" };
            let format = if name.ends_with("ng") { "pcapng" } else { "pcap" };
            let said = format!("pycap: {out}: 6 packets of 2 files written, {how}, as {format}\n");
            assert_eq!(done.err, said);
            assert_eq!(order(&out), expected);
        }
        let mut file = Savefile::open(&out).unwrap();
        let format = if name.ends_with("ng") { Format::Pcapng } else { Format::Pcap };
        assert_eq!(file.format(), format);
        if format == Format::Pcapng {
            let header = file.next_record().unwrap().unwrap();
            assert_eq!(header.comments().collect::<Vec<_>>(), [format!("merged from {a}, {b}")]);
            while file.next_frame().unwrap().is_some() {}
            assert_eq!(file.interfaces().len(), 2);
        }
        let done = pycap(&["merge", "-w", &out, "-s", "5", &a, &b]);
        assert_eq!(done.status, 0);
        assert!(packets(&out).iter().all(|(_, data, len, _)| (data.len(), *len) == (5, 20)));
    }
    let piped = std::process::Command::new(env!("CARGO_BIN_EXE_pycap"))
        .args(["merge", "-w", "-", &a, &b])
        .output()
        .unwrap();
    assert!(piped.status.success() && piped.stdout.starts_with(b"\n\r\r\n"));
    let out = fresh("merge-stdin.pcapng");
    let done = pycap_fed(&["merge", "-w", &out, &a, "-"], &std::fs::read(&b).unwrap());
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(order(&out), "a1 b2 a3 a3 b3 b4");
}

#[test]
fn other_link_types_are_refused_or_left_out() {
    let a = seconds("merge-types.pcap", b'a', &[1, 3]);
    let raw = file("merge-raw.pcap", &pcap_of(0xa1b2_3c4d, 101, &[(2, 123_456_789, &[0x45; 20], None)]));
    let raw = raw.to_str().unwrap();
    let out = fresh("merge-types-out.pcap");
    let refused = pycap(&["merge", "-w", &out, &a, raw]);
    assert_eq!((refused.status, refused.err.lines().count()), (1, 1), "{}", refused.err);
    let words = "a pcap file has one link type, and the inputs have EN10MB (1) and RAW (101)";
    assert!(refused.err.contains(words) && !Path::new(&out).exists(), "{}", refused.err);
    let lossy = pycap(&["merge", "--lossy", "-w", &out, &a, raw]);
    assert!(lossy.status == 0 && lossy.err.contains("no place for it: 1 packet"), "{}", lossy.err);
    assert_eq!(order(&out), "a1 a3");
    // As fine as the finest of them.
    assert_eq!(Savefile::open(&out).unwrap().format(), Format::PcapNanosecond);
    assert_eq!(pycap(&["merge", "--pcapng", "-w", &out, &a, raw]).status, 0);
    assert_eq!(packets(&out)[1].0, Some(Timestamp::new(2, 123_456_789)));
}

#[test]
fn nothing_is_overwritten_that_was_not_meant() {
    let a = seconds("merge-dear.pcap", b'a', &[1]);
    let before = std::fs::read(&a).unwrap();
    let bad = file("merge-bad.pcap", b"this is not a capture, it is a text\n");
    for (args, status, words) in [
        (&["merge", "-w", &a, SAMPLE, &a][..], 2, "which is read: name another file"),
        (&["merge", "-w", &a, SAMPLE, bad.to_str().unwrap()], 1, "merge-bad.pcap: "),
        (&["merge", "-w", &a, SAMPLE, "missing.pcap"], 1, "missing.pcap: cannot open"),
        (&["merge", "-w", &a, "-", "-"], 2, "standard input, which can be read once"),
    ] {
        let refused = pycap(args);
        assert_eq!((refused.status, refused.err.lines().count()), (status, 1), "{args:?}: {}", refused.err);
        assert!(refused.err.contains(words), "{}", refused.err);
        assert!(std::fs::read(&a).unwrap() == before, "{args:?}");
    }
    for (args, words) in [(&["merge", SAMPLE][..], "-w <OUT>"), (&["merge", "-w", "x"], "<FILE>...")] {
        let refused = pycap(args);
        assert!(refused.status == 2 && refused.err.contains(words), "{}", refused.err);
    }
}

#[test]
fn a_torn_input_gives_what_it_has() {
    let a = seconds("merge-whole.pcap", b'a', &[1, 3, 5, 7]);
    let b = seconds("merge-torn.pcap", b'b', &[2, 4, 6]);
    let bytes = std::fs::read(&b).unwrap();
    std::fs::write(&b, &bytes[..bytes.len() - 1]).unwrap();
    let out = fresh("merge-torn-out.pcapng");
    let done = pycap(&["merge", "-w", &out, &a, &b]);
    let said: Vec<_> = done.err.lines().collect();
    assert_eq!((done.status, said.len()), (1, 2), "{}", done.err);
    assert!(said[0].contains(": 6 packets of 2 files written"), "{}", done.err);
    assert!(said[1].starts_with(&format!("pycap: {b}: record 3 ")), "{}", done.err);
    assert_eq!(order(&out), "a1 b2 a3 b4 a5 a7");
    let done = pycap(&["merge", "-w", &out, &b, &b]);
    assert_eq!((done.status, done.err.lines().count()), (1, 3), "{}", done.err);
}

/// A pcapng file in microseconds whose times are not in order, and in which two interfaces take turns.
fn turns(name: &str) -> PathBuf {
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    for interface in ["eth0", "eth1"] {
        out.add_interface(Interface::new(LinkType::ETHERNET).with_name(interface)).unwrap();
    }
    for number in 0..40_u32 {
        let data = [number as u8; 40];
        let secs = 1_700_000_000 + i64::from(number * 7 % 11);
        let frame = Frame::new(&data, LinkType::ETHERNET).with_interface(number % 2);
        out.write(frame.with_timestamp(Timestamp::new(secs, number * 1000))).unwrap();
    }
    file(name, &out.finish().unwrap())
}

/// Packets of one time in any order: of these, mergecap takes that of the last file first.
fn without_ties(mut packets: Vec<Packet>) -> Vec<Packet> {
    for run in packets.chunk_by_mut(|one, next| one.0 == next.0) {
        run.sort();
    }
    packets
}

#[test]
fn mergecap_has_the_same_packets_in_the_same_order() {
    let all = corpus(60);
    // Those that both programs read to their end.
    let whole = |path: &&PathBuf| {
        let Ok(mut file) = Savefile::open(path) else { return false };
        let mut last = None;
        loop {
            match file.next_frame() {
                // Where one file has several packets of a time, and is not in order, ties decide about all that follows.
                Ok(Some(frame)) if frame.timestamp().is_none() || frame.timestamp() < last => return false,
                Ok(Some(frame)) => last = frame.timestamp(),
                Ok(None) => return last.is_some(),
                Err(_) => return false,
            }
        }
    };
    let files: Vec<PathBuf> = all.iter().filter(whole).cloned().collect();
    let mut sets = vec![vec![SAMPLE.into(), turns("merge-turns.pcapng")]];
    sets.extend(files.chunks(4).filter(|chunk| chunk.len() > 1).map(<[PathBuf]>::to_vec));
    let (mut compared, mut count) = (0, 0);
    for set in &sets {
        let inputs: Vec<&str> = set.iter().map(|path| path.to_str().unwrap()).collect();
        for flags in [&[][..], &["-a"]] {
            let (ours, theirs) = (fresh("merge-ours.pcapng"), fresh("merge-theirs.pcapng"));
            let args = [flags, &["-w", &theirs], &inputs].concat();
            let Some(done) = installed("mergecap", "UTC", &args) else { return };
            if done.status != 0 {
                println!("{inputs:?}: {}", done.err);
                continue;
            }
            let done = pycap(&[&["merge"], flags, &["-w", &ours], &inputs].concat());
            assert_eq!(done.status, 0, "{inputs:?}: {}", done.err);
            let (ours, theirs) = (without_ties(packets(&ours)), without_ties(packets(&theirs)));
            let differs = ours.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
            assert_eq!((ours.len(), differs), (theirs.len(), None), "{flags:?} {inputs:?}");
            (compared, count) = (compared + 1, count + ours.len());
        }
    }
    println!("{compared} merges of {count} packets compared");
    assert!(compared >= sets.len());
}

/// What we write is good for others.
#[test]
fn tshark_reads_it() {
    let out = fresh("merge-tshark.pcapng");
    let turns = turns("merge-tshark-in.pcapng");
    assert_eq!(pycap(&["merge", "-w", &out, turns.to_str().unwrap(), SAMPLE]).status, 0);
    let args = ["-r", &out, "-T", "fields", "-e", "frame.interface_id"];
    let Some(theirs) = installed("tshark", "UTC", &args) else { return };
    let ids: Vec<&str> = theirs.out.lines().collect();
    let of = |id: &str| ids.iter().filter(|one| **one == id).count();
    assert_eq!((theirs.status, of("0"), of("1"), of("2")), (0, 20, 20, 53), "{}", theirs.err);
}
