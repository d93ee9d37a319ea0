//! `-r FILE -w FILE`: what is copied, what is left out, and what is said about it.

mod rig;

use std::path::{Path, PathBuf};

use pycap_capture::pcapng::{BlockType, OptionList, OwnedBlock, SecretsType};
use pycap_capture::{Format, Frame, Interface, LinkType, Savefile, SavefileWriter, Stats, Timestamp};
use rig::{SAMPLE, file, hex, pcap, pcap_of, pycap, pycap_fed, pycap_in};

const START: i64 = 1_714_557_723;

/// A file with a bit of everything: two interfaces, comments, options, names, secrets, a maker's own block, statistics. Ten packets, a second
/// apart.
fn rich() -> Vec<u8> {
    let mut out = SavefileWriter::builder()
        .format(Format::Pcapng)
        .comment("a section")
        .hardware("a machine")
        .to_writer(Vec::new())
        .unwrap();
    let eth0 = Interface::new(LinkType::ETHERNET).with_name("eth0").with_snaplen(2000).with_filter("ip");
    out.add_interface(eth0).unwrap();
    out.add_interface(Interface::new(LinkType::ETHERNET).with_name("eth1")).unwrap();
    let names =
        OwnedBlock::names().name(std::net::Ipv4Addr::new(192, 0, 2, 1), &["gateway"]).build().unwrap();
    for number in 0..10_u32 {
        if number == 3 {
            out.write_block(names.as_block()).unwrap();
        }
        if number == 6 {
            let keys =
                OwnedBlock::secrets(SecretsType::TLS_KEY_LOG, b"CLIENT_RANDOM 00 00\n").build().unwrap();
            out.write_block(keys.as_block()).unwrap();
        }
        let data = [number as u8; 100];
        let frame = Frame::new(&data, LinkType::ETHERNET)
            .with_timestamp(Timestamp::new(START + i64::from(number), 123_456_789))
            .with_interface(number % 2);
        let options = OptionList::new().comment(&format!("packet {number}")).drop_count(number.into());
        out.write_with(frame, options.options()).unwrap();
    }
    out.write_block(OwnedBlock::custom(32473, b"what only we know", true).build().unwrap().as_block())
        .unwrap();
    let mut stats = Stats::default();
    stats.received = Some(5);
    out.interface_stats(0, &stats).unwrap();
    out.interface_stats(1, &stats).unwrap();
    out.finish().unwrap()
}

/// The path of a file of this test that is not there yet.
fn fresh(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_file(&path);
    path.to_str().unwrap().to_owned()
}

/// Every block: its type, its body, its interface.
fn blocks(path: impl AsRef<Path>) -> Vec<(BlockType, Vec<u8>)> {
    let mut file = Savefile::open(path).unwrap();
    let mut blocks = Vec::new();
    while let Some(record) = file.next_record().unwrap() {
        let block = record.block().unwrap();
        blocks.push((block.block_type(), block.body().to_vec()));
    }
    blocks
}

/// The first byte of every packet, and how many bytes it has.
fn packets(path: impl AsRef<Path>) -> Vec<(u8, usize)> {
    let mut file = Savefile::open(path).unwrap();
    let mut packets = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        packets.push((frame.data()[0], frame.data().len()));
    }
    packets
}

fn numbers(path: impl AsRef<Path>) -> Vec<u8> {
    packets(path).into_iter().map(|(number, _)| number).collect()
}

fn copied(args: &[&str]) {
    let output = pycap(args);
    assert_eq!((output.status, output.out.as_str(), output.err.as_str()), (0, "", ""), "{args:?}");
}

#[test]
fn a_copy_of_a_pcapng_file_has_the_same_bytes() {
    let whole = rich();
    let (input, output) = (file("copy-rich.pcapng", &whole), fresh("copy-same.pcapng"));
    let input = input.to_str().unwrap();
    copied(&["-r", input, "-w", &output]);
    assert!(std::fs::read(&output).unwrap() == whole);
    copied(&["-r", input, "-U", "-w", &output]);
    assert!(std::fs::read(&output).unwrap() == whole);
    // Through a pipe, too.
    let mut piped = std::process::Command::new(env!("CARGO_BIN_EXE_pycap"));
    let piped = piped.args(["-r", input, "--pcapng", "-w", "-"]).output().unwrap();
    assert!(piped.status.success() && piped.stdout == whole);
}

