//! IP encapsulating security payload.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------------------------------------------------------+
//! |                   security parameters index                   |   (RFC 4303, 2)
//! +---------------------------------------------------------------+
//! |                        sequence number                        |
//! +---------------------------------------------------------------+
//! |                  encrypted: payload, padding,                 |
//! |        pad length, next header; integrity check value         |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::{Error, Field, LayerKind, Next, Visit};

header! {
    /// The part of ESP that is readable without a key: 8 bytes.
    pub struct EspHeader {
        /// Security parameters index: names the security association at the receiver.
        spi, set_spi: u32;
        /// Sequence number; its low 32 bits where it has 64.
        seq, set_seq: u32;
    }
}

/// An ESP packet; what follows the sequence number is opaque.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Esp<'a> {
    header: &'a EspHeader,
    payload: &'a [u8],
}

impl<'a> Esp<'a> {
    /// Takes the packet that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 8 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match EspHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(Error::truncated(LayerKind::Esp, EspHeader::LEN, bytes.len())),
        }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a EspHeader {
        self.header
    }

    /// Security parameters index: names the security association at the receiver.
    pub fn spi(&self) -> u32 {
        self.header.spi()
    }

    /// Sequence number; its low 32 bits where it has 64.
    pub fn seq(&self) -> u32 {
        self.header.seq()
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        EspHeader::LEN
    }

    /// The encrypted part and the integrity check value.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is: opaque.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::End
    }

    /// How many bytes the header promises beyond the captured ones: none, it has no length.
    pub fn missing(&self) -> usize {
        0
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(Field::hex("spi", 0, self.spi()));
        visit(Field::uint("seq", 4, self.seq()));
    }

    /// The one-line form: `ESP(spi=0x01020304,seq=0x1), length 20`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let Self { header, payload } = *self;
        let length = EspHeader::LEN.saturating_add(payload.len());
        from_fn(move |f| {
            write!(f, "ESP(spi={:#010x},seq={:#x}), length {length}", header.spi(), header.seq())
        })
    }
}

/// `ESP(spi=0x1020304, seq=0x1)`.
impl fmt::Display for Esp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ESP(spi={:#x}, seq={:#x})", self.spi(), self.seq())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, bytes, fields, torture};

    const PACKET: &str = "01020304 00000001 000102030405060708090a0b";

    #[test]
    fn opaque_behind_the_sequence_number() {
        let bytes = bytes(PACKET);
        let esp = Esp::parse(&bytes).unwrap();
        assert_eq!((esp.header_len(), esp.payload().len(), esp.next()), (8, 12, Next::End));
        assert_eq!(fields(Layer::Esp(esp)), "spi@0=0x1020304 seq@4=1");
        assert_eq!(esp.summary().to_string(), "ESP(spi=0x01020304,seq=0x1), length 20");
        assert_eq!(esp.to_string(), "ESP(spi=0x1020304, seq=0x1)");
    }

    #[test]
    fn any_bytes() {
        torture(&bytes(PACKET), |bytes| Esp::parse(bytes).ok().map(Layer::Esp));
        assert_eq!(Esp::parse(&[0; 7]), Err(Error::truncated(LayerKind::Esp, 8, 7)));
    }
}
