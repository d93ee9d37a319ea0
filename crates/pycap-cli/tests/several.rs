//! Several files and several interfaces at a time, and what is told where an option comes twice.

mod rig;

use std::path::PathBuf;

use pycap_capture::{Format, Frame, Interface, LinkType, Savefile, SavefileWriter, Timestamp};
use rig::{SAMPLE, conversation, file, pcap_of, pycap, pycap_fed};

/// A pcap file of 60 bytes a packet, with this snapshot length.
fn short(name: &str, snaplen: u32) -> PathBuf {
    let mut out =
        SavefileWriter::builder().format(Format::Pcap).snaplen(snaplen).to_writer(Vec::new()).unwrap();
    let bytes = vec![0x12; snaplen.min(60) as usize];
    for secs in 0..3 {
        let frame = Frame::new(&bytes, LinkType::ETHERNET).with_timestamp(Timestamp::new(secs, 0));
        out.write(frame.with_original_len(60)).unwrap();
    }
    file(name, &out.finish().unwrap())
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn files_are_read_one_after_the_other() {
    let other = file("several-other.pcap", &conversation());
    let other = text(&other);
    let one_by_one = |flags: &[&str], expression: &[&str]| {
        let read = |path| pycap(&[flags, &["-r", path], expression].concat()).out;
        read(SAMPLE) + &read(other)
    };
    for flags in [&["-tt"][..], &["-e", "-x"], &["-v"], &["--layers"], &["-#"]] {
        // Connections go on from file to file, and so do differences of times, which is not looked at here.
        let several = pycap(&[flags, &["-S", "-r", SAMPLE, "-r", other, "udp"]].concat());
        assert_eq!((several.status, several.err.as_str()), (0, ""), "{flags:?}");
        assert_eq!(several.out, one_by_one(&[flags, &["-S"]].concat(), &["udp"]), "{flags:?}");
    }
    assert_eq!(pycap(&["--count", "-r", SAMPLE, "-r", other, "-r", SAMPLE]).out, "117 packets\n");
    // All of the first, and some of the second.
    assert_eq!(pycap(&["--count", "-c", "60", "-r", SAMPLE, "-r", other]).out, "60 packets\n");
    assert_eq!(pycap(&["--count", "--skip", "60", "-r", SAMPLE, "-r", other]).out, "4 packets\n");
    let piped = pycap_fed(&["--count", "-r", SAMPLE, "-r", "-"], &conversation());
    assert_eq!((piped.status, piped.out.as_str()), (0, "64 packets\n"), "{}", piped.err);
    let types = pycap(&["-L", "-r", SAMPLE, "-r", other]).out;
    assert_eq!(types, format!("Data link types in {SAMPLE}, {other}:\n  EN10MB (1), 64 packets\n"));
}

#[test]
fn files_are_written_as_one() {
    let (narrow, wide) = (short("several-narrow.pcap", 40), short("several-wide.pcap", 200));
    let (narrow, wide) = (text(&narrow), text(&wide));
    let raw = file("several-raw.pcap", &pcap_of(0xa1b2_c3d4, 101, &[(9, 0, &[0x45; 20], None)]));
    let raw = text(&raw);
    for (name, files, count) in [
        ("several-out.pcap", &[narrow, wide][..], 6),
        ("several-out.pcapng", &[narrow, wide, raw], 7),
        ("several-out.pcapng.gz", &[raw, SAMPLE, wide], 57),
    ] {
        let out = file(name, b"");
        let reads: Vec<&str> = files.iter().flat_map(|path| ["-r", path]).collect();
        let done = pycap(&[&reads[..], &["-w", text(&out)]].concat());
        assert_eq!((done.status, done.out.as_str(), done.err.as_str()), (0, "", ""), "{name}");
        let packets = |path: &str| {
            let mut packets = Vec::new();
            let mut file = Savefile::open(path).unwrap();
            while let Some(frame) = file.next_frame().unwrap() {
                packets.push((
                    frame.timestamp(),
                    frame.data().to_vec(),
                    frame.original_len(),
                    frame.link_type(),
                ));
            }
            packets
        };
        let expected: Vec<_> = files.iter().flat_map(|path| packets(path)).collect();
        assert_eq!((packets(text(&out)).len(), packets(text(&out)) == expected), (count, true), "{name}");
        // libpcap cuts what is longer than the snapshot length of the file's header.
        if let Some(theirs) =
            rig::installed("tshark", "UTC", &["-r", text(&out), "-T", "fields", "-e", "frame.cap_len"])
        {
            let lens: Vec<usize> = theirs.out.lines().map(|len| len.parse().unwrap()).collect();
            assert_eq!(lens, expected.iter().map(|(_, data, ..)| data.len()).collect::<Vec<_>>(), "{name}");
        }
    }
    let mut written =
        Savefile::open(std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("several-out.pcapng")).unwrap();
    while written.next_frame().unwrap().is_some() {}
    assert_eq!(
        written.interfaces().iter().map(Interface::link_type).collect::<Vec<_>>(),
        [LinkType::ETHERNET, LinkType::ETHERNET, LinkType::RAW]
    );
    let out = file("several-refused.pcap", b"as it was");
    let refused = pycap(&["-r", wide, "-r", raw, "-w", text(&out)]);
    assert_eq!((refused.status, refused.err.lines().count()), (1, 1), "{}", refused.err);
    assert!(
        refused.err.contains(": write pcapng (--pcapng") && refused.err.contains("EN10MB (1) and RAW (101)")
    );
    assert_eq!(std::fs::read(&out).unwrap(), b"as it was");
    let refused = pycap(&["-r", SAMPLE, "-r", wide, "-w", wide]);
    assert!(refused.status == 2 && refused.err.contains("that is the file that is read"), "{}", refused.err);
}

/// What is wrong with one of them keeps nobody from the others, and shows in the status.
#[test]
fn the_others_are_read_where_one_is_damaged() {
    let capture = conversation();
    let torn = file("several-torn.pcap", &capture[..capture.len() - 1]);
    let text_file = file("several-text.pcap", b"this is not a capture, it is a text\n");
    let (torn, not) = (text(&torn), text(&text_file));
    for (files, count, messages) in [
        ([torn, SAMPLE], "63 packets\n", 1),
        ([SAMPLE, torn], "63 packets\n", 1),
        ([not, SAMPLE], "53 packets\n", 1),
        (["missing.pcap", SAMPLE], "53 packets\n", 1),
        (["missing.pcap", not], "", 2),
    ] {
        let output = pycap(&["--count", "-r", files[0], "-r", files[1]]);
        assert_eq!((output.status, output.out.as_str()), (1, count), "{files:?}: {}", output.err);
        assert_eq!(output.err.lines().count(), messages, "{}", output.err);
    }
    // One file that gives nothing has no count beside its message.
    for (args, status) in [
        (&["-r", not][..], 1),
        (&["-r", "missing.pcap"], 1),
        (&["-r", SAMPLE, "tcp", "prot", "80"], 2),
        (&["-r", SAMPLE, "-r", torn, "tcp", "prot", "80"], 2),
    ] {
        for form in ["--count", "-L"] {
            let output = pycap(&[&[form], args].concat());
            assert_eq!((output.status, output.out.as_str()), (status, ""), "{args:?}");
            assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        }
    }
    // An expression that makes no sense costs no file.
    let dear = file("several-dear.pcap", b"as it was");
    assert_eq!(pycap(&["-r", SAMPLE, "-w", text(&dear), "tcp", "prot", "80"]).status, 2);
    assert_eq!(std::fs::read(&dear).unwrap(), b"as it was");
}

#[test]
fn what_comes_twice_is_told() {
    let twice =
        pycap(&["-r", SAMPLE, "-c", "1", "-s", "64", "-c", "2", "-s", "64", "--from", "@1", "--from=@2"]);
    assert_eq!((twice.status, twice.out.lines().count()), (0, 2));
    assert_eq!(
        twice.err,
        "pycap: -c was given more than once (1, 2): give it once, or the last one counts, 2\n\
         pycap: --from was given more than once (@1, @2): give it once, or the last one counts, @2\n"
    );
    let send = pycap(&["send", "--hex", "ip", "-w", "x", "--hex"]);
    assert_eq!(send.status, 2);
    let merged = file("several-merged.pcap", b"");
    let first = file("several-not.pcap", b"as it was");
    let done = pycap(&["merge", "-w", text(&first), "-w", text(&merged), SAMPLE]);
    assert!(done.status == 0 && done.err.starts_with("pycap: -w was given more than once ("), "{}", done.err);
    assert_eq!(std::fs::read(&first).unwrap(), b"as it was");
    let list = pycap(&["-D"]);
    let all = list.out.lines().find_map(|line| line.split_once(". any ")).expect("Linux has it").0;
    for (args, words) in [
        (&["-r", "a", "-r", "b", "--follow"][..], "--follow takes one file"),
        (&["-r", "-", "-r", "-"], "standard input, which can be read once"),
        (&["-i", "lo", "-i", "lo"], "-i lo was given twice"),
        (&["-i", "lo", "-i", "any"], "-i any: give it alone"),
        (&["-i", "lo", "-i", all], "any is all interfaces"),
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{args:?}: {}", output.err);
        assert!(output.err.contains(words) && output.err.lines().count() == 1, "{}", output.err);
    }
}

#[cfg(target_os = "linux")]
mod live {
    use std::path::Path;

    use pycap_capture::Savefile;
    use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};

    use super::rig;
    use rig::SAMPLE;

    /// Two veth pairs and a tun interface, which has no hardware address.
    const LINKS: &str = "ip link add a0 type veth peer name a1; ip link add b0 type veth peer name b1\n\
        ip tuntap add t0 mode tun\n\
        sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1\n\
        for i in a0 a1 b0 b1 t0; do sysctl -qw net.ipv6.conf.$i.disable_ipv6=1; ip link set $i up; done\n\
        sleep 0.3\n\
        replay() { tcpreplay -q -p $2 -l 5 -i $1 '{SAMPLE}' >/dev/null 2>&1; }\n";

    fn links() -> String {
        LINKS.replace("{SAMPLE}", SAMPLE)
    }

    /// Files, lines, JSON and rotation of one run: each packet once, in order of time, with its interface.
    #[test]
    fn several_interfaces_are_one_stream() {
        let folder = scratch("several-live");
        let script = format!(
            "cd '{}'\n{LISTENS}\n{}\
             '{PYCAP}' -i a1 -i b1 -w all.pcapng 2>all.err & all=$!\n\
             '{PYCAP}' -i a1 -i b1 -w all.pcap 2>pcap.err & pcap=$!\n\
             '{PYCAP}' -i a1 -i b1 -e -tt 2>lines.err >lines & lines=$!\n\
             '{PYCAP}' -i a1 -i b1 --json -# arp 2>json.err >json & json=$!\n\
             '{PYCAP}' -i a1 -i b1 -w part.pcapng -C 20k 2>part.err & part=$!\n\
             '{PYCAP}' -i a1 -i b1 -w ten.pcapng -c 10 2>ten.err & ten=$!\n\
             for name in all pcap lines json part ten; do listens $name.err; done\n\
             replay a0 700 & a=$!; replay b0 900; wait $a; wait $ten; sleep 0.3\n\
             kill -USR1 $all; sleep 0.3\n\
             for one in $all $pcap $lines $json $part; do kill -INT $one; wait $one; done\n\
             tshark -r all.pcapng -T fields -e frame.interface_name -e frame.time_epoch >theirs 2>theirs.err\n\
             cat all.err; cat ten.err",
            folder.display(),
            links()
        );
        let Some(output) = in_namespace(&["tcpreplay", "tshark", "sysctl"], &script) else { return };
        assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
        let one = frames(Path::new(SAMPLE));
        let (each, both) = (one.len() * 5, one.len() * 10);
        let said = text(&output.stdout);
        let account = format!(
            "pycap: {both} packets captured, {both} received by filter, 0 dropped by kernel; \
             a1: {each} received by filter, 0 dropped by kernel; b1: {each} received by filter, 0 dropped by kernel\n"
        );
        assert_eq!(said.matches(&*account).count(), 2, "{said}");
        assert!(said.contains("listening on a1, link-type EN10MB (1)"), "{said}");
        assert!(said.contains("listening on b1, link-type EN10MB (1)"), "{said}");
        assert!(said.contains("pycap: 10 packets captured, "), "{said}");
        // Of each interface all frames in their order, and all of them in order of time.
        let check = |frames: &[Frame], what: &str| {
            assert_eq!(frames.len(), both, "{what}");
            assert!(frames.is_sorted_by_key(|frame| frame.time), "{what}");
            for name in ["a1", "b1"] {
                let of: Vec<_> = frames.iter().filter(|frame| frame.interface == name).collect();
                assert_eq!(of.len(), each, "{what}");
                assert!(of.iter().zip(one.iter().cycle()).all(|(got, sent)| got.data == sent.data), "{what}");
            }
        };
        let all = frames(&folder.join("all.pcapng"));
        check(&all, "pcapng");
        let theirs = std::fs::read_to_string(folder.join("theirs")).unwrap();
        let theirs: Vec<_> = theirs.lines().map(|line| line.split('\t').next().unwrap()).collect();
        assert!(theirs.iter().eq(all.iter().map(|frame| &frame.interface)), "tshark has other interfaces");
        let mut parts = Vec::new();
        for number in 0.. {
            let name = if number == 0 { "part.pcapng".to_owned() } else { format!("part.pcapng{number}") };
            let path = folder.join(name);
            if !path.exists() {
                break;
            }
            // Both interfaces are in every file, with the kernel's counts.
            let info = rig::pycap(&["info", path.to_str().unwrap()]).out;
            assert_eq!(info.matches("Number of stat entries = 1").count(), 2, "{info}");
            parts.extend(frames(&path));
        }
        check(&parts, "rotation");
        // pcap has no place for interfaces.
        assert_eq!(frames(&folder.join("all.pcap")).len(), both);
        let lines = std::fs::read_to_string(folder.join("lines")).unwrap();
        let lines: Vec<_> = lines.lines().collect();
        assert_eq!(lines.len(), both);
        for name in ["a1", "b1"] {
            let of = |line: &&&str| line.split(' ').nth(1) == Some(name);
            assert_eq!(lines.iter().filter(of).count(), each, "{}", lines[0]);
        }
        let json = std::fs::read_to_string(folder.join("json")).unwrap();
        let arp = json.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        let mut of = [0, 0];
        for (number, packet) in (1..).zip(arp) {
            let interface = packet["interface"].as_u64().unwrap() as usize;
            assert_eq!(
                (&packet["number"], &packet["interface_name"]),
                (&number.into(), &["a1", "b1"][interface].into())
            );
            of[interface] += 1;
        }
        let arps = rig::pycap(&["-r", SAMPLE, "--count", "arp"]).out;
        let arps: u64 = arps.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(of, [arps * 5; 2]);
    }

    /// Holds the tun interface, without which nothing is sent there, and sends three datagrams over it.
    const TUN: &str = "import fcntl, socket, struct, time\n\
        tun = open('/dev/net/tun', 'r+b', buffering=0)\n\
        fcntl.ioctl(tun, 0x400454ca, struct.pack('16sH', b't0', 0x1001))\n\
        time.sleep(0.2)\n\
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
        [sender.sendto(b'tun', ('198.51.100.7', port)) for port in (9, 10, 9)]\n\
        time.sleep(0.2)\n";

    /// Each packet of a pcapng file has the link type of its interface; pcap has one for all.
    #[test]
    fn link_types_may_differ() {
        let folder = scratch("several-link-types");
        let script = format!(
            "cd '{}'\n{LISTENS}\n{}\
             ip address add 198.51.100.1/24 dev t0\n\
             '{PYCAP}' -i a1 -i t0 -w out.pcapng 'udp dst port 9' 2>err & ours=$!\n\
             listens err\n\
             python3 -c \"{TUN}\"\n\
             '{PYCAP}' send -i a0 -c 4 'eth(dst=broadcast)/ip(src=10.0.0.1,dst=10.0.0.2)/udp(dport=9)/\"veth\"' 2>/dev/null\n\
             sleep 0.3; kill -INT $ours; wait $ours\n\
             '{PYCAP}' -i a1 -i t0 -w refused.pcap udp 2>refused.err || echo status $?; cat refused.err; ! ls refused.pcap 2>/dev/null\n\
             '{PYCAP}' -i a1 -i t0 -d udp 2>&1 || echo status $?\n\
             '{PYCAP}' -i a1 -i b1 -d udp && echo status $?",
            folder.display(),
            links()
        );
        let Some(output) = in_namespace(&["tcpreplay", "sysctl", "python3"], &script) else { return };
        let said = text(&output.stdout);
        let err = std::fs::read_to_string(folder.join("err")).unwrap();
        let mut got = Vec::new();
        let mut file = Savefile::open(folder.join("out.pcapng")).unwrap();
        while let Some(frame) = file.next_frame().unwrap() {
            let name = frame.interface_info().unwrap().name().unwrap();
            got.push(format!("{name} {}", frame.link_type()));
        }
        got.sort();
        let veth = got.iter().filter(|one| one.starts_with("a1 EN10MB")).count();
        let tun = got.iter().filter(|one| one.starts_with("t0 RAW")).count();
        assert_eq!((veth, tun, got.len()), (4, 2, 6), "{got:?} {err} {}", text(&output.stderr));
        let mut lines = said.lines();
        assert_eq!(lines.next(), Some("status 2"), "{said}");
        let refused = lines.next().unwrap();
        assert!(refused.starts_with("pycap: -w refused.pcap: write pcapng (--pcapng"), "{said}");
        assert!(refused.ends_with("a1 has EN10MB (1), t0 has RAW (101)"), "{said}");
        assert!(lines.next().unwrap().contains("give one -i at a time"), "{said}");
        assert_eq!((lines.next(), lines.last()), (Some("status 2"), Some("status 0")), "{said}");
    }

    /// One interface that is deleted ends the capture, with all that the others had, and says why.
    #[test]
    fn an_interface_that_goes_ends_it() {
        let folder = scratch("several-gone");
        let script = format!(
            "cd '{}'\n{LISTENS}\n{}\
             '{PYCAP}' -i a1 -i b1 -w out.pcapng 2>err & ours=$!\n\
             listens err\n\
             replay a0 2000; replay b0 2000; ip link set a1 down; sleep 0.5; ip link set a1 up; sleep 0.5\n\
             ip link del a1; wait $ours || echo status $?; cat err",
            folder.display(),
            links()
        );
        let Some(output) = in_namespace(&["tcpreplay", "sysctl"], &script) else { return };
        let said = text(&output.stdout);
        assert!(said.contains("status 1\n"), "{said}");
        assert!(
            said.contains("pycap: a1 went down: waiting") && said.contains("pycap: a1 is up again"),
            "{said}"
        );
        assert!(said.contains("pycap: a1: the interface was deleted"), "{said}");
        assert_eq!(frames(&folder.join("out.pcapng")).len(), frames(Path::new(SAMPLE)).len() * 10, "{said}");
    }

    struct Frame {
        time: i128,
        interface: String,
        data: Vec<u8>,
    }

    fn frames(path: &Path) -> Vec<Frame> {
        let mut frames = Vec::new();
        let mut file = Savefile::open(path).unwrap();
        while let Some(frame) = file.next_frame().unwrap() {
            let interface = frame.interface_info().and_then(|interface| interface.name());
            frames.push(Frame {
                time: frame.timestamp().unwrap().as_nanos(),
                interface: interface.unwrap_or_default().to_owned(),
                data: frame.data().to_vec(),
            });
        }
        frames
    }
}
