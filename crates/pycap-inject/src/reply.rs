//! Whether one packet answers another.

use std::net::IpAddr;

use pycap_wire::application::dns::DnsHeader;
use pycap_wire::{
    Arp, ArpOperation, Icmpv4, Icmpv4Type, Icmpv6Message, Icmpv6Type, IpProtocol, Layer, LinkType, Packet,
    Tcp, TcpFlags, Transport,
};

/// How a packet answers another.
///
/// ```
/// use pycap_inject::{Layer, Reply, layer};
/// use pycap_wire::{LinkType, Packet, TcpFlags};
///
/// let (a, b) = ([10, 0, 0, 1], [10, 0, 0, 2]);
/// let question = (layer::Ipv4::new(a, b), layer::Tcp::syn(4000, 80, 7), "").build()?;
/// let answer = (layer::Ipv4::new(b, a), layer::Tcp::new(80, 4000).ack(8).flags(TcpFlags::SYN | TcpFlags::ACK), "").build()?;
/// let parse = |bytes| Packet::parse(LinkType::RAW, bytes);
/// let reply = Reply::between(&parse(&question), &parse(&answer));
/// assert_eq!(reply, Some(Reply::Tcp(TcpFlags::SYN | TcpFlags::ACK)));
/// # Ok::<(), pycap_inject::BuildError>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reply {
    /// The address that an ARP or RARP message asked for.
    Arp,
    /// The reply to an ICMP echo, timestamp, information or address mask request, of either version.
    Icmp,
    /// The advertisement that a neighbour or router solicitation asked for.
    Ndp,
    /// A segment that acknowledges what was sent, or resets the connection.
    Tcp(TcpFlags),
    /// A datagram back.
    Udp,
    /// The response to a DNS query.
    Dns,
    /// An ICMP error that quotes the packet.
    IcmpError {
        /// Its type, of the ICMP version that goes with the IP version.
        icmp_type: u8,
        /// Its code.
        code: u8,
    },
}

/// Ports of DNS: of servers (RFC 1035), on the link (RFC 6762, RFC 4795).
const DNS_PORTS: [u16; 3] = [53, 5353, 5355];

impl Reply {
    /// How `answer` answers `question`; `None` where it does not.
    ///
    /// Looked at are ARP, and of IP the outermost packets. A question to a group or to all may be answered by anyone. Ports and
    /// addresses, identifiers and sequence numbers have to fit; checksums are not verified.
    pub fn between(question: &Packet<'_>, answer: &Packet<'_>) -> Option<Self> {
        if let (Some(question), Some(answer)) = (question.arp(), answer.arp()) {
            return arp(&question, &answer);
        }
        let (asked, told) = (question.ip()?, answer.ip()?);
        if let Some(error) = icmp_error(question, answer) {
            return Some(error);
        }
        if told.dst() != asked.src() || !(told.src() == asked.dst() || is_for_many(asked.dst())) {
            return ndp(question, answer);
        }
        match (question.transport()?, answer.transport()?) {
            (Transport::Tcp(question), Transport::Tcp(answer)) => tcp(&question, &answer),
            (Transport::Udp(asked), Transport::Udp(told)) => {
                if (told.src_port(), told.dst_port()) != (asked.dst_port(), asked.src_port()) {
                    return None;
                }
                match (dns(&asked), dns(&told)) {
                    (Some(query), Some(response)) => {
                        (response.id() == query.id() && response.qr() && !query.qr()).then_some(Self::Dns)
                    }
                    _ => Some(Self::Udp),
                }
            }
            (Transport::Icmpv4(question), Transport::Icmpv4(answer)) => icmpv4(&question, &answer),
            (Transport::Icmpv6(asked), Transport::Icmpv6(told)) => match (asked.message(), told.message()) {
                (Icmpv6Message::EchoRequest(asked), Icmpv6Message::EchoReply(told)) if asked == told => {
                    Some(Self::Icmp)
                }
                _ => ndp(question, answer),
            },
            _ => None,
        }
    }
}

