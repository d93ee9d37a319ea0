//! Nothing lost, nothing altered: millions of frames from tcpreplay, and what ordinary programs send, captured by us and by tcpdump side by
//! side on a veth pair, and compared byte for byte.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpListener, TcpStream, UdpSocket};
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant, SystemTime};

use pycap_capture::{PacketRing, Savefile, StopHandle, Timestamp, VlanTags};
use pycap_testkit::generate::{self, Traffic};
use pycap_testkit::wire::{drain, rig};

/// The two ends of the wire.
const SENDER: &str = "out0";
const RECEIVER: &str = "in0";

/// Different frames, and how often all of them are sent.
const DIFFERENT: usize = 20_000;
const TIMES: usize = 100;

/// What a slow machine that compiles beside this keeps up with; the ring of either side holds a second of it.
const PER_SECOND: usize = 120_000;
const BUFFER: usize = 256 << 20;

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_secs(120);

#[test]
fn two_million_frames_arrive_as_they_were_sent() {
    let Some(rig) = rig(&["tcpreplay", "tcpdump"]) else { return };
    let namespace = rig.wire(SENDER, RECEIVER).unwrap();
    for end in [SENDER, RECEIVER] {
        namespace.set_mtu(end, 9000).unwrap();
    }
    let frames = frames();
    let file = Scratch::new("lossless.pcap");
    generate::pcap(frames.iter().map(Vec::as_slice), std::fs::File::create(&file.0).unwrap()).unwrap();

    namespace
        .run(|| {
            let began = now();
            let tcpdump = Tcpdump::start(&frames);
            // Tags apart from the bytes here, where `wire_bytes` puts them back, and in the bytes there.
            let apart = capture(VlanTags::Apart, &frames);
            let in_frame = capture(VlanTags::InFrame, &frames);
            let sent = Command::new("tcpreplay")
                .args(["-q", "-K", "-i", SENDER, &format!("--pps={PER_SECOND}"), &format!("--loop={TIMES}")])
                .arg(&file.0)
                .output()
                .unwrap();
            let said = String::from_utf8_lossy(&sent.stdout).into_owned();
            assert!(sent.status.success(), "{said}{}", String::from_utf8_lossy(&sent.stderr));
            let total = DIFFERENT * TIMES;
            assert!(said.contains(&format!("Successful packets:        {total}")), "{said}");
            for capture in [apart, in_frame] {
                let tally = capture.end(began);
                assert_eq!((tally.frames, tally.dropped), (total as u64, Some(0)), "ours");
                assert_eq!(tally.received, Some(total as u64), "ours");
            }
            assert_eq!(tcpdump.end(), total as u64, "tcpdump's");
        })
        .unwrap();
}

/// All lengths from minimal to jumbo; tags, two tags, fragments, IPv4 and IPv6, ARP, ICMP.
fn frames() -> Vec<Vec<u8>> {
    let mut frames = Traffic::Mix.frames(DIFFERENT, 7);
    let tagged = Traffic::QinqIpv6Extensions.frames(DIFFERENT / 20, 8);
    for (number, tagged) in tagged.into_iter().enumerate() {
        frames[number * 20 + 3] = tagged;
    }
    for number in (0..DIFFERENT).step_by(20) {
        // The shortest, each with its number.
        let short = &mut frames[number + 7];
        short.truncate(60);
        short[40..48].copy_from_slice(&(number as u64).to_be_bytes());
        // The longest that fits.
        let jumbo = &mut frames[number + 11];
        jumbo.resize(9014, number as u8);
        // A fragment, neither the first nor the last.
        let fragment = &mut frames[number + 13];
        if fragment[12..14] == [8, 0] {
            fragment[20..22].copy_from_slice(&0x20b9_u16.to_be_bytes());
        }
    }
    frames
}

