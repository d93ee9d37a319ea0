//! Remote capture (where libpcap was built with it, mostly on Windows), and what is left of Windows.

use std::ffi::{c_char, c_int, c_uint, c_void};

use super::Libpcap;
use super::types::*;

functions! {
    impl Libpcap.platform, linked by "linked-libpcap";

    /// A handle for a local or remote interface or a savefile, by its `rpcap://` or `file://` name; null and
    /// the reason in `errbuf` on failure. `flags` are `PCAP_OPENFLAG_*`, the time-out is in milliseconds.
    /// Since 1.9.
    optional(any()) fn pcap_open(
        source: *const c_char, snaplen: c_int, flags: c_int, timeout_ms: c_int, auth: *mut pcap_rmtauth,
        errbuf: *mut c_char,
    ) -> *mut pcap_t;
    owes [source, auth, errbuf]

    /// Makes the name of a source from its parts. Returns 0, or -1 and the reason in `errbuf`. Since 1.9.
    optional(any()) fn pcap_createsrcstr(
        source: *mut c_char, r#type: c_int, host: *const c_char, port: *const c_char, name: *const c_char,
        errbuf: *mut c_char,
    ) -> c_int;
    owes [
        "`source` points to `PCAP_BUF_SIZE` bytes that may be written.",
        "`host`, `port` and `name` each point to a string that ends in a zero byte, or are null.",
        errbuf,
    ]

    /// Takes the name of a source apart. Returns 0, or -1 and the reason in `errbuf`. Since 1.9.
    optional(any()) fn pcap_parsesrcstr(
        source: *const c_char, r#type: *mut c_int, host: *mut c_char, port: *mut c_char, name: *mut c_char,
        errbuf: *mut c_char,
    ) -> c_int;
    owes [
        source,
        "`type` may be written, and `host`, `port` and `name` each point to `PCAP_BUF_SIZE` bytes that may \
         be written; each may be null.",
        errbuf,
    ]

    /// Stores a list of the interfaces, or files, of a source. Returns 0, or -1 and the reason in `errbuf`.
    /// Since 1.9.
    optional(any()) fn pcap_findalldevs_ex(
        source: *const c_char, auth: *mut pcap_rmtauth, alldevs: *mut *mut pcap_if_t, errbuf: *mut c_char,
    ) -> c_int;
    owes [
        source,
        auth,
        errbuf,
        "`alldevs` points to a pointer that may be written; what is stored there goes to `pcap_freealldevs`.",
    ]

    /// Where to say which packets a remote server leaves out. Since 1.9.
    optional(any()) fn pcap_setsampling(p: *mut pcap_t) -> *mut pcap_samp;
    owes [handle, "What is returned belongs to `p`, and is written only before `p` begins to capture."]

    /// Waits for a remote server to connect, for active mode. Returns its socket; `(SOCKET)-1` or below and
    /// the reason in `errbuf` on failure. Since 1.9.
    optional(any()) fn pcap_remoteact_accept(
        address: *const c_char, port: *const c_char, hostlist: *const c_char, connectinghost: *mut c_char,
        auth: *mut pcap_rmtauth, errbuf: *mut c_char,
    ) -> SOCKET;
    owes [accept, auth, errbuf]

    /// `pcap_remoteact_accept`, encrypted if `uses_ssl` is not 0. Since 1.10.
    optional(any()) fn pcap_remoteact_accept_ex(
        address: *const c_char, port: *const c_char, hostlist: *const c_char, connectinghost: *mut c_char,
        auth: *mut pcap_rmtauth, uses_ssl: c_int, errbuf: *mut c_char,
    ) -> SOCKET;
    owes [accept, auth, errbuf]

    /// Writes the names of the connected servers, with `sep` between them. Returns 0, or -1 and the reason in
    /// `errbuf`. Since 1.9.
    optional(any()) fn pcap_remoteact_list(
        hostlist: *mut c_char, sep: c_char, size: c_int, errbuf: *mut c_char,
    ) -> c_int;
    owes [
        "`hostlist` points to `size` bytes that may be written.",
        "No other thread changes the list of servers meanwhile.",
        errbuf,
    ]

    /// Ends the connection to a server. Returns 0, or -1 and the reason in `errbuf`. Since 1.9.
    optional(any()) fn pcap_remoteact_close(host: *const c_char, errbuf: *mut c_char) -> c_int;
    owes [
        "`host` points to a string that ends in a zero byte.",
        "No handle uses that connection, and no other thread changes the list of servers meanwhile.",
        errbuf,
    ]

    /// Ends waiting for servers. Since 1.9.
    optional(any()) fn pcap_remoteact_cleanup();
    owes ["No other thread is in `pcap_remoteact_accept`."]

    /// `pcap_open_offline` on Windows' handle of a file.
    optional(windows) fn pcap_hopen_offline(file: isize, errbuf: *mut c_char) -> *mut pcap_t;
    owes [windows_file, errbuf]

    /// `pcap_hopen_offline` with a unit for time stamps.
    optional(windows) fn pcap_hopen_offline_with_tstamp_precision(
        file: isize, precision: c_uint, errbuf: *mut c_char,
    ) -> *mut pcap_t;
    owes [windows_file, errbuf]

    /// `pcap_dump_open` on Windows' handle of a file.
    optional(windows) fn pcap_dump_hopen(p: *mut pcap_t, file: isize) -> *mut pcap_dumper_t;
    owes [handle, windows_file]

    /// Prepares Windows' sockets. Returns 0 or -1.
    optional(windows) fn pcap_wsockinit() -> c_int;
    owes [nothing]

    /// Asks the driver of the interface for a value. Returns 0 or a `PCAP_ERROR*`. Windows only.
    optional(any()) fn pcap_oid_get_request(
        p: *mut pcap_t, oid: bpf_u_int32, data: *mut c_void, size: *mut usize,
    ) -> c_int;
    owes [
        handle,
        "`size` points to a number that may be written, and `data` to as many bytes that may be written.",
    ]

    /// Gives the driver of the interface a value. Returns 0 or a `PCAP_ERROR*`. Windows only.
    optional(any()) fn pcap_oid_set_request(
        p: *mut pcap_t, oid: bpf_u_int32, data: *const c_void, size: *mut usize,
    ) -> c_int;
    owes [
        handle,
        "`size` points to a number that may be written, and `data` to as many bytes that may be read.",
    ]

    /// Lets the driver write a file. Returns 0 or `PCAP_ERROR`. Windows only; Npcap does not do it.
    optional(any()) fn pcap_live_dump(
        p: *mut pcap_t, filename: *mut c_char, maxsize: c_int, maxpacks: c_int,
    ) -> c_int;
    owes [handle, filename]

    /// Whether the driver has written that file. Windows only; Npcap does not do it.
    optional(any()) fn pcap_live_dump_ended(p: *mut pcap_t, sync: c_int) -> c_int;
    owes [handle]

    /// Starts the driver of WinPcap's professional edition. Windows only; Npcap does not do it.
    optional(any()) fn pcap_start_oem(err_str: *mut c_char, flags: c_int) -> c_int;
    owes ["`err_str` points to `PCAP_ERRBUF_SIZE` bytes that may be written."]

    /// AirPcap's own handle, or null. Windows only.
    optional(any()) fn pcap_get_airpcap_handle(p: *mut pcap_t) -> *mut airpcap_handle;
    owes [handle, "What is returned belongs to `p` and is not closed."]
}
