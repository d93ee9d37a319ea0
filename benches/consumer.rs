//! What `cargo xtask live` measures beside tcpdump and dumpcap: `consumer WORK INTERFACE` captures until its standard input ends, and then
//! prints how many frames it had and how many the kernel dropped.

#[cfg(target_os = "linux")]
#[path = "dissectors.rs"]
mod dissectors;

#[cfg(target_os = "linux")]
fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (frames, dropped) = match arguments[..] {
        ["works"] => return println!("{}", consumer::WORKS.join(" ")),
        ["ring-count", interface] => consumer::ring_count(interface),
        ["ring-dissect", interface] => consumer::ring_dissect(interface),
        #[cfg(libpcap)]
        ["pcap-count", interface] => consumer::pcap_count(interface),
        #[cfg(libpcap)]
        ["pcap-dissect", interface] => consumer::pcap_dissect(interface),
        _ => panic!("usage: consumer WORK INTERFACE | works; found {arguments:?}"),
    };
    println!("{frames} {dropped}");
}

#[cfg(target_os = "linux")]
mod consumer {
    use std::hint::black_box;
    use std::io::Read;

    use pycap_capture::{Block, PacketRing};

    use crate::dissectors::{Fold, pycap};

    /// What this program can do as it was built.
    pub(crate) const WORKS: &[&str] = &[
        "ring-count",
        "ring-dissect",
        #[cfg(libpcap)]
        "pcap-count",
        #[cfg(libpcap)]
        "pcap-dissect",
    ];

    /// As much as everybody else gets.
    const BUFFER: usize = 32 << 20;

    pub(crate) fn ring_count(interface: &str) -> (u64, u64) {
        ring(interface, |block| {
            let mut bytes = 0;
            for frame in block {
                bytes += frame.data().len() as u64;
            }
            bytes
        })
    }

    pub(crate) fn ring_dissect(interface: &str) -> (u64, u64) {
        ring(interface, |block| {
            let mut fold = Fold::default();
            for frame in block {
                pycap::stack(frame.data(), &mut fold);
            }
            fold.0
        })
    }

    /// Captures with the default settings but the ring's size, which are those of `pycap -i`.
    fn ring(interface: &str, read: impl Fn(&Block<'_>) -> u64) -> (u64, u64) {
        let builder = PacketRing::builder(interface).promiscuous(true).buffer_size(BUFFER);
        let mut ring = builder.open().expect("a ring");
        let stop = ring.stop_handle();
        at_end_of_input(move || stop.stop());
        let (mut frames, mut sum) = (0, 0_u64);
        while let Some(block) = ring.next_block().expect("the ring works") {
            frames += block.frame_count() as u64;
            sum = sum.wrapping_add(read(&block));
        }
        black_box(sum);
        (frames, ring.stats().ok().and_then(|stats| stats.dropped).unwrap_or(0))
    }

    #[cfg(libpcap)]
    pub(crate) fn pcap_count(interface: &str) -> (u64, u64) {
        pcap(interface, |packet| packet.data.len() as u64)
    }

    #[cfg(libpcap)]
    pub(crate) fn pcap_dissect(interface: &str) -> (u64, u64) {
        pcap(interface, |packet| {
            let mut fold = Fold::default();
            crate::dissectors::etherparse::sliced(packet.data, &mut fold);
            fold.0
        })
    }

    /// By the `pcap` crate, as its examples do it.
    #[cfg(libpcap)]
    fn pcap(interface: &str, read: impl Fn(&pcap::Packet<'_>) -> u64) -> (u64, u64) {
        let inactive = pcap::Capture::from_device(interface).expect("libpcap takes the interface");
        // Without a time-out, libpcap hands frames over when a block is full only.
        let inactive = inactive.promisc(true).snaplen(262_144).timeout(100).buffer_size(BUFFER as i32);
        let mut capture = inactive.open().expect("a capture");
        // Where no packet comes, a read does not return after that time: only so.
        let ending = capture.breakloop_handle();
        at_end_of_input(move || ending.breakloop());
        let (mut frames, mut sum) = (0, 0_u64);
        loop {
            match capture.next_packet() {
                Ok(packet) => {
                    frames += 1;
                    sum = sum.wrapping_add(read(&packet));
                }
                Err(pcap::Error::TimeoutExpired) => {}
                Err(_) => break,
            }
        }
        black_box(sum);
        (frames, capture.stats().map_or(0, |stats| stats.dropped.into()))
    }

    /// Says that the capture has begun, and does this when standard input ends.
    fn at_end_of_input(work: impl FnOnce() + Send + 'static) {
        eprintln!("listening on the interface");
        std::thread::spawn(move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            work();
        });
    }
}

#[cfg(not(target_os = "linux"))]
fn main() {}
