//! Where the headers stand in a frame that have to follow what they carry: lengths, and checksums.
//!
//! The walk is that of `pycap-wire`, and goes on into VXLAN, Geneve, GRE, MPLS and PPPoE.

use std::net::IpAddr;

use pycap_wire::checksum::{Verifier, fold, internet, pseudo, sum};
use pycap_wire::{
    Application, EtherType, GeneveHeader, GreHeader, IpProtocol, Layer, Layers, LinkType, MplsHeader, Next,
    PppHeader, PppProtocol, PppoeHeader, SctpHeader, UdpLiteHeader, VxlanHeader, VxlanNextProtocol,
};

/// More headers of these kinds no frame has; what comes after them is data.
const MOST_PARTS: usize = 12;
/// More tunnels in one another than this are data.
const MOST_TUNNELS: usize = 6;
/// The port that Linux sends VXLAN to unless told otherwise (`vxlan_port` in drivers/net/vxlan/vxlan_core.c). It is registered for
/// something else (OTV), so the dissector does not guess; a capture marks what the kernel left unfinished in such a tunnel all the same.
const LINUX_VXLAN_PORT: u16 = 8472;

/// A header with a length or a checksum, and what it covers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part {
    pub(crate) kind: Kind,
    /// Where the header begins, and where what it carries ends, in bytes from the start of the frame.
    pub(crate) at: usize,
    pub(crate) end: usize,
    header_len: usize,
    /// The sum of the pseudo-header's addresses.
    addresses: u64,
    /// All that the checksum covers is there.
    whole: bool,
    is_ipv6: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Ipv4,
    Ipv6,
    Tcp,
    Udp,
    UdpLite,
    Icmpv4,
    Icmpv6,
    Igmp,
    Sctp,
    /// With or without a checksum.
    Gre(bool),
    Pppoe,
}

/// The headers of a frame, outermost first.
#[derive(Clone, Debug)]
pub(crate) struct Outline {
    parts: [Part; MOST_PARTS],
    len: usize,
    /// Where the data of the innermost layer begin.
    payload: usize,
    /// Between these headers stand only such as can be repeated before each piece of the payload.
    repeatable: bool,
}

/// Where the checksum of a transport stands in its header, in bytes: RFC 9293, 3.1; RFC 768; RFC 3828, 3.1; RFC 4340, 5.1; RFC 6275,
/// 6.1.1; RFC 4443, 2.1; RFC 792; RFC 9776, 4.1; RFC 9260, 3.1.
pub(crate) fn checksum_at(protocol: IpProtocol) -> Option<usize> {
    Some(match protocol {
        IpProtocol::TCP => 16,
        IpProtocol::UDP | IpProtocol::UDP_LITE | IpProtocol::DCCP => 6,
        IpProtocol::MOBILITY => 4,
        IpProtocol::ICMP | IpProtocol::ICMPV6 | IpProtocol::IGMP => 2,
        IpProtocol::SCTP => 8,
        _ => return None,
    })
}

impl Outline {
    /// The headers of a frame of which the capture cut off the last `cut` bytes; at 0, what IP says is missing is believed to be.
    pub(crate) fn of(link_type: LinkType, frame: &[u8], cut: usize) -> Self {
        const NONE: Part = Part {
            kind: Kind::Ipv6,
            at: 0,
            end: 0,
            header_len: 0,
            addresses: 0,
            whole: false,
            is_ipv6: false,
        };
        let mut this = Self { parts: [NONE; MOST_PARTS], len: 0, payload: 0, repeatable: true };
        let (mut next, mut at) = (Next::Link(link_type), 0);
        // Around a tunnel's own header, which the walk does not know.
        let mut around = Around::default();
        for _ in 0..MOST_TUNNELS {
            let rest = frame.get(at..).unwrap_or_default();
            let rest = rest.get(..around.end.saturating_sub(at)).filter(|_| around.end > 0).unwrap_or(rest);
            let mut layers = Layers::new(next, rest);
            if cut > 0 {
                layers = layers.with_cut(cut);
            }
            if !this.walk(&mut layers, at, &mut around) {
                return this;
            }
            at += layers.payload_offset();
            this.payload = at;
            let rest = layers.payload();
            let Some((inner, header_len)) = this.tunnel(layers.payload_kind(), rest, at, &around) else {
                return this;
            };
            (next, at) = (inner, at + header_len);
            this.payload = at;
            around.end = at + rest.len().saturating_sub(header_len);
        }
        this
    }

