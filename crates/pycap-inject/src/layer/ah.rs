//! An IP authentication header.

use pycap_wire::{AhHeader, IpProtocol};

use super::declare::layer;
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::value::FromValue;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IP authentication header (RFC 4302). The integrity check value is not computed, as it takes a key.
    pub struct Ah(AhHeader) = "ah";
    set {
        /// Reserved.
        "reserved" reserved, set_reserved: u16;
        /// Security parameters index.
        "spi" spi, set_spi: u32;
        /// Sequence number.
        "seq" seq, set_seq: u32;
    }
    computed {
        /// What the payload is. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
        "nxt" next_header, set_next_header: IpProtocol, Numbers;
        /// Length of the header in 32-bit words, minus 2.
        "len" payload_len, set_payload_len: u8, Lengths;
    }
    also {
        /// Integrity check value, padded with zeros to whole 32-bit words unless the length is set.
        "icv" icv: Vec<u8>, = Vec::new(), from FromValue::from_value, takes "bytes";
    }
}

/// The greatest length of the header in bytes.
const MAX_HEADER: usize = 257 * 4;

impl Ah {
    /// A header without integrity check value.
    pub fn new(spi: u32, seq: u32) -> Self {
        Self::default().spi(spi).seq(seq)
    }

    /// Integrity check value, padded with zeros to whole 32-bit words unless the length is set. In an IPv6 packet the whole header
    /// should be a multiple of 8 bytes, so the value one and 4 (RFC 4302, 2.6).
    #[must_use]
    pub fn icv(self, icv: impl Into<Vec<u8>>) -> Self {
        Self { icv: icv.into(), ..self }
    }
}

impl Default for Ah {
    fn default() -> Self {
        Self::over(AhHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Ah<'_> {
    type Builder = Ah;

    fn to_builder(&self) -> Ah {
        Ah::exactly(*self.header()).icv(self.icv())
    }
}

impl Layer for Ah {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::AH)
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::next_header) {
            header.set_next_header(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        if !self.is_exact(Mark::payload_len) {
            let icv = self.icv.len().next_multiple_of(4);
            let len = AhHeader::LEN + icv;
            if len > MAX_HEADER {
                return Err(BuildError::too_long(Self::NAME, "room of the header", len, MAX_HEADER));
            }
            header.set_header_len(len);
            buf.room(icv - self.icv.len())?.fill(0);
        }
        buf.prepend(&self.icv)?;
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Ipv4, Udp};
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{LinkType, Packet};

    /// RFC 4302, 2.2: with an integrity check value of 96 bits the length is 4.
    #[test]
    fn a_header_in_front_of_udp() {
        let ah = Ah::new(0x1111_1111, 1).icv([0xa0; 12]);
        let packet = (Ipv4::default(), ah, Udp::new(1, 2), "x").build().unwrap();
        assert_eq!((packet[9], &packet[20..36]), (51, &bytes("11 04 0000 11111111 00000001 a0a0a0a0")[..]));
        let mut verifier = Verifier::default();
        let verdict =
            Packet::parse(LinkType::RAW, &packet).layers().map(|layer| verifier.verify(&layer)).last();
        assert_eq!(verdict, Some(Some(true)));
        assert_eq!(rewritten(LinkType::RAW, &packet), packet);
        let named = set("ah", &[("icv", "\"abcde\""), ("spi", "1"), ("seq", "2"), ("nxt", "tcp")]);
        assert_eq!(named.build().unwrap(), bytes("06 03 0000 00000001 00000002 6162636465 000000"));
        let error = Ah::default().icv([0; 1020]).build().unwrap_err();
        assert_eq!(error.to_string(), "ah: 1032 bytes, room of the header is 1028: 4 too many");
    }

    #[test]
    fn a_length_that_cannot_be_is_kept() {
        let bytes = bytes("06 00 0000 00000001 00000002");
        let view = pycap_wire::Ah::parse(&bytes).unwrap();
        assert_eq!(view.to_builder().build().unwrap(), bytes);
    }
}
