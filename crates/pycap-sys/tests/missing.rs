//! What is said where there is no library. The names come from the environment of a child process.

#![cfg(not(any(feature = "linked-libpcap", feature = "linked-libnet")))]

use std::process::Command;

use pycap_sys::{Libnet, Libpcap};

const CHILD: &str = "PYCAP_SYS_TEST_PRINTS";

/// Not a test by itself: prints what loading says to the test that started it.
#[test]
fn prints_what_loading_says() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    match Libpcap::load() {
        Ok(pcap) => {
            let has: Vec<_> = Libpcap::functions().filter(|function| pcap.has(function.name)).collect();
            println!("pcap={} with {} functions", pcap.name().unwrap().display(), has.len());
        }
        Err(error) => println!("pcap={error}"),
    }
    match Libnet::load() {
        Ok(net) => println!("net={}", net.name().unwrap().display()),
        Err(error) => println!("net={error}"),
    }
}

/// What loading says with these in the environment.
fn loading_says(pcap: &str, net: &str) -> (String, String) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "prints_what_loading_says", "--nocapture"])
        .env(CHILD, "1")
        .env("PYCAP_LIBPCAP", pcap)
        .env("PYCAP_LIBNET", net)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let after = |start: &str| {
        let line = text.lines().find_map(|line| line.split_once(start));
        line.unwrap_or_else(|| panic!("no {start} in {text}")).1.to_owned()
    };
    (after("pcap="), after("net="))
}

#[test]
fn the_path_in_the_environment_is_the_only_one() {
    let (pcap, net) = loading_says("/nonexistent/libpcap.so", "/nonexistent/libnet.so");
    assert!(
        pcap.starts_with("correct or unset PYCAP_LIBPCAP, which names no libpcap that can be used, or "),
        "{pcap}"
    );
    assert!(
        net.starts_with("correct or unset PYCAP_LIBNET, which names no libnet that can be used, or "),
        "{net}"
    );
    // What the system says of it comes last.
    assert!(pcap.contains("; tried /nonexistent/libpcap.so: "), "{pcap}");
    assert!(net.contains("; tried /nonexistent/libnet.so: "), "{net}");
    assert!(!pcap.contains("libpcap.so.1") && !net.contains("libnet.so.1"), "{pcap}; {net}");
    if cfg!(target_os = "linux") {
        assert!(pcap.contains("`apt install libpcap0.8`"), "{pcap}");
        assert!(net.contains("`apt install libnet1`"), "{net}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn another_library_is_refused_by_what_it_lacks() {
    let (pcap, net) = loading_says("libc.so.6", "libc.so.6");
    assert!(pcap.contains("libc.so.6: it lacks pcap_"), "{pcap}");
    assert!(net.contains("libc.so.6: it lacks libnet_version, so it is another library"), "{net}");
}

/// A libpcap of the oldest kind that is supported: all functions that are not optional and no other.
#[cfg(target_os = "linux")]
#[test]
fn a_libpcap_without_the_optional_functions_is_taken() {
    let required: Vec<_> = Libpcap::functions().filter(|function| !function.optional).collect();
    let (Some(all), Some(but_one)) = (library_of(&required), library_of(&required[1..])) else {
        assert!(std::env::var_os("CI").is_none(), "no C compiler");
        eprintln!("skipped: no C compiler");
        return;
    };
    let (pcap, _) = loading_says(all.to_str().unwrap(), "/nonexistent");
    assert_eq!(pcap, format!("{} with {} functions", all.display(), required.len()));
    let (pcap, _) = loading_says(but_one.to_str().unwrap(), "/nonexistent");
    assert!(pcap.contains(&format!("it lacks {}, so it is not libpcap 1.5", required[0].name)), "{pcap}");
    std::fs::remove_file(all).unwrap();
    std::fs::remove_file(but_one).unwrap();
}

/// A shared library that has functions of these names, which are never called.
#[cfg(target_os = "linux")]
fn library_of(functions: &[&pycap_sys::Function]) -> Option<std::path::PathBuf> {
    let name = format!("pycap-sys-{}-{}", std::process::id(), functions.len());
    let source = std::env::temp_dir().join(&name).with_extension("c");
    let library = source.with_extension("so");
    let text: String =
        functions.iter().map(|function| format!("void {}(void) {{}}\n", function.name)).collect();
    std::fs::write(&source, text).unwrap();
    let status =
        Command::new("cc").args(["-shared", "-fPIC", "-w", "-o"]).arg(&library).arg(&source).status();
    std::fs::remove_file(&source).unwrap();
    status.is_ok_and(|status| status.success()).then_some(library)
}
