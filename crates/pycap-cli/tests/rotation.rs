//! `-C`, `-G`, `-W`, `-z` where a file is read; `live_rotation.rs` has those of live captures.

mod rig;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pycap_capture::Savefile;
use rig::{Output, SAMPLE, file, pcap, pycap, tcpdump};

/// An empty folder, and the name of a file in it.
fn place(test: &str, name: &str) -> (PathBuf, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name).to_str().unwrap().to_owned();
    (folder, path)
}

/// The bytes of each file by its name.
fn contents(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap())
        .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
        .collect()
}

fn names(folder: &Path) -> Vec<String> {
    contents(folder).into_keys().collect()
}

/// The sample so often that it makes files of a million bytes.
fn large() -> PathBuf {
    let sample = std::fs::read(SAMPLE).unwrap();
    let mut bytes = sample[..24].to_vec();
    for _ in 0..350 {
        bytes.extend(&sample[24..]);
    }
    file(&format!("rotation-{:?}.pcap", std::thread::current().id()), &bytes)
}

fn frames(path: &Path) -> Vec<(Vec<u8>, Option<pycap_capture::Timestamp>)> {
    let mut file = Savefile::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push((frame.data().to_vec(), frame.timestamp()));
    }
    frames
}

fn succeeded(output: &Output) {
    assert_eq!((output.status, output.out.as_str(), output.err.as_str()), (0, "", ""));
}

/// With a million as the unit, names and contents are the same bytes.
#[test]
fn files_of_a_size_are_those_of_tcpdump() {
    let input = large();
    let input = input.to_str().unwrap();
    for (number, flags) in [
        &["-C", "1"][..],
        &["-C", "1", "-W", "2"],
        &["-C", "1", "-W", "10"],
        &["-C", "1", "-W", "11"],
        &["-C", "1", "-W", "1"],
        &["-C", "2", "-c", "7000"],
        &["-C", "1000"],
    ]
    .into_iter()
    .enumerate()
    {
        let run = |who: &str, program: &dyn Fn(&[&str]) -> Option<Output>| {
            let (folder, path) = place(&format!("rotation-{who}-{number}"), "t.pcap");
            program(&[&["-r", input, "-w", &path], flags].concat()).map(|_| contents(&folder))
        };
        let ours = run("ours", &|args| Some(pycap(args))).unwrap();
        // As the user that runs the test: tcpdump may have been built to become another for this.
        let theirs = run("theirs", &|args| tcpdump("UTC", &[&["-Z", "root"], args].concat()));
        let Some(theirs) = theirs else { return };
        assert!(ours == theirs, "{flags:?}: {:?} and {:?}", ours.keys(), theirs.keys());
    }
}

#[test]
fn every_file_is_complete_and_nothing_is_lost_between_them() {
    let input = large();
    for (number, name, flags) in [
        (0, "t.pcap", &["-C", "100k"][..]),
        (1, "t.pcapng", &["-C", "100k"]),
        (2, "t.pcapng", &["-C", "1m", "-G", "1"]),
        (3, "t-%s.pcap", &["-G", "1", "-C", "900K"]),
    ] {
        let (folder, path) = place(&format!("rotation-whole-{number}"), name);
        let output = pycap(&[&["-r", input.to_str().unwrap(), "-w", &path], flags].concat());
        assert_eq!(output.status, 0, "{}", output.err);
        let mut files: Vec<_> =
            std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        // In the order in which they were written.
        if name.contains('%') {
            files.sort();
        } else {
            files.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
        }
        assert!(files.len() > 2, "{files:?}");
        let whole = frames(&input);
        if flags.contains(&"-G") && !name.contains('%') {
            // Each interval's files took the place of those before.
            assert!(output.err.contains(" will be written over "), "{}", output.err);
            let last: Vec<_> = files.iter().flat_map(|path| frames(path)).collect();
            assert!(whole.ends_with(&last) && !last.is_empty());
        } else {
            let all: Vec<_> = files.iter().flat_map(|path| frames(path)).collect();
            assert!(all == whole, "{name} {flags:?}: {} of {}", all.len(), whole.len());
        }
    }
}

/// Frames at these seconds, a byte in each.
fn at_seconds(name: &str, seconds: &[u32]) -> String {
    let data: Vec<[u8; 60]> = seconds.iter().map(|second| [*second as u8; 60]).collect();
    let records: Vec<(u32, u32, &[u8], Option<u32>)> =
        seconds.iter().zip(&data).map(|(second, data)| (*second, 999_999, &data[..], None)).collect();
    file(name, &pcap(&records)).to_str().unwrap().to_owned()
}

