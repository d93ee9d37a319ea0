//! `--follow`: a file that grows and is rotated while the command reads it.
#![cfg(target_os = "linux")]

mod rig;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use rig::{SAMPLE, hex, pcap, pycap};

/// Longer than anything here takes, where it works.
const LONG: Duration = Duration::from_secs(20);

/// The command while it runs.
struct Following {
    child: Child,
    lines: Receiver<String>,
    errors: Receiver<String>,
}

fn lines(from: impl Read + Send + 'static) -> Receiver<String> {
    let (to, lines) = channel();
    thread::spawn(move || {
        for line in BufReader::new(from).lines().map_while(Result::ok) {
            if to.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

impl Following {
    fn new(args: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pycap"))
            .args(args)
            .env("TZ", "UTC")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let out = lines(child.stdout.take().unwrap());
        let errors = lines(child.stderr.take().unwrap());
        Self { child, lines: out, errors }
    }

    /// The next line, which comes in the end.
    fn line(&self) -> String {
        self.lines.recv_timeout(LONG).unwrap()
    }

    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
    }

    /// The exit status, and what is left of what it said.
    fn end(mut self) -> (i32, Vec<String>, Vec<String>) {
        let status = self.child.wait().unwrap().code().unwrap_or(-1);
        (status, self.lines.iter().collect(), self.errors.iter().collect())
    }
}

fn folder(test: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("follow").join(test);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// An ARP request of an Ethernet frame, of so many seconds.
fn record(secs: u32) -> Vec<u8> {
    let arp =
        "ffffffffffff 0200000000 01 0806 0001 0800 06 04 0001 020000000001 c0000201 000000000000 c0000202";
    pcap(&[(secs, 0, &hex(arp), None)])[24..].to_vec()
}

fn line(secs: u32) -> String {
    format!("{secs}.000000 ARP, Request who-has 192.0.2.2 tell 192.0.2.1, length 28")
}

fn append(path: &Path, bytes: &[u8]) {
    fs::OpenOptions::new().append(true).create(true).open(path).unwrap().write_all(bytes).unwrap();
}

#[test]
fn packets_are_printed_as_they_come() {
    let folder = folder("print");
    let path = folder.join("trace.pcap");
    let name = path.to_str().unwrap();
    append(&path, &pcap(&[]));
    append(&path, &record(1));
    let following = Following::new(&["-r", name, "--follow", "-tt"]);
    assert_eq!(following.line(), line(1));
    for secs in 2..6 {
        append(&path, &record(secs));
        assert_eq!(following.line(), line(secs));
    }
    append(&path, &record(6)[..50]);
    fs::rename(&path, folder.join("trace.pcap.1")).unwrap();
    append(&path, &[pcap(&[]), record(7)].concat());
    assert_eq!(following.line(), line(7));
    following.signal(Signal::SIGUSR1);
    let told = following.errors.recv_timeout(LONG).unwrap();
    assert_eq!(told, "pycap: 6 packets from 2 files, 1 record cut short at the end of its file");
    append(&path, &record(8)[..50]);
    following.signal(Signal::SIGINT);
    assert_eq!(following.end(), (0, vec![], vec![told]));
}

/// Each file has numbers of its own, and packets that do not match have theirs.
#[test]
fn numbers_are_those_of_each_file() {
    for form in [&["-#", "-t"][..], &["--json"]] {
        let folder = folder(&format!("numbers{}", form.len()));
        let path = folder.join("trace.pcap");
        let name = path.to_str().unwrap();
        append(&path, &[pcap(&[]), record(1), other_record(), record(3)].concat());
        let following = Following::new(&[&["-r", name, "--follow", "arp"], form].concat());
        let number = |line: String| -> u64 {
            let digits = line.trim_start_matches("{\"schema\":1,\"number\":").trim_start();
            digits.split([' ', ',']).next().unwrap().parse().unwrap()
        };
        assert_eq!([following.line(), following.line()].map(number), [1, 3], "{form:?}");
        fs::rename(&path, folder.join("trace.pcap.1")).unwrap();
        append(&path, &[pcap(&[]), other_record(), record(5)].concat());
        assert_eq!(number(following.line()), 2, "{form:?}");
        following.signal(Signal::SIGINT);
        assert_eq!(following.end().0, 0);
    }
}

/// A frame that is no ARP.
fn other_record() -> Vec<u8> {
    pcap(&[(2, 0, &[0x12; 60], None)])[24..].to_vec()
}

#[test]
fn what_is_written_is_whole() {
    for (signal, out) in [(Signal::SIGINT, "out.pcap"), (Signal::SIGTERM, "out.pcapng")] {
        let folder = folder(out);
        let (path, out) = (folder.join("trace"), folder.join(out));
        let (name, out_name) = (path.to_str().unwrap(), out.to_str().unwrap());
        let sample = fs::read(SAMPLE).unwrap();
        append(&path, &sample[..5000]);
        let following = Following::new(&["-r", name, "--follow", "-U", "-w", out_name, "--print", "-#"]);
        following.line();
        append(&path, &sample[5000..]);
        for _ in 1..53 {
            following.line();
        }
        following.signal(signal);
        assert_eq!(following.end(), (0, vec![], vec![]));
        let (copy, original) = (pycap(&["-e", "-r", out_name]), pycap(&["-e", "-r", SAMPLE]));
        assert_eq!(copy, original);
    }
}

#[test]
fn filters_counts_and_rotation_work_as_with_a_file() {
    let folder = folder("rotation");
    let path = folder.join("trace");
    let (name, out) = (path.to_str().unwrap(), folder.join("out-%s"));
    let records: Vec<_> = (100..130).flat_map(record).collect();
    append(&path, &[pcap(&[]), records].concat());
    let following =
        Following::new(&["-r", name, "--follow", "-c", "25", "-G", "10", "-w", out.to_str().unwrap(), "arp"]);
    let (status, printed, errors) = following.end();
    assert_eq!((status, printed), (0, vec![]), "{errors:?}");
    for (secs, packets) in [(100, "10 packets\n"), (110, "10 packets\n"), (120, "5 packets\n")] {
        let file = folder.join(format!("out-{secs}"));
        assert_eq!(pycap(&["--count", "-r", file.to_str().unwrap()]).out, packets);
    }
    let nothing = Following::new(&["-r", name, "--follow", "--count", "udp"]);
    thread::sleep(Duration::from_millis(300));
    nothing.signal(Signal::SIGINT);
    assert_eq!(nothing.end(), (0, vec!["0 packets".to_owned()], vec![]));
}

/// A command that does not come to read: what was removed meanwhile is told, what was only renamed is there.
#[test]
fn what_was_missed_is_told() {
    let folder = folder("missed");
    let path = folder.join("trace.pcap");
    append(&path, &[pcap(&[]), record(1)].concat());
    let following = Following::new(&["-r", path.to_str().unwrap(), "--follow", "-tt"]);
    assert_eq!(following.line(), line(1));
    following.signal(Signal::SIGSTOP);
    for secs in 2..=6 {
        if secs % 2 == 0 {
            fs::rename(&path, folder.join(format!("trace.pcap.{secs}"))).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        append(&path, &[pcap(&[]), record(secs)].concat());
    }
    following.signal(Signal::SIGCONT);
    for secs in [3, 5, 6] {
        assert_eq!(following.line(), line(secs));
    }
    following.signal(Signal::SIGINT);
    let told =
        "pycap: 4 packets from 4 files, 2 files missed: they were gone before they were read to their end";
    assert_eq!(following.end(), (0, vec![], vec![told.to_owned()]));
}

#[test]
fn damage_ends_it() {
    let path = folder("damage").join("trace");
    append(&path, &[pcap(&[]), record(1)].concat());
    let following = Following::new(&["-r", path.to_str().unwrap(), "--follow", "-tt"]);
    assert_eq!(following.line(), line(1));
    append(&path, &[0xff; 16]);
    let (status, printed, errors) = following.end();
    assert_eq!((status, printed, errors.len()), (1, vec![], 1));
    assert!(errors[0].contains("record 2 at byte 82: 4294967295 bytes of data announced"), "{errors:?}");
}

#[test]
fn what_cannot_be_followed_is_told() {
    let folder = folder("refused");
    let path = folder.join("trace.gz");
    append(&path, b"\x1f\x8b\x08\0");
    for (args, status, words) in [
        (
            &["-r", "-", "--follow"][..],
            2,
            "leave --follow out, or name a file: standard input is read as it comes anyway",
        ),
        (&["--follow"], 2, "-r FILE --follow"),
        (&["-i", "lo", "--follow"], 2, "-r FILE --follow"),
        (&["-r", "missing", "--follow"], 1, "missing: cannot open: No such file"),
        (&["-r", folder.to_str().unwrap(), "--follow"], 1, "cannot open: "),
        (&["-r", "/dev/null", "--follow"], 1, "only a regular file can be followed"),
        (&["-r", path.to_str().unwrap(), "--follow"], 1, "tail -c +1 -f FILE | gzip -dc | pycap -r -"),
        (&["-r", SAMPLE, "--follow", "-w", SAMPLE], 2, "that is the file that is read"),
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}: {}", output.err);
        assert!(output.err.contains(words), "{}", output.err);
    }
}

/// What is written has the comments, the names and the interfaces of all files that were followed.
#[test]
fn what_is_written_has_all_blocks() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("follow-blocks.pcapng");
    let out = path.with_file_name("follow-blocks-out.pcapng");
    let mut file = pycap_capture::SavefileWriter::builder()
        .format(pycap_capture::Format::Pcapng)
        .comment("all of it")
        .to_writer(Vec::new())
        .unwrap();
    let frame = pycap_capture::Frame::new(&[0; 60], pycap_capture::LinkType::ETHERNET);
    let comment = pycap_capture::pcapng::OptionList::new().comment("the one packet");
    file.write_with(frame.with_timestamp(pycap_capture::Timestamp::new(1, 2)), comment.options()).unwrap();
    let bytes = file.finish().unwrap();
    fs::write(&path, &bytes).unwrap();
    let following =
        Following::new(&["--follow", "-r", path.to_str().unwrap(), "-c", "1", "-w", out.to_str().unwrap()]);
    let (status, printed, errors) = following.end();
    assert_eq!((status, printed, errors), (0, Vec::new(), Vec::new()));
    assert_eq!(fs::read(out).unwrap(), bytes);
}
