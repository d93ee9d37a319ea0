//! Packets as text: `eth/ip(dst=10.0.0.1,ttl=3)/udp(dport=53)/"hello"`.

mod grammar;

use std::borrow::Cow;
use std::error;
use std::fmt;
use std::str::FromStr;

use self::grammar::{At, Problem, Written};
use crate::{AnyLayer, Edit, FieldValue, Stack};

/// The longest expression, in bytes.
const MAX_LEN: usize = 1 << 16;

/// How much of a name or value a message repeats, in characters.
const SHOWN: usize = 40;

/// The layers that a text describes, and which fields it sets.
///
/// Layers are separated by `/`, outermost first; fields in parentheses behind the name, where any are to be set. What is not set is
/// computed, or the protocol's usual value. Space does not count outside of quotes.
///
/// | value | as in |
/// |---|---|
/// | number | `100`, `0x64`, `0b1100100` |
/// | address | `00:50:ba:8f:c4:5f`, `192.168.1.106`, `fe80::1` |
/// | name of a number, or several names | `udp`, `syn\|ack` |
/// | text, with `\n \r \t \0 \\ \" \xHH` | `"GET / HTTP/1.0\r\n"` |
/// | bytes | `x"dead beef"` |
/// | text or bytes, several times | `"A"*1000` |
/// | option, record | `mss(1460)` |
/// | list | `[mss(1460), nop]` |
///
/// Text and bytes are layers, too.
///
/// ```
/// use pycap_inject::{Expression, Layer, Stack};
///
/// let packet: Stack = "ip(src=10.0.0.1, dst=10.0.0.2, ttl=3) / udp(sport=4000, dport=53) / \"hello\"".parse()?;
/// assert_eq!(packet.build()?[8], 3);
///
/// let error = Expression::parse("ip(tttl=3)").unwrap_err();
/// assert!(error.to_string().starts_with("column 4: ip has no field tttl"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expression {
    stack: Stack,
    /// The fields that are set, layer by layer.
    set: Vec<Vec<String>>,
}

impl Expression {
    /// The layers that `text` describes.
    ///
    /// # Errors
    /// It is no expression (of at most 64 KiB, 64 layers, values nested 32 deep and 65535 bytes made by repetition), or there are
    /// no such layers or fields, or a field does not take the value.
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        let at = |problem: Problem| ExpressionError::new(text, problem);
        if text.len() > MAX_LEN {
            let message = format!("the expression has {} bytes, at most {MAX_LEN} are possible", text.len());
            return Err(at(Problem { left: text.len(), message }));
        }
        let mut this = Self { stack: Stack::new(), set: Vec::new() };
        for At { left, it: written } in grammar::expression(text).map_err(at)? {
            match written {
                Written::Bytes(bytes) => this.push(bytes.into(), Vec::new()),
                Written::Layer { name, fields } => {
                    let Some(mut layer) = AnyLayer::named(name) else {
                        return Err(at(Problem { left, message: no_layer(name) }));
                    };
                    let set = set_fields(name, &mut layer, fields).map_err(at)?;
                    this.push(layer, set);
                }
            }
        }
        Ok(this)
    }

    fn push(&mut self, layer: AnyLayer, set: Vec<String>) {
        self.stack.push(layer);
        self.set.push(set);
    }

    /// The layers.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// The layers, on their own.
    pub fn into_stack(self) -> Stack {
        self.stack
    }

    /// Whether the expression sets this field of the layer at `index`, counted from the outermost one.
    pub fn sets(&self, index: usize, field: &str) -> bool {
        self.set.get(index).is_some_and(|names| names.iter().any(|name| name == field))
    }
}

impl FromStr for Expression {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

impl Stack {
    /// The layers that an [`Expression`] describes.
    ///
    /// # Errors
    /// As for [`Expression::parse`].
    pub fn parse(text: &str) -> Result<Self, ExpressionError> {
        Expression::parse(text).map(Expression::into_stack)
    }
}

impl FromStr for Stack {
    type Err = ExpressionError;

    fn from_str(text: &str) -> Result<Self, ExpressionError> {
        Self::parse(text)
    }
}

/// What is wrong with an expression, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpressionError {
    column: usize,
    message: String,
}

impl ExpressionError {
    fn new(text: &str, Problem { left, message }: Problem) -> Self {
        let before = text.get(..text.len().saturating_sub(left)).unwrap_or(text);
        Self { column: before.chars().count() + 1, message }
    }

