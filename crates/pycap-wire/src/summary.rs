//! The line that tcpdump users read: one packet, from the link to the transport.

mod ip;
mod link;
mod tcp;

pub(crate) use link::ether_type_name;

use core::fmt;

use crate::walk::MAX_LAYERS;
use crate::{LinkType, Packet};

/// One packet as one line, in the form of `tcpdump -n -t`.
///
/// It reads like tcpdump's line for every protocol that this crate dissects; TCP and UDP payloads are a length. Nothing
/// is looked up: addresses and ports are numbers.
///
/// ```
/// use pycap_wire::{LinkType, Summary};
///
/// let bytes = [
///     0x45, 0, 0, 32, 0, 0, 0, 0, 64, 17, 0, 0, 192, 0, 2, 1, 192, 0, 2, 2, // IPv4
///     0x0f, 0xa0, 0, 9, 0, 12, 0, 0, b'p', b'i', b'n', b'g', // UDP
/// ];
/// let line = Summary::new(LinkType::RAW, &bytes);
/// assert_eq!(line.to_string(), "IP 192.0.2.1.4000 > 192.0.2.2.9: UDP, length 4");
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Summary<'a> {
    data: &'a [u8],
    link_type: LinkType,
    original_len: usize,
    options: Options<'a>,
}

#[derive(Debug, Clone, Copy)]
struct Options<'a> {
    interface: Option<&'a str>,
    link: bool,
    quiet: bool,
    seq_base: u32,
    ack_base: u32,
}

impl<'a> Summary<'a> {
    /// The line of `data`, a frame of the given link type that was captured whole.
    pub fn new(link_type: LinkType, data: &'a [u8]) -> Self {
        let options = Options { interface: None, link: false, quiet: false, seq_base: 0, ack_base: 0 };
        Self { data, link_type, original_len: data.len(), options }
    }

    /// With the length in bytes that the frame had on the wire, where the capture cut it short.
    #[must_use]
    pub fn with_original_len(self, original_len: usize) -> Self {
        Self { original_len, ..self }
    }

    /// With the link header in front (tcpdump's `-e`), or without.
    #[must_use]
    pub fn with_link(mut self, link: bool) -> Self {
        self.options.link = link;
        self
    }

    /// With the name of the interface that it was captured on, which the line of a Linux cooked frame (version 2) starts with; such a
    /// frame itself has but a number. Control characters of the name are [escaped](crate::Escaped).
    #[must_use]
    pub fn with_interface(mut self, name: Option<&'a str>) -> Self {
        self.options.interface = name;
        self
    }

    /// With less of each protocol (tcpdump's `-q`), or with the usual.
    #[must_use]
    pub fn with_quiet(mut self, quiet: bool) -> Self {
        self.options.quiet = quiet;
        self
    }

    /// With TCP numbers counted from these: `seq` is taken from sequence numbers, `ack` from acknowledgment numbers and
    /// selective acknowledgments. Both are 0 unless set, so that the numbers are those of the header.
    #[must_use]
    pub fn with_tcp_base(mut self, seq: u32, ack: u32) -> Self {
        self.options.seq_base = seq;
        self.options.ack_base = ack;
        self
    }
}

impl<'a> Packet<'a> {
    /// The packet as one line, in the form of `tcpdump -n -t`: see [`Summary`] for what can be chosen.
    pub fn summary(&self) -> Summary<'a> {
        Summary::new(self.link_type(), self.data())
    }
}

impl fmt::Display for Summary<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // libpcap's own records cannot hold these; what follows would misread them.
        let (captured, original) = (self.data.len(), self.original_len);
        match (captured, original) {
            (0, 0) => return f.write_str("[Invalid header: caplen==0, len==0]"),
            (0, _) => return f.write_str("[Invalid header: caplen==0]"),
            (_, 0) => return f.write_str("[Invalid header: len==0]"),
            _ if original < captured => {
                return write!(f, "[Invalid header: len({original}) < caplen({captured})]");
            }
            _ => {}
        }
        Line { f, options: self.options, left: MAX_LAYERS }.frame(self.link_type, self.data, original)
    }
}

