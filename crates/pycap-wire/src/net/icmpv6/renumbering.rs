//! Router renumbering.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------------------------------------------------------+
//! |                        sequence number                        |   (RFC 2894, 3.1)
//! +---------------+-+-+-+-+-+-----+-------------------------------+
//! |segment number |T|R|A|S|P| res |           maximum delay       |
//! +---------------+-+-+-+-+-+-----+-------------------------------+
//! |                            reserved                           |
//! +---------------+---------------+---------------+---------------+
//! |    op code    |   op length   |    ordinal    |   match len   |   match-prefix part of a command (3.2.1.1)
//! +---------------+---------------+---------------+---------------+
//! |    min len    |    max len    |            reserved           |
//! +---------------+---------------+-------------------------------+
//! |                    match prefix, 128 bits                     |
//! +---------------+---------------+---------------+---------------+
//! |    use len    |    keep len   |   flag mask   |    RA flags   |   each use-prefix part (3.2.1.2)
//! +---------------+---------------+---------------+---------------+
//! |       valid lifetime, preferred lifetime, 32 bits each        |
//! +-+-+-----------------------------------------------------------+
//! |V|P|                         reserved                          |
//! +-+-+-----------------------------------------------------------+
//! |                     use prefix, 128 bits                      |
//! +---------------------------------------------------------------+
//! ```

use core::net::Ipv6Addr;

use crate::header::{header, number};
use crate::{Field, Visit};

header! {
    /// The own fields of a router renumbering message: 12 bytes.
    pub struct RouterRenumberingHeader {
        /// Sequence number.
        seq, set_seq: u32;
        /// Segment number, of messages with the same sequence number.
        segment, set_segment: u8;
        /// From the highest bit: test, result requested, all interfaces, site-specific, processed previously.
        flags, set_flags: u8;
        /// The longest time that a router may wait with its result, in milliseconds.
        max_delay, set_max_delay: u16;
        /// Reserved.
        reserved, set_reserved: u32;
    }
}

header! {
    /// The match-prefix part of a prefix control operation: 24 bytes.
    pub struct MatchPrefixHeader {
        /// What is to be done with prefixes that match.
        op, set_op: RenumberingOp;
        /// Length of the operation with its use-prefix parts, in units of 8 bytes: 3 + 4 for each.
        op_len, set_op_len: u8;
        /// Ordinal, unique in the message.
        ordinal, set_ordinal: u8;
        /// How many leading bits have to match.
        match_len, set_match_len: u8;
        /// The shortest prefix that matches.
        min_len, set_min_len: u8;
        /// The longest prefix that matches.
        max_len, set_max_len: u8;
        /// Reserved.
        reserved, set_reserved: u16;
        /// The prefix to match.
        prefix, set_prefix: Ipv6Addr;
    }
}

number! {
    /// What a router renumbering command does.
    pub struct RenumberingOp(u8) {
        ADD = 1, "add";
        CHANGE = 2, "change";
        SET_GLOBAL = 3, "setglobal";
    }
}

header! {
    /// A use-prefix part of a prefix control operation: 32 bytes.
    pub struct UsePrefixHeader {
        /// How many leading bits of the new prefix come from this part.
        use_len, set_use_len: u8;
        /// How many bits after them come from the prefix that matched.
        keep_len, set_keep_len: u8;
        /// Which of the router advertisement flags are set from this part.
        flag_mask, set_flag_mask: u8;
        /// Router advertisement flags: on-link, autonomous.
        ra_flags, set_ra_flags: u8;
        /// Valid lifetime in seconds; all ones is for ever.
        valid_lifetime, set_valid_lifetime: u32;
        /// Preferred lifetime in seconds; all ones is for ever.
        preferred_lifetime, set_preferred_lifetime: u32;
        /// V (highest): the valid lifetime is decremented, P: the preferred one.
        flags, set_flags: u32;
        /// The prefix to use.
        prefix, set_prefix: Ipv6Addr;
    }
}

header! {
    /// A result: 24 bytes.
    pub struct RenumberingResultHeader {
        /// B (2): out of bounds, F (1): forbidden.
        flags, set_flags: u16;
        /// Ordinal of the operation.
        ordinal, set_ordinal: u8;
        /// Length of the prefix that matched.
        matched_len, set_matched_len: u8;
        /// Index of the interface.
        interface, set_interface: u32;
        /// The prefix that matched.
        prefix, set_prefix: Ipv6Addr;
    }
}

/// A router renumbering message, and what follows its own fields: operations of a command, results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterRenumbering<'a> {
    /// The fields of fixed length.
    pub header: &'a RouterRenumberingHeader,
    code: u8,
    rest: &'a [u8],
}

