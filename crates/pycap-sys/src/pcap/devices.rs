//! Interfaces, and names of networks, ports and protocols.

use std::ffi::{c_char, c_int};

use super::Libpcap;
use super::types::*;

functions! {
    impl Libpcap.devices, linked by "linked-libpcap";

    /// Stores a list of the interfaces that can be opened. Returns 0, or `PCAP_ERROR` and the reason in
    /// `errbuf`.
    fn pcap_findalldevs(alldevs: *mut *mut pcap_if_t, errbuf: *mut c_char) -> c_int;
    owes [
        errbuf,
        "`alldevs` points to a pointer that may be written; what is stored there goes to `pcap_freealldevs`.",
    ]

    /// Frees a list of interfaces.
    fn pcap_freealldevs(alldevs: *mut pcap_if_t);
    owes ["`alldevs` is what a function that finds interfaces stored, or null, and is not used again."]

    /// The name of the first interface, or null and the reason in `errbuf`. Deprecated in favour of
    /// `pcap_findalldevs`.
    fn pcap_lookupdev(errbuf: *mut c_char) -> *mut c_char;
    owes [errbuf, statics, "Windows: the name is in UTF-16 unless `pcap_init` was called."]

    /// Stores an interface's IPv4 network and mask (network byte order). Returns 0, or `PCAP_ERROR` and the
    /// reason in `errbuf`.
    fn pcap_lookupnet(
        device: *const c_char, net: *mut bpf_u_int32, mask: *mut bpf_u_int32, errbuf: *mut c_char,
    ) -> c_int;
    owes [device, errbuf, results]

    /// The IPv4 addresses of a host, a list that ends in null; null if it is not known. Deprecated in favour
    /// of `pcap_nametoaddrinfo`.
    fn pcap_nametoaddr(name: *const c_char) -> *mut *mut bpf_u_int32;
    owes [name, statics]

    /// The addresses of a host, or null.
    fn pcap_nametoaddrinfo(name: *const c_char) -> *mut addrinfo;
    owes [name, "What is returned is freed with the system's `freeaddrinfo`."]

    /// The number of a network (host byte order), or 0.
    fn pcap_nametonetaddr(name: *const c_char) -> bpf_u_int32;
    owes [name]

    /// Stores a service's port (host byte order) and its `IPPROTO_*` or `PROTO_UNDEF`. Returns 1, or 0 if it
    /// is not known.
    fn pcap_nametoport(name: *const c_char, port: *mut c_int, proto: *mut c_int) -> c_int;
    owes [name, results]

    /// `pcap_nametoport` for two services with a `-` between them.
    fn pcap_nametoportrange(
        name: *const c_char, port1: *mut c_int, port2: *mut c_int, proto: *mut c_int,
    ) -> c_int;
    owes [name, results]

    /// The number of an IP protocol, or `PROTO_UNDEF`.
    fn pcap_nametoproto(name: *const c_char) -> c_int;
    owes [name]

    /// The Ethernet type of a protocol (host byte order), or `PROTO_UNDEF`.
    fn pcap_nametoeproto(name: *const c_char) -> c_int;
    owes [name]

    /// The LLC service access point of a protocol, or `PROTO_UNDEF`.
    fn pcap_nametollc(name: *const c_char) -> c_int;
    owes [name]

    /// The next entry of a file in the form of `/etc/ethers`, or null.
    fn pcap_next_etherent(file: *mut FILE) -> *mut pcap_etherent;
    owes ["`file` is an open `FILE` of the C library that libpcap uses.", statics]

    /// The six bytes of the hardware address that `/etc/ethers` has for a host, or null.
    fn pcap_ether_hostton(name: *const c_char) -> *mut u8;
    owes [name, allocated]

    /// The six bytes of a hardware address in text, or null if memory is short.
    fn pcap_ether_aton(name: *const c_char) -> *mut u8;
    owes [
        "`name` points to a hardware address in text, which is not checked: six numbers of one or two \
         hexadecimal digits with `:`, `.` or `-` between them, ended by a zero byte.",
        allocated,
    ]
}
