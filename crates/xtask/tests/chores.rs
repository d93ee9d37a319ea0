//! What the chores say, and their exit status.

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use pycap_testkit::savefile::{Order, Pcap};

fn xtask(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(args).stdout(Stdio::piped()).env_remove("PYCAP_CORPUS").env_remove("CI");
    command
}

fn ran(command: &mut Command) -> (Option<i32>, String, String) {
    let child = command.stderr(Stdio::piped()).spawn().unwrap();
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

#[test]
fn an_unknown_step_is_an_error_that_names_the_known_ones() {
    let (status, out, err) = ran(&mut xtask(&["test", "nonsense"]));
    assert_eq!((status, out.as_str()), (Some(1), ""));
    assert!(err.contains("'nonsense'") && err.contains("\n  fuzz targets\n"), "{err}");
}

#[test]
fn a_corpus_that_was_named_has_to_be_there() {
    let (status, out, err) =
        ran(xtask(&["test", "conformance"]).env("PYCAP_CORPUS", "no/such/folder").current_dir("/"));
    assert_eq!(status, Some(1), "{out}");
    assert!(out.contains("FAILED") && err.contains("no/such/folder"), "{out}{err}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let oracle = file("corpus/oracle.jsonl", b"");
    let capture =
        file("closed.pcap", &Pcap::new(Order::Little, Pcap::MICROSECONDS, 1).record(0, 0, 1, b"x").build());
    let capture = capture.to_str().unwrap();
    for (args, expected) in [
        (&["conformance", "--corpus", oracle.parent().unwrap().to_str().unwrap()][..], 1),
        (&["tools", "--help"], 0),
        (&["oracle", capture], 0),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let (status, _, err) = ran(xtask(args).stdout(writer));
        assert_eq!((status, err.as_str()), (Some(expected), ""), "{args:?}");
    }
}

#[test]
fn the_oracle_tells_damage_in_its_last_line_and_fails_where_there_is_no_file() {
    let torn = Pcap::new(Order::Little, Pcap::MICROSECONDS, 1).record(0, 0, 1, b"x").bytes(b"torn").build();
    let torn = file("torn.pcap", &torn);
    let (status, out, err) = ran(&mut xtask(&["oracle", torn.to_str().unwrap()]));
    assert_eq!((status, out.lines().count(), err.as_str()), (Some(0), 2, ""));
    assert!(out.lines().last().unwrap().starts_with(r#"{"file_error":"#), "{out}");

    let (status, out, err) = ran(&mut xtask(&["oracle", "no/such/file"]));
    assert_eq!(status, Some(1));
    assert!(out.starts_with(r#"{"file_error":"no/such/file: cannot open"#), "{out}");
    assert!(err.starts_with("xtask: no/such/file: cannot open"), "{err}");
}
