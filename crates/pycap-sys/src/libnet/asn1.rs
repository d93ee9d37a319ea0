//! Builders of ASN.1 objects, into memory of the caller.

use std::ffi::c_int;

use super::Libnet;
use super::types::*;

functions! {
    impl Libnet.asn1, linked by "linked-libnet";

    /// Writes an integer. Returns where the next object goes, or null.
    fn libnet_build_asn1_int(
        data: *mut u8, datalen: *mut c_int, r#type: u8, int_p: *mut i32, int_s: c_int,
    ) -> *mut u8;
    owes [asn1, "`int_p` points to an integer of 4 bytes that may be read."]

    /// Writes an unsigned integer. Returns where the next object goes, or null.
    fn libnet_build_asn1_uint(
        data: *mut u8, datalen: *mut c_int, r#type: u8, int_p: *mut u32, int_s: c_int,
    ) -> *mut u8;
    owes [asn1, "`int_p` points to an integer of 4 bytes that may be read."]

    /// Writes a string. Returns where the next object goes, or null.
    fn libnet_build_asn1_string(
        data: *mut u8, datalen: *mut c_int, r#type: u8, string: *mut u8, str_s: c_int,
    ) -> *mut u8;
    owes [asn1, "`string` points to `str_s` bytes that may be read."]

    /// Writes the type and the length of an object. Returns where its contents go, or null.
    fn libnet_build_asn1_header(data: *mut u8, datalen: *mut c_int, r#type: u8, len: c_int) -> *mut u8;
    owes [asn1]

    /// Writes a length. Returns where what follows goes, or null.
    fn libnet_build_asn1_length(data: *mut u8, datalen: *mut c_int, len: c_int) -> *mut u8;
    owes [asn1]

    /// Writes the type and the length of a sequence. Returns where its contents go, or null.
    fn libnet_build_asn1_sequence(data: *mut u8, datalen: *mut c_int, r#type: u8, len: c_int) -> *mut u8;
    owes [asn1]

    /// Writes an object identifier. Returns where the next object goes, or null.
    fn libnet_build_asn1_objid(
        data: *mut u8, datalen: *mut c_int, r#type: u8, objid: *mut oid, objid_s: c_int,
    ) -> *mut u8;
    owes [asn1, "`objid` points to `objid_s` numbers that may be read."]

    /// Writes a null. Returns where the next object goes, or null.
    fn libnet_build_asn1_null(data: *mut u8, datalen: *mut c_int, r#type: u8) -> *mut u8;
    owes [asn1]

    /// Writes a string of bits. Returns where the next object goes, or null.
    fn libnet_build_asn1_bitstring(
        data: *mut u8, datalen: *mut c_int, r#type: u8, string: *mut u8, str_s: c_int,
    ) -> *mut u8;
    owes [asn1, "`string` points to `str_s` bytes that may be read."]
}
