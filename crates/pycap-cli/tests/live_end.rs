//! How live captures end, and what disturbs them: signals, a full disk, a closed pipe, an interface that goes away.
#![cfg(target_os = "linux")]

mod rig;

use std::path::Path;

use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};

/// Waits until a file has a word.
const SAYS: &str =
    "says() { for n in $(seq 100); do grep -qs \"$2\" $1 && return; sleep 0.05; done; cat $1; return 1; }";

#[test]
fn signals_in_a_storm_lose_nothing() {
    let folder = scratch("storm");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         '{PYCAP}' -i lo -w storm.pcap icmp 2>err & ours=$!\n\
         listens err\n\
         ping -q -c 5 -i 0.01 127.0.0.1 >/dev/null\n\
         for n in $(seq 50); do kill -INT $ours 2>/dev/null || true; done\n\
         wait $ours\n\
         '{PYCAP}' --count -r storm.pcap",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    assert_eq!((text(&output.stdout), text(&output.stderr)), ("10 packets\n", ""));
}

#[test]
fn a_full_disk_leaves_whole_records() {
    let folder = scratch("full");
    let sample = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/ping-web-dns.pcap");
    let sample = sample.display();
    // 16 KiB hold the sample's first copy only in part.
    let script = format!(
        "cd '{}'\n\
         unshare -m sh -c \"mount -t tmpfs -o size=4k none . && cd . && cd '{}' && \
             {{ '{PYCAP}' -r '{sample}' -w small.pcap; echo status \\$?; '{PYCAP}' --count -r small.pcap; }}\" 2>&1",
        folder.display(),
        folder.display()
    );
    let Some(output) = in_namespace(&[], &script) else { return };
    let said = text(&output.stdout);
    assert!(said.contains("No space left") && said.contains("status 1\n"), "{said}");
    let last = said.lines().last().unwrap_or_default();
    assert!(last.ends_with(" packets") && last != "0 packets", "{said}");
}

/// Each of them ends it at once, with everything written; SIGHUP not where it was ignored from the start, as with nohup(1).
#[test]
fn signals_end_it_with_all_that_was_captured() {
    // The tests themselves may have been started with nohup.
    let plain = "env --default-signal=HUP";
    for (signal, nohup) in [("INT", plain), ("TERM", plain), ("HUP", plain), ("INT", "nohup")] {
        let folder = scratch(&format!("signal-{signal}-{}", nohup.len()));
        // What stays in the block that the kernel has not handed over is there, too: nothing waits between the ping and the signal.
        let script = format!(
            "cd '{}'\n{LISTENS}\n{SAYS}\n\
             {nohup} '{PYCAP}' -i lo -w all.pcapng icmp 2>err & ours=$!\n\
             listens err\n\
             [ '{nohup}' != nohup ] || {{ kill -HUP $ours; sleep 0.1; }}\n\
             ping -q -c 5 -i 0.01 127.0.0.1 >/dev/null; kill -{signal} $ours\n\
             wait $ours; echo status $?; tail -n 1 err; '{PYCAP}' --count -r all.pcapng",
            folder.display()
        );
        let Some(output) = in_namespace(&["ping", "nohup"], &script) else { return };
        let expected =
            "status 0\npycap: 10 packets captured, 10 received by filter, 0 dropped by kernel\n10 packets\n";
        assert_eq!(text(&output.stdout), expected, "{signal} {nohup}");
    }
}

