use core::net::Ipv6Addr;

use super::message::{NdpNeighborHeader, NdpRouterHeader};
use super::mld::{MldRecordType, Mldv2QueryHeader};
use super::ndp_option::{PrefixInformationHeader, RouteInformationHeader};
use super::*;
use crate::Layer;
use crate::testing::{String, ToString, Vec, bytes, fields, format, torture};

// Checksums are right for fe80::1 to fe80::2; values are those that tshark 4.0 shows for these bytes, lines those of
// tcpdump 4.99.3.

/// fe80::1 to fe80::2, UDP ports 1000 and 53.
const QUOTED: &str =
    "6000000000081140 fe800000000000000000000000000001 fe800000000000000000000000000002 03e8003500080000";

fn shown(hex: &str) -> (String, String) {
    let bytes = bytes(hex);
    let icmp = Icmpv6::parse(&bytes).unwrap();
    let (a, b): (Ipv6Addr, Ipv6Addr) = ("fe80::1".parse().unwrap(), "fe80::2".parse().unwrap());
    assert_eq!(icmp.checksum_ok(a.into(), b.into()), Some(true));
    assert_eq!(icmp.checksum_ok(a.into(), a.into()), Some(false));
    assert_eq!(icmp.checksum_ok(a.into(), IpAddr::V4([127, 0, 0, 1].into())), None);
    assert_eq!(icmp.with_missing(1).checksum_ok(a.into(), b.into()), None);
    (fields(Layer::Icmpv6(icmp)), icmp.summary().to_string())
}

#[test]
fn neighbor_solicitation() {
    let (fields, line) = shown("87004ae4 00000000 20010db8000000000000000000000001 0101020000000001");
    assert_eq!(
        fields,
        "type@0=135 code@1=0 checksum@2=0x4ae4 target@8=2001:db8::1 opt_types*@24=1 opt_lens*@25=1 \
         opt_lladdr*@26=02:00:00:00:00:01"
    );
    assert_eq!(line, "ICMP6, neighbor solicitation, who has 2001:db8::1, length 32");
}

#[test]
fn errors_quote_a_packet() {
    let (fields, line) = shown(&format!("01048f12 00000000 {QUOTED}"));
    assert_eq!(fields, "type@0=1 code@1=4 checksum@2=0x8f12");
    assert_eq!(line, "ICMP6, destination unreachable, unreachable port, fe80::2 udp port 53, length 56");
    let bytes = bytes(&format!("01048f12 00000000 {QUOTED}"));
    let icmp = Icmpv6::parse(&bytes).unwrap();
    assert_eq!((icmp.header_len(), icmp.next()), (8, Next::EtherType(EtherType::IPV6)));
    assert_eq!(icmp.quoted(), Some(&bytes[8..]));
    assert_eq!(icmp.to_string(), "ICMPv6(type=0x1, code=0x4)");
}

#[test]
fn the_port_behind_extension_headers() {
    // Hop-by-hop options and a fragment header, then the first 4 bytes of TCP.
    let quoted = "6000000000141140 fe800000000000000000000000000001 fe800000000000000000000000000002";
    let chain = "2c00010400000000 0600000100000001 03e80035";
    let mut message = bytes(&format!("01040000 00000000 {quoted} {chain}"));
    message[14] = 0;
    let line = Icmpv6::parse(&message).unwrap().summary().to_string();
    assert_eq!(line, "ICMP6, destination unreachable, unreachable port, fe80::2 tcp port 53, length 68");
}

#[test]
fn an_extension_where_the_length_says() {
    let mut message = bytes(&format!("03000000 10000000 {QUOTED}"));
    message.resize(8 + 128, 0);
    message.extend(bytes("200052b9 00080101 003e8bff"));
    let icmp = Icmpv6::parse(&message).unwrap();
    assert_eq!(icmp.payload().len(), 128);
    assert_eq!(icmp.extension().unwrap().objects().count(), 1);
    message[4] = 0;
    let icmp = Icmpv6::parse(&message).unwrap();
    assert_eq!((icmp.payload().len(), icmp.extension()), (140, None));
}

#[test]
fn a_redirect_quotes_in_an_option() {
    let addresses = "fe800000000000000000000000000001 20010db8000000000000000000000005";
    let message = bytes(&format!(
        "89000000 00000000 {addresses} 0201020000000001 0407000000000000 {QUOTED} 05010000000005dc"
    ));
    let icmp = Icmpv6::parse(&message).unwrap();
    assert_eq!((icmp.header_len(), icmp.payload().len()), (56, 48));
    assert_eq!(icmp.next(), Next::EtherType(EtherType::IPV6));
    assert_eq!(icmp.summary().to_string(), "ICMP6, redirect, 2001:db8::5 to fe80::1, length 112");
    let Icmpv6Message::Redirect(_, options) = icmp.message() else { panic!() };
    assert_eq!(options.last(), Some(NdpOption::Mtu(1500)));
}

