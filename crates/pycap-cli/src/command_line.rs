//! How a command line is read: clap's doing, and what it leaves to do.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Parser};

use crate::error::Failure;
use crate::{commands, left_out, tell, tell_failure};

/// The arguments of one of the commands that are words, without the word.
pub(crate) fn of_command<A: Parser>(word: &str) -> A {
    let words = std::env::args_os().skip(2);
    parse(std::iter::once(format!("pycap {word}").into()).chain(words).collect(), Some(word))
}

/// Of an option that is given several times the last one counts, as in tcpdump, which is told where they differ.
pub(crate) fn parse<A: Parser>(words: Vec<OsString>, command: Option<&str>) -> A {
    let clap = A::command().args_override_self(true);
    let parsed = clap.clone().try_get_matches_from(&words).and_then(|matches| A::from_arg_matches(&matches));
    match parsed {
        Ok(args) => {
            for line in repeated(clap, &words) {
                tell(format_args!("{line}"));
            }
            args
        }
        Err(error) => exit(error, command),
    }
}

/// Prints what is wrong with the arguments, or what they ask for, and exits.
fn exit(mut error: clap::Error, command: Option<&str>) -> ! {
    // To pass a mistyped flag as part of a filter expression is no help.
    error.remove(ContextKind::Suggested);
    if error.exit_code() == 0 {
        // The commands that are words are known to all of it only.
        match (error.kind(), command) {
            (ErrorKind::DisplayHelp, None) => {
                let _ = commands::print_help(commands::tree());
            }
            _ => {
                let _ = error.print();
            }
        }
        std::process::exit(0);
    }
    tell_failure(&Failure::Usage(reason(&error, command)));
    std::process::exit(2)
}

/// What is wrong with the arguments, on one line: clap has paragraphs of it.
fn reason(error: &clap::Error, command: Option<&str>) -> String {
    if let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg)
        && error.kind() == ErrorKind::UnknownArgument
        && command.is_none()
        && let Some(instead) = left_out::instead_of(option)
    {
        return format!("{option}: {instead}");
    }
    let text = error.to_string();
    let paragraphs = text.trim().split("\n\n").map(str::trim);
    let told =
        paragraphs.filter(|text| !text.starts_with("Usage:") && !text.starts_with("For more information"));
    let told = told.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" "));
    let told: Vec<_> = told.map(|text| text.trim_start_matches("tip: ").to_owned()).collect();
    let line = told.join("; ");
    let line = line.strip_prefix("error: ").unwrap_or(&line);
    let help = command.map_or(String::new(), |command| format!(" {command}"));
    format!("{line} (pycap help{help})")
}

/// The options that take one value and were given different ones, each with what to say of it.
fn repeated(clap: clap::Command, words: &[OsString]) -> Vec<String> {
    let single: Vec<_> =
        clap.get_arguments().filter(|arg| matches!(arg.get_action(), ArgAction::Set)).cloned().collect();
    let all = clap.mut_args(|arg| match arg.get_action() {
        ArgAction::Set => arg.action(ArgAction::Append),
        _ => arg,
    });
    let Ok(matches) = all.try_get_matches_from(words) else { return Vec::new() };
    let line = |arg: &clap::Arg| {
        let values: Vec<_> = matches.get_raw(arg.get_id().as_str())?.collect();
        let last = *values.last()?;
        if arg.is_positional() || values.iter().all(|value| *value == last) {
            return None;
        }
        let name = match (arg.get_short(), arg.get_long()) {
            (Some(short), _) => format!("-{short}"),
            (None, long) => format!("--{}", long?),
        };
        let values: Vec<_> = values.iter().map(|value| value.to_string_lossy()).collect();
        Some(format!(
            "{name} was given more than once ({}): give it once, or the last one counts, {}",
            values.join(", "),
            last.to_string_lossy()
        ))
    };
    single.iter().filter_map(line).collect()
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::args::Args;

    /// Every option that takes one value, whatever options there will be.
    #[test]
    fn an_option_given_twice_with_other_values_is_told() {
        let told = |words: &[&str]| {
            let words: Vec<OsString> = words.iter().map(OsString::from).collect();
            repeated(Args::command().args_override_self(true), &words)
        };
        let value = |arg: &clap::Arg, nth: usize| {
            let possible = arg.get_possible_values();
            match possible.get(nth) {
                Some(value) => value.get_name().to_owned(),
                None if arg.get_id() == "time_stamp_type" => ["host", "adapter"][nth].to_owned(),
                None => (nth + 1).to_string(),
            }
        };
        let mut options = 0;
        for arg in Args::command().get_arguments().filter(|arg| !arg.is_positional()) {
            let takes_one = matches!(arg.get_action(), ArgAction::Set);
            let repeats = matches!(arg.get_action(), ArgAction::Append);
            let flag = match (arg.get_short(), arg.get_long()) {
                (Some(short), _) => format!("-{short}"),
                (None, long) => format!("--{}", long.unwrap()),
            };
            assert_eq!(repeats, matches!(&*flag, "-i" | "-r"), "{flag}");
            if !takes_one {
                continue;
            }
            options += 1;
            let (first, last) = (value(arg, 0), value(arg, 1));
            let with = |words: &[&str]| {
                // What some of them take beside.
                let beside: &[&str] = match &*flag {
                    "--from" | "--to" | "--skip" => &["-r", "f"],
                    "-W" => &["-w", "f", "-C", "7"],
                    "-C" | "-G" | "--compress" => &["-w", "f"],
                    _ => &[],
                };
                told(&[&["pycap"], beside, words].concat())
            };
            let lines = with(&[&flag, &first, &flag, &last]);
            assert_eq!(lines.len(), 1, "{flag}: {lines:?}");
            let said = format!("{flag} was given more than once ({first}, {last}): ");
            assert!(lines[0].starts_with(&said) && lines[0].ends_with(&last), "{}", lines[0]);
            assert!(with(&[&flag, &first, &flag, &first]).is_empty(), "{flag}");
            assert!(with(&[&flag, &first]).is_empty(), "{flag}");
        }
        assert!(options > 15, "{options}");
        assert!(
            told(&["pycap", "-i", "a", "-i", "b", "-v", "-v", "-xx", "-n", "tcp", "port", "80"]).is_empty()
        );
    }
}
