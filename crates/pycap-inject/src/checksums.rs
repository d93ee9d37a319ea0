//! Checksums of frames that are there already.

use pycap_wire::LinkType;

use crate::outline::Outline;

/// Completes the checksum that a sender left to its network card, in a frame that says so
/// ([`Frame::checksum_not_ready`](https://docs.rs/pycap-capture/latest/pycap_capture/struct.Frame.html#method.checksum_not_ready)):
/// that of TCP, UDP or SCTP, behind VLAN tags, extension headers and in tunnels (IP in IP, GRE, VXLAN, Geneve, MPLS, PPPoE). Whether there
/// was one that could be: not in a frame that was cut short, nor in a fragment.
///
/// The Linux kernel leaves the sum of the pseudo-header in the field, with SCTP zero. Of the headers of a tunnel it is whichever has
/// that, an outer one or an inner one or both; where none has, it is the innermost one's.
///
/// ```
/// use pycap_inject::complete_checksums;
/// use pycap_wire::{LinkType, Packet};
///
/// let mut datagram = *b"\x45\0\0\x21\x7a\x6b\x40\0\x40\x11\xab\xc4\x0a\x4d\0\x01\x0a\x4d\0\x02\xe1\x8f\0\x05\0\x0d\x14\xbbhello";
/// assert!(complete_checksums(LinkType::RAW, &mut datagram));
/// assert_eq!(datagram[26..28], [0xc5, 0xd0]);
/// assert_eq!(Packet::parse(LinkType::RAW, &datagram).checksum_ok(), Some(true));
/// ```
pub fn complete_checksums(link_type: LinkType, frame: &mut [u8]) -> bool {
    Outline::of(link_type, frame, 0).complete(frame)
}

/// Computes all checksums of a frame anew, innermost first, and says whether one was wrong: those of IPv4's header, TCP, UDP, UDP-Lite,
/// ICMP, ICMPv6, IGMP, SCTP and GRE, behind VLAN tags, extension headers and in tunnels.
///
/// A UDP checksum of 0 stays over IPv4, where it says that there is none, and with a tunnel in the datagram (RFC 6935). Fragments, what
/// is cut short and packets that ICMP errors quote have checksums over bytes that are not there; those stay as well.
///
/// ```
/// use pycap_inject::{Layer, fix_checksums, layer};
/// use pycap_wire::LinkType;
///
/// let packet = (layer::Ipv6::new([0xfd; 16], [0xfe; 16]), layer::Tcp::new(1, 2), "hello").build()?;
/// let mut broken = packet.clone();
/// broken[56] ^= 1;
/// assert!(fix_checksums(LinkType::RAW, &mut broken) && broken == packet);
/// assert!(!fix_checksums(LinkType::RAW, &mut broken));
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
pub fn fix_checksums(link_type: LinkType, frame: &mut [u8]) -> bool {
    Outline::of(link_type, frame, 0).fix(frame)
}

#[cfg(test)]
mod tests {
    use pycap_wire::checksum::{fold, pseudo};
    use pycap_wire::{IpProtocol, Packet};

    use super::*;
    use crate::Layer;
    use crate::layer::{
        Ethernet, Gre, Icmpv4, Ipv4, Ipv6, Ipv6DestinationOptions, Sctp, Tcp, Udp, Vlan, Vxlan,
    };

    const A: [u8; 4] = [10, 77, 0, 1];
    const B: [u8; 4] = [10, 77, 0, 2];

    /// The frame as the kernel leaves it: the field at `at` of the header at `header` has the sum of the pseudo-header.
    fn unfinished(frame: &[u8], header: usize, at: usize, is_ipv6: bool, protocol: IpProtocol) -> Vec<u8> {
        let (a, b) = if is_ipv6 {
            (std::net::IpAddr::from([0xfd; 16]), std::net::IpAddr::from([0xfe; 16]))
        } else {
            (std::net::IpAddr::from(A), std::net::IpAddr::from(B))
        };
        let mut frame = frame.to_vec();
        let seed = fold(pseudo(a, b, protocol, frame.len() - header).unwrap());
        frame[header + at..header + at + 2].copy_from_slice(&seed.to_be_bytes());
        frame
    }

