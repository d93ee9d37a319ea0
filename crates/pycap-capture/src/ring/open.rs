//! How a ring is opened: in which order, and what to say where the kernel refuses.

use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use super::builder::Settings;
use super::context::{AsKernel, Context};
use super::fanout::{Fanout, Mode};
use super::live::Live;
use super::memory::Memory;
use super::prepare::Changes;
use super::producer::{Producer, Shared};
use super::program::{self, Program, Starts};
use super::socket::{self, Socket};
use super::{Backing, PacketRing, device};
use crate::permission::may_not_capture;
use crate::system::{ANY, Lost};
use crate::{
    Error, ErrorKind, Filter, Interface, LinkType, Result, TimestampResolution, TimestampSource, VlanTags,
};

/// What the kernel leaves free ahead of the link's header for us, besides what it leaves anyway: room for a VLAN tag. A multiple of 16, so
/// that the network header stays aligned.
pub(super) const RESERVE: usize = 16;

/// Opens so many rings on the interface, which share the frames if there are several.
pub(super) fn open(name: &str, mut settings: Settings, rings: usize) -> Result<Vec<PacketRing>> {
    settings.check()?;
    let target = Target::find(name, &settings)?;
    program::check_link_type(&settings, target.link_type)?;
    let mut opened = Vec::new();
    let mut group = settings.fanout.as_ref().and_then(|fanout| fanout.group);
    for _ in 0..rings {
        let socket = target.socket(&settings)?;
        // In a group, a ring gets frames as soon as it is bound, those of the others among them, and can join only then.
        let program = match settings.fanout {
            None => target.program(&settings)?,
            Some(_) => Program::from(&Filter::reject_all()),
        };
        attach(&socket, &program)?;
        let memory = map(&socket, &settings)?;
        bind(&socket, &target)?;
        if let Some(fanout) = &settings.fanout {
            group = Some(join(&socket, fanout, group)?);
        }
        opened.push((socket, memory));
    }
    if settings.fanout.is_some() {
        let program = target.program(&settings)?;
        for (socket, _) in &opened {
            attach(socket, &program)?;
        }
    }
    opened.into_iter().map(|(socket, memory)| target.ring(&settings, socket, memory)).collect()
}

/// A ring in memory, and what fills it.
pub(super) fn open_in_memory(
    name: &str,
    mut settings: Settings,
    link_type: LinkType,
) -> Result<(PacketRing, Producer)> {
    settings.check()?;
    if settings.filter.is_some() || settings.fanout.is_some() {
        let message = "a ring in memory has no kernel to match a filter or to share frames: match the filter in this process";
        return Err(Error::new(ErrorKind::InvalidSetting, message));
    }
    let cooked = name == ANY;
    let link_type = if cooked { LinkType::LINUX_SLL2 } else { link_type };
    program::check_link_type(&settings, link_type)?;
    let memory = Memory::allocate(settings.block_size, settings.block_count);
    let memory = Arc::new(memory.map_err(|error| Error::io("cannot allocate a ring", error))?);
    let shared = Shared::new(name).map_err(|error| Error::io("cannot make an event", error))?;
    let shared = Arc::new(shared);
    let target = Target { name, number: u32::from(!cooked), cooked, link_type, loopback: None };
    let (context, numbers, changes) = target.context(&settings);
    let producer = Producer::new(Arc::clone(&memory), Arc::clone(&shared), changes, link_type);
    let retire = Duration::from_millis(settings.retire_millis().into());
    let ring = PacketRing::new(memory, Backing::Memory(shared), context, numbers, changes, retire)?;
    Ok((ring, producer))
}

/// What is captured on.
struct Target<'a> {
    name: &'a str,
    /// 0 is all interfaces.
    number: u32,
    /// A pseudo-header stands for the link's.
    cooked: bool,
    link_type: LinkType,
    loopback: Option<u32>,
}

