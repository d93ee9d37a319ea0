//! IP packets by raw sockets (raw(7)), which the kernel routes.
#![allow(unsafe_code)]

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};
use std::time::Duration;

use libc::c_int;
use pnet_sys::{FileDesc, SockAddrStorage};
use pycap_wire::LinkType;

use super::error::may_not_send;
use super::link::{Link, down, gone};
use super::wait::{LONGEST, Patience, Refusal};
use super::{Excess, SendError, SendErrorKind, SendStats, Sender};
use crate::next_hop;

const IPV4_HEADER: usize = 20;
const IPV6_HEADER: usize = 40;

/// A sender of IPv4 and IPv6 packets, without a link header: the kernel looks up the route of the destination address that is in the packet,
/// and makes the link header. It receives nothing.
///
/// Of an IPv4 packet the kernel always writes the total length and the header's checksum, and where they are zero the identification and
/// the source address (raw(7)); packets whose total length or checksum is to be wrong go by
/// [`PacketSocket`](super::PacketSocket). It changes nothing in an IPv6 packet. Checksums of TCP, UDP and ICMP are the caller's in both.
///
/// A packet is not fragmented: one that is longer than the MTU of its way is refused. It passes the system's own packet filter.
pub struct RawIp {
    v4: Result<FileDesc, Missing>,
    v6: Result<FileDesc, Missing>,
    /// What an address of a link, fe80::1 or ff02::1, is meant on.
    scope: u32,
    interface: Option<String>,
    max_wait: Duration,
    stats: SendStats,
}

/// A version of IP that this kernel has not.
struct Missing(i32);

/// Raw sockets about to be opened: [`RawIp::builder`].
#[derive(Clone, Debug)]
#[must_use = "nothing is sent until it is opened"]
pub struct RawIpBuilder {
    interface: Option<String>,
    max_wait: Duration,
}

impl RawIpBuilder {
    /// Sends on this interface only, whatever interface the routes lead to else (`SO_BINDTODEVICE`). Addresses that mean something on one
    /// link only, such as fe80::1, are those of its link; without it, of a link that the kernel takes.
    pub fn interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }

    /// How long a packet is tried again where the system has no room for it; one second unless asked for another time, and with zero not
    /// at all.
    pub fn max_wait(mut self, time: Duration) -> Self {
        self.max_wait = time;
        self
    }

    /// Opens the sockets, one for IPv4 and one for IPv6. On a kernel without the one of them the other is enough, until a packet needs it.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::PermissionDenied`], [`SendErrorKind::NoSuchInterface`], [`SendErrorKind::InterfaceDown`], and what the kernel says.
    pub fn open(self) -> Result<RawIp, SendError> {
        let link = self.interface.as_deref().map(Link::by_name).transpose()?;
        let name = link.as_ref().map(|link| link.name.as_str());
        let v4 = open(pnet_sys::AF_INET, name)?;
        let v6 = open(pnet_sys::AF_INET6, name)?;
        if let (Err(missing), Err(_)) = (&v4, &v6) {
            return Err(missing.error("IP"));
        }
        if let Some(link) = &link {
            link.check_up()?;
        }
        Ok(RawIp {
            v4,
            v6,
            scope: link.as_ref().map_or(0, |link| link.index),
            interface: self.interface,
            max_wait: self.max_wait,
            stats: SendStats::default(),
        })
    }
}

impl RawIp {
    /// Opens a sender that goes by the system's routes.
    ///
    /// # Errors
    ///
    /// As [`RawIpBuilder::open`].
    pub fn open() -> Result<Self, SendError> {
        Self::builder().open()
    }

    /// The settings, to begin with.
    pub fn builder() -> RawIpBuilder {
        RawIpBuilder { interface: None, max_wait: LONGEST }
    }

    fn try_send(&mut self, packet: &[u8]) -> Result<(), SendError> {
        let destination = destination(packet)?;
        let (socket, version) = match destination {
            IpAddr::V4(_) => (&self.v4, "IPv4"),
            IpAddr::V6(_) => (&self.v6, "IPv6"),
        };
        let socket = socket.as_ref().map_err(|missing| missing.error(version))?;
        let address = match destination {
            IpAddr::V4(_) => SocketAddr::new(destination, 0),
            IpAddr::V6(v6) => SocketAddrV6::new(v6, 0, 0, if of_link(v6) { self.scope } else { 0 }).into(),
        };
        // SAFETY: it is made of numbers, for which zero is a value.
        let mut storage: SockAddrStorage = unsafe { std::mem::zeroed() };
        let len = pnet_sys::addr_to_sockaddr(address, &mut storage);
        let mut patience = Patience::new(self.max_wait);
        loop {
            // The pointer and the length are those of `storage`, which outlives the call: the function is not marked unsafe, but asks for
            // that.
            let error = match pnet_sys::send_to(socket.fd, packet, (&raw const storage).cast(), len) {
                Ok(_) => return Ok(()),
                Err(error) => error,
            };
            let waited = match Refusal::of(&error) {
                Refusal::Final => return Err(self.refused(packet, destination, error)),
                Refusal::Interrupted => true,
                _ => patience.pause(&mut self.stats, |pause, _| std::thread::sleep(pause)),
            };
            if !waited {
                return Err(patience.over(Some(error)));
            }
        }
    }

