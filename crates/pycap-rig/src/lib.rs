#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]
#![cfg(target_os = "linux")]

mod error;
mod link;
mod namespace;
mod netlink;
mod privilege;

pub use error::{Error, ErrorKind};
pub use link::{Counters, LinkInfo};
pub use namespace::{Namespace, Rig};
pub use privilege::{Privilege, enter_private_namespaces};
