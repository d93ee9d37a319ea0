//! From the file to the output.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

use pycap_capture::{Frame, Savefile};

use crate::args::{Args, Task};
use crate::error::Failure;
use crate::json::Json;
use crate::layers::Tuples;
use crate::link::{LinkTypes, Packets};
use crate::print::Lines;
use crate::progress::Progress;

/// Does what the command line asks for.
pub(crate) fn run(args: &Args, task: &Task<'_>) -> Result<(), Failure> {
    let mut file = match task {
        Task::File(path) => Savefile::open(path)?,
        Task::Stdin => Savefile::stdin()?,
    };
    let mut out = Output::new(args.line_buffered);
    let mut form = Form::new(args, &file);
    let mut progress = Progress::new(file.file_len(), form.prints_at_the_end());
    let read = copy(&mut file, &mut form, &mut out, &mut progress, args.count.unwrap_or(u64::MAX));
    progress.finish();
    if !matches!(read, Err(Failure::Closed | Failure::Output(_))) {
        form.end(&mut out.writer)?;
    }
    out.writer.flush()?;
    read
}

fn copy(
    file: &mut Savefile,
    form: &mut Form,
    out: &mut Output,
    progress: &mut Progress,
    count: u64,
) -> Result<(), Failure> {
    let mut number = 0;
    while number < count {
        let Some(frame) = file.next_frame()? else { break };
        number += 1;
        form.frame(&mut out.writer, number, frame)?;
        if out.at_once {
            out.writer.flush()?;
        }
        if number % Progress::STEP == 0 {
            progress.at(file.position());
        }
    }
    Ok(())
}

/// Standard output, locked and buffered.
struct Output {
    writer: BufWriter<StdoutLock<'static>>,
    /// Whether each packet is written out at once: whoever reads along wants to see it.
    at_once: bool,
}

impl Output {
    fn new(line_buffered: bool) -> Self {
        let stdout = io::stdout();
        let at_once = line_buffered || stdout.is_terminal();
        Self { writer: BufWriter::with_capacity(64 * 1024, stdout.lock()), at_once }
    }
}

/// The form of the output.
enum Form {
    Lines(Box<Lines>),
    Json(Json),
    Tuples(Tuples),
    Count(u64),
    LinkTypes(LinkTypes),
}

impl Form {
    fn new(args: &Args, file: &Savefile) -> Self {
        if args.json {
            Self::Json(Json::new(args.hex > 0))
        } else if args.layers {
            Self::Tuples(Tuples)
        } else if args.total {
            Self::Count(0)
        } else if args.list_data_link_types {
            Self::LinkTypes(LinkTypes::new(file.path()))
        } else {
            Self::Lines(Box::new(Lines::new(args)))
        }
    }

    /// Whether nothing is printed until all is read.
    fn prints_at_the_end(&self) -> bool {
        matches!(self, Self::Count(_) | Self::LinkTypes(_))
    }

    fn frame<W: Write>(&mut self, out: &mut W, number: u64, frame: Frame<'_>) -> io::Result<()> {
        match self {
            Self::Lines(lines) => lines.frame(out, number, frame),
            Self::Json(json) => json.frame(out, number, frame),
            Self::Tuples(tuples) => tuples.frame(out, frame),
            Self::Count(count) => {
                *count = number;
                Ok(())
            }
            Self::LinkTypes(types) => {
                types.frame(frame);
                Ok(())
            }
        }
    }

    fn end<W: Write>(&self, out: &mut W) -> io::Result<()> {
        match self {
            Self::Count(count) => writeln!(out, "{}", Packets(*count)),
            Self::LinkTypes(types) => types.end(out),
            _ => Ok(()),
        }
    }
}
