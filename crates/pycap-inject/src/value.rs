//! Fields by their names: for expressions, and for programs that know a field's name only when they run.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::MacAddr;

use crate::Derived;

/// A value that a field is set to, before anyone has looked at what the field takes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum FieldValue {
    /// A number.
    Uint(u64),
    /// An Ethernet address.
    Mac(MacAddr),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// Bytes, or text.
    Bytes(Vec<u8>),
    /// The name of a number, or names joined by `|`.
    Word(String),
    /// Something with arguments: an option, a record.
    Call(String, Vec<FieldValue>),
    /// Several values.
    List(Vec<FieldValue>),
}

/// What there is to know of a layer's field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name, as in [`pycap_wire::Field::name`].
    pub name: &'static str,
    /// What it takes: `u16`, `IPv4 address`.
    pub takes: &'static str,
    /// What it is, in a sentence.
    pub doc: &'static str,
    /// Whether it is computed unless set, and as one of which kind.
    pub derived: Option<Derived>,
}

/// Why a field was not set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldError(String);

impl FieldError {
    #[cold]
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// There is no such field; names those there are.
    #[cold]
    pub(crate) fn no_field(layer: &str, name: &str, fields: &[FieldInfo]) -> Self {
        let names: Vec<&str> = fields.iter().map(|field| field.name).collect();
        match names.as_slice() {
            [] => Self(format!("{layer} has no field {name}, nor any other")),
            names => Self(format!("{layer} has no field {name}; it has {}", names.join(", "))),
        }
    }

    /// No number of a type, given with its path, has this name.
    #[cold]
    pub(crate) fn unnamed(path: &str, word: &str) -> Self {
        let name = path.rsplit("::").next().unwrap_or(path).trim();
        Self(format!("no {name} is named {word}: give its number"))
    }

    /// The field has fewer bits, or counts in larger units.
    #[cold]
    pub(crate) fn does_not_fit(value: &FieldValue) -> Self {
        Self(format!("{value} does not fit into the field"))
    }

    #[cold]
    fn wanted(what: &str, found: &FieldValue) -> Self {
        Self(format!("needs {what}, found {found}"))
    }
}

impl fmt::Display for FieldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FieldError {}

/// A layer whose fields are known by name, and whose derived fields can be kept or computed.
pub trait Edit {
    /// The layer's fields.
    fn fields(&self) -> &'static [FieldInfo];

    /// Sets a field by its name; one that is computed unless set keeps the value.
    ///
    /// # Errors
    /// There is no such field, or it does not take such a value.
    fn set(&mut self, field: &str, value: &FieldValue) -> Result<(), FieldError>;

    /// Has all derived fields of a kind computed when the packet is written, also those that were set.
    fn compute(&mut self, derived: Derived);

    /// Keeps all derived fields as they are now.
    fn keep(&mut self);
}

/// As an expression has it.
impl fmt::Display for FieldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, values: &[Self]| {
            values
                .iter()
                .enumerate()
                .try_for_each(|(i, value)| write!(f, "{}{value}", if i > 0 { ", " } else { "" }))
        };
        match self {
            Self::Uint(number) => write!(f, "{number}"),
            Self::Mac(mac) => write!(f, "{mac}"),
            Self::Ipv4(address) => write!(f, "{address}"),
            Self::Ipv6(address) => write!(f, "{address}"),
            Self::Bytes(bytes) => write!(f, "\"{}\"", bytes.escape_ascii()),
            Self::Word(word) => f.write_str(word),
            Self::Call(name, arguments) => {
                write!(f, "{name}(")?;
                list(f, arguments)?;
                f.write_str(")")
            }
            Self::List(values) => {
                f.write_str("[")?;
                list(f, values)?;
                f.write_str("]")
            }
        }
    }
}

/// A type that a field's value is made of.
pub(crate) trait FromValue: Sized {
    const TAKES: &'static str;
    fn from_value(value: &FieldValue) -> Result<Self, FieldError>;
}

macro_rules! numbers {
    ($($t:ty: $takes:literal)*) => {$(
        impl FromValue for $t {
            const TAKES: &'static str = $takes;
            fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
                match value {
                    FieldValue::Uint(number) => Self::try_from(*number).map_err(|_| {
                        FieldError::new(format!("{number} is more than {}", Self::MAX))
                    }),
                    other => Err(FieldError::wanted("a number", other)),
                }
            }
        }
    )*};
}
numbers!(u8: "8 bits" u16: "16 bits" u32: "32 bits" u64: "64 bits" usize: "number");

