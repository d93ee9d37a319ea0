//! An IPv6 destination options header.

use pycap_wire::{IpProtocol, Ipv6Option, Ipv6Options};

use super::ipv6_option::options_header;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

options_header! {
    /// An IPv6 destination options header (RFC 8200, 4.6). A home address in it is the source that the payload's checksum covers
    /// (RFC 6275, 11.3.1).
    pub struct Ipv6DestinationOptions = "ipv6_dstopts";
}

impl Layer for Ipv6DestinationOptions {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::DESTINATION_OPTIONS)
    }

    fn inward(&self, outer: &Context) -> Context {
        let home = Ipv6Options::new(&self.options.bytes).find_map(|option| match option {
            Ipv6Option::HomeAddress(home) => Some(home),
            _ => None,
        });
        home.map_or(outer.inside(), |home| outer.inside().with_ipv6_src(home))
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        self.prepend_header(inner, buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::testing::{bytes, rewritten};
    use crate::layer::{Ipv6, Udp};
    use pycap_wire::checksum::Verifier;
    use pycap_wire::{LinkType, Packet};
    use std::net::Ipv6Addr;

    #[test]
    fn a_home_address_is_the_source_of_the_checksum() {
        let home: Ipv6Addr = "2001:db8::99".parse().unwrap();
        let options = Ipv6DestinationOptions::default().option(Ipv6Option::HomeAddress(home));
        let ip = Ipv6::new(Ipv6Addr::LOCALHOST, Ipv6Addr::LOCALHOST);
        let packet = (&ip, options, Udp::new(1, 2), "hello").build().unwrap();
        assert_eq!(packet[40..48], bytes("11 02 01020000 c910"));
        let mut verifier = Verifier::default();
        let verdicts =
            Packet::parse(LinkType::RAW, &packet).layers().map(|layer| verifier.verify(&layer)).last();
        assert_eq!(verdicts, Some(Some(true)));
        assert_eq!(rewritten(LinkType::RAW, &packet), packet);
        let plain = (ip.src(home), Udp::new(1, 2), "hello").build().unwrap();
        assert_eq!(packet[70..72], plain[46..48]);
    }
}
