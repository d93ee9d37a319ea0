//! DNS.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-+-------+-+-+-+-+-+-+-+-------+
//! |               id              |Q| opcode|A|T|R|R|Z|A|C| rcode |   (RFC 1035, 4.1.1; RFC 2535, 6.1)
//! |                               |R|       |A|C|D|A| |D|D|       |
//! +-------------------------------+-+-------+-+-+-+-+-+-+-+-------+
//! |            qdcount            |            ancount            |
//! +-------------------------------+-------------------------------+
//! |            nscount            |            arcount            |
//! +-------------------------------+-------------------------------+
//! ```
//!
//! Over TCP a length of 16 bits stands before the message (RFC 1035, 4.2.2).

use crate::header::{header, number};

header! {
    /// The DNS header: 12 bytes.
    pub struct DnsHeader {
        /// Identifier, the same in query and response.
        id, set_id: u16;
        /// QR (highest bit), opcode (four), AA, TC, RD, RA, Z, AD, CD, response code (low four).
        flags, set_flags: u16;
        /// Number of questions; of zones in an update (RFC 2136).
        qdcount, set_qdcount: u16;
        /// Number of answers; of prerequisites in an update.
        ancount, set_ancount: u16;
        /// Number of authority records; of changes in an update.
        nscount, set_nscount: u16;
        /// Number of additional records.
        arcount, set_arcount: u16;
    }
}

impl DnsHeader {
    /// QR: whether the message is a response.
    pub fn qr(&self) -> bool {
        self.bit(0x8000)
    }

    /// Kind of query, 4 bits.
    pub fn opcode(&self) -> DnsOpcode {
        DnsOpcode((self.flags() >> 11 & 0x0f) as u8)
    }

    /// AA: whether the answer is authoritative.
    pub fn aa(&self) -> bool {
        self.bit(0x0400)
    }

    /// TC: whether the message was cut short.
    pub fn tc(&self) -> bool {
        self.bit(0x0200)
    }

    /// RD: whether recursion is desired.
    pub fn rd(&self) -> bool {
        self.bit(0x0100)
    }

    /// RA: whether recursion is available.
    pub fn ra(&self) -> bool {
        self.bit(0x0080)
    }

    /// Z: the reserved bit; 0.
    pub fn z(&self) -> bool {
        self.bit(0x0040)
    }

    /// AD: whether the data is authentic (RFC 2535, RFC 4035).
    pub fn ad(&self) -> bool {
        self.bit(0x0020)
    }

    /// CD: whether checking is disabled (RFC 2535, RFC 4035).
    pub fn cd(&self) -> bool {
        self.bit(0x0010)
    }

    /// Response code: its low four bits, which the OPT record extends by eight (RFC 6891, 6.1.3).
    pub fn rcode(&self) -> DnsRcode {
        DnsRcode(self.flags() & 0x0f)
    }

    /// Sets [`qr`](Self::qr).
    pub fn set_qr(&mut self, set: bool) {
        self.set_bit(0x8000, set);
    }

    /// Sets [`opcode`](Self::opcode); the value's low four bits count.
    pub fn set_opcode(&mut self, opcode: DnsOpcode) {
        self.set_flags(self.flags() & 0x87ff | u16::from(opcode.0 & 0x0f) << 11);
    }

    /// Sets [`aa`](Self::aa).
    pub fn set_aa(&mut self, set: bool) {
        self.set_bit(0x0400, set);
    }

    /// Sets [`tc`](Self::tc).
    pub fn set_tc(&mut self, set: bool) {
        self.set_bit(0x0200, set);
    }

    /// Sets [`rd`](Self::rd).
    pub fn set_rd(&mut self, set: bool) {
        self.set_bit(0x0100, set);
    }

    /// Sets [`ra`](Self::ra).
    pub fn set_ra(&mut self, set: bool) {
        self.set_bit(0x0080, set);
    }

    /// Sets [`z`](Self::z).
    pub fn set_z(&mut self, set: bool) {
        self.set_bit(0x0040, set);
    }

    /// Sets [`ad`](Self::ad).
    pub fn set_ad(&mut self, set: bool) {
        self.set_bit(0x0020, set);
    }

    /// Sets [`cd`](Self::cd).
    pub fn set_cd(&mut self, set: bool) {
        self.set_bit(0x0010, set);
    }

