//! Addresses and time to live of a packet, in place.
//!
//! Wherever an address is changed that a checksum covers, the change is kept until the place of that checksum is reached: the addresses of
//! a packet are in the pseudo-header of what it carries (RFC 768, RFC 9293 3.1, RFC 8200 8.1).

use std::cell::Cell;
use std::net::IpAddr;

use pycap_wire::checksum::{fold, sum, update, update_bytes};
use pycap_wire::{EtherType, IpProtocol};

use super::{Map, Rewrite};
use crate::outline::checksum_at;

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;
/// More extension headers than this no one sends.
const MOST_EXTENSIONS: usize = 16;

/// Numbers that occur here only.
const LOOSE_SOURCE_ROUTE: u8 = 131;
const STRICT_SOURCE_ROUTE: u8 = 137;
const HOME_ADDRESS: u8 = 201;

/// What is to be changed, and what could not be.
pub(super) struct Rules<'r> {
    map: &'r [Map],
    ttl: Option<u8>,
    refused: Cell<Option<(IpAddr, IpAddr)>>,
}

impl<'r> Rules<'r> {
    pub(super) fn new(rewrite: &'r Rewrite) -> Self {
        Self { map: &rewrite.map, ttl: rewrite.ttl, refused: Cell::new(None) }
    }

    /// An address, and one of the other version that was to take its place.
    pub(super) fn refused(&self) -> Option<(IpAddr, IpAddr)> {
        self.refused.get()
    }

    fn v4(&self, address: [u8; 4]) -> Option<[u8; 4]> {
        self.map.iter().find_map(|map| match map {
            Map::Prefix(map) => map.v4(address),
            Map::With(map) => match map(address.into())? {
                IpAddr::V4(new) => Some(new.octets()),
                other => self.refuse(address.into(), other),
            },
        })
    }

    fn v6(&self, address: [u8; 16]) -> Option<[u8; 16]> {
        self.map.iter().find_map(|map| match map {
            Map::Prefix(map) => map.v6(address),
            Map::With(map) => match map(address.into())? {
                IpAddr::V6(new) => Some(new.octets()),
                other => self.refuse(address.into(), other),
            },
        })
    }

    #[cold]
    fn refuse<T>(&self, from: IpAddr, into: IpAddr) -> Option<T> {
        self.refused.set(Some((from, into)));
        None
    }
}

/// Changes a packet that this EtherType announces.
pub(super) fn change(rules: &Rules<'_>, ether_type: u16, packet: &mut [u8]) {
    match EtherType(ether_type) {
        EtherType::IPV4 => ipv4(rules, packet, true),
        EtherType::IPV6 => ipv6(rules, packet, true),
        EtherType::ARP | EtherType::RARP => arp(rules, packet),
        _ => {}
    }
}

/// What was changed under a checksum: the sums of what was there, and of what is.
#[derive(Clone, Copy, Default)]
struct Change {
    old: u64,
    new: u64,
}

impl Change {
    fn of(old: &[u8], new: &[u8]) -> Self {
        Self { old: sum(old), new: sum(new) }
    }

    fn add(&mut self, other: Self) {
        self.old += other.old;
        self.new += other.new;
    }

    /// Changes the checksum at this place, if it is there.
    fn apply(self, bytes: &mut [u8], at: usize) {
        // A checksum of ffff, where nothing is changed, would become 0.
        if self.old == self.new {
            return;
        }
        if let Some(checksum) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
            let before = u16::from_be_bytes(*checksum);
            *checksum = update(before, fold(self.old), fold(self.new)).to_be_bytes();
        }
    }

    /// The same for a checksum that may be 0, which says that there is none (RFC 768), and so is never computed as 0.
    fn apply_optional(self, bytes: &mut [u8], at: usize) {
        let is_zero = |bytes: &[u8]| bytes.get(at..at + 2) == Some(&[0, 0]);
        if is_zero(bytes) {
            return;
        }
        self.apply(bytes, at);
        if is_zero(bytes)
            && let Some(checksum) = bytes.get_mut(at..at + 2)
        {
            checksum.fill(0xff);
        }
    }
}

/// Changes the IPv4 address at this place, if it is there and one to be changed.
fn map_v4(rules: &Rules<'_>, bytes: &mut [u8], at: usize) -> Change {
    let Some(address) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<4>) else {
        return Change::default();
    };
    let Some(new) = rules.v4(*address) else { return Change::default() };
    let old = std::mem::replace(address, new);
    Change::of(&old, &new)
}

