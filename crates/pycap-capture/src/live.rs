//! A live capture, on whatever this machine has for it.

use std::fmt;
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::Instant;

#[cfg(target_os = "linux")]
use crate::PacketRing;
#[cfg(feature = "libpcap")]
use crate::PcapSource;
use crate::system::ANY;
use crate::{
    CompileOptions, Direction, Error, ErrorKind, Filter, Frame, Interface, LinkType, Next, Result, Source,
    Stats, StopHandle, TimestampSource, VlanTags, compile, interfaces,
};

/// A live capture about to be opened: settings that every backend has.
///
/// On Linux frames come from the kernel's ring, `PacketRing`, which needs nothing installed. Where there is none, and for devices that it
/// cannot open (`usbmon0`, `bluetooth0`, `nflog`), they come from libpcap, `PcapSource`. That is loaded when it is needed; to compile a
/// filter expression, too.
///
/// ```no_run
/// use pycap_capture::{Live, Source};
///
/// let mut capture = Live::on("eth0").promiscuous(true).filter("tcp port 443").open()?;
/// while let Some(frame) = capture.next_frame()? {
///     println!("{} bytes", frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "it captures nothing until it is opened"]
pub struct Live {
    interface: String,
    settings: Settings,
    backend: Backend,
}

/// Where frames come from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// The kernel's ring where there is one, else libpcap.
    #[default]
    Automatic,
    /// Linux's AF_PACKET ring: `PacketRing`.
    Ring,
    /// libpcap: `PcapSource`.
    Libpcap,
}

/// `ring`
impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Automatic => "automatic",
            Self::Ring => "ring",
            Self::Libpcap => "libpcap",
        })
    }
}

/// The settings that all backends have.
#[derive(Clone, Debug)]
struct Settings {
    promiscuous: bool,
    snaplen: u32,
    immediate: bool,
    buffer_size: Option<usize>,
    direction: Direction,
    filter: Option<FilterSetting>,
    timestamp_source: TimestampSource,
    link_type: Option<LinkType>,
    vlan_tags: VlanTags,
}

/// A filter as the caller has it.
#[derive(Clone, Debug)]
enum FilterSetting {
    /// Compiled for the link type when that is known.
    Expression(String),
    Program(Filter),
}

impl Live {
    /// A capture on this interface; `any` is all of them, where the system has that.
    pub fn on(interface: impl Into<String>) -> Self {
        Self {
            interface: interface.into(),
            settings: Settings {
                promiscuous: false,
                snaplen: crate::MAX_SNAPLEN,
                immediate: false,
                buffer_size: None,
                direction: Direction::Unknown,
                filter: None,
                timestamp_source: TimestampSource::Kernel,
                link_type: None,
                vlan_tags: VlanTags::InFrame,
            },
            backend: Backend::Automatic,
        }
    }

    /// Whether to receive frames that are addressed to others; not, unless asked for.
    pub fn promiscuous(mut self, promiscuous: bool) -> Self {
        self.settings.promiscuous = promiscuous;
        self
    }

    /// At most so many bytes of each frame; 262,144 unless asked for less.
    pub fn snaplen(mut self, bytes: u32) -> Self {
        self.settings.snaplen = bytes;
        self
    }

    /// Whether each frame is to be handed out as soon as it comes, rather than with others.
    pub fn immediate(mut self, immediate: bool) -> Self {
        self.settings.immediate = immediate;
        self
    }

    /// How many bytes the kernel may keep until they are read.
    pub fn buffer_size(mut self, bytes: usize) -> Self {
        self.settings.buffer_size = Some(bytes);
        self
    }

