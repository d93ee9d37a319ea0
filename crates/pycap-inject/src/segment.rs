//! Packets cut into segments, as a network card does.

use std::error;
use std::fmt;

use pycap_wire::{LinkType, TcpFlags, TcpHeader};

use crate::outline::{Kind, Outline, Part};

/// The segments of a packet with more TCP payload than a segment takes: sequence numbers and IPv4 identifications go on, FIN and PSH
/// are on the last one, CWR is on the first, options are on each, lengths and checksums are right (as the kernel's
/// `tcp_gso_segment` has it). Or the [datagrams](Self::datagrams) of one with the UDP payload of several.
///
/// The packet may be in tunnels (IP in IP, GRE, VXLAN, Geneve, MPLS, PPPoE): all their headers are on each segment, and have lengths,
/// identifications and checksums of its own.
///
/// ```
/// use pycap_inject::{Layer, Segments, layer};
/// use pycap_wire::LinkType;
///
/// let packet = (layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), layer::Tcp::new(1, 2).seq(100), vec![0; 4000]).build()?;
/// let mut segments = Segments::new(LinkType::RAW, &packet, 1460)?;
/// let mut lengths = Vec::new();
/// while let Some(segment) = segments.next() {
///     lengths.push(segment.len());
/// }
/// assert_eq!(lengths, [1500, 1500, 1120]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Segments<'p> {
    outline: Outline,
    /// The headers up to the transport's.
    headers: &'p [u8],
    transport: Part,
    payload: &'p [u8],
    size: usize,
    at: usize,
    number: u16,
    done: bool,
    segment: Vec<u8>,
}

/// Why a packet cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentError {
    /// Its innermost transport is no TCP, or not all of it is there, or in something that cannot be repeated before each segment: a
    /// fragment, an authentication header, a GRE tunnel that counts packets.
    NotTcp,
    /// The same, of UDP.
    NotUdp,
    /// Segments are to have no payload: the size is 0, or there is no place for any beside the headers.
    NoSize,
    /// It opens or resets a connection: two of them would be something else.
    OnlyOnce,
    /// So many bytes of payload in each datagram do not fit.
    TooLong {
        /// How many bytes a datagram would have, from the link header on.
        len: usize,
        /// How many it may have.
        limit: usize,
    },
}

impl<'p> Segments<'p> {
    /// Cuts the innermost TCP packet of `frame`, of any length (up to 65,535 bytes of IPv4, or with a total length of 0 as large
    /// receive offload leaves it), so that no segment has more than `size` bytes of payload, nor more than the lengths in its
    /// headers can say, which are of 16 bits.
    ///
    /// # Errors
    /// It is no whole TCP packet, or one with SYN or RST that does not fit into a single segment, or the size is 0.
    pub fn new(link_type: LinkType, frame: &'p [u8], size: usize) -> Result<Self, SegmentError> {
        Self::within(link_type, frame, size, usize::MAX)
    }

