//! What options of protocols around neighbour discovery have after type and length: secure neighbour discovery, hierarchical
//! mobility, 6LoWPAN, provisioning domains, encrypted DNS.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+---------------+---------------+
//! |   type = 11   |     length    |  pad length   |   reserved    |   CGA (RFC 3971, 5.1.1; RFC 3972, 3)
//! +---------------+---------------+---------------+---------------+
//! | modifier, 128 bits; subnet prefix, 64; collision count, 8; public key; extensions; padding
//! +---------------+---------------+-------------------------------+
//! |   type = 12   |     length    |           reserved            |   RSA signature (RFC 3971, 5.2)
//! +---------------+---------------+-------------------------------+
//! | key hash, 128 bits; signature; padding
//! +---------------+---------------+---------------+---------------+
//! |   type = 15   |     length    |   name type   |  pad length   |   trust anchor (6.4.3): name; padding
//! +---------------+---------------+---------------+---------------+
//! |   type = 16   |     length    |   cert type   |   reserved    |   certificate (6.4.4): certificate; padding
//! +---------------+---------------+-+-----+-------+---------------+
//! |   type = 21   |     length    |H|L|R|    reserved     | delay |   PvD (RFC 8801, 3.1)
//! +---------------+---------------+-------------------------------+
//! |        sequence number        | domain name; padding to 8 bytes; router advertisement, where R is set; options
//! +---------------+---------------+-------+-------+-+-------------+
//! |   type = 23   |   length = 3  |  dist |  pref |R|   reserved  |   MAP (RFC 5380, 6)
//! +---------------+---------------+-------+-------+-+-------------+
//! | valid lifetime, 32 bits; address, 128
//! +---------------+---------------+---------------+-----+-+-------+
//! |   type = 34   | length 2 or 3 | context length| res |C|  CID  |   6LoWPAN context (RFC 6775, 4.2)
//! +---------------+---------------+---------------+-----+-+-------+
//! |           reserved            |        valid lifetime         |   prefix, 64 or 128 bits
//! +---------------+---------------+-------------------------------+
//! |   type = 35   |   length = 3  |          version low          |   authoritative border router (4.3)
//! +---------------+---------------+-------------------------------+
//! |         version high          |        valid lifetime         |   address, 128 bits
//! +---------------+---------------+-------------------------------+
//! |   type = 144  |     length    |       service priority        |   encrypted DNS (RFC 9463, 6.1)
//! +---------------+---------------+-------------------------------+
//! |                           lifetime                            |
//! +-------------------------------+-------------------------------+
//! |          name length          | name; address length, 16 bits; addresses; parameter length, 16 bits; parameters
//! +-------------------------------+-------------------------------+
//! ```

use core::net::Ipv6Addr;

use super::{NdpAddresses, NdpOptions};
use crate::header::{header, number};
use crate::net::icmp_domain_name::{DomainName, DomainNames};
use crate::net::icmpv6::message::NdpRouterHeader;
use crate::{Field, Visit};

number! {
    /// The form of a trust anchor's name (RFC 3971, 6.4.3).
    pub struct TrustAnchorNameType(u8) {
        DER = 1, "DER-encoded X.501 name";
        DOMAIN = 2, "domain name";
    }
}

number! {
    /// The form of a certificate (RFC 3971, 6.4.4).
    pub struct NdpCertificateType(u8) {
        X509_V3 = 1, "X.509v3";
    }
}

header! {
    /// What the CGA option begins with: 27 bytes, then the public key and the extensions.
    pub struct CgaHeader {
        /// How many bytes of padding end the option.
        pad_len, set_pad_len: u8;
        /// Reserved.
        reserved, set_reserved: u8;
        /// Random modifier.
        modifier, set_modifier: [u8; 16];
        /// Subnet prefix of the address.
        prefix, set_prefix: [u8; 8];
        /// Number of collisions when the address was made, 0 to 2.
        collision_count, set_collision_count: u8;
    }
}

header! {
    /// What the RSA signature option begins with: 18 bytes, then the signature.
    pub struct RsaSignatureHeader {
        /// Reserved.
        reserved, set_reserved: u16;
        /// The leading 128 bits of the public key's SHA-1 hash.
        key_hash, set_key_hash: [u8; 16];
    }
}

