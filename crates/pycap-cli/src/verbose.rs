//! Every layer of a packet with its fields, one line a layer.

use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use pycap_capture::Frame;
use pycap_wire::checksum::Verifier;
use pycap_wire::{Field, Layer, Located, Stop};

use crate::fields::{self, Names};

/// Prints layers below a packet's line.
pub(crate) struct Verbose {
    /// With offsets, checksums, what is missing, and why dissection stopped.
    all: bool,
    /// Checksums are not shown where they are not verified.
    verify: bool,
    name: Style,
    wrong: Style,
    names: Names,
}

/// So many equal elements in a row, and more, are one element and a number.
const LONG_RUN: usize = 4;

impl Verbose {
    pub(crate) fn new(all: bool, verify: bool) -> Self {
        let styled = anstream::AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never;
        let color = |color: AnsiColor| if styled { color.on_default().bold() } else { Style::new() };
        Self {
            all,
            verify,
            name: color(AnsiColor::Cyan),
            wrong: color(AnsiColor::Red),
            names: Names::default(),
        }
    }

    pub(crate) fn frame<W: Write>(&mut self, out: &mut W, frame: Frame<'_>) -> io::Result<()> {
        let mut layers = frame.layers();
        let mut checksums = Verifier::default();
        while let Some(located) = layers.next_located() {
            self.layer(out, &located)?;
            if self.all {
                let verdict = if self.verify { checksums.verify(&located.layer) } else { None };
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

    fn layer<W: Write>(&mut self, out: &mut W, located: &Located<'_>) -> io::Result<()> {
        let Located { layer, offset, quoted } = located;
        let name = self.name;
        write!(out, "    {}{name}{}{name:#}", if *quoted { "quoted " } else { "" }, layer.name())?;
        if self.all {
            write!(out, " @{offset}")?;
        }
        self.names.each(layer, |field| {
            write!(out, " {}=", field.name)?;
            if field.repeated { list(out, layer, field) } else { value(out, &field) }
        })?;
        for name in self.names.again() {
            let mut first = true;
            fields::all(layer, name, |field| {
                if std::mem::take(&mut first) { Ok(()) } else { write!(out, " {field}") }
            })?;
        }
        Ok(())
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

/// The elements of the list that `first` begins, in brackets if there are several: `4`, `[4, 2, 10]`, `[0 (Pad1) x5]`.
fn list<W: Write>(out: &mut W, layer: &Layer<'_>, first: Field<'_>) -> io::Result<()> {
    let (mut last, mut run, mut separator) = (first, 0, "[");
    let mut count = 0;
    fields::all(layer, first.name, |field| {
        count += 1;
        if (field.value, field.meaning) == (last.value, last.meaning) {
            run += 1;
            return Ok(());
        }
        elements(out, &last, run, &mut separator)?;
        (last, run) = (field, 1);
        Ok(())
    })?;
    if count == 1 {
        return value(out, &first);
    }
    elements(out, &last, run, &mut separator)?;
    out.write_all(b"]")
}

/// So many equal elements of a list.
fn elements<W: Write>(
    out: &mut W,
    field: &Field<'_>,
    run: usize,
    separator: &mut &'static str,
) -> io::Result<()> {
    for _ in 0..if run < LONG_RUN { run } else { 1 } {
        out.write_all(separator.as_bytes())?;
        *separator = ", ";
        value(out, field)?;
    }
    if run < LONG_RUN { Ok(()) } else { write!(out, " x{run}") }
}

fn value<W: Write>(out: &mut W, field: &Field<'_>) -> io::Result<()> {
    match field.meaning {
        Some(meaning) => write!(out, "{} ({meaning})", field.value),
        None => write!(out, "{}", field.value),
    }
}
