//! Where a packet for an address goes first: the kernel's routes and its table of neighbours, over netlink.
//!
//! For those who know an IP address only and need the MAC addresses that go into an Ethernet header:
//!
//! ```no_run
//! use std::time::Duration;
//! use pycap_inject::resolve_next_hop;
//!
//! let hop = resolve_next_hop("192.0.2.1".parse()?, Duration::from_secs(1))?;
//! println!("from {:?} on {} to {:?}", hop.mac, hop.interface, hop.neighbour_mac);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6, UdpSocket};
use std::time::{Duration, Instant};

use nix::libc;
use pycap_wire::MacAddr;

use crate::sender::link::Link;
use crate::sender::netlink::{Netlink, attribute, read_u16, read_u32};
use crate::sender::{SendError, SendErrorKind};

/// `struct rtmsg`: family, lengths of destination and source, tos, table, protocol, scope, type, flags.
const RTMSG: usize = 12;
const RTMSG_TYPE: usize = 7;
/// `struct ndmsg`: family, padding, interface, state, flags, type.
const NDMSG: usize = 12;
const NDMSG_STATE: usize = 8;

/// States of a neighbour in which the kernel uses the address that it knows (`NUD_VALID` in include/net/neighbour.h).
const NUD_VALID: u16 = libc::NUD_PERMANENT
    | libc::NUD_NOARP
    | libc::NUD_REACHABLE
    | libc::NUD_PROBE
    | libc::NUD_STALE
    | libc::NUD_DELAY;

/// The port of the discard service (RFC 863): nobody answers there, except perhaps that nobody is there.
const DISCARD: u16 = 9;
/// How often the table is looked at while an answer is waited for.
const LOOK_AGAIN: Duration = Duration::from_millis(2);

/// Where a packet for an address goes first, and by which way.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NextHop {
    /// The interface that it leaves by.
    pub interface: String,
    /// Its number.
    pub interface_index: u32,
    /// The source address that the kernel would give it; `None` if it has none for this way.
    pub source: Option<IpAddr>,
    /// The router that it goes to; `None` if the destination is on the link itself. A route for IPv4 may have a router of IPv6 (RFC 8950).
    pub gateway: Option<IpAddr>,
    /// The interface's hardware address; `None` if it has none, or not one of six bytes.
    pub mac: Option<MacAddr>,
    /// The hardware address that a frame goes to: the router's, or where there is none the destination's own. For a group or for all it is
    /// the one that is made of the address. On an Ethernet link without ARP (dummy, VRF, `ip link set arp off`), where neighbors are not
    /// asked, it is the interface's own unless the table has another. `None` if the kernel does not know it now, and on links that have no
    /// such addresses.
    pub neighbour_mac: Option<MacAddr>,
    /// Whether neighbors on that link are asked for their hardware addresses: not on tun, which has none, nor without ARP.
    pub has_neighbours: bool,
}

impl NextHop {
    /// Whose hardware address it takes to reach `destination`: the router's, or its own.
    pub fn neighbour(&self, destination: IpAddr) -> IpAddr {
        self.gateway.unwrap_or(destination)
    }
}

/// Looks up where a packet for `destination` goes first. It only asks the kernel, which takes no privileges, and sends nothing:
/// [`NextHop::neighbour_mac`] is `None` where nobody has talked to that neighbour lately.
///
/// # Errors
///
/// [`SendErrorKind::NoRoute`], and [`SendErrorKind::Io`] if the kernel cannot be asked.
pub fn next_hop(destination: IpAddr) -> Result<NextHop, SendError> {
    let mut netlink = open()?;
    let route = route(&mut netlink, destination)?;
    let link = Link::by_index(route.interface)
        .and_then(|link| link.ok_or_else(|| io::Error::from_raw_os_error(libc::ENODEV)))
        .map_err(|error| SendError::io("cannot ask the kernel for the interface of a route", error))?;
    let has_arp = !link.has(libc::IFF_NOARP);
    let has_neighbours = has_arp && !link.has(libc::IFF_LOOPBACK) && link.mac.is_some();
    let neighbour_mac = match made_of_address(&route, destination) {
        // What goes to this machine itself goes from and to the loopback interface's address.
        _ if link.has(libc::IFF_LOOPBACK) => link.mac,
        _ if link.mac.is_none() => None,
        Some(mac) if has_arp || destination.is_multicast() => Some(mac),
        _ => neighbour(&mut netlink, link.index, route.gateway.unwrap_or(destination))
            .map_err(|error| SendError::io("cannot ask the kernel for a neighbour", error))?
            // Where nobody is asked, frames go to the link's own address (`arp_constructor` in net/ipv4/arp.c, `ndisc_constructor` in
            // net/ipv6/ndisc.c).
            .or(link.mac.filter(|_| !has_arp)),
    };
    Ok(NextHop {
        interface: link.name,
        interface_index: link.index,
        source: route.source,
        gateway: route.gateway,
        mac: link.mac,
        neighbour_mac,
        has_neighbours,
    })
}

