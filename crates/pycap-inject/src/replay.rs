//! Captured frames sent again: with their own timing or another, as they were or rewritten.

mod recording;
mod report;

pub use recording::Recording;
pub use report::{Failure, Progress, Report};

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pycap_capture::{Frame, Next, Segmentation, SegmentationKind, Source};

use crate::pacer::{Clock, DAY, Due, Gap, Monotonic, Pacer, StopHandle};
use crate::rewrite::Rewrite;
use crate::{Fragments, Segments, SendError, SendErrorKind, Sender};

/// At most so many frames are handed to the sender at once: as many as its own call of the kernel takes.
const BATCH: usize = 64;
/// And so many bytes are kept for them, but for a frame that is longer.
const BATCH_BYTES: usize = 128 << 10;
/// How often a source that has no frame is asked whether it is to be waited for still.
const LOOK_UP: Duration = Duration::from_millis(100);
/// A gap that is longer is announced.
const LONG: Duration = Duration::from_secs(60);

/// Sends the frames of any source by any sender.
///
/// ```no_run
/// use pycap_capture::Savefile;
/// use pycap_inject::Injector;
/// use pycap_inject::pacer::{Pace, Pacer};
/// use pycap_inject::replay::Replay;
/// use pycap_inject::rewrite::Rewrite;
///
/// let mut file = Savefile::open("trace.pcap")?;
/// let mut injector = Injector::open("eth0")?;
/// // Twice as fast as it was captured.
/// let mut replay = Replay::new(Pacer::new(Pace::Recorded(2.0))?)
///     .rewrite(Rewrite::new().map_ip("10.0.0.0/8=192.168.0.0/16".parse()?));
/// replay.run(&mut file, &mut injector)?;
/// println!("{}", replay.into_report());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A frame that is not accepted is counted by its reason, and the next one follows, unless it is asked to
/// [stop](Self::stop_at_failure) there; the [`Report`] has the reasons, each with the number of the first such frame. A VLAN tag that the
/// kernel took out of a frame is put back, and a frame check sequence that the capture has is left out.
///
/// What the machine that captured left to its network card is done here. Checksums that the capture marks as
/// [not ready](Frame::checksum_not_ready) are [completed](crate::complete_checksums), ahead of whatever is rewritten. A frame that was to be
/// [cut into segments](Frame::segmentation), or was put together from them, is cut again as the capture says, and smaller where the
/// sender's [limit](Sender::frame_limit) asks for it; one of TCP of which the capture says [no more than that](Frame::segmentation_offload)
/// is cut to that limit. A frame of which only the beginning was captured goes as it is.
///
/// Frames of link types that the sender does not take, and that cannot be made such as it takes, are left out and counted.
#[derive(Debug)]
pub struct Replay<C: Clock = Monotonic> {
    pacer: Pacer<C>,
    rewrite: Rewrite,
    limit: u64,
    skip_cut: bool,
    stop_at_failure: bool,
    fix_checksums: bool,
    segment: bool,
    on_gap: OnGap,
    waiting: Waiting,
    /// A frame whose checksums are being completed, and one that is being cut.
    unfinished: Vec<u8>,
    whole: Vec<u8>,
    report: Report,
    progress: Arc<Progress>,
    passes: u64,
    /// Frames that were taken from the source in this run, and over all runs those that were to be sent.
    number: u64,
    taken: u64,
    pass_len: u64,
    /// How many there were to be sent when the pass began.
    taken_before: u64,
}

type GapHook = dyn FnMut(u64, Gap) + Send;

struct OnGap(Option<Box<GapHook>>);

impl fmt::Debug for OnGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OnGap").field(&self.0.is_some()).finish()
    }
}

/// Frames that are due and not sent yet, one behind the other.
#[derive(Debug, Default)]
struct Waiting {
    bytes: Vec<u8>,
    frames: Vec<Held>,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    /// Where its bytes end, when it was due, and its number in the source.
    end: usize,
    due: Due,
    number: u64,
}

/// Why a replay ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ended {
    /// The source has no more frames: it can be replayed once more.
    Finished,
    /// As many frames as asked for were attempted.
    Limit,
    /// The [`StopHandle`] was used.
    Stopped,
}

