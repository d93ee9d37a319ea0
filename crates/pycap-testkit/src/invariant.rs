//! What holds whatever the bytes: asserted by the fuzz targets, and by tests over samples, their prefixes and mutations.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::io::Read;
use std::ops::ControlFlow;

use pycap_capture::{ByteOrder, Format, OwnedFrame, Savefile, SavefileWriter};
use pycap_wire::stack::Stack;
use pycap_wire::{
    EtherType, FlowKey, Ip, IpProtocol, Layer, LayerKind, Link, LinkType, Located, Next, Packet, Stop,
    Transport, Value,
};

/// Dissects `data` in all ways, reads everything that the views tell, and asserts that the ways agree.
///
/// # Panics
///
/// Where they do not.
pub fn dissect(link_type: LinkType, data: &[u8]) {
    let packet = Packet::parse(link_type, data);
    let mut walk = packet.layers();
    let layers: Vec<Located<'_>> = std::iter::from_fn(|| walk.next_located()).collect();
    let stop = walk.stop().expect("the walk has ended");
    assert!(layers.len() <= 64, "{} layers", layers.len());
    for located in &layers {
        assert_inside(data, located);
    }
    assert_inside_packet(&packet);
    assert_eq!(FlowKey::of(&packet), packet.flow_key());
    if let Some(key) = packet.flow_key() {
        assert_eq!(key.symmetric_hash(), key.reversed().symmetric_hash());
        assert_eq!(key.canonical(), key.reversed().canonical());
        assert_eq!(key, key.reversed().reversed());
    }
    assert_walk_agrees(&packet, &layers, stop);
    if link_type == LinkType::ETHERNET {
        assert_stack_agrees(&Stack::parse(data), &packet);
    }
}

/// Dissects `data` and prints every layer in every form.
///
/// # Panics
///
/// Where a printer panics or what it prints is out of all proportion.
pub fn print(link_type: LinkType, data: &[u8]) {
    let mut text = String::new();
    let packet = Packet::parse(link_type, data);
    let write = |text: &mut String, what: &dyn std::fmt::Display| {
        write!(text, "{what}").expect("a string takes everything, and printers do not fail by themselves");
    };
    let mut fields = 0_usize;
    let mut walk = packet.layers();
    while let Some(located) = walk.next_located() {
        let layer = located.layer;
        text.push_str(layer.name());
        write(&mut text, &layer);
        write(&mut text, &layer.summary());
        layer.fields(&mut |field| {
            fields += 1;
            write(&mut text, &field);
        });
        write(&mut text, &layer.next());
        if let Some(error) = layer.defect() {
            write(&mut text, &error);
        }
        let _ = write!(text, "{layer:?}");
    }
    write(&mut text, &walk.stop().expect("the walk has ended"));
    write(&mut text, &packet.stop());
    if let Some(key) = packet.flow_key() {
        write(&mut text, &key);
    }
    let _ = write!(text, "{packet:?}");
    // Each of at most 64 layers has some hundred fields of its own and repeats some for each element of a list, which has
    // at least a byte.
    assert!(fields <= 64 * (200 + 8 * data.len()), "{fields} fields from {} bytes", data.len());
    assert!(
        text.len() <= 64 * (20_000 + 200 * data.len()),
        "{} bytes of text from {}",
        text.len(),
        data.len()
    );
}

/// Reads `file` as a savefile at one go, and in pieces of the lengths that `pieces` has in turn (0 stands for 1), and
/// asserts that both give the same. Of a compressed file, which may become any length, only so much is read.
///
/// # Panics
///
/// Where they do not, or where there is more in the frames than in the file.
pub fn read(file: &[u8], pieces: &[u8]) {
    let whole = frames(file);
    let in_pieces = frames(Pieces { left: file, lengths: pieces.iter().cycle() });
    assert_eq!(whole, in_pieces);
    let captured: usize = whole.0.iter().map(|frame| frame.data().len()).sum();
    let is_compressed = Savefile::from_reader(file).is_ok_and(|file| file.compression().is_some());
    assert!(
        is_compressed || captured <= file.len(),
        "{captured} bytes of frames from a file of {}",
        file.len()
    );
    assert_eq!(whole, frames_by_for_each(file));
}

