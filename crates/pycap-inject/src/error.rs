//! Why a packet could not be built.

use std::error;
use std::fmt;

/// Why a packet could not be built: which layer, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BuildError {
    layer: &'static str,
    kind: BuildErrorKind,
}

/// What is wrong with a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BuildErrorKind {
    /// It is longer than what has to hold its length can say.
    TooLong {
        /// What has to hold the length: a field, a list of options, a buffer.
        what: &'static str,
        /// The length in bytes.
        len: usize,
        /// The greatest length in bytes that fits.
        max: usize,
    },
    /// Its checksum covers the addresses of an IP layer, and it has none around it.
    NoAddresses,
    /// It is nested too deep.
    TooDeep {
        /// The greatest number of layers.
        max: usize,
    },
}

impl BuildError {
    /// The layer's name, as in [`pycap_wire::LayerKind::name`].
    pub fn layer(&self) -> &'static str {
        self.layer
    }

    /// What is wrong.
    pub fn kind(&self) -> BuildErrorKind {
        self.kind
    }

    #[cold]
    pub(crate) fn too_long(layer: &'static str, what: &'static str, len: usize, max: usize) -> Self {
        Self { layer, kind: BuildErrorKind::TooLong { what, len, max } }
    }

    #[cold]
    pub(crate) fn no_addresses(layer: &'static str) -> Self {
        Self { layer, kind: BuildErrorKind::NoAddresses }
    }

    #[cold]
    pub(crate) fn too_deep(max: usize) -> Self {
        Self { layer: "packet", kind: BuildErrorKind::TooDeep { max } }
    }
}

impl fmt::Display for BuildError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", self.layer)?;
        match self.kind {
            BuildErrorKind::TooLong { what, len, max } => {
                write!(f, "{len} bytes, {what} is {max}: {} too many", len.saturating_sub(max))
            }
            BuildErrorKind::NoAddresses => f.write_str(
                "the checksum covers the addresses of an IP layer, and there is none around it: add one, or set the checksum exactly",
            ),
            BuildErrorKind::TooDeep { max } => write!(f, "more than {max} layers"),
        }
    }
}

impl error::Error for BuildError {}
