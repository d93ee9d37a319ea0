//! What the lines look like: to the letter, and beside tcpdump.

mod rig;

use rig::{
    SAMPLE, conversation, file, hex, options_twice, pcap, pcap_of, pycap, pycap_fed, pycap_in, tcpdump,
};

#[test]
fn one_line_a_packet() {
    let path = file("one-line.pcap", &conversation());
    let output = pycap(&["-r", path.to_str().unwrap()]);
    assert_eq!(
        output.out,
        "\
22:53:25.123456 IP 10.0.0.1.4000 > 10.0.0.2.4001: Flags [S], seq 100, win 1000, length 0
22:53:25.999999 IP 10.0.0.2.4001 > 10.0.0.1.4000: Flags [S.], seq 5000, ack 101, win 1000, length 0
22:53:26.000000 IP 10.0.0.1.4000 > 10.0.0.2.4001: Flags [.], ack 1, win 1000, length 0
22:53:26.000001 IP 10.0.0.1.4000 > 10.0.0.2.4001: Flags [P.], seq 1:4, ack 1, win 1000, length 3
22:53:27.000000 IP 10.0.0.2.4001 > 10.0.0.1.4000: Flags [P.], seq 1:6, ack 4, win 1000, length 5
22:55:00.000000 IP 10.0.0.1.4000 > 10.0.0.2.4001: Flags [F.], seq 4, ack 6, win 1000, length 0
01:33:19.000005 IP 10.0.0.2.4001 > 10.0.0.1.4000: Flags [R.], seq 6, ack 5, win 1000, length 0
01:33:18.000007 IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4
22:46:40.000000 IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4
22:46:40.000000 IP  [|ip]
22:46:40.000000 IP 10.0.0.1 > 10.0.0.2:  [|udp]
"
    );
    assert_eq!((output.status, output.err.as_str()), (0, ""));
}

/// The same flags, the same output, byte for byte.
#[test]
fn flags_mean_what_they_mean_to_tcpdump() {
    let path = file("flags.pcap", &conversation());
    let path = path.to_str().unwrap();
    for flags in [
        "-n",
        "-nn",
        "-nS",
        "-nt",
        "-ntt",
        "-nttt",
        "-ntttt",
        "-nttttt",
        "-n#",
        "-nq",
        "-ne",
        "-neS",
        "-nx",
        "-nxx",
        "-nX",
        "-nXX",
        "-nA",
        "-nAA",
        "-nxA",
        "-nXx",
        "-nSXttttc4",
        "-nc3",
        "-n -c 2 -e -XX",
        "-n --number",
        "-n --nano",
        "-nttt --nano",
        "-n --micro",
        "-ntt --nano -c 1",
        "-n --count",
        "-nc3 --count",
        "-nlt",
    ] {
        let mut args: Vec<&str> = flags.split(' ').collect();
        args.extend(["-r", path]);
        let Some(expected) = tcpdump("America/New_York", &args) else { return };
        let output = pycap_in("America/New_York", &args);
        assert_eq!(output.out, expected.out, "{flags}");
        assert_eq!((output.status, output.err.as_str()), (0, ""), "{flags}");
    }
}

#[test]
fn nanoseconds_show_when_asked_for() {
    let frames = [(1, 123_456_789, &[0x45][..], None), (2, 5, &[0x45][..], None)];
    let path = file("nano.pcap", &pcap_of(0xa1b2_3c4d, 101, &frames));
    let path = path.to_str().unwrap();
    assert_eq!(pycap(&["-r", path]).out, "00:00:01.123456 IP  [|ip]\n00:00:02.000000 IP  [|ip]\n");
    assert_eq!(
        pycap(&["-ttt", "--nano", "-r", path, "-c2"]).out.lines().nth(1),
        Some(" 00:00:00.876543216 IP  [|ip]")
    );
    let Some(expected) = tcpdump("UTC", &["-n", "-tttt", "--nano", "-r", path]) else { return };
    assert_eq!(pycap(&["-tttt", "--nano", "-r", path]).out, expected.out);
}

/// tcpdump goes on into applications; up to there the lines are the same.
#[test]
fn real_traffic_reads_as_in_tcpdump() {
    for flags in ["-nt", "-ntS", "-nte", "-ntq", "-n"] {
        let args = [flags, "-r", SAMPLE];
        let Some(expected) = tcpdump("UTC", &args) else { return };
        let output = pycap(&args);
        let mut applications = 0;
        for (ours, theirs) in output.out.lines().zip(expected.out.lines()) {
            if ours != theirs {
                let common = ours.split_once("UDP, length").map_or(ours, |(common, _)| common);
                assert!(theirs.starts_with(common), "{flags}\npycap   {ours}\ntcpdump {theirs}");
                applications += 1;
            }
        }
        assert_eq!(output.out.lines().count(), expected.out.lines().count(), "{flags}");
        assert!(applications <= 10, "{flags}: {applications} lines go on");
    }
}

#[test]
fn standard_input_is_a_file_too() {
    let capture = conversation();
    let path = file("stdin.pcap", &capture);
    assert_eq!(pycap_fed(&["-r", "-"], &capture), pycap(&["-r", path.to_str().unwrap()]));
}

