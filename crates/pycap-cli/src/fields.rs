//! A layer's fields by their names: what comes several times is put together.

use std::io;

use pycap_wire::{Field, Layer};

/// Walks over the fields of one layer after the other.
#[derive(Default)]
pub(crate) struct Names {
    /// Those of the layer that were met; here, to be allocated once.
    met: Vec<&'static str>,
    /// Those of fields that belong to no list, and came once more.
    again: Vec<&'static str>,
}

impl Names {
    /// Calls `visit` for each name, where its first field stands, with that field.
    pub(crate) fn each<'a>(
        &mut self,
        layer: &Layer<'a>,
        mut visit: impl FnMut(Field<'a>) -> io::Result<()>,
    ) -> io::Result<()> {
        let Self { met, again } = self;
        met.clear();
        again.clear();
        let mut visited = Ok(());
        layer.fields(&mut |field| {
            if visited.is_err() {
            } else if !met.contains(&field.name) {
                met.push(field.name);
                visited = visit(field);
            } else if !field.repeated && !again.contains(&field.name) {
                again.push(field.name);
            }
        });
        visited
    }

    /// The names that the last walk met more than once, though their fields belong to no list: those of an option that
    /// may come once, and does not.
    pub(crate) fn again(&self) -> &[&'static str] {
        &self.again
    }
}

/// Calls `visit` for each field of this name.
pub(crate) fn all<'a>(
    layer: &Layer<'a>,
    name: &str,
    mut visit: impl FnMut(Field<'a>) -> io::Result<()>,
) -> io::Result<()> {
    let mut visited = Ok(());
    layer.fields(&mut |field| {
        if visited.is_ok() && field.name == name {
            visited = visit(field);
        }
    });
    visited
}
