//! Reading without blocking a thread, on Tokio.

use std::future::{pending, poll_fn};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use ::tokio::io::Interest;
use ::tokio::io::unix::AsyncFd;

use crate::{Error, Frame, Next, Result, Source};

/// A source that can be waited for: its descriptor is readable when there may be a frame.
pub trait Readable: Source + AsFd {
    /// Whether the next read has something to return at once, be it an error or the end.
    ///
    /// # Errors
    ///
    /// As [`Source::next_frame_until`]: that read is then done.
    fn is_ready(&mut self) -> Result<bool>;

    /// After which time to ask again, though the descriptor is not readable; `None` if there is no need to.
    fn ask_again(&self) -> Option<Duration> {
        None
    }
}

/// A source that is read with `await`.
///
/// Each future may be dropped before it is done, in a `select!` or a timeout, without loss: a frame is taken only when it is handed
/// out. It needs a runtime with I/O and time enabled.
///
/// ```no_run
/// use pycap_capture::PacketRing;
/// use pycap_capture::tokio::AsyncSource;
///
/// # async fn capture() -> Result<(), pycap_capture::Error> {
/// let mut source = AsyncSource::new(PacketRing::builder("eth0").open()?)?;
/// while let Some(frame) = source.next_frame().await? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct AsyncSource<S> {
    source: S,
    frames: AsyncFd<OwnedFd>,
    stop: Option<AsyncFd<OwnedFd>>,
}

impl<S: Readable> AsyncSource<S> {
    /// Has the current runtime wait for this source.
    ///
    /// # Errors
    ///
    /// If the system does not let it.
    ///
    /// # Panics
    ///
    /// Outside of a runtime, or if that has I/O switched off, as [`AsyncFd::new`] does.
    pub fn new(source: S) -> Result<Self> {
        let watch = |descriptor: std::io::Result<OwnedFd>| {
            #[allow(
                deprecated,
                reason = "an `OwnedFd` stays open and the same, which is what its successor wants proved"
            )]
            let watched = descriptor.and_then(|descriptor| AsyncFd::with_interest(descriptor, WATCHED));
            watched.map_err(|error| Error::io("cannot wait for frames", error))
        };
        let frames = watch(source.as_fd().try_clone_to_owned())?;
        let stop = source.stop_handle();
        let stop = stop.map(|stop| watch(stop.event().as_fd().try_clone_to_owned())).transpose()?;
        Ok(Self { source, frames, stop })
    }

    /// The next frame, as soon as there is one; `None` when the source is finished.
    ///
    /// # Errors
    ///
    /// As [`Source::next_frame`].
    pub async fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.ready().await?;
        match self.source.next_frame_until(Some(Instant::now()))? {
            Next::Frame(frame) => Ok(Some(frame)),
            Next::TimedOut | Next::Finished => Ok(None),
        }
    }

    /// Waits until the next read has something to return.
    async fn ready(&mut self) -> Result<()> {
        while !self.source.is_ready()? {
            match self.source.ask_again() {
                None => self.event().await?,
                // Whether it was the event or the time does not matter.
                Some(time) => ::tokio::time::timeout(time, self.event()).await.unwrap_or(Ok(()))?,
            }
        }
        Ok(())
    }

    /// Waits until something happened since the last time.
    async fn event(&self) -> Result<()> {
        let mut frames = pin!(happened(Some(&self.frames)));
        let mut stop = pin!(happened(self.stop.as_ref()));
        poll_fn(|context| match frames.as_mut().poll(context) {
            Poll::Pending => stop.as_mut().poll(context),
            ready => ready,
        })
        .await
    }

    /// The source.
    pub fn get_ref(&self) -> &S {
        &self.source
    }

    /// The source. To read it here may block.
    pub fn get_mut(&mut self) -> &mut S {
        &mut self.source
    }

    /// The source, no longer waited for.
    pub fn into_inner(self) -> S {
        self.source
    }
}

/// What a descriptor is watched for. An interface that is set down or deleted shows as an error and nothing else.
const WATCHED: Interest = Interest::READABLE.add(Interest::ERROR);

/// Waits until something happened to a descriptor since the last time; for ever where there is none.
async fn happened(descriptor: Option<&AsyncFd<OwnedFd>>) -> Result<()> {
    let Some(descriptor) = descriptor else { return pending().await };
    let ready = descriptor.ready(WATCHED).await;
    // The next look comes after this, so that nothing that happens from now on is missed.
    ready.map_err(|error| Error::io("cannot wait for frames", error))?.clear_ready();
    Ok(())
}

#[cfg(target_os = "linux")]
impl AsyncSource<crate::PacketRing> {
    /// The next block that has frames, as soon as there is one; `None` when the ring is finished.
    ///
    /// # Errors
    ///
    /// As [`PacketRing::next_block`](crate::PacketRing::next_block).
    pub async fn next_block(&mut self) -> Result<Option<crate::Block<'_>>> {
        self.ready().await?;
        match self.source.next_block_until(Some(Instant::now()))? {
            crate::NextBlock::Block(block) => Ok(Some(block)),
            crate::NextBlock::TimedOut | crate::NextBlock::Finished => Ok(None),
        }
    }
}

#[cfg(target_os = "linux")]
impl Readable for crate::PacketRing {
    fn is_ready(&mut self) -> Result<bool> {
        self.is_ready()
    }

    fn ask_again(&self) -> Option<Duration> {
        self.ask_again()
    }
}
