//! pcapng (draft-ietf-opsawg-pcapng): a file of blocks, in sections that each choose their byte order.
//!
//! ```text
//! any block:              type (4) | total length (4) | body, padded to 4 | total length (4)
//! section header:         byte-order magic (4) | major (2) | minor (2) | section length (8) | options
//! interface description:  link type (2) | reserved (2) | snaplen (4) | options
//! enhanced packet:        interface (4) | time (8) | captured length (4) | original length (4) | data | options
//! simple packet:          original length (4) | data
//! packet (obsolete):      interface (2) | drops (2) | then as an enhanced packet
//! ```
//!
//! All other blocks are skipped. The section length is not needed for anything, so it may lie.

mod clock;

use pycap_wire::LinkType;

pub(crate) use self::clock::Clock;
use super::{ByteOrder, Input, MAX_STATED_SNAPLEN, Parsed, fcs_flags, max_frame_len};
use crate::frame::flag;
use crate::pcapng::{Block, BlockOption, BlockType, Options, code};
use crate::writer::local::{self, Local};
use crate::{Error, ErrorKind, Frame, Interface, Result, Timestamp, TimestampResolution};

/// The first four bytes of a file: the type of a section header block, the same in both byte orders.
pub(super) const MAGIC: [u8; 4] = *b"\n\r\r\n";

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const OBSOLETE_PACKET: u32 = 2;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// Type, length, length again.
const EMPTY_BLOCK: usize = 12;
/// Sizes of blocks with their fixed part and nothing else.
const EMPTY_SECTION_HEADER: usize = 28;
const EMPTY_INTERFACE_DESCRIPTION: usize = 20;
const EMPTY_SIMPLE_PACKET: usize = 16;
const EMPTY_PACKET: usize = 32;
/// Where an enhanced or obsolete packet's data starts.
const PACKET_DATA: usize = 28;
const SIMPLE_PACKET_DATA: usize = 12;
const TRAILER: usize = 4;

/// At most so many bytes of one block's options are held in memory; libpcap sets the same limit to the whole
/// block.
const MAX_OPTIONS: usize = 16 << 20;
/// So that a hostile stream of interfaces cannot fill the memory: that many, and that much text of them all.
const MAX_INTERFACES: usize = 1 << 20;
const MAX_TEXTS: usize = 64 << 20;

/// A pcapng file, past the header of its first section.
pub(super) struct Pcapng {
    pub(super) order: ByteOrder,
    pub(super) version: (u16, u16),
    /// All of the file, by the index that frames carry.
    interfaces: Vec<Interface>,
    /// What their texts take, in bytes.
    texts: usize,
    /// Those of this section, by the number that its blocks use: what is needed for each packet.
    active: Vec<Active>,
    /// The index of the section's first interface.
    first: u32,
    /// How many sections have begun.
    sections: u32,
    /// The block that is being skipped, if its reader had to be waited for on the way.
    skipping: Option<Skipping>,
}

/// A block that is skipped piece by piece, as its bytes arrive.
struct Skipping {
    header: [u8; 8],
    /// Where it begins.
    offset: u64,
    /// Its length, and how much of that is ahead, up to where its length is repeated.
    total: usize,
    left: u64,
}

struct Active {
    clock: Clock,
    /// What each frame's flags start from: the length of the frame check sequence.
    flags: u32,
    snaplen: u32,
    max_len: u32,
    link_type: LinkType,
}

/// What is read of a packet's options.
struct PacketOptions<'a> {
    flags: u32,
    /// The value of what may be our own option.
    local: Option<&'a [u8]>,
}

/// What a block turned out to be. It is still in the window.
pub(super) enum Step {
    Packet(Parsed),
    /// Anything else: how many bytes it has; none of one that was skipped.
    Block(usize),
    EndOfFile,
}

impl Pcapng {
    /// A file of which no section header has been read.
    pub(super) fn new() -> Self {
        Self {
            order: ByteOrder::Little,
            version: (0, 0),
            interfaces: Vec::new(),
            texts: 0,
            active: Vec::new(),
            first: 0,
            sections: 0,
            skipping: None,
        }
    }

