//! IPv6.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------+---------------+---------------------------------------+
//! |version| traffic class |               flow label              |   (RFC 8200, 3)
//! +-------+---------------+-------+---------------+---------------+
//! |         payload length        |  next header  |   hop limit   |
//! +-------------------------------+---------------+---------------+
//! |                    source address, 128 bits                   |
//! +---------------------------------------------------------------+
//! |                 destination address, 128 bits                 |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;
use core::net::Ipv6Addr;

use crate::display::from_fn;
use crate::header::header;
use crate::{Error, ErrorKind, Field, IpProtocol, Ipv6HopByHop, LayerKind, Next, Visit};

header! {
    /// The IPv6 header without extensions: 40 bytes.
    pub struct Ipv6Header {
        /// Version (high four bits), traffic class (eight), flow label (twenty).
        version_class_flow, set_version_class_flow: u32;
        /// Length of what follows this header in bytes, extension headers included; 0 in jumbograms (RFC 2675).
        payload_len, set_payload_len: u16;
        /// What follows: an extension header or the payload.
        next_header, set_next_header: IpProtocol;
        /// Hop limit.
        hop_limit, set_hop_limit: u8;
        /// Source address.
        src, set_src: Ipv6Addr;
        /// Destination address.
        dst, set_dst: Ipv6Addr;
    }
}

impl Ipv6Header {
    /// Version; 6, unless the packet is not what it was taken for.
    #[inline(always)]
    pub fn version(&self) -> u8 {
        (self.version_class_flow() >> 28) as u8
    }

    /// The packet's length in bytes with its header, jumbograms aside.
    #[inline(always)]
    pub(crate) fn whole_len(&self) -> usize {
        Self::LEN + usize::from(self.payload_len())
    }

    /// Traffic class: DSCP (high six bits) and ECN (low two).
    pub fn traffic_class(&self) -> u8 {
        (self.version_class_flow() >> 20) as u8
    }

    /// Differentiated services code point, 6 bits (RFC 2474).
    pub fn dscp(&self) -> u8 {
        self.traffic_class() >> 2
    }

    /// Explicit congestion notification, 2 bits (RFC 3168).
    pub fn ecn(&self) -> u8 {
        self.traffic_class() & 3
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        self.version_class_flow() & 0x000f_ffff
    }

    /// Sets [`version`](Self::version); the value's low four bits count.
    #[inline]
    pub fn set_version(&mut self, version: u8) {
        self.set_version_class_flow(self.version_class_flow() & 0x0fff_ffff | u32::from(version) << 28);
    }

    /// Sets [`traffic_class`](Self::traffic_class).
    #[inline]
    pub fn set_traffic_class(&mut self, class: u8) {
        self.set_version_class_flow(self.version_class_flow() & 0xf00f_ffff | u32::from(class) << 20);
    }

    /// Sets [`dscp`](Self::dscp); the value's low six bits count.
    #[inline]
    pub fn set_dscp(&mut self, dscp: u8) {
        self.set_traffic_class(self.ecn() | dscp << 2);
    }

    /// Sets [`ecn`](Self::ecn); the value's low two bits count.
    #[inline]
    pub fn set_ecn(&mut self, ecn: u8) {
        self.set_traffic_class(self.traffic_class() & 0xfc | ecn & 3);
    }

    /// Sets [`flow_label`](Self::flow_label); the value's low twenty bits count.
    #[inline]
    pub fn set_flow_label(&mut self, label: u32) {
        self.set_version_class_flow(self.version_class_flow() & 0xfff0_0000 | label & 0x000f_ffff);
    }
}

/// An IPv6 packet: header and payload; extension headers are layers of their own in the payload.
/// What follows the payload length (padding) is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6<'a> {
    header: &'a Ipv6Header,
    payload: &'a [u8],
    claimed: usize,
}

