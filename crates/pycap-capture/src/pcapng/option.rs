//! Options: what blocks carry behind their fixed part.
//!
//! ```text
//! code (2) | length (2) | value, padded to 4 | ... | opt_endofopt: 0 (2) | 0 (2)
//! ```

use std::borrow::Cow;
use std::fmt;

use crate::ByteOrder;

/// The options of a block, in the order of the file.
///
/// A length that runs past the block ends the walk: what came before it is good, and the block itself is none the worse.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    bytes: &'a [u8],
    order: ByteOrder,
}

impl<'a> Options<'a> {
    #[inline]
    pub(crate) const fn new(bytes: &'a [u8], order: ByteOrder) -> Self {
        Self { bytes, order }
    }

    pub(crate) const fn order(&self) -> ByteOrder {
        self.order
    }

    /// The first option with this code.
    pub fn find(mut self, code: u16) -> Option<BlockOption<'a>> {
        self.by_ref().find(|option| option.code == code)
    }

    /// The texts of all [comments](code::COMMENT).
    pub fn comments(self) -> impl Iterator<Item = Cow<'a, str>> {
        self.filter(|option| option.code == code::COMMENT).map(|option| option.text())
    }
}

impl<'a> Iterator for Options<'a> {
    type Item = BlockOption<'a>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        let (header, rest) = self.bytes.split_first_chunk::<4>()?;
        let code = self.order.u16_at::<0, _>(header);
        let len = usize::from(self.order.u16_at::<2, _>(header));
        if code == code::END || len > rest.len() {
            self.bytes = &[];
            return None;
        }
        self.bytes = rest.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some(BlockOption { code, value: &rest[..len], order: self.order })
    }
}

impl fmt::Debug for Options<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(*self).finish()
    }
}

/// One option. What its code means is for the type of the block to say; see [`code`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BlockOption<'a> {
    /// Its number among the options of this type of block.
    pub code: u16,
    /// Its value without padding, numbers in the byte order of the section.
    pub value: &'a [u8],
    order: ByteOrder,
}

impl<'a> BlockOption<'a> {
    /// The value as a text. Zeros behind it, which some writers put there, are no part of it; what is not UTF-8 is replaced.
    pub fn text(self) -> Cow<'a, str> {
        let len = self.value.iter().rposition(|&byte| byte != 0).map_or(0, |last| last + 1);
        String::from_utf8_lossy(&self.value[..len])
    }

    /// The value as a number of 1, 2, 4 or 8 bytes; `None` if it has another length.
    pub fn number(self) -> Option<u64> {
        Some(match *self.value {
            [a] => a.into(),
            [a, b] => self.order.u16([a, b]).into(),
            [a, b, c, d] => self.order.u32([a, b, c, d]).into(),
            [a, b, c, d, e, f, g, h] => self.order.u64([a, b, c, d, e, f, g, h]),
            _ => return None,
        })
    }

    /// The value as a time in the unit of the interface: its upper half comes first in either byte order.
    pub(crate) fn units(self) -> Option<u64> {
        let [a, b, c, d, e, f, g, h] = *<&[u8; 8]>::try_from(self.value).ok()?;
        let [high, low] = [[a, b, c, d], [e, f, g, h]].map(|word| u64::from(self.order.u32(word)));
        Some(high << 32 | low)
    }
}

/// Codes of options.
///
/// Those from 0x8000 on are for local use: everyone may give them a meaning. pycap's own, 0xca9f, holds what it knows of a frame and the format
/// has no place for.
pub mod code {
    /// The end of the options.
    pub(crate) const END: u16 = 0;
    /// Any block: a comment, as text; there may be several.
    pub const COMMENT: u16 = 1;
    /// Any block: an option of the maker with the Private Enterprise Number that it starts with (4 bytes); text, which copies may keep.
    pub const CUSTOM_TEXT: u16 = 2988;
    /// As [`CUSTOM_TEXT`], with bytes.
    pub const CUSTOM_BYTES: u16 = 2989;
    /// As [`CUSTOM_TEXT`], but it may be false in a file that was changed.
    pub const CUSTOM_TEXT_NO_COPY: u16 = 19372;
    /// As [`CUSTOM_BYTES`], but it may be false in a file that was changed.
    pub const CUSTOM_BYTES_NO_COPY: u16 = 19373;

    /// Section header: what hardware the capture was made with, as text.
    pub const SHB_HARDWARE: u16 = 2;
    /// Section header: the operating system, as text.
    pub const SHB_OS: u16 = 3;
    /// Section header: the program that wrote the section, as text.
    pub const SHB_USERAPPL: u16 = 4;

