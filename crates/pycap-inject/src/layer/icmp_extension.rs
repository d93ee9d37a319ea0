//! The extension structure of ICMP messages (RFC 4884, 7), written object by object.

use std::net::IpAddr;

use pycap_wire::checksum;
use pycap_wire::net::icmp_extension::{
    IcmpExtensionHeader, IcmpMplsLabel, IcmpObjectClass, IcmpObjectHeader, InterfaceRole,
};

use super::arguments::{Arguments, each};
use crate::value::FromValue;
use crate::{BuildError, FieldError, FieldValue};

/// The version of extension structures (RFC 4884, 7).
const VERSION: u8 = 2;

/// An object of an extension structure.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum IcmpObject {
    /// The MPLS label stack that the quoted packet had when it arrived, outermost first (RFC 4950).
    MplsLabelStack(Vec<IcmpMplsLabel>),
    /// An interface of the node that sends the message (RFC 5837).
    InterfaceInformation {
        /// Which interface it is.
        role: InterfaceRole,
        /// Its index (SNMP ifIndex).
        index: Option<u32>,
        /// Its address.
        address: Option<IpAddr>,
        /// Its name: at most 63 bytes with what pads it.
        name: Option<String>,
        /// Its MTU in bytes.
        mtu: Option<u32>,
    },
    /// The interface that an extended echo request asks for, by its name (RFC 8335, 2.1); padded to whole words.
    InterfaceName(String),
    /// The interface that an extended echo request asks for, by its index.
    InterfaceIndex(u32),
    /// The interface that an extended echo request asks for, by its address; padded to whole words.
    InterfaceAddress {
        /// Address family (IANA number): 1 is IPv4, 2 is IPv6, 16389 is a 48-bit MAC address.
        family: u16,
        /// The address.
        address: Vec<u8>,
    },
    /// Any other object.
    Raw {
        /// Class.
        class: IcmpObjectClass,
        /// C-type.
        ctype: u8,
        /// What follows the object's header.
        data: Vec<u8>,
    },
}

impl From<IpAddr> for IcmpObject {
    /// The interface that has the address.
    fn from(address: IpAddr) -> Self {
        let (family, address) = family_and_address(address);
        Self::InterfaceAddress { family, address }
    }
}

fn family_and_address(address: IpAddr) -> (u16, Vec<u8>) {
    match address {
        IpAddr::V4(address) => (1, address.octets().to_vec()),
        IpAddr::V6(address) => (2, address.octets().to_vec()),
    }
}

/// Zero bytes up to a whole word.
fn pad(data: &mut Vec<u8>) {
    data.resize(data.len().next_multiple_of(4), 0);
}

impl IcmpObject {
    /// Class, C-type, and what follows them.
    fn parts(&self, layer: &'static str) -> Result<(IcmpObjectClass, u8, Vec<u8>), BuildError> {
        Ok(match self {
            Self::MplsLabelStack(labels) => {
                let data = labels.iter().flat_map(|label| label.0.to_be_bytes()).collect();
                (IcmpObjectClass::MPLS_LABEL_STACK, 1, data)
            }
            Self::InterfaceInformation { role, index, address, name, mtu } => {
                let mut ctype = role.0 << 6;
                let mut data = Vec::new();
                if let Some(index) = index {
                    ctype |= 8;
                    data.extend(index.to_be_bytes());
                }
                if let Some(address) = address {
                    ctype |= 4;
                    let (family, address) = family_and_address(*address);
                    data.extend(family.to_be_bytes());
                    data.extend([0, 0]);
                    data.extend(address);
                }
                if let Some(name) = name {
                    ctype |= 2;
                    // RFC 5837, 4.3: the length counts itself and the padding, and is at most 64.
                    let len = (1 + name.len()).next_multiple_of(4);
                    if len > 64 {
                        return Err(BuildError::too_long(layer, "limit of an interface's name", len, 64));
                    }
                    data.push(len as u8);
                    data.extend(name.as_bytes());
                    pad(&mut data);
                }
                if let Some(mtu) = mtu {
                    ctype |= 1;
                    data.extend(mtu.to_be_bytes());
                }
                (IcmpObjectClass::INTERFACE_INFORMATION, ctype, data)
            }
            Self::InterfaceName(name) => {
                let mut data = name.as_bytes().to_vec();
                pad(&mut data);
                (IcmpObjectClass::INTERFACE_IDENTIFICATION, 1, data)
            }
            Self::InterfaceIndex(index) => {
                (IcmpObjectClass::INTERFACE_IDENTIFICATION, 2, index.to_be_bytes().to_vec())
            }
            Self::InterfaceAddress { family, address } => {
                let len = u8::try_from(address.len()).map_err(|_| {
                    BuildError::too_long(layer, "length of an interface's address", address.len(), 0xff)
                })?;
                let mut data = family.to_be_bytes().to_vec();
                data.extend([len, 0]);
                data.extend(address);
                pad(&mut data);
                (IcmpObjectClass::INTERFACE_IDENTIFICATION, 3, data)
            }
            Self::Raw { class, ctype, data } => (*class, *ctype, data.clone()),
        })
    }

