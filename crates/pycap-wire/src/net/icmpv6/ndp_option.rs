//! The options of neighbour discovery, which other ICMPv6 messages have, too (IANA "IPv6 Neighbor Discovery Option Formats").
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |      type     |     length    |  ...                              (RFC 4861, 4.6; the length is in units of 8 bytes)
//! +---------------+---------------+-------------------------------+
//! ```

use core::net::Ipv6Addr;

mod extension;

pub use extension::{
    BorderRouterHeader, CgaHeader, EncryptedDns, EncryptedDnsHeader, MapHeader, NdpCertificateType, Pvd,
    PvdHeader, RsaSignatureHeader, SixLowpanContextHeader, TrustAnchorNameType,
};

use crate::header::{header, number};
use crate::net::icmp_domain_name::DomainNames;
use crate::{Field, MacAddr, Value, Visit};

number! {
    /// The type of a neighbour discovery option.
    pub struct NdpOptionKind(u8) {
        SOURCE_LINK_ADDRESS = 1, "source link-layer address";
        TARGET_LINK_ADDRESS = 2, "target link-layer address";
        PREFIX_INFORMATION = 3, "prefix information";
        REDIRECTED_HEADER = 4, "redirected header";
        MTU = 5, "MTU";
        NBMA_SHORTCUT_LIMIT = 6, "NBMA shortcut limit";
        ADVERTISEMENT_INTERVAL = 7, "advertisement interval";
        HOME_AGENT_INFORMATION = 8, "home agent information";
        SOURCE_ADDRESS_LIST = 9, "source address list";
        TARGET_ADDRESS_LIST = 10, "target address list";
        CGA = 11, "CGA";
        RSA_SIGNATURE = 12, "RSA signature";
        TIMESTAMP = 13, "timestamp";
        NONCE = 14, "nonce";
        TRUST_ANCHOR = 15, "trust anchor";
        CERTIFICATE = 16, "certificate";
        IP_ADDRESS = 17, "IP address or prefix";
        NEW_ROUTER_PREFIX = 18, "new router prefix information";
        LINK_LAYER_ADDRESS = 19, "link-layer address";
        NEIGHBOR_ADVERTISEMENT_ACK = 20, "neighbor advertisement acknowledgment";
        PVD_ID = 21, "PvD ID router advertisement";
        MAP = 23, "MAP";
        ROUTE_INFORMATION = 24, "route information";
        RDNSS = 25, "recursive DNS server";
        FLAGS_EXTENSION = 26, "flags expansion";
        HANDOVER_KEY_REQUEST = 27, "handover key request";
        HANDOVER_KEY_REPLY = 28, "handover key reply";
        HANDOVER_ASSIST = 29, "handover assist information";
        MOBILE_NODE_ID = 30, "mobile node identifier";
        DNSSL = 31, "DNS search list";
        PROXY_SIGNATURE = 32, "proxy signature";
        ADDRESS_REGISTRATION = 33, "address registration";
        SIX_LOWPAN_CONTEXT = 34, "6LoWPAN context";
        AUTHORITATIVE_BORDER_ROUTER = 35, "authoritative border router";
        SIX_LOWPAN_CAPABILITY = 36, "6LoWPAN capability indication";
        CAPTIVE_PORTAL = 37, "DHCP captive portal";
        PREF64 = 38, "PREF64";
        CRYPTO_ID_PARAMETERS = 39, "crypto-ID parameters";
        NDP_SIGNATURE = 40, "NDP signature";
        RESOURCE_DIRECTORY = 41, "resource directory address";
        CONSISTENT_UPTIME = 42, "consistent uptime";
        CARD_REQUEST = 138, "CARD request";
        CARD_REPLY = 139, "CARD reply";
        ENCRYPTED_DNS = 144, "encrypted DNS";
        EXPERIMENT_1 = 253, "experiment 1";
        EXPERIMENT_2 = 254, "experiment 2";
    }
}

header! {
    /// The prefix information option after type and length: 30 bytes (RFC 4861, 4.6.2).
    pub struct PrefixInformationHeader {
        /// How many leading bits of the prefix are valid.
        prefix_len, set_prefix_len: u8;
        /// From the highest bit: on-link, autonomous address configuration, router address; then reserved.
        flags, set_flags: u8;
        /// How long the prefix is on-link, in seconds; all ones is for ever.
        valid_lifetime, set_valid_lifetime: u32;
        /// How long addresses made from the prefix are preferred, in seconds; all ones is for ever.
        preferred_lifetime, set_preferred_lifetime: u32;
        /// Reserved.
        reserved, set_reserved: u32;
        /// The prefix.
        prefix, set_prefix: Ipv6Addr;
    }
}

