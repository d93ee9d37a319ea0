//! Reading without blocking a thread, on Tokio: live captures, and files that are followed.
//!
//! [`AsyncSource`] is for every source that can wait: [`LiveCapture`](crate::LiveCapture), which
//! [`Live::open_async`](crate::Live::open_async) opens, `PacketRing`, `PcapSource`, and on Linux [`Follow`](crate::Follow). A savefile
//! never waits; it is read as it is, or by `spawn_blocking` where the disk is slow.

use std::future::{pending, poll_fn};
use std::os::fd::{AsFd, OwnedFd};
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use ::tokio::io::Interest;
use ::tokio::io::unix::AsyncFd;

use crate::{Error, ErrorKind, Frame, Next, Result, Source};

/// A source that can be waited for: its descriptor becomes readable when there may be a frame, and when it is stopped.
///
/// Where the descriptor tells of the source alone, as it does on systems other than Linux, its
/// [stop handle](Source::stop_handle) ends a wait all the same.
pub trait Readable: Source + AsFd {
    /// Whether the next [read of a frame](Source::next_frame_until) has something to return at once, be it an error or the end. It loses
    /// nothing: what it had to read for that is kept for the next read.
    ///
    /// # Errors
    ///
    /// As [`Source::next_frame_until`]: that read is then done.
    fn is_ready(&mut self) -> Result<bool>;

    /// After which time to ask again at the latest, though the descriptor is not readable; `None` if there is no need to.
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
/// use pycap_capture::Live;
///
/// # async fn capture() -> Result<(), pycap_capture::Error> {
/// let mut source = Live::on("eth0").filter("tcp port 443").open_async()?;
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
    /// Outside of a runtime, or if that has I/O switched off, as [`AsyncFd::new`] does; reads of sources that
    /// [ask again](Readable::ask_again) where it has time switched off.
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
            Next::Finished => Ok(None),
            Next::TimedOut => Err(not_ready()),
        }
    }

    /// Waits until the next read has something to return.
    async fn ready(&mut self) -> Result<()> {
        while !self.source.is_ready()? {
            match self.source.ask_again() {
                None => event(&self.frames, self.stop.as_ref()).await?,
                // Whether it was the event or the time does not matter.
                Some(time) => {
                    let event = event(&self.frames, self.stop.as_ref());
                    ::tokio::time::timeout(time, event).await.unwrap_or(Ok(()))?;
                }
            }
        }
        Ok(())
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

/// That a time-out is no end, whoever implements [`Readable`].
#[cold]
fn not_ready() -> Error {
    let message = "a source said that it was ready, and had nothing: its `is_ready` has to keep what it saw";
    Error::new(ErrorKind::Io, message)
}

/// What a descriptor is watched for. An interface that is set down or deleted shows as an error and nothing else.
const WATCHED: Interest = Interest::READABLE.add(Interest::ERROR);

/// Waits until something happened since the last time. It borrows nothing of the source, which not every thread may look at: a task can move.
async fn event(frames: &AsyncFd<OwnedFd>, stop: Option<&AsyncFd<OwnedFd>>) -> Result<()> {
    let mut frames = pin!(happened(Some(frames)));
    let mut stop = pin!(happened(stop));
    poll_fn(|context| match frames.as_mut().poll(context) {
        Poll::Pending => stop.as_mut().poll(context),
        ready => ready,
    })
    .await
}

/// A task that reads can move from thread to thread, whatever the source is.
#[allow(dead_code, reason = "it only has to compile")]
fn task_can_move<S: Readable + Send>(source: &mut AsyncSource<S>) -> impl Send {
    source.next_frame()
}

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
            crate::NextBlock::Finished => Ok(None),
            crate::NextBlock::TimedOut => Err(not_ready()),
        }
    }
}

/// What a source of this crate has of its own accord.
macro_rules! readable {
    ($($Source:ty),*) => {
        $(impl Readable for $Source {
            fn is_ready(&mut self) -> Result<bool> {
                self.is_ready()
            }

            fn ask_again(&self) -> Option<Duration> {
                self.ask_again()
            }
        })*
    };
}

#[cfg(target_os = "linux")]
readable!(crate::PacketRing, crate::Follow);
#[cfg(feature = "libpcap")]
readable!(crate::PcapSource);
readable!(crate::LiveCapture);
