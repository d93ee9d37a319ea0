use pycap_wire::checksum::Verifier;
use pycap_wire::{LinkType, Packet};

use super::*;
use crate::SendErrorKind;

const E: LinkType = LinkType::ETHERNET;

fn bytes(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

#[track_caller]
fn written(rewrite: &Rewrite, from: LinkType, frame: &[u8], tag: Option<VlanTag>, to: LinkType) -> Vec<u8> {
    // Behind what is there already.
    let mut out = vec![0xaa; 3];
    rewrite.write(from, frame, tag, to, &mut out).unwrap();
    assert_eq!(out[..3], [0xaa; 3]);
    out.split_off(3)
}

fn mapped(rewrite: &Rewrite, packet: &[u8]) -> Vec<u8> {
    written(rewrite, LinkType::RAW, packet, None, LinkType::RAW)
}

/// What the dissector thinks of each checksum that can be verified.
fn verdicts(packet: &[u8]) -> Vec<bool> {
    let mut verifier = Verifier::default();
    Packet::parse(LinkType::RAW, packet).layers().filter_map(|layer| verifier.verify(&layer)).collect()
}

fn map(text: &str) -> Rewrite {
    text.split_whitespace().fold(Rewrite::new(), |rewrite, map| rewrite.map_ip(map.parse().unwrap()))
}

/// The Internet checksum by its definition (RFC 1071, 1).
fn internet(bytes: &[u8]) -> u16 {
    let mut sum = 0_u32;
    for pair in bytes.chunks(2) {
        sum += u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0));
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

/// An IPv4 packet with this in the fields of identification and fragment offset, options, protocol and payload; its own checksum is right.
fn v4(fragment: u16, options: &str, protocol: u8, payload: &[u8]) -> Vec<u8> {
    let options = bytes(options);
    let header = 20 + options.len();
    let total = header + payload.len();
    let mut packet = vec![0x40 | (header / 4) as u8, 0];
    packet.extend((total as u16).to_be_bytes());
    packet.extend([0, 1]);
    packet.extend(fragment.to_be_bytes());
    packet.extend([64, protocol, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
    packet.extend(&options);
    let checksum = internet(&packet).to_be_bytes();
    packet[10..12].copy_from_slice(&checksum);
    packet.extend(payload);
    packet
}

fn with_checksum(mut segment: Vec<u8>, at: usize, pseudo: &str) -> Vec<u8> {
    let mut all = bytes(pseudo);
    all.extend(&segment);
    let checksum = internet(&all).to_be_bytes();
    segment[at..at + 2].copy_from_slice(&checksum);
    segment
}

fn udp4() -> Vec<u8> {
    with_checksum(bytes("03e80035000b0000616263"), 6, "0a000001 0a000002 0011 000b")
}

fn tcp4() -> Vec<u8> {
    let segment = bytes("03e80050 00000001 00000002 50180400 00000000 616263");
    with_checksum(segment, 16, "0a000001 0a000002 0006 0017")
}

const TWO: &str = "10.0.0.1=192.168.77.5 10.0.0.0/8=172.16.0.0/8";

#[test]
fn checksums_are_right_with_other_addresses() {
    for (protocol, segment, good) in [(6, tcp4(), 2), (17, udp4(), 2), (1, bytes("0800f7fd00010001"), 2)] {
        let packet = v4(0, "", protocol, &segment);
        assert_eq!(verdicts(&packet), vec![true; good]);
        let out = mapped(&map(TWO).ttl(3), &packet);
        assert_eq!(out[12..20], [192, 168, 77, 5, 172, 0, 0, 2]);
        assert_eq!(out[8], 3);
        assert_eq!(verdicts(&out), vec![true; good], "{protocol}");
        // The way back gives what was there.
        let back = map("192.168.77.5=10.0.0.1 172.0.0.0/8=10.0.0.0/8").ttl(64);
        assert_eq!(mapped(&back, &out), packet);
    }
    // Those that were wrong stay wrong, by as much.
    let mut packet = v4(0, "", 6, &tcp4());
    packet[36] ^= 0x10;
    assert_eq!(verdicts(&mapped(&map(TWO), &packet)), [true, false]);
}

#[test]
fn a_udp_checksum_of_zero_says_that_there_is_none() {
    let mut none = udp4();
    none[6..8].fill(0);
    let out = mapped(&map(TWO), &v4(0, "", 17, &none));
    assert_eq!(out[26..28], [0, 0]);
    // A source port that makes the checksum that comes out 0, which is sent as ffff.
    for port in 0..=u16::MAX {
        let mut segment = udp4();
        segment[..2].copy_from_slice(&port.to_be_bytes());
        segment[6..8].fill(0);
        let mut segment = with_checksum(segment, 6, "0a000001 0a000002 0011 000b");
        if segment[6..8] == [0, 0] {
            segment[6..8].fill(0xff);
        }
        let out = mapped(&map(TWO), &v4(0, "", 17, &segment));
        assert_ne!(out[26..28], [0, 0], "{port}");
        if out[26..28] == [0xff, 0xff] {
            assert_eq!(verdicts(&out), [true, true]);
            return;
        }
    }
    panic!("no such port");
}

#[test]
fn fragments_have_the_checksum_in_the_first_of_them() {
    // 3 bytes of payload more than are in this fragment.
    let whole =
        with_checksum(bytes("03e80035 0013 0000 6162636465666768 696a6b"), 6, "0a000001 0a000002 0011 0013");
    let (first, second) = whole.split_at(16);
    let first = mapped(&map(TWO), &v4(0x2000, "", 17, first));
    let second = mapped(&map(TWO), &v4(2, "", 17, second));
    assert_eq!((verdicts(&first), verdicts(&second)), (vec![true], vec![true]));
    // Put together again.
    let mut packet = first.clone();
    packet.extend(&second[20..]);
    packet[3] = packet.len() as u8;
    packet[6..8].fill(0);
    packet[10..12].fill(0);
    let checksum = internet(&packet[..20]).to_be_bytes();
    packet[10..12].copy_from_slice(&checksum);
    assert_eq!(verdicts(&packet), [true, true]);
    assert_eq!(packet[28..], whole[8..]);
}

#[test]
fn packets_that_icmp_quotes_are_changed_too() {
    let mut quoted = v4(0, "", 17, &udp4());
    // The answer comes from the destination.
    let mut message = bytes("0303 0000 00000000");
    message.append(&mut quoted);
    let message = with_checksum(message, 2, "");
    let out = mapped(&map(TWO).ttl(9), &v4(0, "", 1, &message));
    assert_eq!(verdicts(&out)[..2], [true, true]);
    let inner = &out[28..];
    assert_eq!((inner[8], &inner[12..20]), (64, &[192, 168, 77, 5, 172, 0, 0, 2][..]));
    assert_eq!(verdicts(inner), [true, true]);
}

#[test]
fn source_routes_lead_to_the_final_destination() {
    // Through 10.0.0.2 and 10.0.0.7 to 10.0.0.9; at an odd place, and at an even one.
    for options in
        ["830b04 0a000007 0a000009 00", "01 830b04 0a000007 0a000009", "0101 830b04 0a000007 0a000009 000000"]
    {
        let segment = with_checksum(bytes("03e80035000b0000616263"), 6, "0a000001 0a000009 0011 000b");
        let packet = v4(0, options, 17, &segment);
        assert_eq!(verdicts(&packet), [true, true]);
        let out = mapped(&map(TWO), &packet);
        assert_eq!(verdicts(&out), [true, true], "{options}");
        assert_eq!(out.windows(4).filter(|four| four[0] == 172 && four[3] >= 7).count(), 2);
    }
}

const SIX: &str = "fe80::1=2001:db8::77 fe80::/64=fd00::/64";

/// From fe80::1 to fe80::2, with these extension headers.
fn v6(next: u8, extensions: &str, payload: &[u8]) -> Vec<u8> {
    let extensions = bytes(extensions);
    let mut packet = bytes("60000000");
    packet.extend(((extensions.len() + payload.len()) as u16).to_be_bytes());
    packet.extend([next, 255]);
    packet.extend(bytes(&format!("fe80{z}01 fe80{z}02", z = "00".repeat(13))));
    packet.extend(extensions);
    packet.extend(payload);
    packet
}

#[test]
fn ipv6_with_and_without_extension_headers() {
    let z = "00".repeat(13);
    let pseudo = |protocol: &str, len: usize, src: &str, dst: &str| {
        format!("fe80{z}{src} fe80{z}{dst} {len:08x} 000000{protocol}")
    };
    let udp =
        |src: &str, dst: &str| with_checksum(bytes("03e80035000b0000616263"), 6, &pseudo("11", 11, src, dst));
    for (next, extensions, src, dst) in [
        (17, String::new(), "01", "02"),
        (0, "1100 0502 0000 0100".to_owned(), "01", "02"),
        // A fragment that is all there is, RFC 6946.
        (44, "11000000 00000001".to_owned(), "01", "02"),
        // To fe80::9 at last, with one node left and with none.
        (43, format!("1102 0001 00000000 fe80{z}09"), "01", "09"),
        (43, format!("1102 0000 00000000 fe80{z}09"), "01", "02"),
        (43, format!("1104 0401 01000000 fe80{z}09 fe80{z}08"), "01", "09"),
        // Home is fe80::8.
        (60, format!("1102 0102 0000 c910 fe80{z}08"), "08", "02"),
    ] {
        let packet = v6(next, &extensions, &udp(src, dst));
        let before = verdicts(&packet);
        let out = mapped(&map(SIX).ttl(7), &packet);
        assert_eq!(verdicts(&out), before, "{extensions}");
        if before != [true] {
            // What the dissector does not follow.
            println!("not verified: {extensions}");
        }
        assert_eq!((out[7], &out[8..12], out[23]), (7, &[0x20, 1, 0x0d, 0xb8][..], 0x77));
        assert_eq!(out[24..26], [0xfd, 0]);
        assert!(out.windows(2).filter(|pair| *pair == [0xfe, 0x80]).count() == 0, "{out:02x?}");
        let back = map("2001:db8::77=fe80::1 fd00::/64=fe80::/64").ttl(255);
        assert_eq!(mapped(&back, &out), packet);
    }
    // Neighbour solicitation for fe80::3.
    let solicitation = bytes(&format!("8700 0000 00000000 fe80{z}03 0101020000000001"));
    let len = solicitation.len();
    let packet = v6(58, "", &with_checksum(solicitation, 2, &pseudo("3a", len, "01", "02")));
    assert_eq!(verdicts(&packet), [true]);
    let out = mapped(&map(SIX), &packet);
    assert_eq!((verdicts(&out), &out[48..50]), (vec![true], &[0xfd, 0][..]));
    // Unreachable, quoting a datagram.
    let mut message = bytes("0104 0000 00000000");
    message.extend(v6(17, "", &udp("01", "02")));
    let len = message.len();
    let packet = v6(58, "", &with_checksum(message, 2, &pseudo("3a", len, "01", "02")));
    let out = mapped(&map(SIX).ttl(1), &packet);
    assert_eq!((verdicts(&out)[0], verdicts(&out[48..])), (true, vec![true]));
    assert_eq!(out[48 + 7], 255);
}

#[test]
fn vlan_tags_come_and_go() {
    let plain = bytes("ffffffffffff 020000000001 0806 0102");
    let tagged = bytes("ffffffffffff 020000000001 8100 602a 0806 0102");
    let twice = bytes("ffffffffffff 020000000001 88a8 0064 8100 602a 0806 0102");
    let rewrite = |vlan| Rewrite::new().vlan(vlan);
    let ethernet = |rewrite: &Rewrite, frame: &[u8]| written(rewrite, E, frame, None, E);
    let push = Vlan::Push { tpid: 0x88a8, tci: 100 };
    assert_eq!(ethernet(&rewrite(push), &tagged), twice);
    assert_eq!(ethernet(&rewrite(Vlan::Pop), &twice), tagged);
    assert_eq!(ethernet(&rewrite(Vlan::Pop), &tagged), plain);
    assert_eq!(ethernet(&rewrite(Vlan::Pop), &plain), plain);
    assert_eq!(ethernet(&rewrite(Vlan::Set(0x123)), &tagged)[12..16], [0x81, 0, 0x61, 0x23]);
    assert_eq!(ethernet(&rewrite(Vlan::Set(7)), &plain)[12..18], [0x81, 0, 0, 7, 8, 6]);
    // One that the kernel took out is there as well.
    let taken =
        |rewrite: &Rewrite| written(rewrite, E, &plain, Some(VlanTag { tpid: 0x8100, tci: 0x602a }), E);
    assert_eq!(taken(&Rewrite::new()), tagged);
    assert_eq!(taken(&rewrite(push)), twice);
    assert_eq!(taken(&rewrite(Vlan::Pop)), plain);
    // Behind tags is IP.
    let mut frame = twice[..20].to_vec();
    frame.extend([8, 0]);
    frame.extend(v4(0, "", 17, &udp4()));
    let out = ethernet(&map(TWO).dst_mac("02:00:00:00:00:09".parse().unwrap()), &frame);
    assert_eq!((verdicts(&out[22..]), &out[34..38], out[5]), (vec![true, true], &[192, 168, 77, 5][..], 9));
}

/// Whatever a tag's protocol identifier is, what is behind it is found, and the tag is taken off and set.
#[test]
fn tags_of_all_kinds_are_tags() {
    let packet = v4(0, "", 17, &udp4());
    let plain = [&bytes("ffffffffffff 020000000001 0800")[..], &packet].concat();
    for tpid in [0x8100_u16, 0x88a8, 0x9100, 0x9200] {
        let tagged = [&plain[..12], &tpid.to_be_bytes(), &[0x60, 0x2a], &plain[12..]].concat();
        let twice = [&plain[..12], &tpid.to_be_bytes(), &[0, 9], &tagged[12..]].concat();
        let ethernet = |rewrite: &Rewrite, frame: &[u8]| written(rewrite, E, frame, None, E);
        assert_eq!(ethernet(&Rewrite::new().vlan(Vlan::Pop), &tagged), plain, "{tpid:#x}");
        assert_eq!(ethernet(&Rewrite::new().vlan(Vlan::Pop), &twice), tagged, "{tpid:#x}");
        let set = ethernet(&Rewrite::new().vlan(Vlan::Set(7)), &tagged);
        assert_eq!(
            (&set[12..14], &set[14..16], set.len()),
            (&tpid.to_be_bytes()[..], &[0x60, 7][..], tagged.len())
        );
        let mapped = ethernet(&map(TWO), &twice);
        assert_eq!(
            (verdicts(&mapped[22..]), &mapped[34..38]),
            (vec![true, true], &[192, 168, 77, 5][..]),
            "{tpid:#x}"
        );
    }
}

#[test]
fn arp_has_addresses_of_ip() {
    let frame = bytes(
        "ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 0a000001 000000000000 0a000002",
    );
    let out = written(&map(TWO), E, &frame, None, E);
    assert_eq!((&out[28..32], &out[38..42]), (&[192, 168, 77, 5][..], &[172, 0, 0, 2][..]));
}

#[test]
fn other_link_headers_become_ethernet() {
    let packet = v4(0, "", 17, &udp4());
    let with = |header: &str| [bytes(header), packet.clone()].concat();
    let macs = Rewrite::new().src_mac("02::1".parse().unwrap_or_default()).dst_mac([2, 0, 0, 0, 0, 2].into());
    let sll = with("0000 0001 0006 0200000000010000 0800");
    let sll2 = with("0800 0000 00000003 0001 00 06 0200000000010000");
    let wanted = [&[2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 8, 0][..], &packet].concat();
    for (from, frame) in [
        (LinkType::LINUX_SLL, &sll),
        (LinkType::LINUX_SLL2, &sll2),
        (LinkType::NULL, &with("02000000")),
        (LinkType::RAW, &packet),
        (LinkType::IPV4, &packet),
    ] {
        assert_eq!(written(&macs, from, frame, None, E), wanted, "{from:?}");
        let tagged = written(&macs.clone().vlan(Vlan::Set(5)), from, frame, None, E);
        assert_eq!(tagged[12..18], [0x81, 0, 0, 5, 8, 0]);
        assert_eq!(written(&Rewrite::new(), from, frame, None, LinkType::RAW), packet, "{from:?}");
        let error = Rewrite::new().check(from, E).unwrap_err();
        assert!(error.to_string().contains("src-mac and dst-mac"), "{error}");
    }
    assert_eq!(written(&Rewrite::new(), E, &wanted, None, LinkType::RAW), packet);
    // Tagged frames of cooked captures: the header's protocol is the outermost tag's.
    let number = |tags: &str| bytes(tags)[2..4].to_vec();
    for (tags, popped) in [("8100 602a", ""), ("88a8 6064 8100 002a", "8100 002a")] {
        let chain = [bytes(tags), bytes("0800")].concat();
        let link = bytes("020000000002 000000000000");
        let tagged = [&link[..], &chain, &packet].concat();
        for (from, frame) in [
            (LinkType::LINUX_SLL, [&bytes("0000 0001 0006 0200000000010000"), &chain[..], &packet].concat()),
            (
                LinkType::LINUX_SLL2,
                [&chain[..2], &bytes("0000 00000003 0001 00 06 0200000000010000"), &chain[2..], &packet]
                    .concat(),
            ),
        ] {
            assert_eq!(written(&macs, from, &frame, None, E), tagged, "{from:?} {tags}");
            assert_eq!(
                written(&Rewrite::new(), from, &frame, None, LinkType::RAW),
                packet,
                "{from:?} {tags}"
            );
            let stripped = [&link[..], &bytes(popped), &bytes("0800"), &packet].concat();
            assert_eq!(
                written(&macs.clone().vlan(Vlan::Pop), from, &frame, None, E),
                stripped,
                "{from:?} {tags}"
            );
            let mut set = tagged.clone();
            set[14..16].copy_from_slice(&[number(tags)[0] & 0xf0, 7]);
            assert_eq!(
                written(&macs.clone().vlan(Vlan::Set(7)), from, &frame, None, E),
                set,
                "{from:?} {tags}"
            );
            let apart = VlanTag { tpid: 0x88a8, tci: 9 };
            let outer = [&link[..], &bytes("88a8 0009"), &chain, &packet].concat();
            assert_eq!(written(&macs, from, &frame, Some(apart), E), outer, "{from:?} {tags}");
            let changed =
                TWO.split(' ').fold(macs.clone().ttl(9), |all, map| all.map_ip(map.parse().unwrap()));
            let out = written(&changed, from, &frame, None, E);
            let ip = out.len() - packet.len();
            assert_eq!((&out[..ip], out[ip + 8], verdicts(&out[ip..])), (&tagged[..ip], 9, vec![true, true]));
            assert_eq!(out[ip + 12..ip + 20], [192, 168, 77, 5, 172, 0, 0, 2]);
            // Cut off within the tags.
            let header = frame.len() - packet.len();
            let (cut, mut out) = (&frame[..header - 1], Vec::new());
            assert!(
                Rewrite::new().write(from, cut, None, LinkType::RAW, &mut out).is_err() && out.is_empty()
            );
        }
    }
    // What is no IP has no form without link header.
    let error = Rewrite::new().write(E, &[0xff; 60], None, LinkType::RAW, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InvalidFrame);
    let error = Rewrite::new().check(LinkType::IEEE802_11, E).unwrap_err();
    assert_eq!(error.to_string(), "frames of link type IEEE802_11 do not fit one of EN10MB");
    let error = macs.check(LinkType::RAW, LinkType::RAW).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InvalidSetting);
}

#[test]
fn maps_are_read_and_told() {
    for (text, told) in [
        ("10.0.0.1=10.0.0.2", "10.0.0.1=10.0.0.2"),
        ("10.1.2.3/8=11.0.0.0/8", "10.0.0.0/8=11.0.0.0/8"),
        ("0.0.0.0/0=1.2.3.4", "0.0.0.0/0=0.0.0.0/0"),
        ("::1/128=fe80::1", "::1=fe80::1"),
    ] {
        assert_eq!(text.parse::<MapIp>().unwrap().to_string(), told);
    }
    for text in [
        "",
        "10.0.0.1",
        "10.0.0.1=",
        "10.0.0.1/33=1.1.1.1/33",
        "10.0.0.1=::1",
        "10.0.0.0/8=11.0.0.0/9",
        "a=b",
        "1.1.1.1/x=1.1.1.1",
    ] {
        assert_eq!(text.parse::<MapIp>().unwrap_err().kind(), SendErrorKind::InvalidSetting, "{text}");
    }
}

#[test]
fn no_input_is_too_odd() {
    let rewrite = map(TWO).map_ip(SIX[21..].trim().parse().unwrap()).ttl(3).vlan(Vlan::Set(3));
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let mut out = Vec::new();
    for round in 0..40_000 {
        let mut frame: Vec<u8> = (0..random() % 120).map(|_| random()).collect();
        let kinds: [&[u8]; 5] = [&[8, 0], &[0x86, 0xdd], &[8, 6], &[0x81, 0, 0, 1, 8, 0], &[8, 0, 0x4f]];
        let kind = kinds[round % kinds.len()];
        if let Some(place) = frame.get_mut(12..12 + kind.len()) {
            place.copy_from_slice(kind);
        }
        out.clear();
        let _ = rewrite.write(E, &frame, None, E, &mut out);
        for from in [LinkType::RAW, LinkType::LINUX_SLL, LinkType::NULL] {
            let _ =
                Rewrite { vlan: None, ..rewrite.clone() }.write(from, &frame, None, LinkType::RAW, &mut out);
        }
    }
}

#[test]
fn a_closure_maps_where_no_map_before_it_does() {
    use std::net::{IpAddr, Ipv6Addr};
    let packet = v4(0, "", 17, &udp4());
    let turned = |address| match address {
        IpAddr::V4(v4) => Some(IpAddr::V4((!v4.to_bits()).into())),
        IpAddr::V6(_) => None,
    };
    let out = mapped(
        &map("10.0.0.1=192.168.77.5").map_ip_with(turned).map_ip("245.0.0.0/8=1.0.0.0/8".parse().unwrap()),
        &packet,
    );
    assert_eq!(out[12..20], [192, 168, 77, 5, 245, 255, 255, 253]);
    assert_eq!(verdicts(&out), [true, true]);
    let left = Rewrite::new().map_ip_with(|_| None);
    assert_eq!(mapped(&left, &packet), packet);
    assert!(!left.is_empty() && left == left.clone() && left != Rewrite::new().map_ip_with(|_| None));
    // An address of the other version has no place.
    let other = Rewrite::new().map_ip_with(|_| Some(Ipv6Addr::LOCALHOST.into()));
    let mut out = vec![7];
    let error = other.write(LinkType::RAW, &packet, None, LinkType::RAW, &mut out).unwrap_err();
    assert_eq!((error.kind(), &out[..]), (SendErrorKind::InvalidFrame, &[7][..]));
    assert!(error.to_string().starts_with("10.0.0.2 cannot become ::1 in a packet: "), "{error}");
}

#[cfg(feature = "capture")]
#[test]
fn a_tag_beside_a_cooked_frame_goes_back_where_the_capture_has_it() {
    use pycap_capture::Frame;
    let packet = v4(0, "", 17, &udp4());
    let tag = VlanTag { tpid: 0x88a8, tci: 0x602a };
    for (link_type, header) in [
        (LinkType::LINUX_SLL, "0000 0001 0006 0200000000010000 0800"),
        (LinkType::LINUX_SLL, "0000 0001 0006 0200000000010000 8100 0007 0800"),
        (LinkType::LINUX_SLL2, "0800 0000 00000003 0001 00 06 0200000000010000"),
        (LinkType::LINUX_SLL2, "8100 0000 00000003 0001 00 06 0200000000010000 0007 0800"),
        // Cut off within the header, and of a type that has no place for a tag.
        (LinkType::LINUX_SLL, "0000 0001"),
        (LinkType::RAW, ""),
        (LinkType::NULL, "02000000"),
    ] {
        let bytes = if header.len() == 9 { bytes(header) } else { [bytes(header), packet.clone()].concat() };
        let frame = Frame::new(&bytes, link_type).with_vlan_tag(tag);
        let mut out = vec![7];
        let sent = Rewrite::new().frame(frame, link_type, &mut out).unwrap();
        assert_eq!((sent.data(), sent.vlan_tag()), (&frame.wire_bytes()[..], None), "{header}");
        assert_eq!(sent.missing(), 0);
        assert_eq!(written(&Rewrite::new(), link_type, &bytes, Some(tag), link_type), *frame.wire_bytes());
    }
}

#[cfg(feature = "capture")]
#[test]
fn a_frame_keeps_what_was_known_about_it() {
    use pycap_capture::{Direction, Frame, Timestamp, VlanTag};
    let whole = [&bytes("020000000001 020000000002 0800")[..], &v4(0, "", 17, &udp4())].concat();
    let mut left = whole.clone();
    // The sum of the pseudo-header alone: 10.0.0.1, 10.0.0.2, 17, 11.
    left[40..42].copy_from_slice(&(0x0a00_u16 + 0x0001 + 0x0a00 + 0x0002 + 17 + 11).to_be_bytes());
    let with_fcs = [&left[..], &[1, 2, 3, 4]].concat();
    let frame = Frame::new(&with_fcs, E)
        .with_flags(4 << 5)
        .with_checksum_not_ready(true)
        .with_direction(Direction::Outbound)
        .with_timestamp(Timestamp::new(5, 6))
        .with_interface(3)
        .with_vlan_tag(VlanTag { tpid: 0x88a8, tci: 9 });
    let mut out = vec![7];
    let sent = Rewrite::new().frame(frame, E, &mut out).unwrap();
    let tagged = [&whole[..12], &[0x88, 0xa8, 0, 9], &whole[12..]].concat();
    assert_eq!((sent.data(), sent.original_len(), sent.missing()), (&tagged[..], tagged.len() as u32, 0));
    assert_eq!((sent.timestamp(), sent.interface()), (frame.timestamp(), 3));
    assert_eq!((sent.direction(), sent.fcs_len(), sent.vlan_tag()), (Direction::Outbound, None, None));
    assert!(!sent.checksum_not_ready());
    // What is cut short keeps its mark, and what was missing is missing.
    let cut = Frame::new(&left[..38], E).with_original_len(60).with_checksum_not_ready(true);
    let sent = Rewrite::new().frame(cut, E, &mut out).unwrap();
    assert_eq!((sent.data(), sent.missing(), sent.checksum_not_ready()), (&left[..38], 22, true));
    let packet = Rewrite::new().frame(frame, LinkType::RAW, &mut out).unwrap();
    assert_eq!((packet.data(), packet.link_type()), (&whole[14..], LinkType::RAW));
}
