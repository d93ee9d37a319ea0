//! A Linux cooked header v2.

use pycap_wire::{EtherType, HardwareType, Sll2Header, SllPacketType};

use super::declare::layer;
use super::sll;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A Linux cooked header v2: LINKTYPE_LINUX_SLL2.
    pub struct Sll2(Sll2Header) = "sll2";
    set {
        /// Reserved.
        "reserved" reserved, set_reserved: u16;
        /// The interface's index on the host that captured.
        "ifindex" interface_index, set_interface_index: u32;
        /// The device's ARPHRD_ type: 1, Ethernet.
        "hatype" hardware_type, set_hardware_type: HardwareType;
        /// Which way the packet went, one byte: 0 to this host, 1 broadcast, 2 multicast, 3 to another host, 4 out.
        "pkttype" packet_type, set_packet_type: SllPacketType;
    }
    computed {
        /// EtherType of the payload, or one of Linux's own numbers: 4 in front of LLC, 3 in front of an Ethernet frame, 7 in
        /// front of PPP. Where the payload is bytes that say nothing of themselves, 0x88b5, which is for experiments.
        "proto" protocol, set_protocol: EtherType, Numbers;
        /// Length of the sender's address in bytes.
        "halen" address_len, set_address_len: u8, Lengths;
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

impl Sll2 {
    /// A header that says nothing of the sender.
    pub fn new(packet_type: SllPacketType, interface_index: u32) -> Self {
        let mut header = Sll2Header::zeroed();
        header.set_packet_type(packet_type);
        header.set_interface_index(interface_index);
        header.set_hardware_type(HardwareType::ETHERNET);
        Self::over(header)
    }

    /// The sender's address, of which the first 8 bytes count; its length is computed unless set.
    #[must_use]
    pub fn address(mut self, address: impl AsRef<[u8]>) -> Self {
        let (bytes, counted) = sll::first_bytes(address.as_ref());
        self.header.set_address(bytes);
        self.counted = counted;
        self
    }
}

/// To this host, from nobody.
impl Default for Sll2 {
    fn default() -> Self {
        Self::new(SllPacketType::HOST, 0)
    }
}

impl ToBuilder for pycap_wire::Sll2<'_> {
    type Builder = Sll2;

    fn to_builder(&self) -> Sll2 {
        Sll2 { counted: self.address().len() as u8, ..Sll2::exactly(*self.header()) }
    }
}

impl Layer for Sll2 {
    fn identity(&self) -> Identity {
        Identity::Bytes
    }

    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::address_len) {
            header.set_address_len(self.counted);
        }
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(sll::protocol_of(inner));
        }
        buf.prepend_array(header.as_array())
    }
}

fn set_address(sll2: &mut Sll2, value: &FieldValue) -> Result<(), FieldError> {
    let (bytes, counted) = sll::address_from(value)?;
    sll2.header.set_address(bytes);
    sll2.counted = counted;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Llc;
    use crate::layer::testing::{bytes, rewritten, set};
    use pycap_wire::LinkType;

    /// As libpcap wrote it on a Linux host.
    #[test]
    fn an_ethernet_device() {
        let sll2 = Sll2::new(SllPacketType::MULTICAST, 3).address([0xe0, 0x1c, 0xfc, 0xd3, 0xb1, 0xe1]);
        let packet = (sll2, Llc::default(), "x").build().unwrap();
        assert_eq!(packet[..21], bytes("0004 0000 00000003 0001 02 06 e01cfcd3b1e1 0000 aa"));
        assert_eq!(rewritten(LinkType::LINUX_SLL2, &packet), packet);
        let named =
            set("sll2", &[("ifindex", "7"), ("hatype", "778"), ("addr", "1.2.3.4"), ("proto", "ipv4")]);
        assert_eq!(named.build().unwrap(), bytes("0800 0000 00000007 030a 00 04 0102030400000000"));
    }
}
