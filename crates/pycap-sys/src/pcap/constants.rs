//! The constants of `<pcap/pcap.h>`, `<pcap/bpf.h>` and `<pcap/namedb.h>`.

#![allow(non_snake_case)]

use std::ffi::{c_int, c_uint};

use super::types::pcap_direction_t;

/// The size in bytes of every `errbuf`.
pub const PCAP_ERRBUF_SIZE: usize = 256;
/// The major version of pcap files that are written.
pub const PCAP_VERSION_MAJOR: c_int = 2;
/// The minor version of pcap files that are written.
pub const PCAP_VERSION_MINOR: c_int = 4;
/// A network mask that is not known, for `pcap_compile`.
pub const PCAP_NETMASK_UNKNOWN: c_uint = 0xffff_ffff;
/// A protocol that a name does not tell.
pub const PROTO_UNDEF: c_int = -1;
/// The file that `pcap_ether_hostton` reads.
pub const PCAP_ETHERS_FILE: &str = "/etc/ethers";

/// Strings are in the encoding of the locale.
pub const PCAP_CHAR_ENC_LOCAL: c_uint = 0;
/// Strings are in UTF-8.
pub const PCAP_CHAR_ENC_UTF_8: c_uint = 1;

/// Packets received and sent.
pub const PCAP_D_INOUT: pcap_direction_t = 0;
/// Packets received.
pub const PCAP_D_IN: pcap_direction_t = 1;
/// Packets sent.
pub const PCAP_D_OUT: pcap_direction_t = 2;

/// The interface is a loopback interface.
pub const PCAP_IF_LOOPBACK: c_uint = 0x1;
/// The interface is up.
pub const PCAP_IF_UP: c_uint = 0x2;
/// The interface is running.
pub const PCAP_IF_RUNNING: c_uint = 0x4;
/// The interface is wireless.
pub const PCAP_IF_WIRELESS: c_uint = 0x8;
/// The bits that say whether the interface is connected.
pub const PCAP_IF_CONNECTION_STATUS: c_uint = 0x30;
/// Whether it is connected is not known.
pub const PCAP_IF_CONNECTION_STATUS_UNKNOWN: c_uint = 0;
/// It is connected.
pub const PCAP_IF_CONNECTION_STATUS_CONNECTED: c_uint = 0x10;
/// It is not connected.
pub const PCAP_IF_CONNECTION_STATUS_DISCONNECTED: c_uint = 0x20;
/// It is not of a kind that is connected.
pub const PCAP_IF_CONNECTION_STATUS_NOT_APPLICABLE: c_uint = 0x30;

/// An error, told by `pcap_geterr`.
pub const PCAP_ERROR: c_int = -1;
/// `pcap_breakloop` ended the loop; from `pcap_next_ex` also the end of the savefile.
pub const PCAP_ERROR_BREAK: c_int = -2;
/// The handle is not activated yet.
pub const PCAP_ERROR_NOT_ACTIVATED: c_int = -3;
/// The handle is activated already.
pub const PCAP_ERROR_ACTIVATED: c_int = -4;
/// There is no such interface.
pub const PCAP_ERROR_NO_SUCH_DEVICE: c_int = -5;
/// The interface has no monitor mode.
pub const PCAP_ERROR_RFMON_NOTSUP: c_int = -6;
/// The interface is not in monitor mode.
pub const PCAP_ERROR_NOT_RFMON: c_int = -7;
/// No permission to open the interface.
pub const PCAP_ERROR_PERM_DENIED: c_int = -8;
/// The interface is not up.
pub const PCAP_ERROR_IFACE_NOT_UP: c_int = -9;
/// The interface does not let the kind of time stamps be chosen.
pub const PCAP_ERROR_CANTSET_TSTAMP_TYPE: c_int = -10;
/// No permission for promiscuous mode.
pub const PCAP_ERROR_PROMISC_PERM_DENIED: c_int = -11;
/// The interface does not offer that unit of time stamps.
pub const PCAP_ERROR_TSTAMP_PRECISION_NOTSUP: c_int = -12;

/// A warning, told by `pcap_geterr`.
pub const PCAP_WARNING: c_int = 1;
/// The interface has no promiscuous mode.
pub const PCAP_WARNING_PROMISC_NOTSUP: c_int = 2;
/// The interface does not offer that kind of time stamps.
pub const PCAP_WARNING_TSTAMP_TYPE_NOTSUP: c_int = 3;

