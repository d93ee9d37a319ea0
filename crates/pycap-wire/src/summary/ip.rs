//! IP, its extension headers, and what it carries.

use core::fmt;
use core::net::IpAddr;

use super::Line;
use crate::*;

/// What the layers above IP have to know of it.
#[derive(Clone, Copy)]
struct Context {
    src: IpAddr,
    dst: IpAddr,
    /// The protocol that the IP header itself names: the addresses of TCP and UDP stand beside their ports, unless
    /// something else came between.
    first: IpProtocol,
    /// Whether it is the first of several fragments.
    fragmented: bool,
}

/// The protocols that write their ports beside the addresses.
fn has_ports(protocol: IpProtocol) -> bool {
    matches!(protocol, IpProtocol::TCP | IpProtocol::UDP)
}

impl Line<'_, '_> {
    pub(super) fn ipv4(&mut self, data: &[u8], length: usize) -> fmt::Result {
        if !self.enter() {
            return self.too_deep();
        }
        match data.first().map(|byte| byte >> 4) {
            Some(4) => {}
            None => return self.truncated("ip"),
            Some(6) => return self.text("IP6, wrong link-layer encapsulation (invalid)"),
            Some(version) => return self.write(format_args!("IP{version} (invalid)")),
        }
        if !self.options.link {
            self.text("IP ")?;
        }
        let Ok(ip) = Ipv4::parse(data) else { return self.truncated("ip") };
        if length < Ipv4Header::LEN {
            return self.write(format_args!("truncated-ip {length}"));
        }
        let header_len = ip.header().header_len();
        if header_len < Ipv4Header::LEN {
            return self.write(format_args!("bad-hlen {header_len}"));
        }
        let total_len = usize::from(ip.total_len());
        if length < total_len {
            self.write(format_args!("truncated-ip - {} bytes missing! ", length.abs_diff(total_len)))?;
        }
        if total_len != 0 && total_len < header_len {
            return self.write(format_args!("bad-len {total_len}"));
        }
        let total_len = if total_len == 0 { length } else { total_len };
        let protocol = ip.protocol();
        if ip.fragment_offset() != 0 {
            return self.write(format_args!("{} > {}: ip-proto-{}", ip.src(), ip.dst(), protocol.0));
        }
        if !has_ports(protocol) {
            self.write(format_args!("{} > {}: ", ip.src(), ip.dst()))?;
        }
        if ip.header_len() < header_len {
            self.write(format_args!(" [remaining caplen({}) < header length({header_len})]", data.len()))?;
            return self.truncated("ip");
        }
        let context = Context {
            src: ip.src().into(),
            dst: ip.dst().into(),
            first: protocol,
            fragmented: ip.more_fragments(),
        };
        self.carried(protocol, ip.payload(), total_len.saturating_sub(header_len), context)
    }

    pub(super) fn ipv6(&mut self, data: &[u8], length: usize) -> fmt::Result {
        if !self.enter() {
            return self.too_deep();
        }
        let Ok(ip) = Ipv6::parse(data) else { return self.truncated("ip6") };
        if length < Ipv6Header::LEN {
            return self.write(format_args!("truncated-ip6 {length}"));
        }
        if !self.options.link {
            self.text("IP6 ")?;
        }
        let version = ip.header().version();
        if version != 6 {
            return self.write(format_args!("version error: {version} != 6"));
        }
        let claimed = ip.payload().len().saturating_add(ip.missing());
        let available = length.saturating_sub(Ipv6Header::LEN);
        if available < claimed {
            self.write(format_args!("truncated-ip6 - {} bytes missing!", claimed.abs_diff(available)))?;
        }
        let protocol = ip.next_header();
        if !has_ports(protocol) {
            self.write(format_args!("{} > {}: ", ip.src(), ip.dst()))?;
        }
        let context =
            Context { src: ip.src().into(), dst: ip.dst().into(), first: protocol, fragmented: false };
        self.carried(protocol, ip.payload(), claimed, context)
    }

