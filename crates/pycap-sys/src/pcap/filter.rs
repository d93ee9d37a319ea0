//! Classic BPF programs: compiled, applied, checked and shown.

use std::ffi::{c_char, c_int, c_uint};

use super::Libpcap;
use super::types::*;

functions! {
    impl Libpcap.filter, linked by "linked-libpcap";

    /// Compiles a filter expression for the handle's link type and snapshot length. Returns 0, or
    /// `PCAP_ERROR` with the reason in `pcap_geterr`.
    ///
    /// Before 1.8 (see `pcap_lib_version`) the compiler has one state for the whole program.
    fn pcap_compile(
        p: *mut pcap_t, program: *mut bpf_program, expression: *const c_char, optimize: c_int,
        netmask: bpf_u_int32,
    ) -> c_int;
    owes [handle, new_program, expression, "Before libpcap 1.8: no other thread compiles meanwhile."]

    /// `pcap_compile` without a handle. Deprecated in favour of `pcap_open_dead`; absent from newer versions.
    optional(any()) fn pcap_compile_nopcap(
        snaplen: c_int, linktype: c_int, program: *mut bpf_program, expression: *const c_char,
        optimize: c_int, netmask: bpf_u_int32,
    ) -> c_int;
    owes [new_program, expression, "Before libpcap 1.8: no other thread compiles meanwhile."]

    /// Frees the instructions of a program.
    fn pcap_freecode(program: *mut bpf_program);
    owes [
        "`program` points to a program that this library compiled and whose instructions are not used again.",
    ]

    /// Lets the handle give only packets that match. Returns 0 or `PCAP_ERROR`.
    fn pcap_setfilter(p: *mut pcap_t, program: *mut bpf_program) -> c_int;
    owes [handle, program]

    /// How many bytes of a packet the program keeps; 0 if it does not match.
    fn pcap_offline_filter(
        program: *const bpf_program, header: *const pcap_pkthdr, bytes: *const u8,
    ) -> c_int;
    owes [program, packet]

    /// How many bytes of a packet the instructions keep; 0 if it does not match.
    fn bpf_filter(insns: *const bpf_insn, bytes: *const u8, wirelen: c_uint, buflen: c_uint) -> c_uint;
    owes [
        "`insns` points to instructions that `bpf_validate` accepts, or is null, which matches all.",
        "`bytes` points to `buflen` bytes that may be read.",
    ]

    /// Whether instructions can be run: every jump stays inside, every division by a constant is by another
    /// than 0, the last returns. 1 or 0.
    fn bpf_validate(insns: *const bpf_insn, len: c_int) -> c_int;
    owes ["`insns` points to `len` instructions that may be read."]

    /// An instruction in text; `n` is its place in the program.
    fn bpf_image(insn: *const bpf_insn, n: c_int) -> *mut c_char;
    owes ["`insn` points to an instruction that may be read.", statics]

    /// Prints a program to the standard output: as text, as C (`option` 2) or as numbers (3 and above).
    fn bpf_dump(program: *const bpf_program, option: c_int);
    owes [program]
}
