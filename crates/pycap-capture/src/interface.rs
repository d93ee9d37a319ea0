//! What is known of the network interfaces that frames were captured on.

use std::fmt;

use pycap_wire::LinkType;

/// An interface that frames were captured on, as a savefile or the system describes it.
///
/// Frames carry its index; [`Source::interface`](crate::Source::interface) looks it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    link_type: LinkType,
    snaplen: u32,
    resolution: TimestampResolution,
    timestamp_offset: i64,
    fcs_len: Option<u8>,
    section: u32,
    id: u32,
    texts: Option<Box<Texts>>,
}

/// The parts that most files leave out: apart, so that a file of a million bare interfaces stays small in
/// memory.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Texts {
    name: Option<Box<str>>,
    description: Option<Box<str>>,
    filter: Option<Box<str>>,
    hardware: Option<Box<str>>,
    os: Option<Box<str>>,
}

impl Interface {
    /// An interface of which only the link type is known: no snapshot length, microseconds.
    pub const fn new(link_type: LinkType) -> Self {
        Self {
            link_type,
            snaplen: 0,
            resolution: TimestampResolution::MICROSECONDS,
            timestamp_offset: 0,
            fcs_len: None,
            section: 0,
            id: 0,
            texts: None,
        }
    }

    /// What its frames start with.
    pub const fn link_type(&self) -> LinkType {
        self.link_type
    }

    /// At most so many bytes of each frame were kept; 0 if no limit was stated. Files do hold longer frames:
    /// they are handed out whole.
    pub const fn snaplen(&self) -> u32 {
        self.snaplen
    }

    /// The name by which the system knew it, such as `eth0`.
    pub fn name(&self) -> Option<&str> {
        self.texts.as_ref()?.name.as_deref()
    }

    /// A text that a person wrote about it.
    pub fn description(&self) -> Option<&str> {
        self.texts.as_ref()?.description.as_deref()
    }

    /// The filter expression that was in force, where it was stored as text.
    pub fn filter(&self) -> Option<&str> {
        self.texts.as_ref()?.filter.as_deref()
    }

    /// What hardware it is.
    pub fn hardware(&self) -> Option<&str> {
        self.texts.as_ref()?.hardware.as_deref()
    }

    /// The operating system it was part of; not always the one that wrote the file.
    pub fn os(&self) -> Option<&str> {
        self.texts.as_ref()?.os.as_deref()
    }

    /// The unit that the file counts this interface's times in.
    pub const fn timestamp_resolution(&self) -> TimestampResolution {
        self.resolution
    }

    /// Seconds that the file says to add to this interface's times. Frames have them added already.
    pub const fn timestamp_offset(&self) -> i64 {
        self.timestamp_offset
    }

    /// Bytes of frame check sequence at the end of each frame, where the file tells: `Some(0)` = none, `None`
    /// = not told.
    pub const fn fcs_len(&self) -> Option<u8> {
        self.fcs_len
    }

    /// The section of a pcapng file that describes it, from 0. A pcapng file that was appended to another
    /// starts a new section, with its own interfaces.
    pub const fn section(&self) -> u32 {
        self.section
    }

    /// Its number within its section, from 0: the one that the file itself uses.
    pub const fn id(&self) -> u32 {
        self.id
    }

    /// With this snapshot length in bytes; 0 = no limit.
    #[must_use]
    pub const fn with_snaplen(mut self, snaplen: u32) -> Self {
        self.snaplen = snaplen;
        self
    }

    /// With this name.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<Box<str>>) -> Self {
        self.texts_mut().name = Some(name.into());
        self
    }

    /// With this description.
    #[must_use]
    pub fn with_description(mut self, description: impl Into<Box<str>>) -> Self {
        self.texts_mut().description = Some(description.into());
        self
    }

    /// With this filter expression.
    #[must_use]
    pub fn with_filter(mut self, filter: impl Into<Box<str>>) -> Self {
        self.texts_mut().filter = Some(filter.into());
        self
    }

    /// With this hardware description.
    #[must_use]
    pub fn with_hardware(mut self, hardware: impl Into<Box<str>>) -> Self {
        self.texts_mut().hardware = Some(hardware.into());
        self
    }

    /// With this operating system.
    #[must_use]
    pub fn with_os(mut self, os: impl Into<Box<str>>) -> Self {
        self.texts_mut().os = Some(os.into());
        self
    }

    /// With times in this unit.
    #[must_use]
    pub const fn with_timestamp_resolution(mut self, resolution: TimestampResolution) -> Self {
        self.resolution = resolution;
        self
    }

    /// With this many seconds to be added to the times in the file.
    #[must_use]
    pub const fn with_timestamp_offset(mut self, seconds: i64) -> Self {
        self.timestamp_offset = seconds;
        self
    }

    /// With so many bytes of frame check sequence at the end of each frame.
    #[must_use]
    pub const fn with_fcs_len(mut self, bytes: u8) -> Self {
        self.fcs_len = Some(bytes);
        self
    }

    /// At this place in the file.
    pub(crate) const fn at(mut self, section: u32, id: u32) -> Self {
        self.section = section;
        self.id = id;
        self
    }

    /// How much memory its texts take, in bytes.
    pub(crate) fn texts_len(&self) -> usize {
        self.texts.as_deref().map_or(0, |texts| {
            let Texts { name, description, filter, hardware, os } = texts;
            let each =
                [name, description, filter, hardware, os].map(|text| text.as_deref().map_or(0, str::len));
            size_of::<Texts>() + each.iter().sum::<usize>()
        })
    }

    fn texts_mut(&mut self) -> &mut Texts {
        self.texts.get_or_insert_default()
    }
}

/// The unit that a file counts time in (pcapng `if_tsresol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampResolution {
    /// 10 to the minus this power of a second: 6 = microseconds, 9 = nanoseconds.
    PowerOf10(u8),
    /// 2 to the minus this power of a second.
    PowerOf2(u8),
}

impl TimestampResolution {
    /// 10^-6 s: classic pcap, and pcapng unless it says otherwise.
    pub const MICROSECONDS: Self = Self::PowerOf10(6);
    /// 10^-9 s.
    pub const NANOSECONDS: Self = Self::PowerOf10(9);
}

/// `10^-6 s`
impl fmt::Display for TimestampResolution {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::PowerOf10(power) => write!(f, "10^-{power} s"),
            Self::PowerOf2(power) => write!(f, "2^-{power} s"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_says_what_it_was_built_with() {
        let interface = Interface::new(LinkType::ETHERNET)
            .with_snaplen(96)
            .with_name("eth0")
            .with_description("uplink")
            .with_filter("port 53")
            .with_hardware("nic")
            .with_os("linux")
            .with_timestamp_resolution(TimestampResolution::NANOSECONDS)
            .with_timestamp_offset(-7)
            .with_fcs_len(4);
        assert_eq!(interface.link_type(), LinkType::ETHERNET);
        assert_eq!(interface.snaplen(), 96);
        assert_eq!(interface.name(), Some("eth0"));
        assert_eq!(interface.description(), Some("uplink"));
        assert_eq!(interface.filter(), Some("port 53"));
        assert_eq!(interface.hardware(), Some("nic"));
        assert_eq!(interface.os(), Some("linux"));
        assert_eq!(interface.timestamp_resolution().to_string(), "10^-9 s");
        assert_eq!(interface.timestamp_offset(), -7);
        assert_eq!(interface.fcs_len(), Some(4));
        assert_eq!(Interface::new(LinkType::RAW).name(), None);
    }
}
