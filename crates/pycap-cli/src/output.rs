//! Where packets go: to the standard output in one of several forms, to a file, or both.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Duration;

use pycap_capture::pcapng::Block;
use pycap_capture::rotate::Due;
use pycap_capture::{Frame, Interface, LinkType, Record, SavefileWriter, Stats};

use crate::args::Args;
use crate::error::Failure;
use crate::files::{Files, Origin, pcap_of_several};
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
    /// How many packets came.
    packets: u64,
    /// `-c`
    limit: u64,
    /// `-s` of a file; a capture has seen to it.
    cut: Option<usize>,
}

/// Where a packet stands in what is read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    /// Its number in its file, or among those that were captured, from 1.
    pub(crate) number: u64,
    /// Its file, where several are read.
    pub(crate) file: Option<&'a Path>,
    /// The index of its interface in that file, where it has another one here.
    pub(crate) interface: Option<u32>,
}

impl Place<'_> {
    /// Of one file, or of one capture.
    pub(crate) fn numbered(number: u64) -> Self {
        Self { number, file: None, interface: None }
    }
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
    /// For packets of the capture files of `-r`, with these interfaces to begin with.
    pub(crate) fn of_file(
        args: &Args,
        interfaces: &[Interface],
        user: Option<&User>,
    ) -> Result<Self, Failure> {
        let mut builder = SavefileWriter::builder();
        let first = interfaces.first();
        let cut = args.cut().and_then(|len| u32::try_from(len).ok());
        match &args.write {
            Some(name) if args.read.len() > 1 && !args.writes_pcapng(name) => {
                builder = pcap_of_several(builder, name, interfaces, args.lossy, cut)?;
            }
            _ => {
                if let Some(cut) = cut {
                    let stated = first.map(Interface::snaplen).filter(|&stated| stated > 0);
                    builder = builder.snaplen(stated.map_or(cut, |stated| stated.min(cut)));
                }
            }
        }
        let mut this = Self::with_files(args, Files::new(args, builder, &Origin::File(first), user)?);
        this.cut = args.cut();
        Ok(this)
    }

    /// For packets of a live capture: a file says what it captures from also where no packet comes.
    pub(crate) fn of_capture(
        args: &Args,
        link_type: LinkType,
        interfaces: &[Interface],
        user: Option<&User>,
    ) -> Result<Self, Failure> {
        let builder = SavefileWriter::builder().link_type(link_type).snaplen(args.snaplen());
        Ok(Self::with_files(args, Files::new(args, builder, &Origin::Capture(interfaces), user)?))
    }

    fn with_files(args: &Args, files: Option<Files>) -> Self {
        // Of what is written, only how much it is can be told without --print.
        let form =
            if files.is_some() && !args.prints() && !args.total { Form::Nothing } else { Form::new(args) };
        let limit = args.count.unwrap_or(u64::MAX);
        Self { stdout: Stdout::new(args.line_buffered), form, files, packets: 0, limit, cut: None }
    }

    /// How many packets came.
    pub(crate) fn packets(&self) -> u64 {
        self.packets
    }

    /// Whether it takes records rather than frames: what is written has all that a file says, and a number is one of a record.
    pub(crate) fn takes_records(&self) -> bool {
        self.writes() || self.form.is_numbered()
    }

    /// Whether packets are written to a file.
    pub(crate) fn writes(&self) -> bool {
        self.files.is_some()
    }

    /// Anything but a packet of the file that is read, for the file that is written.
    pub(crate) fn block(&mut self, block: Block<'_>) -> Result<(), Failure> {
        self.files.as_mut().map_or(Ok(()), |files| files.write_block(block))
    }

    pub(crate) fn frame(&mut self, place: Place<'_>, frame: Frame<'_>) -> Result<Step, Failure> {
        self.packet(place, frame, None)
    }

    /// A packet, with all that the file it is from says of it.
    fn packet(
        &mut self,
        place: Place<'_>,
        mut frame: Frame<'_>,
        mut record: Option<Record<'_>>,
    ) -> Result<Step, Failure> {
        if let Some(len) = self.cut {
            frame = frame.cut(len);
            record = record.map(|record| record.cut(len));
        }
        if let Some(files) = &mut self.files {
            if let Some(due) = files.due_before(frame) {
                return Ok(Step::NextFile(due));
            }
            self.packets += 1;
            match record {
                Some(record) => files.write_record(record)?,
                None => files.write(frame)?,
            }
        } else {
            self.packets += 1;
        }
        self.form.frame(&mut self.stdout.writer, place, frame)?;
        if self.stdout.at_once {
            self.stdout.writer.flush()?;
        }
        Ok(if self.packets < self.limit { Step::Taken } else { Step::Last })
    }

    /// A packet of a file, with all further files that it takes; breaks if it was the last one.
    pub(crate) fn whole_packet(
        &mut self,
        place: Place<'_>,
        frame: Frame<'_>,
        record: Option<Record<'_>>,
    ) -> Result<ControlFlow<()>, Failure> {
        loop {
            match self.packet(place, frame, record)? {
                Step::Taken => return Ok(ControlFlow::Continue(())),
                Step::Last => return Ok(ControlFlow::Break(())),
                Step::NextFile(due) if self.next_file(due, &[])?.is_break() => {
                    return Ok(ControlFlow::Break(()));
                }
                Step::NextFile(_) => {}
            }
        }
    }

    /// Begins the next file, with the counts of a live capture in the one before; breaks if there is to be none.
    pub(crate) fn next_file(&mut self, due: Due, stats: &[(u32, Stats)]) -> Result<ControlFlow<()>, Failure> {
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
    /// them the other is still ended. That there was nothing is not said where a failure says why.
    pub(crate) fn end(mut self, read: Result<(), Failure>, stats: &[(u32, Stats)]) -> Result<(), Failure> {
        let printed = match &read {
            Err(Failure::Closed | Failure::Output(_)) => Ok(()),
            Err(_) if self.packets == 0 => Ok(()),
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
    fn new(args: &Args) -> Self {
        if args.json {
            Self::Json(Json::new(args.hex > 0))
        } else if args.layers {
            Self::Tuples(Tuples)
        } else if args.total {
            Self::Count(0)
        } else if args.list_data_link_types {
            Self::LinkTypes(LinkTypes::new(&args.read))
        } else {
            Self::Lines(Box::new(Lines::new(args)))
        }
    }

    /// Whether nothing is printed until all is read.
    fn prints_at_the_end(&self) -> bool {
        matches!(self, Self::Count(_) | Self::LinkTypes(_))
    }

    /// Whether packets have numbers in it.
    fn is_numbered(&self) -> bool {
        match self {
            Self::Lines(lines) => lines.is_numbered(),
            Self::Json(_) => true,
            _ => false,
        }
    }

    fn frame<W: Write>(&mut self, out: &mut W, place: Place<'_>, frame: Frame<'_>) -> io::Result<()> {
        match self {
            Self::Nothing => Ok(()),
            Self::Lines(lines) => lines.frame(out, place.number, frame),
            Self::Json(json) => json.frame(out, place, frame),
            Self::Tuples(tuples) => tuples.frame(out, frame),
            Self::Count(count) => {
                *count += 1;
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
