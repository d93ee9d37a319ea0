//! What is sent arrives at the other end byte for byte.

use std::net::UdpSocket;

use pycap_inject::layer::{Ethernet, Ipv4, Ipv6, Tcp, Udp};
use pycap_inject::sender::{LinkType, OffloadHeader, PacketSocket, SavefileSender, Segmentation};
use pycap_inject::{Backend, Injector, Layer as _, Segments, SendErrorKind, Sender};
use pycap_rig::{Namespace, Rig};
use pycap_wire::{TcpFlags, TcpOption};
use tun_rs::{DeviceBuilder, Layer};

use crate::rig::{
    Tcpdump, drain, frame, frame_of, kernel_senders, numbered, receiver, same, senders, skip, slices, tests,
    wire,
};

tests! {
    frames_on_ethernet,
    frames_with_tags,
    frames_on_loopback,
    packets_on_tun,
    an_injector_of_each_name,
    a_savefile,
    a_checksum_is_left_to_the_system,
    segments_are_left_to_the_system,
    segments_are_those_of_the_kernel,
}

/// Sends half of the frames one by one, and half together.
fn send(sender: &mut dyn Sender, frames: &[Vec<u8>]) {
    let (one_by_one, together) = frames.split_at(frames.len() / 2);
    for frame in one_by_one {
        sender.send(frame).unwrap();
    }
    sender.send_batch(&slices(together)).unwrap();
    sender.flush().unwrap();
}

/// Every sender on `out` sends the frames, and both receivers on `into` get them.
fn arrive(out: &str, into: &str, frames: &[Vec<u8>]) {
    let mut ring = receiver(into);
    let senders = senders(out);
    let names: Vec<_> = senders.iter().map(|(name, _)| *name).collect();
    let tcpdump = Tcpdump::start(into, senders.len() * frames.len());
    let bytes: usize = frames.iter().map(Vec::len).sum();
    for (name, mut sender) in senders {
        assert_eq!(sender.link_type(), LinkType::ETHERNET);
        send(&mut *sender, frames);
        same(&drain(&mut ring), frames, name);
        let stats = sender.stats();
        assert_eq!(
            (stats.sent, stats.bytes, stats.failed()),
            (frames.len() as u64, bytes as u64, 0),
            "{name}"
        );
    }
    let found = tcpdump.map(Tcpdump::frames).unwrap_or_default();
    for (found, name) in found.chunks(frames.len()).zip(names) {
        same(found, frames, &format!("{name}, by tcpdump"));
    }
}

fn frames_on_ethernet() {
    let _wire = wire();
    let mut frames: Vec<_> = (0..301).map(numbered).collect();
    frames.extend([14, 15, 59, 60, 61, 1513, 1514].map(|len| frame_of(len, 0xa5)));
    arrive("out0", "in0", &frames);
}

fn frames_with_tags() {
    let _wire = wire();
    let tagged = |tags: &[u8], len: usize| {
        let mut frame = frame_of(len - tags.len(), 0x5a);
        frame.splice(12..12, tags.iter().copied());
        frame
    };
    // A tag and no EtherType behind it, 18 bytes, is dropped by the receiving end (`skb_vlan_untag` in net/core/skbuff.c).
    let mut frames: Vec<_> =
        [20, 60, 100, 1514, 1517, 1518].map(|len| tagged(&[0x81, 0, 0x20, 42], len)).into();
    // The outer tag of 802.1ad, as the kernel counts it, gives no 4 bytes more.
    frames.extend([60, 1514].map(|len| tagged(&[0x88, 0xa8, 0, 7, 0x81, 0, 0, 8], len)));
    frames.extend([64, 1518].map(|len| tagged(&[0x81, 0, 0, 7, 0x81, 0, 0, 8], len)));
    arrive("out0", "in0", &frames);
}

