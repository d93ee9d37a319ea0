//! Why pycap differs from tshark where it differs on purpose: rules over the bytes, each with its reason.

use pycap_capture::{Frame, Interface, LinkType, TimestampResolution};

use pycap_wire::MacAddr;
use serde_json::{Map, Value as Json};

use super::compare::{Difference, Kind};
use super::corpus::OracleRecord;

/// What a rule may look at.
pub(super) struct Evidence<'a> {
    /// The whole savefile.
    pub(super) file: &'a [u8],
    /// The packet's number in it, from 1.
    pub(super) number: usize,
    pub(super) frame: Frame<'a>,
    pub(super) recorded: &'a OracleRecord,
    pub(super) interfaces: &'a [Interface],
}

/// A reason for a difference, and the test whether it is the one.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) reason: &'static str,
    applies: fn(&Difference, &Evidence<'_>) -> bool,
}

/// All rules.
pub(super) static RULES: [Rule; 20] = [
    Rule {
        name: "time finer than nanoseconds",
        reason: "tshark scales such a time wrongly; it is cut to nanoseconds here",
        applies: |difference, evidence| is_time(difference) && finer_than_nanoseconds(evidence),
    },
    Rule {
        name: "fraction of a second and more",
        reason: "the record counts a second or more as a fraction; tshark prints the digits side by side, \
                 here they are added",
        applies: |difference, evidence| is_time(difference) && fraction_past_a_second(evidence),
    },
    Rule {
        name: "time past 63 bits of nanoseconds",
        reason: "tshark's seconds wrap around; here they do not",
        applies: |difference, evidence| {
            is_time(difference)
                && evidence.frame.timestamp().is_some_and(|time| i64::try_from(time.as_nanos()).is_err())
        },
    },
    Rule {
        name: "time in an ERF record",
        reason: "tshark shows the time that an ERF record has in its own header; here it is that of the capture's record",
        applies: |difference, evidence| is_time(difference) && evidence.frame.link_type() == LinkType::ERF,
    },
    Rule {
        name: "guessed record header",
        reason: "tshark takes a pcap file with the ordinary magic number for one with another record header, \
                 and reads times, lengths and data one word late; libpcap does not guess either",
        applies: |_, evidence| one_word_late(evidence) || data_one_word_late(evidence),
    },
    Rule {
        name: "pseudo-header",
        reason: "tshark does not count the four bytes that SunATM has before a cell, and Bluetooth HCI before a packet; they \
                 are in the record",
        applies: |difference, evidence| {
            let numbers = difference.recorded.as_str().zip(difference.found.as_str());
            let lengths = numbers.and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
            difference.layer == "record"
                && matches!(evidence.frame.link_type(), SUNATM | BLUETOOTH_HCI_H4_WITH_PHDR)
                && lengths.is_some_and(|(recorded, found)| recorded + 4 == found)
        },
    },
    Rule {
        name: "Cisco ISL",
        reason: "the frame that such an 802.3 frame carries after 26 bytes is not looked for here",
        applies: |_, evidence| {
            let data = evidence.frame.data();
            evidence.frame.link_type() == LinkType::ETHERNET
                && matches!(data, [0x01 | 0x0c, 0x00, 0x0c, 0x00, 0x00, ..])
                && data.get(12).is_some_and(|high| *high < 6)
        },
    },
    Rule {
        name: "ATMARP",
        reason: "ARP with hardware type 19 has a layout of its own (RFC 2225, 8), which tshark shows as another protocol",
        applies: |difference, evidence| {
            let data = evidence.frame.data().get(difference.offset..);
            difference.layer == "arp" && data.is_some_and(|data| data.starts_with(&[0, 19]))
        },
    },
    Rule {
        name: "802.1ah",
        reason: "tshark shows the tag before a provider backbone's frame (EtherType 0x88e7) as two layers more",
        applies: |difference, evidence| {
            let tag = evidence.frame.data().get(difference.offset..);
            difference.layer == "vlan" && tag.is_some_and(|tag| matches!(tag, [_, _, 0x88, 0xe7, ..]))
        },
    },
    Rule {
        name: "header shown in part",
        reason: "the bytes end inside the header; tshark shows its first fields and, having found something else \
                 wrong, does not say that it is cut",
        applies: |difference, evidence| {
            let left = evidence.frame.data().len().saturating_sub(difference.offset);
            // What IP's length cuts off is not in the layer either.
            let left = evidence
                .recorded_size(difference.offset, &difference.layer)
                .map_or(left, |size| left.min(size));
            difference.kind == Kind::Missing && fixed_header(&difference.layer).is_some_and(|len| left < len)
        },
    },
    Rule {
        name: "AH shorter than its fields",
        reason: "the length says less than the 12 bytes that AH always has (RFC 4302, 2); tshark goes on inside it, \
                 here dissection stops",
        applies: |difference, evidence| {
            let before = evidence.layer_before(difference.offset);
            let length =
                before.and_then(|(name, at)| (name == "ah").then(|| evidence.frame.data().get(at + 1))?);
            difference.kind == Kind::Missing && length.is_some_and(|length| *length < 1)
        },
    },
    Rule {
        name: "length past 31 bits",
        reason: "tshark's lengths are signed 32-bit numbers, and the record's is above them",
        applies: |difference, evidence| {
            let end = difference
                .recorded
                .as_i64()
                .map(|recorded| recorded + evidence.payload_of(difference.offset));
            let clamped = match &difference.kind {
                Kind::Differs(field) if field == "payload_len" => end == Some(i32::MAX.into()),
                Kind::Differs(field) if field == "len" => difference.recorded.as_str() == Some("2147483647"),
                _ => false,
            };
            clamped && evidence.frame.original_len() > i32::MAX as u32
        },
    },
    Rule {
        name: "option of another length than its kind has",
        reason: "tshark reads an IPv6 option of a kind that it knows as long as that kind is, and goes on, or stops, \
                 behind it, where that is past the option's own length; here the length is followed",
        applies: |difference, evidence| {
            let is_option = matches!(
                &difference.kind,
                Kind::Differs(field) | Kind::Absent(field) if field.starts_with("opt_") || field == "jumbo"
            );
            matches!(difference.layer.as_str(), "ipv6_hopopts" | "ipv6_dstopts")
                && is_option
                && evidence.ipv6_options(difference.offset).any(|(kind, len, data)| {
                    match (&difference.kind, kind) {
                        (Kind::Absent(_), JUMBO) => len != 4,
                        _ => least_len(kind, data) > usize::from(len),
                    }
                })
        },
    },
    Rule {
        name: "option that is only a kind",
        reason: "the last option of an IPv6 options header has no room for its length; tshark takes the byte behind the \
                 header for it, here the option is not one",
        applies: |difference, evidence| {
            let list = |json: &Json| json.as_array().cloned().unwrap_or_default();
            let (recorded, found) = (list(&difference.recorded), list(&difference.found));
            matches!(difference.layer.as_str(), "ipv6_hopopts" | "ipv6_dstopts")
                && matches!(&difference.kind, Kind::Differs(f) | Kind::Absent(f) if f.starts_with("opt_"))
                && recorded.len() == found.len() + 1
                && recorded.starts_with(&found)
                && evidence.ends_in_a_kind(difference.offset)
        },
    },
    Rule {
        name: "broken off in a list",
        reason: "tshark reads an option as long as its kind is, runs out of the packet there, and shows no more of the \
                 list; here the option's own length is followed",
        applies: |difference, evidence| {
            let (Kind::Differs(_), Some(recorded), Some(found)) =
                (&difference.kind, difference.recorded.as_array(), difference.found.as_array())
            else {
                return false;
            };
            found.starts_with(recorded)
                && evidence.is_last_layer(difference.offset)
                && evidence.recorded.err.iter().any(|err| {
                    err.starts_with("malformed:") || matches!(err.as_str(), "short" | "unreassembled")
                })
        },
    },
    Rule {
        name: "type of an extension object shown twice",
        reason: "tshark shows the type of an MPLS object in an ICMP extension (RFC 4950) a second time where it is not 1",
        applies: |difference, _| {
            let without_repeats = |list: &Json| {
                let mut list = list.as_array().cloned().unwrap_or_default();
                list.dedup();
                list
            };
            difference.kind == Kind::Differs("ext_ctype".to_owned())
                && without_repeats(&difference.recorded) == without_repeats(&difference.found)
        },
    },
    Rule {
        name: "SACK that ends in a block",
        reason: "tshark shows the edges in a SACK option whose length no number of blocks has (RFC 2018, 3); here it is \
                 carried undissected",
        applies: |difference, evidence| {
            let is_edge = matches!(
                &difference.kind,
                Kind::Absent(field) | Kind::Differs(field) if field.starts_with("sack_")
            );
            let kinds = evidence.recorded_list(difference.offset, "opt_kinds");
            let mut lens = evidence.recorded_list(difference.offset, "opt_lens").into_iter();
            let mut each = kinds.into_iter().filter(|kind| *kind > 1).map(|kind| (kind, lens.next()));
            is_edge && each.any(|option| matches!(option, (5, Some(len)) if len % 8 != 2))
        },
    },
    Rule {
        name: "length in a service tag",
        reason: "tshark does not take a number up to 1500 in an 802.1ad tag (EtherType 0x88a8) for a length and shows data; \
                 here an LLC header follows it, as behind any tag",
        applies: |difference, evidence| {
            let number = difference.offset.checked_sub(2).and_then(|at| evidence.word(at));
            difference.kind == Kind::Extra
                && matches!(difference.layer.as_str(), "llc")
                && number.is_some_and(|number| number <= 1500)
        },
    },
    Rule {
        name: "cooked netlink or GRE frame",
        reason: "tshark hands a cooked frame of a netlink device (ARPHRD_ 824), header and all, to its dissector for \
                 netlink, which was off; that of a GRE device (778) it looks up in GRE's numbers, of which it has fewer \
                 than of EtherTypes",
        applies: |difference, evidence| {
            let type_at = match evidence.frame.link_type() {
                LinkType::LINUX_SLL => 2,
                LinkType::LINUX_SLL2 => 8,
                _ => return false,
            };
            difference.kind == Kind::Extra && matches!(evidence.word(type_at), Some(778 | 824))
        },
    },
    Rule {
        name: "later fragment that is no fragment",
        reason: "tshark goes on behind the fragment header of a later fragment where it stands in IPv4 or in a jumbogram, \
                 as if a header were there; here it is a later fragment all the same",
        applies: |difference, evidence| {
            let place = evidence
                .layer_before(difference.offset)
                .and_then(|(name, at)| (name == "ipv6_frag").then(|| evidence.word(at + 2))?);
            difference.kind == Kind::Missing && place.is_some_and(|place| place >> 3 != 0)
        },
    },
];

