//! `pycap index`.

mod rig;

use std::path::Path;

use pycap_capture::{SavefileIndex, Selection};
use rig::{SAMPLE, file, pycap};

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn an_index_is_saved_and_told_of() {
    let capture = file("index-sample.pcap", &std::fs::read(SAMPLE).unwrap());
    let packets = pycap(&["-r", SAMPLE, "--count"]).out;
    let packets = packets.trim_end();
    let times = pycap(&["-r", SAMPLE, "-tttt"]).out;
    let time = |line: Option<&str>| line.unwrap()[..26].to_owned();
    let (first, last) = (time(times.lines().next()), time(times.lines().last()));
    let len = std::fs::metadata(&capture).unwrap().len();

    let output = pycap(&["index", text(&capture)]);
    let expected = format!(
        "{}.pycap-index: {packets} from {first} to {last}, {len} bytes in 2 chunks\n",
        capture.display()
    );
    assert_eq!((output.status, output.out.as_str(), output.err.as_str()), (0, expected.as_str(), ""));
    // The README shows it.
    let line = output.out.replace(text(&capture), "trace.pcap");
    assert!(include_str!("../README.md").contains(&format!("$ pycap index trace.pcap\n{line}")), "{line}");

    let index = SavefileIndex::load(&capture).unwrap();
    let mut third = index.open(Selection::by_number(3..4)).unwrap();
    assert!(third.next_frame().unwrap().is_some());
    assert!(third.next_frame().unwrap().is_none());
}

#[test]
fn a_damaged_capture_is_indexed_up_to_the_damage() {
    let mut bytes = std::fs::read(SAMPLE).unwrap();
    bytes.truncate(bytes.len() - 3);
    let capture = file("index-damaged.pcap", &bytes);
    let output = pycap(&["index", text(&capture)]);
    assert_eq!(output.status, 0);
    assert!(output.out.contains(".pycap-index: "), "{}", output.out);
    let start = format!("pycap: what is behind the damage is not indexed: {}: record ", capture.display());
    assert!(output.err.starts_with(&start), "{}", output.err);
    assert_eq!(output.err.lines().count(), 1);
    let plain = pycap(&["-r", text(&capture), "--count"]);
    assert!(plain.err.contains(output.err.trim_end().strip_prefix(start.as_str()).unwrap()), "{}", plain.err);
}

#[test]
fn what_cannot_be_indexed_is_told_in_a_line() {
    let compressed = file("index.pcap.gz", b"\x1f\x8b\x08\0and so on");
    let empty = file("index-empty.pcap", b"");
    for (args, status, words) in [
        (&["index", "-"][..], 2, "an index needs a file, standard input cannot be read twice"),
        (&["index", "/no/such/file"], 1, "/no/such/file: cannot open: "),
        (&["index", "/dev/null"], 1, "/dev/null: only a regular file can be indexed"),
        (&["index", text(&empty)], 1, "the file is empty"),
        (&["index", text(&compressed)], 1, "this is gzip; decompress it first: gzip -d FILE\n"),
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        assert!(output.err.starts_with("pycap: ") && output.err.contains(words), "{}", output.err);
    }
    let output = pycap(&["index"]);
    assert_eq!((output.status, output.out.as_str()), (2, ""));
    assert!(output.err.contains("<FILE>"), "{}", output.err);
    assert!(pycap(&["index", "--help"]).out.contains("FILE.pycap-index"));
}
