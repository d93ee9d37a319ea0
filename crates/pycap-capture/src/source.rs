//! What every place that frames come from can do.

use std::ops::ControlFlow;
use std::time::Instant;

use crate::{Frame, Interface, Result, Stats, StopHandle};

/// Where frames come from: a file, a live capture.
///
/// The trait is object-safe, so a program can pick the kind at run time and keep a `Box<dyn Source>`, which is a source like any other:
/// it goes wherever `impl Source` is asked for, and so does a `&mut` to a source that is needed afterwards. The frames that a source
/// hands out borrow from it; [`Frame::to_owned`] keeps one.
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

/// A pointer to a source is one: each method is the source's own.
macro_rules! source_behind {
    ($Pointer:ty) => {
        impl<S: Source + ?Sized> Source for $Pointer {
            #[inline]
            fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
                (**self).next_frame_until(deadline)
            }

            #[inline]
            fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
                (**self).next_frame()
            }

            fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
                (**self).for_each(each)
            }

            #[inline]
            fn try_next_frame(&mut self) -> Result<Next<'_>> {
                (**self).try_next_frame()
            }

            fn stop_handle(&self) -> Option<StopHandle> {
                (**self).stop_handle()
            }

            fn stats(&mut self) -> Result<Stats> {
                (**self).stats()
            }

            fn interfaces(&self) -> &[Interface] {
                (**self).interfaces()
            }

            fn interface(&self, index: u32) -> Option<&Interface> {
                (**self).interface(index)
            }
        }
    };
}

source_behind!(Box<S>);
source_behind!(&mut S);

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

#[cfg(test)]
mod tests {
    use pycap_wire::LinkType;

    use super::*;
    use crate::{Error, ErrorKind};

    /// One that overrides every method, and notes which was called.
    struct Noting {
        called: Vec<&'static str>,
        interfaces: Vec<Interface>,
    }

    impl Source for Noting {
        fn next_frame_until(&mut self, _: Option<Instant>) -> Result<Next<'_>> {
            self.called.push("next_frame_until");
            Ok(Next::TimedOut)
        }

        fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
            self.called.push("next_frame");
            Ok(Some(Frame::new(b"data", LinkType::RAW)))
        }

        fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
            self.called.push("for_each");
            let _ = each(Frame::new(b"data", LinkType::RAW));
            Err(Error::new(ErrorKind::Malformed, "the end"))
        }

        fn try_next_frame(&mut self) -> Result<Next<'_>> {
            self.called.push("try_next_frame");
            Ok(Next::Finished)
        }

        fn stop_handle(&self) -> Option<StopHandle> {
            StopHandle::new().ok()
        }

        fn stats(&mut self) -> Result<Stats> {
            self.called.push("stats");
            Ok(Stats { received: Some(7), ..Stats::default() })
        }

        fn interfaces(&self) -> &[Interface] {
            &self.interfaces
        }

        fn interface(&self, index: u32) -> Option<&Interface> {
            self.interfaces.get(index as usize + 1)
        }
    }

    /// Takes a source by value, as a caller's own function would.
    fn use_all(mut source: impl Source) {
        assert!(matches!(source.next_frame_until(None), Ok(Next::TimedOut)));
        assert_eq!(source.next_frame().unwrap().unwrap().data(), b"data");
        let mut seen = 0;
        let ended = source.for_each(&mut |_| {
            seen += 1;
            ControlFlow::Continue(())
        });
        assert!(ended.is_err() && seen == 1);
        assert!(matches!(source.try_next_frame(), Ok(Next::Finished)));
        assert!(source.stop_handle().is_some());
        assert_eq!(source.stats().unwrap().received, Some(7));
        assert_eq!((source.interfaces().len(), source.interface(0).is_some()), (2, true));
        assert_eq!(source.interface(0).unwrap().name(), Some("second"));
    }

    #[test]
    fn a_pointer_to_a_source_is_one() {
        let mut source = Noting {
            called: Vec::new(),
            interfaces: ["first", "second"].map(|name| Interface::new(LinkType::RAW).with_name(name)).into(),
        };
        use_all(&mut source);
        use_all(&mut &mut source);
        use_all(Box::new(&mut source));
        use_all(Box::new(&mut source) as Box<dyn Source + '_>);
        let mut boxed: Box<dyn Source + Send> = Box::new(source);
        use_all(&mut boxed);
        use_all(&mut *boxed);
        use_all(boxed);
    }
}
