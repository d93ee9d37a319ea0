//! `cargo xtask tools`: what the tests need besides Rust, installed where it is missing and may be.

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
    /// libpcap's headers, for the bench beside it, for linking to it, and to hold our declarations against.
    Libpcap,
    /// libnet's, likewise.
    Libnet,
    /// Finds both for the linker.
    PkgConfig,
    /// Reads what we write, and captures beside us as dumpcap.
    Tshark,
    /// Sends a savefile.
    Tcpreplay,
    /// Sends frames that it makes, beside us: trafgen.
    NetsniffNg,
    /// What interfaces and addresses are held against.
    Iproute,
    /// An ordinary program with traffic of its own.
    Ping,
    /// Another one.
    Curl,
    /// And another one.
    Dig,
    /// Reads compressed files that we write.
    Zstd,
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
const ALL: [Tool; 16] = [
    Tool::Tcpdump,
    Tool::Valgrind,
    Tool::Libpcap,
    Tool::Libnet,
    Tool::PkgConfig,
    Tool::Tshark,
    Tool::Tcpreplay,
    Tool::NetsniffNg,
    Tool::Iproute,
    Tool::Ping,
    Tool::Curl,
    Tool::Dig,
    Tool::Zstd,
    Tool::CppCompiler,
    Tool::Nightly,
    Tool::CargoFuzz,
];

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

/// A tool's name, the Debian package that has it, and a command that succeeds where it is there.
struct About(&'static str, Option<&'static str>, &'static [&'static str]);

impl Tool {
    fn about(self) -> About {
        match self {
            Self::Tcpdump => About("tcpdump", Some("tcpdump"), &["tcpdump", "--version"]),
            Self::Valgrind => About("valgrind", Some("valgrind"), &["valgrind", "--version"]),
            Self::Libpcap => About("libpcap's headers", Some("libpcap-dev"), &["pcap-config", "--version"]),
            Self::Libnet => About("libnet's headers", Some("libnet1-dev"), &["libnet-config", "--libs"]),
            Self::PkgConfig => About("pkg-config", Some("pkg-config"), &["pkg-config", "--version"]),
            Self::Tshark => About("tshark", Some("tshark"), &["dumpcap", "--version"]),
            Self::Tcpreplay => About("tcpreplay", Some("tcpreplay"), &["tcpreplay", "--version"]),
            Self::NetsniffNg => About("trafgen", Some("netsniff-ng"), &["sh", "-c", "command -v trafgen"]),
            Self::Iproute => About("ip", Some("iproute2"), &["ip", "-V"]),
            Self::Ping => About("ping", Some("iputils-ping"), &["ping", "-V"]),
            Self::Curl => About("curl", Some("curl"), &["curl", "--version"]),
            Self::Dig => About("dig", Some("bind9-dnsutils"), &["dig", "-v"]),
            Self::Zstd => About("zstd", Some("zstd"), &["zstd", "--version"]),
            Self::CppCompiler => About("a C++ compiler", Some("g++"), &["c++", "--version"]),
            Self::Nightly => About("the nightly toolchain", None, &["cargo", "+nightly", "--version"]),
            Self::CargoFuzz => About("cargo-fuzz", None, &["cargo", "fuzz", "--version"]),
        }
    }

    fn name(self) -> &'static str {
        self.about().0
    }

    fn package(self) -> Option<&'static str> {
        self.about().1
    }

    fn is_there(self) -> bool {
        answers(self.about().2)
    }

    /// Installs what is no package of Debian's.
    fn install_command(self) -> &'static [&'static str] {
        match self {
            Self::CargoFuzz => &["cargo", "install", "cargo-fuzz", "--locked"],
            _ => &["rustup", "toolchain", "install", "nightly", "--profile", "minimal"],
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
