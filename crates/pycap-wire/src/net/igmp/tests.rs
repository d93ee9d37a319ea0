use super::*;
use crate::Layer;
use crate::testing::{String, ToString, Vec, bytes, fields, format, torture};

// Values are those that tshark 4.0 shows for these bytes, lines those of tcpdump 4.99.3.

fn shown(hex: &str) -> (String, String) {
    let bytes = bytes(hex);
    let igmp = Igmp::parse(&bytes).unwrap();
    (fields(Layer::Igmp(igmp)), igmp.summary().to_string())
}

#[test]
fn versions_1_and_2() {
    for (hex, fields, line) in [
        ("1100 eeff 00000000", "type@0=0x11 code@1=0 checksum@2=0xeeff maddr*@4=0.0.0.0", "igmp query v1"),
        (
            "1164 ee9b 00000000",
            "type@0=0x11 max_resp@1=100 checksum@2=0xee9b maddr*@4=0.0.0.0",
            "igmp query v2",
        ),
        (
            "1119 fbe1 ef010203",
            "type@0=0x11 max_resp@1=25 checksum@2=0xfbe1 maddr*@4=239.1.2.3",
            "igmp query v2 [max resp time 25] [gaddr 239.1.2.3]",
        ),
        (
            "1200 0d02 e00000fc",
            "type@0=0x12 code@1=0 checksum@2=0xd02 maddr*@4=224.0.0.252",
            "igmp v1 report 224.0.0.252",
        ),
        (
            "1600 fa04 effffffa",
            "type@0=0x16 max_resp@1=0 checksum@2=0xfa04 maddr*@4=239.255.255.250",
            "igmp v2 report 239.255.255.250",
        ),
        (
            "1700 0000 e00000fb 00",
            "type@0=0x17 max_resp@1=0 checksum@2=0x0 maddr*@4=224.0.0.251",
            "igmp leave 224.0.0.251 [len 9]",
        ),
    ] {
        assert_eq!(shown(hex), (fields.to_string(), line.to_string()), "{hex}");
    }
    let bytes = bytes("1600 fa04 effffffa");
    let igmp = Igmp::parse(&bytes).unwrap();
    assert_eq!(igmp.checksum_ok(), Some(true));
    assert_eq!(igmp.to_string(), "IGMP(type=0x16, group=239.255.255.250)");
}

#[test]
fn version_3_query() {
    let hex = "1101 2a6d e0000009 0f00 0001 c0a814de";
    let (fields, line) = shown(hex);
    assert_eq!(
        fields,
        "type@0=0x11 max_resp@1=1 checksum@2=0x2a6d maddr*@4=224.0.0.9 suppress@8=1 robustness@8=7 interval@9=0 num_src*@10=1 \
         saddr*@12=192.168.20.222"
    );
    assert_eq!(line, "igmp query v3 [max resp time 0.1s] [gaddr 224.0.0.9, 1 source(s)]");
    assert_eq!(Igmp::parse(&bytes(hex)).unwrap().checksum_ok(), Some(true));
    let query = |code: u8| shown(&format!("11{code:02x} 0000 00000000 027d 0000")).1;
    assert_eq!(query(100), "igmp query v3");
    assert_eq!(query(0xfe), "igmp query v3 [max resp time 51m12s]");
}

#[test]
fn time_codes() {
    for (code, time) in [(0, 0), (0x7f, 127), (0x80, 128), (0x81, 136), (0xfe, 30720), (0xff, 31744)] {
        assert_eq!(decode(code), time, "{code:#x}");
    }
}

