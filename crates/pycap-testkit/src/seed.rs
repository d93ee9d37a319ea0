//! What the fuzz targets begin with, and how they take their bytes apart.

use pycap_wire::LinkType;

use crate::sample::samples;
use crate::savefile::{Order, Pcap, Pcapng};

/// The link types that a fuzzer should try most: one byte of its input chooses among them.
const LINK_TYPES: [LinkType; 10] = [
    LinkType::ETHERNET,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::RAW,
    LinkType::RAW_12,
    LinkType::RAW_14,
    LinkType::IPV4,
    LinkType::IPV6,
];

/// The link type that the first byte of a fuzzer's input stands for (past the known ones: itself), and the frame after it.
pub fn split_link_type(input: &[u8]) -> Option<(LinkType, &[u8])> {
    let (first, frame) = input.split_first()?;
    let link_type = LINK_TYPES.get(usize::from(*first)).copied().unwrap_or(LinkType(u16::from(*first)));
    Some((link_type, frame))
}

fn join_link_type(link_type: LinkType, frame: &[u8]) -> Vec<u8> {
    let first = LINK_TYPES.iter().position(|known| *known == link_type).unwrap_or(usize::from(link_type.0));
    [&[first as u8], frame].concat()
}

/// The lengths of the pieces in which a reader hands out a file, and the file.
pub fn split_pieces(input: &[u8]) -> Option<(&[u8], &[u8])> {
    input.split_at_checked(4)
}

/// One input that a fuzz target begins with.
#[derive(Debug, Clone)]
pub struct Seed {
    /// The fuzz target.
    pub target: &'static str,
    /// A file name, of the target's own.
    pub name: String,
    /// The input.
    pub bytes: Vec<u8>,
}

/// The seeds of all fuzz targets.
pub fn seeds() -> Vec<Seed> {
    let mut seeds = Vec::new();
    for target in ["packet", "layers_print"] {
        seeds.extend(samples().into_iter().map(|sample| Seed {
            target,
            name: file_name(sample.name),
            bytes: join_link_type(sample.link_type, &sample.bytes),
        }));
    }
    seeds.extend(savefiles().into_iter().map(|(name, file)| Seed {
        target: "savefile",
        name: file_name(&name),
        bytes: [&[255, 1, 16, 3], &file[..]].concat(),
    }));
    seeds.extend(savefiles().into_iter().map(|(name, bytes)| Seed {
        target: "savefile_roundtrip",
        name: file_name(&name),
        bytes,
    }));
    seeds.extend(crate::filter::seeds());
    seeds.extend(EXPRESSIONS.map(|(name, text)| Seed {
        target: "send-expression",
        name: name.to_owned(),
        bytes: text.as_bytes().to_vec(),
    }));
    seeds
}

/// Packets as text: every kind of layer and value that the grammar has, and where it ends too early.
const EXPRESSIONS: [(&str, &str); 9] = [
    (
        "ping",
        "eth(src=00:03:93:44:a9:92,dst=00:50:ba:8f:c4:5f)/ip(src=192.168.1.106,dst=192.168.1.104,ttl=100,id=1)\
         /icmp_echo_request(id=0,seq=1)/\"ABCDEFGHIJKLMNOPQRSTUVWXYZ\"",
    ),
    (
        "tcp",
        "ip(dst=10.0.0.1,df=1)/tcp(dport=80,flags=syn | ack,seq=0xffffffff,options=[mss(1460),nop,sackok()])",
    ),
    ("ipv6", "ipv6(src=fe80::1,dst=::,hlim=0b101)/udp(sport=53,checksum=0)/x\"de ad beef\"*3"),
    (
        "tunnel",
        "eth / vlan ( vid = 7 ) / ip(proto=gre)/gre/ipv6/icmpv6_echo_request/\"\\n\\r\\t\\0\\\\\\\"\\x7f\"",
    ),
    ("arp", "eth(type=arp,pad=0)/arp(op=request,spa=10.0.0.1,tpa=10.0.0.2)"),
    ("payload", "\"a\"*65535"),
    ("lengths", "ip(hdr_len=60,len=1,options=x\"01\"*40)/udp(len=0)/tcp(hdr_len=4)"),
    ("nested", "ip(options=[[a(b(c([1,x\"00\",\"\"])))]])"),
    ("torn", "ip(ttl"),
];

