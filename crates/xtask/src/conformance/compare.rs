//! One file's packets beside the recorded ones: the layers in order, each with every field that was recorded.

use pycap_capture::Savefile;
use serde_json::{Map, Value as Json};

use super::corpus::{CorpusFile, OracleRecord};
use super::explain::{self, Evidence};
use super::formats::{self, Read};
use super::report::Report;
use crate::dissection::{LayerRecord, Record};

/// Keys of a recorded layer that are no fields, or tshark's own bookkeeping.
const IGNORED: [&str; 6] = ["p", "size", "in", "pad", "trailer", "fcs"];

/// Something that is not as it was recorded.
#[derive(Debug, Clone)]
pub(super) struct Difference {
    /// The layer's name; `record` for the capture record itself.
    pub(super) layer: String,
    /// The layer's offset in the frame, as recorded.
    pub(super) offset: usize,
    pub(super) kind: Kind,
    pub(super) recorded: Json,
    pub(super) found: Json,
}

/// What kind of [`Difference`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A field has another value.
    Differs(String),
    /// A field is not there.
    Absent(String),
    /// The layer is not there; another one may be in its place.
    Missing,
    /// The layer is there and was not recorded.
    Extra,
}

/// Compares a file and adds what was found to the report.
pub(super) fn file(file: &CorpusFile, support: &[String], report: &mut Report) {
    let bytes = match std::fs::read(&file.path) {
        Ok(bytes) => bytes,
        Err(error) => return report.problem(&file.name, format!("cannot be read: {error}")),
    };
    let mut oracle = Vec::new();
    let mut oracle_error = None;
    for line in &file.oracle {
        match serde_json::from_str::<OracleRecord>(line) {
            Ok(OracleRecord { file_error: Some(error), .. }) => oracle_error = Some(error),
            Ok(record) => oracle.push(record),
            Err(error) => report.problem(&file.name, format!("a recorded line is not understood: {error}")),
        }
    }
    let mut read = Read::new(bytes.len());
    match Savefile::from_reader(&bytes[..]) {
        Ok(mut savefile) => {
            if savefile.compression().is_some() {
                read.compressed();
            }
            let mut n = 0;
            let mut interfaces = Vec::new();
            let end = loop {
                if interfaces.len() != savefile.interfaces().len() {
                    interfaces = savefile.interfaces().to_vec();
                }
                match savefile.next_frame() {
                    Ok(None) => break Ok(()),
                    Err(error) => break Err(error),
                    Ok(Some(frame)) => {
                        n += 1;
                        read.push(frame);
                        let Some(recorded) = oracle.get(n - 1) else {
                            report.not_compared(&oracle_error);
                            continue;
                        };
                        let record = Record::new(n as u64, frame);
                        let evidence =
                            Evidence { file: &bytes, number: n, frame, recorded, interfaces: &interfaces };
                        packet(&file.name, recorded, &record, support, &evidence, report);
                    }
                }
            };
            read.end(end);
        }
        Err(error) => read.end(Err(error)),
    }
    report.unread(oracle.len().saturating_sub(read.packets()));
    formats::check(file, &read, oracle.len(), oracle_error.as_deref(), report);
}

fn packet(
    name: &str,
    recorded: &OracleRecord,
    found: &Record,
    support: &[String],
    evidence: &Evidence<'_>,
    report: &mut Report,
) {
    let mut differences = Vec::new();
    record_fields(recorded, found, report, &mut differences);
    layers(recorded, found, support, report, &mut differences);
    quoted(recorded, found, support, report);
    let rules: Vec<_> = differences.iter().map(|difference| explain::rule(difference, evidence)).collect();
    report.packet(name, found.n, &differences, &rules);
}

