//! Addresses, names, random numbers, port lists and what is printed to look at.

use std::ffi::{c_char, c_int};

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.names, linked by "linked-libnet";

    /// An IPv4 address (network byte order) as text: its name with `LIBNET_RESOLVE`, else numbers.
    fn libnet_addr2name4(r#in: u32, use_name: u8) -> *mut c_char;
    owes [statics]

    /// The IPv4 address (network byte order) of a name or of numbers in text; all bits set on failure.
    fn libnet_name2addr4(l: *mut libnet_t, host_name: *const c_char, use_name: u8) -> u32;
    owes [context, "`host_name` points to a string that ends in a zero byte."]

    /// Whether this is the address that stands for an error: 1 or 0.
    fn libnet_in6_is_error(addr: libnet_in6_addr) -> c_int;
    owes [nothing]

    /// The IPv6 address of a name or of numbers in text; all bits set on failure.
    fn libnet_name2addr6(l: *mut libnet_t, host_name: *const c_char, use_name: u8) -> libnet_in6_addr;
    owes [context, "`host_name` points to a string that ends in a zero byte."]

    /// Writes an IPv6 address as text: its name with `LIBNET_RESOLVE`, else numbers.
    fn libnet_addr2name6_r(addr: libnet_in6_addr, use_name: u8, host_name: *mut c_char, host_name_len: c_int);
    owes ["`host_name` points to `host_name_len` bytes, at least 46, that may be written."]

    /// The bytes of a text such as `00:1f:ff`, and how many; null on failure.
    fn libnet_hex_aton(s: *const c_char, len: *mut c_int) -> *mut u8;
    owes [
        "`s` points to a string that ends in a zero byte, and `len` to a number that may be written.",
        "What is returned is freed with the `free` of the C library that libnet uses.",
    ]

    /// Seeds the generator of pseudo-random numbers from the time. Returns 1, or -1.
    fn libnet_seed_prand(l: *mut libnet_t) -> c_int;
    owes [context, "No other thread is in the C library's `random` or `srandom`."]

    /// A pseudo-random number of the range `LIBNET_PR*`.
    fn libnet_get_prand(r#mod: c_int) -> u32;
    owes [nothing]

    /// Stores a list of ports from text such as `1-1024,8080`. Returns 1, or -1.
    fn libnet_plist_chain_new(
        l: *mut libnet_t, plist: *mut *mut libnet_plist_t, token_list: *mut c_char,
    ) -> c_int;
    owes [
        context,
        "`plist` may be written, and `token_list` points to a string that ends in a zero byte and may be \
         written: it is taken apart with `strtok`.",
        "No other thread is in the functions of port lists, or in `strtok`.",
        "After 256 lists were made in one program, the older ones are not used again but to free them.",
    ]

    /// Stores the first and the last port of the next range. Returns 1, 0 behind the last, or -1.
    fn libnet_plist_chain_next_pair(plist: *mut libnet_plist_t, bport: *mut u16, eport: *mut u16) -> c_int;
    owes [port_list, "`bport` and `eport` may be written."]

    /// Prints a list to the standard output. Returns 1, or -1.
    fn libnet_plist_chain_dump(plist: *mut libnet_plist_t) -> c_int;
    owes [port_list]

    /// A list as text, or null.
    fn libnet_plist_chain_dump_string(plist: *mut libnet_plist_t) -> *mut c_char;
    owes [
        port_list,
        "The text is shorter than C's `BUFSIZ`, which libnet does not check.",
        "What is returned is freed with the `free` of the C library that libnet uses.",
    ]

    /// Frees a list. Returns 1, or -1.
    fn libnet_plist_chain_free(plist: *mut libnet_plist_t) -> c_int;
    owes [port_list, "`plist` is not used again."]

    /// Prints a context to the standard error.
    fn libnet_diag_dump_context(l: *mut libnet_t);
    owes [context]

    /// Prints the blocks of a packet to the standard error.
    fn libnet_diag_dump_pblock(l: *mut libnet_t);
    owes [context]

    /// The name of a `LIBNET_PBLOCK_*`.
    fn libnet_diag_dump_pblock_type(r#type: u8) -> *mut c_char;
    owes [string]

    /// Prints bytes in hexadecimal digits; with `swap` 1 in the order in which they are sent.
    optional(libnet_static) fn libnet_diag_dump_hex(
        packet: *const u8, len: u32, swap: c_int, stream: *mut FILE,
    );
    owes [
        "`packet` points to `len` bytes that may be read, 2-aligned.",
        "`stream` is an open `FILE` of the C library that libnet uses.",
    ]
}
