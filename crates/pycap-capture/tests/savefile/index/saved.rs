//! Indexes beside their files.

use std::fs::{self, File as Disk};
use std::io::Write;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use pycap_capture::{ErrorKind, Savefile, SavefileIndex, Selection, Timestamp};

use super::generate::{Random, generated};
use super::{Plain, fault, selections};
use crate::bytes::{File, ORDERS};

/// A folder that is gone when this is.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("pycap-index-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// A file with these bytes, modified at a time that is no coincidence.
    fn file(&self, bytes: &[u8]) -> PathBuf {
        let path = self.0.join("trace.pcap");
        fs::write(&path, bytes).unwrap();
        modified(&path, 1_000_000);
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn modified(path: &PathBuf, secs: u64) {
    let file = Disk::options().append(true).open(path).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(secs)).unwrap();
}

fn small() -> Vec<u8> {
    let file = File::pcapng(ORDERS[0]).enhanced(0, 5_000_000, b"one", 3, &[]).block(4, b"names");
    file.enhanced(0, 7_000_000, b"two", 3, &[]).simple(b"three", 5).bytes
}

/// What an index knows, as far as it tells.
fn known(index: &SavefileIndex) -> String {
    let damage = index.damage().and_then(fault);
    let times = (index.earliest(), index.latest(), index.has_packets_without_time());
    format!("{:?}", (index.packets(), times, index.chunks(), index.file_len(), index.indexed_len(), damage))
}

fn refusal(path: &PathBuf) -> (ErrorKind, String) {
    fault(&SavefileIndex::load(path).unwrap_err()).unwrap()
}

#[test]
fn saved_and_loaded() {
    let folder = Folder::new("round");
    for seed in 0..8 {
        let mut bytes = generated(seed);
        if seed > 3 {
            bytes.truncate(bytes.len() - 5);
        }
        let path = folder.file(&bytes);
        let built = SavefileIndex::build(&path).unwrap();
        built.save().unwrap();
        let loaded = SavefileIndex::load(&path).unwrap();
        assert_eq!(known(&built), known(&loaded));
        let plain = Plain::read(|| Savefile::open(&path)).unwrap();
        for (selection, told) in selections(&plain, &mut Random(seed), 4) {
            plain.check(selection, told, || loaded.open(selection).unwrap());
        }
        // Nothing is left but the two.
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
    }
}

#[test]
fn a_missing_index_is_not_a_stale_one() {
    let folder = Folder::new("missing");
    let path = folder.file(&small());
    let beside = SavefileIndex::path_beside(&path);
    assert_eq!(beside, folder.0.join("trace.pcap.pycap-index"));
    let (kind, message) = refusal(&path);
    assert_eq!(kind, ErrorKind::IndexMissing);
    assert!(message.starts_with(&format!("{}: there is no such index", beside.display())), "{message}");
    assert_eq!(SavefileIndex::of(&path).unwrap().packets(), 3);
    assert!(!beside.exists());

    fs::write(&beside, "something else").unwrap();
    assert_eq!(refusal(&path).0, ErrorKind::IndexStale);
    assert_eq!(SavefileIndex::of(&path).unwrap().packets(), 3);

    fs::remove_file(&path).unwrap();
    assert_eq!(refusal(&path).0, ErrorKind::Io);
}

#[test]
fn every_changed_byte_is_seen() {
    let folder = Folder::new("changes");
    let mut torn = small();
    torn.extend([1, 2, 3]);
    for bytes in [small(), torn] {
        let path = folder.file(&bytes);
        SavefileIndex::build(&path).unwrap().save().unwrap();
        let beside = SavefileIndex::path_beside(&path);
        let sound = fs::read(&beside).unwrap();
        for at in 0..sound.len() {
            for change in [1, 0x80, 0xff, 0x10 + at as u8 % 0x10] {
                let mut changed = sound.clone();
                changed[at] ^= change;
                fs::write(&beside, &changed).unwrap();
                assert_eq!(refusal(&path).0, ErrorKind::IndexStale, "byte {at}");
            }
            fs::write(&beside, &sound[..at]).unwrap();
            assert_eq!(refusal(&path).0, ErrorKind::IndexStale, "{at} bytes");
        }
        fs::write(&beside, [&sound[..], b"!"].concat()).unwrap();
        assert_eq!(refusal(&path).0, ErrorKind::IndexStale);
        assert_eq!(SavefileIndex::of(&path).unwrap().packets(), 3);
    }
}

