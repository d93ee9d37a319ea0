//! Files that follow each other: their names, what is in each, and where they end.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use pycap_capture::{
    ErrorKind, Format, Frame, Interface, LinkType, RotatingWriter, Rotation, Savefile, SavefileWriter, Stats,
    Timestamp,
};

fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("rotate").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The frames of each file by its name: the first byte and the length of each.
fn contents(folder: &Path) -> BTreeMap<String, Vec<(u8, usize)>> {
    let each = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    each.map(|path| {
        let mut file = Savefile::open(&path).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = file.next_frame().unwrap() {
            frames.push((frame.data()[0], frame.data().len()));
        }
        (path.file_name().unwrap().to_str().unwrap().to_owned(), frames)
    })
    .collect()
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

/// Frame `number` of lengths that differ, at a second.
fn write(out: &mut RotatingWriter, number: u32, secs: i64) -> bool {
    let data = vec![number as u8; 60 + (number as usize * 7919) % 1400];
    let frame = Frame::new(&data, LinkType::ETHERNET).with_timestamp(Timestamp::new(secs, 0));
    out.write(frame).unwrap().is_continue()
}

fn create(rotation: Rotation, name: &Path) -> RotatingWriter {
    SavefileWriter::builder().rotate(rotation).create(name).unwrap()
}

/// What tcpdump makes of the same frames, its sizes counted in millions of bytes.
#[test]
fn sizes_and_counts_are_those_of_tcpdump() {
    let input = folder("input").join("input.pcap");
    let mut one = SavefileWriter::builder().create(&input).unwrap();
    let mut frames = Vec::new();
    for number in 0..5000_u32 {
        frames.push((
            vec![number as u8; 60 + (number as usize * 7919) % 1400],
            Timestamp::new(number.into(), 0),
        ));
    }
    let frame = |(data, time)| Frame::new(data, LinkType::ETHERNET).with_timestamp(time);
    for (data, time) in &frames {
        one.write(frame((data, *time))).unwrap();
    }
    one.finish().unwrap();
    for count in [None, Some(1), Some(2), Some(10), Some(11)] {
        let (ours, theirs) = (folder("ours"), folder("theirs"));
        let rotation = Rotation::new().size(1_000_000);
        let mut out = create(count.map_or(rotation.clone(), |count| rotation.files(count)), &ours.join("t"));
        for (data, time) in &frames {
            assert!(out.write(frame((data, *time))).unwrap().is_continue());
        }
        assert_eq!((out.files(), out.frames_written()), (4, 5000));
        out.finish().unwrap();
        let mut tcpdump = Command::new("tcpdump");
        // As the user that runs the test: tcpdump may have been built to become another for this.
        tcpdump.args(["-Z", "root", "-C", "1", "-r"]).arg(&input).arg("-w").arg(theirs.join("t"));
        if let Some(count) = count {
            tcpdump.args(["-W", &count.to_string()]);
        }
        let Ok(output) = tcpdump.output() else { return };
        if !output.status.success() {
            return println!("skipped: {}", String::from_utf8_lossy(&output.stderr));
        }
        assert!(contents(&ours) == contents(&theirs), "{count:?}: {:?} {:?}", names(&ours), names(&theirs));
    }
}

#[test]
fn intervals_count_from_the_first_frame_and_do_not_drift() {
    let seconds = [100, 104, 103, 105, 109, 131, 90, 135];
    let write_all = |out: &mut RotatingWriter| {
        seconds.iter().take_while(|&&secs| write(out, secs, i64::from(secs))).count()
    };
    let expected =
        [("t-100", &[100, 104, 103][..]), ("t-105", &[105, 109]), ("t-130", &[131, 90]), ("t-135", &[135])];
    let firsts = |folder: &Path| -> Vec<(String, Vec<u8>)> {
        let first = |frames: Vec<(u8, usize)>| frames.into_iter().map(|(first, _)| first).collect();
        contents(folder).into_iter().map(|(name, frames)| (name, first(frames))).collect()
    };
    let expect = |count: usize| -> Vec<(String, Vec<u8>)> {
        expected[..count].iter().map(|(name, firsts)| ((*name).to_owned(), firsts.to_vec())).collect()
    };
    let every = Rotation::new().every(Duration::from_secs(5));
    let folder_all = folder("times");
    let mut out = create(every.clone(), &folder_all.join("t-%s"));
    assert_eq!((out.path(), out.files()), (None, 0));
    assert_eq!(write_all(&mut out), 8);
    out.finish().unwrap();
    assert_eq!(firsts(&folder_all), expect(4));
    // A limit: the frame that would begin a third file is refused, and so are all after it.
    let folder_two = folder("times-limit");
    let mut out = create(every.clone().files(2), &folder_two.join("t-%s"));
    assert_eq!(write_all(&mut out), 5);
    assert!(!write(&mut out, 1, 100) && out.rotate_if_due().unwrap().is_break());
    assert_eq!((out.files(), out.frames_written(), out.path()), (2, 5, None));
    out.finish().unwrap();
    assert_eq!(firsts(&folder_two), expect(2));
    // The first interval begins when it is told to.
    let folder_start = folder("times-start");
    let mut out = create(every.start_at(Timestamp::new(99, 7)), &folder_start.join("t-%s"));
    assert_eq!(out.path(), Some(&*folder_start.join("t-99")));
    write_all(&mut out);
    out.finish().unwrap();
    assert_eq!(names(&folder_start), ["t-104", "t-109", "t-129", "t-134", "t-99"]);
}

#[test]
fn both_rules_start_numbers_again_with_each_interval() {
    let folder = folder("both");
    let rotation = Rotation::new().size(1000).every(Duration::from_secs(1)).files(2);
    let mut out = create(rotation, &folder.join("t-%s."));
    for number in 0..12_i64 {
        let frame =
            Frame::new(&[7; 1000], LinkType::ETHERNET).with_timestamp(Timestamp::new(100 + number / 4, 0));
        assert!(out.write(frame).unwrap().is_continue());
    }
    out.finish().unwrap();
    assert_eq!(names(&folder), ["t-100.0", "t-100.1", "t-101.0", "t-101.1", "t-102.0", "t-102.1"]);
}

/// A file has a frame at least, also where its header alone is larger than a file may be.
#[test]
fn a_header_is_never_alone() {
    for format in [Format::Pcap, Format::Pcapng] {
        let folder = folder("header");
        let mut out = SavefileWriter::builder()
            .format(format)
            .link_type(LinkType::ETHERNET)
            .comment("x".repeat(500))
            .rotate(Rotation::new().size(1))
            .create(folder.join("t"))
            .unwrap();
        (0..3).for_each(|number| assert!(write(&mut out, number, 1)));
        out.finish().unwrap();
        assert_eq!(names(&folder), ["t", "t1", "t2"]);
    }
}

#[test]
fn each_file_is_whole_and_known_when_it_is_complete() {
    let folder = folder("whole");
    let completed = Arc::new(Mutex::new(Vec::new()));
    let mut out = SavefileWriter::builder()
        .format(Format::Pcapng)
        .rotate(Rotation::new().size(20_000))
        .create(folder.join("t.pcapng"))
        .unwrap();
    let seen = Arc::clone(&completed);
    out.on_completed(move |path| {
        let mut file = Savefile::open(path).unwrap();
        let mut frames = 0;
        while file.next_frame().unwrap().is_some() {
            frames += 1;
        }
        let names: Vec<_> = file.interfaces().iter().map(|one| one.name().unwrap().to_owned()).collect();
        seen.lock().unwrap().push((path.to_owned(), names, frames));
    });
    for (name, index) in [("eth0", 0), ("eth1", 1)] {
        let interface = Interface::new(LinkType::ETHERNET).with_name(name);
        assert_eq!(out.add_interface(interface).unwrap(), index);
    }
    for number in 0..100_u32 {
        let frame = Frame::new(&[9; 1000], LinkType::ETHERNET).with_interface(number % 2);
        assert!(out.write(frame.with_timestamp(Timestamp::new(1, number))).unwrap().is_continue());
    }
    let late = out.add_interface(Interface::new(LinkType::ETHERNET)).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::InvalidSetting);
    out.interface_stats(1, &Stats::default()).unwrap();
    let files = out.files();
    out.finish().unwrap();
    let completed = completed.lock().unwrap();
    assert_eq!(completed.len() as u64, files);
    assert!(files > 4 && completed[1].0.ends_with("t.pcapng1"), "{completed:?}");
    assert!(completed.iter().all(|(_, names, _)| names == &["eth0", "eth1"]));
    assert_eq!(completed.iter().map(|(.., frames)| frames).sum::<u32>(), 100);
}

