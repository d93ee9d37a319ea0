//! libpcap, loaded when it is needed.

mod builder;
mod handle;
mod link;
mod program;

use std::ffi::CString;
use std::fmt;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::path::Path;
use std::time::{Duration, Instant};

use pycap_sys::pcap::{pcap_pkthdr, pcap_stat};

use self::handle::{Handle, Lent, Read};
use crate::filter::check_link_type;
#[cfg(target_os = "linux")]
use crate::system::Lost;
use crate::{
    Direction, Error, ErrorKind, Filter, Frame, Interface, LinkType, Next, Result, Source, Stats, StopHandle,
    Timestamp, TimestampResolution, sys,
};

pub use self::builder::PcapBuilder;
pub(crate) use self::program::compile;

/// A capture by libpcap: live on whatever that can open, or from a savefile. libpcap is loaded when the first is opened.
///
/// On Linux, [`PacketRing`](crate::PacketRing) does more for less; this is for other systems, and for devices that are no network
/// interfaces (`usbmon0`, `bluetooth0`, `nflog`).
///
/// ```no_run
/// use pycap_capture::PcapSource;
///
/// let mut capture = PcapSource::live("usbmon0").snaplen(256).open()?;
/// while let Some(frame) = capture.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// What a frame borrows is libpcap's until the next is asked for. VLAN tags are in the bytes, as libpcap puts them back.
///
/// What happens when the interface is set down is libpcap's choice: since 1.10 it waits on Linux, before it ends the capture with
/// [`ErrorKind::InterfaceDown`]. An interface that is deleted ends it with [`ErrorKind::InterfaceGone`].
pub struct PcapSource {
    handle: Handle,
    interface: Interface,
    name: Box<str>,
    /// `None` for a savefile, which never waits.
    live: Option<Live>,
    /// What the filter was compiled for, if there is one that says so.
    filter_link_type: Option<LinkType>,
    stop: StopHandle,
    /// Readable when there may be frames, or when it was stopped.
    #[cfg(target_os = "linux")]
    ready: sys::Gathered,
    /// A frame that was read ahead, and its bytes.
    ahead: Option<pcap_pkthdr>,
    ahead_data: Vec<u8>,
    /// How often libpcap has to be asked, whatever its descriptor tells.
    required: Option<Duration>,
    nanoseconds: bool,
    /// A dispatch was broken, and libpcap may not have noticed so far: it then says so once more.
    broke: bool,
    ending: Option<Ending>,
    finished: bool,
}

/// What only live captures have.
#[derive(Debug, Default)]
struct Live {
    counted: Counted,
    /// What the interface has lost, where the system tells.
    #[cfg(target_os = "linux")]
    lost: Option<Lost>,
    /// How long libpcap may keep frames.
    timeout: Duration,
}

/// A capture that was stopped.
#[derive(Clone, Copy, Debug)]
struct Ending {
    /// When: frames from later are not handed out.
    at: Timestamp,
    /// By then the kernel has handed over what it had.
    until: Instant,
}

/// What [`PcapSource::advance`] came back with.
enum Advance {
    /// A frame is lent.
    Frame,
    TimedOut,
    Finished,
}

/// libpcap's counters, made wide.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    last: pcap_stat,
    received: u64,
    dropped: u64,
}

const _: () = {
    const fn movable<T: Send>() {}
    movable::<PcapSource>();
    movable::<PcapBuilder>();
};

/// How often libpcap is asked where it has no descriptor to wait for.
const LOOK_AGAIN: Duration = Duration::from_millis(2);
/// How often it is asked at most where it says how often it has to be.
const SOONEST: Duration = Duration::from_micros(500);
/// What the kernel still gathers when a capture is stopped is waited for so long at most: a stop is to be done within 10 ms.
const LAST_WAIT: Duration = Duration::from_millis(6);
/// A stopped capture whose clock runs behind ends all the same.
const LAST_FRAMES: Duration = Duration::from_millis(500);

impl PcapSource {
    /// A live capture on this interface or device, about to be opened.
    pub fn live(interface: impl Into<String>) -> PcapBuilder {
        PcapBuilder::new(interface.into())
    }

