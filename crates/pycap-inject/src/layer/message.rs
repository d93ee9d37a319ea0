//! What the layers of ICMP, ICMPv6 and IGMP have in common: a short header, and then what the type of the message says.

use crate::layer::own::Own;
use crate::{BuildError, Derived, FieldError, FieldInfo, FieldValue, PacketBuf};

/// Marks of the derived fields that were set, one bit each.
pub(super) const CHECKSUM: u8 = 1;
/// The length of a quoted packet.
pub(super) const LENGTH: u8 = 2;
/// The number of elements of a list.
pub(super) const COUNT: u8 = 4;

/// A message but for its header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Message {
    /// Marks of the derived fields that were set.
    pub(super) exact: u8,
    /// What stands between the header and the payload.
    pub(super) own: Own,
    /// What stands behind the payload.
    pub(super) tail: Vec<u8>,
    /// Why the message cannot be written: something that was added does not fit.
    pub(super) error: Option<BuildError>,
}

/// How a message quotes the packet that it is about, where an extension structure follows (RFC 4884, 4 and 5).
#[derive(Clone, Copy)]
pub(super) struct Quoting {
    /// The quoted packet is padded to a multiple of so many bytes, which is the unit of its length.
    pub(super) unit: usize,
    /// Where in the message's own bytes its length stands.
    pub(super) length_at: Option<usize>,
}

/// The quoted packet is padded to so many bytes where an extension structure follows (RFC 4884, 4).
const LEAST_QUOTED: usize = 128;

impl Message {
    #[inline(always)]
    pub(super) fn new(own: Own) -> Self {
        Self { exact: 0, own, tail: Vec::new(), error: None }
    }

    /// The message of a view: every byte between the header and `payload`, and behind it. `body` is all after the header.
    pub(super) fn dissected(body: &[u8], header_len: usize, payload: &[u8]) -> Self {
        let (own, rest) = body.split_at(header_len.min(body.len()));
        let mut message = Self::new(Own::new());
        message.own.extend(own);
        message.tail = rest.get(payload.len()..).unwrap_or_default().to_vec();
        message.exact = u8::MAX;
        message
    }

    #[inline(always)]
    pub(super) fn is_exact(&self, mark: u8) -> bool {
        self.exact & mark != 0
    }

    /// Adds bytes to the message's own, or keeps the reason why there are none for its writer.
    pub(super) fn add(&mut self, bytes: Result<Vec<u8>, BuildError>) {
        match bytes {
            Ok(bytes) => self.own.extend(&bytes),
            Err(error) => self.error = self.error.or(Some(error)),
        }
    }

    pub(super) fn compute(&mut self, derived: Derived) {
        self.exact &= !match derived {
            Derived::Checksums => CHECKSUM,
            Derived::Lengths => LENGTH | COUNT,
            Derived::Numbers => 0,
        };
    }

    /// Writes the message but for its header around the payload.
    #[inline(always)]
    pub(super) fn prepend(
        &self,
        layer: &'static str,
        quoting: Option<Quoting>,
        buf: &mut PacketBuf,
    ) -> Result<(), BuildError> {
        if let Some(error) = self.error {
            return Err(error);
        }
        match quoting {
            None if self.tail.is_empty() => buf.prepend(&self.own),
            quoting => self.prepend_quoting(layer, quoting, buf),
        }
    }

    #[inline(never)]
    fn prepend_quoting(
        &self,
        layer: &'static str,
        quoting: Option<Quoting>,
        buf: &mut PacketBuf,
    ) -> Result<(), BuildError> {
        let exact = self.is_exact(LENGTH);
        let quoted = buf.payload().len();
        let mut length = 0;
        if !self.tail.is_empty() {
            let padded = match quoting {
                Some(quoting) if !exact => quoted.next_multiple_of(quoting.unit).max(LEAST_QUOTED),
                _ => quoted,
            };
            if let Some(Quoting { unit, length_at: Some(_) }) = quoting.filter(|_| !exact) {
                length = padded / unit;
                if length > 0xff {
                    return Err(BuildError::too_long(
                        layer,
                        "length of a quoted packet",
                        padded,
                        0xff * unit,
                    ));
                }
            }
            put_behind(padded - quoted, &self.tail, buf)?;
        }
        buf.prepend(&self.own)?;
        if let (false, Some(at)) = (exact, quoting.and_then(|quoting| quoting.length_at))
            && let Some(byte) = buf.bytes_mut().get_mut(at).filter(|_| at < self.own.len())
        {
            *byte = length as u8;
        }
        Ok(())
    }
}

