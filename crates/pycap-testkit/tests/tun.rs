//! A tun device: packets without a link header, in both directions, as the program at its other end has them. The kernel takes any hardware
//! type for it, so that it stands in for the kinds of tunnels and modems that this machine cannot make.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, UdpSocket};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use pycap_capture::{
    Backend, CompileOptions, Direction, ErrorKind, Filter, LinkType, Live, Next, OwnedFrame, PacketRing,
    Source, compile, interfaces, link_types,
};
use pycap_testkit::rig::{Namespace, Privilege};
use pycap_testkit::wire::{drain, rig, skip};
use pycap_wire::{Packet, Transport};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// A namespace with the device `tun0`, 192.0.2.1/24, and its other end. Takes root; under CI that has to be.
fn tunnel() -> Option<(Namespace, SyncDevice)> {
    let rig = rig(&[])?;
    if rig.privilege() != Privilege::System || !Path::new("/dev/net/tun").exists() {
        skip("it takes root, and /dev/net/tun");
        return None;
    }
    let namespace = rig.namespace("tunnel").unwrap();
    let device = namespace.run(|| DeviceBuilder::new().name("tun0").layer(Layer::L3).build_sync());
    let device = device.unwrap().unwrap();
    namespace.address("tun0", "192.0.2.1".parse().unwrap(), 24).unwrap();
    namespace.up("tun0").unwrap();
    Some((namespace, device))
}

#[test]
fn packets_have_no_link_header() {
    let Some((namespace, device)) = tunnel() else { return };
    let (mut ring, socket) = namespace
        .run(|| (PacketRing::builder("tun0").open().unwrap(), UdpSocket::bind("192.0.2.1:4000").unwrap()))
        .unwrap();
    assert_eq!(ring.link_type(), LinkType::RAW);
    let mut there = Vec::new();
    let mut buffer = [0; 2000];
    for number in 0..50_u8 {
        socket.send_to(&vec![number; 20 + 20 * usize::from(number)], "192.0.2.2:9").unwrap();
        let len = device.recv(&mut buffer).unwrap();
        there.push(buffer[..len].to_vec());
    }
    // Back comes the same with ends exchanged, which changes no checksum.
    let back: Vec<Vec<u8>> = there.iter().map(|packet| exchanged(packet)).collect();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for packet in &back {
        device.send(packet).unwrap();
    }
    let frames = drain(&mut ring);
    let captured = |direction: Direction| -> Vec<Vec<u8>> {
        let these = frames.iter().map(OwnedFrame::as_frame).filter(|frame| frame.direction() == direction);
        these.map(|frame| frame.data().to_vec()).collect()
    };
    assert!(
        captured(Direction::Outbound) == there,
        "{} of {}",
        captured(Direction::Outbound).len(),
        there.len()
    );
    assert!(captured(Direction::Inbound) == back, "{} of {}", captured(Direction::Inbound).len(), back.len());
    let first = frames[0].as_frame();
    let packet = Packet::parse(first.link_type(), first.data());
    assert_eq!(packet.ip().map(|ip| ip.src()), Some(Ipv4Addr::new(192, 0, 2, 1).into()));
    let Some(Transport::Udp(udp)) = packet.transport() else { panic!("{first:?}") };
    assert_eq!((udp.dst_port(), udp.payload()), (9, &[0; 20][..]));
}

/// `TUNSETLINK`, `_IOW('T', 205, int)` of include/uapi/linux/if_tun.h.
const TUNSETLINK: libc::c_ulong = 0x4004_54cd;

/// Gives the device another hardware type (ARPHRD_*), and sets it up again.
fn set_hardware_type(namespace: &Namespace, device: &SyncDevice, hardware: u16) {
    namespace.down("tun0").unwrap();
    // SAFETY: the descriptor is open, and this call takes a number and no pointer (__tun_chr_ioctl in drivers/net/tun.c).
    let set = unsafe { libc::ioctl(device.as_raw_fd(), TUNSETLINK as _, libc::c_int::from(hardware)) };
    assert_eq!(set, 0, "{hardware}: {}", std::io::Error::last_os_error());
    namespace.up("tun0").unwrap();
}

