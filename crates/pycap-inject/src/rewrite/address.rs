//! One address, or prefix, for another.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::{SendError, SendErrorKind};

/// Addresses of IP that others take the place of: one for one, or all of a prefix, whose other bits stay.
///
/// As text, `10.0.0.1=192.0.2.9`, or `2001:db8::/32=fd00::/32`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MapIp(Map);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Map {
    V4 { from: u32, to: u32, mask: u32 },
    V6 { from: u128, to: u128, mask: u128 },
}

impl MapIp {
    /// The addresses that have the first `bits` bits of `from` get those of `to`.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::InvalidSetting`] for two addresses of which one is IPv4 and the other IPv6, and for more bits than there are.
    pub fn new(from: IpAddr, to: IpAddr, bits: u8) -> Result<Self, SendError> {
        let most = if from.is_ipv4() { 32 } else { 128 };
        if bits > most {
            return Err(invalid(format!("a prefix of {bits} bits: {from} has {most}")));
        }
        match (from, to) {
            (IpAddr::V4(from), IpAddr::V4(to)) => {
                let mask = u32::MAX.checked_shl(32 - u32::from(bits)).unwrap_or(0);
                Ok(Self(Map::V4 { from: from.to_bits() & mask, to: to.to_bits() & mask, mask }))
            }
            (IpAddr::V6(from), IpAddr::V6(to)) => {
                let mask = u128::MAX.checked_shl(128 - u32::from(bits)).unwrap_or(0);
                Ok(Self(Map::V6 { from: from.to_bits() & mask, to: to.to_bits() & mask, mask }))
            }
            _ => Err(invalid(format!("{from} and {to}: two addresses of IPv4 or two of IPv6 are needed"))),
        }
    }

    #[inline]
    pub(super) fn v4(self, address: [u8; 4]) -> Option<[u8; 4]> {
        let address = u32::from_be_bytes(address);
        match self.0 {
            Map::V4 { from, to, mask } if address & mask == from => {
                Some((to | address & !mask).to_be_bytes())
            }
            _ => None,
        }
    }

    #[inline]
    pub(super) fn v6(self, address: [u8; 16]) -> Option<[u8; 16]> {
        let address = u128::from_be_bytes(address);
        match self.0 {
            Map::V6 { from, to, mask } if address & mask == from => {
                Some((to | address & !mask).to_be_bytes())
            }
            _ => None,
        }
    }
}

impl FromStr for MapIp {
    type Err = SendError;

    fn from_str(text: &str) -> Result<Self, SendError> {
        let needed = || {
            invalid(format!("{text:?}: two addresses or prefixes are needed, as in 10.0.0.0/8=172.16.0.0/8"))
        };
        let (from, to) = text.split_once('=').ok_or_else(needed)?;
        let parse = |text: &str| -> Option<(IpAddr, Option<u8>)> {
            match text.split_once('/') {
                Some((address, bits)) => Some((address.parse().ok()?, Some(bits.parse().ok()?))),
                None => Some((text.parse().ok()?, None)),
            }
        };
        let ((from, bits), (to, to_bits)) = parse(from).zip(parse(to)).ok_or_else(needed)?;
        let all = if from.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(all);
        if to_bits.is_some_and(|to_bits| to_bits != bits) {
            return Err(invalid(format!("{text:?}: two prefixes of the same length are needed")));
        }
        Self::new(from, to, bits)
    }
}

/// `10.0.0.0/8=172.0.0.0/8`
impl fmt::Display for MapIp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to, bits, all): (IpAddr, IpAddr, _, _) = match self.0 {
            Map::V4 { from, to, mask } => {
                (Ipv4Addr::from_bits(from).into(), Ipv4Addr::from_bits(to).into(), mask.count_ones(), 32)
            }
            Map::V6 { from, to, mask } => {
                (Ipv6Addr::from_bits(from).into(), Ipv6Addr::from_bits(to).into(), mask.count_ones(), 128)
            }
        };
        if bits == all { write!(f, "{from}={to}") } else { write!(f, "{from}/{bits}={to}/{bits}") }
    }
}

fn invalid(message: String) -> SendError {
    SendError::new(SendErrorKind::InvalidSetting, message)
}
