//! Which clock a frame's time is from.

use std::fmt;
use std::str::FromStr;

use crate::{Error, ErrorKind};

/// What took the time of a frame. The names are those of pcap-tstamp(7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum TimestampSource {
    /// The kernel, from the computer's clock, when the driver handed it the frame: `host`.
    #[default]
    Kernel = 0,
    /// The network card, from a clock of its own that is kept in step with the computer's: `adapter`.
    Hardware = 1,
    /// The network card, from a clock of its own that may show any time: `adapter_unsynced`.
    HardwareRaw = 2,
}

impl TimestampSource {
    /// Its name, as commands take it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kernel => "host",
            Self::Hardware => "adapter",
            Self::HardwareRaw => "adapter_unsynced",
        }
    }
}

impl fmt::Display for TimestampSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for TimestampSource {
    type Err = Error;

    /// From its [name](Self::name).
    fn from_str(name: &str) -> Result<Self, Error> {
        [Self::Kernel, Self::Hardware, Self::HardwareRaw]
            .into_iter()
            .find(|source| source.name() == name)
            .ok_or_else(|| {
                let message =
                    format!("no time stamp source {name:?}: take host, adapter or adapter_unsynced");
                Error::new(ErrorKind::InvalidSetting, message)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_leads_back() {
        for source in [TimestampSource::Kernel, TimestampSource::Hardware, TimestampSource::HardwareRaw] {
            assert_eq!(source.name().parse::<TimestampSource>().unwrap(), source);
        }
        let error = "clock".parse::<TimestampSource>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidSetting);
        assert!(error.to_string().contains("adapter_unsynced"));
    }
}
