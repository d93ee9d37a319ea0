//! From what was dissected back to layers that can be changed and written.

/// A view that can be made a layer again.
///
/// ```
/// use pycap_inject::{Derived, Edit, Layer, ToBuilder};
/// use pycap_wire::Udp;
///
/// let datagram = [0x0f, 0xa0, 0x00, 0x35, 0x00, 0x09, 0x00, 0x00, b'x'];
/// let view = Udp::parse(&datagram)?;
/// let mut udp = view.to_builder();
/// assert_eq!((&udp, view.payload()).to_vec()?, datagram);
///
/// udp.compute(Derived::Lengths);
/// assert_eq!((&udp, "longer").to_vec()?[..6], [0x0f, 0xa0, 0x00, 0x35, 0x00, 0x0e]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ToBuilder {
    /// The layer.
    type Builder;

    /// The view's header with its options and whatever else stands between header and payload, and every derived field as
    /// it is. The layer and the view's payload have the bytes that the view was made of.
    fn to_builder(&self) -> Self::Builder;
}
