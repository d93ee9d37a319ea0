//! IPv6 routing header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+---------------+---------------+
//! |  next header  |  hdr ext len  |  routing type | segments left |   (RFC 8200, 4.4)
//! +---------------+---------------+---------------+---------------+
//! |                     data of the type, 4 + 8 * len bytes       |
//! +---------------------------------------------------------------+
//!
//! +---------------------------------------------------------------+
//! |                            reserved                           |   type 0 (RFC 2460, 4.4; deprecated by RFC 5095)
//! +---------------------------------------------------------------+   type 2 (RFC 6275, 6.4): exactly one address
//! |                   addresses, 128 bits each                    |
//! +-------+-------+-------+---------------------------------------+
//! | CmprI | CmprE |  pad  |                reserved               |   type 3 (RFC 6554, 3)
//! +-------+-------+-------+---------------------------------------+
//! |  addresses: 16 - CmprI bytes each, the last one 16 - CmprE    |
//! +---------------+---------------+-------------------------------+
//! |   last entry  |     flags     |              tag              |   type 4 (RFC 8754, 2)
//! +---------------+---------------+-------------------------------+
//! |              segments, 128 bits each; then TLVs               |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;
use core::net::Ipv6Addr;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::{Error, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The part of an IPv6 routing header that all types share: 4 bytes.
    pub struct Ipv6RoutingHeader {
        /// What follows: another extension header or the payload.
        next_header, set_next_header: IpProtocol;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        ext_len, set_ext_len: u8;
        /// Which kind of routing.
        routing_type, set_routing_type: Ipv6RoutingType;
        /// How many of the listed nodes are still to be visited.
        segments_left, set_segments_left: u8;
    }
}

impl Ipv6RoutingHeader {
    /// Length of the header with its data in bytes, as it claims: 8 to 2048.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        (usize::from(self.ext_len()) + 1) * 8
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole units of 8 from 1 to 256 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        self.set_ext_len((bytes / 8).clamp(1, 256).wrapping_sub(1) as u8);
    }
}

number! {
    /// Which kind of routing (IANA "ipv6-parameters").
    pub struct Ipv6RoutingType(u8) {
        SOURCE_ROUTE = 0, "Source route";
        NIMROD = 1, "Nimrod";
        MOBILE = 2, "Mobile IPv6";
        RPL = 3, "RPL source route";
        SEGMENT_ROUTING = 4, "Segment routing";
        CRH_16 = 5, "Compact routing, 16 bits";
        CRH_32 = 6, "Compact routing, 32 bits";
        EXPERIMENT_1 = 253, "Experiment 1";
        EXPERIMENT_2 = 254, "Experiment 2";
    }
}

/// What a routing header says, by its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ipv6RoutingData<'a> {
    /// Type 0: the nodes to be visited.
    SourceRoute {
        /// Reserved, 0.
        reserved: u32,
        /// The nodes in the order of the way.
        addresses: Ipv6Addresses<'a>,
    },
    /// Type 2: the mobile node's home address.
    Mobile {
        /// Reserved, 0.
        reserved: u32,
        /// Home address.
        home: Ipv6Addr,
    },
    /// Type 3: the nodes to be visited, without the bytes that they share with the destination.
    Rpl(RplRoute<'a>),
    /// Type 4: the segments, the last one first, and what goes with them.
    SegmentRouting {
        /// Index of the last segment in the list.
        last_entry: u8,
        /// Flags.
        flags: u8,
        /// Tag of a group of packets.
        tag: u16,
        /// The segments from the last one of the way to the first.
        segments: Ipv6Addresses<'a>,
        /// What follows the segments.
        tlvs: SegmentRoutingTlvs<'a>,
    },
    /// Types 5 and 6: identifiers of 2 or 4 bytes, the last one first (RFC 9631).
    Compact(&'a [u8]),
    /// Another type, or too few bytes for the type.
    Unknown {
        /// The header's type.
        kind: Ipv6RoutingType,
        /// What follows the first four bytes.
        data: &'a [u8],
    },
}

/// A list of IPv6 addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Addresses<'a> {
    list: &'a [[u8; 16]],
}

