//! IP packets that the kernel routes arrive, with what the kernel changes in them and nothing else.

use std::net::{IpAddr, UdpSocket};
use std::path::Path;
use std::time::{Duration, Instant};

#[cfg(feature = "libnet")]
use pycap_inject::sender::LibnetSender;
use pycap_inject::sender::{LinkType, RawIp};
use pycap_inject::{Backend, Injector, SendErrorKind, Sender};
use pycap_rig::Namespace;

use crate::rig::{Tcpdump, drain, receiver, skip, slices, tests};

tests! {
    packets_of_both_versions_arrive,
    the_kernel_fills_in_what_it_says,
    an_address_of_a_link_goes_to_the_interface,
    refusals_say_why,
}

/// Two machines, the calling thread on the near one: `out0` (10.9.0.1, fd09::1) leads to `in0` (10.9.0.2, fd09::2) on the far one.
pub(crate) fn two() -> (Namespace, Namespace) {
    let (near, far) = (Namespace::new("near").unwrap(), Namespace::new("far").unwrap());
    near.veth_to("out0", &far, "in0").unwrap();
    for (namespace, end, number) in [(&near, "out0", 1), (&far, "in0", 2)] {
        for (setting, value) in [("disable_ipv6", "0"), ("accept_dad", "0"), ("router_solicitations", "0")] {
            for which in ["all", "default", end] {
                // A kernel without IPv6 has no such files; tests that need it say so.
                let _ = namespace.sysctl(&format!("ipv6/conf/{which}/{setting}"), value);
            }
        }
        namespace.up(end).unwrap();
        namespace.address(end, IpAddr::from([10, 9, 0, number]), 24).unwrap();
        let _ = namespace.address(end, format!("fd09::{number}").parse().unwrap(), 64);
    }
    for (namespace, end) in [(&near, "out0"), (&far, "in0")] {
        namespace.wait_for_carrier(end, Duration::from_secs(5)).unwrap();
    }
    near.join().unwrap();
    // An address of IPv6 is there a moment after it was given.
    for namespace in [&near, &far] {
        let until = Instant::now() + Duration::from_secs(3);
        let there = || ["[fd09::1]:0", "[fd09::2]:0"].iter().any(|address| UdpSocket::bind(address).is_ok());
        while Path::new("/proc/sys/net/ipv6").exists() && !namespace.run(there).unwrap() {
            assert!(Instant::now() < until, "IPv6 is there, and its addresses are not");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    (near, far)
}

pub(crate) fn has_ipv6() -> bool {
    UdpSocket::bind("[fd09::1]:0").is_ok()
}

/// An IPv4 packet of protocol 253, for experiments (RFC 3692), with all that the kernel fills in.
fn ipv4(to: [u8; 4], number: u8, len: usize) -> Vec<u8> {
    let mut packet = vec![0x45, 0, 0, 0, 0x12, number, 0x40, 0, 9, 253, 0, 0, 10, 9, 0, 1];
    packet.extend(to);
    packet.resize(len, number);
    packet[2..4].copy_from_slice(&(len as u16).to_be_bytes());
    let mut sum: u32 = packet[..20].chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    packet[10..12].copy_from_slice(&(!(sum as u16)).to_be_bytes());
    packet
}

fn ipv6(to: &str, number: u8, len: usize) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0, 0, 0, 253, 9];
    packet[4..6].copy_from_slice(&((len - 40) as u16).to_be_bytes());
    for address in ["fd09::1", to] {
        let IpAddr::V6(address) = address.parse().unwrap() else { panic!("{address}") };
        packet.extend(address.octets());
    }
    packet.resize(len, number);
    packet
}

/// The packets of protocol 253 among these frames, which the kernel's own questions are among, too.
fn packets(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let these = frames.iter().filter(|frame| match frame[12..14] {
        [8, 0] => frame[23] == 253,
        [0x86, 0xdd] => frame[20] == 253,
        _ => false,
    });
    these.map(|frame| frame[14..].to_vec()).collect()
}

