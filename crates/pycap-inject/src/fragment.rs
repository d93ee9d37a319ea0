//! IP packets cut into fragments.

use std::error;
use std::fmt;

use pycap_wire::{
    IpProtocol, Ipv4, Ipv4Header, Ipv4Option, Ipv6FragmentHeader, Layer, LinkType, Located, Packet, checksum,
};

/// What offsets of fragments count, in bytes: pieces but the last are a multiple of it.
const UNIT: usize = 8;

/// The fragments of an IP packet, each with the link header before it: RFC 791, 3.2, and RFC 8200, 4.5.
///
/// ```
/// use pycap_inject::{Fragments, Layer, layer};
/// use pycap_wire::LinkType;
///
/// let packet = (layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(7), layer::Udp::new(1, 2), vec![0; 4000]).build()?;
/// let mut fragments = Fragments::new(LinkType::RAW, &packet, 1500)?;
/// let mut lengths = Vec::new();
/// while let Some(fragment) = fragments.next() {
///     lengths.push(fragment.len());
/// }
/// assert_eq!(lengths, [1500, 1500, 1068]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Fragments<'p> {
    /// The link header, the IP header and what else stands before the fragments' own part; of later ones, if that is another.
    first: Vec<u8>,
    later: Vec<u8>,
    ip: usize,
    family: Family,
    payload: &'p [u8],
    /// How many bytes of the payload fit: into the first, into later ones.
    most: [usize; 2],
    at: usize,
    done: bool,
    fragment: Vec<u8>,
}

#[derive(Debug, Clone, Copy)]
enum Family {
    /// What the packet's own flags and offset were: it may be a fragment itself.
    V4(u16),
    V6,
    /// It fits as it is.
    Whole,
}

/// Why a packet cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum FragmentError {
    /// It has no IP layer.
    NotIp,
    /// Not all of it is there.
    Truncated {
        /// How many bytes are missing.
        missing: usize,
    },
    /// Its header does not allow it (IPv4's DF flag).
    DontFragment,
    /// It has a fragment header already.
    IsFragment,
    /// Its payload reaches farther than a fragment's offset can say.
    TooLong {
        /// Where the payload ends in the whole packet's, in bytes.
        end: usize,
    },
    /// Nothing of the payload fits beside the headers, or of IPv6 not all headers up to the transport's, which the first
    /// fragment has to have (RFC 8200, 4.5).
    MtuTooSmall {
        /// The least MTU in bytes that fits.
        needed: usize,
        /// The MTU.
        mtu: usize,
    },
}

impl<'p> Fragments<'p> {
    /// Cuts the outermost IP packet of `frame` so that no fragment is longer than `mtu` bytes, link header not counted. One that
    /// fits is a single fragment, as it is.
    ///
    /// # Errors
    /// It is no whole IP packet, or may not be cut, or not so small.
    pub fn new(link_type: LinkType, frame: &'p [u8], mtu: usize) -> Result<Self, FragmentError> {
        let packet = Packet::parse(link_type, frame);
        let mut layers = packet.layers().located();
        let Some(Located { layer, offset, .. }) =
            layers.find(|located| matches!(located.layer, Layer::Ipv4(_) | Layer::Ipv6(_)))
        else {
            return Err(FragmentError::NotIp);
        };
        if layer.missing() > 0 || layer.defect().is_some() {
            return Err(FragmentError::Truncated { missing: layer.missing() });
        }
        let whole = layer.header_len() + layer.payload().len();
        if whole <= mtu {
            return Ok(Self::from_parts(Family::Whole, 0, (frame.to_vec(), Vec::new()), (&[], [0, 0])));
        }
        let link = frame.get(..offset).unwrap_or_default();
        match layer {
            Layer::Ipv4(ip) => Self::ipv4(link, &ip, mtu),
            _ => Self::ipv6(link, layers, layer, frame.get(..offset + whole).unwrap_or_default(), mtu),
        }
    }

    /// Sets the identification of IPv6 fragments, which the packet does not have; 0 unless set.
    #[must_use]
    pub fn id(mut self, id: u32) -> Self {
        if let Family::V6 = self.family {
            let start = self.first.len() - Ipv6FragmentHeader::LEN;
            if let Some((header, _)) =
                Ipv6FragmentHeader::split_mut(self.first.get_mut(start..).unwrap_or_default())
            {
                header.set_id(id);
            }
            self.later.clone_from(&self.first);
        }
        self
    }

