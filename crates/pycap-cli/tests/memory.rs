//! How much memory reading and writing takes: no more for a large file than for a small one.
#![cfg(target_os = "linux")]

mod rig;

use std::path::Path;

use nix::sys::resource::{UsageWho, getrusage};
use pycap_capture::{Format, Frame, LinkType, SavefileWriter, Timestamp};
use rig::pycap;

const LIMIT: i64 = 16 << 20;

/// A file of 64 MB in small packets, written as it is made, so that this process stays small itself.
fn large(path: &Path, format: Format) {
    let mut out = SavefileWriter::builder().format(format).create(path).unwrap();
    for n in 0..400_000_i64 {
        let time = Timestamp::new(1_700_000_000 + n / 1000, (n % 1000) as u32 * 1_000_000);
        let mut data = [n as u8; 130];
        data[..8].copy_from_slice(&n.to_le_bytes());
        out.write(Frame::new(&data, LinkType::ETHERNET).with_timestamp(time)).unwrap();
    }
    out.finish().unwrap();
}

#[test]
fn a_large_file_takes_little_memory() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("memory");
    std::fs::create_dir_all(&folder).unwrap();
    let path = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (pcap, pcapng) = (path("large.pcap"), path("large.pcapng"));
    large(Path::new(&pcap), Format::Pcap);
    large(Path::new(&pcapng), Format::Pcapng);
    let (gz, zst, out) = (path("large.pcapng.gz"), path("large.pcap.zst"), path("out.pcapng"));
    let calls: [&[&str]; 13] = [
        &["-r", &pcap, "--count"],
        &["-r", &pcapng, "--count", "udp"],
        &["-r", &pcapng, "-w", &out],
        &["-r", &pcapng, "-w", &gz],
        &["-r", &pcap, "-w", &zst, "-c", "100000"],
        &["-r", &gz, "--count"],
        &["-r", &zst, "--count"],
        &["index", &pcapng],
        &["-r", &pcapng, "--from", "1700000200", "--to", "1700000201", "-w", &out],
        &["info", &pcapng],
        &["merge", "-w", &out, &pcap, &pcapng],
        &["-r", &pcap, "-r", &pcapng, "--count"],
        &["-r", &pcap, "-r", &pcapng, "-w", &out],
    ];
    for call in calls {
        let output = pycap(call);
        // `merge` says what it wrote.
        let said = usize::from(call[0] == "merge");
        assert_eq!((output.status, output.err.lines().count()), (0, said), "{call:?}: {}", output.err);
        // Of the largest child so far, in KiB.
        let most = getrusage(UsageWho::RUSAGE_CHILDREN).unwrap().max_rss() * 1024;
        println!("{most} bytes after {call:?}");
        assert!(most < LIMIT, "{most} bytes of memory for {call:?}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}
