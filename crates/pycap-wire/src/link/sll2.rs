//! Linux cooked capture v2: LINKTYPE_LINUX_SLL2, which also names the interface.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |           protocol            |           reserved            |   (tcpdump.org, LINKTYPE_LINUX_SLL2)
//! +-------------------------------+-------------------------------+
//! |                        interface index                        |
//! +-------------------------------+---------------+---------------+
//! |         ARPHRD_ type          |  packet type  |address length |
//! +-------------------------------+---------------+---------------+
//! |                address of the sender, 8 bytes, of which       |
//! |                the length counts                              |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;

use crate::display::from_fn;
use crate::header::header;
use crate::link::sll::{self, SllPacketType};
use crate::net::arp::HardwareType;
use crate::{Error, Escaped, EtherType, Field, LayerKind, MacAddr, Next, Visit};

header! {
    /// The cooked header v2: 20 bytes.
    pub struct Sll2Header {
        /// What the payload is: an EtherType, or a number that the hardware type defines.
        protocol, set_protocol: EtherType;
        /// Reserved, 0.
        reserved, set_reserved: u16;
        /// The interface's index on the host that captured.
        interface_index, set_interface_index: u32;
        /// The device's ARPHRD_ type.
        hardware_type, set_hardware_type: HardwareType;
        /// Which way the packet went, as one byte; see [`packet_type`](Self::packet_type).
        packet_type_byte, set_packet_type_byte: u8;
        /// Length of the sender's address in bytes; more than 8 where it is cut.
        address_len, set_address_len: u8;
        /// The sender's address; its first [`address_len`](Self::address_len) bytes count.
        address, set_address: [u8; 8];
    }
}

impl Sll2Header {
    /// Which way the packet went.
    pub fn packet_type(&self) -> SllPacketType {
        SllPacketType(self.packet_type_byte().into())
    }

    /// Sets [`packet_type`](Self::packet_type); the value's low byte counts.
    #[inline]
    pub fn set_packet_type(&mut self, packet_type: SllPacketType) {
        self.set_packet_type_byte(packet_type.0 as u8);
    }
}

/// A cooked frame v2: header and payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sll2<'a> {
    header: &'a Sll2Header,
    payload: &'a [u8],
}

impl<'a> Sll2<'a> {
    /// Takes the frame that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 20 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match Sll2Header::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(Error::truncated(LayerKind::Sll2, Sll2Header::LEN, bytes.len())),
        }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Sll2Header {
        self.header
    }

    /// What the payload is: an EtherType, or a number that the hardware type defines.
    pub fn protocol(&self) -> EtherType {
        self.header.protocol()
    }

    /// The interface's index on the host that captured.
    pub fn interface_index(&self) -> u32 {
        self.header.interface_index()
    }

    /// The device's ARPHRD_ type.
    pub fn hardware_type(&self) -> HardwareType {
        self.header.hardware_type()
    }

    /// Which way the packet went.
    pub fn packet_type(&self) -> SllPacketType {
        self.header.packet_type()
    }

    /// The sender's address, as far as there is room for it: up to 8 bytes.
    pub fn address(&self) -> &'a [u8] {
        sll::address(&self.header.address, usize::from(self.header.address_len()))
    }

    /// The sender's address, where it has 6 bytes.
    pub fn mac(&self) -> Option<MacAddr> {
        <[u8; 6]>::try_from(self.address()).ok().map(MacAddr)
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Sll2Header::LEN
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline]
    pub fn next(&self) -> Next {
        sll::next_of(self.hardware_type(), self.protocol())
    }

    /// How many bytes the header promises beyond the captured ones: none, it has no length.
    pub fn missing(&self) -> usize {
        0
    }

    /// What makes the header contradict itself: nothing, here.
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(sll::protocol_field(0, h.hardware_type(), h.protocol()));
        visit(Field::hex("reserved", 2, h.reserved()));
        visit(Field::uint("ifindex", 4, h.interface_index()));
        visit(Field::uint("hatype", 8, h.hardware_type()).means(h.hardware_type().name()));
        visit(Field::uint("pkttype", 10, h.packet_type()).means(h.packet_type().name()));
        visit(Field::uint("halen", 11, h.address_len()));
        if let Some(field) = sll::address_field(12, self.address()) {
            visit(field);
        }
    }

    /// The one-line form: `?     Out ifindex 2 08:00:27:19:1c:78 ethertype ARP (0x0806)`; tcpdump has the interface's name in
    /// front, and this where it does not know it.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        self.summary_on("?")
    }

    /// The same with the name of the interface that the frame was captured on.
    pub(crate) fn summary_on<'b>(&self, interface: &'b str) -> impl fmt::Display + use<'a, 'b> {
        let sll2 = *self;
        from_fn(move |f| {
            write!(f, "{}ifindex {} ", sll2.summary_start(interface), sll2.interface_index())?;
            if let Some(mac) = sll2.mac() {
                write!(f, "{mac} ")?;
            }
            sll::write_protocol(f, sll2.hardware_type(), sll2.protocol())
        })
    }

    /// What a line begins with: the interface's name in at least five columns, and the packet type in three.
    pub(crate) fn summary_start<'b>(&self, interface: &'b str) -> impl fmt::Display + use<'b> {
        let packet_type = self.packet_type().name().unwrap_or("?");
        from_fn(move |f| {
            let width = 5_usize.saturating_sub(interface.chars().count());
            write!(f, "{}{:width$} {packet_type:<3} ", Escaped(interface), "")
        })
    }
}

