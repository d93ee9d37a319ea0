//! ICMP for IPv6.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |      type     |      code     |            checksum           |   (RFC 4443, 2.1)
//! +---------------+---------------+-------------------------------+
//! |                  the message, as its type says                |
//! +---------------------------------------------------------------+
//! ```
//!
//! Errors (destination unreachable, packet too big, time exceeded, parameter problem) quote the packet that they are about:
//! it is their payload; so is the packet that a redirect has in an option. What [`message`](Icmpv6::message) reads is in the
//! files of this folder: errors, echo, neighbour discovery and small messages in `message.rs`.

use core::fmt;
use core::net::IpAddr;

use crate::checksum;
use crate::header::header;
use crate::net::icmp_extension::IcmpExtension;
use crate::{Error, EtherType, Field, IpProtocol, LayerKind, Next, Visit};

mod kind;
pub mod message;
pub mod mld;
pub mod ndp_option;
pub mod node_information;
pub mod renumbering;
pub mod rpl;
mod summary;

pub use kind::Icmpv6Type;
pub use message::Icmpv6Message;
pub use ndp_option::{NdpAddresses, NdpOption, NdpOptionKind, NdpOptions};
pub use rpl::Rpl;

header! {
    /// What all ICMPv6 messages begin with: 4 bytes.
    pub struct Icmpv6Header {
        /// Type: what the message is.
        icmp_type, set_icmp_type: Icmpv6Type;
        /// Code: a finer distinction within the type.
        code, set_code: u8;
        /// Checksum of pseudo-header and message.
        checksum, set_checksum: u16;
    }
}

/// An ICMPv6 message: header, its type's own fields, payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmpv6<'a> {
    header: &'a Icmpv6Header,
    body: &'a [u8],
    beyond: usize,
}

/// Where the parts of a message's body are, as offsets into it.
#[derive(Clone, Copy)]
struct Parts {
    payload: usize,
    payload_end: usize,
    extension: Option<usize>,
}

