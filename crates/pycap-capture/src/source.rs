//! What every place that frames come from can do.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::{Frame, Interface, Result, Stats, StopHandle};

/// Where frames come from: a file, a live capture.
///
/// The trait is object-safe, so a program can pick the kind at run time and keep a `Box<dyn Source>`. The
/// frames that it hands out borrow from it; [`Frame::to_owned`] keeps one.
pub trait Source {
    /// The next frame, or that there was none by `deadline`, or that there will be none any more. Without a
    /// deadline it waits as long as it takes and never returns [`Next::TimedOut`].
    ///
    /// # Errors
    ///
    /// What stops the source, once: after an error every further call returns [`Next::Finished`].
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>>;

    /// The next frame; `None` when the source is finished.
    ///
    /// # Errors
    ///
    /// As [`next_frame_until`](Self::next_frame_until).
    fn next_frame(&mut self) -> Result<Option<Frame<'_>>>;

    /// Calls `each` for every frame until it breaks or the source is finished. The fastest way through a
    /// source that gets its frames in batches.
    ///
    /// # Errors
    ///
    /// As [`next_frame_until`](Self::next_frame_until), after every frame that came before the error was
    /// handed out.
    fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        while let Some(frame) = self.next_frame()? {
            if each(frame).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The next frame if there is one already; [`Next::TimedOut`] if not.
    ///
    /// # Errors
    ///
    /// As [`next_frame_until`](Self::next_frame_until).
    fn try_next_frame(&mut self) -> Result<Next<'_>> {
        self.next_frame_until(Some(Instant::now()))
    }

    /// What ends the reads of this source from another thread. Sources that never wait have none.
    fn stop_handle(&self) -> Option<StopHandle> {
        None
    }

    /// What was received and lost since it was opened. A file cannot tell.
    ///
    /// # Errors
    ///
    /// If the system cannot be asked.
    fn stats(&mut self) -> Result<Stats> {
        Ok(Stats::default())
    }

    /// The interfaces known so far, in the order of the indexes that frames carry ([`Frame::interface`]). A
    /// savefile may describe more of them further on.
    fn interfaces(&self) -> &[Interface];

    /// The interface with this index.
    fn interface(&self, index: u32) -> Option<&Interface> {
        self.interfaces().get(usize::try_from(index).ok()?)
    }
}

/// What [`Source::next_frame_until`] came back with.
#[derive(Clone, Copy, Debug)]
pub enum Next<'a> {
    /// A frame.
    Frame(Frame<'a>),
    /// The deadline passed first; more frames may come.
    TimedOut,
    /// No frame will come any more.
    Finished,
}

const _: () = {
    const fn movable<T: Send + ?Sized>() {}
    movable::<Box<dyn Source + Send>>();
    movable::<Next<'_>>();
};
