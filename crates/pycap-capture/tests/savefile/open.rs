//! What is told before the first packet: formats, foreign files, descriptions.

use std::io::Read;

use pycap_capture::ByteOrder::{Big, Little};
use pycap_capture::{ErrorKind, Format, LinkType, Savefile, Source, TimestampResolution};

use crate::bytes::{File, ORDERS, read};

#[test]
fn a_file_tells_its_format() {
    for order in ORDERS {
        for (magic, format) in [
            (0xa1b2_c3d4, Format::Pcap),
            (0xa1b2_3c4d, Format::PcapNanosecond),
            (0xa1b2_cd34, Format::PcapModified),
        ] {
            let bytes = File::pcap(order, magic, (2, 4), 96, 113);
            let file = bytes.open();
            assert_eq!((file.format(), file.byte_order(), file.version()), (format, order, (2, 4)));
            assert_eq!((file.link_type(), file.snaplen()), (Some(LinkType(113)), Some(96)));
            assert_eq!((file.position(), file.file_len(), file.path()), (24, None, None));
        }
        let bytes = File::pcapng(order);
        let file = bytes.open();
        assert_eq!((file.format(), file.byte_order(), file.version()), (Format::Pcapng, order, (1, 0)));
        assert_eq!((file.link_type(), file.snaplen()), (Some(LinkType::ETHERNET), Some(0)));
        assert_eq!(file.position(), 48);
    }
}

/// What the first bytes of a compressed file are, with nothing behind them.
const DECOMPRESSED: ErrorKind =
    if cfg!(feature = "compress") { ErrorKind::Truncated } else { ErrorKind::Compressed };

#[test]
fn other_files_are_named() {
    for (head, kind, name) in [
        (&b""[..], ErrorKind::Empty, "the file is empty"),
        (b"\xd4\xc3", ErrorKind::Truncated, "the file ends early"),
        (b"\x1f\x8b\x08\0", DECOMPRESSED, "gzip"),
        (b"\x28\xb5\x2f\xfd", DECOMPRESSED, "zstd"),
        (b"\xfd7zXZ\0", DECOMPRESSED, "xz"),
        (b"\x04\x22\x4d\x18", DECOMPRESSED, "lz4"),
        (b"BZh91AY&SY", ErrorKind::Compressed, "bzip2"),
        (b"LZIP\x01", ErrorKind::Compressed, "decompress it first: lzip -dc FILE"),
        (b"snoop\0\0\0", ErrorKind::UnknownFormat, "snoop"),
        (b"hello, world", ErrorKind::UnknownFormat, "68 65 6c 6c"),
        (b"\n\r\r\n\0\0\0\x1cabcdefghijklmnop", ErrorKind::Malformed, "byte-order magic"),
    ] {
        let error = Savefile::from_reader(head).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(name), "{error}");
    }
}

#[test]
fn files_from_disk_carry_their_path() {
    let missing = Savefile::open("no/such/file").unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Io);
    assert_eq!(missing.io_error().unwrap().kind(), std::io::ErrorKind::NotFound);
    assert!(missing.to_string().starts_with("no/such/file: cannot open: "), "{missing}");
    let folder = Savefile::open(env!("CARGO_TARGET_TMPDIR")).unwrap_err();
    assert_eq!(folder.kind(), ErrorKind::Io);
    assert!(folder.to_string().starts_with(env!("CARGO_TARGET_TMPDIR")), "{folder}");
    #[cfg(unix)]
    assert!(folder.to_string().ends_with(": cannot open: is a directory"), "{folder}");

    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("torn.pcap");
    let bytes =
        File::pcap(Little, 0xa1b2_c3d4, (2, 4), 0, 1).record(0, 0, 2, 2, b"ok").record(0, 0, 9, 9, b"torn");
    std::fs::write(&path, &bytes.bytes).unwrap();
    let mut file: Box<dyn Source> = Box::new(Savefile::open(&path).unwrap());
    assert_eq!(file.next_frame().unwrap().unwrap().data(), b"ok");
    let error = file.next_frame().unwrap_err();
    assert_eq!(error.path(), Some(&*path));
    assert_eq!((error.record(), error.offset()), (Some(2), Some(42)));
    assert_eq!(Savefile::open(&path).unwrap().file_len(), Some(62));
}

