//! An IPv6 routing header.

use std::net::Ipv6Addr;

use pycap_wire::{IpProtocol, Ipv6RoutingHeader, Ipv6RoutingType};

use super::arguments::list;
use super::declare::layer;
use super::ipv6_option::MAX_HEADER;
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::value::FromValue;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 routing header (RFC 8200, 4.4). While segments are left, the payload's checksum covers the last address of the way.
    pub struct Ipv6Routing(Ipv6RoutingHeader) = "ipv6_routing";
    set {
        /// Which kind of routing: 0 source route, 2 mobile, 4 segment routing.
        "type" routing_type, set_routing_type: Ipv6RoutingType;
    }
    computed {
        /// What follows. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
        "nxt" next_header, set_next_header: IpProtocol, Numbers;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        "len" ext_len, set_ext_len: u8, Lengths;
        /// How many of the listed nodes are still to be visited: all; in segment routing all but the first one, which is the
        /// packet's destination; 0 in types of which the list is not known.
        "segleft" segments_left, set_segments_left: u8, Lengths;
    }
    also {}
    through {
        /// The nodes of types 0, 2 and 4: in segment routing from the last one of the way to the first, else in their order.
        "addrs" takes "IPv6 address, or a list of them", by |routing: &mut Ipv6Routing, value| {
            routing.put_addresses(&list::<Ipv6Addr>(value)?);
            Ok(())
        };
        /// Home address, of type 2.
        "home_address" takes "IPv6 address", by |routing: &mut Ipv6Routing, value| routing.set("addrs", value);
        /// Reserved, of types 0 and 2.
        "reserved" takes "u32", by |routing: &mut Ipv6Routing, value| {
            *routing.words() = u32::from_value(value)?.to_be_bytes();
            Ok(())
        };
        /// Index of the last segment, of type 4: computed from the addresses unless set.
        "last_entry" takes "u8", by |routing: &mut Ipv6Routing, value| {
            routing.words()[0] = u8::from_value(value)?;
            routing.last_entry_set = true;
            Ok(())
        };
        /// Flags, of type 4.
        "flags" takes "u8", by |routing: &mut Ipv6Routing, value| {
            routing.words()[1] = u8::from_value(value)?;
            Ok(())
        };
        /// Tag of a group of packets, of type 4.
        "tag" takes "u16", by |routing: &mut Ipv6Routing, value| {
            [routing.words()[2], routing.words()[3]] = u16::from_value(value)?.to_be_bytes();
            Ok(())
        };
        /// All that follows the first four bytes; padded with zeros to whole units of 8 bytes.
        "data" takes "bytes", by set_data;
    }
    state {
        data: Vec<u8> = vec![0; WORDS];
        /// How many addresses stand in the data behind its first four bytes.
        addresses: usize = 0;
        last_entry_set: bool = false;
    }
}

/// What precedes the addresses in the data of types 0, 2 and 4.
const WORDS: usize = 4;

impl Ipv6Routing {
    /// Type 0: the nodes that are visited after the packet's destination, in their order (RFC 2460, 4.4).
    pub fn source_route(nodes: impl AsRef<[Ipv6Addr]>) -> Self {
        Self::listing(Ipv6RoutingType::SOURCE_ROUTE, nodes.as_ref())
    }

    /// Type 2: the mobile node's home address (RFC 6275, 6.4).
    pub fn mobile(home: impl Into<Ipv6Addr>) -> Self {
        Self::listing(Ipv6RoutingType::MOBILE, &[home.into()])
    }

    /// Type 4: the segments from the last one of the way to the first (RFC 8754, 2). The packet's destination is the first one,
    /// which [`segments_left`](Self::segments_left) counts as visited.
    pub fn segment_routing(segments: impl AsRef<[Ipv6Addr]>) -> Self {
        Self::listing(Ipv6RoutingType::SEGMENT_ROUTING, segments.as_ref())
    }

    /// A header of any type, with what follows its first four bytes; padded with zeros to whole units of 8 bytes.
    pub fn raw(routing_type: Ipv6RoutingType, data: impl Into<Vec<u8>>) -> Self {
        Self::default().routing_type(routing_type).data(data)
    }

    fn listing(routing_type: Ipv6RoutingType, addresses: &[Ipv6Addr]) -> Self {
        let mut this = Self::default().routing_type(routing_type);
        this.put_addresses(addresses);
        this
    }

    /// All that follows the first four bytes; padded with zeros to whole units of 8 bytes, unless the header's length is set.
    #[must_use]
    pub fn data(mut self, data: impl Into<Vec<u8>>) -> Self {
        self.put_data(data.into());
        self
    }

    /// Adds bytes to what follows the first four: segment routing TLVs.
    #[must_use]
    pub fn tlv_bytes(mut self, tlvs: &[u8]) -> Self {
        self.data.extend_from_slice(tlvs);
        self
    }