/// As [`next_hop`]; where the kernel does not know the neighbour's hardware address, has it find out, and waits for that, but not longer
/// than `longest`. To that end it sends an empty UDP datagram to port 9 of the neighbour, ahead of which the kernel asks for the address by
/// ARP or neighbour discovery.
///
/// On a link without hardware addresses there is nothing to find out.
///
/// # Errors
///
/// As [`next_hop`], and [`SendErrorKind::Unresolved`] if there was no answer in that time.
pub fn resolve_next_hop(destination: IpAddr, longest: Duration) -> Result<NextHop, SendError> {
    let started = Instant::now();
    let mut hop = next_hop(destination)?;
    if hop.neighbour_mac.is_some() || !hop.has_neighbours {
        return Ok(hop);
    }
    let neighbour = hop.neighbour(destination);
    let failed = |why: &str, error: Option<io::Error>| {
        let message = format!("the hardware address of {neighbour} is not known: {why}");
        let error = match error {
            Some(error) => SendError::system(SendErrorKind::Unresolved, message, error),
            None => SendError::new(SendErrorKind::Unresolved, message),
        };
        error.on_interface(&hop.interface)
    };
    provoke(neighbour, hop.interface_index)
        .map_err(|error| failed("no datagram can be sent there", Some(error)))?;
    let mut netlink = open()?;
    loop {
        let found = self::neighbour(&mut netlink, hop.interface_index, neighbour)
            .map_err(|error| SendError::io("cannot ask the kernel for a neighbour", error))?;
        if found.is_some() {
            hop.neighbour_mac = found;
            return Ok(hop);
        }
        let left = longest.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(failed(&format!("nobody answered for it in {longest:?}"), None));
        }
        std::thread::sleep(LOOK_AGAIN.min(left));
    }
}

/// The number of the interface that a packet for `destination` leaves by, if that can be had.
pub(crate) fn interface_of(destination: IpAddr) -> Option<u32> {
    route(&mut open().ok()?, destination).ok().map(|route| route.interface)
}

struct Route {
    interface: u32,
    gateway: Option<IpAddr>,
    source: Option<IpAddr>,
    /// RTN_UNICAST, RTN_BROADCAST, ...
    kind: u8,
}

fn route(netlink: &mut Netlink, destination: IpAddr) -> Result<Route, SendError> {
    let (family, bytes) = octets(destination);
    let mut header = [0; RTMSG];
    header[0] = family;
    header[1] = bytes.len() as u8 * 8;
    let answer = netlink.get(libc::RTM_GETROUTE, &header, &[(libc::RTA_DST, &bytes)]);
    let answer = answer.map_err(|error| match error.raw_os_error() {
        // Those of no route, and of the routes of type unreachable, prohibit and blackhole (`fib_props` in net/ipv4/fib_semantics.c).
        Some(libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EACCES | libc::EINVAL) => {
            no_route(destination, Some(error))
        }
        _ => SendError::io(format!("cannot ask the kernel for the route to {destination}"), error),
    })?;
    let rest = answer.get(RTMSG..).unwrap_or_default();
    let kind = answer.get(RTMSG_TYPE).copied().unwrap_or_default();
    let refuses = [libc::RTN_BLACKHOLE, libc::RTN_UNREACHABLE, libc::RTN_PROHIBIT, libc::RTN_THROW];
    let interface = attribute(rest, libc::RTA_OIF).and_then(|index| read_u32(index, 0));
    match interface {
        Some(interface) if !refuses.contains(&kind) => Ok(Route {
            interface,
            gateway: attribute(rest, libc::RTA_GATEWAY).and_then(address).or_else(|| {
                // `struct rtvia`: family, address.
                attribute(rest, libc::RTA_VIA).and_then(|via| address(via.get(2..)?))
            }),
            source: attribute(rest, libc::RTA_PREFSRC).and_then(address),
            kind,
        }),
        _ => Err(no_route(destination, None)),
    }
}

