//! Why a frame was not sent.

use std::borrow::Cow;
use std::fmt;
use std::io;

/// Why a sender could not be opened, or did not accept a frame.
///
/// It displays as one line: the interface, what was needed and found, and where there is something to be done about it, what.
pub struct SendError(Box<Inner>);

struct Inner {
    kind: SendErrorKind,
    message: Cow<'static, str>,
    interface: Option<Box<str>>,
    excess: Option<Excess>,
    io: Option<io::Error>,
}

/// The kinds of [`SendError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SendErrorKind {
    /// The frame is longer than what the interface takes: [`SendError::excess`] says by how much.
    TooLong,
    /// The frame is shorter than the header that it has to start with.
    TooShort,
    /// The system had no room for the frame for as long as the sender waits (`ENOBUFS`, `EAGAIN`). The same frame may go later.
    NoBuffers,
    /// The interface is down.
    InterfaceDown,
    /// The interface was deleted, or moved to another network namespace.
    InterfaceGone,
    /// No interface has this name; the message names the nearest.
    NoSuchInterface,
    /// This process may not send (or not in this way); the message has the command that grants it.
    PermissionDenied,
    /// A library that is loaded when it is needed was not found; the message says what was tried and what to install.
    LibraryMissing,
    /// No route leads to the destination.
    NoRoute,
    /// The next hop's hardware address is not known, or nobody answered for it in time.
    Unresolved,
    /// A setting that makes no sense, alone or with another.
    InvalidSetting,
    /// The frame is none of this sender's link type, or its headers contradict what it is to be sent as.
    InvalidFrame,
    /// The system, the interface or the library that is there cannot do what was asked for.
    Unsupported,
    /// Anything else that the system says; [`SendError::io_error`] has it.
    Io,
}

/// By how much a frame is too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Excess {
    /// The frame's length in bytes.
    pub frame: usize,
    /// The most that the sender takes of such a frame, in bytes.
    pub limit: usize,
    /// The interface's MTU in bytes, link header not included, where the limit comes from it.
    pub mtu: Option<u32>,
}

impl SendError {
    /// Which kind of error it is.
    pub fn kind(&self) -> SendErrorKind {
        self.0.kind
    }

    /// The interface that was to be sent on, where there is one.
    pub fn interface(&self) -> Option<&str> {
        self.0.interface.as_deref()
    }

    /// By how much the frame is too long, of [`SendErrorKind::TooLong`]. `None` where the system does not tell the limit.
    pub fn excess(&self) -> Option<Excess> {
        self.0.excess
    }

    /// The system's error, if it was one.
    pub fn io_error(&self) -> Option<&io::Error> {
        self.0.io.as_ref()
    }

    #[cold]
    pub(crate) fn new(kind: SendErrorKind, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), interface: None, excess: None, io: None }))
    }

    #[cold]
    pub(crate) fn system(
        kind: SendErrorKind,
        message: impl Into<Cow<'static, str>>,
        error: impl Into<io::Error>,
    ) -> Self {
        let mut this = Self::new(kind, message);
        this.0.io = Some(error.into());
        this
    }

    #[cold]
    pub(crate) fn io(doing: impl Into<Cow<'static, str>>, error: impl Into<io::Error>) -> Self {
        Self::system(SendErrorKind::Io, doing, error)
    }

    /// One that is longer than so many bytes, which stand for `what`.
    #[cold]
    pub(crate) fn too_long(excess: Excess, what: &str) -> Self {
        let Excess { frame, limit, .. } = excess;
        let over = frame.saturating_sub(limit);
        let mut this = Self::new(
            SendErrorKind::TooLong,
            format!("the frame has {frame} bytes, {over} more than {limit}, {what}"),
        );
        this.0.excess = Some(excess);
        this
    }

    /// One that has no bytes, or fewer than the header that it starts with.
    #[cold]
    pub(crate) fn too_short(found: usize, needed: usize, what: &str) -> Self {
        Self::new(
            SendErrorKind::TooShort,
            format!("the frame has {}, at least {needed} are needed: {what}", bytes(found)),
        )
    }

    /// Whether it says the same as another one, but for numbers.
    #[cfg(feature = "capture")]
    pub(crate) fn has_reason_of(&self, other: &Self) -> bool {
        let words = |text: &str| text.bytes().filter(|byte| !byte.is_ascii_digit()).collect::<Vec<_>>();
        let (this, other) = (&self.0, &other.0);
        this.kind == other.kind
            && this.io.as_ref().map(io::Error::raw_os_error) == other.io.as_ref().map(io::Error::raw_os_error)
            && (this.message == other.message || words(&this.message) == words(&other.message))
    }

    #[cold]
    pub(crate) fn on_interface(mut self, name: &str) -> Self {
        self.0.interface = Some(name.into());
        self
    }
}

