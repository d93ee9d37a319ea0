//! TCP options.
//!
//! ```text
//! +---------------+---------------+--------------
//! |     kind      |    length     | data: length - 2 bytes   (RFC 9293, 3.2)
//! +---------------+---------------+--------------
//! ```
//!
//! Kinds 0 (end of options) and 1 (no operation) are one byte without a length.

use crate::header::number;
use crate::{Field, Visit};

number! {
    /// The kind of a TCP option (IANA "tcp-parameters").
    pub struct TcpOptionKind(u8) {
        END_OF_OPTIONS = 0, "End of options";
        NOP = 1, "No operation";
        MAXIMUM_SEGMENT_SIZE = 2, "Maximum segment size";
        WINDOW_SCALE = 3, "Window scale";
        SACK_PERMITTED = 4, "SACK permitted";
        SACK = 5, "SACK";
        ECHO = 6, "Echo";
        ECHO_REPLY = 7, "Echo reply";
        TIMESTAMPS = 8, "Timestamps";
        PARTIAL_ORDER_PERMITTED = 9, "Partial order connection permitted";
        PARTIAL_ORDER_PROFILE = 10, "Partial order service profile";
        CC = 11, "Connection count";
        CC_NEW = 12, "Connection count, new";
        CC_ECHO = 13, "Connection count, echo";
        ALTERNATE_CHECKSUM_REQUEST = 14, "Alternate checksum request";
        ALTERNATE_CHECKSUM_DATA = 15, "Alternate checksum data";
        SKEETER = 16, "Skeeter";
        BUBBA = 17, "Bubba";
        TRAILER_CHECKSUM = 18, "Trailer checksum";
        MD5_SIGNATURE = 19, "MD5 signature";
        SCPS_CAPABILITIES = 20, "SCPS capabilities";
        SELECTIVE_NEGATIVE_ACK = 21, "Selective negative acknowledgements";
        RECORD_BOUNDARIES = 22, "Record boundaries";
        CORRUPTION_EXPERIENCED = 23, "Corruption experienced";
        SNAP = 24, "SNAP";
        COMPRESSION_FILTER = 26, "TCP compression filter";
        QUICK_START_RESPONSE = 27, "Quick-Start response";
        USER_TIMEOUT = 28, "User timeout";
        AUTHENTICATION = 29, "TCP-AO";
        MULTIPATH = 30, "Multipath TCP";
        FAST_OPEN_COOKIE = 34, "Fast open cookie";
        ENCRYPTION_NEGOTIATION = 69, "Encryption negotiation";
        ACCURATE_ECN_0 = 172, "Accurate ECN, order 0";
        ACCURATE_ECN_1 = 174, "Accurate ECN, order 1";
        EXPERIMENT_1 = 253, "Experiment 1";
        EXPERIMENT_2 = 254, "Experiment 2";
    }
}

number! {
    /// The subtype of a Multipath TCP option (RFC 8684, 3).
    pub struct MptcpSubtype(u8) {
        MP_CAPABLE = 0, "MP_CAPABLE";
        MP_JOIN = 1, "MP_JOIN";
        DSS = 2, "DSS";
        ADD_ADDR = 3, "ADD_ADDR";
        REMOVE_ADDR = 4, "REMOVE_ADDR";
        MP_PRIO = 5, "MP_PRIO";
        MP_FAIL = 6, "MP_FAIL";
        MP_FASTCLOSE = 7, "MP_FASTCLOSE";
        MP_TCPRST = 8, "MP_TCPRST";
        MP_EXPERIMENTAL = 15, "MP_EXPERIMENTAL";
    }
}

