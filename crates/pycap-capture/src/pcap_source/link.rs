//! libpcap's numbers for link types, and those of savefiles.

use std::ffi::c_int;

use pycap_sys::pcap;

use crate::LinkType;

/// Where an operating system's number (DLT_*) is not the one of savefiles (LINKTYPE_*): libpcap's pcap-common.c. OpenBSD, NetBSD and
/// FreeBSD number some of them differently; pycap-sys has the numbers of the system that this is built for.
const DIFFERENT: [(c_int, LinkType); 9] = [
    (pcap::DLT_ATM_RFC1483, LinkType::ATM_RFC1483),
    (pcap::DLT_RAW, LinkType::RAW),
    (pcap::DLT_SLIP_BSDOS, LinkType(102)),
    (pcap::DLT_PPP_BSDOS, LinkType(103)),
    (pcap::DLT_ATM_CLIP, LinkType::ATM_CLIP),
    (pcap::DLT_LOOP, LinkType::LOOP),
    (pcap::DLT_ENC, LinkType::ENC),
    (pcap::DLT_PFSYNC, LinkType(246)),
    (pcap::DLT_PKTAP, LinkType::PKTAP),
];

/// The savefiles' number; those that no savefile has stay as they are.
pub(super) fn from_dlt(dlt: c_int) -> LinkType {
    let different = DIFFERENT.iter().find(|(system, _)| *system == dlt);
    different.map_or_else(|| LinkType(u16::try_from(dlt).unwrap_or(u16::MAX)), |(_, link_type)| *link_type)
}

/// The system's number.
pub(super) fn to_dlt(link_type: LinkType) -> c_int {
    // Savefiles that were written with the system's number for raw IP.
    let link_type = match link_type {
        LinkType::RAW_12 | LinkType::RAW_14 => LinkType::RAW,
        other => other,
    };
    let different = DIFFERENT.iter().find(|(_, savefile)| *savefile == link_type);
    different.map_or(c_int::from(link_type.0), |(system, _)| *system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_lead_back() {
        for number in 0..400 {
            let link_type = LinkType(number);
            // On this system these numbers mean what has another number in savefiles.
            if DIFFERENT
                .iter()
                .any(|(system, savefile)| *system == c_int::from(number) && *savefile != link_type)
            {
                continue;
            }
            if link_type != LinkType::RAW_12 && link_type != LinkType::RAW_14 {
                assert_eq!(from_dlt(to_dlt(link_type)), link_type);
            }
        }
        assert_eq!(from_dlt(pcap::DLT_RAW), LinkType::RAW);
        assert_eq!(to_dlt(LinkType::RAW_14), pcap::DLT_RAW);
        assert_eq!(from_dlt(pcap::DLT_EN10MB), LinkType::ETHERNET);
    }
}
