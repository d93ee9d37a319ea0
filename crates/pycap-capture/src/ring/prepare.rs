//! What is changed in a frame before it is handed out: the pseudo link header of `any` and VLAN tags, both put right ahead of the captured
//! bytes, where the kernel leaves room.
//!
//! All of it is safe code over the bytes of one block or one frame: nothing that a header says is believed.

use std::mem::offset_of;

use libc::{TP_STATUS_VLAN_VALID, sockaddr_ll, tpacket_hdr_variant1, tpacket3_hdr};

use super::context::{VIRTIO_HEADER, tag_protocol};
use super::walk::{ADDRESS, FRAME_HEADER};
use crate::VlanTag;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Changes {
    /// A LINUX_SLL2 header stands in for the link's, which may be there or was taken off by the kernel. The index of the frame's interface,
    /// in our own count, is left in the frame's header.
    pub(super) cooked: bool,
    /// VLAN tags go back to where they were.
    pub(super) tags: bool,
    /// The virtio-net header stays right ahead of the bytes.
    pub(super) virtio: bool,
    /// No frame is to be longer.
    pub(super) snaplen: u32,
}

impl Changes {
    /// Whether any frame may be changed, for which the kernel has to leave room.
    pub(super) fn any(&self) -> bool {
        self.cooked || self.tags
    }
}

/// The interface's index that [`prepare`] left.
#[inline(always)]
pub(super) fn interface_index(header: &tpacket3_hdr) -> u32 {
    let [a, b, c, d, ..] = header.tp_padding;
    u32::from_ne_bytes([a, b, c, d])
}

/// Whether the tag that the kernel took out of the frame was put back.
#[inline]
pub(super) fn tag_is_back(header: &tpacket3_hdr) -> bool {
    header.tp_padding[TAG_IS_BACK - PADDING] != 0
}

/// Gives so many frames their pseudo link header, the first of them at `first` in `frames`, which is a block without its header. `index`
/// gives our index for an interface of the system's.
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
    let (start, len) = (usize::from(get::<u16>(frame, MAC)), get::<u32>(frame, SNAPLEN) as usize);
    let whole = start.checked_add(len).and_then(|end| frame.get_mut(..end));
    let frame = whole.filter(|_| start >= FRAME_HEADER as usize)?;
    let system = get::<u32>(frame, ADDRESS as usize + offset_of!(sockaddr_ll, sll_ifindex));
    put(frame, PADDING, &index(system).to_ne_bytes());
    put_cooked_header(frame, start, len, changes)
}

/// Whether a frame has a tag beside its bytes, and place for it among them.
#[inline(always)]
pub(super) fn has_room_for_tag(header: &tpacket3_hdr, virtio: bool) -> bool {
    let ahead = if virtio { VIRTIO_HEADER } else { 0 };
    header.tp_status & TP_STATUS_VLAN_VALID != 0
        && tag_protocol(header.tp_status, header.hv1.tp_vlan_tpid) != 0
        && header.tp_snaplen as usize >= ETHERNET_ADDRESSES
        && usize::from(header.tp_mac) >= FRAME_HEADER as usize + TAG_LEN + ahead
}

/// Puts the tag of an Ethernet frame that [has room](has_room_for_tag) for it back into its bytes. `frame` is its header, of which `header`
/// is a copy, and its bytes.
#[inline(never)]
pub(super) fn put_tag_back(frame: &mut [u8], header: &mut tpacket3_hdr, virtio: bool, snaplen: u32) {
    let start = usize::from(header.tp_mac);
    let tpid = tag_protocol(header.tp_status, header.hv1.tp_vlan_tpid);
    let tag = VlanTag { tpid, tci: header.hv1.tp_vlan_tci as u16 };
    let Some(addresses) = read::<ETHERNET_ADDRESSES>(frame, start) else { return };
    // What is ahead of the tag moves to the front, and so does what is ahead of that.
    if virtio && let Some(ahead) = read::<VIRTIO_HEADER>(frame, start - VIRTIO_HEADER) {
        put(frame, start - VIRTIO_HEADER - TAG_LEN, &ahead);
    }
    let mut moved = [0; ETHERNET_ADDRESSES + TAG_LEN];
    moved[..ETHERNET_ADDRESSES].copy_from_slice(&addresses);
    moved[ETHERNET_ADDRESSES..].copy_from_slice(&tag.to_bytes());
    put(frame, start - TAG_LEN, &moved);
    header.tp_mac -= TAG_LEN as u16;
    header.tp_snaplen = header.tp_snaplen.saturating_add(TAG_LEN as u32).min(snaplen);
    header.tp_len = header.tp_len.saturating_add(TAG_LEN as u32);
    header.tp_status &= !TP_STATUS_VLAN_VALID;
    put(frame, MAC, &header.tp_mac.to_ne_bytes());
    put(frame, SNAPLEN, &header.tp_snaplen.to_ne_bytes());
    put(frame, LEN, &header.tp_len.to_ne_bytes());
    put(frame, STATUS, &header.tp_status.to_ne_bytes());
    header.tp_padding[TAG_IS_BACK - PADDING] = 1;
    put(frame, TAG_IS_BACK, &[1]);
}

