//! Compressed files: as the usual programs make them, cut short, damaged, and with numbers that lie.

use std::io::{self, Read};

use pycap_capture::ByteOrder::Little;
use pycap_capture::{Compression, ErrorKind, OwnedFrame, Savefile};

use crate::bytes::{File, Pieces, read, read_in_batches};

/// What is in the files that are called short, and in the others.
fn short() -> Vec<u8> {
    plain(12, 80)
}

fn long() -> Vec<u8> {
    plain(700, 1400)
}

fn plain(packets: u32, size: u32) -> Vec<u8> {
    let mut file = File::pcap(Little, 0xa1b2_c3d4, (2, 4), 65535, 1);
    for i in 0..packets {
        let len = i * 37 % size;
        let data: Vec<u8> = (0..len).map(|at| (i * 7 + at / 8) as u8).collect();
        file = file.record(1_700_000_000 + i, i, len, len + 4, &data);
    }
    file.bytes
}

macro_rules! file {
    ($name:literal) => {
        ($name, include_bytes!(concat!("compressed/", $name)).as_slice())
    };
}

const SHORT: [(&str, &[u8]); 9] = [
    file!("short.gz"),
    file!("members-and-padding.gz"),
    file!("short.zst"),
    file!("no-checksum.zst"),
    file!("frames-and-skipped.zst"),
    file!("short.lz4"),
    file!("frames-and-skipped.lz4"),
    file!("short.xz"),
    file!("streams-and-delta.xz"),
];

const LONG: [(&str, &[u8]); 7] = [
    file!("long.gz"),
    file!("long.zst"),
    file!("window-128M.zst"),
    file!("linked-64K.lz4"),
    file!("checksums-4M.lz4"),
    file!("long.xz"),
    file!("blocks-sha256.xz"),
];

fn compression(name: &str) -> Compression {
    Compression::of_path(name).unwrap()
}

fn bytes(name: &str) -> Vec<u8> {
    let (_, bytes) = SHORT.iter().chain(&LONG).find(|(known, _)| *known == name).unwrap();
    bytes.to_vec()
}

fn assert_prefix(frames: &[OwnedFrame], whole: &[OwnedFrame], name: &str) {
    assert!(frames.len() <= whole.len() && frames == &whole[..frames.len()], "{name}");
}

#[test]
fn the_programs_files_are_read() {
    for (files, plain) in [(&SHORT[..], short()), (&LONG[..], long())] {
        let expected = read(&plain[..]);
        assert_eq!(expected.1, None);
        for (name, bytes) in files {
            assert_eq!(read(*bytes), expected, "{name}");
            assert_eq!(read_in_batches(*bytes, 5), expected, "{name}");
            for sizes in [&[1][..], &[3, 1, 30], &[1000]] {
                assert_eq!(read(Pieces::new(bytes, sizes)), expected, "{name} in pieces of {sizes:?}");
            }
            let mut file = Savefile::from_reader(*bytes).unwrap();
            assert_eq!(file.compression(), Some(compression(name)), "{name}");
            assert!(file.bytes_read() > 0 && file.bytes_read() <= bytes.len() as u64);
            while file.next_frame().unwrap().is_some() {}
            assert_eq!(file.bytes_read(), bytes.len() as u64, "{name}");
            assert_eq!(file.position(), plain.len() as u64, "{name}");
        }
    }
}

#[test]
fn bytes_read_counts_for_plain_files_too() {
    let plain = long();
    let mut file = Savefile::from_reader(&plain[..]).unwrap();
    assert_eq!(file.compression(), None);
    let mut before = 0;
    while file.next_frame().unwrap().is_some() {
        assert!(file.bytes_read() >= file.position() && file.bytes_read() >= before);
        before = file.bytes_read();
    }
    assert_eq!(file.bytes_read(), plain.len() as u64);
    // Damage does not undo what was taken.
    let mut torn = Savefile::from_reader(&plain[..100]).unwrap();
    while torn.next_frame().is_ok_and(|frame| frame.is_some()) {}
    assert_eq!(torn.bytes_read(), 100);
}

#[test]
fn a_file_cut_anywhere_gives_whole_packets_and_one_error() {
    let (whole, _) = read(&short()[..]);
    for (name, bytes) in SHORT {
        let mut most = 0;
        let mut good_ends = 0;
        for len in 4..bytes.len() {
            let (frames, error) = read(&bytes[..len]);
            assert_prefix(&frames, &whole, name);
            assert!(frames.len() >= most, "{name}: a longer file never has fewer packets");
            most = frames.len();
            match error {
                // Between two members, or within the padding.
                None => good_ends += 1,
                Some((ErrorKind::Empty, _)) => assert!(name.contains("skipped")),
                Some((kind, message)) => {
                    assert_eq!(kind, ErrorKind::Truncated, "{name}, {len}: {message}");
                    // Two members may meet within a packet.
                    assert!(message.contains("ends early"), "{message}");
                }
            }
        }
        // The others have a single block, which is decompressed once it is whole.
        if name.ends_with("gz") || name.contains("frames") || name.contains("streams") {
            assert!(most >= 4, "{name}: nothing was kept back until the end");
        }
        assert!(good_ends == 0 || name.contains("padding"), "{name}: {good_ends}");
    }
    let (frames, error) = read(&bytes("short.gz")[..200]);
    assert!(!frames.is_empty());
    let (_, message) = error.unwrap();
    let end = "the gzip data ends early: the file was cut short, or is still being written";
    assert!(message.ends_with(end), "{message}");
}

