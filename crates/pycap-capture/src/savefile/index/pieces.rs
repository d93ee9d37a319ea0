//! Pieces of a file, read as if they followed each other.

use std::io::{self, Read, Seek, SeekFrom};

/// Part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    /// Where it starts, in bytes.
    pub(super) offset: u64,
    pub(super) len: u64,
}

/// A reader that goes from one piece to the next, and ends behind the last.
pub(super) struct Pieces<R> {
    pub(super) reader: R,
    /// Those ahead, the next one last.
    ahead: Vec<Piece>,
    /// How much of the one that the reader is in has not been read.
    left: u64,
}

impl<R> Pieces<R> {
    pub(super) fn new(reader: R, mut pieces: Vec<Piece>) -> Self {
        pieces.reverse();
        Self { reader, ahead: pieces, left: 0 }
    }

    /// Adds a piece behind all others.
    pub(super) fn add(&mut self, piece: Piece) {
        self.ahead.insert(0, piece);
    }
}

impl<R: Read + Seek> Read for Pieces<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.left == 0 {
            let Some(&piece) = self.ahead.last() else { return Ok(0) };
            self.reader.seek(SeekFrom::Start(piece.offset))?;
            self.left = piece.len;
            self.ahead.pop();
        }
        let most = usize::try_from(self.left).unwrap_or(usize::MAX).min(into.len());
        match self.reader.read(&mut into[..most])? {
            0 if most > 0 => Err(io::Error::new(
                io::ErrorKind::UnexpectedEof,
                "the file has become shorter than it was when it was indexed",
            )),
            read => {
                self.left -= read as u64;
                Ok(read)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn pieces_follow_each_other() {
        let pieces = [(2, 3), (9, 0), (7, 2), (0, 1)].map(|(offset, len)| Piece { offset, len });
        let mut pieces = Pieces::new(Cursor::new("0123456789"), pieces.to_vec());
        let mut text = String::new();
        pieces.read_to_string(&mut text).unwrap();
        assert_eq!(text, "234780");
        pieces.add(Piece { offset: 8, len: 3 });
        assert_eq!(pieces.read_to_string(&mut text).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(text, "23478089");
    }
}
