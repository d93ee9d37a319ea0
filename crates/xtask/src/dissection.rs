//! pycap's dissection of a packet in the names and shapes that tshark's was recorded in.

use std::collections::BTreeMap;
use std::net::Ipv6Addr;
use std::ops::ControlFlow;
use std::path::Path;

use pycap_capture::{Frame, Savefile};
use pycap_wire::{
    ErrorKind, EtherType, Field, IpProtocol, Layer, LayerKind, LinkType, Next, Packet, Stop, Value,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value as Json;

/// One packet: a line of the output.
#[derive(serde::Serialize)]
pub(crate) struct Record {
    /// Number in the file, from 1.
    pub(crate) n: u64,
    /// Nanoseconds since 1970.
    pub(crate) ts: Option<i128>,
    pub(crate) caplen: u64,
    pub(crate) len: u64,
    /// Wireshark's number for the link type.
    #[serde(skip_serializing_if = "Option::is_none")]
    encap: Option<u32>,
    #[serde(rename = "if")]
    interface: u32,
    layers: Vec<&'static str>,
    pub(crate) l: Vec<LayerRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) quoted: Vec<LayerRecord>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    err: Vec<String>,
}

/// tshark goes on for longer than any other user would want.
const MAX_LAYERS: usize = 1000;

/// One layer of a packet.
pub(crate) struct LayerRecord {
    pub(crate) name: &'static str,
    pub(crate) offset: usize,
    size: usize,
    /// For a quoted layer: the place of the ICMP layer in `l`.
    quoted_in: Option<usize>,
    /// Whether it is an 802.1ad tag after EtherType 0x88a8 that the next such tag is to be joined to.
    service_tag: bool,
    pub(crate) fields: BTreeMap<&'static str, Json>,
}