/// Checks that nothing of a savefile is lost where it is taken over into another one, in either byte order.
///
/// # Panics
///
/// Where something is.
pub fn copy(file: &[u8]) {
    let Ok(savefile) = Savefile::from_reader(file) else { return };
    // How the bytes were compressed makes no difference to their copy, but there may be very many of them.
    if savefile.compression().is_some() {
        return;
    }
    let is_pcapng = savefile.format() == Format::Pcapng;
    let (frames, error) = frames(file);
    if ends_in_a_long_block(file) {
        return;
    }
    for order in [None, Some(ByteOrder::Little), Some(ByteOrder::Big)] {
        let copied = copy_of(file, Format::Pcapng, order, error.as_deref());
        let again = copy_of(&copied, Format::Pcapng, None, None);
        assert_eq!(again, copied, "a copy of a copy is the same");
        assert_eq!(self::frames(&copied[..]), (frames.clone(), None), "a copy has the same frames");
        if order.is_some() && is_pcapng {
            assert_eq!(count_blocks(&copied), count_blocks(file));
        }
    }
    let as_pcap = copy_of(file, Format::PcapNanosecond, None, error.as_deref());
    assert!(self::frames(&as_pcap[..]).0.len() <= frames.len());
}

/// Whether there is a block that is only for those to skip who do not want to see it.
fn ends_in_a_long_block(file: &[u8]) -> bool {
    let mut savefile = Savefile::from_reader(file).expect("a savefile");
    loop {
        match savefile.next_record() {
            Ok(Some(_)) => {}
            Ok(None) => return false,
            Err(error) => return error.to_string().contains("are held in memory"),
        }
    }
}

