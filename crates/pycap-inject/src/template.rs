//! Packets that are built once and then changed in place, field by field, for streams of them.

mod cover;
mod field;
mod random;
mod range;
mod stream;

use std::fmt;
use std::marker::PhantomData;

use pycap_wire::{LinkType, Next};

pub use field::{Field, Patch};
pub use random::{Random, RandomValue};
pub use range::{Ipv4Range, Ipv6Range};
pub use stream::{Each, Same, Step, Stream, With};

use crate::{BuildError, FieldError, Identity, Layer};
use cover::Covers;

/// A finished packet whose fields are set in place, each with the checksums that it is part of.
///
/// Checksums are updated (RFC 1624), not computed: one that was wrong stays as wrong as it was, a UDP checksum of 0 (none)
/// stays 0. Only [`Field`]s that leave every length and every layer where it is can be set.
///
/// ```
/// use pycap_inject::layer::{Ethernet, Ipv4, Udp};
/// use pycap_inject::template::{Field, Template};
///
/// let ethernet = Ethernet::new([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]);
/// let mut template = Template::new(&(ethernet, Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Udp::new(4000, 7), "hello"))?;
/// let src = template.field(Field::IPV4_SRC)?;
/// let src_port = template.field(Field::UDP_SRC_PORT)?;
/// for i in 0..100 {
///     template.set(src, [10, 0, 1, i]);
///     template.set(src_port, 4000 + u16::from(i));
///     assert_eq!(template.bytes()[29], i);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    bytes: Vec<u8>,
    start: Next,
}

/// A field's place in one template, and the checksums that depend on it.
pub struct Slot<T> {
    at: u32,
    /// The field's bits, as they lie in memory.
    mask: u32,
    shift: u32,
    covers: Covers,
    value: PhantomData<T>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slot<T> {}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("at", &self.at)
            .field("checksums", &self.covers.places().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// The packet that `layers` are.
    ///
    /// # Errors
    /// As for [`Layer::write`].
    pub fn new<L: Layer + ?Sized>(layers: &L) -> Result<Self, BuildError> {
        let start = match layers.identity() {
            Identity::Ethernet => Next::Link(LinkType::ETHERNET),
            Identity::Ipv4 | Identity::Ipv6 => Next::Link(LinkType::RAW),
            Identity::Llc => Next::Llc,
            Identity::Ppp => Next::Link(LinkType::PPP),
            Identity::EtherType(ether_type) => Next::EtherType(ether_type),
            Identity::IpProtocol(protocol) => Next::IpProtocol(protocol),
            _ => Next::End,
        };
        Ok(Self { bytes: layers.build()?, start })
    }

    /// A finished packet, say a captured one.
    pub fn from_bytes(link_type: LinkType, bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), start: Next::Link(link_type) }
    }

    /// The packet as it is now.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a field stands, to be found once and then [`set`](Self::set) many times.
    ///
    /// # Errors
    /// There is no such field; or other values of it would move what follows, or are a checksum; or the checksums that it
    /// is part of cannot be updated.
    pub fn field<T: Patch>(&self, field: Field<T>) -> Result<Slot<T>, FieldError> {
        let mask = T::stored_mask(field.mask);
        let found = cover::find(&self.bytes, self.start, &field, T::LEN, mask)?;
        Ok(Slot { at: found.at, mask, shift: field.shift, covers: found.covers, value: PhantomData })
    }

    /// Sets a field, and has the checksums follow. Of a number too large for the field the low bits count.
    ///
    /// `slot` is one of this template's (or of one with the same layers: to any other it does what makes no sense).
    #[inline(always)]
    pub fn set<T: Patch>(&mut self, slot: Slot<T>, value: impl Into<T>) {
        let bytes = self.bytes.as_mut_slice();
        if let Some(difference) = value.into().put(bytes, slot.at as usize, slot.mask, slot.shift) {
            slot.covers.update(bytes, difference);
        }
    }

    /// The packets that come of giving fields one value after the other.
    pub fn stream(&mut self) -> Stream<'_, Same> {
        Stream::of(self)
    }
}

/// Its bytes in hexadecimal.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(")?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}
