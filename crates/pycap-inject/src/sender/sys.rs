//! The packet socket: each call to the kernel that sending takes, and nothing that decides.
#![allow(unsafe_code)]

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::ptr;
use std::time::Duration;

use libc::{c_int, c_void, iovec, mmsghdr, sockaddr_ll, socklen_t};
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::sys::time::TimeSpec;

use super::offload::OffloadHeader;

/// How many frames go to the kernel with one call. More win nothing: the call itself is then a hundredth of the time.
pub(super) const BATCH: usize = 64;

/// Tried at once, and without waiting: how long to wait is the caller's business.
const FLAGS: c_int = libc::MSG_DONTWAIT;

/// An AF_PACKET socket of protocol 0, which receives nothing.
#[derive(Debug)]
pub(super) struct Socket(OwnedFd);

/// What a packet without link header is to the kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IpVersion {
    V4,
    V6,
}

impl IpVersion {
    /// By the first four bits.
    #[inline]
    pub(super) fn of(packet: &[u8]) -> Option<Self> {
        match packet.first()? >> 4 {
            4 => Some(Self::V4),
            6 => Some(Self::V6),
            _ => None,
        }
    }

    fn ether_type(self) -> u16 {
        match self {
            Self::V4 => libc::ETH_P_IP as u16,
            Self::V6 => libc::ETH_P_IPV6 as u16,
        }
    }
}

impl Socket {
    /// `cooked` is for packets without link header.
    pub(super) fn new(cooked: bool) -> io::Result<Self> {
        let kind = if cooked { SockType::Datagram } else { SockType::Raw };
        Ok(Self(socket(AddressFamily::Packet, kind, SockFlag::SOCK_CLOEXEC, None)?))
    }

    /// Sends to this interface from now on, unless a frame has an address of its own.
    pub(super) fn bind(&self, interface: u32) -> io::Result<()> {
        let address = address(interface, 0)?;
        let len = size_of_val(&address) as socklen_t;
        // SAFETY: the pointer and the length are those of `address`, which outlives the call.
        check(unsafe { libc::bind(self.raw(), (&raw const address).cast(), len) })
    }

    /// Sets an option whose value is a number.
    pub(super) fn set(&self, level: c_int, option: c_int, value: c_int) -> io::Result<()> {
        self.set_plain(level, option, &value)
    }

    /// Sets the numbers of a ring for sending.
    pub(super) fn set_ring(&self, request: &libc::tpacket_req) -> io::Result<()> {
        self.set_plain(libc::SOL_PACKET, libc::PACKET_TX_RING, request)
    }

    fn set_plain<T: Plain>(&self, level: c_int, option: c_int, value: &T) -> io::Result<()> {
        let len = size_of::<T>() as socklen_t;
        // SAFETY: the pointer and the length are those of `value`, in which is no pointer: `Plain`.
        check(unsafe { libc::setsockopt(self.raw(), level, option, ptr::from_ref(value).cast(), len) })
    }

