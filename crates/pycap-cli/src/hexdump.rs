//! Bytes as hex and as text, laid out as tcpdump does.

use std::io::{self, Write};

const HEX: &[u8; 16] = b"0123456789abcdef";

/// Sixteen bytes a line: `\t0x0000:  4500 0020 ...`, with the same bytes as text behind them where `text` asks for it.
pub(crate) fn hex<W: Write>(out: &mut W, bytes: &[u8], text: bool) -> io::Result<()> {
    for (index, chunk) in bytes.chunks(16).enumerate() {
        write!(out, "\t0x{:04x}: ", index * 16)?;
        let mut digits = [b' '; 40];
        for (byte, place) in chunk.iter().zip(0..) {
            let column = 1 + place * 2 + place / 2;
            digits[column] = HEX[usize::from(byte >> 4)];
            digits[column + 1] = HEX[usize::from(byte & 15)];
        }
        if text {
            let mut graphic = [0; 16];
            for (byte, place) in chunk.iter().zip(&mut graphic) {
                *place = if byte.is_ascii_graphic() { *byte } else { b'.' };
            }
            out.write_all(&digits)?;
            out.write_all(b"  ")?;
            out.write_all(&graphic[..chunk.len()])?;
        } else {
            let columns = chunk.len() * 2 + chunk.len().div_ceil(2);
            out.write_all(&digits[..columns])?;
        }
        out.write_all(b"\n")?;
    }
    Ok(())
}

/// The bytes as they are, with a dot for each that cannot be shown; line ends stay.
pub(crate) fn text<W: Write>(out: &mut W, bytes: &[u8]) -> io::Result<()> {
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            // The carriage return of a line end, and one at the very end, leave no trace.
            b'\r' if matches!(rest.first(), None | Some(b'\n')) => {}
            b'\t' | b' ' | b'\n' => out.write_all(&[byte])?,
            byte if byte.is_ascii_graphic() => out.write_all(&[byte])?,
            _ => out.write_all(b".")?,
        }
    }
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl Fn(&mut Vec<u8>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    // What tcpdump 4.99.3 prints for the same bytes.

    #[test]
    fn hex_lines() {
        let bytes = b"hello world this is a\r\ntest\r\r\n\0\x7f";
        assert_eq!(
            written(|out| hex(out, bytes, false)),
            "\t0x0000:  6865 6c6c 6f20 776f 726c 6420 7468 6973\n\
             \t0x0010:  2069 7320 610d 0a74 6573 740d 0d0a 007f\n"
        );
        assert_eq!(
            written(|out| hex(out, &bytes[..21], true)),
            "\t0x0000:  6865 6c6c 6f20 776f 726c 6420 7468 6973  hello.world.this\n\
             \t0x0010:  2069 7320 61                             .is.a\n"
        );
        assert_eq!(written(|out| hex(out, &bytes[..3], false)), "\t0x0000:  6865 6c\n");
    }

    #[test]
    fn text_lines() {
        let bytes = b"hello world this is a\r\ntest\r\r\n\0\x7f\r";
        assert_eq!(written(|out| text(out, bytes)), "hello world this is a\ntest.\n..\n");
    }
}
