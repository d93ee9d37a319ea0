//! `cargo xtask test`: everything there is to test.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Instant, SystemTime};

use crate::Outcome;
use crate::conformance;
use crate::tools::{self, Missing, Tool};

/// The arguments of `cargo xtask test`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The steps to run, by a word of their names [default: all]
    #[arg(value_name = "STEP")]
    steps: Vec<String>,
    /// How long each fuzz target runs, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    fuzz_seconds: u32,
}

/// One thing to test.
struct Step {
    name: &'static str,
    needs: &'static [Tool],
    /// What it can do without, and does more with; under CI it needs that too.
    likes: &'static [Tool],
    run: fn(&Context<'_>) -> Result<(), Trouble>,
}

struct Context<'a> {
    root: PathBuf,
    args: &'a Args,
    missing: &'a Missing,
}

/// Why a step did not pass.
enum Trouble {
    Failed(String),
    /// There is nothing to test, and that is no failure anywhere.
    Nothing(String),
}

impl From<String> for Trouble {
    fn from(reason: String) -> Self {
        Self::Failed(reason)
    }
}

const STEPS: [Step; 11] = [
    Step {
        name: "unit, integration and documentation tests",
        needs: &[],
        likes: &[
            Tool::Tcpdump,
            Tool::Libpcap,
            Tool::Libnet,
            Tool::PkgConfig,
            Tool::Tshark,
            Tool::Tcpreplay,
            Tool::Iproute,
            Tool::Ping,
            Tool::Curl,
            Tool::Dig,
            Tool::Zstd,
        ],
        run: cargo_test,
    },
    Step { name: "pycap-wire without the standard library", needs: &[], likes: &[], run: without_std },
    Step { name: "ring under AddressSanitizer", needs: &[Tool::Nightly], likes: &[], run: address_sanitizer },
    Step { name: "ring under valgrind", needs: &[Tool::Valgrind], likes: &[], run: valgrind },
    Step { name: "dependencies of pycap-wire", needs: &[], likes: &[], run: dependencies },
    Step { name: "packages as they would be published", needs: &[], likes: &[], run: packages },
    Step { name: "conformance with tshark over the corpus", needs: &[], likes: &[], run: conformance },
    Step { name: "instructions per packet", needs: &[Tool::Valgrind], likes: &[], run: instructions },
    Step { name: "benches build", needs: &[], likes: &[], run: benches_build },
    Step { name: "benches run", needs: &[], likes: &[], run: benches_run },
    Step {
        name: "fuzz targets",
        needs: &[Tool::Nightly, Tool::CppCompiler, Tool::CargoFuzz],
        likes: &[],
        run: fuzz,
    },
];

/// What `pycap-wire` may be built from: zerocopy, and what its derive macro is made of.
const ALLOWED_DEPENDENCIES: [&str; 7] =
    ["pycap-wire", "zerocopy", "zerocopy-derive", "proc-macro2", "quote", "syn", "unicode-ident"];

const PUBLISHED: [&str; 7] =
    ["pycap-wire", "pycap-sys", "pycap-filter", "pycap-rig", "pycap-capture", "pycap-inject", "pycap-cli"];

/// Runs every step, also after a failure, and sums up.
pub(crate) fn run(args: &Args) -> Outcome {
    let everything = std::env::var("CI").is_ok_and(|value| value == "true");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
    let steps: Vec<&Step> = STEPS.iter().filter(|step| wanted(step, args)).collect();
    if let Some(word) = args.steps.iter().find(|word| !STEPS.iter().any(|step| step.name.contains(*word))) {
        let names = STEPS.map(|step| step.name).join("\n  ");
        return Err(format!("no step has '{word}' in its name; the steps are\n  {names}").into());
    }
    heading("tools");
    let wanted: Vec<Tool> = steps.iter().flat_map(|step| [step.needs, step.likes].concat()).collect();
    let missing = tools::ensure(&wanted);
    let context = Context { root, args, missing: &missing };
    let mut lines = Vec::new();
    let [mut passed, mut failed, mut skipped] = [0; 3];
    for step in steps {
        heading(step.name);
        let start = Instant::now();
        let (needed, liked) = (missing.of(step.needs), missing.of(step.likes));
        let result = match needed[..] {
            [] => Some((step.run)(&context)),
            _ => None,
        };
        let lacking = [needed, liked].concat().join(" and ");
        let word = match result {
            Some(Err(Trouble::Failed(reason))) => {
                failed += 1;
                format!("FAILED: {reason}")
            }
            Some(Err(Trouble::Nothing(reason))) => reason,
            _ if everything && !lacking.is_empty() => {
                failed += 1;
                format!("FAILED: {lacking} missing, and nothing may be left out where CI=true")
            }
            None => {
                skipped += 1;
                format!("skipped: {lacking} missing")
            }
            Some(Ok(())) => {
                passed += 1;
                if lacking.is_empty() {
                    "passed".to_owned()
                } else {
                    format!("passed, as far as it goes without {lacking}")
                }
            }
        };
        let seconds = start.elapsed().as_secs_f64();
        say!("-- {word} ({seconds:.1} s)");
        lines.push(format!("{seconds:>8.1} s  {:<44} {word}", step.name));
    }
    heading("summary");
    for line in &lines {
        say!("{line}");
    }
    let also = if skipped > 0 { format!(", {skipped} skipped") } else { String::new() };
    say!("\n{passed} passed, {failed} failed{also}");
    Ok(failed == 0)
}