#[test]
fn packets_that_are_left_out_leave_all_else_in_place() {
    let input = file("copy-part.pcapng", &rich());
    let input = input.to_str().unwrap();
    let output = fresh("copy-part-out.pcapng");
    let whole = blocks(input);
    for (flags, kept) in [
        (&["--skip", "4"][..], &[4, 5, 6, 7, 8, 9][..]),
        (&["--from", "1714557725.2", "--to", "@1714557728.123456789"], &[3, 4]),
        (&["--from", "2024-05-01T12:02:05.123456789+02:00", "--to", "2024-05-01 10:02:09"], &[2, 3, 4, 5]),
        (&["--from", "10:02:11", "--to", "10:03"], &[8, 9]),
        (&["--to", "10:02:05", "--skip", "1"], &[1]),
        (&["--skip", "100"], &[]),
    ] {
        copied(&[&["-r", input, "-w", &output], flags].concat());
        assert_eq!(numbers(&output), kept, "{flags:?}");
        let is_kept = |(kind, body): &&(BlockType, Vec<u8>)| !kind.is_packet() || kept.contains(&body[20]);
        let expected: Vec<_> = whole.iter().filter(is_kept).cloned().collect();
        assert!(blocks(&output) == expected, "{flags:?}");
    }
    copied(&["-r", input, "-w", &output, "-c", "3", "--skip", "2"]);
    assert_eq!(numbers(&output), [2, 3, 4]);
}

#[test]
fn times_are_those_that_are_printed() {
    let input = file("copy-zone.pcapng", &rich());
    let input = input.to_str().unwrap();
    for zone in ["UTC", "America/New_York", "Asia/Kolkata"] {
        let all = pycap_in(zone, &["-r", input, "-tttt"]).out;
        let line = all.lines().nth(4).unwrap();
        let (date, of_day) = (&line[..26], &line[11..26]);
        for from in [date, of_day] {
            let some = pycap_in(zone, &["-r", input, "-tttt", "--from", from]);
            assert_eq!(
                (some.status, some.out.lines().next()),
                (0, Some(line)),
                "{zone} {from}: {}",
                some.err
            );
            assert!(all.ends_with(&some.out));
        }
        assert_eq!(pycap_in(zone, &["-r", input, "--count", "--to", of_day]).out, "4 packets\n");
    }
}

#[test]
fn times_that_are_none_are_told_in_a_line() {
    for (flags, words) in [
        (&["--from", "noon"][..], "--from noon: not a time: it takes "),
        (&["--to", "2024-05-01 10:02:03 CET"], "--to 2024-05-01 10:02:03 CET: not a time"),
        (&["--from", "@5", "--to", "5"], "--from @5 --to 5: no time is in between"),
    ] {
        let output = pycap(&[&["-r", SAMPLE], flags].concat());
        assert_eq!((output.status, output.out.as_str(), output.err.lines().count()), (2, "", 1), "{flags:?}");
        assert!(output.err.contains(words), "{}", output.err);
    }
    for (args, words) in [
        (
            &["-i", "lo", "--from", "5"][..],
            "--skip, --from and --to choose among the packets of a file: -r FILE",
        ),
        (&["-r", SAMPLE, "--skip", "x"], "'x' for '--skip <COUNT>'"),
        (&["-r", SAMPLE, "--lossy"], "-w <FILE>"),
    ] {
        let output = pycap(args);
        assert_eq!(output.status, 2, "{args:?}");
        assert!(output.err.contains(words), "{args:?}: {}", output.err);
    }
}

