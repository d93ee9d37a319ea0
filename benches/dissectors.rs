//! The same work for pycap and its peers: from the link to the transport, with what was found handed to a [`Sink`].

#![allow(dead_code, reason = "each bench uses a part")]

use std::net::{Ipv4Addr, Ipv6Addr};

/// Takes what a dissector finds in a frame.
pub(crate) trait Sink {
    fn ethernet(&mut self, src: [u8; 6], dst: [u8; 6]);
    fn ipv4(&mut self, src: Ipv4Addr, dst: Ipv4Addr);
    fn ipv6(&mut self, src: Ipv6Addr, dst: Ipv6Addr);
    /// The flags are the eight of the header's byte 13.
    fn tcp(&mut self, src_port: u16, dst_port: u16, flags: u8);
    fn udp(&mut self, src_port: u16, dst_port: u16);
    /// TCP's or UDP's payload: its offset from the first byte of the frame, and its length.
    fn payload(&mut self, offset: usize, length: usize);
    /// What is neither TCP nor UDP, by its IP protocol or EtherType.
    fn other(&mut self, number: u16);
}

/// One number of all that was found: what is timed and counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Fold(pub(crate) u64);

impl Fold {
    #[inline(always)]
    fn add(&mut self, value: u64) {
        self.0 = self.0.wrapping_add(value);
    }
}

impl Sink for Fold {
    #[inline(always)]
    fn ethernet(&mut self, src: [u8; 6], dst: [u8; 6]) {
        for [a, b, c, d, e, f] in [src, dst] {
            self.add(u64::from(u32::from_be_bytes([a, b, c, d])));
            self.add(u64::from(u16::from_be_bytes([e, f])));
        }
    }

    #[inline(always)]
    fn ipv4(&mut self, src: Ipv4Addr, dst: Ipv4Addr) {
        self.add(u64::from(src.to_bits() ^ dst.to_bits()));
    }

    #[inline(always)]
    fn ipv6(&mut self, src: Ipv6Addr, dst: Ipv6Addr) {
        let both = src.to_bits() ^ dst.to_bits();
        self.add(both as u64 ^ (both >> 64) as u64);
    }

    #[inline(always)]
    fn tcp(&mut self, src_port: u16, dst_port: u16, flags: u8) {
        self.add(u64::from(src_port ^ dst_port));
        self.add(u64::from(flags));
    }

    #[inline(always)]
    fn udp(&mut self, src_port: u16, dst_port: u16) {
        self.add(u64::from(src_port ^ dst_port));
    }

    #[inline(always)]
    fn payload(&mut self, offset: usize, length: usize) {
        self.add(offset as u64);
        self.add(length as u64);
    }

    #[inline(always)]
    fn other(&mut self, number: u16) {
        self.add(u64::from(number));
    }
}

/// All that was found, apart: what is compared before anything is timed.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    ethernet: Option<([u8; 6], [u8; 6])>,
    ipv4: Option<(Ipv4Addr, Ipv4Addr)>,
    ipv6: Option<(Ipv6Addr, Ipv6Addr)>,
    tcp: Option<(u16, u16, u8)>,
    udp: Option<(u16, u16)>,
    payload: Option<(usize, usize)>,
    other: Option<u16>,
}

impl Sink for Found {
    fn ethernet(&mut self, src: [u8; 6], dst: [u8; 6]) {
        assert_eq!(self.ethernet.replace((src, dst)), None);
    }

    fn ipv4(&mut self, src: Ipv4Addr, dst: Ipv4Addr) {
        assert_eq!(self.ipv4.replace((src, dst)), None);
    }

    fn ipv6(&mut self, src: Ipv6Addr, dst: Ipv6Addr) {
        assert_eq!(self.ipv6.replace((src, dst)), None);
    }

    fn tcp(&mut self, src_port: u16, dst_port: u16, flags: u8) {
        assert_eq!(self.tcp.replace((src_port, dst_port, flags)), None);
    }