fn frames_on_loopback() {
    let wire = wire();
    let mut frames: Vec<_> = (0..101).map(numbered).collect();
    frames.extend([14, 1515, 9000, 65_550].map(|len| frame_of(len, 0x33)));
    assert_eq!(wire.link("lo").unwrap().mtu, 65_536);
    arrive("lo", "lo", &frames);
}

fn packets_on_tun() {
    if let Err(error) = Rig::new() {
        return skip(&error.to_string());
    }
    let namespace = Namespace::new("tunnel").unwrap();
    namespace.join().unwrap();
    let device = match DeviceBuilder::new().name("tun0").layer(Layer::L3).build_sync() {
        Ok(device) => device,
        Err(error) => return skip(&format!("no tun device: {error}")),
    };
    namespace.up("tun0").unwrap();
    let mut packets = Vec::new();
    for number in 0..60_u8 {
        let mut packet = vec![number; 40 + 24 * usize::from(number)];
        // One version after the other, and several of one.
        packet[0] = if number % 3 == 0 { 0x45 } else { 0x60 };
        packets.push(packet);
    }
    packets.push([&[0x45][..], &[9; 1499]].concat());
    let mut buffer = vec![0; 70_000];
    for (name, mut sender) in senders("tun0") {
        assert_eq!(sender.link_type(), LinkType::RAW, "{name}");
        send(&mut *sender, &packets);
        for packet in &packets {
            let len = device.recv(&mut buffer).unwrap();
            assert!(buffer[..len] == packet[..], "{name}: {:02x?}", &buffer[..len.min(64)]);
        }
    }
    for (name, mut sender) in kernel_senders("tun0") {
        let error = sender.send(&frame(&[0; 40])).unwrap_err();
        assert_eq!((error.kind(), error.interface()), (SendErrorKind::InvalidFrame, Some("tun0")), "{name}");
        let error = sender.send(&vec![0x45; 1501]).unwrap_err();
        let excess = error.excess().unwrap();
        assert_eq!((excess.frame, excess.limit, excess.mtu), (1501, 1500, Some(1500)), "{name}: {error}");
    }
}

fn an_injector_of_each_name() {
    let _wire = wire();
    let mut ring = receiver("in0");
    for name in ["automatic", "packet", "tx-ring", "libpcap", "libnet"] {
        let backend: Backend = name.parse().unwrap();
        let mut injector = match Injector::builder("out0").backend(backend).open() {
            Err(error) if error.kind() == SendErrorKind::LibraryMissing => {
                skip(&error.to_string());
                continue;
            }
            opened => opened.unwrap(),
        };
        injector.send(&frame(name.as_bytes())).unwrap();
        injector.flush().unwrap();
        assert_eq!(drain(&mut ring), [frame(name.as_bytes())], "{name}");
        let expected = if name == "automatic" { Backend::Packet } else { backend };
        assert_eq!((injector.device(), injector.backend()), ("out0", expected));
    }
    // Of two that are up, the one with the lesser name of number 0; `lo` is the last.
    let mut injector = Injector::open_default().unwrap();
    assert!(["in0", "out0"].contains(&injector.device()), "{}", injector.device());
    injector.send(&frame(b"default")).unwrap();
    assert_eq!(injector.stats().sent, 1);
    // Any sender is one, boxed or lent.
    let mut lent: &mut dyn Sender = &mut injector;
    Sender::send(&mut lent, &frame(b"lent")).unwrap();
}

fn a_savefile() {
    use pycap_capture::{Format, Savefile, SavefileWriter};
    let file = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new()).unwrap();
    let mut sender = SavefileSender::new(file, LinkType::RAW);
    let frames: Vec<_> = (0..50).map(numbered).collect();
    send(&mut sender, &frames);
    assert_eq!((sender.stats().sent, sender.link_type()), (50, LinkType::RAW));
    let bytes = sender.into_writer().finish().unwrap();
    let mut file = Savefile::from_reader(&bytes[..]).unwrap();
    let mut found = Vec::new();
    while let Some(frame) = file.next_frame().unwrap() {
        assert!(frame.timestamp().is_some());
        assert_eq!(frame.link_type(), LinkType::RAW);
        found.push(frame.data().to_vec());
    }
    same(&found, &frames, "the file");
}

