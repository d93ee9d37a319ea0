//! `-C`, `-G`, `-W`, `-z`, `-Z` of live captures.
#![cfg(target_os = "linux")]

mod rig;

use std::path::{Path, PathBuf};
use std::process::Command;

use pycap_capture::Savefile;
use rig::SAMPLE;
use rig::namespace::{LISTENS, PYCAP, in_namespace, scratch, text};

/// The files of a folder whose names start with `start`, in the order of their names.
fn files(folder: &Path, start: &str) -> Vec<PathBuf> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.file_name().unwrap().to_str().unwrap().starts_with(start))
        .collect();
    files.sort();
    files
}

fn frames(path: &Path) -> Vec<(Vec<u8>, i64)> {
    let mut file = Savefile::open(path).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        frames.push((frame.data().to_vec(), frame.timestamp().unwrap().secs()));
    }
    frames
}

/// The types of a pcapng file's blocks, in its order.
fn blocks(path: &Path) -> Vec<u32> {
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let (mut types, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        types.push(number(at));
        at += number(at + 4) as usize;
    }
    types
}

/// Five thousand packets over three seconds, cut by size, by time and by both, in each format.
#[test]
fn no_packet_is_lost_or_doubled_between_files() {
    let folder = scratch("rotation-boundaries");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         ip link add a0 type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         ip link set a0 up; ip link set b0 up; sleep 0.3\n\
         all=''\n\
         take() {{ name=$1; shift; '{PYCAP}' -i b0 \"$@\" 2>$name.err & all=\"$all $!\"; listens $name.err; }}\n\
         take size -w size-.pcap -C 20k -W 100\n\
         take sizeng -w sizeng-.pcapng -C 20k -W 100\n\
         take time -w time-%s.pcap -G 1\n\
         take timeng -w timeng-%s.pcapng -G 1\n\
         take both -w both-%s-.pcapng -G 1 -C 20k -W 1000\n\
         tcpreplay -q --pps 1767 -l 100 -i a0 '{SAMPLE}' >/dev/null 2>&1\n\
         sleep 0.2; kill -INT $all; for one in $all; do wait $one; done; cat *.err | grep captured",
        folder.display()
    );
    let Some(output) = in_namespace(&["tcpreplay", "sysctl"], &script) else { return };
    assert!(output.status.success(), "{}{}", text(&output.stdout), text(&output.stderr));
    let sent: Vec<_> = frames(Path::new(SAMPLE)).into_iter().map(|(data, _)| data).collect();
    let packets = sent.len() * 100;
    let end = format!(" {packets} packets captured, {packets} received by filter, 0 dropped by kernel\n");
    assert_eq!(text(&output.stdout).matches(&*end).count(), 5, "{}", text(&output.stdout));
    for (start, at_least) in [("size-", 20), ("sizeng-", 20), ("time-", 4), ("timeng-", 4), ("both-", 20)] {
        let files = files(&folder, start);
        assert!(files.len() >= at_least, "{files:?}");
        let mut got = Vec::new();
        for path in &files {
            let frames = frames(path);
            let name = path.file_name().unwrap().to_str().unwrap();
            if start.contains("time") {
                let begins: i64 = name[start.len()..].split('.').next().unwrap().parse().unwrap();
                assert!(frames.iter().all(|(_, second)| *second == begins), "{name}");
            }
            if name.ends_with("ng") || start == "both-" {
                let blocks = blocks(path);
                assert!(
                    blocks.starts_with(&[0x0a0d_0d0a, 1]) && blocks.ends_with(&[5]),
                    "{name}: {blocks:x?}"
                );
                assert_eq!(blocks.len(), frames.len() + 3, "{name}");
            }
            got.extend(frames.into_iter().map(|(data, _)| data));
        }
        assert_eq!(got.len(), packets, "{start}");
        assert!(got.iter().zip(sent.iter().cycle()).all(|(got, sent)| got == sent), "{start}");
    }
}

/// The clock ends an interval also where no packet comes: the file is complete, and the command has it.
#[test]
fn a_silent_interval_has_its_file_and_the_last_one_ends_the_capture() {
    let folder = scratch("rotation-silent");
    let script = format!(
        "cd '{}'\n\
         date +%s\n\
         '{PYCAP}' -i lo -G 1 -W 3 -w 'file-%s.pcapng' -z echo icmp 2>err; echo status $?\n\
         date +%s; sleep 0.2; cat err",
        folder.display()
    );
    let Some(output) = in_namespace(&[], &script) else { return };
    let said: Vec<&str> = text(&output.stdout).lines().collect();
    let files = files(&folder, "file-");
    let names: Vec<_> = files.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    let seconds = |at: usize| said[at].parse::<i64>().unwrap();
    let first: i64 = names[0][5..].split('.').next().unwrap().parse().unwrap();
    assert!((seconds(0)..seconds(0) + 2).contains(&first), "{said:?}");
    assert_eq!(names, [0, 1, 2].map(|after| format!("file-{}.pcapng", first + after)));
    // Commands run beside each other and beside the capture: their order is not told.
    for name in &names {
        assert!(said.contains(name), "{said:?}");
    }
    assert!(
        said.contains(&"status 0") && said.contains(&"pycap: 3 files written: that is the limit"),
        "{said:?}"
    );
    for path in &files {
        assert_eq!(blocks(path), [0x0a0d_0d0a, 1, 5]);
    }
}

/// A command that does not end keeps nothing waiting, and one that has ended leaves no zombie.
#[test]
fn commands_block_nothing_and_leave_no_zombies() {
    let folder = scratch("rotation-commands");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         printf '#!/bin/sh\\necho $(nice) >>nice\\ncase $1 in *.first) echo $$ >slow; exec sleep 60;; esac\\n' >command; chmod +x command\n\
         '{PYCAP}' -i lo -U -C 1k -w x.first -z ./command icmp 2>err & ours=$!\n\
         listens err\n\
         ping -q -c 10 -i 0.02 -s 1000 127.0.0.1 >/dev/null\n\
         for n in $(seq 300); do [ $(wc -l <nice) = 19 ] && [ -s slow ] && break; sleep 0.1; done; sleep 0.3\n\
         ps -o stat= --ppid $ours | sort | uniq -c\n\
         kill -INT $ours; wait $ours; echo status $?; kill $(cat slow)\n\
         sort nice | uniq -c; ls x.first* | wc -l; cat err",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping", "ps"], &script) else { return };
    let said: Vec<&str> = text(&output.stdout).lines().map(str::trim).collect();
    // The one that sleeps, at a low priority.
    assert!(said[0].starts_with("1 SN"), "{said:?}");
    assert_eq!(said[1], "status 0");
    // Each packet fills a file.
    assert_eq!((said[2], said[3]), ("19 19", "20"), "{said:?}");
    assert!(said[5].starts_with("pycap: 20 packets captured, "), "{said:?}");
}