    fn udp(&mut self, src_port: u16, dst_port: u16) {
        assert_eq!(self.udp.replace((src_port, dst_port)), None);
    }

    fn payload(&mut self, offset: usize, length: usize) {
        assert_eq!(self.payload.replace((offset, length)), None);
    }

    fn other(&mut self, number: u16) {
        assert_eq!(self.other.replace(number), None);
    }
}

/// Dissects all `frames` into one number.
#[inline(always)]
pub(crate) fn fold(frames: &[Vec<u8>], dissect: impl Fn(&[u8], &mut Fold)) -> u64 {
    let mut fold = Fold::default();
    for frame in frames {
        dissect(frame, &mut fold);
    }
    fold.0
}

/// Asserts that all dissectors find the same in each of `frames`.
pub(crate) fn assert_agreement(frames: &[Vec<u8>]) {
    for frame in frames {
        let found = |dissect: fn(&[u8], &mut Found)| {
            let mut found = Found::default();
            dissect(frame, &mut found);
            found
        };
        let expected = found(pycap::packet);
        assert_ne!(expected, Found::default(), "{frame:02x?}");
        assert_eq!(found(pycap::stack), expected, "typed stacks: {frame:02x?}");
        assert_eq!(found(etherparse::sliced), expected, "etherparse: {frame:02x?}");
        assert_eq!(found(smoltcp::wire), expected, "smoltcp: {frame:02x?}");
        assert_eq!(found(pnet::packet), expected, "pnet_packet: {frame:02x?}");
    }
}

/// Where `part`, a slice of `frame`, begins in it.
#[inline(always)]
fn offset_in(frame: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - frame.as_ptr().addr()
}

pub(crate) mod pycap {
    use pycap_wire::stack::Stack;
    use pycap_wire::{Ethernet, FlowKey, Ip, Link, LinkType, Packet, Transport};

    use super::Sink;

    /// Through the typed stacks.
    #[inline(always)]
    pub(crate) fn stack(frame: &[u8], sink: &mut impl Sink) {
        match Stack::parse(frame) {
            Stack::Ipv4Tcp(stack) => {
                report_ethernet(stack.ethernet(), sink);
                sink.ipv4(stack.ip().src(), stack.ip().dst());
                sink.tcp(stack.tcp().src_port(), stack.tcp().dst_port(), stack.tcp().flags().0 as u8);
                sink.payload(stack.payload_offset(), stack.payload().len());
            }
            Stack::Ipv4Udp(stack) => {
                report_ethernet(stack.ethernet(), sink);
                sink.ipv4(stack.ip().src(), stack.ip().dst());
                sink.udp(stack.udp().src_port(), stack.udp().dst_port());
                sink.payload(stack.payload_offset(), stack.payload().len());
            }
            Stack::Ipv6Tcp(stack) => {
                report_ethernet(stack.ethernet(), sink);
                sink.ipv6(stack.ip().src(), stack.ip().dst());
                sink.tcp(stack.tcp().src_port(), stack.tcp().dst_port(), stack.tcp().flags().0 as u8);
                sink.payload(stack.payload_offset(), stack.payload().len());
            }
            Stack::Ipv6Udp(stack) => {
                report_ethernet(stack.ethernet(), sink);
                sink.ipv6(stack.ip().src(), stack.ip().dst());
                sink.udp(stack.udp().src_port(), stack.udp().dst_port());
                sink.payload(stack.payload_offset(), stack.payload().len());
            }
            Stack::Other(packet) => report(&packet, sink),
        }
    }

    /// Through the general packet.
    #[inline(always)]
    pub(crate) fn packet(frame: &[u8], sink: &mut impl Sink) {
        report(&Packet::parse(LinkType::ETHERNET, frame), sink);
    }

