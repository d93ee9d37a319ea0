//! The headers that libnet builds, from `<libnet/libnet-headers.h>` of 1.1.6, under their C names.
//!
//! Numbers in them are in network byte order, as are addresses, which C has as `struct in_addr` and these
//! have as `u32`. Two halves of a byte, which C has as bit fields, are one field here.

// What the fields are is in the RFC of each header, and their names are libnet's.
#![allow(missing_docs, non_camel_case_types, non_snake_case)]

use std::ffi::{c_char, c_uint};

/// Declares structs of C's layout.
macro_rules! headers {
    ($layouts:ident: $($name:ident { $($(#[$attr:meta])* $field:ident: $type:ty,)* })*) => {
        $(
        #[doc = concat!("`struct ", stringify!($name), "` of libnet's headers.")]
        #[repr(C)]
        #[derive(Debug, Clone, Copy)]
        pub struct $name {
            $($(#[$attr])* pub $field: $type,)*
        }
        )*

        /// Their layouts, to be compared with libnet's headers.
        #[cfg(test)]
        pub(crate) fn $layouts() -> Vec<crate::c_headers::Layout> {
            vec![$(crate::c_headers::layout!("struct ", $name { $($field),* })),*]
        }
    };
}

/// An IPv6 address.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct libnet_in6_addr {
    pub __u6_addr: libnet_in6_addr_union,
}

/// The bytes of a [`libnet_in6_addr`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union libnet_in6_addr_union {
    pub __u6_addr8: [u8; 16],
    pub __u6_addr16: [u16; 8],
    pub __u6_addr32: [u32; 4],
}

impl libnet_in6_addr {
    /// The address of these bytes.
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self { __u6_addr: libnet_in6_addr_union { __u6_addr8: bytes } }
    }

    /// The bytes of this address.
    pub const fn bytes(self) -> [u8; 16] {
        // SAFETY: all variants are 16 bytes in which every bit pattern is valid.
        unsafe { self.__u6_addr.__u6_addr8 }
    }
}

impl std::fmt::Debug for libnet_in6_addr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::net::Ipv6Addr::from(self.bytes()).fmt(f)
    }
}

/// The GRE header (RFC 2784, RFC 2637).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct libnet_gre_hdr {
    pub flags_ver: u16,
    pub r#type: u16,
    pub _data: libnet_gre_hdr_data,
}

/// What follows the type in a [`libnet_gre_hdr`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union libnet_gre_hdr_data {
    pub _gre: libnet_gre_hdr_gre,
    pub _egre: libnet_gre_hdr_egre,
}

/// The ICMP header (RFC 792).
#[repr(C)]
#[derive(Clone, Copy)]
pub struct libnet_icmpv4_hdr {
    pub icmp_type: u8,
    pub icmp_code: u8,
    pub icmp_sum: u16,
    pub hun: libnet_icmpv4_hdr_hun,
    pub dun: libnet_icmpv4_hdr_dun,
}

/// The second four bytes of a [`libnet_icmpv4_hdr`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union libnet_icmpv4_hdr_hun {
    pub echo: libnet_icmpv4_hdr_echo,
    pub gateway: u32,
    pub frag: libnet_icmpv4_hdr_frag,
}

/// What follows the first eight bytes of a [`libnet_icmpv4_hdr`].
#[repr(C)]
#[derive(Clone, Copy)]
pub union libnet_icmpv4_hdr_dun {
    pub ts: libnet_icmpv4_hdr_ts,
    pub ip: libnet_icmpv4_hdr_ip,
    pub mask: u32,
    pub data: [i8; 1],
}

// What C has without a name in the unions above.
headers! {
    without_a_name_in_c:
    libnet_gre_hdr_gre {
        sum: u16,
        offset: u16,
        key: u32,
        seq: u32,
    }
    libnet_gre_hdr_egre {
        payload_s: u16,
        callID: u16,
        seq: u32,
        ack: u32,
    }
    libnet_icmpv4_hdr_echo {
        id: u16,
        seq: u16,
    }
    libnet_icmpv4_hdr_frag {
        pad: u16,
        mtu: u16,
    }
    libnet_icmpv4_hdr_ts {
        its_otime: u32,
        its_rtime: u32,
        its_ttime: u32,
    }
    libnet_icmpv4_hdr_ip {
        idi_ip: libnet_ipv4_hdr,
    }
}

