//! [`Live`]: which backend it takes, and what it says where it cannot.
#![cfg(target_os = "linux")]
#![cfg(feature = "libpcap")]

#[path = "libpcap/rig.rs"]
mod rig;

use std::os::fd::AsFd;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};

use pycap_capture::{
    Backend, CompileOptions, Direction, ErrorKind, Filter, Instruction, LinkType, Live, LiveCapture, Next,
    OwnedFrame, Savefile, Source, VlanTags, compile, interfaces,
};
use rig::{Tcpdump, in_wire, ip, replay, send};

/// All frames until none has come for a while.
fn drain(capture: &mut LiveCapture) -> Vec<OwnedFrame> {
    let mut frames = Vec::new();
    while let Next::Frame(frame) =
        capture.next_frame_until(Some(Instant::now() + Duration::from_millis(300))).unwrap()
    {
        frames.push(frame.to_owned());
    }
    frames
}

#[test]
fn the_ring_is_taken_where_it_can_do_it() {
    in_wire(|| {
        for (live, backend, link_type) in [
            (Live::on("in0"), Backend::Ring, LinkType::ETHERNET),
            (Live::on("lo"), Backend::Ring, LinkType::ETHERNET),
            (Live::on("any"), Backend::Ring, LinkType::LINUX_SLL2),
            (Live::on("any").with_link_type(LinkType::LINUX_SLL2), Backend::Ring, LinkType::LINUX_SLL2),
            (Live::on("any").with_link_type(LinkType::LINUX_SLL), Backend::Libpcap, LinkType::LINUX_SLL),
            (Live::on("in0").with_link_type(LinkType::DOCSIS), Backend::Libpcap, LinkType::DOCSIS),
            (Live::on("in0").backend(Backend::Libpcap), Backend::Libpcap, LinkType::ETHERNET),
        ] {
            let what = format!("{live:?}");
            assert_eq!(live.link_type().unwrap(), link_type, "{what}");
            // libpcap has no filters for this one.
            let live = if link_type == LinkType::DOCSIS { live } else { live.filter("udp dst port 9") };
            let mut capture = live.open().unwrap();
            assert_eq!((capture.backend(), capture.link_type()), (backend, link_type), "{what}");
            send(20);
            if capture.interface_name() != "lo" {
                let expected = if capture.interface_name() == "any" { 40 } else { 20 };
                assert_eq!(drain(&mut capture).len(), expected, "{what}");
                assert_eq!(capture.stats().unwrap().received_by_filter(), Some(expected as u64), "{what}");
            }
            assert!(capture.as_fd().try_clone_to_owned().is_ok());
            capture.stop_handle().unwrap().stop();
            assert!(capture.next_frame().unwrap().is_none());
        }
        let error =
            Live::on("in0").backend(Backend::Ring).with_link_type(LinkType::DOCSIS).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{error}");
    });
}

#[test]
fn what_the_kernel_does_not_match_is_matched_here() {
    in_wire(|| {
        let many: Vec<String> = (1000..1500).map(|port| format!("udp dst port {port}")).collect();
        let many = format!("udp dst port 9 or {}", many.join(" or "));
        let many = compile(&many, &CompileOptions::new(LinkType::ETHERNET).optimize(false)).unwrap();
        assert!(many.instructions().len() > 4096);
        for (live, expected) in [
            // A length counts the pseudo link header, which the kernel does not have. It takes no program that jumps back, and none of more
            // than 4,096 instructions.
            (Live::on("any").filter("udp dst port 9 and len > 60"), 40),
            (Live::on("in0").filter("ip protochain 17 and dst port 9"), 20),
            (Live::on("in0").filter_program(many), 20),
        ] {
            let what: String = format!("{live:?}").chars().take(200).collect();
            let mut capture = live.open().unwrap();
            assert_eq!(capture.backend(), Backend::Ring);
            send(20);
            ip(&[
                "neigh",
                "add",
                "10.9.0.77",
                "lladdr",
                "02:00:00:00:00:77",
                "dev",
                "out0",
                "nud",
                "permanent",
            ]);
            let other = std::net::UdpSocket::bind("10.9.0.1:0").unwrap();
            other.send_to(b"x", "10.9.0.77:77").unwrap();
            ip(&["neigh", "del", "10.9.0.77", "dev", "out0"]);
            let found = drain(&mut capture).len();
            // The shortest datagrams are not over 60 bytes on any count.
            let least = if what.contains("len >") { expected - 4 } else { expected };
            assert!((least..=expected).contains(&found), "{what}: {found}");
        }
    });
}

