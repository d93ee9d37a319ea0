//! Filter expressions beside tcpdump's: on interfaces without a hardware address, on files that know directions and on files that do not, and
//! with the network mask of an interface.

mod rig;

use std::path::Path;

use pycap_capture::{Direction, Format, Frame, LinkType, SavefileWriter, Timestamp};
use rig::{file, hex, pycap, tcpdump};

/// 10.99.0.2:1 > 10.99.0.1:2, UDP, one byte; and ICMP between the same.
const UDP: &str = "4500001d00010000401166070a6300020a630001000100020009000078";
const ICMP: &str = "4500001c00020000400166170a6300020a6300010800f7fd00010001";

/// A pcapng file of these frames of one link type.
fn pcapng(name: &str, frames: &[(LinkType, &[u8], Direction)]) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut writer = SavefileWriter::builder().format(Format::Pcapng).create(&path).unwrap();
    for (second, (link_type, bytes, direction)) in (0..).zip(frames) {
        let frame = Frame::new(bytes, *link_type).with_timestamp(Timestamp::new(second, 0));
        writer.write(frame.with_direction(*direction)).unwrap();
    }
    writer.finish().unwrap();
    path.to_str().unwrap().to_owned()
}

fn ethernet(packet: &str) -> Vec<u8> {
    hex(&format!("020000000001 020000000002 0800 {packet}"))
}

#[test]
fn files_without_directions_are_refused_as_by_tcpdump() {
    let (udp, icmp) = (ethernet(UDP), ethernet(ICMP));
    let records: [(u32, u32, &[u8], Option<u32>); 2] = [(1, 0, &udp, None), (2, 0, &icmp, None)];
    let path = file("no-directions.pcap", &rig::pcap(&records));
    let nano = file("no-directions-nano.pcap", &rig::pcap_of(0xa1b2_3c4d, 1, &records));
    let empty = file("no-directions-empty.pcap", &rig::pcap(&[]));
    let unknown =
        [(LinkType::ETHERNET, &udp[..], Direction::Unknown), (LinkType::ETHERNET, &icmp, Direction::Unknown)];
    let unknown = pcapng("no-directions.pcapng", &unknown);
    for path in [path.to_str().unwrap(), nano.to_str().unwrap(), empty.to_str().unwrap(), &unknown] {
        for expression in [
            "inbound",
            "outbound",
            "not inbound",
            "not outbound",
            "udp and inbound",
            "not (udp and outbound)",
            "inbound and not udp",
            "ifindex 3",
            "not ifindex 3",
        ] {
            for flags in [&[][..], &["--count"], &["-w", "/dev/null"]] {
                let ours = pycap(&[flags, &["-n", "-r", path, expression]].concat());
                assert_eq!(ours.status, 2, "{path} {expression} {flags:?}: {ours:?}");
                let word = if expression.contains("ifindex") { "ifindex" } else { "inbound" };
                assert!(ours.err.contains(word) && ours.err.contains("not supported"), "{ours:?}");
                if path != unknown {
                    assert_eq!(ours.out.trim_start_matches("0 packets\n"), "", "{ours:?}");
                    let Some(theirs) = tcpdump("UTC", &["-n", "-r", path, expression]) else { return };
                    assert_ne!(theirs.status, 0, "{theirs:?}");
                    assert!(theirs.err.contains("not supported on"), "{theirs:?}");
                }
            }
            if path != unknown {
                assert_ne!(pycap(&["-r", path, "-d", expression]).status, 0, "{expression}");
            }
        }
        assert_eq!(pycap(&["-r", path, "ip or arp"]).status, 0, "{path}");
    }
}