#[test]
fn version_3_report() {
    let hex = "2200 1234 0000 0002 01 01 0001 e0000005 0a000001 aaaaaaaa 06 00 0000 e0000006 11";
    let (fields, line) = shown(hex);
    assert_eq!(
        fields,
        "type@0=0x22 code@1=0 checksum@2=0x1234 num_rec@6=2 rec_type*@8=1 aux_len*@9=1 num_src*@10=1 maddr*@12=224.0.0.5 \
         saddr*@16=10.0.0.1 rec_type*@24=6 aux_len*@25=0 num_src*@26=0 maddr*@28=224.0.0.6"
    );
    assert_eq!(line, "igmp v3 report [invalid len 33]");
    let bytes = bytes(hex);
    let igmp = Igmp::parse(&bytes).unwrap();
    assert_eq!((igmp.header_len(), igmp.payload(), igmp.missing()), (32, &[0x11][..], 0));
    let IgmpMessage::V3Report(records) = igmp.message() else { panic!("not a report") };
    assert_eq!(records.map(|record| record.aux).collect::<Vec<_>>(), [&[0xaa; 4][..], &[]]);
    assert_eq!(igmp.to_string(), "IGMP(type=0x22)");
    assert_eq!(shown("2200 ea03 0000 0001 04000000 effffffa").1, "igmp v3 report, 1 group record(s)");
}

#[test]
fn counts_that_promise_too_much() {
    let report = bytes("2200 1234 0000 0003 01 00 0002 e0000005 0a000001");
    let igmp = Igmp::parse(&report).unwrap();
    assert_eq!((igmp.missing(), igmp.payload().len(), igmp.checksum_ok()), (4 + 2 * 8, 0, None));
    let query = bytes("1101 2a6d e0000009 0f00 0003 c0a814de 01");
    let igmp = Igmp::parse(&query).unwrap();
    assert_eq!((igmp.missing(), igmp.payload().len()), (7, 0));
    let IgmpMessage::V3Query(_, sources) = igmp.message() else { panic!("not a query") };
    assert_eq!(sources.collect::<Vec<_>>(), [Ipv4Addr::new(192, 168, 20, 222)]);
}

#[test]
fn others_with_an_igmp_type() {
    let (fields, line) = shown("1f20 38a3 00000000 ac102801 ac101401 ac102801 40000007");
    assert_eq!(
        fields,
        "type@0=0x1f code@1=32 checksum@2=0x38a3 maddr*@4=0.0.0.0 mtrace_src@8=172.16.40.1 mtrace_dst@12=172.16.20.1 \
         mtrace_response@16=172.16.40.1 mtrace_ttl@20=64 mtrace_id@21=7"
    );
    assert_eq!(line, "mtrace 7: 172.16.40.1 to 172.16.20.1 reply-to 172.16.40.1");
    assert_eq!(shown("1305 e8e4 000a040c").1, "igmp dvmrp Ask-neighbors2");
    assert_eq!(shown("9900 0000 e00000fb").1, "igmp-153");
    // Version 0 (RFC 988): identifier, group, access key.
    let (fields, _) = shown("0110 1234 01020304 05060708 090a0b0c0d0e0f10");
    assert_eq!(fields, "type@0=0x1 code@1=16 checksum@2=0x1234 ident@4=0x1020304 maddr*@8=5.6.7.8");
}