/// The jumbo payload option (RFC 2675, 2).
const JUMBO: u8 = 0xc2;

/// How many bytes of an IPv6 option's data tshark reads at least; more than there are where it does not stop at their end.
fn least_len(kind: u8, data: &[u8]) -> usize {
    let byte = |at: usize| usize::from(data.get(at).copied().unwrap_or(0));
    match kind {
        0x08 if (0x10..0x80).contains(&byte(0)) => 2 + (byte(0) & 0x0f),
        0x04 | 0x08 | 0x8c => 1,
        0x05 => 2,
        0x07 => 8 + 4 * byte(4),
        0x0f => 10,
        0x26 => 6,
        0x30 | 0x41 | 0x63 | JUMBO => 4,
        0x31 if byte(1) < 2 => 10.max(data.len() + 1),
        0x31 => 2,
        0x6d => 2 + [0, 2, 8, 16][byte(0) >> 6],
        0xc9 => 16,
        0xee => 3,
        _ => 0,
    }
}

/// The length of a header's fixed part.
fn fixed_header(layer: &str) -> Option<usize> {
    Some(match layer {
        "eth" => 14,
        "ip" | "tcp" => 20,
        "ipv6" => 40,
        "udp" | "udplite" | "igmp" | "esp" | "arp" => 8,
        "ah" => 12,
        "icmp" | "icmpv6" | "vlan" => 4,
        _ => return None,
    })
}

