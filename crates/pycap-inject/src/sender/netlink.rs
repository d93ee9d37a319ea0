//! Questions to the kernel over rtnetlink (rtnetlink(7)): links, routes, neighbours. Asking takes no privileges.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, setsockopt, socket,
    sockopt,
};
use nix::sys::time::TimeVal;

/// `struct nlmsghdr`: length, kind, flags, sequence number, port.
const HEADER: usize = 16;

/// More than any datagram that the kernel sends: it caps its dumps at 32 KiB (`netlink_dump` in net/netlink/af_netlink.c), and one answer
/// stays far below.
const ANSWER: usize = 64 * 1024;

/// So that a lost answer ends in an error rather than a hang.
const PATIENCE_SECS: i64 = 5;

/// A socket of the network namespace that the thread is in which opens it.
#[derive(Debug)]
pub(crate) struct Netlink {
    socket: OwnedFd,
    sequence: u32,
}

/// One message of an answer: what follows its `nlmsghdr`.
pub(crate) type Answer = Vec<u8>;

impl Netlink {
    pub(crate) fn open() -> io::Result<Self> {
        let protocol = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol)?;
        setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::new(PATIENCE_SECS, 0))?;
        Ok(Self { socket, sequence: 0 })
    }

    /// Asks for one thing. `header` is the family's own fixed header, a multiple of four bytes long; `attributes` are kinds and values.
    pub(crate) fn get(
        &mut self,
        kind: u16,
        header: &[u8],
        attributes: &[(u16, &[u8])],
    ) -> io::Result<Answer> {
        let mut first = None;
        self.ask(kind, 0, header, attributes, |answer| {
            first.get_or_insert(answer.to_vec());
        })?;
        first.ok_or_else(|| malformed("an answer without content"))
    }

    /// Asks for all there are.
    pub(crate) fn dump(
        &mut self,
        kind: u16,
        header: &[u8],
        attributes: &[(u16, &[u8])],
        each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        self.ask(kind, libc::NLM_F_DUMP, header, attributes, each)
    }

    fn ask(
        &mut self,
        kind: u16,
        flags: i32,
        header: &[u8],
        attributes: &[(u16, &[u8])],
        mut each: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        self.sequence = self.sequence.wrapping_add(1);
        let mut request = vec![0; HEADER];
        request[4..6].copy_from_slice(&kind.to_ne_bytes());
        let flags = (flags | libc::NLM_F_REQUEST | libc::NLM_F_ACK) as u16;
        request[6..8].copy_from_slice(&flags.to_ne_bytes());
        request[8..12].copy_from_slice(&self.sequence.to_ne_bytes());
        request.extend(header);
        for (kind, value) in attributes {
            let len = u16::try_from(value.len() + 4).map_err(|_| io::ErrorKind::InvalidInput)?;
            request.extend(len.to_ne_bytes());
            request.extend(kind.to_ne_bytes());
            request.extend(*value);
            request.resize(request.len().next_multiple_of(4), 0);
        }
        let len = request.len() as u32;
        request[0..4].copy_from_slice(&len.to_ne_bytes());
        sendto(self.socket.as_raw_fd(), &request, &NetlinkAddr::new(0, 0), MsgFlags::empty())?;

        let mut buffer = vec![0; ANSWER];
        loop {
            let len = match recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::MSG_TRUNC) {
                Err(nix::Error::EINTR) => continue,
                Err(nix::Error::EAGAIN) => return Err(io::ErrorKind::TimedOut.into()),
                other => other?,
            };
            let mut rest = buffer.get(..len).ok_or_else(|| malformed("an answer larger than the buffer"))?;
            while !rest.is_empty() {
                let (kind, sequence, payload, next) =
                    split_message(rest).ok_or_else(|| malformed("an answer cut short"))?;
                rest = next;
                // An answer to a question that was given up after a time-out.
                if sequence != self.sequence {
                    continue;
                }
                match i32::from(kind) {
                    libc::NLMSG_ERROR => {
                        let code =
                            read_u32(payload, 0).ok_or_else(|| malformed("an error without number"))?;
                        return match code as i32 {
                            0 => Ok(()),
                            code => Err(io::Error::from_raw_os_error(code.saturating_neg())),
                        };
                    }
                    libc::NLMSG_DONE => return Ok(()),
                    _ => each(payload),
                }
            }
        }
    }
}

/// The value of the first attribute of a kind; the search ends at one that is cut short.
pub(crate) fn attribute(bytes: &[u8], wanted: u16) -> Option<&[u8]> {
    let mut rest = bytes;
    loop {
        let len = usize::from(read_u16(rest, 0)?);
        let kind = read_u16(rest, 2)? & !(libc::NLA_F_NESTED as u16 | libc::NLA_F_NET_BYTEORDER as u16);
        let value = rest.get(4..len)?;
        if kind == wanted {
            return Some(value);
        }
        rest = rest.get(len.next_multiple_of(4)..)?;
    }
}

/// Kind, sequence number and payload of the first message, and what follows it.
fn split_message(bytes: &[u8]) -> Option<(u16, u32, &[u8], &[u8])> {
    let len = read_u32(bytes, 0)? as usize;
    let payload = bytes.get(HEADER..len)?;
    let rest = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    Some((read_u16(bytes, 4)?, read_u32(bytes, 8)?, payload, rest))
}

pub(crate) fn read_u16(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

pub(crate) fn read_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..)?.first_chunk().copied()?))
}

fn malformed(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("netlink: {what}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_end_where_one_is_cut_short() {
        let bytes = [8_u16.to_ne_bytes(), 1_u16.to_ne_bytes(), [7, 7], [7, 7]].concat();
        assert_eq!(attribute(&bytes, 1), Some(&[7_u8; 4][..]));
        assert_eq!(attribute(&bytes, 2), None);
        assert_eq!(attribute(&bytes[..7], 1), None);
        // A length of less than the attribute's own header leads nowhere, and not round in circles.
        assert_eq!(attribute(&[0; 64], 1), None);
    }
}
