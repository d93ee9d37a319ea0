//! A thread that plays the kernel, on a ring in memory: for tests and benchmarks of what reads a ring.

use std::io;
use std::mem::offset_of;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use libc::{
    TP_STATUS_CSUM_VALID, TP_STATUS_CSUMNOTREADY, TP_STATUS_USER, TP_STATUS_VLAN_TPID_VALID,
    TP_STATUS_VLAN_VALID, sockaddr_ll, tpacket_hdr_variant1, tpacket3_hdr,
};

use super::context::{TP_STATUS_GSO_TCP, VIRTIO_HEADER, packet_type};
use super::handover::{Blocks, Filler, Reader};
use super::live::Counted;
use super::memory::{BLOCK_HEADER, Memory};
use super::open::RESERVE;
use super::prepare::{Changes, ETHERNET_HEADER};
use super::walk::{ADDRESS, FRAME_HEADER};
use crate::sys::{self, Event};
use crate::{Frame, LinkType, TimestampSource};

/// Fills a ring in memory as the kernel fills one: see [`Builder::in_memory`](super::Builder::in_memory).
///
/// What it writes is laid out as the kernel lays it out, and goes through the same code as what the kernel writes.
pub struct Producer {
    memory: Arc<Memory>,
    shared: Arc<Shared>,
    filler: Filler,
    changes: Changes,
    link_type: LinkType,
    /// Where the next frame goes in the block that is being filled; `None` if that has none yet.
    filling: Option<Filling>,
    /// How many frames each block was handed over with last.
    handed: Vec<u32>,
    frozen: bool,
}

#[derive(Clone, Copy)]
struct Filling {
    block: u32,
    frames: u32,
    /// Where the last frame starts, in bytes from the block's start.
    last: usize,
    next: usize,
}

/// What both ends of a ring in memory know.
pub(super) struct Shared {
    pub(super) name: Box<str>,
    ready: Event,
    received: AtomicU64,
    dropped: AtomicU64,
    full: AtomicU64,
}

impl Producer {
    pub(super) fn new(
        memory: Arc<Memory>,
        shared: Arc<Shared>,
        changes: Changes,
        link_type: LinkType,
    ) -> Self {
        let handed = vec![0; memory.count() as usize];
        Self {
            memory,
            shared,
            filler: Filler::default(),
            changes,
            link_type,
            filling: None,
            handed,
            frozen: false,
        }
    }

    /// Puts a frame into the block that is being filled, or into the next one if it does not fit; `false` if it was dropped, as the reader
    /// has not given that one back.
    ///
    /// Its bytes are cut to the snapshot length. A ring opened as `any` takes Ethernet frames with the link's header and frames of other
    /// link types without; [`Frame::interface`] is then the system's number of the interface.
    pub fn push(&mut self, frame: Frame<'_>) -> bool {
        let pushed = self.place(frame).is_some();
        let count = if pushed { &self.shared.received } else { &self.shared.dropped };
        count.fetch_add(1, Ordering::Relaxed);
        pushed
    }

    /// Hands the block over that is being filled, if it has a frame: what the kernel does when its time has passed.
    pub fn retire(&mut self) {
        let Some(filling) = self.filling.take() else { return };
        const STEP: usize = offset_of!(tpacket3_hdr, tp_next_offset);
        self.write(filling.block, filling.last + STEP, &0_u32.to_ne_bytes());
        self.hand_over(filling.block, filling.frames, BLOCK_HEADER as u32);
    }

    /// Hands over a block of these bytes behind its header, cut to what it has room for, which is said to have so many frames, the first
    /// of them so many bytes after the block's start. Nothing of it has to make sense. `false` if the reader has not given the block back.
    pub fn push_block(&mut self, bytes: &[u8], frames: u32, first: u32) -> bool {
        self.retire();
        let Some(block) = self.filler.current(&*self.memory) else { return false };
        let len = bytes.len().min(self.memory.block_size() - BLOCK_HEADER);
        self.write(block, BLOCK_HEADER, &bytes[..len]);
        self.shared.received.fetch_add(frames.into(), Ordering::Relaxed);
        self.hand_over(block, frames, first);
        true
    }

    /// Hands every block over again, as it was, that was filled and given back, and says how many: a benchmark can read the same frames
    /// again and again without the time that it takes to write them. None on `any`, where every frame is changed when it is read; VLAN
    /// tags that were put back stay in their frames.
    pub fn repeat(&mut self) -> usize {
        if self.changes.cooked {
            return 0;
        }
        self.retire();
        let mut repeated = 0;
        for _ in 0..self.memory.count() {
            let Some(block) = self.filler.current(&*self.memory) else { break };
            let frames = self.handed[block as usize];
            if frames == 0 {
                break;
            }
            self.shared.received.fetch_add(frames.into(), Ordering::Relaxed);
            self.hand_over(block, frames, self.memory.first_frame(block));
            repeated += 1;
        }
        repeated
    }

