//! The account of a sender.

use std::fmt;
use std::time::Duration;

use super::{SendError, SendErrorKind};

/// What a sender has sent since it was opened, and what it has not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct SendStats {
    /// Frames that were accepted.
    pub sent: u64,
    /// Their bytes, link header included.
    pub bytes: u64,
    /// How many times it waited because the system had no room (`ENOBUFS`, `EAGAIN`, a full ring). One frame may count several times.
    pub waits: u64,
    /// How long it waited so, all in all.
    pub waited: Duration,
    /// Frames given up because the system had no room for longer than the sender waits.
    pub no_buffers: u64,
    /// Frames that were too long for the interface.
    pub too_long: u64,
    /// Frames that were too short, or made no sense to the sender.
    pub invalid: u64,
    /// Frames that came while the interface was down, or was no more.
    pub interface_down: u64,
    /// Frames that were not accepted for another reason.
    pub other: u64,
}

impl SendStats {
    /// Frames that were not accepted.
    pub fn failed(&self) -> u64 {
        self.no_buffers + self.too_long + self.invalid + self.interface_down + self.other
    }

    #[inline]
    pub(crate) fn count(&mut self, bytes: usize) {
        self.sent += 1;
        self.bytes += bytes as u64;
    }

    /// Counts a frame that was not accepted, by its reason.
    #[cold]
    pub(crate) fn count_error(&mut self, error: &SendError) {
        let counter = match error.kind() {
            SendErrorKind::NoBuffers => &mut self.no_buffers,
            SendErrorKind::TooLong => &mut self.too_long,
            SendErrorKind::TooShort | SendErrorKind::InvalidFrame => &mut self.invalid,
            SendErrorKind::InterfaceDown | SendErrorKind::InterfaceGone => &mut self.interface_down,
            _ => &mut self.other,
        };
        *counter += 1;
    }
}

/// `10 sent, 2 not (2 too long)`
impl fmt::Display for SendStats {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} sent, {} not", self.sent, self.failed())?;
        let reasons = [
            (self.no_buffers, "no buffers"),
            (self.too_long, "too long"),
            (self.invalid, "invalid"),
            (self.interface_down, "interface down"),
            (self.other, "other"),
        ];
        let mut before = " (";
        for (count, reason) in reasons {
            if count > 0 {
                write!(f, "{before}{count} {reason}")?;
                before = ", ";
            }
        }
        f.write_str(if before == ", " { ")" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_as_a_line() {
        let mut stats = SendStats { sent: 10, ..SendStats::default() };
        assert_eq!(stats.to_string(), "10 sent, 0 not");
        stats.count_error(&SendError::too_short(3, 14, "an Ethernet header"));
        stats.count_error(&SendError::new(SendErrorKind::NoBuffers, "x"));
        stats.count_error(&SendError::new(SendErrorKind::NoBuffers, "x"));
        assert_eq!(stats.to_string(), "10 sent, 3 not (2 no buffers, 1 invalid)");
        assert_eq!(stats.failed(), 3);
    }
}
