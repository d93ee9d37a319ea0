//! ICMP for IPv4.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |      type     |      code     |            checksum           |   (RFC 792)
//! +---------------+---------------+-------------------------------+
//! |                  the message, as its type says                |
//! +---------------------------------------------------------------+
//! ```
//!
//! Errors (destination unreachable, source quench, redirect, time exceeded, parameter problem) quote the packet that they
//! are about: it is their payload. What [`message`](Icmpv4::message) reads is in the file `message.rs`.

use core::fmt;

use crate::checksum;
use crate::header::header;
use crate::net::icmp_extension::IcmpExtension;
use crate::{Error, EtherType, Field, LayerKind, Next, Visit};

mod kind;
mod message;
mod router;
mod summary;

pub use kind::Icmpv4Type;
pub use message::{
    AddressMaskHeader, DomainNameReplyHeader, Icmpv4Message, ParameterProblemHeader, PhoturisHeader,
    RedirectHeader, TimeExceededHeader, TimestampHeader, TracerouteHeader, UnreachableHeader,
};
pub use router::{
    AgentExtension, AgentExtensions, MobilityAgentHeader, RouterAddress, RouterAddresses,
    RouterAdvertisement, RouterAdvertisementHeader,
};

header! {
    /// What all ICMP messages begin with: 4 bytes.
    pub struct Icmpv4Header {
        /// Type: what the message is.
        icmp_type, set_icmp_type: Icmpv4Type;
        /// Code: a finer distinction within the type.
        code, set_code: u8;
        /// Checksum of the whole message.
        checksum, set_checksum: u16;
    }
}

/// An ICMP message: header, its type's own fields, payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Icmpv4<'a> {
    header: &'a Icmpv4Header,
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

