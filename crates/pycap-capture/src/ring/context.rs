//! What all frames of a ring have in common, and how a frame is made from its header.

use std::sync::atomic::{AtomicBool, Ordering};

use libc::{TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID};

use pycap_filter::{Input, Metadata};

use super::walk::{Entry, Walk};
use crate::frame::flag;
use crate::{
    Direction, Filter, Frame, Interface, LinkType, Reception, Segmentation, SegmentationKind, Timestamp,
    TimestampSource, VlanTag,
};

/// `struct virtio_net_hdr`, ahead of the captured bytes where it was asked for.
pub(super) const VIRTIO_HEADER: usize = 10;
/// VIRTIO_NET_HDR_GSO_NONE.
const VIRTIO_NO_SEGMENTATION: u8 = 0;

/// The frame is a TCP segment that is larger than any on the wire: include/uapi/linux/if_packet.h, not in the libc crate yet.
pub(super) const TP_STATUS_GSO_TCP: u32 = 1 << 8;

pub(super) struct Context {
    pub(super) interfaces: Vec<Interface>,
    pub(super) link_type: LinkType,
    /// The index of each frame's interface is in its header: see [`prepare`](super::prepare).
    pub(super) several: bool,
    /// The virtio-net header is ahead of each frame.
    pub(super) virtio: bool,
    /// Frames that do not match are left out.
    pub(super) filter: Option<Filter>,
    /// A header that does not make sense was met since the last look.
    pub(super) damage: AtomicBool,
}

impl Context {
    /// The next frame of the walk that the filter lets through.
    ///
    /// # Safety
    ///
    /// During `'b`, the walk's block is the reader's and nobody writes to it.
    #[inline(always)]
    pub(super) unsafe fn next<'b>(&'b self, walk: &mut Walk) -> Option<Frame<'b>> {
        // SAFETY: the caller's promise.
        let entry = unsafe { self.next_entry(walk) }?;
        // SAFETY: the caller's promise.
        Some(unsafe { self.frame(&entry) })
    }

    /// The same, not yet made a frame, so that it borrows nothing.
    ///
    /// # Safety
    ///
    /// During the call, the walk's block is the reader's and nobody writes to it.
    #[inline(always)]
    pub(super) unsafe fn next_entry(&self, walk: &mut Walk) -> Option<Entry> {
        loop {
            // SAFETY: the caller's promise.
            let Some(entry) = (unsafe { walk.next() }) else {
                if walk.is_damaged() {
                    self.note_damage();
                }
                return None;
            };
            let Some(filter) = &self.filter else { return Some(entry) };
            // SAFETY: the caller's promise.
            let frame = unsafe { self.frame(&entry) };
            if matches(filter, frame) {
                return Some(entry);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn note_damage(&self) {
        self.damage.store(true, Ordering::Relaxed);
    }

    /// What the entry says.
    ///
    /// # Safety
    ///
    /// As for [`next`](Self::next).
    #[inline(always)]
    pub(super) unsafe fn frame<'b>(&'b self, entry: &Entry) -> Frame<'b> {
        let header = &entry.header;
        // SAFETY: the caller's promise.
        let data = unsafe { entry.data() };
        // SAFETY: the caller's promise.
        let packet_type = unsafe { entry.packet_type() };
        let mut frame = Frame::new(data, self.link_type)
            .with_original_len(header.tp_len)
            .with_timestamp(Timestamp::new(i64::from(header.tp_sec), header.tp_nsec))
            .with_timestamp_source(timestamp_source(header.tp_status))
            .with_flags(marks(header.tp_status, packet_type))
            .with_vlan_tag(VlanTag {
                tpid: tag_protocol(header.tp_status, header.hv1.tp_vlan_tpid),
                // The kernel has 32 bits for the 16 of a tag.
                tci: header.hv1.tp_vlan_tci as u16,
            });
        if self.virtio {
            // SAFETY: the caller's promise.
            let [_, kind, _, _, size @ .., _, _, _, _] = unsafe { entry.ahead::<VIRTIO_HEADER>() };
            if kind != VIRTIO_NO_SEGMENTATION {
                let size = u16::from_ne_bytes(size);
                frame = frame.with_segmentation(Segmentation { size, kind: SegmentationKind(kind) });
            }
        }
        let index = if self.several { super::prepare::interface_index(header) } else { 0 };
        frame.with_interface(index).borrow_from(data, self.interfaces.get(index as usize))
    }
}

/// Whether a filter matches a frame in this process.
fn matches(filter: &Filter, frame: Frame<'_>) -> bool {
    let input = Input::new(frame.data(), frame.original_len());
    if !filter.uses_ancillary() {
        return filter.matches(input);
    }
    let metadata = Metadata::new()
        .with_packet_type(packet_type(frame))
        .with_vlan(frame.vlan_tag().map(|tag| (tag.tpid, tag.tci)));
    filter.matches(input.with_metadata(&metadata))
}

/// The packet type of include/uapi/linux/if_packet.h that says the same as a frame's direction and reception.
pub(super) fn packet_type(frame: Frame<'_>) -> u8 {
    match (frame.direction(), frame.reception()) {
        (Direction::Outbound, _) => 4,
        (_, Reception::Broadcast) => 1,
        (_, Reception::Multicast) => 2,
        (_, Reception::Promiscuous) => 3,
        _ => 0,
    }
}

/// The marks of a frame, from its status and from whom it was sent to.
#[inline(always)]
fn marks(status: u32, packet_type: u8) -> u32 {
    use libc::{TP_STATUS_CSUM_VALID, TP_STATUS_CSUMNOTREADY};
    const _: () = assert!(TP_STATUS_CSUMNOTREADY << 6 == flag::CHECKSUM_NOT_READY);
    const _: () = assert!(TP_STATUS_CSUM_VALID << 3 == flag::CHECKSUM_VALID);
    const _: () = assert!(TP_STATUS_GSO_TCP << 3 == flag::SEGMENTATION_OFFLOAD);
    u32::from(PACKET_TYPES[usize::from(packet_type & 7)])
        | (status & TP_STATUS_CSUMNOTREADY) << 6
        | (status & (TP_STATUS_CSUM_VALID | TP_STATUS_GSO_TCP)) << 3
}

/// Direction and reception for each packet type of include/uapi/linux/if_packet.h: PACKET_HOST, _BROADCAST, _MULTICAST, _OTHERHOST,
/// _OUTGOING; the others are never seen by a packet socket.
static PACKET_TYPES: [u8; 8] = {
    const fn inbound(reception: Reception) -> u8 {
        Direction::Inbound as u8 | (reception as u8) << flag::RECEPTION_SHIFT
    }
    [
        inbound(Reception::Unicast),
        inbound(Reception::Broadcast),
        inbound(Reception::Multicast),
        inbound(Reception::Promiscuous),
        Direction::Outbound as u8,
        0,
        0,
        0,
    ]
};

/// What took the time of a frame.
#[inline(always)]
fn timestamp_source(status: u32) -> TimestampSource {
    if status & libc::TP_STATUS_TS_RAW_HARDWARE == 0 {
        TimestampSource::Kernel
    } else {
        TimestampSource::HardwareRaw
    }
}

/// The protocol of the tag that was taken out of a frame; 0 if none was.
#[inline(always)]
pub(super) fn tag_protocol(status: u32, protocol: u16) -> u16 {
    if status & TP_STATUS_VLAN_VALID == 0 {
        0
    } else if status & TP_STATUS_VLAN_TPID_VALID == 0 {
        0x8100
    } else {
        protocol
    }
}
