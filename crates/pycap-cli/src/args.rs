//! The command line: tcpdump's flags, and our own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, ArgGroup, Parser, ValueEnum};

use pycap_capture::{Compression, MAX_SNAPLEN, TimestampSource};

use crate::command_line::parse;
use crate::error::Failure;
use crate::files::is_called;
use crate::left_out;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Yellow.on_default().bold())
    .usage(AnsiColor::Yellow.on_default().bold())
    .literal(AnsiColor::Green.on_default())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  pycap -i eth0 'tcp port 443'       capture, one line a packet, as tcpdump prints it
  pycap -i any -c 5                  the first 5 on any interface
  pycap -i eth0 -w trace.pcapng      capture to a file; Ctrl-C ends it
  pycap -i eth0 -C 100 -W 10 -w ring.pcap
                                     the last 1,000 million bytes, in ten files
  pycap -r trace.pcap -X udp         packets of a file that match, with the bytes
  pycap -r a.pcapng --from 10:00 --to 10:05 -w part.pcapng
                                     what it has of five minutes, with all comments and names
  pycap -r trace.pcap --json         one JSON object a packet
  pycap --follow -r trace.pcap       what is in it, and what is written to it from now on
  pycap info trace.pcap              what is in a file: packets, times, rates, interfaces
  pycap merge -w all.pcapng a.pcap b.pcapng
                                     one file of several, by time; pycap merge --help
  pycap -D                           the interfaces that there are
  pycap devices                      the same with their addresses; --json
  pycap send -i eth0 'ip(dst=192.0.2.1)/icmp_echo_request'
                                     build a packet and send it; pycap send --help
  pycap ask -i eth0 'ip(dst=192.0.2.1)/icmp_echo_request'
                                     the same, and print what answers
  pycap replay trace.pcap -i eth0    send the packets of a capture; pycap replay --help
  pycap index trace.pcap             so that parts of it can be read without the rest
  pycap doctor                       what this machine allows, and proof that capturing works";

/// Captures packets, reads captures (pcap, pcapng), and prints or writes what is in them.
#[derive(Debug, Parser)]
#[command(
    name = "pycap",
    version,
    disable_version_flag = true,
    styles = STYLES,
    after_help = EXAMPLES,
    max_term_width = 100,
    override_usage = "pycap [-i INTERFACE | -r FILE] [OPTIONS] [EXPRESSION]",
    group = ArgGroup::new("rotation").multiple(true)
)]
pub(crate) struct Args {
    /// Capture on INTERFACE; `any` is all of them, and several -i capture on each. Without -i and -r: on the first that is up
    #[arg(short, long, value_name = "INTERFACE", help_heading = "Input", conflicts_with = "read")]
    pub(crate) interface: Vec<String>,

    /// Read the capture FILE; - is standard input. Several -r are read one after the other
    #[arg(short, value_name = "FILE", help_heading = "Input")]
    pub(crate) read: Vec<PathBuf>,

    /// Go on when FILE grows, and when another one takes its name; Ctrl-C ends it
    #[arg(long, help_heading = "Input")]
    follow: bool,

    /// Stop after COUNT packets
    #[arg(short, value_name = "COUNT", value_parser = from_one::<u64>, allow_negative_numbers = true, help_heading = "Input")]
    pub(crate) count: Option<u64>,

    /// Leave out the first COUNT packets that match
    #[arg(long, value_name = "COUNT", allow_negative_numbers = true, help_heading = "Input")]
    pub(crate) skip: Option<u64>,