impl<'a> Icmpv4<'a> {
    /// Takes the message that starts at the first of `bytes` and ends at their end.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 4 bytes.
    #[inline]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        match Icmpv4Header::split(bytes) {
            Some((header, body)) => Ok(Self { header, body, beyond: 0 }),
            None => Err(Error::truncated(LayerKind::Icmpv4, Icmpv4Header::LEN, bytes.len())),
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
    pub fn header(&self) -> &'a Icmpv4Header {
        self.header
    }

    /// Type: what the message is.
    #[inline]
    pub fn icmp_type(&self) -> Icmpv4Type {
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

    /// The message's own fields, typed by its type; what is too short for them is [`Icmpv4Message::Unknown`].
    pub fn message(&self) -> Icmpv4Message<'a> {
        Icmpv4Message::read(self.icmp_type(), self.body)
    }

    /// The packet that an error message quotes, from its IPv4 header on; usually only its first bytes.
    pub fn quoted(&self) -> Option<&'a [u8]> {
        self.icmp_type().quotes().then(|| self.payload())
    }

    /// The extension structure of an error message or of an extended echo request (RFC 4884, RFC 8335).
    ///
    /// It stands where the length of the quoted packet says; where that is 0, as before RFC 4884, or the type has no such
    /// length, it is taken to stand after 128 bytes if the quoted packet was not longer.
    pub fn extension(&self) -> Option<IcmpExtension<'a>> {
        IcmpExtension::parse(self.body.get(self.parts().extension?..)?)
    }

    /// The length in bytes of the header and the message's own fields, as far as captured.
    #[inline]
    pub fn header_len(&self) -> usize {
        Icmpv4Header::LEN + self.parts().payload
    }

    /// What follows the message's own fields: data of an echo, the quoted packet of an error.
    #[inline]
    pub fn payload(&self) -> &'a [u8] {
        let parts = self.parts();
        self.body.get(parts.payload..parts.payload_end).unwrap_or_default()
    }

    /// What the payload is: IPv4 in an error message.
    #[inline]
    pub fn next(&self) -> Next {
        if self.icmp_type().quotes() && self.body.len() > self.icmp_type().own_len() {
            Next::EtherType(EtherType::IPV4)
        } else {
            Next::End
        }
    }

    /// How many bytes of the message's own fields, or of what IP promises, are not there.
    #[inline]
    pub fn missing(&self) -> usize {
        let own = match self.message() {
            Icmpv4Message::RouterAdvertisement(advertisement) => advertisement.claimed_len(),
            _ => self.icmp_type().own_len(),
        };
        own.saturating_sub(self.body.len()).max(self.beyond)
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Whether the checksum is right; `None` where [`missing`](Self::missing) says that not all of the message is there.
    ///
    /// The message ends where the view ends; in a fragment the answer means nothing.
    pub fn checksum_ok(&self) -> Option<bool> {
        let sum = || checksum::sum(self.header.as_bytes()) + checksum::sum(self.body);
        (self.missing() == 0).then(|| checksum::fold(sum()) == 0xffff)
    }

    fn parts(&self) -> Parts {
        let (icmp_type, len) = (self.icmp_type(), self.body.len());
        let own = icmp_type.own_len().min(len);
        let rest = self.body.get(own..).unwrap_or_default();
        match icmp_type {
            Icmpv4Type::EXTENDED_ECHO_REQUEST => {
                Parts { payload: len, payload_end: len, extension: Some(own) }
            }
            Icmpv4Type::ROUTER_ADVERTISEMENT | Icmpv4Type::DOMAIN_NAME_REPLY => {
                Parts { payload: len, payload_end: len, extension: None }
            }
            icmp_type if icmp_type.quotes() && icmp_type != Icmpv4Type::PHOTURIS => {
                let words = self.body.get(1).filter(|_| icmp_type.is_extensible()).copied().unwrap_or(0);
                match quoted_len(words, rest) {
                    Some((end, extension)) => {
                        Parts { payload: own, payload_end: own + end, extension: Some(own + extension) }
                    }
                    None => Parts { payload: own, payload_end: len, extension: None },
                }
            }
            _ => Parts { payload: own, payload_end: len, extension: None },
        }
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        let header = self.header;
        let icmp_type = header.icmp_type();
        visit(Field::uint("type", 0, icmp_type).means(icmp_type.name()));
        visit(Field::uint("code", 1, header.code()).means(icmp_type.code_name(header.code())));
        visit(Field::hex("checksum", 2, header.checksum()));
        self.message().fields(header.code(), visit);
        if let (Some(extension), Some(offset)) = (self.extension(), self.parts().extension) {
            extension.fields(Icmpv4Header::LEN + offset, visit);
        }
    }

    /// The one-line form: `ICMP echo request, id 1, seq 1, length 64`.
    ///
    pub fn summary(&self) -> impl fmt::Display + 'a {
        self.summary_with_len((Icmpv4Header::LEN + self.body.len()).saturating_add(self.beyond))
    }

    /// The one-line form with the message's length as IP claims it.
    pub fn summary_with_len(&self, len: usize) -> impl fmt::Display + 'a {
        summary::summary(*self, len)
    }
}

/// The length of the quoted packet, and where the extension structure begins, both counted from the quoted packet's
/// first byte; `None` where no extension structure follows.
///
/// `words` is the length field (RFC 4884, 4.1: in 32-bit words). Below 128 bytes it breaks that section's rule, and the
/// extension is looked for after 128 bytes.
fn quoted_len(words: u8, rest: &[u8]) -> Option<(usize, usize)> {
    let end = usize::from(words) * 4;
    let extension = end.max(128);
    // RFC 4884, 5.5: a sender before that document, which has no length field, puts the extension after 128 bytes.
    let claimed = rest.get(2..4).and_then(|len| len.first_chunk()).map(|len| u16::from_be_bytes(*len));
    if rest.len() < extension || words == 0 && claimed.is_none_or(|claimed| claimed > 128) {
        return None;
    }
    IcmpExtension::parse(rest.get(extension..)?)?;
    Some((if words == 0 { 128 } else { end }, extension))
}

/// `ICMP(type=0x8, code=0x0)`.
impl fmt::Display for Icmpv4<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ICMP(type={:#x}, code={:#x})", self.icmp_type().0, self.code())
    }
}

#[cfg(test)]
mod tests;
