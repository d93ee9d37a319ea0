//! Compressed captures, read and written.

mod rig;

use std::path::Path;
use std::process::{Command, Stdio};

use pycap_capture::{Compression, Format, Savefile};
use rig::{SAMPLE, file, pycap, pycap_fed};

fn name(name: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    path.to_str().unwrap().to_owned()
}

/// Format, compression and number of packets.
fn about(path: &str) -> (Format, Option<Compression>, u64) {
    let mut file = Savefile::open(path).unwrap();
    while file.next_frame().unwrap().is_some() {}
    (file.format(), file.compression(), file.frames_read())
}

#[test]
fn names_and_flags_say_how() {
    let (_, _, packets) = about(SAMPLE);
    let plain = pycap(&["-r", SAMPLE]);
    for (output, flags, format, compression) in [
        ("how.pcap.gz", &[][..], Format::Pcap, Some(Compression::Gzip)),
        ("how.pcapng.gz", &[], Format::Pcapng, Some(Compression::Gzip)),
        ("how.pcap.zst", &["--pcapng"], Format::Pcapng, Some(Compression::Zstd)),
        ("how.pcapng.zst", &["--compress", "gzip"], Format::Pcapng, Some(Compression::Gzip)),
        ("how2.pcap.gz", &["--compress", "none"], Format::Pcap, None),
        ("how.pcap", &["--compress", "zstd"], Format::Pcap, Some(Compression::Zstd)),
    ] {
        let path = name(output);
        let written = pycap(&[&["-r", SAMPLE, "-w", &path], flags].concat());
        assert_eq!((written.status, written.err.as_str()), (0, ""), "{output}");
        assert_eq!(about(&path), (format, compression, packets), "{output}");
        assert_eq!(pycap(&["-r", &path]), plain, "{output}");
        assert_eq!(pycap_fed(&["-r", "-"], &std::fs::read(&path).unwrap()), plain, "{output}");
    }
}

#[test]
fn a_pipe_may_be_compressed() {
    let ours = Command::new(env!("CARGO_BIN_EXE_pycap"))
        .args(["-r", SAMPLE, "-w", "-", "--compress", "gzip"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(ours.status.success() && ours.stdout.starts_with(b"\x1f\x8b"));
    assert_eq!(pycap_fed(&["-r", "-"], &ours.stdout), pycap(&["-r", SAMPLE]));
}

#[test]
fn every_file_of_several_is_compressed() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compressed-several");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let path = folder.join("t.pcapng.gz");
    let written = pycap(&["-r", SAMPLE, "-w", path.to_str().unwrap(), "-C", "1k"]);
    assert_eq!((written.status, written.err.as_str()), (0, ""));
    let mut packets = 0;
    let mut files = 0;
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let (format, compression, count) = about(path.to_str().unwrap());
        assert_eq!((format, compression), (Format::Pcapng, Some(Compression::Gzip)));
        // The size is that before compression.
        assert!(count > 0);
        (packets, files) = (packets + count, files + 1);
    }
    assert!(files > 2);
    assert_eq!(packets, about(SAMPLE).2);
}

#[test]
fn what_cannot_be_done_is_told() {
    let path = name("told.pcap.xz");
    let output = pycap(&["-r", SAMPLE, "-w", &path]);
    assert_ne!(output.status, 0);
    assert!(
        output.err.contains("told.pcap.xz: xz is only read: files are written as gzip, zstd"),
        "{output:?}"
    );
    assert!(!Path::new(&path).exists());

    let gz = name("told.pcap.gz");
    assert_eq!(pycap(&["-r", SAMPLE, "-w", &gz]).status, 0);
    let bytes = std::fs::read(&gz).unwrap();
    let torn = file("told-torn.pcap.gz", &bytes[..bytes.len() / 2]);
    let output = pycap(&["-r", torn.to_str().unwrap()]);
    assert!(output.out.lines().count() > 5 && output.err.contains("the gzip data ends early"), "{output:?}");

    let bzip2 = file("told.bz2", b"BZh91AY&SY\0\0\0\0\0\0");
    let output = pycap(&["-r", bzip2.to_str().unwrap()]);
    assert!(output.err.ends_with("decompress it first: bzip2 -dc FILE | pycap -r -\n"), "{output:?}");
}
