#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod layer;
pub mod template;

mod addresses;
mod any;
#[cfg(feature = "capture")]
mod ask;
mod auto;
mod buffer;
mod checksums;
mod context;
mod error;
mod expression;
mod fragment;
#[cfg(target_os = "linux")]
pub mod next_hop;
mod options;
mod outline;
pub mod pacer;
#[cfg(feature = "capture")]
pub mod replay;
mod reply;
pub mod rewrite;
mod segment;
pub mod sender;
mod stack;
mod to_builder;
mod value;

pub use any::{AnyLayer, OneLayer, Stack};
#[cfg(feature = "capture")]
pub use ask::{Answer, AskError, Asker, send_and_receive, send_and_receive_all};
pub use auto::{Auto, Derived};
pub use buffer::PacketBuf;
pub use checksums::{complete_checksums, fix_checksums};
pub use context::{Context, Identity};
pub use error::{BuildError, BuildErrorKind};
pub use expression::{Expression, ExpressionError};
pub use fragment::{FragmentError, Fragments};
#[cfg(target_os = "linux")]
pub use next_hop::{NextHop, next_hop, resolve_next_hop};
pub use reply::Reply;
pub use segment::{SegmentError, Segments};
pub use sender::{Backend, BatchError, Injector, SendError, SendErrorKind, SendStats, Sender};
pub use stack::{Layer, WithTrailer};
pub use to_builder::ToBuilder;
pub use value::{Edit, FieldError, FieldInfo, FieldValue};
