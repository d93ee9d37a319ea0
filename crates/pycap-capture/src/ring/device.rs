//! Interfaces, as far as opening a ring needs to know them.

use crate::LinkType;

/// What a ring delivers of an interface: the one place that says so, for captures, filters and lists of interfaces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Delivery {
    /// What frames start with.
    pub(crate) link_type: LinkType,
    /// The kernel takes the link's header off, and one of the cooked capture stands in for it.
    pub(crate) cooked: bool,
}

/// For an interface of this hardware type (ARPHRD_*, include/uapi/linux/if_arp.h).
pub(crate) fn delivery(hardware: u16) -> Delivery {
    match link_type(hardware) {
        Some(link_type) => Delivery { link_type, cooked: false },
        None => Delivery { link_type: LinkType::LINUX_SLL2, cooked: true },
    }
}

/// What frames start with as the kernel has them; `None` where it is not certain. What libpcap takes them for, too (`map_arphrd_to_dlt` in
/// pcap-linux.c), and of its cooked captures those that have no header at all: ARPHRD_TUNNEL6 and ARPHRD_RAWIP.
fn link_type(hardware: u16) -> Option<LinkType> {
    Some(match hardware {
        libc::ARPHRD_ETHER | libc::ARPHRD_METRICOM | libc::ARPHRD_LOOPBACK => LinkType::ETHERNET,
        libc::ARPHRD_EETHER => LinkType::EXP_ETHERNET,
        libc::ARPHRD_AX25 => LinkType(202),
        libc::ARPHRD_PRONET => LinkType::PRONET,
        libc::ARPHRD_CHAOS => LinkType::CHAOS,
        libc::ARPHRD_CAN => LinkType::CAN_SOCKETCAN,
        libc::ARPHRD_IEEE802 | libc::ARPHRD_IEEE802_TR => LinkType::IEEE802_5,
        libc::ARPHRD_ARCNET => LinkType::ARCNET_LINUX,
        libc::ARPHRD_FDDI => LinkType::FDDI,
        libc::ARPHRD_IEEE80211 => LinkType::IEEE802_11,
        libc::ARPHRD_IEEE80211_PRISM => LinkType::PRISM_HEADER,
        libc::ARPHRD_IEEE80211_RADIOTAP => LinkType::IEEE802_11_RADIOTAP,
        libc::ARPHRD_HDLC => LinkType::C_HDLC,
        libc::ARPHRD_FRAD => LinkType::FRELAY,
        libc::ARPHRD_LOCALTLK => LinkType::LTALK,
        libc::ARPHRD_FCPP | libc::ARPHRD_FCAL | libc::ARPHRD_FCPL | libc::ARPHRD_FCFABRIC => LinkType::FC_2,
        libc::ARPHRD_IRDA => LinkType::LINUX_IRDA,
        libc::ARPHRD_IEEE802154 => LinkType::IEEE802_15_4_NOFCS,
        ARPHRD_NETLINK => LinkType::NETLINK,
        ARPHRD_VSOCKMON => LinkType::VSOCK,
        libc::ARPHRD_TUNNEL
        | libc::ARPHRD_TUNNEL6
        | libc::ARPHRD_SIT
        | libc::ARPHRD_SLIP
        | libc::ARPHRD_CSLIP
        | libc::ARPHRD_SLIP6
        | libc::ARPHRD_CSLIP6
        | libc::ARPHRD_ADAPT
        | libc::ARPHRD_RAWHDLC
        | libc::ARPHRD_DLCI
        | ARPHRD_RAWIP
        | libc::ARPHRD_NONE => LinkType::RAW,
        // PPP among them: some of its drivers leave the link's header out, some do not.
        _ => return None,
    })
}

/// The bytes of the link's header, for hardware types of which all frames have one of the same length, and what is behind it begins with
/// what the EtherType names. None of those without a header has one in a packet socket of any kind: `dev_has_header` of
/// include/linux/netdevice.h.
pub(super) const LINK_HEADERS: [(u16, u32); 7] = [
    (libc::ARPHRD_ETHER, ETHERNET),
    (libc::ARPHRD_LOOPBACK, ETHERNET),
    (libc::ARPHRD_NONE, 0),
    (ARPHRD_RAWIP, 0),
    (libc::ARPHRD_TUNNEL, 0),
    (libc::ARPHRD_TUNNEL6, 0),
    (libc::ARPHRD_SIT, 0),
];
const ETHERNET: u32 = super::prepare::ETHERNET_HEADER as u32;

/// How many bytes frames of this hardware type have ahead of their payload, where that is certain.
pub(super) fn link_header_len(hardware: u16) -> Option<u32> {
    LINK_HEADERS.iter().find(|(known, _)| *known == hardware).map(|(_, len)| *len)
}

const ARPHRD_RAWIP: u16 = 519;
const ARPHRD_NETLINK: u16 = 824;
const ARPHRD_VSOCKMON: u16 = 826;

/// The names of this network namespace's interfaces that look most like `name`, the nearest first.
pub(crate) fn nearest(name: &str, names: Vec<String>) -> Vec<String> {
    const MOST: usize = 3;
    let mut ranked: Vec<(usize, String)> =
        names.into_iter().map(|other| (distance(name, &other), other)).collect();
    ranked.sort();
    ranked.truncate(MOST);
    ranked.into_iter().map(|(_, name)| name).collect()
}

/// How many letters are to be put in, taken out or changed to make the one of the other.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    // The row of Wagner and Fischer's table for a prefix of `a`: the distance to each prefix of `b`.
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().enumerate() {
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
    fn the_nearest_names_come_first() {
        let names = ["lo", "eth0", "eth10", "wlan0", "docker0"].map(String::from).to_vec();
        assert_eq!(nearest("eht0", names.clone()), ["eth0", "eth10", "lo"]);
        assert_eq!(nearest("eth1", names), ["eth0", "eth10", "lo"]);
        assert_eq!((distance("", "abc"), distance("abc", ""), distance("kitten", "sitting")), (3, 3, 3));
    }
}