fn wanted(step: &Step, args: &Args) -> bool {
    args.steps.is_empty() || args.steps.iter().any(|word| step.name.contains(word.as_str()))
}

fn heading(name: &str) {
    say!("\n== {name}");
}

/// Once with the C libraries loaded at run time, as users have them, and once with them from the linker.
fn cargo_test(context: &Context<'_>) -> Result<(), Trouble> {
    check(&mut context.cargo(&["test", "--workspace", "--features=pycap-capture/tokio"]))?;
    check(&mut context.cargo(&["check", "--package=pycap-capture", "--no-default-features"]))?;
    if context.missing.of(&[Tool::Libpcap, Tool::Libnet, Tool::PkgConfig]).is_empty() {
        let linked = ["test", "--package=pycap-sys", "--package=pycap-capture", "--all-features"];
        check(&mut context.cargo(&linked))?;
    }
    Ok(())
}

/// A program without the standard library and without an allocator, built for good: it has a panic handler of its own,
/// which cannot be where `std` is linked.
fn without_std(context: &Context<'_>) -> Result<(), Trouble> {
    let manifest = context.root.join("crates/xtask/no-std/Cargo.toml");
    let target = context.target().join("no-std");
    let mut command = context.cargo(&["build", "--release", "--locked"]);
    check(command.arg("--manifest-path").arg(manifest).arg("--target-dir").arg(target))
}

/// The tests of the ring in memory, where a thread plays the kernel, in a program that notices each access outside of what was
/// allocated. All of it has to be built anew for that: a package of its own takes nothing along that it does not need.
fn address_sanitizer(context: &Context<'_>) -> Result<(), Trouble> {
    let about = text(Command::new("rustc").arg("-vV"))?;
    let host = about.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    if !["x86_64-unknown-linux-gnu", "aarch64-unknown-linux-gnu"].contains(&host) {
        return Err(Trouble::Nothing(format!("the ring is Linux's, and {host} has no sanitizer for it")));
    }
    let mut command = Command::new("cargo");
    command.args(["+nightly", "test", "--locked", "--test=ring", "--target", host, "--manifest-path"]);
    command.arg(context.root.join("crates/xtask/ring/Cargo.toml"));
    // Flags hold for build scripts and macros, too, unless a target is named.
    command
        .arg("--target-dir")
        .arg(context.target().join("sanitizer"))
        .env("RUSTFLAGS", "-Zsanitizer=address");
    check(command.env("PROPTEST_CASES", "500").env_remove("RUSTUP_TOOLCHAIN").current_dir(&context.root))
}

/// The same tests in valgrind, which also knows what has no value yet, and what was never given back.
fn valgrind(context: &Context<'_>) -> Result<(), Trouble> {
    // As it was built for the tests.
    let arguments = ["test", "--workspace", "--features=pycap-capture/tokio", "--test=ring", "--no-run"];
    let built = text(context.cargo(&arguments).arg("--message-format=json-render-diagnostics"))?;
    let program = built
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter(|message| message["target"]["name"] == "ring")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .ok_or_else(|| "cargo built no program `ring`".to_owned())?;
    // Threads that wait for each other take turns there, which is not said of them unless asked for; and a bound, should one hang all the
    // same.
    let mut command = Command::new("timeout");
    command.args([
        "300",
        "valgrind",
        "--fair-sched=yes",
        "--error-exitcode=1",
        "--leak-check=full",
        "--num-callers=30",
    ]);
    // The test runner itself leaves behind what is still pointed to.
    command.args(["--show-leak-kinds=definite", "--errors-for-leak-kinds=definite"]);
    command.arg(program).arg("--test-threads=1");
    check(command.env("PROPTEST_CASES", "20").current_dir(&context.root))
}

fn dependencies(context: &Context<'_>) -> Result<(), Trouble> {
    let tree =
        text(&mut context.cargo(&["tree", "--package=pycap-wire", "--edges=normal", "--prefix=none"]))?;
    say!("{}", tree.trim_end());
    let names = tree.lines().filter_map(|line| line.split_whitespace().next());
    let foreign: Vec<_> = names.filter(|name| !ALLOWED_DEPENDENCIES.contains(name)).collect();
    if foreign.is_empty() {
        Ok(())
    } else {
        Err(format!("more than zerocopy: {}", foreign.join(", ")).into())
    }
}

