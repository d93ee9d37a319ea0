//! The settings of a ring.

use std::time::Duration;

use super::PacketRing;
use super::context::VIRTIO_HEADER;
use super::fanout::Fanout;
use super::memory::BLOCK_HEADER;
use super::open;
use super::producer::Producer;
use super::walk::FRAME_HEADER;
use crate::{Direction, Error, ErrorKind, Filter, LinkType, MAX_SNAPLEN, Result, TimestampSource, VlanTags};

/// A ring about to be opened. [`PacketRing::builder`] makes one.
#[derive(Clone, Debug)]
#[must_use = "it captures nothing until it is opened"]
pub struct Builder {
    pub(super) interface: String,
    pub(super) settings: Settings,
}

#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) promiscuous: bool,
    pub(super) snaplen: u32,
    pub(super) block_size: usize,
    pub(super) block_count: u32,
    pub(super) buffer_size: Option<usize>,
    pub(super) block_timeout: Duration,
    pub(super) direction: Direction,
    pub(super) ignore_outgoing: bool,
    pub(super) busy_poll: Option<Duration>,
    pub(super) timestamp_source: TimestampSource,
    pub(super) vlan_tags: VlanTags,
    pub(super) virtio_header: bool,
    pub(super) filter: Option<Filter>,
    pub(super) lock_filter: bool,
    pub(super) filter_in_process: Option<Filter>,
    pub(super) filter_as_kernel: Option<Filter>,
    pub(super) fanout: Option<Fanout>,
    pub(super) stop_when_down: bool,
}

/// 1 MiB. A frame costs the same to read in blocks of 256 KiB to 4 MiB and a tenth more in blocks of 64 KiB (the bench `ring`); the smallest
/// of them has no room for the longest frame of the usual snapshot length.
const BLOCK_SIZE: usize = 1 << 20;
/// 32 MiB in all: a quarter of a second of a busy gigabit link.
const BLOCK_COUNT: u32 = 32;
/// Until a block that has a frame is handed over, though it is not full: half of it is what a frame waits on average.
const BLOCK_TIMEOUT: Duration = Duration::from_millis(8);
/// The shortest that the kernel has.
const IMMEDIATE: Duration = Duration::from_millis(1);
/// The kernel keeps it in 16 bits (`struct tpacket_kbdq_core`).
const MAX_BLOCK_TIMEOUT: Duration = Duration::from_millis(u16::MAX as u64);

/// A block is a multiple of this.
const PAGE: usize = 4096;

impl Builder {
    pub(super) fn new(interface: String) -> Self {
        let settings = Settings {
            promiscuous: false,
            snaplen: MAX_SNAPLEN,
            block_size: BLOCK_SIZE,
            block_count: BLOCK_COUNT,
            buffer_size: None,
            block_timeout: BLOCK_TIMEOUT,
            direction: Direction::Unknown,
            ignore_outgoing: false,
            busy_poll: None,
            timestamp_source: TimestampSource::Kernel,
            vlan_tags: VlanTags::InFrame,
            virtio_header: false,
            filter: None,
            lock_filter: false,
            filter_in_process: None,
            filter_as_kernel: None,
            fanout: None,
            stop_when_down: false,
        };
        Self { interface, settings }
    }

    /// Whether to receive frames that are addressed to others; not, unless asked for. It ends with the ring. `any` cannot.
    pub fn promiscuous(mut self, promiscuous: bool) -> Self {
        self.settings.promiscuous = promiscuous;
        self
    }

    /// At most so many bytes of each frame, its VLAN tag among them wherever [that is](Self::vlan_tags); 262,144 unless asked for less.
    pub fn snaplen(mut self, bytes: u32) -> Self {
        self.settings.snaplen = bytes;
        self
    }

    /// How many bytes a block has: a multiple of 4,096, and room for a frame of the snapshot length; 1 MiB unless asked for another. The
    /// kernel hands over whole blocks.
    pub fn block_size(mut self, bytes: usize) -> Self {
        self.settings.block_size = bytes;
        self
    }

    /// How many blocks there are; 32 unless asked for another number. The memory is the kernel's and is taken when the ring is opened.
    pub fn block_count(mut self, blocks: u32) -> Self {
        self.settings.block_count = blocks;
        self.settings.buffer_size = None;
        self
    }

    /// As many blocks as have so many bytes together, at least two.
    pub fn buffer_size(mut self, bytes: usize) -> Self {
        self.settings.buffer_size = Some(bytes);
        self
    }

