//! The JSON form, as the README documents it.

mod rig;

use rig::{SAMPLE, conversation, file, hex, options_twice, pcap_of, pycap};
use serde_json::{Value, json};

fn objects(args: &[&str]) -> Vec<Value> {
    let output = pycap(args);
    assert_eq!((output.status, output.err.as_str()), (0, ""));
    output.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn a_datagram_to_the_letter() {
    let path = file("json.pcap", &conversation());
    let objects = objects(&["--json", "-r", path.to_str().unwrap()]);
    assert_eq!(objects.len(), 11);
    assert_eq!(
        objects[7],
        json!({
            "schema": 1,
            "number": 8,
            "timestamp": "1385947998.000007000",
            "interface": 0,
            "link_type": "EN10MB",
            "captured_len": 46,
            "original_len": 46,
            "layers": [
                {"layer": "eth", "offset": 0, "len": 14, "fields": {
                    "dst": "00:50:ba:8f:c4:5f", "src": "00:03:93:44:a9:92", "type": 0x800
                }},
                {"layer": "ip", "offset": 14, "len": 20, "fields": {
                    "version": 4, "hdr_len": 20, "tos": 0, "len": 32, "id": 1, "flags": 0, "rb": 0, "df": 0, "mf": 0,
                    "frag_off": 0, "ttl": 64, "proto": 17, "checksum": 0, "src": "10.0.0.1", "dst": "10.0.0.2"
                }},
                {"layer": "udp", "offset": 34, "len": 8, "fields": {
                    "sport": 4000, "dport": 9, "len": 12, "checksum": 0
                }}
            ],
            "payload": {"offset": 42, "len": 4},
            "stop": {"reason": "end"}
        })
    );
}

/// A program that reads the lines is to take further keys; here each has to be stated.
fn close(schema: &mut Value) {
    let children: Vec<&mut Value> = match schema {
        Value::Object(object) => {
            if object.get("properties").is_some_and(Value::is_object) {
                object.entry("additionalProperties").or_insert(Value::Bool(false));
            }
            object.values_mut().collect()
        }
        Value::Array(array) => array.iter_mut().collect(),
        _ => Vec::new(),
    };
    children.into_iter().for_each(close);
}

/// Looks at every line by the JSON Schema that is checked in; how many there were.
fn check_all(output: &str, what: &str) -> usize {
    static SCHEMA: std::sync::LazyLock<jsonschema::Validator> = std::sync::LazyLock::new(|| {
        let mut schema = serde_json::from_str(include_str!("../schema/packet.schema.json")).unwrap();
        jsonschema::meta::validate(&schema).expect("it is a JSON Schema");
        close(&mut schema);
        jsonschema::draft202012::new(&schema).unwrap()
    });
    for line in output.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        if let Err(error) = SCHEMA.validate(&object) {
            panic!("{what}: at {}: {error}: {line}", error.instance_path());
        }
    }
    output.lines().count()
}

/// Each line of all forms of files and options, and of captures of the corpus, which have much that is odd.
#[test]
fn every_line_is_as_the_schema_says() {
    let cut = file("json-schema-cut.pcap", &conversation());
    let twice = file("json-schema-twice.pcap", &options_twice());
    let (cut, twice) = (cut.to_str().unwrap(), twice.to_str().unwrap());
    let named = named_interfaces("json-schema-names.pcapng");
    let named = named.to_str().unwrap();
    let mut lines = 0;
    for args in [
        &["-r", SAMPLE][..],
        &["-x", "-r", SAMPLE],
        &["-r", cut],
        &["-s", "30", "-r", SAMPLE],
        &["-r", twice, "-r", named, "-r", cut],
        &["-r", named, "icmp or udp"],
    ] {
        let output = pycap(&[&["--json"], args].concat());
        assert_eq!((output.status, output.err.as_str()), (0, ""), "{args:?}");
        lines += check_all(&output.out, &format!("{args:?}"));
    }
    assert!(lines > 150, "{lines}");
    for path in rig::corpus(150) {
        // A damaged file is one up to the damage.
        check_all(
            &pycap(&["--json", "-c", "300", "-r", path.to_str().unwrap()]).out,
            &path.display().to_string(),
        );
    }
    let object = objects(&["--json", "-r", SAMPLE]).swap_remove(0);
    let wrong: [fn(&mut Value); 5] = [
        |object| object["schema"] = json!(2),
        |object| object["number"] = json!(0),
        |object| object["timestamp"] = json!(1.5),
        |object| object["other"] = json!(1),
        |object| object["stop"] = json!({"reason": "end", "message": ""}),
    ];
    for wrong in wrong {
        let mut object = object.clone();
        wrong(&mut object);
        assert!(std::panic::catch_unwind(|| check_all(&object.to_string(), "")).is_err(), "{object}");
    }
}

