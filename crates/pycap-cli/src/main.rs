#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod args;
mod error;
mod fields;
mod hexdump;
mod json;
mod layers;
mod link;
mod print;
mod progress;
mod read;
mod sequence;
mod time;
mod verbose;

use std::io::Write;
use std::process::ExitCode;

use anstyle::{AnsiColor, Style};

use crate::args::Args;
use crate::error::Failure;

fn main() -> ExitCode {
    let args = Args::from_command_line();
    args.color.choose();
    match args.check().and_then(|task| read::run(&args, &task)) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe has seen enough; that is not a failure.
        Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(failure) => {
            let mark = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
            // Where nobody can be told, the status has to do; `eprintln` would panic.
            let _ = writeln!(anstream::stderr(), "{mark}pycap{mark:#}: {failure}");
            failure.exit_code()
        }
    }
}
