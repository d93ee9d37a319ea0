//! Programs from text, as tcpdump's `-ddd` and `-dd` print them.

use std::str::FromStr;

use crate::{Error, Filter, Instruction};

/// Reads what `tcpdump -ddd` prints: the count of instructions on a line, then on one each its code, jt, jf and k as
/// decimal numbers. What `tcpdump -dd` prints is read too: `{ 0x28, 0, 0, 0x0000000c },` and so on. Empty
/// lines are skipped.
///
/// ```
/// let filter: pycap_filter::Filter = "1\n6 0 0 262144\n".parse()?;
/// assert_eq!(filter.run(&b"anything"[..]), 262144);
/// # Ok::<(), pycap_filter::Error>(())
/// ```
impl FromStr for Filter {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(index, line)| Line { number: index + 1, text: line.trim() })
            .filter(|line| !line.text.is_empty())
            .peekable();
        let announced = match lines.peek() {
            Some(line) if !line.text.starts_with('{') => {
                let line = lines.next().expect("it was there");
                Some((line.count()?, line))
            }
            _ => None,
        };
        let mut instructions = Vec::new();
        for line in lines {
            instructions.push(line.instruction()?);
        }
        match announced {
            Some((count, line)) if count != instructions.len() => {
                Err(line.fault(format!("{count} instructions announced, {} found", instructions.len())))
            }
            _ => Filter::new(instructions),
        }
    }
}

struct Line<'a> {
    number: usize,
    text: &'a str,
}

impl Line<'_> {
    fn count(&self) -> Result<usize, Error> {
        self.text.parse().map_err(|_| {
            let text = self.text;
            self.fault(format!("{text:?} found; the count of instructions or '{{' was expected"))
        })
    }

    fn instruction(&self) -> Result<Instruction, Error> {
        let array = self.text.strip_prefix('{');
        let parts = match array {
            Some(rest) => rest.trim_end_matches(',').trim_end().strip_suffix('}'),
            None => Some(self.text),
        };
        let separator = |found: char| if array.is_some() { found == ',' } else { found.is_whitespace() };
        let mut parts =
            parts.unwrap_or_default().split(separator).map(str::trim).filter(|part| !part.is_empty());
        let mut next = || parts.next().and_then(number);
        let numbers = (next(), next(), next(), next());
        let (Some(code), Some(jt), Some(jf), Some(k)) = numbers else { return Err(self.no_instruction()) };
        match (u16::try_from(code), u8::try_from(jt), u8::try_from(jf), parts.next()) {
            (Ok(code), Ok(jt), Ok(jf), None) => Ok(Instruction { code, jt, jf, k }),
            _ => Err(self.no_instruction()),
        }
    }

    #[cold]
    fn no_instruction(&self) -> Error {
        let text = self.text;
        self.fault(format!("{text:?} found; an instruction was expected: code, jt, jf and k"))
    }

    #[cold]
    fn fault(&self, text: String) -> Error {
        Error::syntax(self.number, text)
    }
}

fn number(text: &str) -> Option<u32> {
    match text.strip_prefix("0x") {
        // `from_str_radix` takes a sign.
        Some(digits) if digits.starts_with('+') => None,
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}
