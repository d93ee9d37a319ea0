//! The one-line form of ICMP messages, as tcpdump prints them.

use core::fmt;
use core::net::Ipv4Addr;

use super::message::FRAGMENTATION_NEEDED;
use super::{Icmpv4, Icmpv4Message, Icmpv4Type, RouterAdvertisement};
use crate::display::from_fn;
use crate::{IpProtocol, Ipv4};

pub(super) fn summary<'a>(icmp: Icmpv4<'a>, len: usize) -> impl fmt::Display + 'a {
    from_fn(move |f| {
        if !is_complete(&icmp) {
            return f.write_str(" [|icmp]");
        }
        f.write_str("ICMP ")?;
        write_message(f, &icmp)?;
        write!(f, ", length {len}")
    })
}

/// The quoted packet, and what follows it: tcpdump does not cut where the length field says.
fn quoted<'a>(icmp: &Icmpv4<'a>) -> &'a [u8] {
    icmp.body().get(4..).unwrap_or_default()
}

/// Whether all that the line tells is there.
fn is_complete(icmp: &Icmpv4<'_>) -> bool {
    let ip = Ipv4::parse(quoted(icmp));
    match icmp.message() {
        Icmpv4Message::DestinationUnreachable(_) => {
            ip.is_ok_and(|ip| icmp.code() != 3 || dst_port(quoted(icmp), &ip).is_some())
        }
        Icmpv4Message::Redirect(_) | Icmpv4Message::TimeExceeded(_) => ip.is_ok(),
        Icmpv4Message::RouterAdvertisement(advertisement) => {
            let header = advertisement.header();
            header.entry_size() != 2 || advertisement.addresses().count() == usize::from(header.count())
        }
        Icmpv4Message::Unknown(body) => match icmp.icmp_type() {
            Icmpv4Type::PARAMETER_PROBLEM => icmp.code() != 0 || !body.is_empty(),
            Icmpv4Type::TIMESTAMP_REQUEST => body.len() >= 4,
            Icmpv4Type::ECHO_REPLY
            | Icmpv4Type::DESTINATION_UNREACHABLE
            | Icmpv4Type::REDIRECT
            | Icmpv4Type::ECHO_REQUEST
            | Icmpv4Type::ROUTER_ADVERTISEMENT
            | Icmpv4Type::TIME_EXCEEDED
            | Icmpv4Type::TIMESTAMP_REPLY
            | Icmpv4Type::ADDRESS_MASK_REPLY => false,
            _ => true,
        },
        _ => true,
    }
}

fn write_message(f: &mut fmt::Formatter<'_>, icmp: &Icmpv4<'_>) -> fmt::Result {
    let code = icmp.code();
    match icmp.message() {
        Icmpv4Message::EchoRequest(header) => {
            write!(f, "echo request, id {}, seq {}", header.id(), header.seq())
        }
        Icmpv4Message::EchoReply(header) => write!(f, "echo reply, id {}, seq {}", header.id(), header.seq()),
        Icmpv4Message::DestinationUnreachable(header) => unreachable(f, icmp, header.mtu()),
        Icmpv4Message::Redirect(header) => {
            let Ok(ip) = Ipv4::parse(quoted(icmp)) else { return Ok(()) };
            let (dst, gateway) = (ip.dst(), header.gateway());
            match code {
                0 => write!(f, "redirect {dst} to net {gateway}"),
                1 => write!(f, "redirect {dst} to host {gateway}"),
                2 => write!(f, "redirect-tos {dst} to net {gateway}"),
                3 => write!(f, "redirect-tos {dst} to host {gateway}"),
                _ => write!(f, "redirect-#{code} {dst} to {gateway}"),
            }
        }
        Icmpv4Message::RouterAdvertisement(advertisement) => router(f, &advertisement),
        Icmpv4Message::TimestampReply(header) => write!(
            f,
            "time stamp reply id {} seq {}: org {}, recv {}, xmit {}",
            header.id(),
            header.seq(),
            TimeOfDay(header.originate()),
            TimeOfDay(header.receive()),
            TimeOfDay(header.transmit())
        ),
        Icmpv4Message::AddressMaskReply(header) => {
            write!(f, "address mask is {:#010x}", header.mask().to_bits())
        }
        _ => other(f, icmp),
    }
}

