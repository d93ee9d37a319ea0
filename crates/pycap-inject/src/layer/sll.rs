//! A Linux cooked header.

use pycap_wire::{EtherType, HardwareType, SllHeader, SllPacketType};

use super::declare::layer;
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A Linux cooked header: LINKTYPE_LINUX_SLL.
    pub struct Sll(SllHeader) = "sll";
    set {
        /// Which way the packet went: 0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 out.
        "pkttype" packet_type, set_packet_type: SllPacketType;
        /// The device's ARPHRD_ type: 1, Ethernet.
        "hatype" hardware_type, set_hardware_type: HardwareType;
    }
    computed {
        /// Length of the sender's address in bytes.
        "halen" address_len, set_address_len: u16, Lengths;
        /// EtherType of the payload, or one of Linux's own numbers: 4 in front of LLC, 3 in front of an Ethernet frame, 7 in
        /// front of PPP. Where the payload is bytes that say nothing of themselves, 0x88b5, which is for experiments.
        "proto" protocol, set_protocol: EtherType, Numbers;
    }
    also {}
    through {
        /// The sender's address, up to 8 bytes.
        "addr" takes "Ethernet or IPv4 address, or bytes", by set_address;
    }
    state {
        counted: u8 = 0;
    }
}

impl Sll {
    /// A header that says nothing of the sender.
    pub fn new(packet_type: SllPacketType) -> Self {
        let mut header = SllHeader::zeroed();
        header.set_packet_type(packet_type);
        header.set_hardware_type(HardwareType::ETHERNET);
        Self::over(header)
    }

    /// The sender's address, of which the first 8 bytes count; its length is computed unless set.
    #[must_use]
    pub fn address(mut self, address: impl AsRef<[u8]>) -> Self {
        let (bytes, counted) = first_bytes(address.as_ref());
        self.header.set_address(bytes);
        self.counted = counted;
        self
    }
}

/// To this host, from nobody.
impl Default for Sll {
    fn default() -> Self {
        Self::new(SllPacketType::HOST)
    }
}

impl ToBuilder for pycap_wire::Sll<'_> {
    type Builder = Sll;

    fn to_builder(&self) -> Sll {
        Sll { counted: self.address().len() as u8, ..Sll::exactly(*self.header()) }
    }
}

impl Layer for Sll {
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::address_len) {
            header.set_address_len(self.counted.into());
        }
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(protocol_of(inner));
        }
        buf.prepend_array(header.as_array())
    }
}

/// The number of a payload (tcpdump.org, LINKTYPE_LINUX_SLL; Linux, `if_ether.h`).
pub(super) fn protocol_of(inner: Identity) -> EtherType {
    match inner {
        Identity::Ethernet => EtherType(3),
        Identity::Llc => EtherType(4),
        Identity::Ppp => EtherType(7),
        inner => inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE),
    }
}

pub(super) fn first_bytes(address: &[u8]) -> ([u8; 8], u8) {
    let mut bytes = [0; 8];
    bytes.iter_mut().zip(address).for_each(|(to, from)| *to = *from);
    (bytes, address.len().min(bytes.len()) as u8)
}

pub(super) fn address_from(value: &FieldValue) -> Result<([u8; 8], u8), FieldError> {
    match super::arp::address_from(value)? {
        long if long.len() > 8 => {
            Err(FieldError::new(format!("needs an address of at most 8 bytes, found {}", long.len())))
        }
        address => Ok(first_bytes(&address)),
    }
}

fn set_address(sll: &mut Sll, value: &FieldValue) -> Result<(), FieldError> {
    let (bytes, counted) = address_from(value)?;
    sll.header.set_address(bytes);
    sll.counted = counted;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Arp, Llc};
    use pycap_wire::LinkType;

    /// As libpcap wrote it on a Linux host.
    #[test]
    fn an_ethernet_device() {
        let sll = Sll::new(SllPacketType::OUTGOING).address([8, 0, 0x27, 0x19, 0x1c, 0x78]);
        let packet = (&sll, Arp::default()).build().unwrap();
        assert_eq!(packet[..16], bytes("0004 0001 0006 080027191c78 0000 0806"));
        assert_eq!((&sll, Llc::default()).build().unwrap()[14..17], bytes("0004 aa"));
        assert_eq!(rewritten(LinkType::LINUX_SLL, &packet), packet);
    }

    #[test]
    fn fields_have_names() {
        let sll =
            set("sll", &[("pkttype", "out"), ("hatype", "778"), ("addr", "1.2.3.4"), ("proto", "0x88be")]);
        assert_eq!(sll.build().unwrap(), bytes("0004 030a 0004 0102030400000000 88be"));
        let sll = set("sll", &[("halen", "20"), ("addr", "02:00:00:00:00:01")]);
        assert_eq!(sll.build().unwrap()[4..12], bytes("0014 020000000001"));
    }
}