impl<'a> Target<'a> {
    fn find(name: &'a str, settings: &Settings) -> Result<Self> {
        let loopback = socket::interface_number("lo");
        if name == ANY {
            if settings.virtio_header {
                let message = "`any` has no virtio-net header: capture on one interface, or without it";
                return Err(Error::new(ErrorKind::InvalidSetting, message));
            }
            return Ok(Self { name, number: 0, cooked: true, link_type: LinkType::LINUX_SLL2, loopback });
        }
        let number = socket::interface_number(name).ok_or_else(|| no_such_interface(name))?;
        let any = Socket::new(true).map_err(no_socket)?;
        let hardware = any.hardware_type(name).map_err(|error| no_hardware_type(name, error))?;
        let device::Delivery { link_type, cooked } = device::delivery(hardware);
        if cooked && settings.virtio_header {
            let message =
                "an interface of this hardware type has no virtio-net header here: capture without it";
            return Err(Error::new(ErrorKind::Unsupported, message));
        }
        Ok(Self { name, number, cooked, link_type, loopback })
    }

    /// A socket with all that has to be set before it has a ring.
    fn socket(&self, settings: &Settings) -> Result<Socket> {
        const PACKET: i32 = libc::SOL_PACKET;
        // Of frames that have several tags, a socket that takes the link's header off loses all but the outermost and the innermost
        // protocol (`tpacket_rcv` in net/packet/af_packet.c).
        let behind_link = starts(self.cooked, self.number) == Starts::Payload;
        let socket = Socket::new(behind_link).map_err(no_socket)?;
        let set = |option, value: i32, what: &'static str| {
            socket.set(PACKET, option, &value).map_err(|error| unsupported(what, error))
        };
        let version = libc::tpacket_versions::TPACKET_V3 as i32;
        set(libc::PACKET_VERSION, version, "rings of version 3 (Linux 3.2)")?;
        if settings.vlan_tags == VlanTags::InFrame || self.cooked {
            set(libc::PACKET_RESERVE, RESERVE as i32, "room ahead of frames (PACKET_RESERVE)")?;
        }
        if settings.virtio_header {
            set(libc::PACKET_VNET_HDR, 1, "the virtio-net header in a ring (Linux 4.6)")?;
        }
        if settings.ignore_outgoing {
            set(
                libc::PACKET_IGNORE_OUTGOING,
                1,
                "to leave outgoing frames out (Linux 4.20); a direction does, too",
            )?;
        }
        if let Some(time) = settings.busy_poll {
            let micros = i32::try_from(time.as_micros()).unwrap_or(i32::MAX);
            socket
                .set(libc::SOL_SOCKET, libc::SO_BUSY_POLL, &micros)
                .map_err(|error| busy_poll_refused(time, error))?;
        }
        if settings.timestamp_source != TimestampSource::Kernel {
            let mode = match settings.timestamp_source {
                TimestampSource::HardwareRaw => libc::SOF_TIMESTAMPING_RAW_HARDWARE,
                // The kernel has never set the status bit that goes with this: include/uapi/linux/if_packet.h.
                _ => {
                    let message =
                        "Linux has no synchronized time stamps from a network card: take adapter_unsynced";
                    return Err(Error::new(ErrorKind::Unsupported, message));
                }
            };
            if self.number != 0 {
                socket.enable_hardware_timestamps(self.name).map_err(no_hardware_timestamps)?;
            }
            set(libc::PACKET_TIMESTAMP, mode as i32, "time stamps of the network card in a ring")?;
        }
        // An interface of its own, which `any` is not, can be listened to as a whole.
        if settings.promiscuous && self.number != 0 {
            let membership = libc::packet_mreq {
                mr_ifindex: self.number as i32,
                mr_type: libc::PACKET_MR_PROMISC as u16,
                mr_alen: 0,
                mr_address: [0; 8],
            };
            let set = socket.set(PACKET, libc::PACKET_ADD_MEMBERSHIP, &membership);
            set.map_err(|error| Error::io("cannot listen to frames for others", error))?;
        }
        Ok(socket)
    }

    fn program(&self, settings: &Settings) -> Result<Program> {
        program::assemble(
            settings,
            starts(self.cooked, self.number),
            self.loopback.filter(|lo| self.number == 0 || self.number == *lo),
        )
    }

    /// What all frames have in common, the number of each interface, and what is done to frames.
    fn context(&self, settings: &Settings) -> (Context, Vec<u32>, Changes) {
        let changes = Changes {
            cooked: self.cooked,
            tags: settings.vlan_tags == VlanTags::InFrame,
            virtio: settings.virtio_header,
            snaplen: settings.snaplen,
        };
        let mut interfaces = Vec::new();
        let mut numbers = Vec::new();
        if self.number != 0 {
            interfaces.push(describe(self.link_type, settings.snaplen, Some(self.name)));
            numbers.push(self.number);
        }
        let context = Context {
            interfaces,
            link_type: self.link_type,
            several: self.cooked,
            virtio: settings.virtio_header,
            tags: changes.tags && self.link_type == LinkType::ETHERNET,
            snaplen: settings.snaplen,
            filter: settings.filter_in_process.clone(),
            as_kernel: as_kernel(settings, self.cooked, self.number),
            damage: AtomicBool::new(false),
        };
        (context, numbers, changes)
    }

    fn ring(&self, settings: &Settings, socket: Socket, memory: Memory) -> Result<PacketRing> {
        if settings.lock_filter {
            socket
                .set(libc::SOL_SOCKET, libc::SO_LOCK_FILTER, &1)
                .map_err(|error| unsupported("to lock a filter (Linux 3.9)", error))?;
        }
        let (context, numbers, changes) = self.context(settings);
        let live = Live {
            socket,
            name: self.name.into(),
            number: self.number,
            lost: Lost::of(self.number),
            settings: settings.clone(),
            loopback: self.loopback,
            counted: Default::default(),
            down: false,
        };
        let retire = Duration::from_millis(settings.retire_millis().into());
        PacketRing::new(Arc::new(memory), Backing::Live(Box::new(live)), context, numbers, changes, retire)
    }
}

