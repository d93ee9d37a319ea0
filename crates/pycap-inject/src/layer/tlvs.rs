//! A list of options as bytes that are made before the packet is written.

use crate::BuildError;

/// Options, records or chunks as their bytes, or the reason why there are none: one of them is too long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tlvs {
    bytes: Vec<u8>,
    error: Option<BuildError>,
}

impl Tlvs {
    pub(super) const EMPTY: Self = Self { bytes: Vec::new(), error: None };

    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Adds zero bytes until the length is a multiple of `unit` bytes.
    pub(super) fn pad(&mut self, unit: usize) {
        self.bytes.resize(self.bytes.len().next_multiple_of(unit), 0);
    }

    /// Keeps the first reason why the list cannot be written for when that is tried.
    pub(super) fn fail(&mut self, error: BuildError) {
        self.error = self.error.or(Some(error));
    }

    /// The bytes.
    pub(super) fn bytes(&self) -> Result<&[u8], BuildError> {
        self.error.map_or(Ok(&self.bytes), Err)
    }
}
