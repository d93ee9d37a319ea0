//! An interface, as far as sending needs to know it, and what to say where it refuses a frame.

use std::io;

use nix::libc;
use pycap_wire::{LinkType, MacAddr};

use super::netlink::{Netlink, attribute, read_u16, read_u32};
use super::{Excess, SendError, SendErrorKind};

/// `struct ifinfomsg`: family, hardware type, index, flags, mask of flags.
const IFINFOMSG: usize = 16;
/// What a VLAN tag has, in bytes.
const VLAN_HEADER: usize = 4;
const ETH_P_8021Q: [u8; 2] = 0x8100_u16.to_be_bytes();

/// An interface, as it was when the kernel was asked.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) index: u32,
    pub(crate) name: String,
    pub(crate) mtu: u32,
    pub(crate) mac: Option<MacAddr>,
    pub(crate) hardware: u16,
    flags: u32,
}

impl Link {
    /// The interface of this name in the thread's network namespace.
    pub(crate) fn by_name(name: &str) -> Result<Self, SendError> {
        let mut netlink = open()?;
        // IFNAMSIZ, the zero byte included.
        if name.is_empty() || name.len() > 15 || name.contains('\0') {
            return Err(no_such_interface(&mut netlink, name));
        }
        let text = [name.as_bytes(), &[0]].concat();
        match ask(&mut netlink, 0, &[(libc::IFLA_IFNAME, &text)]) {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => {
                Err(no_such_interface(&mut netlink, name))
            }
            Err(error) => {
                Err(SendError::io("cannot ask the kernel for the interface", error).on_interface(name))
            }
            Ok(link) => Ok(link),
        }
    }

    /// The interface of this number; `None` if there is none.
    pub(crate) fn by_index(index: u32) -> io::Result<Option<Self>> {
        match ask(&mut Netlink::open()?, index, &[]) {
            Err(error) if error.raw_os_error() == Some(libc::ENODEV) => Ok(None),
            other => other.map(Some),
        }
    }

    /// The interface that is taken where none is named, as `pcap_lookupdev` chooses it: one that is up and running, the loopback interface
    /// only if there is no other, and of several the one with the least number at the end of its name.
    pub(crate) fn default() -> Result<Self, SendError> {
        let all = all(&mut open()?).map_err(|error| SendError::io("cannot list the interfaces", error))?;
        let best = all.iter().filter(|link| link.is_up()).min_by_key(|link| link.merit());
        best.cloned().ok_or_else(|| {
            let message = match all.first() {
                Some(one) => format!("no interface is up: `sudo ip link set dev {} up`", one.name),
                None => "there is no network interface".to_owned(),
            };
            SendError::new(SendErrorKind::NoSuchInterface, message)
        })
    }

    pub(crate) fn is_up(&self) -> bool {
        self.has(libc::IFF_UP)
    }

    pub(crate) fn has(&self, flag: i32) -> bool {
        self.flags & flag as u32 != 0
    }

    /// An error if it is down.
    pub(crate) fn check_up(&self) -> Result<(), SendError> {
        if self.is_up() { Ok(()) } else { Err(down(&self.name, None)) }
    }

    fn merit(&self) -> (bool, bool, u32) {
        let digits = self.name.len() - self.name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
        let number = self.name[self.name.len() - digits..].parse::<u32>();
        let number = if digits == 0 { 0 } else { number.unwrap_or(u32::MAX).saturating_add(1) };
        (!self.has(libc::IFF_RUNNING), self.has(libc::IFF_LOOPBACK), number)
    }

