//! Packets that are built once and then changed in place, field by field, for streams of them.

mod cover;
mod field;
mod random;
mod range;
mod stream;

use std::fmt;
use std::marker::PhantomData;

use pycap_wire::{LinkType, Next};

pub use field::{Field, Patch};
pub use random::{Random, RandomValue};
pub use range::{Ipv4Range, Ipv6Range};
pub use stream::{Each, Same, Step, Stream, With};

use crate::{BuildError, FieldError, Identity, Layer};
use cover::Covers;

/// A finished packet whose fields are set in place, each with the checksums that it is part of.
///
/// Checksums are updated (RFC 1624), not computed: one that was wrong stays as wrong as it was, a UDP checksum of 0 (none)
/// stays 0. Only [`Field`]s that leave every length and every layer where it is can be set. What `pycap-wire` does not dissect
/// is payload, and a checksum in there (SCTP's, that of a packet in a UDP tunnel) does not follow.
///
/// ```
/// use pycap_inject::layer::{Ethernet, Ipv4, Udp};
/// use pycap_inject::template::{Field, Template};
///
/// let ethernet = Ethernet::new([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]);
/// let mut template = Template::new(&(ethernet, Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Udp::new(4000, 7), "hello"))?;
/// let src = template.field(Field::IPV4_SRC)?;
/// let src_port = template.field(Field::UDP_SRC_PORT)?;
/// for i in 0..100 {
///     template.set(&src, [10, 0, 1, i]);
///     template.set(&src_port, 4000 + u16::from(i));
///     assert_eq!(template.bytes()[29], i);
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Template {
    bytes: Vec<u8>,
    start: Next,
}

/// A field's place in one template, and the checksums that depend on it.
pub struct Slot<T> {
    at: u32,
    /// The field's bits, as they lie in memory.
    mask: u32,
    shift: u32,
    covers: Covers,
    value: PhantomData<T>,
}

impl<T> Clone for Slot<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Slot<T> {}

impl<T> fmt::Debug for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Slot")
            .field("at", &self.at)
            .field("checksums", &self.covers.places().collect::<Vec<_>>())
            .finish_non_exhaustive()
    }
}

impl Template {
    /// The packet that `layers` are.
    ///
    /// # Errors
    /// As for [`Layer::write`].
    pub fn new<L: Layer + ?Sized>(layers: &L) -> Result<Self, BuildError> {
        let start = match layers.identity() {
            Identity::Ethernet => Next::Link(LinkType::ETHERNET),
            Identity::Ipv4 | Identity::Ipv6 => Next::Link(LinkType::RAW),
            Identity::Llc => Next::Llc,
            Identity::Ppp => Next::Link(LinkType::PPP),
            Identity::EtherType(ether_type) => Next::EtherType(ether_type),
            Identity::IpProtocol(protocol) => Next::IpProtocol(protocol),
            _ => Next::End,
        };
        Ok(Self { bytes: layers.build()?, start })
    }

    /// A finished packet, say a captured one.
    pub fn from_bytes(link_type: LinkType, bytes: impl Into<Vec<u8>>) -> Self {
        Self { bytes: bytes.into(), start: Next::Link(link_type) }
    }

    /// The packet as it is now.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where a field stands, to be found once and then [`set`](Self::set) many times.
    ///
    /// # Errors
    /// There is no such field; or other values of it would move what follows, or are a checksum; or the checksums that it
    /// is part of cannot be updated.
    pub fn field<T: Patch>(&self, field: Field<T>) -> Result<Slot<T>, FieldError> {
        let mask = T::stored_mask(field.mask);
        let found = cover::find(&self.bytes, self.start, &field, T::LEN, mask)?;
        Ok(Slot { at: found.at, mask, shift: field.shift, covers: found.covers, value: PhantomData })
    }

    /// Sets a field, and has the checksums follow. Of a number too large for the field the low bits count.
    ///
    /// `slot` is one of this template's (or of one with the same layers: to any other it does what makes no sense).
    #[inline(always)]
    pub fn set<T: Patch>(&mut self, slot: &Slot<T>, value: impl Into<T>) {
        let bytes = self.bytes.as_mut_slice();
        if let Some(difference) = value.into().put(bytes, slot.at as usize, slot.mask, slot.shift) {
            slot.covers.update(bytes, difference);
        }
    }

    /// The packets that come of giving fields one value after the other.
    pub fn stream(&mut self) -> Stream<'_, Same> {
        Stream::of(self)
    }
}

