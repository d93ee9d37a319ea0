//! The commands that are words, and what tells of them: help, manual pages, completions.

use std::io::{self, Write};

use clap::{Command, CommandFactory};
use clap_complete::Shell;

use crate::args::Args;
use crate::command_line::of_command;
use crate::error::Failure;
use crate::{ask, devices, doctor, index, info, merge, replay, send};

/// A command that is a word.
pub(crate) struct Named {
    pub(crate) name: &'static str,
    command: fn() -> Command,
    pub(crate) run: fn() -> Result<(), Failure>,
}

/// All of them, in the order of `--help`.
pub(crate) const COMMANDS: [Named; 11] = [
    Named {
        name: "devices",
        command: devices::DevicesArgs::command,
        run: || devices::run(&of_command("devices")),
    },
    Named { name: "info", command: info::InfoArgs::command, run: || info::run(&of_command("info")) },
    Named { name: "merge", command: merge::MergeArgs::command, run: || merge::run(&of_command("merge")) },
    Named { name: "index", command: index::IndexArgs::command, run: || index::run(&of_command("index")) },
    Named { name: "send", command: send::SendArgs::command, run: || send::run(&of_command("send")) },
    Named { name: "ask", command: ask::AskArgs::command, run: || ask::run(&of_command("ask")) },
    Named {
        name: "replay",
        command: replay::ReplayArgs::command,
        run: || replay::run(&of_command("replay")),
    },
    Named {
        name: "doctor",
        command: doctor::DoctorArgs::command,
        run: || doctor::run(&of_command("doctor")),
    },
    Named { name: "help", command: HelpArgs::command, run: || help(&of_command("help")) },
    Named { name: "man", command: ManArgs::command, run: || man(&of_command("man")) },
    Named {
        name: "completions",
        command: CompletionsArgs::command,
        run: || completions(&of_command("completions")),
    },
];

/// Prints what `pycap`, or one of its commands, can do.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap help", disable_version_flag = true)]
pub(crate) struct HelpArgs {
    /// One of the commands; without it, everything else is told
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints the manual page of `pycap`, or of one of its commands: pycap man | man -l -
#[derive(Debug, clap::Parser)]
#[command(name = "pycap man", disable_version_flag = true)]
pub(crate) struct ManArgs {
    /// One of the commands, each of which has a page of its own
    #[arg(value_name = "COMMAND")]
    command: Option<String>,
}

/// Prints what a shell needs to complete command lines of `pycap`: source <(pycap completions bash)
#[derive(Debug, clap::Parser)]
#[command(name = "pycap completions", disable_version_flag = true)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// The command of this name.
pub(crate) fn named(name: &str) -> Option<&'static Named> {
    COMMANDS.iter().find(|named| named.name == name)
}

/// All of `pycap`, as clap knows it.
pub(crate) fn tree() -> Command {
    let commands = COMMANDS.iter().map(|named| (named.command)().name(named.name));
    Args::command().disable_help_subcommand(true).subcommands(commands)
}

/// The command that the command line names, or all of `pycap`; with the words that call it.
fn asked(name: Option<&str>) -> Result<(Command, String), Failure> {
    let Some(name) = name else { return Ok((tree(), "pycap".to_owned())) };
    match named(name) {
        Some(named) => Ok(((named.command)(), format!("pycap {name}"))),
        None => {
            let all: Vec<_> = COMMANDS.iter().map(|named| named.name).collect();
            let near = nearest(name).map_or(String::new(), |near| format!("did you mean {near}? "));
            Err(Failure::Usage(format!(
                "{name}: {near}there is no such command: take one of {}",
                all.join(", ")
            )))
        }
    }
}

fn help(args: &HelpArgs) -> Result<(), Failure> {
    let (command, words) = asked(args.command.as_deref())?;
    if args.command.is_none() {
        return Ok(print_help(command)?);
    }
    // What the command itself prints where it is asked.
    match command.try_get_matches_from([&*words, "--help"]) {
        Err(help) => Ok(help.print()?),
        Ok(_) => Ok(()),
    }
}

/// Prints the help of all of `pycap`, in colors where they are seen.
pub(crate) fn print_help(mut command: Command) -> io::Result<()> {
    let mut out = anstream::stdout().lock();
    write!(out, "{}", command.render_help().ansi())?;
    out.flush()
}

