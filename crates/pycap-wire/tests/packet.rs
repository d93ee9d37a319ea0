//! The whole packet: what is taken, where it stops, and why. The expected values are those that tshark prints for these bytes.

use pycap_wire::stack::Stack;
use pycap_wire::{
    Application, Custom, ErrorKind, EtherType, FlowDirection, Ip, IpProtocol, Layer, LayerKind, Layers, Link,
    LinkType, Next, Packet, PortTable, Stop, Transport,
};

const MACS: [u8; 12] = [0x00, 0x50, 0xba, 0x8f, 0xc4, 0x5f, 0x00, 0x03, 0x93, 0x44, 0xa9, 0x92];
const TCP: [u8; 20] = [
    0xe0, 0xeb, 0x14, 0x46, 0xc1, 0x60, 0x0e, 0x16, 0xf4, 0x81, 0xe2, 0x0e, 0x50, 0x18, 0xff, 0xff, 0, 0, 0,
    0,
];

fn ethernet(ether_type: u16, payload: &[u8]) -> Vec<u8> {
    [&MACS[..], &ether_type.to_be_bytes(), payload].concat()
}

fn ipv4(protocol: u8, flags_fragment: u16, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x45, 0, 0, 0, 0, 1, 0, 0, 64, protocol, 0, 0, 192, 168, 0, 235, 64, 12, 24, 129];
    header[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    header[6..8].copy_from_slice(&flags_fragment.to_be_bytes());
    [&header, payload].concat()
}

