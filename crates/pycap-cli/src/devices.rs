//! The interfaces of this machine: `pycap devices`, `pycap -D`.

use std::fmt::Write as _;
use std::io::{self, Write};

use pycap_capture::{LinkType, SystemInterface, interfaces};

use crate::error::Failure;
use crate::escape::{self, Escaped};

/// Lists the interfaces of this machine, each with the number that -i takes, its link type and its addresses.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap devices", disable_version_flag = true)]
pub(crate) struct DevicesArgs {
    /// One JSON object an interface
    #[arg(long)]
    json: bool,
}

/// Prints every interface with what is known of it.
pub(crate) fn run(args: &DevicesArgs) -> Result<(), Failure> {
    print(if args.json { json } else { line })
}

/// Prints the list that `-i` takes numbers from, as tcpdump's `-D` does.
pub(crate) fn list(as_json: bool) -> Result<(), Failure> {
    print(if as_json { json } else { short_line })
}

/// Prints every interface in this form.
fn print(form: fn(usize, &str, Option<&SystemInterface>) -> String) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let interfaces = interfaces()?;
    for (number, name) in (1..).zip(names_of(&interfaces)) {
        let interface = interfaces.iter().find(|one| one.name() == name);
        writeln!(out, "{}", Escaped(form(number, &name, interface)))?;
    }
    Ok(out.flush()?)
}

/// The names in the order of `-D`.
pub(crate) fn names() -> Result<Vec<String>, Failure> {
    Ok(names_of(&interfaces()?))
}

/// Those that are up first, as they are most likely meant; then `any`; then the rest.
fn names_of(interfaces: &[SystemInterface]) -> Vec<String> {
    let (up, down): (Vec<_>, Vec<_>) = interfaces.iter().partition(|one| one.is_up());
    let (loopback, first): (Vec<_>, Vec<_>) = up.into_iter().partition(|one| one.is_loopback());
    let name = |interface: &SystemInterface| interface.name().to_owned();
    let first = first.into_iter().map(name).chain(["any".to_owned()]);
    first.chain(loopback.into_iter().map(name)).chain(down.into_iter().map(name)).collect()
}

/// `1. eth0 [up, running]`; what is no interface is all of them.
fn short_line(number: usize, name: &str, interface: Option<&SystemInterface>) -> String {
    let state = interface.map_or_else(
        || ALL.to_owned(),
        |one| {
            let mut words = Vec::new();
            words.push(if one.is_up() { "up" } else { "down" });
            words.extend(one.is_running().then_some("running"));
            words.extend(one.is_loopback().then_some("loopback"));
            words.join(", ")
        },
    );
    format!("{number}. {name} [{state}]")
}

/// What `any` is.
const ALL: &str = "all interfaces";

fn flags(interface: &SystemInterface) -> Vec<&'static str> {
    let flags = [
        (interface.is_up(), "up"),
        (interface.is_running(), "running"),
        (interface.is_loopback(), "loopback"),
        (interface.is_broadcast(), "broadcast"),
        (interface.is_multicast(), "multicast"),
        (interface.is_point_to_point(), "point-to-point"),
        (interface.is_wireless(), "wireless"),
    ];
    flags.into_iter().filter(|(is, _)| *is).map(|(_, name)| name).collect()
}

fn line(number: usize, name: &str, interface: Option<&SystemInterface>) -> String {
    let mut line =
        format!("{:<3} {name:<15} {:<12}", format!("{number}."), link_type(interface).unwrap_or("-"));
    let Some(interface) = interface else { return line + " [" + ALL + "]" };
    if let Some(mtu) = interface.mtu() {
        let _ = write!(line, " mtu {mtu:<6}");
    }
    if let Some(mac) = interface.mac() {
        let _ = write!(line, " {mac}");
    }
    for address in interface.addresses() {
        let _ = write!(line, " {}", address.address);
        if let Some(bits) = address.prefix_len() {
            let _ = write!(line, "/{bits}");
        }
    }
    let _ = write!(line, " [{}]", flags(interface).join(", "));
    line
}

/// What a capture on it has.
fn link_type(interface: Option<&SystemInterface>) -> Option<&'static str> {
    match interface {
        Some(interface) => interface.link_type()?.name(),
        None => LinkType::LINUX_SLL2.name(),
    }
}

fn json(number: usize, name: &str, interface: Option<&SystemInterface>) -> String {
    let addresses: Vec<_> = interface
        .into_iter()
        .flat_map(SystemInterface::addresses)
        .map(|address| {
            serde_json::json!({
                "address": address.address.to_string(),
                "prefix_len": address.prefix_len(),
            })
        })
        .collect();
    escape::json(&serde_json::json!({
        "number": number,
        "name": name,
        "index": interface.map(SystemInterface::index),
        "description": interface.map_or(Some(ALL), SystemInterface::description),
        "flags": interface.map(flags).unwrap_or_default(),
        "link_type": link_type(interface),
        "mtu": interface.and_then(SystemInterface::mtu),
        "mac": interface.and_then(SystemInterface::mac).map(|mac| mac.to_string()),
        "addresses": addresses,
    }))
}
