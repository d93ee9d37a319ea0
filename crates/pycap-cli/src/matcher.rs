//! The filter expression, compiled once for each link type that packets have.

use std::io::Write;

use pycap_capture::{CompileOptions, Filter, Format, Frame, Interface, LinkType, compile};

use crate::args::Args;
use crate::error::Failure;

/// A filter expression that is matched in this process.
pub(crate) struct Matcher {
    expression: String,
    snaplen: u32,
    optimize: bool,
    interface: Option<String>,
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

    /// For the packets of a file of this format, if it is known, with these interfaces in front of the first packet.
    pub(crate) fn of_file(
        args: &Args,
        format: Option<Format>,
        interfaces: &[Interface],
    ) -> Result<Self, Failure> {
        let bytes_alone = matches!(format, Some(Format::Pcap | Format::PcapNanosecond));
        let mut this = Self { bytes_alone, ..Self::new(args, None)? };
        // All packets are of one link type, so that what is wrong with the expression shows before there is one.
        if let (true, false, Some(interface)) = (bytes_alone, this.is_empty(), interfaces.first()) {
            let link_type = interface.link_type();
            this.programs.push((link_type, this.program(link_type)?));
        }
        Ok(this)
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
        Ok(compile(&self.expression, &options)?)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.expression.trim().is_empty()
    }

    pub(crate) fn matches(&mut self, frame: Frame<'_>) -> Result<bool, Failure> {
        if self.is_empty() {
            return Ok(true);
        }
        let link_type = frame.link_type();
        if let Some((_, program)) = self.programs.iter().find(|(known, _)| *known == link_type) {
            return Ok(frame.try_matches(program)?);
        }
        let program = self.program(link_type)?;
        let matches = frame.try_matches(&program)?;
        self.programs.push((link_type, program));
        Ok(matches)
    }

    /// Prints the program as tcpdump's `-d`, `-dd` and `-ddd` do.
    pub(crate) fn dump(&self, link_type: LinkType, form: u8) -> Result<(), Failure> {
        let program = self.program(link_type)?;
        let mut out = std::io::stdout().lock();
        match form {
            1 => writeln!(out, "{}", program.listing())?,
            2 => writeln!(out, "{}", program.c_array())?,
            _ => writeln!(out, "{}", program.decimal())?,
        }
        Ok(out.flush()?)
    }
}
