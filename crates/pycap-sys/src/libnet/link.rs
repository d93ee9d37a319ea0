//! Builders of link headers and of what lies right behind them.

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.link, linked by "linked-libnet";

    /// Builds an Ethernet header. Returns its tag, or -1.
    fn libnet_build_ethernet(
        dst: *const u8, src: *const u8, r#type: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`dst` and `src` each point to 6 bytes that may be read."]

    /// Builds an Ethernet header from the interface's own address. Returns its tag, or -1.
    fn libnet_autobuild_ethernet(dst: *const u8, r#type: u16, l: *mut libnet_t) -> libnet_ptag_t;
    owes [context, "`dst` points to 6 bytes that may be read."]

    /// Builds an Ethernet header with an IEEE 802.1Q tag. Returns its tag, or -1.
    fn libnet_build_802_1q(
        dst: *const u8, src: *const u8, tpi: u16, priority: u8, cfi: u8, vlan_id: u16, len_proto: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`dst` and `src` each point to 6 bytes that may be read."]

    /// Builds an IEEE 802.1X (EAPOL) header. Returns its tag, or -1.
    fn libnet_build_802_1x(
        eap_ver: u8, eap_type: u8, length: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IEEE 802.2 LLC header. Returns its tag, or -1.
    fn libnet_build_802_2(
        dsap: u8, ssap: u8, control: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds an IEEE 802.2 LLC header with SNAP. Returns its tag, or -1.
    fn libnet_build_802_2snap(
        dsap: u8, ssap: u8, control: u8, oui: *mut u8, r#type: u16, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`oui` points to 3 bytes that may be read."]

    /// Builds an IEEE 802.3 header. Returns its tag, or -1.
    fn libnet_build_802_3(
        dst: *const u8, src: *const u8, len: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`dst` and `src` each point to 6 bytes that may be read."]

    /// Builds an FDDI header. Returns its tag, or -1.
    fn libnet_build_fddi(
        fc: u8, dst: *const u8, src: *const u8, dsap: u8, ssap: u8, cf: u8, oui: *const u8, r#type: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`dst` and `src` each point to 6 bytes that may be read.",
        "`oui` points to 3 bytes that may be read.",
    ]

    /// Builds an FDDI header from the interface's own address. Returns its tag, or -1.
    fn libnet_autobuild_fddi(
        fc: u8, dst: *const u8, dsap: u8, ssap: u8, cf: u8, oui: *const u8, r#type: u16, l: *mut libnet_t,
    ) -> libnet_ptag_t;
    owes [context, "`dst` points to 6 bytes that may be read.", "`oui` points to 3 bytes that may be read."]

    /// Builds a token ring header. Returns its tag, or -1.
    fn libnet_build_token_ring(
        ac: u8, fc: u8, dst: *const u8, src: *const u8, dsap: u8, ssap: u8, cf: u8, oui: *const u8,
        r#type: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`dst` and `src` each point to 6 bytes that may be read.",
        "`oui` points to 3 bytes that may be read.",
    ]

    /// Builds a token ring header from the interface's own address. Returns its tag, or -1.
    fn libnet_autobuild_token_ring(
        ac: u8, fc: u8, dst: *const u8, dsap: u8, ssap: u8, cf: u8, oui: *const u8, r#type: u16,
        l: *mut libnet_t,
    ) -> libnet_ptag_t;
    owes [context, "`dst` points to 6 bytes that may be read.", "`oui` points to 3 bytes that may be read."]

    /// Builds the link header of the interface: Ethernet or token ring. Returns its tag, or -1.
    fn libnet_build_link(
        dst: *const u8, src: *const u8, oui: *const u8, r#type: u16, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`dst` and `src` each point to 6 bytes that may be read.",
        "`oui` points to 3 bytes that may be read; on Ethernet it may be null.",
    ]

    /// Builds the link header of the interface, Ethernet or token ring, from its own address. Returns its
    /// tag, or -1.
    fn libnet_autobuild_link(dst: *const u8, oui: *const u8, r#type: u16, l: *mut libnet_t) -> libnet_ptag_t;
    owes [
        context,
        "`dst` points to 6 bytes that may be read.",
        "`oui` points to 3 bytes that may be read; on Ethernet it may be null.",
    ]

    /// Builds an ARP packet (RFC 826). Returns its tag, or -1.
    fn libnet_build_arp(
        hrd: u16, pro: u16, hln: u8, pln: u8, op: u16, sha: *const u8, spa: *const u8, tha: *const u8,
        tpa: *const u8, payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`sha` and `tha` each point to `hln` bytes, `spa` and `tpa` each to `pln` bytes, that may be read.",
    ]

    /// Builds an ARP packet for IPv4 on Ethernet (RFC 826). Returns its tag, or -1.
    fn libnet_autobuild_arp(
        op: u16, sha: *const u8, spa: *const u8, tha: *const u8, tpa: *mut u8, l: *mut libnet_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        "`sha` and `tha` each point to 6 bytes, `spa` and `tpa` each to 4 bytes, that may be read.",
    ]

    /// Builds a Cisco ISL header. Returns its tag, or -1.
    fn libnet_build_isl(
        dhost: *mut u8, r#type: u8, user: u8, shost: *mut u8, len: u16, snap: *const u8, vid: u16,
        portindex: u16, reserved: u16, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [
        context,
        payload,
        "`dhost` points to 5 bytes, `shost` and `snap` each to 6 bytes, that may be read.",
    ]

    /// Builds an IEEE 802.1D configuration message. Returns its tag, or -1.
    fn libnet_build_stp_conf(
        id: u16, version: u8, bpdu_type: u8, flags: u8, root_id: *const u8, root_pc: u32,
        bridge_id: *const u8, port_id: u16, message_age: u16, max_age: u16, hello_time: u16, f_delay: u16,
        payload: *const u8, payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`root_id` and `bridge_id` each point to 8 bytes that may be read."]

    /// Builds an IEEE 802.1D topology change notification. Returns its tag, or -1.
    fn libnet_build_stp_tcn(
        id: u16, version: u8, bpdu_type: u8, payload: *const u8, payload_s: u32, l: *mut libnet_t,
        ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds a Cisco Discovery Protocol header with one value. Returns its tag, or -1.
    fn libnet_build_cdp(
        version: u8, ttl: u8, sum: u16, r#type: u16, value_s: u16, value: *const u8, payload: *const u8,
        payload_s: u32, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload, "`value` points to `value_s` bytes that may be read."]

    /// Builds an MPLS label (RFC 3032). Returns its tag, or -1.
    fn libnet_build_mpls(
        label: u32, experimental: u8, bos: u8, ttl: u8, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds the chassis ID of an LLDP frame (IEEE 802.1AB). Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_lldp_chassis(
        subtype: u8, value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the port ID of an LLDP frame. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_lldp_port(
        subtype: u8, value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the time to live of an LLDP frame. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_lldp_ttl(
        ttl: u16, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context]

    /// Builds the end of an LLDP frame. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_lldp_end(l: *mut libnet_t, ptag: libnet_ptag_t) -> libnet_ptag_t;
    owes [context]

    /// Builds an organizationally specific value of an LLDP frame. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_lldp_org_spec(
        value: *const u8, value_s: u16, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the header of a Cisco UDLD packet (RFC 5171). Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_hdr(
        version: u8, opcode: u8, flags: u8, checksum: u8, payload: *const u8, payload_s: u32,
        l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, payload]

    /// Builds the device ID of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_device_id(
        value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the port ID of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_port_id(
        value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the echo of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_echo(
        value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the message interval of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_message_interval(
        value: *const u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`value` points to a byte that may be read."]

    /// Builds the time-out interval of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_timeout_interval(
        value: *const u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`value` points to a byte that may be read."]

    /// Builds the device name of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_device_name(
        value: *const u8, value_s: u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, value]

    /// Builds the sequence number of a UDLD packet. Newer than 1.1.6. Returns its tag, or -1.
    optional(any()) fn libnet_build_udld_sequence_number(
        value: *const u8, l: *mut libnet_t, ptag: libnet_ptag_t,
    ) -> libnet_ptag_t;
    owes [context, "`value` points to 4 bytes that may be read."]
}