fn bytes(count: usize) -> String {
    format!("{count} byte{}", if count == 1 { "" } else { "s" })
}

/// Names what is missing and the command that grants it to this program.
#[cold]
pub(crate) fn may_not_send(error: Option<io::Error>) -> SendError {
    let program = std::env::current_exe();
    let program = program.as_deref().map_or_else(|_| "PROGRAM".into(), |path| path.to_string_lossy());
    let message = if cfg!(target_os = "linux") {
        format!(
            "may not send: it takes the capability CAP_NET_RAW; run as root, or once \
             `sudo setcap cap_net_raw,cap_net_admin=eip {program}`"
        )
    } else {
        format!("may not send: run `sudo {program}`, or give your user access to /dev/bpf*")
    };
    match error {
        Some(error) => SendError::system(SendErrorKind::PermissionDenied, message, error),
        None => SendError::new(SendErrorKind::PermissionDenied, message),
    }
}

/// `eth0: the frame has 1515 bytes, 1 more than 1514, the MTU of 1500 and a link header of 14`
impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner { message, interface, io, .. } = &*self.0;
        if let Some(interface) = interface {
            write!(f, "{interface}: ")?;
        }
        f.write_str(message)?;
        match io {
            Some(io) => write!(f, ": {io}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SendError({:?}, \"{self}\")", self.0.kind)
    }
}

impl std::error::Error for SendError {
    // The system's error is part of the message already; `io_error` gives it to those who want to match on it.
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        None
    }
}

impl From<SendError> for io::Error {
    fn from(error: SendError) -> Self {
        let kind = match error.kind() {
            SendErrorKind::Io => error.io_error().map_or(io::ErrorKind::Other, io::Error::kind),
            SendErrorKind::PermissionDenied => io::ErrorKind::PermissionDenied,
            SendErrorKind::NoSuchInterface | SendErrorKind::LibraryMissing => io::ErrorKind::NotFound,
            SendErrorKind::NoBuffers => io::ErrorKind::WouldBlock,
            SendErrorKind::InterfaceDown => io::ErrorKind::NetworkDown,
            SendErrorKind::InterfaceGone => io::ErrorKind::NotConnected,
            SendErrorKind::NoRoute => io::ErrorKind::NetworkUnreachable,
            SendErrorKind::Unresolved => io::ErrorKind::HostUnreachable,
            SendErrorKind::Unsupported => io::ErrorKind::Unsupported,
            SendErrorKind::TooLong
            | SendErrorKind::TooShort
            | SendErrorKind::InvalidFrame
            | SendErrorKind::InvalidSetting => io::ErrorKind::InvalidInput,
        };
        Self::new(kind, error)
    }
}

/// Where a batch stopped, and why.
#[derive(Debug)]
#[non_exhaustive]
pub struct BatchError {
    /// How many frames were accepted: those before the one that was not. It and the ones after it were not sent.
    pub accepted: usize,
    /// Why the frame at index `accepted` was not.
    pub error: SendError,
}

/// `frame 4 of the batch: eth0: ...`, counted from 1.
impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "frame {} of the batch: {}", self.accepted + 1, self.error)
    }
}

impl std::error::Error for BatchError {}

impl BatchError {
    /// For senders of one's own.
    pub fn new(accepted: usize, error: SendError) -> Self {
        Self { accepted, error }
    }
}

impl From<BatchError> for SendError {
    fn from(batch: BatchError) -> Self {
        batch.error
    }
}

const _: () = {
    const fn anywhere<T: std::error::Error + Send + Sync + 'static>() {}
    anywhere::<SendError>();
    anywhere::<BatchError>();
    assert!(size_of::<SendError>() == size_of::<usize>());
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_says_where_and_by_how_much() {
        let excess = Excess { frame: 1515, limit: 1514, mtu: Some(1500) };
        let error =
            SendError::too_long(excess, "the MTU of 1500 and a link header of 14").on_interface("eth0");
        assert_eq!(
            error.to_string(),
            "eth0: the frame has 1515 bytes, 1 more than 1514, the MTU of 1500 and a link header of 14"
        );
        let batch = BatchError::new(3, error);
        assert!(batch.to_string().starts_with("frame 4 of the batch: eth0: "), "{batch}");
        assert_eq!(io::Error::from(SendError::from(batch)).kind(), io::ErrorKind::InvalidInput);
    }
}