fn record_fields(recorded: &OracleRecord, found: &Record, report: &mut Report, out: &mut Vec<Difference>) {
    report.found_layer("record");
    let mut field = |name: &str, recorded: Option<i128>, found: Option<i128>| {
        let Some(value) = recorded else { return };
        report.compared_field("record");
        if found != Some(value) {
            out.push(Difference {
                layer: "record".to_owned(),
                offset: 0,
                kind: Kind::Differs(name.to_owned()),
                recorded: value.to_string().into(),
                found: found.map_or(Json::Null, |n| n.to_string().into()),
            });
        }
    };
    field("ts", recorded.ts, found.ts);
    field("caplen", Some(recorded.caplen.into()), Some(found.caplen.into()));
    field("len", Some(recorded.len.into()), Some(found.len.into()));
}

fn layers(
    recorded: &OracleRecord,
    found: &Record,
    support: &[String],
    report: &mut Report,
    out: &mut Vec<Difference>,
) {
    let name_of =
        |layer: &Map<String, Json>| layer.get("p").and_then(Json::as_str).unwrap_or_default().to_owned();
    let recorded_names: Vec<String> = recorded.l.iter().map(name_of).collect();
    let known = recorded_names.iter().take_while(|name| *name == "data" || support.contains(name)).count();
    let expected: Vec<usize> = (0..known).filter(|&i| recorded_names[i] != "data").collect();
    let found_layers: Vec<&LayerRecord> = found.l.iter().filter(|layer| layer.name != "data").collect();
    let soft = recorded.err.iter().any(|e| e.starts_with("short") || e.starts_with("malformed:"));

    for (place, &index) in expected.iter().enumerate() {
        let (name, fields) = (&recorded_names[index], &recorded.l[index]);
        let offset = fields.get("off").and_then(Json::as_u64).unwrap_or(0) as usize;
        let last_soft = soft && place + 1 == expected.len();
        report.expected_layer(name);
        let layer = match found_layers.get(place) {
            Some(layer) if layer.name == name => layer,
            other => {
                if last_soft {
                    report.layer_left_out(name);
                } else {
                    let found = other.map_or(Json::Null, |layer| layer.name.into());
                    let recorded = Json::Null;
                    out.push(Difference {
                        layer: name.clone(),
                        offset,
                        kind: Kind::Missing,
                        recorded,
                        found,
                    });
                }
                return;
            }
        };
        report.found_layer(name);
        for (key, value) in fields {
            if IGNORED.contains(&key.as_str()) {
                continue;
            }
            let own = if key == "off" {
                Some(Json::from(layer.offset))
            } else {
                layer.fields.get(key.as_str()).cloned()
            };
            let (kind, found) = match own {
                None if last_soft => continue,
                None => (Kind::Absent(key.clone()), Json::Null),
                Some(own) => {
                    report.compared_field(name);
                    if own == *value {
                        continue;
                    }
                    (Kind::Differs(key.clone()), own)
                }
            };
            out.push(Difference { layer: name.clone(), offset, kind, recorded: value.clone(), found });
        }
    }
    let whole = expected.len() == recorded_names.iter().filter(|name| *name != "data").count();
    if let Some(extra) = found_layers.get(expected.len()).filter(|_| whole && !soft) {
        out.push(Difference {
            layer: extra.name.to_owned(),
            offset: extra.offset,
            kind: Kind::Extra,
            recorded: Json::Null,
            found: extra.name.into(),
        });
    }
}

/// The layers inside ICMP errors are counted, not judged.
fn quoted(recorded: &OracleRecord, found: &Record, support: &[String], report: &mut Report) {
    let supported = |layer: &Map<String, Json>| {
        layer
            .get("p")
            .and_then(Json::as_str)
            .is_some_and(|name| name == "data" || support.iter().any(|s| s == name))
    };
    if !recorded.l.iter().all(supported) {
        return;
    }
    let own: Vec<&LayerRecord> = found.quoted.iter().filter(|layer| layer.name != "data").collect();
    let layers = recorded.quoted.iter().filter(|layer| layer.get("p").is_some_and(|p| p != "data"));
    for (place, layer) in layers.take_while(|layer| supported(layer)).enumerate() {
        let matching = own.get(place).filter(|own| layer.get("p").is_some_and(|p| p == own.name));
        let Some(own) = matching else {
            report.quoted(false, 0, 0);
            return;
        };
        let fields = || layer.iter().filter(|(key, _)| !IGNORED.contains(&key.as_str()));
        let differing = fields().filter(|(key, value)| {
            if *key == "off" { **value != own.offset } else { own.fields.get(key.as_str()) != Some(value) }
        });
        report.quoted(true, fields().count(), differing.count());
    }
}