    /// Takes down the layers of a walk that begins at `base`; false where what follows them is of no interest.
    fn walk(&mut self, layers: &mut Layers<'_, '_>, base: usize, around: &mut Around) -> bool {
        while let Some(located) = layers.next_located() {
            let (layer, at) = (located.layer, base + located.offset);
            // A packet that an error quotes is a text to it, as it was when it was quoted.
            if located.quoted {
                return false;
            }
            around.verifier.pass(&layer);
            let end = at + layer.header_len() + layer.payload().len();
            let kind = match layer {
                Layer::Ipv4(_) | Layer::Ipv6(_) => {
                    around.ip_end = end;
                    around.missing = layer.missing();
                    if let Layer::Ipv4(_) = layer { Kind::Ipv4 } else { Kind::Ipv6 }
                }
                Layer::Tcp(_) => Kind::Tcp,
                Layer::Udp(_) => Kind::Udp,
                Layer::UdpLite(_) => Kind::UdpLite,
                Layer::Icmpv4(_) => Kind::Icmpv4,
                Layer::Icmpv6(_) => Kind::Icmpv6,
                Layer::Igmp(_) => Kind::Igmp,
                Layer::Ethernet(_)
                | Layer::Vlan(_)
                | Layer::Null(_)
                | Layer::Sll(_)
                | Layer::Sll2(_)
                | Layer::Ipv6HopByHop(_)
                | Layer::Ipv6Routing(_)
                | Layer::Ipv6DestinationOptions(_) => continue,
                // A length (LLC), a digest (AH), fragments.
                _ => {
                    self.repeatable = false;
                    continue;
                }
            };
            let is_sound = layer.defect().is_none();
            let whole = match kind {
                // The header alone.
                Kind::Ipv4 => is_sound && layer.header_len() >= 20,
                Kind::Ipv6 => false,
                _ => is_sound && layer.missing() == 0 && around.verifier.addresses().is_some(),
            };
            // Of a message the walk separates what it quotes and what follows that.
            let is_message = matches!(kind, Kind::Icmpv4 | Kind::Icmpv6 | Kind::Igmp);
            let end = if is_message { around.ip_end } else { end };
            if !self.push(kind, at, end, layer.header_len(), whole, around) {
                return false;
            }
        }
        true
    }

    /// What a tunnel's header carries that the walk does not know, and how long the header is.
    fn tunnel(&mut self, kind: Next, rest: &[u8], at: usize, around: &Around) -> Option<(Next, usize)> {
        let whole = around.missing == 0 && around.verifier.addresses().is_some();
        match kind {
            Next::IpProtocol(IpProtocol::SCTP) => {
                let (_, payload) = SctpHeader::split(rest)?;
                self.push(Kind::Sctp, at, at + rest.len(), SctpHeader::LEN, whole, around);
                self.payload = at + rest.len() - payload.len();
                None
            }
            Next::IpProtocol(IpProtocol::GRE) => {
                let (header, _) = GreHeader::split(rest)?;
                let len = header.header_len();
                // Sequence numbers would have to be counted, and source routes of RFC 1701 have lengths of their own.
                if header.version() != 0 || header.routing_present() || rest.len() < len {
                    return None;
                }
                self.repeatable &= !header.sequence_present();
                let kind = Kind::Gre(header.checksum_present());
                self.push(kind, at, at + rest.len(), len, whole, around).then_some(())?;
                Some((Next::EtherType(header.protocol_type()), len))
            }
            Next::EtherType(EtherType::MPLS_UNICAST | EtherType::MPLS_MULTICAST) => {
                let mut labels = rest;
                loop {
                    let (header, behind) = MplsHeader::split(labels)?;
                    labels = behind;
                    if header.bottom_of_stack() {
                        return Some((Next::Link(LinkType::RAW), rest.len() - behind.len()));
                    }
                }
            }
            Next::EtherType(EtherType::PPPOE_SESSION) => {
                let (_, behind) = PppoeHeader::split(rest)?;
                let (header, _) = PppHeader::split(behind)?;
                let len = PppoeHeader::LEN + PppHeader::LEN;
                self.push(Kind::Pppoe, at, at + rest.len(), PppoeHeader::LEN, false, around).then_some(())?;
                let next = match header.protocol() {
                    PppProtocol::IPV4 => EtherType::IPV4,
                    PppProtocol::IPV6 => EtherType::IPV6,
                    _ => return None,
                };
                Some((Next::EtherType(next), len))
            }
            Next::Application(Application::Vxlan) | Next::Udp { dst_port: LINUX_VXLAN_PORT, .. } => {
                let (header, _) = VxlanHeader::split(rest)?;
                let next = match header.next_protocol() {
                    _ if !header.vni_valid() => return None,
                    _ if !header.next_protocol_present() => Next::Link(LinkType::ETHERNET),
                    VxlanNextProtocol::IPV4 => Next::EtherType(EtherType::IPV4),
                    VxlanNextProtocol::IPV6 => Next::EtherType(EtherType::IPV6),
                    VxlanNextProtocol::ETHERNET => Next::Link(LinkType::ETHERNET),
                    _ => return None,
                };
                Some((next, VxlanHeader::LEN))
            }
            Next::Application(Application::Geneve) => {
                let (header, behind) = GeneveHeader::split(rest)?;
                let len = GeneveHeader::LEN + header.options_len();
                (header.version() == 0 && behind.len() >= header.options_len()).then_some(())?;
                Some((Next::EtherType(header.protocol()), len))
            }
            _ => None,
        }
    }

