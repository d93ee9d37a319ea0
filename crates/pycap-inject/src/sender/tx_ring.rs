//! Frames by a ring that is shared with the kernel (`PACKET_TX_RING`, Documentation/networking/packet_mmap.rst).
//!
//! Version 2 of the ring's format: version 3 (Linux 4.11) brings nothing for sending, where its frames have fixed places, too.
//!
//! ```text
//!  slot:  | struct tpacket2_hdr, rounded up to 16 | frame ...                      | unused |
//!         ^ tp_status, tp_len                     ^ 32                             ^ slot size
//! ```
//!
//! A slot is ours while `tp_status` is `TP_STATUS_AVAILABLE`. We write the frame, then the status `TP_STATUS_SEND_REQUEST`; a `send` of
//! nothing has the kernel take all such slots in order, from the one after the last that it took (`tpacket_snd` in
//! net/packet/af_packet.c). It reads the frame until it sets the status back, when the frame has left the machine.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::mem::offset_of;
use std::os::fd::{AsFd, AsRawFd};
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use libc::{TP_STATUS_AVAILABLE, TP_STATUS_SEND_REQUEST, TP_STATUS_WRONG_FORMAT, tpacket2_hdr};
use pycap_wire::LinkType;

use super::packet_socket::bypass_qdisc;
use super::sys::{IpVersion, Socket};
use super::target::Target;
use super::wait::{LONGEST, Patience, Refusal};
use super::{BatchError, Excess, SendError, SendErrorKind, SendStats, Sender};

/// Where the frame is in its slot: `po->tp_hdrlen - sizeof(struct sockaddr_ll)` in `tpacket_parse_header`.
const FRAME: usize = size_of::<tpacket2_hdr>().next_multiple_of(libc::TPACKET_ALIGNMENT);
const STATUS: usize = offset_of!(tpacket2_hdr, tp_status);
const LEN: usize = offset_of!(tpacket2_hdr, tp_len);

// include/uapi/linux/if_packet.h
const _: () = assert!(FRAME == 32 && STATUS == 0 && LEN == 4);

/// A slot of such frames as most are.
const USUAL_SLOT: usize = 2048;
/// The ring's size, unless asked for another: 2,048 usual frames.
const USUAL_RING: usize = 4 << 20;
/// The kernel's blocks are of pages in one piece, of which large ones are rare.
const USUAL_BLOCK: usize = 64 << 10;

/// A sender by a ring in memory that the kernel reads frames from, without a copy of their own. It receives nothing.
///
/// A batch is written into the ring and handed over with one call for as many frames as there is room for. What is
/// [accepted](super) has been taken by the kernel; [`flush`](Sender::flush) waits until it has read everything.
///
/// It takes the same frames as [`PacketSocket`](super::PacketSocket).
pub struct TxRing {
    socket: Socket,
    target: Target,
    slots: Slots,
    /// The slot that the kernel looks at next.
    head: u32,
    max_wait: Duration,
    stats: SendStats,
}

/// A ring about to be opened: [`TxRing::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is opened"]
pub struct TxRingBuilder {
    interface: String,
    frames: Option<u32>,
    qdisc_bypass: bool,
    max_wait: Duration,
}

impl TxRingBuilder {
    /// How many frames there is room for, rounded up to a power of two; as many as fit 4 MiB, unless asked for a number.
    pub fn frames(mut self, count: u32) -> Self {
        self.frames = Some(count);
        self
    }

    /// As [`PacketSocketBuilder::qdisc_bypass`](super::PacketSocketBuilder::qdisc_bypass).
    pub fn qdisc_bypass(mut self, bypass: bool) -> Self {
        self.qdisc_bypass = bypass;
        self
    }

    /// As [`PacketSocketBuilder::max_wait`](super::PacketSocketBuilder::max_wait); it bounds [`flush`](Sender::flush), too.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// As [`PacketSocketBuilder::open`](super::PacketSocketBuilder::open), and [`SendErrorKind::InvalidSetting`] for more frames than the
    /// kernel has memory for.
    pub fn open(self) -> Result<TxRing, SendError> {
        let (target, socket) = Target::open(&self.interface)?;
        let named = |error: SendError| error.on_interface(&self.interface);
        if self.qdisc_bypass {
            bypass_qdisc(&socket).map_err(named)?;
        }
        // One more tag than the MTU says.
        let longest = target.link.mtu as usize + target.link.header_len() + 4;
        let slots = self.map(&socket, longest).map_err(named)?;
        target.bind(&socket)?;
        Ok(TxRing { socket, target, slots, head: 0, max_wait: self.max_wait, stats: SendStats::default() })
    }