/// Puts a LINUX_SLL2 header in place of the link's header, with the frame's tag behind it as it would be on the wire.
fn put_cooked_header(frame: &mut [u8], start: usize, len: usize, changes: Changes) -> Option<()> {
    let address = Address::read(frame);
    let tag = if changes.tags { tag(frame) } else { None };
    let network = usize::from(get::<u16>(frame, NET)).clamp(start, start + len);
    // Where the link's header is there, it is believed: of several tags the kernel's own protocol may be that of the innermost
    // (`vlan_get_protocol_dgram`), and the network header behind any of them.
    let ether_type = read::<2>(frame, start + ETHERNET_ADDRESSES)
        .filter(|_| address.is_ethernet() && network > start && len >= ETHERNET_HEADER);
    let (payload, ether_type) = match ether_type {
        Some(ether_type) => (start + ETHERNET_HEADER, ether_type),
        None => (network, address.protocol),
    };
    // A length is none: the kernel's protocol says what is behind it.
    let protocol = if u16::from_be_bytes(ether_type) < 0x600 { address.protocol } else { ether_type };
    let mut header = [0; SLL2 + TAG_LEN];
    put(&mut header, 0, &tag.map_or(protocol, |tag| tag.tpid.to_be_bytes()));
    put(&mut header, 4, &address.interface.to_be_bytes());
    put(&mut header, 8, &address.hardware.to_be_bytes());
    put(&mut header, 10, &[address.packet_type, address.len.min(8)]);
    put(&mut header, 12, &address.bytes);
    if let Some(tag) = tag {
        put(&mut header, SLL2, &tag.tci.to_be_bytes());
        put(&mut header, SLL2 + 2, &ether_type);
    }
    let header = header.get(..if tag.is_some() { SLL2 + TAG_LEN } else { SLL2 })?;
    let begin = payload.checked_sub(header.len()).filter(|begin| *begin >= FRAME_HEADER as usize)?;
    put(frame, begin, header);
    grow(frame, start, begin, start + len - begin, changes.snaplen);
    if tag.is_some() {
        let status = get::<u32>(frame, STATUS) & !TP_STATUS_VLAN_VALID;
        put(frame, STATUS, &status.to_ne_bytes());
        put(frame, TAG_IS_BACK, &[1]);
    }
    Some(())
}

/// Has the frame begin at `begin`, which was at `start`, with so many bytes.
fn grow(frame: &mut [u8], start: usize, begin: usize, len: usize, snaplen: u32) {
    let original = get::<u32>(frame, LEN);
    let original = if begin < start {
        original.saturating_add((start - begin) as u32)
    } else {
        original.saturating_sub((begin - start) as u32)
    };
    // It lies behind the frame's header, and ahead of an offset of 16 bits or at most a link's header behind it.
    put(frame, MAC, &u16::try_from(begin).unwrap_or(u16::MAX).to_ne_bytes());
    let len = u32::try_from(len).unwrap_or(u32::MAX).min(snaplen);
    put(frame, SNAPLEN, &len.to_ne_bytes());
    put(frame, LEN, &original.to_ne_bytes());
}

/// The tag beside the bytes.
fn tag(frame: &[u8]) -> Option<VlanTag> {
    const TAG: usize = offset_of!(tpacket3_hdr, hv1);
    let tpid = get::<u16>(frame, TAG + offset_of!(tpacket_hdr_variant1, tp_vlan_tpid));
    let tpid = tag_protocol(get::<u32>(frame, STATUS), tpid);
    // The kernel has 32 bits for the 16 of a tag.
    let tci = get::<u32>(frame, TAG + offset_of!(tpacket_hdr_variant1, tp_vlan_tci)) as u16;
    (tpid != 0).then_some(VlanTag { tpid, tci })
}

const MAC: usize = offset_of!(tpacket3_hdr, tp_mac);
const NET: usize = offset_of!(tpacket3_hdr, tp_net);
const SNAPLEN: usize = offset_of!(tpacket3_hdr, tp_snaplen);
const LEN: usize = offset_of!(tpacket3_hdr, tp_len);
const STATUS: usize = offset_of!(tpacket3_hdr, tp_status);
/// The kernel writes zeros there, and has no use for it (`tpacket_rcv`): first is the interface's index, then whether a tag was put back.
const PADDING: usize = offset_of!(tpacket3_hdr, tp_padding);
const TAG_IS_BACK: usize = PADDING + size_of::<u32>();

/// Both addresses, ahead of the tag.
const ETHERNET_ADDRESSES: usize = 12;
pub(super) const ETHERNET_HEADER: usize = 14;
pub(super) const TAG_LEN: usize = 4;
/// LINKTYPE_LINUX_SLL2.
const SLL2: usize = 20;

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

    /// Whether frames of such an interface have an Ethernet header where they have their link's.
    fn is_ethernet(&self) -> bool {
        super::device::link_header_len(self.hardware) == Some(ETHERNET_HEADER as u32)
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
