//! A TCP segment.

use pycap_wire::{IpProtocol, TcpFlags, TcpHeader, TcpOption, checksum};

use super::declare::layer;
use super::tcp_option;
use crate::options::HeaderOptions;
use crate::{BuildError, Context, FieldError, FieldValue, Identity, Layer, PacketBuf, ToBuilder};

layer! {
    /// A TCP segment (RFC 9293).
    pub struct Tcp(TcpHeader) = "tcp";
    set {
        /// Source port.
        "sport" src_port, set_src_port: u16;
        /// Destination port.
        "dport" dst_port, set_dst_port: u16;
        /// Sequence number of the payload's first byte.
        "seq" seq, set_seq: u32;
        /// The sequence number that is expected next, where the ACK flag is set.
        "ack" ack, set_ack: u32;
        /// Flags and the reserved bits above them.
        "flags" flags, set_flags: TcpFlags;
        /// Window: 65535 bytes, to be shifted as agreed.
        "window" window, set_window: u16;
        /// Where urgent data ends, counted from the sequence number, where the URG flag is set.
        "urg" urgent, set_urgent: u16;
    }
    computed {
        /// Header length in bytes, a multiple of 4 up to 60.
        "hdr_len" header_len, set_header_len: usize, Lengths;
        /// Checksum of the pseudo-header, header and payload.
        "checksum" checksum, set_checksum: u16, Checksums;
    }
    also {
        /// Options.
        "options" options: HeaderOptions, = HeaderOptions::EMPTY, from options, takes "TCP options, or bytes";
    }
}

impl Tcp {
    /// A segment from port `src` to port `dst`, without flags.
    #[inline(always)]
    pub fn new(src: u16, dst: u16) -> Self {
        let mut header = TcpHeader::zeroed();
        header.set_src_port(src);
        header.set_dst_port(dst);
        header.set_window(0xffff);
        header.set_header_len(TcpHeader::LEN);
        Self::over(header)
    }

    /// A segment from port `src` to port `dst` that opens a connection.
    pub fn syn(src: u16, dst: u16, seq: u32) -> Self {
        Self::new(src, dst).seq(seq).flags(TcpFlags::SYN)
    }

    /// Adds an option. What is no multiple of 4 bytes long is padded with zeros, unless the header length is set.
    ///
    /// Reserved bits that the option does not have are 0, and fast open has the kind of its own, not that of an experiment.
    #[must_use]
    pub fn option(mut self, option: TcpOption<'_>) -> Self {
        self.options.extend_by(|list| tcp_option::put(&option, list));
        self
    }

    /// Adds a SACK option with blocks: the sequence number of the first byte of each, and that after its last.
    #[must_use]
    pub fn sack(mut self, blocks: impl IntoIterator<Item = (u32, u32)>) -> Self {
        self.options.extend_by(|list| tcp_option::put_sack(blocks, list));
        self
    }

    /// Adds bytes to the options. What is no multiple of 4 bytes long is padded with zeros, unless the header length is set.
    #[must_use]
    pub fn options_bytes(mut self, options: &[u8]) -> Self {
        self.options.extend(options);
        self
    }
}

impl Default for Tcp {
    fn default() -> Self {
        Self::new(0, 0)
    }
}

impl ToBuilder for pycap_wire::Tcp<'_> {
    type Builder = Tcp;

    fn to_builder(&self) -> Tcp {
        Tcp::exactly(*self.header()).options_bytes(self.options_bytes())
    }
}

impl Layer for Tcp {
    #[inline(always)]
    fn identity(&self) -> Identity {
        Identity::IpProtocol(IpProtocol::TCP)
    }

    #[inline(always)]
    fn prepend(&self, outer: &Context, _: Identity, buf: &mut PacketBuf) -> Result<(), BuildError> {
        let mut header = self.header;
        if !self.options.is_empty() {
            let payload = buf.payload_len();
            self.options.prepend(Self::NAME, self.is_exact(Mark::header_len), buf)?;
            if !self.is_exact(Mark::header_len) {
                header.set_header_len(TcpHeader::LEN + buf.payload_len() - payload);
            }
        } else if !self.is_exact(Mark::header_len) {
            header.set_header_len(TcpHeader::LEN);
        }
        if !self.is_exact(Mark::checksum) {
            header.set_checksum(0);
            // What is in the buffer begins with the options, whose length is even, so the sums may be added.
            let sum = outer.pseudo(Self::NAME, IpProtocol::TCP, TcpHeader::LEN + buf.payload_len())?
                + header.sum()
                + checksum::sum(buf.payload());
            header.set_checksum(!checksum::fold(sum));
        }
        buf.prepend_array(header.as_array())
    }
}

fn options(value: &FieldValue) -> Result<HeaderOptions, FieldError> {
    tcp_option::from_value(value).map(|bytes| HeaderOptions::from(bytes.as_slice()))
}
