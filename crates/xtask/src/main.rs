//! `cargo xtask ...`: the project's chores.

mod conformance;
mod dissection;
mod instructions;
mod oracle;
mod test;
mod tools;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Whether all is well; an error is what kept a chore from finding out.
type Outcome = Result<bool, Box<dyn std::error::Error + Send + Sync>>;

#[derive(Parser)]
#[command(name = "cargo xtask", about, version)]
struct Arguments {
    #[command(subcommand)]
    chore: Chore,
}

#[derive(Subcommand)]
enum Chore {
    /// Run everything there is to test.
    Test(test::Args),
    /// Install what the tests need besides Rust.
    Tools(tools::Args),
    /// Dissect a savefile into one JSON line a packet, in the form that the conformance check compares.
    Oracle(oracle::Args),
    /// Compare pycap's dissection of a whole corpus with tshark's.
    Conformance(conformance::Args),
    /// Count instructions per packet and hold them against their limits.
    Instructions(instructions::Args),
}

fn main() -> ExitCode {
    let outcome = match Arguments::parse().chore {
        Chore::Test(args) => test::run(&args),
        Chore::Tools(args) => tools::run(&args),
        Chore::Oracle(args) => oracle::run(&args),
        Chore::Conformance(args) => conformance::run(&args),
        Chore::Instructions(args) => instructions::run(&args),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}
