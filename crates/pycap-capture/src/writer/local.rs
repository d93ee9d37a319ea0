//! An option of pcapng packets that is pycap's own: what a frame knows and the format has no place for.
//!
//! Its code is from the range for local use (draft-ietf-opsawg-pcapng, section 3.5: the upper bit is set),
//! where anyone may have another meaning for it, so its value starts with a name. Other readers skip it.
//!
//! ```text
//! code: 0xca9f (2) | length: 16 (2) | "pycap" (5) | marks (1) | segmentation kind (1) | 0 (1)
//!     | segmentation size (2) | VLAN TPID (2) | VLAN TCI (2) | 0 (2)
//! ```
//!
//! Numbers have the byte order of the section. Marks: 1 = no time was known, whatever the block says; 2 = the
//! segmentation is known; 4 = the VLAN tag is, which the system took out of a frame and which could not be put
//! back into its bytes.

use crate::{ByteOrder, Frame, Segmentation, SegmentationKind, VlanTag};

/// The option's code.
pub(crate) const CODE: u16 = 0xca9f;
/// Bytes of the whole option.
pub(crate) const LEN: usize = 4 + VALUE;
const VALUE: usize = 16;

const NAME: [u8; 5] = *b"pycap";
const NO_TIME: u8 = 1;
const SEGMENTATION: u8 = 2;
const TAG: u8 = 4;

/// Where in the value its numbers are, and how many bytes they have.
pub(crate) const PLACES: [(usize, usize); 3] = [(8, 2), (10, 2), (12, 2)];

/// Whether the value of an option of this code is ours.
pub(crate) fn is_own(value: &[u8]) -> bool {
    value.len() >= VALUE && value.starts_with(&NAME)
}

/// What the option says of a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Local {
    pub(crate) no_time: bool,
    pub(crate) segmentation: Option<Segmentation>,
    pub(crate) tag: Option<VlanTag>,
}

impl Local {
    /// The option, if there is anything to say.
    pub(crate) fn encode(self, order: ByteOrder) -> Option<[u8; LEN]> {
        if self == Self::default() {
            return None;
        }
        let segmentation =
            self.segmentation.unwrap_or(Segmentation { size: 0, kind: SegmentationKind::NONE });
        let tag = self.tag.unwrap_or(VlanTag { tpid: 0, tci: 0 });
        let marks = if self.no_time { NO_TIME } else { 0 }
            | if self.segmentation.is_some() { SEGMENTATION } else { 0 }
            | if self.tag.is_some() { TAG } else { 0 };
        let [a, b, c, d, e] = NAME;
        let mut option = [0; LEN];
        let pairs = [
            order.bytes16(CODE),
            order.bytes16(VALUE as u16),
            [a, b],
            [c, d],
            [e, marks],
            [segmentation.kind.0, 0],
            order.bytes16(segmentation.size),
            order.bytes16(tag.tpid),
            order.bytes16(tag.tci),
            [0, 0],
        ];
        option.copy_from_slice(pairs.as_flattened());
        Some(option)
    }

    /// What an option of this code says; nothing, if it is somebody else's.
    pub(crate) fn decode(value: &[u8], order: ByteOrder) -> Self {
        let Some([a, b, c, d, e, marks, kind, _, size @ .., t, u, v, w, _, _]) = value.first_chunk::<VALUE>()
        else {
            return Self::default();
        };
        if [*a, *b, *c, *d, *e] != NAME {
            return Self::default();
        }
        let segmentation = Segmentation { size: order.u16_of(*size), kind: SegmentationKind(*kind) };
        let tag = VlanTag { tpid: order.u16_of([*t, *u]), tci: order.u16_of([*v, *w]) };
        Self {
            no_time: marks & NO_TIME != 0,
            segmentation: (marks & SEGMENTATION != 0).then_some(segmentation),
            tag: (marks & TAG != 0).then_some(tag),
        }
    }

    /// What of this the option would have to say: the format itself has no place for it.
    pub(crate) fn of(frame: Frame<'_>, tag_in_bytes: bool) -> Self {
        Self {
            no_time: frame.timestamp().is_none(),
            segmentation: frame.segmentation(),
            tag: if tag_in_bytes { None } else { frame.vlan_tag() },
        }
    }

    /// The frame with what the option says. Its flags stay as they are, and whether it has a time is the
    /// caller's to see to.
    pub(crate) fn apply(self, mut frame: Frame<'_>) -> Frame<'_> {
        if let Some(segmentation) = self.segmentation {
            let flags = frame.flags();
            frame = frame.with_segmentation(segmentation).with_flags(flags);
        }
        match self.tag {
            Some(tag) => frame.with_vlan_tag(tag),
            None => frame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_was_known() {
        let known = Local {
            no_time: true,
            segmentation: Some(Segmentation { size: 1448, kind: SegmentationKind(0x81) }),
            tag: Some(VlanTag { tpid: 0x88a8, tci: 0xe001 }),
        };
        let option = known.encode(ByteOrder::Big).unwrap();
        assert_eq!(option, *b"\xca\x9f\0\x10pycap\x07\x81\0\x05\xa8\x88\xa8\xe0\x01\0\0");
        for order in [ByteOrder::Little, ByteOrder::Big] {
            for known in [known, Local { tag: None, ..known }, Local { no_time: false, ..known }] {
                assert_eq!(Local::decode(&known.encode(order).unwrap()[4..], order), known);
            }
        }
        assert_eq!(Local::default().encode(ByteOrder::Big), None);
    }

    #[test]
    fn others_may_use_the_code() {
        for value in [&b""[..], b"pycap", b"pycaq\x07\x81\0\x05\xa8\x88\xa8\xe0\x01\0\0"] {
            assert_eq!(Local::decode(value, ByteOrder::Big), Local::default());
        }
    }
}
