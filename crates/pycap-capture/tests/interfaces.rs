//! The system's interfaces, held against iproute2 and libpcap.
#![cfg(target_os = "linux")]

use std::process::Command;

use nix::sched::{CloneFlags, unshare};
use pycap_capture::{ErrorKind, LinkType, default_interface, interfaces};

/// Runs `work` in a network namespace of its own; not where this machine does not allow that.
fn in_namespace(work: impl FnOnce() + Send) {
    let run = || match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => work(),
        Err(error) if std::env::var_os("CI").is_none() => {
            println!("skipped: this takes root, for a network namespace: {error}");
        }
        Err(error) => panic!("{error}"),
    };
    std::thread::scope(|scope| {
        if let Err(panic) = scope.spawn(run).join() {
            std::panic::resume_unwind(panic);
        }
    });
}

fn ip(arguments: &[&str]) -> String {
    let run = Command::new("ip").args(arguments).output().expect("iproute2 is installed");
    assert!(run.status.success(), "ip {arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
    String::from_utf8(run.stdout).unwrap()
}

/// What `ip -o` prints for an interface, as the words behind each of these keys.
fn words<'t>(line: &'t str, key: &str) -> Option<&'t str> {
    line.split_whitespace().skip_while(|word| *word != key).nth(1)
}

fn matches_ip() {
    let links = ip(&["-o", "link"]);
    let addresses = ip(&["-o", "addr"]);
    let found = interfaces().unwrap();
    assert_eq!(found.len(), links.lines().count());
    for line in links.lines() {
        // `2: eth0@if3: <FLAGS> mtu 1500 ... link/ether 02:... brd ...`
        let mut parts = line.split(": ");
        let index: u32 = parts.next().unwrap().parse().unwrap();
        let name = parts.next().unwrap().split('@').next().unwrap();
        let flags: Vec<&str> = line.split(['<', '>']).nth(1).unwrap().split(',').collect();
        let one =
            found.iter().find(|one| one.name() == name).unwrap_or_else(|| panic!("{name} is not listed"));
        assert_eq!(one.index(), index, "{name}");
        assert_eq!(one.mtu().unwrap().to_string(), words(line, "mtu").unwrap(), "{name}");
        for (flag, ours) in [
            ("UP", one.is_up()),
            ("LOOPBACK", one.is_loopback()),
            ("BROADCAST", one.is_broadcast()),
            ("MULTICAST", one.is_multicast()),
            ("POINTOPOINT", one.is_point_to_point()),
        ] {
            assert_eq!(ours, flags.contains(&flag), "{name}: {flag}");
        }
        let mac = words(line, "link/ether").or(words(line, "link/loopback"));
        assert_eq!(one.mac().map(|mac| mac.to_string()).as_deref(), mac, "{name}");
        let expected = mac.map(|_| LinkType::ETHERNET);
        assert_eq!(one.link_type().filter(|_| mac.is_some()), expected, "{name}");
        let addresses: Vec<&str> =
            addresses.lines().filter(|line| line.split_whitespace().nth(1) == Some(name)).collect();
        assert_eq!(one.addresses().len(), addresses.len(), "{name}");
        for address in one.addresses() {
            let text = match address.destination.filter(|other| *other != address.address) {
                None => format!(" {}/{} ", address.address, address.prefix_len().unwrap()),
                Some(other) => {
                    format!(" {} peer {other}/{} ", address.address, address.prefix_len().unwrap())
                }
            };
            let line = addresses
                .iter()
                .find(|line| line.contains(&text))
                .unwrap_or_else(|| panic!("{name}: {text}"));
            let broadcast = address.broadcast.map(|address| address.to_string());
            assert_eq!(words(line, "brd").map(str::to_owned), broadcast, "{line}");
        }
    }
}

#[test]
fn what_is_listed_is_what_ip_lists() {
    matches_ip();
    in_namespace(|| {
        matches_ip();
        ip(&["link", "add", "v0", "type", "veth", "peer", "name", "v1"]);
        ip(&["link", "set", "v0", "mtu", "9000", "up"]);
        ip(&["link", "set", "lo", "up"]);
        ip(&["addr", "add", "10.1.2.3/20", "broadcast", "10.1.15.255", "dev", "v0"]);
        ip(&["addr", "add", "10.5.0.1", "peer", "10.5.0.2/32", "dev", "v0"]);
        ip(&["addr", "add", "10.6.0.1/24", "dev", "v0"]);
        ip(&["addr", "add", "2001:db8::1/64", "dev", "v0"]);
        matches_ip();
    });
}

#[test]
fn the_default_is_the_first_that_runs() {
    in_namespace(|| {
        let error = default_interface().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NoSuchInterface);
        assert!(error.to_string().contains("sudo ip link set dev lo up"), "{error}");
        ip(&["link", "set", "lo", "up"]);
        assert_eq!(default_interface().unwrap().name(), "lo");
        ip(&["link", "add", "v1", "type", "veth", "peer", "name", "v0"]);
        assert_eq!(default_interface().unwrap().name(), "lo");
        ip(&["link", "set", "v0", "up"]);
        // It has no carrier yet.
        assert_eq!(default_interface().unwrap().name(), "lo");
        ip(&["link", "set", "v1", "up"]);
        assert_eq!(default_interface().unwrap().name(), "v0");
        let names: Vec<String> = interfaces().unwrap().iter().map(|one| one.name().to_owned()).collect();
        assert_eq!(names, ["v0", "v1", "lo"]);
    });
}

/// libpcap lists the same interfaces in the same order, among other things.
#[cfg(feature = "libpcap")]
#[test]
fn the_order_is_libpcaps() {
    let compare = || {
        let run = Command::new("tcpdump").arg("-D").output().expect("tcpdump is installed");
        let text = String::from_utf8(run.stdout).unwrap();
        let ours: Vec<String> = interfaces().unwrap().iter().map(|one| one.name().to_owned()).collect();
        let theirs: Vec<String> = text
            .lines()
            .filter_map(|line| line.split_once('.')?.1.split_whitespace().next().map(str::to_owned))
            .filter(|name| ours.contains(name))
            .collect();
        assert_eq!(ours, theirs, "{text}");
    };
    compare();
    in_namespace(|| {
        ip(&["link", "add", "v10", "type", "veth", "peer", "name", "v9"]);
        ip(&["link", "add", "w1", "type", "veth", "peer", "name", "w0"]);
        for name in ["lo", "v9", "v10", "w1"] {
            ip(&["link", "set", name, "up"]);
        }
        compare();
    });
}
