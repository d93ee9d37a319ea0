//! The README shows what the command does.

mod rig;

use rig::{SAMPLE, pycap};
use serde_json::Value;

const README: &str = include_str!("../README.md");

/// What stands between `start` and the end of its code block.
fn block(start: &str) -> &'static str {
    let (_, rest) = README.split_once(start).unwrap();
    rest.split_once("```").unwrap().0
}

#[test]
fn the_lines_are_real() {
    let output = pycap(&["-r", SAMPLE, "-c", "7"]);
    assert_eq!(block("$ pycap -r samples/ping-web-dns.pcap -c 7\n"), output.out);
}

#[test]
fn the_object_is_real() {
    let shown: Value = serde_json::from_str(block("```json\n")).unwrap();
    let output = pycap(&["--json", "-r", SAMPLE]);
    let line = output.out.lines().nth(41).unwrap();
    assert_eq!(serde_json::from_str::<Value>(line).unwrap(), shown);
}

#[test]
fn every_flag_of_the_readme_is_in_the_help() {
    let help = pycap(&["--help"]).out;
    let table = README.split_once("| flag | |").unwrap().1.split_once("## JSON").unwrap().0;
    for line in table.lines().filter(|line| line.starts_with("| `-")) {
        let flag = line.trim_start_matches("| `").split(['`', ' ']).next().unwrap();
        assert!(help.contains(flag), "{flag}");
    }
}

#[test]
fn the_report_is_real() {
    let output = pycap(&["info", SAMPLE]);
    let shown = block("$ TZ=UTC pycap info samples/ping-web-dns.pcap\n");
    // The path is another one here.
    assert_eq!(shown.split_once('\n').unwrap().1, output.out.split_once('\n').unwrap().1);
}
