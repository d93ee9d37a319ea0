//! Who captures, and what it costs.

use std::fmt;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::Programs;
use super::load::{Load, RECEIVER};
use crate::program::Failure;

/// As much as each may have the kernel keep for it.
const BUFFER_KIB: &str = "32768";
/// How long it may take one to begin, or to take what has been sent.
const PATIENCE: Duration = Duration::from_secs(20);

/// Someone who captures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Consumer {
    RingCount,
    RingDissect,
    PcapCount,
    PcapDissect,
    TcpdumpNowhere,
    DumpcapNowhere,
    PycapNowhere,
    TcpdumpFile,
    PycapFile,
}

impl Consumer {
    /// All, in the order of the table.
    pub(super) const ALL: [Self; 9] = [
        Self::RingCount,
        Self::RingDissect,
        Self::PcapCount,
        Self::PcapDissect,
        Self::PycapNowhere,
        Self::TcpdumpNowhere,
        Self::DumpcapNowhere,
        Self::PycapFile,
        Self::TcpdumpFile,
    ];

    /// Whether it is pycap.
    pub(super) fn is_ours(self) -> bool {
        matches!(self, Self::RingCount | Self::RingDissect | Self::PycapNowhere | Self::PycapFile)
    }

    /// What the program `consumer` is to do, for those that are it.
    pub(super) fn work(self) -> Option<&'static str> {
        match self {
            Self::RingCount => Some("ring-count"),
            Self::RingDissect => Some("ring-dissect"),
            Self::PcapCount => Some("pcap-count"),
            Self::PcapDissect => Some("pcap-dissect"),
            _ => None,
        }
    }

    /// Has it capture this load, in the calling thread's namespace.
    pub(super) fn measure(self, programs: &Programs, load: &Load) -> Result<Measured, Failure> {
        let file = Scratch(std::env::temp_dir().join(format!("pycap-live-{}.out", std::process::id())));
        let mut running = Running::start(self, self.command(programs, &file.0))?;
        let before = running.spent()?;
        load.send()?;
        let spent = running.settle()? - before;
        let (captured, dropped) = running.end()?;
        let lost = load.packets().saturating_sub(captured);
        // What we say that we lost is what we did not get.
        if self.is_ours() && dropped.is_some_and(|dropped| dropped != lost) {
            return Err(
                format!("{self}: {captured} captured, {dropped:?} dropped, {} sent", load.packets()).into()
            );
        }
        Ok(Measured { spent, captured, lost })
    }

    fn command(self, programs: &Programs, file: &Path) -> Command {
        let nowhere = Path::new("/dev/null");
        let arguments = |program: &Path, arguments: &[&str], file: &Path| {
            // A processor of its own, if there are two.
            let last = thread::available_parallelism().map_or(0, |count| count.get() - 1);
            let mut command = Command::new("taskset");
            command.args(["-c", &last.to_string()]).arg(program).args(arguments);
            if self.work().is_none() {
                command.args(["-i", RECEIVER, "-w"]).arg(file);
            }
            command
        };
        let pycap = ["-B", BUFFER_KIB];
        let tcpdump = ["-Z", "root", "-B", BUFFER_KIB];
        match self {
            Self::PycapNowhere => arguments(&programs.pycap, &pycap, nowhere),
            Self::PycapFile => arguments(&programs.pycap, &pycap, file),
            Self::TcpdumpNowhere => arguments(Path::new("tcpdump"), &tcpdump, nowhere),
            Self::TcpdumpFile => arguments(Path::new("tcpdump"), &tcpdump, file),
            Self::DumpcapNowhere => arguments(Path::new("dumpcap"), &["-q", "-B", "32"], nowhere),
            _ => arguments(&programs.consumer, &[self.work().unwrap_or_default(), RECEIVER], nowhere),
        }
    }
}

impl fmt::Display for Consumer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::RingCount => "pycap's ring, counting",
            Self::RingDissect => "pycap's ring, dissecting",
            Self::PcapCount => "the pcap crate, counting",
            Self::PcapDissect => "the pcap crate, etherparse dissecting",
            Self::PycapNowhere => "pycap -w /dev/null",
            Self::TcpdumpNowhere => "tcpdump -w /dev/null",
            Self::DumpcapNowhere => "dumpcap -w /dev/null",
            Self::PycapFile => "pycap -w FILE",
            Self::TcpdumpFile => "tcpdump -w FILE",
        })
    }
}

/// What one round showed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Measured {
    spent: Duration,
    captured: u64,
    /// Packets that were sent and not captured.
    pub(super) lost: u64,
}

impl Measured {
    /// Processor time for each captured packet.
    pub(super) fn nanoseconds(&self) -> f64 {
        self.spent.as_nanos() as f64 / self.captured.max(1) as f64
    }

