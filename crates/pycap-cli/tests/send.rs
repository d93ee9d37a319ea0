//! `pycap send`: packets as hex, in files, and on the wire of a network namespace of their own.
#![cfg(target_os = "linux")]

mod rig;

use std::path::Path;

use pycap_capture::{LinkType, Savefile};
use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};
use rig::{hex, pycap};

/// The original pycap's ping.
const PING: &str = "eth(src=00:03:93:44:a9:92,dst=00:50:ba:8f:c4:5f)/ip(src=192.168.1.106,dst=192.168.1.104,ttl=100,id=1)\
                    /icmp_echo_request(id=0,seq=1)/\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\"";
/// The same, put together by hand after RFC 791 and RFC 792.
const PING_HEX: &str = "0050ba8fc45f00039344a992080045000036000100006401d2a3c0a8016ac0a8016808000b0500000001\
                        4142434445464748494a4b4c4d4e4f505152535455565758595a";

fn frames(path: &Path) -> Vec<Vec<u8>> {
    let mut frames = Vec::new();
    let mut file = Savefile::open(path).unwrap();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push(frame.data().to_vec());
    }
    frames
}

#[test]
fn hex_is_one_line() {
    let output = pycap(&["send", "--hex", PING]);
    assert_eq!((output.status, output.err.as_str()), (0, ""));
    assert_eq!(output.out, format!("{PING_HEX}\n"));
}

#[test]
fn files_have_the_link_type_of_the_outermost_layer_and_times_an_interval_apart() {
    let folder = scratch("send-files");
    for (name, expression, link_type) in [
        ("eth.pcap", PING, LinkType::ETHERNET),
        ("ip.pcapng", "ip(src=10.0.0.1,dst=10.0.0.2)/udp(dport=53)/\"hello\"", LinkType::RAW),
        ("bytes.pcap", "x\"00 01\"", LinkType::ETHERNET),
    ] {
        let path = folder.join(name);
        let file = path.to_str().unwrap();
        let output = pycap(&["send", expression, "-w", file, "--count", "3", "--interval", "250ms"]);
        assert_eq!((output.status, output.out.as_str()), (0, ""), "{name}");
        let said = format!("pycap: {file}: 3 packets of ");
        let link = format!("link-type {} ({})\n", link_type.name().unwrap(), link_type.0);
        assert!(output.err.starts_with(&said) && output.err.ends_with(&link), "{}", output.err);
        let mut nanos = Vec::new();
        let mut savefile = Savefile::open(&path).unwrap();
        while let Some(frame) = savefile.next_frame().unwrap() {
            assert_eq!(frame.link_type(), link_type, "{name}");
            nanos.push(frame.timestamp().unwrap().as_nanos());
        }
        let apart: Vec<i128> = nanos.windows(2).map(|pair| pair[1] - pair[0]).collect();
        assert_eq!(apart, [250_000_000; 2], "{name}");
        let pcapng = std::fs::read(&path).unwrap().starts_with(&[0x0a, 0x0d, 0x0d, 0x0a]);
        assert_eq!(pcapng, name.ends_with("ng"));
    }
    assert_eq!(frames(&folder.join("eth.pcap")), vec![hex(PING_HEX); 3]);
    let output = pycap(&["send", "ip/tcp(dport=80,flags=syn)", "-w", "-"]);
    assert!(
        output.status == 0 && output.err.contains("1 packet of 40 bytes") && output.out.len() > 24,
        "{}",
        output.err
    );
}

#[test]
fn layers_are_listed_with_their_fields() {
    let output = pycap(&["send", "--help-layers", "udp"]);
    assert_eq!((output.status, output.err.as_str()), (0, ""));
    let lines: Vec<&str> = output.out.lines().collect();
    assert_eq!(lines[..2], ["udp", "  sport     16 bits  Source port."]);
    assert!(
        output
            .out
            .contains("  len       16 bits  Length of header and payload in bytes. Computed unless set.")
    );
    let all = pycap(&["send", "--help-layers"]);
    assert_eq!((all.status, all.err.as_str()), (0, ""));
    for layer in ["eth", "ip", "icmp_echo_request", "tcp"] {
        assert!(all.out.lines().any(|line| line == layer), "{layer}: {}", all.out);
    }
    assert!(all.out.contains(&output.out), "{}", all.out);
}

