//! BSD loopback: LINKTYPE_NULL and LINKTYPE_LOOP.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------------------------------------------------------+
//! |                        address family                         |   (tcpdump.org, LINKTYPE_NULL, LINKTYPE_LOOP)
//! +---------------------------------------------------------------+
//! ```
//!
//! LOOP has it in network byte order, NULL in that of the machine which captured.

use core::fmt;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::{Error, EtherType, Field, LayerKind, Next, Visit};

number! {
    /// An address family, by the BSDs' numbers; IPv6 has a number of its own in each of them.
    pub struct AddressFamily(u32) {
        INET = 2, "IPv4";
        NS = 6, "NS";
        ISO = 7, "ISO";
        APPLETALK = 16, "AppleTalk";
        IPX = 23, "IPX";
        INET6_BSD = 24, "IPv6";
        INET6_FREEBSD = 28, "IPv6";
        INET6_DARWIN = 30, "IPv6";
    }
}

header! {
    /// The loopback header: 4 bytes.
    pub struct NullHeader {
        /// The address family's four bytes; their order is not told.
        family_bytes, set_family_bytes: [u8; 4];
    }
}

/// A loopback frame: address family and payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Null<'a> {
    header: &'a NullHeader,
    kind: Kind,
    payload: &'a [u8],
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Family(u32),
    EtherType(u16),
}

impl<'a> Null<'a> {
    /// Takes the LINKTYPE_NULL frame that starts at the first of `bytes`.
    ///
    /// The byte order is that in which the family is a small number. Some systems have the family in 16 bits, and some an
    /// EtherType in its place; see [`ether_type`](Self::ether_type).
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::with_kind(bytes, kind_of)
    }

    /// Takes the LINKTYPE_LOOP frame that starts at the first of `bytes`: the family is in network byte order.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline]
    pub fn parse_loop(bytes: &'a [u8]) -> Result<Self, Error> {
        Self::with_kind(bytes, |bytes| Kind::Family(u32::from_be_bytes(bytes)))
    }

    #[inline(always)]
    fn with_kind(bytes: &'a [u8], kind_of: impl Fn([u8; 4]) -> Kind) -> Result<Self, Error> {
        match NullHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, kind: kind_of(header.family_bytes()), payload }),
            None => Err(Error::truncated(LayerKind::Null, NullHeader::LEN, bytes.len())),
        }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a NullHeader {
        self.header
    }

    /// The address family, unless an EtherType stands in its place.
    pub fn family(&self) -> Option<AddressFamily> {
        match self.kind {
            Kind::Family(family) => Some(AddressFamily(family)),
            Kind::EtherType(_) => None,
        }
    }

    /// The EtherType that stands in the place of a family: a number past 1500, which no family has.
    pub fn ether_type(&self) -> Option<EtherType> {
        match self.kind {
            Kind::Family(_) => None,
            Kind::EtherType(ether_type) => Some(EtherType(ether_type)),
        }
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        NullHeader::LEN
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline]
    pub fn next(&self) -> Next {
        match self.kind {
            Kind::EtherType(ether_type) => Next::EtherType(EtherType(ether_type)),
            Kind::Family(family) => match AddressFamily(family) {
                AddressFamily::INET => Next::EtherType(EtherType::IPV4),
                AddressFamily::INET6_BSD | AddressFamily::INET6_FREEBSD | AddressFamily::INET6_DARWIN => {
                    Next::EtherType(EtherType::IPV6)
                }
                AddressFamily::IPX => Next::EtherType(EtherType::IPX),
                AddressFamily::APPLETALK => Next::EtherType(EtherType::APPLETALK),
                _ => Next::End,
            },
        }
    }

    /// How many bytes the header promises beyond the captured ones: none, it has no length.
    pub fn missing(&self) -> usize {
        0
    }

    /// What makes the header contradict itself: nothing, here.
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for the only field: `family`, or `type`.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(match self.kind {
            Kind::Family(family) => Field::uint("family", 0, family).means(AddressFamily(family).name()),
            Kind::EtherType(ether_type) => {
                Field::hex("type", 0, ether_type).means(EtherType(ether_type).name())
            }
        });
    }

    /// The one-line form: `AF IPv4 (2)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let kind = self.kind;
        from_fn(move |f| match kind {
            Kind::Family(family) => {
                write!(f, "AF {} ({family})", AddressFamily(family).name().unwrap_or("Unknown"))
            }
            Kind::EtherType(ether_type) => {
                write!(
                    f,
                    "ethertype {} ({ether_type:#06x})",
                    EtherType(ether_type).name().unwrap_or("Unknown")
                )
            }
        })
    }
}

