//! From a capture file to the output.

use pycap_capture::Savefile;

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::matcher::Matcher;
use crate::output::{Output, Step};
use crate::progress::Progress;
use crate::select::Selection;
use crate::user;

/// Reads the file that the command line names.
pub(crate) fn run(args: &Args, task: &Task<'_>) -> Result<(), Failure> {
    let selection = Selection::new(args)?;
    let mut file = match task {
        Task::File(path) => Savefile::open(path)?,
        _ => Savefile::stdin()?,
    };
    let matcher = Matcher::new(args, None)?;
    if args.dump_program > 0 {
        return matcher
            .dump(file.link_type().unwrap_or(pycap_capture::LinkType::ETHERNET), args.dump_program);
    }
    let mut out = user::relinquish_beside(args, |user| Output::of_file(args, &file, user))?;
    let mut progress = Progress::new(file.file_len(), out.prints_at_the_end());
    let mut wanted = Wanted { selection, matcher, cut: args.cut() };
    let read = copy(&mut file, &mut wanted, &mut out, &mut progress);
    progress.finish();
    // What was read before the damage is kept.
    out.end(read, None)
}

/// Which packets, and how much of each.
struct Wanted {
    selection: Selection,
    matcher: Matcher,
    /// `-s`
    cut: Option<usize>,
}

fn copy(
    file: &mut Savefile,
    wanted: &mut Wanted,
    out: &mut Output,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut read: u64 = 0;
    let writes = out.writes();
    loop {
        let (mut frame, mut record) = if writes {
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
        let Wanted { selection, matcher, cut } = wanted;
        if selection.takes(frame.timestamp())? && matcher.matches(frame)? && !selection.skips() {
            if let Some(len) = *cut {
                frame = frame.cut(len);
                record = record.map(|record| record.cut(len));
            }
            loop {
                match out.packet(frame, record)? {
                    Step::Taken => break,
                    Step::Last => return Ok(()),
                    Step::NextFile(due) if out.next_file(due, None)?.is_break() => return Ok(()),
                    Step::NextFile(_) => {}
                }
            }
        }
        if read.is_multiple_of(Progress::STEP) {
            progress.at(file.position());
        }
    }
}
