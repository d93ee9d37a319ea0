//! Where packets go: to the standard output in one of several forms, to a file, or both.

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;

use pycap_capture::{Format, Frame, LiveCapture, SavefileWriter, Source, Stats, WriterBuilder};

use crate::args::Args;
use crate::error::Failure;
use crate::json::Json;
use crate::layers::Tuples;
use crate::link::{LinkTypes, Packets};
use crate::print::Lines;

/// Everywhere that packets go.
pub(crate) struct Output {
    stdout: Stdout,
    form: Form,
    file: Option<File>,
    number: u64,
}

impl Output {
    /// For packets of `source`, a file if it has a name.
    pub(crate) fn new(args: &Args, source: Option<&Path>) -> Result<Self, Failure> {
        Self::with_file(args, source, SavefileWriter::builder())
    }

    /// For packets of a live capture: a file says what it captures from also where no packet comes.
    pub(crate) fn of_capture(args: &Args, capture: &LiveCapture) -> Result<Self, Failure> {
        let builder = SavefileWriter::builder().link_type(capture.link_type()).snaplen(args.snaplen());
        let mut output = Self::with_file(args, None, builder)?;
        if let (Some(file), [interface]) = (&mut output.file, capture.interfaces()) {
            file.writer.add_interface(interface.clone())?;
            file.described = true;
        }
        Ok(output)
    }

    fn with_file(args: &Args, source: Option<&Path>, builder: WriterBuilder) -> Result<Self, Failure> {
        let file = args.write.as_deref().map(|path| File::create(args, path, builder)).transpose()?;
        let form = if file.is_some() && !args.prints() { Form::Nothing } else { Form::new(args, source) };
        Ok(Self { stdout: Stdout::new(args.line_buffered), form, file, number: 0 })
    }

    /// How many packets came.
    pub(crate) fn packets(&self) -> u64 {
        self.number
    }

    pub(crate) fn frame(&mut self, frame: Frame<'_>) -> Result<(), Failure> {
        self.number += 1;
        if let Some(file) = &mut self.file {
            file.writer.write(frame)?;
        }
        self.form.frame(&mut self.stdout.writer, self.number, frame)?;
        if self.stdout.at_once {
            self.stdout.writer.flush()?;
        }
        Ok(())
    }

    /// What to do while no packet waits: whoever reads along gets to see all that came.
    pub(crate) fn pause(&mut self) -> Result<(), Failure> {
        self.stdout.writer.flush()?;
        match &mut self.file {
            Some(file) if file.packet_buffered => Ok(file.writer.flush()?),
            _ => Ok(()),
        }
    }

    /// Whether nothing is printed until all is read.
    pub(crate) fn prints_at_the_end(&self) -> bool {
        self.form.prints_at_the_end()
    }

    /// Ends it: what comes at the end is printed, and the file is complete, with the counts of a live capture.
    pub(crate) fn end(mut self, interfaces: u32, stats: Option<&Stats>) -> Result<(), Failure> {
        self.form.end(&mut self.stdout.writer)?;
        self.stdout.writer.flush()?;
        match self.file {
            Some(file) => file.end(interfaces, stats),
            None => Ok(()),
        }
    }
}

/// The file that packets are written to.
struct File {
    writer: SavefileWriter,
    packet_buffered: bool,
    /// Whether the one interface is in it before a packet is.
    described: bool,
}

impl File {
    fn create(args: &Args, path: &Path, builder: WriterBuilder) -> Result<Self, Failure> {
        let pcapng = args.pcapng || path.extension().is_some_and(|extension| extension == "pcapng");
        let format = match (pcapng, args.nano) {
            (true, _) => Format::Pcapng,
            (false, true) => Format::PcapNanosecond,
            (false, false) => Format::Pcap,
        };
        let builder = builder.format(format);
        let writer = if path == Path::new("-") { builder.stdout()? } else { builder.create(path)? };
        Ok(Self { writer, packet_buffered: args.packet_buffered, described: false })
    }

    fn end(mut self, interfaces: u32, stats: Option<&Stats>) -> Result<(), Failure> {
        // The counts of a capture on several interfaces belong to none of them.
        if let (1, Some(stats), Format::Pcapng) = (interfaces, stats, self.writer.format()) {
            // An interface without a packet is not in the file.
            if self.described || self.writer.frames_written() > 0 {
                self.writer.interface_stats(0, stats)?;
            }
        }
        self.writer.finish()?;
        Ok(())
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
