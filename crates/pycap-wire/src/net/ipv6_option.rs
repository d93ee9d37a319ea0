//! IPv6 options: what hop-by-hop and destination options headers carry.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |  next header  |  hdr ext len  |                               |   (RFC 8200, 4.3 and 4.6)
//! +---------------+---------------+                               +
//! |                  options, 6 + 8 * len bytes                   |
//! +---+-+---------+---------------+-------------------------------+
//! |act|C|  rest   |  data length  | data: 0 to 255 bytes              (one option: RFC 8200, 4.2)
//! +---+-+---------+---------------+--------------
//! ```
//!
//! Option type 0 is one byte of padding without a length.

use core::net::Ipv6Addr;

use crate::header::{header, number};
use crate::{Error, Field, IpProtocol, LayerKind, Visit};

header! {
    /// The first two bytes of a hop-by-hop or destination options header.
    pub struct Ipv6OptionsHeader {
        /// What follows: another extension header or the payload.
        next_header, set_next_header: IpProtocol;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        ext_len, set_ext_len: u8;
    }
}

impl Ipv6OptionsHeader {
    /// Length of the header with its options in bytes, as it claims: 8 to 2048.
    #[inline(always)]
    pub fn header_len(&self) -> usize {
        (usize::from(self.ext_len()) + 1) * 8
    }

    /// Sets [`header_len`](Self::header_len): bytes, of which whole units of 8 from 1 to 256 count.
    #[inline]
    pub fn set_header_len(&mut self, bytes: usize) {
        self.set_ext_len((bytes / 8).clamp(1, 256).wrapping_sub(1) as u8);
    }
}

number! {
    /// The type of an IPv6 option, with its two action bits and its change bit (IANA "ipv6-parameters").
    pub struct Ipv6OptionType(u8) {
        PAD1 = 0x00, "Pad1";
        PAD_N = 0x01, "PadN";
        TUNNEL_ENCAPSULATION_LIMIT = 0x04, "Tunnel encapsulation limit";
        ROUTER_ALERT = 0x05, "Router alert";
        CALIPSO = 0x07, "CALIPSO";
        SMF_DPD = 0x08, "SMF DPD";
        PDM = 0x0f, "Performance and diagnostic metrics";
        IOAM = 0x11, "IOAM";
        ALT_MARK = 0x12, "Alternate marking";
        RPL = 0x23, "RPL";
        QUICK_START = 0x26, "Quick-Start";
        MIN_PATH_MTU = 0x30, "Minimum path MTU";
        IOAM_CHANGING = 0x31, "IOAM, data may change";
        ALT_MARK_CHANGING = 0x32, "Alternate marking, data may change";
        /// The number of RFC 6553, replaced by RFC 9008.
        RPL_OLD = 0x63, "RPL (RFC 6553)";
        MPL = 0x6d, "MPL";
        ENDPOINT_IDENTIFICATION = 0x8a, "Endpoint identification";
        ILNP_NONCE = 0x8b, "ILNP nonce";
        LINE_IDENTIFICATION = 0x8c, "Line identification";
        JUMBO_PAYLOAD = 0xc2, "Jumbo payload";
        HOME_ADDRESS = 0xc9, "Home address";
        DFF = 0xee, "Depth-first forwarding";
    }
}

/// What a node does with a packet that has an option of a type that it does not know (RFC 8200, 4.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum UnknownOptionAction {
    /// It goes on with the next option.
    Skip,
    /// It discards the packet.
    Discard,
    /// It discards the packet and sends an ICMPv6 parameter problem.
    DiscardAndReport,
    /// It does that unless the packet's destination is multicast.
    DiscardAndReportUnicast,
}