/// Why a replay could not go on.
#[derive(Debug)]
#[non_exhaustive]
pub enum ReplayError {
    /// The source failed.
    Read(pycap_capture::Error),
    /// The sender failed: at all where it is to be [stopped at](Replay::stop_at_failure) that, otherwise so that nothing more can be sent.
    Send(SendError),
}

impl<C: Clock> Replay<C> {
    /// A replay at the pace of this pacer.
    pub fn new(pacer: Pacer<C>) -> Self {
        Self {
            pacer,
            rewrite: Rewrite::new(),
            limit: u64::MAX,
            skip_cut: false,
            stop_at_failure: false,
            fix_checksums: false,
            segment: false,
            on_gap: OnGap(None),
            waiting: Waiting::default(),
            unfinished: Vec::new(),
            whole: Vec::new(),
            report: Report::default(),
            progress: Arc::default(),
            passes: 0,
            number: 0,
            taken: 0,
            pass_len: u64::MAX,
            taken_before: 0,
        }
    }

    /// What to change in each frame.
    #[must_use]
    pub fn rewrite(mut self, rewrite: Rewrite) -> Self {
        self.rewrite = rewrite;
        self
    }

    /// Attempts at most so many frames of the source, over all runs; one that is cut into segments is one, and those that are left out or
    /// of other link types do not count.
    #[must_use]
    pub fn limit(mut self, frames: u64) -> Self {
        self.limit = frames;
        self
    }

    /// Whether frames of which the capture has the beginning only are left out. They are sent as captured, unless asked for.
    #[must_use]
    pub fn skip_cut(mut self, skip: bool) -> Self {
        self.skip_cut = skip;
        self
    }

    /// Whether the first frame that is not accepted ends the replay. Not, unless asked for.
    #[must_use]
    pub fn stop_at_failure(mut self, stop: bool) -> Self {
        self.stop_at_failure = stop;
        self
    }

    /// Whether all checksums are [computed anew](crate::fix_checksums), ahead of whatever is rewritten: for captures that do not say which
    /// are not ready, as pcap files. Not, unless asked for.
    #[must_use]
    pub fn fix_checksums(mut self, fix: bool) -> Self {
        self.fix_checksums = fix;
        self
    }

    /// Whether TCP packets that are longer than the sender's [limit](Sender::frame_limit) are cut into segments that fit, also where the
    /// capture does not mark them. Not, unless asked for: then they are refused.
    #[must_use]
    pub fn segment(mut self, segment: bool) -> Self {
        self.segment = segment;
        self
    }

    /// Calls `hook` ahead of each gap of the capture of more than a minute, by the pace that was asked for, and where its clock was set:
    /// back by more than a minute, or forth by more than a day that is not waited for. It has the number of the frame that comes after the
    /// gap, which is waited for then as [`Gap::wait`] says.
    #[must_use]
    pub fn on_gap(mut self, hook: impl FnMut(u64, Gap) + Send + 'static) -> Self {
        self.on_gap = OnGap(Some(Box::new(hook)));
        self
    }

    /// So many frames of the source are one pass through the capture, where it gives that over and over
    /// ([`Recording::repeat`]): frames are numbered as they are in the capture, and a pass with nothing to be sent, as where all is
    /// [left out](Self::skip_cut) or of other link types, is the last one.
    #[must_use]
    pub fn pass_len(mut self, frames: u64) -> Self {
        self.pass_len = frames.max(1);
        self
    }

    /// What ends the replay from another thread. A source that waits for frames has a handle of its own, and is asked again often enough
    /// for this one.
    pub fn stop_handle(&self) -> StopHandle {
        self.pacer.stop_handle()
    }

