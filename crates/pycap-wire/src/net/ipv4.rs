//! IPv4.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------+-------+---------------+-------------------------------+
//! |version|  IHL  |type of service|          total length         |   (RFC 791, 3.1; RFC 2474, RFC 3168)
//! +-------+-------+---------------+-----+-------------------------+
//! |         identification        |R D M|     fragment offset     |
//! +---------------+---------------+-----+-------------------------+
//! |  time to live |    protocol   |        header checksum        |
//! +---------------+---------------+-------------------------------+
//! |                         source address                        |
//! +---------------------------------------------------------------+
//! |                      destination address                      |
//! +---------------------------------------------------------------+
//! |                       options, 0 to 40 bytes                  |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;
use core::net::Ipv4Addr;

use crate::checksum;
use crate::display::from_fn;
use crate::header::header;
use crate::net::ipv4_option::{self, Ipv4Options};
use crate::{Error, ErrorKind, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The IPv4 header without options: 20 bytes.
    pub struct Ipv4Header {
        /// Version (high four bits) and header length in 32-bit words (low four).
        version_ihl, set_version_ihl: u8;
        /// Type of service: DSCP (high six bits) and ECN (low two).
        tos, set_tos: u8;
        /// Length of header and payload in bytes; 0 where segmentation was left to the hardware.
        total_len, set_total_len: u16;
        /// Identification, shared by the fragments of one packet.
        id, set_id: u16;
        /// Flags (high three bits: reserved, don't fragment, more fragments) and fragment offset in units of 8 bytes.
        flags_fragment, set_flags_fragment: u16;
        /// Time to live, in hops.
        ttl, set_ttl: u8;
        /// What the payload is.
        protocol, set_protocol: IpProtocol;
        /// Checksum of the header.
        checksum, set_checksum: u16;
        /// Source address.
        src, set_src: Ipv4Addr;
        /// Destination address.
        dst, set_dst: Ipv4Addr;
    }
}

impl Ipv4Header {
    /// Version; 4, unless the packet is not what it was taken for.
    #[inline(always)]
    pub fn version(&self) -> u8 {
        self.version_ihl() >> 4
    }

    /// Header length with options in bytes, as the header claims it: 0 to 60; below 20 is malformed.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        usize::from(self.version_ihl() & 0x0f) * 4
    }

    /// The packet's length in bytes with its header.
    #[inline(always)]
    pub(crate) fn whole_len(&self) -> usize {
        usize::from(self.total_len())
    }

    /// Differentiated services code point, 6 bits (RFC 2474).
    pub fn dscp(&self) -> u8 {
        self.tos() >> 2
    }

    /// Explicit congestion notification, 2 bits (RFC 3168).
    pub fn ecn(&self) -> u8 {
        self.tos() & 3
    }

    /// The reserved flag above [`dont_fragment`](Self::dont_fragment); 0.
    pub fn reserved_flag(&self) -> bool {
        self.flags_fragment() & 0x8000 != 0
    }

    /// Whether the packet must not be fragmented.
    pub fn dont_fragment(&self) -> bool {
        self.flags_fragment() & 0x4000 != 0
    }

    /// Whether fragments of the same packet follow.
    pub fn more_fragments(&self) -> bool {
        self.flags_fragment() & 0x2000 != 0
    }

    /// Where this fragment's payload stands in the whole packet's, in bytes.
    #[inline(always)]
    pub fn fragment_offset(&self) -> usize {
        usize::from(self.flags_fragment() & 0x1fff) * 8
    }

    /// Where this fragment's payload stands in the whole packet's, in units of 8 bytes, as the header has it.
    pub fn fragment_offset_units(&self) -> u16 {
        self.flags_fragment() & 0x1fff
    }

    /// Sets [`version`](Self::version); the value's low four bits count.
    #[inline]
    pub fn set_version(&mut self, version: u8) {
        self.set_version_ihl(self.version_ihl() & 0x0f | version << 4);
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole words up to 15 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        self.set_version_ihl(self.version_ihl() & 0xf0 | (bytes / 4).min(15) as u8);
    }

    /// Sets [`dscp`](Self::dscp); the value's low six bits count.
    #[inline]
    pub fn set_dscp(&mut self, dscp: u8) {
        self.set_tos(self.ecn() | dscp << 2);
    }

    /// Sets [`ecn`](Self::ecn); the value's low two bits count.
    #[inline]
    pub fn set_ecn(&mut self, ecn: u8) {
        self.set_tos(self.tos() & 0xfc | ecn & 3);
    }

    /// Sets [`reserved_flag`](Self::reserved_flag).
    #[inline]
    pub fn set_reserved_flag(&mut self, set: bool) {
        self.set_flags_fragment(self.flags_fragment() & !0x8000 | u16::from(set) << 15);
    }

    /// Sets [`dont_fragment`](Self::dont_fragment).
    #[inline]
    pub fn set_dont_fragment(&mut self, set: bool) {
        self.set_flags_fragment(self.flags_fragment() & !0x4000 | u16::from(set) << 14);
    }

    /// Sets [`more_fragments`](Self::more_fragments).
    #[inline]
    pub fn set_more_fragments(&mut self, set: bool) {
        self.set_flags_fragment(self.flags_fragment() & !0x2000 | u16::from(set) << 13);
    }

    /// Sets [`fragment_offset_units`](Self::fragment_offset_units); the value's low 13 bits count.
    #[inline]
    pub fn set_fragment_offset_units(&mut self, units: u16) {
        self.set_flags_fragment(self.flags_fragment() & 0xe000 | units & 0x1fff);
    }

    /// Sets [`fragment_offset`](Self::fragment_offset): bytes, of which whole units of 8 count.
    #[inline]
    pub fn set_fragment_offset(&mut self, bytes: u16) {
        self.set_flags_fragment(self.flags_fragment() & 0xe000 | bytes >> 3);
    }
}

