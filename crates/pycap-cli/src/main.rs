#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod args;
mod ask;
#[cfg(target_os = "linux")]
mod capture;
mod command_line;
mod commands;
mod devices;
#[cfg(target_os = "linux")]
mod doctor;
mod dump;
mod error;
mod escape;
mod fields;
mod files;
mod follow;
mod hexdump;
mod index;
mod info;
mod json;
mod layers;
mod left_out;
mod link;
mod matcher;
mod merge;
mod ongoing;
mod output;
mod postrotate;
mod print;
mod progress;
mod read;
#[cfg(target_os = "linux")]
mod replay;
mod rotation;
mod section;
mod select;
#[cfg(target_os = "linux")]
mod send;
mod sequence;
mod signals;
mod time;
mod user;
mod verbose;

use std::ffi::OsStr;
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::escape::{Escaped, EscapedLines};

/// Does what the command line asks for.
fn run() -> Result<(), Failure> {
    let first = std::env::args_os().nth(1);
    if let Some(word) = first.as_deref().and_then(OsStr::to_str) {
        if let Some(named) = commands::named(word) {
            return (named.run)();
        }
        if let Some(message) = commands::near_miss(word).filter(|_| !Path::new(word).is_file()) {
            return Err(Failure::Usage(message));
        }
    }
    let args = Args::from_command_line();
    args.color.choose();
    match args.check()? {
        Task::Capture(interfaces) => capture::run(&args, interfaces),
        Task::Follow(path) => follow::run(&args, path),
        Task::ListInterfaces => devices::list(args.json),
        Task::Files => read::run(&args),
    }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // The reader of a pipe has seen enough; that is not a failure.
        Err(Failure::Closed) => ExitCode::SUCCESS,
        // What is wrong was told where it was found.
        Err(Failure::Unwell) => ExitCode::FAILURE,
        Err(failure) => {
            tell_failure(&failure);
            failure.exit_code()
        }
    }
}

/// What went wrong, on a line.
fn tell_failure(failure: &Failure) {
    if UNFINISHED.swap(false, Ordering::Relaxed) {
        let _ = writeln!(anstream::stderr());
    }
    let mark = Style::new().bold().fg_color(Some(AnsiColor::Red.into()));
    // Where nobody can be told, the status has to do; `eprintln` would panic.
    let failure = failure.to_string();
    let _ = writeln!(anstream::stderr(), "{mark}pycap{mark:#}: {}", EscapedLines(&failure));
}

/// Whether the terminal's last line is one that [`tell_again`] is going to write over.
static UNFINISHED: AtomicBool = AtomicBool::new(false);

/// A line for the person at the terminal. Where nobody can be told, the work goes on.
fn tell(line: std::fmt::Arguments<'_>) {
    let start = if UNFINISHED.swap(false, Ordering::Relaxed) { "\n" } else { "" };
    // In one write: lines come from several threads, and one that is being told when this process ends is told whole or not at all.
    let _ = anstream::stderr().write_all(format!("{start}pycap: {}\n", Escaped(line)).as_bytes());
}

/// A line in the place of the one that was told so before.
fn tell_again(line: std::fmt::Arguments<'_>) {
    UNFINISHED.store(true, Ordering::Relaxed);
    let _ = anstream::stderr().write_all(format!("\r{}", Escaped(line)).as_bytes());
}
