//! What is in blocks that are no packets.

use std::borrow::Cow;
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::block::{Block, BlockType};
use super::option::{Options, code};
use crate::savefile::Clock;
use crate::{ByteOrder, Interface, Stats, Timestamp};

/// What is in a [`Block`], by its type.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Contents<'a> {
    /// The start of a section.
    SectionHeader(SectionHeader),
    /// An interface.
    Interface(&'a Interface),
    /// A packet: its record has the [frame](crate::Record::frame).
    Packet,
    /// What an interface received and lost.
    Statistics(Statistics<'a>),
    /// Addresses and their names.
    Names(NameRecords<'a>),
    /// Keys to decrypt packets with.
    Secrets(Secrets<'a>),
    /// An entry of systemd's journal, in its export format.
    Journal(&'a [u8]),
    /// A maker's own block.
    Custom(CustomBlock<'a>),
    /// A type that is not known here, or a body that is too short for its type: [`Block::body`] has it.
    Unknown,
}

/// The fixed part of a section header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SectionHeader {
    /// The byte order of the section.
    pub byte_order: ByteOrder,
    /// Major and minor version of the format.
    pub version: (u16, u16),
    /// How many bytes the section claims to have behind its header, if it does.
    pub len: Option<u64>,
}

/// What an interface received and lost: an interface statistics block.
#[derive(Clone, Copy)]
pub struct Statistics<'a> {
    interface: &'a Interface,
    units: u64,
    options: Options<'a>,
}

impl Statistics<'_> {
    /// When the counts were taken.
    pub fn time(self) -> Timestamp {
        Clock::of(self.interface).time(self.units)
    }

    /// When the capture began.
    pub fn start(self) -> Option<Timestamp> {
        self.time_of(code::ISB_STARTTIME)
    }

    /// When the capture ended.
    pub fn end(self) -> Option<Timestamp> {
        self.time_of(code::ISB_ENDTIME)
    }

    /// Packets that the interface received.
    pub fn received_by_interface(self) -> Option<u64> {
        self.count(code::ISB_IFRECV)
    }

    /// Packets that the filter let pass.
    pub fn received_by_filter(self) -> Option<u64> {
        self.count(code::ISB_FILTERACCEPT)
    }

    /// The counts that a live capture has too.
    pub fn stats(self) -> Stats {
        Stats {
            received: self.count(code::ISB_USRDELIV),
            dropped: self.count(code::ISB_OSDROP),
            interface_dropped: self.count(code::ISB_IFDROP),
            ..Stats::default()
        }
    }

    fn count(self, code: u16) -> Option<u64> {
        self.options.find(code)?.number()
    }

    fn time_of(self, code: u16) -> Option<Timestamp> {
        Some(Clock::of(self.interface).time(self.options.find(code)?.units()?))
    }
}

impl fmt::Debug for Statistics<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Statistics")
            .field("time", &self.time())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

/// Keys to decrypt packets with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Secrets<'a> {
    /// What they are.
    pub kind: SecretsType,
    /// The keys themselves.
    pub data: &'a [u8],
}

/// What the secrets in a block are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SecretsType(pub u32);

impl SecretsType {
    /// An SSH key log.
    pub const SSH_KEY_LOG: Self = Self(0x5353_484b);
    /// A TLS key log, as NSS writes it (`SSLKEYLOGFILE`).
    pub const TLS_KEY_LOG: Self = Self(0x544c_534b);
    /// A WireGuard key log.
    pub const WIREGUARD_KEY_LOG: Self = Self(0x5747_4b4c);
    /// A ZigBee network key.
    pub const ZIGBEE_NWK_KEY: Self = Self(0x5a4e_574b);
    /// A ZigBee APS key.
    pub const ZIGBEE_APS_KEY: Self = Self(0x5a41_5053);
}

/// A maker's own block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CustomBlock<'a> {
    /// The maker's Private Enterprise Number, as IANA lists them.
    pub pen: u32,
    /// Data and options, which only the maker can tell apart.
    pub data: &'a [u8],
    /// Whether it stays true in a file that was changed.
    pub copy: bool,
}

/// Addresses and their names.
#[derive(Clone, Copy)]
pub struct NameRecords<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

