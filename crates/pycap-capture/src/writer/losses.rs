//! What a file has no place for.

use std::fmt;
use std::ops::AddAssign;

use crate::pcapng::{Block, BlockType, Options, code};

/// What a file has no place for and was left out: [`SavefileWriter::losses`](crate::SavefileWriter::losses).
///
/// It displays as one line, such as `2 comments, 1 interface description`; empty if nothing is lost.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Losses {
    /// Frames of another link type than the file's, too long, too early or too late.
    pub frames: u64,
    /// Frames whose time was cut to the unit of the file.
    pub times: u64,
    /// Comments of packets and other blocks.
    pub comments: u64,
    /// Other options of packets, such as directions, counts of lost packets, hashes.
    pub options: u64,
    /// Descriptions of interfaces: of each but its link type.
    pub interfaces: u64,
    /// Addresses with their names.
    pub names: u64,
    /// Blocks of keys to decrypt packets with.
    pub secrets: u64,
    /// Other blocks: statistics, journal entries, makers' own blocks.
    pub blocks: u64,
}

impl Losses {
    /// Whether nothing was left out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    pub(super) fn count_options(&mut self, options: Options<'_>) {
        for option in options {
            match option.code {
                code::COMMENT => self.comments += 1,
                _ => self.options += 1,
            }
        }
    }

    pub(super) fn count_block(&mut self, block: Block<'_>) {
        self.comments += block.comments().count() as u64;
        match block.block_type() {
            // Who wrote the section is no part of what was captured.
            BlockType::SECTION_HEADER => {}
            // Its unit of time goes into the packets.
            BlockType::INTERFACE_DESCRIPTION => {
                let says_more = |code| !matches!(code, code::COMMENT | code::IF_TSRESOL | code::IF_TSOFFSET);
                self.interfaces += u64::from(block.options().any(|option| says_more(option.code)));
            }
            BlockType::NAME_RESOLUTION => match block.contents() {
                crate::pcapng::Contents::Names(names) => self.names += names.count() as u64,
                _ => self.blocks += 1,
            },
            BlockType::DECRYPTION_SECRETS => self.secrets += 1,
            _ => self.blocks += 1,
        }
    }
}

/// Those of several files together.
impl AddAssign<&Losses> for Losses {
    fn add_assign(&mut self, other: &Self) {
        let Self { frames, times, comments, options, interfaces, names, secrets, blocks } = other;
        self.frames += frames;
        self.times += times;
        self.comments += comments;
        self.options += options;
        self.interfaces += interfaces;
        self.names += names;
        self.secrets += secrets;
        self.blocks += blocks;
    }
}

impl fmt::Display for Losses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            (self.frames, "packet", "packets"),
            (self.times, "time to the nanosecond", "times to the nanosecond"),
            (self.comments, "comment", "comments"),
            (self.options, "packet option", "packet options"),
            (self.interfaces, "interface description", "interface descriptions"),
            (self.names, "name record", "name records"),
            (self.secrets, "block of decryption secrets", "blocks of decryption secrets"),
            (self.blocks, "other block", "other blocks"),
        ];
        let mut separator = "";
        for (count, one, many) in parts.into_iter().filter(|(count, ..)| *count > 0) {
            write!(f, "{separator}{count} {}", if count == 1 { one } else { many })?;
            separator = ", ";
        }
        Ok(())
    }
}