/// Messages of which the line tells no more than their first bytes.
fn other(f: &mut fmt::Formatter<'_>, icmp: &Icmpv4<'_>) -> fmt::Result {
    match (icmp.icmp_type(), icmp.code(), icmp.body()) {
        (Icmpv4Type::SOURCE_QUENCH, ..) => f.write_str("source quench"),
        (Icmpv4Type::ROUTER_SOLICITATION, ..) => f.write_str("router solicitation"),
        (Icmpv4Type::TIME_EXCEEDED, 0, _) => f.write_str("time exceeded in-transit"),
        (Icmpv4Type::TIME_EXCEEDED, 1, _) => f.write_str("ip reassembly time exceeded"),
        (Icmpv4Type::TIME_EXCEEDED, code, _) => write!(f, "time exceeded-#{code}"),
        (Icmpv4Type::PARAMETER_PROBLEM, 0, [pointer, ..]) => write!(f, "parameter problem - octet {pointer}"),
        (Icmpv4Type::PARAMETER_PROBLEM, code, _) => write!(f, "parameter problem - code {code}"),
        (Icmpv4Type::TIMESTAMP_REQUEST, _, [a, b, c, d, ..]) => {
            let (id, seq) = (u16::from_be_bytes([*a, *b]), u16::from_be_bytes([*c, *d]));
            write!(f, "time stamp query id {id} seq {seq}")
        }
        (Icmpv4Type::INFORMATION_REQUEST, ..) => f.write_str("information request"),
        (Icmpv4Type::INFORMATION_REPLY, ..) => f.write_str("information reply"),
        (Icmpv4Type::ADDRESS_MASK_REQUEST, ..) => f.write_str("address mask request"),
        (Icmpv4Type(number), ..) => write!(f, "type-#{number}"),
    }
}

fn unreachable(f: &mut fmt::Formatter<'_>, icmp: &Icmpv4<'_>, mtu: u16) -> fmt::Result {
    let Ok(ip) = Ipv4::parse(quoted(icmp)) else { return Ok(()) };
    let (dst, protocol) = (ip.dst(), ip.protocol());
    match icmp.code() {
        0 => write!(f, "net {dst} unreachable"),
        1 => write!(f, "host {dst} unreachable"),
        2 => write!(f, "{dst} protocol {} unreachable", protocol.0),
        3 => match dst_port(quoted(icmp), &ip) {
            Some(port) => port_unreachable(f, dst, protocol, port),
            None => Ok(()),
        },
        FRAGMENTATION_NEEDED if mtu == 0 => write!(f, "{dst} unreachable - need to frag"),
        FRAGMENTATION_NEEDED => write!(f, "{dst} unreachable - need to frag (mtu {mtu})"),
        5 => write!(f, "{dst} unreachable - source route failed"),
        6 => write!(f, "net {dst} unreachable - unknown"),
        7 => write!(f, "host {dst} unreachable - unknown"),
        8 => write!(f, "{dst} unreachable - source host isolated"),
        9 => write!(f, "net {dst} unreachable - admin prohibited"),
        10 => write!(f, "host {dst} unreachable - admin prohibited"),
        11 => write!(f, "net {dst} unreachable - tos prohibited"),
        12 => write!(f, "host {dst} unreachable - tos prohibited"),
        13 => write!(f, "host {dst} unreachable - admin prohibited filter"),
        14 => write!(f, "host {dst} unreachable - host precedence violation"),
        15 => write!(f, "host {dst} unreachable - precedence cutoff"),
        code => write!(f, "{dst} unreachable - #{code}"),
    }
}

/// The destination port of the quoted packet, whatever its transport: errors quote as little as 8 bytes of it.
fn dst_port(quoted: &[u8], ip: &Ipv4<'_>) -> Option<u16> {
    let [_, _, a, b] = quoted.get(ip.header().header_len()..)?.first_chunk()?;
    Some(u16::from_be_bytes([*a, *b]))
}

fn port_unreachable(
    f: &mut fmt::Formatter<'_>,
    dst: Ipv4Addr,
    protocol: IpProtocol,
    port: u16,
) -> fmt::Result {
    match protocol {
        IpProtocol::TCP => write!(f, "{dst} tcp port {port} unreachable"),
        IpProtocol::UDP => write!(f, "{dst} udp port {port} unreachable"),
        IpProtocol(number) => write!(f, "{dst} protocol {number} port {port} unreachable"),
    }
}

fn router(f: &mut fmt::Formatter<'_>, advertisement: &RouterAdvertisement<'_>) -> fmt::Result {
    let header = advertisement.header();
    f.write_str("router advertisement lifetime ")?;
    match header.lifetime() {
        seconds @ 0..60 => write!(f, "{seconds}"),
        seconds @ 60..3600 => write!(f, "{}:{:02}", seconds / 60, seconds % 60),
        seconds => write!(f, "{}:{:02}:{:02}", seconds / 3600, seconds % 3600 / 60, seconds % 60),
    }?;
    write!(f, " {}:", header.count())?;
    if header.entry_size() != 2 {
        return write!(f, " [size {}]", header.entry_size());
    }
    for entry in advertisement.addresses() {
        write!(f, " {{{} {}}}", entry.address, entry.preference as u32)?;
    }
    Ok(())
}

/// Milliseconds since midnight as hours, minutes, seconds.
struct TimeOfDay(u32);

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.0 / 1000, self.0 % 1000);
        write!(f, "{:02}:{:02}:{:02}.{millis:03}", seconds / 3600, seconds % 3600 / 60, seconds % 60)
    }
}