    /// Where it is, in characters, counted from 1; at the end of the expression one past its last.
    pub fn column(&self) -> usize {
        self.column
    }

    /// What it is.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The line of `expression` that it is about, and a line with a caret below the column: for terminals, without an end of line.
    /// Of a long line it is the part around the column.
    ///
    /// ```
    /// let text = "eth/ip(ttl=300)";
    /// let error = pycap_inject::Expression::parse(text).unwrap_err();
    /// assert_eq!(error.pointing_into(text), "eth/ip(ttl=300)\n           ^");
    /// ```
    pub fn pointing_into(&self, expression: &str) -> String {
        /// How many characters are shown on either side of the column.
        const AROUND: usize = 36;
        let at = self.column - 1;
        // Three characters are no shorter than the dots in their place.
        let skipped = if at > AROUND + 3 { at - AROUND } else { 0 };
        let mut shown = String::new();
        if skipped > 0 {
            shown.push_str("...");
        }
        let indent = shown.len() + at - skipped;
        let mut rest = expression.chars().skip(skipped);
        // A terminal must not take what is in an expression for a command.
        shown.extend(rest.by_ref().take(at - skipped + AROUND).map(|c| match c {
            c if c.is_whitespace() => ' ',
            c if c.is_control() => char::REPLACEMENT_CHARACTER,
            c => c,
        }));
        if rest.next().is_some() {
            shown.push_str("...");
        }
        format!("{shown}\n{:indent$}^", "")
    }
}

/// `column 8: ip has no field tttl; it has version, tos, ...`
impl fmt::Display for ExpressionError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "column {}: {}", self.column, self.message)
    }
}

impl error::Error for ExpressionError {}

/// Sets the fields that are written, and returns their names.
fn set_fields(
    name: &str,
    layer: &mut AnyLayer,
    fields: Vec<(At<&str>, At<FieldValue>)>,
) -> Result<Vec<String>, Problem> {
    let mut set: Vec<String> = Vec::new();
    for (At { left, it: field }, value) in fields {
        if set.iter().any(|before| before == field) {
            return Err(Problem { left, message: format!("{field} of {name} is set twice") });
        }
        let Err(error) = layer.set(field, &value.it) else {
            set.push(field.to_owned());
            continue;
        };
        let known = layer.fields();
        return Err(if known.iter().any(|info| info.name == field) {
            Problem { left: value.left, message: format!("{field}: {error}") }
        } else {
            let names = known.iter().map(|info| info.name);
            let mut message = format!("{name} has no field {}", shortened(field));
            if let Some(near) = nearest(field, names.clone()) {
                message.push_str(&format!(" (did you mean {near}?)"));
            }
            let names: Vec<&str> = names.collect();
            message.push_str(&match names.as_slice() {
                [] => ", nor any other".to_owned(),
                names => format!("; it has {}", names.join(", ")),
            });
            Problem { left, message }
        });
    }
    Ok(set)
}

/// There is no such layer; which one may be meant, or which there are.
fn no_layer(name: &str) -> String {
    let shown = shortened(name);
    match nearest(name, AnyLayer::names()) {
        Some(near) => format!("no layer is named {shown}: did you mean {near}?"),
        None => {
            let names: Vec<&str> = AnyLayer::all().map(|layer| layer.name()).collect();
            format!("no layer is named {shown}: there are {}, and text in quotes", names.join(", "))
        }
    }
}

/// The name that is most like `name`, if one is like it at all.
fn nearest<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    if name.len() > SHOWN {
        return None;
    }
    let name = name.to_ascii_lowercase();
    let tolerated = name.len().div_ceil(3);
    names
        .map(|other| (distance(&name, other), other))
        .min_by_key(|(distance, _)| *distance)
        .and_then(|(distance, other)| (distance <= tolerated && distance < other.len()).then_some(other))
}

/// How many bytes have to be put in, taken out, replaced, or swapped with the next, to make one text of the other (Damerau-Levenshtein,
/// optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other) = (one.as_bytes(), other.as_bytes());
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in other.iter().enumerate() {
            let mut least = (last[j] + usize::from(a != b)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && one[i - 1] == *b && other[j - 1] == *a {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[other.len()]
}

/// A name as a message repeats it.
fn shortened(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(SHOWN) {
        Some((at, _)) => Cow::Owned(format!("{}...", &name[..at])),
        None => Cow::Borrowed(name),
    }
}

#[cfg(test)]
mod tests;