headers! {
    layouts:
    libnet_802_1q_hdr {
        vlan_dhost: [u8; 6],
        vlan_shost: [u8; 6],
        vlan_tpi: u16,
        vlan_priority_c_vid: u16,
        vlan_len: u16,
    }
    libnet_802_1x_hdr {
        dot1x_version: u8,
        dot1x_type: u8,
        dot1x_length: u16,
    }
    libnet_802_2_hdr {
        llc_dsap: u8,
        llc_ssap: u8,
        llc_control: u8,
    }
    libnet_802_2snap_hdr {
        snap_dsap: u8,
        snap_ssap: u8,
        snap_control: u8,
        snap_oui: [u8; 3],
        snap_type: u16,
    }
    libnet_802_3_hdr {
        _802_3_dhost: [u8; 6],
        _802_3_shost: [u8; 6],
        _802_3_len: u16,
    }
    libnet_arp_hdr {
        ar_hrd: u16,
        ar_pro: u16,
        ar_hln: u8,
        ar_pln: u8,
        ar_op: u16,
    }
    libnet_bgp4_header_hdr {
        marker: [u8; 16],
        len: u16,
        r#type: u8,
    }
    libnet_bgp4_open_hdr {
        version: u8,
        src_as: u16,
        hold_time: u16,
        bgp_id: u32,
        opt_len: u8,
    }
    libnet_bgp4_notification_hdr {
        err_code: u8,
        err_subcode: u8,
    }
    libnet_cdp_hdr {
        cdp_version: u8,
        cdp_ttl: u8,
        cdp_sum: u16,
        cdp_type: u16,
        cdp_len: u16,
    }
    libnet_cdp_value_hdr {
        cdp_type: u16,
        cdp_len: u16,
    }
    libnet_dhcpv4_hdr {
        dhcp_opcode: u8,
        dhcp_htype: u8,
        dhcp_hlen: u8,
        dhcp_hopcount: u8,
        dhcp_xid: u32,
        dhcp_secs: u16,
        dhcp_flags: u16,
        dhcp_cip: u32,
        dhcp_yip: u32,
        dhcp_sip: u32,
        dhcp_gip: u32,
        dhcp_chaddr: [u8; 16],
        dhcp_sname: [c_char; 64],
        dhcp_file: [c_char; 128],
        dhcp_magic: u32,
    }
    libnet_dnsv4_hdr {
        h_len: u16,
        id: u16,
        flags: u16,
        num_q: u16,
        num_answ_rr: u16,
        num_auth_rr: u16,
        num_addi_rr: u16,
    }
    libnet_dnsv4udp_hdr {
        id: u16,
        flags: u16,
        num_q: u16,
        num_answ_rr: u16,
        num_auth_rr: u16,
        num_addi_rr: u16,
    }
    libnet_ethernet_hdr {
        ether_dhost: [u8; 6],
        ether_shost: [u8; 6],
        ether_type: u16,
    }
    libnet_ether_addr {
        ether_addr_octet: [u8; 6],
    }
    libnet_fddi_hdr {
        fddi_frame_control: u8,
        fddi_dhost: [u8; 6],
        fddi_shost: [u8; 6],
        fddi_llc_dsap: u8,
        fddi_llc_ssap: u8,
        fddi_llc_control_field: u8,
        fddi_llc_org_code: [u8; 3],
        fddi_type: u8,
        fddi_type1: u8,
    }
    libnet_fddi_addr {
        fddi_addr_octet: [u8; 6],
    }
    libnet_gre_sre_hdr {
        af: u16,
        sre_offset: u8,
        sre_length: u8,
        routing: *mut u8,
    }
    libnet_ipv4_hdr {
        /// `ip_v` in the upper and `ip_hl` in the lower half.
        ip_v_hl: u8,
        ip_tos: u8,
        ip_len: u16,
        ip_id: u16,
        ip_off: u16,
        ip_ttl: u8,
        ip_p: u8,
        ip_sum: u16,
        ip_src: u32,
        ip_dst: u32,
    }
    libnet_ipv6_hdr {
        ip_flags: [u8; 4],
        ip_len: u16,
        ip_nh: u8,
        ip_hl: u8,
        ip_src: libnet_in6_addr,
        ip_dst: libnet_in6_addr,
    }
    libnet_ipv6_frag_hdr {
        ip_nh: u8,
        ip_reserved: u8,
        ip_frag: u16,
        ip_id: u32,
    }
    libnet_ipv6_routing_hdr {
        ip_nh: u8,
        ip_len: u8,
        ip_rtype: u8,
        ip_segments: u8,
    }
    libnet_ipv6_destopts_hdr {
        ip_nh: u8,
        ip_len: u8,
    }
    libnet_ipv6_hbhopts_hdr {
        ip_nh: u8,
        ip_len: u8,
    }
    libnet_icmpv6_hdr {
        icmp_type: u8,
        icmp_code: u8,
        icmp_sum: u16,
        id: u16,
        seq: u16,
    }
    libnet_icmpv6_unreach {
        unused: u32,
    }
    libnet_icmpv6_echo {
        id: u16,
        seq: u16,
    }
    libnet_icmpv6_ndp_nsol {
        reserved: u32,
        target_addr: libnet_in6_addr,
    }
    libnet_icmpv6_ndp_nadv {
        flags: u32,
        target_addr: libnet_in6_addr,
    }
    libnet_icmpv6_ndp_opt {
        r#type: u8,
        len: u8,
    }
    libnet_igmp_hdr {
        igmp_type: u8,
        igmp_code: u8,
        igmp_sum: u16,
        igmp_group: u32,
    }
    libnet_esp_hdr {
        esp_spi: u32,
        esp_seq: u32,
        esp_iv: u32,
    }
    libnet_esp_ftr {
        esp_pad_len: u8,
        esp_nh: u8,
        esp_auth: *mut i8,
    }
    libnet_ah_hdr {
        ah_nh: u8,
        ah_len: u8,
        ah_res: u16,
        ah_spi: u32,
        ah_seq: u32,
        ah_auth: u32,
    }
    libnet_isl_hdr {
        isl_dhost: [u8; 5],
        /// `isl_user` in the upper and `isl_type` in the lower half.
        isl_user_type: u8,
        isl_shost: [u8; 6],
        isl_len: u16,
        isl_snap: [u8; 6],
        isl_vid: u16,
        isl_index: u16,
        isl_reserved: u16,
    }
    libnet_mpls_hdr {
        mpls_les: u32,
    }
    libnet_ntp_hdr_l_fp {
        integer: u32,
        fraction: u32,
    }
    libnet_ntp_hdr_s_fp {
        integer: u16,
        fraction: u16,
    }
    libnet_ntp_hdr {
        ntp_li_vn_mode: u8,
        ntp_stratum: u8,
        ntp_poll: u8,
        ntp_precision: u8,
        ntp_delay: libnet_ntp_hdr_s_fp,
        ntp_dispersion: libnet_ntp_hdr_s_fp,
        ntp_reference_id: u32,
        ntp_ref_ts: libnet_ntp_hdr_l_fp,
        ntp_orig_ts: libnet_ntp_hdr_l_fp,
        ntp_rec_ts: libnet_ntp_hdr_l_fp,
        ntp_xmt_ts: libnet_ntp_hdr_l_fp,
    }
    libnet_ospf_hdr {
        ospf_v: u8,
        ospf_type: u8,
        ospf_len: u16,
        ospf_rtr_id: u32,
        ospf_area_id: u32,
        ospf_sum: u16,
        ospf_auth_type: u16,
    }
    libnet_auth_hdr {
        ospf_auth_null: u16,
        ospf_auth_keyid: u8,
        ospf_auth_len: u8,
        ospf_auth_seq: c_uint,
    }
    libnet_ospf_hello_hdr {
        hello_nmask: u32,
        hello_intrvl: u16,
        hello_opts: u8,
        hello_rtr_pri: u8,
        hello_dead_intvl: c_uint,
        hello_des_rtr: u32,
        hello_bkup_rtr: u32,
        hello_nbr: u32,
    }
    libnet_dbd_hdr {
        dbd_mtu_len: u16,
        dbd_opts: u8,
        dbd_type: u8,
        dbd_seq: c_uint,
    }
    libnet_lsr_hdr {
        lsr_type: c_uint,
        lsr_lsid: c_uint,
        lsr_adrtr: u32,
    }
    libnet_lsu_hdr {
        lsu_num: c_uint,
    }
    libnet_lsa_hdr {
        lsa_age: u16,
        lsa_opts: u8,
        lsa_type: u8,
        lsa_id: c_uint,
        lsa_adv: u32,
        lsa_seq: c_uint,
        lsa_sum: u16,
        lsa_len: u16,
    }
    libnet_rtr_lsa_hdr {
        rtr_flags: u16,
        rtr_num: u16,
        rtr_link_id: c_uint,
        rtr_link_data: c_uint,
        rtr_type: u8,
        rtr_tos_num: u8,
        rtr_metric: u16,
    }
    libnet_net_lsa_hdr {
        net_nmask: u32,
        net_rtr_id: c_uint,
    }
    libnet_sum_lsa_hdr {
        sum_nmask: u32,
        sum_metric: c_uint,
        sum_tos_metric: c_uint,
    }
    libnet_as_lsa_hdr {
        as_nmask: u32,
        as_metric: c_uint,
        as_fwd_addr: u32,
        as_rte_tag: c_uint,
    }
    libnet_rip_hdr {
        rip_cmd: u8,
        rip_ver: u8,
        rip_rd: u16,
        rip_af: u16,
        rip_rt: u16,
        rip_addr: u32,
        rip_mask: u32,
        rip_next_hop: u32,
        rip_metric: u32,
    }
    libnet_rpc_opaque_auth {
        rpc_auth_flavor: u32,
        rpc_auth_length: u32,
    }
    libnet_rpc_call {
        rpc_rpcvers: u32,
        rpc_prognum: u32,
        rpc_vers: u32,
        rpc_procedure: u32,
        rpc_credentials: libnet_rpc_opaque_auth,
        rpc_verifier: libnet_rpc_opaque_auth,
    }
    libnet_rpc_call_hdr {
        rpc_xid: u32,
        rpc_type: u32,
        rpc_call: libnet_rpc_call,
    }
    libnet_rpc_call_tcp_hdr {
        rpc_record_marking: u32,
        rpc_common: libnet_rpc_call_hdr,
    }
    libnet_stp_conf_hdr {
        stp_id: u16,
        stp_version: u8,
        stp_bpdu_type: u8,
        stp_flags: u8,
        stp_rootid: [u8; 8],
        stp_rootpc: u32,
        stp_bridgeid: [u8; 8],
        stp_portid: u16,
        stp_mage: u16,
        stp_maxage: u16,
        stp_hellot: u16,
        stp_fdelay: u16,
    }
    libnet_stp_tcn_hdr {
        stp_id: u16,
        stp_version: u8,
        stp_bpdu_type: u8,
    }
    libnet_tcp_hdr {
        th_sport: u16,
        th_dport: u16,
        th_seq: u32,
        th_ack: u32,
        /// `th_off` in the upper and `th_x2` in the lower half.
        th_off_x2: u8,
        th_flags: u8,
        th_win: u16,
        th_sum: u16,
        th_urp: u16,
    }
    libnet_token_ring_hdr {
        token_ring_access_control: u8,
        token_ring_frame_control: u8,
        token_ring_dhost: [u8; 6],
        token_ring_shost: [u8; 6],
        token_ring_llc_dsap: u8,
        token_ring_llc_ssap: u8,
        token_ring_llc_control_field: u8,
        token_ring_llc_org_code: [u8; 3],
        token_ring_type: u16,
    }
    libnet_token_ring_addr {
        token_ring_addr_octet: [u8; 6],
    }
    libnet_udp_hdr {
        uh_sport: u16,
        uh_dport: u16,
        uh_ulen: u16,
        uh_sum: u16,
    }
    libnet_sebek_hdr {
        magic: u32,
        version: u16,
        r#type: u16,
        counter: u32,
        time_sec: u32,
        time_usec: u32,
        pid: u32,
        uid: u32,
        fd: u32,
        cmd: [u8; 12],
        length: u32,
    }
    libnet_vrrp_hdr {
        /// `vrrp_t` in the upper and `vrrp_v` in the lower half.
        vrrp_t_v: u8,
        vrrp_vrouter_id: u8,
        vrrp_priority: u8,
        vrrp_ip_count: u8,
        vrrp_auth_type: u8,
        vrrp_advert_int: u8,
        vrrp_sum: u16,
    }
    libnet_hsrp_hdr {
        version: u8,
        opcode: u8,
        state: u8,
        hello_time: u8,
        hold_time: u8,
        priority: u8,
        group: u8,
        reserved: u8,
        authdata: [u8; 8],
        virtual_ip: u32,
    }
}
