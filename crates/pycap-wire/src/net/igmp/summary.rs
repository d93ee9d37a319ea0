//! tcpdump's line for IGMP messages.

use core::fmt;

use super::{Igmp, IgmpHeader, IgmpMessage, IgmpType, decode};

pub(super) fn write(f: &mut fmt::Formatter<'_>, igmp: &Igmp<'_>) -> fmt::Result {
    let (word, length) = (igmp.word(), igmp.header_len().saturating_add(igmp.payload.len()));
    match igmp.message_type() {
        IgmpType::QUERY => return write_query(f, igmp, length),
        IgmpType::V1_REPORT => write!(f, "igmp v1 report {}", word)?,
        IgmpType::V2_REPORT => write!(f, "igmp v2 report {}", word)?,
        IgmpType::LEAVE => write!(f, "igmp leave {}", word)?,
        IgmpType::V3_REPORT => {
            let [_, _, high, low] = word.octets();
            return match length {
                16.. if length % 4 == 0 => {
                    write!(f, "igmp v3 report, {} group record(s)", u16::from_be_bytes([high, low]))
                }
                _ => write!(f, "igmp v3 report [invalid len {length}]"),
            };
        }
        IgmpType::DVMRP => return write!(f, "igmp dvmrp {}", dvmrp_name(igmp.start.code())),
        IgmpType::PIM => return write!(f, "igmp pimv1 {}", pim_name(igmp.start.code())),
        IgmpType::MTRACE | IgmpType::MTRACE_RESPONSE => return write_mtrace(f, igmp, length),
        other => return write!(f, "igmp-{}", other.0),
    }
    if length == IgmpHeader::LEN { Ok(()) } else { write!(f, " [len {length}]") }
}

fn write_query(f: &mut fmt::Formatter<'_>, igmp: &Igmp<'_>, length: usize) -> fmt::Result {
    let (code, group) = (igmp.start.code(), igmp.word());
    let IgmpMessage::V3Query(query, _) = igmp.message() else {
        match code {
            0 => f.write_str("igmp query v1")?,
            100 => f.write_str("igmp query v2")?,
            _ => write!(f, "igmp query v2 [max resp time {code}]")?,
        }
        if !group.is_unspecified() {
            write!(f, " [gaddr {group}]")?;
        }
        return if length == IgmpHeader::LEN { Ok(()) } else { write!(f, " [len {length}]") };
    };
    f.write_str("igmp query v3")?;
    match decode(code) {
        100 => (),
        tenths @ 0..600 => write!(f, " [max resp time {}.{}s]", tenths / 10, tenths % 10)?,
        tenths => match (tenths / 600, tenths / 10 % 60) {
            (minutes, 0) => write!(f, " [max resp time {minutes}m]")?,
            (minutes, seconds) => write!(f, " [max resp time {minutes}m{seconds}s]")?,
        },
    }
    match query.source_count() {
        _ if group.is_unspecified() => Ok(()),
        0 => write!(f, " [gaddr {group}]"),
        count if igmp.missing != 0 => write!(f, " [gaddr {group} [invalid number of sources {count}]"),
        count => write!(f, " [gaddr {group}, {count} source(s)]"),
    }
}

fn write_mtrace(f: &mut fmt::Formatter<'_>, igmp: &Igmp<'_>, length: usize) -> fmt::Result {
    let name = if igmp.message_type() == IgmpType::MTRACE { "mtrace" } else { "mresp" };
    let IgmpMessage::Mtrace(header, _) = igmp.message() else {
        return write!(f, "{name} [invalid len {length}]");
    };
    let (id, ttl) = (header.id(), header.ttl());
    let response = header.response();
    write!(f, "{name} {id}: {} to {} reply-to {response}", header.src(), header.dst())?;
    if response.is_multicast() { write!(f, " with-ttl {ttl}") } else { Ok(()) }
}

/// The messages of DVMRP, by the code in the IGMP header (draft-ietf-idmr-dvmrp-v3).
fn dvmrp_name(code: u8) -> &'static str {
    match code {
        1 => "Probe",
        2 => "Report",
        3 => "Ask-neighbors",
        4 => "Neighbors",
        5 => "Ask-neighbors2",
        6 => "Neighbors2",
        7 => "Prune",
        8 => "Graft",
        9 => "Graft-ACK",
        _ => "[type unknown]",
    }
}

/// The messages of PIM version 1, by the code in the IGMP header.
fn pim_name(code: u8) -> &'static str {
    match code {
        0 => "Query",
        1 => "Register",
        2 => "Register-Stop",
        3 => "Join/Prune",
        4 => "RP-reachable",
        5 => "Assert",
        6 => "Graft",
        7 => "Graft-ACK",
        _ => "[type unknown]",
    }
}
