//! The system's network interfaces.
//!
//! Names, flags and addresses come from `getifaddrs` by way of the `nix` crate: it is small, kept by many, wraps the one call that
//! Linux, macOS and the BSDs have in common, and is here already for the tests' namespaces. Crates that know more (`netdev`) bring a
//! netlink stack with them for two more numbers, which [`linux`] asks the kernel for.

#[cfg(target_os = "linux")]
pub(crate) mod linux;
#[cfg(target_os = "linux")]
mod lost;

use std::io;
use std::net::{IpAddr, Ipv4Addr};

use nix::ifaddrs::getifaddrs;
use nix::net::if_::{InterfaceFlags, if_nametoindex};
use nix::sys::socket::SockaddrStorage;
use pycap_wire::MacAddr;

use crate::{Error, ErrorKind, LinkType, Result};

#[cfg(target_os = "linux")]
pub(crate) use lost::Lost;

/// The name that stands for all interfaces of Linux.
pub(crate) const ANY: &str = "any";

/// A network interface of the system, as it was when [`interfaces`] listed it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SystemInterface {
    name: String,
    index: u32,
    description: Option<String>,
    flags: InterfaceFlags,
    wireless: bool,
    addresses: Vec<InterfaceAddress>,
    mac: Option<MacAddr>,
    link_type: Option<LinkType>,
    mtu: Option<u32>,
}

/// An address of an interface. All of one entry are of the same family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct InterfaceAddress {
    /// The address.
    pub address: IpAddr,
    /// Its network mask.
    pub netmask: Option<IpAddr>,
    /// The network's broadcast address.
    pub broadcast: Option<IpAddr>,
    /// The other end's address, on a point-to-point link.
    pub destination: Option<IpAddr>,
}

impl InterfaceAddress {
    /// The length of the network's prefix in bits; `None` if there is no mask, or one with a hole.
    pub fn prefix_len(&self) -> Option<u32> {
        let (bits, width) = match self.netmask? {
            IpAddr::V4(mask) => (u128::from(mask.to_bits()) << 96, 32),
            IpAddr::V6(mask) => (mask.to_bits(), 128),
        };
        let ones = bits.leading_ones();
        (ones == bits.count_ones() && ones <= width).then_some(ones)
    }

    /// Puts the broadcast address where it belongs. Linux' C libraries have one place for it and for the other end's address, which is the
    /// interface's own where there is neither (sysdeps/unix/sysv/linux/ifaddrs.c of glibc); the flags of the interface, by which it is
    /// named, do not tell them apart.
    fn tell_other_end(&mut self) {
        let same = self.address;
        self.destination = self.destination.filter(|other| *other != same);
        let Some(IpAddr::V4(other)) = self.broadcast.take().filter(|other| *other != same) else { return };
        let (IpAddr::V4(address), Some(IpAddr::V4(mask))) = (same, self.netmask) else { return };
        let of_network = [address | !mask, address & mask, Ipv4Addr::BROADCAST].contains(&other);
        // A network of one or two addresses has none for all.
        if of_network && mask.to_bits() < u32::MAX - 1 {
            self.broadcast = Some(other.into());
        } else {
            self.destination = Some(other.into());
        }
    }
}