#[test]
fn interfaces_are_described() {
    let bytes = File::new(Big)
        .section((1, 0))
        .interface(
            105,
            256,
            &[
                (2, b"wlan0\0"),
                (3, b"the \xffair"),
                (9, b"\x9e"),
                (11, b"\0port 53"),
                (12, b"Linux"),
                (13, b"\x20"),
                (14, &(-7_i64).to_be_bytes()),
                (15, b"radio"),
                (77, b"unknown"),
            ],
        )
        .interface(1, 0, &[(11, b"\x01bytecode"), (13, b"\x04"), (14, b"short")]);
    let file = bytes.open();
    let [wlan, plain] = file.interfaces() else { panic!("{:?}", file.interfaces()) };
    assert_eq!((wlan.link_type(), wlan.snaplen()), (LinkType(105), 256));
    assert_eq!((wlan.name(), wlan.description()), (Some("wlan0"), Some("the \u{fffd}air")));
    assert_eq!((wlan.filter(), wlan.os(), wlan.hardware()), (Some("port 53"), Some("Linux"), Some("radio")));
    assert_eq!(wlan.timestamp_resolution(), TimestampResolution::PowerOf2(30));
    assert_eq!((wlan.timestamp_offset(), wlan.fcs_len()), (-7, Some(4)));
    assert_eq!((plain.name(), plain.filter(), plain.fcs_len()), (None, None, Some(4)));
    assert_eq!(
        (plain.timestamp_resolution(), plain.timestamp_offset()),
        (TimestampResolution::MICROSECONDS, 0)
    );
    assert_eq!((plain.section(), plain.id()), (0, 1));
    assert_eq!(file.interface(1), Some(plain));
    assert_eq!(file.interface(2), None);
}

/// A pipe on which nothing more comes for hours.
struct Quiet;

impl Read for Quiet {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("waited"))
    }
}

#[test]
fn opening_waits_for_no_packet() {
    for (bytes, interfaces) in [
        (File::pcap(Little, 0xa1b2_c3d4, (2, 4), 0, 1), 1),
        (File::pcapng(Little), 1),
        (File::pcapng(Big).interface(9, 0, &[]).block(5, b"statistics"), 2),
    ] {
        let mut file = Savefile::from_reader(bytes.bytes.chain(Quiet)).unwrap();
        assert_eq!(file.interfaces().len(), interfaces);
        let error = file.next_frame().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Io);
        assert!(error.to_string().ends_with("cannot read: waited"), "{error}");
        assert!(file.next_frame().unwrap().is_none());
    }
}

#[test]
fn a_bad_second_interface_waits_for_its_turn() {
    let bytes = File::pcapng(Little).block(1, b"bad").enhanced(0, 1, b"lost", 4, &[]);
    assert_eq!(bytes.open().interfaces().len(), 1);
    let (frames, kind, message) = bytes.frames_and_error();
    assert_eq!((frames.len(), kind), (0, ErrorKind::Malformed), "{message}");
    assert_eq!(
        message,
        "at byte 48: an interface description block with a length of 16: at least 20 bytes needed"
    );
}

#[test]
fn a_file_without_packets_is_none_the_worse() {
    for order in ORDERS {
        assert!(File::pcap(order, 0xa1b2_c3d4, (2, 4), 0, 1).frames().is_empty());
        assert!(File::new(order).section((1, 0)).frames().is_empty());
        assert!(File::pcapng(order).frames().is_empty());
    }
    assert_eq!(File::new(Little).section((1, 0)).open().link_type(), None);
}

#[test]
fn a_reader_can_be_lent() {
    let bytes = File::pcapng(Big).enhanced(0, 1, b"x", 1, &[]).bytes;
    let mut reader: &[u8] = &bytes;
    assert_eq!(read(&mut reader).0.len(), 1);
    let reader: &mut dyn Read = &mut &bytes[..];
    assert_eq!(read(reader).0.len(), 1);
}