    fn from_parts(
        family: Family,
        ip: usize,
        (first, later): (Vec<u8>, Vec<u8>),
        (payload, most): (&'p [u8], [usize; 2]),
    ) -> Self {
        Self { first, later, ip, family, payload, most, at: 0, done: false, fragment: Vec::new() }
    }

    fn ipv4(link: &[u8], ip: &Ipv4<'p>, mtu: usize) -> Result<Self, FragmentError> {
        if ip.dont_fragment() {
            return Err(FragmentError::DontFragment);
        }
        reaches(ip.fragment_offset() + ip.payload().len())?;
        let header = |options: &[u8]| {
            let mut header = *ip.header();
            header.set_header_len(Ipv4Header::LEN + options.len());
            [link, header.as_bytes(), options].concat()
        };
        let (first, later) = (header(ip.options_bytes()), header(&copied(ip)));
        // A packet with a total length of 0 may be longer than that of a fragment can say.
        let longest = mtu.min(u16::MAX.into());
        let most = [first.len(), later.len()].map(|len| longest.saturating_sub(len - link.len()));
        if most.iter().any(|most| *most < UNIT) {
            return Err(FragmentError::MtuTooSmall { needed: ip.header_len() + UNIT, mtu });
        }
        Ok(Self::from_parts(
            Family::V4(ip.header().flags_fragment()),
            link.len(),
            (first, later),
            (ip.payload(), most),
        ))
    }

    fn ipv6(
        link: &[u8],
        after: impl Iterator<Item = Located<'p>>,
        ip: Layer<'p>,
        packet: &'p [u8],
        mtu: usize,
    ) -> Result<Self, FragmentError> {
        // The byte that says what follows the part that each fragment has, and where that part ends.
        let (mut next_header, mut end) = (link.len() + 6, link.len() + ip.header_len());
        let mut headers_end = end;
        for Located { layer, offset, .. } in after {
            headers_end = offset + layer.header_len();
            match layer {
                Layer::Ipv6HopByHop(_) | Layer::Ipv6Routing(_) => (next_header, end) = (offset, headers_end),
                // They belong to the fragments only where a routing header follows.
                Layer::Ipv6DestinationOptions(_) => (),
                Layer::Ipv6Fragment(_) => return Err(FragmentError::IsFragment),
                _ => break,
            }
        }
        let (before, payload) = packet.split_at_checked(end).unwrap_or_default();
        reaches(payload.len())?;
        let mut header = Ipv6FragmentHeader::zeroed();
        let mut first = before.to_vec();
        if let Some(next) = first.get_mut(next_header) {
            header.set_next_header(IpProtocol(*next));
            *next = IpProtocol::FRAGMENT.0;
        }
        first.extend_from_slice(header.as_bytes());
        let headers = first.len() - link.len();
        let most = mtu.saturating_sub(headers);
        let least = (headers_end - end).next_multiple_of(UNIT).max(UNIT);
        if most < least {
            return Err(FragmentError::MtuTooSmall { needed: headers + least, mtu });
        }
        Ok(Self::from_parts(Family::V6, link.len(), (first.clone(), first), (payload, [most; 2])))
    }

    /// The next fragment, in the place of the one before.
    #[expect(clippy::should_implement_trait, reason = "what it returns is borrowed from it")]
    pub fn next(&mut self) -> Option<&[u8]> {
        if std::mem::replace(&mut self.done, true) {
            return None;
        }
        let (headers, most) = match self.at {
            0 => (&self.first, self.most[0]),
            _ => (&self.later, self.most[1]),
        };
        let rest = self.payload.get(self.at..).unwrap_or_default();
        let is_last = rest.len() <= most;
        let piece = if is_last { rest } else { rest.get(..most - most % UNIT).unwrap_or_default() };
        self.fragment.clear();
        self.fragment.extend_from_slice(headers);
        self.fragment.extend_from_slice(piece);
        let len = self.fragment.len() - self.ip;
        match self.family {
            Family::V4(own) => {
                let options = headers.len() - self.ip - Ipv4Header::LEN;
                if let Some((header, rest)) =
                    Ipv4Header::split_mut(self.fragment.get_mut(self.ip..).unwrap_or_default())
                {
                    // Flags of a fragment that is cut again stay on its last piece.
                    header.set_flags_fragment(
                        (own & 0xe000) | ((own & 0x1fff).wrapping_add((self.at / UNIT) as u16) & 0x1fff),
                    );
                    header.set_more_fragments(!is_last || own & 0x2000 != 0);
                    header.set_total_len(len as u16);
                    header.set_checksum(0);
                    let options = checksum::sum(rest.get(..options).unwrap_or_default());
                    header.set_checksum(!checksum::fold(header.sum() + options));
                }
            }
            Family::V6 => {
                let payload_len = (len - 40) as u16;
                if let Some(field) = self.fragment.get_mut(self.ip + 4..self.ip + 6) {
                    field.copy_from_slice(&payload_len.to_be_bytes());
                }
                let start = headers.len() - Ipv6FragmentHeader::LEN;
                if let Some((header, _)) =
                    Ipv6FragmentHeader::split_mut(self.fragment.get_mut(start..).unwrap_or_default())
                {
                    header.set_fragment_offset_units((self.at / UNIT) as u16);
                    header.set_more_fragments(!is_last);
                }
            }
            Family::Whole => (),
        }
        self.at += piece.len();
        self.done = is_last;
        Some(&self.fragment)
    }
}

/// Whether the offset of the last byte has a place in a fragment's header: 13 bits of units.
fn reaches(end: usize) -> Result<(), FragmentError> {
    if end > UNIT << 13 { Err(FragmentError::TooLong { end }) } else { Ok(()) }
}

/// The options that later fragments have, too, padded to whole words.
fn copied(ip: &Ipv4<'_>) -> Vec<u8> {
    let bytes = ip.options_bytes();
    let mut copied = Vec::new();
    let mut options = ip.options();
    loop {
        let before = options.rest().len();
        let Some(option) = options.next() else { break };
        let start = bytes.len() - before;
        let end = bytes.len() - options.rest().len();
        let own = bytes.get(start..end).unwrap_or_default();
        // The copied flag is the type's highest bit (RFC 791, 3.1).
        let is_copied = own.first().is_some_and(|kind| kind & 0x80 != 0);
        if is_copied && !matches!(option, Ipv4Option::EndOfOptions(_)) {
            copied.extend_from_slice(own);
        }
    }
    copied.resize(copied.len().next_multiple_of(4), 0);
    copied
}

impl fmt::Display for FragmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotIp => f.write_str("there is no IP packet to cut into fragments"),
            Self::Truncated { missing: 0 } => f.write_str("the IP header contradicts itself"),
            Self::Truncated { missing } => write!(f, "{missing} bytes of the IP packet are missing"),
            Self::DontFragment => {
                f.write_str("the packet has the don't fragment flag: clear it, or send it whole")
            }
            Self::IsFragment => f.write_str("the packet is an IPv6 fragment already: cut the whole packet"),
            Self::TooLong { end } => {
                write!(
                    f,
                    "the payload ends at byte {end}, and the offsets of fragments end at {}",
                    UNIT << 13
                )
            }
            Self::MtuTooSmall { needed, mtu } => {
                write!(
                    f,
                    "an MTU of {mtu} bytes has no room for the headers and 8 bytes of what follows: it takes {needed}"
                )
            }
        }
    }
}

