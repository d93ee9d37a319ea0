//! ARP, RARP, InARP and ATMARP.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |         hardware type         |         protocol type         |   (RFC 826, RFC 903, RFC 2390)
//! +---------------+---------------+-------------------------------+
//! |hw address len |proto addr len |           operation           |
//! +---------------+---------------+-------------------------------+
//! |  sender hardware address, sender protocol address,            |
//! |  target hardware address, target protocol address             |
//! +---------------------------------------------------------------+
//! ```
//!
//! ATMARP (hardware type 19, RFC 2225) has two lengths for each ATM address, number and subaddress, and twelve bytes
//! before the addresses.

use core::fmt;
use core::net::Ipv4Addr;

use crate::display::from_fn;
use crate::header::{header, number};
use crate::summary::ether_type_name;
use crate::{Error, EtherType, Field, LayerKind, MacAddr, Next, Visit};

number! {
    /// What kind of network the hardware addresses are of (IANA "arp-parameters"); from 256 on the `ARPHRD_` numbers of Linux.
    pub struct HardwareType(u16) {
        NETROM = 0, "NET/ROM";
        ETHERNET = 1, "Ethernet";
        EXPERIMENTAL_ETHERNET = 2, "Experimental Ethernet";
        AX25 = 3, "AX.25";
        PRONET = 4, "ProNET";
        CHAOS = 5, "Chaosnet";
        IEEE802 = 6, "IEEE 802";
        ARCNET = 7, "ARCNET";
        HYPERCHANNEL = 8, "Hyperchannel";
        LANSTAR = 9, "Lanstar";
        AUTONET = 10, "Autonet";
        LOCALTALK = 11, "LocalTalk";
        LOCALNET = 12, "LocalNet";
        ULTRA_LINK = 13, "Ultra link";
        SMDS = 14, "SMDS";
        FRAME_RELAY = 15, "Frame Relay";
        ATM_16 = 16, "ATM";
        HDLC = 17, "HDLC";
        FIBRE_CHANNEL = 18, "Fibre Channel";
        ATM = 19, "ATM";
        SERIAL = 20, "Serial line";
        STRIP = 23, "Metricom STRIP";
        IEEE1394 = 24, "IEEE 1394";
        EUI64 = 27, "EUI-64";
        INFINIBAND = 32, "InfiniBand";
        SLIP = 256, "SLIP";
        CSLIP = 257, "CSLIP";
        X25 = 271, "X.25";
        CAN = 280, "CAN";
        PPP = 512, "PPP";
        CISCO_HDLC = 513, "Cisco HDLC";
        LAPB = 516, "LAPB";
        RAW_HDLC = 518, "Raw HDLC";
        RAW_IP = 519, "Raw IP";
        TUNNEL = 768, "IPIP tunnel";
        TUNNEL6 = 769, "IPv6 tunnel";
        FRAD = 770, "Frame Relay access device";
        LOOPBACK = 772, "Loopback";
        FDDI = 774, "FDDI";
        SIT = 776, "IPv6-in-IPv4 tunnel";
        IP_GRE = 778, "GRE over IPv4";
        PIM_REGISTER = 779, "PIM register";
        HIPPI = 780, "HIPPI";
        IRDA = 783, "IrDA";
        TOKEN_RING = 800, "Token Ring";
        IEEE80211 = 801, "IEEE 802.11";
        IEEE80211_PRISM = 802, "IEEE 802.11 with Prism header";
        IEEE80211_RADIOTAP = 803, "IEEE 802.11 with radiotap";
        IEEE802154 = 804, "IEEE 802.15.4";
        IEEE802154_MONITOR = 805, "IEEE 802.15.4 monitor";
        IP6_GRE = 823, "GRE over IPv6";
        NETLINK = 824, "Netlink";
        SIX_LOWPAN = 825, "6LoWPAN";
        VSOCK_MONITOR = 826, "vsock monitor";
        NONE = 0xfffe, "None";
        VOID = 0xffff, "Void";
    }
}

