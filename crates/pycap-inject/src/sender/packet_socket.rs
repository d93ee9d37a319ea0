//! Frames by an AF_PACKET socket (packet(7)), many with one call.

use std::fmt;
use std::time::Duration;

use pycap_wire::LinkType;

use super::offload::OffloadHeader;
use super::sys::{BATCH, Batch, Socket};
use super::target::Target;
use super::wait::{LONGEST, Patience, Refusal};
use super::{BatchError, SendError, SendErrorKind, SendStats, Sender};

/// A sender by an AF_PACKET socket. It receives nothing.
///
/// [`send_batch`](Sender::send_batch) hands 64 frames to the kernel with one call of `sendmmsg`, and allocates nothing.
///
/// Frames are Ethernet's on Ethernet and loopback interfaces. A frame with a tag of 802.1Q may be 4 bytes longer than the MTU and the
/// Ethernet header; one with a tag of 802.1ad (EtherType 88a8) may not, since the kernel does not count that as a tag. Interfaces without
/// a link header (tun, most tunnels) take IPv4 and IPv6 packets: [`LinkType::RAW`]. Frames are not padded to Ethernet's 60 bytes: that is
/// the network card's business, and a veth pair's peer sees them as they are.
pub struct PacketSocket {
    socket: Socket,
    target: Target,
    batch: Box<Batch>,
    offload: bool,
    max_wait: Duration,
    stats: SendStats,
}

/// A packet socket about to be opened: [`PacketSocket::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is opened"]
pub struct PacketSocketBuilder {
    interface: String,
    qdisc_bypass: bool,
    offload: bool,
    send_buffer: Option<usize>,
    max_wait: Duration,
}

impl PacketSocketBuilder {
    /// Whether frames go to the driver past the interface's queue (`PACKET_QDISC_BYPASS`): faster, but neither shaped nor kept where the
    /// driver is busy; then they count as refused for lack of buffers, and are tried again. Not, unless asked for.
    pub fn qdisc_bypass(mut self, bypass: bool) -> Self {
        self.qdisc_bypass = bypass;
        self
    }

    /// Whether each frame gets a virtio-net header (`PACKET_VNET_HDR`), so that checksums and segments can be left to the system:
    /// [`PacketSocket::send_offloaded`]. Not, unless asked for.
    pub fn offload(mut self, offload: bool) -> Self {
        self.offload = offload;
        self
    }

    /// How many bytes of frames on their way the kernel keeps for this socket (`SO_SNDBUF`), its own overhead included; the system's
    /// default (`net.core.wmem_default`) unless asked for another. Beyond `net.core.wmem_max` it takes the capability CAP_NET_ADMIN.
    pub fn send_buffer(mut self, bytes: usize) -> Self {
        self.send_buffer = Some(bytes);
        self
    }

    /// How long a frame is tried again where the system has no room for it; one second unless asked for another time, and with zero not at
    /// all.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Opens it.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::PermissionDenied`], [`SendErrorKind::NoSuchInterface`], [`SendErrorKind::InterfaceDown`],
    /// [`SendErrorKind::Unsupported`] for an interface whose frames are not known here, and what the kernel says.
    pub fn open(self) -> Result<PacketSocket, SendError> {
        let (target, socket) = Target::open(&self.interface)?;
        let named = |error: SendError| error.on_interface(&self.interface);
        if self.qdisc_bypass {
            bypass_qdisc(&socket).map_err(named)?;
        }
        if self.offload {
            let set = socket.set(libc::SOL_PACKET, libc::PACKET_VNET_HDR, 1);
            set.map_err(|error| {
                let message = "no virtio-net header can go ahead of frames without a link header: open it without offload";
                named(SendError::system(SendErrorKind::Unsupported, message, error))
            })?;
        }
        if let Some(bytes) = self.send_buffer {
            set_send_buffer(&socket, bytes).map_err(named)?;
        }
        target.bind(&socket)?;
        let batch = Batch::new(target.link.index).map_err(|error| {
            named(SendError::io("the interface has a number that no address holds", error))
        })?;
        let Self { offload, max_wait, .. } = self;
        Ok(PacketSocket { socket, target, batch, offload, max_wait, stats: SendStats::default() })
    }
}

impl PacketSocket {
    /// Opens a sender on this interface, with the usual settings.
    ///
    /// # Errors
    ///
    /// As [`PacketSocketBuilder::open`].
    pub fn open(interface: impl Into<String>) -> Result<Self, SendError> {
        Self::builder(interface).open()
    }

    /// The settings of a sender on this interface, to begin with.
    pub fn builder(interface: impl Into<String>) -> PacketSocketBuilder {
        PacketSocketBuilder {
            interface: interface.into(),
            qdisc_bypass: false,
            offload: false,
            send_buffer: None,
            max_wait: LONGEST,
        }
    }

