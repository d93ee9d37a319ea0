use super::*;
use crate::any::Named;
use crate::{BuildErrorKind, Derived, Edit, FieldValue};
use pycap_wire::net::icmpv6::ndp_option::HomeAgentHeader;
use pycap_wire::{Icmpv6Message, MacAddr};
use std::net::IpAddr;

const MAC: MacAddr = MacAddr([2, 0, 0, 0, 0, 1]);

fn v6(address: &str) -> Ipv6Addr {
    address.parse().unwrap()
}

/// The message with what is inside, in a packet from fe80::1 to fe80::2.
fn inside(layer: impl Layer) -> Result<Vec<u8>, BuildError> {
    let mut buf = PacketBuf::new();
    layer.prepend(&Context::ipv6(v6("fe80::1"), v6("fe80::2")), Identity::Nothing, &mut buf)?;
    Ok(buf.bytes().to_vec())
}

fn hex(layer: impl Layer) -> String {
    inside(layer).unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
}

fn checksum_ok(view: &pycap_wire::Icmpv6<'_>) -> Option<bool> {
    view.checksum_ok(IpAddr::V6(v6("fe80::1")), IpAddr::V6(v6("fe80::2")))
}

/// `IPv6(src="fe80::2", dst="2001:db8::9")/UDP(sport=4000, dport=33434)`.
const QUOTED: &str =
    "6000000000081140fe80000000000000000000000000000220010db80000000000000000000000090fa0829a0008415f";

fn router_advertisement() -> Icmpv6 {
    let mut home_agent = HomeAgentHeader::zeroed();
    home_agent.set_preference(2);
    home_agent.set_lifetime(7);
    Icmpv6::router_advertisement(1800)
        .managed(true)
        .other(true)
        .reachable_time(5)
        .retrans_timer(6)
        .option(&NdpOption::SourceLinkAddress(MAC))
        .option(&NdpOption::Mtu(1500))
        .option(&NdpOption::prefix(v6("2001:db8::"), 64, 86400, 14400))
        .option(&NdpOption::route(v6("2001:db8:1::"), 96, 600, 1))
        .option(&NdpOption::Rdnss { lifetime: 3600, servers: vec![v6("2001:db8::53"), v6("2001:db8::54")] })
        .option(&NdpOption::Dnssl { lifetime: 3600, domains: vec!["lan".into(), "example.com".into()] })
        .option(&NdpOption::AdvertisementInterval(3000))
        .option(&NdpOption::HomeAgent(home_agent))
}

const ROUTER_ADVERTISEMENT: &str = "8600e65440c00708000000050000000601010200000000010501000000\
    0005dc030440c000015180000038400000000020010db8000000000000000000000000180360080000025820010db800010000000000000000\
    00001905000000000e1020010db800000000000000000000005320010db80000000000000000000000541f04000000000e10036c616e000765\
    78616d706c6503636f6d000000000000000701000000000bb80801000000020007";

/// scapy 2.8: `IPv6(src="fe80::1", dst="fe80::2")/ICMPv6EchoRequest(id=0x1234, seq=7, data=b"ABC")` and so on.
#[test]
fn the_same_bytes_as_scapy() {
    assert_eq!(hex((Icmpv6::echo_request(0x1234, 7), "ABC")), "8000ec3712340007414243");
    assert_eq!(hex((Icmpv6::echo_reply(0x1234, 7), "ABC")), "8100eb3712340007414243");
    let errors = [
        (Icmpv6::unreachable(4), "0104905500000000"),
        (Icmpv6::packet_too_big(1280), "02008a5900000500"),
        (Icmpv6::time_exceeded(1), "03018e5800000000"),
        (Icmpv6::parameter_problem(1, 40), "04018d3000000028"),
    ];
    for (icmp, expected) in errors {
        assert_eq!(hex((icmp, bytes(QUOTED))), format!("{expected}{QUOTED}"));
    }
    let (source, target) = (NdpOption::SourceLinkAddress(MAC), NdpOption::TargetLinkAddress(MAC));
    let (group, other) = (v6("ff02::fb"), v6("ff02::fc"));
    let mld = "ff0200000000000000000000000000fb";
    let neighbor = "fe800000000000000000000000000002";
    let advertisement = Icmpv6::neighbor_advertisement(v6("fe80::2"));
    let advertisement = advertisement.router(true).solicited(true).overriding(true).option(&target);
    let query = Icmpv6::mldv2_query(group, 1000).suppress(true);
    let report = Icmpv6::mldv2_report().record(MldRecordType::CHANGE_TO_EXCLUDE, group, &[]);
    let report = report.record(MldRecordType::MODE_IS_INCLUDE, other, &[v6("2001:db8::1")]);
    let name = Icmpv6::node_information_query(NodeInformationType::NODE_NAME, 0x4142_4344_4546_4748);
    let addresses =
        Icmpv6::node_information_query(NodeInformationType::IPV4_ADDRESSES, 0x4142_4344_4546_4748);
    let others = [
        (Icmpv6::router_solicitation().option(&source), "85007aae000000000101020000000001".into()),
        (router_advertisement(), ROUTER_ADVERTISEMENT.into()),
        (
            Icmpv6::neighbor_solicitation(v6("fe80::2")).option(&source),
            format!("87007a1b00000000{neighbor}0101020000000001"),
        ),
        (advertisement, format!("8800981ae0000000{neighbor}0201020000000001")),
        (Icmpv6::mld_query(group, 1000), format!("82007cc203e80000{mld}")),
        (Icmpv6::mld_report(group), format!("83007faa00000000{mld}")),
        (Icmpv6::mld_done(group), format!("84007eaa00000000{mld}")),
        (
            query.source(v6("2001:db8::1")).source(v6("2001:db8::2")),
            format!(
                "820016aa03e80000{mld}0a7d000220010db800000000000000000000000120010db8000000000000000000000002"
            ),
        ),
        (
            report,
            format!(
                "8f0040c60000000204000000{mld}01000001ff0200000000000000000000000000fc\
                 20010db8000000000000000000000001"
            ),
        ),
        (
            name.subject_name("example.com"),
            "8b019a1e000200004142434445464748076578616d706c6503636f6d00".into(),
        ),
        (addresses.subject_ipv4([10, 0, 0, 1]), "8b025c900004000041424344454647480a000001".into()),
        (Icmpv6::mobile_prefix_solicitation(7), "920070b100070000".into()),
    ];
    for (icmp, expected) in others {
        assert_eq!(hex(icmp), expected);
    }
}

