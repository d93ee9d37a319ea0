//! Files that are compressed as they are written.

use std::fs;
use std::io::{self, Write};
use std::process::Command;

use pycap_capture::{Compression, ErrorKind, Format, Frame, Savefile, SavefileWriter, WriterBuilder};

use crate::frames::{Temporary, frame, knowing, path, pcapng, read, written};
use crate::programs::tool;

const FORMATS: [Format; 3] = [Format::Pcap, Format::PcapNanosecond, Format::Pcapng];
const COMPRESSIONS: [Compression; 2] = [Compression::Gzip, Compression::Zstd];

fn builder(format: Format, compression: Compression) -> WriterBuilder {
    SavefileWriter::builder().format(format).compression(compression)
}

/// Frames that add up to some 3 MB, of which a part compresses.
fn frames(bytes: &[u8]) -> impl Iterator<Item = Frame<'_>> {
    (0..4000).map(|i| frame(&bytes[i * 131 % 5000..][..60 + i * 37 % 1400]))
}

fn bytes() -> Vec<u8> {
    let mut state = 7_u32;
    let bytes = (0..6400_u32).map(|i| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        if i % 512 < 256 { (state >> 24) as u8 } else { (i / 16) as u8 }
    });
    bytes.collect()
}

#[test]
fn what_is_compressed_comes_back() {
    let bytes = bytes();
    for format in FORMATS {
        let plain = written(SavefileWriter::builder().format(format), frames(&bytes));
        for compression in COMPRESSIONS {
            for capacity in [0, 5000, 1 << 20] {
                let count = if capacity == 0 { 100 } else { 4000 };
                let mut out =
                    builder(format, compression).buffer_size(capacity).to_writer(Vec::new()).unwrap();
                frames(&bytes).take(count).for_each(|frame| out.write(frame).unwrap());
                out.flush().unwrap();
                let accepted = out.bytes_written();
                let file = out.finish().unwrap();
                let mut savefile = Savefile::from_reader(&file[..]).unwrap();
                assert_eq!(savefile.compression(), Some(compression));
                while savefile.next_frame().unwrap().is_some() {}
                assert_eq!(savefile.position(), accepted);
                assert!(read(&plain[..]).0[..count] == read(&file[..]).0, "{format}, {compression}");
                if capacity > 0 {
                    assert!(file.len() < plain.len() * 3 / 4, "{} of {}", file.len(), plain.len());
                }
            }
        }
    }
}

#[test]
fn other_programs_read_them() {
    let bytes = bytes();
    for format in FORMATS {
        for (compression, extension) in [(Compression::Gzip, "gz"), (Compression::Zstd, "zst")] {
            let file = Temporary(path(&format!("compressed-{format}")).with_extension(extension));
            // By the extension alone.
            let mut out = SavefileWriter::builder().format(format).create(&file.0).unwrap();
            frames(&bytes).chain([knowing()]).for_each(|frame| out.write(frame).unwrap());
            out.finish().unwrap();
            assert_eq!(Savefile::open(&file.0).unwrap().compression(), Some(compression));
            let program = if extension == "gz" { "gzip" } else { "zstd" };
            if tool(program) {
                let test = Command::new(program).args(["-q", "-t"]).arg(&file.0).output().unwrap();
                assert!(test.status.success(), "{test:?}");
            }
            if compression == Compression::Zstd {
                // Wireshark 4.0 takes a second zstd frame for plain bytes, whoever wrote it: this file has one.
                let builder = SavefileWriter::builder().format(format).buffer_size(8 << 20);
                let mut out = builder.create(&file.0).unwrap();
                frames(&bytes).chain([knowing()]).for_each(|frame| out.write(frame).unwrap());
                out.finish().unwrap();
            }
            if tool("capinfos") {
                let infos = Command::new("capinfos").args(["-c", "-M", "-T", "-r"]).arg(&file.0).output();
                let infos = infos.unwrap();
                let text = String::from_utf8_lossy(&infos.stdout).into_owned();
                assert!(infos.status.success() && text.trim_end().ends_with("4001"), "{infos:?}");
            }
            if tool("tshark") {
                let lines = Command::new("tshark").args(["-n", "-r"]).arg(&file.0).output().unwrap();
                assert!(lines.status.success(), "{lines:?}");
                assert_eq!(lines.stdout.iter().filter(|byte| **byte == b'\n').count(), 4001);
            }
        }
    }
}

