//! Filter expressions, compiled by libpcap.

use std::net::Ipv4Addr;

use crate::{Filter, LinkType, MAX_SNAPLEN, Result};

/// What a filter expression is compiled for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    pub(crate) link_type: LinkType,
    pub(crate) snaplen: u32,
    pub(crate) optimize: bool,
    pub(crate) netmask: Option<Ipv4Addr>,
    pub(crate) interface: Option<String>,
}

impl CompileOptions {
    /// For frames of this link type: optimized, the network's mask not known.
    pub const fn new(link_type: LinkType) -> Self {
        Self { link_type, snaplen: MAX_SNAPLEN, optimize: true, netmask: None, interface: None }
    }

    /// What the program returns for a frame that matches, in bytes; 262,144 unless another is asked for.
    #[must_use]
    pub const fn snaplen(mut self, bytes: u32) -> Self {
        self.snaplen = bytes;
        self
    }

    /// Whether to make the program shorter; yes, unless asked not to.
    #[must_use]
    pub const fn optimize(mut self, optimize: bool) -> Self {
        self.optimize = optimize;
        self
    }

    /// The mask of the network captured on, which `ip broadcast` needs.
    #[must_use]
    pub const fn netmask(mut self, mask: Option<Ipv4Addr>) -> Self {
        self.netmask = mask;
        self
    }

    /// For a live capture on this interface. On Linux such programs find VLAN tags, directions and interfaces where the kernel has them:
    /// beside the frame.
    ///
    /// libpcap makes them for a capture that is open, so one is opened for a moment if the expression has such words. Where that is not
    /// permitted, or the capture would have another link type, the program is one for files.
    #[must_use]
    pub fn on_interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }
}

/// Compiles a filter expression, as of pcap-filter(7), by libpcap. An empty one matches everything.
///
/// ```no_run
/// use pycap_capture::{CompileOptions, LinkType, compile};
///
/// let filter = compile("tcp port 443", &CompileOptions::new(LinkType::ETHERNET))?;
/// println!("{}", filter.listing());
/// # Ok::<(), pycap_capture::Error>(())
/// ```
///
/// # Errors
///
/// [`ErrorKind::InvalidFilter`](crate::ErrorKind::InvalidFilter) with libpcap's reason;
/// [`ErrorKind::LibraryMissing`](crate::ErrorKind::LibraryMissing) if there is no libpcap, with what to install, but not for an empty
/// expression, which needs none.
pub fn compile(expression: &str, options: &CompileOptions) -> Result<Filter> {
    if expression.trim_ascii().is_empty() {
        return Ok(Filter::accept_all(options.snaplen));
    }
    by_libpcap(expression, options)
}

#[cfg(feature = "libpcap")]
use crate::pcap_source::compile as by_libpcap;

#[cfg(not(feature = "libpcap"))]
fn by_libpcap(_: &str, _: &CompileOptions) -> Result<Filter> {
    Err(crate::Error::new(
        crate::ErrorKind::LibraryMissing,
        "filter expressions need libpcap, and this program was built without pycap-capture's feature `libpcap`: \
         build it with the feature, or give the filter as a program (`tcpdump -ddd`)",
    ))
}
