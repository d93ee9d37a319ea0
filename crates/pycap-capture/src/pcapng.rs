//! The blocks of pcapng files (draft-ietf-opsawg-pcapng) and their options, for those who want more of a file than its frames.
//!
//! [`Savefile::next_record`](crate::Savefile::next_record) hands out every block of a file, and
//! [`SavefileWriter::write_record`](crate::SavefileWriter::write_record) takes them over into another one.
//!
//! ```
//! use pycap_capture::pcapng::{BlockType, OwnedBlock, code};
//! use pycap_capture::{Format, Savefile, SavefileWriter};
//!
//! # fn main() -> Result<(), pycap_capture::Error> {
//! let mut out = SavefileWriter::builder().format(Format::Pcapng).to_writer(Vec::new())?;
//! let names = OwnedBlock::names()
//!     .name(std::net::Ipv4Addr::new(192, 0, 2, 1), &["gateway"])
//!     .option(code::COMMENT, "as on the day of the capture")
//!     .build()?;
//! out.write_block(names.as_block())?;
//! let file = out.finish()?;
//!
//! let mut file = Savefile::from_reader(&file[..])?;
//! while let Some(record) = file.next_record()? {
//!     let Some(block) = record.block() else { continue };
//!     if block.block_type() == BlockType::NAME_RESOLUTION {
//!         assert_eq!(block.comments().next().unwrap(), "as on the day of the capture");
//!     }
//! }
//! # Ok(())
//! # }
//! ```

mod block;
mod contents;
mod convert;
mod option;
mod owned;

pub use self::block::{Block, BlockType};
pub use self::contents::{
    Contents, CustomBlock, HostNames, NameRecord, NameRecords, Secrets, SecretsType, SectionHeader,
    Statistics,
};
pub(crate) use self::convert::packet_options_in;
pub use self::option::{BlockOption, Options, code};
pub use self::owned::{BlockBuilder, NamesBuilder, OptionList, OwnedBlock};
