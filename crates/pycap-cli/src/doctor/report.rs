//! What the doctor prints.

use std::fmt;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};

/// A line for each thing looked at, with what to do about it below.
pub(super) struct Report<W> {
    out: W,
}

impl<W: Write> Report<W> {
    pub(super) fn new(out: W) -> Self {
        Self { out }
    }

    pub(super) fn heading(&mut self, title: &str) -> io::Result<()> {
        let bold = Style::new().bold();
        writeln!(self.out, "{bold}{title}{bold:#}")
    }

    /// Something that is as it should be.
    pub(super) fn good(&mut self, what: impl fmt::Display) -> io::Result<()> {
        self.line(AnsiColor::Green, "yes", what)
    }

    /// Something that is missing, but that capturing does not need.
    pub(super) fn missing(&mut self, what: impl fmt::Display) -> io::Result<()> {
        self.line(AnsiColor::Yellow, "no", what)
    }

    /// Something that keeps capturing from working.
    pub(super) fn bad(&mut self, what: impl fmt::Display) -> io::Result<()> {
        self.line(AnsiColor::Red, "FAIL", what)
    }

    /// What to do about the line before.
    pub(super) fn advice(&mut self, what: impl fmt::Display) -> io::Result<()> {
        writeln!(self.out, "        {what}")
    }

    /// The last words.
    pub(super) fn verdict(&mut self, what: impl fmt::Display) -> io::Result<()> {
        let bold = Style::new().bold();
        writeln!(self.out, "\n{bold}{what}{bold:#}")?;
        self.out.flush()
    }

    fn line(&mut self, color: AnsiColor, mark: &str, what: impl fmt::Display) -> io::Result<()> {
        let style = Style::new().bold().fg_color(Some(color.into()));
        writeln!(self.out, "  {style}{mark:<4}{style:#}  {what}")?;
        // Each line as it is found: what comes next may take a while.
        self.out.flush()
    }
}
