//! A namespace with a veth pair for each test, a bound on how long it may take, and frames to send.

use std::any::Any;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, bind, send, socket};
use pycap_capture::{Next, OwnedFrame, Source};
use pycap_rig::Namespace;

/// One test, and how long it may take at most.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) bound: Duration,
    pub(crate) work: fn(),
}

/// The tests of a module.
macro_rules! tests {
    ($($name:ident $(within $seconds:literal)?),+ $(,)?) => {
        pub(crate) const TESTS: &[crate::rig::Test] = &[$(crate::rig::Test {
            name: concat!(module_path!(), "::", stringify!($name)),
            bound: std::time::Duration::from_secs(crate::rig::bound!($($seconds)?)),
            work: $name,
        }),+];
    };
}
pub(crate) use tests;

macro_rules! bound {
    () => {
        15
    };
    ($seconds:literal) => {
        $seconds
    };
}
pub(crate) use bound;

impl Test {
    pub(crate) fn trial(&self) -> Trial {
        let &Self { name, bound, work } = self;
        let short = name.split_once("::").map_or(name, |(_, rest)| rest);
        Trial::test(short, move || run(bound, work))
    }
}

/// Runs the test on a thread of its own, which may move between namespaces, and does not wait for it longer than that.
fn run(bound: Duration, work: fn()) -> Result<(), Failed> {
    let (done, result) = channel();
    let thread = std::thread::spawn(move || {
        let outcome = std::panic::catch_unwind(work);
        // Nobody listens any more where it took too long.
        let _ = done.send(outcome);
    });
    match result.recv_timeout(bound) {
        Ok(Ok(())) => thread.join().map_err(|panic| Failed::from(text(&*panic))),
        Ok(Err(panic)) => Err(text(&*panic).into()),
        Err(RecvTimeoutError::Timeout) => Err(format!("not done after {bound:?}: it hangs").into()),
        Err(RecvTimeoutError::Disconnected) => Err("its thread ended".into()),
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// A fresh namespace with the ends `out0`, which frames are sent to, and `in0`; both are up. The calling thread is in it from now on, and so
/// are the threads that it starts.
pub(crate) fn wire() -> Namespace {
    let namespace = Namespace::new("wire").unwrap();
    add_wire(&namespace);
    namespace.join().unwrap();
    namespace
}

/// A wire, once more where it was taken away.
pub(crate) fn add_wire(namespace: &Namespace) {
    namespace.veth("out0", "in0").unwrap();
    namespace.up("out0").unwrap();
    up(namespace, "in0");
}

/// Sets the end up that was down or is new, whatever it is called, and waits until `out0` carries frames: what is sent before is lost.
pub(crate) fn up(namespace: &Namespace, end: &str) {
    namespace.up(end).unwrap();
    for end in ["out0", end] {
        namespace.wait_for_carrier(end, Duration::from_secs(5)).unwrap();
    }
}

/// Sends frames to an interface as they are.
pub(crate) struct Sender(OwnedFd);

impl Sender {
    pub(crate) fn new(interface: &str) -> Self {
        // Of protocol 0, so that it receives nothing.
        let socket = socket(AddressFamily::Packet, SockType::Raw, SockFlag::SOCK_CLOEXEC, None).unwrap();
        // The addresses of packet sockets are those of the interfaces in this list.
        let mut all = nix::ifaddrs::getifaddrs().unwrap();
        let address = all.find_map(|one| {
            let link = *one.address?.as_link_addr()?;
            (one.interface_name == interface).then_some(link)
        });
        bind(socket.as_raw_fd(), &address.expect("it has an address")).unwrap();
        Self(socket)
    }

    pub(crate) fn send(&self, frame: &[u8]) {
        self.try_send(frame).unwrap();
    }

    pub(crate) fn try_send(&self, frame: &[u8]) -> nix::Result<()> {
        send(self.0.as_raw_fd(), frame, MsgFlags::empty()).map(drop)
    }

    /// So many numbered frames.
    pub(crate) fn send_numbered(&self, numbers: std::ops::Range<u32>) {
        for number in numbers {
            self.send(&numbered(number));
        }
    }
}

/// A frame to everyone, of an EtherType for experiments.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    [&[0xff; 6][..], &[2, 0, 0, 0, 0, 9], &[0x88, 0xb5], payload].concat()
}

/// A frame with a number, of 18 to 1,396 bytes.
pub(crate) fn numbered(number: u32) -> Vec<u8> {
    let len = 4 + number as usize * 37 % 1379;
    let mut payload = vec![number as u8; len];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    frame(&payload)
}

/// The number of such a frame; `None` for another one.
pub(crate) fn number(frame: &[u8]) -> Option<u32> {
    let number = u32::from_be_bytes(frame.get(14..18)?.try_into().unwrap());
    (frame == numbered(number)).then_some(number)
}

/// An IPv4 packet with a UDP datagram, in a frame to everyone. Checksums are left out.
pub(crate) fn udp([from, to]: [[u8; 4]; 2], [source, destination]: [u16; 2], payload: &[u8]) -> Vec<u8> {
    let len = |more: usize| u16::try_from(payload.len() + more).unwrap().to_be_bytes();
    let [[total_high, total_low], udp_len] = [len(28), len(8)];
    let mut frame = frame(&[0x45, 0, total_high, total_low, 0, 0, 0x40, 0, 64, 17, 0, 0]);
    frame[12..14].copy_from_slice(&[8, 0]);
    for part in
        [&from[..], &to, &source.to_be_bytes(), &destination.to_be_bytes(), &udp_len, &[0, 0], payload]
    {
        frame.extend(part);
    }
    frame
}

/// All frames until none has come for a while.
pub(crate) fn drain(source: &mut impl Source) -> Vec<OwnedFrame> {
    drain_for(source, Duration::from_millis(60))
}

/// All frames until none has come for so long.
pub(crate) fn drain_for(source: &mut impl Source, quiet: Duration) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) = source.next_frame_until(Some(Instant::now() + quiet)).unwrap() {
        frames.push(frame.to_owned());
    }
    frames
}

/// The numbers of the frames that come until none has come for a while.
pub(crate) fn drain_numbers(source: &mut impl Source) -> Vec<u32> {
    drain(source).iter().map(|frame| number(frame.data()).expect("a numbered frame")).collect()
}

/// What a test does in the background as long as this is there: again and again.
pub(crate) struct Background {
    ended: std::sync::Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Background {
    pub(crate) fn start(mut work: impl FnMut() + Send + 'static) -> Self {
        let ended = std::sync::Arc::new(AtomicBool::new(false));
        let seen = std::sync::Arc::clone(&ended);
        let thread = std::thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                work();
            }
        });
        Self { ended, thread: Some(thread) }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        let ended = self.thread.take().map(std::thread::JoinHandle::join);
        if !std::thread::panicking() {
            assert!(ended.is_none_or(|ended| ended.is_ok()), "the background panicked");
        }
    }
}

/// A frame again and again, with so much time in between: far fewer than fill a block.
pub(crate) fn trickle(period: Duration) -> Background {
    let sender = Sender::new("out0");
    Background::start(move || {
        sender.send(&frame(&[0; 200]));
        std::thread::sleep(period);
    })
}

/// How many nanoseconds have passed since the program looked first.
pub(crate) fn nanos() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_nanos().try_into().unwrap()
}
