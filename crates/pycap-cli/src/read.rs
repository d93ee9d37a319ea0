//! From a capture file to the output.

use pycap_capture::Savefile;

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::matcher::Matcher;
use crate::output::{Output, Step};
use crate::progress::Progress;
use crate::user;

/// Reads the file that the command line names.
pub(crate) fn run(args: &Args, task: &Task<'_>) -> Result<(), Failure> {
    let mut file = match task {
        Task::File(path) => Savefile::open(path)?,
        _ => Savefile::stdin()?,
    };
    let mut matcher = Matcher::new(args, None)?;
    if args.dump_program > 0 {
        return matcher
            .dump(file.link_type().unwrap_or(pycap_capture::LinkType::ETHERNET), args.dump_program);
    }
    let mut out = user::relinquish_beside(args, |user| Output::new(args, file.path(), user))?;
    let mut progress = Progress::new(file.file_len(), out.prints_at_the_end());
    let read = copy(&mut file, &mut matcher, &mut out, &mut progress);
    progress.finish();
    // What was read before the damage is kept.
    out.end(read, None)
}

fn copy(
    file: &mut Savefile,
    matcher: &mut Matcher,
    out: &mut Output,
    progress: &mut Progress,
) -> Result<(), Failure> {
    let mut read: u64 = 0;
    while let Some(frame) = file.next_frame()? {
        read += 1;
        while matcher.matches(frame)? {
            match out.frame(frame)? {
                Step::Taken => break,
                Step::Last => return Ok(()),
                Step::NextFile(due) if out.next_file(due, None)?.is_break() => return Ok(()),
                Step::NextFile(_) => {}
            }
        }
        if read.is_multiple_of(Progress::STEP) {
            progress.at(file.bytes_read());
        }
    }
    Ok(())
}
