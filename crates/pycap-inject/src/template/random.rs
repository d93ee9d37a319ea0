//! Random values that are the same on every machine.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use pycap_wire::MacAddr;

/// Random values without end, the same for the same seed on every machine.
///
/// The generator is SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014), which is not
/// for secrets. Of a range each value is as likely as any other but for one part in 2^64 times its width (2^128 where the
/// range is wider than 2^64).
///
/// ```
/// use pycap_inject::template::Random;
///
/// let ports: Vec<u16> = Random::within(7, 1024..=65535).take(3).collect();
/// assert_eq!(ports, Random::within(7, 1024..=65535).take(3).collect::<Vec<u16>>());
/// ```
#[derive(Debug, Clone)]
pub struct Random<T> {
    state: u64,
    range: RangeInclusive<T>,
}

impl<T: RandomValue> Random<T> {
    /// Any values.
    pub fn new(seed: u64) -> Self {
        Self::within(seed, T::from_number(0)..=T::from_number(u128::MAX))
    }

    /// Values of a range; none if it is empty.
    pub fn within(seed: u64, range: RangeInclusive<T>) -> Self {
        Self { state: seed, range }
    }

    fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
}

impl<T: RandomValue> Iterator for Random<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        let first = self.range.start().number();
        let more = self.range.end().number().checked_sub(first)?;
        let step = if more <= u64::MAX.into() {
            (u128::from(self.bits()) * (more + 1)) >> 64
        } else {
            let wide = u128::from(self.bits()) << 64 | u128::from(self.bits());
            more.checked_add(1).map_or(wide, |width| wide % width)
        };
        Some(T::from_number(first + step))
    }
}

/// A type of which there are random values.
pub trait RandomValue: number::RandomValue {}

impl<T: number::RandomValue> RandomValue for T {}

mod number {
    use super::{Ipv4Addr, Ipv6Addr, MacAddr};

    pub trait RandomValue: Copy {
        fn number(self) -> u128;
        /// The value of the low bits.
        fn from_number(number: u128) -> Self;
    }

    macro_rules! values {
        ($($t:ty, $number:expr, $from:expr;)*) => {$(
            impl RandomValue for $t {
                fn number(self) -> u128 {
                    $number(self).into()
                }
                fn from_number(number: u128) -> Self {
                    $from(number)
                }
            }
        )*};
    }
    values! {
        u8, u128::from, |number| number as u8;
        u16, u128::from, |number| number as u16;
        u32, u128::from, |number| number as u32;
        u64, u128::from, |number| number as u64;
        u128, u128::from, u128::from;
        Ipv4Addr, Ipv4Addr::to_bits, |number| Ipv4Addr::from_bits(number as u32);
        Ipv6Addr, Ipv6Addr::to_bits, Ipv6Addr::from_bits;
        MacAddr, mac_number, mac;
    }

    fn mac_number(mac: MacAddr) -> u64 {
        mac.octets().iter().fold(0, |number, octet| number << 8 | u64::from(*octet))
    }

    fn mac(number: u128) -> MacAddr {
        let octets = (number as u64).to_be_bytes();
        MacAddr(octets.last_chunk().copied().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the reference implementation prints for seed 1234567.
    #[test]
    fn the_generator_is_splitmix64() {
        let expected = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
            4_593_380_528_125_082_431,
            16_408_922_859_458_223_821,
        ];
        assert_eq!(Random::<u64>::new(1_234_567).take(5).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn values_are_within_their_range_and_reach_its_ends() {
        let values: Vec<u8> = Random::within(1, 5..=9).take(200).collect();
        assert_eq!((values.iter().min(), values.iter().max()), (Some(&5), Some(&9)));
        let one = Ipv6Addr::LOCALHOST;
        assert!(Random::within(1, one..=one).take(20).all(|address| address == one));
        assert_eq!(
            Random::within(1, MacAddr::BROADCAST..=MacAddr::BROADCAST).next(),
            Some(MacAddr::BROADCAST)
        );
        let wide = Ipv6Addr::from_bits(1 << 100)..=Ipv6Addr::from_bits((1 << 100) + (1 << 70));
        assert!(Random::within(1, wide.clone()).take(200).all(|address| wide.contains(&address)));
        assert_ne!(Random::<u128>::new(1).next(), Random::<u128>::new(2).next());
        #[allow(clippy::reversed_empty_ranges, reason = "what is tested")]
        let empty = Random::<u16>::within(1, 9..=5).next();
        assert_eq!(empty, None);
    }
}
