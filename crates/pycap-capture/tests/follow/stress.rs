//! A writer that never waits where the reader does, and pieces that end anywhere.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pycap_capture::{Follow, Next};

use crate::rig::{append, folder, header, number, pcapng, record};

/// Numbers that seem random, the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// Appends in pieces of any length, some of a single byte, with pauses of any length or none.
fn write_in_pieces(out: &mut fs::File, mut bytes: &[u8], dice: &mut Dice) {
    while !bytes.is_empty() {
        let most = [1, 7, 100, 5000][dice.below(4) as usize];
        let len = (1 + dice.below(most) as usize).min(bytes.len());
        let (piece, rest) = bytes.split_at(len);
        out.write_all(piece).unwrap();
        bytes = rest;
        match dice.below(40) {
            0 => thread::sleep(Duration::from_micros(dice.below(300))),
            1..4 => thread::yield_now(),
            _ => {}
        }
    }
}

/// How the writer makes room for the next file.
fn rotate(path: &Path, dice: &mut Dice) {
    let old = path.with_extension("1");
    match dice.below(3) {
        // logrotate(8): the file is there before the writer knows of it.
        0 => {
            fs::rename(path, old).unwrap();
            append(path);
        }
        // The next one takes the place at once.
        1 => {
            let new = path.with_extension("new");
            append(&new);
            fs::rename(new, path).unwrap();
        }
        _ => fs::remove_file(path).unwrap(),
    }
}

const FILES: u32 = 150;

fn stress(name: &str, seed: u64, ng: bool) {
    let folder = folder(name);
    let path = &folder.join("trace");
    let mut out = append(path);
    let mut file = Follow::open(path).unwrap();
    let read = AtomicU32::new(0);
    thread::scope(|scope| {
        let (read, stop) = (&read, file.stop_handle());
        let writer = scope.spawn(move || {
            let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            let (mut number, mut torn) = (0, 0);
            for at in 0..FILES {
                let first = number;
                number += 1 + dice.below(30) as u32;
                let bytes = if ng {
                    pcapng(["eth0", "eth1"][at as usize % 2], first..number)
                } else {
                    (first..number).fold(header(), |bytes, number| [bytes, record(number)].concat())
                };
                write_in_pieces(&mut out, &bytes, &mut dice);
                if at + 1 == FILES {
                    break;
                }
                let tears = dice.below(4) == 0;
                if tears {
                    out.write_all(&record(number)[..3]).unwrap();
                    torn += 1;
                }
                // It has to know of this file; how far it has read it does not matter.
                while read.load(Ordering::Acquire) <= first {
                    thread::yield_now();
                }
                rotate(path, &mut dice);
                if !ng && dice.below(2) == 0 && !tears {
                    // What is late, to the file before.
                    write_in_pieces(&mut out, &record(number), &mut dice);
                    number += 1;
                }
                out = append(path);
            }
            stop.stop();
            (number, torn)
        });
        let since = Instant::now();
        loop {
            // Deadlines of all lengths, and none.
            let deadline = match read.load(Ordering::Relaxed) % 3 {
                0 => None,
                1 => Some(Instant::now()),
                _ => Some(Instant::now() + Duration::from_micros(200)),
            };
            match file.next_frame_until(deadline).unwrap() {
                Next::Frame(frame) => assert_eq!(number(frame), read.fetch_add(1, Ordering::Release)),
                Next::TimedOut => assert!(deadline.is_some()),
                Next::Finished => break,
            }
        }
        let (number, torn) = writer.join().unwrap();
        assert_eq!(read.load(Ordering::Relaxed), number);
        assert_eq!((file.files(), file.incomplete()), (FILES.into(), torn));
        assert_eq!(file.interfaces().len(), if ng { 2 } else { 1 });
        println!("{number} frames, {torn} torn, in {:?}", since.elapsed());
    });
}

#[test]
fn pcap() {
    for seed in 1..4 {
        stress("stress-pcap", seed, false);
    }
}

#[test]
fn pcapng_of_changing_interfaces() {
    for seed in 1..4 {
        stress("stress-pcapng", seed, true);
    }
}

/// Each record is written when the one before was read, some of them to another file: if a wake-up were lost, it would take until the next look, a second later.
#[test]
#[cfg(target_os = "linux")]
fn no_wake_up_is_lost() {
    const RECORDS: u32 = 3000;
    let path = &folder("ping-pong").join("trace");
    let mut out = append(path);
    out.write_all(&header()).unwrap();
    let mut file = Follow::open(path).unwrap();
    let read = AtomicU32::new(0);
    thread::scope(|scope| {
        let read = &read;
        scope.spawn(move || {
            let mut dice = Dice(7);
            for number in 0..RECORDS {
                while read.load(Ordering::Acquire) < number {
                    std::hint::spin_loop();
                }
                // Before, while and after the reader goes to sleep.
                for _ in 0..dice.below(20_000) {
                    std::hint::spin_loop();
                }
                if number % 10 == 5 {
                    rotate(path, &mut dice);
                    out = append(path);
                    out.write_all(&header()).unwrap();
                }
                out.write_all(&record(number)).unwrap();
            }
        });
        let mut slowest = Duration::ZERO;
        while read.load(Ordering::Relaxed) < RECORDS {
            let since = Instant::now();
            let frame = file.next_frame().unwrap().unwrap();
            slowest = slowest.max(since.elapsed());
            assert_eq!(number(frame), read.fetch_add(1, Ordering::Release));
        }
        assert!(slowest < Duration::from_millis(700), "{slowest:?}");
    });
}
