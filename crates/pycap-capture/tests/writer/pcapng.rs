//! pcapng.

use pycap_capture::{
    ByteOrder, ErrorKind, Format, Frame, Interface, LinkType, Savefile, SavefileWriter, Segmentation,
    SegmentationKind, Stats, Timestamp, TimestampResolution, VlanTag,
};

use crate::frames::{ETHERNET, frame, knowing, pcapng, read, with_tag_in_bytes, written};

/// The type and the body of each block of a little-endian file, both of whose lengths have to be right.
fn blocks(file: &[u8]) -> Vec<(u32, &[u8])> {
    let number = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    let (mut blocks, mut at) = (Vec::new(), 0);
    while at < file.len() {
        let total = number(at + 4) as usize;
        assert_eq!((number(at + total - 4) as usize, total % 4), (total, 0));
        blocks.push((number(at), &file[at + 8..at + total - 4]));
        at += total;
    }
    blocks
}

fn little() -> pycap_capture::WriterBuilder {
    pcapng().byte_order(ByteOrder::Little)
}

#[test]
fn every_byte() {
    let builder = little().application("app").os("linux").hardware("cpu").comment("why");
    let mut out = builder.to_writer(Vec::new()).unwrap();
    let interface = Interface::new(LinkType::ETHERNET)
        .with_snaplen(96)
        .with_name("eth0")
        .with_description("up")
        .with_filter("arp")
        .with_os("linux")
        .with_fcs_len(4)
        .with_hardware("nic");
    assert_eq!(out.add_interface(interface).unwrap(), 0);
    out.write(frame(b"abcde").with_original_len(60)).unwrap();
    out.write(frame(b"abcd").with_flags(0x0102_0304)).unwrap();
    let file = out.finish().unwrap();
    let expected: [(u32, &[u8]); 4] = [
        (
            0x0a0d_0d0a,
            b"\x4d\x3c\x2b\x1a\x01\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\
              \x01\0\x03\0why\0\x02\0\x03\0cpu\0\x03\0\x05\0linux\0\0\0\x04\0\x03\0app\0\0\0\0\0",
        ),
        (
            1,
            b"\x01\0\0\0\x60\0\0\0\x02\0\x04\0eth0\x03\0\x02\0up\0\0\x09\0\x01\0\x09\0\0\0\x0b\0\x04\0\0arp\
              \x0c\0\x05\0linux\0\0\0\x0d\0\x01\0\x04\0\0\0\x0f\0\x03\0nic\0\0\0\0\0",
        ),
        // The upper half of 1_700_000_000_123_456_789 comes first.
        (6, b"\0\0\0\0\xfe\x9c\x97\x17\x15\xcd\x85\x3d\x05\0\0\0\x3c\0\0\0abcde\0\0\0"),
        (6, b"\0\0\0\0\xfe\x9c\x97\x17\x15\xcd\x85\x3d\x04\0\0\0\x04\0\0\0abcd\x02\0\x04\0\x04\x03\x02\x01\0\0\0\0"),
    ];
    assert_eq!(blocks(&file), expected);
}

#[test]
fn all_that_a_frame_knows_comes_back() {
    let tag = VlanTag { tpid: 0x88a8, tci: 0xe001 };
    let segmentation = Segmentation { size: 9000, kind: SegmentationKind(0x81) };
    let all = [
        knowing(),
        frame(ETHERNET),
        frame(b""),
        Frame::new(ETHERNET, LinkType::ETHERNET),
        Frame::new(ETHERNET, LinkType::ETHERNET).with_checksum_valid(true),
        Frame::new(b"cut", LinkType::ETHERNET).with_original_len(4),
        Frame::new(b"odd", LinkType::ETHERNET).with_original_len(2),
        frame(&ETHERNET[..11]).with_vlan_tag(tag).with_segmentation(segmentation),
        // Marked, but it is not known how; and the other way round.
        frame(ETHERNET).with_segmentation_offload(true),
        frame(ETHERNET).with_segmentation(segmentation).with_flags(0),
        frame(ETHERNET).with_segmentation(segmentation).with_vlan_tag(tag),
        frame(ETHERNET).with_original_len(u32::MAX).with_vlan_tag(tag),
        frame(&[3; 100]).with_interface(1),
        Frame::new(b"E raw", LinkType::RAW).with_interface(2).with_vlan_tag(tag),
        Frame::new(&[0; 20], LinkType::LINUX_SLL).with_interface(3).with_vlan_tag(tag),
    ];
    for order in [ByteOrder::Little, ByteOrder::Big] {
        for capacity in [0, 300, 1 << 20] {
            let (frames, interfaces) =
                read(&written(pcapng().byte_order(order).buffer_size(capacity), all)[..]);
            assert_eq!(frames, all.map(with_tag_in_bytes));
            let link_types: Vec<_> = interfaces.iter().map(Interface::link_type).collect();
            assert_eq!(
                link_types,
                [LinkType::ETHERNET, LinkType::ETHERNET, LinkType::RAW, LinkType::LINUX_SLL]
            );
            assert!(interfaces.iter().all(|i| i.timestamp_resolution() == TimestampResolution::NANOSECONDS));
        }
    }
}

