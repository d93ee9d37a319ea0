//! Lines, JSON and tcpdump say the same of the same packets: whole ones, and those that end anywhere.

mod rig;

use std::collections::BTreeMap;
use std::path::PathBuf;

use pycap_testkit::packet::*;
use pycap_testkit::sample::samples;
use rig::{file, installed, pcap_of, pycap, tcpdump};
use serde_json::Value;

/// A packet with a name of what it is.
type Named = (String, Vec<u8>);

/// By link type: a sample of each protocol; then each way to carry IP, ARP and frames, behind no tag, a tag of each kind, and two.
fn packets() -> BTreeMap<u16, Vec<Named>> {
    let mut packets: BTreeMap<u16, Vec<Named>> = BTreeMap::new();
    for sample in samples() {
        packets.entry(sample.link_type.0).or_default().push((sample.name.to_owned(), sample.bytes));
    }
    let v4 = ipv4(17, &udp(b"hello"));
    let v6 = ipv6(17, &udp_between(&IPV6_A, &IPV6_B, b"hello"));
    let arp = join(&[&[0, 1, 8, 0, 6, 4, 0, 1], &MAC_A, &IPV4_A, &[0; 6], &IPV4_B]);
    let snap = |oui: u32, pid: u16, payload: &[u8]| {
        join(&[&[0xaa, 0xaa, 3], &oui.to_be_bytes()[1..], &pid.to_be_bytes(), payload])
    };
    let bridged = snap(0x80c2, 7, &join(&[&[0, 0], &ethernet(0x0800, &v4)]));
    let payloads: Vec<(&str, u16, Vec<u8>)> = vec![
        ("IPv4", 0x0800, v4.clone()),
        ("IPv6", 0x86dd, v6.clone()),
        ("ARP", 0x0806, arp.clone()),
        ("a frame", 0x6558, ethernet(0x86dd, &v6)),
        ("a jumbo frame", 0x8870, snap(0, 0x0800, &v4)),
        ("LLC with IPv4", 0, join(&[&[6, 6, 3], &v4])),
        ("SNAP with ARP", 0, snap(0, 0x0806, &arp)),
        ("SNAP with IPv6", 0, snap(0xf8, 0x86dd, &v6)),
        ("SNAP with a tag", 0, snap(0, 0x8100, &vlan(7, 0x0800, &v4))),
        ("SNAP with a bridged frame", 0, bridged.clone()),
    ];
    let number =
        |ether_type: u16, payload: &[u8]| if ether_type == 0 { payload.len() as u16 } else { ether_type };
    for (name, ether_type, payload) in &payloads {
        let inner = number(*ether_type, payload);
        let mut add = |link_type: u16, name: String, bytes| {
            packets.entry(link_type).or_default().push((name, bytes));
        };
        add(1, (*name).to_owned(), ethernet(inner, payload));
        for tpid in [0x8100, 0x88a8, 0x9100, 0x9200] {
            let tagged = vlan(0x6005, inner, payload);
            add(1, format!("{name} behind {tpid:#x}"), ethernet(tpid, &tagged));
            let twice = vlan(6, tpid, &tagged);
            add(1, format!("{name} behind {tpid:#x} twice"), ethernet(tpid, &twice));
            if *ether_type != 0 {
                let sll2 =
                    join(&[&tpid.to_be_bytes(), &[0, 0, 0, 0, 0, 1, 0, 1, 0, 6], &MAC_A, &[0, 0], &tagged]);
                add(276, format!("{name} behind {tpid:#x}"), sll2);
                let sll = join(&[&[0, 0, 0, 1, 0, 6], &MAC_A, &[0, 0], &tpid.to_be_bytes(), &tagged]);
                add(113, format!("{name} behind {tpid:#x}"), sll);
            }
        }
        if *ether_type == 0 {
            add(113, (*name).to_owned(), join(&[&[0, 0, 0, 1, 0, 6], &MAC_A, &[0, 0, 0, 4], payload]));
            add(100, (*name).to_owned(), payload.clone());
        } else {
            let proto = ether_type.to_be_bytes();
            add(113, (*name).to_owned(), join(&[&[0, 0, 0, 1, 0, 6], &MAC_A, &[0, 0], &proto, payload]));
            let header = [0, 0, 0, 0, 0, 1, 0, 1, 0, 6];
            add(276, (*name).to_owned(), join(&[&proto, &header, &MAC_A, &[0, 0], payload]));
        }
    }
    let frame_in_ip = ethernet(0x0800, &ipv4(143, &ethernet(0x86dd, &v6)));
    packets.entry(1).or_default().push(("a frame in IPv4".to_owned(), frame_in_ip));
    packets
}

