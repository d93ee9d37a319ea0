//! The link header: its addresses and VLAN tags, and one in the place of another.

use pycap_wire::{EtherType, LinkType, MacAddr, VlanTag};

use super::{Rewrite, Vlan};
use crate::{SendError, SendErrorKind};

/// Ethernet: receiver, sender, EtherType.
const ADDRESSES: usize = 12;
const ETHERNET: usize = 14;
const TAG: usize = 4;
/// More tags than this are data.
const MOST_TAGS: usize = 8;
/// The least EtherType (IEEE 802.3, 3.2.6); below are lengths, and Linux's own numbers.
const FIRST_ETHER_TYPE: u16 = 0x600;

/// How a frame is to be written.
#[derive(Clone, Copy, Debug)]
pub(super) enum Plan {
    /// As it is, but for a VLAN tag beside the bytes.
    Copy(Option<Header>),
    /// With the same link header, which there is none of.
    Ip,
    Ethernet,
    /// With an Ethernet header of these addresses, in the place of what is there.
    ToEthernet(Header, MacAddr, MacAddr),
    /// Without link header.
    ToIp(Header),
}

/// What a link header has beside the packet behind it, which is all that is kept of it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Header {
    Ethernet,
    /// So many bytes, that say nothing that the packet does not.
    Plain(usize),
    /// So many bytes, and where the EtherType is among them.
    Cooked(usize, usize),
}

impl Header {
    fn of(link_type: LinkType) -> Option<Self> {
        Some(match link_type {
            LinkType::ETHERNET => Self::Ethernet,
            LinkType::NULL | LinkType::LOOP => Self::Plain(4),
            LinkType::LINUX_SLL => Self::Cooked(16, 14),
            LinkType::LINUX_SLL2 => Self::Cooked(20, 0),
            _ if is_ip(link_type) => Self::Plain(0),
            _ => return None,
        })
    }

    /// The EtherType of the payload, past all VLAN tags, and where the payload begins.
    fn read(self, frame: &[u8]) -> Option<(u16, usize)> {
        match self {
            Self::Ethernet => behind_tags(frame),
            Self::Plain(_) | Self::Cooked(..) => {
                let (_, ether_type, at) = self.split(frame)?;
                past_tags(frame, ether_type, at)
            }
        }
    }

    /// The outermost VLAN tag, the EtherType that follows it, and where what that announces begins. The protocol of a cooked header is
    /// that of its tag where there is one, and the payload begins with the tag's 16 bits and the next EtherType.
    fn split(self, frame: &[u8]) -> Option<(Option<VlanTag>, u16, usize)> {
        let (tag, ether_type, at) = match self {
            Self::Ethernet => (None, word(frame, ADDRESSES)?, ETHERNET),
            Self::Plain(len) => (None, ip_ether_type(*frame.get(len)?)?, len),
            Self::Cooked(len, at) => match word(frame, at)? {
                tpid if is_tag(tpid) => {
                    (Some(VlanTag { tpid, tci: word(frame, len)? }), word(frame, len + 2)?, len + TAG)
                }
                ether_type => (None, ether_type, len),
            },
        };
        (ether_type >= FIRST_ETHER_TYPE && frame.len() > at).then_some((tag, ether_type, at))
    }

    /// Writes a frame with this tag in the cooked header it has: the other way round. Others have no place for one.
    fn write_tagged(self, frame: &[u8], tag: VlanTag, out: &mut Vec<u8>) {
        let Self::Cooked(len, at) = self else { return out.extend_from_slice(frame) };
        let Some((header, payload)) = frame.split_at_checked(len) else {
            return out.extend_from_slice(frame);
        };
        let start = out.len();
        let [tpid, tci] = [tag.tpid, tag.tci].map(u16::to_be_bytes);
        out.extend_from_slice(header);
        out[start + at..start + at + 2].copy_from_slice(&tpid);
        out.extend_from_slice(&tci);
        out.extend_from_slice(&header[at..at + 2]);
        out.extend_from_slice(payload);
    }
}