/// What a socket on this interface runs its program on; 0 is all of them.
pub(super) fn starts(cooked: bool, number: u32) -> Starts {
    match (cooked, number) {
        (false, _) => Starts::Captured,
        (true, 0) => Starts::LinkOfEach,
        (true, _) => Starts::Payload,
    }
}

/// What this process matches in place of the kernel: what that did not take, or the filter again where it lets some frames through that it
/// could not look at.
pub(super) fn as_kernel(settings: &Settings, cooked: bool, number: u32) -> Option<AsKernel> {
    let all = settings.filter_as_kernel.clone().map(|filter| AsKernel { filter, unseen_alone: false });
    let again = settings.filter.clone().filter(|_| starts(cooked, number) == Starts::LinkOfEach);
    all.or_else(|| again.map(|filter| AsKernel { filter, unseen_alone: true }))
}

/// What is known of an interface that frames come from.
pub(super) fn describe(link_type: LinkType, snaplen: u32, name: Option<&str>) -> Interface {
    let interface = Interface::new(link_type)
        .with_snaplen(snaplen)
        .with_timestamp_resolution(TimestampResolution::NANOSECONDS);
    match name {
        Some(name) => interface.with_name(name),
        None => interface,
    }
}

/// Attaches a program, or says why not.
pub(super) fn attach(socket: &Socket, program: &Program) -> Result<()> {
    socket.attach(&program.0).map_err(|error| program_refused(program, error))
}