/// A small file of each format that the reader tells apart.
fn savefiles() -> Vec<(String, Vec<u8>)> {
    let frames = [&b"first frame"[..], b"", b"the third, of an odd length"];
    let mut files = Vec::new();
    for order in Order::ALL {
        let mut add = |name: &str, file| files.push((format!("{name} {order:?}"), file));
        for (name, magic) in [("microseconds", Pcap::MICROSECONDS), ("nanoseconds", Pcap::NANOSECONDS)] {
            let file = Pcap::new(order, magic, 1);
            add(
                name,
                frames.iter().fold(file, |file, frame| file.record(1_700_000_000, 5, 60, frame)).build(),
            );
        }
        // The link type's word with four bytes of FCS (two words of 16 bits), and the old versions that swap the two lengths.
        add("fcs", Pcap::new(order, Pcap::MICROSECONDS, 0x2400_0001).record(1, 2, 11, frames[0]).build());
        for version in [(2, 2), (2, 3), (543, 0)] {
            let file = Pcap::with_version(order, Pcap::MICROSECONDS, version, 1);
            add(
                &format!("version {}.{}", version.0, version.1),
                file.words(&[1, 2, 20, 11]).bytes(frames[0]).build(),
            );
        }
        // Kuznetzov's records have an interface, a protocol and a packet type more.
        let file = Pcap::new(order, 0xa1b2_cd34, 1);
        add("modified", file.words(&[1, 2, 11, 60, 3, 0]).bytes(frames[0]).build());
        add("torn", Pcap::new(order, Pcap::MICROSECONDS, 1).words(&[1, 2, 11, 11]).bytes(b"torn").build());
        add("lying length", Pcap::new(order, Pcap::MICROSECONDS, 1).words(&[1, 2, u32::MAX, 11]).build());

        let file = Pcapng::new(order);
        let options = [
            file.option(2, b"eth0"),
            file.option(9, &[9]),
            file.option(13, &[0]),
            file.option(14, &[0; 8]),
            file.option(0, &[]),
        ]
        .concat();
        let packet_options =
            [file.option(2, &[1, 0, 0, 0]), file.option(1, b"comment"), file.option(0, &[])].concat();
        let file = file
            .interface(1, 0, &options)
            .interface(101, 96, &[])
            .packet(0, 1_700_000_000_000_000_001, 60, frames[0], &packet_options)
            .packet(1, 1_700_000_000_000_001, 0, frames[1], &[])
            .simple_packet(27, frames[2])
            // The obsolete packet block, name resolutions, keys, statistics, a maker's own, and a block that nobody knows.
            .block(2, &[0; 20])
            .block(4, &[0; 4])
            .block(10, &[0; 8])
            .block(0xbad, &[0; 8])
            .block(5, &[0; 12])
            .block(0x8000_0001, b"anything");
        add("pcapng", file.clone().build());
        let other = if order == Order::Little { Order::Big } else { Order::Little };
        let file = file.section(other).interface(113, 0, &[]).packet(0, 7, 11, frames[0], &[]);
        add("pcapng sections", file.build());
    }
    // As the usual programs compress them: what follows the magic number takes a fuzzer long to find.
    macro_rules! compressed {
        ($($name:literal),*) => {
            [$(($name, include_bytes!(concat!("../../pycap-capture/tests/savefile/compressed/", $name)).as_slice())),*]
        };
    }
    let compressed = compressed!(
        "short.gz",
        "members-and-padding.gz",
        "short.zst",
        "frames-and-skipped.zst",
        "short.lz4",
        "frames-and-skipped.lz4",
        "short.xz",
        "streams-and-delta.xz"
    );
    files.extend(compressed.map(|(name, file)| (name.to_owned(), file.to_vec())));
    files
}

fn file_name(name: &str) -> String {
    let mut file_name: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    while file_name.contains("--") {
        file_name = file_name.replace("--", "-");
    }
    file_name.trim_matches('-').to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::invariant;

    #[test]
    fn link_types_survive() {
        for sample in samples() {
            let input = join_link_type(sample.link_type, &sample.bytes);
            assert_eq!(split_link_type(&input), Some((sample.link_type, &sample.bytes[..])));
        }
    }

    #[test]
    fn seeds_have_names_of_their_own_and_are_small() {
        let seeds = seeds();
        let names: HashSet<_> = seeds.iter().map(|seed| (seed.target, &seed.name)).collect();
        assert_eq!(names.len(), seeds.len());
        assert!(seeds.iter().all(|seed| seed.bytes.len() < 1024));
    }

    #[test]
    fn savefiles_are_read_the_same_in_pieces() {
        for (_, file) in savefiles() {
            for end in 0..=file.len() {
                invariant::read(&file[..end], &[1, 7, 255]);
            }
        }
    }
}
