//! The program that the kernel matches frames with: the caller's filter, made ready for this socket.

use pycap_filter::{Cooked, Filter, ancillary};

use super::builder::Settings;
use super::device;
use super::socket::Instruction;
use crate::filter::check_link_type as check;
use crate::{Direction, Error, ErrorKind, LinkType, Result};

/// A program in the kernel's form.
pub(super) struct Program(pub(super) Vec<Instruction>);

impl From<&Filter> for Program {
    fn from(filter: &Filter) -> Self {
        let instruction =
            |&pycap_filter::Instruction { code, jt, jf, k }: &_| Instruction { code, jt, jf, k };
        Self(filter.instructions().iter().map(instruction).collect())
    }
}

/// Refuses filters that were compiled for frames of another link type than those of the ring, or ask for what these do not know.
pub(super) fn check_link_type(settings: &Settings, link_type: LinkType) -> Result<()> {
    let filters = [&settings.filter, &settings.filter_in_process, &settings.filter_as_kernel];
    filters.into_iter().flatten().try_for_each(|filter| check(filter, link_type))?;
    // The kernel knows it; frames have it in the pseudo-header of several interfaces alone.
    let mut here = [&settings.filter_in_process, &settings.filter_as_kernel].into_iter().flatten();
    let asks = here.any(|filter| filter.loads(ancillary::IFINDEX));
    if asks && link_type != LinkType::LINUX_SLL2 {
        let message = "leave `ifindex` out of the filter: matched in this process, it is known on `any` only";
        return Err(Error::new(ErrorKind::InvalidFilter, message));
    }
    Ok(())
}

/// What the kernel runs a program on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Starts {
    /// On the bytes that are captured.
    Captured,
    /// On what is behind the link's header, for which a pseudo-header stands: `SOCK_DGRAM`.
    Payload,
    /// On frames of several interfaces, each with its link's header, for which a pseudo-header stands: `SOCK_RAW` on all of them.
    LinkOfEach,
}

/// The program for these settings on a socket that begins there. Where there is a loopback interface of this number among those captured
/// on, each of its frames is to be seen once.
///
/// Where it begins [at each link](Starts::LinkOfEach), it lets all frames through that are not of a hardware type that
/// [`device::link_header_len`] knows.
pub(super) fn assemble(settings: &Settings, starts: Starts, loopback: Option<u32>) -> Result<Program> {
    let mut filter = match &settings.filter {
        None => Filter::accept_all(settings.snaplen),
        Some(filter) => {
            filter.check_kernel().map_err(not_for_the_kernel)?;
            let cut = filter.with_snaplen(settings.snaplen);
            match starts {
                Starts::Captured => cut,
                Starts::Payload => cut.for_cooked_socket(Cooked::Sll2).ok_or_else(not_for_cooked)?,
                Starts::LinkOfEach => cut
                    .for_raw_socket(Cooked::Sll2, &device::LINK_HEADERS, settings.snaplen)
                    .ok_or_else(not_for_cooked)?,
            }
        }
    };
    // What the kernel hands out twice is left out as libpcap does: the sent copy, whatever direction was asked for.
    if let Some(loopback) = loopback {
        filter = filter.drop_outgoing_on(loopback).ok_or_else(too_long)?;
    }
    let direction = match settings.direction {
        Direction::Unknown => None,
        Direction::Inbound => Some(pycap_filter::Direction::Incoming),
        Direction::Outbound => Some(pycap_filter::Direction::Outgoing),
    };
    if let Some(direction) = direction {
        filter = filter.only_direction(direction).ok_or_else(too_long)?;
    }
    Ok(Program::from(&filter))
}

#[cold]
fn not_for_the_kernel(error: pycap_filter::Error) -> Error {
    let kind = match error.kind() {
        pycap_filter::ErrorKind::TooLongForKernel => ErrorKind::FilterTooLong,
        _ => ErrorKind::Unsupported,
    };
    Error::new(kind, format!("the kernel cannot match the filter: {error}"))
}

#[cold]
fn not_for_cooked() -> Error {
    let message = "the kernel cannot match the filter: it looks at parts of the pseudo link header that the kernel does not have; \
                   match it in this process";
    Error::new(ErrorKind::Unsupported, message)
}

#[cold]
fn too_long() -> Error {
    Error::new(
        ErrorKind::FilterTooLong,
        "the filter is longer than what the kernel takes: match it in this process",
    )
}