    /// What IP carries, through all extension headers.
    fn carried(
        &mut self,
        mut protocol: IpProtocol,
        mut data: &[u8],
        mut length: usize,
        mut context: Context,
    ) -> fmt::Result {
        loop {
            // One step through an extension header; its own text ends where the next one starts.
            macro_rules! extension {
                ($View:ident, $name:literal, $end:literal) => {{
                    if !self.enter() {
                        return self.too_deep();
                    }
                    let Ok(view) = $View::parse(data) else { return self.truncated($name) };
                    self.write(format_args!("{}", view.summary()))?;
                    if view.missing() > 0 || view.defect().is_some() {
                        return Ok(());
                    }
                    self.text($end)?;
                    (data, length) = (view.payload(), length.saturating_sub(view.header_len()));
                    view.next()
                }};
            }
            let v6 = context.src.is_ipv6();
            let missing = length.saturating_sub(data.len());
            let next = match protocol {
                IpProtocol::TCP => return self.tcp(data, length, context.addresses(protocol)),
                IpProtocol::UDP => return self.udp(data, length, context),
                IpProtocol::UDP_LITE => {
                    return match UdpLite::parse(data) {
                        Ok(view) => self.write(format_args!("{}", view.with_missing(missing).summary())),
                        Err(_) => self.truncated("udplite"),
                    };
                }
                IpProtocol::ICMP if v6 => return self.text("[ICMP requires IPv4] (invalid)"),
                IpProtocol::ICMPV6 if !v6 => return self.text("[ICMP6 requires IPv6] (invalid)"),
                IpProtocol::IGMP if v6 => return self.text("[IGMP requires IPv4] (invalid)"),
                IpProtocol::ICMP => {
                    return match Icmpv4::parse(data) {
                        Ok(view) => self.write(format_args!("{}", view.summary_with_len(length))),
                        Err(_) => self.truncated("icmp"),
                    };
                }
                IpProtocol::ICMPV6 => {
                    return match Icmpv6::parse(data) {
                        Ok(view) => self.write(format_args!("{}", view.summary_with_len(length))),
                        Err(_) => self.truncated("icmp6"),
                    };
                }
                IpProtocol::IGMP if self.options.quiet => return self.text("igmp"),
                IpProtocol::IGMP => {
                    return match Igmp::parse(data) {
                        Ok(view) => self.write(format_args!("{}", view.summary())),
                        Err(_) => self.truncated("igmp"),
                    };
                }
                IpProtocol::ESP => {
                    return match Esp::parse(data) {
                        Ok(esp) => self.write(format_args!(
                            "ESP(spi={:#010x},seq={:#x}), length {length}",
                            esp.spi(),
                            esp.seq()
                        )),
                        Err(_) => self.truncated("esp"),
                    };
                }
                IpProtocol::IPV4 => return self.ipv4(data, length),
                IpProtocol::IPV6 => return self.ipv6(data, length),
                IpProtocol::NO_NEXT_HEADER => return self.text("no next header"),
                IpProtocol::ETHERNET => return self.ethernet(data, length),
                IpProtocol::AH if data.len() < AhHeader::LEN => return self.cut_ah(data),
                IpProtocol::AH => extension!(Ah, "ah", ": "),
                IpProtocol::HOP_BY_HOP if v6 => extension!(Ipv6HopByHop, "hbhopt", " "),
                IpProtocol::DESTINATION_OPTIONS if v6 => extension!(Ipv6DestinationOptions, "dstopt", " "),
                IpProtocol::ROUTING if v6 => extension!(Ipv6Routing, "rt6", " "),
                IpProtocol::MOBILITY if v6 => match extension!(Mobility, "mobility", "") {
                    Next::IpProtocol(next) if next != IpProtocol::NO_NEXT_HEADER && !data.is_empty() => {
                        self.text(" ")?;
                        Next::IpProtocol(next)
                    }
                    _ => return Ok(()),
                },
                IpProtocol::FRAGMENT if v6 => {
                    if !self.enter() {
                        return self.too_deep();
                    }
                    let Ok(fragment) = Ipv6Fragment::parse(data) else { return self.truncated("frag6") };
                    self.write(format_args!("{}", fragment.with_missing(missing).summary()))?;
                    if fragment.fragment_offset() == 0 {
                        self.text(" ")?;
                    }
                    context.fragmented = true;
                    (data, length) = (fragment.payload(), length.saturating_sub(fragment.header_len()));
                    fragment.next()
                }
                unknown => return self.write(format_args!(" ip-proto-{} {length}", unknown.0)),
            };
            match next {
                Next::IpProtocol(number) => protocol = number,
                _ => return Ok(()),
            }
        }
    }

