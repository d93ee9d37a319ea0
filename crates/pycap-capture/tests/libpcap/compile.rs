//! Filter expressions.

use std::io::Write;
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};
use std::time::Instant;

use pycap_capture::{CompileOptions, ErrorKind, Filter, Frame, LinkType, PcapSource, compile};

use crate::{corpus, rig};

/// What `tcpdump -ddd` prints for an expression; an error if it makes no sense to it.
fn tcpdump(arguments: &[&str], expression: &str) -> Result<Filter, String> {
    tcpdump_with(&[], arguments, expression)
}

/// The same, for a savefile of this link type, without packets.
fn tcpdump_of_file(link_type: LinkType, expression: &str) -> Result<Filter, String> {
    let mut header = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0];
    header.extend(u32::from(link_type.0).to_le_bytes());
    tcpdump_with(&header, &["-r", "-"], expression)
}

fn tcpdump_with(input: &[u8], arguments: &[&str], expression: &str) -> Result<Filter, String> {
    let mut command = Command::new("tcpdump");
    command.args(arguments).args(["-ddd", "--", expression]);
    let pipes = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().unwrap();
    // Without `-r` it does not read, and may have ended.
    let _ = child.stdin.take().unwrap().write_all(input);
    let run = child.wait_with_output().unwrap();
    match run.status.success() {
        true => Ok(String::from_utf8(run.stdout).unwrap().parse().unwrap()),
        false => Err(String::from_utf8_lossy(&run.stderr).into_owned()),
    }
}

#[test]
fn programs_are_tcpdumps() {
    let Some(corpus) = corpus() else { return };
    let text = std::fs::read_to_string(corpus.join("filters.tsv")).unwrap();
    let mut compared = [0, 0];
    for line in text.lines().skip(1) {
        let columns: Vec<&str> = line.split('\t').collect();
        let [_, name, _, expression, ..] = columns[..] else { panic!("{line}") };
        let link_type = match name {
            "EN10MB" => LinkType::ETHERNET,
            "RAW" => LinkType::RAW,
            "LINUX_SLL" => LinkType::LINUX_SLL,
            "LINUX_SLL2" => LinkType::LINUX_SLL2,
            "IEEE802_11" => LinkType::IEEE802_11,
            "IEEE802_11_RADIO" => LinkType::IEEE802_11_RADIOTAP,
            "PPP" => LinkType::PPP,
            "NULL" => LinkType::NULL,
            "LOOP" => LinkType::LOOP,
            _ => continue,
        };
        let ours = compile(expression, &CompileOptions::new(link_type));
        // On loopback links, a program for a file takes the IPv6 of every system.
        let theirs = match link_type {
            LinkType::NULL | LinkType::LOOP => tcpdump_of_file(link_type, expression),
            _ => tcpdump(&["-y", name], expression),
        };
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                assert_eq!(ours, theirs, "{name}: {expression}");
                compared[0] += 1;
            }
            (Err(ours), Err(theirs)) => {
                assert_eq!(ours.kind(), ErrorKind::InvalidFilter, "{ours}");
                let reason = ours.to_string().rsplit(": ").next().unwrap().to_owned();
                assert!(theirs.contains(reason.trim()), "{name}: {expression}: {ours} / {theirs}");
                compared[1] += 1;
            }
            (ours, theirs) => panic!("{name}: {expression}: {ours:?} / {theirs:?}"),
        }
    }
    println!("{} programs and {} errors are tcpdump's", compared[0], compared[1]);
    assert!(compared[0] > 100);
}