/// A UDP datagram, an ARP message and a frame of neither, each behind each of these.
fn with_tags(tags: &[&[u8]]) -> Vec<Vec<u8>> {
    let packets: [&[u8]; 3] = [
        b"\x08\0\x45\0\0\x20\0\0\0\0\x40\x11\0\0\x0a\x09\0\x02\x0a\x09\0\xff\0\x09\0\x09\0\x0c\0\0dataDATA",
        b"\x08\x06\0\x01\x08\0\x06\x04\0\x01\x02src01\x0a\x09\0\x02\0\0\0\0\0\0\x0a\x09\0\x63",
        b"\x88\xb5experimental",
    ];
    let of_each = |tag: &&[u8]| {
        packets.map(|packet| [&b"\xff\xff\xff\xff\xff\xff\x02src01"[..], tag, packet, &[0; 30]].concat())
    };
    tags.iter().flat_map(of_each).collect()
}

#[test]
fn a_stripped_tag_is_matched_as_tcpdump_does() {
    in_wire(|| {
        let frames = with_tags(&[
            b"",
            b"\x81\0\0\x07",
            b"\x81\0\x60\x08",
            b"\x88\xa8\0\x07",
            b"\x81\0\0\x07\x81\0\0\x09",
        ]);

        let expressions = [
            "vlan",
            "vlan 7",
            "vlan 8",
            "vlan 9",
            "not vlan",
            "vlan and vlan",
            "vlan 7 and vlan 9",
            "ip",
            "udp port 9",
            "vlan and udp port 9",
            "vlan 7 and arp",
            "arp",
            "ether[12:2] = 0x8100",
            "ether[14:2] & 0xfff = 7",
            "greater 75",
            "ether proto 0x88b5",
            "vlan and ether proto 0x88b5",
            "ether src 02:73:72:63:30:31",
        ];
        let options = CompileOptions::new(LinkType::ETHERNET);
        let program = |expression, live: bool| {
            let options = if live { options.clone().on_interface("in0") } else { options.clone() };
            compile(expression, &options).unwrap()
        };
        let path = std::env::temp_dir().join(format!("pycap-live-tags-{}.pcap", std::process::id()));
        let file = path.to_str().unwrap();
        let mut tcpdump =
            Command::new("tcpdump").args(["-i", "in0", "-Z", "root", "-U", "-w", file]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let mut apart = Live::on("in0").vlan_tags(VlanTags::Apart).open().unwrap();
        let mut in_frame = Live::on("in0").open().unwrap();
        let filtered = |expression: &str| {
            [Backend::Ring, Backend::Libpcap].map(|backend| {
                Live::on("in0").backend(backend).buffer_size(2 << 20).filter(expression).open().unwrap()
            })
        };
        let mut filtered = expressions.map(filtered);
        replay("out0", &frames);
        let (apart, in_frame) = (drain(&mut apart), drain(&mut in_frame));
        std::thread::sleep(Duration::from_millis(1200));
        tcpdump.kill().unwrap();
        tcpdump.wait().unwrap();
        let whole: Vec<Vec<u8>> = in_frame.iter().map(|frame| frame.data().to_vec()).collect();
        let differs = frames.iter().zip(&whole).find(|(ours, theirs)| ours != theirs);
        assert_eq!((whole.len(), differs), (frames.len(), None), "frames are not what was sent");
        assert_eq!(apart.iter().filter(|frame| frame.as_frame().vlan_tag().is_some()).count(), 12);
        for (expression, [ring, libpcap]) in expressions.iter().zip(&mut filtered) {
            // tcpdump's verdict over the file that it has written.
            let run = Command::new("tcpdump").args(["-r", file, "-w", "-", expression]).output().unwrap();
            let mut chosen = Savefile::from_reader(&run.stdout[..]).unwrap();
            let mut expected = Vec::new();
            while let Some(frame) = chosen.next_frame().unwrap() {
                expected.push(frame.data().to_vec());
            }
            for live in [false, true] {
                let program = program(expression, live);
                let matched = |frames: &[OwnedFrame]| -> Vec<Vec<u8>> {
                    let frames = frames.iter().filter(|frame| frame.as_frame().matches(&program));
                    frames.map(|frame| frame.as_frame().wire_bytes().into_owned()).collect()
                };
                // libpcap's programs for the kernel count no stripped tag: it has no place in the bytes that they see.
                if !live || !expression.contains("ether[") && !expression.contains("greater") {
                    assert!(
                        matched(&apart) == expected,
                        "{expression}, for a live capture: {live}: {} and {}",
                        matched(&apart).len(),
                        expected.len()
                    );
                }
                assert!(
                    matched(&in_frame) == expected,
                    "{expression}, tags in frames, for a live capture: {live}"
                );
            }
            // The kernel matches frames without their tags, whoever asks it.
            assert_eq!(drain(ring).len(), drain(libpcap).len(), "{expression}, in the kernel");
        }
        std::fs::remove_file(path).unwrap();
    });
}

/// rx_dropped of an interface, which counts frames that nobody but captures wanted.
fn unwanted(interface: &str) -> u64 {
    let run = Command::new("ip").args(["-s", "-s", "link", "show", interface]).output().unwrap();
    let text = String::from_utf8(run.stdout).unwrap();
    let mut lines = text.lines().map(str::split_whitespace);
    let heads: Vec<&str> =
        lines.find_map(|mut words| (words.next() == Some("RX:")).then(|| words.collect())).unwrap();
    let place = heads.iter().position(|head| *head == "dropped").unwrap();
    lines.next().unwrap().nth(place).unwrap().parse().unwrap()
}

#[test]
fn what_was_captured_was_not_dropped_by_the_interface() {
    in_wire(|| {
        // Tagged, so that the kernel goes on after captures have it, and of an EtherType that nobody has a handler for.
        let frame = [&b"\xff\xff\xff\xff\xff\xff\x02src01\x81\0\0\x07\x88\xb5"[..], &[0; 50]].concat();
        let frames = vec![frame; 50];
        for (backend, promiscuous) in [Backend::Ring, Backend::Libpcap]
            .into_iter()
            .flat_map(|backend| [(backend, true), (backend, false)])
        {
            let live = |name| Live::on(name).backend(backend).promiscuous(promiscuous);
            let mut capture = live("in0").open().unwrap();
            let mut any = live("any").open().unwrap();
            let before = unwanted("in0");
            replay("out0", &frames);
            assert_eq!(drain(&mut capture).len(), 50, "{backend}");
            assert!(unwanted("in0") >= before + 50, "the frames are not counted in rx_dropped: {before}");
            let stats = capture.stats().unwrap();
            assert_eq!((stats.dropped, stats.interface_dropped), (Some(0), Some(0)), "{backend}: {stats}");
            assert!(!stats.to_string().contains("interface"), "{stats}");
            assert!(drain(&mut any).len() >= 50);
            assert_eq!(any.stats().unwrap().interface_dropped, None, "{backend}");
            // The count stays when the interface is gone.
            if backend == Backend::Ring && !promiscuous {
                ip(&["link", "del", "in0"]);
                assert_eq!(capture.stats().unwrap().interface_dropped, Some(0));
                ip(&["link", "add", "out0", "type", "veth", "peer", "name", "in0"]);
                ip(&["link", "set", "out0", "up"]);
                ip(&["link", "set", "in0", "up"]);
            }
        }
    });
}

#[test]
fn broadcasts_of_the_interfaces_network_are_captured() {
    in_wire(|| {
        ip(&["addr", "add", "10.9.0.2/24", "dev", "in0"]);
        for backend in [Backend::Ring, Backend::Libpcap] {
            let open = |expression: &str| Live::on("in0").backend(backend).filter(expression).open().unwrap();
            let mut broadcast = open("ip broadcast");
            let mut other = open("udp and not ip broadcast");
            // To 10.9.0.255.
            send(7);
            let socket = std::net::UdpSocket::bind("10.9.0.1:0").unwrap();
            socket.set_broadcast(true).unwrap();
            ip(&["route", "replace", "255.255.255.255", "dev", "out0"]);
            socket.send_to(b"x", "255.255.255.255:9").unwrap();
            ip(&[
                "neigh",
                "replace",
                "10.9.0.77",
                "lladdr",
                "02:00:00:00:00:77",
                "dev",
                "out0",
                "nud",
                "permanent",
            ]);
            socket.send_to(b"x", "10.9.0.77:77").unwrap();
            assert_eq!((drain(&mut broadcast).len(), drain(&mut other).len()), (8, 1), "{backend}");
        }
        let error = Live::on("in0").filter("ip broadcast and").open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{error}");
    });
}

#[test]
fn filters_of_any_are_those_of_one_interface() {
    in_wire(|| {
        let frames = with_tags(&[b"", b"\x81\0\0\x07", b"\x88\xa8\0\x07", b"\x81\0\0\x07\x81\0\0\x09"]);
        let found = |name, program: Filter| {
            let live = Live::on(name).backend(Backend::Ring).direction(Direction::Inbound);
            let mut capture = live.filter_program(program).open().unwrap();
            replay("out0", &frames);
            drain(&mut capture).len()
        };
        // The kernel looks at frames without their outermost tag, whatever stands for the link's header later; and so does what is matched
        // in this process, since it is too long for the kernel.
        for (expression, matching) in [
            ("udp port 9", 3),
            ("arp", 3),
            ("not ip", 9),
            ("host 10.9.0.2", 6),
            ("udp[8:4] = 0x64617461", 3),
            ("udp[8:4] = 0x64617462", 0),
            ("udp and len > 1", 3),
            ("not udp and len > 1", 9),
        ] {
            for name in ["in0", "any"] {
                let program = Live::on(name).filter(expression).program().unwrap().unwrap();
                let nothing = Instruction { code: 0, jt: 0, jf: 0, k: 0 };
                let long = [vec![nothing; 4096], program.instructions().to_vec()].concat();
                let long = Filter::new(long).unwrap();
                assert_eq!(
                    [found(name, program), found(name, long)],
                    [matching; 2],
                    "{expression} on {name}"
                );
            }
        }
        // A length counts the header of `any`, and not the tag that was taken out.
        for (expression, matching) in [("greater 86", 4), ("less 85", 8)] {
            let program = Live::on("any").filter(expression).program().unwrap().unwrap();
            assert_eq!(found("any", program), matching, "{expression}");
        }
    });
}

#[test]
fn what_cannot_be_opened_is_said_so() {
    in_wire(|| {
        for backend in [Backend::Automatic, Backend::Ring, Backend::Libpcap] {
            let error = Live::on("in00").backend(backend).open().unwrap_err();
            assert_eq!(
                (error.kind(), error.interface()),
                (ErrorKind::NoSuchInterface, Some("in00")),
                "{backend}: {error}"
            );
            assert!(error.to_string().contains("the nearest: in0"), "{backend}: {error}");
            let error = Live::on("in0").filter("tcp prot 80").backend(backend).open().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidFilter, "{backend}: {error}");
        }
        ip(&["link", "set", "in0", "down"]);
        for backend in [Backend::Automatic, Backend::Ring, Backend::Libpcap] {
            let error = Live::on("in0").backend(backend).open().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InterfaceDown, "{backend}: {error}");
        }
    });
}