#[test]
fn experimental_mobility_has_options() {
    let (fields, _) = shown("960060a8 02000007 0501000000000500");
    assert_eq!(
        fields,
        "type@0=150 code@1=0 checksum@2=0x60a8 subtype@4=2 handover_id@6=7 opt_types*@8=5 opt_lens*@9=1 opt_mtu*@12=1280"
    );
}

#[test]
fn listener_report_v2() {
    let message = "8f003db6 00000002 04000000 ff0200000000000000000000000000fb \
                   05000001 ff050000000000000000000000000001 20010db8000000000000000000000009";
    let (fields, line) = shown(message);
    assert_eq!(
        fields,
        "type@0=143 code@1=0 checksum@2=0x3db6 mld_nrec@6=2 record_types*@8=4 record_aux_words*@9=0 \
         record_source_counts*@10=0 record_groups*@12=ff02::fb record_types*@28=5 record_aux_words*@29=0 \
         record_source_counts*@30=1 record_groups*@32=ff05::1 sources*@48=2001:db8::9"
    );
    assert_eq!(line, "ICMP6, multicast listener report v2, 2 group record(s), length 64");
    let bytes = bytes(message);
    let Icmpv6Message::Mldv2Report(_, records) = Icmpv6::parse(&bytes).unwrap().message() else { panic!() };
    let types: Vec<_> = records.map(|record| record.header.record_type()).collect();
    assert_eq!(types, [MldRecordType::CHANGE_TO_EXCLUDE, MldRecordType::ALLOW_NEW_SOURCES]);
}

#[test]
fn listener_query_v2() {
    let (fields, line) =
        shown("8200c93a 80010000 ff020000000000000000000000000001 0a990001 20010db8000000000000000000000001");
    // RFC 9777, 5.1.3: 0x8001 is (0x1000 + 1) << 3; 5.1.9: 0x99 is (16 + 9) << 4.
    assert_eq!(
        fields,
        "type@0=130 code@1=0 checksum@2=0xc93a max_response_code@4=32769 max_response_delay@4=32776 mld_addr@8=ff02::1 \
         suppress@24=1 robustness@24=2 qqic@25=153 query_interval@25=400 source_count@26=1 sources*@28=2001:db8::1"
    );
    assert_eq!(line, "ICMP6, multicast listener query v2 [gaddr ff02::1, 1 source(s)], length 44");
}

#[test]
fn bit_fields_are_set_apart() {
    let mut router = NdpRouterHeader::zeroed();
    router.set_managed(true);
    router.set_preference(-1);
    router.set_proxy(true);
    assert_eq!((router.flags(), router.preference()), (0x9c, -1));
    router.set_other(true);
    router.set_home_agent(true);
    router.set_managed(false);
    router.set_preference(1);
    assert_eq!((router.flags(), router.preference(), router.other()), (0x6c, 1, true));
    let mut neighbor = NdpNeighborHeader::zeroed();
    neighbor.set_router(true);
    neighbor.set_solicited(true);
    neighbor.set_overriding(true);
    neighbor.set_router(false);
    assert_eq!(neighbor.flags(), 0x6000_0000);
    let mut prefix = PrefixInformationHeader::zeroed();
    prefix.set_on_link(true);
    prefix.set_autonomous(true);
    prefix.set_router_address(true);
    prefix.set_autonomous(false);
    assert_eq!(prefix.flags(), 0xa0);
    let mut route = RouteInformationHeader::zeroed();
    route.set_preference(-1);
    assert_eq!((route.flags(), route.preference()), (0x18, -1));
    let mut query = Mldv2QueryHeader::zeroed();
    query.set_suppress(true);
    query.set_robustness(10);
    assert_eq!((query.flags(), query.suppress(), query.robustness()), (0x0a, true, 2));
}

