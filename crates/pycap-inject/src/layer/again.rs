//! Tests of all layers: what was dissected, whole, cut or damaged, has the same bytes again.

use std::collections::BTreeSet;

use pycap_testkit::sample;
use pycap_wire::{LinkType, Packet};

use crate::{Derived, Edit, Layer, PacketBuf, ToBuilder};

fn assert_same(name: &str, link_type: LinkType, bytes: &[u8], buf: &mut PacketBuf) {
    let mut stack = Packet::parse(link_type, bytes).to_builder();
    match stack.write(buf) {
        Ok(written) => assert_eq!(written, bytes, "{name}: {stack:?}"),
        Err(error) => panic!("{name}: {error}"),
    }
    // What is computed may be refused, but is never a panic.
    for derived in [Derived::Checksums, Derived::Numbers, Derived::Lengths] {
        stack.compute(derived);
        let _ = stack.write(buf);
    }
}

#[test]
fn packets_that_are_cut() {
    let mut buf = PacketBuf::new();
    for sample in sample::samples() {
        for len in 0..=sample.bytes.len() {
            assert_same(sample.name, sample.link_type, &sample.bytes[..len], &mut buf);
        }
    }
}

#[test]
fn packets_with_wrong_bytes() {
    let mut buf = PacketBuf::new();
    for sample in sample::samples() {
        let mut bytes = sample.bytes.clone();
        for at in 0..bytes.len() {
            let right = bytes[at];
            for wrong in [0, 1, 0x7f, 0xff, right ^ 4, right.wrapping_add(1)] {
                bytes[at] = wrong;
                assert_same(sample.name, sample.link_type, &bytes, &mut buf);
            }
            bytes[at] = right;
        }
    }
}

#[test]
fn fields_are_named_as_they_are_shown() {
    // Layers with lists have a field for the list, and show more fields of its elements.
    let without_lists = [
        "eth",
        "vlan",
        "llc",
        "null",
        "sll",
        "sll2",
        "arp",
        "ipv6",
        "ipv6_frag",
        "ah",
        "esp",
        "udp",
        "udplite",
    ];
    let (mut seen, mut unknown) = (BTreeSet::new(), BTreeSet::new());
    for sample in sample::samples() {
        let packet = Packet::parse(sample.link_type, &sample.bytes);
        let stack = packet.to_builder();
        for (layer, builder) in packet.layers().zip(stack.layers()) {
            seen.insert(builder.name());
            layer.fields(&mut |field| {
                if without_lists.contains(&builder.name())
                    && !builder.fields().iter().any(|known| known.name == field.name)
                {
                    unknown.insert((builder.name(), field.name));
                }
            });
        }
    }
    assert!(unknown.is_empty(), "{unknown:?}");
    assert!(without_lists.iter().all(|name| seen.contains(name)), "{seen:?}");
}
