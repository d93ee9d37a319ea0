//! Several live captures, read as one.

use std::fmt;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use crate::{
    Error, ErrorKind, Frame, Interface, LiveCapture, Next, Result, Source, Stats, StopHandle, Timestamp, sys,
};

/// Several live captures, read as one: frames of several interfaces, each with filter and settings of its own.
///
/// ```no_run
/// use pycap_capture::{Live, MultiCapture, Source};
///
/// let captures = [Live::on("eth0").open()?, Live::on("wlan0").filter("udp").open()?];
/// let mut both = MultiCapture::new(captures)?;
/// while let Some(frame) = both.next_frame()? {
///     let name = frame.interface_info().and_then(|interface| interface.name());
///     println!("{}: {} bytes", name.unwrap_or("?"), frame.data().len());
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// # Interfaces
///
/// [`interfaces`](Source::interfaces) has those of all captures, and frames carry their indexes in it. Captures can have different link
/// types: each frame has [its own](Frame::link_type).
///
/// # Order
///
/// Each capture's frames stay in their order, and the next frame is always the earliest of those that come next in each capture. A
/// capture that has none at the moment is waited for until nothing earlier can come from it, at most for the [hold](Self::hold) time: a
/// kernel's ring hands frames over in blocks, not one by one. So frames are in order of time, as long as the captures have their times
/// from one clock and no frame takes longer than that from the interface to this process. A frame whose time is to come, or more than 10
/// seconds ago, counts as of when it is read: clocks that differ, or are set, bring frames out of order, but never hold any back for
/// longer.
///
/// # The end
///
/// When one capture fails, all of them are stopped; what they had received by then is handed out, and then there is the error.
///
/// A frame that is next in its capture is copied once, into a buffer that is used again for the next one.
pub struct MultiCapture<S = LiveCapture> {
    members: Vec<Member<S>>,
    /// Those of all members.
    interfaces: Vec<Interface>,
    stop: StopHandle,
    hold: Duration,
    /// What is to be said when all that was received has been handed out.
    error: Option<Error>,
}

struct Member<S> {
    source: S,
    state: State,
    /// The bytes of the frame that is next.
    bytes: Vec<u8>,
    /// The index here of each of its interfaces.
    indexes: Vec<u32>,
    /// Whether it is a capture on one interface, which its counts are of.
    is_single: bool,
}

#[derive(Clone, Copy)]
enum State {
    /// Nobody knows: it is to be asked.
    Unknown,
    /// This frame is next, and counts as of this time; its bytes are beside.
    Frame(Timestamp, Frame<'static>),
    /// It had nothing at this time.
    Empty(Timestamp),
    Finished,
}

/// What to do next.
enum Turn {
    /// The next frame is this member's.
    Of(usize),
    /// No frame can be handed out before so long, unless more come.
    Wait(Option<Duration>),
    Finished,
}

/// More than the block timeout of a ring, and what its timer may be late.
const HOLD: Duration = Duration::from_millis(25);
/// How old frames may be when they are read.
const OLDEST: Duration = Duration::from_secs(10);
/// How often captures are looked at that their descriptors tell nothing of: of an interface that is down, say.
const LOOK_AGAIN: Duration = Duration::from_millis(50);

impl<S: Source + AsFd> MultiCapture<S> {
    /// All of these captures as one.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::InvalidSetting`] without a capture; [`ErrorKind::Io`] if the system has no descriptor left.
    pub fn new(captures: impl IntoIterator<Item = S>) -> Result<Self> {
        let members = captures.into_iter().map(|source| Member {
            is_single: source.interfaces().len() == 1,
            source,
            state: State::Unknown,
            bytes: Vec::new(),
            indexes: Vec::new(),
        });
        let members: Vec<_> = members.collect();
        if members.is_empty() {
            return Err(Error::new(ErrorKind::InvalidSetting, "no capture to read: give one or more"));
        }
        let stops: Vec<_> = members.iter().filter_map(|member| member.source.stop_handle()).collect();
        let stop = StopHandle::with(move || stops.iter().for_each(StopHandle::stop))?;
        let mut this = Self { members, interfaces: Vec::new(), stop, hold: HOLD, error: None };
        for member in &mut this.members {
            member.add_interfaces(&mut this.interfaces);
        }
        Ok(this)
    }

    /// How long a frame is held back, counted from its own time, so that earlier ones of the other captures come first; 25 ms unless another
    /// time is given. Less than a capture's block timeout gets frames out of order; 0 hands each out at once.
    #[must_use]
    pub fn hold(mut self, time: Duration) -> Self {
        self.hold = time;
        self
    }

