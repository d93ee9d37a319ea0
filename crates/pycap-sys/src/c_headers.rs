//! Everything declared here compared with the C headers, where they are installed: layouts and constants
//! through a C program, prototypes by a C compiler. Where they are not, a line says so; in CI that is an
//! error.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::Command;

use crate::pcap::*;
use crate::{Function, Libnet, libnet};

/// Size, alignment and the offsets of the fields of a struct.
#[derive(Debug)]
pub(crate) struct Layout {
    pub(crate) name: &'static str,
    pub(crate) size: usize,
    pub(crate) align: usize,
    pub(crate) fields: Vec<(&'static str, usize)>,
}

/// The [`Layout`] of a struct, whose name in C may have something in front.
macro_rules! layout {
    ($prefix:literal, $name:ident { $($field:ident),* $(,)? }) => {
        $crate::c_headers::Layout {
            name: concat!($prefix, stringify!($name)),
            size: size_of::<$name>(),
            align: align_of::<$name>(),
            fields: vec![$((stringify!($field), std::mem::offset_of!($name, $field))),*],
        }
    };
}
pub(crate) use layout;

/// A C header that this crate declares the contents of.
struct Header {
    include: &'static str,
    install: &'static str,
    /// What the names of its functions begin with.
    prefixes: &'static [&'static str],
}

const PCAP: Header = Header {
    include: "#include <pcap.h>\n#include <pcap/namedb.h>\n",
    install: "libpcap-dev",
    prefixes: &["pcap_", "bpf_"],
};
const LIBNET: Header =
    Header { include: "#include <libnet.h>\n", install: "libnet1-dev", prefixes: &["libnet_"] };

/// Two halves of a byte that C has as two bit fields, which have no offset.
const BIT_FIELDS: &[&str] = &["ip_v_hl", "isl_user_type", "th_off_x2", "vrrp_t_v"];

/// Structs that C has no name for, as C can speak of them.
const NAMELESS: &[(&str, &str)] = &[
    ("struct libnet_gre_hdr_gre", "__typeof__(((struct libnet_gre_hdr *)0)->_data._gre)"),
    ("struct libnet_gre_hdr_egre", "__typeof__(((struct libnet_gre_hdr *)0)->_data._egre)"),
    ("struct libnet_icmpv4_hdr_echo", "__typeof__(((struct libnet_icmpv4_hdr *)0)->hun.echo)"),
    ("struct libnet_icmpv4_hdr_frag", "__typeof__(((struct libnet_icmpv4_hdr *)0)->hun.frag)"),
    ("struct libnet_icmpv4_hdr_ts", "__typeof__(((struct libnet_icmpv4_hdr *)0)->dun.ts)"),
    ("struct libnet_icmpv4_hdr_ip", "__typeof__(((struct libnet_icmpv4_hdr *)0)->dun.ip)"),
];

/// Declared in C, not here.
const NOT_BOUND: &[(&str, &str)] = &[
    ("pcap_set_wait", "only for MS-DOS"),
    ("pcap_mac_packets", "only for MS-DOS"),
    ("libnet_close_link_interface", "internal, only for Windows"),
    ("libnet_win32_get_remote_mac", "internal, only for Windows"),
    ("libnet_win32_read_arp_table", "internal, only for Windows"),
];

/// What the names begin with that are declared here but not in the headers of libnet 1.1.6.
const NEWER: &[&str] =
    &["libnet_build_lldp_", "libnet_build_udld_", "LIBNET_PBLOCK_LLDP_", "LIBNET_PBLOCK_UDLD_"];

