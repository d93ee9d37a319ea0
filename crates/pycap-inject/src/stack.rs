//! The one trait of everything that is written into a packet, and how layers nest.

use crate::{BuildError, Context, Identity, PacketBuf};

/// A layer of a packet, or several of them: what can be written.
///
/// Layers nest as tuples, outermost first; bytes and text are layers, and so is a tuple within a tuple.
///
/// ```
/// use pycap_inject::{Layer, layer};
///
/// let ping = (layer::Ipv4::new([192, 168, 1, 106], [192, 168, 1, 104]).ttl(3), layer::Udp::new(4000, 7), "hello");
/// assert_eq!(ping.build()?.len(), 20 + 8 + 5);
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
pub trait Layer {
    /// What it is to the layer around it: what that has to say in its type field.
    fn identity(&self) -> Identity;

    /// What layers inside it are told, `outer` being what it is told itself.
    #[inline(always)]
    fn inward(&self, outer: &Context) -> Context {
        outer.inside()
    }

    /// Writes it in front of what is in `buf`: its [`payload`](PacketBuf::payload), which is an `inner`.
    ///
    /// # Errors
    /// The layer cannot hold the payload, or it needs what the layers around do not tell.
    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError>;

    /// Writes it as a whole packet, in the place of what `buf` had, and returns the packet.
    ///
    /// # Errors
    /// As for [`prepend`](Self::prepend); what `buf` holds then is of no use.
    #[inline]
    fn write<'b>(&self, buf: &'b mut PacketBuf) -> Result<&'b [u8], BuildError> {
        buf.clear();
        self.prepend(&Context::OUTERMOST, Identity::Nothing, buf)?;
        Ok(buf.bytes())
    }

    /// The packet in memory of its own.
    ///
    /// # Errors
    /// As for [`write`](Self::write).
    fn build(&self) -> Result<Vec<u8>, BuildError> {
        let mut buf = PacketBuf::new();
        self.write(&mut buf).map(<[u8]>::to_vec)
    }
}

impl Layer for [u8] {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend(self)
    }
}

impl<const N: usize> Layer for [u8; N] {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend(self)
    }
}

/// The bytes of the text.
impl Layer for str {
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend(self.as_bytes())
    }
}

impl Layer for Vec<u8> {
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        buf.prepend(self)
    }
}

macro_rules! through {
    ($($Pointer:ty),*) => {$(
        impl<L: Layer + ?Sized> Layer for $Pointer {
            #[inline(always)]
            fn identity(&self) -> Identity {
                (**self).identity()
            }

            #[inline(always)]
            fn inward(&self, outer: &Context) -> Context {
                (**self).inward(outer)
            }

            #[inline(always)]
            fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
                (**self).prepend(outer, inner, buf)
            }
        }
    )*};
}
through!(&L, Box<L>);

/// A layer, or several, and bytes behind them that belong to the layer around: padding, a frame check sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WithTrailer<L, T>(pub L, pub T);

impl<L: Layer, T: AsRef<[u8]>> Layer for WithTrailer<L, T> {
    fn identity(&self) -> Identity {
        self.0.identity()
    }

    fn inward(&self, outer: &Context) -> Context {
        self.0.inward(outer)
    }

    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let apart = buf.put_behind(self.1.as_ref())?;
        self.0.prepend(outer, inner, buf)?;
        buf.cover_again(apart);
        Ok(())
    }
}

