//! Link types: what a file has of them, and where their headers end.

use std::fmt;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use pycap_capture::Frame;
use pycap_wire::LinkType;

use crate::escape::Escaped;

/// The link types of a file, and how many packets each has.
pub(crate) struct LinkTypes {
    path: Option<PathBuf>,
    seen: Vec<(LinkType, u64)>,
}

impl LinkTypes {
    pub(crate) fn new(path: Option<&Path>) -> Self {
        Self { path: path.map(Path::to_owned), seen: Vec::new() }
    }

    pub(crate) fn frame(&mut self, frame: Frame<'_>) {
        match self.seen.iter_mut().find(|(link_type, _)| *link_type == frame.link_type()) {
            Some((_, packets)) => *packets += 1,
            None => self.seen.push((frame.link_type(), 1)),
        }
    }

    pub(crate) fn end<W: Write>(&self, out: &mut W) -> io::Result<()> {
        match &self.path {
            Some(path) => writeln!(out, "Data link types in {}:", Escaped(path.display()))?,
            None => writeln!(out, "Data link types in standard input:")?,
        }
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