/// The line that is being written. Its functions take the bytes of a layer as far as captured, and the length that
/// they had on the wire.
struct Line<'f, 'b> {
    f: &'f mut fmt::Formatter<'b>,
    options: Options<'f>,
    /// How many headers that may hold one another are still shown.
    left: usize,
}

impl Line<'_, '_> {
    /// Whether one more header is shown, of those that may hold one another without end.
    fn enter(&mut self) -> bool {
        match self.left.checked_sub(1) {
            Some(left) => {
                self.left = left;
                true
            }
            None => false,
        }
    }

    fn too_deep(&mut self) -> fmt::Result {
        self.text(" [too many layers]")
    }

    fn text(&mut self, text: &str) -> fmt::Result {
        self.f.write_str(text)
    }

    fn write(&mut self, arguments: fmt::Arguments<'_>) -> fmt::Result {
        self.f.write_fmt(arguments)
    }

    /// The mark that the bytes end inside a header.
    fn truncated(&mut self, protocol: &str) -> fmt::Result {
        self.write(format_args!(" [|{protocol}]"))
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::*;

    // The lines are what tcpdump 4.99.3 prints for these bytes with -n -t and the options named.

    const UDP: &str = "45000020000100004011000 00a0000010a0000020fa00009000c00006162630d";

    fn bytes(hex: &str) -> Vec<u8> {
        let digits: Vec<u8> = hex.bytes().filter(|b| !b.is_ascii_whitespace()).collect();
        digits
            .chunks(2)
            .map(|pair| u8::from_str_radix(core::str::from_utf8(pair).unwrap(), 16).unwrap())
            .collect()
    }

    fn ethernet(hex: &str) -> String {
        Summary::new(LinkType::ETHERNET, &bytes(&(String::from("0050ba8fc45f 00039344a992") + hex)))
            .to_string()
    }

    fn with_link(hex: &str) -> String {
        let data = bytes(&(String::from("0050ba8fc45f 00039344a992") + hex));
        Summary::new(LinkType::ETHERNET, &data).with_link(true).to_string()
    }

    #[test]
    fn tags_are_part_of_the_link() {
        let tagged = String::from("8100602a 88a81005 0800") + UDP;
        assert_eq!(ethernet(&tagged), "IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4");
        assert_eq!(
            with_link(&tagged),
            "00:03:93:44:a9:92 > 00:50:ba:8f:c4:5f, ethertype 802.1Q (0x8100), length 54: vlan 42, p 3, ethertype \
             802.1Q-QinQ (0x88a8), vlan 5, p 0, DEI, ethertype IPv4 (0x0800), 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4"
        );
    }

    #[test]
    fn unknown_ethertypes_show_the_link() {
        assert_eq!(
            ethernet("1234 68656c6c6f"),
            "00:03:93:44:a9:92 > 00:50:ba:8f:c4:5f, ethertype Unknown (0x1234), length 19"
        );
        assert_eq!(ethernet("1234 68656c6c6f"), with_link("1234 68656c6c6f"));
    }

    #[test]
    fn cut_headers_are_marked() {
        let udp = bytes(UDP);
        let raw =
            |length: usize| Summary::new(LinkType::RAW, &udp[..length]).with_original_len(32).to_string();
        assert_eq!(raw(32), "IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4");
        assert_eq!(raw(28), "IP 10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4");
        assert_eq!(raw(24), "IP 10.0.0.1.4000 > 10.0.0.2.9:  [|udp]");
        assert_eq!(raw(22), "IP 10.0.0.1 > 10.0.0.2:  [|udp]");
        assert_eq!(raw(6), "IP  [|ip]");
        let short = Summary::new(LinkType::RAW, &udp[..24]);
        assert_eq!(
            short.to_string(),
            "IP truncated-ip - 8 bytes missing! 10.0.0.1.4000 > 10.0.0.2.9:  [|udp]"
        );
        assert_eq!(Summary::new(LinkType::ETHERNET, &udp[..10]).to_string(), " [|ether]");
        assert_eq!(ethernet("8100 60"), " [|vlan]");
    }

    /// As deep as bytes can go, on a stack as small as that of a thread.
    #[test]
    fn headers_in_headers_end() {
        let frame = bytes("ffffffffffff 020000000001 6558").repeat(15_000);
        let tags = [&bytes("ffffffffffff 020000000001")[..], &bytes("8100 0005").repeat(50_000)].concat();
        let mut packets: Vec<Vec<u8>> = [frame, tags].into();
        let header = bytes("4500 ffff 0000 0000 4004 0000 0a000001 0a000002");
        packets.push([&bytes("ffffffffffff 020000000001 0800")[..], &header.repeat(3_000)].concat());
        for packet in packets {
            let line = Summary::new(LinkType::ETHERNET, &packet).with_link(true).to_string();
            assert!(line.ends_with(" [too many layers]"), "{}", &line[line.len() - 80..]);
        }
    }

    #[test]
    fn an_interfaces_name_stays_on_its_line() {
        let frame = [&bytes("0800 0000 00000001 0001 00 06 0200000000010000")[..], &bytes(UDP)].concat();
        let line = Summary::new(LinkType::LINUX_SLL2, &frame).with_interface(Some("e\x1b[1m\n\u{9b}"));
        let datagram = "10.0.0.1.4000 > 10.0.0.2.9: UDP, length 4";
        assert_eq!(line.to_string(), std::format!(r"e\u{{1b}}[1m\n\u{{9b}} In  IP {datagram}"));
        assert_eq!(
            line.with_interface(Some("lo")).with_link(true).to_string(),
            std::format!(
                "lo    In  ifindex 1 02:00:00:00:00:01 ethertype IPv4 (0x0800), length 52: {datagram}"
            )
        );
        assert_eq!(
            line.with_interface(None).with_link(true).to_string().get(..20),
            Some("?     In  ifindex 1 ")
        );
    }

    #[test]
    fn records_that_lie_are_told_apart() {
        assert_eq!(Summary::new(LinkType::RAW, &[]).to_string(), "[Invalid header: caplen==0, len==0]");
        let line = Summary::new(LinkType::RAW, &[0x45]).with_original_len(0);
        assert_eq!(line.to_string(), "[Invalid header: len==0]");
        let line = Summary::new(LinkType::RAW, &[0x45, 0]).with_original_len(1);
        assert_eq!(line.to_string(), "[Invalid header: len(1) < caplen(2)]");
    }

    #[test]
    fn fragments_and_numbers() {
        let mut packet = bytes(UDP);
        packet[7] = 5;
        let line = |packet: &[u8]| Summary::new(LinkType::RAW, packet).to_string();
        assert_eq!(line(&packet), "IP 10.0.0.1 > 10.0.0.2: ip-proto-17");
        packet[7] = 0;
        packet[9] = 200;
        assert_eq!(line(&packet), "IP 10.0.0.1 > 10.0.0.2:  ip-proto-200 12");
        packet[0] = 0x44;
        assert_eq!(line(&packet), "IP bad-hlen 16");
        packet[0] = 0x65;
        assert_eq!(line(&packet), " [|ip6]");
        packet[0] = 0x35;
        assert_eq!(line(&packet), "unknown ip 3");
    }

    #[test]
    fn tcp_numbers_count_from_their_base() {
        let mut packet = bytes("4500002b 00010000 40060000 0a000001 0a000002");
        packet.extend(bytes("0fa00050 00000065 00001389 501803e8 00000000 474554"));
        let line = Summary::new(LinkType::RAW, &packet);
        assert_eq!(
            line.to_string(),
            "IP 10.0.0.1.4000 > 10.0.0.2.80: Flags [P.], seq 101:104, ack 5001, win 1000, length 3"
        );
        assert_eq!(
            line.with_tcp_base(100, 5000).to_string(),
            "IP 10.0.0.1.4000 > 10.0.0.2.80: Flags [P.], seq 1:4, ack 1, win 1000, length 3"
        );
        assert_eq!(
            line.with_interface(Some("eth0")).to_string(),
            line.to_string(),
            "only a cooked frame has room for it"
        );
        assert_eq!(line.with_quiet(true).to_string(), "IP 10.0.0.1.4000 > 10.0.0.2.80: tcp 3");
    }
}