/// A pcapng file whose interfaces have names, one with quotes and what ends lines, and each a UDP datagram of the conversation.
fn named_interfaces(name: &str) -> std::path::PathBuf {
    use pycap_capture::{Format, Frame, Interface, LinkType, SavefileWriter, Timestamp};
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    let bytes = hex("4500 0020 0001 0000 4011 0000 0a000001 0a000002 0fa00009 000c0000 6162630d");
    for name in [Some("eth0"), None, Some("e\"\\\n\u{1b}[0m\u{85}")] {
        let interface = Interface::new(LinkType::RAW);
        let interface = name.map_or(interface.clone(), |name| interface.with_name(name));
        let index = out.add_interface(interface).unwrap();
        let frame = Frame::new(&bytes, LinkType::RAW).with_interface(index);
        out.write(frame.with_timestamp(Timestamp::new(i64::from(index), 0))).unwrap();
    }
    file(name, &out.finish().unwrap())
}

#[test]
fn interfaces_have_their_names() {
    let path = named_interfaces("json-names.pcapng");
    let names: Vec<_> = objects(&["--json", "-r", path.to_str().unwrap()])
        .into_iter()
        .map(|packet| (packet["interface"].clone(), packet["interface_name"].clone()))
        .collect();
    let expected = [json!("eth0"), Value::Null, json!("e\"\\\n\u{1b}[0m\u{85}")];
    assert_eq!(names, (0..3).map(|index| json!(index)).zip(expected).collect::<Vec<_>>());
}

/// The number of a packet is that in its file, as tcpdump and Wireshark have it, whatever is left out.
#[test]
fn numbers_are_those_of_the_file() {
    let every = objects(&["--json", "-r", SAMPLE]);
    let all: Vec<_> = every.iter().map(|packet| packet["timestamp"].clone()).collect();
    let index = file("json-numbers.pcap", &std::fs::read(SAMPLE).unwrap());
    let index = index.to_str().unwrap();
    assert_eq!(pycap(&["index", index]).status, 0);
    for args in [
        &["-r", SAMPLE, "arp"][..],
        &["-r", SAMPLE, "--skip", "7"],
        &["-r", SAMPLE, "--skip", "2", "-c", "3", "udp", "or", "arp"],
        &["-r", SAMPLE, "--from", "1795393298", "--to", "1795393298.5"],
        &["-r", index, "--from", "1795393298", "--to", "1795393298.5"],
        &["-r", index, "--from", "1795393298", "tcp"],
        &["-r", index, "--from", "1795393298", "-w", "/dev/null", "--print", "tcp"],
    ] {
        let json = pycap(&[&["--json"], args].concat());
        assert_eq!(json.status, 0, "{args:?}: {}", json.err);
        let mut numbers = Vec::new();
        for line in json.out.lines() {
            let packet: Value = serde_json::from_str(line).unwrap();
            let number = packet["number"].as_u64().unwrap();
            assert_eq!(packet["timestamp"], all[number as usize - 1], "{args:?}");
            numbers.push(number);
        }
        assert!(!numbers.is_empty() && numbers != (1..=numbers.len() as u64).collect::<Vec<_>>(), "{args:?}");
        let lines = pycap(&[&["-#"], args].concat());
        let shown: Vec<u64> =
            lines.out.lines().map(|line| line.split_whitespace().next().unwrap().parse().unwrap()).collect();
        assert_eq!(shown, numbers, "{args:?}");
    }
}

/// Of several files, each packet has its file, its number in it, and its interface there; also where all are written as one.
#[test]
fn several_files_are_told_apart() {
    let named = named_interfaces("json-several.pcapng");
    let named = named.to_str().unwrap();
    let cut = file("json-several.pcap", &conversation());
    let cut = cut.to_str().unwrap();
    let files = ["-r", cut, "-r", named, "-r", cut];
    let expected: Vec<_> = (1..=11)
        .map(|number| (json!(cut), number, 0))
        .chain((1..=3).map(|number| (json!(named), number, number - 1)))
        .chain((1..=11).map(|number| (json!(cut), number, 0)))
        .collect();
    for more in [&[][..], &["-w", "/dev/null", "--pcapng", "--print"]] {
        let packets = objects(&[&["--json"], &files[..], more].concat());
        let got: Vec<_> = packets
            .iter()
            .map(|packet| {
                let number = |key: &str| packet[key].as_u64().unwrap();
                (packet["file"].clone(), number("number"), number("interface"))
            })
            .collect();
        assert_eq!(got, expected, "{more:?}");
    }
    assert!(objects(&["--json", "-r", cut]).iter().all(|packet| packet.get("file").is_none()));
}