#[test]
fn options_are_tcpdumps() {
    let ethernet = || CompileOptions::new(LinkType::ETHERNET);
    for (arguments, options) in [
        (&["-y", "EN10MB", "-O"][..], ethernet().optimize(false)),
        (&["-y", "EN10MB", "-s", "99"], ethernet().snaplen(99)),
        (&["-y", "LINUX_SLL2"], CompileOptions::new(LinkType::LINUX_SLL2)),
    ] {
        let expression = "host 10.0.0.1 and tcp port 80";
        assert_eq!(
            compile(expression, &options).unwrap(),
            tcpdump(arguments, expression).unwrap(),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_capture_on_an_interface_has_the_same_program() {
    rig::in_wire(|| {
        for (interface, link_type) in [("out0", LinkType::ETHERNET), ("any", LinkType::LINUX_SLL2)] {
            for expression in
                ["vlan 7", "vlan and tcp port 80", "inbound", "outbound and udp", "arp", "not vlan"]
            {
                let options = CompileOptions::new(link_type).on_interface(interface);
                let ours = compile(expression, &options);
                let theirs = tcpdump(&["-i", interface], expression);
                // libpcap 1.10 knows no VLAN tags on `any`.
                assert_eq!(
                    ours.is_err(),
                    theirs.is_err(),
                    "{interface}: {expression}: {ours:?} / {theirs:?}"
                );
                assert_eq!(ours.ok(), theirs.ok(), "{interface}: {expression}");
            }
        }
        assert!(
            compile("vlan 7", &CompileOptions::new(LinkType::ETHERNET).on_interface("out0"))
                .unwrap()
                .uses_vlan_metadata()
        );
        assert!(!compile("vlan 7", &CompileOptions::new(LinkType::ETHERNET)).unwrap().uses_vlan_metadata());
        let started = Instant::now();
        let options = CompileOptions::new(LinkType::ETHERNET).on_interface("out0");
        for _ in 0..10 {
            compile("vlan 7", &options).unwrap();
        }
        println!("for a live capture, a program takes {:?}", started.elapsed() / 10);
        // One that is not there, or has another link type: as for a file.
        let options = CompileOptions::new(LinkType::ETHERNET);
        let file = compile("vlan 7", &options).unwrap();
        assert_eq!(compile("vlan 7", &options.clone().on_interface("none0")).unwrap(), file);
        assert_eq!(compile("vlan 7", &options.on_interface("\0")).unwrap(), file);
    });
}

#[test]
fn a_netmask_says_what_broadcast_is() {
    let mask = Some(Ipv4Addr::new(255, 255, 240, 0));
    let broadcast = compile("ip broadcast", &CompileOptions::new(LinkType::RAW).netmask(mask)).unwrap();
    let to = |address| is_broadcast(&broadcast, address);
    assert!(to([10, 9, 15, 255]) && to([10, 9, 16, 0]));
    assert!(!to([10, 9, 0, 255]) && !to([10, 9, 15, 254]));
}

/// Whether `ip broadcast`, compiled like this, matches a packet to this address.
fn is_broadcast(program: &Filter, address: [u8; 4]) -> bool {
    let mut packet = [0; 40];
    packet[0] = 0x45;
    packet[16..20].copy_from_slice(&address);
    Frame::new(&packet, LinkType::RAW).matches(program)
}

#[test]
fn broadcast_is_what_the_mask_of_the_interface_says() {
    rig::in_wire(|| {
        let options = || CompileOptions::new(LinkType::RAW);
        let on = |interface: &str| compile("ip broadcast", &options().on_interface(interface));
        let with = |mask: [u8; 4]| compile("ip broadcast", &options().netmask(Some(mask.into()))).unwrap();
        // out0 has 10.9.0.1/24.
        let program = on("out0").unwrap();
        assert_eq!(program, with([255, 255, 255, 0]));
        for (address, expected) in [
            ([10, 9, 0, 255], true),
            ([10, 9, 0, 0], true),
            ([255, 255, 255, 255], true),
            ([0, 0, 0, 0], true),
            ([10, 9, 0, 1], false),
            ([255, 9, 0, 1], false),
            ([0, 9, 0, 1], false),
        ] {
            assert_eq!(is_broadcast(&program, address), expected, "{address:?}");
            let not = compile("not ip broadcast", &options().on_interface("out0")).unwrap();
            assert_eq!(is_broadcast(&not, address), !expected, "not {address:?}");
        }
        // The first address counts, and the mask that the caller gives goes before.
        rig::ip(&["addr", "add", "10.8.0.1/20", "dev", "out0"]);
        rig::ip(&["addr", "add", "10.7.0.1/16", "dev", "in0"]);
        rig::ip(&["addr", "add", "10.6.0.1/28", "dev", "in0"]);
        assert_eq!(on("out0").unwrap(), with([255, 255, 255, 0]));
        assert_eq!(on("in0").unwrap(), with([255, 255, 0, 0]));
        let mask = Some(Ipv4Addr::new(255, 0, 0, 0));
        let given = compile("ip broadcast", &options().on_interface("out0").netmask(mask)).unwrap();
        assert_eq!(given, with([255, 0, 0, 0]));
        // Without an address, with one of a network that has no broadcast address, and on all interfaces: tcpdump's mask is 0, too.
        for addresses in [&[][..], &["10.5.0.0/31"], &["10.5.0.1/32"], &["10.5.0.1/32", "10.4.0.1/24"]] {
            rig::ip(&["addr", "flush", "dev", "in0"]);
            for address in addresses {
                rig::ip(&["addr", "add", address, "dev", "in0"]);
            }
            assert_eq!(on("in0").unwrap(), with([0, 0, 0, 0]), "{addresses:?}");
        }
        for (interface, link_type) in [("in0", LinkType::ETHERNET), ("any", LinkType::LINUX_SLL2)] {
            for expression in ["ip broadcast", "not ip broadcast", "udp or ip broadcast"] {
                let ours = compile(expression, &CompileOptions::new(link_type).on_interface(interface));
                let y = ["-i", interface, "-y", link_type.name().unwrap()];
                assert_eq!(ours.unwrap(), tcpdump(&y, expression).unwrap(), "{interface}: {expression}");
            }
        }
        // There is no mask where there is no interface.
        for nowhere in [on("none0"), compile("ip broadcast", &options())] {
            assert!(nowhere.unwrap_err().to_string().contains("netmask not known"));
        }
        // A capture by libpcap asks for the same.
        let mut capture = PcapSource::live("out0").open().unwrap();
        let ethernet = CompileOptions::new(LinkType::ETHERNET).on_interface("out0");
        assert_eq!(capture.compile("ip broadcast").unwrap(), compile("ip broadcast", &ethernet).unwrap());
    });
}

/// Directions and interfaces that are not in the bytes, as tcpdump refuses them where it reads a file.
#[test]
fn what_is_not_in_the_bytes_is_refused_as_tcpdump_refuses_it() {
    let link_types = [
        LinkType::ETHERNET,
        LinkType::RAW,
        LinkType::LINUX_SLL,
        LinkType::LINUX_SLL2,
        LinkType::NULL,
        LinkType::PPP,
        LinkType::IEEE802_11,
        LinkType::IEEE802_11_RADIOTAP,
        LinkType::PFLOG,
        LinkType::PPP_PPPD,
        LinkType::FDDI,
        LinkType::SLIP,
    ];
    for link_type in link_types {
        for expression in [
            "inbound",
            "outbound",
            "not inbound",
            "not outbound",
            "ip and inbound",
            "ifindex 3",
            "not ifindex 3",
            "ip",
        ] {
            let ours = compile(expression, &CompileOptions::new(link_type).bytes_alone(true));
            let theirs = tcpdump_of_file(link_type, expression);
            match (ours, theirs) {
                (Ok(ours), Ok(theirs)) => assert_eq!(ours, theirs, "{link_type}: {expression}"),
                (Err(ours), Err(theirs)) => {
                    assert_eq!(ours.kind(), ErrorKind::InvalidFilter, "{ours}");
                    let words = ["inbound/outbound not supported on ", "ifindex not supported on "];
                    let same = |word: &&str| theirs.contains(word) && ours.to_string().contains(word);
                    assert!(words.iter().any(same), "{link_type}: {expression}: {ours} / {theirs}");
                }
                (ours, theirs) => panic!("{link_type}: {expression}: {ours:?} / {theirs:?}"),
            }
        }
    }
}

/// libpcap adds the length of the header to the number that stands for the direction, and tcpdump captures nothing with that.
#[test]
fn directions_behind_a_header_of_any_length_are_refused() {
    for link_type in [LinkType::IEEE802_11_RADIOTAP, LinkType::PPI, LinkType::PRISM_HEADER] {
        for expression in ["inbound", "not inbound", "outbound", "ifindex 3"] {
            for options in [CompileOptions::new(link_type), CompileOptions::new(link_type).on_interface("lo")]
            {
                let error = compile(expression, &options).expect_err(expression);
                assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{error}");
                assert!(error.to_string().contains(" not supported on "), "{link_type}: {error}");
            }
        }
        assert!(compile("ether proto 0x800", &CompileOptions::new(link_type)).is_ok());
    }
}

#[test]
fn a_filter_knows_what_it_was_compiled_for() {
    for link_type in [LinkType::ETHERNET, LinkType::RAW, LinkType::RAW_14, LinkType::LINUX_SLL2] {
        let filter = compile("udp", &CompileOptions::new(link_type)).unwrap();
        assert_eq!(filter.link_type(), Some(link_type));
        let other = Frame::new(UDP, LinkType::LOOP).try_matches(&filter).unwrap_err();
        assert_eq!(other.kind(), ErrorKind::InvalidFilter, "{other}");
        let everything = compile("", &CompileOptions::new(link_type)).unwrap();
        assert_eq!((everything.link_type(), everything.fits(LinkType::LOOP)), (None, true));
    }
    let raw = compile("udp", &CompileOptions::new(LinkType::RAW)).unwrap();
    for number in [LinkType::RAW, LinkType::RAW_12, LinkType::RAW_14] {
        assert!(Frame::new(UDP, number).try_matches(&raw).unwrap());
    }
}

const UDP: &[u8] =
    b"\x45\0\0\x1d\0\x01\0\0\x40\x11\x66\x07\x0a\x63\0\x02\x0a\x63\0\x01\0\x01\0\x02\0\x09\0\0x";

#[test]
fn what_makes_no_sense_is_said() {
    let options = CompileOptions::new(LinkType::ETHERNET);
    let error = compile("tcp prot 80", &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    assert!(
        error.to_string().contains("tcp prot 80") && error.to_string().contains("syntax error"),
        "{error}"
    );
    let error = compile("tcp\0 or udp", &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    assert!(error.to_string().contains("zero byte at byte 3"), "{error}");
    let error = compile("ip broadcast", &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    let error = compile("tcp", &CompileOptions::new(LinkType(60_000))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    let long = "(".repeat(300_000);
    let error = compile(&long, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidFilter);
    assert!(error.to_string().len() < 400, "{} bytes", error.to_string().len());
}

#[test]
fn empty_and_long_expressions_are_compiled() {
    let options = CompileOptions::new(LinkType::ETHERNET);
    for empty in ["", " ", "\n\t"] {
        assert_eq!(compile(empty, &options).unwrap(), Filter::accept_all(262_144));
    }
    let long: Vec<String> = (0..1500).map(|port| format!("tcp dst port {port}")).collect();
    let program = compile(&long.join(" or "), &options.optimize(false)).unwrap();
    assert!(program.instructions().len() > 1500);
}

#[test]
fn threads_compile_at_once() {
    let options = CompileOptions::new(LinkType::ETHERNET);
    let expected = compile("tcp port 80 and host 10.0.0.1", &options).unwrap();
    let started = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..200 {
                    assert_eq!(compile("tcp port 80 and host 10.0.0.1", &options).unwrap(), expected);
                }
            });
        }
    });
    println!("1,600 programs in {:?}", started.elapsed());
}
