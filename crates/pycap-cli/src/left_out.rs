//! Options of tcpdump and tshark that there are not: what to use in their place.

/// What to do where this option is given, if it is one of theirs.
pub(crate) fn instead_of(option: &str) -> Option<&'static str> {
    let (_, instead) = LEFT_OUT.iter().find(|(options, _)| options.contains(&option))?;
    Some(instead)
}

/// What to do where `-z` has one of tshark's statistics.
pub(crate) const STATISTICS: &str = "pycap info FILE has a file's counts and rates, and pycap --json | jq can count anything else: -z runs a COMMAND with each file of -C or -G here, and is none of tshark's statistics";

/// Whether the value of a `-z` is one of tshark's statistics rather than a command.
pub(crate) fn is_statistics(value: &str) -> bool {
    let name = value.split(',').next().unwrap_or_default();
    value.contains(',')
        || ["conv", "endpoints", "expert", "flow", "follow", "hosts", "io", "help"].contains(&name)
}

/// Of tcpdump(1) 4.99 and 5, and of tshark(1) 4. Each first says what to do, then why.
const LEFT_OUT: &[(&[&str], &str)] = &[
    (&["-2"], "leave it out: each packet is read once, and what is printed of it needs no second pass"),
    (
        &["-a", "--autostop"],
        "take -c COUNT, or -G SECONDS -W 1 with -w, or run it as timeout 10 pycap ...: conditions to stop have options of their own",
    ),
    (
        &["-b", "--ring-buffer"],
        "take -C SIZE, -G SECONDS and -W COUNT for several files (tshark's -b); AS numbers (tcpdump's -b) are not printed, as BGP is not dissected",
    ),
    (
        &["-E"],
        "decrypt with tshark, where keys are known: nothing is decrypted here; for columns (tshark's -E) take --json and jq",
    ),
    (
        &["-f"],
        "give the filter as it is, behind all options (tshark's -f): pycap -i eth0 'tcp port 80'; addresses are numbers in any case (tcpdump's -f)",
    ),
    (
        &["-g", "--ip-oneline"],
        "leave it out, or chmod g+r the file: -v has a line for each layer (tcpdump's -g), and files have the usual permissions (tshark's -g)",
    ),
    (
        &["-H"],
        "leave it out: names are not looked up (tshark's -H), and mesh headers of 802.11 are not dissected (tcpdump's -H)",
    ),
    (
        &["-I", "--monitor-mode"],
        "set the interface to monitor mode first (ip link set wlan0 down; iw dev wlan0 set type monitor; ip link set wlan0 up), then capture on it: modes are not changed here",
    ),
    (&["-m"], "take tshark for SNMP: it is not dissected here, so there are no MIB modules to load"),
    (
        &["-M"],
        "leave it out: TCP's MD5 signatures are not verified (tcpdump's -M), and memory is bounded without resets (tshark's -M)",
    ),
    (&["-N"], "leave it out: names are never looked up, addresses and ports are always numbers"),
    (&["-o"], "leave it out: there are no preferences, each choice is an option of its own (pycap --help)"),
    (&["-P"], "take --print: it prints packets beside -w"),
    (
        &["-R", "--read-filter"],
        "give a filter expression of pcap-filter(7) behind all options, or choose by any field with --json and jq: display filters are not read here",
    ),
    (
        &["-T"],
        "take --json, --layers or -v for other forms (tshark's -T); a protocol is known by its port or number, and cannot be forced (tcpdump's -T)",
    ),
    (&["-u"], "take -t to -ttttt for times (tshark's -u); NFS handles are not dissected (tcpdump's -u)"),
    (
        &["-V"],
        "name each file with -r (tcpdump's -V): pycap -r a.pcap -r b.pcap; take -v for all fields of each layer (tshark's -V), --version for the version",
    ),
    (
        &["-Y", "--display-filter"],
        "give a filter expression of pcap-filter(7) behind all options, or choose by any field with --json and jq: display filters are not read here",
    ),
    (&["--read-file"], "take -r FILE"),
    (
        &["--capture-comment"],
        "add it afterwards with editcap --capture-comment: -w makes no comments of its own, and keeps those that are there",
    ),
    (
        &["--disable-protocol", "--disable-heuristic", "--only-protocols", "--disable-all-protocols"],
        "leave it out, and choose packets by an expression: all protocols are always dissected",
    ),
    (
        &["--enable-protocol", "--enable-heuristic"],
        "leave it out: all protocols are always dissected, and nothing is guessed",
    ),
    (
        &["--elastic-mapping-filter"],
        "take --json, whose form has a JSON Schema (schema/packet.schema.json): there is no mapping for Elasticsearch",
    ),
    (&["--export-objects"], "take tshark for what is inside of streams: they are not put together here"),
    (
        &["--export-tls-session-keys"],
        "take tshark or editcap for TLS keys: -w keeps those that a pcapng file has",
    ),
    (&["--fp-type"], "leave it out: it prints how the floating point numbers of tcpdump itself behave"),
    (&["--hexdump"], "take -x, -X or -A, doubled for all of the packet from the link header on"),
    (&["--lengths"], "take -e for the frame's length, or -v for those of all layers"),
    (
        &["--log-level", "--log-fatal", "--log-domains", "--log-debug", "--log-noisy", "--log-file"],
        "leave it out: there is no log, and messages go to standard error",
    ),
    (&["--no-duplicate-keys"], "leave it out: --json has each key once"),
    (
        &["--print-sampling"],
        "leave it out, or take --skip and -c for part of the packets: each packet is printed",
    ),
    (&["--temp-dir"], "leave it out: no temporary files are made"),
    (
        &["--update-interval", "--ifname", "--ifdescr"],
        "leave it out: packets are printed as they come, and interfaces keep their names",
    ),
    (&["--compress-type"], "take --compress gzip or zstd, or a name that ends in .gz or .zst"),
];
