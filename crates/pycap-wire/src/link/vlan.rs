//! VLAN tags: IEEE 802.1Q and, doubled, 802.1ad.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-----+-+-----------------------+-------------------------------+
//! | PCP |D|          VID          |         type of payload       |   (IEEE 802.1Q, 9.6)
//! +-----+-+-----------------------+-------------------------------+
//! ```
//!
//! The tag protocol identifier is the type field of the header before it.

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::link::ethernet::{cut_to_length, length_of, next_of, type_field};
use crate::{Error, EtherType, Field, LayerKind, Next, Visit};

header! {
    /// A VLAN tag after its tag protocol identifier: 4 bytes.
    pub struct VlanHeader {
        /// Tag control information: priority, drop eligibility, VLAN identifier.
        tci, set_tci: u16;
        /// EtherType of what follows, or its length.
        ether_type, set_ether_type: EtherType;
    }
}

impl VlanHeader {
    /// Priority code point, 0 to 7.
    pub fn pcp(&self) -> u8 {
        (self.tci() >> 13) as u8
    }

    /// Drop eligible indicator (802.1Q-2005 and before: canonical format indicator).
    pub fn dei(&self) -> bool {
        self.tci() & 0x1000 != 0
    }

    /// VLAN identifier, 0 to 4095; 0 is a priority tag.
    pub fn vid(&self) -> u16 {
        self.tci() & 0x0fff
    }

    /// Sets [`pcp`](Self::pcp); the value's low three bits count.
    #[inline]
    pub fn set_pcp(&mut self, pcp: u8) {
        self.set_tci(self.tci() & 0x1fff | u16::from(pcp & 7) << 13);
    }

    /// Sets [`dei`](Self::dei).
    #[inline]
    pub fn set_dei(&mut self, dei: bool) {
        self.set_tci(self.tci() & 0xefff | u16::from(dei) << 12);
    }

    /// Sets [`vid`](Self::vid); the value's low twelve bits count.
    #[inline]
    pub fn set_vid(&mut self, vid: u16) {
        self.set_tci(self.tci() & 0xf000 | vid & 0x0fff);
    }
}

/// A VLAN tag with its tag protocol identifier, beside a frame's bytes and not in them: Linux takes it out of a frame
/// (`skb_vlan_untag` in net/core/skbuff.c), or the network card did.
///
/// In the bytes of a frame a tag is a [`Vlan`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct VlanTag {
    /// Tag protocol identifier, host byte order: 0x8100 for a customer tag, 0x88a8 for a service tag.
    pub tpid: u16,
    /// Tag control information, host byte order: priority (3 bits), drop eligible (1 bit), VLAN identifier (12 bits).
    pub tci: u16,
}

impl VlanTag {
    /// Its 4 bytes on the wire: both numbers, big-endian.
    #[inline]
    pub const fn to_bytes(self) -> [u8; 4] {
        let ([a, b], [c, d]) = (self.tpid.to_be_bytes(), self.tci.to_be_bytes());
        [a, b, c, d]
    }

    /// VLAN identifier, 0 to 4095; 0 is a priority tag.
    #[inline]
    pub const fn vid(self) -> u16 {
        self.tci & 0x0fff
    }
}

/// A VLAN tag and what it tags.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Vlan<'a> {
    header: &'a VlanHeader,
    payload: &'a [u8],
}

impl<'a> Vlan<'a> {
    /// Takes the tag that starts at the first of `bytes`: right after the tag protocol identifier.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match VlanHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(Error::truncated(LayerKind::Vlan, VlanHeader::LEN, bytes.len())),
        }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a VlanHeader {
        self.header
    }

    /// Priority code point, 0 to 7.
    pub fn pcp(&self) -> u8 {
        self.header.pcp()
    }

    /// Drop eligible indicator.
    pub fn dei(&self) -> bool {
        self.header.dei()
    }

    /// VLAN identifier.
    #[inline(always)]
    pub fn vid(&self) -> u16 {
        self.header.vid()
    }

    /// EtherType of what follows, or its length.
    #[inline(always)]
    pub fn ether_type(&self) -> EtherType {
        self.header.ether_type()
    }

    /// The 802.3 length in bytes, where the tag has one in place of an EtherType. 0 is none, as no LLC header fits in it.
    #[inline(always)]
    pub fn length(&self) -> Option<u16> {
        length_of(self.ether_type())
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        VlanHeader::LEN
    }

    /// What follows the tag; an 802.3 length cuts it.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        cut_to_length(self.ether_type(), self.payload)
    }

    /// What follows the tag, up to the end of the capture.
    #[inline(always)]
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline(always)]
    pub fn next(&self) -> Next {
        next_of(self.ether_type(), self.payload)
    }

    /// How many bytes an 802.3 length promises beyond the captured ones.
    pub fn missing(&self) -> usize {
        self.length().map_or(0, |length| usize::from(length).saturating_sub(self.payload.len()))
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field: `pcp`, `dei`, `vid`, and `type` or `len`.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(Field::uint("pcp", 0, self.pcp()));
        visit(Field::uint("dei", 0, self.dei()));
        visit(Field::uint("vid", 0, self.vid()));
        visit(type_field(2, self.ether_type()));
    }

    /// The one-line form: `vlan 42, p 3`, with `DEI` where it is set.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let header = self.header;
        from_fn(move |f| {
            write!(f, "vlan {}, p {}", header.vid(), header.pcp())?;
            if header.dei() { f.write_str(", DEI") } else { Ok(()) }
        })
    }
}