impl Rewrite {
    #[inline]
    pub(super) fn plan(&self, from: LinkType, to: LinkType) -> Result<Plan, SendError> {
        let ip = is_ip(to);
        if from == to || ip && is_ip(from) {
            return match to {
                LinkType::ETHERNET => Ok(Plan::Ethernet),
                _ if self.is_empty() => Ok(Plan::Copy(Header::of(to))),
                _ if ip => self.check_headerless(to).map(|()| Plan::Ip),
                _ => Err(refused(
                    SendErrorKind::InvalidSetting,
                    format!("nothing can be changed in frames of link type {}", name(to)),
                )),
            };
        }
        match Header::of(from) {
            Some(header) if to == LinkType::ETHERNET => match (self.dst_mac, self.src_mac) {
                (Some(dst), Some(src)) => Ok(Plan::ToEthernet(header, dst, src)),
                _ => Err(refused(
                    SendErrorKind::InvalidFrame,
                    format!(
                        "frames of link type {} have no Ethernet header, which the interface takes: \
                         say what is to be in it (src-mac and dst-mac)",
                        name(from)
                    ),
                )),
            },
            Some(header) if ip => self.check_headerless(to).map(|()| Plan::ToIp(header)),
            _ => Err(refused(
                SendErrorKind::InvalidFrame,
                format!("frames of link type {} do not fit one of {}", name(from), name(to)),
            )),
        }
    }

    fn check_headerless(&self, to: LinkType) -> Result<(), SendError> {
        if self.src_mac.is_some() || self.dst_mac.is_some() || self.vlan.is_some() {
            return Err(refused(
                SendErrorKind::InvalidSetting,
                format!(
                    "frames of link type {} have no Ethernet addresses and VLAN tags to change",
                    name(to)
                ),
            ));
        }
        Ok(())
    }

    /// Writes the link header as it is to be, and the rest as it is. The EtherType of the rest, and where in the frame it begins; `None` if
    /// there is nothing further to be looked at.
    #[inline]
    pub(super) fn write_link(
        &self,
        plan: Plan,
        frame: &[u8],
        tag: Option<VlanTag>,
        out: &mut Vec<u8>,
    ) -> Result<Option<(u16, usize)>, SendError> {
        let unreadable = || {
            refused(
                SendErrorKind::InvalidFrame,
                "no IP packet, or none that is whole, is in the frame".to_owned(),
            )
        };
        match plan {
            Plan::Copy(header) => {
                match (header, tag) {
                    (Some(header), Some(tag)) => header.write_tagged(frame, tag, out),
                    _ => out.extend_from_slice(frame),
                }
                Ok(None)
            }
            Plan::Ip => {
                out.extend_from_slice(frame);
                Ok(frame.first().and_then(|first| ip_ether_type(*first)).map(|ether_type| (ether_type, 0)))
            }
            Plan::ToIp(header) => {
                let read = header.read(frame).filter(|(ether_type, _)| is_ip_ether_type(*ether_type));
                let (ether_type, at) = read.ok_or_else(unreadable)?;
                out.extend_from_slice(frame.get(at..).unwrap_or_default());
                Ok(Some((ether_type, 0)))
            }
            Plan::ToEthernet(header, dst, src) => {
                // With a tag beside the bytes, those within them are inner ones, and stay as they are.
                let (own, ether_type, at) = header.split(frame).ok_or_else(unreadable)?;
                let (outermost, inner) = if tag.is_some() { (tag, own) } else { (own, None) };
                let start = out.len();
                out.extend_from_slice(&dst.octets());
                out.extend_from_slice(&src.octets());
                self.write_tags(outermost, out);
                out.extend(inner.iter().flat_map(|tag| tag.to_bytes()));
                out.extend_from_slice(&ether_type.to_be_bytes());
                out.extend_from_slice(frame.get(at..).unwrap_or_default());
                Ok(out.get(start..).and_then(behind_tags))
            }
            Plan::Ethernet => Ok(self.write_ethernet(frame, tag, out)),
        }
    }