    #[test]
    fn what_the_network_card_would_have_completed() {
        let link = || Ethernet::new([2; 6], [4; 6]);
        let (v4, v6) = (|| Ipv4::new(A, B), || Ipv6::new([0xfd; 16], [0xfe; 16]));
        let (tcp, udp) = (|| (Tcp::new(1, 2), "hello"), || (Udp::new(1, 2), "hello"));
        let options = Ipv6DestinationOptions::default();
        let (t, u) = ((16, IpProtocol::TCP), (6, IpProtocol::UDP));
        for (frame, header, (at, protocol), is_ipv6) in [
            ((link(), v4(), tcp()).build(), 34, t, false),
            ((link(), v4(), udp()).build(), 34, u, false),
            ((link(), v6(), tcp()).build(), 54, t, true),
            ((link(), v6(), udp()).build(), 54, u, true),
            ((link(), Vlan::new(7), v4(), tcp()).build(), 38, t, false),
            ((link(), Vlan::service(5), Vlan::new(7), v6(), udp()).build(), 62, u, true),
            ((link(), v6(), options, udp()).build(), 62, u, true),
            ((link(), v4(), v6(), tcp()).build(), 74, t, true),
            ((link(), v4(), Gre::new(), v4(), tcp()).build(), 58, t, false),
            ((link(), v4(), Udp::new(1, 4789), Vxlan::new(1), link(), v4(), tcp()).build(), 84, t, false),
            // The outer one alone, as of a packet that was forwarded into the tunnel.
            ((link(), v4(), Udp::new(1, 4789), Vxlan::new(1), link(), v4(), tcp()).build(), 34, u, false),
        ] {
            let frame = frame.unwrap();
            // Without the padding of short frames.
            let end = Outline::of(LinkType::ETHERNET, &frame, 0).parts().last().unwrap().end;
            let frame = &frame[..end];
            let mut completed = unfinished(frame, header, at, is_ipv6, protocol);
            assert!(complete_checksums(LinkType::ETHERNET, &mut completed));
            assert_eq!(completed, frame, "{header} {protocol:?}");
            // One that is complete stays so.
            assert!(complete_checksums(LinkType::ETHERNET, &mut completed) && completed == frame);
        }
        let sctp = (v4(), Sctp::new(1, 2)).build().unwrap();
        let mut unfinished = sctp.clone();
        unfinished[28..32].fill(0);
        assert!(complete_checksums(LinkType::RAW, &mut unfinished) && unfinished == sctp);
    }

    #[test]
    fn what_has_not_all_its_bytes_is_left_alone() {
        let whole = (Ipv4::new(A, B), Udp::new(1, 2), "hello").build().unwrap();
        let mut cut = whole[..30].to_vec();
        let before = cut.clone();
        assert!(!complete_checksums(LinkType::RAW, &mut cut) && cut == before);
        let mut fragment =
            (Ipv4::new(A, B).more_fragments(true), Udp::new(1, 2), "hello!!!").build().unwrap();
        let before = fragment.clone();
        assert!(!complete_checksums(LinkType::RAW, &mut fragment) && fragment == before);
        assert!(!complete_checksums(LinkType::RAW, &mut []));
        assert!(!complete_checksums(LinkType::ETHERNET, &mut [0xff; 60]));
    }

    #[test]
    fn all_checksums_are_fixed_but_those_that_say_that_there_is_none() {
        let none = (Ipv4::new(A, B), Udp::new(1, 2).checksum(0), "x").build().unwrap();
        let mut frame = none.clone();
        assert!(!fix_checksums(LinkType::RAW, &mut frame) && frame == none);
        let mut frame = (Ipv6::new([1; 16], [2; 16]), Udp::new(1, 2).checksum(0), "x").build().unwrap();
        assert!(fix_checksums(LinkType::RAW, &mut frame));
        assert_eq!(Packet::parse(LinkType::RAW, &frame).checksum_ok(), Some(true));
        let ping = (Ipv4::new(A, B), Icmpv4::echo_request(1, 2), "x").build().unwrap();
        let mut frame = ping.clone();
        frame[10] ^= 1;
        frame[22] ^= 1;
        assert!(fix_checksums(LinkType::RAW, &mut frame) && frame == ping);
    }

    /// Whatever the bytes are, nothing panics, and what was fixed stays so.
    #[test]
    fn any_bytes_will_do() {
        let mut state = 1_u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize
        };
        let link = || Ethernet::new([2; 6], [4; 6]);
        let (v4, v6) = (|| Ipv4::new(A, B), || Ipv6::new([0xfd; 16], [0xfe; 16]));
        let tcp = (Tcp::new(1, 2), [7; 300]);
        let seeds = [
            (link(), Vlan::new(7), v4(), Udp::new(1, 4789), Vxlan::new(1), link(), v6(), &tcp)
                .build()
                .unwrap(),
            (link(), v6(), Ipv6DestinationOptions::default(), Gre::new().seq(1), v4(), &tcp).build().unwrap(),
            (link(), v4(), Sctp::new(1, 2)).build().unwrap(),
            (link(), v4(), Udp::new(1, 2), [7; 300]).build().unwrap(),
        ];
        for round in 0..20_000 {
            let mut frame = seeds[round % seeds.len()].clone();
            for _ in 0..random() % 4 {
                let at = random() % frame.len();
                frame[at] = random() as u8;
            }
            frame.truncate(frame.len() - random() % frame.len() * usize::from(round % 3 == 0));
            complete_checksums(LinkType::ETHERNET, &mut frame);
            fix_checksums(LinkType::ETHERNET, &mut frame);
            assert!(!fix_checksums(LinkType::ETHERNET, &mut frame), "{frame:02x?}");
            let size = 1 + random() % 200;
            for segments in [
                crate::Segments::new(LinkType::ETHERNET, &frame, size),
                crate::Segments::fitting(LinkType::ETHERNET, &frame, size + 100),
                crate::Segments::datagrams(LinkType::ETHERNET, &frame, size),
            ] {
                let Ok(mut segments) = segments else { continue };
                let mut bytes = 0;
                while let Some(segment) = segments.next() {
                    bytes += segment.len();
                }
                assert!(bytes > 0);
            }
        }
    }
}