/// One option of a TCP header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TcpOption<'a> {
    /// The end: what follows in the header is padding. Nothing follows in the iterator.
    EndOfOptions(&'a [u8]),
    /// One byte of padding between options.
    Nop,
    /// The largest segment that the sender takes, in bytes (RFC 9293).
    MaximumSegmentSize(u16),
    /// The sender's windows are to be shifted left by this (RFC 7323).
    WindowScale(u8),
    /// Selective acknowledgements are welcome (RFC 2018).
    SackPermitted,
    /// Blocks that arrived out of order (RFC 2018).
    Sack(SackBlocks<'a>),
    /// Echo (RFC 1072).
    Echo(u32),
    /// Echo reply (RFC 1072).
    EchoReply(u32),
    /// Timestamps (RFC 7323).
    Timestamps {
        /// The sender's clock.
        value: u32,
        /// The clock value that it last saw from the receiver.
        echo: u32,
    },
    /// Partial order connections are welcome (RFC 1693).
    PartialOrderPermitted,
    /// Partial order service profile (RFC 1693): 0x80 = start, 0x40 = end.
    PartialOrderProfile(u8),
    /// Connection count (RFC 1644).
    ConnectionCount(u32),
    /// New connection count (RFC 1644).
    ConnectionCountNew(u32),
    /// Echoed connection count (RFC 1644).
    ConnectionCountEcho(u32),
    /// Another checksum is asked for (RFC 1146): 0 = TCP's, 1 = Fletcher 8, 2 = Fletcher 16.
    AlternateChecksumRequest(u8),
    /// Another checksum (RFC 1146).
    AlternateChecksum(&'a [u8]),
    /// MD5 digest of the segment (RFC 2385).
    Md5Signature(&'a [u8; 16]),
    /// SCPS capabilities: flags and connection identifier (CCSDS 714.0-B).
    ScpsCapabilities {
        /// Flags.
        flags: u8,
        /// Connection identifier.
        id: u8,
    },
    /// Selective negative acknowledgement: offset and length of a hole, in segments of the largest size (CCSDS 714.0-B).
    SelectiveNegativeAck {
        /// Where the hole starts.
        offset: u16,
        /// Its length.
        size: u16,
    },
    /// Quick-Start response (RFC 4782).
    QuickStart {
        /// Rate: 0, or 40 kbit/s times 2 to the power of it.
        rate: u8,
        /// TTL difference.
        ttl_diff: u8,
        /// QS nonce, 30 bits.
        nonce: u32,
    },
    /// User timeout (RFC 5482).
    UserTimeout {
        /// Whether the timeout is in minutes; else it is in seconds.
        minutes: bool,
        /// The timeout, 15 bits.
        timeout: u16,
    },
    /// TCP authentication option (RFC 5925).
    Authentication {
        /// Key that made this code.
        key: u8,
        /// Key that the sender wants to receive next.
        next_key: u8,
        /// Message authentication code.
        mac: &'a [u8],
    },
    /// Multipath TCP (RFC 8684).
    Multipath {
        /// Subtype.
        subtype: MptcpSubtype,
        /// The option's data from the byte whose high four bits are the subtype.
        data: &'a [u8],
    },
    /// Fast open cookie, or the request for one where it is empty (RFC 7413); in the experimental form too.
    FastOpen(&'a [u8]),
    /// Accurate ECN byte counters (RFC 9768): the kind says in which order.
    AccurateEcn {
        /// Whether the order is ECT(1), CE, ECT(0) (kind 174) rather than ECT(0), CE, ECT(1).
        order_1: bool,
        /// Up to three counters of three bytes.
        counters: &'a [u8],
    },
    /// An experimental option (RFC 6994).
    Experiment {
        /// Kind: 253 or 254.
        kind: TcpOptionKind,
        /// Experiment identifier.
        id: u16,
        /// What follows the identifier.
        data: &'a [u8],
    },
    /// An option of a kind unknown here, or with a length other than its kind's.
    Unknown {
        /// The option's kind.
        kind: TcpOptionKind,
        /// The option's data.
        data: &'a [u8],
    },
    /// An option whose length is below 2 or lies beyond the header or the capture, and everything after it. Nothing follows.
    Malformed(&'a [u8]),
}

/// The experiment identifier of fast open before it had kind 34 (RFC 7413, 4.1.1).
const FAST_OPEN_EXPERIMENT: u16 = 0xf989;

/// The blocks of a SACK option: each the sequence number of its first byte, and that after its last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SackBlocks<'a> {
    list: &'a [[u8; 8]],
}

impl<'a> SackBlocks<'a> {
    /// Blocks of two sequence numbers each, as they stand in the option.
    pub fn new(list: &'a [[u8; 8]]) -> Self {
        Self { list }
    }

    /// The bytes of the blocks that are still to come.
    pub fn bytes(&self) -> &'a [u8] {
        self.list.as_flattened()
    }

    /// How many blocks are still to come.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether none is to come.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }
}

impl Iterator for SackBlocks<'_> {
    type Item = (u32, u32);

    fn next(&mut self) -> Option<(u32, u32)> {
        let (&[a, b, c, d, e, f, g, h], rest) = self.list.split_first()?;
        self.list = rest;
        Some((u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h])))
    }
}

