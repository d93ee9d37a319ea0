#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod error;
mod frame;
mod interface;
mod savefile;
mod source;
mod timestamp;

pub use error::{Error, ErrorKind};
pub use frame::{Direction, Frame, OwnedFrame, Reception, VlanTag};
pub use interface::{Interface, TimestampResolution};
pub use pycap_wire::LinkType;
pub use savefile::{ByteOrder, Format, Savefile};
pub use source::{Next, Source};
pub use timestamp::Timestamp;

/// What everything in this crate that can fail returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
