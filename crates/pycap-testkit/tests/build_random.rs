//! Random packets: what is valid is dissected back, and nothing panics; tshark finds nothing wrong with the valid ones.

use std::process::Command;

use pycap_capture::{Frame, SavefileWriter};
use pycap_inject::{Layer, PacketBuf};
use pycap_testkit::build;
use pycap_wire::LinkType;

#[test]
fn valid_packets_are_dissected_back() {
    let mut rng = fastrand::Rng::with_seed(7);
    for _ in 0..20_000 {
        let len = rng.usize(..600);
        let input: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(len).collect();
        build::check(&input);
    }
}

/// Ten thousand packets of everything that tshark verifies: no checksum is bad, no length is wrong, nothing is malformed.
#[test]
fn tshark_finds_nothing_wrong() {
    const PACKETS: usize = 10_000;
    const PROTOCOLS: [&str; 24] = [
        "frame",
        "eth",
        "vlan",
        "ieee8021ad",
        "llc",
        "ip",
        "ipv6",
        "ipv6.hopopts",
        "ipv6.dstopts",
        "ipv6.routing",
        "ipv6.fraghdr",
        "arp",
        "icmp",
        "icmpv6",
        "igmp",
        "tcp",
        "udp",
        "udplite",
        "gre",
        "mpls",
        "vxlan",
        "geneve",
        "sctp",
        "data",
    ];
    let path = std::env::temp_dir().join(format!("pycap-build-random.{}.pcap", std::process::id()));
    let mut rng = fastrand::Rng::with_seed(8);
    let mut file = SavefileWriter::builder().create(&path).unwrap();
    let mut buf = PacketBuf::new();
    let mut written = 0;
    while written < PACKETS {
        let input: Vec<u8> = std::iter::repeat_with(|| rng.u8(..)).take(600).collect();
        let (link_type, stack) = build::valid_packet(&mut build::Choices(&input));
        if link_type == LinkType::ETHERNET {
            let packet = stack.write(&mut buf).unwrap();
            file.write(Frame::new(packet, link_type)).unwrap();
            written += 1;
        }
    }
    file.finish().unwrap();
    // What random payloads look like to protocols that are recognized by content is of no interest.
    let protocols = Command::new("tshark").args(["-G", "protocols"]).output();
    let protocols = protocols
        .map_or_else(|_| String::new(), |output| String::from_utf8_lossy(&output.stdout).into_owned());
    let others =
        protocols.lines().filter_map(|line| line.split('\t').nth(2)).filter(|name| !PROTOCOLS.contains(name));
    let found = Command::new("tshark")
        .arg("-r")
        .arg(&path)
        .args([
            "-n",
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
        ])
        .args(others.flat_map(|name| ["--disable-protocol", name]))
        .args([
            "-Y",
            "_ws.malformed || _ws.expert.group == \"Checksum\" || _ws.expert.group == \"Malformed\"",
        ])
        .output();
    std::fs::remove_file(&path).unwrap();
    match found {
        Ok(output) => {
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let lines = String::from_utf8_lossy(&output.stdout);
            assert!(lines.is_empty(), "{} packets are wrong:\n{lines}", lines.lines().count());
        }
        Err(error) => {
            assert!(std::env::var_os("CI").is_none(), "{error}");
            println!("skipped: {error}");
        }
    }
}
