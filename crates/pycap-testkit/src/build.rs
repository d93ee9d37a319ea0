//! Packets made up of random layers: valid ones, whose layers come out again when they are dissected, and any others.

use pycap_inject::layer::*;
use pycap_inject::{AnyLayer, Derived, Edit, FieldValue, Layer, PacketBuf, Stack, ToBuilder};
use pycap_wire::checksum::Verifier;
use pycap_wire::{Ipv4Option, Ipv6Option, LinkType, Packet, TcpFlags, TcpOption};

/// Decisions taken from bytes: a fuzzer's, or random ones. Where they end, every decision is 0.
pub struct Choices<'a>(pub &'a [u8]);

impl Choices<'_> {
    fn u8(&mut self) -> u8 {
        match self.0.split_first() {
            Some((first, rest)) => {
                self.0 = rest;
                *first
            }
            None => 0,
        }
    }

    fn below(&mut self, end: u8) -> u8 {
        self.u8() % end
    }

    fn bool(&mut self) -> bool {
        self.u8() & 1 != 0
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        std::array::from_fn(|_| self.u8())
    }

    fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.array())
    }

    fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    fn bytes(&mut self) -> Vec<u8> {
        let len = match self.below(16) {
            0 => usize::from(self.u16() % 1200),
            1 | 2 => 0,
            _ => usize::from(self.below(80)),
        };
        (0..len).map(|_| self.u8()).collect()
    }
}

/// How many packets are nested in each other at most.
const MAX_DEPTH: usize = 3;

/// A valid packet and the type of its link.
pub fn valid_packet(choices: &mut Choices<'_>) -> (LinkType, Stack) {
    let mut stack = Stack::new();
    let link_type = match choices.below(8) {
        0 => {
            stack.push(Sll::default());
            LinkType::LINUX_SLL
        }
        1 => LinkType::RAW,
        _ => {
            ethernet(choices, &mut stack);
            LinkType::ETHERNET
        }
    };
    if link_type == LinkType::ETHERNET && choices.below(10) == 0 {
        let (mac, ip, target) = (choices.array::<6>(), choices.array::<4>(), choices.array::<4>());
        stack.push(if choices.bool() {
            Arp::request(mac, ip, target)
        } else {
            Arp::reply(mac, ip, [2; 6], target)
        });
    } else {
        ip(choices, &mut stack, 0);
    }
    (link_type, stack)
}

fn ethernet(choices: &mut Choices<'_>, stack: &mut Stack) {
    stack.push(Ethernet::new(choices.array::<6>(), choices.array::<6>()));
    for _ in 0..choices.below(4).saturating_sub(1) {
        let vid = choices.u16() & 0xfff;
        let tag = if choices.bool() { Vlan::service(vid) } else { Vlan::new(vid) };
        stack.push(tag.pcp(choices.below(8)).dei(choices.bool()));
    }
}

fn ip(choices: &mut Choices<'_>, stack: &mut Stack, depth: usize) {
    if choices.bool() {
        let mut ip = Ipv4::new(unicast(choices), unicast(choices))
            .tos(choices.u8())
            .id(choices.u16())
            .ttl(choices.u8())
            .dont_fragment(choices.bool());
        for _ in 0..choices.below(4).saturating_sub(1) {
            ip = ip.option(if choices.bool() { Ipv4Option::Nop } else { Ipv4Option::RouterAlert(0) });
        }
        stack.push(ip);
        upper(choices, stack, depth, true);
    } else {
        let (src, dst) = (unicast_v6(choices), unicast_v6(choices));
        let ip = Ipv6::new(src, dst).traffic_class(choices.u8()).flow_label(choices.u32() & 0xf_ffff);
        stack.push(ip.hop_limit(choices.u8()));
        if choices.below(6) == 0 {
            stack.push(Ipv6HopByHop::default().option(Ipv6Option::RouterAlert(0)));
        }
        if choices.below(6) == 0 {
            stack.push(Ipv6DestinationOptions::default().option(Ipv6Option::PadN(&[0; 2])));
        }
        upper(choices, stack, depth, false);
    }
}

fn unicast(choices: &mut Choices<'_>) -> [u8; 4] {
    [10, choices.u8(), choices.u8(), choices.u8() | 1]
}

fn unicast_v6(choices: &mut Choices<'_>) -> [u8; 16] {
    let mut address = choices.array::<16>();
    address[..4].copy_from_slice(&[0x20, 0x01, 0x0d, 0xb8]);
    address
}

fn upper(choices: &mut Choices<'_>, stack: &mut Stack, depth: usize, v4: bool) {
    match choices.below(12) {
        0..4 => {
            let mut tcp = Tcp::new(high_port(choices), high_port(choices))
                .seq(choices.u32())
                .ack(choices.u32())
                .flags(TcpFlags(choices.u16() & 0x1ff))
                .window(choices.u16());
            for _ in 0..choices.below(5).saturating_sub(2) {
                tcp = tcp.option(match choices.below(5) {
                    0 => TcpOption::MaximumSegmentSize(choices.u16()),
                    1 => TcpOption::WindowScale(choices.below(15)),
                    2 => TcpOption::SackPermitted,
                    3 => TcpOption::Timestamps { value: choices.u32(), echo: choices.u32() },
                    _ => TcpOption::Nop,
                });
            }
            stack.push(tcp);
            stack.push(choices.bytes());
        }
        4..7 => {
            stack.push(Udp::new(high_port(choices), high_port(choices)));
            stack.push(choices.bytes());
        }
        7 if depth < MAX_DEPTH => ip(choices, stack, depth + 1),
        8 if depth < MAX_DEPTH && v4 => {
            stack.push(if choices.bool() {
                Icmpv4::unreachable(choices.below(16))
            } else {
                Icmpv4::time_exceeded(0)
            });
            stack.push(Ipv4::new(unicast(choices), unicast(choices)));
            stack.push(Udp::new(high_port(choices), high_port(choices)));
            stack.push(choices.bytes());
        }
        9 if !v4 => {
            let (target, mac) = (unicast_v6(choices), choices.array::<6>());
            stack.push(if choices.bool() {
                Icmpv6::neighbor_solicitation(target).option(&NdpOption::SourceLinkAddress(mac.into()))
            } else {
                Icmpv6::neighbor_advertisement(target).option(&NdpOption::TargetLinkAddress(mac.into()))
            });
        }
        10 if v4 => stack.push(Igmp::v2_report([239, choices.u8(), choices.u8(), choices.u8()])),
        _ if v4 => {
            stack.push(Icmpv4::echo_request(choices.u16(), choices.u16()));
            stack.push(choices.bytes());
        }
        _ => {
            stack.push(Icmpv6::echo_request(choices.u16(), choices.u16()));
            stack.push(choices.bytes());
        }
    }
}