impl Evidence<'_> {
    /// The name and offset of the recorded layer before the one at `offset`.
    fn layer_before(&self, offset: usize) -> Option<(&str, usize)> {
        let at = |layer: &Map<String, Json>| layer.get("off").and_then(Json::as_u64).map(|at| at as usize);
        let place = self.recorded.l.iter().position(|layer| at(layer) == Some(offset))?;
        let before = self.recorded.l.get(place.checked_sub(1)?)?;
        Some((before.get("p")?.as_str()?, at(before)?))
    }

    /// The offset of the TCP payload, by the header's own length.
    fn payload_of(&self, offset: usize) -> i64 {
        let words = self.frame.data().get(offset + 12).map_or(0, |byte| byte >> 4);
        offset as i64 + i64::from(words) * 4
    }

    /// Kind, length and data of the options of the hop-by-hop or destination options header at `offset`. Pad1 is left out: it
    /// is only a kind.
    fn ipv6_options(&self, offset: usize) -> impl Iterator<Item = (u8, u8, &[u8])> {
        let data = self.frame.data().get(offset..).unwrap_or_default();
        let end = data.get(1).map_or(0, |units| (usize::from(*units) + 1) * 8).min(data.len());
        let mut rest = data.get(2..end).unwrap_or_default();
        std::iter::from_fn(move || {
            while let [0, after @ ..] = rest {
                rest = after;
            }
            let [kind, len, after @ ..] = rest else { return None };
            let data = after.get(..usize::from(*len)).unwrap_or(after);
            rest = &after[data.len()..];
            Some((*kind, *len, data))
        })
    }

    /// Whether the last byte of the options header at `offset` is a kind other than Pad1.
    fn ends_in_a_kind(&self, offset: usize) -> bool {
        let data = self.frame.data().get(offset..).unwrap_or_default();
        let end = data.get(1).map_or(0, |units| (usize::from(*units) + 1) * 8);
        let mut rest = data.get(2..end).unwrap_or_default();
        loop {
            rest = match rest {
                [] => return false,
                [0, after @ ..] => after,
                [_] => return true,
                [_, len, after @ ..] => after.get(usize::from(*len)..).unwrap_or_default(),
            };
        }
    }

    /// The 16-bit number at `at` in the frame.
    fn word(&self, at: usize) -> Option<u16> {
        Some(u16::from_be_bytes(*self.frame.data().get(at..)?.first_chunk()?))
    }

    /// Whether the recorded layer at `offset` is the last one.
    fn is_last_layer(&self, offset: usize) -> bool {
        let mut layers =
            self.recorded.l.iter().rev().filter(|layer| layer.get("p").is_some_and(|p| p != "data"));
        layers.next().is_some_and(|layer| layer.get("off").is_some_and(|at| *at == offset))
    }

    /// The size in bytes of the recorded layer `name` at `offset`.
    fn recorded_size(&self, offset: usize, name: &str) -> Option<usize> {
        let is_it = |layer: &&Map<String, Json>| {
            layer.get("off").is_some_and(|at| *at == offset) && layer.get("p").is_some_and(|p| p == name)
        };
        self.recorded.l.iter().find(is_it)?.get("size")?.as_u64().map(|size| size as usize)
    }

    /// A list of numbers of the recorded layer at `offset`.
    fn recorded_list(&self, offset: usize, name: &str) -> Vec<u64> {
        let layer = self.recorded.l.iter().find(|layer| layer.get("off").is_some_and(|at| *at == offset));
        let list = layer.and_then(|layer| layer.get(name)?.as_array());
        list.map(|list| list.iter().filter_map(Json::as_u64).collect()).unwrap_or_default()
    }
}

