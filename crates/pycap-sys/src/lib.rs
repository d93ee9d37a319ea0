#![doc = include_str!("../README.md")]

#[cfg(test)]
mod c_headers;
#[macro_use]
mod functions;
mod load;

pub mod libnet;
pub mod pcap;

pub use functions::Function;
pub use libnet::Libnet;
pub use load::{Attempt, LoadError};
pub use pcap::Libpcap;
