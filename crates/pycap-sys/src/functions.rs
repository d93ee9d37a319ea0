//! [`functions!`], which turns a list of prototypes into a table of function pointers, and what callers may
//! ask about such a list.

/// The prototype of one function of a library, as the Rust declaration spells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Function {
    /// The name of the function and of its symbol.
    pub name: &'static str,
    /// The name and the Rust type of each parameter, in order.
    pub parameters: &'static [(&'static str, &'static str)],
    /// The Rust type of the result; empty if there is none.
    pub returns: &'static str,
    /// Whether some versions or platforms lack it, so that its method returns an `Option`.
    pub optional: bool,
}

/// Makes a table of function pointers, the way to fill it, and one method for each function.
///
/// ```text
/// impl Libpcap.handle, linked by "linked-libpcap";
///
/// /// What it does. What it returns.
/// fn name(argument: type, ...) -> type; owes [a clause of `contract!`, "or a text", ...]
///
/// /// A method that returns `Option<type>`, `None` where the library lacks the function.
/// optional(cfg) fn name(...) -> type; owes [...]
/// ```
///
/// What `owes` lists becomes the section "Safety" of the method. A function that is not optional makes
/// loading fail where it is absent. The `cfg` says where a linked build may name an optional function to the
/// linker; elsewhere it is looked up when the program runs.
macro_rules! functions {
    (
        impl $library:ident.$field:ident, linked by $feature:literal;
        $(
            $(#[$attr:meta])*
            $(optional($($cfg:tt)*))? fn $name:ident($($arg:ident: $type:ty),* $(,)?) $(-> $ret:ty)?;
            owes [$($clause:tt),* $(,)?]
        )*
    ) => {
        /// The function pointers of this file's part of the library.
        #[derive(Debug)]
        pub(super) struct Table {
            $($name: functions!(@pointer [$(optional $($cfg)*)?] ($($type),*) [$($ret)?]),)*
        }

        /// The prototypes of this file's functions.
        pub(super) const FUNCTIONS: &[$crate::Function] = &[$($crate::Function {
            name: stringify!($name),
            parameters: &[$((stringify!($arg), stringify!($type))),*],
            returns: concat!($(stringify!($ret))?),
            optional: functions!(@is_optional $(optional $($cfg)*)?),
        }),*];

        impl Table {
            /// Fills the table from a library that was loaded; the error is the name of a function that it
            /// lacks.
            #[cfg(not(feature = $feature))]
            pub(super) fn new(library: &$crate::load::Symbols) -> Result<Self, &'static str> {
                Ok(Self {
                    $($name: {
                        // SAFETY: the pointer's type is that of the C prototype of the same name, which the
                        // tests compare with the library's header.
                        let found = unsafe { library.get(concat!(stringify!($name), "\0")) };
                        functions!(@loaded [$(optional $($cfg)*)?] found, $name)
                    },)*
                })
            }

            /// Fills the table from the linker; what it may not name is looked up in the library that was
            /// linked.
            #[cfg(feature = $feature)]
            pub(super) fn new(library: &$crate::load::Symbols) -> Result<Self, &'static str> {
                // SAFETY: these are the C prototypes, which the tests compare with the library's header.
                unsafe extern "C" {
                    $(#[allow(dead_code)] fn $name($($arg: $type),*) $(-> $ret)?;)*
                }
                let _ = library;
                Ok(Self { $($name: functions!(@linked [$(optional $($cfg)*)?] library, $name),)* })
            }

            /// Whether the library has the optional function of this name; `None` if no function of this
            /// table is.
            pub(super) fn has(&self, name: &str) -> Option<bool> {
                $(if name == stringify!($name) {
                    return Some(functions!(@has [$(optional $($cfg)*)?] self.$name));
                })*
                None
            }
        }

        $(functions! {
            @method [$(optional $($cfg)*)?] $library.$field $(#[$attr])* $name
            ($($arg: $type),*) [$($ret)?] [$($clause),*]
        })*
    };

    (@pointer [] ($($type:ty),*) [$($ret:ty)?]) => { unsafe extern "C" fn($($type),*) $(-> $ret)? };
    (@pointer [optional $($cfg:tt)*] ($($type:ty),*) [$($ret:ty)?]) => {
        Option<unsafe extern "C" fn($($type),*) $(-> $ret)?>
    };

    (@is_optional) => { false };
    (@is_optional optional $($cfg:tt)*) => { true };

    (@loaded [] $found:ident, $name:ident) => { $found.ok_or(stringify!($name))? };
    (@loaded [optional $($cfg:tt)*] $found:ident, $name:ident) => { $found };

    (@linked [] $library:ident, $name:ident) => { $name };
    (@linked [optional $($cfg:tt)*] $library:ident, $name:ident) => {{
        #[cfg($($cfg)*)]
        let found = Some($name as _);
        #[cfg(not($($cfg)*))]
        // SAFETY: the pointer's type is that of the C prototype of the same name.
        let found = unsafe { $library.get(concat!(stringify!($name), "\0")) };
        found
    }};

    (@has [] $($pointer:tt)*) => { true };
    (@has [optional $($cfg:tt)*] $($pointer:tt)*) => { $($pointer)*.is_some() };

    (
        @method [] $library:ident.$field:ident $(#[$attr:meta])* $name:ident
        ($($arg:ident: $type:ty),*) [$($ret:ty)?] [$($clause:tt),*]
    ) => {
        impl $library {
            $(#[$attr])*
            ///
            /// # Safety
            ///
            $(#[doc = concat!("- ", contract!($clause))])*
            #[inline]
            #[allow(clippy::too_many_arguments)]
            pub unsafe fn $name(&self, $($arg: $type),*) $(-> $ret)? {
                // SAFETY: the pointer is the library's function of this name, which stays loaded as long as
                // `self`; the caller keeps what the documentation of this method asks.
                unsafe { (self.$field.$name)($($arg),*) }
            }
        }
    };
    (
        @method [optional $($cfg:tt)*] $library:ident.$field:ident $(#[$attr:meta])* $name:ident
        ($($arg:ident: $type:ty),*) [$($ret:ty)?] [$($clause:tt),*]
    ) => {
        impl $library {
            $(#[$attr])*
            ///
            /// `None`, and nothing done, where the library lacks this function.
            ///
            /// # Safety
            ///
            $(#[doc = concat!("- ", contract!($clause))])*
            #[inline]
            #[allow(clippy::too_many_arguments)]
            pub unsafe fn $name(&self, $($arg: $type),*) -> Option<functions!(@result $($ret)?)> {
                let function = self.$field.$name?;
                // SAFETY: as for every function that is not optional.
                Some(unsafe { function($($arg),*) })
            }
        }
    };

    (@result) => { () };
    (@result $ret:ty) => { $ret };
}
