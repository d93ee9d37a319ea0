//! The packet socket behind a ring, and what is known of its interface.

use super::builder::Settings;
use super::program::{self, Program, Starts};
use super::socket::Socket;
use crate::system::Lost;
use crate::{Error, Filter, Result};

/// A packet socket and what is known of its interface.
pub(super) struct Live {
    pub(super) socket: Socket,
    pub(super) name: Box<str>,
    /// 0 is all interfaces.
    pub(super) number: u32,
    pub(super) loopback: Option<u32>,
    pub(super) settings: Settings,
    /// What the interface has lost since the ring was opened; `None` if the system does not tell, and for all interfaces.
    pub(super) lost: Option<Lost>,
    pub(super) counted: Counted,
    /// The interface was set down, and was not seen up since.
    pub(super) down: bool,
}

/// What the kernel counted: it starts again from 0 whenever it is asked.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counted {
    pub(super) received: u64,
    pub(super) dropped: u64,
    pub(super) full: u64,
}

impl Live {
    /// All that the kernel counted since the ring was opened.
    pub(super) fn count(&mut self) -> Result<Counted> {
        let stats: libc::tpacket_stats_v3 = self
            .socket
            .get(libc::SOL_PACKET, libc::PACKET_STATISTICS)
            .map_err(|error| Error::io("cannot ask for the statistics", error).on_interface(&self.name))?;
        // packet_getsockopt() adds those that were dropped to those that were received.
        self.counted.received += u64::from(stats.tp_packets.saturating_sub(stats.tp_drops));
        self.counted.dropped += u64::from(stats.tp_drops);
        self.counted.full += u64::from(stats.tp_freeze_q_cnt);
        Ok(self.counted)
    }

    /// The program for another filter.
    pub(super) fn program(&self, filter: Option<&Filter>, starts: Starts) -> Result<Program> {
        let settings = Settings { filter: filter.cloned(), ..self.settings.clone() };
        let loopback = self.loopback.filter(|lo| self.number == 0 || self.number == *lo);
        program::assemble(&settings, starts, loopback)
    }
}