#[test]
fn counts_from_before_the_first_file_are_at_its_end() {
    let folder = folder("counts");
    let rotation = Rotation::new().every(Duration::from_secs(60));
    let builder = SavefileWriter::builder().format(Format::Pcapng).rotate(rotation);
    let mut out = builder.create(folder.join("t-%Y-%M.pcapng")).unwrap();
    let index = out.add_interface(Interface::new(LinkType::ETHERNET)).unwrap();
    let mut stats = Stats::default();
    for received in [6, 7] {
        stats.received = Some(received);
        out.interface_stats(index, &stats).unwrap();
    }
    out.finish().unwrap();
    let path = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut types, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        types.push(number(at));
        at += number(at + 4) as usize;
    }
    // Section header, interface, its statistics.
    assert_eq!(types, [0x0a0d_0d0a, 1, 5]);
}

/// A live capture has intervals that end though nothing comes, and a first file that nothing came to.
#[test]
fn time_passes_without_frames() {
    let folder_waits = folder("waits");
    let long_ago = Timestamp::now() - Duration::from_secs(100);
    let rotation = Rotation::new().every(Duration::from_secs(60)).start_at(long_ago);
    let mut out = create(rotation, &folder_waits.join("t-%s"));
    assert!(out.rotate_if_due().unwrap().is_continue() && out.rotate_if_due().unwrap().is_continue());
    assert_eq!(out.files(), 2);
    out.finish().unwrap();
    let expected = [0, 60].map(|secs| format!("t-{}", (long_ago + Duration::from_secs(secs)).secs()));
    assert_eq!(names(&folder_waits), expected);
    let folder_none = folder("none");
    create(Rotation::new().every(Duration::from_secs(1)), &folder_none.join("t-%s")).finish().unwrap();
    assert_eq!(names(&folder_none).len(), 1);
    // A frame without a time, which could not name the file, is of now.
    let folder_timeless = folder("timeless");
    let mut out = create(Rotation::new().every(Duration::from_secs(60)).files(1), &folder_timeless.join("t"));
    assert!(out.write(Frame::new(&[1; 60], LinkType::ETHERNET)).unwrap().is_continue());
    out.finish().unwrap();
    assert_eq!(contents(&folder_timeless)["t"].len(), 1);
}

