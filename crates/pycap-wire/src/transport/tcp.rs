//! TCP.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |          source port          |        destination port       |   (RFC 9293, 3.1)
//! +-------------------------------+-------------------------------+
//! |                        sequence number                        |
//! +---------------------------------------------------------------+
//! |                     acknowledgment number                     |
//! +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
//! |offset |reservd|C|E|U|A|P|R|S|F|             window            |
//! +-------+-------+-+-+-+-+-+-+-+-+-------------------------------+
//! |            checksum           |         urgent pointer        |
//! +-------------------------------+-------------------------------+
//! |                       options, 0 to 40 bytes                  |
//! +---------------------------------------------------------------+
//! ```

use core::fmt;
use core::net::IpAddr;

use crate::checksum;
use crate::display::from_fn;
use crate::header::header;
use crate::transport::tcp_option::{self, TcpOption, TcpOptions};
use crate::transport::tcp_summary;
use crate::{Error, ErrorKind, Field, IpProtocol, LayerKind, Next, Visit};

header! {
    /// The TCP header without options: 20 bytes.
    pub struct TcpHeader {
        /// Source port.
        src_port, set_src_port: u16;
        /// Destination port.
        dst_port, set_dst_port: u16;
        /// Sequence number of the first payload byte (or of SYN).
        seq, set_seq: u32;
        /// Acknowledgment number: the sequence number expected next, where ACK is set.
        ack, set_ack: u32;
        /// Data offset in 32-bit words (high four bits), reserved bits (four), flags (low eight).
        offset_flags, set_offset_flags: u16;
        /// Receive window, unscaled.
        window, set_window: u16;
        /// Checksum over pseudo-header, header and payload.
        checksum, set_checksum: u16;
        /// Urgent pointer.
        urgent, set_urgent: u16;
    }
}

impl TcpHeader {
    /// Header length with options in bytes, as the header claims it: 0 to 60; below 20 is malformed.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        usize::from(self.offset_flags() >> 12) * 4
    }

    /// The length in bytes that the header claims for itself.
    #[inline(always)]
    pub(crate) fn claimed_len(&self) -> usize {
        self.header_len()
    }

    /// The payload in the IP packet that ends with `packet`, if this header, at `start`, is sound and whole.
    #[inline(always)]
    pub(crate) fn payload_in<'a>(&self, packet: &'a [u8], start: usize) -> Option<&'a [u8]> {
        let length = self.header_len();
        if length < Self::LEN { None } else { packet.get(start + length..) }
    }

    /// Flags.
    #[inline(always)]
    pub fn flags(&self) -> TcpFlags {
        TcpFlags(self.offset_flags() & 0x0fff)
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole words up to 15 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        let words = (bytes / 4).min(15) as u16;
        self.set_offset_flags(self.offset_flags() & 0x0fff | words << 12);
    }

    /// Sets [`flags`](Self::flags); the low twelve bits count.
    #[inline]
    pub fn set_flags(&mut self, flags: TcpFlags) {
        self.set_offset_flags(self.offset_flags() & 0xf000 | flags.0 & 0x0fff);
    }
}

/// The TCP flags and the reserved bits above them: the low twelve bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct TcpFlags(pub u16);

impl TcpFlags {
    /// FIN: no more data from the sender.
    pub const FIN: Self = Self(0x01);
    /// SYN: synchronize sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// RST: reset the connection.
    pub const RST: Self = Self(0x04);
    /// PSH: push.
    pub const PSH: Self = Self(0x08);
    /// ACK: the acknowledgment number counts.
    pub const ACK: Self = Self(0x10);
    /// URG: the urgent pointer counts.
    pub const URG: Self = Self(0x20);
    /// ECE: ECN echo (RFC 3168).
    pub const ECE: Self = Self(0x40);
    /// CWR: congestion window reduced (RFC 3168).
    pub const CWR: Self = Self(0x80);
    /// AE: accurate ECN (RFC 9768), before that NS (RFC 3540).
    pub const AE: Self = Self(0x100);