/// The same for IPv6.
fn map_v6(rules: &Rules<'_>, bytes: &mut [u8], at: usize) -> Change {
    let Some(address) = bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<16>) else {
        return Change::default();
    };
    let Some(new) = rules.v6(*address) else { return Change::default() };
    let old = std::mem::replace(address, new);
    Change::of(&old, &new)
}

/// `outer` is not so for a packet that an ICMP error quotes, of which only addresses are changed.
fn ipv4(rules: &Rules<'_>, packet: &mut [u8], outer: bool) {
    let Some(&first) = packet.first() else { return };
    let header_len = usize::from(first & 0xf) * 4;
    if first >> 4 != 4 || header_len < IPV4_HEADER || packet.len() < IPV4_HEADER {
        return;
    }
    let (header, rest) = packet.split_at_mut(header_len.min(packet.len()));
    if let Some(ttl) = rules.ttl.filter(|_| outer) {
        let old = [header[8], header[9]];
        header[8] = ttl;
        let new = [ttl, old[1]];
        if old != new {
            let checksum = u16::from_be_bytes([header[10], header[11]]);
            header[10..12].copy_from_slice(&update_bytes(checksum, &old, &new).to_be_bytes());
        }
    }
    let src = map_v4(rules, header, 12);
    let mut dst = map_v4(rules, header, 16);
    let mut all = src;
    all.add(dst);
    if header_len > IPV4_HEADER {
        let (route, last) = source_route(rules, header);
        all.add(route);
        // The pseudo-header has the final destination.
        dst = last.unwrap_or(dst);
    }
    all.apply(header, 10);
    let fragment_offset = u16::from_be_bytes([header[6], header[7]]) & 0x1fff;
    if fragment_offset == 0 {
        let mut pseudo = src;
        pseudo.add(dst);
        transport(rules, IpProtocol(header[9]), rest, pseudo, outer);
    }
}

/// Changes the addresses of a source route (RFC 791, 3.1): all of that, and that of the last address, if the packet has not arrived there.
fn source_route(rules: &Rules<'_>, header: &mut [u8]) -> (Change, Option<Change>) {
    let mut all = Change::default();
    let mut at = IPV4_HEADER;
    while let Some(&kind) = header.get(at) {
        let len = match kind {
            0 => break,
            1 => 1,
            _ => header.get(at + 1).map_or(0, |len| usize::from(*len)),
        };
        let Some(option) = header.get_mut(at..at + len).filter(|option| !option.is_empty()) else { break };
        if matches!(kind, LOOSE_SOURCE_ROUTE | STRICT_SOURCE_ROUTE) && len >= 3 {
            let open = usize::from(option[2]) <= len;
            let mut last = None;
            for address in (3..len.saturating_sub(3)).step_by(4) {
                let mut change = map_v4(rules, option, address);
                last = Some(change);
                // Addresses begin at odd places of the header where the option does at even ones: their sum has its bytes swapped.
                if (at + address) % 2 == 1 {
                    change = Change {
                        old: u64::from(fold(change.old).swap_bytes()),
                        new: u64::from(fold(change.new).swap_bytes()),
                    };
                }
                all.add(change);
            }
            return (all, last.filter(|_| open));
        }
        at += len;
    }
    (all, None)
}

fn ipv6(rules: &Rules<'_>, packet: &mut [u8], outer: bool) {
    if packet.len() < IPV6_HEADER || packet[0] >> 4 != 6 {
        return;
    }
    if let Some(hop_limit) = rules.ttl.filter(|_| outer) {
        packet[7] = hop_limit;
    }
    let mut src = map_v6(rules, packet, 8);
    let mut dst = map_v6(rules, packet, 24);
    let mut next = IpProtocol(packet[6]);
    let mut rest = &mut packet[IPV6_HEADER..];
    for _ in 0..MOST_EXTENSIONS {
        let Some(&[following, len]) = rest.first_chunk() else { return };
        let mut header_len = usize::from(len) * 8 + 8;
        match next {
            IpProtocol::HOP_BY_HOP => {}
            IpProtocol::DESTINATION_OPTIONS => {
                let end = header_len.min(rest.len());
                src = home_address(rules, &mut rest[..end]).unwrap_or(src);
            }
            IpProtocol::ROUTING => {
                let end = header_len.min(rest.len());
                dst = routing(rules, &mut rest[..end]).unwrap_or(dst);
            }
            IpProtocol::FRAGMENT => {
                header_len = 8;
                // The transport's header is in the first fragment alone.
                if rest.get(2..4).is_none_or(|offset| u16::from_be_bytes([offset[0], offset[1]]) >> 3 != 0) {
                    return;
                }
            }
            IpProtocol::AH => header_len = usize::from(len) * 4 + 8,
            _ => break,
        }
        next = IpProtocol(following);
        let Some((_, behind)) = rest.split_at_mut_checked(header_len) else { return };
        rest = behind;
    }
    src.add(dst);
    transport(rules, next, rest, src, outer);
}

