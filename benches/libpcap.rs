//! Sets `cfg(libpcap)` where the linker finds libpcap, so that the `pcap` crate is shown there, and nothing fails elsewhere.

use std::path::Path;
use std::process::Command;

fn main() {
    println!("cargo::rerun-if-changed=libpcap.rs");
    println!("cargo::rerun-if-env-changed=LIBPCAP_LIBDIR");
    println!("cargo::rustc-check-cfg=cfg(libpcap)");
    let told = std::env::var_os("LIBPCAP_LIBDIR").is_some();
    if told || linker_finds_libpcap() {
        println!("cargo::rustc-cfg=libpcap");
    }
}

/// The compiler driver answers with a path where it knows the file, and with the bare name where it does not.
fn linker_finds_libpcap() -> bool {
    ["libpcap.so", "libpcap.dylib", "libpcap.a"].iter().any(|name| {
        Command::new("cc")
            .arg(format!("-print-file-name={name}"))
            .output()
            .is_ok_and(|output| Path::new(String::from_utf8_lossy(&output.stdout).trim()).is_absolute())
    })
}
