//! The settings of a live capture by libpcap.

use std::ffi::c_int;
use std::time::Duration;

use pycap_sys::pcap;

use super::handle::{Handle, Setting, c_name, library};
use super::{Live, PcapSource, link};
use crate::permission::may_not_capture;
#[cfg(target_os = "linux")]
use crate::system::Lost;
use crate::{Direction, Error, ErrorKind, Filter, LinkType, MAX_SNAPLEN, Result, TimestampSource};

/// A live capture by libpcap about to be opened. [`PcapSource::live`] makes one.
#[derive(Clone, Debug)]
#[must_use = "it captures nothing until it is opened"]
pub struct PcapBuilder {
    interface: String,
    promiscuous: bool,
    snaplen: u32,
    timeout: Duration,
    immediate: bool,
    buffer_size: Option<usize>,
    timestamp_source: Option<TimestampSource>,
    nanoseconds: bool,
    monitor_mode: bool,
    direction: Direction,
    link_type: Option<LinkType>,
    filter: Option<Wanted>,
}

#[derive(Clone, Debug)]
enum Wanted {
    Expression(String),
    Program(Filter),
}

/// How long frames wait for others, if nothing else was asked for: less than what a stop waits for the last of them.
const TIMEOUT: Duration = Duration::from_millis(5);

impl PcapBuilder {
    pub(super) fn new(interface: String) -> Self {
        Self {
            interface,
            promiscuous: false,
            snaplen: MAX_SNAPLEN,
            timeout: TIMEOUT,
            immediate: false,
            buffer_size: None,
            timestamp_source: None,
            nanoseconds: true,
            monitor_mode: false,
            direction: Direction::Unknown,
            link_type: None,
            filter: None,
        }
    }

    /// Whether to receive frames that are addressed to others; not, unless asked for.
    pub fn promiscuous(mut self, promiscuous: bool) -> Self {
        self.promiscuous = promiscuous;
        self
    }

    /// At most so many bytes of each frame; 262,144 unless asked for less.
    pub fn snaplen(mut self, bytes: u32) -> Self {
        self.snaplen = bytes;
        self
    }

