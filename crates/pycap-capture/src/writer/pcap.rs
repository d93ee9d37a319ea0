//! Classic pcap, version 2.4: one link type, times from 1970 to 2106. Its layout heads `savefile/pcap.rs`.

use std::io::Write;

use super::number::words;
use super::sink::Sink;
use crate::savefile::max_frame_len;
use crate::wire_bytes::WireBytes;
use crate::{
    ByteOrder, Error, ErrorKind, Format, Frame, Interface, LinkType, MAX_SNAPLEN, Result, Timestamp,
};

pub(super) const FILE_HEADER: usize = 24;
const RECORD_HEADER: usize = 16;

/// A classic pcap file that is being written.
pub(super) struct Pcap {
    order: ByteOrder,
    nanoseconds: bool,
    snaplen: Option<u32>,
    /// None until it is known; with it the file header is written.
    link_type: Option<LinkType>,
    header: Header,
    /// What [`Pcap::add_interface`] comes back with next.
    next_index: u32,
}

/// What every record is held against.
#[derive(Clone, Copy)]
struct Header {
    link_type: LinkType,
    max_len: u32,
    snaplen: u32,
}

impl Pcap {
    pub(super) fn new(format: Format, order: ByteOrder, snaplen: Option<u32>) -> Self {
        Self {
            order,
            nanoseconds: format == Format::PcapNanosecond,
            snaplen,
            link_type: None,
            header: Header { link_type: LinkType::NULL, max_len: 0, snaplen: 0 },
            next_index: 0,
        }
    }

    /// The link type in the file header, once that is written.
    pub(super) fn link_type(&self) -> Option<LinkType> {
        self.link_type
    }

    /// Puts a frame into the sink's buffer; `false` if there is anything odd about it, or no room.
    #[inline(always)]
    pub(super) fn write<W>(&self, frame: &Frame<'_>, sink: &mut Sink<W>) -> bool {
        if frame.vlan_tag().is_some() || self.order != ByteOrder::NATIVE {
            let copy = *frame;
            return self.write_rare(&copy, sink);
        }
        self.put::<W, false>(frame, WireBytes::Whole(frame.data()), sink)
    }

    #[inline(never)]
    fn write_rare<W>(&self, frame: &Frame<'_>, sink: &mut Sink<W>) -> bool {
        let bytes = WireBytes::of(*frame).within(self.header.snaplen);
        match self.order {
            ByteOrder::NATIVE => self.put::<W, false>(frame, bytes, sink),
            _ => self.put::<W, true>(frame, bytes, sink),
        }
    }

    #[inline(always)]
    fn put<W, const SWAPPED: bool>(
        &self,
        frame: &Frame<'_>,
        bytes: WireBytes<'_>,
        sink: &mut Sink<W>,
    ) -> bool {
        let Header { link_type, max_len, .. } = self.header;
        // Before the file header is written the sink has no room, so `link_type` can have any value until
        // then.
        if frame.link_type() != link_type || bytes.len() > max_len as usize {
            return false;
        }
        // A frame without a time gets 1970-01-01 00:00:00, as editcap and tcpdump have it.
        let time = frame.timestamp().unwrap_or(Timestamp::UNIX_EPOCH);
        let Ok(secs) = u32::try_from(time.secs()) else { return false };
        let nanos = time.subsec_nanos();
        let fraction = if self.nanoseconds { nanos } else { nanos / 1000 };
        let Some(record) = sink.room(RECORD_HEADER + bytes.len()) else { return false };
        let (header, data) = record.split_at_mut(RECORD_HEADER);
        let original_len = frame.original_len().saturating_add(bytes.added());
        let words = words::<SWAPPED, _>([secs, fraction, bytes.len() as u32, original_len]);
        header.copy_from_slice(words.as_flattened());
        bytes.copy_to(data);
        true
    }