    /// Only frames of this direction; [`Direction::Unknown`] is both.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.settings.direction = direction;
        self
    }

    /// Only frames that match this filter expression, as of pcap-filter(7). It is compiled by libpcap when the capture is opened.
    pub fn filter(mut self, expression: impl Into<String>) -> Self {
        let expression = expression.into();
        self.settings.filter =
            (!expression.trim().is_empty()).then_some(FilterSetting::Expression(expression));
        self
    }

    /// Only frames that match this program. One that was compiled for another [link type](Self::link_type) is refused when the capture is
    /// opened.
    pub fn filter_program(mut self, program: Filter) -> Self {
        self.settings.filter = Some(FilterSetting::Program(program));
        self
    }

    /// Which clock the frames' times are from.
    pub fn timestamp_source(mut self, source: TimestampSource) -> Self {
        self.settings.timestamp_source = source;
        self
    }

    /// What frames are to start with, where there is a choice: [`link_types`] lists it. All but the first of Linux's take libpcap.
    pub fn with_link_type(mut self, link_type: LinkType) -> Self {
        self.settings.link_type = Some(link_type);
        self
    }

    /// Where VLAN tags are: in the bytes, as on the wire, unless asked for beside them ([`Frame::vlan_tag`]). libpcap has them in the bytes
    /// only: a capture that has to be libpcap's is then refused.
    pub fn vlan_tags(mut self, tags: VlanTags) -> Self {
        self.settings.vlan_tags = tags;
        self
    }

    /// From here and nowhere else.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// What the frames of this capture will start with.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoSuchInterface`], and if the system cannot be asked.
    pub fn link_type(&self) -> Result<LinkType> {
        if let Some(link_type) = self.settings.link_type {
            return Ok(link_type);
        }
        if self.backend == Backend::Libpcap || cfg!(not(target_os = "linux")) {
            return self.link_type_when_open();
        }
        if self.interface == ANY {
            return Ok(LinkType::LINUX_SLL2);
        }
        let found = interfaces()?.into_iter().find(|interface| interface.name() == self.interface);
        match found.and_then(|interface| interface.link_type()) {
            Some(link_type) => Ok(link_type),
            // It is a device of libpcap's, or what opens it finds the nearest names.
            None => self.link_type_when_open(),
        }
    }

    fn link_type_when_open(&self) -> Result<LinkType> {
        self.clone().without_filter().open().map(|capture| capture.link_type())
    }

    /// The program that the filter is, for this interface as it is now; `None` if there is no filter.
    ///
    /// # Errors
    ///
    /// As [`compile`].
    pub fn program(&self) -> Result<Option<Filter>> {
        match &self.settings.filter {
            None => Ok(None),
            Some(FilterSetting::Program(program)) => Ok(Some(program.clone())),
            Some(FilterSetting::Expression(expression)) => {
                let options = CompileOptions::new(self.link_type()?).snaplen(self.settings.snaplen);
                compile(expression, &options.on_interface(&*self.interface)).map(Some)
            }
        }
    }

    fn without_filter(mut self) -> Self {
        self.settings.filter = None;
        self
    }

    /// Starts to capture.
    ///
    /// # Errors
    ///
    /// If this process may not capture, if there is no such interface or it is down, if the filter makes no sense or cannot be compiled
    /// since libpcap is missing, if a setting makes no sense. The message says what to do.
    pub fn open(self) -> Result<LiveCapture> {
        match self.backend {
            Backend::Ring => self.open_ring(),
            Backend::Libpcap => self.open_libpcap(),
            Backend::Automatic => self.open_either(),
        }
    }

    /// Starts to capture, to be read with `await` on Tokio. It opens in this thread, in a few milliseconds, and so in its network
    /// namespace.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    ///
    /// # Panics
    ///
    /// Outside of a Tokio runtime, or if that has I/O switched off.
    #[cfg(all(unix, feature = "tokio"))]
    pub fn open_async(self) -> Result<crate::tokio::AsyncSource<LiveCapture>> {
        crate::tokio::AsyncSource::new(self.open()?)
    }

    /// The ring, and where that cannot do it, libpcap.
    #[cfg(target_os = "linux")]
    fn open_either(&self) -> Result<LiveCapture> {
        if self.settings.link_type.is_some_and(|wanted| self.ring_link_type() != Some(wanted)) {
            return self.open_libpcap();
        }
        match self.open_ring() {
            Err(refused) if matches!(refused.kind(), ErrorKind::Unsupported | ErrorKind::NoSuchInterface) => {
                match self.open_libpcap() {
                    Ok(capture) => Ok(capture),
                    // What the ring has to say is nearer to the matter than that libpcap cannot do it either.
                    Err(error) => match error.kind() {
                        ErrorKind::PermissionDenied | ErrorKind::InvalidFilter | ErrorKind::InterfaceDown => {
                            Err(error)
                        }
                        _ => Err(refused),
                    },
                }
            }
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_either(&self) -> Result<LiveCapture> {
        self.open_libpcap()
    }

    /// What a ring on this interface has; `None` if there is no such interface.
    #[cfg(target_os = "linux")]
    fn ring_link_type(&self) -> Option<LinkType> {
        let mut usual = self.clone().backend(Backend::Ring);
        usual.settings.link_type = None;
        usual.link_type().ok()
    }

    #[cfg(target_os = "linux")]
    fn open_ring(&self) -> Result<LiveCapture> {
        let Settings { promiscuous, snaplen, immediate, buffer_size, direction, timestamp_source, .. } =
            self.settings;
        if let Some(wanted) = self.settings.link_type
            && self.ring_link_type().is_some_and(|has| has != wanted)
        {
            let message = format!("the ring has no link type {wanted} here: libpcap may have it");
            return Err(Error::new(ErrorKind::Unsupported, message).on_interface(&self.interface));
        }
        let mut builder = PacketRing::builder(&*self.interface)
            .promiscuous(promiscuous)
            .snaplen(snaplen)
            .immediate(immediate)
            .direction(direction)
            .timestamp_source(timestamp_source)
            .vlan_tags(self.settings.vlan_tags);
        if let Some(bytes) = buffer_size {
            builder = builder.buffer_size(bytes);
        }
        let open = |builder: crate::Builder| builder.open().map(|ring| LiveCapture(Inner::Ring(ring)));
        let Some(program) = self.program()? else { return open(builder) };
        match open(builder.clone().filter(&program)) {
            // What the kernel does not take is matched here.
            Err(error) if matches!(error.kind(), ErrorKind::FilterTooLong | ErrorKind::Unsupported) => {
                open(builder.filter_as_kernel(&program))
            }
            opened => opened,
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open_ring(&self) -> Result<LiveCapture> {
        let message = "only Linux has the ring: take libpcap";
        Err(Error::new(ErrorKind::Unsupported, message).on_interface(&self.interface))
    }

    #[cfg(feature = "libpcap")]
    fn open_libpcap(&self) -> Result<LiveCapture> {
        if self.settings.vlan_tags == VlanTags::Apart {
            let message = "libpcap has VLAN tags in the bytes of frames only: capture with the ring, or ask for VlanTags::InFrame";
            return Err(Error::new(ErrorKind::Unsupported, message).on_interface(&self.interface));
        }
        let Settings { promiscuous, snaplen, immediate, buffer_size, direction, timestamp_source, .. } =
            self.settings;
        let mut builder = PcapSource::live(&*self.interface)
            .promiscuous(promiscuous)
            .snaplen(snaplen)
            .immediate(immediate)
            .direction(direction);
        if let Some(bytes) = buffer_size {
            builder = builder.buffer_size(bytes);
        }
        if timestamp_source != TimestampSource::Kernel {
            builder = builder.timestamp_source(timestamp_source);
        }
        if let Some(link_type) = self.settings.link_type {
            builder = builder.link_type(link_type);
        }
        builder = match &self.settings.filter {
            None => builder,
            Some(FilterSetting::Expression(expression)) => builder.filter(&**expression),
            Some(FilterSetting::Program(program)) => builder.filter_program(program),
        };
        builder.open().map(|source| LiveCapture(Inner::Libpcap(source)))
    }

    #[cfg(not(feature = "libpcap"))]
    fn open_libpcap(&self) -> Result<LiveCapture> {
        let message = "this program was built without pycap-capture's feature `libpcap`";
        Err(Error::new(ErrorKind::LibraryMissing, message).on_interface(&self.interface))
    }
}

/// The clocks that the frames of this interface can have their times from. The first is taken where none is asked for.
///
/// # Errors
///
/// [`ErrorKind::NoSuchInterface`], and if the system cannot be asked.
pub fn timestamp_sources(interface: &str) -> Result<Vec<TimestampSource>> {
    #[cfg(target_os = "linux")]
    {
        use crate::system::linux;
        if interface == ANY || interfaces()?.iter().any(|one| one.name() == interface) {
            return linux::timestamp_sources(interface)
                .map_err(|error| Error::io("cannot ask for its clocks", error).on_interface(interface));
        }
        // libpcap lists clocks also for what is not there.
        Live::on(interface).link_type()?;
    }
    #[cfg(feature = "libpcap")]
    return PcapSource::live(interface).timestamp_sources();
    #[cfg(not(feature = "libpcap"))]
    Err(Error::new(ErrorKind::NoSuchInterface, "no interface has this name").on_interface(interface))
}

/// The link types that a capture on this interface can have. The first is taken where none is asked for; the others take libpcap, and are
/// listed where that is there.
///
/// # Errors
///
/// As [`Live::open`], as libpcap tells only when it captures.
pub fn link_types(interface: &str) -> Result<Vec<LinkType>> {
    let usual = Live::on(interface).link_type()?;
    let mut found = vec![usual];
    #[cfg(feature = "libpcap")]
    match PcapSource::live(interface).open() {
        Ok(mut capture) => found.extend(capture.link_types()?.into_iter().filter(|one| *one != usual)),
        Err(error) if matches!(error.kind(), ErrorKind::LibraryMissing | ErrorKind::InterfaceDown) => {}
        Err(error) => return Err(error),
    }
    // A link type that only reading can tell from the usual one is not listed twice.
    found.dedup();
    Ok(found)
}

/// A live capture: what [`Live::open`] opens.
#[derive(Debug)]
pub struct LiveCapture(Inner);

#[derive(Debug)]
enum Inner {
    #[cfg(target_os = "linux")]
    Ring(PacketRing),
    #[cfg(feature = "libpcap")]
    Libpcap(PcapSource),
    #[cfg(not(any(target_os = "linux", feature = "libpcap")))]
    Never(std::convert::Infallible),
}

/// The same on whichever it is.
macro_rules! either {
    ($capture:expr, $one:ident => $result:expr) => {
        match $capture {
            #[cfg(target_os = "linux")]
            Inner::Ring($one) => $result,
            #[cfg(feature = "libpcap")]
            Inner::Libpcap($one) => $result,
            #[cfg(not(any(target_os = "linux", feature = "libpcap")))]
            Inner::Never(never) => match *never {},
        }
    };
}

impl LiveCapture {
    /// Where its frames come from: never [`Backend::Automatic`].
    pub fn backend(&self) -> Backend {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Inner::Ring(_) => Backend::Ring,
            #[cfg(feature = "libpcap")]
            Inner::Libpcap(_) => Backend::Libpcap,
            #[cfg(not(any(target_os = "linux", feature = "libpcap")))]
            Inner::Never(never) => match *never {},
        }
    }

    /// What the frames start with.
    pub fn link_type(&self) -> LinkType {
        either!(&self.0, one => one.link_type())
    }

    /// The name that it was opened with. [`Source::interface`] knows more of the interface of each frame.
    pub fn interface_name(&self) -> &str {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Inner::Ring(ring) => ring.interface(),
            #[cfg(feature = "libpcap")]
            Inner::Libpcap(source) => source.name(),
            #[cfg(not(any(target_os = "linux", feature = "libpcap")))]
            Inner::Never(never) => match *never {},
        }
    }

    /// Whether the interface was down when it was last looked at, and reads wait for it to be up again. With libpcap they do not wait: they
    /// fail.
    pub fn is_down(&self) -> bool {
        match &self.0 {
            #[cfg(target_os = "linux")]
            Inner::Ring(ring) => ring.is_down(),
            #[cfg(feature = "libpcap")]
            Inner::Libpcap(_) => false,
            #[cfg(not(any(target_os = "linux", feature = "libpcap")))]
            Inner::Never(never) => match *never {},
        }
    }

    /// Lets only frames through that this program matches, from now on. What was captured before and not read is discarded by the ring;
    /// libpcap may still hand out of it what this program matches, too.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidFilter`], [`ErrorKind::FilterTooLong`], [`ErrorKind::Unsupported`]: the filter before stays.
    pub fn set_filter(&mut self, filter: &Filter) -> Result<()> {
        either!(&mut self.0, one => one.set_filter(filter))
    }

    /// Calls `each` for every frame until it breaks or the capture is finished, block by block.
    ///
    /// # Errors
    ///
    /// As [`Source::for_each`].
    pub fn for_each(&mut self, each: impl FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        either!(&mut self.0, one => one.for_each(each))
    }
}

impl Source for LiveCapture {
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        either!(&mut self.0, one => one.next_frame_until(deadline))
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        either!(&mut self.0, one => one.next_frame())
    }

    fn for_each(&mut self, each: &mut dyn FnMut(Frame<'_>) -> ControlFlow<()>) -> Result<()> {
        either!(&mut self.0, one => one.for_each(each))
    }

    fn stop_handle(&self) -> Option<StopHandle> {
        Some(either!(&self.0, one => one.stop_handle()))
    }

    fn stats(&mut self) -> Result<Stats> {
        either!(&mut self.0, one => one.stats())
    }

    fn interfaces(&self) -> &[Interface] {
        either!(&self.0, one => Source::interfaces(one))
    }
}

/// That of the `PacketRing` or the `PcapSource` behind it; on Linux readable after a stop, too.
impl AsFd for LiveCapture {
    fn as_fd(&self) -> BorrowedFd<'_> {
        either!(&self.0, one => one.as_fd())
    }
}

impl AsRawFd for LiveCapture {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}

#[cfg(all(unix, feature = "tokio"))]
impl LiveCapture {
    pub(crate) fn is_ready(&mut self) -> Result<bool> {
        either!(&mut self.0, one => one.is_ready())
    }

    pub(crate) fn ask_again(&self) -> Option<std::time::Duration> {
        either!(&self.0, one => one.ask_again())
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<LiveCapture>();
};
