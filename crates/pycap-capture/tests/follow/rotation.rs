//! Files that take each other's place, and files that are written anew.

use std::fs;
use std::io::Write;
use std::time::Instant;

use pycap_capture::{ErrorKind, Follow, Format, Next, NextRecord, SavefileWriter};

use crate::rig::{LONG, append, finished, folder, header, next, now, number, pcap, pcapng, record, write};

#[test]
fn the_next_file_follows_the_one_before() {
    let folder = folder("rename");
    let (path, old) = (folder.join("trace"), folder.join("trace.1"));
    let mut out = append(&path);
    out.write_all(&pcap(0..2)).unwrap();
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(now(&mut file), [0, 1]);
    fs::rename(&path, &old).unwrap();
    // There is none: the one before goes on.
    out.write_all(&record(2)).unwrap();
    assert_eq!(now(&mut file), [2]);
    let mut further = append(&path);
    assert_eq!(now(&mut file), []);
    // There is one, but nobody writes to it yet.
    out.write_all(&record(3)).unwrap();
    assert_eq!(now(&mut file), [3]);
    out.write_all(&record(4)).unwrap();
    further.write_all(&header()[..1]).unwrap();
    assert_eq!(now(&mut file), [4]);
    assert_eq!((file.files(), file.format()), (2, None));
    further.write_all(&header()[1..]).unwrap();
    further.write_all(&record(5)).unwrap();
    assert_eq!(now(&mut file), [5]);
    // Whoever still writes to the one before is late.
    out.write_all(&record(6)).unwrap();
    assert_eq!(now(&mut file), []);
    assert_eq!((file.frames_read(), file.incomplete()), (6, 0));
}

#[test]
fn what_is_torn_is_counted() {
    let folder = folder("torn");
    let path = folder.join("trace");
    for (at, (file, next)) in
        [(pcap(0..2), pcap(2..3)), (pcap(0..2), pcapng("a", 2..3)), (pcapng("a", 0..2), pcap(2..3))]
            .into_iter()
            .enumerate()
    {
        let _ = fs::remove_file(&path);
        // The last block of a pcapng file tells counts; so that a frame is torn, more than it goes.
        let whole = if file.starts_with(b"\n\r\r\n") { file.len() - 200 } else { file.len() - 1 };
        write(&path, &file[..whole]);
        let mut file = Follow::open(&path).unwrap();
        assert_eq!(now(&mut file), [0]);
        fs::remove_file(&path).unwrap();
        write(&path, &next);
        assert_eq!(now(&mut file), [2]);
        assert_eq!((file.incomplete(), file.files()), (1, 2), "{at}");
    }
}

#[test]
fn files_without_a_header_are_passed_over() {
    let folder = folder("empty");
    let path = folder.join("trace");
    write(&path, b"");
    let mut file = Follow::open(&path).unwrap();
    for (bytes, incomplete) in [(&b""[..], 0), (&header()[..10], 0), (&header(), 1), (&pcap(0..1), 1)] {
        assert_eq!(now(&mut file), []);
        fs::remove_file(&path).unwrap();
        write(&path, bytes);
        assert_eq!(now(&mut file).len(), usize::from(bytes.len() > 24));
        assert_eq!(file.incomplete(), incomplete);
    }
    assert_eq!(file.files(), 5);
}

#[test]
fn files_wait_for_a_slow_reader() {
    let folder = folder("slow");
    let path = folder.join("trace");
    // More than is read at once, so that there is something left to read in the first when the others come.
    write(&path, &pcap(0..6000));
    let mut file = Follow::open(&path).unwrap();
    let mut found = vec![next(&mut file)];
    for from in (6000..6050).step_by(10) {
        fs::remove_file(&path).unwrap();
        write(&path, &pcap(from..from + 10));
        // It looks when it reads.
        found.extend((0..1000).map(|_| next(&mut file)));
    }
    found.extend(now(&mut file));
    assert!(found.iter().copied().eq(0..6050));
    assert_eq!((file.files(), file.incomplete()), (6, 0));
}

#[test]
fn interfaces_stay_apart() {
    let path = folder("interfaces").join("trace");
    write(&path, &pcapng("eth0", 0..1));
    let mut file = Follow::open(&path).unwrap();
    let mut seen = Vec::new();
    for (at, name) in ["eth0", "eth1", "eth0", "eth1", "eth2", "eth0"].into_iter().enumerate() {
        if at > 0 {
            fs::remove_file(&path).unwrap();
            write(&path, &pcapng(name, 0..1));
        }
        let Next::Frame(frame) = file.next_frame_until(Some(Instant::now() + LONG)).unwrap() else {
            panic!()
        };
        assert_eq!(frame.interface_info().and_then(|info| info.name()), Some(name));
        let index = frame.interface();
        assert_eq!(file.interfaces()[index as usize].name(), Some(name));
        seen.push(index);
    }
    assert_eq!(seen, [0, 1, 0, 1, 2, 0]);
    assert_eq!(file.interfaces().len(), 3);
}

#[test]
fn a_file_that_is_written_anew_starts_over() {
    let path = folder("anew").join("trace");
    write(&path, &pcap(0..3));
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(now(&mut file), [0, 1, 2]);
    // Shorter, empty, and longer than before; the first record differs, or the last.
    fs::write(&path, pcap(3..4)).unwrap();
    assert_eq!(now(&mut file), [3]);
    fs::write(&path, b"").unwrap();
    assert_eq!(now(&mut file), []);
    write(&path, &pcap(4..5));
    assert_eq!(now(&mut file), [4]);
    fs::write(&path, pcap(5..15)).unwrap();
    assert_eq!(now(&mut file), (5..15).collect::<Vec<_>>());
    assert_eq!((file.files(), file.incomplete()), (4, 0));
    // In the middle of a record.
    append(&path).write_all(&record(15)[..20]).unwrap();
    assert_eq!(now(&mut file), []);
    fs::write(&path, pcapng("x", 16..50)).unwrap();
    assert_eq!(now(&mut file), (16..50).collect::<Vec<_>>());
    assert_eq!((file.files(), file.incomplete()), (5, 1));
}

