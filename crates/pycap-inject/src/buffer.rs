//! The buffer that packets are written into, from their end to their start.

use std::fmt;

use crate::BuildError;

/// Room behind a packet that is being written: what pads it to a frame's least length.
const TAILROOM: usize = 64;

/// What a new buffer takes for its first packet: an Ethernet frame of the usual MTU, and then some.
const FIRST: usize = 2048;

/// A buffer that a packet is written into, its innermost layer first, each one in front of what is there.
///
/// It keeps its memory from packet to packet, so it allocates only when a packet is longer than each one before.
///
/// ```
/// use pycap_inject::{Layer, PacketBuf, layer};
///
/// let mut buf = PacketBuf::new();
/// for port in 4000..4003 {
///     let udp = (layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), layer::Udp::new(port, 53), b"hello");
///     assert_eq!(udp.write(&mut buf)?.len(), 33);
/// }
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
#[derive(Clone)]
pub struct PacketBuf {
    /// The packet is `bytes[start..end]`; in front of it is the room for layers to come.
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    /// Where what the layer to come covers ends: behind it are trailers of layers around it.
    covered: usize,
    /// Where packets end, unless they are padded.
    last: usize,
    limit: usize,
}

impl PacketBuf {
    /// The longest packet that a buffer takes unless told otherwise, in bytes: 1 MiB.
    pub const DEFAULT_LIMIT: usize = 1 << 20;

    /// An empty buffer for packets up to [`DEFAULT_LIMIT`](Self::DEFAULT_LIMIT).
    pub fn new() -> Self {
        Self::with_limit(Self::DEFAULT_LIMIT)
    }

    /// An empty buffer for packets of at most `limit` bytes; a longer one is an error when it is written.
    pub fn with_limit(limit: usize) -> Self {
        Self { bytes: Vec::new(), start: 0, end: 0, covered: 0, last: 0, limit }
    }

    /// The packet, or what was written of it so far.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        match self.bytes.get(self.start..self.end) {
            Some(bytes) => bytes,
            None => nothing(),
        }
    }

    /// The packet's bytes, to be changed in place.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.start..self.end).unwrap_or_default()
    }

    /// Throws the packet away and keeps the memory.
    #[inline(always)]
    pub fn clear(&mut self) {
        (self.start, self.end, self.covered) = (self.last, self.last, self.last);
    }

    /// What the layer that is written next has inside: everything so far but trailers of layers around it.
    #[inline(always)]
    pub fn payload(&self) -> &[u8] {
        match self.bytes.get(self.start..self.covered) {
            Some(payload) => payload,
            None => nothing(),
        }
    }

    /// The length of [`payload`](Self::payload) in bytes.
    #[inline(always)]
    pub fn payload_len(&self) -> usize {
        self.covered.wrapping_sub(self.start)
    }

    /// Puts `bytes` in front of the packet.
    ///
    /// # Errors
    /// The packet would be longer than the buffer's limit.
    #[inline(always)]
    pub fn prepend(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.room(bytes.len())?.copy_from_slice(bytes);
        Ok(())
    }

    /// Puts a header, whose length is known when this is compiled, in front of the packet.
    ///
    /// # Errors
    /// The packet would be longer than the buffer's limit.
    #[inline(always)]
    pub fn prepend_array<const N: usize>(&mut self, bytes: &[u8; N]) -> Result<(), BuildError> {
        match self.bytes.get_mut(..self.start).and_then(<[u8]>::last_chunk_mut::<N>) {
            Some(room) => {
                *room = *bytes;
                self.start -= N;
                Ok(())
            }
            // A copy, so that no pointer to the header itself keeps it in memory.
            None => self.prepend_growing(&{ *bytes }),
        }
    }

    #[cold]
    #[inline(never)]
    fn prepend_growing(&mut self, bytes: &[u8]) -> Result<(), BuildError> {
        self.prepend(bytes)
    }

    /// Puts `len` bytes of any content in front of the packet, to be written now.
    ///
    /// # Errors
    /// The packet would be longer than the buffer's limit.
    #[inline(always)]
    pub fn room(&mut self, len: usize) -> Result<&mut [u8], BuildError> {
        if len > self.start {
            self.grow(len, 0)?;
        }
        let end = self.start;
        self.start -= len;
        match self.bytes.get_mut(self.start..end) {
            Some(room) => Ok(room),
            None => Err(BuildError::too_long("packet", "buffer", len, 0)),
        }
    }

    /// Adds zero bytes behind the packet until it has `len` bytes.
    #[inline(always)]
    pub(crate) fn pad_to(&mut self, len: usize) -> Result<(), BuildError> {
        let more = len.saturating_sub(self.end - self.start);
        if more > 0 { self.pad(more) } else { Ok(()) }
    }

    fn pad(&mut self, more: usize) -> Result<(), BuildError> {
        if more > self.bytes.len() - self.end {
            self.grow(0, more)?;
        }
        let end = self.end + more;
        if let Some(padding) = self.bytes.get_mut(self.end..end) {
            padding.fill(0);
        }
        (self.end, self.covered) = (end, self.covered + more);
        Ok(())
    }

    /// Puts a trailer behind the payload, where the layers to come do not cover it until [`cover_again`](Self::cover_again)
    /// with what this returned.
    pub(crate) fn put_behind(&mut self, trailer: &[u8]) -> Result<usize, BuildError> {
        self.prepend(trailer)?;
        if let Some(covered) = self.bytes.get_mut(self.start..self.covered) {
            covered.rotate_left(trailer.len());
        }
        let apart = self.end - self.covered;
        self.covered -= trailer.len();
        Ok(apart)
    }

    pub(crate) fn cover_again(&mut self, apart: usize) {
        self.covered = self.end - apart;
    }

    /// Makes room for `front` bytes more before the packet and `back` behind it.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, front: usize, back: usize) -> Result<(), BuildError> {
        let used = self.end - self.start;
        let len = used.saturating_add(front).saturating_add(back);
        if len > self.limit {
            return Err(BuildError::too_long("packet", "limit of the buffer", len, self.limit));
        }
        let tail = TAILROOM.max(back);
        let mut bytes = vec![0; (len * 2).clamp(FIRST, self.limit.max(FIRST)) + tail];
        let end = bytes.len() - tail;
        let start = end - used;
        if let (Some(to), Some(from)) = (bytes.get_mut(start..end), self.bytes.get(self.start..self.end)) {
            to.copy_from_slice(from);
        }
        let apart = self.end - self.covered;
        (self.bytes, self.start, self.end, self.covered, self.last) = (bytes, start, end, end - apart, end);
        Ok(())
    }
}