/// What the four bytes of a LINKTYPE_NULL header mean. The BSDs have a 32-bit family; IRIX and UNICOS have a 16-bit one
/// in the first two bytes and nothing certain in the others. Either may be in either byte order. All families are below
/// 0x600, which tells the cases apart, and a value past an 802.3 length is an EtherType.
#[inline]
fn kind_of(bytes: [u8; 4]) -> Kind {
    let [a, b, c, _] = bytes;
    let value = match bytes {
        [_, _, 0, 0] if a == 0 && b < 6 => u32::from(b),
        [_, _, 0, 0] => u32::from_le_bytes(bytes),
        [_, _, _, 0] if c < 6 => u32::from(c),
        _ => u32::from_be_bytes(bytes),
    };
    match value {
        family if family <= u32::from(EtherType::MAX_LENGTH) => Kind::Family(family),
        ether_type => Kind::EtherType((ether_type & 0xffff) as u16),
    }
}

/// `Null(family=2)`, or `Null(type=0x800)`.
impl fmt::Display for Null<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Family(family) => write!(f, "Null(family={family})"),
            Kind::EtherType(ether_type) => write!(f, "Null(type={ether_type:#x})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, bytes, fields, torture};

    // Families and types are those that tshark 4.0 shows for these bytes.

    #[test]
    fn families_in_either_byte_order() {
        for (hex, family) in [
            ("02000000", 2),
            ("00000002", 2),
            ("00020000", 2),
            ("00000200", 2),
            ("01000500", 5),
            ("18000000", 24),
            ("00000018", 24),
            ("1c000000", 28),
            ("1e000000", 30),
            ("0000001e", 30),
            ("dc050000", 1500),
            ("00000000", 0),
        ] {
            let null = bytes(hex);
            let null = Null::parse(&null).unwrap();
            assert_eq!((null.family(), null.ether_type()), (Some(AddressFamily(family)), None), "{hex}");
            let next = match family {
                2 => Next::EtherType(EtherType::IPV4),
                24 | 28 | 30 => Next::EtherType(EtherType::IPV6),
                _ => Next::End,
            };
            assert_eq!(null.next(), next, "{hex}");
        }
    }

    #[test]
    fn ether_types_in_place_of_families() {
        for (hex, ether_type) in [
            ("00080000", 0x0800),
            ("00000800", 0x0800),
            ("0f000800", 0x0800),
            ("dd860000", 0x86dd),
            ("000086dd", 0x86dd),
            ("000005dd", 1501),
            ("0002ffff", 0xffff),
            ("001c0000", 0x1c00),
            ("01020304", 0x0304),
        ] {
            let null = bytes(hex);
            let null = Null::parse(&null).unwrap();
            assert_eq!((null.family(), null.ether_type()), (None, Some(EtherType(ether_type))), "{hex}");
            assert_eq!(null.next(), Next::EtherType(EtherType(ether_type)), "{hex}");
        }
    }

    #[test]
    fn loop_is_in_network_byte_order() {
        for (hex, family) in
            [("00000002", 2), ("02000000", 0x0200_0000), ("00000800", 0x0800), ("ff030021", 0xff03_0021)]
        {
            assert_eq!(Null::parse_loop(&bytes(hex)).unwrap().family(), Some(AddressFamily(family)), "{hex}");
        }
    }

    #[test]
    fn text() {
        let bytes = bytes("1c000000 60");
        let null = Null::parse(&bytes).unwrap();
        assert_eq!((null.header_len(), null.payload()), (4, &[0x60][..]));
        assert_eq!(fields(Layer::Null(null)), "family@0=28");
        assert_eq!(null.summary().to_string(), "AF IPv6 (28)");
        assert_eq!(null.to_string(), "Null(family=28)");
        let null = Null::parse(&[0x0f, 0, 0x08, 0]).unwrap();
        assert_eq!(fields(Layer::Null(null)), "type@0=0x800");
        assert_eq!(null.to_string(), "Null(type=0x800)");
    }

    #[test]
    fn any_bytes() {
        torture(&bytes("02000000 45"), |bytes| Null::parse(bytes).ok().map(Layer::Null));
        torture(&bytes("00000002 45"), |bytes| Null::parse_loop(bytes).ok().map(Layer::Null));
        assert_eq!(Null::parse(&[2, 0, 0]), Err(Error::truncated(LayerKind::Null, 4, 3)));
    }
}
