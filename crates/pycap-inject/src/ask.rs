//! Questions put on a wire, and the answers that come back.

use std::error;
use std::fmt;
#[cfg(target_os = "linux")]
use std::net::IpAddr;
use std::time::{Duration, Instant};

use pycap_capture::{Direction, Frame, Live, LiveCapture, Next, OwnedFrame, Source, StopHandle, Timestamp};
#[cfg(target_os = "linux")]
use pycap_wire::MacAddr;
use pycap_wire::{LinkType, Packet};

#[cfg(target_os = "linux")]
use crate::{Backend, NextHop, layer, resolve_next_hop};
use crate::{BuildError, Injector, Layer, Reply, SendError, Sender};

/// An answer.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Answer {
    /// The frame as it came.
    pub frame: OwnedFrame,
    /// How it answers the question.
    pub reply: Reply,
    /// The time from when the question left until its answer came.
    pub round_trip: Duration,
    /// Whether both ends of the round trip are times that were taken where frames pass into and out of the interface: the answer's own
    /// time, and that of the question as the source saw it go out. Otherwise it begins where the question was handed to its sender, as on
    /// a source that sees no outgoing frames, or past the interface's queue.
    pub is_kernel_time: bool,
}

/// Why there is no answer, but for that none came.
#[derive(Debug)]
#[non_exhaustive]
pub enum AskError {
    /// The question could not be sent.
    Send(SendError),
    /// Answers could not be received.
    Receive(pycap_capture::Error),
    /// The question could not be built.
    Build(BuildError),
    /// The asker was opened on an interface, and does not know to whom a question goes: [`Asker::question`] is for one that was
    /// opened with [`Asker::to`].
    NoDestination,
}

/// Sends `question` and waits for what answers it, no longer than `timeout`; `None` if nothing did, or the source was stopped.
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
    Ok(send_and_receive_all(sender, source, &[question], timeout)?.pop().flatten())
}

/// Sends several questions, one right behind the other, and waits for what answers each of them, no longer than `timeout` for all; the
/// answers in the order of the questions, `None` for those that nothing answered. It returns as soon as all are answered.
///
/// A frame answers one question only: of two that are the same, the first.
///
/// # Errors
/// As [`send_and_receive`].
pub fn send_and_receive_all(
    sender: &mut dyn Sender,
    source: &mut dyn Source,
    questions: &[&[u8]],
    timeout: Duration,
) -> Result<Vec<Option<Answer>>, AskError> {
    // A time-out that no clock can count to has no end.
    let deadline = Instant::now().checked_add(timeout);
    let link_type = sender.link_type();
    let mut asked = Vec::with_capacity(questions.len());
    for bytes in questions {
        asked.push(Question::new(link_type, bytes));
        sender.send(bytes)?;
    }
    sender.flush()?;
    let mut open = asked.len();
    while open > 0 {
        let Next::Frame(frame) = source.next_frame_until(deadline)? else { break };
        open -= usize::from(take(&mut asked, frame));
        // Other traffic must not keep it here.
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break;
        }
    }
    Ok(asked.into_iter().map(|question| question.answer).collect())
}

/// A question on its way.
struct Question<'q> {
    link_type: LinkType,
    bytes: &'q [u8],
    packet: Packet<'q>,
    /// When it was handed to its sender, by two clocks, and when it was seen to leave.
    handed: (Instant, Timestamp),
    left: Option<Timestamp>,
    answer: Option<Answer>,
}

