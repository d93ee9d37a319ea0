//! What files and packets say, shown so that it stays on its line and tells a terminal nothing: [`Escaped`] in text, and in JSON.

use std::fmt::{self, Display};

pub(crate) use pycap_wire::Escaped;

/// A text of several lines, each [escaped](Escaped).
pub(crate) struct EscapedLines<'a>(pub(crate) &'a str);

impl Display for EscapedLines<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, line) in self.0.split('\n').enumerate() {
            write!(f, "{}{}", if number == 0 { "" } else { "\n" }, Escaped(line))?;
        }
        Ok(())
    }
}

/// The value on one line. JSON itself asks for no escapes from U+007F to U+009F.
pub(crate) fn json(value: &serde_json::Value) -> String {
    let mut out = String::new();
    for c in value.to_string().chars() {
        match c {
            '\u{7f}'..='\u{9f}' => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out
}
