//! A UDP datagram.

use pycap_wire::{IpProtocol, UdpHeader, checksum};

use super::declare::layer;
use crate::{BuildError, Context, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A UDP datagram (RFC 768).
    pub struct Udp(UdpHeader) = "udp";
    set {
        /// Source port.
        "sport" src_port, set_src_port: u16;
    }
    computed {
        /// Destination port: that of the application inside, where it has one.
        "dport" dst_port, set_dst_port: u16, Numbers;
        /// Length of header and payload in bytes.
        "len" len, set_len: u16, Lengths;
        /// Checksum of the pseudo-header, header and payload; 0 is none.
        "checksum" checksum, set_checksum: u16, Checksums;
    }
    also {}
}

impl Udp {
    /// A datagram from port `src` to port `dst`.
    #[inline(always)]
    pub fn new(src: u16, dst: u16) -> Self {
        Self::default().src_port(src).dst_port(dst)
    }
}

/// From port 0 to that of the application inside.
impl Default for Udp {
    #[inline(always)]
    fn default() -> Self {
        Self::over(UdpHeader::zeroed())
    }
}

impl ToBuilder for pycap_wire::Udp<'_> {
    type Builder = Udp;

    fn to_builder(&self) -> Udp {
        Udp::exactly(*self.header())
    }
}

impl Layer for Udp {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::UDP)
    }

    #[inline(always)]
    fn prepend(&self, outer: &Context, inner: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        let len = UdpHeader::LEN + buf.payload_len();
        if let (false, Some(port)) = (self.is_exact(Mark::dst_port), inner.port()) {
            header.set_dst_port(port);
        }
        if !self.is_exact(Mark::len) {
            if len > 0xffff {
                return Err(BuildError::too_long(Self::NAME, "length field", len, 0xffff));
            }
            header.set_len(len as u16);
        }
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            let sum =
                outer.pseudo(Self::NAME, IpProtocol::UDP, len)? + header.sum() + checksum::sum(buf.payload());
            // RFC 768: a checksum of 0 is sent as all ones, as 0 says that there is none.
            header.set_checksum(match !checksum::fold(sum) {
                0 => 0xffff,
                checksum => checksum,
            });
        }
        buf.prepend_array(header.as_array())
    }
}