/// A UDP datagram from 10.9.0.1 to 10.9.0.2 and port 4000, with the sum of its pseudo-header alone.
fn unfinished(payload: &[u8]) -> Vec<u8> {
    let udp_len = (8 + payload.len()) as u16;
    let mut packet = vec![0x45, 0, 0, 0, 0, 1, 0x40, 0, 64, 17, 0, 0, 10, 9, 0, 1, 10, 9, 0, 2];
    packet[2..4].copy_from_slice(&(udp_len + 20).to_be_bytes());
    let sum = folded(&packet);
    packet[10..12].copy_from_slice(&(!sum).to_be_bytes());
    let pseudo = [&packet[12..20], &[0, 17], &udp_len.to_be_bytes()].concat();
    packet.extend([0x0f, 0xa1, 0x0f, 0xa0]);
    packet.extend(udp_len.to_be_bytes());
    packet.extend(folded(&pseudo).to_be_bytes());
    packet.extend(payload);
    packet
}

/// The one's complement sum of 16-bit words (RFC 1071).
fn folded(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    sum as u16
}

fn ethernet(destination: [u8; 6], packet: &[u8]) -> Vec<u8> {
    [&destination[..], &[2, 0, 0, 0, 0, 9, 8, 0], packet].concat()
}

fn a_checksum_is_left_to_the_system() {
    let (_near, far) = crate::routed::two();
    let socket = far.run(|| UdpSocket::bind("10.9.0.2:4000").unwrap()).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let frame = ethernet(far.link("in0").unwrap().mac.unwrap(), &unfinished(b"sum"));
    let mut sender = PacketSocket::builder("out0").offload(true).open().unwrap();
    // As it is, the checksum is wrong, and the other end throws it away.
    sender.send(&frame).unwrap();
    sender.send_offloaded(OffloadHeader::checksum(34, 6), &frame).unwrap();
    let mut buffer = [0; 100];
    assert_eq!(socket.recv(&mut buffer).unwrap(), 3);
    socket.set_nonblocking(true).unwrap();
    assert!(socket.recv(&mut buffer).is_err());
    // What is asked for lies outside of the frame.
    let error = sender.send_offloaded(OffloadHeader::checksum(5000, 6), &frame).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InvalidFrame, "{error}");
    let mut plain = PacketSocket::open("out0").unwrap();
    let error = plain.send_offloaded(OffloadHeader::checksum(34, 6), &frame).unwrap_err();
    assert_eq!(error.kind(), SendErrorKind::InvalidSetting, "{error}");
}

fn segments_are_left_to_the_system() {
    let (_near, far) = crate::routed::two();
    let socket = far.run(|| UdpSocket::bind("10.9.0.2:4000").unwrap()).unwrap();
    socket.set_read_timeout(Some(std::time::Duration::from_secs(5))).unwrap();
    let payload: Vec<u8> = (0..5000_u32).map(|at| (at / 1000) as u8).collect();
    let frame = ethernet(far.link("in0").unwrap().mac.unwrap(), &unfinished(&payload));
    let mut sender = PacketSocket::builder("out0").offload(true).open().unwrap();
    let header = OffloadHeader::checksum(34, 6).segments(Segmentation::Udp, 1000, 42);
    match sender.send_offloaded(header, &frame) {
        Err(error) if error.kind() == SendErrorKind::InvalidFrame => {
            return skip(&format!("Linux before 6.2 cuts no UDP: {error}"));
        }
        sent => sent.unwrap(),
    }
    let mut buffer = [0; 2000];
    for number in 0..5 {
        assert_eq!(socket.recv(&mut buffer).unwrap(), 1000);
        assert_eq!(buffer[..1000], [number; 1000]);
    }
}

