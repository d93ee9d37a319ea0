//! Classic pcap (draft-ietf-opsawg-pcap; libpcap `sf-pcap.c` for what it leaves out).
//!
//! ```text
//! file:    magic (4) | major (2) | minor (2) | reserved (8) | snaplen (4) | FCS and link type (4)
//! record:  seconds (4) | micro- or nanoseconds (4) | captured length (4) | original length (4) | data
//!          modified format, behind the lengths: interface index (4) | protocol (2) | packet type (1) | padding (1)
//! ```

use pycap_wire::LinkType;

use super::{ByteOrder, Format, Input, Parsed, fcs_flags, max_frame_len};
use crate::{
    Direction, Error, ErrorKind, Frame, Interface, Reception, Result, Timestamp, TimestampResolution,
};

const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;
const MODIFIED_RECORD_HEADER: usize = 24;

/// What the magic number tells.
pub(super) fn magic(bytes: [u8; 4]) -> Option<(Format, ByteOrder)> {
    Some(match u32::from_be_bytes(bytes) {
        0xa1b2_c3d4 => (Format::Pcap, ByteOrder::Big),
        0xd4c3_b2a1 => (Format::Pcap, ByteOrder::Little),
        0xa1b2_3c4d => (Format::PcapNanosecond, ByteOrder::Big),
        0x4d3c_b2a1 => (Format::PcapNanosecond, ByteOrder::Little),
        0xa1b2_cd34 => (Format::PcapModified, ByteOrder::Big),
        0x34cd_b2a1 => (Format::PcapModified, ByteOrder::Little),
        _ => return None,
    })
}

/// A classic pcap file, past its header.
pub(super) struct Pcap {
    pub(super) format: Format,
    pub(super) order: ByteOrder,
    pub(super) version: (u16, u16),
    interface: Interface,
    lengths: Lengths,
    link_type: LinkType,
    /// What every frame's flags start from: the length of the frame check sequence.
    flags: u32,
    max_len: u32,
    /// Nanoseconds in the unit of the sub-second field, and how many of these units make a second.
    nanos_per_unit: u32,
    units_per_sec: u32,
    /// Records have the plain layout: what [`Pcap::parse`] takes.
    plain: bool,
}

/// Which of the two lengths of a record is the captured one.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Lengths {
    InOrder,
    Swapped,
    /// Version 2.3 was written both ways.
    SwappedIfLonger,
}

impl Pcap {
    /// Reads the file header, at the start of the file.
    pub(super) fn open(format: Format, order: ByteOrder, input: &mut Input<'_>) -> Result<Self> {
        if !input.ensure(FILE_HEADER)? {
            let found = input.window().len();
            let message =
                format!("the file ends early: the file header needs {FILE_HEADER} bytes, {found} found");
            return Err(Error::new(ErrorKind::Truncated, message).at(0));
        }
        let header = &input.start::<FILE_HEADER>();
        let version @ (major, minor) = (order.u16_at::<4, _>(header), order.u16_at::<6, _>(header));
        let lengths = match version {
            (2, 0..=2) => Lengths::Swapped,
            (2, 3) => Lengths::SwappedIfLonger,
            // 2.4 is the last there is; files that claim a later minor version are laid out the same.
            (2, _) => Lengths::InOrder,
            // DG/UX's tcpdump.
            (543, 0) => Lengths::Swapped,
            _ => {
                let message = format!("pcap version {major}.{minor} is not known: version 2 can be read");
                return Err(Error::new(ErrorKind::UnsupportedVersion, message).at(4));
            }
        };
        let snaplen = order.u32_at::<16, _>(header);
        let word = order.u32_at::<20, _>(header);
        if word & 0x03ff_0000 != 0 {
            let message = format!("the reserved bits of the link-type word are not zero: {word:#010x}");
            return Err(Error::new(ErrorKind::Malformed, message).at(20));
        }
        // The length of the frame check sequence, in units of 16 bits, counts only beside its own presence
        // bit.
        let fcs_len = (word & 0x0400_0000 != 0).then_some((word >> 28) as u8 * 2);
        let link_type = LinkType(word as u16);
        let (resolution, nanos_per_unit, units_per_sec) = match format {
            Format::PcapNanosecond => (TimestampResolution::NANOSECONDS, 1, 1_000_000_000),
            _ => (TimestampResolution::MICROSECONDS, 1000, 1_000_000),
        };
        let mut interface =
            Interface::new(link_type).with_snaplen(snaplen).with_timestamp_resolution(resolution);
        if let Some(bytes) = fcs_len {
            interface = interface.with_fcs_len(bytes);
        }
        input.consume(FILE_HEADER);
        Ok(Self {
            format,
            order,
            version,
            interface,
            lengths,
            link_type,
            flags: fcs_flags(fcs_len),
            max_len: max_frame_len(link_type),
            nanos_per_unit,
            units_per_sec,
            plain: lengths == Lengths::InOrder && format != Format::PcapModified,
        })
    }

