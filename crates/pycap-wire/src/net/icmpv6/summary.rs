//! The one-line form of ICMPv6 messages, as tcpdump prints them.

use core::fmt;
use core::net::Ipv6Addr;
use core::ops::ControlFlow::{self, Break, Continue};

use super::mld::MldQuery;
use super::node_information::{
    NodeInformationAnswer, NodeInformationQuery, NodeInformationReply, NodeInformationSubject,
    NodeInformationType,
};
use super::renumbering::{RenumberingOp, RouterRenumbering};
use super::{Icmpv6, Icmpv6Message, Icmpv6Type};
use crate::display::from_fn;
use crate::{IpProtocol, Ipv6};

pub(super) fn summary<'a>(icmp: Icmpv6<'a>, len: usize) -> impl fmt::Display + 'a {
    from_fn(move |f| {
        f.write_str("ICMP6, ")?;
        match type_name(icmp.icmp_type()) {
            Some(name) => f.write_str(name)?,
            None => write!(f, "unknown icmp6 type ({})", icmp.icmp_type().0)?,
        }
        match write_message(f, &icmp, len)? {
            Continue(()) => write!(f, ", length {len}"),
            Break(End::Truncated) => f.write_str(TRUNCATED),
            Break(End::Bare) => Ok(()),
        }
    })
}

/// How a line ends that does not tell the length.
enum End {
    /// Bytes that the line would tell are missing.
    Truncated,
    /// There is nothing more to tell.
    Bare,
}

type Written = Result<ControlFlow<End>, fmt::Error>;

const TRUNCATED: &str = " [|icmp6]";

fn type_name(icmp_type: Icmpv6Type) -> Option<&'static str> {
    Some(match icmp_type {
        Icmpv6Type::TIME_EXCEEDED => "time exceeded in-transit",
        Icmpv6Type::NODE_INFORMATION_QUERY => "who-are-you request",
        Icmpv6Type::NODE_INFORMATION_REPLY => "who-are-you reply",
        Icmpv6Type::INVERSE_NEIGHBOR_SOLICITATION => "inverse neighbor solicitation",
        Icmpv6Type::INVERSE_NEIGHBOR_ADVERTISEMENT => "inverse neighbor advertisement",
        Icmpv6Type::HOME_AGENT_REQUEST => "ha discovery request",
        Icmpv6Type::HOME_AGENT_REPLY => "ha discovery reply",
        Icmpv6Type::MOBILE_PREFIX_SOLICITATION => "mobile router solicitation",
        Icmpv6Type::MOBILE_PREFIX_ADVERTISEMENT => "mobile router advertisement",
        Icmpv6Type::RPL => "RPL",
        // Of the numbers for private experiments (RFC 4443, 6), these two are in use.
        Icmpv6Type(200) => "mtrace response",
        Icmpv6Type(201) => "mtrace message",
        known if known.0 < 148 => return known.name(),
        _ => return None,
    })
}

fn write_message(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>, len: usize) -> Written {
    let code = icmp.code();
    match icmp.message() {
        Icmpv6Message::PacketTooBig(header) => write!(f, ", mtu {}", header.mtu())?,
        Icmpv6Message::EchoRequest(header) | Icmpv6Message::EchoReply(header) => {
            write!(f, ", id {}, seq {}", header.id(), header.seq())?;
        }
        Icmpv6Message::NeighborSolicitation(header, _) => write!(f, ", who has {}", header.target())?,
        Icmpv6Message::NeighborAdvertisement(header, _) => write!(f, ", tgt is {}", header.target())?,
        Icmpv6Message::Redirect(header, _) => write!(f, ", {} to {}", header.destination(), header.target())?,
        Icmpv6Message::RouterRenumbering(message) => renumbering(f, code, &message)?,
        Icmpv6Message::NodeInformationQuery(query) => information_query(f, code, &query)?,
        Icmpv6Message::NodeInformationReply(reply) => return information_reply(f, code, len, &reply),
        _ => return other(f, icmp, len),
    }
    Ok(Continue(()))
}

