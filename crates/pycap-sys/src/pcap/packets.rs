//! Packets read, sent and written to savefiles, and the counters.

use std::ffi::{c_char, c_int, c_long, c_uint, c_void};

use super::Libpcap;
use super::types::*;

functions! {
    impl Libpcap.packets, linked by "linked-libpcap";

    /// Calls `callback` for `count` packets, without end if it is 0 or less. Returns 0 when they were read or
    /// the savefile ended, `PCAP_ERROR_BREAK` after `pcap_breakloop`, or another `PCAP_ERROR*`.
    fn pcap_loop(p: *mut pcap_t, count: c_int, callback: pcap_handler, user: *mut u8) -> c_int;
    owes [handle, callback]

    /// Calls `callback` for the packets of one buffer, at most `count` if that is above 0. Returns how many,
    /// 0 also when none came in time, `PCAP_ERROR_BREAK` after `pcap_breakloop`, or another `PCAP_ERROR*`.
    fn pcap_dispatch(p: *mut pcap_t, count: c_int, callback: pcap_handler, user: *mut u8) -> c_int;
    owes [handle, callback]

    /// The bytes of the next packet; null if there was none in time, at the end, and on errors.
    fn pcap_next(p: *mut pcap_t, header: *mut pcap_pkthdr) -> *const u8;
    owes [handle, borrowed, "`header` points to a header that may be written."]

    /// Stores where the next packet's header and bytes are. Returns 1; 0 if there was none in time;
    /// `PCAP_ERROR_BREAK` at the end of a savefile and after `pcap_breakloop`; or another `PCAP_ERROR*`.
    fn pcap_next_ex(p: *mut pcap_t, header: *mut *mut pcap_pkthdr, bytes: *mut *const u8) -> c_int;
    owes [handle, results, "What is stored belongs to `p`: it is read only until the next call with `p`."]

    /// Makes the call that reads from this handle, or the next such call, return.
    fn pcap_breakloop(p: *mut pcap_t);
    owes [
        "`p` is a handle that this library opened and that is not closed before this returns; other \
         threads, and a signal handler, may use it meanwhile.",
    ]

    /// Stores the handle's counters. Returns 0 or `PCAP_ERROR`.
    fn pcap_stats(p: *mut pcap_t, stats: *mut pcap_stat) -> c_int;
    owes [handle, "`stats` points to a `pcap_stat` that may be written."]

    /// Sends a frame. Returns how many bytes were sent, or a `PCAP_ERROR*`.
    fn pcap_inject(p: *mut pcap_t, bytes: *const c_void, size: usize) -> c_int;
    owes [handle, "`bytes` points to `size` bytes that may be read."]

    /// Sends a frame. Returns 0 or a `PCAP_ERROR*`.
    fn pcap_sendpacket(p: *mut pcap_t, bytes: *const u8, size: c_int) -> c_int;
    owes [handle, "`bytes` points to `size` bytes that may be read; `size` is not negative."]

    /// Begins a savefile ("-" is the standard output) for packets such as `p` gives; null on failure, the
    /// reason in `pcap_geterr`.
    fn pcap_dump_open(p: *mut pcap_t, filename: *const c_char) -> *mut pcap_dumper_t;
    owes [handle, filename]

    /// `pcap_dump_open` on an open file. Not on Windows.
    optional(unix) fn pcap_dump_fopen(p: *mut pcap_t, file: *mut FILE) -> *mut pcap_dumper_t;
    owes [handle, file]

    /// `pcap_dump_open` that goes on with a file of the same kind. Since 1.7.
    optional(libpcap_1_7) fn pcap_dump_open_append(
        p: *mut pcap_t, filename: *const c_char,
    ) -> *mut pcap_dumper_t;
    owes [handle, filename]

    /// The file that is written.
    fn pcap_dump_file(dumper: *mut pcap_dumper_t) -> *mut FILE;
    owes [dumper, "What is returned belongs to `dumper` and is not closed."]

    /// How many bytes the file has, or -1.
    fn pcap_dump_ftell(dumper: *mut pcap_dumper_t) -> c_long;
    owes [dumper]

    /// How many bytes the file has, or -1. Since 1.9.
    optional(libpcap_1_9) fn pcap_dump_ftell64(dumper: *mut pcap_dumper_t) -> i64;
    owes [dumper]

    /// Writes out what is still buffered. Returns 0 or `PCAP_ERROR`.
    fn pcap_dump_flush(dumper: *mut pcap_dumper_t) -> c_int;
    owes [dumper]

    /// Closes a savefile that was written.
    fn pcap_dump_close(dumper: *mut pcap_dumper_t);
    owes [dumper, "`dumper` is not used again."]

    /// Appends a packet. Errors show only in `pcap_dump_flush` or the `FILE`. Has the type of a callback of
    /// `pcap_loop`.
    fn pcap_dump(user: *mut u8, header: *const pcap_pkthdr, bytes: *const u8);
    owes ["`user` is a `pcap_dumper_t` as the other functions of savefiles ask for it.", packet]

    /// Waits for packets of at least this size in the kernel's buffer. Returns 0 or `PCAP_ERROR`. Windows
    /// only.
    optional(windows) fn pcap_setmintocopy(p: *mut pcap_t, bytes: c_int) -> c_int;
    owes [handle]

    /// Changes the size of the kernel's buffer. Returns 0 or `PCAP_ERROR`. Windows only.
    optional(windows) fn pcap_setbuff(p: *mut pcap_t, bytes: c_int) -> c_int;
    owes [handle]

    /// Chooses what is captured: `MODE_CAPT`, `MODE_STAT` or `MODE_MON`. Returns 0 or `PCAP_ERROR`. Windows
    /// only.
    optional(windows) fn pcap_setmode(p: *mut pcap_t, mode: c_int) -> c_int;
    owes [handle]

    /// The event that is set when there are packets. Windows only.
    optional(windows) fn pcap_getevent(p: *mut pcap_t) -> HANDLE;
    owes [handle, "What is returned belongs to `p` and is not closed."]

    /// The counters, and their size in bytes; null on failure. Windows only.
    optional(windows) fn pcap_stats_ex(p: *mut pcap_t, size: *mut c_int) -> *mut pcap_stat;
    owes [handle, results, borrowed]

    /// Changes the size of the buffer that packets are read into. Returns 0 or `PCAP_ERROR`. Windows only.
    optional(windows) fn pcap_setuserbuffer(p: *mut pcap_t, bytes: c_int) -> c_int;
    owes [handle]

    /// Room for packets to be sent together; null if memory is short. Windows only.
    optional(windows) fn pcap_sendqueue_alloc(size: c_uint) -> *mut pcap_send_queue;
    owes [nothing]

    /// Frees a queue. Windows only.
    optional(windows) fn pcap_sendqueue_destroy(queue: *mut pcap_send_queue);
    owes [queue, "`queue` is not used again."]

    /// Appends a packet. Returns 0, or -1 if there is no room. Windows only.
    optional(windows) fn pcap_sendqueue_queue(
        queue: *mut pcap_send_queue, header: *const pcap_pkthdr, bytes: *const u8,
    ) -> c_int;
    owes [queue, packet]

    /// Sends a queue, with the distances in time of its headers if `sync` is not 0. Returns how many bytes
    /// were sent. Windows only.
    optional(windows) fn pcap_sendqueue_transmit(
        p: *mut pcap_t, queue: *mut pcap_send_queue, sync: c_int,
    ) -> c_uint;
    owes [handle, queue]
}
