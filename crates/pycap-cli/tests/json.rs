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