/// 10.99.0.2:1 > 10.99.0.1:2, UDP, one byte.
const UDP4: &[u8] =
    b"\x45\0\0\x1d\0\x01\0\0\x40\x11\x66\x07\x0a\x63\0\x02\x0a\x63\0\x01\0\x01\0\x02\0\x09\0\0x";
/// The same over IPv6, 2001:db8::2 > 2001:db8::1.
const UDP6: &[u8] = b"\x60\0\0\0\0\x09\x11\x40\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x02\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x01\0\x01\0\x02\0\x09\0\x01x";

/// Hardware types whose frames start with the network layer: ARPHRD_NONE, _TUNNEL, _TUNNEL6, _SIT, _RAWIP, _SLIP and its kin, _RAWHDLC.
const WITHOUT_HEADER: [u16; 12] = [65534, 768, 769, 776, 519, 256, 257, 258, 259, 264, 518, 15];

#[test]
fn filters_are_for_what_the_ring_delivers() {
    let Some((namespace, device)) = tunnel() else { return };
    // Each with how many of the two packets it matches.
    let expressions = [
        ("udp", 2),
        ("udp port 2", 2),
        ("ip", 1),
        ("ip6", 1),
        ("not ip6", 1),
        ("ip[9] = 17", 1),
        ("host 10.99.0.2", 1),
        ("ip6 host 2001:db8::2", 1),
        ("not host 10.99.0.2", 1),
        ("tcp", 0),
        ("inbound", 2),
        ("outbound", 0),
        ("inbound and ip", 1),
        // What the kernel does not match: it jumps back.
        ("ip protochain 17", 1),
    ];
    // PPP, GRE over IPv4 and over IPv6: the kernel takes the header off, and the filter is for the cooked frames.
    for hardware in WITHOUT_HEADER.into_iter().chain([512, 778, 823]) {
        set_hardware_type(&namespace, &device, hardware);
        let expected = if WITHOUT_HEADER.contains(&hardware) { LinkType::RAW } else { LinkType::LINUX_SLL2 };
        let open = |(expression, count): (&str, usize)| {
            let live = Live::on("tun0").filter(expression).buffer_size(4 << 20);
            assert_eq!(live.link_type().unwrap(), expected, "{hardware}");
            let program = live.program().unwrap().unwrap();
            assert_eq!(program.link_type(), Some(expected), "{hardware}: {expression}");
            let capture = live.open().unwrap();
            assert_eq!((capture.backend(), capture.link_type()), (Backend::Ring, expected), "{hardware}");
            (format!("{hardware}: {expression}"), count, capture)
        };
        let captures = namespace.run(|| expressions.map(open)).unwrap();
        device.send(UDP4).unwrap();
        device.send(UDP6).unwrap();
        // Longer than the kernel keeps frames.
        std::thread::sleep(Duration::from_millis(100));
        for (what, count, mut capture) in captures {
            let mut matched = 0;
            while let Next::Frame(_) = capture.next_frame_until(Some(Instant::now())).unwrap() {
                matched += 1;
            }
            assert_eq!(matched, count, "{what}");
        }
    }
}

