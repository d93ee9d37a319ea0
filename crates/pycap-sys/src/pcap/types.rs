//! The types of `<pcap/pcap.h>`, `<pcap/bpf.h>` and `<pcap/namedb.h>`, under their C names.

#![allow(non_camel_case_types)]

#[cfg(windows)]
use std::ffi::c_long;
use std::ffi::{c_char, c_int, c_uint, c_void};

/// Declares types that are only ever pointed to.
macro_rules! opaque {
    ($($(#[$attr:meta])* $name:ident;)*) => {$(
        $(#[$attr])*
        #[repr(C)]
        #[derive(Debug)]
        pub struct $name {
            _bytes: [u8; 0],
            // Neither `Send`, `Sync` nor `Unpin`: only the library knows what is behind the pointer.
            _not_send: std::marker::PhantomData<(*mut u8, std::marker::PhantomPinned)>,
        }
    )*};
}

opaque! {
    /// A capture handle.
    pcap_t;
    /// A savefile that is being written.
    pcap_dumper_t;
    /// The C library's `FILE`; cast to it from another crate's.
    FILE;
    /// The system's `struct sockaddr`; cast from it to another crate's once its family is known.
    sockaddr;
    /// The system's `struct addrinfo`, to be given to `freeaddrinfo`.
    addrinfo;
    /// What AirPcap's own library works on (Windows).
    airpcap_handle;
}

/// Seconds of [`timeval`].
#[cfg(not(windows))]
pub type time_t = libc::time_t;
/// Seconds of [`timeval`].
#[cfg(windows)]
pub type time_t = c_long;
/// Microseconds of [`timeval`].
#[cfg(not(windows))]
pub type suseconds_t = libc::suseconds_t;
/// Microseconds of [`timeval`].
#[cfg(windows)]
pub type suseconds_t = c_long;

/// The system's `struct timeval`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct timeval {
    /// Seconds since 1970.
    pub tv_sec: time_t,
    /// Microseconds; nanoseconds where [`PCAP_TSTAMP_PRECISION_NANO`](super::PCAP_TSTAMP_PRECISION_NANO) was
    /// asked for.
    pub tv_usec: suseconds_t,
}

/// The descriptor of a socket; Windows' `SOCKET`.
#[cfg(not(windows))]
pub type SOCKET = c_int;
/// The descriptor of a socket; Windows' `SOCKET`.
#[cfg(windows)]
pub type SOCKET = usize;

/// 32 bits with a sign.
pub type bpf_int32 = c_int;
/// 32 bits.
pub type bpf_u_int32 = c_uint;
/// [`pcap_if`], by its other name.
pub type pcap_if_t = pcap_if;
/// [`pcap_addr`], by its other name.
pub type pcap_addr_t = pcap_addr;
/// A direction of packets: one of the `PCAP_D_*` constants.
#[cfg(not(windows))]
pub type pcap_direction_t = c_uint;
/// A direction of packets: one of the `PCAP_D_*` constants.
#[cfg(windows)]
pub type pcap_direction_t = c_int;
/// What `pcap_loop` and `pcap_dispatch` call for a packet: their `user`, the header, and its `caplen` bytes.
pub type pcap_handler = unsafe extern "C" fn(user: *mut u8, header: *const pcap_pkthdr, bytes: *const u8);
/// Windows' `HANDLE`.
pub type HANDLE = *mut c_void;

/// The head of a pcap file, in the byte order of the machine that wrote it.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct pcap_file_header {
    /// Tells byte order and resolution.
    pub magic: bpf_u_int32,
    /// [`PCAP_VERSION_MAJOR`](super::PCAP_VERSION_MAJOR).
    pub version_major: u16,
    /// [`PCAP_VERSION_MINOR`](super::PCAP_VERSION_MINOR).
    pub version_minor: u16,
    /// Always 0.
    pub thiszone: bpf_int32,
    /// Always 0.
    pub sigfigs: bpf_u_int32,
    /// Where packets were cut, in bytes.
    pub snaplen: bpf_u_int32,
    /// The link type, and in its upper bits the length of the frame check sequence.
    pub linktype: bpf_u_int32,
}

/// What is known of a packet beside its bytes.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct pcap_pkthdr {
    /// When it was captured.
    pub ts: timeval,
    /// How many of its bytes are there.
    pub caplen: bpf_u_int32,
    /// How many bytes it had on the wire.
    pub len: bpf_u_int32,
}

/// Counters of a live handle. They wrap.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct pcap_stat {
    /// Packets received.
    pub ps_recv: c_uint,
    /// Packets dropped as there was no room for them.
    pub ps_drop: c_uint,
    /// Packets that the interface or its driver dropped; 0 where the system does not tell.
    pub ps_ifdrop: c_uint,
    /// Packets that reached the program.
    #[cfg(windows)]
    pub ps_capt: c_uint,
    /// Packets that a remote server sent.
    #[cfg(windows)]
    pub ps_sent: c_uint,
    /// Packets lost between a remote server and here.
    #[cfg(windows)]
    pub ps_netdrop: c_uint,
}

/// An interface, in a list.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pcap_if {
    /// The next one, or null.
    pub next: *mut pcap_if,
    /// The name by which it is opened.
    pub name: *mut c_char,
    /// A description, or null.
    pub description: *mut c_char,
    /// Its addresses, or null.
    pub addresses: *mut pcap_addr,
    /// `PCAP_IF_*` bits.
    pub flags: bpf_u_int32,
}

/// An address of an interface, in a list. Each address may be null.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pcap_addr {
    /// The next one, or null.
    pub next: *mut pcap_addr,
    /// The address.
    pub addr: *mut sockaddr,
    /// Its network mask.
    pub netmask: *mut sockaddr,
    /// Its broadcast address.
    pub broadaddr: *mut sockaddr,
    /// The other end's address, on a point-to-point link.
    pub dstaddr: *mut sockaddr,
}

/// A classic BPF program.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct bpf_program {
    /// How many instructions.
    pub bf_len: c_uint,
    /// The instructions.
    pub bf_insns: *mut bpf_insn,
}

/// A classic BPF instruction.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct bpf_insn {
    /// The operation: `BPF_*` constants, combined.
    pub code: u16,
    /// How many instructions to skip if the condition holds.
    pub jt: u8,
    /// How many instructions to skip if it does not.
    pub jf: u8,
    /// The operand.
    pub k: bpf_u_int32,
}

/// How to log in to a remote capture server.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pcap_rmtauth {
    /// `RPCAP_RMTAUTH_*`.
    pub r#type: c_int,
    /// The name, or null.
    pub username: *mut c_char,
    /// The password, or null.
    pub password: *mut c_char,
}

/// Which packets a remote capture server leaves out.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct pcap_samp {
    /// `PCAP_SAMP_*`.
    pub method: c_int,
    /// Packets or milliseconds, as the method says.
    pub value: c_int,
}

/// An entry of `/etc/ethers`.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct pcap_etherent {
    /// The hardware address.
    pub addr: [u8; 6],
    /// The host's name, ended by a zero byte.
    pub name: [c_char; 122],
}

/// Packets to be sent together (Windows).
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct pcap_send_queue {
    /// How many bytes there is room for.
    pub maxlen: c_uint,
    /// How many are used.
    pub len: c_uint,
    /// The packets, each behind its header.
    pub buffer: *mut c_char,
}