    /// Only packets from TIME on: '2024-05-01 10:02:03', with a zone or local; 10:02:03; or seconds since 1970
    #[arg(
        long,
        value_name = "TIME",
        allow_negative_numbers = true,
        help_heading = "Input",
        requires = "read"
    )]
    pub(crate) from: Option<String>,

    /// Only packets before TIME, in the same forms
    #[arg(
        long,
        value_name = "TIME",
        allow_negative_numbers = true,
        help_heading = "Input",
        requires = "read"
    )]
    pub(crate) to: Option<String>,

    /// List the interfaces that there are
    #[arg(short = 'D', long, help_heading = "Input")]
    pub(crate) list_interfaces: bool,

    /// Only packets that match, in the language of pcap-filter(7), as in tcpdump
    #[arg(value_name = "EXPRESSION", help_heading = "Filter")]
    expression: Vec<String>,

    /// Read the expression from FILE
    #[arg(short = 'F', value_name = "FILE", help_heading = "Filter", conflicts_with = "expression")]
    expression_file: Option<PathBuf>,

    /// Print the compiled program and stop; -dd: as C, -ddd: as numbers
    #[arg(short = 'd', action = ArgAction::Count, help_heading = "Filter")]
    pub(crate) dump_program: u8,

    /// Do not optimize the compiled program
    #[arg(short = 'O', long, help_heading = "Filter")]
    pub(crate) no_optimize: bool,

    /// At most BYTES of each packet, with -r too; 0 is the default: 262144, and with -r all
    #[arg(short = 's', long, value_name = "BYTES", allow_negative_numbers = true, help_heading = "Capture")]
    snapshot_length: Option<u32>,

    /// Only packets that are addressed to this machine
    #[arg(short = 'p', long, help_heading = "Capture")]
    pub(crate) no_promiscuous_mode: bool,

    /// The kernel keeps up to so many KiB until they are read
    #[arg(short = 'B', long, value_name = "KIB", value_parser = from_one::<u32>, allow_negative_numbers = true, help_heading = "Capture")]
    pub(crate) buffer_size: Option<u32>,

    /// Only packets of this direction
    #[arg(
        short = 'Q',
        long,
        value_name = "in|out|inout",
        hide_possible_values = true,
        help_heading = "Capture"
    )]
    pub(crate) direction: Option<Way>,

    /// What packets start with, where there is a choice: -L lists it
    #[arg(short = 'y', long, value_name = "TYPE", help_heading = "Capture", conflicts_with = "read")]
    pub(crate) linktype: Option<String>,

    /// Which clock times are from, where there is a choice: -J lists it
    #[arg(short = 'j', long, value_name = "TYPE", help_heading = "Capture", conflicts_with = "read")]
    pub(crate) time_stamp_type: Option<TimestampSource>,

    /// List the clocks that times can be from
    #[arg(short = 'J', long, help_heading = "Capture", conflicts_with = "read")]
    pub(crate) list_time_stamp_types: bool,

    /// Hand each packet on as soon as it comes
    #[arg(long, help_heading = "Capture")]
    pub(crate) immediate_mode: bool,

    /// Write the packets to FILE; - is standard output. A name that ends in .pcapng makes it pcapng, and one that ends in .gz or .zst has it compressed
    #[arg(short, value_name = "FILE", help_heading = "Output")]
    pub(crate) write: Option<PathBuf>,

    /// Write pcapng, whatever the name
    #[arg(long, help_heading = "Output", requires = "write")]
    pub(crate) pcapng: bool,

    /// Compress what is written, or do not, whatever the name
    #[arg(long, value_name = "HOW", value_enum, help_heading = "Output", requires = "write")]
    pub(crate) compress: Option<Compress>,

    /// Leave out, and tell, what the format of the file has no place for, where it would be refused
    #[arg(long, help_heading = "Output", requires = "write")]
    pub(crate) lossy: bool,

    /// Begin the next file when one has more than SIZE million bytes; with k, m or g behind it: KiB, MiB, GiB
    #[arg(short = 'C', value_name = "SIZE", value_parser = file_size, allow_negative_numbers = true, help_heading = "Output", group = "rotation", requires = "write")]
    pub(crate) file_size: Option<u64>,

    /// Begin the next file every so many SECONDS; FILE has the time in it, as in trace-%H%M%S.pcap
    #[arg(short = 'G', value_name = "SECONDS", value_parser = from_one::<u32>, allow_negative_numbers = true, help_heading = "Output", group = "rotation", requires = "write")]
    pub(crate) rotate_seconds: Option<u32>,

    /// With -C: only COUNT files, one after the other over and over; with -G: stop after COUNT files
    #[arg(short = 'W', value_name = "COUNT", value_parser = from_one::<u32>, allow_negative_numbers = true, help_heading = "Output", requires = "rotation")]
    pub(crate) file_count: Option<u32>,

    /// With -C or -G: run COMMAND with each file that is followed by another
    #[arg(short = 'z', value_name = "COMMAND", help_heading = "Output")]
    pub(crate) postrotate_command: Option<OsString>,

    /// Run as USER, without privileges, once the capture and its file are open
    #[arg(short = 'Z', long, value_name = "USER", help_heading = "Output")]
    pub(crate) relinquish_privileges: Option<String>,

    /// Write each packet to the file as soon as no other waits
    #[arg(short = 'U', long, help_heading = "Output")]
    pub(crate) packet_buffered: bool,

    /// Print packets also where they are written to a file
    #[arg(long, help_heading = "Output")]
    pub(crate) print: bool,

    /// Print one JSON object a packet, with all fields
    #[arg(long, help_heading = "Output", group = "form")]
    pub(crate) json: bool,

    /// Print each packet as the tuple of layers that pycap for Python gives
    #[arg(long, help_heading = "Output", group = "form")]
    pub(crate) layers: bool,

    /// Print only how many packets there are
    #[arg(long = "count", help_heading = "Output", group = "form")]
    pub(crate) total: bool,

    /// Print only the link types: of a file with their packets, of an interface those to choose from
    #[arg(short = 'L', long, help_heading = "Output", group = "form")]
    pub(crate) list_data_link_types: bool,

    /// Print each layer's fields below the line; -vv: with offsets, checksums, where it stopped
    #[arg(short, action = ArgAction::Count, help_heading = "Lines")]
    pub(crate) verbose: u8,

    /// Do not verify checksums
    #[arg(short = 'K', long, help_heading = "Lines")]
    pub(crate) dont_verify_checksums: bool,

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

    /// Print times to the nanosecond, and write a pcap file with them
    #[arg(long, help_heading = "Time", overrides_with = "micro")]
    nano: bool,

    /// Print times to the microsecond, as without it, and write a pcap file with them
    #[arg(long, help_heading = "Time")]
    micro: bool,

    /// Print times to the `micro` or `nano` second: the same as --micro and --nano
    #[arg(long, value_name = "micro|nano", help_heading = "Time", hide_possible_values = true)]
    time_stamp_precision: Option<Precision>,

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

    /// Print the version
    #[arg(long, action = ArgAction::Version, help_heading = "Terminal")]
    version: Option<bool>,
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