    /// The one of two that was less disturbed; what either lost stays.
    pub(super) fn better(self, other: Self) -> Self {
        let lost = self.lost.max(other.lost);
        let best = if self.nanoseconds() <= other.nanoseconds() { self } else { other };
        Self { lost, ..best }
    }
}

/// A consumer that captures.
struct Running {
    consumer: Consumer,
    child: Child,
    said: Option<JoinHandle<String>>,
}

impl Running {
    /// Starts it, and waits until it captures.
    fn start(consumer: Consumer, mut command: Command) -> Result<Self, Failure> {
        let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = pipes.spawn()?;
        let mut said = BufReader::new(child.stderr.take().ok_or("no pipe")?);
        let mut text = String::new();
        while !text.contains("listening on") && !text.contains("File: ") {
            if said.read_line(&mut text)? == 0 {
                return Err(format!("{consumer} ended: {text}").into());
            }
        }
        let said = thread::spawn(move || {
            let _ = said.read_to_string(&mut text);
            text
        });
        let running = Self { consumer, child, said: Some(said) };
        // What it does once, when it starts.
        thread::sleep(Duration::from_millis(300));
        Ok(running)
    }

    /// The processor time of all its threads so far.
    fn spent(&self) -> Result<Duration, Failure> {
        let mut nanoseconds = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let schedstat = fs::read_to_string(thread?.path().join("schedstat"))?;
            let spent = schedstat.split_whitespace().next().ok_or("an empty schedstat")?;
            nanoseconds += spent.parse::<u64>()?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The same, when it has nothing left to do.
    fn settle(&self) -> Result<Duration, Failure> {
        /// What it costs to wait, at most.
        const IDLE: Duration = Duration::from_millis(2);
        let until = Instant::now() + PATIENCE;
        let mut before = self.spent()?;
        while Instant::now() < until {
            thread::sleep(Duration::from_millis(500));
            let now = self.spent()?;
            if now - before < IDLE {
                return Ok(now);
            }
            before = now;
        }
        Err(format!("{} is still busy {PATIENCE:?} after the last packet", self.consumer).into())
    }

    /// Ends it; how many packets it captured, and how many it says were dropped.
    fn end(&mut self) -> Result<(u64, Option<u64>), Failure> {
        drop(self.child.stdin.take());
        if self.consumer.work().is_none() {
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).status()?;
        }
        let until = Instant::now() + PATIENCE;
        while self.child.try_wait()?.is_none() {
            if Instant::now() >= until {
                return Err(format!("{} does not end", self.consumer).into());
            }
            thread::sleep(Duration::from_millis(20));
        }
        let mut out = String::new();
        self.child.stdout.take().ok_or("no pipe")?.read_to_string(&mut out)?;
        let said = self.said.take().and_then(|said| said.join().ok()).unwrap_or_default();
        let text = format!("{out}\n{said}");
        counts(&text).ok_or_else(|| format!("{} does not say what it captured: {text}", self.consumer).into())
    }
}

/// In whatever words it is said.
fn counts(text: &str) -> Option<(u64, Option<u64>)> {
    let before = |words: &str| {
        let start = &text[..text.find(words)?];
        start.trim_end().rsplit(|other: char| !other.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    if let Some(captured) = before("packets captured") {
        return Some((captured, before("packets dropped by kernel").or_else(|| before("dropped by kernel"))));
    }
    // dumpcap: `Packets: 5`, `Packets received/dropped on interface 'x': 5/0 (...)`.
    if let Some((_, rest)) = text.split_once("received/dropped on interface") {
        let (_, counts) = rest.split_once(": ")?;
        let (received, rest) = counts.split_once('/')?;
        return Some((received.parse().ok()?, rest.split_whitespace().next()?.parse().ok()));
    }
    let (frames, dropped) = text.lines().next()?.split_once(' ')?;
    Some((frames.parse().ok()?, dropped.parse().ok()))
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A file that goes with its value.
pub(super) struct Scratch(pub(super) PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::counts;

    #[test]
    fn everybodys_counts_are_read() {
        for (text, expected) in [
            (
                "\ntcpdump: listening on pycap1\n20 packets captured\n21 packets received by filter\n3 packets dropped by kernel\n",
                (20, Some(3)),
            ),
            ("\npycap: 20 packets captured, 21 received by filter, 3 dropped by kernel\n", (20, Some(3))),
            (
                "\nPackets received/dropped on interface 'pycap1': 20/3 (pcap:0/dumpcap:0/flushed:0/ps_ifdrop:0) (100.0%)\n",
                (20, Some(3)),
            ),
            ("20 3\n", (20, Some(3))),
        ] {
            assert_eq!(counts(text), Some(expected), "{text}");
        }
        assert_eq!(counts("nothing"), None);
    }
}
