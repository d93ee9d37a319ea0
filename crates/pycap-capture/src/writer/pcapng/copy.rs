//! Taking over the blocks of other files as they are: every option, every time to the last digit.

use std::io::Write;

use super::{ENHANCED_HEADER, ENHANCED_PACKET, NO_WINDOW, Pcapng, SIMPLE_PACKET, TRAILER, padded, window};
use crate::pcapng::{Block, BlockOption, BlockType, Options, code, packet_options_in};
use crate::savefile::Clock;
use crate::writer::local;
use crate::writer::sink::Sink;
use crate::{Frame, Result, Timestamp, TimestampResolution};

/// What a packet block has between its length and its data.
const PACKET_HEAD: usize = 20;

impl Pcapng {
    /// Takes over a block that is no packet.
    pub(in crate::writer) fn copy_block<W: Write>(
        &mut self,
        block: Block<'_>,
        sink: &mut Sink<W>,
    ) -> Result<()> {
        match block.block_type() {
            BlockType::SECTION_HEADER => return self.copy_section(block, sink),
            BlockType::INTERFACE_DESCRIPTION => return self.copy_interface(block, sink),
            _ => self.start(sink)?,
        }
        let body = block.body_in(self.order);
        match block.interface().and_then(|index| self.copied.get(&index)) {
            Some(&number) if block.block_type() == BlockType::INTERFACE_STATISTICS => {
                let (_, rest) = body.split_at(4.min(body.len()));
                self.block(block.block_type().0, &[&self.order.bytes32(number), rest].concat(), sink)
            }
            _ => self.block(block.block_type().0, &body, sink),
        }
    }

    /// Begins a section with the header of another file's.
    fn copy_section<W: Write>(&mut self, block: Block<'_>, sink: &mut Sink<W>) -> Result<()> {
        if self.section.take().is_none() {
            self.end(Timestamp::now(), sink)?;
        }
        if !self.fixed_order && self.order != block.byte_order() {
            // What is in the sink's buffer is all of one order.
            sink.drain()?;
            self.order = block.byte_order();
            sink.set_order(self.order);
        }
        self.slots.clear();
        self.interfaces.clear();
        self.numbers.clear();
        self.copied.clear();
        let mut body = block.body_in(self.order).into_owned();
        // How long the section will be is not known.
        if let Some(len) = body.get_mut(8..16) {
            len.fill(0xff);
        }
        self.block(block.block_type().0, &body, sink)
    }

    fn copy_interface<W: Write>(&mut self, block: Block<'_>, sink: &mut Sink<W>) -> Result<()> {
        let (Some(index), Some(interface)) = (block.interface(), block.interface_info()) else {
            // One that a program made: nobody knows of it but by its number.
            self.start(sink)?;
            return self.block(block.block_type().0, &block.body_in(self.order), sink);
        };
        self.check_room(sink)?;
        self.start(sink)?;
        self.block(block.block_type().0, &block.body_in(self.order), sink)?;
        let offset = interface.timestamp_offset();
        let number = match interface.timestamp_resolution() {
            TimestampResolution::NANOSECONDS if window(offset) == offset => {
                self.add_slot(index, interface.clone(), offset, None)
            }
            _ => self.add_slot(index, interface.clone(), NO_WINDOW, Some(Clock::of(interface))),
        };
        self.copied.insert(index, number);
        Ok(())
    }

    /// Takes over a packet: `frame` has its interface, and its data, which may be cut. `count` is its number.
    pub(in crate::writer) fn copy_packet<W: Write>(
        &mut self,
        frame: Frame<'_>,
        block: Block<'_>,
        count: u64,
        sink: &mut Sink<W>,
    ) -> Result<()> {
        let Some(&number) = self.copied.get(&frame.interface()) else {
            return self.packet_with(frame, block.options(), count, sink);
        };
        let body = block.body_in(self.order);
        match (block.block_type(), u16::try_from(number)) {
            (BlockType::SIMPLE_PACKET, Ok(0)) if self.captured_len(frame) == frame.data().len() => {
                return self.block(SIMPLE_PACKET, &body, sink);
            }
            (BlockType::ENHANCED_PACKET, _) | (BlockType::PACKET, Ok(_)) => {}
            _ => return self.packet_with(frame, block.options(), count, sink),
        }
        let Some((head, rest)) = body.split_first_chunk::<PACKET_HEAD>() else { return Ok(()) };
        let caplen = self.order.u32_at::<12, _>(head) as usize;
        let options = rest.get(padded(caplen)..).unwrap_or_default();
        let data = frame.data();
        let total = ENHANCED_HEADER + padded(data.len()) + options.len() + TRAILER;
        sink.reserve(total)?;
        let Some(place) = sink.room(total) else { return Ok(()) };
        let (header, rest) = place.split_at_mut(ENHANCED_HEADER);
        let kind = block.block_type().0;
        header[..8].copy_from_slice(self.order.words([kind, total as u32]).as_flattened());
        header[8..].copy_from_slice(head);
        match (kind, u16::try_from(number)) {
            (ENHANCED_PACKET, _) | (_, Err(_)) => header[8..12].copy_from_slice(&self.order.bytes32(number)),
            (_, Ok(number)) => header[8..10].copy_from_slice(&self.order.bytes16(number)),
        }
        header[20..24].copy_from_slice(&self.order.bytes32(data.len() as u32));
        let (place, rest) = rest.split_at_mut(padded(data.len()));
        let (bytes, padding) = place.split_at_mut(data.len());
        bytes.copy_from_slice(data);
        padding.fill(0);
        let (place, trailer) = rest.split_at_mut(options.len());
        place.copy_from_slice(options);
        trailer.copy_from_slice(&self.order.bytes32(total as u32));
        Ok(())
    }

    /// Writes a frame with options beside those that the frame itself has.
    pub(in crate::writer) fn packet_with<W: Write>(
        &mut self,
        frame: Frame<'_>,
        options: Options<'_>,
        count: u64,
        sink: &mut Sink<W>,
    ) -> Result<()> {
        let options = self.without_own(options);
        self.prepare(frame, count, options.len(), sink)?;
        let number = self.number_of(frame);
        let written = number.is_some_and(|number| self.write_with(number, &frame, &options, sink));
        debug_assert!(written, "a frame that was prepared for can be written");
        Ok(())
    }

    /// The options that a frame has no place for, in the order of this file.
    fn without_own(&self, options: Options<'_>) -> Vec<u8> {
        let is_own = |option: &BlockOption<'_>| {
            option.code == code::EPB_FLAGS || option.code == local::CODE && local::is_own(option.value)
        };
        packet_options_in(self.order, options, |option| !is_own(option))
    }
}
