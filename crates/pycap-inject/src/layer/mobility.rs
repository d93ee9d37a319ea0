//! An IPv6 mobility header.

use pycap_wire::{IpProtocol, MobilityHeader, MobilityType, checksum};

use super::declare::layer;
use super::ipv6_option::{MAX_HEADER, pad};
use crate::value::FromValue;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 mobility header (RFC 6275, 6.1).
    pub struct Mobility(MobilityHeader) = "mobility";
    set {
        /// Which message.
        "type" message_type, set_message_type: MobilityType;
        /// Reserved.
        "reserved" reserved, set_reserved: u8;
    }
    computed {
        /// What follows the header: 59, nothing, which a payload that has a protocol number changes.
        "proto" payload_protocol, set_payload_protocol: IpProtocol, Numbers;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        "len" ext_len, set_ext_len: u8, Lengths;
        /// Checksum of the pseudo-header and the header.
        "checksum" checksum, set_checksum: u16, Checksums;
    }
    also {
        /// What follows the checksum: the message's data and mobility options. Padded with options to whole units of 8 bytes
        /// unless the length is set.
        "data" data: Vec<u8>, = Vec::new(), from FromValue::from_value, takes "bytes";
    }
}

impl Mobility {
    /// A message with what follows the checksum: its data and mobility options.
    pub fn new(message_type: MobilityType, data: impl Into<Vec<u8>>) -> Self {
        Self::default().message_type(message_type).data(data)
    }

    /// What follows the checksum: the message's data and mobility options. Padded with options to whole units of 8 bytes unless the
    /// length is set.
    #[must_use]
    pub fn data(self, data: impl Into<Vec<u8>>) -> Self {
        Self { data: data.into(), ..self }
    }
}

/// A binding refresh request.
impl Default for Mobility {
    fn default() -> Self {
        Self::over(MobilityHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Mobility<'_> {
    type Builder = Mobility;

    fn to_builder(&self) -> Mobility {
        Mobility::exactly(*self.header()).data(self.data_bytes())
    }
}

impl Layer for Mobility {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::MOBILITY)
    }

    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let payload = buf.payload().len();
        let mut len = MobilityHeader::LEN + self.data.len();
        if !self.is_exact(Mark::payload_protocol) {
            header.set_payload_protocol(inner.ip_protocol().unwrap_or(IpProtocol::NO_NEXT_HEADER));
        }
        if !self.is_exact(Mark::ext_len) {
            let whole = len.next_multiple_of(8);
            if whole > MAX_HEADER {
                return Err(BuildError::too_long(Self::NAME, "room of the header", whole, MAX_HEADER));
            }
            let padding = buf.room(whole - len)?;
            // Each message has two bytes of data before its options; padding options look as in the other headers (RFC 6275, 6.2).
            pad(padding.get_mut(2_usize.saturating_sub(self.data.len())..).unwrap_or_default());
            header.set_header_len(whole);
            len = whole;
        }
        buf.prepend(&self.data)?;
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            let rest = buf.payload().get(..buf.payload().len() - payload).unwrap_or_default();
            let sum = outer.pseudo(Self::NAME, IpProtocol::MOBILITY, len)?
                + checksum::sum(header.as_bytes())
                + checksum::sum(rest);
            header.set_checksum(!checksum::fold(sum));
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Ipv6, Ipv6DestinationOptions};
    use pycap_wire::{Ipv6Option, LinkType};
    use std::net::Ipv6Addr;

    #[test]
    fn the_checksum_covers_pseudo_header_and_header() {
        // A binding update with an alternate care-of address (RFC 6275, 6.1.7 and 6.2.5).
        let data = bytes("0001 c000 0010 0310 20010db8000000000000000000000001");
        let ip = || Ipv6::new(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
        let home = Ipv6DestinationOptions::default().option(Ipv6Option::HomeAddress(Ipv6Addr::UNSPECIFIED));
        let update = Mobility::new(MobilityType::BINDING_UPDATE, data);
        let packets = [
            ((ip(), &update).build().unwrap(), Ipv6Addr::LOCALHOST),
            ((ip(), home, &update).build().unwrap(), Ipv6Addr::UNSPECIFIED),
        ];
        for (packet, src) in packets {
            let covered = &packet[packet.len() - 32..];
            let pseudo = checksum::pseudo_ipv6(src, Ipv6Addr::LOCALHOST, IpProtocol::MOBILITY, covered.len());
            assert_eq!(checksum::fold(pseudo + checksum::sum(covered)), 0xffff);
            assert_eq!(rewritten(LinkType::RAW, &packet), packet);
        }
        let packet = (ip(), &update).build().unwrap();
        assert_eq!((packet[6], &packet[40..44], packet.len()), (135, &bytes("3b 03 05 00")[..], 72));
        assert_eq!(packet[70..], bytes("0100"));
    }

    #[test]
    fn a_short_message_is_filled_up() {
        let exact = |data: &[u8]| Mobility::new(MobilityType(0), data).checksum(0).build().unwrap();
        assert_eq!(exact(&[]), bytes("3b 00 00 00 0000 0000"));
        assert_eq!(exact(&[1]), bytes("3b 00 00 00 0000 01 00"));
        assert_eq!(exact(&[1, 2, 3]), bytes("3b 01 00 00 0000 010203 0105 0000000000"));
        let named = set(
            "mobility",
            &[("type", "heartbeat"), ("checksum", "1"), ("data", "\"abcdef\""), ("len", "0")],
        );
        assert_eq!(named.build().unwrap(), bytes("3b 00 0d 00 0001 616263646566"));
        let error = Mobility::default().checksum(0).data([0; 2043]).build().unwrap_err();
        assert_eq!(error.to_string(), "mobility: 2056 bytes, room of the header is 2048: 8 too many");
    }
}
