//! Layers of any kind, and stacks of them that are made up while the program runs.

use crate::layer::*;
use crate::{
    BuildError, Context, Derived, Edit, FieldError, FieldInfo, FieldValue, Identity, Layer, PacketBuf,
};

/// A type that [`AnyLayer`] can be.
pub trait OneLayer: Into<AnyLayer> {
    /// The layer, if it is of this type.
    fn of(layer: &AnyLayer) -> Option<&Self>;

    /// The layer, to be changed, if it is of this type.
    fn of_mut(layer: &mut AnyLayer) -> Option<&mut Self>;
}

/// A type of layers that expressions name, by one name or several.
pub(crate) trait Named: Sized {
    const NAMES: &'static [&'static str];

    /// What a name stands for, if it is one of these.
    fn named(name: &str) -> Option<Self>;
}

macro_rules! any_layer {
    ($($Name:ident,)*) => {
        /// A layer of any kind.
        #[derive(Debug, Clone, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum AnyLayer {
            $(#[doc = concat!("[`", stringify!($Name), "`].")] $Name($Name),)*
            /// Bytes.
            Bytes(Vec<u8>),
        }

        impl AnyLayer {
            /// The layer's name.
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$Name(_) => $Name::NAME,)*
                    Self::Bytes(_) => "bytes",
                }
            }

            /// The layers that there are, each as it is before anything is set, in the order of the protocols.
            pub fn all() -> impl Iterator<Item = Self> {
                [$(Self::$Name($Name::default()),)*].into_iter()
            }

            /// The layer that a name stands for: that of the layer, or of one of its forms.
            ///
            /// ```
            /// use pycap_inject::{AnyLayer, layer};
            ///
            /// assert_eq!(AnyLayer::named("qinq"), Some(layer::Vlan::service(0).into()));
            /// assert!(AnyLayer::names().all(|name| AnyLayer::named(name).is_some()));
            /// ```
            pub fn named(name: &str) -> Option<Self> {
                $(if let Some(layer) = $Name::named(name) {
                    return Some(Self::$Name(layer));
                })*
                None
            }

            /// The names that [`named`](Self::named) knows, in the order of the protocols.
            pub fn names() -> impl Iterator<Item = &'static str> {
                [$($Name::NAMES,)*].into_iter().flatten().copied()
            }
        }

        impl Layer for AnyLayer {
            fn identity(&self) -> Identity {
                match self {
                    $(Self::$Name(layer) => layer.identity(),)*
                    Self::Bytes(bytes) => bytes.identity(),
                }
            }

            fn inward(&self, outer: &Context) -> Context {
                match self {
                    $(Self::$Name(layer) => layer.inward(outer),)*
                    Self::Bytes(bytes) => bytes.inward(outer),
                }
            }

            fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
                match self {
                    $(Self::$Name(layer) => layer.prepend(outer, inner, buf),)*
                    Self::Bytes(bytes) => bytes.prepend(outer, inner, buf),
                }
            }
        }

        impl Edit for AnyLayer {
            fn fields(&self) -> &'static [FieldInfo] {
                match self {
                    $(Self::$Name(layer) => layer.fields(),)*
                    Self::Bytes(_) => &[],
                }
            }

            fn set(&mut self, field: &str, value: &FieldValue) -> Result<(), FieldError> {
                match self {
                    $(Self::$Name(layer) => layer.set(field, value),)*
                    Self::Bytes(_) => Err(FieldError::no_field("bytes", field, &[])),
                }
            }

            fn compute(&mut self, derived: Derived) {
                match self {
                    $(Self::$Name(layer) => layer.compute(derived),)*
                    Self::Bytes(_) => (),
                }
            }

            fn keep(&mut self) {
                match self {
                    $(Self::$Name(layer) => layer.keep(),)*
                    Self::Bytes(_) => (),
                }
            }
        }

        $(
            impl From<$Name> for AnyLayer {
                fn from(layer: $Name) -> Self {
                    Self::$Name(layer)
                }
            }

            impl OneLayer for $Name {
                fn of(layer: &AnyLayer) -> Option<&Self> {
                    match layer {
                        AnyLayer::$Name(layer) => Some(layer),
                        _ => None,
                    }
                }

                fn of_mut(layer: &mut AnyLayer) -> Option<&mut Self> {
                    match layer {
                        AnyLayer::$Name(layer) => Some(layer),
                        _ => None,
                    }
                }
            }
        )*
    };
}

any_layer! {
    Ethernet,
    Vlan,
    Llc,
    Null,
    Sll,
    Sll2,
    Arp,
    Ipv4,
    Icmpv4,
    Icmpv6,
    Igmp,
    Ipv6,
    Ipv6HopByHop,
    Ipv6Routing,
    Ipv6Fragment,
    Ipv6DestinationOptions,
    Mobility,
    Ah,
    Esp,
    Tcp,
    Udp,
    UdpLite,
    Sctp,
    Gre,
    Mpls,
    Pppoe,
    Ppp,
    Vxlan,
    Geneve,
    Gtpu,
    Stp,
    Lldp,
    Dns,
    Dhcp,
}