/// An IPv4 packet: header, options, payload. What follows the total length (padding) is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv4<'a> {
    header: &'a Ipv4Header,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ipv4<'a> {
    /// Takes the packet that starts at the first of `bytes`.
    ///
    /// A version, header length or total length that cannot be is told by [`defect`](Self::defect); such a packet has no payload.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 20 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = Ipv4Header::split(bytes) else {
            return Err(Error::truncated(LayerKind::Ipv4, Ipv4Header::LEN, bytes.len()));
        };
        if header.version_ihl() == 0x45 && usize::from(header.total_len()) >= Ipv4Header::LEN {
            let end = usize::from(header.total_len()) - Ipv4Header::LEN;
            return Ok(Self { header, options: &[], payload: rest.get(..end).unwrap_or(rest) });
        }
        Ok(Self::with_options(header, rest))
    }

    /// The packet, if it is sound, has no options and is not a later fragment: nearly every one.
    #[inline(always)]
    pub(crate) fn parse_plain(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = Ipv4Header::split(bytes)?;
        if header.version_ihl() != 0x45 || header.fragment_offset() != 0 {
            return None;
        }
        let length = header.whole_len().checked_sub(Ipv4Header::LEN)?;
        Some(Self { header, options: &[], payload: rest.get(..length).unwrap_or(rest) })
    }

    /// The packet whose header is known to have no options, and whose payload is known to be whole.
    #[inline(always)]
    pub(crate) fn whole(header: &'a Ipv4Header, payload: &'a [u8]) -> Self {
        Self { header, options: &[], payload }
    }

    fn with_options(header: &'a Ipv4Header, rest: &'a [u8]) -> Self {
        let none = rest.get(..0).unwrap_or_default();
        if sound(header).is_err() {
            return Self { header, options: none, payload: none };
        }
        let total = match header.total_len() {
            0 => usize::MAX,
            total => usize::from(total),
        };
        let rest = rest.get(..total.saturating_sub(Ipv4Header::LEN)).unwrap_or(rest);
        let (options, payload) = rest.split_at((header.header_len() - Ipv4Header::LEN).min(rest.len()));
        Self { header, options, payload }
    }

    /// The fixed header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Ipv4Header {
        self.header
    }

    /// Type of service: DSCP (high six bits) and ECN (low two).
    pub fn tos(&self) -> u8 {
        self.header.tos()
    }

    /// Length of header and payload in bytes, as the header claims it; 0 where segmentation was left to the hardware.
    #[inline(always)]
    pub fn total_len(&self) -> u16 {
        self.header.total_len()
    }

    /// Identification, shared by the fragments of one packet.
    pub fn id(&self) -> u16 {
        self.header.id()
    }

    /// Whether the packet must not be fragmented.
    pub fn dont_fragment(&self) -> bool {
        self.header.dont_fragment()
    }

    /// Whether fragments of the same packet follow.
    pub fn more_fragments(&self) -> bool {
        self.header.more_fragments()
    }

    /// Where this fragment's payload stands in the whole packet's, in bytes.
    #[inline(always)]
    pub fn fragment_offset(&self) -> usize {
        self.header.fragment_offset()
    }

    /// Whether the packet is one fragment of several.
    pub fn is_fragment(&self) -> bool {
        self.header.flags_fragment() & 0x3fff != 0
    }

    /// Time to live, in hops.
    pub fn ttl(&self) -> u8 {
        self.header.ttl()
    }

    /// What the payload is.
    #[inline(always)]
    pub fn protocol(&self) -> IpProtocol {
        self.header.protocol()
    }

    /// Checksum of the header, as it stands there.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// Source address.
    #[inline(always)]
    pub fn src(&self) -> Ipv4Addr {
        self.header.src()
    }

    /// Destination address, as the header has it (a source route may name another final one).
    #[inline(always)]
    pub fn dst(&self) -> Ipv4Addr {
        self.header.dst()
    }

    /// The options, in their order.
    pub fn options(&self) -> Ipv4Options<'a> {
        Ipv4Options::new(self.options)
    }

    /// Where the packet is to end up: what a source route names, or [`dst`](Self::dst) where none is left to follow.
    pub fn final_dst(&self) -> Ipv4Addr {
        self.options().final_dst().unwrap_or_else(|| self.dst())
    }

    /// The options' bytes, as far as captured.
    #[inline(always)]
    pub fn options_bytes(&self) -> &'a [u8] {
        self.options
    }

    /// The header's length in bytes with its options, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Ipv4Header::LEN + self.options.len()
    }

    /// What follows the header, up to the total length or the end of the capture.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is; [`Next::Fragment`] where it is a later piece of a fragmented packet.
    #[inline(always)]
    pub fn next(&self) -> Next {
        if self.fragment_offset() != 0 {
            Next::Fragment(self.protocol())
        } else {
            Next::IpProtocol(self.protocol())
        }
    }

    /// How many bytes the header promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        let claimed = usize::from(self.total_len()).max(self.header.header_len());
        claimed.saturating_sub(self.header_len() + self.payload.len())
    }

    /// What makes the header contradict itself: another version than 4, a header length below 20, or a total length
    /// below the header length. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        sound(self.header).err()
    }

    /// Whether the header's checksum is right; `None` where not the whole header was captured.
    pub fn checksum_ok(&self) -> Option<bool> {
        (self.header_len() == self.header.header_len()).then(|| {
            checksum::fold(checksum::sum(self.header.as_bytes()) + checksum::sum(self.options)) == 0xffff
        })
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        let flags = h.flags_fragment() >> 13;
        visit(Field::uint("version", 0, h.version()));
        visit(Field::uint("hdr_len", 0, h.header_len() as u64));
        visit(Field::hex("tos", 1, h.tos()));
        visit(Field::uint("len", 2, h.total_len()));
        visit(Field::uint("id", 4, h.id()));
        visit(Field::hex("flags", 6, flags));
        visit(Field::uint("rb", 6, flags >> 2));
        visit(Field::uint("df", 6, flags >> 1 & 1));
        visit(Field::uint("mf", 6, flags & 1));
        visit(Field::uint("frag_off", 6, h.flags_fragment() & 0x1fff));
        visit(Field::uint("ttl", 8, h.ttl()));
        visit(Field::uint("proto", 9, h.protocol()).means(h.protocol().name()));
        visit(Field::hex("checksum", 10, h.checksum()));
        visit(Field::ipv4("src", 12, h.src()));
        visit(Field::ipv4("dst", 16, h.dst()));
        ipv4_option::fields(Ipv4Header::LEN, self.options, visit);
    }

    /// The one-line form: `192.168.0.235 > 64.12.24.129`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let header = self.header;
        from_fn(move |f| write!(f, "{} > {}", header.src(), header.dst()))
    }
}

