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
        (&["index", text(&compressed)], 1, "this is gzip; decompress it to a file first: gzip -dc FILE\n"),
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

#[test]
fn a_stretch_of_time_is_read_with_it() {
    // A minute, a packet a millisecond: several chunks.
    let mut out = pycap_capture::SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    for n in 0..60_000 {
        let time = pycap_capture::Timestamp::new(1_700_000_000 + n / 1000, (n % 1000) as u32 * 1_000_000);
        let frame = pycap_capture::Frame::new(&[0; 60], pycap_capture::LinkType::ETHERNET);
        out.write(frame.with_timestamp(time)).unwrap();
    }
    let capture = file("index-minute.pcap", &out.finish().unwrap());
    let _ = std::fs::remove_file(SavefileIndex::path_beside(&capture));
    let stretch = ["-r", text(&capture), "--from", "1700000030", "--to", "1700000030.005", "-tt", "-q"];
    let plain = pycap(&stretch);
    assert_eq!((plain.status, plain.out.lines().count(), plain.err.as_str()), (0, 5, ""));
    assert_eq!(pycap(&["index", text(&capture)]).status, 0);
    let output = pycap(&stretch);
    assert_eq!((output.status, output.out.as_str(), output.err.as_str()), (0, plain.out.as_str(), ""));
    // What is not asked for is not even read: damage far ahead of it is not seen, where it has changed neither length nor time.
    let modified = std::fs::metadata(&capture).unwrap().modified().unwrap();
    let mut bytes = std::fs::read(&capture).unwrap();
    bytes[10_000..20_000].fill(0xff);
    std::fs::write(&capture, &bytes).unwrap();
    std::fs::File::options().write(true).open(&capture).unwrap().set_modified(modified).unwrap();
    assert!(pycap(&["-r", text(&capture), "--count"]).err.contains("damaged"));
    // The first chunk is always read; in this file it is the header alone.
    let output = pycap(&stretch);
    assert_eq!((output.status, output.out.as_str(), output.err.as_str()), (0, plain.out.as_str(), ""));
    // An index that does not fit is not used, and that is told.
    bytes.extend([0; 24]);
    std::fs::write(&capture, &bytes).unwrap();
    let output = pycap(&stretch);
    assert!(
        output.err.contains("build it anew, with `pycap index FILE`; until then all of the file is read"),
        "{}",
        output.err
    );
}
