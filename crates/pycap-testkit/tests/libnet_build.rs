//! Packets of random fields: what libnet builds of them, and what pycap builds, is the same bytes.
#![cfg(target_os = "linux")]

use std::ffi::c_char;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ptr;

use fastrand::Rng;
use pycap_inject::layer::{
    Arp, Dhcp, Dns, Ethernet, Gre, Icmpv4, Icmpv6, Igmp, Ipv4, Ipv6, Mpls, Tcp, Udp, Vlan,
};
use pycap_inject::{Auto, Layer, PacketBuf};
use pycap_sys::libnet::*;
use pycap_wire::{DhcpOperation, EtherType, IpProtocol, TcpFlags};

/// Random packets of each kind.
const ROUNDS: usize = 1000;

/// A libnet context that only builds packets, innermost layer first, which needs no rights.
struct Net {
    net: &'static Libnet,
    l: *mut libnet_t,
}

macro_rules! build {
    ($self:ident, $function:ident($($argument:expr),* $(,)?)) => {{
        // SAFETY: the context is open and only used here; pointers among the arguments come from arrays and slices that are as
        // long as the function wants them, or as the length beside them says, and live through the call.
        let tag = unsafe { $self.net.$function($($argument,)* $self.l, 0) };
        assert!(tag > 0, "{} failed", stringify!($function));
    }};
}

impl Net {
    /// `None` where libnet is not installed; in CI that is an error.
    fn open() -> Option<Self> {
        let net = match Libnet::load() {
            Ok(net) => net,
            Err(error) => {
                assert!(std::env::var_os("CI").is_none(), "{error}");
                println!("skipped: {error}");
                return None;
            }
        };
        let mut error = [0 as c_char; LIBNET_ERRBUF_SIZE as usize];
        // SAFETY: the device may be null, and the buffer is as long as libnet wants it.
        let l = unsafe { net.libnet_init(LIBNET_NONE, ptr::null(), error.as_mut_ptr()) };
        assert!(!l.is_null());
        Some(Self { net, l })
    }

    /// The packet that was built; the next one starts from nothing.
    fn packet(&self) -> Vec<u8> {
        let (mut packet, mut size) = (ptr::null_mut(), 0);
        // SAFETY: the context is open and only used here, and both pointers may be written.
        let status = unsafe { self.net.libnet_pblock_coalesce(self.l, &mut packet, &mut size) };
        assert_eq!(status, Some(1), "libnet writes the packet");
        // SAFETY: libnet stored a packet of this size.
        let bytes = unsafe { std::slice::from_raw_parts(packet, size as usize) }.to_vec();
        // SAFETY: the packet came from libnet_pblock_coalesce and is not used again.
        unsafe { self.net.libnet_adv_free_packet(self.l, packet) };
        // SAFETY: nothing is borrowed from the packet any more.
        unsafe { self.net.libnet_clear_packet(self.l) };
        bytes
    }

    fn ethernet(&self, fields: &Link, ether_type: u16, payload: &[u8]) {
        let (dst, src, (data, len)) = (fields.dst.as_ptr(), fields.src.as_ptr(), parts(payload));
        build!(self, libnet_build_ethernet(dst, src, ether_type, data, len));
    }

    fn ipv4(&self, fields: &V4, protocol: u8, inside: usize) {
        if !fields.options.is_empty() {
            let (data, len) = parts(&fields.options);
            build!(self, libnet_build_ipv4_options(data, len));
        }
        let len = (20 + fields.options.len() + inside) as u16;
        let [src, dst] = [fields.src, fields.dst].map(|address| u32::from_ne_bytes(address.octets()));
        build!(
            self,
            libnet_build_ipv4(
                len,
                fields.tos,
                fields.id,
                fields.frag,
                fields.ttl,
                protocol,
                0,
                src,
                dst,
                ptr::null(),
                0
            )
        );
    }

    fn ipv6(&self, fields: &V6, protocol: u8, inside: usize) {
        let [src, dst] = [fields.src, fields.dst].map(|address| libnet_in6_addr::new(address.octets()));
        build!(
            self,
            libnet_build_ipv6(
                fields.tclass,
                fields.flow,
                inside as u16,
                protocol,
                fields.hlim,
                src,
                dst,
                ptr::null(),
                0
            )
        );
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        // SAFETY: the context is open and not used again.
        unsafe { self.net.libnet_destroy(self.l) };
    }
}