    /// The same, so that no segment is longer than `limit` bytes, link header included. That is for a packet of which nobody knows the
    /// size of its segments.
    ///
    /// ```
    /// # use pycap_inject::{Layer, Segments, layer};
    /// # use pycap_wire::LinkType;
    /// let packet = (layer::Ipv6::new([0xfd; 16], [0xfe; 16]), layer::Tcp::new(1, 2), vec![0; 4000]).build()?;
    /// assert_eq!(Segments::fitting(LinkType::RAW, &packet, 1280)?.next().map(<[u8]>::len), Some(1280));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn fitting(link_type: LinkType, frame: &'p [u8], limit: usize) -> Result<Self, SegmentError> {
        Self::within(link_type, frame, usize::MAX, limit)
    }

    /// Cuts the payload of the innermost UDP packet of `frame` into datagrams of `size` bytes each, but for the last: what
    /// a program left to the system as one (UDP_SEGMENT in udp(7)), or the system put together (UDP_GRO). How long each was the
    /// packet does not say.
    ///
    /// ```
    /// # use pycap_inject::{Layer, Segments, layer};
    /// # use pycap_wire::LinkType;
    /// let three = (layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), layer::Udp::new(1, 2), vec![0; 2500]).build()?;
    /// let mut datagrams = Segments::datagrams(LinkType::RAW, &three, 1000)?;
    /// let lengths = [(); 4].map(|()| datagrams.next().map(<[u8]>::len));
    /// assert_eq!(lengths, [Some(1028), Some(1028), Some(528), None]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// It is no whole UDP packet, or the size is 0, or a datagram of that size is longer than its headers can say
    /// ([`TooLong`](SegmentError::TooLong)).
    pub fn datagrams(link_type: LinkType, frame: &'p [u8], size: usize) -> Result<Self, SegmentError> {
        let outline = Outline::of(link_type, frame, 0);
        let (transport, headers, payload) = split(&outline, Kind::Udp, frame).ok_or(SegmentError::NotUdp)?;
        Self::of(outline, transport, headers, payload, size)
    }

    /// As [`new`](Self::new) with a size that is known, and [`fitting`](Self::fitting) where that does not.
    pub(crate) fn within(
        link_type: LinkType,
        frame: &'p [u8],
        size: usize,
        limit: usize,
    ) -> Result<Self, SegmentError> {
        let (outline, transport, headers, payload) = tcp(link_type, frame)?;
        let size = size.min(limit.saturating_sub(headers.len()));
        Self::of(outline, transport, headers, payload, size)
    }

    /// How many there are in all, those that [`next`](Self::next) has given among them.
    pub fn count(&self) -> usize {
        self.payload.len().div_ceil(self.size).max(1)
    }

    /// As [`datagrams`](Self::datagrams); none may be longer than `limit` bytes, link header included.
    #[cfg(feature = "capture")]
    pub(crate) fn datagrams_within(
        link_type: LinkType,
        frame: &'p [u8],
        size: usize,
        limit: usize,
    ) -> Result<Self, SegmentError> {
        let this = Self::datagrams(link_type, frame, size)?;
        let len = this.headers.len() + size.min(this.payload.len());
        if len > limit { Err(SegmentError::TooLong { len, limit }) } else { Ok(this) }
    }

    fn of(
        outline: Outline,
        transport: Part,
        headers: &'p [u8],
        payload: &'p [u8],
        size: usize,
    ) -> Result<Self, SegmentError> {
        if size == 0 {
            return Err(SegmentError::NoSize);
        }
        let most = outline.most_payload(headers.len());
        let len = size.min(payload.len());
        // The boundaries of datagrams are the sender's; those of segments are not.
        if transport.kind == Kind::Udp && len > most {
            return Err(SegmentError::TooLong { len: headers.len() + len, limit: headers.len() + most });
        }
        let size = size.min(most);
        if transport.kind == Kind::Tcp && payload.len() > size {
            let flags = TcpHeader::split(headers.get(transport.at..).unwrap_or_default());
            let flags = flags.map_or(0, |(tcp, _)| tcp.flags().0);
            if flags & (TcpFlags::SYN.0 | TcpFlags::RST.0) != 0 {
                return Err(SegmentError::OnlyOnce);
            }
        }
        let segment = Vec::with_capacity(headers.len() + size.min(payload.len()));
        Ok(Self { outline, headers, transport, payload, size, at: 0, number: 0, done: false, segment })
    }

    /// The next segment, in the place of the one before.
    #[expect(clippy::should_implement_trait, reason = "what it returns is borrowed from it")]
    pub fn next(&mut self) -> Option<&[u8]> {
        if self.done {
            return None;
        }
        let rest = self.payload.get(self.at..).unwrap_or_default();
        let piece = rest.get(..self.size).unwrap_or(rest);
        let is_last = piece.len() == rest.len();
        self.segment.clear();
        self.segment.extend_from_slice(self.headers);
        self.segment.extend_from_slice(piece);
        if self.transport.kind == Kind::Tcp {
            self.write_tcp(is_last);
        }
        // Innermost first: checksums of outer headers cover inner ones.
        let end = self.segment.len();
        for part in self.outline.parts().iter().rev() {
            write(*part, end, self.number, &mut self.segment);
        }
        self.at += piece.len();
        self.number = self.number.wrapping_add(1);
        self.done = is_last;
        Some(&self.segment)
    }

    fn write_tcp(&mut self, is_last: bool) {
        let header = self.segment.get_mut(self.transport.at..).unwrap_or_default();
        let Some((tcp, _)) = TcpHeader::split_mut(header) else { return };
        let mut flags = tcp.flags().0;
        if !is_last {
            flags &= !(TcpFlags::FIN.0 | TcpFlags::PSH.0);
        }
        if self.at > 0 {
            flags &= !TcpFlags::CWR.0;
        }
        tcp.set_flags(TcpFlags(flags));
        tcp.set_seq(tcp.seq().wrapping_add(self.at as u32));
    }
}

