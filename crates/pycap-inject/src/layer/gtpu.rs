//! GTP-U.

use pycap_wire::{GtpuExtensionType, GtpuHeader, GtpuMessageType, GtpuOptionalHeader};

use super::declare::layer;
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf};

/// The port of 3GPP TS 29.281, 4.4.2.
const PORT: u16 = 2152;

layer! {
    /// A GTP-U header (3GPP TS 29.281, 5.1). Of sequence number, N-PDU number and next extension type all are there where one is
    /// set, and that one's flag is.
    pub struct Gtpu(GtpuHeader) = "gtpu";
    set {
        /// All flags and the version, 8 bits.
        "flags" flags, set_flags: u8;
        /// Message type: 255, which carries a packet.
        "type" message_type, set_message_type: GtpuMessageType;
        /// Tunnel endpoint identifier.
        "teid" teid, set_teid: u32;
    }
    computed {
        /// Length in bytes of what follows the first eight.
        "len" len, set_len: u16, Lengths;
    }
    also {
        /// Sequence number.
        "seq" seq: Option<u16>, = None, from some, takes "u16";
        /// N-PDU number.
        "npdu" npdu: Option<u8>, = None, from some, takes "u8";
        /// Type of the first extension header, which the payload begins with.
        "next_ext" next_extension: Option<GtpuExtensionType>, = None, from some, takes "number or name";
    }
}

impl Gtpu {
    /// The header of a packet in a tunnel.
    pub fn new(teid: u32) -> Self {
        let mut header = GtpuHeader::zeroed();
        header.set_version(1);
        header.set_protocol_type(true);
        header.set_message_type(GtpuMessageType(255));
        header.set_teid(teid);
        Self::over(header)
    }

    /// With a sequence number.
    #[must_use]
    pub fn seq(self, seq: u16) -> Self {
        Self { seq: Some(seq), ..self }
    }

    /// With an N-PDU number.
    #[must_use]
    pub fn npdu(self, npdu: u8) -> Self {
        Self { npdu: Some(npdu), ..self }
    }

    /// With extension headers, which the payload begins with, the first of this type.
    #[must_use]
    pub fn next_extension(self, next: GtpuExtensionType) -> Self {
        Self { next_extension: Some(next), ..self }
    }
}

impl Default for Gtpu {
    fn default() -> Self {
        Self::new(0)
    }
}

impl Layer for Gtpu {
    fn identity(&self) -> Identity {
        Identity::Port(PORT)
    }

    /// What is inside has nothing of the addresses around the tunnel.
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let mut optional = GtpuOptionalHeader::zeroed();
        if let Some(seq) = self.seq {
            header.set_sequence_present(true);
            optional.set_seq(seq);
        }
        if let Some(npdu) = self.npdu {
            header.set_npdu_present(true);
            optional.set_npdu(npdu);
        }
        if let Some(next) = self.next_extension {
            header.set_extension_present(true);
            optional.set_next_extension(next);
        }
        if header.optional_present() {
            buf.prepend_array(optional.as_array())?;
        }
        if !self.is_exact(Mark::len) {
            let len = buf.payload_len();
            if len > 0xffff {
                return Err(BuildError::too_long(Self::NAME, "length field", len, 0xffff));
            }
            header.set_len(len as u16);
        }
        buf.prepend_array(header.as_array())
    }
}

fn some<T: FromValue>(value: &FieldValue) -> Result<Option<T>, FieldError> {
    FromValue::from_value(value).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ipv4, Udp};

    /// scapy: `UDP(dport=2152)/GTP_U_Header(gtp_type=255, length=33, teid=513535832)/IP()/UDP()/Raw(..)`, with 5 bytes.
    #[test]
    fn a_users_packet() {
        let inside = (Ipv4::default(), Udp::new(1, 2), "hello");
        let packet = (Ipv4::default(), Udp::default(), Gtpu::new(513_535_832), inside).build().unwrap();
        assert_eq!(
            (&packet[22..24], &packet[28..37]),
            (&[0x08, 0x68][..], &bytes("30ff 0021 1e9bef58 45")[..])
        );
    }

    /// tshark 4.0: a PDU session container, downlink, QFI 5.
    #[test]
    fn the_optional_word() {
        let gtpu = Gtpu::new(1).next_extension(GtpuExtensionType::PDU_SESSION_CONTAINER);
        let packet = (gtpu, [1, 0, 5, 0]).build().unwrap();
        assert_eq!(packet, bytes("34ff 0008 00000001 0000 00 85 01 0005 00"));
        let named = set("gtpu", &[("teid", "1"), ("seq", "2"), ("npdu", "3")]);
        assert_eq!(named.build().unwrap(), bytes("33ff 0004 00000001 0002 03 00"));
    }
}
