//! Writing capture files to /dev/null, pycap beside its peers: `cargo bench --bench writer`.
//!
//! The frames are as they come from a ring that is read as fast as it fills: 12 MB of them behind each other in memory, all of
//! one size or of the mix (some 640 bytes a packet). 120 MB of them come from memory and not from a cache, for which all wait
//! alike: what copying alone takes shows how long. Nothing of the disk is in the times. After criterion's benches a table has
//! the ratios: of rounds in which all take turns, the fastest of each, which is the least disturbed by what else the machine
//! does.

use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput};
use pycap_capture::{Format, Frame, LinkType, SavefileWriter, Timestamp};
use pycap_testkit::generate::Traffic;

const BYTES: usize = 12_000_000;
const NOWHERE: &str = "/dev/null";

fn main() {
    let traffics = [
        Packets::new("64 bytes", vec![vec![0x55; 64]; BYTES / 64]),
        Packets::new("512 bytes", vec![vec![0x55; 512]; BYTES / 512]),
        Packets::new("1500 bytes", vec![vec![0x55; 1500]; BYTES / 1500]),
        Packets::new("the mix", Traffic::Mix.frames(BYTES / 640, 1)),
        Packets::new("1500 bytes, 120 MB", vec![vec![0x55; 1500]; 10 * BYTES / 1500]),
        Packets::new("the mix, 120 MB", Traffic::Mix.frames(10 * BYTES / 640, 1)),
    ];
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    // Criterion would take its time for the large ones; they have the table.
    for packets in traffics.iter().filter(|packets| packets.bytes.len() < 2 * BYTES) {
        let mut group = criterion.benchmark_group(format!("write {}", packets.name));
        group.throughput(Throughput::Elements(packets.lens.len() as u64));
        for (name, write) in WRITERS {
            group.bench_function(*name, |bencher| bencher.iter(|| write(packets)));
        }
        group.finish();
    }
    criterion.final_summary();
    let argument = |name: &str| std::env::args().any(|argument| argument == name);
    if argument("--bench") && !argument("--list") {
        for packets in &traffics {
            print_ratios(packets, if argument("--quick") { 15 } else { 101 });
        }
    }
}

/// The same frames for all.
struct Packets {
    name: &'static str,
    /// All of them, one behind the other.
    bytes: Vec<u8>,
    lens: Vec<usize>,
}

impl Packets {
    fn new(name: &'static str, frames: Vec<Vec<u8>>) -> Self {
        let lens = frames.iter().map(Vec::len).collect();
        Self { name, bytes: frames.concat(), lens }
    }

    #[inline(always)]
    fn for_each(&self, mut each: impl FnMut(u32, u32, &[u8])) {
        let mut rest = &self.bytes[..];
        for (number, len) in (0..).zip(&self.lens) {
            let (frame, behind) = rest.split_at(*len);
            each(1_700_000_000 + number / 20_000, number % 20_000 * 50, frame);
            rest = behind;
        }
    }
}

type Writer = fn(&Packets);

const WRITERS: &[(&str, Writer)] = &[
    ("pycap pcap", |packets| pycap(Format::Pcap, packets)),
    ("pycap pcap, nanoseconds", |packets| pycap(Format::PcapNanosecond, packets)),
    ("pycap pcapng", |packets| pycap(Format::Pcapng, packets)),
    ("copying alone", copy),
    ("BufWriter of 256 KiB", buf_writer),
    ("pcap-file pcap", pcap_file),
    #[cfg(libpcap)]
    ("pcap (pcap_dump)", pcap_dump),
];

#[inline(always)]
fn pycap(format: Format, packets: &Packets) {
    let mut out = SavefileWriter::builder().format(format).create(NOWHERE).expect("nowhere takes everything");
    packets.for_each(|secs, micros, data| {
        let frame =
            Frame::new(data, LinkType::ETHERNET).with_timestamp(Timestamp::new(secs.into(), micros * 1000));
        out.write(frame).expect("nowhere takes everything");
    });
    out.finish().expect("nowhere takes everything");
}

