//! `cargo xtask soak`: captures for minutes on end, on a wire of their own.

use std::path::Path;
use std::process::Command;

use crate::Outcome;

/// Options of `cargo xtask soak`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often each kind of capture is opened and closed
    #[arg(long, value_name = "COUNT", default_value_t = 10_000)]
    cycles: u32,
    /// How long captures are read under load, in every way, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u32,
}

/// Runs the tests of `pycap-capture` that take so long that they are ignored otherwise; they say what they did.
pub(crate) fn run(args: &Args) -> Outcome {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(["test", "--package=pycap-capture", "--features=tokio", "--test=wire"]);
    command.args(["--", "--ignored", "--nocapture", "soak::"]);
    command.env("PYCAP_SOAK_CYCLES", args.cycles.to_string());
    command.env("PYCAP_SOAK_SECONDS", args.seconds.to_string());
    Ok(command.status()?.success())
}
