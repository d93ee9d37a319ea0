//! Frames by libpcap: `pcap_inject`, and where there are any, its queues.
#![allow(unsafe_code)]

use std::ffi::{CStr, CString, c_char, c_int, c_uint};
use std::fmt;
use std::io;
use std::ptr::NonNull;
use std::time::Duration;

use pycap_sys::Libpcap;
use pycap_sys::pcap::{self, bpf_insn, bpf_program, pcap_pkthdr, pcap_send_queue, pcap_t};
use pycap_wire::LinkType;

use super::error::may_not_send;
use super::wait::{LONGEST, Patience, Refusal};
use super::{BatchError, SendError, SendErrorKind, SendStats, Sender};

/// As much of a batch as goes into one of Windows' queues, in bytes.
const QUEUE: usize = 1 << 20;

/// A sender by libpcap, which is loaded when the first one is opened: for systems without packet sockets, and for devices that only libpcap
/// knows. It takes frames of the link type that libpcap gives the device.
///
/// Each frame is a call; on Windows a batch goes by `pcap_sendqueue_transmit`. What frames the device receives meanwhile, a filter drops.
pub struct PcapSender {
    api: &'static Libpcap,
    pcap: NonNull<pcap_t>,
    interface: Box<str>,
    link_type: LinkType,
    max_wait: Duration,
    stats: SendStats,
}

// SAFETY: libpcap ties a handle to no thread; it only must not be used by two at once, which `&mut self` sees to.
unsafe impl Send for PcapSender {}

impl PcapSender {
    /// Opens a sender on this device.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::LibraryMissing`], [`SendErrorKind::PermissionDenied`], [`SendErrorKind::NoSuchInterface`],
    /// [`SendErrorKind::InterfaceDown`], and what libpcap says.
    pub fn open(interface: impl AsRef<str>) -> Result<Self, SendError> {
        let interface = interface.as_ref();
        let api = Libpcap::load()
            .map_err(|error| SendError::new(SendErrorKind::LibraryMissing, error.to_string()))?;
        // So that it says the same as the other senders of what is not there.
        #[cfg(target_os = "linux")]
        let link = super::link::Link::by_name(interface)?;
        let mut sender = Self::create(api, interface)?;
        sender.activate().map_err(|error| {
            #[cfg(target_os = "linux")]
            if matches!(error.kind(), SendErrorKind::Io | SendErrorKind::InterfaceDown) && !link.is_up() {
                return super::link::down(interface, None);
            }
            error.on_interface(interface)
        })?;
        // It would open an interface that is down for what it has received before.
        #[cfg(target_os = "linux")]
        link.check_up()?;
        Ok(sender)
    }

    /// How long a frame is tried again where the system has no room for it; one second unless set to another time, and with zero not at
    /// all.
    pub fn set_max_wait(&mut self, time: Duration) {
        self.max_wait = time;
    }

    /// The device's name.
    pub fn interface(&self) -> &str {
        &self.interface
    }

    fn create(api: &'static Libpcap, interface: &str) -> Result<Self, SendError> {
        let refuse = |text: &str| {
            SendError::new(SendErrorKind::Io, format!("libpcap cannot open it: {text}"))
                .on_interface(interface)
        };
        let name = CString::new(interface).map_err(|_| refuse("its name has a zero byte"))?;
        let mut text = [0 as c_char; pcap::PCAP_ERRBUF_SIZE];
        // SAFETY: the name ends in a zero byte, and the text is as long as libpcap takes it to be.
        let pcap = unsafe { api.pcap_create(name.as_ptr(), text.as_mut_ptr()) };
        let pcap = NonNull::new(pcap).ok_or_else(|| refuse(&until_zero(&text)))?;
        Ok(Self {
            api,
            pcap,
            interface: interface.into(),
            link_type: LinkType::NULL,
            max_wait: LONGEST,
            stats: SendStats::default(),
        })
    }

