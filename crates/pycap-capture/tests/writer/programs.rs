//! What other programs read of it.

use std::fs;
use std::path::Path;
use std::process::Command;

use pycap_capture::{
    ByteOrder, Format, Frame, Interface, LinkType, SavefileWriter, Stats, Timestamp, VlanTag, WriterBuilder,
};

use crate::frames::{ETHERNET, Temporary, frame, knowing, path, pcapng};

/// Whether a program is there. In CI it has to be.
pub(crate) fn tool(name: &str) -> bool {
    let found = std::env::var_os("PATH")
        .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(name).is_file()));
    assert!(found || std::env::var_os("CI").is_none(), "{name} is not installed");
    if !found {
        eprintln!("skipped: {name} is not installed");
    }
    found
}

/// What a program prints about a file, if it is content.
fn output(program: &str, args: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(args).arg(file).output().unwrap();
    assert!(output.status.success(), "{program}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// tshark's fields of each frame, separated by blanks.
fn fields(file: &Path, names: &[&str]) -> Vec<String> {
    let mut args = vec!["-n", "-T", "fields", "-E", "separator= "];
    names.iter().for_each(|name| args.extend(["-e", name]));
    args.push("-r");
    output("tshark", &args, file).lines().map(str::to_owned).collect()
}

fn create<'a>(name: &str, builder: WriterBuilder, frames: impl IntoIterator<Item = Frame<'a>>) -> Temporary {
    let file = Temporary(path(name));
    let mut out = builder.create(&file.0).unwrap();
    frames.into_iter().for_each(|frame| out.write(frame).unwrap());
    out.finish().unwrap();
    file
}

#[test]
fn tcpdump_copies_a_pcap_file_byte_by_byte() {
    if !tool("tcpdump") {
        return;
    }
    let frames = || {
        (0..200_u32).map(|i| {
            let len = (i * 7 % 90) as usize;
            let time = Timestamp::new(1_700_000_000 + i64::from(i), i * 4_999_999);
            Frame::new(&[0x55; 90][..len], LinkType::ETHERNET).with_timestamp(time).with_original_len(90)
        })
    };
    for (format, precision) in [(Format::Pcap, "micro"), (Format::PcapNanosecond, "nano")] {
        let builder = SavefileWriter::builder().format(format).snaplen(1000);
        let ours = create(&format!("ours-{precision}"), builder, frames());
        let theirs = Temporary(path(&format!("theirs-{precision}")));
        let precision = format!("--time-stamp-precision={precision}");
        output("tcpdump", &[&precision, "-w", theirs.0.to_str().unwrap(), "-r"], &ours.0);
        assert_eq!(fs::read(&ours.0).unwrap(), fs::read(&theirs.0).unwrap());
    }
}

#[test]
fn tshark_reads_pcap() {
    if !tool("tshark") {
        return;
    }
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let builder = || SavefileWriter::builder().byte_order(order);
        let frames = [frame(ETHERNET), knowing(), Frame::new(ETHERNET, LinkType::ETHERNET)];
        let names = ["frame.time_epoch", "frame.len", "frame.cap_len", "vlan.id"];
        let file = create(&format!("tshark-{order}.pcap"), builder(), frames);
        let micros = ["1700000000.123456000 19 19 ", "1700000000.123456000 1504 23 5", "0.000000000 19 19 "];
        assert_eq!(fields(&file.0, &names), micros);
        let builder = builder().format(Format::PcapNanosecond);
        let late =
            Frame::new(ETHERNET, LinkType::ETHERNET).with_timestamp(Timestamp::new(u32::MAX.into(), 1));
        let file = create(&format!("tshark-nanos-{order}.pcap"), builder, [frame(ETHERNET), late]);
        assert_eq!(fields(&file.0, &names), ["1700000000.123456789 19 19 ", "4294967295.000000001 19 19 "]);
    }
}