    /// Sets [`rcode`](Self::rcode); the value's low four bits count.
    pub fn set_rcode(&mut self, rcode: DnsRcode) {
        self.set_flags(self.flags() & 0xfff0 | rcode.0 & 0x0f);
    }

    fn bit(&self, mask: u16) -> bool {
        self.flags() & mask != 0
    }

    fn set_bit(&mut self, mask: u16, set: bool) {
        self.set_flags(self.flags() & !mask | if set { mask } else { 0 });
    }
}

number! {
    /// What kind of query a message is (IANA "dns-parameters").
    pub struct DnsOpcode(u8) {
        QUERY = 0, "Query";
        INVERSE_QUERY = 1, "IQuery";
        STATUS = 2, "Status";
        NOTIFY = 4, "Notify";
        UPDATE = 5, "Update";
        STATEFUL = 6, "DSO";
    }
}

number! {
    /// How a query went (IANA "dns-parameters"). From 16 on only in OPT, TSIG and TKEY records.
    pub struct DnsRcode(u16) {
        NO_ERROR = 0, "NoError";
        FORMAT_ERROR = 1, "FormErr";
        SERVER_FAILURE = 2, "ServFail";
        NX_DOMAIN = 3, "NXDomain";
        NOT_IMPLEMENTED = 4, "NotImp";
        REFUSED = 5, "Refused";
        YX_DOMAIN = 6, "YXDomain";
        YX_RRSET = 7, "YXRRSet";
        NX_RRSET = 8, "NXRRSet";
        NOT_AUTH = 9, "NotAuth";
        NOT_ZONE = 10, "NotZone";
        DSO_TYPE_NOT_IMPLEMENTED = 11, "DSOTYPENI";
        /// BADSIG in a TSIG record.
        BAD_VERSION = 16, "BADVERS";
        BAD_KEY = 17, "BADKEY";
        BAD_TIME = 18, "BADTIME";
        BAD_MODE = 19, "BADMODE";
        BAD_NAME = 20, "BADNAME";
        BAD_ALGORITHM = 21, "BADALG";
        BAD_TRUNCATION = 22, "BADTRUNC";
        BAD_COOKIE = 23, "BADCOOKIE";
    }
}

number! {
    /// The class of a question or record (IANA "dns-parameters"). Multicast DNS has a flag in its highest bit (RFC 6762, 18.12
    /// and 18.13); in an OPT record the sender's UDP payload size stands there (RFC 6891, 6.1.2).
    pub struct DnsClass(u16) {
        IN = 1, "IN";
        CSNET = 2, "CS";
        CHAOS = 3, "CH";
        HESIOD = 4, "HS";
        NONE = 254, "NONE";
        ANY = 255, "ANY";
    }
}