#[test]
fn directions_that_a_file_has_are_used() {
    use Direction::{Inbound, Outbound, Unknown};
    const ETHERNET: LinkType = LinkType::ETHERNET;
    let (udp, icmp, raw) = (ethernet(UDP), ethernet(ICMP), hex(UDP));
    let known = [
        (ETHERNET, &udp[..], Inbound),
        (ETHERNET, &icmp, Outbound),
        (LinkType::RAW, &raw, Outbound),
        (ETHERNET, &udp, Outbound),
        (ETHERNET, &icmp, Inbound),
        (ETHERNET, &icmp, Inbound),
    ];
    let path = pcapng("directions.pcapng", &known);
    for (expression, count) in [
        ("inbound", 3),
        ("outbound", 3),
        ("not inbound", 3),
        ("not outbound", 3),
        ("udp and inbound", 1),
        ("udp and outbound", 2),
        ("icmp and not inbound", 1),
        ("inbound or udp", 5),
    ] {
        let ours = pycap(&["-n", "-r", &path, expression]);
        assert_eq!((ours.status, ours.out.lines().count()), (0, count), "{expression}: {ours:?}");
    }
    // Of a packet that does not know it, it is refused where it has to be asked for, and not before.
    let mixed = [known[0], known[1], (ETHERNET, &icmp[..], Unknown), known[3]];
    let path = pcapng("some-directions.pcapng", &mixed);
    for (expression, count, status) in [
        ("inbound", 1, false),
        ("not inbound", 1, false),
        ("udp and inbound", 1, true),
        ("udp and not inbound", 1, true),
    ] {
        let ours = pycap(&["-n", "-r", &path, expression]);
        assert_eq!((ours.status == 0, ours.out.lines().count()), (status, count), "{expression}: {ours:?}");
        assert_eq!(ours.err.contains("not supported"), !status, "{expression}: {ours:?}");
    }
}

/// In cooked captures the direction is in the bytes.
#[test]
fn cooked_frames_have_their_direction_in_every_file() {
    // Packet types 0 to 4, of which 4 was sent.
    let sll = |kind: u8| hex(&format!("00{kind:02x} 0001 0006 0200000000010000 0800 {UDP}"));
    let sll2 = |kind: u8| hex(&format!("0800 0000 0000000{kind} 0001 {kind:02x} 06 0200000000010000 {UDP}"));
    for (name, link_type, frame) in [("sll", 113, &sll as &dyn Fn(u8) -> Vec<u8>), ("sll2", 276, &sll2)] {
        let frames: Vec<Vec<u8>> = (0..5).map(frame).collect();
        let records: Vec<(u32, u32, &[u8], Option<u32>)> =
            (1..).zip(&frames).map(|(second, frame)| (second, 0, &frame[..], None)).collect();
        let path = file(&format!("directions-{name}.pcap"), &rig::pcap_of(0xa1b2_c3d4, link_type, &records));
        let path = path.to_str().unwrap();
        for (expression, count) in
            [("inbound", 4), ("outbound", 1), ("not inbound", 1), ("not outbound", 4), ("udp and inbound", 4)]
        {
            let ours = pycap(&["-n", "-r", path, expression]);
            assert_eq!((ours.status, ours.out.lines().count()), (0, count), "{name} {expression}: {ours:?}");
            let Some(theirs) = tcpdump("UTC", &["-n", "-r", path, expression]) else { return };
            assert_eq!(theirs.out.lines().count(), count, "{name} {expression}: {theirs:?}");
        }
        let by_index = pycap(&["-n", "-r", path, "ifindex 3"]);
        let expected = if name == "sll2" { (true, 1) } else { (false, 0) };
        assert_eq!((by_index.status == 0, by_index.out.lines().count()), expected, "{name}: {by_index:?}");
    }
}

