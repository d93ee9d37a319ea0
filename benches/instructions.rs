//! What `cargo xtask instructions` runs under callgrind: `instructions TRAFFIC DISSECTOR ROUNDS` dissects the same frames
//! `ROUNDS` times, or matches a filter, or builds as many packets. The difference between two counts of rounds is that of
//! the work alone.

#[path = "builders.rs"]
mod builders;
#[path = "dissectors.rs"]
mod dissectors;
#[path = "filters.rs"]
mod filters;

use std::hint::black_box;
use std::net::Ipv4Addr;

use builders::{
    Builder, DST, Etherparse, FROM, LibnetBuilder, Pnet, Pycap, SRC, Smoltcp, TO, assert_same_packets,
};
use dissectors::{assert_agreement, etherparse, fold, pnet, pycap, smoltcp};
use filters::{EXPRESSIONS, Offline};
use pycap_inject::layer::{Ethernet, Ipv4, Tcp};
use pycap_inject::template::{Field, Patch, Template};
use pycap_testkit::generate::Traffic;

/// Frames in a round. The mix repeats its order after as many.
const FRAMES: usize = 2000;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["frames"] => println!("{FRAMES}"),
        ["libpcap"] => println!("{}", Offline::new(&EXPRESSIONS[0].filter()).is_some()),
        ["libnet"] => println!("{}", LibnetBuilder::new().is_some()),
        ["check"] => {
            assert_same_packets();
            for traffic in ["tcp", "udp", "mix", "extensions"] {
                assert_agreement(&frames(traffic));
            }
        }
        ["build", builder, rounds] => {
            let rounds = rounds.parse().expect("rounds are a number");
            match builder {
                "pycap" => build(Pycap::default(), rounds),
                "smoltcp" => build(Smoltcp::default(), rounds),
                "pnet" => build(Pnet::default(), rounds),
                "etherparse" => build(Etherparse::default(), rounds),
                "libnet" => build(LibnetBuilder::new().expect("libnet is there"), rounds),
                "address" => patch(rounds, Field::IPV4_SRC, Ipv4Addr::from_bits, |_| {}),
                "seq" => patch(rounds, Field::TCP_SEQ, |seq| seq, |_| {}),
                "address-copied" => {
                    let mut out = [0; 2048];
                    patch(rounds, Field::IPV4_SRC, Ipv4Addr::from_bits, |frame| {
                        out[..frame.len()].copy_from_slice(frame);
                        black_box(&out);
                    });
                }
                unknown => panic!("no builder is called {unknown}"),
            }
        }
        [traffic, dissector, rounds] => {
            let rounds = rounds.parse().expect("rounds are a number");
            println!("{:016x}", run(&frames(traffic), dissector, rounds));
        }
        _ => panic!(
            "usage: instructions TRAFFIC DISSECTOR ROUNDS | check | frames | libpcap | libnet; found {arguments:?}"
        ),
    }
}

/// Builds Ethernet, IPv4, TCP and 64 bytes, as many packets in a round as there are frames.
fn build(mut builder: impl Builder, rounds: u32) {
    let payload = [0x55; 64];
    for seq in 0..rounds * FRAMES as u32 {
        black_box(builder.build(black_box(seq), black_box(&payload)));
    }
}

/// Sets a field of a finished packet with 64 bytes of payload, and the checksums that it is part of.
fn patch<T: Patch>(rounds: u32, field: Field<T>, value: fn(u32) -> T, mut then: impl FnMut(&[u8])) {
    let payload = [0x55; 64];
    let packet = (Ethernet::new(DST, SRC), Ipv4::new(FROM, TO), Tcp::new(4000, 80), payload);
    let mut template = Template::new(&packet).expect("the packet fits");
    let slot = template.field(field).expect("the packet has the field");
    for number in 0..rounds * FRAMES as u32 {
        template.set(&slot, value(black_box(number)));
        then(black_box(template.bytes()));
    }
}

fn frames(traffic: &str) -> Vec<Vec<u8>> {
    let traffic = match traffic {
        "tcp" => Traffic::Ipv4Tcp,
        "udp" => Traffic::Ipv4Udp,
        "mix" => Traffic::Mix,
        "extensions" => Traffic::QinqIpv6Extensions,
        unknown => panic!("no traffic is called {unknown}"),
    };
    traffic.frames(FRAMES, 1)
}

fn run(frames: &[Vec<u8>], dissector: &str, rounds: usize) -> u64 {
    macro_rules! rounds {
        ($measured:expr) => {
            (0..rounds).fold(0_u64, |sum, _| sum.wrapping_add($measured(black_box(frames))))
        };
    }
    match dissector {
        "stack" => rounds!(|frames| fold(frames, |frame, sink| pycap::stack(frame, sink))),
        "packet" => rounds!(|frames| fold(frames, |frame, sink| pycap::packet(frame, sink))),
        "stack-flow" => rounds!(|frames: &[Vec<u8>]| sum(frames, pycap::stack_flow_hash)),
        "packet-flow" => rounds!(|frames: &[Vec<u8>]| sum(frames, pycap::packet_flow_hash)),
        "etherparse" => rounds!(|frames| fold(frames, |frame, sink| etherparse::sliced(frame, sink))),
        "smoltcp" => rounds!(|frames| fold(frames, |frame, sink| smoltcp::wire(frame, sink))),
        "pnet" => rounds!(|frames| fold(frames, |frame, sink| pnet::packet(frame, sink))),
        other => {
            let (interpreter, name) = other.split_once('-').unwrap_or_default();
            let expression = EXPRESSIONS.iter().find(|expression| expression.name == name);
            let filter = expression.unwrap_or_else(|| panic!("no dissector is called {other}")).filter();
            match interpreter {
                "filter" => rounds!(|frames: &[Vec<u8>]| filters::pycap(&filter, slices(frames))),
                _ => {
                    let offline = Offline::new(&filter).expect("libpcap is there");
                    rounds!(|frames: &[Vec<u8>]| offline.run(slices(frames)))
                }
            }
        }
    }
}

fn slices(frames: &[Vec<u8>]) -> impl Iterator<Item = &[u8]> {
    frames.iter().map(Vec::as_slice)
}

#[inline(always)]
fn sum(frames: &[Vec<u8>], of: impl Fn(&[u8]) -> u64) -> u64 {
    let mut sum = 0_u64;
    for frame in frames {
        sum = sum.wrapping_add(of(frame));
    }
    sum
}