/// The options of a TCP header, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TcpOptions<'a> {
    rest: &'a [u8],
}

impl<'a> TcpOptions<'a> {
    /// The options in `bytes`, which start at the first one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are still to come.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for TcpOptions<'a> {
    type Item = TcpOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<TcpOption<'a>> {
        let all = core::mem::take(&mut self.rest);
        let (&kind, after) = all.split_first()?;
        let kind = TcpOptionKind(kind);
        match kind {
            TcpOptionKind::END_OF_OPTIONS => return Some(TcpOption::EndOfOptions(after)),
            TcpOptionKind::NOP => {
                self.rest = after;
                return Some(TcpOption::Nop);
            }
            _ => (),
        }
        let data = after.split_first().and_then(|(&length, after)| {
            let length = usize::from(length).checked_sub(2)?;
            after.split_at_checked(length)
        });
        Some(match data {
            Some((data, rest)) => {
                self.rest = rest;
                TcpOption::typed(kind, data)
            }
            None => TcpOption::Malformed(all),
        })
    }
}

impl core::iter::FusedIterator for TcpOptions<'_> {}

impl<'a> TcpOption<'a> {
    fn typed(kind: TcpOptionKind, data: &'a [u8]) -> Self {
        use TcpOptionKind as Kind;
        let be16 = |a: u8, b: u8| u16::from_be_bytes([a, b]);
        let be32 = |a: u8, b: u8, c: u8, d: u8| u32::from_be_bytes([a, b, c, d]);
        match (kind, data) {
            (Kind::TIMESTAMPS, &[a, b, c, d, e, f, g, h]) => {
                Self::Timestamps { value: be32(a, b, c, d), echo: be32(e, f, g, h) }
            }
            (Kind::MAXIMUM_SEGMENT_SIZE, &[a, b]) => Self::MaximumSegmentSize(be16(a, b)),
            (Kind::WINDOW_SCALE, &[shift]) => Self::WindowScale(shift),
            (Kind::SACK_PERMITTED, []) => Self::SackPermitted,
            (Kind::SACK, data) => match data.as_chunks() {
                (list, []) if !list.is_empty() => Self::Sack(SackBlocks { list }),
                _ => Self::Unknown { kind, data },
            },
            (Kind::ECHO, &[a, b, c, d]) => Self::Echo(be32(a, b, c, d)),
            (Kind::ECHO_REPLY, &[a, b, c, d]) => Self::EchoReply(be32(a, b, c, d)),
            (Kind::PARTIAL_ORDER_PERMITTED, []) => Self::PartialOrderPermitted,
            (Kind::PARTIAL_ORDER_PROFILE, &[flags]) => Self::PartialOrderProfile(flags),
            (Kind::CC, &[a, b, c, d]) => Self::ConnectionCount(be32(a, b, c, d)),
            (Kind::CC_NEW, &[a, b, c, d]) => Self::ConnectionCountNew(be32(a, b, c, d)),
            (Kind::CC_ECHO, &[a, b, c, d]) => Self::ConnectionCountEcho(be32(a, b, c, d)),
            (Kind::ALTERNATE_CHECKSUM_REQUEST, &[number]) => Self::AlternateChecksumRequest(number),
            (Kind::ALTERNATE_CHECKSUM_DATA, data) => Self::AlternateChecksum(data),
            (Kind::MD5_SIGNATURE, data) => match <&[u8; 16]>::try_from(data) {
                Ok(digest) => Self::Md5Signature(digest),
                Err(_) => Self::Unknown { kind, data },
            },
            (Kind::SCPS_CAPABILITIES, &[flags, id]) => Self::ScpsCapabilities { flags, id },
            (Kind::SELECTIVE_NEGATIVE_ACK, &[a, b, c, d]) => {
                Self::SelectiveNegativeAck { offset: be16(a, b), size: be16(c, d) }
            }
            (Kind::QUICK_START_RESPONSE, &[rate, ttl_diff, a, b, c, d]) => {
                Self::QuickStart { rate: rate & 0x0f, ttl_diff, nonce: be32(a, b, c, d) >> 2 }
            }
            (Kind::USER_TIMEOUT, &[a, b]) => {
                let word = be16(a, b);
                Self::UserTimeout { minutes: word & 0x8000 != 0, timeout: word & 0x7fff }
            }
            (Kind::AUTHENTICATION, &[key, next_key, ref mac @ ..]) => {
                Self::Authentication { key, next_key, mac }
            }
            (Kind::MULTIPATH, &[first, ..]) => Self::Multipath { subtype: MptcpSubtype(first >> 4), data },
            (Kind::FAST_OPEN_COOKIE, data) => Self::FastOpen(data),
            (Kind::ACCURATE_ECN_0 | Kind::ACCURATE_ECN_1, counters) => {
                Self::AccurateEcn { order_1: kind == Kind::ACCURATE_ECN_1, counters }
            }
            (Kind::EXPERIMENT_1 | Kind::EXPERIMENT_2, &[a, b, ref data @ ..]) => match be16(a, b) {
                FAST_OPEN_EXPERIMENT if kind == Kind::EXPERIMENT_2 => Self::FastOpen(data),
                id => Self::Experiment { kind, id, data },
            },
            (kind, data) => Self::Unknown { kind, data },
        }
    }

