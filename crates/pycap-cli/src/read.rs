//! From a capture file to the output.

use std::path::Path;

use pycap_capture::{
    ErrorKind, Format, Frame, Interface, LinkType, Record, Savefile, SavefileIndex, SavefileRange,
    Selection as Range,
};

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::matcher::Matcher;
use crate::output::Output;
use crate::progress::Progress;
use crate::select::Selection;
use crate::{tell, user};

/// Reads the file that the command line names.
pub(crate) fn run(args: &Args, task: &Task<'_>) -> Result<(), Failure> {
    let mut selection = Selection::new(args)?;
    let Task::File(path) = *task else { return read(args, None, Savefile::stdin()?, selection) };
    let file = Savefile::open(path)?;
    match indexed(path, &mut selection)? {
        Some(range) => read(args, Some(path), range, selection),
        None => read(args, Some(path), file, selection),
    }
}

/// The part of the file that has the times that are asked for, if there is an index beside it that says where that is.
fn indexed(path: &Path, selection: &mut Selection) -> Result<Option<SavefileRange>, Failure> {
    if !selection.has_times() {
        return Ok(None);
    }
    let index = match SavefileIndex::load(path) {
        Ok(index) => index,
        Err(error) => {
            if error.kind() == ErrorKind::IndexStale {
                tell(format_args!("{error}; until then all of the file is read"));
            }
            // What else is wrong shows when the file is read.
            return Ok(None);
        }
    };
    // Times of day are of the day of the first packet that has a time.
    let mut file = Savefile::open(path)?;
    let first = loop {
        match file.next_frame()?.map(Frame::timestamp) {
            Some(Some(time)) => break time,
            Some(None) => {}
            None => return Ok(None),
        }
    };
    Ok(Some(index.open(Range::by_time(selection.times(first)?))?))
}

/// All of a file, or part of it.
trait File {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>>;
    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>>;
    fn interfaces(&self) -> &[Interface];
    fn format(&self) -> Option<Format>;
    /// How many bytes there are to read, if that is known.
    fn total(&self) -> Option<u64>;
    /// How many of them are read.
    fn bytes_read(&self) -> u64;
}

impl File for Savefile {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>> {
        self.next_record()
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }

    fn format(&self) -> Option<Format> {
        Some(self.format())
    }

    fn total(&self) -> Option<u64> {
        self.file_len()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

impl File for SavefileRange {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>> {
        self.next_record()
    }

    fn interfaces(&self) -> &[Interface] {
        self.interfaces()
    }

    fn format(&self) -> Option<Format> {
        Some(self.format())
    }

    fn total(&self) -> Option<u64> {
        Some(self.bytes_to_read())
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

fn read(args: &Args, path: Option<&Path>, mut file: impl File, selection: Selection) -> Result<(), Failure> {
    let matcher = Matcher::of_file(args, file.format(), file.interfaces())?;
    if args.dump_program > 0 {
        let link_type = file.interfaces().first().map_or(LinkType::ETHERNET, Interface::link_type);
        return matcher.dump(link_type, args.dump_program);
    }
    let mut out = user::relinquish_beside(args, |user| Output::of_file(args, path, file.interfaces(), user))?;
    let mut progress = Progress::new(file.total(), out.prints_at_the_end());
    let mut wanted = Wanted { selection, matcher };
    let read = copy(&mut file, &mut wanted, &mut out, &mut progress);
    progress.finish();
    // What was read before the damage is kept.
    out.end(read, None)
}

/// Which packets.
struct Wanted {
    selection: Selection,
    matcher: Matcher,
}

fn copy(
    file: &mut impl File,
    wanted: &mut Wanted,
    out: &mut Output,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut read: u64 = 0;
    let writes = out.writes();
    loop {
        let (frame, record) = if writes {
            let Some(record) = file.next_record()? else { return Ok(()) };
            match (record.frame(), record.block()) {
                (Some(frame), _) => (frame, Some(record)),
                (None, Some(block)) => {
                    out.block(block)?;
                    continue;
                }
                (None, None) => continue,
            }
        } else {
            // The faster way, for packets alone.
            let Some(frame) = file.next_frame()? else { return Ok(()) };
            (frame, None)
        };
        read += 1;
        let Wanted { selection, matcher } = wanted;
        let is_wanted = selection.takes(frame.timestamp())? && matcher.matches(frame)? && !selection.skips();
        if is_wanted && out.whole_packet(frame, record)?.is_break() {
            return Ok(());
        }
        if read.is_multiple_of(Progress::STEP) {
            progress.at(file.bytes_read());
        }
    }
}