number! {
    /// What an ARP message asks or tells (IANA "arp-parameters").
    pub struct ArpOperation(u16) {
        REQUEST = 1, "Request";
        REPLY = 2, "Reply";
        REVERSE_REQUEST = 3, "Reverse Request";
        REVERSE_REPLY = 4, "Reverse Reply";
        DRARP_REQUEST = 5, "DRARP Request";
        DRARP_REPLY = 6, "DRARP Reply";
        DRARP_ERROR = 7, "DRARP Error";
        INVERSE_REQUEST = 8, "Inverse Request";
        INVERSE_REPLY = 9, "Inverse Reply";
        NACK = 10, "NACK Reply";
        MARS_REQUEST = 11, "MARS Request";
        MARS_MULTI = 12, "MARS Multi";
        MARS_MSERV = 13, "MARS MServ";
        MARS_JOIN = 14, "MARS Join";
        MARS_LEAVE = 15, "MARS Leave";
        MARS_NACK = 16, "MARS NAK";
        MARS_UNSERV = 17, "MARS Unserv";
        MARS_SJOIN = 18, "MARS SJoin";
        MARS_SLEAVE = 19, "MARS SLeave";
        MARS_GROUP_LIST_REQUEST = 20, "MARS Grouplist Request";
        MARS_GROUP_LIST_REPLY = 21, "MARS Grouplist Reply";
        MARS_REDIRECT_MAP = 22, "MARS Redirect Map";
        MAPOS_UNARP = 23, "MAPOS UNARP";
        EXPERIMENTAL_1 = 24, "Experimental 1";
        EXPERIMENTAL_2 = 25, "Experimental 2";
    }
}

header! {
    /// The part of an ARP message before the addresses: 8 bytes.
    pub struct ArpHeader {
        /// What kind of network the hardware addresses are of.
        hardware_type, set_hardware_type: HardwareType;
        /// What kind of network the protocol addresses are of, as an EtherType.
        protocol_type, set_protocol_type: EtherType;
        /// Length of a hardware address in bytes.
        hardware_len, set_hardware_len: u8;
        /// Length of a protocol address in bytes.
        protocol_len, set_protocol_len: u8;
        /// What the message asks or tells.
        operation, set_operation: ArpOperation;
    }
}

header! {
    /// The addresses of an ARP message between Ethernet and IPv4: 20 bytes.
    pub struct ArpIpv4Addresses {
        /// Sender's Ethernet address.
        sender_mac, set_sender_mac: MacAddr;
        /// Sender's IPv4 address.
        sender_ip, set_sender_ip: Ipv4Addr;
        /// Target's Ethernet address; 0 in requests.
        target_mac, set_target_mac: MacAddr;
        /// Target's IPv4 address.
        target_ip, set_target_ip: Ipv4Addr;
    }
}

/// An ARP message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arp<'a> {
    header: &'a ArpHeader,
    addresses: &'a [u8],
    payload: &'a [u8],
    claimed: usize,
}

/// The parts of the address section, in their order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    SenderHardware,
    SenderSubaddress,
    SenderProtocol,
    TargetHardware,
    TargetSubaddress,
    TargetProtocol,
}

