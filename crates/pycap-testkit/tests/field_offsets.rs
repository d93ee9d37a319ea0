//! A field's offset is where its first byte stands.

use std::collections::{BTreeMap, BTreeSet};

use pycap_testkit::packet::{
    ethernet, ethernet_llc, extension, icmp, icmpv6, ipv4, ipv4_with, ipv6, join, tcp,
};
use pycap_testkit::sample::samples;
use pycap_wire::{Field, LinkType, Located, Packet, Value};

/// Fields that do not stand in whole bytes as the number that they are: bit fields, numbers in another unit or for which a
/// code stands, lengths that follow from others, addresses of which the packet has the first bytes alone.
const NOT_WHOLE_BYTES: &[(&str, &[&str])] = &[
    (
        "icmp",
        &[
            "active",
            "ext_version",
            "if_role",
            "ipv4",
            "ipv6",
            "local",
            "mpls_bottom",
            "mpls_label",
            "mpls_tc",
            "state",
        ],
    ),
    (
        "icmpv6",
        &[
            "active",
            "ext_version",
            "grounded",
            "ipv4",
            "ipv6",
            "local",
            "mode_of_operation",
            "opt_prefix",
            "pref64",
            "pref64_len",
            "pref64_lifetime",
            "preference",
            "robustness",
            "state",
            "suppress",
        ],
    ),
    ("igmp", &["robustness", "suppress"]),
    (
        "ip",
        &[
            "df",
            "flags",
            "frag_off",
            "hdr_len",
            "mf",
            "quick_start_function",
            "quick_start_nonce",
            "quick_start_rate",
            "rb",
            "ts_flag",
            "ts_overflow",
            "version",
        ],
    ),
    ("ipv6", &["flow", "tclass", "version"]),
    (
        "ipv6_dstopts",
        &[
            "alt_mark_delay",
            "alt_mark_flow",
            "alt_mark_loss",
            "quick_start_function",
            "quick_start_nonce",
            "quick_start_rate",
        ],
    ),
    ("ipv6_frag", &["more", "offset", "reserved_bits"]),
    ("ipv6_routing", &["cmpr_e", "cmpr_i", "hmac_d", "pad", "reserved"]),
    ("llc", &["control", "function", "poll_final", "recv_seq", "send_seq"]),
    ("mobility", &["response", "unsolicited"]),
    (
        "tcp",
        &[
            "flags",
            "hdr_len",
            "mptcp_subtype",
            "payload_len",
            "quick_start_nonce",
            "quick_start_rate",
            "user_timeout_minutes",
        ],
    ),
    ("vlan", &["dei", "pcp", "vid"]),
];

/// Calls `visit` for each field of the packet, with its layer and its number among those of its name.
fn each_field(link_type: LinkType, bytes: &[u8], mut visit: impl FnMut(&Located<'_>, usize, Field<'_>)) {
    for located in Packet::parse(link_type, bytes).layers().located() {
        let mut seen = BTreeMap::new();
        located.layer.fields(&mut |field| {
            let count: &mut usize = seen.entry(field.name).or_default();
            visit(&located, *count, field);
            *count += 1;
        });
    }
}

/// Whether the value's bytes are those at the start of `bytes`, as a big-endian number or as they are.
fn stands_at(value: Value<'_>, bytes: &[u8]) -> bool {
    match value {
        Value::Uint(number) | Value::Hex(number) => (1..=8).any(|width| {
            bytes
                .get(..width)
                .is_some_and(|bytes| bytes.iter().fold(0, |n, byte| n << 8 | u64::from(*byte)) == number)
        }),
        Value::Mac(address) => bytes.starts_with(&address.0),
        Value::Ipv4(address) => bytes.starts_with(&address.octets()),
        Value::Ipv6(address) => bytes.starts_with(&address.octets()),
        Value::Bytes(value) => bytes.starts_with(value),
        _ => false,
    }
}

/// Whether another value of the byte at `at` is another value of the field, which is there still.
fn depends_on(
    link_type: LinkType,
    bytes: &[u8],
    at: usize,
    layer: &Located<'_>,
    index: usize,
    field: Field<'_>,
) -> bool {
    at < bytes.len()
        && (1..=255).any(|mask| {
            let mut changed = bytes.to_vec();
            changed[at] ^= mask;
            let mut depends = false;
            each_field(link_type, &changed, |other, number, there| {
                let same = (other.offset, other.layer.kind(), number, there.name)
                    == (layer.offset, layer.layer.kind(), index, field.name);
                depends |= same && there.value != field.value;
            });
            depends
        })
}

