//! DHCP for IPv4, and BOOTP, whose message it is.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+---------------+---------------+
//! |       op      |     htype     |      hlen     |      hops     |   (RFC 951, 3; RFC 2131, 2)
//! +---------------+---------------+---------------+---------------+
//! |                              xid                              |
//! +-------------------------------+-+-----------------------------+
//! |              secs             |B|             flags           |
//! +-------------------------------+-+-----------------------------+
//! |                             ciaddr                            |
//! +---------------------------------------------------------------+
//! |                             yiaddr                            |
//! +---------------------------------------------------------------+
//! |                             siaddr                            |
//! +---------------------------------------------------------------+
//! |                             giaddr                            |
//! +---------------------------------------------------------------+
//! |                        chaddr, 16 bytes                       |
//! +---------------------------------------------------------------+
//! |                        sname, 64 bytes                        |
//! +---------------------------------------------------------------+
//! |                        file, 128 bytes                        |
//! +---------------------------------------------------------------+
//! |                          magic cookie                         |
//! +---------------------------------------------------------------+
//! |    options: code (1 byte), length of the value (1), value     |   (RFC 2132, 2)
//! +---------------------------------------------------------------+
//! ```
//!
//! The options [`PAD`](DhcpOptionCode::PAD) and [`END`](DhcpOptionCode::END) are their code alone.

use core::net::Ipv4Addr;

use crate::header::{header, number};

header! {
    /// The BOOTP message up to the magic cookie: 236 bytes.
    pub struct DhcpHeader {
        /// Whether a client or a server speaks.
        op, set_op: DhcpOperation;
        /// Type of the hardware address: the low byte of a [`HardwareType`](crate::HardwareType); 1 is Ethernet.
        htype, set_htype: u8;
        /// Length of the hardware address in bytes.
        hlen, set_hlen: u8;
        /// How many relays the message went through.
        hops, set_hops: u8;
        /// Transaction identifier, the same in request and reply.
        xid, set_xid: u32;
        /// Seconds since the client began.
        secs, set_secs: u16;
        /// Flags: broadcast (highest bit); the others 0.
        flags, set_flags: u16;
        /// Client's address, where it has one that it can answer for.
        ciaddr, set_ciaddr: Ipv4Addr;
        /// Your address: the one that the client is given.
        yiaddr, set_yiaddr: Ipv4Addr;
        /// Address of the server to boot from next.
        siaddr, set_siaddr: Ipv4Addr;
        /// Address of the relay.
        giaddr, set_giaddr: Ipv4Addr;
        /// Client's hardware address, then zero bytes.
        chaddr, set_chaddr: [u8; 16];
        /// Server's name, ended by a zero byte; options, where the option "overload" says so.
        sname, set_sname: [u8; 64];
        /// Name of the boot file, ended by a zero byte; options, where the option "overload" says so.
        file, set_file: [u8; 128];
    }
}

impl DhcpHeader {
    /// What stands between header and options (RFC 2131, 3).
    pub const MAGIC_COOKIE: [u8; 4] = [99, 130, 83, 99];

    /// B: whether the client wants the reply broadcast.
    pub fn broadcast(&self) -> bool {
        self.flags() & 0x8000 != 0
    }

    /// Sets [`broadcast`](Self::broadcast).
    pub fn set_broadcast(&mut self, broadcast: bool) {
        self.set_flags(self.flags() & 0x7fff | u16::from(broadcast) << 15);
    }
}

number! {
    /// Who speaks (RFC 951, 3).
    pub struct DhcpOperation(u8) {
        BOOT_REQUEST = 1, "Boot Request";
        BOOT_REPLY = 2, "Boot Reply";
    }
}

number! {
    /// What a message is, by its option 53 (IANA "bootp-dhcp-parameters").
    pub struct DhcpMessageType(u8) {
        DISCOVER = 1, "Discover";
        OFFER = 2, "Offer";
        REQUEST = 3, "Request";
        DECLINE = 4, "Decline";
        ACK = 5, "ACK";
        NAK = 6, "NAK";
        RELEASE = 7, "Release";
        INFORM = 8, "Inform";
        FORCE_RENEW = 9, "Force Renew";
        LEASE_QUERY = 10, "Lease Query";
        LEASE_UNASSIGNED = 11, "Lease Unassigned";
        LEASE_UNKNOWN = 12, "Lease Unknown";
        LEASE_ACTIVE = 13, "Lease Active";
        BULK_LEASE_QUERY = 14, "Bulk Lease Query";
        LEASE_QUERY_DONE = 15, "Lease Query Done";
        ACTIVE_LEASE_QUERY = 16, "Active Lease Query";
        LEASE_QUERY_STATUS = 17, "Lease Query Status";
        TLS = 18, "TLS";
    }
}