    fn map(&self, socket: &Socket, longest: usize) -> Result<Slots, SendError> {
        let refuse = |count: u64, size: usize, error: io::Error| {
            let message = format!("the kernel refuses a ring of {count} frames of {size} bytes: take fewer");
            SendError::system(SendErrorKind::InvalidSetting, message, error)
        };
        let size = (FRAME + longest).next_power_of_two().max(USUAL_SLOT);
        let usual = || (USUAL_RING / size).max(16) as u32;
        let wanted = self.frames.map_or_else(usual, |count| count.max(1));
        let too_many = || refuse(wanted.into(), size, io::ErrorKind::InvalidInput.into());
        let count = wanted.checked_next_power_of_two().ok_or_else(too_many)?;
        let whole = size.checked_mul(count as usize).filter(|bytes| *bytes <= i32::MAX as usize);
        let whole = whole.ok_or_else(too_many)?;
        // All of them powers of two, so that slots follow each other from block to block.
        let block = USUAL_BLOCK.min(whole).max(size).max(page_size());
        // Fewer frames than a block holds, that is a page at least.
        let count = (whole.max(block) / size) as u32;
        let request = libc::tpacket_req {
            tp_block_size: block as u32,
            tp_block_nr: (whole.max(block) / block) as u32,
            tp_frame_size: size as u32,
            tp_frame_nr: count,
        };
        let version = libc::tpacket_versions::TPACKET_V2 as i32;
        socket.set(libc::SOL_PACKET, libc::PACKET_VERSION, version).map_err(|error| {
            let message = "this kernel has no rings of version 2 (Linux 2.6.27)";
            SendError::system(SendErrorKind::Unsupported, message, error)
        })?;
        let slots = socket.set_ring(&request).and_then(|()| Slots::map(socket, size, count));
        slots.map_err(|error| refuse(count.into(), size, error))
    }
}

impl TxRing {
    /// Opens a ring for this interface, with the usual settings.
    ///
    /// # Errors
    ///
    /// As [`TxRingBuilder::open`].
    pub fn open(interface: impl Into<String>) -> Result<Self, SendError> {
        Self::builder(interface).open()
    }

    /// The settings of a ring for this interface, to begin with.
    pub fn builder(interface: impl Into<String>) -> TxRingBuilder {
        TxRingBuilder { interface: interface.into(), frames: None, qdisc_bypass: false, max_wait: LONGEST }
    }

    /// The interface's name, as it was when it was opened.
    pub fn interface(&self) -> &str {
        &self.target.link.name
    }

    /// How many frames there is room for.
    pub fn frames(&self) -> u32 {
        self.slots.count
    }

    /// Writes frames into the slots from `head` on, as many as there is room for and as the kernel is to be told the same of.
    fn fill(&self, frames: &[&[u8]]) -> u32 {
        let version = self.version(frames);
        let mut filled = 0;
        for frame in frames.iter().take(self.slots.count as usize) {
            let fits = self.target.takes(frame) && frame.len() <= self.slots.capacity();
            if !fits || self.target.cooked && IpVersion::of(frame) != version {
                break;
            }
            if !self.slots.write(self.slot(filled), frame) {
                break;
            }
            filled += 1;
        }
        filled
    }

    /// The version of the first packet, where the kernel is to be told.
    fn version(&self, frames: &[&[u8]]) -> Option<IpVersion> {
        frames.first().filter(|_| self.target.cooked).and_then(|packet| IpVersion::of(packet))
    }

    fn slot(&self, after: u32) -> u32 {
        // The count is a power of two.
        self.head.wrapping_add(after) & (self.slots.count - 1)
    }

