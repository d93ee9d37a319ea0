//! A tun device: packets without a link header, in both directions, as the program at its other end has them.
#![cfg(target_os = "linux")]

use std::net::{Ipv4Addr, UdpSocket};
use std::path::Path;
use std::time::Duration;

use pycap_capture::{Direction, LinkType, OwnedFrame, PacketRing};
use pycap_testkit::rig::{Namespace, Privilege};
use pycap_testkit::wire::{drain, rig, skip};
use pycap_wire::{Packet, Transport};
use tun_rs::{DeviceBuilder, Layer, SyncDevice};

/// A namespace with the device `tun0`, 192.0.2.1/24, and its other end. Takes root; under CI that has to be.
fn tunnel() -> Option<(Namespace, SyncDevice)> {
    let rig = rig(&[])?;
    if rig.privilege() != Privilege::System || !Path::new("/dev/net/tun").exists() {
        skip("it takes root, and /dev/net/tun");
        return None;
    }
    let namespace = rig.namespace("tunnel").unwrap();
    let device = namespace.run(|| DeviceBuilder::new().name("tun0").layer(Layer::L3).build_sync());
    let device = device.unwrap().unwrap();
    namespace.address("tun0", "192.0.2.1".parse().unwrap(), 24).unwrap();
    namespace.up("tun0").unwrap();
    Some((namespace, device))
}

#[test]
fn packets_have_no_link_header() {
    let Some((namespace, device)) = tunnel() else { return };
    let (mut ring, socket) = namespace
        .run(|| (PacketRing::builder("tun0").open().unwrap(), UdpSocket::bind("192.0.2.1:4000").unwrap()))
        .unwrap();
    assert_eq!(ring.link_type(), LinkType::RAW);
    let mut there = Vec::new();
    let mut buffer = [0; 2000];
    for number in 0..50_u8 {
        socket.send_to(&vec![number; 20 + 20 * usize::from(number)], "192.0.2.2:9").unwrap();
        let len = device.recv(&mut buffer).unwrap();
        there.push(buffer[..len].to_vec());
    }
    // Back comes the same with ends exchanged, which changes no checksum.
    let back: Vec<Vec<u8>> = there.iter().map(|packet| exchanged(packet)).collect();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for packet in &back {
        device.send(packet).unwrap();
    }
    let frames = drain(&mut ring);
    let captured = |direction: Direction| -> Vec<Vec<u8>> {
        let these = frames.iter().map(OwnedFrame::as_frame).filter(|frame| frame.direction() == direction);
        these.map(|frame| frame.data().to_vec()).collect()
    };
    assert!(
        captured(Direction::Outbound) == there,
        "{} of {}",
        captured(Direction::Outbound).len(),
        there.len()
    );
    assert!(captured(Direction::Inbound) == back, "{} of {}", captured(Direction::Inbound).len(), back.len());
    let first = frames[0].as_frame();
    let packet = Packet::parse(first.link_type(), first.data());
    assert_eq!(packet.ip().map(|ip| ip.src()), Some(Ipv4Addr::new(192, 0, 2, 1).into()));
    let Some(Transport::Udp(udp)) = packet.transport() else { panic!("{first:?}") };
    assert_eq!((udp.dst_port(), udp.payload()), (9, &[0; 20][..]));
}

/// From whom it was sent to, to whom it came from.
fn exchanged(packet: &[u8]) -> Vec<u8> {
    let mut back = packet.to_vec();
    back[12..16].copy_from_slice(&packet[16..20]);
    back[16..20].copy_from_slice(&packet[12..16]);
    back[20..22].copy_from_slice(&packet[22..24]);
    back[22..24].copy_from_slice(&packet[20..22]);
    back
}