    /// Interface: its name, as text.
    pub const IF_NAME: u16 = 2;
    /// Interface: a description, as text.
    pub const IF_DESCRIPTION: u16 = 3;
    /// Interface: an IPv4 address (4 bytes) and its mask (4 bytes); there may be several.
    pub const IF_IPV4ADDR: u16 = 4;
    /// Interface: an IPv6 address (16 bytes) and its prefix length (1 byte); there may be several.
    pub const IF_IPV6ADDR: u16 = 5;
    /// Interface: its MAC address (6 bytes).
    pub const IF_MACADDR: u16 = 6;
    /// Interface: its EUI-64 address (8 bytes).
    pub const IF_EUIADDR: u16 = 7;
    /// Interface: its speed in bits a second (8 bytes).
    pub const IF_SPEED: u16 = 8;
    /// Interface: the unit that times are counted in (1 byte).
    pub const IF_TSRESOL: u16 = 9;
    /// Interface: its time zone (4 bytes); deprecated.
    pub const IF_TZONE: u16 = 10;
    /// Interface: the filter in force; the first byte is 0 where it is text, 1 where it is byte code.
    pub const IF_FILTER: u16 = 11;
    /// Interface: the operating system, as text.
    pub const IF_OS: u16 = 12;
    /// Interface: the length of the frame check sequence (1 byte).
    pub const IF_FCSLEN: u16 = 13;
    /// Interface: seconds to add to all times (8 bytes, signed).
    pub const IF_TSOFFSET: u16 = 14;
    /// Interface: its hardware, as text.
    pub const IF_HARDWARE: u16 = 15;
    /// Interface: its speed when it sends, in bits a second (8 bytes).
    pub const IF_TXSPEED: u16 = 16;
    /// Interface: its speed when it receives, in bits a second (8 bytes).
    pub const IF_RXSPEED: u16 = 17;
    /// Interface: its time zone by IANA's name, as text.
    pub const IF_IANA_TZNAME: u16 = 18;

    /// Packet: direction, reception and so on (4 bytes), see [`Frame::flags`](crate::Frame::flags).
    pub const EPB_FLAGS: u16 = 2;
    /// Packet: a hash of its bytes: the algorithm (1 byte), then the hash.
    pub const EPB_HASH: u16 = 3;
    /// Packet: how many packets were lost since the one before of this interface (8 bytes).
    pub const EPB_DROPCOUNT: u16 = 4;
    /// Packet: a number that packets share that are the same one, seen on several interfaces (8 bytes).
    pub const EPB_PACKETID: u16 = 5;
    /// Packet: which queue of the interface it came in on (4 bytes).
    pub const EPB_QUEUE: u16 = 6;
    /// Packet: what a filter in the kernel made of it: the kind of filter (1 byte), then its verdict.
    pub const EPB_VERDICT: u16 = 7;
    /// Packet: the process (4 bytes) and thread (4 bytes) it belongs to.
    pub const EPB_PROCESSID_THREADID: u16 = 8;

    /// Name resolution: the name of the DNS server, as text.
    pub const NS_DNSNAME: u16 = 2;
    /// Name resolution: the IPv4 address of the DNS server (4 bytes).
    pub const NS_DNSIP4ADDR: u16 = 3;
    /// Name resolution: the IPv6 address of the DNS server (16 bytes).
    pub const NS_DNSIP6ADDR: u16 = 4;

    /// Statistics: when the capture began (8 bytes, in the unit of the interface).
    pub const ISB_STARTTIME: u16 = 2;
    /// Statistics: when the capture ended (8 bytes, in the unit of the interface).
    pub const ISB_ENDTIME: u16 = 3;
    /// Statistics: packets that the interface received (8 bytes).
    pub const ISB_IFRECV: u16 = 4;
    /// Statistics: packets that the interface lost (8 bytes).
    pub const ISB_IFDROP: u16 = 5;
    /// Statistics: packets that the filter let pass (8 bytes).
    pub const ISB_FILTERACCEPT: u16 = 6;
    /// Statistics: packets that the operating system lost (8 bytes).
    pub const ISB_OSDROP: u16 = 7;
    /// Statistics: packets that the capturing program was given (8 bytes).
    pub const ISB_USRDELIV: u16 = 8;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(bytes: &[u8]) -> Vec<(u16, &[u8])> {
        Options::new(bytes, ByteOrder::Big).map(|option| (option.code, option.value)).collect()
    }

    #[test]
    fn values_are_padded() {
        let options = walk(b"\0\x02\0\x05eth00\0\0\0\0\x09\0\x01\x06\0\0\0\0\0\0\0\0\x07\0\0");
        assert_eq!(options, [(2, &b"eth00"[..]), (9, &b"\x06"[..])]);
    }

    #[test]
    fn a_length_past_the_end_ends_the_walk() {
        assert_eq!(walk(b"\0\x09\0\x01\x06\0\0\0\0\x02\0\x05eth0"), [(9, &b"\x06"[..])]);
        assert_eq!(walk(b"\0\x09\0\x01\x06"), [(9, &b"\x06"[..])]);
        assert!(walk(b"\0\x09\0").is_empty());
    }

    #[test]
    fn values_are_texts_and_numbers() {
        let option = |value: &'static [u8], order| BlockOption { code: 1, value, order };
        assert_eq!(option(b"eth0\0\0", ByteOrder::Big).text(), "eth0");
        assert_eq!(option(b"\xff", ByteOrder::Big).text(), "\u{fffd}");
        assert_eq!(option(b"\x01\x02", ByteOrder::Big).number(), Some(0x102));
        assert_eq!(option(b"\x01\x02\0\0", ByteOrder::Little).number(), Some(0x201));
        assert_eq!(option(b"\x01\x02\0", ByteOrder::Little).number(), None);
        assert_eq!(option(b"\x01\0\0\0\x02\0\0\0", ByteOrder::Little).units(), Some(1 << 32 | 2));
        assert_eq!(option(b"\x01\0\0\0\x02\0\0\0", ByteOrder::Little).number(), Some(2 << 32 | 1));
    }
}
