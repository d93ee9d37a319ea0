//! Mobility options: what follows the data of a mobility message.
//!
//! ```text
//! +---------------+---------------+--------------
//! |     type      |    length     | data: length bytes   (RFC 6275, 6.2.1)
//! +---------------+---------------+--------------
//! ```
//!
//! Type 0 is one byte of padding without a length.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::header::number;
use crate::{Field, Visit};

number! {
    /// The type of a mobility option (IANA "mobility-parameters").
    pub struct MobilityOptionType(u8) {
        PAD1 = 0, "Pad1";
        PAD_N = 1, "PadN";
        BINDING_REFRESH_ADVICE = 2, "Binding refresh advice";
        ALTERNATE_CARE_OF_ADDRESS = 3, "Alternate care-of address";
        NONCE_INDICES = 4, "Nonce indices";
        AUTHORIZATION_DATA = 5, "Binding authorization data";
        MOBILE_NETWORK_PREFIX = 6, "Mobile network prefix";
        LINK_LAYER_ADDRESS = 7, "Mobility header link-layer address";
        MOBILE_NODE_IDENTIFIER = 8, "Mobile node identifier";
        AUTHENTICATION = 9, "Authentication";
        REPLAY_PROTECTION = 10, "Replay protection";
        CGA_PARAMETERS_REQUEST = 11, "CGA parameters request";
        CGA_PARAMETERS = 12, "CGA parameters";
        SIGNATURE = 13, "Signature";
        HOME_KEYGEN_TOKEN = 14, "Permanent home keygen token";
        CARE_OF_TEST_INIT = 15, "Care-of test init";
        CARE_OF_TEST = 16, "Care-of test";
        DNS_UPDATE = 17, "DNS update";
        EXPERIMENTAL = 18, "Experimental";
        VENDOR_SPECIFIC = 19, "Vendor specific";
        SERVICE_SELECTION = 20, "Service selection";
        AUTHORIZATION_DATA_FMIP = 21, "Binding authorization data for FMIPv6";
        HOME_NETWORK_PREFIX = 22, "Home network prefix";
        HANDOFF_INDICATOR = 23, "Handoff indicator";
        ACCESS_TECHNOLOGY_TYPE = 24, "Access technology type";
        LINK_LAYER_IDENTIFIER = 25, "Mobile node link-layer identifier";
        LINK_LOCAL_ADDRESS = 26, "Link-local address";
        TIMESTAMP = 27, "Timestamp";
        RESTART_COUNTER = 28, "Restart counter";
        IPV4_HOME_ADDRESS = 29, "IPv4 home address";
        IPV4_ADDRESS_ACKNOWLEDGEMENT = 30, "IPv4 address acknowledgement";
        NAT_DETECTION = 31, "NAT detection";
        IPV4_CARE_OF_ADDRESS = 32, "IPv4 care-of address";
        GRE_KEY = 33, "GRE key";
        IPV6_ADDRESS_PREFIX = 34, "Mobility header IPv6 address/prefix";
        BINDING_IDENTIFIER = 35, "Binding identifier";
        IPV4_HOME_ADDRESS_REQUEST = 36, "IPv4 home address request";
        IPV4_HOME_ADDRESS_REPLY = 37, "IPv4 home address reply";
        IPV4_DEFAULT_ROUTER = 38, "IPv4 default router address";
        IPV4_DHCP_SUPPORT = 39, "IPv4 DHCP support mode";
        CONTEXT_REQUEST = 40, "Context request";
        LMA_ADDRESS = 41, "Local mobility anchor address";
        LINK_LOCAL_INTERFACE_IDENTIFIER = 42, "Mobile node link-local address interface identifier";
        TRANSIENT_BINDING = 43, "Transient binding";
        FLOW_SUMMARY = 44, "Flow summary";
        FLOW_IDENTIFICATION = 45, "Flow identification";
        REDIRECT_CAPABILITY = 46, "Redirect-capability";
        REDIRECT = 47, "Redirect";
        LOAD_INFORMATION = 48, "Load information";
        ALTERNATE_IPV4_CARE_OF_ADDRESS = 49, "Alternate IPv4 care-of address";
        NODE_GROUP_IDENTIFIER = 50, "Mobile node group identifier";
        MAG_IPV6_ADDRESS = 51, "MAG IPv6 address";
        ACCESS_NETWORK_IDENTIFIER = 52, "Access network identifier";
    }
}

