//! What is sent.

use std::fmt;
use std::fs::File;
use std::path::PathBuf;
use std::process::Command;

use pycap_testkit::generate::{self, Traffic};

use crate::program::{self, Failure};

/// The two ends of the wire.
pub(super) const SENDER: &str = "pycap0";
pub(super) const RECEIVER: &str = "pycap1";

/// Different packets, which are sent again and again.
const DIFFERENT: u64 = 10_000;

/// Packets in a file, and how they are sent.
pub(super) struct Load {
    name: &'static str,
    file: PathBuf,
    mean_len: f64,
    times: u64,
    rate: u32,
}

impl Load {
    /// What networks carry.
    pub(super) fn mix(packets: u64, rate: u32) -> Result<Self, Failure> {
        Self::new("a realistic mix", Traffic::Mix.frames(DIFFERENT as usize, 1), packets, rate)
    }

    /// The shortest that there are.
    pub(super) fn least(packets: u64, rate: u32) -> Result<Self, Failure> {
        let mut frames = Traffic::Ipv4Tcp.frames(DIFFERENT as usize, 1);
        for frame in &mut frames {
            frame.truncate(60);
            // The total length of what is left.
            frame[16..18].copy_from_slice(&46_u16.to_be_bytes());
        }
        Self::new("minimal frames", frames, packets, rate)
    }

    fn new(name: &'static str, frames: Vec<Vec<u8>>, packets: u64, rate: u32) -> Result<Self, Failure> {
        let file = std::env::temp_dir().join(format!(
            "pycap-live-{}-{}.pcap",
            std::process::id(),
            name.replace(' ', "-")
        ));
        generate::pcap(frames.iter().map(Vec::as_slice), File::create(&file)?)?;
        let bytes: usize = frames.iter().map(Vec::len).sum();
        let mean_len = bytes as f64 / frames.len() as f64;
        Ok(Self { name, file, mean_len, times: packets.div_ceil(DIFFERENT), rate })
    }

    /// How many packets are sent.
    pub(super) fn packets(&self) -> u64 {
        self.times * DIFFERENT
    }

    /// Sends all of them, from the first processor.
    pub(super) fn send(&self) -> Result<(), Failure> {
        let mut command = Command::new("taskset");
        command.args(["-c", "0", "tcpreplay", "-q", "-K", "-i", SENDER]);
        command.arg(format!("--pps={}", self.rate)).arg(format!("--loop={}", self.times)).arg(&self.file);
        let said = program::output(&mut command)?;
        let packets = self.packets();
        let sent = said.lines().find_map(|line| line.trim().strip_prefix("Successful packets:"));
        match sent.and_then(|sent| sent.trim().parse::<u64>().ok()) {
            Some(sent) if sent == packets => Ok(()),
            _ => Err(format!("tcpreplay did not send {packets} packets:\n{said}").into()),
        }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

impl fmt::Display for Load {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, mean_len, rate, .. } = self;
        write!(f, "{name} ({mean_len:.0} bytes on average), {} packets at {rate}/s", self.packets())
    }
}
