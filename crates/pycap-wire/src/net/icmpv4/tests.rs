use super::*;
use crate::Layer;
use crate::net::icmp_extension::IcmpObject;
use crate::testing::{String, ToString, Vec, bytes, fields, format, torture};

// Checksums are right; values are those that tshark 4.0 shows for these bytes, lines those of tcpdump 4.99.3.

/// 10.0.0.2 to 10.9.9.9, UDP ports 1000 and 53.
const QUOTED: &str = "4500001c0001000040115dbd0a0000020a090909 03e8003500080000";

fn shown(hex: &str) -> (String, String) {
    let bytes = bytes(hex);
    let icmp = Icmpv4::parse(&bytes).unwrap();
    (fields(Layer::Icmpv4(icmp)), icmp.summary().to_string())
}

#[test]
fn echo_request() {
    let bytes = bytes("0800542f 12340007 6162636465666768");
    let icmp = Icmpv4::parse(&bytes).unwrap();
    assert!(matches!(icmp.message(), Icmpv4Message::EchoRequest(h) if (h.id(), h.seq()) == (0x1234, 7)));
    assert_eq!((icmp.header_len(), icmp.payload(), icmp.next()), (8, &b"abcdefgh"[..], Next::End));
    assert_eq!(icmp.checksum_ok(), Some(true));
    assert_eq!(icmp.with_missing(1).checksum_ok(), None);
    assert_eq!(icmp.to_string(), "ICMP(type=0x8, code=0x0)");
    assert_eq!(icmp.summary().to_string(), "ICMP echo request, id 4660, seq 7, length 16");
    assert_eq!(fields(Layer::Icmpv4(icmp)), "type@0=8 code@1=0 checksum@2=0x542f id@4=4660 seq@6=7");
}

#[test]
fn errors_quote_a_packet() {
    let (fields, line) = shown(&format!("0303f8d7 00000000 {QUOTED}"));
    assert_eq!(fields, "type@0=3 code@1=3 checksum@2=0xf8d7");
    assert_eq!(line, "ICMP 10.9.9.9 udp port 53 unreachable, length 36");
    let (fields, line) = shown(&format!("0304f35e 00000578 {QUOTED}"));
    assert_eq!(fields, "type@0=3 code@1=4 checksum@2=0xf35e mtu@6=1400");
    assert_eq!(line, "ICMP 10.9.9.9 unreachable - need to frag (mtu 1400), length 36");
    let (fields, line) = shown(&format!("05010000 0a000001 {QUOTED}"));
    assert_eq!(fields, "type@0=5 code@1=1 checksum@2=0x0 gw@4=10.0.0.1");
    assert_eq!(line, "ICMP redirect 10.9.9.9 to host 10.0.0.1, length 36");

    let bytes = bytes(&format!("0b000000 00000000 {QUOTED}"));
    let icmp = Icmpv4::parse(&bytes).unwrap();
    assert_eq!((icmp.header_len(), icmp.payload().len()), (8, 28));
    assert_eq!(icmp.next(), Next::EtherType(EtherType::IPV4));
    assert_eq!(icmp.quoted(), Some(&bytes[8..]));
    assert_eq!(icmp.extension(), None);
    assert_eq!(Icmpv4::parse(&bytes[..8]).unwrap().next(), Next::End);
}

/// A time exceeded message with a length field, the quoted packet padded to `padded` bytes, and a label stack with the
/// one entry label 1000, traffic class 5, bottom, time to live 255.
fn with_extension(words: u8, padded: usize) -> Vec<u8> {
    let mut message = bytes(&format!("0b000000 00{words:02x}0000 {QUOTED}"));
    message.resize(8 + padded, 0);
    message.extend(bytes("200052b9 00080101 003e8bff"));
    message
}