#[test]
fn a_file_that_is_cut_back_to_whole_records_goes_on() {
    let path = folder("cut").join("trace");
    for refilled in [0, 1, 10, 2000] {
        let whole = pcap(0..3);
        fs::write(&path, &whole).unwrap();
        let mut out = append(&path);
        let mut file = Follow::open(&path).unwrap();
        assert_eq!(now(&mut file), [0, 1, 2]);
        out.write_all(&record(3)[..record(3).len() - 1]).unwrap();
        assert_eq!(now(&mut file), []);
        out.set_len(whole.len() as u64).unwrap();
        let mut expected = Vec::new();
        for number in 4..4 + refilled {
            out.write_all(&record(number)).unwrap();
            expected.push(number);
        }
        assert_eq!(now(&mut file), expected);
        out.write_all(&record(9999)).unwrap();
        assert_eq!(now(&mut file), [9999]);
        assert_eq!((file.files(), file.incomplete()), (1, 1));
    }
}

#[test]
fn what_follows_has_to_be_a_capture() {
    let folder = folder("follows");
    let path = folder.join("trace");
    for (bytes, kind) in [
        (&b"this is not a capture"[..], ErrorKind::UnknownFormat),
        (b"\x1f\x8b\x08\0", ErrorKind::Compressed),
    ] {
        fs::write(&path, pcap(0..2)).unwrap();
        let mut file = Follow::open(&path).unwrap();
        assert_eq!(next(&mut file), 0);
        fs::remove_file(&path).unwrap();
        fs::write(&path, bytes).unwrap();
        assert_eq!(next(&mut file), 1);
        let error = file.next_frame().unwrap_err();
        assert_eq!(error.kind(), kind);
        finished(&mut file);
    }
    // A folder is not waited for long: but for a while, as it may be about to become a file.
    fs::write(&path, pcap(0..1)).unwrap();
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(next(&mut file), 0);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(now(&mut file), []);
    fs::remove_dir(&path).unwrap();
    fs::write(&path, pcap(1..2)).unwrap();
    assert_eq!(next(&mut file), 1);
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    let since = Instant::now();
    assert_eq!(file.next_frame().unwrap_err().io_error().unwrap().kind(), std::io::ErrorKind::IsADirectory);
    assert!(since.elapsed().as_secs() >= 2);
    finished(&mut file);
}

/// The path may go through links and folders that are changed: the name itself then stays as it is.
#[test]
fn it_is_the_path_that_counts() {
    let folder = folder("path");
    for (name, numbers) in [("a", 0..1), ("b", 1..2), ("c", 2..3)] {
        fs::create_dir(folder.join(name)).unwrap();
        write(&folder.join(name).join("trace"), &pcap(numbers));
    }
    let link = |to: &str| {
        let _ = fs::remove_file(folder.join("new"));
        std::os::unix::fs::symlink(to, folder.join("new")).unwrap();
        fs::rename(folder.join("new"), folder.join("now")).unwrap();
    };
    link("a");
    let mut file = Follow::open(folder.join("now/trace")).unwrap();
    assert_eq!(next(&mut file), 0);
    let later = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(std::time::Duration::from_millis(100));
            link("b");
        });
        next(&mut file)
    });
    assert_eq!(later, 1);
    // The folder goes away with all that is in it, and comes back.
    fs::remove_dir_all(folder.join("b")).unwrap();
    assert_eq!(now(&mut file), []);
    fs::rename(folder.join("c"), folder.join("b")).unwrap();
    assert_eq!(next(&mut file), 2);
    let Next::TimedOut = file.next_frame_until(Some(Instant::now())).unwrap() else { panic!() };
    write(&folder.join("b/trace"), &record(3));
    let Next::Frame(frame) = file.next_frame_until(Some(Instant::now() + LONG)).unwrap() else { panic!() };
    assert_eq!(number(frame), 3);
}

#[test]
fn every_record_of_every_file_is_there() {
    let folder = folder("records");
    let path = folder.join("trace");
    let (first, second) = (pcapng("a", 0..2), pcapng("b", 2..3));
    write(&path, &first[..40]);
    let mut file = Follow::open(&path).unwrap();
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    let mut copy = |file: &mut Follow| {
        let mut indexes = Vec::new();
        while let NextRecord::Record(record) = file.next_record_until(Some(Instant::now())).unwrap() {
            indexes.extend(record.frame().map(pycap_capture::Frame::interface));
            out.write_record(record).unwrap();
        }
        indexes
    };
    assert_eq!(copy(&mut file), []);
    write(&path, &first[40..]);
    assert_eq!(copy(&mut file), [0, 0]);
    fs::remove_file(&path).unwrap();
    write(&path, &second);
    assert_eq!(copy(&mut file), [1]);
    assert_eq!((file.frames_read(), file.interfaces().len()), (3, 2));
    file.stop_handle().stop();
    assert!(matches!(file.next_record_until(None), Ok(NextRecord::Finished)));
    assert_eq!(out.finish().unwrap(), [first, second].concat());
}
