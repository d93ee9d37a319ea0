//! One walk over a layer's fields: name, byte offset, value.

use core::fmt;
use core::net::{Ipv4Addr, Ipv6Addr};

use crate::MacAddr;

/// One field of a layer, as [`Layer::fields`](crate::Layer::fields) hands it out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Field<'a> {
    /// The field's name: lower case, words joined by `_`, unique within its layer unless [`repeated`](Self::repeated) or
    /// from an option that may come once and comes again.
    pub name: &'static str,
    /// Where the field's first byte stands, counted from the layer's first byte.
    pub offset: usize,
    /// The field's value in host byte order.
    pub value: Value<'a>,
    /// What the number stands for, where it has a name (`"IPv4"` for EtherType 0x800).
    pub meaning: Option<&'static str>,
    /// Whether the field belongs to a list: it may come any number of times, and is a list when it comes once.
    pub repeated: bool,
}

/// The value of a [`Field`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// A number that people read in decimal.
    Uint(u64),
    /// A number that people read in hexadecimal.
    Hex(u64),
    /// An Ethernet address.
    Mac(MacAddr),
    /// An IPv4 address.
    Ipv4(Ipv4Addr),
    /// An IPv6 address.
    Ipv6(Ipv6Addr),
    /// Bytes that have no finer form here.
    Bytes(&'a [u8]),
}

/// The visitor that [`Layer::fields`](crate::Layer::fields) calls for each field.
pub type Visit<'v, 'a> = &'v mut dyn FnMut(Field<'a>);

impl<'a> Field<'a> {
    /// A field with any value.
    pub fn new(name: &'static str, offset: usize, value: Value<'a>) -> Self {
        Self { name, offset, value, meaning: None, repeated: false }
    }

    /// A decimal number.
    pub fn uint(name: &'static str, offset: usize, value: impl Into<u64>) -> Self {
        Self::new(name, offset, Value::Uint(value.into()))
    }

    /// A hexadecimal number.
    pub fn hex(name: &'static str, offset: usize, value: impl Into<u64>) -> Self {
        Self::new(name, offset, Value::Hex(value.into()))
    }

    /// An Ethernet address.
    pub fn mac(name: &'static str, offset: usize, value: MacAddr) -> Self {
        Self::new(name, offset, Value::Mac(value))
    }

    /// An IPv4 address.
    pub fn ipv4(name: &'static str, offset: usize, value: Ipv4Addr) -> Self {
        Self::new(name, offset, Value::Ipv4(value))
    }

    /// An IPv6 address.
    pub fn ipv6(name: &'static str, offset: usize, value: Ipv6Addr) -> Self {
        Self::new(name, offset, Value::Ipv6(value))
    }

    /// Bytes.
    pub fn bytes(name: &'static str, offset: usize, value: &'a [u8]) -> Self {
        Self::new(name, offset, Value::Bytes(value))
    }

    /// The same field with the meaning of its number.
    #[must_use]
    pub fn means(self, meaning: Option<&'static str>) -> Self {
        Self { meaning, ..self }
    }

    /// The same field as an element of a list.
    #[must_use]
    pub fn repeated(self) -> Self {
        Self { repeated: true, ..self }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uint(n) => write!(f, "{n}"),
            Self::Hex(n) => write!(f, "{n:#x}"),
            Self::Mac(a) => write!(f, "{a}"),
            Self::Ipv4(a) => write!(f, "{a}"),
            Self::Ipv6(a) => write!(f, "{a}"),
            Self::Bytes(b) => b.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// `name=value`, with the meaning in brackets: `type=0x800 (IPv4)`.
impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)?;
        match self.meaning {
            Some(meaning) => write!(f, " ({meaning})"),
            None => Ok(()),
        }
    }
}