#[test]
fn signals_ask_for_statistics_and_for_the_file() {
    let folder = scratch("signal-ask");
    let script = format!(
        "cd '{}'\n{LISTENS}\n{SAYS}\n\
         '{PYCAP}' -i lo -w all.pcap icmp 2>err & ours=$!\n\
         listens err\n\
         kill -USR1 $ours; says err '^pycap: 0 packets captured, 0 received by filter, 0 dropped by kernel$'\n\
         ping -q -c 3 -i 0.01 127.0.0.1 >/dev/null; sleep 0.1\n\
         kill -USR1 $ours; says err '^pycap: 6 packets captured, 6 received by filter, 0 dropped by kernel$'\n\
         stat -c %s all.pcap; kill -USR2 $ours\n\
         for n in $(seq 100); do [ $(stat -c %s all.pcap) = 0 ] || break; sleep 0.05; done\n\
         '{PYCAP}' --count -r all.pcap; kill -INT $ours; wait $ours; echo status $?",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    // Without -U and without the signal the file is written when there is much to write.
    assert_eq!(text(&output.stdout), "0\n6 packets\nstatus 0\n", "{}", text(&output.stderr));
}

/// `pycap -i any | head -1`, and the same with a file written beside: it is complete.
#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = scratch("closed-pipe");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         {{ '{PYCAP}' -i any -l icmp 2>err; echo status $? >status; }} | head -n 1 >line & ours=$!\n\
         {{ '{PYCAP}' -i any -l -w all.pcapng --print icmp 2>err2; echo status $? >status2; }} | head -n 1 >line2 & too=$!\n\
         listens err; listens err2\n\
         ping -q -c 5 -i 0.05 127.0.0.1 >/dev/null\n\
         wait $ours; wait $too; cat line line2 | wc -l; cat status status2; cat err | wc -l; cat err2 | wc -l\n\
         '{PYCAP}' -r all.pcapng -c 1 -q | wc -l",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    assert_eq!(text(&output.stdout), "2\nstatus 0\nstatus 0\n1\n1\n1\n", "{}", text(&output.stderr));
    assert_eq!(text(&output.stderr), "");
}