#[test]
#[cfg(feature = "compress")]
fn the_extension_of_the_name_compresses_all_files() {
    let folder = folder("compressed");
    let mut out = create(Rotation::new().size(10_000), &folder.join("t.pcap.gz"));
    (0..50).for_each(|number| assert!(write(&mut out, number, 1)));
    out.finish().unwrap();
    for name in ["t.pcap.gz", "t.pcap.gz1", "t.pcap.gz2"] {
        let file = Savefile::open(folder.join(name)).unwrap();
        assert_eq!(file.compression(), Some(pycap_capture::Compression::Gzip), "{name}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_before_a_file_is_made() {
    let folder = folder("refused");
    let rule = Rotation::new();
    for (rotation, name, words) in [
        (rule.clone(), "t", "the rotation has no rule"),
        (rule.clone().files(3), "t", "the rotation has no rule"),
        (rule.clone().size(0), "t", "at least 1 byte"),
        (rule.clone().size(1).files(0), "t", "at least 1 file"),
        (rule.clone().every(Duration::ZERO), "t", "whole seconds"),
        (rule.clone().every(Duration::from_millis(1500)), "t", "whole seconds"),
        (rule.clone().every(Duration::from_secs(1)), "t-%!", "no name with a time in it"),
        (rule.clone().every(Duration::from_secs(60)), "t.pcap", "put the time in the name"),
        (rule.clone().every(Duration::from_secs(60)), "t-%H.pcap", "put the time in the name"),
        (rule.clone().size(1).start_at(Timestamp::UNIX_EPOCH), "t", "which a start belongs to"),
    ] {
        let error = SavefileWriter::builder().rotate(rotation).create(folder.join(name)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        assert!(error.to_string().contains(words), "{error}");
    }
    assert_eq!(names(&folder), Vec::<String>::new());
    // The next file cannot be made: that is an error once and for all.
    let mut out = create(rule.size(100), &folder.join("t"));
    assert!(write(&mut out, 1, 1));
    std::fs::create_dir(folder.join("t1")).unwrap();
    for _ in 0..3 {
        let error = out.write(Frame::new(&[2; 60], LinkType::ETHERNET)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
    }
    assert_eq!(out.frames_written(), 1);
}