impl SystemInterface {
    /// The name that a capture takes.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The system's number for it, from 1.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// What a person called it (Linux: `ip link set NAME alias TEXT`).
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// It was set up by the administrator.
    pub fn is_up(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_UP)
    }

    /// It can carry frames: it is up, and has a carrier where it needs one.
    pub fn is_running(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_RUNNING)
    }

    /// It leads back to this machine.
    pub fn is_loopback(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_LOOPBACK)
    }

    /// Frames can be sent to all stations.
    pub fn is_broadcast(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_BROADCAST)
    }

    /// Frames can be sent to groups.
    pub fn is_multicast(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_MULTICAST)
    }

    /// It has one station at the other end.
    pub fn is_point_to_point(&self) -> bool {
        self.flags.contains(InterfaceFlags::IFF_POINTOPOINT)
    }

    /// It is a radio; only Linux tells.
    pub fn is_wireless(&self) -> bool {
        self.wireless
    }

    /// Its IP addresses.
    pub fn addresses(&self) -> &[InterfaceAddress] {
        &self.addresses
    }

    /// Its hardware address, if that has six bytes.
    pub fn mac(&self) -> Option<MacAddr> {
        self.mac
    }

    /// What frames captured on it start with, unless another link type is asked for; `None` where only opening it tells, which on Linux is
    /// nowhere.
    pub fn link_type(&self) -> Option<LinkType> {
        self.link_type
    }

    /// The longest packet that it sends, in bytes, without the link's header.
    pub fn mtu(&self) -> Option<u32> {
        self.mtu
    }

    fn named(name: String) -> Self {
        Self {
            index: if_nametoindex(name.as_str()).unwrap_or(0),
            name,
            description: None,
            flags: InterfaceFlags::empty(),
            wireless: false,
            addresses: Vec::new(),
            mac: None,
            link_type: None,
            mtu: None,
        }
    }

    fn add(&mut self, address: &SockaddrStorage, rest: [Option<SockaddrStorage>; 3]) {
        if let Some(address) = ip(address) {
            let [netmask, broadcast, destination] = rest.map(|other| other.as_ref().and_then(ip));
            let mut known = InterfaceAddress { address, netmask, broadcast, destination };
            if cfg!(target_os = "linux") {
                known.tell_other_end();
            }
            self.addresses.push(known);
        } else if let Some(link) = address.as_link_addr() {
            self.add_link(link);
        }
    }

    #[cfg(target_os = "linux")]
    fn add_link(&mut self, link: &nix::sys::socket::LinkAddr) {
        self.index = u32::try_from(link.ifindex()).unwrap_or(0);
        self.mac = link.addr().filter(|_| link.halen() == 6).map(MacAddr);
    }

    #[cfg(not(target_os = "linux"))]
    fn add_link(&mut self, link: &nix::sys::socket::LinkAddr) {
        // net/if_types.h; DLT_EN10MB and LINKTYPE_ETHERNET are what Ethernet frames are.
        const IFT_ETHER: u8 = 6;
        self.index = u32::try_from(link.ifindex()).unwrap_or(0);
        self.mac = link.addr().filter(|_| link.alen() == 6).map(MacAddr);
        self.link_type = (link.datalink_type() == IFT_ETHER).then_some(LinkType::ETHERNET);
    }

    /// The place that libpcap's list gives it (`get_figure_of_merit` in pcap.c): interfaces that are up and running come first, loopback
    /// after the others of its kind, and then the number at the end of the name counts.
    fn merit(&self) -> (bool, bool, bool, u32) {
        let digits = self.name.len() - self.name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let number = self.name[self.name.len() - digits..].parse::<u32>();
        let number = if digits == 0 { 0 } else { number.unwrap_or(u32::MAX).saturating_add(1) };
        (!self.is_running(), !self.is_up(), self.is_loopback(), number)
    }
}

/// The network interfaces of the system, down ones too, in the order of libpcap's list: up and running ones first, loopback last among its
/// like.
///
/// It takes no privileges and no libpcap. Not listed is what is no network interface: Linux's `any`, which a capture takes as a name for
/// all of them, and libpcap's devices for USB, Bluetooth and the like.
///
/// # Errors
///
/// If the system cannot be asked.
pub fn interfaces() -> Result<Vec<SystemInterface>> {
    let listed =
        getifaddrs().map_err(|error| Error::io("cannot list the interfaces", io::Error::from(error)))?;
    let mut found: Vec<SystemInterface> = Vec::new();
    for entry in listed {
        let place = found.iter().position(|known| known.name == entry.interface_name).unwrap_or_else(|| {
            found.push(SystemInterface::named(entry.interface_name.clone()));
            found.len() - 1
        });
        let interface = &mut found[place];
        interface.flags |= entry.flags;
        if let Some(address) = &entry.address {
            interface.add(address, [entry.netmask, entry.broadcast, entry.destination]);
        }
    }
    #[cfg(target_os = "linux")]
    linux::complete(&mut found);
    // Stable: those of equal merit stay in the system's order.
    found.sort_by_key(SystemInterface::merit);
    Ok(found)
}

