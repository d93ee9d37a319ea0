//! Captures of others: the files that the tests hold us against where they are there.

use std::fs;
use std::path::{Path, PathBuf};

/// The files of the corpus that `PYCAP_CORPUS` names, or of the one in `../shared/corpus` beside the workspace, by name; none, and a line
/// that says so, where there is none.
pub fn files() -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or(beside, PathBuf::from);
    let mut files = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for path in fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() { &mut folders } else { &mut files }.push(path);
        }
    }
    if files.is_empty() {
        println!("without the corpus: it is not in ../shared/corpus, and PYCAP_CORPUS names none");
    }
    files.sort();
    files
}
