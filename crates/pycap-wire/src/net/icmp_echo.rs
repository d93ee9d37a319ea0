//! What ICMP for IPv4 and for IPv6 have in common: echo and extended echo (probe).
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |           identifier          |        sequence number        |   echo (RFC 792; RFC 4443, 4.1)
//! +-------------------------------+---------------+-------------+-+
//! |           identifier          |   sequence    |  reserved   |L|   extended echo request (RFC 8335, 2)
//! +-------------------------------+---------------+-----+---+-+-+-+
//! |           identifier          |   sequence    |state|res|A|4|6|   extended echo reply (RFC 8335, 3)
//! +-------------------------------+---------------+-----+---+-+-+-+
//! ```
//!
//! These bytes follow type, code and checksum.

use crate::header::{header, number};
use crate::{Field, Visit};

header! {
    /// Identifier and sequence number: 4 bytes. Information and address mask messages begin with them, too.
    pub struct IcmpEchoHeader {
        /// Identifier, chosen by the one that asks.
        id, set_id: u16;
        /// Sequence number.
        seq, set_seq: u16;
    }
}

impl IcmpEchoHeader {
    pub(crate) fn fields(&self, visit: Visit<'_, '_>) {
        visit(Field::uint("id", 4, self.id()));
        visit(Field::uint("seq", 6, self.seq()));
    }
}

header! {
    /// The own fields of an extended echo request: 4 bytes. An extension with the interface that is asked for follows.
    pub struct ExtendedEchoRequestHeader {
        /// Identifier, chosen by the one that asks.
        id, set_id: u16;
        /// Sequence number.
        seq, set_seq: u8;
        /// Reserved bits and, lowest, L: whether the interface is on the node that is asked.
        flags, set_flags: u8;
    }
}

impl ExtendedEchoRequestHeader {
    /// L: the interface is on the node that is asked, not on one beside it.
    pub fn local(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// Sets [`local`](Self::local).
    #[inline]
    pub fn set_local(&mut self, local: bool) {
        self.set_flags(self.flags() & 0xfe | u8::from(local));
    }

    pub(crate) fn fields(&self, visit: Visit<'_, '_>) {
        visit(Field::uint("id", 4, self.id()));
        visit(Field::uint("seq", 6, self.seq()));
        visit(Field::uint("local", 7, u8::from(self.local())));
    }
}

header! {
    /// The own fields of an extended echo reply: 4 bytes.
    pub struct ExtendedEchoReplyHeader {
        /// Identifier of the request.
        id, set_id: u16;
        /// Sequence number of the request.
        seq, set_seq: u8;
        /// State (high three bits), reserved (two), active, IPv4, IPv6.
        flags, set_flags: u8;
    }
}

number! {
    /// What a neighbour cache says of the interface that an extended echo asks for.
    pub struct ExtendedEchoState(u8) {
        INCOMPLETE = 1, "incomplete";
        REACHABLE = 2, "reachable";
        STALE = 3, "stale";
        DELAY = 4, "delay";
        PROBE = 5, "probe";
        FAILED = 6, "failed";
    }
}

impl ExtendedEchoReplyHeader {
    /// The state of the interface, where it is beside the node that answers; else 0.
    pub fn state(&self) -> ExtendedEchoState {
        ExtendedEchoState(self.flags() >> 5)
    }

    /// A: the interface is on the node that answers, and active.
    pub fn active(&self) -> bool {
        self.flags() & 4 != 0
    }

    /// 4: the interface runs IPv4.
    pub fn ipv4(&self) -> bool {
        self.flags() & 2 != 0
    }

    /// 6: the interface runs IPv6.
    pub fn ipv6(&self) -> bool {
        self.flags() & 1 != 0
    }

    /// Sets [`state`](Self::state); the value's low three bits count.
    #[inline]
    pub fn set_state(&mut self, state: ExtendedEchoState) {
        self.set_flags(self.flags() & 0x1f | (state.0 & 7) << 5);
    }

    /// Sets [`active`](Self::active).
    #[inline]
    pub fn set_active(&mut self, active: bool) {
        self.set_flags(self.flags() & !4 | u8::from(active) << 2);
    }

    /// Sets [`ipv4`](Self::ipv4).
    #[inline]
    pub fn set_ipv4(&mut self, ipv4: bool) {
        self.set_flags(self.flags() & !2 | u8::from(ipv4) << 1);
    }

    /// Sets [`ipv6`](Self::ipv6).
    #[inline]
    pub fn set_ipv6(&mut self, ipv6: bool) {
        self.set_flags(self.flags() & !1 | u8::from(ipv6));
    }

    pub(crate) fn fields(&self, visit: Visit<'_, '_>) {
        visit(Field::uint("id", 4, self.id()));
        visit(Field::uint("seq", 6, self.seq()));
        visit(Field::uint("state", 7, self.state()).means(self.state().name()));
        visit(Field::uint("active", 7, u8::from(self.active())));
        visit(Field::uint("ipv4", 7, u8::from(self.ipv4())));
        visit(Field::uint("ipv6", 7, u8::from(self.ipv6())));
    }
}

/// The names of the codes of an extended echo reply (RFC 8335, 3).
pub(crate) fn extended_echo_code_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0 => "no error",
        1 => "malformed query",
        2 => "no such interface",
        3 => "no such table entry",
        4 => "multiple interfaces satisfy query",
        _ => return None,
    })
}
