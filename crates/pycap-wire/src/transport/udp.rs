//! UDP.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |        destination port       |   (RFC 768)
//! +-------------------------------+-------------------------------+
//! |             length            |            checksum           |
//! +-------------------------------+-------------------------------+
//! ```

use core::fmt;
use core::net::IpAddr;

use crate::checksum;
use crate::display::from_fn;
use crate::header::header;
use crate::{Error, ErrorKind, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The UDP header: 8 bytes.
    pub struct UdpHeader {
        /// Source port.
        src_port, set_src_port: u16;
        /// Destination port.
        dst_port, set_dst_port: u16;
        /// Length of header and payload in bytes; 0 in jumbograms (RFC 2675).
        len, set_len: u16;
        /// Checksum over pseudo-header, header and payload; 0 is none.
        checksum, set_checksum: u16;
    }
}

impl UdpHeader {
    /// The length in bytes that the header claims for itself.
    #[inline(always)]
    pub(crate) fn claimed_len(&self) -> usize {
        Self::LEN
    }

    /// The payload in the IP packet that ends with `packet`, if this header, at `start`, is sound and its datagram whole.
    #[inline(always)]
    pub(crate) fn payload_in<'a>(&self, packet: &'a [u8], start: usize) -> Option<&'a [u8]> {
        packet.get(start + Self::LEN..start + usize::from(self.len()))
    }
}

/// A UDP datagram: header and payload. What follows its length is cut off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Udp<'a> {
    header: &'a UdpHeader,
    payload: &'a [u8],
}

impl<'a> Udp<'a> {
    /// Takes the datagram that starts at the first of `bytes`.
    ///
    /// A length below 8 is told by [`defect`](Self::defect); such a datagram has no payload. Length 0 is right in a jumbogram,
    /// when more than 65,535 bytes are there.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 8 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match UdpHeader::split(bytes) {
            Some((header, rest)) => Ok(Self::from_parts(header, rest)),
            None => Err(Error::truncated(LayerKind::Udp, UdpHeader::LEN, bytes.len())),
        }
    }

    #[inline(always)]
    pub(crate) fn from_parts(header: &'a UdpHeader, rest: &'a [u8]) -> Self {
        let payload = match usize::from(header.len()).checked_sub(UdpHeader::LEN) {
            Some(length) => rest.get(..length).unwrap_or(rest),
            None if header.len() == 0 && rest.len() > usize::from(u16::MAX) - UdpHeader::LEN => rest,
            None => rest.get(..0).unwrap_or_default(),
        };
        Self { header, payload }
    }

    /// The datagram, if its header is sound and whole.
    #[inline(always)]
    pub(crate) fn parse_whole(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = UdpHeader::split(bytes)?;
        let length = usize::from(header.len()).checked_sub(UdpHeader::LEN)?;
        Some(Self { header, payload: rest.get(..length).unwrap_or(rest) })
    }

    /// The datagram whose header is known to be sound and whole.
    #[inline(always)]
    pub(crate) fn whole(header: &'a UdpHeader, _: &'a [u8], payload: &'a [u8]) -> Self {
        Self { header, payload }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a UdpHeader {
        self.header
    }

    /// Source port.
    #[inline(always)]
    pub fn src_port(&self) -> u16 {
        self.header.src_port()
    }

    /// Destination port.
    #[inline(always)]
    pub fn dst_port(&self) -> u16 {
        self.header.dst_port()
    }

    /// Length of header and payload in bytes, as the header claims it.
    #[inline(always)]
    pub fn len(&self) -> u16 {
        self.header.len()
    }

    /// Whether the datagram carries no payload.
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }

    /// Checksum, as it stands in the header; 0 is none.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        UdpHeader::LEN
    }

    /// The datagram's data, as far as captured.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The two ports, for a port table.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::Udp { src_port: self.src_port(), dst_port: self.dst_port() }
    }

    /// How many bytes the length promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        usize::from(self.len()).saturating_sub(UdpHeader::LEN + self.payload.len())
    }

    /// Whether the checksum is right; `None` where none was sent, [`missing`](Self::missing) says that not all of the datagram
    /// is there, the header contradicts itself, or the addresses are not of one family. `dst` is the final destination: the
    /// last address of a routing header.
    ///
    /// In a fragment the answer means nothing.
    pub fn checksum_ok(&self, src: IpAddr, dst: IpAddr) -> Option<bool> {
        if self.checksum() == 0 || self.missing() != 0 || self.defect().is_some() {
            return None;
        }
        let pseudo = checksum::pseudo(src, dst, IpProtocol::UDP, UdpHeader::LEN + self.payload.len())?;
        let sum = checksum::sum(self.header.as_bytes()) + checksum::sum(self.payload);
        Some(checksum::fold(pseudo + sum) == 0xffff)
    }

    /// What makes the header contradict itself: a length below 8 outside a jumbogram. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        let length = usize::from(self.len());
        (length < UdpHeader::LEN && self.payload.is_empty())
            .then(|| Error::new(LayerKind::Udp, ErrorKind::Length, UdpHeader::LEN, length))
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(Field::uint("sport", 0, self.src_port()));
        visit(Field::uint("dport", 2, self.dst_port()));
        visit(Field::uint("len", 4, self.len()));
        visit(Field::hex("checksum", 6, self.checksum()));
    }

    /// The one-line form without the ports: `UDP, length 48`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let length = usize::from(self.len()).saturating_sub(UdpHeader::LEN).max(self.payload.len());
        from_fn(move |f| write!(f, "UDP, length {length}"))
    }
}