/// Intervals count from the first packet on and do not drift; one without a packet has no file; a packet with an earlier time does not open
/// an earlier file again.
#[test]
fn times_of_a_file_that_is_read_are_its_packets() {
    let input = at_seconds("rotation-times.pcap", &[100, 104, 103, 105, 109, 131, 90, 135]);
    let (folder, path) = place("rotation-times", "t-%s");
    succeeded(&pycap(&["-r", &input, "-G", "5", "-w", &path]));
    let seconds = |folder: &Path| -> BTreeMap<String, Vec<u8>> {
        let firsts = |name: &String| frames(&folder.join(name)).iter().map(|(data, _)| data[0]).collect();
        names(folder).into_iter().map(|name| (name.clone(), firsts(&name))).collect()
    };
    let expected = [
        ("t-100", vec![100, 104, 103]),
        ("t-105", vec![105, 109]),
        ("t-130", vec![131, 90]),
        ("t-135", vec![135]),
    ]
    .map(|(name, seconds)| (name.to_owned(), seconds));
    assert_eq!(seconds(&folder), BTreeMap::from(expected.clone()));

    // -W: so many files, and success.
    let (folder, path) = place("rotation-times-count", "t-%s");
    let output = pycap(&["-r", &input, "-G", "5", "-W", "2", "-w", &path]);
    assert_eq!((output.status, output.err.as_str()), (0, "pycap: 2 files written: that is the limit\n"));
    assert_eq!(seconds(&folder), BTreeMap::from_iter(expected.into_iter().take(2)));
}

#[test]
fn names_have_local_times() {
    let input = at_seconds("rotation-names.pcap", &[1_700_000_000]);
    for (pattern, name) in [
        ("%Y-%m-%d_%H:%M:%S.pcap", "2023-11-14_22:13:20.pcap"),
        ("%%a%j-%b", "%a318-Nov"),
        ("%F_%T_%Z", "2023-11-14_22:13:20_UTC"),
        ("same", "same"),
    ] {
        let (folder, path) = place("rotation-names", pattern);
        succeeded(&pycap(&["-r", &input, "-G", "60", "-W", "1", "-w", &path]));
        assert_eq!(names(&folder), [name]);
    }
    let (folder, path) = place("rotation-zone", "%H");
    rig::pycap_in("Asia/Tokyo", &["-r", &input, "-G", "60", "-w", &path]);
    assert_eq!(names(&folder), ["07"]);
    // Without -G, nothing is put in.
    let (folder, path) = place("rotation-no-names", "%H");
    succeeded(&pycap(&["-r", &input, "-C", "1", "-w", &path]));
    assert_eq!(names(&folder), ["%H"]);
}

/// Both at once: numbers start again with each interval, and `-W` makes a ring of each interval's files.
#[test]
fn size_and_time_together() {
    let data = [7; 1000];
    let records: Vec<(u32, u32, &[u8], Option<u32>)> =
        (0..12).map(|n| (100 + n / 4, 0, &data[..], None)).collect();
    let input = file("rotation-both.pcap", &pcap(&records));
    let (folder, path) = place("rotation-both", "t-%s.");
    succeeded(&pycap(&["-r", input.to_str().unwrap(), "-G", "1", "-C", "1k", "-w", &path]));
    assert_eq!(
        names(&folder),
        [
            "t-100.", "t-100.1", "t-100.2", "t-100.3", "t-101.", "t-101.1", "t-101.2", "t-101.3", "t-102.",
            "t-102.1", "t-102.2", "t-102.3"
        ]
        .map(|name| name.to_owned())
    );
    let (folder, path) = place("rotation-both-ring", "t-%s.");
    succeeded(&pycap(&["-r", input.to_str().unwrap(), "-G", "1", "-C", "1k", "-W", "2", "-w", &path]));
    assert_eq!(names(&folder), ["t-100.0", "t-100.1", "t-101.0", "t-101.1", "t-102.0", "t-102.1"]);
}

/// A file has a packet at least, also where what goes ahead of it is larger than a file may be.
#[test]
fn a_header_is_never_alone() {
    let mut out = pycap_capture::SavefileWriter::builder()
        .format(pycap_capture::Format::Pcapng)
        .comment("x".repeat(3000))
        .to_writer(Vec::new())
        .unwrap();
    for secs in 0..3 {
        let frame = pycap_capture::Frame::new(&[0; 60], pycap_capture::LinkType::ETHERNET);
        out.write(frame.with_timestamp(pycap_capture::Timestamp::new(secs, 0))).unwrap();
    }
    let input = file("rotation-header.pcapng", &out.finish().unwrap());
    let (folder, path) = place("rotation-header", "t.pcapng");
    succeeded(&pycap(&["-r", input.to_str().unwrap(), "-C", "1k", "-w", &path]));
    assert_eq!(names(&folder), ["t.pcapng", "t.pcapng1", "t.pcapng2"]);
    assert!(names(&folder).iter().all(|name| frames(&folder.join(name)).len() == 1));
}

