//! Ending a wait from another thread.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// Ends the waits of the [`Pacer`](super::Pacer) that it was taken from, from any thread, for good.
///
/// ```
/// use pycap_inject::pacer::{Pace, Pacer};
///
/// let mut pacer = Pacer::new(Pace::PacketsPerSecond(0.001))?;
/// let stop = pacer.stop_handle();
/// assert_eq!(pacer.batch(60, 64), 1);
/// std::thread::spawn(move || stop.stop());
/// // The next one would be due in 1,000 seconds.
/// assert_eq!(pacer.batch(60, 64), 0);
/// # Ok::<(), pycap_inject::SendError>(())
/// ```
#[derive(Clone, Default)]
pub struct StopHandle(Arc<Stop>);

#[derive(Default)]
struct Stop {
    stopped: AtomicBool,
    lock: Mutex<()>,
    changed: Condvar,
}

impl StopHandle {
    /// Ends the waits. More calls change nothing.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
        // Whoever is between its look at the flag and its wait holds the lock.
        drop(self.0.lock.lock().unwrap_or_else(PoisonError::into_inner));
        self.0.changed.notify_all();
    }

    /// Whether the waits were ended.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::Acquire)
    }

    /// Sleeps at most so long, and not once it is stopped.
    pub fn sleep(&self, longest: Duration) {
        let guard = self.0.lock.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.0.changed.wait_timeout_while(guard, longest, |()| !self.is_stopped());
        drop(waited.unwrap_or_else(PoisonError::into_inner));
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
