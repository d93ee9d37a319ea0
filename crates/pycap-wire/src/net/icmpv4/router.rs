//! Router advertisements, with the extensions of mobile IP agents.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +---------------+---------------+-------------------------------+
//! |number of addrs|  entry size   |            lifetime           |   (RFC 1256, 3)
//! +---------------+---------------+-------------------------------+
//! |               router address, preference level                |   each entry; its size is in 32-bit words: 2
//! +---------------+---------------+-------------------------------+
//! |      type     |     length    |  ...                              each extension (RFC 5944, 1.9.2, 2.1)
//! +---------------+---------------+-------------------------------+
//! ```

use core::net::Ipv4Addr;

use crate::header::header;
use crate::{Field, Visit};

header! {
    /// The own fields of a router advertisement before the addresses: 4 bytes.
    pub struct RouterAdvertisementHeader {
        /// Number of router addresses.
        count, set_count: u8;
        /// Size of each entry in 32-bit words: 2, address and preference level.
        entry_size, set_entry_size: u8;
        /// How long the addresses are valid, in seconds.
        lifetime, set_lifetime: u16;
    }
}

impl RouterAdvertisementHeader {
    /// The length of the addresses in bytes, as the header claims it.
    pub fn entries_len(&self) -> usize {
        usize::from(self.count()) * usize::from(self.entry_size()) * 4
    }
}

/// A router advertisement: its addresses, and extensions of a mobile IP agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterAdvertisement<'a> {
    header: &'a RouterAdvertisementHeader,
    entries: &'a [u8],
    extensions: &'a [u8],
}

impl<'a> RouterAdvertisement<'a> {
    pub(super) fn read(body: &'a [u8]) -> Option<Self> {
        let (header, rest) = RouterAdvertisementHeader::split(body)?;
        let (entries, extensions) = rest.split_at_checked(header.entries_len()).unwrap_or((rest, &[]));
        Some(Self { header, entries, extensions })
    }

    /// The length in bytes of the fields before the addresses, and of the addresses.
    pub(super) fn claimed_len(&self) -> usize {
        RouterAdvertisementHeader::LEN + self.header.entries_len()
    }

    /// The fields before the addresses.
    pub fn header(&self) -> &'a RouterAdvertisementHeader {
        self.header
    }

    /// The router addresses, as far as they are there.
    pub fn addresses(&self) -> RouterAddresses<'a> {
        RouterAddresses { size: usize::from(self.header.entry_size()) * 4, rest: self.entries }
    }

    /// What follows the addresses: extensions of a mobile IP agent.
    pub fn extensions(&self) -> AgentExtensions<'a> {
        AgentExtensions { rest: self.extensions }
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        let header = self.header;
        visit(Field::uint("count", 4, header.count()));
        visit(Field::uint("entry_size", 5, header.entry_size()));
        visit(Field::uint("lifetime", 6, header.lifetime()));
        let mut offset = 8;
        for entry in self.addresses() {
            visit(Field::ipv4("router", offset, entry.address).repeated());
            visit(Field::uint("preference", offset + 4, entry.preference as u32).repeated());
            offset += usize::from(header.entry_size()) * 4;
        }
        offset = 8 + self.entries.len();
        for extension in self.extensions() {
            offset += extension.fields(offset, visit);
        }
    }
}

/// An iterator over the addresses of a router advertisement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterAddresses<'a> {
    size: usize,
    rest: &'a [u8],
}

/// A router, and how much it wants to be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RouterAddress {
    /// The router's address.
    pub address: Ipv4Addr,
    /// Preference level: higher is better; `i32::MIN` is never a default router.
    pub preference: i32,
}

impl Iterator for RouterAddresses<'_> {
    type Item = RouterAddress;

    fn next(&mut self) -> Option<RouterAddress> {
        let (entry, rest) = self.rest.split_at_checked(self.size)?;
        let ([a, b, c, d, p, q, r, s], _) = entry.split_first_chunk()?;
        self.rest = rest;
        Some(RouterAddress {
            address: Ipv4Addr::new(*a, *b, *c, *d),
            preference: i32::from_be_bytes([*p, *q, *r, *s]),
        })
    }
}

