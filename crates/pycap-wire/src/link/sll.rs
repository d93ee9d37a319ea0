//! Linux cooked capture: LINKTYPE_LINUX_SLL, what `any` and devices without a link layer of their own give.
//!
//! ```text
//!  0       2        4         6                              14          16
//! +-------+--------+---------+------------------------------+-----------+-----------
//! | packet| ARPHRD_| address |  address of the sender, of   | protocol  | payload     (tcpdump.org, LINKTYPE_LINUX_SLL)
//! | type  |  type  | length  |  which the length counts     |           |
//! +-------+--------+---------+------------------------------+-----------+-----------
//! ```

use core::fmt;
use core::net::Ipv4Addr;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::net::arp::HardwareType;
use crate::summary::ether_type_name;
use crate::{Error, EtherType, Field, LayerKind, LinkType, MacAddr, Next, Visit};

number! {
    /// Which way a packet went, as seen from the host that captured it (`PACKET_` numbers of Linux).
    pub struct SllPacketType(u16) {
        HOST = 0, "In";
        BROADCAST = 1, "B";
        MULTICAST = 2, "M";
        OTHER_HOST = 3, "P";
        OUTGOING = 4, "Out";
    }
}

header! {
    /// The cooked header: 16 bytes.
    pub struct SllHeader {
        /// Which way the packet went.
        packet_type, set_packet_type: SllPacketType;
        /// The device's ARPHRD_ type.
        hardware_type, set_hardware_type: HardwareType;
        /// Length of the sender's address in bytes; more than 8 where it is cut.
        address_len, set_address_len: u16;
        /// The sender's address; its first [`address_len`](Self::address_len) bytes count.
        address, set_address: [u8; 8];
        /// What the payload is: an EtherType, or a number that the hardware type defines.
        protocol, set_protocol: EtherType;
    }
}

/// A cooked frame: header and payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sll<'a> {
    header: &'a SllHeader,
    payload: &'a [u8],
}

impl<'a> Sll<'a> {
    /// Takes the frame that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 16 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match SllHeader::split(bytes) {
            Some((header, payload)) => Ok(Self { header, payload }),
            None => Err(Error::truncated(LayerKind::Sll, SllHeader::LEN, bytes.len())),
        }
    }

    /// The header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a SllHeader {
        self.header
    }

    /// Which way the packet went.
    pub fn packet_type(&self) -> SllPacketType {
        self.header.packet_type()
    }

    /// The device's ARPHRD_ type.
    pub fn hardware_type(&self) -> HardwareType {
        self.header.hardware_type()
    }

    /// The sender's address, as far as there is room for it: up to 8 bytes.
    pub fn address(&self) -> &'a [u8] {
        address(&self.header.address, usize::from(self.header.address_len()))
    }

    /// The sender's address, where it has 6 bytes.
    pub fn mac(&self) -> Option<MacAddr> {
        <[u8; 6]>::try_from(self.address()).ok().map(MacAddr)
    }

    /// What the payload is: an EtherType, or a number that the hardware type defines.
    pub fn protocol(&self) -> EtherType {
        self.header.protocol()
    }

    /// The header's length in bytes.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        SllHeader::LEN
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline]
    pub fn next(&self) -> Next {
        next_of(self.hardware_type(), self.protocol())
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
        visit(Field::uint("pkttype", 0, h.packet_type()).means(h.packet_type().name()));
        visit(Field::uint("hatype", 2, h.hardware_type()).means(h.hardware_type().name()));
        visit(Field::uint("halen", 4, h.address_len()));
        if let Some(field) = address_field(6, self.address()) {
            visit(field);
        }
        visit(protocol_field(14, h.hardware_type(), h.protocol()));
    }

    /// The one-line form: `Out 08:00:27:19:1c:78 ethertype ARP (0x0806)`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let sll = *self;
        from_fn(move |f| {
            write!(f, "{} ", sll.packet_type().name().unwrap_or("?"))?;
            if let Some(mac) = sll.mac() {
                write!(f, "{mac} ")?;
            }
            write_protocol(f, sll.hardware_type(), sll.protocol())
        })
    }
}

