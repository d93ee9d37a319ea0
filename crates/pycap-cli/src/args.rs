//! The command line: tcpdump's flags, and our own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::builder::styling::{AnsiColor, Styles};
use clap::error::ContextKind;
use clap::{ArgAction, Parser, ValueEnum};

use crate::error::Failure;

impl Args {
    /// The arguments of this process. Where they are wrong, or ask for help, this prints and exits.
    pub(crate) fn from_command_line() -> Self {
        Self::try_parse().unwrap_or_else(|mut error| {
            // Filter expressions are not there yet, so to pass a flag as part of one is no help.
            error.remove(ContextKind::Suggested);
            error.exit()
        })
    }
}

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  pycap -r trace.pcap                one line a packet, as tcpdump prints it
  pycap -r trace.pcapng -ttttnnvc 5  the first 5, with dates and every field
  pycap -r trace.pcap -X             with the bytes, as hex and text
  pycap -r trace.pcap --json         one JSON object a packet
  tcpdump -U -w - | pycap -r -       from a pipe";

/// Reads packet captures (pcap, pcapng) and prints what is in them.
#[derive(Debug, Parser)]
#[command(
    name = "pycap",
    version,
    styles = STYLES,
    after_help = EXAMPLES,
    max_term_width = 100,
    override_usage = "pycap -r FILE [OPTIONS]"
)]
pub(crate) struct Args {
    /// Read the capture FILE; - is standard input
    #[arg(short, value_name = "FILE", help_heading = "Input")]
    pub(crate) read: Option<PathBuf>,

    /// Stop after COUNT packets
    #[arg(short, value_name = "COUNT", value_parser = clap::value_parser!(u64).range(1..), help_heading = "Input")]
    pub(crate) count: Option<u64>,

    /// Print one JSON object a packet, with all fields
    #[arg(long, help_heading = "Output", group = "form")]
    pub(crate) json: bool,

    /// Print each packet as the tuple of layers that pycap for Python gives
    #[arg(long, help_heading = "Output", group = "form")]
    pub(crate) layers: bool,

    /// Print only how many packets there are
    #[arg(long = "count", help_heading = "Output", group = "form")]
    pub(crate) total: bool,

    /// Print only the link types of the file, with their packets
    #[arg(short = 'L', long, help_heading = "Output", group = "form")]
    pub(crate) list_data_link_types: bool,

    /// Print each layer's fields below the line; -vv: with offsets, checksums, where it stopped
    #[arg(short, action = ArgAction::Count, help_heading = "Lines")]
    pub(crate) verbose: u8,

    /// Print less of each packet
    #[arg(short, action = ArgAction::Count, help_heading = "Lines")]
    pub(crate) quiet: u8,

    /// Print the link header
    #[arg(short = 'e', help_heading = "Lines")]
    pub(crate) link: bool,

    /// Print packet numbers
    #[arg(short = '#', long, help_heading = "Lines")]
    pub(crate) number: bool,

    /// Print TCP numbers as they are, not relative to the connection's first
    #[arg(short = 'S', long, help_heading = "Lines")]
    pub(crate) absolute_tcp_sequence_numbers: bool,

    /// Look no names up; that is always so: addresses and ports are numbers
    #[arg(short = 'n', action = ArgAction::Count, help_heading = "Lines")]
    pub(crate) numeric: u8,

    /// -t no time, -tt seconds since 1970, -ttt since the packet before, -tttt date and time,
    /// -ttttt since the first packet
    #[arg(short = 't', action = ArgAction::Count, help_heading = "Time")]
    pub(crate) time: u8,

    /// Print times to the nanosecond
    #[arg(long, help_heading = "Time", overrides_with = "micro")]
    pub(crate) nano: bool,

    /// Print times to the microsecond, as without it
    #[arg(long, help_heading = "Time")]
    pub(crate) micro: bool,

    /// Print the bytes in hex, from behind the link header; -xx: all
    #[arg(short = 'x', action = ArgAction::Count, help_heading = "Bytes")]
    pub(crate) hex: u8,

    /// Print the bytes in hex and as text; -XX: all
    #[arg(short = 'X', action = ArgAction::Count, help_heading = "Bytes")]
    pub(crate) hex_and_text: u8,

