//! The options of neighbour discovery (RFC 4861, 4.6), from values to bytes.

use std::net::Ipv6Addr;

use pycap_wire::net::icmpv6::ndp_option::{
    AddressRegistrationHeader, BorderRouterHeader, CgaHeader, EncryptedDnsHeader, HomeAgentHeader, MapHeader,
    NdpCertificateType, PrefixInformationHeader, PvdHeader, RouteInformationHeader, RsaSignatureHeader,
    SixLowpanContextHeader, TrustAnchorNameType,
};
use pycap_wire::{MacAddr, NdpOptionKind};

use super::arguments::{Arguments, each};
use super::domain_name;
use crate::value::{FromValue, named};
use crate::{BuildError, FieldError, FieldValue};

/// The unit of an option's length in bytes.
const UNIT: usize = 8;

/// The longest option in bytes: its length is eight bits of such units.
const MAX: usize = 0xff * UNIT;

/// A neighbour discovery option, as [`Icmpv6::option`](super::Icmpv6::option) takes it. Each is padded with zeros to a multiple of
/// 8 bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NdpOption {
    /// Source link-layer address (1): an Ethernet address.
    SourceLinkAddress(MacAddr),
    /// Target link-layer address (2): an Ethernet address.
    TargetLinkAddress(MacAddr),
    /// Prefix information (3).
    PrefixInformation(PrefixInformationHeader),
    /// The packet that a redirect is about (4), from its IPv6 header on. What is inside a redirect is put into this option
    /// anyway.
    RedirectedHeader(Vec<u8>),
    /// MTU of the link in bytes (5).
    Mtu(u32),
    /// Time between router advertisements in milliseconds (7).
    AdvertisementInterval(u32),
    /// Home agent information (8).
    HomeAgent(HomeAgentHeader),
    /// Addresses of the sender on the link (9).
    SourceAddresses(Vec<Ipv6Addr>),
    /// Addresses of the target on the link (10).
    TargetAddresses(Vec<Ipv6Addr>),
    /// Parameters of a cryptographically generated address (11); the length of the padding is filled in.
    Cga {
        /// The fields before the public key.
        header: CgaHeader,
        /// The public key as DER, then the extensions.
        key: Vec<u8>,
    },
    /// RSA signature of the message (12).
    RsaSignature {
        /// The leading 128 bits of the public key's SHA-1 hash.
        key_hash: [u8; 16],
        /// The signature.
        signature: Vec<u8>,
    },
    /// Time when the message was sent (13): seconds since 1970 in the high 48 bits, 1/65536 seconds in the low 16.
    Timestamp(u64),
    /// Nonce (14): 6 bytes, or 8 more each time.
    Nonce(Vec<u8>),
    /// Trust anchor (15).
    TrustAnchor {
        /// The form of the name.
        name_type: TrustAnchorNameType,
        /// The name.
        name: Vec<u8>,
    },
    /// Certificate (16).
    Certificate {
        /// The form of the certificate.
        certificate_type: NdpCertificateType,
        /// The certificate.
        certificate: Vec<u8>,
    },
    /// Provisioning domain (21), without the header of a router advertisement.
    Pvd {
        /// Flags and sequence number.
        header: PvdHeader,
        /// The domain's name.
        id: String,
        /// The options that hold for the domain.
        options: Vec<NdpOption>,
    },
    /// Mobility anchor point (23).
    Map(MapHeader),
    /// Route information (24): the prefix takes no more room than its length asks for.
    RouteInformation {
        /// The fields before the prefix.
        header: RouteInformationHeader,
        /// The prefix.
        prefix: Ipv6Addr,
    },
    /// Recursive DNS servers (25).
    Rdnss {
        /// How long they may be used, in seconds; all ones is for ever.
        lifetime: u32,
        /// Their addresses.
        servers: Vec<Ipv6Addr>,
    },
    /// More flags of a router advertisement (26): 48 bits.
    FlagsExpansion([u8; 6]),
    /// DNS search list (31).
    Dnssl {
        /// How long it may be used, in seconds; all ones is for ever.
        lifetime: u32,
        /// The domains: `example.com`.
        domains: Vec<String>,
    },
    /// Address registration (33).
    AddressRegistration(AddressRegistrationHeader),
    /// 6LoWPAN context (34): the prefix takes 8 bytes where its length is at most 64 bits, else 16.
    SixLowpanContext {
        /// The fields before the prefix.
        header: SixLowpanContextHeader,
        /// The prefix.
        prefix: Ipv6Addr,
    },
    /// Authoritative border router (35).
    BorderRouter(BorderRouterHeader),
    /// The captive portal's URI (37).
    CaptivePortal(String),
    /// NAT64 prefix (38, RFC 8781).
    Pref64 {
        /// How long it may be used, in seconds: rounded down to a multiple of 8.
        lifetime: u16,
        /// How many leading bits of the prefix are valid: 96, 64, 56, 48, 40 or 32. Any other gets the reserved code 7.
        prefix_len: u8,
        /// The prefix: its leading 96 bits.
        prefix: Ipv6Addr,
    },
    /// Resolver that takes encrypted queries (144, RFC 9463); the length of its name is filled in.
    EncryptedDns {
        /// Priority; lower is better, 0 goes without addresses and parameters.
        priority: u16,
        /// How long the resolver may be used, in seconds; all ones is for ever.
        lifetime: u32,
        /// The name by which the resolver authenticates itself.
        name: String,
        /// The resolver's addresses.
        addresses: Vec<Ipv6Addr>,
        /// The service parameters, in the form of SVCB records (RFC 9460, 2.2).
        parameters: Vec<u8>,
    },
    /// Any other option, or one of these in another form.
    Raw {
        /// Type.
        kind: NdpOptionKind,
        /// What follows type and length.
        data: Vec<u8>,
    },
}

