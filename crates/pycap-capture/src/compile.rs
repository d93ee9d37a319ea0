//! Filter expressions, compiled by libpcap.

use std::net::Ipv4Addr;

use pycap_filter::{Instruction, ancillary, opcode};

use crate::{Error, ErrorKind, Filter, LinkType, MAX_SNAPLEN, Result};

/// What a filter expression is compiled for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompileOptions {
    pub(crate) link_type: LinkType,
    pub(crate) snaplen: u32,
    pub(crate) optimize: bool,
    pub(crate) netmask: Option<Ipv4Addr>,
    pub(crate) interface: Option<String>,
    pub(crate) bytes_alone: bool,
}

impl CompileOptions {
    /// For frames of this link type: optimized, the network's mask not known.
    pub const fn new(link_type: LinkType) -> Self {
        Self {
            link_type,
            snaplen: MAX_SNAPLEN,
            optimize: true,
            netmask: None,
            interface: None,
            bytes_alone: false,
        }
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

    /// The mask of the network captured on, which `ip broadcast` needs; that of the interface's first IPv4 address if it is for a capture
    /// [on one](Self::on_interface).
    #[must_use]
    pub const fn netmask(mut self, mask: Option<Ipv4Addr>) -> Self {
        self.netmask = mask;
        self
    }

    /// Whether there is nothing but the bytes of a frame to look at, as in classic pcap files; no, unless asked for. `inbound`, `outbound`
    /// and `ifindex` are errors then, but for link types whose header has them (`LINUX_SLL2` has all, `LINUX_SLL` has directions).
    #[must_use]
    pub const fn bytes_alone(mut self, alone: bool) -> Self {
        self.bytes_alone = alone;
        self
    }

    /// For a live capture on this interface. On Linux such programs find VLAN tags, directions and interfaces where the kernel has them:
    /// beside the frame.
    ///
    /// `ip broadcast` takes the interface's mask. Where it has no IPv4 address, on `any`, and in a network of one or two addresses, that
    /// leaves 0.0.0.0 and 255.255.255.255.
    ///
    /// libpcap makes them for a capture that is open, so one is opened for a moment if the expression has such words. Where that is not
    /// permitted, or the capture would have another link type, the program is one for files.
    #[must_use]
    pub fn on_interface(mut self, name: impl Into<String>) -> Self {
        self.interface = Some(name.into());
        self
    }
}

/// Compiles a filter expression, as of pcap-filter(7), by libpcap. An empty one matches everything, frames of each link type. Any other is
/// for frames of this link type ([`Filter::link_type`]).
///
/// What Linux knows beside the bytes of a frame (`inbound`, `outbound`, `ifindex`) is asked for also where it is for frames of files, of
/// which few know it: [`Frame::try_matches`](crate::Frame::try_matches).
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
    let filter = by_libpcap(expression, options)?;
    if options.bytes_alone && filter.uses_ancillary() {
        let why = if filter.loads(ancillary::PKTTYPE) {
            "where nothing but the bytes of packets is known, as in a pcap file; pcapng files can have directions"
        } else {
            "where nothing but the bytes of packets is known, as in a pcap file"
        };
        return Err(beside_the_bytes(expression, &filter, options.link_type, why));
    }
    if filter.instructions().iter().any(is_astray) {
        return Err(beside_the_bytes(
            expression,
            &filter,
            options.link_type,
            "as its header has no fixed length",
        ));
    }
    Ok(filter)
}

/// Whether it is to load what is known beside the bytes, and loads from an offset that a header's length was added to, where there never is
/// anything. libpcap makes these for `inbound`, `outbound` and `ifindex` on link types like radiotap.
fn is_astray(instruction: &Instruction) -> bool {
    const CLASS_AND_MODE: u16 = 0xe7;
    instruction.code & CLASS_AND_MODE == opcode::LD | opcode::IND && instruction.k >= ancillary::OFFSET
}

#[cold]
fn beside_the_bytes(expression: &str, filter: &Filter, link_type: LinkType, why: &str) -> Error {
    // It may have both, and then the other is to be heard of next.
    let asks = |offset| filter.instructions().iter().any(|one| one.k == offset && one.code & 7 == opcode::LD);
    let words = if asks(ancillary::PKTTYPE) { "inbound/outbound" } else { "ifindex" };
    let name = link_type.name().map_or_else(|| link_type.to_string(), str::to_owned);
    let message =
        format!("the filter expression {:?}: {words} not supported on {name} {why}", quoted(expression));
    Error::new(ErrorKind::InvalidFilter, message)
}

/// So many bytes of an expression are repeated in a message.
const QUOTED: usize = 120;

/// The start of an expression, for a message.
pub(crate) fn quoted(expression: &str) -> String {
    match expression.char_indices().find(|(at, _)| *at >= QUOTED) {
        None => expression.to_owned(),
        Some((end, _)) => format!("{}...", &expression[..end]),
    }
}

#[cfg(feature = "libpcap")]
use crate::pcap_source::compile as by_libpcap;

#[cfg(not(feature = "libpcap"))]
fn by_libpcap(_: &str, _: &CompileOptions) -> Result<Filter> {
    Err(Error::new(
        ErrorKind::LibraryMissing,
        "filter expressions need libpcap, and this program was built without pycap-capture's feature `libpcap`: \
         build it with the feature, or give the filter as a program (`tcpdump -ddd`)",
    ))
}
