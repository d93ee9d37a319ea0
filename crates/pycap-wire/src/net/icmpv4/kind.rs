//! The types of ICMP messages, and what their codes mean (IANA "ICMP Type Numbers").

use crate::header::number;
use crate::net::icmp_echo::extended_echo_code_name;

number! {
    /// What an ICMP message is.
    pub struct Icmpv4Type(u8) {
        ECHO_REPLY = 0, "echo reply";
        DESTINATION_UNREACHABLE = 3, "destination unreachable";
        SOURCE_QUENCH = 4, "source quench";
        REDIRECT = 5, "redirect";
        ALTERNATE_HOST_ADDRESS = 6, "alternate host address";
        ECHO_REQUEST = 8, "echo request";
        ROUTER_ADVERTISEMENT = 9, "router advertisement";
        ROUTER_SOLICITATION = 10, "router solicitation";
        TIME_EXCEEDED = 11, "time exceeded";
        PARAMETER_PROBLEM = 12, "parameter problem";
        TIMESTAMP_REQUEST = 13, "timestamp request";
        TIMESTAMP_REPLY = 14, "timestamp reply";
        INFORMATION_REQUEST = 15, "information request";
        INFORMATION_REPLY = 16, "information reply";
        ADDRESS_MASK_REQUEST = 17, "address mask request";
        ADDRESS_MASK_REPLY = 18, "address mask reply";
        TRACEROUTE = 30, "traceroute";
        CONVERSION_ERROR = 31, "datagram conversion error";
        MOBILE_HOST_REDIRECT = 32, "mobile host redirect";
        IPV6_WHERE_ARE_YOU = 33, "IPv6 where-are-you";
        IPV6_I_AM_HERE = 34, "IPv6 I-am-here";
        MOBILE_REGISTRATION_REQUEST = 35, "mobile registration request";
        MOBILE_REGISTRATION_REPLY = 36, "mobile registration reply";
        DOMAIN_NAME_REQUEST = 37, "domain name request";
        DOMAIN_NAME_REPLY = 38, "domain name reply";
        SKIP = 39, "SKIP";
        PHOTURIS = 40, "Photuris";
        EXPERIMENTAL_MOBILITY = 41, "experimental mobility";
        EXTENDED_ECHO_REQUEST = 42, "extended echo request";
        EXTENDED_ECHO_REPLY = 43, "extended echo reply";
        EXPERIMENT_1 = 253, "experiment 1";
        EXPERIMENT_2 = 254, "experiment 2";
    }
}

impl Icmpv4Type {
    /// What `code` means in a message of this type.
    pub fn code_name(self, code: u8) -> Option<&'static str> {
        Some(match (self, code) {
            (Self::DESTINATION_UNREACHABLE, 0) => "network unreachable",
            (Self::DESTINATION_UNREACHABLE, 1) => "host unreachable",
            (Self::DESTINATION_UNREACHABLE, 2) => "protocol unreachable",
            (Self::DESTINATION_UNREACHABLE, 3) => "port unreachable",
            (Self::DESTINATION_UNREACHABLE, 4) => "fragmentation needed",
            (Self::DESTINATION_UNREACHABLE, 5) => "source route failed",
            (Self::DESTINATION_UNREACHABLE, 6) => "destination network unknown",
            (Self::DESTINATION_UNREACHABLE, 7) => "destination host unknown",
            (Self::DESTINATION_UNREACHABLE, 8) => "source host isolated",
            (Self::DESTINATION_UNREACHABLE, 9) => "network administratively prohibited",
            (Self::DESTINATION_UNREACHABLE, 10) => "host administratively prohibited",
            (Self::DESTINATION_UNREACHABLE, 11) => "network unreachable for type of service",
            (Self::DESTINATION_UNREACHABLE, 12) => "host unreachable for type of service",
            (Self::DESTINATION_UNREACHABLE, 13) => "communication administratively prohibited",
            (Self::DESTINATION_UNREACHABLE, 14) => "host precedence violation",
            (Self::DESTINATION_UNREACHABLE, 15) => "precedence cutoff",
            (Self::REDIRECT, 0) => "for network",
            (Self::REDIRECT, 1) => "for host",
            (Self::REDIRECT, 2) => "for type of service and network",
            (Self::REDIRECT, 3) => "for type of service and host",
            (Self::ALTERNATE_HOST_ADDRESS, 0) => "alternate address for host",
            (Self::ROUTER_ADVERTISEMENT, 0) => "normal",
            (Self::ROUTER_ADVERTISEMENT, 16) => "does not route common traffic",
            (Self::TIME_EXCEEDED, 0) => "time to live exceeded in transit",
            (Self::TIME_EXCEEDED, 1) => "fragment reassembly time exceeded",
            (Self::PARAMETER_PROBLEM, 0) => "pointer indicates the error",
            (Self::PARAMETER_PROBLEM, 1) => "required option missing",
            (Self::PARAMETER_PROBLEM, 2) => "bad length",
            (Self::TRACEROUTE, 0) => "outbound packet forwarded",
            (Self::TRACEROUTE, 1) => "no route for outbound packet",
            (Self::PHOTURIS, 0) => "bad SPI",
            (Self::PHOTURIS, 1) => "authentication failed",
            (Self::PHOTURIS, 2) => "decompression failed",
            (Self::PHOTURIS, 3) => "decryption failed",
            (Self::PHOTURIS, 4) => "need authentication",
            (Self::PHOTURIS, 5) => "need authorization",
            (Self::EXTENDED_ECHO_REPLY, code) => return extended_echo_code_name(code),
            (Self::EXTENDED_ECHO_REQUEST, 0) => "no error",
            _ => return None,
        })
    }

    /// Whether messages of this type quote the packet that they are about.
    #[inline]
    pub fn quotes(self) -> bool {
        self.is_extensible() || matches!(self, Self::SOURCE_QUENCH | Self::REDIRECT | Self::PHOTURIS)
    }

    /// Whether an extension structure may follow the quoted packet (RFC 4884, 4).
    #[inline]
    pub fn is_extensible(self) -> bool {
        matches!(self, Self::DESTINATION_UNREACHABLE | Self::TIME_EXCEEDED | Self::PARAMETER_PROBLEM)
    }

    /// The length in bytes of the fields of fixed length that follow the first four bytes.
    #[inline]
    pub(super) fn own_len(self) -> usize {
        match self {
            Self::TIMESTAMP_REQUEST | Self::TIMESTAMP_REPLY | Self::TRACEROUTE => 16,
            Self::ADDRESS_MASK_REQUEST | Self::ADDRESS_MASK_REPLY | Self::DOMAIN_NAME_REPLY => 8,
            Self::ECHO_REPLY | Self::ECHO_REQUEST | Self::INFORMATION_REQUEST | Self::INFORMATION_REPLY => 4,
            Self::ROUTER_ADVERTISEMENT | Self::ROUTER_SOLICITATION | Self::DOMAIN_NAME_REQUEST => 4,
            Self::EXTENDED_ECHO_REQUEST | Self::EXTENDED_ECHO_REPLY => 4,
            error if error.quotes() => 4,
            _ => 0,
        }
    }
}
