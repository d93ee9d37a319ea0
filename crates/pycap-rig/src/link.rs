//! Interfaces: made, changed, moved and taken away, over rtnetlink (rtnetlink(7), `net/core/rtnetlink.c`).

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd};
use std::time::{Duration, Instant};

use nix::libc;

use crate::error::{Error, ErrorKind};
use crate::namespace::Namespace;
use crate::netlink::{Message, attribute, read_u16, read_u32, read_u64};

/// `enum { VETH_INFO_UNSPEC, VETH_INFO_PEER }`, `include/uapi/linux/veth.h`.
const VETH_INFO_PEER: u16 = 1;
/// `include/uapi/linux/if_link.h`, as the following ones.
const IFLA_BR_FORWARD_DELAY: u16 = 1;
const IFLA_BR_MCAST_SNOOPING: u16 = 23;
const IFLA_INET6_ADDR_GEN_MODE: u16 = 8;
const IN6_ADDR_GEN_MODE_NONE: u8 = 1;
const CARRIES: u32 = (libc::IFF_LOWER_UP | libc::IFF_RUNNING) as u32;
/// How often an interface is looked at that is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(1);
/// `struct ifinfomsg`: family, type, index, flags, mask of flags.
const IFINFOMSG: usize = 16;
/// What the kernel takes as a name: IFNAMSIZ with the zero byte.
const LONGEST_NAME: usize = 15;

/// What the kernel says of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkInfo {
    /// Its number in this namespace.
    pub index: u32,
    /// Its name.
    pub name: String,
    /// Its hardware address; other lengths than Ethernet's are left out.
    pub mac: Option<[u8; 6]>,
    /// Its longest payload, in bytes.
    pub mtu: u32,
    /// Whether it has been set up (`IFF_UP`).
    pub is_up: bool,
    /// Whether it can carry frames now: it is up, so is its other end, and the kernel has acted on both (`IFF_LOWER_UP` and
    /// `IFF_RUNNING`). Until then, what is sent is lost.
    pub has_carrier: bool,
    /// Its hardware type (`ARPHRD_*`).
    pub hardware: u16,
    /// How many want all frames that it sees, those for others among them (`IFLA_PROMISCUITY`): captures, bridges, an administrator.
    pub promiscuity: u32,
    /// What went through it since it was made.
    pub counters: Counters,
}

/// The kernel's counters of an interface (`struct rtnl_link_stats64`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counters {
    /// Frames received.
    pub rx_packets: u64,
    /// Frames sent.
    pub tx_packets: u64,
    /// Bytes received, Ethernet header included.
    pub rx_bytes: u64,
    /// Bytes sent, Ethernet header included.
    pub tx_bytes: u64,
    /// Frames lost on the way in.
    pub rx_dropped: u64,
    /// Frames lost on the way out.
    pub tx_dropped: u64,
}

impl Namespace {
    /// Makes a veth pair: what goes into one end comes out of the other. Both ends are down. Returns their indexes.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Argument`] for a name that no interface can have; what the kernel says otherwise.
    pub fn veth(&self, a: &str, b: &str) -> Result<(u32, u32), Error> {
        self.veth_to(a, self, b)
    }

    /// As [`Namespace::veth`], with the end `b` in another namespace.
    ///
    /// # Errors
    ///
    /// As [`Namespace::veth`].
    pub fn veth_to(&self, a: &str, other: &Namespace, b: &str) -> Result<(u32, u32), Error> {
        check_name(b)?;
        let peer = other.as_fd().as_raw_fd();
        self.make(a, "veth", |data| {
            data.nested_after(VETH_INFO_PEER, &ifinfomsg(0, 0, 0), |peer_link| {
                peer_link.text(libc::IFLA_IFNAME, b).attribute(libc::IFLA_NET_NS_FD, &peer.to_ne_bytes())
            })
        })?;
        self.silence(a)?;
        other.silence(b)?;
        Ok((self.index(a)?, other.index(b)?))
    }

