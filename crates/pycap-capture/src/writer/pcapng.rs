//! pcapng: several interfaces and link types, all that a frame knows, statistics. The layout of the blocks
//! heads `savefile/pcapng.rs`.

mod copy;

use std::collections::BTreeMap;
use std::io::Write;

use super::builder::Section;
use super::local::{self, Local};
use super::number::words;
use super::option::Options;
use super::sink::Sink;
use crate::pcapng::BlockType;
use crate::savefile::{Clock, MAX_STATED_SNAPLEN, max_frame_len};
use crate::wire_bytes::WireBytes;
use crate::{ByteOrder, Error, ErrorKind, Frame, Interface, LinkType, Result, Stats, Timestamp};

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const INTERFACE_STATISTICS: u32 = 5;
const ENHANCED_PACKET: u32 = 6;

/// Type, length, length again.
const EMPTY_BLOCK: usize = 12;
const ENHANCED_HEADER: usize = 28;
const SIMPLE_HEADER: usize = 12;
const TRAILER: usize = 4;

/// `epb_flags`, and the end of the options.
const FLAGS: u16 = 2;
const FLAGS_LEN: usize = 8;
const END_LEN: usize = 4;

/// As many as our reader takes.
const MAX_INTERFACES: usize = 1 << 20;

/// A pcapng file that is being written, and its present section.
pub(super) struct Pcapng {
    order: ByteOrder,
    /// Whether all sections have this order, those too that are taken over from another file.
    fixed_order: bool,
    snaplen: Option<u32>,
    /// The section header that is still to be written.
    section: Option<Section>,
    /// The interfaces described so far, by the number that the blocks use.
    slots: Vec<Slot>,
    interfaces: Vec<Interface>,
    /// Where in `slots` to find what frames say: index, link type, start of the window.
    numbers: BTreeMap<(u32, u16, i64), u32>,
    /// The number of each interface that was taken over from another file, by the index that its records carry.
    copied: BTreeMap<u32, u32>,
    /// What [`Pcapng::add_interface`] comes back with next.
    next_index: u64,
    /// For the end, by the number that the blocks use.
    statistics: BTreeMap<u32, Stats>,
}

/// What is needed of an interface for each packet.
///
/// Times are counted in nanoseconds, 64 bits of which hold 584 years. Frames from other centuries get a
/// description of their own, with another `if_tsoffset`: one for each window of 2^33 seconds, the first of
/// which starts in 1970 and ends in 2242.
struct Slot {
    index: u32,
    link_type: LinkType,
    max_len: u32,
    window: i64,
    /// That of an interface that was taken over from another file, where it is another one.
    clock: Option<Clock>,
}

/// The window of interfaces that have another clock: no time is in it.
const NO_WINDOW: i64 = 1;

fn max_len(interface: &Interface) -> u32 {
    max_frame_len(interface.link_type()).max(interface.snaplen().min(MAX_STATED_SNAPLEN))
}

const fn window(secs: i64) -> i64 {
    secs & !0x1_ffff_ffff
}

impl Slot {
    #[inline(always)]
    fn is_for(&self, frame: &Frame<'_>, secs: i64) -> bool {
        self.index == frame.interface() && self.link_type == frame.link_type() && self.window == window(secs)
    }

    /// Any time as a count of the interface's units, as well as these can tell it.
    fn counted(&self, time: Timestamp) -> Option<u64> {
        match self.clock {
            Some(clock) => clock.units(time).or_else(|| clock.units(Timestamp::new(time.secs(), 0))),
            None => {
                let since = Timestamp::new(time.secs().saturating_sub(self.window), time.subsec_nanos());
                u64::try_from(since.as_nanos()).ok()
            }
        }
    }

    /// A time of the window as a count of nanoseconds.
    #[inline(always)]
    fn units(&self, time: Timestamp) -> u64 {
        (time.secs() - self.window) as u64 * 1_000_000_000 + u64::from(time.subsec_nanos())
    }
}

