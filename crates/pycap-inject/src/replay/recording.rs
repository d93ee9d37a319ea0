//! A capture in memory, to be replayed over and over.

use std::time::Instant;

use crate::pacer::DAY;
use pycap_capture::{Frame, Interface, Next, OwnedFrame, Result, Source, Timestamp};

/// What a frame takes besides its bytes, about.
const OVERHEAD: usize = size_of::<OwnedFrame>() + 16;

/// The frames of a source, kept in memory: a source that gives them over and over, if that is [asked for](Self::repeat).
#[derive(Debug)]
pub struct Recording {
    frames: Vec<OwnedFrame>,
    interfaces: Vec<Interface>,
    at: usize,
    /// How many times it is to be given, and was.
    times: u64,
    passes: u64,
    /// Nanoseconds from the start of a pass to that of the next.
    period: i128,
}

impl Recording {
    /// Reads all of a source; `None` if that took more than so many bytes of memory, and then the source is somewhere in its midst.
    ///
    /// # Errors
    ///
    /// What the source says.
    pub fn read(source: &mut dyn Source, most: usize) -> Result<Option<Self>> {
        let (frames, interfaces) = (Vec::new(), Vec::new());
        let mut recording = Self { frames, interfaces, at: 0, times: 1, passes: 0, period: 0 };
        let mut bytes = 0_usize;
        while let Some(frame) = source.next_frame()? {
            bytes += frame.data().len() + OVERHEAD;
            if bytes > most {
                return Ok(None);
            }
            recording.frames.push(frame.to_owned());
        }
        recording.interfaces = source.interfaces().to_vec();
        recording.period = recording.period();
        Ok(Some(recording))
    }

    /// How many frames there are.
    pub fn len(&self) -> usize {
        self.frames.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Gives all frames so many times, or for ever. Their times go on: the first frame follows the last one of the pass before by the mean
    /// gap between frames, those of more than a day, and back in time, not counted. A [`Replay`](super::Replay) that may leave out all of them needs to know their
    /// [number](super::Replay::pass_len) to end.
    #[must_use]
    pub fn repeat(mut self, times: Option<u64>) -> Self {
        self.times = times.unwrap_or(u64::MAX);
        self
    }

    fn period(&self) -> i128 {
        let mut times = self.frames.iter().filter_map(|frame| frame.as_frame().timestamp());
        let Some(first) = times.next() else { return 0 };
        let (mut last, mut span) = (first, 0);
        let (mut sum, mut gaps) = (0_i128, 0);
        for time in times {
            let gap = time.nanos_since(last);
            if (0..=DAY.as_nanos() as i128).contains(&gap) {
                sum += gap;
                gaps += 1;
            }
            span = span.max(time.nanos_since(first));
            last = time;
        }
        span + if gaps > 0 { sum / gaps } else { 0 }
    }
}

impl Source for Recording {
    fn next_frame_until(&mut self, _: Option<Instant>) -> Result<Next<'_>> {
        Ok(self.next_frame()?.map_or(Next::Finished, Next::Frame))
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        if self.at == self.frames.len() && self.passes + 1 < self.times {
            self.at = 0;
            self.passes += 1;
        }
        let Some(frame) = self.frames.get(self.at).map(OwnedFrame::as_frame) else { return Ok(None) };
        self.at += 1;
        let Some(time) = frame.timestamp().filter(|_| self.passes > 0 && self.period > 0) else {
            return Ok(Some(frame));
        };
        let shift = self.period.saturating_mul(self.passes.into());
        Ok(Some(frame.with_timestamp(Timestamp::from_nanos(time.as_nanos().saturating_add(shift)))))
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}