fn other(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>, len: usize) -> Written {
    let (code, body) = (icmp.code(), icmp.body());
    match icmp.icmp_type() {
        Icmpv6Type::DESTINATION_UNREACHABLE => return unreachable(f, icmp),
        Icmpv6Type::TIME_EXCEEDED => match (code, Ipv6::parse(quoted_bytes(icmp))) {
            (0, Ok(quoted)) => write!(f, " for {}", quoted.dst())?,
            (0, Err(_)) => return Ok(Break(End::Truncated)),
            (1, _) => f.write_str(" (reassembly)")?,
            _ => write!(f, ", unknown code ({code})")?,
        },
        Icmpv6Type::PARAMETER_PROBLEM => return parameter_problem(f, icmp),
        Icmpv6Type::MLD_QUERY => return query(f, icmp, len),
        Icmpv6Type::MLD_REPORT | Icmpv6Type::MLD_DONE => version_1(f, icmp)?,
        Icmpv6Type::MLDV2_REPORT if len < 8 => write!(f, " [invalid len {len}]")?,
        Icmpv6Type::MLDV2_REPORT => match icmp.message() {
            Icmpv6Message::Mldv2Report(header, _) => {
                write!(f, ", {} group record(s)", header.record_count())?
            }
            _ => return Ok(Break(End::Truncated)),
        },
        Icmpv6Type::MOBILE_PREFIX_SOLICITATION | Icmpv6Type::HOME_AGENT_REQUEST => match body {
            [a, b, ..] => write!(f, ", id {:#06x}", u16::from_be_bytes([*a, *b]))?,
            _ => return Ok(Break(End::Truncated)),
        },
        Icmpv6Type::RPL => match code {
            0x80.. => f.write_str(", (SEC) [worktodo]")?,
            0 => f.write_str(", (CLR)DODAG Information Solicitation")?,
            1 => f.write_str(", (CLR)DODAG Information Object")?,
            2 => f.write_str(", (CLR)Destination Advertisement Object")?,
            3 => f.write_str(", (CLR)Destination Advertisement Object Ack")?,
            _ => write!(f, ", (CLR)RPL message, unknown code {code}")?,
        },
        Icmpv6Type::ROUTER_RENUMBERING | Icmpv6Type::NODE_INFORMATION_REPLY => f.write_str(TRUNCATED)?,
        Icmpv6Type::NODE_INFORMATION_QUERY if body.len() == 8 => f.write_str(" who-are-you request")?,
        Icmpv6Type::NODE_INFORMATION_QUERY => write!(f, " node information query{TRUNCATED}")?,
        Icmpv6Type::PACKET_TOO_BIG
        | Icmpv6Type::ECHO_REQUEST
        | Icmpv6Type::ECHO_REPLY
        | Icmpv6Type::NEIGHBOR_SOLICITATION
        | Icmpv6Type::NEIGHBOR_ADVERTISEMENT
        | Icmpv6Type::REDIRECT => return Ok(Break(End::Truncated)),
        _ => {}
    }
    Ok(Continue(()))
}

/// The quoted packet, and what follows it: tcpdump does not cut where the length field says.
fn quoted_bytes<'a>(icmp: &Icmpv6<'a>) -> &'a [u8] {
    icmp.body().get(4..).unwrap_or_default()
}

fn unreachable(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>) -> Written {
    let name = match icmp.code() {
        0 => "unreachable route",
        // The second space is tcpdump's own.
        1 => " unreachable prohibited",
        2 => "beyond scope",
        3 => "unreachable address",
        4 => "unreachable port",
        code => {
            write!(f, ", unknown unreach code ({code})")?;
            return Ok(Break(End::Bare));
        }
    };
    write!(f, ", {name}")?;
    let Ok(quoted) = Ipv6::parse(quoted_bytes(icmp)) else { return Ok(Break(End::Truncated)) };
    match icmp.code() {
        2 => write!(f, " {}, source address {}", quoted.dst(), quoted.src())?,
        4 => match dst_port(quoted_bytes(icmp), &quoted) {
            Some((IpProtocol::TCP, port)) => write!(f, ", {} tcp port {port}", quoted.dst())?,
            Some((_, port)) => write!(f, ", {} udp port {port}", quoted.dst())?,
            None => return Ok(Break(End::Truncated)),
        },
        _ => write!(f, " {}", quoted.dst())?,
    }
    Ok(Continue(()))
}

/// The transport of the quoted packet behind its extension headers, if TCP or UDP, and its destination port: errors may
/// quote less of it than a whole header.
fn dst_port(quoted: &[u8], ip: &Ipv6<'_>) -> Option<(IpProtocol, u16)> {
    let mut protocol = ip.next_header();
    let mut rest = quoted.get(ip.header_len()..)?;
    loop {
        let length = match (protocol, rest) {
            (IpProtocol::TCP | IpProtocol::UDP, [_, _, a, b, ..]) => {
                return Some((protocol, u16::from_be_bytes([*a, *b])));
            }
            (
                IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS | IpProtocol::ROUTING,
                [_, units, ..],
            ) => (usize::from(*units) + 1) * 8,
            (IpProtocol::FRAGMENT, [_, _, high, low, ..]) if *high == 0 && low >> 3 == 0 => 8,
            (IpProtocol::AH, [_, words, ..]) => (usize::from(*words) + 2) * 4,
            _ => return None,
        };
        protocol = IpProtocol(*rest.first()?);
        rest = rest.get(length..)?;
    }
}

