//! An IPv4 packet.

use std::net::Ipv4Addr;

use pycap_wire::{IpProtocol, Ipv4Header, Ipv4Option, Ipv4Options, checksum};

use super::declare::layer;
use super::ipv4_option;
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::options::HeaderOptions;
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv4 packet (RFC 791).
    pub struct Ipv4(Ipv4Header) = "ip";
    set {
        /// Version: 4.
        "version" version, set_version: u8;
        /// Type of service: DSCP (high six bits) and ECN (low two).
        "tos" tos, set_tos: u8;
        /// Differentiated services code point, 6 bits (RFC 2474).
        "dscp" dscp, set_dscp: u8;
        /// Explicit congestion notification, 2 bits (RFC 3168).
        "ecn" ecn, set_ecn: u8;
        /// Identification, shared by the fragments of one packet.
        "id" id, set_id: u16;
        /// Flags (high three bits: reserved, don't fragment, more fragments) and fragment offset in units of 8 bytes.
        "flags_fragment" flags_fragment, set_flags_fragment: u16;
        /// The reserved flag.
        "rb" reserved_flag, set_reserved_flag: bool;
        /// Whether the packet must not be fragmented.
        "df" dont_fragment, set_dont_fragment: bool;
        /// Whether fragments of the same packet follow.
        "mf" more_fragments, set_more_fragments: bool;
        /// Where the payload stands in the whole packet's, in units of 8 bytes.
        "frag_off" fragment_offset_units, set_fragment_offset_units: u16;
        /// Time to live, in hops: 64.
        "ttl" ttl, set_ttl: u8;
        /// Source address.
        "src" src, set_src: Ipv4Addr;
        /// Destination address.
        "dst" dst, set_dst: Ipv4Addr;
    }
    computed {
        /// Header length in bytes, a multiple of 4 up to 60.
        "hdr_len" header_len, set_header_len: usize, Lengths;
        /// Length of header and payload in bytes.
        "len" total_len, set_total_len: u16, Lengths;
        /// What the payload is. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
        "proto" protocol, set_protocol: IpProtocol, Numbers;
        /// Checksum of the header.
        "checksum" checksum, set_checksum: u16, Checksums;
    }
    also {
        /// Options.
        "options" options: HeaderOptions, = HeaderOptions::EMPTY, from options, takes "IPv4 options, or bytes";
    }
    through {
        /// The three flags as one number: 4 reserved, 2 don't fragment, 1 more fragments.
        "flags" takes "u8", by set_flags;
    }
}

impl Ipv4 {
    /// A packet from `src` to `dst`.
    #[inline(always)]
    pub fn new(src: impl Into<Ipv4Addr>, dst: impl Into<Ipv4Addr>) -> Self {
        let mut header = Ipv4Header::zeroed();
        header.set_version_ihl(0x45);
        header.set_ttl(64);
        header.set_src(src.into());
        header.set_dst(dst.into());
        Self::over(header)
    }

    /// Adds an option. What is no multiple of 4 bytes long is padded with zeros, unless the header length is set.
    #[must_use]
    pub fn option(mut self, option: Ipv4Option<'_>) -> Self {
        self.options.extend_by(|list| ipv4_option::put(&option, list));
        self
    }

    /// Adds bytes to the options. What is no multiple of 4 bytes long is padded with zeros, unless the header length is set.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.extend(options);
        self
    }
}

fn set_flags(ip: &mut Ipv4, value: &FieldValue) -> Result<(), FieldError> {
    let flags = u16::from(u8::from_value(value)? & 7);
    ip.header.set_flags_fragment(ip.header.flags_fragment() & 0x1fff | flags << 13);
    Ok(())
}

impl Default for Ipv4 {
    fn default() -> Self {
        Self::new(Ipv4Addr::UNSPECIFIED, Ipv4Addr::UNSPECIFIED)
    }
}

impl ToBuilder for pycap_wire::Ipv4<'_> {
    type Builder = Ipv4;

    fn to_builder(&self) -> Ipv4 {
        Ipv4::exactly(*self.header()).options_bytes(self.options_bytes())
    }
}

impl Layer for Ipv4 {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::Ipv4
    }

    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        let dst = if self.options.is_empty() { None } else { final_dst(self.options) };
        Context::ipv4(self.header.src(), dst.unwrap_or_else(|| self.header.dst()))
    }

    #[inline(always)]
    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let payload = buf.payload_len();
        let mut header_len = Ipv4Header::LEN;
        if !self.options.is_empty() {
            self.options.prepend(Self::NAME, self.is_exact(Mark::header_len), buf)?;
            header_len += buf.payload_len() - payload;
        }
        if !self.is_exact(Mark::header_len) {
            header.set_header_len(header_len);
        }
        if !self.is_exact(Mark::total_len) {
            let len = header_len + payload;
            if len > 0xffff {
                return Err(BuildError::too_long(Self::NAME, "total length", len, 0xffff));
            }
            header.set_total_len(len as u16);
        }
        if !self.is_exact(Mark::protocol) {
            header.set_protocol(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            let mut sum = header.sum();
            if header_len > Ipv4Header::LEN {
                sum += checksum::sum(buf.payload().get(..header_len - Ipv4Header::LEN).unwrap_or_default());
            }
            header.set_checksum(!checksum::fold(sum));
        }
        buf.prepend_array(header.as_array())
    }
}

/// Where a source route among the options ends.
#[cold]
#[inline(never)]
fn final_dst(options: HeaderOptions) -> Option<Ipv4Addr> {
    Ipv4Options::new(options.as_slice()).final_dst()
}

fn options(value: &FieldValue) -> Result<HeaderOptions, FieldError> {
    ipv4_option::from_value(value).map(|bytes| HeaderOptions::from(bytes.as_slice()))
}
