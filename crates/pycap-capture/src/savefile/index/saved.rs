//! The file that an index is kept in.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::chunk::{Chunk, Chunks, MAX_CHUNKS};
use super::hash::Hash;
use super::{Stamp, stale};
use crate::{Error, ErrorKind, Result, Timestamp};

const MAGIC: &[u8; 8] = b"PYCAPIDX";
/// It grows with every change of the format, and where a file is read otherwise than before.
const VERSION: u32 = 1;
const HEADER: usize = 80;
const CHUNK: usize = 44;
const CHECKSUM: usize = 8;
/// The longest text of an error that is kept, in bytes. They have some hundred.
const MAX_MESSAGE: usize = 4096;
const MAX_LEN: usize = HEADER + MAX_MESSAGE + MAX_CHUNKS * CHUNK + CHECKSUM;
/// The fewest bytes that a packet takes in a file of any format.
const LEAST_PACKET: u64 = 16;

/// An index as it is saved.
pub(super) struct Saved {
    pub(super) chunks: Chunks,
    pub(super) damage: Option<Error>,
    pub(super) stamp: Stamp,
}

/// `FILE.pycap-index`
pub(super) fn path_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pycap-index");
    name.into()
}

/// Reads the index at `path`.
pub(super) fn read(path: &Path) -> Result<Saved> {
    let bytes = || {
        let mut bytes = Vec::new();
        // One more than there can be, so that what is too long is seen.
        File::open(path)?.take(MAX_LEN as u64 + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = bytes().map_err(|error: io::Error| match error.kind() {
        io::ErrorKind::NotFound => Error::system(
            ErrorKind::IndexMissing,
            "there is no such index: build and save one, with `pycap index FILE`",
            error,
        ),
        _ => Error::io("cannot read the index", error),
    })?;
    decode(&bytes)
}

/// Writes an index to `path`: to another name first, so that nobody finds half of one.
pub(super) fn write(path: &Path, saved: &[u8]) -> Result<()> {
    static TURN: AtomicU32 = AtomicU32::new(0);
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{}-{}.tmp", std::process::id(), TURN.fetch_add(1, Ordering::Relaxed)));
    let temporary = PathBuf::from(name);
    let write = || {
        let mut file = File::options().write(true).create_new(true).open(&temporary)?;
        file.write_all(saved)?;
        drop(file);
        std::fs::rename(&temporary, path)
    };
    write().map_err(|error| {
        // It is of no use to anybody; where it cannot be removed either, the first error says more.
        if error.kind() != io::ErrorKind::AlreadyExists {
            let _ = std::fs::remove_file(&temporary);
        }
        Error::io("cannot write the index", error)
    })
}

pub(super) fn encode(chunks: &Chunks, damage: Option<&Error>, stamp: &Stamp) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER + chunks.list.len() * CHUNK + CHECKSUM);
    let message = damage.map_or("", |error| {
        let message = error.message();
        let end = (0..=MAX_MESSAGE.min(message.len())).rev().find(|&end| message.is_char_boundary(end));
        &message[..end.unwrap_or(0)]
    });
    out.extend(MAGIC);
    out.extend(VERSION.to_le_bytes());
    out.extend((chunks.list.len() as u32).to_le_bytes());
    out.extend(stamp.len.to_le_bytes());
    out.extend(stamp.modified.secs().to_le_bytes());
    out.extend(stamp.modified.subsec_nanos().to_le_bytes());
    out.extend((message.len() as u32).to_le_bytes());
    out.extend(stamp.ends.to_le_bytes());
    out.extend(chunks.target.to_le_bytes());
    out.extend(damage.map_or(0, |error| code_of(error.kind())).to_le_bytes());
    out.extend([0; 4]);
    out.extend(damage.and_then(Error::offset).unwrap_or_default().to_le_bytes());
    out.extend(damage.and_then(Error::record).unwrap_or_default().to_le_bytes());
    out.extend(message.as_bytes());
    for chunk in &chunks.list {
        out.extend(chunk.len.to_le_bytes());
        out.extend(chunk.packets.to_le_bytes());
        out.extend(chunk.earliest.secs().to_le_bytes());
        out.extend(chunk.latest.secs().to_le_bytes());
        out.extend(chunk.earliest.subsec_nanos().to_le_bytes());
        out.extend(chunk.latest.subsec_nanos().to_le_bytes());
        out.extend((u32::from(chunk.other) | u32::from(chunk.untimed) << 1).to_le_bytes());
    }
    let hash = Hash::of(&out);
    out.extend(hash.to_le_bytes());
    out
}

