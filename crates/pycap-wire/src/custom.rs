//! Layers of protocols that this crate does not know, dissected by the user's own code.

use core::fmt;

use crate::display::from_fn;
use crate::{Error, Field, Next, Visit};

/// Dissects what this crate does not know: asked with the [`Next`] that has no dissector here and the bytes that follow.
///
/// Any `fn(Next, &[u8]) -> Option<Custom<'_>>` is one; what has state of its own implements the trait. `None` leaves the bytes as data.
pub trait Hook {
    /// The layer at the start of `bytes`, if the hook knows it.
    fn dissect<'a>(&self, next: Next, bytes: &'a [u8]) -> Option<Custom<'a>>;
}

impl<F> Hook for F
where
    F: for<'a> Fn(Next, &'a [u8]) -> Option<Custom<'a>>,
{
    fn dissect<'a>(&self, next: Next, bytes: &'a [u8]) -> Option<Custom<'a>> {
        self(next, bytes)
    }
}

/// A layer that a [`Hook`] dissected.
#[derive(Debug, Clone, Copy)]
pub struct Custom<'a> {
    /// The protocol's short lower-case name.
    pub name: &'static str,
    /// The layer's own bytes.
    pub header: &'a [u8],
    /// What the layer carries.
    pub payload: &'a [u8],
    /// What the payload is.
    pub next: Next,
    /// Lists the header's fields; [`Custom::no_fields`] where there is no need.
    pub fields: fn(&'a [u8], Visit<'_, 'a>),
}

impl<'a> Custom<'a> {
    /// A layer of the first `header_len` bytes (or all, if there are fewer), whose payload is the rest.
    pub fn new(name: &'static str, bytes: &'a [u8], header_len: usize, next: Next) -> Self {
        let (header, payload) = bytes.split_at(header_len.min(bytes.len()));
        Self { name, header, payload, next, fields: Self::no_fields }
    }

    /// Lists the header's bytes as one field.
    pub fn no_fields(header: &'a [u8], visit: Visit<'_, 'a>) {
        visit(Field::bytes("header", 0, header));
    }

    /// The layer's length in bytes without its payload.
    pub fn header_len(&self) -> usize {
        self.header.len()
    }

    /// What the layer carries.
    pub fn payload(&self) -> &'a [u8] {
        self.payload
    }

    /// What the payload is.
    pub fn next(&self) -> Next {
        self.next
    }

    /// How many bytes are missing: unknown, so none.
    pub fn missing(&self) -> usize {
        0
    }

    /// What is wrong with the header: unknown, so nothing.
    pub fn defect(&self) -> Option<Error> {
        None
    }

    /// Calls `visit` for each field.
    pub fn fields(&self, visit: Visit<'_, 'a>) {
        (self.fields)(self.header, visit);
    }

    /// The one-line form: the name.
    pub fn summary(&self) -> impl fmt::Display + 'a {
        let name = self.name;
        from_fn(move |f| f.write_str(name))
    }
}

/// `name()`.
impl fmt::Display for Custom<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}()", self.name)
    }
}