    /// Takes one more down; false where there is no place for it.
    fn push(
        &mut self,
        kind: Kind,
        at: usize,
        end: usize,
        header_len: usize,
        whole: bool,
        around: &Around,
    ) -> bool {
        let Some(part) = self.parts.get_mut(self.len) else {
            self.repeatable = false;
            return false;
        };
        let addresses = around.verifier.addresses();
        let is_ipv6 = matches!(addresses, Some((IpAddr::V6(_), _)));
        let addresses = addresses.and_then(|(src, dst)| pseudo(src, dst, IpProtocol(0), 0)).unwrap_or(0);
        *part = Part { kind, at, end, header_len, addresses, whole, is_ipv6 };
        self.len += 1;
        true
    }

    /// The headers, outermost first.
    pub(crate) fn parts(&self) -> &[Part] {
        self.parts.get(..self.len).unwrap_or_default()
    }

    /// The innermost header, and where its payload begins, if all headers up to there can be repeated before each piece of that.
    pub(crate) fn repeatable(&self) -> Option<(Part, usize)> {
        let last = *self.parts().last()?;
        let is_innermost = self.payload == last.at + last.header_len;
        let are_whole = self.parts().iter().all(|part| part.whole || part.checksum_at().is_none());
        (self.repeatable && are_whole && is_innermost).then_some((last, self.payload))
    }

    /// How many bytes of payload may follow `headers` bytes of headers, so that each length of theirs has a place in its 16 bits.
    pub(crate) fn most_payload(&self, headers: usize) -> usize {
        let counted = self.parts().iter().filter_map(|part| Some(part.at + part.length()?.1));
        counted.map(|from| (from + usize::from(u16::MAX)).saturating_sub(headers)).min().unwrap_or(usize::MAX)
    }

    /// Completes the checksums of a frame as its network card would have, and says whether there was one to be completed.
    ///
    /// The kernel leaves the sum of the pseudo-header in the field (CHECKSUM_PARTIAL in include/linux/skbuff.h), or with SCTP zero:
    /// wherever a transport's has that, at whatever depth of tunnels. Where none has it, it is the innermost one's.
    pub(crate) fn complete(&self, frame: &mut [u8]) -> bool {
        let mut left = self.parts().iter().filter(|part| part.is_unfinished(frame)).count();
        if left == 0 {
            let last = self.parts().iter().rfind(|part| part.is_offloaded());
            return last.is_some_and(|part| part.whole && part.write_checksum(frame).is_some());
        }
        // Innermost first: an outer one covers the inner one. Those in between are right once the inner one is complete (LCO in
        // Documentation/networking/checksum-offloads.rst).
        for part in self.parts().iter().rev() {
            if part.is_unfinished(frame) && part.whole {
                left -= usize::from(part.write_checksum(frame).is_some());
            }
        }
        left == 0
    }

    /// Computes all checksums anew, and says whether one was changed. A UDP checksum of 0 stays, where it may: it says that there is
    /// none (RFC 768, and for tunnels over IPv6 RFC 6935). So do those of which not all is there that they cover.
    pub(crate) fn fix(&self, frame: &mut [u8]) -> bool {
        let mut changed = false;
        for (number, part) in self.parts().iter().enumerate().rev() {
            let may_be_none = !part.is_ipv6 || number + 1 < self.len;
            if part.whole && !(may_be_none && part.has_none(frame)) {
                changed |= part.write_checksum(frame) == Some(true);
            }
        }
        changed
    }
}

/// What is around the header that comes next.
#[derive(Default)]
struct Around {
    verifier: Verifier,
    /// How much of the innermost IP packet is not there, and where that ends.
    missing: usize,
    ip_end: usize,
    /// Where the payload of the tunnel ends; 0 outside of one.
    end: usize,
}

impl Part {
    fn protocol(&self) -> Option<IpProtocol> {
        Some(match self.kind {
            Kind::Tcp => IpProtocol::TCP,
            Kind::Udp => IpProtocol::UDP,
            Kind::UdpLite => IpProtocol::UDP_LITE,
            Kind::Icmpv4 => IpProtocol::ICMP,
            Kind::Icmpv6 => IpProtocol::ICMPV6,
            Kind::Igmp => IpProtocol::IGMP,
            Kind::Sctp => IpProtocol::SCTP,
            Kind::Ipv4 | Kind::Ipv6 | Kind::Gre(_) | Kind::Pppoe => return None,
        })
    }