fn arp(question: &Arp<'_>, answer: &Arp<'_>) -> Option<Reply> {
    let fits = match (question.operation(), answer.operation()) {
        (ArpOperation::REQUEST, ArpOperation::REPLY) => {
            question.target_protocol() == answer.sender_protocol()
                && question.sender_protocol() == answer.target_protocol()
        }
        (ArpOperation::REVERSE_REQUEST, ArpOperation::REVERSE_REPLY)
        | (ArpOperation::INVERSE_REQUEST, ArpOperation::INVERSE_REPLY) => {
            question.target_hardware() == answer.target_hardware()
                || question.target_hardware() == answer.sender_hardware()
        }
        _ => false,
    };
    (fits && question.protocol_type() == answer.protocol_type()).then_some(Reply::Arp)
}

/// RFC 9293, 3.10.7: what is acknowledged is what the question had, SYN and FIN counting as a byte each.
fn tcp(question: &Tcp<'_>, answer: &Tcp<'_>) -> Option<Reply> {
    if (answer.src_port(), answer.dst_port()) != (question.dst_port(), question.src_port()) {
        return None;
    }
    let flags = question.flags();
    let controls = [TcpFlags::SYN, TcpFlags::FIN].into_iter().filter(|flag| flags.contains(*flag)).count();
    let next = question.seq().wrapping_add((question.payload_len() + controls) as u32);
    let acknowledges = answer.flags().contains(TcpFlags::ACK) && answer.ack() == next;
    let resets = answer.flags().contains(TcpFlags::RST);
    (acknowledges || resets).then(|| Reply::Tcp(answer.flags()))
}

fn dns<'a>(udp: &pycap_wire::Udp<'a>) -> Option<&'a DnsHeader> {
    let speaks = DNS_PORTS.contains(&udp.src_port()) || DNS_PORTS.contains(&udp.dst_port());
    DnsHeader::split(udp.payload()).filter(|_| speaks).map(|(header, _)| header)
}

fn icmpv4(question: &Icmpv4<'_>, answer: &Icmpv4<'_>) -> Option<Reply> {
    let reply = match question.icmp_type() {
        Icmpv4Type::ECHO_REQUEST => Icmpv4Type::ECHO_REPLY,
        Icmpv4Type::TIMESTAMP_REQUEST => Icmpv4Type::TIMESTAMP_REPLY,
        Icmpv4Type::INFORMATION_REQUEST => Icmpv4Type::INFORMATION_REPLY,
        Icmpv4Type::ADDRESS_MASK_REQUEST => Icmpv4Type::ADDRESS_MASK_REPLY,
        _ => return None,
    };
    // Identifier and sequence number stand in the same place of all of them (RFC 792).
    let same = question.body().get(..4)? == answer.body().get(..4)?;
    (answer.icmp_type() == reply && same).then_some(Reply::Icmp)
}

/// RFC 4861, 7.2.4 and 6.2.6: the advertisement may go to all nodes, and a target may be another address than its sender's.
fn ndp(question: &Packet<'_>, answer: &Packet<'_>) -> Option<Reply> {
    let (Some(Transport::Icmpv6(question)), Some(Transport::Icmpv6(answer))) =
        (question.transport(), answer.transport())
    else {
        return None;
    };
    let fits = match (question.message(), answer.message()) {
        (Icmpv6Message::NeighborSolicitation(asked, _), Icmpv6Message::NeighborAdvertisement(told, _)) => {
            asked.target() == told.target()
        }
        (Icmpv6Message::RouterSolicitation(..), Icmpv6Message::RouterAdvertisement(..)) => true,
        _ => false,
    };
    fits.then_some(Reply::Ndp)
}

