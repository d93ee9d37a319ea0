//! What every file but the first begins with: the header and the interfaces of the section that is being read.

use pycap_capture::pcapng::{Block, BlockType, OwnedBlock};
use pycap_capture::{Format, SavefileWriter};

use crate::error::Failure;

/// The blocks that a file cannot do without, as the section that is read has them, for a file that begins within it.
#[derive(Default)]
pub(crate) struct Section {
    /// The header, and the interfaces so far.
    head: Blocks,
    /// All blocks that came while there was no file yet: the first packet names it.
    waiting: Blocks,
}

#[derive(Default)]
struct Blocks {
    blocks: Vec<OwnedBlock>,
    bytes: usize,
}

/// The most that is kept, in bytes: no file that is not made for it has as much.
const MAX: usize = 64 << 20;
/// What a block takes beside its body.
const BLOCK: usize = 256;

impl Section {
    /// Looks at a block that is being read; `waits` says that there is no file to write it to yet.
    pub(crate) fn see(&mut self, block: Block<'_>, waits: bool) -> Result<(), Failure> {
        match block.block_type() {
            BlockType::SECTION_HEADER => self.head = Blocks::default(),
            BlockType::INTERFACE_DESCRIPTION => {}
            _ if waits => return self.waiting.keep(block),
            _ => return Ok(()),
        }
        self.head.keep(block)?;
        if waits { self.waiting.keep(block) } else { Ok(()) }
    }

    /// Writes what belongs to the start of a file.
    pub(crate) fn begin(&mut self, writer: &mut SavefileWriter) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.waiting).blocks;
        let blocks = match writer.format() {
            _ if !waiting.is_empty() => &waiting,
            Format::Pcapng => &self.head.blocks,
            // Others have no place for them, which was counted when they came.
            _ => return Ok(()),
        };
        for block in blocks {
            writer.write_block(block.as_block())?;
        }
        Ok(())
    }
}

impl Blocks {
    fn keep(&mut self, block: Block<'_>) -> Result<(), Failure> {
        self.bytes += BLOCK + block.body().len();
        if self.bytes > MAX {
            return Err(Failure::Refused(format!(
                "-C and -G: write one file without them: more than {MAX} bytes of interfaces and other blocks would have to stand in every file"
            )));
        }
        self.blocks.push(block.to_owned());
        Ok(())
    }
}