/// What cannot be, out of the way of what is.
#[cold]
#[inline(never)]
fn nothing<'b>() -> &'b [u8] {
    &[]
}

impl Default for PacketBuf {
    fn default() -> Self {
        Self::new()
    }
}

/// Its bytes in hexadecimal.
impl fmt::Debug for PacketBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PacketBuf(")?;
        self.bytes().iter().try_for_each(|byte| write!(f, "{byte:02x}"))?;
        f.write_str(")")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BuildErrorKind;

    #[test]
    fn grows_to_its_limit_and_keeps_what_is_there() {
        let mut buf = PacketBuf::with_limit(5000);
        for byte in 0..50_u8 {
            buf.prepend(&[byte; 100]).unwrap();
        }
        assert_eq!((buf.bytes().len(), buf.bytes()[0], buf.bytes()[4999]), (5000, 49, 0));
        let error = buf.prepend(&[0; 7]).unwrap_err();
        assert!(matches!(error.kind(), BuildErrorKind::TooLong { len: 5007, max: 5000, .. }), "{error}");
        assert_eq!(error.to_string(), "packet: 5007 bytes, limit of the buffer is 5000: 7 too many");
        assert_eq!(buf.bytes().len(), 5000);
        buf.clear();
        assert!(buf.bytes().is_empty());
        assert!(PacketBuf::with_limit(3).prepend(&[0; 4]).is_err());
    }

    #[test]
    fn padding_goes_behind_and_trailers_are_not_covered() {
        let mut buf = PacketBuf::new();
        let apart = buf.put_behind(b"trailer").unwrap();
        buf.prepend(b"payload").unwrap();
        assert_eq!(buf.payload(), b"payload");
        buf.prepend(&[1; 4000]).unwrap();
        assert_eq!((buf.payload().len(), buf.payload()[3999], buf.payload()[4006]), (4007, 1, b'd'));
        buf.cover_again(apart);
        assert_eq!(buf.payload().len(), 4014);
        for len in [4000, 4020, 4300] {
            buf.pad_to(len).unwrap();
            assert_eq!(buf.bytes().len(), len.max(4014));
            assert!(buf.bytes()[4014..].iter().all(|byte| *byte == 0));
        }
    }
}