/// What a capture of ours found.
struct Tally {
    frames: u64,
    received: Option<u64>,
    dropped: Option<u64>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// A capture on a thread of its own, which ends when it has everything, or is told to.
struct Capture {
    thread: JoinHandle<Tally>,
    stop: StopHandle,
}

impl Capture {
    /// What it found; with times that do not go back, between its begin and now.
    fn end(self, began: Timestamp) -> Tally {
        let until = Instant::now() + PATIENCE;
        while !self.thread.is_finished() && Instant::now() < until {
            thread::sleep(Duration::from_millis(20));
        }
        self.stop.stop();
        let tally = self.thread.join().unwrap();
        assert!(tally.first.is_some_and(|first| first >= began), "{:?}", tally.first);
        assert!(tally.last.is_some_and(|last| last <= now()), "{:?}", tally.last);
        tally
    }
}

/// Captures everything that is sent, and compares.
fn capture(tags: VlanTags, frames: &[Vec<u8>]) -> Capture {
    let builder = PacketRing::builder(RECEIVER).promiscuous(true).vlan_tags(tags).snaplen(10_000);
    let mut ring = builder.buffer_size(BUFFER).open().unwrap();
    let stop = ring.stop_handle();
    let frames = frames.to_vec();
    let thread = thread::spawn(move || {
        let mut tally = Tally { frames: 0, received: None, dropped: None, first: None, last: None };
        let each = |frame: pycap_capture::Frame<'_>| {
            let expected = &frames[tally.frames as usize % frames.len()];
            let bytes = frame.wire_bytes();
            assert!(*bytes == **expected, "frame {}: {bytes:02x?} is not {expected:02x?}", tally.frames);
            assert_eq!(frame.missing(), 0, "frame {}", tally.frames);
            assert!(frame.timestamp() >= tally.last, "frame {} goes back in time", tally.frames);
            tally.last = frame.timestamp();
            tally.first = tally.first.or(tally.last);
            tally.frames += 1;
            match tally.frames {
                all if all == (DIFFERENT * TIMES) as u64 => ControlFlow::Break(()),
                _ => ControlFlow::Continue(()),
            }
        };
        ring.for_each(each).unwrap();
        let stats = ring.stats().unwrap();
        (tally.received, tally.dropped) = (stats.received, stats.dropped);
        tally
    });
    Capture { thread, stop }
}

/// tcpdump, whose frames are compared as it writes them.
struct Tcpdump {
    child: Child,
    compared: JoinHandle<u64>,
    said: JoinHandle<String>,
}

impl Tcpdump {
    /// Starts it in the calling thread's namespace, and waits until it listens.
    fn start(frames: &[Vec<u8>]) -> Self {
        let (child, said) = start_tcpdump(&["-B", &(BUFFER / 1024).to_string()]);
        let mut child = child;
        let out = child.stdout.take().unwrap();
        let frames = frames.to_vec();
        let compared = thread::spawn(move || {
            let mut file = Savefile::from_reader(out).unwrap();
            let mut count = 0;
            while let Some(frame) = file.next_frame().unwrap() {
                let expected = &frames[count as usize % frames.len()];
                assert!(frame.data() == &**expected, "tcpdump's frame {count} is not what was sent");
                count += 1;
            }
            count
        });
        Self { child, compared, said }
    }

    /// How many frames it has written, all of them as they were sent, once it has those that were sent before.
    fn end(self) -> u64 {
        let said = end_tcpdump(self.child, self.said);
        assert!(said.contains("\n0 packets dropped by kernel"), "{said}");
        self.compared.join().unwrap()
    }
}

/// tcpdump, writing to its standard output, once it listens; what it says is collected until it ends.
fn start_tcpdump(more: &[&str]) -> (Child, JoinHandle<String>) {
    let mut child = Command::new("tcpdump")
        .args(["-i", RECEIVER, "-Z", "root", "-U", "-w", "-"])
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut text = String::new();
    while !text.contains("listening on") {
        assert_ne!(said.read_line(&mut text).unwrap(), 0, "tcpdump ended: {text}");
    }
    let said = thread::spawn(move || {
        said.read_to_string(&mut text).unwrap();
        text
    });
    (child, said)
}

