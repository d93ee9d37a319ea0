//! A file that grows, and what cannot be followed.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::Instant;

use pycap_capture::{ErrorKind, Follow, Format, Frame, LinkType, Next, SavefileWriter, Source, Timestamp};

use crate::rig::{append, data, finished, folder, header, next, now, pcap, pcapng, record, write};

#[test]
fn a_record_is_handed_out_when_it_is_whole() {
    for (name, bytes) in [("pcap", pcap(0..4)), ("pcapng", pcapng("eth0", 0..4))] {
        let path = folder("bytewise").join(name);
        let mut out = append(&path);
        let mut file = Follow::open(&path).unwrap();
        let mut found = Vec::new();
        for byte in bytes {
            assert!(found.len() < 4);
            out.write_all(&[byte]).unwrap();
            found.extend(now(&mut file));
        }
        // The last block of a pcapng file tells counts.
        assert_eq!(found, [0, 1, 2, 3], "{name}");
        assert_eq!((file.frames_read(), file.files(), file.incomplete()), (4, 1, 0));
        assert_eq!(file.interfaces().len(), 1);
    }
}

#[test]
fn our_own_writer_can_be_followed() {
    let folder = folder("writer");
    for format in [Format::Pcap, Format::PcapNanosecond, Format::Pcapng] {
        let path = folder.join(format.to_string());
        let mut out = SavefileWriter::builder().format(format).create(&path).unwrap();
        let mut file = Follow::open(&path).unwrap();
        assert_eq!(file.format(), None);
        assert_eq!(now(&mut file), []);
        for number in 0..100 {
            let bytes = data(number);
            let frame = Frame::new(&bytes, LinkType::ETHERNET).with_timestamp(Timestamp::new(7, 0));
            out.write(frame).unwrap();
            if number % 3 == 0 {
                out.flush().unwrap();
                let expected: Vec<_> = (number.saturating_sub(2)..=number).collect();
                assert_eq!(now(&mut file), expected);
            }
        }
        assert_eq!(file.format(), Some(format));
        out.finish().unwrap();
        assert_eq!(now(&mut file), []);
        file.stop_handle().stop();
        finished(&mut file);
        assert_eq!(file.incomplete(), 0);
    }
}

/// tcpdump writes each packet when it has it; it gets them through a pipe here.
#[test]
fn tcpdumps_file_can_be_followed() {
    let path = folder("tcpdump").join("trace");
    let tcpdump = Command::new("tcpdump")
        .args(["-r", "-", "-U", "-w"])
        .arg(&path)
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    let Ok(mut tcpdump) = tcpdump else {
        assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "tcpdump is not installed");
        return println!("skipped: tcpdump is not installed");
    };
    let mut input = tcpdump.stdin.take().unwrap();
    input.write_all(&header()).unwrap();
    let since = Instant::now();
    while !path.exists() && since.elapsed() < crate::rig::LONG {
        std::thread::yield_now();
    }
    let mut file = Follow::open(&path).unwrap();
    for number in 0..20 {
        input.write_all(&record(number)).unwrap();
        assert_eq!(next(&mut file), number);
    }
    drop(input);
    tcpdump.wait().unwrap();
    assert_eq!(now(&mut file), []);
}

#[test]
fn it_is_a_source() {
    let path = folder("source").join("trace");
    write(&path, &pcap(0..5));
    let mut source: Box<dyn Source> = Box::new(Follow::open(&path).unwrap());
    let stop = source.stop_handle().unwrap();
    let mut count = 0;
    source
        .for_each(&mut |frame| {
            assert_eq!(frame.interface_info().unwrap().link_type(), LinkType::ETHERNET);
            count += 1;
            if count == 5 {
                stop.stop();
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(count, 5);
    assert!(matches!(source.try_next_frame(), Ok(Next::Finished)));
}

#[test]
fn what_cannot_be_followed_is_told() {
    let folder = folder("refused");
    let pipe = folder.join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.join(name);
        write(&path, bytes);
        path
    };
    for (path, kind, words) in [
        (folder.join("missing"), ErrorKind::Io, ": cannot open: No such file"),
        (folder.clone(), ErrorKind::Io, ": cannot open: "),
        (
            pipe,
            ErrorKind::Unsupported,
            "only a regular file can be followed, and this is a pipe or a device: read it as it comes",
        ),
        ("/dev/null".into(), ErrorKind::Unsupported, "only a regular file"),
        (
            file("gz", b"\x1f\x8b\x08\0"),
            ErrorKind::Compressed,
            "this is a gzip file, and a compressed one cannot be followed; decompress it as it comes: tail -c +1 -f FILE | gzip -dc",
        ),
        (file("zst", b"\x28\xb5\x2f\xfd"), ErrorKind::Compressed, "| zstd -dc"),
        (file("xz", b"\xfd7zXZ\0"), ErrorKind::Compressed, "| xz -dc"),
        (file("lz4", b"\x04\x22\x4d\x18"), ErrorKind::Compressed, "| lz4 -dc"),
        (file("text", b"this is not a capture"), ErrorKind::UnknownFormat, "not a pcap or pcapng capture"),
        (
            file("version", &[header()[..4].to_vec(), vec![9; 20]].concat()),
            ErrorKind::UnsupportedVersion,
            "pcap version",
        ),
    ] {
        let error = Follow::open(&path).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.path(), Some(&*path));
        assert!(error.to_string().contains(words), "{error}");
    }
}

#[test]
fn damage_is_one_error() {
    for waits in [false, true] {
        let path = folder("damage").join("trace");
        let mut out = append(&path);
        out.write_all(&pcap(0..3)).unwrap();
        let mut file = Follow::open(&path).unwrap();
        if waits {
            assert_eq!(now(&mut file), [0, 1, 2]);
        }
        out.write_all(&[0xff; 16]).unwrap();
        out.write_all(&record(3)).unwrap();
        if !waits {
            for number in 0..3 {
                assert_eq!(next(&mut file), number);
            }
        }
        let error = file.next_frame().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert_eq!((error.path(), error.record()), (Some(&*path), Some(4)));
        finished(&mut file);
    }
}
