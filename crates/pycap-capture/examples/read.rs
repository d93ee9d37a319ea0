//! Prints one line for each frame of a capture file: `cargo run --example read -- trace.pcap`, `-` for the
//! standard input.

use std::io::{BufWriter, Write, stdout};
use std::process::ExitCode;

use pycap_capture::{Interface, Savefile};

fn main() -> ExitCode {
    let Some(path) = std::env::args().nth(1) else {
        eprintln!("usage: read FILE");
        return ExitCode::FAILURE;
    };
    match print(&path) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("read: {error}");
            ExitCode::FAILURE
        }
    }
}

fn print(path: &str) -> Result<(), Box<dyn std::error::Error>> {
    let mut file = if path == "-" { Savefile::stdin()? } else { Savefile::open(path)? };
    let mut out = BufWriter::new(stdout().lock());
    let result = loop {
        let frame = match file.next_frame() {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(()),
            Err(error) => break Err(error),
        };
        match frame.timestamp() {
            Some(time) => write!(out, "{time}")?,
            None => write!(out, "-")?,
        }
        let name = frame.interface_info().and_then(Interface::name);
        let (captured, original) = (frame.data().len(), frame.original_len());
        writeln!(out, " {} {} {captured}/{original} bytes", name.unwrap_or("-"), frame.link_type())?;
    };
    out.flush()?;
    Ok(result?)
}