    /// Makes a bridge with the ports that are named. It is down; it forwards at once (no spanning tree, no delay) and
    /// sends nothing of its own.
    ///
    /// # Errors
    ///
    /// As [`Namespace::veth`], and [`ErrorKind::NoInterface`] for a port that is not there.
    pub fn bridge(&self, name: &str, ports: &[&str]) -> Result<u32, Error> {
        self.make(name, "bridge", |data| {
            data.attribute(IFLA_BR_FORWARD_DELAY, &0_u32.to_ne_bytes())
                .attribute(IFLA_BR_MCAST_SNOOPING, &[0])
        })?;
        self.silence(name)?;
        let bridge = self.index(name)?;
        for port in ports {
            self.set(port, "join a bridge", |link| link.attribute(libc::IFLA_MASTER, &bridge.to_ne_bytes()))?;
        }
        Ok(bridge)
    }

    /// Sets an interface up. A veth end carries frames soon after both ends are: see [`Namespace::wait_for_carrier`].
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoInterface`]; what the kernel says.
    pub fn up(&self, name: &str) -> Result<(), Error> {
        self.flags(name, "set up", libc::IFF_UP as u32, libc::IFF_UP as u32)
    }

    /// Waits until an interface can carry frames: the kernel turns a veth end on some time after the other end is up, a second at worst,
    /// and drops without a word what is sent before.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::TimedOut`], and as [`Namespace::up`].
    pub fn wait_for_carrier(&self, name: &str, longest: Duration) -> Result<(), Error> {
        let until = Instant::now() + longest;
        while !self.link(name)?.has_carrier {
            if Instant::now() >= until {
                let message =
                    format!("{name} carries no frames after {longest:?}: set it and its other end up");
                return Err(Error::new(ErrorKind::TimedOut, message));
            }
            std::thread::sleep(LOOK_AGAIN);
        }
        Ok(())
    }

    /// Sets an interface down.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn down(&self, name: &str) -> Result<(), Error> {
        self.flags(name, "set down", 0, libc::IFF_UP as u32)
    }

    /// Gives an interface an address with a prefix of so many bits. An IPv4 network shorter than /31 gets its broadcast address too.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn address(&self, name: &str, address: IpAddr, prefix_len: u8) -> Result<(), Error> {
        let index = self.index(name)?;
        let (family, bytes, broadcast) = match address {
            IpAddr::V4(v4) => {
                let hosts = u32::MAX.checked_shr(prefix_len.into()).filter(|hosts| *hosts > 1);
                (libc::AF_INET, v4.octets().to_vec(), hosts.map(|hosts| v4.to_bits() | hosts))
            }
            IpAddr::V6(v6) => (libc::AF_INET6, v6.octets().to_vec(), None),
        };
        // `struct ifaddrmsg`: family, prefix length, flags, scope, index.
        let mut header = vec![family as u8, prefix_len, 0, 0];
        header.extend(index.to_ne_bytes());
        let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
        let mut message = Message::new(libc::RTM_NEWADDR, flags, &header)
            .attribute(libc::IFA_LOCAL, &bytes)
            .attribute(libc::IFA_ADDRESS, &bytes);
        if let Some(broadcast) = broadcast {
            message = message.attribute(libc::IFA_BROADCAST, &broadcast.to_be_bytes());
        }
        self.ask(message, || format!("give {name} the address {address}/{prefix_len}")).map(drop)
    }

    /// Gives an interface another name. Linux before 6.2 wants it down.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`], and [`ErrorKind::Argument`] for a name that no interface can have.
    pub fn rename(&self, name: &str, to: &str) -> Result<(), Error> {
        check_name(to)?;
        self.set(name, "rename", |link| link.text(libc::IFLA_IFNAME, to))
    }

    /// Takes an interface away, and with one end of a veth pair the other.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn delete(&self, name: &str) -> Result<(), Error> {
        let index = self.index(name)?;
        let message = Message::new(libc::RTM_DELLINK, 0, &ifinfomsg(index, 0, 0));
        self.ask(message, || format!("delete {name}"))?;
        Ok(())
    }

    /// Moves an interface into another namespace, where it is down and has no addresses, and may have another index.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn move_to(&self, other: &Namespace, name: &str) -> Result<(), Error> {
        let target = other.as_fd().as_raw_fd();
        self.set(name, "move to another namespace", |link| {
            link.attribute(libc::IFLA_NET_NS_FD, &target.to_ne_bytes())
        })
    }

    /// Sets the longest payload of an interface, in bytes, Ethernet header not included.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn set_mtu(&self, name: &str, mtu: u32) -> Result<(), Error> {
        self.set(name, "set the MTU", |link| link.attribute(libc::IFLA_MTU, &mtu.to_ne_bytes()))
    }

    /// Sets the hardware address of an interface.
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn set_mac(&self, name: &str, mac: [u8; 6]) -> Result<(), Error> {
        self.set(name, "set the hardware address", |link| link.attribute(libc::IFLA_ADDRESS, &mac))
    }

    /// Turns promiscuous mode on or off, as an administrator does (`IFF_PROMISC`).
    ///
    /// # Errors
    ///
    /// As [`Namespace::up`].
    pub fn set_promiscuous(&self, name: &str, on: bool) -> Result<(), Error> {
        let flag = libc::IFF_PROMISC as u32;
        self.flags(name, "set promiscuous mode", if on { flag } else { 0 }, flag)
    }

    /// The index of an interface in this namespace.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoInterface`]; what the kernel says.
    pub fn index(&self, name: &str) -> Result<u32, Error> {
        self.link(name).map(|link| link.index)
    }

    /// What the kernel says of an interface.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NoInterface`]; what the kernel says.
    pub fn link(&self, name: &str) -> Result<LinkInfo, Error> {
        check_name(name)?;
        let message = Message::new(libc::RTM_GETLINK, 0, &ifinfomsg(0, 0, 0)).text(libc::IFLA_IFNAME, name);
        let answers = self.ask(message, || format!("look up {name}"))?;
        answers.first().and_then(|answer| parse_link(answer)).ok_or_else(|| self.no_interface(name))
    }

    /// All interfaces of this namespace, in the kernel's order, which is that of their indexes.
    ///
    /// # Errors
    ///
    /// What the kernel says.
    pub fn links(&self) -> Result<Vec<LinkInfo>, Error> {
        let message = Message::new(libc::RTM_GETLINK, libc::NLM_F_DUMP, &ifinfomsg(0, 0, 0));
        let answers = self.ask(message, || "list the interfaces".to_owned())?;
        Ok(answers.iter().filter_map(|answer| parse_link(answer)).collect())
    }

    fn make(&self, name: &str, kind: &str, data: impl FnOnce(Message) -> Message) -> Result<(), Error> {
        check_name(name)?;
        self.ask(new_link(name, kind, data), || format!("make {kind} interface {name}"))?;
        Ok(())
    }

    fn set(&self, name: &str, operation: &str, fill: impl FnOnce(Message) -> Message) -> Result<(), Error> {
        let index = self.index(name)?;
        let message = fill(Message::new(libc::RTM_SETLINK, 0, &ifinfomsg(index, 0, 0)));
        self.ask(message, || format!("{operation} of {name}"))?;
        Ok(())
    }

    fn flags(&self, name: &str, operation: &str, flags: u32, mask: u32) -> Result<(), Error> {
        let index = self.index(name)?;
        let message = Message::new(libc::RTM_NEWLINK, 0, &ifinfomsg(index, flags, mask));
        self.ask(message, || format!("{operation} {name}"))?;
        Ok(())
    }

    /// Where IPv6 could not be turned off beforehand (/proc/sys is read-only in many containers), the interface at
    /// least gets no link-local address, and so has nothing to solicit or report.
    fn silence(&self, name: &str) -> Result<(), Error> {
        if self.silenced {
            return Ok(());
        }
        self.set(name, "turn IPv6 address generation off", |link| {
            link.nested(libc::IFLA_AF_SPEC, |families| {
                families.nested(libc::AF_INET6 as u16, |inet6| {
                    inet6.attribute(IFLA_INET6_ADDR_GEN_MODE, &[IN6_ADDR_GEN_MODE_NONE])
                })
            })
        })
    }

    /// Sends a request; a failure names the operation and the namespace.
    pub(crate) fn ask(
        &self,
        message: Message,
        operation: impl FnOnce() -> String,
    ) -> Result<Vec<Vec<u8>>, Error> {
        self.route().request(message).map_err(|error| {
            let kind = match error.raw_os_error() {
                Some(libc::ENODEV) => ErrorKind::NoInterface,
                _ => ErrorKind::System,
            };
            Error::system(format!("{} in namespace {}", operation(), self.label()), error).with_kind(kind)
        })
    }

    fn no_interface(&self, name: &str) -> Error {
        Error::new(
            ErrorKind::NoInterface,
            format!("look up {name} in namespace {}: no answer that names it", self.label()),
        )
    }
}