/// Runs one of the tests below, which are ignored otherwise, in a process of its own.
fn child(name: &str, change: impl FnOnce(&mut Command) -> &mut Command) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let run = change(command.args([name, "--exact", "--ignored", "--nocapture"])).output().unwrap();
    let text = [run.stdout, run.stderr].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(run.status.success() && text.contains("1 passed"), "{text}");
}

#[test]
#[cfg_attr(feature = "linked", ignore = "libpcap came from the linker")]
fn without_libpcap_the_ring_works() {
    child("without_libpcap", |command| command.env("PYCAP_LIBPCAP", "/nonexistent"));
}

#[test]
#[ignore = "run by without_libpcap_the_ring_works"]
fn without_libpcap() {
    in_wire(|| {
        assert!(!interfaces().unwrap().is_empty());
        assert_eq!(pycap_capture::link_types("in0").unwrap(), [LinkType::ETHERNET]);
        assert!(pycap_capture::timestamp_sources("in0").is_ok());
        let program = "4\n40 0 0 12\n21 0 1 2048\n6 0 0 262144\n6 0 0 0".parse().unwrap();
        for live in [Live::on("in0"), Live::on("in0").filter(" "), Live::on("in0").filter_program(program)] {
            let mut capture = live.open().unwrap();
            send(5);
            assert_eq!(drain(&mut capture).len(), 5);
        }
        for live in [Live::on("in0").filter("tcp"), Live::on("in0").backend(Backend::Libpcap)] {
            let error = live.open().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::LibraryMissing, "{error}");
            assert!(
                error.to_string().contains("/nonexistent")
                    && error.to_string().contains("apt install libpcap0.8"),
                "{error}"
            );
        }
        assert_eq!(Live::on("usbmon0").open().unwrap_err().kind(), ErrorKind::NoSuchInterface);
    });
}

