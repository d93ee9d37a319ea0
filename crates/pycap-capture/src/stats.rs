//! How many frames a live capture has seen and lost.

use std::fmt;

/// What a capture counted since it was opened. Counts never decrease; `None` says that the source cannot tell, which is not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Stats {
    /// Frames that passed the filter and had room: they were handed out, or wait to be.
    pub received: Option<u64>,
    /// Frames that passed the filter and were lost since the buffer was full. `received + dropped` is everything that passed it.
    pub dropped: Option<u64>,
    /// How often the buffer was full: episodes, not frames.
    pub buffer_full: Option<u64>,
    /// Frames that the interface or its driver lost before any capture saw them, of all frames, whatever the filter: Linux's rx_missed_errors
    /// and rx_fifo_errors, counted since the capture was opened. Frames that no protocol wanted (rx_dropped) are not among them: captures see
    /// those. `None` for all interfaces at once (`any`), and on other systems.
    pub interface_dropped: Option<u64>,
}

impl Stats {
    /// Frames that passed the filter, lost ones included: what tcpdump prints as 'received by filter'.
    pub fn received_by_filter(&self) -> Option<u64> {
        Some(self.received?.saturating_add(self.dropped?))
    }
}

/// `12 received by filter, 2 dropped by kernel`
impl fmt::Display for Stats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.received_by_filter(), "received by filter"),
            (self.dropped, "dropped by kernel"),
            (self.interface_dropped.filter(|dropped| *dropped > 0), "dropped by interface"),
        ];
        let mut separator = "";
        for (count, what) in parts {
            if let Some(count) = count {
                write!(f, "{separator}{count} {what}")?;
                separator = ", ";
            }
        }
        if separator.is_empty() { f.write_str("no statistics") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_available_is_not_zero() {
        assert_eq!(Stats::default().to_string(), "no statistics");
        let stats = Stats { received: Some(10), dropped: Some(2), ..Stats::default() };
        assert_eq!(stats.to_string(), "12 received by filter, 2 dropped by kernel");
        assert_eq!(Stats { received: Some(1), ..Stats::default() }.received_by_filter(), None);
    }
}