    /// Opens a savefile as libpcap reads it; `-` is the standard input. [`Savefile`](crate::Savefile) reads more of them, and faster.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::LibraryMissing`], and [`ErrorKind::Io`] with what libpcap says against the file.
    pub fn offline(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let open = || {
            let name = CString::new(path.as_os_str().as_encoded_bytes())
                .map_err(|_| Error::new(ErrorKind::Io, "no file has a zero byte in its name"))?;
            Self::new(Handle::offline(&name)?, &path.to_string_lossy(), None)
        };
        open().map_err(|error: Error| error.in_file(path))
    }

    fn new(mut handle: Handle, name: &str, live: Option<Live>) -> Result<Self> {
        let nanoseconds = handle.has_nanoseconds();
        let mut interface = Interface::new(link::from_dlt(handle.datalink()))
            .with_snaplen(u32::try_from(handle.snapshot()).unwrap_or(0))
            .with_timestamp_resolution(match nanoseconds {
                true => TimestampResolution::NANOSECONDS,
                false => TimestampResolution::MICROSECONDS,
            });
        if live.is_some() {
            interface = interface.with_name(name);
        }
        let stop = StopHandle::new()?;
        #[cfg(target_os = "linux")]
        let ready = gather(&handle, live.is_some(), &stop)
            .map_err(|error| Error::io("cannot wait for frames", error))?;
        let required = handle.required_timeout();
        Ok(Self {
            handle,
            interface,
            name: name.into(),
            live,
            filter_link_type: None,
            stop,
            required,
            #[cfg(target_os = "linux")]
            ready,
            ahead: None,
            ahead_data: Vec::new(),
            nanoseconds,
            broke: false,
            ending: None,
            finished: false,
        })
    }

