//! From capture files to the output.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use pycap_capture::{
    ErrorKind, Format, Frame, Interface, LinkType, Merge, Record, Savefile, SavefileIndex, SavefileRange,
    Selection as Range,
};

use crate::args::{Args, Way};
use crate::error::Failure;
use crate::matcher::Matcher;
use crate::output::{Output, Place};
use crate::progress::Progress;
use crate::select::Selection;
use crate::{tell, tell_failure, user};

/// Reads the files that the command line names, one after the other.
pub(crate) fn run(args: &Args) -> Result<(), Failure> {
    if matches!(args.direction, Some(Way::In | Way::Out)) {
        tell(format_args!(
            "-Q chooses for live captures, and changes nothing here: with -r, the filters inbound and outbound choose"
        ));
    }
    let several = args.read.len() > 1;
    let mut wanted = Wanted { selection: Selection::new(args)?, matcher: Matcher::new(args, None)? };
    let mut progress = Progress::new(None, false);
    let mut out = None;
    // Those of several that could not be read, or not to their end, which was told.
    let mut damaged = false;
    let mut read = Ok(ControlFlow::Continue(()));
    let mut tasks = Tasks::new(args);
    while let Some(task) = tasks.next() {
        let name = task.first().filter(|_| several && task.len() == 1).map(PathBuf::as_path);
        read = match Opened::open(task, &mut wanted.selection) {
            Ok(file) => {
                let mut begun = wanted.matcher.begin(file.format(), file.interfaces());
                let out = match &mut out {
                    Some(out) => out,
                    None => {
                        if args.dump_program > 0 {
                            let first = file.interfaces().first();
                            let link_type = first.map_or(LinkType::ETHERNET, Interface::link_type);
                            return wanted.matcher.dump(link_type, args.dump_program);
                        }
                        std::mem::replace(&mut begun, Ok(()))?;
                        let opened = user::relinquish_beside(args, |user| {
                            Output::of_file(args, file.interfaces(), user)
                        })?;
                        progress = Progress::new(tasks.total(&file), opened.prints_at_the_end());
                        out.insert(opened)
                    }
                };
                let mut names = Names { files: task, one: name, origins: Vec::new() };
                begun.and_then(|()| file.copy(&mut wanted, out, &mut progress, &mut names))
            }
            Err(failure) => Err(failure),
        };
        match read {
            Err(ref failure) if name.is_some() && failure.is_of_a_file() => {
                if let Some(out) = &mut out {
                    out.pause()?;
                }
                tell_failure(failure);
                damaged = true;
                read = Ok(ControlFlow::Continue(()));
            }
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) | Err(_) => break,
        }
    }
    progress.finish();
    let read = match read {
        Ok(_) if damaged => Err(Failure::Unwell),
        read => read.map(drop),
    };
    // What was read before the damage is kept.
    match out {
        Some(out) => out.end(read, &[]),
        None => read,
    }
}

/// What is opened at a time: where packets are written, all files together, so that interfaces have numbers of their own; else each.
struct Tasks<'a> {
    files: &'a [PathBuf],
    left: &'a [PathBuf],
    at_a_time: usize,
}

impl<'a> Tasks<'a> {
    fn new(args: &'a Args) -> Self {
        let files = &*args.read;
        Self { files, left: files, at_a_time: if args.write.is_some() { files.len() } else { 1 } }
    }

    fn next(&mut self) -> Option<&'a [PathBuf]> {
        let (task, left) = self.left.split_at_checked(self.at_a_time).filter(|(task, _)| !task.is_empty())?;
        self.left = left;
        Some(task)
    }

    /// How many bytes there are to read, if that is known.
    fn total(&self, first: &Opened) -> Option<u64> {
        match self.files.len() {
            1 => first.total(),
            _ if self.at_a_time > 1 => first.total(),
            // How much an index spares of those that follow is not known.
            _ => self.files.iter().map(|file| Some(std::fs::metadata(file).ok()?.len())).sum(),
        }
    }
}

/// What is read.
enum Opened {
    Whole(Savefile),
    Range(SavefileRange),
    All(Merge),
}

impl Opened {
    fn open(files: &[PathBuf], selection: &mut Selection) -> Result<Self, Failure> {
        match files {
            [path] if path == Path::new("-") => Ok(Self::Whole(Savefile::stdin()?)),
            [path] => {
                let file = Savefile::open(path)?;
                Ok(indexed(path, selection)?.map_or(Self::Whole(file), Self::Range))
            }
            files if files.iter().any(|file| file == Path::new("-")) => {
                let open = |path: &PathBuf| match path == Path::new("-") {
                    true => Savefile::stdin(),
                    false => Savefile::open(path),
                };
                Ok(Self::All(Merge::new(files.iter().map(open).collect::<Result<_, _>>()?).appended()))
            }
            files => Ok(Self::All(Merge::open(files)?.appended())),
        }
    }

    fn interfaces(&self) -> &[Interface] {
        match self {
            Self::Whole(file) => file.interfaces(),
            Self::Range(file) => file.interfaces(),
            Self::All(files) => files.interfaces(),
        }
    }

    /// The format, if all of it has the same.
    fn format(&self) -> Option<Format> {
        match self {
            Self::Whole(file) => Some(file.format()),
            Self::Range(file) => Some(file.format()),
            Self::All(files) => {
                let mut formats = files.files().map(Savefile::format);
                let first = formats.next()?;
                formats.all(|other| other == first).then_some(first)
            }
        }
    }

