//! Live captures, in network namespaces of their own, beside tcpdump and the kernel's own traffic.
#![cfg(target_os = "linux")]

mod rig;

use std::path::Path;

use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};

#[test]
fn lines_are_those_of_tcpdump() {
    for (interface, flags) in
        [("lo", "-n"), ("lo", "-ne"), ("any", "-n"), ("any", "-nv"), ("any", "-ne"), ("any", "-neq")]
    {
        let folder = scratch(&format!("lines-{interface}{flags}"));
        // Times differ by what the kernel took in between, and -v adds what only we show below each line.
        let script = format!(
            "cd '{}'\n{LISTENS}\n\
             pycap -i {interface} -t {flags} -c 6 icmp >ours 2>ours.err & ours=$!\n\
             tcpdump -i {interface} -t {} -c 6 icmp >theirs 2>theirs.err & theirs=$!\n\
             listens ours.err; listens theirs.err\n\
             ping -q -c 3 -i 0.1 127.0.0.1 >/dev/null\n\
             wait $ours; wait $theirs",
            folder.display(),
            flags.replace('v', "")
        );
        let Some(output) = in_namespace(&["tcpdump", "ping"], &script) else { return };
        assert!(output.status.success(), "{}", text(&output.stderr));
        let lines = |name: &str| {
            let file = std::fs::read_to_string(folder.join(name)).unwrap();
            let mut lines: Vec<String> =
                file.lines().filter(|line| !line.starts_with(' ')).map(str::to_owned).collect();
            lines.truncate(6);
            lines
        };
        assert_eq!(lines("ours"), lines("theirs"), "{interface} {flags}");
        assert_eq!(lines("ours").len(), 6);
        let ends = std::fs::read_to_string(folder.join("ours.err")).unwrap();
        assert!(
            ends.ends_with("pycap: 6 packets captured, 6 received by filter, 0 dropped by kernel\n"),
            "{ends}"
        );
    }
}

#[test]
fn what_is_written_is_what_was_sent() {
    let folder = scratch("written");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/ping-web-dns.pcap");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         ip link add a0 type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         ip link set a0 up; ip link set b0 up; sleep 0.3\n\
         '{PYCAP}' -i b0 -w ours.pcap 2>ours.err & ours=$!\n\
         '{PYCAP}' -i b0 -w ours.pcapng 2>ng.err & ng=$!\n\
         listens ours.err; listens ng.err\n\
         tcpreplay -q --topspeed -l 100 -i a0 '{}' >/dev/null 2>&1\n\
         kill -USR1 $ours; kill -INT $ours; kill -TERM $ng\n\
         wait $ours; wait $ng\n\
         cat ours.err",
        folder.display(),
        sample.display()
    );
    let Some(output) = in_namespace(&["tcpreplay", "sysctl"], &script) else { return };
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let frames = |path: &Path| {
        let mut frames = Vec::new();
        let mut file = pycap_capture::Savefile::open(path).unwrap();
        while let Some(frame) = file.next_frame().unwrap() {
            frames.push(frame.data().to_vec());
        }
        frames
    };
    let sent = frames(&sample);
    // Times are to the nanosecond in one of them only; what is compared is what was sent.
    for name in ["ours.pcap", "ours.pcapng"] {
        let got = frames(&folder.join(name));
        assert_eq!(got.len(), sent.len() * 100, "{name}");
        assert!(got.iter().zip(sent.iter().cycle()).all(|(got, sent)| got == sent), "{name}");
    }
    let packets = sent.len() * 100;
    let end =
        format!("pycap: {packets} packets captured, {packets} received by filter, 0 dropped by kernel\n");
    assert!(text(&output.stdout).ends_with(&end), "{}", text(&output.stdout));
}

