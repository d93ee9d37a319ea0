//! One line a packet, and what flags add below it.

use std::io::{self, Write};

use pycap_capture::{Direction, Frame, Interface, LinkType, Reception};

use crate::args::Args;
use crate::dump::Dump;
use crate::escape::Escaped;
use crate::sequence::Connections;
use crate::time::Times;
use crate::verbose::Verbose;

/// Prints packets as tcpdump does.
pub(crate) struct Lines {
    number: bool,
    /// The name of the interface ahead of each packet: where there are several, and no header that says it.
    interface: bool,
    link: bool,
    quiet: bool,
    times: Times,
    /// Nothing where TCP numbers are shown as they are.
    connections: Option<Connections>,
    verbose: Option<Verbose>,
    dump: Option<Dump>,
}

impl Lines {
    pub(crate) fn new(args: &Args) -> Self {
        Self {
            number: args.number,
            interface: args.interface.len() > 1,
            link: args.link,
            quiet: args.quiet > 0,
            times: Times::new(args.time, args.nano()),
            connections: (!args.absolute_tcp_sequence_numbers && args.quiet == 0).then(Connections::default),
            verbose: (args.verbose > 0).then(|| Verbose::new(args.verbose > 1, !args.dont_verify_checksums)),
            dump: Dump::new(args),
        }
    }

    /// Whether packets have their numbers on their lines.
    pub(crate) fn is_numbered(&self) -> bool {
        self.number
    }

    /// Prints one packet, the capture's `number`th.
    pub(crate) fn frame<W: Write>(&mut self, out: &mut W, number: u64, frame: Frame<'_>) -> io::Result<()> {
        if self.number {
            write!(out, "{number:5}  ")?;
        }
        self.times.write(out, frame.timestamp())?;
        if self.interface {
            self.write_interface(out, frame)?;
        }
        let packet = frame.packet();
        let (seq, ack) = self.connections.as_mut().map_or((0, 0), |connections| connections.base(&packet));
        let summary = packet
            .summary()
            .with_original_len(frame.original_len() as usize)
            .with_interface(frame.interface_info().and_then(Interface::name))
            .with_link(self.link)
            .with_quiet(self.quiet)
            .with_tcp_base(seq, ack);
        writeln!(out, "{summary}")?;
        if let Some(verbose) = &mut self.verbose {
            verbose.frame(out, frame)?;
        }
        match self.dump {
            Some(dump) => dump.write(out, &packet, summary),
            None => Ok(()),
        }
    }
}

impl Lines {
    /// What a line of `any` begins with, tcpdump's sll2_print(): the interface, and which way or to whom it went.
    fn write_interface<W: Write>(&self, out: &mut W, frame: Frame<'_>) -> io::Result<()> {
        if frame.link_type() == LinkType::LINUX_SLL2 {
            return Ok(());
        }
        let name = frame.interface_info().and_then(Interface::name).unwrap_or("?");
        let way = match (frame.direction(), frame.reception()) {
            (Direction::Outbound, _) => "Out",
            (_, Reception::Broadcast) => "B",
            (_, Reception::Multicast) => "M",
            (_, Reception::Promiscuous) => "P",
            _ => "In",
        };
        write!(out, "{:<5} {way:<3} ", Escaped(name).to_string())
    }
}
