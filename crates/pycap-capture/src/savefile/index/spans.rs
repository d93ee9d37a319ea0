//! The chunks that are read for a range, and where their bytes and packets are: in the file, and in what is read.

use super::chunk::{Chunk, Chunks};
use super::pieces::Piece;
use super::stale;
use crate::Result;

/// A chunk that is read. "Here" is the stream of those chunks only.
#[derive(Clone, Copy, Debug)]
struct Span {
    /// Where it starts and ends here, and where it starts in the file.
    start: u64,
    end: u64,
    offset: u64,
    /// How many packets there are up to its end here.
    packets: u64,
    /// How many packets in front of it are not read.
    skipped: u64,
}

/// The chunks that are read.
#[derive(Clone, Debug)]
pub(super) struct Spans {
    list: Vec<Span>,
    /// The one that was read from last.
    current: usize,
}

impl Spans {
    /// Those that hold anything but packets, and those that `wanted` asks for; it is told how many packets are in front of each.
    pub(super) fn new(chunks: &Chunks, wanted: impl Fn(&Chunk, u64) -> bool) -> Self {
        let mut list: Vec<Span> = Vec::new();
        let (mut offset, mut before) = (0, 0);
        for chunk in &chunks.list {
            if chunk.other || wanted(chunk, before) {
                let (start, packets) = list.last().map_or((0, 0), |last| (last.end, last.packets));
                list.push(Span {
                    start,
                    end: start + chunk.len,
                    offset,
                    packets: packets + chunk.packets,
                    skipped: before - packets,
                });
            }
            offset += chunk.len;
            before += chunk.packets;
        }
        Self { list, current: 0 }
    }

    /// The same in as few pieces as there are gaps between them.
    pub(super) fn pieces(&self) -> Vec<Piece> {
        let mut pieces: Vec<Piece> = Vec::new();
        for &Span { start, end, offset, .. } in &self.list {
            match pieces.last_mut() {
                Some(last) if last.offset + last.len == offset => last.len += end - start,
                _ => pieces.push(Piece { offset, len: end - start }),
            }
        }
        pieces
    }

    /// How many bytes are read.
    pub(super) fn len(&self) -> u64 {
        self.list.last().map_or(0, |last| last.end)
    }

    /// How many packets are read.
    pub(super) fn packets(&self) -> u64 {
        self.list.last().map_or(0, |last| last.packets)
    }

    /// Where in the file a byte is.
    pub(super) fn offset(&self, here: u64) -> u64 {
        let index = self.list.partition_point(|span| span.start <= here).saturating_sub(1);
        self.list.get(index).map_or(here, |span| span.offset + (here - span.start))
    }

    /// The number that a packet has in the file, of one that would be the next here.
    pub(super) fn number(&self, here: u64, count: u64) -> u64 {
        let index = self.list.partition_point(|span| span.start <= here).saturating_sub(1);
        count + self.list.get(index).map_or(0, |span| span.skipped)
    }

    /// The number in the file of the packet from `start` to `end`, number `count` here.
    ///
    /// # Errors
    ///
    /// If it is not where a packet can be after what the index says of it.
    #[inline]
    pub(super) fn enter(&mut self, start: u64, end: u64, count: u64) -> Result<u64> {
        match self.list.get(self.current) {
            Some(span) if end <= span.end && count <= span.packets => Ok(count + span.skipped),
            _ => self.enter_next(start, end, count),
        }
    }

    #[cold]
    fn enter_next(&mut self, start: u64, end: u64, count: u64) -> Result<u64> {
        while let Some(span) = self.list.get(self.current) {
            if end <= span.end {
                if start < span.start || count > span.packets {
                    break;
                }
                return Ok(count + span.skipped);
            }
            if count - 1 != span.packets {
                break;
            }
            self.current += 1;
        }
        Err(stale("its packets are not where the file has them"))
    }
}
