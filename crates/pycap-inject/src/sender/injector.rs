//! One sender for all: the backend is chosen by name, or by itself.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use pycap_wire::LinkType;

use super::{BatchError, SendError, SendErrorKind, SendStats, Sender};

/// What puts frames on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Backend {
    /// Linux's packet socket where there is one, else libpcap.
    #[default]
    Automatic,
    /// Linux's packet socket, `sendmmsg`: `PacketSocket`.
    Packet,
    /// Linux's ring for sending: `TxRing`.
    TxRing,
    /// IP packets by raw sockets: `RawIp`.
    RawIp,
    /// libpcap: `PcapSender`.
    Libpcap,
    /// libnet: `LibnetSender`.
    Libnet,
    /// A capture file instead of a wire: `SavefileSender`. The device is its path.
    Savefile,
}

impl Backend {
    /// All that can be named.
    pub const ALL: [Self; 7] = [
        Self::Automatic,
        Self::Packet,
        Self::TxRing,
        Self::RawIp,
        Self::Libpcap,
        Self::Libnet,
        Self::Savefile,
    ];

    /// Its name: `automatic`, `packet`, `tx-ring`, `raw-ip`, `libpcap`, `libnet`, `savefile`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Automatic => "automatic",
            Self::Packet => "packet",
            Self::TxRing => "tx-ring",
            Self::RawIp => "raw-ip",
            Self::Libpcap => "libpcap",
            Self::Libnet => "libnet",
            Self::Savefile => "savefile",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Backend {
    type Err = SendError;

    /// By its [name](Self::name).
    fn from_str(name: &str) -> Result<Self, SendError> {
        Self::ALL.into_iter().find(|backend| backend.name() == name).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            SendError::new(
                SendErrorKind::InvalidSetting,
                format!("no backend is called {name:?}: take one of {names}"),
            )
        })
    }
}

/// A sender by whichever backend was asked for.
///
/// ```no_run
/// use pycap_inject::{Backend, Injector, Sender};
///
/// // The interface that libpcap would take, and a frame to everyone on its link.
/// let mut injector = Injector::open_default()?;
/// injector.send(&[0xff; 60])?;
///
/// // A ring, past the interface's queue.
/// let mut injector = Injector::builder("eth0").backend(Backend::TxRing).qdisc_bypass(true).open()?;
/// injector.send_batch(&[&[0xff; 60][..]; 1000])?;
/// injector.flush()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Injector {
    sender: Box<dyn Sender>,
    device: String,
    backend: Backend,
    /// What the interface was when it was opened, if there is one.
    #[cfg(target_os = "linux")]
    link: Option<super::link::Link>,
}

/// A sender about to be opened: [`Injector::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is opened"]
pub struct InjectorBuilder {
    device: Option<String>,
    backend: Backend,
    qdisc_bypass: bool,
    max_wait: Option<Duration>,
    link_type: Option<LinkType>,
}

impl Injector {
    /// Opens a sender on this interface, by whatever the system offers.
    ///
    /// # Errors
    ///
    /// As [`InjectorBuilder::open`].
    pub fn open(device: impl Into<String>) -> Result<Self, SendError> {
        Self::builder(device).open()
    }

    /// Opens a sender on the interface that `pcap_lookupdev` would take: the first one that is up and running, loopback only if there is no
    /// other.
    ///
    /// # Errors
    ///
    /// As [`InjectorBuilder::open`].
    pub fn open_default() -> Result<Self, SendError> {
        Self::builder_default().open()
    }

    /// The settings of a sender on this interface, to begin with.
    pub fn builder(device: impl Into<String>) -> InjectorBuilder {
        InjectorBuilder { device: Some(device.into()), ..Self::builder_default() }
    }