/// Checksums are those of a packet from the home address (RFC 6275, 6.3).
fn home_address(rules: &Rules<'_>, header: &mut [u8]) -> Option<Change> {
    let mut at = 2;
    loop {
        let kind = *header.get(at)?;
        let len = if kind == 0 { 1 } else { usize::from(*header.get(at + 1)?) + 2 };
        if kind == HOME_ADDRESS && len == 18 && header.len() >= at + len {
            return Some(map_v6(rules, header, at + 2));
        }
        at += len;
    }
}

/// Changes the addresses of a routing header: of type 0 (RFC 2460, 4.4), 2 (RFC 6275, 6.4) and 4 (RFC 8754, 2). The change of the final
/// destination, which the pseudo-header has (RFC 8200, 8.1), if the packet has not arrived there.
fn routing(rules: &Rules<'_>, header: &mut [u8]) -> Option<Change> {
    let &[_, len, kind, left, last_entry] = header.first_chunk()?;
    let addresses = match kind {
        0 | 2 => usize::from(len) / 2,
        // What follows the list are options.
        4 => (usize::from(last_entry) + 1).min(usize::from(len) / 2),
        _ => return None,
    };
    let mut last = None;
    for number in 0..addresses {
        let change = map_v6(rules, header, 8 + number * 16);
        // The list of type 4 is in reverse.
        if kind != 4 || number == 0 {
            last = Some(change);
        }
    }
    last.filter(|_| left > 0)
}

/// Changes the checksum of what a packet carries.
fn transport(rules: &Rules<'_>, protocol: IpProtocol, segment: &mut [u8], pseudo: Change, outer: bool) {
    match (protocol, checksum_at(protocol)) {
        (IpProtocol::ICMP, _) if outer => icmpv4(rules, segment),
        (IpProtocol::ICMPV6, _) => icmpv6(rules, segment, pseudo, outer),
        (IpProtocol::UDP | IpProtocol::UDP_LITE, Some(at)) => pseudo.apply_optional(segment, at),
        (IpProtocol::TCP | IpProtocol::DCCP | IpProtocol::MOBILITY, Some(at)) => pseudo.apply(segment, at),
        _ => {}
    }
}

fn icmpv4(rules: &Rules<'_>, message: &mut [u8]) {
    // Unreachable, source quench, redirect, time exceeded, parameter problem: with the packet that they are about (RFC 792).
    let Some(kind @ (3 | 4 | 5 | 11 | 12)) = message.first().copied() else { return };
    let before = sum(message.get(4..).unwrap_or_default());
    if kind == 5 {
        map_v4(rules, message, 4);
    }
    ipv4(rules, message.get_mut(8..).unwrap_or_default(), false);
    let after = sum(message.get(4..).unwrap_or_default());
    Change { old: before, new: after }.apply(message, 2);
}

fn icmpv6(rules: &Rules<'_>, message: &mut [u8], pseudo: Change, outer: bool) {
    let mut all = pseudo;
    match message.first() {
        // Errors quote the packet that they are about (RFC 4443, 3).
        Some(1..=4) if outer => {
            let before = sum(message.get(8..).unwrap_or_default());
            ipv6(rules, message.get_mut(8..).unwrap_or_default(), false);
            let after = sum(message.get(8..).unwrap_or_default());
            all.add(Change { old: before, new: after });
        }
        // Neighbour solicitation and advertisement: the target (RFC 4861, 4.3 and 4.4).
        Some(135 | 136) => all.add(map_v6(rules, message, 8)),
        // A redirect: the target and the destination (RFC 4861, 4.5).
        Some(137) => {
            all.add(map_v6(rules, message, 8));
            all.add(map_v6(rules, message, 24));
        }
        _ => {}
    }
    all.apply(message, 2);
}

/// The addresses of IPv4 in ARP (RFC 826), whatever the length of the hardware's.
fn arp(rules: &Rules<'_>, packet: &mut [u8]) {
    let Some(&[_, _, 8, 0, hardware, 4]) = packet.first_chunk() else { return };
    let hardware = usize::from(hardware);
    map_v4(rules, packet, 8 + hardware);
    map_v4(rules, packet, 8 + 2 * hardware + 4);
}