    /// Adds the object to an extension structure, which begins with it where it is the first, and sums that up anew.
    pub(super) fn add_to(&self, layer: &'static str, extension: &mut Vec<u8>) -> Result<(), BuildError> {
        let (class, ctype, data) = self.parts(layer)?;
        let len = IcmpObjectHeader::LEN + data.len();
        if len > 0xffff {
            return Err(BuildError::too_long(layer, "length of an extension object", len, 0xffff));
        }
        if extension.is_empty() {
            let mut header = IcmpExtensionHeader::zeroed();
            header.set_version(VERSION);
            extension.extend(header.as_bytes());
        }
        let mut header = IcmpObjectHeader::zeroed();
        header.set_length(len as u16);
        header.set_class(class);
        header.set_ctype(ctype);
        extension.extend(header.as_bytes());
        extension.extend(data);
        if let Some((header, _)) = IcmpExtensionHeader::split_mut(extension) {
            header.set_checksum(0);
        }
        let sum = checksum::internet(extension);
        if let Some((header, _)) = IcmpExtensionHeader::split_mut(extension) {
            header.set_checksum(sum);
        }
        Ok(())
    }

    /// An object of an expression: `mpls(16, 0, 1, 255)`, `interface_name("eth0")`, `interface_index(2)`,
    /// `interface_address(10.0.0.1)`, `object(1, 1, "bytes")`.
    fn from_call(value: &FieldValue) -> Result<Self, FieldError> {
        let FieldValue::Call(name, values) = value else {
            return Err(FieldError::new(format!("needs {OBJECTS}, found {value}")));
        };
        let mut arguments = Arguments::new(name, values);
        let object = match name.as_str() {
            "mpls" => {
                let label: u32 = arguments.next()?;
                let traffic_class: u8 = arguments.next_or(0)?;
                let bottom: bool = arguments.next_or(true)?;
                let ttl: u8 = arguments.next_or(255)?;
                let label = (label & 0xf_ffff) << 12 | u32::from(traffic_class & 7) << 9;
                let label = label | u32::from(bottom) << 8 | u32::from(ttl);
                Self::MplsLabelStack(vec![IcmpMplsLabel(label)])
            }
            "interface_name" => {
                let name: Vec<u8> = arguments.next()?;
                Self::InterfaceName(String::from_utf8_lossy(&name).into_owned())
            }
            "interface_index" => Self::InterfaceIndex(arguments.next()?),
            "interface_address" => arguments.next::<IpAddr>()?.into(),
            "object" => Self::Raw {
                class: IcmpObjectClass(arguments.next()?),
                ctype: arguments.next()?,
                data: arguments.next()?,
            },
            name => return Err(FieldError::new(format!("no object is named {name}; there are {OBJECTS}"))),
        };
        arguments.end(object)
    }
}

/// The objects that expressions have.
const OBJECTS: &str = "mpls, interface_name, interface_index, interface_address, object";

/// An extension structure of an expression: bytes as they are, or objects.
pub(super) fn from_value(layer: &'static str, value: &FieldValue) -> Result<Vec<u8>, FieldError> {
    if let FieldValue::Bytes(bytes) = value {
        return Ok(bytes.clone());
    }
    let mut extension = Vec::new();
    for value in each(value) {
        IcmpObject::from_call(value)?
            .add_to(layer, &mut extension)
            .map_err(|error| FieldError::new(error.to_string()))?;
    }
    Ok(extension)
}

impl FromValue for IpAddr {
    const TAKES: &'static str = "IP address";
    fn from_value(value: &FieldValue) -> Result<Self, FieldError> {
        match value {
            FieldValue::Ipv4(address) => Ok((*address).into()),
            FieldValue::Ipv6(address) => Ok((*address).into()),
            other => Err(FieldError::new(format!("needs an IP address, found {other}"))),
        }
    }
}
