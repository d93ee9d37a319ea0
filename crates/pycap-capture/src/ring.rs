//! Linux's packet ring: AF_PACKET, TPACKET_V3.
#![allow(unsafe_code)]

mod block;
mod builder;
mod context;
pub(crate) mod device;
mod fanout;
mod handover;
mod live;
mod memory;
mod open;
mod prepare;
mod producer;
mod program;
mod socket;
mod walk;

use std::fmt;
use std::io;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use self::context::Context;
use self::handover::{Blocks, Reader};
use self::live::Live;
use self::memory::{BLOCK_HEADER, Memory};
use self::prepare::Changes;
use self::producer::Shared;
use self::program::Program;
use self::walk::Walk;
use crate::filter::check_link_type;
use crate::sys;
use crate::system::Lost;
use crate::{Error, ErrorKind, Filter, Frame, Interface, LinkType, Next, Result, Source, Stats, StopHandle};

pub use self::block::{Block, Frames, NextBlock};
pub use self::builder::Builder;
pub use self::fanout::Fanout;
pub use self::producer::Producer;

/// A live capture from Linux's packet ring: memory that the kernel writes frames to and this process reads them from, in blocks.
///
/// Nothing is copied and no system call is made for a frame. A block is handed over when it is full, or when its oldest frames have waited
/// for the [block timeout](Builder::block_timeout).
///
/// ```no_run
/// use pycap_capture::PacketRing;
///
/// let mut ring = PacketRing::builder("eth0").promiscuous(true).open()?;
/// while let Some(block) = ring.next_block()? {
///     for frame in &block {
///         println!("{} bytes", frame.data().len());
///     }
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// Frames can be had one by one, too: [`next_frame`](Self::next_frame), or with a function that is called for each,
/// [`for_each`](Self::for_each). All of it can be mixed; no frame is handed out twice or left out, but for those of a [`Block`] that
/// were not looked at.
///
/// `any` captures on all interfaces. Its frames start with a header that takes the place of the link's:
/// [`LINUX_SLL2`](LinkType::LINUX_SLL2).
///
/// When the interface is set down, the capture waits for it to be up again. When it is deleted or moved to another network namespace,
/// everything that was received is handed out, and then there is an error of kind [`InterfaceGone`](ErrorKind::InterfaceGone).
pub struct PacketRing {
    memory: Arc<Memory>,
    reader: Reader,
    /// The place in the block that is held.
    walk: Walk,
    context: Context,
    changes: Changes,
    /// The system's number of each interface of the context.
    numbers: Vec<u32>,
    backing: Backing,
    stop: StopHandle,
    /// Readable when there are frames, or when it was stopped.
    ready: sys::Gathered,
    /// How long the kernel keeps a block that is not full.
    retire: Duration,
    ending: Option<Ending>,
    finished: bool,
}

const _: () = {
    const fn movable<T: Send>() {}
    movable::<PacketRing>();
    movable::<Builder>();
    movable::<Producer>();
};

/// Where frames come from.
enum Backing {
    Live(Box<Live>),
    /// A thread that plays the kernel.
    Memory(Arc<Shared>),
}

/// What is still to be handed out before a ring is finished.
struct Ending {
    /// Blocks that had frames when the end was noticed, the one that was being filled among them.
    blocks: u32,
    /// By then the kernel has handed that one over.
    until: Instant,
    /// What is then to be said, once.
    error: Option<Error>,
}

/// What [`PacketRing::advance`] came back with.
enum Advance {
    /// The walk is at the first frame of a block.
    Block,
    TimedOut,
    Finished,
}

/// How often an interface that is down is looked at: the kernel does not say when it is up again, or deleted.
const LOOK_AT_DOWN: Duration = Duration::from_millis(50);
/// What the kernel's timer may be late.
const LATE: Duration = Duration::from_millis(10);

impl PacketRing {
    /// A capture on this interface, about to be opened; `any` is all of them.
    #[doc(alias = "TPACKET_V3")]
    pub fn builder(interface: impl Into<String>) -> Builder {
        Builder::new(interface.into())
    }

