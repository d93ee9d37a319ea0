//! What a program looks at.

use pycap_wire::VlanTag;

use crate::ancillary;

/// A packet, as a program sees it.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    pub(crate) data: &'a [u8],
    pub(crate) original_len: u32,
    pub(crate) metadata: Option<&'a Metadata>,
}

impl<'a> Input<'a> {
    /// A packet of which only the bytes are known, from the link's header on, and the length in bytes that it had
    /// before it was cut to the snapshot length.
    #[inline]
    pub const fn new(data: &'a [u8], original_len: u32) -> Self {
        Self { data, original_len, metadata: None }
    }

    /// The same, with what the link knew. Only programs that
    /// [`uses_ancillary`](crate::Filter::uses_ancillary) is true for look at it.
    #[inline]
    #[must_use]
    pub const fn with_metadata(self, metadata: &'a Metadata) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// The captured bytes.
    #[inline]
    pub const fn data(self) -> &'a [u8] {
        self.data
    }

    /// The length in bytes that the packet had before it was cut.
    #[inline]
    pub const fn original_len(self) -> u32 {
        self.original_len
    }

    /// What the link knew.
    #[inline]
    pub const fn metadata(self) -> Option<&'a Metadata> {
        self.metadata
    }
}

impl<'a> From<&'a [u8]> for Input<'a> {
    /// A packet that was captured as a whole.
    #[inline]
    fn from(data: &'a [u8]) -> Self {
        Self::new(data, u32::try_from(data.len()).unwrap_or(u32::MAX))
    }
}

/// What a link knew of a packet beside its bytes, for ancillary loads.
///
/// What is not set is not known, and a program that loads it does not match, as in libpcap.
///
/// ```
/// use pycap_filter::Metadata;
///
/// let sent_untagged = Metadata::new().with_packet_type(4).with_ifindex(2).with_vlan(None);
/// # let _ = sent_untagged;
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Metadata {
    protocol: Option<u16>,
    packet_type: Option<u8>,
    ifindex: Option<u32>,
    hatype: Option<u16>,
    vlan: Option<Option<VlanTag>>,
    mark: Option<u32>,
    queue: Option<u32>,
    rxhash: Option<u32>,
    cpu: Option<u32>,
}

impl Metadata {
    /// Nothing is known.
    #[inline]
    pub const fn new() -> Self {
        Self {
            protocol: None,
            packet_type: None,
            ifindex: None,
            hatype: None,
            vlan: None,
            mark: None,
            queue: None,
            rxhash: None,
            cpu: None,
        }
    }

    /// The protocol that the link carries, host byte order: an EtherType where it has one.
    #[inline]
    #[must_use]
    pub const fn with_protocol(self, protocol: u16) -> Self {
        Self { protocol: Some(protocol), ..self }
    }

    /// Whom the link addressed it to: `PACKET_HOST` 0, `PACKET_BROADCAST` 1, `PACKET_MULTICAST` 2, `PACKET_OTHERHOST` 3,
    /// `PACKET_OUTGOING` 4 (`<linux/if_packet.h>`).
    #[inline]
    #[must_use]
    pub const fn with_packet_type(self, packet_type: u8) -> Self {
        Self { packet_type: Some(packet_type), ..self }
    }

    /// The index of its interface.
    #[inline]
    #[must_use]
    pub const fn with_ifindex(self, ifindex: u32) -> Self {
        Self { ifindex: Some(ifindex), ..self }
    }

    /// The type of its interface: `ARPHRD_*` of `<linux/if_arp.h>`.
    #[inline]
    #[must_use]
    pub const fn with_hatype(self, hatype: u16) -> Self {
        Self { hatype: Some(hatype), ..self }
    }

    /// The VLAN tag that was taken out of the packet; `None` if it is known that there was none, or that it is still in the bytes.
    #[inline]
    #[must_use]
    pub const fn with_vlan(self, tag: Option<VlanTag>) -> Self {
        Self { vlan: Some(tag), ..self }
    }

    /// Its mark.
    #[inline]
    #[must_use]
    pub const fn with_mark(self, mark: u32) -> Self {
        Self { mark: Some(mark), ..self }
    }

    /// The queue that it came by.
    #[inline]
    #[must_use]
    pub const fn with_queue(self, queue: u32) -> Self {
        Self { queue: Some(queue), ..self }
    }

    /// The hash of its flow, as the network card or the kernel computed it.
    #[inline]
    #[must_use]
    pub const fn with_rxhash(self, rxhash: u32) -> Self {
        Self { rxhash: Some(rxhash), ..self }
    }

    /// The CPU that handled it.
    #[inline]
    #[must_use]
    pub const fn with_cpu(self, cpu: u32) -> Self {
        Self { cpu: Some(cpu), ..self }
    }

    /// What an absolute load from `k`, one of [`ancillary`], gives. A packet without a tag has tag and identifier 0, as in
    /// the kernel.
    pub fn load(&self, k: u32) -> Option<u32> {
        match k {
            ancillary::PROTOCOL => self.protocol.map(u32::from),
            ancillary::PKTTYPE => self.packet_type.map(u32::from),
            ancillary::IFINDEX => self.ifindex,
            ancillary::MARK => self.mark,
            ancillary::QUEUE => self.queue,
            ancillary::HATYPE => self.hatype.map(u32::from),
            ancillary::RXHASH => self.rxhash,
            ancillary::CPU => self.cpu,
            ancillary::VLAN_TAG => self.vlan.map(|tag| tag.map_or(0, |tag| tag.tci.into())),
            ancillary::VLAN_TAG_PRESENT => self.vlan.map(|tag| tag.is_some().into()),
            ancillary::VLAN_TPID => self.vlan.map(|tag| tag.map_or(0, |tag| tag.tpid.into())),
            _ => None,
        }
    }
}