header! {
    /// The mobility agent advertisement extension after type and length, without its care-of addresses: 6 bytes.
    pub struct MobilityAgentHeader {
        /// Number of advertisements since the agent started.
        seq, set_seq: u16;
        /// The longest registration that the agent accepts, in seconds.
        lifetime, set_lifetime: u16;
        /// From the highest bit: registration required, busy, home agent, foreign agent, minimal encapsulation, GRE,
        /// reserved, reverse tunneling, UDP tunneling, revocation; then reserved.
        flags, set_flags: u16;
    }
}

/// An iterator over the extensions that follow the addresses of a router advertisement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AgentExtensions<'a> {
    rest: &'a [u8],
}

/// An extension of a mobile IP agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AgentExtension<'a> {
    /// A single byte of padding (0).
    Padding,
    /// Mobility agent advertisement (16).
    MobilityAgent {
        /// The fields of fixed length.
        header: &'a MobilityAgentHeader,
        /// Care-of addresses of a foreign agent, 4 bytes each.
        care_of: &'a [u8],
    },
    /// The prefix lengths of the router addresses, in their order (19).
    PrefixLengths(&'a [u8]),
    /// A challenge (24, RFC 4721).
    Challenge(&'a [u8]),
    /// An extension of another type, or one that is shorter than its definition.
    Unknown {
        /// Type.
        kind: u8,
        /// What follows type and length.
        data: &'a [u8],
    },
    /// The rest, where an extension's length goes past the end.
    Malformed(&'a [u8]),
}

impl<'a> Iterator for AgentExtensions<'a> {
    type Item = AgentExtension<'a>;

    fn next(&mut self) -> Option<AgentExtension<'a>> {
        let all = self.rest;
        let (kind, after) = all.split_first()?;
        if *kind == 0 {
            self.rest = after;
            return Some(AgentExtension::Padding);
        }
        let split =
            after.split_first().and_then(|(length, after)| after.split_at_checked(usize::from(*length)));
        let Some((data, rest)) = split else {
            self.rest = &[];
            return Some(AgentExtension::Malformed(all));
        };
        self.rest = rest;
        let unknown = AgentExtension::Unknown { kind: *kind, data };
        Some(match kind {
            16 => MobilityAgentHeader::split(data)
                .map_or(unknown, |(header, care_of)| AgentExtension::MobilityAgent { header, care_of }),
            19 => AgentExtension::PrefixLengths(data),
            24 => AgentExtension::Challenge(data),
            _ => unknown,
        })
    }
}

impl<'a> AgentExtension<'a> {
    /// Calls `visit` for each field, and tells the extension's length in bytes.
    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) -> usize {
        let (kind, name, data) = match *self {
            Self::Padding => {
                visit(Field::uint("agent_ext_type", offset, 0_u8).repeated());
                return 1;
            }
            Self::MobilityAgent { header, care_of } => {
                visit(Field::uint("agent_ext_type", offset, 16_u8).repeated());
                visit(Field::uint("agent_ext_len", offset + 1, (6 + care_of.len()) as u64).repeated());
                visit(Field::uint("agent_seq", offset + 2, header.seq()).repeated());
                visit(Field::uint("agent_lifetime", offset + 4, header.lifetime()).repeated());
                visit(Field::hex("agent_flags", offset + 6, header.flags()).repeated());
                for (index, address) in care_of.as_chunks::<4>().0.iter().enumerate() {
                    let address = Ipv4Addr::from(*address);
                    visit(Field::ipv4("agent_care_of", offset + 8 + index * 4, address).repeated());
                }
                return 8 + care_of.len();
            }
            Self::PrefixLengths(data) => (19, "agent_prefix_lengths", data),
            Self::Challenge(data) => (24, "agent_challenge", data),
            Self::Unknown { kind, data } => (kind, "agent_ext_data", data),
            Self::Malformed(rest) => {
                visit(Field::bytes("agent_ext_rest", offset, rest).repeated());
                return rest.len();
            }
        };
        visit(Field::uint("agent_ext_type", offset, kind).repeated());
        visit(Field::uint("agent_ext_len", offset + 1, data.len() as u64).repeated());
        visit(Field::bytes(name, offset + 2, data).repeated());
        2 + data.len()
    }
}
