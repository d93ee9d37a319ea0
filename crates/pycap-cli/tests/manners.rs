//! What a new user meets: help, manual pages, completions, slips, and options of other programs.

mod rig;

use rig::{SAMPLE, file, pycap};

const COMMANDS: [&str; 11] =
    ["devices", "info", "merge", "index", "send", "ask", "replay", "doctor", "help", "man", "completions"];

#[test]
fn help_tells_of_every_command() {
    let help = pycap(&["help"]);
    assert_eq!((help.status, help.err.as_str()), (0, ""));
    assert_eq!(help, pycap(&["--help"]));
    let (_, commands) = help.out.split_once("\nCommands:\n").unwrap();
    let (commands, _) = commands.split_once("\n\n").unwrap();
    for command in COMMANDS {
        assert!(
            commands.lines().any(|line| line.starts_with(&format!("  {command} "))),
            "{command}: {commands}"
        );
        let of = pycap(&["help", command]);
        assert_eq!((of.status, of.err.as_str()), (0, ""), "{command}");
        assert_eq!(of, pycap(&[command, "--help"]), "{command}");
        assert!(of.out.contains(&format!("Usage: pycap {command}")), "{command}: {}", of.out);
    }
    let wrong = pycap(&["help", "sned"]);
    assert_eq!((wrong.status, wrong.out.as_str()), (2, ""));
    assert!(wrong.err.starts_with("pycap: sned: did you mean send? "), "{}", wrong.err);
}

/// man(1) has warnings for what it does not know.
#[test]
fn manual_pages_are_well_formed() {
    for command in std::iter::once("").chain(COMMANDS) {
        let args: Vec<_> = ["man", command].into_iter().filter(|arg| !arg.is_empty()).collect();
        let page = pycap(&args);
        assert_eq!((page.status, page.err.as_str()), (0, ""), "{command}");
        let title = if command.is_empty() { "pycap".to_owned() } else { format!("pycap-{command}") };
        assert!(page.out.contains(&format!("\n.TH {title} 1 ")), "{command}: {}", &page.out[..200]);
        assert!(page.out.contains(concat!("pycap ", env!("CARGO_PKG_VERSION"))) || !command.is_empty());
        let path = file(&format!("{title}.1"), page.out.as_bytes());
        if std::process::Command::new("man").arg("--version").output().is_ok()
            && let Some(shown) =
                rig::installed("man", "UTC", &["--warnings", "-E", "UTF-8", "-l", path.to_str().unwrap()])
        {
            // An expression of an example can be longer than a line.
            let is_long = |line: &str| line.contains("break line") || line.contains("adjust line");
            let warnings: Vec<_> = shown.err.lines().filter(|line| !is_long(line)).collect();
            assert!(warnings.is_empty(), "{command}: {warnings:?}");
        }
    }
    let all = pycap(&["man"]).out;
    assert!(COMMANDS.iter().all(|command| all.contains(&format!("pycap\\-{command}"))), "{all}");
}

/// The shells take the scripts, and bash completes commands, options and their values by it.
#[test]
fn shells_complete() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = pycap(&["completions", shell]);
        assert_eq!((script.status, script.err.as_str()), (0, ""), "{shell}");
        assert!(script.out.contains("list-interfaces") && script.out.contains("replay"), "{shell}");
        let path = file(&format!("completions.{shell}"), script.out.as_bytes());
        let checked = std::process::Command::new(shell).args(["-n", path.to_str().unwrap()]).output();
        if let (Ok(checked), true) = (checked, matches!(shell, "bash" | "zsh" | "fish")) {
            assert!(checked.status.success(), "{shell}: {}", String::from_utf8_lossy(&checked.stderr));
        }
    }
    let script = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("completions.bash");
    for (words, expected) in [
        ("pycap rep", "replay"),
        ("pycap --list-d", "--list-data-link-types"),
        ("pycap merge --lo", "--lossy"),
    ] {
        let complete = format!(
            "source '{}'; COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}}-1)); COMP_LINE='{words}'; \
             _pycap pycap \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\"",
            script.display()
        );
        let completed = std::process::Command::new("bash").args(["-c", &complete]).output().unwrap();
        assert_eq!(String::from_utf8_lossy(&completed.stdout).trim(), expected, "{words}");
    }
    assert_eq!(pycap(&["completions", "csh"]).status, 2);
}

#[test]
fn a_slip_is_no_filter() {
    for (word, meant) in [("inof", "info"), ("device", "devices"), ("docter", "doctor"), ("repaly", "replay")]
    {
        let output = pycap(&[word, SAMPLE]);
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{word}");
        assert!(
            output.err.starts_with(&format!("pycap: {word}: did you mean pycap {meant}?")),
            "{}",
            output.err
        );
    }
    for arguments in [&["-v", "info", SAMPLE][..], &["-r", SAMPLE, "inof"], &["--json", "INFO", SAMPLE]] {
        let output = pycap(arguments);
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{arguments:?}");
        let told = "pycap: put a command first (did you mean pycap info ...?): the filter expression";
        assert!(output.err.starts_with(told), "{}", output.err);
    }
    let output = pycap(&["-r", SAMPLE, "-Q", "in", "--count"]);
    assert!(
        output.status == 0 && output.err.starts_with("pycap: -Q chooses for live captures"),
        "{}",
        output.err
    );
    // What is a filter, or may be one, is taken for one.
    for expression in ["ip", "arp", "tcp", "ah", "net 10", "host 192.0.2.1", "(udp)", "not ip", "less 100"] {
        let output = pycap(&[expression, "-r", SAMPLE, "--count"]);
        assert_eq!((output.status, output.err.as_str()), (0, ""), "{expression}");
    }
    for expression in ["localhost", "example.org", "frob"] {
        let output = pycap(&[expression, "-r", SAMPLE]);
        assert!(!output.err.contains("did you mean"), "{expression}: {}", output.err);
    }
}

