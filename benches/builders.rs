//! The same packet built by pycap and its peers: Ethernet, IPv4, TCP, a payload, both checksums.

#![allow(dead_code, reason = "each bench uses a part")]

use std::ffi::c_char;
use std::ptr;

use pycap_inject::{Layer, PacketBuf, layer};
use pycap_sys::libnet::{LIBNET_ERRBUF_SIZE, LIBNET_NONE, Libnet, libnet_ptag_t, libnet_t};
use pycap_wire::TcpFlags;

pub(crate) const DST: [u8; 6] = [2, 0, 0, 0, 0, 2];
pub(crate) const SRC: [u8; 6] = [2, 0, 0, 0, 0, 1];
pub(crate) const FROM: [u8; 4] = [10, 0, 0, 1];
pub(crate) const TO: [u8; 4] = [10, 0, 0, 2];
const PORTS: (u16, u16) = (4000, 80);
const ACK: u32 = 0x0102_0304;
const WINDOW: u16 = 8192;

/// What builds the packet with a sequence number and a payload.
pub(crate) trait Builder {
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8];
}

#[derive(Default)]
pub(crate) struct Pycap(PacketBuf);

impl Builder for Pycap {
    #[inline(always)]
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8] {
        let tcp = layer::Tcp::new(PORTS.0, PORTS.1).seq(seq).ack(ACK).flags(TcpFlags::ACK).window(WINDOW);
        let packet =
            (layer::Ethernet::new(DST, SRC), layer::Ipv4::new(FROM, TO).dont_fragment(true), tcp, payload);
        packet.write(&mut self.0).expect("the packet fits")
    }
}

pub(crate) struct Smoltcp(Vec<u8>);

impl Default for Smoltcp {
    fn default() -> Self {
        Self(vec![0; 2048])
    }
}

impl Builder for Smoltcp {
    #[inline(always)]
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8] {
        use smoltcp::phy::ChecksumCapabilities;
        use smoltcp::wire::*;
        let capabilities = ChecksumCapabilities::default();
        let len = 14 + 20 + 20 + payload.len();
        let ethernet = EthernetRepr {
            src_addr: EthernetAddress(SRC),
            dst_addr: EthernetAddress(DST),
            ethertype: EthernetProtocol::Ipv4,
        };
        let tcp = TcpRepr {
            src_port: PORTS.0,
            dst_port: PORTS.1,
            control: TcpControl::None,
            seq_number: TcpSeqNumber(seq as i32),
            ack_number: Some(TcpSeqNumber(ACK as i32)),
            window_len: WINDOW,
            window_scale: None,
            max_seg_size: None,
            sack_permitted: false,
            sack_ranges: [None; 3],
            timestamp: None,
            payload,
        };
        let ip = Ipv4Repr {
            src_addr: FROM.into(),
            dst_addr: TO.into(),
            next_header: IpProtocol::Tcp,
            payload_len: tcp.buffer_len(),
            hop_limit: 64,
        };
        let mut frame = EthernetFrame::new_unchecked(&mut self.0[..len]);
        ethernet.emit(&mut frame);
        let mut packet = Ipv4Packet::new_unchecked(frame.payload_mut());
        ip.emit(&mut packet, &capabilities);
        let mut segment = TcpPacket::new_unchecked(packet.payload_mut());
        tcp.emit(&mut segment, &IpAddress::from(ip.src_addr), &IpAddress::from(ip.dst_addr), &capabilities);
        &self.0[..len]
    }
}

pub(crate) struct Pnet(Vec<u8>);

impl Default for Pnet {
    fn default() -> Self {
        Self(vec![0; 2048])
    }
}

impl Builder for Pnet {
    #[inline(always)]
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8] {
        use pnet_packet::ethernet::{EtherTypes, MutableEthernetPacket};
        use pnet_packet::ip::IpNextHeaderProtocols;
        use pnet_packet::ipv4::{self, MutableIpv4Packet};
        use pnet_packet::tcp::{self, MutableTcpPacket};
        let len = 14 + 20 + 20 + payload.len();
        let (frame, rest) = self.0[..len].split_at_mut(14);
        let mut frame = MutableEthernetPacket::new(frame).expect("the buffer is long enough");
        frame.set_destination(DST.into());
        frame.set_source(SRC.into());
        frame.set_ethertype(EtherTypes::Ipv4);
        let (packet, rest) = rest.split_at_mut(20);
        let mut packet = MutableIpv4Packet::new(packet).expect("the buffer is long enough");
        packet.set_version(4);
        packet.set_header_length(5);
        packet.set_total_length((len - 14) as u16);
        packet.set_identification(0);
        packet.set_flags(2);
        packet.set_ttl(64);
        packet.set_next_level_protocol(IpNextHeaderProtocols::Tcp);
        packet.set_source(FROM.into());
        packet.set_destination(TO.into());
        packet.set_checksum(ipv4::checksum(&packet.to_immutable()));
        let mut segment = MutableTcpPacket::new(rest).expect("the buffer is long enough");
        segment.set_source(PORTS.0);
        segment.set_destination(PORTS.1);
        segment.set_sequence(seq);
        segment.set_acknowledgement(ACK);
        segment.set_data_offset(5);
        segment.set_flags(0x10);
        segment.set_window(WINDOW);
        segment.set_payload(payload);
        segment.set_checksum(tcp::ipv4_checksum(&segment.to_immutable(), &FROM.into(), &TO.into()));
        &self.0[..len]
    }
}