impl NdpOption {
    /// Prefix information for a prefix on the link that addresses may be made from; lifetimes are in seconds.
    pub fn prefix(
        prefix: impl Into<Ipv6Addr>,
        prefix_len: u8,
        valid_lifetime: u32,
        preferred_lifetime: u32,
    ) -> Self {
        let mut header = PrefixInformationHeader::zeroed();
        header.set_prefix(prefix.into());
        header.set_prefix_len(prefix_len);
        header.set_on_link(true);
        header.set_autonomous(true);
        header.set_valid_lifetime(valid_lifetime);
        header.set_preferred_lifetime(preferred_lifetime);
        Self::PrefixInformation(header)
    }

    /// Route information for a prefix, `lifetime` in seconds; `preference` is 1 for high, 0 for medium, -1 for low.
    pub fn route(prefix: impl Into<Ipv6Addr>, prefix_len: u8, lifetime: u32, preference: i8) -> Self {
        let mut header = RouteInformationHeader::zeroed();
        header.set_prefix_len(prefix_len);
        header.set_preference(preference);
        header.set_lifetime(lifetime);
        Self::RouteInformation { header, prefix: prefix.into() }
    }

    /// The option's bytes: type, length, value, padding; `layer` is named in the error.
    pub(super) fn encode(&self, layer: &'static str) -> Result<Vec<u8>, BuildError> {
        // Without type and length, which are put in front at the end.
        let (kind, mut data) = match self {
            Self::SourceLinkAddress(address) => (NdpOptionKind::SOURCE_LINK_ADDRESS, address.0.to_vec()),
            Self::TargetLinkAddress(address) => (NdpOptionKind::TARGET_LINK_ADDRESS, address.0.to_vec()),
            Self::PrefixInformation(header) => {
                (NdpOptionKind::PREFIX_INFORMATION, header.as_bytes().to_vec())
            }
            Self::RedirectedHeader(packet) => {
                (NdpOptionKind::REDIRECTED_HEADER, [&[0; 6], packet.as_slice()].concat())
            }
            Self::Mtu(mtu) => (NdpOptionKind::MTU, word(*mtu)),
            Self::AdvertisementInterval(interval) => (NdpOptionKind::ADVERTISEMENT_INTERVAL, word(*interval)),
            Self::HomeAgent(header) => (NdpOptionKind::HOME_AGENT_INFORMATION, header.as_bytes().to_vec()),
            Self::SourceAddresses(addresses) => {
                (NdpOptionKind::SOURCE_ADDRESS_LIST, [word(0), octets(addresses)].concat())
            }
            Self::TargetAddresses(addresses) => {
                (NdpOptionKind::TARGET_ADDRESS_LIST, [word(0), octets(addresses)].concat())
            }
            Self::Cga { header, key } => {
                let mut header = *header;
                header.set_pad_len(pad_len(CgaHeader::LEN + key.len()));
                (NdpOptionKind::CGA, [header.as_bytes(), key].concat())
            }
            Self::RsaSignature { key_hash, signature } => {
                let mut header = RsaSignatureHeader::zeroed();
                header.set_key_hash(*key_hash);
                (NdpOptionKind::RSA_SIGNATURE, [header.as_bytes(), signature].concat())
            }
            Self::Timestamp(timestamp) => {
                (NdpOptionKind::TIMESTAMP, [&[0; 6][..], &timestamp.to_be_bytes()].concat())
            }
            Self::Nonce(nonce) => (NdpOptionKind::NONCE, nonce.clone()),
            Self::TrustAnchor { name_type, name } => {
                let start = [name_type.0, pad_len(2 + name.len())];
                (NdpOptionKind::TRUST_ANCHOR, [&start, name.as_slice()].concat())
            }
            Self::Certificate { certificate_type, certificate } => {
                (NdpOptionKind::CERTIFICATE, [&[certificate_type.0, 0], certificate.as_slice()].concat())
            }
            Self::Pvd { header, id, options } => {
                let mut data = header.as_bytes().to_vec();
                data.extend(domain_name::encode(layer, id)?);
                pad(&mut data);
                for option in options {
                    data.extend(option.encode(layer)?);
                }
                (NdpOptionKind::PVD_ID, data)
            }
            Self::Map(header) => (NdpOptionKind::MAP, header.as_bytes().to_vec()),
            Self::RouteInformation { header, prefix } => {
                // RFC 4191, 2.3: 0, 8 or 16 bytes, as the prefix's length needs.
                let len = usize::from(header.prefix_len()).div_ceil(64).min(2) * 8;
                let prefix = prefix.octets();
                let prefix = prefix.get(..len).unwrap_or_default();
                (NdpOptionKind::ROUTE_INFORMATION, [header.as_bytes(), prefix].concat())
            }
            Self::Rdnss { lifetime, servers } => {
                (NdpOptionKind::RDNSS, [word(*lifetime), octets(servers)].concat())
            }
            Self::FlagsExpansion(flags) => (NdpOptionKind::FLAGS_EXTENSION, flags.to_vec()),
            Self::Dnssl { lifetime, domains } => {
                let mut data = word(*lifetime);
                for domain in domains {
                    data.extend(domain_name::encode(layer, domain)?);
                }
                (NdpOptionKind::DNSSL, data)
            }
            Self::AddressRegistration(header) => {
                (NdpOptionKind::ADDRESS_REGISTRATION, header.as_bytes().to_vec())
            }
            Self::SixLowpanContext { header, prefix } => {
                let len = if header.context_len() <= 64 { 8 } else { 16 };
                let prefix = prefix.octets();
                let prefix = prefix.get(..len).unwrap_or_default();
                (NdpOptionKind::SIX_LOWPAN_CONTEXT, [header.as_bytes(), prefix].concat())
            }
            Self::BorderRouter(header) => {
                (NdpOptionKind::AUTHORITATIVE_BORDER_ROUTER, header.as_bytes().to_vec())
            }
            Self::CaptivePortal(uri) => (NdpOptionKind::CAPTIVE_PORTAL, uri.as_bytes().to_vec()),
            Self::Pref64 { lifetime, prefix_len, prefix } => {
                let code = match prefix_len {
                    96 => 0,
                    32 | 40 | 48 | 56 | 64 => 9 - u16::from(prefix_len / 8),
                    _ => 7,
                };
                let mut data = (lifetime & !7 | code).to_be_bytes().to_vec();
                data.extend(prefix.octets().iter().take(12));
                (NdpOptionKind::PREF64, data)
            }
            Self::EncryptedDns { priority, lifetime, name, addresses, parameters } => {
                let name = domain_name::encode(layer, name)?;
                let mut header = EncryptedDnsHeader::zeroed();
                header.set_priority(*priority);
                header.set_lifetime(*lifetime);
                header.set_name_len(name.len() as u16);
                let mut data = [header.as_bytes(), &name].concat();
                // RFC 9463, 6.1: priority 0 goes without what follows.
                if *priority != 0 || !addresses.is_empty() || !parameters.is_empty() {
                    for part in [&octets(addresses), parameters] {
                        let len = u16::try_from(part.len()).map_err(|_| {
                            BuildError::too_long(layer, "limit of an option", part.len(), MAX)
                        })?;
                        data.extend(len.to_be_bytes());
                        data.extend(part);
                    }
                }
                (NdpOptionKind::ENCRYPTED_DNS, data)
            }
            Self::Raw { kind, data } => (*kind, data.clone()),
        };
        pad(&mut data);
        let len = data.len() + 2;
        if len > MAX {
            return Err(BuildError::too_long(layer, "limit of an option", len, MAX));
        }
        data.splice(..0, [kind.0, (len / UNIT) as u8]);
        Ok(data)
    }