#[cfg(test)]
mod tests {
    use pycap_capture::{Frame, LinkType};

    use super::*;

    /// Ethernet and IPv4 with nothing in it.
    const FRAME: [u8; 34] = [
        2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 8, 0, 0x45, 0, 0, 20, 0, 1, 0, 0, 64, 253, 0, 0, 10, 0, 0, 1, 10,
        0, 0, 2,
    ];
    const ETHERNET: &str = r#"{"p":"eth","off":0,"size":14,"dst":"02:00:00:00:00:02","type":2048}"#;
    const IP: &str = r#"{"p":"ip","off":14,"ttl":64,"src":"10.0.0.1","proto":253}"#;

    /// The differences of the frame from these layers, as text.
    fn differences(recorded: &[&str], err: &str) -> Vec<String> {
        let line =
            format!(r#"{{"ts":null,"caplen":34,"len":34,"l":[{}],"err":[{err}]}}"#, recorded.join(","));
        let recorded: OracleRecord = serde_json::from_str(&line).unwrap();
        let found = Record::new(1, Frame::new(&FRAME, LinkType::ETHERNET));
        let support = ["eth", "ip", "udp"].map(str::to_owned);
        let mut out = Vec::new();
        record_fields(&recorded, &found, &mut Report::new(0), &mut out);
        layers(&recorded, &found, &support, &mut Report::new(0), &mut out);
        out.iter().map(|difference| format!("{} {:?}", difference.layer, difference.kind)).collect()
    }

    /// The names of the rules for the differences of a frame from these layers; `-` where there is none.
    fn reasons(link_type: LinkType, bytes: &[u8], recorded: &[&str], err: &str) -> Vec<&'static str> {
        let line = format!(r#"{{"l":[{}],"err":[{err}]}}"#, recorded.join(","));
        let recorded: OracleRecord = serde_json::from_str(&line).unwrap();
        let frame = Frame::new(bytes, link_type);
        let support =
            ["vlan", "ip", "ipv6", "ipv6_hopopts", "ipv6_frag", "llc", "sll", "udp"].map(str::to_owned);
        let mut out = Vec::new();
        layers(&recorded, &Record::new(1, frame), &support, &mut Report::new(0), &mut out);
        let evidence = Evidence { file: &[], number: 1, frame, recorded: &recorded, interfaces: &[] };
        let name = |difference| explain::rule(difference, &evidence).map_or("-", |rule| rule.name);
        out.iter().map(name).collect()
    }

    #[test]
    fn options_differ_for_a_reason_in_the_bytes() {
        let reasons = |options: [u8; 6], types: &str, err: &str| {
            let fixed = [0x60, 0, 0, 0, 0, 8, 0, 64];
            let bytes = [&fixed[..], &[0; 32], &[59, 0], &options].concat();
            let header = format!(r#"{{"p":"ipv6_hopopts","off":40,"opt_types":[{types}]}}"#);
            reasons(LinkType::RAW, &bytes, &[r#"{"p":"ipv6","off":0}"#, &header], err)
        };
        let another_length = "option of another length than its kind has";
        assert_eq!(reasons([5, 0, 1, 2, 0, 0], "5,0,0", ""), [another_length]);
        assert_eq!(reasons([5, 2, 1, 2, 0, 0], "5,0", ""), ["-"]);
        assert_eq!(reasons([30, 3, 0, 0, 0, 9], "30,9", ""), ["option that is only a kind"]);
        assert_eq!(reasons([30, 4, 0, 0, 0, 0], "30,9", ""), ["-"]);
        assert_eq!(reasons([30, 2, 0, 0, 0, 0], "30", r#""malformed:X""#), ["broken off in a list"]);
        assert_eq!(reasons([30, 2, 0, 0, 0, 0], "31", r#""malformed:X""#), ["-"]);
    }

    #[test]
    fn layers_differ_for_a_reason_in_the_bytes() {
        let sll = |device: u8, protocol: [u8; 2], rest: &[u8]| {
            [&[0, 0, 3, device, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &protocol, rest].concat()
        };
        let header = r#"{"p":"sll","off":0}"#;
        let cooked = "cooked netlink or GRE frame";
        assert_eq!(reasons(LinkType::LINUX_SLL, &sll(56, [0, 0], &[1]), &[], ""), [cooked]);
        let ip = [0x45, 0, 0, 20, 0, 0, 0, 0, 64, 59, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        assert_eq!(reasons(LinkType::LINUX_SLL, &sll(10, [8, 0], &ip), &[header], ""), [cooked]);
        assert_eq!(reasons(LinkType::LINUX_SLL, &sll(1, [8, 0], &ip), &[header], ""), ["-"]);

        let tagged = sll(1, [0x88, 0xa8], &[0, 1, 0, 4, 0x42, 0x42, 3, 0]);
        let tag = r#"{"p":"vlan","off":16}"#;
        assert_eq!(reasons(LinkType::LINUX_SLL, &tagged, &[header, tag], ""), ["length in a service tag"]);

        let mut fragment = [&ip[..], &[17, 0, 0, 8, 0, 0, 0, 1, 0, 1, 0, 2, 0, 8, 0, 0]].concat();
        (fragment[3], fragment[9]) = (36, 44);
        let recorded = [r#"{"p":"ip","off":0}"#, r#"{"p":"ipv6_frag","off":20}"#, r#"{"p":"udp","off":28}"#];
        assert_eq!(reasons(LinkType::RAW, &fragment, &recorded, ""), ["later fragment that is no fragment"]);
        assert_eq!(reasons(LinkType::RAW, &ip[..10], &recorded[..1], ""), ["header shown in part"]);
    }

    #[test]
    fn what_was_recorded_is_there() {
        assert_eq!(differences(&[ETHERNET, IP], ""), Vec::<String>::new());
    }

    #[test]
    fn fields_differ_or_are_absent() {
        let ip = r#"{"p":"ip","off":15,"ttl":63,"colour":1,"pad":6}"#;
        let found = differences(&[ETHERNET, ip], "");
        assert_eq!(found, [r#"ip Absent("colour")"#, r#"ip Differs("off")"#, r#"ip Differs("ttl")"#]);
    }

    #[test]
    fn a_layer_is_missing_unless_it_is_the_last_of_a_cut_packet() {
        let udp = r#"{"p":"udp","off":34}"#;
        assert_eq!(differences(&[ETHERNET, IP, udp], ""), ["udp Missing"]);
        assert_eq!(differences(&[ETHERNET, IP, udp], r#""short""#), Vec::<String>::new());
        assert_eq!(differences(&[ETHERNET, IP, udp, udp], r#""short""#), ["udp Missing"]);
    }

    #[test]
    fn a_layer_is_too_many_unless_the_packet_went_on_beyond_what_is_compared() {
        assert_eq!(differences(&[ETHERNET], ""), ["ip Extra"]);
        assert_eq!(differences(&[ETHERNET], r#""malformed:IPv4""#), Vec::<String>::new());
        assert_eq!(differences(&[ETHERNET, r#"{"p":"other"}"#], ""), Vec::<String>::new());
    }
}
