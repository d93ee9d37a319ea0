//! A block of a pcapng file, borrowed.

use std::borrow::Cow;
use std::fmt;

use super::option::Options;
use super::owned::OwnedBlock;
use crate::{ByteOrder, Interface};

/// What a block is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct BlockType(pub u32);

impl BlockType {
    /// The start of a section: byte order, version, who wrote it.
    pub const SECTION_HEADER: Self = Self(0x0a0d_0d0a);
    /// An interface: link type, snapshot length, name.
    pub const INTERFACE_DESCRIPTION: Self = Self(1);
    /// A packet as it was written before 2009; obsolete.
    pub const PACKET: Self = Self(2);
    /// A packet of the first interface, without a time.
    pub const SIMPLE_PACKET: Self = Self(3);
    /// Addresses and their names.
    pub const NAME_RESOLUTION: Self = Self(4);
    /// What an interface received and lost.
    pub const INTERFACE_STATISTICS: Self = Self(5);
    /// A packet.
    pub const ENHANCED_PACKET: Self = Self(6);
    /// IRIG time stamps; reserved, without a definition.
    pub const IRIG_TIMESTAMP: Self = Self(7);
    /// ARINC 429 in AFDX; reserved, without a definition.
    pub const ARINC_429: Self = Self(8);
    /// An entry of systemd's journal.
    pub const SYSTEMD_JOURNAL_EXPORT: Self = Self(9);
    /// Keys to decrypt packets with.
    pub const DECRYPTION_SECRETS: Self = Self(10);
    /// A maker's own block, which copies may keep.
    pub const CUSTOM: Self = Self(0xbad);
    /// A maker's own block that may be false in a file that was changed.
    pub const CUSTOM_NO_COPY: Self = Self(0x4000_0bad);

    /// Its name in the draft.
    pub const fn name(self) -> Option<&'static str> {
        Some(match self {
            Self::SECTION_HEADER => "Section Header Block",
            Self::INTERFACE_DESCRIPTION => "Interface Description Block",
            Self::PACKET => "Packet Block",
            Self::SIMPLE_PACKET => "Simple Packet Block",
            Self::NAME_RESOLUTION => "Name Resolution Block",
            Self::INTERFACE_STATISTICS => "Interface Statistics Block",
            Self::ENHANCED_PACKET => "Enhanced Packet Block",
            Self::IRIG_TIMESTAMP => "IRIG Timestamp Block",
            Self::ARINC_429 => "ARINC 429 in AFDX Encapsulation Information Block",
            Self::SYSTEMD_JOURNAL_EXPORT => "systemd Journal Export Block",
            Self::DECRYPTION_SECRETS => "Decryption Secrets Block",
            Self::CUSTOM | Self::CUSTOM_NO_COPY => "Custom Block",
            _ => return None,
        })
    }

    /// Whether it holds a packet.
    pub const fn is_packet(self) -> bool {
        matches!(self, Self::PACKET | Self::SIMPLE_PACKET | Self::ENHANCED_PACKET)
    }
}

/// `Enhanced Packet Block`, or `block type 0x0000000b`
impl fmt::Display for BlockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "block type {:#010x}", self.0),
        }
    }
}

impl fmt::Debug for BlockType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BlockType({:#x})", self.0)
    }
}

/// A block of a pcapng file, borrowed from the read buffer.
///
/// [`contents`](Self::contents) tells what is in it. Where its type is not known here, or its body is too short for it, there is still the body.
#[derive(Clone, Copy)]
pub struct Block<'a> {
    block_type: BlockType,
    order: ByteOrder,
    body: &'a [u8],
    interface: Option<(u32, &'a Interface)>,
}

impl<'a> Block<'a> {
    #[inline]
    pub(crate) const fn new(block_type: BlockType, order: ByteOrder, body: &'a [u8]) -> Self {
        Self { block_type, order, body, interface: None }
    }

    #[inline]
    pub(crate) const fn of_interface(mut self, index: u32, interface: &'a Interface) -> Self {
        self.interface = Some((index, interface));
        self
    }

    pub(crate) fn with_interface(mut self, index: u32) -> Self {
        self.interface = self.interface.map(|(_, info)| (index, info));
        self
    }

    /// What it is.
    pub const fn block_type(self) -> BlockType {
        self.block_type
    }

    /// The byte order of its numbers.
    pub const fn byte_order(self) -> ByteOrder {
        self.order
    }

    /// All between its length and the repetition of its length: fixed part, options, padding.
    pub const fn body(self) -> &'a [u8] {
        self.body
    }

    /// The interface that it describes, counts for, or has a packet of: its index among
    /// [`Savefile::interfaces`](crate::Savefile::interfaces).
    pub fn interface(self) -> Option<u32> {
        self.interface.map(|(index, _)| index)
    }

    /// What is known of that interface.
    pub fn interface_info(self) -> Option<&'a Interface> {
        self.interface.map(|(_, info)| info)
    }

    /// Its options. Those of a custom block cannot be told from its data, so it shows none.
    pub fn options(self) -> Options<'a> {
        let start = options_at(self.block_type, self.order, self.body);
        Options::new(start.and_then(|start| self.body.get(start..)).unwrap_or_default(), self.order)
    }

    /// The texts of its comments.
    pub fn comments(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.options().comments()
    }

    /// A copy that borrows from nothing.
    pub fn to_owned(self) -> OwnedBlock {
        OwnedBlock::from(self)
    }
}

/// Two blocks are the same if they say the same in the same byte order. Where an interface is among others is for the file to say.
impl PartialEq for Block<'_> {
    fn eq(&self, other: &Self) -> bool {
        (self.block_type, self.order, self.body) == (other.block_type, other.order, other.body)
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block")
            .field("block_type", &self.block_type)
            .field("byte_order", &self.order)
            .field("body_len", &self.body.len())
            .field("interface", &self.interface())
            .field("options", &self.options())
            .finish()
    }
}

/// Where in the body of a block its options start, if it has any and they can be found.
pub(super) fn options_at(block_type: BlockType, order: ByteOrder, body: &[u8]) -> Option<usize> {
    let word = |at: usize| {
        let bytes = body.get(at..at.checked_add(4)?)?;
        usize::try_from(order.u32(bytes.try_into().ok()?)).ok()
    };
    match block_type {
        BlockType::SECTION_HEADER => Some(16),
        BlockType::INTERFACE_DESCRIPTION => Some(8),
        BlockType::ENHANCED_PACKET | BlockType::PACKET => {
            word(12)?.checked_next_multiple_of(4)?.checked_add(20)
        }
        BlockType::INTERFACE_STATISTICS => Some(12),
        BlockType::DECRYPTION_SECRETS => word(4)?.checked_next_multiple_of(4)?.checked_add(8),
        BlockType::NAME_RESOLUTION => {
            let mut at = 0_usize;
            loop {
                let header = body.get(at..at.checked_add(4)?)?;
                let [kind, len] = [[header[0], header[1]], [header[2], header[3]]].map(|b| order.u16(b));
                at += 4;
                // nrb_record_end
                if kind == 0 {
                    return Some(at);
                }
                at = at.checked_add(usize::from(len).next_multiple_of(4))?;
            }
        }
        _ => None,
    }
}
