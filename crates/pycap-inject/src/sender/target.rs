//! An interface that a packet socket sends to: how it is opened, which frames it takes, and what its refusals mean.

use pycap_wire::LinkType;

use super::error::may_not_send;
use super::link::{Link, down_or_gone};
use super::sys::{IpVersion, Socket};
use super::{SendError, SendErrorKind};

#[derive(Debug)]
pub(super) struct Target {
    pub(super) link: Link,
    pub(super) link_type: LinkType,
    /// Its packets have no link header, so that the kernel is to be told what they are.
    pub(super) cooked: bool,
}

impl Target {
    /// Finds the interface, which has to be up, and opens a socket for it, which is not bound yet.
    pub(super) fn open(name: &str) -> Result<(Self, Socket), SendError> {
        let link = Link::by_name(name)?;
        let Some(link_type) = link.link_type() else {
            let message = format!(
                "what frames of its hardware type ({}) start with is not known here: try libpcap",
                link.hardware
            );
            return Err(SendError::new(SendErrorKind::Unsupported, message).on_interface(name));
        };
        let cooked = link_type == LinkType::RAW;
        let socket = Socket::new(cooked).map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM | libc::EACCES) => may_not_send(Some(error)),
            Some(libc::EAFNOSUPPORT | libc::EPROTONOSUPPORT) => {
                let message = "this kernel has no packet sockets (CONFIG_PACKET)";
                SendError::system(SendErrorKind::Unsupported, message, error)
            }
            _ => SendError::io("cannot open a packet socket", error),
        })?;
        link.check_up()?;
        Ok((Self { link, link_type, cooked }, socket))
    }

    pub(super) fn bind(&self, socket: &Socket) -> Result<(), SendError> {
        socket.bind(self.link.index).map_err(|error| match error.raw_os_error() {
            Some(libc::ENODEV | libc::ENETDOWN) => down_or_gone(self.link.index, &self.link.name, error),
            _ => {
                SendError::io("cannot bind the socket to the interface", error).on_interface(&self.link.name)
            }
        })
    }

    /// Whether the frame can be handed to the kernel at all: what it would send, and not mean, is left out here.
    #[inline]
    pub(super) fn takes(&self, frame: &[u8]) -> bool {
        // Some kernels send frames of no bytes, which drivers are not made for.
        if self.cooked { IpVersion::of(frame).is_some() } else { !frame.is_empty() }
    }

    /// Why [`takes`](Self::takes) said no.
    #[cold]
    pub(super) fn nonsense(&self, frame: &[u8]) -> SendError {
        let error = match frame.first() {
            None => SendError::too_short(0, self.link.header_len().max(1), "there is nothing to send"),
            Some(first) => {
                let message = format!(
                    "the interface takes IP packets, and this one has version {}, not 4 or 6: leave the link header out",
                    first >> 4
                );
                SendError::new(SendErrorKind::InvalidFrame, message)
            }
        };
        error.on_interface(&self.link.name)
    }
}
