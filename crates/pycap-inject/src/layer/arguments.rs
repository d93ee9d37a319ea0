//! Values with arguments, as fields take them that are lists: options, records, objects.

use crate::value::FromValue;
use crate::{FieldError, FieldValue};

/// The arguments of a call, taken one after the other.
pub(super) struct Arguments<'v> {
    name: &'v str,
    values: std::slice::Iter<'v, FieldValue>,
    taken: usize,
}

impl<'v> Arguments<'v> {
    pub(super) fn new(name: &'v str, values: &'v [FieldValue]) -> Self {
        Self { name, values: values.iter(), taken: 0 }
    }

    pub(super) fn name(&self) -> &'v str {
        self.name
    }

    fn explain(&self, error: &FieldError) -> FieldError {
        FieldError::new(format!("argument {} of {}: {error}", self.taken, self.name))
    }

    /// The next argument.
    pub(super) fn next<T: FromValue>(&mut self) -> Result<T, FieldError> {
        self.taken += 1;
        match self.values.next() {
            Some(value) => T::from_value(value).map_err(|error| self.explain(&error)),
            None => Err(FieldError::new(format!(
                "{} needs at least {} arguments, found {}",
                self.name,
                self.taken,
                self.taken - 1
            ))),
        }
    }

    /// The next argument, where there is one.
    pub(super) fn next_or<T: FromValue>(&mut self, default: T) -> Result<T, FieldError> {
        if self.values.as_slice().is_empty() { Ok(default) } else { self.next() }
    }

    /// All other arguments.
    pub(super) fn rest<T: FromValue>(&mut self) -> Result<Vec<T>, FieldError> {
        let mut rest = Vec::new();
        while !self.values.as_slice().is_empty() {
            // A list stands for its elements.
            if let Some((FieldValue::List(values), after)) = self.values.as_slice().split_first() {
                self.taken += 1;
                for value in values {
                    rest.push(T::from_value(value).map_err(|error| self.explain(&error))?);
                }
                self.values = after.iter();
            } else {
                rest.push(self.next()?);
            }
        }
        Ok(rest)
    }

    /// What was made of the arguments, if none is left.
    pub(super) fn end<T>(self, made: T) -> Result<T, FieldError> {
        match self.values.len() {
            0 => Ok(made),
            more => Err(FieldError::new(format!(
                "{} takes {} arguments, found {more} more",
                self.name, self.taken
            ))),
        }
    }
}

/// The values of a list; one that is none is a list of its own.
pub(super) fn each(value: &FieldValue) -> &[FieldValue] {
    match value {
        FieldValue::List(values) => values,
        single => std::slice::from_ref(single),
    }
}

/// The values of a list, of one type.
pub(super) fn list<T: FromValue>(value: &FieldValue) -> Result<Vec<T>, FieldError> {
    each(value).iter().map(T::from_value).collect()
}

/// A code: a number, or its name.
pub(super) fn code(
    value: &FieldValue,
    name_of: impl Fn(u8) -> Option<&'static str>,
) -> Result<u8, FieldError> {
    let letters = |name: &str| name.to_ascii_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
    match value {
        FieldValue::Word(word) => (0..=u8::MAX)
            .find(|code| name_of(*code).is_some_and(|name| letters(name) == letters(word)))
            .ok_or_else(|| FieldError::new(format!("no code of this type of message is named {word}"))),
        value => u8::from_value(value),
    }
}
