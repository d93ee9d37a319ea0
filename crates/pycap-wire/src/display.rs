//! Text that is written when it is shown, without an allocation.

use core::fmt::{self, Write};

/// A text that a file or a packet brought along, so that it can be shown: control characters are escaped.
///
/// What is shown stays on its line, and tells a terminal nothing: U+0000 to U+001F, U+007F and U+0080 to U+009F become what Rust writes
/// for them, `\n` or `\u{1b}`.
///
/// ```
/// use pycap_wire::Escaped;
///
/// assert_eq!(Escaped("eth\x1b[31m0\n").to_string(), r"eth\u{1b}[31m0\n");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escaped<T>(pub T);

impl<T: fmt::Display> fmt::Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        struct Escape<'f, 'b>(&'f mut fmt::Formatter<'b>);
        impl Write for Escape<'_, '_> {
            fn write_str(&mut self, text: &str) -> fmt::Result {
                let mut plain = text;
                while let Some(at) = plain.find(char::is_control) {
                    let (before, rest) = plain.split_at(at);
                    self.0.write_str(before)?;
                    let mut chars = rest.chars();
                    if let Some(control) = chars.next() {
                        write!(self.0, "{}", control.escape_default())?;
                    }
                    plain = chars.as_str();
                }
                self.0.write_str(plain)
            }
        }
        write!(Escape(f), "{}", self.0)
    }
}

/// A value whose `Display` calls `write`.
pub(crate) fn from_fn<F>(write: F) -> impl fmt::Display
where
    F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result,
{
    FromFn(write)
}

struct FromFn<F>(F);

impl<F> fmt::Display for FromFn<F>
where
    F: Fn(&mut fmt::Formatter<'_>) -> fmt::Result,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (self.0)(f)
    }
}