#[test]
fn packets_are_cut_and_their_length_is_kept() {
    let input = file("copy-cut.pcapng", &rich());
    let input = input.to_str().unwrap();
    for (name, snaplen) in [("copy-cut-out.pcapng", 2000), ("copy-cut-out.pcap", 20)] {
        let output = fresh(name);
        assert_eq!(pycap(&["-r", input, "-s", "20", "-w", &output]).status, 0);
        let mut file = Savefile::open(&output).unwrap();
        let mut count = 0;
        while let Some(frame) = file.next_frame().unwrap() {
            assert_eq!((frame.data().len(), frame.original_len()), (20, 100));
            count += 1;
        }
        assert_eq!((count, file.snaplen()), (10, Some(snaplen)), "{name}");
    }
    let printed = pycap(&["-r", input, "-s", "20", "--json", "-c", "1"]).out;
    assert!(printed.contains("\"captured_len\":20,\"original_len\":100"), "{printed}");
}

/// Each file has the section and its interfaces; names and secrets are where they were, once.
#[test]
fn files_that_follow_each_other_are_complete() {
    let input = file("copy-rotate.pcapng", &rich());
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("copy-rotate");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let name = folder.join("t-%s.pcapng");
    copied(&["-r", input.to_str().unwrap(), "-G", "2", "-w", name.to_str().unwrap()]);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert_eq!(files.len(), 5);
    let whole = blocks(&input);
    let head = &whole[..3];
    let mut all = head.to_vec();
    for path in &files {
        let blocks = blocks(path);
        assert!(blocks.starts_with(head), "{}", path.display());
        all.extend_from_slice(&blocks[3..]);
    }
    assert!(all == whole);
}

#[test]
fn a_pcap_file_keeps_the_precision_of_its_input() {
    let nano = rich();
    let frames: [(u32, u32, &[u8], Option<u32>); 1] = [(5, 123_456_789, b"abcdefghijklmnop", None)];
    let micros: [(u32, u32, &[u8], Option<u32>); 1] = [(5, 123_456, b"abcdefghijklmnop", None)];
    let output = fresh("copy-precision.pcap");
    for (input, flags, expected) in [
        (pcap_of(0xa1b2_3c4d, 1, &frames), &[][..], Format::PcapNanosecond),
        (pcap_of(0xa1b2_3c4d, 1, &frames), &["--micro"], Format::Pcap),
        (pcap(&micros), &[], Format::Pcap),
        (pcap(&micros), &["--nano"], Format::PcapNanosecond),
        (nano.clone(), &[], Format::PcapNanosecond),
        (nano, &["--time-stamp-precision=micro"], Format::Pcap),
    ] {
        let done = pycap_fed(&[&["-r", "-", "-w", &output], flags].concat(), &input);
        assert_eq!(done.status, 0, "{}", done.err);
        assert_eq!(Savefile::open(&output).unwrap().format(), expected, "{flags:?}");
    }
}