fn program_refused(program: &Program, error: io::Error) -> Error {
    let len = program.0.len();
    match error.raw_os_error() {
        // sk_filter_charge() in net/core/filter.c.
        Some(libc::ENOMEM) => Error::system(
            ErrorKind::FilterTooLong,
            format!(
                "the filter has {len} instructions, more than net.core.optmem_max allows: raise it \
                 (`sudo sysctl net.core.optmem_max=1048576`) or match the filter in this process"
            ),
            error,
        ),
        Some(libc::EINVAL) if len > libc::BPF_MAXINSNS as usize => {
            let message = format!(
                "the filter has {len} instructions, the kernel takes {}: match it in this process",
                libc::BPF_MAXINSNS
            );
            Error::system(ErrorKind::FilterTooLong, message, error)
        }
        Some(libc::EINVAL) => {
            Error::system(ErrorKind::InvalidFilter, "the kernel refuses the filter program", error)
        }
        Some(libc::EPERM) => Error::system(
            ErrorKind::InvalidSetting,
            "the filter was locked when the ring was opened: open another ring for another filter",
            error,
        ),
        _ => Error::io("cannot attach the filter", error),
    }
}

fn map(socket: &Socket, settings: &Settings) -> Result<Memory> {
    let (size, count) = (settings.block_size, settings.block_count);
    let bytes = size as u64 * u64::from(count);
    let refused = |error: io::Error| match error.raw_os_error() {
        Some(libc::ENOMEM) => {
            let message = format!(
                "the kernel has no memory for a ring of {count} blocks of {size} bytes, {bytes} in all: \
                 take fewer or smaller blocks"
            );
            Error::system(ErrorKind::Io, message, error)
        }
        Some(libc::EINVAL) => {
            let message = format!(
                "the kernel refuses a ring of {count} blocks of {size} bytes, {bytes} in all: take fewer or smaller blocks"
            );
            Error::system(ErrorKind::InvalidSetting, message, error)
        }
        _ => Error::io("cannot set the ring up", error),
    };
    // The kernel takes the memory of other programs before it says that there is none: it ends them.
    if available_memory().is_some_and(|available| bytes > available) {
        return Err(refused(io::Error::from_raw_os_error(libc::ENOMEM)));
    }
    // In a ring of version 3, frames are as long as they are; the numbers have to fit together all the same.
    const FRAME_SIZE: u32 = 2048;
    let too_large = || refused(io::Error::from_raw_os_error(libc::EINVAL));
    let block_size = u32::try_from(size).map_err(|_| too_large())?;
    let request = libc::tpacket_req3 {
        tp_block_size: block_size,
        tp_block_nr: count,
        tp_frame_size: FRAME_SIZE,
        tp_frame_nr: (block_size / FRAME_SIZE).checked_mul(count).ok_or_else(too_large)?,
        tp_retire_blk_tov: settings.retire_millis(),
        tp_sizeof_priv: 0,
        tp_feature_req_word: 0,
    };
    socket.set(libc::SOL_PACKET, libc::PACKET_RX_RING, &request).map_err(refused)?;
    Memory::map(socket.as_fd(), size, count).map_err(refused)
}

