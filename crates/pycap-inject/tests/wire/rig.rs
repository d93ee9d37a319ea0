//! A namespace with a veth pair for each test, a bound on how long it may take, frames to send, and two that receive them.

use std::any::Any;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use pycap_capture::{Direction, Next, PacketRing, Savefile};
#[cfg(feature = "libnet")]
use pycap_inject::sender::LibnetSender;
#[cfg(feature = "libpcap")]
use pycap_inject::sender::PcapSender;
use pycap_inject::sender::{PacketSocket, TxRing};
use pycap_inject::{SendErrorKind, Sender};
use pycap_rig::Namespace;

/// One test, and how long it may take at most.
pub(crate) struct Test {
    pub(crate) name: &'static str,
    pub(crate) work: fn(),
}

const BOUND: Duration = Duration::from_secs(60);

/// The tests of a module.
macro_rules! tests {
    ($($name:ident),+ $(,)?) => {
        pub(crate) const TESTS: &[crate::rig::Test] = &[$(crate::rig::Test {
            name: concat!(module_path!(), "::", stringify!($name)),
            work: $name,
        }),+];
    };
}
pub(crate) use tests;

impl Test {
    pub(crate) fn trial(&self) -> Trial {
        let &Self { name, work } = self;
        let short = name.split_once("::").map_or(name, |(_, rest)| rest);
        Trial::test(short, move || run(work))
    }
}

/// Runs the test on a thread of its own, which may move between namespaces, and does not wait for it longer than the bound.
fn run(work: fn()) -> Result<(), Failed> {
    let (done, result) = channel();
    let thread = std::thread::spawn(move || {
        let outcome = std::panic::catch_unwind(work);
        // Nobody listens any more where it took too long.
        let _ = done.send(outcome);
    });
    match result.recv_timeout(BOUND) {
        Ok(Ok(())) => thread.join().map_err(|panic| Failed::from(text(&*panic))),
        Ok(Err(panic)) => Err(text(&*panic).into()),
        Err(RecvTimeoutError::Timeout) => Err(format!("not done after {BOUND:?}: it hangs").into()),
        Err(RecvTimeoutError::Disconnected) => Err("its thread ended".into()),
    }
}

fn text(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("a panic").to_owned()
}

/// Says why something is left out; fails under CI, where nothing may be.
pub(crate) fn skip(why: &str) {
    assert!(std::env::var_os("CI").is_none(), "{why}, and nothing may be left out under CI");
    println!("left out: {why}");
}

/// A fresh namespace with the ends `out0`, which frames are sent to, and `in0`; both are up. The calling thread is in it from now on, and so
/// are the threads and programs that it starts.
pub(crate) fn wire() -> Namespace {
    let namespace = Namespace::new("wire").unwrap();
    add_wire(&namespace);
    namespace.join().unwrap();
    namespace
}

/// A wire, once more where it was taken away.
pub(crate) fn add_wire(namespace: &Namespace) {
    namespace.veth("out0", "in0").unwrap();
    namespace.up("in0").unwrap();
    up(namespace);
}

/// Sets `out0` up, and waits until both ends carry frames: what is sent before is lost.
pub(crate) fn up(namespace: &Namespace) {
    namespace.up("out0").unwrap();
    for end in ["out0", "in0"] {
        namespace.wait_for_carrier(end, Duration::from_secs(5)).unwrap();
    }
}

/// Every kind of sender of frames, opened on this interface.
pub(crate) fn senders(interface: &str) -> Vec<(&'static str, Box<dyn Sender>)> {
    let mut all = kernel_senders(interface);
    #[cfg(feature = "libpcap")]
    match PcapSender::open(interface) {
        Err(error) if error.kind() == SendErrorKind::LibraryMissing => skip(&error.to_string()),
        opened => all.push(("libpcap", Box::new(opened.unwrap()))),
    }
    #[cfg(feature = "libnet")]
    match LibnetSender::open(interface) {
        Err(error) if error.kind() == SendErrorKind::LibraryMissing => skip(&error.to_string()),
        // libnet knows hardware types of its own (`libnet_open_link`).
        Err(error) if interface == "tun0" => assert!(error.to_string().contains("layer type"), "{error}"),
        opened => all.push(("libnet", Box::new(opened.unwrap()))),
    }
    all
}

/// Those that need no library, with their settings.
pub(crate) fn kernel_senders(interface: &str) -> Vec<(&'static str, Box<dyn Sender>)> {
    let mut all: Vec<(&str, Box<dyn Sender>)> = vec![
        ("packet", Box::new(PacketSocket::open(interface).unwrap())),
        ("packet, bypass", Box::new(PacketSocket::builder(interface).qdisc_bypass(true).open().unwrap())),
        ("ring", Box::new(TxRing::open(interface).unwrap())),
        ("ring, bypass", Box::new(TxRing::builder(interface).qdisc_bypass(true).open().unwrap())),
        ("small ring", Box::new(TxRing::builder(interface).frames(4).open().unwrap())),
    ];
    match PacketSocket::builder(interface).offload(true).open() {
        // Not without a link header.
        Err(error) if interface == "tun0" => assert_eq!(error.kind(), SendErrorKind::Unsupported, "{error}"),
        opened => all.push(("packet, offload", Box::new(opened.unwrap()))),
    }
    all
}

