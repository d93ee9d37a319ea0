//! Classic pcap.

use pycap_capture::{
    ByteOrder, ErrorKind, Format, Frame, Interface, LinkType, MAX_SNAPLEN, Savefile, SavefileWriter,
    Timestamp, VlanTag,
};

use crate::frames::{ETHERNET, frame, knowing, read, with_tag_in_bytes, written};

/// The numbers of a file, in its byte order.
fn numbers(order: ByteOrder, numbers: &[u32]) -> Vec<u8> {
    let bytes = |number: &u32| match order {
        ByteOrder::Little => number.to_le_bytes(),
        ByteOrder::Big => number.to_be_bytes(),
    };
    numbers.iter().flat_map(bytes).collect()
}

#[test]
fn every_byte() {
    for (order, version) in [(ByteOrder::Little, 0x0004_0002), (ByteOrder::Big, 0x0002_0004)] {
        for (format, magic, fraction) in
            [(Format::Pcap, 0xa1b2_c3d4, 123_456), (Format::PcapNanosecond, 0xa1b2_3c4d, 123_456_789)]
        {
            let builder = SavefileWriter::builder().format(format).byte_order(order);
            let file = written(builder, [frame(b"abc").with_original_len(60), frame(b"")]);
            let expected = [
                numbers(order, &[magic, version, 0, 0, MAX_SNAPLEN, 1]),
                numbers(order, &[1_700_000_000, fraction, 3, 60]),
                b"abc".to_vec(),
                numbers(order, &[1_700_000_000, fraction, 0, 0]),
            ];
            assert_eq!(file, expected.concat());
        }
    }
}

#[test]
fn what_the_header_says() {
    let header = |file: &[u8]| {
        let file = Savefile::from_reader(file).unwrap();
        let interface = &file.interfaces()[0];
        (interface.link_type(), interface.snaplen(), interface.fcs_len())
    };
    // Of a file without frames, of one that was told, and of one that takes it from its interface.
    let empty = written(SavefileWriter::builder(), []);
    assert_eq!(header(&empty), (LinkType::ETHERNET, MAX_SNAPLEN, None));
    let told = written(SavefileWriter::builder().link_type(LinkType::RAW).snaplen(96), []);
    assert_eq!(header(&told), (LinkType::RAW, 96, None));
    let mut out = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    assert_eq!(out.link_type(), None);
    let interface = Interface::new(LinkType::PPP).with_snaplen(1000).with_fcs_len(4);
    assert_eq!(out.add_interface(interface.clone()).unwrap(), 0);
    assert_eq!(out.add_interface(interface).unwrap(), 1);
    assert_eq!(out.link_type(), Some(LinkType::PPP));
    assert_eq!(header(&out.finish().unwrap()), (LinkType::PPP, 1000, Some(4)));
    // A rewritten file keeps its own.
    let mut source = Savefile::from_reader(&told[..]).unwrap();
    assert!(source.next_frame().unwrap().is_none());
    let with_frame = written(SavefileWriter::builder().snaplen(77), [frame(b"x")]);
    let mut source = Savefile::from_reader(&with_frame[..]).unwrap();
    let copy = written(SavefileWriter::builder(), source.next_frame().unwrap());
    assert_eq!(copy, with_frame);
}

#[test]
fn another_link_type_is_refused_and_does_no_harm() {
    let mut out = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    out.write(frame(b"first")).unwrap();
    let error = out.write(Frame::new(b"raw", LinkType::RAW)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotRepresentable);
    assert_eq!(error.to_string(), "frame 2 has link type RAW and the file EN10MB; a pcapng file takes both");
    let error = out.add_interface(Interface::new(LinkType::RAW)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotRepresentable);
    out.write(frame(b"second")).unwrap();
    assert_eq!(out.frames_written(), 2);
    let (frames, _) = read(&out.finish().unwrap()[..]);
    assert_eq!(frames.iter().map(|frame| frame.data()).collect::<Vec<_>>(), [&b"first"[..], b"second"]);
}

