//! A captured frame made to fit another network: other addresses, another VLAN, another time to live, another link header.
//!
//! Checksums are not computed anew but changed by what was changed under them (RFC 1624): what was wrong stays wrong, and what was cut off
//! is not needed. Those that a capture marks as not ready [are completed](Rewrite::frame) ahead of that.

mod address;
mod link;
mod packet;

pub use address::MapIp;

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

#[cfg(feature = "capture")]
use pycap_capture::Frame;
use pycap_wire::{LinkType, MacAddr, VlanTag};

#[cfg(feature = "capture")]
use crate::outline::Outline;
use crate::{SendError, SendErrorKind};

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
    map: Vec<Map>,
}

/// What takes the place of an address.
#[derive(Clone)]
enum Map {
    Prefix(MapIp),
    With(Arc<dyn Fn(IpAddr) -> Option<IpAddr> + Send + Sync>),
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Prefix(map) => map.fmt(f),
            Self::With(_) => f.write_str("a closure"),
        }
    }
}

impl PartialEq for Map {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Prefix(this), Self::Prefix(other)) => this == other,
            (Self::With(this), Self::With(other)) => Arc::ptr_eq(this, other),
            _ => false,
        }
    }
}

impl Eq for Map {}

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
        self.map.push(Map::Prefix(map));
        self
    }

    /// The same, with whatever `map` makes of an address; `None` leaves it to the maps that come after this one, and as it is if there are
    /// none. It is called for each address of each frame. One of the other version of IP has no place in the packet, and
    /// [`write`](Self::write) refuses the frame.
    ///
    /// ```
    /// use std::net::{IpAddr, Ipv4Addr};
    /// use pycap_inject::rewrite::Rewrite;
    /// use pycap_inject::sender::LinkType;
    /// use pycap_inject::{Layer, layer};
    ///
    /// // The last byte, turned around.
    /// let rewrite = Rewrite::new().map_ip_with(|address| match address {
    ///     IpAddr::V4(v4) => Some(Ipv4Addr::from_bits(v4.to_bits() ^ 0xff).into()),
    ///     IpAddr::V6(_) => None,
    /// });
    /// let packet = (layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), layer::Udp::new(1, 2), "x").build()?;
    /// let mut out = Vec::new();
    /// rewrite.write(LinkType::RAW, &packet, None, LinkType::RAW, &mut out)?;
    /// let expected = (layer::Ipv4::new([10, 0, 0, 254], [10, 0, 0, 253]), layer::Udp::new(1, 2), "x").build()?;
    /// assert_eq!(out, expected);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn map_ip_with(mut self, map: impl Fn(IpAddr) -> Option<IpAddr> + Send + Sync + 'static) -> Self {
        self.map.push(Map::With(Arc::new(map)));
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

    /// Appends the frame to `out` as it is to be sent: captured as one of the link type `from`, with the VLAN tag that is
    /// beside its bytes, it becomes one of the type `to`. It allocates nothing where `out` has room.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check), and [`InvalidFrame`](crate::SendErrorKind::InvalidFrame) for a frame that has no form in that link type.
    /// Nothing is appended then.
    pub fn write(
        &self,
        from: LinkType,
        frame: &[u8],
        tag: Option<VlanTag>,
        to: LinkType,
        out: &mut Vec<u8>,
    ) -> Result<(), SendError> {
        let plan = self.plan(from, to)?;
        let start = out.len();
        let Some((ether_type, at)) = self.write_link(plan, frame, tag, out)? else { return Ok(()) };
        if self.ttl.is_some() || !self.map.is_empty() {
            let written = out.get_mut(start + at..).unwrap_or_default();
            let rules = packet::Rules::new(self);
            packet::change(&rules, ether_type, written);
            if let Some((from, into)) = rules.refused() {
                out.truncate(start);
                let message = format!(
                    "{from} cannot become {into} in a packet: two addresses of one version of IP are needed"
                );
                return Err(SendError::new(SendErrorKind::InvalidFrame, message));
            }
        }
        Ok(())
    }

    /// The frame as it is to be sent where frames are of the link type `to`, with all that was known about it, its bytes at the end of `out`.
    /// A VLAN tag that was taken out of it is put back, a frame check sequence is left out, and a checksum that is
    /// [not ready](Frame::checksum_not_ready) is [completed](crate::complete_checksums); where that cannot be, the frame keeps the mark.
    ///
    /// ```
    /// use pycap_capture::Frame;
    /// use pycap_inject::rewrite::Rewrite;
    /// use pycap_inject::sender::LinkType;
    ///
    /// let rewrite = Rewrite::new().map_ip("10.77.0.0/24=10.88.0.0/24".parse()?);
    /// // A UDP datagram with the sum of its pseudo-header alone, as Linux captures what it sends.
    /// let bytes = b"\x45\0\0\x21\x7a\x6b\x40\0\x40\x11\xab\xc4\x0a\x4d\0\x01\x0a\x4d\0\x02\xe1\x8f\0\x05\0\x0d\x14\xbbhello";
    /// let frame = Frame::new(bytes, LinkType::RAW).with_checksum_not_ready(true);
    /// let mut out = Vec::new();
    /// let sent = rewrite.frame(frame, LinkType::RAW, &mut out)?;
    /// assert!(!sent.checksum_not_ready());
    /// assert_eq!(sent.data()[26..28], [0xc5, 0xba]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write).
    #[cfg(feature = "capture")]
    pub fn frame<'o>(
        &self,
        frame: Frame<'_>,
        to: LinkType,
        out: &'o mut Vec<u8>,
    ) -> Result<Frame<'o>, SendError> {
        let start = out.len();
        let checksums = self.append(frame, to, false, &mut Vec::new(), out)?;
        let data = out.get(start..).unwrap_or_default();
        let len = u32::try_from(data.len()).unwrap_or(u32::MAX);
        let fcs_len = frame.fcs_len().filter(|_| frame.missing() > 0);
        let mut new = Frame::new(data, to)
            .with_flags(frame.flags())
            .with_fcs_len(fcs_len)
            .with_original_len(len.saturating_add(frame.missing()))
            .with_interface(frame.interface())
            .with_checksum_not_ready(checksums.unfinished);
        if let Some(time) = frame.timestamp() {
            new = new.with_timestamp(time);
        }
        if let Some(source) = frame.timestamp_source() {
            new = new.with_timestamp_source(source);
        }
        if let Some(segmentation) = frame.segmentation() {
            new = new.with_segmentation(segmentation);
        }
        Ok(new)
    }

    /// Appends the bytes of [`frame`](Self::frame) to `out`, with all checksums computed anew if they are to be fixed.
    #[cfg(feature = "capture")]
    pub(crate) fn append(
        &self,
        frame: Frame<'_>,
        to: LinkType,
        fix: bool,
        scratch: &mut Vec<u8>,
        out: &mut Vec<u8>,
    ) -> Result<Checksums, SendError> {
        let tag = frame.vlan_tag();
        let data = without_fcs(frame);
        if !fix && !frame.checksum_not_ready() {
            self.write(frame.link_type(), data, tag, to, out)?;
            return Ok(Checksums::default());
        }
        scratch.clear();
        scratch.extend_from_slice(data);
        let outline = Outline::of(frame.link_type(), scratch, frame.missing() as usize);
        let completed = frame.checksum_not_ready() && outline.complete(scratch);
        let fixed = fix && outline.fix(scratch);
        self.write(frame.link_type(), scratch, tag, to, out)?;
        let unfinished = fix && frame.missing() > 0 || frame.checksum_not_ready() && !completed;
        Ok(Checksums { completed, fixed, unfinished })
    }
}

/// What was done to the checksums of a frame.
#[cfg(feature = "capture")]
#[derive(Clone, Copy, Default)]
pub(crate) struct Checksums {
    pub(crate) completed: bool,
    pub(crate) fixed: bool,
    /// Some could not be computed.
    pub(crate) unfinished: bool,
}

/// The frame without its frame check sequence, which the network card puts there.
#[cfg(feature = "capture")]
fn without_fcs(frame: Frame<'_>) -> &[u8] {
    let data = frame.data();
    match frame.fcs_len() {
        Some(len) if frame.missing() == 0 => &data[..data.len().saturating_sub(len.into())],
        _ => data,
    }
}

#[cfg(test)]
mod tests;
