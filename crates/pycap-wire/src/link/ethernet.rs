//! Ethernet II and IEEE 802.3.
//!
//! ```text
//!  0               6              12      14
//! +---------------+---------------+-------+-----------
//! |  destination  |    source     | type  | payload     (IEEE 802.3, RFC 894, RFC 1042)
//! +---------------+---------------+-------+-----------
//! ```
//!
//! A type of 1 to 1500 is the payload's length instead, and an LLC header follows. 1501 to 1535 are neither length nor type.

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::summary::ether_type_name;
use crate::{Error, EtherType, Field, LayerKind, MacAddr, Next, Visit};

header! {
    /// The Ethernet header: 14 bytes.
    pub struct EthernetHeader {
        /// Destination address.
        dst, set_dst: MacAddr;
        /// Source address.
        src, set_src: MacAddr;
        /// EtherType, or the payload's length where [`EtherType::is_length`] says so.
        ether_type, set_ether_type: EtherType;
    }
}

/// An Ethernet frame: header and payload. Padding and trailer are still in the payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ethernet<'a> {
    header: &'a EthernetHeader,
    payload: &'a [u8],
}

impl<'a> Ethernet<'a> {
    /// Takes the frame that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 14 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match EthernetHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(Error::truncated(LayerKind::Ethernet, EthernetHeader::LEN, bytes.len())),
        }
    }

    #[inline(always)]
    pub(crate) fn from_parts(header: &'a EthernetHeader, payload: &'a [u8]) -> Self {
        Self { header, payload }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a EthernetHeader {
        self.header
    }

    /// Destination address.
    #[inline(always)]
    pub fn dst(&self) -> MacAddr {
        self.header.dst()
    }

    /// Source address.
    #[inline(always)]
    pub fn src(&self) -> MacAddr {
        self.header.src()
    }

    /// EtherType, or length; see [`length`](Self::length).
    #[inline(always)]
    pub fn ether_type(&self) -> EtherType {
        self.header.ether_type()
    }

    /// The 802.3 length in bytes, where the frame has one in place of an EtherType. 0 is none, as no LLC header fits in it.
    #[inline(always)]
    pub fn length(&self) -> Option<u16> {
        length_of(self.ether_type())
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        EthernetHeader::LEN
    }

    /// What follows the header; an 802.3 length cuts it.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        cut_to_length(self.ether_type(), self.payload)
    }

    /// What follows the header, up to the end of the capture.
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

    /// Calls `visit` for each field: `dst`, `src`, and `type` or `len`.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        visit(Field::mac("dst", 0, self.dst()));
        visit(Field::mac("src", 6, self.src()));
        visit(type_field(12, self.ether_type()));
    }

    /// The one-line form: `00:03:93:44:a9:92 > 00:50:ba:8f:c4:5f, ethertype IPv4 (0x0800)`; `802.3` in place of the EtherType
    /// where there is a length.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let Self { header, .. } = *self;
        let length = self.length();
        from_fn(move |f| {
            write!(f, "{} > {}, ", header.src(), header.dst())?;
            let ether_type = header.ether_type();
            match length {
                Some(_) => f.write_str("802.3"),
                None => write!(f, "ethertype {} ({:#06x})", ether_type_name(ether_type), ether_type.0),
            }
        })
    }
}

/// The length that stands in the place of a type.
#[inline(always)]
pub(crate) fn length_of(ether_type: EtherType) -> Option<u16> {
    (ether_type.is_length() && ether_type.0 != 0).then_some(ether_type.0)
}

/// The field that is a length or a type, as 802.3 and VLAN headers have it.
pub(crate) fn type_field(offset: usize, ether_type: EtherType) -> Field<'static> {
    match length_of(ether_type) {
        Some(length) => Field::uint("len", offset, length),
        None => Field::hex("type", offset, ether_type.0).means(ether_type.name()),
    }
}