/// Puts zero bytes and then `tail` behind the payload.
pub(super) fn put_behind(zeros: usize, tail: &[u8], buf: &mut PacketBuf) -> Result<(), BuildError> {
    let (inside, more) = (buf.payload().len(), zeros + tail.len());
    buf.room(more)?;
    if let Some(bytes) = buf.bytes_mut().get_mut(..inside + more) {
        bytes.copy_within(more.., 0);
        let (_, behind) = bytes.split_at_mut(inside);
        let (padding, end) = behind.split_at_mut(zeros);
        padding.fill(0);
        end.copy_from_slice(tail);
    }
    Ok(())
}

/// The fields that a type of message has.
pub(super) struct Fields<L: 'static> {
    pub(super) infos: &'static [FieldInfo],
    /// Sets a field; tells whether there is one of that name.
    pub(super) set: fn(&mut L, &str, &FieldValue) -> Result<bool, FieldError>,
}

/// The fields that all messages have: type, code, checksum, body.
pub(super) const COMMON: [FieldInfo; 4] = [
    FieldInfo { name: "type", takes: "number or name", doc: "What the message is.", derived: None },
    FieldInfo {
        name: "code",
        takes: "number or name",
        doc: "A finer distinction within the type.",
        derived: None,
    },
    FieldInfo {
        name: "checksum",
        takes: "u16",
        doc: "Checksum of the whole message.",
        derived: Some(Derived::Checksums),
    },
    FieldInfo {
        name: "body",
        takes: "bytes",
        doc: "All between the checksum and the payload, in the place of finer fields.",
        derived: None,
    },
];

