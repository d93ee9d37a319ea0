//! A captured frame: its bytes, and what the link knew about it.

mod link;
mod owned;

use std::borrow::Cow;
use std::fmt;

use pycap_wire::{Layers, LinkType, Packet, VlanTag};

use crate::wire_bytes::WireBytes;
use crate::{Interface, Timestamp, TimestampSource};

pub use self::link::{Direction, Reception, Segmentation, SegmentationKind, VlanTags};
pub use self::owned::OwnedFrame;

/// One captured frame, borrowed from the source that it came from.
///
/// It is small and `Copy`; pass it by value. [`to_owned`](Self::to_owned) keeps it beyond the next call to
/// its source.
///
/// ```
/// use pycap_capture::{Direction, Frame, LinkType, Timestamp};
///
/// let bytes = [0; 60];
/// let frame = Frame::new(&bytes, LinkType::ETHERNET)
///     .with_timestamp(Timestamp::new(1_700_000_000, 0))
///     .with_original_len(1514)
///     .with_direction(Direction::Inbound);
/// assert_eq!(frame.data().len(), 60);
/// assert_eq!(frame.missing(), 1454);
/// ```
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    data: &'a [u8],
    interface_info: Option<&'a Interface>,
    meta: Meta,
}

// A frame is passed by value from the source to the caller's code, so it has to fit a cache line.
const _: () = assert!(size_of::<Frame<'_>>() <= 64);

const _: () = {
    const fn shareable<T: Copy + Send + Sync>() {}
    shareable::<Frame<'_>>();
};

/// All of a frame but its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Meta {
    secs: i64,
    /// [`NO_TIMESTAMP`] if there is no timestamp: an `Option<Timestamp>` would take 8 bytes more.
    nanos: u32,
    original_len: u32,
    interface: u32,
    /// The word that pcapng keeps as `epb_flags`, see [`flag`].
    flags: u32,
    link_type: LinkType,
    /// A TPID of 0 says that no tag was taken out: 0 is not an EtherType.
    vlan_tpid: u16,
    vlan_tci: u16,
    gso: Segmentation,
    timestamp_source: Option<TimestampSource>,
}

const NO_TIMESTAMP: u32 = u32::MAX;

/// The bits of pcapng's `epb_flags` (draft-ietf-opsawg-pcapng, section 4.3.1). Frames from other sources use
/// the same word, so that what a link knew survives a trip through a file, bits without a name here included.
pub(crate) mod flag {
    pub(crate) const DIRECTION: u32 = 0b11;
    pub(crate) const RECEPTION_SHIFT: u32 = 2;
    pub(crate) const RECEPTION: u32 = 0b111 << RECEPTION_SHIFT;
    pub(crate) const FCS_LEN_SHIFT: u32 = 5;
    pub(crate) const FCS_LEN: u32 = 0b1111 << FCS_LEN_SHIFT;
    pub(crate) const CHECKSUM_NOT_READY: u32 = 1 << 9;
    pub(crate) const CHECKSUM_VALID: u32 = 1 << 10;
    pub(crate) const SEGMENTATION_OFFLOAD: u32 = 1 << 11;
}

impl<'a> Frame<'a> {
    /// A frame of which only the bytes are known: whole, without a timestamp, from interface 0.
    #[inline]
    pub const fn new(data: &'a [u8], link_type: LinkType) -> Self {
        let original_len = if data.len() > u32::MAX as usize { u32::MAX } else { data.len() as u32 };
        Self {
            data,
            interface_info: None,
            meta: Meta {
                secs: 0,
                nanos: NO_TIMESTAMP,
                original_len,
                interface: 0,
                flags: 0,
                link_type,
                vlan_tpid: 0,
                vlan_tci: 0,
                gso: Segmentation::NONE,
                timestamp_source: None,
            },
        }
    }

