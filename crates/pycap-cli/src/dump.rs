//! Which bytes of a packet are dumped, and in which layout.

use std::io::{self, Write};

use pycap_wire::{Layer, LayerKind, Packet, Stop, Summary};

use crate::args::Args;
use crate::hexdump;

/// The bytes of each packet, in one of tcpdump's layouts.
#[derive(Clone, Copy)]
pub(crate) struct Dump {
    layout: Layout,
    with_link: bool,
}

#[derive(Clone, Copy)]
enum Layout {
    Hex,
    HexAndText,
    Text,
}

impl Dump {
    /// What `-x`, `-X` and `-A` ask for.
    pub(crate) fn new(args: &Args) -> Option<Self> {
        // tcpdump's order where several are given.
        [(Layout::HexAndText, args.hex_and_text), (Layout::Hex, args.hex), (Layout::Text, args.text)]
            .into_iter()
            .find(|(_, flags)| *flags > 0)
            .map(|(layout, flags)| Self { layout, with_link: flags > 1 })
    }

    /// Prints the packet's bytes below its line.
    pub(crate) fn write<W: Write>(
        self,
        out: &mut W,
        packet: &Packet<'_>,
        line: Summary<'_>,
    ) -> io::Result<()> {
        let start = if self.with_link { 0 } else { start(packet, line) };
        let bytes = packet.data().get(start..).unwrap_or_default();
        match self.layout {
            _ if bytes.is_empty() => Ok(()),
            Layout::Hex => hexdump::hex(out, bytes, false),
            Layout::HexAndText => hexdump::hex(out, bytes, true),
            Layout::Text => hexdump::text(out, bytes),
        }
    }
}

/// Where a dump without the link's header begins.
///
/// Where a header is cut, tcpdump's printers mostly leave before it is noted how long the link's header is, and the dump has all of the
/// frame; those that look first have noted it, and a link's own header has nothing behind it.
fn start(packet: &Packet<'_>, line: Summary<'_>) -> usize {
    let link = header_len(packet);
    let line = line.to_string();
    let Some((_, cut)) = line.strip_suffix(']').and_then(|line| line.rsplit_once(" [|")) else { return link };
    let mut layers = packet.layers();
    let mut icmp = None;
    while let Some(located) = layers.next_located() {
        if matches!(located.layer, Layer::Icmpv4(_) | Layer::Icmpv6(_)) {
            icmp = icmp.or(Some(located.offset));
        }
    }
    // How many bytes there are of a header of this kind, where they are too few to be one.
    let truncated = |kind: LayerKind| match layers.stop() {
        Some(Stop::Truncated(error)) if error.layer() == kind => Some(layers.payload().len()),
        _ => None,
    };
    let icmp = packet.data().get(icmp.unwrap_or(layers.payload_offset())..).unwrap_or_default();
    let noted = match cut {
        "vlan" | "snap" => return packet.data().len(),
        "ether" if packet.layers().next().is_none() => return packet.data().len(),
        "ip" => matches!(truncated(LayerKind::Ipv4), Some(1..)),
        "ether" | "ip6" | "llc" | "udp" | "esp" => true,
        // It looks first whether an option is whole, but not at its kind.
        "tcp" => !(line.ends_with("[ [|tcp]") || line.ends_with(", [|tcp]")),
        "hbhopt" => truncated(LayerKind::Ipv6HopByHop).is_none(),
        "dstopt" => truncated(LayerKind::Ipv6DestinationOptions).is_none(),
        "ah" => truncated(LayerKind::Ah) == Some(0),
        "mobility" => matches!(truncated(LayerKind::Mobility), Some(0 | 1)),
        // Port unreachable up to the quoted ports, router advertisements, time exceeded and timestamp replies.
        "icmp" => matches!(icmp, [3, 3, ..]) && icmp.len() < 18 || matches!(icmp, [9 | 11 | 14, _, ..]),
        // Unreachable and parameter problem.
        "icmp6" => matches!(icmp, [1 | 4, _, ..]),
        _ => false,
    };
    if noted { link } else { 0 }
}

/// How many bytes the link's header takes, with VLAN tags and LLC; neither a frame in a frame nor the padding in front of it is part
/// of it.
fn header_len(packet: &Packet<'_>) -> usize {
    let mut layers = packet.layers();
    let len = |layer: &Layer<'_>| match layer {
        Layer::Llc(llc) => llc.header_len() - llc.padding().len(),
        _ => layer.header_len(),
    };
    let first = match layers.next() {
        Some(
            layer @ (Layer::Ethernet(_) | Layer::Null(_) | Layer::Sll(_) | Layer::Sll2(_) | Layer::Llc(_)),
        ) => len(&layer),
        _ => return 0,
    };
    let behind = layers.take_while(|layer| matches!(layer, Layer::Vlan(_) | Layer::Llc(_)));
    behind.fold(first, |sum, layer| sum + len(&layer))
}
