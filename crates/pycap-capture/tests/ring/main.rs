//! The kernel's packet ring, held against the kernel, against other programs, and against hostile memory.
#![cfg(target_os = "linux")]

mod hostile;
mod memory;
mod multi;
