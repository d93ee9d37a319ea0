//! Signals: what ends a capture, and what asks for its statistics.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use pycap_capture::StopHandle;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals as Iterator;

/// The signals of a capture.
pub(crate) struct Signals {
    statistics: Arc<AtomicBool>,
}

impl Signals {
    /// From now on SIGINT, SIGTERM and SIGHUP end the capture, however many of them come, and SIGUSR1 asks for statistics.
    pub(crate) fn catch(stop: Option<StopHandle>) -> io::Result<Self> {
        let statistics = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&statistics);
        let mut signals = Iterator::new([SIGINT, SIGTERM, SIGHUP, SIGUSR1])?;
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                match (signal, &stop) {
                    (SIGUSR1, _) => asked.store(true, Ordering::Relaxed),
                    (_, Some(stop)) => stop.stop(),
                    (_, None) => {}
                }
            }
        })?;
        Ok(Self { statistics })
    }

    /// Whether statistics were asked for since the last time.
    pub(crate) fn take_statistics(&self) -> bool {
        self.statistics.swap(false, Ordering::Relaxed)
    }
}
