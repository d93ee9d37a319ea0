//! Any bytes as a packet of any link type: every layer and field is printed in every form.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::{invariant, seed};

fuzz_target!(|input: &[u8]| {
    if let Some((link_type, data)) = seed::split_link_type(input) {
        invariant::print(link_type, data);
    }
});