#[test]
fn what_pcap_has_no_place_for_is_told() {
    let input = file("copy-losses.pcapng", &rich());
    let output = fresh("copy-losses.pcap");
    let done = pycap(&["-r", input.to_str().unwrap(), "-w", &output]);
    assert_eq!((done.status, done.out.as_str()), (0, ""));
    assert_eq!(
        done.err,
        format!(
            "pycap: {output}: left out, since pcap has no place for it: 11 comments, 10 packet options, 2 interface descriptions, 1 name record, 1 block of decryption secrets, 3 other blocks; write pcapng to keep it\n"
        )
    );
    assert_eq!(numbers(&output), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
}

#[test]
fn another_link_type_is_refused_or_left_out() {
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    for (index, link_type) in [(0, LinkType::ETHERNET), (1, LinkType::RAW), (0, LinkType::ETHERNET)] {
        let data = [index as u8 + 0x40; 40];
        out.write(Frame::new(&data, link_type).with_interface(index).with_timestamp(Timestamp::new(1, 0)))
            .unwrap();
    }
    let input = file("copy-mixed.pcapng", &out.finish().unwrap());
    let input = input.to_str().unwrap();
    let output = fresh("copy-mixed.pcap");
    let refused = pycap(&["-r", input, "-w", &output]);
    assert_eq!((refused.status, refused.err.lines().count()), (1, 1), "{}", refused.err);
    let words = "frame 2 has link type RAW and the file EN10MB; a pcapng file takes both: write pcapng (--pcapng, or a name that ends in .pcapng), or leave out with --lossy what does not fit";
    assert!(refused.err.contains(words), "{}", refused.err);
    let lossy = pycap(&["-r", input, "-w", &output, "--lossy"]);
    assert_eq!(lossy.status, 0);
    assert!(lossy.err.contains("left out, since pcap has no place for it: 1 packet"), "{}", lossy.err);
    assert_eq!(packets(&output), [(0x40, 40), (0x40, 40)]);
}

#[test]
fn nothing_is_overwritten_that_was_not_meant() {
    let before = b"something dear";
    let dear = file("copy-dear.pcap", before);
    let bad = file("copy-bad.pcap", b"this is not a capture, it is a text\n");
    let dear = dear.to_str().unwrap();
    for args in [
        &["-r", bad.to_str().unwrap(), "-w", dear][..],
        &["-r", "missing.pcap", "-w", dear],
        &["-r", SAMPLE, "-w", dear, "--from", "noon"],
        &["-r", SAMPLE, "-w", dear, "-F", "missing"],
    ] {
        assert_ne!(pycap(args).status, 0);
        assert_eq!(std::fs::read(dear).unwrap(), before, "{args:?}");
    }
    let whole = rich();
    let input = file("copy-itself.pcapng", &whole);
    let mut others = vec![input.clone()];
    #[cfg(unix)]
    {
        let soft = PathBuf::from(fresh("copy-soft.pcapng"));
        std::os::unix::fs::symlink(&input, &soft).unwrap();
        let hard = PathBuf::from(fresh("copy-hard.pcapng"));
        std::fs::hard_link(&input, &hard).unwrap();
        others.extend([soft, hard]);
    }
    for other in others {
        let refused = pycap(&["-r", input.to_str().unwrap(), "-w", other.to_str().unwrap()]);
        assert_eq!((refused.status, refused.err.lines().count()), (2, 1), "{}", refused.err);
        assert!(std::fs::read(&input).unwrap() == whole);
    }
}

#[test]
fn a_torn_input_makes_a_whole_output() {
    let whole = rich();
    let input = file("copy-torn.pcapng", &whole[..whole.len() / 2]);
    let output = fresh("copy-torn-out.pcapng");
    let done = pycap(&["-r", input.to_str().unwrap(), "-w", &output]);
    assert_eq!((done.status, done.err.lines().count()), (1, 1), "{}", done.err);
    assert!(done.err.contains("copy-torn.pcapng: "), "{}", done.err);
    let written = std::fs::read(&output).unwrap();
    assert!(whole.starts_with(&written) && numbers(&output).len() > 3);
}

/// A time in units that no other clock has, and a count that only the file knows.
#[test]
fn odd_clocks_are_kept() {
    let block = hex("65000000 00000000 0900 0100 94000000 0000 0000");
    let described = OwnedBlock::builder(BlockType::INTERFACE_DESCRIPTION, &block).build().unwrap();
    let packet = [0_u32, 1, 0x1234_5678, 20, 20].map(u32::to_le_bytes).as_flattened().to_vec();
    let mut bytes =
        SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap().finish().unwrap();
    for (kind, body) in
        [(1_u32, described.as_block().body().to_vec()), (6, [packet, vec![0x45; 20]].concat())]
    {
        let len = (body.len() as u32 + 12).to_le_bytes();
        bytes.extend([&kind.to_le_bytes()[..], &len, &body, &len].concat());
    }
    let input = file("copy-clock.pcapng", &bytes);
    let output = fresh("copy-clock-out.pcapng");
    copied(&["-r", input.to_str().unwrap(), "-w", &output]);
    assert!(std::fs::read(&output).unwrap() == bytes);
}
