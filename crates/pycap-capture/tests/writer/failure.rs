//! Writers that fail, stop, take little, or are full: what was written stays readable, and the error says how
//! much it is.

use std::fs::{self, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};

use pycap_capture::{
    Error, ErrorKind, Format, Frame, Interface, LinkType, SavefileWriter, Stats, WriterBuilder,
};

use crate::frames::{Temporary, frame, knowing, path, pcapng, read, written};

const FORMATS: [Format; 3] = [Format::Pcap, Format::PcapNanosecond, Format::Pcapng];

/// Takes so many bytes, a few at a time, and then fails as often as it is called.
struct Full {
    bytes: Vec<u8>,
    room: usize,
    at_once: usize,
    error: io::ErrorKind,
    calls_after_error: usize,
}

impl Full {
    fn new(room: usize, at_once: usize) -> Self {
        Self { bytes: Vec::new(), room, at_once, error: io::ErrorKind::StorageFull, calls_after_error: 0 }
    }
}

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let len = bytes.len().min(self.at_once).min(self.room - self.bytes.len());
        if len == 0 {
            self.calls_after_error += 1;
            return Err(self.error.into());
        }
        self.bytes.extend(&bytes[..len]);
        Ok(len)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Frames of all kinds of records.
fn frames() -> Vec<Frame<'static>> {
    vec![
        frame(b"first"),
        knowing(),
        frame(b""),
        Frame::new(b"no time", LinkType::ETHERNET),
        frame(b"other").with_interface(1),
    ]
}

/// Writes all frames until one fails, and on, which must fail likewise. Gives the first error and how many
/// frames there are.
fn write_all<W: Write>(builder: WriterBuilder, writer: W, frames: &[Frame<'_>]) -> (Option<Error>, u64, u64) {
    let mut out = builder.to_writer(writer).unwrap();
    let mut first: Option<Error> = None;
    for frame in frames {
        let result = out.write(*frame);
        if let Some(first) = &first {
            assert_same(first, &result.unwrap_err());
        } else if let Err(error) = result {
            first = Some(error);
        }
    }
    let result = out.flush();
    if let Some(first) = &first {
        assert_same(first, &result.unwrap_err());
        assert_same(first, &out.add_interface(Interface::new(LinkType::ETHERNET)).unwrap_err());
    } else if let Err(error) = result {
        first = Some(error);
    }
    let (frames, bytes) = (out.frames_written(), out.bytes_written());
    match (out.finish(), &first) {
        (Ok(_), None) => {}
        (Err(error), Some(first)) => assert_same(first, &error),
        (result, first) => panic!("{:?} after {first:?}", result.map(|_| ())),
    }
    (first, frames, bytes)
}

fn assert_same(first: &Error, again: &Error) {
    assert_eq!((first.kind(), first.to_string()), (again.kind(), again.to_string()));
    assert_eq!(first.io_error().unwrap().kind(), again.io_error().unwrap().kind());
}

#[test]
fn a_writer_that_is_full_after_any_number_of_bytes() {
    let frames = frames();
    for format in FORMATS {
        let builder = |capacity| SavefileWriter::builder().format(format).buffer_size(capacity);
        let whole = written(builder(0), frames.iter().copied());
        // Where a file may end: with a frame or another block.
        let ends: Vec<u64> = {
            let mut out = builder(0).to_writer(io::sink()).unwrap();
            let written = frames.iter().map(|frame| {
                out.write(*frame).unwrap();
                out.bytes_written()
            });
            written.collect()
        };
        for room in 0..=whole.len() {
            for capacity in [0, 1, 60, 200, 1 << 20] {
                for at_once in [1, 7, usize::MAX] {
                    let mut full = Full::new(room, at_once);
                    let (error, count, bytes) = write_all(builder(capacity), &mut full, &frames);
                    assert_eq!(full.bytes, whole[..room]);
                    let whole_frames = ends.iter().filter(|end| **end <= room as u64).count() as u64;
                    assert_eq!((count, error.is_none()), (whole_frames, room == whole.len()));
                    assert!(bytes <= room as u64 && full.calls_after_error <= 1);
                    // What is known to be whole is a file with these frames.
                    if bytes > 0 {
                        assert_eq!(read(&whole[..bytes as usize]).0.len() as u64, count);
                    }
                    let Some(error) = error else { continue };
                    assert_eq!(error.kind(), ErrorKind::Io);
                    assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::StorageFull);
                    let frames =
                        if count == 1 { "1 whole frame".into() } else { format!("{count} whole frames") };
                    let torn = if room as u64 > bytes { ", and part of another record" } else { "" };
                    let expected = format!("cannot write; {frames} were written before{torn}: ");
                    assert!(error.to_string().starts_with(&expected), "{error}");
                }
            }
        }
    }
}

