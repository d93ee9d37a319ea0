//! The dissection of a [`Packet`] from the link to the transport: the usual frame in one chain of inlined steps, and any frame
//! in one plain pass.

use super::{Link, Net, Packet, Transport};
use crate::*;

/// The most VLAN tags and LLC headers between link and network layer.
pub(super) const MAX_TAGS: usize = 32;

/// The most extension headers between IP and transport.
const MAX_EXTENSIONS: usize = 32;

impl<'a> Packet<'a> {
    /// The usual Ethernet frame: at most two VLAN tags, IP, a few extension headers, TCP or UDP, all of them sound.
    ///
    /// Everything else is `None`, and starts again in [`dissect`](Self::dissect). All state is local, so that what the caller
    /// does not ask for is never stored.
    #[inline(always)]
    pub(super) fn chain(data: &'a [u8]) -> Option<Self> {
        let ethernet = Ethernet::parse(data).ok()?;
        let (mut ether_type, mut rest) = (ethernet.ether_type(), ethernet.rest());
        for _ in 0..2 {
            if !ether_type.is_vlan() {
                break;
            }
            let vlan = Vlan::parse(rest).ok()?;
            (ether_type, rest) = (vlan.ether_type(), vlan.rest());
        }
        let (net, mut protocol, missing);
        match ether_type {
            EtherType::IPV4 => {
                let ip = Ipv4::parse_plain(rest)?;
                (net, protocol, rest, missing) = (Net::V4(ip), ip.protocol(), ip.payload(), ip.missing());
            }
            EtherType::IPV6 => {
                let ip = Ipv6::parse_plain(rest)?;
                (net, protocol, rest, missing) = (Net::V6(ip), ip.next_header(), ip.payload(), ip.missing());
            }
            _ => return None,
        }
        for _ in 0..4 {
            match protocol {
                IpProtocol::HOP_BY_HOP | IpProtocol::DESTINATION_OPTIONS => {
                    let options = Ipv6HopByHop::parse(rest).ok().filter(|options| options.missing() == 0)?;
                    (protocol, rest) = (options.next_header(), options.payload());
                }
                IpProtocol::FRAGMENT => {
                    let fragment =
                        Ipv6Fragment::parse(rest).ok().filter(|fragment| fragment.fragment_offset() == 0)?;
                    (protocol, rest) = (fragment.next_header(), fragment.payload());
                }
                _ => break,
            }
        }
        let mut next = Next::End;
        let (transport, payload) = match protocol {
            IpProtocol::TCP => {
                let tcp = Tcp::parse_whole(rest)?.with_missing(missing);
                (Transport::Tcp(tcp), tcp.payload())
            }
            IpProtocol::UDP => {
                let udp = Udp::parse_whole(rest)?;
                (Transport::Udp(udp), udp.payload())
            }
            IpProtocol::ICMP => {
                let icmp = Icmpv4::parse(rest).ok()?.with_missing(missing);
                next = icmp.next();
                (Transport::Icmpv4(icmp), icmp.payload())
            }
            IpProtocol::ICMPV6 => {
                let icmp = Icmpv6::parse(rest).ok()?.with_missing(missing);
                next = icmp.next();
                (Transport::Icmpv6(icmp), icmp.payload())
            }
            _ => return None,
        };
        Some(Self {
            data,
            link_type: LinkType::ETHERNET,
            cut: super::CUT_UNKNOWN,
            protocol: Some(protocol),
            link: Some(Link::Ethernet(ethernet)),
            net,
            transport: Some(transport),
            payload,
            next,
            stop: Stop::End,
        })
    }