    /// Sends a frame that the system is to finish: with a checksum to be filled in, or to be cut into segments.
    ///
    /// # Errors
    ///
    /// As [`send`](Sender::send); [`SendErrorKind::InvalidSetting`] if it was opened without [`offload`](PacketSocketBuilder::offload),
    /// [`SendErrorKind::InvalidFrame`] if the kernel finds that header and frame contradict each other.
    pub fn send_offloaded(&mut self, header: OffloadHeader, frame: &[u8]) -> Result<(), SendError> {
        if !self.offload {
            let message = "it was opened without offload, so that no header goes ahead of a frame: open it with `offload(true)`";
            let error = SendError::new(SendErrorKind::InvalidSetting, message);
            self.stats.count_error(&error);
            return Err(error.on_interface(&self.target.link.name));
        }
        self.send_all(&[frame], Some(header)).map_err(|batch| batch.error)
    }

    /// The interface's name, as it was when it was opened.
    pub fn interface(&self) -> &str {
        &self.target.link.name
    }

    /// The interface's MTU in bytes, link header not included, as it was when it was opened.
    pub fn mtu(&self) -> u32 {
        self.target.link.mtu
    }

    fn send_all(&mut self, frames: &[&[u8]], offload: Option<OffloadHeader>) -> Result<(), BatchError> {
        let mut accepted = 0;
        let mut patience = Patience::new(self.max_wait);
        while let Some(rest) = frames.get(accepted..).filter(|rest| !rest.is_empty()) {
            let chunk = &rest[..rest.len().min(BATCH)];
            let good = chunk.iter().position(|frame| !self.target.takes(frame)).unwrap_or(chunk.len());
            if good == 0 {
                return Err(self.failed(accepted, self.target.nonsense(rest[0])));
            }
            match self.batch.send(&self.socket, &chunk[..good], self.target.cooked, offload) {
                Ok(count) => {
                    chunk.iter().take(count).for_each(|frame| self.stats.count(frame.len()));
                    accepted += count;
                    patience.reset();
                }
                Err(error) => {
                    self.wait(&mut patience, rest[0], error).map_err(|error| self.failed(accepted, error))?;
                }
            }
        }
        Ok(())
    }

    /// Waits until the frame can be tried again, after the kernel has said this; an error where that is of no use.
    #[cold]
    fn wait(
        &mut self,
        patience: &mut Patience,
        frame: &[u8],
        error: std::io::Error,
    ) -> Result<(), SendError> {
        let Self { socket, stats, target, .. } = self;
        let waited = match Refusal::of(&error) {
            Refusal::Full => patience.pause(stats, |_, left| socket.wait_writable(left)),
            Refusal::Congested => patience.pause(stats, |pause, _| std::thread::sleep(pause)),
            Refusal::Interrupted => true,
            Refusal::Final => return Err(target.link.refused(frame, error)),
        };
        if waited { Ok(()) } else { Err(patience.over(Some(error)).on_interface(&target.link.name)) }
    }

    #[cold]
    fn failed(&mut self, accepted: usize, error: SendError) -> BatchError {
        self.stats.count_error(&error);
        BatchError { accepted, error }
    }
}

impl Sender for PacketSocket {
    #[inline]
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        // Without an address and a header, the plain call is enough; whatever it says, the batch will say it, too.
        if !self.offload && !self.target.cooked && self.target.takes(frame) && self.socket.send(frame).is_ok()
        {
            self.stats.count(frame.len());
            return Ok(());
        }
        self.send_batch(&[frame]).map_err(|batch| batch.error)
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        self.send_all(frames, self.offload.then_some(OffloadHeader::NONE))
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    fn link_type(&self) -> LinkType {
        self.target.link_type
    }

    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        Some(self.target.link.limit(frame))
    }
}

impl fmt::Debug for PacketSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PacketSocket")
            .field("interface", &self.interface())
            .field("link_type", &self.link_type())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

pub(super) fn bypass_qdisc(socket: &Socket) -> Result<(), SendError> {
    socket.set(libc::SOL_PACKET, libc::PACKET_QDISC_BYPASS, 1).map_err(|error| {
        let message = "this kernel has no way past the interface's queue (Linux 3.14)";
        SendError::system(SendErrorKind::Unsupported, message, error)
    })
}

fn set_send_buffer(socket: &Socket, bytes: usize) -> Result<(), SendError> {
    // The kernel doubles it for its overhead, and takes no more than fits an `int` (`sk_setsockopt` in net/core/sock.c).
    let value = i32::try_from(bytes).unwrap_or(i32::MAX);
    let forced = socket.set(libc::SOL_SOCKET, libc::SO_SNDBUFFORCE, value);
    let set = forced.or_else(|_| socket.set(libc::SOL_SOCKET, libc::SO_SNDBUF, value));
    set.map_err(|error| SendError::io(format!("cannot set the send buffer to {bytes} bytes"), error))
}