#[test]
fn interruptions_and_small_bites_do_no_harm() {
    struct Reluctant(Vec<u8>, usize);
    impl Write for Reluctant {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.1 += 1;
            if !self.1.is_multiple_of(3) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            let len = bytes.len().min(self.1 % 11 + 1);
            self.0.extend(&bytes[..len]);
            Ok(len)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for format in FORMATS {
        let builder = || SavefileWriter::builder().format(format);
        let mut reluctant = Reluctant(Vec::new(), 0);
        assert!(write_all(builder(), &mut reluctant, &frames()).0.is_none());
        assert_eq!(reluctant.0, written(builder(), frames()));
    }
}

#[test]
fn a_writer_that_would_block_or_takes_nothing_ends_it() {
    let mut full = Full { error: io::ErrorKind::WouldBlock, ..Full::new(100, 64) };
    let (error, ..) = write_all(pcapng(), &mut full, &frames());
    assert_eq!(error.unwrap().io_error().unwrap().kind(), io::ErrorKind::WouldBlock);
    let mut slice = [0; 100];
    let (error, count, bytes) = write_all(SavefileWriter::builder(), &mut slice[..], &frames());
    assert_eq!(error.unwrap().io_error().unwrap().kind(), io::ErrorKind::WriteZero);
    let (records, _) = read(&slice[..bytes as usize]);
    assert_eq!(records.len() as u64, count);
}

#[test]
fn a_flush_that_fails_is_told() {
    struct NoFlush;
    impl Write for NoFlush {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let (error, count, _) = write_all(pcapng(), NoFlush, &frames());
    assert_eq!(error.unwrap().io_error().unwrap().kind(), io::ErrorKind::BrokenPipe);
    assert_eq!(count, frames().len() as u64);
}

#[test]
fn a_writer_that_panics_is_not_called_again() {
    struct Panics<'a>(&'a mut usize);
    impl Write for Panics<'_> {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            *self.0 += 1;
            panic!("as it does");
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut calls = 0;
    let mut out = SavefileWriter::builder().to_writer(Panics(&mut calls)).unwrap();
    out.write(frame(b"x")).unwrap();
    assert!(catch_unwind(AssertUnwindSafe(|| out.flush())).is_err());
    drop(out);
    assert_eq!(calls, 1);
}

#[test]
fn a_dropped_file_is_whole() {
    for format in FORMATS {
        let file = Temporary(path(&format!("dropped-{format}")));
        let mut out = SavefileWriter::builder().format(format).create(&file.0).unwrap();
        assert_eq!(out.path(), Some(&*file.0));
        for frame in frames() {
            out.write(frame).unwrap();
        }
        // Nothing is there but what was flushed, and that is whole.
        assert_eq!(fs::metadata(&file.0).unwrap().len(), 0);
        out.flush().unwrap();
        assert_eq!(fs::metadata(&file.0).unwrap().len(), out.bytes_written());
        assert_eq!(read(&fs::read(&file.0).unwrap()[..]).0.len(), frames().len());
        out.write(frame(b"last")).unwrap();
        if format == Format::Pcapng {
            out.interface_stats(0, &Stats::default()).unwrap();
        }
        drop(out);
        let bytes = fs::read(&file.0).unwrap();
        assert_eq!(read(&bytes[..]).0.len(), frames().len() + 1);
        // A file that got no frame is one too.
        drop(SavefileWriter::builder().format(format).create(&file.0).unwrap());
        assert!(read(&fs::read(&file.0).unwrap()[..]).0.is_empty());
    }
}

#[test]
fn files_that_cannot_be_made_are_named() {
    let error = SavefileWriter::builder().create("no/such/folder/x.pcap").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.to_string().starts_with("no/such/folder/x.pcap: cannot open for writing: "), "{error}");
}