impl Pcapng {
    pub(super) fn new(order: Option<ByteOrder>, snaplen: Option<u32>, section: Section) -> Self {
        Self {
            order: order.unwrap_or(ByteOrder::NATIVE),
            fixed_order: order.is_some(),
            snaplen,
            section: Some(section),
            slots: Vec::new(),
            interfaces: Vec::new(),
            numbers: BTreeMap::new(),
            copied: BTreeMap::new(),
            next_index: 0,
            statistics: BTreeMap::new(),
        }
    }

    /// Writes the section header, if none is written yet.
    pub(super) fn start<W: Write>(&mut self, sink: &mut Sink<W>) -> Result<()> {
        let Some(section) = self.section.take() else { return Ok(()) };
        let mut body = Vec::new();
        body.extend(self.order.bytes32(0x1a2b_3c4d));
        body.extend(self.order.bytes16(1));
        body.extend(self.order.bytes16(0));
        // The length of the section is not known.
        body.extend([0xff; 8]);
        let options = Options::new(self.order)
            .text(1, section.comment.as_deref())
            .text(2, section.hardware.as_deref())
            .text(3, section.os.as_deref())
            .text(4, section.application.as_deref());
        body.extend(options.end());
        self.block(SECTION_HEADER, &body, sink)
    }

    /// Puts a frame into the sink's buffer; `false` if its interface is not described yet, if there is
    /// anything odd about it, or no room.
    #[inline(always)]
    pub(super) fn write<W>(&self, frame: &Frame<'_>, sink: &mut Sink<W>) -> bool {
        let is_rare = frame.timestamp().is_none()
            || frame.vlan_tag().is_some()
            || frame.segmentation().is_some()
            || self.order != ByteOrder::NATIVE;
        let Some(time) = frame.timestamp().filter(|_| !is_rare) else {
            let copy = *frame;
            return self.write_rare(&copy, sink);
        };
        let number = match self.slots.get(frame.interface() as usize) {
            // Nearly always the interfaces are described in the order of their indexes.
            Some(slot) if slot.is_for(frame, time.secs()) => frame.interface(),
            _ => match self.find(frame.interface(), frame.link_type(), time.secs()) {
                Some(number) => number,
                None => {
                    let copy = *frame;
                    return self.write_rare(&copy, sink);
                }
            },
        };
        let units = |slot: &Slot| Some(slot.units(time));
        self.enhanced::<W, false>(number, units, frame, WireBytes::Whole(frame.data()), None, &[], sink)
    }

    /// The same for frames that know more, or less, than most.
    #[inline(never)]
    fn write_rare<W>(&self, frame: &Frame<'_>, sink: &mut Sink<W>) -> bool {
        let Some(number) = self.number_of(*frame) else { return false };
        let bytes = self.wire_bytes(number, *frame);
        if self.is_simple(number, *frame, bytes) {
            return self.simple(*frame, bytes, sink);
        }
        self.write_with(number, frame, &[], sink)
    }

    /// Writes a frame of the interface with this number, with options behind those of its own.
    fn write_with<W>(&self, number: u32, frame: &Frame<'_>, options: &[u8], sink: &mut Sink<W>) -> bool {
        let time = frame.timestamp().unwrap_or(Timestamp::UNIX_EPOCH);
        let bytes = self.wire_bytes(number, *frame);
        let local = Local::of(*frame, bytes.added() > 0).encode(self.order);
        let units = |slot: &Slot| match slot.clock {
            Some(clock) => clock.units(time),
            None => Some(slot.units(time)),
        };
        match self.order {
            ByteOrder::NATIVE => self.enhanced::<W, false>(number, units, frame, bytes, local, options, sink),
            _ => self.enhanced::<W, true>(number, units, frame, bytes, local, options, sink),
        }
    }