impl Ipv6Addresses<'_> {
    /// How many addresses are still to come.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is to come.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Iterator for Ipv6Addresses<'_> {
    type Item = Ipv6Addr;

    fn next(&mut self) -> Option<Ipv6Addr> {
        let (first, rest) = self.list.split_first()?;
        self.list = rest;
        Some(Ipv6Addr::from(*first))
    }
}

/// The compressed addresses of a type 3 routing header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RplRoute<'a> {
    /// How many leading bytes each address but the last shares with the destination.
    pub compressed: u8,
    /// How many leading bytes the last address shares with the destination.
    pub last_compressed: u8,
    /// How many bytes of padding follow the addresses.
    pub padding: u8,
    /// Reserved, 0: 20 bits.
    pub reserved: u32,
    /// The addresses' bytes, without padding.
    pub bytes: &'a [u8],
}

impl<'a> RplRoute<'a> {
    /// The addresses in the order of the way, made whole with the leading bytes of the packet's destination address.
    pub fn addresses(&self, dst: Ipv6Addr) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
        let (each, last) =
            (16 - usize::from(self.compressed & 15), 16 - usize::from(self.last_compressed & 15));
        let mut rest = self.bytes;
        core::iter::from_fn(move || {
            // The last address is the one before which fewer bytes are left than an address and a last address take. What is
            // behind it is no address.
            let (suffix, after) = match rest.len() >= each.saturating_add(last) {
                true => rest.split_at_checked(each)?,
                false => (rest.get(..last)?, &[][..]),
            };
            rest = after;
            let mut address = dst.octets();
            address.iter_mut().rev().zip(suffix.iter().rev()).for_each(|(whole, byte)| *whole = *byte);
            Some(Ipv6Addr::from(address))
        })
    }
}

number! {
    /// The type of a segment routing TLV; its highest bit says that the value may change on the way.
    pub struct SegmentRoutingTlvType(u8) {
        PAD1 = 0, "Pad1";
        PAD_N = 4, "PadN";
        HMAC = 5, "HMAC";
    }
}

/// One TLV of a segment routing header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentRoutingTlv<'a> {
    /// One byte of padding.
    Pad1,
    /// More padding.
    PadN(&'a [u8]),
    /// A keyed hash (RFC 8754, 2.1.2).
    Hmac {
        /// Whether the destination address is left out of the hash.
        no_destination: bool,
        /// Key identifier.
        key: u32,
        /// The hash.
        hmac: &'a [u8],
    },
    /// Another type, or a length that the type does not have.
    Unknown {
        /// Type.
        kind: SegmentRoutingTlvType,
        /// Value.
        data: &'a [u8],
    },
    /// A TLV whose length lies beyond the header or the capture, and everything after it. Nothing follows.
    Malformed(&'a [u8]),
}

/// The TLVs of a segment routing header, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentRoutingTlvs<'a> {
    rest: &'a [u8],
}

impl<'a> SegmentRoutingTlvs<'a> {
    /// The bytes that are still to come.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl core::iter::FusedIterator for SegmentRoutingTlvs<'_> {}

impl<'a> Iterator for SegmentRoutingTlvs<'a> {
    type Item = SegmentRoutingTlv<'a>;

    fn next(&mut self) -> Option<SegmentRoutingTlv<'a>> {
        let all = core::mem::take(&mut self.rest);
        let (&kind, after) = all.split_first()?;
        let kind = SegmentRoutingTlvType(kind);
        if kind == SegmentRoutingTlvType::PAD1 {
            self.rest = after;
            return Some(SegmentRoutingTlv::Pad1);
        }
        let Some((data, rest)) =
            after.split_first().and_then(|(&length, after)| after.split_at_checked(length.into()))
        else {
            return Some(SegmentRoutingTlv::Malformed(all));
        };
        self.rest = rest;
        Some(match (kind, data) {
            (SegmentRoutingTlvType::PAD_N, data) => SegmentRoutingTlv::PadN(data),
            (SegmentRoutingTlvType::HMAC, &[flags, _, a, b, c, d, ref hmac @ ..]) => {
                SegmentRoutingTlv::Hmac {
                    no_destination: flags & 0x80 != 0,
                    key: u32::from_be_bytes([a, b, c, d]),
                    hmac,
                }
            }
            (kind, data) => SegmentRoutingTlv::Unknown { kind, data },
        })
    }
}

