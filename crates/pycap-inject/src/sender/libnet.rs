//! Frames and packets by libnet: `libnet_adv_write_link`, `libnet_adv_write_raw_ipv4`, `libnet_write_raw_ipv6`.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int};
use std::fmt;
use std::io;
use std::ptr::{self, NonNull};
use std::time::Duration;

use pycap_sys::Libnet;
use pycap_sys::libnet::{self, libnet_t};
use pycap_wire::LinkType;

use super::error::may_not_send;
use super::wait::{LONGEST, Patience, Refusal};
use super::{SendError, SendErrorKind, SendStats, Sender};

/// What a [`LibnetSender`] takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum LibnetMode {
    /// Frames with their link header: `libnet_adv_write_link`.
    #[default]
    Link,
    /// IPv4 packets, which the system routes: `libnet_adv_write_raw_ipv4`. What the kernel changes in them, [`RawIp`](super::RawIp) says.
    RawIpv4,
    /// IPv6 packets, which the system routes: `libnet_write_raw_ipv6`, which not every libnet exports; the advanced interface has no
    /// function for them.
    RawIpv6,
}

/// A sender by libnet, which is loaded when the first one is opened.
///
/// libnet's socket waits where the kernel has no room, without a bound of its own; only what the kernel refuses for lack of room
/// (`ENOBUFS`) is tried again here.
pub struct LibnetSender {
    api: &'static Libnet,
    context: NonNull<libnet_t>,
    mode: LibnetMode,
    interface: Option<Box<str>>,
    link_type: LinkType,
    max_wait: Duration,
    stats: SendStats,
}

// SAFETY: libnet ties a context to no thread; it only must not be used by two at once, which `&mut self` sees to.
unsafe impl Send for LibnetSender {}

impl LibnetSender {
    /// Opens a sender of frames on this interface.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::LibraryMissing`], [`SendErrorKind::PermissionDenied`], [`SendErrorKind::NoSuchInterface`],
    /// [`SendErrorKind::InterfaceDown`], and what libnet says.
    pub fn open(interface: impl AsRef<str>) -> Result<Self, SendError> {
        let interface = interface.as_ref();
        let api = library()?;
        #[cfg(target_os = "linux")]
        let link_type = {
            // So that it says the same as the other senders of what is not there.
            let link = super::link::Link::by_name(interface)?;
            link.check_up()?;
            link.link_type().unwrap_or(LinkType::ETHERNET)
        };
        #[cfg(not(target_os = "linux"))]
        let link_type = LinkType::ETHERNET;
        Self::init(api, LibnetMode::Link, Some(interface), link_type)
            .map_err(|error| error.on_interface(interface))
    }

    /// Opens a sender of IPv4 packets.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::LibraryMissing`], [`SendErrorKind::PermissionDenied`], and what libnet says.
    pub fn open_raw_ipv4() -> Result<Self, SendError> {
        Self::init(library()?, LibnetMode::RawIpv4, None, LinkType::IPV4)
    }

    /// Opens a sender of IPv6 packets.
    ///
    /// # Errors
    ///
    /// As [`open_raw_ipv4`](Self::open_raw_ipv4), and [`SendErrorKind::Unsupported`] by a libnet that does not export the function.
    pub fn open_raw_ipv6() -> Result<Self, SendError> {
        let api = library()?;
        if !api.has("libnet_write_raw_ipv6") {
            let message = format!(
                "{} does not export libnet_write_raw_ipv6: take raw sockets, or frames",
                api.version()
            );
            return Err(SendError::new(SendErrorKind::Unsupported, message));
        }
        Self::init(api, LibnetMode::RawIpv6, None, LinkType::IPV6)
    }

    /// How long a frame is tried again that the system has refused for lack of room; one second unless set to another time, and with zero
    /// not at all.
    pub fn set_max_wait(&mut self, time: Duration) {
        self.max_wait = time;
    }

    /// What it takes.
    pub fn mode(&self) -> LibnetMode {
        self.mode
    }

    fn init(
        api: &'static Libnet,
        mode: LibnetMode,
        interface: Option<&str>,
        link_type: LinkType,
    ) -> Result<Self, SendError> {
        let kind = match mode {
            LibnetMode::Link => libnet::LIBNET_LINK_ADV,
            LibnetMode::RawIpv4 => libnet::LIBNET_RAW4_ADV,
            LibnetMode::RawIpv6 => libnet::LIBNET_RAW6_ADV,
        };
        let refuse = |text: &str| SendError::new(SendErrorKind::Io, format!("libnet cannot open it: {text}"));
        let name = interface.map(CString::new).transpose().map_err(|_| refuse("its name has a zero byte"))?;
        let name = name.as_deref().map_or(ptr::null(), CStr::as_ptr);
        let mut text = [0 as c_char; libnet::LIBNET_ERRBUF_SIZE as usize];
        // SAFETY: the name is null or ends in a zero byte, and the text is as long as libnet takes it to be.
        let context = unsafe { api.libnet_init(kind as c_int, name, text.as_mut_ptr()) };
        let Some(context) = NonNull::new(context) else {
            let error = io::Error::last_os_error();
            let bytes: Vec<u8> = text.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
            let text = String::from_utf8_lossy(&bytes);
            // The number may be of a call that it made afterwards, to clean up.
            let denied = error.kind() == io::ErrorKind::PermissionDenied
                || ["not permitted", "UID", "CAP_NET_RAW"].iter().any(|sign| text.contains(sign));
            return Err(if denied { may_not_send(None) } else { refuse(text.trim_end()) });
        };
        let interface = interface.map(Into::into);
        let (max_wait, stats) = (LONGEST, SendStats::default());
        Ok(Self { api, context, mode, interface, link_type, max_wait, stats })
    }

