//! Every sample is dissected into its layers.

use pycap_testkit::sample::samples;
use pycap_wire::{Packet, Stop};

#[test]
fn samples_have_the_layers_they_were_made_of() {
    for sample in samples() {
        let walk = Packet::parse(sample.link_type, &sample.bytes).layers().located();
        let names: Vec<_> =
            walk.filter(|located| !located.quoted).map(|located| located.layer.name()).collect();
        assert_eq!(names, sample.layers, "{}", sample.name);
    }
}

#[test]
fn samples_are_whole() {
    for sample in samples() {
        let packet = Packet::parse(sample.link_type, &sample.bytes);
        assert_eq!(packet.missing(), 0, "{}", sample.name);
        assert!(
            !matches!(packet.stop(), Stop::Truncated(_) | Stop::DepthLimit),
            "{}: {}",
            sample.name,
            packet.stop()
        );
    }
}

#[test]
fn every_kind_of_layer_has_a_sample() {
    let all = samples();
    let names: Vec<_> = all.iter().flat_map(|sample| sample.layers).copied().collect();
    for name in [
        "eth",
        "llc",
        "vlan",
        "null",
        "sll",
        "sll2",
        "arp",
        "ip",
        "ipv6",
        "ipv6_hopopts",
        "ipv6_routing",
        "ipv6_frag",
        "ipv6_dstopts",
        "mobility",
        "ah",
        "esp",
        "icmp",
        "icmpv6",
        "igmp",
        "tcp",
        "udp",
        "udplite",
    ] {
        assert!(names.contains(&name), "{name}");
    }
}

#[test]
fn names_of_samples_are_unique() {
    let mut names: Vec<_> = samples().iter().map(|sample| sample.name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        assert_ne!(pair[0], pair[1]);
    }
}
