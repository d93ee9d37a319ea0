//! UDP-Lite.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |        destination port       |   (RFC 3828, 3)
//! +-------------------------------+-------------------------------+
//! |       checksum coverage       |            checksum           |
//! +-------------------------------+-------------------------------+
//! ```

use core::fmt;
use core::net::IpAddr;

use crate::checksum;
use crate::display::from_fn;
use crate::header::header;
use crate::{Error, ErrorKind, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The UDP-Lite header: 8 bytes.
    pub struct UdpLiteHeader {
        /// Source port.
        src_port, set_src_port: u16;
        /// Destination port.
        dst_port, set_dst_port: u16;
        /// How many bytes from the header's first the checksum covers; 0 is all of them.
        coverage, set_coverage: u16;
        /// Checksum over pseudo-header, header and the covered part of the payload.
        checksum, set_checksum: u16;
    }
}

/// A UDP-Lite datagram: header and payload. Its length is IP's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UdpLite<'a> {
    header: &'a UdpLiteHeader,
    payload: &'a [u8],
    beyond: usize,
}

impl<'a> UdpLite<'a> {
    /// Takes the datagram that starts at the first of `bytes` and ends at their end.
    ///
    /// A checksum coverage of 1 to 7 is told by [`defect`](Self::defect).
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 8 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match UdpLiteHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload, beyond: 0 }),
            None => Err(Error::truncated(LayerKind::UdpLite, UdpLiteHeader::LEN, bytes.len())),
        }
    }

    /// The same datagram with the number of bytes that IP promises beyond the captured ones: the header says no length.
    #[must_use]
    #[inline(always)]
    pub fn with_missing(self, missing: usize) -> Self {
        Self { beyond: missing, ..self }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a UdpLiteHeader {
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

    /// How many bytes from the header's first the checksum covers; 0 is all of them.
    pub fn coverage(&self) -> u16 {
        self.header.coverage()
    }

    /// Checksum, as it stands in the header.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        UdpLiteHeader::LEN
    }

    /// The datagram's data, as far as captured.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// The part of the payload that the checksum covers, as far as captured.
    pub fn covered_payload(&self) -> &'a [u8] {
        match usize::from(self.coverage()).checked_sub(UdpLiteHeader::LEN) {
            Some(covered) => self.payload.get(..covered).unwrap_or(self.payload),
            None if self.coverage() == 0 => self.payload,
            None => &[],
        }
    }

    /// The two ports, for a port table: UDP-Lite shares UDP's (RFC 3828, 6).
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::Udp { src_port: self.src_port(), dst_port: self.dst_port() }
    }

    /// Length of the datagram's data in bytes: the captured ones and the missing ones.
    pub fn payload_len(&self) -> usize {
        self.payload.len().saturating_add(self.beyond)
    }

    /// How many bytes IP promises beyond the captured ones, where [`with_missing`](Self::with_missing) told.
    #[inline]
    pub fn missing(&self) -> usize {
        self.beyond
    }

    /// Whether the checksum is right; `None` where not all that it covers was captured, the coverage contradicts itself, or
    /// the addresses are not of one family. `dst` is the final destination: the last address of a routing header.
    ///
    /// The datagram ends where the view ends, and [`missing`](Self::missing) bytes later; in a fragment the answer means nothing.
    pub fn checksum_ok(&self, src: IpAddr, dst: IpAddr) -> Option<bool> {
        let len = (UdpLiteHeader::LEN + self.payload.len()).saturating_add(self.beyond);
        let covered = match usize::from(self.header.coverage()) {
            0 => len,
            coverage => coverage,
        };
        let covered = self.payload.get(..covered.checked_sub(UdpLiteHeader::LEN)?)?;
        let pseudo = checksum::pseudo(src, dst, IpProtocol::UDP_LITE, len)?;
        let sum = checksum::sum(self.header.as_bytes()) + checksum::sum(covered);
        Some(checksum::fold(pseudo + sum) == 0xffff)
    }

    /// What makes the header contradict itself: a checksum coverage that does not cover the header. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        let coverage = usize::from(self.coverage());
        (1..UdpLiteHeader::LEN)
            .contains(&coverage)
            .then(|| Error::new(LayerKind::UdpLite, ErrorKind::Length, UdpLiteHeader::LEN, coverage))
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(Field::uint("sport", 0, self.src_port()));
        visit(Field::uint("dport", 2, self.dst_port()));
        visit(Field::uint("cov", 4, self.coverage()));
        visit(Field::hex("checksum", 6, self.checksum()));
    }

    /// The one-line form, in which tcpdump knows no more than the protocol's number: ` ip-proto-136 56`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let length = self.payload_len().saturating_add(UdpLiteHeader::LEN);
        from_fn(move |f| write!(f, " ip-proto-136 {length}"))
    }
}

/// `UdpLite(1 -> 2)`.
impl fmt::Display for UdpLite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UdpLite({} -> {})", self.src_port(), self.dst_port())
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;

    use super::*;

    const BYTES: [u8; 12] = [0x04, 0xd2, 0x16, 0x2e, 0, 10, 0xbe, 0xef, 1, 2, 3, 4];

    #[test]
    fn coverage_is_part_of_the_payload() {
        let view = UdpLite::parse(&BYTES).unwrap();
        assert_eq!(
            (view.src_port(), view.dst_port(), view.coverage(), view.checksum()),
            (1234, 5678, 10, 0xbeef)
        );
        assert_eq!((view.payload(), view.covered_payload()), (&[1, 2, 3, 4][..], &[1, 2][..]));
        assert_eq!(view.defect(), None);
        assert_eq!(view.with_missing(44).summary().to_string(), " ip-proto-136 56");
    }

    #[test]
    fn no_coverage_is_all_and_seven_is_illegal() {
        let mut bytes = BYTES;
        bytes[5] = 0;
        let view = UdpLite::parse(&bytes).unwrap();
        assert_eq!((view.covered_payload().len(), view.defect()), (4, None));
        bytes[5] = 7;
        let view = UdpLite::parse(&bytes).unwrap();
        assert!(view.covered_payload().is_empty());
        assert_eq!(view.defect().map(|error| error.found()), Some(7));
        assert_eq!(UdpLite::parse(&bytes[..7]).unwrap_err().kind(), ErrorKind::Truncated);
    }
}