/// Packages and builds each crate from its package. Cargo hands the packages on through a registry in the target folder, and
/// keeps what it unpacked from there, and what it built, by path and version: where the version stays and the content does not, a
/// second run in the same place would build the first run's content. So each run has a place of its own.
fn packages(context: &Context<'_>) -> Result<(), Trouble> {
    let since_1970 = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let place = context.target().join(format!("packages-{}", since_1970.as_nanos()));
    let unpacked_before = unpacked_local_registries();
    let mut command = context.cargo(&["package", "--allow-dirty", "--target-dir"]);
    command.arg(&place).args(PUBLISHED.iter().flat_map(|name| ["--package", name]));
    let result = check(&mut command);
    let unpacked = unpacked_local_registries().into_iter().filter(|folder| !unpacked_before.contains(folder));
    for folder in unpacked.chain([place]) {
        if let Err(error) = std::fs::remove_dir_all(&folder) {
            println!("{}: {error}", folder.display());
        }
    }
    result
}

/// The folders where Cargo keeps what it unpacked from registries that are folders: their names begin with the host that they lack.
fn unpacked_local_registries() -> Vec<PathBuf> {
    let home = std::env::var_os("CARGO_HOME")
        .map(PathBuf::from)
        .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")));
    let entries = home.and_then(|home| std::fs::read_dir(home.join("registry/src")).ok());
    entries
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"-")))
        .collect()
}

fn conformance(context: &Context<'_>) -> Result<(), Trouble> {
    if !conformance::corpus_found() {
        // The corpus is not part of the repository, so that its absence is no failure anywhere.
        let reason = "nothing to compare with: no corpus in ../shared/corpus, and PYCAP_CORPUS names none";
        return Err(Trouble::Nothing(reason.to_owned()));
    }
    check(&mut context.xtask(&["conformance"]))
}

fn instructions(context: &Context<'_>) -> Result<(), Trouble> {
    check(&mut context.xtask(&["instructions"]))
}

fn benches_build(context: &Context<'_>) -> Result<(), Trouble> {
    check(&mut context.cargo(&["bench", "--workspace", "--no-run"]))
}

fn benches_run(context: &Context<'_>) -> Result<(), Trouble> {
    check(&mut context.cargo(&["bench", "--workspace", "--", "--quick"]))
}

fn fuzz(context: &Context<'_>) -> Result<(), Trouble> {
    let targets = context.root.join("fuzz/fuzz_targets");
    let mut names: Vec<String> = std::fs::read_dir(&targets)
        .map_err(|error| format!("{}: {error}", targets.display()))?
        .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    for name in &names {
        say!("-- fuzz target {name}");
        let mut command = Command::new("cargo");
        command.args(["+nightly", "fuzz", "run", name]);
        // What is found goes to the first folder, which is not checked in; the seeds are only read.
        for folder in [format!("fuzz/corpus/{name}"), format!("fuzz/seeds/{name}")] {
            if folder.contains("corpus") {
                std::fs::create_dir_all(context.root.join(&folder)).map_err(|error| error.to_string())?;
            }
            if context.root.join(&folder).is_dir() {
                command.arg(folder);
            }
        }
        command.args(["--", "-print_final_stats=1", "-timeout=10"]);
        command.arg(format!("-max_total_time={}", context.args.fuzz_seconds));
        check(command.env_remove("RUSTUP_TOOLCHAIN").current_dir(&context.root))?;
    }
    if names.is_empty() { Err("there are none".to_owned().into()) } else { Ok(()) }
}

impl Context<'_> {
    fn cargo(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        command.args(arguments).current_dir(&self.root);
        command
    }

    fn xtask(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::current_exe().unwrap_or_else(|_| "xtask".into()));
        command.args(arguments).current_dir(&self.root);
        command
    }

    fn target(&self) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), PathBuf::from)
    }
}

/// Runs a command with its output shown.
fn check(command: &mut Command) -> Result<(), Trouble> {
    let name = shown(command);
    say!("$ {name}");
    match command.stdin(Stdio::null()).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{name}: {status}").into()),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}

/// Runs a command and returns what it prints.
fn text(command: &mut Command) -> Result<String, Trouble> {
    let name = shown(command);
    say!("$ {name}");
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output();
    match output {
        Ok(output) if output.status.success() => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(output) => Err(format!("{name}: {}", output.status).into()),
        Err(error) => Err(format!("{name}: {error}").into()),
    }
}

/// The command as a person would type it.
fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let words = command.get_args().map(|argument| argument.to_string_lossy().into_owned());
    std::iter::once(name).chain(words).collect::<Vec<_>>().join(" ")
}
