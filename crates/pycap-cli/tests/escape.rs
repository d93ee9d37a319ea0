//! What a file or a packet says tells a terminal nothing, and forges no line.

mod rig;

use std::path::Path;
use std::process::Command;

use pycap_testkit::packet::{IPV6_A, IPV6_B, MAC_A, ethernet, extension, ipv4, ipv6, join, udp, udp_between};
use pycap_testkit::savefile::{Order, Pcapng};
use rig::file;

/// All control characters but NUL, which ends a text of a pcapng file.
fn controls() -> String {
    ('\u{1}'..='\u{1f}').chain('\u{7f}'..='\u{9f}').collect()
}

/// A pcapng file with all control characters in each text that there is a place for, and in what packets carry.
fn hostile() -> Vec<u8> {
    let text = format!("e\u{1b}[31m{}\n00:00:00.000000 IP forged", controls());
    let text = text.as_bytes();
    let file = Pcapng::new(Order::Little);
    let options = |codes: &[u16]| {
        let mut options: Vec<u8> = codes.iter().flat_map(|&code| file.option(code, text)).collect();
        // A text after a private enterprise number, to be copied and not.
        let custom = join(&[&[1, 0, 0, 0], text]);
        for code in [2988, 19372] {
            options.extend(file.option(code, &custom));
        }
        options.extend(file.option(0, &[]));
        options
    };
    let section = join(&[&0x1a2b_3c4d_u32.to_le_bytes(), &[1, 0, 0, 0], &[0xff; 8], &options(&[1, 2, 3, 4])]);
    // Name, description, operating system, hardware; then a filter, which begins with its kind.
    let interface = join(&[&options(&[1, 2, 3, 12, 15])[..], &file.option(11, &join(&[&[0], text]))]);
    let everything: Vec<u8> = (0..=u8::MAX).collect();
    let payload = join(&[text, &everything]);
    let sll2 = |proto: u16, data: &[u8]| {
        join(&[&proto.to_be_bytes(), &[0, 0, 0, 0, 0, 3, 0, 1, 0, 6], &MAC_A, &[0, 0], data])
    };
    // A router advertisement with a search list (RFC 8106, 5.2), whose one label is the text's beginning.
    let label = &text[..45];
    let names = join(&[&[31, 7, 0, 0, 0, 0, 0, 60, 45], label, &[0, 0]]);
    let advertisement = join(&[&[134, 0, 0, 0, 64, 0, 0, 60], &[0; 8], &names]);
    let packets: [(u32, Vec<u8>); 7] = [
        (0, sll2(0x0800, &ipv4(17, &udp(&payload)))),
        (0, sll2(0x86dd, &ipv6(58, &advertisement))),
        (0, sll2(0x1b1b, &payload)),
        (0, sll2(0x0800, b"\x1b[31m")),
        (1, ethernet(0x86dd, &ipv6(17, &udp_between(&IPV6_A, &IPV6_B, &payload)))),
        (1, ethernet(0x86dd, &ipv6(60, &extension(59, &[0x1e, 4, 0x1b, 0x5b, 0x9b, 0x0a], b"")))),
        (1, ethernet(0x1b5b, &payload)),
    ];
    let mut file =
        file.clone().block(0x0a0d_0d0a, &section).interface(276, 0, &interface).interface(1, 0, &interface);
    for (interface, packet) in packets {
        file = file.packet(interface, 0, packet.len() as u32, &packet, &options(&[1]));
    }
    let addresses = join(&[&[1, 0], &(text.len() as u16 + 5).to_le_bytes(), &[192, 0, 2, 1], text, &[0]]);
    let mut names = addresses;
    names.resize(names.len().next_multiple_of(4), 0);
    names.extend([0; 4]);
    names.extend(options(&[1, 2]));
    file.block(4, &names)
        .block(5, &join(&[&[0; 12], &options(&[1])]))
        .block(0xbad, &join(&[&[1, 0, 0, 0], text]))
        .build()
}

/// All that the command prints.
fn printed(args: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_pycap"))
        .args(args)
        .env("TZ", "UTC")
        .env_remove("CLICOLOR_FORCE")
        .output()
        .unwrap();
    [output.stdout, output.stderr].concat()
}

/// Asserts that there is no control character but ends of lines, and what `also` has.
fn assert_plain(output: &[u8], also: &[char], what: &str) {
    let text = std::str::from_utf8(output).unwrap_or_else(|error| panic!("{what}: {error}"));
    let control = text.chars().find(|c| c.is_control() && *c != '\n' && !also.contains(c));
    assert_eq!(control, None, "{what}: {text:?}");
    let forged = text.lines().any(|line| line.trim_start().starts_with("00:00:00.000000 IP forged"));
    assert!(!forged || also.contains(&'\n'), "{what}: {text}");
}

