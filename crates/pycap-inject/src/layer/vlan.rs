//! A VLAN tag.

use pycap_wire::{EtherType, VlanHeader};

use super::declare::layer;
use super::ethernet::length_of;
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::value::FromValue;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A VLAN tag (IEEE 802.1Q), of a customer or, around another, of a service provider (802.1ad).
    pub struct Vlan(VlanHeader) = "vlan";
    set {
        /// Priority code point, 0 to 7.
        "pcp" pcp, set_pcp: u8;
        /// Drop eligible indicator.
        "dei" dei, set_dei: bool;
        /// VLAN identifier, 12 bits; 0 is a priority tag.
        "vid" vid, set_vid: u16;
    }
    computed {
        /// EtherType of the payload; in front of LLC the payload's length in bytes. Where the payload is bytes that say nothing
        /// of themselves, 0x88b5, which is for experiments.
        "type" ether_type, set_ether_type: EtherType, Numbers;
    }
    also {
        /// Tag protocol identifier, which stands in the header around: 0x8100, of a service tag 0x88a8.
        "tpid" tpid: EtherType, = EtherType::VLAN, from FromValue::from_value, takes "number or name";
    }
    through {
        /// The payload's length in bytes in the place of its type, as in front of LLC.
        "len" takes "u16", by |vlan: &mut Vlan, value| crate::Edit::set(vlan, "type", value);
    }
    names {
        "vlan" = Vlan::new(0);
        "qinq" = Vlan::service(0);
    }
}

impl Vlan {
    /// A customer's tag: type 0x8100.
    #[inline(always)]
    pub fn new(vid: u16) -> Self {
        Self::over(VlanHeader::zeroed()).vid(vid)
    }

    /// A service provider's tag: type 0x88a8.
    #[inline(always)]
    pub fn service(vid: u16) -> Self {
        Self::new(vid).tpid(EtherType::QINQ)
    }

    /// Tag protocol identifier, which stands in the header around: 0x8100 unless set.
    #[inline(always)]
    #[must_use]
    pub fn tpid(self, tpid: EtherType) -> Self {
        Self { tpid, ..self }
    }
}

/// A priority tag.
impl Default for Vlan {
    fn default() -> Self {
        Self::new(0)
    }
}

/// The tag protocol identifier stands in the header around, so it is not known here: it is 0x8100.
impl ToBuilder for pycap_wire::Vlan<'_> {
    type Builder = Vlan;

    fn to_builder(&self) -> Vlan {
        Vlan::exactly(*self.header())
    }
}

impl Layer for Vlan {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::EtherType(self.tpid)
    }

    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::ether_type) {
            header.set_ether_type(match inner {
                Identity::Llc => length_of(Self::NAME, buf)?,
                inner => inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE),
            });
        }
        buf.prepend_array(header.as_array())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, set};
    use crate::layer::{Ethernet, Ipv4, Llc};
    use crate::{AnyLayer, Auto};

    /// scapy: `Ether()/Dot1AD(prio=4, vlan=2669)/Dot1Q(vlan=3800)/IP(...)`, the links' part.
    #[test]
    fn tags_in_tags() {
        let ethernet = Ethernet::new([0x96, 0xae, 0x5b, 5, 0xf2, 0x80], [0x10, 0x9c, 0xba, 0x8f, 0xf8, 0x87]);
        let packet =
            (ethernet, Vlan::service(2669).pcp(4), Vlan::new(3800), Ipv4::default()).build().unwrap();
        assert_eq!(packet[..23], bytes("96ae5b05f280 109cba8ff887 88a8 8a6d 8100 0ed8 0800 45"));
    }

    #[test]
    fn llc_has_a_length_before_it() {
        let frame = (Vlan::new(1).dei(true), Llc::default(), [7; 10]).build().unwrap();
        assert_eq!(frame[..7], bytes("1001 0012 aaaa03"));
        let error = (Vlan::new(1), Llc::default(), [0; 1493]).build().unwrap_err();
        assert_eq!(error.to_string(), "vlan: 1501 bytes, length field is 1500: 1 too many");
    }

    #[test]
    fn fields_have_names() {
        let vlan =
            set("vlan", &[("vid", "5"), ("pcp", "7"), ("dei", "1"), ("type", "ipv6"), ("tpid", "0x9100")]);
        assert_eq!(vlan.build().unwrap(), bytes("f005 86dd"));
        assert_eq!(vlan.identity(), Identity::EtherType(EtherType(0x9100)));
        assert_eq!(AnyLayer::named("qinq").unwrap().identity(), Identity::EtherType(EtherType(0x88a8)));
        let computed = Vlan::new(1).ether_type(EtherType(1)).ether_type(Auto::Computed);
        assert_eq!((computed, "x").build().unwrap(), bytes("0001 88b5 78"));
    }
}
