//! The memory of a ring: blocks of equal size in one region, shared with the kernel or with a thread that plays it.
//!
//! It is only ever handed out as pointers and as the atomic words that both sides may touch at any time; who may look at the rest of a
//! block is for [`handover`](super::handover) to say.

use std::alloc::{Layout, alloc_zeroed, dealloc};
use std::io;
use std::mem::offset_of;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, Ordering};

use libc::{tpacket_block_desc, tpacket_hdr_v1};

use super::handover::{Blocks, Status};

/// What is ahead of a block's first frame, in bytes, as no private area is asked for.
pub(super) const BLOCK_HEADER: usize = size_of::<tpacket_block_desc>();

const HEADER: usize = offset_of!(tpacket_block_desc, hdr);
const STATUS: usize = HEADER + offset_of!(tpacket_hdr_v1, block_status);
const FRAMES: usize = HEADER + offset_of!(tpacket_hdr_v1, num_pkts);
const FIRST: usize = HEADER + offset_of!(tpacket_hdr_v1, offset_to_first_pkt);

// include/uapi/linux/if_packet.h; BLK_HDR_LEN in net/packet/internal.h is the header rounded up to 8.
const _: () = assert!(BLOCK_HEADER == 48 && STATUS == 8 && FRAMES == 12 && FIRST == 16);

/// The region. Aligned to a page, as are its blocks.
pub(super) struct Memory {
    start: NonNull<u8>,
    block_size: usize,
    blocks: u32,
    origin: Origin,
}

enum Origin {
    /// Mapped from a packet socket.
    Socket,
    /// Allocated like this.
    Heap(Layout),
}

// SAFETY: it owns its region, which is tied to no thread.
unsafe impl Send for Memory {}
// SAFETY: what it gives out by a shared reference is atomic words and pointers.
unsafe impl Sync for Memory {}

impl Memory {
    /// The ring of a packet socket, which was set up with these numbers.
    pub(super) fn map(socket: BorrowedFd<'_>, block_size: usize, blocks: u32) -> io::Result<Self> {
        let len = region_len(block_size, blocks)?;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        // SAFETY: it asks for a new mapping wherever the kernel finds room, so that none that exists is touched.
        let start = unsafe { libc::mmap(std::ptr::null_mut(), len, access, flags, socket.as_raw_fd(), 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped to address 0"))?;
        Ok(Self { start, block_size, blocks, origin: Origin::Socket })
    }

    /// A region of this process alone, all zeros: every block is the filler's and has no frames.
    pub(super) fn allocate(block_size: usize, blocks: u32) -> io::Result<Self> {
        let len = region_len(block_size, blocks)?;
        let layout = Layout::from_size_align(len, 4096).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: `region_len` refuses an empty region.
        let start = unsafe { alloc_zeroed(layout) };
        let start = NonNull::new(start).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { start, block_size, blocks, origin: Origin::Heap(layout) })
    }

    /// How many bytes a block has, its header included.
    pub(super) fn block_size(&self) -> usize {
        self.block_size
    }

    /// Where a block starts; it has [`block_size`](Self::block_size) bytes.
    #[inline]
    pub(super) fn block(&self, number: u32) -> NonNull<u8> {
        assert!(number < self.blocks);
        // SAFETY: there are so many blocks of this size in the region.
        unsafe { self.start.add(number as usize * self.block_size) }
    }

    /// How many frames a block has. The filler counts while it fills, so that this is exact only for a block of the reader's.
    #[inline]
    pub(super) fn frames(&self, number: u32) -> u32 {
        self.word::<FRAMES>(number).load(Ordering::Relaxed)
    }

    /// Says how many frames a block has. For whoever has the block.
    #[inline]
    pub(super) fn set_frames(&self, number: u32, frames: u32) {
        self.word::<FRAMES>(number).store(frames, Ordering::Relaxed);
    }

    /// How many bytes after its start a block's first frame is.
    #[inline]
    pub(super) fn first_frame(&self, number: u32) -> u32 {
        self.word::<FIRST>(number).load(Ordering::Relaxed)
    }

    /// Says where a block's first frame is. For whoever has the block.
    pub(super) fn set_first_frame(&self, number: u32, offset: u32) {
        self.word::<FIRST>(number).store(offset, Ordering::Relaxed);
    }

    #[inline]
    fn word<const OFFSET: usize>(&self, number: u32) -> &AtomicU32 {
        const {
            assert!(
                OFFSET.is_multiple_of(align_of::<AtomicU32>())
                    && OFFSET + size_of::<AtomicU32>() <= BLOCK_HEADER
            )
        };
        // SAFETY: a block is longer than its header, `region_len` saw to it.
        let word = unsafe { self.block(number).add(OFFSET) };
        // SAFETY: blocks are aligned to a page and the offset to the word. The region lives as long as `self`. On this side the word is
        // only ever used through this function, so atomically, and the kernel writes it in one piece.
        unsafe { AtomicU32::from_ptr(word.cast().as_ptr()) }
    }
}

impl Blocks for Memory {
    type Status = AtomicU32;

    #[inline]
    fn count(&self) -> u32 {
        self.blocks
    }

    #[inline]
    fn status(&self, number: u32) -> &AtomicU32 {
        self.word::<STATUS>(number)
    }
}

impl Memory {
    /// Whether a block is the reader's.
    #[inline]
    pub(super) fn is_readers(&self, number: u32) -> bool {
        self.status(number).is_readers()
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        match self.origin {
            // It cannot fail for a region that was mapped.
            Origin::Socket => {
                // SAFETY: the region was mapped with this length, and nothing that borrows from it outlives `self`.
                let _ = unsafe {
                    libc::munmap(self.start.as_ptr().cast(), self.block_size * self.blocks as usize)
                };
            }
            Origin::Heap(layout) => {
                // SAFETY: it was allocated with this layout, and nothing that borrows from it outlives `self`.
                unsafe { dealloc(self.start.as_ptr(), layout) };
            }
        }
    }
}

fn region_len(block_size: usize, blocks: u32) -> io::Result<usize> {
    let len = block_size.checked_mul(blocks as usize).filter(|len| *len > 0 && *len <= isize::MAX as usize);
    let usable =
        block_size > BLOCK_HEADER && block_size.is_multiple_of(4096) && u32::try_from(block_size).is_ok();
    len.filter(|_| usable).ok_or_else(|| io::ErrorKind::InvalidInput.into())
}