/// Dissects every packet of a savefile, as long as `each` returns true; the error is the one that ended the file early.
pub(crate) fn of_file(path: &Path, mut each: impl FnMut(Record) -> bool) -> pycap_capture::Result<()> {
    let mut file = if path == Path::new("-") { Savefile::stdin()? } else { Savefile::open(path)? };
    let mut n = 0;
    file.for_each(|frame| {
        n += 1;
        if each(Record::new(n, frame)) { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
}

impl Record {
    /// The dissection of a frame.
    pub(crate) fn new(n: u64, frame: Frame<'_>) -> Self {
        let packet = Packet::parse(frame.link_type(), frame.data());
        let mut walk = packet.layers().with_cut(frame.missing() as usize).with_max_layers(MAX_LAYERS);
        let (mut l, mut quoted) = (Vec::new(), Vec::new());
        let mut icmp = None;
        let mut last = None;
        loop {
            let announced = walk.payload_kind();
            let version = walk.payload().first().map(|byte| byte >> 4);
            let offset = walk.payload_offset();
            let located = walk.next_located();
            if icmp.is_none()
                && let Some(version) = version
                && let Some(name) = shown_by_version(last, announced, version, located.is_some())
            {
                l.push(LayerRecord::version(name, version, offset));
            }
            let Some(located) = located else { break };
            last = Some(located.layer);
            let mut record = LayerRecord::new(&located.layer, located.offset);
            record.service_tag = announced == Next::EtherType(EtherType::QINQ);
            if located.quoted {
                record.quoted_in = icmp;
                quoted.push(record);
            } else if announced == Next::EtherType(EtherType::QINQ) && joins_tags(&mut l, &record) {
                continue;
            } else {
                if matches!(located.layer.kind(), LayerKind::Icmpv4 | LayerKind::Icmpv6) {
                    icmp = Some(l.len());
                }
                l.push(record);
            }
        }
        if !walk.payload().is_empty() {
            let data = LayerRecord {
                name: "data",
                offset: walk.payload_offset(),
                size: walk.payload().len(),
                quoted_in: icmp.filter(|_| !quoted.is_empty()),
                service_tag: false,
                fields: BTreeMap::new(),
            };
            if data.quoted_in.is_some() { quoted.push(data) } else { l.push(data) }
        }
        Self {
            n,
            ts: frame.timestamp().map(|time| time.as_nanos()),
            caplen: frame.data().len() as u64,
            len: frame.original_len().into(),
            encap: encapsulation(frame.link_type()),
            interface: frame.interface(),
            layers: l.iter().map(|layer| layer.name).collect(),
            l,
            quoted,
            err: trouble(walk.stop(), frame.missing() > 0).into_iter().collect(),
        }
    }
}

/// The name of the layer that tshark shows of an IP header's version alone, where it does.
///
/// It looks at the version first. A header of another version than `announced` is shown by that, however `whole` it is; where
/// an EtherType says IPv4 and the version is 6, IPv6 comes after it. What other numbers announce as IPv4 (an address family, a
/// protocol number) goes to IPv6 right away.
fn shown_by_version(
    before: Option<Layer<'_>>,
    announced: Next,
    version: u8,
    whole: bool,
) -> Option<&'static str> {
    match announced {
        Next::EtherType(EtherType::IPV4) if version == 6 => match before {
            Some(Layer::Null(null)) if null.ether_type().is_none() => None,
            Some(Layer::Llc(llc)) if llc.ether_type().is_none() => None,
            _ => Some("ip"),
        },
        Next::EtherType(EtherType::IPV4)
        | Next::IpProtocol(IpProtocol::IPV4)
        | Next::Link(LinkType::IPV4)
            if !matches!(version, 4 | 6) =>
        {
            (!whole).then_some("ip")
        }
        Next::EtherType(EtherType::IPV6)
        | Next::IpProtocol(IpProtocol::IPV6)
        | Next::Link(LinkType::IPV6)
            if version != 6 =>
        {
            (!whole).then_some("ipv6")
        }
        _ => None,
    }
}

/// tshark shows two service tags (EtherType 0x88a8) in a row as one layer. Joins `tag` to the last of `layers` where that is
/// the first of two.
fn joins_tags(layers: &mut [LayerRecord], tag: &LayerRecord) -> bool {
    let first_of_two = |layer: &&mut LayerRecord| {
        layer.name == "vlan"
            && layer.offset + 4 == tag.offset
            && layer.fields.get("type") == Some(&EtherType::QINQ.0.into())
            && layer.service_tag
    };
    let Some(first) = layers.last_mut().filter(first_of_two) else { return false };
    for name in ["pcp", "dei"] {
        if let (Some(one), Some(two)) = (first.fields.get_mut(name), tag.fields.get(name)) {
            *one = Json::Array(vec![one.take(), two.clone()]);
        }
    }
    if let Some(id) = first.fields.remove("vid") {
        first.fields.insert("svid", id);
    }
    if let Some(id) = tag.fields.get("vid") {
        first.fields.insert("cvid", id.clone());
    }
    first.fields.remove("type");
    first.service_tag = false;
    true
}

impl LayerRecord {
    /// What tshark shows of an IP header whose version it did not expect.
    fn version(name: &'static str, version: u8, offset: usize) -> Self {
        let fields = BTreeMap::from([("version", version.into())]);
        Self { name, offset, size: 1, quoted_in: None, service_tag: false, fields }
    }

    fn new(layer: &Layer<'_>, offset: usize) -> Self {
        let kind = layer.kind();
        let mut fields = BTreeMap::new();
        let mut left_out = false;
        layer.fields(&mut |field| {
            // The number, and the length that comes right after it.
            let was_left_out = core::mem::take(&mut left_out);
            left_out = is_left_out(kind, &field);
            if left_out || was_left_out && field.name == "opt_lens" {
                return;
            }
            let (name, value) = (oracle_name(kind, field.name), json(&field));
            if field.repeated {
                if let Json::Array(list) = fields.entry(name).or_insert_with(|| Json::Array(Vec::new())) {
                    list.push(value);
                }
            } else {
                fields.entry(name).or_insert(value);
            }
        });
        Self {
            name: layer.name(),
            offset,
            size: layer.header_len(),
            quoted_in: None,
            service_tag: false,
            fields,
        }
    }
}

/// Whether tshark leaves an option out of its lists: multipath TCP, and what IPv4 option it has no dissector for.
fn is_left_out(layer: LayerKind, field: &Field<'_>) -> bool {
    match (layer, field.name, field.value) {
        (LayerKind::Tcp, "opt_kinds", Value::Uint(kind)) => kind == 30,
        (LayerKind::Ipv4, "opt_types", Value::Uint(kind)) => !IPV4_OPTIONS.contains(&kind),
        _ => false,
    }
}

/// The IPv4 option types that tshark 4.0 has a dissector for.
const IPV4_OPTIONS: [u64; 16] = [0, 1, 7, 11, 12, 25, 68, 82, 130, 131, 133, 134, 136, 137, 148, 149];

impl Serialize for LayerRecord {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("p", self.name)?;
        map.serialize_entry("off", &self.offset)?;
        map.serialize_entry("size", &self.size)?;
        if let Some(index) = self.quoted_in {
            map.serialize_entry("in", &index)?;
        }
        for (name, value) in &self.fields {
            map.serialize_entry(name, value)?;
        }
        map.end()
    }
}

/// The fields that have another name in the recorded dissection: layer, our name, its name.
const RENAMED: [(LayerKind, &str, &str); 11] = [
    (LayerKind::Tcp, "sport", "srcport"),
    (LayerKind::Tcp, "dport", "dstport"),
    (LayerKind::Udp, "sport", "srcport"),
    (LayerKind::Udp, "dport", "dstport"),
    (LayerKind::UdpLite, "sport", "srcport"),
    (LayerKind::UdpLite, "dport", "dstport"),
    (LayerKind::Icmpv4, "id", "ident"),
    (LayerKind::Icmpv6, "id", "ident"),
    (LayerKind::Ipv6Fragment, "id", "ident"),
    (LayerKind::Ethernet, "len", "len802_3"),
    (LayerKind::Vlan, "len", "len802_3"),
];

fn oracle_name(kind: LayerKind, name: &'static str) -> &'static str {
    RENAMED.iter().find(|row| row.0 == kind && row.1 == name).map_or(name, |row| row.2)
}

fn json(field: &Field<'_>) -> Json {
    match field.value {
        Value::Uint(n) | Value::Hex(n) => n.into(),
        Value::Ipv6(address) => ipv6_text(address).into(),
        // tshark joins the bytes of a link-layer address of another length than Ethernet's by colons too.
        Value::Bytes(bytes) if field.name == "opt_lladdr" => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":").into()
        }
        other => other.to_string().into(),
    }
}

