//! The extension structure that may follow the packet that an ICMP message quotes, and its objects.
//!
//! ```text
//!  0                   1                   2                   3
//!  0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//! +-------+-----------------------+-------------------------------+
//! |version|       reserved        |            checksum           |   (RFC 4884, 7)
//! +-------+-----------------------+---------------+---------------+
//! |             length            |     class     |    C-type     |   each object (RFC 4884, 7.1)
//! +-------------------------------+---------------+---------------+
//! |                        object's payload                       |
//! +---------------------------------------------------------------+
//! ```
//!
//! Objects: MPLS label stack (RFC 4950), interface information (RFC 5837), interface identification (RFC 8335).

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::checksum;
use crate::header::{header, number};
use crate::{Field, Value, Visit};

header! {
    /// The extension structure's header: 4 bytes.
    pub struct IcmpExtensionHeader {
        /// Version (high four bits) and reserved bits.
        version_reserved, set_version_reserved: u16;
        /// Checksum of the whole extension structure; 0 is none.
        checksum, set_checksum: u16;
    }
}

impl IcmpExtensionHeader {
    /// Version: 2; 1 in drafts of RFC 4884.
    pub fn version(&self) -> u8 {
        (self.version_reserved() >> 12) as u8
    }

    /// Sets [`version`](Self::version); the value's low four bits count.
    #[inline]
    pub fn set_version(&mut self, version: u8) {
        self.set_version_reserved(self.version_reserved() & 0x0fff | u16::from(version & 15) << 12);
    }
}

header! {
    /// An object's header: 4 bytes.
    pub struct IcmpObjectHeader {
        /// Length of the object with this header in bytes.
        length, set_length: u16;
        /// Class: what the object is.
        class, set_class: IcmpObjectClass;
        /// C-type: its form within the class.
        ctype, set_ctype: u8;
    }
}

number! {
    /// The class of an extension object.
    pub struct IcmpObjectClass(u8) {
        MPLS_LABEL_STACK = 1, "MPLS label stack";
        INTERFACE_INFORMATION = 2, "interface information";
        INTERFACE_IDENTIFICATION = 3, "interface identification";
        EXTENDED_INFORMATION = 4, "extended information";
    }
}

/// The extension structure of an ICMP message: header and objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpExtension<'a> {
    header: &'a IcmpExtensionHeader,
    objects: &'a [u8],
}

impl<'a> IcmpExtension<'a> {
    /// Takes the extension structure that starts at the first of `bytes` and ends at their end; `None` where they are less
    /// than a header, or the version is neither 2 nor 1: then they are something else.
    pub fn parse(bytes: &'a [u8]) -> Option<Self> {
        let (header, objects) = IcmpExtensionHeader::split(bytes)?;
        matches!(header.version(), 1 | 2).then_some(Self { header, objects })
    }

    /// The header's bytes as fields.
    pub fn header(&self) -> &'a IcmpExtensionHeader {
        self.header
    }

    /// The objects.
    pub fn objects(&self) -> impl Iterator<Item = IcmpObject<'a>> + use<'a> {
        RawObjects { rest: self.objects }.map(|raw| raw.object())
    }

    /// Whether the checksum is right; `None` where none was sent.
    pub fn checksum_ok(&self) -> Option<bool> {
        let sum = || checksum::sum(self.header.as_bytes()) + checksum::sum(self.objects);
        (self.header.checksum() != 0).then(|| checksum::fold(sum()) == 0xffff)
    }

    /// Calls `visit` for each field; the structure's first byte is at `offset` of the layer.
    pub(crate) fn fields(&self, mut offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::uint("ext_version", offset, self.header.version()));
        visit(Field::hex("ext_checksum", offset + 2, self.header.checksum()));
        offset += IcmpExtensionHeader::LEN;
        for raw in (RawObjects { rest: self.objects }) {
            raw.fields(offset, visit);
            offset += IcmpObjectHeader::LEN + raw.data.len();
        }
    }
}

#[derive(Clone, Copy)]
struct RawObjects<'a> {
    rest: &'a [u8],
}

#[derive(Clone, Copy)]
struct RawObject<'a> {
    header: &'a IcmpObjectHeader,
    data: &'a [u8],
}

impl<'a> Iterator for RawObjects<'a> {
    type Item = RawObject<'a>;

    fn next(&mut self) -> Option<RawObject<'a>> {
        let (header, after) = IcmpObjectHeader::split(self.rest)?;
        let Some(length) = usize::from(header.length()).checked_sub(IcmpObjectHeader::LEN) else {
            self.rest = &[];
            return Some(RawObject { header, data: after });
        };
        let (data, rest) = after.split_at_checked(length).unwrap_or((after, &[]));
        self.rest = rest;
        Some(RawObject { header, data })
    }
}

