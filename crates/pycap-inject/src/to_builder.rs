//! From what was dissected back to layers that can be changed and written.

use pycap_wire::checksum::Verifier;
use pycap_wire::{Layer, Located, Next, Packet};

use crate::{AnyLayer, Stack};

/// A view that can be made a layer again.
///
/// ```
/// use pycap_inject::{Derived, Edit, Layer, ToBuilder};
/// use pycap_wire::Udp;
///
/// let datagram = [0x0f, 0xa0, 0x00, 0x35, 0x00, 0x09, 0x00, 0x00, b'x'];
/// let view = Udp::parse(&datagram)?;
/// let mut udp = view.to_builder();
/// assert_eq!((&udp, view.payload()).build()?, datagram);
///
/// udp.compute(Derived::Lengths);
/// assert_eq!((&udp, "longer").build()?[..6], [0x0f, 0xa0, 0x00, 0x35, 0x00, 0x0e]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait ToBuilder {
    /// The layer.
    type Builder;

    /// The view's header with its options and whatever else stands between header and payload, and every derived field as
    /// it is. The layer and the view's payload have the bytes that the view was made of.
    fn to_builder(&self) -> Self::Builder;
}

/// The whole packet, every byte of it: layers as far as they were dissected, then bytes.
///
/// Written as it is, it has the same bytes. [`Stack::compute`] has the derived fields follow what was changed; a checksum
/// that cannot be known stays as it is: that of a fragment, of a packet that was not captured whole, a UDP checksum of 0.
///
/// ```
/// use pycap_inject::{Derived, Layer, ToBuilder, layer};
/// use pycap_wire::{LinkType, Packet};
///
/// let packet = [
///     0x45, 0, 0, 33, 0, 1, 0, 0, 64, 17, 0xf9, 0x77, 192, 168, 0, 1, 192, 168, 0, 2, // IPv4
///     0x03, 0xe8, 0x07, 0xd0, 0, 13, 0xb7, 0x2c, b'h', b'e', b'l', b'l', b'o', // UDP
/// ];
/// let mut stack = Packet::parse(LinkType::RAW, &packet).to_builder();
/// assert_eq!(stack.build()?, packet);
///
/// if let Some(ip) = stack.first_mut::<layer::Ipv4>() {
///     ip.header_mut().set_dst([192, 168, 0, 3].into());
/// }
/// stack.compute(Derived::Checksums);
/// assert_eq!(Packet::parse(LinkType::RAW, &stack.build()?).checksum_ok(), Some(true));
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
impl ToBuilder for Packet<'_> {
    type Builder = Stack;

    fn to_builder(&self) -> Stack {
        let data = self.data();
        let mut stack = Stack::new();
        let mut verifier = Verifier::default();
        // Where the payload of the layer around begins, and where what belongs to it ends.
        let (mut start, mut end) = (0, data.len());
        let mut announced = Next::Link(self.link_type());
        for Located { layer, offset, .. } in self.layers().located() {
            let whole = offset + layer.header_len() + layer.payload().len();
            let Some(builder) = builder(&layer, announced).filter(|_| offset == start && whole <= end) else {
                break;
            };
            // What follows the payload of a message that quotes a packet is part of the message's layer.
            let trailer = if is_message(&layer) { &[] } else { data.get(whole..end).unwrap_or_default() };
            let known = verifier.verify(&layer).is_some();
            stack.push_dissected(builder, trailer.to_vec(), known);
            (start, end) = (offset + layer.header_len(), whole);
            announced = layer.next();
        }
        if start < end {
            stack.push(data.get(start..end).unwrap_or_default());
        }
        stack
    }
}

/// Whether the layer covers all that the layer around has: what follows its payload (an ICMP extension) is not that one's.
fn is_message(layer: &Layer<'_>) -> bool {
    matches!(layer, Layer::Icmpv4(_) | Layer::Icmpv6(_))
}

/// The layer that was dissected because the one around it announced it so.
fn builder(layer: &Layer<'_>, announced: Next) -> Option<AnyLayer> {
    Some(match layer {
        Layer::Ethernet(view) => view.to_builder().into(),
        Layer::Vlan(view) => match announced {
            Next::EtherType(tpid) => view.to_builder().tpid(tpid).into(),
            _ => view.to_builder().into(),
        },
        Layer::Llc(view) => view.to_builder().into(),
        Layer::Null(view) => view.to_builder().into(),
        Layer::Sll(view) => view.to_builder().into(),
        Layer::Sll2(view) => view.to_builder().into(),
        Layer::Arp(view) => view.to_builder().into(),
        Layer::Ipv4(view) => view.to_builder().into(),
        Layer::Icmpv4(view) => view.to_builder().into(),
        Layer::Icmpv6(view) => view.to_builder().into(),
        Layer::Igmp(view) => view.to_builder().into(),
        Layer::Ipv6(view) => view.to_builder().into(),
        Layer::Ipv6HopByHop(view) => view.to_builder().into(),
        Layer::Ipv6Routing(view) => view.to_builder().into(),
        Layer::Ipv6Fragment(view) => view.to_builder().into(),
        Layer::Ipv6DestinationOptions(view) => view.to_builder().into(),
        Layer::Mobility(view) => view.to_builder().into(),
        Layer::Ah(view) => view.to_builder().into(),
        Layer::Esp(view) => view.to_builder().into(),
        Layer::Tcp(view) => view.to_builder().into(),
        Layer::Udp(view) => view.to_builder().into(),
        Layer::UdpLite(view) => view.to_builder().into(),
        _ => return None,
    })
}