    /// What frames of it start with; `None` where that is not certain.
    pub(crate) fn link_type(&self) -> Option<LinkType> {
        // linux/if_arp.h
        const ARPHRD_RAWIP: u16 = 519;
        Some(match self.hardware {
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK => LinkType::ETHERNET,
            libc::ARPHRD_TUNNEL
            | libc::ARPHRD_TUNNEL6
            | libc::ARPHRD_SIT
            | libc::ARPHRD_SLIP
            | libc::ARPHRD_CSLIP
            | libc::ARPHRD_SLIP6
            | libc::ARPHRD_CSLIP6
            | libc::ARPHRD_ADAPT
            | ARPHRD_RAWIP
            | libc::ARPHRD_NONE => LinkType::RAW,
            libc::ARPHRD_CAN => LinkType::CAN_SOCKETCAN,
            libc::ARPHRD_IEEE80211 => LinkType::IEEE802_11,
            libc::ARPHRD_IEEE80211_RADIOTAP => LinkType::IEEE802_11_RADIOTAP,
            libc::ARPHRD_IEEE802154 => LinkType::IEEE802_15_4_NOFCS,
            _ => return None,
        })
    }

    /// How many bytes of link header frames have beside the MTU (`hard_header_len`).
    pub(crate) fn header_len(&self) -> usize {
        match self.link_type() {
            Some(LinkType::ETHERNET) => 14,
            _ => 0,
        }
    }

    /// The most bytes that it takes of this frame: a tag comes on top on a device of Ethernet's own type, and only the tag of 802.1Q
    /// (`packet_extra_vlan_len_allowed` in net/packet/af_packet.c).
    pub(crate) fn limit(&self, frame: &[u8]) -> usize {
        let tagged = self.hardware == libc::ARPHRD_ETHER && frame.get(12..14) == Some(&ETH_P_8021Q);
        self.mtu as usize + self.header_len() + if tagged { VLAN_HEADER } else { 0 }
    }

    /// Why the frame was refused, by what the system said.
    #[cold]
    pub(crate) fn refused(&self, frame: &[u8], error: io::Error) -> SendError {
        let Self { index, ref name, .. } = *self;
        let header = self.header_len();
        match error.raw_os_error() {
            // By what the MTU is now.
            Some(libc::EMSGSIZE) => {
                let now = Self::by_index(index).ok().flatten();
                now.as_ref().unwrap_or(self).too_long(frame)
            }
            Some(libc::ENETDOWN | libc::ENXIO | libc::ENODEV) => down_or_gone(index, name, error),
            Some(libc::EINVAL) if frame.len() < header => {
                SendError::too_short(frame.len(), header, "the link header").on_interface(name)
            }
            Some(libc::EINVAL) => {
                let message =
                    "the kernel takes the frame's headers, or what is asked for them, for contradictory";
                SendError::system(SendErrorKind::InvalidFrame, message, error).on_interface(name)
            }
            _ => SendError::io("cannot send", error).on_interface(name),
        }
    }

    /// What is said of a frame that was refused as too long.
    #[cold]
    pub(crate) fn too_long(&self, frame: &[u8]) -> SendError {
        let (limit, header) = (self.limit(frame), self.header_len());
        let mut what = format!("its MTU of {}", self.mtu);
        if header > 0 {
            what += &format!(" and a link header of {header}");
        }
        if limit > self.mtu as usize + header {
            what += " and a tag of 4";
        }
        SendError::too_long(Excess { frame: frame.len(), limit, mtu: Some(self.mtu) }, &what)
            .on_interface(&self.name)
    }
}

/// Whether the interface of this number is down or no more, for a system's error that says the one or the other. Asked over netlink, which
/// waits for a deletion that is going on: that sets the interface down first, and takes it out of the tables some time later
/// (`unregister_netdevice_many_notify` in net/core/dev.c), both under the lock that answering takes, too.
#[cold]
pub(crate) fn down_or_gone(index: u32, name: &str, error: io::Error) -> SendError {
    match Link::by_index(index) {
        Ok(None) => gone(name, error),
        Ok(Some(link)) => down(&link.name, Some(error)),
        Err(_) if error.raw_os_error() == Some(libc::ENETDOWN) => down(name, Some(error)),
        Err(_) => gone(name, error),
    }
}

#[cold]
pub(crate) fn gone(name: &str, error: io::Error) -> SendError {
    let message = "the interface was deleted, or moved to another network namespace";
    SendError::system(SendErrorKind::InterfaceGone, message, error).on_interface(name)
}

