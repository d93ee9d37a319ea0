//! A BSD loopback header.

use pycap_wire::{AddressFamily, EtherType};

use super::declare::layer;
use crate::value::FromValue;
use crate::{Auto, BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

/// The address family of a loopback header, and its byte order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NullFields {
    family: AddressFamily,
    big_endian: bool,
}

impl NullFields {
    /// The address family.
    pub fn family(&self) -> AddressFamily {
        self.family
    }

    /// Sets [`family`](Self::family).
    pub fn set_family(&mut self, family: AddressFamily) {
        self.family = family;
    }

    /// Whether it is written in network byte order, else in the reverse.
    pub fn big_endian(&self) -> bool {
        self.big_endian
    }

    /// Sets [`big_endian`](Self::big_endian).
    pub fn set_big_endian(&mut self, big_endian: bool) {
        self.big_endian = big_endian;
    }

    /// The header's four bytes as they stand on the wire.
    pub fn to_bytes(&self) -> [u8; 4] {
        if self.big_endian { self.family.0.to_be_bytes() } else { self.family.0.to_le_bytes() }
    }
}

layer! {
    /// A BSD loopback header: LINKTYPE_NULL in the byte order of nearly all machines, or LINKTYPE_LOOP in that of the network.
    pub struct Null(NullFields) = "null";
    set {
        /// Whether the family is written in network byte order, else in the reverse.
        "big_endian" big_endian, set_big_endian: bool;
    }
    computed {
        /// Address family of the payload; of IPv6 that of macOS, 30. Where the payload has an EtherType but no family, the
        /// EtherType; where it has neither, 0.
        "family" family, set_family: AddressFamily, Numbers;
    }
    also {}
    through {
        /// EtherType of the payload in the place of the family.
        "type" takes "number or name", by set_ether_type;
    }
    names {
        "null" = Null::default();
        "loop" = Null::network_order();
    }
}

impl Null {
    /// A header of LINKTYPE_LOOP: in network byte order.
    pub fn network_order() -> Self {
        Self::default().big_endian(true)
    }

    /// EtherType of the payload in the place of the family.
    #[must_use]
    pub fn ether_type(self, ether_type: EtherType) -> Self {
        self.family(AddressFamily(ether_type.0.into()))
    }
}

/// A header of LINKTYPE_NULL as little-endian machines write it.
impl Default for Null {
    fn default() -> Self {
        Self::over(NullFields { family: AddressFamily(0), big_endian: false })
    }
}

impl ToBuilder for pycap_wire::Null<'_> {
    type Builder = Null;

    fn to_builder(&self) -> Null {
        let bytes = self.header().family_bytes();
        let number = match (self.family(), self.ether_type()) {
            (Some(family), _) => family.0,
            (None, ether_type) => ether_type.map_or(0, |ether_type| ether_type.0.into()),
        };
        let big_endian = u32::from_be_bytes(bytes) == number;
        // Where the number stands in half of the bytes, all of them are one number that is kept.
        let family = if big_endian { number } else { u32::from_le_bytes(bytes) };
        Null::exactly(NullFields { family: AddressFamily(family), big_endian })
    }
}

impl Layer for Null {
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::family) {
            header.family = match inner {
                Identity::Ipv4 => AddressFamily::INET,
                Identity::Ipv6 => AddressFamily::INET6_DARWIN,
                Identity::EtherType(EtherType::IPX) => AddressFamily::IPX,
                Identity::EtherType(EtherType::APPLETALK) => AddressFamily::APPLETALK,
                inner => AddressFamily(inner.ether_type().map_or(0, |ether_type| ether_type.0.into())),
            };
        }
        buf.prepend_array(&header.to_bytes())
    }
}

fn set_ether_type(null: &mut Null, value: &FieldValue) -> Result<(), FieldError> {
    let ether_type = EtherType::from_value(value)?;
    *null = null.clone().family(Auto::Exact(AddressFamily(ether_type.0.into())));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ipv4, Ipv6};

    /// The numbers are those of the systems' `sys/socket.h`.
    #[test]
    fn a_family_in_either_order() {
        assert_eq!((Null::default(), Ipv4::default()).build().unwrap()[..5], bytes("02000000 45"));
        assert_eq!((Null::network_order(), Ipv6::default()).build().unwrap()[..5], bytes("0000001e 60"));
        assert_eq!((Null::default().family(AddressFamily(24)), "x").build().unwrap(), bytes("18000000 78"));
        assert_eq!((Null::default(), "x").build().unwrap(), bytes("00000000 78"));
        assert_eq!(set("loop", &[("family", "7")]).build().unwrap(), bytes("00000007"));
        assert_eq!(set("null", &[("type", "ipv4")]).build().unwrap(), bytes("00080000"));
    }

    #[test]
    fn views_become_layers() {
        for hex in [
            "02000000", "00000002", "0000001e", "1e000000", "00020000", "0002ffff", "02001234", "00000800",
            "00080000", "00000000", "ffffffff",
        ] {
            let bytes = bytes(hex);
            let view = pycap_wire::Null::parse(&bytes).unwrap();
            assert_eq!(view.to_builder().build().unwrap(), bytes, "{hex}");
            let view = pycap_wire::Null::parse_loop(&bytes).unwrap();
            assert_eq!(view.to_builder().build().unwrap(), bytes, "{hex}");
        }
        let view = pycap_wire::Null::parse(&[0, 0, 0, 30]).unwrap();
        assert!(view.to_builder().header().big_endian());
    }
}