/// Where a capture has the packets of several interfaces, the end of each file says of each how many came from it so far.
#[test]
fn interfaces_of_any_are_counted_one_by_one() {
    let folder = scratch("rotation-any");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         ip link add a0 type veth peer name b0\n\
         sysctl -qw net.ipv6.conf.a0.disable_ipv6=1 net.ipv6.conf.b0.disable_ipv6=1\n\
         ip link set a0 up; ip link set b0 up; ip address add 192.0.2.1/24 dev a0; sleep 0.3\n\
         '{PYCAP}' -i any -w any.pcapng -C 1k -c 48 'icmp or arp' 2>err & any=$!\n\
         listens err\n\
         ping -q -c 10 -i 0.02 127.0.0.1 >/dev/null\n\
         ping -q -c 1 -W 1 192.0.2.9 >/dev/null || true\n\
         ping -q -c 10 -i 0.02 127.0.0.1 >/dev/null; kill -INT $any; wait $any\n\
         for file in $(ls -v any.pcapng*); do tshark -r $file -T fields -e frame.interface_name | sort | uniq -c; echo; done",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping", "tshark", "sysctl"], &script) else { return };
    assert!(output.status.success(), "{}", text(&output.stderr));
    let mut total = std::collections::BTreeMap::new();
    let mut files: Vec<PathBuf> = files(&folder, "any.pcapng");
    files.sort_by_key(|path| (path.as_os_str().len(), path.clone()));
    assert!(files.len() > 2, "{files:?}");
    for path in &files {
        let mut file = Savefile::open(path).unwrap();
        while let Some(frame) = file.next_frame().unwrap() {
            let name = frame.interface_info().unwrap().name().unwrap().to_owned();
            *total.entry(name).or_insert(0_u64) += 1;
        }
        let here: Vec<_> = file.interfaces().iter().map(|one| one.name().unwrap().to_owned()).collect();
        let expected: Vec<_> = here.iter().map(|name| total[name]).collect();
        assert_eq!(delivered(path), expected, "{}: {here:?}", path.display());
    }
    assert_eq!(total.keys().collect::<Vec<_>>(), ["a0", "b0", "lo"]);
}

/// What the statistics at the end of a pcapng file say: `isb_usrdeliv` (8) of each interface in turn, and no other count.
fn delivered(path: &Path) -> Vec<u64> {
    let bytes = std::fs::read(path).unwrap();
    let number = |at: usize| u32::from_ne_bytes(bytes[at..at + 4].try_into().unwrap());
    let short = |at: usize| u16::from_ne_bytes(bytes[at..at + 2].try_into().unwrap());
    let (mut counts, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if number(at) == 5 {
            assert_eq!(number(at + 8) as usize, counts.len());
            assert_eq!((short(at + 20), short(at + 22), short(at + 32)), (8, 8, 0));
            counts.push(u64::from_ne_bytes(bytes[at + 24..at + 32].try_into().unwrap()));
        }
        at += number(at + 4) as usize;
    }
    counts
}

