//! An LLDP message.

use pycap_wire::{EtherType, LldpChassisIdSubtype, LldpPortIdSubtype, LldpTlvHeader, LldpTlvType, MacAddr};

use super::option_list::{each_option, unknown};
use crate::any::Named;
use crate::{
    BuildError, Context, Derived, Edit, FieldError, FieldInfo, FieldValue, Identity, Layer, PacketBuf,
};

/// The longest value: its length is 9 bits (IEEE 802.1AB, 8.4).
const MAX_VALUE: usize = 511;

/// An LLDP message (IEEE 802.1AB): a list of type, length and value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lldp {
    tlvs: Vec<u8>,
    /// The length of a value that is too long.
    too_long: usize,
}

impl Lldp {
    /// The layer's name.
    pub const NAME: &'static str = "lldp";

    /// A message without anything.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a type and its value.
    #[must_use]
    pub fn tlv(mut self, tlv_type: LldpTlvType, value: &[u8]) -> Self {
        if value.len() > MAX_VALUE {
            self.too_long = self.too_long.max(value.len());
        }
        put(&mut self.tlvs, tlv_type, value);
        self
    }

    /// Adds a chassis identifier that is an Ethernet address.
    #[must_use]
    pub fn chassis(self, mac: impl Into<MacAddr>) -> Self {
        let subtype = LldpChassisIdSubtype::MAC_ADDRESS.0;
        self.tlv(LldpTlvType::CHASSIS_ID, &[&[subtype][..], &mac.into().0].concat())
    }

    /// Adds a port identifier that is an interface's name.
    #[must_use]
    pub fn port(self, name: &str) -> Self {
        let subtype = LldpPortIdSubtype::INTERFACE_NAME.0;
        self.tlv(LldpTlvType::PORT_ID, &[&[subtype][..], name.as_bytes()].concat())
    }

    /// Adds how long the message is valid, in seconds.
    #[must_use]
    pub fn ttl(self, seconds: u16) -> Self {
        self.tlv(LldpTlvType::TIME_TO_LIVE, &seconds.to_be_bytes())
    }

    /// Adds the end.
    #[must_use]
    pub fn end(self) -> Self {
        self.tlv(LldpTlvType::END, &[])
    }
}

impl Layer for Lldp {
    fn identity(&self) -> Identity {
        Identity::EtherType(EtherType::LLDP)
    }

    fn prepend(&self, _: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        if self.too_long > 0 {
            return Err(BuildError::too_long(Self::NAME, "length of a value", self.too_long, MAX_VALUE));
        }
        buf.prepend(&self.tlvs)
    }
}

impl Named for Lldp {
    const NAMES: &'static [&'static str] = &[Self::NAME];

    fn named(name: &str) -> Option<Self> {
        (name == Self::NAME).then(Self::new)
    }
}

impl Edit for Lldp {
    fn fields(&self) -> &'static [FieldInfo] {
        const {
            &[FieldInfo {
                name: "tlvs",
                takes: "chassis(MAC), port(NAME), ttl(SECONDS), end, raw(TYPE, VALUE), or bytes",
                doc: "What the message says, in this order.",
                derived: None,
            }]
        }
    }

    fn set(&mut self, field: &str, value: &FieldValue) -> Result<(), FieldError> {
        if field != "tlvs" {
            return Err(FieldError::no_field(Self::NAME, field, self.fields()));
        }
        self.tlvs = tlvs(value)?;
        Ok(())
    }

    fn compute(&mut self, _: Derived) {}

    fn keep(&mut self) {}
}

fn put(to: &mut Vec<u8>, tlv_type: LldpTlvType, value: &[u8]) {
    let mut header = LldpTlvHeader::zeroed();
    header.set_tlv_type(tlv_type);
    header.set_value_len(value.len());
    to.extend_from_slice(header.as_bytes());
    to.extend_from_slice(value);
}

fn tlvs(value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    let mut list = Vec::new();
    each_option(value, |tlv| {
        let mut call = match tlv {
            Ok(bytes) => {
                list.extend_from_slice(bytes);
                return Ok(());
            }
            Err(call) => call,
        };
        let text = |value: Vec<u8>, subtype: u8| [&[subtype][..], &value].concat();
        let (tlv_type, value) = match call.name() {
            "chassis" => {
                let mac: MacAddr = call.next()?;
                (LldpTlvType::CHASSIS_ID, text(Vec::from(mac.0), LldpChassisIdSubtype::MAC_ADDRESS.0))
            }
            "port" => (LldpTlvType::PORT_ID, text(call.next()?, LldpPortIdSubtype::INTERFACE_NAME.0)),
            "ttl" => (LldpTlvType::TIME_TO_LIVE, Vec::from(u16::to_be_bytes(call.next()?))),
            "end" => (LldpTlvType::END, Vec::new()),
            "raw" => (LldpTlvType(call.next::<u8>()? & 0x7f), call.next_or(Vec::new())?),
            name => match LldpTlvType::from_name(name) {
                Some(tlv_type) => (tlv_type, call.next_or(Vec::new())?),
                None => {
                    let names =
                        "chassis(MAC), port(NAME), ttl(SECONDS), end, raw(TYPE, VALUE), system_name(TEXT)";
                    return Err(unknown("LLDP", name, names));
                }
            },
        };
        if value.len() > MAX_VALUE {
            return Err(FieldError::new(format!(
                "a value has at most {MAX_VALUE} bytes, found {}",
                value.len()
            )));
        }
        put(&mut list, tlv_type, &value);
        call.end(())
    })?;
    Ok(list)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Ethernet;
    use crate::layer::testing::bytes;

    /// scapy: `LLDPDUChassisID(subtype=4)/LLDPDUPortID(subtype=5)/LLDPDUTimeToLive(ttl=120)/LLDPDUEndOfLLDPDU`.
    #[test]
    fn a_message() {
        let lldp = Lldp::new().chassis([0x24, 0xfb, 0x97, 0x08, 0x3b, 0xf5]).port("eth0").ttl(120).end();
        let frame = (Ethernet::default(), lldp).build().unwrap();
        assert_eq!(frame[12..37], bytes("88cc 0207 0424fb97083bf5 0405 0565746830 0602 0078 0000 00"));
        assert_eq!(frame.len(), 60);
        let error = Lldp::new().tlv(LldpTlvType(9), &[0; 512]).build().unwrap_err();
        assert_eq!(error.to_string(), "lldp: 512 bytes, length of a value is 511: 1 too many");
    }
}