/// What follows a length or a type. 0xffff after a length is IPX without an LLC header ("raw 802.3").
#[inline(always)]
pub(crate) fn next_of(ether_type: EtherType, payload: &[u8]) -> Next {
    if length_of(ether_type).is_none() {
        Next::EtherType(ether_type)
    } else if payload.starts_with(&[0xff, 0xff]) {
        Next::EtherType(EtherType::IPX)
    } else {
        Next::Llc
    }
}

/// The payload without what a length cuts off.
#[inline(always)]
pub(crate) fn cut_to_length(ether_type: EtherType, payload: &[u8]) -> &[u8] {
    match length_of(ether_type) {
        Some(length) => payload.get(..usize::from(length)).unwrap_or(payload),
        None => payload,
    }
}

/// `Ethernet(type=0x800, 00:03:93:44:a9:92 -> 00:50:ba:8f:c4:5f)`.
impl fmt::Display for Ethernet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ethernet(type={:#x}, {} -> {})", self.ether_type().0, self.src(), self.dst())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, Vec, bytes, fields, torture};

    fn frame(hex: &str) -> Vec<u8> {
        let mut frame = bytes("0050ba8fc45f 00039344a992");
        frame.extend(bytes(hex));
        frame
    }

    #[test]
    fn ethernet_ii() {
        let bytes = frame("0800 4500");
        let eth = Ethernet::parse(&bytes).unwrap();
        assert_eq!(eth.next(), Next::EtherType(EtherType::IPV4));
        assert_eq!(eth.payload(), [0x45, 0]);
        assert_eq!(
            fields(Layer::Ethernet(eth)),
            "dst@0=00:50:ba:8f:c4:5f src@6=00:03:93:44:a9:92 type@12=0x800"
        );
        assert_eq!(eth.to_string(), "Ethernet(type=0x800, 00:03:93:44:a9:92 -> 00:50:ba:8f:c4:5f)");
        assert_eq!(
            eth.summary().to_string(),
            "00:03:93:44:a9:92 > 00:50:ba:8f:c4:5f, ethertype IPv4 (0x0800)"
        );
    }

    #[test]
    fn a_length_cuts_the_padding_and_announces_llc() {
        let bytes = frame("0003 424203 0000");
        let eth = Ethernet::parse(&bytes).unwrap();
        assert_eq!((eth.length(), eth.next(), eth.missing()), (Some(3), Next::Llc, 0));
        assert_eq!((eth.payload().len(), eth.rest().len()), (3, 5));
        assert_eq!(fields(Layer::Ethernet(eth)), "dst@0=00:50:ba:8f:c4:5f src@6=00:03:93:44:a9:92 len@12=3");
        assert_eq!(Ethernet::parse(&frame("0026 424203")).unwrap().missing(), 35);
    }

    #[test]
    fn ffff_after_a_length_is_raw_ipx() {
        let bytes = frame("0022 ffff 0022");
        assert_eq!(Ethernet::parse(&bytes).unwrap().next(), Next::EtherType(EtherType::IPX));
    }

    #[test]
    fn lengths_end_at_1500_and_0_is_none() {
        for (hex, length) in [
            ("0000 00", None),
            ("0001 00", Some(1)),
            ("05dc 00", Some(1500)),
            ("05dd 00", None),
            ("0600 00", None),
        ] {
            let bytes = frame(hex);
            let eth = Ethernet::parse(&bytes).unwrap();
            assert_eq!((eth.length(), eth.payload().len()), (length, 1), "{hex}");
        }
    }

    #[test]
    fn a_header_is_written_as_it_is_read() {
        let mut header = EthernetHeader::zeroed();
        header.set_dst(MacAddr([0x00, 0x50, 0xba, 0x8f, 0xc4, 0x5f]));
        header.set_src(MacAddr([0x00, 0x03, 0x93, 0x44, 0xa9, 0x92]));
        header.set_ether_type(EtherType::ARP);
        assert_eq!(header.as_bytes(), frame("0806"));
    }

    #[test]
    fn any_bytes() {
        torture(&frame("0003 424203 0000"), |bytes| Ethernet::parse(bytes).ok().map(Layer::Ethernet));
        assert_eq!(Ethernet::parse(&[0; 13]), Err(Error::truncated(LayerKind::Ethernet, 14, 13)));
    }
}
