//! Fields that are computed unless they are set.

/// A field that follows from the rest of the packet, or is kept as it is, right or wrong.
///
/// Setters of such fields take either: `.checksum(0xdead)` is `.checksum(Auto::Exact(0xdead))`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Auto<T> {
    /// What it has to be, found out when the packet is written.
    #[default]
    Computed,
    /// This value, a 0 too.
    Exact(T),
}

impl<T> From<T> for Auto<T> {
    fn from(value: T) -> Self {
        Self::Exact(value)
    }
}

/// The kinds of fields that are computed unless set, for [`Edit::compute`](crate::Edit::compute).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Derived {
    /// Lengths, of headers and of what they carry, and padding.
    Lengths,
    /// What says which layer follows: EtherTypes, protocol numbers, ports of applications.
    Numbers,
    /// Checksums.
    Checksums,
}