    /// The captures, in their order.
    pub fn captures(&self) -> impl ExactSizeIterator<Item = &S> {
        self.members.iter().map(|member| &member.source)
    }

    /// What each capture received and lost, in their order.
    ///
    /// # Errors
    ///
    /// As [`Source::stats`], of the first that fails.
    pub fn stats_of_each(&mut self) -> Result<Vec<Stats>> {
        self.members.iter_mut().map(|member| member.source.stats()).collect()
    }

    /// What was received and lost on each interface that has a capture of its own, with its index. A capture on all interfaces counts for
    /// all of them together, and is left out.
    ///
    /// # Errors
    ///
    /// As [`Source::stats`], of the first that fails.
    pub fn stats_of_interfaces(&mut self) -> Result<Vec<(u32, Stats)>> {
        let singles = self.members.iter_mut().filter(|member| member.is_single);
        singles
            .filter_map(|member| Some((*member.indexes.first()?, &mut member.source)))
            .map(|(index, source)| Ok((index, source.stats()?)))
            .collect()
    }

    /// Whose turn it is.
    fn turn(&mut self) -> Turn {
        let stopping = self.error.is_some() || self.stop.is_stopped();
        // Each is asked once a turn, so that this ends.
        for number in 0..self.members.len() {
            self.ask_if(number, None, |state| matches!(state, State::Unknown));
        }
        let frames = self.members.iter().enumerate().filter_map(|(number, member)| match member.state {
            State::Frame(time, _) => Some((time, number)),
            _ => None,
        });
        let Some((time, next)) = frames.min() else {
            return match self.members.iter().all(|member| matches!(member.state, State::Finished)) {
                true => Turn::Finished,
                false => Turn::Wait(None),
            };
        };
        if stopping {
            return self.turn_at_the_end(next);
        }
        let hold = self.hold.as_nanos() as i128;
        let now = Timestamp::now().as_nanos();
        // The time at which the others have to have had nothing for this frame to be the next one. It is never long ago, so that all are
        // asked from time to time however much one of them has.
        let since = (time.as_nanos() + hold).max(now - hold);
        if now >= since {
            for number in 0..self.members.len() {
                self.ask_if(number, None, |state| matches!(state, State::Empty(at) if at.as_nanos() < since));
            }
        }
        let mut earliest = (time, next);
        let mut waits = false;
        for (number, member) in self.members.iter().enumerate() {
            match &member.state {
                State::Frame(time, _) => earliest = earliest.min((*time, number)),
                State::Empty(at) => waits |= at.as_nanos() < since,
                State::Unknown | State::Finished => {}
            }
        }
        if waits {
            let left = u64::try_from(since - now).unwrap_or_default();
            return Turn::Wait(Some(Duration::from_nanos(left)));
        }
        Turn::Of(earliest.1)
    }

    /// The same once all are stopped, and come to their end by themselves, which is soon: each has a frame, or none any more.
    fn turn_at_the_end(&mut self, next: usize) -> Turn {
        if self.members.iter().any(|member| matches!(member.state, State::Empty(_) | State::Unknown)) {
            return Turn::Wait(None);
        }
        Turn::Of(next)
    }

    /// Asks a member whose state is such for its next frame, and waits for it until then, or not at all.
    fn ask_if(&mut self, number: usize, until: Option<Instant>, is_such: impl Fn(&State) -> bool) {
        let Some(member) = self.members.get_mut(number).filter(|member| is_such(&member.state)) else {
            return;
        };
        match member.ask(until) {
            Ok(()) => member.add_interfaces(&mut self.interfaces),
            Err(error) => {
                member.state = State::Finished;
                // Of several, the first says why the others ended.
                self.error.get_or_insert(error);
                self.stop.stop();
            }
        }
    }

    /// Waits until a member that had nothing may have something, or until then.
    fn wait(&mut self, until: Option<Instant>) -> Result<()> {
        let stopping = self.stop.is_stopped();
        let empty = |state: &State| matches!(state, State::Empty(_) | State::Unknown);
        if stopping {
            // Their descriptors may be readable from now on, and they end by themselves.
            for number in 0..self.members.len() {
                self.ask_if(number, Some(until.unwrap_or(Instant::now() + LOOK_AGAIN)), empty);
            }
            return Ok(());
        }
        let soon = Instant::now() + LOOK_AGAIN;
        let until = until.map_or(soon, |until| until.min(soon));
        let waiting = self.members.iter().filter(|member| empty(&member.state));
        let event = self.stop.event().as_fd();
        let descriptors: Vec<_> =
            waiting.map(|member| member.source.as_fd()).chain(std::iter::once(event)).collect();
        sys::wait_for_any(&descriptors, Some(until))
            .map_err(|error| Error::io("cannot wait for frames", error))?;
        for member in &mut self.members {
            if empty(&member.state) {
                member.state = State::Unknown;
            }
        }
        Ok(())
    }

