//! Any text as an expression: it is a packet that can be written or not, or an error with a column that is in it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use pycap_inject::{Expression, Layer};

fuzz_target!(|text: &str| match Expression::parse(text) {
    Ok(expression) => {
        let _ = expression.stack().build();
    }
    Err(error) => {
        assert!((1..=text.chars().count() + 1).contains(&error.column()), "{error}");
        assert!(error.pointing_into(text).ends_with('^') && !error.to_string().ends_with(": "), "{error}");
    }
});
