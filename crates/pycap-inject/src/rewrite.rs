//! A captured frame made to fit another network: other addresses, another VLAN, another time to live, another link header.
//!
//! Checksums are not computed anew but changed by what was changed under them (RFC 1624): what was wrong stays wrong, and what was cut off
//! is not needed.

mod address;
mod link;
mod packet;

pub use address::MapIp;

use pycap_wire::{LinkType, MacAddr};

use crate::SendError;

/// What to change in frames. Nothing, to begin with.
///
/// ```
/// use pycap_inject::rewrite::Rewrite;
/// use pycap_inject::sender::LinkType;
///
/// let rewrite = Rewrite::new().dst_mac("02:00:00:00:00:07".parse()?).map_ip("10.0.0.0/8=172.16.0.0/8".parse()?);
/// let arp = b"\xff\xff\xff\xff\xff\xff\x02\0\0\0\0\x01\x08\x06\
///     \0\x01\x08\0\x06\x04\0\x01\x02\0\0\0\0\x01\x0a\0\0\x01\0\0\0\0\0\0\x0a\0\0\x02";
/// let mut out = Vec::new();
/// rewrite.write(LinkType::ETHERNET, arp, None, LinkType::ETHERNET, &mut out)?;
/// assert_eq!(out[..6], [2, 0, 0, 0, 0, 7]);
/// assert_eq!((&out[28..32], &out[38..42]), (&[172, 0, 0, 1][..], &[172, 0, 0, 2][..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrite {
    src_mac: Option<MacAddr>,
    dst_mac: Option<MacAddr>,
    vlan: Option<Vlan>,
    ttl: Option<u8>,
    map: Vec<MapIp>,
}

/// What to do with the VLAN tags of a frame. All of it is about the outermost one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Vlan {
    /// Put one more in front: the EtherType that announces it (8100 or 88a8, in hex), and the 16 bits of priority and number.
    Push {
        /// The EtherType.
        tpid: u16,
        /// Priority (3 bits), drop eligibility (1 bit) and number (12 bits).
        tci: u16,
    },
    /// Take it away, where there is one.
    Pop,
    /// Change its number, the priority stays; where there is none, put one of 802.1Q there.
    Set(u16),
}

impl Rewrite {
    /// Nothing to be changed.
    pub fn new() -> Self {
        Self::default()
    }

    /// The sender's Ethernet address. Those within ARP and neighbour discovery stay.
    #[must_use]
    pub fn src_mac(mut self, address: MacAddr) -> Self {
        self.src_mac = Some(address);
        self
    }

    /// The receiver's Ethernet address.
    #[must_use]
    pub fn dst_mac(mut self, address: MacAddr) -> Self {
        self.dst_mac = Some(address);
        self
    }

    /// What to do with the VLAN tags.
    #[must_use]
    pub fn vlan(mut self, vlan: Vlan) -> Self {
        self.vlan = Some(vlan);
        self
    }

    /// The time to live (IPv4) or hop limit (IPv6).
    #[must_use]
    pub fn ttl(mut self, ttl: u8) -> Self {
        self.ttl = Some(ttl);
        self
    }

    /// Addresses of IP to be changed; of several maps, the first one that has an address counts. They are changed in the IP header that
    /// follows the link's and its VLAN tags, in source routes and routing headers, in ARP, in the targets of neighbour discovery, and in
    /// packets that ICMP errors quote; not in what tunnels carry, nor in applications' data.
    #[must_use]
    pub fn map_ip(mut self, map: MapIp) -> Self {
        self.map.push(map);
        self
    }

    /// Whether it changes nothing but, where that is needed, the link header.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether frames of the link type `from` can be made frames of the link type `to`: those of one type remain what they are; IP packets
    /// (`RAW`, BSD's `NULL` and `LOOP`) and frames of Linux's cooked capture become Ethernet's where both Ethernet addresses are given;
    /// and what can be read as IP behind Ethernet or one of those becomes an IP packet.
    ///
    /// # Errors
    ///
    /// [`InvalidFrame`](crate::SendErrorKind::InvalidFrame) if not, or [`InvalidSetting`](crate::SendErrorKind::InvalidSetting) if
    /// something is to be changed that such frames do not have; it says what would help.
    pub fn check(&self, from: LinkType, to: LinkType) -> Result<(), SendError> {
        self.plan(from, to).map(drop)
    }

    /// Appends the frame to `out` as it is to be sent: captured as one of the link type `from`, with the VLAN tag that was taken out of it
    /// (EtherType and the 16 bits of the tag), it becomes one of the type `to`. It allocates nothing where `out` has room.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), and [`InvalidFrame`](crate::SendErrorKind::InvalidFrame) for a frame that has no form in that link type.
    /// Nothing is appended then.
    pub fn write(
        &self,
        from: LinkType,
        frame: &[u8],
        tag: Option<(u16, u16)>,
        to: LinkType,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let plan = self.plan(from, to)?;
        let start = out.len();
        let Some((ether_type, at)) = self.write_link(plan, frame, tag, out)? else { return Ok(()) };
        if self.ttl.is_some() || !self.map.is_empty() {
            let written = out.get_mut(start + at..).unwrap_or_default();
            packet::change(self, ether_type, written);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