    /// The one interface.
    #[inline]
    pub(super) fn interfaces(&self) -> &[Interface] {
        std::slice::from_ref(&self.interface)
    }

    /// The record at the start of the window, if it is whole and nothing is odd about it. This is the whole
    /// cost of nearly every record; [`next`](Self::next) takes the others.
    #[inline]
    pub(super) fn parse(&self, window: &[u8]) -> Option<Parsed> {
        let header = window.first_chunk::<RECORD_HEADER>()?;
        let units = self.order.u32_at::<4, _>(header);
        let caplen = self.order.u32_at::<8, _>(header);
        if caplen > self.max_len || units >= self.units_per_sec || !self.plain {
            return None;
        }
        let total = RECORD_HEADER + caplen as usize;
        if total > window.len() {
            return None;
        }
        let secs = i64::from(self.order.u32_at::<0, _>(header));
        let frame = Frame::new(&[], self.link_type)
            .with_timestamp(Timestamp::new(secs, units * self.nanos_per_unit))
            .with_original_len(self.order.u32_at::<12, _>(header))
            .with_flags(self.flags);
        Some(Parsed { frame, data_at: RECORD_HEADER, data_len: caplen as usize, total })
    }

    /// The next record, read as far as need be; `None` at the end of the file. `number` is its number for
    /// errors.
    #[cold]
    #[inline(never)]
    pub(super) fn next(&self, number: u64, input: &mut Input<'_>) -> Result<Option<Parsed>> {
        let offset = input.position();
        let fail = |kind, message| Err(Error::new(kind, message).at(offset).in_record(number));
        let header_len = match self.format {
            Format::PcapModified => MODIFIED_RECORD_HEADER,
            _ => RECORD_HEADER,
        };
        if !input.ensure(header_len)? {
            let found = input.window().len();
            if found == 0 {
                return Ok(None);
            }
            let message = format!("the file ends early: its header needs {header_len} bytes, {found} found");
            return fail(ErrorKind::Truncated, message);
        }
        let header = input.start::<RECORD_HEADER>();
        let (caplen, original_len) = self.lengths(&header);
        if caplen > self.max_len {
            let (link_type, most) = (self.link_type, self.max_len);
            let message = format!(
                "{caplen} bytes of data announced, a frame of link type {link_type} has at most {most}; the file is damaged"
            );
            return fail(ErrorKind::Malformed, message);
        }
        let total = header_len + caplen as usize;
        if !input.ensure(total)? {
            let found = input.window().len() - header_len;
            let message = format!("the file ends early: {caplen} bytes of data announced, {found} found");
            return fail(ErrorKind::Truncated, message);
        }
        // Files exist whose microseconds go past a million; like libpcap and Wireshark we add them up. As
        // nanoseconds they would not fit 32 bits.
        let units = self.order.u32_at::<4, _>(&header);
        let secs = i64::from(self.order.u32_at::<0, _>(&header)) + i64::from(units / self.units_per_sec);
        let mut frame = Frame::new(&[], self.link_type)
            .with_timestamp(Timestamp::new(secs, units % self.units_per_sec * self.nanos_per_unit))
            .with_original_len(original_len)
            .with_flags(self.flags);
        if self.format == Format::PcapModified {
            frame = with_packet_type(frame, &input.start());
        }
        Ok(Some(Parsed { frame, data_at: header_len, data_len: caplen as usize, total }))
    }

    /// Captured and original length.
    fn lengths(&self, header: &[u8; RECORD_HEADER]) -> (u32, u32) {
        let (first, second) = (self.order.u32_at::<8, _>(header), self.order.u32_at::<12, _>(header));
        match self.lengths {
            Lengths::Swapped => (second, first),
            Lengths::SwappedIfLonger if first > second => (second, first),
            Lengths::SwappedIfLonger | Lengths::InOrder => (first, second),
        }
    }
}

/// The modified format keeps Linux's `sll_pkttype` (`PACKET_HOST` ... in `linux/if_packet.h`).
fn with_packet_type<'a>(frame: Frame<'a>, header: &[u8; MODIFIED_RECORD_HEADER]) -> Frame<'a> {
    let inbound = |reception| frame.with_direction(Direction::Inbound).with_reception(reception);
    match header[22] {
        0 => inbound(Reception::Unicast),
        1 => inbound(Reception::Broadcast),
        2 => inbound(Reception::Multicast),
        3 => inbound(Reception::Promiscuous),
        4 => frame.with_direction(Direction::Outbound),
        _ => frame,
    }
}
