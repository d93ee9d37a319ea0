//! Frames into a capture file.

use std::fmt;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use pycap_capture::{Error, ErrorKind, Frame, SavefileWriter, Timestamp};
use pycap_wire::LinkType;

use super::{SendError, SendErrorKind, SendStats, Sender};

/// A sender that writes frames to a capture file, each with the time at which it was sent.
///
/// ```
/// use pycap_capture::SavefileWriter;
/// use pycap_inject::sender::{LinkType, SavefileSender, Sender};
///
/// let file = SavefileWriter::builder().to_writer(Vec::new()).unwrap();
/// let mut sender = SavefileSender::new(file, LinkType::ETHERNET);
/// sender.send(&[0xff; 60])?;
/// let bytes = sender.into_writer().finish().unwrap();
/// assert_eq!(bytes.len(), 24 + 16 + 60);
/// # Ok::<(), pycap_inject::SendError>(())
/// ```
pub struct SavefileSender<W: Write + Send = File> {
    writer: SavefileWriter<W>,
    link_type: LinkType,
    stats: SendStats,
}

impl SavefileSender {
    /// Writes frames of this link type to the pcap file at `path`, which is made, or emptied if it is there. For other formats and places,
    /// [`new`](Self::new) takes a writer.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::Io`] if it cannot be written.
    pub fn create(path: impl AsRef<Path>, link_type: LinkType) -> Result<Self, SendError> {
        let writer = SavefileWriter::builder().link_type(link_type).create(path).map_err(failed)?;
        Ok(Self::new(writer, link_type))
    }
}

impl<W: Write + Send> SavefileSender<W> {
    /// Writes frames of this link type to a capture file that was begun.
    pub fn new(writer: SavefileWriter<W>, link_type: LinkType) -> Self {
        Self { writer, link_type, stats: SendStats::default() }
    }

    /// The file, to be [finished](SavefileWriter::finish): dropping the sender ends it as well, but then nobody hears of errors.
    pub fn into_writer(self) -> SavefileWriter<W> {
        self.writer
    }
}

impl<W: Write + Send> Sender for SavefileSender<W> {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        let written = self.writer.write(Frame::new(frame, self.link_type).with_timestamp(Timestamp::now()));
        match written {
            Ok(()) => {
                self.stats.count(frame.len());
                Ok(())
            }
            Err(error) => {
                let error = failed(error);
                self.stats.count_error(&error);
                Err(error)
            }
        }
    }

    fn flush(&mut self) -> Result<(), SendError> {
        self.writer.flush().map_err(failed)
    }

    fn stats(&self) -> SendStats {
        self.stats
    }

    fn link_type(&self) -> LinkType {
        self.link_type
    }
}

impl<W: Write + Send> fmt::Debug for SavefileSender<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavefileSender").field("writer", &self.writer).field("stats", &self.stats).finish()
    }
}

#[cold]
fn failed(error: Error) -> SendError {
    let kind = match error.kind() {
        ErrorKind::NotRepresentable => SendErrorKind::InvalidFrame,
        ErrorKind::InvalidSetting => SendErrorKind::InvalidSetting,
        _ => SendErrorKind::Io,
    };
    SendError::new(kind, error.to_string())
}