fn parameter_problem(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>) -> Written {
    let (Icmpv6Message::ParameterProblem(header), Ok(_)) = (icmp.message(), Ipv6::parse(quoted_bytes(icmp)))
    else {
        return Ok(Break(End::Truncated));
    };
    let pointer = header.pointer();
    match icmp.code() {
        0 => write!(f, ", erroneous - octet {pointer}")?,
        1 => write!(f, ", next header - octet {pointer}")?,
        2 => write!(f, ", option - octet {pointer}")?,
        3 => write!(f, ", incomplete header chain - octet {pointer}")?,
        code => write!(f, ", code-#{code}")?,
    }
    Ok(Continue(()))
}

fn version_1(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>) -> fmt::Result {
    match icmp.message() {
        Icmpv6Message::MldQuery(MldQuery { header, .. })
        | Icmpv6Message::MldReport(header)
        | Icmpv6Message::MldDone(header) => {
            write!(f, "max resp delay: {} addr: {}", header.max_response_code(), header.group())
        }
        _ => Ok(()),
    }
}

fn query(f: &mut fmt::Formatter<'_>, icmp: &Icmpv6<'_>, len: usize) -> Written {
    match len {
        24 => version_1(f, icmp)?,
        28.. => {
            f.write_str(" v2")?;
            let Icmpv6Message::MldQuery(query) = icmp.message() else {
                return Ok(Break(End::Truncated));
            };
            write!(f, " [gaddr {}", query.header.group())?;
            let Some(v2) = query.v2 else { return Ok(Break(End::Truncated)) };
            match v2.source_count() {
                0 => {}
                count if len < 28 + usize::from(count) * 16 => f.write_str(" [invalid number of sources]")?,
                count => write!(f, ", {count} source(s)")?,
            }
            f.write_str("]")?;
        }
        _ => write!(f, " unknown-version (len {len}) ")?,
    }
    Ok(Continue(()))
}

fn renumbering(f: &mut fmt::Formatter<'_>, code: u8, message: &RouterRenumbering<'_>) -> fmt::Result {
    match code {
        0 => f.write_str(", command"),
        1 => f.write_str(", result"),
        255 => f.write_str(", sequence number reset"),
        _ => write!(f, ", code-#{code}"),
    }?;
    write!(f, ", seq={}", message.header.seq())?;
    if code != 0 {
        return Ok(());
    }
    let Some(operation) = message.operations().next() else { return f.write_str(TRUNCATED) };
    let matched = operation.matched;
    match matched.op() {
        known if known.name().is_some() => write!(f, " match({known}"),
        RenumberingOp(number) => write!(f, " match(#{number}"),
    }?;
    write!(f, ",{}/{})", matched.prefix(), matched.match_len())?;
    // 3 for the match-prefix part, 4 for each use-prefix part (RFC 2894, 3.2.1).
    let count = matched.op_len().checked_sub(3).filter(|units| units % 4 == 0).map(|units| units / 4);
    let Some(count) = count else { return f.write_str(TRUNCATED) };
    let mut found = 0;
    for part in operation.uses() {
        f.write_str(" use(")?;
        if part.flags() != 0 {
            let mark = |bit, name| if part.flags() & bit != 0 { name } else { "" };
            write!(f, "{}{},", mark(0x8000_0000, "V"), mark(0x4000_0000, "P"))?;
        }
        write!(f, "{}/{}/{})", part.prefix(), part.use_len(), part.keep_len())?;
        found += 1;
    }
    if found < count { f.write_str(TRUNCATED) } else { Ok(()) }
}

fn information_query(f: &mut fmt::Formatter<'_>, code: u8, query: &NodeInformationQuery<'_>) -> fmt::Result {
    let header = query.header;
    f.write_str(" node information query (")?;
    match header.qtype() {
        NodeInformationType::NOOP => return f.write_str("noop)"),
        NodeInformationType::SUPPORTED_TYPES => {
            supported_types(f, header.flags())?;
            return f.write_str(")");
        }
        NodeInformationType::NODE_NAME => f.write_str("DNS name"),
        NodeInformationType::NODE_ADDRESSES => {
            f.write_str("node addresses")?;
            address_flags(f, header.flags(), false)
        }
        _ => f.write_str("unknown"),
    }?;
    match (code, query.subject(), query.data()) {
        (_, _, []) => f.write_str(", 03 draft")?,
        (_, NodeInformationSubject::Ipv6(address), data) if data.len() == 16 => {
            write!(f, ", subject={address}")?
        }
        (_, NodeInformationSubject::Ipv4(address), data) if data.len() == 4 => {
            write!(f, ", subject={address}")?
        }
        (1, _, data) => {
            f.write_str(", subject=DNS name")?;
            name(f, data)?;
        }
        (0 | 2, ..) => {}
        _ => f.write_str(", unknown subject")?,
    }
    f.write_str(")")
}

