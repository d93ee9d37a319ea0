//! Builders of applications' and routing protocols' messages.

use std::ffi::c_char;

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.application, linked by "linked-libnet";

    /// Builds a block of bytes. Returns its tag, or -1.
    fn libnet_build_data(
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a DNS header (RFC 1035); `h_len` is `LIBNET_TCP_DNSV4_H` or `LIBNET_UDP_DNSV4_H`. Returns its
    /// tag, or -1.
    fn libnet_build_dnsv4(
        h_len: u16, id: u16, flags: u16, num_q: u16, num_anws_rr: u16, num_auth_rr: u16, num_addi_rr: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a DHCP message (RFC 2131); the payload is its options. Returns its tag, or -1.
    fn libnet_build_dhcpv4(
        opcode: u8, htype: u8, hlen: u8, hopcount: u8, xid: u32, secs: u16, flags: u16, cip: u32, yip: u32,
        sip: u32, gip: u32, chaddr: *const u8, sname: *const c_char, file: *const c_char,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`chaddr` is null or points to 16 bytes, `sname` is null or points to 64 bytes, and `file` is null \
         or points to 128 bytes, that may be read.",
    ]

    /// Builds a BOOTP message (RFC 951). Returns its tag, or -1.
    fn libnet_build_bootpv4(
        opcode: u8, htype: u8, hlen: u8, hopcount: u8, xid: u32, secs: u16, flags: u16, cip: u32, yip: u32,
        sip: u32, gip: u32, chaddr: *const u8, sname: *const c_char, file: *const c_char,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`chaddr` is null or points to 16 bytes, `sname` is null or points to 64 bytes, and `file` is null \
         or points to 128 bytes, that may be read.",
    ]

    /// Builds an NTP message (RFC 5905). Returns its tag, or -1.
    fn libnet_build_ntp(
        leap_indicator: u8, version: u8, mode: u8, stratum: u8, poll: u8, precision: u8, delay_int: u16,
        delay_frac: u16, dispersion_int: u16, dispersion_frac: u16, reference_id: u32, ref_ts_int: u32,
        ref_ts_frac: u32, orig_ts_int: u32, orig_ts_frac: u32, rec_ts_int: u32, rec_ts_frac: u32,
        xmt_ts_int: u32, xmt_ts_frac: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a RIP message (RFC 2453). Returns its tag, or -1.
    fn libnet_build_rip(
        cmd: u8, version: u8, rd: u16, af: u16, rt: u16, addr: u32, mask: u32, next_hop: u32, metric: u32,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ONC RPC call (RFC 5531). Returns its tag, or -1.
    fn libnet_build_rpc_call(
        rm: u32, xid: u32, prog_num: u32, prog_vers: u32, procedure: u32, cflavor: u32, clength: u32,
        cdata: *mut u8, vflavor: u32, vlength: u32, vdata: *const u8, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`cdata` points to `clength` bytes and `vdata` to `vlength` bytes that may be read, or are null \
         where that is 0.",
    ]

    /// Builds a BGP header (RFC 4271). Returns its tag, or -1.
    fn libnet_build_bgp4_header(
        marker: *mut u8, len: u16, r#type: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`marker` points to 16 bytes that may be read."]

    /// Builds a BGP open message (RFC 4271). Returns its tag, or -1.
    fn libnet_build_bgp4_open(
        version: u8, src_as: u16, hold_time: u16, bgp_id: u32, opt_len: u8, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a BGP update message (RFC 4271). Returns its tag, or -1.
    fn libnet_build_bgp4_update(
        unfeasible_rt_len: u16, withdrawn_rt: *const u8, total_path_attr_len: u16,
        path_attributes: *const u8, info_len: u16, reachability_info: *mut u8, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`withdrawn_rt`, `path_attributes` and `reachability_info` each point to as many bytes as the \
         number before or after them says that may be read, or are null where that is 0.",
    ]

    /// Builds a BGP notification (RFC 4271). Returns its tag, or -1.
    fn libnet_build_bgp4_notification(
        err_code: u8, err_subcode: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a Sebek header. Returns its tag, or -1.
    fn libnet_build_sebek(
        magic: u32, version: u16, r#type: u16, counter: u32, time_sec: u32, time_usec: u32, pid: u32,
        uid: u32, fd: u32, cmd: *mut u8, length: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`cmd` points to 12 bytes that may be read."]

    /// Builds a Cisco HSRP message (RFC 2281). Returns its tag, or -1.
    fn libnet_build_hsrp(
        version: u8, opcode: u8, state: u8, hello_time: u8, hold_time: u8, priority: u8, group: u8,
        reserved: u8, authdata: *mut u8, virtual_ip: u32, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`authdata` points to 8 bytes that may be read."]
}