#[test]
fn options_of_a_router_advertisement() {
    let options: Vec<u8> = bytes(
        "0304 40c0 00000e10 00000708 00000000 20010db8000000000000000000000000 \
         1802 4008 00000009 20010db800010000 \
         1903 0000 00000009 20010db8000000000000000000000053 \
         1f02 0000 00000009 0261620163000000 \
         2602 1001 20010db80064ff9b00000000 \
         fd01 010203040506",
    );
    let all: Vec<_> = NdpOptions::new(&options).collect();
    assert!(
        matches!(all[0], NdpOption::PrefixInformation(h) if h.prefix_len() == 64 && h.on_link() && h.autonomous())
    );
    assert!(
        matches!(all[1], NdpOption::RouteInformation { prefix, .. } if prefix.to_string() == "2001:db8:1::")
    );
    assert!(
        matches!(all[2], NdpOption::Rdnss { servers, .. } if servers.last().unwrap().to_string() == "2001:db8::53")
    );
    assert!(
        matches!(all[3], NdpOption::Dnssl { domains, .. } if domains.last().unwrap().to_string() == "ab.c")
    );
    // RFC 8781, 4: scaled lifetime 512 in units of 8 seconds, code 1 for /64.
    assert!(matches!(all[4], NdpOption::Pref64(p) if (p.lifetime(), p.prefix_len()) == (4096, Some(64))));
    assert!(matches!(
        all[5],
        NdpOption::Unknown { kind: NdpOptionKind::EXPERIMENT_1, data: [1, 2, 3, 4, 5, 6] }
    ));
    assert_eq!(all.len(), 6);
}

/// The fields of a router solicitation with these options, which begin at offset 8, but for their types and lengths.
fn option_fields(options: &str) -> String {
    let message = bytes(&format!("85000000 00000000 {options}"));
    let all = fields(Layer::Icmpv6(Icmpv6::parse(&message).unwrap()));
    let own = |field: &&str| !field.starts_with("opt_types") && !field.starts_with("opt_lens");
    all.split(' ').skip(3).filter(own).collect::<Vec<_>>().join(" ")
}

// RFC 3971, 5.1.1, 5.2, 6.4.3 and 6.4.4.
#[test]
fn options_of_secure_neighbor_discovery() {
    let (modifier, prefix) = ("a1".repeat(16), "20010db800000000");
    assert_eq!(
        option_fields(&format!("0b05 0300 {modifier} {prefix} 01 3082010203040506 000000")),
        format!(
            "cga_pad_len*@10=3 cga_modifier*@12={modifier} cga_prefix*@28={prefix} cga_collision_count*@36=1 \
             cga_key*@37=3082010203040506"
        )
    );
    assert_eq!(
        option_fields(&format!("0c03 0000 {modifier} 01020304")),
        format!("rsa_key_hash*@12={modifier} rsa_signature*@28=01020304")
    );
    assert_eq!(
        option_fields("0f02 0204 0361626302646500 00000000"),
        "anchor_name_type*@10=2 anchor_pad_len*@11=4 anchor_name*@12=0361626302646500"
    );
    assert_eq!(option_fields("1001 0100 30020500"), "certificate_type*@10=1 certificate*@12=30020500");
    // More padding than option.
    assert_eq!(option_fields("0f01 0205 61626364"), "opt_data*@10=020561626364");
}

// RFC 5380, 6; RFC 6775, 4.2 and 4.3.
#[test]
fn options_of_mobility_and_6lowpan() {
    let address = "20010db8000000000000000000000007";
    let map = format!("1703 1f80 00000e10 {address}");
    assert_eq!(
        option_fields(&map),
        "map_dist_pref*@10=0x1f map_flags*@11=0x80 map_lifetime*@12=3600 map_address*@16=2001:db8::7"
    );
    let map = bytes(&map);
    let Some(NdpOption::Map(header)) = NdpOptions::new(&map).next() else { panic!() };
    assert_eq!((header.distance(), header.preference(), header.regional()), (1, 15, true));
    let mut written = ndp_option::MapHeader::zeroed();
    written.set_distance(0x11);
    written.set_preference(0xff);
    written.set_regional(true);
    assert_eq!((written.dist_pref(), written.flags()), (0x1f, 0x80));

    let context = "2202 4013 0000 0064 20010db800000000";
    assert_eq!(
        option_fields(context),
        "context_len*@10=64 context_flags*@11=0x13 context_lifetime*@14=100 context_prefix*@16=20010db800000000"
    );
    let context = bytes(context);
    let Some(NdpOption::SixLowpanContext { header, .. }) = NdpOptions::new(&context).next() else { panic!() };
    assert_eq!((header.compression(), header.context_id()), (true, 3));
    let mut written = ndp_option::SixLowpanContextHeader::zeroed();
    written.set_context_id(0xf3);
    written.set_compression(true);
    assert_eq!(written.flags(), 0x13);

    let router = format!("2303 0002 0001 0064 {address}");
    assert_eq!(
        option_fields(&router),
        "border_router_version_low*@10=2 border_router_version_high*@12=1 border_router_lifetime*@14=100 \
         border_router_address*@16=2001:db8::7"
    );
    let router = bytes(&router);
    let Some(NdpOption::BorderRouter(header)) = NdpOptions::new(&router).next() else { panic!() };
    assert_eq!(header.version(), 0x1_0002);
}