/// An IPv6 routing header: the nodes that a packet visits on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Routing<'a> {
    header: &'a Ipv6RoutingHeader,
    data: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ipv6Routing<'a> {
    /// A header with its data, and nothing behind it.
    pub fn new(header: &'a Ipv6RoutingHeader, data: &'a [u8]) -> Self {
        Self { header, data, payload: &[] }
    }

    /// Takes the header that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = Ipv6RoutingHeader::split(bytes) else {
            return Err(Error::truncated(LayerKind::Ipv6Routing, Ipv6RoutingHeader::LEN, bytes.len()));
        };
        let length = header.header_len() - Ipv6RoutingHeader::LEN;
        let (data, payload) = rest.split_at_checked(length).unwrap_or_else(|| rest.split_at(rest.len()));
        Ok(Self { header, data, payload })
    }

    /// The first four bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Ipv6RoutingHeader {
        self.header
    }

    /// What follows: another extension header or the payload.
    #[inline(always)]
    pub fn next_header(&self) -> IpProtocol {
        self.header.next_header()
    }

    /// Which kind of routing.
    #[inline(always)]
    pub fn routing_type(&self) -> Ipv6RoutingType {
        self.header.routing_type()
    }

    /// How many of the listed nodes are still to be visited.
    pub fn segments_left(&self) -> u8 {
        self.header.segments_left()
    }

    /// What follows the first four bytes, as far as captured.
    #[inline(always)]
    pub fn data_bytes(&self) -> &'a [u8] {
        self.data
    }

    /// What the header says, by its type.
    pub fn data(&self) -> Ipv6RoutingData<'a> {
        let kind = self.routing_type();
        let unknown = Ipv6RoutingData::Unknown { kind, data: self.data };
        let Some((head, rest)) = self.data.split_first_chunk::<4>() else { return unknown };
        let (list, tail) = rest.as_chunks::<16>();
        match kind {
            Ipv6RoutingType::SOURCE_ROUTE => Ipv6RoutingData::SourceRoute {
                reserved: u32::from_be_bytes(*head),
                addresses: Ipv6Addresses { list },
            },
            Ipv6RoutingType::MOBILE => match (list, tail) {
                ([home], []) => Ipv6RoutingData::Mobile {
                    reserved: u32::from_be_bytes(*head),
                    home: Ipv6Addr::from(*home),
                },
                _ => unknown,
            },
            Ipv6RoutingType::RPL => {
                let [compressed, padding, b, c] = *head;
                let reserved = u32::from_be_bytes([0, padding & 0x0f, b, c]);
                let padding = padding >> 4;
                let length = rest.len().saturating_sub(padding.into());
                Ipv6RoutingData::Rpl(RplRoute {
                    compressed: compressed >> 4,
                    last_compressed: compressed & 0x0f,
                    padding,
                    reserved,
                    bytes: rest.get(..length).unwrap_or_default(),
                })
            }
            Ipv6RoutingType::SEGMENT_ROUTING => {
                let [last_entry, flags, tag @ ..] = *head;
                let list = list.get(..=usize::from(last_entry)).unwrap_or(list);
                let tlvs = rest.get(list.as_flattened().len()..).unwrap_or_default();
                Ipv6RoutingData::SegmentRouting {
                    last_entry,
                    flags,
                    tag: u16::from_be_bytes(tag),
                    segments: Ipv6Addresses { list },
                    tlvs: SegmentRoutingTlvs { rest: tlvs },
                }
            }
            Ipv6RoutingType::CRH_16 | Ipv6RoutingType::CRH_32 => Ipv6RoutingData::Compact(self.data),
            _ => unknown,
        }
    }

    /// Where the packet is to end up if `dst` is its destination now: the last node listed, where nodes are left to visit and
    /// the whole header was captured. It is what the transport's checksum includes (RFC 8200, 8.1).
    ///
    /// `None` where a type that is not known here (or a compact one, which lists no addresses) hides it.
    pub fn final_dst(&self, dst: Ipv6Addr) -> Option<Ipv6Addr> {
        if self.segments_left() == 0 {
            return Some(dst);
        }
        if self.missing() != 0 {
            return None;
        }
        match self.data() {
            Ipv6RoutingData::SourceRoute { addresses, .. } => addresses.last(),
            Ipv6RoutingData::Mobile { home, .. } => Some(home),
            Ipv6RoutingData::Rpl(route) => route.addresses(dst).last(),
            Ipv6RoutingData::SegmentRouting { mut segments, .. } => segments.next(),
            Ipv6RoutingData::Compact(_) | Ipv6RoutingData::Unknown { .. } => None,
        }
    }

    /// The header's length in bytes with its data, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Ipv6RoutingHeader::LEN + self.data.len()
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::IpProtocol(self.next_header())
    }

    /// How many bytes the header promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.header.header_len().saturating_sub(self.header_len())
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field: `nxt`, `len`, `type`, `segleft`, and those of the type; listed nodes are `addrs`.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("nxt", 0, h.next_header()).means(h.next_header().name()));
        visit(Field::uint("len", 1, h.ext_len()));
        visit(Field::uint("type", 2, h.routing_type()).means(h.routing_type().name()));
        visit(Field::uint("segleft", 3, h.segments_left()));
        let list = |addresses: Ipv6Addresses<'_>, visit: Visit<'_, 'a>| {
            addresses.enumerate().for_each(|(i, a)| visit(Field::ipv6("addrs", 8 + 16 * i, a).repeated()));
        };
        match self.data() {
            Ipv6RoutingData::SourceRoute { reserved, addresses } => {
                visit(Field::hex("reserved", 4, reserved));
                list(addresses, visit);
            }
            Ipv6RoutingData::Mobile { reserved, home } => {
                visit(Field::hex("reserved", 4, reserved));
                visit(Field::ipv6("home_address", 8, home));
            }
            Ipv6RoutingData::Rpl(route) => {
                visit(Field::uint("cmpr_i", 4, route.compressed));
                visit(Field::uint("cmpr_e", 4, route.last_compressed));
                visit(Field::uint("pad", 5, route.padding));
                visit(Field::hex("reserved", 5, route.reserved));
                visit(Field::bytes("compressed_addrs", 8, route.bytes));
            }
            Ipv6RoutingData::SegmentRouting { last_entry, flags, tag, segments, tlvs } => {
                visit(Field::uint("last_entry", 4, last_entry));
                visit(Field::hex("flags", 5, flags));
                visit(Field::hex("tag", 6, tag));
                list(segments, visit);
                tlv_fields(8 + 16 * segments.len(), tlvs, visit);
            }
            Ipv6RoutingData::Compact(data) | Ipv6RoutingData::Unknown { data, .. } => {
                visit(Field::bytes("data", 4, data));
            }
        }
    }

    /// The one-line form: `RT6 (len=2, type=0 [Deprecated], segleft=1, [0]2001:db8::1)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let view = *self;
        from_fn(move |f| view.write_summary(f))
    }

    fn write_summary(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let h = self.header;
        let deprecated = if h.routing_type() == Ipv6RoutingType::SOURCE_ROUTE { " [Deprecated]" } else { "" };
        let (kind, left) = (h.routing_type().0, h.segments_left());
        write!(f, "RT6 (len={}, type={kind}{deprecated}, segleft={left}", h.ext_len())?;
        let head = self.data.split_first_chunk::<4>();
        match (h.routing_type(), head) {
            (Ipv6RoutingType::SOURCE_ROUTE | Ipv6RoutingType::MOBILE, Some((reserved, _))) => {
                match u32::from_be_bytes(*reserved) {
                    0 => (),
                    reserved => write!(f, ", rsv=0x{reserved:x}")?,
                }
                if h.ext_len() % 2 == 1 {
                    return write!(f, " (invalid length {}) (invalid)", h.ext_len());
                }
            }
            (Ipv6RoutingType::SEGMENT_ROUTING, Some((&[last_entry, flags, tag @ ..], _))) => {
                write!(f, ", last-entry={last_entry}")?;
                if flags != 0 {
                    write!(f, ", flags=0x{flags:x}")?;
                }
                write!(f, ", tag={:x}", u16::from_be_bytes(tag))?;
            }
            (
                Ipv6RoutingType::SOURCE_ROUTE | Ipv6RoutingType::MOBILE | Ipv6RoutingType::SEGMENT_ROUTING,
                None,
            ) => return f.write_str(" [|rt6]"),
            _ => return f.write_str(" (unknown type) (invalid)"),
        }
        if self.missing() != 0 {
            return f.write_str(" [|rt6]");
        }
        let addresses = match self.data() {
            Ipv6RoutingData::SourceRoute { addresses, .. } => addresses,
            Ipv6RoutingData::SegmentRouting { segments, .. } => segments,
            _ => Ipv6Addresses { list: head.map_or(&[], |(_, rest)| rest.as_chunks().0) },
        };
        addresses.enumerate().try_for_each(|(i, address)| write!(f, ", [{i}]{address}"))?;
        f.write_str(")")
    }
}

