//! A veth pair in a namespace of its own, traffic on it, and tcpdump beside us.

use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, unshare};
use pycap_capture::Savefile;

/// Runs `work` in a network namespace of its own, with the ends `out0`, from where [`send`] sends, and `in0`. Not where this machine does
/// not allow it.
pub(crate) fn in_wire(work: impl FnOnce() + Send) {
    let run = || {
        match unshare(CloneFlags::CLONE_NEWNET) {
            Ok(()) => {}
            Err(error) if std::env::var_os("CI").is_none() => {
                return println!("skipped: this takes root, for a network namespace: {error}");
            }
            Err(error) => panic!("{error}"),
        }
        // No multicast listener reports among the frames that are counted.
        for which in ["all", "default"] {
            let _ = std::fs::write(format!("/proc/sys/net/ipv6/conf/{which}/disable_ipv6"), "1");
        }
        ip(&["link", "add", "out0", "type", "veth", "peer", "name", "in0"]);
        for name in ["lo", "out0", "in0"] {
            ip(&["link", "set", name, "up"]);
        }
        ip(&["addr", "add", "10.9.0.1/24", "broadcast", "10.9.0.255", "dev", "out0"]);
        work();
    };
    std::thread::scope(|scope| {
        if let Err(panic) = scope.spawn(run).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Runs `ip`, in the namespace that the calling thread is in.
pub(crate) fn ip(arguments: &[&str]) {
    let status = Command::new("ip").args(arguments).status().expect("iproute2 is installed");
    assert!(status.success(), "ip {arguments:?}");
}

/// A socket whose datagrams leave by `out0`, to every station there.
pub(crate) fn sender() -> UdpSocket {
    let socket = UdpSocket::bind("10.9.0.1:5000").unwrap();
    socket.set_broadcast(true).unwrap();
    socket.connect("10.9.0.255:9").unwrap();
    socket
}

/// Sends so many datagrams that start with their number, of some 20 to 1,400 bytes.
pub(crate) fn send(count: u32) {
    let socket = sender();
    for number in 0..count {
        let mut data = vec![number as u8; 20 + (number as usize * 37) % 1380];
        data[..4].copy_from_slice(&number.to_be_bytes());
        socket.send(&data).unwrap();
    }
}

/// Sends these Ethernet frames as they are, by tcpreplay.
pub(crate) fn replay(interface: &str, frames: &[Vec<u8>]) {
    let path = scratch("replay");
    let mut file = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0];
    for frame in frames {
        let len = u32::try_from(frame.len()).unwrap();
        for number in [0, 0, len, len] {
            file.extend(number.to_le_bytes());
        }
        file.extend(frame);
    }
    std::fs::write(&path, file).unwrap();
    let run = Command::new("tcpreplay")
        .args(["-q", "-t", "-i", interface])
        .arg(&path)
        .output()
        .expect("tcpreplay is installed");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    std::fs::remove_file(path).unwrap();
}

/// A file of this thread's.
fn scratch(what: &str) -> PathBuf {
    let thread = format!("{:?}", std::thread::current().id());
    let number: String = thread.chars().filter(char::is_ascii_digit).collect();
    std::env::temp_dir().join(format!("pycap-libpcap-{}-{number}-{what}.pcap", std::process::id()))
}

/// tcpdump, writing what it captures to a file.
pub(crate) struct Tcpdump {
    child: Child,
    path: PathBuf,
}

impl Tcpdump {
    /// Starts it in the calling thread's namespace, and waits until it listens.
    pub(crate) fn start(interface: &str, more: &[&str]) -> Self {
        use std::io::{BufRead, BufReader};
        let path = scratch("tcpdump");
        let mut child = Command::new("tcpdump")
            // Room enough that it loses nothing: it is slower than we are.
            .args(["-i", interface, "-Z", "root", "-U", "-s", "2000", "-B", "65536", "-w"])
            .arg(&path)
            .args(more)
            .stderr(Stdio::piped())
            .spawn()
            .expect("tcpdump is installed");
        let mut line = String::new();
        let mut said = BufReader::new(child.stderr.take().unwrap());
        while !line.contains("listening on") {
            line.clear();
            assert_ne!(said.read_line(&mut line).unwrap(), 0, "tcpdump ended");
        }
        // It would be ended by a pipe that nobody reads.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Self { child, path }
    }

    /// The frames that it has written, once there are so many.
    pub(crate) fn frames(mut self, count: usize) -> Vec<Vec<u8>> {
        let until = Instant::now() + Duration::from_secs(10);
        let mut frames = read(&self.path);
        while frames.len() < count && Instant::now() < until {
            std::thread::sleep(Duration::from_millis(20));
            frames = read(&self.path);
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::fs::remove_file(&self.path).unwrap();
        frames
    }
}

/// The whole frames of a file that may still grow.
fn read(path: &Path) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    if let Ok(mut file) = Savefile::open(path) {
        while let Ok(Some(frame)) = file.next_frame() {
            frames.push(frame.data().to_vec());
        }
    }
    frames
}
