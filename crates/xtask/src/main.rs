//! `cargo xtask ...`: the project's chores.

/// Prints a line on the standard output; ends the process quietly where nobody reads it any more (`| head`).
macro_rules! say {
    ($($text:tt)*) => { $crate::say_line(format_args!($($text)*)) };
}

mod conformance;
mod dissection;
mod instructions;
#[cfg(target_os = "linux")]
mod live;
mod oracle;
mod program;
mod soak;
mod test;
mod tools;

use std::fmt;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Whether all is well; an error is what kept a chore from finding out.
type Outcome = Result<bool, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run everything there is to test.
    Test(test::Args),
    /// Open, read and close captures for minutes, and look whether anything is lost or left behind.
    Soak(soak::Args),
    /// Install what the tests need besides Rust.
    Tools(tools::Args),
    /// Dissect a savefile into one JSON line a packet, in the form that the conformance check compares.
    Oracle(oracle::Args),
    /// Compare pycap's dissection of a whole corpus with tshark's.
    Conformance(conformance::Args),
    /// Count instructions per packet and hold them against their limits.
    Instructions(instructions::Args),
    /// Compare what capturing costs with tcpdump, dumpcap and the pcap crate, and how fast frames are sent with trafgen and tcpreplay.
    #[cfg(target_os = "linux")]
    Live(live::Args),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(args) => test::run(&args),
        Chore::Soak(args) => soak::run(&args),
        Chore::Tools(args) => tools::run(&args),
        Chore::Oracle(args) => oracle::run(&args),
        Chore::Conformance(args) => conformance::run(&args),
        Chore::Instructions(args) => instructions::run(&args),
        #[cfg(target_os = "linux")]
        Chore::Live(args) => live::run(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn say_line(line: fmt::Arguments<'_>) {
    if let Err(error) = writeln!(std::io::stdout(), "{line}") {
        if error.kind() != std::io::ErrorKind::BrokenPipe {
            let _ = writeln!(std::io::stderr(), "xtask: cannot write the output: {error}");
        }
        // Whether all is well is not known yet, so that it must not look like it.
        std::process::exit(1);
    }
}
