//! Every capture of the corpus, where there is one.

use std::path::{Path, PathBuf};

use pycap_capture::{ErrorKind, Savefile, SavefileIndex};

use super::generate::Random;
use super::{Plain, fault, selections};

#[test]
fn ranges_of_the_corpus() {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or(beside, PathBuf::from);
    let mut files = Vec::new();
    files_below(&folder, &mut files);
    if files.is_empty() {
        println!("nothing to index: no corpus in ../shared/corpus, and PYCAP_CORPUS names none");
        return;
    }
    files.sort();
    let (mut count, mut packets) = (0, 0);
    for path in &files {
        let Some(plain) = Plain::read(|| Savefile::open(path)) else { continue };
        let index = match SavefileIndex::build(path) {
            Ok(index) => index,
            Err(error) if error.kind() == ErrorKind::Compressed => continue,
            Err(error) => panic!("{error}"),
        };
        assert_eq!(index.packets(), plain.frames.len() as u64, "{}", path.display());
        assert_eq!(index.damage().and_then(fault), plain.end, "{}", path.display());
        assert_eq!(index.latest(), plain.latest(), "{}", path.display());
        for (selection, told) in selections(&plain, &mut Random(count), 3) {
            plain.check(selection, told, || index.open(selection).unwrap());
        }
        count += 1;
        packets += index.packets();
    }
    println!("{count} files, {packets} packets");
    assert!(count > 100);
}

fn files_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files_below(&path, files);
        } else {
            files.push(path);
        }
    }
}
