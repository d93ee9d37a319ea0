//! Parts of files through an index, beside the whole file read and what is not wanted left out.

mod corpus;
mod generate;
mod saved;

use std::io::{self, Cursor, Read, Seek, SeekFrom};

use proptest::prelude::*;
use pycap_capture::{
    ErrorKind, OwnedFrame, Savefile, SavefileIndex, SavefileRange, Selection, Source, Timestamp,
};

use self::generate::{Random, generated};
use crate::bytes::{File, ORDERS, samples};

/// A record: where it is, its frame, and its block's type, body and interface.
#[derive(Debug, PartialEq)]
struct Item {
    offset: u64,
    len: u64,
    frame: Option<OwnedFrame>,
    block: Option<(u32, Vec<u8>, Option<u32>)>,
}

type Fault = Option<(ErrorKind, String)>;

/// The whole file, and how it ends.
struct Plain {
    frames: Vec<(u64, OwnedFrame)>,
    end: Fault,
    records: Vec<(u64, Option<Timestamp>, Item)>,
    records_end: Fault,
}

fn fault(error: &pycap_capture::Error) -> Fault {
    Some((error.kind(), error.to_string()))
}

fn item_of(record: pycap_capture::Record<'_>) -> Item {
    let block = record.block().map(|block| (block.block_type().0, block.body().to_vec(), block.interface()));
    let frame = record.frame().map(|frame| frame.to_owned());
    Item { offset: record.offset(), len: record.len(), frame, block }
}

impl Plain {
    /// `None` if not even its header can be read.
    fn read<R: Read>(open: impl Fn() -> pycap_capture::Result<Savefile<R>>) -> Option<Self> {
        let mut file = open().ok()?;
        let mut this = Self { frames: Vec::new(), end: None, records: Vec::new(), records_end: None };
        this.end = loop {
            match file.next_frame() {
                Ok(Some(frame)) => this.frames.push((this.frames.len() as u64 + 1, frame.to_owned())),
                Ok(None) => break None,
                Err(error) => break fault(&error),
            }
        };
        let mut file = open().ok()?;
        let mut number = 0;
        this.records_end = loop {
            match file.next_record() {
                Ok(Some(record)) => {
                    number += u64::from(record.frame().is_some());
                    let time = record.frame().and_then(|frame| frame.timestamp());
                    let number = if record.frame().is_some() { number } else { 0 };
                    this.records.push((number, time, item_of(record)));
                }
                Ok(None) => break None,
                Err(error) => break fault(&error),
            }
        };
        Some(this)
    }

    fn latest(&self) -> Option<Timestamp> {
        self.frames.iter().filter_map(|(_, frame)| frame.as_frame().timestamp()).max()
    }

    fn earliest(&self) -> Option<Timestamp> {
        self.frames.iter().filter_map(|(_, frame)| frame.as_frame().timestamp()).min()
    }

    /// Compares a range with what is wanted of the whole file.
    fn check<R: Read + Seek>(&self, selection: Selection, told: bool, open: impl Fn() -> SavefileRange<R>) {
        let mut range = open();
        let mut frames = Vec::new();
        let end = loop {
            match range.next_frame() {
                Ok(Some(frame)) => {
                    let frame = frame.to_owned();
                    frames.push((range.number(), frame));
                }
                Ok(None) => break None,
                Err(error) => break fault(&error),
            }
        };
        assert!(range.next_frame().unwrap().is_none());
        let wanted =
            |(number, frame): &&(u64, OwnedFrame)| selection.contains(*number, frame.as_frame().timestamp());
        assert!(frames.iter().eq(self.frames.iter().filter(wanted)), "{selection:?}: other packets");
        assert_eq!(end, self.end.clone().filter(|_| told), "{selection:?}");

        let mut range = open();
        let mut records = Vec::new();
        let end = loop {
            match range.next_record() {
                Ok(Some(record)) => records.push((record.number().unwrap_or(0), item_of(record))),
                Ok(None) => break None,
                Err(error) => break fault(&error),
            }
        };
        if self.records_end != self.end {
            // A block that is too long to be handed out ends it.
            return;
        }
        let wanted = self
            .records
            .iter()
            .filter(|(number, time, _)| *number == 0 || selection.contains(*number, *time));
        let wanted: Vec<_> = wanted.map(|(number, _, item)| (number, item)).collect();
        let got: Vec<_> = records.iter().map(|(number, item)| (number, item)).collect();
        assert!(got == wanted, "{selection:?}: other records");
        assert_eq!(end, self.end.clone().filter(|_| told), "{selection:?}");
    }
}