header! {
    /// The MAP option: 22 bytes.
    pub struct MapHeader {
        /// Distance (high four bits) and preference (low four).
        dist_pref, set_dist_pref: u8;
        /// R (highest bit), then reserved.
        flags, set_flags: u8;
        /// How long address and prefix are valid, in seconds.
        valid_lifetime, set_valid_lifetime: u32;
        /// The mobility anchor point's address.
        address, set_address: Ipv6Addr;
    }
}

impl MapHeader {
    /// Distance between the anchor point and the receiver, 0 to 15.
    pub fn distance(&self) -> u8 {
        self.dist_pref() >> 4
    }

    /// Sets [`distance`](Self::distance); the value's low four bits count.
    #[inline]
    pub fn set_distance(&mut self, distance: u8) {
        self.set_dist_pref(self.dist_pref() & 0x0f | distance << 4);
    }

    /// Preference of the anchor point, 0 to 15; higher is better.
    pub fn preference(&self) -> u8 {
        self.dist_pref() & 0x0f
    }

    /// Sets [`preference`](Self::preference); the value's low four bits count.
    #[inline]
    pub fn set_preference(&mut self, preference: u8) {
        self.set_dist_pref(self.dist_pref() & 0xf0 | preference & 0x0f);
    }

    /// R: the node forms its regional address from the prefix.
    pub fn regional(&self) -> bool {
        self.flags() & 0x80 != 0
    }

    /// Sets [`regional`](Self::regional).
    #[inline]
    pub fn set_regional(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x80 | u8::from(set) << 7);
    }
}

header! {
    /// The 6LoWPAN context option without the prefix: 6 bytes.
    pub struct SixLowpanContextHeader {
        /// How many leading bits of the prefix are valid.
        context_len, set_context_len: u8;
        /// Reserved (high three bits), C, context identifier (low four).
        flags, set_flags: u8;
        /// Reserved.
        reserved, set_reserved: u16;
        /// How long the context is valid, in minutes; 0 ends it.
        valid_lifetime, set_valid_lifetime: u16;
    }
}

impl SixLowpanContextHeader {
    /// C: the context may be used for compression, not for decompression alone.
    pub fn compression(&self) -> bool {
        self.flags() & 0x10 != 0
    }

    /// Sets [`compression`](Self::compression).
    #[inline]
    pub fn set_compression(&mut self, set: bool) {
        self.set_flags(self.flags() & !0x10 | u8::from(set) << 4);
    }

    /// Context identifier, 0 to 15.
    pub fn context_id(&self) -> u8 {
        self.flags() & 0x0f
    }

    /// Sets [`context_id`](Self::context_id); the value's low four bits count.
    #[inline]
    pub fn set_context_id(&mut self, id: u8) {
        self.set_flags(self.flags() & 0xf0 | id & 0x0f);
    }
}

header! {
    /// The authoritative border router option: 22 bytes.
    pub struct BorderRouterHeader {
        /// The low 16 bits of [`version`](Self::version).
        version_low, set_version_low: u16;
        /// The high 16 bits of [`version`](Self::version).
        version_high, set_version_high: u16;
        /// How long the information is valid, in minutes; 0 stands for 10,000.
        valid_lifetime, set_valid_lifetime: u16;
        /// The border router's address.
        address, set_address: Ipv6Addr;
    }
}

impl BorderRouterHeader {
    /// Version of the information.
    pub fn version(&self) -> u32 {
        u32::from(self.version_high()) << 16 | u32::from(self.version_low())
    }
}

header! {
    /// What the PvD option begins with: 4 bytes.
    pub struct PvdHeader {
        /// From the highest bit: H, L, R, nine reserved bits, delay (four).
        flags, set_flags: u16;
        /// Sequence number of the additional information.
        seq, set_seq: u16;
    }
}

impl PvdHeader {
    /// H: additional information can be had over HTTP.
    pub fn http(&self) -> bool {
        self.flags() & 0x8000 != 0
    }

    /// L: the domain has IPv4, too, by DHCP.
    pub fn legacy(&self) -> bool {
        self.flags() & 0x4000 != 0
    }

    /// R: the header of a router advertisement follows the domain's name.
    pub fn router(&self) -> bool {
        self.flags() & 0x2000 != 0
    }

    /// The exponent of the longest time to wait before the information is fetched: up to 2 to the power of twice this
    /// number in milliseconds.
    pub fn delay(&self) -> u8 {
        (self.flags() & 0x0f) as u8
    }
}