/// A frame to everyone, of an EtherType for experiments.
pub(crate) fn frame(payload: &[u8]) -> Vec<u8> {
    [&[0xff; 6][..], &[2, 0, 0, 0, 0, 9], &[0x88, 0xb5], payload].concat()
}

/// A frame of so many bytes, all of its payload this one.
pub(crate) fn frame_of(len: usize, byte: u8) -> Vec<u8> {
    frame(&vec![byte; len - 14])
}

/// A frame with a number, of 18 to 1,396 bytes.
pub(crate) fn numbered(number: u32) -> Vec<u8> {
    let len = 4 + number as usize * 37 % 1379;
    let mut payload = vec![number as u8; len];
    payload[..4].copy_from_slice(&number.to_be_bytes());
    frame(&payload)
}

/// Slices of frames, as a batch takes them.
pub(crate) fn slices(frames: &[Vec<u8>]) -> Vec<&[u8]> {
    frames.iter().map(Vec::as_slice).collect()
}

/// A ring that receives what comes in at this interface.
pub(crate) fn receiver(interface: &str) -> PacketRing {
    PacketRing::builder(interface).direction(Direction::Inbound).buffer_size(16 << 20).open().unwrap()
}

/// All frames as they were on the wire, until none has come for a while.
pub(crate) fn drain(ring: &mut PacketRing) -> Vec<Vec<u8>> {
    const QUIET: Duration = Duration::from_millis(60);
    let mut frames = Vec::new();
    while let Next::Frame(frame) = ring.next_frame_until(Some(Instant::now() + QUIET)).unwrap() {
        frames.push(frame.wire_bytes().into_owned());
    }
    frames
}

/// `tcpdump -w`, until so many frames have come.
pub(crate) struct Tcpdump(Child);

impl Tcpdump {
    /// `None` where it is not installed.
    pub(crate) fn start(interface: &str, frames: usize) -> Option<Self> {
        let count = frames.to_string();
        let arguments = [
            "-i", interface, "-Q", "in", "-s", "0", "-B", "16384", "-Z", "root", "-U", "-w", "-", "-c",
            &count,
        ];
        let child = Command::new("tcpdump")
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut child = match child {
            Ok(child) => Self(child),
            Err(error) => {
                skip(&format!("tcpdump: {error}"));
                return None;
            }
        };
        let mut said = String::new();
        let mut stderr = BufReader::new(child.0.stderr.take().unwrap());
        while !said.contains("listening on") {
            let before = said.len();
            stderr.read_line(&mut said).unwrap();
            // It changes its groups, which nobody may in a user namespace of an ordinary user's.
            if said.contains("Couldn't change to") {
                println!("without tcpdump, which takes root: {}", said.trim());
                return None;
            }
            assert!(said.len() > before, "tcpdump ended: {said}");
        }
        // It has something to say at its end, too.
        std::thread::spawn(move || stderr.read_to_string(&mut said));
        Some(child)
    }

    /// What it has received, all of which has been sent by now.
    pub(crate) fn frames(mut self) -> Vec<Vec<u8>> {
        let (done, result) = channel();
        let stdout = self.0.stdout.take().unwrap();
        std::thread::spawn(move || {
            let mut file = Savefile::from_reader(stdout).unwrap();
            let mut frames = Vec::new();
            while let Ok(Some(frame)) = file.next_frame() {
                frames.push(frame.data().to_vec());
            }
            let _ = done.send(frames);
        });
        let ended = result.recv_timeout(Duration::from_secs(5));
        let Ok(frames) = ended else {
            let _ = self.0.kill();
            let frames = result.recv_timeout(Duration::from_secs(5)).unwrap_or_default();
            panic!("tcpdump received {} frames and waits for more", frames.len());
        };
        frames
    }
}

impl Drop for Tcpdump {
    fn drop(&mut self) {
        // It has ended, or is not waited for any more.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether the two are the same, said shorter than by all their bytes.
#[track_caller]
pub(crate) fn same(found: &[Vec<u8>], expected: &[Vec<u8>], what: &str) {
    let differ = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(place) = differ {
        panic!("{what}: frame {place} differs:\n{:02x?}\n{:02x?}", found[place], expected[place]);
    }
    assert_eq!(found.len(), expected.len(), "{what}: so many frames");
}

/// Runs a program in the thread's namespace, and gives what it prints; `None` where it is not installed.
pub(crate) fn output(program: &str, arguments: &[&str]) -> Option<String> {
    match Command::new(program).args(arguments).output() {
        Ok(output) => {
            assert!(
                output.status.success(),
                "{program} {arguments:?}: {}",
                String::from_utf8_lossy(&output.stderr)
            );
            Some(String::from_utf8(output.stdout).unwrap())
        }
        Err(error) => {
            skip(&format!("{program}: {error}"));
            None
        }
    }
}
