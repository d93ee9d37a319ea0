//! What people are told when something is wrong.

mod rig;

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};

use rig::{SAMPLE, conversation, file, pcap, pycap, pycap_fed};

#[test]
fn nothing_to_do_says_what_to_try() {
    let output = pycap(&[]);
    assert_eq!((output.status, output.out.as_str()), (2, ""));
    assert!(
        output.err.starts_with("pycap: nothing to do: name an interface or a capture file\n"),
        "{}",
        output.err
    );
    assert!(output.err.contains("pycap -r trace.pcap"), "{}", output.err);
    assert!(output.err.contains("pycap --help"), "{}", output.err);
}

#[test]
fn what_cannot_be_done_is_told_in_a_line() {
    for (args, status, words) in [
        (&["-r", SAMPLE, "tcp", "prot", "80"][..], 2, "filter expression \"tcp prot 80\": "),
        (&["-r", SAMPLE, "-F", "missing"], 2, "missing: cannot read the expression: "),
        (&["-i", "nope0"], 1, "nope0: no interface has this name"),
        (&["-i", "999"], 2, "-i 999: take one of the "),
        (&["-i", "nope0", "-J"], 1, "nope0: "),
        (&["-i", "lo", "-s", "300000"], 2, "-s takes at most 262144 bytes"),
        (&["-r", SAMPLE, "-w", "/dev/null/x"], 1, "/dev/null/x: "),
        (&["-r", SAMPLE, "-w", env!("CARGO_TARGET_TMPDIR")], 1, ": cannot open for writing: Is a directory"),
        (
            &["-r", SAMPLE, "-w", "/no/such/folder/x"],
            1,
            "/no/such/folder/x: cannot open for writing: No such file",
        ),
        (&["-r", SAMPLE, "-Z", "no such user"], 2, "-Z no such user: there is no user of this name"),
        (&[SAMPLE], 2, "is a file: read it with pycap -r "),
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        assert!(output.err.starts_with("pycap: ") && output.err.contains(words), "{}", output.err);
    }
}

#[test]
fn wrong_flags_are_named() {
    for (args, words) in [
        (&["-w"][..], "'-w <FILE>'"),
        (&["--jsn", "-r", "f"], "'--jsn' found; a similar argument exists: '--json'"),
        (&["-Q", "-r", "f"], "in, out, inout"),
        (&["-i", "lo", "-r", "f"], "'-r <FILE>'"),
        (&["--pcapng", "-r", "f"], "-w <FILE>"),
        (&["-c", "0", "-r", "f"], "'0' for '-c <COUNT>': it takes a number from 1 on"),
        (&["-c", "-1", "-r", "f"], "'-1' for '-c <COUNT>'"),
        (&["-B", "-5", "-i", "lo"], "'-5' for '--buffer-size <KIB>': it takes a number from 1 on"),
        (&["-s", "-5", "-i", "lo"], "'-5' for '--snapshot-length <BYTES>'"),
        (&["--time-stamp-precision", "pico", "-r", "f"], "micro"),
        (&["-Z"], "<USER>"),
        (&["-j", "clock", "-i", "lo"], "take host, adapter or adapter_unsynced"),
        (&["-y", "EN10MB", "-r", "f"], "'-r <FILE>'"),
        (&["-c", "many", "-r", "f"], "'many'"),
        (&["-r"], "'-r <FILE>'"),
        (&["--json", "--count", "-r", "f"], "'--json'"),
        (&["-tttttt", "-r", "f"], "-ttttt"),
        (&["--color", "sometimes", "-r", "f"], "always"),
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{args:?}");
        assert!(output.err.contains(words), "{args:?}: {}", output.err);
        assert!(!output.err.contains("-- "), "{args:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{args:?}: {}", output.err);
        assert!(output.err.starts_with("pycap: "), "{args:?}: {}", output.err);
    }
}

#[test]
fn files_that_are_no_captures() {
    let empty = file("empty.pcap", b"");
    let text = file("text.pcap", b"this is not a capture, it is a text\n");
    let missing = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("missing.pcap");
    let folder = std::path::Path::new(env!("CARGO_TARGET_TMPDIR"));
    for path in [&*empty, &*text, &*missing, folder] {
        let path = path.to_str().unwrap();
        let output = pycap(&["-r", path]);
        assert_eq!((output.status, output.out.as_str()), (1, ""), "{path}");
        assert!(output.err.starts_with(&format!("pycap: {path}: ")), "{}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
    }
    let output = pycap(&["-r", folder.to_str().unwrap()]);
    assert!(output.err.contains(": cannot open: is a directory"), "{}", output.err);
    let output = pycap_fed(&["-r", "-"], b"");
    assert_eq!(output.status, 1);
    assert!(output.err.starts_with("pycap: standard input: "), "{}", output.err);
}

#[test]
fn a_torn_file_gives_all_it_has() {
    let capture = conversation();
    let whole = pycap_fed(&["-r", "-"], &capture);
    let path = file("torn.pcap", &capture[..capture.len() - 1]);
    let torn = pycap(&["-r", path.to_str().unwrap()]);
    assert_eq!(torn.status, 1);
    assert_eq!(torn.out.lines().count(), 10);
    assert!(whole.out.starts_with(&torn.out));
    assert!(torn.err.starts_with("pycap: ") && torn.err.contains("torn.pcap: "), "{}", torn.err);
    assert_eq!(torn.err.lines().count(), 1, "{}", torn.err);
    let count = pycap(&["--count", "-r", path.to_str().unwrap()]);
    assert_eq!((count.status, count.out.as_str()), (1, "10 packets\n"));
}

#[test]
fn a_closed_pipe_is_no_failure() {
    let frame = [0x12; 60];
    let records: Vec<(u32, u32, &[u8], Option<u32>)> =
        (0..20_000).map(|n| (n, 0, &frame[..], None)).collect();
    let path = file("long.pcap", &pcap(&records));
    for (flags, start) in [(&[][..], "ethertype Unknown (0x1212), length 60"), (&["-w", "-"], "")] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_pycap"))
            .args(["-r", path.to_str().unwrap()])
            .args(flags)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = Vec::new();
        BufReader::new(child.stdout.take().unwrap()).read_until(b'\n', &mut line).unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(String::from_utf8_lossy(&line).contains(start), "{line:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!((output.status.code(), said.as_ref()), (Some(0), ""), "{flags:?}");
    }
}

/// `/dev/full` takes nothing: Linux, full(4).
#[cfg(target_os = "linux")]
#[test]
fn what_cannot_be_written_is_told_and_what_cannot_be_told_is_in_the_status() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for form in [&[][..], &["-l"], &["--json"], &["--layers"], &["--count"], &["-L"], &["-v"]] {
        let output = Command::new(env!("CARGO_BIN_EXE_pycap"))
            .args(["-r", SAMPLE])
            .args(form)
            .stdout(full())
            .output()
            .unwrap();
        let message = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{form:?}");
        assert!(message.starts_with("pycap: cannot write the output: No space left"), "{message}");
        assert_eq!(message.lines().count(), 1, "{message}");
    }
    for (args, status) in [(&["-r", "missing.pcap"][..], 1), (&[], 2), (&["-Q"], 2)] {
        let child = Command::new(env!("CARGO_BIN_EXE_pycap")).args(args).stderr(full()).status().unwrap();
        assert_eq!(child.code(), Some(status), "{args:?}");
    }
}