/// A provisioning domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pvd<'a> {
    header: &'a PvdHeader,
    /// From the name on.
    rest: &'a [u8],
}

impl<'a> Pvd<'a> {
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        PvdHeader::split(data).map(|(header, rest)| Self { header, rest })
    }

    /// The option's first fields.
    pub fn header(&self) -> &'a PvdHeader {
        self.header
    }

    /// The domain's name; `None` for the root.
    pub fn id(&self) -> Option<DomainName<'a>> {
        self.rest.first().filter(|length| **length != 0)?;
        DomainNames::new(self.rest).next()
    }

    /// What follows the name and its padding, and where, counted from the option's type.
    fn after_id(&self) -> (usize, &'a [u8]) {
        // The name begins after 6 bytes; the root's name has one.
        let end = self.id().map_or(1, |name| name.as_bytes().len()).saturating_add(6).next_multiple_of(8);
        (end, self.rest.get(end - 6..).unwrap_or_default())
    }

    /// The header of a router advertisement that holds for this domain, without type, code and checksum.
    pub fn router(&self) -> Option<&'a NdpRouterHeader> {
        let (_, router) = self.after_id().1.split_at_checked(4).filter(|_| self.header.router())?;
        NdpRouterHeader::split(router).map(|(header, _)| header)
    }

    /// The options that hold for this domain.
    pub fn options(&self) -> NdpOptions<'a> {
        NdpOptions::new(self.options_at().1)
    }

    fn options_at(&self) -> (usize, &'a [u8]) {
        let (at, after) = self.after_id();
        let skipped = if self.header.router() { 16 } else { 0 };
        (at + skipped, after.get(skipped..).unwrap_or_default())
    }

    pub(super) fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::hex("pvd_flags", offset + 2, self.header.flags()).repeated());
        visit(Field::uint("pvd_seq", offset + 4, self.header.seq()).repeated());
        if let Some(name) = self.id() {
            visit(Field::bytes("pvd_id", offset + 6, name.as_bytes()).repeated());
        }
        if let Some(router) = self.router() {
            let at = offset + self.after_id().0;
            visit(Field::uint("pvd_hop_limit", at + 4, router.hop_limit()).repeated());
            visit(Field::hex("pvd_router_flags", at + 5, router.flags()).repeated());
            visit(Field::uint("pvd_router_lifetime", at + 6, router.lifetime()).repeated());
            visit(Field::uint("pvd_reachable_time", at + 8, router.reachable_time()).repeated());
            visit(Field::uint("pvd_retrans_timer", at + 12, router.retrans_timer()).repeated());
        }
        let (at, options) = self.options_at();
        bytes("pvd_options", offset + at, options, visit);
    }
}

header! {
    /// What the encrypted DNS option begins with: 8 bytes.
    pub struct EncryptedDnsHeader {
        /// Priority of the resolver; lower is better, 0 goes without addresses and parameters.
        priority, set_priority: u16;
        /// How long the resolver may be used, in seconds; all ones is for ever.
        lifetime, set_lifetime: u32;
        /// Length of the resolver's name in bytes.
        name_len, set_name_len: u16;
    }
}

/// A resolver that takes encrypted queries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EncryptedDns<'a> {
    header: &'a EncryptedDnsHeader,
    name: &'a [u8],
    /// From the length of the addresses on.
    rest: &'a [u8],
}

impl<'a> EncryptedDns<'a> {
    /// `None` where the lengths go past the end.
    pub(super) fn read(data: &'a [u8]) -> Option<Self> {
        let (header, rest) = EncryptedDnsHeader::split(data)?;
        let (name, rest) = rest.split_at_checked(header.name_len().into())?;
        let (_, after) = counted(rest)?;
        counted(after).map(|_| Self { header, name, rest })
    }