    /// The next frame, as soon as there is one; `None` when the capture was stopped or the file ends.
    ///
    /// # Errors
    ///
    /// What stops the capture, once: after an error every further call returns `None`. [`ErrorKind::InterfaceDown`],
    /// [`ErrorKind::InterfaceGone`], or [`ErrorKind::Io`] with what libpcap says.
    pub fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        match self.next_frame_until(None)? {
            Next::Frame(frame) => Ok(Some(frame)),
            Next::TimedOut | Next::Finished => Ok(None),
        }
    }

    /// The next frame, or that there was none by `deadline`, or that there will be none any more. Without a deadline it waits as long as
    /// it takes; with one that has passed it only looks. A savefile is always ready.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        if let Some(header) = self.ahead.take() {
            let lent = Lent { header, data: &self.ahead_data };
            return Ok(Next::Frame(frame(lent, &self.interface, self.nanoseconds)));
        }
        match self.advance(deadline)? {
            Advance::Frame => {}
            Advance::TimedOut => return Ok(Next::TimedOut),
            Advance::Finished => return Ok(Next::Finished),
        }
        let lent = self.handle.lent();
        Ok(lent.map_or(Next::TimedOut, |lent| Next::Frame(frame(lent, &self.interface, self.nanoseconds))))
    }

    /// Reads the next frame, which is then lent.
    fn advance(&mut self, deadline: Option<Instant>) -> Result<Advance> {
        loop {
            self.look_for_stop();
            if self.finished {
                return Ok(Advance::Finished);
            }
            match self.handle.read() {
                Read::Some if !self.is_too_late() => return Ok(Advance::Frame),
                Read::Some => self.finished = true,
                other => {
                    if !self.go_on(other, deadline)? {
                        return Ok(if self.finished { Advance::Finished } else { Advance::TimedOut });
                    }
                }
            }
        }
    }

    /// Whether the next read has something to return at once. A frame is then kept for it, copied out of libpcap's memory, so that nothing
    /// that is done in between can lose it.
    #[cfg(all(unix, feature = "tokio"))]
    pub(crate) fn is_ready(&mut self) -> Result<bool> {
        if self.ahead.is_some() {
            return Ok(true);
        }
        match self.advance(Some(Instant::now()))? {
            Advance::Frame => {}
            Advance::TimedOut => return Ok(false),
            Advance::Finished => return Ok(true),
        }
        let Some(lent) = self.handle.lent() else { return Ok(false) };
        self.ahead_data.clear();
        self.ahead_data.extend_from_slice(lent.data);
        self.ahead = Some(lent.header);
        Ok(true)
    }

    /// After which time to ask again, though the descriptor does not say so.
    #[cfg(all(unix, feature = "tokio"))]
    pub(crate) fn ask_again(&self) -> Option<Duration> {
        match (&self.live, self.ending) {
            (None, _) => None,
            (_, Some(_)) => Some(Duration::from_millis(1)),
            _ if self.handle.descriptor().is_none() => Some(LOOK_AGAIN),
            _ => self.required.map(|time| time.max(SOONEST)),
        }
    }

    /// Calls `each` for every frame until it breaks, the capture is stopped or the file ends. Reading can go on after a break, with the
    /// frame after the one that broke.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame), after every frame that came before the error was handed out.
    pub fn for_each(&mut self, mut each: impl FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        if let Some(header) = self.ahead.take() {
            let lent = Lent { header, data: &self.ahead_data };
            if each(frame(lent, &self.interface, self.nanoseconds)).is_break() {
                return Ok(());
            }
        }
        loop {
            self.look_for_stop();
            if self.finished {
                return Ok(());
            }
            if self.ending.is_some() {
                // What is left is few, and each is looked at.
                while let Some(frame) = self.next_frame()? {
                    if each(frame).is_break() {
                        break;
                    }
                }
                return Ok(());
            }
            let Self { handle, interface, stop, nanoseconds, .. } = self;
            let mut ended = false;
            let (read, flow) = handle.dispatch(&mut |lent| {
                ended = each(frame(lent, interface, *nanoseconds)).is_break();
                // libpcap would go on as long as there are frames.
                if ended || stop.is_stopped() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            let broke = flow.is_break();
            // It says so right away where it noticed, and else the next time.
            let before = std::mem::replace(&mut self.broke, broke && !matches!(read, Read::Break));
            if let ControlFlow::Break(Some(panic)) = flow {
                std::panic::resume_unwind(panic);
            }
            if before && !broke && matches!(read, Read::Break) {
                continue;
            }
            if let Read::Failed = read {
                return Err(self.fail());
            }
            if ended {
                return Ok(());
            }
            if !broke && !matches!(read, Read::Some) && !self.go_on(read, None)? {
                return Ok(());
            }
        }
    }

    /// What ends the reads of this capture from another thread.
    pub fn stop_handle(&self) -> StopHandle {
        self.stop.clone()
    }

    /// The name of the interface or file that it was opened with.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// After how many bytes frames are cut; 0 = not told.
    pub fn snaplen(&self) -> u32 {
        self.interface.snaplen()
    }

    /// What the frames start with.
    pub fn link_type(&self) -> LinkType {
        self.interface.link_type()
    }

    /// The link types that the interface offers, of which [`set_link_type`](Self::set_link_type) takes one.
    ///
    /// # Errors
    ///
    /// If libpcap cannot tell.
    pub fn link_types(&mut self) -> Result<Vec<LinkType>> {
        match self.handle.datalinks() {
            Ok(numbers) => Ok(numbers.into_iter().map(link::from_dlt).collect()),
            Err(text) => Err(self.refused("cannot list its link types", &text)),
        }
    }

    /// Chooses what frames start with, from now on.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] if the interface does not offer it, if it has a filter that was compiled for another one, or if a frame
    /// was seen and not read yet.
    pub fn set_link_type(&mut self, link_type: LinkType) -> Result<()> {
        if let Some(compiled) = self.filter_link_type.filter(|compiled| *compiled != link_type) {
            let message = format!(
                "choose the link type {link_type} before the filter: the capture has one that was compiled for {compiled}"
            );
            return Err(Error::new(ErrorKind::InvalidSetting, message).on_interface(&self.name));
        }
        if self.ahead.is_some() {
            let message = "read the frame that is there before the link type is set: it has the one before";
            return Err(Error::new(ErrorKind::InvalidSetting, message).on_interface(&self.name));
        }
        if let Err(text) = self.handle.set_datalink(link::to_dlt(link_type)) {
            let offered: Vec<String> = self.link_types()?.iter().map(LinkType::to_string).collect();
            let message =
                format!("no link type {link_type} here, take one of {}: {text}", offered.join(", "));
            return Err(Error::new(ErrorKind::InvalidSetting, message).on_interface(&self.name));
        }
        // All else that is known of the interface stays.
        let mut interface = Interface::new(link_type)
            .with_snaplen(self.interface.snaplen())
            .with_timestamp_resolution(self.interface.timestamp_resolution());
        if let Some(name) = self.interface.name() {
            interface = interface.with_name(name);
        }
        self.interface = interface;
        Ok(())
    }

    /// Lets only frames through that this program matches, from now on. On Linux that holds for what was captured before and not read, too:
    /// of it, frames come that both filters match. Elsewhere some may still come that only the filter before let through.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidFilter`] with what libpcap says against the program, or if it was compiled for another link type.
    pub fn set_filter(&mut self, filter: &Filter) -> Result<()> {
        check_link_type(filter, self.link_type()).map_err(|error| error.on_interface(&self.name))?;
        let Err(text) = self.handle.set_filter(filter) else {
            self.filter_link_type = filter.link_type();
            return Ok(());
        };
        let message = format!("libpcap refuses the filter program: {text}");
        Err(Error::new(ErrorKind::InvalidFilter, message).on_interface(&self.name))
    }

    /// Compiles a filter expression for the frames of this capture. `ip broadcast` takes the interface's network mask, as
    /// [`CompileOptions::on_interface`](crate::CompileOptions::on_interface) says.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidFilter`] with libpcap's reason.
    pub fn compile(&mut self, expression: &str) -> Result<Filter> {
        if expression.trim_ascii().is_empty() {
            return Ok(Filter::accept_all(self.interface.snaplen()));
        }
        let live = self.live.is_some();
        let netmask = live.then(|| program::broadcast_mask(expression, &self.name)).flatten();
        let filter = program::compile_for(&mut self.handle, expression, true, netmask)?;
        Ok(filter.with_link_type(self.link_type()))
    }

    /// What was received and lost since it was opened. A savefile cannot tell.
    ///
    /// On Linux frames count when the filter lets them through; on macOS and the BSDs all that the interface saw are counted as received.
    ///
    /// # Errors
    ///
    /// If libpcap cannot tell.
    pub fn stats(&mut self) -> Result<Stats> {
        if self.live.is_none() {
            return Ok(Stats::default());
        }
        let now = match self.handle.stats() {
            Ok(now) => now,
            Err(text) => return Err(self.refused("cannot tell what was lost", &text)),
        };
        let Some(live) = &mut self.live else { return Ok(Stats::default()) };
        live.counted.add(now);
        let stats = live.counted.stats();
        #[cfg(target_os = "linux")]
        let stats = Stats { interface_dropped: live.lost.as_mut().map(Lost::count), ..stats };
        Ok(stats)
    }

    fn look_for_stop(&mut self) {
        if self.ending.is_some() || !self.stop.is_stopped() {
            return;
        }
        match &self.live {
            Some(live) => {
                let until =
                    Instant::now() + live.timeout.saturating_add(Duration::from_millis(1)).min(LAST_WAIT);
                self.ending = Some(Ending { at: Timestamp::now(), until });
            }
            None => self.finished = true,
        }
    }

    /// Whether the frame that was read is from after the capture was stopped.
    fn is_too_late(&self) -> bool {
        let (Some(ending), Some(lent)) = (&self.ending, self.handle.lent()) else { return false };
        time(&lent, self.nanoseconds) > ending.at || Instant::now() > ending.until + LAST_FRAMES
    }

    /// What to do where there is no frame: whether to look again. If not, the capture is finished, or the deadline has come.
    fn go_on(&mut self, read: Read, deadline: Option<Instant>) -> Result<bool> {
        match read {
            Read::Failed => return Err(self.fail()),
            Read::Break if self.broke || self.live.is_some() => {
                self.broke = false;
                return Ok(true);
            }
            _ => {}
        }
        if self.live.is_none() {
            self.finished = true;
            return Ok(false);
        }
        let now = Instant::now();
        if let Some(Ending { until, .. }) = self.ending {
            self.finished = now >= until || self.has_handed_out_all();
            if self.finished || deadline.is_some_and(|deadline| now >= deadline) {
                return Ok(false);
            }
            return self.wait(deadline.map_or(until, |deadline| deadline.min(until)), false).map(|()| true);
        }
        if deadline.is_some_and(|deadline| now >= deadline) {
            return Ok(false);
        }
        self.wait(deadline.unwrap_or(now + Duration::from_secs(3600)), true)?;
        Ok(true)
    }

    /// Whether the kernel counted no frame that was not handed out, so that it has none to wait for. Where libpcap left some out itself,
    /// by a filter or a direction that is not the kernel's, this does not show.
    fn has_handed_out_all(&mut self) -> bool {
        // Other devices' counters are of what libpcap read (pcap-usb-linux.c, pcap-netfilter-linux.c), not of what there is.
        let counts =
            cfg!(target_os = "linux") && (&*self.name == "any" || builder::is_network_interface(&self.name));
        counts && self.stats().is_ok_and(|stats| stats.received == Some(self.handle.handed_out()))
    }

    /// Waits until there may be frames, until then, or until it is stopped.
    fn wait(&mut self, until: Instant, or_stop: bool) -> Result<()> {
        self.required = self.handle.required_timeout();
        let required = self.required;
        let descriptor = self.handle.descriptor();
        let soon = match (&descriptor, required) {
            (None, None) => Some(LOOK_AGAIN),
            // What libpcap asks for may be 0, which would burn a processor.
            (_, required) => required.map(|time| time.max(SOONEST)),
        };
        let until = soon.map_or(until, |soon| until.min(Instant::now() + soon));
        let event = self.stop.event().as_fd();
        let waited = match (descriptor, or_stop) {
            (Some(descriptor), true) => sys::wait([descriptor, event], Some(until)).map(drop),
            (Some(descriptor), false) => sys::wait([descriptor], Some(until)).map(drop),
            (None, true) => sys::wait([event], Some(until)).map(drop),
            (None, false) => {
                std::thread::sleep(until.saturating_duration_since(Instant::now()));
                Ok(())
            }
        };
        waited.map_err(|error| {
            self.finished = true;
            Error::io("cannot wait for frames", error).on_interface(&self.name)
        })
    }

    /// Ends the capture, and says why.
    #[cold]
    fn fail(&mut self) -> Error {
        self.finished = true;
        let text = self.handle.error_text();
        if self.live.is_none() {
            return Error::new(ErrorKind::Malformed, format!("libpcap cannot read on: {text}"))
                .in_file(Path::new(&*self.name));
        }
        // libpcap tells these apart by its message only, which differs from version to version.
        let interfaces = crate::interfaces().unwrap_or_default();
        let found = interfaces.iter().find(|one| one.name() == &*self.name);
        let (kind, message) = match found {
            None if !interfaces.is_empty() && builder::is_network_interface(&self.name) => {
                let message = "the interface was deleted, renamed or moved to another network namespace";
                (ErrorKind::InterfaceGone, format!("{message} ({text})"))
            }
            Some(one) if !one.is_up() => {
                let name = &self.name;
                (
                    ErrorKind::InterfaceDown,
                    format!("the interface is down: `sudo ip link set dev {name} up` ({text})"),
                )
            }
            _ => (ErrorKind::Io, format!("libpcap cannot read on: {text}")),
        };
        Error::new(kind, message).on_interface(&self.name)
    }

    #[cold]
    fn refused(&self, what: &str, text: &str) -> Error {
        let error = Error::new(ErrorKind::Io, format!("libpcap {what}: {text}"));
        if self.live.is_some() {
            error.on_interface(&self.name)
        } else {
            error.in_file(Path::new(&*self.name))
        }
    }
}

impl Counted {
    /// Goes on to these counters, which have wrapped if they are less than before.
    fn add(&mut self, now: pcap_stat) {
        let passed = u64::from(now.ps_recv.wrapping_sub(self.last.ps_recv));
        let dropped = u64::from(now.ps_drop.wrapping_sub(self.last.ps_drop));
        // ps_recv counts the dropped ones, too: on Linux by packet_getsockopt() in net/packet/af_packet.c, which adds them for every
        // version of the ring; on the BSDs as catchpacket() in bpf.c comes after the count.
        self.received = self.received.saturating_add(passed.saturating_sub(dropped));
        self.dropped = self.dropped.saturating_add(dropped);
        self.last = now;
    }

    fn stats(&self) -> Stats {
        Stats {
            received: Some(self.received),
            dropped: Some(self.dropped),
            // libpcap has no such count.
            buffer_full: None,
            // Its ps_ifdrop is 0 also where it does not look, counts more in older versions, and is of files in /sys that may be
            // those of another network namespace.
            interface_dropped: None,
        }
    }
}

/// The frame, as the rest of this crate knows it.
#[inline]
fn frame<'a>(lent: Lent<'a>, interface: &'a Interface, nanoseconds: bool) -> Frame<'a> {
    let link_type = interface.link_type();
    Frame::new(lent.data, link_type)
        .with_original_len(lent.header.len)
        .with_timestamp(time(&lent, nanoseconds))
        .with_direction(direction(lent.data, link_type))
        .borrow_from(lent.data, Some(interface))
}

/// Only a cooked header tells: PACKET_OUTGOING is 4 in include/uapi/linux/if_packet.h.
#[inline]
fn direction(data: &[u8], link_type: LinkType) -> Direction {
    let packet_type = match link_type {
        LinkType::LINUX_SLL => data.get(1),
        LinkType::LINUX_SLL2 => data.get(10),
        _ => None,
    };
    match packet_type {
        Some(4) => Direction::Outbound,
        Some(0..=3) => Direction::Inbound,
        _ => Direction::Unknown,
    }
}

#[inline]
fn time(lent: &Lent<'_>, nanoseconds: bool) -> Timestamp {
    // It has 32 bits on some systems.
    #[allow(clippy::useless_conversion)]
    let (secs, parts) = (i64::from(lent.header.ts.tv_sec), i64::from(lent.header.ts.tv_usec));
    match u32::try_from(parts) {
        Ok(nanos) if nanoseconds => Timestamp::new(secs, nanos),
        _ => {
            let unit = if nanoseconds { 1 } else { 1000 };
            Timestamp::from_nanos(i128::from(secs) * 1_000_000_000 + i128::from(parts) * unit)
        }
    }
}

impl Source for PcapSource {
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        self.next_frame_until(deadline)
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        self.for_each(each)
    }

    fn stop_handle(&self) -> Option<StopHandle> {
        Some(self.stop_handle())
    }

    fn stats(&mut self) -> Result<Stats> {
        self.stats()
    }

    fn interfaces(&self) -> &[Interface] {
        std::slice::from_ref(&self.interface)
    }
}