#[test]
fn programs_are_printed_as_tcpdump_does() {
    for flags in ["-d", "-dd", "-ddd"] {
        for expression in ["tcp port 80", "vlan 5 and udp", "ip6 proto 6 and ip6[53] & 2 != 0", ""] {
            let script = format!(
                "pycap -i lo {flags} '{expression}'; echo ==; tcpdump -i lo {flags} '{expression}' 2>/dev/null"
            );
            let Some(output) = in_namespace(&["tcpdump"], &script) else { return };
            let said = text(&output.stdout);
            let (ours, theirs) = said.split_once("==\n").unwrap();
            assert_eq!(ours, theirs, "{flags} {expression}: {}", text(&output.stderr));
        }
    }
}

#[test]
fn link_types_and_clocks_are_listed_and_chosen() {
    let script = "ip link add a0 type veth peer name b0; ip link set a0 up; ip link set b0 up\n\
                  pycap -i b0 -L; pycap -i b0 -J; pycap -i any -L; pycap -i b0 -y en10mb -d ip; pycap -i b0 -y DOCSIS -d docsis 2>&1 || true\n\
                  pycap -i b0 -y PPP -c 1 2>&1";
    let Some(output) = in_namespace(&[], script) else { return };
    let said = text(&output.stdout);
    assert!(said.starts_with("Data link types for b0 (use option -y to set):\n  EN10MB (1)\n"), "{said}");
    assert!(said.contains("\nTime stamp types for b0 (use option -j to set):\n  host\n"), "{said}");
    assert!(
        said.contains("\nData link types for any (use option -y to set):\n  LINUX_SLL2 (276)\n"),
        "{said}"
    );
    assert!(said.contains("\n(000) ldh      [12]\n"), "{said}");
    assert!(said.contains("pycap: -y PPP: take one of EN10MB"), "{said}");
    assert_eq!(output.status.code(), Some(2), "{said}");
}

#[test]
fn a_file_without_packets_says_what_was_captured_from() {
    let folder = scratch("quiet");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         for file in quiet.pcap quiet.pcapng; do\n\
         '{PYCAP}' -i any -w any-$file icmp 2>any.err & any=$!\n\
         '{PYCAP}' -i lo -s 100 -w $file icmp 2>lo.err & lo=$!\n\
         listens any.err; listens lo.err; kill -INT $any $lo; wait $any; wait $lo; rm any.err lo.err\n\
         done",
        folder.display()
    );
    let Some(output) = in_namespace(&[], &script) else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let open = |name: &str| {
        let mut file = pycap_capture::Savefile::open(folder.join(name)).unwrap();
        assert!(file.next_frame().unwrap().is_none(), "{name}");
        file
    };
    assert_eq!(open("quiet.pcap").link_type(), Some(pycap_capture::LinkType::ETHERNET));
    assert_eq!(open("any-quiet.pcap").link_type(), Some(pycap_capture::LinkType::LINUX_SLL2));
    open("any-quiet.pcapng");
    let file = open("quiet.pcapng");
    let [interface] = file.interfaces() else { panic!("{:?}", file.interfaces()) };
    assert_eq!((interface.name(), interface.snaplen()), (Some("lo"), 100));
    // Section header, interface, its statistics.
    let bytes = std::fs::read(folder.join("quiet.pcapng")).unwrap();
    let number = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut types, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        types.push(number(at));
        at += number(at + 4) as usize;
    }
    assert_eq!(types, [0x0a0d_0d0a, 1, 5]);
}

/// How many packets there are: `--count` at the end, `-v` meanwhile where they are written.
#[test]
fn packets_are_counted() {
    let folder = scratch("counted");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         '{PYCAP}' -i lo --count -c 1 icmp 2>one.err & one=$!\n\
         '{PYCAP}' -i lo -v -w all.pcap icmp 2>all.err & all=$!\n\
         listens one.err; listens all.err; ping -q -c 2 -i 0.1 127.0.0.1 >/dev/null\n\
         sleep 1.5; kill -INT $all; wait $one; wait $all; tail -n 1 one.err; cat all.err",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    let said = text(&output.stdout);
    // The line of one packet is of one packet.
    assert!(said.starts_with("1 packet\npycap: 1 packet captured, "), "{said}");
    let end = "\rGot 4\npycap: 4 packets captured, 4 received by filter, 0 dropped by kernel\n";
    assert!(said.ends_with(end), "{said}");
}
