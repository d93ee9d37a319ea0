//! What all frames of a ring have in common, and how a frame is made from its header.

use std::sync::atomic::{AtomicBool, Ordering};

use libc::{TP_STATUS_VLAN_TPID_VALID, TP_STATUS_VLAN_VALID};

use pycap_wire::Sll2;

use super::device;
use super::prepare::{self, TAG_LEN, has_room_for_tag};
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
    /// VLAN tags are put back into frames as the walk comes to them.
    pub(super) tags: bool,
    pub(super) snaplen: u32,
    /// Frames that do not match are left out.
    pub(super) filter: Option<Filter>,
    /// Frames that do not match as they would in the kernel are left out.
    pub(super) as_kernel: Option<AsKernel>,
    /// A header that does not make sense was met since the last look.
    pub(super) damage: AtomicBool,
}

/// A filter that this process matches in place of the kernel.
pub(super) struct AsKernel {
    pub(super) filter: Filter,
    /// For those frames of `any` alone that the kernel could not look at.
    pub(super) unseen_alone: bool,
}

impl Context {
    /// The next frame of the walk that the filter lets through.
    ///
    /// # Safety
    ///
    /// As for [`next_entry`](Self::next_entry), and during `'b`, the walk's block is the reader's and nobody writes to it otherwise.
    #[inline(always)]
    pub(super) unsafe fn next<'b>(&'b self, walk: &mut Walk) -> Option<Frame<'b>> {
        // SAFETY: the caller's promise.
        let entry = unsafe { self.next_entry(walk) }?;
        // SAFETY: the caller's promise.
        Some(unsafe { self.frame(&entry) })
    }

    /// The same, not yet made a frame, so that it borrows nothing.
    ///
    /// A frame that has a VLAN tag beside its bytes, and place for it among them, is changed before it is handed out first; it is not
    /// when it is come to again, as it has none beside them then.
    ///
    /// # Safety
    ///
    /// During the call, the walk's block is the reader's and nobody writes to it, and no other thread walks through it.
    #[inline(always)]
    pub(super) unsafe fn next_entry(&self, walk: &mut Walk) -> Option<Entry> {
        loop {
            // SAFETY: the caller's promise.
            let Some(mut entry) = (unsafe { walk.next() }) else {
                if walk.is_damaged() {
                    self.note_damage();
                }
                return None;
            };
            if self.tags && has_room_for_tag(&entry.header, self.virtio) {
                // SAFETY: no other thread is at the frame (the caller). It was not handed out before, since then it would have no tag beside
                // its bytes that has place among them, so that nothing borrows from it; nor from a frame that has bytes in common with it, as
                // `Walk::next` goes from each to behind its end.
                unsafe { entry.put_tag_back(self.virtio, self.snaplen) };
            }
            if self.filter.is_none() && self.as_kernel.is_none() {
                return Some(entry);
            }
            // SAFETY: the caller's promise.
            let frame = unsafe { self.frame(&entry) };
            if self.is_wanted(frame, prepare::tag_is_back(&entry.header)) {
                return Some(entry);
            }
        }
    }

    /// Whether the filters of this process let a frame through.
    fn is_wanted(&self, frame: Frame<'_>, tag_is_back: bool) -> bool {
        let seen = || {
            let header = Sll2::parse(frame.data());
            header.is_ok_and(|header| device::link_header_len(header.hardware_type().0).is_some())
        };
        self.filter.as_ref().is_none_or(|filter| frame.matches(filter))
            && self.as_kernel.as_ref().is_none_or(|AsKernel { filter, unseen_alone }| {
                *unseen_alone && seen() || frame.matches_as_in_kernel(filter, tag_is_back)
            })
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
        let tpid = tag_protocol(header.tp_status, header.hv1.tp_vlan_tpid);
        // A tag that is put back when it is asked for or written does not take the frame past the snapshot length either.
        let data = match self.snaplen as usize {
            snaplen if tpid != 0 && data.len() > snaplen.saturating_sub(TAG_LEN) => {
                cut_for_tag(data, snaplen)
            }
            _ => data,
        };
        let mut frame = Frame::new(data, self.link_type)
            .with_original_len(header.tp_len)
            .with_timestamp(Timestamp::new(i64::from(header.tp_sec), header.tp_nsec))
            .with_timestamp_source(timestamp_source(header.tp_status))
            .with_flags(marks(header.tp_status, packet_type))
            .with_vlan_tag(VlanTag {
                tpid,
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
        let index = if self.several { prepare::interface_index(header) } else { 0 };
        frame.with_interface(index).borrow_from(data, self.interfaces.get(index as usize))
    }
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

/// What of the bytes is left where a tag is counted among them.
#[cold]
fn cut_for_tag(data: &[u8], snaplen: usize) -> &[u8] {
    data.get(..snaplen.saturating_sub(TAG_LEN)).unwrap_or(data)
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