#[test]
fn what_is_wrong_is_told_in_a_line() {
    for (args, status, words) in [
        (&["ip"][..], 2, "where to? -i INTERFACE sends the packet, "),
        (&["--hex", ""], 2, "expression: column 1: the expression is empty"),
        (
            &["--hex", "eth/ip(tttl=1)"],
            2,
            "expression: column 8: ip has no field tttl (did you mean ttl?); it has ",
        ),
        (&["--hex", "eth/ip(ttl=300)"], 2, "expression: column 12: ttl: 300 is more than 255"),
        (&["--hex", "eth/ipp"], 2, "expression: column 5: no layer is named ipp: did you mean ip?"),
        (&["--hex", "udp/\"x\""], 1, "udp: the checksum covers the addresses of an IP layer"),
        (&["--hex", "ip/\"x\"*65516"], 1, "ip: 65536 bytes, total length is 65535: 1 too many"),
        (&["-w", "/no/such/folder/x", "ip"], 1, "/no/such/folder/x: cannot open for writing: No such file"),
        (
            &["-w", "-", "icmp"],
            1,
            "put eth/ or ip/ in front of it, whichever it goes in: no capture file has packets that begin with icmp",
        ),
        (&["-i", "nope0", "ip"], 1, "nope0: no interface has this name"),
        (&["-i", "999", "ip"], 2, "-i 999: take one of the "),
        (&["-i", "lo", "--backend", "savefile", "ip"], 2, "--backend savefile: "),
        (&["--help-layers", "upd"], 2, "--help-layers upd: no layer is named upd: did you mean udp?"),
        (&["--help-layers", "x\"00\""], 2, "it is no layer's name"),
    ] {
        let output = pycap(&[&["send"], args].concat());
        assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        assert!(output.err.starts_with("pycap: ") && output.err.contains(words), "{args:?}: {}", output.err);
    }
}

#[test]
fn wrong_flags_are_named() {
    for (args, words) in [
        (&[][..], "<EXPRESSION>"),
        (&["--hex"], "<EXPRESSION>"),
        (&["--hex", "-w", "x", "ip"], "'--write <FILE>'"),
        (&["-i", "lo", "-w", "x", "ip"], "'--write <FILE>'"),
        (&["--hex", "-c", "2", "ip"], "'--count <COUNT>'"),
        (&["--hex", "--interval", "2", "ip"], "'--interval <TIME>'"),
        (&["-w", "x", "--interval", "2", "ip"], "--count <COUNT>"),
        (&["-w", "x", "-c", "0", "ip"], "it takes a number from 1 on"),
        (&["-w", "x", "-c", "2", "--interval", "-1", "ip"], "it takes seconds, as in 0.5, or "),
        (&["-w", "x", "--backend", "libnet", "ip"], "'--backend <NAME>'"),
        (&["-i", "lo", "--backend", "pigeon", "ip"], "take one of automatic, packet, tx-ring, "),
        (&["--help-layers", "ip", "--hex"], "--help-layers"),
        (&["--hex", "ip", "udp"], "'udp'"),
    ] {
        let output = pycap(&[&["send"], args].concat());
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{args:?}");
        assert!(output.err.contains(words), "{args:?}: {}", output.err);
    }
}

/// A pair of interfaces, a neighbour that is known, and a capture of what comes out at the other end.
fn on_the_wire(name: &str, script: &str) -> Option<(std::process::Output, Vec<Vec<u8>>)> {
    let folder = scratch(name);
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         ip link add a0 address 02:00:00:00:00:0a type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         ip link set a0 up; ip link set b0 up; ip addr add 10.0.0.1/24 dev a0\n\
         ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev a0 nud permanent\n\
         ip route add 10.7.0.0/16 via 10.0.0.2\n\
         '{PYCAP}' -i b0 -w out.pcap -Q in 2>capture.err & capture=$!\n\
         listens capture.err\n\
         {script}\n\
         kill -INT $capture; wait $capture",
        folder.display()
    );
    let output = in_namespace(&["sysctl"], &script)?;
    let frames = frames(&folder.join("out.pcap"));
    Some((output, frames))
}