/// A tap device takes no large frames unless its program asks for them: what it reads, the kernel has cut (`skb_segment` in
/// net/core/skbuff.c).
fn segments_are_those_of_the_kernel() {
    if let Err(error) = Rig::new() {
        return skip(&error.to_string());
    }
    let namespace = Namespace::new("tap").unwrap();
    namespace.join().unwrap();
    let _ = namespace.sysctl("ipv6/conf/default/disable_ipv6", "1");
    let device = match DeviceBuilder::new().name("tap0").layer(Layer::L2).build_sync() {
        Ok(device) => device,
        Err(error) => return skip(&format!("no tap device: {error}")),
    };
    namespace.up("tap0").unwrap();
    let mut sender = PacketSocket::builder("tap0").offload(true).open().unwrap();
    let link = || Ethernet::new([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]);
    let payload: Vec<u8> = (0..7000_u32).map(|at| (at * 7 + at / 251) as u8).collect();
    let flags = TcpFlags::ACK | TcpFlags::PSH | TcpFlags::FIN | TcpFlags::CWR;
    let tcp = Tcp::new(4000, 5).seq(u32::MAX - 2000).ack(9).window(500).flags(flags);
    let tcp =
        tcp.option(TcpOption::Nop).option(TcpOption::Nop).option(TcpOption::Timestamps { value: 1, echo: 2 });
    let v4 = || Ipv4::new([10, 9, 0, 1], [10, 9, 0, 2]).id(u16::MAX - 1).dont_fragment(true);
    let v6 = || Ipv6::new([0xfd; 16], [0xfe; 16]);
    for (frame, transport, at, kind) in [
        ((link(), v4(), &tcp, &payload[..]).build(), 34, 16, Segmentation::TcpV4),
        ((link(), v6(), &tcp, &payload[..]).build(), 54, 16, Segmentation::TcpV6),
        ((link(), v4(), Udp::new(4000, 5), &payload[..]).build(), 34, 6, Segmentation::Udp),
        ((link(), v6(), Udp::new(4000, 5), &payload[..]).build(), 54, 6, Segmentation::Udp),
    ] {
        let frame = frame.unwrap();
        let headers = frame.len() - payload.len();
        // The sum of the pseudo-header: what is left of the checksum without the rest.
        let mut left = frame.clone();
        left[transport + at..transport + at + 2].fill(0);
        let rest = folded(&left[transport..]);
        let checksum = u16::from_be_bytes([frame[transport + at], frame[transport + at + 1]]);
        let pseudo = folded(&[(!checksum).to_be_bytes(), (!rest).to_be_bytes()].concat());
        left[transport + at..transport + at + 2].copy_from_slice(&pseudo.to_be_bytes());
        let header =
            OffloadHeader::checksum(transport as u16, at as u16).segments(kind, 1400, headers as u16);
        match sender.send_offloaded(header, &left) {
            Err(error) if kind == Segmentation::Udp && error.kind() == SendErrorKind::InvalidFrame => {
                skip(&format!("Linux before 6.2 cuts no UDP: {error}"));
                continue;
            }
            sent => sent.unwrap(),
        }
        let mut segments = match kind {
            Segmentation::Udp => Segments::datagrams(LinkType::ETHERNET, &left, 1400).unwrap(),
            _ => Segments::new(LinkType::ETHERNET, &left, 1400).unwrap(),
        };
        let mut count = 0;
        let mut buffer = vec![0; 70_000];
        while let Some(segment) = segments.next() {
            let len = device.recv(&mut buffer).unwrap();
            same(&[segment.to_vec()], &[buffer[..len].to_vec()], &format!("{kind:?}, {count}"));
            count += 1;
        }
        assert_eq!(count, 5);
    }
}
