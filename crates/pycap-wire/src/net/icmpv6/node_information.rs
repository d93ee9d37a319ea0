//! Node information queries and replies.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------------------------------+-------------------------------+
//! |             qtype             |             flags             |   (RFC 4620, 4)
//! +-------------------------------+-------------------------------+
//! |                         nonce, 64 bits                        |
//! +---------------------------------------------------------------+
//! |                              data                             |
//! +---------------------------------------------------------------+
//! ```

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::header::{header, number};
use crate::net::icmp_domain_name::DomainNames;
use crate::{Field, Visit};

header! {
    /// The own fields of a node information message: 12 bytes.
    pub struct NodeInformationHeader {
        /// What is asked for.
        qtype, set_qtype: NodeInformationType;
        /// Flags; their meaning depends on the type.
        flags, set_flags: u16;
        /// Nonce, from the query.
        nonce, set_nonce: u64;
    }
}

number! {
    /// What a node information query asks for.
    pub struct NodeInformationType(u16) {
        NOOP = 0, "no operation";
        SUPPORTED_TYPES = 1, "supported types";
        NODE_NAME = 2, "node name";
        NODE_ADDRESSES = 3, "node addresses";
        IPV4_ADDRESSES = 4, "IPv4 addresses";
    }
}

/// A node information query: whom it is about stands after its own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeInformationQuery<'a> {
    /// The fields of fixed length.
    pub header: &'a NodeInformationHeader,
    code: u8,
    data: &'a [u8],
}

/// Whom a node information query is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeInformationSubject<'a> {
    /// The node with this IPv6 address (code 0).
    Ipv6(Ipv6Addr),
    /// The node with this name (code 1).
    Name(DomainNames<'a>),
    /// The node with this IPv4 address (code 2).
    Ipv4(Ipv4Addr),
    /// Another code, or less data than its address needs: the data.
    Unknown(&'a [u8]),
}

/// A node information reply: the answer stands after its own fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NodeInformationReply<'a> {
    /// The fields of fixed length.
    pub header: &'a NodeInformationHeader,
    code: u8,
    data: &'a [u8],
}

/// The answer of a node information reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeInformationAnswer<'a> {
    /// The names of the node.
    Names {
        /// How long they may be kept, in seconds; 0 where the flag T is not set.
        ttl: u32,
        /// The names.
        names: DomainNames<'a>,
    },
    /// The IPv6 addresses of the node: time to live (4 bytes) and address (16) each.
    Ipv6(&'a [[u8; 20]]),
    /// The IPv4 addresses of the node: time to live (4 bytes) and address (4) each.
    Ipv4(&'a [[u8; 8]]),
    /// Another type of answer, or none: the data.
    Unknown(&'a [u8]),
}

impl<'a> NodeInformationQuery<'a> {
    pub(super) fn read(code: u8, body: &'a [u8]) -> Option<Self> {
        let (header, data) = NodeInformationHeader::split(body)?;
        Some(Self { header, code, data })
    }

    /// Whom the query is about.
    pub fn subject(&self) -> NodeInformationSubject<'a> {
        let subject = match self.code {
            0 => self
                .data
                .first_chunk::<16>()
                .map(|address| NodeInformationSubject::Ipv6(Ipv6Addr::from(*address))),
            1 => Some(NodeInformationSubject::Name(DomainNames::new(self.data))),
            2 => self
                .data
                .first_chunk::<4>()
                .map(|address| NodeInformationSubject::Ipv4(Ipv4Addr::from(*address))),
            _ => None,
        };
        subject.unwrap_or(NodeInformationSubject::Unknown(self.data))
    }

    /// What follows the fields of fixed length.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        self.header.fields(visit);
        match self.subject() {
            NodeInformationSubject::Ipv6(address) => visit(Field::ipv6("subject", 16, address)),
            NodeInformationSubject::Ipv4(address) => visit(Field::ipv4("subject", 16, address)),
            NodeInformationSubject::Name(names) => name_fields("subject_name", 16, names, visit),
            NodeInformationSubject::Unknown(data) => visit(Field::bytes("subject_data", 16, data)),
        }
    }
}

impl<'a> NodeInformationReply<'a> {
    pub(super) fn read(code: u8, body: &'a [u8]) -> Option<Self> {
        let (header, data) = NodeInformationHeader::split(body)?;
        Some(Self { header, code, data })
    }

    /// The answer.
    pub fn answer(&self) -> NodeInformationAnswer<'a> {
        match (self.code, self.header.qtype()) {
            (0, NodeInformationType::NODE_NAME) => match self.data.split_first_chunk() {
                Some((ttl, names)) => {
                    let ttl = u32::from_be_bytes(*ttl);
                    NodeInformationAnswer::Names { ttl, names: DomainNames::new(names) }
                }
                None => NodeInformationAnswer::Unknown(self.data),
            },
            (0, NodeInformationType::NODE_ADDRESSES) => NodeInformationAnswer::Ipv6(self.data.as_chunks().0),
            (0, NodeInformationType::IPV4_ADDRESSES) => NodeInformationAnswer::Ipv4(self.data.as_chunks().0),
            _ => NodeInformationAnswer::Unknown(self.data),
        }
    }

    /// What follows the fields of fixed length.
    pub fn data(&self) -> &'a [u8] {
        self.data
    }

    pub(super) fn fields(&self, visit: Visit<'_, 'a>) {
        self.header.fields(visit);
        let mut offset = 16;
        match self.answer() {
            NodeInformationAnswer::Names { ttl, names } => {
                visit(Field::uint("ttls", offset, ttl).repeated());
                name_fields("name", offset + 4, names, visit);
            }
            NodeInformationAnswer::Ipv6(entries) => {
                for ([a, b, c, d], address) in entries.iter().filter_map(|entry| entry.split_first_chunk()) {
                    visit(Field::uint("ttls", offset, u32::from_be_bytes([*a, *b, *c, *d])).repeated());
                    if let Some(address) = address.first_chunk::<16>() {
                        visit(Field::ipv6("addresses", offset + 4, Ipv6Addr::from(*address)).repeated());
                    }
                    offset += 20;
                }
            }
            NodeInformationAnswer::Ipv4(entries) => {
                for [a, b, c, d, address @ ..] in entries {
                    visit(Field::uint("ttls", offset, u32::from_be_bytes([*a, *b, *c, *d])).repeated());
                    visit(Field::ipv4("addresses", offset + 4, Ipv4Addr::from(*address)).repeated());
                    offset += 8;
                }
            }
            NodeInformationAnswer::Unknown([]) => {}
            NodeInformationAnswer::Unknown(data) => visit(Field::bytes("answer", 16, data)),
        }
    }
}

impl NodeInformationHeader {
    fn fields(&self, visit: Visit<'_, '_>) {
        visit(Field::uint("qtype", 4, self.qtype()).means(self.qtype().name()));
        visit(Field::hex("flags", 6, self.flags()));
        visit(Field::hex("nonce", 8, self.nonce()));
    }
}

fn name_fields<'a>(name: &'static str, mut offset: usize, names: DomainNames<'a>, visit: Visit<'_, 'a>) {
    for item in names {
        visit(Field::bytes(name, offset, item.as_bytes()).repeated());
        offset += item.as_bytes().len();
    }
}