#[derive(Default)]
pub(crate) struct Etherparse(Vec<u8>);

impl Builder for Etherparse {
    #[inline(always)]
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8] {
        self.0.clear();
        etherparse::PacketBuilder::ethernet2(SRC, DST)
            .ipv4(FROM, TO, 64)
            .tcp(PORTS.0, PORTS.1, seq, WINDOW)
            .ack(ACK)
            .write(&mut self.0, payload)
            .expect("the packet fits");
        &self.0
    }
}

/// libnet, which keeps the packet's blocks and changes them in place.
pub(crate) struct LibnetBuilder {
    net: &'static Libnet,
    context: *mut libnet_t,
    tags: [libnet_ptag_t; 3],
    packet: *mut u8,
}

impl LibnetBuilder {
    /// `None` where there is no libnet.
    pub(crate) fn new() -> Option<Self> {
        let net = Libnet::load().ok()?;
        let mut error = [0 as c_char; LIBNET_ERRBUF_SIZE as usize];
        // SAFETY: the device may be null, and the buffer is as long as libnet wants it.
        let context = unsafe { net.libnet_init(LIBNET_NONE, ptr::null(), error.as_mut_ptr()) };
        (!context.is_null()).then_some(Self { net, context, tags: [0; 3], packet: ptr::null_mut() })
    }

    fn free_packet(&mut self) {
        if !self.packet.is_null() {
            // SAFETY: the packet came from libnet_pblock_coalesce, and nothing borrows it any more.
            unsafe { self.net.libnet_adv_free_packet(self.context, self.packet) };
            self.packet = ptr::null_mut();
        }
    }
}

impl Builder for LibnetBuilder {
    #[inline(always)]
    fn build(&mut self, seq: u32, payload: &[u8]) -> &[u8] {
        let (net, context, len) = (self.net, self.context, payload.len());
        self.free_packet();
        // SAFETY: the context is open and only used here, the payload is as long as it says.
        let tcp = unsafe {
            net.libnet_build_tcp(
                PORTS.0,
                PORTS.1,
                seq,
                ACK,
                0x10,
                WINDOW,
                0,
                0,
                20 + len as u16,
                payload.as_ptr(),
                len as u32,
                context,
                self.tags[0],
            )
        };
        let (from, to) = (u32::from_ne_bytes(FROM), u32::from_ne_bytes(TO));
        // SAFETY: the context is open and only used here, and there is no payload.
        let ip = unsafe {
            net.libnet_build_ipv4(
                40 + len as u16,
                0,
                0,
                0x4000,
                64,
                6,
                0,
                from,
                to,
                ptr::null(),
                0,
                context,
                self.tags[1],
            )
        };
        // SAFETY: the context is open and only used here, the addresses have six bytes each, and there is no payload.
        let ethernet = unsafe {
            net.libnet_build_ethernet(
                DST.as_ptr(),
                SRC.as_ptr(),
                0x0800,
                ptr::null(),
                0,
                context,
                self.tags[2],
            )
        };
        self.tags = [tcp, ip, ethernet];
        assert!(self.tags.iter().all(|tag| *tag > 0), "libnet builds the packet");
        let mut size = 0;
        // SAFETY: the context is open and only used here, and both pointers may be written.
        let status = unsafe { net.libnet_pblock_coalesce(context, &mut self.packet, &mut size) };
        assert_eq!(status, Some(1), "libnet writes the packet");
        // SAFETY: libnet stored a packet of that size, which lives until it is freed above.
        unsafe { std::slice::from_raw_parts(self.packet, size as usize) }
    }
}

impl Drop for LibnetBuilder {
    fn drop(&mut self) {
        self.free_packet();
        // SAFETY: the context is open and not used again.
        unsafe { self.net.libnet_destroy(self.context) };
    }
}

/// Panics unless all build the same bytes.
pub(crate) fn assert_same_packets() {
    let (mut pycap, mut smoltcp, mut pnet, mut etherparse) =
        (Pycap::default(), Smoltcp::default(), Pnet::default(), Etherparse::default());
    let mut libnet = LibnetBuilder::new();
    for len in [6, 64, 65, 1460] {
        let payload: Vec<u8> = (0..len).map(|i| (i * 7 + len) as u8).collect();
        for seq in [0, 1, 0xffff_fff0] {
            let ours = pycap.build(seq, &payload);
            assert_eq!(ours, smoltcp.build(seq, &payload), "smoltcp, {len} bytes");
            assert_eq!(ours, pnet.build(seq, &payload), "pnet_packet, {len} bytes");
            assert_eq!(ours, etherparse.build(seq, &payload), "etherparse, {len} bytes");
            if let Some(libnet) = &mut libnet {
                assert_eq!(ours, libnet.build(seq, &payload), "libnet, {len} bytes");
            }
        }
    }
}