fn information_reply(
    f: &mut fmt::Formatter<'_>,
    code: u8,
    len: usize,
    reply: &NodeInformationReply<'_>,
) -> Written {
    let (header, data) = (reply.header, reply.data());
    if len > data.len() + 16 {
        f.write_str(TRUNCATED)?;
        return Ok(Continue(()));
    }
    f.write_str(" node information reply (")?;
    match (code, header.qtype()) {
        (0, NodeInformationType::NOOP) => f.write_str("noop")?,
        (0, NodeInformationType::SUPPORTED_TYPES) => supported_types(f, header.flags())?,
        (0, NodeInformationType::NODE_NAME) => {
            f.write_str("DNS name")?;
            let Some((ttl, names)) = data.split_first_chunk().filter(|(_, names)| !names.is_empty()) else {
                return Ok(Break(End::Truncated));
            };
            name(f, names)?;
            if header.flags() & 1 != 0 {
                write!(f, " [TTL={}]", u32::from_be_bytes(*ttl))?;
            }
        }
        (0, NodeInformationType::NODE_ADDRESSES) => {
            f.write_str("node addresses")?;
            if let NodeInformationAnswer::Ipv6(entries) = reply.answer() {
                for ([a, b, c, d], address) in entries.iter().filter_map(|entry| entry.split_first_chunk()) {
                    let address =
                        address.first_chunk::<16>().map_or(Ipv6Addr::UNSPECIFIED, |octets| (*octets).into());
                    write!(f, " {address}({})", u32::from_be_bytes([*a, *b, *c, *d]))?;
                }
            }
            address_flags(f, header.flags(), true)?;
        }
        (0, _) | (2, _) => f.write_str("unknown")?,
        (1, _) => f.write_str("refused")?,
        _ => {}
    }
    f.write_str(")")?;
    Ok(Continue(()))
}

fn supported_types(f: &mut fmt::Formatter<'_>, flags: u16) -> fmt::Result {
    f.write_str("supported qtypes")?;
    match flags {
        0 => Ok(()),
        flags if flags & 1 != 0 => f.write_str(" [C]"),
        _ => f.write_str(" []"),
    }
}

fn address_flags(f: &mut fmt::Formatter<'_>, flags: u16, reply: bool) -> fmt::Result {
    if flags == 0 {
        return Ok(());
    }
    f.write_str(" [")?;
    let marks = [(0x40, "a"), (0x20, "G"), (0x10, "S"), (0x08, "L"), (0x04, "C"), (0x02, "A"), (0x01, "T")];
    for (bit, mark) in marks {
        if flags & bit != 0 && (reply || bit != 0x01) {
            f.write_str(mark)?;
        }
    }
    f.write_str("]")
}

/// A name in quotes: labels with a length byte each; or, from a draft of RFC 4620, all the rest after one length byte.
fn name(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    f.write_str(", \"")?;
    match bytes.split_first() {
        Some((length, text)) if usize::from(*length) == text.len() => visible(f, text)?,
        _ => labels(f, bytes)?,
    }
    f.write_str("\"")
}

fn labels(f: &mut fmt::Formatter<'_>, mut rest: &[u8]) -> fmt::Result {
    while let Some((length, after)) = rest.split_first() {
        if *length == 0 {
            return match after {
                [] => f.write_str("."),
                [0] => Ok(()),
                _ => f.write_str("???"),
            };
        }
        let Some((label, after)) = after.split_at_checked(usize::from(*length)) else {
            return f.write_str("???");
        };
        visible(f, label)?;
        if matches!(after, [1..=255, _, ..]) {
            f.write_str(".")?;
        }
        rest = after;
    }
    Ok(())
}

/// Bytes as text, in the caret notation where they are not printable ASCII.
fn visible(f: &mut fmt::Formatter<'_>, bytes: &[u8]) -> fmt::Result {
    for byte in bytes {
        let (meta, low) = (if byte & 0x80 != 0 { "M-" } else { "" }, byte & 0x7f);
        match low {
            b' '..=b'~' => write!(f, "{meta}{}", char::from(low)),
            _ => write!(f, "{meta}^{}", char::from(low ^ 0x40)),
        }?;
    }
    Ok(())
}
