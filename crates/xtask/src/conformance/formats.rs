//! The savefile reader's part: how many records, which, and whether damage is told.

use std::fmt::Write;
use std::path::Path;

use pycap_capture::{Error, ErrorKind, Frame};
use serde::Deserialize;

use super::corpus::CorpusFile;
use super::report::Report;

/// What was read from a file.
pub(super) struct Read {
    records: Vec<Expected>,
    error: Option<Error>,
    /// Where the file ends; nothing for a compressed one, whose offsets are those of the decompressed bytes.
    file_len: Option<u64>,
}

/// What must be read from a file: the form of `NAME.expect.json`.
#[derive(Deserialize)]
struct Expectation {
    /// What is wrong with the file after its last whole record.
    error_after: Option<String>,
    records: Vec<Expected>,
}

#[derive(Deserialize, PartialEq, Debug)]
struct Expected {
    link: u32,
    ts: Option<i128>,
    caplen: u64,
    len: u64,
    sha1: String,
}

impl Read {
    pub(super) fn new(file_len: usize) -> Self {
        Self { records: Vec::new(), error: None, file_len: Some(file_len as u64) }
    }

    /// Says that the file is compressed.
    pub(super) fn compressed(&mut self) {
        self.file_len = None;
    }

    /// Adds a record.
    pub(super) fn push(&mut self, frame: Frame<'_>) {
        self.records.push(Expected {
            link: frame.link_type().0.into(),
            ts: frame.timestamp().map(|time| time.as_nanos()),
            caplen: frame.data().len() as u64,
            len: frame.original_len().into(),
            sha1: sha1_smol::Sha1::from(frame.data()).digest().to_string(),
        });
    }

    /// How many records were read.
    pub(super) fn packets(&self) -> usize {
        self.records.len()
    }

    /// Says how the file ended.
    pub(super) fn end(&mut self, end: Result<(), Error>) {
        self.error = end.err();
    }
}

/// Holds what was read against what is known of the file: its own expectation, else the counts of others.
pub(super) fn check(
    file: &CorpusFile,
    read: &Read,
    oracle_packets: usize,
    oracle_error: Option<&str>,
    report: &mut Report,
) {
    match read.error.as_ref().map(Error::kind) {
        Some(ErrorKind::Compressed) => return report.file_not_compared("compressed"),
        Some(ErrorKind::UnknownFormat) => {
            return report.file_not_compared("another format than pcap and pcapng");
        }
        _ => report.file_compared(),
    }
    let mut path = file.path.clone().into_os_string();
    path.push(".expect.json");
    if Path::new(&path).exists() {
        report.expectation();
        if let Some(problem) = against_expectation(Path::new(&path), read) {
            report.problem(&file.name, problem);
        }
        return;
    }
    let (found, oracle) = (read.records.len() as u64, oracle_packets as u64);
    let judged_alike = match (&read.error, oracle_error) {
        // tshark stops at damage, and where it does not know the link type: then another reader's count stands,
        // unless both stop at the same record.
        (Some(_), Some(_)) => found == oracle || Some(found) == file.packets,
        (None, Some(_)) => {
            file.packets.is_none_or(|packets| packets == found) || past_the_limit(read, oracle)
        }
        (_, None) => found == oracle,
    };
    if !judged_alike {
        let error = read.error.as_ref().map(|error| format!(", then: {error}")).unwrap_or_default();
        let problem = format!(
            "{found} packets{error}; tshark {oracle} ({}), manifest {}",
            oracle_error.unwrap_or("no error"),
            file.packets.map_or_else(|| "-".to_owned(), |n| n.to_string()),
        );
        report.problem(&file.name, problem);
    }
    match (&read.error, oracle_error) {
        (None, Some(_)) if tells_of_damage(&file.reader_note) && !past_the_limit(read, oracle) => {
            report.problem(&file.name, format!("damage not reported: {}", file.reader_note));
        }
        (Some(error), None) if !tells_of_damage(&file.reader_note) => {
            report.problem(&file.name, format!("an error that other readers do not see: {error}"));
        }
        _ => {}
    }
}

/// A block length that is no multiple of four is not damage here: other readers go on behind it, and so do we.
fn tells_of_damage(note: &str) -> bool {
    ["bad-caplen", "bad-iface", "trunc-", "short-", "block-len"].iter().any(|start| note.starts_with(start))
}

/// Whether the record that stopped tshark is one whose original length is past the limit that libpcap and tshark set,
/// though its captured bytes are there. The length on the wire is not ours to judge.
fn past_the_limit(read: &Read, oracle: u64) -> bool {
    read.records.get(oracle as usize).is_some_and(|record| record.len > 262_144)
}

fn against_expectation(path: &Path, read: &Read) -> Option<String> {
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let expected: Expectation =
        match text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string())) {
            Ok(expected) => expected,
            Err(error) => return Some(format!("{}: {error}", path.display())),
        };
    let mut problem = String::new();
    for (n, (expected, found)) in expected.records.iter().zip(&read.records).enumerate() {
        if expected != found {
            let _ = write!(problem, "record {} is {found:?}, expected {expected:?}; ", n + 1);
            break;
        }
    }
    // How much of a torn gzip file is to be had is up to the decoder.
    let any_prefix =
        expected.error_after.as_ref().is_some_and(|note| note.contains("a prefix of the records may"));
    if !any_prefix && expected.records.len() != read.records.len() {
        let _ = write!(problem, "{} records, expected {}; ", read.records.len(), expected.records.len());
    }
    match (&expected.error_after, &read.error) {
        (Some(_), Some(error)) => {
            if error.offset().is_some_and(|offset| read.file_len.is_some_and(|len| offset > len)) {
                let _ = write!(problem, "the error lies outside the file: {error}; ");
            }
        }
        (None, None) => {}
        (Some(expected), None) => {
            let _ = write!(problem, "no error, expected one: {expected}; ");
        }
        (None, Some(error)) => {
            let _ = write!(problem, "an error where none is expected: {error}; ");
        }
    }
    (!problem.is_empty()).then_some(problem)
}
