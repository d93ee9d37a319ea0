//! Whatever frames there are, they come back.

use proptest::prelude::*;
use pycap_capture::{
    ByteOrder, ErrorKind, Format, Frame, LinkType, OwnedFrame, SavefileWriter, Segmentation,
    SegmentationKind, Timestamp, VlanTag,
};

use crate::frames::{pcapng, read, with_tag_in_bytes};

fn time() -> impl Strategy<Value = Option<Timestamp>> {
    let secs = prop_oneof![4 => 0..=i64::from(u32::MAX), 1 => any::<i64>(), 1 => -3..3_i64];
    proptest::option::weighted(
        0.9,
        (secs, 0..1_000_000_000_u32).prop_map(|(secs, nanos)| Timestamp::new(secs, nanos)),
    )
}

fn frame() -> impl Strategy<Value = OwnedFrame> {
    let data = prop_oneof![8 => prop::collection::vec(any::<u8>(), 0..80), 1 => prop::collection::vec(any::<u8>(), 0..3000)];
    let link_type =
        prop::sample::select(vec![LinkType::ETHERNET, LinkType::RAW, LinkType::LINUX_SLL, LinkType(0xffff)]);
    let interface = prop_oneof![3 => 0..4_u32, 1 => any::<u32>()];
    let original_len = proptest::option::of(any::<u32>());
    let flags = prop_oneof![Just(0), any::<u32>()];
    let tag = proptest::option::weighted(0.3, (1..=u16::MAX, any::<u16>()));
    let segmentation = proptest::option::weighted(0.3, (any::<u16>(), 1..=u8::MAX));
    (data, link_type, interface, original_len, flags, tag, segmentation, time()).prop_map(
        |(data, link_type, interface, original_len, flags, tag, segmentation, time)| {
            let mut frame = Frame::new(&data, link_type).with_interface(interface);
            if let Some(len) = original_len {
                frame = frame.with_original_len(len);
            }
            if let Some((tpid, tci)) = tag {
                frame = frame.with_vlan_tag(VlanTag { tpid, tci });
            }
            if let Some((size, kind)) = segmentation {
                frame = frame.with_segmentation(Segmentation { size, kind: SegmentationKind(kind) });
            }
            if let Some(time) = time {
                frame = frame.with_timestamp(time);
            }
            frame.with_flags(flags).to_owned()
        },
    )
}

fn order() -> impl Strategy<Value = ByteOrder> {
    prop::sample::select(vec![ByteOrder::Little, ByteOrder::Big])
}

/// The frame as if from the first interface: the numbers of interfaces are compared by themselves.
fn anonymous(frame: &OwnedFrame) -> OwnedFrame {
    frame.as_frame().with_interface(0).to_owned()
}

proptest! {
    // A failure shows the frames; no file of them is left behind.
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn through_pcapng(frames in prop::collection::vec(frame(), 0..30), order in order(), capacity in 0..5000_usize) {
        let mut out = pcapng().byte_order(order).buffer_size(capacity).to_writer(Vec::new()).unwrap();
        for frame in &frames {
            out.write(frame.as_frame()).unwrap();
        }
        let (copies, interfaces) = read(&out.finish().unwrap()[..]);
        prop_assert_eq!(copies.len(), frames.len());
        let mut number = std::collections::BTreeMap::new();
        for (frame, copy) in frames.iter().zip(&copies) {
            prop_assert_eq!(anonymous(copy), anonymous(&with_tag_in_bytes(frame.as_frame())));
            // Frames of different interfaces stay apart.
            let from = *number.entry(copy.as_frame().interface()).or_insert(frame.as_frame().interface());
            prop_assert_eq!(from, frame.as_frame().interface());
            prop_assert_eq!(interfaces[copy.as_frame().interface() as usize].link_type(), frame.as_frame().link_type());
        }
    }

    #[test]
    fn through_pcap(frames in prop::collection::vec(frame(), 0..30), order in order(), capacity in 0..5000_usize, nanos in any::<bool>()) {
        let format = if nanos { Format::PcapNanosecond } else { Format::Pcap };
        let builder = SavefileWriter::builder().format(format).byte_order(order).buffer_size(capacity);
        let mut out = builder.to_writer(Vec::new()).unwrap();
        let mut expected = Vec::new();
        for frame in &frames {
            let frame = frame.as_frame();
            let time = frame.timestamp().unwrap_or_default();
            let fits = out.link_type().is_none_or(|link_type| link_type == frame.link_type())
                && u32::try_from(time.secs()).is_ok();
            match out.write(frame) {
                Ok(()) => prop_assert!(fits),
                Err(error) => {
                    prop_assert_eq!(error.kind(), ErrorKind::NotRepresentable);
                    prop_assert!(!fits);
                    continue;
                }
            }
            let unit = if nanos { 1 } else { 1000 };
            let tagged = with_tag_in_bytes(frame);
            let plain = Frame::new(tagged.data(), frame.link_type())
                .with_original_len(tagged.as_frame().original_len())
                .with_timestamp(Timestamp::new(time.secs(), time.subsec_nanos() / unit * unit));
            expected.push(plain.to_owned());
        }
        prop_assert_eq!(out.frames_written(), expected.len() as u64);
        prop_assert_eq!(read(&out.finish().unwrap()[..]).0, expected);
    }
}