    /// How long a block that has a frame waits to become full before it is handed over; 8 ms unless asked for another. The kernel counts
    /// in milliseconds, from 1 to 65,535.
    pub fn block_timeout(mut self, time: Duration) -> Self {
        self.settings.block_timeout = time;
        self
    }

    /// Whether frames are to be handed over as soon as may be: with a [block timeout](Self::block_timeout) of 1 ms. Under load, many come
    /// at once all the same.
    pub fn immediate(self, immediate: bool) -> Self {
        self.block_timeout(if immediate { IMMEDIATE } else { BLOCK_TIMEOUT })
    }

    /// Only frames of this direction; [`Direction::Unknown`] is both.
    pub fn direction(mut self, direction: Direction) -> Self {
        self.settings.direction = direction;
        self
    }

    /// Leaves outgoing frames out before the kernel does anything for them (Linux 4.20): cheaper than
    /// [`direction`](Self::direction) on a machine that sends much.
    pub fn ignore_outgoing(mut self, ignore: bool) -> Self {
        self.settings.ignore_outgoing = ignore;
        self
    }

    /// Asks the driver for frames for so long, where a read would wait (SO_BUSY_POLL): costs a processor, saves an interrupt's latency.
    pub fn busy_poll(mut self, time: Duration) -> Self {
        self.settings.busy_poll = Some(time);
        self
    }

    /// Which clock the frames' times are from. A network card's has to be switched on, which takes CAP_NET_ADMIN and stays so after the
    /// ring is closed.
    pub fn timestamp_source(mut self, source: TimestampSource) -> Self {
        self.settings.timestamp_source = source;
        self
    }

    /// Where VLAN tags are: in the frame's bytes, unless asked for beside them.
    pub fn vlan_tags(mut self, tags: VlanTags) -> Self {
        self.settings.vlan_tags = tags;
        self
    }

    /// Has the kernel say how a frame that is larger than any on the wire is to be cut:
    /// [`Frame::segmentation`](crate::Frame::segmentation). Not on `any`.
    pub fn virtio_header(mut self, header: bool) -> Self {
        self.settings.virtio_header = header;
        self
    }

    /// Only frames that this program lets through, matched by the kernel. The program is for the ring's
    /// [link type](PacketRing::link_type); [`open`](Self::open) refuses one that was compiled for another. It is there before the first
    /// frame is.
    pub fn filter(mut self, filter: &Filter) -> Self {
        self.settings.filter = Some(filter.clone());
        self
    }

    /// Has the kernel refuse any change of the filter from then on, by whoever has the socket.
    pub fn lock_filter(mut self, lock: bool) -> Self {
        self.settings.lock_filter = lock;
        self
    }

    /// Only frames that this program lets through, matched in this process as they are read: for programs that the kernel does not take.
    /// Frames that do not match take room in the ring, and are counted as received. It sees frames as they were on the wire, with all of
    /// their VLAN tags, where the [kernel](Self::filter) has taken the outermost out.
    pub fn filter_in_process(mut self, filter: &Filter) -> Self {
        self.settings.filter_in_process = Some(filter.clone());
        self
    }

    /// The same, as the kernel would match it: for a program that is only too long for it.
    pub(crate) fn filter_as_kernel(mut self, filter: &Filter) -> Self {
        self.settings.filter_as_kernel = Some(filter.clone());
        self
    }

    /// Shares the frames with other rings.
    pub fn fanout(mut self, fanout: Fanout) -> Self {
        self.settings.fanout = Some(fanout);
        self
    }

    /// Whether the capture ends when the interface is set down, with [`ErrorKind::InterfaceDown`]. Otherwise it goes on when the
    /// interface is up again.
    pub fn stop_when_down(mut self, stop: bool) -> Self {
        self.settings.stop_when_down = stop;
        self
    }

    /// Starts to capture.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::PermissionDenied`], [`ErrorKind::NoSuchInterface`], [`ErrorKind::InterfaceDown`], [`ErrorKind::InvalidSetting`],
    /// [`ErrorKind::Unsupported`] by this kernel or interface, [`ErrorKind::FilterTooLong`] for the kernel, [`ErrorKind::Io`] if there is
    /// not enough memory. The message says what to do.
    pub fn open(self) -> Result<PacketRing> {
        let Self { interface, settings } = self;
        open::open(&interface, settings, 1)
            .and_then(|mut rings| rings.pop().ok_or_else(no_ring))
            .map_err(|error| error.on_interface(&interface))
    }