    /// Sends a frame to the interface that it is bound to.
    #[inline]
    pub(super) fn send(&self, frame: &[u8]) -> io::Result<()> {
        // SAFETY: the pointer and the length are those of a slice, which is only read.
        let sent = unsafe { libc::send(self.raw(), frame.as_ptr().cast(), frame.len(), FLAGS) };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Has the kernel send what is in the socket's ring; packets without link header as those of this version of IP.
    pub(super) fn kick(&self, version: Option<(IpVersion, u32)>) -> io::Result<()> {
        let sent = match version {
            // SAFETY: no byte is read at the null pointer, as the length is 0.
            None => unsafe { libc::send(self.raw(), ptr::null(), 0, FLAGS) },
            Some((version, interface)) => {
                let address = address(interface, version.ether_type())?;
                let (pointer, len) = ((&raw const address).cast(), size_of_val(&address) as socklen_t);
                // SAFETY: no byte is read at the null pointer; the other pointer and its length are those of `address`.
                unsafe { libc::sendto(self.raw(), ptr::null(), 0, FLAGS, pointer, len) }
            }
        };
        if sent < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
    }

    /// Waits until it takes more, or so long, or until a signal comes.
    pub(super) fn wait_writable(&self, longest: Duration) {
        let mut polled = [PollFd::new(self.0.as_fd(), PollFlags::POLLOUT)];
        // Whatever comes of it, the next try shows.
        let _ = ppoll(&mut polled, Some(TimeSpec::from_duration(longest)), None);
    }

    fn raw(&self) -> c_int {
        self.0.as_raw_fd()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// The values of socket options.
///
/// # Safety
///
/// It is made of numbers, none of them a pointer, without padding.
unsafe trait Plain {}

// SAFETY: a number.
unsafe impl Plain for c_int {}
// SAFETY: four numbers of 4 bytes.
unsafe impl Plain for libc::tpacket_req {}

/// What `sendmmsg` is told, kept so that nothing is allocated for a batch. Between calls, no pointer in it is followed.
pub(super) struct Batch {
    headers: [mmsghdr; BATCH],
    /// Two a frame: the virtio-net header, where there is one, and the frame.
    parts: [[iovec; 2]; BATCH],
    /// Of [`IpVersion::V4`] and of [`IpVersion::V6`].
    addresses: [sockaddr_ll; 2],
    offload: [u8; OffloadHeader::LEN],
}

// SAFETY: its pointers are followed within `send` only, which sets them all first, and only in its own thread.
unsafe impl Send for Batch {}

impl Batch {
    /// For frames to the interface of this number.
    pub(super) fn new(interface: u32) -> io::Result<Box<Self>> {
        // SAFETY: `mmsghdr` is made of numbers and pointers, for which zero is a value.
        let header: mmsghdr = unsafe { std::mem::zeroed() };
        let nowhere = iovec { iov_base: ptr::null_mut(), iov_len: 0 };
        let address = |version: IpVersion| address(interface, version.ether_type());
        Ok(Box::new(Self {
            headers: [header; BATCH],
            parts: [[nowhere; 2]; BATCH],
            addresses: [address(IpVersion::V4)?, address(IpVersion::V6)?],
            offload: [0; OffloadHeader::LEN],
        }))
    }

    /// Sends the first of these frames, at most [`BATCH`], and says how many the kernel accepted, which is one at least. `cooked` frames are
    /// IP packets; those of no version of IP go as IPv4.
    #[inline]
    pub(super) fn send(
        &mut self,
        socket: &Socket,
        frames: &[&[u8]],
        cooked: bool,
        offload: Option<OffloadHeader>,
    ) -> io::Result<usize> {
        let first_part = if let Some(header) = offload {
            self.offload = header.bytes();
            0
        } else {
            1
        };
        let offload = iovec { iov_base: self.offload.as_mut_ptr().cast(), iov_len: self.offload.len() };
        for ((header, parts), frame) in self.headers.iter_mut().zip(&mut self.parts).zip(frames) {
            // The kernel reads through both: `iovec` has no form for that.
            *parts = [offload, iovec { iov_base: frame.as_ptr().cast_mut().cast(), iov_len: frame.len() }];
            let header = &mut header.msg_hdr;
            header.msg_iov = parts[first_part..].as_mut_ptr();
            header.msg_iovlen = (2 - first_part) as _;
            if cooked {
                let version = IpVersion::of(frame).unwrap_or(IpVersion::V4);
                header.msg_name = (&raw mut self.addresses[version as usize]).cast::<c_void>();
                header.msg_namelen = size_of::<sockaddr_ll>() as socklen_t;
            }
        }
        let count = frames.len().min(BATCH);
        let headers = self.headers.as_mut_ptr();
        // SAFETY: the first `count` headers were all set above. Each points to one or two entries of `parts`, which point to the virtio-net
        // header and to a frame, with their lengths, and names no address or one of `addresses`, with its length; all of them live until
        // the call is over, and the kernel writes to nothing but the headers' `msg_len`. No other field was set since `new` zeroed it.
        let sent = unsafe { libc::sendmmsg(socket.raw(), headers, count as _, FLAGS as _) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error())
    }
}

/// Frames of this EtherType on this interface.
fn address(interface: u32, ether_type: u16) -> io::Result<sockaddr_ll> {
    Ok(sockaddr_ll {
        sll_family: libc::AF_PACKET as u16,
        sll_protocol: ether_type.to_be(),
        sll_ifindex: interface.try_into().map_err(|_| io::ErrorKind::InvalidInput)?,
        sll_hatype: 0,
        sll_pkttype: 0,
        sll_halen: 0,
        sll_addr: [0; 8],
    })
}

fn check(result: c_int) -> io::Result<()> {
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
