//! The interfaces of this machine: `pycap devices`, `pycap -D`.

use std::fmt::Write as _;
use std::io::{self, Write};

use pycap_capture::{SystemInterface, interfaces};

use crate::error::Failure;

/// Lists the interfaces of this machine.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap devices", disable_version_flag = true)]
pub(crate) struct DevicesArgs {
    /// One JSON object an interface
    #[arg(long)]
    json: bool,
}

/// Prints every interface with what is known of it.
pub(crate) fn run(args: &DevicesArgs) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    for interface in interfaces()? {
        if args.json {
            writeln!(out, "{}", crate::escape::json(&json(&interface)))?;
        } else {
            writeln!(out, "{}", line(&interface))?;
        }
    }
    Ok(out.flush()?)
}

/// Prints the list that `-i` takes numbers from, as tcpdump's `-D` does.
pub(crate) fn list() -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let interfaces = interfaces()?;
    for (number, name) in (1..).zip(names()?) {
        let state = interfaces.iter().find(|one| one.name() == name).map_or_else(
            || "all interfaces".to_owned(),
            |one| {
                let mut words = Vec::new();
                words.push(if one.is_up() { "up" } else { "down" });
                words.extend(one.is_running().then_some("running"));
                words.extend(one.is_loopback().then_some("loopback"));
                words.join(", ")
            },
        );
        writeln!(out, "{number}. {name} [{state}]")?;
    }
    Ok(out.flush()?)
}

/// The names in the order of `-D`: those that are up first, as they are most likely meant; then `any`; then the rest.
pub(crate) fn names() -> Result<Vec<String>, Failure> {
    let (up, down): (Vec<_>, Vec<_>) = interfaces()?.into_iter().partition(SystemInterface::is_up);
    let (loopback, first): (Vec<_>, Vec<_>) = up.into_iter().partition(SystemInterface::is_loopback);
    let name = |interface: SystemInterface| interface.name().to_owned();
    let first = first.into_iter().map(name).chain(["any".to_owned()]);
    Ok(first.chain(loopback.into_iter().map(name)).chain(down.into_iter().map(name)).collect())
}

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

fn line(interface: &SystemInterface) -> String {
    let mut line = format!("{:<3} {:<15} ", interface.index(), interface.name());
    let _ =
        write!(line, "{:<12}", interface.link_type().and_then(|link_type| link_type.name()).unwrap_or("-"));
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

fn json(interface: &SystemInterface) -> serde_json::Value {
    let addresses: Vec<_> = interface
        .addresses()
        .iter()
        .map(|address| {
            serde_json::json!({
                "address": address.address.to_string(),
                "prefix_len": address.prefix_len(),
            })
        })
        .collect();
    serde_json::json!({
        "name": interface.name(),
        "index": interface.index(),
        "description": interface.description(),
        "flags": flags(interface),
        "link_type": interface.link_type().and_then(|link_type| link_type.name()),
        "mtu": interface.mtu(),
        "mac": interface.mac().map(|mac| mac.to_string()),
        "addresses": addresses,
    })
}