/// Random ranges of times and numbers that are there.
fn selections(plain: &Plain, random: &mut Random, count: usize) -> Vec<(Selection, bool)> {
    let packets = plain.frames.len() as u64;
    let mut selections = vec![
        (Selection::all(), true),
        (Selection::by_time(..), true),
        (Selection::by_number(1..2), packets == 0),
        (Selection::by_number(1..=packets), false),
        (Selection::by_number(packets..=packets + 1), true),
        (Selection::by_time(Timestamp::MAX..Timestamp::MIN), false),
    ];
    let latest = plain.latest();
    for _ in 0..count {
        let number = |random: &mut Random| random.below(packets + 2);
        let (a, b) = (number(random), number(random));
        let (from, to) = (a.min(b), a.max(b).min(a.min(b) + 1 + packets / 4));
        let numbers = (Selection::by_number(from..to), to > packets + 1 && from < to);
        let time = |number: u64| {
            let frame = plain.frames.get(number.saturating_sub(1) as usize);
            frame.and_then(|(_, frame)| frame.as_frame().timestamp()).unwrap_or(Timestamp::new(5, 5))
        };
        let (a, b) = (time(from), time(to));
        let (early, late) = (a.min(b), a.max(b));
        let told = |to| latest.is_none_or(|latest| latest < to) && early < to;
        let times = (Selection::by_time(early..late), told(late));
        let both = (times.0.and(numbers.0), times.1 && numbers.1);
        selections.extend([numbers, times, both, (Selection::by_time(early..), true)]);
    }
    selections
}

/// Checks many ranges of a file in memory.
fn check(bytes: &[u8], seed: u64, count: usize) {
    let plain = Plain::read(|| Savefile::from_reader(bytes));
    let index = SavefileIndex::from_reader(bytes);
    let (plain, index) = match (plain, index) {
        (Some(plain), Ok(index)) => (plain, index),
        (None, Err(_)) => return,
        (plain, index) => panic!("opens: {}, is indexed: {index:?}", plain.is_some()),
    };
    assert_eq!(index.packets(), plain.frames.len() as u64);
    assert_eq!((index.earliest(), index.latest()), (plain.earliest(), plain.latest()));
    assert_eq!(index.damage().and_then(fault), plain.end);
    let untimed = plain.frames.iter().any(|(_, frame)| frame.as_frame().timestamp().is_none());
    assert_eq!(index.has_packets_without_time(), untimed);
    for (selection, told) in selections(&plain, &mut Random(seed), count) {
        plain.check(selection, told, || index.read(Cursor::new(bytes), selection).unwrap());
    }
}

#[test]
fn small_files_of_each_kind() {
    for (file, _) in samples() {
        check(&file.bytes, 1, 10);
        for len in 0..file.bytes.len() {
            check(&file.bytes[..len], 2, 1);
        }
    }
}

#[test]
fn large_files_of_each_kind() {
    for seed in 0..24 {
        let file = generated(seed);
        check(&file, seed, 6);
    }
}

#[test]
fn damaged_files() {
    for seed in 100..112 {
        let mut file = generated(seed);
        let mut random = Random(seed);
        let at = random.below(file.len() as u64) as usize;
        if seed % 2 == 0 {
            file.truncate(at);
        } else {
            let end = file.len().min(at + 64);
            file[at..end].fill(0xee);
        }
        check(&file, seed, 4);
    }
}

#[test]
fn a_file_without_packets() {
    for order in ORDERS {
        check(&File::pcap(order, 0xa1b2_c3d4, (2, 4), 0, 1).bytes, 1, 2);
        check(&File::new(order).section((1, 0)).bytes, 1, 2);
        let error = SavefileIndex::from_reader(io::empty()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Empty);
    }
}