    /// Flags, of segment routing.
    #[must_use]
    pub fn flags(mut self, flags: u8) -> Self {
        self.words()[1] = flags;
        self
    }

    /// Tag of a group of packets, of segment routing.
    #[must_use]
    pub fn tag(mut self, tag: u16) -> Self {
        [self.words()[2], self.words()[3]] = tag.to_be_bytes();
        self
    }

    fn put_data(&mut self, data: Vec<u8>) {
        self.data = data;
        let header = pycap_wire::Ipv6Routing::new(&self.header, &self.data);
        self.addresses = match header.data() {
            pycap_wire::Ipv6RoutingData::SourceRoute { addresses, .. } => addresses.len(),
            pycap_wire::Ipv6RoutingData::Mobile { .. } => 1,
            pycap_wire::Ipv6RoutingData::SegmentRouting { segments, .. } => segments.len(),
            _ => 0,
        };
        self.last_entry_set = true;
    }

    fn put_addresses(&mut self, addresses: &[Ipv6Addr]) {
        self.words();
        let old = WORDS + self.addresses * 16;
        self.data.splice(WORDS..old.min(self.data.len()), addresses.iter().flat_map(Ipv6Addr::octets));
        self.addresses = addresses.len();
        self.last_entry_set = false;
    }

    /// The first four bytes of the data, which is made to have them.
    fn words(&mut self) -> &mut [u8; WORDS] {
        if self.data.len() < WORDS {
            self.data.resize(WORDS, 0);
        }
        match self.data.first_chunk_mut() {
            Some(words) => words,
            None => unreachable!("the data has four bytes now"),
        }
    }

    fn computes_last_entry(&self) -> bool {
        self.header.routing_type() == Ipv6RoutingType::SEGMENT_ROUTING && !self.last_entry_set
    }

    /// The header with all but the next header as it is written.
    fn filled(&self) -> Ipv6RoutingHeader {
        let mut header = self.header;
        if !self.is_exact(Mark::ext_len) {
            header.set_header_len((Ipv6RoutingHeader::LEN + self.data.len()).next_multiple_of(8));
        }
        if !self.is_exact(Mark::segments_left) {
            let left = match header.routing_type() {
                Ipv6RoutingType::SOURCE_ROUTE | Ipv6RoutingType::MOBILE => self.addresses,
                Ipv6RoutingType::SEGMENT_ROUTING => self.addresses.saturating_sub(1),
                _ => 0,
            };
            header.set_segments_left(left.min(u8::MAX.into()) as u8);
        }
        header
    }
}

/// A source route without nodes.
impl Default for Ipv6Routing {
    fn default() -> Self {
        Self::over(Ipv6RoutingHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Ipv6Routing<'_> {
    type Builder = Ipv6Routing;

    fn to_builder(&self) -> Ipv6Routing {
        Ipv6Routing::exactly(*self.header()).data(self.data_bytes())
    }
}

impl Layer for Ipv6Routing {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::ROUTING)
    }

