#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod args;
mod ask;
#[cfg(target_os = "linux")]
mod capture;
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

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};

use anstyle::{AnsiColor, Style};

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::escape::{Escaped, EscapedLines};

/// Does what the command line asks for.
fn run() -> Result<(), Failure> {
    match std::env::args_os().nth(1) {
        Some(word) if word == "ask" => return ask::run(&args::of_command("ask")),
        Some(word) if word == "devices" => return devices::run(&args::of_command("devices")),
        Some(word) if word == "doctor" => return doctor::run(&args::of_command("doctor")),
        Some(word) if word == "index" => return index::run(&args::of_command("index")),
        Some(word) if word == "info" => return info::run(&args::of_command("info")),
        Some(word) if word == "merge" => return merge::run(&args::of_command("merge")),
        Some(word) if word == "replay" => return replay::run(&args::of_command("replay")),
        Some(word) if word == "send" => return send::run(&args::of_command("send")),
        _ => {}
    }
    let args = Args::from_command_line();
    args.color.choose();
    match args.check()? {
        Task::Capture(interface) => capture::run(&args, interface),
        Task::Follow(path) => follow::run(&args, path),
        Task::ListInterfaces => devices::list(),
        task => read::run(&args, &task),
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
