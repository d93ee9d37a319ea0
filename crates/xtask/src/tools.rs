//! `cargo xtask tools`: what the tests need besides Rust, installed where it is missing and may be.

use std::path::Path;
use std::process::{Command, Stdio};

use crate::Outcome;

/// The arguments of `cargo xtask tools`.
#[derive(clap::Args)]
pub(crate) struct Args {}

/// Something that tests need and cargo does not bring.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tool {
    /// What the command's lines are held against.
    Tcpdump,
    /// Counts instructions.
    Valgrind,
    /// libpcap's headers, for the bench beside it.
    Libpcap,
    /// Builds libFuzzer.
    CppCompiler,
    /// Rust's nightly toolchain, for the fuzzer's instrumentation.
    Nightly,
    /// `cargo fuzz`.
    CargoFuzz,
}

/// What [`ensure`] found and could not install.
pub(crate) struct Missing(Vec<Tool>);

/// Everything that any test needs.
const ALL: [Tool; 6] =
    [Tool::Tcpdump, Tool::Valgrind, Tool::Libpcap, Tool::CppCompiler, Tool::Nightly, Tool::CargoFuzz];

/// Installs what is missing; true where nothing is missing any more.
pub(crate) fn run(_args: &Args) -> Outcome {
    let missing = ensure(&ALL);
    if missing.0.is_empty() {
        say!("everything is there");
    }
    Ok(missing.0.is_empty())
}

/// Installs what is missing of `wanted`, and tells how to where it may not.
pub(crate) fn ensure(wanted: &[Tool]) -> Missing {
    let (debian, cargo): (Vec<Tool>, Vec<Tool>) =
        absent(wanted).into_iter().partition(|tool| tool.package().is_some());
    if !debian.is_empty() {
        install_packages(&debian);
    }
    for tool in cargo {
        // The last one needs the one before it.
        run_shown(tool.install_command());
    }
    let missing = absent(wanted);
    let (debian, cargo): (Vec<Tool>, Vec<Tool>) = missing.iter().partition(|tool| tool.package().is_some());
    if !debian.is_empty() {
        let names: Vec<_> = debian.iter().map(|tool| tool.name()).collect();
        let packages: Vec<_> = debian.iter().filter_map(|tool| tool.package()).collect();
        let (names, packages) = (names.join(", "), packages.join(" "));
        say!("missing: {names}; install with: sudo apt-get install -y {packages}");
    }
    for tool in cargo {
        say!("missing: {}; install with: {}", tool.name(), tool.install_command().join(" "));
    }
    Missing(missing)
}

impl Missing {
    /// The names of those of `needed` that are missing.
    pub(crate) fn of(&self, needed: &[Tool]) -> Vec<&'static str> {
        self.0.iter().filter(|tool| needed.contains(tool)).map(|tool| tool.name()).collect()
    }
}

impl Tool {
    fn name(self) -> &'static str {
        match self {
            Self::Tcpdump => "tcpdump",
            Self::Valgrind => "valgrind",
            Self::Libpcap => "libpcap's headers",
            Self::CppCompiler => "a C++ compiler",
            Self::Nightly => "the nightly toolchain",
            Self::CargoFuzz => "cargo-fuzz",
        }
    }

    fn package(self) -> Option<&'static str> {
        match self {
            Self::Tcpdump => Some("tcpdump"),
            Self::Valgrind => Some("valgrind"),
            Self::Libpcap => Some("libpcap-dev"),
            Self::CppCompiler => Some("g++"),
            Self::Nightly | Self::CargoFuzz => None,
        }
    }

    /// Installs what is no package of Debian's.
    fn install_command(self) -> &'static [&'static str] {
        match self {
            Self::CargoFuzz => &["cargo", "install", "cargo-fuzz", "--locked"],
            _ => &["rustup", "toolchain", "install", "nightly", "--profile", "minimal"],
        }
    }

    fn is_there(self) -> bool {
        match self {
            Self::Tcpdump => answers(&["tcpdump", "--version"]),
            Self::Valgrind => answers(&["valgrind", "--version"]),
            Self::Libpcap => {
                Path::new("/usr/include/pcap/pcap.h").exists() || answers(&["pcap-config", "--version"])
            }
            Self::CppCompiler => answers(&["c++", "--version"]),
            Self::Nightly => answers(&["cargo", "+nightly", "--version"]),
            Self::CargoFuzz => answers(&["cargo", "fuzz", "--version"]),
        }
    }
}

fn absent(wanted: &[Tool]) -> Vec<Tool> {
    ALL.into_iter().filter(|tool| wanted.contains(tool) && !tool.is_there()).collect()
}

fn install_packages(tools: &[Tool]) {
    if !is_root() || !answers(&["apt-get", "--version"]) {
        return;
    }
    run_shown(&["apt-get", "update", "-q"]);
    let mut command = vec!["apt-get", "install", "-y", "-q", "--no-install-recommends"];
    command.extend(tools.iter().filter_map(|tool| tool.package()));
    run_shown(&command);
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}

fn answers(command: &[&str]) -> bool {
    let [program, arguments @ ..] = command else { return false };
    let mut command = Command::new(program);
    command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

fn run_shown(command: &[&str]) {
    let [program, arguments @ ..] = command else { return };
    say!("$ {}", command.join(" "));
    let mut command = Command::new(program);
    command.args(arguments).env_remove("RUSTUP_TOOLCHAIN").env("DEBIAN_FRONTEND", "noninteractive");
    if let Err(error) = command.stdin(Stdio::null()).status() {
        say!("{program}: {error}");
    }
}