fn man(args: &ManArgs) -> Result<(), Failure> {
    let (command, words) = asked(args.command.as_deref())?;
    let command =
        command.display_name(words.replace(' ', "-")).bin_name(words).version(env!("CARGO_PKG_VERSION"));
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    print(&page)
}

fn completions(args: &CompletionsArgs) -> Result<(), Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut tree(), "pycap", &mut script);
    print(&script)
}

fn print(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    out.write_all(bytes)?;
    Ok(out.flush()?)
}

/// What to say of a word in the place of a command that looks like one, and begins no filter expression.
pub(crate) fn near_miss(word: &str) -> Option<String> {
    if FILTER_WORDS.contains(&word) {
        return None;
    }
    nearest(word).map(|near| {
        format!("{word}: did you mean pycap {near}? There is no such command, and no filter begins like this")
    })
}

/// What to say of an expression that is none, if it begins with a command, or nearly: options come behind that.
pub(crate) fn behind_options(expression: &str) -> Option<String> {
    let first = expression.split_whitespace().next()?.to_ascii_lowercase();
    let name = named(&first)
        .map(|named| named.name)
        .or_else(|| nearest(&first).filter(|_| !FILTER_WORDS.contains(&&*first)))?;
    Some(format!("put a command first (did you mean pycap {name} ...?)"))
}

/// The command whose name is so near that it may be meant: one slip away, two in a long one.
fn nearest(word: &str) -> Option<&'static str> {
    let all = COMMANDS.iter().map(|named| (strsim::osa_distance(word, named.name), named.name));
    let near = all.filter(|(distance, name)| *distance <= if name.len() < 6 { 1 } else { 2 });
    near.min().map(|(_, name)| name)
}

/// What a filter expression can begin with, of the words of pcap-filter(7).
#[rustfmt::skip]
const FILTER_WORDS: [&str; 96] = [
    "aarp", "addr1", "addr2", "addr3", "addr4", "ah", "arp", "atalk", "bcc", "broadcast", "byte", "carp", "clnp",
    "connectmsg", "csnp", "decnet", "dir", "direction", "dpc", "dst", "es-is", "esis", "esp", "ether", "fddi", "gateway",
    "geneve", "greater", "host", "hdpc", "hopc", "hsio", "hsls", "icmp", "icmp6", "ifindex", "ifname", "igmp", "igrp", "iih",
    "ilmic", "inbound", "ip", "ip6", "ipx", "is-is", "isis", "iso", "l1", "l2", "lane", "lat", "len", "less", "link", "llc",
    "lsp", "metac", "metaconnect", "mopdl", "moprc", "mpls", "multicast", "net", "netbeui", "not", "oam", "on", "opc",
    "outbound", "pim", "port", "portrange", "ppp", "pppoed", "pppoes", "proto", "protochain", "psnp", "radio", "rarp",
    "reason", "sca", "sctp", "sio", "slip", "sls", "snp", "src", "stp", "tcp", "udp", "vlan", "vrrp", "vxlan", "wlan",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_well_formed() {
        tree().debug_assert();
    }

    #[test]
    fn slips_are_noticed() {
        for (word, meant) in [
            ("inof", "info"),
            ("infos", "info"),
            ("device", "devices"),
            ("dveices", "devices"),
            ("snd", "send"),
            ("sned", "send"),
            ("aks", "ask"),
            ("mereg", "merge"),
            ("repaly", "replay"),
            ("indx", "index"),
            ("docter", "doctor"),
            ("hlep", "help"),
            ("completion", "completions"),
        ] {
            assert_eq!(nearest(word), Some(meant), "{word}");
            assert!(near_miss(word).unwrap().contains(&format!("pycap {meant}?")));
        }
    }

    #[test]
    fn expressions_are_no_slips() {
        for word in FILTER_WORDS {
            assert_eq!(near_miss(word), None, "{word}");
        }
        for word in
            ["tr", "localhost", "example.org", "192.0.2.1", "(tcp", "!", "tcp port 80", "eth0", "len>5"]
        {
            assert_eq!(near_miss(word), None, "{word}");
        }
    }
}