/// A name that the kernel takes (`dev_valid_name`, `net/core/dev.c`).
fn check_name(name: &str) -> Result<(), Error> {
    let bad = name.is_empty()
        || name.len() > LONGEST_NAME
        || name == "."
        || name == ".."
        || name.bytes().any(|byte| matches!(byte, b'/' | b':' | 0) || byte.is_ascii_whitespace());
    if bad {
        return Err(Error::new(
            ErrorKind::Argument,
            format!(
                "{name:?} is no interface name: 1 to {LONGEST_NAME} bytes without space, slash and colon are needed"
            ),
        ));
    }
    Ok(())
}

fn new_link(name: &str, kind: &str, data: impl FnOnce(Message) -> Message) -> Message {
    let flags = libc::NLM_F_CREATE | libc::NLM_F_EXCL;
    Message::new(libc::RTM_NEWLINK, flags, &ifinfomsg(0, 0, 0)).text(libc::IFLA_IFNAME, name).nested(
        libc::IFLA_LINKINFO,
        |info| {
            // The kind without a zero byte at its end, as `ip` writes it.
            info.attribute(libc::IFLA_INFO_KIND, kind.as_bytes()).nested(libc::IFLA_INFO_DATA, data)
        },
    )
}

fn ifinfomsg(index: u32, flags: u32, mask: u32) -> [u8; IFINFOMSG] {
    let mut bytes = [0; IFINFOMSG];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes[8..12].copy_from_slice(&flags.to_ne_bytes());
    bytes[12..16].copy_from_slice(&mask.to_ne_bytes());
    bytes
}

