//! Dissection from the link to the transport, pycap beside its peers on equal work: `cargo bench --bench dissect`.
//!
//! The frames fit the second-level cache, so that the dissectors are timed and not the memory.

#[path = "dissectors.rs"]
mod dissectors;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use dissectors::{Fold, assert_agreement, etherparse, fold, pnet, pycap, smoltcp};
use pycap_testkit::generate::Traffic;

const FRAMES: usize = 500;

fn dissect(criterion: &mut Criterion) {
    for (name, traffic) in [
        ("dissect Ethernet-IPv4-TCP", Traffic::Ipv4Tcp),
        ("dissect Ethernet-IPv4-UDP", Traffic::Ipv4Udp),
        ("dissect mix", Traffic::Mix),
        ("dissect QinQ-IPv6-extensions-TCP", Traffic::QinqIpv6Extensions),
    ] {
        let frames = traffic.frames(FRAMES, 1);
        assert_agreement(&frames);
        let mut group = criterion.benchmark_group(name);
        group.throughput(Throughput::Elements(FRAMES as u64));
        macro_rules! bench {
            ($name:literal, $dissect:path) => {
                group.bench_function($name, |bencher| {
                    bencher.iter(|| fold(black_box(&frames), |frame, sink: &mut Fold| $dissect(frame, sink)));
                });
            };
        }
        bench!("pycap stack", pycap::stack);
        bench!("pycap Packet", pycap::packet);
        bench!("smoltcp", smoltcp::wire);
        bench!("pnet_packet", pnet::packet);
        bench!("etherparse", etherparse::sliced);
        group.finish();
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = dissect
}
criterion_main!(benches);