/// A payload's pointer and length as libnet takes them: null where there is none.
fn parts(payload: &[u8]) -> (*const u8, u32) {
    (if payload.is_empty() { ptr::null() } else { payload.as_ptr() }, payload.len() as u32)
}

struct Link {
    dst: [u8; 6],
    src: [u8; 6],
}

impl Link {
    fn random(rng: &mut Rng) -> Self {
        Self { dst: array(rng), src: array(rng) }
    }

    fn layer(&self) -> Ethernet {
        Ethernet::new(self.dst, self.src).padding(0)
    }
}

struct V4 {
    tos: u8,
    id: u16,
    frag: u16,
    ttl: u8,
    src: Ipv4Addr,
    dst: Ipv4Addr,
    options: Vec<u8>,
}

impl V4 {
    fn random(rng: &mut Rng) -> Self {
        // Options that lead elsewhere would change the pseudo-header, which libnet takes from the header.
        let options = if rng.bool() { vec![1; 4 * rng.usize(0..=10)] } else { Vec::new() };
        Self {
            tos: rng.u8(..),
            id: rng.u16(..),
            frag: rng.u16(..),
            ttl: rng.u8(..),
            src: Ipv4Addr::from(array(rng)),
            dst: Ipv4Addr::from(array(rng)),
            options,
        }
    }

    fn layer(&self) -> Ipv4 {
        Ipv4::new(self.src, self.dst)
            .tos(self.tos)
            .id(self.id)
            .flags_fragment(self.frag)
            .ttl(self.ttl)
            .options_bytes(&self.options)
    }
}

struct V6 {
    tclass: u8,
    flow: u32,
    hlim: u8,
    src: Ipv6Addr,
    dst: Ipv6Addr,
}

impl V6 {
    fn random(rng: &mut Rng) -> Self {
        // libnet writes the flow label's low eight bits in the place of the middle ones, too (`libnet_build_ipv6` of 1.1.6).
        let low = rng.u32(..0x100);
        Self {
            tclass: rng.u8(..),
            flow: rng.u32(..0x10) << 16 | low << 8 | low,
            hlim: rng.u8(..),
            src: Ipv6Addr::from(array(rng)),
            dst: Ipv6Addr::from(array(rng)),
        }
    }

    fn layer(&self) -> Ipv6 {
        Ipv6::new(self.src, self.dst).traffic_class(self.tclass).flow_label(self.flow).hop_limit(self.hlim)
    }
}

fn array<const N: usize>(rng: &mut Rng) -> [u8; N] {
    std::array::from_fn(|_| rng.u8(..))
}

fn payload(rng: &mut Rng) -> Vec<u8> {
    let len = if rng.u8(..8) == 0 { rng.usize(..1400) } else { rng.usize(..80) };
    std::iter::repeat_with(|| rng.u8(..)).take(len).collect()
}

