//! IPv6 hop-by-hop options.
//!
//! The field map stands in [`ipv6_option`](crate::net::ipv6_option): both options headers have the same form.

use core::fmt;

use crate::display::from_fn;
use crate::net::ipv6_option::{self, Ipv6Options, Ipv6OptionsHeader};
use crate::{Error, IpProtocol, LayerKind, Next, Visit};

/// A hop-by-hop options header: what every router on the way may look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6HopByHop<'a> {
    header: &'a Ipv6OptionsHeader,
    options: &'a [u8],
    payload: &'a [u8],
}

impl<'a> Ipv6HopByHop<'a> {
    /// Takes the header that starts at the first of `bytes`.
    ///
    /// # Errors
    /// [`Truncated`](crate::ErrorKind::Truncated) below 2 bytes.
    #[inline(always)]
    pub fn parse(bytes: &'a [u8]) -> Result<Self, Error> {
        let (header, options, payload) = ipv6_option::parse(bytes, LayerKind::Ipv6HopByHop)?;
        Ok(Self { header, options, payload })
    }

    /// The first two bytes as fields.
    #[inline(always)]
    pub fn header(&self) -> &'a Ipv6OptionsHeader {
        self.header
    }

    /// What follows: another extension header or the payload.
    #[inline(always)]
    pub fn next_header(&self) -> IpProtocol {
        self.header.next_header()
    }

    /// Length of the header in units of 8 bytes, the first 8 not counted.
    pub fn ext_len(&self) -> u8 {
        self.header.ext_len()
    }

    /// The options, in their order.
    pub fn options(&self) -> Ipv6Options<'a> {
        Ipv6Options::new(self.options)
    }

    /// The options' bytes, as far as captured.
    #[inline(always)]
    pub fn options_bytes(&self) -> &'a [u8] {
        self.options
    }

    /// The header's length in bytes with its options, as far as captured.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        Ipv6OptionsHeader::LEN + self.options.len()
    }

    /// What follows the header.
    #[inline(always)]
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    #[inline(always)]
    pub fn next(&self) -> Next {
        Next::IpProtocol(self.next_header())
    }

    /// How many bytes the header promises beyond the captured ones.
    #[inline]
    pub fn missing(&self) -> usize {
        self.header.header_len().saturating_sub(self.header_len())
    }

    /// What makes the header contradict itself: nothing, here.
    #[inline(always)]
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field: `nxt`, `len`, and for each option `opt_types`, `opt_lens` and its own.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        ipv6_option::fields(self.header, self.options, visit);
    }

    /// The one-line form: `HBH`.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let missing = self.missing();
        from_fn(move |f| f.write_str(if missing == 0 { "HBH" } else { "[|hbhopt]" }))
    }
}

/// `Ipv6HopByHop(next=0x3a, len=8)`.
impl fmt::Display for Ipv6HopByHop<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ipv6HopByHop(next={:#x}, len={})", self.next_header().0, self.header.header_len())
    }
}
