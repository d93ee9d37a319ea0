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
pub(super) static RULES: [Rule; 13] = [
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
        name: "guessed record header",
        reason: "tshark takes a pcap file with the ordinary magic number for one with another record header, \
                 and reads times, lengths and data one word late; libpcap does not guess either",
        applies: |_, evidence| one_word_late(evidence) || data_one_word_late(evidence),
    },
    Rule {
        name: "ATM pseudo-header",
        reason: "tshark does not count the four bytes that SunATM has before a cell; they are in the record",
        applies: |difference, evidence| {
            let numbers = difference.recorded.as_str().zip(difference.found.as_str());
            let lengths = numbers.and_then(|(a, b)| Some((a.parse::<u64>().ok()?, b.parse::<u64>().ok()?)));
            difference.layer == "record"
                && evidence.frame.link_type() == SUNATM
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
        reason: "ARP with hardware type 19 has a layout of its own (RFC 2225, 8), which is not dissected here",
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
            difference.kind == Kind::Differs("payload_len".to_owned())
                && evidence.frame.original_len() > i32::MAX as u32
                && end == Some(i32::MAX.into())
        },
    },
    Rule {
        name: "option of another length than its kind has",
        reason: "tshark reads a router alert option (RFC 2711) as two bytes and CALIPSO (RFC 5570) as eight whatever \
                 length it has, and goes on, or stops, behind them; here the length is followed",
        applies: |difference, evidence| {
            let types = evidence.recorded_list(difference.offset, "opt_types");
            let lens = evidence.recorded_list(difference.offset, "opt_lens");
            let is_list = matches!(&difference.kind, Kind::Differs(field) if field.starts_with("opt_"));
            // Only Pad1, type 0, has no length.
            let mut lens = lens.into_iter();
            let mut each = types.into_iter().filter(|kind| *kind != 0).map(|kind| (kind, lens.next()));
            difference.layer == "ipv6_hopopts"
                && is_list
                && each.any(|option| {
                    matches!(option, (5, Some(len)) if len != 2) || matches!(option, (7, Some(0..8)))
                })
        },
    },
    Rule {
        name: "IPv4 option that tshark does not know",
        reason: "tshark shows neither type nor length of such an option; here it is carried",
        applies: |difference, evidence| {
            let known =
                evidence.ipv4_options(difference.offset).filter(|(kind, _)| IPV4_OPTIONS.contains(kind));
            let shown: Vec<Json> = match &difference.kind {
                Kind::Differs(field) if field == "opt_types" => known.map(|(kind, _)| kind.into()).collect(),
                Kind::Differs(field) if field == "opt_lens" => {
                    known.filter_map(|(_, len)| Some(len?.into())).collect()
                }
                _ => return false,
            };
            difference.layer == "ip" && difference.recorded == Json::Array(shown)
        },
    },
];

/// The IPv4 option types that tshark 4.0 has a dissector for.
const IPV4_OPTIONS: [u8; 15] = [0, 1, 7, 11, 12, 68, 82, 130, 131, 133, 134, 136, 137, 148, 149];

/// The length of a header's fixed part.
fn fixed_header(layer: &str) -> Option<usize> {
    Some(match layer {
        "eth" => 14,
        "ip" | "tcp" => 20,
        "ipv6" => 40,
        "udp" | "udplite" => 8,
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

    /// Types and lengths of the options of the IPv4 header at `offset`, up to the end-of-options option.
    fn ipv4_options(&self, offset: usize) -> impl Iterator<Item = (u8, Option<u8>)> {
        let data = self.frame.data().get(offset..).unwrap_or_default();
        let end = data.first().map_or(0, |byte| usize::from(byte & 0x0f) * 4).min(data.len());
        let mut rest = data.get(20..end).unwrap_or_default();
        std::iter::from_fn(move || {
            let (kind, after) = rest.split_first()?;
            let len = if *kind > 1 { Some(*after.first()?) } else { None };
            rest = match len {
                None if *kind == 0 => &[],
                None => after,
                Some(len) => rest.get(usize::from(len.max(2))..).unwrap_or_default(),
            };
            Some((*kind, len))
        })
    }

    /// A list of numbers of the recorded layer at `offset`.
    fn recorded_list(&self, offset: usize, name: &str) -> Vec<u64> {
        let layer = self.recorded.l.iter().find(|layer| layer.get("off").is_some_and(|at| *at == offset));
        let list = layer.and_then(|layer| layer.get(name)?.as_array());
        list.map(|list| list.iter().filter_map(Json::as_u64).collect()).unwrap_or_default()
    }
}

const SUNATM: LinkType = LinkType(123);

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
