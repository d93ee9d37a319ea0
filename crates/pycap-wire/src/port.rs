//! The port table: which application speaks on which port.

use core::fmt;

/// An application protocol that the [`PortTable`] names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Application {
    /// Domain names (RFC 1035), multicast DNS and LLMNR.
    Dns,
    /// DHCP and BOOTP (RFC 2131).
    Dhcp,
    /// VXLAN (RFC 7348).
    Vxlan,
    /// GENEVE (RFC 8926).
    Geneve,
    /// GTP user plane (3GPP TS 29.281).
    GtpU,
}

/// Which application speaks on which TCP or UDP port, on either side of the conversation.
///
/// The standard table is
///
/// | transport | port | application |
/// |---|---|---|
/// | UDP, TCP | 53, 5353, 5355 | [`Dns`](Application::Dns) |
/// | UDP | 67, 68 | [`Dhcp`](Application::Dhcp) |
/// | UDP | 4789 | [`Vxlan`](Application::Vxlan) |
/// | UDP | 6081 | [`Geneve`](Application::Geneve) |
/// | UDP | 2152 | [`GtpU`](Application::GtpU) |
///
/// The destination port is looked up first, then the source port. Nothing is guessed by content.
#[derive(Debug, Clone, Copy)]
pub struct PortTable<'t> {
    entries: &'t [(u16, Transports, Application)],
}

/// The transports that a [`PortTable`] entry is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transports {
    /// UDP only.
    Udp,
    /// TCP only.
    Tcp,
    /// UDP and TCP.
    Both,
}

impl PortTable<'static> {
    /// The table above.
    pub const STANDARD: Self = Self {
        entries: &[
            (53, Transports::Both, Application::Dns),
            (5353, Transports::Both, Application::Dns),
            (5355, Transports::Both, Application::Dns),
            (67, Transports::Udp, Application::Dhcp),
            (68, Transports::Udp, Application::Dhcp),
            (4789, Transports::Udp, Application::Vxlan),
            (6081, Transports::Udp, Application::Geneve),
            (2152, Transports::Udp, Application::GtpU),
        ],
    };

    /// No application at all: what is inside TCP and UDP is data.
    pub const OFF: Self = Self { entries: &[] };
}

impl<'t> PortTable<'t> {
    /// A table of your own, in place of the standard one. Earlier entries win.
    pub const fn new(entries: &'t [(u16, Transports, Application)]) -> Self {
        Self { entries }
    }

    pub(crate) fn udp(&self, src_port: u16, dst_port: u16) -> Option<Application> {
        self.find(Transports::Udp, src_port, dst_port)
    }

    pub(crate) fn tcp(&self, src_port: u16, dst_port: u16) -> Option<Application> {
        self.find(Transports::Tcp, src_port, dst_port)
    }

    fn find(&self, transport: Transports, src_port: u16, dst_port: u16) -> Option<Application> {
        let on = |port| {
            self.entries
                .iter()
                .find(|(number, on, _)| *number == port && (*on == transport || *on == Transports::Both))
                .map(|(_, _, application)| *application)
        };
        on(dst_port).or_else(|| on(src_port))
    }
}

impl Default for PortTable<'static> {
    fn default() -> Self {
        Self::STANDARD
    }
}

impl fmt::Display for Application {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Dns => "DNS",
            Self::Dhcp => "DHCP",
            Self::Vxlan => "VXLAN",
            Self::Geneve => "GENEVE",
            Self::GtpU => "GTP-U",
        })
    }
}
