//! The next hop: the same as `ip route get` and `ip neigh` say.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use pycap_inject::{NextHop, SendErrorKind, next_hop, resolve_next_hop};
use pycap_rig::Namespace;

use crate::rig::{output, skip, tests};
use crate::routed::{has_ipv6, two};

tests! {
    routes_are_those_of_ip,
    a_neighbour_is_resolved,
    nobody_answers,
    nowhere_is_an_error,
    groups_and_this_machine,
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// The value of a word in what `ip` prints: `dev out0`.
fn word<'a>(text: &'a str, key: &str) -> Option<&'a str> {
    let mut words = text.split_whitespace();
    words.find(|word| *word == key)?;
    words.next()
}

/// The hop is the one that `ip route get` prints.
fn agrees(destination: &str) -> Option<NextHop> {
    let text = output("ip", &["route", "get", destination])?;
    let hop = next_hop(ip(destination)).unwrap();
    assert_eq!(Some(hop.interface.as_str()), word(&text, "dev"), "{text}");
    let gateway = hop.gateway.map(|gateway| gateway.to_string());
    assert_eq!(
        gateway.as_deref(),
        word(&text, "via").filter(|via| *via != "inet6").or(word(&text, "inet6")),
        "{text}"
    );
    assert_eq!(hop.source.map(|source| source.to_string()).as_deref(), word(&text, "src"), "{text}");
    Some(hop)
}

fn with_routes() -> (Namespace, Namespace) {
    let (near, far) = two();
    for arguments in [
        &["route", "add", "default", "via", "10.9.0.2"][..],
        &["route", "add", "198.51.100.0/24", "via", "10.9.0.7", "src", "10.9.0.1"],
        &["route", "add", "unreachable", "203.0.113.0/25"],
        &["route", "add", "blackhole", "203.0.113.128/26"],
        &["route", "add", "prohibit", "203.0.113.192/26"],
    ] {
        output("ip", arguments);
    }
    if has_ipv6() {
        output("ip", &["-6", "route", "add", "2001:db8::/32", "via", "fd09::2"]);
        output("ip", &["-6", "route", "add", "2001:db9::/32", "via", "fe80::7", "dev", "out0"]);
        output("ip", &["-6", "route", "add", "unreachable", "2001:dba::/32"]);
        output("ip", &["route", "add", "192.0.2.128/25", "via", "inet6", "fd09::2", "dev", "out0"]);
    }
    (near, far)
}

fn routes_are_those_of_ip() {
    let (near, _far) = with_routes();
    let mut destinations =
        vec!["10.9.0.2", "192.0.2.1", "198.51.100.9", "10.9.0.1", "127.0.0.1", "10.9.0.255", "224.0.0.251"];
    if has_ipv6() {
        destinations.extend(["fd09::2", "2001:db8::1", "2001:db9::1", "::1", "192.0.2.200"]);
    }
    for destination in destinations {
        let Some(hop) = agrees(destination) else { return };
        let link = near.link(&hop.interface).unwrap();
        assert_eq!(
            (hop.interface_index, hop.mac.map(|mac| mac.octets())),
            (link.index, link.mac),
            "{destination}"
        );
        assert_eq!(hop.neighbour(ip(destination)), hop.gateway.unwrap_or(ip(destination)));
    }
}

fn a_neighbour_is_resolved() {
    let (_near, far) = with_routes();
    let mac = far.link("in0").unwrap().mac.unwrap();
    let mut destinations = vec![("10.9.0.2", "10.9.0.2"), ("192.0.2.1", "10.9.0.2")];
    if has_ipv6() {
        destinations.extend([("fd09::2", "fd09::2"), ("2001:db8::1", "fd09::2"), ("192.0.2.200", "fd09::2")]);
    } else {
        skip("this kernel has no IPv6");
    }
    for (destination, neighbour) in destinations {
        // Nobody has talked to it, or what was known is forgotten.
        if output("ip", &["neigh", "flush", "to", neighbour]).is_none() {
            return;
        }
        assert_eq!(next_hop(ip(destination)).unwrap().neighbour_mac, None, "{destination}");
        let hop = resolve_next_hop(ip(destination), Duration::from_secs(3)).unwrap();
        assert_eq!(hop.neighbour_mac.map(|mac| mac.octets()), Some(mac), "{destination}");
        assert_eq!(next_hop(ip(destination)).unwrap(), hop, "{destination}");
        let text = output("ip", &["neigh", "show", "to", neighbour]).unwrap();
        assert_eq!(word(&text, "lladdr"), hop.neighbour_mac.map(|mac| mac.to_string()).as_deref(), "{text}");
        // At once, as it is known.
        let started = Instant::now();
        assert_eq!(resolve_next_hop(ip(destination), Duration::ZERO).unwrap(), hop);
        assert!(started.elapsed() < Duration::from_millis(100));
    }
    // One that an administrator has set.
    output("ip", &["neigh", "replace", "10.9.0.33", "lladdr", "02:00:00:00:00:33", "dev", "out0"]);
    let hop = next_hop(ip("10.9.0.33")).unwrap();
    assert_eq!(hop.neighbour_mac.map(|mac| mac.to_string()).as_deref(), Some("02:00:00:00:00:33"));
}

fn nobody_answers() {
    let (_near, _far) = two();
    let mut destinations = vec!["10.9.0.77"];
    if has_ipv6() {
        destinations.push("fd09::77");
    }
    for destination in destinations {
        let started = Instant::now();
        let error = resolve_next_hop(ip(destination), Duration::from_millis(150)).unwrap_err();
        let took = started.elapsed();
        assert_eq!((error.kind(), error.interface()), (SendErrorKind::Unresolved, Some("out0")), "{error}");
        assert!(error.to_string().contains(destination), "{error}");
        assert!((Duration::from_millis(150)..Duration::from_secs(1)).contains(&took), "{took:?}");
    }
}

fn nowhere_is_an_error() {
    let (_near, _far) = two();
    let error = next_hop(ip("192.0.2.1")).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::NoRoute, "{error}");
    assert!(error.to_string().contains("`ip route get 192.0.2.1`"), "{error}");
    drop((_near, _far));
    let (_near, _far) = with_routes();
    let mut destinations = vec!["203.0.113.1", "203.0.113.130", "203.0.113.200"];
    if has_ipv6() {
        destinations.extend(["2001:dba::1", "2001:dbf::1"]);
    }
    for destination in destinations {
        let error = next_hop(ip(destination)).unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::NoRoute, "{destination}: {error}");
        let error = resolve_next_hop(ip(destination), Duration::from_secs(1)).unwrap_err();
        assert_eq!(error.kind(), SendErrorKind::NoRoute, "{destination}: {error}");
    }
}

fn groups_and_this_machine() {
    let (_near, _far) = with_routes();
    let mac = |destination: &str| {
        let hop = resolve_next_hop(ip(destination), Duration::ZERO).unwrap();
        hop.neighbour_mac.map(|mac| mac.to_string()).unwrap_or_default()
    };
    assert_eq!(mac("10.9.0.255"), "ff:ff:ff:ff:ff:ff");
    assert_eq!(mac("239.129.2.3"), "01:00:5e:01:02:03");
    assert_eq!(mac("127.0.0.1"), "00:00:00:00:00:00");
    assert_eq!(mac("10.9.0.1"), "00:00:00:00:00:00");
    if has_ipv6() {
        assert_eq!(mac("ff0e::1:ff02:3"), "33:33:ff:02:00:03");
    }
}