// RFC 4286, 3 to 5; the checksums are right.
#[test]
fn router_discovery() {
    let hex = "3014 cf6c 007d 0002";
    let (fields, line) = shown(hex);
    assert_eq!(
        fields,
        "type@0=0x30 advertisement_interval@1=20 checksum@2=0xcf6c query_interval@4=125 robustness@6=2"
    );
    assert_eq!(line, "igmp-48");
    let advertisement = bytes(hex);
    let igmp = Igmp::parse(&advertisement).unwrap();
    assert_eq!((igmp.checksum_ok(), igmp.group()), (Some(true), None));
    let mut written = IgmpRouterAdvertisement::zeroed();
    written.set_message_type(IgmpType::ROUTER_ADVERTISEMENT);
    written.set_advertisement_interval(20);
    written.set_checksum(0xcf6c);
    written.set_query_interval(125);
    written.set_robustness(2);
    assert_eq!(igmp.message(), IgmpMessage::RouterAdvertisement(&written));

    for (hex, message, line) in [
        ("3100 ceff", IgmpMessage::RouterSolicitation, "igmp-49"),
        ("3200 cdff 0000", IgmpMessage::RouterTermination, "igmp-50"),
    ] {
        let bytes = bytes(hex);
        let igmp = Igmp::parse(&bytes).unwrap();
        assert_eq!((igmp.message(), igmp.header_len(), igmp.header()), (message, 4, None), "{hex}");
        assert_eq!((igmp.payload().len(), igmp.checksum_ok()), (bytes.len() - 4, Some(true)), "{hex}");
        assert_eq!(igmp.summary().to_string(), line);
    }
    assert_eq!(shown("3100 ceff").0, "type@0=0x31 code@1=0 checksum@2=0xceff");
}

#[test]
fn unknown_types_need_four_bytes() {
    assert_eq!(shown("5501 aafe"), ("type@0=0x55 code@1=1 checksum@2=0xaafe".into(), "igmp-85".into()));
    let short = bytes("5501 aafe 0102 03");
    let igmp = Igmp::parse(&short).unwrap();
    assert_eq!((igmp.header_len(), igmp.header(), igmp.message()), (7, None, IgmpMessage::Other(&[])));
    for (bytes, need) in [(&[0x55; 3][..], 4), (&[0x31; 3], 4), (&[0x30; 7], 8), (&[0; 7], 8), (&[], 8)] {
        assert_eq!(Igmp::parse(bytes), Err(Error::truncated(LayerKind::Igmp, need, bytes.len())));
    }
}

#[test]
fn headers_are_written_as_they_are_read() {
    let mut header = IgmpHeader::zeroed();
    header.set_message_type(IgmpType::V2_REPORT);
    header.set_checksum(0xfa04);
    header.set_group(Ipv4Addr::new(239, 255, 255, 250));
    assert_eq!(header.as_bytes(), bytes("1600 fa04 effffffa"));
    let mut record = IgmpRecordHeader::zeroed();
    record.set_record_type(IgmpRecordType::CHANGE_TO_EXCLUDE);
    record.set_source_count(2);
    record.set_group(Ipv4Addr::new(224, 0, 0, 5));
    assert_eq!((record.as_bytes(), record.record_len()), (&bytes("0400 0002 e0000005")[..], 16));
}

#[test]
fn any_bytes() {
    for sample in [
        "1164 ee9b 00000000",
        "1101 2a6d e0000009 0f00 0001 c0a814de",
        "2200 1234 0000 0002 01 01 0001 e0000005 0a000001 aaaaaaaa 06 00 0000 e0000006 11",
        "1f20 38a3 00000000 ac102801 ac101401 ac102801 40000007",
        "0110 1234 01020304 05060708 090a0b0c0d0e0f10",
        "3014 cf6c 007d 0002",
        "3100 ceff 01",
        "5501 aafe 0102 03",
    ] {
        torture(&bytes(sample), |bytes| Igmp::parse(bytes).ok().map(Layer::Igmp));
    }
    assert_eq!(Igmp::parse(&[0x16; 7]), Err(Error::truncated(LayerKind::Igmp, 8, 7)));
}

#[test]
fn bit_fields_are_set_apart() {
    let mut query = IgmpV3Query::zeroed();
    query.set_suppress(true);
    query.set_robustness(10);
    assert_eq!((query.flags(), query.suppress(), query.robustness()), (0x0a, true, 2));
    let mut mtrace = MtraceHeader::zeroed();
    mtrace.set_ttl(0x7f);
    mtrace.set_id(0xff01_0203);
    assert_eq!((mtrace.ttl_id(), mtrace.ttl(), mtrace.id()), (0x7f01_0203, 0x7f, 0x01_0203));
}
