//! From a capture file to the output.

use pycap_capture::Savefile;

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::matcher::Matcher;
use crate::output::Output;
use crate::progress::Progress;

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
    let mut out = Output::new(args, file.path())?;
    let mut progress = Progress::new(file.file_len(), out.prints_at_the_end());
    let read = copy(&mut file, &mut matcher, &mut out, &mut progress, args.count.unwrap_or(u64::MAX));
    progress.finish();
    match read {
        Err(failure @ (Failure::Closed | Failure::Output(_))) => Err(failure),
        // What was read before the damage is kept.
        read => out.end(0, None).and(read),
    }
}

fn copy(
    file: &mut Savefile,
    matcher: &mut Matcher,
    out: &mut Output,
    progress: &mut Progress,
    count: u64,
) -> Result<(), Failure> {
    let mut read: u64 = 0;
    while out.packets() < count {
        let Some(frame) = file.next_frame()? else { break };
        read += 1;
        if matcher.matches(frame)? {
            out.frame(frame)?;
        }
        if read.is_multiple_of(Progress::STEP) {
            progress.at(file.position());
        }
    }
    Ok(())
}