    #[inline(always)]
    fn report(packet: &Packet<'_>, sink: &mut impl Sink) {
        if let Some(Link::Ethernet(ethernet)) = packet.link() {
            report_ethernet(ethernet, sink);
        }
        match packet.ip() {
            Some(Ip::V4(ip)) => sink.ipv4(ip.src(), ip.dst()),
            Some(Ip::V6(ip)) => sink.ipv6(ip.src(), ip.dst()),
            None if packet.arp().is_some() => return sink.other(0x0806),
            None => return,
        }
        match packet.transport() {
            Some(Transport::Tcp(tcp)) => {
                sink.tcp(tcp.src_port(), tcp.dst_port(), tcp.flags().0 as u8);
                sink.payload(packet.payload_offset(), packet.payload().len());
            }
            Some(Transport::Udp(udp)) => {
                sink.udp(udp.src_port(), udp.dst_port());
                sink.payload(packet.payload_offset(), packet.payload().len());
            }
            Some(Transport::Icmpv4(_)) => sink.other(1),
            _ => (),
        }
    }

    #[inline(always)]
    fn report_ethernet(ethernet: Ethernet<'_>, sink: &mut impl Sink) {
        sink.ethernet(ethernet.src().0, ethernet.dst().0);
    }

    /// The flow's hash through the typed stacks.
    #[inline(always)]
    pub(crate) fn stack_flow_hash(frame: &[u8]) -> u64 {
        Stack::parse(frame).flow_key().map_or(0, |key| key.symmetric_hash())
    }

    /// The flow's hash through the general packet.
    #[inline(always)]
    pub(crate) fn packet_flow_hash(frame: &[u8]) -> u64 {
        FlowKey::of(&Packet::parse(LinkType::ETHERNET, frame)).map_or(0, |key| key.symmetric_hash())
    }
}

pub(crate) mod etherparse {
    use etherparse::{LinkSlice, NetSlice, SlicedPacket, TcpSlice, TransportSlice};

    use super::{Sink, offset_in};

    #[inline(always)]
    pub(crate) fn sliced(frame: &[u8], sink: &mut impl Sink) {
        let Ok(packet) = SlicedPacket::from_ethernet(frame) else { return };
        if let Some(LinkSlice::Ethernet2(ethernet)) = &packet.link {
            sink.ethernet(ethernet.source(), ethernet.destination());
        }
        match &packet.net {
            Some(NetSlice::Ipv4(ip)) => sink.ipv4(ip.header().source_addr(), ip.header().destination_addr()),
            Some(NetSlice::Ipv6(ip)) => sink.ipv6(ip.header().source_addr(), ip.header().destination_addr()),
            Some(NetSlice::Arp(_)) => return sink.other(0x0806),
            None => return,
        }
        match &packet.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                sink.tcp(tcp.source_port(), tcp.destination_port(), flags(tcp));
                sink.payload(offset_in(frame, tcp.payload()), tcp.payload().len());
            }
            Some(TransportSlice::Udp(udp)) => {
                sink.udp(udp.source_port(), udp.destination_port());
                sink.payload(offset_in(frame, udp.payload()), udp.payload().len());
            }
            Some(TransportSlice::Icmpv4(_)) => sink.other(1),
            _ => (),
        }
    }

    #[inline(always)]
    fn flags(tcp: &TcpSlice<'_>) -> u8 {
        u8::from(tcp.fin())
            | u8::from(tcp.syn()) << 1
            | u8::from(tcp.rst()) << 2
            | u8::from(tcp.psh()) << 3
            | u8::from(tcp.ack()) << 4
            | u8::from(tcp.urg()) << 5
            | u8::from(tcp.ece()) << 6
            | u8::from(tcp.cwr()) << 7
    }
}

pub(crate) mod smoltcp {
    use smoltcp::wire::{
        ArpPacket, EthernetFrame, EthernetProtocol, Icmpv4Packet, IpProtocol, Ipv4Packet, Ipv6ExtHeader,
        Ipv6FragmentHeader, Ipv6Packet, Result, TcpPacket, UdpPacket,
    };

    use super::{Sink, offset_in};

    #[inline(always)]
    pub(crate) fn wire(frame: &[u8], sink: &mut impl Sink) {
        let _ = checked(frame, sink);
    }