    /// Whether all of `flags` are set.
    #[inline(always)]
    pub fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// Whether any of `flags` is set.
    #[inline(always)]
    pub fn intersects(self, flags: Self) -> bool {
        self.0 & flags.0 != 0
    }
}

/// The flags of both.
impl core::ops::BitOr for TcpFlags {
    type Output = Self;
    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// The flags that are set in both.
impl core::ops::BitAnd for TcpFlags {
    type Output = Self;
    #[inline(always)]
    fn bitand(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
}

/// The flags that are not set, of the twelve bits that there are: `flags & !TcpFlags::PSH` is `flags` without PSH.
impl core::ops::Not for TcpFlags {
    type Output = Self;
    #[inline(always)]
    fn not(self) -> Self {
        Self(!self.0 & 0x0fff)
    }
}

/// The flags' names in the order of their bits, joined by commas: `push, ack`; `none` where none is set.
impl fmt::Display for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 9] = ["fin", "syn", "rst", "push", "ack", "urg", "ece", "cwr", "ae"];
        let mut set =
            NAMES.iter().enumerate().filter(|(bit, _)| self.0 >> bit & 1 != 0).map(|(_, name)| name);
        f.write_str(set.next().unwrap_or(&"none"))?;
        set.try_for_each(|name| write!(f, ", {name}"))
    }
}

impl fmt::Debug for TcpFlags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TcpFlags({self})")
    }
}

/// A TCP segment: header, options, payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tcp<'a> {
    header: &'a TcpHeader,
    rest: &'a [u8],
    /// How many bytes of `rest` are options.
    options_len: u32,
    /// How many bytes the layer around promises beyond the captured ones.
    beyond: u32,
}