    #[cold]
    fn refused(&self, packet: &[u8], destination: IpAddr, error: io::Error) -> SendError {
        let name = self.interface.as_deref();
        match (error.raw_os_error(), name) {
            (Some(libc::EMSGSIZE), _) => self.too_long(packet, destination, error),
            (Some(libc::ENETDOWN), Some(name)) => down(name, Some(error)),
            (Some(libc::ENODEV | libc::ENXIO), Some(name)) => gone(name, error),
            (Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::ENETDOWN | libc::ENODEV), _) => {
                // Bound to an interface, there is none either where that is down or was deleted: no route leads there.
                match name.map(Link::by_name) {
                    Some(Err(now)) if now.kind() == SendErrorKind::NoSuchInterface => {
                        return gone(name.unwrap_or_default(), error);
                    }
                    Some(Ok(link)) if !link.is_up() => return down(&link.name, Some(error)),
                    _ => {}
                }
                let message = format!("no route leads to {destination}: see `ip route get {destination}`");
                SendError::system(SendErrorKind::NoRoute, message, error)
            }
            (Some(libc::EINVAL), _) => {
                let message = "the kernel takes the packet's header for malformed: its length field (IHL) says more than there is";
                SendError::system(SendErrorKind::InvalidFrame, message, error)
            }
            (Some(libc::EPERM), _) => {
                let message = format!("the system's packet filter does not let it out to {destination}");
                SendError::system(SendErrorKind::PermissionDenied, message, error)
            }
            _ => SendError::io(format!("cannot send to {destination}"), error),
        }
    }

    #[cold]
    fn too_long(&self, packet: &[u8], destination: IpAddr, error: io::Error) -> SendError {
        let link = match self.interface.as_deref() {
            Some(name) => Link::by_name(name).ok(),
            None => {
                next_hop::interface_of(destination).and_then(|index| Link::by_index(index).ok().flatten())
            }
        };
        match link {
            Some(link) => {
                let excess = Excess { frame: packet.len(), limit: link.mtu as usize, mtu: Some(link.mtu) };
                SendError::too_long(excess, "the MTU of the interface that it leaves by")
                    .on_interface(&link.name)
            }
            None => {
                let message = format!("the packet has {} bytes, more than its way takes", packet.len());
                SendError::system(SendErrorKind::TooLong, message, error)
            }
        }
    }
}

impl Sender for RawIp {
    /// Sends an IPv4 or IPv6 packet to the destination address that it has.
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let result = self.try_send(frame);
        match &result {
            Ok(()) => self.stats.count(frame.len()),
            Err(error) => self.stats.count_error(error),
        }
        result
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    /// [`LinkType::RAW`]: packets of either version of IP.
    fn link_type(&self) -> LinkType {
        LinkType::RAW
    }
}

impl fmt::Debug for RawIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawIp")
            .field("interface", &self.interface)
            .field("ipv6", &self.v6.is_ok())
            .field("stats", &self.stats)
            .finish_non_exhaustive()
    }
}

impl Missing {
    #[cold]
    fn error(&self, version: &str) -> SendError {
        let message = format!("this kernel has no {version}");
        SendError::system(SendErrorKind::Unsupported, message, io::Error::from_raw_os_error(self.0))
    }
}

