//! Questions put on a wire, and the answers that come back.

use std::error;
use std::fmt;
use std::time::{Duration, Instant};

use pycap_capture::{Live, LiveCapture, Next, OwnedFrame, Source};
use pycap_wire::Packet;

use crate::{Injector, Reply, SendError, Sender};

/// An answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The frame as it came.
    pub frame: OwnedFrame,
    /// How it answers the question.
    pub reply: Reply,
    /// The time from just before the question was sent until its answer was read.
    pub round_trip: Duration,
}

/// Why there is no answer, but for that none came.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// The question could not be sent.
    Send(SendError),
    /// Answers could not be received.
    Receive(pycap_capture::Error),
}

/// Sends `question` and waits for what answers it, no longer than `timeout`; `None` if nothing did.
///
/// `source` is open before the question is sent, so no answer can come too early for it. Frames that wait in it are read, and
/// passed over; what a [`Reply`] is decides.
///
/// # Errors
/// The question was not sent, or the source failed.
pub fn send_and_receive(
    sender: &mut dyn Sender,
    source: &mut dyn Source,
    question: &[u8],
    timeout: Duration,
) -> Result<Option<Answer>, AskError> {
    let packet = Packet::parse(sender.link_type(), question);
    let sent = Instant::now();
    // A time-out that no clock can count to has no end.
    let deadline = sent.checked_add(timeout);
    sender.send(question)?;
    sender.flush()?;
    loop {
        match source.next_frame_until(deadline)? {
            Next::Frame(frame) => {
                let reply = Reply::between(&packet, &Packet::parse(frame.link_type(), frame.data()));
                if let Some(reply) = reply {
                    return Ok(Some(Answer { frame: frame.to_owned(), reply, round_trip: sent.elapsed() }));
                }
                // Other traffic must not keep it here.
                if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                    return Ok(None);
                }
            }
            Next::TimedOut | Next::Finished => return Ok(None),
        }
    }
}

/// An interface that questions are put on.
///
/// ```no_run
/// use std::time::Duration;
/// use pycap_inject::{Asker, Layer, layer};
///
/// let mut asker = Asker::open("eth0")?;
/// let syn = (
///     layer::Ethernet::new([2, 0, 0, 0, 0, 2], [2, 0, 0, 0, 0, 1]),
///     layer::Ipv4::new([192, 0, 2, 1], [192, 0, 2, 2]),
///     layer::Tcp::syn(40000, 80, 1),
/// );
/// match asker.ask(&syn.build()?, Duration::from_secs(1))? {
///     Some(answer) => println!("{:?} after {:?}", answer.reply, answer.round_trip),
///     None => println!("no answer"),
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Asker {
    injector: Injector,
    capture: LiveCapture,
}

impl Asker {
    /// Opens an interface for sending and receiving: the capture gives each frame when it comes.
    ///
    /// # Errors
    /// As [`Injector::open`] and [`Live::open`].
    pub fn open(interface: &str) -> Result<Self, AskError> {
        let capture = Live::on(interface).immediate(true).open()?;
        Ok(Self { injector: Injector::open(interface)?, capture })
    }

    /// Sends `question` and waits for its answer: [`send_and_receive`].
    ///
    /// # Errors
    /// As [`send_and_receive`].
    pub fn ask(&mut self, question: &[u8], timeout: Duration) -> Result<Option<Answer>, AskError> {
        send_and_receive(&mut self.injector, &mut self.capture, question, timeout)
    }

    /// What is asked through.
    pub fn injector(&mut self) -> &mut Injector {
        &mut self.injector
    }
}

impl From<SendError> for AskError {
    fn from(error: SendError) -> Self {
        Self::Send(error)
    }
}

impl From<pycap_capture::Error> for AskError {
    fn from(error: pycap_capture::Error) -> Self {
        Self::Receive(error)
    }
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Send(error) => error.fmt(f),
            Self::Receive(error) => error.fmt(f),
        }
    }
}

impl error::Error for AskError {}