/// An object of an extension structure. Where its length goes past the end, its data is what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum IcmpObject<'a> {
    /// The MPLS label stack that the quoted packet had when it arrived (RFC 4950).
    MplsLabelStack(IcmpMplsLabels<'a>),
    /// An interface of the node that sent the message (RFC 5837).
    InterfaceInformation(InterfaceInformation<'a>),
    /// The interface that an extended echo request asks for, by name (RFC 8335, 2.1).
    InterfaceName(&'a [u8]),
    /// The interface that an extended echo request asks for, by its index.
    InterfaceIndex(u32),
    /// The interface that an extended echo request asks for, by its address: address family (IANA number) and address.
    InterfaceAddress {
        /// Address family: 1 is IPv4, 2 is IPv6, 16389 is a 48-bit MAC address.
        family: u16,
        /// The address, as long as its length field says.
        address: &'a [u8],
    },
    /// An object of another class or C-type, or one whose payload is shorter than its definition.
    Unknown {
        /// Class.
        class: IcmpObjectClass,
        /// C-type.
        ctype: u8,
        /// What follows the object's header.
        data: &'a [u8],
    },
    /// An object with a length below that of its header, and what follows it: the last one.
    Malformed {
        /// The object's header.
        header: &'a IcmpObjectHeader,
        /// What follows the object's header.
        rest: &'a [u8],
    },
}

impl<'a> RawObject<'a> {
    fn object(&self) -> IcmpObject<'a> {
        let (header, data) = (self.header, self.data);
        if usize::from(header.length()) < IcmpObjectHeader::LEN {
            return IcmpObject::Malformed { header, rest: data };
        }
        let known = match (header.class(), header.ctype()) {
            (IcmpObjectClass::MPLS_LABEL_STACK, 1) => {
                Some(IcmpObject::MplsLabelStack(IcmpMplsLabels { rest: data }))
            }
            (IcmpObjectClass::INTERFACE_INFORMATION, ctype) => {
                Some(IcmpObject::InterfaceInformation(InterfaceInformation { ctype, data }))
            }
            (IcmpObjectClass::INTERFACE_IDENTIFICATION, 1) => Some(IcmpObject::InterfaceName(data)),
            (IcmpObjectClass::INTERFACE_IDENTIFICATION, 2) => {
                data.first_chunk().map(|index| IcmpObject::InterfaceIndex(u32::from_be_bytes(*index)))
            }
            (IcmpObjectClass::INTERFACE_IDENTIFICATION, 3) => interface_address(data),
            _ => None,
        };
        known.unwrap_or(IcmpObject::Unknown { class: header.class(), ctype: header.ctype(), data })
    }

    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        let header = self.header;
        visit(Field::uint("ext_len", offset, header.length()).repeated());
        visit(Field::uint("ext_class", offset + 2, header.class()).means(header.class().name()).repeated());
        let object = self.object();
        if !matches!(object, IcmpObject::Malformed { .. }) {
            visit(Field::uint("ext_ctype", offset + 3, header.ctype()).repeated());
        }
        let mut at = offset + IcmpObjectHeader::LEN;
        match object {
            IcmpObject::MplsLabelStack(labels) => {
                for entry in labels {
                    visit(Field::uint("mpls_label", at, entry.label()).repeated());
                    visit(Field::uint("mpls_tc", at + 2, entry.traffic_class()).repeated());
                    visit(Field::uint("mpls_bottom", at + 2, u8::from(entry.bottom())).repeated());
                    visit(Field::uint("mpls_ttl", at + 3, entry.ttl()).repeated());
                    at += 4;
                }
            }
            IcmpObject::InterfaceInformation(information) => information.fields(at, visit),
            IcmpObject::InterfaceName(name) => visit(Field::bytes("if_name", at, name).repeated()),
            IcmpObject::InterfaceIndex(index) => visit(Field::uint("if_index", at, index).repeated()),
            IcmpObject::InterfaceAddress { family, address } => {
                visit(Field::uint("if_address_family", at, family).repeated());
                visit(Field::new("if_address", at + 4, address_value(family, address)).repeated());
            }
            IcmpObject::Unknown { data, .. } | IcmpObject::Malformed { rest: data, .. } => {
                if !data.is_empty() {
                    visit(Field::bytes("ext_data", at, data).repeated());
                }
            }
        }
    }
}