/// FNV-1a, as the format has it.
fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn an_index_that_lies_does_no_harm() {
    let folder = Folder::new("lies");
    let path = folder.file(&small());
    SavefileIndex::build(&path).unwrap().save().unwrap();
    let beside = SavefileIndex::path_beside(&path);
    let sound = fs::read(&beside).unwrap();
    let (body, _) = sound.split_at(sound.len() - 8);
    let mut loaded = 0;
    for at in 12..body.len() {
        for value in [0, 1, 2, 3, 20, 0x7f, 0x80, 0xff] {
            let mut changed = body.to_vec();
            changed[at] = value;
            changed.extend(hash(&changed).to_le_bytes());
            fs::write(&beside, &changed).unwrap();
            let index = match SavefileIndex::load(&path) {
                Ok(index) => index,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::IndexStale);
                    continue;
                }
            };
            loaded += 1;
            for selection in
                [Selection::all(), Selection::by_number(2..3), Selection::by_time(..Timestamp::new(6, 0))]
            {
                let mut range = match index.open(selection) {
                    Ok(range) => range,
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::IndexStale);
                        continue;
                    }
                };
                let mut packets = 0;
                loop {
                    match range.next_record() {
                        Ok(Some(record)) => packets += u64::from(record.frame().is_some()),
                        Ok(None) => break,
                        Err(error) => {
                            let kinds = [ErrorKind::IndexStale, ErrorKind::Malformed, ErrorKind::Truncated];
                            assert!(kinds.contains(&error.kind()), "{error}");
                            break;
                        }
                    }
                }
                assert!(packets <= 3);
            }
            let _ = SavefileIndex::of(&path).unwrap();
        }
    }
    assert!(loaded > 0);
}

#[test]
fn a_changed_file_is_seen() {
    let folder = Folder::new("stale");
    let bytes = small();
    let path = folder.file(&bytes);
    let built = SavefileIndex::build(&path).unwrap();
    built.save().unwrap();

    modified(&path, 1_000_001);
    let (kind, message) = refusal(&path);
    assert_eq!(kind, ErrorKind::IndexStale);
    assert_eq!(
        message,
        format!(
            "{}: the index does not fit: the file has changed since; build it anew, with `pycap index FILE`",
            path.display()
        )
    );
    assert_eq!(built.open(Selection::all()).unwrap_err().kind(), ErrorKind::IndexStale);

    folder.file(&bytes[..bytes.len() - 4]);
    let (kind, message) = refusal(&path);
    assert_eq!(kind, ErrorKind::IndexStale);
    let lens = format!("the file had {} bytes and has {} now", bytes.len(), bytes.len() - 4);
    assert!(message.contains(&lens), "{message}");

    // The same length, the same time and another content.
    let mut other = bytes.clone();
    let end = other.len();
    other[end - 9] ^= 1;
    folder.file(&other);
    assert_eq!(refusal(&path).0, ErrorKind::IndexStale);
    folder.file(&bytes);
    SavefileIndex::load(&path).unwrap();
}

#[test]
fn a_grown_file_is_gone_on_with() {
    let folder = Folder::new("grown");
    for seed in 0..12 {
        let whole = generated(seed);
        let mut random = Random(seed);
        let least = if seed % 2 == 0 { 24 } else { 48 };
        let at = least + random.below((whole.len() - least) as u64) as usize;
        let path = folder.file(&whole[..at]);
        let part = SavefileIndex::build(&path).unwrap();
        part.save().unwrap();
        Disk::options().append(true).open(&path).unwrap().write_all(&whole[at..]).unwrap();
        modified(&path, 2_000_000);
        if at < whole.len() {
            assert_eq!(refusal(&path).0, ErrorKind::IndexStale);
            // What was there is still there.
            let mut old = part.open(Selection::by_number(..)).unwrap();
            let mut packets = 0;
            while let Ok(Some(_)) = old.next_frame() {
                packets += 1;
            }
            assert_eq!(packets, part.packets());
        }
        let index = SavefileIndex::of(&path).unwrap();
        let anew = SavefileIndex::build(&path).unwrap();
        let facts = |index: &SavefileIndex| {
            let damage = index.damage().and_then(fault);
            (index.packets(), index.earliest(), index.latest(), index.indexed_len(), index.file_len(), damage)
        };
        assert_eq!(facts(&index), facts(&anew));
        let plain = Plain::read(|| Savefile::open(&path)).unwrap();
        for (selection, told) in selections(&plain, &mut random, 3) {
            plain.check(selection, told, || index.open(selection).unwrap());
        }
    }
}

#[test]
fn what_cannot_be_indexed() {
    let folder = Folder::new("cannot");
    let error = SavefileIndex::build(&folder.0).unwrap_err();
    assert!(error.to_string().contains("cannot open: "), "{error}");
    let error = SavefileIndex::build(folder.0.join("nothing")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    let index = SavefileIndex::from_reader(&small()[..]).unwrap();
    assert_eq!(index.save().unwrap_err().kind(), ErrorKind::InvalidSetting);
    assert_eq!(index.open(Selection::all()).unwrap_err().kind(), ErrorKind::InvalidSetting);
    let path = folder.file(b"\x1f\x8b\x08\0 and so on");
    let error = SavefileIndex::build(&path).unwrap_err();
    assert_eq!((error.kind(), error.path()), (ErrorKind::Compressed, Some(&*path)));
}