#[test]
fn tshark_reads_pcapng() {
    if !tool("tshark") {
        return;
    }
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let file = Temporary(path(&format!("tshark-{order}.pcapng")));
        let mut out = pcapng().byte_order(order).create(&file.0).unwrap();
        out.add_interface(Interface::new(LinkType::ETHERNET).with_name("eth0").with_description("uplink"))
            .unwrap();
        out.add_interface(Interface::new(LinkType::LINUX_SLL).with_name("any")).unwrap();
        let tag = VlanTag { tpid: 0x8100, tci: 7 };
        let sll = b"\0\0\0\x01\0\x06\x02\0\0\0\0\x01\0\0\x88\xb5hello";
        out.write(frame(ETHERNET).with_flags(0)).unwrap();
        out.write(knowing()).unwrap();
        out.write(Frame::new(sll, LinkType::LINUX_SLL).with_interface(1).with_vlan_tag(tag)).unwrap();
        out.write(Frame::new(ETHERNET, LinkType::ETHERNET)).unwrap();
        // Before 1970, and past what signed nanoseconds hold. tshark 4.0 prints the parts of a second before
        // 1970 as if they counted back.
        out.write(frame(ETHERNET).with_timestamp(Timestamp::new(-2, 0))).unwrap();
        out.write(frame(ETHERNET).with_timestamp(Timestamp::new(1 << 34, 5))).unwrap();
        out.finish().unwrap();
        let names = [
            "frame.time_epoch",
            "frame.len",
            "frame.cap_len",
            "frame.interface_name",
            "frame.packet_flags",
            "vlan.id",
        ];
        assert_eq!(
            fields(&file.0, &names),
            [
                "1700000000.123456789 19 19 eth0  ",
                "1700000000.123456789 1504 23 eth0 0x01000a8d 5",
                "0.000000000 25 25 any  7",
                " 19 19 eth0  ",
                "-2.000000000 19 19 eth0  ",
                "17179869184.000000005 19 19 eth0  ",
            ]
        );
        // All of its frames, and nothing about damage or options that it cannot read.
        let read = Command::new("tshark").args(["-n", "-r"]).arg(&file.0).output().unwrap();
        let complaints = String::from_utf8_lossy(&read.stderr).to_lowercase();
        assert!(!complaints.contains("damaged") && !complaints.contains("cut short"), "{complaints}");
        assert_eq!(fields(&file.0, &["frame.comment"]), [""; 6]);
    }
}

#[test]
fn tshark_and_capinfos_read_what_is_said_of_interfaces() {
    if !tool("tshark") || !tool("capinfos") {
        return;
    }
    let file = Temporary(path("interfaces.pcapng"));
    let mut out = pcapng().application("pycap test").os("Linux").hardware("cpu").create(&file.0).unwrap();
    let interface = Interface::new(LinkType::ETHERNET)
        .with_snaplen(262_144)
        .with_name("eth0")
        .with_description("uplink")
        .with_filter("udp port 53")
        .with_os("Linux 6")
        .with_hardware("nic");
    out.add_interface(interface).unwrap();
    out.write(frame(ETHERNET)).unwrap();
    let mut stats = Stats::default();
    (stats.received, stats.dropped, stats.interface_dropped) = (Some(1), Some(20), Some(300));
    out.interface_stats(0, &stats).unwrap();
    out.finish().unwrap();
    let report = output("capinfos", &["-M"], &file.0);
    for line in [
        "Number of interfaces in file: 1",
        "Name = eth0",
        "Description = uplink",
        "Capture length = 262144",
        "Time precision = nanoseconds (9)",
        "Filter string = udp port 53",
        "Operating system = Linux 6",
        "Number of stat entries = 1",
        "Number of packets = 1",
        "Capture application: pycap test",
        "Capture oper-sys:    Linux",
        "Capture hardware:    cpu",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&report).contains(&squeezed(line)), "{line}\n{report}");
    }
    // The file's own structure, dissected.
    let args = ["-n", "-X", "read_format:MIME Files Format", "-V", "-r"];
    let blocks = output("tshark", &args, &file.0);
    for line in [
        "Number of Dropped Packets = 300",
        "Number of Accepted Packets = 21",
        "Number of Packets Dropped by OS = 20",
        "Number of Packets Delivered to the User = 1",
    ] {
        assert!(blocks.contains(line), "{line}\n{blocks}");
    }
    assert!(!blocks.contains("Malformed"));
}
