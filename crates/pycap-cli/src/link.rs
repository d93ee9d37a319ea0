//! Link types: what a file has of them, and where their headers end.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pycap_capture::Frame;
use pycap_wire::LinkType;

use crate::escape::Escaped;

/// The link types of a file, and how many packets each has.
pub(crate) struct LinkTypes {
    paths: Vec<PathBuf>,
    seen: Vec<(LinkType, u64)>,
}

impl LinkTypes {
    /// Of these files.
    pub(crate) fn new(paths: &[PathBuf]) -> Self {
        Self { paths: paths.to_vec(), seen: Vec::new() }
    }

    pub(crate) fn frame(&mut self, frame: Frame<'_>) {
        match self.seen.iter_mut().find(|(link_type, _)| *link_type == frame.link_type()) {
            Some((_, packets)) => *packets += 1,
            None => self.seen.push((frame.link_type(), 1)),
        }
    }

    pub(crate) fn end<W: Write>(&self, out: &mut W) -> io::Result<()> {
        write!(out, "Data link types in ")?;
        for (number, path) in self.paths.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            let name = if path == Path::new("-") { Path::new("standard input") } else { path };
            write!(out, "{separator}{}", Escaped(name.display()))?;
        }
        writeln!(out, ":")?;
        for (link_type, packets) in &self.seen {
            let name = link_type.name().unwrap_or("unnamed");
            writeln!(out, "  {name} ({}), {}", link_type.0, Packets(*packets))?;
        }
        Ok(())
    }
}

/// So many packets, in words.
pub(crate) struct Packets(pub(crate) u64);

impl fmt::Display for Packets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("1 packet"),
            count => write!(f, "{count} packets"),
        }
    }
}
