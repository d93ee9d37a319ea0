//! What the unit tests of all protocols need.

extern crate std;

pub(crate) use std::format;
pub(crate) use std::string::{String, ToString};
pub(crate) use std::vec::Vec;

use crate::Layer;

/// The bytes of a text of hexadecimal digits, with blanks anywhere between bytes.
pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<u8> = hex.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let (pairs, []) = digits.as_chunks::<2>() else { panic!("an odd number of digits") };
    pairs.iter().map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}

/// A layer's fields, each as `name@offset=value`, joined by blanks. A field of a list has a `*` behind its name.
pub(crate) fn fields(layer: Layer<'_>) -> String {
    let mut text = String::new();
    layer.fields(&mut |field| {
        let list = if field.repeated { "*" } else { "" };
        let blank = if text.is_empty() { "" } else { " " };
        text += &format!("{blank}{}{list}@{}={}", field.name, field.offset, field.value);
    });
    text
}

/// Calls `parse` with the sample cut short everywhere, and with each of its bytes changed to some other values, and does
/// with the layer, if there is one, all that can be done. Lengths must add up to what was given.
pub(crate) fn torture(sample: &[u8], parse: impl for<'a> Fn(&'a [u8]) -> Option<Layer<'a>>) {
    let mut seen = 0;
    let mut check = |bytes: &[u8]| {
        if let Some(layer) = parse(bytes) {
            assert!(layer.header_len() + layer.payload().len() <= bytes.len(), "{layer:?}");
            layer.fields(&mut |field| assert!(field.offset <= bytes.len(), "{field:?}"));
            let text = format!("{layer} {} {:?} {:?}", layer.summary(), layer.next(), layer.defect());
            seen += text.len() + layer.missing();
        }
    };
    (0..=sample.len()).for_each(|end| check(&sample[..end]));
    for at in 0..sample.len() {
        for value in [0x00, 0x01, 0x7f, 0x80, 0xff, sample[at].wrapping_add(1), sample[at] ^ 0x10] {
            let mut changed = sample.to_vec();
            changed[at] = value;
            check(&changed);
            check(&changed[..changed.len() / 2]);
        }
    }
    assert!(seen > 0);
}
