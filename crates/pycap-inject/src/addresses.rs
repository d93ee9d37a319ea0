//! Which addresses the checksum of a layer covers, as the layers around it say.

use std::net::IpAddr;

use pycap_wire::{Ipv6Option, Layer};

/// The addresses of a pseudo-header, each where it is known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Addresses {
    pub(crate) src: Option<IpAddr>,
    /// The final destination.
    pub(crate) dst: Option<IpAddr>,
}

impl Addresses {
    /// Those inside `layer`, where `self` are those that it is inside of.
    pub(crate) fn inside(self, layer: &Layer<'_>) -> Self {
        match layer {
            Layer::Ipv4(ip) => Self { src: Some(ip.src().into()), dst: Some(ip.final_dst().into()) },
            Layer::Ipv6(ip) => Self { src: Some(ip.src().into()), dst: Some(ip.dst().into()) },
            // RFC 8200, 8.1: the last address of a routing header is the destination.
            Layer::Ipv6Routing(routing) => Self {
                dst: match self.dst {
                    Some(IpAddr::V6(dst)) => routing.final_dst(dst).map(IpAddr::from),
                    _ => None,
                },
                ..self
            },
            // RFC 6275, 6.3: checksums are those of a packet from the home address.
            Layer::Ipv6DestinationOptions(header) => {
                let home = header.options().find_map(|option| match option {
                    Ipv6Option::HomeAddress(home) => Some(home.into()),
                    _ => None,
                });
                Self { src: home.or(self.src), ..self }
            }
            _ => self,
        }
    }

    /// Both addresses' octets, 0 where there is none, each from an even index on.
    pub(crate) fn octets(self) -> [u8; 32] {
        let mut octets = [0; 32];
        for (to, address) in octets.chunks_exact_mut(16).zip([self.src, self.dst]) {
            match address {
                Some(IpAddr::V4(address)) => {
                    to.iter_mut().zip(address.octets()).for_each(|(to, byte)| *to = byte)
                }
                Some(IpAddr::V6(address)) => to.copy_from_slice(&address.octets()),
                None => (),
            }
        }
        octets
    }
}