impl<'a> Arp<'a> {
    /// Takes the message that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 8 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let Some((header, rest)) = ArpHeader::split(bytes) else {
            return Err(Error::truncated(LayerKind::Arp, ArpHeader::LEN, bytes.len()));
        };
        let claimed = match header.hardware_type() {
            HardwareType::ATM => {
                let all = Self { header, addresses: rest, payload: &[], claimed: 0 };
                all.offset_of(Part::TargetProtocol).saturating_add(all.len_of(Part::TargetProtocol))
            }
            _ => (usize::from(header.hardware_len()) + usize::from(header.protocol_len())) * 2,
        };
        let (addresses, payload) = rest.split_at(claimed.min(rest.len()));
        Ok(Self { header, addresses, payload, claimed })
    }

    /// The bytes before the addresses as fields. In ATMARP the two lengths are those of the sender's ATM number and subaddress.
    #[inline(always)]
    pub fn header(&self) -> &'a ArpHeader {
        self.header
    }

    /// What kind of network the hardware addresses are of.
    pub fn hardware_type(&self) -> HardwareType {
        self.header.hardware_type()
    }

    /// What kind of network the protocol addresses are of, as an EtherType.
    pub fn protocol_type(&self) -> EtherType {
        self.header.protocol_type()
    }

    /// What the message asks or tells.
    #[inline(always)]
    pub fn operation(&self) -> ArpOperation {
        self.header.operation()
    }

    /// What follows the first 8 bytes, as far as captured: the addresses, in ATMARP with four lengths before them.
    pub fn addresses_bytes(&self) -> &'a [u8] {
        self.addresses
    }

    /// Sender's hardware address; empty where it has no bytes or not all of them were captured.
    pub fn sender_hardware(&self) -> &'a [u8] {
        self.part(Part::SenderHardware).unwrap_or_default()
    }

    /// Sender's protocol address; empty where it has no bytes or not all of them were captured.
    pub fn sender_protocol(&self) -> &'a [u8] {
        self.part(Part::SenderProtocol).unwrap_or_default()
    }

    /// Target's hardware address; empty where it has no bytes or not all of them were captured.
    pub fn target_hardware(&self) -> &'a [u8] {
        self.part(Part::TargetHardware).unwrap_or_default()
    }

    /// Target's protocol address; empty where it has no bytes or not all of them were captured.
    pub fn target_protocol(&self) -> &'a [u8] {
        self.part(Part::TargetProtocol).unwrap_or_default()
    }

    /// Sender's ATM subaddress; empty where it has no bytes, not all of them were captured, or the hardware is another.
    pub fn sender_subaddress(&self) -> &'a [u8] {
        self.part(Part::SenderSubaddress).unwrap_or_default()
    }

    /// Target's ATM subaddress; empty where it has no bytes, not all of them were captured, or the hardware is another.
    pub fn target_subaddress(&self) -> &'a [u8] {
        self.part(Part::TargetSubaddress).unwrap_or_default()
    }

    /// Sender's Ethernet address, where the hardware is Ethernet (or another IEEE 802 network).
    pub fn sender_mac(&self) -> Option<MacAddr> {
        self.mac(self.sender_hardware())
    }

    /// Sender's IPv4 address, where the protocol is IPv4.
    pub fn sender_ip(&self) -> Option<Ipv4Addr> {
        self.ip(self.sender_protocol())
    }

    /// Target's Ethernet address, where the hardware is Ethernet (or another IEEE 802 network).
    pub fn target_mac(&self) -> Option<MacAddr> {
        self.mac(self.target_hardware())
    }

    /// Target's IPv4 address, where the protocol is IPv4.
    pub fn target_ip(&self) -> Option<Ipv4Addr> {
        self.ip(self.target_protocol())
    }

    /// All four addresses as fields, where they are Ethernet's and IPv4's.
    pub fn ipv4_addresses(&self) -> Option<&'a ArpIpv4Addresses> {
        self.sender_mac().and(self.sender_ip())?;
        ArpIpv4Addresses::split(self.addresses).map(|(addresses, _)| addresses)
    }

    fn mac(&self, address: &[u8]) -> Option<MacAddr> {
        match self.hardware_type() {
            HardwareType::ETHERNET | HardwareType::IEEE802 => <[u8; 6]>::try_from(address).ok().map(MacAddr),
            _ => None,
        }
    }

    fn ip(&self, address: &[u8]) -> Option<Ipv4Addr> {
        match self.protocol_type() {
            EtherType::IPV4 | AX25_IPV4 => <[u8; 4]>::try_from(address).ok().map(Ipv4Addr::from),
            _ => None,
        }
    }

    fn is_atm(&self) -> bool {
        self.hardware_type() == HardwareType::ATM
    }

    /// Where a part stands, counted from the end of the fixed header.
    fn offset_of(&self, part: Part) -> usize {
        use Part::*;
        let before = [SenderHardware, SenderSubaddress, SenderProtocol, TargetHardware, TargetSubaddress];
        let lengths = before.into_iter().filter(|other| *other < part).map(|other| self.len_of(other));
        lengths.fold(if self.is_atm() { ATM_LENGTHS } else { 0 }, usize::saturating_add)
    }

    fn len_of(&self, part: Part) -> usize {
        let (first, second) = (self.header.hardware_len(), self.header.protocol_len());
        let byte = |at: usize| self.addresses.get(at).copied().unwrap_or_default();
        usize::from(match (self.is_atm(), part) {
            (false, Part::SenderHardware | Part::TargetHardware) => first,
            (false, Part::SenderProtocol | Part::TargetProtocol) => second,
            (false, Part::SenderSubaddress | Part::TargetSubaddress) => 0,
            (true, Part::SenderHardware) => first & ATM_LENGTH,
            (true, Part::SenderSubaddress) => second & ATM_LENGTH,
            (true, Part::SenderProtocol) => byte(0),
            (true, Part::TargetHardware) => byte(1) & ATM_LENGTH,
            (true, Part::TargetSubaddress) => byte(2) & ATM_LENGTH,
            (true, Part::TargetProtocol) => byte(3),
        })
    }

    fn part(&self, part: Part) -> Option<&'a [u8]> {
        self.addresses.get(self.offset_of(part)..)?.get(..self.len_of(part))
    }

    /// The message's length in bytes, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        ArpHeader::LEN + self.addresses.len()
    }

    /// What follows the message: padding of the frame.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is: nothing.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::End
    }

    /// How many bytes of addresses the lengths promise beyond the captured ones.
    pub fn missing(&self) -> usize {
        self.claimed.saturating_sub(self.addresses.len())
    }

    /// What makes the message contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field; addresses that are empty or cut short are left out.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        let [first, second] = if self.is_atm() { ["shtl", "sstl"] } else { ["hlen", "plen"] };
        visit(Field::uint("htype", 0, h.hardware_type()).means(h.hardware_type().name()));
        visit(Field::hex("ptype", 2, h.protocol_type()).means(h.protocol_type().name()));
        visit(Field::uint(first, 4, h.hardware_len()));
        visit(Field::uint(second, 5, h.protocol_len()));
        visit(Field::uint("op", 6, h.operation()).means(h.operation().name()));
        if self.is_atm() {
            let names = ["spln", "thtl", "tstl", "tpln"];
            for ((name, byte), offset) in names.into_iter().zip(self.addresses).zip(ArpHeader::LEN..) {
                visit(Field::uint(name, offset, *byte));
            }
        }
        let parts = [
            ("sha", Part::SenderHardware),
            ("ssa", Part::SenderSubaddress),
            ("spa", Part::SenderProtocol),
            ("tha", Part::TargetHardware),
            ("tsa", Part::TargetSubaddress),
            ("tpa", Part::TargetProtocol),
        ];
        for (name, part) in parts {
            let Some(address) = self.part(part).filter(|address| !address.is_empty()) else {
                continue;
            };
            let offset = self.offset_of(part).saturating_add(ArpHeader::LEN);
            let is_protocol = matches!(part, Part::SenderProtocol | Part::TargetProtocol);
            visit(match (self.mac(address), self.ip(address)) {
                (_, Some(ip)) if is_protocol => Field::ipv4(name, offset, ip),
                (Some(mac), _) if !is_protocol => Field::mac(name, offset, mac),
                _ => Field::bytes(name, offset, address),
            });
        }
    }

    /// The one-line form: `ARP, Request who-has 10.0.0.2 tell 10.0.0.1, length 28`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        self.summary_with_len("ARP, ", self.header_len().saturating_add(self.payload.len()))
    }

    /// The same with another start, and with the length that the link gives where not all of it was captured.
    pub(crate) fn summary_with_len(&self, start: &'static str, len: usize) -> impl fmt::Display + 'a {
        let arp = *self;
        from_fn(move |f| {
            if arp.missing() != 0 {
                return f.write_str(" [|arp]");
            }
            f.write_str(start)?;
            if write_summary(f, &arp)? { write!(f, ", length {len}") } else { Ok(()) }
        })
    }
}