number! {
    /// The type of a record, or what a question asks for (IANA "dns-parameters").
    pub struct DnsType(u16) {
        A = 1, "A";
        NS = 2, "NS";
        MD = 3, "MD";
        MF = 4, "MF";
        CNAME = 5, "CNAME";
        SOA = 6, "SOA";
        MB = 7, "MB";
        MG = 8, "MG";
        MR = 9, "MR";
        NULL = 10, "NULL";
        WKS = 11, "WKS";
        PTR = 12, "PTR";
        HINFO = 13, "HINFO";
        MINFO = 14, "MINFO";
        MX = 15, "MX";
        TXT = 16, "TXT";
        RP = 17, "RP";
        AFSDB = 18, "AFSDB";
        X25 = 19, "X25";
        ISDN = 20, "ISDN";
        RT = 21, "RT";
        NSAP = 22, "NSAP";
        NSAP_PTR = 23, "NSAP-PTR";
        SIG = 24, "SIG";
        KEY = 25, "KEY";
        PX = 26, "PX";
        GPOS = 27, "GPOS";
        AAAA = 28, "AAAA";
        LOC = 29, "LOC";
        NXT = 30, "NXT";
        EID = 31, "EID";
        NIMLOC = 32, "NIMLOC";
        SRV = 33, "SRV";
        ATMA = 34, "ATMA";
        NAPTR = 35, "NAPTR";
        KX = 36, "KX";
        CERT = 37, "CERT";
        A6 = 38, "A6";
        DNAME = 39, "DNAME";
        SINK = 40, "SINK";
        OPT = 41, "OPT";
        APL = 42, "APL";
        DS = 43, "DS";
        SSHFP = 44, "SSHFP";
        IPSECKEY = 45, "IPSECKEY";
        RRSIG = 46, "RRSIG";
        NSEC = 47, "NSEC";
        DNSKEY = 48, "DNSKEY";
        DHCID = 49, "DHCID";
        NSEC3 = 50, "NSEC3";
        NSEC3PARAM = 51, "NSEC3PARAM";
        TLSA = 52, "TLSA";
        SMIMEA = 53, "SMIMEA";
        HIP = 55, "HIP";
        NINFO = 56, "NINFO";
        RKEY = 57, "RKEY";
        TALINK = 58, "TALINK";
        CDS = 59, "CDS";
        CDNSKEY = 60, "CDNSKEY";
        OPENPGPKEY = 61, "OPENPGPKEY";
        CSYNC = 62, "CSYNC";
        ZONEMD = 63, "ZONEMD";
        SVCB = 64, "SVCB";
        HTTPS = 65, "HTTPS";
        SPF = 99, "SPF";
        UINFO = 100, "UINFO";
        UID = 101, "UID";
        GID = 102, "GID";
        UNSPEC = 103, "UNSPEC";
        NID = 104, "NID";
        L32 = 105, "L32";
        L64 = 106, "L64";
        LP = 107, "LP";
        EUI48 = 108, "EUI48";
        EUI64 = 109, "EUI64";
        TKEY = 249, "TKEY";
        TSIG = 250, "TSIG";
        IXFR = 251, "IXFR";
        AXFR = 252, "AXFR";
        MAILB = 253, "MAILB";
        MAILA = 254, "MAILA";
        ANY = 255, "ANY";
        URI = 256, "URI";
        CAA = 257, "CAA";
        TA = 32768, "TA";
        DLV = 32769, "DLV";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_response() {
        // DNS(id=26046, qr=1, aa=1, rd=1, qdcount=1, ancount=2), as scapy writes it.
        let mut header = DnsHeader::zeroed();
        header.set_id(26046);
        header.set_qr(true);
        header.set_aa(true);
        header.set_rd(true);
        header.set_qdcount(1);
        header.set_ancount(2);
        assert_eq!(header.as_bytes(), bytes("65be 8500 0001 0002 0000 0000"));
        assert_eq!((header.opcode(), header.rcode()), (DnsOpcode::QUERY, DnsRcode::NO_ERROR));
    }

    #[test]
    fn each_bit_has_its_place() {
        type Set = fn(&mut DnsHeader, bool);
        type Get = fn(&DnsHeader) -> bool;
        // tshark 4.0 -G fields: the masks of dns.flags.*.
        let bits: [(Get, Set, u16); 8] = [
            (DnsHeader::qr, DnsHeader::set_qr, 0x8000),
            (DnsHeader::aa, DnsHeader::set_aa, 0x0400),
            (DnsHeader::tc, DnsHeader::set_tc, 0x0200),
            (DnsHeader::rd, DnsHeader::set_rd, 0x0100),
            (DnsHeader::ra, DnsHeader::set_ra, 0x0080),
            (DnsHeader::z, DnsHeader::set_z, 0x0040),
            (DnsHeader::ad, DnsHeader::set_ad, 0x0020),
            (DnsHeader::cd, DnsHeader::set_cd, 0x0010),
        ];
        for (get, set, mask) in bits {
            let mut header = DnsHeader::zeroed();
            set(&mut header, true);
            assert_eq!((header.flags(), get(&header)), (mask, true));
            header.set_flags(0xffff);
            set(&mut header, false);
            assert_eq!((header.flags(), get(&header)), (!mask, false));
        }
    }

    #[test]
    fn opcode_and_rcode_are_set_apart() {
        let mut header = DnsHeader::zeroed();
        header.set_opcode(DnsOpcode::UPDATE);
        header.set_rcode(DnsRcode::NOT_ZONE);
        assert_eq!(header.flags(), 0x280a);
        header.set_flags(0xffff);
        header.set_opcode(DnsOpcode(0xf0));
        header.set_rcode(DnsRcode::BAD_VERSION);
        assert_eq!((header.flags(), header.opcode(), header.rcode().0), (0x87f0, DnsOpcode::QUERY, 0));
    }
}