    /// The option's own fields; its kind, `kind`, stands at `offset`.
    fn fields(&self, kind: TcpOptionKind, offset: usize, visit: Visit<'_, 'a>) {
        match *self {
            Self::EndOfOptions(_)
            | Self::Nop
            | Self::SackPermitted
            | Self::PartialOrderPermitted
            | Self::Malformed(_) => (),
            Self::MaximumSegmentSize(size) => visit(Field::uint("mss", offset + 2, size)),
            Self::WindowScale(shift) => visit(Field::uint("wscale", offset + 2, shift)),
            Self::Sack(blocks) => {
                for (i, (left, right)) in blocks.enumerate() {
                    visit(Field::uint("sack_le", offset + 2 + 8 * i, left).repeated());
                    visit(Field::uint("sack_re", offset + 6 + 8 * i, right).repeated());
                }
            }
            Self::Echo(value) => visit(Field::hex("echo", offset + 2, value)),
            Self::EchoReply(value) => visit(Field::hex("echo_reply", offset + 2, value)),
            Self::Timestamps { value, echo } => {
                visit(Field::uint("tsval", offset + 2, value));
                visit(Field::uint("tsecr", offset + 6, echo));
            }
            Self::PartialOrderProfile(flags) => visit(Field::hex("po_profile", offset + 2, flags)),
            Self::ConnectionCount(count) => visit(Field::uint("cc", offset + 2, count)),
            Self::ConnectionCountNew(count) => visit(Field::uint("cc_new", offset + 2, count)),
            Self::ConnectionCountEcho(count) => visit(Field::uint("cc_echo", offset + 2, count)),
            Self::AlternateChecksumRequest(number) => {
                visit(Field::uint("alt_checksum_request", offset + 2, number));
            }
            Self::AlternateChecksum(sum) => visit(Field::bytes("alt_checksum", offset + 2, sum)),
            Self::Md5Signature(digest) => visit(Field::bytes("md5", offset + 2, digest)),
            Self::ScpsCapabilities { flags, id } => {
                visit(Field::hex("scps_flags", offset + 2, flags));
                visit(Field::uint("scps_id", offset + 3, id));
            }
            Self::SelectiveNegativeAck { offset: hole, size } => {
                visit(Field::uint("snack_offset", offset + 2, hole));
                visit(Field::uint("snack_size", offset + 4, size));
            }
            Self::QuickStart { rate, ttl_diff, nonce } => {
                visit(Field::uint("quick_start_rate", offset + 2, rate));
                visit(Field::uint("quick_start_ttl_diff", offset + 3, ttl_diff));
                visit(Field::hex("quick_start_nonce", offset + 4, nonce));
            }
            Self::UserTimeout { minutes, timeout } => {
                visit(Field::uint("user_timeout_minutes", offset + 2, minutes));
                visit(Field::uint("user_timeout", offset + 2, timeout));
            }
            Self::Authentication { key, next_key, mac } => {
                visit(Field::uint("ao_key", offset + 2, key));
                visit(Field::uint("ao_next_key", offset + 3, next_key));
                visit(Field::bytes("ao_mac", offset + 4, mac));
            }
            Self::Multipath { subtype, data } => {
                visit(Field::uint("mptcp_subtype", offset + 2, subtype).means(subtype.name()).repeated());
                visit(Field::bytes("mptcp_data", offset + 2, data).repeated());
            }
            Self::FastOpen(cookie) if kind == TcpOptionKind::FAST_OPEN_COOKIE => {
                visit(Field::bytes("fast_open_cookie", offset + 2, cookie));
            }
            Self::FastOpen(cookie) => {
                visit(Field::hex("exp_id", offset + 2, FAST_OPEN_EXPERIMENT).repeated());
                visit(Field::bytes("fast_open_cookie", offset + 4, cookie));
            }
            Self::AccurateEcn { counters, .. } => {
                for (i, counter) in counters.as_chunks::<3>().0.iter().enumerate() {
                    let &[a, b, c] = counter;
                    let count = u32::from_be_bytes([0, a, b, c]);
                    visit(Field::uint("acc_ecn", offset + 2 + 3 * i, count).repeated());
                }
            }
            Self::Experiment { id, data, .. } => {
                visit(Field::hex("exp_id", offset + 2, id).repeated());
                visit(Field::bytes("exp_data", offset + 4, data).repeated());
            }
            Self::Unknown { data, .. } => visit(Field::bytes("opt_data", offset + 2, data).repeated()),
        }
    }
}