impl<'a> Tcp<'a> {
    /// Takes the segment that starts at the first of `bytes` and ends at their end.
    ///
    /// A data offset below 5 is told by [`defect`](Self::defect); the payload of such a segment is what
    /// follows the fixed header.
    ///
    /// # Errors
    /// [`Truncated`](ErrorKind::Truncated) below 20 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match TcpHeader::split(bytes) {
            Some((header, rest)) => Ok(Self::from_parts(header, rest)),
            None => Err(Error::truncated(LayerKind::Tcp, TcpHeader::LEN, bytes.len())),
        }
    }

    #[inline(always)]
    pub(crate) fn from_parts(header: &'a TcpHeader, rest: &'a [u8]) -> Self {
        let options_len = match header.header_len().checked_sub(TcpHeader::LEN) {
            Some(length) => length.min(rest.len()),
            None => 0,
        };
        Self { header, rest, options_len: options_len as u32, beyond: 0 }
    }

    /// The same segment with the number of bytes that the layer around it promises beyond the captured ones: a TCP
    /// header says no length of its own. [`Layers`](crate::Layers) does this with IP's `missing()`.
    #[must_use]
    #[inline(always)]
    pub fn with_missing(self, missing: usize) -> Self {
        Self { beyond: u32::try_from(missing).unwrap_or(u32::MAX), ..self }
    }

    /// The segment, if its header is sound and whole.
    #[inline(always)]
    pub(crate) fn parse_whole(bytes: &'a [u8]) -> Option<Self> {
        let (header, rest) = TcpHeader::split(bytes)?;
        let options_len = header.header_len().checked_sub(TcpHeader::LEN)?;
        (options_len <= rest.len()).then_some(Self {
            header,
            rest,
            options_len: options_len as u32,
            beyond: 0,
        })
    }

    /// The segment whose header is known to be sound and whole; `payload` is the end of what follows the fixed header.
    #[inline(always)]
    pub(crate) fn whole(header: &'a TcpHeader, rest: &'a [u8], payload: &'a [u8]) -> Self {
        let options_len = rest.len().saturating_sub(payload.len());
        Self { header, rest, options_len: options_len as u32, beyond: 0 }
    }

    /// The fixed header's bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a TcpHeader {
        self.header
    }

    /// Source port.
    #[inline(always)]
    pub fn src_port(&self) -> u16 {
        self.header.src_port()
    }

    /// Destination port.
    #[inline(always)]
    pub fn dst_port(&self) -> u16 {
        self.header.dst_port()
    }

    /// Sequence number of the first payload byte (or of SYN).
    #[inline(always)]
    pub fn seq(&self) -> u32 {
        self.header.seq()
    }

    /// Acknowledgment number: the sequence number expected next, where ACK is set.
    #[inline(always)]
    pub fn ack(&self) -> u32 {
        self.header.ack()
    }

    /// Flags and the reserved bits above them.
    #[inline(always)]
    pub fn flags(&self) -> TcpFlags {
        self.header.flags()
    }

    /// Receive window, unscaled.
    pub fn window(&self) -> u16 {
        self.header.window()
    }

    /// Checksum, as it stands in the header.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// Urgent pointer.
    pub fn urgent(&self) -> u16 {
        self.header.urgent()
    }

    /// The options, in their order.
    #[inline]
    pub fn options(&self) -> TcpOptions<'a> {
        TcpOptions::new(self.options_bytes())
    }

    /// The largest segment that the sender takes, in bytes, where the option is there.
    pub fn mss(&self) -> Option<u16> {
        self.options().find_map(|option| match option {
            TcpOption::MaximumSegmentSize(size) => Some(size),
            _ => None,
        })
    }

    /// How far the sender's windows are to be shifted left, where the option is there.
    pub fn window_scale(&self) -> Option<u8> {
        self.options().find_map(|option| match option {
            TcpOption::WindowScale(shift) => Some(shift),
            _ => None,
        })
    }

    /// Timestamp value and echo reply, where the option is there.
    pub fn timestamps(&self) -> Option<(u32, u32)> {
        self.options().find_map(|option| match option {
            TcpOption::Timestamps { value, echo } => Some((value, echo)),
            _ => None,
        })
    }

    /// Whether the sender takes selective acknowledgements.
    pub fn sack_permitted(&self) -> bool {
        self.options().any(|option| option == TcpOption::SackPermitted)
    }

    /// The blocks that the sender got out of order: each its first sequence number and the one after its last.
    pub fn sack_blocks(&self) -> impl Iterator<Item = (u32, u32)> + use<'a> {
        self.options()
            .filter_map(|option| match option {
                TcpOption::Sack(blocks) => Some(blocks),
                _ => None,
            })
            .flatten()
    }

    /// The options' bytes, as far as captured.
    #[inline(always)]
    pub fn options_bytes(&self) -> &'a [u8] {
        self.rest.get(..self.options_len as usize).unwrap_or_default()
    }

    /// The header's length in bytes with its options, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        TcpHeader::LEN + self.options_len as usize
    }

    /// The segment's data, as far as captured.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.rest.get(self.options_len as usize..).unwrap_or_default()
    }

    /// The two ports, for a port table.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::Tcp { src_port: self.src_port(), dst_port: self.dst_port() }
    }

    /// Length of the segment's data in bytes: what is left of the whole segment, captured or not, after the header as
    /// the data offset has it.
    #[inline]
    pub fn payload_len(&self) -> usize {
        self.segment_len().saturating_sub(self.header.header_len())
    }

    /// Length of the segment in bytes, captured or not.
    pub(crate) fn segment_len(&self) -> usize {
        (TcpHeader::LEN + self.rest.len()).saturating_add(self.beyond as usize)
    }

    /// How many bytes the data offset, or the layer around the segment, promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.options_missing().max(self.beyond as usize)
    }

    fn options_missing(&self) -> usize {
        self.header.header_len().saturating_sub(self.header_len())
    }

    /// Whether the data offset lies past the end of the segment, which the layer around it says is all there.
    pub(crate) fn options_cut(&self) -> bool {
        self.options_missing() > self.beyond as usize
    }

    /// Whether the checksum is right; `None` where [`missing`](Self::missing) says that not all of the segment is there, the
    /// header contradicts itself, or the addresses are not of one family. `dst` is the final destination: the last address
    /// of a routing header.
    ///
    /// The segment ends where the view ends; in a fragment the answer means nothing.
    pub fn checksum_ok(&self, src: IpAddr, dst: IpAddr) -> Option<bool> {
        if self.missing() != 0 || self.defect().is_some() {
            return None;
        }
        let len = TcpHeader::LEN + self.rest.len();
        let pseudo = checksum::pseudo(src, dst, IpProtocol::TCP, len)?;
        let header = checksum::sum(self.header.as_bytes());
        Some(checksum::fold(pseudo + header + checksum::sum(self.rest)) == 0xffff)
    }

    /// What makes the header contradict itself: a data offset below 5 words. Dissection stops there.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        let length = self.header.header_len();
        (length < TcpHeader::LEN)
            .then(|| Error::new(LayerKind::Tcp, ErrorKind::HeaderLength, TcpHeader::LEN, length))
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let h = self.header;
        visit(Field::uint("sport", 0, h.src_port()));
        visit(Field::uint("dport", 2, h.dst_port()));
        visit(Field::uint("seq", 4, h.seq()));
        visit(Field::uint("ack", 8, h.ack()));
        visit(Field::uint("hdr_len", 12, h.header_len() as u64));
        visit(Field::hex("flags", 12, h.flags().0));
        visit(Field::uint("window", 14, h.window()));
        visit(Field::hex("checksum", 16, h.checksum()));
        visit(Field::uint("urg", 18, h.urgent()));
        let options = self.options_bytes();
        if !options.is_empty() {
            visit(Field::bytes("options", TcpHeader::LEN, options));
            tcp_option::fields(TcpHeader::LEN, options, self.options_missing(), visit);
        }
        if !self.options_cut() {
            visit(Field::uint("payload_len", 12, self.payload_len() as u64));
        }
    }

    /// The one-line form without the ports: `Flags [P.], seq 1:7, ack 1, win 65535, length 6`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        self.summary_relative(0, 0)
    }

    /// The one-line form with the numbers counted from `seq_base` and `ack_base`, as tcpdump prints them once it has
    /// seen the start of a connection.
    pub fn summary_relative(&self, seq_base: u32, ack_base: u32) -> impl fmt::Display + 'a {
        let tcp = *self;
        from_fn(move |f| tcp_summary::write(f, tcp, seq_base, ack_base))
    }
}

