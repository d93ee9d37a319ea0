//! Files that are followed in a folder of the test's own, and what is to be found in them.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use pycap_capture::{Follow, Format, Frame, LinkType, Next, SavefileWriter, Timestamp};

/// Longer than anything here takes, where it works.
pub(crate) const LONG: Duration = Duration::from_secs(20);

/// An empty folder.
pub(crate) fn folder(test: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("follow").join(test);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

pub(crate) fn append(path: &std::path::Path) -> File {
    OpenOptions::new().append(true).create(true).open(path).unwrap()
}

/// The header of a pcap file of Ethernet frames.
pub(crate) fn header() -> Vec<u8> {
    [0xa1b2_c3d4_u32, 0x0004_0002, 0, 0, 262_144, 1].iter().flat_map(|word| word.to_le_bytes()).collect()
}

/// What the frame of this number holds: its number, and bytes that make it as long as some other.
pub(crate) fn data(number: u32) -> Vec<u8> {
    let len = 4 + (number as usize * 7919) % 1400;
    number.to_be_bytes().into_iter().chain((4..len).map(|at| at as u8)).collect()
}

/// A pcap record with that.
pub(crate) fn record(number: u32) -> Vec<u8> {
    let data = data(number);
    let len = data.len() as u32;
    let header = [1_700_000_000 + number, 0, len, len];
    header.iter().flat_map(|word| word.to_le_bytes()).chain(data).collect()
}

/// A pcap file with these.
pub(crate) fn pcap(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    numbers.into_iter().fold(header(), |mut bytes, number| {
        bytes.extend(record(number));
        bytes
    })
}

/// A pcapng file with these, of an interface of this name.
pub(crate) fn pcapng(name: &str, numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    out.add_interface(pycap_capture::Interface::new(LinkType::ETHERNET).with_name(name)).unwrap();
    for number in numbers {
        let frame = Frame::new(&data(number), LinkType::ETHERNET)
            .with_timestamp(Timestamp::new(1_700_000_000 + i64::from(number), 0))
            .to_owned();
        out.write(frame.as_frame()).unwrap();
    }
    out.finish().unwrap()
}

/// The number that a frame holds, which has to be whole.
pub(crate) fn number(frame: Frame<'_>) -> u32 {
    let number = u32::from_be_bytes(*frame.data().first_chunk().unwrap());
    assert_eq!(frame.data(), data(number));
    number
}

/// The frames that are there.
pub(crate) fn now(file: &mut Follow) -> Vec<u32> {
    let mut numbers = Vec::new();
    while let Next::Frame(frame) = file.next_frame_until(Some(Instant::now())).unwrap() {
        numbers.push(number(frame));
    }
    numbers
}

/// The next frame, which comes in the end.
pub(crate) fn next(file: &mut Follow) -> u32 {
    match file.next_frame_until(Some(Instant::now() + LONG)).unwrap() {
        Next::Frame(frame) => number(frame),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn finished(file: &mut Follow) {
    for _ in 0..2 {
        assert!(matches!(file.next_frame_until(Some(Instant::now() + LONG)), Ok(Next::Finished)));
    }
}

pub(crate) fn write(path: &std::path::Path, bytes: &[u8]) {
    append(path).write_all(bytes).unwrap();
}
