//! What goes through libpcap, held against tcpdump, which does, too.
#![cfg(all(target_os = "linux", feature = "libpcap"))]

mod compile;
mod live;
mod offline;
mod rig;

use std::path::PathBuf;

/// The folder of sample captures; `None` where there is none, and so nothing to compare with.
fn corpus() -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("nothing to compare with: no corpus in ../shared/corpus, and PYCAP_CORPUS names none");
    None
}