    /// The next block that has frames, as soon as there is one; `None` when the ring is finished. What was not read of the block before
    /// is read first.
    ///
    /// # Errors
    ///
    /// What stops the ring, once: after an error every further call returns `None`.
    pub fn next_block(&mut self) -> Result<Option<Block<'_>>> {
        match self.next_block_until(None)? {
            NextBlock::Block(block) => Ok(Some(block)),
            NextBlock::TimedOut | NextBlock::Finished => Ok(None),
        }
    }

    /// The next block that has frames, or that there was none by `deadline`, or that there will be none any more. Without a deadline it
    /// waits as long as it takes; with one that has passed it only looks.
    ///
    /// # Errors
    ///
    /// As [`next_block`](Self::next_block).
    pub fn next_block_until(&mut self, deadline: Option<Instant>) -> Result<NextBlock<'_>> {
        if self.walk.left() == 0 {
            match self.advance(deadline)? {
                Advance::Block => {}
                Advance::TimedOut => return Ok(NextBlock::TimedOut),
                Advance::Finished => return Ok(NextBlock::Finished),
            }
        }
        Ok(NextBlock::Block(Block::new(self)))
    }

    /// The next frame, as soon as there is one; `None` when the ring is finished.
    ///
    /// # Errors
    ///
    /// As [`next_block`](Self::next_block).
    #[inline]
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        match self.next_frame_until(None)? {
            Next::Frame(frame) => Ok(Some(frame)),
            Next::TimedOut | Next::Finished => Ok(None),
        }
    }

    /// The next frame, or that there was none by `deadline`, or that there will be none any more. Without a deadline it waits as long as
    /// it takes; with one that has passed it only looks.
    ///
    /// # Errors
    ///
    /// As [`next_block`](Self::next_block).
    #[inline]
    pub fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        let entry = loop {
            // SAFETY: the block of the walk is held, and it is given back only by `release`, which takes `&mut self`; so does every walk, so
            // that no other thread is on one.
            if let Some(entry) = unsafe { self.context.next_entry(&mut self.walk) } {
                break entry;
            }
            match self.advance(deadline)? {
                Advance::Block => {}
                Advance::TimedOut => return Ok(Next::TimedOut),
                Advance::Finished => return Ok(Next::Finished),
            }
        };
        // SAFETY: as above: not while the frame is there, which borrows from `self`.
        Ok(Next::Frame(unsafe { self.context.frame(&entry) }))
    }

    /// The next frame if there is one already; [`Next::TimedOut`] if not.
    ///
    /// # Errors
    ///
    /// As [`next_block`](Self::next_block).
    pub fn try_next_frame(&mut self) -> Result<Next<'_>> {
        self.next_frame_until(Some(Instant::now()))
    }

    /// Calls `each` for every frame until it breaks or the ring is finished. The frames that it did not come to are there for the next
    /// call, whatever it is.
    ///
    /// # Errors
    ///
    /// As [`next_block`](Self::next_block), after every frame that came before the error was handed out.
    pub fn for_each(&mut self, mut each: impl FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        loop {
            // SAFETY: the block of the walk is held, and it is given back only by `release`, which takes `&mut self`: not while the
            // frame is there, as `each` cannot keep it. `&mut self` also says that no other thread walks.
            while let Some(frame) = unsafe { self.context.next(&mut self.walk) } {
                if each(frame).is_break() {
                    return Ok(());
                }
            }
            if let Advance::Finished | Advance::TimedOut = self.advance(None)? {
                return Ok(());
            }
        }
    }

    /// What ends the reads of this ring from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// What the frames start with.
    pub fn link_type(&self) -> LinkType {
        self.context.link_type
    }

    /// The name that it was opened with: of an interface, or `any`.
    pub fn interface(&self) -> &str {
        match &self.backing {
            Backing::Live(live) => &live.name,
            Backing::Memory(shared) => &shared.name,
        }
    }

    /// Whether the interface was down when it was last looked at: the next read waits for it to be up again. For `any`, and for a ring
    /// that ends then, never.
    pub fn is_down(&self) -> bool {
        matches!(&self.backing, Backing::Live(live) if live.down)
    }

    /// The interfaces known so far, in the order of the indexes that frames carry. Those of `any` become known with their first frame.
    pub fn interfaces(&self) -> &[Interface] {
        &self.context.interfaces
    }

    /// What was received and lost since the ring was opened.
    ///
    /// # Errors
    ///
    /// If the kernel cannot be asked.
    pub fn stats(&mut self) -> Result<Stats> {
        let (counted, interface_dropped) = match &mut self.backing {
            Backing::Live(live) => (live.count()?, live.lost.as_mut().map(Lost::count)),
            Backing::Memory(shared) => (shared.counted(), None),
        };
        Ok(Stats {
            received: Some(counted.received),
            dropped: Some(counted.dropped),
            buffer_full: Some(counted.full),
            interface_dropped,
        })
    }

    /// Lets only frames through that this program matches, from now on: what is in the ring is discarded, and the next frame is one that
    /// the program matched. The discarded frames remain counted as received.
    ///
    /// It takes until every processor is out of the old filter and the block that was being filled is handed over: the block timeout, at
    /// most twice.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::FilterTooLong`], [`ErrorKind::InvalidFilter`], or [`ErrorKind::InvalidSetting`] if the filter was
    /// [locked](Builder::lock_filter): the one before stays. A ring in memory has no kernel: [`ErrorKind::Unsupported`].
    pub fn set_filter(&mut self, filter: &Filter) -> Result<()> {
        let Backing::Live(live) = &mut self.backing else {
            let message = "a ring in memory has no kernel to match a filter";
            return Err(Error::new(ErrorKind::Unsupported, message));
        };
        let named = |error: Error, live: &Live| error.on_interface(&live.name);
        check_link_type(filter, self.context.link_type).map_err(|error| named(error, live))?;
        let program = |filter: Option<&Filter>, live: &Live| {
            let program = live.program(filter, open::starts(self.changes.cooked, live.number));
            program.map_err(|error| named(error, live))
        };
        let before = program(live.settings.filter.as_ref(), live)?;
        let program = program(Some(filter), live)?;
        open::attach(&live.socket, &Program::from(&Filter::reject_all()))
            .map_err(|error| named(error, live))?;
        // Without it, a frame could still come out of the old filter on another processor. Kernels without it are older than any that
        // get fixes, and wait for the block below all the same.
        let _ = socket::grace_period();
        self.discard()?;
        let Backing::Live(live) = &mut self.backing else { return Ok(()) };
        if let Err(error) = open::attach(&live.socket, &program) {
            open::attach(&live.socket, &before).map_err(|error| named(error, live))?;
            return Err(named(error, live));
        }
        live.settings.filter = Some(filter.clone());
        live.settings.filter_as_kernel = None;
        self.context.as_kernel = open::as_kernel(&live.settings, self.changes.cooked, live.number);
        Ok(())
    }

    fn new(
        memory: Arc<Memory>,
        backing: Backing,
        context: Context,
        numbers: Vec<u32>,
        changes: Changes,
        retire: Duration,
    ) -> Result<Self> {
        let stop = StopHandle::new()?;
        let ready = {
            let frames = match &backing {
                Backing::Live(live) => live.socket.as_fd(),
                Backing::Memory(shared) => shared.as_fd(),
            };
            sys::Gathered::new([frames, stop.event().as_fd()])
                .map_err(|error| Error::io("cannot wait for frames", error))?
        };
        Ok(Self {
            memory,
            reader: Reader::default(),
            walk: Walk::done(),
            context,
            changes,
            numbers,
            backing,
            stop,
            ready,
            retire,
            ending: None,
            finished: false,
        })
    }

    /// Whether the next read has something to return at once.
    #[cfg(feature = "tokio")]
    pub(crate) fn is_ready(&mut self) -> Result<bool> {
        loop {
            let before = self.walk;
            // SAFETY: the block of the walk is held, and it is given back only by `release`, which takes `&mut self`; so does every walk, so
            // that no other thread is on one.
            if unsafe { self.context.next_entry(&mut self.walk) }.is_some() {
                self.walk = before;
                return Ok(true);
            }
            match self.advance(Some(Instant::now()))? {
                Advance::Block => {}
                Advance::TimedOut => return Ok(false),
                Advance::Finished => return Ok(true),
            }
        }
    }

    /// After which time to ask again, though the descriptor does not say so.
    #[cfg(feature = "tokio")]
    pub(crate) fn ask_again(&self) -> Option<Duration> {
        match &self.backing {
            _ if self.ending.is_some() => Some(Duration::from_millis(1)),
            Backing::Live(live) if live.down => Some(LOOK_AT_DOWN),
            _ => None,
        }
    }

    /// Gives the held block back and goes to the next one that has frames.
    fn advance(&mut self, deadline: Option<Instant>) -> Result<Advance> {
        self.release();
        if self.context.damage.swap(false, Ordering::Relaxed) {
            return Err(self.damaged());
        }
        loop {
            if self.finished {
                return Ok(Advance::Finished);
            }
            if self.ending.is_none() && self.stop.is_stopped() {
                self.end(None);
            }
            if self.ending.as_ref().is_some_and(|ending| ending.blocks == 0) {
                return self.finish();
            }
            if self.take()? {
                return Ok(Advance::Block);
            }
            let until = match &self.ending {
                None => deadline,
                Some(ending) if Instant::now() >= ending.until => return self.finish(),
                Some(ending) => Some(deadline.map_or(ending.until, |deadline| deadline.min(ending.until))),
            };
            if let Err(error) = self.wait(until) {
                self.finished = true;
                return Err(error);
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                // It may have come while the clock was read.
                return if self.take()? { Ok(Advance::Block) } else { Ok(Advance::TimedOut) };
            }
        }
    }

    /// Takes the next block, if it is full and has frames.
    fn take(&mut self) -> Result<bool> {
        loop {
            self.release();
            let Some(block) = self.reader.take(&*self.memory) else { return Ok(false) };
            if let Some(ending) = &mut self.ending {
                ending.blocks = ending.blocks.saturating_sub(1);
            }
            if self.changes.cooked {
                self.prepare(block);
            }
            self.walk = Walk::start(&self.memory, block);
            if self.walk.is_damaged() {
                return Err(self.damaged());
            }
            if self.walk.left() > 0 {
                return Ok(true);
            }
        }
    }

    /// Gives the held block back, if there is one.
    fn release(&mut self) {
        self.walk = Walk::done();
        if let Some(block) = self.reader.held() {
            // So that a block that the kernel has not started to fill does not look as if it had: see `end`. It does not mind, as it sets
            // the number when it starts (`prb_open_block`).
            self.memory.set_frames(block, 0);
            self.reader.give_back(&*self.memory);
        }
    }

    /// Changes the frames of the block that is held before any of them is handed out.
    fn prepare(&mut self, block: u32) {
        let (count, first) = (self.memory.frames(block), self.memory.first_frame(block) as usize);
        let Some(first) = first.checked_sub(BLOCK_HEADER) else { return };
        // SAFETY: a block is longer than its header.
        let start = unsafe { self.memory.block(block).add(BLOCK_HEADER) };
        let len = self.memory.block_size() - BLOCK_HEADER;
        // SAFETY: these are the bytes of the block behind its header. The block is held, so that the kernel does not touch them, and none of
        // its frames has been handed out: `walk` is at its end, and `&mut self` says that nothing borrows from it.
        let frames = unsafe { std::slice::from_raw_parts_mut(start.as_ptr(), len) };
        let Self { changes, numbers, context, backing, .. } = self;
        prepare::prepare(frames, count, first, *changes, |number| {
            if !changes.cooked {
                return 0;
            }
            let known = numbers.iter().position(|known| *known == number);
            let index = known.unwrap_or_else(|| {
                let name = match backing {
                    Backing::Live(live) => live.socket.interface_name(number),
                    Backing::Memory(_) => None,
                };
                numbers.push(number);
                context.interfaces.push(open::describe(context.link_type, changes.snaplen, name.as_deref()));
                numbers.len() - 1
            });
            u32::try_from(index).unwrap_or(u32::MAX)
        });
    }

    /// Waits until there may be something new, or until the deadline.
    fn wait(&mut self, deadline: Option<Instant>) -> Result<()> {
        let ending = self.ending.is_some();
        let stop = self.stop.event();
        match &mut self.backing {
            Backing::Live(live) => {
                let look = live.down.then(|| Instant::now() + LOOK_AT_DOWN);
                let until = [deadline, look].into_iter().flatten().min();
                // Once it is stopped, the event stays set.
                let ready = if ending {
                    sys::wait([live.socket.as_fd()], until).map(|[socket]| socket)
                } else {
                    sys::wait([live.socket.as_fd(), stop.as_fd()], until).map(|[socket, _]| socket)
                };
                let ready = ready
                    .map_err(|error| Error::io("cannot wait for frames", error).on_interface(&live.name))?;
                if ready.failed {
                    self.socket_failed()
                } else if live.down {
                    self.look_at_interface()
                } else {
                    Ok(())
                }
            }
            Backing::Memory(shared) => {
                let waited = shared.wait(&self.memory, &self.reader, (!ending).then_some(stop), deadline);
                waited.map_err(|error| Error::io("cannot wait for frames", error))
            }
        }
    }

    /// Fetches the error that the socket has.
    #[cold]
    fn socket_failed(&mut self) -> Result<()> {
        let Backing::Live(live) = &mut self.backing else { return Ok(()) };
        let broken =
            |error: io::Error, live: &Live| Error::io("the kernel reports", error).on_interface(&live.name);
        match live.socket.take_error() {
            Ok(None) => Ok(()),
            Ok(Some(error)) if error.raw_os_error() == Some(libc::ENETDOWN) => {
                live.down = true;
                if !live.settings.stop_when_down {
                    return self.look_at_interface();
                }
                // An interface that is deleted is set down first; what it is called then takes a grace period of the kernel's.
                let until = Instant::now() + LOOK_AT_DOWN;
                while self.ending.is_none() && Instant::now() < until {
                    std::thread::sleep(Duration::from_millis(5));
                    self.look_at_interface()?;
                }
                if self.ending.is_none() {
                    let error = Error::new(ErrorKind::InterfaceDown, "the interface was set down");
                    let error = error.on_interface((*self).interface());
                    self.end(Some(error));
                }
                Ok(())
            }
            Ok(Some(error)) | Err(error) => {
                self.finished = true;
                Err(broken(error, live))
            }
        }
    }

    /// Looks what became of an interface that was set down.
    #[cold]
    fn look_at_interface(&mut self) -> Result<()> {
        let Backing::Live(live) = &mut self.backing else { return Ok(()) };
        match live.socket.lost_interface() {
            Ok(true) => {
                live.down = false;
                let error = Error::new(
                    ErrorKind::InterfaceGone,
                    "the interface was deleted, or moved to another network namespace: everything that it received was handed out",
                );
                let error = error.on_interface(&live.name);
                self.end(Some(error));
            }
            Ok(false) => {
                // It may have another name by now.
                let name = live.socket.interface_name(live.number);
                live.down = !name.is_some_and(|name| live.socket.is_up(&name).unwrap_or(false));
            }
            Err(error) => {
                return Err(Error::io("cannot ask for the interface", error).on_interface(&live.name));
            }
        }
        Ok(())
    }

    /// Has the ring finish with what it has received by now, and then this error.
    fn end(&mut self, error: Option<Error>) {
        if self.ending.is_some() {
            return;
        }
        let (full, next) = self.reader.waiting(&*self.memory);
        let being_filled = full < self.memory.count() && self.memory.frames(next) > 0;
        self.ending = Some(Ending {
            blocks: full + u32::from(being_filled),
            until: Instant::now() + 2 * self.retire + LATE,
            error,
        });
    }

    #[cold]
    fn finish(&mut self) -> Result<Advance> {
        self.finished = true;
        match self.ending.as_mut().and_then(|ending| ending.error.take()) {
            Some(error) => Err(error),
            None => Ok(Advance::Finished),
        }
    }

    /// Gives all blocks back unread that have frames now.
    fn discard(&mut self) -> Result<()> {
        self.release();
        let until = Instant::now() + 2 * self.retire + LATE;
        let (full, next) = self.reader.waiting(&*self.memory);
        let mut left = full + u32::from(full < self.memory.count() && self.memory.frames(next) > 0);
        while left > 0 && Instant::now() < until {
            if self.reader.take(&*self.memory).is_some() {
                self.release();
                left -= 1;
            } else {
                self.wait(Some(until))?;
            }
        }
        Ok(())
    }

    #[cold]
    fn damaged(&mut self) -> Error {
        self.release();
        self.finished = true;
        let message = "a header in the ring makes no sense: the rest of its block is lost";
        Error::new(ErrorKind::Malformed, message).on_interface((*self).interface())
    }
}

impl Source for PacketRing {
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        self.next_frame_until(deadline)
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        self.for_each(each)
    }

    fn stop_handle(&self) -> Option<StopHandle> {
        Some(self.stop_handle())
    }

    fn stats(&mut self) -> Result<Stats> {
        self.stats()
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }
}

/// Readable when the kernel has handed a block over, when there is an error, and when it was [stopped](StopHandle): an epoll(7) descriptor.
/// What is left of a block that is read already does not show: read until there is [nothing more](Next::TimedOut), and then wait. After
/// a stop it stays readable; read with a deadline then, as the last block may still be on its way.
impl AsFd for PacketRing {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }
}

impl AsRawFd for PacketRing {
    fn as_raw_fd(&self) -> RawFd {
        self.ready.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for PacketRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketRing")
            .field("interface", &self.interface())
            .field("link_type", &self.link_type())
            .field("blocks", &self.memory.count())
            .field("block_size", &self.memory.block_size())
            .finish_non_exhaustive()
    }
}
