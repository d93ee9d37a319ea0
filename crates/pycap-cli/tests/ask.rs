//! `pycap ask`: what another network namespace answers.
#![cfg(target_os = "linux")]

mod rig;

use rig::namespace::{PYCAP, in_namespace, text};
use rig::pycap;

#[test]
fn what_is_wrong_is_told_before_anything_is_sent() {
    for (args, status, words) in [
        (&["-i", "nope0", "ip"][..], 1, "nope0: no interface has this name"),
        (&["-i", "lo", "ip("], 2, "expression: column "),
        (&["-i", "lo", "udp"], 1, "udp: the checksum covers the addresses of an IP layer"),
        (&["ip"], 2, "--interface <INTERFACE>"),
        (&["-i", "lo", "-t", "soon", "ip"], 2, "it takes seconds, as in 0.5, or "),
        (&["-i", "lo", "-c", "0", "ip"], 2, "it takes a number from 1 on"),
    ] {
        let output = pycap(&[&["ask"], args].concat());
        assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}: {}", output.err);
        assert!(output.err.contains(words), "{args:?}: {}", output.err);
    }
}

#[test]
fn the_other_end_answers() {
    let script = format!(
        "ip link add a0 address 02:00:00:00:00:0a type veth peer name b0 address 02:00:00:00:00:0b\n\
         unshare -n sleep 60 & far=$!; trap 'kill $far' EXIT\n\
         until ip link set b0 netns $far 2>/dev/null && ! ip link show b0 >/dev/null 2>&1; do sleep 0.02; done\n\
         ip addr add 10.0.0.1/24 dev a0; ip link set a0 up\n\
         nsenter -t $far -n sh -c 'ip addr add 10.0.0.2/24 dev b0; ip link set b0 up'\n\
         until ip -br link show a0 | grep -q UP; do sleep 0.02; done\n\
         ask() {{ status=0; '{PYCAP}' ask -i a0 \"$@\" || status=$?; echo \"status $status\"; }}\n\
         ask 'eth(dst=broadcast)/arp(sha=02:00:00:00:00:0a,spa=10.0.0.1,tpa=10.0.0.2)'\n\
         ask 'ip(dst=10.0.0.2)/icmp_echo_request(id=7,seq=1)/\"hello\"'\n\
         ask 'ip(dst=10.0.0.2)/tcp(sport=40000,dport=9,flags=syn)'\n\
         ask 'ip(dst=10.0.0.2)/udp(sport=40000,dport=9)/\"hello\"'\n\
         ask -t 50ms -c 2 'eth(dst=02:00:00:00:00:0c)/ip(dst=10.0.0.3)/icmp_echo_request'\n\
         ip neigh flush dev a0; start=$(date +%s%N)\n\
         ask -t 100ms -c 3 'ip(dst=10.0.0.77)/icmp_echo_request'\n\
         echo \"took $((($(date +%s%N) - start) / 100000000))\"\n\
         ip link set lo up; a() {{ status=0; '{PYCAP}' ask -i lo \"$@\" || status=$?; echo \"status $status\"; }}\n\
         a 'ip(dst=127.0.0.1)/icmp_echo_request(id=7,seq=1)/\"hello\"'\n\
         a 'ip(dst=10.0.0.1)/udp(sport=40000,dport=9)/\"hello\"'\n\
         ask 'ip(dst=10.0.0.1)/icmp_echo_request(id=7,seq=1)'\n\
         a 'ip(dst=10.0.0.2)/icmp_echo_request(id=7,seq=1)'"
    );
    let Some(output) = in_namespace(&["unshare", "nsenter"], &script) else { return };
    let out = text(&output.stdout);
    let lines: Vec<&str> = out.lines().collect();
    let expected = [
        "ARP, Reply 10.0.0.2 is-at 02:00:00:00:00:0b, length ",
        "status 0",
        "IP 10.0.0.2 > 10.0.0.1: ICMP echo reply, id 7, seq 1, length 13",
        "status 0",
        "IP 10.0.0.2.9 > 10.0.0.1.40000: Flags [R.], seq 0, ack 1, win 0, length 0",
        "status 0",
        "IP 10.0.0.2 > 10.0.0.1: ICMP 10.0.0.2 udp port 9 unreachable, length 41",
        "status 0",
        "status 1",
        "status 1",
        "took ",
        "IP 127.0.0.1 > 127.0.0.1: ICMP echo reply, id 7, seq 1, length 13",
        "status 0",
        "IP 10.0.0.1 > 10.0.0.1: ICMP 10.0.0.1 udp port 9 unreachable, length 41",
        "status 0",
        "status 1",
        "status 1",
    ];
    assert_eq!(lines.len(), expected.len(), "{out}\n{}", text(&output.stderr));
    for (line, expected) in lines.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}\n{expected}");
        assert!(line.starts_with("status") || line.starts_with("took") || line.ends_with(" ms)"), "{line}");
    }
    let err = text(&output.stderr);
    assert!(err.contains("pycap: no answer on a0 within 0.1 s"), "{err}");
    // Three times a tenth of a second each, and not a second.
    let took = lines.iter().find_map(|line| line.strip_prefix("took ")).unwrap();
    assert!((3..8).contains(&took.parse::<u32>().unwrap()), "{took}");
    assert!(err.contains("a0: the hardware address of 10.0.0.77 is not known: nobody answered"), "{err}");
    assert!(err.contains("10.0.0.1 is reached by lo, not by a0: send it there"), "{err}");
    assert!(err.contains("10.0.0.2 is reached by a0, not by lo: send it there"), "{err}");
}
