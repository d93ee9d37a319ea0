//! The way through a block: from frame header to frame header, none of which is believed.

use std::ptr::NonNull;

use libc::{TP_STATUS_USER, sockaddr_ll, tpacket3_hdr};

use super::memory::{BLOCK_HEADER, Memory};

/// What the kernel writes ahead of each frame's bytes: its own header, which is a multiple of 16 long, and the link's addresses.
pub(super) const FRAME_HEADER: u32 = ADDRESS + size_of::<sockaddr_ll>() as u32;
/// Where in it the addresses are.
pub(super) const ADDRESS: u32 = size_of::<tpacket3_hdr>() as u32;

// TPACKET3_HDRLEN in include/uapi/linux/if_packet.h.
const _: () = assert!(FRAME_HEADER as usize == libc::TPACKET3_HDRLEN && ADDRESS == 48);

/// The place in a block that is the reader's.
///
/// Invariant: `at` is followed by `room` bytes of the block, which is less than the block has, and where `left` is not 0, `room` is at
/// least [`FRAME_HEADER`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk {
    at: NonNull<u8>,
    room: u32,
    left: u32,
    damaged: bool,
}

// SAFETY: it is a place, not an access; `Entry`'s methods ask for what an access takes.
unsafe impl Send for Walk {}
// SAFETY: as above.
unsafe impl Sync for Walk {}

/// One frame: its header lies within the block, and so do the bytes that the header claims.
#[derive(Clone, Copy)]
pub(super) struct Entry {
    at: NonNull<u8>,
    /// A copy, so that what was checked cannot change.
    pub(super) header: tpacket3_hdr,
}

impl Walk {
    /// Nowhere.
    pub(super) const fn done() -> Self {
        Self { at: NonNull::dangling(), room: 0, left: 0, damaged: false }
    }

    /// The start of this block.
    #[inline]
    pub(super) fn start(memory: &Memory, block: u32) -> Self {
        let (frames, first) = (memory.frames(block), memory.first_frame(block) as usize);
        let fits = first >= BLOCK_HEADER && first <= memory.block_size() - FRAME_HEADER as usize;
        if frames == 0 || !fits {
            return Self { damaged: frames != 0, ..Self::done() };
        }
        // SAFETY: the offset lies within the block.
        let at = unsafe { memory.block(block).add(first) };
        // A block has less than 4 GiB.
        Self { at, room: (memory.block_size() - first) as u32, left: frames, damaged: false }
    }

    /// How many frames there are at most.
    #[inline]
    pub(super) fn left(&self) -> u32 {
        self.left
    }

    /// Whether a header did not make sense, so that the rest of the block is lost.
    #[inline]
    pub(super) fn is_damaged(&self) -> bool {
        self.damaged
    }

    /// The next frame.
    ///
    /// # Safety
    ///
    /// The block is the reader's, and nobody writes to it during the call.
    #[inline(always)]
    pub(super) unsafe fn next(&mut self) -> Option<Entry> {
        while self.left > 0 {
            // SAFETY: at least a frame header's worth of bytes follows (the invariant), nobody writes to them (the caller), every bit
            // pattern is one, and the read asks for no alignment.
            let header = unsafe { self.at.cast::<tpacket3_hdr>().read_unaligned() };
            let entry = Entry { at: self.at, header };
            let end = u64::from(header.tp_mac) + u64::from(header.tp_snaplen);
            if u32::from(header.tp_mac) < FRAME_HEADER || end > u64::from(self.room) {
                self.break_off();
                return None;
            }
            self.left -= 1;
            if self.left > 0 {
                let step = header.tp_next_offset;
                // The kernel's steps lead past the frame, so that this ends, and no two frames have a byte in common.
                if u64::from(step) < end || step > self.room - FRAME_HEADER {
                    self.break_off();
                } else {
                    // SAFETY: it stays within the room that is left.
                    self.at = unsafe { self.at.add(step as usize) };
                    self.room -= step;
                    prefetch(self.at, step);
                }
            }
            // A place that the kernel reserved and then found that it could not describe the frame (`virtio_net_hdr_from_skb` fails in
            // `tpacket_rcv`) has no frame, and is counted as dropped.
            if header.tp_status & TP_STATUS_USER != 0 {
                return Some(entry);
            }
        }
        None
    }

