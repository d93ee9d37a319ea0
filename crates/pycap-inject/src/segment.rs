//! TCP packets cut into segments, as a network card does.

use std::error;
use std::fmt;

use pycap_wire::{LinkType, Packet, TcpFlags};

use crate::layer::{Ipv4, Tcp};
use crate::{AnyLayer, BuildError, Derived, Layer, PacketBuf, Stack, ToBuilder};

/// The segments of a packet with more TCP payload than a segment takes: sequence numbers and IPv4 identifications go on, FIN and PSH
/// are on the last one, CWR is on the first, options are on each, lengths and checksums are right (as the kernel's
/// `tcp_gso_segment` has it).
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
pub struct Segments {
    /// The layers up to TCP's, and then the segment's payload.
    stack: Stack,
    payload: Vec<u8>,
    size: usize,
    seq: u32,
    id: u16,
    flags: TcpFlags,
    at: usize,
    done: bool,
    buf: PacketBuf,
}

/// Why a packet cannot be cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SegmentError {
    /// Its outermost transport is no TCP, or not all of it is there.
    NotTcp,
    /// Segments are to have no payload.
    NoSize,
    /// It opens or resets a connection: two of them would be something else.
    OnlyOnce,
    /// The layers cannot be written again.
    Build(BuildError),
}

impl Segments {
    /// Cuts the outermost TCP packet of `frame`, of any length (up to 65,535 bytes of IPv4, or with a total length of 0 as large
    /// receive offload leaves it), so that no segment has more than `size` bytes of payload.
    ///
    /// # Errors
    /// It is no whole TCP packet, or one with SYN or RST that does not fit into a single segment, or the size is 0.
    pub fn new(link_type: LinkType, frame: &[u8], size: usize) -> Result<Self, SegmentError> {
        if size == 0 {
            return Err(SegmentError::NoSize);
        }
        let packet = Packet::parse(link_type, frame);
        let whole = packet.tcp().filter(|tcp| tcp.missing() == 0 && tcp.defect().is_none());
        let Some(tcp) = whole else { return Err(SegmentError::NotTcp) };
        let is_single = tcp.flags().0 & (TcpFlags::SYN.0 | TcpFlags::RST.0) != 0;
        if is_single && tcp.payload().len() > size {
            return Err(SegmentError::OnlyOnce);
        }
        let mut stack = Stack::new();
        for layer in packet.to_builder().layers() {
            stack.push(layer.clone());
            if matches!(layer, AnyLayer::Tcp(_)) {
                break;
            }
        }
        let id = stack.first::<Ipv4>().map_or(0, |ip| ip.header().id());
        stack.push(Vec::new());
        for derived in [Derived::Lengths, Derived::Checksums] {
            stack.compute(derived);
        }
        let mut this = Self {
            stack,
            payload: tcp.payload().to_vec(),
            size,
            seq: tcp.seq(),
            id,
            flags: tcp.flags(),
            at: 0,
            done: false,
            buf: PacketBuf::new(),
        };
        // What fails fails for the first, which is as long as any.
        this.write().map_err(SegmentError::Build)?;
        Ok(this)
    }

    /// The next segment, in the place of the one before.
    #[expect(clippy::should_implement_trait, reason = "what it returns is borrowed from it")]
    pub fn next(&mut self) -> Option<&[u8]> {
        if self.done {
            return None;
        }
        let len = self.write().ok()?;
        self.at += len;
        self.id = self.id.wrapping_add(1);
        self.done = self.at >= self.payload.len();
        Some(self.buf.bytes())
    }

    /// Writes the segment that is next, and returns its payload's length.
    fn write(&mut self) -> Result<usize, BuildError> {
        let rest = self.payload.get(self.at..).unwrap_or_default();
        let piece = rest.get(..self.size).unwrap_or(rest);
        let mut flags = self.flags;
        if piece.len() < rest.len() {
            flags = TcpFlags(flags.0 & !(TcpFlags::FIN.0 | TcpFlags::PSH.0));
        }
        if self.at > 0 {
            flags = TcpFlags(flags.0 & !TcpFlags::CWR.0);
        }
        if let Some(ip) = self.stack.first_mut::<Ipv4>() {
            ip.header_mut().set_id(self.id);
        }
        if let Some(tcp) = self.stack.first_mut::<Tcp>() {
            tcp.header_mut().set_seq(self.seq.wrapping_add(self.at as u32));
            tcp.header_mut().set_flags(flags);
        }
        if let Some(AnyLayer::Bytes(payload)) = self.stack.layers_mut().next_back() {
            payload.clear();
            payload.extend_from_slice(piece);
        }
        self.stack.write(&mut self.buf)?;
        Ok(piece.len())
    }
}

impl fmt::Display for SegmentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotTcp => f.write_str("there is no whole TCP packet to cut into segments"),
            Self::OnlyOnce => {
                f.write_str("a segment with SYN or RST is not cut: take a size that its payload fits into")
            }
            Self::NoSize => f.write_str("segments of no payload: the size is to be at least 1 byte"),
            Self::Build(error) => error.fmt(f),
        }
    }
}

impl error::Error for SegmentError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Ethernet, Ipv6, Ipv6DestinationOptions};
    use pycap_wire::{Ipv6Option, TcpOption};

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