fn is_root() -> bool {
    let root = Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout.trim_ascii() == b"0");
    if !root {
        println!("skipped: only root can become another user");
    }
    root
}

#[test]
fn root_becomes_another_user_for_good() {
    if !is_root() {
        return;
    }
    let folder = scratch("rotation-user");
    let script = format!(
        "cd '{}'\n{LISTENS}\n\
         '{PYCAP}' -i lo -w one.pcap -Z nobody icmp 2>err & ours=$!\n\
         listens err; ping -q -c 2 -i 0.1 127.0.0.1 >/dev/null\n\
         for task in /proc/$ours/task/*; do grep -E '^(Uid|Gid|Groups|CapInh|CapPrm|CapEff|CapAmb)' $task/status; done | sort -u\n\
         id -u nobody; id -g nobody; id -G nobody\n\
         kill -INT $ours; wait $ours; echo status $?; cat err; '{PYCAP}' --count -r one.pcap",
        folder.display()
    );
    let Some(output) = in_namespace(&["ping"], &script) else { return };
    let said = text(&output.stdout);
    let lines: Vec<&str> = said.lines().map(str::trim_end).collect();
    let [user, group, groups] = [lines[7], lines[8], lines[9]];
    let four = |id: &str| format!("\t{id}\t{id}\t{id}\t{id}");
    for sets in ["CapAmb", "CapEff", "CapInh", "CapPrm"] {
        assert!(lines.contains(&format!("{sets}:\t0000000000000000").as_str()), "{said}");
    }
    assert!(lines.contains(&format!("Uid:{}", four(user)).as_str()), "{said}");
    assert!(lines.contains(&format!("Gid:{}", four(group)).as_str()), "{said}");
    assert!(lines.contains(&format!("Groups:\t{groups}").as_str()), "{said}");
    assert!(said.contains("status 0\npycap: dropped privileges to nobody\npycap: listening on lo"), "{said}");
    assert!(
        said.ends_with("pycap: 4 packets captured, 4 received by filter, 0 dropped by kernel\n4 packets\n"),
        "{said}"
    );
}

/// With rotation the first file is made after privileges are gone, as all the others are: that it cannot be shows at once.
#[test]
fn files_that_follow_belong_to_the_user() {
    if !is_root() {
        return;
    }
    // Where the build stands, others may not look.
    let folder = std::env::temp_dir().join(format!("pycap-rotation-{}", std::process::id()));
    std::fs::create_dir(&folder).unwrap();
    let script = format!(
        "cd '{}'; umask 022; chmod 755 .; mkdir theirs; chmod 777 theirs\n\
         '{PYCAP}' -r '{SAMPLE}' -C 4k -w theirs/x -Z nobody; stat -c '%U %n' theirs/*\n\
         '{PYCAP}' -r '{SAMPLE}' -C 4k -w x -Z nobody || echo status $?\n\
         '{PYCAP}' -r '{SAMPLE}' -w x -Z nobody; stat -c '%U %n' x\n\
         touch old; '{PYCAP}' -r '{SAMPLE}' -w old -Z nobody; stat -c '%U %n' old\n\
         '{PYCAP}' -r '{SAMPLE}' -w y -Z no-such-user || echo status $?; ls\n\
         cp '{PYCAP}' pycap\n\
         as='setpriv --reuid=65534 --regid=65534 --clear-groups'\n\
         $as ./pycap -r theirs/x -c 1 -q -t -Z root\n\
         $as ./pycap -r theirs/x -c 1 -q -t -Z daemon || echo status $?",
        folder.display()
    );
    let output = Command::new("sh").args(["-ec", &format!("exec 2>&1; {script}")]).output();
    std::fs::remove_dir_all(&folder).unwrap();
    let said = text(&output.as_ref().unwrap().stdout);
    let packet = "IP6 fe80::ff:fe00:1 > ff02::2: ICMP6, router solicitation, length 16";
    assert_eq!(
        said.lines().collect::<Vec<_>>(),
        [
            "pycap: dropped privileges to nobody",
            "nobody theirs/x",
            "nobody theirs/x1",
            "nobody theirs/x2",
            "pycap: dropped privileges to nobody",
            "pycap: x: cannot open for writing: Permission denied (os error 13): with -C and -G all files are made as user nobody \
             (-Z), who has to be able to",
            "status 1",
            "pycap: dropped privileges to nobody",
            "nobody x",
            "pycap: dropped privileges to nobody",
            "root old",
            "pycap: -Z no-such-user: there is no user of this name on this machine",
            "status 2",
            "old",
            "theirs",
            "x",
            packet,
            "pycap: -Z daemon: run it with sudo, or leave -Z out: to become another user takes root, and this process runs \
             as user 65534",
            "status 1",
        ]
    );
}
