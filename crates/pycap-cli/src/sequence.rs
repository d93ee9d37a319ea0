//! TCP numbers relative to the first ones of their connection, as tcpdump shows them.

use std::collections::HashMap;
use std::net::IpAddr;

use pycap_wire::{IpProtocol, Ipv4, Ipv6, Layer, Next, Packet, Tcp, TcpFlags, Transport};

/// What the connections of a capture started with.
///
/// tcpdump remembers every connection for ever. Here memory is bounded: the connections are kept in two generations of
/// at most [`GENERATION`] each, and the older one is dropped when the younger is full. A connection that is seen again
/// moves to the younger.
#[derive(Default)]
pub(crate) struct Connections {
    young: HashMap<Connection, Start>,
    old: HashMap<Connection, Start>,
}

/// 60 MB at most.
const GENERATION: usize = 1 << 18;

/// The two ends of a connection, in an order that is the same for both directions.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Connection {
    low: (IpAddr, u16),
    high: (IpAddr, u16),
}

/// The number before the first byte of each direction.
#[derive(Clone, Copy)]
struct Start {
    /// From the low end.
    low: u32,
    /// From the high end.
    high: u32,
}

impl Connections {
    /// What to subtract from the packet's sequence and acknowledgment numbers.
    ///
    /// The first segment of a connection with an acknowledgment, and every SYN with one, shows its own numbers and makes
    /// them the start; so does tcpdump.
    pub(crate) fn base(&mut self, packet: &Packet<'_>) -> (u32, u32) {
        let Some((src, dst, tcp)) = tcp_of(packet) else { return (0, 0) };
        if !tcp.flags().contains(TcpFlags::ACK) || tcp.defect().is_some() {
            return (0, 0);
        }
        let (from, to) = ((src, tcp.src_port()), (dst, tcp.dst_port()));
        let reverse = from > to;
        let (low, high) = if reverse { (to, from) } else { (from, to) };
        let connection = Connection { low, high };
        if !tcp.flags().contains(TcpFlags::SYN) {
            if let Some(start) = self.find(&connection) {
                return if reverse { (start.high, start.low) } else { (start.low, start.high) };
            }
        }
        let (own, other) = (tcp.seq(), tcp.ack().wrapping_sub(1));
        let start = if reverse { Start { low: other, high: own } } else { Start { low: own, high: other } };
        self.insert(connection, start);
        (0, 0)
    }

    fn find(&mut self, connection: &Connection) -> Option<Start> {
        if let Some(start) = self.young.get(connection) {
            return Some(*start);
        }
        let start = self.old.remove(connection)?;
        self.insert(*connection, start);
        Some(start)
    }

    fn insert(&mut self, connection: Connection, start: Start) {
        if self.young.len() >= GENERATION {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(connection, start);
    }
}

/// The TCP segment that the packet's line shows, and the addresses of the IP packet right around it.
fn tcp_of<'a>(packet: &Packet<'a>) -> Option<(IpAddr, IpAddr, Tcp<'a>)> {
    if let (Some(Transport::Tcp(tcp)), Some(ip)) = (packet.transport(), packet.ip()) {
        return Some((ip.src(), ip.dst(), tcp));
    }
    if !matches!(packet.next(), Next::IpProtocol(IpProtocol::IPV4 | IpProtocol::IPV6)) {
        return None;
    }
    let addresses_v4 = |ip: &Ipv4<'_>| (ip.src().into(), ip.dst().into());
    let addresses_v6 = |ip: &Ipv6<'_>| (ip.src().into(), ip.dst().into());
    let mut addresses = None;
    for layer in packet.layers() {
        match layer {
            Layer::Ipv4(ip) => addresses = Some(addresses_v4(&ip)),
            Layer::Ipv6(ip) => addresses = Some(addresses_v6(&ip)),
            Layer::Udp(_) | Layer::Icmpv4(_) | Layer::Icmpv6(_) => return None,
            Layer::Tcp(tcp) => return addresses.map(|(src, dst)| (src, dst, tcp)),
            _ => {}
        }
    }
    None
}