impl Ipv6OptionType {
    /// What a node does with the packet if it does not know the type: the highest two bits.
    pub fn action(self) -> UnknownOptionAction {
        match self.0 >> 6 {
            0 => UnknownOptionAction::Skip,
            1 => UnknownOptionAction::Discard,
            2 => UnknownOptionAction::DiscardAndReport,
            _ => UnknownOptionAction::DiscardAndReportUnicast,
        }
    }

    /// Whether the option's data may change on the way: the third highest bit.
    pub fn may_change(self) -> bool {
        self.0 & 0x20 != 0
    }
}

/// One option of a hop-by-hop or destination options header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ipv6Option<'a> {
    /// One byte of padding.
    Pad1,
    /// More bytes of padding, which should be zero.
    PadN(&'a [u8]),
    /// Routers should look closer: 0 = MLD, 1 = RSVP, 2 = active networks (RFC 2711).
    RouterAlert(u16),
    /// The payload's length in bytes where it is above 65,535 (RFC 2675).
    JumboPayload(u32),
    /// How many more encapsulations are allowed (RFC 2473).
    TunnelEncapsulationLimit(u8),
    /// The mobile node's home address (RFC 6275).
    HomeAddress(Ipv6Addr),
    /// A sensitivity label (RFC 5570).
    Calipso {
        /// Domain of interpretation.
        domain: u32,
        /// Sensitivity level.
        level: u8,
        /// CRC-16 of the option.
        checksum: u16,
        /// Compartment bitmap.
        compartments: &'a [u8],
    },
    /// A request for a sending rate, or its report (RFC 4782).
    QuickStart {
        /// Function: 0 = rate request, 8 = report of approved rate.
        function: u8,
        /// Rate: 0, or 40 kbit/s times 2 to the power of it.
        rate: u8,
        /// QS TTL.
        ttl: u8,
        /// QS nonce, 30 bits.
        nonce: u32,
    },
    /// The RPL packet information (RFC 6553, RFC 9008).
    Rpl {
        /// Flags: 0x80 = down, 0x40 = rank error, 0x20 = forwarding error.
        flags: u8,
        /// RPL instance.
        instance: u8,
        /// Rank of the sender.
        sender_rank: u16,
        /// Sub-TLVs.
        tlvs: &'a [u8],
    },
    /// The multicast protocol for low-power networks (RFC 7731).
    Mpl {
        /// Seed length (high two bits), M, V, reserved (low four).
        flags: u8,
        /// Sequence number.
        sequence: u8,
        /// Seed identifier: 0, 2, 8 or 16 bytes.
        seed: &'a [u8],
    },
    /// In-situ operations, administration and maintenance (RFC 9486).
    Ioam {
        /// IOAM option type: 0 = pre-allocated trace, 1 = incremental trace, 2 = proof of transit, 3 = edge to edge.
        option_type: u8,
        /// IOAM option data.
        data: &'a [u8],
    },
    /// Performance and diagnostic metrics (RFC 8250).
    Pdm {
        /// Scale of the delta time last received.
        scale_received: u8,
        /// Scale of the delta time last sent.
        scale_sent: u8,
        /// This packet's sequence number.
        this_packet: u16,
        /// Sequence number of the last packet received.
        last_received: u16,
        /// Delta time last received.
        delta_received: u16,
        /// Delta time last sent.
        delta_sent: u16,
    },
    /// Alternate marking (RFC 9343).
    AltMark {
        /// Flow monitoring identifier, 20 bits.
        flow: u32,
        /// Loss flag.
        loss: bool,
        /// Delay flag.
        delay: bool,
    },
    /// Minimum path MTU (RFC 9268).
    MinPathMtu {
        /// The smallest MTU on the way so far.
        min: u16,
        /// The MTU that the destination reports back; its lowest bit asks for that report.
        returned: u16,
    },
    /// The ILNPv6 nonce (RFC 6744).
    IlnpNonce(&'a [u8]),
    /// The subscriber's line (RFC 6788).
    LineIdentification(&'a [u8]),
    /// Depth-first forwarding (RFC 6971).
    Dff {
        /// Version (high two bits), DUP, RET, reserved (low four).
        flags: u8,
        /// Sequence number.
        sequence: u16,
    },
    /// An option of a type unknown here, or with a length other than its type's.
    Unknown {
        /// The option's type.
        kind: Ipv6OptionType,
        /// The option's data.
        data: &'a [u8],
    },
    /// An option whose length lies beyond the header or the capture, and everything after it. Nothing follows.
    Malformed(&'a [u8]),
}

/// The options of a hop-by-hop or destination options header, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ipv6Options<'a> {
    rest: &'a [u8],
}

impl<'a> Ipv6Options<'a> {
    /// The options in `bytes`, which start at the first one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are still to come.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// The length that a jumbo payload option gives.
    pub fn jumbo_payload(self) -> Option<u32> {
        self.into_iter().find_map(|option| match option {
            Ipv6Option::JumboPayload(length) => Some(length),
            _ => None,
        })
    }
}

impl<'a> Iterator for Ipv6Options<'a> {
    type Item = Ipv6Option<'a>;

    fn next(&mut self) -> Option<Ipv6Option<'a>> {
        let all = core::mem::take(&mut self.rest);
        let (&kind, after) = all.split_first()?;
        if kind == Ipv6OptionType::PAD1.0 {
            self.rest = after;
            return Some(Ipv6Option::Pad1);
        }
        let data = after.split_first().and_then(|(&length, after)| after.split_at_checked(length.into()));
        Some(match data {
            Some((data, rest)) => {
                self.rest = rest;
                Ipv6Option::typed(Ipv6OptionType(kind), data)
            }
            None => Ipv6Option::Malformed(all),
        })
    }
}

impl core::iter::FusedIterator for Ipv6Options<'_> {}

impl<'a> Ipv6Option<'a> {
    fn typed(kind: Ipv6OptionType, data: &'a [u8]) -> Self {
        let be16 = |a: u8, b: u8| u16::from_be_bytes([a, b]);
        let be32 = |a: u8, b: u8, c: u8, d: u8| u32::from_be_bytes([a, b, c, d]);
        match (kind, data) {
            (Ipv6OptionType::PAD_N, data) => Self::PadN(data),
            (Ipv6OptionType::ROUTER_ALERT, &[a, b]) => Self::RouterAlert(be16(a, b)),
            (Ipv6OptionType::JUMBO_PAYLOAD, &[a, b, c, d]) => Self::JumboPayload(be32(a, b, c, d)),
            (Ipv6OptionType::TUNNEL_ENCAPSULATION_LIMIT, &[limit]) => Self::TunnelEncapsulationLimit(limit),
            (Ipv6OptionType::HOME_ADDRESS, data) => match <[u8; 16]>::try_from(data) {
                Ok(address) => Self::HomeAddress(address.into()),
                Err(_) => Self::Unknown { kind, data },
            },
            (Ipv6OptionType::CALIPSO, &[a, b, c, d, words, level, e, f, ref compartments @ ..])
                if compartments.len() == usize::from(words) * 4 =>
            {
                Self::Calipso { domain: be32(a, b, c, d), level, checksum: be16(e, f), compartments }
            }
            (Ipv6OptionType::QUICK_START, &[function_rate, ttl, a, b, c, d]) => Self::QuickStart {
                function: function_rate >> 4,
                rate: function_rate & 0x0f,
                ttl,
                nonce: be32(a, b, c, d) >> 2,
            },
            (Ipv6OptionType::RPL | Ipv6OptionType::RPL_OLD, &[flags, instance, a, b, ref tlvs @ ..]) => {
                Self::Rpl { flags, instance, sender_rank: be16(a, b), tlvs }
            }
            (Ipv6OptionType::MPL, &[flags, sequence, ref seed @ ..]) => Self::Mpl { flags, sequence, seed },
            (Ipv6OptionType::IOAM | Ipv6OptionType::IOAM_CHANGING, &[_, option_type, ref data @ ..]) => {
                Self::Ioam { option_type, data }
            }
            (Ipv6OptionType::PDM, &[scale_received, scale_sent, a, b, c, d, e, f, g, h]) => Self::Pdm {
                scale_received,
                scale_sent,
                this_packet: be16(a, b),
                last_received: be16(c, d),
                delta_received: be16(e, f),
                delta_sent: be16(g, h),
            },
            (Ipv6OptionType::ALT_MARK | Ipv6OptionType::ALT_MARK_CHANGING, &[a, b, c, d]) => {
                let word = be32(a, b, c, d);
                Self::AltMark { flow: word >> 12, loss: word & 0x800 != 0, delay: word & 0x400 != 0 }
            }
            (Ipv6OptionType::MIN_PATH_MTU, &[a, b, c, d]) => {
                Self::MinPathMtu { min: be16(a, b), returned: be16(c, d) }
            }
            (Ipv6OptionType::ILNP_NONCE, data) => Self::IlnpNonce(data),
            (Ipv6OptionType::LINE_IDENTIFICATION, &[length, ref line @ ..])
                if line.len() == usize::from(length) =>
            {
                Self::LineIdentification(line)
            }
            (Ipv6OptionType::DFF, &[flags, a, b]) => Self::Dff { flags, sequence: be16(a, b) },
            (kind, data) => Self::Unknown { kind, data },
        }
    }

    /// The option's own fields; its data starts at `offset`.
    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        match *self {
            Self::Pad1 | Self::PadN(_) | Self::Malformed(_) => (),
            Self::RouterAlert(value) => {
                let meaning = match value {
                    0 => Some("MLD"),
                    1 => Some("RSVP"),
                    2 => Some("Active networks"),
                    _ => None,
                };
                visit(Field::uint("router_alert", offset, value).means(meaning).repeated());
            }
            Self::JumboPayload(length) => visit(Field::uint("jumbo", offset, length)),
            Self::TunnelEncapsulationLimit(limit) => visit(Field::uint("tunnel_limit", offset, limit)),
            Self::HomeAddress(address) => visit(Field::ipv6("home_address", offset, address)),
            Self::Calipso { domain, level, checksum, compartments } => {
                visit(Field::hex("calipso_domain", offset, domain));
                visit(Field::uint("calipso_level", offset + 5, level));
                visit(Field::hex("calipso_checksum", offset + 6, checksum));
                visit(Field::bytes("calipso_compartments", offset + 8, compartments));
            }
            Self::QuickStart { function, rate, ttl, nonce } => {
                visit(Field::uint("quick_start_function", offset, function));
                visit(Field::uint("quick_start_rate", offset, rate));
                visit(Field::uint("quick_start_ttl", offset + 1, ttl));
                visit(Field::hex("quick_start_nonce", offset + 2, nonce));
            }
            Self::Rpl { flags, instance, sender_rank, tlvs } => {
                visit(Field::hex("rpl_flags", offset, flags));
                visit(Field::uint("rpl_instance", offset + 1, instance));
                visit(Field::uint("rpl_sender_rank", offset + 2, sender_rank));
                visit(Field::bytes("rpl_tlvs", offset + 4, tlvs));
            }
            Self::Mpl { flags, sequence, seed } => {
                visit(Field::hex("mpl_flags", offset, flags));
                visit(Field::uint("mpl_sequence", offset + 1, sequence));
                visit(Field::bytes("mpl_seed", offset + 2, seed));
            }
            Self::Ioam { option_type, data } => {
                visit(Field::uint("ioam_type", offset + 1, option_type).repeated());
                visit(Field::bytes("ioam_data", offset + 2, data).repeated());
            }
            Self::Pdm {
                scale_received,
                scale_sent,
                this_packet,
                last_received,
                delta_received,
                delta_sent,
            } => {
                visit(Field::uint("pdm_scale_received", offset, scale_received));
                visit(Field::uint("pdm_scale_sent", offset + 1, scale_sent));
                visit(Field::uint("pdm_this_packet", offset + 2, this_packet));
                visit(Field::uint("pdm_last_received", offset + 4, last_received));
                visit(Field::uint("pdm_delta_received", offset + 6, delta_received));
                visit(Field::uint("pdm_delta_sent", offset + 8, delta_sent));
            }
            Self::AltMark { flow, loss, delay } => {
                visit(Field::hex("alt_mark_flow", offset, flow));
                visit(Field::uint("alt_mark_loss", offset + 2, loss));
                visit(Field::uint("alt_mark_delay", offset + 2, delay));
            }
            Self::MinPathMtu { min, returned } => {
                visit(Field::uint("min_path_mtu", offset, min));
                visit(Field::uint("min_path_mtu_returned", offset + 2, returned));
            }
            Self::IlnpNonce(nonce) => visit(Field::bytes("ilnp_nonce", offset, nonce)),
            Self::LineIdentification(line) => visit(Field::bytes("line_id", offset + 1, line)),
            Self::Dff { flags, sequence } => {
                visit(Field::hex("dff_flags", offset, flags));
                visit(Field::uint("dff_sequence", offset + 1, sequence));
            }
            Self::Unknown { data, .. } => visit(Field::bytes("opt_data", offset, data).repeated()),
        }
    }
}

