//! The grammar of expressions: text to layers, their fields and values, before anyone knows which layers there are.
//!
//! ```text
//! expression = layer *("/" layer)
//! layer      = bytes | name ["(" [field *("," field)] ")"]
//! field      = name "=" value
//! value      = "[" [value *("," value)] "]" | bytes | call | words | number | address
//! call       = name "(" [value *("," value)] ")"
//! words      = name *("|" name)
//! bytes      = (text | "x" hexadecimal digits in quotes) ["*" number]
//! ```

use std::cell::Cell;

use nom::bytes::complete::{tag, take_while, take_while1};
use nom::character::complete::{char, multispace0, satisfy};
use nom::combinator::{opt, recognize};
use nom::error::{ErrorKind, ParseError};
use nom::multi::separated_list1;
use nom::sequence::{delimited, pair, preceded, terminated};
use nom::{Err, IResult, Parser};
use pycap_wire::MacAddr;

use super::shortened;
use crate::FieldValue;

/// How deep lists and calls nest.
const MAX_DEPTH: usize = 32;
/// The greatest number of layers.
const MAX_LAYERS: usize = 64;
/// The most bytes that all repetitions of an expression make: an IP packet has no more.
const MAX_REPEATED: usize = 0xffff;

/// What is wrong, and how many bytes of the expression are left from there on.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) left: usize,
    pub(super) message: String,
}

impl ParseError<&str> for Problem {
    fn from_error_kind(input: &str, _: ErrorKind) -> Self {
        Self { left: input.len(), message: String::new() }
    }

    fn append(_: &str, _: ErrorKind, other: Self) -> Self {
        other
    }
}

/// Something, and how many bytes of the expression are left from its first one on.
#[derive(Debug)]
pub(super) struct At<T> {
    pub(super) left: usize,
    pub(super) it: T,
}

#[derive(Debug)]
pub(super) enum Written<'t> {
    Bytes(Vec<u8>),
    Layer { name: &'t str, fields: Vec<(At<&'t str>, At<FieldValue>)> },
}

type Parsed<'t, T> = IResult<&'t str, T, Problem>;

/// Where the parser is: what it may still do.
#[derive(Clone, Copy)]
struct Bounds<'b> {
    depth: usize,
    repeated: &'b Cell<usize>,
}

/// The layers of an expression.
pub(super) fn expression(text: &str) -> Result<Vec<At<Written<'_>>>, Problem> {
    match layers(text) {
        Ok((_, layers)) => Ok(layers),
        Err(Err::Error(problem) | Err::Failure(problem)) => Err(problem),
        Err(Err::Incomplete(_)) => Err(Problem { left: 0, message: "the expression ends too early".into() }),
    }
}

fn layers(text: &str) -> Parsed<'_, Vec<At<Written<'_>>>> {
    let repeated = Cell::new(0);
    let bounds = Bounds { depth: 0, repeated: &repeated };
    let (mut input, ()) = space(text)?;
    if input.is_empty() {
        return fail(
            input,
            "the expression is empty: it takes layers with / between them, as in eth/ip(dst=10.0.0.1)/udp(dport=53)/\"hello\"",
        );
    }
    let mut layers = Vec::new();
    let mut before = "";
    loop {
        if layers.len() == MAX_LAYERS {
            return fail(input, format!("more than {MAX_LAYERS} layers"));
        }
        let (rest, layer) = layer(input, before, bounds)?;
        layers.push(At { left: input.len(), it: layer });
        (input, ()) = space(rest)?;
        if input.is_empty() {
            return Ok((input, layers));
        }
        match punctuation('/')(input) {
            Ok((rest, _)) => input = rest,
            Err(_) => {
                return fail(
                    input,
                    format!("needs / and the next layer, or the end, found {}", found(input)),
                );
            }
        }
        before = " after the /";
    }
}