    /// The same, with what it borrows from its source.
    #[inline]
    pub(crate) const fn borrow_from<'b>(
        self,
        data: &'b [u8],
        interface_info: Option<&'b Interface>,
    ) -> Frame<'b> {
        Frame { data, interface_info, meta: self.meta }
    }

    /// The same frame with other bytes: changed, rewritten, decrypted. All else that is known of it stays, its
    /// [original length](Self::original_len) too.
    #[inline]
    #[must_use]
    pub const fn with_data<'b>(self, data: &'b [u8]) -> Frame<'b>
    where
        'a: 'b,
    {
        Frame { data, ..self }
    }

    /// The packet that it is, dissected from its link type on; it knows how much the capture cut off.
    ///
    /// What is dissected are the [bytes](Self::data). A [VLAN tag](Self::vlan_tag) that is beside them, as some captures have it when
    /// asked for ([`VlanTags::Apart`]), is not among the packet's [tags](Packet::vlans): dissect [`wire_bytes`](Self::wire_bytes) to
    /// see it there.
    ///
    /// ```
    /// use pycap_capture::{Frame, LinkType};
    ///
    /// let bytes = b"\x45\0\0\x1d\0\x01\0\0\x40\x11\x66\x07\x0a\x63\0\x02\x0a\x63\0\x01\0\x35\0\x36\0\x09\0\0x";
    /// let packet = Frame::new(bytes, LinkType::RAW).packet();
    /// assert_eq!(packet.udp().map(|udp| udp.dst_port()), Some(54));
    /// ```
    #[inline(always)]
    pub fn packet(self) -> Packet<'a> {
        Packet::parse(self.meta.link_type, self.data).with_cut(self.missing() as usize)
    }

    /// A walk over all its layers, on through tunnels and applications: those of its [packet](Self::packet), without making one.
    #[inline]
    pub fn layers(self) -> Layers<'a, 'static> {
        let link = pycap_wire::Next::Link(self.meta.link_type);
        Layers::new(link, self.data).with_cut(self.missing() as usize)
    }

    /// The captured bytes, from the link's header on.
    #[inline]
    pub const fn data(self) -> &'a [u8] {
        self.data
    }

    /// How many bytes the frame had before it was cut to the snapshot length; a [VLAN tag](Self::vlan_tag) that is beside the bytes is
    /// not counted. Damaged files hold values below the captured length; they are handed out as they are.
    #[inline]
    pub const fn original_len(self) -> u32 {
        self.meta.original_len
    }

    /// How many bytes of the frame were not captured.
    #[inline]
    pub const fn missing(self) -> u32 {
        if self.data.len() > u32::MAX as usize {
            0
        } else {
            self.meta.original_len.saturating_sub(self.data.len() as u32)
        }
    }

    /// When it was captured. A pcapng simple packet block has no timestamp.
    #[inline]
    pub const fn timestamp(self) -> Option<Timestamp> {
        if self.meta.nanos == NO_TIMESTAMP {
            None
        } else {
            Some(Timestamp::new(self.meta.secs, self.meta.nanos))
        }
    }

    /// What took the time, where the source told: a live capture does.
    #[inline]
    pub const fn timestamp_source(self) -> Option<TimestampSource> {
        self.meta.timestamp_source
    }

    /// The index of the interface it was captured on, among [`Source::interfaces`](crate::Source::interfaces).
    #[inline]
    pub const fn interface(self) -> u32 {
        self.meta.interface
    }

    /// What its source knows of the interface it was captured on. A frame that came from no source has none, and an
    /// [`OwnedFrame`] keeps the index only.
    #[inline]
    pub const fn interface_info(self) -> Option<&'a Interface> {
        self.interface_info
    }

    /// What the bytes start with.
    #[inline]
    pub const fn link_type(self) -> LinkType {
        self.meta.link_type
    }

    /// Whether it came in or went out.
    #[inline]
    pub const fn direction(self) -> Direction {
        match self.meta.flags & flag::DIRECTION {
            1 => Direction::Inbound,
            2 => Direction::Outbound,
            _ => Direction::Unknown,
        }
    }

    /// Whom the link addressed it to.
    #[inline]
    pub const fn reception(self) -> Reception {
        match (self.meta.flags & flag::RECEPTION) >> flag::RECEPTION_SHIFT {
            1 => Reception::Unicast,
            2 => Reception::Multicast,
            3 => Reception::Broadcast,
            4 => Reception::Promiscuous,
            _ => Reception::Unknown,
        }
    }

    /// The VLAN tag that is beside the bytes: Linux takes it out of them before anyone sees the frame.
    ///
    /// Live captures put it back, so that [`data`](Self::data) is what was on the wire and this is `None`, unless they are asked to leave
    /// it here ([`VlanTags::Apart`]). Where it is here, the bytes and both lengths are without it, and so is all that is made of them: a
    /// dissected [packet](Self::packet), what is printed or sent. [`wire_bytes`](Self::wire_bytes), [`matches`](Self::matches) and
    /// [`SavefileWriter`](crate::SavefileWriter) put it back.
    #[inline]
    pub const fn vlan_tag(self) -> Option<VlanTag> {
        if self.meta.vlan_tpid == 0 {
            None
        } else {
            Some(VlanTag { tpid: self.meta.vlan_tpid, tci: self.meta.vlan_tci })
        }
    }

    /// Bytes of frame check sequence at the end of the frame, where the link told; at most 15.
    #[inline]
    pub const fn fcs_len(self) -> Option<u8> {
        match (self.meta.flags & flag::FCS_LEN) >> flag::FCS_LEN_SHIFT {
            0 => None,
            len => Some(len as u8),
        }
    }

    /// The transport checksum is still to be filled in by the network card: a wrong one means nothing.
    #[inline]
    pub const fn checksum_not_ready(self) -> bool {
        self.meta.flags & flag::CHECKSUM_NOT_READY != 0
    }

    /// The network card has verified the transport checksum.
    #[inline]
    pub const fn checksum_valid(self) -> bool {
        self.meta.flags & flag::CHECKSUM_VALID != 0
    }

    /// Still to be cut into segments by the network card, or put together from segments by it: the frame may
    /// be longer than any on the wire.
    #[inline]
    pub const fn segmentation_offload(self) -> bool {
        self.meta.flags & flag::SEGMENTATION_OFFLOAD != 0
    }

    /// How the frame is to be cut into segments, or was put together from them, where the source told: Linux does, with the
    /// virtio-net header.
    #[inline]
    pub const fn segmentation(self) -> Option<Segmentation> {
        match self.meta.gso.kind {
            SegmentationKind::NONE => None,
            _ => Some(self.meta.gso),
        }
    }

    /// All marks in one word, laid out as pcapng's `epb_flags`; link errors are in the upper half.
    #[inline]
    pub const fn flags(self) -> u32 {
        self.meta.flags
    }

    /// The bytes as they were on the wire: with the [VLAN tag](Self::vlan_tag) that is beside them, if there is one, put back where the
    /// link has it (Ethernet and Linux cooked). Copies only then.
    ///
    /// ```
    /// # use pycap_capture::{Frame, LinkType, VlanTag};
    /// let frame = Frame::new(b"dst___src___\x08\0payload", LinkType::ETHERNET);
    /// let tagged = frame.with_vlan_tag(VlanTag { tpid: 0x8100, tci: 42 });
    /// assert_eq!(&tagged.wire_bytes()[..], b"dst___src___\x81\0\0\x2a\x08\0payload");
    /// ```
    pub fn wire_bytes(self) -> Cow<'a, [u8]> {
        match WireBytes::of(self) {
            WireBytes::Whole(data) => Cow::Borrowed(data),
            bytes => {
                let mut whole = vec![0; bytes.len()];
                bytes.copy_to(&mut whole);
                Cow::Owned(whole)
            }
        }
    }

    /// A copy of the frame that borrows from nothing.
    pub fn to_owned(self) -> OwnedFrame {
        OwnedFrame { data: self.data.into(), meta: self.meta }
    }

    /// With at most so many bytes; the original length stays.
    #[inline]
    #[must_use]
    pub const fn cut(mut self, len: usize) -> Self {
        if let Some((data, _)) = self.data.split_at_checked(len) {
            self.data = data;
        }
        self
    }

    /// With this timestamp.
    #[inline]
    #[must_use]
    pub const fn with_timestamp(mut self, timestamp: Timestamp) -> Self {
        self.meta.secs = timestamp.secs();
        self.meta.nanos = timestamp.subsec_nanos();
        self
    }

    /// With its time taken by this.
    #[inline]
    #[must_use]
    pub const fn with_timestamp_source(mut self, source: TimestampSource) -> Self {
        self.meta.timestamp_source = Some(source);
        self
    }

    /// With this many bytes before it was cut.
    #[inline]
    #[must_use]
    pub const fn with_original_len(mut self, bytes: u32) -> Self {
        self.meta.original_len = bytes;
        self
    }

    /// From the interface with this index.
    #[inline]
    #[must_use]
    pub const fn with_interface(mut self, index: u32) -> Self {
        self.meta.interface = index;
        self
    }

    /// With this known of its interface: for a frame that was [kept](Self::to_owned) while its source is asked again.
    #[inline]
    #[must_use]
    pub const fn with_interface_info(mut self, info: &'a Interface) -> Self {
        self.interface_info = Some(info);
        self
    }

    /// With this direction.
    #[inline]
    #[must_use]
    pub const fn with_direction(mut self, direction: Direction) -> Self {
        self.meta.flags = self.meta.flags & !flag::DIRECTION | direction as u32;
        self
    }

    /// Addressed like this.
    #[inline]
    #[must_use]
    pub const fn with_reception(mut self, reception: Reception) -> Self {
        self.meta.flags = self.meta.flags & !flag::RECEPTION | (reception as u32) << flag::RECEPTION_SHIFT;
        self
    }

    /// With a VLAN tag that is not in the bytes any more. A TPID of 0 says that there is none.
    #[inline]
    #[must_use]
    pub const fn with_vlan_tag(mut self, tag: VlanTag) -> Self {
        self.meta.vlan_tpid = tag.tpid;
        self.meta.vlan_tci = tag.tci;
        self
    }

    /// To be cut into such segments, or put together from them. A kind of [`SegmentationKind::NONE`] says that it is not.
    #[inline]
    #[must_use]
    pub const fn with_segmentation(mut self, segmentation: Segmentation) -> Self {
        self.meta.gso = segmentation;
        self.with_segmentation_offload(segmentation.kind.0 != SegmentationKind::NONE.0)
    }

    /// With so many bytes of frame check sequence at its end, at most 15; `None` where that is not known, or there are none.
    #[inline]
    #[must_use]
    pub const fn with_fcs_len(mut self, len: Option<u8>) -> Self {
        let len = match len {
            Some(len) => (len as u32) << flag::FCS_LEN_SHIFT & flag::FCS_LEN,
            None => 0,
        };
        self.meta.flags = self.meta.flags & !flag::FCS_LEN | len;
        self
    }

    /// With all marks at once, laid out as pcapng's `epb_flags`.
    #[inline]
    #[must_use]
    pub const fn with_flags(mut self, flags: u32) -> Self {
        self.meta.flags = flags;
        self
    }

    /// With or without the mark that the transport checksum is still to be filled in.
    #[inline]
    #[must_use]
    pub const fn with_checksum_not_ready(self, mark: bool) -> Self {
        self.with_flag(flag::CHECKSUM_NOT_READY, mark)
    }

    /// With or without the mark that the transport checksum has been verified.
    #[inline]
    #[must_use]
    pub const fn with_checksum_valid(self, mark: bool) -> Self {
        self.with_flag(flag::CHECKSUM_VALID, mark)
    }

    /// With or without the mark that the network card cuts it into segments.
    #[inline]
    #[must_use]
    pub const fn with_segmentation_offload(self, mark: bool) -> Self {
        self.with_flag(flag::SEGMENTATION_OFFLOAD, mark)
    }

    const fn with_flag(mut self, bit: u32, mark: bool) -> Self {
        self.meta.flags = if mark { self.meta.flags | bit } else { self.meta.flags & !bit };
        self
    }
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Frame");
        out.field("link_type", &self.link_type())
            .field("len", &self.data.len())
            .field("original_len", &self.original_len())
            .field("timestamp", &self.timestamp().map(|time| time.to_string()))
            .field("interface", &self.interface());
        if self.meta.flags != 0 {
            out.field("flags", &format_args!("{:#x}", self.meta.flags));
        }
        if let Some(tag) = self.vlan_tag() {
            out.field("vlan_tag", &tag);
        }
        if let Some(segmentation) = self.segmentation() {
            out.field("segmentation", &segmentation);
        }
        out.finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_frame_is_whole_and_without_a_time() {
        let frame = Frame::new(b"abc", LinkType::RAW);
        assert_eq!((frame.original_len(), frame.missing()), (3, 0));
        assert_eq!(frame.timestamp(), None);
        assert_eq!(frame.direction(), Direction::Unknown);
        assert_eq!(frame.reception(), Reception::Unknown);
        assert_eq!((frame.vlan_tag(), frame.fcs_len()), (None, None));
        assert!(matches!(frame.wire_bytes(), Cow::Borrowed(b"abc")));
        assert_eq!(frame.with_original_len(1).missing(), 0);
    }

    #[test]
    fn marks_do_not_disturb_each_other() {
        let frame = Frame::new(b"", LinkType::ETHERNET)
            .with_flags(4 << flag::FCS_LEN_SHIFT | 0x8000_0000)
            .with_direction(Direction::Inbound)
            .with_direction(Direction::Outbound)
            .with_reception(Reception::Promiscuous)
            .with_checksum_valid(true)
            .with_checksum_not_ready(true)
            .with_segmentation_offload(true)
            .with_checksum_valid(false);
        assert_eq!(frame.direction(), Direction::Outbound);
        assert_eq!(frame.reception(), Reception::Promiscuous);
        assert_eq!(frame.fcs_len(), Some(4));
        assert_eq!(frame.with_fcs_len(Some(2)).flags(), 0x8000_0a52);
        assert_eq!(frame.with_fcs_len(None).flags(), 0x8000_0a12);
        assert!(frame.checksum_not_ready() && frame.segmentation_offload() && !frame.checksum_valid());
        assert_eq!(frame.flags(), 0x8000_0a92);
    }

    #[test]
    fn a_stripped_tag_goes_back_where_the_link_has_it() {
        let tag = VlanTag { tpid: 0x88a8, tci: 0xe001 };
        let bytes: Vec<u8> = (0..20).collect();
        let ethernet = Frame::new(&bytes, LinkType::ETHERNET).with_vlan_tag(tag);
        assert_eq!(ethernet.wire_bytes()[10..18], [10, 11, 0x88, 0xa8, 0xe0, 1, 12, 13]);
        let sll = Frame::new(&bytes, LinkType::LINUX_SLL).with_vlan_tag(tag);
        assert_eq!(sll.wire_bytes()[12..20], [12, 13, 0x88, 0xa8, 0xe0, 1, 14, 15]);
        let sll2: Vec<u8> = (0..24).collect();
        let sll2 = Frame::new(&sll2, LinkType::LINUX_SLL2).with_vlan_tag(tag);
        let whole = sll2.wire_bytes();
        assert_eq!(whole[..4], [0x88, 0xa8, 2, 3], "the tag's protocol is the header's");
        assert_eq!(whole[18..], [18, 19, 0xe0, 1, 0, 1, 20, 21, 22, 23]);
        let short = Frame::new(&bytes[..11], LinkType::ETHERNET).with_vlan_tag(tag);
        assert_eq!(short.wire_bytes()[..], bytes[..11]);
        let untagged = Frame::new(&bytes, LinkType::RAW).with_vlan_tag(tag);
        assert_eq!(untagged.wire_bytes()[..], bytes[..]);
    }

    #[test]
    fn an_owned_frame_keeps_everything() {
        let time = Timestamp::new(-5, 7);
        let owned = {
            let bytes = vec![1, 2, 3];
            Frame::new(&bytes, LinkType::PPP)
                .with_timestamp(time)
                .with_original_len(9)
                .with_interface(2)
                .with_vlan_tag(VlanTag { tpid: 0x8100, tci: 5 })
                .with_segmentation(Segmentation { size: 1448, kind: SegmentationKind::TCP_IPV4 })
                .to_owned()
        };
        let frame = owned.as_frame();
        assert_eq!(frame.data(), [1, 2, 3]);
        assert_eq!(frame.timestamp(), Some(time));
        assert_eq!((frame.original_len(), frame.interface()), (9, 2));
        assert_eq!(frame.link_type(), LinkType::PPP);
        assert_eq!(frame.vlan_tag().unwrap().tci, 5);
        assert_eq!(frame.segmentation().unwrap().size, 1448);
        assert!(frame.segmentation_offload());
        assert_eq!(OwnedFrame::from(frame), owned);
    }

    #[test]
    fn an_owned_frame_says_what_its_frame_says() {
        let frame = Frame::new(b"dst___src___\x08\0payload", LinkType::ETHERNET)
            .with_timestamp(Timestamp::new(7, 8))
            .with_timestamp_source(TimestampSource::HardwareRaw)
            .with_original_len(100)
            .with_interface(3)
            .with_direction(Direction::Outbound)
            .with_reception(Reception::Multicast)
            .with_vlan_tag(VlanTag { tpid: 0x88a8, tci: 0xe001 })
            .with_segmentation(Segmentation { size: 1448, kind: SegmentationKind::TCP_IPV4 })
            .with_flags(0x8000_0f8e);
        for frame in [frame, Frame::new(b"", LinkType::RAW)] {
            let owned = frame.to_owned();
            assert_eq!(owned.data(), frame.data());
            assert_eq!(owned.original_len(), frame.original_len());
            assert_eq!(owned.missing(), frame.missing());
            assert_eq!(owned.timestamp(), frame.timestamp());
            assert_eq!(owned.timestamp_source(), frame.timestamp_source());
            assert_eq!(owned.interface(), frame.interface());
            assert_eq!(owned.link_type(), frame.link_type());
            assert_eq!(owned.direction(), frame.direction());
            assert_eq!(owned.reception(), frame.reception());
            assert_eq!(owned.vlan_tag(), frame.vlan_tag());
            assert_eq!(owned.fcs_len(), frame.fcs_len());
            assert_eq!(owned.checksum_not_ready(), frame.checksum_not_ready());
            assert_eq!(owned.checksum_valid(), frame.checksum_valid());
            assert_eq!(owned.segmentation_offload(), frame.segmentation_offload());
            assert_eq!(owned.segmentation(), frame.segmentation());
            assert_eq!(owned.flags(), frame.flags());
            assert_eq!(owned.wire_bytes(), frame.wire_bytes());
        }
    }
}
