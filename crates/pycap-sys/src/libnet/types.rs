//! The types of `<libnet/libnet-structures.h>` and `<libnet/libnet-asn1.h>`, under their C names.

#![allow(non_camel_case_types)]

pub use super::headers::*;
pub use crate::pcap::FILE;

/// A context.
///
/// C has its fields in public, which are not the same in 1.1.6 and 1.3; here it is only pointed to.
#[repr(C)]
#[derive(Debug)]
pub struct libnet_t {
    _bytes: [u8; 0],
    // Neither `Send`, `Sync` nor `Unpin`: only the library knows what is behind the pointer.
    _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
}

/// The number of a block in a context; -1 is an error, 0 asks for a new block.
pub type libnet_ptag_t = i32;
/// [`libnet_protocol_block`], by its other name.
pub type libnet_pblock_t = libnet_protocol_block;
/// [`libnet_port_list_chain`], by its other name.
pub type libnet_plist_t = libnet_port_list_chain;
/// A number of an ASN.1 object identifier.
pub type oid = u32;

/// What a context has written. Newer versions have these numbers with a sign.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct libnet_stats {
    /// Packets written.
    pub packets_sent: u64,
    /// Packets that could not be written.
    pub packet_errors: u64,
    /// Bytes written.
    pub bytes_written: u64,
}

/// A range of ports, in a list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct libnet_port_list_chain {
    /// The place in the list.
    pub node: u16,
    /// The first port.
    pub bport: u16,
    /// The last port.
    pub eport: u16,
    /// Which list it is of.
    pub id: u8,
    /// The next range, or null.
    pub next: *mut libnet_port_list_chain,
}

/// A block of a packet. Blocks are built, and linked, from the last in the packet to the first.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct libnet_protocol_block {
    /// The bytes.
    pub buf: *mut u8,
    /// How many.
    pub b_len: u32,
    /// How many of them the checksum is over.
    pub h_len: u16,
    /// How many have been copied into it.
    pub copied: u32,
    /// `LIBNET_PBLOCK_*`.
    pub r#type: u8,
    /// `LIBNET_PBLOCK_DO_CHECKSUM` or 0.
    pub flags: u8,
    /// Its tag.
    pub ptag: libnet_ptag_t,
    /// The block before this in the packet.
    pub next: *mut libnet_protocol_block,
    /// The block behind this in the packet.
    pub prev: *mut libnet_protocol_block,
}