/// Its bytes in hexadecimal.
impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Template(")?;
        self.bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;
    use pycap_testkit::generate::Traffic;
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{Ipv6Option, LayerKind, Layers, MacAddr, TcpFlags};

    use super::*;
    use crate::layer::*;

    const A: [u8; 4] = [10, 0, 0, 1];
    const B: [u8; 4] = [10, 0, 0, 2];

    fn verdicts(start: Next, bytes: &[u8]) -> Vec<(LayerKind, Option<bool>)> {
        let mut verifier = Verifier::default();
        Layers::new(start, bytes).map(|layer| (layer.kind(), verifier.verify(&layer))).collect()
    }

    /// Sets a field of what `build` makes of one value to others, and has what it makes of those.
    fn check<T: Patch + RandomValue, L: Layer>(seed: u64, field: Field<T>, build: impl Fn(T) -> L) {
        let mut values = Random::<T>::new(seed);
        let mut template = Template::new(&build(values.next().unwrap())).unwrap();
        let slot = template.field(field).unwrap();
        for value in values.take(20) {
            template.set(&slot, value);
            assert_same(&template, &build(value).build().unwrap());
        }
    }

    fn assert_same(template: &Template, anew: &[u8]) {
        assert_eq!(template.bytes(), anew);
        let verdicts = verdicts(template.start, anew);
        assert!(verdicts.iter().all(|(_, verdict)| *verdict != Some(false)), "{verdicts:?}");
    }

    fn ethernet() -> Ethernet {
        Ethernet::new([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1])
    }

    fn ip() -> Ipv4 {
        Ipv4::new(A, B)
    }

    fn ipv6() -> Ipv6 {
        Ipv6::new([0x2d; 16], [0x3e; 16])
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn ethernet_ipv4_tcp(seed: u64) {
            let frame = |ip: Ipv4, tcp: Tcp| (ethernet(), Vlan::new(5), ip.options_bytes(&[1; 5]), tcp, "hello");
            let tcp = || Tcp::new(1, 2).options_bytes(&[1; 4]);
            let in_ip = |ip: Ipv4| frame(ip, tcp());
            let in_tcp = |tcp: Tcp| frame(ip(), tcp);
            check(seed, Field::ETH_SRC, |mac: MacAddr| (Ethernet::new([2; 6], mac), ip(), tcp(), "x"));
            check(seed, Field::ETH_DST, |mac: MacAddr| (Ethernet::new(mac, [2; 6]), ip(), tcp(), "x"));
            check(seed, Field::VLAN_ID, |vid| (ethernet(), Vlan::new(vid & 0xfff).pcp(6), ip(), tcp(), "x"));
            check(seed, Field::VLAN_PCP, |pcp| (ethernet(), Vlan::new(5).pcp(pcp & 7), ip(), tcp(), "x"));
            check(seed, Field::IPV4_SRC, |src: Ipv4Addr| in_ip(Ipv4::new(src, B)));
            check(seed, Field::IPV4_DST, |dst: Ipv4Addr| in_ip(Ipv4::new(A, dst)));
            check(seed, Field::IPV4_TTL, |ttl| in_ip(ip().ttl(ttl)));
            check(seed, Field::IPV4_TOS, |tos| in_ip(ip().tos(tos)));
            check(seed, Field::IPV4_DSCP, |dscp| in_ip(ip().ecn(2).dscp(dscp & 0x3f)));
            check(seed, Field::IPV4_ID, |id| in_ip(ip().id(id)));
            check(seed, Field::TCP_SRC_PORT, |port| in_tcp(Tcp::new(port, 2)));
            check(seed, Field::TCP_DST_PORT, |port| in_tcp(Tcp::new(1, port)));
            check(seed, Field::TCP_SEQ, |seq| in_tcp(tcp().seq(seq)));
            check(seed, Field::TCP_ACK, |ack| in_tcp(tcp().ack(ack)));
            check(seed, Field::TCP_WINDOW, |window| in_tcp(tcp().window(window)));
            check(seed, Field::<u16>::at(LayerKind::Tcp, 18), |urgent| in_tcp(tcp().urgent(urgent)));

            let mut template = Template::new(&in_tcp(tcp())).unwrap();
            let slot = template.field(Field::TCP_FLAGS).unwrap();
            for flags in Random::<u16>::within(seed, 0..=0xfff).take(20).map(TcpFlags) {
                template.set(&slot, flags);
                assert_same(&template, &in_tcp(tcp().flags(flags)).build().unwrap());
            }
        }

        #[test]
        fn udp_icmp_and_arp(seed: u64) {
            check(seed, Field::UDP_SRC_PORT, |port| (ip(), Udp::new(port, 4789), "odd"));
            check(seed, Field::UDP_DST_PORT, |port| (ip(), Udp::new(1, port), "odd"));
            check(seed, Field::IPV4_SRC, |src: Ipv4Addr| (Ipv4::new(src, B), Udp::new(1, 2).checksum(0), "odd"));
            check(seed, Field::IPV4_SRC, |src: Ipv4Addr| (Ipv4::new(src, B), UdpLite::new(1, 2).coverage(9), "odd"));
            check(seed, Field::ICMP_ID, |id| (ip(), Icmpv4::echo_request(id, 1), "odd"));
            check(seed, Field::ICMP_SEQ, |seq| (ip(), Icmpv4::echo_request(1, seq), "odd"));
            check(seed, Field::ICMPV6_ID, |id| (ipv6(), Icmpv6::echo_request(id, 1), "odd"));
            check(seed, Field::ICMPV6_SEQ, |seq| (ipv6(), Icmpv6::echo_request(1, seq), "odd"));
            check(seed, Field::IPV6_SRC, |src: Ipv6Addr| (Ipv6::new(src, [1; 16]), Icmpv6::echo_request(1, 2), "odd"));
            check(seed, Field::ARP_TARGET_IP, |target: Ipv4Addr| (ethernet(), Arp::request([2; 6], A, target)));
        }

        #[test]
        fn ipv6_through_extension_headers(seed: u64) {
            let home = |home: Ipv6Addr| Ipv6DestinationOptions::default().option(Ipv6Option::HomeAddress(home));
            let hop = || Ipv6HopByHop::default().option(Ipv6Option::RouterAlert(0));
            let udp = || Udp::new(1, 2);
            let here = Ipv6Addr::LOCALHOST;
            check(seed, Field::IPV6_SRC, |src: Ipv6Addr| (Ipv6::new(src, here), hop(), udp(), "odd"));
            check(seed, Field::IPV6_DST, |dst: Ipv6Addr| (Ipv6::new(here, dst), hop(), Tcp::new(1, 2), "odd"));
            check(seed, Field::IPV6_HOP_LIMIT, |hops| (ipv6().hop_limit(hops), udp(), "odd"));
            check(seed, Field::IPV6_FLOW_LABEL, |label| (ipv6().dscp(9).flow_label(label & 0xf_ffff), udp(), "odd"));
            check(seed, Field::IPV6_TRAFFIC_CLASS, |class| (ipv6().flow_label(0xf_0f0f).traffic_class(class as u8), udp(), "odd"));
            check(seed, Field::IPV6_DSCP, |dscp| (ipv6().ecn(1).dscp(dscp as u8 & 0x3f), udp(), "odd"));
            // The checksum covers the last node of the route and the home address, not what the header has.
            let route = |node: Ipv6Addr| Ipv6Routing::source_route([here, node]);
            check(seed, Field::IPV6_DST, |dst: Ipv6Addr| (Ipv6::new(here, dst), route(here), udp(), "odd"));
            check(seed, Field::<Ipv6Addr>::at(LayerKind::Ipv6Routing, 24), |node| (ipv6(), route(node), udp(), "odd"));
            check(seed, Field::IPV6_SRC, |src: Ipv6Addr| (Ipv6::new(src, here), home(here), udp(), "odd"));
            check(seed, Field::<Ipv6Addr>::at(LayerKind::Ipv6DestinationOptions, 8), |own| (ipv6(), home_at_8(own), udp(), "odd"));
        }

        #[test]
        fn payloads_at_any_offset(seed: u64) {
            fn at<T: Patch + RandomValue>(seed: u64, bytes: impl Fn(T) -> Vec<u8>) {
                for offset in 0..8 {
                    let payload = |value: T| {
                        let mut payload = vec![0xa5; 29];
                        let bytes = bytes(value);
                        payload[offset..offset + bytes.len()].copy_from_slice(&bytes);
                        payload
                    };
                    check(seed, Field::<T>::payload(offset), |value| (ip(), Udp::new(1, 2), payload(value)));
                    check(seed, Field::<T>::payload(offset), |value| (ethernet(), ipv6(), Tcp::new(1, 2), payload(value)));
                    check(seed, Field::<T>::payload(offset), |value| (ip(), Icmpv4::echo_request(1, 2), payload(value)));
                }
            }
            at(seed, |value: u8| vec![value]);
            at(seed, |value: u16| value.to_be_bytes().into());
            at(seed, |value: u32| value.to_be_bytes().into());
            at(seed, |value: u64| value.to_be_bytes().into());
            at(seed, |value: u128| value.to_be_bytes().into());
            at(seed, |value: MacAddr| value.octets().into());

            let build = |bytes: [u8; 5]| (ip(), Udp::new(1, 2), [&[7; 3][..], &bytes, &[8; 4]].concat()).build().unwrap();
            let mut template = Template::from_bytes(LinkType::RAW, build([0; 5]));
            let slot = template.field(Field::<[u8; 5]>::payload(3)).unwrap();
            for value in Random::<u64>::new(seed).take(20).map(|value| *value.to_be_bytes().first_chunk().unwrap()) {
                template.set(&slot, value);
                assert_same(&template, &build(value));
            }
        }

        /// Also where a checksum covers another one: in what an ICMP error quotes.
        #[test]
        fn tunnels_and_quotes(seed: u64) {
            let inner = |ip: Ipv4| (ethernet(), Ipv4::new(B, A), ipv6(), ip, Udp::new(3, 4), "odd");
            check(seed, Field::IPV4_SRC.nth(1), |src: Ipv4Addr| inner(Ipv4::new(src, B)));
            check(seed, Field::IPV4_TTL.nth(1), |ttl| inner(ip().ttl(ttl)));
            check(seed, Field::IPV4_SRC, |src: Ipv4Addr| (Ipv4::new(src, B), ip(), Udp::new(3, 4), "odd"));

            let quote = |ip: Ipv4, tcp: Tcp| (Ipv4::new(B, A), Icmpv4::unreachable(3), ip, tcp, "odd");
            check(seed, Field::IPV4_SRC, |src: Ipv4Addr| (Ipv4::new(src, A), Icmpv4::unreachable(3), ip(), Tcp::new(1, 2), "odd"));
            check(seed, Field::IPV4_SRC.nth(1), |src: Ipv4Addr| quote(Ipv4::new(src, B), Tcp::new(1, 2)));
            check(seed, Field::IPV4_ID.nth(1), |id| quote(ip().id(id), Tcp::new(1, 2)));
            check(seed, Field::TCP_SRC_PORT, |port| quote(ip(), Tcp::new(port, 2)));
            check(seed, Field::TCP_SEQ, |seq| quote(ip(), Tcp::new(1, 2).seq(seq)));
            let quote = |ip: Ipv6, udp: Udp| (ipv6(), Icmpv6::unreachable(3), ip, udp, "odd");
            check(seed, Field::IPV6_DST.nth(1), |dst: Ipv6Addr| quote(Ipv6::new([5; 16], dst), Udp::new(1, 2)));
            check(seed, Field::IPV6_DST.nth(1), |dst: Ipv6Addr| quote(Ipv6::new([5; 16], dst), Udp::new(1, 2).checksum(0)));
            check(seed, Field::UDP_DST_PORT, |port| quote(ipv6(), Udp::new(1, port)));
        }

        /// Whatever a field is found to be: layers and verdicts are as before, and nothing panics.
        #[test]
        fn any_bytes_of_any_frame(seed: u64, offset in 0..60_usize, value: u32, cut in 0..80_usize) {
            for traffic in [Traffic::Mix, Traffic::QinqIpv6Extensions] {
                for mut frame in traffic.frames(4, seed) {
                    frame.truncate(frame.len() - cut.min(frame.len()));
                    let kinds: Vec<_> = verdicts(Next::Link(LinkType::ETHERNET), &frame);
                    for (kind, _) in &kinds {
                        patch_anything(&frame, Field::<u8>::at(*kind, offset), value as u8);
                        patch_anything(&frame, Field::<u16>::at(*kind, offset), value as u16);
                        patch_anything(&frame, Field::<u32>::at(*kind, offset), value);
                    }
                    patch_anything(&frame, Field::<u32>::payload(offset), value);
                }
            }
        }
    }

    /// A home address option whose address begins at offset 8 of its header.
    fn home_at_8(home: Ipv6Addr) -> Ipv6DestinationOptions {
        Ipv6DestinationOptions::default()
            .option(Ipv6Option::PadN(&[0; 2]))
            .option(Ipv6Option::HomeAddress(home))
    }

    fn patch_anything<T: Patch + fmt::Debug>(frame: &[u8], field: Field<T>, value: T) {
        let mut template = Template::from_bytes(LinkType::ETHERNET, frame);
        let Ok(slot) = template.field(field) else { return };
        template.set(&slot, value);
        let (before, after) = (verdicts(template.start, frame), verdicts(template.start, template.bytes()));
        assert_eq!(before, after, "{slot:?} of {field:?}");
    }

    /// Both zeros of one's complement: a UDP checksum of 0 is sent as all ones (RFC 768), any other one as it is.
    #[test]
    fn every_value_of_a_word() {
        fn all<L: Layer>(build: impl Fn([u8; 2]) -> L) {
            let mut template = Template::new(&build([0; 2])).unwrap();
            let slot = template.field(Field::<u16>::payload(0)).unwrap();
            for value in (0..=u16::MAX).rev() {
                template.set(&slot, value);
                assert_eq!(template.bytes(), build(value.to_be_bytes()).build().unwrap());
            }
        }
        all(|payload| (ip(), Udp::new(1, 2), payload));
        all(|payload| (ip(), Tcp::new(1, 2), payload));
        all(|payload| (ipv6(), Icmpv6::echo_request(1, 2), payload));
    }

    #[test]
    fn what_was_wrong_stays_as_wrong() {
        let udp = Udp::new(1, 2);
        let wrong = |src: [u8; 4]| (Ipv4::new(src, B).checksum(0xdead), udp.clone().checksum(0xbeef), "x");
        let right = |src: [u8; 4]| (Ipv4::new(src, B), udp.clone(), "x").build().unwrap();
        let error = |packet: &[u8], right: &[u8], at: usize| {
            let word = |bytes: &[u8]| i32::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            (word(packet) - word(right)).rem_euclid(0xffff)
        };
        let mut template = Template::new(&wrong(A)).unwrap();
        let src = template.field(Field::IPV4_SRC).unwrap();
        let before = template.bytes().to_vec();
        template.set(&src, A);
        assert_eq!(template.bytes(), before);
        template.set(&src, [192, 168, 3, 4]);
        for at in [10, 26] {
            assert_eq!(error(template.bytes(), &right([192, 168, 3, 4]), at), error(&before, &right(A), at));
        }
    }

    /// The first fragment has the transport's header, whose checksum covers what the others have.
    #[test]
    fn a_fragment_s_checksum_follows() {
        let fragment = |src: [u8; 4]| {
            let whole = (Ipv4::new(src, B), Udp::new(1, 2), [7; 100]).build().unwrap();
            let mut fragments = crate::Fragments::new(LinkType::RAW, &whole, 60).unwrap();
            fragments.next().unwrap().to_vec()
        };
        let mut template = Template::from_bytes(LinkType::RAW, fragment(A));
        let src = template.field(Field::IPV4_SRC).unwrap();
        template.set(&src, [192, 168, 3, 4]);
        assert_eq!(template.bytes(), fragment([192, 168, 3, 4]));
    }

    #[test]
    fn what_cannot_be_set_says_why() {
        let template = Template::new(&(ethernet(), ip(), Udp::new(1, 2), "hello")).unwrap();
        let error = |error: Result<Slot<u16>, FieldError>| error.unwrap_err().to_string();
        let at = |kind, offset| error(template.field(Field::<u16>::at(kind, offset)));
        let moves = "would change which layers follow, or their lengths: build the packet anew";
        for (kind, offset) in [
            (LayerKind::Ethernet, 12),
            (LayerKind::Ipv4, 0),
            (LayerKind::Ipv4, 2),
            (LayerKind::Ipv4, 6),
            (LayerKind::Ipv4, 8),
            (LayerKind::Udp, 4),
        ] {
            let message = at(kind, offset);
            assert!(message.ends_with(moves), "{message}");
        }
        assert_eq!(
            at(LayerKind::Ipv4, 10),
            "the bytes at 24 are part of the checksum at 24, which follows the other fields"
        );
        assert_eq!(at(LayerKind::Ipv4, 19), "ip has 20 bytes, the field would end at 21");
        assert_eq!(at(LayerKind::Tcp, 0), "no layer tcp in the packet, which has eth, ip, udp");
        let inner = error(template.field(Field::UDP_SRC_PORT.nth(1)));
        assert_eq!(inner, "no layer udp number 1 in the packet, which has eth, ip, udp");
        assert_eq!(error(template.field(Field::payload(4))), "payload has 5 bytes, the field would end at 6");
        assert!(template.field(Field::<u64>::payload(usize::MAX)).is_err());
        let covered = Template::new(&(ip(), UdpLite::new(1, 2).coverage(9), "hello")).unwrap();
        assert!(error(covered.field(Field::payload(0))).contains("covers only some"));
        let mut nothing = Template::from_bytes(LinkType::RAW, []);
        assert!(nothing.field(Field::IPV4_SRC).is_err());
        let slot = template.field(Field::IPV4_SRC).unwrap();
        nothing.set(&slot, A);
        assert!(nothing.bytes().is_empty());
    }
}
