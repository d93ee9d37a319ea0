//! The bytes of a frame as they were on the wire: with the VLAN tag put back that the system took out.

use crate::{Frame, LinkType, VlanTag};

/// The bytes of a frame, in the pieces that they are put together from.
#[derive(Clone, Copy)]
pub(crate) enum WireBytes<'a> {
    Whole(&'a [u8]),
    Tagged(Tagged<'a>),
}

/// `start`, `head`, `middle` and `tail` one behind the other; of the arrays, only so many bytes.
#[derive(Clone, Copy)]
pub(crate) struct Tagged<'a> {
    start: ([u8; 2], usize),
    head: &'a [u8],
    middle: ([u8; 4], usize),
    tail: &'a [u8],
}

impl<'a> WireBytes<'a> {
    /// Every tool looks for a tag in the bytes, and libpcap puts it back there too (`pcap-linux.c`). Where it
    /// has no place, since the link is none that has tags or the capture ends before it, it is left out.
    pub(crate) fn of(frame: Frame<'a>) -> Self {
        let data = frame.data();
        let tagged = frame.vlan_tag().and_then(|tag| Tagged::new(data, frame.link_type(), tag));
        tagged.map_or(Self::Whole(data), Self::Tagged)
    }

    /// The same, cut so that a tag does not take the frame past `snaplen` bytes; 0 is no limit. A frame that was longer before stays
    /// as long as it was.
    pub(crate) fn within(self, snaplen: u32) -> Self {
        let Self::Tagged(mut tagged) = self else { return self };
        let limit = match snaplen {
            0 => self.len(),
            snaplen => (snaplen as usize).max(self.len() - self.added() as usize),
        };
        let excess = self.len().saturating_sub(limit);
        let kept = tagged.tail.len().saturating_sub(excess);
        // At most the tag's 4 bytes are too many, and the middle has as many.
        tagged.middle.1 -= excess - (tagged.tail.len() - kept);
        tagged.tail = &tagged.tail[..kept];
        Self::Tagged(tagged)
    }

    #[inline(always)]
    pub(crate) const fn len(self) -> usize {
        match self {
            Self::Whole(data) => data.len(),
            Self::Tagged(Tagged { start, head, middle, tail }) => {
                start.1 + head.len() + middle.1 + tail.len()
            }
        }
    }

    /// How many bytes the frame had more on the wire than it was captured with.
    #[inline(always)]
    pub(crate) const fn added(self) -> u32 {
        match self {
            Self::Whole(_) => 0,
            Self::Tagged(_) => TAG_LEN,
        }
    }

    /// Copies them to a place of the same length.
    #[inline(always)]
    pub(crate) fn copy_to(self, place: &mut [u8]) {
        match self {
            Self::Whole(data) => place.copy_from_slice(data),
            Self::Tagged(tagged) => tagged.copy_to(place),
        }
    }
}

/// The bytes without the outermost tag among them, and that: what the kernel had where it took the tag out. `None` if there is none.
pub(crate) fn without_tag(data: &[u8], link_type: LinkType) -> Option<(Vec<u8>, VlanTag)> {
    let word = |at: usize| Some(u16::from_be_bytes(*data.get(at..)?.first_chunk()?));
    match link_type {
        LinkType::ETHERNET => {
            let tag = VlanTag { tpid: word(12)?, tci: word(14)? };
            Some(([data.get(..12)?, data.get(16..)?].concat(), tag))
        }
        LinkType::LINUX_SLL2 => {
            let tag = VlanTag { tpid: word(0)?, tci: word(20)? };
            Some(([data.get(22..24)?, data.get(2..20)?, data.get(24..)?].concat(), tag))
        }
        _ => None,
    }
}

/// Bytes of a tag.
pub(crate) const TAG_LEN: u32 = 4;

impl<'a> Tagged<'a> {
    fn new(data: &'a [u8], link_type: LinkType, tag: VlanTag) -> Option<Self> {
        let ([a, b], [c, d]) = (tag.tpid.to_be_bytes(), tag.tci.to_be_bytes());
        match link_type {
            LinkType::ETHERNET | LinkType::LINUX_SLL => {
                // Ahead of the EtherType.
                let (head, tail) =
                    data.split_at_checked(if link_type == LinkType::ETHERNET { 12 } else { 14 })?;
                Some(Self { start: ([0; 2], 0), head, middle: ([a, b, c, d], 4), tail })
            }
            // The header has the EtherType first: the tag's is there, and the frame's own follows the tag control information.
            LinkType::LINUX_SLL2 => {
                let (header, tail) = data.split_at_checked(20)?;
                let ([e, f], head) = header.split_first_chunk::<2>()?;
                Some(Self { start: ([a, b], 2), head, middle: ([c, d, *e, *f], 4), tail })
            }
            _ => None,
        }
    }

    #[inline(never)]
    fn copy_to(self, mut place: &mut [u8]) {
        let Self { start, head, middle, tail } = self;
        for piece in [&start.0[..start.1], head, &middle.0[..middle.1], tail] {
            let (here, rest) = place.split_at_mut(piece.len());
            here.copy_from_slice(piece);
            place = rest;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_the_bytes_with_the_tag() {
        let data: Vec<u8> = (0..40).collect();
        for link_type in (0..300).map(LinkType) {
            for len in 0..data.len() {
                for tpid in [0, 0x8100] {
                    let frame =
                        Frame::new(&data[..len], link_type).with_vlan_tag(VlanTag { tpid, tci: 0xe123 });
                    let bytes = WireBytes::of(frame);
                    let mut copy = vec![0; bytes.len()];
                    bytes.copy_to(&mut copy);
                    assert_eq!(copy, frame.wire_bytes()[..]);
                    assert_eq!(bytes.len(), len + bytes.added() as usize);
                    if bytes.added() > 0 && link_type != LinkType::LINUX_SLL {
                        let tag = VlanTag { tpid, tci: 0xe123 };
                        assert_eq!(without_tag(&copy, link_type), Some((data[..len].to_vec(), tag)));
                    }
                }
            }
        }
    }

    #[test]
    fn a_tag_takes_no_frame_past_the_snapshot_length() {
        let data: Vec<u8> = (0..40).collect();
        for link_type in [LinkType::ETHERNET, LinkType::LINUX_SLL, LinkType::LINUX_SLL2] {
            for len in 20..data.len() {
                let frame = Frame::new(&data[..len], link_type).with_vlan_tag(VlanTag { tpid: 1, tci: 2 });
                for snaplen in 0..50 {
                    let bytes = WireBytes::of(frame).within(snaplen);
                    let limit = if snaplen == 0 { len + 4 } else { len.max(snaplen as usize).min(len + 4) };
                    assert_eq!((bytes.len(), bytes.added()), (limit, 4));
                    let mut copy = vec![0; limit];
                    bytes.copy_to(&mut copy);
                    assert_eq!(copy, frame.wire_bytes()[..limit]);
                }
            }
        }
        // The tag itself is cut where nothing else is left.
        let frame = Frame::new(&data[..12], LinkType::ETHERNET).with_vlan_tag(VlanTag { tpid: 1, tci: 2 });
        assert_eq!(WireBytes::of(frame).within(14).len(), 14);
    }
}
