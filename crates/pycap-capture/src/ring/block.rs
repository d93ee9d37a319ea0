//! A block of frames that the reader holds.

use std::fmt;
use std::iter::FusedIterator;
use std::marker::PhantomData;

use super::PacketRing;
use super::context::Context;
use super::walk::Walk;
use crate::Frame;

/// A block of frames, held until it is dropped: then the kernel may fill it again.
///
/// Frames borrow from it. Several can be held at once, be looked at in any order, and be sent to other threads, which the block itself
/// cannot: a frame is made ready when it is come to.
pub struct Block<'r> {
    ring: &'r mut PacketRing,
    one_thread: PhantomData<*mut u8>,
}

impl<'r> Block<'r> {
    /// The block that the ring holds.
    pub(super) fn new(ring: &'r mut PacketRing) -> Self {
        Self { ring, one_thread: PhantomData }
    }

    /// Its frames, in the order they came in, from the first on that was not handed out otherwise.
    #[inline]
    pub fn frames(&self) -> Frames<'_> {
        Frames {
            walk: self.ring.walk,
            context: &self.ring.context,
            block: PhantomData,
            one_thread: PhantomData,
        }
    }

    /// How many frames it has at most: a filter in this process may leave some out.
    #[inline]
    pub fn frame_count(&self) -> usize {
        self.ring.walk.left() as usize
    }
}

impl Drop for Block<'_> {
    fn drop(&mut self) {
        self.ring.release();
    }
}

impl fmt::Debug for Block<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Block").field("frames", &self.frame_count()).finish_non_exhaustive()
    }
}

impl<'b> IntoIterator for &'b Block<'_> {
    type Item = Frame<'b>;
    type IntoIter = Frames<'b>;

    #[inline]
    fn into_iter(self) -> Frames<'b> {
        self.frames()
    }
}

/// The frames of a [`Block`].
#[derive(Clone)]
pub struct Frames<'b> {
    walk: Walk,
    context: &'b Context,
    block: PhantomData<&'b [u8]>,
    one_thread: PhantomData<*mut u8>,
}

impl<'b> Iterator for Frames<'b> {
    type Item = Frame<'b>;

    #[inline(always)]
    fn next(&mut self) -> Option<Frame<'b>> {
        // SAFETY: the walk is of a block that the ring holds, and it gives the block back only when the `Block` is dropped, from which
        // `'b` is borrowed, or when the ring is borrowed mutably, which the `Block` rules out. Walks through it are of this thread alone:
        // neither `Block` nor `Frames` can be sent to another or be shared with one.
        unsafe { self.context.next(&mut self.walk) }
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (0, Some(self.walk.left() as usize))
    }
}

impl FusedIterator for Frames<'_> {}

impl fmt::Debug for Frames<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frames").field("left", &self.walk.left()).finish_non_exhaustive()
    }
}

/// What [`PacketRing::next_block_until`] came back with.
#[derive(Debug)]
pub enum NextBlock<'r> {
    /// A block that has frames.
    Block(Block<'r>),
    /// The deadline passed first; more frames may come.
    TimedOut,
    /// No frame will come any more.
    Finished,
}
