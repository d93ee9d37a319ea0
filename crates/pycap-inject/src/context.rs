//! What layers tell each other while a packet is written: addresses inward, numbers outward.

use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::checksum;
use pycap_wire::{EtherType, IpProtocol, PppProtocol, Sap};

use crate::BuildError;

/// The EtherType of a payload that says nothing of itself: the first for local experiments (IEEE 802, 9.2.4).
pub(crate) const EXPERIMENT_ETHER_TYPE: EtherType = EtherType(0x88b5);

/// The protocol number of a payload that says nothing of itself: the first for experiments (RFC 3692, 2.1).
pub(crate) const EXPERIMENT_IP_PROTOCOL: IpProtocol = IpProtocol(253);

/// What the layers around one tell it.
#[derive(Debug, Clone, Copy)]
pub struct Context {
    /// The sums of the addresses as a pseudo-header has them: those of both families add up alike.
    src: u64,
    dst: u64,
    /// The destination of an IPv6 header: compressed routes leave out the bytes that they share with it.
    ipv6_dst: Ipv6Addr,
    /// As much of a length as the pseudo-header has: 16 bits of IPv4 (RFC 768), 32 of IPv6 (RFC 8200, 8.1). 0 where there
    /// are no addresses.
    len_mask: u64,
    outermost: bool,
}

impl Context {
    /// That of the outermost layer.
    pub const OUTERMOST: Self =
        Self { src: 0, dst: 0, ipv6_dst: Ipv6Addr::UNSPECIFIED, len_mask: 0, outermost: true };

    /// Whether there is no layer around.
    #[inline(always)]
    pub fn is_outermost(&self) -> bool {
        self.outermost
    }

    /// The same for a layer further inside.
    #[inline(always)]
    #[must_use]
    pub fn inside(self) -> Self {
        Self { outermost: false, ..self }
    }

    /// That of a layer inside an IPv4 packet from `src` to (in the end) `dst`.
    #[inline(always)]
    pub fn ipv4(src: Ipv4Addr, dst: Ipv4Addr) -> Self {
        Self { src: src.to_bits().into(), dst: dst.to_bits().into(), len_mask: 0xffff, ..Self::link() }
    }

    /// That of a layer inside an IPv6 packet from `src` to (in the end) `dst`.
    #[inline(always)]
    pub fn ipv6(src: Ipv6Addr, dst: Ipv6Addr) -> Self {
        Self {
            src: checksum::sum(&src.octets()),
            dst: checksum::sum(&dst.octets()),
            ipv6_dst: dst,
            len_mask: 0xffff_ffff,
            outermost: false,
        }
    }

    /// The same with another source, as a home address option names one (RFC 6275, 6.3).
    #[must_use]
    pub fn with_ipv6_src(self, src: Ipv6Addr) -> Self {
        Self { src: checksum::sum(&src.octets()), ..self }
    }

    /// The same with another destination, as a routing header names one (RFC 8200, 8.1).
    #[must_use]
    pub fn with_ipv6_dst(self, dst: Ipv6Addr) -> Self {
        Self { dst: checksum::sum(&dst.octets()), ipv6_dst: dst, ..self }
    }

    /// The destination so far, as the IPv6 header or the last routing header has it.
    pub(crate) fn ipv6_dst(&self) -> Ipv6Addr {
        self.ipv6_dst
    }

    /// That of a layer inside another link's frame: without addresses.
    #[inline(always)]
    pub fn link() -> Self {
        Self { outermost: false, ..Self::OUTERMOST }
    }

    /// The pseudo-header's sum for `len` bytes of `protocol`, header and payload; `layer` is named in the error.
    ///
    /// # Errors
    /// There are no addresses.
    #[inline(always)]
    pub fn pseudo(&self, layer: &'static str, protocol: IpProtocol, len: usize) -> Result<u64, BuildError> {
        if self.len_mask == 0 {
            return Err(BuildError::no_addresses(layer));
        }
        Ok(self.src + self.dst + u64::from(protocol.0) + (len as u64 & self.len_mask))
    }
}

/// What a layer is to the one around it, which has to say what follows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Identity {
    /// Nothing is inside.
    Nothing,
    /// Bytes that say nothing of themselves.
    Bytes,
    /// An Ethernet frame.
    Ethernet,
    /// An 802.2 LLC header: a length stands where the EtherType would.
    Llc,
    /// What an 802.2 LLC header names by a service access point: a spanning tree BPDU.
    Sap(Sap),
    /// IPv4.
    Ipv4,
    /// IPv6.
    Ipv6,
    /// PPP.
    Ppp,
    /// Another protocol that has an EtherType.
    EtherType(EtherType),
    /// Another protocol that has an IP protocol number.
    IpProtocol(IpProtocol),
    /// An application with a port of its own.
    Port(u16),
}

impl Identity {
    /// The EtherType, where there is one.
    #[inline(always)]
    pub fn ether_type(self) -> Option<EtherType> {
        match self {
            Self::Ipv4 => Some(EtherType::IPV4),
            Self::Ipv6 => Some(EtherType::IPV6),
            Self::EtherType(ether_type) => Some(ether_type),
            Self::Ethernet => Some(EtherType::TRANSPARENT_ETHERNET_BRIDGING),
            Self::Ppp => Some(EtherType::PPP),
            _ => None,
        }
    }

    /// The IP protocol number, where there is one.
    #[inline(always)]
    pub fn ip_protocol(self) -> Option<IpProtocol> {
        match self {
            Self::IpProtocol(protocol) => Some(protocol),
            Self::Ipv4 => Some(IpProtocol::IPV4),
            Self::Ipv6 => Some(IpProtocol::IPV6),
            Self::Ethernet => Some(IpProtocol::ETHERNET),
            Self::EtherType(EtherType::MPLS_UNICAST) => Some(IpProtocol::MPLS),
            Self::Nothing => Some(IpProtocol::NO_NEXT_HEADER),
            _ => None,
        }
    }

    /// The PPP protocol number, where there is one (IANA "ppp-numbers").
    pub fn ppp_protocol(self) -> Option<PppProtocol> {
        match self {
            Self::Ipv4 => Some(PppProtocol(0x0021)),
            Self::Ipv6 => Some(PppProtocol(0x0057)),
            Self::EtherType(EtherType::MPLS_UNICAST) => Some(PppProtocol(0x0281)),
            _ => None,
        }
    }

    /// The port, where there is one.
    #[inline(always)]
    pub fn port(self) -> Option<u16> {
        match self {
            Self::Port(port) => Some(port),
            _ => None,
        }
    }
}