#[test]
fn times_never_wrap() {
    let at = |secs, nanos| Frame::new(b"x", LinkType::ETHERNET).with_timestamp(Timestamp::new(secs, nanos));
    let good = [at(0, 0), at(i64::from(u32::MAX), 999_999_999)];
    let builder = || SavefileWriter::builder().format(Format::PcapNanosecond);
    let mut out = builder().to_writer(Vec::new()).unwrap();
    for frame in [at(-1, 999_999_999), at(1 << 32, 0), at(i64::MIN, 0), at(i64::MAX, 0)] {
        let error = out.write(frame).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotRepresentable);
        assert!(error.to_string().contains("pcap holds times from 0 to 4294967295 s"), "{error}");
    }
    for frame in good {
        out.write(frame).unwrap();
    }
    let (frames, _) = read(&out.finish().unwrap()[..]);
    let times: Vec<_> = frames.iter().map(|frame| frame.as_frame().timestamp()).collect();
    assert_eq!(times, good.map(Frame::timestamp));
    // Microseconds are cut off, not rounded: a frame never moves into the future.
    let (frames, _) = read(&written(SavefileWriter::builder(), [at(7, 999_999_999)])[..]);
    assert_eq!(frames[0].as_frame().timestamp(), Some(Timestamp::new(7, 999_999_000)));
    // A frame without a time is one of 1970.
    let (frames, _) = read(&written(SavefileWriter::builder(), [Frame::new(b"x", LinkType::ETHERNET)])[..]);
    assert_eq!(frames[0].as_frame().timestamp(), Some(Timestamp::UNIX_EPOCH));
}

#[test]
fn a_stripped_tag_is_put_back() {
    let (frames, _) = read(&written(SavefileWriter::builder(), [knowing()])[..]);
    let frame = frames[0].as_frame();
    assert_eq!(frame.data(), with_tag_in_bytes(knowing()).data());
    assert_eq!(frame.data()[12..18], *b"\x81\0\x60\x05\x88\xb5");
    assert_eq!((frame.data().len(), frame.original_len()), (ETHERNET.len() + 4, 1504));
    assert_eq!(frame.vlan_tag(), None);
    // A frame that was cut ahead of the tag stays as it is; so does one that is as long as can be told.
    let tag = VlanTag { tpid: 0x88a8, tci: 1 };
    let cut = frame_of(&ETHERNET[..11], 60).with_vlan_tag(tag);
    let long = frame_of(ETHERNET, u32::MAX).with_vlan_tag(tag);
    let (frames, _) = read(&written(SavefileWriter::builder(), [cut, long])[..]);
    assert_eq!((frames[0].data(), frames[0].as_frame().original_len()), (&ETHERNET[..11], 60));
    assert_eq!(frames[1].as_frame().original_len(), u32::MAX);
}

fn frame_of(data: &[u8], original_len: u32) -> Frame<'_> {
    frame(data).with_original_len(original_len)
}

#[test]
fn frames_are_as_long_as_readers_take_them() {
    const USB_LINUX: LinkType = LinkType(189);
    let data = vec![7; (128 << 20) + 1];
    for format in [Format::Pcap, Format::Pcapng] {
        for (link_type, max) in
            [(LinkType::ETHERNET, 256 << 10), (LinkType(300), 256 << 10), (USB_LINUX, 128 << 20)]
        {
            let mut out = SavefileWriter::builder().format(format).to_writer(Vec::new()).unwrap();
            let error = out.write(Frame::new(&data[..=max], link_type)).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::NotRepresentable);
            assert!(error.to_string().contains(&format!("no reader takes more than {max}")), "{error}");
            out.write(Frame::new(&data[..max], link_type)).unwrap();
            out.write(Frame::new(b"after", link_type)).unwrap();
            let (frames, _) = read(&out.finish().unwrap()[..]);
            assert_eq!((frames[0].data().len(), frames[1].data()), (max, &b"after"[..]));
        }
    }
}

#[test]
fn the_modified_format_is_not_written() {
    let error = SavefileWriter::builder().format(Format::PcapModified).to_writer(Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSetting);
}