fn tlv_fields<'a>(start: usize, mut tlvs: SegmentRoutingTlvs<'a>, visit: Visit<'_, 'a>) {
    let total = tlvs.rest.len();
    loop {
        let here = tlvs.rest;
        let offset = start + total - here.len();
        let (Some(tlv), Some((&kind, after))) = (tlvs.next(), here.split_first()) else { break };
        let kind = SegmentRoutingTlvType(kind);
        visit(Field::uint("tlv_types", offset, kind).means(kind.name()).repeated());
        if let (false, Some(&length)) = (tlv == SegmentRoutingTlv::Pad1, after.first()) {
            visit(Field::uint("tlv_lens", offset + 1, length).repeated());
        }
        match tlv {
            SegmentRoutingTlv::Hmac { no_destination, key, hmac } => {
                visit(Field::uint("hmac_d", offset + 2, no_destination));
                visit(Field::hex("hmac_key", offset + 4, key));
                visit(Field::bytes("hmac", offset + 8, hmac));
            }
            SegmentRoutingTlv::Unknown { data, .. } => {
                visit(Field::bytes("tlv_data", offset + 2, data).repeated());
            }
            SegmentRoutingTlv::Pad1 | SegmentRoutingTlv::PadN(_) | SegmentRoutingTlv::Malformed(_) => (),
        }
    }
}

