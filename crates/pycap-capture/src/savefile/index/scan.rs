//! The way through a file that makes its chunks.

use std::io::{Read, Seek};
use std::ops::ControlFlow;

use super::chunk::{Chunk, Chunks};
use super::pieces::{Piece, Pieces};
use super::spans::Spans;
use super::stale;
use crate::savefile::{Buffer, Records};
use crate::{Error, Result};

/// The chunks of a whole file, and the damage that ends it, if there is some.
pub(super) fn whole(reader: &mut dyn Read) -> Result<(Chunks, Option<Error>)> {
    let mut records = Records::open(Buffer::new(), reader)?;
    let mut chunks = Chunks::new();
    chunks.push(Chunk::other(records.buffer.position()));
    let damage = scan(&mut records, reader, Chunk::EMPTY, &mut chunks)?;
    let end = chunks.len();
    Ok((chunks, damage.map(|error| error.at(end))))
}

/// Adds what is behind the last chunk, up to `file_len`.
pub(super) fn rest<R: Read + Seek>(chunks: &mut Chunks, reader: R, file_len: u64) -> Result<Option<Error>> {
    // What packets further on need to know of sections and interfaces.
    let spans = Spans::new(chunks, |_, _| false);
    let mut pieces = Pieces::new(reader, spans.pieces());
    let mut records = Records::open(Buffer::new(), &mut pieces)?;
    while records.next(&mut pieces)?.is_some() {}
    if records.buffer.position() != spans.len() || records.count != spans.packets() {
        return Err(stale("its records are not where the file has them"));
    }
    let (offset, before) = (chunks.len(), chunks.packets());
    pieces.add(Piece { offset, len: file_len.saturating_sub(offset) });
    records.finished = false;
    let chunk = chunks.reopen();
    let damage = scan(&mut records, &mut pieces, chunk, chunks)?;
    let end = chunks.len();
    Ok(damage.map(|error| {
        let number = error.record().map(|number| number - spans.packets() + before);
        let error = error.at(end);
        match number {
            Some(number) => error.in_record(number),
            None => error,
        }
    }))
}

/// Goes on to the end. Errors are those of the reader; damage is what the file itself has.
fn scan(
    records: &mut Records,
    reader: &mut dyn Read,
    mut chunk: Chunk,
    chunks: &mut Chunks,
) -> Result<Option<Error>> {
    loop {
        let (start, count) = (records.buffer.position(), records.count);
        // All that is in the buffer: where single records end does not matter.
        let _ = records.drain(&mut |frame| {
            chunk.see(frame.timestamp());
            ControlFlow::Continue(())
        });
        let end = records.buffer.position();
        chunk.len += end - start;
        chunk.packets += records.count - count;
        if chunk.len >= chunks.target {
            chunks.push(std::mem::replace(&mut chunk, Chunk::EMPTY));
        }
        let next = records.next(reader);
        // What was passed on the way are blocks that are no packets.
        let passed = match &next {
            Ok(Some(parsed)) => records.buffer.position() - parsed.total as u64,
            Ok(None) => records.buffer.position(),
            Err(error) => error.offset().unwrap_or_default().max(end),
        } - end;
        if passed > 0 {
            chunks.push(std::mem::replace(&mut chunk, Chunk::EMPTY));
            chunks.push(Chunk::other(passed));
        }
        match next {
            Ok(Some(parsed)) => {
                chunk.see(parsed.frame.timestamp());
                chunk.len += parsed.total as u64;
                chunk.packets += 1;
            }
            Ok(None) => {
                chunks.push(chunk);
                return Ok(None);
            }
            Err(error) if error.io_error().is_none() => {
                chunks.push(chunk);
                return Ok(Some(error));
            }
            Err(error) => return Err(error),
        }
    }
}