/// An iterator over the prefix control operations of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenumberingOps<'a> {
    rest: &'a [u8],
}

/// A prefix control operation. Where its length goes past the end, its use-prefix parts are what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RenumberingOperation<'a> {
    /// The match-prefix part.
    pub matched: &'a MatchPrefixHeader,
    uses: &'a [u8],
}

/// An iterator over structures of one length.
macro_rules! parts {
    ($bytes:expr, $Header:ident) => {{
        let mut rest = $bytes;
        core::iter::from_fn(move || {
            let (header, after) = $Header::split(rest)?;
            rest = after;
            Some(header)
        })
    }};
}

impl<'a> RouterRenumbering<'a> {
    pub(super) fn read(code: u8, body: &'a [u8]) -> Option<Self> {
        let (header, rest) = RouterRenumberingHeader::split(body)?;
        Some(Self { header, code, rest })
    }

    /// The operations of a command (code 0).
    pub fn operations(&self) -> RenumberingOps<'a> {
        RenumberingOps { rest: if self.code == 0 { self.rest } else { &[] } }
    }

    /// The results (code 1).
    pub fn results(&self) -> impl Iterator<Item = &'a RenumberingResultHeader> + use<'a> {
        parts!(if self.code == 1 { self.rest } else { &[] }, RenumberingResultHeader)
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        let header = self.header;
        visit(Field::uint("seq", 4, header.seq()));
        visit(Field::uint("segment", 8, header.segment()));
        visit(Field::hex("flags", 9, header.flags()));
        visit(Field::uint("max_delay", 10, header.max_delay()));
        let mut offset = 16;
        for operation in self.operations() {
            let matched = operation.matched;
            visit(Field::uint("ops", offset, matched.op()).means(matched.op().name()).repeated());
            visit(Field::uint("op_lens", offset + 1, matched.op_len()).repeated());
            visit(Field::uint("ordinals", offset + 2, matched.ordinal()).repeated());
            visit(Field::uint("match_lens", offset + 3, matched.match_len()).repeated());
            visit(Field::uint("min_lens", offset + 4, matched.min_len()).repeated());
            visit(Field::uint("max_lens", offset + 5, matched.max_len()).repeated());
            visit(Field::ipv6("match_prefixes", offset + 8, matched.prefix()).repeated());
            offset += MatchPrefixHeader::LEN;
            let end = offset + operation.uses.len();
            for part in operation.uses() {
                visit(Field::uint("use_lens", offset, part.use_len()).repeated());
                visit(Field::uint("keep_lens", offset + 1, part.keep_len()).repeated());
                visit(Field::hex("flag_masks", offset + 2, part.flag_mask()).repeated());
                visit(Field::hex("use_ra_flags", offset + 3, part.ra_flags()).repeated());
                visit(Field::uint("use_valid", offset + 4, part.valid_lifetime()).repeated());
                visit(Field::uint("use_preferred", offset + 8, part.preferred_lifetime()).repeated());
                visit(Field::hex("use_flags", offset + 12, part.flags()).repeated());
                visit(Field::ipv6("use_prefixes", offset + 16, part.prefix()).repeated());
                offset += UsePrefixHeader::LEN;
            }
            offset = end;
        }
        for result in self.results() {
            visit(Field::hex("result_flags", offset, result.flags()).repeated());
            visit(Field::uint("ordinals", offset + 2, result.ordinal()).repeated());
            visit(Field::uint("matched_lens", offset + 3, result.matched_len()).repeated());
            visit(Field::uint("interfaces", offset + 4, result.interface()).repeated());
            visit(Field::ipv6("matched_prefixes", offset + 8, result.prefix()).repeated());
            offset += RenumberingResultHeader::LEN;
        }
    }
}

impl<'a> Iterator for RenumberingOps<'a> {
    type Item = RenumberingOperation<'a>;

    fn next(&mut self) -> Option<RenumberingOperation<'a>> {
        let (matched, rest) = MatchPrefixHeader::split(self.rest)?;
        let length = (usize::from(matched.op_len()) * 8).saturating_sub(MatchPrefixHeader::LEN);
        let (uses, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        self.rest = rest;
        Some(RenumberingOperation { matched, uses })
    }
}

impl<'a> RenumberingOperation<'a> {
    /// The use-prefix parts, as far as they are there.
    pub fn uses(&self) -> impl Iterator<Item = &'a UsePrefixHeader> + use<'a> {
        parts!(self.uses, UsePrefixHeader)
    }
}