/// An error quotes the packet from its IP header on, at least 8 bytes of what follows that (RFC 792, RFC 4443, 2.4).
fn icmp_error(question: &Packet<'_>, answer: &Packet<'_>) -> Option<Reply> {
    let (quoted, icmp_type, code) = match answer.transport()? {
        Transport::Icmpv4(icmp) => {
            (Packet::parse(LinkType::IPV4, icmp.quoted()?), icmp.icmp_type().0, icmp.code())
        }
        // A redirect has the packet in an option.
        Transport::Icmpv6(icmp) if icmp.icmp_type() != Icmpv6Type::REDIRECT => {
            (Packet::parse(LinkType::IPV6, icmp.quoted()?), icmp.icmp_type().0, icmp.code())
        }
        _ => return None,
    };
    let (asked, told) = (question.ip()?, quoted.ip()?);
    let protocol = question.ip_protocol()?;
    if (asked.src(), asked.dst()) != (told.src(), told.dst()) || quoted.ip_protocol()? != protocol {
        return None;
    }
    let (asked, told) = (upper_layer(question)?, upper_layer(&quoted)?);
    let told_apart = match protocol {
        IpProtocol::TCP => 0..8,
        IpProtocol::UDP | IpProtocol::UDP_LITE => 0..4,
        // The checksum may have been filled in on the way out, and a router may have changed it.
        IpProtocol::ICMP | IpProtocol::ICMPV6 => 4..8,
        _ => 0..asked.len().min(told.len()).min(8),
    };
    (asked.get(told_apart.clone())? == told.get(told_apart)?).then_some(Reply::IcmpError { icmp_type, code })
}

/// What follows the outermost IP header and its extension headers.
fn upper_layer<'a>(packet: &Packet<'a>) -> Option<&'a [u8]> {
    let mut layers = packet.layers();
    let mut after_ip = false;
    while let Some(located) = layers.next_located() {
        match located.layer {
            Layer::Ipv4(_) | Layer::Ipv6(_) if !after_ip => after_ip = true,
            Layer::Ipv6HopByHop(_)
            | Layer::Ipv6Routing(_)
            | Layer::Ipv6Fragment(_)
            | Layer::Ipv6DestinationOptions(_)
            | Layer::Ah(_) => (),
            _ if after_ip => return packet.data().get(located.offset..),
            _ => (),
        }
    }
    packet.data().get(layers.payload_offset()..).filter(|_| after_ip)
}

