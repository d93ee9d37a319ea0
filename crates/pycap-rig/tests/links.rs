//! Namespaces and interfaces, held against what `ip` says of them and against what goes through them.
#![cfg(target_os = "linux")]

use std::net::{IpAddr, Ipv4Addr, UdpSocket};
use std::process::Command;
use std::time::Duration;

use pycap_rig::{ErrorKind, Namespace, Rig};
use serde_json::Value;

const PATIENCE: Duration = Duration::from_secs(5);

/// What makes namespaces, where that is allowed and `ip` is installed. Under CI both have to be.
fn rig() -> Option<Rig> {
    let why = match (Rig::new(), Command::new("ip").arg("-V").output()) {
        (Ok(rig), Ok(_)) => return Some(rig),
        (Err(error), _) => error.to_string(),
        (_, Err(error)) => format!("ip: {error}"),
    };
    assert!(std::env::var("CI").is_err(), "{why}, and nothing may be left out under CI");
    println!("skipped: {why}");
    None
}

/// What `ip` says of an interface.
fn ip(namespace: &Namespace, name: &str) -> Value {
    let output = namespace
        .run(|| Command::new("ip").args(["-d", "-s", "-j", "address", "show", "dev", name]).output())
        .unwrap()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let said: Value = serde_json::from_slice(&output.stdout).unwrap();
    said[0].clone()
}

#[test]
fn a_wire_is_what_ip_says() {
    let Some(rig) = rig() else { return };
    let wire = rig.wire("left", "right").unwrap();
    wire.set_mac("left", [2, 0, 0, 0, 0, 9]).unwrap();
    wire.set_mtu("left", 9000).unwrap();
    wire.set_promiscuous("right", true).unwrap();
    wire.address("left", "192.0.2.1".parse().unwrap(), 24).unwrap();
    wire.address("right", "192.0.2.6".parse().unwrap(), 31).unwrap();
    let (left, right) = (ip(&wire, "left"), ip(&wire, "right"));
    let ours = wire.link("left").unwrap();
    assert_eq!(left["ifindex"], ours.index);
    assert_eq!(ours.index, wire.index("left").unwrap());
    assert_eq!((&left["mtu"], ours.mtu), (&9000.into(), 9000));
    assert_eq!((left["address"].as_str(), ours.mac), (Some("02:00:00:00:00:09"), Some([2, 0, 0, 0, 0, 9])));
    assert_eq!(left["linkinfo"]["info_kind"], "veth");
    assert_eq!(left["link"], "right");
    assert_eq!(left["operstate"], "UP");
    assert!(ours.is_up && ours.has_carrier);
    assert_eq!(ours.hardware, 1, "ARPHRD_ETHER");
    assert_eq!(right["promiscuity"], 1);
    let address = &left["addr_info"][0];
    assert_eq!((&address["local"], &address["prefixlen"]), (&"192.0.2.1".into(), &24.into()));
    assert_eq!(address["broadcast"], "192.0.2.255");
    assert_eq!(right["addr_info"][0]["broadcast"], Value::Null, "a network of two has none");
    assert_eq!(left["addr_info"].as_array().unwrap().len(), 1, "no IPv6 address came by itself");

    let names: Vec<String> = wire.links().unwrap().into_iter().map(|link| link.name).collect();
    // The kernel names the end that it makes first.
    assert_eq!((names.len(), names[0].as_str()), (3, "lo"), "{names:?}");
    assert!(names.contains(&"left".to_owned()) && names.contains(&"right".to_owned()), "{names:?}");

    wire.rename("left", "west").unwrap();
    assert_eq!(ip(&wire, "west")["ifindex"], ours.index);
    wire.down("west").unwrap();
    assert!(!wire.link("west").unwrap().is_up);
    assert!(!wire.link("right").unwrap().has_carrier, "its other end is down");
    wire.delete("west").unwrap();
    assert_eq!(wire.index("right").unwrap_err().kind(), ErrorKind::NoInterface, "both ends go");
}

#[test]
fn an_interface_is_moved() {
    let Some(rig) = rig() else { return };
    let wire = rig.wire("left", "right").unwrap();
    let other = rig.namespace("other").unwrap();
    wire.move_to(&other, "right").unwrap();
    assert_eq!(wire.index("right").unwrap_err().kind(), ErrorKind::NoInterface);
    assert!(!other.link("right").unwrap().is_up);
    other.up("right").unwrap();
    assert!(wire.link("left").unwrap().has_carrier);
    assert_eq!(ip(&other, "right")["operstate"], "UP");
}

/// A socket with this address, in the namespace.
fn socket(namespace: &Namespace, address: Ipv4Addr) -> UdpSocket {
    let socket = namespace.run(|| UdpSocket::bind((address, 4000))).unwrap().unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket
}