#[test]
fn long_files_give_all_that_there_is_before_the_end() {
    let (whole, _) = read(&long()[..]);
    for (name, bytes) in LONG {
        for tenths in 1..10 {
            let (frames, error) = read(&bytes[..bytes.len() * tenths / 10]);
            assert_prefix(&frames, &whole, name);
            assert_eq!(error.unwrap().0, ErrorKind::Truncated, "{name}");
            // lz4's blocks have up to 4 MiB, and there is only one.
            let least = if name == "checksums-4M.lz4" { 0 } else { 700 * tenths.saturating_sub(3) / 10 };
            assert!(frames.len() >= least, "{name}: {} of 700 in {tenths} tenths", frames.len());
        }
    }
}

#[test]
fn any_byte_may_be_damaged() {
    let (whole, _) = read(&short()[..]);
    for (name, bytes) in SHORT {
        let mut bytes = bytes.to_vec();
        let mut told = 0;
        for at in 0..bytes.len() {
            let original = bytes[at];
            for value in [original ^ 1, original ^ 0x80, 0, 0xff] {
                bytes[at] = value;
                let (frames, error) = read(&bytes[..]);
                assert_eq!((frames.clone(), error.clone()), read(Pieces::new(&bytes, &[7, 100])), "{name}");
                told += usize::from(error.is_some());
                // Without a checksum damage may go unnoticed.
                let checked = ![
                    "no-checksum.zst",
                    "frames-and-skipped.zst",
                    "frames-and-skipped.lz4",
                    "streams-and-delta.xz",
                ]
                .contains(&name);
                if checked && error.is_none() {
                    assert_eq!(frames, whole, "{name}: byte {at} is {value:02x}");
                }
            }
            bytes[at] = original;
        }
        assert!(told > bytes.len(), "{name}: {told}");
    }
}

#[test]
fn a_wrong_checksum_is_told_after_the_packets() {
    let (whole, _) = read(&short()[..]);
    // The checksum is in the last bytes, before a length (gzip) or the index (xz).
    for (name, from_end, message) in [
        ("short.gz", 8, "damaged gzip data: the checksum is wrong"),
        ("short.zst", 4, "damaged zstd data: the checksum is wrong"),
        ("short.lz4", 4, "damaged lz4 data: "),
        ("short.xz", 32, "damaged xz data: block checksum mismatch"),
    ] {
        let mut bytes = bytes(name);
        let at = bytes.len() - from_end;
        bytes[at] ^= 1;
        let (frames, error) = read(&bytes[..]);
        let (kind, found) = error.unwrap();
        assert_eq!((kind, frames.len()), (ErrorKind::Malformed, whole.len()), "{name}: {found}");
        assert!(found.contains(message), "{found}");
    }
}

#[test]
fn rubbish_after_the_end_is_told() {
    let (whole, _) = read(&short()[..]);
    for name in ["short.gz", "short.zst", "short.lz4", "short.xz"] {
        let (frames, error) = read(&[&bytes(name)[..], b"rubbish"].concat()[..]);
        let (kind, message) = error.unwrap();
        assert_eq!((kind, frames.len()), (ErrorKind::Malformed, whole.len()), "{message}");
        assert!(message.contains(&format!("damaged {} data: ", compression(name))), "{message}");
    }
}

#[test]
fn a_reader_that_has_nothing_yet_is_asked_again() {
    /// Has nothing before each of its bytes behind the first hundred.
    struct Slow<'a>(&'a [u8], bool);
    impl Read for Slow<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::WouldBlock.into()) } else { self.0.read(&mut into[..1]) }
        }
    }
    let expected = read(&short()[..]);
    for (name, bytes) in SHORT {
        // Where the decoder has a whole header of the capture file at the latest.
        let head = if name.ends_with("gz") { 100 } else { bytes.len() - 10 };
        let (head, rest) = bytes.split_at(head);
        let Ok(mut file) = Savefile::from_reader(head.chain(Slow(rest, false))) else {
            assert!(!name.ends_with("gz"), "{name}");
            continue;
        };
        let mut frames = Vec::new();
        loop {
            match file.next_frame() {
                Ok(Some(frame)) => frames.push(frame.to_owned()),
                Ok(None) => break,
                Err(error) => assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::WouldBlock),
            }
        }
        assert_eq!((frames, None), expected, "{name}");
    }
}