/// The destination that is in a packet; what the header says beside it is for the kernel to judge.
fn destination(packet: &[u8]) -> Result<IpAddr, SendError> {
    let needed = |needed, what| SendError::too_short(packet.len(), needed, what);
    match packet.first().map(|first| first >> 4) {
        Some(4) => {
            let address = packet.get(16..IPV4_HEADER).and_then(|bytes| bytes.first_chunk::<4>());
            address
                .map(|address| Ipv4Addr::from(*address).into())
                .ok_or_else(|| needed(IPV4_HEADER, "an IPv4 header"))
        }
        Some(6) => {
            let address = packet.get(24..IPV6_HEADER).and_then(|bytes| bytes.first_chunk::<16>());
            address
                .map(|address| Ipv6Addr::from(*address).into())
                .ok_or_else(|| needed(IPV6_HEADER, "an IPv6 header"))
        }
        Some(version) => {
            let message = format!(
                "an IP packet is needed, and this one has version {version}, not 4 or 6: leave the link header out"
            );
            Err(SendError::new(SendErrorKind::InvalidFrame, message))
        }
        None => Err(needed(IPV4_HEADER, "there is nothing to send")),
    }
}

/// Whether an address means something together with an interface only: of a link or an interface (RFC 4291, sections 2.5.6 and 2.7).
fn of_link(address: Ipv6Addr) -> bool {
    let [first, second, ..] = address.octets();
    (first, second & 0xc0) == (0xfe, 0x80) || first == 0xff && matches!(second & 0xf, 1 | 2)
}

fn open(family: c_int, interface: Option<&str>) -> Result<Result<FileDesc, Missing>, SendError> {
    let kind = pnet_sys::SOCK_RAW | libc::SOCK_CLOEXEC | libc::SOCK_NONBLOCK;
    // SAFETY: it takes no pointer.
    let fd = unsafe { pnet_sys::socket(family, kind, libc::IPPROTO_RAW) };
    if fd == pnet_sys::INVALID_SOCKET {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => Err(may_not_send(Some(error))),
            Some(number @ (libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT)) => Ok(Err(Missing(number))),
            _ => Err(SendError::io("cannot open a raw socket", error)),
        };
    }
    let socket = FileDesc { fd };
    // A socket of IPPROTO_RAW takes packets with their header as it is (`inet_create` in net/ipv4/af_inet.c, `inet6_create` in
    // net/ipv6/af_inet6.c); that is said again for IPv4 since raw(7) promises it of the option.
    if family == pnet_sys::AF_INET {
        set(&socket, pnet_sys::IPPROTO_IP, pnet_sys::IP_HDRINCL, &1_i32.to_ne_bytes())
            .and_then(|()| set(&socket, libc::SOL_SOCKET, libc::SO_BROADCAST, &1_i32.to_ne_bytes()))
            .map_err(|error| SendError::io("cannot set up a raw socket", error))?;
    }
    if let Some(name) = interface {
        set(&socket, libc::SOL_SOCKET, libc::SO_BINDTODEVICE, name.as_bytes()).map_err(
            |error| match error.raw_os_error() {
                Some(libc::EPERM) => may_not_send(Some(error)),
                Some(libc::ENODEV) => gone(name, error),
                _ => SendError::io("cannot bind a raw socket to the interface", error).on_interface(name),
            },
        )?;
    }
    Ok(Ok(socket))
}

/// Sets an option whose value is a number or a text.
fn set(socket: &FileDesc, level: c_int, option: c_int, value: &[u8]) -> io::Result<()> {
    let len = value.len() as pnet_sys::SockLen;
    // SAFETY: the pointer and the length are those of a slice, which is only read, and in which is no pointer.
    let result = unsafe { pnet_sys::setsockopt(socket.fd, level, option, value.as_ptr().cast(), len) };
    if result == -1 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_destination_is_in_the_packet() {
        let mut packet = [0; 40];
        packet[0] = 0x45;
        packet[16..20].copy_from_slice(&[192, 0, 2, 1]);
        assert_eq!(destination(&packet).unwrap(), IpAddr::from([192, 0, 2, 1]));
        assert_eq!(destination(&packet[..19]).unwrap_err().kind(), SendErrorKind::TooShort);
        packet[0] = 0x60;
        packet[24] = 0xfe;
        packet[25] = 0x80;
        assert_eq!(destination(&packet).unwrap(), "fe80::".parse::<IpAddr>().unwrap());
        assert_eq!(destination(&packet[..39]).unwrap_err().kind(), SendErrorKind::TooShort);
        packet[0] = 0;
        assert_eq!(destination(&packet).unwrap_err().kind(), SendErrorKind::InvalidFrame);
        assert_eq!(destination(&[]).unwrap_err().kind(), SendErrorKind::TooShort);
        for (address, is) in [
            ("fe80::1", true),
            ("febf::1", true),
            ("ff02::1", true),
            ("ff0e::1", false),
            ("2001:db8::1", false),
        ] {
            assert_eq!(of_link(address.parse().unwrap()), is, "{address}");
        }
    }
}
