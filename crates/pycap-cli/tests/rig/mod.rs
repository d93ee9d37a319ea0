//! Runs the command, and makes the captures that it reads.
#![allow(dead_code, unreachable_pub, reason = "each test file includes this one and uses its own part")]

#[cfg(target_os = "linux")]
pub mod namespace;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The sample that is checked in: ping, a web server, names, refusals and fragments, over IPv4 and IPv6.
pub const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/ping-web-dns.pcap");

/// What a command printed, and its exit status.
#[derive(Debug, PartialEq, Eq)]
pub struct Output {
    pub status: i32,
    pub out: String,
    pub err: String,
}

/// Runs `pycap` in UTC.
pub fn pycap(args: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_pycap"), args, "UTC", b"")
}

/// Runs `pycap` in another time zone.
pub fn pycap_in(zone: &str, args: &[&str]) -> Output {
    run(env!("CARGO_BIN_EXE_pycap"), args, zone, b"")
}

/// Runs `pycap` with these bytes on its standard input.
pub fn pycap_fed(args: &[&str], input: &[u8]) -> Output {
    run(env!("CARGO_BIN_EXE_pycap"), args, "UTC", input)
}

/// Runs tcpdump, if it is installed. Under CI it has to be.
pub fn tcpdump(zone: &str, args: &[&str]) -> Option<Output> {
    installed("tcpdump", zone, args)
}

/// Runs a program of others in this time zone, if it is installed. Under CI it has to be.
pub fn installed(program: &str, zone: &str, args: &[&str]) -> Option<Output> {
    if Command::new(program).arg("--version").output().is_ok() {
        return Some(run(program, args, zone, b""));
    }
    assert!(std::env::var_os("CI").is_none_or(|ci| ci != "true"), "{program} is not installed");
    println!("skipped: {program} is not installed");
    None
}

/// Captures of the corpus, if it is there: at most so many, spread over all of it, none of them long.
pub fn corpus(most: usize) -> Vec<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    let folder = std::env::var_os("PYCAP_CORPUS").map_or(beside, PathBuf::from);
    let mut files = Vec::new();
    captures_below(&folder, &mut files);
    if files.is_empty() {
        println!("without the corpus: it is not in ../shared/corpus, and PYCAP_CORPUS names none");
    }
    files.sort();
    let step = files.len().div_ceil(most).max(1);
    files.into_iter().step_by(step).collect()
}

fn captures_below(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            captures_below(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "pcap" || extension == "pcapng")
            && entry.metadata().is_ok_and(|metadata| metadata.len() < 1_000_000)
        {
            files.push(path.canonicalize().unwrap());
        }
    }
}

fn run(program: &str, args: &[&str], zone: &str, input: &[u8]) -> Output {
    let mut child = Command::new(program)
        .args(args)
        .env("TZ", zone)
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A command that does not read its input closes it early.
    let _ = stdin.write_all(input);
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Output {
        status: output.status.code().unwrap_or(-1),
        out: String::from_utf8_lossy(&output.stdout).into_owned(),
        err: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

/// A file of the test `name`, with these bytes.
pub fn file(name: &str, bytes: &[u8]) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A pcap file of Ethernet frames in microseconds; each with its seconds, microseconds, and original length if it was cut.
pub fn pcap(frames: &[(u32, u32, &[u8], Option<u32>)]) -> Vec<u8> {
    pcap_of(0xa1b2_c3d4, 1, frames)
}

/// The same with another magic number and link type.
pub fn pcap_of(magic: u32, link_type: u32, frames: &[(u32, u32, &[u8], Option<u32>)]) -> Vec<u8> {
    let mut file = Vec::new();
    for word in [magic, 0x0004_0002, 0, 0, 262_144, link_type] {
        file.extend(word.to_le_bytes());
    }
    for &(secs, fraction, data, original) in frames {
        let captured = u32::try_from(data.len()).unwrap();
        for word in [secs, fraction, captured, original.unwrap_or(captured)] {
            file.extend(word.to_le_bytes());
        }
        file.extend(data);
    }
    file
}

/// The bytes of hexadecimal digits; spaces do not count.
pub fn hex(digits: &str) -> Vec<u8> {
    let digits: Vec<u8> = digits.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    digits.chunks(2).map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// The addresses of an Ethernet frame.
pub const ADDRESSES: &str = "0050ba8fc45f 00039344a992";

/// A TCP conversation of seven segments and two UDP datagrams, one with a VLAN tag, all on ports that no application owns;
/// then two frames that were cut short.
pub fn conversation() -> Vec<u8> {
    let frame = |rest: &str| hex(&format!("{ADDRESSES} {rest}"));
    let there = "0a000001 0a000002 0fa00fa1";
    let back = "0a000002 0a000001 0fa10fa0";
    let tcp = |ends: &str, numbers: &str, data: &str| {
        let length = 40 + data.len() / 2;
        let (addresses, ports) = ends.split_at(18);
        frame(&format!(
            "0800 4500{length:04x} 00010000 40060000 {addresses} {ports} {numbers} 03e8 00000000 {data}"
        ))
    };
    let udp = "4500 0020 0001 0000 4011 0000 0a000001 0a000002 0fa00009 000c0000 6162630d";
    let frames = [
        tcp(there, "00000064 00000000 5002", ""),
        tcp(back, "00001388 00000065 5012", ""),
        tcp(there, "00000065 00001389 5010", ""),
        tcp(there, "00000065 00001389 5018", "474554"),
        tcp(back, "00001389 00000068 5018", "0d0a00ff41"),
        tcp(there, "00000068 0000138e 5011", ""),
        tcp(back, "0000138e 00000069 5014", ""),
        frame(&format!("0800 {udp}")),
        frame(&format!("8100602a 0800 {udp}")),
        frame("0800 4500 0020 0001 0000 4011 0000 0a00"),
        frame(&format!("0800 {}", &udp[..52])),
    ];
    let times = [
        (405, 123_456),
        (405, 999_999),
        (406, 0),
        (406, 1),
        (407, 0),
        (500, 0),
        (9_999, 5),
        (9_998, 7),
        (0, 0),
    ];
    let records: Vec<(u32, u32, &[u8], Option<u32>)> = frames
        .iter()
        .enumerate()
        .map(|(index, frame)| {
            let (secs, micros) = times[index.min(times.len() - 1)];
            let cut = index >= 9;
            (1_385_938_000 + secs, micros, &frame[..], cut.then_some(46))
        })
        .collect();
    pcap(&records)
}

/// Raw IPv4: a SYN with three MSS options, two window scales, and padding.
pub fn options_twice() -> Vec<u8> {
    let data = hex("4500 003c 0001 0000 4006 0000 0a000001 0a000002 \
         0fa0 0fa1 00000064 00000000 a002 03e8 0000 0000 020405b4 020404b0 020403e8 030307 030304 0101");
    pcap_of(0xa1b2_c3d4, 101, &[(0, 0, &data, None)])
}