#[test]
fn help_and_version() {
    let help = pycap(&["--help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert!(help.out.lines().all(|line| line.len() <= 100), "{}", help.out);
    assert!(help.out.contains("pycap -r trace.pcap --json"), "{}", help.out);
    assert_eq!(pycap(&["-h"]).out, help.out);
    assert_eq!(pycap(&["--version"]).out, concat!("pycap ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// tcpdump's long names. What only a live capture heeds is taken for a file too, as there.
#[test]
fn long_names_are_tcpdumps() {
    let long = [
        &["--count"][..],
        &["--number", "--absolute-tcp-sequence-numbers", "--dont-verify-checksums", "--no-optimize"],
        &["--time-stamp-precision=nano", "--print", "--packet-buffered", "--no-promiscuous-mode"],
        &["--time-stamp-precision", "micro", "--immediate-mode", "--buffer-size=4096", "--direction=inout"],
        &["--snapshot-length=100", "--micro", "--nano"],
    ];
    for flags in long {
        let output = pycap(&[&["-r", SAMPLE, "udp"], flags].concat());
        assert_eq!((output.status, output.err.as_str()), (0, ""), "{flags:?}");
        assert!(!output.out.is_empty(), "{flags:?}");
    }
    for (long, short) in [("--list-interfaces", "-D"), ("--help", "-h")] {
        let (long, short) = (pycap(&[long]), pycap(&[short]));
        assert!(long.status == 0 && long == short);
    }
    for flags in [
        &["--interface=nope0", "--list-data-link-types"][..],
        &["--interface", "nope0", "--list-time-stamp-types"],
        &[
            "--interface",
            "nope0",
            "--linktype=EN10MB",
            "--time-stamp-type=host",
            "--relinquish-privileges=nobody",
        ],
    ] {
        let output = pycap(flags);
        assert_eq!(output.status, 1, "{flags:?}");
        assert!(output.err.starts_with("pycap: nope0: "), "{flags:?}: {}", output.err);
    }
}

/// As tcpdump reads it: comments to the end of a line, and several lines.
#[test]
fn an_expression_can_be_in_a_file() {
    let path = file("expression", b"tcp # all of it\n# more\n  and port 80\n");
    let path = path.to_str().unwrap();
    let ours = pycap(&["-r", SAMPLE, "-d", "-F", path]);
    assert_eq!((ours.status, ours.err.as_str()), (0, ""));
    if let Some(theirs) = rig::tcpdump("UTC", &["-r", SAMPLE, "-d", "-F", path]) {
        assert_eq!(ours.out, theirs.out);
    }
}

#[test]
fn what_is_written_can_be_counted_or_printed() {
    let path = file("counted.pcap", b"");
    let path = path.to_str().unwrap();
    for (flags, lines) in [(&[][..], 0), (&["--count"], 1), (&["--print"], 53), (&["--print", "--count"], 1)]
    {
        let output = pycap(&[&["-r", SAMPLE, "-w", path], flags].concat());
        assert_eq!((output.status, output.out.lines().count()), (0, lines), "{flags:?}: {}", output.err);
        assert_eq!(std::fs::read(path).unwrap(), std::fs::read(SAMPLE).unwrap(), "{flags:?}");
    }
}

/// Every example that `--help` shows, on the sample.
#[test]
fn examples_work() {
    let help = pycap(&["--help"]).out;
    let examples: Vec<&str> = help.lines().filter(|line| line.starts_with("  pycap -r trace")).collect();
    assert_eq!(examples.len(), 2, "{help}");
    for example in examples {
        let flags = example.split("  ").find(|part| !part.is_empty()).unwrap();
        let args: Vec<&str> =
            flags.split(' ').skip(1).map(|arg| if arg.starts_with("trace") { SAMPLE } else { arg }).collect();
        let output = pycap(&args);
        assert_eq!((output.status, output.err.as_str()), (0, ""), "{example}");
        assert!(output.out.lines().count() >= 2, "{example}");
    }
}
