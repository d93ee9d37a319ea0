//! Link layers, up to the number that says what they carry.

use core::fmt;

use super::Line;
use crate::link::ethernet::next_of;
use crate::*;

impl Line<'_, '_> {
    pub(super) fn frame(&mut self, link_type: LinkType, data: &[u8], length: usize) -> fmt::Result {
        match link_type {
            LinkType::ETHERNET => self.ethernet(data, length),
            LinkType::NULL | LinkType::LOOP => self.null(data, length),
            LinkType::LINUX_SLL => self.sll(data, length),
            LinkType::LINUX_SLL2 => self.sll2(data, length),
            LinkType::ATM_RFC1483 | LinkType::ATM_RFC1483_11 => {
                let link = Tagged { frame: length, addresses: None, type_shown: true, length_shown: true };
                self.llc(link, data, length)
            }
            LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 | LinkType::IPV4 | LinkType::IPV6 => {
                if self.options.link {
                    self.text("ip: ")?;
                }
                match data.first().map(|byte| byte >> 4) {
                    Some(6) => self.ipv6(data, length),
                    Some(version @ (0..=3 | 5 | 7..)) => self.write(format_args!("unknown ip {version}")),
                    _ => self.ipv4(data, length),
                }
            }
            unknown => match unknown.name() {
                Some(name) => self.write(format_args!("{name} frame, length {length}")),
                None => self.write(format_args!("frame of link type {}, length {length}", unknown.0)),
            },
        }
    }

    pub(super) fn ethernet(&mut self, data: &[u8], length: usize) -> fmt::Result {
        if !self.enter() {
            return self.too_deep();
        }
        let Ok(frame) = Ethernet::parse(data) else { return self.truncated("ether") };
        if self.options.link {
            self.write(format_args!("{} > {}, ", frame.src(), frame.dst()))?;
        }
        let rest = data.get(EthernetHeader::LEN..).unwrap_or_default();
        let addresses = Some((frame.src(), frame.dst()));
        let tagged = Tagged { frame: length, addresses, type_shown: false, length_shown: false };
        self.tagged(tagged, frame.ether_type(), rest, length.saturating_sub(EthernetHeader::LEN))
    }

    /// VLAN tags, and what they tag; `ether_type` is the number in front of `rest`.
    fn tagged(
        &mut self,
        mut link: Tagged,
        mut ether_type: EtherType,
        mut rest: &[u8],
        mut length: usize,
    ) -> fmt::Result {
        while ether_type.is_vlan() {
            if !self.enter() {
                return self.too_deep();
            }
            let Ok(tag) = Vlan::parse(rest) else { return self.truncated("vlan") };
            if self.options.link {
                self.type_and_length(&mut link, ether_type)?;
                self.write(format_args!("{}, ", tag.summary()))?;
            }
            ether_type = tag.ether_type();
            rest = rest.get(VlanHeader::LEN..).unwrap_or_default();
            length = length.saturating_sub(VlanHeader::LEN);
        }
        if ether_type.is_length() {
            let length = length.min(ether_type.0.into());
            let data = rest.get(..length).unwrap_or(rest);
            if self.options.link {
                self.text("802.3")?;
                if !link.length_shown {
                    self.write(format_args!(", length {length}: "))?;
                }
            }
            return match next_of(ether_type, data) {
                Next::EtherType(EtherType::IPX) => self.novell(link, data, length),
                _ => self.llc(link, data, length),
            };
        }
        if !is_dissected(ether_type) {
            return self.unknown(link, ether_type);
        }
        // Of a jumbo frame with LLC, tcpdump shows neither the type nor the length.
        if self.options.link && ether_type != EtherType::JUMBO {
            self.type_and_length(&mut link, ether_type)?;
        }
        self.ether_payload(link, ether_type, rest, length)
    }

    /// A type, with the frame's length behind the first one.
    fn type_and_length(&mut self, link: &mut Tagged, ether_type: EtherType) -> fmt::Result {
        if core::mem::take(&mut link.type_shown) {
            return Ok(());
        }
        self.ether_type(ether_type)?;
        if core::mem::replace(&mut link.length_shown, true) {
            self.text(", ")
        } else {
            self.write(format_args!(", length {}: ", link.frame))
        }
    }