/// Records put together, but not written: what no writer that gathers them goes below.
fn copy(packets: &Packets) {
    let mut buffer = vec![0; 128 << 10];
    let mut filled = 0;
    packets.for_each(|secs, micros, data| {
        if buffer.len() - filled < 16 + data.len() {
            black_box(&mut buffer);
            filled = 0;
        }
        let len = data.len() as u32;
        let (header, rest) = buffer[filled..].split_at_mut(16);
        header.copy_from_slice([secs, micros, len, len].map(u32::to_ne_bytes).as_flattened());
        rest[..data.len()].copy_from_slice(data);
        filled += 16 + data.len();
    });
}

/// What anyone would write who needs this once.
fn buf_writer(packets: &Packets) {
    let file = File::create(NOWHERE).expect("nowhere is there");
    let mut out = BufWriter::with_capacity(256 << 10, file);
    packets.for_each(|secs, micros, data| {
        let len = data.len() as u32;
        out.write_all([secs, micros, len, len].map(u32::to_ne_bytes).as_flattened())
            .and_then(|()| out.write_all(data))
            .expect("nowhere takes everything");
    });
    out.flush().expect("nowhere takes everything");
}

fn pcap_file(packets: &Packets) {
    use pcap_file::pcap::{PcapPacket, PcapWriter};
    let file = File::create(NOWHERE).expect("nowhere is there");
    let out = BufWriter::with_capacity(256 << 10, file);
    let mut out = PcapWriter::new(out).expect("nowhere takes everything");
    packets.for_each(|secs, micros, data| {
        let time = Duration::new(secs.into(), micros * 1000);
        let packet = PcapPacket::new(time, data.len() as u32, data);
        out.write_packet(&packet).expect("nowhere takes everything");
    });
}

#[cfg(libpcap)]
fn pcap_dump(packets: &Packets) {
    use pcap::{Capture, Linktype, Packet, PacketHeader};
    let capture = Capture::dead(Linktype::ETHERNET).expect("libpcap is there");
    let mut out = capture.savefile(NOWHERE).expect("nowhere takes everything");
    packets.for_each(|secs, micros, data| {
        let len = data.len() as u32;
        let ts = libc::timeval { tv_sec: secs.into(), tv_usec: micros.into() };
        out.write(&Packet { header: &PacketHeader { ts, caplen: len, len }, data });
    });
    out.flush().expect("nowhere takes everything");
}

fn print_ratios(packets: &Packets, rounds: usize) {
    let mut fastest = vec![f64::INFINITY; WRITERS.len()];
    for _ in 0..rounds {
        for ((_, write), fastest) in WRITERS.iter().zip(&mut fastest) {
            let start = Instant::now();
            write(packets);
            *fastest = fastest.min(start.elapsed().as_secs_f64());
        }
    }
    let count = packets.lens.len() as f64;
    println!("\nwrite {}, the fastest of {rounds} rounds in turn:", packets.name);
    for ((name, _), time) in WRITERS.iter().zip(&fastest) {
        println!(
            "{name:<28} {:>8.1} ns a packet {:>6.2} million packets/s {:>6.2} x {}",
            time * 1e9 / count,
            count / time / 1e6,
            time / fastest[0],
            WRITERS[0].0,
        );
    }
    const LIMIT: f64 = 0.5;
    if let Some(dump) = WRITERS.iter().position(|(name, _)| name.contains("pcap_dump")) {
        for ours in 0..3 {
            let ratio = fastest[ours] / fastest[dump];
            let verdict = if ratio <= LIMIT { "ok" } else { "MISSED" };
            let (ours, dump) = (WRITERS[ours].0, WRITERS[dump].0);
            println!("{ours} takes {ratio:.3} of the time of {dump}, limit {LIMIT:.3}: {verdict}");
        }
    }
}
