//! Filter expressions, compiled by libpcap.

use std::ffi::{CString, c_int};
use std::net::Ipv4Addr;

use pycap_sys::pcap;

use super::handle::{Handle, Setting, c_name};
use super::link;
use crate::compile::quoted;
use crate::system;
use crate::{CompileOptions, Error, ErrorKind, Filter, LinkType, Result};

/// Compiles an expression that is not empty.
pub(crate) fn compile(expression: &str, options: &CompileOptions) -> Result<Filter> {
    let snaplen = c_int::try_from(options.snaplen).unwrap_or(c_int::MAX);
    let dlt = link::to_dlt(options.link_type);
    let interface = options.interface.as_deref().filter(|_| depends_on_interface(expression));
    let mut handle = match interface.and_then(|name| live(name, dlt, snaplen)) {
        Some(handle) => handle,
        None => for_file(options, dlt, snaplen).map_err(|error| match error.kind() {
            ErrorKind::LibraryMissing => Error::new(
                ErrorKind::LibraryMissing,
                format!("the filter expression {:?} needs libpcap: {}", quoted(expression), error.message()),
            ),
            _ => error,
        })?,
    };
    let netmask = options.netmask.or_else(|| broadcast_mask(expression, options.interface.as_deref()?));
    let filter = compile_for(&mut handle, expression, options.optimize, netmask)?;
    Ok(filter.with_link_type(options.link_type))
}

/// The mask for an expression that asks for broadcasts of the interface's network. The interface is asked only for those.
pub(super) fn broadcast_mask(expression: &str, interface: &str) -> Option<Ipv4Addr> {
    expression.contains("broadcast").then(|| system::broadcast_mask(interface)).flatten()
}

/// Compiles an expression that is not empty for this handle.
pub(super) fn compile_for(
    handle: &mut Handle,
    expression: &str,
    optimize: bool,
    netmask: Option<Ipv4Addr>,
) -> Result<Filter> {
    let invalid = |reason: &str| {
        Error::new(
            ErrorKind::InvalidFilter,
            format!("the filter expression {:?}: {reason}", quoted(expression)),
        )
    };
    let text = CString::new(expression)
        .map_err(|error| invalid(&format!("has a zero byte at byte {}", error.nul_position())))?;
    // In this machine's byte order, as gencode.c compares it with a word that was loaded; not in the network's, which pcap_lookupnet gives
    // and which would test the wrong end of the address.
    let netmask = netmask.map_or(pcap::PCAP_NETMASK_UNKNOWN, u32::from);
    handle.compile(&text, optimize, netmask).map_err(|reason| match reason.contains("no VLAN support") {
        true => invalid(&format!("leave `vlan` out, or capture on one Ethernet interface: {reason}")),
        false => invalid(&reason),
    })
}

/// What compiles for frames of files. On loopback links IPv6 has the number of the system that wrote the file: libpcap tests for each of
/// them where it reads a file, and else for this system's only.
fn for_file(options: &CompileOptions, dlt: c_int, snaplen: c_int) -> Result<Handle> {
    #[cfg(unix)]
    if matches!(options.link_type, LinkType::NULL | LinkType::LOOP | LinkType::ENC)
        && options.interface.is_none()
        && let Some(handle) = empty_file(options.link_type, options.snaplen)
    {
        return Ok(handle);
    }
    Handle::dead(dlt, snaplen)
}

/// A savefile without a packet, in a pipe, which holds more than its header.
#[cfg(unix)]
fn empty_file(link_type: LinkType, snaplen: u32) -> Option<Handle> {
    use std::io::Write;
    use std::os::fd::AsRawFd;

    // Magic number; version 2.4; two numbers that are always 0; all in this machine's byte order.
    let version = [2_u16, 4].map(u16::to_ne_bytes).concat();
    let numbers = [0, 0, snaplen, link_type.0.into()].map(u32::to_ne_bytes).concat();
    let header = [&0xa1b2_c3d4_u32.to_ne_bytes()[..], &version, &numbers].concat();
    let (reader, mut writer) = std::io::pipe().ok()?;
    writer.write_all(&header).ok()?;
    Handle::offline(&c_name(&format!("/dev/fd/{}", reader.as_raw_fd()))?).ok()
}

/// Whether a program for a live capture can be another than one for a file. It takes the kernel tens of milliseconds to close a capture,
/// so none is opened for nothing. libpcap's gencode.c asks whether it compiles for a live capture for these words only.
fn depends_on_interface(expression: &str) -> bool {
    ["vlan", "inbound", "outbound", "ifindex"].iter().any(|word| expression.contains(word))
}

/// A capture on the interface for as long as it takes to compile, if that is permitted and has this link type. libpcap makes code for the
/// kernel's own view of frames only for handles like that: pcap-linux.c sets a mark in them when they are activated.
fn live(name: &str, dlt: c_int, snaplen: c_int) -> Option<Handle> {
    /// As small as libpcap makes it: nothing is read from it.
    const BUFFER: c_int = 1;
    let mut handle = Handle::create(&c_name(name)?).ok()?;
    handle.set(Setting::Snaplen(snaplen));
    handle.set(Setting::BufferSize(BUFFER));
    if handle.activate() < 0 {
        return None;
    }
    (handle.datalink() == dlt || handle.set_datalink(dlt).is_ok()).then_some(handle)
}
