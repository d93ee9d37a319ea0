//! What libnet calls internal: checksums, raw writes and the blocks that packets are made of. Newer versions
//! do not export all of it.

use std::ffi::{c_int, c_void};

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.blocks, linked by "linked-libnet";

    /// Writes an IPv4 packet. Returns how many bytes were written, or -1.
    optional(libnet_static) fn libnet_write_raw_ipv4(l: *mut libnet_t, packet: *const u8, size: u32) -> c_int;
    owes [context, sized]

    /// Writes an IPv6 packet. Returns how many bytes were written, or -1.
    optional(libnet_static) fn libnet_write_raw_ipv6(l: *mut libnet_t, packet: *const u8, size: u32) -> c_int;
    owes [context, sized]

    /// Writes a frame. Returns how many bytes were written, or -1.
    optional(libnet_static) fn libnet_write_link(l: *mut libnet_t, packet: *const u8, size: u32) -> c_int;
    owes [context, sized]

    /// Opens the raw IPv4 socket of a context. Returns the descriptor, or -1.
    optional(libnet_static) fn libnet_open_raw4(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Closes the raw IPv4 socket of a context. Returns 1 or above, or -1.
    optional(libnet_static) fn libnet_close_raw4(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Opens the raw IPv6 socket of a context. Returns the descriptor, or -1.
    optional(libnet_static) fn libnet_open_raw6(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Closes the raw IPv6 socket of a context. Returns 1 or above, or -1.
    optional(libnet_static) fn libnet_close_raw6(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Chooses the interface of a context that has none. Returns 1 or above, or -1.
    optional(libnet_static) fn libnet_select_device(l: *mut libnet_t) -> c_int;
    owes [context]

    /// Opens the link of a context. Returns 1 or above, or -1.
    optional(libnet_static) fn libnet_open_link(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Closes the link of a context. Returns 1 or above, or -1.
    optional(libnet_static) fn libnet_close_link(l: *mut libnet_t) -> c_int;
    owes [context, "The context is in the state that `libnet_init` has it in when it calls this function."]

    /// Whether the interface of a context is up: 1, or -1.
    optional(libnet_static) fn libnet_check_iface(l: *mut libnet_t) -> c_int;
    owes [context]

    /// Computes and stores the checksum of a header behind an IP header. Returns 1, or -1.
    optional(libnet_static) fn libnet_do_checksum(
        l: *mut libnet_t, iphdr: *mut u8, protocol: c_int, h_len: c_int,
    ) -> c_int;
    owes [
        context,
        "`iphdr` points to a whole packet from its IP header on, as libnet builds it, that may be written; \
         all lengths in its headers, and `h_len`, are true.",
    ]

    /// Computes and stores the checksum of a header behind an IP header. Returns 1, or -1.
    optional(libnet_static) fn libnet_inet_checksum(
        l: *mut libnet_t, iphdr: *mut u8, protocol: c_int, h_len: c_int, beg: *const u8, end: *const u8,
    ) -> c_int;
    owes [
        context,
        "`iphdr` points to a whole packet from its IP header on, that lies between `beg` and `end` and may \
         be written.",
    ]

    /// The CRC-32 of bytes.
    optional(libnet_static) fn libnet_compute_crc(buf: *mut u8, len: u32) -> u32;
    owes ["`buf` points to `len` bytes that may be read."]

    /// The Internet checksum (RFC 1071) of bytes.
    optional(libnet_static) fn libnet_ip_check(addr: *mut u16, len: c_int) -> u16;
    owes ["`addr` points to `len` bytes that may be read; `len` is not negative."]

    /// The sum of 16-bit words, not yet folded.
    optional(libnet_static) fn libnet_in_cksum(addr: *mut u16, len: c_int) -> c_int;
    owes ["`addr` points to `len` bytes that may be read; `len` is not negative."]

    /// The block of this tag, or a new one if it is 0; null on failure.
    optional(libnet_static) fn libnet_pblock_probe(
        l: *mut libnet_t, ptag: libnet_ptag_t, b_len: u32, r#type: u8,
    ) -> *mut libnet_pblock_t;
    owes [context, block_returned]

    /// A new block of this many bytes, or null.
    optional(libnet_static) fn libnet_pblock_new(l: *mut libnet_t, b_len: u32) -> *mut libnet_pblock_t;
    owes [context, block_returned]

    /// Exchanges two blocks. Returns 1, or -1.
    optional(libnet_static) fn libnet_pblock_swap(
        l: *mut libnet_t, ptag1: libnet_ptag_t, ptag2: libnet_ptag_t,
    ) -> c_int;
    owes [context]

    /// Moves the second block before the first. Returns 1, or -1.
    optional(libnet_static) fn libnet_pblock_insert_before(
        l: *mut libnet_t, ptag1: libnet_ptag_t, ptag2: libnet_ptag_t,
    ) -> c_int;
    owes [context]

    /// Takes a block out of the packet and frees it.
    optional(libnet_static) fn libnet_pblock_delete(l: *mut libnet_t, p: *mut libnet_pblock_t);
    owes [context, block, "`p` is not used again."]

    /// Finishes a new block. Returns its tag.
    optional(libnet_static) fn libnet_pblock_update(
        l: *mut libnet_t, p: *mut libnet_pblock_t, h: u32, r#type: u8,
    ) -> libnet_ptag_t;
    owes [context, block]

    /// The block of this tag, or null.
    optional(libnet_static) fn libnet_pblock_find(
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> *mut libnet_pblock_t;
    owes [context, block_returned]

    /// Appends bytes to a block. Returns 1, or -1.
    optional(libnet_static) fn libnet_pblock_append(
        l: *mut libnet_t, p: *mut libnet_pblock_t, buf: *const c_void, len: u32,
    ) -> c_int;
    owes [context, block, "`buf` points to `len` bytes that may be read."]

    /// Sets flags of a block.
    optional(libnet_static) fn libnet_pblock_setflags(p: *mut libnet_pblock_t, flags: u8);
    owes [block]

    /// The IP protocol number of a `LIBNET_PBLOCK_*`.
    optional(libnet_static) fn libnet_pblock_p2p(r#type: u8) -> c_int;
    owes [nothing]

    /// Stores the whole packet, checksums computed, and its size. Returns 1, or -1.
    optional(libnet_static) fn libnet_pblock_coalesce(
        l: *mut libnet_t, packet: *mut *mut u8, size: *mut u32,
    ) -> c_int;
    owes [
        context,
        "`packet` and `size` may be written; what is stored in `packet` goes to `libnet_adv_free_packet`.",
    ]
}
