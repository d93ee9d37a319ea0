//! The types of ICMPv6 messages, and what their codes mean (IANA "ICMPv6 Parameters").

use super::rpl::RplCode;
use crate::header::number;
use crate::net::icmp_echo::extended_echo_code_name;

number! {
    /// What an ICMPv6 message is. Errors are below 128.
    pub struct Icmpv6Type(u8) {
        DESTINATION_UNREACHABLE = 1, "destination unreachable";
        PACKET_TOO_BIG = 2, "packet too big";
        TIME_EXCEEDED = 3, "time exceeded";
        PARAMETER_PROBLEM = 4, "parameter problem";
        ECHO_REQUEST = 128, "echo request";
        ECHO_REPLY = 129, "echo reply";
        MLD_QUERY = 130, "multicast listener query";
        MLD_REPORT = 131, "multicast listener report";
        MLD_DONE = 132, "multicast listener done";
        ROUTER_SOLICITATION = 133, "router solicitation";
        ROUTER_ADVERTISEMENT = 134, "router advertisement";
        NEIGHBOR_SOLICITATION = 135, "neighbor solicitation";
        NEIGHBOR_ADVERTISEMENT = 136, "neighbor advertisement";
        REDIRECT = 137, "redirect";
        ROUTER_RENUMBERING = 138, "router renumbering";
        NODE_INFORMATION_QUERY = 139, "node information query";
        NODE_INFORMATION_REPLY = 140, "node information reply";
        INVERSE_NEIGHBOR_SOLICITATION = 141, "inverse neighbor discovery solicitation";
        INVERSE_NEIGHBOR_ADVERTISEMENT = 142, "inverse neighbor discovery advertisement";
        MLDV2_REPORT = 143, "multicast listener report v2";
        HOME_AGENT_REQUEST = 144, "home agent address discovery request";
        HOME_AGENT_REPLY = 145, "home agent address discovery reply";
        MOBILE_PREFIX_SOLICITATION = 146, "mobile prefix solicitation";
        MOBILE_PREFIX_ADVERTISEMENT = 147, "mobile prefix advertisement";
        CERTIFICATION_PATH_SOLICITATION = 148, "certification path solicitation";
        CERTIFICATION_PATH_ADVERTISEMENT = 149, "certification path advertisement";
        EXPERIMENTAL_MOBILITY = 150, "experimental mobility";
        MULTICAST_ROUTER_ADVERTISEMENT = 151, "multicast router advertisement";
        MULTICAST_ROUTER_SOLICITATION = 152, "multicast router solicitation";
        MULTICAST_ROUTER_TERMINATION = 153, "multicast router termination";
        FAST_HANDOVER = 154, "fast handover";
        RPL = 155, "RPL control";
        LOCATOR_UPDATE = 156, "ILNPv6 locator update";
        DUPLICATE_ADDRESS_REQUEST = 157, "duplicate address request";
        DUPLICATE_ADDRESS_CONFIRMATION = 158, "duplicate address confirmation";
        MPL_CONTROL = 159, "MPL control";
        EXTENDED_ECHO_REQUEST = 160, "extended echo request";
        EXTENDED_ECHO_REPLY = 161, "extended echo reply";
    }
}

