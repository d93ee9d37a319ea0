//! A frame that is kept.

use std::borrow::Cow;
use std::fmt;

use pycap_wire::{Layers, LinkType, Packet, VlanTag};

use super::Meta;
use crate::{Direction, Filter, Frame, Reception, Segmentation, Timestamp, TimestampSource};

/// A frame that owns its bytes: it can be kept, and sent to another thread.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct OwnedFrame {
    pub(super) data: Box<[u8]>,
    pub(super) meta: Meta,
}

const _: () = {
    const fn keepable<T: Send + Sync + 'static>() {}
    keepable::<OwnedFrame>();
};

impl OwnedFrame {
    /// The frame, borrowed from this copy.
    #[inline]
    pub fn as_frame(&self) -> Frame<'_> {
        Frame { data: &self.data, interface_info: None, meta: self.meta }
    }

    /// The captured bytes.
    #[inline]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// The captured bytes, to keep without the rest.
    #[inline]
    pub fn into_data(self) -> Box<[u8]> {
        self.data
    }

    /// As [`Frame::packet`].
    #[inline]
    pub fn packet(&self) -> Packet<'_> {
        self.as_frame().packet()
    }

    /// As [`Frame::layers`].
    #[inline]
    pub fn layers(&self) -> Layers<'_, 'static> {
        self.as_frame().layers()
    }

    /// As [`Frame::matches`].
    #[inline]
    pub fn matches(&self, filter: &Filter) -> bool {
        self.as_frame().matches(filter)
    }

    /// As [`Frame::wire_bytes`].
    pub fn wire_bytes(&self) -> Cow<'_, [u8]> {
        self.as_frame().wire_bytes()
    }
}

/// What a frame knows beside its bytes.
macro_rules! accessors {
    ($($name:ident: $Type:ty,)*) => {
        impl OwnedFrame {
            $(
                #[doc = concat!("As [`Frame::", stringify!($name), "`].")]
                #[inline]
                pub const fn $name(&self) -> $Type {
                    Frame { data: &self.data, interface_info: None, meta: self.meta }.$name()
                }
            )*
        }
    };
}

accessors! {
    original_len: u32,
    missing: u32,
    timestamp: Option<Timestamp>,
    timestamp_source: Option<TimestampSource>,
    interface: u32,
    link_type: LinkType,
    direction: Direction,
    reception: Reception,
    vlan_tag: Option<VlanTag>,
    fcs_len: Option<u8>,
    checksum_not_ready: bool,
    checksum_valid: bool,
    segmentation_offload: bool,
    segmentation: Option<Segmentation>,
    flags: u32,
}

impl From<Frame<'_>> for OwnedFrame {
    fn from(frame: Frame<'_>) -> Self {
        frame.to_owned()
    }
}

impl fmt::Debug for OwnedFrame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_frame().fmt(f)
    }
}
