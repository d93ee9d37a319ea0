//! TCP: the ports, and the segment's own part of the line.

use core::fmt;
use core::net::IpAddr;

use super::Line;
use super::ip::ports;
use crate::*;

impl Line<'_, '_> {
    pub(super) fn tcp(
        &mut self,
        data: &[u8],
        length: usize,
        addresses: Option<(IpAddr, IpAddr)>,
    ) -> fmt::Result {
        let Some(ports) = ports(data) else {
            self.plain_addresses(addresses)?;
            return self.truncated("tcp");
        };
        self.with_ports(addresses, ports)?;
        let Ok(tcp) = Tcp::parse(data) else { return self.truncated("tcp") };
        let header_len = tcp.header().header_len();
        if self.options.quiet && header_len >= TcpHeader::LEN {
            self.write(format_args!("tcp {}", length.wrapping_sub(header_len) as u32))?;
            if header_len > length {
                self.write(format_args!(" [bad hdr length {header_len} - too long, > {length}] (invalid)"))?;
            }
            return Ok(());
        }
        let tcp = tcp.with_missing(length.saturating_sub(data.len()));
        self.write(format_args!("{}", tcp.summary_relative(self.options.seq_base, self.options.ack_base)))
    }
}