#[test]
fn without_privileges_it_says_what_to_do() {
    // Whoever runs this may not be able to become someone else; then it is nobody special already.
    let nobody = 65_534;
    match Command::new("true").uid(nobody).status() {
        Ok(_) => child("without_privileges", |command| command.uid(nobody).gid(nobody)),
        Err(_) => child("without_privileges", |command| command),
    }
}

#[test]
#[ignore = "run by without_privileges_it_says_what_to_do"]
fn without_privileges() {
    assert!(!interfaces().unwrap().is_empty());
    for backend in [Backend::Automatic, Backend::Ring, Backend::Libpcap] {
        let error = Live::on("lo").filter("tcp").backend(backend).open().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{backend}: {error}");
        let program = std::env::current_exe().unwrap();
        let command = format!("sudo setcap cap_net_raw,cap_net_admin=eip {}", program.display());
        assert!(
            error.to_string().starts_with("lo: ") && error.to_string().contains(&command),
            "{backend}: {error}"
        );
    }
    // For files, filters are compiled all the same.
    assert!(compile("vlan 7", &CompileOptions::new(LinkType::ETHERNET).on_interface("lo")).is_ok());
}

#[test]
fn tcpdump_beside_us_sees_the_same() {
    in_wire(|| {
        let tcpdump = Tcpdump::start("in0", &["udp"]);
        let mut capture = Live::on("in0").filter("udp").open().unwrap();
        send(3000);
        let frames: Vec<Vec<u8>> = drain(&mut capture).iter().map(|frame| frame.data().to_vec()).collect();
        let theirs = tcpdump.frames(frames.len());
        let differs = frames.iter().zip(&theirs).find(|(ours, theirs)| ours != theirs);
        assert_eq!((theirs.len(), differs), (frames.len(), None), "frames are not tcpdump's");
        assert_eq!(frames.len(), 3000);
    });
}