/// `TCP(57579 -> 5190, seq=0xc1600e16, ack=0xf481e20e, flags=(push, ack))`.
impl fmt::Display for Tcp<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "TCP({} -> {}, seq=0x{:04x}, ack=0x{:04x}, flags=({}))",
            self.src_port(),
            self.dst_port(),
            self.seq(),
            self.ack(),
            self.flags()
        )
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::ToString;
    use std::vec::Vec;

    use super::*;
    use crate::Value;

    const SYN: [u8; 40] = [
        0x9d, 0x38, 0x14, 0x46, 0xc1, 0x60, 0x0e, 0x16, 0, 0, 0, 0, 0xa0, 0x02, 0xfa, 0xf0, 0x12, 0x34, 0,
        0, //
        2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7,
    ];

    fn number(tcp: &Tcp<'_>, name: &str) -> Option<u64> {
        let mut found = None;
        tcp.fields(&mut |field| match field.value {
            Value::Uint(n) | Value::Hex(n) if field.name == name => found = Some(n),
            _ => (),
        });
        found
    }

    #[test]
    fn flags_are_a_set() {
        let flags = TcpFlags::PSH | TcpFlags::ACK;
        assert_eq!(flags & !TcpFlags::PSH, TcpFlags::ACK);
        assert!(
            flags.intersects(TcpFlags::SYN | TcpFlags::ACK) && !flags.contains(TcpFlags::SYN | TcpFlags::ACK)
        );
        assert!(!flags.intersects(TcpFlags::SYN | TcpFlags::FIN) && !flags.intersects(TcpFlags::default()));
        assert_eq!((!TcpFlags::default()).0, 0x0fff);
        assert_eq!(!!flags, flags);
    }

    #[test]
    fn a_syn_is_read_whole() {
        let tcp = Tcp::parse(&SYN).unwrap();
        assert_eq!((tcp.src_port(), tcp.dst_port(), tcp.seq()), (40248, 5190, 0xc160_0e16));
        assert_eq!((tcp.header_len(), tcp.payload().len(), tcp.missing()), (40, 0, 0));
        assert_eq!(tcp.flags(), TcpFlags::SYN);
        assert_eq!((tcp.mss(), tcp.window_scale(), tcp.timestamps()), (Some(1460), Some(7), Some((1, 2))));
        assert!(tcp.sack_permitted());
        assert_eq!(tcp.sack_blocks().count(), 0);
        assert_eq!(number(&tcp, "mss"), Some(1460));
        assert_eq!(number(&tcp, "payload_len"), Some(0));
        assert_eq!(tcp.to_string(), "TCP(40248 -> 5190, seq=0xc1600e16, ack=0x0000, flags=(syn))");
    }

    #[test]
    fn every_truncation_is_a_state() {
        for length in 0..SYN.len() {
            match Tcp::parse(&SYN[..length]) {
                Err(error) => {
                    assert!(length < 20);
                    assert_eq!(
                        (error.kind(), error.needed(), error.found()),
                        (ErrorKind::Truncated, 20, length)
                    );
                }
                Ok(tcp) => {
                    assert_eq!((tcp.header_len(), tcp.missing()), (length, 40 - length));
                    assert!(tcp.payload().is_empty() && tcp.defect().is_none());
                    let _ = (tcp.options().count(), tcp.summary().to_string());
                }
            }
        }
    }

    #[test]
    fn what_ip_promises_counts_as_payload() {
        // tshark 4.0: an IP total length of 57 with 45 bytes captured gives tcp.len 5 after a header of 32.
        let mut bytes = Vec::from(&SYN[..25]);
        bytes[12] = 0x80;
        let tcp = Tcp::parse(&bytes).unwrap().with_missing(12);
        assert_eq!((tcp.missing(), tcp.payload_len()), (12, 5));
        assert_eq!(number(&tcp, "payload_len"), Some(5));
    }

    #[test]
    fn a_data_offset_below_five_is_a_defect() {
        // tshark 4.0 takes the claimed header off the segment: 29 - 16.
        let mut bytes = Vec::from(&SYN[..29]);
        bytes[12] = 0x40;
        let tcp = Tcp::parse(&bytes).unwrap();
        let error = tcp.defect().unwrap();
        assert_eq!((error.kind(), error.needed(), error.found()), (ErrorKind::HeaderLength, 20, 16));
        assert_eq!((tcp.header_len(), tcp.payload_len()), (20, 13));
        assert_eq!(tcp.options().count(), 0);
    }

    #[test]
    fn a_data_offset_past_the_segment_leaves_no_payload() {
        let mut bytes = Vec::from(&SYN[..29]);
        bytes[12] = 0xf0;
        let tcp = Tcp::parse(&bytes).unwrap();
        assert_eq!((tcp.header_len(), tcp.payload().len(), tcp.missing()), (29, 0, 31));
        assert_eq!(number(&tcp, "payload_len"), None);
    }

    #[test]
    fn bit_fields_are_set_apart() {
        let mut header = TcpHeader::zeroed();
        header.set_flags(TcpFlags(0xffff));
        header.set_header_len(24);
        assert_eq!((header.header_len(), header.flags()), (24, TcpFlags(0xfff)));
        header.set_flags(TcpFlags::SYN | TcpFlags::ACK);
        assert_eq!(header.as_bytes()[12..14], [0x60, 0x12]);
    }
}