    fn activate(&mut self) -> Result<(), SendError> {
        let (api, pcap) = (self.api, self.pcap.as_ptr());
        // Nothing is to be received: as little memory as it gets by with, and a filter that nothing passes.
        const SNAPLEN: c_int = 64;
        const BUFFER: c_int = 64 << 10;
        // SAFETY: the handle is open, and nobody else uses it.
        unsafe { api.pcap_set_snaplen(pcap, SNAPLEN) };
        // SAFETY: as above.
        unsafe { api.pcap_set_buffer_size(pcap, BUFFER) };
        // SAFETY: as above.
        let status = unsafe { api.pcap_activate(pcap) };
        if status < 0 {
            let text = self.error_text();
            return Err(match status {
                pcap::PCAP_ERROR_PERM_DENIED | pcap::PCAP_ERROR_PROMISC_PERM_DENIED => may_not_send(None),
                pcap::PCAP_ERROR_NO_SUCH_DEVICE => SendError::new(
                    SendErrorKind::NoSuchInterface,
                    format!("libpcap has no such device: {text}"),
                ),
                pcap::PCAP_ERROR_IFACE_NOT_UP => {
                    SendError::new(SendErrorKind::InterfaceDown, "the interface is down: set it up")
                }
                _ => SendError::new(SendErrorKind::Io, format!("libpcap cannot open it: {text}")),
            });
        }
        // BPF_RET | BPF_K of 0: no byte is kept.
        let mut nothing = bpf_insn { code: 6, jt: 0, jf: 0, k: 0 };
        let mut program = bpf_program { bf_len: 1, bf_insns: &raw mut nothing };
        // Where it cannot be had, frames are received in vain: no more than that.
        // SAFETY: the handle is active; the program and its one instruction outlive the call, which copies them.
        unsafe { api.pcap_setfilter(pcap, &raw mut program) };
        let mut text = [0 as c_char; pcap::PCAP_ERRBUF_SIZE];
        // So that sending does not wait without a bound.
        // SAFETY: the handle is active, and the text is as long as libpcap takes it to be.
        unsafe { api.pcap_setnonblock(pcap, 1, text.as_mut_ptr()) };
        // SAFETY: the handle is active.
        let dlt = unsafe { api.pcap_datalink(pcap) };
        self.link_type = match dlt {
            pcap::DLT_RAW => LinkType::RAW,
            dlt => LinkType(u16::try_from(dlt).unwrap_or(u16::MAX)),
        };
        Ok(())
    }

    fn error_text(&mut self) -> String {
        // SAFETY: the handle is open, and nobody else uses it.
        let text = unsafe { self.api.pcap_geterr(self.pcap.as_ptr()) };
        if text.is_null() {
            return String::new();
        }
        // SAFETY: it is a string in the handle that ends in a zero byte, and is copied before the handle is used again.
        unsafe { CStr::from_ptr(text) }.to_string_lossy().into_owned()
    }

