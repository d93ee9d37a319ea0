//! Bytes that decide which layers a packet has, and what is in their fields: what is valid is dissected back to the same
//! layers and bytes, and nothing panics.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::build;

fuzz_target!(|input: &[u8]| build::check(input));
