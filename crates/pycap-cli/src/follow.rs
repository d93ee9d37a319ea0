//! From a capture file that still grows to the output.

use std::path::Path;
use std::time::Instant;

use pycap_capture::{Follow, Frame, Interface, LinkType, Next, NextRecord};

use crate::args::Args;
use crate::error::Failure;
use crate::link::Packets;
use crate::matcher::Matcher;
use crate::ongoing::{self, Counter, Item, Ongoing};
use crate::output::Output;
use crate::select::Selection;
use crate::signals::Signals;
use crate::{tell, user};

/// Follows the file until a signal, or until there are as many packets as asked for.
pub(crate) fn run(args: &Args, path: &Path) -> Result<(), Failure> {
    let mut selection = Selection::new(args)?;
    let mut file = Follow::open(path)?;
    let mut matcher = Matcher::new(args, None)?;
    let begun = matcher.begin(file.format(), file.interfaces());
    if args.dump_program > 0 {
        let link_type = file.interfaces().first().map_or(LinkType::ETHERNET, Interface::link_type);
        return matcher.dump(link_type, args.dump_program);
    }
    begun?;
    let mut out = user::relinquish_beside(args, |user| Output::of_file(args, file.interfaces(), user))?;
    let signals = Signals::catch(Some(file.stop_handle()))?;
    let mut counter = Counter::new(args);
    let wanted = |frame: Frame<'_>| {
        Ok(selection.takes(frame.timestamp())? && matcher.matches(frame)? && !selection.skips())
    };
    let copied = ongoing::copy(&mut file, wanted, &mut out, &signals, &mut counter);
    let packets = out.packets();
    let is_whole = file.incomplete() == 0 && file.files_missed() == 0;
    let ended = out.end(copied, &[]);
    if !is_whole && !matches!(ended, Err(Failure::Closed)) {
        tell(format_args!("{}", file.account(packets)?));
    }
    ended
}

impl Ongoing for Follow {
    fn next_item(&mut self, until: Instant, written: bool) -> pycap_capture::Result<Item<'_>> {
        if !written {
            // The faster way, for packets alone.
            return Ok(match self.next_frame_until(Some(until))? {
                Next::Frame(frame) => Item::Packet(frame),
                Next::TimedOut => Item::TimedOut,
                Next::Finished => Item::Finished,
            });
        }
        Ok(match self.next_record_until(Some(until))? {
            NextRecord::Record(record) => Item::Record(record),
            NextRecord::TimedOut => Item::TimedOut,
            NextRecord::Finished => Item::Finished,
        })
    }

    fn account(&mut self, packets: u64) -> Result<String, Failure> {
        let files = match self.files() {
            1 => "1 file".to_owned(),
            many => format!("{many} files"),
        };
        let incomplete = match self.incomplete() {
            0 => String::new(),
            1 => ", 1 record cut short at the end of its file".to_owned(),
            many => format!(", {many} records cut short at the end of their files"),
        };
        let missed = match self.files_missed() {
            0 => String::new(),
            1 => ", 1 file missed: it was gone before it was read to its end".to_owned(),
            many => format!(", {many} files missed: they were gone before they were read to their end"),
        };
        Ok(format!("{} from {files}{incomplete}{missed}", Packets(packets)))
    }
}