impl Icmpv6Type {
    /// What `code` means in a message of this type.
    pub fn code_name(self, code: u8) -> Option<&'static str> {
        Some(match (self, code) {
            (Self::DESTINATION_UNREACHABLE, 0) => "no route to destination",
            (Self::DESTINATION_UNREACHABLE, 1) => "administratively prohibited",
            (Self::DESTINATION_UNREACHABLE, 2) => "beyond scope of source address",
            (Self::DESTINATION_UNREACHABLE, 3) => "address unreachable",
            (Self::DESTINATION_UNREACHABLE, 4) => "port unreachable",
            (Self::DESTINATION_UNREACHABLE, 5) => "source address failed ingress/egress policy",
            (Self::DESTINATION_UNREACHABLE, 6) => "reject route to destination",
            (Self::DESTINATION_UNREACHABLE, 7) => "error in source routing header",
            (Self::DESTINATION_UNREACHABLE, 8) => "headers too long",
            (Self::TIME_EXCEEDED, 0) => "hop limit exceeded in transit",
            (Self::TIME_EXCEEDED, 1) => "fragment reassembly time exceeded",
            (Self::PARAMETER_PROBLEM, 0) => "erroneous header field",
            (Self::PARAMETER_PROBLEM, 1) => "unrecognized next header type",
            (Self::PARAMETER_PROBLEM, 2) => "unrecognized IPv6 option",
            (Self::PARAMETER_PROBLEM, 3) => "first fragment has incomplete header chain",
            (Self::PARAMETER_PROBLEM, 4) => "SR upper-layer header error",
            (Self::PARAMETER_PROBLEM, 5) => "unrecognized next header type by intermediate node",
            (Self::PARAMETER_PROBLEM, 6) => "extension header too big",
            (Self::PARAMETER_PROBLEM, 7) => "extension header chain too long",
            (Self::PARAMETER_PROBLEM, 8) => "too many extension headers",
            (Self::PARAMETER_PROBLEM, 9) => "too many options in extension header",
            (Self::PARAMETER_PROBLEM, 10) => "option too big",
            (Self::ROUTER_RENUMBERING, 0) => "command",
            (Self::ROUTER_RENUMBERING, 1) => "result",
            (Self::ROUTER_RENUMBERING, 255) => "sequence number reset",
            (Self::NODE_INFORMATION_QUERY, 0) => "subject is an IPv6 address",
            (Self::NODE_INFORMATION_QUERY, 1) => "subject is a name",
            (Self::NODE_INFORMATION_QUERY, 2) => "subject is an IPv4 address",
            (Self::NODE_INFORMATION_REPLY, 0) => "success",
            (Self::NODE_INFORMATION_REPLY, 1) => "refused",
            (Self::NODE_INFORMATION_REPLY, 2) => "unknown type of query",
            (Self::RPL, code) => return RplCode(code).name(),
            (Self::EXTENDED_ECHO_REQUEST, 0) => "no error",
            (Self::EXTENDED_ECHO_REPLY, code) => return extended_echo_code_name(code),
            _ => return None,
        })
    }

    /// Whether messages of this type end with the packet that they are about. Redirects have it in an option instead.
    #[inline]
    pub fn quotes(self) -> bool {
        matches!(
            self,
            Self::DESTINATION_UNREACHABLE
                | Self::PACKET_TOO_BIG
                | Self::TIME_EXCEEDED
                | Self::PARAMETER_PROBLEM
        )
    }

    /// Whether an extension structure may follow the quoted packet (RFC 4884, 4).
    #[inline]
    pub fn is_extensible(self) -> bool {
        matches!(self, Self::DESTINATION_UNREACHABLE | Self::TIME_EXCEEDED)
    }

    /// The length in bytes of the fields of fixed length that follow the first four bytes.
    #[inline]
    pub(super) fn own_len(self) -> usize {
        match self {
            error if error.quotes() => 4,
            Self::ECHO_REQUEST
            | Self::ECHO_REPLY
            | Self::EXTENDED_ECHO_REQUEST
            | Self::EXTENDED_ECHO_REPLY => 4,
            Self::MLD_QUERY | Self::MLD_REPORT | Self::MLD_DONE => 20,
            Self::ROUTER_SOLICITATION | Self::MLDV2_REPORT => 4,
            Self::ROUTER_ADVERTISEMENT | Self::ROUTER_RENUMBERING => 12,
            Self::NODE_INFORMATION_QUERY | Self::NODE_INFORMATION_REPLY => 12,
            Self::NEIGHBOR_SOLICITATION | Self::NEIGHBOR_ADVERTISEMENT => 20,
            Self::REDIRECT => 36,
            Self::INVERSE_NEIGHBOR_SOLICITATION | Self::INVERSE_NEIGHBOR_ADVERTISEMENT => 4,
            Self::HOME_AGENT_REQUEST | Self::HOME_AGENT_REPLY => 4,
            Self::MOBILE_PREFIX_SOLICITATION | Self::MOBILE_PREFIX_ADVERTISEMENT => 4,
            Self::CERTIFICATION_PATH_SOLICITATION | Self::LOCATOR_UPDATE => 4,
            Self::EXPERIMENTAL_MOBILITY | Self::FAST_HANDOVER => 4,
            Self::MULTICAST_ROUTER_ADVERTISEMENT => 4,
            Self::CERTIFICATION_PATH_ADVERTISEMENT => 8,
            Self::DUPLICATE_ADDRESS_REQUEST | Self::DUPLICATE_ADDRESS_CONFIRMATION => 28,
            _ => 0,
        }
    }

    /// Whether all of the message is its own fields: lists, options.
    #[inline]
    pub(super) fn has_lists(self) -> bool {
        matches!(
            self,
            Self::ROUTER_SOLICITATION
                | Self::ROUTER_ADVERTISEMENT
                | Self::NEIGHBOR_SOLICITATION
                | Self::NEIGHBOR_ADVERTISEMENT
                | Self::REDIRECT
                | Self::ROUTER_RENUMBERING
                | Self::NODE_INFORMATION_QUERY
                | Self::NODE_INFORMATION_REPLY
                | Self::INVERSE_NEIGHBOR_SOLICITATION
                | Self::INVERSE_NEIGHBOR_ADVERTISEMENT
                | Self::MLDV2_REPORT
                | Self::HOME_AGENT_REPLY
                | Self::MOBILE_PREFIX_ADVERTISEMENT
                | Self::CERTIFICATION_PATH_SOLICITATION
                | Self::CERTIFICATION_PATH_ADVERTISEMENT
                | Self::EXPERIMENTAL_MOBILITY
                | Self::FAST_HANDOVER
                | Self::RPL
                | Self::LOCATOR_UPDATE
                | Self::EXTENDED_ECHO_REQUEST
        )
    }
}
