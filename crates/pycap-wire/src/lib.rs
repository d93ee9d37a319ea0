#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]
#![deny(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic)]
#![cfg_attr(test, allow(clippy::indexing_slicing, clippy::unwrap_used, clippy::expect_used, clippy::panic))]

pub mod application;
pub mod checksum;
pub mod link;
pub mod net;
pub mod stack;
pub mod transport;
pub mod tunnel;

mod custom;
mod display;
mod error;
mod field;
mod flow;
mod header;
mod layer;
mod mac;
mod next;
mod number;
mod packet;
mod port;
mod summary;
#[cfg(test)]
mod testing;
mod walk;

pub use application::dhcp::{DhcpHeader, DhcpMessageType, DhcpOperation, DhcpOptionCode};
pub use application::dns::{DnsClass, DnsHeader, DnsOpcode, DnsRcode, DnsType};
pub use custom::{Custom, Hook};
pub use display::Escaped;
pub use error::{Error, ErrorKind};
pub use field::{Field, Value, Visit};
pub use flow::{FlowDirection, FlowKey};
pub use layer::{Layer, LayerKind};
pub use link::ethernet::{Ethernet, EthernetHeader};
pub use link::llc::{Llc, LlcControl, LlcHeader, Oui, Sap, SnapHeader};
pub use link::lldp::{LldpChassisIdSubtype, LldpPortIdSubtype, LldpTlvHeader, LldpTlvType};
pub use link::null::{AddressFamily, Null, NullHeader};
pub use link::sll::{Sll, SllHeader, SllPacketType};
pub use link::sll2::{Sll2, Sll2Header};
pub use link::stp::{StpHeader, StpType, StpVersion};
pub use link::vlan::{Vlan, VlanHeader, VlanTag};
pub use mac::{MacAddr, ParseMacAddrError};
pub use net::ah::{Ah, AhHeader};
pub use net::arp::{Arp, ArpHeader, ArpIpv4Addresses, ArpOperation, HardwareType};
pub use net::destination_options::Ipv6DestinationOptions;
pub use net::esp::{Esp, EspHeader};
pub use net::fragment::{Ipv6Fragment, Ipv6FragmentHeader};
pub use net::hop_by_hop::Ipv6HopByHop;
pub use net::icmp_extension::{IcmpExtension, IcmpObject};
pub use net::icmpv4::{Icmpv4, Icmpv4Header, Icmpv4Message, Icmpv4Type};
pub use net::icmpv6::{
    Icmpv6, Icmpv6Header, Icmpv6Message, Icmpv6Type, NdpOption, NdpOptionKind, NdpOptions,
};
pub use net::igmp::{
    Igmp, IgmpHeader, IgmpMessage, IgmpRecord, IgmpRecordHeader, IgmpRecordType, IgmpRecords,
    IgmpRouterAdvertisement, IgmpSources, IgmpStart, IgmpType, IgmpV3Query, MtraceHeader,
};
pub use net::ipv4::{Ipv4, Ipv4Header};
pub use net::ipv4_option::{Ipv4Option, Ipv4OptionType, Ipv4Options, Ipv4Route, Ipv4Timestamp};
pub use net::ipv6::{Ipv6, Ipv6Header};
pub use net::ipv6_option::{Ipv6Option, Ipv6OptionType, Ipv6Options, Ipv6OptionsHeader};
pub use net::mobility::{Mobility, MobilityHeader, MobilityMessage, MobilityType};
pub use net::mobility_option::{MobilityOption, MobilityOptionType, MobilityOptions};
pub use net::routing::{Ipv6Routing, Ipv6RoutingData, Ipv6RoutingHeader, Ipv6RoutingType};
pub use next::{Next, Stop};
pub use number::{EtherType, IpProtocol, LinkType};
pub use packet::{Ip, Link, Packet, Transport, Vlans};
pub use port::{Application, PortTable, Transports};
pub use summary::Summary;
pub use transport::sctp::{
    SctpChunkHeader, SctpChunkType, SctpDataHeader, SctpHeader, SctpInitHeader, SctpPayloadProtocol,
    SctpSackHeader,
};
pub use transport::tcp::{Tcp, TcpFlags, TcpHeader};
pub use transport::tcp_option::{MptcpSubtype, SackBlocks, TcpOption, TcpOptionKind, TcpOptions};
pub use transport::udp::{Udp, UdpHeader};
pub use transport::udp_lite::{UdpLite, UdpLiteHeader};
pub use tunnel::geneve::{GeneveHeader, GeneveOptionClass, GeneveOptionHeader};
pub use tunnel::gre::GreHeader;
pub use tunnel::gtpu::{GtpuExtensionType, GtpuHeader, GtpuMessageType, GtpuOptionalHeader};
pub use tunnel::mpls::MplsHeader;
pub use tunnel::ppp::{PppHeader, PppProtocol};
pub use tunnel::pppoe::{PppoeCode, PppoeHeader};
pub use tunnel::vxlan::{VxlanHeader, VxlanNextProtocol};
pub use walk::{Layers, Located};