/// scapy 2.8: `ICMPv6ND_Redirect(...)/ICMPv6NDOptDstLLAddr(...)/ICMPv6NDOptRedirectedHdr(pkt=...)`.
#[test]
fn a_redirect_has_its_packet_in_an_option() {
    let redirect =
        Icmpv6::redirect(v6("fe80::9"), v6("2001:db8::9")).option(&NdpOption::TargetLinkAddress(MAC));
    let expected = format!(
        "8900d3d300000000fe80000000000000000000000000000920010db80000000000000000000000090201020000000001\
         0407000000000000{QUOTED}"
    );
    assert_eq!(hex((&redirect, bytes(QUOTED))), expected);
    // Dissected, with an option behind; then with a longer packet inside.
    let mut original = bytes(&expected);
    original.extend([5, 1, 0, 0, 0, 0, 5, 0xdc]);
    let view = pycap_wire::Icmpv6::parse(&original).unwrap();
    let mut again = view.to_builder();
    assert_eq!(inside((&again, view.payload())).unwrap(), original);
    again.compute(Derived::Lengths);
    again.compute(Derived::Checksums);
    let longer = [view.payload(), &[7; 3]].concat();
    let written = inside((&again, longer)).unwrap();
    let view = pycap_wire::Icmpv6::parse(&written).unwrap();
    assert_eq!((view.payload().len(), checksum_ok(&view)), (56, Some(true)));
    let options: Vec<_> = view.message().options().unwrap().1.collect();
    assert!(matches!(options[..], [_, _, pycap_wire::NdpOption::Mtu(1500)]), "{options:?}");
    let error = inside((redirect, vec![0; 2033])).unwrap_err();
    assert_eq!(error.to_string(), "icmpv6: 2048 bytes, limit of an option is 2040: 8 too many");
}

#[test]
fn an_extension_follows_the_padded_packet() {
    let object = IcmpObject::InterfaceIndex(3);
    let written = inside((Icmpv6::unreachable(0).object(&object), vec![0x60; 131])).unwrap();
    let view = pycap_wire::Icmpv6::parse(&written).unwrap();
    assert_eq!((written[4], view.payload().len(), checksum_ok(&view)), (17, 136, Some(true)));
    let extension = view.extension().unwrap();
    assert_eq!((extension.objects().count(), extension.checksum_ok()), (1, Some(true)));
    assert_eq!(inside((view.to_builder(), view.payload())).unwrap(), written);
}

#[test]
fn a_checksum_needs_addresses() {
    let error = (Icmpv6::echo_request(1, 2), "x").build().unwrap_err();
    assert_eq!((error.layer(), error.kind()), ("icmpv6", BuildErrorKind::NoAddresses));
    assert!((Icmpv6::echo_request(1, 2).checksum(7), "x").build().is_ok());
    let error = inside((Icmpv6::unreachable(0), crate::layer::Udp::new(1, 2))).unwrap_err();
    assert_eq!((error.layer(), error.kind()), ("udp", BuildErrorKind::NoAddresses));
}

#[test]
fn numbers_follow_lists_unless_set() {
    let query = Icmpv6::mldv2_query(v6("ff02::fb"), 1).source_count(9).source(v6("::1"));
    assert_eq!(query.body()[22..24], [0, 9]);
    let mut honest = query;
    honest.compute(Derived::Lengths);
    assert_eq!(honest.body()[22..24], [0, 1]);
    let long = NdpOption::Nonce(vec![0; 2040]);
    let error = inside(Icmpv6::router_solicitation().option(&long)).unwrap_err();
    assert_eq!(error.to_string(), "icmpv6: 2048 bytes, limit of an option is 2040: 8 too many");
}