/// The file that has these records. They have to end with this error.
fn copy_of(file: &[u8], format: Format, order: Option<ByteOrder>, error: Option<&str>) -> Vec<u8> {
    let mut builder = SavefileWriter::builder().format(format).lossy(format != Format::Pcapng);
    if let Some(order) = order {
        builder = builder.byte_order(order);
    }
    let mut out = builder.to_writer(Vec::new()).expect("a writer");
    let mut savefile = Savefile::from_reader(file).expect("a savefile");
    let end = loop {
        match savefile.next_record() {
            Ok(Some(record)) => out.write_record(record).expect("what was read can be written"),
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    assert_eq!(end.as_deref(), error);
    out.finish().expect("memory takes everything")
}

/// How many blocks of each type there are, those of a packet counted alike.
fn count_blocks(file: &[u8]) -> BTreeMap<u32, usize> {
    let mut counts = BTreeMap::new();
    let mut savefile = Savefile::from_reader(file).expect("a savefile");
    while let Ok(Some(record)) = savefile.next_record() {
        let block_type = record.block().map_or(0, |block| block.block_type().0);
        let _ = format!("{record:?} {:?}", record.block().map(|block| block.contents()));
        *counts.entry(if record.frame().is_some() { 6 } else { block_type }).or_default() += 1;
    }
    counts
}

/// How many frames of a compressed file are read at most, and about how many bytes of them.
const MOST: (usize, usize) = (4096, 4 << 20);

/// Whether that is enough of it.
fn is_enough(frames: &[OwnedFrame], bytes: &mut usize) -> bool {
    *bytes += frames.last().map_or(0, |frame| frame.data().len());
    frames.len() >= MOST.0 || *bytes >= MOST.1
}

/// All frames of a savefile, and the error that ended it.
fn frames(reader: impl Read) -> (Vec<OwnedFrame>, Option<String>) {
    let mut frames = Vec::new();
    let mut file = match Savefile::from_reader(reader) {
        Ok(file) => file,
        Err(error) => return (frames, Some(error.to_string())),
    };
    let is_compressed = file.compression().is_some();
    let mut bytes = 0;
    let error = loop {
        match file.next_frame() {
            Ok(Some(frame)) => {
                frames.push(frame.to_owned());
                if is_compressed && is_enough(&frames, &mut bytes) {
                    return (frames, None);
                }
            }
            Ok(None) => break None,
            Err(error) => break Some(error.to_string()),
        }
    };
    assert_eq!(file.frames_read(), frames.len() as u64);
    for frame in &frames {
        assert!((frame.as_frame().interface() as usize) < file.interfaces().len());
    }
    assert!(matches!(file.next_frame(), Ok(None)), "a savefile ends once");
    let _ = format!("{file:?} {:?} {:?}", file.version(), file.byte_order());
    (frames, error)
}

fn frames_by_for_each(file: &[u8]) -> (Vec<OwnedFrame>, Option<String>) {
    let mut frames = Vec::new();
    let mut bytes = 0;
    let outcome = Savefile::from_reader(file).and_then(|mut savefile| {
        let is_compressed = savefile.compression().is_some();
        savefile.for_each(|frame| {
            frames.push(frame.to_owned());
            if is_compressed && is_enough(&frames, &mut bytes) {
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
    });
    (frames, outcome.err().map(|error| error.to_string()))
}

/// Hands out a file in pieces of given lengths.
struct Pieces<'a, I> {
    left: &'a [u8],
    lengths: I,
}

impl<'a, I: Iterator<Item = &'a u8>> Read for Pieces<'a, I> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let length = self.lengths.next().map_or(1, |length| usize::from(*length).max(1));
        let (piece, left) = self.left.split_at(length.min(self.left.len()).min(buffer.len()));
        buffer[..piece.len()].copy_from_slice(piece);
        self.left = left;
        Ok(piece.len())
    }
}

/// The layer and its payload lie within `data`, one after the other.
fn assert_inside(data: &[u8], located: &Located<'_>) {
    let Located { layer, offset, .. } = located;
    let end = offset + layer.header_len();
    assert!(end <= data.len(), "{} ends at {end} of {}", layer.name(), data.len());
    let payload = layer.payload();
    assert!(end + payload.len() <= data.len(), "{}'s payload is longer than the packet", layer.name());
    if !payload.is_empty() {
        assert_eq!(offset_in(data, payload), end, "{}'s payload follows its header", layer.name());
    }
    layer.fields(&mut |field| {
        // What ICMP appends to a quoted packet (RFC 4884) is the message's own, but stands behind that packet.
        let length = match layer.kind() {
            LayerKind::Icmpv4 | LayerKind::Icmpv6 => data.len() - offset,
            _ => layer.header_len(),
        };
        let (name, field_name) = (layer.name(), field.name);
        assert!(field.offset <= length, "{name}.{field_name} stands at {} of {length}", field.offset);
        if let Value::Bytes(bytes) = field.value {
            assert!(field.offset + bytes.len() <= length, "{name}.{field_name} ends behind its layer");
        }
    });
}

fn assert_inside_packet(packet: &Packet<'_>) {
    let data = packet.data();
    let (offset, payload) = (packet.payload_offset(), packet.payload());
    assert!(
        offset + payload.len() <= data.len(),
        "payload at {offset} with {} of {}",
        payload.len(),
        data.len()
    );
    if !payload.is_empty() {
        assert_eq!(offset_in(data, payload), offset);
    }
    let padding = packet.padding();
    if !padding.is_empty() {
        assert_eq!(offset_in(data, padding) + padding.len(), data.len(), "padding is at the end");
    }
    assert_eq!(packet.tcp().is_some(), matches!(packet.transport(), Some(Transport::Tcp(_))));
    assert_eq!(packet.udp().is_some(), matches!(packet.transport(), Some(Transport::Udp(_))));
    let _ = packet.missing();
}

/// The packet has the same link, tags, network and transport layers as the walk, and stops for the same reason.
fn assert_walk_agrees(packet: &Packet<'_>, located: &[Located<'_>], stop: Stop) {
    let mut layers = located.iter().map(|located| located.layer).peekable();
    let mut last = None;
    if let Some(link) = packet.link() {
        let link = link_layer(link);
        last = layers.next();
        assert_same("link", Some(link), last);
    }
    let mut vlans = packet.vlans();
    let mut tags = 0;
    while let Some(layer) = layers.next_if(|layer| matches!(layer, Layer::Vlan(_) | Layer::Llc(_))) {
        if let (Layer::Vlan(_), 0) = (layer, tags) {
            match vlans.next() {
                // The packet goes through fewer tags than the walk, and says so.
                None if packet.stop() == Stop::DepthLimit => return,
                tag => assert_same("tag", tag.map(Layer::Vlan), Some(layer)),
            }
        } else {
            // Behind LLC, tags are not told by `vlans`.
            tags += 1;
        }
        last = Some(layer);
    }
    if packet.stop() == Stop::DepthLimit {
        return;
    }
    let net = match (packet.ip(), packet.arp()) {
        (Some(Ip::V4(view)), None) => Some(Layer::Ipv4(view)),
        (Some(Ip::V6(view)), None) => Some(Layer::Ipv6(view)),
        (None, Some(view)) => Some(Layer::Arp(view)),
        (None, None) => None,
        both => panic!("IP and ARP: {both:?}"),
    };
    if net.is_some() {
        last = layers.next();
        assert_same("network", net, last);
    }
    while let Some(layer) = layers.next_if(|layer| net.is_some() && is_extension(layer.kind())) {
        last = Some(layer);
    }
    if let Some(transport) = packet.transport() {
        last = layers.next();
        assert_same("transport", Some(transport_layer(transport)), last);
    }
    let payload = last.map_or(packet.data(), |layer| layer.payload());
    assert_eq!(packet.payload(), payload);
    let consumed = located.len() - layers.len();
    let end = located
        .get(..consumed)
        .and_then(|taken| taken.last())
        .map_or(0, |last| last.offset + last.layer.header_len());
    assert_eq!(packet.payload_offset(), end, "payload of {} bytes", payload.len());
    match layers.next() {
        // The walk goes on through tunnels, quoted packets and applications.
        Some(layer) => {
            let goes_on = matches!(packet.next(), Next::IpProtocol(_) | Next::EtherType(_) | Next::Link(_))
                || packet.transport().is_some() && packet.stop() == Stop::End;
            assert!(goes_on, "{:?} is followed by {layer}", packet.stop());
        }
        None if matches!(stop, Stop::Unknown(Next::Application(_))) => assert_eq!(packet.stop(), Stop::End),
        // The packet ends at its transport or where a tunnel begins; what comes then is not looked at.
        None if packet.stop() == Stop::End
            && (packet.transport().is_some()
                || matches!(
                    packet.next(),
                    Next::IpProtocol(IpProtocol::IPV4 | IpProtocol::IPV6 | IpProtocol::ETHERNET)
                        | Next::Link(LinkType::ETHERNET)
                        | Next::EtherType(EtherType::TRANSPARENT_ETHERNET_BRIDGING)
                )) => {}
        None => assert_eq!(packet.stop(), stop, "{:?}", packet.next()),
    }
}

/// A stack tells the same as the packet.
fn assert_stack_agrees(stack: &Stack<'_>, packet: &Packet<'_>) {
    macro_rules! views {
        ($stack:ident, $Ip:ident, $transport:ident, $Transport:ident) => {{
            assert_eq!($stack.payload(), packet.payload());
            assert_eq!($stack.payload_offset(), packet.payload_offset());
            assert_eq!(Some($stack.flow_key()), packet.flow_key());
            [
                Layer::Ethernet($stack.ethernet()),
                Layer::$Ip($stack.ip()),
                Layer::$Transport($stack.$transport()),
            ]
        }};
    }
    let views = match stack {
        Stack::Ipv4Tcp(stack) => views!(stack, Ipv4, tcp, Tcp),
        Stack::Ipv4Udp(stack) => views!(stack, Ipv4, udp, Udp),
        Stack::Ipv6Tcp(stack) => views!(stack, Ipv6, tcp, Tcp),
        Stack::Ipv6Udp(stack) => views!(stack, Ipv6, udp, Udp),
        Stack::Other(_) => return assert_packets_agree(&stack.packet(), packet),
    };
    assert_eq!(packet.stop(), Stop::End, "a stack is sound");
    for (view, layer) in views.into_iter().zip(packet.layers()) {
        assert_same("stack", Some(view), Some(layer));
    }
    assert_eq!(stack.flow_key(), packet.flow_key());
    assert_packets_agree(&stack.packet(), packet);
}

fn assert_packets_agree(a: &Packet<'_>, b: &Packet<'_>) {
    assert_eq!(format!("{:?}", (a.link(), a.ip(), a.arp())), format!("{:?}", (b.link(), b.ip(), b.arp())));
    assert_eq!(format!("{:?}", a.transport()), format!("{:?}", b.transport()));
    assert_eq!((a.payload(), a.payload_offset()), (b.payload(), b.payload_offset()));
    assert_eq!((a.next(), a.stop(), a.ip_protocol()), (b.next(), b.stop(), b.ip_protocol()));
    assert_eq!((a.missing(), a.padding()), (b.missing(), b.padding()));
}

fn assert_same(what: &str, one: Option<Layer<'_>>, other: Option<Layer<'_>>) {
    let told = |layer: Layer<'_>| {
        let payload = layer.payload();
        // Where an empty slice points to says nothing.
        let start = (!payload.is_empty()).then_some(payload.as_ptr());
        (
            layer.kind(),
            layer.header_len(),
            start,
            payload.len(),
            layer.next(),
            // A transport without a length of its own learns from the walk what IP says of it.
            is_network(layer.kind()).then_some(layer.missing()),
            layer.defect(),
        )
    };
    assert_eq!(one.map(told), other.map(told), "{what}");
}