/// How many bytes can be had without taking them from anybody; `None` if the system does not tell.
fn available_memory() -> Option<u64> {
    let info = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = info.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

fn bind(socket: &Socket, target: &Target<'_>) -> Result<()> {
    let refused = |error: io::Error| match error.raw_os_error() {
        Some(libc::ENODEV) => no_such_interface(target.name),
        Some(libc::ENETDOWN) => {
            let message = format!("the interface is down: `sudo ip link set dev {} up`", target.name);
            Error::system(ErrorKind::InterfaceDown, message, error)
        }
        _ => Error::io("cannot bind the socket to the interface", error),
    };
    socket.bind(target.number).map_err(refused)?;
    // The kernel binds to an interface that is down, and leaves the error for later.
    match socket.take_error() {
        Ok(None) => Ok(()),
        Ok(Some(error)) | Err(error) => Err(refused(error)),
    }
}

/// Joins a group, whose number the kernel picks if there is none, and returns the number.
fn join(socket: &Socket, fanout: &Fanout, group: Option<u16>) -> Result<u16> {
    let refused = |error: io::Error| match error.raw_os_error() {
        Some(libc::EINVAL) => Error::system(
            ErrorKind::InvalidSetting,
            "the kernel refuses the fan-out group: all its rings need the same interface, mode and flags, \
             and some modes are newer than others",
            error,
        ),
        Some(libc::ENOSPC) => Error::system(
            ErrorKind::InvalidSetting,
            "the fan-out group is full: the kernel takes 256 rings, and as many groups as have a number",
            error,
        ),
        _ => Error::io("cannot join the fan-out group", error),
    };
    let kind_and_flags = fanout.kind()
        | fanout.flags
        | if group.is_none() { libc::PACKET_FANOUT_FLAG_UNIQUEID as u16 } else { 0 };
    let value = u32::from(group.unwrap_or(0)) | u32::from(kind_and_flags) << 16;
    socket.set(libc::SOL_PACKET, libc::PACKET_FANOUT, &(value as i32)).map_err(refused)?;
    if group.is_none() {
        let program = match &fanout.mode {
            Mode::Plain(_) => Ok(()),
            Mode::Program(filter) => {
                socket.set_program(libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, &Program::from(filter).0)
            }
            Mode::Ebpf(program) => {
                use std::os::fd::AsRawFd;
                socket.set(libc::SOL_PACKET, libc::PACKET_FANOUT_DATA, &program.as_raw_fd())
            }
        };
        program.map_err(|error| Error::io("cannot set the program of the fan-out group", error))?;
    }
    match group {
        Some(group) => Ok(group),
        // The number is in the lower half: packet_getsockopt().
        None => socket
            .get::<i32>(libc::SOL_PACKET, libc::PACKET_FANOUT)
            .map(|value| value as u16)
            .map_err(refused),
    }
}

fn no_such_interface(name: &str) -> Error {
    let names = device::nearest(name, socket::interface_names());
    let message = if names.is_empty() {
        "no interface has this name, and there are no others".to_owned()
    } else {
        format!("no interface has this name; the nearest: {}", names.join(", "))
    };
    Error::new(ErrorKind::NoSuchInterface, message)
}

fn no_hardware_type(name: &str, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::ENODEV) => no_such_interface(name),
        _ => Error::io("cannot ask for the interface's type", error),
    }
}

fn no_socket(error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => {
            Error::system(ErrorKind::PermissionDenied, may_not_capture(), error)
        }
        Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT) => {
            Error::system(ErrorKind::Unsupported, "this kernel has no packet sockets (CONFIG_PACKET)", error)
        }
        _ => Error::io("cannot open a packet socket", error),
    }
}

fn unsupported(what: &str, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EINVAL | libc::ENOPROTOOPT | libc::EOPNOTSUPP) => {
            Error::system(ErrorKind::Unsupported, format!("this kernel does not offer {what}"), error)
        }
        _ => Error::system(ErrorKind::Io, format!("cannot get {what}"), error),
    }
}

fn busy_poll_refused(time: Duration, error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EPERM) => Error::system(
            ErrorKind::PermissionDenied,
            format!(
                "may not poll busily for {time:?}: more than net.core.busy_read takes the capability CAP_NET_ADMIN"
            ),
            error,
        ),
        _ => unsupported("busy polling", error),
    }
}

fn no_hardware_timestamps(error: io::Error) -> Error {
    match error.raw_os_error() {
        Some(libc::EPERM) => Error::system(
            ErrorKind::PermissionDenied,
            "may not switch the network card's time stamps on: it takes the capability CAP_NET_ADMIN",
            error,
        ),
        _ => Error::system(
            ErrorKind::Unsupported,
            "the interface has no time stamps of its own: take the time stamp source host",
            error,
        ),
    }
}