    /// Any frame: dissects the packet whose data and link type are set.
    ///
    /// A view is stored as soon as it stands, so that a stop loses nothing.
    #[inline(never)]
    pub(super) fn dissect(&mut self) {
        macro_rules! link {
            ($View:ident) => {
                link!($View, parse)
            };
            ($View:ident, $parse:ident) => {
                match $View::$parse(self.data) {
                    Ok(view) => {
                        self.link = Some(Link::$View(view));
                        self.dissect_network(view.next(), view.payload());
                    }
                    Err(error) => self.stop = Stop::from_error(error),
                }
            };
        }
        match self.link_type {
            LinkType::ETHERNET => link!(Ethernet),
            LinkType::NULL => link!(Null),
            LinkType::LOOP => link!(Null, parse_loop),
            LinkType::LINUX_SLL => link!(Sll),
            LinkType::LINUX_SLL2 => link!(Sll2),
            LinkType::ATM_RFC1483 | LinkType::ATM_RFC1483_11 => self.dissect_network(Next::Llc, self.data),
            LinkType::IPV4 => self.dissect_ipv4(self.data),
            LinkType::IPV6 => self.dissect_ipv6(self.data),
            LinkType::RAW | LinkType::RAW_12 | LinkType::RAW_14 => {
                match self.data.first().map(|byte| byte >> 4) {
                    Some(4) => self.dissect_ipv4(self.data),
                    Some(6) => self.dissect_ipv6(self.data),
                    Some(_) => self.stop = Stop::Unknown(self.next),
                    None => (),
                }
            }
            _ if self.data.is_empty() => (),
            _ => self.stop = Stop::Unknown(self.next),
        }
    }

    /// What follows the link header.
    fn dissect_network(&mut self, mut next: Next, mut payload: &'a [u8]) {
        for _ in 0..MAX_TAGS {
            macro_rules! tag {
                ($View:ident) => {
                    match $View::parse(payload) {
                        Ok(view) => match view.defect() {
                            Some(error) => {
                                return self.stop_at(view.next(), view.payload(), Stop::Malformed(error))
                            }
                            None => (next, payload) = (view.next(), view.payload()),
                        },
                        Err(error) => return self.stop_at(next, payload, Stop::from_error(error)),
                    }
                };
            }
            match next {
                Next::EtherType(EtherType::IPV4) => return self.dissect_ipv4(payload),
                Next::EtherType(EtherType::IPV6) => return self.dissect_ipv6(payload),
                Next::EtherType(EtherType::ARP | EtherType::RARP) => return self.dissect_arp(next, payload),
                Next::EtherType(ether_type) if ether_type.is_vlan() => tag!(Vlan),
                Next::Llc | Next::EtherType(EtherType::JUMBO) => tag!(Llc),
                Next::IpProtocol(protocol) => return self.dissect_transport(protocol, payload),
                // A frame in a frame is for the walk.
                Next::End
                | Next::Link(LinkType::ETHERNET)
                | Next::EtherType(EtherType::TRANSPARENT_ETHERNET_BRIDGING) => {
                    return self.stop_at(next, payload, Stop::End);
                }
                _ if payload.is_empty() => {
                    return self.stop_at(next, payload, Stop::End);
                }
                unknown => return self.stop_at(next, payload, Stop::Unknown(unknown)),
            }
        }
        self.stop_at(next, payload, Stop::DepthLimit);
    }

    fn dissect_arp(&mut self, next: Next, bytes: &'a [u8]) {
        match Arp::parse(bytes) {
            Ok(arp) => {
                self.net = Net::Arp(arp);
                self.stop_at(arp.next(), arp.payload(), arp.defect().map_or(Stop::End, Stop::Malformed));
            }
            Err(error) => self.stop_at(next, bytes, Stop::from_error(error)),
        }
    }

    fn dissect_ipv4(&mut self, bytes: &'a [u8]) {
        // Where the number that led here says IPv4 and the version IPv6, the version is believed, as in the walk.
        if bytes.first().is_some_and(|byte| byte >> 4 == 6) {
            return self.dissect_ipv6(bytes);
        }
        let ip = match Ipv4::parse(bytes) {
            Ok(ip) => ip,
            Err(error) => {
                return self.stop_at(Next::EtherType(EtherType::IPV4), bytes, Stop::from_error(error));
            }
        };
        self.net = Net::V4(ip);
        self.protocol = Some(ip.protocol());
        match ip.defect() {
            Some(error) => self.stop_at(ip.next(), ip.payload(), Stop::Malformed(error)),
            None if ip.fragment_offset() != 0 => self.stop_at_fragment(ip.protocol(), ip.payload()),
            None => self.dissect_transport(ip.protocol(), ip.payload()),
        }
    }