fn parse_link(answer: &[u8]) -> Option<LinkInfo> {
    let flags = read_u32(answer, 8)?;
    let rest = answer.get(IFINFOMSG..)?;
    let name = attribute(rest, libc::IFLA_IFNAME)?;
    let name = name.strip_suffix(&[0]).unwrap_or(name);
    let stats = attribute(rest, libc::IFLA_STATS64).unwrap_or_default();
    let counter = |position: usize| read_u64(stats, position * 8).unwrap_or(0);
    Some(LinkInfo {
        index: read_u32(answer, 4)?,
        name: String::from_utf8_lossy(name).into_owned(),
        mac: attribute(rest, libc::IFLA_ADDRESS).and_then(|mac| mac.try_into().ok()),
        mtu: attribute(rest, libc::IFLA_MTU).and_then(|mtu| read_u32(mtu, 0)).unwrap_or(0),
        is_up: flags & libc::IFF_UP as u32 != 0,
        // The second one comes with the queue that frames wait in to be sent: `linkwatch_do_dev` in net/core/link_watch.c.
        has_carrier: flags & CARRIES == CARRIES,
        hardware: read_u16(answer, 2)?,
        promiscuity: attribute(rest, libc::IFLA_PROMISCUITY)
            .and_then(|count| read_u32(count, 0))
            .unwrap_or(0),
        counters: Counters {
            rx_packets: counter(0),
            tx_packets: counter(1),
            rx_bytes: counter(2),
            tx_bytes: counter(3),
            rx_dropped: counter(6),
            tx_dropped: counter(7),
        },
    })
}
