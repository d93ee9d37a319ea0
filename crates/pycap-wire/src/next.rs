//! What a layer says about the bytes that follow it, and why a walk ended.

use core::fmt;

use crate::{Application, Error, EtherType, IpProtocol, LinkType};

/// What a layer's header says about its payload: a number, with the space that it is from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Next {
    /// Nothing: the payload is data, or there is none.
    End,
    /// A frame of this link type.
    Link(LinkType),
    /// A payload named by its EtherType.
    EtherType(EtherType),
    /// An IEEE 802.2 LLC header (after an 802.3 length).
    Llc,
    /// An LLC payload without SNAP, named by its destination service access point.
    Sap(u8),
    /// A SNAP payload whose organisation is not the EtherType's: OUI and protocol id.
    Snap {
        /// The organisation, 24 bits.
        oui: u32,
        /// The organisation's own number.
        pid: u16,
    },
    /// A payload named by its IP protocol number.
    IpProtocol(IpProtocol),
    /// A piece of a fragmented IP packet that is not the first: no header stands at its start.
    Fragment(IpProtocol),
    /// A TCP segment's data between two ports that no table names.
    Tcp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
    },
    /// A UDP datagram's data between two ports that no table names.
    Udp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
    },
    /// An application that the port table names.
    Application(Application),
}

/// Why dissection went no further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Stop {
    /// All that is there was dissected; what is left, if anything, is data.
    End,
    /// The bytes end inside the header that comes next.
    Truncated(Error),
    /// A header contradicts itself; it is the last layer shown, or could not be shown at all.
    Malformed(Error),
    /// The next protocol has a number but no dissector here.
    Unknown(Next),
    /// The payload is a later piece of a fragmented packet.
    Fragment(IpProtocol),
    /// There are more layers than the limit allows.
    DepthLimit,
}

impl Stop {
    pub(crate) fn from_error(error: Error) -> Self {
        match error.kind() {
            crate::ErrorKind::Truncated => Self::Truncated(error),
            _ => Self::Malformed(error),
        }
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("nothing more"),
            Self::Link(n) => write!(f, "link type {n} ({})", n.0),
            Self::EtherType(n) if n.name().is_some() => write!(f, "EtherType {:#06x} ({n})", n.0),
            Self::EtherType(n) => write!(f, "EtherType {:#06x}", n.0),
            Self::Llc => f.write_str("LLC"),
            Self::Sap(sap) => write!(f, "LLC SAP {sap:#04x}"),
            Self::Snap { oui, pid } => write!(f, "SNAP OUI {oui:#08x} protocol {pid:#06x}"),
            Self::IpProtocol(n) if n.name().is_some() => write!(f, "IP protocol {} ({n})", n.0),
            Self::IpProtocol(n) => write!(f, "IP protocol {}", n.0),
            Self::Fragment(n) => write!(f, "a later fragment of IP protocol {}", n.0),
            Self::Tcp { src_port, dst_port } => write!(f, "TCP ports {src_port} and {dst_port}"),
            Self::Udp { src_port, dst_port } => write!(f, "UDP ports {src_port} and {dst_port}"),
            Self::Application(application) => write!(f, "{application}"),
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::End => f.write_str("end"),
            Self::Truncated(error) => write!(f, "truncated: {error}"),
            Self::Malformed(error) => write!(f, "malformed: {error}"),
            Self::Unknown(next) => write!(f, "unknown protocol: {next}"),
            Self::Fragment(n) => write!(f, "a later fragment of IP protocol {}", n.0),
            Self::DepthLimit => f.write_str("too many layers"),
        }
    }
}
