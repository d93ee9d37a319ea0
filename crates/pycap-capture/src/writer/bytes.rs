//! What of a frame goes into the file: its bytes, with the VLAN tag that the system took out put back.

use crate::Frame;
use crate::frame::vlan_offset;

/// The bytes of a frame, in the pieces that they are written in.
#[derive(Clone, Copy)]
pub(super) enum Bytes<'a> {
    Whole(&'a [u8]),
    /// With a tag between the two.
    Tagged(&'a [u8], [u8; 4], &'a [u8]),
}

impl<'a> Bytes<'a> {
    /// Every tool looks for a tag in the bytes, and libpcap puts it back there too (`pcap-linux.c`). Where it
    /// has no place, since the link is none that has tags or the capture ends before it, it is left out.
    pub(super) fn of(frame: Frame<'a>) -> Self {
        let data = frame.data();
        let pieces = frame.vlan_tag().and_then(|tag| {
            let (head, tail) = data.split_at_checked(vlan_offset(frame.link_type())?)?;
            let [[a, b], [c, d]] = [tag.tpid.to_be_bytes(), tag.tci.to_be_bytes()];
            Some(Self::Tagged(head, [a, b, c, d], tail))
        });
        pieces.unwrap_or(Self::Whole(data))
    }

    #[inline(always)]
    pub(super) const fn len(self) -> usize {
        match self {
            Self::Whole(data) => data.len(),
            Self::Tagged(head, tag, tail) => head.len() + tag.len() + tail.len(),
        }
    }

    /// How many bytes there are more than were captured.
    #[inline(always)]
    pub(super) const fn added(self) -> u32 {
        match self {
            Self::Whole(_) => 0,
            Self::Tagged(..) => 4,
        }
    }

    /// Copies them to a place of the same length.
    #[inline(always)]
    pub(super) fn copy_to(self, place: &mut [u8]) {
        match self {
            Self::Whole(data) => place.copy_from_slice(data),
            Self::Tagged(head, tag, tail) => {
                let (place, rest) = place.split_at_mut(head.len());
                place.copy_from_slice(head);
                let (place, rest) = rest.split_at_mut(tag.len());
                place.copy_from_slice(&tag);
                rest.copy_from_slice(tail);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{LinkType, VlanTag};

    #[test]
    fn they_are_the_wire_bytes() {
        let data: Vec<u8> = (0..40).collect();
        for link_type in (0..300).map(LinkType) {
            for len in 0..data.len() {
                for tpid in [0, 0x8100] {
                    let frame =
                        Frame::new(&data[..len], link_type).with_vlan_tag(VlanTag { tpid, tci: 0xe123 });
                    let bytes = Bytes::of(frame);
                    let mut copy = vec![0; bytes.len()];
                    bytes.copy_to(&mut copy);
                    assert_eq!(copy, frame.wire_bytes()[..]);
                    assert_eq!(bytes.len(), len + bytes.added() as usize);
                }
            }
        }
    }
}