/// Builds a thousand packets both ways: `build` builds one with libnet and returns ours.
fn compare(seed: u64, mut build: impl FnMut(&Net, &mut Rng, &mut PacketBuf) -> Vec<u8>) {
    let Some(net) = Net::open() else { return };
    let (mut rng, mut buf) = (Rng::with_seed(seed), PacketBuf::new());
    for round in 0..ROUNDS {
        let ours = build(&net, &mut rng, &mut buf);
        let theirs = net.packet();
        assert!(ours == theirs, "round {round}\npycap  {}\nlibnet {}", hex(&ours), hex(&theirs));
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn write(buf: &mut PacketBuf, layers: impl Layer) -> Vec<u8> {
    layers.write(buf).unwrap().to_vec()
}

#[test]
fn ethernet() {
    compare(1, |net, rng, buf| {
        let (link, ether_type, payload) = (Link::random(rng), rng.u16(..), payload(rng));
        net.ethernet(&link, ether_type, &payload);
        write(buf, (link.layer().ether_type(EtherType(ether_type)), payload))
    });
}

#[test]
fn vlan() {
    compare(2, |net, rng, buf| {
        let (link, payload) = (Link::random(rng), payload(rng));
        let (pcp, dei, vid, ether_type) = (rng.u8(..8), rng.u8(..2), rng.u16(..4096), rng.u16(..));
        let (dst, src, (data, len)) = (link.dst.as_ptr(), link.src.as_ptr(), parts(&payload));
        build!(net, libnet_build_802_1q(dst, src, 0x8100, pcp, dei, vid, ether_type, data, len));
        let vlan = Vlan::new(vid).pcp(pcp).dei(dei != 0).ether_type(EtherType(ether_type));
        write(buf, (link.layer(), vlan, payload))
    });
}

#[test]
fn arp() {
    compare(3, |net, rng, buf| {
        let (link, operation) = (Link::random(rng), rng.u16(..));
        let (sender, target) = ((array::<6>(rng), array::<4>(rng)), (array::<6>(rng), array::<4>(rng)));
        let pointers = [&sender.0[..], &sender.1, &target.0, &target.1].map(<[u8]>::as_ptr);
        let [sha, spa, tha, tpa] = pointers;
        build!(net, libnet_build_arp(1, 0x0800, 6, 4, operation, sha, spa, tha, tpa, ptr::null(), 0));
        net.ethernet(&link, 0x0806, &[]);
        let arp = Arp::new(operation.into(), sender, target);
        write(buf, (link.layer(), arp))
    });
}

#[test]
fn ipv4() {
    compare(4, |net, rng, buf| {
        let (link, ip, protocol, payload) = (Link::random(rng), V4::random(rng), rng.u8(..), payload(rng));
        let (data, len) = parts(&payload);
        if len > 0 {
            build!(net, libnet_build_data(data, len));
        }
        net.ipv4(&ip, protocol, payload.len());
        net.ethernet(&link, 0x0800, &[]);
        write(buf, (link.layer(), ip.layer().protocol(IpProtocol(protocol)), payload))
    });
}

#[test]
fn ipv6() {
    compare(5, |net, rng, buf| {
        let (link, ip, protocol, payload) = (Link::random(rng), V6::random(rng), rng.u8(..), payload(rng));
        let (data, len) = parts(&payload);
        if len > 0 {
            build!(net, libnet_build_data(data, len));
        }
        net.ipv6(&ip, protocol, payload.len());
        net.ethernet(&link, 0x86dd, &[]);
        write(buf, (link.layer(), ip.layer().next_header(IpProtocol(protocol)), payload))
    });
}

#[test]
fn icmpv4() {
    compare(6, |net, rng, buf| {
        let (ip, payload) = (V4::random(rng), payload(rng));
        let (id, seq, code, (data, len)) = (rng.u16(..), rng.u16(..), rng.u8(..), parts(&payload));
        let [a, b, c] = [rng.u32(..), rng.u32(..), rng.u32(..)];
        let (icmp, own) = match rng.u8(..8) {
            0 => {
                build!(net, libnet_build_icmpv4_echo(8, 0, 0, id, seq, data, len));
                (Icmpv4::echo_request(id, seq), 4)
            }
            1 => {
                build!(net, libnet_build_icmpv4_echo(0, 0, 0, id, seq, data, len));
                (Icmpv4::echo_reply(id, seq), 4)
            }
            2 => {
                build!(net, libnet_build_icmpv4_mask(18, 0, 0, id, seq, a, data, len));
                (Icmpv4::address_mask_reply(id, seq, Ipv4Addr::from_bits(a)), 8)
            }
            3 => {
                build!(net, libnet_build_icmpv4_unreach(3, code, 0, data, len));
                (Icmpv4::unreachable(code).length(0), 4)
            }
            4 => {
                // The gateway, as addresses are with libnet, is in network byte order; the mask above is not.
                build!(net, libnet_build_icmpv4_redirect(5, 1, 0, a.to_be(), data, len));
                (Icmpv4::redirect(Ipv4Addr::from_bits(a)).code(1), 4)
            }
            5 => {
                build!(net, libnet_build_icmpv4_timeexceed(11, code, 0, data, len));
                (Icmpv4::time_exceeded(code).length(0), 4)
            }
            6 => {
                build!(net, libnet_build_icmpv4_timestamp(13, 0, 0, id, seq, a, 0, 0, data, len));
                (Icmpv4::timestamp_request(id, seq, a), 16)
            }
            _ => {
                build!(net, libnet_build_icmpv4_timestamp(14, 0, 0, id, seq, a, b, c, data, len));
                (Icmpv4::timestamp_reply(id, seq, a, b, c), 16)
            }
        };
        net.ipv4(&ip, 1, 4 + own + payload.len());
        write(buf, (ip.layer(), icmp, payload))
    });
}

#[test]
fn icmpv6() {
    compare(7, |net, rng, buf| {
        let (ip, mut payload, target) = (V6::random(rng), payload(rng), array::<16>(rng));
        let (id, seq) = (rng.u16(..), rng.u16(..));
        let mac: [u8; 6] = array(rng);
        let neighbour = libnet_in6_addr::new(target);
        let kind = rng.u8(..4);
        if kind >= 2 {
            // What follows the target are options.
            payload = [&[kind - 1, 1][..], &mac].concat();
        }
        let (data, len) =
            (if payload.is_empty() { ptr::null_mut() } else { payload.as_mut_ptr() }, payload.len() as u32);
        let (icmp, own) = match kind {
            0 => {
                build!(net, libnet_build_icmpv6_echo(128, 0, 0, id, seq, data, len));
                (Icmpv6::echo_request(id, seq), 4)
            }
            1 => {
                build!(net, libnet_build_icmpv6_echo(129, 0, 0, id, seq, data, len));
                (Icmpv6::echo_reply(id, seq), 4)
            }
            2 => {
                build!(net, libnet_build_icmpv6_ndp_nsol(135, 0, 0, neighbour, data, len));
                (Icmpv6::neighbor_solicitation(target), 20)
            }
            _ => {
                build!(net, libnet_build_icmpv6_ndp_nadv(136, 0, 0, 0x6000_0000, neighbour, data, len));
                (Icmpv6::neighbor_advertisement(target).solicited(true).overriding(true), 20)
            }
        };
        net.ipv6(&ip, 58, 4 + own + payload.len());
        write(buf, (ip.layer(), icmp, payload))
    });
}

#[test]
fn tcp() {
    compare(8, |net, rng, buf| {
        let payload = payload(rng);
        let options: Vec<u8> = if rng.bool() { vec![1; 4 * rng.usize(0..=10)] } else { Vec::new() };
        let (src, dst, seq, ack) = (rng.u16(..), rng.u16(..), rng.u32(..), rng.u32(..));
        let (flags, window, urgent) = (rng.u8(..), rng.u16(..), rng.u16(..));
        if !options.is_empty() {
            let (data, len) = parts(&options);
            build!(net, libnet_build_tcp_options(data, len));
        }
        let inside = 20 + options.len() + payload.len();
        let (data, len) = parts(&payload);
        build!(net, libnet_build_tcp(src, dst, seq, ack, flags, window, 0, urgent, inside as u16, data, len));
        let tcp = Tcp::new(src, dst)
            .seq(seq)
            .ack(ack)
            .flags(TcpFlags(flags.into()))
            .window(window)
            .urgent(urgent)
            .options_bytes(&options);
        if rng.bool() {
            let ip = V4::random(rng);
            net.ipv4(&ip, 6, inside);
            write(buf, (ip.layer(), tcp, payload))
        } else {
            let ip = V6::random(rng);
            net.ipv6(&ip, 6, inside);
            write(buf, (ip.layer(), tcp, payload))
        }
    });
}

#[test]
fn udp() {
    compare(9, |net, rng, buf| {
        let (payload, src, dst) = (payload(rng), rng.u16(..), rng.u16(..));
        let inside = 8 + payload.len();
        let (data, len) = parts(&payload);
        build!(net, libnet_build_udp(src, dst, inside as u16, 0, data, len));
        if rng.bool() {
            let ip = V4::random(rng);
            net.ipv4(&ip, 17, inside);
            write(buf, (ip.layer(), Udp::new(src, dst), payload))
        } else {
            let ip = V6::random(rng);
            net.ipv6(&ip, 17, inside);
            write(buf, (ip.layer(), Udp::new(src, dst), payload))
        }
    });
}

#[test]
fn igmp() {
    compare(10, |net, rng, buf| {
        let (ip, group, max_response) = (V4::random(rng), array::<4>(rng), rng.u8(..));
        let address = u32::from_ne_bytes(group);
        let igmp = match rng.u8(..3) {
            0 => {
                build!(net, libnet_build_igmp(0x11, max_response, 0, address, ptr::null(), 0));
                Igmp::v2_query(group, max_response)
            }
            1 => {
                build!(net, libnet_build_igmp(0x16, 0, 0, address, ptr::null(), 0));
                Igmp::v2_report(group)
            }
            _ => {
                build!(net, libnet_build_igmp(0x17, 0, 0, address, ptr::null(), 0));
                Igmp::leave(group)
            }
        };
        net.ipv4(&ip, 2, 8);
        write(buf, (ip.layer(), igmp))
    });
}

#[test]
fn gre() {
    compare(11, |net, rng, buf| {
        let (ip, payload, ether_type) = (V4::random(rng), payload(rng), rng.u16(..));
        let (has_checksum, has_key, has_seq) = (rng.bool(), rng.bool(), rng.bool());
        let (key, seq) = (rng.u32(..), rng.u32(..));
        let flags = u16::from(has_checksum) << 15 | u16::from(has_key) << 13 | u16::from(has_seq) << 12;
        let len =
            4 * (1 + usize::from(has_checksum) + usize::from(has_key) + usize::from(has_seq)) + payload.len();
        let (data, data_len) = parts(&payload);
        build!(net, libnet_build_gre(flags, ether_type, 0, 0, key, seq, len as u16, data, data_len));
        net.ipv4(&ip, 47, len);
        let mut gre = Gre::new().protocol_type(EtherType(ether_type));
        if has_checksum {
            gre = gre.checksum(Auto::Computed);
        }
        if has_key {
            gre = gre.key(key);
        }
        if has_seq {
            gre = gre.seq(seq);
        }
        write(buf, (ip.layer(), gre, payload))
    });
}

#[test]
fn mpls() {
    compare(12, |net, rng, buf| {
        let (link, payload) = (Link::random(rng), payload(rng));
        let (label, class, bottom, ttl) = (rng.u32(..1 << 20), rng.u8(..8), rng.bool(), rng.u8(..));
        let (data, len) = parts(&payload);
        build!(net, libnet_build_mpls(label, class, bottom.into(), ttl, data, len));
        net.ethernet(&link, 0x8847, &[]);
        write(
            buf,
            (link.layer(), Mpls::new(label).traffic_class(class).bottom_of_stack(bottom).ttl(ttl), payload),
        )
    });
}

#[test]
fn dns() {
    compare(13, |net, rng, buf| {
        let (ip, payload) = (V4::random(rng), payload(rng));
        let (id, flags) = (rng.u16(..), rng.u16(..));
        let [questions, answers, authority, additional] =
            [rng.u16(..), rng.u16(..), rng.u16(..), rng.u16(..)];
        let (data, len) = parts(&payload);
        let header = LIBNET_UDP_DNSV4_H as u16;
        build!(
            net,
            libnet_build_dnsv4(header, id, flags, questions, answers, authority, additional, data, len)
        );
        let inside = 8 + 12 + payload.len();
        build!(net, libnet_build_udp(4000, 53, inside as u16, 0, ptr::null(), 0));
        net.ipv4(&ip, 17, inside);
        let dns = Dns::new(id)
            .flags(flags)
            .qdcount(questions)
            .ancount(answers)
            .nscount(authority)
            .arcount(additional);
        write(buf, (ip.layer(), Udp::new(4000, 53), dns, payload))
    });
}

#[test]
fn dhcp() {
    compare(14, |net, rng, buf| {
        let (ip, payload) = (V4::random(rng), payload(rng));
        let (op, hops, xid, secs, flags) = (rng.u8(..), rng.u8(..), rng.u32(..), rng.u16(..), rng.u16(..));
        let addresses: [[u8; 4]; 4] = std::array::from_fn(|_| array(rng));
        let [ciaddr, yiaddr, siaddr, giaddr] = addresses.map(u32::from_be_bytes);
        let mut chaddr = [0; 16];
        chaddr[..6].copy_from_slice(&array::<6>(rng));
        let (data, len) = parts(&payload);
        build!(
            net,
            libnet_build_dhcpv4(
                op,
                1,
                6,
                hops,
                xid,
                secs,
                flags,
                ciaddr,
                yiaddr,
                siaddr,
                giaddr,
                chaddr.as_ptr(),
                ptr::null(),
                ptr::null(),
                data,
                len
            )
        );
        let inside = 8 + 240 + payload.len();
        build!(net, libnet_build_udp(68, 67, inside as u16, 0, ptr::null(), 0));
        net.ipv4(&ip, 17, inside);
        let dhcp = Dhcp::default()
            .xid(xid)
            .chaddr(chaddr)
            .end(false)
            .op(DhcpOperation(op))
            .hops(hops)
            .secs(secs)
            .flags(flags)
            .ciaddr(addresses[0].into())
            .yiaddr(addresses[1].into())
            .siaddr(addresses[2].into())
            .giaddr(addresses[3].into());
        write(buf, (ip.layer(), Udp::new(68, 67), dhcp, payload))
    });
}