/// One mobility option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum MobilityOption<'a> {
    /// One byte of padding.
    Pad1,
    /// More bytes of padding.
    PadN(&'a [u8]),
    /// When to renew the binding, in units of 4 seconds.
    BindingRefreshAdvice(u16),
    /// Another care-of address than the packet's source.
    AlternateCareOfAddress(Ipv6Addr),
    /// Which nonces made the key.
    NonceIndices {
        /// Home nonce index.
        home: u16,
        /// Care-of nonce index.
        care_of: u16,
    },
    /// Authenticator.
    AuthorizationData(&'a [u8]),
    /// Prefix of the mobile network (RFC 3963), of the home network (RFC 5213), or of the care-of address (RFC 5568):
    /// the option's type says which.
    Prefix {
        /// The option's type.
        kind: MobilityOptionType,
        /// Whose address or prefix it is (RFC 5568, 6.4.2: 1 = old care-of address, 2 = new one, 3 = new access router's
        /// address, 4 = its prefix); reserved in the other two.
        code: u8,
        /// Length of the prefix in bits.
        length: u8,
        /// Prefix.
        prefix: Ipv6Addr,
    },
    /// Link-layer address (RFC 5568).
    LinkLayerAddress {
        /// Which node's: 2 = mobile node's.
        code: u8,
        /// The address.
        address: &'a [u8],
    },
    /// Mobile node identifier (RFC 4283).
    MobileNodeIdentifier {
        /// Subtype: 1 = network access identifier.
        subtype: u8,
        /// The identifier.
        id: &'a [u8],
    },
    /// Timestamp (RFC 5213) or replay protection (RFC 4285): seconds since 1970 (1900) and a fraction.
    Timestamp(u64),
    /// Vendor specific (RFC 5094).
    VendorSpecific {
        /// Vendor: an enterprise number.
        vendor: u32,
        /// Vendor's subtype.
        subtype: u8,
        /// Data.
        data: &'a [u8],
    },
    /// Link-local address (RFC 5213).
    LinkLocalAddress(Ipv6Addr),
    /// IPv4 care-of address (RFC 5555).
    Ipv4CareOfAddress(Ipv4Addr),
    /// An option of a type that has no finer form here, or with a length other than its type's.
    Unknown {
        /// The option's type.
        kind: MobilityOptionType,
        /// The option's data.
        data: &'a [u8],
    },
    /// An option whose length lies beyond the header or the capture, and everything after it. Nothing follows.
    Malformed(&'a [u8]),
}

/// The options of a mobility header, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MobilityOptions<'a> {
    rest: &'a [u8],
}

impl<'a> MobilityOptions<'a> {
    /// The options in `bytes`, which start at the first one.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The bytes that are still to come.
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }
}

impl<'a> Iterator for MobilityOptions<'a> {
    type Item = MobilityOption<'a>;

    fn next(&mut self) -> Option<MobilityOption<'a>> {
        let all = core::mem::take(&mut self.rest);
        let (&kind, after) = all.split_first()?;
        if kind == MobilityOptionType::PAD1.0 {
            self.rest = after;
            return Some(MobilityOption::Pad1);
        }
        let data = after.split_first().and_then(|(&length, after)| after.split_at_checked(length.into()));
        Some(match data {
            Some((data, rest)) => {
                self.rest = rest;
                MobilityOption::typed(MobilityOptionType(kind), data)
            }
            None => MobilityOption::Malformed(all),
        })
    }
}

impl core::iter::FusedIterator for MobilityOptions<'_> {}