/// Bytes of lengths that ATMARP has after the operation.
const ATM_LENGTHS: usize = 4;
/// The bits of an ATMARP type-and-length byte that are the length.
const ATM_LENGTH: u8 = 0x3f;
/// The number that AX.25 has for IPv4 (0xcc), in the place of an EtherType.
const AX25_IPV4: EtherType = EtherType(0xcc);
/// BSD's trailer negotiation, which carries IPv4 addresses (RFC 893).
const TRAILERS: EtherType = EtherType(0x1000);

/// Writes the line up to the length, and tells whether the length follows: tcpdump shows what it does not know in hexadecimal
/// instead.
fn write_summary(f: &mut fmt::Formatter<'_>, arp: &Arp<'_>) -> Result<bool, fmt::Error> {
    let (sha, spa) = (Bytes(arp.sender_hardware()), arp.sender_protocol());
    let (tha, tpa) = (Bytes(arp.target_hardware()), arp.target_protocol());
    let readable = matches!(arp.protocol_type(), EtherType::IPV4 | TRAILERS) && !sha.0.is_empty();
    let (Ok(spa), Ok(tpa), true) = (<[u8; 4]>::try_from(spa), <[u8; 4]>::try_from(tpa), readable) else {
        return write_types(f, arp).map(|()| true);
    };
    let (spa, tpa) = (Ipv4Addr::from(spa), Ipv4Addr::from(tpa));
    match arp.operation() {
        ArpOperation::REQUEST if tha.0.iter().any(|byte| *byte != 0) => {
            write!(f, "Request who-has {tpa} ({tha}) tell {spa}")?;
        }
        ArpOperation::REQUEST => write!(f, "Request who-has {tpa} tell {spa}")?,
        ArpOperation::REPLY => write!(f, "Reply {spa} is-at {sha}")?,
        ArpOperation::REVERSE_REQUEST => write!(f, "Reverse Request who-is {tha} tell {sha}")?,
        ArpOperation::REVERSE_REPLY => write!(f, "Reverse Reply {tha} at {tpa}")?,
        ArpOperation::INVERSE_REQUEST => write!(f, "Inverse Request who-is {tha} tell {sha}")?,
        ArpOperation::INVERSE_REPLY => write!(f, "Inverse Reply {sha} at {spa}")?,
        ArpOperation::NACK => return f.write_str("NACK Reply").map(|()| false),
        ArpOperation(other) => return write!(f, "Unknown ({other})").map(|()| false),
    }
    Ok(true)
}