/// The fields of TCP options whose first byte stands at `start`: for each `opt_kinds`, `opt_lens` and its own.
///
/// An end of options is listed once for each zero byte from there on. An option that the capture cuts behind its
/// length is listed, one whose length cannot be is not; `cut` says how many bytes of options are missing. Multipath TCP, a protocol of
/// its own inside the options, has a list of its own: `mptcp_lens`, `mptcp_subtype`, `mptcp_data`.
pub(crate) fn fields<'a>(start: usize, options: &'a [u8], cut: usize, visit: Visit<'_, 'a>) {
    let mut walk = TcpOptions::new(options);
    loop {
        let here = walk.rest();
        let offset = start + options.len() - here.len();
        let (Some(option), Some((&kind, after))) = (walk.next(), here.split_first()) else { break };
        let kind = TcpOptionKind(kind);
        let length = match (option, after.first()) {
            (TcpOption::EndOfOptions(_) | TcpOption::Nop, _) => None,
            (TcpOption::Malformed(_), Some(&length))
                if length < 2 || usize::from(length) > here.len().saturating_add(cut) =>
            {
                break;
            }
            (TcpOption::Malformed(_), None) => break,
            (_, length) => length,
        };
        visit(Field::uint("opt_kinds", offset, kind).means(kind.name()).repeated());
        if let Some(&length) = length {
            visit(Field::uint("opt_lens", offset + 1, length).repeated());
        }
        option.fields(kind, offset, visit);
        if let TcpOption::EndOfOptions(padding) = option {
            for (i, _) in padding.iter().take_while(|byte| **byte == 0).enumerate() {
                visit(Field::uint("opt_kinds", offset + 1 + i, kind).means(kind.name()).repeated());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    fn options(bytes: &[u8]) -> Vec<TcpOption<'_>> {
        TcpOptions::new(bytes).collect()
    }

    fn list(name: &str, bytes: &[u8], cut: usize) -> Vec<u64> {
        let mut list = Vec::new();
        fields(20, bytes, cut, &mut |field| match field.value {
            crate::Value::Uint(n) if field.name == name => list.push(n),
            _ => (),
        });
        list
    }

    #[test]
    fn a_handshake_has_its_usual_options() {
        let bytes = [2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 1, 0, 0, 0, 2, 1, 3, 3, 7];
        assert_eq!(
            options(&bytes),
            [
                TcpOption::MaximumSegmentSize(1460),
                TcpOption::SackPermitted,
                TcpOption::Timestamps { value: 1, echo: 2 },
                TcpOption::Nop,
                TcpOption::WindowScale(7),
            ]
        );
        assert_eq!(list("opt_kinds", &bytes, 0), [2, 4, 8, 1, 3]);
        assert_eq!(list("opt_lens", &bytes, 0), [4, 2, 10, 3]);
    }

    #[test]
    fn sack_blocks_are_pairs() {
        let bytes = [5, 18, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 4];
        let [TcpOption::Sack(blocks)] = options(&bytes)[..] else { panic!() };
        assert_eq!(blocks.len(), 2);
        assert_eq!(blocks.collect::<Vec<_>>(), [(1, 2), (3, 4)]);
    }

    #[test]
    fn a_wrong_length_is_unknown_and_the_walk_goes_on() {
        assert_eq!(
            options(&[2, 5, 1, 2, 3, 161, 3, 9, 1]),
            [
                TcpOption::Unknown { kind: TcpOptionKind::MAXIMUM_SEGMENT_SIZE, data: &[1, 2, 3] },
                TcpOption::Unknown { kind: TcpOptionKind(161), data: &[9] },
                TcpOption::Nop,
            ]
        );
    }

    #[test]
    fn a_lying_length_ends_the_walk() {
        for bytes in [&[1, 8, 0, 1][..], &[1, 8, 1, 1], &[1, 8, 10, 1], &[1, 8]] {
            assert_eq!(options(bytes), [TcpOption::Nop, TcpOption::Malformed(&bytes[1..])]);
            // tshark 4.0 lists no such option.
            assert_eq!(list("opt_kinds", bytes, 0), [1]);
        }
        // But it does where only the capture ends.
        assert_eq!(list("opt_kinds", &[1, 8, 10, 1], 8), [1, 8]);
        assert_eq!(list("opt_lens", &[1, 8, 10, 1], 8), [10]);
    }

    #[test]
    fn the_end_is_listed_as_tshark_lists_it() {
        assert_eq!(options(&[1, 0, 0, 5, 0]), [TcpOption::Nop, TcpOption::EndOfOptions(&[0, 5, 0])]);
        for (bytes, kinds) in [
            ([0, 0, 0, 0], &[0, 0, 0, 0][..]),
            ([1, 0, 0, 0], &[1, 0, 0, 0]),
            ([0, 0, 5, 0], &[0, 0]),
            ([0, 1, 1, 1], &[0]),
        ] {
            assert_eq!(list("opt_kinds", &bytes, 0), kinds);
        }
    }

    #[test]
    fn a_fast_open_cookie_stands_behind_the_experiment() {
        for (bytes, offset) in [(&[34, 6, 1, 2, 3, 4][..], 22), (&[254, 8, 0xf9, 0x89, 1, 2, 3, 4], 24)] {
            let mut found = Vec::new();
            fields(20, bytes, 0, &mut |field| {
                if field.name == "fast_open_cookie" {
                    found.push((field.offset, field.value));
                }
            });
            assert_eq!(found, [(offset, crate::Value::Bytes(&[1, 2, 3, 4]))]);
        }
    }

    #[test]
    fn every_kind_has_its_form() {
        let of = |bytes: &'static [u8]| options(bytes)[0];
        assert_eq!(of(&[6, 6, 0, 0, 0, 1]), TcpOption::Echo(1));
        assert_eq!(of(&[11, 6, 0, 0, 0, 1]), TcpOption::ConnectionCount(1));
        assert_eq!(of(&[14, 3, 2]), TcpOption::AlternateChecksumRequest(2));
        assert_eq!(of(&[27, 8, 5, 9, 0, 0, 0, 4]), TcpOption::QuickStart { rate: 5, ttl_diff: 9, nonce: 1 });
        assert_eq!(of(&[28, 4, 0x80, 0x11]), TcpOption::UserTimeout { minutes: true, timeout: 17 });
        assert_eq!(of(&[29, 5, 1, 2, 3]), TcpOption::Authentication { key: 1, next_key: 2, mac: &[3] });
        assert_eq!(of(&[34, 2]), TcpOption::FastOpen(&[]));
        assert_eq!(of(&[254, 6, 0xf9, 0x89, 1, 2]), TcpOption::FastOpen(&[1, 2]));
        assert_eq!(
            of(&[253, 5, 0x12, 0x34, 9]),
            TcpOption::Experiment { kind: TcpOptionKind::EXPERIMENT_1, id: 0x1234, data: &[9] }
        );
        assert_eq!(
            of(&[30, 4, 0x51, 7]),
            TcpOption::Multipath { subtype: MptcpSubtype::MP_PRIO, data: &[0x51, 7] }
        );
    }
}