    /// Does what it takes for [`write`](Self::write) to succeed, or says why it cannot. Goes with `number`,
    /// the frame's number from 1.
    pub(super) fn prepare<W: Write>(
        &mut self,
        frame: Frame<'_>,
        number: u64,
        sink: &mut Sink<W>,
    ) -> Result<()> {
        let link_type = self.link_type.unwrap_or(frame.link_type());
        let max_len = max_frame_len(link_type);
        let fail = |message| Err(sink.located(Error::new(ErrorKind::NotRepresentable, message)));
        if frame.link_type() != link_type {
            let other = frame.link_type();
            return fail(format!(
                "frame {number} has link type {other} and the file {link_type}; a pcapng file takes both"
            ));
        }
        let bytes = WireBytes::of(frame).within(match self.link_type {
            Some(_) => self.header.snaplen,
            None => self.snaplen_with(frame.interface_info().unwrap_or(&Interface::new(link_type))),
        });
        if bytes.len() > max_len as usize {
            let len = bytes.len();
            return fail(format!(
                "frame {number} has {len} bytes; no reader takes more than {max_len} for link type {link_type}"
            ));
        }
        if let Some(time) = frame.timestamp()
            && u32::try_from(time.secs()).is_err()
        {
            return fail(format!(
                "frame {number} was captured at {time} s, and pcap holds times from 0 to {} s; pcapng holds them all",
                u32::MAX
            ));
        }
        if self.link_type.is_none() {
            let bare = Interface::new(link_type);
            let info = frame.interface_info().filter(|info| info.link_type() == link_type);
            self.start(info.unwrap_or(&bare), sink)?;
        }
        sink.reserve(RECORD_HEADER + bytes.len())
    }

    /// Takes an interface for what the file header says.
    pub(super) fn add_interface<W: Write>(
        &mut self,
        interface: &Interface,
        sink: &mut Sink<W>,
    ) -> Result<u32> {
        match self.link_type {
            None => self.start(interface, sink)?,
            Some(link_type) if link_type == interface.link_type() => sink.check()?,
            Some(link_type) => {
                let other = interface.link_type();
                let message = format!(
                    "an interface of link type {other} and a file of {link_type}; a pcapng file takes both"
                );
                return Err(sink.located(Error::new(ErrorKind::NotRepresentable, message)));
            }
        }
        let index = self.next_index;
        self.next_index = index.saturating_add(1);
        Ok(index)
    }

    /// Sees to it that there is a file header: without any frame, one of Ethernet.
    pub(super) fn end<W: Write>(&mut self, sink: &mut Sink<W>) -> Result<()> {
        match self.link_type {
            Some(_) => Ok(()),
            None => self.start(&Interface::new(LinkType::ETHERNET), sink),
        }
    }

    /// The snapshot length in the header of a file that begins with a frame of this interface.
    fn snaplen_with(&self, interface: &Interface) -> u32 {
        // libpcap takes 0 and what is no signed number for no limit, and so writes one instead.
        let stated = Some(interface.snaplen()).filter(|snaplen| (1..=i32::MAX as u32).contains(snaplen));
        self.snaplen.or(stated).unwrap_or(MAX_SNAPLEN)
    }

    /// Writes the file header.
    pub(super) fn start<W: Write>(&mut self, interface: &Interface, sink: &mut Sink<W>) -> Result<()> {
        let magic = if self.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 };
        let snaplen = self.snaplen_with(interface);
        let link_type = interface.link_type();
        // The length of the frame check sequence is in units of 16 bits, beside a bit that says that it is
        // there.
        let fcs = match interface.fcs_len() {
            Some(bytes) if bytes < 32 && bytes.is_multiple_of(2) => 0x0400_0000 | u32::from(bytes / 2) << 28,
            _ => 0,
        };
        let version = [self.order.bytes16(2), self.order.bytes16(4)];
        let mut header = Vec::with_capacity(FILE_HEADER);
        header.extend(self.order.bytes32(magic));
        header.extend(version.as_flattened());
        header.extend(self.order.words([0, 0, snaplen, fcs | u32::from(link_type.0)]).as_flattened());
        sink.append(&header)?;
        self.link_type = Some(link_type);
        self.header = Header { link_type, max_len: max_frame_len(link_type), snaplen };
        Ok(())
    }
}

/// How long the record is that starts here, if its header is whole.
pub(super) fn record_len(bytes: &[u8], order: ByteOrder) -> Option<usize> {
    let header = bytes.first_chunk::<RECORD_HEADER>()?;
    Some(RECORD_HEADER + order.u32_of([header[8], header[9], header[10], header[11]]) as usize)
}