fn is_network(kind: LayerKind) -> bool {
    matches!(kind, LayerKind::Ethernet | LayerKind::Vlan | LayerKind::Arp | LayerKind::Ipv4 | LayerKind::Ipv6)
}

fn is_extension(kind: LayerKind) -> bool {
    matches!(
        kind,
        LayerKind::Ipv6HopByHop
            | LayerKind::Ipv6Routing
            | LayerKind::Ipv6Fragment
            | LayerKind::Ipv6DestinationOptions
            | LayerKind::Mobility
            | LayerKind::Ah
    )
}

fn link_layer(link: Link<'_>) -> Layer<'_> {
    match link {
        Link::Ethernet(view) => Layer::Ethernet(view),
        Link::Null(view) => Layer::Null(view),
        Link::Sll(view) => Layer::Sll(view),
        Link::Sll2(view) => Layer::Sll2(view),
        other => panic!("a link layer that the testkit does not know: {other:?}"),
    }
}

fn transport_layer(transport: Transport<'_>) -> Layer<'_> {
    match transport {
        Transport::Tcp(view) => Layer::Tcp(view),
        Transport::Udp(view) => Layer::Udp(view),
        Transport::UdpLite(view) => Layer::UdpLite(view),
        Transport::Icmpv4(view) => Layer::Icmpv4(view),
        Transport::Icmpv6(view) => Layer::Icmpv6(view),
        Transport::Igmp(view) => Layer::Igmp(view),
        Transport::Esp(view) => Layer::Esp(view),
        other => panic!("a transport layer that the testkit does not know: {other:?}"),
    }
}

fn offset_in(data: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr() - data.as_ptr().addr()
}