fn layer<'t>(input: &'t str, before: &str, bounds: Bounds<'_>) -> Parsed<'t, Written<'t>> {
    if let Some(bytes) = bytes(input, bounds)? {
        return Ok((bytes.0, Written::Bytes(bytes.1)));
    }
    let Ok((input, name)) = name(input) else {
        return fail(
            input,
            format!("needs a layer{before}: a name, or text in quotes; found {}", found(input)),
        );
    };
    match preceded(space, char::<_, Problem>('(')).parse(input) {
        Ok((rest, _)) => {
            let (rest, fields) = listed(rest, ')', "field", |input| field(input, bounds))?;
            Ok((rest, Written::Layer { name, fields }))
        }
        Err(_) => Ok((input, Written::Layer { name, fields: Vec::new() })),
    }
}

fn field<'t>(input: &'t str, bounds: Bounds<'_>) -> Parsed<'t, (At<&'t str>, At<FieldValue>)> {
    let Ok((rest, name)) = name(input) else {
        return fail(input, format!("needs the name of a field, found {}", found(input)));
    };
    let key = At { left: input.len(), it: name };
    let (input, ()) = space(rest)?;
    let Ok((input, _)) = punctuation('=')(input) else {
        return fail(input, format!("needs = and a value for {}, found {}", shortened(name), found(input)));
    };
    let left = input.len();
    let (rest, value) = value(input, bounds)?;
    Ok((rest, (key, At { left, it: value })))
}

fn value<'t>(input: &'t str, bounds: Bounds<'_>) -> Parsed<'t, FieldValue> {
    if let Some((rest, bytes)) = bytes(input, bounds)? {
        return Ok((rest, FieldValue::Bytes(bytes)));
    }
    if let Ok((rest, _)) = punctuation('[')(input) {
        let inside = bounds.deeper(input)?;
        let (rest, values) = listed(rest, ']', "value", |input| value(input, inside))?;
        return Ok((rest, FieldValue::List(values)));
    }
    let Ok((rest, atom)) = atom(input) else {
        return fail(input, format!("needs a value, found {}", found(input)));
    };
    if !is_word(atom) {
        return number_or_address(atom).map(|value| (rest, value)).or_else(|message| fail(input, message));
    }
    if let Ok((rest, _)) = preceded(space, punctuation('(')).parse(rest) {
        let inside = bounds.deeper(input)?;
        let (rest, arguments) = listed(rest, ')', "argument", |input| value(input, inside))?;
        return Ok((rest, FieldValue::Call(atom.into(), arguments)));
    }
    let mut words = String::from(atom);
    let mut input = rest;
    while let Ok((rest, _)) = delimited(space, char::<_, Problem>('|'), space).parse(input) {
        let Ok((rest, word)) = self::atom(rest) else {
            return fail(rest, format!("needs a name after the |, found {}", found(rest)));
        };
        words.push('|');
        words.push_str(word);
        input = rest;
    }
    Ok((input, FieldValue::Word(words)))
}