fn sound(header: &Ipv4Header) -> Result<(), Error> {
    let error = |kind, needed, found| Err(Error::new(LayerKind::Ipv4, kind, needed, found));
    let (header_len, total_len) = (header.header_len(), usize::from(header.total_len()));
    if header.version() != 4 {
        error(ErrorKind::Version, 4, header.version().into())
    } else if header_len < Ipv4Header::LEN {
        error(ErrorKind::HeaderLength, Ipv4Header::LEN, header_len)
    } else if total_len != 0 && total_len < header_len {
        error(ErrorKind::Length, header_len, total_len)
    } else {
        Ok(())
    }
}

/// `IP(proto=0x6, 192.168.0.235 -> 64.12.24.129)`.
impl fmt::Display for Ipv4<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IP(proto={:#x}, {} -> {})", self.protocol().0, self.src(), self.dst())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    /// A UDP packet with a router alert; the checksum is tshark's.
    const ALERT: [u8; 28] = [
        0x46, 0, 0, 28, 0, 1, 0x40, 0, 64, 17, 0x91, 0xc9, 10, 0, 0, 1, 10, 0, 0, 2, 0x94, 4, 0, 0, 1, 2, 3,
        4,
    ];

    fn changed(at: usize, value: u8) -> [u8; 28] {
        let mut bytes = ALERT;
        bytes[at] = value;
        bytes
    }

    #[test]
    fn options_and_payload_are_apart() {
        let ip = Ipv4::parse(&ALERT).unwrap();
        assert_eq!((ip.header_len(), ip.payload(), ip.missing()), (24, &[1, 2, 3, 4][..], 0));
        assert_eq!(ip.options().collect::<Vec<_>>(), [ipv4_option::Ipv4Option::RouterAlert(0)]);
        assert_eq!((ip.dont_fragment(), ip.is_fragment(), ip.defect()), (true, false, None));
        assert_eq!(ip.checksum_ok(), Some(true));
        assert_eq!(ip.final_dst(), ip.dst());
    }

    #[test]
    fn padding_is_cut_and_a_cut_is_missing() {
        let padded = [&ALERT[..], &[0; 18]].concat();
        assert_eq!(Ipv4::parse(&padded).unwrap().payload(), [1, 2, 3, 4]);
        for length in 20..28 {
            let ip = Ipv4::parse(&ALERT[..length]).unwrap();
            assert_eq!((ip.missing(), ip.header_len() + ip.payload().len()), (28 - length, length));
        }
        assert_eq!(Ipv4::parse(&ALERT[..19]).unwrap_err().kind(), ErrorKind::Truncated);
    }

    #[test]
    fn a_total_length_of_zero_is_to_the_end() {
        let bytes = changed(3, 0);
        let ip = Ipv4::parse(&bytes).unwrap();
        assert_eq!((ip.payload().len(), ip.missing(), ip.defect()), (4, 0, None));
    }

    #[test]
    fn contradictions_leave_no_payload() {
        let cases = [
            (0, 0x66, ErrorKind::Version, 4, 6),
            (0, 0x44, ErrorKind::HeaderLength, 20, 16),
            (3, 23, ErrorKind::Length, 24, 23),
        ];
        for (at, value, kind, needed, found) in cases {
            let bytes = changed(at, value);
            let ip = Ipv4::parse(&bytes).unwrap();
            let error = ip.defect().unwrap();
            assert_eq!((error.kind(), error.needed(), error.found()), (kind, needed, found));
            assert!(ip.payload().is_empty());
        }
    }

    #[test]
    fn later_fragments_name_no_header() {
        let bytes = changed(7, 3);
        let ip = Ipv4::parse(&bytes).unwrap();
        assert_eq!((ip.fragment_offset(), ip.is_fragment()), (24, true));
        assert_eq!(ip.next(), Next::Fragment(IpProtocol::UDP));
        let bytes = changed(6, 0x20);
        let ip = Ipv4::parse(&bytes).unwrap();
        assert_eq!((ip.more_fragments(), ip.next()), (true, Next::IpProtocol(IpProtocol::UDP)));
    }

    #[test]
    fn bit_fields_are_set_apart() {
        let mut header = Ipv4Header::zeroed();
        header.set_version(4);
        header.set_header_len(24);
        header.set_dont_fragment(true);
        header.set_more_fragments(true);
        header.set_fragment_offset(1480);
        assert_eq!((header.version_ihl(), header.flags_fragment()), (0x46, 0x60b9));
        header.set_dont_fragment(false);
        header.set_fragment_offset(0);
        assert_eq!(header.flags_fragment(), 0x2000);
        header.set_reserved_flag(true);
        assert_eq!((header.flags_fragment(), header.reserved_flag()), (0xa000, true));
        header.set_ecn(0xff);
        header.set_dscp(46);
        assert_eq!((header.tos(), header.dscp(), header.ecn()), (0xbb, 46, 3));
    }
}