impl<'a> Ipv6<'a> {
    /// Takes the packet that starts at the first of `bytes`.
    ///
    /// Another version than 6 is told by [`defect`](Self::defect); such a packet has no payload.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 40 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = Ipv6Header::split(bytes) else {
            return Err(Error::truncated(LayerKind::Ipv6, Ipv6Header::LEN, bytes.len()));
        };
        if header.version() != 6 {
            return Ok(Self { header, payload: rest.get(..0).unwrap_or_default(), claimed: 0 });
        }
        let claimed = match header.payload_len() {
            0 => zero_length(header, rest),
            length => usize::from(length),
        };
        Ok(Self { header, payload: rest.get(..claimed).unwrap_or(rest), claimed })
    }

    /// The packet, if it is sound and states its length: nearly every one.
    #[inline(always)]
    pub(crate) fn parse_plain(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = Ipv6Header::split(bytes)?;
        if header.version() != 6 || header.payload_len() == 0 {
            return None;
        }
        let claimed = usize::from(header.payload_len());
        Some(Self { header, payload: rest.get(..claimed).unwrap_or(rest), claimed })
    }

    /// The packet whose payload is known to be whole.
    #[inline(always)]
    pub(crate) fn whole(header: &'a Ipv6Header, payload: &'a [u8]) -> Self {
        Self { header, payload, claimed: payload.len() }
    }

    /// The fixed header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Ipv6Header {
        self.header
    }

    /// Traffic class: DSCP (high six bits) and ECN (low two).
    pub fn traffic_class(&self) -> u8 {
        self.header.traffic_class()
    }

    /// Flow label, 20 bits.
    pub fn flow_label(&self) -> u32 {
        self.header.flow_label()
    }

    /// Length of the payload in bytes as the header claims it; 0 in jumbograms, and where segmentation was left to the hardware.
    #[inline(always)]
    pub fn payload_len(&self) -> u16 {
        self.header.payload_len()
    }

    /// What follows: an extension header or the payload.
    #[inline(always)]
    pub fn next_header(&self) -> IpProtocol {
        self.header.next_header()
    }

    /// Hop limit.
    pub fn hop_limit(&self) -> u8 {
        self.header.hop_limit()
    }

    /// Source address.
    #[inline(always)]
    pub fn src(&self) -> Ipv6Addr {
        self.header.src()
    }

    /// Destination address, as the header has it (a routing header may name another final one).
    #[inline(always)]
    pub fn dst(&self) -> Ipv6Addr {
        self.header.dst()
    }

    /// The header's length in bytes, 40.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Ipv6Header::LEN
    }

    /// What follows the fixed header, up to the payload length or the end of the capture.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::IpProtocol(self.next_header())
    }

    /// How many bytes the header (or its jumbo payload option) promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.claimed.saturating_sub(self.payload.len())
    }

    /// What makes the header contradict itself: another version than 6. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        let version = self.header.version();
        (version != 6).then(|| Error::new(LayerKind::Ipv6, ErrorKind::Version, 6, version.into()))
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("version", 0, h.version()));
        visit(Field::hex("tclass", 0, h.traffic_class()));
        visit(Field::hex("flow", 1, h.flow_label()));
        visit(Field::uint("plen", 4, h.payload_len()));
        visit(Field::uint("nxt", 6, h.next_header()).means(h.next_header().name()));
        visit(Field::uint("hlim", 7, h.hop_limit()));
        visit(Field::ipv6("src", 8, h.src()));
        visit(Field::ipv6("dst", 24, h.dst()));
    }

    /// The one-line form: `fe80::1 > ff02::1`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let header = self.header;
        from_fn(move |f| write!(f, "{} > {}", header.src(), header.dst()))
    }
}

/// The payload's length where the header says 0: that of the jumbo payload option (RFC 2675); none where nothing follows;
/// else, as for IPv4, all that was captured.
#[cold]
fn zero_length(header: &Ipv6Header, rest: &[u8]) -> usize {
    match header.next_header() {
        IpProtocol::NO_NEXT_HEADER => 0,
        IpProtocol::HOP_BY_HOP => {
            let jumbo = Ipv6HopByHop::parse(rest).ok().and_then(|header| header.options().jumbo_payload());
            jumbo.map_or(rest.len(), |length| length as usize)
        }
        _ => rest.len(),
    }
}

/// `IPv6(next=0x3a, fe80::1 -> ff02::1)`.
impl fmt::Display for Ipv6<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IPv6(next={:#x}, {} -> {})", self.next_header().0, self.src(), self.dst())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    fn packet<const N: usize>(payload_len: u16, next: IpProtocol, payload: [u8; N]) -> std::vec::Vec<u8> {
        let mut header = Ipv6Header::zeroed();
        header.set_version(6);
        header.set_ecn(0xfe);
        header.set_dscp(0x0b);
        header.set_flow_label(0xabcde);
        header.set_payload_len(payload_len);
        header.set_next_header(next);
        header.set_src(Ipv6Addr::LOCALHOST);
        [header.as_bytes(), &payload].concat()
    }

    #[test]
    fn bit_fields_are_set_apart() {
        let bytes = packet(2, IpProtocol::UDP, [1, 2, 3]);
        assert_eq!(bytes[..8], [0x62, 0xea, 0xbc, 0xde, 0, 2, 17, 0]);
        let ip = Ipv6::parse(&bytes).unwrap();
        assert_eq!((ip.traffic_class(), ip.flow_label(), ip.payload()), (0x2e, 0xabcde, &[1, 2][..]));
        assert_eq!(Ipv6::parse(&bytes[..41]).unwrap().missing(), 1);
        assert_eq!(Ipv6::parse(&bytes[..39]).unwrap_err().kind(), ErrorKind::Truncated);
    }

    #[test]
    fn another_version_is_a_defect() {
        let mut bytes = packet(2, IpProtocol::UDP, [1, 2, 3]);
        bytes[0] = 0x45;
        let ip = Ipv6::parse(&bytes).unwrap();
        assert_eq!(ip.defect().map(|error| (error.kind(), error.found())), Some((ErrorKind::Version, 4)));
        assert!(ip.payload().is_empty());
    }

    #[test]
    fn a_jumbo_payload_option_gives_the_length() {
        // RFC 2675, 2: the option stands at 4n + 2, its value counts the hop-by-hop header.
        let bytes = packet(0, IpProtocol::HOP_BY_HOP, [59, 0, 0xc2, 4, 0, 1, 0, 8, 9, 9]);
        let ip = Ipv6::parse(&bytes).unwrap();
        assert_eq!((ip.payload().len(), ip.missing()), (10, 0x10008 - 10));
    }

    #[test]
    fn no_length_at_all_is_to_the_end() {
        let bytes = packet(0, IpProtocol::TCP, [1, 2, 3]);
        assert_eq!(Ipv6::parse(&bytes).unwrap().payload().len(), 3);
        let bytes = packet(0, IpProtocol::NO_NEXT_HEADER, [1, 2, 3]);
        assert_eq!(Ipv6::parse(&bytes).unwrap().payload().len(), 0);
    }
}