#[test]
fn a_frame_without_a_time_is_a_simple_packet_where_that_says_all() {
    let timeless = |data| Frame::new(data, LinkType::ETHERNET);
    for (frame, kind) in [
        (timeless(b"whole"), 3),
        (timeless(b"cut").with_original_len(4), 6),
        (timeless(b"marked").with_checksum_valid(true), 6),
        (frame(b"timed"), 6),
    ] {
        let file = written(little(), [frame]);
        assert_eq!(blocks(&file).last().unwrap().0, kind, "{frame:?}");
        assert_eq!(read(&file[..]).0, [frame.to_owned()]);
    }
    // What the interface cuts to is known, and so are frames that are as long; it is the first interface only
    // that they come from.
    let mut out = little().to_writer(Vec::new()).unwrap();
    for snaplen in [4, 4] {
        out.add_interface(Interface::new(LinkType::ETHERNET).with_snaplen(snaplen)).unwrap();
    }
    let frames =
        [timeless(b"cut ").with_original_len(9), timeless(b"long!"), timeless(b"1").with_interface(1)];
    frames.iter().for_each(|frame| out.write(*frame).unwrap());
    let file = out.finish().unwrap();
    let kinds: Vec<u32> = blocks(&file)[3..].iter().map(|(kind, _)| *kind).collect();
    assert_eq!(kinds, [3, 6, 6]);
    assert_eq!(read(&file[..]).0, frames.map(Frame::to_owned));
}

#[test]
fn any_time_comes_back() {
    let times = [
        Timestamp::UNIX_EPOCH,
        Timestamp::new(-1, 999_999_999),
        Timestamp::new((1 << 33) - 1, 999_999_999),
        Timestamp::new(1 << 33, 0),
        Timestamp::new(-(1 << 33), 0),
        Timestamp::MIN,
        Timestamp::MAX,
        Timestamp::new(-1, 0),
        Timestamp::new(1_700_000_000, 1),
    ];
    for order in [ByteOrder::Little, ByteOrder::Big] {
        let file = written(pcapng().byte_order(order), times.map(|time| frame(b"x").with_timestamp(time)));
        let (frames, interfaces) = read(&file[..]);
        assert_eq!(
            frames.iter().map(|frame| frame.as_frame().timestamp().unwrap()).collect::<Vec<_>>(),
            times
        );
        // One for each of the windows, not one for each change.
        assert_eq!(interfaces.len(), 5);
    }
}