    /// The bytes of a frame of the interface with this number, within its snapshot length.
    fn wire_bytes<'f>(&self, number: u32, frame: Frame<'f>) -> WireBytes<'f> {
        WireBytes::of(frame).within(self.interfaces.get(number as usize).map_or(0, Interface::snaplen))
    }

    /// The number that the blocks use for the interface of a frame, where it has a clock that can tell its time.
    fn number_of(&self, frame: Frame<'_>) -> Option<u32> {
        let time = frame.timestamp().unwrap_or(Timestamp::UNIX_EPOCH);
        let copied = || {
            let number = *self.copied.get(&frame.interface())?;
            let slot = self.slots.get(number as usize)?;
            let is_for = slot.link_type == frame.link_type() && slot.clock?.units(time).is_some();
            is_for.then_some(number)
        };
        self.find(frame.interface(), frame.link_type(), time.secs()).or_else(copied)
    }

    /// The number that the blocks use for a frame's interface.
    #[inline(never)]
    fn find(&self, index: u32, link_type: LinkType, secs: i64) -> Option<u32> {
        self.numbers.get(&(index, link_type.0, window(secs))).copied()
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn enhanced<W, const SWAPPED: bool>(
        &self,
        number: u32,
        units: impl FnOnce(&Slot) -> Option<u64>,
        frame: &Frame<'_>,
        bytes: WireBytes<'_>,
        local: Option<[u8; local::LEN]>,
        more: &[u8],
        sink: &mut Sink<W>,
    ) -> bool {
        let Some(slot) = self.slots.get(number as usize) else { return false };
        if bytes.len() > slot.max_len as usize {
            return false;
        }
        let Some(units) = units(slot) else { return false };
        let flags = frame.flags();
        let options = match (flags, &local) {
            (0, None) if more.is_empty() => 0,
            (0, None) => more.len() + END_LEN,
            (0, Some(_)) => local::LEN + more.len() + END_LEN,
            (_, None) => FLAGS_LEN + more.len() + END_LEN,
            (_, Some(_)) => FLAGS_LEN + local::LEN + more.len() + END_LEN,
        };
        let padded = padded(bytes.len());
        let total = ENHANCED_HEADER + padded + options + TRAILER;
        let Some(block) = sink.room(total) else { return false };
        let (header, rest) = block.split_at_mut(ENHANCED_HEADER);
        let words = words::<SWAPPED, _>([
            ENHANCED_PACKET,
            total as u32,
            number,
            (units >> 32) as u32,
            units as u32,
            bytes.len() as u32,
            frame.original_len().saturating_add(bytes.added()),
        ]);
        header.copy_from_slice(words.as_flattened());
        let (data, rest) = rest.split_at_mut(padded);
        put_padded(bytes, data);
        let (options, trailer) = rest.split_at_mut(options);
        if !options.is_empty() {
            self.put_options(flags, local, more, options);
        }
        trailer.copy_from_slice(words[1].as_slice());
        true
    }

    #[inline(always)]
    fn put_options(&self, flags: u32, local: Option<[u8; local::LEN]>, more: &[u8], mut place: &mut [u8]) {
        if flags != 0 {
            let (option, rest) = place.split_at_mut(FLAGS_LEN);
            let [[a, b], [c, d]] = [self.order.bytes16(FLAGS), self.order.bytes16(4)];
            option.copy_from_slice([[a, b, c, d], self.order.bytes32(flags)].as_flattened());
            place = rest;
        }
        if let Some(local) = local {
            let (option, rest) = place.split_at_mut(local::LEN);
            option.copy_from_slice(&local);
            place = rest;
        }
        let (options, place) = place.split_at_mut(more.len());
        options.copy_from_slice(more);
        place.copy_from_slice(&[0; END_LEN]);
    }

    /// Whether a simple packet block says all of a frame: it has no time, no options, and no captured length
    /// but what follows from the first interface's snapshot length.
    fn is_simple(&self, number: u32, frame: Frame<'_>, bytes: WireBytes<'_>) -> bool {
        let Some(interface) = self.interfaces.first() else { return false };
        let captured =
            self.captured_len(frame.with_original_len(frame.original_len().saturating_add(bytes.added())));
        let nothing_else = Local { no_time: true, ..Local::default() };
        number == 0
            && frame.flags() == 0
            && interface.fcs_len().unwrap_or(0) == 0
            && Local::of(frame, bytes.added() > 0) == nothing_else
            && captured == bytes.len()
    }

    /// How many bytes a simple packet block says that it has of a frame.
    fn captured_len(&self, frame: Frame<'_>) -> usize {
        let captured = match self.interfaces.first().map_or(0, Interface::snaplen) {
            0 => frame.original_len(),
            snaplen => frame.original_len().min(snaplen),
        };
        captured as usize
    }

    fn simple<W>(&self, frame: Frame<'_>, bytes: WireBytes<'_>, sink: &mut Sink<W>) -> bool {
        let Some(slot) = self.slots.first() else { return false };
        if bytes.len() > slot.max_len as usize {
            return false;
        }
        let padded = padded(bytes.len());
        let total = SIMPLE_HEADER + padded + TRAILER;
        let Some(block) = sink.room(total) else { return false };
        let (header, rest) = block.split_at_mut(SIMPLE_HEADER);
        let original_len = frame.original_len().saturating_add(bytes.added());
        header.copy_from_slice(self.order.words([SIMPLE_PACKET, total as u32, original_len]).as_flattened());
        let (data, trailer) = rest.split_at_mut(padded);
        put_padded(bytes, data);
        trailer.copy_from_slice(&self.order.bytes32(total as u32));
        true
    }

    /// Does what it takes for [`write`](Self::write) to succeed, or says why it cannot. Goes with `count`,
    /// the frame's number from 1; `options` is how many bytes of further options there are.
    pub(super) fn prepare<W: Write>(
        &mut self,
        frame: Frame<'_>,
        count: u64,
        options: usize,
        sink: &mut Sink<W>,
    ) -> Result<()> {
        let secs = frame.timestamp().unwrap_or(Timestamp::UNIX_EPOCH).secs();
        let known = self.number_of(frame).and_then(|number| Some((number, self.slots.get(number as usize)?)));
        let (max_len, bytes, unknown) = match known {
            Some((number, slot)) => (slot.max_len, self.wire_bytes(number, frame), None),
            None => {
                let interface = self.interface_of(frame);
                let bytes = WireBytes::of(frame).within(interface.snaplen());
                (max_len(&interface), bytes, Some(interface))
            }
        };
        if bytes.len() > max_len as usize {
            let (len, link_type) = (bytes.len(), frame.link_type());
            let message = format!(
                "frame {count} has {len} bytes; no reader takes more than {max_len} for link type {link_type}"
            );
            return Err(sink.located(Error::new(ErrorKind::NotRepresentable, message)));
        }
        if let Some(interface) = unknown {
            self.describe(frame.interface(), interface, window(secs), sink)?;
        }
        let all_options = FLAGS_LEN + local::LEN + options + END_LEN;
        sink.reserve(ENHANCED_HEADER + padded(bytes.len()) + all_options + TRAILER)
    }

    /// What is known of the interface of a frame that comes from it first.
    fn interface_of(&self, frame: Frame<'_>) -> Interface {
        let known = frame.interface_info().filter(|info| info.link_type() == frame.link_type());
        let added = || {
            let same = |slot: &Slot| slot.index == frame.interface() && slot.link_type == frame.link_type();
            self.slots.iter().position(same).and_then(|number| self.interfaces.get(number))
        };
        known.or_else(added).cloned().unwrap_or_else(|| {
            Interface::new(frame.link_type()).with_snaplen(self.snaplen.unwrap_or_default())
        })
    }

    /// Describes an interface; returns the index that its frames have to carry.
    pub(super) fn add_interface<W: Write>(
        &mut self,
        interface: Interface,
        sink: &mut Sink<W>,
    ) -> Result<u32> {
        let index = u32::try_from(self.next_index).map_err(|_| {
            let message = "no index is left for another interface: a frame had the last one";
            sink.located(Error::new(ErrorKind::InvalidSetting, message))
        })?;
        self.describe(index, interface, 0, sink)?;
        Ok(index)
    }

    /// Writes an interface description block; returns the number that the blocks of its packets have to use.
    fn describe<W: Write>(
        &mut self,
        index: u32,
        interface: Interface,
        window: i64,
        sink: &mut Sink<W>,
    ) -> Result<u32> {
        self.check_room(sink)?;
        self.start(sink)?;
        let mut body = Vec::new();
        body.extend(self.order.bytes16(interface.link_type().0));
        body.extend([0; 2]);
        body.extend(self.order.bytes32(interface.snaplen()));
        let mut options = Options::new(self.order)
            .text(2, interface.name())
            .text(3, interface.description())
            // Nanoseconds.
            .bytes(9, &[9])
            .filter(11, interface.filter())
            .text(12, interface.os());
        // In bytes, as everyone has it; as bits where it could not be told from these.
        if let Some(len) =
            interface.fcs_len().and_then(|len| if len < 16 { Some(len) } else { len.checked_mul(8) })
        {
            options = options.bytes(13, &[len]);
        }
        if window != 0 {
            options = options.bytes(14, &self.order.bytes64(window as u64));
        }
        body.extend(options.text(15, interface.hardware()).end());
        self.block(INTERFACE_DESCRIPTION, &body, sink)?;
        Ok(self.add_slot(index, interface, window, None))
    }

    fn check_room<W: Write>(&self, sink: &Sink<W>) -> Result<()> {
        if self.slots.len() < MAX_INTERFACES {
            return Ok(());
        }
        let message = format!("more than {MAX_INTERFACES} interfaces in one file");
        Err(sink.located(Error::new(ErrorKind::NotRepresentable, message)))
    }

    fn add_slot(&mut self, index: u32, interface: Interface, window: i64, clock: Option<Clock>) -> u32 {
        let number = self.slots.len() as u32;
        let (link_type, max_len) = (interface.link_type(), max_len(&interface));
        self.slots.push(Slot { index, link_type, max_len, window, clock });
        if clock.is_none() {
            self.numbers.insert((index, link_type.0, window), number);
        }
        self.interfaces.push(interface);
        self.next_index = self.next_index.max(u64::from(index) + 1);
        number
    }

    /// Keeps an interface's statistics for the end; `false` if it has not been described.
    pub(super) fn interface_stats(&mut self, index: u32, stats: &Stats) -> bool {
        let Some(number) = self.slots.iter().position(|slot| slot.index == index) else { return false };
        self.statistics.insert(number as u32, *stats);
        true
    }

    /// Writes what belongs to the end of a file: the interface statistics blocks.
    pub(super) fn end<W: Write>(&mut self, now: Timestamp, sink: &mut Sink<W>) -> Result<()> {
        self.start(sink)?;
        for (number, stats) in std::mem::take(&mut self.statistics) {
            // Only a clock that is centuries off the frames' does not fit.
            let units =
                self.slots.get(number as usize).and_then(|slot| slot.counted(now)).unwrap_or_default();
            let words = [number, (units >> 32) as u32, units as u32];
            let mut body = self.order.words(words).as_flattened().to_vec();
            // isb_ifdrop, isb_filteraccept, isb_osdrop, isb_usrdeliv
            let options = Options::new(self.order)
                .count(5, stats.interface_dropped)
                .count(6, stats.received_by_filter())
                .count(7, stats.dropped)
                .count(8, stats.received);
            body.extend(options.end());
            self.block(INTERFACE_STATISTICS, &body, sink)?;
        }
        Ok(())
    }

    pub(super) fn block<W: Write>(&self, kind: u32, body: &[u8], sink: &mut Sink<W>) -> Result<()> {
        let total = self.order.bytes32((EMPTY_BLOCK + body.len()) as u32);
        sink.append(&[&self.order.bytes32(kind), &total, body, &total].concat())
    }
}

/// A length with its padding. No frame is so long that this could overflow.
#[inline(always)]
const fn padded(len: usize) -> usize {
    (len + 3) & !3
}

/// Copies a frame's bytes to a place that is a multiple of 4 long.
#[inline(always)]
fn put_padded(bytes: WireBytes<'_>, place: &mut [u8]) {
    // What is behind the bytes is zeroed before they come over it: four bytes at once, wherever they end.
    if let Some(last) = place.last_chunk_mut::<4>() {
        *last = [0; 4];
    }
    bytes.copy_to(&mut place[..bytes.len()]);
}

/// How long the block is that starts here, if its length is there, and whether it is a packet's.
pub(super) fn block_len(bytes: &[u8], order: ByteOrder) -> (Option<usize>, bool) {
    let Some([kind, len]) = bytes.first_chunk::<8>().map(|header| {
        let [a, b, c, d, e, f, g, h] = *header;
        [order.u32_of([a, b, c, d]), order.u32_of([e, f, g, h])]
    }) else {
        return (None, false);
    };
    (Some(len as usize), BlockType(kind).is_packet())
}