#[cfg(target_os = "linux")]
mod live {
    use super::rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};
    use super::{ICMP, UDP};

    /// A shell function that makes the device tun7 of a hardware type, without an address that would answer, and has the packets that are written to `feed` come
    /// out of it: `tun TYPE` and `end`. The first two calls of ioctl are TUNSETIFF and TUNSETLINK of include/uapi/linux/if_tun.h.
    const TUN: &str = r#"
        tun() {
            rm -f feed; mkfifo feed
            perl -e 'open my $tun, "+<", "/dev/net/tun" or die;
                ioctl $tun, 0x400454ca, my $request = pack "a16Sx22", "tun7", 0x1001 or die;
                ioctl $tun, 0x400454cd, 0 + $ARGV[0] or die;
                open my $feed, "<", "feed" or die;
                while (<$feed>) { chomp; syswrite $tun, pack "H*", $_ }' $1 & perl=$!
            exec 3>feed
            for which in all default; do echo 1 >/proc/sys/net/ipv6/conf/$which/disable_ipv6 || true; done
            ip link set tun7 up
        }
        end() { exec 3>&-; wait $perl; }
        "#;

    #[test]
    fn interfaces_without_a_hardware_address_match_as_tcpdump_does() {
        let expressions = [
            ("udp", 1),
            ("udp port 2", 1),
            ("ip", 2),
            ("ip[9]=17", 1),
            ("host 10.99.0.2", 2),
            ("not ip6", 2),
            ("ip6", 0),
            ("inbound", 2),
            ("outbound", 0),
            ("not udp", 1),
        ];
        // ARPHRD_NONE, _TUNNEL, _TUNNEL6, _SIT, _RAWIP.
        for hardware in [65534, 768, 769, 776, 519] {
            let folder = scratch(&format!("tun-{hardware}"));
            let mut script = format!("cd '{}'\n{LISTENS}\n{TUN}\ntun {hardware}\n", folder.display());
            for (number, (expression, _)) in expressions.iter().enumerate() {
                script += &format!(
                    "'{PYCAP}' -i tun7 -nt -w {number}.pcap --print '{expression}' >{number}.ours 2>{number}.err & all=\"${{all-}} $!\"\n\
                     tcpdump -i tun7 -ntl --immediate-mode '{expression}' >{number}.theirs 2>{number}.tcpdump & all=\"$all $!\"\n"
                );
            }
            for number in 0..expressions.len() {
                script += &format!("listens {number}.err; listens {number}.tcpdump\n");
            }
            script += &format!(
                "printf '%s\\n' {UDP} {ICMP} >&3; sleep 0.5; kill -INT $all; wait $all\n\
                 pycap devices >devices; pycap devices --json | grep tun7 >json; pycap -i tun7 -L >types\n\
                 pycap -i tun7 -d ip >program; tcpdump -y RAW -d ip >raw.program\n\
                 code=0; pycap -i tun7 -y LINUX_SLL2 -c 1 2>refused || code=$?; echo $code >code\n\
                 end"
            );
            let Some(output) = in_namespace(&["tcpdump", "perl"], &script) else { return };
            assert!(output.status.success(), "{hardware}: {}", text(&output.stderr));
            let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
            for (number, (expression, count)) in expressions.iter().enumerate() {
                let (ours, theirs) = (read(&format!("{number}.ours")), read(&format!("{number}.theirs")));
                // At its end tcpdump goes to a new line. libpcap matches the first frame in its process, where it knows no direction.
                let theirs: Vec<&str> = theirs.lines().filter(|line| !line.is_empty()).collect();
                if !expression.contains("bound") {
                    assert_eq!(ours.lines().collect::<Vec<_>>(), theirs, "{hardware}: {expression}");
                }
                assert_eq!(ours.lines().count(), *count, "{hardware}: {expression}");
                let said = read(&format!("{number}.err"));
                assert!(said.contains("link-type RAW (101)"), "{hardware}: {said}");
                let mut file = pycap_capture::Savefile::open(folder.join(format!("{number}.pcap"))).unwrap();
                let mut packets = 0;
                while file.next_frame().unwrap().is_some() {
                    packets += 1;
                }
                assert_eq!(packets, *count, "{hardware}: {expression}");
            }
            let devices = read("devices");
            let line = devices.lines().find(|line| line.contains(" tun7 ")).unwrap();
            assert_eq!(line.split_whitespace().nth(2), Some("RAW"), "{hardware}: {line}");
            assert!(read("json").contains("\"link_type\":\"RAW\""), "{hardware}: {}", read("json"));
            assert_eq!(read("types").lines().nth(1), Some("  RAW (101)"), "{hardware}");
            assert_eq!(read("program"), read("raw.program"), "{hardware}");
            let refused = (read("code"), read("refused"));
            assert_eq!(refused.0.trim(), "2", "{hardware}: {refused:?}");
            assert!(
                refused.1.contains("-y LINUX_SLL2: take one of RAW")
                    && refused.1.contains("tun7 has no such link type"),
                "{hardware}: {refused:?}"
            );
        }
    }

    #[test]
    fn broadcasts_are_those_of_the_interfaces_network() {
        let folder = scratch("broadcasts");
        let script = format!(
            "cd '{}'\n{LISTENS}\n\
             for which in all default; do echo 1 >/proc/sys/net/ipv6/conf/$which/disable_ipv6 || true; done\n\
             ip link add va type veth peer name vb; ip link set va up; ip link set vb up\n\
             ip addr add 10.77.0.1/24 broadcast 10.77.0.255 dev va; ip addr add 10.77.0.2/24 dev vb\n\
             ip neigh add 10.77.0.9 lladdr 02:00:00:00:00:09 dev va\n\
             '{PYCAP}' -i vb -nt 'ip broadcast' >is 2>is.err & is=$!\n\
             '{PYCAP}' -i vb -nt 'icmp and not ip broadcast' >not 2>not.err & not=$!\n\
             '{PYCAP}' -i any -nt 'ip broadcast' >any 2>any.err & any=$!\n\
             listens is.err; listens not.err; listens any.err\n\
             ping -b -c 1 -W 1 10.77.0.255 >/dev/null 2>&1 || true\n\
             ping -c 1 -W 1 10.77.0.9 >/dev/null 2>&1 || true\n\
             sleep 0.3; kill -INT $is $not $any; wait $is; wait $not; wait $any\n\
             pycap -i vb -d 'ip broadcast' >program\n\
             pycap -i any -d 'ip broadcast' >any.program; tcpdump -i any -y LINUX_SLL2 -d 'ip broadcast' >tcpdump.program",
            folder.display()
        );
        let Some(output) = in_namespace(&["tcpdump", "ping"], &script) else { return };
        assert!(output.status.success(), "{}", text(&output.stderr));
        let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
        let (is, not) = (read("is"), read("not"));
        assert!(
            is.lines().count() == 1 && is.starts_with("IP 10.77.0.1 > 10.77.0.255: ICMP echo request"),
            "{is}"
        );
        assert!(
            not.lines().count() == 1 && not.starts_with("IP 10.77.0.1 > 10.77.0.9: ICMP echo request"),
            "{not}"
        );
        // The address is masked with the part that is the host's.
        assert!(read("program").contains("jset     #0xff "), "{}", read("program"));
        // Which network is meant by `any` nobody knows: as tcpdump, 0.0.0.0 and 255.255.255.255.
        assert_eq!((read("any"), read("any.program")), (String::new(), read("tcpdump.program")));
    }

    #[test]
    fn frames_that_nobody_wanted_were_not_dropped() {
        let folder = scratch("unwanted");
        // Tagged, so that the kernel goes on after captures have it, and of an EtherType that nobody has a handler for.
        let frame = "ffffffffffff0200000000018100000788b5".to_owned() + &"00".repeat(50);
        std::fs::write(
            folder.join("frames.pcap"),
            super::rig::pcap(&[(1, 0, &super::hex(&frame)[..], None); 50]),
        )
        .unwrap();
        let script = format!(
            "cd '{}'\n{LISTENS}\n\
             for which in all default; do echo 1 >/proc/sys/net/ipv6/conf/$which/disable_ipv6 || true; done\n\
             ip link add va type veth peer name vb; ip link set va up; ip link set vb up\n\
             '{PYCAP}' -i vb -w one.pcapng 2>one.err & one=$!\n\
             '{PYCAP}' -i any -w any.pcapng 2>any.err & any=$!\n\
             listens one.err; listens any.err\n\
             tcpreplay -q -t -i va frames.pcap >/dev/null 2>&1\n\
             sleep 0.5; kill -INT $one $any; wait $one; wait $any; cat one.err any.err; ip -s -s link show vb",
            folder.display()
        );
        let Some(output) = in_namespace(&["tcpreplay"], &script) else { return };
        let said = text(&output.stdout);
        assert!(said.contains("50 packets captured, 50 received by filter, 0 dropped by kernel\n"), "{said}");
        assert!(!said.contains("dropped by interface"), "{said}");
        // The last option blocks: isb_ifdrop is 5, isb_osdrop 7.
        for (name, expected) in [("one.pcapng", Some(0)), ("any.pcapng", None)] {
            let mut file = pycap_capture::Savefile::open(folder.join(name)).unwrap();
            let mut dropped = Vec::new();
            while let Some(record) = file.next_record().unwrap() {
                let Some(block) = record.block() else { continue };
                if let pycap_capture::pcapng::Contents::Statistics(block) = block.contents() {
                    dropped.push(block.stats().interface_dropped);
                }
            }
            assert!(
                !dropped.is_empty() && dropped.iter().all(|count| *count == expected),
                "{name}: {dropped:?}"
            );
        }
    }
}