    /// Where its checksum stands, in bytes from the start of the header.
    fn checksum_at(&self) -> Option<usize> {
        match self.kind {
            // RFC 791, 3.1; RFC 2784, 2.1.
            Kind::Ipv4 => Some(10),
            Kind::Gre(true) => Some(4),
            _ => self.protocol().and_then(checksum_at),
        }
    }

    fn field(&self, frame: &[u8]) -> Option<[u8; 2]> {
        frame.get(self.at + self.checksum_at()?..)?.first_chunk().copied()
    }

    /// Whether it says that it has no checksum.
    pub(crate) fn has_none(&self, frame: &[u8]) -> bool {
        self.kind == Kind::Udp && self.field(frame) == Some([0, 0])
    }

    /// Whether network cards compute its checksum.
    fn is_offloaded(&self) -> bool {
        matches!(self.kind, Kind::Tcp | Kind::Udp | Kind::Sctp)
    }

    /// Whether its checksum is what the kernel leaves to the network card.
    fn is_unfinished(&self, frame: &[u8]) -> bool {
        let seed = match self.kind {
            Kind::Tcp | Kind::Udp => fold(self.pseudo()).to_be_bytes(),
            Kind::Sctp => return frame.get(self.at + 8..self.at + 12) == Some(&[0; 4]),
            _ => return false,
        };
        self.field(frame) == Some(seed)
    }

    fn pseudo(&self) -> u64 {
        let protocol = self.protocol().map_or(0, |protocol| protocol.0);
        self.addresses + u64::from(protocol) + self.end.saturating_sub(self.at) as u64
    }

    /// Writes the checksum, and says whether it was another; `None` if it has none, or not where it should be.
    pub(crate) fn write_checksum(&self, frame: &mut [u8]) -> Option<bool> {
        let at = self.checksum_at()?;
        let bytes = frame.get_mut(self.at..self.end)?;
        if self.kind == Kind::Sctp {
            let old = *bytes.get(at..)?.first_chunk::<4>()?;
            bytes.get_mut(at..at + 4)?.fill(0);
            let crc = crc32c::crc32c(bytes);
            let (header, _) = SctpHeader::split_mut(bytes)?;
            header.set_crc32c(crc);
            return Some(header.checksum().to_be_bytes() != old);
        }
        let old = *bytes.get(at..)?.first_chunk::<2>()?;
        bytes.get_mut(at..at + 2)?.fill(0);
        let new = match self.kind {
            Kind::Ipv4 => internet(bytes.get(..self.header_len)?),
            Kind::Icmpv4 | Kind::Igmp | Kind::Gre(_) => internet(bytes),
            Kind::UdpLite => {
                let coverage = match usize::from(UdpLiteHeader::split(bytes)?.0.coverage()) {
                    0 => bytes.len(),
                    coverage => coverage,
                };
                let covered = bytes.get(..coverage).unwrap_or(bytes);
                !fold(self.pseudo() + sum(covered))
            }
            _ => !fold(self.pseudo() + sum(bytes)),
        };
        // 0 says that there is none (RFC 768; RFC 3828, 3.1).
        let never_zero = matches!(self.kind, Kind::Udp | Kind::UdpLite);
        let new = if new == 0 && never_zero { 0xffff } else { new };
        bytes.get_mut(at..at + 2)?.copy_from_slice(&new.to_be_bytes());
        Some(new.to_be_bytes() != old)
    }

    /// The same header where it ends elsewhere, the lengths and the checksum written that follow from that.
    pub(crate) fn write_ending_at(self, end: usize, frame: &mut [u8]) -> Self {
        if let Some((at, counted_from)) = self.length()
            && let Some(field) = frame.get_mut(self.at + at..self.at + at + 2)
        {
            // Callers keep to `most_payload`.
            let len = end.saturating_sub(self.at + counted_from);
            field.copy_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_be_bytes());
        }
        Self { end, ..self }
    }

    /// Where its 16-bit length stands, and from where that counts, in bytes from the start of the header: RFC 791, 3.1; RFC 8200, 3;
    /// RFC 768; RFC 2516, 4.
    fn length(&self) -> Option<(usize, usize)> {
        match self.kind {
            Kind::Ipv4 => Some((2, 0)),
            Kind::Ipv6 => Some((4, 40)),
            Kind::Udp => Some((4, 0)),
            Kind::Pppoe => Some((4, PppoeHeader::LEN)),
            _ => None,
        }
    }
}
