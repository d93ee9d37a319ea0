//! Lists of options as a field's value has them.

pub(super) use super::arguments::Arguments;
use crate::{FieldError, FieldValue};

/// Calls `add` for each option of a list: with bytes that stand for themselves, or with an option's name and arguments.
pub(super) fn each_option(
    value: &FieldValue,
    mut add: impl FnMut(Result<&[u8], Arguments<'_>>) -> Result<(), FieldError>,
) -> Result<(), FieldError> {
    super::arguments::each(value).iter().try_for_each(|option| match option {
        FieldValue::Bytes(bytes) => add(Ok(bytes)),
        FieldValue::Word(name) => add(Err(Arguments::new(name, &[]))),
        FieldValue::Call(name, arguments) => add(Err(Arguments::new(name, arguments))),
        other => Err(FieldError::new(format!("needs options, or their bytes, found {other}"))),
    })
}

#[cold]
pub(super) fn unknown(protocol: &str, name: &str, names: &str) -> FieldError {
    FieldError::new(format!("no {protocol} option is named {name}; there are {names}"))
}