#[test]
fn more_than_four_gigabytes_are_counted() {
    let data = vec![0; 262_144];
    let mut out = SavefileWriter::builder().to_writer(io::sink()).unwrap();
    for _ in 0..16_500 {
        out.write(frame(&data)).unwrap();
    }
    assert_eq!(out.bytes_written(), 24 + 16_500 * (16 + 262_144));
    assert!(out.bytes_written() > u64::from(u32::MAX));
}

#[cfg(target_os = "linux")]
mod full_disk {
    use std::path::Path;
    use std::process::Command;

    #[cfg(feature = "compress")]
    use pycap_capture::Compression;

    use super::*;
    use crate::programs::tool;

    const CAPACITIES: [usize; 4] = [0, 5000, 100_000, 1 << 20];

    #[test]
    fn a_device_that_is_always_full() {
        for format in FORMATS {
            let mut out = SavefileWriter::builder().format(format).create("/dev/full").unwrap();
            out.write(frame(b"x")).unwrap();
            let error = out.flush().unwrap_err();
            assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::StorageFull);
            let expected = "/dev/full: cannot write; 0 whole frames were written before: ";
            assert!(error.to_string().starts_with(expected), "{error}");
            assert_eq!((out.frames_written(), out.bytes_written()), (0, 0));
        }
    }

    /// Runs the test below on a small file system of its own. That is in a mount namespace of its own, so
    /// that it is gone with the process, whatever happens.
    #[test]
    fn a_file_system_that_fills_up() {
        if !tool("unshare") || !tool("mount") || !tool("tcpdump") {
            return;
        }
        let (folder, results) = (path("full"), path("full-results"));
        fs::create_dir_all(&folder).unwrap();
        fs::create_dir_all(&results).unwrap();
        let unshare = || {
            let mut command = Command::new("unshare");
            // An ordinary user has the right to mount in a user namespace only.
            command.args(["--user", "--map-root-user", "--mount", "--propagation", "private"]);
            command
        };
        let allowed = unshare().arg("true").output().unwrap().status.success();
        if !allowed {
            assert!(std::env::var_os("CI").is_none(), "this system allows no namespaces");
            eprintln!("skipped: this system allows no namespaces");
            return;
        }
        let script = "mount -t tmpfs -o size=256k none \"$1\" && exec \"$2\" --exact failure::full_disk::inside --ignored";
        let output = unshare()
            .args(["sh", "-c", script, "sh"])
            .args([&folder, &std::env::current_exe().unwrap()])
            .env("PYCAP_SMALL_DISK", &folder)
            .env("PYCAP_SMALL_DISK_RESULTS", &results)
            .output()
            .unwrap();
        let _ = fs::remove_dir(&folder);
        let text = String::from_utf8_lossy(&output.stdout);
        let passed = output.status.success() && text.contains("1 passed");
        let mut files = 0;
        for file in fs::read_dir(&results).unwrap() {
            let file = Temporary(file.unwrap().path());
            // Not in there: tcpdump changes to another user if it can.
            let tcpdump = Command::new("tcpdump").args(["-n", "-q", "-r"]).arg(&file.0).output().unwrap();
            assert!(tcpdump.status.success(), "{tcpdump:?}");
            let lines = tcpdump.stdout.iter().filter(|byte| **byte == b'\n').count();
            assert!(
                file.0.to_string_lossy().ends_with(&format!("-{lines}")),
                "{lines} in {}",
                file.0.display()
            );
            files += 1;
        }
        let _ = fs::remove_dir(&results);
        assert!(passed, "{text}{output:?}");
        assert_eq!(files, FORMATS.len() * CAPACITIES.len());
    }

    #[test]
    #[ignore = "part of the one above"]
    fn inside() {
        let Some(folder) = std::env::var_os("PYCAP_SMALL_DISK") else { return };
        let Some(results) = std::env::var_os("PYCAP_SMALL_DISK_RESULTS") else { return };
        let (folder, results) = (Path::new(&folder), Path::new(&results));
        let data: Vec<u8> = (0..1400).map(|i| i as u8).collect();
        let mut cut_back = 0;
        for format in FORMATS {
            for capacity in CAPACITIES {
                let file = folder.join("trace");
                let mut out =
                    SavefileWriter::builder().format(format).buffer_size(capacity).create(&file).unwrap();
                let mut accepted = 0_u64;
                let error = loop {
                    let len = 60 + accepted as usize * 37 % 1300;
                    match out.write(frame(&data[..len])) {
                        Ok(()) => accepted += 1,
                        Err(error) => break error,
                    }
                };
                assert_eq!(error.io_error().unwrap().kind(), io::ErrorKind::StorageFull);
                let count = out.frames_written();
                assert!(count > 100 && count <= accepted);
                let message = error.to_string();
                assert!(
                    message.contains(&format!("trace: cannot write; {count} whole frames were")),
                    "{message}"
                );
                assert!(!message.contains("part of another record"), "{message}");
                cut_back += usize::from(message.contains("the file was cut back to them"));
                assert_eq!(fs::metadata(&file).unwrap().len(), out.bytes_written());
                // Room again does not make it go on: there would be a hole among the frames.
                fs::write(folder.join("other"), b"").unwrap();
                assert_same(&error, &out.write(frame(b"x")).unwrap_err());
                drop(out);
                let bytes = fs::read(&file).unwrap();
                assert!(256 * 1024 - bytes.len() < 2000, "the disk is used to the last frame");
                let (frames, _) = read(&bytes[..]);
                assert_eq!(frames.len() as u64, count);
                assert!(
                    frames.iter().enumerate().all(|(i, frame)| frame.data() == &data[..60 + i * 37 % 1300])
                );
                fs::write(results.join(format!("{format}-{capacity}-{count}")), bytes).unwrap();
                fs::remove_file(&file).unwrap();
            }
        }
        assert!(cut_back > 0, "no write was cut short within a record");
        #[cfg(feature = "compress")]
        for compression in [Compression::Gzip, Compression::Zstd] {
            fill_compressed(folder, compression);
        }
    }

    #[cfg(feature = "compress")]
    fn fill_compressed(folder: &Path, compression: Compression) {
        // Of this nothing can be left out.
        let mut state = 1_u32;
        let mut noise = move || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        let data: Vec<u8> = (0..100_000).map(|_| noise()).collect();
        let sent = |i: u64| &data[i as usize * 7919 % 90_000..][..60 + i as usize * 37 % 1300];
        let file = folder.join("trace.pcap");
        let builder = SavefileWriter::builder().compression(compression).buffer_size(20_000);
        let mut out = builder.create(&file).unwrap();
        let mut accepted = 0;
        let error = loop {
            match out.write(frame(sent(accepted))) {
                Ok(()) => accepted += 1,
                Err(error) => break error,
            }
        };
        let count = out.frames_written();
        let expected = format!("{count} whole frames were written before, and the file was cut back to them");
        assert!(error.to_string().contains(&expected), "{error}");
        assert_same(&error, &out.flush().unwrap_err());
        let written = out.bytes_written();
        drop(out);
        let bytes = fs::read(&file).unwrap();
        let (frames, _) = read(&bytes[..]);
        assert_eq!(frames.len() as u64, count);
        assert!(count > 100 && count < accepted && written > 200_000);
        assert!((0..count).zip(&frames).all(|(i, frame)| frame.data() == sent(i)));
        fs::remove_file(&file).unwrap();
    }

    /// A file that another program began is cut back to its last whole record, and no further.
    #[test]
    fn a_file_is_cut_where_it_was_taken_over() {
        let limited = path("taken-over");
        let folder = Temporary(limited);
        fs::write(&folder.0, b"head").unwrap();
        let mut file = OpenOptions::new().write(true).open(&folder.0).unwrap();
        file.seek(SeekFrom::End(0)).unwrap();
        let mut out = SavefileWriter::builder().to_file(file).unwrap();
        out.write(frame(b"x")).unwrap();
        let mut file = out.finish().unwrap();
        assert_eq!(file.stream_position().unwrap(), 4 + 24 + 17);
        assert_eq!(fs::read(&folder.0).unwrap()[..4], *b"head");
    }
}