/// `UDP(1 -> 2)`.
impl fmt::Display for Udp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UDP({} -> {})", self.src_port(), self.dst_port())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, Vec, bytes, fields, torture};

    /// Ports 40000 and 7, length 13.
    const DATAGRAM: &str = "9c40 0007 000d 3383 68656c6c6f";

    #[test]
    fn header_and_payload() {
        let bytes = bytes(DATAGRAM);
        let udp = Udp::parse(&bytes).unwrap();
        assert_eq!((udp.src_port(), udp.dst_port(), udp.len(), udp.checksum()), (40000, 7, 13, 0x3383));
        assert_eq!((udp.header_len(), udp.payload(), udp.missing()), (8, &b"hello"[..], 0));
        assert_eq!(fields(Layer::Udp(udp)), "sport@0=40000 dport@2=7 len@4=13 checksum@6=0x3383");
        assert_eq!(udp.to_string(), "UDP(40000 -> 7)");
        assert_eq!(udp.summary().to_string(), "UDP, length 5");
    }

    #[test]
    fn what_follows_the_length_is_cut_and_what_lacks_is_missing() {
        let mut bytes = bytes(DATAGRAM);
        bytes.extend([0xee; 4]);
        assert_eq!(Udp::parse(&bytes).unwrap().payload(), b"hello");
        let udp = Udp::parse(&bytes[..10]).unwrap();
        assert_eq!((udp.payload(), udp.missing(), udp.defect()), (&b"he"[..], 3, None));
        assert_eq!(udp.summary().to_string(), "UDP, length 5");
    }

    #[test]
    fn lengths_below_eight() {
        for length in 0..8 {
            let mut bytes = bytes(DATAGRAM);
            bytes[5] = length;
            let udp = Udp::parse(&bytes).unwrap();
            let error = udp.defect().unwrap();
            assert_eq!(
                (error.kind(), error.needed(), error.found()),
                (ErrorKind::Length, 8, usize::from(length))
            );
            assert!(udp.is_empty());
        }
    }

    #[test]
    fn a_jumbogram_has_length_0() {
        // RFC 2675, 4: the UDP header and its data have 65,536 bytes or more.
        let mut whole: Vec<u8> = bytes("9c40 0007 0000 0000");
        whole.resize(65_536, 7);
        let udp = Udp::parse(&whole).unwrap();
        assert_eq!((udp.payload().len(), udp.missing(), udp.defect()), (65_528, 0, None));
        assert!(Udp::parse(&whole[..65_535]).unwrap().defect().is_some());
    }

    #[test]
    fn any_bytes() {
        torture(&bytes(DATAGRAM), |bytes| Udp::parse(bytes).ok().map(Layer::Udp));
        assert_eq!(Udp::parse(&[0; 7]), Err(Error::truncated(LayerKind::Udp, 8, 7)));
    }
}