/// Writes what a header has to say of the segment with this number, which ends there.
fn write(part: Part, end: usize, number: u16, segment: &mut [u8]) {
    if part.kind == Kind::Ipv4
        && let Some(id) = segment.get_mut(part.at + 4..).and_then(<[u8]>::first_chunk_mut)
    {
        *id = u16::from_be_bytes(*id).wrapping_add(number).to_be_bytes();
    }
    let has_checksum = !part.has_none(segment);
    let part = part.write_ending_at(end, segment);
    if has_checksum {
        part.write_checksum(segment);
    }
}

type Split<'p> = (Outline, Part, &'p [u8], &'p [u8]);

fn tcp(link_type: LinkType, frame: &[u8]) -> Result<Split<'_>, SegmentError> {
    let outline = Outline::of(link_type, frame, 0);
    let (transport, headers, payload) = split(&outline, Kind::Tcp, frame).ok_or(SegmentError::NotTcp)?;
    Ok((outline, transport, headers, payload))
}

/// The innermost header, which is to be of this kind, the headers up to it and its payload.
fn split<'p>(outline: &Outline, kind: Kind, frame: &'p [u8]) -> Option<(Part, &'p [u8], &'p [u8])> {
    let (transport, at) = outline.repeatable().filter(|(transport, _)| transport.kind == kind)?;
    Some((transport, frame.get(..at)?, frame.get(at..transport.end)?))
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTcp => f.write_str("there is no whole TCP packet to cut into segments"),
            Self::NotUdp => f.write_str("there is no whole UDP packet to cut into datagrams"),
            Self::OnlyOnce => {
                f.write_str("a segment with SYN or RST is not cut: take a size that its payload fits into")
            }
            Self::NoSize => f.write_str("segments of no payload: the size is to be at least 1 byte"),
            Self::TooLong { len, limit } => {
                write!(f, "each datagram has {len} bytes, {} more than {limit}", len.saturating_sub(*limit))
            }
        }
    }
}