/// The packets as a file of this link type.
fn capture(name: &str, link_type: u16, packets: &[Named], cut: Option<&[usize]>) -> PathBuf {
    let records: Vec<_> = packets
        .iter()
        .enumerate()
        .map(|(number, (_, bytes))| {
            let len = cut.map_or(bytes.len(), |cut| cut[number]);
            (0, 0, &bytes[..len], Some(bytes.len() as u32))
        })
        .collect();
    file(&format!("{name}-{link_type}.pcap"), &pcap_of(0xa1b2_c3d4, link_type.into(), &records))
}

/// What the line of `-e` has of a layer, at least.
fn counterpart(layer: &Value) -> String {
    let field = |name: &str| match &layer["fields"][name] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match layer["layer"].as_str().unwrap() {
        "eth" => format!("{} > {}", field("src"), field("dst")),
        "vlan" => format!("vlan {}, p {}", field("vid"), field("pcp")),
        "llc" => "LLC, dsap ".to_owned(),
        "null" => "AF IPv".to_owned(),
        "sll" => format!("{} ", field("addr")),
        "sll2" => format!("ifindex {} ", field("ifindex")),
        "arp" => "length ".to_owned(),
        // Ports may stand between them.
        "ip" | "ipv6" => field("src"),
        "ipv6_hopopts" => "HBH".to_owned(),
        "ipv6_dstopts" => "DSTOPT".to_owned(),
        "ipv6_routing" => "RT6 (".to_owned(),
        "ipv6_frag" => "frag (".to_owned(),
        "mobility" => "mobility: ".to_owned(),
        "ah" => "AH(".to_owned(),
        "esp" => "ESP(".to_owned(),
        "icmp" => "ICMP ".to_owned(),
        "icmpv6" => "ICMP6, ".to_owned(),
        "igmp" => "igmp".to_owned(),
        "tcp" => "Flags [".to_owned(),
        "udp" => "UDP, ".to_owned(),
        // tcpdump has no name for it.
        "udplite" => "ip-proto-136 ".to_owned(),
        other => panic!("a layer that this test does not know: {other}"),
    }
}

/// Every layer that `--json` has is on the line, in its order.
#[test]
fn the_line_has_every_layer_of_json() {
    for (link_type, packets) in packets() {
        let path = capture("agree", link_type, &packets, None);
        let path = path.to_str().unwrap();
        let (lines, objects) = (pycap(&["-te", "-r", path]).out, pycap(&["--json", "-r", path]).out);
        assert_eq!(lines.lines().count(), packets.len());
        assert_eq!(objects.lines().count(), packets.len());
        for ((line, object), (name, _)) in lines.lines().zip(objects.lines()).zip(&packets) {
            let object: Value = serde_json::from_str(object).unwrap();
            let mut rest = line;
            for layer in object["layers"].as_array().unwrap().iter().filter(|layer| layer["quoted"].is_null())
            {
                // What contradicts itself has a message of its own.
                if object["stop"]["reason"] == "malformed" && object["stop"]["layer"] == layer["layer"] {
                    break;
                }
                let wanted = counterpart(layer);
                let (_, behind) = rest.split_once(&wanted).unwrap_or_else(|| {
                    panic!("link type {link_type}, {name}: no {wanted:?} of {} in {line}", layer["layer"])
                });
                rest = behind;
            }
        }
    }
}