    /// Why the first frame is in no slot, or an error if it never will be.
    #[cold]
    fn unfilled(&mut self, frame: &[u8], patience: &mut Patience) -> Result<(), SendError> {
        if !self.target.takes(frame) {
            return Err(self.target.nonsense(frame));
        }
        let limit = self.slots.capacity();
        if frame.len() > limit {
            let too_long = self.target.link.refused(frame, io::Error::from_raw_os_error(libc::EMSGSIZE));
            // Unless the MTU has grown since the ring was made.
            if too_long.excess().is_some_and(|excess| excess.frame > excess.limit) {
                return Err(too_long);
            }
            let excess = Excess { frame: frame.len(), limit, mtu: None };
            let what = "what the ring has room for: open it again for the MTU of now";
            return Err(SendError::too_long(excess, what).on_interface(&self.target.link.name));
        }
        self.wait(patience, None)
    }

    /// Waits until there may be room. `error` is what the kernel said, where it was asked.
    #[cold]
    fn wait(&mut self, patience: &mut Patience, error: Option<io::Error>) -> Result<(), SendError> {
        let Self { socket, stats, .. } = self;
        let waited = match error.as_ref().map(Refusal::of) {
            Some(Refusal::Full) => patience.pause(stats, |_, left| socket.wait_writable(left)),
            // For a slot there is nothing to wait on: `packet_poll` says that the socket takes more, too, where only other room is.
            _ => patience.pause(stats, |pause, _| std::thread::sleep(pause)),
        };
        if waited { Ok(()) } else { Err(patience.over(error).on_interface(&self.target.link.name)) }
    }

    /// Has the kernel take the `filled` slots from `head` on, which hold `frames`. How many it took, and where that is not all, why.
    fn hand_over(
        &mut self,
        frames: &[&[u8]],
        filled: u32,
        patience: &mut Patience,
    ) -> (usize, Result<(), SendError>) {
        let version = self.version(frames).map(|version| (version, self.target.link.index));
        let mut taken = 0;
        let ended = loop {
            let result = self.socket.kick(version);
            let before = taken;
            // Only a kick has the kernel take slots, and it takes them in order.
            while taken < filled && !self.slots.is_waiting(self.slot(taken)) {
                taken += 1;
            }
            if taken > before {
                patience.reset();
            }
            let Some(frame) = frames.get(taken as usize) else { break Ok(()) };
            let waited = match result {
                Err(error) => match Refusal::of(&error) {
                    Refusal::Final => Err(self.target.link.refused(frame, error)),
                    Refusal::Interrupted => Ok(()),
                    _ => self.wait(patience, Some(error)),
                },
                Ok(()) if taken > before => Ok(()),
                Ok(()) => self.wait(patience, None),
            };
            if let Err(error) = waited {
                break Err(error);
            }
        };
        for after in taken..filled {
            self.slots.withdraw(self.slot(after));
        }
        self.head = self.slot(taken);
        (taken as usize, ended)
    }
}

impl Sender for TxRing {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        self.send_batch(&[frame]).map_err(|batch| batch.error)
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        let mut accepted = 0;
        let mut patience = Patience::new(self.max_wait);
        while let Some(rest) = frames.get(accepted..).filter(|rest| !rest.is_empty()) {
            let filled = self.fill(rest);
            let result = if filled == 0 {
                self.unfilled(rest[0], &mut patience)
            } else {
                let (taken, result) = self.hand_over(&rest[..filled as usize], filled, &mut patience);
                rest.iter().take(taken).for_each(|frame| self.stats.count(frame.len()));
                accepted += taken;
                result
            };
            result.map_err(|error| {
                self.stats.count_error(&error);
                BatchError { accepted, error }
            })?;
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SendError> {
        let mut patience = Patience::new(self.max_wait);
        // From the oldest on: where it is free, those after it mostly are, too.
        for after in 0..self.slots.count {
            while !self.slots.is_free(self.slot(after)) {
                if !patience.pause(&mut self.stats, |pause, _| std::thread::sleep(pause)) {
                    return Err(patience.over(None).on_interface(&self.target.link.name));
                }
            }
        }
        Ok(())
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    fn link_type(&self) -> LinkType {
        self.target.link_type
    }

    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        Some(self.target.link.limit(frame).min(self.slots.capacity()))
    }
}

impl fmt::Debug for TxRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TxRing")
            .field("interface", &self.interface())
            .field("link_type", &self.link_type())
            .field("frames", &self.frames())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// The memory that is shared with the kernel: so many slots of the same size, one after the other.
struct Slots {
    start: NonNull<u8>,
    size: usize,
    count: u32,
}

// SAFETY: it owns its mapping, which is tied to no thread.
unsafe impl Send for Slots {}

impl Slots {
    /// The ring of a socket that was set up with these numbers.
    fn map(socket: &Socket, size: usize, count: u32) -> io::Result<Self> {
        let len = size * count as usize;
        let (access, flags) = (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_SHARED);
        let fd = socket.as_fd().as_raw_fd();
        // SAFETY: it asks for a new mapping wherever the kernel finds room, so that none that exists is touched.
        let start = unsafe { libc::mmap(ptr::null_mut(), len, access, flags, fd, 0) };
        if start == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let start = NonNull::new(start.cast()).ok_or_else(|| io::Error::other("mapped to address 0"))?;
        Ok(Self { start, size, count })
    }

