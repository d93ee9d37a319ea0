//! The fields of each type of ICMPv6 message, by their names.

use std::net::{Ipv4Addr, Ipv6Addr};

use pycap_wire::Icmpv6Type;
use pycap_wire::net::icmp_echo::{
    ExtendedEchoReplyHeader, ExtendedEchoRequestHeader, ExtendedEchoState, IcmpEchoHeader,
};
use pycap_wire::net::icmpv6::message::{
    CertificationAdvertisementHeader, CertificationSolicitationHeader, DuplicateAddressHeader,
    FastHandoverHeader, Icmpv6ParameterProblemHeader, Icmpv6QuoteHeader, MobileHeader, MulticastRouterHeader,
    NdpNeighborHeader, NdpRedirectHeader, NdpReservedHeader, NdpRouterHeader, PacketTooBigHeader,
};
use pycap_wire::net::icmpv6::mld::{MldHeader, MldRecordType, Mldv2QueryHeader, Mldv2ReportHeader};
use pycap_wire::net::icmpv6::node_information::{NodeInformationHeader, NodeInformationType};
use pycap_wire::net::icmpv6::renumbering::RouterRenumberingHeader;

use super::{Icmpv6, V2_QUERY_LEN};
use crate::layer::arguments::{Arguments, each, list};
use crate::layer::message::{Fields, fields};
use crate::layer::{icmp_extension, ndp_option};
use crate::value::{FromValue, named};
use crate::{FieldError, FieldValue};

/// The fields of messages of a type, with so many bytes of their own.
pub(super) fn table(icmp_type: Icmpv6Type, len: usize) -> &'static Fields<Icmpv6> {
    match icmp_type {
        Icmpv6Type::DESTINATION_UNREACHABLE | Icmpv6Type::TIME_EXCEEDED => &QUOTE,
        Icmpv6Type::PACKET_TOO_BIG => &PACKET_TOO_BIG,
        Icmpv6Type::PARAMETER_PROBLEM => &PARAMETER_PROBLEM,
        Icmpv6Type::ECHO_REQUEST | Icmpv6Type::ECHO_REPLY => &ECHO,
        Icmpv6Type::MLD_QUERY if len >= V2_QUERY_LEN => &MLDV2_QUERY,
        Icmpv6Type::MLD_QUERY | Icmpv6Type::MLD_REPORT | Icmpv6Type::MLD_DONE => &MLD,
        Icmpv6Type::MLDV2_REPORT => &MLDV2_REPORT,
        Icmpv6Type::ROUTER_SOLICITATION
        | Icmpv6Type::INVERSE_NEIGHBOR_SOLICITATION
        | Icmpv6Type::INVERSE_NEIGHBOR_ADVERTISEMENT => &RESERVED,
        Icmpv6Type::ROUTER_ADVERTISEMENT => &ROUTER_ADVERTISEMENT,
        Icmpv6Type::NEIGHBOR_SOLICITATION => &NEIGHBOR_SOLICITATION,
        Icmpv6Type::NEIGHBOR_ADVERTISEMENT => &NEIGHBOR_ADVERTISEMENT,
        Icmpv6Type::REDIRECT => &REDIRECT,
        Icmpv6Type::NODE_INFORMATION_QUERY => &NODE_INFORMATION_QUERY,
        Icmpv6Type::NODE_INFORMATION_REPLY => &NODE_INFORMATION_REPLY,
        Icmpv6Type::HOME_AGENT_REQUEST | Icmpv6Type::MOBILE_PREFIX_SOLICITATION => &MOBILE,
        Icmpv6Type::HOME_AGENT_REPLY => &HOME_AGENT_REPLY,
        Icmpv6Type::MOBILE_PREFIX_ADVERTISEMENT => &MOBILE_PREFIX_ADVERTISEMENT,
        Icmpv6Type::ROUTER_RENUMBERING => &ROUTER_RENUMBERING,
        Icmpv6Type::CERTIFICATION_PATH_SOLICITATION => &CERTIFICATION_SOLICITATION,
        Icmpv6Type::CERTIFICATION_PATH_ADVERTISEMENT => &CERTIFICATION_ADVERTISEMENT,
        Icmpv6Type::FAST_HANDOVER | Icmpv6Type::EXPERIMENTAL_MOBILITY => &FAST_HANDOVER,
        Icmpv6Type::MULTICAST_ROUTER_ADVERTISEMENT => &MULTICAST_ROUTER_ADVERTISEMENT,
        Icmpv6Type::DUPLICATE_ADDRESS_REQUEST | Icmpv6Type::DUPLICATE_ADDRESS_CONFIRMATION => {
            &DUPLICATE_ADDRESS
        }
        Icmpv6Type::EXTENDED_ECHO_REQUEST => &EXTENDED_ECHO_REQUEST,
        Icmpv6Type::EXTENDED_ECHO_REPLY => &EXTENDED_ECHO_REPLY,
        _ => &OTHER,
    }
}