const SUNATM: LinkType = LinkType(123);
const BLUETOOTH_HCI_H4_WITH_PHDR: LinkType = LinkType(201);

/// The rule that explains a difference.
pub(super) fn rule(difference: &Difference, evidence: &Evidence<'_>) -> Option<&'static Rule> {
    RULES.iter().find(|rule| (rule.applies)(difference, evidence))
}

fn is_time(difference: &Difference) -> bool {
    difference.layer == "record" && difference.kind == Kind::Differs("ts".to_owned())
}

fn finer_than_nanoseconds(evidence: &Evidence<'_>) -> bool {
    let interface = evidence.interfaces.get(evidence.frame.interface() as usize);
    match interface.map(Interface::timestamp_resolution) {
        Some(TimestampResolution::PowerOf10(power)) => power > 9,
        Some(TimestampResolution::PowerOf2(power)) => power > 29,
        None => false,
    }
}

/// Whether the record header of a classic pcap has a million microseconds (a billion nanoseconds) or more.
fn fraction_past_a_second(evidence: &Evidence<'_>) -> bool {
    let nanoseconds = evidence.file.starts_with(&[0xa1, 0xb2, 0x3c, 0x4d])
        || evidence.file.starts_with(&[0x4d, 0x3c, 0xb2, 0xa1]);
    let limit = if nanoseconds { 1_000_000_000 } else { 1_000_000 };
    record_header(evidence).is_some_and(|[_, fraction, ..]| fraction >= limit)
}

/// Whether what tshark calls time and length is one word behind where they are.
fn one_word_late(evidence: &Evidence<'_>) -> bool {
    let recorded = evidence.recorded;
    record_header(evidence).is_some_and(|[_, fraction, captured, original]| {
        let time = i128::from(fraction) * 1_000_000_000 + i128::from(captured) * 1_000;
        recorded.ts == Some(time) && recorded.caplen == u64::from(original)
    })
}

/// Whether the first address that tshark shows is not at the start of the frame, but one word behind it.
fn data_one_word_late(evidence: &Evidence<'_>) -> bool {
    let shown = evidence.recorded.l.first().and_then(|layer| layer.get("dst")?.as_str());
    let address_at = |at: usize| -> Option<String> {
        let bytes: [u8; 6] = *evidence.frame.data().get(at..)?.first_chunk()?;
        Some(MacAddr::from(bytes).to_string())
    };
    evidence.frame.link_type() == LinkType::ETHERNET
        && record_header(evidence).is_some()
        && shown.is_some()
        && address_at(0).as_deref() != shown
        && address_at(4).as_deref() == shown
}

/// The four words that head the packet's record in a classic pcap file.
fn record_header(evidence: &Evidence<'_>) -> Option<[u32; 4]> {
    let big_endian = evidence.file.first() == Some(&0xa1);
    let word = |at: usize| -> Option<u32> {
        let bytes = *evidence.file.get(at..)?.first_chunk()?;
        Some(if big_endian { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    };
    let header_len = match word(0)? {
        0xa1b2_c3d4 | 0xa1b2_3c4d => 16,
        0xa1b2_cd34 => 24,
        _ => return None,
    };
    let mut at = 24;
    for _ in 1..evidence.number {
        at += header_len + word(at + 8)? as usize;
    }
    Some([word(at)?, word(at + 4)?, word(at + 8)?, word(at + 12)?])
}
