//! Ranges of addresses.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;
use std::str::FromStr;

use super::Random;
use crate::FieldError;

macro_rules! range {
    ($(#[$meta:meta])* $Name:ident, $Addr:ident, $number:ident, $bits:literal, $family:literal) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Name(RangeInclusive<$number>);

        impl $Name {
            /// All addresses whose first `len` bits are those of `address`, the first and the last one too.
            ///
            /// # Errors
            #[doc = concat!("`len` is more than ", $bits, ".")]
            pub fn prefix(address: impl Into<$Addr>, len: u32) -> Result<Self, FieldError> {
                let bits = address.into().to_bits();
                if len > $bits {
                    let message = format!(concat!("a prefix of ", $family, " has up to ", $bits, " bits, found {}"), len);
                    return Err(FieldError::new(message));
                }
                let free = $number::MAX.checked_shr(len).unwrap_or(0);
                Ok(Self(bits & !free..=bits | free))
            }

            /// Addresses of the range without end, in an order that depends on `seed` alone; they may come again.
            pub fn random(self, seed: u64) -> Random<$Addr> {
                Random::within(seed, $Addr::from_bits(*self.0.start())..=$Addr::from_bits(*self.0.end()))
            }
        }

        impl From<RangeInclusive<$Addr>> for $Name {
            fn from(range: RangeInclusive<$Addr>) -> Self {
                Self(range.start().to_bits()..=range.end().to_bits())
            }
        }

        impl Iterator for $Name {
            type Item = $Addr;

            #[inline]
            fn next(&mut self) -> Option<$Addr> {
                self.0.next().map($Addr::from_bits)
            }

            fn nth(&mut self, n: usize) -> Option<$Addr> {
                self.0.nth(n).map($Addr::from_bits)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        /// `address/bits`, `first-last`, or an address alone.
        impl FromStr for $Name {
            type Err = FieldError;

            fn from_str(text: &str) -> Result<Self, FieldError> {
                let address = |text: &str| {
                    $Addr::from_str(text.trim())
                        .map_err(|_| FieldError::new(format!(concat!("needs an ", $family, " address, found {:?}"), text)))
                };
                if let Some((prefix, len)) = text.split_once('/') {
                    let len = len.trim().parse().map_err(|_| {
                        FieldError::new(format!(concat!("needs a prefix length of up to ", $bits, ", found {:?}"), len))
                    })?;
                    return Self::prefix(address(prefix)?, len);
                }
                let (first, last) = text.split_once('-').unwrap_or((text, text));
                let (first, last) = (address(first)?, address(last)?);
                if first > last {
                    return Err(FieldError::new(format!("the range begins at {first}, behind its end, {last}")));
                }
                Ok(Self::from(first..=last))
            }
        }

        /// `first-last`, of what is left.
        impl fmt::Display for $Name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}-{}", $Addr::from_bits(*self.0.start()), $Addr::from_bits(*self.0.end()))
            }
        }
    };
}

range! {
    /// IPv4 addresses one after the other.
    ///
    /// ```
    /// use pycap_inject::template::Ipv4Range;
    ///
    /// let hosts: Ipv4Range = "10.0.0.0/30".parse()?;
    /// assert_eq!(hosts.clone().count(), 4);
    /// assert_eq!(hosts.last(), Some([10, 0, 0, 3].into()));
    /// # Ok::<(), pycap_inject::FieldError>(())
    /// ```
    Ipv4Range, Ipv4Addr, u32, 32, "IPv4"
}

range! {
    /// IPv6 addresses one after the other.
    Ipv6Range, Ipv6Addr, u128, 128, "IPv6"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_and_ranges() {
        let of = |text: &str| text.parse::<Ipv4Range>().unwrap();
        assert_eq!(of("10.1.2.3/8").to_string(), "10.0.0.0-10.255.255.255");
        assert_eq!(of("1.2.3.4/0").to_string(), "0.0.0.0-255.255.255.255");
        assert_eq!(of("1.2.3.4/32").collect::<Vec<_>>(), of("1.2.3.4").collect::<Vec<_>>());
        let stepped: Vec<Ipv4Addr> = of("255.255.255.250 - 255.255.255.255").step_by(5).collect();
        assert_eq!(stepped, [Ipv4Addr::new(255, 255, 255, 250), Ipv4Addr::BROADCAST]);
        let mut wide: Ipv6Range = "2001:db8::/32".parse().unwrap();
        assert_eq!(wide.nth(1 << 20), Some("2001:db8::10:0".parse().unwrap()));
        let inside = |address: Ipv6Addr| address.segments()[..2] == [0x2001, 0xdb8];
        assert!(wide.random(3).take(50).all(inside));
        assert_eq!("::/0".parse::<Ipv6Range>().unwrap().next(), Some(Ipv6Addr::UNSPECIFIED));
    }

    #[test]
    fn what_is_no_range_is_an_error() {
        let error = |text: &str| text.parse::<Ipv4Range>().unwrap_err().to_string();
        assert_eq!(error("10.0.0.0/33"), "a prefix of IPv4 has up to 32 bits, found 33");
        assert_eq!(error("10.0.0.0/x"), "needs a prefix length of up to 32, found \"x\"");
        assert_eq!(error("10.0.0"), "needs an IPv4 address, found \"10.0.0\"");
        assert_eq!(error("1.1.1.2-1.1.1.1"), "the range begins at 1.1.1.2, behind its end, 1.1.1.1");
        assert!("1.2.3.4".parse::<Ipv6Range>().is_err());
    }
}
