//! What is changed in a block before any of its frames is handed out: the pseudo link header of `any` and VLAN tags, both put right
//! ahead of the captured bytes, where the kernel leaves room.
//!
//! All of it is safe code over the bytes of one block: nothing that a header says is believed.

use std::mem::offset_of;

use libc::{TP_STATUS_VLAN_VALID, sockaddr_ll, tpacket_hdr_variant1, tpacket3_hdr};

use super::context::{VIRTIO_HEADER, tag_protocol};
use super::walk::{ADDRESS, FRAME_HEADER};

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Changes {
    /// The link header was taken off by the kernel, and a LINUX_SLL2 header stands in for it. The index of the frame's interface, in
    /// our own count, is left in the header.
    pub(super) cooked: bool,
    /// VLAN tags go back to where they were.
    pub(super) tags: bool,
    /// The virtio-net header stays right ahead of the bytes.
    pub(super) virtio: bool,
    /// No frame is to be longer.
    pub(super) snaplen: u32,
}

impl Changes {
    pub(super) fn is_needed(&self) -> bool {
        self.cooked || self.tags
    }
}

/// The interface's index that [`prepare`] left.
#[inline(always)]
pub(super) fn interface_index(header: &tpacket3_hdr) -> u32 {
    let [a, b, c, d, ..] = header.tp_padding;
    u32::from_ne_bytes([a, b, c, d])
}

/// Changes so many frames, the first of them at `first` in `frames`, which is a block without its header. `index` gives our index for an
/// interface of the system's.
pub(super) fn prepare(
    frames: &mut [u8],
    count: u32,
    first: usize,
    changes: Changes,
    mut index: impl FnMut(u32) -> u32,
) {
    let mut at = first;
    for _ in 0..count {
        let Some(frame) = frames.get_mut(at..).filter(|rest| rest.len() >= FRAME_HEADER as usize) else {
            return;
        };
        let step = get::<u32>(frame, offset_of!(tpacket3_hdr, tp_next_offset));
        if change(frame, changes, &mut index).is_none() || step < FRAME_HEADER {
            // The walk that hands the frames out meets the same damage, and says so.
            return;
        }
        at += step as usize;
    }
}

/// Changes the frame that `frame` starts with; `None` if its header makes no sense.
fn change(frame: &mut [u8], changes: Changes, index: &mut impl FnMut(u32) -> u32) -> Option<()> {
    const MAC: usize = offset_of!(tpacket3_hdr, tp_mac);
    const SNAPLEN: usize = offset_of!(tpacket3_hdr, tp_snaplen);
    const LEN: usize = offset_of!(tpacket3_hdr, tp_len);
    const STATUS: usize = offset_of!(tpacket3_hdr, tp_status);
    const TAG: usize = offset_of!(tpacket3_hdr, hv1);
    const PADDING: usize = offset_of!(tpacket3_hdr, tp_padding);

    let start = usize::from(get::<u16>(frame, MAC));
    let len = get::<u32>(frame, SNAPLEN);
    if start < FRAME_HEADER as usize || start + len as usize > frame.len() {
        return None;
    }
    let mut status = get::<u32>(frame, STATUS);
    let protocol =
        tag_protocol(status, get::<u16>(frame, TAG + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid)));
    let control = get::<u32>(frame, TAG + offset_of!(tpacket_hdr_variant1, tp_vlan_tci)) as u16;
    let tag = (changes.tags && protocol != 0).then_some((protocol, control));

    let room = start - FRAME_HEADER as usize;
    let grown = if changes.cooked {
        let address = Address::read(frame);
        put(frame, PADDING, &index(address.interface).to_ne_bytes());
        let (header, len) = address.cooked_header(tag);
        let header = header.get(..len).filter(|header| header.len() <= room)?;
        put(frame, start - header.len(), header);
        header.len()
    } else if let Some((protocol, control)) = tag
        && len as usize >= ETHERNET_ADDRESSES
        && room >= TAG_LEN + if changes.virtio { VIRTIO_HEADER } else { 0 }
    {
        // What is ahead of the tag moves to the front, and so does what is ahead of that.
        let from = start - if changes.virtio { VIRTIO_HEADER } else { 0 };
        frame.copy_within(from..start + ETHERNET_ADDRESSES, from - TAG_LEN);
        let [a, b] = protocol.to_be_bytes();
        let [c, d] = control.to_be_bytes();
        put(frame, start + ETHERNET_ADDRESSES - TAG_LEN, &[a, b, c, d]);
        TAG_LEN
    } else {
        0
    };
    if grown > 0 {
        if tag.is_some() {
            status &= !TP_STATUS_VLAN_VALID;
            put(frame, STATUS, &status.to_ne_bytes());
        }
        // It is less than before, and more than a frame header.
        put(frame, MAC, &((start - grown) as u16).to_ne_bytes());
        let len = len.saturating_add(grown as u32);
        put(frame, SNAPLEN, &len.min(changes.snaplen).to_ne_bytes());
        put(frame, LEN, &get::<u32>(frame, LEN).saturating_add(grown as u32).to_ne_bytes());
    }
    Some(())
}