/// The part of the address field that counts.
pub(crate) fn address(bytes: &[u8; 8], length: usize) -> &[u8] {
    bytes.get(..length).unwrap_or(bytes)
}

/// An address in the finest form that its length allows.
pub(crate) fn address_field(offset: usize, address: &[u8]) -> Option<Field<'_>> {
    Some(match address {
        [] => return None,
        [a, b, c, d] => Field::ipv4("addr", offset, Ipv4Addr::new(*a, *b, *c, *d)),
        [a, b, c, d, e, g] => Field::mac("addr", offset, MacAddr([*a, *b, *c, *d, *e, *g])),
        other => Field::bytes("addr", offset, other),
    })
}

/// What the protocol number of a cooked header says (tcpdump.org, LINKTYPE_LINUX_SLL): an EtherType, up to 0x600 one of
/// Linux's own `ETH_P_` numbers. Some devices have their own frames: they have such a number, and an EtherType is believed.
pub(crate) fn next_of(hardware_type: HardwareType, protocol: EtherType) -> Next {
    match hardware_type {
        HardwareType::NETLINK => return Next::End,
        _ if protocol.0 > ETH_P_802_3_MIN => (),
        HardwareType::FRAD => return Next::Link(LinkType::FRELAY),
        HardwareType::IEEE80211_RADIOTAP => return Next::Link(LinkType::IEEE802_11_RADIOTAP),
        _ => (),
    }
    match protocol.0 {
        ETH_P_802_3 => Next::EtherType(EtherType::IPX),
        ETH_P_ALL => Next::Link(LinkType::ETHERNET),
        ETH_P_802_2 => Next::Llc,
        ETH_P_WAN_PPP => Next::Link(LinkType::PPP),
        ETH_P_CAN | ETH_P_CANFD | ETH_P_CANXL => Next::Link(LinkType::CAN_SOCKETCAN),
        _ => Next::EtherType(protocol),
    }
}

/// Above it a number is an EtherType (Linux, `if_ether.h`).
const ETH_P_802_3_MIN: u16 = 0x0600;
/// Novell's raw 802.3 frames: IPX.
const ETH_P_802_3: u16 = 0x0001;
/// Frames of devices that do not say what they have.
const ETH_P_ALL: u16 = 0x0003;
/// Frames with an 802.2 LLC header.
const ETH_P_802_2: u16 = 0x0004;
const ETH_P_WAN_PPP: u16 = 0x0007;
const ETH_P_CAN: u16 = 0x000c;
const ETH_P_CANFD: u16 = 0x000d;
const ETH_P_CANXL: u16 = 0x000e;

fn protocol_name(hardware_type: HardwareType, protocol: EtherType) -> Option<&'static str> {
    match (hardware_type, protocol.0) {
        (HardwareType::NETLINK, _) => None,
        (_, ETH_P_802_3) => Some("802.3 without LLC"),
        (_, ETH_P_ALL) => Some("all"),
        (_, ETH_P_802_2) => Some("802.2 LLC"),
        (_, ETH_P_WAN_PPP) => Some("PPP"),
        (_, ETH_P_CAN) => Some("CAN"),
        (_, ETH_P_CANFD) => Some("CAN FD"),
        (_, ETH_P_CANXL) => Some("CAN XL"),
        _ => protocol.name(),
    }
}

pub(crate) fn protocol_field(
    offset: usize,
    hardware_type: HardwareType,
    protocol: EtherType,
) -> Field<'static> {
    Field::hex("proto", offset, protocol).means(protocol_name(hardware_type, protocol))
}

pub(crate) fn write_protocol(
    f: &mut fmt::Formatter<'_>,
    hardware_type: HardwareType,
    protocol: EtherType,
) -> fmt::Result {
    match protocol.0 {
        ETH_P_802_3 => f.write_str("802.3"),
        ETH_P_802_2 => f.write_str("802.2"),
        number => {
            let name = match protocol_name(hardware_type, protocol) {
                Some(name) if number < 0x600 => name,
                _ => ether_type_name(protocol),
            };
            write!(f, "ethertype {name} ({number:#06x})")
        }
    }
}

