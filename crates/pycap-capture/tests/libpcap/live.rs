//! Live captures through libpcap, in a namespace of their own.

use std::ops::ControlFlow;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use pycap_capture::{Direction, ErrorKind, LinkType, Next, PcapSource, Timestamp, TimestampSource};

use crate::rig::{Tcpdump, in_wire, ip, replay, send, sender};

fn open(interface: &str) -> PcapSource {
    PcapSource::live(interface).open().unwrap()
}

/// All frames until none has come for a while.
fn drain(capture: &mut PcapSource) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) =
        capture.next_frame_until(Some(Instant::now() + Duration::from_millis(300))).unwrap()
    {
        frames.push(frame.data().to_vec());
    }
    frames
}

#[test]
fn frames_are_tcpdumps() {
    in_wire(|| {
        const COUNT: u32 = 5000;
        let tcpdump = Tcpdump::start("in0", &[]);
        let mut capture = PcapSource::live("in0").buffer_size(32 << 20).open().unwrap();
        let before = Timestamp::now();
        send(COUNT);
        replay("out0", &[[&[0xff; 6][..], b"\x02src01\x81\0\0\x07\x88\xb5tagged", &[0; 60]].concat()]);
        let mut frames = Vec::new();
        let mut last = before;
        while let Next::Frame(frame) =
            capture.next_frame_until(Some(Instant::now() + Duration::from_millis(300))).unwrap()
        {
            let time = frame.timestamp().unwrap();
            assert!(time >= last && time <= Timestamp::now(), "{last} {time}");
            assert_eq!(
                (frame.original_len() as usize, frame.link_type()),
                (frame.data().len(), LinkType::ETHERNET)
            );
            assert_eq!(frame.interface_info().unwrap().name(), Some("in0"));
            last = time;
            frames.push(frame.data().to_vec());
        }
        assert_eq!(frames.len(), COUNT as usize + 1);
        assert_eq!(frames.last().unwrap()[12..16], [0x81, 0, 0, 7]);
        let theirs = tcpdump.frames(frames.len());
        let differs = frames.iter().zip(&theirs).position(|(ours, theirs)| ours != theirs);
        assert_eq!((theirs.len(), differs), (frames.len(), None), "frames are not tcpdump's");
        let stats = capture.stats().unwrap();
        assert_eq!((stats.received, stats.dropped), (Some(u64::from(COUNT) + 1), Some(0)));
    });
}

#[test]
fn batches_have_the_same_frames() {
    in_wire(|| {
        let mut capture = PcapSource::live("in0").buffer_size(32 << 20).open().unwrap();
        let mut one_by_one = PcapSource::live("in0").buffer_size(32 << 20).open().unwrap();
        send(2000);
        let expected = drain(&mut one_by_one);
        let mut frames: Vec<Vec<u8>> = Vec::new();
        // A break in the middle of a batch loses nothing.
        while frames.len() < 2000 {
            let until = frames.len() + 77;
            capture
                .for_each(|frame| {
                    frames.push(frame.data().to_vec());
                    if frames.len() == until || frames.len() == 2000 {
                        return ControlFlow::Break(());
                    }
                    ControlFlow::Continue(())
                })
                .unwrap();
        }
        assert!(frames == expected, "frames differ");
    });
}

#[test]
fn what_is_lost_is_counted() {
    in_wire(|| {
        let mut capture = PcapSource::live("in0").snaplen(1500).buffer_size(64 << 10).open().unwrap();
        send(3000);
        std::thread::sleep(Duration::from_millis(50));
        let found = drain(&mut capture).len() as u64;
        let stats = capture.stats().unwrap();
        assert_eq!(stats.received_by_filter(), Some(3000), "{stats}");
        assert_eq!(stats.received, Some(found), "{stats}");
        assert!(stats.dropped > Some(0));
        send(10);
        // So small a buffer is one block: while that is read, the kernel has nowhere to put frames.
        let found = found + drain(&mut capture).len() as u64;
        let stats = capture.stats().unwrap();
        assert_eq!((stats.received, stats.received_by_filter()), (Some(found), Some(3010)), "{stats}");
    });
}

#[test]
fn a_stop_ends_a_capture_that_is_never_idle() {
    in_wire(|| {
        let ended = std::sync::atomic::AtomicBool::new(false);
        let socket = sender();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !ended.load(std::sync::atomic::Ordering::Relaxed) {
                    let _ = socket.send(&[0; 100]);
                }
            });
            for batches in [true, false] {
                let mut capture = open("in0");
                let stop = capture.stop_handle();
                let mut count = 0;
                let started = Instant::now();
                let mut each = |_: pycap_capture::Frame<'_>| {
                    count += 1;
                    if count == 2000 {
                        stop.stop();
                    }
                };
                if batches {
                    capture
                        .for_each(|frame| {
                            each(frame);
                            ControlFlow::Continue(())
                        })
                        .unwrap();
                } else {
                    while let Some(frame) = capture.next_frame().unwrap() {
                        each(frame);
                    }
                }
                assert!(count >= 2000 && started.elapsed() < Duration::from_secs(5), "{count}");
            }
            ended.store(true, std::sync::atomic::Ordering::Relaxed);
        });
    });
}