    /// An option of an expression.
    fn from_call(value: &FieldValue) -> Result<Self, FieldError> {
        let (name, values) = match value {
            FieldValue::Call(name, values) => (name, values.as_slice()),
            other => {
                return Err(FieldError::new(format!("needs an option, found {other}; there are {NAMES}")));
            }
        };
        let mut arguments = Arguments::new(name, values);
        let option = match name.as_str() {
            "source_link_address" => Self::SourceLinkAddress(arguments.next()?),
            "target_link_address" => Self::TargetLinkAddress(arguments.next()?),
            "prefix_information" => {
                let (prefix, prefix_len): (Ipv6Addr, u8) = (arguments.next()?, arguments.next()?);
                let option = Self::prefix(
                    prefix,
                    prefix_len,
                    arguments.next_or(FOREVER)?,
                    arguments.next_or(FOREVER)?,
                );
                match option {
                    Self::PrefixInformation(mut header) => {
                        header.set_flags(arguments.next_or(header.flags())?);
                        Self::PrefixInformation(header)
                    }
                    other => other,
                }
            }
            "redirected_header" => Self::RedirectedHeader(arguments.next()?),
            "mtu" => Self::Mtu(arguments.next()?),
            "advertisement_interval" => Self::AdvertisementInterval(arguments.next()?),
            "home_agent" => {
                let mut header = HomeAgentHeader::zeroed();
                header.set_preference(arguments.next()?);
                header.set_lifetime(arguments.next()?);
                Self::HomeAgent(header)
            }
            "source_addresses" => Self::SourceAddresses(arguments.rest()?),
            "target_addresses" => Self::TargetAddresses(arguments.rest()?),
            "timestamp" => Self::Timestamp(arguments.next()?),
            "nonce" => Self::Nonce(arguments.next()?),
            "route_information" => {
                let (prefix, prefix_len): (Ipv6Addr, u8) = (arguments.next()?, arguments.next()?);
                let lifetime = arguments.next_or(FOREVER)?;
                // There are no negative numbers: low is 3, as on the wire.
                Self::route(prefix, prefix_len, lifetime, arguments.next_or(0_u8)? as i8)
            }
            "rdnss" => Self::Rdnss { lifetime: arguments.next()?, servers: arguments.rest()? },
            "dnssl" => {
                let lifetime = arguments.next()?;
                let domains: Vec<Vec<u8>> = arguments.rest()?;
                Self::Dnssl { lifetime, domains: domains.iter().map(|domain| text(domain)).collect() }
            }
            "captive_portal" => Self::CaptivePortal(text(&arguments.next::<Vec<u8>>()?)),
            "pref64" => Self::Pref64 {
                prefix: arguments.next()?,
                prefix_len: arguments.next_or(96)?,
                lifetime: arguments.next_or(0xfff8)?,
            },
            "encrypted_dns" => Self::EncryptedDns {
                priority: arguments.next()?,
                lifetime: arguments.next()?,
                name: text(&arguments.next::<Vec<u8>>()?),
                addresses: arguments.rest()?,
                parameters: Vec::new(),
            },
            "option" => Self::Raw { kind: arguments.next()?, data: arguments.next()? },
            name => return Err(FieldError::new(format!("no option is named {name}; there are {NAMES}"))),
        };
        arguments.end(option)
    }
}