/// Every option that their own help has is an option here, or has a line that says what to use.
#[test]
fn options_of_others_are_known() {
    let known = |option: &str| {
        let output = pycap(&[option]);
        let unknown = output.err.contains("unexpected argument");
        assert!(!unknown || output.status == 2, "{option}");
        (!unknown, output)
    };
    let mut looked = 0;
    for option in "2 a b E f g H I m M N o P R T u V Y".split(' ').map(|letter| format!("-{letter}")) {
        let (is_known, output) = known(&option);
        assert!(is_known && output.status == 2 && output.out.is_empty(), "{option}: {}", output.err);
        assert!(output.err.starts_with(&format!("pycap: {option}: ")), "{}", output.err);
        assert_eq!(output.err.lines().count(), 1, "{}", output.err);
        // The same where it is among others.
        let among = pycap(&[&format!("-n{}", &option[1..]), "-r", SAMPLE]);
        assert_eq!(among.err, output.err);
    }
    for (program, args) in [("tcpdump", &["--help"][..]), ("tshark", &["--help"])] {
        let Some(help) = rig::installed(program, "UTC", args) else { continue };
        let text = help.out + &help.err;
        let options = text.split(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '#' | '['));
        let mut options: Vec<&str> = options.map(|word| word.trim_start_matches('[')).collect();
        // tcpdump's first lines have all letters together.
        let letters: Vec<String> = match (program, text.find("[-")) {
            ("tcpdump", Some(at)) => {
                text[at + 2..].chars().take_while(|c| *c != ']').map(|c| format!("-{c}")).collect()
            }
            _ => Vec::new(),
        };
        options.extend(letters.iter().map(String::as_str));
        for option in options.into_iter().filter(|option| is_option(option)) {
            // These print and end well, or wait for the network.
            if ["-h", "--help", "--version", "-D", "--list-interfaces"].contains(&option) {
                continue;
            }
            looked += 1;
            let output = pycap(&[option, "-r", "missing.pcap"]);
            assert!(!output.err.contains("unexpected argument"), "{program} {option}: {}", output.err);
            assert_ne!(output.status, 0, "{program} {option}");
        }
    }
    println!("{looked} options");
    let statistics = pycap(&["-r", SAMPLE, "-z", "conv,tcp"]);
    assert!(statistics.status == 2 && statistics.err.contains("pycap info FILE"), "{}", statistics.err);
    let command = pycap(&["-r", SAMPLE, "-z", "gzip"]);
    assert!(command.status == 2 && command.err.contains("-z gzip takes -C or -G"), "{}", command.err);
}

/// `-x` or `--word`.
fn is_option(word: &str) -> bool {
    let dashes = word.len() - word.trim_start_matches('-').len();
    let name = &word[dashes..];
    match dashes {
        1 => name.len() == 1,
        2 => name.len() > 1 && name.starts_with(|c: char| c.is_ascii_lowercase()),
        _ => false,
    }
}

#[test]
fn interfaces_have_one_number() {
    let short = pycap(&["-D"]).out;
    let long = pycap(&["devices"]).out;
    let json = pycap(&["-D", "--json"]).out;
    assert_eq!(json, pycap(&["devices", "--json"]).out);
    assert_eq!(json, pycap(&["--json", "--list-interfaces"]).out);
    assert!(short.lines().count() > 1 && json.lines().count() == short.lines().count());
    for ((short, long), json) in short.lines().zip(long.lines()).zip(json.lines()) {
        let (number, name) = short.split_once(". ").unwrap();
        let name = name.split(' ').next().unwrap();
        let words: Vec<_> = long.split_whitespace().take(2).collect();
        assert_eq!(words, [format!("{number}."), name.to_owned()]);
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        assert_eq!((&json["number"], &json["name"]), (&number.parse::<u64>().unwrap().into(), &name.into()));
    }
}

#[test]
fn the_version_has_a_long_name_only() {
    assert_eq!(pycap(&["--version"]).out, concat!("pycap ", env!("CARGO_PKG_VERSION"), "\n"));
    let short = pycap(&["-V"]);
    assert!(short.status == 2 && short.err.contains("--version for the version"), "{}", short.err);
}

/// 2: the command line makes no sense, whichever expression it is of.
#[test]
fn wrong_expressions_have_status_2() {
    for args in [
        &["-r", SAMPLE, "tcp prot 80"][..],
        &["-r", SAMPLE, "-d", "tcp and"],
        &["-r", SAMPLE, "--count", "host"],
        &["-r", SAMPLE, "-w", "/dev/null", "port"],
        &["send", "--hex", "ip(tttl=3)"],
        &["send", "--hex", "nothing"],
    ] {
        let output = pycap(args);
        assert_eq!((output.status, output.out.as_str()), (2, ""), "{args:?}: {}", output.err);
        assert!(output.err.starts_with("pycap: "), "{}", output.err);
    }
}
