//! What is asked of the system to finish in a frame: a checksum, the cutting into segments.

/// The virtio-net header ahead of a frame: the checksum and the segments that the kernel or the network card is to make
/// (virtio 1.2, section 5.1.6; `struct virtio_net_hdr` of include/uapi/linux/virtio_net.h).
///
/// [`PacketSocket::send_offloaded`](super::PacketSocket::send_offloaded) takes it. Where the interface cannot do what it asks for, the
/// kernel does it before the frame gets there; a veth pair or a bridge hands the frame on as it is, with the request.
///
/// ```
/// use pycap_inject::sender::{OffloadHeader, Segmentation};
///
/// // Ethernet/IPv4/TCP: the TCP header is at byte 34, its checksum 16 bytes into it, and the headers have 54 bytes.
/// let whole = OffloadHeader::checksum(34, 16);
/// let cut = whole.segments(Segmentation::TcpV4, 1448, 54);
/// # let _ = cut;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OffloadHeader {
    flags: u8,
    segmentation: u8,
    header_len: u16,
    segment_size: u16,
    checksum_start: u16,
    checksum_offset: u16,
}

/// What a frame is cut into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Segmentation {
    /// TCP segments over IPv4.
    TcpV4,
    /// TCP segments over IPv6.
    TcpV6,
    /// UDP datagrams over either (Linux 6.2).
    Udp,
}

// include/uapi/linux/virtio_net.h
const NEEDS_CSUM: u8 = 1;
const GSO_TCPV4: u8 = 1;
const GSO_TCPV6: u8 = 4;
const GSO_UDP_L4: u8 = 5;

impl OffloadHeader {
    /// How many bytes it has on its way to the kernel.
    pub(super) const LEN: usize = 10;

    /// Nothing is asked for.
    pub const NONE: Self = Self {
        flags: 0,
        segmentation: 0,
        header_len: 0,
        segment_size: 0,
        checksum_start: 0,
        checksum_offset: 0,
    };

    /// A checksum over all bytes of the frame from `start` on, to be put `offset` bytes after `start`. The field there holds the sum of
    /// the pseudo-header, not complemented, as the kernel takes it for a start.
    pub fn checksum(start: u16, offset: u16) -> Self {
        Self { flags: NEEDS_CSUM, checksum_start: start, checksum_offset: offset, ..Self::NONE }
    }

    /// And the frame is to be cut into segments of at most `size` bytes of payload each, behind a copy of the first `header_len` bytes of
    /// the frame. Such a frame may be longer than the MTU. It needs a [`checksum`](Self::checksum), too.
    #[must_use]
    pub fn segments(mut self, kind: Segmentation, size: u16, header_len: u16) -> Self {
        self.segmentation = match kind {
            Segmentation::TcpV4 => GSO_TCPV4,
            Segmentation::TcpV6 => GSO_TCPV6,
            Segmentation::Udp => GSO_UDP_L4,
        };
        self.segment_size = size;
        self.header_len = header_len;
        self
    }

    /// In this machine's byte order, as packet sockets take it (`vio_le` in include/linux/virtio_byteorder.h).
    pub(super) fn bytes(self) -> [u8; Self::LEN] {
        let [a, b] = self.header_len.to_ne_bytes();
        let [c, d] = self.segment_size.to_ne_bytes();
        let [e, f] = self.checksum_start.to_ne_bytes();
        let [g, h] = self.checksum_offset.to_ne_bytes();
        [self.flags, self.segmentation, a, b, c, d, e, f, g, h]
    }
}
