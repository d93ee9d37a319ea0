//! The progress bar of a long read.

use std::io::{self, IsTerminal};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error, if somebody sees it: it is a terminal, the output does not go there too, and it takes a
/// while.
pub(crate) struct Progress {
    total: Option<u64>,
    /// Bytes of the files before.
    before: u64,
    /// Bytes of this file.
    here: u64,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// How many packets to read between two calls of [`at`](Self::at).
    pub(crate) const STEP: u64 = 8192;

    const PATIENCE: Duration = Duration::from_millis(400);

    /// `total` is what there is to read in bytes, where that is known; `silent` says that nothing is printed meanwhile.
    pub(crate) fn new(total: Option<u64>, silent: bool) -> Self {
        let seen = io::stderr().is_terminal() && (silent || !io::stdout().is_terminal());
        Self { total: total.filter(|_| seen), before: 0, here: 0, since: Instant::now(), bar: None }
    }

    /// So many bytes have been read of this file.
    pub(crate) fn at(&mut self, position: u64) {
        self.here = position;
        let Some(total) = self.total else { return };
        if self.bar.is_none() && self.since.elapsed() > Self::PATIENCE {
            let style = ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar());
            self.bar = Some(ProgressBar::new(total).with_style(style));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.before + position);
        }
    }

    /// Another file follows.
    pub(crate) fn next_file(&mut self) {
        self.before += std::mem::take(&mut self.here);
    }

    /// Nothing more will be read: the terminal is as it was.
    pub(crate) fn finish(&mut self) {
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}