/// Looks whether a frame is a question that leaves, or an answer; true for an answer.
fn take(asked: &mut [Question<'_>], frame: Frame<'_>) -> bool {
    let packet = frame.packet();
    let goes_out = frame.direction() != Direction::Inbound;
    let talks_to_itself = packet.ip().is_some_and(|ip| ip.src() == ip.dst());
    let mut is_question = false;
    for question in asked.iter_mut() {
        // At a loopback interface, which takes IP packets here and gives frames, each is seen once: when it comes in.
        let may_leave = goes_out || talks_to_itself || frame.link_type() != question.link_type;
        if may_leave && question.is(frame) {
            is_question = true;
            if question.left.is_none() {
                question.left = frame.timestamp();
                break;
            }
        }
    }
    if is_question {
        return false;
    }
    for question in asked.iter_mut().filter(|question| question.answer.is_none()) {
        if let Some(reply) = Reply::between(&question.packet, &packet) {
            question.answer = Some(question.answered(frame, reply));
            return true;
        }
    }
    false
}

impl<'q> Question<'q> {
    fn new(link_type: LinkType, bytes: &'q [u8]) -> Self {
        let handed = (Instant::now(), Timestamp::now());
        let packet = Packet::parse(link_type, bytes);
        Self { link_type, bytes, packet, handed, left: None, answer: None }
    }

    /// Whether this frame is the question.
    fn is(&self, frame: Frame<'_>) -> bool {
        if frame.link_type() == self.link_type {
            return frame.wire_bytes()[..] == *self.bytes;
        }
        // An IP packet that the kernel put into a frame, with what it fills into the header.
        let Some(ip) = self.packet.ip() else { return false };
        let len = match self.bytes.first() {
            Some(first) if first >> 4 == 4 => usize::from(first & 0xf) * 4,
            _ => 40,
        };
        let payload = self.bytes.get(len..).unwrap_or_default();
        let other = frame.packet();
        let is_same = other.ip().is_some_and(|other| other.dst() == ip.dst());
        is_same && other.ip_protocol() == self.packet.ip_protocol() && frame.data().ends_with(payload)
    }

    fn answered(&self, frame: Frame<'_>, reply: Reply) -> Answer {
        let (instant, handed) = self.handed;
        let since = |time: Timestamp| frame.timestamp()?.checked_duration_since(time);
        let seen = self.left.and_then(since);
        // Another clock than the system's, or one that was set in between, says nothing.
        let elapsed = instant.elapsed();
        let round_trip = seen.or_else(|| since(handed).filter(|time| *time <= elapsed)).unwrap_or(elapsed);
        Answer { frame: frame.to_owned(), reply, round_trip, is_kernel_time: seen.is_some() }
    }
}

/// An interface that questions are put on.
///
/// ```no_run
/// use std::time::Duration;
/// use pycap_inject::{Asker, layer};
///
/// // Whichever interface, router and source address the route says.
/// let mut asker = Asker::to("192.0.2.2".parse()?)?;
/// let ping = asker.question((layer::Icmpv4::echo_request(7, 1), "hello"))?;
/// let syn = asker.question((layer::Tcp::syn(40000, 80, 1), ""))?;
/// for answer in asker.ask_all(&[&ping, &syn], Duration::from_secs(1))? {
///     match answer {
///         Some(answer) => println!("{:?} after {:?}", answer.reply, answer.round_trip),
///         None => println!("no answer"),
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # This machine itself
///
/// To one of its own addresses, `127.0.0.1` and `::1` among them, a question goes by a raw socket and is answered by the machine's own
/// stack; [`to`](Self::to) sees to that. Put on the loopback interface as a frame, which [`open("lo")`](Self::open) does, the kernel
/// drops it: it comes in with a source address that is its own, a martian (`fib_validate_source` in net/ipv4/fib_frontend.c), unless
/// the settings `accept_local` and `route_localnet` allow that.
pub struct Asker {
    injector: Injector,
    capture: LiveCapture,
    #[cfg(target_os = "linux")]
    way: Option<Way>,
}

/// How a packet gets to where the questions go.
#[cfg(target_os = "linux")]
#[derive(Debug, Clone, Copy)]
struct Way {
    source: IpAddr,
    destination: IpAddr,
    /// The addresses of the frame, receiver's and sender's, where it goes in one.
    frame: Option<(MacAddr, MacAddr)>,
}

impl Asker {
    /// Opens an interface for sending and receiving: the capture gives each frame when it comes.
    ///
    /// # Errors
    /// As [`Injector::open`] and [`Live::open`].
    pub fn open(interface: &str) -> Result<Self, AskError> {
        let capture = Live::on(interface).immediate(true).open()?;
        Ok(Self::new(Injector::open(interface)?, capture))
    }

    /// Asks by this sender, and takes answers from this capture.
    pub fn new(injector: Injector, capture: LiveCapture) -> Self {
        Self {
            injector,
            capture,
            #[cfg(target_os = "linux")]
            way: None,
        }
    }

    /// Opens what it takes to ask this address, by the kernel's routes: the interface, and a neighbor whose hardware address is found out if
    /// it has to be, which takes a second at most. [`question`](Self::question) then builds packets that go there.
    ///
    /// # Errors
    /// As [`resolve_next_hop`] and [`open`](Self::open), [`NoRoute`](crate::SendErrorKind::NoRoute) also where the kernel has no source
    /// address for the way there.
    #[cfg(target_os = "linux")]
    pub fn to(destination: IpAddr) -> Result<Self, AskError> {
        Self::to_within(destination, Duration::from_secs(1))
    }

    /// The same; the neighbor has so long to tell its hardware address.
    ///
    /// # Errors
    /// As [`to`](Self::to).
    #[cfg(target_os = "linux")]
    pub fn to_within(destination: IpAddr, longest: Duration) -> Result<Self, AskError> {
        let hop = resolve_next_hop(destination, longest)?;
        let source = hop.source.ok_or_else(|| {
            let message = format!(
                "the kernel has no source address for {destination}: give {} one (`ip address add`), or open the interface",
                hop.interface
            );
            SendError::new(crate::SendErrorKind::NoRoute, message)
        })?;
        let mut this = if is_loopback(&hop) {
            Self::open_loopback(&hop.interface)?
        } else {
            Self::open(&hop.interface)?
        };
        let is_framed = this.injector.link_type() == LinkType::ETHERNET;
        let frame = if is_framed {
            let addresses = hop.neighbour_mac.zip(hop.mac).ok_or_else(|| {
                let (to, interface) = (hop.neighbour(destination), &hop.interface);
                let message = format!("open {interface} and put the frame's addresses into the question: that of {to} is not known");
                SendError::new(crate::SendErrorKind::Unresolved, message)
            })?;
            Some(addresses)
        } else {
            None
        };
        this.way = Some(Way { source, destination, frame });
        Ok(this)
    }

    /// Opens a loopback interface for IP packets to this machine's own addresses, which go by a raw socket.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    #[cfg(target_os = "linux")]
    pub fn open_loopback(interface: &str) -> Result<Self, AskError> {
        let capture = Live::on(interface).immediate(true).open()?;
        // By whichever interface: an address of another one is reached by loopback, and not from a socket that is bound to that.
        Ok(Self::new(Injector::builder_default().backend(Backend::RawIp).open()?, capture))
    }

    /// The layers in an IP packet from this machine to where the asker [goes](Self::to), in a frame if it takes one: what
    /// [`ask`](Self::ask) sends.
    ///
    /// # Errors
    /// [`AskError::Build`], and [`AskError::NoDestination`] if it was opened on an interface.
    pub fn question(&self, layers: impl Layer) -> Result<Vec<u8>, AskError> {
        #[cfg(target_os = "linux")]
        if let Some(Way { source, destination, frame }) = self.way {
            let link = frame.map(|(to, from)| layer::Ethernet::new(to, from));
            return Ok(match (source, destination, link) {
                (IpAddr::V4(from), IpAddr::V4(to), Some(link)) => {
                    (link, layer::Ipv4::new(from, to), layers).build()
                }
                (IpAddr::V4(from), IpAddr::V4(to), None) => (layer::Ipv4::new(from, to), layers).build(),
                (IpAddr::V6(from), IpAddr::V6(to), Some(link)) => {
                    (link, layer::Ipv6::new(from, to), layers).build()
                }
                (IpAddr::V6(from), IpAddr::V6(to), None) => (layer::Ipv6::new(from, to), layers).build(),
                _ => return Err(AskError::NoDestination),
            }?);
        }
        let _ = layers;
        Err(AskError::NoDestination)
    }

    /// Sends `question` and waits for its answer: [`send_and_receive`].
    ///
    /// # Errors
    /// As [`send_and_receive`].
    pub fn ask(&mut self, question: &[u8], timeout: Duration) -> Result<Option<Answer>, AskError> {
        send_and_receive(&mut self.injector, &mut self.capture, question, timeout)
    }

    /// Sends several questions and waits for the answers of all: [`send_and_receive_all`].
    ///
    /// # Errors
    /// As [`send_and_receive_all`].
    pub fn ask_all(
        &mut self,
        questions: &[&[u8]],
        timeout: Duration,
    ) -> Result<Vec<Option<Answer>>, AskError> {
        send_and_receive_all(&mut self.injector, &mut self.capture, questions, timeout)
    }

    /// What ends the wait for answers from another thread, for good: questions have those answers that came until then.
    pub fn stop_handle(&self) -> Option<StopHandle> {
        self.capture.stop_handle()
    }

    /// What is asked through.
    pub fn injector(&mut self) -> &mut Injector {
        &mut self.injector
    }
}

/// What goes to this machine itself goes by an interface that has a hardware address, of zeros, and no neighbors.
#[cfg(target_os = "linux")]
fn is_loopback(hop: &NextHop) -> bool {
    let link = crate::sender::link::Link::by_name(&hop.interface);
    link.is_ok_and(|link| link.has(libc::IFF_LOOPBACK))
}

impl From<BuildError> for AskError {
    fn from(error: BuildError) -> Self {
        Self::Build(error)
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
            Self::Build(error) => error.fmt(f),
            Self::NoDestination => {
                f.write_str("open the asker with Asker::to, or build the whole packet: it has no destination")
            }
        }
    }
}

impl error::Error for AskError {}
