//! Link types: the LINKTYPE_ registry of the tcpdump group, as savefiles carry it.

use crate::header::number;

number! {
    /// What a captured frame starts with. Values are those of savefiles (LINKTYPE_), not an operating system's DLT_.
    pub struct LinkType(u16) {
        NULL = 0, "NULL";
        ETHERNET = 1, "EN10MB";
        EXP_ETHERNET = 2, "EN3MB";
        AX25 = 3, "AX25";
        PRONET = 4, "PRONET";
        CHAOS = 5, "CHAOS";
        IEEE802_5 = 6, "IEEE802";
        ARCNET_BSD = 7, "ARCNET";
        SLIP = 8, "SLIP";
        PPP = 9, "PPP";
        FDDI = 10, "FDDI";
        ATM_RFC1483_11 = 11, "ATM_RFC1483";
        RAW_12 = 12, "RAW";
        RAW_14 = 14, "RAW";
        PPP_HDLC = 50, "PPP_SERIAL";
        PPP_ETHER = 51, "PPP_ETHER";
        SYMANTEC_FIREWALL = 99, "SYMANTEC_FIREWALL";
        ATM_RFC1483 = 100, "ATM_RFC1483";
        RAW = 101, "RAW";
        C_HDLC = 104, "C_HDLC";
        IEEE802_11 = 105, "IEEE802_11";
        ATM_CLIP = 106, "ATM_CLIP";
        FRELAY = 107, "FRELAY";
        LOOP = 108, "LOOP";
        ENC = 109, "ENC";
        LINUX_SLL = 113, "LINUX_SLL";
        LTALK = 114, "LTALK";
        PFLOG = 117, "PFLOG";
        PRISM_HEADER = 119, "PRISM_HEADER";
        IP_OVER_FC = 122, "IP_OVER_FC";
        SUNATM = 123, "SUNATM";
        IEEE802_11_RADIOTAP = 127, "IEEE802_11_RADIO";
        ARCNET_LINUX = 129, "ARCNET_LINUX";
        JUNIPER_ATM1 = 137, "JUNIPER_ATM1";
        APPLE_IP_OVER_IEEE1394 = 138, "APPLE_IP_OVER_IEEE1394";
        MTP2_WITH_PHDR = 139, "MTP2_WITH_PHDR";
        MTP2 = 140, "MTP2";
        MTP3 = 141, "MTP3";
        SCCP = 142, "SCCP";
        DOCSIS = 143, "DOCSIS";
        LINUX_IRDA = 144, "LINUX_IRDA";
        USER0 = 147, "USER0";
        USER1 = 148, "USER1";
        USER2 = 149, "USER2";
        USER3 = 150, "USER3";
        USER4 = 151, "USER4";
        USER5 = 152, "USER5";
        USER6 = 153, "USER6";
        USER7 = 154, "USER7";
        USER8 = 155, "USER8";
        USER9 = 156, "USER9";
        USER10 = 157, "USER10";
        USER11 = 158, "USER11";
        USER12 = 159, "USER12";
        USER13 = 160, "USER13";
        USER14 = 161, "USER14";
        USER15 = 162, "USER15";
        IEEE802_11_AVS = 163, "IEEE802_11_RADIO_AVS";
        BACNET_MS_TP = 165, "BACNET_MS_TP";
        PPP_PPPD = 166, "PPP_PPPD";
        GPRS_LLC = 169, "GPRS_LLC";
        BLUETOOTH_HCI_H4 = 187, "BLUETOOTH_HCI_H4";
        USB_LINUX = 189, "USB_LINUX";
        PPI = 192, "PPI";
        IEEE802_15_4 = 195, "IEEE802_15_4";
        ERF = 197, "ERF";
        USB_LINUX_MMAPPED = 220, "USB_LINUX_MMAPPED";
        FC_2 = 224, "FC_2";
        IPNET = 226, "IPNET";
        CAN_SOCKETCAN = 227, "CAN_SOCKETCAN";
        IPV4 = 228, "IPV4";
        IPV6 = 229, "IPV6";
        IEEE802_15_4_NOFCS = 230, "IEEE802_15_4_NOFCS";
        DBUS = 231, "DBUS";
        NFLOG = 239, "NFLOG";
        MPEG_2_TS = 243, "MPEG_2_TS";
        NETANALYZER = 240, "NETANALYZER";
        IPOIB = 242, "IPOIB";
        NFC_LLCP = 245, "NFC_LLCP";
        SCTP = 248, "SCTP";
        NETLINK = 253, "NETLINK";
        BLUETOOTH_LINUX_MONITOR = 254, "BLUETOOTH_LINUX_MONITOR";
        BLUETOOTH_LE_LL = 251, "BLUETOOTH_LE_LL";
        BLUETOOTH_LE_LL_WITH_PHDR = 256, "BLUETOOTH_LE_LL_WITH_PHDR";
        PKTAP = 258, "PKTAP";
        EPON = 259, "EPON";
        LINUX_SLL2 = 276, "LINUX_SLL2";
        VSOCK = 271, "VSOCK";
        ETHERNET_MPACKET = 274, "ETHERNET_MPACKET";
        DSA_TAG_BRCM = 281, "DSA_TAG_BRCM";
        DSA_TAG_BRCM_PREPEND = 282, "DSA_TAG_BRCM_PREPEND";
        DSA_TAG_DSA = 284, "DSA_TAG_DSA";
        DSA_TAG_EDSA = 285, "DSA_TAG_EDSA";
    }
}

#[cfg(test)]
mod tests {
    use super::LinkType;
    use crate::testing::format;

    /// pcap-linktype(7): LINKTYPE_USER0 to LINKTYPE_USER15 are 147 to 162.
    #[test]
    fn all_that_are_reserved_for_users_have_names() {
        for user in 0..16 {
            let (number, name) = (LinkType(147 + user), format!("USER{user}"));
            assert_eq!(number.name(), Some(&*name));
            assert_eq!(LinkType::from_name(&name), Some(number));
        }
        assert_eq!((LinkType::USER0, LinkType::USER15), (LinkType(147), LinkType(162)));
    }
}