/// What `tcpdump -L` lists first, where it can open the interface.
fn tcpdumps_link_type() -> Option<String> {
    let run = Command::new("tcpdump").args(["-i", "tun0", "-L"]).output().unwrap();
    let text = [run.stdout, run.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let line = text.lines().skip_while(|line| !line.starts_with("Data link types")).nth(1)?;
    line.split_whitespace().next().map(str::to_owned)
}

#[test]
fn one_link_type_is_told_everywhere_and_it_is_tcpdumps() {
    let Some(_) = rig(&["tcpdump"]) else { return };
    let Some((namespace, device)) = tunnel() else { return };
    // All that include/uapi/linux/if_arp.h has, but those that need a driver to be up (ARPHRD_ECONET 782 is none any more).
    let types = [0, 1, 3, 6, 7, 8, 15, 19, 24, 27, 32, 256, 257, 258, 259, 260, 264, 270, 271, 280]
        .into_iter()
        .chain([
            290, 512, 513, 516, 517, 518, 519, 520, 768, 769, 770, 772, 773, 774, 775, 776, 777, 778, 779,
        ])
        .chain([
            780, 781, 783, 784, 785, 786, 787, 800, 801, 802, 803, 804, 805, 820, 821, 822, 823, 824, 825,
        ])
        .chain([826, 827, 65534, 65535]);
    for hardware in types {
        set_hardware_type(&namespace, &device, hardware);
        let told = || {
            let listed = interfaces().unwrap().into_iter().find(|one| one.name() == "tun0").unwrap();
            let ring = PacketRing::builder("tun0").block_count(2).open().unwrap();
            let live = Live::on("tun0");
            let ours = [
                listed.link_type(),
                Some(ring.link_type()),
                Some(live.link_type().unwrap()),
                Some(live.open().unwrap().link_type()),
                link_types("tun0").unwrap().first().copied(),
            ];
            (ours, tcpdumps_link_type())
        };
        let (ours, theirs) = namespace.run(told).unwrap();
        let link_type = ours[0].unwrap();
        assert_eq!(ours, [Some(link_type); 5], "{hardware}");
        let Some(theirs) = theirs else { continue };
        let expected = match (hardware, &*theirs) {
            // libpcap before 1.10.5 makes cooked frames of what has no header.
            (519 | 769, "LINUX_SLL") => "RAW",
            // The newer of the two headers of cooked frames.
            (_, "LINUX_SLL") => "LINUX_SLL2",
            (_, other) => other,
        };
        assert_eq!(link_type.name().unwrap_or("AX25_KISS"), expected, "{hardware}");
    }
}

#[test]
fn a_filter_for_another_link_type_is_refused() {
    let Some((namespace, device)) = tunnel() else { return };
    let compiled = |link_type| compile("udp", &CompileOptions::new(link_type)).unwrap();
    let checks = || {
        let opens = |filter: &Filter| {
            let builder = || PacketRing::builder("tun0").block_count(2);
            let mut opened = vec![
                builder().filter(filter).open().map(drop),
                builder().filter_in_process(filter).open().map(drop),
                builder().filter(filter).open_group(2).map(drop),
                builder().open().unwrap().set_filter(filter),
                builder().filter_in_process(filter).in_memory(LinkType::RAW).map(drop),
            ];
            for backend in [Backend::Automatic, Backend::Ring, Backend::Libpcap] {
                let live = || Live::on("tun0").backend(backend);
                opened.push(live().filter_program(filter.clone()).open().map(drop));
                opened.push(live().open().unwrap().set_filter(filter));
            }
            opened
        };
        for wrong in [LinkType::LINUX_SLL2, LinkType::LINUX_SLL, LinkType::ETHERNET] {
            for (index, opened) in opens(&compiled(wrong)).into_iter().enumerate() {
                let error = opened.expect_err(&format!("{wrong}, way {index}"));
                assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{error}");
                let text = error.to_string();
                assert!(text.contains(&wrong.to_string()) && text.contains("RAW"), "{text}");
            }
        }
        // Instructions alone are taken at their word, and so is a program of another number for raw IP.
        let bare = Filter::new(compiled(LinkType::ETHERNET).instructions()).unwrap();
        for right in [compiled(LinkType::RAW), compiled(LinkType::RAW_12), bare, Filter::accept_all(99)] {
            for opened in opens(&right) {
                opened.unwrap();
            }
        }
        // A link type that only libpcap's cooked mode could have is not RAW under another name.
        for backend in [Backend::Automatic, Backend::Ring, Backend::Libpcap] {
            let error =
                Live::on("tun0").backend(backend).with_link_type(LinkType::LINUX_SLL2).open().unwrap_err();
            let kinds = [ErrorKind::Unsupported, ErrorKind::InvalidSetting];
            assert!(kinds.contains(&error.kind()), "{backend}: {error}");
        }
    };
    namespace.run(checks).unwrap();
    drop(device);
}

/// From whom it was sent to, to whom it came from.
fn exchanged(packet: &[u8]) -> Vec<u8> {
    let mut back = packet.to_vec();
    back[12..16].copy_from_slice(&packet[16..20]);
    back[16..20].copy_from_slice(&packet[12..16]);
    back[20..22].copy_from_slice(&packet[22..24]);
    back[22..24].copy_from_slice(&packet[20..22]);
    back
}