/// A tuple of layers: the first is told of what is around, the last one has what is inside.
macro_rules! tuple {
    ($First:ident $first:ident $($Rest:ident $rest:ident)*) => {
        impl<$First: Layer, $($Rest: Layer),*> Layer for ($First, $($Rest,)*) {
            #[inline(always)]
            fn identity(&self) -> Identity {
                self.0.identity()
            }

            #[inline(always)]
            fn inward(&self, outer: &Context) -> Context {
                let ($first, $($rest,)*) = self;
                let context = $first.inward(outer);
                $(let context = $rest.inward(&context);)*
                context
            }

            #[inline(always)]
            fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
                let ($first, $($rest,)*) = self;
                tuple!(@nest outer, inner, buf, $first $($rest)*);
                Ok(())
            }
        }
    };
    (@nest $outer:ident, $inner:ident, $buf:ident, $last:ident) => {
        $last.prepend($outer, $inner, $buf)?;
    };
    (@nest $outer:ident, $inner:ident, $buf:ident, $first:ident $next:ident $($rest:ident)*) => {
        {
            let context = &$first.inward($outer);
            tuple!(@nest context, $inner, $buf, $next $($rest)*);
        }
        $first.prepend($outer, $next.identity(), $buf)?;
    };
}
tuple!(A a);
tuple!(A a B b);
tuple!(A a B b C c);
tuple!(A a B b C c D d);
tuple!(A a B b C c D d E e);
tuple!(A a B b C c D d E e F f);
tuple!(A a B b C c D d E e F f G g);
tuple!(A a B b C c D d E e F f G g H h);
tuple!(A a B b C c D d E e F f G g H h I i);
tuple!(A a B b C c D d E e F f G g H h I i J j);
tuple!(A a B b C c D d E e F f G g H h I i J j K k);
tuple!(A a B b C c D d E e F f G g H h I i J j K k L l);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Ethernet, Ipv4, Tcp, Udp};
    use crate::{Auto, BuildErrorKind, Stack};
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{EtherType, IpProtocol, LinkType, Packet, TcpFlags};

    const A: [u8; 4] = [10, 0, 0, 1];
    const B: [u8; 4] = [10, 0, 0, 2];
    const MACS: ([u8; 6], [u8; 6]) = ([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]);

    fn ethernet() -> Ethernet {
        Ethernet::new(MACS.0, MACS.1)
    }

    fn verdicts(link_type: LinkType, bytes: &[u8]) -> Vec<(&'static str, Option<bool>)> {
        let mut verifier = Verifier::default();
        Packet::parse(link_type, bytes)
            .layers()
            .map(|layer| (layer.name(), verifier.verify(&layer)))
            .collect()
    }

    #[test]
    fn derived_fields_are_computed() {
        let packet = (ethernet(), Ipv4::new(A, B), Tcp::syn(4000, 80, 7), "hello").build().unwrap();
        assert_eq!(packet.len(), 60);
        assert_eq!(
            verdicts(LinkType::ETHERNET, &packet),
            [("eth", None), ("ip", Some(true)), ("tcp", Some(true))]
        );
        let parsed = Packet::parse(LinkType::ETHERNET, &packet);
        assert_eq!((parsed.payload(), parsed.tcp().unwrap().flags()), (&b"hello"[..], TcpFlags::SYN));
    }

    #[test]
    fn a_tunnel_has_its_own_addresses() {
        let inside = (Ipv4::new([192, 168, 0, 1], [192, 168, 0, 2]), Udp::new(1, 2), [1, 2, 3]);
        let packet = (ethernet(), (Ipv4::new(A, B), inside)).build().unwrap();
        let expected = [("eth", None), ("ip", Some(true)), ("ip", Some(true)), ("udp", Some(true))];
        assert_eq!(verdicts(LinkType::ETHERNET, &packet), expected);
    }

    #[test]
    fn what_is_set_exactly_stays() {
        let udp = Udp::new(1, 2).checksum(0).len(3);
        let ip = Ipv4::new(A, B).total_len(9).protocol(IpProtocol(99)).header_len(24).checksum(0xdead);
        let packet = (ethernet().padding(0).ether_type(EtherType(0x1234)), ip.clone(), udp).build().unwrap();
        assert_eq!(packet.len(), 14 + 20 + 8);
        assert_eq!(packet[12..20], [0x12, 0x34, 0x46, 0, 0, 9, 0, 0]);
        assert_eq!((packet[23], &packet[24..26]), (99, &[0xde, 0xad][..]));
        assert_eq!(packet[38..42], [0, 3, 0, 0]);
        let again = (ip.checksum(Auto::Computed).header_len(Auto::Computed), [0; 0]).build().unwrap();
        assert_ne!(again[10..12], [0xde, 0xad]);
    }

    #[test]
    fn options_are_padded_and_bounded() {
        let packet = (Ipv4::new(A, B).options_bytes(&[1; 3]), Tcp::new(1, 2).options_bytes(&[1; 5]), "x")
            .build()
            .unwrap();
        assert_eq!((packet[0], packet.len()), (0x46, 24 + 28 + 1));
        assert_eq!(verdicts(LinkType::RAW, &packet), [("ip", Some(true)), ("tcp", Some(true))]);
        let error = (Ipv4::new(A, B).options_bytes(&[1; 41]), "x").build().unwrap_err();
        assert_eq!(error.to_string(), "ip: 44 bytes, room for options is 40: 4 too many");
        let error = (Ipv4::new(A, B), Tcp::new(1, 2).options_bytes(&[1; 45]), "x").build().unwrap_err();
        assert_eq!(error.to_string(), "tcp: 48 bytes, room for options is 40: 8 too many");
    }

    #[test]
    fn what_does_not_fit_is_an_error() {
        let error = (Ipv4::new(A, B), Udp::new(1, 2), vec![0; 65_508]).build().unwrap_err();
        assert_eq!(error.to_string(), "ip: 65536 bytes, total length is 65535: 1 too many");
        let error = (Udp::new(1, 2), "x").build().unwrap_err();
        assert_eq!(error.kind(), BuildErrorKind::NoAddresses);
        assert!((Udp::new(1, 2).checksum(0), "x").build().is_ok());
    }

    #[test]
    fn a_stack_is_written_as_its_tuple_is() {
        let tuple = (ethernet(), Ipv4::new(A, B), Udp::new(1, 2), "hello").build().unwrap();
        let stack = Stack::new().with(ethernet()).with(Ipv4::new(A, B)).with(Udp::new(1, 2)).with("hello");
        assert_eq!(stack.build().unwrap(), tuple);
        let deep: Stack = std::iter::repeat_n(Ipv4::new(A, B), 300).collect();
        assert_eq!(deep.build().unwrap_err().to_string(), "packet: more than 256 layers");
    }

    #[test]
    fn a_trailer_is_not_covered() {
        let content = || (Ipv4::new(A, B), Udp::new(1, 2), "hello");
        let plain = content().build().unwrap();
        let packet = WithTrailer(content(), [0xee; 7]).build().unwrap();
        assert_eq!((&packet[..33], &packet[33..]), (&plain[..], &[0xee; 7][..]));
        // What comes after it in a tuple is inside the layer, in front of the trailer.
        let head = WithTrailer((Ipv4::new(A, B), Udp::new(1, 2)), [0xee; 7]);
        assert_eq!((head, "hello").build().unwrap(), packet);
        let mut stack = Stack::new();
        stack.push_with_trailer(Ipv4::new(A, B), vec![0xee; 3]);
        stack.push_with_trailer(Udp::new(1, 2), vec![0xdd; 2]);
        stack.push("hello");
        let packet = stack.build().unwrap();
        assert_eq!((packet.len(), packet[3], &packet[33..]), (38, 35, &[0xdd, 0xdd, 0xee, 0xee, 0xee][..]));
        assert_eq!(verdicts(LinkType::RAW, &packet), [("ip", Some(true)), ("udp", Some(true))]);
    }
}