#[cold]
fn no_route(destination: IpAddr, error: Option<io::Error>) -> SendError {
    let message = format!("no route leads to {destination}: see `ip route get {destination}`");
    match error {
        Some(error) => SendError::system(SendErrorKind::NoRoute, message, error),
        None => SendError::new(SendErrorKind::NoRoute, message),
    }
}

/// What the kernel knows of a neighbour.
fn neighbour(netlink: &mut Netlink, interface: u32, address: IpAddr) -> io::Result<Option<MacAddr>> {
    let (family, bytes) = octets(address);
    let mut header = [0; NDMSG];
    header[0] = family;
    header[4..8].copy_from_slice(&interface.to_ne_bytes());
    match netlink.get(libc::RTM_GETNEIGH, &header, &[(libc::NDA_DST, &bytes)]) {
        Ok(answer) => Ok(hardware_address(&answer)),
        Err(error) => match error.raw_os_error() {
            Some(libc::ENOENT) => Ok(None),
            // Before Linux 5.0 there is only the whole table.
            Some(libc::EOPNOTSUPP) => {
                header[4..8].fill(0);
                let mut found = None;
                netlink.dump(libc::RTM_GETNEIGH, &header, &[], |entry| {
                    let dst = entry.get(NDMSG..).and_then(|rest| attribute(rest, libc::NDA_DST));
                    if read_u32(entry, 4) == Some(interface) && dst == Some(&bytes[..]) {
                        found = hardware_address(entry);
                    }
                })?;
                Ok(found)
            }
            _ => Err(error),
        },
    }
}

/// The hardware address of an entry of the table, if the kernel would use it.
fn hardware_address(entry: &[u8]) -> Option<MacAddr> {
    let valid = read_u16(entry, NDMSG_STATE)? & NUD_VALID != 0;
    let address = attribute(entry.get(NDMSG..)?, libc::NDA_LLADDR)?;
    address.try_into().ok().filter(|_| valid).map(MacAddr)
}

/// Has the kernel ask who has the address.
fn provoke(neighbour: IpAddr, interface: u32) -> io::Result<()> {
    let (any, to): (IpAddr, SocketAddr) = match neighbour {
        IpAddr::V4(v4) => (Ipv4Addr::UNSPECIFIED.into(), (v4, DISCARD).into()),
        IpAddr::V6(v6) => {
            let scope = if v6.is_unicast_link_local() { interface } else { 0 };
            (Ipv6Addr::UNSPECIFIED.into(), SocketAddrV6::new(v6, DISCARD, 0, scope).into())
        }
    };
    UdpSocket::bind((any, 0))?.send_to(&[], to).map(drop)
}

/// The hardware address that is made of the destination's: RFC 1112, section 6.4; RFC 2464, section 7.
fn made_of_address(route: &Route, destination: IpAddr) -> Option<MacAddr> {
    if route.kind == libc::RTN_BROADCAST {
        return Some(MacAddr::BROADCAST);
    }
    match destination {
        IpAddr::V4(v4) if v4.is_multicast() => {
            let [_, b, c, d] = v4.octets();
            Some(MacAddr([1, 0, 0x5e, b & 0x7f, c, d]))
        }
        IpAddr::V6(v6) if v6.is_multicast() => {
            let [.., a, b, c, d] = v6.octets();
            Some(MacAddr([0x33, 0x33, a, b, c, d]))
        }
        _ => None,
    }
}

fn open() -> Result<Netlink, SendError> {
    Netlink::open().map_err(|error| SendError::io("cannot open a netlink socket", error))
}

fn octets(address: IpAddr) -> (u8, Vec<u8>) {
    match address {
        IpAddr::V4(v4) => (libc::AF_INET as u8, v4.octets().to_vec()),
        IpAddr::V6(v6) => (libc::AF_INET6 as u8, v6.octets().to_vec()),
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    match bytes.len() {
        4 => <[u8; 4]>::try_from(bytes).ok().map(IpAddr::from),
        16 => <[u8; 16]>::try_from(bytes).ok().map(IpAddr::from),
        _ => None,
    }
}