impl PrefixInformationHeader {
    /// L: the prefix is on this link.
    pub fn on_link(&self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// Sets [`on_link`](Self::on_link).
    #[inline]
    pub fn set_on_link(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x80 | u8::from(set) << 7);
    }

    /// Sets [`autonomous`](Self::autonomous).
    #[inline]
    pub fn set_autonomous(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x40 | u8::from(set) << 6);
    }

    /// Sets [`router_address`](Self::router_address).
    #[inline]
    pub fn set_router_address(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x20 | u8::from(set) << 5);
    }

    /// A: the prefix may be used for autonomous address configuration.
    pub fn autonomous(&self) -> bool {
        self.flags() & 0x40 != 0
    }

    /// R: the prefix field is the router's whole address (RFC 6275, 7.2).
    pub fn router_address(&self) -> bool {
        self.flags() & 0x20 != 0
    }
}

header! {
    /// The home agent information option after type and length: 6 bytes (RFC 6275, 7.4).
    pub struct HomeAgentHeader {
        /// Reserved.
        reserved, set_reserved: u16;
        /// Preference; higher is better.
        preference, set_preference: u16;
        /// How long the router serves as home agent, in seconds.
        lifetime, set_lifetime: u16;
    }
}

header! {
    /// The route information option after type and length, without the prefix: 6 bytes (RFC 4191, 2.3).
    pub struct RouteInformationHeader {
        /// How many leading bits of the prefix are valid.
        prefix_len, set_prefix_len: u8;
        /// Reserved (high three bits), preference (two), reserved (three); see [`preference`](Self::preference).
        flags, set_flags: u8;
        /// How long the route is valid, in seconds; all ones is for ever.
        lifetime, set_lifetime: u32;
    }
}

impl RouteInformationHeader {
    /// Preference (RFC 4191, 2.1): 1 is high, 0 medium, -1 low, -2 reserved.
    pub fn preference(&self) -> i8 {
        (self.flags() << 3) as i8 >> 6
    }

    /// Sets [`preference`](Self::preference); the value's low two bits count.
    #[inline]
    pub fn set_preference(&mut self, preference: i8) {
        self.set_flags(self.flags() & !0x18 | (preference as u8 & 3) << 3);
    }
}

header! {
    /// The address registration option after type and length: 14 bytes (RFC 6775, 4.1; RFC 8505, 4.1).
    pub struct AddressRegistrationHeader {
        /// Status of the registration; 0 is success.
        status, set_status: u8;
        /// Opaque (RFC 8505).
        opaque, set_opaque: u8;
        /// Flags: from the lowest bit T, R, then I (two bits).
        flags, set_flags: u8;
        /// Transaction identifier.
        transaction, set_transaction: u8;
        /// How long the registration lasts, in minutes.
        lifetime, set_lifetime: u16;
        /// What identifies the registrant: an EUI-64, or a registration ownership verifier.
        owner, set_owner: u64;
    }
}

/// An iterator over neighbour discovery options.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NdpOptions<'a> {
    rest: &'a [u8],
}

