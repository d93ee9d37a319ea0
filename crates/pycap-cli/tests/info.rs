//! `pycap info`, beside Wireshark's capinfos.

mod rig;

use std::collections::BTreeMap;

use pycap_capture::pcapng::{OptionList, OwnedBlock, SecretsType};
use pycap_capture::{Format, Frame, Interface, LinkType, SavefileWriter, Stats, Timestamp};
use rig::{SAMPLE, corpus, file, installed, pycap, pycap_fed};
use serde_json::Value;

fn json(args: &[&str]) -> Vec<Value> {
    let output = pycap(&[&["info", "--json"], args].concat());
    output.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Ten packets of two link types, the last one early, and all that a file can say of itself.
fn rich() -> Vec<u8> {
    let builder = SavefileWriter::builder().format(Format::Pcapng);
    let builder = builder.hardware("a machine").os("an \x1b[31msystem").comment("first\nsecond");
    let mut out = builder.to_writer(Vec::new()).unwrap();
    let eth0 = Interface::new(LinkType::ETHERNET).with_name("eth0").with_description("uplink");
    out.add_interface(eth0.with_filter("ip").with_os("Linux").with_hardware("a card").with_snaplen(60))
        .unwrap();
    out.add_interface(Interface::new(LinkType::RAW).with_name("tun0")).unwrap();
    for number in 0..10_u32 {
        let (interface, link_type) = if number < 7 { (0, LinkType::ETHERNET) } else { (1, LinkType::RAW) };
        let secs = if number == 9 { 100 } else { 101 + i64::from(number) };
        let frame = Frame::new(&[0x45; 60], link_type)
            .with_interface(interface)
            .with_original_len(100)
            .with_timestamp(Timestamp::new(secs, 5));
        let mut options = OptionList::new();
        if number % 5 == 0 {
            options = options.comment("look").drop_count(3);
        }
        out.write_with(frame, options.options()).unwrap();
    }
    for block in [
        OwnedBlock::names().name(std::net::Ipv4Addr::LOCALHOST, &["here", "home"]).build(),
        OwnedBlock::secrets(SecretsType::TLS_KEY_LOG, b"key").build(),
        OwnedBlock::custom(32473, b"ours", true).build(),
        OwnedBlock::journal(b"MESSAGE=hello\n").build(),
    ] {
        out.write_block(block.unwrap().as_block()).unwrap();
    }
    let mut stats = Stats::default();
    (stats.received, stats.dropped) = (Some(7), Some(2));
    out.interface_stats(0, &stats).unwrap();
    out.finish().unwrap()
}

#[test]
fn all_of_a_pcapng_file_is_told() {
    let path = file("info-rich.pcapng", &rich());
    let path = path.to_str().unwrap();
    let output = pycap(&["info", path]);
    assert_eq!((output.status, output.err.as_str()), (0, ""));
    for line in [
        "File type:           pcapng 1.0, little-endian\n",
        "File encapsulation:  per-packet\nEncapsulation in use by packets (# of pkts):\n                     EN10MB (1) (7)\n                     RAW (101) (3)\n",
        "Time precision:      nanoseconds (9)\n",
        "Packet size limit:   60 bytes, none\n",
        "Number of packets:   10\n",
        "Data size:           1000 bytes\nCaptured size:       600 bytes; 10 packets cut short\n",
        "Capture duration:    9.000000000 seconds\nFirst packet time:   1970-01-01 00:01:40.000000005\n",
        "Average packet rate: 1.11 packets/sec\nStrict time order:   False\n",
        "Capture hardware:    a machine\nCapture oper-sys:    an \\u{1b}[31msystem\n",
        "Capture comment:     first\\nsecond\n",
        "Comments:            3\nName records:        1\nDecryption secrets:  1\nCustom blocks:       1\nOther blocks:        1\n",
        "Drop counts:         6 lost, as 2 packets say\n",
        "                     Description = uplink\n",
        "                     Filter string = ip\n                     Operating system = Linux\n                     Hardware = a card\n",
        "                     Dropped by system = 2\n                     Delivered = 7\n                     Number of packets = 7\n",
    ] {
        assert!(output.out.contains(line), "{line}in\n{}", output.out);
    }
    let object = &json(&[path])[0];
    assert_eq!(object["interfaces"][0]["statistics"]["delivered"], 7);
    assert_eq!(object["interfaces"][1]["packets"], 3);
    assert_eq!((&object["earliest"], &object["in_order"]), (&"100.000000005".into(), &false.into()));
    assert_eq!(object["sections"][0]["comments"][0], "first\nsecond");
    assert_eq!(object["damage"], Value::Null);
}

#[test]
fn damage_is_told_after_what_is_known() {
    let whole = std::fs::read(SAMPLE).unwrap();
    let torn = file("info-torn.pcap", &whole[..whole.len() - 1]);
    let torn = torn.to_str().unwrap();
    let output = pycap(&["info", torn, "missing.pcap", SAMPLE]);
    assert_eq!((output.status, output.err.lines().count()), (1, 2), "{}", output.err);
    assert!(output.err.starts_with(&format!("pycap: {torn}: record 53 at byte ")), "{}", output.err);
    assert!(output.err.contains("pycap: missing.pcap: cannot open"), "{}", output.err);
    assert!(
        output.out.contains("Number of packets:   52\n") && output.out.contains("\nDamage:              ")
    );
    // The file behind them is told of all the same.
    assert!(output.out.contains("Number of packets:   53\n"));
    assert!(json(&[torn])[0]["damage"].as_str().unwrap().contains("the file ends early"));
}

#[test]
fn standard_input_and_wrong_usage() {
    let output = pycap_fed(&["info", "-"], &std::fs::read(SAMPLE).unwrap());
    assert_eq!(output.status, 0, "{}", output.err);
    assert!(output.out.contains("File size:           9988 bytes\nData size:           9116 bytes\n"));
    let torn = pycap_fed(&["info", "-"], &std::fs::read(SAMPLE).unwrap()[..100]);
    assert!(torn.status == 1 && torn.err.starts_with("pycap: standard input: record 1 "), "{}", torn.err);
    let output = pycap(&["info"]);
    assert_eq!((output.status, output.out.as_str()), (2, ""));
    assert!(output.err.contains("<FILE>..."), "{}", output.err);
}

/// capinfos' table by its headings, for each file that it can read to its end.
fn capinfos(paths: &[&str]) -> Option<BTreeMap<String, BTreeMap<String, String>>> {
    let output = installed("capinfos", "UTC", &[&["-T", "-M", "-S", "-tEcsdluaeo"], paths].concat())?;
    let mut lines = output.out.lines().map(|line| line.split('\t').map(str::to_owned).collect::<Vec<_>>());
    let heads = lines.next().unwrap();
    Some(lines.map(|row| (row[0].clone(), heads.iter().cloned().zip(row).collect())).collect())
}

#[test]
fn capinfos_says_the_same() {
    let files = [&[SAMPLE.into()], &*corpus(60)].concat();
    let (mut compared, mut wrong) = (0, Vec::new());
    for chunk in files.chunks(20) {
        let paths: Vec<&str> = chunk.iter().map(|path| path.to_str().unwrap()).collect();
        let Some(theirs) = capinfos(&paths) else { return };
        for ours in json(&paths) {
            let path = ours["file"].as_str().unwrap();
            let Some(theirs) = theirs.get(path).filter(|_| ours["damage"].is_null()) else { continue };
            // A number as text, to the microsecond.
            let text = |key: &str| match &ours[key] {
                Value::Null => "n/a".to_owned(),
                Value::String(text) => text[..text.len() - 3].to_owned(),
                other => other.to_string(),
            };
            let said = |heading: &str| {
                let text = theirs[heading].as_str();
                text.find('.').and_then(|dot| text.get(..dot + 7)).unwrap_or(text).to_owned()
            };
            for (key, heading) in [
                ("packets", "Number of packets"),
                ("file_size", "File size (bytes)"),
                ("data_size", "Data size (bytes)"),
                ("duration", "Capture duration (seconds)"),
                ("earliest", "Start time"),
                ("latest", "End time"),
            ] {
                // It has no time for a file of which one packet has none, and makes a zero of those of one file of which tshark and
                // tcpdump read what we read.
                let has_times =
                    ours["packets_without_time"] == 0 && !path.ends_with("pim_header_asan-2.pcap");
                let is_time = matches!(key, "duration" | "earliest" | "latest");
                if (has_times || !is_time) && text(key) != said(heading) {
                    wrong.push(format!("{path}: {key} is {}, {} there", text(key), said(heading)));
                }
            }
            let order = if ours["in_order"] == true { "True" } else { "False" };
            if ours["packets_without_time"] == 0 && order != theirs["Strict time order"] {
                wrong.push(format!("{path}: in order {order}"));
            }
            let types = ours["link_types"].as_array().unwrap();
            let encapsulation = theirs["File encapsulation"].as_str();
            if types.len() > 1 {
                assert_eq!(encapsulation, "per-packet", "{path}");
            } else if let Some(one) = types.first() {
                for (number, name) in [(1, "ether"), (101, "rawip"), (113, "linux-sll"), (0, "null")] {
                    assert_eq!(one["number"] == number, encapsulation == name, "{path}: {encapsulation}");
                }
            }
            compared += 1;
        }
    }
    println!("{compared} of {} files compared", files.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(compared > files.len() / 2);
}