/// `Ipv6Routing(next=0x3a, type=0, segments_left=1)`.
impl fmt::Display for Ipv6Routing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ipv6Routing(next={:#x}, type={}, segments_left={})",
            self.next_header().0,
            self.routing_type().0,
            self.segments_left()
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;

    const NODE: [u8; 16] = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];

    fn summary(kind: u8, parts: &[&[u8]]) -> std::string::String {
        let data = parts.concat();
        let bytes = [&[59, ((data.len() - 4) / 8) as u8, kind, 1][..], &data].concat();
        Ipv6Routing::parse(&bytes).unwrap().summary().to_string()
    }

    #[test]
    fn summaries_are_tcpdumps() {
        // What tcpdump 4.99.3 prints for these bytes.
        let cases: [(u8, &[&[u8]], &str); 8] = [
            (0, &[&[0, 0, 0, 1], &NODE], "len=2, type=0 [Deprecated], segleft=1, rsv=0x1, [0]2001:db8::9)"),
            (
                0,
                &[&[0; 4], &NODE, &NODE],
                "len=4, type=0 [Deprecated], segleft=1, [0]2001:db8::9, [1]2001:db8::9)",
            ),
            (0, &[&[0; 4]], "len=0, type=0 [Deprecated], segleft=1)"),
            (0, &[&[0; 12]], "len=1, type=0 [Deprecated], segleft=1 (invalid length 1) (invalid)"),
            (2, &[&[0; 4], &NODE], "len=2, type=2, segleft=1, [0]2001:db8::9)"),
            (3, &[&[0x12, 0x30, 0, 0], &NODE], "len=2, type=3, segleft=1 (unknown type) (invalid)"),
            (
                4,
                &[&[0, 8, 0, 7], &NODE],
                "len=2, type=4, segleft=1, last-entry=0, flags=0x8, tag=7, [0]2001:db8::9)",
            ),
            (4, &[&[1, 0, 0, 0], &NODE], "len=2, type=4, segleft=1, last-entry=1, tag=0, [0]2001:db8::9)"),
        ];
        for (kind, parts, text) in cases {
            assert_eq!(summary(kind, parts), std::format!("RT6 ({text}"));
        }
    }

    #[test]
    fn compressed_addresses_are_made_whole() {
        // RFC 6554, 3: CmprI = 14, CmprE = 15, two addresses of 2 bytes and one of 1, padding of 3.
        let bytes = [59, 1, 3, 3, 0xef, 0x30, 0, 0, 0, 1, 0, 2, 3, 0, 0, 0];
        let Ipv6RoutingData::Rpl(route) = Ipv6Routing::parse(&bytes).unwrap().data() else { panic!() };
        let addresses: Vec<_> = route.addresses(Ipv6Addr::from(NODE)).map(|a| a.to_string()).collect();
        assert_eq!(addresses, ["2001:db8::1", "2001:db8::2", "2001:db8::3"]);

        // RFC 6554, 3: n = (8 - 2 - 1) / 2 + 1 addresses; the byte behind the last is none.
        let bytes = [59, 1, 3, 3, 0xef, 0x20, 0, 5, 0, 1, 0, 2, 3, 9, 0, 0];
        let Ipv6RoutingData::Rpl(route) = Ipv6Routing::parse(&bytes).unwrap().data() else { panic!() };
        assert_eq!(route.addresses(Ipv6Addr::from(NODE)).count(), 3);
        assert_eq!((route.padding, route.reserved), (2, 5));
    }

    #[test]
    fn a_route_ends_at_its_final_destination() {
        let (dst, node) = (Ipv6Addr::LOCALHOST, Ipv6Addr::from(NODE));
        let end = |kind: u8, left: u8, parts: &[&[u8]]| {
            let data = parts.concat();
            let bytes = [&[59, ((data.len() - 4) / 8) as u8, kind, left][..], &data].concat();
            Ipv6Routing::parse(&bytes).unwrap().final_dst(dst)
        };
        assert_eq!(end(0, 1, &[&[0; 4], &[7; 16], &NODE]), Some(node));
        assert_eq!(end(0, 0, &[&[0; 4], &[7; 16], &NODE]), Some(dst));
        assert_eq!(end(2, 1, &[&[0; 4], &NODE]), Some(node));
        assert_eq!(
            end(3, 1, &[&[0xff, 0x70, 0, 0], &[9, 0, 0, 0, 0, 0, 0, 0]]),
            Some("::9".parse().unwrap())
        );
        assert_eq!(end(4, 1, &[&[1, 0, 0, 0], &NODE, &[7; 16]]), Some(node));
        assert_eq!(end(5, 1, &[&[0, 1, 0, 2]]), None);
        assert_eq!(end(200, 1, &[&[0; 4]]), None);
        let cut = [&[59, 2, 0, 1, 0, 0, 0, 0][..], &NODE[..8]].concat();
        assert_eq!(Ipv6Routing::parse(&cut).unwrap().final_dst(dst), None);
    }

    #[test]
    fn segments_and_tlvs_are_apart() {
        let hmac = [5, 10, 0x80, 0, 0, 0, 0, 7, 1, 2, 3, 4, 4, 1, 0, 0];
        let bytes = [&[59, 4, 4, 0, 0, 0, 0, 0][..], &NODE, &hmac].concat();
        let view = Ipv6Routing::parse(&bytes).unwrap();
        let Ipv6RoutingData::SegmentRouting { segments, tlvs, .. } = view.data() else { panic!() };
        assert_eq!(segments.collect::<Vec<_>>(), [Ipv6Addr::from(NODE)]);
        assert_eq!(
            tlvs.collect::<Vec<_>>(),
            [
                SegmentRoutingTlv::Hmac { no_destination: true, key: 7, hmac: &[1, 2, 3, 4] },
                SegmentRoutingTlv::PadN(&[0]),
                SegmentRoutingTlv::Pad1,
            ]
        );
    }

    #[test]
    fn every_truncation_is_a_state() {
        let bytes = [&[59, 2, 4, 0, 0, 0, 0, 0][..], &NODE].concat();
        for length in 0..bytes.len() {
            match Ipv6Routing::parse(&bytes[..length]) {
                Err(_) => assert!(length < 4),
                Ok(view) => {
                    assert_eq!((view.header_len(), view.missing()), (length, 24 - length));
                    view.fields(&mut |_| ());
                    assert!(view.summary().to_string().ends_with(" [|rt6]"));
                }
            }
        }
    }
}