/// The parts of an options header: fixed bytes, options, payload. Options that were not captured whole leave no payload.
#[inline(always)]
pub(crate) fn parse(bytes: &[u8], layer: LayerKind) -> Result<(&Ipv6OptionsHeader, &[u8], &[u8]), Error> {
    let Some((header, rest)) = Ipv6OptionsHeader::split(bytes) else {
        return Err(Error::truncated(layer, Ipv6OptionsHeader::LEN, bytes.len()));
    };
    let (options, payload) = rest
        .split_at_checked(header.header_len() - Ipv6OptionsHeader::LEN)
        .unwrap_or_else(|| rest.split_at(rest.len()));
    Ok((header, options, payload))
}

/// The fields of an options header: `nxt`, `len`, and for each option `opt_types`, `opt_lens` and its own.
pub(crate) fn fields<'a>(header: &Ipv6OptionsHeader, options: &'a [u8], visit: Visit<'_, 'a>) {
    visit(Field::uint("nxt", 0, header.next_header()).means(header.next_header().name()));
    visit(Field::uint("len", 1, header.ext_len()));
    let mut walk = Ipv6Options::new(options);
    loop {
        let start = walk.rest();
        let offset = Ipv6OptionsHeader::LEN + options.len() - start.len();
        let (Some(option), Some((&kind, after))) = (walk.next(), start.split_first()) else { break };
        let kind = Ipv6OptionType(kind);
        let length = after.first().filter(|_| option != Ipv6Option::Pad1);
        if length.is_none() && option != Ipv6Option::Pad1 {
            break;
        }
        visit(Field::hex("opt_types", offset, kind).means(kind.name()).repeated());
        if let Some(&length) = length {
            visit(Field::uint("opt_lens", offset + 1, length).repeated());
        }
        option.fields(offset + 2, visit);
    }
}

