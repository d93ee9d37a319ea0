//! Packets that scapy built of random fields: an expression of the same fields, with lengths, checksums and numbers computed, is the
//! same bytes. What scapy was told exactly, as the number of a payload that is bytes, is told here, too.

use std::path::{Path, PathBuf};

use pycap_inject::{Layer, Stack};
use serde_json::Value;

#[test]
fn scapy_builds_the_same() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or(beside, PathBuf::from);
    let Ok(lines) = std::fs::read_to_string(folder.join("build-vectors/build-vectors.jsonl")) else {
        println!("nothing to compare with: no corpus in ../shared/corpus, and PYCAP_CORPUS names none");
        return;
    };
    let (mut same, mut wrong) = (0, Vec::new());
    for line in lines.lines() {
        let vector: Value = serde_json::from_str(line).unwrap();
        let expected = vector["hex"].as_str().unwrap();
        println!("{}", vector["stack"]);
        let expression = expression(&vector);
        let built = match expression.parse::<Stack>() {
            Ok(stack) => stack.build().map(|bytes| hex(&bytes)).map_err(|error| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        if built.as_deref() == Ok(expected) {
            same += 1;
        } else {
            let stack = vector["stack"].as_str().unwrap();
            wrong.push(format!(
                "{stack}\n{expression}\nscapy {expected}\npycap {}",
                built.unwrap_or_else(|error| error)
            ));
        }
    }
    println!("{same} packets are the same");
    assert!(wrong.is_empty(), "{} packets differ:\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
    assert_eq!(same, 400);
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// One of scapy's layers, what is around and inside, and its bytes in hexadecimal, with all that follows.
struct Part<'v> {
    fields: &'v Value,
    inside: &'v [Value],
    hex: &'v str,
}

impl Part<'_> {
    fn number(&self, field: &str) -> u64 {
        self.fields[field].as_u64().unwrap_or_else(|| panic!("{field} of {}", self.fields))
    }

    fn text(&self, field: &str) -> &str {
        self.fields[field].as_str().unwrap_or_else(|| panic!("{field} of {}", self.fields))
    }

    /// Bytes of the layer, where what scapy shows of them is its own text.
    fn bytes(&self, from: usize, to: usize) -> &str {
        &self.hex[from * 2..to * 2]
    }

    /// `,name=value`, where scapy filled in a number that bytes inside do not tell.
    fn number_of_bytes(&self, name: &str, field: &str) -> String {
        match self.inside.first().map(|layer| layer["proto"].as_str().unwrap()) {
            Some("Raw" | "Padding") | None => format!(",{name}={}", self.number(field)),
            _ => String::new(),
        }
    }
}

fn expression(vector: &Value) -> String {
    let layers = vector["layers"].as_array().unwrap();
    let mut hex = vector["hex"].as_str().unwrap();
    let mut parts: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(layer) = layers.get(at) {
        let part = Part { fields: &layer["fields"], inside: &layers[at + 1..], hex };
        let (text, len, taken) = written(layer["proto"].as_str().unwrap(), &part);
        parts.extend(text);
        hex = &hex[len * 2..];
        at += taken;
    }
    parts.join("/")
}

/// The layer as it is in an expression, its length in bytes, and how many of scapy's layers it is.
fn written(proto: &str, part: &Part<'_>) -> (Option<String>, usize, usize) {
    let (n, s) = (|field| part.number(field), |field| part.text(field));
    let one = |text: String, len: usize| (Some(text), len, 1);
    match proto {
        "Ether" => {
            let number = part.number_of_bytes("type", "type");
            one(format!("eth(dst={},src={},pad=0{number})", s("dst"), s("src")), 14)
        }
        "Dot3" => one(format!("eth(dst={},src={},pad=0)", s("dst"), s("src")), 14),
        "Dot1Q" | "Dot1AD" => {
            let name = if proto == "Dot1Q" { "vlan" } else { "qinq" };
            let number = part.number_of_bytes("type", "type");
            one(format!("{name}(pcp={},dei={},vid={}{number})", n("prio"), n("dei"), n("vlan")), 4)
        }
        "LLC" => match part.inside[0]["proto"].as_str() {
            Some("SNAP") => (Some("snap".to_owned()), 8, 2),
            _ => one("llc".to_owned(), 3),
        },
        "STP" => {
            let time = |field| (s(field).parse::<f64>().unwrap() * 256.0) as u64;
            let ids = format!(
                "root_priority={},root_mac={},cost={},bridge_priority={},bridge_mac={},port_id={}",
                n("rootid"),
                s("rootmac"),
                n("pathcost"),
                n("bridgeid"),
                s("bridgemac"),
                n("portid")
            );
            let times = format!(
                "age={},max_age={},hello={},forward_delay={}",
                time("age"),
                time("maxage"),
                time("hellotime"),
                time("fwddelay")
            );
            one(format!("stp({ids},{times})"), 35)
        }
        "LLDPDU" => (None, 0, 1),
        "LLDPDUChassisID" => {
            let port = &part.inside[0]["fields"]["id"];
            let ttl = &part.inside[1]["fields"]["ttl"];
            let port = port.as_str().unwrap();
            let len = (2 + 7) + (2 + 1 + port.len() / 2) + 4 + 2;
            let tlvs = format!("chassis({}),port(x\"{port}\"),ttl({ttl}),end", s("id"));
            (Some(format!("lldp(tlvs=[{tlvs}])")), len, 4)
        }
        "ARP" => {
            let sender = format!("sha={},spa={}", s("hwsrc"), s("psrc"));
            one(format!("arp(op={},{sender},tha={},tpa={})", n("op"), s("hwdst"), s("pdst")), 28)
        }
        "IP" | "IPerror" => {
            // Some were made up with fields that nobody computes, and options that do not end where the header says.
            let payload: usize = part
                .inside
                .iter()
                .map(|layer| layer["fields"]["load"].as_str().unwrap_or("").len() / 2)
                .sum();
            let len = if n("version") == 4 { n("ihl") as usize * 4 } else { part.hex.len() / 2 - payload };
            let exact = if n("version") == 4 {
                String::new()
            } else {
                let (version, hdr_len) = (n("version"), n("ihl") * 4);
                format!(",version={version},hdr_len={hdr_len},len={},checksum={}", n("len"), n("chksum"))
            };
            let flags = ["DF", "MF", "evil"].map(|flag| u8::from(s("flags").contains(flag)));
            let fixed =
                format!("tos={},id={},ttl={},src={},dst={}", n("tos"), n("id"), n("ttl"), s("src"), s("dst"));
            let fragment = format!("frag_off={},df={},mf={},rb={}", n("frag"), flags[0], flags[1], flags[2]);
            let options = if len > 20 { part.bytes(20, len) } else { "" };
            let number = part.number_of_bytes("proto", "proto");
            let ip = format!("ip({fixed},{fragment}{number}{exact}");
            match exact.as_str() {
                "" => one(format!("{ip},options=x\"{options}\")"), len),
                _ => one(format!("{ip})/x\"{options}\""), len),
            }
        }
        "IPv6" | "IPerror6" => {
            let number = part.number_of_bytes("nxt", "nh");
            let fixed = format!("tclass={},flow={},hlim={}", n("tc"), n("fl"), n("hlim"));
            one(format!("ipv6({fixed},src={},dst={}{number})", s("src"), s("dst")), 40)
        }
        "IPv6ExtHdrHopByHop" | "IPv6ExtHdrDestOpt" => {
            let name = if proto.ends_with("DestOpt") { "ipv6_dstopts" } else { "ipv6_hopopts" };
            let len = (n("len") as usize + 1) * 8;
            let number = part.number_of_bytes("nxt", "nh");
            one(format!("{name}(options=x\"{}\"{number})", part.bytes(2, len)), len)
        }
        "IPv6ExtHdrRouting" => {
            let len = (n("len") as usize + 1) * 8;
            let addresses = s("addresses").replace('\'', "");
            let number = part.number_of_bytes("nxt", "nh");
            one(format!("ipv6_routing(type=0,addrs={addresses},segleft={}{number})", n("segleft")), len)
        }
        "IPv6ExtHdrFragment" => {
            let number = part.number_of_bytes("nxt", "nh");
            one(format!("ipv6_frag(offset={},more={},id={}{number})", n("offset"), n("m"), n("id")), 8)
        }
        "ESP" => {
            one(format!("esp(spi={},seq={})/x\"{}\"", n("spi"), n("seq"), s("data")), 8 + s("data").len() / 2)
        }
        "UDP" | "UDPerror" => one(format!("udp(sport={},dport={})", n("sport"), n("dport")), 8),
        "TCP" | "TCPerror" => {
            let len = n("dataofs") as usize * 4;
            let flags: Vec<String> = s("flags").chars().map(String::from).collect();
            let options =
                if len > 20 { format!(",options=x\"{}\"", part.bytes(20, len)) } else { String::new() };
            let fixed =
                format!("sport={},dport={},seq={},ack={}", n("sport"), n("dport"), n("seq"), n("ack"));
            let flags = flags.join("|");
            one(
                format!("tcp({fixed},flags={flags},window={},urg={}{options})", n("window"), n("urgptr")),
                len,
            )
        }
        "ICMP" => one(
            match n("type") {
                8 => format!("icmp_echo_request(id={},seq={})", n("id"), n("seq")),
                3 => format!("icmp_unreachable(code={},mtu={},length=0)", n("code"), n("nexthopmtu")),
                5 => format!("icmp_redirect(code={},gateway={})", n("code"), s("gw")),
                11 => format!("icmp_time_exceeded(code={},length=0)", n("code")),
                other => panic!("ICMP type {other}"),
            },
            8,
        ),
        "ICMPv6EchoRequest" | "ICMPv6EchoReply" => {
            let name = if proto.ends_with("Reply") { "icmpv6_echo_reply" } else { "icmpv6_echo_request" };
            one(
                format!("{name}(id={},seq={})/x\"{}\"", n("id"), n("seq"), s("data")),
                8 + s("data").len() / 2,
            )
        }
        "ICMPv6DestUnreach" => one(format!("icmpv6_unreachable(code={},length=0)", n("code")), 8),
        "ICMPv6PacketTooBig" => one(format!("icmpv6_packet_too_big(mtu={})", n("mtu")), 8),
        "ICMPv6ND_NA" => {
            let option = &part.inside[0]["fields"]["lladdr"].as_str().unwrap();
            let flags = format!("router={},solicited={},override={}", n("R"), n("S"), n("O"));
            let options = format!("options=[target_link_address({option})]");
            (Some(format!("icmpv6_neighbor_advertisement({flags},target={},{options})", s("tgt"))), 32, 2)
        }
        "ICMPv6ND_RA" => {
            let options = format!("options=x\"{}\"", part.bytes(16, 16 + 32 + 8));
            let lifetime = n("routerlifetime");
            let fixed = format!("ra_hop={},ra_flags={},ra_lifetime={lifetime}", n("chlim"), n("prf") << 3);
            (Some(format!("icmpv6_router_advertisement({fixed},{options})")), 56, 3)
        }
        "IGMP_MQ" => one(format!("igmp_v2_query(max_resp={},maddr={})", n("mrcode"), s("gaddr")), 8),
        "IGMPv2_MR" => one(format!("igmp_v2_report(maddr={})", s("gaddr")), 8),
        "GRE" => {
            let mut fields = vec!["version=0".to_owned()];
            if n("chksum_present") == 1 {
                fields.push("checksum=auto".to_owned());
            }
            for (name, present, field) in
                [("key", "key_present", "key"), ("seq", "seqnum_present", "sequence_number")]
            {
                if n(present) == 1 {
                    fields.push(format!("{name}={}", n(field)));
                }
            }
            let words = n("chksum_present") + n("key_present") + n("seqnum_present");
            let number = part.number_of_bytes("type", "proto");
            one(format!("gre({}{number})", fields.join(",")), 4 + 4 * words as usize)
        }
        "MPLS" => one(format!("mpls(label={},tc={},ttl={})", n("label"), n("cos"), n("ttl")), 4),
        "PPPoE" => one(format!("pppoe(session={},code={})", n("sessionid"), n("code")), 6),
        "PPP" => one(
            format!(
                "ppp{}",
                match part.number_of_bytes("proto", "proto").get(1..) {
                    Some(number) => format!("({number})"),
                    None => String::new(),
                }
            ),
            2,
        ),
        "VXLAN" => one(format!("vxlan(vni={})", n("vni")), 8),
        "GENEVE" => one(format!("geneve(vni={}{})", n("vni"), part.number_of_bytes("proto", "proto")), 8),
        "GTP_U_Header" => one(format!("gtpu(teid={},type={})", n("teid"), n("gtp_type")), 8),
        "SCTP" => {
            let chunk = &part.inside[0]["fields"];
            let chunk_len = chunk["len"].as_u64().unwrap() as usize;
            let number = |field: &str| chunk[field].as_u64().unwrap();
            let data = part.bytes(12 + 16, 12 + chunk_len);
            let chunk = format!(
                "data({},{},{},{},x\"{data}\")",
                number("tsn"),
                number("stream_id"),
                number("stream_seq"),
                number("proto_id")
            );
            let sctp =
                format!("sctp(sport={},dport={},tag={},chunks=[{chunk}])", n("sport"), n("dport"), n("tag"));
            (Some(sctp), 12 + chunk_len.next_multiple_of(4), 2)
        }
        "DNS" => one(dns(part), part.hex.len() / 2),
        "BOOTP" => {
            let options = part.inside[0]["fields"]["options"].as_str().unwrap();
            let fixed = format!("xid={},chaddr=x\"{}\",broadcast=1,op={}", n("xid"), s("chaddr"), n("op"));
            let options = options
                .replace("('message-type', ", "message_type(")
                .replace("('requested_addr', '", "requested_address(")
                .replace("')", ")")
                .replace("('lease_time', ", "lease_time(")
                .replace("('param_req_list', [1, 3, 6])", "parameter_list(1, 3, 6)")
                .replace("'end'", "end");
            (Some(format!("dhcp({fixed},options={options})")), part.hex.len() / 2, 2)
        }
        "Raw" | "Padding" => one(format!("x\"{}\"", s("load")), s("load").len() / 2),
        other => panic!("no layer is written for {other}"),
    }
}

/// A message whose questions and answers scapy shows as text: `<DNSQR  qname=b'host.example.org.' qtype=A ... |>`.
fn dns(part: &Part<'_>) -> String {
    let flags = ["qr", "opcode", "aa", "tc", "rd", "ra", "ad", "cd", "rcode"]
        .map(|field| format!(",{field}={}", part.number(field)));
    let value = |record: &str, key: &str| -> String {
        let (_, rest) = record.split_once(&format!("{key}=")).unwrap_or_else(|| panic!("{key} in {record}"));
        rest.split_whitespace().next().unwrap().trim_start_matches('b').trim_matches('\'').to_owned()
    };
    let each = |field: &str, make: &dyn Fn(&str) -> String| -> String {
        let records: Vec<String> = part.text(field).split('<').skip(1).map(make).collect();
        records.join(",")
    };
    let questions =
        each("qd", &|record| format!("{}(\"{}\")", value(record, "qtype"), value(record, "qname")));
    let answers = each("an", &|record| {
        let data = value(record, "rdata");
        let record_type = value(record, "type");
        let data = if record_type == "A" || record_type == "AAAA" { data } else { format!("\"{data}\"") };
        format!("{record_type}(\"{}\",{},{data})", value(record, "rrname"), value(record, "ttl"))
    });
    format!("dns(id={}{},questions=[{questions}],answers=[{answers}])", part.number("id"), flags.concat())
}