impl From<Vec<u8>> for AnyLayer {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&[u8]> for AnyLayer {
    fn from(bytes: &[u8]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<&str> for AnyLayer {
    fn from(text: &str) -> Self {
        Self::Bytes(text.as_bytes().to_vec())
    }
}

/// The greatest number of layers of a stack.
const MAX_LAYERS: usize = 256;

/// A packet as layers that can be looked at, changed, added and taken away, outermost first.
///
/// ```
/// use pycap_inject::{Derived, Layer, Stack, layer};
///
/// let mut stack = Stack::new().with(layer::Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2])).with(layer::Udp::new(1, 2)).with("hello");
/// if let Some(ip) = stack.first_mut::<layer::Ipv4>() {
///     ip.header_mut().set_ttl(3);
/// }
/// assert_eq!(stack.build()?[8], 3);
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stack {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    layer: AnyLayer,
    /// What stands behind the layer's content, inside the layer around.
    trailer: Vec<u8>,
    /// Whether the layer's checksum stays as it is: not all that it covers is known.
    checksum_kept: bool,
}

impl Stack {
    /// A stack without layers.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one layer more, innermost.
    #[must_use]
    pub fn with(mut self, layer: impl Into<AnyLayer>) -> Self {
        self.push(layer);
        self
    }

    /// Adds a layer inside all others.
    pub fn push(&mut self, layer: impl Into<AnyLayer>) {
        self.push_with_trailer(layer, Vec::new());
    }

    /// Adds a layer inside all others, and bytes that come behind its content and that it does not cover.
    pub fn push_with_trailer(&mut self, layer: impl Into<AnyLayer>, trailer: Vec<u8>) {
        self.entries.push(Entry { layer: layer.into(), trailer, checksum_kept: false });
    }

    /// Adds a layer that was dissected; `verifiable` is whether all that its checksum covers is known.
    pub(crate) fn push_dissected(&mut self, layer: AnyLayer, trailer: Vec<u8>, verifiable: bool) {
        self.entries.push(Entry { layer, trailer, checksum_kept: !verifiable });
    }

    /// Takes the innermost layer away.
    pub fn pop(&mut self) -> Option<AnyLayer> {
        self.entries.pop().map(|entry| entry.layer)
    }

    /// Puts a layer in, so that it is the one at `index`, counted from the outermost; past the innermost it becomes that.
    pub fn insert(&mut self, index: usize, layer: impl Into<AnyLayer>) {
        let entry = Entry { layer: layer.into(), trailer: Vec::new(), checksum_kept: false };
        self.entries.insert(index.min(self.entries.len()), entry);
    }

    /// Takes the layer at `index` away, with the bytes behind its content.
    pub fn remove(&mut self, index: usize) -> Option<AnyLayer> {
        (index < self.entries.len()).then(|| self.entries.remove(index).layer)
    }

    /// The layers.
    pub fn layers(&self) -> impl DoubleEndedIterator<Item = &AnyLayer> + ExactSizeIterator {
        self.entries.iter().map(|entry| &entry.layer)
    }

    /// The layers, to be changed.
    pub fn layers_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut AnyLayer> + ExactSizeIterator {
        self.entries.iter_mut().map(|entry| &mut entry.layer)
    }

    /// The outermost layer of a type.
    pub fn first<L: OneLayer>(&self) -> Option<&L> {
        self.layers().find_map(L::of)
    }

    /// The outermost layer of a type, to be changed.
    pub fn first_mut<L: OneLayer>(&mut self) -> Option<&mut L> {
        self.layers_mut().find_map(L::of_mut)
    }

    /// Has all derived fields of a kind computed when the packet is written; of a dissected packet those that can be.
    pub fn compute(&mut self, derived: Derived) {
        for entry in &mut self.entries {
            if !(derived == Derived::Checksums && entry.checksum_kept) {
                entry.layer.compute(derived);
            }
        }
    }

    /// Keeps all derived fields as they are.
    pub fn keep(&mut self) {
        self.layers_mut().for_each(AnyLayer::keep);
    }
}

impl<L: Into<AnyLayer>> Extend<L> for Stack {
    fn extend<I: IntoIterator<Item = L>>(&mut self, layers: I) {
        layers.into_iter().for_each(|layer| self.push(layer));
    }
}

impl<L: Into<AnyLayer>> FromIterator<L> for Stack {
    fn from_iter<I: IntoIterator<Item = L>>(layers: I) -> Self {
        let mut this = Self::new();
        this.extend(layers);
        this
    }
}

impl Layer for Stack {
    fn identity(&self) -> Identity {
        self.layers().next().map_or(Identity::Nothing, AnyLayer::identity)
    }

    fn inward(&self, outer: &Context) -> Context {
        self.layers().fold(*outer, |context, layer| layer.inward(&context))
    }

    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        if self.entries.len() > MAX_LAYERS {
            return Err(BuildError::too_deep(MAX_LAYERS));
        }
        prepend(&self.entries, outer, inner, buf)
    }
}

fn prepend(
    entries: &[Entry],
    outer: &Context,
    inner: Identity,
    buf: &mut PacketBuf,
) -> Result<(), BuildError> {
    let Some((Entry { layer, trailer, .. }, rest)) = entries.split_first() else {
        return Ok(());
    };
    let apart = if trailer.is_empty() { None } else { Some(buf.put_behind(trailer)?) };
    prepend(rest, &layer.inward(outer), inner, buf)?;
    let inner = rest.first().map_or(inner, |entry| entry.layer.identity());
    layer.prepend(outer, inner, buf)?;
    if let Some(apart) = apart {
        buf.cover_again(apart);
    }
    Ok(())
}