#[test]
fn an_extension_where_the_length_says() {
    let message = with_extension(33, 132);
    let icmp = Icmpv4::parse(&message).unwrap();
    assert_eq!(icmp.payload().len(), 132);
    let extension = icmp.extension().unwrap();
    assert_eq!(extension.checksum_ok(), Some(true));
    let objects: Vec<_> = extension.objects().collect();
    let [IcmpObject::MplsLabelStack(mut labels)] = objects[..] else { panic!("{objects:?}") };
    assert_eq!(labels.next().map(|label| label.label()), Some(1000));
    assert_eq!(
        fields(Layer::Icmpv4(icmp)),
        "type@0=11 code@1=0 checksum@2=0x0 length@5=33 ext_version@140=2 ext_checksum@142=0x52b9 ext_len*@144=8 \
         ext_class*@146=1 ext_ctype*@147=1 mpls_label*@148=1000 mpls_tc*@150=5 mpls_bottom*@150=1 mpls_ttl*@151=255"
    );
}

#[test]
fn an_extension_from_before_the_length() {
    let message = with_extension(0, 128);
    let icmp = Icmpv4::parse(&message).unwrap();
    assert_eq!((icmp.payload().len(), icmp.extension().is_some()), (128, true));
    // The quoted packet was longer than 128 bytes: what follows those is its own.
    let mut longer = message.clone();
    longer[10..12].copy_from_slice(&200_u16.to_be_bytes());
    let icmp = Icmpv4::parse(&longer).unwrap();
    assert_eq!((icmp.payload().len(), icmp.extension()), (140, None));
}

#[test]
fn a_length_without_an_extension() {
    let message = with_extension(8, 32);
    let icmp = Icmpv4::parse(&message).unwrap();
    assert_eq!((icmp.payload().len(), icmp.extension()), (44, None));
}

#[test]
fn router_advertisement_of_a_mobility_agent() {
    let (fields, line) = shown("0910c8ab 01020708 0a000001fffffffb 100a00010002ff000a010203 00 130118");
    assert_eq!(
        fields,
        "type@0=9 code@1=16 checksum@2=0xc8ab count@4=1 entry_size@5=2 lifetime@6=1800 router*@8=10.0.0.1 \
         preference*@12=4294967291 agent_ext_type*@16=16 agent_ext_len*@17=10 agent_seq*@18=1 agent_lifetime*@20=2 \
         agent_flags*@22=0xff00 agent_care_of*@24=10.1.2.3 agent_ext_type*@28=0 agent_ext_type*@29=19 \
         agent_ext_len*@30=1 agent_prefix_lengths*@31=18"
    );
    assert_eq!(line, "ICMP router advertisement lifetime 30:00 1: {10.0.0.1 4294967291}, length 32");
}

#[test]
fn timestamp_reply() {
    let (fields, line) = shown("0e00d668 00010002 0036ee80 006ecb49 05265bff");
    assert_eq!(
        fields,
        "type@0=14 code@1=0 checksum@2=0xd668 id@4=1 seq@6=2 originate@8=3600000 receive@12=7261001 transmit@16=86399999"
    );
    assert_eq!(
        line,
        "ICMP time stamp reply id 1 seq 2: org 01:00:00.000, recv 02:01:01.001, xmit 23:59:59.999, length 20"
    );
}

#[test]
fn what_is_cut_short_is_told() {
    let bytes = bytes("0800542f 1234");
    let icmp = Icmpv4::parse(&bytes).unwrap();
    assert_eq!((icmp.missing(), icmp.checksum_ok()), (2, None));
    assert_eq!(icmp.message(), Icmpv4Message::Unknown(&[0x12, 0x34]));
    assert_eq!(icmp.summary().to_string(), " [|icmp]");
    assert_eq!(Icmpv4::parse(&bytes[..3]).unwrap_err().needed(), 4);
}

#[test]
fn no_bytes_break_it() {
    for message in [
        with_extension(32, 128),
        with_extension(0, 128),
        bytes(&format!("0303f8d7 00000000 {QUOTED}")),
        bytes("0910c8ab 01020708 0a000001fffffffb 100a00010002ff000a010203 00 130118"),
        bytes("26000000 00010002 00000e10 0361626300"),
        bytes("2a000000 00010201 20000000 000c0303 00010400 0a000001 0010020f 00000007 00010000 0a010203"),
    ] {
        torture(&message, |bytes| Icmpv4::parse(bytes).ok().map(Layer::Icmpv4));
        for icmp_type in 0..=44 {
            let mut message = message.clone();
            message[0] = icmp_type;
            torture(&message[..message.len().min(60)], |bytes| Icmpv4::parse(bytes).ok().map(Layer::Icmpv4));
        }
    }
}
