//! IPv6 fragment header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------+---+-+
//! |  next header  |    reserved   |     fragment offset     |rsv|M|   (RFC 8200, 4.5)
//! +---------------+---------------+-------------------------+---+-+
//! |                         identification                        |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::{Error, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The IPv6 fragment header: 8 bytes.
    pub struct Ipv6FragmentHeader {
        /// What the whole packet's fragmentable part starts with.
        next_header, set_next_header: IpProtocol;
        /// Reserved, 0.
        reserved, set_reserved: u8;
        /// Fragment offset in units of 8 bytes (high thirteen bits), reserved (two), more fragments (lowest bit).
        offset_more, set_offset_more: u16;
        /// Identification, shared by the fragments of one packet.
        id, set_id: u32;
    }
}

impl Ipv6FragmentHeader {
    /// Where this fragment's payload stands in the whole fragmentable part, in bytes.
    #[inline(always)]
    pub fn fragment_offset(&self) -> usize {
        usize::from(self.offset_more() & 0xfff8)
    }

    /// Whether more fragments of the same packet follow.
    #[inline(always)]
    pub fn more_fragments(&self) -> bool {
        self.offset_more() & 1 != 0
    }

    /// The same in units of 8 bytes.
    pub fn fragment_offset_units(&self) -> u16 {
        self.offset_more() >> 3
    }

    /// The two reserved bits between offset and flag.
    pub fn reserved_bits(&self) -> u8 {
        (self.offset_more() >> 1 & 3) as u8
    }

    /// Sets [`fragment_offset_units`](Self::fragment_offset_units); the value's low 13 bits count.
    #[inline]
    pub fn set_fragment_offset_units(&mut self, units: u16) {
        self.set_offset_more(self.offset_more() & 7 | units << 3);
    }

    /// Sets [`reserved_bits`](Self::reserved_bits); the value's low two bits count.
    #[inline]
    pub fn set_reserved_bits(&mut self, bits: u8) {
        self.set_offset_more(self.offset_more() & 0xfff9 | u16::from(bits & 3) << 1);
    }

    /// Sets [`fragment_offset`](Self::fragment_offset); bytes, of which the highest 13 of 16 bits count.
    #[inline]
    pub fn set_fragment_offset(&mut self, bytes: u16) {
        self.set_offset_more(self.offset_more() & 7 | bytes & 0xfff8);
    }

    /// Sets [`more_fragments`](Self::more_fragments).
    #[inline]
    pub fn set_more_fragments(&mut self, more: bool) {
        self.set_offset_more(self.offset_more() & 0xfffe | u16::from(more));
    }
}

/// An IPv6 fragment header and the piece that follows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Fragment<'a> {
    header: &'a Ipv6FragmentHeader,
    payload: &'a [u8],
    beyond: usize,
}

impl<'a> Ipv6Fragment<'a> {
    /// Takes the header that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 8 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match Ipv6FragmentHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload, beyond: 0 }),
            None => Err(Error::truncated(LayerKind::Ipv6Fragment, Ipv6FragmentHeader::LEN, bytes.len())),
        }
    }

    /// The same header with the number of bytes that IP promises beyond the captured ones.
    #[must_use]
    #[inline(always)]
    pub fn with_missing(self, missing: usize) -> Self {
        Self { beyond: missing, ..self }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Ipv6FragmentHeader {
        self.header
    }

    /// What the whole packet's fragmentable part starts with.
    #[inline(always)]
    pub fn next_header(&self) -> IpProtocol {
        self.header.next_header()
    }

    /// Where this fragment's payload stands in the whole fragmentable part, in bytes.
    #[inline(always)]
    pub fn fragment_offset(&self) -> usize {
        self.header.fragment_offset()
    }

    /// Whether more fragments of the same packet follow.
    #[inline(always)]
    pub fn more_fragments(&self) -> bool {
        self.header.more_fragments()
    }

    /// Whether the packet is in more than one piece; a fragment header may stand before a whole packet too (RFC 6946).
    pub fn is_fragment(&self) -> bool {
        self.header.offset_more() & 0xfff9 != 0
    }

    /// Identification, shared by the fragments of one packet.
    pub fn id(&self) -> u32 {
        self.header.id()
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Ipv6FragmentHeader::LEN
    }

    /// The piece of the packet.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is; [`Next::Fragment`] where it is a later piece.
    #[inline(always)]
    pub fn next(&self) -> Next {
        if self.fragment_offset() != 0 {
            Next::Fragment(self.next_header())
        } else {
            Next::IpProtocol(self.next_header())
        }
    }

    /// How many bytes IP promises beyond the captured ones, where [`with_missing`](Self::with_missing) told.
    #[inline(always)]
    pub fn missing(&self) -> usize {
        self.beyond
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("nxt", 0, h.next_header()).means(h.next_header().name()));
        visit(Field::hex("reserved", 1, h.reserved()));
        visit(Field::uint("offset", 2, h.fragment_offset_units()));
        visit(Field::hex("reserved_bits", 3, h.reserved_bits()));
        visit(Field::uint("more", 3, h.more_fragments()));
        visit(Field::hex("id", 4, h.id()));
    }

    /// The one-line form, offset and length of the piece: `frag (1448|1448)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let (header, length) = (self.header, self.payload.len().saturating_add(self.beyond));
        from_fn(move |f| write!(f, "frag ({}|{})", header.fragment_offset(), length))
    }
}

/// `Ipv6Fragment(next=0x6, id=0x1, offset=1448, more=1)`.
impl fmt::Display for Ipv6Fragment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Ipv6Fragment(next={:#x}, id={:#x}, offset={}, more={})",
            self.next_header().0,
            self.id(),
            self.fragment_offset(),
            u8::from(self.more_fragments())
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    #[test]
    fn a_later_piece_names_no_header() {
        // tshark 4.0: offset 181 (1448 bytes), more 1, ident 0xf88eb466.
        let bytes = [17, 0, 0x05, 0xa9, 0xf8, 0x8e, 0xb4, 0x66, 1, 2, 3];
        let view = Ipv6Fragment::parse(&bytes).unwrap();
        assert_eq!((view.fragment_offset(), view.more_fragments(), view.id()), (1448, true, 0xf88e_b466));
        assert_eq!(view.next(), Next::Fragment(IpProtocol::UDP));
        assert_eq!(view.with_missing(1445).summary().to_string(), "frag (1448|1448)");
    }

    #[test]
    fn the_first_piece_names_its_header() {
        let view = Ipv6Fragment::parse(&[6, 0, 0, 1, 0, 0, 0, 1]).unwrap();
        assert_eq!((view.next(), view.is_fragment()), (Next::IpProtocol(IpProtocol::TCP), true));
        let atomic = Ipv6Fragment::parse(&[6, 0, 0, 6, 0, 0, 0, 1]).unwrap();
        assert!(!atomic.is_fragment());
        assert!(Ipv6Fragment::parse(&[6, 0, 0, 6, 0, 0, 0]).is_err());
    }

    #[test]
    fn bit_fields_are_set_apart() {
        let mut header = Ipv6FragmentHeader::zeroed();
        header.set_more_fragments(true);
        header.set_fragment_offset(1455);
        assert_eq!((header.fragment_offset(), header.offset_more()), (1448, 1449));
    }
}