/// A port that no application here has.
fn high_port(choices: &mut Choices<'_>) -> u16 {
    choices.u16() | 0xc000
}

/// Layers in any order, with any values in any fields.
pub fn any_packet(choices: &mut Choices<'_>) -> Stack {
    let mut stack = Stack::new();
    for _ in 0..choices.below(12) {
        let number = usize::from(choices.u8()) % (AnyLayer::names().count() + 1);
        let mut layer = match AnyLayer::names().nth(number).and_then(AnyLayer::named) {
            Some(layer) => layer,
            None => AnyLayer::Bytes(choices.bytes()),
        };
        let fields = layer.fields();
        for _ in 0..choices.below(4) {
            if let Some(field) = fields.get(usize::from(choices.u8()) % fields.len().max(1)) {
                // A field that does not take such a value stays as it is.
                let _ = layer.set(field.name, &any_value(choices, 0));
            }
        }
        for derived in [Derived::Lengths, Derived::Numbers, Derived::Checksums] {
            if choices.below(4) == 0 {
                layer.compute(derived);
            }
        }
        if choices.below(16) == 0 {
            layer.keep();
        }
        let trailer = if choices.below(8) == 0 { choices.bytes() } else { Vec::new() };
        stack.push_with_trailer(layer, trailer);
    }
    if choices.below(32) == 0 {
        stack.push(vec![0x55; usize::from(choices.u16()) * 2]);
    }
    stack
}

fn any_value(choices: &mut Choices<'_>, depth: usize) -> FieldValue {
    const WORDS: [&str; 8] = ["nop", "eol", "tcp", "syn|ack", "request", "pad1", "a", "end"];
    const CALLS: [&str; 12] = [
        "mss",
        "raw",
        "padn",
        "sack",
        "record_route",
        "timestamp",
        "jumbo",
        "source_link_address",
        "prefix",
        "data",
        "a",
        "message_type",
    ];
    let name = |names: &[&str], choice: u8| names[usize::from(choice) % names.len()].to_owned();
    match choices.below(10) {
        0 => FieldValue::Mac(choices.array::<6>().into()),
        1 => FieldValue::Ipv4(choices.array::<4>().into()),
        2 => FieldValue::Ipv6(choices.array::<16>().into()),
        3 => FieldValue::Bytes(choices.bytes()),
        4 => FieldValue::Word(name(&WORDS, choices.u8())),
        5 | 6 if depth < 3 => {
            let values = (0..choices.below(4)).map(|_| any_value(choices, depth + 1)).collect();
            if choices.bool() {
                FieldValue::List(values)
            } else {
                FieldValue::Call(name(&CALLS, choices.u8()), values)
            }
        }
        7 => FieldValue::Uint(choices.u32().into()),
        _ => FieldValue::Uint(choices.u8().into()),
    }
}

/// Writes a valid packet and dissects it again.
///
/// # Panics
///
/// If other layers come out than were put in, a checksum is wrong, or the dissected layers do not have the same bytes, as they are and
/// with everything computed again.
pub fn assert_dissects_back(link_type: LinkType, stack: &Stack, buf: &mut PacketBuf) {
    let Ok(packet) = stack.write(buf).map(<[u8]>::to_vec) else { return };
    let parsed = Packet::parse(link_type, &packet);
    let names = |stack: &Stack| -> Vec<&'static str> {
        stack.layers().map(AnyLayer::name).filter(|name| *name != "bytes").collect()
    };
    let mut again = parsed.to_builder();
    assert_eq!(names(&again), names(stack), "{stack:?}");
    let mut verifier = Verifier::default();
    for layer in parsed.layers() {
        assert_ne!(verifier.verify(&layer), Some(false), "{}: {stack:?}", layer.name());
        assert_eq!(layer.defect(), None, "{stack:?}");
    }
    assert!(again.write(buf).is_ok_and(|written| written == packet), "{stack:?}");
    for derived in [Derived::Checksums, Derived::Lengths, Derived::Numbers] {
        again.compute(derived);
        assert!(
            again.write(buf).is_ok_and(|written| written == packet),
            "{derived:?} of {again:?}\nmade of {stack:?}"
        );
    }
}

/// Packets from bytes that decide what they are: a valid one and any other.
pub fn check(input: &[u8]) {
    let mut buf = PacketBuf::new();
    let (link_type, stack) = valid_packet(&mut Choices(input));
    assert_dissects_back(link_type, &stack, &mut buf);
    let mut stack = any_packet(&mut Choices(input));
    // What does not fit is an error.
    let _ = stack.write(&mut buf);
    stack.keep();
    let _ = stack.write(&mut buf);
}