    fn hand_over(&mut self, block: u32, frames: u32, first: u32) {
        self.handed[block as usize] = frames;
        self.memory.set_frames(block, frames);
        self.memory.set_first_frame(block, first);
        self.filler.hand_over(&*self.memory);
        // It fails only if the descriptor were closed, and `shared` keeps it open.
        let _ = self.shared.ready.set();
    }

    /// `tpacket_rcv` of net/packet/af_packet.c.
    fn place(&mut self, frame: Frame<'_>) -> Option<()> {
        let data = frame.data();
        let data = data.get(..self.changes.snaplen as usize).unwrap_or(data);
        let header = Header::new(frame, data.len(), self.changes, self.link_type);
        let len = (header.mac + data.len()).next_multiple_of(8);
        let filling = self.room_for(len)?;
        let at = filling.next;
        self.write(filling.block, at, &header.bytes(len));
        if self.changes.virtio {
            self.write(filling.block, at + header.mac - VIRTIO_HEADER, &virtio(frame));
        }
        self.write(filling.block, at + header.mac, data);
        let frames = filling.frames + 1;
        self.memory.set_frames(filling.block, frames);
        self.filling = Some(Filling { frames, last: at, next: at + len, ..filling });
        Some(())
    }

    /// The block that has room for so many bytes more.
    fn room_for(&mut self, len: usize) -> Option<Filling> {
        if let Some(filling) = self.filling {
            if filling.next + len < self.memory.block_size() {
                return Some(filling);
            }
            self.retire();
        }
        if BLOCK_HEADER + len >= self.memory.block_size() {
            return None;
        }
        match self.filler.current(&*self.memory) {
            Some(block) => {
                self.frozen = false;
                Some(Filling { block, frames: 0, last: BLOCK_HEADER, next: BLOCK_HEADER })
            }
            None => {
                if !std::mem::replace(&mut self.frozen, true) {
                    self.shared.full.fetch_add(1, Ordering::Relaxed);
                }
                None
            }
        }
    }

    /// Writes to the block that is being filled, behind its header.
    fn write(&mut self, block: u32, offset: usize, bytes: &[u8]) {
        assert_eq!(self.filler.current(&*self.memory), Some(block));
        assert!(
            offset >= BLOCK_HEADER
                && bytes.len() <= self.memory.block_size() - offset.min(self.memory.block_size())
        );
        // SAFETY: it lies within the block.
        let to = unsafe { self.memory.block(block).add(offset) };
        // SAFETY: there are so many bytes behind it in the block. The block is the filler's, so that the reader does not look at what is
        // behind its header; and the filler is this producer, of which there is one, borrowed mutably.
        unsafe { to.as_ptr().copy_from_nonoverlapping(bytes.as_ptr(), bytes.len()) };
    }
}

impl std::fmt::Debug for Producer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Producer").field("blocks", &self.memory.count()).finish_non_exhaustive()
    }
}

/// What goes ahead of a frame.
struct Header {
    header: tpacket3_hdr,
    address: sockaddr_ll,
    mac: usize,
}