/// One whose reader reads no more keeps it waiting, as there is still something to be written; but not whoever asks twice.
#[test]
fn a_stuck_pipe_can_be_left() {
    let folder = scratch("stuck-pipe");
    let script = format!(
        "cd '{}'\n{LISTENS}\nmkfifo pipe\nsleep 60 <pipe & reader=$!\n\
         '{PYCAP}' -i lo -lxv icmp 2>err >pipe & ours=$!\n\
         listens err\n\
         ping -q -c 60 -i 0.005 -s 1000 127.0.0.1 >/dev/null\n\
         kill -INT $ours; sleep 2.2; kill -0 $ours; kill -INT $ours; kill -INT $ours 2>/dev/null || true\n\
         wait $ours || echo status $?; kill $reader; tail -n 1 err",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping", "mkfifo"], &script) else { return };
    let expected = "status 1\npycap: ended though not all was written: the output takes no more\n";
    assert_eq!(text(&output.stdout), expected, "{}", text(&output.stderr));
}

/// A disk that is full during a capture: said in a line, whole records stay, and the counts are still told.
#[test]
fn a_disk_that_fills_up_leaves_what_was_written() {
    for (name, flags) in
        [("t.pcap", ""), ("t.pcapng", ""), ("t.pcap", "-C 8k"), ("t.pcap", "-C 8k -W 2 -z ./none")]
    {
        let folder = scratch("full-live");
        let inside = format!(
            "mount -t tmpfs -o size=40k none .; cd '{}'\n\
             '{PYCAP}' -i lo -U -w {name} {flags} icmp 2>../full-live.err & ours=$!\n\
             listens ../full-live.err\n\
             ping -q -c 60 -i 0.005 -s 1000 127.0.0.1 >/dev/null\n\
             kill -0 $ours 2>/dev/null && kill -INT $ours\n\
             wait $ours && echo status 0 || echo status $?\n\
             cat ../full-live.err | grep -v none\n\
             for file in $(ls -v t.*); do '{PYCAP}' --count -r $file; done",
            folder.display()
        );
        let script = format!(
            "cd '{}'; cat >../full-live.sh <<'END'\nset -u\n{LISTENS}\n{inside}\nEND\nunshare -m sh ../full-live.sh 2>&1",
            folder.display()
        );
        let Some(output) = in_namespace(&["ping"], &script) else { return };
        let said = text(&output.stdout);
        let counts: u64 =
            said.lines().filter_map(|line| line.strip_suffix(" packets")?.parse::<u64>().ok()).sum();
        if flags.contains("-W") {
            // Two files of 9 KiB at most: there is room for them.
            assert!(said.starts_with("status 0\n") && counts > 7, "{said}");
            continue;
        }
        assert!(said.starts_with("status 1\n"), "{name} {flags}: {said}");
        let lines: Vec<&str> = said.lines().collect();
        let captured = lines.iter().find(|line| line.ends_with(" dropped by kernel"));
        assert!(captured.is_some_and(|line| line.starts_with("pycap: ")), "{said}");
        let full = lines.iter().find(|line| line.contains("No space left on device"));
        assert!(full.is_some_and(|line| line.starts_with("pycap: t.pcap")), "{said}");
        // 40 KiB hold so many of 1,042 bytes and a header; files end within a page of 4 KiB.
        assert!((25..=39).contains(&counts), "{name} {flags}: {counts} {said}");
    }
}

/// What a capture says and has when its interface is disturbed by this.
fn disturbed(test: &str, disturbance: &str) -> Option<(String, u64)> {
    let folder = scratch(test);
    let script = format!(
        "cd '{}'\n{LISTENS}\n{SAYS}\n\
         ip link add a0 type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         send() {{ ping -q -c 3 -i 0.01 -W 0.1 192.0.2.9 >/dev/null || true; }}\n\
         ip address add 192.0.2.1/24 dev a0; ip neighbour add 192.0.2.9 lladdr 02:00:00:00:00:09 dev a0\n\
         ip link set a0 up; ip link set b0 up; sleep 0.3\n\
         '{PYCAP}' -i b0 -w all.pcapng icmp 2>err & ours=$!\n\
         listens err; send\n\
         {disturbance}\n\
         wait $ours && echo status 0 || echo status $?; cat err",
        folder.display()
    );
    let output = in_namespace(&["ping", "sysctl"], &script)?;
    let said = text(&output.stdout).to_owned();
    assert_eq!(text(&output.stderr), "", "{said}");
    let mut file = pycap_capture::Savefile::open(Path::new(&folder).join("all.pcapng")).unwrap();
    let mut packets = 0;
    while file.next_frame().unwrap().is_some() {
        packets += 1;
    }
    Some((said, packets))
}

const LISTENING: &str = "pycap: listening on b0, link-type EN10MB (1), snapshot length 262144 bytes\n";

#[test]
fn it_waits_for_an_interface_that_is_down() {
    let disturbance = "ip link set b0 down; says err 'went down'; sleep 0.1; ip link set b0 up; says err 'is up again'\n\
                       for n in $(seq 100); do ip -br link show a0 | grep -q ' UP ' && break; sleep 0.02; done\n\
                       ip neighbour replace 192.0.2.9 lladdr 02:00:00:00:00:09 dev a0; send; kill -INT $ours";
    let Some((said, packets)) = disturbed("down", disturbance) else { return };
    let expected = format!(
        "status 0\n{LISTENING}pycap: b0 went down: waiting until it is up again\npycap: b0 is up again\n\
         pycap: 6 packets captured, 6 received by filter, 0 dropped by kernel\n"
    );
    assert_eq!((said, packets), (expected, 6));
}

#[test]
fn it_can_be_ended_while_the_interface_is_down() {
    let disturbance = "ip link set b0 down; says err 'went down'; kill -TERM $ours";
    let Some((said, packets)) = disturbed("down-end", disturbance) else { return };
    assert!(said.starts_with("status 0\n") && said.contains("\npycap: 3 packets captured, 3 "), "{said}");
    assert_eq!(packets, 3);
}

#[test]
fn an_interface_that_is_gone_ends_it_with_what_was_captured() {
    for (test, disturbance) in [
        ("deleted", "ip link del b0"),
        ("moved", "unshare -n sleep 2 & sleep 0.2; ip link set b0 netns $!"),
        ("down-deleted", "ip link set b0 down; says err 'went down'; ip link del b0"),
    ] {
        let Some((said, packets)) = disturbed(test, disturbance) else { return };
        let lines: Vec<&str> = said.lines().collect();
        assert_eq!(lines[0], "status 1", "{test}: {said}");
        assert!(
            said.contains("\npycap: b0: the interface was deleted, or moved to another network namespace"),
            "{said}"
        );
        assert!(
            said.contains("\npycap: 3 packets captured, 3 received by filter, 0 dropped by kernel\n"),
            "{said}"
        );
        assert_eq!(packets, 3, "{test}");
    }
}

#[test]
fn other_interfaces_that_go_do_not_end_a_capture_on_any() {
    let folder = scratch("any-deleted");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         ip link add a0 type veth peer name b0; ip link set a0 up; ip link set b0 up; sleep 0.1\n\
         '{PYCAP}' -i any -c 4 -t icmp >lines 2>err & ours=$!\n\
         listens err; ping -q -c 1 127.0.0.1 >/dev/null; ip link del a0; sleep 0.1; ping -q -c 1 127.0.0.1 >/dev/null\n\
         wait $ours; echo status $?; cat lines | wc -l; tail -n 1 err",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    let said = text(&output.stdout);
    assert!(said.starts_with("status 0\n4\npycap: 4 packets captured, "), "{said}{}", text(&output.stderr));
}