    #[inline(always)]
    fn checked(frame: &[u8], sink: &mut impl Sink) -> Result<()> {
        let ethernet = EthernetFrame::new_checked(frame)?;
        sink.ethernet(ethernet.src_addr().0, ethernet.dst_addr().0);
        let (mut ether_type, mut payload) = (ethernet.ethertype(), ethernet.payload());
        // smoltcp has no view of VLAN tags.
        while let EthernetProtocol::Unknown(0x8100 | 0x88a8) = ether_type {
            let Some(([_, _, high, low], rest)) = payload.split_first_chunk() else { return Ok(()) };
            (ether_type, payload) = (u16::from_be_bytes([*high, *low]).into(), rest);
        }
        match ether_type {
            EthernetProtocol::Ipv4 => {
                let ip = Ipv4Packet::new_checked(payload)?;
                sink.ipv4(ip.src_addr(), ip.dst_addr());
                if ip.frag_offset() != 0 {
                    return Ok(());
                }
                transport(frame, ip.next_header(), ip.payload(), sink)
            }
            EthernetProtocol::Ipv6 => {
                let ip = Ipv6Packet::new_checked(payload)?;
                sink.ipv6(ip.src_addr(), ip.dst_addr());
                let (mut next, mut payload) = (ip.next_header(), ip.payload());
                while let IpProtocol::HopByHop
                | IpProtocol::Ipv6Route
                | IpProtocol::Ipv6Opts
                | IpProtocol::Ipv6Frag = next
                {
                    let extension = Ipv6ExtHeader::new_checked(payload)?;
                    let length = if next == IpProtocol::Ipv6Frag {
                        if Ipv6FragmentHeader::new_checked(extension.payload())?.frag_offset() != 0 {
                            return Ok(());
                        }
                        8
                    } else {
                        usize::from(extension.header_len()) * 8 + 8
                    };
                    (next, payload) = (extension.next_header(), payload.get(length..).unwrap_or_default());
                }
                transport(frame, next, payload, sink)
            }
            EthernetProtocol::Arp => {
                ArpPacket::new_checked(payload)?;
                sink.other(0x0806);
                Ok(())
            }
            EthernetProtocol::Unknown(_) => Ok(()),
        }
    }

    #[inline(always)]
    fn transport(frame: &[u8], protocol: IpProtocol, bytes: &[u8], sink: &mut impl Sink) -> Result<()> {
        match protocol {
            IpProtocol::Tcp => {
                let tcp = TcpPacket::new_checked(bytes)?;
                sink.tcp(tcp.src_port(), tcp.dst_port(), flags(&tcp));
                sink.payload(offset_in(frame, tcp.payload()), tcp.payload().len());
            }
            IpProtocol::Udp => {
                let udp = UdpPacket::new_checked(bytes)?;
                sink.udp(udp.src_port(), udp.dst_port());
                sink.payload(offset_in(frame, udp.payload()), udp.payload().len());
            }
            IpProtocol::Icmp => {
                Icmpv4Packet::new_checked(bytes)?;
                sink.other(1);
            }
            _ => (),
        }
        Ok(())
    }

    #[inline(always)]
    fn flags(tcp: &TcpPacket<&[u8]>) -> u8 {
        u8::from(tcp.fin())
            | u8::from(tcp.syn()) << 1
            | u8::from(tcp.rst()) << 2
            | u8::from(tcp.psh()) << 3
            | u8::from(tcp.ack()) << 4
            | u8::from(tcp.urg()) << 5
            | u8::from(tcp.ece()) << 6
            | u8::from(tcp.cwr()) << 7
    }
}

