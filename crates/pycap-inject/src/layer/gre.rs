//! Generic routing encapsulation.

use pycap_wire::{EtherType, GreHeader, IpProtocol, checksum};

use super::declare::layer;
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::value::FromValue;
use crate::{Auto, BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

layer! {
    /// A GRE header (RFC 2784, RFC 2890), also that of PPTP (RFC 2637). A word that is set has its flag set, too.
    pub struct Gre(GreHeader) = "gre";
    set {
        /// All flags and the version, 16 bits.
        "flags_version" flags_version, set_flags_version: u16;
        /// Version: 0, of PPTP 1.
        "version" version, set_version: u8;
        /// Recursion control, 3 bits (RFC 1701).
        "recursion" recursion, set_recursion: u8;
        /// Strict source route (RFC 1701).
        "strict" strict_source_route, set_strict_source_route: bool;
    }
    computed {
        /// EtherType of the payload. Where the payload is bytes that say nothing of themselves, 0x88b5, which is for experiments.
        "type" protocol_type, set_protocol_type: EtherType, Numbers;
    }
    also {
        /// Checksum of header and payload; left out unless it is set, or asked for.
        "checksum" checksum: Option<Auto<u16>>, = None, from exact_checksum, takes "u16, or auto";
        /// What stands beside the checksum: an offset (RFC 1701), or 0.
        "offset" offset: u16, = 0, from FromValue::from_value, takes "u16";
        /// Key.
        "key" key: Option<u32>, = None, from some, takes "u32";
        /// Sequence number.
        "seq" seq: Option<u32>, = None, from some, takes "u32";
        /// Acknowledgement number, of version 1.
        "ack" ack: Option<u32>, = None, from some, takes "u32";
        /// Source route entries (RFC 1701).
        "routing" routing: Vec<u8>, = Vec::new(), from FromValue::from_value, takes "bytes";
    }
}

impl Gre {
    /// A header of four bytes.
    pub fn new() -> Self {
        Self::over(GreHeader::zeroed())
    }

    /// With a checksum: computed, or this one.
    #[must_use]
    pub fn checksum(self, checksum: impl Into<Auto<u16>>) -> Self {
        Self { checksum: Some(checksum.into()), ..self }
    }

    /// With a key.
    #[must_use]
    pub fn key(self, key: u32) -> Self {
        Self { key: Some(key), ..self }
    }

    /// With a sequence number.
    #[must_use]
    pub fn seq(self, seq: u32) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// With an acknowledgement number, which takes version 1.
    #[must_use]
    pub fn ack(self, ack: u32) -> Self {
        Self { ack: Some(ack), ..self }
    }
}

impl Default for Gre {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer for Gre {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::GRE)
    }

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::protocol_type) {
            header.set_protocol_type(inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE));
        }
        if !self.routing.is_empty() {
            header.set_routing_present(true);
            buf.prepend(&self.routing)?;
        }
        for (word, set_present) in [
            (self.ack, GreHeader::set_ack_present as fn(&mut GreHeader, bool)),
            (self.seq, GreHeader::set_sequence_present),
            (self.key, GreHeader::set_key_present),
        ] {
            if let Some(word) = word {
                set_present(&mut header, true);
                buf.prepend_array(&word.to_be_bytes())?;
            }
        }
        let has_checksum = self.checksum.is_some();
        if has_checksum {
            header.set_checksum_present(true);
        }
        if has_checksum || header.routing_present() {
            let checksum = match self.checksum {
                Some(Auto::Exact(checksum)) => checksum,
                // Header, this word with a checksum of 0, what follows (RFC 2784, 2.5).
                Some(Auto::Computed) => {
                    !checksum::fold(header.sum() + u64::from(self.offset) + checksum::sum(buf.payload()))
                }
                None => 0,
            };
            buf.prepend_array(&(u32::from(checksum) << 16 | u32::from(self.offset)).to_be_bytes())?;
        }
        buf.prepend_array(header.as_array())
    }
}

fn some(value: &FieldValue) -> Result<Option<u32>, FieldError> {
    FromValue::from_value(value).map(Some)
}

fn exact_checksum(value: &FieldValue) -> Result<Option<Auto<u16>>, FieldError> {
    match value {
        FieldValue::Word(word) if word == "auto" => Ok(Some(Auto::Computed)),
        value => FromValue::from_value(value).map(|checksum| Some(Auto::Exact(checksum))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ipv4, Ipv6, Mpls, Ppp, Udp};

    #[test]
    fn the_type_is_that_of_the_payload() {
        assert_eq!((Gre::new(), Ipv6::default()).build().unwrap()[..5], bytes("0000 86dd 60"));
        assert_eq!((Gre::new(), Mpls::new(1)).build().unwrap()[..4], bytes("0000 8847"));
        assert_eq!((Ipv4::default(), Gre::new(), "x").build().unwrap()[20..], bytes("0000 88b5 78"));
    }

    /// RFC 2784, 2.5: the checksum is that of all 16-bit words of header and payload; RFC 2890, 2: key, then sequence number.
    #[test]
    fn optional_words() {
        let packet = (Gre::new().checksum(Auto::Computed).key(5).seq(6), "odd").build().unwrap();
        assert_eq!(
            (&packet[..4], &packet[6..]),
            (&bytes("b000 88b5")[..], &bytes("0000 00000005 00000006 6f6464")[..])
        );
        assert_eq!(checksum::fold(checksum::sum(&packet)), 0xffff);
        let named = set("gre", &[("checksum", "auto"), ("seq", "6"), ("key", "5")]);
        assert_eq!((named, "odd").build().unwrap(), packet);
        assert_eq!((Gre::new().checksum(7), "x").build().unwrap(), bytes("8000 88b5 0007 0000 78"));
    }

    /// RFC 1701: the word of checksum and offset is there with the routing alone, too.
    #[test]
    fn routing() {
        let mut gre = Gre::new();
        gre.routing = bytes("0800 0404 0a000001 00000000");
        gre.offset = 4;
        let packet = (gre.checksum(Auto::Computed), "x").build().unwrap();
        assert_eq!(
            (&packet[..4], &packet[6..]),
            (&bytes("c000 88b5")[..], &bytes("0004 080004040a000001 00000000 78")[..])
        );
        assert_eq!(checksum::fold(checksum::sum(&packet)), 0xffff);
    }

    /// tshark 4.0: enhanced GRE with key, sequence number and acknowledgment, PPP.
    #[test]
    fn version_1() {
        let packet =
            (Gre::new().version(1).key(0x0005_0009).seq(1).ack(2), Ppp::new(), [0xff; 3]).build().unwrap();
        assert_eq!(packet[..16], bytes("3081 880b 0005 0009 00000001 00000002"));
    }

    #[test]
    fn the_addresses_around_are_not_those_inside() {
        let error = (Ipv4::default(), Gre::new(), Udp::new(1, 2)).build().unwrap_err();
        assert_eq!(error.kind(), crate::BuildErrorKind::NoAddresses);
    }
}