    fn dissect_ipv6(&mut self, bytes: &'a [u8]) {
        let ip = match Ipv6::parse(bytes) {
            Ok(ip) => ip,
            Err(error) => {
                return self.stop_at(Next::EtherType(EtherType::IPV6), bytes, Stop::from_error(error));
            }
        };
        self.net = Net::V6(ip);
        self.protocol = Some(ip.next_header());
        match ip.defect() {
            Some(error) => self.stop_at(ip.next(), ip.payload(), Stop::Malformed(error)),
            None => self.dissect_transport(ip.next_header(), ip.payload()),
        }
    }

    /// What follows the IP header: extension headers, then the transport.
    fn dissect_transport(&mut self, mut protocol: IpProtocol, mut rest: &'a [u8]) {
        for _ in 0..MAX_EXTENSIONS {
            self.protocol = Some(protocol);
            macro_rules! transport {
                ($View:ident $(, $with_missing:ident)?) => {
                    match $View::parse(rest) {
                        Ok(view) => {
                            $(let view = view.$with_missing(self.missing());)?
                            self.transport = Some(Transport::$View(view));
                            let stop = view.defect().map_or(Stop::End, Stop::Malformed);
                            return self.stop_at(view.next(), view.payload(), stop);
                        }
                        Err(error) => {
                            return self.stop_at(Next::IpProtocol(protocol), rest, Stop::from_error(error))
                        }
                    }
                };
            }
            macro_rules! extension {
                ($View:ident) => {
                    match $View::parse(rest) {
                        Ok(view) => match view.defect() {
                            Some(error) => {
                                return self.stop_at(view.next(), view.payload(), Stop::Malformed(error))
                            }
                            None => (view.next(), view.payload()),
                        },
                        Err(error) => {
                            return self.stop_at(Next::IpProtocol(protocol), rest, Stop::from_error(error))
                        }
                    }
                };
            }
            let (next, payload) = match protocol {
                IpProtocol::TCP => transport!(Tcp, with_missing),
                IpProtocol::UDP => transport!(Udp),
                IpProtocol::UDP_LITE => transport!(UdpLite, with_missing),
                IpProtocol::ICMP => transport!(Icmpv4, with_missing),
                IpProtocol::ICMPV6 => transport!(Icmpv6, with_missing),
                IpProtocol::IGMP => transport!(Igmp),
                IpProtocol::ESP => transport!(Esp),
                IpProtocol::HOP_BY_HOP => extension!(Ipv6HopByHop),
                IpProtocol::ROUTING => extension!(Ipv6Routing),
                IpProtocol::FRAGMENT => extension!(Ipv6Fragment),
                IpProtocol::DESTINATION_OPTIONS => extension!(Ipv6DestinationOptions),
                IpProtocol::MOBILITY => extension!(Mobility),
                IpProtocol::AH => extension!(Ah),
                _ => return self.stop_at_protocol(protocol, rest),
            };
            rest = payload;
            match next {
                Next::IpProtocol(next) => protocol = next,
                Next::Fragment(next) => return self.stop_at_fragment(next, rest),
                other => return self.stop_at(other, rest, Stop::End),
            }
        }
        self.stop_at(Next::IpProtocol(protocol), rest, Stop::DepthLimit);
    }

    /// The end at a protocol that is no transport: a tunnel, nothing, or one that is not dissected here.
    fn stop_at_protocol(&mut self, protocol: IpProtocol, rest: &'a [u8]) {
        let next = Next::IpProtocol(protocol);
        let stop = match protocol {
            IpProtocol::NO_NEXT_HEADER | IpProtocol::IPV4 | IpProtocol::IPV6 | IpProtocol::ETHERNET => {
                Stop::End
            }
            _ if rest.is_empty() => Stop::End,
            _ => Stop::Unknown(next),
        };
        self.stop_at(next, rest, stop);
    }

    fn stop_at_fragment(&mut self, protocol: IpProtocol, rest: &'a [u8]) {
        self.protocol = Some(protocol);
        self.stop_at(Next::Fragment(protocol), rest, Stop::Fragment(protocol));
    }

    fn stop_at(&mut self, next: Next, payload: &'a [u8], stop: Stop) {
        self.next = next;
        self.payload = payload;
        self.stop = stop;
    }
}