fn interface_address(data: &[u8]) -> Option<IcmpObject<'_>> {
    let ([a, b, length, _], rest) = data.split_first_chunk()?;
    let address = rest.get(..usize::from(*length)).unwrap_or(rest);
    Some(IcmpObject::InterfaceAddress { family: u16::from_be_bytes([*a, *b]), address })
}

fn address_value(family: u16, address: &[u8]) -> Value<'_> {
    match ip_address(family, address) {
        Some((IpAddr::V4(address), [])) => Value::Ipv4(address),
        Some((IpAddr::V6(address), [])) => Value::Ipv6(address),
        _ => Value::Bytes(address),
    }
}

/// The address of the given family at the start of `bytes`, and what follows it.
fn ip_address(family: u16, bytes: &[u8]) -> Option<(IpAddr, &[u8])> {
    match family {
        1 => bytes.split_first_chunk::<4>().map(|(address, rest)| (Ipv4Addr::from(*address).into(), rest)),
        2 => bytes.split_first_chunk::<16>().map(|(address, rest)| (Ipv6Addr::from(*address).into(), rest)),
        _ => None,
    }
}

/// The entries of an MPLS label stack object, outermost first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpMplsLabels<'a> {
    rest: &'a [u8],
}

/// An entry of an MPLS label stack (RFC 3032, 2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IcmpMplsLabel(pub u32);

impl IcmpMplsLabel {
    /// Label, 20 bits.
    pub fn label(self) -> u32 {
        self.0 >> 12
    }

    /// Traffic class, 3 bits.
    pub fn traffic_class(self) -> u8 {
        (self.0 >> 9) as u8 & 7
    }

    /// Whether the entry is the bottom of the stack.
    pub fn bottom(self) -> bool {
        self.0 & 0x100 != 0
    }

    /// Time to live.
    pub fn ttl(self) -> u8 {
        self.0 as u8
    }
}

impl Iterator for IcmpMplsLabels<'_> {
    type Item = IcmpMplsLabel;

    fn next(&mut self) -> Option<IcmpMplsLabel> {
        let (entry, rest) = self.rest.split_first_chunk()?;
        self.rest = rest;
        Some(IcmpMplsLabel(u32::from_be_bytes(*entry)))
    }
}

/// An interface, as its C-type's bits say: role, then index, address, name and MTU where they are there (RFC 5837, 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InterfaceInformation<'a> {
    ctype: u8,
    data: &'a [u8],
}

number! {
    /// Which interface of the sender an interface information object is about.
    pub struct InterfaceRole(u8) {
        INCOMING = 0, "incoming interface";
        INCOMING_SUB_IP = 1, "sub-IP component of incoming interface";
        OUTGOING = 2, "outgoing interface";
        NEXT_HOP = 3, "next hop";
    }
}

/// The parts of an interface information object: where each begins in the object's payload, and its value.
#[derive(Default)]
struct Parts<'a> {
    index: Option<(usize, u32)>,
    family: Option<(usize, u16)>,
    address: Option<(usize, IpAddr)>,
    name: Option<(usize, &'a [u8])>,
    mtu: Option<(usize, u32)>,
}

impl<'a> InterfaceInformation<'a> {
    /// Which interface of the sender it is.
    pub fn role(&self) -> InterfaceRole {
        InterfaceRole(self.ctype >> 6)
    }

    /// The interface's index (SNMP ifIndex).
    pub fn index(&self) -> Option<u32> {
        self.parts().index.map(|(_, index)| index)
    }

    /// The interface's address, if it is IPv4 or IPv6.
    pub fn address(&self) -> Option<IpAddr> {
        self.parts().address.map(|(_, address)| address)
    }