// RFC 8801, 3.1.
#[test]
fn provisioning_domains() {
    // H and R, delay 5; the name takes 6 bytes, so that 4 bytes of padding follow.
    let pvd = "1505 a005 0009 0261620163 00 00000000 86000000 40c00708 00000001 00000002 05010000000005dc";
    assert_eq!(
        option_fields(pvd),
        "pvd_flags*@10=0xa005 pvd_seq*@12=9 pvd_id*@14=026162016300 pvd_hop_limit*@28=64 pvd_router_flags*@29=0xc0 \
         pvd_router_lifetime*@30=1800 pvd_reachable_time*@32=1 pvd_retrans_timer*@36=2 pvd_options*@40=05010000000005dc"
    );
    let pvd = bytes(pvd);
    let Some(NdpOption::Pvd(pvd)) = NdpOptions::new(&pvd).next() else { panic!() };
    let header = pvd.header();
    assert_eq!((header.http(), header.legacy(), header.router(), header.delay()), (true, false, true, 5));
    assert_eq!(pvd.id().unwrap().to_string(), "ab.c");
    assert_eq!(pvd.options().collect::<Vec<_>>(), [NdpOption::Mtu(1500)]);
    assert_eq!(option_fields("1501 4000 0001 0000"), "pvd_flags*@10=0x4000 pvd_seq*@12=1");
}

// RFC 9463, 6.1.
#[test]
fn encrypted_dns() {
    let address = "20010db8000000000000000000000035";
    let option =
        format!("9006 0001 0000000e 0006 026162016300 0010 {address} 0007 00010003026832 0000000000");
    assert_eq!(
        option_fields(&option),
        "dnr_priority*@10=1 dnr_lifetime*@12=14 dnr_name_len*@16=6 dnr_name*@18=026162016300 dnr_addresses_len*@24=16 \
         dnr_address*@26=2001:db8::35 dnr_parameters_len*@42=7 dnr_parameters*@44=00010003026832"
    );
    let option = bytes(&option);
    let Some(NdpOption::EncryptedDns(resolver)) = NdpOptions::new(&option).next() else { panic!() };
    assert_eq!(resolver.name().unwrap().to_string(), "ab.c");
    assert_eq!((resolver.addresses().count(), resolver.parameters().len()), (1, 7));
    // The name alone; and a name that goes past the end.
    assert_eq!(
        option_fields("9002 0000 0000000e 0006 026162016300"),
        "dnr_priority*@10=0 dnr_lifetime*@12=14 dnr_name_len*@16=6 dnr_name*@18=026162016300"
    );
    assert_eq!(
        option_fields("9002 0000 0000000e 0007 026162016300"),
        "opt_data*@10=00000000000e0007026162016300"
    );
}