    /// How many bytes were sent; below zero if none.
    fn write(&mut self, frame: &[u8], len: u32) -> c_int {
        let (api, context) = (self.api, self.context.as_ptr());
        match self.mode {
            // SAFETY: the context is open for this kind of packet, and the pointer and the length are those of a slice.
            LibnetMode::Link => unsafe { api.libnet_adv_write_link(context, frame.as_ptr(), len) },
            // SAFETY: as above; the packet has the header that is read to find its destination: `check`.
            LibnetMode::RawIpv4 => unsafe { api.libnet_adv_write_raw_ipv4(context, frame.as_ptr(), len) },
            // SAFETY: as above.
            LibnetMode::RawIpv6 => unsafe {
                api.libnet_write_raw_ipv6(context, frame.as_ptr(), len).unwrap_or(-1)
            },
        }
    }

    /// Whether it has the header that libnet reads, and so many bytes as libnet can count. Its length for libnet.
    fn check(&self, frame: &[u8]) -> Result<u32, SendError> {
        let (needed, what, version) = match self.mode {
            LibnetMode::Link => (1, "there is nothing to send", None),
            LibnetMode::RawIpv4 => (20, "an IPv4 header", Some(4)),
            LibnetMode::RawIpv6 => (40, "an IPv6 header", Some(6)),
        };
        if frame.len() < needed {
            return Err(SendError::too_short(frame.len(), needed, what));
        }
        let found = frame[0] >> 4;
        if version.is_some_and(|version| version != found) {
            let message = format!("{what} is needed, and this packet has version {found}");
            return Err(SendError::new(SendErrorKind::InvalidFrame, message));
        }
        c_int::try_from(frame.len())
            .map(|len| len as u32)
            .map_err(|_| SendError::new(SendErrorKind::TooLong, "the frame is longer than 2 GiB"))
    }

    fn try_send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let len = self.check(frame)?;
        let mut patience = Patience::new(self.max_wait);
        loop {
            let sent = self.write(frame, len);
            if u32::try_from(sent) == Ok(len) {
                return Ok(());
            }
            // It leaves the number as it was when it makes its text of it.
            let error = io::Error::last_os_error();
            let waited = match Refusal::of(&error) {
                Refusal::Final => return Err(self.refused(frame, error)),
                Refusal::Interrupted => true,
                _ => patience.pause(&mut self.stats, |pause, _| std::thread::sleep(pause)),
            };
            if !waited {
                return Err(patience.over(Some(error)));
            }
        }
    }

    #[cold]
    fn refused(&mut self, frame: &[u8], error: io::Error) -> SendError {
        #[cfg(target_os = "linux")]
        if let Some(name) = self.interface.as_deref() {
            match super::link::Link::by_name(name) {
                Ok(link) => return link.refused(frame, error),
                Err(now) if now.kind() == SendErrorKind::NoSuchInterface => {
                    return super::link::gone(name, error);
                }
                Err(_) => {}
            }
        }
        let kind = match error.kind() {
            io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => SendErrorKind::NoRoute,
            io::ErrorKind::NetworkDown => SendErrorKind::InterfaceDown,
            io::ErrorKind::PermissionDenied => SendErrorKind::PermissionDenied,
            #[cfg(unix)]
            _ if error.raw_os_error() == Some(libc::EMSGSIZE) => SendErrorKind::TooLong,
            _ => SendErrorKind::Io,
        };
        // SAFETY: the context is open, and nobody else uses it.
        let text = unsafe { self.api.libnet_geterror(self.context.as_ptr()) };
        let text = if text.is_null() {
            "no reason given".into()
        } else {
            // SAFETY: it is a string in the context that ends in a zero byte, and is copied before the context is used again.
            unsafe { CStr::from_ptr(text) }.to_string_lossy()
        };
        SendError::system(kind, format!("libnet cannot send: {}", text.trim_end()), error)
    }
}

impl Sender for LibnetSender {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let result = self.try_send(frame).map_err(|error| match self.interface.as_deref() {
            Some(interface) => error.on_interface(interface),
            None => error,
        });
        match &result {
            Ok(()) => self.stats.count(frame.len()),
            Err(error) => self.stats.count_error(error),
        }
        result
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    fn link_type(&self) -> LinkType {
        self.link_type
    }
}

impl Drop for LibnetSender {
    fn drop(&mut self) {
        // SAFETY: the context is open, and is not used again.
        unsafe { self.api.libnet_destroy(self.context.as_ptr()) };
    }
}

impl fmt::Debug for LibnetSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LibnetSender")
            .field("mode", &self.mode)
            .field("interface", &self.interface)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

fn library() -> Result<&'static Libnet, SendError> {
    Libnet::load().map_err(|error| SendError::new(SendErrorKind::LibraryMissing, error.to_string()))
}