    /// Opens so many rings that share the frames, one a thread; by their flow, unless another [`fanout`](Self::fanout) was asked for.
    /// When it returns, every frame goes to one of them.
    ///
    /// # Errors
    ///
    /// As [`open`](Self::open).
    pub fn open_group(mut self, rings: usize) -> Result<Vec<PacketRing>> {
        self.settings.fanout.get_or_insert_with(Fanout::hash);
        let Self { interface, settings } = self;
        if rings == 0 {
            return Err(no_ring().on_interface(&interface));
        }
        open::open(&interface, settings, rings).map_err(|error| error.on_interface(&interface))
    }

    /// A ring in memory that a thread of this process fills, not the kernel: to test and to time what reads rings, without privileges
    /// and without a network. All settings that the kernel heeds are left aside, and those of blocks, snapshot length, VLAN tags and the
    /// filter in this process hold. The frames are of this link type, unless the interface is called `any`.
    ///
    /// ```
    /// use pycap_capture::{Frame, LinkType, PacketRing};
    ///
    /// let (mut ring, mut producer) = PacketRing::builder("test").in_memory(LinkType::ETHERNET)?;
    /// producer.push(Frame::new(b"a frame", LinkType::ETHERNET));
    /// producer.retire();
    /// let block = ring.next_block()?.unwrap();
    /// assert_eq!(block.frames().next().unwrap().data(), b"a frame");
    /// # Ok::<(), pycap_capture::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`], and [`ErrorKind::Io`] if there is not enough memory.
    pub fn in_memory(self, link_type: LinkType) -> Result<(PacketRing, Producer)> {
        let Self { interface, settings } = self;
        open::open_in_memory(&interface, settings, link_type).map_err(|error| error.on_interface(&interface))
    }
}

fn no_ring() -> Error {
    Error::new(ErrorKind::InvalidSetting, "a group of 0 rings captures nothing: ask for 1 or more")
}

impl Settings {
    /// Looks whether the numbers make sense.
    pub(super) fn check(&mut self) -> Result<()> {
        let invalid = |message: String| Err(Error::new(ErrorKind::InvalidSetting, message));
        if self.snaplen == 0 || self.snaplen > i32::MAX as u32 {
            return invalid(format!("a snapshot length of {} bytes: take 1 to {}", self.snaplen, i32::MAX));
        }
        let least = smallest_block(self.snaplen);
        let size = self.block_size;
        if size < least {
            return invalid(format!(
                "a block of {size} bytes has no room for a frame of {} bytes and its headers: \
                 take a block size of {least} or more, or a shorter snapshot length",
                self.snaplen
            ));
        }
        if !size.is_multiple_of(PAGE) || i32::try_from(size).is_err() {
            let next = size.next_multiple_of(PAGE).min(i32::MAX as usize / PAGE * PAGE);
            return invalid(format!(
                "a block size of {size} bytes: take a multiple of {PAGE} such as {next}"
            ));
        }
        if let Some(bytes) = self.buffer_size {
            self.block_count = u32::try_from(bytes.div_ceil(size)).unwrap_or(u32::MAX).max(2);
        }
        if self.block_count < 2 {
            return invalid(format!("a ring of {} blocks: take 2 or more", self.block_count));
        }
        if self.block_timeout > MAX_BLOCK_TIMEOUT {
            return invalid(format!(
                "a block timeout of {:?}: the kernel takes at most {MAX_BLOCK_TIMEOUT:?}",
                self.block_timeout
            ));
        }
        // The kernel's 0 is for one of its own choice.
        self.block_timeout = self.block_timeout.max(IMMEDIATE);
        Ok(())
    }

    /// The block timeout as the kernel takes it: in milliseconds, from 1.
    pub(super) fn retire_millis(&self) -> u32 {
        u32::try_from(self.block_timeout.as_nanos().div_ceil(1_000_000)).unwrap_or(u32::MAX).max(1)
    }
}

/// The smallest block that has room for a frame of so many captured bytes, whatever else is asked for.
fn smallest_block(snaplen: u32) -> usize {
    // `tpacket_rcv` in net/packet/af_packet.c puts the network header at the next multiple of 16 after its own header and the link's,
    // and what is reserved on top; a block has to be longer than the sum, rounded up to 8.
    const HEADERS: usize =
        BLOCK_HEADER + (FRAME_HEADER as usize).next_multiple_of(16) + 16 + open::RESERVE + VIRTIO_HEADER + 8;
    (snaplen as usize + HEADERS).next_multiple_of(PAGE)
}
