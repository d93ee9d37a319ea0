//! The one error of this crate.

use std::{fmt, io};

/// Which kind of thing went wrong, for callers that decide by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system does not allow namespaces to this process; the message says which command changes that.
    NotAllowed,
    /// A call to the kernel failed.
    System,
    /// What the caller passed cannot be meant: a name too long, an address that is none.
    Argument,
    /// There is no such interface in the namespace.
    NoInterface,
    /// It took longer than the caller allowed.
    TimedOut,
}

/// What failed, on which interface or program, what was found and what can be done.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<io::Error>,
}

impl Error {
    /// Which kind of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// The kernel's error number behind it, where there is one.
    pub fn raw_os_error(&self) -> Option<i32> {
        self.source.as_ref()?.raw_os_error()
    }

    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    pub(crate) fn system(operation: impl Into<String>, source: impl Into<io::Error>) -> Self {
        Self { kind: ErrorKind::System, message: operation.into(), source: Some(source.into()) }
    }

    pub(crate) fn with_kind(mut self, kind: ErrorKind) -> Self {
        self.kind = kind;
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match &self.source {
            Some(source) => write!(f, ": {source}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