/// The interface that a capture takes where none is named, as tcpdump and `pcap_lookupdev` choose it: the first of [`interfaces`] that is
/// up, running and not loopback; loopback where there is no other.
///
/// # Errors
///
/// As [`interfaces`]; [`ErrorKind::NoSuchInterface`] if none is up.
pub fn default_interface() -> Result<SystemInterface> {
    let usable = |one: &SystemInterface| one.is_up() && one.is_running();
    let mut found = interfaces()?;
    let place = found
        .iter()
        .position(|one| usable(one) && !one.is_loopback())
        .or_else(|| found.iter().position(usable))
        .or_else(|| found.iter().position(SystemInterface::is_up));
    match place {
        Some(place) => Ok(found.swap_remove(place)),
        None => {
            let message = match found.first() {
                Some(one) => format!("no interface is up: `sudo ip link set dev {} up`", one.name),
                None => "there is no network interface".to_owned(),
            };
            Err(Error::new(ErrorKind::NoSuchInterface, message))
        }
    }
}

/// The mask that tells which addresses are broadcast addresses on an interface (`ip broadcast`): that of its first IPv4 address, as
/// `pcap_lookupnet` has it. It is 0.0.0.0, which leaves 0.0.0.0 and 255.255.255.255, where there is no such address, where its network is
/// too small to have a broadcast address (RFC 3021), and for [`ANY`]. `None` if no interface has this name.
#[cfg(feature = "libpcap")]
pub(crate) fn broadcast_mask(name: &str) -> Option<Ipv4Addr> {
    if name == ANY {
        return Some(Ipv4Addr::UNSPECIFIED);
    }
    let found = interfaces().ok()?.into_iter().find(|one| one.name == name)?;
    let mask = found.addresses.iter().find_map(|address| match (address.address, address.netmask) {
        (IpAddr::V4(_), Some(IpAddr::V4(mask))) => Some(mask),
        _ => None,
    });
    Some(mask.filter(|mask| mask.to_bits() < u32::MAX - 1).unwrap_or(Ipv4Addr::UNSPECIFIED))
}

fn ip(address: &SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_comes_first() {
        let with = |name: &str, flags| SystemInterface { flags, ..SystemInterface::named(name.into()) };
        let up = InterfaceFlags::IFF_UP | InterfaceFlags::IFF_RUNNING;
        let mut found = [
            with("lo", up | InterfaceFlags::IFF_LOOPBACK),
            with("eth10", up),
            with("eth9", InterfaceFlags::IFF_UP),
            with("eth2", up),
            with("down0", InterfaceFlags::empty()),
            with("99999999999", up),
        ];
        found.sort_by_key(SystemInterface::merit);
        assert_eq!(found.map(|one| one.name), ["eth2", "eth10", "99999999999", "lo", "eth9", "down0"]);
    }

    #[test]
    fn a_mask_is_a_prefix_or_not() {
        let with = |address: &str, netmask: Option<&str>| InterfaceAddress {
            address: address.parse().unwrap(),
            netmask: netmask.map(|mask| mask.parse().unwrap()),
            broadcast: None,
            destination: None,
        };
        assert_eq!(with("10.0.0.1", Some("255.255.240.0")).prefix_len(), Some(20));
        assert_eq!(with("10.0.0.1", Some("255.0.255.0")).prefix_len(), None);
        assert_eq!(with("10.0.0.1", None).prefix_len(), None);
        assert_eq!(with("::1", Some("ffff:ffff:ffff:ffff::")).prefix_len(), Some(64));
        assert_eq!(with("::1", Some("::")).prefix_len(), Some(0));
    }
}
