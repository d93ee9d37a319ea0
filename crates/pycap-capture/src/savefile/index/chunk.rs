//! The chunks of a file: runs of whole records, and what is known of each.

use crate::Timestamp;

/// How long a chunk is at least, at first, in bytes. The reader takes 512 KiB at once, of which the last record is torn: one such buffer is
/// a chunk. A seek costs more than reading that.
const START_LEN: u64 = 384 << 10;

/// The most chunks that are kept. With 56 bytes for each an index takes less than half a MiB, whatever the file.
pub(super) const MAX_CHUNKS: usize = 8192;

/// What has to be left of them when they become too many, so that it does not happen again at once.
const ENOUGH: usize = MAX_CHUNKS / 4 * 3;

/// A run of whole records. It starts where the one before it ends, in the file and in the numbers of packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Bytes.
    pub(super) len: u64,
    pub(super) packets: u64,
    /// The earliest and the latest time; where no packet has one, the first is after the second.
    pub(super) earliest: Timestamp,
    pub(super) latest: Timestamp,
    /// Whether there is a packet without a time.
    pub(super) untimed: bool,
    /// Whether there is anything but packets: the file header, a section, an interface, names.
    pub(super) other: bool,
}

impl Chunk {
    pub(super) const EMPTY: Self = Self {
        len: 0,
        packets: 0,
        earliest: Timestamp::MAX,
        latest: Timestamp::MIN,
        untimed: false,
        other: false,
    };

    /// `len` bytes that are no packets.
    pub(super) const fn other(len: u64) -> Self {
        Self { len, other: true, ..Self::EMPTY }
    }

    /// Notes the time of a packet.
    #[inline]
    pub(super) fn see(&mut self, time: Option<Timestamp>) {
        let Some(time) = time else {
            self.untimed = true;
            return;
        };
        // Nearly all files are in order of time: one comparison, and the other never after the first packet.
        if time >= self.latest {
            self.latest = time;
        }
        if time < self.earliest {
            self.earliest = time;
        }
    }

    /// The earliest and the latest time in it.
    pub(super) fn times(&self) -> Option<(Timestamp, Timestamp)> {
        (self.earliest <= self.latest).then_some((self.earliest, self.latest))
    }

    fn with(self, next: Self) -> Self {
        Self {
            len: self.len + next.len,
            packets: self.packets + next.packets,
            earliest: self.earliest.min(next.earliest),
            latest: self.latest.max(next.latest),
            untimed: self.untimed || next.untimed,
            other: self.other || next.other,
        }
    }
}

/// The chunks of a file, in its order, and never too many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Chunks {
    pub(super) list: Vec<Chunk>,
    /// How long chunks are now, in bytes, but for those in front of something else.
    pub(super) target: u64,
}

impl Chunks {
    pub(super) fn new() -> Self {
        Self { list: Vec::new(), target: START_LEN }
    }

    pub(super) fn push(&mut self, chunk: Chunk) {
        if chunk.len == 0 {
            return;
        }
        if self.list.len() >= MAX_CHUNKS {
            self.make_fewer();
        }
        self.list.push(chunk);
    }

    /// Takes the last chunk back if there is room for more packets in it.
    pub(super) fn reopen(&mut self) -> Chunk {
        let target = self.target;
        self.list.pop_if(|chunk| !chunk.other && chunk.len < target).unwrap_or(Chunk::EMPTY)
    }

    pub(super) fn len(&self) -> u64 {
        self.list.iter().map(|chunk| chunk.len).sum()
    }

    pub(super) fn packets(&self) -> u64 {
        self.list.iter().map(|chunk| chunk.packets).sum()
    }

    /// Puts neighbours together. Whatever holds anything but packets is read for every range, so packets are kept apart from it as
    /// long as that leaves few enough.
    fn make_fewer(&mut self) {
        self.merge(self.target / 8, true);
        while self.list.len() > ENOUGH {
            self.target = self.target.saturating_mul(2);
            self.merge(self.target, false);
            if self.list.len() > ENOUGH {
                self.merge(self.target, true);
            }
        }
    }

    /// Puts neighbours together that have at most `most` bytes then; those of different kinds only if `mixed`.
    fn merge(&mut self, most: u64, mixed: bool) {
        let mut merged: Vec<Chunk> = Vec::with_capacity(MAX_CHUNKS);
        for &chunk in &self.list {
            match merged.last_mut() {
                Some(last) if last.len + chunk.len <= most && (mixed || last.other == chunk.other) => {
                    *last = last.with(chunk);
                }
                _ => merged.push(chunk),
            }
        }
        self.list = merged;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(len: u64, secs: i64) -> Chunk {
        let time = Timestamp::new(secs, 0);
        Chunk { len, packets: 1, earliest: time, latest: time, ..Chunk::EMPTY }
    }

    #[test]
    fn there_are_never_too_many() {
        let mut chunks = Chunks::new();
        let mut random = 1_u64;
        let (mut len, count) = (0, 100_000);
        for secs in 0..count {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let chunk = if random >> 60 == 0 { 100 } else { START_LEN + (random >> 50) };
            len += chunk;
            chunks.push(if chunk == 100 { Chunk::other(100) } else { packets(chunk, secs) });
            assert!(chunks.list.len() <= MAX_CHUNKS);
        }
        assert_eq!(chunks.len(), len);
        assert!(chunks.list.len() > MAX_CHUNKS / 4, "{}", chunks.list.len());
    }

    #[test]
    fn packets_stay_apart_from_the_rest() {
        let mut chunks = Chunks::new();
        for secs in 0..20_000 {
            if secs % 1000 == 0 {
                chunks.push(Chunk::other(1000));
            }
            chunks.push(packets(START_LEN, secs));
        }
        let other: u64 = chunks.list.iter().filter(|chunk| chunk.other).map(|chunk| chunk.len).sum();
        assert_eq!(other, 20_000);
        assert_eq!(chunks.packets(), 20_000);
    }

    #[test]
    fn small_runs_in_turns_are_put_together() {
        let mut chunks = Chunks::new();
        for secs in 0..1_000_000 {
            chunks.push(Chunk::other(40));
            chunks.push(packets(60, secs));
        }
        assert_eq!((chunks.len(), chunks.packets()), (100_000_000, 1_000_000));
        assert_eq!(chunks.target, START_LEN);
    }

    #[test]
    fn times_out_of_order_are_seen() {
        let mut chunk = Chunk::EMPTY;
        assert_eq!(chunk.times(), None);
        chunk.see(None);
        assert_eq!((chunk.times(), chunk.untimed), (None, true));
        for secs in [5, 9, -3, 7] {
            chunk.see(Some(Timestamp::new(secs, 0)));
        }
        assert_eq!(chunk.times(), Some((Timestamp::new(-3, 0), Timestamp::new(9, 0))));
    }
}