    /// How long a frame may wait for others, so that they are handed over together; 5 ms unless asked for another. libpcap counts in
    /// milliseconds. It is no limit for a read: that has a deadline.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = time;
        self
    }

    /// Whether each frame is to be handed out as soon as it comes, rather than with others.
    pub fn immediate(mut self, immediate: bool) -> Self {
        self.immediate = immediate;
        self
    }

    /// How many bytes the kernel may keep until they are read; libpcap's choice, 2 MiB on Linux, unless asked for another.
    pub fn buffer_size(mut self, bytes: usize) -> Self {
        self.buffer_size = Some(bytes);
        self
    }

    /// Which clock the frames' times are from.
    pub fn timestamp_source(mut self, source: TimestampSource) -> Self {
        self.timestamp_source = Some(source);
        self
    }

    /// Whether to ask for times in nanoseconds; yes, unless asked not to. Where there are none, they are in microseconds.
    pub fn nanoseconds(mut self, nanoseconds: bool) -> Self {
        self.nanoseconds = nanoseconds;
        self
    }

    /// Whether to put a radio into monitor mode, in which it receives all frames of its channel.
    pub fn monitor_mode(mut self, monitor: bool) -> Self {
        self.monitor_mode = monitor;
        self
    }

    /// Only frames of this direction; [`Direction::Unknown`] is both.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.direction = direction;
        self
    }

    /// What frames are to start with, where the interface offers several.
    pub fn link_type(mut self, link_type: LinkType) -> Self {
        self.link_type = Some(link_type);
        self
    }

    /// Only frames that match this filter expression, as of pcap-filter(7).
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        let expression = expression.into();
        self.filter = (!expression.trim_ascii().is_empty()).then_some(Wanted::Expression(expression));
        self
    }

    /// Only frames that match this program.
    pub fn filter_program(mut self, program: &Filter) -> Self {
        self.filter = Some(Wanted::Program(program.clone()));
        self
    }

    /// The clocks that libpcap says this interface has.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn timestamp_sources(&self) -> Result<Vec<TimestampSource>> {
        let list = |mut handle: Handle| {
            let kinds = handle.timestamp_types().map_err(|text| failed("cannot list its clocks", &text))?;
            let mut sources: Vec<_> = kinds.into_iter().filter_map(from_type).collect();
            if sources.is_empty() {
                // What has no choice takes the system's clock.
                sources.push(TimestampSource::Kernel);
            }
            Ok(sources)
        };
        self.create().and_then(list).map_err(|error| error.on_interface(&self.interface))
    }

    /// Starts to capture.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LibraryMissing`], [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSuchInterface`], [`ErrorKind::InterfaceDown`],
    /// [`ErrorKind::InvalidSetting`], [`ErrorKind::InvalidFilter`], [`ErrorKind::Unsupported`] by this libpcap or interface, or
    /// [`ErrorKind::Io`] with what libpcap says. The message says what to do.
    pub fn open(self) -> Result<PcapSource> {
        self.open_nameless().map_err(|error| error.on_interface(&self.interface))
    }

    fn open_nameless(&self) -> Result<PcapSource> {
        let snaplen = match c_int::try_from(self.snaplen) {
            Ok(bytes) if bytes > 0 => bytes,
            _ => {
                let message =
                    format!("a snapshot length of {} bytes: take 1 to {}", self.snaplen, c_int::MAX);
                return Err(Error::new(ErrorKind::InvalidSetting, message));
            }
        };
        let mut handle = self.create()?;
        handle.set(Setting::Snaplen(snaplen));
        handle.set(Setting::Promiscuous(self.promiscuous));
        // 0 means to libpcap that frames may wait for ever.
        let millis = self.timeout.as_nanos().div_ceil(1_000_000).max(1);
        handle.set(Setting::Timeout(c_int::try_from(millis).unwrap_or(c_int::MAX)));
        handle.set(Setting::Immediate(self.immediate));
        handle.set(Setting::MonitorMode(self.monitor_mode));
        if let Some(bytes) = self.buffer_size {
            handle.set(Setting::BufferSize(c_int::try_from(bytes).unwrap_or(c_int::MAX)));
        }
        if self.nanoseconds {
            handle.set_nanoseconds();
        }
        if let Some(source) = self.timestamp_source
            && handle.set_timestamp_type(to_type(source)) != 0
            && source != TimestampSource::Kernel
        {
            let message = format!("the interface has no time stamps of the source {source}: take host");
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        let status = handle.activate();
        if status < 0 {
            return Err(self.refused(status, &handle.error_text()));
        }
        if let Some(link_type) = self.link_type {
            let dlt = link::to_dlt(link_type);
            if handle.datalink() != dlt {
                handle.set_datalink(dlt).map_err(|text| {
                    Error::new(ErrorKind::InvalidSetting, format!("no link type {link_type} here: {text}"))
                })?;
            }
        }
        if self.direction != Direction::Unknown {
            let direction = match self.direction {
                Direction::Inbound => pcap::PCAP_D_IN,
                _ => pcap::PCAP_D_OUT,
            };
            handle.set_direction(direction).map_err(|text| {
                Error::new(ErrorKind::Unsupported, format!("libpcap has no direction here: {text}"))
            })?;
        }
        handle.set_nonblocking().map_err(|text| {
            Error::new(ErrorKind::Unsupported, format!("libpcap cannot but wait here: {text}"))
        })?;
        let live = Live {
            timeout: self.timeout,
            #[cfg(target_os = "linux")]
            lost: nix::net::if_::if_nametoindex(&*self.interface).ok().and_then(Lost::of),
            ..Live::default()
        };
        let mut source = PcapSource::new(handle, &self.interface, Some(live))?;
        match &self.filter {
            None => {}
            Some(Wanted::Program(filter)) => source.set_filter(filter)?,
            Some(Wanted::Expression(expression)) => {
                let filter = source.compile(expression)?;
                source.set_filter(&filter)?;
            }
        }
        Ok(source)
    }

    fn create(&self) -> Result<Handle> {
        library()?;
        let name = c_name(&self.interface).ok_or_else(|| no_such_interface(&self.interface))?;
        Handle::create(&name).map_err(|text| failed("cannot open it", &text))
    }

    /// Why libpcap did not begin to capture.
    #[cold]
    fn refused(&self, status: c_int, text: &str) -> Error {
        let name = &self.interface;
        match status {
            pcap::PCAP_ERROR_PERM_DENIED | pcap::PCAP_ERROR_PROMISC_PERM_DENIED => {
                Error::new(ErrorKind::PermissionDenied, may_not_capture())
            }
            pcap::PCAP_ERROR_NO_SUCH_DEVICE => no_such_interface(name),
            pcap::PCAP_ERROR_IFACE_NOT_UP => {
                let message = format!("the interface is down: `sudo ip link set dev {name} up`");
                Error::new(ErrorKind::InterfaceDown, message)
            }
            pcap::PCAP_ERROR_RFMON_NOTSUP => {
                Error::new(ErrorKind::Unsupported, "the interface has no monitor mode")
            }
            _ => {
                let is_down = crate::interfaces()
                    .is_ok_and(|all| all.iter().any(|one| one.name() == name && !one.is_up()));
                if is_down {
                    return self.refused(pcap::PCAP_ERROR_IFACE_NOT_UP, text);
                }
                failed("cannot open it", text)
            }
        }
    }
}