#[test]
fn verbose_shows_every_layer() {
    let path = file("verbose.pcap", &conversation());
    let output = pycap(&["-ntvc8", "-r", path.to_str().unwrap()]);
    let last: Vec<&str> = output.out.lines().skip_while(|line| !line.contains("UDP, ")).collect();
    assert_eq!(last.len(), 4, "{last:?}");
    assert_eq!(last[1], "    eth dst=00:50:ba:8f:c4:5f src=00:03:93:44:a9:92 type=0x800 (IPv4)");
    assert!(last[2].starts_with("    ip version=4 hdr_len=20 "), "{}", last[2]);
    assert!(last[2].contains(" proto=17 (UDP) "), "{}", last[2]);
    assert_eq!(last[3], "    udp sport=4000 dport=9 len=12 checksum=0x0");
}

#[test]
fn verbose_puts_lists_together() {
    let path = file("verbose-lists.pcap", &options_twice());
    let out = pycap(&["-tv", "-r", path.to_str().unwrap()]).out;
    assert!(out.contains(" opt_lens=[4, 4, 4, 3, 3] mss=1460 "), "{out}");
    assert!(out.contains(", 1 (No operation), 1 (No operation)] "), "{out}");

    // Hop-by-hop options: Pad1 six times, then nothing; and the same with one PadN.
    for (options, shown) in [
        ("00000000 0000", "opt_types=[0x0 (Pad1) x6]"),
        ("0104 0000 0000", "opt_types=0x1 (PadN) opt_lens=4"),
        ("00000000 0100", "opt_types=[0x0 (Pad1) x4, 0x1 (PadN)] opt_lens=0"),
    ] {
        let data = hex(&format!("60000000 0008 00 40 {:032x} {:032x} 3b 00 {options}", 1, 2));
        let path = file("verbose-padding.pcap", &pcap_of(0xa1b2_c3d4, 101, &[(0, 0, &data, None)]));
        let out = pycap(&["-tv", "-r", path.to_str().unwrap()]).out;
        assert!(out.contains(shown), "{out}");
    }
}

#[test]
fn twice_verbose_shows_where_and_why() {
    let path = file("very-verbose.pcap", &conversation());
    let output = pycap(&["-ntvv", "-r", path.to_str().unwrap()]);
    let last: Vec<&str> = output.out.lines().rev().take(5).collect();
    assert_eq!(last[0], "    stopped: truncated: udp header needs 8 bytes, only 2 are there");
    assert_eq!(last[1], "    36 of 46 bytes captured");
    assert_eq!(last[2], "    payload @34 2 bytes");
    assert!(last[3].starts_with("    ip @14 version=4 "), "{}", last[3]);
    assert!(last[3].ends_with(", checksum wrong, 10 bytes missing"), "{}", last[3]);
}

#[test]
fn colour_is_for_those_who_ask() {
    let path = file("colour.pcap", &conversation());
    let path = path.to_str().unwrap();
    assert!(!pycap(&["-v", "-r", path]).out.contains('\x1b'));
    assert!(!pycap(&["-v", "--color", "never", "-r", path]).out.contains('\x1b'));
    assert!(pycap(&["-v", "--color=always", "-r", path]).out.contains("\x1b[1m\x1b[36mudp\x1b[0m"));
}

#[test]
fn layers_are_those_of_the_original() {
    let path = file("layers.pcap", &conversation());
    let output = pycap(&["--layers", "-r", path.to_str().unwrap()]);
    let lines: Vec<&str> = output.out.lines().collect();
    assert_eq!(
        lines[3],
        "(Ethernet(type=0x800, 00:03:93:44:a9:92 -> 00:50:ba:8f:c4:5f), IP(proto=0x6, 10.0.0.1 -> 10.0.0.2), \
         TCP(4000 -> 4001, seq=0x0065, ack=0x1389, flags=(push, ack)), b'GET', 1385938406.000001)"
    );
    assert_eq!(
        lines[4],
        "(Ethernet(type=0x800, 00:03:93:44:a9:92 -> 00:50:ba:8f:c4:5f), IP(proto=0x6, 10.0.0.2 -> 10.0.0.1), \
         TCP(4001 -> 4000, seq=0x1389, ack=0x0068, flags=(push, ack)), b'\\r\\n\\x00\\xffA', 1385938407.0)"
    );
}

#[test]
fn link_types_are_counted() {
    let output = pycap(&["-L", "-r", SAMPLE]);
    assert_eq!(output.out, format!("Data link types in {SAMPLE}:\n  EN10MB (1), 53 packets\n"));
    assert_eq!(pycap(&["--count", "-r", SAMPLE]).out, "53 packets\n");
    let path = file("one.pcap", &pcap(&[(0, 0, &[0; 14], None)]));
    let path = path.to_str().unwrap();
    assert_eq!(pycap(&["--count", "-r", path]).out, "1 packet\n");
    assert_eq!(
        pycap(&["-L", "-r", path]).out,
        format!("Data link types in {path}:\n  EN10MB (1), 1 packet\n")
    );
}