#[test]
fn what_is_inside_is_named() {
    for (bytes, kind, message) in [
        (
            gzip_stored(b"hello, world"),
            ErrorKind::UnknownFormat,
            "gzip data: not a pcap or pcapng capture: the file starts with the bytes 68 65 6c 6c",
        ),
        (
            gzip_stored(b""),
            ErrorKind::Empty,
            "gzip data: the file is empty: not even a file header was written",
        ),
        (
            gzip_stored(&bytes("short.zst")),
            ErrorKind::Compressed,
            "gzip data with another compressed file in it, and only one compression is undone; undo one first: gzip -dc FILE",
        ),
        (gzip_stored(&short()[..10]), ErrorKind::Truncated, "gzip data: "),
    ] {
        let error = Savefile::from_reader(&bytes[..]).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(message), "{error}");
    }
}

/// A gzip file that is not compressed: one block of stored bytes.
fn gzip_stored(bytes: &[u8]) -> Vec<u8> {
    let crc = !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| crc >> 1 ^ (0xedb8_8320 & (crc & 1).wrapping_neg()))
    });
    let len = bytes.len() as u16;
    let mut file = b"\x1f\x8b\x08\0\0\0\0\0\0\x03\x01".to_vec();
    file.extend(len.to_le_bytes());
    file.extend((!len).to_le_bytes());
    file.extend(bytes);
    file.extend(crc.to_le_bytes());
    file.extend(u32::from(len).to_le_bytes());
    file
}

/// A zstd frame with a window of its own, of one stored block.
fn zstd_stored(window: u8, bytes: &[u8]) -> Vec<u8> {
    let header = (bytes.len() as u32) << 3 | 1;
    [b"\x28\xb5\x2f\xfd\0", &[window][..], &header.to_le_bytes()[..3], bytes].concat()
}

#[test]
fn windows_have_a_limit() {
    // 2^27 bytes is what the zstd command allows as well.
    let (frames, error) = read(&zstd_stored(17 << 3, &short())[..]);
    assert_eq!((frames.len(), error), (12, None));
    for (window, bytes) in [(17 << 3 | 1, 150_994_944_u64), (18 << 3, 268_435_456), (0xff, 4_123_168_604_160)]
    {
        let error = Savefile::from_reader(&zstd_stored(window, &short())[..]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Compressed);
        let expected = format!(
            "this zstd file needs a window of {bytes} bytes, and gets at most 134217728; decompress it first: zstd -dc --long=31 FILE"
        );
        assert!(error.to_string().contains(&expected), "{error}");
    }
    // A single segment of 2^60 bytes.
    let mut file = b"\x28\xb5\x2f\xfd\xe0".to_vec();
    file.extend((1_u64 << 60).to_le_bytes());
    assert_eq!(Savefile::from_reader(&file[..]).unwrap_err().kind(), ErrorKind::Compressed);
    // Many frames that claim much, and have little.
    let mut file = zstd_stored(17 << 3, &short());
    for _ in 0..1000 {
        file.extend(zstd_stored(17 << 3, b""));
    }
    assert_eq!(read(&file[..]).0.len(), 12);
    // The dictionary of an xz block: 4 GiB - 1, with a block header whose checksum is right.
    let error = Savefile::from_reader(&XZ_4G[..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Compressed, "{error}");
    assert!(error.to_string().contains("decompress it first: xz -dc FILE"), "{error}");
}

/// The first 24 bytes of an xz file whose block asks for the largest dictionary.
const XZ_4G: [u8; 24] = *b"\xfd7zXZ\0\0\x01\x69\x22\xde\x36\x02\0\x21\x01\x28\0\0\0\xe6\xa0\x11\xb3";

#[test]
fn a_dictionary_is_asked_for() {
    // Its number is 7.
    let file = [b"\x28\xb5\x2f\xfd\x01", &[0x50, 7][..], &[1, 0, 0]].concat();
    let error = Savefile::from_reader(&file[..]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Compressed);
    assert!(error.to_string().contains("the dictionary that it was made with, number 7"), "{error}");
}

#[test]
fn a_bomb_takes_time_but_no_memory() {
    // A capture of 3000 packets with 100 KiB each, which are 4 bytes a block, and then a skipped frame that ends early.
    let mut bomb = zstd_stored(0x38, &short()[..24]);
    for _ in 0..3000 {
        let record = File::new(Little).record(1, 2, 102_400, 102_400, b"").bytes;
        let rle = (102_400_u32 << 3 | 1 << 1 | 1).to_le_bytes();
        let stored = (16_u32 << 3).to_le_bytes();
        bomb.extend([b"\x28\xb5\x2f\xfd\0\x38", &stored[..3], &record, &rle[..3], b"\0"].concat());
    }
    bomb.extend(b"\x50\x2a\x4d\x18\xff\xff\xff\xff");
    let mut file = Savefile::from_reader(&bomb[..]).unwrap();
    let mut count = 0;
    let error = loop {
        match file.next_frame() {
            Ok(Some(frame)) => count += usize::from(frame.data().len() == 102_400),
            Ok(None) => panic!("it was cut short"),
            Err(error) => break error,
        }
    };
    assert_eq!((count, error.kind()), (3000, ErrorKind::Truncated));
}
