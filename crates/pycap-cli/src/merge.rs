//! Several capture files made one: `pycap merge`, after Wireshark's mergecap.

use std::path::{Path, PathBuf};

use pycap_capture::{Format, Interface, Merge, Savefile, SavefileWriter, WriterBuilder};

use crate::error::Failure;
use crate::files::{create, is_called, is_nano, is_same_file, kind, pcap_of_several, refused, tell_losses};
use crate::link::Packets;
use crate::progress::Progress;
use crate::{tell, tell_failure};

/// Makes one capture file of several: their packets by time, with all that the files have.
#[derive(Debug, clap::Parser)]
#[command(name = "pycap merge", disable_version_flag = true)]
pub(crate) struct MergeArgs {
    /// The capture files; - is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    /// Write to OUT: pcap if it ends in .pcap, else pcapng; - is standard output
    #[arg(short, value_name = "OUT")]
    write: PathBuf,

    /// One file after the other instead of by time
    #[arg(short = 'a')]
    append: bool,

    /// At most BYTES of each packet
    #[arg(short = 's', long, value_name = "BYTES")]
    snapshot_length: Option<u32>,

    /// Write pcapng, whatever the name
    #[arg(long)]
    pcapng: bool,

    /// Leave out, and tell, what the format of the file has no place for, where it would be refused
    #[arg(long)]
    lossy: bool,
}

/// Merges the files that the command line names.
pub(crate) fn run(args: &MergeArgs) -> Result<(), Failure> {
    let stdin = Path::new("-");
    if args.files.iter().filter(|file| *file == stdin).count() > 1 {
        return Err(Failure::Usage("-: name it once: it is standard input, which can be read once".into()));
    }
    if let Some(input) = args.files.iter().find(|input| is_same_file(input, &args.write)) {
        let (out, input) = (args.write.display(), input.display());
        return Err(Failure::Usage(format!("-w {out}: that is {input}, which is read: name another file")));
    }
    // All of them, before anything is written.
    let mut merge = if args.files.iter().any(|file| file == stdin) {
        let open = |path: &PathBuf| if path == stdin { Savefile::stdin() } else { Savefile::open(path) };
        Merge::new(args.files.iter().map(open).collect::<Result<_, _>>()?)
    } else {
        Merge::open(&args.files)?
    };
    if args.append {
        merge = merge.appended();
    }
    let builder = settings(args, merge.interfaces())?;
    if args.is_pcapng() {
        merge = merge.with_comment(&made_of(&args.files));
    }
    let mut out = create(builder, &args.write)?;
    let merged = copy(&mut merge, &mut out, args.cut());
    let (format, losses, packets) = (out.format(), out.losses().clone(), Packets(out.frames_written()));
    let finished = out.finish();
    if finished.is_ok() {
        let name = if args.write == stdin { Path::new("standard output") } else { &args.write };
        let (files, s) = (args.files.len(), if args.files.len() == 1 { "" } else { "s" });
        let how = if args.append { "one after the other" } else { "by time" };
        tell(format_args!(
            "{}: {packets} of {files} file{s} written, {how}, as {}",
            name.display(),
            kind(format)
        ));
        tell_losses(&args.write, format, &losses);
    }
    for error in merge.other_errors() {
        tell_failure(&Failure::Refused(error.to_string()));
    }
    merged.and(finished.map(drop).map_err(Failure::from))
}

impl MergeArgs {
    fn is_pcapng(&self) -> bool {
        self.pcapng || !is_called(&self.write, "pcap")
    }

    fn cut(&self) -> Option<usize> {
        self.snapshot_length.filter(|&bytes| bytes > 0).and_then(|bytes| usize::try_from(bytes).ok())
    }
}

/// The settings of a file that is to hold packets of these interfaces.
fn settings(args: &MergeArgs, interfaces: &[Interface]) -> Result<WriterBuilder, Failure> {
    let builder = SavefileWriter::builder().lossy(args.lossy);
    if args.is_pcapng() {
        return Ok(builder.format(Format::Pcapng));
    }
    let nano = interfaces.iter().any(is_nano);
    let builder = builder.format(if nano { Format::PcapNanosecond } else { Format::Pcap });
    let cut = args.snapshot_length.filter(|&bytes| bytes > 0);
    pcap_of_several(builder, &args.write, interfaces, args.lossy, cut)
}

/// What the output says of where it is from.
fn made_of(files: &[PathBuf]) -> String {
    /// So that it fits a comment.
    const MOST: usize = 50_000;
    let mut text = "merged from".to_owned();
    for (number, file) in files.iter().enumerate() {
        let name = if file == Path::new("-") { "standard input".into() } else { file.to_string_lossy() };
        if text.len() + name.len() > MOST {
            text.push_str(&format!(" and {} more", files.len() - number));
            break;
        }
        text.push_str(if number == 0 { " " } else { ", " });
        text.push_str(&name);
    }
    text
}

/// Ends with the error of a torn file, after all that the others have.
fn copy(merge: &mut Merge, out: &mut SavefileWriter, cut: Option<usize>) -> Result<(), Failure> {
    let total = merge.files().map(Savefile::file_len).sum();
    let mut progress = Progress::new(total, true);
    let format = out.format();
    let merged = loop {
        match merge.next_record() {
            Ok(Some(record)) => {
                let record = match cut {
                    Some(len) => record.cut(len),
                    None => record,
                };
                if let Err(error) = out.write_record(record) {
                    break Err(refused(error, format));
                }
            }
            Ok(None) => break Ok(()),
            Err(error) => break Err(error.into()),
        }
        if merge.frames_read().is_multiple_of(Progress::STEP) {
            progress.at(merge.files().map(Savefile::position).sum());
        }
    };
    progress.finish();
    merged
}
