//! How a layer is declared: a header, which of its fields are derived, and what else it has.

/// Declares a layer over a header of `pycap-wire`: its struct, a setter for each field, and [`Edit`](crate::Edit).
///
/// ```text
/// layer! {
///     /// A UDP datagram (RFC 768).
///     pub struct Udp(UdpHeader) = "udp";
///     set {
///         /// Source port.
///         "sport" src_port, set_src_port: u16;
///     }
///     computed {
///         /// Length of header and payload in bytes.
///         "len" len, set_len: u16, Lengths;
///     }
///     also {
///         /// Options.
///         "options" options: Vec<u8>, = Vec::new(), from tcp_option::from_value, takes "options, or bytes";
///     }
///     through { // or left out
///         /// Source address.
///         "addr" takes "address", by set_address;
///     }
///     state { // or left out
///         address_len: usize = 0;
///     }
///     names { // or left out
///         "dns" = Udp::new(0, 53);
///     }
/// }
/// ```
///
/// A field of `through` is set by a `fn(&mut Udp, &FieldValue) -> Result<(), FieldError>`; `state` is no field of the packet.
/// `names` are those of the layer in an expression, and what they stand for: unless given, the layer's name and its default.
/// `is_exact(Mark::len)` tells whether a derived field was set. The layer's file implements [`Layer`](crate::Layer).
macro_rules! layer {
    (
        $(#[$meta:meta])* pub struct $Name:ident($Header:ty) = $layer:literal;
        set { $($(#[doc = $set_doc:literal])+ $set_name:literal $set:ident, $set_set:ident: $set_t:ty;)* }
        computed { $($(#[doc = $auto_doc:literal])+ $auto_name:literal $auto:ident, $auto_set:ident: $auto_t:ty, $derived:ident;)* }
        also { $($(#[doc = $also_doc:literal])+ $also_name:literal $also:ident: $also_t:ty, = $also_default:expr, from $also_from:path $(, takes $also_takes:literal)?;)* }
        $(through { $($(#[doc = $through_doc:literal])+ $through_name:literal takes $through_takes:literal, by $through:expr;)* })?
        $(state { $($(#[$state_meta:meta])* $state:ident: $state_t:ty = $state_default:expr;)* })?
        $(names { $($named_name:literal = $named:expr;)+ })?
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $Name {
            header: $Header,
            /// One bit for each derived field that was set.
            exact: u16,
            $($also: $also_t,)*
            $($($(#[$state_meta])* $state: $state_t,)*)?
        }

        /// The derived fields, as positions of their bits.
        #[allow(non_camel_case_types, dead_code, reason = "named as the fields are")]
        #[derive(Clone, Copy)]
        enum Mark { $($auto,)* }

        #[allow(clippy::len_without_is_empty, reason = "a length field of the header")]
        impl $Name {
            /// The layer's name.
            pub const NAME: &'static str = $layer;

            #[inline(always)]
            #[allow(dead_code, reason = "not in every layer")]
            fn over(header: $Header) -> Self {
                Self { header, exact: 0, $($also: $also_default,)* $($($state: $state_default,)*)? }
            }

            #[inline(always)]
            #[allow(dead_code, reason = "not in every layer")]
            fn is_exact(&self, mark: Mark) -> bool {
                self.exact & 1 << mark as u16 != 0
            }

            /// The layer of a header as it is: derived fields keep their values.
            pub fn exactly(header: $Header) -> Self {
                let mut this = Self::over(header);
                crate::Edit::keep(&mut this);
                this
            }

            /// The header. Derived fields that were not set have no meaning in it.
            pub fn header(&self) -> &$Header {
                &self.header
            }

            /// The header, to be changed. A derived field stays as it is only where it was set by the layer's own setter.
            pub fn header_mut(&mut self) -> &mut $Header {
                &mut self.header
            }

            $(
                $(#[doc = $set_doc])+
                #[inline(always)]
                #[must_use]
                pub fn $set(mut self, value: $set_t) -> Self {
                    self.header.$set_set(value);
                    self
                }
            )*

            $(
                $(#[doc = $auto_doc])+
                ///
                /// Computed unless set.
                #[inline(always)]
                #[must_use]
                pub fn $auto(mut self, value: impl Into<crate::Auto<$auto_t>>) -> Self {
                    let mark = 1 << Mark::$auto as u16;
                    match value.into() {
                        crate::Auto::Computed => self.exact &= !mark,
                        crate::Auto::Exact(value) => {
                            self.header.$auto_set(value);
                            self.exact |= mark;
                        }
                    }
                    self
                }
            )*
        }

        impl crate::Edit for $Name {
            fn fields(&self) -> &'static [crate::FieldInfo] {
                const {
                    &[
                        $(crate::FieldInfo {
                            name: $set_name,
                            takes: <$set_t as crate::value::FromValue>::TAKES,
                            doc: concat!($($set_doc),+),
                            derived: None,
                        },)*
                        $(crate::FieldInfo {
                            name: $auto_name,
                            takes: <$auto_t as crate::value::FromValue>::TAKES,
                            doc: concat!($($auto_doc),+),
                            derived: Some(crate::Derived::$derived),
                        },)*
                        $(crate::FieldInfo {
                            name: $also_name,
                            takes: concat!("" $(, $also_takes)?),
                            doc: concat!($($also_doc),+),
                            derived: None,
                        },)*
                        $($(crate::FieldInfo {
                            name: $through_name,
                            takes: $through_takes,
                            doc: concat!($($through_doc),+),
                            derived: None,
                        },)*)?
                    ]
                }
            }

            #[allow(unused_variables, reason = "not every layer has fields of each kind")]
            fn set(&mut self, field: &str, value: &crate::FieldValue) -> Result<(), crate::FieldError> {
                match field {
                    $($set_name => $crate::layer::declare::layer!(@fits self, value, $set, $set_set: $set_t),)*
                    $($auto_name => {
                        $crate::layer::declare::layer!(@fits self, value, $auto, $auto_set: $auto_t);
                        self.exact |= 1 << Mark::$auto as u16;
                    })*
                    $($also_name => self.$also = $also_from(value)?,)*
                    $($($through_name => ($through)(self, value)?,)*)?
                    _ => return Err(crate::FieldError::no_field($layer, field, self.fields())),
                }
                Ok(())
            }

            #[allow(unused_variables, reason = "not every layer has derived fields")]
            fn compute(&mut self, derived: crate::Derived) {
                $(if derived == crate::Derived::$derived {
                    self.exact &= !(1 << Mark::$auto as u16);
                })*
            }

            fn keep(&mut self) {
                self.exact = u16::MAX;
            }
        }

        $crate::layer::declare::layer!(@named $Name, $layer $(, $($named_name = $named),+)?);
    };
    // A field may have fewer bits than its value's type.
    (@fits $self:ident, $value:ident, $get:ident, $set:ident: $t:ty) => {{
        let before = $self.header;
        let wanted: $t = crate::value::FromValue::from_value($value)?;
        $self.header.$set(wanted);
        if $self.header.$get() != wanted {
            $self.header = before;
            return Err(crate::FieldError::does_not_fit($value));
        }
    }};
    (@named $Name:ident, $layer:literal) => {
        $crate::layer::declare::layer!(@named $Name, $layer, $layer = $Name::default());
    };
    (@named $Name:ident, $layer:literal, $($named_name:literal = $named:expr),+) => {
        impl crate::any::Named for $Name {
            const NAMES: &'static [&'static str] = &[$($named_name),+];

            fn named(name: &str) -> Option<Self> {
                match name {
                    $($named_name => Some($named),)+
                    _ => None,
                }
            }
        }
    };
}
pub(super) use layer;