impl error::Error for SegmentError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Layer;
    use crate::layer::{
        Ethernet, Geneve, Gre, Ipv4, Ipv6, Ipv6DestinationOptions, Mpls, Tcp, Udp, Vlan, Vxlan,
    };
    use crate::outline::Outline;
    use pycap_wire::{Ipv6Option, Packet, TcpOption};

    fn all(mut segments: Segments) -> Vec<Vec<u8>> {
        std::iter::from_fn(|| segments.next().map(Vec::from)).collect()
    }

    fn check(link_type: LinkType, frame: &[u8], size: usize) -> Vec<TcpFlags> {
        let whole = Packet::parse(link_type, frame).tcp().unwrap();
        let segments = all(Segments::new(link_type, frame, size).unwrap());
        let (mut payload, mut flags) = (Vec::new(), Vec::new());
        for segment in &segments {
            let packet = Packet::parse(link_type, segment);
            let tcp = packet.tcp().unwrap();
            assert_eq!(packet.checksum_ok(), Some(true));
            assert_eq!(tcp.seq(), whole.seq().wrapping_add(payload.len() as u32));
            assert_eq!((tcp.ack(), tcp.options_bytes()), (whole.ack(), whole.options_bytes()));
            assert!(packet.payload().len() <= size);
            payload.extend_from_slice(packet.payload());
            flags.push(tcp.flags());
        }
        assert_eq!(payload, whole.payload());
        flags
    }

    #[test]
    fn flags_are_where_the_kernel_has_them() {
        let flags = TcpFlags::ACK | TcpFlags::PSH | TcpFlags::FIN | TcpFlags::CWR;
        let tcp = Tcp::new(1, 2).seq(u32::MAX - 10).ack(9).flags(flags);
        let tcp = tcp
            .option(TcpOption::Nop)
            .option(TcpOption::Nop)
            .option(TcpOption::Timestamps { value: 1, echo: 2 });
        let ethernet = Ethernet::new([2; 6], [4; 6]);
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(u16::MAX).dont_fragment(true);
        let frame = (ethernet, ip, &tcp, vec![7; 3500]).build().unwrap();
        let (middle, last) = (TcpFlags::ACK, TcpFlags::ACK | TcpFlags::PSH | TcpFlags::FIN);
        assert_eq!(check(LinkType::ETHERNET, &frame, 1448), [TcpFlags::ACK | TcpFlags::CWR, middle, last]);
        let ids: Vec<u16> = all(Segments::new(LinkType::ETHERNET, &frame, 1448).unwrap())
            .iter()
            .map(|segment| u16::from_be_bytes([segment[18], segment[19]]))
            .collect();
        assert_eq!(ids, [u16::MAX, 0, 1]);

        let ip = Ipv6::new([0xfd; 16], [0xfe; 16]);
        let options = Ipv6DestinationOptions::default().option(Ipv6Option::PadN(&[0; 2]));
        let packet = (ip, options, &tcp, vec![7; 3500]).build().unwrap();
        assert_eq!(check(LinkType::RAW, &packet, 1000).len(), 4);
    }

    /// Around whatever is cut, headers say what is true of each piece: computing all anew changes nothing.
    #[test]
    fn headers_of_tunnels_are_those_of_each_segment() {
        let link = || Ethernet::new([2; 6], [4; 6]);
        let (v4, v6) =
            (|| Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(9), || Ipv6::new([0xfd; 16], [0xfe; 16]));
        let tcp = (Tcp::new(1, 2).seq(7).flags(TcpFlags::ACK | TcpFlags::PSH), vec![5; 3000]);
        let frames = [
            (link(), Vlan::service(5), Vlan::new(7), v4(), &tcp).build(),
            (link(), v4(), v6(), &tcp).build(),
            (link(), v6(), Gre::new().key(9).checksum(crate::Auto::Computed), v4(), &tcp).build(),
            (link(), Mpls::new(100), Mpls::new(200), v6(), &tcp).build(),
            (link(), v4(), Udp::new(4000, 4789), Vxlan::new(42), link(), v4(), &tcp).build(),
            (link(), v6(), Udp::new(4000, 4789), Vxlan::new(42), link(), v6(), &tcp).build(),
            (link(), v4(), Udp::new(4000, 4789).checksum(0), Vxlan::new(42), link(), v6(), &tcp).build(),
            (link(), v4(), Udp::new(4000, 8472), Vxlan::new(42), link(), v6(), &tcp).build(),
            (link(), v4(), Udp::new(4000, 6081), Geneve::new(42), link(), v4(), &tcp).build(),
        ];
        for (number, frame) in frames.into_iter().enumerate() {
            let frame = frame.unwrap();
            let headers = frame.len() - 3000;
            let segments = all(Segments::new(LinkType::ETHERNET, &frame, 1400).unwrap());
            let lengths: Vec<usize> = segments.iter().map(|segment| segment.len() - headers).collect();
            assert_eq!(lengths, [1400, 1400, 200], "{number}");
            for (place, segment) in segments.iter().enumerate() {
                let outline = Outline::of(LinkType::ETHERNET, segment, 0);
                let parts = outline.parts();
                assert_eq!(parts.last().map(|part| (part.kind, part.end)), Some((Kind::Tcp, segment.len())));
                let mut anew = segment.clone();
                assert!(!outline.fix(&mut anew), "{number}, {place}");
                for part in parts.iter().filter(|part| part.kind == Kind::Ipv4) {
                    assert_eq!(segment[part.at + 5], 9 + place as u8, "{number}");
                }
            }
        }
    }

    #[test]
    fn datagrams_have_headers_of_their_own() {
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).id(u16::MAX);
        let payload: Vec<u8> = (0..2500_u32).map(|at| (at / 1000) as u8).collect();
        let frame = (Ethernet::new([2; 6], [4; 6]), ip, Udp::new(1, 2), &payload[..]).build().unwrap();
        let datagrams = all(Segments::datagrams(LinkType::ETHERNET, &frame, 1000).unwrap());
        let mut ids = Vec::new();
        for (number, datagram) in datagrams.iter().enumerate() {
            let packet = Packet::parse(LinkType::ETHERNET, datagram);
            assert_eq!(packet.checksum_ok(), Some(true));
            assert_eq!(packet.payload(), &payload[number * 1000..2500.min(number * 1000 + 1000)]);
            ids.push(u16::from_be_bytes([datagram[18], datagram[19]]));
        }
        assert_eq!(ids, [u16::MAX, 0, 1]);
        #[cfg(feature = "capture")]
        assert_eq!(
            Segments::datagrams_within(LinkType::ETHERNET, &frame, 1000, 1000).unwrap_err().to_string(),
            "each datagram has 1042 bytes, 42 more than 1000"
        );
        assert_eq!(Segments::datagrams(LinkType::ETHERNET, &frame, 1000).unwrap().count(), 3);
        assert_eq!(Segments::new(LinkType::ETHERNET, &frame, 1000).unwrap_err(), SegmentError::NotTcp);
    }

    /// Lengths in headers are of 16 bits: whatever size is asked for, no piece is longer than they can say, and each says its own.
    #[test]
    fn no_segment_is_longer_than_its_headers_can_say() {
        let link = || Ethernet::new([2; 6], [4; 6]);
        let (v4, v6) = (|| Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), || Ipv6::new([0xfd; 16], [0xfe; 16]));
        let tcp = || (Tcp::new(1, 2).flags(TcpFlags::ACK), "x");
        for (number, (frame, outermost)) in [
            ((link(), v4(), tcp()).build(), 65_535),
            ((link(), v6(), tcp()).build(), 65_575),
            ((link(), v4(), v6(), tcp()).build(), 65_535),
            ((link(), v6(), Gre::new(), v4(), tcp()).build(), 65_575),
            ((link(), v6(), Udp::new(4000, 4789), Vxlan::new(42), link(), v4(), tcp()).build(), 65_575),
        ]
        .into_iter()
        .enumerate()
        {
            let frame = frame.unwrap();
            let outline = Outline::of(LinkType::ETHERNET, &frame, 0);
            let (transport, headers, _) = split(&outline, Kind::Tcp, &frame).unwrap();
            // More than any length can say, as a total length of 0 leaves it.
            let payload = vec![7; 200_000];
            for size in [65_496, 70_000, 200_000, usize::MAX] {
                let segments = Segments::of(outline.clone(), transport, headers, &payload, size).unwrap();
                let count = segments.count();
                let segments = all(segments);
                assert_eq!(segments.len(), count);
                let longest = headers.len().saturating_add(size).min(14 + outermost);
                assert_eq!(segments[0].len(), longest, "{number}");
                let mut left = payload.len();
                for segment in &segments {
                    let outline = Outline::of(LinkType::ETHERNET, segment, 0);
                    assert_eq!(outline.parts().last().map(|part| part.end), Some(segment.len()), "{number}");
                    assert!(!outline.fix(&mut segment.clone()), "{number}");
                    left -= segment.len() - headers.len();
                }
                assert_eq!(left, 0);
            }
        }
        // Of a packet with a total length of 0.
        let mut frame = (link(), v4(), tcp()).build().unwrap();
        frame.truncate(54);
        frame.resize(54 + 90_000, 7);
        frame[16..18].fill(0);
        for (segments, lengths) in [
            (Segments::new(LinkType::ETHERNET, &frame, 70_000), [65_549, 24_559]),
            (Segments::fitting(LinkType::ETHERNET, &frame, 65_550), [65_549, 24_559]),
            (Segments::fitting(LinkType::ETHERNET, &frame, 200_000), [65_549, 24_559]),
        ] {
            let segments = all(segments.unwrap());
            assert_eq!([segments[0].len(), segments[1].len()], lengths);
            assert_eq!(segments[0][16..18], [0xff, 0xff]);
        }
        // Datagrams are what the sender made of them: none is made two.
        let frame = (link(), v4(), Udp::new(1, 2), "x").build().unwrap();
        let outline = Outline::of(LinkType::ETHERNET, &frame, 0);
        let (transport, headers, _) = split(&outline, Kind::Udp, &frame).unwrap();
        let payload = vec![7; 200_000];
        let cut = |size| Segments::of(outline.clone(), transport, headers, &payload, size);
        assert_eq!(cut(65_508).unwrap_err(), SegmentError::TooLong { len: 65_550, limit: 65_549 });
        assert_eq!(all(cut(65_507).unwrap())[0].len(), 65_549);
    }

    #[test]
    fn what_cannot_be_cut_says_why() {
        let packet = (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Tcp::new(1, 2), "x").build().unwrap();
        let error = |packet: &[u8], size| Segments::new(LinkType::RAW, packet, size).unwrap_err();
        assert_eq!(error(&packet, 0), SegmentError::NoSize);
        assert_eq!(error(&packet[..40], 10), SegmentError::NotTcp);
        assert_eq!(error(b"", 10), SegmentError::NotTcp);
        assert_eq!(all(Segments::new(LinkType::RAW, &packet, 1).unwrap()), std::slice::from_ref(&packet));
        let fast_open =
            (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Tcp::syn(1, 2, 3), "early").build().unwrap();
        assert_eq!(error(&fast_open, 4), SegmentError::OnlyOnce);
        assert_eq!(all(Segments::new(LinkType::RAW, &fast_open, 5).unwrap()).len(), 1);
        let empty = (Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]), Tcp::syn(1, 2, 3), "").build().unwrap();
        assert_eq!(all(Segments::new(LinkType::RAW, &empty, 100).unwrap()), [empty]);
    }
}