// RFC 6550, 6.7.
#[test]
fn options_of_rpl() {
    let address = "20010db8000000000000000000000007";
    let all = |options: &str| {
        let message = bytes(&format!("9b000000 0000 {options}"));
        let all = fields(Layer::Icmpv6(Icmpv6::parse(&message).unwrap()));
        let own = |field: &&str| !field.starts_with("rpl_opt_types") && !field.starts_with("rpl_opt_lens");
        all.split(' ').skip(4).filter(own).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(all("00 0102 0000 0204 07000000"), "rpl_metrics*@13=07000000");
    assert_eq!(
        all("030a 20 08 00000e10 20010db8"),
        "route_prefix_len*@8=32 route_flags*@9=0x8 route_lifetime*@10=3600 route_prefix*@14=20010db8"
    );
    assert_eq!(
        all(&format!("0614 80010203 {address} 0604 00040506")),
        "transit_flags*@8=0x80 path_control*@9=0x1 path_seq*@10=2 path_lifetime*@11=3 parent*@12=2001:db8::7 \
         transit_flags*@30=0x0 path_control*@31=0x4 path_seq*@32=5 path_lifetime*@33=6"
    );
    assert_eq!(
        all(&format!("0713 2a e0 {address} 05")),
        "solicited_instance*@8=42 solicited_flags*@9=0xe0 solicited_dodag*@10=2001:db8::7 solicited_version*@26=5"
    );
    assert_eq!(
        all(&format!("081e 40 40 0000000a 00000005 00000000 {address}")),
        "prefix_len*@8=64 prefix_flags*@9=0x40 prefix_valid*@10=10 prefix_preferred*@14=5 rpl_prefix*@22=2001:db8::7"
    );
    assert_eq!(all("0904 00000102"), "target_descriptor*@8=0x102");
    // Shorter than their definitions.
    assert_eq!(all("0602 8001 0903 000001"), "rpl_opt_data*@8=8001 rpl_opt_data*@12=000001");
}

#[test]
fn a_renumbering_operation_may_end_between_parts() {
    // An operation of 4 units, which has no room for a use-prefix part, and another of 3.
    let message = bytes(&format!(
        "8a000000 00000009 01f80064 00000000 0104 0130 00800000 {p} 0000000000000000 0203 0230 00800000 {p}",
        p = "03".repeat(16)
    ));
    let fields = fields(Layer::Icmpv6(Icmpv6::parse(&message).unwrap()));
    assert!(fields.contains(" ops*@16=1 op_lens*@17=4 "), "{fields}");
    assert!(fields.contains(" ops*@48=2 op_lens*@49=3 "), "{fields}");
}

#[test]
fn listener_query_v1() {
    // RFC 2710, 3.4: the delay is a number of milliseconds, whatever its size; only version 2 has codes.
    let query = format!("82000000 80010000 ff02{}01", "00".repeat(13));
    let message = bytes(&query);
    let Icmpv6Message::MldQuery(query) = Icmpv6::parse(&message).unwrap().message() else { panic!() };
    assert_eq!((query.v2, query.max_response_delay()), (None, 0x8001));
    let fields = fields(Layer::Icmpv6(Icmpv6::parse(&message).unwrap()));
    assert!(fields.contains(" max_response_delay@4=32769 "), "{fields}");
}

#[test]
fn option_lengths_that_lie() {
    let last = |bytes: &'static [u8]| NdpOptions::new(bytes).last();
    assert_eq!(last(&[1, 0, 9, 9]), Some(NdpOption::Malformed(&[1, 0, 9, 9])));
    assert_eq!(last(&[1, 2, 9, 9]), Some(NdpOption::Malformed(&[1, 2, 9, 9])));
    assert_eq!(last(&[1]), Some(NdpOption::Malformed(&[1])));
    assert_eq!(last(&[]), None);
}

#[test]
fn no_bytes_break_it() {
    let many = "01010200000000010304 40c00000 0e1000000708000000 0020010db80000000000000000 00000000 1802400800000009 \
                20010db800010000 1f0200000000000902616201 63000000 2501 68747470 0000";
    for message in [
        bytes(&format!("01048f12 10000000 {QUOTED} 20000000 00080101 003e8bff")),
        bytes(&format!("86000000 40c80708 00000001 00000002 {many}")),
        bytes(&format!("89000000 00000000 {} 0407000000000000 {QUOTED} 05010000000005dc", "00".repeat(32))),
        bytes(&format!("8f000000 00000002 04010001 {} 05000001 {}", "01".repeat(36), "02".repeat(32))),
        bytes(&format!("8a000000 00000009 01f80064 00000000 010b0130 00800000 {}", "03".repeat(80))),
        bytes(&format!("9b010000 2a010100 88010000 {} 040e{} 0005020080", "04".repeat(16), "05".repeat(14))),
        bytes(&format!(
            "85000000 00000000 0b05 0300 {} 1501 a005 0009 0000 1505 a005 0009 026162016300 {} 9006 0001 0000000e 0006 \
             026162016300 0010 {} 0007 00010003026832 0000000000",
            "07".repeat(36),
            "00".repeat(28),
            "08".repeat(16)
        )),
        bytes(&format!(
            "9b020000 2a000009 03080008000000010102 0614 80010203 {p} 0713 2ae0 {p} 05 081e 40400000000a00000005 \
             00000000 {p} 0904 00000001 0602 8001",
            p = "09".repeat(16)
        )),
        bytes(&format!("8b010000 00020001 {} 0361626302646500", "06".repeat(8))),
    ] {
        torture(&message, |bytes| Icmpv6::parse(bytes).ok().map(Layer::Icmpv6));
        for icmp_type in (0..5).chain(127..163) {
            let mut message = message.clone();
            message[0] = icmp_type;
            for code in [0, 1, 2, 3, 0x80] {
                message[1] = code;
                torture(&message[..message.len().min(64)], |bytes| {
                    Icmpv6::parse(bytes).ok().map(Layer::Icmpv6)
                });
            }
        }
    }
}