#[test]
fn interfaces_are_those_of_the_whole_file() {
    for seed in [1, 3, 5, 7, 9, 11] {
        let bytes = generated(seed);
        let index = SavefileIndex::from_reader(&bytes[..]).unwrap();
        let mut whole = Savefile::from_reader(&bytes[..]).unwrap();
        while whole.next_frame().unwrap().is_some() {}
        let mut range = index.read(Cursor::new(&bytes), Selection::by_number(3..4)).unwrap();
        let source: &mut dyn Source = &mut range;
        while let Some(frame) = source.next_frame().unwrap() {
            assert!(frame.interface_info().is_some());
        }
        assert_eq!(source.interfaces(), whole.interfaces());
    }
}

#[test]
fn compressed_files_are_refused() {
    for (magic, name) in [
        (&b"\x1f\x8b\x08\0rest"[..], "gzip"),
        (b"\x28\xb5\x2f\xfdrest", "zstd"),
        (b"\xfd7zXZ\0rest", "xz"),
        (b"\x04\x22\x4d\x18rest", "lz4"),
    ] {
        let error = SavefileIndex::from_reader(magic).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Compressed);
        let message = format!(
            "cannot index a compressed file: this is {name}; decompress it to a file first: {name} -dc FILE"
        );
        assert_eq!(error.to_string(), message);
    }
}

/// Counts what is read of it.
struct Counting<'a>(Cursor<&'a [u8]>, &'a std::cell::Cell<u64>);

impl Read for Counting<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(into)?;
        self.1.set(self.1.get() + read as u64);
        Ok(read)
    }
}

impl Seek for Counting<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.0.seek(to)
    }
}

#[test]
fn little_is_read_for_a_small_range() {
    let packets = 20_000_u32;
    let data = [7; 1000];
    let file = (0..packets).fold(File::pcapng(ORDERS[0]), |file, number| {
        let file = if number % 4000 == 0 { file.block(4, &[0; 40]) } else { file };
        file.enhanced(0, u64::from(number) * 1_000_000, &data, 1000, &[])
    });
    let index = SavefileIndex::from_reader(&file.bytes[..]).unwrap();
    assert!(index.chunks() > 30 && index.memory() < 16 << 10, "{index:?}");
    let second = |secs| Timestamp::new(secs, 0);
    for selection in [Selection::by_time(second(9_999)..second(10_009)), Selection::by_number(10_000..10_010)]
    {
        let read = std::cell::Cell::new(0);
        let reader = Counting(Cursor::new(&file.bytes), &read);
        let mut range = index.read(reader, selection).unwrap();
        let mut found = 0;
        range
            .for_each(|_| {
                found += 1;
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert_eq!((found, range.number()), (10, 10_009));
        // Two chunks at most, and the blocks.
        assert!(read.get() <= 1_200_000, "{} of {}", read.get(), file.bytes.len());
        assert_eq!(read.get(), range.bytes_to_read());
    }
}

#[test]
fn a_file_that_is_not_the_indexed_one_is_an_error() {
    let file = |lens: &[usize]| {
        lens.iter().fold(File::pcap(ORDERS[0], 0xa1b2_c3d4, (2, 4), 0, 1), |file, &len| {
            file.record(len as u32, 0, len as u32, len as u32, &vec![0; len])
        })
    };
    let lens: Vec<usize> = (0..40).map(|number| 100_000 + number * 100).collect();
    let mut others = lens.clone();
    others.reverse();
    let (file, other) = (file(&lens), file(&others));
    assert_eq!(file.bytes.len(), other.bytes.len());
    let index = SavefileIndex::from_reader(&file.bytes[..]).unwrap();
    let read = |bytes: &[u8]| {
        let mut range = index.read(Cursor::new(bytes), Selection::by_number(30..31)).unwrap();
        let error = loop {
            match range.next_frame() {
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => break error,
            }
        };
        assert!(range.next_frame().unwrap().is_none());
        Some(error)
    };
    assert!(read(&file.bytes).is_none());
    let error = read(&other.bytes).unwrap();
    assert_eq!(error.kind(), ErrorKind::IndexStale, "{error}");
    let error = read(&file.bytes[..file.bytes.len() / 2]).unwrap();
    assert!(error.to_string().contains("the file has become shorter"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_ranges(seed in any::<u64>(), ranges in any::<u64>()) {
        check(&generated(seed), ranges, 2);
    }

    #[test]
    fn any_damage(
        file in prop::sample::select(samples().into_iter().map(|(file, _)| file.bytes).collect::<Vec<_>>()),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        ranges in any::<u64>(),
    ) {
        let mut bytes = file;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes, ranges, 4);
    }
}