impl Header {
    fn new(frame: Frame<'_>, len: usize, changes: Changes, link_type: LinkType) -> Self {
        let reserve = if changes.any() { RESERVE } else { 0 };
        let ethernet = if changes.cooked { frame.link_type() } else { link_type } == LinkType::ETHERNET;
        let link = if ethernet { ETHERNET_HEADER } else { 0 };
        let virtio = if changes.virtio { VIRTIO_HEADER } else { 0 };
        let net = (FRAME_HEADER as usize + 16).next_multiple_of(16) + reserve + virtio;
        let mac = net - link;
        let mark = |set: bool, bit: u32| if set { bit } else { 0 };
        let tag = frame.vlan_tag();
        let hardware = frame.timestamp_source() == Some(TimestampSource::HardwareRaw);
        let time = frame.timestamp().unwrap_or_default();
        let header = tpacket3_hdr {
            tp_next_offset: 0,
            // A ring's seconds have 32 bits.
            tp_sec: time.secs() as u32,
            tp_nsec: time.subsec_nanos(),
            tp_snaplen: len as u32,
            tp_len: frame.original_len(),
            tp_status: TP_STATUS_USER
                | mark(tag.is_some(), TP_STATUS_VLAN_VALID | TP_STATUS_VLAN_TPID_VALID)
                | mark(frame.checksum_not_ready(), TP_STATUS_CSUMNOTREADY)
                | mark(frame.checksum_valid(), TP_STATUS_CSUM_VALID)
                | mark(frame.segmentation_offload(), TP_STATUS_GSO_TCP)
                | mark(hardware, libc::TP_STATUS_TS_RAW_HARDWARE),
            tp_mac: mac as u16,
            tp_net: net as u16,
            hv1: tpacket_hdr_variant1 {
                tp_rxhash: 0,
                tp_vlan_tci: tag.map_or(0, |tag| tag.tci.into()),
                tp_vlan_tpid: tag.map_or(0, |tag| tag.tpid),
                tp_padding: 0,
            },
            tp_padding: [0; 8],
        };
        let address = sockaddr_ll {
            sll_family: libc::AF_PACKET as u16,
            // What the kernel finds behind all tags, where it takes the protocol from a frame (`vlan_get_protocol_dgram`).
            sll_protocol: (libc::ETH_P_IP as u16).to_be(),
            sll_ifindex: frame.interface() as i32,
            sll_hatype: libc::ARPHRD_ETHER,
            sll_pkttype: packet_type(frame),
            sll_halen: 6,
            sll_addr: [0; 8],
        };
        Self { header, address, mac }
    }

    /// As the kernel has it in memory, with this distance to the next.
    fn bytes(&self, step: usize) -> [u8; FRAME_HEADER as usize] {
        let Self { header, address, .. } = self;
        let mut bytes = [0; FRAME_HEADER as usize];
        let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
        put(offset_of!(tpacket3_hdr, tp_next_offset), &(step as u32).to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_sec), &header.tp_sec.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_nsec), &header.tp_nsec.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_snaplen), &header.tp_snaplen.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_len), &header.tp_len.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_status), &header.tp_status.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_mac), &header.tp_mac.to_ne_bytes());
        put(offset_of!(tpacket3_hdr, tp_net), &header.tp_net.to_ne_bytes());
        let tag = offset_of!(tpacket3_hdr, hv1);
        put(tag + offset_of!(tpacket_hdr_variant1, tp_vlan_tci), &header.hv1.tp_vlan_tci.to_ne_bytes());
        put(tag + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid), &header.hv1.tp_vlan_tpid.to_ne_bytes());
        let base = ADDRESS as usize;
        put(base + offset_of!(sockaddr_ll, sll_family), &address.sll_family.to_ne_bytes());
        put(base + offset_of!(sockaddr_ll, sll_protocol), &address.sll_protocol.to_ne_bytes());
        put(base + offset_of!(sockaddr_ll, sll_ifindex), &address.sll_ifindex.to_ne_bytes());
        put(base + offset_of!(sockaddr_ll, sll_hatype), &address.sll_hatype.to_ne_bytes());
        put(base + offset_of!(sockaddr_ll, sll_pkttype), &[address.sll_pkttype, address.sll_halen]);
        bytes
    }
}

/// `struct virtio_net_hdr`.
fn virtio(frame: Frame<'_>) -> [u8; VIRTIO_HEADER] {
    let mut header = [0; VIRTIO_HEADER];
    if let Some(segmentation) = frame.segmentation() {
        header[1] = segmentation.kind.0;
        header[4..6].copy_from_slice(&segmentation.size.to_ne_bytes());
    }
    header
}

impl Shared {
    pub(super) fn new(name: &str) -> io::Result<Self> {
        let zero = || AtomicU64::new(0);
        Ok(Self { name: name.into(), ready: Event::new()?, received: zero(), dropped: zero(), full: zero() })
    }

    pub(super) fn counted(&self) -> Counted {
        Counted {
            received: self.received.load(Ordering::Relaxed),
            dropped: self.dropped.load(Ordering::Relaxed),
            full: self.full.load(Ordering::Relaxed),
        }
    }

    /// Waits until the reader's next block is full, or until the stop event is set or the deadline.
    pub(super) fn wait(
        &self,
        memory: &Memory,
        reader: &Reader,
        stop: Option<&Event>,
        deadline: Option<Instant>,
    ) -> io::Result<()> {
        self.ready.clear()?;
        // A block that was handed over before the event was cleared shows now; one that is handed over later sets it again.
        if memory.is_readers(reader.next()) {
            return Ok(());
        }
        match stop {
            Some(stop) => sys::wait([self.ready.as_fd(), stop.as_fd()], deadline).map(drop),
            None => sys::wait([self.ready.as_fd()], deadline).map(drop),
        }
    }
}

impl AsFd for Shared {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}