    fn ether_type(&mut self, ether_type: EtherType) -> fmt::Result {
        match (known_name(ether_type), self.options.quiet) {
            (Some(name), true) => self.text(name),
            (None, true) => self.write(format_args!("Unknown Ethertype ({:#06x})", ether_type.0)),
            (name, false) => {
                self.write(format_args!("ethertype {} ({:#06x})", name.unwrap_or("Unknown"), ether_type.0))
            }
        }
    }

    fn ether_payload(
        &mut self,
        link: Tagged,
        ether_type: EtherType,
        data: &[u8],
        length: usize,
    ) -> fmt::Result {
        match ether_type {
            EtherType::IPV4 => self.ipv4(data, length),
            EtherType::IPV6 => self.ipv6(data, length),
            EtherType::TRANSPARENT_ETHERNET_BRIDGING => self.ethernet(data, length),
            EtherType::JUMBO => self.llc(link, data, length),
            _ => self.arp(data, length),
        }
    }

    /// The link's header in place of what it carries.
    fn unknown(&mut self, link: Tagged, ether_type: EtherType) -> fmt::Result {
        self.addresses(link)?;
        self.ether_type(ether_type)?;
        if link.length_shown { Ok(()) } else { self.write(format_args!(", length {}", link.frame)) }
    }

    fn arp(&mut self, data: &[u8], length: usize) -> fmt::Result {
        let start = if self.options.link { "" } else { "ARP, " };
        match Arp::parse(data) {
            Ok(arp) => self.write(format_args!("{}", arp.summary_with_len(start, length))),
            Err(_) => self.truncated("arp"),
        }
    }

    /// The addresses in place of what the frame carries, unless they stand in front already.
    fn addresses(&mut self, link: Tagged) -> fmt::Result {
        match link.addresses {
            Some((src, dst)) if !self.options.link => self.write(format_args!("{src} > {dst}, ")),
            _ => Ok(()),
        }
    }

    /// An IPX packet without an LLC header, as Novell's first 802.3 had it.
    fn novell(&mut self, link: Tagged, data: &[u8], length: usize) -> fmt::Result {
        if data.len() < LlcHeader::LEN {
            return self.truncated("llc");
        }
        self.addresses(link)?;
        self.write(format_args!("IPX 802.3, length {length}"))
    }

    fn llc(&mut self, link: Tagged, data: &[u8], length: usize) -> fmt::Result {
        if !self.enter() {
            return self.too_deep();
        }
        let Ok(llc) = Llc::parse(data) else {
            return match Llc::before_snap(data) {
                Some(llc) => {
                    if self.options.link {
                        self.write(format_args!("{}: ", llc.summary_of_header()))?;
                    }
                    self.truncated("snap")
                }
                None => self.truncated("llc"),
            };
        };
        let payload_len = length.saturating_sub(llc.header_len());
        let next = match llc.next() {
            Next::Link(LinkType::ETHERNET) => Next::EtherType(EtherType::TRANSPARENT_ETHERNET_BRIDGING),
            next => next,
        };
        match next {
            Next::EtherType(ether_type) if is_dissected(ether_type) || ether_type.is_vlan() => {
                match llc.snap() {
                    _ if !self.options.link => {}
                    Some(_) => self.write(format_args!("{}, length {payload_len}: ", llc.summary()))?,
                    None => self.write(format_args!("{}: ", llc.summary()))?,
                }
                if ether_type.is_vlan() {
                    let link = Tagged { type_shown: true, length_shown: true, ..link };
                    return self.tagged(link, ether_type, llc.payload(), payload_len);
                }
                self.ether_payload(link, ether_type, llc.payload(), payload_len)
            }
            _ => {
                self.addresses(link)?;
                // tcpdump counts the header where it does not look behind it.
                let shown = if matches!(llc.next(), Next::Sap(_) | Next::End) { length } else { payload_len };
                self.write(format_args!("{}, length {shown}", llc.summary()))
            }
        }
    }

    fn null(&mut self, data: &[u8], length: usize) -> fmt::Result {
        let Ok(null) = Null::parse(data) else { return self.truncated("null") };
        let payload_len = length.saturating_sub(null.header_len());
        match null.next() {
            Next::EtherType(ether_type) if is_dissected(ether_type) => {
                let link = Tagged { frame: length, addresses: None, type_shown: true, length_shown: true };
                if self.options.link && self.options.quiet {
                    self.ether_type(ether_type)?;
                    self.write(format_args!(", length {length}: "))?;
                } else if self.options.link {
                    self.write(format_args!("{}, length {length}: ", null.summary()))?;
                }
                self.ether_payload(link, ether_type, null.payload(), payload_len)
            }
            _ => self.write(format_args!("{}, length {length}", null.summary())),
        }
    }