    /// An authentication header whose fixed part is cut: the fields before the cut.
    fn cut_ah(&mut self, data: &[u8]) -> fmt::Result {
        self.text(match data.len() {
            0 => "",
            1 => "AH",
            _ => "AH(",
        })?;
        if let Some(&[_, _, _, _, a, b, c, d]) = data.first_chunk() {
            self.write(format_args!("spi={:#010x},", u32::from_be_bytes([a, b, c, d])))?;
        }
        self.truncated("ah")
    }

    fn udp(&mut self, data: &[u8], length: usize, context: Context) -> fmt::Result {
        let addresses = context.addresses(IpProtocol::UDP);
        let Some(ports) = ports(data) else {
            self.plain_addresses(addresses)?;
            return self.text(if addresses.is_some() { "  [|udp]" } else { " [|udp]" });
        };
        self.with_ports(addresses, ports)?;
        if length < UdpHeader::LEN {
            return self.write(format_args!("truncated-udp {length}"));
        }
        let Ok(udp) = Udp::parse(data) else { return self.truncated("udp") };
        let (length, claimed) = (length.saturating_sub(UdpHeader::LEN), usize::from(udp.len()));
        let claimed = match claimed.checked_sub(UdpHeader::LEN) {
            Some(claimed) => claimed,
            None if claimed == 0 && length > usize::from(u16::MAX) => length,
            None => return self.write(format_args!("truncated-udplength {claimed}")),
        };
        if claimed > length && !context.fragmented {
            self.write(format_args!("UDP, bad length {claimed} > {length}"))
        } else {
            self.write(format_args!("UDP, length {claimed}"))
        }
    }

    /// `192.0.2.1.4000 > 192.0.2.2.53: `, without the addresses where they stand further to the left.
    pub(super) fn with_ports(
        &mut self,
        addresses: Option<(IpAddr, IpAddr)>,
        (from, to): (u16, u16),
    ) -> fmt::Result {
        match addresses {
            Some((src, dst)) => self.write(format_args!("{src}.{from} > {dst}.{to}: ")),
            None => self.write(format_args!("{from} > {to}: ")),
        }
    }

    /// `192.0.2.1 > 192.0.2.2:`, in the place of [`with_ports`](Self::with_ports) where no ports were captured.
    pub(super) fn plain_addresses(&mut self, addresses: Option<(IpAddr, IpAddr)>) -> fmt::Result {
        match addresses {
            Some((src, dst)) => self.write(format_args!("{src} > {dst}:")),
            None => Ok(()),
        }
    }
}

impl Context {
    /// The addresses, if they are still to be shown by `protocol`.
    fn addresses(&self, protocol: IpProtocol) -> Option<(IpAddr, IpAddr)> {
        (self.first == protocol).then_some((self.src, self.dst))
    }
}

/// Source and destination port.
pub(super) fn ports(data: &[u8]) -> Option<(u16, u16)> {
    let &[a, b, c, d] = data.first_chunk::<4>()?;
    Some((u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])))
}
