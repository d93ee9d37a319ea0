//! `pycap send --help-layers`: what there is to write.

use std::fmt::Write as _;
use std::io::{self, Write};

use pycap_inject::{AnyLayer, Edit, Expression};

use crate::error::Failure;

/// Lists one layer's fields, or those of all layers.
pub(super) fn list(name: Option<&str>) -> Result<(), Failure> {
    let text = match name {
        None => {
            let all = AnyLayer::names().filter_map(|name| Some(described(name, &AnyLayer::named(name)?)));
            all.collect::<Vec<_>>().join("\n")
        }
        Some(name) => match AnyLayer::named(name) {
            Some(layer) => described(name, &layer),
            None => {
                let error = Expression::parse(name).map(|_| "it is no layer's name".to_owned());
                let message = error.unwrap_or_else(|error| error.message().to_owned());
                return Err(Failure::Usage(format!("--help-layers {name}: {message}")));
            }
        },
    };
    let mut out = io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// A line with its name, and one for each of its fields.
fn described(name: &str, layer: &AnyLayer) -> String {
    let fields = layer.fields();
    let width = |text: fn(&pycap_inject::FieldInfo) -> &str| {
        fields.iter().map(|field| text(field).chars().count()).max().unwrap_or_default()
    };
    let (names, takes) = (width(|field| field.name), width(|field| field.takes));
    let mut text = format!("{name}\n");
    for field in fields {
        let derived = if field.derived.is_some() { " Computed unless set." } else { "" };
        let doc = field.doc.trim();
        let _ = writeln!(text, "  {:names$}  {:takes$}  {doc}{derived}", field.name, field.takes);
    }
    text
}