#[test]
fn the_name_asks_for_it_unless_told_otherwise() {
    let create = |name: &str, builder: WriterBuilder| {
        let file = Temporary(path("named").with_file_name(name));
        let mut out = builder.create(&file.0).unwrap();
        out.write(frame(b"x")).unwrap();
        out.finish().unwrap();
        Savefile::open(&file.0).unwrap().compression()
    };
    assert_eq!(create("named.pcapng.GZ", pcapng()), Some(Compression::Gzip));
    assert_eq!(create("named.zst", pcapng()), Some(Compression::Zstd));
    assert_eq!(create("named.pcapng", pcapng()), None);
    assert_eq!(create("plain.pcap.gz", pcapng().compression(None)), None);
    assert_eq!(create("zstd.gz", pcapng().compression(Compression::Zstd)), Some(Compression::Zstd));
    assert_eq!(create("named.pcap", pcapng().compression(Compression::Gzip)), Some(Compression::Gzip));
    // A file that is open has no name, and any writer has none.
    let mut plain = pcapng().to_writer(Vec::new()).unwrap();
    plain.write(frame(b"x")).unwrap();
    assert!(plain.finish().unwrap().starts_with(b"\n\r\r\n"));
}

#[test]
fn what_is_not_written_is_refused_before_the_file_is_touched() {
    let file = Temporary(path("kept").with_extension("xz"));
    fs::write(&file.0, b"kept").unwrap();
    let error = pcapng().create(&file.0).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::InvalidSetting, Some(&*file.0)));
    let expected = "xz is only read: files are written as gzip, zstd or uncompressed";
    assert!(error.to_string().ends_with(expected), "{error}");
    assert_eq!(fs::read(&file.0).unwrap(), b"kept");
    let error = pcapng().compression(Compression::Lz4).to_writer(io::sink()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
}

#[test]
fn a_flush_leaves_a_whole_file() {
    for compression in COMPRESSIONS {
        for format in FORMATS {
            let file = Temporary(path(&format!("flushed-{compression}-{format}")));
            let mut out = builder(format, compression).create(&file.0).unwrap();
            for count in 1..5 {
                out.write(frame(b"the same again and again")).unwrap();
                out.flush().unwrap();
                let bytes = fs::read(&file.0).unwrap();
                assert_eq!(read(&bytes[..]).0.len(), count);
                // Nothing new: nothing is written.
                out.flush().unwrap();
                assert_eq!(fs::metadata(&file.0).unwrap().len(), bytes.len() as u64);
            }
            drop(out);
            assert_eq!(read(&fs::read(&file.0).unwrap()[..]).0.len(), 4);
        }
    }
}

#[test]
fn a_writer_that_is_full_after_any_number_of_bytes() {
    struct Full(Vec<u8>, usize);
    impl Write for Full {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let len = bytes.len().min(self.1 - self.0.len()).min(30);
            if len == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            self.0.extend(&bytes[..len]);
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for compression in COMPRESSIONS {
        for format in FORMATS {
            // After every two frames or so.
            let builder = || builder(format, compression).buffer_size(100);
            let frames = || (0..6).map(|i| [i; 20]);
            let mut whole = builder().to_writer(Vec::new()).unwrap();
            let mut ends = Vec::new();
            for bytes in frames() {
                whole.write(frame(&bytes)).unwrap();
            }
            let whole = whole.finish().unwrap();
            for room in 0..whole.len() {
                let mut full = Full(Vec::new(), room);
                let mut out = builder().to_writer(&mut full).unwrap();
                let first = frames().find_map(|bytes| out.write(frame(&bytes)).err());
                let error = first.or_else(|| out.flush().err()).expect("it is full");
                let count = out.frames_written();
                let message = error.to_string();
                let written =
                    if count == 1 { "1 whole frame".into() } else { format!("{count} whole frames") };
                assert!(
                    message.starts_with(&format!("cannot write; {written} were written before")),
                    "{message}"
                );
                if !message.contains("and part of a compressed piece") {
                    ends.push(room);
                }
                drop(out);
                // All that are said to be there are there, and as much as the torn piece gives.
                let mut read = 0;
                if let Ok(mut file) = Savefile::from_reader(&full.0[..]) {
                    while let Ok(Some(_)) = file.next_frame() {
                        read += 1;
                    }
                }
                assert!(read >= count, "{read} of {count}");
            }
            assert!(ends.len() >= 3, "{ends:?}");
        }
    }
}