#[cold]
fn failed(what: &str, text: &str) -> Error {
    Error::new(ErrorKind::Io, format!("libpcap {what}: {text}"))
}

#[cold]
fn no_such_interface(name: &str) -> Error {
    #[cfg(target_os = "linux")]
    let nearest = {
        let names = crate::interfaces().unwrap_or_default().iter().map(|one| one.name().to_owned()).collect();
        crate::ring::device::nearest(name, names)
    };
    #[cfg(not(target_os = "linux"))]
    let nearest: Vec<String> =
        crate::interfaces().unwrap_or_default().iter().map(|one| one.name().to_owned()).collect();
    let message = match &nearest[..] {
        [] => format!("no interface is called {name:?}, and there are no others"),
        names => format!("no interface is called {name:?}; the nearest: {}", names.join(", ")),
    };
    Error::new(ErrorKind::NoSuchInterface, message)
}

/// Whether a name that no interface has can have been that of one, and not of another device of libpcap's.
pub(super) fn is_network_interface(name: &str) -> bool {
    const OTHERS: [&str; 7] = ["any", "usbmon", "bluetooth", "nflog", "nfqueue", "dbus", "rdmasniff"];
    !OTHERS.iter().any(|other| name.starts_with(other)) && !name.contains(':')
}

/// libpcap's number of a clock.
fn to_type(source: TimestampSource) -> c_int {
    match source {
        TimestampSource::Kernel => pcap::PCAP_TSTAMP_HOST,
        TimestampSource::Hardware => pcap::PCAP_TSTAMP_ADAPTER,
        TimestampSource::HardwareRaw => pcap::PCAP_TSTAMP_ADAPTER_UNSYNCED,
    }
}

/// The clock of a number of libpcap's; the finer kinds of the system's clock, which only some systems have, are left out.
fn from_type(kind: c_int) -> Option<TimestampSource> {
    match kind {
        pcap::PCAP_TSTAMP_HOST => Some(TimestampSource::Kernel),
        pcap::PCAP_TSTAMP_ADAPTER => Some(TimestampSource::Hardware),
        pcap::PCAP_TSTAMP_ADAPTER_UNSYNCED => Some(TimestampSource::HardwareRaw),
        _ => None,
    }
}