/// Declares the fields of types of messages: those of headers, by their setters and where the header stands in the message's
/// own bytes, and others by functions.
macro_rules! fields {
    ($(static $GROUP:ident: $Layer:ident {
        $($Header:ident at $at:literal {
            $($(#[doc = $doc:literal])+ $name:literal $(| $alias:literal)? $set:ident: $t:ty $([$mark:ident])?;)*
        })*
        $(+ also {
            $($(#[doc = $also_doc:literal])+ $also_name:literal $(| $also_alias:literal)? ($takes:literal) $also_set:expr;)*
        })?
    })*) => {$(
        static $GROUP: crate::layer::message::Fields<$Layer> = crate::layer::message::Fields {
            infos: &[
                crate::layer::message::COMMON[0],
                crate::layer::message::COMMON[1],
                crate::layer::message::COMMON[2],
                $($(crate::FieldInfo {
                    name: $name,
                    takes: <$t as crate::value::FromValue>::TAKES,
                    doc: concat!($($doc),+),
                    derived: crate::layer::message::fields!(@derived $($mark)?),
                },)*)*
                $($(crate::FieldInfo {
                    name: $also_name,
                    takes: $takes,
                    doc: concat!($($also_doc),+),
                    derived: None,
                },)*)?
                crate::layer::message::COMMON[3],
            ],
            #[allow(unused_variables, unreachable_code, reason = "some messages have no fields of their own")]
            set: |layer: &mut $Layer, field, value| {
                match field {
                    $($($name $(| $alias)? => {
                        let value = <$t as crate::value::FromValue>::from_value(value)?;
                        let own = layer.message.own.at_least($at + $Header::LEN);
                        if let Some((header, _)) = $Header::split_mut(own.get_mut($at..).unwrap_or_default()) {
                            header.$set(value);
                        }
                        $(layer.message.exact |= crate::layer::message::$mark;)?
                    })*)*
                    $($($also_name $(| $also_alias)? => {
                        let set: fn(&mut $Layer, &crate::FieldValue) -> Result<(), crate::FieldError> = $also_set;
                        set(layer, value)?;
                    })*)?
                    _ => return Ok(false),
                }
                Ok(true)
            },
        };
    )*};
    (@derived) => { None };
    (@derived $mark:ident) => { Some(crate::Derived::Lengths) };
}
pub(super) use fields;

/// Declares the names that messages have in expressions, each with the message before anything is set.
macro_rules! names {
    ($Name:ident { $($name:literal => $message:expr,)* }) => {
        #[allow(dead_code, reason = "for whoever looks layers up by their names")]
        /// The general message comes first.
        impl crate::any::Named for $Name {
            const NAMES: &'static [&'static str] = &[$($name),*];

            fn named(name: &str) -> Option<Self> {
                Some(match name {
                    $($name => $message,)*
                    _ => return None,
                })
            }
        }
    };
}
pub(super) use names;

/// Declares setters of a header that only messages of some types have.
macro_rules! setters {
    ($Name:ident $type_get:ident $($types:pat => $Header:ident at $at:literal {
        $($(#[$meta:meta])* $field:ident, $set:ident: $t:ty $([$mark:ident])?;)*
    })*) => {
        impl $Name {$($(
            $(#[$meta])*
            #[must_use]
            pub fn $field(mut self, value: $t) -> Self {
                if matches!(self.header.$type_get(), $types)
                    && let Some((header, _)) =
                        $Header::split_mut(self.message.own.get_mut($at..).unwrap_or_default())
                {
                    header.$set(value);
                    $(self.message.exact |= crate::layer::message::$mark;)?
                }
                self
            }
        )*)*}
    };
}
pub(super) use setters;

/// Declares a layer of messages: its struct, what all messages have, and [`Edit`](crate::Edit).
///
/// The layer's file has `fn table(&self)`, the fields of the message's type, and `fn recount(&mut self)`, which sets
/// the number of elements of its list.
macro_rules! message_layer {
    (
        $(#[$meta:meta])* pub struct $Name:ident($Header:ident) = $layer:literal;
        type $Type:ident, $type_get:ident, $type_set:ident;
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Name {
            header: $Header,
            message: crate::layer::message::Message,
        }

        impl $Name {
            /// The layer's name.
            pub const NAME: &'static str = $layer;

            /// A message of any type, without more than its first four bytes; [`body_bytes`](Self::body_bytes) adds them.
            pub fn new(message_type: impl Into<$Type>, code: u8) -> Self {
                Self::with(message_type.into(), code, crate::layer::own::Own::new())
            }

            #[inline(always)]
            fn with(message_type: $Type, code: u8, own: crate::layer::own::Own) -> Self {
                let mut header = $Header::zeroed();
                header.$type_set(message_type);
                header.set_code(code);
                Self { header, message: crate::layer::message::Message::new(own) }
            }

            /// The first four bytes. A checksum that was not set has no meaning in it.
            pub fn header(&self) -> &$Header {
                &self.header
            }

            /// The first four bytes, to be changed. The checksum stays as it is only where it was set by
            /// [`checksum`](Self::checksum).
            pub fn header_mut(&mut self) -> &mut $Header {
                &mut self.header
            }

            /// What stands between the first four bytes and the payload.
            pub fn body(&self) -> &[u8] {
                &self.message.own
            }

            /// What stands between the first four bytes and the payload, to be changed.
            pub fn body_mut(&mut self) -> &mut [u8] {
                &mut self.message.own
            }

            /// Adds bytes between the message's fields and its payload.
            #[must_use]
            pub fn body_bytes(mut self, bytes: &[u8]) -> Self {
                self.message.own.extend(bytes);
                self
            }

            /// Code: a finer distinction within the type.
            #[inline(always)]
            #[must_use]
            pub fn code(mut self, code: u8) -> Self {
                self.header.set_code(code);
                self
            }

            /// Checksum of the whole message.
            ///
            /// Computed unless set.
            #[inline(always)]
            #[must_use]
            pub fn checksum(mut self, checksum: impl Into<crate::Auto<u16>>) -> Self {
                match checksum.into() {
                    crate::Auto::Computed => self.message.exact &= !crate::layer::message::CHECKSUM,
                    crate::Auto::Exact(checksum) => {
                        self.header.set_checksum(checksum);
                        self.message.exact |= crate::layer::message::CHECKSUM;
                    }
                }
                self
            }

            /// Sets the type, and where nothing else was set what a message of that type begins with.
            fn set_type(&mut self, message_type: $Type) {
                if self.message.own.iter().all(|byte| *byte == 0) {
                    let names = <Self as crate::any::Named>::NAMES.iter();
                    let mut named = names.skip(1).filter_map(|name| <Self as crate::any::Named>::named(name));
                    let like = named.find(|like| like.header.$type_get() == message_type);
                    self.message.own = like.map_or(crate::layer::own::Own::new(), |like| like.message.own);
                }
                self.header.$type_set(message_type);
            }

            /// Writes the header in front of everything else, which is in `buf`; `pseudo` is the pseudo-header's sum.
            #[inline(always)]
            fn put_header(
                &self,
                pseudo: impl FnOnce(usize) -> Result<u64, crate::BuildError>,
                buf: &mut crate::PacketBuf,
            ) -> Result<(), crate::BuildError> {
                let mut header = self.header;
                if !self.message.is_exact(crate::layer::message::CHECKSUM) {
                    header.set_checksum(0);
                    let sum = pseudo($Header::LEN + buf.payload().len())?
                        + pycap_wire::checksum::sum(header.as_bytes())
                        + pycap_wire::checksum::sum(buf.payload());
                    header.set_checksum(!pycap_wire::checksum::fold(sum));
                }
                buf.prepend_array(header.as_array())
            }
        }

        impl crate::Edit for $Name {
            fn fields(&self) -> &'static [crate::FieldInfo] {
                self.table().infos
            }

            fn set(&mut self, field: &str, value: &crate::FieldValue) -> Result<(), crate::FieldError> {
                use crate::value::FromValue;
                if (self.table().set)(self, field, value)? {
                    return Ok(());
                }
                match field {
                    "type" => self.set_type(FromValue::from_value(value)?),
                    "code" => {
                        let message_type = self.header.$type_get();
                        let code = crate::layer::arguments::code(value, |code| code_name(message_type, code))?;
                        self.header.set_code(code);
                    }
                    "checksum" => {
                        self.header.set_checksum(FromValue::from_value(value)?);
                        self.message.exact |= crate::layer::message::CHECKSUM;
                    }
                    "body" => {
                        let bytes: Vec<u8> = FromValue::from_value(value)?;
                        self.message.own.truncate(0);
                        self.message.own.extend(&bytes);
                        self.message.exact |= crate::layer::message::LENGTH | crate::layer::message::COUNT;
                    }
                    _ => return Err(crate::FieldError::no_field($layer, field, self.fields())),
                }
                Ok(())
            }

            fn compute(&mut self, derived: crate::Derived) {
                self.message.compute(derived);
                self.recount();
            }

            fn keep(&mut self) {
                self.message.exact = u8::MAX;
            }
        }
    };
}
pub(super) use message_layer;

#[cfg(test)]
mod tests {
    use pycap_testkit::sample;
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{Layer as View, Packet};

    use crate::{AnyLayer, Derived, Layer, ToBuilder};

    /// Each message of the samples is the same bytes again, alone and in its packet, and its checksum is right when it is
    /// computed again.
    #[test]
    fn samples_are_the_same_again() {
        let mut messages = 0;
        for sample in sample::samples() {
            let packet = Packet::parse(sample.link_type, &sample.bytes);
            for located in packet.layers().located() {
                let (message, payload) = match located.layer {
                    View::Icmpv4(view) => (AnyLayer::from(view.to_builder()), view.payload()),
                    View::Icmpv6(view) => (AnyLayer::from(view.to_builder()), view.payload()),
                    View::Igmp(view) => (AnyLayer::from(view.to_builder()), view.payload()),
                    _ => continue,
                };
                let written = (message, payload).build().unwrap();
                let original = sample.bytes.get(located.offset..located.offset + written.len());
                assert_eq!(Some(&*written), original, "{}", sample.name);
                messages += 1;
            }
            let mut stack = packet.to_builder();
            assert_eq!(stack.build().unwrap(), sample.bytes, "{}", sample.name);
            stack.compute(Derived::Checksums);
            let written = stack.build().unwrap();
            let mut verifier = Verifier::default();
            for layer in Packet::parse(sample.link_type, &written).layers() {
                let verdict = verifier.verify(&layer);
                if matches!(layer, View::Icmpv4(_) | View::Icmpv6(_) | View::Igmp(_)) {
                    assert_ne!(verdict, Some(false), "{}: {layer:?}", sample.name);
                }
            }
        }
        assert!(messages > 40, "{messages}");
    }
}