pub(crate) mod pnet {
    use pnet_packet::arp::ArpPacket;
    use pnet_packet::ethernet::{EtherTypes, EthernetPacket};
    use pnet_packet::icmp::IcmpPacket;
    use pnet_packet::ip::{IpNextHeaderProtocol, IpNextHeaderProtocols};
    use pnet_packet::ipv4::Ipv4Packet;
    use pnet_packet::ipv6::{ExtensionPacket, FragmentPacket, Ipv6Packet};
    use pnet_packet::tcp::TcpPacket;
    use pnet_packet::udp::UdpPacket;
    use pnet_packet::vlan::VlanPacket;
    use pnet_packet::{Packet, PacketSize};

    use super::{Sink, offset_in};

    #[inline(always)]
    pub(crate) fn packet(frame: &[u8], sink: &mut impl Sink) {
        let _ = dissect(frame, sink);
    }

    /// pnet_packet's views borrow from themselves, so what goes on to the next layer is cut out of the frame again.
    #[inline(always)]
    fn dissect(frame: &[u8], sink: &mut impl Sink) -> Option<()> {
        let ethernet = EthernetPacket::new(frame)?;
        sink.ethernet(ethernet.get_source().octets(), ethernet.get_destination().octets());
        let mut ether_type = ethernet.get_ethertype();
        let mut at = EthernetPacket::minimum_packet_size();
        while let EtherTypes::Vlan | EtherTypes::PBridge = ether_type {
            ether_type = VlanPacket::new(frame.get(at..)?)?.get_ethertype();
            at += VlanPacket::minimum_packet_size();
        }
        match ether_type {
            EtherTypes::Ipv4 => {
                let ip = Ipv4Packet::new(frame.get(at..)?)?;
                sink.ipv4(ip.get_source(), ip.get_destination());
                if ip.get_fragment_offset() != 0 {
                    return None;
                }
                transport(frame, ip.get_next_level_protocol(), ip.payload(), sink)
            }
            EtherTypes::Ipv6 => {
                let ip = Ipv6Packet::new(frame.get(at..)?)?;
                sink.ipv6(ip.get_source(), ip.get_destination());
                let (mut next, mut payload) = (ip.get_next_header(), ip.payload());
                loop {
                    match next {
                        IpNextHeaderProtocols::Hopopt
                        | IpNextHeaderProtocols::Ipv6Route
                        | IpNextHeaderProtocols::Ipv6Opts => {
                            let extension = ExtensionPacket::new(payload)?;
                            next = extension.get_next_header();
                            payload = payload.get(extension.packet_size()..)?;
                        }
                        IpNextHeaderProtocols::Ipv6Frag => {
                            let fragment = FragmentPacket::new(payload)?;
                            if fragment.get_fragment_offset() != 0 {
                                return None;
                            }
                            next = fragment.get_next_header();
                            payload = payload.get(fragment.packet_size()..)?;
                        }
                        _ => break,
                    }
                }
                transport(frame, next, payload, sink)
            }
            EtherTypes::Arp => {
                ArpPacket::new(frame.get(at..)?)?;
                sink.other(0x0806);
                Some(())
            }
            _ => None,
        }
    }

    #[inline(always)]
    fn transport(
        frame: &[u8],
        protocol: IpNextHeaderProtocol,
        bytes: &[u8],
        sink: &mut impl Sink,
    ) -> Option<()> {
        match protocol {
            IpNextHeaderProtocols::Tcp => {
                let tcp = TcpPacket::new(bytes)?;
                sink.tcp(tcp.get_source(), tcp.get_destination(), tcp.get_flags());
                // An empty payload is a slice from elsewhere, so the offset comes from the header.
                let header = usize::from(tcp.get_data_offset()) * 4;
                sink.payload(offset_in(frame, bytes) + header, tcp.payload().len());
            }
            IpNextHeaderProtocols::Udp => {
                let udp = UdpPacket::new(bytes)?;
                sink.udp(udp.get_source(), udp.get_destination());
                let header = UdpPacket::minimum_packet_size();
                sink.payload(offset_in(frame, bytes) + header, udp.payload().len());
            }
            IpNextHeaderProtocols::Icmp => {
                IcmpPacket::new(bytes)?;
                sink.other(1);
            }
            _ => (),
        }
        Some(())
    }
}