    /// How far it is, for another thread.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.progress)
    }

    /// Sends the frames of this source, or the rest of them. To loop, run again with a source that begins anew: the account goes on, and
    /// with a capture's own timing the first frame follows after the mean gap of the run before.
    ///
    /// # Errors
    ///
    /// [`ReplayError`]. What was sent before is in the account.
    pub fn run(
        &mut self,
        source: &mut (impl Source + ?Sized),
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<Ended, ReplayError> {
        if self.passes > 0 {
            self.pacer.next_pass();
        }
        self.passes += 1;
        self.number = 0;
        self.taken_before = self.taken;
        let ended = self.read(source, sender);
        // What is due is sent, whatever ended it.
        let sent = self.send(sender);
        let flushed = sender.flush();
        let ended = ended?;
        sent?;
        flushed.map_err(ReplayError::Send)?;
        if ended != Ended::Stopped {
            self.report.duration = self.pacer.elapsed();
        }
        Ok(ended)
    }

    /// The account so far.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The account, when it is over.
    pub fn into_report(mut self) -> Report {
        self.report.lateness = self.pacer.lateness().clone();
        self.report
    }

    fn read(
        &mut self,
        source: &mut (impl Source + ?Sized),
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<Ended, ReplayError> {
        // A deadline that has passed: what is there is taken, without a look at the clock for each.
        let at_once = Instant::now();
        let mut until = at_once;
        loop {
            if self.pacer.is_stopped() {
                return Ok(Ended::Stopped);
            }
            if self.taken >= self.limit {
                return Ok(Ended::Limit);
            }
            if self.number >= self.pass_len {
                // The next pass would have nothing either.
                if self.taken == self.taken_before {
                    return Ok(Ended::Finished);
                }
                self.number = 0;
                self.taken_before = self.taken;
            }
            match source.next_frame_until(Some(until)).map_err(ReplayError::Read)? {
                Next::Frame(frame) => {
                    until = at_once;
                    if !self.take(frame, sender)? {
                        return Ok(Ended::Stopped);
                    }
                }
                Next::TimedOut => {
                    self.send(sender)?;
                    until = Instant::now() + LOOK_UP;
                }
                Next::Finished => return Ok(Ended::Finished),
            }
        }
    }

    /// Makes of a frame what is to be sent, waits until that is due, and puts it behind those that are waiting; `false` if the wait was
    /// ended.
    fn take(&mut self, frame: Frame<'_>, sender: &mut (impl Sender + ?Sized)) -> Result<bool, ReplayError> {
        self.number += 1;
        let cut = frame.missing() > 0;
        if cut && self.skip_cut {
            self.report.left_out += 1;
            return Ok(true);
        }
        let start = self.waiting.bytes.len();
        let to = sender.link_type();
        if let Err(error) = self.rewrite.check(frame.link_type(), to) {
            return self.other_link_type(error).map(|()| true);
        }
        self.taken += 1;
        let (scratch, out) = (&mut self.unfinished, &mut self.waiting.bytes);
        let checksums = match self.rewrite.append(frame, to, self.fix_checksums, scratch, out) {
            Ok(checksums) => checksums,
            Err(error) => return self.refused(error, start).map(|()| true),
        };
        let time = frame.timestamp().map(|time| time.as_nanos());
        let marked = frame.segmentation().filter(|marked| marked.size > 0);
        // A mark without a size says that the frame was left whole, and not how it was to be cut: to what fits.
        let fitting = self.segment || frame.segmentation_offload();
        let limit = if marked.is_some() || fitting {
            self.waiting.bytes.get(start..).and_then(|bytes| sender.frame_limit(bytes))
        } else {
            None
        };
        let len = self.waiting.bytes.len() - start;
        let is_long = limit.is_some_and(|limit| len > limit);
        self.report.completed_checksums += u64::from(checksums.completed);
        self.report.fixed_checksums += u64::from(checksums.fixed);
        if !cut && (marked.is_some() || fitting && is_long) {
            let mut whole = std::mem::take(&mut self.whole);
            whole.clear();
            whole.extend(self.waiting.bytes.drain(start..));
            let taken = self.take_pieces(&whole, marked, limit, checksums.unfinished, time, sender);
            self.whole = whole;
            return taken;
        }
        self.report.unfinished_checksums += u64::from(checksums.unfinished);
        let taken = self.queue(start, time, sender)?;
        self.report.cut += u64::from(cut && taken);
        Ok(taken)
    }

    /// Cuts a frame into what a network card would have made of it, and queues the pieces; `false` if a wait was ended. Segments have
    /// checksums of their own; a frame that goes whole, and fragments, have what is `unfinished` of theirs.
    fn take_pieces(
        &mut self,
        whole: &[u8],
        marked: Option<Segmentation>,
        limit: Option<usize>,
        unfinished: bool,
        time: Option<i128>,
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<bool, ReplayError> {
        let most = limit.unwrap_or(usize::MAX);
        let link_type = sender.link_type();
        let pieces = match marked {
            Some(Segmentation { size, kind }) => match kind.base() {
                SegmentationKind::UDP_FRAGMENTS => {
                    return self.take_fragments(whole, most, unfinished, time, sender);
                }
                SegmentationKind::UDP_DATAGRAMS => {
                    Segments::datagrams_within(link_type, whole, size.into(), most)
                }
                _ => Segments::within(link_type, whole, size.into(), most),
            },
            None => Segments::fitting(link_type, whole, most),
        };
        let mut pieces = match pieces {
            Ok(pieces) if pieces.count() > 1 => pieces,
            // What fits goes as it was captured, and what is no TCP and not marked is for the sender to refuse.
            Err(error) if marked.is_some() && whole.len() > most => {
                let start = self.waiting.bytes.len();
                return self.refused(not_cut(whole.len(), &error), start).map(|()| true);
            }
            _ => {
                self.report.unfinished_checksums += u64::from(unfinished);
                return self.take_piece(whole, time, sender);
            }
        };
        self.report.cut_into_segments += 1;
        self.report.segments += pieces.count() as u64;
        while let Some(piece) = pieces.next() {
            if !self.take_piece(piece, time, sender)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The same for a UDP datagram that was to be cut into IP fragments.
    fn take_fragments(
        &mut self,
        whole: &[u8],
        most: usize,
        unfinished: bool,
        time: Option<i128>,
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<bool, ReplayError> {
        let link_type = sender.link_type();
        let ip = pycap_wire::Packet::parse(link_type, whole).layers().located().find_map(|located| {
            use pycap_wire::Layer;
            matches!(located.layer, Layer::Ipv4(_) | Layer::Ipv6(_)).then_some(located.offset)
        });
        match Fragments::new(link_type, whole, most.saturating_sub(ip.unwrap_or(0))) {
            Ok(mut fragments) if whole.len() > most => {
                self.report.unfinished_checksums += u64::from(unfinished);
                self.report.cut_into_segments += 1;
                while let Some(fragment) = fragments.next() {
                    self.report.segments += 1;
                    if !self.take_piece(fragment, time, sender)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Err(error) if whole.len() > most => {
                let start = self.waiting.bytes.len();
                self.refused(not_cut(whole.len(), &error), start).map(|()| true)
            }
            _ => {
                self.report.unfinished_checksums += u64::from(unfinished);
                self.take_piece(whole, time, sender)
            }
        }
    }

    fn take_piece(
        &mut self,
        piece: &[u8],
        time: Option<i128>,
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<bool, ReplayError> {
        let start = self.waiting.bytes.len();
        self.waiting.bytes.extend_from_slice(piece);
        self.queue(start, time, sender)
    }

    /// Waits until the frame that begins at `start` is due, and puts it behind those that are waiting; `false` if the wait was ended.
    fn queue(
        &mut self,
        start: usize,
        time: Option<i128>,
        sender: &mut (impl Sender + ?Sized),
    ) -> Result<bool, ReplayError> {
        let due = self.pacer.schedule(self.waiting.bytes.len() - start, time);
        let gap = self.pacer.gap();
        let is_due = self.pacer.is_due(due);
        if !is_due {
            self.send_first(sender, start)?;
        }
        let was_set = gap.is_backward && gap.recorded > LONG || gap.wait.is_zero() && gap.recorded > DAY;
        if gap.paced > LONG || was_set {
            self.announce(gap);
        }
        if !is_due && !self.pacer.wait(due) {
            self.waiting.clear();
            return Ok(false);
        }
        self.waiting.frames.push(Held { end: self.waiting.bytes.len(), due, number: self.number });
        if self.waiting.frames.len() >= BATCH || self.waiting.bytes.len() >= BATCH_BYTES {
            self.send(sender)?;
        }
        Ok(true)
    }

    #[cold]
    fn announce(&mut self, gap: Gap) {
        if let Some(hook) = &mut self.on_gap.0 {
            hook(self.number, gap);
        }
    }

    /// Counts a frame that has no form in which it could be sent; what was written of it, from `start` on, is taken back.
    #[cold]
    fn refused(&mut self, error: SendError, start: usize) -> Result<(), ReplayError> {
        self.waiting.bytes.truncate(start);
        self.report.attempted += 1;
        self.failed(error, self.number)
    }

    #[cold]
    fn other_link_type(&mut self, error: SendError) -> Result<(), ReplayError> {
        if self.stop_at_failure {
            self.report.attempted += 1;
            return self.failed(error, self.number);
        }
        report::count(&mut self.report.other_link_types, error, self.number);
        Ok(())
    }

    /// Sends what waits before the frame that begins at `start`, which then begins at 0.
    fn send_first(&mut self, sender: &mut (impl Sender + ?Sized), start: usize) -> Result<(), ReplayError> {
        if self.waiting.frames.is_empty() {
            return Ok(());
        }
        let rest = self.waiting.bytes.len() - start;
        let sent = self.hand_over(sender);
        self.waiting.bytes.copy_within(start.., 0);
        self.waiting.bytes.truncate(rest);
        self.waiting.frames.clear();
        sent
    }

    fn send(&mut self, sender: &mut (impl Sender + ?Sized)) -> Result<(), ReplayError> {
        let sent = self.hand_over(sender);
        self.waiting.clear();
        sent
    }

    /// Hands over what waits, and counts what became of it.
    fn hand_over(&mut self, sender: &mut (impl Sender + ?Sized)) -> Result<(), ReplayError> {
        let waiting = std::mem::take(&mut self.waiting);
        let mut slices: [&[u8]; BATCH] = [&[]; BATCH];
        let mut start = 0;
        for (slice, held) in slices.iter_mut().zip(&waiting.frames) {
            *slice = waiting.bytes.get(start..held.end).unwrap_or_default();
            start = held.end;
        }
        self.pacer.sent(waiting.frames.iter().map(|held| held.due));
        let mut rest = slices.get(..waiting.frames.len()).unwrap_or_default();
        let mut result = Ok(());
        while !rest.is_empty() {
            let outcome = sender.send_batch(rest);
            let accepted = outcome.as_ref().map_or_else(|batch| batch.accepted, |()| rest.len());
            let (sent, left) = rest.split_at(accepted.min(rest.len()));
            self.report.attempted += sent.len() as u64;
            self.report.sent += sent.len() as u64;
            self.report.bytes += sent.iter().map(|frame| frame.len() as u64).sum::<u64>();
            rest = left;
            if let Err(batch) = outcome {
                let place = waiting.frames.len() - left.len();
                rest = left.get(1..).unwrap_or_default();
                self.report.attempted += 1;
                let number = waiting.frames.get(place).map_or(0, |held| held.number);
                result = self.failed(batch.error, number);
                if result.is_err() {
                    break;
                }
            }
        }
        if !waiting.frames.is_empty() {
            self.report.duration = self.pacer.elapsed();
            self.progress.set(self.report.attempted, self.report.sent);
        }
        self.waiting = waiting;
        result
    }

    /// Counts a frame that was not sent; an error if that is the end.
    #[cold]
    fn failed(&mut self, error: SendError, number: u64) -> Result<(), ReplayError> {
        let last = self.stop_at_failure
            || matches!(error.kind(), SendErrorKind::InterfaceGone | SendErrorKind::PermissionDenied);
        let copy = last.then(|| SendError::new(error.kind(), error.to_string()));
        report::count(&mut self.report.failures, error, number);
        copy.map_or(Ok(()), |error| Err(ReplayError::Send(error)))
    }
}

impl Waiting {
    fn clear(&mut self) {
        self.bytes.clear();
        self.frames.clear();
    }
}

/// Why a frame that is to be cut is not.
#[cold]
fn not_cut(len: usize, error: &dyn fmt::Display) -> SendError {
    let message = format!("the frame of {len} bytes is to be cut and cannot be: {error}");
    SendError::new(SendErrorKind::InvalidFrame, message)
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Send(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReplayError {}

#[cfg(test)]
mod tests {
    use pycap_capture::{LinkType, Savefile, SavefileWriter, Timestamp};

    use super::*;
    use crate::SendStats;
    use crate::pacer::Pace;
    use crate::sender::BatchError;

    /// Keeps what it is given; frames above 100 bytes are too long, and it is gone after so many.
    #[derive(Default)]
    struct Kept {
        frames: Vec<Vec<u8>>,
        batches: Vec<usize>,
        gone_after: Option<usize>,
    }

    impl Sender for Kept {
        fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
            if self.gone_after == Some(self.frames.len()) {
                return Err(SendError::new(SendErrorKind::InterfaceGone, "gone"));
            }
            if frame.len() > 100 {
                return Err(SendError::new(SendErrorKind::TooLong, format!("{} is too long", frame.len())));
            }
            self.frames.push(frame.to_vec());
            Ok(())
        }

        fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
            self.batches.push(frames.len());
            for (accepted, frame) in frames.iter().enumerate() {
                self.send(frame).map_err(|error| BatchError { accepted, error })?;
            }
            Ok(())
        }

        fn stats(&self) -> SendStats {
            SendStats::default()
        }

        fn link_type(&self) -> LinkType {
            LinkType::ETHERNET
        }
    }

    /// `count` frames a millisecond apart; each has its number in its first byte.
    fn capture(
        count: u8,
        change: impl Fn(u8, Vec<u8>) -> (Vec<u8>, u32),
    ) -> Savefile<std::io::Cursor<Vec<u8>>> {
        let mut writer = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
        for number in 0..count {
            let (frame, missing) = change(number, vec![number; 60]);
            let time = Timestamp::new(1_000, u32::from(number) * 1_000_000);
            let original = frame.len() as u32 + missing;
            let frame =
                Frame::new(&frame, LinkType::ETHERNET).with_timestamp(time).with_original_len(original);
            writer.write(frame).unwrap();
        }
        Savefile::from_reader(std::io::Cursor::new(writer.finish().unwrap())).unwrap()
    }

    /// `count` frames of Ethernet and of this link type in turn, the latter first.
    fn mixed(count: u8, other: LinkType) -> Savefile<std::io::Cursor<Vec<u8>>> {
        let mut writer =
            SavefileWriter::builder().format(pycap_capture::Format::Pcapng).to_writer(Vec::new()).unwrap();
        let interfaces = [other, LinkType::ETHERNET]
            .map(|one| writer.add_interface(pycap_capture::Interface::new(one)).unwrap());
        for number in 0..count {
            let which = usize::from(number % 2);
            let link_type = [other, LinkType::ETHERNET][which];
            let bytes = [number; 60];
            let frame = Frame::new(&bytes, link_type).with_interface(interfaces[which]);
            writer.write(frame.with_timestamp(Timestamp::new(1_000, 0))).unwrap();
        }
        Savefile::from_reader(std::io::Cursor::new(writer.finish().unwrap())).unwrap()
    }

    fn plain(count: u8) -> Savefile<std::io::Cursor<Vec<u8>>> {
        capture(count, |_, frame| (frame, 0))
    }

    fn top_speed() -> Replay {
        Replay::new(Pacer::new(Pace::TopSpeed).unwrap())
    }

    #[test]
    fn all_frames_go_in_order_and_in_batches() {
        let (mut replay, mut kept) = (top_speed(), Kept::default());
        assert_eq!(replay.run(&mut plain(200), &mut kept).unwrap(), Ended::Finished);
        assert!(kept.frames.iter().enumerate().all(|(number, frame)| *frame == [number as u8; 60]));
        assert_eq!((kept.frames.len(), &kept.batches[..]), (200, &[64, 64, 64, 8][..]));
        let progress = replay.progress();
        let report = replay.into_report();
        assert_eq!((report.attempted, report.sent, report.bytes, report.failed()), (200, 200, 12_000, 0));
        assert_eq!((progress.attempted(), progress.sent()), (200, 200));
        assert!(
            report.to_string().starts_with("200 packets attempted, 200 sent, 0 failed\n12000 bytes in "),
            "{report}"
        );
    }

    #[test]
    fn what_is_refused_is_counted_and_the_rest_goes_on() {
        let odd =
            |number: u8, frame: Vec<u8>| if number % 3 == 1 { (vec![number; 101], 0) } else { (frame, 0) };
        let (mut replay, mut kept) = (top_speed(), Kept::default());
        replay.run(&mut capture(99, odd), &mut kept).unwrap();
        let report = replay.into_report();
        assert_eq!((report.attempted, report.sent, report.failed(), kept.frames.len()), (99, 66, 33, 66));
        let [failure] = &report.failures[..] else { panic!("{report:?}") };
        assert_eq!((failure.kind, failure.count, failure.number), (SendErrorKind::TooLong, 33, 2));
        assert_eq!(failure.first.to_string(), "101 is too long");

        let (mut replay, mut kept) = (top_speed().stop_at_failure(true), Kept::default());
        let error = replay.run(&mut capture(99, odd), &mut kept).unwrap_err();
        assert!(matches!(&error, ReplayError::Send(error) if error.kind() == SendErrorKind::TooLong));
        assert_eq!((replay.report().attempted, replay.report().sent, kept.frames.len()), (2, 1, 1));

        // An interface that is no more takes nothing any more.
        let (mut replay, mut kept) = (top_speed(), Kept { gone_after: Some(70), ..Kept::default() });
        assert!(replay.run(&mut plain(200), &mut kept).is_err());
        assert_eq!((replay.report().attempted, replay.report().sent), (71, 70));
    }

    #[test]
    fn cut_frames_are_sent_or_left_out() {
        let cut = |number: u8, frame| (frame, u32::from(number % 2) * 10);
        for (skip, sent, was_cut, left_out) in [(false, 10, 5, 0), (true, 5, 0, 5)] {
            let (mut replay, mut kept) = (top_speed().skip_cut(skip), Kept::default());
            replay.run(&mut capture(10, cut), &mut kept).unwrap();
            let report = replay.report();
            assert_eq!((report.sent, report.cut, report.left_out), (sent, was_cut, left_out));
        }
    }

    #[test]
    fn loops_and_limits() {
        assert!(Recording::read(&mut plain(10), 1_000).unwrap().is_none());
        let recording = || Recording::read(&mut plain(10), 1 << 20).unwrap().unwrap();
        let (mut replay, mut kept) = (top_speed(), Kept::default());
        assert_eq!(replay.run(&mut recording().repeat(Some(13)), &mut kept).unwrap(), Ended::Finished);
        // Batches go on from pass to pass.
        assert_eq!((kept.frames.len(), &kept.batches[..]), (130, &[64, 64, 2][..]));
        assert!(kept.frames.iter().enumerate().all(|(number, frame)| frame[0] == number as u8 % 10));

        let (mut replay, mut kept) = (top_speed().limit(25), Kept::default());
        assert_eq!(replay.run(&mut recording().repeat(None), &mut kept).unwrap(), Ended::Limit);
        assert_eq!((replay.report().attempted, kept.frames.len(), kept.frames[24][0]), (25, 25, 4));
        let (mut replay, mut kept) = (top_speed().limit(3), Kept::default());
        assert_eq!(replay.run(&mut mixed(20, LinkType::PPP), &mut kept).unwrap(), Ended::Limit);
        assert_eq!(
            (replay.report().attempted, replay.report().other_link_type(), kept.frames[2][0]),
            (3, 3, 5)
        );
        let mut empty = Recording::read(&mut plain(0), 1 << 20).unwrap().unwrap().repeat(None);
        assert_eq!(top_speed().run(&mut empty, &mut kept).unwrap(), Ended::Finished);
    }

    /// A mark that could not be made good is counted wherever the frame goes with it: a fragment has no whole datagram.
    #[test]
    fn checksums_that_stay_unfinished_are_counted() {
        use crate::Layer;
        use crate::layer::{Ethernet, Ipv4, Udp};
        let ip = Ipv4::new([10, 0, 0, 1], [10, 0, 0, 2]).more_fragments(true);
        let fragment = (Ethernet::new([2; 6], [4; 6]), ip, Udp::new(1, 2), [7; 24]).build().unwrap();
        let marked = Frame::new(&fragment, LinkType::ETHERNET)
            .with_timestamp(Timestamp::new(1, 0))
            .with_checksum_not_ready(true);
        let segmentation = |kind| marked.with_segmentation(Segmentation { size: 1_000, kind });
        for frame in [
            marked,
            segmentation(SegmentationKind::TCP_IPV4),
            segmentation(SegmentationKind::UDP_DATAGRAMS),
            segmentation(SegmentationKind::UDP_FRAGMENTS),
        ] {
            for fix in [false, true] {
                let mut writer = SavefileWriter::builder()
                    .format(pycap_capture::Format::Pcapng)
                    .to_writer(Vec::new())
                    .unwrap();
                writer.write(frame).unwrap();
                let mut file = Savefile::from_reader(std::io::Cursor::new(writer.finish().unwrap())).unwrap();
                let (mut replay, mut kept) = (top_speed().fix_checksums(fix), Kept::default());
                replay.run(&mut file, &mut kept).unwrap();
                let report = replay.report();
                assert_eq!((report.sent, report.unfinished_checksums), (1, 1), "{frame:?} {fix}");
                assert_eq!((kept.frames[0] == fragment, report.completed_checksums), (true, 0));
            }
        }
    }

    /// However often a capture is to be repeated, with nothing to send it ends after one pass.
    #[test]
    fn a_pass_with_nothing_to_send_is_the_last() {
        let cut = || Recording::read(&mut capture(10, |_, frame| (frame, 10)), 1 << 20).unwrap().unwrap();
        for replay in [top_speed(), top_speed().limit(5)] {
            let (mut replay, mut kept) = (replay.skip_cut(true).pass_len(10), Kept::default());
            assert_eq!(replay.run(&mut cut().repeat(None), &mut kept).unwrap(), Ended::Finished);
            assert_eq!((replay.report().left_out, replay.report().attempted), (10, 0));
        }
        let (mut replay, mut kept) = (top_speed().limit(5).pass_len(1), Kept::default());
        let mut other = Recording::read(&mut mixed(1, LinkType::PPP), 1 << 20).unwrap().unwrap().repeat(None);
        assert_eq!(replay.run(&mut other, &mut kept).unwrap(), Ended::Finished);
        assert_eq!((replay.report().other_link_type(), replay.report().attempted), (1, 0));
        // Where some are sent, it goes on.
        let (mut replay, mut kept) = (top_speed().limit(5).pass_len(2), Kept::default());
        let mut some = Recording::read(&mut mixed(2, LinkType::PPP), 1 << 20).unwrap().unwrap().repeat(None);
        assert_eq!(replay.run(&mut some, &mut kept).unwrap(), Ended::Limit);
        assert_eq!(replay.report().attempted, 5);
    }

    #[test]
    fn time_is_the_captures_own() {
        let recording = || Recording::read(&mut plain(11), 1 << 20).unwrap().unwrap();
        let replay = || Replay::new(Pacer::new(Pace::Recorded(1.0)).unwrap());
        let mut kept = Kept::default();
        let mut once = replay();
        once.run(&mut recording().repeat(Some(2)), &mut kept).unwrap();
        let mut twice = replay();
        for _ in 0..2 {
            twice.run(&mut recording(), &mut kept).unwrap();
        }
        for replay in [once, twice] {
            let report = replay.into_report();
            // Twice ten gaps, and one in between.
            assert!((21..100).contains(&report.duration.as_millis()), "{:?}", report.duration);
            assert_eq!(report.lateness.count(), 22);
        }
    }

    #[test]
    fn a_wait_that_is_ended_ends_the_replay() {
        let replay = || Replay::new(Pacer::new(Pace::PacketsPerSecond(0.01)).unwrap());
        let (mut replay, mut kept) = (replay(), Kept::default());
        let stop = replay.stop_handle();
        let thread = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(30));
            stop.stop();
        });
        assert_eq!(replay.run(&mut plain(10), &mut kept).unwrap(), Ended::Stopped);
        assert_eq!((replay.report().attempted, kept.frames.len()), (1, 1));
        thread.join().unwrap();
    }
}