number! {
    /// What an option is (RFC 2132; IANA "bootp-dhcp-parameters").
    pub struct DhcpOptionCode(u8) {
        PAD = 0, "Pad";
        SUBNET_MASK = 1, "Subnet Mask";
        TIME_OFFSET = 2, "Time Offset";
        ROUTER = 3, "Router";
        TIME_SERVER = 4, "Time Server";
        NAME_SERVER = 5, "Name Server";
        DOMAIN_NAME_SERVER = 6, "Domain Name Server";
        LOG_SERVER = 7, "Log Server";
        QUOTES_SERVER = 8, "Quotes Server";
        LPR_SERVER = 9, "LPR Server";
        IMPRESS_SERVER = 10, "Impress Server";
        RESOURCE_LOCATION_SERVER = 11, "Resource Location Server";
        HOST_NAME = 12, "Host Name";
        BOOT_FILE_SIZE = 13, "Boot File Size";
        MERIT_DUMP_FILE = 14, "Merit Dump File";
        DOMAIN_NAME = 15, "Domain Name";
        SWAP_SERVER = 16, "Swap Server";
        ROOT_PATH = 17, "Root Path";
        EXTENSIONS_PATH = 18, "Extensions Path";
        IP_FORWARDING = 19, "IP Forwarding";
        NON_LOCAL_SOURCE_ROUTING = 20, "Non-Local Source Routing";
        POLICY_FILTER = 21, "Policy Filter";
        MAX_DATAGRAM_REASSEMBLY = 22, "Maximum Datagram Reassembly Size";
        DEFAULT_TTL = 23, "Default IP Time-to-Live";
        PATH_MTU_AGING_TIMEOUT = 24, "Path MTU Aging Timeout";
        PATH_MTU_PLATEAU_TABLE = 25, "Path MTU Plateau Table";
        INTERFACE_MTU = 26, "Interface MTU";
        ALL_SUBNETS_LOCAL = 27, "All Subnets Are Local";
        BROADCAST_ADDRESS = 28, "Broadcast Address";
        PERFORM_MASK_DISCOVERY = 29, "Perform Mask Discovery";
        MASK_SUPPLIER = 30, "Mask Supplier";
        PERFORM_ROUTER_DISCOVERY = 31, "Perform Router Discovery";
        ROUTER_SOLICITATION_ADDRESS = 32, "Router Solicitation Address";
        STATIC_ROUTE = 33, "Static Route";
        TRAILER_ENCAPSULATION = 34, "Trailer Encapsulation";
        ARP_CACHE_TIMEOUT = 35, "ARP Cache Timeout";
        ETHERNET_ENCAPSULATION = 36, "Ethernet Encapsulation";
        TCP_DEFAULT_TTL = 37, "TCP Default TTL";
        TCP_KEEPALIVE_INTERVAL = 38, "TCP Keepalive Interval";
        TCP_KEEPALIVE_GARBAGE = 39, "TCP Keepalive Garbage";
        NIS_DOMAIN = 40, "NIS Domain";
        NIS_SERVERS = 41, "NIS Servers";
        NTP_SERVERS = 42, "NTP Servers";
        VENDOR_SPECIFIC = 43, "Vendor-Specific Information";
        NETBIOS_NAME_SERVER = 44, "NetBIOS Name Server";
        NETBIOS_DATAGRAM_SERVER = 45, "NetBIOS Datagram Distribution Server";
        NETBIOS_NODE_TYPE = 46, "NetBIOS Node Type";
        NETBIOS_SCOPE = 47, "NetBIOS Scope";
        X_WINDOW_FONT_SERVER = 48, "X Window Font Server";
        X_WINDOW_DISPLAY_MANAGER = 49, "X Window Display Manager";
        REQUESTED_ADDRESS = 50, "Requested IP Address";
        LEASE_TIME = 51, "IP Address Lease Time";
        OVERLOAD = 52, "Option Overload";
        MESSAGE_TYPE = 53, "DHCP Message Type";
        SERVER_ID = 54, "Server Identifier";
        PARAMETER_REQUEST_LIST = 55, "Parameter Request List";
        MESSAGE = 56, "Message";
        MAX_MESSAGE_SIZE = 57, "Maximum DHCP Message Size";
        RENEWAL_TIME = 58, "Renewal (T1) Time";
        REBINDING_TIME = 59, "Rebinding (T2) Time";
        VENDOR_CLASS_ID = 60, "Vendor Class Identifier";
        CLIENT_ID = 61, "Client Identifier";
        NETWARE_DOMAIN = 62, "NetWare/IP Domain Name";
        NETWARE_INFORMATION = 63, "NetWare/IP Information";
        NIS_PLUS_DOMAIN = 64, "NIS+ Domain";
        NIS_PLUS_SERVERS = 65, "NIS+ Servers";
        TFTP_SERVER_NAME = 66, "TFTP Server Name";
        BOOT_FILE_NAME = 67, "Boot File Name";
        HOME_AGENT = 68, "Mobile IP Home Agent";
        SMTP_SERVER = 69, "SMTP Server";
        POP3_SERVER = 70, "POP3 Server";
        NNTP_SERVER = 71, "NNTP Server";
        WWW_SERVER = 72, "WWW Server";
        FINGER_SERVER = 73, "Finger Server";
        IRC_SERVER = 74, "IRC Server";
        STREETTALK_SERVER = 75, "StreetTalk Server";
        STREETTALK_DIRECTORY_SERVER = 76, "StreetTalk Directory Assistance Server";
        USER_CLASS = 77, "User Class";
        DIRECTORY_AGENT = 78, "SLP Directory Agent";
        SERVICE_SCOPE = 79, "SLP Service Scope";
        RAPID_COMMIT = 80, "Rapid Commit";
        CLIENT_FQDN = 81, "Client FQDN";
        RELAY_AGENT_INFORMATION = 82, "Relay Agent Information";
        ISNS = 83, "iSNS";
        NDS_SERVERS = 85, "NDS Servers";
        NDS_TREE_NAME = 86, "NDS Tree Name";
        NDS_CONTEXT = 87, "NDS Context";
        BCMCS_DOMAINS = 88, "BCMCS Controller Domain Names";
        BCMCS_ADDRESSES = 89, "BCMCS Controller Addresses";
        AUTHENTICATION = 90, "Authentication";
        CLIENT_LAST_TRANSACTION = 91, "Client Last Transaction Time";
        ASSOCIATED_ADDRESS = 92, "Associated IP Address";
        CLIENT_ARCHITECTURE = 93, "Client System Architecture";
        CLIENT_NETWORK_INTERFACE = 94, "Client Network Interface Identifier";
        LDAP = 95, "LDAP";
        CLIENT_UUID = 97, "Client Machine Identifier";
        USER_AUTHENTICATION = 98, "User Authentication";
        CIVIC_ADDRESS = 99, "Civic Address";
        POSIX_TIMEZONE = 100, "POSIX Time Zone";
        TZDB_TIMEZONE = 101, "TZ Database Time Zone";
        IPV6_ONLY_PREFERRED = 108, "IPv6-Only Preferred";
        NETINFO_ADDRESS = 112, "NetInfo Parent Server Address";
        NETINFO_TAG = 113, "NetInfo Parent Server Tag";
        CAPTIVE_PORTAL = 114, "Captive Portal";
        AUTO_CONFIGURE = 116, "Auto-Configuration";
        NAME_SERVICE_SEARCH = 117, "Name Service Search";
        SUBNET_SELECTION = 118, "Subnet Selection";
        DOMAIN_SEARCH = 119, "Domain Search";
        SIP_SERVERS = 120, "SIP Servers";
        CLASSLESS_STATIC_ROUTE = 121, "Classless Static Route";
        CABLELABS_CLIENT = 122, "CableLabs Client Configuration";
        GEOGRAPHIC_LOCATION = 123, "Geographic Location";
        VENDOR_IDENTIFYING_CLASS = 124, "Vendor-Identifying Vendor Class";
        VENDOR_IDENTIFYING_INFORMATION = 125, "Vendor-Identifying Vendor-Specific Information";
        PANA_AGENT = 136, "PANA Authentication Agent";
        LOST_SERVER = 137, "LoST Server";
        CAPWAP_CONTROLLER = 138, "CAPWAP Access Controller";
        MOS_ADDRESS = 139, "MoS Server Address";
        MOS_FQDN = 140, "MoS Server FQDN";
        SIP_UA_SERVICE_DOMAINS = 141, "SIP UA Configuration Service Domains";
        ANDSF_ADDRESS = 142, "ANDSF Server Address";
        SZTP_REDIRECT = 143, "SZTP Redirect";
        GEOSPATIAL_LOCATION = 144, "Geospatial Location";
        FORCE_RENEW_NONCE = 145, "Forcerenew Nonce Capable";
        RDNSS_SELECTION = 146, "RDNSS Selection";
        TFTP_SERVER_ADDRESS = 150, "TFTP Server Address";
        STATUS_CODE = 151, "Status Code";
        BASE_TIME = 152, "Base Time";
        START_TIME_OF_STATE = 153, "Start Time of State";
        QUERY_START_TIME = 154, "Query Start Time";
        QUERY_END_TIME = 155, "Query End Time";
        DHCP_STATE = 156, "DHCP State";
        DATA_SOURCE = 157, "Data Source";
        PCP_SERVER = 158, "PCP Server";
        PORT_PARAMETERS = 159, "Port Parameters";
        MUD_URL = 161, "MUD URL";
        ENCRYPTED_DNS = 162, "Encrypted DNS Server";
        PXELINUX_MAGIC = 208, "PXELINUX Magic";
        CONFIGURATION_FILE = 209, "Configuration File";
        PATH_PREFIX = 210, "Path Prefix";
        REBOOT_TIME = 211, "Reboot Time";
        IPV6_RAPID_DEPLOYMENT = 212, "6RD";
        ACCESS_NETWORK_DOMAIN = 213, "Access Network Domain Name";
        SUBNET_ALLOCATION = 220, "Subnet Allocation";
        VIRTUAL_SUBNET_SELECTION = 221, "Virtual Subnet Selection";
        /// Not registered; Windows asks with it for what became [`CLASSLESS_STATIC_ROUTE`](Self::CLASSLESS_STATIC_ROUTE).
        MICROSOFT_CLASSLESS_STATIC_ROUTE = 249, "Microsoft Classless Static Route";
        /// Not registered.
        WEB_PROXY_AUTO_DISCOVERY = 252, "Web Proxy Auto-Discovery";
        END = 255, "End";
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::bytes;

    #[test]
    fn scapys_discover() {
        // BOOTP(op=1, xid=1152735399, flags="B", chaddr=..)/DHCP(options=[("message-type", 1), ..]), as scapy writes it.
        let mut header = DhcpHeader::zeroed();
        header.set_op(DhcpOperation::BOOT_REQUEST);
        header.set_htype(1);
        header.set_hlen(6);
        header.set_xid(1_152_735_399);
        header.set_broadcast(true);
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&[0x0e, 0x32, 0x65, 0xcf, 0xb0, 0xfe]);
        header.set_chaddr(chaddr);
        let mut sample =
            bytes("01010600 44b558a7 0000 8000 00000000 00000000 00000000 00000000 0e3265cfb0fe");
        sample.resize(236, 0);
        assert_eq!((header.as_bytes(), DhcpHeader::LEN), (&sample[..], 236));
        sample.extend(bytes("63825363 350101"));
        let (_, rest) = DhcpHeader::split(&sample).unwrap();
        assert!(rest.starts_with(&DhcpHeader::MAGIC_COOKIE));
        assert_eq!((rest[4], rest[6]), (DhcpOptionCode::MESSAGE_TYPE.0, DhcpMessageType::DISCOVER.0));
    }

    #[test]
    fn each_field_has_its_place() {
        // RFC 2131, 2: the addresses from byte 12 on, chaddr at 28, sname at 44, file at 108.
        let mut header = DhcpHeader::zeroed();
        header.set_ciaddr(Ipv4Addr::new(10, 0, 0, 1));
        header.set_yiaddr(Ipv4Addr::new(10, 0, 0, 2));
        header.set_siaddr(Ipv4Addr::new(10, 0, 0, 3));
        header.set_giaddr(Ipv4Addr::new(10, 0, 0, 4));
        header.set_chaddr([5; 16]);
        header.set_sname([6; 64]);
        header.set_file([7; 128]);
        let bytes = header.as_bytes();
        assert_eq!([bytes[15], bytes[19], bytes[23], bytes[27]], [1, 2, 3, 4]);
        assert_eq!([bytes[28], bytes[43], bytes[44], bytes[107], bytes[108], bytes[235]], [5, 5, 6, 6, 7, 7]);
        assert_eq!((header.sname(), header.file()), ([6; 64], [7; 128]));
    }

    #[test]
    fn the_broadcast_flag_is_set_apart() {
        let mut header = DhcpHeader::zeroed();
        header.set_flags(0xffff);
        header.set_broadcast(false);
        assert_eq!((header.flags(), header.broadcast()), (0x7fff, false));
    }
}