/// `SLL(type=0x4, protocol=0x800, 08:00:27:19:1c:78)`; without the address where it is not an Ethernet one.
impl fmt::Display for Sll<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SLL(type={:#x}, protocol={:#x}", self.packet_type().0, self.protocol().0)?;
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

    const ARP: &str = "0004 0001 0006 0800 2719 1c78 0000 0806 00";

    #[test]
    fn ethernet_device() {
        let bytes = bytes(ARP);
        let sll = Sll::parse(&bytes).unwrap();
        assert_eq!((sll.next(), sll.payload()), (Next::EtherType(EtherType::ARP), &[0][..]));
        assert_eq!(
            fields(Layer::Sll(sll)),
            "pkttype@0=4 hatype@2=1 halen@4=6 addr@6=08:00:27:19:1c:78 proto@14=0x806"
        );
        assert_eq!(sll.summary().to_string(), "Out 08:00:27:19:1c:78 ethertype ARP (0x0806)");
        assert_eq!(sll.to_string(), "SLL(type=0x4, protocol=0x806, 08:00:27:19:1c:78)");
    }

    #[test]
    fn addresses_of_any_length() {
        for (length, address) in [
            (0, ""),
            (1, " addr@6=01"),
            (4, " addr@6=1.2.3.4"),
            (5, " addr@6=0102030405"),
            (6, " addr@6=01:02:03:04:05:06"),
            (8, " addr@6=0102030405060708"),
            (9, " addr@6=0102030405060708"),
            (0xffff, " addr@6=0102030405060708"),
        ] {
            let mut header = SllHeader::zeroed();
            header.set_address_len(length);
            header.set_address([1, 2, 3, 4, 5, 6, 7, 8]);
            header.set_protocol(EtherType::IPV4);
            let shown = fields(Layer::Sll(Sll::parse(header.as_bytes()).unwrap()));
            assert_eq!(
                shown,
                crate::testing::format!("pkttype@0=0 hatype@2=0 halen@4={length}{address} proto@14=0x800")
            );
        }
    }

    #[test]
    fn protocols() {
        let next = |hardware_type, protocol| next_of(hardware_type, EtherType(protocol));
        for hardware_type in
            [HardwareType::ETHERNET, HardwareType::LOOPBACK, HardwareType::PPP, HardwareType::NONE]
        {
            assert_eq!(next(hardware_type, 0x0800), Next::EtherType(EtherType::IPV4));
            assert_eq!(next(hardware_type, 0x0001), Next::EtherType(EtherType::IPX));
            assert_eq!(next(hardware_type, 0x0003), Next::Link(LinkType::ETHERNET));
            assert_eq!(next(hardware_type, 0x0004), Next::Llc);
            assert_eq!(next(hardware_type, 0x000c), Next::Link(LinkType::CAN_SOCKETCAN));
            assert_eq!(next(hardware_type, 0x05dc), Next::EtherType(EtherType(0x05dc)));
        }
        assert_eq!(next(HardwareType::IP_GRE, 0x86dd), Next::EtherType(EtherType::IPV6));
        assert_eq!(next(HardwareType::FRAD, 0), Next::Link(LinkType::FRELAY));
        assert_eq!(next(HardwareType::IEEE80211_RADIOTAP, 4), Next::Link(LinkType::IEEE802_11_RADIOTAP));
        assert_eq!(next(HardwareType::NETLINK, 0), Next::End);
        for device in [HardwareType::FRAD, HardwareType::IEEE80211_RADIOTAP] {
            assert_eq!(next(device, 0x0600), next(device, 4));
            assert_eq!(next(device, 0x86dd), Next::EtherType(EtherType::IPV6));
        }
    }

    #[test]
    fn any_bytes() {
        torture(&bytes(ARP), |bytes| Sll::parse(bytes).ok().map(Layer::Sll));
        assert_eq!(Sll::parse(&[0; 15]), Err(Error::truncated(LayerKind::Sll, 16, 15)));
    }
}
