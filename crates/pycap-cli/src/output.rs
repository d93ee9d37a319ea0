//! Where packets go: to the standard output in one of several forms, to a file, or both.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use pycap_capture::pcapng::Block;
use pycap_capture::rotate::Due;
use pycap_capture::{Frame, Interface, LiveCapture, Record, SavefileWriter, Stats};

use crate::args::Args;
use crate::error::Failure;
use crate::files::{Files, Origin};
use crate::json::Json;
use crate::layers::Tuples;
use crate::link::{LinkTypes, Packets};
use crate::print::Lines;
use crate::user::User;

/// Everywhere that packets go.
pub(crate) struct Output {
    stdout: Stdout,
    form: Form,
    files: Option<Files>,
    number: u64,
    /// `-c`
    limit: u64,
    /// `-s` of a file; a capture has seen to it.
    cut: Option<usize>,
}

/// What became of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Step {
    /// It is taken, and another may come.
    Taken,
    /// It is taken, and was the last one.
    Last,
    /// It is to be given again when the [next file](Output::next_file) has begun.
    NextFile(Due),
}

impl Output {
    /// For packets of the capture file at `path`, or of the standard input, with these interfaces to begin with.
    pub(crate) fn of_file(
        args: &Args,
        path: Option<&Path>,
        interfaces: &[Interface],
        user: Option<&User>,
    ) -> Result<Self, Failure> {
        let mut builder = SavefileWriter::builder();
        let first = interfaces.first();
        if let Some(cut) = args.cut().and_then(|len| u32::try_from(len).ok()) {
            let stated = first.map(Interface::snaplen).filter(|&stated| stated > 0);
            builder = builder.snaplen(stated.map_or(cut, |stated| stated.min(cut)));
        }
        let mut this = Self::with_files(args, path, Files::new(args, builder, &Origin::File(first), user)?);
        this.cut = args.cut();
        Ok(this)
    }

    /// For packets of a live capture: a file says what it captures from also where no packet comes.
    pub(crate) fn of_capture(
        args: &Args,
        capture: &LiveCapture,
        user: Option<&User>,
    ) -> Result<Self, Failure> {
        let builder = SavefileWriter::builder().link_type(capture.link_type()).snaplen(args.snaplen());
        Ok(Self::with_files(args, None, Files::new(args, builder, &Origin::Capture(capture), user)?))
    }

    fn with_files(args: &Args, source: Option<&Path>, files: Option<Files>) -> Self {
        // Of what is written, only how much it is can be told without --print.
        let form = if files.is_some() && !args.prints() && !args.total {
            Form::Nothing
        } else {
            Form::new(args, source)
        };
        let limit = args.count.unwrap_or(u64::MAX);
        Self { stdout: Stdout::new(args.line_buffered), form, files, number: 0, limit, cut: None }
    }

    /// How many packets came.
    pub(crate) fn packets(&self) -> u64 {
        self.number
    }

    /// Whether packets are written to a file.
    pub(crate) fn writes(&self) -> bool {
        self.files.is_some()
    }

    /// Anything but a packet of the file that is read, for the file that is written.
    pub(crate) fn block(&mut self, block: Block<'_>) -> Result<(), Failure> {
        self.files.as_mut().map_or(Ok(()), |files| files.write_block(block))
    }

    pub(crate) fn frame(&mut self, frame: Frame<'_>) -> Result<Step, Failure> {
        self.packet(frame, None)
    }

    /// A packet, with all that the file it is from says of it.
    fn packet(&mut self, mut frame: Frame<'_>, mut record: Option<Record<'_>>) -> Result<Step, Failure> {
        if let Some(len) = self.cut {
            frame = frame.cut(len);
            record = record.map(|record| record.cut(len));
        }
        if let Some(files) = &mut self.files {
            if let Some(due) = files.due_before(frame) {
                return Ok(Step::NextFile(due));
            }
            self.number += 1;
            match record {
                Some(record) => files.write_record(record)?,
                None => files.write(frame)?,
            }
        } else {
            self.number += 1;
        }
        self.form.frame(&mut self.stdout.writer, self.number, frame)?;
        if self.stdout.at_once {
            self.stdout.writer.flush()?;
        }
        Ok(if self.number < self.limit { Step::Taken } else { Step::Last })
    }