    /// The interface's name, UTF-8, without the zero bytes that pad it.
    pub fn name(&self) -> Option<&'a [u8]> {
        self.parts().name.map(|(_, name)| name)
    }

    /// The interface's MTU in bytes.
    pub fn mtu(&self) -> Option<u32> {
        self.parts().mtu.map(|(_, mtu)| mtu)
    }

    /// The parts, as far as they are there and their lengths hold: an address of an unknown family hides what follows it.
    fn parts(&self) -> Parts<'a> {
        let mut parts = Parts::default();
        let _ = self.read(&mut parts);
        parts
    }

    fn read(&self, parts: &mut Parts<'a>) -> Option<()> {
        let mut rest = self.data;
        let at = |rest: &[u8]| self.data.len().saturating_sub(rest.len());
        let has = |bit: u8| self.ctype & bit != 0;
        if has(8) {
            let (index, after) = rest.split_first_chunk()?;
            parts.index = Some((at(rest), u32::from_be_bytes(*index)));
            rest = after;
        }
        if has(4) {
            let ([a, b, _, _], after) = rest.split_first_chunk()?;
            let family = u16::from_be_bytes([*a, *b]);
            parts.family = Some((at(rest), family));
            let (address, end) = ip_address(family, after)?;
            parts.address = Some((at(after), address));
            rest = end;
        }
        if has(2) {
            // The length counts its own byte and the padding.
            let length = usize::from(*rest.first()?).max(1);
            let (name, after) = rest.split_at_checked(length)?;
            let name = name.get(1..).unwrap_or_default();
            let padding = name.iter().rev().take_while(|byte| **byte == 0).count();
            parts.name = Some((at(rest) + 1, name.get(..name.len() - padding).unwrap_or_default()));
            rest = after;
        }
        if has(1) {
            let mtu = rest.first_chunk()?;
            parts.mtu = Some((at(rest), u32::from_be_bytes(*mtu)));
        }
        Some(())
    }

    fn fields(&self, offset: usize, visit: Visit<'_, 'a>) {
        visit(Field::uint("if_role", offset - 1, self.role()).means(self.role().name()).repeated());
        let parts = self.parts();
        if let Some((at, index)) = parts.index {
            visit(Field::uint("if_index", offset + at, index).repeated());
        }
        if let Some((at, family)) = parts.family {
            visit(Field::uint("if_address_family", offset + at, family).repeated());
        }
        match parts.address {
            Some((at, IpAddr::V4(address))) => {
                visit(Field::ipv4("if_address", offset + at, address).repeated())
            }
            Some((at, IpAddr::V6(address))) => {
                visit(Field::ipv6("if_address", offset + at, address).repeated())
            }
            None => {}
        }
        if let Some((at, name)) = parts.name {
            visit(Field::bytes("if_name", offset + at, name).repeated());
        }
        if let Some((at, mtu)) = parts.mtu {
            visit(Field::uint("if_mtu", offset + at, mtu).repeated());
        }
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn mpls_label_stack() {
        // Version 2, one object of 12 bytes with two entries: labels 16 and 1000.
        let bytes =
            [0x20, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x01, 0x01, 0x00, 0x01, 0x00, 0x01, 0x00, 0x3e, 0x8b, 0xff];
        let extension = IcmpExtension::parse(&bytes).unwrap();
        assert_eq!(extension.checksum_ok(), None);
        let objects: Vec<_> = extension.objects().collect();
        let [IcmpObject::MplsLabelStack(labels)] = objects[..] else { panic!("{objects:?}") };
        let entries: Vec<_> = labels.map(|e| (e.label(), e.traffic_class(), e.bottom(), e.ttl())).collect();
        assert_eq!(entries, [(16, 0, false, 1), (1000, 5, true, 255)]);
    }

    #[test]
    fn interface_information_with_all_parts() {
        // Outgoing interface, index 7, 10.1.2.3, "eth0" padded to 8, MTU 1500 (RFC 5837, 4.1 to 4.4).
        let bytes = [
            0x20, 0x00, 0x00, 0x00, 0x00, 0x1c, 0x02, 0x8f, 0, 0, 0, 7, 0, 1, 0, 0, 10, 1, 2, 3, 8, b'e',
            b't', b'h', b'0', 0, 0, 0, 0, 0, 5, 220,
        ];
        let object = IcmpExtension::parse(&bytes).unwrap().objects().next().unwrap();
        let IcmpObject::InterfaceInformation(information) = object else { panic!("{object:?}") };
        assert_eq!(information.role(), InterfaceRole::OUTGOING);
        assert_eq!(information.index(), Some(7));
        assert_eq!(information.address(), Some(Ipv4Addr::new(10, 1, 2, 3).into()));
        assert_eq!(information.name(), Some(&b"eth0"[..]));
        assert_eq!(information.mtu(), Some(1500));
    }

    #[test]
    fn lengths_that_lie() {
        let object =
            |bytes: &'static [u8]| IcmpExtension::parse(bytes).unwrap().objects().collect::<Vec<_>>();
        assert!(matches!(
            object(&[0x20, 0, 0, 0, 0, 3, 1, 1, 9, 9])[..],
            [IcmpObject::Malformed { rest: [9, 9], .. }]
        ));
        assert!(matches!(
            object(&[0x20, 0, 0, 0, 0xff, 0xff, 9, 1, 7])[..],
            [IcmpObject::Unknown { data: [7], .. }]
        ));
        assert!(matches!(
            object(&[0x20, 0, 0, 0, 0, 6, 3, 2, 9, 9])[..],
            [IcmpObject::Unknown { data: [9, 9], .. }]
        ));
        assert_eq!(IcmpExtension::parse(&[0x30, 0, 0, 0]), None);
    }
}