    /// The interfaces described so far, of all sections.
    #[inline]
    pub(super) fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The enhanced packet at the start of the window, if it is one, whole, and nothing is odd about it. This
    /// is the whole cost of nearly every packet; [`next`](Self::next) takes the other blocks.
    // Left to itself the compiler keeps this apart, and the record then goes through memory: 50 instructions
    // more.
    #[inline(always)]
    pub(super) fn parse(&self, window: &[u8]) -> Option<Parsed> {
        let header = window.first_chunk::<PACKET_DATA>()?;
        if self.order.u32_at::<0, _>(header) != ENHANCED_PACKET {
            return None;
        }
        let total = self.order.u32_at::<4, _>(header) as usize;
        if total < EMPTY_PACKET || !total.is_multiple_of(4) {
            return None;
        }
        let (_, trailer) = window.get(..total)?.split_last_chunk::<TRAILER>()?;
        if *trailer != header[4..8] {
            return None;
        }
        let id = self.order.u32_at::<8, _>(header);
        self.packet(header, id, total, window)
    }

    /// The frame in an enhanced or obsolete packet block of `total` bytes at the start of the window, of
    /// interface `id`.
    #[inline(always)]
    fn packet(&self, header: &[u8; PACKET_DATA], id: u32, total: usize, window: &[u8]) -> Option<Parsed> {
        let interface = self.active.get(id as usize)?;
        let caplen = self.order.u32_at::<20, _>(header);
        let room = total - EMPTY_PACKET;
        if caplen as usize > room || caplen > interface.max_len {
            return None;
        }
        let high = u64::from(self.order.u32_at::<12, _>(header));
        let low = u64::from(self.order.u32_at::<16, _>(header));
        let data_len = caplen as usize;
        let padded = data_len.next_multiple_of(4);
        let mut frame = Frame::new(&[], interface.link_type)
            .with_original_len(self.order.u32_at::<24, _>(header))
            .with_interface(self.first + id)
            .with_flags(interface.flags);
        let time = interface.clock.time(high << 32 | low);
        if padded < room {
            let options = &window[PACKET_DATA + padded..total - TRAILER];
            let PacketOptions { flags, local } = self.packet_options(options, interface.flags);
            frame = frame.with_flags(flags);
            if let Some(local) = local {
                frame = self.with_local(frame, time, local);
                return Some(Parsed { frame, data_at: PACKET_DATA, data_len, total });
            }
        }
        Some(Parsed { frame: frame.with_timestamp(time), data_at: PACKET_DATA, data_len, total })
    }

