//! Builders of network and transport headers.

use std::ffi::c_uint;

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.network, linked by "linked-libnet";

    /// Builds an IPv4 header (RFC 791). Returns its tag, or -1.
    fn libnet_build_ipv4(
        ip_len: u16, tos: u8, id: u16, frag: u16, ttl: u8, prot: u8, sum: u16, src: u32, dst: u32,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds the options of an IPv4 header, before the header itself. Returns its tag, or -1.
    fn libnet_build_ipv4_options(
        options: *const u8, options_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`options` points to `options_s` bytes that may be read."]

    /// Builds an IPv4 header (RFC 791) from the interface's own address. Returns its tag, or -1.
    fn libnet_autobuild_ipv4(len: u16, prot: u8, dst: u32, l: *mut libnet_t) -> libnet_ptag_t;
    owes [context]

    /// Builds an IPv6 header (RFC 8200). Returns its tag, or -1.
    fn libnet_build_ipv6(
        tc: u8, fl: u32, len: u16, nh: u8, hl: u8, src: libnet_in6_addr, dst: libnet_in6_addr,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IPv6 header (RFC 8200) from the interface's own address. Returns its tag, or -1.
    fn libnet_autobuild_ipv6(
        len: u16, nh: u8, dst: libnet_in6_addr, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context]

    /// Builds an IPv6 fragment header. Returns its tag, or -1.
    fn libnet_build_ipv6_frag(
        nh: u8, reserved: u8, frag: u16, id: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IPv6 routing header; the payload is its data. Returns its tag, or -1.
    fn libnet_build_ipv6_routing(
        nh: u8, len: u8, rtype: u8, segments: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IPv6 destination options header; the payload is its options. Returns its tag, or -1.
    fn libnet_build_ipv6_destopts(
        nh: u8, len: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IPv6 hop-by-hop options header; the payload is its options. Returns its tag, or -1.
    fn libnet_build_ipv6_hbhopts(
        nh: u8, len: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP echo message (RFC 792). Returns its tag, or -1.
    fn libnet_build_icmpv4_echo(
        r#type: u8, code: u8, sum: u16, id: u16, seq: u16, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP address mask message (RFC 950). Returns its tag, or -1.
    fn libnet_build_icmpv4_mask(
        r#type: u8, code: u8, sum: u16, id: u16, seq: u16, mask: u32, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP destination unreachable message (RFC 792). Returns its tag, or -1.
    fn libnet_build_icmpv4_unreach(
        r#type: u8, code: u8, sum: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP redirect message (RFC 792). Returns its tag, or -1.
    fn libnet_build_icmpv4_redirect(
        r#type: u8, code: u8, sum: u16, gateway: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP time exceeded message (RFC 792). Returns its tag, or -1.
    fn libnet_build_icmpv4_timeexceed(
        r#type: u8, code: u8, sum: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMP timestamp message (RFC 792). Returns its tag, or -1.
    fn libnet_build_icmpv4_timestamp(
        r#type: u8, code: u8, sum: u16, id: u16, seq: u16, otime: u32, rtime: u32, ttime: u32,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMPv6 echo message (RFC 4443). Returns its tag, or -1.
    fn libnet_build_icmpv6_echo(
        r#type: u8, code: u8, sum: u16, id: u16, seq: u16, payload: *mut u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMPv6 destination unreachable message (RFC 4443). Returns its tag, or -1.
    fn libnet_build_icmpv6_unreach(
        r#type: u8, code: u8, sum: u16, payload: *mut u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMPv6 neighbour solicitation (RFC 4861). Returns its tag, or -1.
    fn libnet_build_icmpv6_ndp_nsol(
        r#type: u8, code: u8, sum: u16, target: libnet_in6_addr, payload: *mut u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ICMPv6 neighbour advertisement (RFC 4861). Returns its tag, or -1.
    fn libnet_build_icmpv6_ndp_nadv(
        r#type: u8, code: u8, sum: u16, flags: u32, target: libnet_in6_addr, payload: *mut u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an option of neighbour discovery (RFC 4861). Returns its tag, or -1.
    fn libnet_build_icmpv6_ndp_opt(
        r#type: u8, option: *mut u8, option_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`option` points to `option_s` bytes that may be read."]

    /// Builds an IGMP message (RFC 2236). Returns its tag, or -1.
    fn libnet_build_igmp(
        r#type: u8, reserved: u8, sum: u16, ip: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a TCP header (RFC 9293). Returns its tag, or -1.
    fn libnet_build_tcp(
        sp: u16, dp: u16, seq: u32, ack: u32, control: u8, win: u16, sum: u16, urg: u16, len: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds the options of a TCP header, before the header itself. Returns its tag, or -1.
    fn libnet_build_tcp_options(
        options: *const u8, options_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`options` points to `options_s` bytes that may be read."]

    /// Builds a UDP header (RFC 768). Returns its tag, or -1.
    fn libnet_build_udp(
        sp: u16, dp: u16, len: u16, sum: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ESP header (RFC 4303). Returns its tag, or -1.
    fn libnet_build_ipsec_esp_hdr(
        spi: u32, seq: u32, iv: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an ESP trailer (RFC 4303). Returns its tag, or -1.
    fn libnet_build_ipsec_esp_ftr(
        len: u8, nh: u8, auth: *mut i8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`auth` is not read: libnet puts the pointer itself into the packet."]

    /// Builds an authentication header (RFC 4302). Returns its tag, or -1.
    fn libnet_build_ipsec_ah(
        nh: u8, len: u8, res: u16, spi: u32, seq: u32, auth: u32, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// How many bytes a GRE header with these flags has.
    fn libnet_getgre_length(fv: u16) -> u32;
    owes [nothing]

    /// Builds a GRE header (RFC 2784, RFC 2890). Returns its tag, or -1.
    fn libnet_build_gre(
        fv: u16, r#type: u16, sum: u16, offset: u16, key: u32, seq: u32, len: u16, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an enhanced GRE header (RFC 2637). Returns its tag, or -1.
    fn libnet_build_egre(
        fv: u16, r#type: u16, sum: u16, offset: u16, key: u32, seq: u32, len: u16, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a source route entry of GRE (RFC 1701). Returns its tag, or -1.
    fn libnet_build_gre_sre(
        af: u16, offset: u8, length: u8, routing: *mut u8, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`routing` points to `length` bytes that may be read."]

    /// Builds the last source route entry of GRE (RFC 1701). Returns its tag, or -1.
    fn libnet_build_gre_last_sre(l: *mut libnet_t, ptag: libnet_ptag_t) -> libnet_ptag_t;
    owes [context]

    /// Builds an OSPF header (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2(
        len: u16, r#type: u8, rtr_id: u32, area_id: u32, sum: u16, autype: u16, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF hello message (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_hello(
        netmask: u32, interval: u16, opts: u8, priority: u8, dead_int: c_uint, des_rtr: u32, bkup_rtr: u32,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF database description (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_dbd(
        dgram_len: u16, opts: u8, r#type: u8, seqnum: c_uint, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF link state request (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsr(
        r#type: c_uint, lsid: c_uint, advrtr: u32, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF link state update (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsu(
        num: c_uint, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF link state header (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsa(
        age: u16, opts: u8, r#type: u8, lsid: c_uint, advrtr: u32, seqnum: c_uint, sum: u16, len: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF router link state (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsa_rtr(
        flags: u16, num: u16, id: c_uint, data: c_uint, r#type: u8, tos: u8, metric: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF network link state (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsa_net(
        nmask: u32, rtrid: c_uint, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF summary link state (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsa_sum(
        nmask: u32, metric: c_uint, tos: c_uint, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an OSPF external link state (RFC 2328). Returns its tag, or -1.
    fn libnet_build_ospfv2_lsa_as(
        nmask: u32, metric: c_uint, fwdaddr: u32, tag: c_uint, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a VRRP message (RFC 3768). Returns its tag, or -1.
    fn libnet_build_vrrp(
        version: u8, r#type: u8, vrouter_id: u8, priority: u8, ip_count: u8, auth_type: u8, advert_int: u8,
        sum: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]
}