/// One descriptor of what libpcap waits on and the stop. A savefile never waits.
#[cfg(target_os = "linux")]
fn gather(handle: &Handle, live: bool, stop: &StopHandle) -> std::io::Result<sys::Gathered> {
    let stop = stop.event().as_fd();
    if live {
        return sys::Gathered::new([handle.descriptor(), Some(stop)].into_iter().flatten());
    }
    // epoll(7) takes no regular file. A pipe whose other end is closed is readable for ever.
    let (ended, _) = std::io::pipe()?;
    sys::Gathered::keeping(ended.into(), stop)
}

/// On Linux an epoll(7) descriptor: readable when there may be frames, and when it was [stopped](StopHandle). What libpcap has in memory
/// already does not show: read until there is [nothing more](Next::TimedOut), and then wait. A savefile's is always readable. Devices
/// without a descriptor have one here that only tells of the stop; they have to be looked at from time to time.
///
/// On other systems it is libpcap's own, which does not tell of the stop.
impl AsFd for PcapSource {
    #[cfg(target_os = "linux")]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ready.as_fd()
    }

    #[cfg(not(target_os = "linux"))]
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.descriptor().unwrap_or_else(|| self.stop.event().as_fd())
    }
}

impl AsRawFd for PcapSource {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

impl fmt::Debug for PcapSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcapSource")
            .field("name", &self.name)
            .field("link_type", &self.link_type())
            .field("live", &self.live.is_some())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_that_wrap_go_on() {
        let mut counted = Counted::default();
        let stat = |ps_recv, ps_drop| pcap_stat { ps_recv, ps_drop, ps_ifdrop: 0 };
        counted.add(stat(u32::MAX - 5, 10));
        counted.add(stat(4, 20));
        let stats = counted.stats();
        assert_eq!(stats.received_by_filter(), Some(u64::from(u32::MAX) + 5));
        assert_eq!(stats.dropped, Some(20));
    }
}
