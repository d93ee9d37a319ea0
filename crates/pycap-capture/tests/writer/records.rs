//! Records taken over from another file, and blocks and options that a program makes.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use pycap_capture::pcapng::{
    Block, BlockType, Contents, NameRecord, OptionList, OwnedBlock, SecretsType, code,
};
use pycap_capture::{
    ByteOrder, ErrorKind, Format, Frame, Interface, LinkType, Savefile, SavefileWriter, Stats, Timestamp,
};

use crate::frames::{ETHERNET, frame, knowing, pcapng, read, written};

const ORDERS: [ByteOrder; 2] = [ByteOrder::Little, ByteOrder::Big];

/// Calls `each` with every record.
fn each_record(file: &[u8], mut each: impl FnMut(pycap_capture::Record<'_>)) {
    let mut file = Savefile::from_reader(file).unwrap();
    while let Some(record) = file.next_record().unwrap() {
        each(record);
    }
}

fn types(file: &[u8]) -> Vec<u32> {
    let mut types = Vec::new();
    each_record(file, |record| types.push(record.block().unwrap().block_type().0));
    types
}

fn copy(file: &[u8], builder: pycap_capture::WriterBuilder) -> Vec<u8> {
    let mut out = builder.to_writer(Vec::new()).unwrap();
    each_record(file, |record| out.write_record(record).unwrap());
    out.finish().unwrap()
}

/// A file with a block of every kind, made with the writer.
fn everything(order: ByteOrder) -> Vec<u8> {
    let mut out = pcapng().byte_order(order).comment("all of it").to_writer(Vec::new()).unwrap();
    let eth0 = out.add_interface(Interface::new(LinkType::ETHERNET).with_name("eth0")).unwrap();
    let names = OwnedBlock::names()
        .name(Ipv4Addr::new(192, 0, 2, 1), &["one", "two"])
        .name("2001:db8::1".parse::<Ipv6Addr>().unwrap(), &["six"])
        .eui48([2, 0, 0, 0, 0, 1], &["card"])
        .eui64([1; 8], &[])
        .option(code::NS_DNSNAME, "resolver")
        .build()
        .unwrap();
    out.write_block(names.as_block()).unwrap();
    let secrets =
        OwnedBlock::secrets(SecretsType::TLS_KEY_LOG, b"CLIENT_RANDOM x").comment("for tests").build();
    out.write_block(secrets.unwrap().as_block()).unwrap();
    out.write_block(OwnedBlock::journal(b"MESSAGE=x\n").build().unwrap().as_block()).unwrap();
    out.write_block(OwnedBlock::custom(32473, b"odd", false).build().unwrap().as_block()).unwrap();
    out.write(knowing()).unwrap();
    let options = OptionList::new()
        .comment("first")
        .comment("second")
        .drop_count(3)
        .packet_id(u64::MAX - 1)
        .queue(7)
        .verdict(1, &5_u64.to_ne_bytes())
        .hash(2, &[1, 2, 3, 4]);
    out.write_with(knowing(), options.options()).unwrap();
    let unknown = OwnedBlock::builder(BlockType(0x0bad_cafe), b"who knows").build().unwrap();
    out.write_block(unknown.as_block()).unwrap();
    let mut stats = Stats::default();
    (stats.received, stats.dropped) = (Some(2), Some(1));
    out.interface_stats(eth0, &stats).unwrap();
    out.finish().unwrap()
}

#[test]
fn everything_is_read_as_it_was_made() {
    for order in ORDERS {
        let file = everything(order);
        assert_eq!(types(&file), [0x0a0d_0d0a, 1, 4, 10, 9, 0x4000_0bad, 6, 6, 0x0bad_cafe, 5]);
        let (mut seen, mut end) = (0, 0);
        each_record(&file, |record| {
            assert_eq!(record.offset(), end, "no byte is left out");
            end += record.len();
            let block = record.block().unwrap();
            assert_eq!(block.byte_order(), order);
            match block.contents() {
                Contents::SectionHeader(header) => {
                    assert_eq!((header.byte_order, header.version, header.len), (order, (1, 0), None));
                    assert_eq!(record.comments().collect::<Vec<_>>(), ["all of it"]);
                }
                Contents::Interface(interface) => {
                    assert_eq!((interface.name(), block.interface()), (Some("eth0"), Some(0)));
                    assert_eq!(block.options().find(code::IF_NAME).unwrap().text(), "eth0");
                }
                Contents::Names(names) => {
                    let names: Vec<NameRecord<'_>> = names.collect();
                    let shown = format!("{names:?}");
                    assert_eq!(
                        shown,
                        "[Ipv4(192.0.2.1, [\"one\", \"two\"]), Ipv6(2001:db8::1, [\"six\"]), \
                         Eui48([2, 0, 0, 0, 0, 1], [\"card\"]), Eui64([1, 1, 1, 1, 1, 1, 1, 1], [])]"
                    );
                    assert_eq!(block.options().find(code::NS_DNSNAME).unwrap().text(), "resolver");
                }
                Contents::Secrets(secrets) => {
                    assert_eq!(
                        (secrets.kind, secrets.data),
                        (SecretsType::TLS_KEY_LOG, &b"CLIENT_RANDOM x"[..])
                    );
                    assert_eq!(block.comments().next().unwrap(), "for tests");
                }
                Contents::Journal(entry) => assert_eq!(entry, b"MESSAGE=x\n\0\0"),
                Contents::Custom(custom) => {
                    assert_eq!((custom.pen, custom.data, custom.copy), (32473, &b"odd\0"[..], false));
                }
                Contents::Packet => {
                    assert_eq!(record.frame().unwrap().flags(), knowing().flags());
                    assert_eq!(record.frame().unwrap().segmentation(), knowing().segmentation());
                    if record.comments().next().is_some() {
                        assert_eq!(record.comments().collect::<Vec<_>>(), ["first", "second"]);
                        assert_eq!(record.drop_count(), Some(3));
                        assert_eq!(record.packet_id(), Some(u64::MAX - 1));
                        assert_eq!(record.queue(), Some(7));
                        let verdict = match order {
                            ByteOrder::Little => 5_u64.to_le_bytes(),
                            _ => 5_u64.to_be_bytes(),
                        };
                        assert_eq!(record.verdicts().collect::<Vec<_>>(), [(1, &verdict[..])]);
                        assert_eq!(record.hashes().collect::<Vec<_>>(), [(2, &[1, 2, 3, 4][..])]);
                    }
                }
                Contents::Statistics(statistics) => {
                    assert_eq!(statistics.stats().received, Some(2));
                    assert_eq!(statistics.received_by_filter(), Some(3));
                    assert!(statistics.time() > Timestamp::new(1_700_000_000, 0));
                }
                Contents::Unknown => assert_eq!(block.body(), b"who knows\0\0\0"),
                other => panic!("{other:?}"),
            }
            seen += 1;
        });
        assert_eq!((seen, end), (10, file.len() as u64));
    }
}

#[test]
fn a_copy_is_the_same_byte_for_byte() {
    for order in ORDERS {
        let file = everything(order);
        assert_eq!(copy(&file, pcapng()), file);
        let other = if order == ByteOrder::Little { ByteOrder::Big } else { ByteOrder::Little };
        let turned = copy(&file, pcapng().byte_order(other));
        assert_ne!(turned, file);
        assert_eq!(copy(&turned, pcapng().byte_order(order)), file);
        assert_eq!(read(&turned[..]).0, read(&file[..]).0);
    }
}

/// Sections of both byte orders, times in every unit, and old packets.
#[test]
fn sections_follow_each_other() {
    let file =
        [everything(ByteOrder::Little), everything(ByteOrder::Big), everything(ByteOrder::Little)].concat();
    assert_eq!(copy(&file, pcapng()), file);
    let turned = copy(&file, pcapng().byte_order(ByteOrder::Big));
    let (frames, interfaces) = read(&turned[..]);
    assert_eq!((&frames, interfaces.len()), (&read(&file[..]).0, 3));
    assert_eq!(frames.last().unwrap().as_frame().interface(), 2);
}

#[test]
fn times_are_kept_to_the_last_digit() {
    let units = [
        (6, 0_i64, true),
        // 64 bits do not hold today's picoseconds, nor times before the offset.
        (12, 0, false),
        (9, 1 << 33, false),
        (0x94, 0, true),
        (3, 1_600_000_000, true),
        (9, -5, true),
    ];
    for (resolution, offset, tells) in units {
        let mut out = pcapng().byte_order(ByteOrder::Little).to_writer(Vec::new()).unwrap();
        let body = [&[1, 0, 0, 0, 0, 0, 0, 0][..], &[9, 0, 1, 0, resolution, 0, 0, 0, 14, 0, 8, 0]].concat();
        let body = [&body[..], &offset.to_le_bytes(), &[0; 4]].concat();
        let interface = OwnedBlock::builder(BlockType::INTERFACE_DESCRIPTION, &body).build().unwrap();
        out.write_block(interface.as_block()).unwrap();
        let mut file = out.finish().unwrap();
        // 0x0123456789abcdef in whatever unit.
        let packet = b"\0\0\0\0\x67\x45\x23\x01\xef\xcd\xab\x89\x02\0\0\0\x02\0\0\0hi\0\0";
        for word in [6, 36] {
            file.extend(u32::to_le_bytes(word));
        }
        file.extend(packet);
        file.extend(36_u32.to_le_bytes());
        assert_eq!(copy(&file, pcapng()), file, "{resolution} {offset}");
        // Frames of the same interface beside its records use its description where it can tell their time.
        let (frames, _) = read(&file[..]);
        let mut out = pcapng().byte_order(ByteOrder::Little).to_writer(Vec::new()).unwrap();
        each_record(&file, |record| out.write_record(record).unwrap());
        let whole = Timestamp::new(1_700_000_000, 0);
        out.write(frames[0].as_frame().with_timestamp(whole)).unwrap();
        let both = out.finish().unwrap();
        let (both, described) = read(&both[..]);
        assert_eq!(described.len() == 1, tells, "{resolution} {offset}");
        assert_eq!(both[1].as_frame().timestamp(), Some(whole), "{resolution} {offset}");
    }
}

#[test]
fn frames_and_records_are_read_in_turns() {
    let file = everything(ByteOrder::Little);
    let mut file = Savefile::from_reader(&file[..]).unwrap();
    assert_eq!(file.next_record().unwrap().unwrap().block().unwrap().block_type(), BlockType::SECTION_HEADER);
    assert!(file.next_frame().unwrap().is_some());
    let record = file.next_record().unwrap().unwrap();
    assert_eq!(record.drop_count(), Some(3));
    assert_eq!(file.frames_read(), 2);
    assert_eq!(file.next_record().unwrap().unwrap().block().unwrap().block_type(), BlockType(0x0bad_cafe));
    assert!(file.next_frame().unwrap().is_none());
    assert!(file.next_record().unwrap().is_none());
}

/// The parts that a file holds do not depend on how it arrives, or on where it was torn.
#[test]
fn a_torn_copy_has_all_whole_blocks() {
    let file = everything(ByteOrder::Big);
    let mut ends = vec![];
    each_record(&file, |record| ends.push((record.offset() + record.len()) as usize));
    for len in 28..file.len() {
        let Ok(mut torn) = Savefile::from_reader(&file[..len]) else { continue };
        let mut out = pcapng().to_writer(Vec::new()).unwrap();
        let end = loop {
            match torn.next_record() {
                Ok(Some(record)) => out.write_record(record).unwrap(),
                Ok(None) => break None,
                Err(error) => break Some(error),
            }
        };
        let whole = ends.iter().rev().find(|&&end| end <= len).unwrap();
        assert_eq!(out.finish().unwrap(), file[..*whole], "{len}");
        match end {
            None => assert_eq!(*whole, len),
            Some(error) => {
                assert_eq!((error.kind(), error.offset()), (ErrorKind::Truncated, Some(*whole as u64)));
            }
        }
    }
}

#[test]
fn a_cut_packet_keeps_its_options() {
    let file = everything(ByteOrder::Little);
    let mut out = pcapng().to_writer(Vec::new()).unwrap();
    each_record(&file, |record| out.write_record(record.cut(15)).unwrap());
    let mut packets = 0;
    each_record(&out.finish().unwrap(), |record| {
        let Some(frame) = record.frame() else { return };
        packets += 1;
        assert_eq!((frame.data().len(), frame.original_len()), (15, 1504));
        assert_eq!(frame.flags(), knowing().flags());
        assert_eq!(record.drop_count().is_some(), packets == 2);
    });
    assert_eq!(packets, 2);
    // A simple packet says nothing of being cut, so it becomes another block.
    let simple = written(pcapng(), [Frame::new(ETHERNET, LinkType::ETHERNET)]);
    assert_eq!(types(&simple), [0x0a0d_0d0a, 1, 3]);
    assert_eq!(copy(&simple, pcapng()), simple);
    for len in 0..ETHERNET.len() {
        let mut out = pcapng().to_writer(Vec::new()).unwrap();
        each_record(&simple, |record| out.write_record(record.cut(len)).unwrap());
        let (frames, _) = read(&out.finish().unwrap()[..]);
        let frame = frames[0].as_frame();
        assert_eq!((frame.data(), frame.timestamp()), (&ETHERNET[..len], None));
    }
}

#[test]
fn a_pcap_file_says_what_it_has_no_place_for() {
    let file = everything(ByteOrder::Little);
    let mut out = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    each_record(&file, |record| out.write_record(record).unwrap());
    assert_eq!(
        out.losses().to_string(),
        "2 times to the nanosecond, 4 comments, 9 packet options, 1 interface description, 4 name records, \
         1 block of decryption secrets, 4 other blocks"
    );
    assert_eq!(read(&out.finish().unwrap()[..]).0.len(), 2);
    let pcap = written(SavefileWriter::builder(), [frame(ETHERNET)]);
    let mut out = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    each_record(&pcap, |record| out.write_record(record).unwrap());
    assert!(out.losses().is_empty(), "{}", out.losses());
    assert_eq!(out.finish().unwrap(), pcap);
}

#[test]
fn a_second_link_type_is_refused_or_left_out() {
    let wifi = Frame::new(b"wifi", LinkType::IEEE802_11).with_interface(1);
    let wifi = wifi.with_timestamp(Timestamp::new(1, 0));
    let file = written(pcapng(), [frame(ETHERNET), wifi, frame(ETHERNET)]);
    let mut out = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
    let mut refused = 0;
    each_record(&file, |record| {
        if let Err(error) = out.write_record(record) {
            assert_eq!(error.kind(), ErrorKind::NotRepresentable);
            refused += 1;
        }
    });
    assert_eq!((refused, out.losses().frames), (1, 0));
    let mut out = SavefileWriter::builder().lossy(true).to_writer(Vec::new()).unwrap();
    each_record(&file, |record| out.write_record(record).unwrap());
    assert_eq!((out.losses().frames, out.frames_written()), (1, 2));
}

#[test]
fn what_no_block_can_hold_is_refused() {
    let mut out = pcapng().to_writer(Vec::new()).unwrap();
    let kind = |error: pycap_capture::Error| error.kind();
    let packet = OwnedBlock::builder(BlockType::ENHANCED_PACKET, &[0; 20]).build().unwrap();
    assert_eq!(out.write_block(packet.as_block()).map_err(kind), Err(ErrorKind::InvalidSetting));
    let long = vec![b'x'; 65_536];
    let text = std::str::from_utf8(&long).unwrap();
    let error = OwnedBlock::journal(b"").comment(text).build().unwrap_err();
    assert_eq!(error.to_string(), "option 1 of 65536 bytes: an option holds at most 65535");
    let error = OwnedBlock::names().name(Ipv4Addr::LOCALHOST, &[text]).build().unwrap_err();
    assert_eq!(error.to_string(), "the names of one address have 65541 bytes: a record holds at most 65535");
    assert_eq!(
        OwnedBlock::journal(&vec![0; (16 << 20) + 1]).build().map_err(kind).unwrap_err(),
        ErrorKind::NotRepresentable
    );
    assert_eq!(types(&out.finish().unwrap()), [0x0a0d_0d0a]);
}

#[test]
fn what_has_gathered_is_written_on_a_schedule() {
    let mut file = Vec::new();
    let mut out = pcapng().flush_every(Duration::from_millis(20)).to_writer(&mut file).unwrap();
    out.write(frame(ETHERNET)).unwrap();
    std::thread::sleep(Duration::from_millis(25));
    out.flush_if_due().unwrap();
    std::mem::forget(out);
    assert_eq!(read(&file[..]).0.len(), 1);
    let mut file = Vec::new();
    let mut out = SavefileWriter::builder().flush_every(Duration::ZERO).to_writer(&mut file).unwrap();
    out.write(frame(ETHERNET)).unwrap();
    std::mem::forget(out);
    assert_eq!(read(&file[..]).0.len(), 1);
}

/// Debug output of blocks is for people: it has to come to an end.
#[test]
fn blocks_are_shown() {
    let mut shown = 0;
    each_record(&everything(ByteOrder::Big), |record| {
        let block: Block<'_> = record.block().unwrap();
        shown += format!("{record:?}{block:?}{:?}{:?}", block.contents(), block.to_owned()).len();
        assert_eq!(block.to_owned().as_block(), block);
    });
    assert!(shown > 1000);
    assert_eq!(BlockType(0x1234).to_string(), "block type 0x00001234");
    assert_eq!(BlockType::CUSTOM.to_string(), "Custom Block");
    assert_eq!(Format::Pcapng.to_string(), "pcapng");
}
