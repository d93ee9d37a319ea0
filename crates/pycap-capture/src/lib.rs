#![doc = include_str!("../README.md")]
#![deny(unsafe_code)]

mod compile;
mod compression;
mod error;
mod filter;
mod frame;
mod interface;
mod live;
mod multi_capture;
#[cfg(feature = "libpcap")]
mod pcap_source;
pub mod pcapng;
#[cfg(any(target_os = "linux", feature = "libpcap"))]
mod permission;
#[cfg(target_os = "linux")]
mod ring;
#[cfg(feature = "rotate")]
pub mod rotate;
mod savefile;
mod source;
mod stats;
mod stop;
mod sys;
mod system;
mod timestamp;
mod timestamp_source;
#[cfg(all(unix, feature = "tokio"))]
pub mod tokio;
mod wire_bytes;
mod writer;

pub use compile::{CompileOptions, compile};
pub use compression::Compression;
pub use error::{Error, ErrorKind};
pub use frame::{Direction, Frame, OwnedFrame, Reception, Segmentation, SegmentationKind, VlanTags};
pub use interface::{Interface, TimestampResolution};
pub use live::{Backend, Live, LiveCapture, link_types, timestamp_sources};
pub use multi_capture::MultiCapture;
#[cfg(feature = "libpcap")]
pub use pcap_source::{PcapBuilder, PcapSource};
pub use pycap_filter::{Filter, Instruction, ancillary};
pub use pycap_wire::{LinkType, VlanTag};
#[cfg(target_os = "linux")]
pub use ring::{Block, Builder, Fanout, Frames, NextBlock, PacketRing, Producer};
#[cfg(feature = "rotate")]
pub use rotate::{RotatingWriter, Rotation};
pub use savefile::{
    ByteOrder, Follow, Format, Merge, NextRecord, Record, Savefile, SavefileIndex, SavefileRange, Selection,
};
pub use source::{Next, Source};
pub use stats::Stats;
pub use stop::StopHandle;
pub use system::{InterfaceAddress, SystemInterface, default_interface, interfaces};
pub use timestamp::Timestamp;
pub use timestamp_source::TimestampSource;
pub use writer::{Losses, SavefileWriter, WriterBuilder};

/// The snapshot length that is used where none is asked for, in bytes: longer than any frame but a few oddities, and tcpdump's.
pub const MAX_SNAPLEN: u32 = 262_144;

/// What everything in this crate that can fail returns.
pub type Result<T, E = Error> = std::result::Result<T, E>;
