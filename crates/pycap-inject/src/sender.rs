//! Bytes to the wire: one trait, and a sender a way.
//!
//! | sender | what it takes | where |
//! |---|---|---|
//! | [`PacketSocket`] | frames of the interface's link type, by AF_PACKET and `sendmmsg` | Linux |
//! | [`TxRing`] | the same, by a ring that is shared with the kernel | Linux |
//! | [`RawIp`] | IPv4 and IPv6 packets, which the kernel routes | Linux |
//! | [`PcapSender`] | frames, by libpcap | wherever libpcap is |
//! | [`LibnetSender`] | frames or packets, by libnet | wherever libnet is |
//! | [`SavefileSender`] | frames, into a capture file | everywhere |
//!
//! [`Injector`] picks one by the name of an interface:
//!
//! ```no_run
//! use pycap_inject::{Injector, Sender};
//!
//! let mut injector = Injector::open("eth0")?;
//! injector.send(&[0xff; 60])?;
//! println!("{:?}", injector.stats());
//! # Ok::<(), pycap_inject::SendError>(())
//! ```
//!
//! *Accepted* is a frame that the kernel has taken over to be sent: what the network card, the cable and the other end do to it afterwards
//! no sender can know.

mod error;
mod injector;
#[cfg(feature = "libnet")]
mod libnet;
#[cfg(target_os = "linux")]
pub(crate) mod link;
#[cfg(target_os = "linux")]
pub(crate) mod netlink;
#[cfg(target_os = "linux")]
mod offload;
#[cfg(target_os = "linux")]
mod packet_socket;
#[cfg(feature = "libpcap")]
mod pcap;
#[cfg(target_os = "linux")]
mod raw_ip;
#[cfg(feature = "capture")]
mod savefile;
mod stats;
#[cfg(target_os = "linux")]
mod sys;
#[cfg(target_os = "linux")]
mod target;
#[cfg(target_os = "linux")]
mod tx_ring;
mod wait;

pub use error::{BatchError, Excess, SendError, SendErrorKind};
pub use injector::{Backend, Injector, InjectorBuilder};
#[cfg(feature = "libnet")]
pub use libnet::{LibnetMode, LibnetSender};
#[cfg(target_os = "linux")]
pub use offload::{OffloadHeader, Segmentation};
#[cfg(target_os = "linux")]
pub use packet_socket::{PacketSocket, PacketSocketBuilder};
#[cfg(feature = "libpcap")]
pub use pcap::PcapSender;
pub use pycap_wire::LinkType;
#[cfg(target_os = "linux")]
pub use raw_ip::{RawIp, RawIpBuilder};
#[cfg(feature = "capture")]
pub use savefile::SavefileSender;
pub use stats::SendStats;
#[cfg(target_os = "linux")]
pub use tx_ring::{TxRing, TxRingBuilder};

/// What puts frames on a wire, or where a wire's frames go.
pub trait Sender: Send {
    /// Sends a frame: what [`link_type`](Self::link_type) says, from its first byte on, without a frame check sequence.
    ///
    /// # Errors
    ///
    /// If it was not accepted. Where the system has no room it is tried again for as long as the sender waits.
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError>;

    /// Sends frames in order, and stops at the first one that is not accepted.
    ///
    /// # Errors
    ///
    /// How many were accepted, and why the next was not. That one and the ones after it were not sent.
    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        for (accepted, frame) in frames.iter().enumerate() {
            self.send(frame).map_err(|error| BatchError { accepted, error })?;
        }
        Ok(())
    }

    /// Waits until the system needs nothing any more of what was accepted: a ring until the kernel has read all frames out of it, a file
    /// until all is written. It waits no longer than the sender waits for room.
    ///
    /// # Errors
    ///
    /// [`SendErrorKind::NoBuffers`] if there is still something then, and what the system says.
    fn flush(&mut self) -> Result<(), SendError> {
        Ok(())
    }

    /// What was sent so far, and what was not.
    fn stats(&self) -> SendStats;

    /// What frames start with.
    fn link_type(&self) -> LinkType;

    /// How many bytes it takes of a frame that begins like this one, link header included: by the interface's MTU when it was opened.
    /// `None` where that is not known, and where there is no such bound, as in a file.
    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        let _ = frame;
        None
    }
}

impl<S: Sender + ?Sized> Sender for Box<S> {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        (**self).send(frame)
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        (**self).send_batch(frames)
    }

    fn flush(&mut self) -> Result<(), SendError> {
        (**self).flush()
    }

    fn stats(&self) -> SendStats {
        (**self).stats()
    }

    fn link_type(&self) -> LinkType {
        (**self).link_type()
    }

    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        (**self).frame_limit(frame)
    }
}

impl<S: Sender + ?Sized> Sender for &mut S {
    fn send(&mut self, frame: &[u8]) -> Result<(), SendError> {
        (**self).send(frame)
    }

    fn send_batch(&mut self, frames: &[&[u8]]) -> Result<(), BatchError> {
        (**self).send_batch(frames)
    }

    fn flush(&mut self) -> Result<(), SendError> {
        (**self).flush()
    }

    fn stats(&self) -> SendStats {
        (**self).stats()
    }

    fn link_type(&self) -> LinkType {
        (**self).link_type()
    }

    fn frame_limit(&self, frame: &[u8]) -> Option<usize> {
        (**self).frame_limit(frame)
    }
}

const _: Option<Box<dyn Sender>> = None;
