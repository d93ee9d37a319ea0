#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod error;
mod filter;
mod input;
mod instruction;
mod print;
mod program;
mod rewrite;
mod text;
mod verify;

pub use error::{Error, ErrorKind};
pub use filter::{Filter, MAX_INSTRUCTIONS, MAX_KERNEL_INSTRUCTIONS};
pub use input::{Input, Metadata};
pub use instruction::{Instruction, MEMORY_WORDS, ancillary, opcode};
pub use print::{CArray, Decimal, Listing};
pub use rewrite::{Cooked, Direction};
