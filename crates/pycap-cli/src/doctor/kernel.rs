//! What this kernel can do for a capture, tried out on an interface that nobody else uses.

use std::io::{self, Write};
use std::path::Path;

use pycap_capture::{Fanout, Filter, PacketRing};

use super::report::Report;

/// Tries the kernel's features on `interface`.
pub(super) fn examine<W: Write>(report: &mut Report<W>, interface: &str) -> io::Result<()> {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let release = release.trim();
    match PacketRing::builder(interface).open() {
        Ok(_) => {
            report.good(format_args!("ring buffers shared with the kernel (TPACKET_V3): Linux {release}"))?
        }
        Err(error) => {
            report.missing("ring buffers shared with the kernel (TPACKET_V3, Linux 3.2 and later)")?;
            report.advice(error)?;
        }
    }
    let modes = [
        ("hash", Fanout::hash()),
        ("load-balance", Fanout::load_balance()),
        ("cpu", Fanout::cpu()),
        ("rollover", Fanout::rollover()),
        ("random", Fanout::random()),
        ("queue", Fanout::queue()),
        ("bpf", Fanout::program(&Filter::accept_all(1))),
    ];
    let works = |fanout: Fanout| PacketRing::builder(interface).fanout(fanout).open_group(2).is_ok();
    let mut modes: Vec<_> =
        modes.into_iter().filter(|(_, mode)| works(mode.clone())).map(|(name, _)| name).collect();
    // Both kinds of programs came with Linux 4.3; the file is there where programs can be loaded (CONFIG_BPF_SYSCALL). To load one
    // would take a privilege more than to use it.
    if modes.contains(&"bpf") && Path::new("/proc/sys/kernel/unprivileged_bpf_disabled").exists() {
        modes.push("ebpf");
    }
    if modes.is_empty() {
        report.missing("fan-out over several threads (PACKET_FANOUT, Linux 3.1 and later)")?;
    } else {
        report.good(format_args!("fan-out over several threads: {}", modes.join(", ")))?;
    }
    // The kernel lists the sockets that it knows, whoever asks.
    let protocols = std::fs::read_to_string("/proc/thread-self/net/protocols").unwrap_or_default();
    if protocols.lines().any(|line| line.starts_with("XDP ")) {
        report.good("AF_XDP sockets")
    } else {
        report.missing("AF_XDP sockets (CONFIG_XDP_SOCKETS, Linux 4.18 and later)")
    }
}
