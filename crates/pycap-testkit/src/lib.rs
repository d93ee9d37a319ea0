//! What pycap's tests, benches and fuzz targets share: packets and savefiles made in code.
//!
//! Nothing but [`build`], which is about building, goes through pycap's own headers: bytes are put together by hand after the
//! RFCs, so that a test that uses them has another source than the code that it tests.

pub mod build;
pub mod corpus;
pub mod filter;
pub mod generate;
pub mod invariant;
pub mod packet;
pub mod sample;
pub mod savefile;
pub mod seed;
#[cfg(target_os = "linux")]
pub mod wire;

/// Private network namespaces with veth pairs.
#[cfg(target_os = "linux")]
pub use pycap_rig as rig;

/// The workspace's README, whose example is a documentation test here.
#[cfg(doctest)]
#[doc = include_str!("../../../README.md")]
struct Readme;
