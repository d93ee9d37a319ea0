//! Contexts: opened, written, asked and closed; the advanced interface; the queue of contexts.

use std::ffi::{c_char, c_int};

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.session, linked by "linked-libnet";

    /// A context that injects packets (`LIBNET_LINK`, `LIBNET_RAW4`, ...; `LIBNET_NONE` only builds them);
    /// null and the reason in `err_buf` on failure. A null device lets libnet choose one.
    fn libnet_init(injection_type: c_int, device: *const c_char, err_buf: *mut c_char) -> *mut libnet_t;
    owes [
        "`device` points to a string that ends in a zero byte, or is null.",
        "`err_buf` points to `LIBNET_ERRBUF_SIZE` bytes that may be written.",
    ]

    /// Closes a context and frees its packet.
    fn libnet_destroy(l: *mut libnet_t);
    owes [context, "`l`, and whatever was borrowed from it, is not used again."]

    /// Frees the packet of a context, to build another.
    fn libnet_clear_packet(l: *mut libnet_t);
    owes [context, "What was borrowed from the packet is not used again."]

    /// Stores how many packets and bytes the context has written.
    fn libnet_stats(l: *mut libnet_t, ls: *mut libnet_stats);
    owes [context, "`ls` points to a `libnet_stats` that may be written."]

    /// The descriptor that packets are written to.
    fn libnet_getfd(l: *mut libnet_t) -> c_int;
    owes [context, "What is returned belongs to `l` and is not closed."]

    /// The name of the interface, or null.
    fn libnet_getdevice(l: *mut libnet_t) -> *const c_char;
    owes [context, borrowed]

    /// The bytes of a block, as many as `libnet_getpbuf_size` says; null if there is no such tag.
    fn libnet_getpbuf(l: *mut libnet_t, ptag: libnet_ptag_t) -> *mut u8;
    owes [context, borrowed]

    /// How many bytes a block has; 0 if there is no such tag.
    fn libnet_getpbuf_size(l: *mut libnet_t, ptag: libnet_ptag_t) -> u32;
    owes [context]

    /// The message of the last error of a context; an empty string if there was none.
    fn libnet_geterror(l: *mut libnet_t) -> *mut c_char;
    owes [context, borrowed]

    /// How many bytes the packet has.
    fn libnet_getpacket_size(l: *mut libnet_t) -> u32;
    owes [context]

    /// Sets whether the checksum of a block is computed: `LIBNET_ON` or `LIBNET_OFF`. Returns 1, or -1.
    fn libnet_toggle_checksum(l: *mut libnet_t, ptag: libnet_ptag_t, mode: c_int) -> c_int;
    owes [context]

    /// Writes the packet. Returns how many bytes were written, or -1.
    fn libnet_write(l: *mut libnet_t) -> c_int;
    owes [context]

    /// The IPv4 address of the interface (network byte order), or -1.
    fn libnet_get_ipaddr4(l: *mut libnet_t) -> u32;
    owes [context]

    /// The IPv6 address of the interface; all bits set on failure.
    fn libnet_get_ipaddr6(l: *mut libnet_t) -> libnet_in6_addr;
    owes [context]

    /// The hardware address of the interface, or null.
    fn libnet_get_hwaddr(l: *mut libnet_t) -> *mut libnet_ether_addr;
    owes [
        context,
        "What is returned is not freed and is read only until the next call of this function, in any thread.",
    ]

    /// The name and version of the library.
    fn libnet_version() -> *const c_char;
    owes [string]

    /// Stores a copy of the whole packet and its size, checksums computed. For `LIBNET_LINK_ADV` only.
    /// Returns 1, or -1.
    fn libnet_adv_cull_packet(l: *mut libnet_t, packet: *mut *mut u8, packet_s: *mut u32) -> c_int;
    owes [
        context,
        "`packet` and `packet_s` may be written; what is stored in `packet` goes to \
         `libnet_adv_free_packet`.",
    ]

    /// Stores where a block is and its size. For `LIBNET_LINK_ADV` only. Returns 1, or -1.
    fn libnet_adv_cull_header(
        l: *mut libnet_t, ptag: libnet_ptag_t, header: *mut *mut u8, header_s: *mut u32,
    ) -> c_int;
    owes [
        context,
        "`header` and `header_s` may be written; what is stored in `header` belongs to `l` and is read \
         only until the packet is changed.",
    ]

    /// Writes a frame. For `LIBNET_LINK_ADV` only. Returns how many bytes were written, or -1.
    fn libnet_adv_write_link(l: *mut libnet_t, packet: *const u8, packet_s: u32) -> c_int;
    owes [context, packet_s]

    /// Writes an IPv4 packet. For `LIBNET_RAW4_ADV` only. Returns how many bytes were written, or -1.
    fn libnet_adv_write_raw_ipv4(l: *mut libnet_t, packet: *const u8, packet_s: u32) -> c_int;
    owes [context, packet_s]

    /// Frees a packet that was culled.
    fn libnet_adv_free_packet(l: *mut libnet_t, packet: *mut u8);
    owes [
        context,
        "`packet` came from `libnet_adv_cull_packet` or `libnet_pblock_coalesce` with this context, and is \
         not used again.",
    ]

    /// Adds a context to the queue under a name. Returns 1, or -1.
    optional(libnet_static) fn libnet_cq_add(l: *mut libnet_t, label: *mut c_char) -> c_int;
    owes [context, queue, label, "`l` is not destroyed while it is in the queue."]

    /// Takes a context out of the queue; null if it is not there.
    fn libnet_cq_remove(l: *mut libnet_t) -> *mut libnet_t;
    owes [context, queue]

    /// Takes the context of this name out of the queue; null if it is not there.
    fn libnet_cq_remove_by_label(label: *mut c_char) -> *mut libnet_t;
    owes [label, queue]

    /// The name of a context in the queue.
    fn libnet_cq_getlabel(l: *mut libnet_t) -> *const c_char;
    owes [context, borrowed]

    /// The context of this name, or null.
    fn libnet_cq_find_by_label(label: *mut c_char) -> *mut libnet_t;
    owes [label, queue]

    /// Empties the queue and destroys its contexts.
    fn libnet_cq_destroy();
    owes [queue, "The contexts in the queue are not used again."]

    /// Locks the queue for writing and returns its first context, or null.
    fn libnet_cq_head() -> *mut libnet_t;
    owes [queue]

    /// Whether there is another context: 0 behind the last.
    fn libnet_cq_last() -> c_int;
    owes [queue]

    /// The next context, or null.
    fn libnet_cq_next() -> *mut libnet_t;
    owes [queue, "`libnet_cq_head` was called and returned a context."]

    /// How many contexts are in the queue.
    fn libnet_cq_size() -> u32;
    owes [queue]

    /// Unlocks the queue after a walk that did not reach its end. Returns 1, or 0 if it was not locked.
    fn libnet_cq_end_loop() -> u32;
    owes [queue]
}