impl Bounds<'_> {
    fn deeper(self, input: &str) -> Result<Self, Err<Problem>> {
        if self.depth == MAX_DEPTH {
            return fail(input, format!("values nest deeper than {MAX_DEPTH}"));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

/// What stands in brackets, the opening one being behind already.
fn listed<'t, T>(
    input: &'t str,
    close: char,
    what: &str,
    item: impl FnMut(&'t str) -> Parsed<'t, T>,
) -> Parsed<'t, Vec<T>> {
    let (input, ()) = space(input)?;
    if let Ok((rest, _)) = char::<_, Problem>(close)(input) {
        return Ok((rest, Vec::new()));
    }
    let (rest, items) = separated_list1(punctuation(','), terminated(item, space)).parse(input)?;
    match char::<_, Problem>(close)(rest) {
        Ok((rest, _)) => Ok((rest, items)),
        Err(_) => fail(rest, format!("needs , and another {what}, or {close}; found {}", found(rest))),
    }
}

/// Text in quotes or hexadecimal digits in quotes, once or several times; nothing where there is neither.
fn bytes<'t>(input: &'t str, bounds: Bounds<'_>) -> Result<Option<(&'t str, Vec<u8>)>, Err<Problem>> {
    let (rest, bytes) = match (tag::<_, _, Problem>("\"")(input), tag::<_, _, Problem>("x\"")(input)) {
        (Ok((rest, _)), _) => text(input, rest)?,
        (_, Ok((rest, _))) => hexadecimal(input, rest)?,
        _ => return Ok(None),
    };
    let Ok((count, _)) = delimited(space, char::<_, Problem>('*'), space).parse(rest) else {
        return Ok(Some((rest, bytes)));
    };
    let Ok((rest, digits)) = atom(count) else {
        return fail(count, format!("needs a number of times after the *, found {}", found(count)));
    };
    let times = number(digits)
        .unwrap_or_else(|| Err(format!("needs a number of times, found {}", shortened(digits))));
    let times = times.or_else(|message| fail(count, message))?;
    let len = usize::try_from(times).unwrap_or(usize::MAX).saturating_mul(bytes.len());
    let all = bounds.repeated.get().saturating_add(len);
    if all > MAX_REPEATED {
        return fail(count, format!("repetitions make {all} bytes, more than {MAX_REPEATED}"));
    }
    bounds.repeated.set(all);
    // Nothing however often is nothing.
    let times = if bytes.is_empty() { 0 } else { len / bytes.len() };
    Ok(Some((rest, bytes.repeat(times))))
}

/// Text up to its closing quote; `start` is where it begins.
fn text<'t>(start: &'t str, mut input: &'t str) -> Parsed<'t, Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let (rest, plain) = take_while(|c| c != '"' && c != '\\')(input)?;
        bytes.extend_from_slice(plain.as_bytes());
        if let Some(rest) = rest.strip_prefix('"') {
            return Ok((rest, bytes));
        }
        let Some(escape) = rest.strip_prefix('\\').filter(|escape| !escape.is_empty()) else {
            return fail(start, "the text that begins here has no closing quote");
        };
        let (byte, len) = match escape.as_bytes() {
            [b'n', ..] => (b'\n', 1),
            [b'r', ..] => (b'\r', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (0, 1),
            [b'\\', ..] => (b'\\', 1),
            [quote @ (b'"' | b'\''), ..] => (*quote, 1),
            [b'x', high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                (digit(*high) << 4 | digit(*low), 3)
            }
            [b'x', ..] => return fail(rest, "\\x needs two hexadecimal digits, as in \\x0a"),
            _ => {
                let message =
                    format!("no escape is \\{}: there are \\n \\r \\t \\0 \\\\ \\\" \\xHH", first(escape));
                return fail(rest, message);
            }
        };
        bytes.push(byte);
        input = escape.get(len..).unwrap_or_default();
    }
}

/// Hexadecimal digits, two a byte, up to the closing quote; `start` is where they begin.
fn hexadecimal<'t>(start: &'t str, mut input: &'t str) -> Parsed<'t, Vec<u8>> {
    let mut digits = Vec::new();
    loop {
        let (rest, some) = preceded(space, take_while(|c: char| c.is_ascii_hexdigit())).parse(input)?;
        digits.extend(some.bytes().map(digit));
        let (rest, ()) = space(rest)?;
        if let Some(rest) = rest.strip_prefix('"') {
            if digits.len() % 2 != 0 {
                return fail(
                    start,
                    format!("needs two hexadecimal digits a byte, found {} in all", digits.len()),
                );
            }
            let (pairs, _) = digits.as_chunks::<2>();
            return Ok((rest, pairs.iter().map(|[high, low]| high << 4 | low).collect()));
        }
        match rest.chars().next() {
            None => return fail(start, "the bytes that begin here have no closing quote"),
            Some(c) if !c.is_ascii_hexdigit() => {
                return fail(rest, format!("needs hexadecimal digits, found {}", found(rest)));
            }
            Some(_) => input = rest,
        }
    }
}