/// `SLL2(type=0x4, protocol=0x800, interface=2, 08:00:27:19:1c:78)`; without the address where it is not an Ethernet one.
impl fmt::Display for Sll2<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (packet_type, index) = (self.packet_type().0, self.interface_index());
        write!(f, "SLL2(type={packet_type:#x}, protocol={:#x}, interface={index}", self.protocol().0)?;
        match self.mac() {
            Some(mac) => write!(f, ", {mac})"),
            None => f.write_str(")"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::testing::{ToString, bytes, fields, torture};

    const LLC: &str = "0004 0000 00000003 0001 02 06 e01cfcd3b1e1 0000 424203";

    #[test]
    fn ethernet_device() {
        let bytes = bytes(LLC);
        let sll2 = Sll2::parse(&bytes).unwrap();
        assert_eq!((sll2.next(), sll2.header_len(), sll2.payload().len()), (Next::Llc, 20, 3));
        assert_eq!(
            fields(Layer::Sll2(sll2)),
            "proto@0=0x4 reserved@2=0x0 ifindex@4=3 hatype@8=1 pkttype@10=2 halen@11=6 addr@12=e0:1c:fc:d3:b1:e1"
        );
        assert_eq!(sll2.summary().to_string(), "?     M   ifindex 3 e0:1c:fc:d3:b1:e1 802.2");
        assert_eq!(sll2.to_string(), "SLL2(type=0x2, protocol=0x4, interface=3, e0:1c:fc:d3:b1:e1)");
    }

    #[test]
    fn a_header_is_written_as_it_is_read() {
        let mut header = Sll2Header::zeroed();
        header.set_protocol(EtherType(4));
        header.set_interface_index(3);
        header.set_hardware_type(HardwareType::ETHERNET);
        header.set_packet_type(SllPacketType::MULTICAST);
        header.set_address_len(6);
        header.set_address([0xe0, 0x1c, 0xfc, 0xd3, 0xb1, 0xe1, 0, 0]);
        assert_eq!(header.as_bytes(), &bytes(LLC)[..20]);
    }

    #[test]
    fn tunnel_device() {
        let bytes = bytes("0800 0000 00000007 030a 00 04 0102030400000000 45");
        let sll2 = Sll2::parse(&bytes).unwrap();
        assert_eq!((sll2.next(), sll2.mac()), (Next::EtherType(EtherType::IPV4), None));
        assert_eq!(
            fields(Layer::Sll2(sll2)),
            "proto@0=0x800 reserved@2=0x0 ifindex@4=7 hatype@8=778 pkttype@10=0 halen@11=4 addr@12=1.2.3.4"
        );
        assert_eq!(sll2.summary().to_string(), "?     In  ifindex 7 ethertype IPv4 (0x0800)");
        assert_eq!(sll2.to_string(), "SLL2(type=0x0, protocol=0x800, interface=7)");
    }

    #[test]
    fn any_bytes() {
        torture(&bytes(LLC), |bytes| Sll2::parse(bytes).ok().map(Layer::Sll2));
        assert_eq!(Sll2::parse(&[0; 19]), Err(Error::truncated(LayerKind::Sll2, 20, 19)));
    }
}