impl FromValue for bool {
    const TAKES: &'static str = "0 or 1";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Uint(0) => Ok(false),
            FieldValue::Uint(1) => Ok(true),
            other => Err(FieldError::wanted(Self::TAKES, other)),
        }
    }
}

impl FromValue for MacAddr {
    const TAKES: &'static str = "Ethernet address";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Mac(mac) => Ok(*mac),
            FieldValue::Word(word) if word == "broadcast" => Ok(Self::BROADCAST),
            other => Err(FieldError::wanted("an Ethernet address", other)),
        }
    }
}

impl FromValue for Ipv4Addr {
    const TAKES: &'static str = "IPv4 address";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Ipv4(address) => Ok(*address),
            other => Err(FieldError::wanted("an IPv4 address", other)),
        }
    }
}

impl FromValue for Ipv6Addr {
    const TAKES: &'static str = "IPv6 address";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Ipv6(address) => Ok(*address),
            other => Err(FieldError::wanted("an IPv6 address", other)),
        }
    }
}

impl<const N: usize> FromValue for [u8; N] {
    const TAKES: &'static str = "bytes";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Bytes(bytes) => Self::try_from(bytes.as_slice())
                .map_err(|_| FieldError::new(format!("needs {N} bytes, found {}", bytes.len()))),
            other => Err(FieldError::wanted(&format!("{N} bytes"), other)),
        }
    }
}

impl FromValue for Vec<u8> {
    const TAKES: &'static str = "bytes";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Bytes(bytes) => Ok(bytes.clone()),
            other => Err(FieldError::wanted("bytes", other)),
        }
    }
}

/// Numbers that have names.
macro_rules! named {
    ($($t:ty)*) => {$(
        impl FromValue for $t {
            const TAKES: &'static str = "number or name";
            fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
                match value {
                    FieldValue::Word(word) => Self::from_name(word)
                        .ok_or_else(|| FieldError::unnamed(stringify!($t), word)),
                    value => FromValue::from_value(value).map(Self),
                }
            }
        }
    )*};
}
pub(crate) use named;
named!(
    pycap_wire::AddressFamily
    pycap_wire::ArpOperation
    pycap_wire::DhcpMessageType
    pycap_wire::DhcpOperation
    pycap_wire::DhcpOptionCode
    pycap_wire::DnsOpcode
    pycap_wire::DnsRcode
    pycap_wire::DnsType
    pycap_wire::EtherType
    pycap_wire::GeneveOptionClass
    pycap_wire::GtpuExtensionType
    pycap_wire::GtpuMessageType
    pycap_wire::HardwareType
    pycap_wire::IpProtocol
    pycap_wire::Ipv6RoutingType
    pycap_wire::MobilityType
    pycap_wire::Oui
    pycap_wire::PppProtocol
    pycap_wire::PppoeCode
    pycap_wire::Sap
    pycap_wire::SctpChunkType
    pycap_wire::SctpPayloadProtocol
    pycap_wire::SllPacketType
    pycap_wire::StpType
    pycap_wire::StpVersion
    pycap_wire::VxlanNextProtocol
);

impl FromValue for pycap_wire::TcpFlags {
    const TAKES: &'static str = "number, or syn|ack";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Word(word) => word.split('|').try_fold(Self(0), |flags, name| {
                let flag = match name.trim().to_ascii_lowercase().as_str() {
                    "fin" | "f" => Self::FIN,
                    "syn" | "s" => Self::SYN,
                    "rst" | "r" => Self::RST,
                    "psh" | "p" => Self::PSH,
                    "ack" | "a" => Self::ACK,
                    "urg" | "u" => Self::URG,
                    "ece" | "e" => Self::ECE,
                    "cwr" | "c" => Self::CWR,
                    "ae" | "ns" => Self::AE,
                    name => return Err(FieldError::new(format!("no TCP flag is named {name}"))),
                };
                Ok(Self(flags.0 | flag.0))
            }),
            value => FromValue::from_value(value).map(Self),
        }
    }
}
