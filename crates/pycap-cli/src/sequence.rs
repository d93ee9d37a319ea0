//! TCP numbers relative to the first ones of their connection, as tcpdump shows them.

use std::collections::HashMap;
use std::net::IpAddr;

use pycap_wire::{IpProtocol, Ipv4, Ipv6, Layer, Next, Packet, Tcp, TcpFlags, Transport};

/// What the connections of a capture started with.
///
/// tcpdump remembers every connection for ever. Here memory is bounded: the connections are kept in two generations of
/// at most [`GENERATION`] each, and the older one is dropped when the younger is full. A connection that is seen again
/// moves to the younger.
pub(crate) struct Connections {
    generation: usize,
    young: HashMap<Connection, Start>,
    old: HashMap<Connection, Start>,
}

/// Some 60 MB, if both generations are full.
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

impl Default for Connections {
    fn default() -> Self {
        Self { generation: GENERATION, young: HashMap::new(), old: HashMap::new() }
    }
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
        if !tcp.flags().contains(TcpFlags::SYN)
            && let Some(start) = self.find(&connection)
        {
            return if reverse { (start.high, start.low) } else { (start.low, start.high) };
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
        if self.young.len() >= self.generation {
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

#[cfg(test)]
mod tests {
    use pycap_wire::LinkType;

    use super::*;

    /// Raw IPv4: a segment without data, from 192.0.2.1 to 192.0.2.2 or back.
    fn segment(back: bool, port: u16, flags: u8, seq: u32, ack: u32) -> Vec<u8> {
        let (src, dst) = if back { ((2, 80), (1, port)) } else { ((1, port), (2, 80)) };
        let mut bytes = vec![0x45, 0, 0, 40, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, src.0, 192, 0, 2, dst.0];
        bytes.extend([src.1, dst.1].map(u16::to_be_bytes).as_flattened());
        bytes.extend([seq, ack].map(u32::to_be_bytes).as_flattened());
        bytes.extend([0x50, flags, 0, 0, 0, 0, 0, 0]);
        bytes
    }

    fn base(connections: &mut Connections, bytes: &[u8]) -> (u32, u32) {
        connections.base(&Packet::parse(LinkType::RAW, bytes))
    }

    const SYN: u8 = 2;
    const ACK: u8 = 16;

    #[test]
    fn both_directions_count_from_their_first_number() {
        let mut connections = Connections::default();
        assert_eq!(base(&mut connections, &segment(false, 4000, SYN, 100, 0)), (0, 0));
        assert_eq!(base(&mut connections, &segment(true, 4000, SYN | ACK, 5000, 101)), (0, 0));
        assert_eq!(base(&mut connections, &segment(false, 4000, ACK, 101, 5001)), (100, 5000));
        assert_eq!(base(&mut connections, &segment(true, 4000, ACK, 5001, 102)), (5000, 100));
        assert_eq!(base(&mut connections, &segment(true, 4000, SYN | ACK, 9000, 7)), (0, 0));
        assert_eq!(base(&mut connections, &segment(true, 4000, ACK, 9001, 7)), (9000, 6));
    }

    #[test]
    fn tunnels_are_looked_into() {
        let inner = segment(false, 4000, ACK, 101, 5001);
        let mut tunnel = vec![0x45, 0, 0, 60, 0, 0, 0, 0, 64, 4, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2];
        tunnel.extend(&inner);
        let mut connections = Connections::default();
        assert_eq!(base(&mut connections, &tunnel), (0, 0));
        assert_eq!(base(&mut connections, &tunnel), (101, 5000));
        assert_eq!(base(&mut connections, &inner), (101, 5000));
    }

    #[test]
    fn what_is_not_seen_for_long_is_forgotten() {
        let mut connections = Connections { generation: 2, ..Connections::default() };
        for port in 1..=5 {
            base(&mut connections, &segment(false, port, ACK, 100, 100));
            base(&mut connections, &segment(false, 1, ACK, 200, 200));
        }
        assert!(connections.young.len() + connections.old.len() <= 4);
        assert_eq!(base(&mut connections, &segment(false, 1, ACK, 300, 300)), (100, 99));
        assert_eq!(base(&mut connections, &segment(false, 2, ACK, 300, 300)), (0, 0));
    }
}
