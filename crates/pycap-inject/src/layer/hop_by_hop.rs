//! An IPv6 hop-by-hop options header.

use pycap_wire::IpProtocol;

use super::ipv6_option::options_header;
use crate::{BuildError, Context, Identity, Layer, PacketBuf};

options_header! {
    /// An IPv6 hop-by-hop options header (RFC 8200, 4.3).
    pub struct Ipv6HopByHop = "ipv6_hopopts";
}

impl Layer for Ipv6HopByHop {
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::HOP_BY_HOP)
    }

    fn prepend(&self, _: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        self.prepend_header(inner, buf)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ToBuilder;
    use crate::layer::testing::{bytes, rewritten, set};
    use crate::layer::{Ipv6, Udp};
    use pycap_wire::Ipv6Option;
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