/// An address and its names.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum NameRecord<'a> {
    /// Names of an IPv4 address.
    Ipv4(Ipv4Addr, HostNames<'a>),
    /// Names of an IPv6 address.
    Ipv6(Ipv6Addr, HostNames<'a>),
    /// Names of a MAC address.
    Eui48([u8; 6], HostNames<'a>),
    /// Names of an EUI-64 address.
    Eui64([u8; 8], HostNames<'a>),
    /// A record of another type, or one too short for its own: type and value.
    Other(u16, &'a [u8]),
}

impl NameRecord<'_> {
    pub(super) const IPV4: u16 = 1;
    pub(super) const IPV6: u16 = 2;
    pub(super) const EUI48: u16 = 3;
    pub(super) const EUI64: u16 = 4;
}

/// Names, each of which ends with a zero in the file.
#[derive(Clone, Copy)]
pub struct HostNames<'a>(&'a [u8]);

impl<'a> Iterator for HostNames<'a> {
    type Item = Cow<'a, str>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let end = self.0.iter().position(|&byte| byte == 0).unwrap_or(self.0.len());
        let (name, rest) = self.0.split_at(end);
        self.0 = rest.get(1..).unwrap_or_default();
        Some(String::from_utf8_lossy(name))
    }
}

impl fmt::Debug for HostNames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> Iterator for NameRecords<'a> {
    type Item = NameRecord<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (header, rest) = self.bytes.split_first_chunk::<4>()?;
        let kind = self.order.u16_at::<0, _>(header);
        let len = usize::from(self.order.u16_at::<2, _>(header));
        if kind == 0 || len > rest.len() {
            self.bytes = &[];
            return None;
        }
        self.bytes = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        let value = &rest[..len];
        let record = match kind {
            NameRecord::IPV4 => {
                value.split_first_chunk().map(|(a, names)| NameRecord::Ipv4((*a).into(), HostNames(names)))
            }
            NameRecord::IPV6 => value
                .split_first_chunk::<16>()
                .map(|(a, names)| NameRecord::Ipv6((*a).into(), HostNames(names))),
            NameRecord::EUI48 => {
                value.split_first_chunk().map(|(a, names)| NameRecord::Eui48(*a, HostNames(names)))
            }
            NameRecord::EUI64 => {
                value.split_first_chunk().map(|(a, names)| NameRecord::Eui64(*a, HostNames(names)))
            }
            _ => None,
        };
        Some(record.unwrap_or(NameRecord::Other(kind, value)))
    }
}

impl fmt::Debug for NameRecords<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

impl<'a> Block<'a> {
    /// What is in it.
    pub fn contents(self) -> Contents<'a> {
        self.known_contents().unwrap_or(Contents::Unknown)
    }

    fn known_contents(self) -> Option<Contents<'a>> {
        let (order, body) = (self.byte_order(), self.body());
        Some(match self.block_type() {
            BlockType::SECTION_HEADER => {
                let header = body.first_chunk::<16>()?;
                let version = (order.u16_at::<4, _>(header), order.u16_at::<6, _>(header));
                let [.., a, b, c, d, e, f, g, h] = *header;
                let len = Some(order.u64([a, b, c, d, e, f, g, h])).filter(|&len| len != u64::MAX);
                Contents::SectionHeader(SectionHeader { byte_order: order, version, len })
            }
            BlockType::INTERFACE_DESCRIPTION => Contents::Interface(self.interface_info()?),
            BlockType::PACKET | BlockType::SIMPLE_PACKET | BlockType::ENHANCED_PACKET => Contents::Packet,
            BlockType::INTERFACE_STATISTICS => {
                let header = body.first_chunk::<12>()?;
                let [high, low] = [order.u32_at::<4, _>(header), order.u32_at::<8, _>(header)].map(u64::from);
                let (interface, units) = (self.interface_info()?, high << 32 | low);
                Contents::Statistics(Statistics { interface, units, options: self.options() })
            }
            BlockType::NAME_RESOLUTION => Contents::Names(NameRecords { bytes: body, order }),
            BlockType::DECRYPTION_SECRETS => {
                let (header, rest) = body.split_first_chunk::<8>()?;
                let len = usize::try_from(order.u32_at::<4, _>(header)).ok()?;
                let kind = SecretsType(order.u32_at::<0, _>(header));
                Contents::Secrets(Secrets { kind, data: rest.get(..len)? })
            }
            BlockType::SYSTEMD_JOURNAL_EXPORT => Contents::Journal(body),
            BlockType::CUSTOM | BlockType::CUSTOM_NO_COPY => {
                let (pen, data) = body.split_first_chunk()?;
                let copy = self.block_type() == BlockType::CUSTOM;
                Contents::Custom(CustomBlock { pen: order.u32(*pen), data, copy })
            }
            _ => return None,
        })
    }
}
