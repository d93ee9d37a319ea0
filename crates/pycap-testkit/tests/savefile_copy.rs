//! pcapng files taken over into another one, block by block: nothing is lost, in the same byte order and in the other one.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use pycap_capture::pcapng::{BlockType, Contents};
use pycap_capture::{ByteOrder, Format, Savefile, SavefileWriter};
use pycap_testkit::corpus;

/// All pcapng files of the corpus; none where it is not there.
fn pcapng_files() -> Vec<PathBuf> {
    let mut files = corpus::files();
    files.retain(|path| fs::read(path).is_ok_and(|bytes| bytes.starts_with(b"\n\r\r\n")));
    files
}

/// The file as it is after reading and writing, and how the reading ended.
fn copy(bytes: &[u8], order: Option<ByteOrder>) -> (Vec<u8>, Option<String>) {
    let mut builder = SavefileWriter::builder().format(Format::Pcapng);
    if let Some(order) = order {
        builder = builder.byte_order(order);
    }
    let mut out = builder.to_writer(Vec::new()).expect("a writer");
    let end = match Savefile::from_reader(bytes) {
        Err(error) => Some(error.to_string()),
        Ok(mut file) => loop {
            match file.next_record() {
                Ok(Some(record)) => out.write_record(record).expect("a file that can be read can be written"),
                Ok(None) => break None,
                Err(error) => break Some(error.to_string()),
            }
        },
    };
    (out.finish().expect("written"), end)
}

/// What every block says, whatever the byte order.
fn said(bytes: &[u8]) -> Vec<String> {
    let mut file = Savefile::from_reader(bytes).expect("a savefile");
    let mut all = Vec::new();
    while let Ok(Some(record)) = file.next_record() {
        let block = record.block().expect("a pcapng file is made of blocks");
        let mut said = format!("{} of {:?}", block.block_type(), block.interface());
        match block.contents() {
            Contents::SectionHeader(header) => said += &format!(" {:?}", header.version),
            Contents::Interface(interface) => said += &format!(" {interface:?}"),
            Contents::Packet => said += &format!(" {:?}", record.frame().expect("a packet").to_owned()),
            contents @ Contents::Statistics(_) => {
                said += format!(" {contents:?}").split("options").next().unwrap()
            }
            Contents::Unknown => said += &format!(" {:?}", block.body()),
            contents => said += &format!(" {contents:?}"),
        }
        for option in block.options() {
            let is_number = match block.block_type() {
                BlockType::ENHANCED_PACKET | BlockType::PACKET => matches!(option.code, 2 | 4..=6),
                BlockType::INTERFACE_DESCRIPTION => matches!(option.code, 8 | 10 | 14 | 16 | 17),
                BlockType::INTERFACE_STATISTICS => matches!(option.code, 4..=8),
                _ => false,
            };
            let mut value = option.value.to_vec();
            // Half of each time, and the maker of a custom option.
            let words = match (block.block_type(), option.code) {
                (BlockType::INTERFACE_STATISTICS, 2 | 3) | (BlockType::ENHANCED_PACKET, 8) => 2,
                (_, 2988 | 2989 | 19372 | 19373) => 1,
                _ => 0,
            };
            if is_number {
                said += &format!(" {}={:?}", option.code, option.number());
            } else {
                if block.byte_order() == ByteOrder::Big {
                    value.chunks_exact_mut(4).take(words).for_each(<[u8]>::reverse);
                    // A verdict of eBPF.
                    if let (BlockType::ENHANCED_PACKET, 7, [1 | 2, verdict @ ..]) =
                        (block.block_type(), option.code, &mut value[..])
                    {
                        verdict.reverse();
                    }
                }
                said += &format!(" {}={value:?}", option.code);
            }
        }
        said += &format!(" {:?} {:?} {:?}", record.drop_count(), record.packet_id(), record.queue());
        all.push(said);
    }
    all
}

/// The blocks with the length of each section unknown: the one thing that a copy does not keep.
fn without_section_lengths(bytes: &[u8]) -> Vec<u8> {
    let mut copy = bytes.to_vec();
    let (mut at, mut order) = (0, ByteOrder::Little);
    while let Some(header) = bytes.get(at..at + 12) {
        if header[..4] == *b"\n\r\r\n" {
            order = if header[8] == 0x1a { ByteOrder::Big } else { ByteOrder::Little };
            copy[at + 16..at + 24].fill(0xff);
        }
        let len = <[u8; 4]>::try_from(&header[4..8]).unwrap();
        let len = if order == ByteOrder::Big { u32::from_be_bytes(len) } else { u32::from_le_bytes(len) };
        at += len as usize;
    }
    copy
}

#[test]
fn a_copy_has_the_same_bytes() {
    let mut same = 0;
    for path in pcapng_files() {
        let bytes = fs::read(&path).unwrap();
        let (copied, end) = copy(&bytes, None);
        if end.is_some() {
            continue;
        }
        let expected = without_section_lengths(&bytes);
        if copied == expected {
            same += 1;
            continue;
        }
        // Padding need not be zero, lengths may leave it out, and old packets are held in other blocks where their interface needs it.
        assert_eq!(said(&copied), said(&bytes), "{}", path.display());
        println!("{}: other bytes, the same blocks", path.display());
    }
    println!("{same} copies are the same byte for byte");
}