named!(Icmpv6Type NodeInformationType MldRecordType);

fn set_extension(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    icmp.message.tail = icmp_extension::from_value(Icmpv6::NAME, value)?;
    Ok(())
}

/// Puts bytes behind the first `len` of the message's own, in the place of those that are there.
fn replace(icmp: &mut Icmpv6, len: usize, bytes: &[u8]) {
    icmp.message.own.at_least(len);
    icmp.message.own.truncate(len);
    icmp.message.own.extend(bytes);
}

/// Sets the options behind a header of `LEN` bytes.
fn set_options<const LEN: usize>(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    let options = ndp_option::from_value(Icmpv6::NAME, value)?;
    replace(icmp, LEN, &options);
    Ok(())
}

/// Sets the addresses behind a header of `LEN` bytes.
fn set_addresses<const LEN: usize>(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    let addresses: Vec<Ipv6Addr> = list(value)?;
    let bytes: Vec<u8> = addresses.iter().flat_map(|address| address.octets()).collect();
    replace(icmp, LEN, &bytes);
    icmp.recount();
    Ok(())
}

/// Sets the records of a version 2 report: `record(type, group, sources ...)`.
fn set_records(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    let mut records = Vec::new();
    for value in each(value) {
        let FieldValue::Call(name, values) = value else {
            return Err(FieldError::new(format!("needs record(type, group, sources ...), found {value}")));
        };
        if name != "record" {
            return Err(FieldError::new(format!("needs record(type, group, sources ...), found {name}")));
        }
        let mut arguments = Arguments::new(name, values);
        let record: (MldRecordType, Ipv6Addr, Vec<Ipv6Addr>) =
            (arguments.next()?, arguments.next()?, arguments.rest()?);
        records.push(arguments.end(record)?);
    }
    replace(icmp, Mldv2ReportHeader::LEN, &[]);
    for (record_type, group, sources) in records {
        *icmp = std::mem::take(icmp).record(record_type, group, &sources);
    }
    icmp.recount();
    Ok(())
}

/// Sets the address that a node information query is about, and the code that says so.
fn set_subject(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    replace(icmp, NodeInformationHeader::LEN, &[]);
    *icmp = match value {
        FieldValue::Ipv4(_) => std::mem::take(icmp).subject_ipv4(Ipv4Addr::from_value(value)?),
        value => {
            let subject = Ipv6Addr::from_value(value)?;
            std::mem::take(icmp).subject_ipv6(subject)
        }
    };
    Ok(())
}

/// Sets the name that a node information query is about, and the code that says so.
fn set_subject_name(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    let name: Vec<u8> = FromValue::from_value(value)?;
    replace(icmp, NodeInformationHeader::LEN, &[]);
    *icmp = std::mem::take(icmp).subject_name(&String::from_utf8_lossy(&name));
    Ok(())
}