    fn sll(&mut self, data: &[u8], length: usize) -> fmt::Result {
        let Ok(sll) = Sll::parse(data) else { return self.truncated("sll") };
        let packet_type = sll.packet_type().name().unwrap_or("?");
        if self.options.link && self.options.quiet {
            self.write(format_args!("{packet_type:>3} "))?;
            self.cooked_address(sll.mac())?;
        } else if self.options.link {
            let width = 3_usize.saturating_sub(packet_type.len());
            self.write(format_args!("{:width$}{}, length {length}: ", "", sll.summary()))?;
        }
        self.cooked(sll.next(), sll.payload(), length.saturating_sub(sll.header_len()), length)
    }

    fn sll2(&mut self, data: &[u8], length: usize) -> fmt::Result {
        let Ok(sll) = Sll2::parse(data) else { return self.truncated("sll2") };
        // tcpdump looks the interface's index up where it runs, and prints a question mark where there is no such interface.
        let interface = self.options.interface.unwrap_or("?");
        if self.options.link && !self.options.quiet {
            self.write(format_args!("{}, length {length}: ", sll.summary_on(interface)))?;
        } else {
            self.write(format_args!("{}", sll.summary_start(interface)))?;
            if self.options.link {
                self.write(format_args!("ifindex {} ", sll.interface_index()))?;
                self.cooked_address(sll.mac())?;
            }
        }
        self.cooked(sll.next(), sll.payload(), length.saturating_sub(sll.header_len()), length)
    }

    fn cooked_address(&mut self, address: Option<MacAddr>) -> fmt::Result {
        match address {
            Some(address) => self.write(format_args!("{address} ")),
            None => Ok(()),
        }
    }

    /// What a cooked frame carries; its protocol was shown with its header.
    fn cooked(&mut self, next: Next, data: &[u8], length: usize, frame: usize) -> fmt::Result {
        let link =
            Tagged { frame, addresses: None, type_shown: self.options.link, length_shown: self.options.link };
        match next {
            Next::EtherType(ether_type) if is_dissected(ether_type) || ether_type.is_vlan() => {
                self.tagged(link, ether_type, data, length)
            }
            Next::Llc => self.llc(link, data, length),
            _ if self.options.link => Ok(()),
            Next::EtherType(ether_type) => self.unknown(link, ether_type),
            unknown => self.write(format_args!("{unknown}, length {frame}")),
        }
    }
}

/// Whether the walk goes on behind the EtherType; see [`EtherType::is_vlan`] for tags.
fn is_dissected(ether_type: EtherType) -> bool {
    matches!(
        ether_type,
        EtherType::IPV4
            | EtherType::IPV6
            | EtherType::ARP
            | EtherType::RARP
            | EtherType::TRANSPARENT_ETHERNET_BRIDGING
            | EtherType::JUMBO
    )
}

/// What the layers above may have to say of the link.
#[derive(Clone, Copy)]
struct Tagged {
    /// The frame's length.
    frame: usize,
    /// Source and destination.
    addresses: Option<(MacAddr, MacAddr)>,
    /// Whether the type in front was shown already.
    type_shown: bool,
    /// Whether the frame's length was.
    length_shown: bool,
}

/// The name of an EtherType as tcpdump's users know it; `Unknown` where it has none.
pub(crate) fn ether_type_name(ether_type: EtherType) -> &'static str {
    known_name(ether_type).unwrap_or("Unknown")
}

/// The names of EtherTypes as tcpdump's users know them, where they differ from IEEE's.
fn known_name(ether_type: EtherType) -> Option<&'static str> {
    Some(match ether_type {
        EtherType::VLAN => "802.1Q",
        EtherType::VLAN_9100 => "802.1Q-9100",
        EtherType::VLAN_9200 => "802.1Q-9200",
        EtherType::QINQ => "802.1Q-QinQ",
        EtherType::RARP => "Reverse ARP",
        EtherType::TRANSPARENT_ETHERNET_BRIDGING => "TEB",
        EtherType::PPPOE_DISCOVERY => "PPPoE D",
        EtherType::PPPOE_SESSION => "PPPoE S",
        EtherType::EAPOL => "EAPOL",
        EtherType::SLOW => "Slow Protocols",
        EtherType::LOOPBACK => "Loopback",
        EtherType::FLOW_CONTROL => "MPCP",
        other => return other.name(),
    })
}
