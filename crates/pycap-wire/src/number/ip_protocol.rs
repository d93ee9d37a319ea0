//! IP protocol numbers (IANA "protocol-numbers"), which IPv6 also uses for its extension headers.

use crate::header::number;

number! {
    /// What an IP packet, or an IPv6 extension header, carries.
    pub struct IpProtocol(u8) {
        HOP_BY_HOP = 0, "IPv6 hop-by-hop options";
        ICMP = 1, "ICMP";
        IGMP = 2, "IGMP";
        GGP = 3, "GGP";
        IPV4 = 4, "IPv4";
        ST = 5, "ST";
        TCP = 6, "TCP";
        CBT = 7, "CBT";
        EGP = 8, "EGP";
        IGP = 9, "IGP";
        PUP = 12, "PUP";
        UDP = 17, "UDP";
        HMP = 20, "HMP";
        IDP = 22, "XNS IDP";
        RDP = 27, "RDP";
        TP4 = 29, "ISO TP4";
        DCCP = 33, "DCCP";
        XTP = 36, "XTP";
        DDP = 37, "DDP";
        IPV6 = 41, "IPv6";
        SDRP = 42, "SDRP";
        ROUTING = 43, "IPv6 routing";
        FRAGMENT = 44, "IPv6 fragment";
        IDRP = 45, "IDRP";
        RSVP = 46, "RSVP";
        GRE = 47, "GRE";
        DSR = 48, "DSR";
        ESP = 50, "ESP";
        AH = 51, "AH";
        MOBILE = 55, "Minimal IPv4 encapsulation";
        SKIP = 57, "SKIP";
        ICMPV6 = 58, "ICMPv6";
        NO_NEXT_HEADER = 59, "No next header";
        DESTINATION_OPTIONS = 60, "IPv6 destination options";
        EIGRP = 88, "EIGRP";
        OSPF = 89, "OSPF";
        IPIP = 94, "IPIP";
        ETHERIP = 97, "EtherIP";
        ENCAP = 98, "ENCAP";
        PIM = 103, "PIM";
        IPCOMP = 108, "IPComp";
        VRRP = 112, "VRRP";
        PGM = 113, "PGM";
        L2TP = 115, "L2TP";
        STP = 118, "STP";
        ISIS = 124, "IS-IS";
        FIBRE_CHANNEL = 133, "Fibre Channel";
        MOBILITY = 135, "Mobility header";
        UDP_LITE = 136, "UDP-Lite";
        MPLS = 137, "MPLS in IP";
        HIP = 139, "HIP";
        SHIM6 = 140, "Shim6";
        WESP = 141, "WESP";
        ROHC = 142, "ROHC";
        ETHERNET = 143, "Ethernet";
        AGGFRAG = 144, "AGGFRAG";
        NSH = 145, "NSH";
        SCTP = 132, "SCTP";
    }
}

impl IpProtocol {
    /// Whether the number is an IPv6 extension header that names its own next header in its first byte:
    /// hop-by-hop, routing, fragment, AH, destination options, mobility (RFC 7045).
    pub fn is_ipv6_extension(self) -> bool {
        matches!(
            self,
            Self::HOP_BY_HOP
                | Self::ROUTING
                | Self::FRAGMENT
                | Self::AH
                | Self::DESTINATION_OPTIONS
                | Self::MOBILITY
        )
    }
}
