//! What can go wrong, and the exit status for it.

use std::fmt;
use std::io::{self, IsTerminal};
use std::process::ExitCode;

use pycap_capture::ErrorKind;
use pycap_inject::{AskError, BuildError, ExpressionError, SendError};

use crate::escape::Escaped;

/// Why the command ends early.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The command line asks for what cannot be done.
    Usage(String),
    /// The capture could not be read, or not to its end.
    Capture(pycap_capture::Error),
    /// Privileges could not be given up, or are missed now that they are.
    Privileges(String),
    /// The expression of a packet is none.
    Expression(String),
    /// The packet cannot be built, or not for where it is to go.
    Build(String),
    /// The packet could not be sent.
    Send(SendError),
    /// A question was sent, and nothing answered it.
    NoAnswer(String),
    /// There can be no index of the capture.
    Index(String),
    /// The capture cannot be replayed there.
    Replay(String),
    /// The file that is written has no place for what is to be written.
    Refused(String),
    /// The output could not be written.
    Output(io::Error),
    /// The output was closed by its reader.
    Closed,
    /// The doctor found that capturing does not work, or packets were not sent, and that was told.
    Unwell,
}

impl Failure {
    /// What is wrong with the expression of a packet; a person at a terminal is shown where.
    pub(crate) fn expression(error: &ExpressionError, text: &str) -> Self {
        let shown = io::stderr().is_terminal().then(|| error.pointing_into(text));
        let lines = shown.iter().flat_map(|shown| shown.lines()).map(|line| format!("\n  {line}"));
        Self::Expression(format!("expression: {error}{}", lines.collect::<String>()))
    }

    /// Whether it is about one of the files that are read.
    pub(crate) fn is_of_a_file(&self) -> bool {
        matches!(self, Self::Capture(error) if error.path().is_some() || is_of_a_file(error.kind()))
    }

    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Expression(_) => ExitCode::from(2),
            Self::Capture(error) if error.kind() == ErrorKind::InvalidFilter => ExitCode::from(2),
            _ => ExitCode::FAILURE,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message)
            | Self::NoAnswer(message)
            | Self::Privileges(message)
            | Self::Expression(message)
            | Self::Index(message)
            | Self::Replay(message)
            | Self::Refused(message)
            | Self::Build(message) => f.write_str(message),
            Self::Send(error) => error.fmt(f),
            // Only a file's own errors have a place in it.
            Self::Capture(error) if error.path().is_none() && is_of_a_file(error.kind()) => {
                write!(f, "standard input: {}", Escaped(error))
            }
            // The message ends in the command that decompresses the file.
            Self::Capture(error) if error.kind() == ErrorKind::Compressed => {
                write!(f, "{} | pycap -r -", Escaped(error))
            }
            Self::Capture(error) => Escaped(error).fmt(f),
            Self::Output(error) => write!(f, "cannot write the output: {error}"),
            Self::Closed => f.write_str("the output was closed"),
            Self::Unwell => f.write_str("capturing does not work here"),
        }
    }
}

/// Whether it is about what a file has, rather than about an interface, a filter or the output.
fn is_of_a_file(kind: ErrorKind) -> bool {
    matches!(
        kind,
        ErrorKind::Empty
            | ErrorKind::UnknownFormat
            | ErrorKind::Compressed
            | ErrorKind::UnsupportedVersion
            | ErrorKind::Truncated
            | ErrorKind::Malformed
    )
}

impl From<pycap_capture::Error> for Failure {
    fn from(error: pycap_capture::Error) -> Self {
        match error.io_error().map(io::Error::kind) {
            // Only what is written to `-w -`, or to a named pipe, is closed by its reader.
            Some(io::ErrorKind::BrokenPipe) => Self::Closed,
            _ => Self::Capture(error),
        }
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        Self::Build(error.to_string())
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::Closed,
            _ => Self::Output(error),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        match error {
            AskError::Send(error) => error.into(),
            AskError::Receive(error) => error.into(),
            AskError::Build(error) => error.into(),
            other => Self::NoAnswer(other.to_string()),
        }
    }
}