/// What the addresses are, where they are not those of IPv4.
fn write_types(f: &mut fmt::Formatter<'_>, arp: &Arp<'_>) -> fmt::Result {
    let (hardware, protocol) = (arp.hardware_type(), arp.protocol_type());
    match hardware.name() {
        Some(name) => f.write_str(name)?,
        None => write!(f, "Unknown Hardware ({})", hardware.0)?,
    }
    write!(f, " (len {}), ", arp.header.hardware_len())?;
    match protocol.name() {
        Some(_) => f.write_str(ether_type_name(protocol))?,
        None => write!(f, "Unknown Protocol ({:#06x})", protocol.0)?,
    }
    write!(f, " (len {})", arp.header.protocol_len())
}

/// Bytes in hexadecimal, joined by colons.
struct Bytes<'a>(&'a [u8]);

impl fmt::Display for Bytes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut bytes = self.0.iter();
        match bytes.next() {
            Some(first) => write!(f, "{first:02x}")?,
            None => return f.write_str("-"),
        }
        bytes.try_for_each(|byte| write!(f, ":{byte:02x}"))
    }
}

/// `ARP(op=0x1, protocol=0x800, 00:15:fa:dc:a1:f7 (10.0.0.1) -> 00:00:00:00:00:00 (10.0.0.2))`.
impl fmt::Display for Arp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = |address| {
            from_fn(move |f| match self.ip(address) {
                Some(ip) => write!(f, "{ip}"),
                None => write!(f, "{}", Bytes(address)),
            })
        };
        write!(
            f,
            "ARP(op={:#x}, protocol={:#x}, {} ({}) -> {} ({}))",
            self.operation().0,
            self.protocol_type().0,
            Bytes(self.sender_hardware()),
            protocol(self.sender_protocol()),
            Bytes(self.target_hardware()),
            protocol(self.target_protocol()),
        )
    }
}

#[cfg(test)]
mod tests;