/// A lifetime that does not end.
const FOREVER: u32 = u32::MAX;

/// The options that expressions have.
const NAMES: &str = "source_link_address, target_link_address, prefix_information, redirected_header, mtu, \
                     advertisement_interval, home_agent, source_addresses, target_addresses, timestamp, nonce, \
                     route_information, rdnss, dnssl, captive_portal, pref64, encrypted_dns, option";

/// The bytes of options of an expression: bytes as they are, and options by their names.
pub(super) fn from_value(layer: &'static str, value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    let mut options = Vec::new();
    for value in each(value) {
        match value {
            FieldValue::Bytes(bytes) => options.extend(bytes),
            value => {
                let option = NdpOption::from_call(value)?.encode(layer);
                options.extend(option.map_err(|error| FieldError::new(error.to_string()))?);
            }
        }
    }
    Ok(options)
}

named!(NdpOptionKind);

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Two reserved bytes and 32 bits.
fn word(value: u32) -> Vec<u8> {
    [&[0; 2][..], &value.to_be_bytes()].concat()
}

fn octets(addresses: &[Ipv6Addr]) -> Vec<u8> {
    addresses.iter().flat_map(|address| address.octets()).collect()
}

/// How many bytes pad an option with so many bytes behind type and length.
fn pad_len(len: usize) -> u8 {
    ((len + 2).next_multiple_of(UNIT) - len - 2) as u8
}