    #[cold]
    fn break_off(&mut self) {
        self.left = 0;
        self.damaged = true;
    }
}

impl Entry {
    /// The captured bytes.
    ///
    /// # Safety
    ///
    /// During `'b`, the block is the reader's and nobody writes to it.
    #[inline(always)]
    pub(super) unsafe fn data<'b>(&self) -> &'b [u8] {
        // SAFETY: `Walk::next` saw that it lies within the block.
        let start = unsafe { self.at.add(self.header.tp_mac as usize) };
        // SAFETY: so do these bytes, which all have a value, and nobody writes to them (the caller).
        unsafe { std::slice::from_raw_parts(start.as_ptr(), self.header.tp_snaplen as usize) }
    }

    /// The byte of the link's addresses that says to whom the frame was sent.
    ///
    /// # Safety
    ///
    /// As for [`data`](Self::data).
    #[inline(always)]
    pub(super) unsafe fn packet_type(&self) -> u8 {
        const OFFSET: usize = ADDRESS as usize + std::mem::offset_of!(sockaddr_ll, sll_pkttype);
        // SAFETY: a frame header's worth of bytes follows.
        let at = unsafe { self.at.add(OFFSET) };
        // SAFETY: as above, and nobody writes to it (the caller).
        unsafe { at.read() }
    }

    /// Puts the frame's VLAN tag back into its bytes: it has [one beside them](super::prepare::has_room_for_tag), and is as if the kernel
    /// had written it so from then on.
    ///
    /// # Safety
    ///
    /// During the call, the block is the reader's, and nobody else reads or writes the frame's header or bytes; nothing borrows from them.
    #[inline]
    pub(super) unsafe fn put_tag_back(&mut self, virtio: bool, snaplen: u32) {
        let len = self.header.tp_mac as usize + self.header.tp_snaplen as usize;
        // SAFETY: `Walk::next` saw that the frame lies within the block, up to the end of its bytes, and all of these have a value. Nobody
        // else has them (the caller).
        let frame = unsafe { std::slice::from_raw_parts_mut(self.at.as_ptr(), len) };
        super::prepare::put_tag_back(frame, &mut self.header, virtio, snaplen);
    }

    /// So many bytes right ahead of the captured ones.
    ///
    /// # Safety
    ///
    /// As for [`data`](Self::data).
    #[inline(always)]
    pub(super) unsafe fn ahead<const N: usize>(&self) -> [u8; N] {
        const { assert!(N <= FRAME_HEADER as usize) };
        // SAFETY: the captured bytes are behind a frame header, `Walk::next` saw to it.
        let at = unsafe { self.at.add(self.header.tp_mac as usize - N) };
        // SAFETY: as above, and nobody writes to them (the caller).
        unsafe { at.cast::<[u8; N]>().read() }
    }
}

/// Starts to load as many bytes as the walk has just passed, so far ahead that they are there when the walk is.
///
/// Where the next headers are is not known before those ahead of them are read, each of which would be waited for; but frames lie one behind
/// the other, so that all of what is ahead is loaded, at the pace at which it is needed. Of frames longer than most links have, the
/// start does.
#[inline(always)]
fn prefetch(at: NonNull<u8>, passed: u32) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        const AHEAD: usize = 16 << 10;
        const MOST: usize = 2048;
        const LINE: usize = 64;
        let mut offset = AHEAD;
        while offset < AHEAD + (passed as usize).min(MOST) {
            // It may point behind the block, where the next one is, or behind the ring.
            let ahead = at.as_ptr().wrapping_add(offset).cast();
            // SAFETY: a hint reads nothing and never faults, wherever it points.
            unsafe { _mm_prefetch::<_MM_HINT_T0>(ahead) };
            offset += LINE;
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (at, passed);
}