#[cold]
pub(crate) fn down(name: &str, error: Option<io::Error>) -> SendError {
    let message = format!("the interface is down: `sudo ip link set dev {name} up`");
    let kind = SendErrorKind::InterfaceDown;
    let error = match error {
        Some(error) => SendError::system(kind, message, error),
        None => SendError::new(kind, message),
    };
    error.on_interface(name)
}

fn open() -> Result<Netlink, SendError> {
    Netlink::open().map_err(|error| SendError::io("cannot open a netlink socket", error))
}

fn ask(netlink: &mut Netlink, index: u32, attributes: &[(u16, &[u8])]) -> io::Result<Link> {
    let answer = netlink.get(libc::RTM_GETLINK, &ifinfomsg(index), attributes)?;
    parse(&answer)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "netlink: no interface in the answer"))
}

fn all(netlink: &mut Netlink) -> io::Result<Vec<Link>> {
    let mut found = Vec::new();
    netlink.dump(libc::RTM_GETLINK, &ifinfomsg(0), &[], |answer| found.extend(parse(answer)))?;
    Ok(found)
}

fn ifinfomsg(index: u32) -> [u8; IFINFOMSG] {
    let mut bytes = [0; IFINFOMSG];
    bytes[4..8].copy_from_slice(&index.to_ne_bytes());
    bytes
}

fn parse(answer: &[u8]) -> Option<Link> {
    let rest = answer.get(IFINFOMSG..)?;
    let name = attribute(rest, libc::IFLA_IFNAME)?;
    Some(Link {
        index: read_u32(answer, 4)?,
        name: String::from_utf8_lossy(name.strip_suffix(&[0]).unwrap_or(name)).into_owned(),
        mtu: attribute(rest, libc::IFLA_MTU).and_then(|mtu| read_u32(mtu, 0))?,
        mac: attribute(rest, libc::IFLA_ADDRESS).and_then(|mac| mac.try_into().ok()).map(MacAddr),
        hardware: read_u16(answer, 2)?,
        flags: read_u32(answer, 8)?,
    })
}

#[cold]
fn no_such_interface(netlink: &mut Netlink, name: &str) -> SendError {
    const MOST: usize = 3;
    let mut names: Vec<String> = all(netlink).unwrap_or_default().into_iter().map(|link| link.name).collect();
    names.sort_by_cached_key(|other| distance(name, other));
    names.truncate(MOST);
    let message = match &names[..] {
        [] => "no interface has this name, and there are no others".to_owned(),
        names => format!("no interface has this name; the nearest: {}", names.join(", ")),
    };
    SendError::new(SendErrorKind::NoSuchInterface, message).on_interface(name)
}

/// How many letters are to be put in, taken out or changed to make the one of the other (Wagner and Fischer, 1974).
fn distance(a: &str, b: &str) -> usize {
    // A name is that long at most; a text that was passed by mistake need not be compared to its end.
    const ENOUGH: usize = 32;
    let b: Vec<char> = b.chars().take(ENOUGH).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().take(ENOUGH).enumerate() {
        let mut diagonal = i;
        row[0] = i + 1;
        for (j, other) in b.iter().enumerate() {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = row[j + 1];
            row[j + 1] = changed.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_comes_on_top_of_ethernet_alone() {
        let mut link = Link {
            index: 1,
            name: "eth0".into(),
            mtu: 1500,
            mac: None,
            hardware: libc::ARPHRD_ETHER,
            flags: 0,
        };
        let mut frame = vec![0; 1519];
        frame[12] = 0x81;
        assert_eq!((link.limit(&[]), link.limit(&frame)), (1514, 1518));
        let error = link.too_long(&frame);
        assert_eq!(
            error.to_string(),
            "eth0: the frame has 1519 bytes, 1 more than 1518, its MTU of 1500 and a link header of 14 and a tag of 4"
        );
        assert_eq!(error.excess().and_then(|excess| excess.mtu), Some(1500));
        link.hardware = libc::ARPHRD_LOOPBACK;
        assert_eq!(link.limit(&frame), 1514);
        link.hardware = libc::ARPHRD_NONE;
        assert_eq!(link.limit(&frame), 1500);
    }

    #[test]
    fn names_have_distances() {
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("kitten", "sitting")), (3, 3, 3));
    }
}