    fn inward(&self, outer: &Context) -> Context {
        let header = self.filled();
        let outer = outer.inside();
        // The data may want padding and the index of the last entry, neither of which the first and the last address need.
        match (header.routing_type(), header.segments_left(), self.addresses) {
            (_, 0, _) => outer,
            (Ipv6RoutingType::SEGMENT_ROUTING, ..) => outer_to(outer, self.data.get(WORDS..WORDS + 16)),
            (_, _, 1..) => {
                let end = WORDS + self.addresses * 16;
                outer_to(outer, self.data.get(end - 16..end))
            }
            _ => match pycap_wire::Ipv6Routing::new(&header, &self.data).final_dst(outer.ipv6_dst()) {
                Some(dst) => outer.with_ipv6_dst(dst),
                None => outer,
            },
        }
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.filled();
        if !self.is_exact(Mark::next_header) {
            header.set_next_header(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        if !self.is_exact(Mark::ext_len) {
            let len = Ipv6RoutingHeader::LEN + self.data.len();
            let whole = len.next_multiple_of(8);
            if whole > MAX_HEADER {
                return Err(BuildError::too_long(Self::NAME, "room of the header", whole, MAX_HEADER));
            }
            buf.room(whole - len)?.fill(0);
        }
        buf.prepend(&self.data)?;
        if self.computes_last_entry()
            && let Some(last_entry) = buf.bytes_mut().first_mut()
        {
            *last_entry = self.addresses.saturating_sub(1).min(u8::MAX.into()) as u8;
        }
        buf.prepend_array(header.as_array())
    }
}

fn outer_to(outer: Context, address: Option<&[u8]>) -> Context {
    match address.and_then(|address| <[u8; 16]>::try_from(address).ok()) {
        Some(address) => outer.with_ipv6_dst(address.into()),
        None => outer,
    }
}

fn set_data(routing: &mut Ipv6Routing, value: &FieldValue) -> Result<(), FieldError> {
    routing.put_data(FromValue::from_value(value)?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Edit;
    use crate::layer::testing::{bytes, rewritten, set, value};
    use crate::layer::{Ipv6, Udp};
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{LinkType, Packet};

    fn address(last: u16) -> Ipv6Addr {
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
    }

    /// Whether the checksum inside is right, after it was seen that the packet can be rewritten.
    fn verdict(routing: &Ipv6Routing) -> Option<bool> {
        let packet = (Ipv6::new(address(1), address(2)), routing, Udp::new(1, 2), "hello").build().unwrap();
        assert_eq!(rewritten(LinkType::RAW, &packet), packet);
        let mut verifier = Verifier::default();
        Packet::parse(LinkType::RAW, &packet).layers().map(|layer| verifier.verify(&layer)).last().unwrap()
    }

    /// scapy: `IPv6ExtHdrRouting(segleft=0, addresses=['db78:7da3:8d39:1f75:fc3d:7f5f:1897:6653'])/TCP()`.
    #[test]
    fn a_header_of_scapy() {
        let node: Ipv6Addr = "db78:7da3:8d39:1f75:fc3d:7f5f:1897:6653".parse().unwrap();
        let routing = Ipv6Routing::source_route([node]).segments_left(0).next_header(IpProtocol::TCP);
        assert_eq!(routing.build().unwrap(), bytes("06 02 00 00 00000000 db787da38d391f75fc3d7f5f18976653"));
    }

    #[test]
    fn the_checksum_covers_the_final_destination() {
        assert_eq!(verdict(&Ipv6Routing::source_route([address(3), address(4)])), Some(true));
        assert_eq!(
            verdict(&Ipv6Routing::source_route([address(3), address(4)]).segments_left(0)),
            Some(true)
        );
        assert_eq!(verdict(&Ipv6Routing::mobile(address(5))), Some(true));
        let segments = [address(6), address(7), address(8)];
        assert_eq!(verdict(&Ipv6Routing::segment_routing(segments)), Some(true));
        assert_eq!(
            verdict(&Ipv6Routing::segment_routing(segments).tlv_bytes(&[4, 6, 0, 0, 0, 0, 0, 0])),
            Some(true)
        );
        // Type 3 (RFC 6554): 14 bytes of each address are the destination's.
        let rpl = Ipv6Routing::raw(Ipv6RoutingType::RPL, bytes("ee 40 0000 0009 000a 00000000"));
        assert_eq!(verdict(&rpl.segments_left(2)), Some(true));
    }

    /// RFC 8754, 2.
    #[test]
    fn segments() {
        let routing = Ipv6Routing::segment_routing([address(6), address(7)]).flags(1).tag(0x0203);
        let written = routing.build().unwrap();
        assert_eq!(written[..9], bytes("3b 04 04 01 01 01 0203 20"));
        assert_eq!(written.len(), 40);
        let mut named = set("ipv6_routing", &[("flags", "1"), ("tag", "0x203")]);
        named.set("addrs", &FieldValue::List(vec![value("2001:db8::6"), value("2001:db8::7")])).unwrap();
        named.set("type", &value("segment_routing")).unwrap();
        assert_eq!(named.build().unwrap(), written);
        named.set("last_entry", &value("9")).unwrap();
        assert_eq!(named.build().unwrap()[4], 9);
    }

    #[test]
    fn any_data() {
        let raw = Ipv6Routing::raw(Ipv6RoutingType(253), [1; 7]);
        assert_eq!(raw.build().unwrap(), bytes("3b 01 fd 00 01010101 010101 00 00000000"));
        let error = Ipv6Routing::raw(Ipv6RoutingType(253), [0; 2045]).build().unwrap_err();
        assert_eq!(error.to_string(), "ipv6_routing: 2056 bytes, room of the header is 2048: 8 too many");
        for hex in ["3b000001", "3b02000100", "3b020401ff000000", "3b0202010000000001", "3b00030100000000"] {
            let cut = bytes(hex);
            let view = pycap_wire::Ipv6Routing::parse(&cut).unwrap();
            assert_eq!((view.to_builder(), view.payload()).build().unwrap(), cut);
        }
        let mut named =
            set("ipv6_routing", &[("home_address", "2001:db8::1"), ("type", "2"), ("reserved", "7")]);
        assert_eq!(named.build().unwrap()[..10], bytes("3b 02 02 01 00000007 2001"));
        named.set("data", &FieldValue::Bytes(vec![])).unwrap();
        assert_eq!(named.build().unwrap(), bytes("3b 00 02 00 00000000"));
        named.set("tag", &value("1")).unwrap();
        assert_eq!(named.build().unwrap(), bytes("3b 00 02 00 00000001"));
    }
}