    /// What is read of a packet's options: `epb_flags` and `pack_flags` have the same code and bits.
    #[inline(never)]
    fn packet_options<'a>(&self, options: &'a [u8], default: u32) -> PacketOptions<'a> {
        let (mut word, mut local) = (None, None);
        for BlockOption { code, value, .. } in Options::new(options, self.order) {
            match code {
                code::EPB_FLAGS if word.is_none() => word = Some(<[u8; 4]>::try_from(value).ok()),
                local::CODE if local.is_none() => local = Some(value),
                _ => {}
            }
        }
        let flags = match word.flatten().map(|bytes| self.order.u32(bytes)) {
            Some(flags) if flags & flag::FCS_LEN == 0 => flags | default,
            Some(flags) => flags,
            None => default,
        };
        PacketOptions { flags, local }
    }

    /// The frame with its time and what else our own option tells.
    #[cold]
    #[inline(never)]
    fn with_local(&self, frame: Frame<'static>, time: Timestamp, value: &[u8]) -> Frame<'static> {
        let local = Local::decode(value, self.order);
        let frame = local.apply(frame);
        if local.no_time { frame } else { frame.with_timestamp(time) }
    }

    /// The next packet, read as far as need be, past any other blocks; `None` at the end of the file.
    #[cold]
    #[inline(never)]
    pub(super) fn next(&mut self, number: u64, input: &mut Input<'_>) -> Result<Option<Parsed>> {
        loop {
            if let Some(parsed) = self.parse(input.window()) {
                return Ok(Some(parsed));
            }
            match self.read(number, false, input)? {
                Step::Packet(parsed) => return Ok(Some(parsed)),
                Step::Block(len) => input.consume(len),
                Step::EndOfFile => return Ok(None),
            }
        }
    }

    /// The next block of any kind, which is left in the window.
    pub(super) fn step(&mut self, number: u64, input: &mut Input<'_>) -> Result<Step> {
        // Whoever read frames before may have left half a block behind.
        self.skip(input)?;
        self.read(number, true, input)
    }

    /// A whole block, for those who want all of it; the one that was read last.
    pub(super) fn whole_block<'a>(&'a self, bytes: &'a [u8]) -> Block<'a> {
        let word =
            |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk).map(|word| self.order.u32(*word));
        let block_type = BlockType(word(0).unwrap_or_default());
        let body = bytes.get(8..bytes.len().saturating_sub(TRAILER)).unwrap_or_default();
        let block = Block::new(block_type, self.order, body);
        let id = match block_type {
            BlockType::INTERFACE_DESCRIPTION => self.active.len().checked_sub(1).map(|id| id as u32),
            BlockType::ENHANCED_PACKET | BlockType::INTERFACE_STATISTICS => word(8),
            BlockType::PACKET => body.first_chunk().map(|id| self.order.u16(*id).into()),
            BlockType::SIMPLE_PACKET => Some(0),
            _ => None,
        };
        let index = id.filter(|&id| (id as usize) < self.active.len()).map(|id| self.first + id);
        match index.and_then(|index| Some((index, self.interfaces.get(index as usize)?))) {
            Some((index, interface)) => block.of_interface(index, interface),
            None => block,
        }
    }

    /// How long the next block is; nothing at the end of the file, and of a section header, which says it in an order that is not known
    /// yet.
    pub(super) fn next_len(&self, input: &mut Input<'_>) -> Result<usize> {
        if !input.ensure(EMPTY_BLOCK)? {
            return Ok(0);
        }
        let header = input.start::<EMPTY_BLOCK>();
        Ok(match self.order.u32_at::<0, _>(&header) {
            SECTION_HEADER => 0,
            _ => block_len(self.order.u32_at::<4, _>(&header)),
        })
    }

    /// Whether the window starts with a whole block that is not a packet.
    pub(super) fn whole_other_block(&self, window: &[u8]) -> bool {
        window.first_chunk::<EMPTY_BLOCK>().is_some_and(|header| {
            let kind = self.order.u32_at::<0, _>(header);
            // A section header's length is in a byte order that is not known yet.
            kind != SECTION_HEADER
                && !matches!(kind, ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET)
                && block_len(self.order.u32_at::<4, _>(header)) <= window.len()
        })
    }

    /// Reads one block, which is left in the window; but of those that mean nothing to frames, `hold` says whether they are held or
    /// skipped.
    fn read(&mut self, number: u64, hold: bool, input: &mut Input<'_>) -> Result<Step> {
        if self.skipping.is_some() {
            self.skip(input)?;
            return Ok(Step::Block(0));
        }
        let offset = input.position();
        if !input.ensure(EMPTY_BLOCK)? {
            return match input.window() {
                [] => Ok(Step::EndOfFile),
                torn => Err(ends_early("a block", EMPTY_BLOCK, torn.len() as u64).at(offset)),
            };
        }
        let header = input.start::<EMPTY_BLOCK>();
        let kind = self.order.u32_at::<0, _>(&header);
        let total = block_len(self.order.u32_at::<4, _>(&header));
        match kind {
            SECTION_HEADER => self.section_header(input).map(Step::Block),
            INTERFACE_DESCRIPTION => self.interface_description(total, input).map(Step::Block),
            ENHANCED_PACKET | SIMPLE_PACKET | OBSOLETE_PACKET => self
                .any_packet(kind, total, input)
                .map(Step::Packet)
                .map_err(|error| error.at(offset).in_record(number)),
            _ if hold => hold_block(&name_of(kind), total, EMPTY_BLOCK, MAX_OPTIONS, self.order, input)
                .map(|()| Step::Block(total))
                .map_err(|error| error.at(offset)),
            _ => {
                check_len(&name_of(kind), total, EMPTY_BLOCK).map_err(|error| error.at(offset))?;
                let left = (total - TRAILER) as u64;
                self.skipping = Some(Skipping { header: input.start(), offset, total, left });
                self.skip(input)?;
                Ok(Step::Block(0))
            }
        }
    }

    /// Skips the rest of a block that is not read here, whatever its length. Where the reader has to be waited for, another call goes on.
    fn skip(&mut self, input: &mut Input<'_>) -> Result<()> {
        let Some(block) = &mut self.skipping else { return Ok(()) };
        let name = &name_of(self.order.u32_at::<0, _>(&block.header));
        if !(input.skip(&mut block.left)? && input.ensure(TRAILER)?) {
            let found = input.position() + input.window().len() as u64 - block.offset;
            return Err(ends_early(name, block.total, found).at(block.offset));
        }
        check_trailer(name, &block.header, &input.start::<TRAILER>(), self.order)
            .map_err(|error| error.at(block.offset))?;
        input.consume(TRAILER);
        self.skipping = None;
        Ok(())
    }

    /// Reads a section header block and starts the section.
    fn section_header(&mut self, input: &mut Input<'_>) -> Result<usize> {
        const NAME: &str = "a section header block";
        let offset = input.position();
        let fail = |kind, message: String| Err(Error::new(kind, message).at(offset));
        if !input.ensure(EMPTY_SECTION_HEADER - TRAILER)? {
            return Err(ends_early(NAME, EMPTY_SECTION_HEADER, input.window().len() as u64).at(offset));
        }
        let header = input.start::<{ EMPTY_SECTION_HEADER - TRAILER }>();
        let order = match header[8..12] {
            [0x1a, 0x2b, 0x3c, 0x4d] => ByteOrder::Big,
            [0x4d, 0x3c, 0x2b, 0x1a] => ByteOrder::Little,
            [a, b, c, d, ..] => {
                let found = u32::from_be_bytes([a, b, c, d]);
                let message = format!("{NAME} without its byte-order magic 0x1a2b3c4d, {found:#010x} found");
                return fail(ErrorKind::Malformed, message);
            }
            _ => return fail(ErrorKind::Malformed, format!("{NAME} without its byte-order magic")),
        };
        let version @ (major, minor) = (order.u16_at::<12, _>(&header), order.u16_at::<14, _>(&header));
        // 1.2 was written by mistake and means 1.0.
        if !matches!(version, (1, 0 | 2)) {
            let message = format!("pcapng version {major}.{minor} is not known: 1.0 can be read");
            return fail(ErrorKind::UnsupportedVersion, message);
        }
        let total = block_len(order.u32_at::<4, _>(&header));
        hold_block(NAME, total, EMPTY_SECTION_HEADER, MAX_OPTIONS, order, input)
            .map_err(|error| error.at(offset))?;
        self.order = order;
        self.version = version;
        self.sections = self.sections.saturating_add(1);
        self.active.clear();
        self.first = self.interfaces.len() as u32;
        Ok(total)
    }

    /// Reads an interface description block.
    fn interface_description(&mut self, total: usize, input: &mut Input<'_>) -> Result<usize> {
        let offset = input.position();
        let empty = EMPTY_INTERFACE_DESCRIPTION;
        hold_block("an interface description block", total, empty, MAX_OPTIONS, self.order, input)
            .map_err(|error| error.at(offset))?;
        if self.interfaces.len() == MAX_INTERFACES {
            let message = format!("more than {MAX_INTERFACES} interfaces in one file");
            return Err(Error::new(ErrorKind::Malformed, message).at(offset));
        }
        let header = input.start::<{ EMPTY_INTERFACE_DESCRIPTION - TRAILER }>();
        let interface = Interface::new(LinkType(self.order.u16_at::<8, _>(&header)))
            .with_snaplen(self.order.u32_at::<12, _>(&header))
            .at(self.sections - 1, self.active.len() as u32);
        let options = Options::new(&input.window()[header.len()..total - TRAILER], self.order);
        let interface = options.fold(interface, |interface, BlockOption { code, value, .. }| {
            with_option(interface, code, value, self.order)
        });
        self.texts += interface.texts_len();
        if self.texts > MAX_TEXTS {
            let message = format!("more than {MAX_TEXTS} bytes of names and other texts of interfaces");
            return Err(Error::new(ErrorKind::Malformed, message).at(offset));
        }
        self.active.push(Active {
            clock: Clock::of(&interface),
            flags: fcs_flags(interface.fcs_len()),
            snaplen: interface.snaplen(),
            // An interface that says that it keeps longer frames is believed, up to what libpcap takes for a
            // block.
            max_len: max_frame_len(interface.link_type()).max(interface.snaplen().min(MAX_STATED_SNAPLEN)),
            link_type: interface.link_type(),
        });
        self.interfaces.push(interface);
        Ok(total)
    }

    /// Reads a packet of any of the three kinds, with every check.
    fn any_packet(&self, kind: u32, total: usize, input: &mut Input<'_>) -> Result<Parsed> {
        let (name, empty) = match kind {
            ENHANCED_PACKET => ("an enhanced packet block", EMPTY_PACKET),
            OBSOLETE_PACKET => ("a packet block", EMPTY_PACKET),
            _ => ("a simple packet block", EMPTY_SIMPLE_PACKET),
        };
        check_len(name, total, empty)?;
        // The checks come before the block is held, so that only what can be a packet takes memory.
        if !input.ensure(empty - TRAILER)? {
            return Err(ends_early(name, total, input.window().len() as u64));
        }
        if kind == SIMPLE_PACKET {
            return self.simple_packet(name, total, input);
        }
        let header = input.start::<PACKET_DATA>();
        let id = match kind {
            ENHANCED_PACKET => self.order.u32_at::<8, _>(&header),
            _ => self.order.u16_at::<8, _>(&header).into(),
        };
        let interface = self.interface(id)?;
        let caplen = self.order.u32_at::<20, _>(&header);
        check_caplen(name, caplen, total - empty, interface)?;
        hold_block(name, total, empty, caplen as usize + MAX_OPTIONS, self.order, input)?;
        self.packet(&header, id, total, input.window())
            .ok_or_else(|| Error::new(ErrorKind::Malformed, format!("{name} that contradicts itself")))
    }

    /// Reads a simple packet block: of interface 0, without a time, cut to the interface's snapshot length.
    fn simple_packet(&self, name: &str, total: usize, input: &mut Input<'_>) -> Result<Parsed> {
        let header = input.start::<SIMPLE_PACKET_DATA>();
        let interface = self.interface(0)?;
        let original_len = self.order.u32_at::<8, _>(&header);
        let caplen = match interface.snaplen {
            0 => original_len,
            snaplen => original_len.min(snaplen),
        };
        check_caplen(name, caplen, total - EMPTY_SIMPLE_PACKET, interface)?;
        hold_block(name, total, EMPTY_SIMPLE_PACKET, caplen as usize + MAX_OPTIONS, self.order, input)?;
        let frame = Frame::new(&[], interface.link_type)
            .with_original_len(original_len)
            .with_interface(self.first)
            .with_flags(interface.flags);
        Ok(Parsed { frame, data_at: SIMPLE_PACKET_DATA, data_len: caplen as usize, total })
    }

    fn interface(&self, id: u32) -> Result<&Active> {
        self.active.get(id as usize).ok_or_else(|| {
            let message = match self.active.len() {
                0 => format!("a packet of interface {id}, and the section has described no interface so far"),
                count => format!("a packet of interface {id}, and the section has described {count} so far"),
            };
            Error::new(ErrorKind::Malformed, message)
        })
    }
}

