//! Signals: what ends a capture, and what asks it for something.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use pycap_capture::StopHandle;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2};
use signal_hook::iterator::Signals as Iterator;

use crate::tell;

/// How long a capture may take to end before a further signal ends it as it is.
const PATIENCE: Duration = Duration::from_secs(2);

/// The signals of a capture.
pub(crate) struct Signals {
    asked: Arc<Asked>,
}

/// What was asked for, and not done yet.
#[derive(Default)]
struct Asked {
    statistics: AtomicBool,
    flush: AtomicBool,
}

impl Signals {
    /// From now on SIGINT, SIGTERM and SIGHUP end the capture, however many of them come; SIGUSR1 asks for statistics, and SIGUSR2 for the
    /// file to be flushed.
    pub(crate) fn catch(stop: Option<StopHandle>) -> io::Result<Self> {
        let asked = Arc::new(Asked::default());
        let mut signals = Iterator::new([SIGINT, SIGTERM, SIGUSR1, SIGUSR2])?;
        // nohup(1) has it ignored, and that is to stay so.
        if !is_ignored(SIGHUP) {
            signals.add_signal(SIGHUP)?;
        }
        let shared = Arc::clone(&asked);
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            let mut stopped = None;
            for signal in signals.forever() {
                match (signal, &stop) {
                    (SIGUSR1, _) => shared.statistics.store(true, Ordering::Relaxed),
                    (SIGUSR2, _) => shared.flush.store(true, Ordering::Relaxed),
                    (_, stop) => {
                        if let Some(stop) = stop {
                            stop.stop();
                        }
                        // Whoever asks again after so long does not wait for a reader of the output that reads no more.
                        if stopped.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                            tell(format_args!("ended though not all was written: the output takes no more"));
                            std::process::exit(1);
                        }
                    }
                }
            }
        })?;
        Ok(Self { asked })
    }

    /// Whether statistics were asked for since the last time.
    pub(crate) fn take_statistics(&self) -> bool {
        self.asked.statistics.swap(false, Ordering::Relaxed)
    }

    /// Whether the file was to be flushed since the last time.
    pub(crate) fn take_flush(&self) -> bool {
        self.asked.flush.swap(false, Ordering::Relaxed)
    }
}

/// Whether this process was started with the signal ignored: proc_pid_status(5). Where the system does not tell so, it was not.
fn is_ignored(signal: i32) -> bool {
    std::fs::read_to_string("/proc/self/status").is_ok_and(|status| ignores(&status, signal))
}

fn ignores(status: &str, signal: i32) -> bool {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    // Bit 0 is signal 1.
    mask.is_some_and(|mask| mask >> (signal - 1) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ignored_signals_are_read_from_the_status() {
        assert!(ignores("Name:\tx\nSigIgn:\t0000000000001001\n", SIGHUP));
        assert!(!ignores("SigIgn:\t0000000000001002\n", SIGHUP));
        assert!(!ignores("", SIGHUP));
    }
}