impl<'a> MobilityOption<'a> {
    fn typed(kind: MobilityOptionType, data: &'a [u8]) -> Self {
        use MobilityOptionType as Type;
        let address = |bytes: &'a [u8]| <[u8; 16]>::try_from(bytes).ok().map(Ipv6Addr::from);
        let known = match (kind, data) {
            (Type::PAD_N, data) => Some(Self::PadN(data)),
            (Type::BINDING_REFRESH_ADVICE, &[a, b]) => {
                Some(Self::BindingRefreshAdvice(u16::from_be_bytes([a, b])))
            }
            (Type::ALTERNATE_CARE_OF_ADDRESS, data) => address(data).map(Self::AlternateCareOfAddress),
            (Type::NONCE_INDICES, &[a, b, c, d]) => Some(Self::NonceIndices {
                home: u16::from_be_bytes([a, b]),
                care_of: u16::from_be_bytes([c, d]),
            }),
            (Type::AUTHORIZATION_DATA | Type::AUTHORIZATION_DATA_FMIP, data) => {
                Some(Self::AuthorizationData(data))
            }
            (
                Type::MOBILE_NETWORK_PREFIX | Type::HOME_NETWORK_PREFIX | Type::IPV6_ADDRESS_PREFIX,
                &[code, length, ref prefix @ ..],
            ) => address(prefix).map(|prefix| Self::Prefix { kind, code, length, prefix }),
            (Type::LINK_LAYER_ADDRESS, &[code, ref address @ ..]) => {
                Some(Self::LinkLayerAddress { code, address })
            }
            (Type::MOBILE_NODE_IDENTIFIER, &[subtype, ref id @ ..]) => {
                Some(Self::MobileNodeIdentifier { subtype, id })
            }
            (Type::TIMESTAMP | Type::REPLAY_PROTECTION, &[a, b, c, d, e, f, g, h]) => {
                Some(Self::Timestamp(u64::from_be_bytes([a, b, c, d, e, f, g, h])))
            }
            (Type::VENDOR_SPECIFIC, &[a, b, c, d, subtype, ref data @ ..]) => {
                Some(Self::VendorSpecific { vendor: u32::from_be_bytes([a, b, c, d]), subtype, data })
            }
            (Type::LINK_LOCAL_ADDRESS, data) => address(data).map(Self::LinkLocalAddress),
            (Type::IPV4_CARE_OF_ADDRESS, &[_, _, a, b, c, d]) => {
                Some(Self::Ipv4CareOfAddress(Ipv4Addr::new(a, b, c, d)))
            }
            _ => None,
        };
        known.unwrap_or(Self::Unknown { kind, data })
    }

    /// The option's own fields; its data starts at `offset`.
    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        match *self {
            Self::Pad1 | Self::PadN(_) | Self::Malformed(_) => (),
            Self::BindingRefreshAdvice(units) => visit(Field::uint("refresh_interval", offset, units)),
            Self::AlternateCareOfAddress(address) => visit(Field::ipv6("alternate_coa", offset, address)),
            Self::NonceIndices { home, care_of } => {
                visit(Field::uint("home_nonce", offset, home));
                visit(Field::uint("care_of_nonce", offset + 2, care_of));
            }
            Self::AuthorizationData(data) => visit(Field::bytes("authenticator", offset, data)),
            Self::Prefix { code, length, prefix, .. } => {
                visit(Field::uint("prefix_code", offset, code).repeated());
                visit(Field::uint("prefix_len", offset + 1, length).repeated());
                visit(Field::ipv6("prefix", offset + 2, prefix).repeated());
            }
            Self::LinkLayerAddress { code, address } => {
                visit(Field::uint("lla_code", offset, code));
                visit(Field::bytes("lla", offset + 1, address));
            }
            Self::MobileNodeIdentifier { subtype, id } => {
                visit(Field::uint("mn_id_type", offset, subtype));
                visit(Field::bytes("mn_id", offset + 1, id));
            }
            Self::Timestamp(time) => visit(Field::hex("timestamp", offset, time)),
            Self::VendorSpecific { vendor, subtype, data } => {
                visit(Field::uint("vendor", offset, vendor).repeated());
                visit(Field::uint("vendor_subtype", offset + 4, subtype).repeated());
                visit(Field::bytes("vendor_data", offset + 5, data).repeated());
            }
            Self::LinkLocalAddress(address) => visit(Field::ipv6("link_local", offset, address)),
            Self::Ipv4CareOfAddress(address) => visit(Field::ipv4("ipv4_coa", offset + 2, address)),
            Self::Unknown { data, .. } => visit(Field::bytes("opt_data", offset, data).repeated()),
        }
    }
}

/// The fields of mobility options whose first byte stands at `start`: for each `opt_types`, `opt_lens` and its own.
pub(crate) fn fields<'a>(start: usize, options: &'a [u8], visit: Visit<'_, 'a>) {
    let mut walk = MobilityOptions::new(options);
    loop {
        let here = walk.rest();
        let offset = start + options.len() - here.len();
        let (Some(option), Some((&kind, after))) = (walk.next(), here.split_first()) else { break };
        let kind = MobilityOptionType(kind);
        visit(Field::uint("opt_types", offset, kind).means(kind.name()).repeated());
        if let (false, Some(&length)) = (option == MobilityOption::Pad1, after.first()) {
            visit(Field::uint("opt_lens", offset + 1, length).repeated());
        }
        option.fields(offset + 2, visit);
    }
}
