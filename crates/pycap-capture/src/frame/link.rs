//! What a link, or the system behind it, knows of a frame.

/// Which way a frame went, as seen from the machine that captured it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Direction {
    /// The source does not tell.
    #[default]
    Unknown = 0,
    /// Received.
    Inbound = 1,
    /// Sent.
    Outbound = 2,
}

/// Whom the link addressed a frame to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Reception {
    /// The source does not tell.
    #[default]
    Unknown = 0,
    /// This machine.
    Unicast = 1,
    /// A group.
    Multicast = 2,
    /// Everyone.
    Broadcast = 3,
    /// Another machine: seen because the interface listened to everything.
    Promiscuous = 4,
}

/// Where the VLAN tag of a frame is, which Linux takes out of it before anybody sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum VlanTags {
    /// In the bytes, as on the wire; put back without copying the frame, into room that is reserved ahead of it.
    #[default]
    InFrame,
    /// Beside the bytes: [`Frame::vlan_tag`](crate::Frame::vlan_tag). A packet that is dissected, printed or sent from the bytes is then
    /// without its outer tag, and two frames that differ by it only look alike.
    Apart,
}

/// How a frame that is larger than any on the wire relates to those: `struct virtio_net_hdr` of the virtio specification,
/// section 5.1.6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segmentation {
    /// Bytes of payload in each segment but the last.
    pub size: u16,
    /// What is cut how.
    pub kind: SegmentationKind,
}

impl Segmentation {
    pub(super) const NONE: Self = Self { size: 0, kind: SegmentationKind::NONE };
}

/// What is cut into segments, as virtio's `gso_type` numbers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct SegmentationKind(pub u8);

impl SegmentationKind {
    /// Nothing: an ordinary frame.
    pub const NONE: Self = Self(0);
    /// A TCP segment over IPv4.
    pub const TCP_IPV4: Self = Self(1);
    /// A UDP datagram, cut into IP fragments.
    pub const UDP_FRAGMENTS: Self = Self(3);
    /// A TCP segment over IPv6.
    pub const TCP_IPV6: Self = Self(4);
    /// UDP payload, cut into several datagrams.
    pub const UDP_DATAGRAMS: Self = Self(5);

    /// The same without the mark below.
    pub const fn base(self) -> Self {
        Self(self.0 & !0x80)
    }

    /// The TCP header says that congestion was met (CWR), which only the first segment repeats.
    pub const fn has_ecn(self) -> bool {
        self.0 & 0x80 != 0
    }
}
