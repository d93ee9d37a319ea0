//! Any bytes as a savefile, taken over into another one, which is read again: the same blocks, options and packets.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::invariant;

fuzz_target!(|file: &[u8]| invariant::copy(file));