    fn write_ethernet(&self, frame: &[u8], tag: Option<VlanTag>, out: &mut Vec<u8>) -> Option<(u16, usize)> {
        let start = out.len();
        let Some((addresses, mut rest)) = frame.split_at_checked(ADDRESSES) else {
            // What is too short is for the sender to refuse.
            out.extend_from_slice(frame);
            return None;
        };
        out.extend_from_slice(addresses);
        if let Some(address) = self.dst_mac {
            out[start..start + 6].copy_from_slice(&address.octets());
        }
        if let Some(address) = self.src_mac {
            out[start + 6..start + 12].copy_from_slice(&address.octets());
        }
        if tag.is_some() || self.vlan.is_some() {
            let mut outermost = tag;
            if outermost.is_none()
                && let Some((tpid, tci)) = word(rest, 0).filter(|tpid| is_tag(*tpid)).zip(word(rest, 2))
            {
                outermost = Some(VlanTag { tpid, tci });
                rest = rest.get(TAG..).unwrap_or_default();
            }
            self.write_tags(outermost, out);
        }
        out.extend_from_slice(rest);
        out.get(start..).and_then(behind_tags)
    }

    /// Writes the tags in front of what follows the first one.
    fn write_tags(&self, outermost: Option<VlanTag>, out: &mut Vec<u8>) {
        let tags = match (self.vlan, outermost) {
            (None, outermost) => [None, outermost],
            (Some(Vlan::Push { tpid, tci }), outermost) => [Some(VlanTag { tpid, tci }), outermost],
            (Some(Vlan::Pop), _) => [None, None],
            (Some(Vlan::Set(id)), Some(tag)) => {
                [None, Some(VlanTag { tci: tag.tci & 0xf000 | id & 0xfff, ..tag })]
            }
            (Some(Vlan::Set(id)), None) => [None, Some(VlanTag { tpid: EtherType::VLAN.0, tci: id & 0xfff })],
        };
        for tag in tags.into_iter().flatten() {
            out.extend_from_slice(&tag.to_bytes());
        }
    }
}

fn is_ip(link_type: LinkType) -> bool {
    matches!(link_type, LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 | LinkType::IPV4 | LinkType::IPV6)
}

fn is_tag(ether_type: u16) -> bool {
    EtherType(ether_type).is_vlan()
}

fn is_ip_ether_type(ether_type: u16) -> bool {
    ether_type == EtherType::IPV4.0 || ether_type == EtherType::IPV6.0
}

/// By the first byte of a packet.
fn ip_ether_type(first: u8) -> Option<u16> {
    match first >> 4 {
        4 => Some(EtherType::IPV4.0),
        6 => Some(EtherType::IPV6.0),
        _ => None,
    }
}

/// The EtherType behind the tags of an Ethernet frame, and where its payload begins.
fn behind_tags(frame: &[u8]) -> Option<(u16, usize)> {
    past_tags(frame, word(frame, ADDRESSES)?, ETHERNET)
}

/// The same where this EtherType announces what begins at `at`.
fn past_tags(frame: &[u8], mut ether_type: u16, mut at: usize) -> Option<(u16, usize)> {
    for _ in 0..MOST_TAGS {
        if !is_tag(ether_type) {
            break;
        }
        ether_type = word(frame, at + 2)?;
        at += TAG;
    }
    (!is_tag(ether_type)).then_some((ether_type, at))
}

fn word(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn name(link_type: LinkType) -> String {
    link_type.name().map_or_else(|| link_type.0.to_string(), str::to_owned)
}

#[cold]
fn refused(kind: SendErrorKind, message: String) -> SendError {
    SendError::new(kind, message)
}