/// How finely times are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Precision {
    Micro,
    Nano,
}

/// Which way packets go.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Way {
    In,
    Out,
    Inout,
}

/// `--compress`
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Compress {
    Gzip,
    Zstd,
    None,
}

impl From<Compress> for Option<Compression> {
    fn from(compress: Compress) -> Self {
        match compress {
            Compress::Gzip => Some(Compression::Gzip),
            Compress::Zstd => Some(Compression::Zstd),
            Compress::None => None,
        }
    }
}

/// What is to be done.
#[derive(Debug)]
pub(crate) enum Task<'a> {
    Files,
    Follow(&'a Path),
    Capture(&'a [String]),
    ListInterfaces,
}

const NOTHING_TO_DO: &str = "nothing to do: name an interface or a capture file

  sudo pycap -i eth0         capture, one line a packet
  pycap -r trace.pcap        print a capture file
  pycap -D                   list the interfaces
  pycap --help               all that pycap can do";

impl Args {
    /// The arguments of this process. Where they are wrong, or ask for help, this prints and exits.
    pub(crate) fn from_command_line() -> Self {
        parse(std::env::args_os().collect(), None)
    }

    /// What to do, or why this command line makes no sense.
    pub(crate) fn check(&self) -> Result<Task<'_>, Failure> {
        if self.time > 5 {
            return usage("-t can be given up to five times: -t, -tt, -ttt, -tttt, -ttttt".into());
        }
        if self.rotates() && self.write.as_deref() == Some(Path::new("-")) {
            return usage(
                "-w -: name a file, as -C and -G begin one after the other: -w - is one stream".into(),
            );
        }
        if self.list_interfaces {
            return Ok(Task::ListInterfaces);
        }
        self.check_postrotate()?;
        let stdin = Path::new("-");
        match &*self.read {
            [] => {}
            [file] if self.follow && file == stdin => {
                return usage(
                    "-r -: leave --follow out, or name a file: standard input is read as it comes anyway"
                        .into(),
                );
            }
            [file] if self.follow => return Ok(Task::Follow(file)),
            [..] if self.follow => {
                return usage("--follow takes one file: give one -r, or leave --follow out".into());
            }
            files if files.iter().filter(|file| *file == stdin).count() > 1 => {
                return usage("-r - is standard input, which can be read once: give it once".into());
            }
            _ => return Ok(Task::Files),
        }
        // Not by clap: what is required and what conflicts cancel each other out there, as in -i lo --follow.
        if self.follow {
            return usage("--follow takes the file to follow: -r FILE --follow".into());
        }
        if self.skip.is_some() || self.from.is_some() || self.to.is_some() {
            return usage("--skip, --from and --to choose among the packets of a file: -r FILE".into());
        }
        if let ([], [file]) = (&*self.interface, &*self.expression)
            && Path::new(file).is_file()
        {
            return usage(format!("{file} is a file: read it with pycap -r {file}"));
        }
        if std::env::args_os().len() < 2 {
            return usage(NOTHING_TO_DO.into());
        }
        if self.snapshot_length.is_some_and(|bytes| bytes > MAX_SNAPLEN) {
            return usage(format!("-s takes at most {MAX_SNAPLEN} bytes"));
        }
        for (number, name) in self.interface.iter().enumerate() {
            if self.interface[..number].contains(name) {
                return usage(format!("-i {name} was given twice: give it once, its packets come once"));
            }
        }
        Ok(Task::Capture(&self.interface))
    }

    /// Not by clap, for which tshark's statistics would be a command.
    fn check_postrotate(&self) -> Result<(), Failure> {
        match &self.postrotate_command {
            Some(command) if !self.rotates() => {
                let command = command.to_string_lossy();
                if left_out::is_statistics(&command) {
                    return usage(format!("-z {command}: {}", left_out::STATISTICS));
                }
                usage(format!(
                    "-z {command} takes -C or -G, too: it runs COMMAND with each file that is followed by another"
                ))
            }
            _ => Ok(()),
        }
    }

    /// Whether there are several files to write, one after the other.
    pub(crate) fn rotates(&self) -> bool {
        self.file_size.is_some() || self.rotate_seconds.is_some()
    }

    /// Whether what is written to a file of this name is pcapng.
    pub(crate) fn writes_pcapng(&self, name: &Path) -> bool {
        self.pcapng || is_called(name, "pcapng")
    }

    /// Whether times are told to the nanosecond.
    pub(crate) fn nano(&self) -> bool {
        self.precision() == Some(true)
    }

    /// Whether times are to be to the nanosecond, if it was said.
    pub(crate) fn precision(&self) -> Option<bool> {
        let said = self.time_stamp_precision.map(|precision| precision == Precision::Nano);
        if self.nano || self.micro { Some(self.nano) } else { said }
    }

    /// Whether packets are printed where they are written to a file.
    pub(crate) fn prints(&self) -> bool {
        self.print
    }

    /// The filter expression; empty if there is none.
    pub(crate) fn expression(&self) -> Result<String, Failure> {
        match &self.expression_file {
            None => Ok(self.expression.join(" ")),
            Some(file) => match std::fs::read_to_string(file) {
                Ok(text) => Ok(without_comments(&text)),
                Err(error) => {
                    Err(Failure::Usage(format!("{}: cannot read the expression: {error}", file.display())))
                }
            },
        }
    }

    /// At most so many bytes of each packet of a file are taken.
    pub(crate) fn cut(&self) -> Option<usize> {
        self.snapshot_length.filter(|&bytes| bytes > 0).and_then(|bytes| usize::try_from(bytes).ok())
    }

    /// At most so many bytes of each packet are captured.
    pub(crate) fn snaplen(&self) -> u32 {
        match self.snapshot_length {
            None | Some(0) => MAX_SNAPLEN,
            Some(bytes) => bytes,
        }
    }
}