#[test]
fn fields_are_set_by_their_names() {
    let uint = FieldValue::Uint;
    let word = |word: &str| FieldValue::Word(word.into());
    let address = |text: &str| FieldValue::Ipv6(v6(text));
    let call = |name: &str, values: &[FieldValue]| FieldValue::Call(name.into(), values.to_vec());
    let text = |text: &str| FieldValue::Bytes(Vec::from(text));
    let edited = |name: &str, fields: &[(&str, FieldValue)]| {
        let mut icmp = Icmpv6::named(name).unwrap();
        for (field, value) in fields {
            icmp.set(field, value).unwrap_or_else(|error| panic!("{field}: {error}"));
        }
        icmp
    };
    let options = FieldValue::List(vec![
        call("source_link_address", &[FieldValue::Mac(MAC)]),
        call("mtu", &[uint(1500)]),
        call("prefix_information", &[address("2001:db8::"), uint(64), uint(86400), uint(14400)]),
        call("route_information", &[address("2001:db8:1::"), uint(96), uint(600), uint(1)]),
        call("rdnss", &[uint(3600), address("2001:db8::53"), address("2001:db8::54")]),
        call("dnssl", &[uint(3600), text("lan"), text("example.com")]),
        call("advertisement_interval", &[uint(3000)]),
        call("home_agent", &[uint(2), uint(7)]),
    ]);
    let fields = [
        ("managed", uint(1)),
        ("other", uint(1)),
        ("reachable_time", uint(5)),
        ("retrans_timer", uint(6)),
        ("options", options),
    ];
    assert_eq!(edited("icmpv6_router_advertisement", &fields), router_advertisement());
    let solicitation =
        [("target", address("fe80::2")), ("options", call("source_link_address", &[FieldValue::Mac(MAC)]))];
    let expected = Icmpv6::neighbor_solicitation(v6("fe80::2")).option(&NdpOption::SourceLinkAddress(MAC));
    assert_eq!(edited("icmpv6_neighbor_solicitation", &solicitation), expected);
    let records = FieldValue::List(vec![call(
        "record",
        &[word("change_to_exclude_mode"), address("ff02::fb"), address("::1"), address("::2")],
    )]);
    let expected = Icmpv6::mldv2_report().record(
        MldRecordType::CHANGE_TO_EXCLUDE,
        v6("ff02::fb"),
        &[v6("::1"), v6("::2")],
    );
    assert_eq!(edited("icmpv6_mldv2_report", &[("records", records)]), expected);
    let query = [("qtype", word("IPv4 addresses")), ("subject_name", text("a.b"))];
    let expected = Icmpv6::node_information_query(NodeInformationType::IPV4_ADDRESSES, 0).subject_name("a.b");
    assert_eq!(edited("icmpv6_node_information_query", &query), expected);
    let unreachable = edited("icmpv6", &[("type", uint(1)), ("code", word("port unreachable"))]);
    assert_eq!(unreachable, Icmpv6::unreachable(4));
    let mut solicitation = Icmpv6::router_solicitation();
    let error = solicitation.set("options", &call("mtu", &[word("big")])).unwrap_err();
    assert_eq!(error.to_string(), "argument 1 of mtu: needs a number, found big");
    let error = solicitation.set("options", &call("mtu", &[uint(1), uint(2)])).unwrap_err();
    assert_eq!(error.to_string(), "mtu takes 1 arguments, found 1 more");
    let error = solicitation.set("options", &call("mtu", &[])).unwrap_err();
    assert_eq!(error.to_string(), "mtu needs at least 1 arguments, found 0");
}

/// Every name is a message that pycap-wire reads as one of its type, whose fields, by their names, it has too.
#[test]
fn names_are_messages() {
    // What is computed from another field has no name of its own.
    let follows = ["max_response_delay", "query_interval"];
    for name in Icmpv6::NAMES {
        let icmp = Icmpv6::named(name).unwrap();
        let written = inside(&icmp).unwrap();
        let view = pycap_wire::Icmpv6::parse(&written).unwrap();
        assert_eq!((checksum_ok(&view), view.missing()), (Some(true), 0), "{name}");
        assert!(!matches!(view.message(), Icmpv6Message::Unknown(_)), "{name}");
        view.fields(&mut |field| {
            let known = icmp.fields().iter().any(|info| info.name == field.name);
            let answer = matches!(field.name, "subject_data" | "ttls");
            assert!(known || answer || follows.contains(&field.name), "{name}: {}", field.name);
        });
        for info in icmp.fields().iter().filter(|info| info.takes.starts_with(['u', '0'])) {
            icmp.clone().set(info.name, &FieldValue::Uint(1)).unwrap();
        }
    }
}
