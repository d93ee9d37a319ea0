//! IP authentication header.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |  next header  | payload length|           reserved            |   (RFC 4302, 2)
//! +---------------+---------------+-------------------------------+
//! |                   security parameters index                   |
//! +---------------------------------------------------------------+
//! |                        sequence number                        |
//! +---------------------------------------------------------------+
//! |                     integrity check value                     |
//! +---------------------------------------------------------------+
//! ```
//!
//! The payload length is that of the whole header in 32-bit words, minus 2.

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::{Error, ErrorKind, Field, IpProtocol, LayerKind, Next, Value, Visit};

header! {
    /// The authentication header without the integrity check value: 12 bytes.
    pub struct AhHeader {
        /// What the payload is.
        next_header, set_next_header: IpProtocol;
        /// Length of the header in 32-bit words, minus 2; see [`header_len`](Self::header_len).
        payload_len, set_payload_len: u8;
        /// Reserved, 0.
        reserved, set_reserved: u16;
        /// Security parameters index: names the security association at the receiver.
        spi, set_spi: u32;
        /// Sequence number; its low 32 bits where it has 64.
        seq, set_seq: u32;
    }
}

impl AhHeader {
    /// Header length with the integrity check value in bytes, as the header claims it; below 12 is malformed.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        (usize::from(self.payload_len()) + 2) * 4
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole words from 2 to 257 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        self.set_payload_len((bytes / 4).clamp(2, 257).wrapping_sub(2) as u8);
    }
}

/// An authentication header and what it protects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ah<'a> {
    header: &'a AhHeader,
    icv: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ah<'a> {
    /// Takes the header that starts at the first of `bytes`.
    ///
    /// A length below 12 is told by [`defect`](Self::defect); such a header has no payload.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 12 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = AhHeader::split(bytes) else {
            return Err(Error::truncated(LayerKind::Ah, AhHeader::LEN, bytes.len()));
        };
        let (icv, payload) = match header.header_len().checked_sub(AhHeader::LEN) {
            Some(length) => rest.split_at(length.min(rest.len())),
            None => rest.get(..0).map(|none| (none, none)).unwrap_or_default(),
        };
        Ok(Self { header, icv, payload })
    }

    /// The fixed header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a AhHeader {
        self.header
    }

    /// What the payload is.
    #[inline(always)]
    pub fn next_header(&self) -> IpProtocol {
        self.header.next_header()
    }

    /// Security parameters index: names the security association at the receiver.
    pub fn spi(&self) -> u32 {
        self.header.spi()
    }

    /// Sequence number; its low 32 bits where it has 64.
    pub fn seq(&self) -> u32 {
        self.header.seq()
    }

    /// The integrity check value (and its padding, which only the algorithm tells apart), as far as captured.
    pub fn icv(&self) -> &'a [u8] {
        self.icv
    }

    /// The header's length in bytes with the integrity check value, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        AhHeader::LEN + self.icv.len()
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

    /// How many bytes of the integrity check value the length promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.header.header_len().saturating_sub(self.header_len())
    }

    /// What makes the header contradict itself: a length below 12. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        let length = self.header.header_len();
        (length < AhHeader::LEN)
            .then(|| Error::new(LayerKind::Ah, ErrorKind::HeaderLength, AhHeader::LEN, length))
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("nxt", 0, h.next_header()).means(h.next_header().name()));
        visit(Field::uint("len", 1, h.payload_len()));
        visit(Field::hex("reserved", 2, h.reserved()));
        visit(Field::hex("spi", 4, h.spi()));
        visit(Field::uint("seq", 8, h.seq()));
        visit(Field::new("icv", 12, Value::Bytes(self.icv)));
    }

    /// The one-line form: `AH(spi=0x11111111,seq=0x1,icv=0xa0a1a2a3a4a5a6a7a8a9aaab)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let Self { header, icv, .. } = *self;
        let end = if self.missing() > 0 { " [|ah]" } else { ")" };
        from_fn(move |f| {
            write!(
                f,
                "AH(spi={:#010x},seq={:#x},icv=0x{}{end}",
                header.spi(),
                header.seq(),
                Value::Bytes(icv)
            )
        })
    }
}

/// `AH(spi=0x11111111, seq=0x1, next=0x6)`.
impl fmt::Display for Ah<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AH(spi={:#x}, seq={:#x}, next={:#x})", self.spi(), self.seq(), self.next_header().0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, bytes, fields, torture};

    const UDP: &str = "11 04 0000 11111111 00000001 a0a1a2a3a4a5a6a7a8a9aaab d1c4";

    #[test]
    fn header_and_payload() {
        let bytes = bytes(UDP);
        let ah = Ah::parse(&bytes).unwrap();
        assert_eq!((ah.header_len(), ah.missing(), ah.defect()), (24, 0, None));
        assert_eq!((ah.next(), ah.payload()), (Next::IpProtocol(IpProtocol::UDP), &[0xd1, 0xc4][..]));
        assert_eq!(
            fields(Layer::Ah(ah)),
            "nxt@0=17 len@1=4 reserved@2=0x0 spi@4=0x11111111 seq@8=1 icv@12=a0a1a2a3a4a5a6a7a8a9aaab"
        );
        assert_eq!(ah.summary().to_string(), "AH(spi=0x11111111,seq=0x1,icv=0xa0a1a2a3a4a5a6a7a8a9aaab)");
        assert_eq!(ah.to_string(), "AH(spi=0x11111111, seq=0x1, next=0x11)");
    }

    #[test]
    fn cut_inside_the_check_value() {
        let bytes = bytes("11 08 0000 11111111 00000001 a0a1a2a3");
        let ah = Ah::parse(&bytes).unwrap();
        assert_eq!((ah.header_len(), ah.missing(), ah.payload().len(), ah.defect()), (16, 24, 0, None));
        assert_eq!(ah.icv(), [0xa0, 0xa1, 0xa2, 0xa3]);
    }

    #[test]
    fn the_length_is_set_in_bytes() {
        let mut header = AhHeader::zeroed();
        for (bytes, words, whole) in
            [(24, 4, 24), (27, 4, 24), (0, 0, 8), (1028, 255, 1028), (9999, 255, 1028)]
        {
            header.set_header_len(bytes);
            assert_eq!((header.payload_len(), header.header_len()), (words, whole));
        }
    }

    #[test]
    fn a_length_that_cannot_be() {
        let bytes = bytes("06 00 0000 11111111 00000001 a0a1a2a3");
        let ah = Ah::parse(&bytes).unwrap();
        assert_eq!((ah.icv().len(), ah.payload().len()), (0, 0));
        assert_eq!(ah.defect(), Some(Error::new(LayerKind::Ah, ErrorKind::HeaderLength, 12, 8)));
    }

    #[test]
    fn any_bytes() {
        torture(&bytes(UDP), |bytes| Ah::parse(bytes).ok().map(Layer::Ah));
        assert_eq!(Ah::parse(&[0; 11]), Err(Error::truncated(LayerKind::Ah, 12, 11)));
    }
}
