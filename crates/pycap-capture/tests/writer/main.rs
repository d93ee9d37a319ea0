//! Capture files that are written: byte by byte, as other programs read them, read back, and on writers that
//! fail.

#[cfg(feature = "compress")]
mod compressed;
mod failure;
mod frames;
mod pcap;
mod pcapng;
mod programs;
mod random;
mod records;
#[cfg(feature = "rotate")]
mod rotate;
