//! A capture in memory, to be replayed over and over.

use std::time::Instant;

use pycap_capture::{Frame, Interface, Next, OwnedFrame, Result, Source};

/// What a frame takes besides its bytes, about.
const OVERHEAD: usize = size_of::<OwnedFrame>() + 16;

/// The frames of a source, kept in memory: a source that can be [rewound](Self::rewind).
#[derive(Debug, Default)]
pub struct Recording {
    frames: Vec<OwnedFrame>,
    interfaces: Vec<Interface>,
    at: usize,
}

impl Recording {
    /// Reads all of a source; `None` if that took more than so many bytes of memory, and then the source is somewhere in its midst.
    ///
    /// # Errors
    ///
    /// What the source says.
    pub fn read(source: &mut dyn Source, most: usize) -> Result<Option<Self>> {
        let mut recording = Self::default();
        let mut bytes = 0_usize;
        while let Some(frame) = source.next_frame()? {
            bytes += frame.data().len() + OVERHEAD;
            if bytes > most {
                return Ok(None);
            }
            recording.frames.push(frame.to_owned());
        }
        recording.interfaces = source.interfaces().to_vec();
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

    /// The next frame is the first one again.
    pub fn rewind(&mut self) {
        self.at = 0;
    }
}

impl Source for Recording {
    fn next_frame_until(&mut self, _: Option<Instant>) -> Result<Next<'_>> {
        Ok(self.next_frame()?.map_or(Next::Finished, Next::Frame))
    }

    fn next_frame(&mut self) -> Result<Option<Frame<'_>>> {
        let frame = self.frames.get(self.at).map(OwnedFrame::as_frame);
        self.at += usize::from(frame.is_some());
        Ok(frame)
    }

    fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }
}
