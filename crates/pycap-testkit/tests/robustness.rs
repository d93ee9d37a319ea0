//! No bytes make dissection panic, loop, read outside, or contradict itself.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::prelude::*;
use pycap_testkit::invariant;
use pycap_testkit::sample::{Sample, samples};
use pycap_wire::{LinkType, Packet};

/// Samples up to this length get all values of each byte, longer ones a few.
const SMALL: usize = 100;

/// The packet goes through fewer tags and extension headers than the walk; neither runs on without end.
#[test]
fn more_tags_and_extensions_than_anybody_sends() {
    use pycap_testkit::packet::{ethernet, extension, ipv4, ipv6, udp, vlan};
    for count in [1, 2, 3, 30, 31, 32, 33, 40, 62, 63, 64, 65, 300] {
        let tagged = (0..count)
            .fold(ipv4(17, &udp(b"x")), |inner, n| vlan(n, if n == 0 { 0x0800 } else { 0x88a8 }, &inner));
        invariant::dissect(LinkType::ETHERNET, &ethernet(0x88a8, &tagged));
        let extended = (0..count)
            .fold(udp(b"x"), |inner, n| extension(if n == 0 { 17 } else { 60 }, &[1, 4, 0, 0, 0, 0], &inner));
        invariant::dissect(LinkType::ETHERNET, &ethernet(0x86dd, &ipv6(60, &extended)));
    }
}

#[test]
fn every_sample() {
    for sample in samples() {
        examine(&sample, &sample.bytes);
        no_field_twice(&sample);
    }
}

#[test]
fn every_prefix_of_every_sample() {
    for sample in samples() {
        for len in 0..sample.bytes.len() {
            examine(&sample, &sample.bytes[..len]);
        }
    }
}

#[test]
fn every_single_byte_change() {
    for sample in samples() {
        let mut bytes = sample.bytes.clone();
        for at in 0..bytes.len() {
            let original = bytes[at];
            for value in changes(original, bytes.len()) {
                bytes[at] = value;
                invariant::dissect(sample.link_type, &bytes);
            }
            bytes[at] = original;
        }
    }
}

#[test]
fn every_single_byte_change_is_shown() {
    for sample in samples() {
        let mut bytes = sample.bytes.clone();
        for at in 0..bytes.len() {
            let original = bytes[at];
            for value in changes(original, usize::MAX) {
                bytes[at] = value;
                invariant::print(sample.link_type, &bytes);
                fields(sample.link_type, &bytes);
                lines(sample.link_type, &bytes);
            }
            bytes[at] = original;
        }
    }
}

#[test]
fn every_sample_taken_for_another_link_type() {
    let link_types = link_types();
    for sample in samples() {
        for link_type in &link_types {
            examine(&Sample { link_type: *link_type, ..sample.clone() }, &sample.bytes);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(link_type in 0_u16..300, data in prop::collection::vec(any::<u8>(), 0..200)) {
        all(LinkType(link_type), &data);
    }

    #[test]
    fn random_bytes_of_known_links(
        link_type in prop::sample::select(link_types()),
        data in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        all(link_type, &data);
    }

    #[test]
    fn samples_changed_in_many_places(
        sample in prop::sample::select(samples()),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..12),
        cut in any::<prop::sample::Index>(),
        tail in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let mut bytes = sample.bytes;
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() * 2) + 1);
        bytes.extend(tail);
        all(sample.link_type, &bytes);
    }
}

/// The values that a byte is set to.
fn changes(original: u8, frame_len: usize) -> Vec<u8> {
    if frame_len <= SMALL {
        return (0..=u8::MAX).collect();
    }
    let bits = (0..8).map(|bit| original ^ 1 << bit);
    bits.chain([0, 1, 0x7f, 0x80, 0xff, original.wrapping_add(1), original.wrapping_sub(1)]).collect()
}

fn link_types() -> Vec<LinkType> {
    let mut all: Vec<_> = samples().iter().map(|sample| sample.link_type).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// Examines bytes and names the sample that they come from where something is wrong.
fn examine(sample: &Sample, bytes: &[u8]) {
    let whole = catch_unwind(AssertUnwindSafe(|| all(sample.link_type, bytes)));
    assert!(whole.is_ok(), "sample {:?}, link type {}, bytes {bytes:02x?}", sample.name, sample.link_type);
}

fn all(link_type: LinkType, data: &[u8]) {
    invariant::dissect(link_type, data);
    invariant::print(link_type, data);
    fields(link_type, data);
    lines(link_type, data);
}

/// A field's name tells it from the others of its layer. Changed bytes may hold an option twice; the samples do not.
fn no_field_twice(sample: &Sample) {
    for layer in Packet::parse(sample.link_type, &sample.bytes).layers() {
        let mut names = Vec::new();
        layer.fields(&mut |field| {
            let (sample, name) = (sample.name, layer.name());
            assert!(field.repeated || !names.contains(&field.name), "{sample}: {name}.{} twice", field.name);
            names.push(field.name);
        });
    }
}

/// A field is an element of a list everywhere or nowhere, and a layer finds fault with itself only.
fn fields(link_type: LinkType, data: &[u8]) {
    for layer in Packet::parse(link_type, data).layers() {
        let name = layer.name();
        let (mut single, mut lists): (Vec<&str>, Vec<&str>) = Default::default();
        layer.fields(&mut |field| {
            let (own, other) = if field.repeated { (&mut lists, &single) } else { (&mut single, &lists) };
            assert!(!other.contains(&field.name), "{name}.{} is a list and none", field.name);
            own.push(field.name);
        });
        if let Some(error) = layer.defect() {
            assert_eq!(error.layer(), layer.kind(), "a defect is the layer's own");
        }
    }
}

/// The packet's line in each of its forms.
fn lines(link_type: LinkType, data: &[u8]) {
    let line = Packet::parse(link_type, data).summary();
    let cut = line.with_original_len(data.len() + 1).with_link(true).with_tcp_base(1, u32::MAX);
    for line in [line, line.with_quiet(true), line.with_link(true), cut] {
        let text = line.to_string();
        assert!(text.len() <= 2_000 + 100 * data.len(), "{} bytes of text from {}", text.len(), data.len());
    }
}