#[test]
fn a_copy_in_the_other_byte_order_says_the_same() {
    for path in pcapng_files() {
        let bytes = fs::read(&path).unwrap();
        for order in [ByteOrder::Little, ByteOrder::Big] {
            let (copied, end) = copy(&bytes, Some(order));
            if end.is_none() {
                assert_eq!(said(&copied), said(&bytes), "{} {order}", path.display());
                let (again, end) = copy(&copied, None);
                assert_eq!((again == copied, end), (true, None), "{}", path.display());
            }
        }
    }
}

/// What a program prints of a file, if it reads it.
fn asked(program: &str, args: &[&str], path: &Path) -> Option<String> {
    let output = Command::new(program).args(args).arg(path).env("TZ", "UTC").output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).replace(&*path.to_string_lossy(), "FILE");
    output.status.success().then_some(text)
}

/// A copy whose every number was turned round, as Wireshark sees it.
#[test]
fn wireshark_says_the_same_of_a_copy() {
    let runs =
        |program: &str| Command::new(program).arg("-v").output().is_ok_and(|output| output.status.success());
    if !runs("tshark") || !runs("capinfos") {
        let must = std::env::var_os("CI").is_some_and(|ci| ci == "true");
        assert!(!must, "tshark and capinfos are not installed");
        println!("not compared: tshark and capinfos are not installed");
        return;
    }
    let fields = [
        "frame.number",
        "frame.time_epoch",
        "frame.len",
        "frame.cap_len",
        "frame.encap_type",
        "frame.comment",
        "frame.interface_id",
        "frame.interface_name",
        "frame.interface_description",
        "frame.packet_flags",
        "frame.packet_id",
        "frame.interface_queue",
        "frame.drop_count",
        "frame.verdict.hw",
        "frame.section_number",
        "frame.protocols",
    ];
    let mut tshark: Vec<&str> = vec!["-n", "-T", "fields"];
    tshark.extend(fields.iter().flat_map(|field| ["-e", field]));
    tshark.push("-r");
    let mut files = pcapng_files();
    // What is made to have everything in it, and a part of the rest: tshark takes a while for each.
    let made = |path: &Path| {
        path.ancestors().any(|folder| folder.ends_with("output_be") || folder.ends_with("synthetic-formats"))
    };
    let mut rest = 0;
    files.retain(|path| {
        rest += 1;
        made(path) || rest % 4 == 0
    });
    let (next, differ, count) = (AtomicUsize::new(0), Mutex::new(BTreeMap::new()), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for thread in 0..2 {
            let (files, tshark, next, differ, count) = (&files, &tshark, &next, &differ, &count);
            scope.spawn(move || {
                let copied =
                    std::env::temp_dir().join(format!("pycap-copy-{}-{thread}.pcapng", std::process::id()));
                while let Some(path) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let bytes = fs::read(path).unwrap();
                    let order = if bytes[8] == 0x1a { ByteOrder::Little } else { ByteOrder::Big };
                    let (copy, end) = copy(&bytes, Some(order));
                    if end.is_some() {
                        continue;
                    }
                    fs::write(&copied, copy).unwrap();
                    // All but size and hashes of the file.
                    for (program, args) in
                        [("tshark", &tshark[..]), ("capinfos", &["-M", "-tEcudaeSyizxoFIkD"])]
                    {
                        let Some(original) = asked(program, args, path) else { continue };
                        count.fetch_add(1, Ordering::Relaxed);
                        let copy = asked(program, args, &copied);
                        if copy.as_ref() != Some(&original) {
                            differ.lock().unwrap().insert(path.clone(), (program, original, copy));
                        }
                    }
                }
                let _ = fs::remove_file(copied);
            });
        }
    });
    let count = count.into_inner();
    println!("{count} answers compared");
    assert!(count >= files.len(), "both programs read most of the corpus");
    for (path, (program, original, copy)) in differ.lock().unwrap().iter() {
        println!(
            "== {} {program}\n{original}\n-- copy\n{}",
            path.display(),
            copy.as_deref().unwrap_or("refused")
        );
    }
    assert!(differ.lock().unwrap().is_empty());
}

/// What a program says of its own block is what a reader gets.
#[test]
fn custom_blocks_are_kept() {
    let custom = pycap_capture::pcapng::OwnedBlock::custom(32473, b"anything", true).build().unwrap();
    let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    out.write_block(custom.as_block()).unwrap();
    let bytes = out.finish().unwrap();
    let mut file = Savefile::from_reader(&bytes[..]).unwrap();
    let mut types = Vec::new();
    while let Some(record) = file.next_record().unwrap() {
        types.push(record.block().unwrap().block_type());
    }
    assert_eq!(types, [BlockType::SECTION_HEADER, BlockType::CUSTOM]);
}