impl error::Error for FragmentError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer as _;
    use crate::layer::{Ethernet, Icmpv4, Ipv4, Ipv6, Ipv6DestinationOptions, Ipv6HopByHop, Tcp, Udp, Vlan};
    use pycap_wire::{Ipv6Option, checksum::Verifier};

    fn all(mut fragments: Fragments<'_>) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| fragments.next().map(Vec::from)).collect()
    }

    /// The payloads one after the other, in the order of their offsets; each fragment's IPv4 checksum is right.
    fn reassembled(link_type: LinkType, fragments: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (number, fragment) in fragments.iter().enumerate() {
            let is_last = number + 1 == fragments.len();
            let packet = Packet::parse(link_type, fragment);
            let mut verifier = Verifier::default();
            for layer in packet.layers() {
                assert_ne!(verifier.verify(&layer), Some(false));
                let (offset, more, payload) = match &layer {
                    Layer::Ipv4(ip) => (ip.fragment_offset(), ip.more_fragments(), ip.payload()),
                    Layer::Ipv6Fragment(header) => {
                        (header.fragment_offset(), header.more_fragments(), header.payload())
                    }
                    _ => continue,
                };
                assert_eq!((offset, more), (bytes.len(), !is_last));
                bytes.extend_from_slice(payload);
                break;
            }
        }
        bytes
    }

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
        digits.chunks(2).map(|pair| (pair[0] << 4 | pair[1]) as u8).collect()
    }

    /// What scapy's `fragment` and `fragment6` make.
    #[test]
    fn scapy_s_fragments() {
        let data = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f2021222324252627";
        let check = |packet: [&str; 2], mtu, expected: [[&str; 2]; 2]| {
            let packet = bytes(&[packet[0], packet[1], data].concat());
            let fragments = Fragments::new(LinkType::RAW, &packet, mtu).unwrap().id(7);
            let (first, last) = data.split_at(2 * (mtu - bytes(&expected[0].concat()).len()));
            let expected = [[expected[0].concat(), first.into()], [expected[1].concat(), last.into()]];
            assert_eq!(all(fragments), expected.map(|fragment| bytes(&fragment.concat())));
        };
        let addresses = "0a0000010a000002";
        let udp = "0001000200306df7";
        check(
            [&format!("45000044 12340000 4011 5473 {addresses}"), udp],
            44,
            [
                [&format!("4500002c 12342000 4011 348b {addresses}"), udp],
                [&format!("4500002c 12340003 4011 5488 {addresses}"), ""],
            ],
        );
        let z = "0".repeat(27);
        let addresses = format!("fd00{z}1fd00{z}2");
        let options = "2b00050200000100";
        let route = format!("02000100000000fd00{z}3");
        let udp = "00010002003087f4";
        check(
            [&format!("60000000 00500040 {addresses} {options} 11{route}"), udp],
            112,
            [
                [&format!("60000000 00480040 {addresses} {options} 2c{route} 1100000100000007"), udp],
                [&format!("60000000 00380040 {addresses} {options} 2c{route} 1100002000000007"), ""],
            ],
        );
    }

    /// The last one takes all that fits, as the kernel's does (`ip_frag_next`).
    #[test]
    fn the_last_piece_has_any_length() {
        let packet =
            (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Icmpv4::echo_request(1, 1), [7; 90]).build().unwrap();
        let lengths: Vec<usize> =
            all(Fragments::new(LinkType::RAW, &packet, 70).unwrap()).iter().map(Vec::len).collect();
        assert_eq!(lengths, [68, 70]);
    }

    #[test]
    fn ipv4_in_a_tagged_frame() {
        let payload: Vec<u8> = (0..3000_u32).map(|i| (i * 7) as u8).collect();
        let link = (Ethernet::new([2; 6], [4; 6]), Vlan::new(7));
        // A router alert is copied, a record of the route is not.
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(0x1234);
        let ip = ip.options_bytes(&[0x94, 4, 0, 0, 7, 7, 4, 0, 0, 0, 0, 0]);
        let frame = (link, ip, Udp::new(1, 2), payload).build().unwrap();
        let fragments = all(Fragments::new(LinkType::ETHERNET, &frame, 576).unwrap());
        assert!(fragments.iter().all(|fragment| fragment.len() <= 18 + 576 && fragment[..18] == frame[..18]));
        assert_eq!(
            fragments.iter().map(|fragment| fragment[18]).collect::<Vec<_>>(),
            [0x48, 0x46, 0x46, 0x46, 0x46, 0x46]
        );
        assert_eq!(reassembled(LinkType::ETHERNET, &fragments), frame[18 + 32..]);
        // A fragment cut again is still in its place.
        let again = all(Fragments::new(LinkType::ETHERNET, &fragments[1], 100).unwrap());
        let offsets: Vec<u16> =
            again.iter().map(|piece| u16::from_be_bytes([piece[24], piece[25]]) & 0x3fff).collect();
        let start = u16::from_be_bytes([fragments[1][24], fragments[1][25]]) & 0x1fff;
        assert!(
            offsets.iter().zip(0..).all(|(offset, nth)| *offset == 0x2000 | (start + nth * 9)),
            "{offsets:04x?}"
        );
    }

    #[test]
    fn ipv6_behind_its_hop_by_hop_options() {
        let payload: Vec<u8> = (0..3000_u32).map(|i| (i * 5) as u8).collect();
        let ip = Ipv6::new([0xfd; 16], [0xfe; 16]);
        let hop_by_hop = Ipv6HopByHop::default().option(Ipv6Option::RouterAlert(0));
        let packet = (ip, hop_by_hop, Udp::new(1, 2), payload).build().unwrap();
        let fragments = all(Fragments::new(LinkType::RAW, &packet, 1280).unwrap().id(7));
        assert_eq!(fragments.iter().map(Vec::len).collect::<Vec<_>>(), [1280, 1280, 56 + 3008 - 2 * 1224]);
        assert_eq!(reassembled(LinkType::RAW, &fragments), packet[48..]);
        assert!(
            fragments.iter().all(|fragment| fragment[40] == 44 && fragment[48] == 17 && fragment[55] == 7)
        );
        let error = Fragments::new(LinkType::RAW, &fragments[0], 600).unwrap_err();
        assert_eq!(error, FragmentError::IsFragment);
    }

    #[test]
    fn the_first_of_ipv6_has_all_headers() {
        let options = Ipv6DestinationOptions::default().option(Ipv6Option::PadN(&[0; 10]));
        let packet = (Ipv6::new([0xfd; 16], [0xfe; 16]), options, Tcp::new(1, 2), [0; 200]).build().unwrap();
        // IPv6, fragment header, options, TCP.
        let needed = 40 + 8 + (16 + 20_usize).next_multiple_of(8);
        let error = Fragments::new(LinkType::RAW, &packet, needed - 1).unwrap_err();
        assert_eq!(error, FragmentError::MtuTooSmall { needed, mtu: needed - 1 });
        let first = Fragments::new(LinkType::RAW, &packet, needed).unwrap().next().unwrap().to_vec();
        assert!(Packet::parse(LinkType::RAW, &first).tcp().is_some());
    }

    #[test]
    fn an_offset_does_not_wrap() {
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).fragment_offset_units(0x1ff0).more_fragments(true);
        let packet = (ip, [0; 1000]).build().unwrap();
        let error = Fragments::new(LinkType::RAW, &packet, 100).unwrap_err();
        assert_eq!(error, FragmentError::TooLong { end: 0x1ff0 * 8 + 1000 });
    }

    #[test]
    fn a_total_length_does_not_wrap() {
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]);
        let mut packet = (ip, [0; 1000]).build().unwrap();
        packet.resize(20 + 65_530, 7);
        // As large receive offload leaves it.
        packet[2..4].fill(0);
        let fragments = all(Fragments::new(LinkType::RAW, &packet, 65_540).unwrap());
        let lengths = fragments.iter().map(|fragment| (fragment.len(), fragment[2..4].to_vec()));
        let expected = [65_532_u16, 38].map(|len| (usize::from(len), len.to_be_bytes().to_vec()));
        assert_eq!(lengths.collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_cannot_be_cut_says_why() {
        let packet = |ip: Ipv4| (ip, Icmpv4::echo_request(1, 1), [0; 100]).build().unwrap();
        let ip = || Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]);
        let error = |packet: &[u8], mtu| Fragments::new(LinkType::RAW, packet, mtu).unwrap_err();
        assert_eq!(error(&packet(ip().dont_fragment(true)), 100), FragmentError::DontFragment);
        assert_eq!(error(&packet(ip()), 27), FragmentError::MtuTooSmall { needed: 28, mtu: 27 });
        assert_eq!(error(&packet(ip())[..50], 100), FragmentError::Truncated { missing: 78 });
        assert_eq!(error(b"?", 100), FragmentError::NotIp);
        let fits = packet(ip().dont_fragment(true));
        assert_eq!(all(Fragments::new(LinkType::RAW, &fits, 128).unwrap()), std::slice::from_ref(&fits));
        assert_eq!(all(Fragments::new(LinkType::RAW, &packet(ip()), 28).unwrap()).len(), 14);
    }
}
