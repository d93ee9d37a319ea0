//! VLAN tags of live captures: what is printed is what the file of the same run has, and that is what was sent.
#![cfg(target_os = "linux")]

mod rig;

use std::collections::BTreeMap;
use std::path::Path;

use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};
use rig::pcap;

/// Untagged, tagged, with a priority only, double tagged in two ways, and tags ahead of what has a length.
fn frames(payload: usize) -> Vec<Vec<u8>> {
    let tags: [&[u8]; 5] =
        [b"", b"\x81\0\x60\x05", b"\x81\0\xa0\0", b"\x88\xa8\0\x0a\x81\0\0\x14", b"\x81\0\0\x0a\x81\0\0\x14"];
    let len = 28 + payload;
    let mut ip =
        vec![0x45, 0, (len >> 8) as u8, len as u8, 0, 1, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
    let sum: u32 = ip.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(pair[1])).sum();
    let sum = !((sum & 0xffff) + (sum >> 16)) as u16;
    ip[10..12].copy_from_slice(&sum.to_be_bytes());
    ip.extend([3, 232, 7, 208, ((8 + payload) >> 8) as u8, (8 + payload) as u8, 0, 0]);
    ip.extend((0..payload).map(|at| at as u8));
    let of_ip = tags.iter().map(|tags| [&[2; 12], *tags, &[8, 0], &ip].concat());
    let stp = [&[2; 12][..], b"\x81\0\0\x07\0\x26\x42\x42\x03\0\0\0\0\0", &[7; 30]].concat();
    of_ip.chain([stp]).collect()
}

/// Runs a capture on each of these for each of these flags, over frames of so much payload, with its standard output in `NAME.out` and
/// its file in `NAME.EXTENSION`.
fn captured(folder: &Path, payload: usize, runs: &[(&str, &str, &str, &str)]) -> Option<Vec<Vec<u8>>> {
    let sent = frames(payload);
    let records: Vec<_> = sent.iter().map(|frame| (1, 0, &frame[..], None)).collect();
    std::fs::write(folder.join("sent.pcap"), pcap(&records)).unwrap();
    let mut script = format!(
        "cd '{}'\nexport TZ=UTC\n{LISTENS}\npids=\n\
         ip link add a0 type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         ip link set a0 up; ip link set b0 up; sleep 0.3\n",
        folder.display()
    );
    for (name, interface, flags, file) in runs {
        script += &format!(
            "'{PYCAP}' -i {interface} -n --print {flags} -w {name}{file} >{name}.out 2>{name}.err & pids=\"$pids $!\"\n\
             listens {name}.err\n"
        );
    }
    script += "tcpdump -i b0 -w theirs.pcap 2>theirs.err & theirs=$!\nlistens theirs.err\n\
               tcpreplay -q --topspeed -i a0 sent.pcap >/dev/null 2>&1; sleep 1\n\
               kill -INT $pids $theirs; for pid in $pids; do wait $pid; done; wait $theirs";
    let output = in_namespace(&["tcpdump", "tcpreplay", "sysctl"], &script)?;
    assert!(output.status.success(), "{}", text(&output.stderr));
    Some(sent)
}

/// The bytes of all frames, and the snapshot length that the file says.
fn read(path: &Path) -> (Vec<Vec<u8>>, u32) {
    let mut file = pycap_capture::Savefile::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push(frame.data().to_vec());
    }
    let snaplen = file.interfaces()[0].snaplen();
    (frames, snaplen)
}

#[test]
fn what_is_printed_is_what_the_file_has() {
    let folder = scratch("tags-printed");
    let forms = ["-e", "-xx -e", "-X", "-v", "-vv", "--json", "--layers", "-q"];
    let mut runs = Vec::new();
    let names: Vec<String> = (0..forms.len() * 3).map(|number| format!("run{number}")).collect();
    for ((interface, file), forms) in
        [("b0", ".pcap"), ("any", ".pcapng"), ("b0", ".pcapng")].iter().zip([forms; 3])
    {
        for form in forms {
            // Of directions and nanoseconds pcap knows nothing.
            if *file == ".pcapng" || !["--json", "--layers"].contains(&form) {
                runs.push((names[runs.len()].as_str(), *interface, form, *file));
            }
        }
    }
    let Some(sent) = captured(&folder, 40, &runs) else { return };
    for (name, interface, flags, file) in &runs {
        let path = folder.join(format!("{name}{file}"));
        let live = std::fs::read_to_string(folder.join(format!("{name}.out"))).unwrap();
        let mut arguments = vec!["-n", "-r", path.to_str().unwrap()];
        arguments.extend(flags.split(' '));
        let read = rig::pycap_in("UTC", &arguments);
        // pcapng names the interface, which pcap does not.
        assert_eq!(live, read.out, "{interface} {flags} {file}");
        assert!(!live.is_empty());
        let found = self::read(&path).0;
        match *interface {
            "b0" => assert_eq!(found, sent, "{flags} {file}"),
            // The same behind the header that stands for both addresses, from either end.
            _ => assert_eq!(of_any(&found), sent_twice(&sent), "{flags}"),
        }
    }
    // And it is what tcpdump has, in bytes and in lines.
    assert_eq!(read(&folder.join("theirs.pcap")).0, sent);
    let lines = |bytes: &str| -> BTreeMap<usize, String> {
        let lines = bytes.lines().map(|line| line.split_once(' ').unwrap().1.to_owned());
        // The last is of a protocol that tcpdump has more of.
        lines.take(5).enumerate().collect()
    };
    let theirs =
        rig::tcpdump("UTC", &["-nn", "-e", "-r", folder.join("theirs.pcap").to_str().unwrap()]).unwrap();
    let ours = std::fs::read_to_string(folder.join("run0.out")).unwrap();
    assert_eq!(lines(&ours), lines(&theirs.out));
}

/// EtherType and all that follows, sorted.
fn of_any(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut found: Vec<_> = frames.iter().map(|frame| [&frame[..2], &frame[20..]].concat()).collect();
    found.sort();
    found
}

fn sent_twice(frames: &[Vec<u8>]) -> Vec<Vec<u8>> {
    let mut sent: Vec<_> =
        frames.iter().flat_map(|frame| [frame[12..].to_vec(), frame[12..].to_vec()]).collect();
    sent.sort();
    sent
}

#[test]
fn no_record_is_longer_than_the_snapshot_length() {
    let folder = scratch("tags-snaplen");
    let runs = [
        ("one", "b0", "-s 64", ".pcap"),
        ("two", "b0", "-s 64", ".pcapng"),
        ("three", "any", "-s 64", ".pcap"),
        ("four", "any", "-s 64", ".pcapng"),
        ("five", "b0", "-s 15", ".pcap"),
    ];
    let Some(sent) = captured(&folder, 500, &runs) else { return };
    for (name, interface, flags, file) in runs {
        let (found, snaplen) = read(&folder.join(format!("{name}{file}")));
        let expected: usize = flags[3..].parse().unwrap();
        assert_eq!(snaplen as usize, expected, "{interface} {file}");
        assert_eq!(found.len(), sent.len() * if interface == "any" { 2 } else { 1 });
        for (found, sent) in found.iter().zip(&sent) {
            assert!(found.len() <= expected, "{interface} {file}: {}", found.len());
            assert!(interface == "any" || *found == sent[..sent.len().min(expected)]);
        }
    }
}