    /// The option's first fields.
    pub fn header(&self) -> &'a EncryptedDnsHeader {
        self.header
    }

    /// The name by which the resolver authenticates itself.
    pub fn name(&self) -> Option<DomainName<'a>> {
        DomainNames::new(self.name).next()
    }

    fn address_bytes(&self) -> &'a [u8] {
        counted(self.rest).map_or(&[], |(addresses, _)| addresses)
    }

    /// The resolver's addresses.
    pub fn addresses(&self) -> NdpAddresses<'a> {
        NdpAddresses::new(self.address_bytes())
    }

    /// The service parameters, in the form of SVCB records (RFC 9460, 2.2).
    pub fn parameters(&self) -> &'a [u8] {
        counted(self.rest).and_then(|(_, after)| counted(after)).map_or(&[], |(parameters, _)| parameters)
    }

    pub(super) fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::uint("dnr_priority", offset + 2, self.header.priority()).repeated());
        visit(Field::uint("dnr_lifetime", offset + 4, self.header.lifetime()).repeated());
        visit(Field::uint("dnr_name_len", offset + 8, self.header.name_len()).repeated());
        bytes("dnr_name", offset + 10, self.name, visit);
        let at = offset + 10 + self.name.len();
        if let Some([high, low]) = self.rest.first_chunk() {
            visit(Field::uint("dnr_addresses_len", at, u16::from_be_bytes([*high, *low])).repeated());
        }
        self.addresses().fields("dnr_address", at + 2, visit);
        let at = at + 2 + self.address_bytes().len();
        if let Some((_, [high, low, ..])) = counted(self.rest) {
            visit(Field::uint("dnr_parameters_len", at, u16::from_be_bytes([*high, *low])).repeated());
        }
        bytes("dnr_parameters", at + 2, self.parameters(), visit);
    }
}

/// As many bytes as the 16 bits before them say, and what follows; both empty at the end, where a length may be left out.
fn counted(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    match bytes {
        [high, low, rest @ ..] => rest.split_at_checked(u16::from_be_bytes([*high, *low]).into()),
        _ => Some((&[], &[])),
    }
}

/// `data` without the padding of which the option has the length; `None` where there is less than that.
pub(super) fn unpadded(data: &[u8], pad_len: u8) -> Option<&[u8]> {
    data.get(..data.len().checked_sub(pad_len.into())?)
}

/// A list element of bytes, where there are any.
pub(super) fn bytes<'a>(name: &'static str, offset: usize, value: &'a [u8], visit: Visit<'_, 'a>) {
    if !value.is_empty() {
        visit(Field::bytes(name, offset, value).repeated());
    }
}

impl CgaHeader {
    /// The option's fields; what follows the collision count is the public key and the extensions.
    pub(super) fn fields<'a>(&'a self, key: &'a [u8], offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::uint("cga_pad_len", offset + 2, self.pad_len()).repeated());
        bytes("cga_modifier", offset + 4, &self.modifier, visit);
        bytes("cga_prefix", offset + 20, &self.prefix, visit);
        visit(Field::uint("cga_collision_count", offset + 28, self.collision_count()).repeated());
        bytes("cga_key", offset + 29, key, visit);
    }
}

impl RsaSignatureHeader {
    pub(super) fn fields<'a>(&'a self, signature: &'a [u8], offset: usize, visit: Visit<'_, 'a>) {
        bytes("rsa_key_hash", offset + 4, &self.key_hash, visit);
        bytes("rsa_signature", offset + 20, signature, visit);
    }
}

impl MapHeader {
    pub(super) fn fields(&self, offset: usize, visit: Visit<'_, '_>) {
        visit(Field::hex("map_dist_pref", offset + 2, self.dist_pref()).repeated());
        visit(Field::hex("map_flags", offset + 3, self.flags()).repeated());
        visit(Field::uint("map_lifetime", offset + 4, self.valid_lifetime()).repeated());
        visit(Field::ipv6("map_address", offset + 8, self.address()).repeated());
    }
}

impl SixLowpanContextHeader {
    pub(super) fn fields<'a>(&self, prefix: &'a [u8], offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::uint("context_len", offset + 2, self.context_len()).repeated());
        visit(Field::hex("context_flags", offset + 3, self.flags()).repeated());
        visit(Field::uint("context_lifetime", offset + 6, self.valid_lifetime()).repeated());
        bytes("context_prefix", offset + 8, prefix, visit);
    }
}

impl BorderRouterHeader {
    pub(super) fn fields(&self, offset: usize, visit: Visit<'_, '_>) {
        visit(Field::uint("border_router_version_low", offset + 2, self.version_low()).repeated());
        visit(Field::uint("border_router_version_high", offset + 4, self.version_high()).repeated());
        visit(Field::uint("border_router_lifetime", offset + 6, self.valid_lifetime()).repeated());
        visit(Field::ipv6("border_router_address", offset + 8, self.address()).repeated());
    }
}
