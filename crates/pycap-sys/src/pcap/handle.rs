//! Handles: opened, set up, asked and closed.

use std::ffi::{c_char, c_int, c_uint};

use super::Libpcap;
use super::types::*;

functions! {
    impl Libpcap.handle, linked by "linked-libpcap";

    /// Sets what holds for the whole program: the encoding of strings (`PCAP_CHAR_ENC_*`). Returns 0 or
    /// `PCAP_ERROR`. Since 1.10.
    optional(libpcap_1_10) fn pcap_init(opts: c_uint, errbuf: *mut c_char) -> c_int;
    owes [errbuf, "No other thread is in a function of this library."]

    /// A live handle for an interface, not yet activated; null and the reason in `errbuf` on failure.
    fn pcap_create(device: *const c_char, errbuf: *mut c_char) -> *mut pcap_t;
    owes [device, errbuf]

    /// Sets after how many bytes packets are cut. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_snaplen(p: *mut pcap_t, snaplen: c_int) -> c_int;
    owes [handle]

    /// Sets whether packets for others are captured too. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_promisc(p: *mut pcap_t, promisc: c_int) -> c_int;
    owes [handle]

    /// Whether the interface could be in monitor mode: 1, 0 or a `PCAP_ERROR*`.
    fn pcap_can_set_rfmon(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// Sets whether the interface is put into monitor mode. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_rfmon(p: *mut pcap_t, rfmon: c_int) -> c_int;
    owes [handle]

    /// Sets for how many milliseconds packets may be gathered before they are handed over. Returns 0 or
    /// `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_timeout(p: *mut pcap_t, timeout_ms: c_int) -> c_int;
    owes [handle]

    /// Sets who stamps packets with the time (`PCAP_TSTAMP_*`). Returns 0, `PCAP_WARNING_TSTAMP_TYPE_NOTSUP`
    /// or a `PCAP_ERROR*`.
    fn pcap_set_tstamp_type(p: *mut pcap_t, tstamp_type: c_int) -> c_int;
    owes [handle]

    /// Sets whether packets are handed over as they arrive. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_immediate_mode(p: *mut pcap_t, immediate: c_int) -> c_int;
    owes [handle]

    /// Sets the size in bytes of the kernel's buffer. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    fn pcap_set_buffer_size(p: *mut pcap_t, bytes: c_int) -> c_int;
    owes [handle]

    /// Sets the unit of `tv_usec` (`PCAP_TSTAMP_PRECISION_*`). Returns 0 or a `PCAP_ERROR*`.
    fn pcap_set_tstamp_precision(p: *mut pcap_t, precision: c_int) -> c_int;
    owes [handle]

    /// The unit of `tv_usec`: `PCAP_TSTAMP_PRECISION_*`.
    fn pcap_get_tstamp_precision(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// Sets the Ethernet protocol (host byte order) that is captured. Returns 0 or `PCAP_ERROR_ACTIVATED`.
    /// Linux only, since 1.9.
    optional(all(libpcap_1_9, target_os = "linux")) fn pcap_set_protocol_linux(
        p: *mut pcap_t, protocol: c_int,
    ) -> c_int;
    owes [handle]

    /// Begins to capture. Returns 0, a `PCAP_WARNING*` or a `PCAP_ERROR*`.
    fn pcap_activate(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// Stores an array of the `PCAP_TSTAMP_*` that the interface offers, and returns its length or
    /// `PCAP_ERROR`.
    fn pcap_list_tstamp_types(p: *mut pcap_t, tstamp_types: *mut *mut c_int) -> c_int;
    owes [
        handle,
        "`tstamp_types` points to a pointer that may be written; what is stored there goes to \
         `pcap_free_tstamp_types`.",
    ]

    /// Frees what `pcap_list_tstamp_types` stored.
    fn pcap_free_tstamp_types(tstamp_types: *mut c_int);
    owes ["`tstamp_types` is what `pcap_list_tstamp_types` stored, and is not used again."]

    /// The `PCAP_TSTAMP_*` of this name, or `PCAP_ERROR`.
    fn pcap_tstamp_type_name_to_val(name: *const c_char) -> c_int;
    owes [name]

    /// The name of a `PCAP_TSTAMP_*`, or null.
    fn pcap_tstamp_type_val_to_name(tstamp_type: c_int) -> *const c_char;
    owes [string]

    /// The description of a `PCAP_TSTAMP_*`, or null.
    fn pcap_tstamp_type_val_to_description(tstamp_type: c_int) -> *const c_char;
    owes [string]

    /// `pcap_create`, the four commonest settings and `pcap_activate` in one; null and the reason in `errbuf`
    /// on failure. On success `errbuf` may hold a warning.
    fn pcap_open_live(
        device: *const c_char, snaplen: c_int, promisc: c_int, timeout_ms: c_int, errbuf: *mut c_char,
    ) -> *mut pcap_t;
    owes [
        device,
        errbuf,
        "The first byte of `errbuf` is zero, or a warning cannot be told from what was there.",
    ]

    /// A handle that captures nothing, to compile filters for and to write savefiles with; null if memory is
    /// short.
    fn pcap_open_dead(linktype: c_int, snaplen: c_int) -> *mut pcap_t;
    owes [nothing]

    /// `pcap_open_dead` with a unit for time stamps.
    fn pcap_open_dead_with_tstamp_precision(
        linktype: c_int, snaplen: c_int, precision: c_uint,
    ) -> *mut pcap_t;
    owes [nothing]

    /// A handle that reads a savefile ("-" is the standard input); null and the reason in `errbuf` on
    /// failure.
    fn pcap_open_offline(filename: *const c_char, errbuf: *mut c_char) -> *mut pcap_t;
    owes [filename, errbuf]

    /// `pcap_open_offline` with a unit for time stamps.
    fn pcap_open_offline_with_tstamp_precision(
        filename: *const c_char, precision: c_uint, errbuf: *mut c_char,
    ) -> *mut pcap_t;
    owes [filename, errbuf]

    /// `pcap_open_offline` on an open file. Not on Windows.
    optional(unix) fn pcap_fopen_offline(file: *mut FILE, errbuf: *mut c_char) -> *mut pcap_t;
    owes [file, errbuf]

    /// `pcap_fopen_offline` with a unit for time stamps. Not on Windows.
    optional(unix) fn pcap_fopen_offline_with_tstamp_precision(
        file: *mut FILE, precision: c_uint, errbuf: *mut c_char,
    ) -> *mut pcap_t;
    owes [file, errbuf]

    /// Closes a handle of any kind.
    fn pcap_close(p: *mut pcap_t);
    owes [handle, "`p`, and whatever was borrowed from it, is not used again."]

    /// Puts a live handle into non-blocking mode, or takes it out of it. Returns 0, or `PCAP_ERROR*` and the
    /// reason in `errbuf`.
    fn pcap_setnonblock(p: *mut pcap_t, nonblock: c_int, errbuf: *mut c_char) -> c_int;
    owes [handle, errbuf]

    /// Whether the handle is in non-blocking mode: 1, 0, or `PCAP_ERROR*` and the reason in `errbuf`.
    fn pcap_getnonblock(p: *mut pcap_t, errbuf: *mut c_char) -> c_int;
    owes [handle, errbuf]

    /// Sets which direction of packets is captured. Returns 0 or `PCAP_ERROR`.
    fn pcap_setdirection(p: *mut pcap_t, direction: pcap_direction_t) -> c_int;
    owes [handle]

    /// The `DLT_*` of the handle's packets, or `PCAP_ERROR_NOT_ACTIVATED`.
    fn pcap_datalink(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// `pcap_datalink` with the length of the frame check sequence in its upper bits.
    fn pcap_datalink_ext(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// Stores an array of the `DLT_*` that the interface offers, and returns its length or a `PCAP_ERROR*`.
    fn pcap_list_datalinks(p: *mut pcap_t, datalinks: *mut *mut c_int) -> c_int;
    owes [
        handle,
        "`datalinks` points to a pointer that may be written; what is stored there goes to \
         `pcap_free_datalinks`.",
    ]

    /// Chooses one of the `DLT_*` that the interface offers. Returns 0 or a `PCAP_ERROR*`.
    fn pcap_set_datalink(p: *mut pcap_t, datalink: c_int) -> c_int;
    owes [handle]

    /// Frees what `pcap_list_datalinks` stored.
    fn pcap_free_datalinks(datalinks: *mut c_int);
    owes ["`datalinks` is what `pcap_list_datalinks` stored, and is not used again."]

    /// The `DLT_*` of this name (without `DLT_`, in upper or lower case), or `PCAP_ERROR`.
    fn pcap_datalink_name_to_val(name: *const c_char) -> c_int;
    owes [name]

    /// The name of a `DLT_*`, without `DLT_`, or null.
    fn pcap_datalink_val_to_name(datalink: c_int) -> *const c_char;
    owes [string]

    /// The description of a `DLT_*`, or null.
    fn pcap_datalink_val_to_description(datalink: c_int) -> *const c_char;
    owes [string]

    /// The description of a `DLT_*`; `DLT n` for one that is not known. Since 1.10.
    optional(libpcap_1_10) fn pcap_datalink_val_to_description_or_dlt(datalink: c_int) -> *const c_char;
    owes [statics]

    /// After how many bytes packets are cut, or `PCAP_ERROR_NOT_ACTIVATED`.
    fn pcap_snapshot(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// Whether a savefile was written in the other byte order, or `PCAP_ERROR_NOT_ACTIVATED`.
    fn pcap_is_swapped(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// The major version of a savefile's format.
    fn pcap_major_version(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// The minor version of a savefile's format.
    fn pcap_minor_version(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// The size in bytes of the handle's buffer, or `PCAP_ERROR_NOT_ACTIVATED`. Since 1.9.
    optional(libpcap_1_9) fn pcap_bufsize(p: *mut pcap_t) -> c_int;
    owes [handle]

    /// The file that a savefile is read from; null for a live handle.
    fn pcap_file(p: *mut pcap_t) -> *mut FILE;
    owes [handle, "What is returned belongs to `p` and is not closed."]

    /// The descriptor that a live handle captures from or a savefile is read from, or -1.
    fn pcap_fileno(p: *mut pcap_t) -> c_int;
    owes [handle, "What is returned belongs to `p` and is not closed."]

    /// The descriptor that can be waited on for packets, or -1. Not on Windows.
    optional(unix) fn pcap_get_selectable_fd(p: *mut pcap_t) -> c_int;
    owes [handle, "What is returned belongs to `p` and is not closed."]

    /// After which time to read even if that descriptor shows nothing; null if there is no need to. Not on
    /// Windows, since 1.9.
    optional(all(libpcap_1_9, unix)) fn pcap_get_required_select_timeout(p: *mut pcap_t) -> *const timeval;
    owes [handle, borrowed]

    /// The message of the last error of this handle.
    fn pcap_geterr(p: *mut pcap_t) -> *mut c_char;
    owes [handle, borrowed]

    /// Prints the message of the last error of this handle to the standard error, after `prefix`.
    fn pcap_perror(p: *mut pcap_t, prefix: *const c_char);
    owes [handle, "`prefix` points to a string that ends in a zero byte."]

    /// The text for a `PCAP_ERROR*` or `PCAP_WARNING*`.
    fn pcap_statustostr(status: c_int) -> *const c_char;
    owes [statics]

    /// The text for an `errno`.
    fn pcap_strerror(errno: c_int) -> *const c_char;
    owes [statics]

    /// The name and version of the library.
    fn pcap_lib_version() -> *const c_char;
    owes [string]
}