    fn try_send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let mut patience = Patience::new(self.max_wait);
        loop {
            // SAFETY: the handle is active, and the pointer and the length are those of a slice.
            let sent =
                unsafe { self.api.pcap_inject(self.pcap.as_ptr(), frame.as_ptr().cast(), frame.len()) };
            if sent >= 0 {
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
                return Err(patience.over(Some(error)).on_interface(&self.interface));
            }
        }
    }

    #[cold]
    fn refused(&mut self, frame: &[u8], error: io::Error) -> SendError {
        if frame.is_empty() {
            return SendError::too_short(0, 1, "there is nothing to send").on_interface(&self.interface);
        }
        #[cfg(target_os = "linux")]
        match super::link::Link::by_name(&self.interface) {
            Ok(link) => return link.refused(frame, error),
            Err(now) if now.kind() == SendErrorKind::NoSuchInterface => {
                return super::link::gone(&self.interface, error);
            }
            Err(_) => {}
        }
        let message = format!("libpcap cannot send: {}", self.error_text());
        SendError::system(SendErrorKind::Io, message, error).on_interface(&self.interface)
    }

    /// Sends as many of the frames as fit a queue of Windows'; `None` where libpcap has none.
    fn send_queue(&mut self, frames: &[&[u8]]) -> Option<Result<usize, SendError>> {
        let queue = Queue::new(self.api)?;
        let mut ends = Vec::new();
        let mut end = 0;
        for frame in frames {
            match queue.append(frame) {
                true => end += size_of::<pcap_pkthdr>() + frame.len(),
                false => break,
            }
            ends.push(end);
        }
        if ends.is_empty() {
            return None;
        }
        // SAFETY: the handle is active, and nobody else uses it or the queue.
        let sent = unsafe { self.api.pcap_sendqueue_transmit(self.pcap.as_ptr(), queue.queue.as_ptr(), 0) }?;
        let count = ends.iter().take_while(|end| **end <= sent as usize).count();
        if count > 0 {
            return Some(Ok(count));
        }
        Some(Err(self.refused(frames[0], io::Error::last_os_error())))
    }
}

impl Sender for PcapSender {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let result = if frame.is_empty() {
            Err(SendError::too_short(0, 1, "there is nothing to send").on_interface(&self.interface))
        } else {
            self.try_send(frame)
        };
        match &result {
            Ok(()) => self.stats.count(frame.len()),
            Err(error) => self.stats.count_error(error),
        }
        result
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        let mut accepted = 0;
        while let Some(rest) = frames.get(accepted..).filter(|rest| !rest.is_empty()) {
            match self.send_queue(rest) {
                Some(Ok(count)) => {
                    rest.iter().take(count).for_each(|frame| self.stats.count(frame.len()));
                    accepted += count;
                }
                Some(Err(error)) => {
                    self.stats.count_error(&error);
                    return Err(BatchError { accepted, error });
                }
                // One by one where there is no queue, or a frame has no place in one.
                None => {
                    self.send(rest[0]).map_err(|error| BatchError { accepted, error })?;
                    accepted += 1;
                }
            }
        }
        Ok(())
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    fn link_type(&self) -> LinkType {
        self.link_type
    }
}

impl Drop for PcapSender {
    fn drop(&mut self) {
        // SAFETY: the handle is open, and is not used again.
        unsafe { self.api.pcap_close(self.pcap.as_ptr()) };
    }
}

impl fmt::Debug for PcapSender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcapSender")
            .field("interface", &self.interface)
            .field("link_type", &self.link_type)
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

/// A queue of frames, on Windows.
struct Queue {
    api: &'static Libpcap,
    queue: NonNull<pcap_send_queue>,
}

impl Queue {
    fn new(api: &'static Libpcap) -> Option<Self> {
        // SAFETY: it asks nothing of the caller.
        let queue = unsafe { api.pcap_sendqueue_alloc(QUEUE as c_uint) }?;
        Some(Self { api, queue: NonNull::new(queue)? })
    }

    /// Whether there was room for it.
    fn append(&self, frame: &[u8]) -> bool {
        let Ok(len) = u32::try_from(frame.len()) else { return false };
        // SAFETY: it is made of numbers, for which zero is a value.
        let mut header: pcap_pkthdr = unsafe { std::mem::zeroed() };
        header.caplen = len;
        header.len = len;
        // SAFETY: the queue is allocated, and nobody else uses it; the frame has as many bytes as its header says.
        let queued =
            unsafe { self.api.pcap_sendqueue_queue(self.queue.as_ptr(), &raw const header, frame.as_ptr()) };
        !frame.is_empty() && queued == Some(0)
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // SAFETY: it was allocated, and is not used again.
        unsafe { self.api.pcap_sendqueue_destroy(self.queue.as_ptr()) };
    }
}

fn until_zero(text: &[c_char]) -> String {
    let bytes: Vec<u8> = text.iter().take_while(|byte| **byte != 0).map(|byte| *byte as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}