fn decode(bytes: &[u8]) -> Result<Saved> {
    if !bytes.starts_with(MAGIC) {
        return Err(stale("it is no index of pycap"));
    }
    if let Some(&version) = bytes.get(8..).and_then(<[u8]>::first_chunk)
        && u32::from_le_bytes(version) != VERSION
    {
        let found = u32::from_le_bytes(version);
        return Err(stale(&format!("it is of version {found}, {VERSION} needed")));
    }
    let damaged = || stale("it is damaged");
    let (body, checksum) = bytes.split_last_chunk::<CHECKSUM>().ok_or_else(damaged)?;
    if u64::from_le_bytes(*checksum) != Hash::of(body) {
        return Err(damaged());
    }
    // The checksum is no secret, so nothing is taken on trust.
    fields(&body[MAGIC.len() + 4..]).ok_or_else(|| stale("it contradicts itself"))
}

fn fields(bytes: &[u8]) -> Option<Saved> {
    let mut fields = Fields(bytes);
    let count = fields.u32()? as usize;
    let len = fields.u64()?;
    let modified = time(fields.i64()?, fields.u32()?)?;
    let message_len = fields.u32()? as usize;
    let stamp = Stamp { len, modified, ends: fields.u64()? };
    let target = fields.u64()?;
    let (kind, reserved) = (fields.u32()?, fields.u32()?);
    let (offset, record) = (fields.u64()?, fields.u64()?);
    let message = std::str::from_utf8(fields.bytes(message_len)?).ok()?;
    if fields.0.len() != count.checked_mul(CHUNK)? || count > MAX_CHUNKS || reserved != 0 {
        return None;
    }
    let mut chunks = Chunks::new();
    if target < chunks.target {
        return None;
    }
    chunks.target = target;
    let (mut covered, mut packets) = (0_u64, 0_u64);
    for _ in 0..count {
        let chunk = chunk(&mut fields)?;
        covered = covered.checked_add(chunk.len).filter(|&covered| covered <= len)?;
        packets += chunk.packets;
        chunks.list.push(chunk);
    }
    let damage = match kind {
        0 if message.is_empty() && offset == 0 && record == 0 => None,
        0 => return None,
        code => {
            let error = Error::new(kind_of(code)?, message.to_owned()).at(offset);
            Some(if record == 0 { error } else { error.in_record(record) })
        }
    };
    let sound = match damage {
        None => covered == len,
        Some(_) => covered == offset && (record == 0 || record == packets + 1),
    };
    // The first has the file header.
    let headed = chunks.list.first().is_some_and(|chunk| chunk.other);
    (sound && headed).then_some(Saved { chunks, damage, stamp })
}

fn chunk(fields: &mut Fields<'_>) -> Option<Chunk> {
    let (len, packets) = (fields.u64()?, fields.u64()?);
    let (earliest, latest) = (fields.i64()?, fields.i64()?);
    let (earliest, latest) = (time(earliest, fields.u32()?)?, time(latest, fields.u32()?)?);
    let flags = fields.u32()?;
    let chunk = Chunk { len, packets, earliest, latest, other: flags & 1 != 0, untimed: flags & 2 != 0 };
    let timed = earliest <= latest;
    let empty = (earliest, latest) == (Chunk::EMPTY.earliest, Chunk::EMPTY.latest);
    let sound = len > 0
        && flags <= 3
        && packets <= len / LEAST_PACKET
        && (timed || empty)
        && (packets > 0) == (timed || chunk.untimed);
    sound.then_some(chunk)
}

fn time(secs: i64, nanos: u32) -> Option<Timestamp> {
    (nanos < 1_000_000_000).then(|| Timestamp::new(secs, nanos))
}

/// The kinds of damage that a file has; the system's errors are no property of it.
const KINDS: [(u32, ErrorKind); 3] =
    [(1, ErrorKind::Truncated), (2, ErrorKind::Malformed), (3, ErrorKind::UnsupportedVersion)];

fn code_of(kind: ErrorKind) -> u32 {
    KINDS.iter().find(|(_, known)| *known == kind).map_or(2, |(code, _)| *code)
}

fn kind_of(code: u32) -> Option<ErrorKind> {
    KINDS.iter().find(|(known, _)| *known == code).map(|(_, kind)| *kind)
}

struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn bytes(&mut self, len: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(bytes)
    }

    fn array<const LEN: usize>(&mut self) -> Option<[u8; LEN]> {
        self.bytes(LEN)?.try_into().ok()
    }

    fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }
}
