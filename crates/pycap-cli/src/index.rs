//! `pycap index`: an index beside a capture, so that parts of it can be read without the rest.

use std::io::{self, Write};
use std::path::PathBuf;

use pycap_capture::{ErrorKind, SavefileIndex};

use crate::error::Failure;
use crate::escape::Escaped;
use crate::tell;
use crate::time::Times;

/// Indexes a capture, so that a part of it can be read without reading the rest.
///
/// The index is saved beside the file, as FILE.pycap-index, and replaces one that is there. Where the file has only grown since, no more
/// than what is new is read. It has some hundred kilobytes at most, and holds no packets: it says where in the file which times and
/// numbers are. Programs that read a part of the file use it as long as the file is not changed.
///
/// A damaged capture is indexed up to the damage. A compressed one has to be decompressed first.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap index", disable_version_flag = true, max_term_width = 100)]
pub(crate) struct IndexArgs {
    /// The capture, pcap or pcapng
    #[arg(value_name = "FILE")]
    file: PathBuf,
}

/// Makes the index, and says what it has.
pub(crate) fn run(args: &IndexArgs) -> Result<(), Failure> {
    if args.file.as_os_str() == "-" {
        let message = "an index needs a file, standard input cannot be read twice: write it to a file first";
        return Err(Failure::Usage(message.to_owned()));
    }
    let index = SavefileIndex::of(&args.file).and_then(|index| index.save().map(|()| index));
    let index = index.map_err(|error| match error.kind() {
        // It ends in what to do; elsewhere there is a pipe behind that, which helps nothing here.
        ErrorKind::Compressed => Failure::Index(error.to_string()),
        _ => error.into(),
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", line(&index, &args.file)?)?;
    out.flush()?;
    if let Some(damage) = index.damage() {
        tell(format_args!("what is behind the damage is not indexed: {damage}"));
    }
    Ok(())
}

/// `trace.pcap.pycap-index: 53 packets from 2020-03-05 00:21:36.577198 to 2020-03-05 00:21:42.119274, 7254 bytes in 2 chunks`
fn line(index: &SavefileIndex, file: &PathBuf) -> io::Result<String> {
    let mut line = Vec::new();
    let s = |count: u64| if count == 1 { "" } else { "s" };
    let packets = index.packets();
    write!(line, "{}: {packets} packet{}", Escaped(SavefileIndex::path_beside(file).display()), s(packets))?;
    if let (Some(earliest), Some(latest)) = (index.earliest(), index.latest()) {
        let mut dates = Times::new(4, false);
        write!(line, " from ")?;
        dates.write(&mut line, Some(earliest))?;
        write!(line, "to ")?;
        dates.write(&mut line, Some(latest))?;
        line.pop();
    }
    if index.has_packets_without_time() {
        write!(line, ", some without a time")?;
    }
    let chunks = index.chunks() as u64;
    write!(line, ", {} bytes in {chunks} chunk{}", index.indexed_len(), s(chunks))?;
    Ok(String::from_utf8_lossy(&line).into_owned())
}