/// Time stamps of the host, of unknown quality.
pub const PCAP_TSTAMP_HOST: c_int = 0;
/// Time stamps of the host, of low precision.
pub const PCAP_TSTAMP_HOST_LOWPREC: c_int = 1;
/// Time stamps of the host, of high precision, in step with its clock.
pub const PCAP_TSTAMP_HOST_HIPREC: c_int = 2;
/// Time stamps of the adapter, in step with the host's clock.
pub const PCAP_TSTAMP_ADAPTER: c_int = 3;
/// Time stamps of the adapter, by its own clock.
pub const PCAP_TSTAMP_ADAPTER_UNSYNCED: c_int = 4;
/// Time stamps of the host, of high precision, not in step with its clock. Since 1.9.1.
pub const PCAP_TSTAMP_HOST_HIPREC_UNSYNCED: c_int = 5;
/// `tv_usec` is in microseconds.
pub const PCAP_TSTAMP_PRECISION_MICRO: c_uint = 0;
/// `tv_usec` is in nanoseconds.
pub const PCAP_TSTAMP_PRECISION_NANO: c_uint = 1;

/// The size in bytes of the names of sources and their parts.
pub const PCAP_BUF_SIZE: usize = 1024;
/// A source that is a savefile.
pub const PCAP_SRC_FILE: c_int = 2;
/// A source that is an interface of this host.
pub const PCAP_SRC_IFLOCAL: c_int = 3;
/// A source that is an interface of another host.
pub const PCAP_SRC_IFREMOTE: c_int = 4;
/// What names of savefiles begin with.
pub const PCAP_SRC_FILE_STRING: &str = "file://";
/// What names of interfaces begin with.
pub const PCAP_SRC_IF_STRING: &str = "rpcap://";
/// Promiscuous mode.
pub const PCAP_OPENFLAG_PROMISCUOUS: c_int = 0x1;
/// Packets of a remote capture come over UDP.
pub const PCAP_OPENFLAG_DATATX_UDP: c_int = 0x2;
/// A remote server leaves out its own traffic.
pub const PCAP_OPENFLAG_NOCAPTURE_RPCAP: c_int = 0x4;
/// The adapter leaves out what it sends.
pub const PCAP_OPENFLAG_NOCAPTURE_LOCAL: c_int = 0x8;
/// Packets are handed over as they arrive.
pub const PCAP_OPENFLAG_MAX_RESPONSIVENESS: c_int = 0x10;
/// No log-in.
pub const RPCAP_RMTAUTH_NULL: c_int = 0;
/// Log-in by name and password.
pub const RPCAP_RMTAUTH_PWD: c_int = 1;
/// The size in bytes of the list of hosts for active mode.
pub const RPCAP_HOSTLIST_SIZE: usize = 1024;
/// All packets.
pub const PCAP_SAMP_NOSAMP: c_int = 0;
/// Every nth packet.
pub const PCAP_SAMP_1_EVERY_N: c_int = 1;
/// The first packet after n milliseconds.
pub const PCAP_SAMP_FIRST_AFTER_N_MS: c_int = 2;

/// `pcap_setmode`: packets are captured (Windows).
pub const MODE_CAPT: c_int = 0;
/// `pcap_setmode`: packets are counted (Windows).
pub const MODE_STAT: c_int = 1;
/// `pcap_setmode`: the network is monitored (Windows).
pub const MODE_MON: c_int = 2;

/// The date of the BSD that this BPF is of.
pub const BPF_RELEASE: c_int = 199_606;
/// How many words of memory a program has.
pub const BPF_MEMWORDS: usize = 16;
/// What BSD kernels align packets to in their buffer.
#[cfg(not(target_os = "netbsd"))]
pub const BPF_ALIGNMENT: usize = size_of::<c_int>();
/// What BSD kernels align packets to in their buffer.
#[cfg(target_os = "netbsd")]
pub const BPF_ALIGNMENT: usize = size_of::<std::ffi::c_long>();

