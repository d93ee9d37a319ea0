//! What an expression leaves open and a wire needs: the Ethernet header, source addresses.

use std::net::IpAddr;
use std::time::Duration;

use pycap_capture::{SystemInterface, interfaces};
use pycap_inject::layer::Ethernet;
use pycap_inject::{
    AnyLayer, Edit, Expression, FieldValue, Identity, Layer, NextHop, Stack, next_hop, resolve_next_hop,
};
use pycap_wire::{LinkType, MacAddr, Packet};

use crate::error::Failure;

/// The packet as the interface is to send it. Whatever is set stays as it is. The next hop has so long to tell its hardware address.
pub(crate) fn complete(
    expression: &Expression,
    interface: &str,
    link_type: LinkType,
    longest: Duration,
) -> Result<Stack, Failure> {
    let mut stack = expression.stack().clone();
    let Some(outermost) = stack.layers().next() else { return Ok(stack) };
    let framed = outermost.identity() == Identity::Ethernet;
    let is_ip = |layer: &AnyLayer| matches!(layer.identity(), Identity::Ipv4 | Identity::Ipv6);
    let ethernet = link_type == LinkType::ETHERNET;
    if ethernet && !framed && !is_ip(outermost) && outermost.identity() != Identity::Bytes {
        return Err(Failure::Build(format!(
            "put eth/ in front of it, or whatever it goes in: {interface} takes Ethernet frames, and {} is none",
            outermost.name()
        )));
    }
    let ip = usize::from(framed);
    if stack.layers().nth(ip).is_some_and(is_ip) {
        let addressed = !ethernet || framed && (expression.sets(0, "dst") || !expression.sets(ip, "dst"));
        let destination = || destination(&stack, ip, expression.sets(ip, "dst"));
        let hop = if addressed {
            // By a loopback interface the kernel chooses the way, and would choose another one.
            if !ethernet
                && is_loopback(interface)?
                && let Ok(destination) = destination()
                && let Ok(hop) = next_hop(destination)
                && hop.interface != interface
            {
                return Err(elsewhere(destination, &hop, interface));
            }
            // Only for the source address; where there is none to be had the packet goes all the same.
            let wanted = expression.sets(ip, "dst") && !expression.sets(ip, "src");
            let hop = wanted.then(|| next_hop(destination().ok()?).ok()).flatten();
            hop.filter(|hop| hop.interface == interface)
        } else {
            let destination = destination()?;
            let hop = resolve_next_hop(destination, longest)?;
            address_frame(&mut stack, framed, &hop, destination, interface)?;
            Some(hop)
        };
        // In a frame that was put around it just now, it is one further in.
        let ip = stack.layers().position(is_ip).unwrap_or(ip);
        let source = hop.and_then(|hop| hop.source).filter(|_| !expression.sets(usize::from(framed), "src"));
        if let (Some(source), Some(layer)) = (source, stack.layers_mut().nth(ip)) {
            set(
                layer,
                "src",
                &match source {
                    IpAddr::V4(source) => FieldValue::Ipv4(source),
                    IpAddr::V6(source) => FieldValue::Ipv6(source),
                },
            )?;
        }
    }
    if ethernet && framed && !expression.sets(0, "src") {
        let mac = interfaces()?.iter().find(|one| one.name() == interface).and_then(SystemInterface::mac);
        if let (Some(mac), Some(layer)) = (mac, stack.layers_mut().next()) {
            set(layer, "src", &FieldValue::Mac(mac))?;
        }
    }
    Ok(stack)
}

/// Addresses the frame to the next hop, and puts the packet into one if it is in none.
fn address_frame(
    stack: &mut Stack,
    framed: bool,
    hop: &NextHop,
    destination: IpAddr,
    interface: &str,
) -> Result<(), Failure> {
    if hop.interface != interface {
        return Err(elsewhere(destination, hop, interface));
    }
    let Some(mac) = hop.neighbour_mac else {
        return Err(Failure::Build(format!(
            "{interface}: the hardware address of {} is not known: say it with eth(dst=...)/ in front",
            hop.neighbour(destination)
        )));
    };
    if !framed {
        stack.insert(0, Ethernet::new(mac, hop.mac.unwrap_or(MacAddr::ZERO)));
        return Ok(());
    }
    stack.layers_mut().next().map_or(Ok(()), |layer| set(layer, "dst", &FieldValue::Mac(mac)))
}

/// That the packet would not go by the interface.
fn elsewhere(destination: IpAddr, hop: &NextHop, interface: &str) -> Failure {
    Failure::Build(format!(
        "{destination} is reached by {}, not by {interface}: send it there, or say where to with eth(dst=...)/ in front",
        hop.interface
    ))
}

/// Whether it is an interface of this machine to itself.
pub(crate) fn is_loopback(interface: &str) -> Result<bool, Failure> {
    Ok(interfaces()?.iter().find(|one| one.name() == interface).is_some_and(SystemInterface::is_loopback))
}

/// Where the IP packet at `index` goes first.
fn destination(stack: &Stack, index: usize, is_set: bool) -> Result<IpAddr, Failure> {
    let unknown = || {
        let message = "the packet has no destination to find the way to: set dst, or say where to with eth(dst=...)/ in front";
        Failure::Build(message.into())
    };
    if !is_set {
        return Err(unknown());
    }
    let bytes = stack.layers().skip(index).cloned().collect::<Stack>().build()?;
    let packet = Packet::parse(LinkType::RAW, &bytes);
    packet.ip().map(|ip| ip.dst()).ok_or_else(unknown)
}

fn set(layer: &mut AnyLayer, field: &str, value: &FieldValue) -> Result<(), Failure> {
    layer.set(field, value).map_err(|error| Failure::Build(format!("{field} of {}: {error}", layer.name())))
}