/// One option of an interface description block.
fn with_option(interface: Interface, code: u16, value: &[u8], order: ByteOrder) -> Interface {
    let text = || String::from_utf8_lossy(value).trim_end_matches('\0').to_owned();
    match (code, value) {
        (2, _) => interface.with_name(text()),
        (3, _) => interface.with_description(text()),
        (9, [power, ..]) => interface.with_timestamp_resolution(match power & 0x80 {
            0 => TimestampResolution::PowerOf10(*power),
            _ => TimestampResolution::PowerOf2(power & 0x7f),
        }),
        // The first byte is the language: 0 = libpcap's. The others are byte code.
        (11, [0, filter @ ..]) => {
            interface.with_filter(String::from_utf8_lossy(filter).trim_end_matches('\0'))
        }
        (12, _) => interface.with_os(text()),
        // The draft counts bits and its example says 4, which are bytes. No check sequence has 4 bits, nor 32
        // bytes.
        (13, &[len, ..]) => interface.with_fcs_len(if len < 16 { len } else { len / 8 }),
        (14, value) => match value.try_into() {
            Ok(seconds) => interface.with_timestamp_offset(order.i64(seconds)),
            Err(_) => interface,
        },
        (15, _) => interface.with_hardware(text()),
        _ => interface,
    }
}