/// Class: load into A.
pub const BPF_LD: u16 = 0x00;
/// Class: load into X.
pub const BPF_LDX: u16 = 0x01;
/// Class: store A.
pub const BPF_ST: u16 = 0x02;
/// Class: store X.
pub const BPF_STX: u16 = 0x03;
/// Class: compute.
pub const BPF_ALU: u16 = 0x04;
/// Class: jump.
pub const BPF_JMP: u16 = 0x05;
/// Class: return.
pub const BPF_RET: u16 = 0x06;
/// Class: copy between A and X.
pub const BPF_MISC: u16 = 0x07;
/// Size: 4 bytes.
pub const BPF_W: u16 = 0x00;
/// Size: 2 bytes.
pub const BPF_H: u16 = 0x08;
/// Size: 1 byte.
pub const BPF_B: u16 = 0x10;
/// Mode: the operand itself.
pub const BPF_IMM: u16 = 0x00;
/// Mode: the packet, at the operand.
pub const BPF_ABS: u16 = 0x20;
/// Mode: the packet, at the operand plus X.
pub const BPF_IND: u16 = 0x40;
/// Mode: the program's memory.
pub const BPF_MEM: u16 = 0x60;
/// Mode: the length of the packet.
pub const BPF_LEN: u16 = 0x80;
/// Mode: the length of an IPv4 header.
pub const BPF_MSH: u16 = 0xa0;
/// Compute: add.
pub const BPF_ADD: u16 = 0x00;
/// Compute: subtract.
pub const BPF_SUB: u16 = 0x10;
/// Compute: multiply.
pub const BPF_MUL: u16 = 0x20;
/// Compute: divide.
pub const BPF_DIV: u16 = 0x30;
/// Compute: or.
pub const BPF_OR: u16 = 0x40;
/// Compute: and.
pub const BPF_AND: u16 = 0x50;
/// Compute: shift left.
pub const BPF_LSH: u16 = 0x60;
/// Compute: shift right.
pub const BPF_RSH: u16 = 0x70;
/// Compute: negate.
pub const BPF_NEG: u16 = 0x80;
/// Compute: remainder.
pub const BPF_MOD: u16 = 0x90;
/// Compute: exclusive or.
pub const BPF_XOR: u16 = 0xa0;
/// Jump: always.
pub const BPF_JA: u16 = 0x00;
/// Jump: if equal.
pub const BPF_JEQ: u16 = 0x10;
/// Jump: if greater.
pub const BPF_JGT: u16 = 0x20;
/// Jump: if greater or equal.
pub const BPF_JGE: u16 = 0x30;
/// Jump: if a bit of the mask is set.
pub const BPF_JSET: u16 = 0x40;
/// Source: the operand itself.
pub const BPF_K: u16 = 0x00;
/// Source: X.
pub const BPF_X: u16 = 0x08;
/// Return: A.
pub const BPF_A: u16 = 0x10;
/// Copy A to X.
pub const BPF_TAX: u16 = 0x00;
/// Copy X to A.
pub const BPF_TXA: u16 = 0x80;

/// The class of an instruction.
pub const fn BPF_CLASS(code: u16) -> u16 {
    code & 0x07
}

/// The size of a load.
pub const fn BPF_SIZE(code: u16) -> u16 {
    code & 0x18
}

/// The mode of a load.
pub const fn BPF_MODE(code: u16) -> u16 {
    code & 0xe0
}

/// The operation of a computation or jump.
pub const fn BPF_OP(code: u16) -> u16 {
    code & 0xf0
}

/// The source of a computation or jump.
pub const fn BPF_SRC(code: u16) -> u16 {
    code & 0x08
}

/// What a return returns.
pub const fn BPF_RVAL(code: u16) -> u16 {
    code & 0x18
}

/// The direction of a copy.
pub const fn BPF_MISCOP(code: u16) -> u16 {
    code & 0xf8
}

/// Rounds up to what BSD kernels align packets to.
pub const fn BPF_WORDALIGN(bytes: usize) -> usize {
    bytes.wrapping_add(BPF_ALIGNMENT - 1) & !(BPF_ALIGNMENT - 1)
}

/// Whether a `pcap_datalink_ext` tells the length of the frame check sequence.
pub const fn LT_FCS_LENGTH_PRESENT(linktype: u32) -> bool {
    linktype & 0x0400_0000 != 0
}

/// The length of the frame check sequence, in 16-bit units, in a `pcap_datalink_ext`.
pub const fn LT_FCS_LENGTH(linktype: u32) -> u32 {
    (linktype & 0xf000_0000) >> 28
}

/// The bits of a `pcap_datalink_ext` that tell this length of the frame check sequence.
pub const fn LT_FCS_DATALINK_EXT(length: u32) -> u32 {
    (length & 0xf) << 28 | 0x0400_0000
}
