//! Any bytes as a savefile, read at one go and in pieces whose lengths are the bytes before the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_testkit::{invariant, seed};

fuzz_target!(|input: &[u8]| {
    if let Some((pieces, file)) = seed::split_pieces(input) {
        invariant::read(file, pieces);
    }
});
