//! The filter expression, compiled once for each link type that packets have.

use std::io::Write;

use pycap_capture::{CompileOptions, ErrorKind, Filter, Format, Frame, Interface, LinkType, compile};

use crate::args::Args;
use crate::commands;
use crate::error::Failure;

/// A filter expression that is matched in this process.
pub(crate) struct Matcher {
    expression: String,
    snaplen: u32,
    optimize: bool,
    interface: Option<String>,
    /// Nothing but the bytes of packets is known.
    bytes_alone: bool,
    programs: Vec<(LinkType, Filter)>,
}

impl Matcher {
    pub(crate) fn new(args: &Args, interface: Option<&str>) -> Result<Self, Failure> {
        Ok(Self {
            expression: args.expression()?,
            snaplen: args.snaplen(),
            optimize: !args.no_optimize,
            interface: interface.map(str::to_owned),
            bytes_alone: false,
            programs: Vec::new(),
        })
    }

    /// The program for frames of this link type, for a live capture on the interface if there is one.
    pub(crate) fn program(&self, link_type: LinkType) -> Result<Filter, Failure> {
        let mut options = CompileOptions::new(link_type)
            .snaplen(self.snaplen)
            .optimize(self.optimize)
            .bytes_alone(self.bytes_alone);
        if let Some(interface) = &self.interface {
            options = options.on_interface(interface);
        }
        compile(&self.expression, &options).map_err(|error| {
            match commands::behind_options(&self.expression) {
                Some(advice) if error.kind() == ErrorKind::InvalidFilter => {
                    Failure::Usage(format!("{advice}: {error}"))
                }
                _ => error.into(),
            }
        })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.expression.trim().is_empty()
    }

    /// Goes on with the packets of a file of this format, if all of it has one, and looks whether the expression makes sense for frames of the
    /// first of these interfaces, before anything is done. Of the others there may be no frame.
    pub(crate) fn begin(&mut self, format: Option<Format>, interfaces: &[Interface]) -> Result<(), Failure> {
        let bytes_alone = matches!(format, Some(Format::Pcap | Format::PcapNanosecond));
        if std::mem::replace(&mut self.bytes_alone, bytes_alone) != bytes_alone {
            self.programs.clear();
        }
        interfaces.first().map_or(Ok(()), |first| self.learn(first.link_type()).map(drop))
    }

    /// Compiles for frames of this link type, if that was not done before; comes back with the place of the program.
    fn learn(&mut self, link_type: LinkType) -> Result<usize, Failure> {
        if let Some(known) = self.programs.iter().position(|(known, _)| *known == link_type) {
            return Ok(known);
        }
        if !self.is_empty() {
            self.programs.push((link_type, self.program(link_type)?));
        }
        Ok(self.programs.len().saturating_sub(1))
    }

    pub(crate) fn matches(&mut self, frame: Frame<'_>) -> Result<bool, Failure> {
        if self.is_empty() {
            return Ok(true);
        }
        let place = self.learn(frame.link_type())?;
        Ok(match self.programs.get(place) {
            Some((_, program)) => frame.try_matches(program)?,
            None => true,
        })
    }

    /// Prints the program for frames of this link type.
    pub(crate) fn dump(&self, link_type: LinkType, form: u8) -> Result<(), Failure> {
        dump(&self.program(link_type)?, form)
    }
}

/// Prints a program as tcpdump's `-d`, `-dd` and `-ddd` do.
pub(crate) fn dump(program: &Filter, form: u8) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match form {
        1 => writeln!(out, "{}", program.listing())?,
        2 => writeln!(out, "{}", program.c_array())?,
        _ => writeln!(out, "{}", program.decimal())?,
    }
    Ok(out.flush()?)
}
