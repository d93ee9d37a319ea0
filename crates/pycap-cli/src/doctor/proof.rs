//! Proof of the main job: packets are sent, captured, dissected and compared.

use std::fmt;
use std::io::ErrorKind;
use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use pycap_capture::{NextBlock, PacketRing};
use pycap_wire::Transport;

/// Packets that the proof sends.
const PACKETS: usize = 1000;

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where packets are sent and captured.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// What it is, to be told.
    name: &'static str,
    /// Where they are captured.
    pub(super) interface: &'static str,
    /// The address that they are sent from, and the one that they are sent to.
    pub(super) from: Ipv4Addr,
    to: Ipv4Addr,
}

/// A pair of interfaces, the sending one of which has this address (RFC 5737: for examples only); they are sent to everyone on its network.
pub(super) const PAIR: Place = Place {
    name: "a veth pair",
    interface: "pycap1",
    from: Ipv4Addr::new(192, 0, 2, 1),
    to: Ipv4Addr::new(192, 0, 2, 255),
};
pub(super) const PAIR_SENDS: &str = "pycap0";
pub(super) const PREFIX_LEN: u8 = 24;

/// Where nothing of its own can be made.
pub(super) const LOOPBACK: Place = Place {
    name: "this machine's loopback interface",
    interface: "lo",
    from: Ipv4Addr::LOCALHOST,
    to: Ipv4Addr::LOCALHOST,
};

/// RFC 863: what is sent to it is thrown away.
const DISCARD: u16 = 9;

/// What was proved.
pub(super) struct Proof {
    place: &'static str,
    took: Duration,
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, took } = self;
        write!(
            f,
            "{PACKETS} packets sent over {place}, {PACKETS} captured, every byte equal, in order, in {took:.0?}"
        )
    }
}

/// Sends and captures there; to be called inside the namespace.
pub(super) fn prove(place: Place) -> Result<Proof, String> {
    let start = Instant::now();
    let mut ring =
        PacketRing::builder(place.interface).promiscuous(true).open().map_err(|error| error.to_string())?;
    let port = send(place).map_err(|error| format!("cannot send: {error}"))?;
    let mut captured = 0;
    while captured < PACKETS {
        let deadline = Some(start + PATIENCE);
        let block = match ring.next_block_until(deadline).map_err(|error| error.to_string())? {
            NextBlock::Block(block) => block,
            NextBlock::TimedOut | NextBlock::Finished => {
                return Err(format!("only {captured} of {PACKETS} packets came within {PATIENCE:?}"));
            }
        };
        for frame in block.frames() {
            let packet = frame.packet();
            // Whatever the system itself sends on a new interface is not ours.
            let Some(Transport::Udp(udp)) = packet.transport() else { continue };
            if udp.src_port() != port {
                continue;
            }
            if udp.payload() != payload(captured) {
                return Err(format!("packet {} came with other bytes than it was sent with", captured + 1));
            }
            captured += 1;
        }
    }
    let stats = ring.stats().map_err(|error| error.to_string())?;
    match stats.dropped {
        Some(0) | None => Ok(Proof { place: place.name, took: start.elapsed() }),
        Some(lost) => Err(format!("the kernel says that it lost {lost} packets")),
    }
}

/// Sends all packets through the kernel's own stack; returns the port that they come from.
fn send(place: Place) -> std::io::Result<u16> {
    let socket = UdpSocket::bind((place.from, 0))?;
    socket.set_broadcast(true)?;
    for number in 0..PACKETS {
        match socket.send_to(&payload(number), (place.to, DISCARD)) {
            // That nobody takes what was sent before is as it should be.
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                socket.send_to(&payload(number), (place.to, DISCARD))?
            }
            sent => sent?,
        };
    }
    Ok(socket.local_addr()?.port())
}

/// Bytes like no other packet's, 18 to 1,472 of them.
fn payload(number: usize) -> Vec<u8> {
    let bytes = 18 + number * 7919 % 1455;
    (0..bytes).map(|at| (number * 31 + at * 7) as u8).collect()
}