/// An IPv6 address as the C library writes it: RFC 5952, and the last 32 bits of an IPv4-compatible address dotted
/// (RFC 4291, 2.5.5.1), which Rust's own form no longer does.
fn ipv6_text(address: Ipv6Addr) -> String {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, high, _] if high != 0 => {
            let [.., a, b, c, d] = address.octets();
            format!("::{a}.{b}.{c}.{d}")
        }
        _ => address.to_string(),
    }
}

/// Wireshark's number (`WTAP_ENCAP_*`) for the link types that are dissected here.
fn encapsulation(link_type: LinkType) -> Option<u32> {
    Some(match link_type {
        LinkType::ETHERNET => 1,
        LinkType::NULL | LinkType::LOOP => 15,
        LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => 7,
        LinkType::LINUX_SLL => 25,
        LinkType::LINUX_SLL2 => 210,
        LinkType::IPV4 => 129,
        LinkType::IPV6 => 130,
        _ => return None,
    })
}

/// What tshark would call a walk that ended like this; `cut` where the frame was longer than what was captured of it.
fn trouble(stop: Option<Stop>, cut: bool) -> Option<String> {
    match stop? {
        Stop::Truncated(_) if cut => Some("short".to_owned()),
        Stop::Truncated(error) | Stop::Malformed(error) if error.kind() == ErrorKind::Truncated => {
            Some(format!("malformed:{}", error.layer().name().to_uppercase()))
        }
        Stop::Malformed(_) => Some("malformed-expert".to_owned()),
        Stop::Fragment(_) => Some("unreassembled".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_addresses_are_written_as_the_c_library_does() {
        for text in
            ["::", "::1", "::ffff:192.0.2.1", "::192.0.2.1", "2001:db8::1:0:0:1", "::1:2", "1:2:3:4:5:6:7::"]
        {
            let address: Ipv6Addr = text.parse().unwrap();
            let wanted = match text {
                // Both forms stand for the same bits.
                "::1:2" => "::0.1.0.2",
                "1:2:3:4:5:6:7::" => "1:2:3:4:5:6:7:0",
                other => other,
            };
            assert_eq!(ipv6_text(address), wanted);
        }
    }

    /// The names and versions of the layers of a frame.
    fn layers(link_type: LinkType, bytes: &[u8]) -> Vec<(&'static str, Option<u64>)> {
        let version = |layer: &LayerRecord| layer.fields.get("version").and_then(Json::as_u64);
        let record = Record::new(1, Frame::new(bytes, link_type));
        record.l.iter().map(|layer| (layer.name, version(layer))).collect()
    }

    #[test]
    fn a_header_of_another_version_is_shown_by_that() {
        let ethernet = |ether_type, bytes: &[u8]| pycap_testkit::packet::ethernet(ether_type, bytes);
        let ip = ("ip", Some(6));
        let ipv6 = [&[0x60, 0, 0, 0, 0, 0, 59, 64][..], &[0; 32]].concat();
        assert_eq!(
            layers(LinkType::ETHERNET, &ethernet(0x0800, &ipv6)),
            [("eth", None), ip, ("ipv6", Some(6))]
        );
        let null = [&[2, 0, 0, 0][..], &ipv6].concat();
        assert_eq!(layers(LinkType::NULL, &null), [("null", None), ("ipv6", Some(6))]);
        let sap = ethernet(43, &[&[6, 6, 3][..], &ipv6].concat());
        assert_eq!(layers(LinkType::ETHERNET, &sap), [("eth", None), ("llc", None), ("ipv6", Some(6))]);
        for (ether_type, name, version) in [(0x0800, "ip", 5), (0x86dd, "ipv6", 5), (0x86dd, "ipv6", 4)] {
            let short = ethernet(ether_type, &[(version << 4) as u8, 0, 0]);
            assert_eq!(
                layers(LinkType::ETHERNET, &short),
                [("eth", None), (name, Some(version)), ("data", None)]
            );
        }
        assert_eq!(
            layers(LinkType::ETHERNET, &ethernet(0x86dd, &[0x60, 0, 0])),
            [("eth", None), ("data", None)]
        );
    }

    #[test]
    fn ipv4_options_without_a_dissector_are_left_out() {
        let mut bytes = [0; 32];
        bytes[0] = 0x48;
        bytes[20..].copy_from_slice(&[30, 4, 0, 0, 148, 4, 0, 0, 222, 3, 0, 0]);
        let record = Record::new(1, Frame::new(&bytes, LinkType::RAW));
        let field = |name| record.l[0].fields[name].clone();
        assert_eq!(field("opt_types"), serde_json::json!([148, 0]));
        assert_eq!(field("opt_lens"), serde_json::json!([4]));
    }

    #[test]
    fn a_line_has_the_recorded_form() {
        let bytes = pycap_testkit::packet::ethernet(0x0800, &pycap_testkit::packet::ipv4(17, &[0x9c; 6]));
        let frame = Frame::new(&bytes, LinkType::ETHERNET).with_original_len(60);
        let line = serde_json::to_value(Record::new(3, frame)).unwrap();
        assert_eq!(line["n"], 3);
        assert_eq!(line["ts"], Json::Null);
        assert_eq!((&line["caplen"], &line["len"]), (&Json::from(40), &Json::from(60)));
        assert_eq!(line["layers"], serde_json::json!(["eth", "ip", "data"]));
        assert_eq!(line["l"][1]["off"], 14);
        assert_eq!(line["l"][1]["src"], "192.0.2.1");
        assert_eq!(line["err"], serde_json::json!(["short"]));
    }
}