/// A neighbour discovery option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NdpOption<'a> {
    /// Source link-layer address (1), with the padding that fills the option.
    SourceLinkAddress(&'a [u8]),
    /// Target link-layer address (2), with the padding that fills the option.
    TargetLinkAddress(&'a [u8]),
    /// Prefix information (3).
    PrefixInformation(&'a PrefixInformationHeader),
    /// The packet that a redirect is about (4), from its IPv6 header on.
    RedirectedHeader(&'a [u8]),
    /// MTU of the link in bytes (5).
    Mtu(u32),
    /// Time between router advertisements in milliseconds (7).
    AdvertisementInterval(u32),
    /// Home agent information (8).
    HomeAgent(&'a HomeAgentHeader),
    /// Addresses of the sender on the link (9), 16 bytes each.
    SourceAddresses(NdpAddresses<'a>),
    /// Addresses of the target on the link (10), 16 bytes each.
    TargetAddresses(NdpAddresses<'a>),
    /// Parameters of a cryptographically generated address (11).
    Cga {
        /// The fields before the public key.
        header: &'a CgaHeader,
        /// The public key as DER, then the extensions, without the padding.
        key: &'a [u8],
    },
    /// RSA signature of the message (12).
    RsaSignature {
        /// The fields before the signature.
        header: &'a RsaSignatureHeader,
        /// The signature, and the padding: its length follows from the key alone.
        signature: &'a [u8],
    },
    /// Time when the message was sent (13): seconds since 1970 in the high 48 bits, 1/65536 seconds in the low 16.
    Timestamp(u64),
    /// Nonce (14).
    Nonce(&'a [u8]),
    /// Trust anchor (15).
    TrustAnchor {
        /// The form of the name.
        name_type: TrustAnchorNameType,
        /// The name, without the padding.
        name: &'a [u8],
    },
    /// Certificate (16).
    Certificate {
        /// The form of the certificate.
        certificate_type: NdpCertificateType,
        /// The certificate, and the padding: the length stands in the certificate alone.
        certificate: &'a [u8],
    },
    /// Provisioning domain (21).
    Pvd(Pvd<'a>),
    /// Mobility anchor point (23).
    Map(&'a MapHeader),
    /// Route information (24).
    RouteInformation {
        /// The fields before the prefix.
        header: &'a RouteInformationHeader,
        /// The prefix, of which the option may leave out what is zero.
        prefix: Ipv6Addr,
    },
    /// Recursive DNS servers (25).
    Rdnss {
        /// How long they may be used, in seconds; all ones is for ever.
        lifetime: u32,
        /// Their addresses.
        servers: NdpAddresses<'a>,
    },
    /// More flags of a router advertisement (26): 48 bits.
    FlagsExpansion(&'a [u8; 6]),
    /// DNS search list (31).
    Dnssl {
        /// How long it may be used, in seconds; all ones is for ever.
        lifetime: u32,
        /// The domains.
        domains: DomainNames<'a>,
    },
    /// Address registration (33).
    AddressRegistration(&'a AddressRegistrationHeader),
    /// 6LoWPAN context (34).
    SixLowpanContext {
        /// The fields before the prefix.
        header: &'a SixLowpanContextHeader,
        /// The prefix's leading 8 or 16 bytes.
        prefix: &'a [u8],
    },
    /// Authoritative border router (35).
    BorderRouter(&'a BorderRouterHeader),
    /// The captive portal's URI (37), without the zero bytes that pad it.
    CaptivePortal(&'a [u8]),
    /// NAT64 prefix (38).
    Pref64(Pref64<'a>),
    /// Resolver that takes encrypted queries (144).
    EncryptedDns(EncryptedDns<'a>),
    /// An option of another type, or one that is shorter than its definition.
    Unknown {
        /// Type.
        kind: NdpOptionKind,
        /// What follows type and length.
        data: &'a [u8],
    },
    /// The rest, where an option's length is 0 or goes past the end.
    Malformed(&'a [u8]),
}

/// An iterator over addresses of 16 bytes each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NdpAddresses<'a> {
    rest: &'a [u8],
}

/// A NAT64 prefix (RFC 8781, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pref64<'a> {
    lifetime_code: u16,
    prefix: &'a [u8; 12],
}

impl Pref64<'_> {
    /// How long the prefix may be used, in seconds: a multiple of 8.
    pub fn lifetime(&self) -> u16 {
        self.lifetime_code & !7
    }

    /// How many leading bits of the prefix are valid; `None` for the reserved codes 6 and 7.
    pub fn prefix_len(&self) -> Option<u8> {
        match self.lifetime_code & 7 {
            0 => Some(96),
            code @ 1..=5 => Some(72 - 8 * code as u8),
            _ => None,
        }
    }

    /// The prefix: the option has its first 96 bits.
    pub fn prefix(&self) -> Ipv6Addr {
        let mut octets = [0; 16];
        for (to, from) in octets.iter_mut().zip(self.prefix) {
            *to = *from;
        }
        octets.into()
    }
}

impl Iterator for NdpAddresses<'_> {
    type Item = Ipv6Addr;

    fn next(&mut self) -> Option<Ipv6Addr> {
        let (address, rest) = self.rest.split_first_chunk::<16>()?;
        self.rest = rest;
        Some(Ipv6Addr::from(*address))
    }
}

impl<'a> NdpOptions<'a> {
    /// The options that stand in `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What the iterator has not yet read.
    pub fn as_bytes(&self) -> &'a [u8] {
        self.rest
    }

    /// The packet that a redirected header option quotes, and its offset from the first option.
    pub(super) fn redirected(&self) -> Option<(usize, &'a [u8])> {
        let mut options = *self;
        loop {
            let offset = self.rest.len().saturating_sub(options.rest.len());
            match options.next()? {
                NdpOption::RedirectedHeader(packet) => return Some((offset + 8, packet)),
                NdpOption::Malformed(rest) => {
                    // Cut short by the capture, as a long quoted packet easily is.
                    let (head, packet) = rest.split_first_chunk::<8>()?;
                    return matches!(head, [4, 1..=255, ..]).then_some((offset + 8, packet));
                }
                _ => {}
            }
        }
    }

    pub(super) fn fields(&self, mut offset: usize, visit: Visit<'_, 'a>) {
        let mut options = *self;
        loop {
            let before = options.rest;
            let Some(option) = options.next() else { return };
            option.fields(before, offset, visit);
            offset += before.len().saturating_sub(options.rest.len());
        }
    }
}

impl<'a> Iterator for NdpOptions<'a> {
    type Item = NdpOption<'a>;

    fn next(&mut self) -> Option<NdpOption<'a>> {
        let all = self.rest;
        if all.is_empty() {
            return None;
        }
        let length = all.get(1).map_or(0, |length| usize::from(*length) * 8);
        match all.split_at_checked(length) {
            Some(([kind, _, data @ ..], rest)) => {
                self.rest = rest;
                let kind = NdpOptionKind(*kind);
                Some(NdpOption::read(kind, data).unwrap_or(NdpOption::Unknown { kind, data }))
            }
            _ => {
                self.rest = &[];
                Some(NdpOption::Malformed(all))
            }
        }
    }
}

impl<'a> NdpOption<'a> {
    fn read(kind: NdpOptionKind, data: &'a [u8]) -> Option<Self> {
        // Most options have two reserved bytes, then 32 bits, then the rest.
        let word = || {
            data.split_first_chunk::<6>()
                .map(|([_, _, a, b, c, d], rest)| (u32::from_be_bytes([*a, *b, *c, *d]), rest))
        };
        Some(match kind {
            NdpOptionKind::SOURCE_LINK_ADDRESS => Self::SourceLinkAddress(data),
            NdpOptionKind::TARGET_LINK_ADDRESS => Self::TargetLinkAddress(data),
            NdpOptionKind::PREFIX_INFORMATION => {
                Self::PrefixInformation(PrefixInformationHeader::split(data)?.0)
            }
            NdpOptionKind::REDIRECTED_HEADER => Self::RedirectedHeader(word()?.1),
            NdpOptionKind::MTU => Self::Mtu(word()?.0),
            NdpOptionKind::ADVERTISEMENT_INTERVAL => Self::AdvertisementInterval(word()?.0),
            NdpOptionKind::HOME_AGENT_INFORMATION => Self::HomeAgent(HomeAgentHeader::split(data)?.0),
            NdpOptionKind::SOURCE_ADDRESS_LIST => Self::SourceAddresses(NdpAddresses { rest: word()?.1 }),
            NdpOptionKind::TARGET_ADDRESS_LIST => Self::TargetAddresses(NdpAddresses { rest: word()?.1 }),
            NdpOptionKind::CGA => {
                let (header, key) = CgaHeader::split(data)?;
                Self::Cga { header, key: extension::unpadded(key, header.pad_len())? }
            }
            NdpOptionKind::RSA_SIGNATURE => {
                let (header, signature) = RsaSignatureHeader::split(data)?;
                Self::RsaSignature { header, signature }
            }
            NdpOptionKind::TIMESTAMP => Self::Timestamp(u64::from_be_bytes(*word()?.1.first_chunk()?)),
            NdpOptionKind::NONCE => Self::Nonce(data),
            NdpOptionKind::TRUST_ANCHOR => {
                let ([name_type, pad_len], name) = data.split_first_chunk()?;
                Self::TrustAnchor {
                    name_type: TrustAnchorNameType(*name_type),
                    name: extension::unpadded(name, *pad_len)?,
                }
            }
            NdpOptionKind::CERTIFICATE => {
                let ([certificate_type, _], certificate) = data.split_first_chunk()?;
                Self::Certificate { certificate_type: NdpCertificateType(*certificate_type), certificate }
            }
            NdpOptionKind::PVD_ID => Self::Pvd(Pvd::read(data)?),
            NdpOptionKind::MAP => Self::Map(MapHeader::split(data)?.0),
            NdpOptionKind::ROUTE_INFORMATION => {
                let (header, given) = RouteInformationHeader::split(data)?;
                let mut prefix = [0; 16];
                for (to, from) in prefix.iter_mut().zip(given) {
                    *to = *from;
                }
                Self::RouteInformation { header, prefix: prefix.into() }
            }
            NdpOptionKind::RDNSS => {
                let (lifetime, servers) = word()?;
                Self::Rdnss { lifetime, servers: NdpAddresses { rest: servers } }
            }
            NdpOptionKind::FLAGS_EXTENSION => Self::FlagsExpansion(data.first_chunk()?),
            NdpOptionKind::DNSSL => {
                let (lifetime, domains) = word()?;
                Self::Dnssl { lifetime, domains: DomainNames::new(domains) }
            }
            NdpOptionKind::ADDRESS_REGISTRATION => {
                Self::AddressRegistration(AddressRegistrationHeader::split(data)?.0)
            }
            NdpOptionKind::SIX_LOWPAN_CONTEXT => {
                let (header, rest) = SixLowpanContextHeader::split(data)?;
                Self::SixLowpanContext { header, prefix: rest.get(..rest.len().min(16))? }
            }
            NdpOptionKind::AUTHORITATIVE_BORDER_ROUTER => {
                Self::BorderRouter(BorderRouterHeader::split(data)?.0)
            }
            NdpOptionKind::CAPTIVE_PORTAL => {
                let padding = data.iter().rev().take_while(|byte| **byte == 0).count();
                Self::CaptivePortal(data.get(..data.len() - padding)?)
            }
            NdpOptionKind::PREF64 => {
                let ([a, b], rest) = data.split_first_chunk()?;
                Self::Pref64(Pref64 {
                    lifetime_code: u16::from_be_bytes([*a, *b]),
                    prefix: rest.first_chunk()?,
                })
            }
            NdpOptionKind::ENCRYPTED_DNS => Self::EncryptedDns(EncryptedDns::read(data)?),
            _ => return None,
        })
    }

    /// `bytes` begin with the option's type.
    fn fields(&self, bytes: &'a [u8], offset: usize, visit: Visit<'_, 'a>) {
        if let Some(kind) = bytes.first().map(|kind| NdpOptionKind(*kind)) {
            visit(Field::uint("opt_types", offset, kind).means(kind.name()).repeated());
        }
        if let Some(length) = bytes.get(1) {
            visit(Field::uint("opt_lens", offset + 1, *length).repeated());
        }
        let mut number =
            |name, at: usize, value: u64| visit(Field::uint(name, offset + at, value).repeated());
        match *self {
            Self::SourceLinkAddress(address) | Self::TargetLinkAddress(address) => {
                let value = match address {
                    [a, b, c, d, e, f] => Value::Mac(MacAddr([*a, *b, *c, *d, *e, *f])),
                    other => Value::Bytes(other),
                };
                visit(Field::new("opt_lladdr", offset + 2, value).repeated());
            }
            Self::PrefixInformation(header) => {
                number("prefix_len", 2, header.prefix_len().into());
                visit(Field::hex("prefix_flags", offset + 3, header.flags()).repeated());
                visit(Field::uint("prefix_valid", offset + 4, header.valid_lifetime()).repeated());
                visit(Field::uint("prefix_preferred", offset + 8, header.preferred_lifetime()).repeated());
                visit(Field::ipv6("opt_prefix", offset + 16, header.prefix()).repeated());
            }
            // The packet is a layer of its own.
            Self::RedirectedHeader(_) => {}
            Self::Mtu(mtu) => number("opt_mtu", 4, mtu.into()),
            Self::AdvertisementInterval(interval) => number("advertisement_interval", 4, interval.into()),
            Self::HomeAgent(header) => {
                number("home_agent_preference", 4, header.preference().into());
                number("home_agent_lifetime", 6, header.lifetime().into());
            }
            Self::SourceAddresses(addresses) => addresses.fields("source_addresses", offset + 8, visit),
            Self::TargetAddresses(addresses) => addresses.fields("target_addresses", offset + 8, visit),
            Self::Cga { header, key } => header.fields(key, offset, visit),
            Self::RsaSignature { header, signature } => header.fields(signature, offset, visit),
            Self::Timestamp(timestamp) => number("opt_timestamp", 8, timestamp),
            Self::Nonce(nonce) => visit(Field::bytes("opt_nonce", offset + 2, nonce).repeated()),
            Self::TrustAnchor { name_type, name } => {
                visit(
                    Field::uint("anchor_name_type", offset + 2, name_type).means(name_type.name()).repeated(),
                );
                if let Some(pad_len) = bytes.get(3) {
                    visit(Field::uint("anchor_pad_len", offset + 3, *pad_len).repeated());
                }
                extension::bytes("anchor_name", offset + 4, name, visit);
            }
            Self::Certificate { certificate_type, certificate } => {
                let name = certificate_type.name();
                visit(Field::uint("certificate_type", offset + 2, certificate_type).means(name).repeated());
                extension::bytes("certificate", offset + 4, certificate, visit);
            }
            Self::Pvd(pvd) => pvd.fields(offset, visit),
            Self::Map(header) => header.fields(offset, visit),
            Self::RouteInformation { header, prefix } => {
                number("route_prefix_len", 2, header.prefix_len().into());
                visit(Field::hex("route_flags", offset + 3, header.flags()).repeated());
                visit(Field::uint("route_lifetime", offset + 4, header.lifetime()).repeated());
                if matches!(bytes, [_, 2..=255, ..]) {
                    visit(Field::ipv6("opt_prefix", offset + 8, prefix).repeated());
                }
            }
            Self::Rdnss { lifetime, servers } => {
                number("rdnss_lifetime", 4, lifetime.into());
                servers.fields("rdnss", offset + 8, visit);
            }
            Self::FlagsExpansion(flags) => {
                visit(Field::bytes("ra_flags_expansion", offset + 2, flags).repeated())
            }
            Self::Dnssl { lifetime, domains } => {
                number("dnssl_lifetime", 4, lifetime.into());
                let mut at = offset + 8;
                for domain in domains {
                    visit(Field::bytes("dnssl", at, domain.as_bytes()).repeated());
                    at += domain.as_bytes().len();
                }
            }
            Self::AddressRegistration(header) => {
                number("registration_status", 2, header.status().into());
                number("registration_opaque", 3, header.opaque().into());
                number("registration_flags", 4, header.flags().into());
                number("registration_transaction", 5, header.transaction().into());
                number("registration_lifetime", 6, header.lifetime().into());
                visit(Field::hex("registration_owner", offset + 8, header.owner()).repeated());
            }
            Self::SixLowpanContext { header, prefix } => header.fields(prefix, offset, visit),
            Self::BorderRouter(header) => header.fields(offset, visit),
            Self::CaptivePortal(uri) => visit(Field::bytes("captive_portal", offset + 2, uri).repeated()),
            Self::Pref64(pref64) => {
                number("pref64_lifetime", 2, pref64.lifetime().into());
                if let Some(length) = pref64.prefix_len() {
                    number("pref64_len", 3, length.into());
                }
                visit(Field::ipv6("pref64", offset + 4, pref64.prefix()).repeated());
            }
            Self::EncryptedDns(resolver) => resolver.fields(offset, visit),
            Self::Unknown { data, .. } => visit(Field::bytes("opt_data", offset + 2, data).repeated()),
            Self::Malformed(rest) => {
                if let Some((_, rest)) = rest.split_at_checked(2).filter(|(_, rest)| !rest.is_empty()) {
                    visit(Field::bytes("opt_rest", offset + 2, rest).repeated());
                }
            }
        }
    }
}

impl NdpAddresses<'_> {
    pub(super) fn new(bytes: &[u8]) -> NdpAddresses<'_> {
        NdpAddresses { rest: bytes }
    }

    pub(super) fn fields(&self, name: &'static str, offset: usize, visit: Visit<'_, '_>) {
        for (index, address) in self.enumerate() {
            visit(Field::ipv6(name, offset + index * 16, address).repeated());
        }
    }
}
