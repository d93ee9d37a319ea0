//! Why a view could not be built.

use core::fmt;

use crate::LayerKind;

/// Why bytes are not (or not wholly) the layer that they were taken for.
///
/// Small, `Copy`, no strings: which layer, what kind of trouble, and two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Error {
    layer: LayerKind,
    kind: ErrorKind,
    needed: u32,
    found: u32,
}

/// The kind of trouble that an [`Error`] tells of. It says what `needed` and `found` count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The bytes end inside the header: `needed` and `found` are bytes.
    Truncated,
    /// The version field has another number: `needed` and `found` are versions.
    Version,
    /// The header length field is smaller than the fixed header: both are bytes.
    HeaderLength,
    /// A total length, payload length or message length is too small for what it must hold: both are bytes.
    Length,
    /// A field has a value that its definition does not allow: `found` is the value.
    Value,
}

impl Error {
    /// An error of a layer; `needed` and `found` as [`ErrorKind`] defines them. Numbers past 32 bits saturate.
    #[inline]
    pub fn new(layer: LayerKind, kind: ErrorKind, needed: usize, found: usize) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self { layer, kind, needed: clamp(needed), found: clamp(found) }
    }

    /// The bytes end inside the header of `layer`.
    #[inline]
    pub(crate) fn truncated(layer: LayerKind, needed: usize, found: usize) -> Self {
        Self::new(layer, ErrorKind::Truncated, needed, found)
    }

    /// The layer that was being read.
    pub fn layer(&self) -> LayerKind {
        self.layer
    }

    /// What is wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What the layer's definition asks for; the unit depends on [`kind`](Self::kind).
    pub fn needed(&self) -> usize {
        self.needed as usize
    }

    /// What the bytes hold; the unit depends on [`kind`](Self::kind).
    pub fn found(&self) -> usize {
        self.found as usize
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { layer, needed, found, .. } = self;
        match self.kind {
            ErrorKind::Truncated => write!(f, "{layer} header needs {needed} bytes, only {found} are there"),
            ErrorKind::Version => write!(f, "{layer} version is {found}, not {needed}"),
            ErrorKind::HeaderLength => {
                write!(f, "{layer} header length is {found}, at least {needed} bytes are needed")
            }
            ErrorKind::Length => write!(f, "{layer} length is {found}, at least {needed} bytes are needed"),
            ErrorKind::Value => write!(f, "{layer} has a field with the illegal value {found:#x}"),
        }
    }
}

impl core::error::Error for Error {}