impl<'a> Icmpv6<'a> {
    /// Takes the message that starts at the first of `bytes` and ends at their end.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match Icmpv6Header::split(bytes) {
            Some((header, body)) => Ok(Self { header, body, beyond: 0 }),
            None => Err(Error::truncated(LayerKind::Icmpv6, Icmpv6Header::LEN, bytes.len())),
        }
    }

    /// The same message with the number of bytes that IP promises beyond the captured ones: the header says no length.
    #[must_use]
    #[inline(always)]
    pub fn with_missing(self, missing: usize) -> Self {
        Self { beyond: missing, ..self }
    }

    /// The first four bytes as fields.
    #[inline]
    pub fn header(&self) -> &'a Icmpv6Header {
        self.header
    }

    /// Type: what the message is.
    #[inline]
    pub fn icmp_type(&self) -> Icmpv6Type {
        self.header.icmp_type()
    }

    /// Code: a finer distinction within the type.
    #[inline]
    pub fn code(&self) -> u8 {
        self.header.code()
    }

    /// Checksum, as it stands in the header.
    pub fn checksum(&self) -> u16 {
        self.header.checksum()
    }

    /// All that follows the first four bytes.
    pub fn body(&self) -> &'a [u8] {
        self.body
    }

    /// The message's own fields, typed by its type; what is too short for them is [`Icmpv6Message::Unknown`].
    pub fn message(&self) -> Icmpv6Message<'a> {
        Icmpv6Message::read(self.icmp_type(), self.code(), self.body)
    }

    /// The packet that an error message or a redirect quotes, from its IPv6 header on, as far as it is there.
    pub fn quoted(&self) -> Option<&'a [u8]> {
        matches!(self.next(), Next::EtherType(_)).then(|| self.payload())
    }

    /// The extension structure of an error message or of an extended echo request (RFC 4884, RFC 8335).
    pub fn extension(&self) -> Option<IcmpExtension<'a>> {
        IcmpExtension::parse(self.body.get(self.parts().extension?..)?)
    }

    /// The length in bytes of the header and the message's own fields with their lists and options, as far as captured.
    /// In a redirect, what precedes the packet that it quotes.
    #[inline]
    pub fn header_len(&self) -> usize {
        Icmpv6Header::LEN + self.parts().payload
    }

    /// What follows the message's own fields: data of an echo, the quoted packet of an error or a redirect.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        let parts = self.parts();
        self.body.get(parts.payload..parts.payload_end).unwrap_or_default()
    }

    /// What the payload is: IPv6 in an error message or a redirect.
    #[inline]
    pub fn next(&self) -> Next {
        let icmp_type = self.icmp_type();
        let may_quote = icmp_type.quotes() || icmp_type == Icmpv6Type::REDIRECT;
        if may_quote && !self.payload().is_empty() { Next::EtherType(EtherType::IPV6) } else { Next::End }
    }

    /// How many bytes of the message's own fields, or of what IP promises, are not there.
    #[inline]
    pub fn missing(&self) -> usize {
        let own = match self.message() {
            Icmpv6Message::MldQuery(query) => query.claimed_len(),
            _ => self.icmp_type().own_len(),
        };
        own.saturating_sub(self.body.len()).max(self.beyond)
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Whether the checksum is right; `None` where [`missing`](Self::missing) says that not all of the message is there, or
    /// the addresses are not IPv6's. `dst` is the final destination: the last address of a routing header.
    ///
    /// The message ends where the view ends; in a fragment the answer means nothing.
    pub fn checksum_ok(&self, src: IpAddr, dst: IpAddr) -> Option<bool> {
        if self.missing() != 0 || src.is_ipv4() {
            return None;
        }
        let len = Icmpv6Header::LEN + self.body.len();
        let pseudo = checksum::pseudo(src, dst, IpProtocol::ICMPV6, len)?;
        Some(
            checksum::fold(pseudo + checksum::sum(self.header.as_bytes()) + checksum::sum(self.body))
                == 0xffff,
        )
    }

    fn parts(&self) -> Parts {
        let (icmp_type, len) = (self.icmp_type(), self.body.len());
        let own = icmp_type.own_len().min(len);
        let whole = Parts { payload: len, payload_end: len, extension: None };
        match icmp_type {
            Icmpv6Type::EXTENDED_ECHO_REQUEST => Parts { extension: Some(own), ..whole },
            Icmpv6Type::REDIRECT => {
                match self.message().options().and_then(|(_, options)| options.redirected()) {
                    Some((offset, packet)) => {
                        let start = own + offset;
                        Parts { payload: start, payload_end: start + packet.len(), extension: None }
                    }
                    None => whole,
                }
            }
            Icmpv6Type::MLD_QUERY => match self.message() {
                Icmpv6Message::MldQuery(query) => Parts { payload: query.len().min(len), ..whole },
                _ => whole,
            },
            icmp_type if icmp_type.has_lists() => whole,
            icmp_type if icmp_type.is_extensible() => {
                // RFC 4884, 4.1: the length is in units of 8 bytes; unlike in IPv4, no sender before it had extensions.
                let end = own + self.body.first().map_or(0, |units| usize::from(*units) * 8);
                match self.body.get(end..).filter(|_| end > own).and_then(IcmpExtension::parse) {
                    Some(_) => Parts { payload: own, payload_end: end, extension: Some(end) },
                    None => Parts { payload: own, ..whole },
                }
            }
            _ => Parts { payload: own, ..whole },
        }
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let header = self.header;
        let icmp_type = header.icmp_type();
        visit(Field::uint("type", 0, icmp_type).means(icmp_type.name()));
        visit(Field::uint("code", 1, header.code()).means(icmp_type.code_name(header.code())));
        visit(Field::hex("checksum", 2, header.checksum()));
        self.message().fields(visit);
        if let (Some(extension), Some(offset)) = (self.extension(), self.parts().extension) {
            extension.fields(Icmpv6Header::LEN + offset, visit);
        }
    }

    /// The one-line form: `ICMP6, neighbor solicitation, who has fe80::1, length 32`.
    ///
    pub fn summary(&self) -> impl fmt::Display + 'a {
        self.summary_with_len((Icmpv6Header::LEN + self.body.len()).saturating_add(self.beyond))
    }

    /// The one-line form with the message's length as IP claims it.
    pub fn summary_with_len(&self, len: usize) -> impl fmt::Display + 'a {
        summary::summary(*self, len)
    }
}

/// `ICMPv6(type=0x87, code=0x0)`.
impl fmt::Display for Icmpv6<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMPv6(type={:#x}, code={:#x})", self.icmp_type().0, self.code())
    }
}

#[cfg(test)]
mod tests;
