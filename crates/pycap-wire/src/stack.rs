//! Typed stacks: the header sequences that make up most traffic, taken at once, for hot loops.
//!
//! A stack is several headers as one struct: one length check takes them all, one masked compare of the few bytes that
//! decide (EtherType, version and header length, fragment, protocol) says whether they are what they seem. What is not
//! one of the stacks, or is cut short, or contradicts itself, comes as the general [`Packet`] in [`Stack::Other`],
//! so nothing is lost.
//!
//! ```
//! use pycap_wire::stack::Stack;
//!
//! fn bytes_to_port_443(frame: &[u8]) -> usize {
//!     match Stack::parse(frame) {
//!         Stack::Ipv4Tcp(s) if s.tcp().dst_port() == 443 => s.tcp().payload().len(),
//!         Stack::Ipv6Tcp(s) if s.tcp().dst_port() == 443 => s.tcp().payload().len(),
//!         Stack::Other(packet) => match packet.tcp() {
//!             Some(tcp) if tcp.dst_port() == 443 => tcp.payload().len(),
//!             _ => 0,
//!         },
//!         _ => 0,
//!     }
//! }
//! # assert_eq!(bytes_to_port_443(&[0; 60]), 0);
//! ```

use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

use crate::*;

/// An Ethernet frame as one of the typed stacks, or as a general [`Packet`].
#[derive(Debug, Clone, Copy)]
#[allow(clippy::large_enum_variant, reason = "boxing would allocate")]
pub enum Stack<'a> {
    /// Ethernet / IPv4 / TCP.
    Ipv4Tcp(Ipv4Tcp<'a>),
    /// Ethernet / IPv4 / UDP.
    Ipv4Udp(Ipv4Udp<'a>),
    /// Ethernet / IPv6 / TCP.
    Ipv6Tcp(Ipv6Tcp<'a>),
    /// Ethernet / IPv6 / UDP.
    Ipv6Udp(Ipv6Udp<'a>),
    /// Anything else: other protocols, VLAN tags, IP options, fragments, truncated and malformed packets.
    Other(Packet<'a>),
}

impl<'a> Stack<'a> {
    /// Takes an Ethernet frame.
    #[inline(always)]
    pub fn parse(frame: &'a [u8]) -> Self {
        Self::quick(frame).unwrap_or_else(|| Self::Other(Packet::beyond_stacks(LinkType::ETHERNET, frame)))
    }

    /// One of the typed stacks, or nothing.
    #[inline(always)]
    pub(crate) fn quick(frame: &'a [u8]) -> Option<Self> {
        let decision = Ipv4Lead::decide(frame)?;
        if decision == Ipv4Lead::sign(IpProtocol::TCP) {
            return Ipv4Tcp::after(frame).map(Self::Ipv4Tcp);
        }
        if decision == Ipv4Lead::sign(IpProtocol::UDP) {
            return Ipv4Udp::after(frame).map(Self::Ipv4Udp);
        }
        let decision = Ipv6Lead::decide(frame)?;
        if decision == Ipv6Lead::sign(IpProtocol::TCP) {
            return Ipv6Tcp::after(frame).map(Self::Ipv6Tcp);
        }
        if decision == Ipv6Lead::sign(IpProtocol::UDP) {
            return Ipv6Udp::after(frame).map(Self::Ipv6Udp);
        }
        None
    }

    /// The general form of the same packet.
    pub fn packet(&self) -> Packet<'a> {
        match self {
            Self::Ipv4Tcp(stack) => stack.packet(),
            Self::Ipv4Udp(stack) => stack.packet(),
            Self::Ipv6Tcp(stack) => stack.packet(),
            Self::Ipv6Udp(stack) => stack.packet(),
            Self::Other(packet) => *packet,
        }
    }

    /// The packet's flow key, where it has IP addresses; see [`FlowKey`].
    #[inline(always)]
    pub fn flow_key(&self) -> Option<FlowKey> {
        match self {
            Self::Ipv4Tcp(stack) => Some(stack.flow_key()),
            Self::Ipv4Udp(stack) => Some(stack.flow_key()),
            Self::Ipv6Tcp(stack) => Some(stack.flow_key()),
            Self::Ipv6Udp(stack) => Some(stack.flow_key()),
            Self::Other(packet) => packet.flow_key(),
        }
    }
}

/// The bytes of Ethernet / IPv4 / TCP, cut where the decision falls.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Ipv4Lead {
    addresses: [u8; 12],
    /// EtherType, version and header length, type of service.
    kind: [u8; 4],
    length_and_id: [u8; 4],
    /// Flags and fragment offset, time to live, protocol.
    fragment: [u8; 4],
    rest: [u8; 30],
}

impl Ipv4Lead {
    /// What [`decide`](Self::decide) gives for IPv4 without options, not fragmented, with a protocol.
    const fn sign(protocol: IpProtocol) -> u32 {
        u32::from_ne_bytes([0, 0, 0, protocol.0])
    }

    /// The bytes that decide, masked and put on top of each other.
    #[inline(always)]
    fn decide(frame: &[u8]) -> Option<u32> {
        const KIND: u32 = u32::from_ne_bytes([0x08, 0x00, 0x45, 0x00]);
        const KIND_MASK: u32 = u32::from_ne_bytes([0xff, 0xff, 0xff, 0x00]);
        const FRAGMENT_MASK: u32 = u32::from_ne_bytes([0x3f, 0xff, 0x00, 0xff]);
        let (lead, _) = Self::ref_from_prefix(frame).ok()?;
        let kind = (u32::from_ne_bytes(lead.kind) & KIND_MASK) ^ KIND;
        Some(kind | u32::from_ne_bytes(lead.fragment) & FRAGMENT_MASK)
    }
}

/// The bytes of Ethernet / IPv6 and a UDP header, cut where the decision falls.
#[derive(FromBytes, Immutable, KnownLayout, Unaligned)]
#[repr(C)]
struct Ipv6Lead {
    addresses: [u8; 12],
    /// EtherType, version, traffic class, the flow label's first bits.
    kind: [u8; 4],
    flow: u8,
    /// The flow label's last bits, payload length, next header.
    next_header: [u8; 4],
    rest: [u8; 41],
}

impl Ipv6Lead {
    /// What [`decide`](Self::decide) gives for IPv6 with a next header.
    const fn sign(next_header: IpProtocol) -> u32 {
        u32::from_ne_bytes([0, 0, 0, next_header.0])
    }

    /// The bytes that decide, masked and put on top of each other.
    #[inline(always)]
    fn decide(frame: &[u8]) -> Option<u32> {
        const KIND: u32 = u32::from_ne_bytes([0x86, 0xdd, 0x60, 0x00]);
        const KIND_MASK: u32 = u32::from_ne_bytes([0xff, 0xff, 0xf0, 0x00]);
        const NEXT_MASK: u32 = u32::from_ne_bytes([0x00, 0x00, 0x00, 0xff]);
        let (lead, _) = Self::ref_from_prefix(frame).ok()?;
        let kind = (u32::from_ne_bytes(lead.kind) & KIND_MASK) ^ KIND;
        Some(kind | u32::from_ne_bytes(lead.next_header) & NEXT_MASK)
    }
}

/// Declares one stack: `Lead` decides, `Net` and `Transport` are the headers after Ethernet.
macro_rules! stack {
    (
        $(#[$meta:meta])*
        pub struct $Name:ident = $Headers:ident($Lead:ident, $PROTOCOL:ident) {
            $Net:ident, $NetHeader:ident;
            $transport:ident: $Transport:ident, $TransportHeader:ident;
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        pub struct $Name<'a> {
            frame: &'a [u8],
            headers: &'a $Headers,
            payload: &'a [u8],
        }

        #[derive(Debug, FromBytes, Immutable, KnownLayout, Unaligned)]
        #[repr(C)]
        struct $Headers {
            ethernet: EthernetHeader,
            ip: $NetHeader,
            transport: $TransportHeader,
        }

        impl $Headers {
            const NET: usize = EthernetHeader::LEN;
            const TRANSPORT: usize = Self::NET + $NetHeader::LEN;
            const REST: usize = Self::TRANSPORT + $TransportHeader::LEN;

            /// Where the IP packet ends in the frame, as its header claims it.
            #[inline(always)]
            fn end(&self) -> usize {
                Self::NET + self.ip.whole_len()
            }
        }

        impl<'a> $Name<'a> {
            /// Takes the Ethernet frame, if it is this stack: whole, sound, and not a fragment.
            #[inline(always)]
            pub fn parse(frame: &'a [u8]) -> Option<Self> {
                if $Lead::decide(frame)? == $Lead::sign(IpProtocol::$PROTOCOL) { Self::after(frame) } else { None }
            }

            /// The stack, after its lead decided.
            #[inline(always)]
            fn after(frame: &'a [u8]) -> Option<Self> {
                let (headers, _) = $Headers::ref_from_prefix(frame).ok()?;
                let packet = frame.get(..headers.end())?;
                let payload = headers.transport.payload_in(packet, $Headers::TRANSPORT)?;
                Some(Self { frame, headers, payload })
            }

            /// Ethernet.
            #[inline(always)]
            pub fn ethernet(&self) -> Ethernet<'a> {
                let payload = self.frame.get($Headers::NET..).unwrap_or_default();
                Ethernet::from_parts(&self.headers.ethernet, payload)
            }

            /// IP.
            #[inline(always)]
            pub fn ip(&self) -> $Net<'a> {
                let payload = self.frame.get($Headers::TRANSPORT..self.headers.end()).unwrap_or_default();
                $Net::whole(&self.headers.ip, payload)
            }

            /// The transport.
            #[inline(always)]
            pub fn $transport(&self) -> $Transport<'a> {
                let rest = self.frame.get($Headers::REST..self.headers.end()).unwrap_or_default();
                $Transport::whole(&self.headers.transport, rest, self.payload)
            }

            /// The transport's payload.
            #[inline(always)]
            pub fn payload(&self) -> &'a [u8] {
                self.payload
            }

            /// The offset of [`payload`](Self::payload) from the frame's first byte.
            #[inline(always)]
            pub fn payload_offset(&self) -> usize {
                $Headers::TRANSPORT + self.headers.transport.claimed_len()
            }

            /// The packet's flow key.
            #[inline(always)]
            pub fn flow_key(&self) -> FlowKey {
                FlowKey::new(
                    (self.headers.ip.src().into(), self.headers.transport.src_port()),
                    (self.headers.ip.dst().into(), self.headers.transport.dst_port()),
                    IpProtocol::$PROTOCOL,
                )
            }

            /// The general form of the same packet.
            #[inline(always)]
            pub fn packet(&self) -> Packet<'a> {
                Packet::from_stack(
                    self.frame,
                    self.ethernet(),
                    self.ip().into(),
                    IpProtocol::$PROTOCOL,
                    Transport::$Transport(self.$transport()),
                    self.payload,
                )
            }
        }
    };
}

stack! {
    /// Ethernet / IPv4 without options, not fragmented / TCP.
    pub struct Ipv4Tcp = Ipv4TcpHeaders(Ipv4Lead, TCP) {
        Ipv4, Ipv4Header;
        tcp: Tcp, TcpHeader;
    }
}

stack! {
    /// Ethernet / IPv4 without options, not fragmented / UDP.
    pub struct Ipv4Udp = Ipv4UdpHeaders(Ipv4Lead, UDP) {
        Ipv4, Ipv4Header;
        udp: Udp, UdpHeader;
    }
}

stack! {
    /// Ethernet / IPv6 without extension headers / TCP.
    pub struct Ipv6Tcp = Ipv6TcpHeaders(Ipv6Lead, TCP) {
        Ipv6, Ipv6Header;
        tcp: Tcp, TcpHeader;
    }
}

stack! {
    /// Ethernet / IPv6 without extension headers / UDP.
    pub struct Ipv6Udp = Ipv6UdpHeaders(Ipv6Lead, UDP) {
        Ipv6, Ipv6Header;
        udp: Udp, UdpHeader;
    }
}