/// `VLAN(id=42, priority=3, type=0x800)`.
impl fmt::Display for Vlan<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VLAN(id={}, priority={}, type={:#x})", self.vid(), self.pcp(), self.ether_type().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{ToString, Vec, bytes, fields, torture};
    use crate::{Layer, Layers, LinkType};

    #[test]
    fn a_tag() {
        let bytes = bytes("b02a 86dd 60");
        let vlan = Vlan::parse(&bytes).unwrap();
        assert_eq!((vlan.pcp(), vlan.dei(), vlan.vid()), (5, true, 42));
        assert_eq!((vlan.next(), vlan.payload()), (Next::EtherType(EtherType::IPV6), &[0x60][..]));
        assert_eq!(fields(Layer::Vlan(vlan)), "pcp@0=5 dei@0=1 vid@0=42 type@2=0x86dd");
        assert_eq!(vlan.summary().to_string(), "vlan 42, p 5, DEI");
        assert_eq!(vlan.to_string(), "VLAN(id=42, priority=5, type=0x86dd)");
    }

    #[test]
    fn tags_nest_whatever_their_protocol_identifiers() {
        let frame = bytes("ffffffffffff 020000000001 88a8 0064 9100 2065 8100 3066 0003 424203 00");
        let mut walk = Layers::new(Next::Link(LinkType::ETHERNET), &frame);
        let mut vids = [0; 3];
        assert!(matches!(walk.next(), Some(Layer::Ethernet(_))));
        for vid in &mut vids {
            let Some(Layer::Vlan(vlan)) = walk.next() else { panic!("no tag") };
            *vid = vlan.vid();
        }
        assert_eq!(vids, [100, 101, 102]);
        assert!(matches!(walk.next(), Some(Layer::Llc(_))));
        assert_eq!((walk.payload(), walk.payload_offset()), (&[][..], 29));
    }

    #[test]
    fn every_tag_protocol_identifier_is_known_to_all() {
        for tpid in [0x8100_u16, 0x88a8, 0x9100, 0x9200] {
            let mut frame = bytes("ffffffffffff 020000000001 0000 0005 0000 0006 0806");
            for at in [12, 16] {
                frame[at..at + 2].copy_from_slice(&tpid.to_be_bytes());
            }
            let packet = crate::Packet::parse(LinkType::ETHERNET, &frame);
            let vids: Vec<_> = packet.vlans().map(|vlan| vlan.vid()).collect();
            let walked: Vec<_> = packet.layers().map(|layer| layer.kind()).collect();
            assert_eq!(vids, [5, 6], "{tpid:#x}");
            assert_eq!(walked, [LayerKind::Ethernet, LayerKind::Vlan, LayerKind::Vlan]);
            assert_eq!(packet.next(), Next::EtherType(EtherType::ARP));
        }
    }

    #[test]
    fn a_length_in_place_of_the_type() {
        let bytes = bytes("002a 0003 424203 00");
        let vlan = Vlan::parse(&bytes).unwrap();
        assert_eq!((vlan.length(), vlan.next(), vlan.payload().len()), (Some(3), Next::Llc, 3));
        assert_eq!(fields(Layer::Vlan(vlan)), "pcp@0=0 dei@0=0 vid@0=42 len@2=3");
    }

    #[test]
    fn a_header_is_written_as_it_is_read() {
        let mut header = VlanHeader::zeroed();
        header.set_vid(42);
        header.set_pcp(5);
        header.set_dei(true);
        header.set_ether_type(EtherType::IPV6);
        assert_eq!(header.as_bytes(), bytes("b02a 86dd"));
    }

    #[test]
    fn any_bytes() {
        torture(&bytes("b02a 0003 424203 00"), |bytes| Vlan::parse(bytes).ok().map(Layer::Vlan));
        assert_eq!(Vlan::parse(&[0; 3]), Err(Error::truncated(LayerKind::Vlan, 4, 3)));
    }
}
