//! PPP, as its protocol field stands uncompressed before the information.
//!
//! ```text
//!  0                   1
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5
//! +-------------------------------+
//! |            protocol           |   (RFC 1661, 2)
//! +-------------------------------+
//! ```

use crate::header::{header, number};

header! {
    /// The PPP protocol field: 2 bytes.
    pub struct PppHeader {
        /// What follows.
        protocol, set_protocol: PppProtocol;
    }
}

number! {
    /// What a PPP frame carries (IANA "ppp-numbers"): odd in its low byte, even in its high one. 0x0xxx and 0x4xxx are network
    /// layers, 0x8xxx their control protocols, 0xcxxx those of the link.
    pub struct PppProtocol(u16) {
        PADDING = 0x0001, "Padding";
        ROHC_SMALL_CID = 0x0003, "ROHC small-CID";
        ROHC_LARGE_CID = 0x0005, "ROHC large-CID";
        IPV4 = 0x0021, "IPv4";
        OSI = 0x0023, "OSI network layer";
        XNS_IDP = 0x0025, "XNS IDP";
        DECNET = 0x0027, "DECnet phase IV";
        APPLETALK = 0x0029, "AppleTalk";
        IPX = 0x002b, "IPX";
        VJ_COMPRESSED = 0x002d, "Van Jacobson compressed TCP/IP";
        VJ_UNCOMPRESSED = 0x002f, "Van Jacobson uncompressed TCP/IP";
        BRIDGING = 0x0031, "Bridging PDU";
        VINES = 0x0035, "Banyan Vines";
        MULTILINK = 0x003d, "Multilink";
        NETBIOS = 0x003f, "NetBIOS framing";
        CISCO = 0x0041, "Cisco Systems";
        ENCRYPTION = 0x0053, "Encryption";
        LINK_ENCRYPTION = 0x0055, "Individual link encryption";
        IPV6 = 0x0057, "IPv6";
        MUX = 0x0059, "PPP muxing";
        LINK_COMPRESSION = 0x00fb, "Individual link compression";
        COMPRESSED = 0x00fd, "Compressed datagram";
        MPLS_UNICAST = 0x0281, "MPLS unicast";
        MPLS_MULTICAST = 0x0283, "MPLS multicast";
        IPCP = 0x8021, "IPCP";
        OSINLCP = 0x8023, "OSI network layer control";
        XNSCP = 0x8025, "XNS IDP control";
        DNCP = 0x8027, "DECnet phase IV control";
        ATCP = 0x8029, "AppleTalk control";
        IPXCP = 0x802b, "IPXCP";
        BCP = 0x8031, "Bridging control";
        BVCP = 0x8035, "Banyan Vines control";
        NBFCP = 0x803f, "NetBIOS framing control";
        ECP = 0x8053, "Encryption control";
        LINK_ECP = 0x8055, "Individual link encryption control";
        IPV6CP = 0x8057, "IPV6CP";
        LINK_CCP = 0x80fb, "Individual link compression control";
        CCP = 0x80fd, "CCP";
        MPLSCP = 0x8281, "MPLS control";
        LCP = 0xc021, "LCP";
        PAP = 0xc023, "PAP";
        LQR = 0xc025, "Link quality report";
        CBCP = 0xc029, "Callback control";
        BACP = 0xc02b, "Bandwidth allocation control";
        BAP = 0xc02d, "Bandwidth allocation";
        CHAP = 0xc223, "CHAP";
        EAP = 0xc227, "EAP";
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_written_as_it_is_read() {
        let mut header = PppHeader::zeroed();
        header.set_protocol(PppProtocol::IPV6);
        assert_eq!((header.as_bytes(), PppHeader::LEN), (&[0x00, 0x57][..], 2));
        let (header, rest) = PppHeader::split(&[0xc0, 0x21, 1]).unwrap();
        assert_eq!((header.protocol(), rest), (PppProtocol::LCP, &[1][..]));
    }

    #[test]
    fn numbers_are_well_formed() {
        // RFC 1661, 2: the low bit of the low byte is 1, that of the high byte 0.
        let named = (0..=u16::MAX).filter(|number| PppProtocol(*number).name().is_some());
        named.for_each(|number| assert_eq!(number & 0x0101, 1, "{number:#06x}"));
    }
}