/// Ends tcpdump once it has read everything that it was given, and returns what it said.
fn end_tcpdump(mut child: Child, said: JoinHandle<String>) -> String {
    // It hands over a block that is not full after a tenth of a second or so; what it has to write fits its ring.
    let cpu = |child: &Child| {
        let stat = std::fs::read_to_string(format!("/proc/{}/schedstat", child.id())).unwrap_or_default();
        stat.split(' ').next().and_then(|spent| spent.parse::<u64>().ok())
    };
    let until = Instant::now() + PATIENCE;
    let mut spent = cpu(&child);
    while Instant::now() < until {
        thread::sleep(Duration::from_secs(1));
        let more = cpu(&child);
        if more.zip(spent).is_none_or(|(more, before)| more - before < 5_000_000) {
            break;
        }
        spent = more;
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    child.wait().unwrap();
    said.join().unwrap()
}

#[test]
fn ordinary_programs_are_captured_as_tcpdump_does() {
    let Some(rig) = rig(&["tcpdump", "ping", "curl", "dig"]) else { return };
    let [here, there] = ["here", "there"].map(|label| rig.namespace(label).unwrap());
    here.veth_to(SENDER, &there, RECEIVER).unwrap();
    let server = Ipv4Addr::new(192, 0, 2, 2);
    for (namespace, end, address) in
        [(&here, SENDER, Ipv4Addr::new(192, 0, 2, 1)), (&there, RECEIVER, server)]
    {
        namespace.up(end).unwrap();
        namespace.address(end, IpAddr::V4(address), 24).unwrap();
    }
    let page = vec![b'x'; 3_000_000];
    let (tcpdump, said, mut ring, web) = there
        .run(|| {
            let (tcpdump, said) = start_tcpdump(&["-B", "65536"]);
            let builder = PacketRing::builder(RECEIVER).promiscuous(true).virtio_header(true);
            let ring = builder.buffer_size(64 << 20).open().unwrap();
            let web = TcpListener::bind((server, 80)).unwrap();
            let names = UdpSocket::bind((server, 53)).unwrap();
            thread::spawn(move || answer_names(&names));
            (tcpdump, said, ring, web)
        })
        .unwrap();
    let served = page.clone();
    let web = thread::spawn(move || serve(&web.accept().unwrap().0, &served));
    here.run(|| {
        let run = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().unwrap();
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            output.stdout
        };
        run("ping", &["-q", "-c", "3", "-i", "0.05", "-s", "4000", "192.0.2.2"]);
        run("ping", &["-q", "-c", "3", "-i", "0.05", "192.0.2.2"]);
        assert!(run("curl", &["-s", "http://192.0.2.2/"]) == page, "the page is another");
        let answer = run("dig", &["+short", "+tries=1", "+time=5", "@192.0.2.2", "pycap.test"]);
        assert_eq!(String::from_utf8_lossy(&answer), "192.0.2.7\n");
        // Refused by the kernel: ICMP.
        let socket = UdpSocket::bind("0.0.0.0:0").unwrap();
        socket.send_to(b"nobody is there", (server, 9)).unwrap();
    })
    .unwrap();
    web.join().unwrap();

    let mut ours = drain(&mut ring);
    let mut tcpdump = tcpdump;
    let out = tcpdump.stdout.take().unwrap();
    let theirs = thread::spawn(move || {
        let mut file = Savefile::from_reader(out).unwrap();
        let mut frames = Vec::new();
        while let Some(frame) = file.next_frame().unwrap() {
            frames.push(frame.to_owned());
        }
        frames
    });
    end_tcpdump(tcpdump, said);
    let mut theirs = theirs.join().unwrap();
    assert_eq!(ours.len(), theirs.len());
    // Two processors that send at once can come to the one socket in another order than to the other.
    for frames in [&mut ours, &mut theirs] {
        frames.sort_by(|a, b| a.data().cmp(b.data()).then(a.timestamp().cmp(&b.timestamp())));
    }
    for (number, (ours, theirs)) in ours.iter().zip(&theirs).enumerate() {
        let (ours, theirs) = (ours.as_frame(), theirs.as_frame());
        assert!(ours.data() == theirs.data(), "frame {number}");
        let apart = |a: Option<Timestamp>, b: Option<Timestamp>| {
            let micros = |time: Option<Timestamp>| {
                time.map(|time| time.secs() * 1_000_000 + i64::from(time.subsec_nanos()) / 1000).unwrap()
            };
            micros(a).abs_diff(micros(b))
        };
        assert!(apart(ours.timestamp(), theirs.timestamp()) < 10_000, "frame {number}");
    }
    // The page is larger than the frames of a network: the kernel hands segments over that a network card would cut.
    let large: Vec<_> = ours.iter().filter_map(|frame| frame.as_frame().segmentation()).collect();
    assert!(!large.is_empty());
    assert!(ours.iter().any(|frame| frame.as_frame().checksum_not_ready()));
    assert_eq!(ring.stats().unwrap().dropped, Some(0));
}

/// Answers one request with this page.
fn serve(mut stream: &TcpStream, page: &[u8]) {
    let mut request = BufReader::new(stream).lines();
    while request.next().is_some_and(|line| !line.unwrap().is_empty()) {}
    write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", page.len()).unwrap();
    stream.write_all(page).unwrap();
}

/// Answers each question with one address, whatever it asks for.
fn answer_names(socket: &UdpSocket) {
    let mut buffer = [0; 512];
    while let Ok((len, asker)) = socket.recv_from(&mut buffer) {
        let question = &buffer[..len];
        // The name ends with an empty label; type and class are 4 bytes more (RFC 1035, section 4.1.2).
        let name = question[12..].iter().position(|byte| *byte == 0).unwrap() + 1;
        let mut answer = question[..12 + name + 4].to_vec();
        // A response that is authoritative, to one question, with one answer.
        answer[2..12].copy_from_slice(&[0x84, 0, 0, 1, 0, 1, 0, 0, 0, 0]);
        // The name at offset 12, type A, class IN, an hour, an address.
        answer.extend([0xc0, 12, 0, 1, 0, 1, 0, 0, 14, 16, 0, 4, 192, 0, 2, 7]);
        let _ = socket.send_to(&answer, asker);
    }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    Timestamp::new(since.as_secs() as i64, since.subsec_nanos())
}

/// A file that goes with its value.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str) -> Self {
        Self(std::env::temp_dir().join(format!("pycap-{}-{name}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
