use super::*;
use crate::any::Named;
use crate::{Derived, Edit};
use pycap_wire::IgmpMessage;

fn hex(layer: impl Layer) -> String {
    layer.build().unwrap().iter().map(|byte| format!("{byte:02x}")).collect()
}

const GROUP_ADDRESS: [u8; 4] = [224, 0, 0, 251];

fn v3_report() -> Igmp {
    Igmp::v3_report().record(IgmpRecordType::CHANGE_TO_EXCLUDE, GROUP_ADDRESS, &[]).record(
        IgmpRecordType::MODE_IS_INCLUDE,
        [224, 0, 0, 252],
        &[[10, 0, 0, 1].into()],
    )
}

/// scapy 2.8: `IGMP(type=0x11, mrcode=100, gaddr="224.0.0.251")`, `IGMPv3mq(...)`, `IGMPv3mr(...)`.
#[test]
fn the_same_bytes_as_scapy() {
    assert_eq!(hex(Igmp::v2_query(GROUP_ADDRESS, 100)), "11640da0e00000fb");
    assert_eq!(hex(Igmp::v1_report(GROUP_ADDRESS)), "12000d04e00000fb");
    assert_eq!(hex(Igmp::v2_report(GROUP_ADDRESS)), "16000904e00000fb");
    assert_eq!(hex(Igmp::leave(GROUP_ADDRESS)), "17000804e00000fb");
    let query = Igmp::v3_query(GROUP_ADDRESS, 20);
    assert_eq!(hex(&query), "11140b73e00000fb027d0000");
    let query = query.suppress(true).source([10, 0, 0, 1]).source([10, 0, 0, 2]);
    assert_eq!(hex(&query), "1114ef6de00000fb0a7d00020a0000010a000002");
    assert_eq!(hex(v3_report()), "22000d030000000204000000e00000fb01000001e00000fc0a000001");
}

#[test]
fn times_are_rounded_down_to_codes() {
    // As scapy 2.8 has it for 1000 tenths.
    assert_eq!(time_code(1000), 0xaf);
    let decoded = |code: u8| match code {
        0..128 => u16::from(code),
        _ => (u16::from(code & 15) | 16) << ((code >> 4 & 7) + 3),
    };
    for code in 0..=u8::MAX {
        assert_eq!(time_code(decoded(code)), code);
        assert_eq!(time_code(decoded(code).saturating_add(1).max(decoded(code) + 1) - 1), code);
    }
    for time in 0..=u16::MAX {
        let code = time_code(time);
        assert!(decoded(code) <= time && (code == 0xff || decoded(code + 1) > time), "{time}");
    }
}

#[test]
fn numbers_follow_lists_unless_set() {
    let lying = Igmp::v3_query(GROUP_ADDRESS, 1).source_count(9).source([10, 0, 0, 1]);
    assert_eq!(hex(lying.clone())[16..24], *"027d0009");
    let mut honest = lying;
    honest.compute(Derived::Lengths);
    assert_eq!(hex(honest)[16..24], *"027d0001");
    let mut report = v3_report().record_count(7);
    assert_eq!(hex(&report)[8..16], *"00000007");
    report.compute(Derived::Lengths);
    assert_eq!(report, v3_report());
}

#[test]
fn fields_are_set_by_their_names() {
    let group = FieldValue::Ipv4(GROUP_ADDRESS.into());
    let edited = |name: &str, fields: &[(&str, FieldValue)]| {
        let mut igmp = Igmp::named(name).unwrap();
        for (field, value) in fields {
            igmp.set(field, value).unwrap_or_else(|error| panic!("{field}: {error}"));
        }
        igmp
    };
    assert_eq!(edited("igmp_v2_report", &[("group", group.clone())]), Igmp::v2_report(GROUP_ADDRESS));
    let query = [
        ("maddr", group.clone()),
        ("max_resp", FieldValue::Uint(20)),
        ("suppress", FieldValue::Uint(1)),
        ("saddr", FieldValue::List(vec![FieldValue::Ipv4([10, 0, 0, 1].into()); 2])),
    ];
    let expected =
        Igmp::v3_query(GROUP_ADDRESS, 20).suppress(true).source([10, 0, 0, 1]).source([10, 0, 0, 1]);
    assert_eq!(edited("igmp_v3_query", &query), expected);
    let word = |word: &str| FieldValue::Word(word.into());
    let call = |values: &[FieldValue]| FieldValue::Call("record".into(), values.to_vec());
    let records = FieldValue::List(vec![
        call(&[word("change_to_exclude_mode"), group]),
        call(&[
            FieldValue::Uint(1),
            FieldValue::Ipv4([224, 0, 0, 252].into()),
            FieldValue::Ipv4([10, 0, 0, 1].into()),
        ]),
    ]);
    assert_eq!(edited("igmp_v3_report", &[("records", records)]), v3_report());
    let leave = edited("igmp", &[("type", word("leave_group")), ("code", FieldValue::Uint(0))]);
    assert_eq!(leave, Igmp::leave([0, 0, 0, 0]));
}

/// Every name is a message that pycap-wire reads as one of its type, whose fields, by their names, it has too.
#[test]
fn names_are_messages() {
    for name in Igmp::NAMES {
        let igmp = Igmp::named(name).unwrap();
        let bytes = igmp.build().unwrap();
        let view = pycap_wire::Igmp::parse(&bytes).unwrap();
        assert_eq!((view.checksum_ok(), view.missing()), (Some(true), 0), "{name}");
        assert!(!matches!(view.message(), IgmpMessage::Other(_)), "{name}");
        view.fields(&mut |field| {
            let known = igmp.fields().iter().any(|info| info.name == field.name);
            assert!(known, "{name}: {}", field.name);
        });
        for info in igmp.fields().iter().filter(|info| info.takes.starts_with(['u', '0'])) {
            igmp.clone().set(info.name, &FieldValue::Uint(1)).unwrap();
        }
    }
}
