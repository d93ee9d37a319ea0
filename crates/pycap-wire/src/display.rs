//! Text that is written when it is shown, without an allocation.

use core::fmt;

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