#[test]
fn settings_are_heeded() {
    in_wire(|| {
        let mut short = PcapSource::live("in0").snaplen(60).open().unwrap();
        let mut inbound = PcapSource::live("out0").direction(Direction::Inbound).open().unwrap();
        let mut outbound =
            PcapSource::live("out0").direction(Direction::Outbound).promiscuous(true).open().unwrap();
        let mut filtered = PcapSource::live("in0").filter("udp[8:4] = 3").open().unwrap();
        let mut any = PcapSource::live("any").link_type(LinkType::LINUX_SLL2).open().unwrap();
        let mut micros = PcapSource::live("in0").nanoseconds(false).open().unwrap();
        send(10);
        while let Next::Frame(frame) =
            short.next_frame_until(Some(Instant::now() + Duration::from_millis(200))).unwrap()
        {
            assert!(frame.data().len() <= 60 && frame.original_len() > 60);
        }
        assert_eq!(drain(&mut inbound).len(), 0);
        assert_eq!(drain(&mut outbound).len(), 10);
        assert_eq!(drain(&mut filtered).len(), 1);
        let filter = filtered.compile("udp[8:4] = 4 or udp[8:4] = 5").unwrap();
        filtered.set_filter(&filter).unwrap();
        send(10);
        assert_eq!(drain(&mut filtered).len(), 2);
        assert!(filtered.as_fd().try_clone_to_owned().is_ok());
        let frame = any.next_frame().unwrap().unwrap();
        assert_eq!((frame.link_type(), frame.direction()), (LinkType::LINUX_SLL2, Direction::Outbound));
        let frame = any.next_frame().unwrap().unwrap();
        assert_eq!(frame.direction(), Direction::Inbound);
        let frame = micros.next_frame().unwrap().unwrap();
        assert_eq!(frame.timestamp().unwrap().subsec_nanos() % 1000, 0);
    });
}

#[test]
fn link_types_and_clocks_are_listed() {
    in_wire(|| {
        let mut ethernet = open("in0");
        assert_eq!(ethernet.link_type(), LinkType::ETHERNET);
        assert_eq!(ethernet.link_types().unwrap(), [LinkType::ETHERNET, LinkType::DOCSIS]);
        ethernet.set_link_type(LinkType::DOCSIS).unwrap();
        assert_eq!((ethernet.link_type(), ethernet.snaplen()), (LinkType::DOCSIS, 262_144));
        let error = ethernet.set_link_type(LinkType::PPP).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        assert!(
            error.to_string().starts_with("in0: no link type PPP here, take one of EN10MB, DOCSIS"),
            "{error}"
        );
        let mut types = open("any").link_types().unwrap();
        types.sort_by_key(|link_type| link_type.0);
        assert_eq!(types, [LinkType::LINUX_SLL, LinkType::LINUX_SLL2]);
        assert_eq!(pycap_capture::link_types("any").unwrap(), [LinkType::LINUX_SLL2, LinkType::LINUX_SLL]);
        assert_eq!(pycap_capture::link_types("in0").unwrap(), [LinkType::ETHERNET, LinkType::DOCSIS]);
        let clocks = PcapSource::live("in0").timestamp_sources().unwrap();
        assert_eq!(clocks, [TimestampSource::Kernel]);
        assert_eq!(pycap_capture::timestamp_sources("in0").unwrap(), clocks);
        let error =
            PcapSource::live("in0").timestamp_source(TimestampSource::HardwareRaw).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    });
}

#[test]
fn an_interface_that_goes_away_is_said_so() {
    in_wire(|| {
        let mut capture = open("in0");
        send(3);
        ip(&["link", "del", "out0"]);
        let (mut frames, started) = (0, Instant::now());
        let error = loop {
            match capture.next_frame() {
                Ok(Some(_)) => frames += 1,
                Ok(None) => panic!("finished without an error"),
                Err(error) => break error,
            }
        };
        assert_eq!((error.kind(), error.interface()), (ErrorKind::InterfaceGone, Some("in0")), "{error}");
        assert!(started.elapsed() < Duration::from_secs(3));
        println!("{frames} of 3 frames came before: {error}");
        assert!(matches!(capture.next_frame_until(None).unwrap(), Next::Finished));
    });
}

#[test]
fn an_interface_that_is_set_down_is_waited_for_or_said_so() {
    in_wire(|| {
        let mut capture = open("in0");
        ip(&["link", "set", "in0", "down"]);
        let deadline = Instant::now() + Duration::from_millis(300);
        match capture.next_frame_until(Some(deadline)) {
            // libpcap 1.10: it goes on when the interface is up again.
            Ok(Next::TimedOut) => {
                ip(&["link", "set", "in0", "up"]);
                std::thread::sleep(Duration::from_millis(100));
                send(3);
                assert!(drain(&mut capture).len() >= 3);
            }
            Ok(other) => panic!("{other:?}"),
            Err(error) => assert_eq!(error.kind(), ErrorKind::InterfaceDown, "{error}"),
        }
    });
}

#[test]
fn what_cannot_be_opened_is_said_so() {
    in_wire(|| {
        let error = PcapSource::live("in00").open().unwrap_err();
        assert_eq!((error.kind(), error.interface()), (ErrorKind::NoSuchInterface, Some("in00")), "{error}");
        assert!(error.to_string().contains("the nearest: in0"), "{error}");
        let error = PcapSource::live("in0\0").open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSuchInterface, "{error}");
        let error = PcapSource::live("in0").snaplen(0).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting, "{error}");
        let error = PcapSource::live("in0").filter("no such thing").open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{error}");
        ip(&["link", "set", "in0", "down"]);
        let error = PcapSource::live("in0").open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InterfaceDown, "{error}");
        assert!(error.to_string().contains("sudo ip link set dev in0 up"), "{error}");
    });
}

#[test]
fn nothing_is_left_open() {
    in_wire(|| {
        let count = || std::fs::read_dir("/proc/thread-self/fd").unwrap().count();
        drop(open("in0"));
        // Other tests run beside this one: what grows by each capture shows all the same.
        let before = count();
        for _ in 0..60 {
            drop(open("in0"));
        }
        let after = count();
        assert!(after < before + 50, "{before} descriptors before, {after} after 60 captures");
    });
}
