//! Readers that are slower than whoever rotates the files: everything arrives, or is counted as missed.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{Follow, Next, NextRecord};

use crate::rig::{finished, folder, next, now, number, pcap, pcapng, write};

/// Frames of a file.
const FRAMES: u32 = 20;

/// The file of this number.
fn file_of(number: u32, ng: bool) -> Vec<u8> {
    let frames = number * FRAMES..(number + 1) * FRAMES;
    if ng { pcapng("eth0", frames) } else { pcap(frames) }
}

/// The numbers of the files whose frames these are, each of which has to be there with all of its frames, in order.
fn whole_files(frames: &[u32]) -> Vec<u32> {
    let files: Vec<u32> = frames.chunks(FRAMES as usize).map(|chunk| chunk[0] / FRAMES).collect();
    let expected = files.iter().flat_map(|file| file * FRAMES..(file + 1) * FRAMES);
    assert!(frames.iter().copied().eq(expected), "{frames:?}");
    assert!(files.is_sorted(), "{files:?}");
    files
}

/// How the file of this number leaves the path, to make room for the next.
type Rotate = fn(&Path, u32);

/// Each has a name of its own then.
fn rename(path: &Path, number: u32) {
    fs::rename(path, path.with_extension(number.to_string())).unwrap();
}

/// logrotate(8): those before move on by one, and there are so many at most.
fn shift(path: &Path, most: u32) {
    let numbered = |number: u32| path.with_extension(number.to_string());
    let _ = fs::remove_file(numbered(most));
    for number in (1..most).rev() {
        if numbered(number).exists() {
            fs::rename(numbered(number), numbered(number + 1)).unwrap();
        }
    }
    fs::rename(path, numbered(1)).unwrap();
}

fn remove(path: &Path, _: u32) {
    fs::remove_file(path).unwrap();
}

/// The path of a test, with its first file, and that file followed.
fn start(test: &str, ng: bool) -> (PathBuf, Follow) {
    let path = folder(test).join("trace");
    write(&path, &file_of(0, ng));
    let file = Follow::open(&path).unwrap();
    (path, file)
}

#[test]
fn a_millisecond_for_each_frame_and_a_rename_every_20() {
    for (test, ng, records) in
        [("slow-pcap", false, false), ("slow-pcapng", true, false), ("slow-records", true, true)]
    {
        let (path, mut file) = start(test, ng);
        let stop = file.stop_handle();
        let mut found = Vec::new();
        thread::scope(|scope| {
            scope.spawn(|| {
                for number in 1..11 {
                    thread::sleep(Duration::from_millis(20));
                    rename(&path, number - 1);
                    write(&path, &file_of(number, ng));
                }
                stop.stop();
            });
            loop {
                thread::sleep(Duration::from_millis(1));
                if records {
                    match file.next_record_until(None).unwrap() {
                        NextRecord::Record(record) => found.extend(record.frame().map(number)),
                        _ => break,
                    }
                } else {
                    match file.next_frame_until(None).unwrap() {
                        Next::Frame(frame) => found.push(number(frame)),
                        _ => break,
                    }
                }
            }
        });
        assert_eq!(whole_files(&found), (0..11).collect::<Vec<_>>());
        assert_eq!((file.files(), file.files_missed(), file.incomplete()), (11, 0, 0), "{test}");
    }
}