/// The expression in the text of a file: from `#` to the end of a line is comment, as in tcpdump.
fn without_comments(text: &str) -> String {
    let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" ")
}

/// A number that is not 0.
pub(crate) fn from_one<N: FromStr + Default + PartialOrd>(text: &str) -> Result<N, String> {
    match text.parse() {
        Ok(number) if number > N::default() => Ok(number),
        _ => Err("it takes a number from 1 on".to_owned()),
    }
}

/// `-C`: millions of bytes, or with a suffix KiB, MiB, GiB.
fn file_size(text: &str) -> Result<u64, String> {
    let (digits, unit) = match text.char_indices().next_back() {
        Some((at, 'k' | 'K')) => (&text[..at], 1 << 10),
        Some((at, 'm' | 'M')) => (&text[..at], 1 << 20),
        Some((at, 'g' | 'G')) => (&text[..at], 1 << 30),
        _ => (text, 1_000_000),
    };
    let size = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(unit));
    match size {
        Some(size) if size > 0 => Ok(size),
        _ => Err("it takes a number from 1 on, of millions of bytes, or with k, m or g behind it".to_owned()),
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

    fn parsed(words: &[&str]) -> Args {
        parse(words.iter().map(OsString::from).collect(), None)
    }

    #[test]
    fn the_last_one_counts() {
        let words = ["pycap", "-e", "-e", "-vv", "-v", "-i", "a", "-i", "b", "-nn", "-c", "1", "-c", "2"];
        let args = parsed(&words);
        assert_eq!((args.count, args.verbose, args.numeric), (Some(2), 3, 2));
        assert_eq!(args.interface, ["a", "b"]);
        for (flags, nano) in [
            (&["--nano"][..], true),
            (&["--nano", "--micro"], false),
            (&["--micro", "--nano"], true),
            (&["--time-stamp-precision", "nano"], true),
            (&["--time-stamp-precision=micro"], false),
        ] {
            assert_eq!(parsed(&[&["pycap"], flags].concat()).nano(), nano, "{flags:?}");
        }
    }

    #[test]
    fn a_file_of_an_expression_may_have_comments() {
        assert_eq!(without_comments("tcp # all of it\n# more\n  port 80\n"), "tcp port 80");
        assert_eq!(without_comments("# nothing"), "");
    }

    #[test]
    fn sizes_are_millions_or_powers_of_1024() {
        for (text, size) in [("1", 1_000_000), ("20k", 20_480), ("3M", 3 << 20), ("2g", 2 << 30)] {
            assert_eq!(file_size(text), Ok(size), "{text}");
        }
        for text in ["0", "0k", "k", "", "-1", "1q", "1.5", "99999999999999999g", "1µ"] {
            assert!(file_size(text).is_err(), "{text}");
        }
    }

    #[test]
    fn flags_combine_as_in_tcpdump() {
        let args = parsed(&["pycap", "-nnvvXSc", "5", "-tttt#e", "-rfile"]);
        assert_eq!((args.numeric, args.verbose, args.hex_and_text, args.time), (2, 2, 1, 4));
        assert!(args.absolute_tcp_sequence_numbers && args.number && args.link);
        assert_eq!((args.count, &*args.read), (Some(5), &[PathBuf::from("file")][..]));
    }
}