#[test]
fn what_is_not_set_is_looked_up_and_what_is_set_stays() {
    let script = "pycap send -i a0 'ip(dst=10.0.0.2)/udp(sport=1,dport=2)/\"hello\"'\n\
                  pycap send -i a0 'ip(src=0.0.0.0,dst=10.7.0.9)/\"x\"'\n\
                  pycap send -i a0 'eth/ip(dst=10.0.0.2)/\"x\"'\n\
                  pycap send -i a0 'eth(src=00:00:00:00:00:00,dst=02:00:00:00:00:03)/ip(dst=10.0.0.2)/\"x\"'\n\
                  pycap send -i a0 'eth/ip/\"x\"'\n\
                  pycap send -i a0 'x\"020000000004 020000000005 88b5 01\"'";
    let Some((output, frames)) = on_the_wire("send-wire", script) else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "pycap: 1 attempted: 1 sent, 0 not\n".repeat(6));
    let address = |frame: &[u8], at: usize, len: usize| frame[at..at + len].to_vec();
    let macs: Vec<_> = frames.iter().map(|frame| (frame[5], frame[11])).collect();
    assert_eq!(macs, [(2, 0x0a), (2, 0x0a), (2, 0x0a), (3, 0), (0xff, 0x0a), (4, 5)]);
    let sources: Vec<_> = frames[..5].iter().map(|frame| address(frame, 26, 4)).collect();
    assert_eq!(sources, [[10, 0, 0, 1], [0; 4], [10, 0, 0, 1], [10, 0, 0, 1], [0; 4]]);
    assert_eq!(frames[5], hex("020000000004 020000000005 88b5 01"));
    let built = pycap(&[
        "send",
        "--hex",
        "eth(dst=02:00:00:00:00:02,src=02:00:00:00:00:0a)/ip(src=10.0.0.1,dst=10.0.0.2)/udp(sport=1,dport=2)/\"hello\"",
    ]);
    assert_eq!(frames[0], hex(built.out.trim()));
}

#[test]
fn many_are_sent_and_counted() {
    let to = "'ip(dst=10.0.0.2)/icmp_echo_request'";
    let script = format!(
        "pycap send -i a0 --count 300 {to}\n\
         pycap send -i a0 --backend tx-ring --count 100 {to}\n\
         pycap send -i a0 --backend raw-ip {to}\n\
         start=$(date +%s%N); pycap send -i a0 --count 5 --interval 50ms {to}; echo $(( $(date +%s%N) - start ))\n\
         timeout -s INT 0.5 '{PYCAP}' send -i a0 --count 1000 --interval 20 {to} || test $? = 124"
    );
    let Some((output, frames)) = on_the_wire("send-many", &script) else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let counted = |count: u32| format!("pycap: {count} attempted: {count} sent, 0 not\n");
    assert_eq!(text(&output.stderr), [300, 100, 1, 5, 1].map(counted).concat());
    assert_eq!(frames.len(), 407);
    assert!(text(&output.stdout).trim().parse::<u64>().unwrap() >= 200_000_000);
}

#[test]
fn what_cannot_be_sent_is_told() {
    for (expression, account, words) in [
        ("ip(dst=10.9.0.2)/\"x\"", "", "no route leads to 10.9.0.2"),
        (
            "ip(dst=10.0.0.3)/\"x\"",
            "",
            "a0: the hardware address of 10.0.0.3 is not known: nobody answered for it in ",
        ),
        ("ip/\"x\"", "", "the packet has no destination to find the way to: set dst"),
        ("ip(dst=127.0.0.1)/\"x\"", "", "127.0.0.1 is reached by lo, not by a0"),
        (
            "icmp/\"x\"",
            "",
            "put eth/ in front of it, or whatever it goes in: a0 takes Ethernet frames, and icmp is none",
        ),
        (
            "ip(dst=10.0.0.2)/\"x\"*1481",
            "pycap: 1 attempted: 0 sent, 1 not (1 too long)\n",
            "a0: the frame has 1515 bytes, 1 more than 1514, ",
        ),
    ] {
        let script = format!("! pycap send -i a0 -c 3 '{expression}'");
        let Some((output, frames)) = on_the_wire("send-refused", &script) else { return };
        let said = text(&output.stderr);
        assert!(output.status.success(), "{expression}: {said}");
        let line = said.strip_prefix(account).unwrap_or_else(|| panic!("{said}"));
        assert!(line.starts_with(&format!("pycap: {words}")) && line.lines().count() == 1, "{said}");
        let arp = frames.iter().filter(|frame| frame[12..14] == [8, 6]).count();
        assert_eq!(frames.len(), arp, "{expression}");
    }
}
