//! Deadlines, the stop, and what waiting costs.

use std::io::Write;
use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{Follow, Next};

use crate::rig::{LONG, append, finished, folder, next, now, number, pcap, record, write};

#[test]
fn deadlines_are_kept() {
    let path = folder("deadline").join("trace");
    write(&path, &pcap(0..1));
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(now(&mut file), [0]);
    for millis in [0, 1, 20, 300, 1300] {
        let late = (0..3)
            .map(|_| {
                let deadline = Instant::now() + Duration::from_millis(millis);
                assert!(matches!(file.next_frame_until(Some(deadline)), Ok(Next::TimedOut)));
                Instant::now().checked_duration_since(deadline).expect("not too early")
            })
            .min();
        // The best of three, as other tests run beside.
        assert!(late < Some(Duration::from_millis(10)), "{millis} ms: {late:?} late");
    }
}

#[test]
fn a_frame_ends_the_wait() {
    let path = folder("wake").join("trace");
    write(&path, &pcap(0..1));
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(now(&mut file), [0]);
    let mut out = append(&path);
    let late = (1..6).map(|number| {
        let out = &mut out;
        thread::scope(|scope| {
            let writer = scope.spawn(move || {
                thread::sleep(Duration::from_millis(50));
                out.write_all(&record(number)).unwrap();
                Instant::now()
            });
            assert_eq!(next(&mut file), number);
            let woken = Instant::now();
            woken.saturating_duration_since(writer.join().unwrap())
        })
    });
    let late = late.min();
    let most = if cfg!(target_os = "linux") { 10 } else { 300 };
    assert!(late < Some(Duration::from_millis(most)), "{late:?}");
}

#[test]
fn the_stop_hands_out_what_is_there() {
    let folder = folder("stop");
    let path = folder.join("trace");
    write(&path, &pcap(0..5000));
    let mut file = Follow::open(&path).unwrap();
    assert_eq!(next(&mut file), 0);
    std::fs::rename(&path, folder.join("trace.1")).unwrap();
    write(&path, &pcap(5000..5003));
    write(&path, &record(5003)[..30]);
    file.stop_handle().stop();
    // There is more than is read at once, another file, and in that a part of a record.
    for number in 1..5003 {
        assert_eq!(next(&mut file), number);
    }
    finished(&mut file);
    assert_eq!((file.files(), file.incomplete()), (2, 0));
}

#[test]
fn the_stop_ends_a_wait_and_a_fast_writer() {
    let path = folder("stop-wait").join("trace");
    for header in [0, 10, 24, 50] {
        std::fs::write(&path, &pcap(1..2)[..header]).unwrap();
        let mut file = Follow::open(&path).unwrap();
        let stop = file.stop_handle();
        let since = Instant::now();
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(50));
                stop.stop();
            });
            finished(&mut file);
        });
        let took = since.elapsed();
        assert!(took >= Duration::from_millis(50) && took < Duration::from_secs(1), "{took:?}");
        assert_eq!(file.incomplete(), 0);
    }
    std::fs::write(&path, pcap(0..1)).unwrap();
    let mut file = Follow::open(&path).unwrap();
    let mut out = append(&path);
    assert_eq!(now(&mut file), [0]);
    file.stop_handle().stop();
    out.write_all(&record(1)).unwrap();
    let mut read = 0;
    while let Next::Frame(frame) = file.next_frame_until(Some(Instant::now() + LONG)).unwrap() {
        read += 1;
        assert_eq!(number(frame), read);
        out.write_all(&record(read + 1)).unwrap();
        assert!(read < 100, "it goes on for ever");
    }
    assert!(read >= 1);
}

/// Processor time of this thread.
#[cfg(target_os = "linux")]
fn processor_time() -> Duration {
    let time = nix::time::clock_gettime(nix::time::ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap();
    Duration::from(time)
}

#[test]
#[cfg(target_os = "linux")]
fn waiting_costs_nothing() {
    let folder = folder("cost");
    let path = folder.join("trace");
    write(&path, &pcap(1..2)[..60]);
    let mut file = Follow::open(&path).unwrap();
    let wait = |file: &mut Follow, what: &str, most: u64| {
        let before = processor_time();
        assert!(matches!(
            file.next_frame_until(Some(Instant::now() + Duration::from_secs(2))),
            Ok(Next::TimedOut)
        ));
        let took = processor_time() - before;
        assert!(took < Duration::from_millis(most), "{what}: {took:?}");
        println!("{what}: {took:?} in 2 s");
    };
    wait(&mut file, "part of a record", 5);
    std::fs::remove_file(&path).unwrap();
    wait(&mut file, "no file", 5);
    write(&path, b"");
    wait(&mut file, "an empty file", 5);
    // What happens to other files in the folder.
    thread::scope(|scope| {
        let busy = scope.spawn(|| {
            for number in 0..200 {
                thread::sleep(Duration::from_millis(5));
                write(&folder.join(format!("other{number}")), b"x");
            }
        });
        wait(&mut file, "a busy folder", 50);
        busy.join().unwrap();
    });
}

/// A program with a loop of its own waits for the descriptor, and learns of frames, further files and the stop.
#[test]
#[cfg(target_os = "linux")]
fn the_descriptor_tells_of_all_that_comes() {
    use std::os::fd::{AsFd, AsRawFd};

    use nix::poll::{PollFd, PollFlags, poll};

    let path = folder("descriptor").join("trace");
    write(&path, &pcap(0..3));
    let mut file = Follow::open(&path).unwrap();
    let polled = |file: &Follow, millis: u16| {
        assert_eq!(file.as_fd().as_raw_fd(), file.as_raw_fd());
        poll(&mut [PollFd::new(file.as_fd(), PollFlags::POLLIN)], millis).unwrap() > 0
    };
    assert_eq!(now(&mut file), [0, 1, 2]);
    let changes: [&(dyn Fn() + Sync); 3] = [
        &|| write(&path, &record(3)),
        &|| std::fs::rename(&path, path.with_extension("1")).unwrap(),
        &|| write(&path, &pcap(4..5)),
    ];
    let expected: [&[u32]; 3] = [&[3], &[], &[4]];
    for (change, expected) in changes.into_iter().zip(expected) {
        assert!(!polled(&file, 20));
        thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(20));
                change();
            });
            let mut found = Vec::new();
            // More than one event may tell of it.
            while polled(&file, if found.len() < expected.len() { 5000 } else { 50 }) {
                found.extend(now(&mut file));
            }
            assert_eq!(found, expected);
        });
    }
    let stop = file.stop_handle();
    thread::scope(|scope| {
        scope.spawn(|| {
            thread::sleep(Duration::from_millis(20));
            stop.stop();
        });
        assert!(polled(&file, 5000));
    });
    finished(&mut file);
    assert!(polled(&file, 0));
}
