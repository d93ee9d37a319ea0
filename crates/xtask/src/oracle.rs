//! `cargo xtask oracle FILE`: pycap's own dissection, one JSON line a packet.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;

use crate::Outcome;
use crate::dissection;

/// The arguments of `cargo xtask oracle`.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The savefile; `-` is standard input.
    file: PathBuf,
}

/// Writes a line for each packet, and a last line `{"file_error": ...}` where the file could not be read to its end; it
/// is an error only where the system could not read it.
pub(crate) fn run(args: &Args) -> Outcome {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    let end = dissection::of_file(&args.file, |record| {
        written = write_line(&mut out, &record);
        written.is_ok()
    });
    if let (Ok(()), Err(error)) = (&written, &end) {
        written = write_line(&mut out, &serde_json::json!({ "file_error": error.to_string() }));
    }
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            return Err(format!("cannot write the output: {error}").into());
        }
        _ => {}
    }
    match end {
        Err(error) if error.kind() == pycap_capture::ErrorKind::Io => Err(error.into()),
        _ => Ok(true),
    }
}

fn write_line(out: &mut impl Write, line: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, line)?;
    out.write_all(b"\n")
}