    /// The member that has the next frame, if there was one by the deadline.
    fn next_member(&mut self, deadline: Option<Instant>) -> Result<Option<usize>> {
        let is_over = |deadline: Option<Instant>| deadline.is_some_and(|deadline| Instant::now() >= deadline);
        let mut looked = false;
        loop {
            let until = match self.turn() {
                Turn::Of(number) => return Ok(Some(number)),
                Turn::Finished => return self.error.take().map_or(Ok(None), Err),
                Turn::Wait(time) => {
                    let time = time.and_then(|time| Instant::now().checked_add(time));
                    [time, deadline].into_iter().flatten().min()
                }
            };
            // With a deadline that has passed there is one look at all of them.
            if looked && is_over(deadline) {
                return Ok(None);
            }
            looked = true;
            self.wait(until)?;
        }
    }

    fn is_finished(&self) -> bool {
        self.members.iter().all(|member| matches!(member.state, State::Finished))
    }
}

/// Whether a frame that was read `now` can have this time by the same clock, and not by one that is another's.
fn is_of_this_clock(time: Timestamp, now: Timestamp) -> bool {
    let age = now.as_nanos() - time.as_nanos();
    (0..=OLDEST.as_nanos() as i128).contains(&age)
}

impl<S: Source> Member<S> {
    /// Looks for the next frame, and waits for it until then, or not at all.
    fn ask(&mut self, until: Option<Instant>) -> Result<()> {
        // Before the look: what comes after it is not known to be there or not.
        let (now, at_once) = (Timestamp::now(), Instant::now());
        self.state = match self.source.next_frame_until(Some(until.unwrap_or(at_once)))? {
            Next::Frame(frame) => {
                self.bytes.clear();
                self.bytes.extend_from_slice(frame.data());
                let time = frame.timestamp().filter(|time| is_of_this_clock(*time, now)).unwrap_or(now);
                State::Frame(time, frame.borrow_from(&[], None))
            }
            Next::TimedOut => State::Empty(now),
            Next::Finished => State::Finished,
        };
        Ok(())
    }

    /// Gives indexes to its interfaces that have none.
    fn add_interfaces(&mut self, all: &mut Vec<Interface>) {
        for interface in self.source.interfaces().iter().skip(self.indexes.len()) {
            self.indexes.push(u32::try_from(all.len()).unwrap_or(u32::MAX));
            all.push(interface.clone());
        }
    }
}

impl<S: Source + AsFd> Source for MultiCapture<S> {
    fn next_frame_until(&mut self, deadline: Option<Instant>) -> Result<Next<'_>> {
        let Some(number) = self.next_member(deadline)? else {
            return Ok(if self.is_finished() { Next::Finished } else { Next::TimedOut });
        };
        let Some(member) = self.members.get_mut(number) else { return Ok(Next::TimedOut) };
        let State::Frame(_, frame) = std::mem::replace(&mut member.state, State::Unknown) else {
            return Ok(Next::TimedOut);
        };
        let index = member.indexes.get(frame.interface() as usize).copied().unwrap_or(u32::MAX);
        let interface = self.interfaces.get(index as usize);
        Ok(Next::Frame(frame.with_interface(index).borrow_from(&member.bytes, interface)))
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        Ok(match self.next_frame_until(None)? {
            Next::Frame(frame) => Some(frame),
            Next::TimedOut | Next::Finished => None,
        })
    }

    fn stop_handle(&self) -> Option<StopHandle> {
        Some(self.stop.clone())
    }

    /// The sums over all captures. What one of them cannot tell is not known of all.
    fn stats(&mut self) -> Result<Stats> {
        let each = self.stats_of_each()?;
        let sum = |of: fn(&Stats) -> Option<u64>| {
            each.iter().map(of).try_fold(0, |sum: u64, count| Some(sum.saturating_add(count?)))
        };
        Ok(Stats {
            received: sum(|stats| stats.received),
            dropped: sum(|stats| stats.dropped),
            buffer_full: sum(|stats| stats.buffer_full),
            interface_dropped: sum(|stats| stats.interface_dropped),
        })
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}

impl<S: fmt::Debug> fmt::Debug for MultiCapture<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let captures: Vec<_> = self.members.iter().map(|member| &member.source).collect();
        f.debug_struct("MultiCapture")
            .field("captures", &captures)
            .field("hold", &self.hold)
            .finish_non_exhaustive()
    }
}

const _: () = {
    const fn movable<T: Send + Source>() {}
    movable::<MultiCapture>();
};