#[test]
fn no_control_character_comes_through() {
    let capture = hostile();
    let path = file("escape.pcapng", &capture);
    let path = path.to_str().unwrap();
    for flags in [
        "",
        "-e",
        "-q",
        "-eq",
        "-v",
        "-vv",
        "-vve",
        "-#",
        "--layers",
        "--json",
        "--json -x",
        "-L",
        "--count",
        "--nano",
    ] {
        let args: Vec<&str> = flags.split_whitespace().chain(["-r", path]).collect();
        let output = printed(&args);
        assert!(!output.is_empty());
        assert_plain(&output, &[], flags);
    }
    // Lines of a dump begin with a tab; -A keeps tabs and ends of lines of packets.
    for flags in ["-x", "-xx", "-X", "-XX"] {
        assert_plain(&printed(&[flags, "-r", path]), &['\t'], flags);
    }
    for flags in ["-A", "-AA"] {
        assert_plain(&printed(&[flags, "-r", path]), &['\t', '\n'], flags);
    }
    let lines = String::from_utf8(printed(&["-t", "-r", path])).unwrap();
    assert_eq!(lines.lines().count(), 7, "a line a packet: {lines}");
    assert!(lines.starts_with(r"e\u{1b}[31m\u{1}\u{2}\u{3}"), "{lines}");

    let merged = file("escape-merged.pcapng", b"");
    let pcap = file("escape.pcap", b"");
    let (merged, pcap) = (merged.to_str().unwrap(), pcap.to_str().unwrap());
    for args in [
        &["info", path][..],
        &["info", "--json", path],
        &["index", path],
        &["merge", "-w", merged, path, path],
        &["info", merged],
        &["merge", "--lossy", "-w", pcap, path],
        &["-r", path, "-w", pcap],
        &["-r", path, "-w", pcap, "--lossy"],
    ] {
        assert_plain(&printed(args), &[], &args.join(" "));
    }
    // The text is all there in JSON.
    let info: serde_json::Value = serde_json::from_slice(&printed(&["info", "--json", path])).unwrap();
    let name = info["interfaces"][0]["description"].as_str().unwrap();
    assert!(name.contains(&controls()), "{name:?}");
}

/// Wherever a file is damaged, what is said of it is plain too.
#[test]
fn errors_are_plain() {
    let capture = hostile();
    for at in (8..capture.len()).step_by(53) {
        let mut damaged = capture.clone();
        damaged[at] ^= 0x1b;
        let path = file("escape-damaged.pcapng", &damaged[..capture.len() - at % 7]);
        let path = path.to_str().unwrap();
        assert_plain(&printed(&["-e", "-r", path]), &[], &format!("damaged at {at}"));
        assert_plain(&printed(&["info", path]), &[], &format!("damaged at {at}"));
    }
}

/// The names of files are as little to be trusted as what is in them.
#[cfg(unix)]
#[test]
fn file_names_are_escaped() {
    let name = format!("escape {}.pcapng", controls());
    let path = file(&name, &hostile());
    let missing = path.with_file_name(format!("missing {name}"));
    for path in [&path, &missing] {
        let path = path.to_str().unwrap();
        for args in [
            &["-r", path][..],
            &["-L", "-r", path],
            &["info", path],
            &["info", "--json", path],
            &["index", path],
        ] {
            let output = printed(args);
            assert_plain(&output, &[], args[0]);
        }
        assert_plain(&printed(&["-r", path, "-w", path]), &[], "-w");
        assert_plain(&printed(&["replay", "-i", "lo", "-F", path, path]), &[], "replay");
    }
    let _ = std::fs::remove_file(Path::new(&path));
}

/// A capture is not written to a terminal.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_is_no_file() {
    let capture = file("escape-terminal.pcapng", &hostile());
    let capture = capture.to_str().unwrap();
    for args in [
        &["-r", capture, "-w", "-"][..],
        &["merge", "-w", "-", capture],
        &["send", "-w", "-", "ip(dst=192.0.2.1)/udp(dport=9)"],
        &["-r", capture, "-w", "/dev/stdout"],
        &["merge", "-w", "/dev/stdout", capture],
    ] {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let output =
            Command::new(env!("CARGO_BIN_EXE_pycap")).args(args).stdout(terminal.slave).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}: {error}");
        let told =
            "writes a capture, which is not for a terminal: add > FILE, or | and a program that reads it\n";
        assert!(error.starts_with("pycap: -w ") && error.ends_with(told), "{error}");
        let mut shown = [0; 64];
        // Nobody has the other end any more: what was written would still be there.
        assert!(!matches!(nix::unistd::read(&terminal.master, &mut shown), Ok(1..)), "{args:?}");
    }
}
