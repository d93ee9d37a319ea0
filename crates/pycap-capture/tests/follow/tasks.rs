//! Files that are followed with `await`.

use std::time::{Duration, Instant};

use pycap_capture::Follow;
use pycap_capture::tokio::{AsyncSource, Readable};

use crate::rig::{append, folder, number, pcap, pcapng, record, write};

fn run(work: impl Future<Output = ()>) {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work);
}

/// The next frame's number; `None` at the end.
async fn next(file: &mut AsyncSource<Follow>) -> Option<u32> {
    file.next_frame().await.unwrap().map(number)
}

#[test]
fn futures_that_are_dropped_lose_no_frame_of_any_file() {
    let path = folder("tasks").join("trace");
    for ng in [false, true] {
        let _ = std::fs::remove_file(&path);
        let file_of = |from: u32| if ng { pcapng("eth0", from..from + 50) } else { pcap(from..from + 50) };
        write(&path, &file_of(0));
        run(async {
            let mut file = AsyncSource::new(Follow::open(&path).unwrap()).unwrap();
            let stop = file.get_ref().stop_handle();
            let (mut expected, mut dropped) = (0, 0);
            let path = path.clone();
            let files: Vec<_> = (1..20).map(|at| file_of(at * 50)).collect();
            let writer = std::thread::spawn(move || {
                for (at, bytes) in files.iter().enumerate() {
                    std::thread::sleep(Duration::from_millis(7));
                    std::fs::rename(&path, path.with_extension(at.to_string())).unwrap();
                    // In two pieces.
                    write(&path, &bytes[..700]);
                    std::thread::sleep(Duration::from_millis(3));
                    write(&path, &bytes[700..]);
                }
                std::thread::sleep(Duration::from_millis(50));
                stop.stop();
            });
            loop {
                let soon = tokio::time::sleep(Duration::from_micros(u64::from(expected % 7) * 100));
                tokio::select! {
                    biased;
                    () = std::future::ready(()), if expected % 5 == 0 && dropped % 3 == 0 => dropped += 1,
                    number = next(&mut file) => match number {
                        Some(number) => {
                            assert_eq!(number, expected);
                            expected += 1;
                        }
                        None => break,
                    },
                    () = soon => dropped += 1,
                }
                if expected % 10 == 3 {
                    // A look after which something else is done before the next read.
                    let _ = file.get_mut().is_ready().unwrap();
                    assert!(!file.get_ref().interfaces().is_empty());
                }
            }
            writer.join().unwrap();
            assert_eq!((expected, dropped > 10), (1000, true));
            assert_eq!((file.get_ref().files(), file.get_ref().files_missed()), (20, 0));
        });
    }
}

#[test]
fn a_task_is_woken_by_a_frame_and_by_the_stop() {
    let path = folder("tasks-wake").join("trace");
    write(&path, &pcap(0..1));
    run(async {
        let mut file = AsyncSource::new(Follow::open(&path).unwrap()).unwrap();
        assert_eq!(next(&mut file).await, Some(0));
        let stop = file.get_ref().stop_handle();
        let mut out = append(&path);
        let writer = std::thread::spawn(move || {
            let mut times = Vec::new();
            for number in 1..6 {
                std::thread::sleep(Duration::from_millis(30));
                std::io::Write::write_all(&mut out, &record(number)).unwrap();
                times.push(Instant::now());
            }
            std::thread::sleep(Duration::from_millis(30));
            stop.stop();
            times.push(Instant::now());
            times
        });
        let mut woken = Vec::new();
        for number in 1..6 {
            assert_eq!(next(&mut file).await, Some(number));
            woken.push(Instant::now());
        }
        assert_eq!(next(&mut file).await, None);
        woken.push(Instant::now());
        let late =
            woken.iter().zip(writer.join().unwrap()).map(|(woken, at)| woken.saturating_duration_since(at));
        // It would take a second if nothing woke it. The best of them, as other tests run beside.
        assert!(late.clone().min() < Some(Duration::from_millis(15)), "{:?}", late.collect::<Vec<_>>());
        // A deadline is the runtime's.
        assert!(
            tokio::time::timeout(Duration::from_millis(5), file.next_frame())
                .await
                .unwrap()
                .unwrap()
                .is_none()
        );
    });
    run(async {
        let mut file = AsyncSource::new(Follow::open(&path).unwrap()).unwrap();
        for number in 0..6 {
            assert_eq!(next(&mut file).await, Some(number));
        }
        let since = Instant::now();
        assert!(tokio::time::timeout(Duration::from_millis(100), file.next_frame()).await.is_err());
        assert!(since.elapsed() < Duration::from_millis(600));
    });
}