/// A header that is cut is marked on the line, whichever it is.
#[test]
fn the_line_is_marked_where_json_is_cut() {
    for (link_type, packets) in packets() {
        let all: Vec<Named> = packets
            .into_iter()
            .flat_map(|(name, bytes)| {
                (1..bytes.len())
                    .map(move |len| (format!("{name} cut to {len}"), bytes[..len].to_vec()))
                    .collect::<Vec<_>>()
            })
            .collect();
        let path = capture("agree-cut", link_type, &all, None);
        let path = path.to_str().unwrap();
        let (lines, objects) = (pycap(&["-te", "-r", path]).out, pycap(&["--json", "-r", path]).out);
        for ((line, object), (name, _)) in lines.lines().zip(objects.lines()).zip(&all) {
            let object: Value = serde_json::from_str(object).unwrap();
            let quoted = object["layers"].as_array().unwrap().iter().any(|layer| layer["quoted"] == true);
            if object["stop"]["reason"] == "truncated" && !quoted {
                let is_marked =
                    line.contains("[|") || line.contains("length 0") || line.contains("truncated");
                assert!(is_marked, "link type {link_type}, {name}: {line}\n{object}");
            }
        }
    }
}

/// The lines are those of tcpdump, but for what it prints of applications, of LLC and of frames in frames.
#[test]
fn tags_and_llc_read_as_in_tcpdump() {
    let packets: Vec<Named> = packets().remove(&1).unwrap();
    let same = |name: &str| {
        ["IPv4", "IPv6", "ARP", "a jumbo frame", "LLC with IPv4", "SNAP with ARP", "SNAP with IPv6"]
            .iter()
            .any(|start| {
                name.strip_prefix(start).is_some_and(|end| end.is_empty() || end.starts_with(" behind 0x"))
            })
    };
    let packets: Vec<Named> = packets.into_iter().filter(|(name, _)| same(name)).collect();
    assert!(packets.len() >= 7 * 9);
    let path = capture("agree-tcpdump", 1, &packets, None);
    for flags in ["-nt", "-nte", "-ntq", "-nteq", "-ntX", "-ntXX"] {
        let args = [flags, "-r", path.to_str().unwrap()];
        let Some(expected) = tcpdump("UTC", &args) else { return };
        let ours = pycap(&args).out;
        for (ours, theirs) in ours.lines().zip(expected.out.lines()) {
            assert_eq!(ours, theirs, "{flags}");
        }
        assert_eq!(ours.lines().count(), expected.out.lines().count(), "{flags}");
    }
}

/// The lines and dumps of a capture, packet by packet: `-#` tells them apart.
fn blocks(output: &str) -> Vec<(String, String)> {
    let mut blocks: Vec<(String, String)> = Vec::new();
    for line in output.lines() {
        let number = format!("{:5}  ", blocks.len() + 1);
        match (line.strip_prefix(&number), blocks.last_mut()) {
            (Some(first), _) => blocks.push((first.to_owned(), String::new())),
            (None, Some((_, dump))) => dump.push_str(&format!("{line}\n")),
            (None, None) => panic!("no packet begins with {line}"),
        }
    }
    blocks
}

/// A header that is cut shows as much of itself as in tcpdump; with and without the link.
#[test]
fn cut_headers_read_as_in_tcpdump() {
    // A fragment header of four bytes and more is shown as if it were whole there, and is marked here.
    let samples = [
        ("UDP", 0..0),
        ("ARP request", 0..0),
        ("VLAN", 0..0),
        ("VLAN, older tag protocol identifier", 0..0),
        ("LLC in a jumbo frame", 0..0),
        ("SNAP with IPv4", 0..0),
        ("AH over IPv4", 0..0),
        ("AH over IPv6", 0..0),
        ("IPv6 hop-by-hop router alert", 0..0),
        ("IPv6 destination options", 0..0),
        ("IPv6 first fragment", 58..63),
        ("IPv6 later fragment", 58..62),
        ("IPv4 later fragment", 0..0),
        ("IPv4 record route", 0..0),
        ("TCP SYN", 0..0),
        ("raw IPv4", 0..0),
        ("raw IPv6", 0..0),
    ];
    for (link_type, packets) in packets() {
        let (packets, cut): (Vec<Named>, Vec<usize>) = packets
            .into_iter()
            .flat_map(|(name, bytes)| {
                let skipped =
                    samples.iter().find(|(wanted, _)| *wanted == name).map(|(_, skipped)| skipped.clone());
                let lens = 1..=bytes.len();
                lens.filter(move |len| skipped.as_ref().is_some_and(|skipped| !skipped.contains(len)))
                    .map(move |len| ((format!("{name} cut to {len}"), bytes.clone()), len))
            })
            .unzip();
        let path = capture("agree-headers", link_type, &packets, Some(&cut));
        for flags in ["-nt#", "-nt#e", "-nt#q"] {
            let args = [flags, "-r", path.to_str().unwrap()];
            let Some(expected) = installed("tcpdump", "UTC", &args) else { return };
            let (ours, theirs) = (blocks(&pycap(&args).out), blocks(&expected.out));
            for (((ours, _), (theirs, _)), (name, _)) in ours.iter().zip(&theirs).zip(&packets) {
                assert_eq!(ours, theirs, "link type {link_type}, {flags}, {name}");
            }
            assert_eq!((ours.len(), theirs.len()), (packets.len(), packets.len()));
        }
    }
}