#[test]
fn datagrams_cross_a_bridge_and_are_counted() {
    let Some(rig) = rig() else { return };
    let [middle, a, b] = ["middle", "a", "b"].map(|label| rig.namespace(label).unwrap());
    let hosts = [(&a, "eth0", "port0", 1), (&b, "eth0", "port1", 2)];
    for (host, end, port, number) in hosts {
        host.veth_to(end, &middle, port).unwrap();
        host.up(end).unwrap();
        middle.up(port).unwrap();
        host.address(end, IpAddr::V4(Ipv4Addr::new(192, 0, 2, number)), 24).unwrap();
    }
    middle.bridge("br0", &["port0", "port1"]).unwrap();
    middle.up("br0").unwrap();
    assert_eq!(ip(&middle, "port1")["master"], "br0");
    assert_eq!(ip(&middle, "br0")["linkinfo"]["info_data"]["forward_delay"], 0);

    let before = b.link("eth0").unwrap().counters;
    let [from, to] = [(&a, 1), (&b, 2)].map(|(host, number)| socket(host, Ipv4Addr::new(192, 0, 2, number)));
    for number in 0..10_u8 {
        from.send_to(&[number; 1000], "192.0.2.2:4000").unwrap();
    }
    let mut buffer = [0; 2000];
    for number in 0..10 {
        let (len, sender) = to.recv_from(&mut buffer).unwrap();
        assert_eq!((&buffer[..len], sender.to_string()), (&[number; 1000][..], "192.0.2.1:4000".to_owned()));
    }
    let after = b.link("eth0").unwrap().counters;
    let (frames, bytes) = (after.rx_packets - before.rx_packets, after.rx_bytes - before.rx_bytes);
    // The datagrams, and an ARP request.
    assert!((10..=12).contains(&frames), "{after:?}");
    assert!(bytes >= 10 * 1042, "{after:?}");
    let said = &ip(&b, "eth0")["stats64"];
    assert_eq!(said["rx"]["packets"].as_u64(), Some(after.rx_packets));
    assert_eq!(said["tx"]["bytes"].as_u64(), Some(after.tx_bytes));
    assert_eq!((after.rx_dropped, after.tx_dropped), (0, 0));
}

#[test]
fn a_new_namespace_is_silent() {
    let Some(rig) = rig() else { return };
    let wire = rig.wire("left", "right").unwrap();
    // Router solicitations and multicast reports would come within a second.
    std::thread::sleep(Duration::from_millis(1500));
    for end in ["left", "right"] {
        assert_eq!(wire.link(end).unwrap().counters, Default::default(), "{end}");
    }
}

#[test]
fn nothing_is_left_behind() {
    let Some(rig) = rig() else { return };
    let descriptors = || std::fs::read_dir("/proc/thread-self/fd").unwrap().count();
    rig.wire("left", "right").unwrap();
    let before = descriptors();
    let named = |name: &str| std::fs::read_to_string("/proc/net/dev").unwrap().contains(name);
    for _ in 0..20 {
        let wire = rig.wire("pycap-left", "pycap-right").unwrap();
        assert!(!named("pycap-left"), "it is in the namespace of the test");
        drop(wire);
    }
    // Other tests of this program come and go meanwhile, each with a few descriptors.
    assert!(descriptors() < before + 20);
    // A panic inside leaves nothing either, and goes through.
    let wire = rig.wire("left", "right").unwrap();
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let _ = wire.run(|| panic!("as it has to be"));
    }));
    assert!(panicked.is_err());
    assert!(wire.link("left").is_ok());
}

#[test]
fn settings_are_the_namespaces_own() {
    let Some(rig) = rig() else { return };
    let namespace = rig.namespace("settings").unwrap();
    namespace.sysctl("ipv4/ip_forward", "1").unwrap();
    let read = || std::fs::read_to_string("/proc/sys/net/ipv4/ip_forward").unwrap();
    assert_eq!(namespace.run(read).unwrap().trim(), "1");
    let error = namespace.sysctl("ipv4/no_such_setting", "1").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::System);
    let said = error.to_string();
    assert!(said.contains("/proc/sys/net/ipv4/no_such_setting in namespace settings"), "{said}");
}

#[test]
fn what_cannot_be_done_is_said() {
    let Some(rig) = rig() else { return };
    let wire = rig.wire("left", "right").unwrap();
    for name in ["", "sixteen-letters-", "a b", "a/b", "a:b", ".", "..", "a\0b"] {
        let error = wire.veth(name, "other").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Argument, "{name:?}: {error}");
        assert!(error.to_string().contains("no interface name"), "{error}");
        assert_eq!(wire.rename("left", name).unwrap_err().kind(), ErrorKind::Argument, "{name:?}");
    }
    let error = wire.up("nobody").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoInterface);
    assert!(error.to_string().starts_with("look up nobody in namespace wire: "), "{error}");
    let error = wire.veth("left", "third").unwrap_err();
    assert_eq!((error.kind(), error.raw_os_error()), (ErrorKind::System, Some(17)), "{error}");
    assert!(error.to_string().starts_with("make veth interface left in namespace wire: "), "{error}");
    let error = wire.address("left", "192.0.2.1".parse().unwrap(), 33).unwrap_err();
    assert!(error.to_string().contains("192.0.2.1/33"), "{error}");
    let error = wire.set_mtu("left", 1_000_000).unwrap_err();
    assert!(error.to_string().starts_with("set the MTU of left in namespace wire: "), "{error}");
    assert_eq!(wire.bridge("br0", &["nobody"]).unwrap_err().kind(), ErrorKind::NoInterface);
}