/// How far it is to the next block. Early writers left the padding out of the length they announced, but not
/// out of the file; every block starts at a multiple of 4.
fn block_len(announced: u32) -> usize {
    (announced as usize).checked_next_multiple_of(4).unwrap_or(usize::MAX)
}

/// Checks a block's length before anything relies on it.
fn check_len(name: &str, total: usize, empty: usize) -> Result<()> {
    if total >= empty {
        return Ok(());
    }
    let message = format!("{name} with a length of {total}: at least {empty} bytes needed");
    Err(Error::new(ErrorKind::Malformed, message))
}

fn check_caplen(name: &str, caplen: u32, room: usize, interface: &Active) -> Result<()> {
    let complaint = if caplen as usize > room {
        format!("the block has room for {room}")
    } else if caplen > interface.max_len {
        let Active { link_type, max_len, .. } = interface;
        format!("a frame of link type {link_type} has at most {max_len}; the file is damaged")
    } else {
        return Ok(());
    };
    Err(Error::new(ErrorKind::Malformed, format!("{name}: {caplen} bytes of data announced, {complaint}")))
}

/// Reads until the window holds the whole block, at most `limit` bytes more than an empty one, and checks
/// that it ends with its length once more.
fn hold_block(
    name: &str,
    total: usize,
    empty: usize,
    limit: usize,
    order: ByteOrder,
    input: &mut Input<'_>,
) -> Result<()> {
    check_len(name, total, empty)?;
    if total - empty > limit {
        let message = format!(
            "{name} with a length of {total}: at most {MAX_OPTIONS} bytes beside a packet are held in memory"
        );
        return Err(Error::new(ErrorKind::Malformed, message));
    }
    if !input.ensure(total)? {
        return Err(ends_early(name, total, input.window().len() as u64));
    }
    check_trailer(name, &input.start::<8>(), &input.window()[..total], order)
}

fn name_of(kind: u32) -> String {
    format!("a block of type {kind:#x}")
}

/// Checks that `end`, the end of a block, repeats the length from its header.
fn check_trailer(name: &str, header: &[u8; 8], end: &[u8], order: ByteOrder) -> Result<()> {
    let announced = order.u32_at::<4, _>(header);
    let repeated = end.last_chunk().map(|trailer| order.u32(*trailer)).unwrap_or_default();
    if announced == repeated {
        return Ok(());
    }
    let message = format!("{name} announces a length of {announced} and ends with one of {repeated}");
    Err(Error::new(ErrorKind::Malformed, message))
}

fn ends_early(name: &str, needed: usize, found: u64) -> Error {
    let message = format!("the file ends early: {name} needs {needed} bytes, {found} found");
    Error::new(ErrorKind::Truncated, message)
}
