//! Just enough netlink (RFC 3549, `include/uapi/linux/netlink.h`): a socket that sends one request and reads its
//! answer, a builder of messages and a walk over attributes. All numbers are in the machine's byte order.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, sendto, setsockopt,
    socket, sockopt,
};
use nix::sys::time::TimeVal;

/// `struct nlmsghdr`: length, type, flags, sequence, port.
const HEADER: usize = 16;

/// Larger than any single datagram the kernel sends: it caps its dumps at 32 KiB (`netlink_dump`,
/// `net/netlink/af_netlink.c`) and answers to one link stay far below.
const ANSWER: usize = 64 * 1024;

/// Far longer than the kernel takes, so that a lost answer ends in an error rather than a hang.
const PATIENCE_SECS: i64 = 10;

/// A socket of one namespace: it stays there wherever the thread that uses it is.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

impl Netlink {
    /// Opens a socket in the namespace of the calling thread.
    pub(crate) fn open(protocol: SockProtocol) -> io::Result<Self> {
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(PATIENCE_SECS, 0))?;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Sends a request and waits until the kernel has done it; what it answered beside that comes back, each message
    /// without its `nlmsghdr`.
    pub(crate) fn request(&mut self, message: Message) -> io::Result<Vec<Vec<u8>>> {
        self.sequence = self.sequence.wrapping_add(1);
        let bytes = message.finish(self.sequence);
        sendto(self.socket.as_raw_fd(), &bytes, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;
        let mut answers = Vec::new();
        let mut buffer = vec![0; ANSWER];
        loop {
            let length = match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_TRUNC) {
                Err(nix::Error::EINTR) => continue,
                Err(nix::Error::EAGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                other => other?,
            };
            let mut rest =
                buffer.get(..length).ok_or_else(|| malformed("an answer larger than the buffer"))?;
            while !rest.is_empty() {
                let (kind, sequence, payload, next) =
                    split_message(rest).ok_or_else(|| malformed("an answer cut short"))?;
                rest = next;
                // An answer to a request that was given up after a time-out.
                if sequence != self.sequence {
                    continue;
                }
                match i32::from(kind) {
                    libc::NLMSG_ERROR => {
                        let code =
                            read_i32(payload, 0).ok_or_else(|| malformed("an error without number"))?;
                        return match code {
                            0 => Ok(answers),
                            code => Err(io::Error::from_raw_os_error(code.saturating_neg())),
                        };
                    }
                    libc::NLMSG_DONE => return Ok(answers),
                    _ => answers.push(payload.to_vec()),
                }
            }
        }
    }
}

/// A request being put together: header, the family's own fixed header, attributes.
#[derive(Debug)]
pub(crate) struct Message {
    bytes: Vec<u8>,
}

impl Message {
    /// `flags` beside `NLM_F_REQUEST` and `NLM_F_ACK`, which are always set.
    pub(crate) fn new(kind: u16, flags: i32, family_header: &[u8]) -> Self {
        let flags = (flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        let mut bytes = vec![0; HEADER];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        bytes[6..8].copy_from_slice(&flags.to_ne_bytes());
        bytes.extend(family_header);
        let mut message = Self { bytes };
        message.align();
        message
    }

    /// An attribute. Values longer than 64 KiB do not occur here: names, addresses, numbers.
    pub(crate) fn attribute(mut self, kind: u16, value: &[u8]) -> Self {
        let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
        self.bytes.extend(length.to_ne_bytes());
        self.bytes.extend(kind.to_ne_bytes());
        self.bytes.extend(value);
        self.align();
        self
    }

    /// A text with the zero byte at its end that the kernel asks for (`NLA_NUL_STRING`).
    pub(crate) fn text(self, kind: u16, value: &str) -> Self {
        let mut bytes = value.as_bytes().to_vec();
        bytes.push(0);
        self.attribute(kind, &bytes)
    }

    /// An attribute that holds attributes.
    pub(crate) fn nested(self, kind: u16, fill: impl FnOnce(Self) -> Self) -> Self {
        self.nested_after(kind, &[], fill)
    }

    /// As `nested`, with a fixed header before the attributes inside.
    pub(crate) fn nested_after(mut self, kind: u16, header: &[u8], fill: impl FnOnce(Self) -> Self) -> Self {
        let start = self.bytes.len();
        self.bytes.extend([0; 2]);
        self.bytes.extend((kind | libc::NLA_F_NESTED as u16).to_ne_bytes());
        self.bytes.extend(header);
        self.align();
        let mut message = fill(self);
        let length = u16::try_from(message.bytes.len() - start).unwrap_or(u16::MAX);
        message.bytes[start..start + 2].copy_from_slice(&length.to_ne_bytes());
        message
    }

    fn align(&mut self) {
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }

    fn finish(mut self, sequence: u32) -> Vec<u8> {
        let length = self.bytes.len() as u32;
        self.bytes[0..4].copy_from_slice(&length.to_ne_bytes());
        self.bytes[8..12].copy_from_slice(&sequence.to_ne_bytes());
        self.bytes
    }
}

/// The attributes in `bytes`, as kind and value; ends at the first one that is cut short.
pub(crate) fn attributes(bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let length = usize::from(read_u16(rest, 0)?);
        let kind = read_u16(rest, 2)? & !(libc::NLA_F_NESTED as u16 | libc::NLA_F_NET_BYTEORDER as u16);
        let value = rest.get(4..length)?;
        rest = rest.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// The value of the first attribute of a kind.
pub(crate) fn attribute(bytes: &[u8], kind: u16) -> Option<&[u8]> {
    attributes(bytes).find(|(found, _)| *found == kind).map(|(_, value)| value)
}

/// Kind, sequence number and payload of the first message, and what follows it.
fn split_message(bytes: &[u8]) -> Option<(u16, u32, &[u8], &[u8])> {
    let length = read_u32(bytes, 0)? as usize;
    let payload = bytes.get(HEADER..length)?;
    let rest = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((read_u16(bytes, 4)?, read_u32(bytes, 8)?, payload, rest))
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) fn read_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

fn read_i32(bytes: &[u8], at: usize) -> Option<i32> {
    Some(i32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("netlink: {what}"))
}