    /// A packet of a file, with all further files that it takes; breaks if it was the last one.
    pub(crate) fn whole_packet(
        &mut self,
        frame: Frame<'_>,
        record: Option<Record<'_>>,
    ) -> Result<ControlFlow<()>, Failure> {
        loop {
            match self.packet(frame, record)? {
                Step::Taken => return Ok(ControlFlow::Continue(())),
                Step::Last => return Ok(ControlFlow::Break(())),
                Step::NextFile(due) if self.next_file(due, None)?.is_break() => {
                    return Ok(ControlFlow::Break(()));
                }
                Step::NextFile(_) => {}
            }
        }
    }

    /// Begins the next file, with the counts of a live capture in the one before; breaks if there is to be none.
    pub(crate) fn next_file(&mut self, due: Due, stats: Option<&Stats>) -> Result<ControlFlow<()>, Failure> {
        self.files.as_mut().map_or(Ok(ControlFlow::Continue(())), |files| files.next(due, stats))
    }

    /// Whether the next file has to begin though no packet comes; else in how long, if that is known.
    pub(crate) fn due_now(&self) -> Result<Due, Option<Duration>> {
        self.files.as_ref().map_or(Err(None), Files::due_now)
    }

    /// What to do while no packet waits: whoever reads along gets to see all that came.
    pub(crate) fn pause(&mut self) -> Result<(), Failure> {
        self.stdout.writer.flush()?;
        self.files.as_mut().map_or(Ok(()), Files::pause)
    }

    /// The file has all that came so far, whether `-U` was given or not.
    pub(crate) fn flush_file(&mut self) -> Result<(), Failure> {
        self.files.as_mut().map_or(Ok(()), Files::flush)
    }

    /// Whether nothing is printed until all is read.
    pub(crate) fn prints_at_the_end(&self) -> bool {
        self.form.prints_at_the_end()
    }

    /// Ends it: what comes at the end is printed, and the file is complete, with the counts of a live capture. After a failure of one of
    /// them the other is still ended.
    pub(crate) fn end(mut self, read: Result<(), Failure>, stats: Option<&Stats>) -> Result<(), Failure> {
        let printed = match &read {
            Err(Failure::Closed | Failure::Output(_)) => Ok(()),
            _ => self.form.end(&mut self.stdout.writer).and_then(|()| self.stdout.writer.flush()),
        };
        let written = self.files.map_or(Ok(()), |files| files.end(stats));
        read.and(printed.map_err(Failure::from)).and(written)
    }
}

/// Standard output, locked and buffered.
struct Stdout {
    writer: BufWriter<StdoutLock<'static>>,
    /// Whether each packet is written out at once: whoever reads along wants to see it.
    at_once: bool,
}

impl Stdout {
    fn new(line_buffered: bool) -> Self {
        let stdout = io::stdout();
        let at_once = line_buffered || stdout.is_terminal();
        Self { writer: BufWriter::with_capacity(64 * 1024, stdout.lock()), at_once }
    }
}

/// The form of the output.
enum Form {
    Nothing,
    Lines(Box<Lines>),
    Json(Json),
    Tuples(Tuples),
    Count(u64),
    LinkTypes(LinkTypes),
}

impl Form {
    fn new(args: &Args, source: Option<&Path>) -> Self {
        if args.json {
            Self::Json(Json::new(args.hex > 0))
        } else if args.layers {
            Self::Tuples(Tuples)
        } else if args.total {
            Self::Count(0)
        } else if args.list_data_link_types {
            Self::LinkTypes(LinkTypes::new(source))
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
            Self::Nothing => Ok(()),
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
