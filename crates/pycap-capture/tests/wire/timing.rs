//! How long reads wait.
//!
//! The figures are of the machine, too: other programs run on it. So every other sample is of a plain wait, which tells how late the machine
//! itself is, and a limit has to be kept in one round of three of those in which the machine was on time.

use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::time::{ClockId, clock_gettime};
#[cfg(feature = "libpcap")]
use pycap_capture::PcapSource;
use pycap_capture::{Backend, Live, Next, PacketRing, Source};

use crate::rig::{Sender, frame, nanos, tests, trickle, wire};

tests! {
    a_read_ends_at_its_deadline within 60,
    a_stop_ends_a_read_that_waits within 90,
    frames_come_soon within 30,
    a_read_that_waits_takes_no_processor,
    a_descriptor_tells_of_frames_and_of_the_stop,
}

/// Each backend, by its name.
type Open = fn() -> Box<dyn Source + Send>;

const BACKENDS: &[(&str, Open)] = &[
    ("ring", || Box::new(PacketRing::builder("in0").block_count(4).open().unwrap())),
    #[cfg(feature = "libpcap")]
    ("libpcap", || Box::new(PcapSource::live("in0").open().unwrap())),
];

/// The limits are those of the 99th percentile of this many samples.
const SAMPLES: usize = 120;
const LIMIT: Duration = Duration::from_millis(10);

/// What a round of samples was like.
struct Round {
    ours: Vec<Duration>,
    machine: Vec<Duration>,
}

impl Round {
    fn new() -> Self {
        Self { ours: Vec::new(), machine: Vec::new() }
    }

    /// A sample of the machine's own.
    fn machine(&mut self) {
        let time = Duration::from_millis(2);
        let started = Instant::now();
        std::thread::sleep(time);
        self.machine.push(started.elapsed() - time);
    }
}

fn percentile(times: &mut [Duration], percent: usize) -> Duration {
    times.sort();
    times[times.len() * percent / 100]
}

/// Takes rounds until one keeps the limit at the percentile.
fn keeps(what: &str, percent: usize, limit: Duration, mut round: impl FnMut() -> Round) {
    let mut tries = 0;
    for _ in 0..8 {
        let Round { mut ours, mut machine } = round();
        let (found, late) = (percentile(&mut ours, percent), percentile(&mut machine, percent));
        let [half, most] = [50, 99].map(|percent| percentile(&mut ours, percent));
        println!("{what}: {half:?} (median), {most:?} (99th percentile); the machine {late:?}");
        if found < limit {
            return;
        }
        if late < limit / 2 {
            tries += 1;
        }
        assert!(tries < 3, "{what}: {found:?}, where the machine itself was late by {late:?}");
    }
    panic!("{what}: the machine is never on time");
}

/// Between two frames of a trickle.
const PERIOD: Duration = Duration::from_millis(3);

fn a_read_ends_at_its_deadline() {
    let _wire = wire();
    for (name, open) in BACKENDS {
        for traffic in [false, true] {
            let _trickle = traffic.then(|| trickle(PERIOD));
            let mut source = open();
            let what = format!("{name}, traffic {traffic}: a deadline is missed by");
            keeps(&what, 99, LIMIT, || {
                let mut round = Round::new();
                for number in 0..SAMPLES {
                    let deadline = Instant::now() + Duration::from_micros(2000 + number as u64 * 37);
                    loop {
                        match source.next_frame_until(Some(deadline)).unwrap() {
                            Next::Frame(_) => {}
                            Next::TimedOut => break,
                            Next::Finished => panic!("finished"),
                        }
                    }
                    let now = Instant::now();
                    round.ours.push(now.checked_duration_since(deadline).expect("not too early"));
                    round.machine();
                }
                round
            });
            // One that has passed: it only looks.
            let started = Instant::now();
            while let Next::Frame(_) = source.next_frame_until(Some(started)).unwrap() {}
            assert!(started.elapsed() < Duration::from_millis(50), "{what}");
        }
    }
}

fn a_stop_ends_a_read_that_waits() {
    let _wire = wire();
    for (name, open) in BACKENDS {
        for traffic in [false, true] {
            let _trickle = traffic.then(|| trickle(PERIOD));
            let what = format!("{name}, traffic {traffic}: a stop takes");
            // Where the kernel gathers nothing, there is nothing to wait for.
            let limit = if traffic { LIMIT } else { LIMIT / 2 };
            keeps(&what, 99, limit, || {
                let mut round = Round::new();
                while round.ours.len() < SAMPLES {
                    // To open or to close one takes the kernel long, to do it with several takes it no longer.
                    let openers: Vec<_> = (0..40).map(|_| std::thread::spawn(*open)).collect();
                    let mut sources: Vec<_> =
                        openers.into_iter().map(|opener| opener.join().unwrap()).collect();
                    for (number, source) in sources.iter_mut().enumerate() {
                        let stop = source.stop_handle().unwrap();
                        let stopper = std::thread::spawn(move || {
                            std::thread::sleep(Duration::from_micros(2000 + number as u64 * 137));
                            let now = Instant::now();
                            stop.stop();
                            now
                        });
                        if number % 2 == 0 {
                            while source.next_frame().unwrap().is_some() {}
                        } else {
                            source.for_each(&mut |_| ControlFlow::Continue(())).unwrap();
                        }
                        let ended = Instant::now();
                        round.ours.push(ended - stopper.join().unwrap());
                        assert!(matches!(source.next_frame_until(None).unwrap(), Next::Finished));
                        round.machine();
                    }
                    let closers = sources.into_iter().map(|source| std::thread::spawn(|| drop(source)));
                    for closer in closers.collect::<Vec<_>>() {
                        closer.join().unwrap();
                    }
                }
                round
            });
        }
    }
}