/// Wherever a packet ends, the dump begins where tcpdump's does.
#[test]
fn dumps_of_cut_packets_begin_where_those_of_tcpdump_do() {
    let mut compared = 0;
    for (link_type, samples) in packets() {
        let all: Vec<(Named, usize)> = samples
            .into_iter()
            .flat_map(|(name, bytes)| {
                (1..=bytes.len()).map(move |len| ((format!("{name} cut to {len}"), bytes.clone()), len))
            })
            .collect();
        let (packets, cut): (Vec<Named>, Vec<usize>) = all.into_iter().unzip();
        let path = capture("agree-dumps", link_type, &packets, Some(&cut));
        let args = ["-nt#x", "-r", path.to_str().unwrap()];
        let Some(expected) = installed("tcpdump", "UTC", &args) else { return };
        let (ours, theirs) = (blocks(&pycap(&args).out), blocks(&expected.out));
        assert_eq!((ours.len(), theirs.len()), (packets.len(), packets.len()), "link type {link_type}");
        for (((line, dump), (their_line, their_dump)), (name, _)) in ours.iter().zip(&theirs).zip(&packets) {
            // tcpdump dumps some that it does not know without being asked, or because LLC is cut.
            if line == their_line && !line.ends_with("[|llc]") && !line.contains("ICMP6, mtrace response") {
                assert_eq!(dump, their_dump, "link type {link_type}, {name}: {line}");
                compared += 1;
            }
        }
    }
    assert!(compared > 8_000, "only {compared} lines are the same");
}

/// tcpdump looks the name up where it runs, so that only a name that every machine has can be compared.
#[test]
fn the_interface_has_its_name_with_and_without_the_link() {
    use pycap_testkit::savefile::{Order, Pcapng};
    let packets = packets().remove(&276).unwrap();
    let file = Pcapng::new(Order::Little);
    let name = file.option(2, b"lo");
    let mut named = file.clone().interface(276, 0, &name);
    let mut nameless = file.interface(276, 0, &[]);
    for (_, mut packet) in packets.iter().filter(|(name, _)| name == "IPv4" || name == "ARP").cloned() {
        packet[7] = 1;
        named = named.packet(0, 0, packet.len() as u32, &packet, &[]);
        nameless = nameless.packet(0, 0, packet.len() as u32, &packet, &[]);
    }
    let named = rig::file("agree-named.pcapng", &named.build());
    let nameless = rig::file("agree-nameless.pcapng", &nameless.build());
    for flags in ["-nt", "-nte", "-ntq", "-nteq"] {
        let args = [flags, "-r", named.to_str().unwrap()];
        let ours = pycap(&args).out;
        assert!(
            ours.lines().count() == 2 && ours.lines().all(|line| line.starts_with("lo    In  ")),
            "{ours}"
        );
        let without = pycap(&[flags, "-r", nameless.to_str().unwrap()]).out;
        assert_eq!(without, ours.replace("lo    In  ", "?     In  "), "{flags}");
        let Some(expected) = tcpdump("UTC", &args) else { return };
        assert_eq!(ours, expected.out, "{flags}");
    }
}
