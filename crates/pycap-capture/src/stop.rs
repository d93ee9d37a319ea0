//! Ending a read from another thread.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::Event;
use crate::{Error, Result};

/// Ends the reads of the live capture, or of the file that is followed, that it was taken from, from any thread, for good.
///
/// A read that waits returns at once; what the capture had received by then is still handed out, without waiting for more, and then
/// it is [finished](crate::Next::Finished).
///
/// ```no_run
/// use pycap_capture::{Live, Source};
///
/// let mut capture = Live::on("eth0").open()?;
/// let stop = capture.stop_handle().expect("a live capture has one");
/// std::thread::spawn(move || {
///     std::thread::sleep(std::time::Duration::from_secs(10));
///     stop.stop();
/// });
/// while let Some(frame) = capture.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
#[derive(Clone)]
pub struct StopHandle(Arc<Stop>);

struct Stop {
    stopped: AtomicBool,
    event: Event,
    /// What else it takes to end a read: libpcap's own way, where there is no descriptor to wait for.
    also: Option<Box<dyn Fn() + Send + Sync>>,
}

impl StopHandle {
    /// Ends the reads. More calls change nothing.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        // It fails only if the descriptor were closed, and `self` keeps it open.
        let _ = self.0.event.set();
        if let Some(also) = &self.0.also {
            also();
        }
    }

    /// Whether the reads were ended.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    pub(crate) fn new() -> Result<Self> {
        Self::build(None)
    }

    /// One that also calls `also`, at each stop.
    #[allow(dead_code)]
    pub(crate) fn with(also: impl Fn() + Send + Sync + 'static) -> Result<Self> {
        Self::build(Some(Box::new(also)))
    }

    fn build(also: Option<Box<dyn Fn() + Send + Sync>>) -> Result<Self> {
        let event = Event::new().map_err(|error: io::Error| Error::io("cannot make an event", error))?;
        Ok(Self(Arc::new(Stop { stopped: AtomicBool::new(false), event, also })))
    }

    /// Readable once it is stopped.
    pub(crate) fn event(&self) -> &Event {
        &self.0.event
    }
}

impl fmt::Debug for StopHandle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopHandle").field("stopped", &self.is_stopped()).finish()
    }
}

const _: () = {
    const fn shareable<T: Clone + Send + Sync + 'static>() {}
    shareable::<StopHandle>();
};