/// Sets the bytes of the answer of a node information reply.
fn set_answer(icmp: &mut Icmpv6, value: &FieldValue) -> Result<(), FieldError> {
    let answer: Vec<u8> = FromValue::from_value(value)?;
    replace(icmp, NodeInformationHeader::LEN, &answer);
    Ok(())
}

fields! {
    static QUOTE: Icmpv6 {
        Icmpv6QuoteHeader at 0 {
            /// Length of the quoted packet in units of 8 bytes, where an extension structure follows it.
            "length" set_length: u8 [LENGTH];
        }
        + also {
            /// Extension structure behind the quoted packet: bytes, or mpls(label, class, bottom, ttl) and other objects.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static PACKET_TOO_BIG: Icmpv6 {
        PacketTooBigHeader at 0 {
            /// MTU of the next hop in bytes.
            "mtu" set_mtu: u32;
        }
    }
    static PARAMETER_PROBLEM: Icmpv6 {
        Icmpv6ParameterProblemHeader at 0 {
            /// The byte of the quoted packet where the error is.
            "pointer" set_pointer: u32;
        }
    }
    static ECHO: Icmpv6 {
        IcmpEchoHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u16;
        }
    }
    static MLD: Icmpv6 {
        MldHeader at 0 {
            /// Maximum response delay in milliseconds, in a query.
            "max_response_code" | "max_response_delay" set_max_response_code: u16;
            /// The multicast address; :: in a general query.
            "mld_addr" | "group" set_group: Ipv6Addr;
        }
    }
    static MLDV2_QUERY: Icmpv6 {
        MldHeader at 0 {
            /// Maximum response delay in milliseconds; from 0x8000 on a code.
            "max_response_code" set_max_response_code: u16;
            /// The multicast address; :: in a general query.
            "mld_addr" | "group" set_group: Ipv6Addr;
        }
        Mldv2QueryHeader at 20 {
            /// Whether routers that hear the query do not change their timers.
            "suppress" set_suppress: bool;
            /// Querier's robustness variable, 0 to 7.
            "robustness" set_robustness: u8;
            /// Querier's query interval in seconds; from 128 on a code.
            "qqic" set_qqic: u8;
            /// Number of sources.
            "source_count" set_source_count: u16 [COUNT];
        }
        + also {
            /// Sources that are asked for.
            "sources" ("list of IPv6 addresses") set_addresses::<V2_QUERY_LEN>;
        }
    }
    static MLDV2_REPORT: Icmpv6 {
        Mldv2ReportHeader at 0 {
            /// Number of records.
            "mld_nrec" set_record_count: u16 [COUNT];
        }
        + also {
            /// Records: record(type, group, sources ...).
            "records" ("list of records") set_records;
        }
    }
    static RESERVED: Icmpv6 {
        NdpReservedHeader at 0 {
            /// Reserved.
            "reserved" set_reserved: u32;
        }
        + also {
            /// Options: source_link_address(02:00:00:00:00:01) and others; bytes.
            "options" ("list of options") set_options::<{ NdpReservedHeader::LEN }>;
        }
    }
    static ROUTER_ADVERTISEMENT: Icmpv6 {
        NdpRouterHeader at 0 {
            /// Hop limit that hosts should use; 0 is unspecified.
            "ra_hop" set_hop_limit: u8;
            /// From the highest bit: managed, other, home agent, preference (two bits), proxy; then reserved.
            "ra_flags" set_flags: u8;
            /// Whether addresses are available by DHCPv6.
            "managed" set_managed: bool;
            /// Whether other configuration is available by DHCPv6.
            "other" set_other: bool;
            /// Whether the router is a home agent.
            "home_agent" set_home_agent: bool;
            /// How long the router is a default router, in seconds; 0 is not.
            "ra_lifetime" | "lifetime" set_lifetime: u16;
            /// How long a neighbour counts as reachable, in milliseconds; 0 is unspecified.
            "reachable_time" set_reachable_time: u32;
            /// Time between neighbour solicitations, in milliseconds; 0 is unspecified.
            "retrans_timer" set_retrans_timer: u32;
        }
        + also {
            /// Options: prefix_information(2001:db8::, 64), mtu(1500), rdnss(3600, 2001:db8::53) and others; bytes.
            "options" ("list of options") set_options::<{ NdpRouterHeader::LEN }>;
        }
    }
    static NEIGHBOR_SOLICITATION: Icmpv6 {
        NdpNeighborHeader at 0 {
            /// Target address.
            "target" set_target: Ipv6Addr;
        }
        + also {
            /// Options: source_link_address(02:00:00:00:00:01) and others; bytes.
            "options" ("list of options") set_options::<{ NdpNeighborHeader::LEN }>;
        }
    }
    static NEIGHBOR_ADVERTISEMENT: Icmpv6 {
        NdpNeighborHeader at 0 {
            /// From the highest bit of 32: router, solicited, override; then reserved.
            "na_flags" set_flags: u32;
            /// Whether the sender is a router.
            "router" set_router: bool;
            /// Whether the advertisement answers a solicitation.
            "solicited" set_solicited: bool;
            /// Whether the advertisement overrides what the cache has.
            "overriding" | "override" set_overriding: bool;
            /// Target address.
            "target" set_target: Ipv6Addr;
        }
        + also {
            /// Options: target_link_address(02:00:00:00:00:01) and others; bytes.
            "options" ("list of options") set_options::<{ NdpNeighborHeader::LEN }>;
        }
    }
    static REDIRECT: Icmpv6 {
        NdpRedirectHeader at 0 {
            /// The better first hop.
            "redirect_target" | "target" set_target: Ipv6Addr;
            /// The destination that it is better for.
            "redirect_destination" | "destination" set_destination: Ipv6Addr;
        }
        + also {
            /// Options before the redirected header, which is made of what is inside; bytes.
            "options" ("list of options") set_options::<{ NdpRedirectHeader::LEN }>;
        }
    }
    static NODE_INFORMATION_QUERY: Icmpv6 {
        NodeInformationHeader at 0 {
            /// What is asked for.
            "qtype" set_qtype: NodeInformationType;
            /// Flags; their meaning depends on the type.
            "flags" set_flags: u16;
            /// Nonce.
            "nonce" set_nonce: u64;
        }
        + also {
            /// The address that the query is about; sets the code to what says so.
            "subject" ("IP address") set_subject;
            /// The name that the query is about; sets the code to what says so.
            "subject_name" ("name") set_subject_name;
        }
    }
    static NODE_INFORMATION_REPLY: Icmpv6 {
        NodeInformationHeader at 0 {
            /// What was asked for.
            "qtype" set_qtype: NodeInformationType;
            /// Flags; their meaning depends on the type.
            "flags" set_flags: u16;
            /// Nonce, from the query.
            "nonce" set_nonce: u64;
        }
        + also {
            /// The bytes of the answer.
            "answer" ("bytes") set_answer;
        }
    }
    static MOBILE: Icmpv6 {
        MobileHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "mobile_id" | "id" set_id: u16;
        }
    }
    static HOME_AGENT_REPLY: Icmpv6 {
        MobileHeader at 0 {
            /// Identifier of the request.
            "mobile_id" | "id" set_id: u16;
        }
        + also {
            /// Addresses of home agents.
            "home_agents" ("list of IPv6 addresses") set_addresses::<{ MobileHeader::LEN }>;
        }
    }
    static MOBILE_PREFIX_ADVERTISEMENT: Icmpv6 {
        MobileHeader at 0 {
            /// Identifier of the solicitation.
            "mobile_id" | "id" set_id: u16;
            /// Managed (highest bit of 16) and other configuration.
            "flags" set_flags: u16;
        }
        + also {
            /// Options: prefix_information(2001:db8::, 64) and others; bytes.
            "options" ("list of options") set_options::<{ MobileHeader::LEN }>;
        }
    }
    static ROUTER_RENUMBERING: Icmpv6 {
        RouterRenumberingHeader at 0 {
            /// Sequence number.
            "seq" set_seq: u32;
            /// Segment number, of messages with the same sequence number.
            "segment" set_segment: u8;
            /// From the highest bit: test, result requested, all interfaces, site-specific, processed previously.
            "flags" set_flags: u8;
            /// The longest time that a router may wait with its result, in milliseconds.
            "max_delay" set_max_delay: u16;
        }
    }
    static CERTIFICATION_SOLICITATION: Icmpv6 {
        CertificationSolicitationHeader at 0 {
            /// Identifier.
            "certification_id" | "id" set_id: u16;
            /// Which certificate is asked for; all ones is all.
            "component" set_component: u16;
        }
        + also {
            /// Options: bytes, or those that have a name.
            "options" ("list of options") set_options::<{ CertificationSolicitationHeader::LEN }>;
        }
    }
    static CERTIFICATION_ADVERTISEMENT: Icmpv6 {
        CertificationAdvertisementHeader at 0 {
            /// Identifier of the solicitation, or 0.
            "certification_id" | "id" set_id: u16;
            /// Number of certificates on the path.
            "all_components" set_all_components: u16;
            /// Which certificate this is, counted down to 0.
            "component" set_component: u16;
        }
        + also {
            /// Options: bytes, or those that have a name.
            "options" ("list of options") set_options::<{ CertificationAdvertisementHeader::LEN }>;
        }
    }
    static FAST_HANDOVER: Icmpv6 {
        FastHandoverHeader at 0 {
            /// What the message is: 2 is a solicitation for proxy advertisement, 3 the advertisement, ...
            "subtype" set_subtype: u8;
            /// Identifier.
            "handover_id" | "id" set_id: u16;
        }
        + also {
            /// Options: source_link_address(02:00:00:00:00:01) and others; bytes.
            "options" ("list of options") set_options::<{ FastHandoverHeader::LEN }>;
        }
    }
    static MULTICAST_ROUTER_ADVERTISEMENT: Icmpv6 {
        MulticastRouterHeader at 0 {
            /// Query interval in seconds.
            "query_interval" set_query_interval: u16;
            /// Robustness variable.
            "robustness" set_robustness: u16;
        }
    }
    static DUPLICATE_ADDRESS: Icmpv6 {
        DuplicateAddressHeader at 0 {
            /// Status; 0 is success.
            "status" set_status: u8;
            /// Reserved, or a transaction identifier.
            "transaction" set_transaction: u8;
            /// How long the registration lasts, in minutes.
            "lifetime" set_lifetime: u16;
            /// What identifies the registrant: an EUI-64, or a registration ownership verifier.
            "owner" set_owner: u64;
            /// The address.
            "address" set_address: Ipv6Addr;
        }
    }
    static EXTENDED_ECHO_REQUEST: Icmpv6 {
        ExtendedEchoRequestHeader at 0 {
            /// Identifier, chosen by the one that asks.
            "id" set_id: u16;
            /// Sequence number.
            "seq" set_seq: u8;
            /// Whether the interface is on the node that is asked.
            "local" set_local: bool;
        }
        + also {
            /// The interface that is asked for: interface_name(name), interface_index(index), interface_address(address); bytes.
            "extension" ("bytes or objects") set_extension;
        }
    }
    static EXTENDED_ECHO_REPLY: Icmpv6 {
        ExtendedEchoReplyHeader at 0 {
            /// Identifier of the request.
            "id" set_id: u16;
            /// Sequence number of the request.
            "seq" set_seq: u8;
            /// What the neighbour cache says of the interface.
            "state" set_state: ExtendedEchoState;
            /// Whether the interface is on the node that answers, and active.
            "active" set_active: bool;
            /// Whether the interface runs IPv4.
            "ipv4" set_ipv4: bool;
            /// Whether the interface runs IPv6.
            "ipv6" set_ipv6: bool;
        }
    }
    static OTHER: Icmpv6 {}
}