/// `count` bytes of which no two neighbours are alike, and none is zero.
fn counting(count: usize) -> Vec<u8> {
    (0x11..).take(count).collect()
}

/// IPv4 and IPv6 packets with every type of message and option, most of them with bytes that tell where they stand.
fn sweep() -> Vec<Vec<u8>> {
    let over_ipv4 = |packet: &[u8]| ethernet(0x0800, packet);
    let over_ipv6 = |packet: &[u8]| ethernet(0x86dd, packet);
    let padded = |mut bytes: Vec<u8>, unit: usize, less: usize| {
        bytes.resize((bytes.len() + less).next_multiple_of(unit) - less, 0);
        bytes
    };
    let mut all = vec![ethernet_llc(&[0x42, 0x42, 0x05, 0x83])];
    for kind in 0..=255 {
        all.push(over_ipv4(&ipv4(1, &icmp(kind, 0, &counting(60)))));
        all.push(over_ipv4(&ipv4(2, &icmp(kind, 0, &counting(60)))));
        for code in [0, 1, 2, 3] {
            all.push(over_ipv6(&ipv6(58, &icmpv6(kind, code, &counting(60)))));
        }
        all.push(over_ipv6(&ipv6(43, &extension(59, &join(&[&[kind, 0x21], &counting(36)]), &[]))));
        all.push(over_ipv6(&ipv6(135, &extension(59, &join(&[&[kind, 0], &counting(52)]), &[]))));
        // Option after option of each length.
        for length in 0..=30 {
            let data = counting(length);
            let option = join(&[&[kind, length as u8], &data]);
            let with_head = join(&[&[kind, length as u8 + 2], &data]);
            if length <= 36 {
                let options = padded(with_head.clone(), 4, 0);
                all.push(over_ipv4(&ipv4_with(0, &options, 253, &[])));
                all.push(over_ipv4(&ipv4(6, &tcp(0x10, &options, b"x"))));
            }
            all.push(over_ipv6(&ipv6(60, &extension(59, &padded(option.clone(), 8, 2), &[]))));
            let update = join(&[&[5, 0, 0, 0, 0, 1, 0xc0, 0, 0, 60], &option]);
            all.push(over_ipv6(&ipv6(135, &extension(59, &padded(update, 8, 2), &[]))));
            let segments = join(&[&[4, 0, 0, 0, 0, 9], &counting(16), &option]);
            all.push(over_ipv6(&ipv6(43, &extension(59, &padded(segments, 8, 2), &[]))));
            let rpl = join(&[&counting(24), &option]);
            all.push(over_ipv6(&ipv6(58, &icmpv6(155, 1, &rpl))));
            if length % 8 == 6 {
                let option = join(&[&[kind, length as u8 / 8 + 1], &data]);
                all.push(over_ipv6(&ipv6(58, &icmpv6(133, 0, &join(&[&[0; 4], &option, &option])))));
            }
        }
        // Each class and form of extension object.
        for ctype in 0..16 {
            let object = join(&[&[0x20, 0, 0, 0, 0, 44, kind % 8, ctype | kind & 0xc0], &counting(40)]);
            all.push(over_ipv4(&ipv4(1, &icmp(42, 0, &join(&[&[0, 1, 2, 1], &object])))));
        }
    }
    all
}

#[test]
fn fields_stand_at_their_offset() {
    let known: BTreeSet<_> = NOT_WHOLE_BYTES
        .iter()
        .flat_map(|(layer, fields)| fields.iter().map(|field| (*layer, *field)))
        .collect();
    let mut found = BTreeMap::new();
    let all = samples().into_iter().map(|sample| (sample.link_type, sample.bytes));
    for (link_type, bytes) in all.chain(sweep().into_iter().map(|bytes| (LinkType::ETHERNET, bytes))) {
        each_field(link_type, &bytes, |located, index, field| {
            let layer = located.layer.name();
            let at = located.offset + field.offset;
            let there = bytes.get(at..).unwrap_or_else(|| panic!("{layer} {field:?} of {bytes:02x?}"));
            if stands_at(field.value, there) {
                return;
            }
            assert!(known.contains(&(layer, field.name)), "{layer} {field:?} of {bytes:02x?}");
            let times: &mut usize = found.entry((layer, field.name)).or_default();
            *times += 1;
            // Where a packet begins with it, another version is another protocol.
            if *times < 4 && (field.name, at) != ("version", 0) {
                assert!(
                    depends_on(link_type, &bytes, at, located, index, field),
                    "{layer} {field:?} of {bytes:02x?}"
                );
            }
        });
    }
    assert_eq!(found.into_keys().collect::<BTreeSet<_>>(), known);
}