fn ipv6(next_header: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = vec![0x60, 0, 0, 0, 0, 0, next_header, 64];
    header[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    header.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    header.extend([0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    [&header, payload].concat()
}

fn udp(src_port: u16, dst_port: u16, payload: &[u8]) -> Vec<u8> {
    [
        &src_port.to_be_bytes()[..],
        &dst_port.to_be_bytes(),
        &(8 + payload.len() as u16).to_be_bytes(),
        &[0, 0],
        payload,
    ]
    .concat()
}

fn parse(frame: &[u8]) -> Packet<'_> {
    Packet::parse(LinkType::ETHERNET, frame)
}

fn kinds(frame: &[u8]) -> Vec<LayerKind> {
    parse(frame).layers().map(|layer| layer.kind()).collect()
}

#[test]
fn the_front_page_packet() {
    let frame = ethernet(0x0800, &ipv4(6, 0, &[&TCP[..], b"*\x05\x01\xff\0\0"].concat()));
    let packet = parse(&frame);
    let Some(Link::Ethernet(link)) = packet.link() else { panic!("{packet:?}") };
    assert_eq!(link.src().to_string(), "00:03:93:44:a9:92");
    let Some(Transport::Tcp(tcp)) = packet.transport() else { panic!("{packet:?}") };
    assert_eq!((tcp.src_port(), tcp.dst_port()), (57579, 5190));
    assert_eq!(packet.payload(), b"*\x05\x01\xff\0\0");
    assert_eq!(packet.payload_offset(), 54);
    assert_eq!((packet.missing(), packet.stop()), (0, Stop::End));
    let text: Vec<_> = packet.layers().map(|layer| layer.to_string()).collect();
    assert_eq!(
        text,
        [
            "Ethernet(type=0x800, 00:03:93:44:a9:92 -> 00:50:ba:8f:c4:5f)",
            "IP(proto=0x6, 192.168.0.235 -> 64.12.24.129)",
            "TCP(57579 -> 5190, seq=0xc1600e16, ack=0xf481e20e, flags=(push, ack))",
        ]
    );
}

/// Ports, payloads and times to live without a look at the version or the protocol.
#[test]
fn ip_and_transport_have_what_their_views_share() {
    let datagram = udp(1, 2, b"hi");
    let options = [&[17, 0, 1, 4, 0, 0, 0, 0][..], &datagram].concat();
    for (frame, protocol, payload) in [
        (ethernet(0x0800, &ipv4(17, 0, &datagram)), IpProtocol::UDP, &datagram),
        (ethernet(0x86dd, &ipv6(17, &datagram)), IpProtocol::UDP, &datagram),
        (ethernet(0x86dd, &ipv6(0, &options)), IpProtocol::HOP_BY_HOP, &options),
    ] {
        let packet = parse(&frame);
        let (ip, transport) = (packet.ip().unwrap(), packet.transport().unwrap());
        assert_eq!((ip.ttl(), ip.protocol(), ip.payload()), (64, protocol, &payload[..]));
        assert_eq!((transport.src_port(), transport.dst_port()), (Some(1), Some(2)));
        assert_eq!((transport.payload(), ip.is_fragment()), (&b"hi"[..], false));
        let (key, direction) = packet.flow_key_and_direction().unwrap();
        assert_eq!(key, packet.flow_key().unwrap().canonical());
        let own = if direction == FlowDirection::Forward { key } else { key.reversed() };
        assert_eq!(Some(own), packet.flow_key());
    }
    let echo = ethernet(0x0800, &ipv4(1, 0, &[8, 0, 0, 0, 0, 1, 0, 1, b'x']));
    let transport = parse(&echo).transport().unwrap();
    assert_eq!((transport.src_port(), transport.dst_port(), transport.payload()), (None, None, &b"x"[..]));
}

/// RFC 791, 3.2, and RFC 8200, 4.5; RFC 6946 for the one that is no piece.
#[test]
fn pieces_are_told_from_whole_packets() {
    let piece = |offset_more: u8| [&[17, 0, 0, offset_more, 0, 0, 0, 1][..], &udp(1, 2, b"hi")].concat();
    let behind_options = |offset_more: u8| [&[44, 0, 1, 4, 0, 0, 0, 0][..], &piece(offset_more)].concat();
    for (frame, is_fragment) in [
        (ethernet(0x0800, &ipv4(17, 0x4000, b"")), false),
        (ethernet(0x0800, &ipv4(17, 0x2000, b"")), true),
        (ethernet(0x0800, &ipv4(17, 0x0001, b"")), true),
        (ethernet(0x86dd, &ipv6(44, &piece(0))), false),
        (ethernet(0x86dd, &ipv6(44, &piece(1))), true),
        (ethernet(0x86dd, &ipv6(44, &piece(8))), true),
        (ethernet(0x86dd, &ipv6(0, &behind_options(1))), true),
        (ethernet(0x86dd, &ipv6(60, &behind_options(0))), false),
        // Of a packet inside nothing is known here.
        (ethernet(0x86dd, &ipv6(41, &ipv6(44, &piece(1)))), false),
    ] {
        assert_eq!(parse(&frame).ip().unwrap().is_fragment(), is_fragment, "{frame:02x?}");
    }
}

#[test]
fn padding_is_cut_off_and_can_be_asked_for() {
    let mut frame = ethernet(0x0800, &ipv4(17, 0, &udp(1, 2, b"hi")));
    frame.extend([0xee; 16]);
    let packet = parse(&frame);
    assert_eq!(packet.payload(), b"hi");
    assert_eq!(packet.padding(), [0xee; 16]);
    assert_eq!(packet.missing(), 0);
}

#[test]
fn a_short_capture_is_a_state() {
    let whole = ethernet(0x0800, &ipv4(17, 0, &udp(1, 2, &[7; 100])));
    let packet = parse(&whole[..60]);
    assert_eq!(packet.stop(), Stop::End);
    assert_eq!(packet.missing(), whole.len() - 60);
    assert_eq!(packet.udp().unwrap().missing(), whole.len() - 60);
    assert_eq!(packet.payload().len(), 60 - 42);

    let Stop::Truncated(error) = parse(&whole[..40]).stop() else { panic!() };
    assert_eq!((error.layer(), error.kind()), (LayerKind::Udp, ErrorKind::Truncated));
    assert_eq!((error.needed(), error.found()), (8, 6));
    assert_eq!(error.to_string(), "udp header needs 8 bytes, only 6 are there");
    assert!(parse(&whole[..40]).ip().is_some());
}

#[test]
fn length_zero_means_to_the_end() {
    let mut frame = ethernet(0x0800, &ipv4(6, 0, &[&TCP[..], &[7; 3000]].concat()));
    frame[16..18].copy_from_slice(&[0, 0]);
    assert_eq!(parse(&frame).payload().len(), 3000);
    assert_eq!(parse(&frame).missing(), 0);
}

#[test]
fn malformed_headers_are_shown_and_stop_dissection() {
    let sound = ethernet(0x0800, &ipv4(6, 0, &TCP));
    for (offset, value, kind) in
        [(14, 0x55, ErrorKind::Version), (14, 0x44, ErrorKind::HeaderLength), (17, 19, ErrorKind::Length)]
    {
        let mut frame = sound.clone();
        frame[offset] = value;
        let packet = parse(&frame);
        let Stop::Malformed(error) = packet.stop() else { panic!("{packet:?}") };
        assert_eq!((error.layer(), error.kind()), (LayerKind::Ipv4, kind));
        assert!(packet.ip().is_some() && packet.transport().is_none());
        assert_eq!(kinds(&frame), [LayerKind::Ethernet, LayerKind::Ipv4]);
    }
    let mut frame = sound;
    frame[46] = 0x40;
    let Stop::Malformed(error) = parse(&frame).stop() else { panic!() };
    assert_eq!(error.to_string(), "tcp header length is 16, at least 20 bytes are needed");
}

#[test]
fn vlan_tags_at_any_depth() {
    let tagged =
        [&[0xa0, 0x2a, 0x81, 0x00, 0x00, 0x07, 0x08, 0x00][..], &ipv4(17, 0, &udp(9, 9, b""))].concat();
    let frame = ethernet(0x88a8, &tagged);
    let packet = parse(&frame);
    assert_eq!(packet.vlans().map(|vlan| (vlan.pcp(), vlan.vid())).collect::<Vec<_>>(), [(5, 42), (0, 7)]);
    assert_eq!(packet.udp().unwrap().src_port(), 9);

    let deep = ethernet(0x8100, &[&[0, 1, 0x81, 0].repeat(20)[..], &[0, 2, 8, 6]].concat());
    assert_eq!(parse(&deep).vlans().count(), 21);
    let deeper = ethernet(0x8100, &[0, 1, 0x81, 0].repeat(300));
    assert_eq!(parse(&deeper).stop(), Stop::DepthLimit);
    let mut layers = parse(&deeper).layers();
    assert_eq!(layers.by_ref().count(), 64);
    assert_eq!(layers.stop(), Some(Stop::DepthLimit));
}

#[test]
fn later_fragments_have_no_header() {
    let frame = ethernet(0x0800, &ipv4(17, 0x2001, &[7; 64]));
    let packet = parse(&frame);
    assert_eq!(packet.stop(), Stop::Fragment(IpProtocol::UDP));
    assert_eq!(packet.ip_protocol(), Some(IpProtocol::UDP));
    assert_eq!(packet.payload(), [7; 64]);
    assert_eq!(packet.flow_key().unwrap().src_port(), 0);
    let first = ethernet(0x0800, &ipv4(17, 0x2000, &udp(5, 6, &[7; 56])));
    assert_eq!(parse(&first).udp().unwrap().dst_port(), 6);
}

#[test]
fn extension_headers_are_walked() {
    let hop_by_hop = [43, 0, 5, 2, 0, 0, 1, 0];
    let routing = [60, 2, 4, 0, 0, 0, 0, 0, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 3];
    let destination = [44, 0, 1, 4, 0, 0, 0, 0];
    let fragment = [17, 0, 0, 1, 0, 0, 0, 9];
    let chain = [&hop_by_hop[..], &routing, &destination, &fragment, &udp(1, 2, b"x")].concat();
    let frame = ethernet(0x86dd, &ipv6(0, &chain));
    assert_eq!(
        kinds(&frame),
        [
            LayerKind::Ethernet,
            LayerKind::Ipv6,
            LayerKind::Ipv6HopByHop,
            LayerKind::Ipv6Routing,
            LayerKind::Ipv6DestinationOptions,
            LayerKind::Ipv6Fragment,
            LayerKind::Udp,
        ]
    );
    let packet = parse(&frame);
    assert_eq!(packet.payload(), b"x");
    assert_eq!(packet.ip_protocol(), Some(IpProtocol::UDP));

    let endless = ethernet(0x86dd, &ipv6(60, &[60, 0, 1, 4, 0, 0, 0, 0].repeat(200)));
    assert_eq!(parse(&endless).stop(), Stop::DepthLimit);
}

#[test]
fn tunnels_end_the_packet_and_the_walk_goes_on() {
    let inner = ipv6(17, &udp(1, 2, b"in"));
    let frame = ethernet(0x0800, &ipv4(41, 0, &inner));
    let packet = parse(&frame);
    assert!(matches!(packet.ip(), Some(Ip::V4(_))));
    assert!(packet.transport().is_none());
    assert_eq!((packet.stop(), packet.next()), (Stop::End, Next::IpProtocol(IpProtocol::IPV6)));
    assert_eq!(packet.payload(), inner);
    assert_eq!(kinds(&frame), [LayerKind::Ethernet, LayerKind::Ipv4, LayerKind::Ipv6, LayerKind::Udp]);
}

#[test]
fn ether_types_announce_frames_and_llc_too() {
    let frame = ethernet(0x6558, &ethernet(0x0800, &ipv4(17, 0, &udp(1, 2, b"in"))));
    assert_eq!(parse(&frame).stop(), Stop::End);
    assert_eq!(kinds(&frame), [LayerKind::Ethernet, LayerKind::Ethernet, LayerKind::Ipv4, LayerKind::Udp]);
    let frame = ethernet(0x8870, &[0x42, 0x42, 3, 0, 0]);
    assert_eq!(kinds(&frame), [LayerKind::Ethernet, LayerKind::Llc]);
    assert_eq!(parse(&frame).payload(), [0, 0]);
    for link_type in [LinkType::ATM_RFC1483, LinkType::ATM_RFC1483_11] {
        let packet = Packet::parse(link_type, &[0x42, 0x42, 3, 0, 0]);
        assert_eq!(packet.payload(), [0, 0]);
        assert_eq!(packet.layers().map(|layer| layer.kind()).collect::<Vec<_>>(), [LayerKind::Llc]);
    }
}

#[test]
fn what_is_unknown_is_named() {
    let frame = ethernet(0x88b5, &[1, 2, 3]);
    let packet = parse(&frame);
    assert_eq!(packet.stop(), Stop::Unknown(Next::EtherType(EtherType(0x88b5))));
    assert_eq!(packet.payload(), [1, 2, 3]);
    let frame = ethernet(0x0800, &ipv4(200, 0, &[1]));
    assert_eq!(parse(&frame).stop().to_string(), "unknown protocol: IP protocol 200");
    assert_eq!(Packet::parse(LinkType(9999), &[1]).stop(), Stop::Unknown(Next::Link(LinkType(9999))));
}

#[test]
fn ports_come_from_one_table() {
    let frame = ethernet(0x0800, &ipv4(17, 0, &udp(53, 40000, b"??")));
    let stop_of = |mut layers: Layers<'_, '_>| {
        layers.by_ref().for_each(drop);
        layers.stop().unwrap()
    };
    let layers = || parse(&frame).layers();
    assert_eq!(stop_of(layers()), Stop::Unknown(Next::Application(Application::Dns)));
    assert_eq!(stop_of(layers().with_ports(PortTable::OFF)), Stop::End);
    let table = [(40000, pycap_wire::Transports::Udp, Application::Vxlan)];
    assert_eq!(
        stop_of(layers().with_ports(PortTable::new(&table))),
        Stop::Unknown(Next::Application(Application::Vxlan))
    );
}

#[test]
fn hooks_dissect_by_number() {
    fn hook(next: Next, bytes: &[u8]) -> Option<Custom<'_>> {
        match next {
            Next::Udp { dst_port: 7777, .. } => {
                Some(Custom::new("wrapped", bytes, 2, Next::IpProtocol(IpProtocol::IPV4)))
            }
            _ => None,
        }
    }
    let inner = ipv4(17, 0, &udp(1, 2, b""));
    let frame = ethernet(0x0800, &ipv4(17, 0, &udp(5, 7777, &[&[0xaa, 0xbb], &inner[..]].concat())));
    let mut layers = parse(&frame).layers().with_hook(&hook);
    let located: Vec<_> = core::iter::from_fn(|| layers.next_located()).collect();
    assert_eq!(
        located.iter().map(|at| (at.layer.name(), at.offset)).collect::<Vec<_>>(),
        [("eth", 0), ("ip", 14), ("udp", 34), ("wrapped", 42), ("ip", 44), ("udp", 64)]
    );
    assert!(matches!(located[3].layer, Layer::Custom(custom) if custom.header == [0xaa, 0xbb]));
}

#[test]
fn raw_and_cooked_links() {
    let inside = ipv4(17, 0, &udp(1, 2, b"x"));
    for link_type in [LinkType::RAW, LinkType::RAW_12, LinkType::IPV4] {
        let packet = Packet::parse(link_type, &inside);
        assert!(packet.link().is_none());
        assert_eq!(packet.payload(), b"x");
    }
    assert_eq!(Packet::parse(LinkType::RAW, &ipv6(17, &udp(1, 2, b"y"))).payload(), b"y");
    let cooked = [&[0, 0, 0, 1, 0, 6, 1, 2, 3, 4, 5, 6, 0, 0, 8, 0][..], &inside].concat();
    assert_eq!(Packet::parse(LinkType::LINUX_SLL, &cooked).payload(), b"x");
}

#[test]
fn stacks_take_what_they_are_for_and_nothing_else() {
    let tcp4 = ethernet(0x0800, &ipv4(6, 0, &TCP));
    assert!(matches!(Stack::parse(&tcp4), Stack::Ipv4Tcp(_)));
    assert!(matches!(Stack::parse(&ethernet(0x86dd, &ipv6(6, &TCP))), Stack::Ipv6Tcp(_)));
    let udp4 = ethernet(0x0800, &ipv4(17, 0, &udp(1, 2, &[0; 12])));
    assert!(matches!(Stack::parse(&udp4), Stack::Ipv4Udp(_)));
    assert!(matches!(Stack::parse(&ethernet(0x86dd, &ipv6(17, &udp(1, 2, b"")))), Stack::Ipv6Udp(_)));

    let others = [
        tcp4[..53].to_vec(),
        ethernet(0x0800, &ipv4(6, 0x2000, &TCP)),
        ethernet(0x0800, &ipv4(6, 1, &TCP)),
        ethernet(0x0800, &ipv4(1, 0, &[8; 20])),
        udp4[..50].to_vec(),
    ];
    for frame in others {
        assert!(matches!(Stack::parse(&frame), Stack::Other(_)), "{frame:02x?}");
    }
    for (offset, value) in [(14, 0x46), (14, 0x65), (12, 0x86), (16, 0xff), (46, 0x40), (46, 0xf0)] {
        let mut frame = tcp4.clone();
        frame[offset] = value;
        assert!(matches!(Stack::parse(&frame), Stack::Other(_)), "{offset} {value:#x}");
    }
}

#[test]
fn a_packet_is_small_and_an_error_smaller() {
    assert!(size_of::<pycap_wire::Error>() <= 16);
    assert!(size_of::<Packet<'_>>() <= 208, "{}", size_of::<Packet<'_>>());
}

#[test]
fn behind_a_malformed_header_nothing_is_padding() {
    let mut frame = ethernet(0x0800, &ipv4(6, 0, &TCP));
    frame[14] = 0x44;
    assert!(parse(&frame).padding().is_empty());
    assert_eq!(parse(&frame).payload_offset(), 34);
}

#[test]
fn the_transports_checksum_is_verified_on_request() {
    // RFC 768 by hand: the words of pseudo-header and datagram sum up to ffff with this checksum.
    let mut datagram = udp(1000, 2000, b"hello");
    let frame = |datagram: &[u8]| ethernet(0x0800, &ipv4(17, 0, datagram));
    assert_eq!(parse(&frame(&datagram)).checksum_ok(), None);
    datagram[6..8].copy_from_slice(&[0x96, 0x29]);
    assert_eq!(parse(&frame(&datagram)).checksum_ok(), Some(true), "{:02x?}", frame(&datagram));
    datagram[6..8].copy_from_slice(&[0x96, 0x2a]);
    assert_eq!(parse(&frame(&datagram)).checksum_ok(), Some(false));
    let whole = frame(&datagram);
    assert_eq!(parse(&whole[..whole.len() - 1]).checksum_ok(), None);
}
