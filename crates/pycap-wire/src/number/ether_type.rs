//! EtherTypes (IEEE 802, IANA "ieee-802-numbers").

use crate::header::number;

number! {
    /// What an Ethernet frame carries. Values up to [`MAX_LENGTH`](Self::MAX_LENGTH) in the same place are a length (802.3).
    pub struct EtherType(u16) {
        PUP = 0x0200, "PUP";
        IPV4 = 0x0800, "IPv4";
        ARP = 0x0806, "ARP";
        TRANSPARENT_ETHERNET_BRIDGING = 0x6558, "Transparent Ethernet Bridging";
        RARP = 0x8035, "RARP";
        APPLETALK = 0x809b, "AppleTalk";
        AARP = 0x80f3, "AppleTalk ARP";
        VLAN = 0x8100, "802.1Q VLAN";
        IPX = 0x8137, "IPX";
        IPV6 = 0x86dd, "IPv6";
        FLOW_CONTROL = 0x8808, "Ethernet flow control";
        SLOW = 0x8809, "Slow protocols";
        PPP = 0x880b, "PPP";
        MPLS_UNICAST = 0x8847, "MPLS unicast";
        MPLS_MULTICAST = 0x8848, "MPLS multicast";
        PPPOE_DISCOVERY = 0x8863, "PPPoE discovery";
        PPPOE_SESSION = 0x8864, "PPPoE session";
        JUMBO = 0x8870, "Jumbo frame";
        HOMEPLUG = 0x887b, "HomePlug";
        EAPOL = 0x888e, "EAP over LAN";
        PROFINET = 0x8892, "PROFINET";
        ATA_OVER_ETHERNET = 0x88a2, "ATA over Ethernet";
        ETHERCAT = 0x88a4, "EtherCAT";
        QINQ = 0x88a8, "802.1ad service VLAN";
        ETHERNET_POWERLINK = 0x88ab, "Ethernet Powerlink";
        GOOSE = 0x88b8, "IEC 61850 GOOSE";
        SV = 0x88ba, "IEC 61850 sampled values";
        LLDP = 0x88cc, "LLDP";
        MACSEC = 0x88e5, "MACsec";
        PBB = 0x88e7, "802.1ah provider backbone bridging";
        PTP = 0x88f7, "PTP";
        CFM = 0x8902, "802.1ag CFM";
        FCOE = 0x8906, "FCoE";
        ROCE = 0x8915, "RoCE";
        NSH = 0x894f, "NSH";
        LOOPBACK = 0x9000, "Ethernet configuration testing";
        VLAN_9100 = 0x9100, "VLAN, unofficial double tag";
        VLAN_9200 = 0x9200, "VLAN, unofficial double tag";
    }
}

impl EtherType {
    /// The largest value that is a length in the EtherType's place (IEEE 802.3).
    pub const MAX_LENGTH: u16 = 1500;

    /// Whether the value is an 802.3 length, not a type.
    #[inline(always)]
    pub fn is_length(self) -> bool {
        self.0 <= Self::MAX_LENGTH
    }

    /// Whether a VLAN tag follows: 0x8100 (IEEE 802.1Q), 0x88a8 (802.1ad), and what was used for outer tags before it,
    /// 0x9100 and 0x9200.
    #[inline(always)]
    pub fn is_vlan(self) -> bool {
        matches!(self, Self::VLAN | Self::QINQ | Self::VLAN_9100 | Self::VLAN_9200)
    }
}