#[test]
fn layouts_and_constants_of_libpcap() {
    let layouts = [
        layout!("struct ", timeval { tv_sec, tv_usec }),
        layout!(
            "struct ",
            pcap_file_header { magic, version_major, version_minor, thiszone, sigfigs, snaplen, linktype }
        ),
        layout!("struct ", pcap_pkthdr { ts, caplen, len }),
        layout!("struct ", pcap_stat { ps_recv, ps_drop, ps_ifdrop }),
        layout!("struct ", pcap_if { next, name, description, addresses, flags }),
        layout!("struct ", pcap_addr { next, addr, netmask, broadaddr, dstaddr }),
        layout!("struct ", bpf_program { bf_len, bf_insns }),
        layout!("struct ", bpf_insn { code, jt, jf, k }),
        layout!("struct ", pcap_rmtauth { r#type, username, password }),
        layout!("struct ", pcap_samp { method, value }),
        layout!("struct ", pcap_etherent { addr, name }),
        layout!("", pcap_direction_t {}),
        layout!("", SOCKET {}),
        layout!("", bpf_int32 {}),
        layout!("", bpf_u_int32 {}),
    ];
    let constants = [CONSTANTS, LINK_TYPES, LINK_TYPES_OF_THIS_SYSTEM].concat();
    let absent = compare(&PCAP, &layouts, &constants);
    // They are within `#ifdef _WIN32`.
    let absent: Vec<_> = absent.into_iter().filter(|name| !name.starts_with("MODE_")).collect();
    assert!(absent.is_empty(), "not in the headers: {absent:?}");
}

#[test]
fn layouts_and_constants_of_libnet() {
    use libnet::*;
    let mut layouts = layouts();
    layouts.extend(without_a_name_in_c());
    layouts.extend([
        layout!("struct ", libnet_in6_addr { __u6_addr }),
        layout!("struct ", libnet_gre_hdr { flags_ver, r#type, _data }),
        layout!("struct ", libnet_icmpv4_hdr { icmp_type, icmp_code, icmp_sum, hun, dun }),
        layout!("struct ", libnet_stats { packets_sent, packet_errors, bytes_written }),
        layout!("struct ", libnet_port_list_chain { node, bport, eport, id, next }),
        layout!(
            "struct ",
            libnet_protocol_block { buf, b_len, h_len, copied, r#type, flags, ptag, next, prev }
        ),
        layout!("", libnet_ptag_t {}),
        layout!("", oid {}),
    ]);
    let absent = compare(&LIBNET, &layouts, ALL);
    let is_newer = |name: &str| NEWER.iter().any(|newer| name.starts_with(newer));
    let absent: Vec<_> = absent.into_iter().filter(|name| !is_newer(name)).collect();
    assert!(absent.is_empty(), "not in the headers: {absent:?}");
}

#[test]
fn strings_are_those_of_the_headers() {
    let strings = [
        (&PCAP, "PCAP_SRC_FILE_STRING", PCAP_SRC_FILE_STRING),
        (&PCAP, "PCAP_SRC_IF_STRING", PCAP_SRC_IF_STRING),
        (&PCAP, "PCAP_ETHERS_FILE", PCAP_ETHERS_FILE),
        (&LIBNET, "LIBNET_LABEL_DEFAULT", libnet::LIBNET_LABEL_DEFAULT),
    ];
    for (header, name, ours) in strings {
        let body = format!("#ifdef {name}\nputs({name});\n#else\nputs(\"?\");\n#endif\n");
        let Some(output) = run_c(header, &body) else { continue };
        assert!(output.trim_end() == ours || output.trim_end() == "?", "{name}: {output}");
    }
}

#[test]
fn no_constant_of_libpcap_is_left_out() {
    let ours: BTreeSet<&str> = [CONSTANTS, LINK_TYPES, LINK_TYPES_OF_THIS_SYSTEM]
        .concat()
        .into_iter()
        .map(|(name, _)| name)
        .chain(["PCAP_SRC_FILE_STRING", "PCAP_SRC_IF_STRING", "PCAP_ETHERS_FILE"])
        // Declared on NetBSD only.
        .chain(["DLT_HIPPI"])
        .collect();
    let Some(text) = header_text(&PCAP) else { return };
    let wanted = ["PCAP_", "BPF_", "DLT_", "RPCAP_", "MODE_", "PROTO_"];
    // How the headers say which version has a function, and that they were included.
    let not_values = ["PCAP_AVAILABLE_", "PCAP_API", "PCAP_DEPRECATED", "PCAP_DONT_", "PCAP_WARN_UNUSED"];
    for line in text.lines() {
        let Some(rest) = line.trim_start().strip_prefix('#').map(str::trim_start) else { continue };
        let Some(rest) = rest.strip_prefix("define").map(str::trim_start) else { continue };
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        let (name, rest) = rest.split_at(end);
        let is_value = !rest.starts_with('(') && !rest.trim().is_empty();
        if !is_value
            || !wanted.iter().any(|prefix| name.starts_with(prefix))
            || not_values.iter().any(|prefix| name.starts_with(prefix))
        {
            continue;
        }
        assert!(ours.contains(name) || cfg!(not(target_os = "linux")), "{name} is not declared");
    }
}

#[test]
fn every_function_is_declared_and_no_other() {
    for (header, functions) in [(&PCAP, all_of_libpcap()), (&LIBNET, all_of_libnet())] {
        let Some(text) = header_text(header) else { continue };
        let theirs = prototypes(&text, header.prefixes);
        assert!(theirs.len() > 80, "{}: the prototypes were not found", header.install);
        let ours: BTreeMap<&str, &Function> =
            functions.iter().map(|function| (function.name, function)).collect();
        assert_eq!(ours.len(), functions.len(), "a function is declared twice");

        for (name, prototype) in &theirs {
            if NOT_BOUND.iter().any(|(not_bound, _)| not_bound == name) {
                continue;
            }
            let Some(function) = ours.get(name.as_str()) else { panic!("{name} is not declared") };
            assert_eq!(function.parameters.len(), prototype.parameters, "{name}: the number of parameters");
            // libpcap's header says since when it has what.
            assert!(function.optional || prototype.since <= (1, 5), "{name} is not in libpcap 1.5");
        }
        let others: Vec<_> = ours
            .keys()
            .filter(|name| !theirs.contains_key(**name))
            .filter(|name| !NEWER.iter().any(|newer| name.starts_with(newer)))
            .collect();
        // A header of libpcap before 1.10 lacks what is newer.
        let is_new = header.install != PCAP.install || text.contains("PCAP_AVAILABLE_1_10");
        assert!(others.is_empty() || !is_new, "not in the headers: {others:?}");
        // What this platform's header hides, this platform may lack.
        let preprocessed = cc(&["-E", "-P", "-xc", "-"], header.include).unwrap();
        let here = prototypes(&preprocessed, header.prefixes);
        for function in functions.iter().filter(|function| !function.optional) {
            assert!(here.contains_key(function.name), "{} is not on this platform", function.name);
        }
    }
}

#[test]
fn a_c_compiler_takes_the_prototypes() {
    for (header, functions) in [(&PCAP, all_of_libpcap()), (&LIBNET, all_of_libnet())] {
        let Some(preprocessed) = cc(&["-E", "-P", "-xc", "-"], header.include) else {
            missing(header);
            continue;
        };
        let declared = prototypes(&preprocessed, header.prefixes);
        let mut body = String::from(header.include);
        let mut count = 0;
        for function in functions.iter().filter(|function| declared.contains_key(function.name)) {
            // Its string became const after 1.1.6, which changes nothing in a call.
            if function.name == "libnet_name2addr4" {
                continue;
            }
            let parameters: Vec<_> = function.parameters.iter().map(|(_, rust)| c_type(rust)).collect();
            let parameters = if parameters.is_empty() { "void".into() } else { parameters.join(", ") };
            let returns = if function.returns.is_empty() { "void".into() } else { c_type(function.returns) };
            writeln!(body, "{returns} (*check_{0})({parameters}) = &{0};", function.name).unwrap();
            count += 1;
        }
        assert!(count > 80, "{}: only {count} functions", header.install);
        // Newer headers of libnet differ in what is const.
        if header.install == LIBNET.install
            && !run_c(header, "puts(LIBNET_VERSION);").unwrap().contains("1.1.6")
        {
            eprintln!("skipped: types of parameters are compared with libnet 1.1.6 only");
            continue;
        }
        let flags = ["-fsyntax-only", "-Werror", "-Wno-deprecated-declarations", "-xc", "-"];
        assert!(cc(&flags, &body).is_some(), "the compiler refuses a prototype, see above");
    }
}

fn all_of_libpcap() -> Vec<Function> {
    Libpcap::functions().copied().collect()
}

fn all_of_libnet() -> Vec<Function> {
    Libnet::functions().copied().collect()
}

/// Compares layouts and constants with those of a C program; returns which constants the headers do not have.
fn compare(header: &Header, layouts: &[Layout], constants: &[(&'static str, i64)]) -> Vec<&'static str> {
    let mut body = String::new();
    for layout in layouts {
        let name = layout.name;
        let c = NAMELESS.iter().find(|(rust, _)| *rust == name).map_or(name, |(_, c)| c);
        writeln!(body, "printf(\"S|{name}|%zu|%zu\\n\", sizeof({c}), _Alignof({c}));").unwrap();
        for field in fields(layout) {
            writeln!(body, "printf(\"F|{name}|{field}|%zu\\n\", offsetof({c}, {field}));").unwrap();
        }
    }
    for (name, _) in constants {
        // Those of an enum are no macros.
        let is_enum = name.starts_with("PCAP_D_");
        let condition = if is_enum { "1".into() } else { format!("defined({name})") };
        writeln!(body, "\n#if {condition}\nprintf(\"C|{name}|%lld\\n\", (long long)({name}));\n#endif")
            .unwrap();
    }
    let Some(output) = run_c(header, &body) else { return Vec::new() };
    let theirs: BTreeSet<&str> = output.lines().collect();

    for layout in layouts {
        let name = layout.name;
        let expected = format!("S|{name}|{}|{}", layout.size, layout.align);
        assert!(theirs.contains(&*expected), "{expected} is not C's: {output}");
        for field in fields(layout) {
            let rust = layout.fields.iter().find(|(name, _)| name.trim_start_matches("r#") == field);
            let expected = format!("F|{name}|{field}|{}", rust.unwrap().1);
            assert!(theirs.contains(&*expected), "{expected} is not C's: {output}");
        }
    }
    let mut absent = Vec::new();
    for (name, value) in constants {
        let start = format!("C|{name}|");
        match theirs.iter().find_map(|line| line.strip_prefix(&*start)) {
            Some(found) => assert_eq!(found, value.to_string(), "{name}"),
            None => absent.push(*name),
        }
    }
    absent
}

/// The names in C of the fields that have an offset there.
fn fields(layout: &Layout) -> impl Iterator<Item = &'static str> {
    let names = layout.fields.iter().map(|(name, _)| name.trim_start_matches("r#"));
    names.filter(|name| !BIT_FIELDS.contains(name))
}

/// C's spelling of a Rust type.
fn c_type(rust: &str) -> String {
    let rust: String = rust.split_whitespace().collect::<Vec<_>>().join(" ").replace("* ", "*");
    if let Some(pointee) = rust.strip_prefix("*const ") {
        return match pointee.starts_with('*') {
            true => format!("{} const *", c_type(pointee)),
            false => format!("const {} *", c_type(pointee)),
        };
    }
    if let Some(pointee) = rust.strip_prefix("*mut ") {
        return format!("{} *", c_type(pointee));
    }
    let c = match &*rust {
        "u8" => "unsigned char",
        "i8" => "int8_t",
        "u16" => "uint16_t",
        "u32" => "uint32_t",
        "i32" => "int32_t",
        "i64" => "int64_t",
        "usize" => "size_t",
        "isize" => "intptr_t",
        "c_char" => "char",
        "c_int" => "int",
        "c_uint" => "unsigned int",
        "c_long" => "long",
        "c_void" => "void",
        "timeval" | "addrinfo" | "bpf_program" | "bpf_insn" | "pcap_pkthdr" | "pcap_stat"
        | "pcap_rmtauth" | "pcap_samp" | "pcap_etherent" | "libnet_stats" | "libnet_in6_addr"
        | "libnet_ether_addr" => {
            return format!("struct {rust}");
        }
        _ => return rust,
    };
    c.into()
}

/// What a prototype in a C header tells.
struct Prototype {
    parameters: usize,
    /// The version of libpcap that has it first; zeros where the header does not say.
    since: (u32, u32),
}

/// The functions that C declares, by name.
fn prototypes(text: &str, prefixes: &[&str]) -> BTreeMap<String, Prototype> {
    let mut found = BTreeMap::new();
    for declaration in without_comments_and_directives(text).split([';', '{', '}']) {
        let declaration = declaration.split_whitespace().collect::<Vec<_>>().join(" ");
        // `PCAP_DEPRECATED("...")` and `__attribute__((...))` have parentheses too, so what is looked for is
        // the name.
        let Some((name, parameters)) = declaration.match_indices('(').find_map(|(open, _)| {
            let before = declaration[..open].trim_end();
            let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && c != '_')? + 1;
            let name = &before[start..];
            let wanted = prefixes.iter().any(|prefix| name.starts_with(prefix));
            // A type before the name tells it from a call or from `(*pcap_handler)(`.
            let declares =
                before[..start].trim_end().ends_with(|c: char| c.is_ascii_alphanumeric() || c == '*')
                    && !before[..start].contains("typedef");
            (wanted && declares).then(|| (name.to_owned(), &declaration[open..]))
        }) else {
            continue;
        };
        let mut depth = 0;
        let mut count = 1;
        let mut inner = String::new();
        for c in parameters.chars() {
            match c {
                '(' => depth += 1,
                ')' => depth -= 1,
                ',' if depth == 1 => count += 1,
                _ if depth == 1 => inner.push(c),
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
        let none = matches!(inner.trim(), "" | "void");
        let since = declaration.split_once("PCAP_AVAILABLE_").map_or((0, 0), |(_, version)| {
            let mut numbers = version.split(['_', ' ']).map(|number| number.parse().unwrap_or(0));
            (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
        });
        found.insert(name, Prototype { parameters: if none { 0 } else { count }, since });
    }
    found
}

fn without_comments_and_directives(text: &str) -> String {
    let mut code = String::new();
    let mut rest = text;
    while let Some(start) = rest.find("/*") {
        code.push_str(&rest[..start]);
        rest = rest[start..].split_once("*/").map_or("", |(_, after)| after);
    }
    code.push_str(rest);

    let mut kept = String::new();
    let mut continues = false;
    for line in code.lines() {
        if !continues && !line.trim_start().starts_with('#') {
            kept.push_str(line);
            kept.push('\n');
        } else {
            continues = line.ends_with('\\');
        }
    }
    // Texts: the "C" of `extern "C"`, which C++ alone sees, and what a deprecation says.
    kept.split('"').step_by(2).collect()
}

/// The text of the header's files, as they are on disk.
fn header_text(header: &Header) -> Option<String> {
    let Some(rule) = cc(&["-M", "-xc", "-"], header.include) else {
        missing(header);
        return None;
    };
    let files = rule.split_whitespace().filter(|word| {
        let path = PathBuf::from(word);
        let file = path.file_name().and_then(|name| name.to_str()).unwrap_or("");
        let folder = path.parent().and_then(|parent| parent.file_name()).and_then(|name| name.to_str());
        match header.install {
            "libpcap-dev" => {
                folder == Some("pcap") && ["pcap.h", "bpf.h", "dlt.h", "namedb.h"].contains(&file)
            }
            _ => folder == Some("libnet") && file.starts_with("libnet-"),
        }
    });
    Some(files.map(|file| std::fs::read_to_string(file).unwrap()).collect())
}

/// The output of a C program whose `main` has this body; nothing if the header is not installed.
fn run_c(header: &Header, body: &str) -> Option<String> {
    if cc(&["-fsyntax-only", "-xc", "-"], header.include).is_none() {
        missing(header);
        return None;
    }
    let source = format!(
        "{}#include <stddef.h>\n#include <stdio.h>\nint main(void) {{\n{body}\nreturn 0;\n}}\n",
        header.include
    );
    static NUMBER: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    let number = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    let program = std::env::temp_dir().join(format!("pycap-sys-headers-{}-{number}", std::process::id()));
    let compiled = cc(&["-w", "-xc", "-", "-o", program.to_str().unwrap()], &source);
    assert!(compiled.is_some(), "the compiler refuses the program, see above");
    let output = Command::new(&program).output().unwrap();
    std::fs::remove_file(&program).unwrap();
    assert!(output.status.success(), "{:?}", output.status);
    Some(String::from_utf8(output.stdout).unwrap())
}

/// What the C compiler prints for a source on its standard input; nothing if it fails or is not there.
fn cc(arguments: &[&str], source: &str) -> Option<String> {
    use std::io::Write as _;
    use std::process::Stdio;
    let mut child =
        Command::new("cc").args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().ok()?;
    let mut stdin = child.stdin.take()?;
    let source = source.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(source.as_bytes()));
    let output = child.wait_with_output().ok()?;
    let _ = writer.join();
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn missing(header: &Header) {
    assert!(std::env::var_os("CI").is_none(), "no C compiler, or {} is not installed", header.install);
    eprintln!("skipped: no C compiler, or {} is not installed", header.install);
}

/// The constants of libpcap's headers but for the link types, by name.
const CONSTANTS: &[(&str, i64)] = &{
    macro_rules! constants {
        ($($name:ident)*) => { [$((stringify!($name), $name as i64)),*] };
    }
    constants! {
        PCAP_ERRBUF_SIZE PCAP_VERSION_MAJOR PCAP_VERSION_MINOR PCAP_NETMASK_UNKNOWN PROTO_UNDEF
        PCAP_CHAR_ENC_LOCAL PCAP_CHAR_ENC_UTF_8 PCAP_D_INOUT PCAP_D_IN PCAP_D_OUT PCAP_IF_LOOPBACK
        PCAP_IF_UP PCAP_IF_RUNNING PCAP_IF_WIRELESS PCAP_IF_CONNECTION_STATUS
        PCAP_IF_CONNECTION_STATUS_UNKNOWN PCAP_IF_CONNECTION_STATUS_CONNECTED
        PCAP_IF_CONNECTION_STATUS_DISCONNECTED PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE PCAP_ERROR
        PCAP_ERROR_BREAK PCAP_ERROR_NOT_ACTIVATED PCAP_ERROR_ACTIVATED PCAP_ERROR_NO_SUCH_DEVICE
        PCAP_ERROR_RFMON_NOTSUP PCAP_ERROR_NOT_RFMON PCAP_ERROR_PERM_DENIED PCAP_ERROR_IFACE_NOT_UP
        PCAP_ERROR_CANTSET_TSTAMP_TYPE PCAP_ERROR_PROMISC_PERM_DENIED PCAP_ERROR_TSTAMP_PRECISION_NOTSUP
        PCAP_WARNING PCAP_WARNING_PROMISC_NOTSUP PCAP_WARNING_TSTAMP_TYPE_NOTSUP PCAP_TSTAMP_HOST
        PCAP_TSTAMP_HOST_LOWPREC PCAP_TSTAMP_HOST_HIPREC PCAP_TSTAMP_ADAPTER PCAP_TSTAMP_ADAPTER_UNSYNCED
        PCAP_TSTAMP_HOST_HIPREC_UNSYNCED PCAP_TSTAMP_PRECISION_MICRO PCAP_TSTAMP_PRECISION_NANO
        PCAP_BUF_SIZE PCAP_SRC_FILE PCAP_SRC_IFLOCAL PCAP_SRC_IFREMOTE PCAP_OPENFLAG_PROMISCUOUS
        PCAP_OPENFLAG_DATATX_UDP PCAP_OPENFLAG_NOCAPTURE_RPCAP PCAP_OPENFLAG_NOCAPTURE_LOCAL
        PCAP_OPENFLAG_MAX_RESPONSIVENESS RPCAP_RMTAUTH_NULL RPCAP_RMTAUTH_PWD RPCAP_HOSTLIST_SIZE
        PCAP_SAMP_NOSAMP PCAP_SAMP_1_EVERY_N PCAP_SAMP_FIRST_AFTER_N_MS MODE_CAPT MODE_STAT MODE_MON
        BPF_RELEASE BPF_MEMWORDS BPF_ALIGNMENT BPF_ALIGNMENT BPF_LD BPF_LDX BPF_ST BPF_STX BPF_ALU BPF_JMP
        BPF_RET BPF_MISC BPF_W BPF_H BPF_B BPF_IMM BPF_ABS BPF_IND BPF_MEM BPF_LEN BPF_MSH BPF_ADD BPF_SUB
        BPF_MUL BPF_DIV BPF_OR BPF_AND BPF_LSH BPF_RSH BPF_NEG BPF_MOD BPF_XOR BPF_JA BPF_JEQ BPF_JGT
        BPF_JGE BPF_JSET BPF_K BPF_X BPF_A BPF_TAX BPF_TXA DLT_MATCHING_MIN DLT_MATCHING_MAX
        DLT_CLASS_NETBSD_RAWAF
    }
};