fn frames_come_soon() {
    let _wire = wire();
    let cases: [(&str, Open, u64); 4] = [
        ("ring", BACKENDS[0].1, 10),
        ("ring, immediate", || Box::new(PacketRing::builder("in0").immediate(true).open().unwrap()), 1),
        #[cfg(feature = "libpcap")]
        ("libpcap", BACKENDS[1].1, 10),
        #[cfg(not(feature = "libpcap"))]
        ("ring", BACKENDS[0].1, 10),
        #[cfg(feature = "libpcap")]
        ("libpcap, immediate", || Box::new(PcapSource::live("in0").immediate(true).open().unwrap()), 1),
        #[cfg(not(feature = "libpcap"))]
        ("ring", BACKENDS[0].1, 10),
    ];
    for (name, open, millis) in cases {
        let mut source = open();
        let what = format!("{name}: a frame is in hand after");
        keeps(&what, 50, Duration::from_millis(millis), || {
            let sender = Sender::new("out0");
            let thread = std::thread::spawn(move || {
                for number in 0..SAMPLES as u64 {
                    // Not in step with the kernel's timer.
                    std::thread::sleep(Duration::from_micros(2500 + number * 37));
                    sender.send(&frame(&nanos().to_be_bytes()));
                }
            });
            let mut round = Round::new();
            while round.ours.len() < SAMPLES {
                let frame = source.next_frame().unwrap().unwrap();
                let now = nanos();
                let sent = u64::from_be_bytes(frame.data()[14..22].try_into().unwrap());
                round.ours.push(Duration::from_nanos(now - sent));
            }
            thread.join().unwrap();
            (0..SAMPLES / 2).for_each(|_| round.machine());
            round
        });
    }
}

fn a_read_that_waits_takes_no_processor() {
    let _wire = wire();
    let spent = || Duration::from(clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).unwrap());
    for (name, open) in BACKENDS {
        let mut source = open();
        // The first time may load something.
        let soon = Instant::now() + Duration::from_millis(1);
        assert!(matches!(source.next_frame_until(Some(soon)).unwrap(), Next::TimedOut));
        let before = spent();
        let deadline = Instant::now() + Duration::from_secs(1);
        assert!(matches!(source.next_frame_until(Some(deadline)).unwrap(), Next::TimedOut));
        let spent = spent() - before;
        println!("{name}: a read that waits for a second takes {spent:?} of a processor");
        assert!(spent < Duration::from_millis(2), "{name}: {spent:?}");
    }
}

/// poll(2): whether it is readable within this time.
fn polled(source: &(impl AsFd + AsRawFd), millis: u16) -> bool {
    use nix::poll::{PollFd, PollFlags, poll};
    assert_eq!(source.as_fd().as_raw_fd(), source.as_raw_fd());
    let mut fds = [PollFd::new(source.as_fd(), PollFlags::POLLIN)];
    poll(&mut fds, millis).unwrap() > 0
}

/// Only [`polled`] waits: a program with a loop of its own learns of frames, and of a stop from another thread.
fn tells<S: Source + AsFd + AsRawFd>(what: &str, mut source: S) {
    let drain = |source: &mut S| {
        let mut frames = 0;
        while let Next::Frame(_) = source.try_next_frame().unwrap() {
            frames += 1;
        }
        frames
    };
    drain(&mut source);
    for round in 0..3 {
        assert!(!polled(&source, 30), "{what}, {round}");
        let sender = Sender::new("out0");
        std::thread::scope(|scope| {
            scope.spawn(move || {
                std::thread::sleep(Duration::from_millis(20));
                sender.send_numbered(0..10);
            });
            let mut frames = 0;
            while frames < 10 {
                assert!(polled(&source, 2000), "{what}, {round}: {frames}");
                frames += drain(&mut source);
            }
        });
    }
    let stop = source.stop_handle().unwrap();
    std::thread::scope(|scope| {
        scope.spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            stop.stop();
        });
        let since = Instant::now();
        assert!(polled(&source, 5000), "{what}: the stop does not show");
        assert!(since.elapsed() < Duration::from_millis(500), "{what}");
    });
    assert!(source.next_frame().unwrap().is_none(), "{what}");
    assert!(polled(&source, 0), "{what}: it is over, and does not show it");
}

fn a_descriptor_tells_of_frames_and_of_the_stop() {
    let _wire = wire();
    tells("ring", PacketRing::builder("in0").block_count(4).open().unwrap());
    tells("live ring", Live::on("in0").backend(Backend::Ring).open().unwrap());
    #[cfg(feature = "libpcap")]
    {
        tells("libpcap", PcapSource::live("in0").open().unwrap());
        tells("live libpcap", Live::on("in0").backend(Backend::Libpcap).open().unwrap());
    }
    // Nobody fills this one.
    let (ring, _producer) =
        PacketRing::builder("memory").in_memory(pycap_capture::LinkType::ETHERNET).unwrap();
    let stop = ring.stop_handle();
    assert!(!polled(&ring, 10));
    std::thread::spawn(move || stop.stop());
    assert!(polled(&ring, 5000));
}
