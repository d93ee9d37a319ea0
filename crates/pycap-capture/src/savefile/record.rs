//! A record of a capture file: a packet with all that the file says of it, or anything else that is in a file.

use std::borrow::Cow;

use crate::pcapng::{Block, BlockOption, BlockType, Options, code};
use crate::{ByteOrder, Frame, Interface};

/// One record of a capture file: [`Savefile::next_record`](crate::Savefile::next_record).
///
/// In a pcap file, a frame. In a pcapng file, a block, with its frame if it has one; what the file says of a packet beside the frame
/// are its options.
#[derive(Clone, Copy, Debug)]
pub struct Record<'a> {
    frame: Option<Frame<'a>>,
    block: Option<Block<'a>>,
    offset: u64,
    len: u64,
    /// 0 where it is no packet.
    number: u64,
}

impl<'a> Record<'a> {
    #[inline]
    pub(super) const fn new(
        frame: Option<Frame<'a>>,
        block: Option<Block<'a>>,
        offset: u64,
        len: u64,
    ) -> Self {
        Self { frame, block, offset, len, number: 0 }
    }

    /// The same, as the packet that has this number.
    #[inline]
    pub(super) const fn numbered(mut self, number: u64) -> Self {
        self.number = number;
        self
    }

    /// The packet, if it is one.
    #[inline]
    pub const fn frame(self) -> Option<Frame<'a>> {
        self.frame
    }

    /// The block. A pcap file has none.
    #[inline]
    pub const fn block(self) -> Option<Block<'a>> {
        self.block
    }

    /// The number of the packet in its file, counted from 1, whatever was left out before it; `None` if it is no packet.
    #[inline]
    pub const fn number(self) -> Option<u64> {
        match (self.number, self.frame) {
            (0, _) | (_, None) => None,
            (number, Some(_)) => Some(number),
        }
    }

    /// Where in the file it starts, in bytes; in a compressed file, in what is compressed.
    pub const fn offset(self) -> u64 {
        self.offset
    }

    /// How many bytes of the file it takes, headers and padding included.
    pub const fn len(self) -> u64 {
        self.len
    }

    /// Never: a record has a header at least.
    pub const fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The options of the block; none in a pcap file.
    pub fn options(self) -> Options<'a> {
        self.block.map_or(Options::new(&[], ByteOrder::NATIVE), Block::options)
    }

    /// The texts of its comments.
    pub fn comments(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.options().comments()
    }

    /// How many packets were lost between this one and the one before, of the same interface.
    pub fn drop_count(self) -> Option<u64> {
        let block = self.packet()?;
        if block.block_type() == BlockType::PACKET {
            // 0xffff: not known.
            let count = block.byte_order().u16_at::<2, 4>(block.body().first_chunk()?);
            return Some(count.into()).filter(|&count| count != 0xffff);
        }
        self.packet_option(code::EPB_DROPCOUNT)?.number()
    }

    /// A number that packets share that are the same one, seen on several interfaces.
    pub fn packet_id(self) -> Option<u64> {
        self.packet_option(code::EPB_PACKETID)?.number()
    }

    /// Which queue of the interface it came in on.
    pub fn queue(self) -> Option<u32> {
        self.packet_option(code::EPB_QUEUE)?.number()?.try_into().ok()
    }

    /// What filters in the kernel made of it: the kind of filter (0 = hardware, 1 = Linux eBPF at tc, 2 = Linux eBPF XDP), and its verdict.
    pub fn verdicts(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.typed_values(code::EPB_VERDICT)
    }

    /// Hashes of its bytes: the algorithm (0 = two's complement, 1 = exclusive or, 2 = CRC-32, 3 = MD5, 4 = SHA-1, 5 = Toeplitz), and the
    /// hash.
    pub fn hashes(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        self.typed_values(code::EPB_HASH)
    }

    /// The same, of the interface with this index: what a program says that brings files together.
    #[must_use]
    pub fn with_interface(mut self, index: u32) -> Self {
        self.frame = self.frame.map(|frame| frame.with_interface(index));
        self.block = self.block.map(|block| block.with_interface(index));
        self
    }

    /// The same, of the interface that has this index now.
    pub(super) fn of_interface(mut self, index: u32, interface: &'a Interface) -> Self {
        self.frame = self.frame.map(|frame| frame.with_interface(index).with_interface_info(interface));
        self.block = self.block.map(|block| match block.interface() {
            Some(_) => block.of_interface(index, interface),
            None => block,
        });
        self
    }

    /// The same with at most so many bytes of its frame.
    #[must_use]
    pub fn cut(mut self, len: usize) -> Self {
        self.frame = self.frame.map(|frame| frame.cut(len));
        self
    }

    fn packet(self) -> Option<Block<'a>> {
        self.block.filter(|block| block.block_type().is_packet())
    }

    /// An option of a packet; those of an obsolete one have other meanings.
    fn packet_option(self, code: u16) -> Option<BlockOption<'a>> {
        self.packet()?.options().find(code).filter(|_| self.is_enhanced())
    }

    fn is_enhanced(self) -> bool {
        self.block.is_some_and(|block| block.block_type() == BlockType::ENHANCED_PACKET)
    }

    fn typed_values(self, code: u16) -> impl Iterator<Item = (u8, &'a [u8])> {
        let options = self.options().filter(move |option| option.code == code && self.is_enhanced());
        options.filter_map(|option| option.value.split_first().map(|(kind, value)| (*kind, value)))
    }
}