    /// How many bytes of a frame a slot has room for.
    fn capacity(&self) -> usize {
        self.size - FRAME
    }

    fn at(&self, slot: u32) -> NonNull<u8> {
        assert!(slot < self.count);
        // SAFETY: the mapping has `count` slots of `size` bytes.
        unsafe { self.start.add(slot as usize * self.size) }
    }

    fn word<const OFFSET: usize>(&self, slot: u32) -> &AtomicU32 {
        const { assert!(OFFSET.is_multiple_of(4) && OFFSET + 4 <= FRAME) };
        // SAFETY: a slot is longer than its header, and the offset is one within that.
        let word = unsafe { self.at(slot).add(OFFSET) };
        // SAFETY: the mapping is aligned to a page, slots to their size, a power of two, and the offset to 4. The mapping lives as long as
        // `self`. On this side the word is only used through this function, so atomically, and the kernel writes it in one piece.
        unsafe { AtomicU32::from_ptr(word.cast().as_ptr()) }
    }

    fn status(&self, slot: u32) -> u32 {
        // What the kernel read of the frame is before what we write into the slot afterwards.
        self.word::<STATUS>(slot).load(Ordering::Acquire)
    }

    fn is_free(&self, slot: u32) -> bool {
        self.status(slot) == TP_STATUS_AVAILABLE
    }

    /// Whether the kernel has not taken it: it was not asked yet, or has refused it.
    fn is_waiting(&self, slot: u32) -> bool {
        // `TP_STATUS_AVAILABLE` is zero, the others are single bits.
        self.status(slot) & (TP_STATUS_SEND_REQUEST | TP_STATUS_WRONG_FORMAT) != 0
    }

    /// Writes a frame, to be taken by the kernel; `false` and nothing done if the slot is not free or the frame too long.
    fn write(&self, slot: u32, frame: &[u8]) -> bool {
        if frame.len() > self.capacity() || !self.is_free(slot) {
            return false;
        }
        // SAFETY: a slot is longer than its header.
        let to = unsafe { self.at(slot).add(FRAME) };
        // SAFETY: a slot has room for so many bytes behind its header. The kernel does not touch a slot that is free, there is one `Slots`
        // for it and this is the only place that writes frames, so that nobody else looks at these bytes; a slice of the caller's is
        // not in this mapping, of which no slice is ever made.
        unsafe { ptr::copy_nonoverlapping(frame.as_ptr(), to.as_ptr(), frame.len()) };
        // It fits, as slots are shorter than 2^31.
        self.word::<LEN>(slot).store(frame.len() as u32, Ordering::Relaxed);
        self.word::<STATUS>(slot).store(TP_STATUS_SEND_REQUEST, Ordering::Release);
        true
    }

    /// Takes a frame back that is [waiting](Self::is_waiting): the kernel looks at it during a call that asks it to, only.
    fn withdraw(&self, slot: u32) {
        self.word::<STATUS>(slot).store(TP_STATUS_AVAILABLE, Ordering::Release);
    }
}

impl Drop for Slots {
    fn drop(&mut self) {
        // It cannot fail for a region that was mapped. The kernel keeps what it still sends.
        // SAFETY: it was mapped with this length, and nothing that borrows from it outlives `self`.
        let _ = unsafe { libc::munmap(self.start.as_ptr().cast(), self.size * self.count as usize) };
    }
}

fn page_size() -> usize {
    // SAFETY: it takes no pointer.
    let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    usize::try_from(size).unwrap_or(4096)
}
