//! Any bytes as a filter program and a packet: what is verified ends, and does what plain interpretation does.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::filter;

fuzz_target!(|input: &[u8]| {
    if let Some((program, packet)) = filter::split_program(input) {
        filter::examine(&program, packet);
    }
});
