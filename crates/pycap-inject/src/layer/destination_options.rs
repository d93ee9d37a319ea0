//! An IPv6 destination options header.

use pycap_wire::{IpProtocol, Ipv6Option, Ipv6Options, Ipv6OptionsHeader};

use super::declare::layer;
use super::ipv6_option::{self, OptionList};
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 destination options header (RFC 8200, 4.6). A home address in it is the source that the payload's checksum covers
    /// (RFC 6275, 11.3.1).
    pub struct Ipv6DestinationOptions(Ipv6OptionsHeader) = "ipv6_dstopts";
    set {}
    computed {
        /// What follows. Where it is bytes that say nothing of themselves, 253, which is for experiments (RFC 3692).
        "nxt" next_header, set_next_header: IpProtocol, Numbers;
        /// Length of the header in units of 8 bytes, the first 8 not counted.
        "len" ext_len, set_ext_len: u8, Lengths;
    }
    also {
        /// Options.
        "options" options: OptionList, = OptionList::EMPTY, from ipv6_option::from_value, takes "IPv6 options, or bytes";
    }
}

impl Ipv6DestinationOptions {
    /// Adds an option, and before it the padding that its alignment asks for. The last one is followed by padding to whole units
    /// of 8 bytes, unless the header's length is set.
    ///
    /// Reserved bits that the option does not have are 0, and of two types for the same thing it has the one that is in use; as
    /// bytes it may have any.
    #[must_use]
    pub fn option(mut self, option: Ipv6Option<'_>) -> Self {
        self.options.add(&option);
        self
    }

    /// Adds bytes to the options, as they are.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.bytes.extend_from_slice(options);
        self
    }
}

/// Without options: padding.
impl Default for Ipv6DestinationOptions {
    fn default() -> Self {
        Self::over(Ipv6OptionsHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Ipv6DestinationOptions<'_> {
    type Builder = Ipv6DestinationOptions;

    fn to_builder(&self) -> Ipv6DestinationOptions {
        Ipv6DestinationOptions::exactly(*self.header()).options_bytes(self.options_bytes())
    }
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
        let mut header = self.header;
        if !self.is_exact(Mark::next_header) {
            header.set_next_header(inner.ip_protocol().unwrap_or(EXPERIMENT_IP_PROTOCOL));
        }
        self.options.prepend(Self::NAME, header, self.is_exact(Mark::ext_len), buf)
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
