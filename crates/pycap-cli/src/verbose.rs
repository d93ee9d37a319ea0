//! Every layer of a packet with its fields, one line a layer.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pycap_capture::Frame;
use pycap_wire::{Layer, Layers, Located, Next, Stop};

use crate::checksum::Checksums;

/// Prints layers below a packet's line.
pub(crate) struct Verbose {
    /// With offsets, checksums, what is missing, and why dissection stopped.
    all: bool,
    name: Style,
    wrong: Style,
}

impl Verbose {
    pub(crate) fn new(all: bool) -> Self {
        let styled = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let color = |color: AnsiColor| if styled { color.on_default().bold() } else { Style::new() };
        Self { all, name: color(AnsiColor::Cyan), wrong: color(AnsiColor::Red) }
    }

    pub(crate) fn frame<W: Write>(&self, out: &mut W, frame: Frame<'_>) -> io::Result<()> {
        let mut layers = Layers::new(Next::Link(frame.link_type()), frame.data());
        let mut checksums = Checksums::default();
        while let Some(located) = layers.next_located() {
            self.layer(out, &located)?;
            if self.all {
                let verdict = checksums.verdict(&located.layer);
                // The network card was still to fill it in, and quoted packets are mostly cut or changed.
                let known = !located.quoted && !frame.checksum_not_ready();
                self.verdicts(out, &located.layer, verdict.filter(|_| known))?;
            }
            out.write_all(b"\n")?;
        }
        if self.all {
            self.end(out, frame, layers.payload_offset(), layers.payload().len(), layers.stop())?;
        }
        Ok(())
    }

    fn layer<W: Write>(&self, out: &mut W, located: &Located<'_>) -> io::Result<()> {
        let Located { layer, offset, quoted } = located;
        let name = self.name;
        write!(out, "    {}{name}{}{name:#}", if *quoted { "quoted " } else { "" }, layer.name())?;
        if self.all {
            write!(out, " @{offset}")?;
        }
        let mut written = Ok(());
        layer.fields(&mut |field| {
            if written.is_ok() {
                written = write!(out, " {field}");
            }
        });
        written
    }

    fn verdicts<W: Write>(&self, out: &mut W, layer: &Layer<'_>, checksum: Option<bool>) -> io::Result<()> {
        let wrong = self.wrong;
        match checksum {
            Some(true) => out.write_all(b", checksum right")?,
            Some(false) => write!(out, ", {wrong}checksum wrong{wrong:#}")?,
            None => {}
        }
        if layer.missing() > 0 {
            write!(out, ", {wrong}{} bytes missing{wrong:#}", layer.missing())?;
        }
        Ok(())
    }

    fn end<W: Write>(
        &self,
        out: &mut W,
        frame: Frame<'_>,
        offset: usize,
        left: usize,
        stop: Option<Stop>,
    ) -> io::Result<()> {
        let name = self.name;
        if left > 0 {
            writeln!(out, "    {name}payload{name:#} @{offset} {left} bytes")?;
        }
        if frame.missing() > 0 {
            writeln!(out, "    {} of {} bytes captured", frame.data().len(), frame.original_len())?;
        }
        match stop {
            None | Some(Stop::End) => Ok(()),
            Some(stop) => writeln!(out, "    stopped: {stop}"),
        }
    }
}