#[test]
fn a_file_there_is_in_any_case() {
    let input = file("rotation-none.pcap", &pcap(&[]));
    let (folder, path) = place("rotation-none", "%s");
    succeeded(&pycap(&["-r", input.to_str().unwrap(), "-G", "1", "-w", &path]));
    assert_eq!(names(&folder).len(), 1);
    assert_eq!(frames(&folder.join(&names(&folder)[0])), []);
}

#[test]
fn what_makes_no_sense_is_told() {
    for (args, words) in [
        (&["-C", "1", "-w", "-"][..], "-w - is one stream"),
        (&["-G", "1", "-w", "-"], "-w - is one stream"),
        (&["-C", "1"], "-w <FILE>"),
        (&["-G", "1"], "-w <FILE>"),
        (&["-W", "1", "-w", "x"], "-C <SIZE>|-G <SECONDS>"),
        (&["-z", "true", "-w", "x"], "-z true takes -C or -G, too"),
        (&["-C", "0", "-w", "x"], "millions of bytes"),
        (&["-C", "1t", "-w", "x"], "millions of bytes"),
        (&["-G", "0", "-w", "x"], "it takes a number from 1 on"),
        (&["-G", "1", "-W", "0", "-w", "x"], "it takes a number from 1 on"),
        (&["-G", "1", "-w", "%!"], "-w %!: no name with a time in it"),
        (&["-w", SAMPLE], "that is the file that is read"),
        (&["-w", SAMPLE, "-C", "1"], "that is the file that is read"),
    ] {
        let before = std::fs::read(SAMPLE).unwrap();
        let output = pycap(&[&["-r", SAMPLE], args].concat());
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{args:?}");
        assert!(output.err.contains(words), "{args:?}: {}", output.err);
        assert_eq!(std::fs::read(SAMPLE).unwrap(), before);
    }
}

/// A command for each file but the last, as in tcpdump, with standard input closed and the file complete.
#[cfg(target_os = "linux")]
#[test]
fn a_command_has_each_file_that_is_followed_by_another() {
    let input = large();
    let (folder, path) = place("rotation-command", "t");
    let command = folder.join("command");
    let log = folder.join("log");
    // One short write a line: they do not mix.
    let script = format!(
        "#!/bin/sh\nread line && exit 9\necho \"$# ${{1##*/}} nice $(nice) bytes $(wc -c <\"$1\")\" >>'{}'\n",
        log.display()
    );
    let command = command.to_str().unwrap();
    // By another process: what this one has open for writing, a child that another test starts just then has too, for a moment, and
    // meanwhile it cannot be run.
    let write = "printf '%s' \"$1\" >\"$2\"; chmod +x \"$2\"";
    let written = std::process::Command::new("sh").args(["-c", write, "sh", &script, command]).status();
    assert!(written.unwrap().success());
    succeeded(&pycap(&["-r", input.to_str().unwrap(), "-w", &path, "-C", "1", "-z", command]));
    // They may outlive the capture, and take long where others are busy.
    let lines = (0..600).find_map(|_| {
        std::thread::sleep(std::time::Duration::from_millis(50));
        let log = std::fs::read_to_string(&log).unwrap_or_default();
        let mut lines: Vec<String> = log.lines().map(str::to_owned).collect();
        lines.sort();
        (lines.len() >= 3).then_some(lines)
    });
    let expected = ["t", "t1", "t2"].map(|name| {
        format!("1 {name} nice 19 bytes {}", std::fs::metadata(folder.join(name)).unwrap().len())
    });
    assert_eq!(lines.unwrap(), expected);
    assert!(folder.join("t3").is_file());

    for (command, words) in [("/no/such/program", "No such file"), ("false", "exit status: 1")] {
        let (_, path) = place("rotation-command-fails", "t");
        let output = pycap(&["-r", input.to_str().unwrap(), "-w", &path, "-C", "1", "-z", command]);
        assert_eq!(output.status, 0);
        let first = output.err.lines().next().unwrap_or_default();
        // A command that has started may fail when nobody is left to say so.
        assert!(output.err.is_empty() && command == "false" || first.contains(words), "{}", output.err);
        assert!(first.is_empty() || first.starts_with(&format!("pycap: -z {command} ")), "{}", output.err);
    }
}