/// Both addresses, ahead of the tag.
const ETHERNET_ADDRESSES: usize = 12;
const TAG_LEN: usize = 4;
/// LINKTYPE_LINUX_SLL2 and the part of a tag that is behind it.
const COOKED: usize = 20 + TAG_LEN;

/// `struct sockaddr_ll` of a frame.
struct Address {
    protocol: [u8; 2],
    interface: u32,
    hardware: u16,
    packet_type: u8,
    len: u8,
    bytes: [u8; 8],
}

impl Address {
    fn read(frame: &[u8]) -> Self {
        const BASE: usize = ADDRESS as usize;
        Self {
            protocol: read(frame, BASE + offset_of!(sockaddr_ll, sll_protocol)).unwrap_or_default(),
            interface: get::<u32>(frame, BASE + offset_of!(sockaddr_ll, sll_ifindex)),
            hardware: get::<u16>(frame, BASE + offset_of!(sockaddr_ll, sll_hatype)),
            packet_type: get::<u8>(frame, BASE + offset_of!(sockaddr_ll, sll_pkttype)),
            len: get::<u8>(frame, BASE + offset_of!(sockaddr_ll, sll_halen)),
            bytes: read(frame, BASE + offset_of!(sockaddr_ll, sll_addr)).unwrap_or_default(),
        }
    }

    /// The header of <https://www.tcpdump.org/linktypes/LINKTYPE_LINUX_SLL2.html>, and how long it is. A tag follows as it would on the
    /// wire: its protocol is the header's, and the frame's own comes behind its control information.
    fn cooked_header(&self, tag: Option<(u16, u16)>) -> ([u8; COOKED], usize) {
        let mut header = [0; COOKED];
        put(&mut header, 0, &tag.map_or(self.protocol, |(protocol, _)| protocol.to_be_bytes()));
        put(&mut header, 4, &self.interface.to_be_bytes());
        put(&mut header, 8, &self.hardware.to_be_bytes());
        let len = self.len.min(8);
        put(&mut header, 10, &[self.packet_type, len]);
        put(&mut header, 12, &self.bytes);
        let Some((_, control)) = tag else { return (header, COOKED - TAG_LEN) };
        put(&mut header, 20, &control.to_be_bytes());
        put(&mut header, 22, &self.protocol);
        (header, COOKED)
    }
}

/// A number of the machine's byte order.
trait Number {
    fn of(bytes: &[u8], at: usize) -> Self;
}

impl Number for u8 {
    fn of(bytes: &[u8], at: usize) -> Self {
        bytes.get(at).copied().unwrap_or(0)
    }
}

impl Number for u16 {
    fn of(bytes: &[u8], at: usize) -> Self {
        Self::from_ne_bytes(read(bytes, at).unwrap_or_default())
    }
}

impl Number for u32 {
    fn of(bytes: &[u8], at: usize) -> Self {
        Self::from_ne_bytes(read(bytes, at).unwrap_or_default())
    }
}

#[inline]
fn get<N: Number>(bytes: &[u8], at: usize) -> N {
    N::of(bytes, at)
}

#[inline]
fn read<const N: usize>(bytes: &[u8], at: usize) -> Option<[u8; N]> {
    bytes.get(at..)?.first_chunk().copied()
}

#[inline]
fn put(bytes: &mut [u8], at: usize, value: &[u8]) {
    if let Some(place) = bytes.get_mut(at..).and_then(|rest| rest.get_mut(..value.len())) {
        place.copy_from_slice(value);
    }
}