/// The value of a hexadecimal digit.
fn digit(digit: u8) -> u8 {
    char::from(digit).to_digit(16).map_or(0, |value| value as u8)
}

/// What is neither a name nor in quotes.
fn number_or_address(atom: &str) -> Result<FieldValue, String> {
    if atom.contains(':') {
        let mac = || atom.parse().map(FieldValue::Mac).ok();
        let ipv6 = || atom.parse().map(FieldValue::Ipv6).ok();
        return mac().or_else(ipv6).ok_or_else(|| {
            format!(
                "{} is neither an Ethernet address, as 00:03:93:44:a9:92 is, nor an IPv6 address, as fe80::1 is",
                shortened(atom)
            )
        });
    }
    if let Some(number) = number(atom) {
        return number.map(FieldValue::Uint);
    }
    if let Ok(mac) = atom.parse::<MacAddr>() {
        return Ok(FieldValue::Mac(mac));
    }
    if atom.contains('.') {
        return atom.parse().map(FieldValue::Ipv4).map_err(|_| {
            format!("{} is no IPv4 address: it has four numbers up to 255, as 192.168.1.106", shortened(atom))
        });
    }
    Err(match atom.strip_prefix('-') {
        Some(_) => format!("{}: there are no negative numbers", shortened(atom)),
        None => {
            format!("{} is no number: 0x is in front of hexadecimal ones, 0b of binary ones", shortened(atom))
        }
    })
}

/// A number that fits 64 bits, if it is one at all.
fn number(atom: &str) -> Option<Result<u64, String>> {
    let prefixed = |small, capital| atom.strip_prefix(small).or_else(|| atom.strip_prefix(capital));
    let (digits, radix) = if let Some(digits) = prefixed("0x", "0X") {
        (digits, 16)
    } else if let Some(digits) = prefixed("0b", "0B") {
        (digits, 2)
    } else {
        (atom, 10)
    };
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return None;
    }
    let number = u64::from_str_radix(digits, radix);
    Some(number.map_err(|_| format!("{} is more than {}", shortened(atom), u64::MAX)))
}

/// A name of a layer, a field, a number.
fn name(input: &str) -> Parsed<'_, &str> {
    recognize(pair(satisfy(begins), take_while(goes_on))).parse(input)
}

/// The longest that can be one name, number or address.
fn atom(input: &str) -> Parsed<'_, &str> {
    take_while1(|c| goes_on(c) || c == ':')(input)
}

/// Whether it is no number and no address: names of numbers may begin with a digit, as 802.1Q does.
fn is_word(atom: &str) -> bool {
    let prefixed = ["0x", "0X", "0b", "0B"].into_iter().any(|prefix| atom.starts_with(prefix));
    let letters = |c: char| c.is_ascii_alphabetic() && !c.is_ascii_hexdigit();
    !atom.contains(':') && (atom.starts_with(begins) || atom.contains(letters) && !prefixed)
}

fn begins(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_'
}

fn goes_on(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-')
}

fn space(input: &str) -> Parsed<'_, ()> {
    multispace0(input).map(|(rest, _)| (rest, ()))
}

/// A character, and the space around it.
fn punctuation<'t>(c: char) -> impl FnMut(&'t str) -> Parsed<'t, char> {
    move |input| terminated(char(c), space).parse(input)
}

/// What stands here, for a message.
fn found(input: &str) -> String {
    match input.chars().next() {
        None => "the end".to_owned(),
        Some(_) => match opt(name).parse(input) {
            Ok((_, Some(name))) => shortened(name).into_owned(),
            _ => first(input),
        },
    }
}

/// The first character, in a form that a terminal can show.
fn first(input: &str) -> String {
    input.chars().next().map_or_else(String::new, |c| match c {
        '"' | '\'' => c.to_string(),
        c => c.escape_debug().to_string(),
    })
}

#[cold]
fn fail<T>(input: &str, message: impl Into<String>) -> Result<T, Err<Problem>> {
    Err(Err::Failure(Problem { left: input.len(), message: message.into() }))
}
