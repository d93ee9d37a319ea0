//! Several rings that share the frames of an interface.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::Filter;

/// How the rings of a group share the frames: each frame goes to one of them.
///
/// ```no_run
/// use pycap_capture::{Fanout, PacketRing};
///
/// for mut ring in PacketRing::builder("eth0").fanout(Fanout::hash()).open_group(4)? {
///     std::thread::spawn(move || {
///         while let Ok(Some(block)) = ring.next_block() {
///             println!("{} frames", block.frames().count());
///         }
///     });
/// }
/// # Ok::<(), pycap_capture::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Fanout {
    pub(super) mode: Mode,
    pub(super) flags: u16,
    pub(super) group: Option<u16>,
}

#[derive(Clone, Debug)]
pub(super) enum Mode {
    Plain(u16),
    Program(Filter),
    Ebpf(Arc<OwnedFd>),
}

impl Fanout {
    /// By the flow: both directions of a connection go to the same ring. The kernel hashes addresses and ports; see
    /// [`defragment`](Self::defragment).
    pub const fn hash() -> Self {
        Self::plain(libc::PACKET_FANOUT_HASH)
    }

    /// In turn.
    pub const fn load_balance() -> Self {
        Self::plain(libc::PACKET_FANOUT_LB)
    }

    /// By the processor that received the frame.
    pub const fn cpu() -> Self {
        Self::plain(libc::PACKET_FANOUT_CPU)
    }

    /// All to the first ring that has room.
    pub const fn rollover() -> Self {
        Self::plain(libc::PACKET_FANOUT_ROLLOVER)
    }

    /// By chance.
    pub const fn random() -> Self {
        Self::plain(libc::PACKET_FANOUT_RND)
    }

    /// By the queue of the network card that received the frame.
    pub const fn queue() -> Self {
        Self::plain(libc::PACKET_FANOUT_QM)
    }

    /// By what a classic BPF program returns, modulo the number of rings. It sees received frames from the network's header on, behind
    /// the link's (`packet_rcv_fanout` in net/packet/af_packet.c).
    pub fn program(program: &Filter) -> Self {
        Self { mode: Mode::Program(program.clone()), flags: 0, group: None }
    }

    /// By what an eBPF program (of type socket filter, loaded by other means) returns, modulo the number of rings. It sees what a
    /// [`program`](Self::program) sees.
    pub fn ebpf(program: OwnedFd) -> Self {
        Self { mode: Mode::Ebpf(Arc::new(program)), flags: 0, group: None }
    }

    /// In the group of this number, 0 to 65,535. Rings that are opened one by one, in one process or several, share the frames where
    /// interface, mode, flags and number are the same. Without a number, the kernel picks a free one for each
    /// [`open_group`](super::Builder::open_group).
    #[must_use]
    pub const fn group(mut self, number: u16) -> Self {
        self.group = Some(number);
        self
    }

    /// Puts IPv4 fragments together before the flow is looked at, as only the first has ports. The frames that are captured are then
    /// the whole datagrams.
    #[must_use]
    pub const fn defragment(mut self) -> Self {
        self.flags |= libc::PACKET_FANOUT_FLAG_DEFRAG as u16;
        self
    }

    /// Gives a frame to another ring where the one that it was meant for is full.
    #[must_use]
    pub const fn or_rollover(mut self) -> Self {
        self.flags |= libc::PACKET_FANOUT_FLAG_ROLLOVER as u16;
        self
    }

    const fn plain(mode: u32) -> Self {
        Self { mode: Mode::Plain(mode as u16), flags: 0, group: None }
    }

    /// The kernel's number for the mode.
    pub(super) fn kind(&self) -> u16 {
        match self.mode {
            Mode::Plain(kind) => kind,
            Mode::Program(_) => libc::PACKET_FANOUT_CBPF as u16,
            Mode::Ebpf(_) => libc::PACKET_FANOUT_EBPF as u16,
        }
    }
}
