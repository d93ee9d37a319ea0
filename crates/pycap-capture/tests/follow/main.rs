//! Files that are followed while they are written, rotated, truncated and stopped.
#![cfg(unix)]

mod growth;
mod rig;
mod rotation;
mod slow;
mod stress;
#[cfg(all(target_os = "linux", feature = "tokio"))]
mod tasks;
mod waiting;
