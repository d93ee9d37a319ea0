//! What happens to an interface while a thread waits for its frames.

use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

#[cfg(feature = "libpcap")]
use pycap_capture::PcapSource;
use pycap_capture::{Builder, Direction, Error, ErrorKind, Next, PacketRing, Source, StopHandle};
use pycap_rig::Namespace;

use crate::rig::{Sender, add_wire, number, tests, up, wire};

tests! {
    one_that_is_set_down_is_waited_for,
    one_that_is_set_down_ends_the_capture_where_asked_for,
    one_that_is_down_already_is_not_opened,
    one_that_is_deleted_ends_the_capture,
    one_that_is_deleted_while_it_is_down_ends_the_capture,
    one_that_is_moved_ends_the_capture,
    one_that_is_renamed_goes_on,
    any_goes_on_whatever_becomes_of_one,
    a_wait_for_one_that_is_down_keeps_deadlines_and_stops,
}

/// A thread that waits for frames, until the end.
struct Reading {
    frames: Receiver<u32>,
    stop: StopHandle,
    thread: JoinHandle<Result<(), Error>>,
}

impl Reading {
    fn start(mut source: impl Source + Send + 'static) -> Self {
        let (sender, frames) = channel();
        let stop = source.stop_handle().unwrap();
        let thread = std::thread::spawn(move || {
            let ended = loop {
                match source.next_frame() {
                    Ok(Some(frame)) => sender.send(number(frame.data()).unwrap_or(u32::MAX)).unwrap(),
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                }
            };
            // Said once, whatever it was.
            assert!(matches!(source.next_frame_until(None), Ok(Next::Finished)));
            assert!(matches!(source.next_frame(), Ok(None)));
            ended
        });
        Self { frames, stop, thread }
    }

    /// The frames of these numbers come, and no others.
    #[track_caller]
    fn gets(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            assert_eq!(self.frames.recv_timeout(Duration::from_secs(3)), Ok(number));
        }
    }

    fn is_waiting(&self) -> bool {
        !self.thread.is_finished()
    }

    /// It ends by itself: what came before, and how it ended.
    fn end(self) -> (Vec<u32>, Result<(), Error>) {
        let until = Instant::now() + Duration::from_secs(3);
        while !self.thread.is_finished() {
            assert!(Instant::now() < until, "the read goes on");
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = self.thread.join().unwrap();
        (self.frames.try_iter().collect(), ended)
    }

    /// The same, with an error.
    fn fails(self, kind: ErrorKind) -> Vec<u32> {
        let (frames, ended) = self.end();
        let error = ended.unwrap_err();
        assert_eq!((error.kind(), error.interface()), (kind, Some("in0")), "{error}");
        frames
    }
}

fn ring() -> Builder {
    PacketRing::builder("in0").block_count(4)
}

/// Both settings of what is to happen where the interface is set down.
fn both() -> [Builder; 2] {
    [ring().stop_when_down(false), ring().stop_when_down(true)]
}

fn one_that_is_set_down_is_waited_for() {
    let wire = wire();
    let reading = Reading::start(ring().open().unwrap());
    let sender = Sender::new("out0");
    for round in 0..3 {
        sender.send_numbered(round * 10..round * 10 + 10);
        wire.down("in0").unwrap();
        reading.gets(round * 10..round * 10 + 10);
        std::thread::sleep(Duration::from_millis(120));
        assert!(reading.is_waiting());
        up(&wire, "in0");
    }
    sender.send_numbered(30..40);
    reading.gets(30..40);
    reading.stop.stop();
    let (frames, ended) = reading.end();
    assert!(frames.is_empty() && ended.is_ok());
}

fn one_that_is_set_down_ends_the_capture_where_asked_for() {
    let wire = wire();
    let reading = Reading::start(ring().stop_when_down(true).open().unwrap());
    Sender::new("out0").send_numbered(0..10);
    wire.down("in0").unwrap();
    assert_eq!(reading.fails(ErrorKind::InterfaceDown), Vec::from_iter(0..10));
}

fn one_that_is_down_already_is_not_opened() {
    let wire = wire();
    wire.down("in0").unwrap();
    for builder in both() {
        let error = builder.open().unwrap_err();
        assert_eq!((error.kind(), error.interface()), (ErrorKind::InterfaceDown, Some("in0")), "{error}");
        assert!(error.to_string().contains("sudo ip link set dev in0 up"), "{error}");
    }
}

fn one_that_is_deleted_ends_the_capture() {
    let wire = wire();
    for builder in both() {
        let reading = Reading::start(builder.open().unwrap());
        Sender::new("out0").send_numbered(0..10);
        // Its peer, and so itself.
        wire.delete("out0").unwrap();
        assert_eq!(reading.fails(ErrorKind::InterfaceGone), Vec::from_iter(0..10));
        add_wire(&wire);
    }
    // Without a read that waits: the next one has the frames, and then the error.
    let mut ring = ring().open().unwrap();
    Sender::new("out0").send_numbered(0..10);
    wire.delete("in0").unwrap();
    add_wire(&wire);
    assert_eq!(Reading::start(ring_after_a_look(&mut ring)).fails(ErrorKind::InterfaceGone).len(), 10);
}