fn is_for_many(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_multicast() || address.is_broadcast(),
        IpAddr::V6(address) => address.is_multicast(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::{Ipv4, Tcp, Udp};
    use crate::{Layer as _, Stack};

    const A: [u8; 4] = [10, 0, 0, 1];
    const B: [u8; 4] = [10, 0, 0, 2];

    fn reply(question: impl crate::Layer, answer: impl crate::Layer) -> Option<Reply> {
        let (question, answer) = (question.build().unwrap(), answer.build().unwrap());
        Reply::between(&Packet::parse(LinkType::RAW, &question), &Packet::parse(LinkType::RAW, &answer))
    }

    #[test]
    fn tcp_acknowledges_or_resets() {
        let syn = (Ipv4::new(A, B), Tcp::syn(1, 2, u32::MAX), "");
        let back = |tcp: Tcp| (Ipv4::new(B, A), tcp, "");
        let flags = TcpFlags::SYN | TcpFlags::ACK;
        assert_eq!(reply(&syn, back(Tcp::new(2, 1).ack(0).flags(flags))), Some(Reply::Tcp(flags)));
        assert_eq!(reply(&syn, back(Tcp::new(2, 1).ack(1).flags(flags))), None);
        assert_eq!(reply(&syn, back(Tcp::new(2, 1).flags(TcpFlags::RST))), Some(Reply::Tcp(TcpFlags::RST)));
        assert_eq!(reply(&syn, back(Tcp::new(2, 3).ack(0).flags(flags))), None);
        assert_eq!(reply(&syn, (Ipv4::new([10, 0, 0, 3], A), Tcp::new(2, 1).ack(0).flags(flags), "")), None);
        let data = (Ipv4::new(A, B), Tcp::new(1, 2).seq(10).flags(TcpFlags::ACK), "four");
        assert_eq!(
            reply(&data, back(Tcp::new(2, 1).ack(14).flags(TcpFlags::ACK))),
            Some(Reply::Tcp(TcpFlags::ACK))
        );
        assert_eq!(reply(&data, &data), None);
    }

    #[test]
    fn udp_comes_back_and_dns_by_its_identifier() {
        let echo = (Ipv4::new(A, B), Udp::new(4000, 7), "x");
        assert_eq!(reply(&echo, (Ipv4::new(B, A), Udp::new(7, 4000), "y")), Some(Reply::Udp));
        assert_eq!(reply(&echo, (Ipv4::new(B, A), Udp::new(8, 4000), "y")), None);
        let many = (Ipv4::new(A, [224, 0, 0, 251]), Udp::new(4000, 7), "x");
        assert_eq!(reply(&many, (Ipv4::new(B, A), Udp::new(7, 4000), "y")), Some(Reply::Udp));
        let message = |id: u8, flags: u8| [0, id, flags, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        let query = (Ipv4::new(A, B), Udp::new(4000, 53), message(7, 1));
        assert_eq!(reply(&query, (Ipv4::new(B, A), Udp::new(53, 4000), message(7, 0x81))), Some(Reply::Dns));
        assert_eq!(reply(&query, (Ipv4::new(B, A), Udp::new(53, 4000), message(8, 0x81))), None);
        assert_eq!(reply(&query, (Ipv4::new(B, A), Udp::new(53, 4000), message(7, 1))), None);
    }

    #[test]
    fn an_error_quotes_the_question() {
        let question = (Ipv4::new(A, B), Udp::new(4000, 7), "some data").build().unwrap();
        let error = |quoted: &[u8]| {
            let icmp = [&[3, 3, 0, 0, 0, 0, 0, 0], quoted].concat();
            (Ipv4::new([10, 0, 0, 9], A).protocol(IpProtocol::ICMP), icmp).build().unwrap()
        };
        let between = |answer: &[u8]| {
            Reply::between(&Packet::parse(LinkType::RAW, &question), &Packet::parse(LinkType::RAW, answer))
        };
        let expected = Some(Reply::IcmpError { icmp_type: 3, code: 3 });
        assert_eq!(between(&error(&question)), expected);
        assert_eq!(between(&error(&question[..28])), expected);
        assert_eq!(between(&error(&question[..23])), None);
        let other = (Ipv4::new(A, B), Udp::new(4001, 7), "some data").build().unwrap();
        assert_eq!(between(&error(&other)), None);
        let stack: Stack = [Ipv4::new(A, B)].into_iter().collect();
        assert_eq!(reply(&stack, &stack), None);
    }

    #[test]
    fn arp_tells_what_was_asked() {
        let arp = |operation: u8, sender: [u8; 4], target: [u8; 4]| {
            let head = [0, 1, 8, 0, 6, 4, 0, operation];
            [&head[..], &[2; 6], &sender, &[0; 6], &target].concat()
        };
        let frame = |arp: &[u8]| [&[0xff; 6][..], &[2; 6], &[8, 6], arp].concat();
        let between = |answer: &[u8]| {
            let question = frame(&arp(1, A, B));
            Reply::between(
                &Packet::parse(LinkType::ETHERNET, &question),
                &Packet::parse(LinkType::ETHERNET, &frame(answer)),
            )
        };
        assert_eq!(between(&arp(2, B, A)), Some(Reply::Arp));
        assert_eq!(between(&arp(2, A, B)), None);
        assert_eq!(between(&arp(1, B, A)), None);
    }
}
