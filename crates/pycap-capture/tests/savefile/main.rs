//! Capture files of all kinds, written byte by byte here and read back through the public API.

mod bytes;
#[cfg(feature = "compress")]
mod compressed;
mod damage;
mod index;
mod open;
mod pcap;
mod pcapng;
mod random;
