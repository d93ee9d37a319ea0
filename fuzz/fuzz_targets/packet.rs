//! Any bytes as a packet of any link type: all ways to dissect it agree, and no view leaves the bytes.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::{invariant, seed};

fuzz_target!(|input: &[u8]| {
    if let Some((link_type, data)) = seed::split_link_type(input) {
        invariant::dissect(link_type, data);
    }
});