#[test]
fn what_is_cut_says_so() {
    let path = file("json-cut.pcap", &conversation());
    let objects = objects(&["--json", "-r", path.to_str().unwrap()]);
    let stop = &objects[10]["stop"];
    assert_eq!((&stop["reason"], &stop["layer"]), (&json!("truncated"), &json!("udp")));
    assert_eq!((&stop["needed"], &stop["found"]), (&json!(8), &json!(2)));
    assert_eq!(objects[10]["layers"][1]["missing"], 10);
}

#[test]
fn options_are_lists() {
    let syn = objects(&["--json", "-r", SAMPLE])
        .into_iter()
        .find(|packet| packet["layers"][2]["fields"]["flags"] == 2)
        .unwrap();
    let tcp = &syn["layers"][2]["fields"];
    assert_eq!(tcp["opt_kinds"], json!([2, 4, 8, 1, 3]));
    assert_eq!(tcp["opt_lens"], json!([4, 2, 10, 3]));
    assert_eq!((&tcp["mss"], &tcp["wscale"]), (&json!(1460), &json!(10)));
}

#[test]
fn quoted_layers_are_marked() {
    let packets = objects(&["--json", "-r", SAMPLE]);
    let refused = packets
        .iter()
        .find(|packet| packet["layers"][2]["layer"] == "icmp" && packet["layers"][2]["fields"]["type"] == 3)
        .unwrap();
    let layers = refused["layers"].as_array().unwrap();
    let names: Vec<_> =
        layers.iter().map(|layer| (layer["layer"].as_str().unwrap(), layer["quoted"] == true)).collect();
    assert_eq!(names, [("eth", false), ("ip", false), ("icmp", false), ("ip", true), ("udp", true)]);
    assert_eq!(layers[4]["fields"]["dport"], 9);
}

#[test]
fn bytes_come_on_request() {
    let data = hex("4500 0014 0000 0000 40ff 0000 0a000001 0a000002");
    let path = file("json-bytes.pcap", &pcap_of(0xa1b2_c3d4, 101, &[(0, 0, &data, None)]));
    let objects = objects(&["--json", "-x", "-r", path.to_str().unwrap()]);
    assert_eq!(objects[0]["bytes"], "450000140000000040ff00000a0000010a000002");
    assert_eq!((&objects[0]["link_type"], &objects[0]["timestamp"]), (&json!("RAW"), &json!("0.000000000")));
}

/// A simple packet block has no time: pcapng, draft-ietf-opsawg-pcapng, 4.4.
#[test]
fn no_time_is_null() {
    let mut capture = hex("0a0d0d0a 1c000000 4d3c2b1a 01000000 ffffffffffffffff 1c000000");
    capture.extend(hex("01000000 14000000 6500 0000 00000000 14000000"));
    capture.extend(hex("03000000 14000000 01000000 45000000 14000000"));
    let path = file("json-spb.pcapng", &capture);
    let path = path.to_str().unwrap();
    let packet = &objects(&["--json", "-r", path])[0];
    assert_eq!((&packet["timestamp"], &packet["captured_len"]), (&Value::Null, &json!(1)));
    assert_eq!(pycap(&["-r", path]).out, "--:--:--.------ IP  [|ip]\n");
    assert_eq!(pycap(&["--layers", "-r", path]).out, "(b'E', None)\n");
}

/// TCP, RFC 9293, 3.2: an option comes once, which nobody enforces.
#[test]
fn an_option_that_comes_twice_is_not_lost() {
    let path = file("json-twice.pcap", &options_twice());
    let path = path.to_str().unwrap();
    let tcp = &objects(&["--json", "-r", path])[0]["layers"][1];
    assert_eq!((&tcp["fields"]["mss"], &tcp["fields"]["wscale"]), (&json!(1460), &json!(7)));
    assert_eq!(tcp["again"], json!({"mss": [1200, 1000], "wscale": [4]}));
    assert_eq!(tcp["fields"]["opt_kinds"], json!([2, 2, 2, 3, 3, 1, 1]));
    let verbose = pycap(&["-v", "-r", path]).out;
    assert!(verbose.ends_with(" mss=1460 wscale=7 payload_len=0 mss=1200 mss=1000 wscale=4\n"), "{verbose}");
    let output = pycap(&["--json", "-r", path]);
    assert_eq!(output.out.matches("\"mss\"").count(), 2, "each name once an object: {}", output.out);
}