    /// Print the bytes as text; -AA: all
    #[arg(short = 'A', action = ArgAction::Count, help_heading = "Bytes")]
    pub(crate) text: u8,

    /// Write each packet out at once, for a program that reads along
    #[arg(short = 'l', help_heading = "Terminal")]
    pub(crate) line_buffered: bool,

    /// Use colours: auto (on a terminal, unless NO_COLOR is set), always, never
    #[arg(
        long,
        value_name = "WHEN",
        default_value = "auto",
        hide_default_value = true,
        hide_possible_values = true,
        help_heading = "Terminal"
    )]
    pub(crate) color: Color,

    #[arg(short, value_name = "INTERFACE", num_args = 0..=1, hide = true)]
    interface: Option<Option<OsString>>,

    #[arg(short, value_name = "FILE", hide = true)]
    write: Option<PathBuf>,

    #[arg(value_name = "EXPRESSION", hide = true)]
    expression: Vec<OsString>,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    Auto,
    Always,
    Never,
}

impl Color {
    /// Makes this the choice for everything that is printed.
    pub(crate) fn choose(self) {
        match self {
            Self::Auto => anstream::ColorChoice::Auto,
            Self::Always => anstream::ColorChoice::AlwaysAnsi,
            Self::Never => anstream::ColorChoice::Never,
        }
        .write_global();
    }
}

/// What is to be read.
#[derive(Debug)]
pub(crate) enum Task<'a> {
    File(&'a Path),
    Stdin,
}

const NOTHING_TO_READ: &str = "nothing to read: name a capture file

  pycap -r trace.pcap        print a capture file, one line a packet
  pycap -r trace.pcap -v     the same, with every field
  pycap --help               all that pycap can do";

impl Args {
    /// What to read, or why this command line makes no sense.
    pub(crate) fn check(&self) -> Result<Task<'_>, Failure> {
        let file = self.read.as_deref();
        if let Some(interface) = &self.interface {
            let name = interface.as_deref().map_or("any".into(), |name| name.to_string_lossy());
            return usage(format!(
                "live capture (-i) is not there yet; until then: tcpdump -i {name} -U -w - | pycap -r -"
            ));
        }
        if let Some(output) = &self.write {
            let input = file.unwrap_or(Path::new("FILE"));
            return usage(format!(
                "writing captures (-w) is not there yet; until then: tcpdump -r {} -w {}",
                input.display(),
                output.display()
            ));
        }
        if !self.expression.is_empty() {
            return usage(self.refused_expression());
        }
        if self.time > 5 {
            return usage("-t can be given up to five times: -t, -tt, -ttt, -tttt, -ttttt".into());
        }
        match file {
            None => usage(NOTHING_TO_READ.into()),
            Some(file) if file == Path::new("-") => Ok(Task::Stdin),
            Some(file) => Ok(Task::File(file)),
        }
    }

    fn refused_expression(&self) -> String {
        let words: Vec<_> = self.expression.iter().map(|word| word.to_string_lossy()).collect();
        let expression = words.join(" ");
        match (&self.read, &*self.expression) {
            (None, [file]) if Path::new(file).is_file() => {
                format!("{expression} is a file: read it with pycap -r {expression}")
            }
            (file, _) => format!(
                "filter expressions are not there yet; until then: tcpdump -r {} -w - '{expression}' | pycap -r -",
                file.as_deref().unwrap_or(Path::new("FILE")).display()
            ),
        }
    }
}

fn usage<T>(message: String) -> Result<T, Failure> {
    Err(Failure::Usage(message))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn flags_are_well_formed() {
        Args::command().debug_assert();
    }

    #[test]
    fn flags_combine_as_in_tcpdump() {
        let args = Args::parse_from(["pycap", "-nnvvXSc", "5", "-tttt#e", "-rfile"]);
        assert_eq!((args.numeric, args.verbose, args.hex_and_text, args.time), (2, 2, 1, 4));
        assert!(args.absolute_tcp_sequence_numbers && args.number && args.link);
        assert_eq!((args.count, args.read.as_deref()), (Some(5), Some(Path::new("file"))));
    }
}