/// Files that are removed or written over leave nothing to read; a look at each call has them open before. The reader is twice as slow as
/// the writer, so that it is in the middle of a file when others come and go.
#[test]
fn a_call_a_millisecond_misses_no_file_that_is_removed() {
    let over: Rotate = |_, _| {};
    for (test, rotate) in [("slow-removed", remove as Rotate), ("slow-over", over)] {
        // Three times, as this machine may keep a thread waiting for longer than a file is there.
        let arrived = (0..3).map(|_| {
            let (path, mut file) = start(test, false);
            let stop = file.stop_handle();
            let mut found = Vec::new();
            thread::scope(|scope| {
                scope.spawn(|| {
                    for number in 1..11 {
                        thread::sleep(Duration::from_millis(10));
                        rotate(&path, number - 1);
                        // At once: a file without a byte is one, too.
                        let new = path.with_extension("new");
                        write(&new, &file_of(number, false));
                        fs::rename(new, &path).unwrap();
                    }
                    stop.stop();
                });
                while let Some(frame) = file.next_frame().unwrap() {
                    found.push(number(frame));
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let arrived = whole_files(&found).len() as u64;
            assert_eq!((file.files(), arrived + file.files_missed()), (arrived, 11), "{test}");
            arrived
        });
        assert_eq!(arrived.max(), Some(11), "{test}");
    }
}

/// Nothing is called while all of them come and go: a rename within the folder loses none, however many there are.
#[test]
#[cfg(target_os = "linux")]
fn renamed_files_are_found_after_any_time() {
    for (test, count) in [("stall-few", 5), ("stall-64", 65), ("stall-many", 300)] {
        let (path, mut file) = start(test, false);
        assert_eq!(next(&mut file), 0);
        for number in 1..=count {
            rename(&path, number - 1);
            write(&path, &file_of(number, false));
        }
        let mut found = vec![0];
        found.extend(now(&mut file));
        assert_eq!(whole_files(&found), (0..=count).collect::<Vec<_>>(), "{test}");
        assert_eq!((file.files(), file.files_missed()), (u64::from(count) + 1, 0), "{test}");
    }
}

/// The same, with the stop in between: all that was there by then is handed out.
#[test]
#[cfg(target_os = "linux")]
fn a_stop_hands_out_all_that_wait() {
    let (path, mut file) = start("stall-stop", false);
    assert_eq!(next(&mut file), 0);
    for number in 1..=100 {
        rename(&path, number - 1);
        write(&path, &file_of(number, false));
    }
    file.stop_handle().stop();
    let mut found = vec![0];
    while let Some(frame) = file.next_frame().unwrap() {
        found.push(number(frame));
        if found.len() == 500 {
            rename(&path, 100);
            write(&path, &file_of(101, false));
        }
    }
    assert_eq!(whole_files(&found), (0..=100).collect::<Vec<_>>());
    assert_eq!((file.files(), file.files_missed()), (101, 0));
    finished(&mut file);
}

/// What is gone is counted, to the file.
#[test]
#[cfg(target_os = "linux")]
fn what_is_gone_is_counted() {
    let shift_5: Rotate = |path, _| shift(path, 5);
    let away: Rotate = |path, number| {
        let other = path.with_file_name("other");
        fs::create_dir_all(&other).unwrap();
        fs::rename(path, other.join(number.to_string())).unwrap();
    };
    let every_other: Rotate = |path, number| {
        if number.is_multiple_of(2) { remove(path, number) } else { rename(path, number) }
    };
    for (test, rotate, missed) in [
        ("gone-shift", shift_5, 34),
        ("gone-away", away, 39),
        ("gone-removed", remove, 39),
        ("gone-half", every_other, 19),
    ] {
        let (path, mut file) = start(test, false);
        assert_eq!(next(&mut file), 0);
        for number in 1..=40 {
            rotate(&path, number - 1);
            write(&path, &file_of(number, false));
        }
        let mut found = vec![0];
        found.extend(now(&mut file));
        let arrived = whole_files(&found);
        assert_eq!(arrived.last(), Some(&40), "{test}");
        assert_eq!(file.files_missed(), missed, "{test}: {arrived:?}");
        assert_eq!(file.files() + file.files_missed(), 41, "{test}");
    }
}

/// More at a time than there is memory for: what came first is given up, and counted.
#[test]
#[cfg(target_os = "linux")]
fn more_than_can_be_kept_in_mind_are_counted() {
    let (path, mut file) = start("stall-huge", false);
    assert_eq!(next(&mut file), 0);
    let count = 1400;
    for number in 1..=count {
        rename(&path, number - 1);
        write(&path, &file_of(number, false));
    }
    let mut found = vec![0];
    found.extend(now(&mut file));
    let arrived = whole_files(&found).len() as u64;
    assert!(arrived > 1000, "{arrived}");
    assert_eq!((file.files(), arrived + file.files_missed()), (arrived, u64::from(count) + 1));
}

/// Truncated in its place and written anew, by a reader that calls each millisecond: what was truncated before it was read is counted.
#[test]
fn files_that_are_written_anew_are_read_or_counted() {
    let (path, mut file) = start("slow-anew", false);
    let stop = file.stop_handle();
    let mut found = Vec::new();
    thread::scope(|scope| {
        scope.spawn(|| {
            for number in 1..25 {
                thread::sleep(Duration::from_millis(15));
                // In one piece, so that no half of it is read.
                let out = fs::OpenOptions::new().write(true).open(&path).unwrap();
                out.set_len(0).unwrap();
                std::io::Write::write_all(&mut &out, &file_of(number, false)).unwrap();
            }
            thread::sleep(Duration::from_millis(100));
            stop.stop();
        });
        while let Some(frame) = file.next_frame().unwrap() {
            found.push(number(frame));
            thread::sleep(Duration::from_millis(1));
        }
    });
    let arrived = whole_files(&found);
    assert_eq!(arrived.last(), Some(&24));
    assert!(file.files_missed() > 0 && arrived.len() > 5, "{arrived:?}");
    assert_eq!(arrived.len() as u64 + file.files_missed(), 25, "{arrived:?}");
    assert_eq!(file.incomplete(), 0);
}

/// A look costs microseconds: it does not come with each frame where these come fast.
#[test]
fn a_fast_reader_looks_seldom() {
    let path = folder("fast").join("trace");
    fs::write(&path, pcap(0..50_000)).unwrap();
    let mut file = Follow::open(&path).unwrap();
    let mut best = Duration::MAX;
    for _ in 0..3 {
        let since = Instant::now();
        let frames = (0..10_000).filter(|_| matches!(file.next_frame(), Ok(Some(_)))).count();
        assert_eq!(frames, 10_000);
        best = best.min(since.elapsed());
    }
    println!("{best:?} for 10,000 frames");
    // A system call for each would take more.
    assert!(best < Duration::from_millis(10), "{best:?}");
}
