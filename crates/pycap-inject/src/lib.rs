#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

pub mod layer;
pub mod template;

mod addresses;
mod any;
mod auto;
mod buffer;
mod context;
mod error;
mod options;
mod stack;
mod to_builder;
mod value;

pub use any::{AnyLayer, OneLayer, Stack};
pub use auto::{Auto, Derived};
pub use buffer::PacketBuf;
pub use context::{Context, Identity};
pub use error::{BuildError, BuildErrorKind};
pub use stack::{Layer, WithTrailer};
pub use to_builder::ToBuilder;
pub use value::{Edit, FieldError, FieldInfo, FieldValue};
