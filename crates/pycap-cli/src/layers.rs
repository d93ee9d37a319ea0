//! Packets as the tuples that pycap for Python gives.

use std::io::{self, Write};

use pycap_capture::Frame;

/// Prints `(Ethernet(...), IP(...), TCP(...), b'...', 1046153559.33903)`.
pub(crate) struct Tuples;

impl Tuples {
    pub(crate) fn frame<W: Write>(&self, out: &mut W, frame: Frame<'_>) -> io::Result<()> {
        out.write_all(b"(")?;
        let mut layers = frame.layers();
        while let Some(located) = layers.next_located() {
            write!(out, "{}, ", located.layer)?;
        }
        bytes_literal(out, layers.payload())?;
        match frame.timestamp() {
            // The shortest digits that give the number back, as Python prints a float.
            Some(time) => writeln!(out, ", {:?})", time.as_secs_f64()),
            None => out.write_all(b", None)\n"),
        }
    }
}

/// Python's literal for bytes: double quotes only where that saves an escape.
fn bytes_literal<W: Write>(out: &mut W, bytes: &[u8]) -> io::Result<()> {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { b'"' } else { b'\'' };
    out.write_all(&[b'b', quote])?;
    for &byte in bytes {
        match byte {
            b'\t' => out.write_all(b"\\t")?,
            b'\n' => out.write_all(b"\\n")?,
            b'\r' => out.write_all(b"\\r")?,
            b'\\' => out.write_all(b"\\\\")?,
            byte if byte == quote => out.write_all(&[b'\\', byte])?,
            b' '..=b'~' => out.write_all(&[byte])?,
            byte => write!(out, "\\x{byte:02x}")?,
        }
    }
    out.write_all(&[quote])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_as_python_prints_them() {
        let literal = |bytes: &[u8]| {
            let mut out = Vec::new();
            bytes_literal(&mut out, bytes).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(literal(b"*\x05\x01\xff\0\0"), r"b'*\x05\x01\xff\x00\x00'");
        assert_eq!(literal(b"it's"), "b\"it's\"");
        assert_eq!(literal(b"'\""), r#"b'\'"'"#);
        assert_eq!(literal(b"a\\\t\r\n\x7f"), r"b'a\\\t\r\n\x7f'");
    }
}
