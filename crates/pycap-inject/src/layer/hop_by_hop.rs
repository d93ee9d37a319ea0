//! An IPv6 hop-by-hop options header.

use pycap_wire::{IpProtocol, Ipv6Option, Ipv6OptionsHeader};

use super::declare::layer;
use super::ipv6_option::{self, OptionList};
use crate::context::EXPERIMENT_IP_PROTOCOL;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// An IPv6 hop-by-hop options header (RFC 8200, 4.3).
    pub struct Ipv6HopByHop(Ipv6OptionsHeader) = "ipv6_hopopts";
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

impl Ipv6HopByHop {
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
impl Default for Ipv6HopByHop {
    fn default() -> Self {
        Self::over(Ipv6OptionsHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Ipv6HopByHop<'_> {
    type Builder = Ipv6HopByHop;

    fn to_builder(&self) -> Ipv6HopByHop {
        Ipv6HopByHop::exactly(*self.header()).options_bytes(self.options_bytes())
    }
}

impl Layer for Ipv6HopByHop {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::HOP_BY_HOP)
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
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Ipv6, Udp};
    use pycap_wire::LinkType;

    /// scapy: `IPv6ExtHdrHopByHop(options=[RouterAlert()])`, and without options.
    #[test]
    fn a_header_is_padded_as_scapy_does() {
        let alert = Ipv6HopByHop::default().option(Ipv6Option::RouterAlert(0));
        let packet = (Ipv6::default(), alert, Udp::new(1, 2)).build().unwrap();
        assert_eq!((packet[6], &packet[40..48]), (0, &bytes("11 00 05020000 0100")[..]));
        assert_eq!(rewritten(LinkType::RAW, &packet), packet);
        assert_eq!(Ipv6HopByHop::default().build().unwrap(), bytes("3b 00 0104 00000000"));
        let named = set("ipv6_hopopts", &[("options", "router_alert"), ("nxt", "udp")]);
        assert_eq!(named.build().unwrap(), bytes("11 00 05020000 0100"));
    }

    #[test]
    fn lengths_are_bounded_or_kept() {
        let long = Ipv6HopByHop::default().options_bytes(&[0; 2047]);
        assert_eq!(
            long.build().unwrap_err().to_string(),
            "ipv6_hopopts: 2056 bytes, room of the header is 2048: 8 too many"
        );
        assert_eq!(long.ext_len(3).build().unwrap().len(), 2049);
        let option = Ipv6HopByHop::default().option(Ipv6Option::PadN(&[0; 300]));
        assert_eq!(
            option.build().unwrap_err().to_string(),
            "ipv6_hopopts: 300 bytes, length of an option is 255: 45 too many"
        );
        let cut = bytes("3a 01 05020000 0108 0000");
        let view = pycap_wire::Ipv6HopByHop::parse(&cut).unwrap();
        assert_eq!(view.to_builder().build().unwrap(), cut);
    }
}
