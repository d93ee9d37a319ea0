//! An Ethernet frame.

use pycap_wire::{EtherType, EthernetHeader, MacAddr};

use super::declare::layer;
use crate::context::EXPERIMENT_ETHER_TYPE;
use crate::value::FromValue;
use crate::{Auto, BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

/// The least length of a frame without its check sequence (IEEE 802.3, 4A.4.2: 64 bytes with it).
const MIN_FRAME: usize = 60;

layer! {
    /// An Ethernet frame (IEEE 802.3): what is outermost is padded to 60 bytes.
    pub struct Ethernet(EthernetHeader) = "eth";
    set {
        /// Destination.
        "dst" dst, set_dst: MacAddr;
        /// Source.
        "src" src, set_src: MacAddr;
    }
    computed {
        /// EtherType of the payload; in front of LLC the payload's length in bytes. Where the payload is bytes that say nothing
        /// of themselves, 0x88b5, which is for experiments.
        "type" ether_type, set_ether_type: EtherType, Numbers;
    }
    also {
        /// Length in bytes to pad the frame to.
        "pad" padding: Auto<usize>, = Auto::Computed, from padding, takes "usize";
    }
    through {
        /// The payload's length in bytes in the place of its type, as in front of LLC.
        "len" takes "u16", by |ethernet: &mut Ethernet, value| crate::Edit::set(ethernet, "type", value);
    }
}

impl Ethernet {
    /// A frame from `src` to `dst`.
    #[inline(always)]
    pub fn new(dst: impl Into<MacAddr>, src: impl Into<MacAddr>) -> Self {
        let mut header = EthernetHeader::zeroed();
        header.set_dst(dst.into());
        header.set_src(src.into());
        Self::over(header)
    }

    /// Length in bytes to pad the frame to; 0 is not to pad. Computed unless set: 60 for an outermost frame.
    #[inline(always)]
    #[must_use]
    pub fn padding(self, padding: impl Into<Auto<usize>>) -> Self {
        Self { padding: padding.into(), ..self }
    }
}

/// To everybody, from nobody.
impl Default for Ethernet {
    fn default() -> Self {
        Self::new(MacAddr::BROADCAST, MacAddr::ZERO)
    }
}

impl ToBuilder for pycap_wire::Ethernet<'_> {
    type Builder = Ethernet;

    fn to_builder(&self) -> Ethernet {
        Ethernet::exactly(*self.header()).padding(0)
    }
}

impl Layer for Ethernet {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::Ethernet
    }

    #[inline(always)]
    fn inward(&self, _: &Context) -> Context {
        Context::link()
    }

    #[inline(always)]
    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.is_exact(Mark::ether_type) {
            header.set_ether_type(match inner {
                Identity::Llc => length_of(Self::NAME, buf)?,
                inner => inner.ether_type().unwrap_or(EXPERIMENT_ETHER_TYPE),
            });
        }
        buf.prepend_array(header.as_array())?;
        match self.padding {
            Auto::Computed if !outer.is_outermost() => Ok(()),
            Auto::Computed => buf.pad_to(MIN_FRAME),
            Auto::Exact(len) => buf.pad_to(len),
        }
    }
}

/// The payload's length in the place of an EtherType (IEEE 802.3, 3.2.6).
pub(super) fn length_of(layer: &'static str, buf: &PacketBuf) -> Result<EtherType, BuildError> {
    let len = buf.payload_len();
    let max = usize::from(EtherType::MAX_LENGTH);
    if len > max {
        return Err(BuildError::too_long(layer, "length field", len, max));
    }
    Ok(EtherType(len as u16))
}

fn padding(value: &FieldValue) -> Result<Auto<usize>, FieldError> {
    FromValue::from_value(value).map(Auto::Exact)
}
