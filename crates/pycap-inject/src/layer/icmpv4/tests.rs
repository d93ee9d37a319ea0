use super::*;
use crate::any::Named;
use crate::layer::{Ipv4, Udp};
use crate::{Derived, Edit};
use pycap_wire::net::icmp_extension::IcmpMplsLabel;
use pycap_wire::{Icmpv4Message, LinkType, Packet};

fn hex(layer: impl Layer) -> String {
    layer.build().unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The packet that errors are about.
fn quoted() -> (Ipv4, Udp) {
    (Ipv4::new([10, 0, 0, 2], [10, 0, 0, 9]).id(7), Udp::new(4000, 33434))
}

const QUOTED: &str = "4500001c00070000401166c00a0000020a0000090fa0829a00085999";

/// scapy 2.8: `ICMP(type=8, id=0x1234, seq=7)/b"ABC"` and so on; errors quote
/// `IP(src="10.0.0.2", dst="10.0.0.9", id=7)/UDP(sport=4000, dport=33434)`.
#[test]
fn the_same_bytes_as_scapy() {
    assert_eq!(hex((Icmpv4::echo_request(0x1234, 7), "ABC")), "0800618212340007414243");
    assert_eq!(hex((Icmpv4::echo_reply(0x1234, 7), "ABC")), "0000698212340007414243");
    let errors = [
        (Icmpv4::unreachable(3), "0303112100000000"),
        (Icmpv4::unreachable(4).mtu(1400), "03040ba800000578"),
        (Icmpv4::source_quench(), "0400102400000000"),
        (Icmpv4::redirect([10, 0, 0, 254]), "050104250a0000fe"),
        (Icmpv4::time_exceeded(0), "0b00092400000000"),
        (Icmpv4::parameter_problem(20), "0c00f42314000000"),
    ];
    for (icmp, expected) in errors {
        assert_eq!(hex((icmp, quoted())), format!("{expected}{QUOTED}"));
    }
    let others = [
        (Icmpv4::timestamp_request(1, 2, 3), "0d00f2f900010002000000030000000000000000"),
        (Icmpv4::timestamp_reply(1, 2, 3, 4, 5), "0e00f1f000010002000000030000000400000005"),
        (Icmpv4::information_request(1, 2), "0f00f0fc00010002"),
        (Icmpv4::address_mask_request(1, 2), "1100eefc0001000200000000"),
        (Icmpv4::address_mask_reply(1, 2, [255, 255, 255, 0]), "1200eefb00010002ffffff00"),
    ];
    for (icmp, expected) in others {
        assert_eq!(hex(icmp), expected);
    }
}

/// scapy 2.8: `ICMP(type=11, length=32, ext=ICMPExtension_Header()/ICMPExtension_MPLS(stack=[MPLS(label=16008, cos=1, s=1,
/// ttl=255)]))` around the packet above.
#[test]
fn an_extension_follows_the_padded_packet() {
    let label = IcmpMplsLabel(16008 << 12 | 1 << 9 | 1 << 8 | 255);
    let icmp = Icmpv4::time_exceeded(0).object(&IcmpObject::MplsLabelStack(vec![label]));
    let expected = format!("0b00090400200000{QUOTED}{}2000570f0008010103e883ff", "00".repeat(100));
    assert_eq!(hex((&icmp, quoted())), expected);
    // A trailer behind stays behind.
    let trailer = crate::WithTrailer((Ipv4::new([10, 0, 0, 9], [10, 0, 0, 1]), &icmp, quoted()), b"trailer");
    let bytes = trailer.build().unwrap();
    assert_eq!((bytes.len(), &bytes[20 + 8 + 128 + 12..]), (20 + 8 + 128 + 12 + 7, &b"trailer"[..]));
    let exact = hex((icmp.length(0), quoted()));
    assert_eq!(exact, format!("0b00092400000000{QUOTED}2000570f0008010103e883ff"));
    let long = Icmpv4::unreachable(1).extension_bytes(&[0x20, 0, 0, 0]);
    let error = (long, vec![0; 1021]).build().unwrap_err();
    assert_eq!(error.to_string(), "icmp: 1024 bytes, length of a quoted packet is 1020: 4 too many");
}

/// The examples of RFC 8335 have no bytes; its section 2.1 says what stands where.
#[test]
fn a_probe_names_its_interface() {
    let probe = |object| hex(Icmpv4::extended_echo_request(0x1234, 7).local(true).object(&object));
    let name = probe(IcmpObject::InterfaceName("eth0".into()));
    assert_eq!(name[8..16], *"12340701");
    assert_eq!((&name[16..20], &name[24..]), ("2000", "0008030165746830"));
    let address = probe(IcmpObject::from(std::net::IpAddr::from([10, 0, 0, 1])));
    assert_eq!(address[24..], *"000c0303000104000a000001");
    let index = probe(IcmpObject::InterfaceIndex(3));
    assert_eq!(index[24..], *"0008030200000003");
}

#[test]
fn lists_are_read_back() {
    let advertisement = Icmpv4::router_advertisement(600)
        .router([10, 0, 0, 1], -5)
        .router([10, 0, 0, 2], 7)
        .agent_extension(19, &[24, 24]);
    let bytes = advertisement.build().unwrap();
    let view = pycap_wire::Icmpv4::parse(&bytes).unwrap();
    let Icmpv4Message::RouterAdvertisement(read) = view.message() else { panic!("{view:?}") };
    let routers: Vec<_> =
        read.addresses().map(|router| (router.address.octets()[3], router.preference)).collect();
    assert_eq!((read.header().lifetime(), routers), (600, vec![(1, -5), (2, 7)]));
    assert_eq!((read.extensions().count(), view.checksum_ok()), (1, Some(true)));
    let reply = Icmpv4::domain_name_reply(1, 2, 60).domain("example.com").domain("a.b.");
    let bytes = reply.build().unwrap();
    let view = pycap_wire::Icmpv4::parse(&bytes).unwrap();
    let Icmpv4Message::DomainNameReply { names, .. } = view.message() else { panic!("{view:?}") };
    assert_eq!(names.map(|name| name.to_string()).collect::<Vec<_>>(), ["example.com", "a.b"]);
    let error = Icmpv4::domain_name_reply(1, 2, 60).domain(&"a".repeat(64)).build().unwrap_err();
    assert_eq!(error.to_string(), "icmp: 64 bytes, limit of a label is 63: 1 too many");
}

fn edited(name: &str, fields: &[(&str, FieldValue)]) -> Icmpv4 {
    let mut icmp = Icmpv4::named(name).unwrap();
    for (field, value) in fields {
        icmp.set(field, value).unwrap_or_else(|error| panic!("{field}: {error}"));
    }
    icmp
}

#[test]
fn fields_are_set_by_their_names() {
    let word = |word: &str| FieldValue::Word(word.into());
    let address = |last| FieldValue::Ipv4([10, 0, 0, last].into());
    let call = |name: &str, values: &[FieldValue]| FieldValue::Call(name.into(), values.to_vec());
    let uint = FieldValue::Uint;
    assert_eq!(
        edited("icmp_echo_request", &[("id", uint(0x1234)), ("seq", uint(7))]),
        Icmpv4::echo_request(0x1234, 7)
    );
    let too_big = [("code", word("fragmentation_needed")), ("mtu", uint(1400))];
    assert_eq!(edited("icmp_unreachable", &too_big), Icmpv4::unreachable(4).mtu(1400));
    let redirect = Icmpv4::redirect([10, 0, 0, 254]);
    assert_eq!(edited("icmp_redirect", &[("gateway", address(254))]), redirect);
    assert_eq!(edited("icmp_redirect", &[("gw", address(254))]), redirect);
    let general = [("type", word("timestamp request")), ("originate", uint(3))];
    assert_eq!(edited("icmp", &general), Icmpv4::timestamp_request(0, 0, 3));
    let raw = [("type", uint(200)), ("code", uint(7)), ("body", FieldValue::Bytes(Vec::from(b"body")))];
    assert_eq!(hex(edited("icmp", &raw)), hex(Icmpv4::new(200, 7).body_bytes(b"body")));
    let routers = FieldValue::List(vec![address(1), call("router", &[address(2), uint(5)])]);
    let advertisement = Icmpv4::router_advertisement(1800).router([10, 0, 0, 1], 0).router([10, 0, 0, 2], 5);
    assert_eq!(edited("icmp_router_advertisement", &[("router", routers)]), advertisement);
    let objects = FieldValue::List(vec![call("mpls", &[uint(16008), uint(1)])]);
    let label = IcmpMplsLabel(16008 << 12 | 1 << 9 | 1 << 8 | 255);
    let expected = Icmpv4::time_exceeded(0).object(&IcmpObject::MplsLabelStack(vec![label]));
    assert_eq!(edited("icmp_time_exceeded", &[("extension", objects)]), expected);
    let error = Icmpv4::echo_request(0, 0).set("mtu", &uint(1)).unwrap_err();
    assert_eq!(error.to_string(), "icmp has no field mtu; it has type, code, checksum, id, seq, body");
}

/// Every name is a message that pycap-wire reads as one of its type, whose fields, by their names, it has too.
#[test]
fn names_are_messages() {
    for name in Icmpv4::NAMES {
        let icmp = Icmpv4::named(name).unwrap();
        let bytes = icmp.build().unwrap();
        let view = pycap_wire::Icmpv4::parse(&bytes).unwrap();
        assert_eq!((view.checksum_ok(), view.missing()), (Some(true), 0), "{name}");
        assert!(!matches!(view.message(), Icmpv4Message::Unknown(_)), "{name}");
        view.fields(&mut |field| {
            assert!(icmp.fields().iter().any(|info| info.name == field.name), "{name}: {}", field.name);
        });
        for info in icmp.fields().iter().filter(|info| info.takes.starts_with(['u', '0'])) {
            icmp.clone().set(info.name, &FieldValue::Uint(1)).unwrap();
        }
    }
    assert_eq!(Icmpv4::named("icmp_echo"), None);
}

#[test]
fn computed_again_after_a_change() {
    let original = (Icmpv4::echo_request(1, 2), "data").build().unwrap();
    let view = pycap_wire::Icmpv4::parse(&original).unwrap();
    let mut icmp = view.to_builder();
    icmp.set("seq", &FieldValue::Uint(3)).unwrap();
    let bytes = (&icmp, view.payload()).build().unwrap();
    assert_eq!((&bytes[2..4], bytes[7]), (&original[2..4], 3));
    icmp.compute(Derived::Checksums);
    let bytes = (&icmp, view.payload()).build().unwrap();
    assert_eq!(bytes, (Icmpv4::echo_request(1, 3), "data").build().unwrap());
    let object = IcmpObject::Raw { class: 250.into(), ctype: 1, data: vec![1, 2, 3, 4] };
    let packet = (Ipv4::new([10, 0, 0, 9], [10, 0, 0, 2]), Icmpv4::unreachable(3).object(&object), quoted());
    let bytes = packet.build().unwrap();
    let mut stack = Packet::parse(LinkType::RAW, &bytes).to_builder();
    assert_eq!(stack.build().unwrap(), bytes);
    stack.compute(Derived::Lengths);
    stack.compute(Derived::Checksums);
    assert_eq!(stack.build().unwrap(), bytes);
    // What padded the quoted packet stays behind it.
    stack.push(vec![9; 200]);
    let bytes = stack.build().unwrap();
    let parsed = Packet::parse(LinkType::RAW, &bytes);
    let icmp = parsed.layers().find_map(|layer| match layer {
        pycap_wire::Layer::Icmpv4(icmp) => Some(icmp),
        _ => None,
    });
    assert_eq!(icmp.map(|icmp| (icmp.payload().len(), icmp.checksum_ok())), Some((328, Some(true))));
    assert_eq!(icmp.and_then(|icmp| icmp.extension()).map(|e| e.objects().count()), Some(1));
}