/// Declares the view of a header that carries IPv6 options: hop-by-hop and destination options differ in name alone.
macro_rules! options_header {
    ($(#[$meta:meta])* $Name:ident, $summary:literal, $truncated:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $Name<'a> {
            header: &'a $crate::net::ipv6_option::Ipv6OptionsHeader,
            options: &'a [u8],
            payload: &'a [u8],
        }

        impl<'a> $Name<'a> {
            /// Takes the header that starts at the first of `bytes`.
            ///
            /// # Errors
            /// [`Truncated`](crate::ErrorKind::Truncated) below 2 bytes.
            #[inline(always)]
            pub fn parse(bytes: &'a [u8]) -> Result<Self, $crate::Error> {
                let (header, options, payload) = $crate::net::ipv6_option::parse(bytes, $crate::LayerKind::$Name)?;
                Ok(Self { header, options, payload })
            }

            /// The first two bytes as fields.
            #[inline(always)]
            pub fn header(&self) -> &'a $crate::net::ipv6_option::Ipv6OptionsHeader {
                self.header
            }

            /// What follows: another extension header or the payload.
            #[inline(always)]
            pub fn next_header(&self) -> $crate::IpProtocol {
                self.header.next_header()
            }

            /// Length of the header in units of 8 bytes, the first 8 not counted.
            pub fn ext_len(&self) -> u8 {
                self.header.ext_len()
            }

            /// The options, in their order.
            pub fn options(&self) -> $crate::net::ipv6_option::Ipv6Options<'a> {
                $crate::net::ipv6_option::Ipv6Options::new(self.options)
            }

            /// The options' bytes, as far as captured.
            #[inline(always)]
            pub fn options_bytes(&self) -> &'a [u8] {
                self.options
            }

            /// The header's length in bytes with its options, as far as captured.
            #[inline(always)]
            pub fn header_len(&self) -> usize {
                $crate::net::ipv6_option::Ipv6OptionsHeader::LEN + self.options.len()
            }

            /// What follows the header.
            #[inline(always)]
            pub fn payload(&self) -> &'a [u8] {
                self.payload
            }

            /// What the payload is.
            #[inline(always)]
            pub fn next(&self) -> $crate::Next {
                $crate::Next::IpProtocol(self.next_header())
            }

            /// How many bytes the header promises beyond the captured ones.
            #[inline]
            pub fn missing(&self) -> usize {
                self.header.header_len().saturating_sub(self.header_len())
            }

            /// What makes the header contradict itself: nothing, here.
            #[inline(always)]
            pub fn defect(&self) -> Option<$crate::Error> {
                None
            }

            /// Calls `visit` for each field: `nxt`, `len`, and for each option `opt_types`, `opt_lens` and its own.
            pub fn fields(&self, visit: $crate::Visit<'_, 'a>) {
                $crate::net::ipv6_option::fields(self.header, self.options, visit);
            }

            #[doc = concat!("The one-line form: `", $summary, "`.")]
            pub fn summary(&self) -> impl core::fmt::Display + 'a {
                let missing = self.missing();
                $crate::display::from_fn(move |f| f.write_str(if missing == 0 { $summary } else { $truncated }))
            }
        }

        #[doc = concat!("`", stringify!($Name), "(next=0x3a, len=8)`.")]
        impl core::fmt::Display for $Name<'_> {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                write!(f, concat!(stringify!($Name), "(next={:#x}, len={})"), self.next_header().0, self.header.header_len())
            }
        }
    };
}
pub(crate) use options_header;

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;
    use crate::{Ipv6HopByHop, Next, Value};

    /// Every option that fits in one header, between paddings.
    #[test]
    fn options_have_their_forms() {
        let bytes = [
            0, 1, 2, 0, 0, // Pad1, PadN
            5, 2, 0, 0, // router alert: MLD
            0xc2, 4, 0, 1, 0, 0, // jumbo payload
            4, 1, 3, // tunnel encapsulation limit
            0x26, 6, 0x07, 64, 0, 0, 0, 8, // Quick-Start
            0x63, 4, 0x80, 0x1e, 1, 0, // RPL
            7, 8, 0, 0, 0, 1, 0, 9, 0xab, 0xcd, // CALIPSO
            0x8c, 3, 2, b'a', b'b', // line identification
            0x1e, 2, 7, 7, // unknown
        ];
        assert_eq!(
            Ipv6Options::new(&bytes).collect::<Vec<_>>(),
            [
                Ipv6Option::Pad1,
                Ipv6Option::PadN(&[0, 0]),
                Ipv6Option::RouterAlert(0),
                Ipv6Option::JumboPayload(0x10000),
                Ipv6Option::TunnelEncapsulationLimit(3),
                Ipv6Option::QuickStart { function: 0, rate: 7, ttl: 64, nonce: 2 },
                Ipv6Option::Rpl { flags: 0x80, instance: 0x1e, sender_rank: 256, tlvs: &[] },
                Ipv6Option::Calipso { domain: 1, level: 9, checksum: 0xabcd, compartments: &[] },
                Ipv6Option::LineIdentification(b"ab"),
                Ipv6Option::Unknown { kind: Ipv6OptionType(0x1e), data: &[7, 7] },
            ]
        );
    }

    #[test]
    fn a_lying_length_ends_the_walk() {
        let bytes = [1, 0, 0x1e, 9, 1];
        assert_eq!(
            Ipv6Options::new(&bytes).collect::<Vec<_>>(),
            [Ipv6Option::PadN(&[]), Ipv6Option::Malformed(&[0x1e, 9, 1])]
        );
        assert_eq!(Ipv6Options::new(&[5]).collect::<Vec<_>>(), [Ipv6Option::Malformed(&[5])]);
    }

    #[test]
    fn a_header_lists_types_and_lengths() {
        // MLD, as every host sends it; tshark 4.0: types 5 and 1, lengths 2 and 0.
        let bytes = [58, 0, 5, 2, 0, 0, 1, 0, 0x8f];
        let view = Ipv6HopByHop::parse(&bytes).unwrap();
        assert_eq!((view.header_len(), view.payload(), view.missing()), (8, &[0x8f][..], 0));
        assert_eq!(view.next(), Next::IpProtocol(IpProtocol::ICMPV6));
        let (mut types, mut lengths) = (Vec::new(), Vec::new());
        view.fields(&mut |field| match (field.name, field.value) {
            ("opt_types", Value::Hex(n)) => types.push(n),
            ("opt_lens", Value::Uint(n)) => lengths.push((field.offset, n)),
            _ => (),
        });
        assert_eq!((types, lengths), (Vec::from([5, 1]), Vec::from([(3, 2), (7, 0)])));
    }

    #[test]
    fn a_cut_header_says_what_is_missing() {
        let bytes = [58, 1, 5, 2, 0, 0, 1, 8, 0, 0];
        let view = Ipv6HopByHop::parse(&bytes).unwrap();
        assert_eq!((view.header_len(), view.payload().len(), view.missing()), (10, 0, 6));
        assert!(Ipv6HopByHop::parse(&bytes[..1]).is_err());
    }

    #[test]
    fn the_length_is_set_in_bytes() {
        let mut header = Ipv6OptionsHeader::zeroed();
        for (bytes, units, whole) in [(8, 0, 8), (31, 2, 24), (0, 0, 8), (2048, 255, 2048), (9999, 255, 2048)]
        {
            header.set_header_len(bytes);
            assert_eq!((header.ext_len(), header.header_len()), (units, whole));
        }
    }

    #[test]
    fn a_type_tells_what_to_do_if_unknown() {
        assert_eq!(Ipv6OptionType::ROUTER_ALERT.action(), UnknownOptionAction::Skip);
        assert_eq!(Ipv6OptionType::RPL_OLD.action(), UnknownOptionAction::Discard);
        assert_eq!(Ipv6OptionType::ILNP_NONCE.action(), UnknownOptionAction::DiscardAndReport);
        assert_eq!(Ipv6OptionType::JUMBO_PAYLOAD.action(), UnknownOptionAction::DiscardAndReportUnicast);
        assert!(Ipv6OptionType::RPL.may_change() && !Ipv6OptionType::JUMBO_PAYLOAD.may_change());
    }
}
