//! What an interface lost before any capture could see it: counters that rtnetlink has.
//!
//! Netlink and not `/sys/class/net`, which shows the network namespace that it was mounted in, and so perhaps another interface of the
//! same name and number. A socket stays in the namespace where it was opened.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, recv, sendto, socket,
};

/// Frames that an interface lost since this was made.
#[derive(Debug)]
pub(crate) struct Lost {
    socket: OwnedFd,
    interface: u32,
    at_start: u64,
    lost: u64,
}

impl Lost {
    /// For the interface of this number in the calling thread's network namespace; `None` where the kernel does not tell.
    pub(crate) fn of(interface: u32) -> Option<Self> {
        let netlink = SockProtocol::NetlinkRoute;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, SockFlag::SOCK_CLOEXEC, netlink).ok()?;
        let at_start = ask(&socket, interface)?;
        Some(Self { socket, interface, at_start, lost: 0 })
    }

    /// How many there are by now. The count stays as it is when the interface is gone, and when a driver starts again from 0.
    pub(crate) fn count(&mut self) -> u64 {
        let now = ask(&self.socket, self.interface).unwrap_or(0);
        self.lost = self.lost.max(now.saturating_sub(self.at_start));
        self.lost
    }
}

/// `struct nlmsghdr` of include/uapi/linux/netlink.h: length, type, flags, sequence number, port.
const HEADER: usize = 16;
/// `struct ifinfomsg` of include/uapi/linux/rtnetlink.h: family, padding, hardware type, index, flags, change mask.
const LINK: usize = 16;
/// Much longer than an answer about one interface, which has no virtual functions unless they are asked for.
const ANSWER: usize = 32 << 10;

/// The kernel answers before the request returns, so that nothing waits here.
fn ask(socket: &OwnedFd, interface: u32) -> Option<u64> {
    let mut request = [0; HEADER + LINK];
    request[..4].copy_from_slice(&((HEADER + LINK) as u32).to_ne_bytes());
    request[4..6].copy_from_slice(&libc::RTM_GETLINK.to_ne_bytes());
    request[6..8].copy_from_slice(&(libc::NLM_F_REQUEST as u16).to_ne_bytes());
    request[HEADER + 4..HEADER + 8].copy_from_slice(&interface.to_ne_bytes());
    let descriptor = socket.as_raw_fd();
    sendto(descriptor, &request, &NetlinkAddr::new(0, 0), MsgFlags::MSG_DONTWAIT).ok()?;
    let mut answer = vec![0; ANSWER];
    let len = recv(descriptor, &mut answer, MsgFlags::MSG_DONTWAIT).ok()?;
    lost(answer.get(..len)?)
}

/// rx_fifo_errors and rx_missed_errors: what libpcap counts, too (pcap-linux.c, linux_if_drops). Not rx_dropped, which counts frames that
/// no protocol wanted, after captures have seen them (`__netif_receive_skb_core` in net/core/dev.c).
fn lost(answer: &[u8]) -> Option<u64> {
    // `struct rtnl_link_stats64` of include/uapi/linux/if_link.h, in units of 8 bytes.
    const RX_FIFO_ERRORS: usize = 14;
    const RX_MISSED_ERRORS: usize = 15;
    let number = |at: usize| Some(u16::from_ne_bytes(*answer.get(at..)?.first_chunk()?));
    if number(4)? != libc::RTM_NEWLINK {
        return None;
    }
    let mut at = HEADER + LINK;
    loop {
        let (len, kind) = (usize::from(number(at)?), number(at + 2)?);
        let attribute = answer.get(at + 4..at + len)?;
        if kind == libc::IFLA_STATS64 {
            let counter =
                |which: usize| Some(u64::from_ne_bytes(*attribute.get(8 * which..)?.first_chunk()?));
            return Some(counter(RX_FIFO_ERRORS)?.saturating_add(counter(RX_MISSED_ERRORS)?));
        }
        at += len.next_multiple_of(4);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An answer with these attributes.
    fn answer(kind: u16, attributes: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = vec![0; HEADER + LINK];
        bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
        for (kind, value) in attributes {
            bytes.extend((value.len() as u16 + 4).to_ne_bytes());
            bytes.extend(kind.to_ne_bytes());
            bytes.extend(*value);
            bytes.resize(bytes.len().next_multiple_of(4), 0);
        }
        bytes
    }

    #[test]
    fn two_counters_are_added() {
        // Each counter is another power of two.
        let counters: Vec<u8> = (0..24).flat_map(|which| (1_u64 << which).to_ne_bytes()).collect();
        let name = (libc::IFLA_IFNAME, &b"in0\0\0"[..]);
        let whole = answer(libc::RTM_NEWLINK, &[name, (libc::IFLA_STATS64, &counters)]);
        assert_eq!(lost(&whole), Some(1 << 14 | 1 << 15));
        for len in 0..whole.len() {
            let counted = lost(&whole[..len]);
            assert_eq!(counted, None, "{len} bytes");
        }
        assert_eq!(lost(&answer(libc::RTM_NEWLINK, &[name])), None);
        assert_eq!(lost(&answer(libc::NLMSG_ERROR as u16, &[name, (libc::IFLA_STATS64, &counters)])), None);
        // An attribute shorter than its own header does not go on for ever.
        assert_eq!(lost(&[&whole[..HEADER + LINK], &[0; 64]].concat()), None);
    }

    #[test]
    fn the_kernel_tells_of_what_is_there() {
        let mut loopback = Lost::of(1).expect("the loopback interface is the first");
        assert_eq!((loopback.count(), loopback.count()), (0, 0));
        assert!(Lost::of(0).is_none() && Lost::of(i32::MAX as u32).is_none());
    }
}