fn packets_of_both_versions_arrive() {
    let (_near, far) = two();
    let six = has_ipv6();
    if !six {
        skip("this kernel has no IPv6");
    }
    let v4: Vec<_> =
        (0..60).map(|number| ipv4([10, 9, 0, 2], number, 20 + 25 * usize::from(number))).collect();
    let v6: Vec<_> = (0..60)
        .map(|number| ipv6("fd09::2", number, 40 + 24 * usize::from(number)))
        .filter(|_| six)
        .collect();
    let all = [v4.clone(), v6.clone(), vec![ipv4([10, 9, 0, 2], 200, 1500)]].concat();
    type Case<'a> = (&'a str, Box<dyn Sender>, &'a [Vec<u8>]);
    let mut senders: Vec<Case<'_>> = vec![
        ("raw", Box::new(RawIp::open().unwrap()), &all),
        ("raw on out0", Box::new(RawIp::builder().interface("out0").open().unwrap()), &all),
    ];
    #[cfg(feature = "libnet")]
    for (name, opened, packets) in
        [("libnet v4", LibnetSender::open_raw_ipv4(), &v4), ("libnet v6", LibnetSender::open_raw_ipv6(), &v6)]
    {
        match opened {
            Ok(sender) => senders.push((name, Box::new(sender), packets)),
            Err(error) => {
                let kinds = [SendErrorKind::LibraryMissing, SendErrorKind::Unsupported];
                assert!(kinds.contains(&error.kind()), "{error}");
                skip(&error.to_string());
            }
        }
    }
    let mut ring = far.run(|| receiver("in0")).unwrap();
    let mut warm_up = RawIp::open().unwrap();
    for first in [v4.first(), v6.first()].into_iter().flatten() {
        warm_up.send(first).unwrap();
    }
    // Until the far end's hardware address is known, the kernel keeps packets back, and not endlessly many.
    let _ = drain(&mut ring);
    for (name, mut sender, expected) in senders {
        let (one_by_one, together) = expected.split_at(expected.len() / 2);
        one_by_one.iter().for_each(|packet| sender.send(packet).unwrap());
        sender.send_batch(&slices(together)).unwrap();
        crate::rig::same(&packets(&drain(&mut ring)), expected, name);
        assert_eq!(sender.stats().sent, expected.len() as u64);
    }
    // tcpdump sees the same of one of them.
    if let Some(tcpdump) = far.run(|| Tcpdump::start("in0", v4.len())).unwrap() {
        RawIp::open().unwrap().send_batch(&slices(&v4)).unwrap();
        let found = packets(&tcpdump.frames());
        assert!(!found.is_empty() && found.iter().all(|packet| v4.contains(packet)));
    }
    // On the machine itself, and by an injector.
    let mut ring = receiver("lo");
    let mut injector = Injector::builder("lo").backend(Backend::RawIp).open().unwrap();
    assert_eq!(injector.link_type(), LinkType::RAW);
    let mut there = vec![ipv4([127, 0, 0, 1], 7, 60)];
    if six {
        there.push(ipv6("::1", 8, 70));
    }
    injector.send_batch(&slices(&there)).unwrap();
    crate::rig::same(&packets(&drain(&mut ring)), &there, "loopback");
}

fn the_kernel_fills_in_what_it_says() {
    let (_near, far) = two();
    let mut ring = far.run(|| receiver("in0")).unwrap();
    let mut sender = RawIp::open().unwrap();
    let right = ipv4([10, 9, 0, 2], 3, 50);
    let mut wrong = right.clone();
    wrong[2..4].copy_from_slice(&[0xff, 0xff]);
    wrong[10..12].copy_from_slice(&[0xde, 0xad]);
    // The source address, too.
    wrong[12..16].fill(0);
    sender.send(&wrong).unwrap();
    crate::rig::same(&packets(&drain(&mut ring)), &[right], "filled in");
    if has_ipv6() {
        // Of IPv6 nothing is, not even a length that is a lie.
        let mut lie = ipv6("fd09::2", 3, 50);
        lie[4..6].copy_from_slice(&[0xff, 0xff]);
        sender.send(&lie).unwrap();
        crate::rig::same(&packets(&drain(&mut ring)), &[lie], "left alone");
    }
}

fn an_address_of_a_link_goes_to_the_interface() {
    let (_near, far) = two();
    if !has_ipv6() {
        return skip("this kernel has no IPv6");
    }
    let mut ring = far.run(|| receiver("in0")).unwrap();
    let packet = ipv6("ff02::1", 1, 60);
    RawIp::builder().interface("out0").open().unwrap().send(&packet).unwrap();
    crate::rig::same(&packets(&drain(&mut ring)), &[packet], "to all nodes");
}

fn refusals_say_why() {
    let (near, _far) = two();
    let mut sender = RawIp::open().unwrap();
    let mut refused = |packet: &[u8]| sender.send(packet).unwrap_err();
    let error = refused(&ipv4([10, 9, 0, 2], 0, 1501));
    let excess = error.excess().unwrap();
    assert_eq!((excess.frame, excess.limit, excess.mtu), (1501, 1500, Some(1500)), "{error}");
    assert_eq!(error.interface(), Some("out0"));
    let error = refused(&ipv4([192, 0, 2, 1], 0, 100));
    assert_eq!(error.kind(), SendErrorKind::NoRoute, "{error}");
    // A header of 60 bytes in a packet of 40.
    let mut short = ipv4([10, 9, 0, 2], 0, 40);
    short[0] = 0x4f;
    let error = refused(&short);
    assert_eq!(error.kind(), SendErrorKind::InvalidFrame, "{error}");
    assert_eq!(refused(&[]).kind(), SendErrorKind::TooShort);
    assert_eq!(refused(&[0x45; 19]).kind(), SendErrorKind::TooShort);
    assert_eq!(refused(&[0xff; 60]).kind(), SendErrorKind::InvalidFrame);
    if has_ipv6() {
        let error = refused(&ipv6("fd09::2", 0, 1501));
        assert_eq!(error.excess().map(|excess| excess.mtu), Some(Some(1500)), "{error}");
    }
    let stats = sender.stats();
    assert_eq!((stats.sent, stats.invalid, stats.other), (0, 4, 1), "{stats:?}");

    let mut sender = RawIp::builder().interface("out0").open().unwrap();
    near.down("out0").unwrap();
    let error = sender.send(&ipv4([10, 9, 0, 2], 0, 100)).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InterfaceDown, "{error}");
    near.delete("out0").unwrap();
    let error = sender.send(&ipv4([10, 9, 0, 2], 0, 100)).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InterfaceGone, "{error}");
    let error = RawIp::builder().interface("out0").open().unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::NoSuchInterface, "{error}");
}