/// Pads what stands behind type and length.
fn pad(data: &mut Vec<u8>) {
    data.resize((data.len() + 2).next_multiple_of(UNIT) - 2, 0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use pycap_wire::NdpOptions;

    fn encoded(option: &NdpOption) -> Vec<u8> {
        option.encode("icmpv6").unwrap()
    }

    fn hex(option: &NdpOption) -> String {
        encoded(option).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    fn v6(address: &str) -> Ipv6Addr {
        address.parse().unwrap()
    }

    fn map() -> MapHeader {
        let mut map = MapHeader::zeroed();
        map.set_distance(1);
        map.set_preference(2);
        map.set_regional(true);
        map.set_valid_lifetime(60);
        map.set_address(v6("2001:db8::1"));
        map
    }

    /// scapy 2.8: `ICMPv6NDOptSrcAddrList(addrlist=["2001:db8::1"])` and so on.
    #[test]
    fn the_same_bytes_as_scapy() {
        let [one, two] = [v6("2001:db8::1"), v6("2001:db8::2")];
        let options = [
            (NdpOption::SourceAddresses(vec![one]), "090300000000000020010db8000000000000000000000001"),
            (
                NdpOption::TargetAddresses(vec![one, two]),
                "0a0500000000000020010db800000000000000000000000120010db8000000000000000000000002",
            ),
            (NdpOption::FlagsExpansion([0; 6]), "1a01000000000000"),
            (
                NdpOption::Pref64 { lifetime: 800, prefix_len: 96, prefix: v6("64:ff9b::") },
                "260203200064ff9b0000000000000000",
            ),
            (
                NdpOption::CaptivePortal("https://example.com/".into()),
                "250368747470733a2f2f6578616d706c652e636f6d2f0000",
            ),
            (NdpOption::Map(map()), "170312800000003c20010db8000000000000000000000001"),
            (NdpOption::Nonce(b"ABCDEF".into()), "0e01414243444546"),
        ];
        for (option, expected) in options {
            assert_eq!(hex(&option), expected);
        }
    }

    /// What pycap-wire, which is compared with tshark, reads in each option is what was put in.
    #[test]
    fn options_are_read_back() {
        use pycap_wire::NdpOption as Read;
        let read = |option: &NdpOption, check: &dyn Fn(Read<'_>) -> bool| {
            let bytes = encoded(option);
            let options: Vec<_> = NdpOptions::new(&bytes).collect();
            assert!(options.len() == 1 && check(options[0]), "{options:?}");
        };
        let key_hash = [7; 16];
        let mut cga = CgaHeader::zeroed();
        cga.set_modifier(key_hash);
        for len in 1..20 {
            let option = NdpOption::Cga { header: cga, key: vec![5; len] };
            read(&option, &|read| matches!(read, Read::Cga { key, .. } if key == vec![5; len]));
            let anchor = NdpOption::TrustAnchor { name_type: TrustAnchorNameType::DER, name: vec![5; len] };
            read(&anchor, &|read| matches!(read, Read::TrustAnchor { name, .. } if name == vec![5; len]));
        }
        for prefix_len in [96, 64, 56, 48, 40, 32] {
            let prefix = v6("64:ff9b::");
            let option = NdpOption::Pref64 { lifetime: 807, prefix_len, prefix };
            read(&option, &|read| {
                let Read::Pref64(pref64) = read else { return false };
                (pref64.lifetime(), pref64.prefix_len(), pref64.prefix()) == (800, Some(prefix_len), prefix)
            });
        }
        for (prefix_len, len) in [(0, 8), (1, 16), (64, 16), (65, 24), (128, 24)] {
            let option = NdpOption::route(v6("2001:db8::"), prefix_len, 600, -1);
            assert_eq!(encoded(&option).len(), len);
            read(&option, &|read| {
                let Read::RouteInformation { header, .. } = read else { return false };
                (header.prefix_len(), header.preference(), header.lifetime()) == (prefix_len, -1, 600)
            });
        }
        let resolver = NdpOption::EncryptedDns {
            priority: 1,
            lifetime: 60,
            name: "dns.example".into(),
            addresses: vec![v6("2001:db8::53")],
            parameters: vec![0, 1, 0, 3, 2, b'h', b'2'],
        };
        read(&resolver, &|read| {
            let Read::EncryptedDns(dns) = read else { return false };
            dns.name().map(|name| name.to_string()).as_deref() == Some("dns.example")
                && dns.addresses().eq([v6("2001:db8::53")])
                && dns.parameters() == [0, 1, 0, 3, 2, b'h', b'2']
        });
        let mut pvd = PvdHeader::zeroed();
        pvd.set_seq(9);
        let domain =
            NdpOption::Pvd { header: pvd, id: "pvd.example".into(), options: vec![NdpOption::Mtu(1500)] };
        read(&domain, &|read| {
            let Read::Pvd(pvd) = read else { return false };
            pvd.id().map(|name| name.to_string()).as_deref() == Some("pvd.example")
                && pvd.options().eq([Read::Mtu(1500)])
        });
        read(&NdpOption::Timestamp(5), &|read| read == Read::Timestamp(5));
        read(&NdpOption::RedirectedHeader(vec![1; 8]), &|read| read == Read::RedirectedHeader(&[1; 8]));
        let signature = NdpOption::RsaSignature { key_hash, signature: vec![1; 4] };
        read(
            &signature,
            &|read| matches!(read, Read::RsaSignature { header, signature: [1, 1, 1, 1] } if header.key_hash() == key_hash),
        );
        let context = |context_len| {
            let mut header = SixLowpanContextHeader::zeroed();
            header.set_context_len(context_len);
            NdpOption::SixLowpanContext { header, prefix: v6("2001:db8::") }
        };
        for (context_len, len) in [(64, 8), (65, 16)] {
            read(
                &context(context_len),
                &|read| matches!(read, Read::SixLowpanContext { prefix, .. } if prefix.len() == len),
            );
        }
        let raw = NdpOption::Raw { kind: NdpOptionKind::EXPERIMENT_1, data: vec![1, 2] };
        assert_eq!(hex(&raw), "fd01010200000000");
    }
}