    /// The settings of a sender on the [default interface](Self::open_default), to begin with. With [`Backend::RawIp`] it is whichever
    /// interface the route leads to.
    pub fn builder_default() -> InjectorBuilder {
        InjectorBuilder {
            device: None,
            backend: Backend::Automatic,
            qdisc_bypass: false,
            max_wait: None,
            link_type: None,
        }
    }

    /// The interface, or the path of the file; empty for IP packets by whichever interface.
    pub fn device(&self) -> &str {
        &self.device
    }

    /// The backend that it uses: never [`Backend::Automatic`].
    pub fn backend(&self) -> Backend {
        self.backend
    }
}

impl InjectorBuilder {
    /// The backend.
    pub fn backend(mut self, backend: Backend) -> Self {
        self.backend = backend;
        self
    }

    /// Whether frames go past the interface's queue: [`Backend::Packet`] and [`Backend::TxRing`] only. Not, unless asked for.
    pub fn qdisc_bypass(mut self, bypass: bool) -> Self {
        self.qdisc_bypass = bypass;
        self
    }

    /// How long a frame is tried again where the system has no room for it; one second unless asked for another time.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = Some(time);
        self
    }

    /// What frames start with: for [`Backend::Savefile`] only, where it is Ethernet unless asked for another. Interfaces have one of their
    /// own.
    pub fn link_type(mut self, link_type: LinkType) -> Self {
        self.link_type = Some(link_type);
        self
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::PermissionDenied`], [`SendErrorKind::NoSuchInterface`], [`SendErrorKind::InterfaceDown`],
    /// [`SendErrorKind::LibraryMissing`], [`SendErrorKind::InvalidSetting`] for a setting that the backend has not,
    /// [`SendErrorKind::Unsupported`] for a backend that this system has not or that was left out of this build, and what the system says.
    pub fn open(self) -> Result<Injector, SendError> {
        let backend = match self.backend {
            Backend::Automatic if cfg!(target_os = "linux") => Backend::Packet,
            Backend::Automatic => Backend::Libpcap,
            named => named,
        };
        if self.qdisc_bypass && !matches!(backend, Backend::Packet | Backend::TxRing) {
            let message = format!("{backend} has no way past the interface's queue: take packet or tx-ring");
            return Err(SendError::new(SendErrorKind::InvalidSetting, message));
        }
        if self.link_type.is_some() && backend != Backend::Savefile {
            let message = format!(
                "{backend} takes frames of the interface's own link type: ask for none, or take savefile"
            );
            return Err(SendError::new(SendErrorKind::InvalidSetting, message));
        }
        let device = match (&self.device, backend) {
            (Some(device), _) => device.clone(),
            (None, Backend::RawIp) => String::new(),
            (None, Backend::Savefile) => {
                return Err(SendError::new(
                    SendErrorKind::InvalidSetting,
                    "a savefile needs a path as its device",
                ));
            }
            (None, _) => default_device()?,
        };
        let sender = self.sender(backend, &device)?;
        Ok(Injector {
            sender,
            #[cfg(target_os = "linux")]
            link: (backend != Backend::Savefile).then(|| super::link::Link::by_name(&device).ok()).flatten(),
            device,
            backend,
        })
    }

    fn sender(&self, backend: Backend, device: &str) -> Result<Box<dyn Sender>, SendError> {
        match backend {
            #[cfg(target_os = "linux")]
            Backend::Automatic | Backend::Packet => {
                let mut builder = super::PacketSocket::builder(device).qdisc_bypass(self.qdisc_bypass);
                if let Some(time) = self.max_wait {
                    builder = builder.max_wait(time);
                }
                Ok(Box::new(builder.open()?))
            }
            #[cfg(target_os = "linux")]
            Backend::TxRing => {
                let mut builder = super::TxRing::builder(device).qdisc_bypass(self.qdisc_bypass);
                if let Some(time) = self.max_wait {
                    builder = builder.max_wait(time);
                }
                Ok(Box::new(builder.open()?))
            }
            #[cfg(target_os = "linux")]
            Backend::RawIp => {
                let mut builder = super::RawIp::builder();
                if !device.is_empty() {
                    builder = builder.interface(device);
                }
                if let Some(time) = self.max_wait {
                    builder = builder.max_wait(time);
                }
                Ok(Box::new(builder.open()?))
            }
            #[cfg(feature = "libpcap")]
            Backend::Libpcap => {
                let mut sender = super::PcapSender::open(device)?;
                if let Some(time) = self.max_wait {
                    sender.set_max_wait(time);
                }
                Ok(Box::new(sender))
            }
            #[cfg(feature = "libnet")]
            Backend::Libnet => {
                let mut sender = super::LibnetSender::open(device)?;
                if let Some(time) = self.max_wait {
                    sender.set_max_wait(time);
                }
                Ok(Box::new(sender))
            }
            #[cfg(feature = "capture")]
            Backend::Savefile => {
                let link_type = self.link_type.unwrap_or(LinkType::ETHERNET);
                Ok(Box::new(super::SavefileSender::create(device, link_type)?))
            }
            #[allow(unreachable_patterns)]
            missing => {
                let message = match missing {
                    Backend::Libpcap | Backend::Libnet => {
                        format!("this build has no {missing}: build it with the feature `{missing}`")
                    }
                    Backend::Savefile => {
                        "this build writes no files: build it with the feature `capture`".into()
                    }
                    _ => format!("{missing} is there on Linux only: take libpcap"),
                };
                Err(SendError::new(SendErrorKind::Unsupported, message))
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn default_device() -> Result<String, SendError> {
    Ok(super::link::Link::default()?.name)
}

#[cfg(not(target_os = "linux"))]
fn default_device() -> Result<String, SendError> {
    #[cfg(feature = "capture")]
    {
        let found = pycap_capture::default_interface();
        found
            .map(|interface| interface.name().to_owned())
            .map_err(|error| SendError::new(SendErrorKind::NoSuchInterface, error.to_string()))
    }
    #[cfg(not(feature = "capture"))]
    Err(SendError::new(
        SendErrorKind::Unsupported,
        "the default interface is not known: name one, or build with the feature `capture`",
    ))
}

impl Sender for Injector {
    #[inline]
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        self.sender.send(frame)
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        self.sender.send_batch(frames)
    }

    fn flush(&mut self) -> Result<(), SendError> {
        self.sender.flush()
    }

    fn stats(&self) -> SendStats {
        self.sender.stats()
    }

    fn link_type(&self) -> LinkType {
        self.sender.link_type()
    }

    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        let own = self.sender.frame_limit(frame);
        #[cfg(target_os = "linux")]
        if let (None, Some(link)) = (own, &self.link) {
            return Some(if self.backend == Backend::RawIp { link.mtu as usize } else { link.limit(frame) });
        }
        own
    }
}

impl fmt::Debug for Injector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Injector")
            .field("device", &self.device)
            .field("backend", &self.backend)
            .field("stats", &self.stats())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backends_have_names() {
        for backend in Backend::ALL {
            assert_eq!(backend.name().parse::<Backend>().unwrap(), backend);
        }
        let error = "af_packet".parse::<Backend>().unwrap_err().to_string();
        assert!(error.contains("automatic, packet, tx-ring"), "{error}");
    }

    #[test]
    fn settings_fit_the_backend() {
        let kind = |builder: InjectorBuilder| builder.open().unwrap_err().kind();
        let on = || Injector::builder("none0");
        assert_eq!(kind(on().backend(Backend::Libpcap).qdisc_bypass(true)), SendErrorKind::InvalidSetting);
        assert_eq!(kind(on().link_type(LinkType::RAW)), SendErrorKind::InvalidSetting);
        assert_eq!(
            kind(Injector::builder_default().backend(Backend::Savefile)),
            SendErrorKind::InvalidSetting
        );
    }
}