    /// How many bytes there are to read, if that is known.
    fn total(&self) -> Option<u64> {
        match self {
            Self::Whole(file) => file.file_len(),
            Self::Range(file) => Some(file.bytes_to_read()),
            Self::All(files) => files.files().map(Savefile::file_len).sum(),
        }
    }

    fn copy(
        self,
        wanted: &mut Wanted,
        out: &mut Output,
        progress: &mut Progress,
        names: &mut Names<'_>,
    ) -> Result<ControlFlow<()>, Failure> {
        match self {
            Self::Whole(mut file) => copy(&mut file, wanted, out, progress, names),
            Self::Range(mut file) => copy(&mut file, wanted, out, progress, names),
            Self::All(mut files) => {
                let read = copy(&mut files, wanted, out, progress, names);
                for error in files.other_errors() {
                    tell_failure(&Failure::Refused(error.to_string()));
                }
                read
            }
        }
    }
}

/// The part of the file that has the times that are asked for, if there is an index beside it that says where that is.
fn indexed(path: &Path, selection: &mut Selection) -> Result<Option<SavefileRange>, Failure> {
    if !selection.has_times() {
        return Ok(None);
    }
    let index = match SavefileIndex::load(path) {
        Ok(index) => index,
        Err(error) => {
            if error.kind() == ErrorKind::IndexStale {
                tell(format_args!("{error}; until then all of the file is read"));
            }
            // What else is wrong shows when the file is read.
            return Ok(None);
        }
    };
    // Times of day are of the day of the first packet that has a time.
    let mut file = Savefile::open(path)?;
    let first = loop {
        match file.next_frame()?.map(Frame::timestamp) {
            Some(Some(time)) => break time,
            Some(None) => {}
            None => return Ok(None),
        }
    };
    Ok(Some(index.open(Range::by_time(selection.times(first)?))?))
}

/// All of a file, part of it, or several of them.
trait File {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>>;
    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>>;
    /// How many bytes are read so far.
    fn bytes_read(&self) -> u64;

    /// Learns which file the interfaces are from that were described since.
    fn learn(&self, _origins: &mut Vec<(usize, u32)>) {}
}

impl File for Savefile {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>> {
        self.next_record()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

impl File for SavefileRange {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>> {
        self.next_record()
    }

    fn bytes_read(&self) -> u64 {
        self.bytes_read()
    }
}

impl File for Merge {
    fn next_frame(&mut self) -> pycap_capture::Result<Option<Frame<'_>>> {
        self.next_frame()
    }

    fn next_record(&mut self) -> pycap_capture::Result<Option<Record<'_>>> {
        self.next_record()
    }

    fn bytes_read(&self) -> u64 {
        self.files().map(Savefile::bytes_read).sum()
    }

    fn learn(&self, origins: &mut Vec<(usize, u32)>) {
        let new = origins.len()..self.interfaces().len();
        origins.extend(new.filter_map(|index| self.origin(u32::try_from(index).ok()?)));
    }
}

/// Where packets stand in several files.
struct Names<'a> {
    files: &'a [PathBuf],
    /// The file, where they are read one by one.
    one: Option<&'a Path>,
    /// The file of each interface, and its index there, where all are read together.
    origins: Vec<(usize, u32)>,
}

impl Names<'_> {
    /// The place of a packet.
    fn place(&self, number: u64, frame: Frame<'_>) -> Place<'_> {
        let origin = usize::try_from(frame.interface()).ok().and_then(|index| self.origins.get(index));
        match origin {
            Some(&(file, index)) => {
                Place { number, file: self.files.get(file).map(PathBuf::as_path), interface: Some(index) }
            }
            None => Place { number, file: self.one, interface: None },
        }
    }
}

/// Which packets.
struct Wanted {
    selection: Selection,
    matcher: Matcher,
}

/// Copies what is wanted of a file; breaks if that was the last packet of all.
fn copy(
    file: &mut impl File,
    wanted: &mut Wanted,
    out: &mut Output,
    progress: &mut Progress,
    names: &mut Names<'_>,
) -> Result<ControlFlow<()>, Failure> {
    let mut read: u64 = 0;
    let records = out.takes_records();
    loop {
        let (frame, record) = if records {
            // A packet's interface is described by a record ahead of it.
            file.learn(&mut names.origins);
            let Some(record) = file.next_record()? else { break };
            match (record.frame(), record.block()) {
                (Some(frame), _) => (frame, Some(record)),
                (None, Some(block)) => {
                    out.block(block)?;
                    continue;
                }
                (None, None) => continue,
            }
        } else {
            // The faster way, for packets alone.
            let Some(frame) = file.next_frame()? else { break };
            (frame, None)
        };
        read += 1;
        let Wanted { selection, matcher } = wanted;
        let is_wanted = selection.takes(frame.timestamp())? && matcher.matches(frame)? && !selection.skips();
        if is_wanted {
            let number = record.and_then(Record::number).unwrap_or(read);
            if out.whole_packet(names.place(number, frame), frame, record)?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        if read.is_multiple_of(Progress::STEP) {
            progress.at(file.bytes_read());
        }
    }
    progress.at(file.bytes_read());
    progress.next_file();
    Ok(ControlFlow::Continue(()))
}