#[test]
fn interfaces_are_described_once_and_by_what_is_known() {
    let eth0 = Interface::new(LinkType::ETHERNET).with_snaplen(128).with_name("eth0").with_filter("udp");
    let wlan0 =
        Interface::new(LinkType::IEEE802_11).with_name("wlan0").with_description("air").with_fcs_len(16);
    let mut out = pcapng().to_writer(Vec::new()).unwrap();
    assert_eq!(out.add_interface(eth0.clone()).unwrap(), 0);
    assert_eq!(out.add_interface(wlan0.clone()).unwrap(), 1);
    out.write(Frame::new(b"1", LinkType::IEEE802_11).with_interface(1)).unwrap();
    out.write(frame(b"0")).unwrap();
    // The same index with another link type is another interface, and so is one that nobody added.
    out.write(Frame::new(b"2", LinkType::RAW)).unwrap();
    out.write(frame(b"3").with_interface(u32::MAX - 1)).unwrap();
    out.write(frame(b"0 again")).unwrap();
    assert_eq!(out.add_interface(eth0.clone()).unwrap(), u32::MAX);
    assert_eq!(out.add_interface(eth0.clone()).unwrap_err().kind(), ErrorKind::InvalidSetting);
    let file = out.finish().unwrap();
    let (frames, interfaces) = read(&file[..]);
    assert_eq!(frames.iter().map(|frame| frame.as_frame().interface()).collect::<Vec<_>>(), [1, 0, 2, 3, 0]);
    assert_eq!(interfaces.len(), 5);
    let texts = |i: &Interface| (i.link_type(), i.snaplen(), i.name().map(str::to_owned), i.fcs_len());
    assert_eq!(texts(&interfaces[0]), texts(&eth0));
    assert_eq!(texts(&interfaces[1]), texts(&wlan0));
    assert_eq!((interfaces[0].filter(), interfaces[1].description()), (Some("udp"), Some("air")));
    // Frames that are read describe their interfaces by themselves, in the order in which these first have
    // one.
    let mut source = Savefile::from_reader(&file[..]).unwrap();
    let mut copy = pcapng().to_writer(Vec::new()).unwrap();
    while let Some(frame) = source.next_frame().unwrap() {
        copy.write(frame).unwrap();
    }
    let (copies, interfaces) = read(&copy.finish().unwrap()[..]);
    assert_eq!(copies.iter().map(|frame| frame.as_frame().interface()).collect::<Vec<_>>(), [0, 1, 2, 3, 1]);
    assert_eq!((texts(&interfaces[0]), texts(&interfaces[1])), (texts(&wlan0), texts(&eth0)));
}

#[test]
fn an_interface_may_keep_longer_frames() {
    let data = vec![5; 1_000_000];
    let mut out = pcapng().to_writer(Vec::new()).unwrap();
    out.add_interface(Interface::new(LinkType::ETHERNET).with_snaplen(1_000_000)).unwrap();
    out.write(frame(&data)).unwrap();
    assert_eq!(read(&out.finish().unwrap()[..]).0[0].data(), data);
}

#[test]
fn texts_are_cut_to_what_an_option_holds() {
    let long = "é".repeat(40_000);
    let mut out = pcapng().comment(&long).to_writer(Vec::new()).unwrap();
    out.add_interface(Interface::new(LinkType::RAW).with_name(&*long).with_filter(&*long)).unwrap();
    let (_, interfaces) = read(&out.finish().unwrap()[..]);
    assert_eq!(interfaces[0].name().unwrap(), &long[..65_534]);
    assert_eq!(interfaces[0].filter().unwrap(), &long[..65_534]);
}

#[test]
fn statistics_end_the_file() {
    let mut out = little().to_writer(Vec::new()).unwrap();
    let mut stats = Stats::default();
    (stats.received, stats.dropped) = (Some(10), Some(2));
    let error = out.interface_stats(0, &stats).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
    out.add_interface(Interface::new(LinkType::ETHERNET)).unwrap();
    out.write(frame(b"x").with_interface(7)).unwrap();
    out.interface_stats(7, &Stats::default()).unwrap();
    out.interface_stats(0, &Stats::default()).unwrap();
    out.interface_stats(0, &stats).unwrap();
    let before = Timestamp::now();
    let file = out.finish().unwrap();
    let blocks = blocks(&file);
    let [.., (6, _), (5, first), (5, second)] = blocks[..] else { panic!("{blocks:?}") };
    assert_eq!(first[..4], [0; 4]);
    let half = |at: usize| u64::from(u32::from_le_bytes(first[at..at + 4].try_into().unwrap()));
    let time = Timestamp::from_nanos((half(4) << 32 | half(8)).into());
    assert!(before <= time && time <= Timestamp::now());
    // isb_filteraccept, isb_osdrop, isb_usrdeliv; isb_ifdrop is not known.
    let count = |code: u8, count: u8| [code, 0, 8, 0, count, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(first[12..], [&count(6, 12)[..], &count(7, 2), &count(8, 10), &[0; 4]].concat());
    assert_eq!((second.len(), second[0]), (12, 1));
    // A pcap file has no place for them.
    let mut out = SavefileWriter::builder().format(Format::Pcap).to_writer(Vec::new()).unwrap();
    out.interface_stats(0, &stats).unwrap();
}