/// The ring itself: statistics can be asked for whatever became of the interface.
fn ring_after_a_look(ring: &mut PacketRing) -> PacketRing {
    let stats = ring.stats().unwrap();
    assert_eq!((stats.received, stats.interface_dropped), (Some(10), Some(0)));
    std::mem::replace(ring, PacketRing::builder("lo").block_count(2).open().unwrap())
}

fn one_that_is_deleted_while_it_is_down_ends_the_capture() {
    let wire = wire();
    let reading = Reading::start(ring().open().unwrap());
    Sender::new("out0").send_numbered(0..10);
    wire.down("in0").unwrap();
    reading.gets(0..10);
    std::thread::sleep(Duration::from_millis(120));
    wire.delete("in0").unwrap();
    assert!(reading.fails(ErrorKind::InterfaceGone).is_empty());
}

fn one_that_is_moved_ends_the_capture() {
    let wire = wire();
    let other = Namespace::new("other").unwrap();
    for builder in both() {
        let reading = Reading::start(builder.open().unwrap());
        Sender::new("out0").send_numbered(0..10);
        wire.move_to(&other, "in0").unwrap();
        assert_eq!(reading.fails(ErrorKind::InterfaceGone), Vec::from_iter(0..10));
        wire.delete("out0").unwrap();
        add_wire(&wire);
    }
    #[cfg(feature = "libpcap")]
    {
        let reading = Reading::start(PcapSource::live("in0").open().unwrap());
        let sender = Sender::new("out0");
        sender.send_numbered(0..10);
        reading.gets(0..10);
        wire.move_to(&other, "in0").unwrap();
        assert!(reading.fails(ErrorKind::InterfaceGone).is_empty());
    }
}

fn one_that_is_renamed_goes_on() {
    let wire = wire();
    for builder in both() {
        let reading = Reading::start(builder.open().unwrap());
        let sender = Sender::new("out0");
        sender.send_numbered(0..10);
        if let Err(error) = wire.rename("in0", "other0") {
            return println!("Linux before 6.2 renames no interface that is up: {error}");
        }
        sender.send_numbered(10..20);
        reading.gets(0..20);
        // Set down and up by its new name.
        if reading.is_waiting() {
            wire.down("other0").unwrap();
            std::thread::sleep(Duration::from_millis(120));
            up(&wire, "other0");
        }
        if reading.is_waiting() {
            sender.send_numbered(20..30);
            reading.gets(20..30);
            // Another interface that has the old name is none of this capture's.
            wire.veth("in0", "in1").unwrap();
            wire.down("other0").unwrap();
            std::thread::sleep(Duration::from_millis(120));
            wire.delete("in0").unwrap();
            up(&wire, "other0");
            sender.send_numbered(30..40);
            reading.gets(30..40);
            reading.stop.stop();
            assert!(reading.end().1.is_ok());
        } else {
            assert!(reading.fails(ErrorKind::InterfaceDown).is_empty());
        }
        wire.delete("out0").unwrap();
        add_wire(&wire);
    }
    #[cfg(feature = "libpcap")]
    {
        let reading = Reading::start(PcapSource::live("in0").open().unwrap());
        let sender = Sender::new("out0");
        sender.send_numbered(0..10);
        reading.gets(0..10);
        wire.rename("in0", "other0").unwrap();
        sender.send_numbered(10..20);
        reading.gets(10..20);
        reading.stop.stop();
        assert!(reading.end().1.is_ok());
    }
}

fn any_goes_on_whatever_becomes_of_one() {
    let wire = wire();
    let mut ring = PacketRing::builder("any").block_count(4).direction(Direction::Inbound).open().unwrap();
    let mut count = |when: &str| {
        let frames = crate::rig::drain(&mut ring);
        assert_eq!(frames.len(), 10, "{when}");
        frames
    };
    Sender::new("out0").send_numbered(0..10);
    wire.down("in0").unwrap();
    count("it is down");
    up(&wire, "in0");
    Sender::new("out0").send_numbered(0..10);
    count("it is up again");
    wire.delete("in0").unwrap();
    add_wire(&wire);
    Sender::new("out0").send_numbered(0..10);
    let frames = count("another one is there");
    for frame in &frames {
        assert_eq!(ring.interfaces()[frame.as_frame().interface() as usize].name(), Some("in0"));
    }
    let number = u32::from_be_bytes(frames[0].data()[4..8].try_into().unwrap());
    assert_eq!(number, wire.index("in0").unwrap());
}

fn a_wait_for_one_that_is_down_keeps_deadlines_and_stops() {
    let wire = wire();
    let mut ring = ring().open().unwrap();
    wire.down("in0").unwrap();
    for millis in [0, 5, 30, 130] {
        let started = Instant::now();
        let deadline = started + Duration::from_millis(millis);
        assert!(matches!(ring.next_frame_until(Some(deadline)).unwrap(), Next::TimedOut));
        let now = Instant::now();
        assert!(now >= deadline && now < deadline + Duration::from_millis(100), "{:?}", now - deadline);
    }
    let stop = ring.stop_handle();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(70));
        stop.stop();
        Instant::now()
    });
    assert!(ring.next_frame().unwrap().is_none());
    let took = stopper.join().unwrap().elapsed();
    assert!(took < Duration::from_millis(100), "{took:?}");
}
